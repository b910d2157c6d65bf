/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/metadata_tables/metadata_manifest_rows.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/transform.h"
#include "sql/metadata_tables/metadata_file_rows.h"

static const firn_type k_bool = {.kind = FIRN_TYPE_BOOLEAN};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_binary = {.kind = FIRN_TYPE_BINARY};

#define COLUMN(number, text, of)                                   \
    {                                                              \
        .id = (number), .name = FIRN_STR_INIT(text), .type = &(of) \
    }

static const firn_field k_summary_fields[] = {
    COLUMN(1, "contains_null", k_bool), COLUMN(2, "contains_nan", k_bool),
    COLUMN(3, "lower_bound", k_string), COLUMN(4, "upper_bound", k_string)};
static const firn_type k_summary = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_summary_fields, .n_fields = 4};
static const firn_field k_summary_element[] = {COLUMN(1, "element", k_summary)};
static const firn_type k_summaries = {
    .kind = FIRN_TYPE_LIST, .fields = k_summary_element, .n_fields = 1};

static const firn_field k_manifest_columns[] = {COLUMN(1, "content", k_int),
                                                COLUMN(2, "path", k_string),
                                                COLUMN(3, "length", k_long),
                                                COLUMN(4, "partition_spec_id", k_int),
                                                COLUMN(5, "added_snapshot_id", k_long),
                                                COLUMN(6, "added_data_files_count", k_int),
                                                COLUMN(7, "existing_data_files_count", k_int),
                                                COLUMN(8, "deleted_data_files_count", k_int),
                                                COLUMN(9, "added_delete_files_count", k_int),
                                                COLUMN(10, "existing_delete_files_count", k_int),
                                                COLUMN(11, "deleted_delete_files_count", k_int),
                                                COLUMN(12, "partition_summaries", k_summaries),
                                                COLUMN(13, "reference_snapshot_id", k_long),
                                                COLUMN(14, "key_metadata", k_binary),
                                                COLUMN(15, "added_rows_count", k_long),
                                                COLUMN(16, "existing_rows_count", k_long),
                                                COLUMN(17, "deleted_rows_count", k_long)};
static const firn_type k_manifests = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_manifest_columns, .n_fields = 12};
static const firn_type k_all_manifests = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_manifest_columns, .n_fields = 14};
static const firn_type k_wide_manifests = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_manifest_columns, .n_fields = 17};

const firn_type *firn_metadata_manifest_type(bool with_reference, bool is_wide)
{
    if (is_wide) return &k_wide_manifests;
    return with_reference ? &k_all_manifests : &k_manifests;
}

static void rows_or_null(firn_row_builder *b, firn_column *column, int64_t value)
{
    if (value < 0)
        firn_cell_null(b, column);
    else
        firn_cell_long(b, column, value);
}

static void count_or_null(firn_row_builder *b, firn_column *column, int64_t value, bool is_counted)
{
    if (!is_counted)
        firn_cell_int(b, column, 0);
    else if (value < 0)
        firn_cell_null(b, column);
    else
        firn_cell_int(b, column, (int32_t)value);
}

/* Iceberg's library spells a bound that is not there as it does the partition value null; Trino has
 * null. */
static void summary_bound(firn_row_builder *b, firn_column *column,
                          const firn_partition_field *field, const firn_type *type,
                          const firn_str *bound)
{
    const bool is_wide = b->batch && b->batch->n_columns == k_wide_manifests.n_fields;
    if (bound && type)
        firn_metadata_bound_text(b, column, &field->transform, type, *bound);
    else if (is_wide)
        firn_cell_null(b, column);
    else
        firn_cell_text(b, column, FIRN_STR("null"));
}

static void summaries(firn_row_builder *b, firn_column *column, const firn_manifest_file *file,
                      const firn_table_metadata *metadata)
{
    const firn_partition_spec *spec = firn_metadata_find_spec(metadata, file->spec_id);
    firn_cell_open(b, column);
    for (size_t i = 0; b->status == FIRN_OK && i < file->n_partitions; i++) {
        const firn_field_summary *s = &file->partitions[i];
        firn_column *element = &column->children[0];
        const firn_partition_field *field = spec && i < spec->n_fields ? &spec->fields[i] : NULL;
        const firn_field *source =
            field ? firn_metadata_find_source(metadata, field->source_id) : NULL;
        const firn_type *type =
            source ? firn_transform_result(&field->transform, source->type) : NULL;
        firn_cell_struct(b, element);
        firn_cell_bool(b, &element->children[0], s->contains_null);
        if (s->has_contains_nan)
            firn_cell_bool(b, &element->children[1], s->contains_nan);
        else
            firn_cell_null(b, &element->children[1]);
        summary_bound(b, &element->children[2], field, type, s->has_lower ? &s->lower : NULL);
        summary_bound(b, &element->children[3], field, type, s->has_upper ? &s->upper : NULL);
    }
    firn_cell_close(b, column);
}

void firn_metadata_manifest_cells(firn_row_builder *b, const firn_manifest_file *file,
                                  const firn_table_metadata *metadata,
                                  const firn_snapshot *reference)
{
    const bool is_data = file->content == FIRN_CONTENT_DATA;
    firn_cell_int(b, firn_rows_column(b, 0), is_data ? 0 : 1);
    firn_cell_text(b, firn_rows_column(b, 1), file->path);
    firn_cell_long(b, firn_rows_column(b, 2), file->length);
    firn_cell_int(b, firn_rows_column(b, 3), file->spec_id);
    firn_cell_long(b, firn_rows_column(b, 4), file->added_snapshot_id);
    count_or_null(b, firn_rows_column(b, 5), file->added_files, is_data);
    count_or_null(b, firn_rows_column(b, 6), file->existing_files, is_data);
    count_or_null(b, firn_rows_column(b, 7), file->deleted_files, is_data);
    count_or_null(b, firn_rows_column(b, 8), file->added_files, !is_data);
    count_or_null(b, firn_rows_column(b, 9), file->existing_files, !is_data);
    count_or_null(b, firn_rows_column(b, 10), file->deleted_files, !is_data);
    summaries(b, firn_rows_column(b, 11), file, metadata);
    if (!b->batch || b->batch->n_columns <= 12) return;
    firn_cell_long(b, firn_rows_column(b, 12), reference->snapshot_id);
    if (file->key_metadata.len > 0)
        firn_cell_text(b, firn_rows_column(b, 13), file->key_metadata);
    else
        firn_cell_null(b, firn_rows_column(b, 13));
    if (b->batch->n_columns <= 14) return;
    rows_or_null(b, firn_rows_column(b, 14), file->added_rows);
    rows_or_null(b, firn_rows_column(b, 15), file->existing_rows);
    rows_or_null(b, firn_rows_column(b, 16), file->deleted_rows);
}
