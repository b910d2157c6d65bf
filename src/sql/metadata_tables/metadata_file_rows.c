/* SPDX-License-Identifier: Apache-2.0 */
/* A file's columns are told apart by the specification's ids of the manifest's fields. */
#include "sql/metadata_tables/metadata_file_rows.h"
#include "sql/engine/border_types.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/spec/transform.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_binary = {.kind = FIRN_TYPE_BINARY};

#define COLUMN(number, text, of)                                   \
    {                                                              \
        .id = (number), .name = FIRN_STR_INIT(text), .type = &(of) \
    }

static const firn_field k_int_long_fields[] = {COLUMN(1, "key", k_int), COLUMN(2, "value", k_long)};
static const firn_field k_int_binary_fields[] = {COLUMN(1, "key", k_int),
                                                 COLUMN(2, "value", k_binary)};
static const firn_type k_int_long = {
    .kind = FIRN_TYPE_MAP, .fields = k_int_long_fields, .n_fields = 2};
static const firn_type k_int_binary = {
    .kind = FIRN_TYPE_MAP, .fields = k_int_binary_fields, .n_fields = 2};
static const firn_field k_int_text_fields[] = {COLUMN(1, "key", k_int),
                                               COLUMN(2, "value", k_string)};
static const firn_type k_int_text = {
    .kind = FIRN_TYPE_MAP, .fields = k_int_text_fields, .n_fields = 2};
static const firn_field k_long_element[] = {COLUMN(1, "element", k_long)};
static const firn_field k_int_element[] = {COLUMN(1, "element", k_int)};
static const firn_type k_long_list = {
    .kind = FIRN_TYPE_LIST, .fields = k_long_element, .n_fields = 1};
static const firn_type k_int_list = {
    .kind = FIRN_TYPE_LIST, .fields = k_int_element, .n_fields = 1};

/* The type of "partition" is put in by table. */
static const firn_type k_partition_place = {.kind = FIRN_TYPE_STRUCT};

enum {
    FILE_CONTENT = 134,
    FILE_PATH = 100,
    FILE_FORMAT = 101,
    FILE_SPEC_ID = 141,
    FILE_PARTITION = 102,
    FILE_RECORD_COUNT = 103,
    FILE_SIZE = 104,
    FILE_COLUMN_SIZES = 108,
    FILE_VALUE_COUNTS = 109,
    FILE_NULL_COUNTS = 110,
    FILE_NAN_COUNTS = 137,
    FILE_LOWER_BOUNDS = 125,
    FILE_UPPER_BOUNDS = 128,
    FILE_KEY_METADATA = 131,
    FILE_SPLIT_OFFSETS = 132,
    FILE_EQUALITY_IDS = 135,
    FILE_SORT_ORDER_ID = 140,
    FILE_FIRST_ROW_ID = 142,
    FILE_REFERENCED = 143,
    FILE_CONTENT_OFFSET = 144,
    FILE_CONTENT_SIZE = 145,
};

static const firn_field k_file_columns[] = {
    COLUMN(FILE_CONTENT, "content", k_int),
    COLUMN(FILE_PATH, "file_path", k_string),
    COLUMN(FILE_FORMAT, "file_format", k_string),
    COLUMN(FILE_SPEC_ID, "spec_id", k_int),
    COLUMN(FILE_PARTITION, "partition", k_partition_place),
    COLUMN(FILE_RECORD_COUNT, "record_count", k_long),
    COLUMN(FILE_SIZE, "file_size_in_bytes", k_long),
    COLUMN(FILE_COLUMN_SIZES, "column_sizes", k_int_long),
    COLUMN(FILE_VALUE_COUNTS, "value_counts", k_int_long),
    COLUMN(FILE_NULL_COUNTS, "null_value_counts", k_int_long),
    COLUMN(FILE_NAN_COUNTS, "nan_value_counts", k_int_long),
    COLUMN(FILE_LOWER_BOUNDS, "lower_bounds", k_int_binary),
    COLUMN(FILE_UPPER_BOUNDS, "upper_bounds", k_int_binary),
    COLUMN(FILE_KEY_METADATA, "key_metadata", k_binary),
    COLUMN(FILE_SPLIT_OFFSETS, "split_offsets", k_long_list),
    COLUMN(FILE_EQUALITY_IDS, "equality_ids", k_int_list),
    COLUMN(FILE_SORT_ORDER_ID, "sort_order_id", k_int),
    COLUMN(FILE_FIRST_ROW_ID, "first_row_id", k_long),
    COLUMN(FILE_REFERENCED, "referenced_data_file", k_string),
    COLUMN(FILE_CONTENT_OFFSET, "content_offset", k_long),
    COLUMN(FILE_CONTENT_SIZE, "content_size_in_bytes", k_long),
    COLUMN(FIRN_METADATA_LOWER_TEXTS, "lower_texts", k_int_text),
    COLUMN(FIRN_METADATA_UPPER_TEXTS, "upper_texts", k_int_text),
};
enum { N_WIDE_COLUMNS = 2 }; /* the last */

