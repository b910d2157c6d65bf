/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/cleanup/file_removal.h"

#include "base/error.h"

typedef struct removal {
    firn_env *env;
    firn_store *store;
    const firn_str *paths;
    atomic_size_t n_failed;
} removal;

static firn_status remove_one(void *ctx, size_t item, size_t worker, firn_error *err)
{
    removal *op = ctx;
    firn_error local;
    (void)worker;
    FIRN_TRY(firn_env_check_cancel(op->env, err));
    FIRN_TRY(firn_env_failpoint(op->env, "maintain.remove.file", err));
    const firn_status st = firn_store_remove(op->store, op->paths[item], &local);
    if (st == FIRN_OK || st == FIRN_ERR_NOT_FOUND) return FIRN_OK;
    atomic_fetch_add_explicit(&op->n_failed, 1, memory_order_relaxed);
    firn_log_write(op->env->log, FIRN_LOG_WARN, "cannot remove %.*s: %s",
                   FIRN_STR_ARG(op->paths[item]), local.message);
    return FIRN_OK;
}

firn_status firn_files_remove(firn_env *env, firn_store *store, const firn_str *paths, size_t n,
                              int64_t *n_failed, firn_error *err)
{
    removal op = {.env = env, .store = store, .paths = paths};
    const firn_status st = firn_pool_run(firn_env_pool(env), n, remove_one, &op, err);
    *n_failed += (int64_t)op.n_failed;
    return st;
}
