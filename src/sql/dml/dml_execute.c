/* SPDX-License-Identifier: Apache-2.0 */
/* DML: which statement goes where, and the commit. A statement whose commit is lost because others
 * changed rows it had read is run again from the beginning on the table's new state. */
#include "base/error.h"
#include "base/str.h"
#include "sql/ddl/ddl.h"
#include "sql/dml/dml.h"

#define DEFAULT_RETRIES 20
#define FIRST_WAIT_US   10000

typedef struct dml_ast {
    enum { DML_INSERT, DML_CHANGE, DML_MERGE } kind;
    const char *tag;
    bool has_conflict_clause; /* INSERT OR REPLACE, OR IGNORE */
    firn_str with;
    firn_sql_name target;
    firn_ast_insert insert;
    firn_ast_change change;
    firn_ast_merge merge;
} dml_ast;

static firn_status parse(firn_sql_parser *p, dml_ast *out, bool *handled, firn_error *err)
{
    firn_str with;
    const firn_sql_parser before = *p;
    *handled = true;
    if (firn_parse_with(p, &with, err) != FIRN_OK) *p = before; /* the engine says what is wrong */
    if (firn_parser_at(p, "INSERT INTO") || firn_parser_at(p, "INSERT OVERWRITE")) {
        out->kind = DML_INSERT;
        out->tag = "INSERT";
        out->insert.with = with;
        FIRN_TRY(firn_parse_insert(p, &out->insert, err));
        out->target = out->insert.target;
        return FIRN_OK;
    }
    if (firn_parser_accept(p, "INSERT OR")) {
        out->has_conflict_clause = true;
        (void)(firn_parser_accept(p, "REPLACE") || firn_parser_accept(p, "IGNORE"));
        FIRN_TRY(firn_parser_expect(p, "INTO", err));
        return firn_parser_name(p, &out->target, err);
    }
    if (firn_parser_at(p, "DELETE") || firn_parser_at(p, "UPDATE") ||
        firn_parser_at(p, "TRUNCATE")) {
        out->kind = DML_CHANGE;
        out->change.with = with;
        out->tag = firn_parser_at(p, "DELETE")   ? "DELETE"
                   : firn_parser_at(p, "UPDATE") ? "UPDATE"
                                                 : "TRUNCATE";
        FIRN_TRY(firn_parse_change(p, &out->change, err));
        out->target = out->change.target;
        return FIRN_OK;
    }
    if (firn_parser_at(p, "MERGE INTO") || firn_parser_at(p, "MERGE WITH SCHEMA EVOLUTION INTO")) {
        out->kind = DML_MERGE;
        out->tag = "MERGE";
        out->merge.with = with;
        FIRN_TRY(firn_parse_merge(p, &out->merge, err));
        out->target = out->merge.target;
        return FIRN_OK;
    }
    *handled = false;
    return FIRN_OK;
}

/* ---- one attempt ---- */

static firn_status change_rows(firn_dml_statement *s, const dml_ast *ast, firn_error *err)
{
    switch (ast->kind) {
    case DML_INSERT: return firn_dml__insert(s, &ast->insert, err);
    case DML_CHANGE: return firn_dml__change(s, &ast->change, err);
    case DML_MERGE: break;
    }
    return firn_dml__merge(s, &ast->merge, err);
}

static firn_status attempt(firn_dml_statement *s, const dml_ast *ast, firn_error *err)
{
    FIRN_TRY(firn_session__open_target(s->session, &ast->target, &s->table, err));
    FIRN_TRY(firn_dml__pin(s->session, s->table, err));
    FIRN_TRY(firn_session__begin_txn(s->session, s->table, &s->txn, err));
    const firn_status st = change_rows(s, ast, err);
    if (st != FIRN_OK) {
        firn_txn_discard_files(s->txn);
        return st;
    }
    const bool is_overwrite =
        ast->kind == DML_INSERT && (ast->insert.is_overwrite || ast->insert.replace_where.len > 0);
    if (s->n_changed == 0 && !is_overwrite) return FIRN_OK;
    if (ast->kind != DML_INSERT || is_overwrite) firn_session__pin_changes(s->session, s->table);
    return firn_txn_commit(s->txn, err);
}

/* A statement that is run again takes longer than the appends it competes with, so it loses more
 * often than a commit that is only rebased: more attempts than Iceberg's default for those. */
static int64_t retries_of(const firn_dml_statement *s)
{
    if (!s->table) return 0;
    const firn_table_metadata *metadata = firn_table_metadata_of(s->table);
    return firn_properties_get_i64(&metadata->properties, FIRN_STR("commit.retry.num-retries"),
                                   DEFAULT_RETRIES);
}

static void end_attempt(firn_dml_statement *s)
{
    firn_dml__unpin(s->session);
    firn_txn_close(s->txn);
    firn_table_close(s->table);
    s->txn = NULL;
    s->table = NULL;
}

/* With jitter, so that statements that collided do not collide again. */
static void wait_before_attempt(const firn_env *env, int64_t n)
{
    const int64_t most = (int64_t)FIRST_WAIT_US << (n < 6 ? n : 6);
    const int64_t part = (int64_t)(firn_random_u64(env->random) % (uint64_t)most);
    env->clock->sleep_us(env->clock->ctx, most / 2 + part);
}

static firn_status run(firn_dml_statement *s, const dml_ast *ast, firn_error *err)
{
    firn_status st = FIRN_OK;
    if (ast->kind == DML_MERGE) FIRN_TRY(firn_dml__evolve(s, &ast->merge, err));
    for (int64_t n = 0;; n++) {
        s->n_changed = 0;
        st = attempt(s, ast, err);
        const bool is_again = st == FIRN_ERR_CONFLICT && n < retries_of(s);
        end_attempt(s);
        if (!is_again) return st;
        wait_before_attempt(s->session->env, n);
    }
}

/* Temporary tables are the engine's own. */
firn_status firn_dml_execute(firn_session *session, firn_str sql, bool *handled, firn_result **out,
                             firn_error *err)
{
    firn_sql_parser parser = firn_parser_of(session->arena, sql);
    dml_ast ast = {.kind = DML_INSERT};
    firn_dml_statement s = {.session = session, .arena = session->arena, .sql = sql};
    FIRN_TRY(parse(&parser, &ast, handled, err));
    if (*handled && firn_session__is_temporary(session, &ast.target)) *handled = false;
    if (!*handled) return FIRN_OK;
    if (ast.has_conflict_clause) {
        (void)firn_fail(err, FIRN_ERR_UNSUPPORTED,
                        "not supported: INSERT OR REPLACE and OR IGNORE: tables have no unique "
                        "keys");
        return firn_error_hint(err, FIRN_ERR_UNSUPPORTED,
                               "MERGE INTO with WHEN MATCHED and WHEN NOT MATCHED does this");
    }
    const firn_status st = run(&s, &ast, err);
    if (st == FIRN_ERR_ARG && err && err->position == 0) err->position = ast.target.offset;
    FIRN_TRY(st);
    return firn_session__result_of_command(session, ast.tag, s.n_changed, out, err);
}