/* ---- types ---- */

firn_status firn_metadata_file_type(const firn_type *partition, bool is_wide, firn_arena *arena,
                                    const firn_type **out, firn_error *err)
{
    const size_t n_all =
        sizeof k_file_columns / sizeof k_file_columns[0] - (is_wide ? 0 : N_WIDE_COLUMNS);
    firn_field *fields = firn_arena_array(arena, n_all, sizeof *fields);
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!fields || !type) return firn_fail_nomem(err);
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields};
    for (size_t i = 0; i < n_all; i++) {
        const bool is_partition = k_file_columns[i].id == FILE_PARTITION;
        if (is_partition && partition->n_fields == 0) continue;
        fields[type->n_fields] = k_file_columns[i];
        if (is_partition) fields[type->n_fields].type = partition;
        type->n_fields++;
    }
    *out = type;
    return FIRN_OK;
}

/* ---- readable metrics ---- */

enum { N_METRICS = 6 };

typedef struct leaf_list {
    firn_field *items; /* named by their dotted names */
    size_t n, cap;
    firn_arena *arena;
    firn_error *err;
} leaf_list;

static firn_status add_leaves(leaf_list *list, const firn_type *type, firn_str prefix, int depth)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(list->err, FIRN_ERR_LIMIT, "schema nested deeper than %d",
                         FIRN_LIMIT_NESTING);
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        const firn_str name = firn_arena_printf(list->arena, "%.*s%s%.*s", FIRN_STR_ARG(prefix),
                                                prefix.len ? "." : "", FIRN_STR_ARG(field->name));
        if (!name.data) return firn_fail_nomem(list->err);
        if (!firn_type_is_primitive(field->type)) {
            FIRN_TRY(add_leaves(list, field->type, name, depth + 1));
            continue;
        }
        if (field->type->kind == FIRN_TYPE_UNKNOWN || field->type->kind == FIRN_TYPE_VARIANT)
            continue; /* have no metrics */
        firn_field *leaf =
            firn_arena_push(list->arena, &list->items, &list->n, &list->cap, sizeof *leaf);
        if (!leaf) return firn_fail_nomem(list->err);
        *leaf = (firn_field){.id = field->id, .name = name, .type = field->type};
        if (firn_border_has(field->type)) leaf->type = &k_binary; /* no geometries: corners */
    }
    return FIRN_OK;
}

static int compare_names(const void *a, const void *b)
{
    return firn_str_compare(((const firn_field *)a)->name, ((const firn_field *)b)->name);
}

static const firn_type *metrics_of(const firn_type *bound, firn_arena *arena)
{
    static const firn_field k_metrics[N_METRICS] = {
        COLUMN(1, "column_size", k_long),      COLUMN(2, "value_count", k_long),
        COLUMN(3, "null_value_count", k_long), COLUMN(4, "nan_value_count", k_long),
        COLUMN(5, "lower_bound", k_long),      COLUMN(6, "upper_bound", k_long)};
    firn_field *fields = firn_arena_array(arena, N_METRICS, sizeof *fields);
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!fields || !type) return NULL;
    memcpy(fields, k_metrics, sizeof k_metrics);
    fields[4].type = bound;
    fields[5].type = bound;
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = N_METRICS};
    return type;
}

firn_status firn_metadata_metrics_field(const firn_schema *schema, firn_arena *arena,
                                        firn_field *out, firn_error *err)
{
    leaf_list list = {.arena = arena, .err = err};
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!type) return firn_fail_nomem(err);
    FIRN_TRY(add_leaves(&list, &schema->root, (firn_str){0}, 0));
    if (list.n > 0) qsort(list.items, list.n, sizeof *list.items, compare_names);
    for (size_t i = 0; i < list.n; i++) {
        list.items[i].type = metrics_of(list.items[i].type, arena);
        if (!list.items[i].type) return firn_fail_nomem(err);
    }
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = list.items, .n_fields = list.n};
    *out = (firn_field){
        .id = FIRN_METADATA_READABLE_METRICS, .name = FIRN_STR("readable_metrics"), .type = type};
    return FIRN_OK;
}

static void metric_cell(firn_row_builder *b, firn_column *column, const firn_metric_map *map,
                        int32_t field_id)
{
    const firn_metric *metric = firn_metric_find(map, field_id);
    if (metric)
        firn_cell_long(b, column, metric->count);
    else
        firn_cell_null(b, column);
}

