/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/check/table_health.h"

#include "base/error.h"
#include "base/map.h"
#include "iceberg/scan/delete_index.h"

#define DEFAULT_FILE_BYTES     ((int64_t)512 << 20)
#define DEFAULT_MANIFEST_BYTES ((int64_t)8 << 20)
#define DEFAULT_AGE_MS         ((int64_t)5 * 24 * 3600 * 1000)
#define SMALL_SHARE            0.75 /* of the target: what Iceberg's compaction picks up */

/* The snapshots that stay: all ancestors of refs that are young enough or among the last ones. */
static bool is_kept(const firn_table_metadata *metadata, const firn_snapshot *snapshot)
{
    if (snapshot->snapshot_id == metadata->current_snapshot_id) return true;
    for (size_t i = 0; i < metadata->n_refs; i++)
        if (metadata->refs[i].snapshot_id == snapshot->snapshot_id) return true;
    return false;
}

static void count_snapshots(const firn_table_metadata *metadata, int64_t now_ms,
                            firn_table_health *out)
{
    const int64_t age = firn_properties_get_i64(
        &metadata->properties, FIRN_STR("history.expire.max-snapshot-age-ms"), DEFAULT_AGE_MS);
    out->n_snapshots = (int64_t)metadata->n_snapshots;
    for (size_t i = 0; i < metadata->n_snapshots; i++) {
        const firn_snapshot *snapshot = &metadata->snapshots[i];
        if (snapshot->timestamp_ms < now_ms - age && !is_kept(metadata, snapshot))
            out->n_expirable++;
    }
}

static int64_t pieces(int64_t bytes, int64_t target)
{
    return bytes > 0 ? (bytes + target - 1) / target : 0;
}

/* Small files of one partition. */
typedef struct small_group {
    int64_t n, bytes;
} small_group;

static firn_status add_small(firn_map *groups, firn_buf *key, const firn_live_file *file,
                             firn_error *err)
{
    const firn_data_file *data = &file->entry.file;
    FIRN_TRY(firn_partition_key(data->spec_id, data->partition, data->n_partition, key, err));
    small_group *group = firn_map_find(groups, firn_buf_view(key));
    if (!group) {
        const firn_str copy = firn_arena_copy(groups->arena, firn_buf_view(key));
        group = firn_arena_alloc_zero(groups->arena, sizeof *group);
        if (!group || !copy.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_map_put(groups, copy, group, err));
    }
    group->n++;
    group->bytes += data->file_size_bytes;
    return FIRN_OK;
}

static firn_status count_file(const firn_live_file *file, firn_map *groups, firn_buf *key,
                              firn_table_health *out, firn_error *err)
{
    const firn_data_file *data = &file->entry.file;
    switch (data->content) {
    case FIRN_CONTENT_EQUALITY_DELETES: out->n_equality_delete_files++; return FIRN_OK;
    case FIRN_CONTENT_POSITION_DELETES:
        if (firn_is_deletion_vector(data))
            out->n_deletion_vectors++;
        else
            out->n_position_delete_files++;
        out->deleted_records += data->record_count;
        return FIRN_OK;
    case FIRN_CONTENT_DATA: break;
    }
    out->n_data_files++;
    out->n_records += data->record_count;
    out->data_bytes += data->file_size_bytes;
    if ((double)data->file_size_bytes >= SMALL_SHARE * (double)out->target_file_bytes)
        return FIRN_OK;
    out->n_small_files++;
    out->small_bytes += data->file_size_bytes;
    return add_small(groups, key, file, err);
}

/* A manifest holds files of one spec, and either data or deletes. */
static int64_t manifests_after(const firn_table_metadata *metadata, const firn_live_files *files,
                               int64_t target_bytes)
{
    int64_t n = 0;
    for (size_t s = 0; s < 2 * metadata->n_specs; s++) {
        const bool is_data = s % 2 == 0;
        int64_t bytes = 0;
        for (size_t i = 0; i < files->n_manifests; i++) {
            const firn_manifest_file *file = &files->manifests[i];
            if (file->spec_id == metadata->specs[s / 2]->spec_id &&
                (file->content == FIRN_CONTENT_DATA) == is_data)
                bytes += file->length;
        }
        n += pieces(bytes, target_bytes);
    }
    return n;
}

static void count_manifests(const firn_table_metadata *metadata, const firn_live_files *files,
                            firn_table_health *out)
{
    out->n_manifests = (int64_t)files->n_manifests;
    for (size_t i = 0; i < files->n_manifests; i++) {
        out->manifest_bytes += files->manifests[i].length;
        if (files->manifests[i].length < out->target_manifest_bytes / 2) out->n_small_manifests++;
    }
    out->n_manifests_after = manifests_after(metadata, files, out->target_manifest_bytes);
}

static int64_t target(const firn_table_metadata *metadata, firn_str key, int64_t fallback)
{
    const int64_t bytes = firn_properties_get_i64(&metadata->properties, key, fallback);
    return bytes > 0 ? bytes : fallback;
}

firn_status firn_table_health_of(const firn_table_metadata *metadata, const firn_live_files *files,
                                 int64_t now_ms, firn_arena *arena, firn_table_health *out,
                                 firn_error *err)
{
    firn_status st = FIRN_OK;
    firn_map groups;
    firn_buf key;
    *out = (firn_table_health){
        .target_file_bytes =
            target(metadata, FIRN_STR("write.target-file-size-bytes"), DEFAULT_FILE_BYTES),
        .target_manifest_bytes =
            target(metadata, FIRN_STR("commit.manifest.target-size-bytes"), DEFAULT_MANIFEST_BYTES),
    };
    count_snapshots(metadata, now_ms, out);
    count_manifests(metadata, files, out);
    firn_map_init(&groups, arena);
    firn_buf_init(&key, NULL, 0);
    for (size_t i = 0; i < files->n_files && st == FIRN_OK; i++)
        st = count_file(&files->files[i], &groups, &key, out, err);
    firn_buf_dispose(&key);
    out->n_files_after = out->n_data_files - out->n_small_files;
    for (size_t i = 0; i < groups.n_entries; i++) {
        const small_group *group = groups.entries[i].value;
        out->n_files_after += pieces(group->bytes, out->target_file_bytes);
    }
    return st;
}
