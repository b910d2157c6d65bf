/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and their entries as rows. */
#include "sql/metadata_tables_files.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"
#include "format/metrics.h"
#include "iceberg/scan/plan.h"
#include "iceberg/spec/manifest.h"
#include "iceberg/spec/transform.h"
#include "store/store_read.h"

static const firn_type k_bool = {.kind = FIRN_TYPE_BOOLEAN};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_binary = {.kind = FIRN_TYPE_BINARY};
static const firn_type k_time = {.kind = FIRN_TYPE_TIMESTAMPTZ};

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
static const firn_field k_long_element[] = {COLUMN(1, "element", k_long)};
static const firn_field k_int_element[] = {COLUMN(1, "element", k_int)};
static const firn_type k_long_list = {
    .kind = FIRN_TYPE_LIST, .fields = k_long_element, .n_fields = 1};
static const firn_type k_int_list = {
    .kind = FIRN_TYPE_LIST, .fields = k_int_element, .n_fields = 1};
static const firn_field k_summary_fields[] = {
    COLUMN(1, "contains_null", k_bool), COLUMN(2, "contains_nan", k_bool),
    COLUMN(3, "lower_bound", k_string), COLUMN(4, "upper_bound", k_string)};
static const firn_type k_summary = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_summary_fields, .n_fields = 4};
static const firn_field k_summary_element[] = {COLUMN(1, "element", k_summary)};
static const firn_type k_summaries = {
    .kind = FIRN_TYPE_LIST, .fields = k_summary_element, .n_fields = 1};

/* The type of "partition" is put in by table. */
static const firn_type k_partition_place = {.kind = FIRN_TYPE_STRUCT};

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
                                                COLUMN(12, "partition_summaries", k_summaries)};
static const firn_field k_file_columns[] = {COLUMN(1, "content", k_int),
                                            COLUMN(2, "file_path", k_string),
                                            COLUMN(3, "file_format", k_string),
                                            COLUMN(4, "spec_id", k_int),
                                            COLUMN(5, "partition", k_partition_place),
                                            COLUMN(6, "record_count", k_long),
                                            COLUMN(7, "file_size_in_bytes", k_long),
                                            COLUMN(8, "column_sizes", k_int_long),
                                            COLUMN(9, "value_counts", k_int_long),
                                            COLUMN(10, "null_value_counts", k_int_long),
                                            COLUMN(11, "nan_value_counts", k_int_long),
                                            COLUMN(12, "lower_bounds", k_int_binary),
                                            COLUMN(13, "upper_bounds", k_int_binary),
                                            COLUMN(14, "key_metadata", k_binary),
                                            COLUMN(15, "split_offsets", k_long_list),
                                            COLUMN(16, "equality_ids", k_int_list),
                                            COLUMN(17, "sort_order_id", k_int)};
static const firn_field k_partition_columns[] = {COLUMN(1, "partition", k_partition_place),
                                                 COLUMN(2, "spec_id", k_int),
                                                 COLUMN(3, "record_count", k_long),
                                                 COLUMN(4, "file_count", k_int),
                                                 COLUMN(5, "total_data_file_size_in_bytes", k_long),
                                                 COLUMN(6, "position_delete_record_count", k_long),
                                                 COLUMN(7, "position_delete_file_count", k_int),
                                                 COLUMN(8, "equality_delete_record_count", k_long),
                                                 COLUMN(9, "equality_delete_file_count", k_int),
                                                 COLUMN(10, "last_updated_at", k_time),
                                                 COLUMN(11, "last_updated_snapshot_id", k_long)};

/* ---- columns ---- */

static const firn_field *find_source(const firn_table_metadata *metadata, int32_t source_id)
{
    for (size_t i = metadata->n_schemas; i > 0; i--) {
        const firn_field *field = firn_schema_find_id(metadata->schemas[i - 1], source_id);
        if (field) return field;
    }
    return NULL;
}

/* All partition fields of all specs, by field id, newest spec's name first. */
static firn_status partition_type(const firn_table_metadata *metadata, firn_arena *arena,
                                  const firn_type **out, firn_error *err)
{
    firn_field *fields = NULL;
    size_t n = 0;
    size_t cap = 0;
    for (size_t s = metadata->n_specs; s > 0; s--) {
        const firn_partition_spec *spec = metadata->specs[s - 1];
        for (size_t i = 0; i < spec->n_fields; i++) {
            const firn_partition_field *field = &spec->fields[i];
            const firn_field *source = find_source(metadata, field->source_id);
            bool is_new = source && field->transform.kind != FIRN_TRANSFORM_UNKNOWN;
            for (size_t k = 0; k < n && is_new; k++) is_new = fields[k].id != field->field_id;
            if (!is_new) continue;
            firn_field *slot = firn_arena_push(arena, &fields, &n, &cap, sizeof *slot);
            if (!slot) return firn_fail_nomem(err);
            slot->id = field->field_id;
            slot->name = field->name;
            slot->type = firn_transform_result(&field->transform, source->type);
        }
    }
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!type) return firn_fail_nomem(err);
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    *out = type;
    return FIRN_OK;
}

