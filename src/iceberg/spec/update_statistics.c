/* SPDX-License-Identifier: Apache-2.0 */
/* Updates of statistics and partition statistics: one entry a snapshot, kept as JSON text
 * (specification, "Table Statistics", "Partition Statistics"). */
#include "base/error.h"
#include "iceberg/spec/metadata_builder.h"
#include "iceberg/spec/metadata_json_text.h"

static firn_status parse_list(const firn_metadata_builder *b, firn_str text, firn_arena *scratch,
                              json_t **out)
{
    return firn_json_parse(text.len > 0 ? text : FIRN_STR("[]"), scratch, out, b->err);
}

static firn_status drop_entry(const firn_metadata_builder *b, json_t *list, int64_t snapshot_id)
{
    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *id = json_object_get(json_array_get(list, i), "snapshot-id");
        if (!json_is_integer(id) || json_integer_value(id) != snapshot_id) continue;
        if (json_array_remove(list, i)) return firn_fail_nomem(b->err);
    }
    return FIRN_OK;
}

static firn_status check_entry(const firn_metadata_builder *b, const json_t *entry,
                               bool is_partition, int64_t *snapshot_id)
{
    firn_str path;
    int64_t size = 0;
    if (!json_is_object(entry))
        return firn_fail(b->err, FIRN_ERR_ARG, "a statistics file is a JSON object");
    FIRN_TRY(firn_json_get_i64(entry, "snapshot-id", snapshot_id, b->err));
    FIRN_TRY(firn_json_get_str(entry, "statistics-path", &path, b->err));
    FIRN_TRY(firn_json_get_i64(entry, "file-size-in-bytes", &size, b->err));
    if (is_partition) return FIRN_OK;
    json_t *blobs = NULL;
    FIRN_TRY(firn_json_get_i64(entry, "file-footer-size-in-bytes", &size, b->err));
    return firn_json_get_array(entry, "blob-metadata", &blobs, b->err);
}

/* The entry comes from the caller, not from a file. */
static firn_status read_entry(const firn_metadata_builder *b, firn_str json, bool is_partition,
                              firn_arena *scratch, json_t **entry, int64_t *snapshot_id)
{
    firn_status st = firn_json_parse(json, scratch, entry, b->err);
    if (st == FIRN_OK) st = check_entry(b, *entry, is_partition, snapshot_id);
    if (st != FIRN_ERR_CORRUPT) return st;
    if (b->err) b->err->status = FIRN_ERR_ARG;
    return firn_error_wrap(b->err, FIRN_ERR_ARG, "statistics file");
}

static firn_status edit(const firn_metadata_builder *b, firn_str *kept, firn_str entry_json,
                        int64_t snapshot_id, bool is_partition, firn_arena *scratch)
{
    json_t *list = NULL;
    json_t *entry = NULL;
    FIRN_TRY(parse_list(b, *kept, scratch, &list));
    if (entry_json.len > 0)
        FIRN_TRY(read_entry(b, entry_json, is_partition, scratch, &entry, &snapshot_id));
    FIRN_TRY(drop_entry(b, list, snapshot_id));
    if (entry && json_array_append(list, entry)) return firn_fail_nomem(b->err);
    if (json_array_size(list) == 0) {
        *kept = (firn_str){0};
        return FIRN_OK;
    }
    return firn_json_keep(list, b->arena, kept, b->err);
}

firn_status firn_builder_set_statistics(firn_metadata_builder *b, firn_str entry_json,
                                        int64_t snapshot_id, bool is_partition)
{
    firn_arena *scratch = firn_arena_create(NULL, 0);
    if (!scratch) return firn_fail_nomem(b->err);
    firn_str *kept = is_partition ? &b->m.partition_statistics_json : &b->m.statistics_json;
    const firn_status st = edit(b, kept, entry_json, snapshot_id, is_partition, scratch);
    firn_arena_destroy(scratch);
    return st;
}
