/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's manifests without the files that a change removes: by name, by filter, or by
 * partition. Manifests without any of them are kept as they are. Data files go first; then the
 * delete files that are named, that go with their partition, or that no data file needs any more:
 * deletion vectors of removed data files, and whatever is older than the oldest data file. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/expr/residual.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/spec/location_key.h"
#include "iceberg/txn/manifest_files.h"
#include "iceberg/txn/partition_set.h"

typedef struct removal {
    firn_snapshot_files *files;
    firn_arena *scratch;
    firn_arena *entry_arena; /* of one entry */
    firn_map wanted;         /* path, or path#offset -> is_found flag */
    bool *is_found;
    firn_map corrected;     /* the same -> firn_data_file */
    firn_map partitions;    /* firn_partition_key of partitions to empty */
    bool takes_all;         /* an unpartitioned table is replaced */
    firn_map removed_paths; /* of data files */
    int64_t min_sequence;   /* of data files that stay */
    /* of the manifest being looked at */
    const firn_manifest_file *manifest;
    const firn_expr *projected; /* remove_filter on its spec */
    const firn_residual *residual;
    size_t n_hits;
    firn_manifest_run run;
} removal;

/* ---- which files go ---- */

/* path, or path#offset. */
static firn_status key_of(const firn_data_file *file, firn_arena *arena, firn_str *out,
                          firn_error *err)
{
    *out = file->path;
    if (!firn_is_deletion_vector(file)) return FIRN_OK;
    *out = firn_arena_printf(arena, "%.*s#%lld", FIRN_STR_ARG(file->path),
                             (long long)file->content_offset);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status wanted_flag(removal *op, const firn_data_file *file, bool **out, firn_error *err)
{
    firn_str key;
    *out = NULL;
    if (op->wanted.n_entries == 0) return FIRN_OK;
    FIRN_TRY(key_of(file, op->entry_arena, &key, err));
    *out = firn_map_find(&op->wanted, key);
    return FIRN_OK;
}

static firn_status find_correction(removal *op, const firn_data_file *file,
                                   const firn_data_file **out, firn_error *err)
{
    firn_str key;
    *out = NULL;
    if (op->corrected.n_entries == 0) return FIRN_OK;
    FIRN_TRY(key_of(file, op->entry_arena, &key, err));
    *out = firn_map_find(&op->corrected, key);
    return FIRN_OK;
}

/* What an entry says of its file's contents; what makes it that file stays. */
static void correct(firn_data_file *file, const firn_data_file *right)
{
    file->record_count = right->record_count;
    file->value_counts = right->value_counts;
    file->null_value_counts = right->null_value_counts;
    file->nan_value_counts = right->nan_value_counts;
    file->lower_bounds = right->lower_bounds;
    file->upper_bounds = right->upper_bounds;
}

/* A delete file goes by filter only if its whole partition does. */
static firn_status by_filter(const removal *op, const firn_data_file *file, bool *out,
                             firn_error *err)
{
    *out = false;
    if (!op->residual || !firn_expr_matches_partition(op->projected, op->run.spec, file->partition))
        return FIRN_OK;
    const firn_expr *rest = firn_residual_for(op->residual, file->partition, op->entry_arena);
    if (!rest) return firn_fail_nomem(err);
    if (file->content != FIRN_CONTENT_DATA) {
        *out = rest->op == FIRN_EXPR_TRUE;
        return FIRN_OK;
    }
    if (!firn_expr_may_match_file(rest, file)) return FIRN_OK;
    *out = firn_expr_all_match_file(rest, file);
    if (*out) return FIRN_OK;
    (void)firn_fail(err, FIRN_ERR_ARG,
                    "some rows of data file %.*s match what is to be removed, others may not",
                    FIRN_STR_ARG(file->path));
    return firn_error_hint(err, FIRN_ERR_ARG, "delete or overwrite the rows instead");
}

static bool is_unneeded(const removal *op, const firn_manifest_entry *entry)
{
    const firn_data_file *file = &entry->file;
    if (file->content == FIRN_CONTENT_DATA) return false;
    if (firn_is_deletion_vector(file) &&
        firn_map_has(&op->removed_paths, firn_location_identity(file->referenced_data_file)))
        return true;
    return entry->sequence_number > 0 && entry->sequence_number < op->min_sequence;
}

static firn_status goes(removal *op, const firn_manifest_entry *entry, bool **flag, bool *out,
                        firn_error *err)
{
    firn_arena_reset(op->entry_arena);
    FIRN_TRY(wanted_flag(op, &entry->file, flag, err));
    *out = *flag || is_unneeded(op, entry);
    if (!*out) *out = op->takes_all;
    if (!*out) FIRN_TRY(firn_partition_set__has(&op->partitions, &entry->file, out, err));
    return *out ? FIRN_OK : by_filter(op, &entry->file, out, err);
}

/* Deletes that somebody added to a file in the meantime would be lost with it. */
static firn_status check_new_deletes(const removal *op, const firn_data_file *file, firn_error *err)
{
    const firn_snapshot_change *change = op->files->change;
    const firn_delete_file **found = NULL;
    size_t n = 0;
    if (!change->new_deletes || file->content != FIRN_CONTENT_DATA) return FIRN_OK;
    FIRN_TRY(firn_delete_index_find(change->new_deletes, file, change->from_sequence_number,
                                    op->entry_arena, &found, &n, err));
    for (size_t i = 0; i < n; i++) {
        const bool is_equality = found[i]->file.content == FIRN_CONTENT_EQUALITY_DELETES;
        if (is_equality && change->what.data_sequence_number > 0) continue;
        return firn_fail(err, FIRN_ERR_CONFLICT,
                         "another commit (snapshot %lld) deleted rows of data file %.*s, which was "
                         "to be replaced",
                         (long long)found[i]->snapshot_id, FIRN_STR_ARG(file->path));
    }
    return FIRN_OK;
}

/* ---- one manifest ---- */

static firn_status count_hit(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    removal *op = ctx;
    bool *flag = NULL;
    bool is_gone = false;
    if (entry->status == FIRN_ENTRY_DELETED) return FIRN_OK;
    const firn_data_file *right = NULL;
    FIRN_TRY(goes(op, entry, &flag, &is_gone, err));
    FIRN_TRY(find_correction(op, &entry->file, &right, err));
    if (is_gone || right) op->n_hits++;
    return FIRN_OK;
}

static firn_status note_removed(removal *op, const firn_data_file *file, firn_error *err)
{
    FIRN_TRY(firn_summary__remove(&op->files->counts, file, err));
    if (file->content != FIRN_CONTENT_DATA) return FIRN_OK;
    const firn_str path = firn_arena_copy(op->scratch, firn_location_identity(file->path));
    if (!path.data) return firn_fail_nomem(err);
    return firn_map_put(&op->removed_paths, path, op, err);
}

static firn_status rewrite_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    removal *op = ctx;
    firn_manifest_entry changed = *entry;
    bool *flag = NULL;
    bool is_gone = false;
    op->files->counts.entries_processed++;
    if (entry->status == FIRN_ENTRY_DELETED) return FIRN_OK;
    const firn_data_file *right = NULL;
    FIRN_TRY(goes(op, entry, &flag, &is_gone, err));
    FIRN_TRY(find_correction(op, &entry->file, &right, err));
    if (right) correct(&changed.file, right);
    changed.status = is_gone ? FIRN_ENTRY_DELETED : FIRN_ENTRY_EXISTING;
    if (is_gone) {
        FIRN_TRY(check_new_deletes(op, &entry->file, err));
        if (flag) *flag = true;
        changed.snapshot_id = op->files->snapshot_id;
        FIRN_TRY(note_removed(op, &entry->file, err));
    } else if (entry->file.content == FIRN_CONTENT_DATA &&
               entry->sequence_number < op->min_sequence) {
        op->min_sequence = entry->sequence_number;
    }
    return firn_manifest_run__append(&op->run, &changed, err);
}

