/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata files that a transaction wrote, so that none is left behind: those of attempts that
 * lost, and manifests that were merged into others. Data files are not here. */
#include "base/error.h"
#include "iceberg/txn/txn_internal.h"

firn_status firn_written__note(firn_txn *txn, firn_str path, firn_error *err)
{
    const firn_str copy = firn_arena_copy(txn->files_arena, path);
    if (!copy.data) return firn_fail_nomem(err);
    firn_written_file *slot = firn_arena_push(txn->files_arena, &txn->written, &txn->n_written,
                                              &txn->cap_written, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    slot->path = copy;
    return FIRN_OK;
}

static bool stays(const firn_written_file *file, firn_written_keep keep)
{
    switch (keep) {
    case FIRN_KEEP_NOTHING: return false;
    case FIRN_KEEP_FOR_RETRY: return file->is_kept;
    case FIRN_KEEP_USED: return file->is_used;
    }
    return true;
}

void firn_written__remove(firn_txn *txn, firn_written_keep keep)
{
    size_t n = 0;
    for (size_t i = 0; i < txn->n_written; i++) {
        firn_written_file file = txn->written[i];
        if (stays(&file, keep)) {
            file.is_used = false;
            txn->written[n++] = file;
            continue;
        }
        firn_error local;
        const firn_status st = firn_store_remove(txn->table->store, file.path, &local);
        if (st != FIRN_OK && st != FIRN_ERR_NOT_FOUND)
            firn_log_write(txn->table->env->log, FIRN_LOG_WARN, "cannot remove %.*s: %s",
                           FIRN_STR_ARG(file.path), local.message);
    }
    txn->n_written = n;
    for (size_t i = 0; keep == FIRN_KEEP_NOTHING && i < txn->n_changes; i++)
        txn->changes[i].is_made = false;
}