static const firn_field *columns_of(firn_metadata_table which, size_t *n)
{
    switch (which) {
    case FIRN_METADATA_TABLE_MANIFESTS:
        *n = sizeof k_manifest_columns / sizeof *k_manifest_columns;
        return k_manifest_columns;
    case FIRN_METADATA_TABLE_PARTITIONS:
        *n = sizeof k_partition_columns / sizeof *k_partition_columns;
        return k_partition_columns;
    default: *n = sizeof k_file_columns / sizeof *k_file_columns; return k_file_columns;
    }
}

/* Unpartitioned: no "partition"; "partitions" has no "spec_id" then either. */
firn_status firn_metadata_files_type(firn_metadata_table which,
                                     const firn_metadata_table_opts *opts, firn_arena *arena,
                                     const firn_type **out, firn_error *err)
{
    const firn_type *partition = NULL;
    size_t n_all = 0;
    const firn_field *all = columns_of(which, &n_all);
    firn_field *fields = firn_arena_array(arena, n_all, sizeof *fields);
    firn_type *root = firn_arena_alloc_zero(arena, sizeof *root);
    if (!fields || !root) return firn_fail_nomem(err);
    FIRN_TRY(partition_type(opts->table->metadata, arena, &partition, err));
    size_t n = 0;
    for (size_t i = 0; i < n_all; i++) {
        const bool is_partition = all[i].type == &k_partition_place;
        const bool is_spec = which == FIRN_METADATA_TABLE_PARTITIONS && all[i].id == 2;
        if ((is_partition || is_spec) && partition->n_fields == 0) continue;
        fields[n] = all[i];
        if (is_partition) fields[n].type = partition;
        n++;
    }
    *root = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    *out = root;
    return FIRN_OK;
}

/* ---- manifests ---- */

static void count_or_null(firn_row_builder *b, firn_column *column, int64_t value, bool is_counted)
{
    if (!is_counted)
        firn_cell_int(b, column, 0);
    else if (value < 0)
        firn_cell_null(b, column);
    else
        firn_cell_int(b, column, (int32_t)value);
}

static void bound_text(firn_row_builder *b, firn_column *column, const firn_transform *transform,
                       const firn_type *type, firn_str bytes)
{
    firn_value value;
    firn_str text = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (arena && type && firn_value_decode(type, bytes, &value, b->err) == FIRN_OK &&
        firn_transform_value_text(transform, &value, arena, &text, b->err) == FIRN_OK) {
        firn_cell_text(b, column, text);
    } else {
        firn_cell_null(b, column);
    }
    firn_arena_destroy(arena);
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
        const firn_field *source = field ? find_source(metadata, field->source_id) : NULL;
        const firn_type *type =
            source ? firn_transform_result(&field->transform, source->type) : NULL;
        firn_cell_struct(b, element);
        firn_cell_bool(b, &element->children[0], s->contains_null);
        if (s->has_contains_nan)
            firn_cell_bool(b, &element->children[1], s->contains_nan);
        else
            firn_cell_null(b, &element->children[1]);
        if (s->has_lower && type) {
            bound_text(b, &element->children[2], &field->transform, type, s->lower);
        } else {
            firn_cell_null(b, &element->children[2]);
        }
        if (s->has_upper && type) {
            bound_text(b, &element->children[3], &field->transform, type, s->upper);
        } else {
            firn_cell_null(b, &element->children[3]);
        }
    }
    firn_cell_close(b, column);
}

static void manifest_row(firn_row_builder *b, const firn_manifest_file *file,
                         const firn_table_metadata *metadata)
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
}

/* ---- files ---- */

static void counts(firn_row_builder *b, firn_column *column, const firn_metric_map *map)
{
    firn_cell_open(b, column);
    for (size_t i = 0; b->status == FIRN_OK && i < map->n; i++) {
        firn_cell_int(b, &column->children[0], map->items[i].field_id);
        firn_cell_long(b, &column->children[1], map->items[i].count);
    }
    firn_cell_close(b, column);
}

static void bounds(firn_row_builder *b, firn_column *column, const firn_metric_map *map)
{
    firn_cell_open(b, column);
    for (size_t i = 0; b->status == FIRN_OK && i < map->n; i++) {
        firn_cell_int(b, &column->children[0], map->items[i].field_id);
        firn_cell_text(b, &column->children[1], map->items[i].bound);
    }
    firn_cell_close(b, column);
}

