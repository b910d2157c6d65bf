/* SPDX-License-Identifier: Apache-2.0 */
/* All manifests of one partition spec written again, the entries of one partition beside each
 * other: data and deletes each, where that makes fewer or there are several. Files stay what they
 * are. */
#include <stdlib.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/manifest_files.h"

typedef struct rewrite {
    firn_snapshot_files *files;
    firn_arena *scratch; /* entries of one content */
    firn_manifest_entry *entries;
    size_t n, cap;
} rewrite;

static bool is_live(const firn_manifest_file *manifest)
{
    return manifest->added_files != 0 || manifest->existing_files != 0; /* -1: unknown */
}

static bool is_match(const firn_manifest_file *manifest, int32_t spec_id, bool is_data)
{
    return manifest->spec_id == spec_id && (manifest->content == FIRN_CONTENT_DATA) == is_data &&
           is_live(manifest);
}

/* One manifest that would become one is left alone. */
bool firn_manifests__worth_rewriting(const firn_manifest_file *manifests, size_t n, int32_t spec_id,
                                     bool is_data, int64_t target_bytes)
{
    int64_t n_bytes = 0;
    size_t n_found = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_match(&manifests[i], spec_id, is_data)) continue;
        n_bytes += manifests[i].length;
        n_found++;
    }
    return n_found > 1 || (n_found == 1 && n_bytes > target_bytes);
}

static firn_status note_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    rewrite *op = ctx;
    op->files->counts.entries_processed++;
    if (entry->status == FIRN_ENTRY_DELETED) return FIRN_OK;
    firn_manifest_entry *slot =
        firn_arena_push(op->scratch, &op->entries, &op->n, &op->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *entry;
    slot->status = FIRN_ENTRY_EXISTING;
    return firn_data_file_copy(&entry->file, op->scratch, &slot->file, err);
}

/* By partition, then by age. */
static int compare_entries(const void *a, const void *b)
{
    const firn_manifest_entry *x = a;
    const firn_manifest_entry *y = b;
    for (size_t i = 0; i < x->file.n_partition; i++) {
        const int order = firn_value_compare(&x->file.partition[i], &y->file.partition[i]);
        if (order != 0) return order;
    }
    if (x->sequence_number != y->sequence_number)
        return x->sequence_number < y->sequence_number ? -1 : 1;
    return firn_str_compare(x->file.path, y->file.path);
}

static firn_status write_entries(rewrite *op, int32_t spec_id, bool is_data, firn_error *err)
{
    firn_manifest_run run;
    FIRN_TRY(firn_manifest_run__init(&run, op->files, spec_id,
                                     is_data ? FIRN_CONTENT_DATA : FIRN_CONTENT_POSITION_DELETES,
                                     err));
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < op->n && st == FIRN_OK; i++)
        st = firn_manifest_run__append(&run, &op->entries[i], err);
    if (st == FIRN_OK) st = firn_manifest_run__finish(&run, err);
    firn_manifest_run__dispose(&run);
    return st;
}

static firn_status rewrite_content(rewrite *op, const firn_manifest_file *old, size_t n_old,
                                   int32_t spec_id, bool is_data, firn_error *err)
{
    const firn_table *table = op->files->txn->table;
    op->entries = NULL;
    op->n = op->cap = 0;
    for (size_t i = 0; i < n_old; i++) {
        if (!is_match(&old[i], spec_id, is_data)) continue;
        FIRN_TRY(firn_manifest__each(table->store, table->env, op->files->metadata, &old[i],
                                     FIRN_MANIFEST_ALL, note_entry, op, err));
        op->files->counts.manifests_replaced++;
    }
    if (op->n > 1) qsort(op->entries, op->n, sizeof *op->entries, compare_entries);
    FIRN_TRY(write_entries(op, spec_id, is_data, err));
    firn_arena_reset(op->scratch);
    return FIRN_OK;
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

firn_status firn_manifests__rewrite(firn_snapshot_files *files, const firn_manifest_file *old,
                                    size_t n_old, firn_error *err)
{
    const int32_t spec_id = files->change->what.manifest_spec_id;
    rewrite op = {.files = files, .scratch = firn_arena_create(files->txn->table->env->alloc, 0)};
    bool rewrites[2];
    firn_status st = op.scratch ? FIRN_OK : firn_fail_nomem(err);
    for (int is_data = 1; is_data >= 0; is_data--) {
        rewrites[is_data] =
            firn_manifests__worth_rewriting(old, n_old, spec_id, is_data == 1, files->target_bytes);
        if (rewrites[is_data] && st == FIRN_OK)
            st = rewrite_content(&op, old, n_old, spec_id, is_data == 1, err);
    }
    for (size_t i = 0; i < n_old && st == FIRN_OK; i++) {
        const bool is_data = old[i].content == FIRN_CONTENT_DATA;
        if (is_live(&old[i]) && !(rewrites[is_data] && is_match(&old[i], spec_id, is_data)))
            st = keep(files, &old[i], err);
    }
    firn_arena_destroy(op.scratch);
    return st;
}
