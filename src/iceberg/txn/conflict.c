/* SPDX-License-Identifier: Apache-2.0 */
/* What commits since the snapshot that was read would make a change wrong (Iceberg's rules for
 * overwrites): new data files that match the rows read (serializable only), removed data files
 * that match, new delete files that match. That files to be replaced are still live is checked
 * where their manifests are rewritten. Appends conflict with nothing. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/manifest_files.h"

struct validation {
    firn_store *store;
    firn_env *env;
    const firn_table_metadata *metadata;
    const firn_snapshot_change *change;
    firn_arena *scratch;
    const firn_snapshot *snapshot; /* being looked at */
    const firn_partition_spec *spec;
    const firn_expr *projected; /* the filter on spec's fields; NULL: all rows */
};

static bool may_match(const struct validation *op, const firn_data_file *file)
{
    if (!op->change->filter) return true;
    if (op->spec && op->projected &&
        !firn_expr_matches_partition(op->projected, op->spec, file->partition))
        return false;
    /* Bounds of a delete file are of file paths and positions, not of rows. */
    return file->content != FIRN_CONTENT_DATA || firn_expr_may_match_file(op->change->filter, file);
}

static firn_status check_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    const struct validation *op = ctx;
    const bool is_data = entry->file.content == FIRN_CONTENT_DATA;
    if (entry->snapshot_id != op->snapshot->snapshot_id) return FIRN_OK;
    if (entry->status == FIRN_ENTRY_EXISTING || !may_match(op, &entry->file)) return FIRN_OK;
    if (entry->status == FIRN_ENTRY_DELETED) {
        if (!is_data) return FIRN_OK;
        return firn_fail(err, FIRN_ERR_CONFLICT,
                         "another commit (snapshot %lld) removed data file %.*s with rows that may "
                         "have been read",
                         (long long)op->snapshot->snapshot_id, FIRN_STR_ARG(entry->file.path));
    }
    if (is_data && op->change->isolation == FIRN_ISOLATION_SNAPSHOT) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CONFLICT,
                     "another commit (snapshot %lld) added %s file %.*s with rows that may match",
                     (long long)op->snapshot->snapshot_id, is_data ? "data" : "delete",
                     FIRN_STR_ARG(entry->file.path));
}

/* Which manifests of the snapshot can hold something of interest. */
static bool is_relevant(const struct validation *op, const firn_manifest_file *manifest)
{
    const firn_str operation = op->snapshot->operation;
    const bool is_append = firn_str_equals(operation, FIRN_STR("append"));
    const bool is_replace = firn_str_equals(operation, FIRN_STR("replace"));
    if (manifest->added_snapshot_id != op->snapshot->snapshot_id) return false;
    if (manifest->content != FIRN_CONTENT_DATA) return !is_append && !is_replace;
    if (is_append && op->change->isolation == FIRN_ISOLATION_SNAPSHOT) return false;
    return !is_replace || manifest->deleted_files != 0;
}

/* A compaction adds files too, but with rows that were there: only what it removed counts. */
static firn_status check_replace_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    if (entry->status != FIRN_ENTRY_DELETED) return FIRN_OK;
    return check_entry(ctx, entry, err);
}

static firn_status check_manifest(struct validation *op, const firn_manifest_file *manifest,
                                  firn_error *err)
{
    const bool is_replace = firn_str_equals(op->snapshot->operation, FIRN_STR("replace"));
    op->spec = firn_metadata_find_spec(op->metadata, manifest->spec_id);
    op->projected = NULL;
    if (op->spec && op->change->filter)
        FIRN_TRY(firn_expr_project_inclusive(op->change->filter, firn_metadata_schema(op->metadata),
                                             op->spec, op->scratch, &op->projected, err));
    return firn_manifest__each(op->store, op->env, op->metadata, manifest, FIRN_MANIFEST_BOUNDS,
                               is_replace ? check_replace_entry : check_entry, op, err);
}

static firn_status check_snapshot(struct validation *op, firn_error *err)
{
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    FIRN_TRY(firn_snapshot_manifests(op->store, op->metadata, op->snapshot, op->scratch, &manifests,
                                     &n, err));
    for (size_t i = 0; i < n; i++)
        if (is_relevant(op, &manifests[i])) FIRN_TRY(check_manifest(op, &manifests[i], err));
    return FIRN_OK;
}

static firn_status fail_history(int64_t from, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CONFLICT,
                     "cannot tell what was committed since snapshot %lld: it is not an ancestor of "
                     "the current one, or was expired",
                     (long long)from);
}

/* From the current snapshot back to the one that was read. */
static firn_status check_history(struct validation *op, firn_error *err)
{
    const int64_t from = op->change->from_snapshot_id;
    int64_t id = op->metadata->current_snapshot_id;
    if (from >= 0 && (id < 0 || !firn_metadata_is_ancestor(op->metadata, id, from)))
        return fail_history(from, err);
    for (size_t i = 0; i <= op->metadata->n_snapshots && id != from; i++) {
        op->snapshot = id < 0 ? NULL : firn_metadata_find_snapshot(op->metadata, id);
        if (!op->snapshot) return fail_history(from, err);
        FIRN_TRY(check_snapshot(op, err));
        id = op->snapshot->parent_snapshot_id;
    }
    return FIRN_OK;
}

firn_status firn_snapshot__validate(firn_store *store, const firn_table_metadata *metadata,
                                    const firn_snapshot_change *change, firn_env *env,
                                    firn_error *err)
{
    struct validation op = {.store = store, .env = env, .metadata = metadata, .change = change};
    if (metadata->current_snapshot_id == change->from_snapshot_id) return FIRN_OK;
    if (change->must_be_unchanged)
        return firn_fail(
            err, FIRN_ERR_CONFLICT, "table is at snapshot %lld, expected it unchanged at %lld",
            (long long)metadata->current_snapshot_id, (long long)change->from_snapshot_id);
    if (!change->is_overwrite) return FIRN_OK;
    op.scratch = firn_arena_create(env->alloc, 0);
    if (!op.scratch) return firn_fail_nomem(err);
    const firn_status st = check_history(&op, err);
    firn_arena_destroy(op.scratch);
    return st;
}
