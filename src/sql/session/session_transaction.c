/* SPDX-License-Identifier: Apache-2.0 */
/* BEGIN, COMMIT, ROLLBACK. While a transaction is under way, staged catalogs stand in the places of
 * the session's (iceberg/txn/staged_catalog.h): every statement reads and writes them as it does
 * any catalog, and COMMIT publishes what waits there. A statement that fails ends all but
 * ROLLBACK. Not here: the engine's own temporary tables, which do not take part. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/snapshot_update.h"
#include "iceberg/txn/staged_catalog.h"
#include "sql/parser/sql_parser.h"
#include "sql/session/session_state.h"

typedef enum transaction_verb {
    VERB_NONE = 0,
    VERB_BEGIN,
    VERB_COMMIT,
    VERB_ROLLBACK
} transaction_verb;

/* ---- words ---- */

static void skip_noise(firn_sql_parser *p)
{
    if (!firn_parser_accept(p, "WORK")) (void)firn_parser_accept(p, "TRANSACTION");
}

static transaction_verb read_verb(firn_sql_parser *p)
{
    if (firn_parser_accept(p, "START TRANSACTION")) return VERB_BEGIN;
    const transaction_verb verb = firn_parser_accept(p, "BEGIN")      ? VERB_BEGIN
                                  : firn_parser_accept(p, "COMMIT")   ? VERB_COMMIT
                                  : firn_parser_accept(p, "END")      ? VERB_COMMIT
                                  : firn_parser_accept(p, "ROLLBACK") ? VERB_ROLLBACK
                                  : firn_parser_accept(p, "ABORT")    ? VERB_ROLLBACK
                                                                      : VERB_NONE;
    if (verb != VERB_NONE) skip_noise(p);
    return verb;
}

/* ISOLATION LEVEL .., READ ONLY, READ WRITE. Weaker levels than snapshot get snapshot. */
static firn_status read_mode(firn_sql_parser *p, firn_staged_opts *out, firn_error *err)
{
    static const char *const k_weaker[] = {"SNAPSHOT", "REPEATABLE READ", "READ COMMITTED",
                                           "READ UNCOMMITTED"};
    if (firn_parser_accept(p, "READ ONLY")) {
        out->is_read_only = true;
        return FIRN_OK;
    }
    if (firn_parser_accept(p, "READ WRITE")) return FIRN_OK;
    if (!firn_parser_accept(p, "ISOLATION LEVEL"))
        return firn_parser_fail(p, "ISOLATION LEVEL, READ ONLY or READ WRITE", err);
    out->is_serializable = firn_parser_accept(p, "SERIALIZABLE");
    if (out->is_serializable) return FIRN_OK;
    for (size_t i = 0; i < sizeof k_weaker / sizeof *k_weaker; i++)
        if (firn_parser_accept(p, k_weaker[i])) return FIRN_OK;
    return firn_parser_fail(p, "SERIALIZABLE or SNAPSHOT", err);
}

static firn_status read_modes(firn_sql_parser *p, firn_staged_opts *out, firn_error *err)
{
    *out = (firn_staged_opts){0};
    while (!firn_parser_at_end(p)) {
        FIRN_TRY(read_mode(p, out, err));
        (void)firn_parser_accept_symbol(p, ",");
    }
    return FIRN_OK;
}

/* ---- catalogs in each other's places ---- */

static void replace_catalog(firn_session *session, firn_catalog *old, firn_catalog *new)
{
    for (size_t i = 0; i < session->n_catalogs; i++)
        if (session->catalogs[i] == old) session->catalogs[i] = new;
    if (session->current_catalog == old) session->current_catalog = new;
    for (changelog_view *v = session->changelog_views; v; v = v->next)
        if (v->catalog == old) v->catalog = new;
}

/* The session has its own catalogs back. */
static void leave(firn_session *session)
{
    session_transaction *transaction = &session->transaction;
    for (size_t i = 0; transaction->real && i < session->n_catalogs; i++) {
        firn_catalog *staged = session->catalogs[i];
        if (staged == transaction->real[i]) continue;
        replace_catalog(session, staged, transaction->real[i]);
        firn_catalog_destroy(staged);
    }
    transaction->is_active = false;
    transaction->has_failed = false;
}

static firn_status enter(firn_session *session, const firn_staged_opts *opts, firn_error *err)
{
    session_transaction *transaction = &session->transaction;
    if (!transaction->real)
        transaction->real =
            firn_arena_array(session->lifetime, session->n_catalogs, sizeof(firn_catalog *));
    if (!transaction->real) return firn_fail_nomem(err);
    for (size_t i = 0; i < session->n_catalogs; i++) transaction->real[i] = session->catalogs[i];
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < session->n_catalogs && st == FIRN_OK; i++) {
        firn_catalog *staged = NULL;
        st = firn_staged_catalog_open(session->env, session->store, transaction->real[i], opts,
                                      &staged, err);
        if (st == FIRN_OK) replace_catalog(session, transaction->real[i], staged);
    }
    if (st != FIRN_OK) leave(session);
    transaction->is_active = st == FIRN_OK;
    return st;
}

