/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/check/live_files.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/manifest_files.h"

typedef struct live_adder {
    const firn_manifest_file *manifest;
    const firn_partition_spec *spec;
    firn_arena *arena;
    firn_live_files *out;
    size_t *cap;
} live_adder;

static firn_status add_live(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    const live_adder *add = ctx;
    if (entry->status == FIRN_ENTRY_DELETED) return FIRN_OK;
    firn_live_file *file =
        firn_arena_push(add->arena, &add->out->files, &add->out->n_files, add->cap, sizeof *file);
    if (!file) return firn_fail_nomem(err);
    file->entry = *entry;
    file->manifest = add->manifest;
    file->spec = add->spec;
    return firn_data_file_copy(&entry->file, add->arena, &file->entry.file, err);
}

firn_status firn_live_files_add(firn_env *env, firn_store *store,
                                const firn_table_metadata *metadata,
                                const firn_manifest_file *manifest, firn_arena *arena,
                                firn_live_files *out, size_t *cap, firn_error *err)
{
    live_adder add = {manifest, firn_metadata_find_spec(metadata, manifest->spec_id), arena, out,
                      cap};
    return firn_manifest__each(store, env, metadata, manifest, FIRN_MANIFEST_BOUNDS, add_live, &add,
                               err);
}

firn_status firn_live_files_read(firn_env *env, firn_store *store,
                                 const firn_table_metadata *metadata, const firn_snapshot *snapshot,
                                 firn_arena *arena, firn_live_files *out, firn_error *err)
{
    size_t cap = 0;
    *out = (firn_live_files){0};
    if (!snapshot) return FIRN_OK;
    FIRN_TRY(firn_snapshot_manifests(store, metadata, snapshot, arena, &out->manifests,
                                     &out->n_manifests, err));
    for (size_t i = 0; i < out->n_manifests; i++) {
        FIRN_TRY(firn_env_check_cancel(env, err));
        FIRN_TRY(
            firn_live_files_add(env, store, metadata, &out->manifests[i], arena, out, &cap, err));
    }
    return FIRN_OK;
}

firn_str firn_live_file_key(const firn_data_file *file, firn_arena *arena)
{
    if (file->content_offset < 0) return file->path;
    return firn_arena_printf(arena, "%.*s@%" PRId64, FIRN_STR_ARG(file->path),
                             file->content_offset);
}

firn_live_totals firn_live_files_totals(const firn_live_files *live)
{
    firn_live_totals t = {0};
    for (size_t i = 0; i < live->n_files; i++) {
        const firn_data_file *file = &live->files[i].entry.file;
        if (file->content == FIRN_CONTENT_DATA) {
            t.data_files++;
            t.records += file->record_count;
        } else {
            t.delete_files++;
            *(file->content == FIRN_CONTENT_POSITION_DELETES ? &t.positions : &t.equalities) +=
                file->record_count;
        }
    }
    return t;
}
