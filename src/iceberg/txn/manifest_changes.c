/* SPDX-License-Identifier: Apache-2.0 */
/* The manifests of a new snapshot: added files in manifests of their own, the parent's manifests
 * kept as they are, or written again without the files that were removed. */
#include "base/error.h"
#include "iceberg/txn/manifest_files.h"

static bool has_live_files(const firn_manifest_file *manifest)
{
    return manifest->added_files != 0 || manifest->existing_files != 0; /* -1: unknown */
}

/* ---- added files ---- */

static firn_status append_added(firn_manifest_run *run, const firn_data_file *file, firn_error *err)
{
    firn_snapshot_files *files = run->files;
    firn_manifest_entry entry = {
        .status = FIRN_ENTRY_ADDED,
        .snapshot_id = files->snapshot_id,
        .sequence_number = -1,
        .file_sequence_number = -1,
        .file = *file,
    };
    if (file->n_partition != run->spec->n_fields)
        return firn_fail(
            err, FIRN_ERR_ARG, "data file %.*s has %zu partition values, spec %d has %zu fields",
            FIRN_STR_ARG(file->path), file->n_partition, run->spec->spec_id, run->spec->n_fields);
    entry.file.first_row_id = -1;
    FIRN_TRY(firn_summary__add(&files->counts, run->spec, file, err));
    return firn_manifest_run__append(run, &entry, err);
}

static firn_status write_added_of_spec(firn_snapshot_files *files, int32_t spec_id, firn_error *err)
{
    const firn_snapshot_change *change = files->txn->change;
    firn_manifest_run run;
    FIRN_TRY(firn_manifest_run__init(&run, files, spec_id, err));
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < change->n_added && st == FIRN_OK; i++)
        if (change->added[i].spec_id == spec_id) st = append_added(&run, &change->added[i], err);
    if (st == FIRN_OK) st = firn_manifest_run__finish(&run, err);
    firn_manifest_run__dispose(&run);
    return st;
}

static bool is_known_spec(const firn_table_metadata *metadata, int32_t spec_id)
{
    return firn_metadata_find_spec(metadata, spec_id) != NULL;
}

firn_status firn_manifests__add_new(firn_snapshot_files *files, firn_error *err)
{
    const firn_snapshot_change *change = files->txn->change;
    for (size_t i = 0; i < change->n_added; i++)
        if (!is_known_spec(files->metadata, change->added[i].spec_id))
            return firn_fail(err, FIRN_ERR_ARG, "data file %.*s names partition spec %d of none",
                             FIRN_STR_ARG(change->added[i].path), change->added[i].spec_id);
    for (size_t i = 0; i < files->metadata->n_specs; i++)
        FIRN_TRY(write_added_of_spec(files, files->metadata->specs[i]->spec_id, err));
    return FIRN_OK;
}

/* ---- removed files ---- */

struct removal {
    firn_snapshot_files *files;
    firn_map wanted; /* path -> is_found flag */
    bool *is_found;
    size_t n_found;
    size_t n_hits; /* in the manifest being looked at */
    firn_manifest_run run;
};

static firn_status count_hit(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    struct removal *op = ctx;
    (void)err;
    if (entry->status != FIRN_ENTRY_DELETED && firn_map_has(&op->wanted, entry->file.path))
        op->n_hits++;
    return FIRN_OK;
}

static firn_status rewrite_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    struct removal *op = ctx;
    firn_manifest_entry changed = *entry;
    op->files->counts.entries_processed++;
    if (entry->status == FIRN_ENTRY_DELETED) return FIRN_OK;
    bool *flag = firn_map_find(&op->wanted, entry->file.path);
    changed.status = flag ? FIRN_ENTRY_DELETED : FIRN_ENTRY_EXISTING;
    if (flag) {
        if (!*flag) op->n_found++;
        *flag = true;
        changed.snapshot_id = op->files->snapshot_id;
        FIRN_TRY(firn_summary__remove(&op->files->counts, op->run.spec, &entry->file, err));
    }
    return firn_manifest_run__append(&op->run, &changed, err);
}

static firn_status keep(firn_snapshot_files *files, const firn_manifest_file *manifest,
                        firn_error *err)
{
    firn_manifest_file *slot = firn_arena_push(files->arena, &files->manifests, &files->n_manifests,
                                               &files->cap_manifests, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *manifest;
    files->counts.manifests_kept++;
    return FIRN_OK;
}

static firn_status rewrite(struct removal *op, const firn_manifest_file *manifest, firn_error *err)
{
    firn_snapshot_files *files = op->files;
    const firn_table *table = files->txn->table;
    FIRN_TRY(firn_manifest_run__init(&op->run, files, manifest->spec_id, err));
    firn_status st = firn_manifest__each(table->store, table->env, files->metadata, manifest,
                                         FIRN_MANIFEST_ALL, rewrite_entry, op, err);
    if (st == FIRN_OK) st = firn_manifest_run__finish(&op->run, err);
    firn_manifest_run__dispose(&op->run);
    files->counts.manifests_replaced++;
    return st;
}

static firn_status keep_or_rewrite(struct removal *op, const firn_manifest_file *manifest,
                                   firn_error *err)
{
    firn_snapshot_files *files = op->files;
    const firn_table *table = files->txn->table;
    if (!has_live_files(manifest)) return FIRN_OK;
    if (manifest->content != FIRN_CONTENT_DATA || op->n_found == op->wanted.n_entries)
        return keep(files, manifest, err);
    op->n_hits = 0;
    FIRN_TRY(firn_manifest__each(table->store, table->env, files->metadata, manifest,
                                 FIRN_MANIFEST_NO_METRICS, count_hit, op, err));
    return op->n_hits == 0 ? keep(files, manifest, err) : rewrite(op, manifest, err);
}

static firn_status check_all_found(const struct removal *op, firn_error *err)
{
    const firn_snapshot_change *change = op->files->txn->change;
    for (size_t i = 0; i < change->n_removed; i++)
        if (!op->is_found[i])
            return firn_fail(err, FIRN_ERR_CONFLICT,
                             "data file %.*s, which was to be replaced, is not in the table",
                             FIRN_STR_ARG(change->removed[i]));
    return FIRN_OK;
}

firn_status firn_manifests__add_kept(firn_snapshot_files *files, const firn_manifest_file *old,
                                     size_t n_old, firn_error *err)
{
    const firn_snapshot_change *change = files->txn->change;
    struct removal op = {.files = files};
    firn_arena *scratch = firn_arena_create(files->txn->table->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    firn_map_init(&op.wanted, scratch);
    op.is_found = firn_arena_array(scratch, change->n_removed, sizeof *op.is_found);
    firn_status st = op.is_found ? FIRN_OK : firn_fail_nomem(err);
    for (size_t i = 0; i < change->n_removed && st == FIRN_OK; i++)
        st = firn_map_put(&op.wanted, change->removed[i], &op.is_found[i], err);
    for (size_t i = 0; i < n_old && st == FIRN_OK; i++) st = keep_or_rewrite(&op, &old[i], err);
    if (st == FIRN_OK) st = check_all_found(&op, err);
    firn_arena_destroy(scratch);
    return st;
}
