/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/scan/partition_sums.h"

#include "base/error.h"

void firn_partition_sums_init(firn_partition_sums *sums, const firn_table_metadata *metadata,
                              const firn_type *partition, firn_arena *arena)
{
    *sums = (firn_partition_sums){.metadata = metadata, .partition = partition};
    firn_map_init(&sums->by_key, arena);
    firn_buf_init(&sums->key, NULL, 0);
}

void firn_partition_sums_dispose(firn_partition_sums *sums)
{
    firn_buf_dispose(&sums->key);
}

/* A file's values in the fields of all specs, and of how many of these its spec is; bytes are
 * borrowed. */
static firn_status spread(const firn_partition_sums *sums, const firn_data_file *file,
                          const firn_partition_spec *spec, firn_value **out, int32_t *n_own,
                          firn_error *err)
{
    const firn_type *type = sums->partition;
    firn_value *values = firn_arena_array(sums->by_key.arena, type->n_fields, sizeof *values);
    if (!values) return firn_fail_nomem(err);
    for (size_t i = 0; i < type->n_fields; i++) {
        values[i] = (firn_value){.kind = type->fields[i].type->kind, .is_null = true};
        for (size_t f = 0; spec && f < spec->n_fields && f < file->n_partition; f++) {
            if (spec->fields[f].field_id != type->fields[i].id) continue;
            values[i] = file->partition[f];
            (*n_own)++;
        }
    }
    *out = values;
    return FIRN_OK;
}

static firn_status copy_values(const firn_partition_sums *sums, firn_value *values, firn_error *err)
{
    for (size_t i = 0; i < sums->partition->n_fields; i++) {
        const firn_type_kind kind = values[i].kind;
        const bool has_bytes = kind == FIRN_TYPE_STRING || kind == FIRN_TYPE_UUID ||
                               kind == FIRN_TYPE_FIXED || kind == FIRN_TYPE_BINARY;
        if (values[i].is_null || !has_bytes) continue;
        values[i].as.bytes = firn_arena_copy(sums->by_key.arena, values[i].as.bytes);
        if (!values[i].as.bytes.data) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

static firn_status find_sum(firn_partition_sums *sums, const firn_data_file *file,
                            const firn_partition_spec *spec, firn_partition_sum **out,
                            firn_error *err)
{
    firn_value *values = NULL;
    int32_t n_own = 0;
    FIRN_TRY(spread(sums, file, spec, &values, &n_own, err));
    const int32_t id = sums->by == FIRN_SUMS_BY_SPEC ? file->spec_id : n_own;
    FIRN_TRY(firn_partition_key(id, values, sums->partition->n_fields, &sums->key, err));
    *out = firn_map_find(&sums->by_key, firn_buf_view(&sums->key));
    if (*out) return FIRN_OK;
    const firn_str key = firn_arena_copy(sums->by_key.arena, firn_buf_view(&sums->key));
    *out = firn_arena_alloc_zero(sums->by_key.arena, sizeof **out);
    if (!*out || !key.data) return firn_fail_nomem(err);
    FIRN_TRY(copy_values(sums, values, err));
    **out = (firn_partition_sum){.values = values,
                                 .n_values = sums->partition->n_fields,
                                 .spec_id = file->spec_id,
                                 .updated_ms = -1,
                                 .updated_snapshot_id = -1};
    return firn_map_put(&sums->by_key, key, *out, err);
}

static void count_file(firn_partition_sum *sum, const firn_data_file *file)
{
    switch (file->content) {
    case FIRN_CONTENT_DATA:
        sum->record_count += file->record_count;
        sum->file_count++;
        sum->bytes += file->file_size_bytes;
        break;
    case FIRN_CONTENT_POSITION_DELETES:
        sum->position_records += file->record_count;
        sum->position_files++;
        sum->vectors += file->format == FIRN_FILE_PUFFIN;
        break;
    case FIRN_CONTENT_EQUALITY_DELETES:
        sum->equality_records += file->record_count;
        sum->equality_files++;
        break;
    }
}

firn_status firn_partition_sums_add(firn_partition_sums *sums, const firn_manifest_entry *entry,
                                    const firn_partition_spec *spec, firn_error *err)
{
    firn_partition_sum *sum = NULL;
    const firn_data_file *file = &entry->file;
    FIRN_TRY(find_sum(sums, file, spec, &sum, err));
    if (entry->status != FIRN_ENTRY_DELETED) count_file(sum, file);
    const firn_snapshot *snapshot = firn_metadata_find_snapshot(sums->metadata, entry->snapshot_id);
    if (!snapshot || snapshot->timestamp_ms <= sum->updated_ms) return FIRN_OK;
    sum->updated_ms = snapshot->timestamp_ms;
    sum->updated_snapshot_id = snapshot->snapshot_id;
    sum->spec_id = file->spec_id;
    return FIRN_OK;
}