/* Bounds that do not fit their type are shown as none. */
static void bound_cell(firn_row_builder *b, firn_column *column, const firn_metric_map *map,
                       int32_t field_id)
{
    firn_value value;
    const firn_metric *metric = firn_metric_find(map, field_id);
    if (metric && firn_value_decode(column->type, metric->bound, &value, NULL) == FIRN_OK)
        firn_cell_value(b, column, &value);
    else
        firn_cell_null(b, column);
}

void firn_metadata_metrics_cell(firn_row_builder *b, firn_column *column,
                                const firn_data_file *file)
{
    firn_cell_struct(b, column);
    for (size_t i = 0; b->status == FIRN_OK && i < column->n_children; i++) {
        firn_column *metrics = &column->children[i];
        const int32_t id = column->type->fields[i].id;
        firn_cell_struct(b, metrics);
        metric_cell(b, &metrics->children[0], &file->column_sizes, id);
        metric_cell(b, &metrics->children[1], &file->value_counts, id);
        metric_cell(b, &metrics->children[2], &file->null_value_counts, id);
        metric_cell(b, &metrics->children[3], &file->nan_value_counts, id);
        bound_cell(b, &metrics->children[4], &file->lower_bounds, id);
        bound_cell(b, &metrics->children[5], &file->upper_bounds, id);
    }
}

/* ---- a file ---- */

static void counts(firn_row_builder *b, firn_column *column, const firn_metric_map *map)
{
    if (!map->items) {
        firn_cell_null(b, column);
        return;
    }
    firn_cell_open(b, column);
    for (size_t i = 0; b->status == FIRN_OK && i < map->n; i++) {
        firn_cell_int(b, &column->children[0], map->items[i].field_id);
        firn_cell_long(b, &column->children[1], map->items[i].count);
    }
    firn_cell_close(b, column);
}

static void bounds(firn_row_builder *b, firn_column *column, const firn_metric_map *map)
{
    if (!map->items) {
        firn_cell_null(b, column);
        return;
    }
    firn_cell_open(b, column);
    for (size_t i = 0; b->status == FIRN_OK && i < map->n; i++) {
        firn_cell_int(b, &column->children[0], map->items[i].field_id);
        firn_cell_text(b, &column->children[1], map->items[i].bound);
    }
    firn_cell_close(b, column);
}

void firn_metadata_bound_text(firn_row_builder *b, firn_column *column,
                              const firn_transform *transform, const firn_type *type,
                              firn_str bytes)
{
    firn_value value;
    firn_str text = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (arena && type && firn_value_decode(type, bytes, &value, NULL) == FIRN_OK &&
        firn_transform_value_text(transform, &value, arena, &text, NULL) == FIRN_OK) {
        firn_cell_text(b, column, text);
    } else {
        firn_cell_null(b, column);
    }
    firn_arena_destroy(arena);
}

/* Those of the columns that the table has. */
static void bound_texts(firn_row_builder *b, firn_column *column, const firn_metric_map *map,
                        const firn_schema *schema)
{
    static const firn_transform k_identity = {.kind = FIRN_TRANSFORM_IDENTITY};
    if (!map->items) {
        firn_cell_null(b, column);
        return;
    }
    firn_cell_open(b, column);
    for (size_t i = 0; b->status == FIRN_OK && i < map->n; i++) {
        const firn_field *field = firn_schema_find_id(schema, map->items[i].field_id);
        if (!field) continue;
        firn_cell_int(b, &column->children[0], field->id);
        firn_metadata_bound_text(b, &column->children[1], &k_identity, field->type,
                                 map->items[i].bound);
    }
    firn_cell_close(b, column);
}

void firn_metadata_partition_cell(firn_row_builder *b, firn_column *column,
                                  const firn_data_file *file, const firn_partition_spec *spec)
{
    firn_cell_struct(b, column);
    for (size_t i = 0; b->status == FIRN_OK && i < column->n_children; i++) {
        const int32_t id = column->type->fields[i].id;
        const firn_value *found = NULL;
        for (size_t f = 0; spec && f < spec->n_fields && f < file->n_partition; f++) {
            if (spec->fields[f].field_id == id) found = &file->partition[f];
        }
        if (found)
            firn_cell_value(b, &column->children[i], found);
        else
            firn_cell_null(b, &column->children[i]);
    }
}

static firn_str format_name(firn_file_format format)
{
    switch (format) {
    case FIRN_FILE_PARQUET: return FIRN_STR("PARQUET");
    case FIRN_FILE_AVRO: return FIRN_STR("AVRO");
    case FIRN_FILE_ORC: return FIRN_STR("ORC");
    case FIRN_FILE_PUFFIN: return FIRN_STR("PUFFIN");
    }
    return FIRN_STR("");
}

