/* SPDX-License-Identifier: Apache-2.0 */
/* Merging small manifests, so that a table of many small commits stays quick to plan. Bins are
 * filled from the oldest manifest on, up to the target size; the bin with the newest manifest is
 * left alone until it has min-count-to-merge of them. Manifests of data and of deletes are never
 * mixed. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/manifest_files.h"

#define K_DEFAULT_MIN_COUNT 100

struct merge_op {
    firn_snapshot_files *files;
    firn_manifest_file *old; /* the list before merging */
    size_t n_old;
    int64_t min_count;
    firn_manifest_run run;
};

/* Removals of this snapshot stay visible; older ones are history of other snapshots. */
static firn_status merge_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    struct merge_op *op = ctx;
    firn_manifest_entry changed = *entry;
    const bool is_ours = entry->snapshot_id == op->files->snapshot_id;
    op->files->counts.entries_processed++;
    if (entry->status == FIRN_ENTRY_DELETED && !is_ours) return FIRN_OK;
    if (entry->status == FIRN_ENTRY_ADDED && is_ours) {
        const bool is_kept = op->files->change->what.data_sequence_number > 0 &&
                             entry->file.content == FIRN_CONTENT_DATA;
        if (!is_kept) changed.sequence_number = -1;
        changed.file_sequence_number = -1;
        changed.file.first_row_id = -1;
    } else if (entry->status == FIRN_ENTRY_ADDED) {
        changed.status = FIRN_ENTRY_EXISTING;
    }
    return firn_manifest_run__append(&op->run, &changed, err);
}

static firn_status merge_bin(struct merge_op *op, const size_t *members, size_t n, firn_error *err)
{
    firn_snapshot_files *files = op->files;
    const firn_table *table = files->txn->table;
    firn_status st = FIRN_OK;
    const firn_manifest_file *first = &op->old[members[0]];
    FIRN_TRY(firn_manifest_run__init(&op->run, files, first->spec_id, first->content, err));
    for (size_t i = 0; i < n && st == FIRN_OK; i++) {
        const firn_manifest_file *manifest = &op->old[members[i]];
        st = firn_manifest__each(table->store, table->env, files->metadata, manifest,
                                 FIRN_MANIFEST_ALL, merge_entry, op, err);
        if (manifest->added_snapshot_id != files->snapshot_id) {
            files->counts.manifests_replaced++;
            files->counts.manifests_kept--;
        } else {
            files->counts.manifests_created--;
        }
    }
    if (st == FIRN_OK) st = firn_manifest_run__finish(&op->run, err);
    firn_manifest_run__dispose(&op->run);
    return st;
}

static firn_status push_manifest(firn_snapshot_files *files, const firn_manifest_file *manifest,
                                 firn_error *err)
{
    firn_manifest_file *slot = firn_arena_push(files->arena, &files->manifests, &files->n_manifests,
                                               &files->cap_manifests, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *manifest;
    return FIRN_OK;
}

/* members: indexes of one bin, newest first. */
static firn_status put_bin(struct merge_op *op, const size_t *members, size_t n, bool has_newest,
                           firn_error *err)
{
    if (n == 0) return FIRN_OK;
    if (n > 1 && !(has_newest && (int64_t)n < op->min_count)) return merge_bin(op, members, n, err);
    for (size_t i = 0; i < n; i++) FIRN_TRY(push_manifest(op->files, &op->old[members[i]], err));
    return FIRN_OK;
}

/* The manifests of one spec; group holds their indexes, newest first. Bins are cut off from the
 * end of the group and put from its front, which keeps the list in order. */
static firn_status merge_group(struct merge_op *op, const size_t *group, size_t n,
                               size_t *bin_starts, firn_error *err)
{
    size_t n_bins = 0;
    size_t at = n;
    while (at > 0) {
        int64_t weight = op->old[group[at - 1]].length;
        at--;
        while (at > 0 && weight + op->old[group[at - 1]].length <= op->files->target_bytes)
            weight += op->old[group[--at]].length;
        bin_starts[n_bins++] = at;
    }
    for (size_t i = n_bins; i > 0; i--) {
        const size_t start = bin_starts[i - 1];
        const size_t end = i > 1 ? bin_starts[i - 2] : n;
        FIRN_TRY(put_bin(op, group + start, end - start, i == n_bins, err));
    }
    return FIRN_OK;
}

static firn_status merge_content(struct merge_op *op, firn_content content, size_t *group,
                                 size_t *bin_starts, firn_error *err)
{
    const firn_table_metadata *metadata = op->files->metadata;
    for (size_t s = 0; s < metadata->n_specs; s++) {
        size_t n = 0;
        for (size_t i = 0; i < op->n_old; i++)
            if (op->old[i].content == content && op->old[i].spec_id == metadata->specs[s]->spec_id)
                group[n++] = i;
        FIRN_TRY(merge_group(op, group, n, bin_starts, err));
    }
    return FIRN_OK;
}

static firn_status merge_all(struct merge_op *op, firn_arena *scratch, firn_error *err)
{
    size_t *group = firn_arena_array(scratch, op->n_old, sizeof *group);
    size_t *bin_starts = firn_arena_array(scratch, op->n_old, sizeof *bin_starts);
    if (!group || !bin_starts) return firn_fail_nomem(err);
    FIRN_TRY(merge_content(op, FIRN_CONTENT_DATA, group, bin_starts, err));
    return merge_content(op, FIRN_CONTENT_POSITION_DELETES, group, bin_starts, err);
}

firn_status firn_manifests__merge(firn_snapshot_files *files, firn_error *err)
{
    const firn_properties *properties = &files->metadata->properties;
    struct merge_op op = {.files = files};
    if (firn_str_equals_nocase(firn_properties_get(properties,
                                                   FIRN_STR("commit.manifest-merge.enabled"),
                                                   FIRN_STR("true")),
                               FIRN_STR("false")))
        return FIRN_OK;
    op.min_count = firn_properties_get_i64(
        properties, FIRN_STR("commit.manifest.min-count-to-merge"), K_DEFAULT_MIN_COUNT);
    op.old = files->manifests;
    op.n_old = files->n_manifests;
    files->manifests = NULL;
    files->n_manifests = 0;
    files->cap_manifests = 0;
    firn_arena *scratch = firn_arena_create(files->txn->table->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    const firn_status st = merge_all(&op, scratch, err);
    firn_arena_destroy(scratch);
    return st;
}