static firn_status keep(removal *op, const firn_manifest_file *manifest, firn_error *err)
{
    firn_snapshot_files *files = op->files;
    firn_manifest_file *slot = firn_arena_push(files->arena, &files->manifests, &files->n_manifests,
                                               &files->cap_manifests, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *manifest;
    files->counts.manifests_kept++;
    if (manifest->content == FIRN_CONTENT_DATA && manifest->min_sequence_number < op->min_sequence)
        op->min_sequence = manifest->min_sequence_number;
    return FIRN_OK;
}

static firn_status prepare_filter(removal *op, firn_error *err)
{
    const firn_expr *filter = op->files->change->what.remove_filter;
    const firn_schema *schema = firn_metadata_schema(op->files->metadata);
    op->projected = NULL;
    op->residual = NULL;
    if (!filter) return FIRN_OK;
    FIRN_TRY(firn_expr_project_inclusive(filter, schema, op->run.spec, op->scratch, &op->projected,
                                         err));
    return firn_residual_create(filter, schema, op->run.spec, op->scratch, &op->residual, err);
}

/* Can the manifest hold a file that goes? */
static bool needs_look(const removal *op)
{
    const firn_manifest_file *manifest = op->manifest;
    const bool is_deletes = manifest->content != FIRN_CONTENT_DATA;
    if (op->wanted.n_entries > 0 || op->corrected.n_entries > 0 || op->partitions.n_entries > 0 ||
        op->takes_all)
        return true;
    if (op->residual && firn_expr_may_match_manifest(op->projected, op->run.spec, manifest))
        return true;
    return is_deletes &&
           (op->removed_paths.n_entries > 0 || manifest->min_sequence_number < op->min_sequence);
}

static firn_status each(removal *op, firn_manifest_columns columns, firn_entry_fn fn,
                        firn_error *err)
{
    const firn_table *table = op->files->txn->table;
    return firn_manifest__each(table->store, table->env, op->files->metadata, op->manifest, columns,
                               fn, op, err);
}

static firn_status rewrite(removal *op, firn_error *err)
{
    firn_status st = each(op, FIRN_MANIFEST_ALL, rewrite_entry, err);
    if (st == FIRN_OK) st = firn_manifest_run__finish(&op->run, err);
    op->files->counts.manifests_replaced++;
    return st;
}

static firn_status keep_or_rewrite(removal *op, const firn_manifest_file *manifest, firn_error *err)
{
    const bool has_live = manifest->added_files != 0 || manifest->existing_files != 0;
    /* -1: unknown; what is to be corrected may be the count. */
    if (!has_live && op->corrected.n_entries == 0) return FIRN_OK;
    op->manifest = manifest;
    FIRN_TRY(
        firn_manifest_run__init(&op->run, op->files, manifest->spec_id, manifest->content, err));
    FIRN_TRY(prepare_filter(op, err));
    if (!needs_look(op)) return keep(op, manifest, err);
    op->n_hits = 0;
    FIRN_TRY(
        each(op, op->residual ? FIRN_MANIFEST_BOUNDS : FIRN_MANIFEST_NO_METRICS, count_hit, err));
    if (op->n_hits == 0) return keep(op, manifest, err);
    const firn_status st = rewrite(op, err);
    firn_manifest_run__dispose(&op->run);
    return st;
}

/* ---- all manifests ---- */

static firn_status note_wanted(removal *op, firn_error *err)
{
    const firn_change *what = &op->files->change->what;
    op->is_found = firn_arena_array(op->scratch, what->n_removed, sizeof *op->is_found);
    if (!op->is_found) return firn_fail_nomem(err);
    for (size_t i = 0; i < what->n_removed; i++) {
        firn_str key = what->removed[i].path;
        if (what->removed[i].vector_offset > 0) {
            key = firn_arena_printf(op->scratch, "%.*s#%lld", FIRN_STR_ARG(key),
                                    (long long)what->removed[i].vector_offset);
            if (!key.data) return firn_fail_nomem(err);
        }
        FIRN_TRY(firn_map_put(&op->wanted, key, &op->is_found[i], err));
    }
    return FIRN_OK;
}

static firn_status note_corrected(removal *op, firn_error *err)
{
    const firn_change *what = &op->files->change->what;
    for (size_t i = 0; i < what->n_corrected; i++) {
        firn_str key;
        FIRN_TRY(key_of(&what->corrected[i], op->scratch, &key, err));
        FIRN_TRY(firn_map_put(&op->corrected, key, (void *)(uintptr_t)&what->corrected[i], err));
    }
    return FIRN_OK;
}

static firn_status note_partitions(removal *op, firn_error *err)
{
    const firn_change *what = &op->files->change->what;
    if (what->kind != FIRN_CHANGE_REPLACE_PARTITIONS) return FIRN_OK;
    for (size_t i = 0; i < what->n_added; i++) {
        if (what->added[i].n_partition == 0) op->takes_all = true;
        FIRN_TRY(firn_partition_set__add(&op->partitions, &what->added[i], err));
    }
    return FIRN_OK;
}

static firn_status check_all_found(const removal *op, firn_error *err)
{
    const firn_change *what = &op->files->change->what;
    for (size_t i = 0; i < what->n_removed; i++)
        if (!op->is_found[i])
            return firn_fail(err, FIRN_ERR_CONFLICT,
                             "data file %.*s, which was to be replaced, is not in the table",
                             FIRN_STR_ARG(what->removed[i].path));
    return FIRN_OK;
}

static firn_status run(removal *op, const firn_manifest_file *old, size_t n_old, firn_error *err)
{
    FIRN_TRY(note_wanted(op, err));
    FIRN_TRY(note_corrected(op, err));
    FIRN_TRY(note_partitions(op, err));
    for (size_t i = 0; i < n_old; i++)
        if (old[i].content == FIRN_CONTENT_DATA) FIRN_TRY(keep_or_rewrite(op, &old[i], err));
    for (size_t i = 0; i < n_old; i++)
        if (old[i].content != FIRN_CONTENT_DATA) FIRN_TRY(keep_or_rewrite(op, &old[i], err));
    return check_all_found(op, err);
}

firn_status firn_manifests__add_kept(firn_snapshot_files *files, const firn_manifest_file *old,
                                     size_t n_old, firn_error *err)
{
    removal op = {.files = files, .min_sequence = files->metadata->last_sequence_number};
    firn_status st = FIRN_OK;
    op.scratch = firn_arena_create(files->txn->table->env->alloc, 0);
    op.entry_arena = firn_arena_create(files->txn->table->env->alloc, 0);
    if (!op.scratch || !op.entry_arena) {
        st = firn_fail_nomem(err);
    } else {
        firn_map_init(&op.wanted, op.scratch);
        firn_map_init(&op.corrected, op.scratch);
        firn_map_init(&op.partitions, op.scratch);
        firn_map_init(&op.removed_paths, op.scratch);
        st = run(&op, old, n_old, err);
    }
    firn_arena_destroy(op.scratch);
    firn_arena_destroy(op.entry_arena);
    return st;
}