static void discard(firn_session *session)
{
    for (size_t i = 0; i < session->n_catalogs; i++)
        firn_staged_catalog_discard(session->catalogs[i]);
}

/* ---- statements ---- */

static firn_status begin(firn_session *session, firn_sql_parser *p, size_t offset,
                         firn_result **out, firn_error *err)
{
    firn_staged_opts opts;
    FIRN_TRY(read_modes(p, &opts, err));
    if (session->transaction.is_active)
        return firn_sql_fail(err, offset, "a transaction is under way already");
    FIRN_TRY(enter(session, &opts, err));
    return firn_session__result_of_command(session, "BEGIN", -1, out, err);
}

static firn_status check_one_catalog(const firn_session *session, firn_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < session->n_catalogs; i++)
        n += firn_staged_catalog_is_changed(session->catalogs[i]);
    if (n < 2) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                     "not supported: one transaction that changes tables of %zu catalogs", n);
}

/* Those that were only read come first: after them nothing may fail but the change itself. */
static firn_status publish(firn_session *session, firn_error *err)
{
    FIRN_TRY(check_one_catalog(session, err));
    for (int changed = 0; changed < 2; changed++)
        for (size_t i = 0; i < session->n_catalogs; i++)
            if (firn_staged_catalog_is_changed(session->catalogs[i]) == (changed == 1))
                FIRN_TRY(firn_staged_catalog_publish(session->catalogs[i], err));
    return FIRN_OK;
}

static firn_status commit(firn_session *session, size_t offset, firn_result **out, firn_error *err)
{
    if (!session->transaction.is_active)
        return firn_sql_fail(err, offset, "there is no transaction to commit");
    if (session->transaction.has_failed) {
        firn_session__end_transaction(session);
        (void)firn_fail(err, FIRN_ERR_CONFLICT,
                        "a statement of the transaction failed: it was rolled back");
        return FIRN_ERR_CONFLICT;
    }
    const firn_status st = publish(session, err);
    if (st != FIRN_OK && st != FIRN_ERR_COMMIT_UNKNOWN) discard(session);
    leave(session);
    FIRN_TRY(st);
    return firn_session__result_of_command(session, "COMMIT", -1, out, err);
}

static firn_status rollback(firn_session *session, firn_sql_parser *p, size_t offset,
                            firn_result **out, firn_error *err)
{
    if (firn_parser_at(p, "TO")) {
        (void)firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: savepoints");
        if (err) err->position = firn_parser_peek(p).offset;
        return FIRN_ERR_UNSUPPORTED;
    }
    FIRN_TRY(firn_parser_expect_end(p, err));
    if (!session->transaction.is_active)
        return firn_sql_fail(err, offset, "there is no transaction to roll back");
    firn_session__end_transaction(session);
    return firn_session__result_of_command(session, "ROLLBACK", -1, out, err);
}

void firn_session__pin_changes(firn_session *session, const firn_table *table)
{
    if (session->transaction.is_active)
        firn_staged_catalog_pin(firn_table_catalog(table), firn_table_ident(table));
}

void firn_session__end_transaction(firn_session *session)
{
    if (!session->transaction.is_active) return;
    discard(session);
    leave(session);
}

void firn_session__fail_transaction(firn_session *session)
{
    session->transaction.has_failed = session->transaction.is_active;
}

firn_status firn_session__check_transaction(const firn_session *session, firn_str sql,
                                            firn_error *err)
{
    firn_sql_parser p = firn_parser_of(session->arena, sql);
    if (!session->transaction.has_failed) return FIRN_OK;
    const transaction_verb verb = read_verb(&p);
    if (verb == VERB_COMMIT || verb == VERB_ROLLBACK) return FIRN_OK;
    (void)firn_sql_fail(err, 0, "a statement of the transaction failed: only ROLLBACK may follow");
    return FIRN_ERR_ARG;
}

firn_status firn_transaction_execute(firn_session *session, firn_str sql, bool *handled,
                                     firn_result **out, firn_error *err)
{
    firn_sql_parser p = firn_parser_of(session->arena, sql);
    const size_t offset = firn_parser_peek(&p).offset;
    *handled = true;
    switch (read_verb(&p)) {
    case VERB_BEGIN: return begin(session, &p, offset, out, err);
    case VERB_COMMIT:
        FIRN_TRY(firn_parser_expect_end(&p, err));
        return commit(session, offset, out, err);
    case VERB_ROLLBACK: return rollback(session, &p, offset, out, err);
    case VERB_NONE: break;
    }
    *handled = false;
    if (!firn_parser_at(&p, "SAVEPOINT") && !firn_parser_at(&p, "RELEASE")) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: savepoints");
}