/* The file's partition in the columns of all specs together. */
static void partition_cell(firn_row_builder *b, firn_column *column, const firn_data_file *file,
                           const firn_partition_spec *spec)
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

static void lists(firn_row_builder *b, size_t at, const firn_data_file *file)
{
    firn_column *offsets = firn_rows_column(b, at);
    firn_column *ids = firn_rows_column(b, at + 1);
    if (file->n_split_offsets == 0) {
        firn_cell_null(b, offsets);
    } else {
        firn_cell_open(b, offsets);
        for (size_t i = 0; i < file->n_split_offsets; i++) {
            firn_cell_long(b, &offsets->children[0], file->split_offsets[i]);
        }
        firn_cell_close(b, offsets);
    }
    if (file->n_equality_ids == 0) {
        firn_cell_null(b, ids);
    } else {
        firn_cell_open(b, ids);
        for (size_t i = 0; i < file->n_equality_ids; i++) {
            firn_cell_int(b, &ids->children[0], file->equality_ids[i]);
        }
        firn_cell_close(b, ids);
    }
}

static void file_row(firn_row_builder *b, const firn_data_file *file,
                     const firn_partition_spec *spec)
{
    const bool has_partition = b->batch->n_columns > 16;
    size_t at = 4;
    firn_cell_int(b, firn_rows_column(b, 0), (int32_t)file->content);
    firn_cell_text(b, firn_rows_column(b, 1), file->path);
    firn_cell_text(b, firn_rows_column(b, 2), format_name(file->format));
    firn_cell_int(b, firn_rows_column(b, 3), file->spec_id);
    if (has_partition) partition_cell(b, firn_rows_column(b, at++), file, spec);
    firn_cell_long(b, firn_rows_column(b, at), file->record_count);
    firn_cell_long(b, firn_rows_column(b, at + 1), file->file_size_bytes);
    counts(b, firn_rows_column(b, at + 2), &file->column_sizes);
    counts(b, firn_rows_column(b, at + 3), &file->value_counts);
    counts(b, firn_rows_column(b, at + 4), &file->null_value_counts);
    counts(b, firn_rows_column(b, at + 5), &file->nan_value_counts);
    bounds(b, firn_rows_column(b, at + 6), &file->lower_bounds);
    bounds(b, firn_rows_column(b, at + 7), &file->upper_bounds);
    if (file->key_metadata.len > 0) {
        firn_cell_text(b, firn_rows_column(b, at + 8), file->key_metadata);
    } else {
        firn_cell_null(b, firn_rows_column(b, at + 8));
    }
    lists(b, at + 9, file);
    if (file->sort_order_id < 0)
        firn_cell_null(b, firn_rows_column(b, at + 11));
    else
        firn_cell_int(b, firn_rows_column(b, at + 11), file->sort_order_id);
}

/* ---- partitions ---- */

typedef struct partition_sum {
    const firn_partition_spec *spec;
    firn_data_file first; /* a copy, for its partition */
    int64_t record_count, file_count, bytes;
    int64_t position_records, position_files, equality_records, equality_files;
    int64_t updated_ms, updated_snapshot_id;
} partition_sum;

typedef struct partition_list {
    partition_sum *items;
    size_t n, cap;
} partition_list;

static partition_sum *find_partition(partition_list *list, const firn_data_file *file,
                                     const firn_partition_spec *spec, firn_arena *arena,
                                     firn_error *err)
{
    for (size_t i = 0; i < list->n; i++) {
        partition_sum *sum = &list->items[i];
        if (sum->spec == spec && sum->first.n_partition == file->n_partition &&
            firn_partition_equals(sum->first.partition, file->partition, file->n_partition)) {
            return sum;
        }
    }
    partition_sum *sum = firn_arena_push(arena, &list->items, &list->n, &list->cap, sizeof *sum);
    if (!sum || firn_data_file_copy(file, arena, &sum->first, err) != FIRN_OK) return NULL;
    sum->spec = spec;
    sum->updated_ms = -1;
    return sum;
}

static void add_file(partition_sum *sum, const firn_manifest_entry *entry,
                     const firn_table_metadata *metadata)
{
    const firn_snapshot *snapshot = firn_metadata_find_snapshot(metadata, entry->snapshot_id);
    switch (entry->file.content) {
    case FIRN_CONTENT_DATA:
        sum->record_count += entry->file.record_count;
        sum->file_count++;
        sum->bytes += entry->file.file_size_bytes;
        break;
    case FIRN_CONTENT_POSITION_DELETES:
        sum->position_records += entry->file.record_count;
        sum->position_files++;
        break;
    case FIRN_CONTENT_EQUALITY_DELETES:
        sum->equality_records += entry->file.record_count;
        sum->equality_files++;
        break;
    }
    if (!snapshot || snapshot->timestamp_ms < sum->updated_ms) return;
    sum->updated_ms = snapshot->timestamp_ms;
    sum->updated_snapshot_id = snapshot->snapshot_id;
}

