/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of files as they are asked for: arguments are checked and copied, nothing is read or
 * written before the commit. */
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/spec/metadata_copy.h"
#include "iceberg/txn/txn_internal.h"
#include "iceberg/write/table_writer.h"

/* ---- checks ---- */

/* What each format version may hold (specification, "Delete Formats"). */
static firn_status check_delete_file(int32_t format_version, const firn_data_file *file,
                                     firn_error *err)
{
    const bool is_vector = firn_is_deletion_vector(file);
    if (format_version < 2)
        return firn_fail(err, FIRN_ERR_ARG,
                         "delete file %.*s: tables of format version 1 have none",
                         FIRN_STR_ARG(file->path));
    if (file->content == FIRN_CONTENT_EQUALITY_DELETES) return FIRN_OK;
    if (format_version == 2 && is_vector)
        return firn_fail(err, FIRN_ERR_ARG,
                         "deletion vector in %.*s: format version 2 has position delete files",
                         FIRN_STR_ARG(file->path));
    if (format_version > 2 && !is_vector)
        return firn_fail(err, FIRN_ERR_ARG,
                         "position delete file %.*s: format version %d takes deletion vectors only",
                         FIRN_STR_ARG(file->path), format_version);
    return FIRN_OK;
}

static int32_t format_version_of(const firn_txn *txn)
{
    return txn->draft.format_version > 0 ? txn->draft.format_version
                                         : txn->draft.base->format_version;
}

static firn_status check_added(const firn_txn *txn, const firn_change *change,
                               const firn_data_file *file, firn_error *err)
{
    if (file->content == FIRN_CONTENT_DATA) return FIRN_OK;
    if (change->kind != FIRN_CHANGE_ROW_DELTA && change->kind != FIRN_CHANGE_REWRITE)
        return firn_fail(err, FIRN_ERR_ARG, "delete file %.*s in a change of data files",
                         FIRN_STR_ARG(file->path));
    return check_delete_file(format_version_of(txn), file, err);
}

static bool adds_data(const firn_change *change)
{
    for (size_t i = 0; i < change->n_added; i++)
        if (change->added[i].content == FIRN_CONTENT_DATA) return true;
    return false;
}

/* A row that is copied to another file must keep its row id (specification, "Row Lineage"). */
static firn_status check_lineage(const firn_txn *txn, const firn_change *change, firn_error *err)
{
    bool copies_rows = false;
    switch (change->kind) {
    case FIRN_CHANGE_APPEND:
    case FIRN_CHANGE_REWRITE_MANIFESTS:
    case FIRN_CHANGE_REPLACE_PARTITIONS: break;
    case FIRN_CHANGE_OVERWRITE:
    case FIRN_CHANGE_REWRITE: copies_rows = change->n_removed > 0; break;
    case FIRN_CHANGE_ROW_DELTA: copies_rows = change->is_update; break;
    }
    if (format_version_of(txn) < 3 || change->carries_row_ids || !copies_rows || !adds_data(change))
        return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG,
                     "rows of a format version 3 table would lose their ids: the new files have no "
                     "_row_id column");
}

static firn_status check_kind(const firn_change *change, firn_error *err)
{
    if (change->remove_filter && change->kind != FIRN_CHANGE_OVERWRITE)
        return firn_fail(err, FIRN_ERR_ARG, "only an overwrite removes files by filter");
    if (change->n_removed > 0 &&
        (change->kind == FIRN_CHANGE_APPEND || change->kind == FIRN_CHANGE_REPLACE_PARTITIONS))
        return firn_fail(err, FIRN_ERR_ARG,
                         "an append or partition overwrite names no files to "
                         "remove");
    if (change->n_corrected > 0 && change->kind != FIRN_CHANGE_REWRITE)
        return firn_fail(err, FIRN_ERR_ARG, "only a rewrite corrects manifest entries");
    if (change->kind == FIRN_CHANGE_REWRITE_MANIFESTS && change->n_removed + change->n_added > 0)
        return firn_fail(err, FIRN_ERR_ARG, "a rewrite of manifests adds and removes no files");
    if (change->kind == FIRN_CHANGE_REWRITE && change->n_removed == 0 && change->n_corrected == 0)
        return firn_fail(err, FIRN_ERR_ARG, "a rewrite replaces files, but names none");
    if (change->data_sequence_number != 0 && change->kind != FIRN_CHANGE_REWRITE)
        return firn_fail(err, FIRN_ERR_ARG, "only a rewrite keeps a data sequence number");
    return FIRN_OK;
}

/* ---- copies ---- */

