/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/metadata_tables/metadata_partition_rows.h"

#include <string.h>

#include "base/error.h"
#include "sql/metadata_tables/metadata_file_rows.h"

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

static void partition_row(firn_row_builder *b, const firn_partition_sum *sum,
                          const firn_type *partition)
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
