/* SPDX-License-Identifier: Apache-2.0 */
/* One commit of several tables: all of them change or none does. What the tables' changes have to
 * do with each other is the caller's business: firn_txn_must_be_unchanged(). */
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

firn_status firn_txn_commit_all(firn_txn *const *txns, size_t n, firn_error *err)
{
    firn_error local;
    firn_error *use = err ? err : &local;
    if (n == 0) return FIRN_OK;
    FIRN_TRY(check_together(txns, n, use));
    firn_arena *arena = firn_arena_create(txns[0]->table->env->alloc, 0);
    firn_commit_member *members = arena ? firn_arena_array(arena, n, sizeof *members) : NULL;
    firn_status st = members ? FIRN_OK : firn_fail_nomem(use);
    for (size_t i = 0; i < n && members; i++)
        members[i] = (firn_commit_member){.txn = txns[i], .err = use};
    if (members) {
        firn_commit__run(members, n, FIRN_COMMIT_TOGETHER);
        st = members[0].status;
    }
    firn_arena_destroy(arena);
    return st;
}