static firn_status map_key(firn_arena *arena, const firn_file_key *key, firn_str *out,
                           firn_error *err)
{
    *out = key->vector_offset > 0 ? firn_arena_printf(arena, "%.*s#%lld", FIRN_STR_ARG(key->path),
                                                      (long long)key->vector_offset)
                                  : firn_arena_copy(arena, key->path);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_file_key key_of(const firn_data_file *file)
{
    return (firn_file_key){file->path, firn_is_deletion_vector(file) ? file->content_offset : 0};
}

/* added holds the keys of the transaction's changes so far. */
static firn_status copy_added(firn_txn *txn, const firn_change *change, firn_map *added,
                              firn_change *out, firn_error *err)
{
    firn_data_file *files = firn_arena_array(txn->files_arena, change->n_added, sizeof *files);
    if (!files) return firn_fail_nomem(err);
    for (size_t i = 0; i < change->n_added; i++) {
        const firn_data_file *file = &change->added[i];
        const firn_file_key key = key_of(file);
        firn_str text;
        FIRN_TRY(check_added(txn, change, file, err));
        FIRN_TRY(firn_data_file_copy(file, txn->files_arena, &files[i], err));
        FIRN_TRY(map_key(txn->files_arena, &key, &text, err));
        if (firn_map_has(added, text))
            return firn_fail(err, FIRN_ERR_ARG, "data file %.*s is added twice",
                             FIRN_STR_ARG(file->path));
        FIRN_TRY(firn_map_put(added, text, files, err));
    }
    out->added = files;
    return FIRN_OK;
}

static firn_status note_added(const firn_txn *txn, firn_map *out, firn_error *err)
{
    firn_map_init(out, txn->files_arena);
    for (size_t c = 0; c < txn->n_changes; c++) {
        const firn_change *what = &txn->changes[c].what;
        for (size_t i = 0; i < what->n_added; i++) {
            const firn_data_file *file = &what->added[i];
            const firn_file_key key = key_of(file);
            firn_str text;
            FIRN_TRY(map_key(txn->files_arena, &key, &text, err));
            FIRN_TRY(firn_map_put(out, text, out, err));
        }
    }
    return FIRN_OK;
}

static firn_status copy_removed(firn_txn *txn, const firn_change *change, firn_change *out,
                                firn_error *err)
{
    firn_map seen;
    firn_map_init(&seen, txn->files_arena);
    firn_file_key *keys = firn_arena_array(txn->files_arena, change->n_removed, sizeof *keys);
    if (!keys) return firn_fail_nomem(err);
    out->n_removed = 0;
    for (size_t i = 0; i < change->n_removed; i++) {
        firn_str text;
        FIRN_TRY(map_key(txn->files_arena, &change->removed[i], &text, err));
        if (firn_map_has(&seen, text)) continue;
        FIRN_TRY(firn_map_put(&seen, text, keys, err));
        firn_file_key *key = &keys[out->n_removed++];
        *key = change->removed[i];
        if (!firn_str_copy(key->path, txn->files_arena, &key->path)) return firn_fail_nomem(err);
    }
    out->removed = keys;
    for (size_t i = 0; i < change->n_added && out->n_removed > 0; i++)
        if (firn_map_has(&seen, firn_delete_referenced_path(&change->added[i])))
            return firn_fail(err, FIRN_ERR_ARG,
                             "delete file %.*s is about a data file that the change removes",
                             FIRN_STR_ARG(change->added[i].path));
    return FIRN_OK;
}

static firn_status copy_corrected(firn_txn *txn, const firn_change *change, firn_change *out,
                                  firn_error *err)
{
    firn_data_file *files = firn_arena_array(txn->files_arena, change->n_corrected, sizeof *files);
    if (!files) return firn_fail_nomem(err);
    for (size_t i = 0; i < change->n_corrected; i++)
        FIRN_TRY(firn_data_file_copy(&change->corrected[i], txn->files_arena, &files[i], err));
    out->corrected = files;
    return FIRN_OK;
}

static firn_status push_change(firn_txn *txn, const firn_change *what, firn_error *err)
{
    firn_snapshot_change *change = firn_arena_push(txn->files_arena, &txn->changes, &txn->n_changes,
                                                   &txn->cap_changes, sizeof *change);
    if (!change) return firn_fail_nomem(err);
    change->what = *what;
    do {
        change->snapshot_id = firn_random_snapshot_id(txn->table->env->random);
    } while (firn_metadata_find_snapshot(txn->draft.base, change->snapshot_id));
    return FIRN_OK;
}

firn_status firn_txn_change_files(firn_txn *txn, const firn_change *change, firn_error *err)
{
    firn_change copy = *change;
    firn_map added;
    FIRN_TRY(firn_txn__check_open(txn, err));
    FIRN_TRY(check_kind(change, err));
    FIRN_TRY(check_lineage(txn, change, err));
    FIRN_TRY(note_added(txn, &added, err));
    FIRN_TRY(copy_added(txn, change, &added, &copy, err));
    FIRN_TRY(copy_removed(txn, change, &copy, err));
    FIRN_TRY(copy_corrected(txn, change, &copy, err));
    const firn_str branch = change->branch.len > 0 ? change->branch : txn->table->branch;
    if (!firn_str_copy(branch, txn->files_arena, &copy.branch)) return firn_fail_nomem(err);
    copy.is_staged |= txn->is_staged;
    return push_change(txn, &copy, err);
}

void firn_txn_stage(firn_txn *txn)
{
    txn->is_staged = true;
}

firn_status firn_txn_append_files(firn_txn *txn, const firn_data_file *files, size_t n,
                                  firn_error *err)
{
    const firn_change change = {.added = files, .n_added = n, .from_snapshot_id = -1};
    return firn_txn_change_files(txn, &change, err);
}

firn_status firn_txn_append_if_unchanged(firn_txn *txn, const firn_data_file *files, size_t n,
                                         int64_t from_snapshot_id, firn_error *err)
{
    const firn_change change = {.added = files,
                                .n_added = n,
                                .from_snapshot_id = from_snapshot_id,
                                .must_be_unchanged = true};
    return firn_txn_change_files(txn, &change, err);
}

void firn_txn_must_be_unchanged(firn_txn *txn)
{
    const firn_snapshot *head = NULL;
    if (txn->n_changes == 0) return;
    firn_snapshot_change *first = &txn->changes[0];
    const firn_status st = firn_snapshot__head(first, txn->draft.base, &head, NULL);
    first->what.from_snapshot_id = st == FIRN_OK && head ? head->snapshot_id : -1;
    first->what.must_be_unchanged = true;
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
    for (size_t i = 0; i < txn->n_changes; i++) {
        firn_change *what = &txn->changes[i].what;
        if (what->n_added == 0 || txn->changes[i].picked_from.len > 0) continue;
        firn_data_files_remove(txn->table->env, txn->table->store, what->added, what->n_added);
        what->n_added = 0;
        txn->is_ended = true;
    }
}
