/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/metadata_partition_rows.h"

#include <string.h>

#include "base/error.h"
#include "sql/metadata_file_rows.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_time = {.kind = FIRN_TYPE_TIMESTAMPTZ};
static const firn_type k_place = {.kind = FIRN_TYPE_STRUCT};

#define COLUMN(number, text, of)                                   \
    {                                                              \
        .id = (number), .name = FIRN_STR_INIT(text), .type = &(of) \
    }

enum { N_COLUMNS = 11, N_PARTITION_COLUMNS = 2 };

static const firn_field k_columns[N_COLUMNS] = {COLUMN(1, "partition", k_place),
                                                COLUMN(4, "spec_id", k_int),
                                                COLUMN(2, "record_count", k_long),
                                                COLUMN(3, "file_count", k_int),
                                                COLUMN(11, "total_data_file_size_in_bytes", k_long),
                                                COLUMN(5, "position_delete_record_count", k_long),
                                                COLUMN(6, "position_delete_file_count", k_int),
                                                COLUMN(7, "equality_delete_record_count", k_long),
                                                COLUMN(8, "equality_delete_file_count", k_int),
                                                COLUMN(9, "last_updated_at", k_time),
                                                COLUMN(10, "last_updated_snapshot_id", k_long)};

typedef struct partition_sum {
    const firn_value *values; /* one per field of the partition type */
    int32_t spec_id;          /* of the file that came last */
    int64_t record_count, file_count, bytes;
    int64_t position_records, position_files, equality_records, equality_files;
    int64_t updated_ms, updated_snapshot_id;
} partition_sum;

firn_status firn_metadata_partitions_type(const firn_type *partition, firn_arena *arena,
                                          const firn_type **out, firn_error *err)
{
    const size_t n_left_out = partition->n_fields == 0 ? N_PARTITION_COLUMNS : 0;
    firn_field *fields = firn_arena_array(arena, N_COLUMNS, sizeof *fields);
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!fields || !type) return firn_fail_nomem(err);
    memcpy(fields, k_columns, sizeof k_columns);
    fields[0].type = partition;
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT,
                        .fields = fields + n_left_out,
                        .n_fields = N_COLUMNS - n_left_out};
    *out = type;
    return FIRN_OK;
}

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

/* A file's values in the fields of all specs; bytes are borrowed. */
static firn_status spread(const firn_partition_sums *sums, const firn_data_file *file,
                          const firn_partition_spec *spec, firn_value **out, firn_error *err)
{
    const firn_type *type = sums->partition;
    firn_value *values = firn_arena_array(sums->by_key.arena, type->n_fields, sizeof *values);
    if (!values) return firn_fail_nomem(err);
    for (size_t i = 0; i < type->n_fields; i++) {
        values[i] = (firn_value){.kind = type->fields[i].type->kind, .is_null = true};
        for (size_t f = 0; spec && f < spec->n_fields && f < file->n_partition; f++)
            if (spec->fields[f].field_id == type->fields[i].id) values[i] = file->partition[f];
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
                            const firn_partition_spec *spec, partition_sum **out, firn_error *err)
{
    firn_value *values = NULL;
    FIRN_TRY(spread(sums, file, spec, &values, err));
    FIRN_TRY(firn_partition_key(0, values, sums->partition->n_fields, &sums->key, err));
    *out = firn_map_find(&sums->by_key, firn_buf_view(&sums->key));
    if (*out) return FIRN_OK;
    const firn_str key = firn_arena_copy(sums->by_key.arena, firn_buf_view(&sums->key));
    *out = firn_arena_alloc_zero(sums->by_key.arena, sizeof **out);
    if (!*out || !key.data) return firn_fail_nomem(err);
    FIRN_TRY(copy_values(sums, values, err));
    **out = (partition_sum){.values = values, .spec_id = file->spec_id, .updated_ms = -1};
    return firn_map_put(&sums->by_key, key, *out, err);
}

firn_status firn_partition_sums_add(firn_partition_sums *sums, const firn_manifest_entry *entry,
                                    const firn_partition_spec *spec, firn_error *err)
{
    partition_sum *sum = NULL;
    const firn_data_file *file = &entry->file;
    FIRN_TRY(find_sum(sums, file, spec, &sum, err));
    switch (file->content) {
    case FIRN_CONTENT_DATA:
        sum->record_count += file->record_count;
        sum->file_count++;
        sum->bytes += file->file_size_bytes;
        break;
    case FIRN_CONTENT_POSITION_DELETES:
        sum->position_records += file->record_count;
        sum->position_files++;
        break;
    case FIRN_CONTENT_EQUALITY_DELETES:
        sum->equality_records += file->record_count;
        sum->equality_files++;
        break;
    }
    const firn_snapshot *snapshot = firn_metadata_find_snapshot(sums->metadata, entry->snapshot_id);
    if (!snapshot || snapshot->timestamp_ms <= sum->updated_ms) return FIRN_OK;
    sum->updated_ms = snapshot->timestamp_ms;
    sum->updated_snapshot_id = snapshot->snapshot_id;
    sum->spec_id = file->spec_id;
    return FIRN_OK;
}

static void partition_row(firn_row_builder *b, const partition_sum *sum, const firn_type *partition)
{
    size_t at = 0;
    if (partition->n_fields > 0) {
        firn_column *column = firn_rows_column(b, at++);
        firn_cell_struct(b, column);
        for (size_t i = 0; i < partition->n_fields; i++)
            firn_cell_value(b, &column->children[i], &sum->values[i]);
        firn_cell_int(b, firn_rows_column(b, at++), sum->spec_id);
    }
    firn_cell_long(b, firn_rows_column(b, at), sum->record_count);
    firn_cell_int(b, firn_rows_column(b, at + 1), (int32_t)sum->file_count);
    firn_cell_long(b, firn_rows_column(b, at + 2), sum->bytes);
    firn_cell_long(b, firn_rows_column(b, at + 3), sum->position_records);
    firn_cell_int(b, firn_rows_column(b, at + 4), (int32_t)sum->position_files);
    firn_cell_long(b, firn_rows_column(b, at + 5), sum->equality_records);
    firn_cell_int(b, firn_rows_column(b, at + 6), (int32_t)sum->equality_files);
    if (sum->updated_ms < 0) {
        firn_cell_null(b, firn_rows_column(b, at + 7));
        firn_cell_null(b, firn_rows_column(b, at + 8));
    } else {
        firn_cell_long(b, firn_rows_column(b, at + 7), sum->updated_ms * 1000);
        firn_cell_long(b, firn_rows_column(b, at + 8), sum->updated_snapshot_id);
    }
}

void firn_partition_sums_rows(const firn_partition_sums *sums, firn_row_builder *b)
{
    for (size_t i = 0; b->status == FIRN_OK && i < sums->by_key.n_entries; i++)
        partition_row(b, sums->by_key.entries[i].value, sums->partition);
}