static void long_or_null(firn_row_builder *b, firn_column *column, int64_t value)
{
    if (value < 0)
        firn_cell_null(b, column);
    else
        firn_cell_long(b, column, value);
}

static void bytes_or_null(firn_row_builder *b, firn_column *column, firn_str value)
{
    if (value.len == 0)
        firn_cell_null(b, column);
    else
        firn_cell_text(b, column, value);
}

static void split_offsets(firn_row_builder *b, firn_column *column, const firn_data_file *file)
{
    if (file->n_split_offsets == 0) {
        firn_cell_null(b, column);
        return;
    }
    firn_cell_open(b, column);
    for (size_t i = 0; i < file->n_split_offsets; i++)
        firn_cell_long(b, &column->children[0], file->split_offsets[i]);
    firn_cell_close(b, column);
}

static void equality_ids(firn_row_builder *b, firn_column *column, const firn_data_file *file)
{
    if (file->n_equality_ids == 0) {
        firn_cell_null(b, column);
        return;
    }
    firn_cell_open(b, column);
    for (size_t i = 0; i < file->n_equality_ids; i++)
        firn_cell_int(b, &column->children[0], file->equality_ids[i]);
    firn_cell_close(b, column);
}

static void sort_order(firn_row_builder *b, firn_column *column, const firn_data_file *file)
{
    if (file->sort_order_id < 0)
        firn_cell_null(b, column);
    else
        firn_cell_int(b, column, file->sort_order_id);
}

static void file_cell(firn_row_builder *b, int32_t id, firn_column *c, const firn_data_file *file,
                      const firn_partition_spec *spec)
{
    switch (id) {
    case FILE_CONTENT: firn_cell_int(b, c, (int32_t)file->content); return;
    case FILE_PATH: firn_cell_text(b, c, file->path); return;
    case FILE_FORMAT: firn_cell_text(b, c, format_name(file->format)); return;
    case FILE_SPEC_ID: firn_cell_int(b, c, file->spec_id); return;
    case FILE_PARTITION: firn_metadata_partition_cell(b, c, file, spec); return;
    case FILE_RECORD_COUNT: firn_cell_long(b, c, file->record_count); return;
    case FILE_SIZE: firn_cell_long(b, c, file->file_size_bytes); return;
    case FILE_COLUMN_SIZES: counts(b, c, &file->column_sizes); return;
    case FILE_VALUE_COUNTS: counts(b, c, &file->value_counts); return;
    case FILE_NULL_COUNTS: counts(b, c, &file->null_value_counts); return;
    case FILE_NAN_COUNTS: counts(b, c, &file->nan_value_counts); return;
    case FILE_LOWER_BOUNDS: bounds(b, c, &file->lower_bounds); return;
    case FILE_UPPER_BOUNDS: bounds(b, c, &file->upper_bounds); return;
    case FILE_KEY_METADATA: bytes_or_null(b, c, file->key_metadata); return;
    case FILE_SPLIT_OFFSETS: split_offsets(b, c, file); return;
    case FILE_EQUALITY_IDS: equality_ids(b, c, file); return;
    case FILE_SORT_ORDER_ID: sort_order(b, c, file); return;
    case FILE_FIRST_ROW_ID: long_or_null(b, c, file->first_row_id); return;
    case FILE_REFERENCED: bytes_or_null(b, c, file->referenced_data_file); return;
    case FILE_CONTENT_OFFSET: long_or_null(b, c, file->content_offset); return;
    case FILE_CONTENT_SIZE: long_or_null(b, c, file->content_size_bytes); return;
    case FIRN_METADATA_READABLE_METRICS: firn_metadata_metrics_cell(b, c, file); return;
    default: firn_cell_null(b, c); return;
    }
}

void firn_metadata_file_cells(firn_row_builder *b, const firn_table_metadata *metadata,
                              const firn_type *type, firn_column *columns,
                              const firn_data_file *file, const firn_partition_spec *spec)
{
    const firn_schema *schema = firn_metadata_schema(metadata);
    for (size_t i = 0; b->status == FIRN_OK && i < type->n_fields; i++) {
        switch (type->fields[i].id) {
        case FIRN_METADATA_LOWER_TEXTS:
            bound_texts(b, &columns[i], &file->lower_bounds, schema);
            break;
        case FIRN_METADATA_UPPER_TEXTS:
            bound_texts(b, &columns[i], &file->upper_bounds, schema);
            break;
        default: file_cell(b, type->fields[i].id, &columns[i], file, spec); break;
        }
    }
}
