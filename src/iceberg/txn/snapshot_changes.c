/* SPDX-License-Identifier: Apache-2.0 */
/* Append and overwrite as they are asked for: arguments are checked and copied, nothing is read or
 * written before the commit. */
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "iceberg/txn/txn_internal.h"
#include "iceberg/write/table_writer.h"

static firn_status copy_files(firn_txn *txn, const firn_data_file *files, size_t n,
                              firn_snapshot_change *change, firn_error *err)
{
    firn_map seen;
    firn_map_init(&seen, txn->files_arena);
    change->added = firn_arena_array(txn->files_arena, n, sizeof *change->added);
    if (!change->added) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        if (files[i].content != FIRN_CONTENT_DATA)
            return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: adding delete files");
        FIRN_TRY(firn_data_file_copy(&files[i], txn->files_arena, &change->added[i], err));
        if (firn_map_has(&seen, change->added[i].path))
            return firn_fail(err, FIRN_ERR_ARG, "data file %.*s is added twice",
                             FIRN_STR_ARG(files[i].path));
        FIRN_TRY(firn_map_put(&seen, change->added[i].path, &change->added[i], err));
    }
    change->n_added = n;
    return FIRN_OK;
}

static firn_status new_change(firn_txn *txn, const firn_data_file *files, size_t n,
                              firn_snapshot_change **out, firn_error *err)
{
    FIRN_TRY(firn_txn__check_open(txn, err));
    if (txn->change || txn->draft.main_snapshot_id != 0)
        return firn_fail(err, FIRN_ERR_ARG, "transaction makes a snapshot already");
    firn_snapshot_change *change = firn_arena_alloc_zero(txn->files_arena, sizeof *change);
    if (!change) return firn_fail_nomem(err);
    change->from_snapshot_id = -1;
    FIRN_TRY(copy_files(txn, files, n, change, err));
    *out = change;
    return FIRN_OK;
}

static void set_change(firn_txn *txn, firn_snapshot_change *change)
{
    do {
        txn->snapshot_id = firn_random_snapshot_id(txn->table->env->random);
    } while (firn_metadata_find_snapshot(txn->draft.base, txn->snapshot_id));
    txn->change = change;
}

firn_status firn_txn_append_files(firn_txn *txn, const firn_data_file *files, size_t n,
                                  firn_error *err)
{
    firn_snapshot_change *change = NULL;
    FIRN_TRY(new_change(txn, files, n, &change, err));
    set_change(txn, change);
    return FIRN_OK;
}

firn_status firn_txn_append_if_unchanged(firn_txn *txn, const firn_data_file *files, size_t n,
                                         int64_t from_snapshot_id, firn_error *err)
{
    firn_snapshot_change *change = NULL;
    FIRN_TRY(new_change(txn, files, n, &change, err));
    change->from_snapshot_id = from_snapshot_id;
    change->must_be_unchanged = true;
    set_change(txn, change);
    return FIRN_OK;
}

/* A row that is copied to another file must keep its row id (specification, "Row Lineage"); our
 * writer does not carry ids yet, so rewriting files of a v3 table would give rows new ones. */
static firn_status check_lineage(const firn_txn *txn, const firn_overwrite *overwrite,
                                 firn_error *err)
{
    if (txn->draft.base->format_version < 3 || !overwrite->n_added || !overwrite->n_removed_paths)
        return FIRN_OK;
    const firn_status st =
        firn_fail(err, FIRN_ERR_UNSUPPORTED,
                  "not supported: rewriting rows of a format version 3 table, their row ids would "
                  "be lost");
    return firn_error_hint(err, st, "appends and deletions of whole files work");
}

firn_status firn_txn_overwrite_files(firn_txn *txn, const firn_overwrite *overwrite,
                                     firn_error *err)
{
    firn_snapshot_change *change = NULL;
    firn_map seen;
    FIRN_TRY(check_lineage(txn, overwrite, err));
    FIRN_TRY(new_change(txn, overwrite->added, overwrite->n_added, &change, err));
    change->removed =
        firn_arena_array(txn->files_arena, overwrite->n_removed_paths, sizeof *change->removed);
    if (!change->removed) return firn_fail_nomem(err);
    firn_map_init(&seen, txn->files_arena);
    for (size_t i = 0; i < overwrite->n_removed_paths; i++) {
        const firn_str path = firn_arena_copy(txn->files_arena, overwrite->removed_paths[i]);
        if (!path.data) return firn_fail_nomem(err);
        if (firn_map_has(&seen, path)) continue;
        FIRN_TRY(firn_map_put(&seen, path, change, err));
        change->removed[change->n_removed++] = path;
    }
    change->filter = overwrite->filter;
    change->from_snapshot_id = overwrite->from_snapshot_id;
    change->isolation = overwrite->isolation;
    change->must_be_unchanged = overwrite->must_be_unchanged;
    change->is_overwrite = true;
    set_change(txn, change);
    return FIRN_OK;
}

firn_status firn_txn_set_summary(firn_txn *txn, const firn_property *items, size_t n,
                                 firn_error *err)
{
    FIRN_TRY(firn_txn__check_open(txn, err));
    for (size_t i = 0; i < n; i++) {
        firn_property copy;
        if (items[i].key.len == 0)
            return firn_fail(err, FIRN_ERR_ARG, "snapshot summary key is empty");
        FIRN_TRY(firn_txn__copy(txn, items[i].key, &copy.key, err));
        FIRN_TRY(firn_txn__copy(txn, items[i].value, &copy.value, err));
        firn_property *slot = firn_arena_push(txn->arena, &txn->summary, &txn->n_summary,
                                              &txn->cap_summary, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = copy;
    }
    return FIRN_OK;
}

void firn_txn_keep_files(firn_txn *txn)
{
    txn->keeps_files = true;
}

void firn_txn_discard_files(firn_txn *txn)
{
    if (!txn->change || txn->change->n_added == 0) return;
    firn_data_files_remove(txn->table->env, txn->table->store, txn->change->added,
                           txn->change->n_added);
    txn->change->n_added = 0;
    txn->is_ended = true;
}
