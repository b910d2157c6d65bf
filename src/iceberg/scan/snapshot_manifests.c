/* SPDX-License-Identifier: Apache-2.0 */
/* The manifests of a snapshot: from its manifest list, or, in old v1 tables, from the list of
 * paths in the metadata itself, where only the manifests know their spec. */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/avro/avro.h"
#include "iceberg/scan/plan.h"
#include "store/store_read.h"

/* "partition-spec-id" of a manifest's header; 0, the first spec, where old writers left it out. */
static firn_status read_spec_id(firn_str bytes, int32_t *out, firn_error *err)
{
    firn_avro_reader *reader = NULL;
    firn_str text;
    int64_t id = 0;

    FIRN_TRY(firn_avro_reader_open(bytes, &reader, err));
    const bool is_ok = !firn_avro_reader_meta(reader, FIRN_STR("partition-spec-id"), &text) ||
                       (firn_str_to_i64(text, &id) && id >= 0 && id <= INT32_MAX);
    firn_avro_reader_close(reader);
    if (!is_ok) return firn_fail(err, FIRN_ERR_CORRUPT, "partition-spec-id is not a number");
    *out = (int32_t)id;
    return FIRN_OK;
}

static firn_status describe_manifest(firn_store *store, firn_str path, firn_arena *scratch,
                                     firn_manifest_file *out, firn_error *err)
{
    firn_str bytes;
    firn_arena_reset(scratch);
    FIRN_TRY(firn_store_read_all(store, path, FIRN_LIMIT_METADATA, scratch, &bytes, err));
    FIRN_TRY(read_spec_id(bytes, &out->spec_id, err));
    out->length = (int64_t)bytes.len;
    return FIRN_OK;
}

static firn_status list_from_paths(firn_store *store, const firn_snapshot *snapshot,
                                   firn_arena *arena, firn_arena *scratch,
                                   firn_manifest_file *files, firn_error *err)
{
    for (size_t i = 0; i < snapshot->n_manifests; i++) {
        files[i] = (firn_manifest_file){
            .path = firn_arena_copy(arena, snapshot->manifests[i]),
            .content = FIRN_CONTENT_DATA,
            .added_snapshot_id = snapshot->snapshot_id,
            .added_files = -1,
            .existing_files = -1,
            .deleted_files = -1,
            .added_rows = -1,
            .existing_rows = -1,
            .deleted_rows = -1,
            .first_row_id = -1,
        };
        if (!files[i].path.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_error_wrap(
            err, describe_manifest(store, snapshot->manifests[i], scratch, &files[i], err),
            "manifest %.*s", FIRN_STR_ARG(snapshot->manifests[i])));
    }
    return FIRN_OK;
}

firn_status firn_snapshot_manifests(firn_store *store, const firn_table_metadata *metadata,
                                    const firn_snapshot *snapshot, firn_arena *arena,
                                    firn_manifest_file **out, size_t *n_out, firn_error *err)
{
    firn_str bytes;
    (void)metadata;
    *out = NULL;
    *n_out = 0;
    if (snapshot->manifest_list.len > 0) {
        firn_status st = firn_store_read_all(store, snapshot->manifest_list, FIRN_LIMIT_METADATA,
                                             arena, &bytes, err);
        if (st == FIRN_OK) st = firn_manifest_list_read(bytes, arena, out, n_out, err);
        return firn_error_wrap(err, st, "manifest list %.*s",
                               FIRN_STR_ARG(snapshot->manifest_list));
    }
    firn_manifest_file *files = firn_arena_array(arena, snapshot->n_manifests, sizeof *files);
    firn_arena *scratch = files ? firn_arena_create(NULL, 0) : NULL;
    if (!scratch) return firn_fail_nomem(err);
    const firn_status st = list_from_paths(store, snapshot, arena, scratch, files, err);
    firn_arena_destroy(scratch);
    if (st != FIRN_OK) return st;
    *out = files;
    *n_out = snapshot->n_manifests;
    return FIRN_OK;
}