static void partition_row(firn_row_builder *b, const partition_sum *sum)
{
    size_t at = 0;
    if (b->batch->n_columns > 9) {
        partition_cell(b, firn_rows_column(b, at++), &sum->first, sum->spec);
        firn_cell_int(b, firn_rows_column(b, at++), sum->spec ? sum->spec->spec_id : 0);
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

/* ---- reading ---- */

typedef struct file_walk {
    firn_metadata_table which;
    const firn_metadata_table_opts *opts;
    firn_arena *arena;
    firn_row_builder *b;
    partition_list partitions;
} file_walk;

static bool is_wanted(firn_metadata_table which, const firn_data_file *file)
{
    const bool is_data = file->content == FIRN_CONTENT_DATA;
    if (which == FIRN_METADATA_TABLE_DATA_FILES) return is_data;
    if (which == FIRN_METADATA_TABLE_DELETE_FILES) return !is_data;
    return true;
}

static firn_status walk_entries(file_walk *w, firn_manifest_reader *reader,
                                const firn_partition_spec *spec)
{
    firn_manifest_entry entry;
    for (;;) {
        const firn_status st = firn_manifest_reader_next(reader, &entry, w->b->err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        if (entry.status == FIRN_ENTRY_DELETED || !is_wanted(w->which, &entry.file)) continue;
        if (w->which != FIRN_METADATA_TABLE_PARTITIONS) {
            file_row(w->b, &entry.file, spec);
            FIRN_TRY(w->b->status);
            continue;
        }
        partition_sum *sum = find_partition(&w->partitions, &entry.file, spec, w->arena, w->b->err);
        if (!sum) return firn_fail_nomem(w->b->err);
        add_file(sum, &entry, w->opts->table->metadata);
    }
}

static firn_status walk_manifest(file_walk *w, const firn_manifest_file *file)
{
    const firn_table_metadata *metadata = w->opts->table->metadata;
    const firn_partition_spec *spec = firn_metadata_find_spec(metadata, file->spec_id);
    firn_manifest_reader *reader = NULL;
    firn_str bytes = {0};
    const firn_manifest_columns columns =
        w->which == FIRN_METADATA_TABLE_PARTITIONS ? FIRN_MANIFEST_NO_METRICS : FIRN_MANIFEST_ALL;
    firn_arena *arena = firn_arena_create(w->opts->env->alloc, 0);
    if (!arena) return firn_fail_nomem(w->b->err);
    firn_status st = firn_store_read_all(w->opts->store, file->path, FIRN_LIMIT_METADATA, arena,
                                         &bytes, w->b->err);
    if (st == FIRN_OK) {
        st = firn_manifest_reader_open(bytes, file, firn_metadata_schema(metadata), spec, columns,
                                       &reader, w->b->err);
    }
    if (st == FIRN_OK) st = walk_entries(w, reader, spec);
    firn_manifest_reader_close(reader);
    firn_arena_destroy(arena);
    return st;
}

static firn_status walk_manifests(file_walk *w)
{
    firn_manifest_file *files = NULL;
    size_t n = 0;
    FIRN_TRY(firn_snapshot_manifests(w->opts->store, w->opts->table->metadata, w->opts->snapshot,
                                     w->arena, &files, &n, w->b->err));
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(firn_env_check_cancel(w->opts->env, w->b->err));
        if (w->which == FIRN_METADATA_TABLE_MANIFESTS) {
            manifest_row(w->b, &files[i], w->opts->table->metadata);
            FIRN_TRY(w->b->status);
        } else {
            FIRN_TRY(walk_manifest(w, &files[i]));
        }
    }
    for (size_t i = 0; i < w->partitions.n; i++) partition_row(w->b, &w->partitions.items[i]);
    return w->b->status;
}

void firn_metadata_files_fill(firn_row_builder *b, firn_metadata_table which,
                              const firn_metadata_table_opts *opts)
{
    if (!opts->snapshot) return;
    file_walk walk = {.which = which, .opts = opts, .b = b};
    walk.arena = firn_arena_create(opts->env->alloc, 0);
    const firn_status st = walk.arena ? walk_manifests(&walk) : firn_fail_nomem(b->err);
    firn_arena_destroy(walk.arena);
    if (st != FIRN_OK) b->status = st;
}
