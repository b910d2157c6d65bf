/* SPDX-License-Identifier: Apache-2.0 */
/* One commit of several tables: all of them change or none does. Nothing is tried again, because
 * what the tables' changes have to do with each other is the caller's business. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/txn_internal.h"

static firn_status check_together(firn_txn *const *txns, size_t n, firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(firn_txn__check_open(txns[i], err));
        if (txns[i]->table->catalog != txns[0]->table->catalog)
            return firn_fail(err, FIRN_ERR_ARG, "tables of two catalogs in one commit");
        for (size_t j = 0; j < i; j++)
            if (txns[j]->table == txns[i]->table ||
                firn_str_equals(txns[j]->table->text, txns[i]->table->text))
                return firn_fail(err, FIRN_ERR_ARG, "two transactions on table %.*s in one commit",
                                 FIRN_STR_ARG(txns[i]->table->text));
    }
    return FIRN_OK;
}

static firn_status publish_all(firn_txn *const *txns, size_t n, firn_arena *arena, firn_error *err)
{
    const firn_table *first = txns[0]->table;
    const firn_catalog_ops *ops = firn_catalog_get_ops(first->catalog);
    firn_table_commit *commits = firn_arena_array(arena, n, sizeof *commits);
    if (!commits) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const firn_status st = firn_commit__build(txns[i], arena, &commits[i], err);
        FIRN_TRY(firn_error_wrap(err, st, "commit to %.*s", FIRN_STR_ARG(txns[i]->table->text)));
    }
    FIRN_TRY(firn_env_failpoint(first->env, "txn.commit.before_catalog", err));
    FIRN_TRY(ops->commit(firn_catalog_ctx(first->catalog), commits, n, arena, NULL, err));
    if (firn_env_failpoint(first->env, "txn.commit.after_catalog", err) != FIRN_OK)
        return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "the catalog's answer was lost");
    return FIRN_OK;
}

/* All tables changed or none, so one snapshot that is found tells of all. */
static firn_status resolve_all(firn_txn *const *txns, size_t n, firn_error *err)
{
    size_t at = 0;
    while (at < n && txns[at]->n_changes == 0) at++;
    const firn_status st = firn_commit__resolve(txns[at < n ? at : 0], err);
    for (size_t i = 0; i < n; i++) {
        if (st == FIRN_OK && i != at) firn_commit__show_landed(txns[i]);
        txns[i]->is_ended = true;
    }
    return st;
}

firn_status firn_txn_commit_all(firn_txn *const *txns, size_t n, firn_error *err)
{
    firn_error local;
    firn_error *use = err ? err : &local;
    if (n == 0) return FIRN_OK;
    FIRN_TRY(check_together(txns, n, use));
    firn_arena *arena = firn_arena_create(txns[0]->table->env->alloc, 0);
    if (!arena) return firn_fail_nomem(use);
    const firn_status st = publish_all(txns, n, arena, use);
    firn_arena_destroy(arena);
    if (st == FIRN_ERR_COMMIT_UNKNOWN) return resolve_all(txns, n, use);
    for (size_t i = 0; i < n; i++) {
        if (st == FIRN_OK)
            firn_commit__show_landed(txns[i]);
        else
            firn_written__remove(txns[i], FIRN_KEEP_NOTHING);
    }
    return st;
}
