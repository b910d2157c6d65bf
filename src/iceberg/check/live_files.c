/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/check/live_files.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "iceberg/scan/plan.h"
#include "store/store_read.h"

static firn_status read_entries(const firn_table_metadata *metadata,
                                const firn_manifest_file *manifest, firn_manifest_reader *reader,
                                firn_arena *arena, firn_live_files *out, size_t *cap,
                                firn_error *err)
{
    firn_manifest_entry entry;
    for (;;) {
        const firn_status st = firn_manifest_reader_next(reader, &entry, err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        if (entry.status == FIRN_ENTRY_DELETED) continue;
        firn_live_file *file =
            firn_arena_push(arena, &out->files, &out->n_files, cap, sizeof *file);
        if (!file) return firn_fail_nomem(err);
        file->entry = entry;
        file->manifest = manifest;
        file->spec = firn_metadata_find_spec(metadata, manifest->spec_id);
        FIRN_TRY(firn_data_file_copy(&entry.file, arena, &file->entry.file, err));
    }
}

firn_status firn_live_files_add(firn_env *env, firn_store *store,
                                const firn_table_metadata *metadata,
                                const firn_manifest_file *manifest, firn_arena *arena,
                                firn_live_files *out, size_t *cap, firn_error *err)
{
    firn_manifest_reader *reader = NULL;
    firn_str bytes;
    firn_arena *scratch = firn_arena_create(env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    firn_status st =
        firn_store_read_all(store, manifest->path, FIRN_LIMIT_METADATA, scratch, &bytes, err);
    if (st == FIRN_OK)
        st = firn_manifest_reader_open(bytes, manifest, firn_metadata_schema(metadata),
                                       firn_metadata_find_spec(metadata, manifest->spec_id),
                                       FIRN_MANIFEST_BOUNDS, &reader, err);
    if (st == FIRN_OK) st = read_entries(metadata, manifest, reader, arena, out, cap, err);
    firn_manifest_reader_close(reader);
    firn_arena_destroy(scratch);
    return firn_error_wrap(err, st, "manifest %.*s", FIRN_STR_ARG(manifest->path));
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
