/* SPDX-License-Identifier: Apache-2.0 */
/* A table partitioned by one column of every type, with entries of every status: what the manifest
 * tests write and read back, here and through other implementations. */
#ifndef FIRN_TESTS_SPEC_TABLE_H
#define FIRN_TESTS_SPEC_TABLE_H

#include "iceberg/spec/manifest.h"
#include "iceberg/spec/schema_json.h"
#include "iceberg/spec/transform.h"
#include "spec_support.h"

typedef struct spec_column {
    const char *name, *type, *transform, *value;
} spec_column;

/* Values are texts of the column's type; the partition value is the transform's result. */
static const spec_column k_spec_columns[] = {
    {"b", "boolean", "identity", "true"},
    {"i", "int", "identity", "-34"},
    {"l", "long", "identity", "9223372036854775807"},
    {"f", "float", "identity", "1.5"},
    {"d", "double", "identity", "-2.25"},
    {"dec9", "decimal(9,2)", "identity", "-14.20"},
    {"dec38", "decimal(38,10)", "identity", "1234567890123456789012345678.0123456789"},
    {"date", "date", "identity", "1969-12-31"},
    {"time", "time", "identity", "22:31:08.123456"},
    {"ts", "timestamp", "identity", "2017-11-16T22:31:08.000001"},
    {"tstz", "timestamptz", "identity", "2017-11-16T22:31:08Z"},
    {"s p\xc3\xa9", "string", "identity", "a=b/c"},
    {"u", "uuid", "identity", "f79c3e09-677c-4bbd-a479-3f349cb785e7"},
    {"u2", "uuid", "identity", "00000000-0000-0000-0000-000000000001"},
    {"fx", "fixed[3]", "identity", "AAEC"},
    {"bin", "binary", "identity", "AP8="},
    {"l", "long", "bucket[16]", "34"},
    {"s p\xc3\xa9", "string", "truncate[2]", "iceberg"},
    {"ts", "timestamp", "year", "2017-11-16T22:31:08"},
    {"ts", "timestamp", "month", "2017-11-16T22:31:08"},
    {"tstz", "timestamptz", "day", "2017-11-16T22:31:08Z"},
    {"ts", "timestamp", "hour", "2017-11-16T22:31:08"},
    {"i", "int", "void", "1"},
};
#define N_SPEC_COLUMNS (sizeof k_spec_columns / sizeof k_spec_columns[0])

typedef struct spec_table {
    firn_schema schema;
    firn_partition_spec spec;
    firn_value values[N_SPEC_COLUMNS];
    firn_value nulls[N_SPEC_COLUMNS];
} spec_table;

static inline const firn_field *spec_add_column(firn_arena *arena, spec_table *t,
                                                firn_field *fields, const spec_column *column)
{
    firn_error err = {0};
    for (size_t i = 0; i < t->schema.root.n_fields; i++) {
        if (firn_str_equals(fields[i].name, firn_str_of(column->name))) return &fields[i];
    }
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    assert_ok(firn_type_parse_primitive(firn_str_of(column->type), type, &err), &err);
    firn_field *field = &fields[t->schema.root.n_fields++];
    *field = (firn_field){
        .id = (int32_t)t->schema.root.n_fields, .name = firn_str_of(column->name), .type = type};
    return field;
}

static inline void spec_table_make(firn_arena *arena, spec_table *t)
{
    firn_error err = {0};
    firn_field *fields = firn_arena_array(arena, N_SPEC_COLUMNS, sizeof *fields);
    firn_partition_field *parts = firn_arena_array(arena, N_SPEC_COLUMNS, sizeof *parts);
    *t = (spec_table){.schema.root = {.kind = FIRN_TYPE_STRUCT, .fields = fields}};
    for (size_t i = 0; i < N_SPEC_COLUMNS; i++) {
        const spec_column *column = &k_spec_columns[i];
        const firn_field *field = spec_add_column(arena, t, fields, column);
        firn_partition_field *part = &parts[i];
        firn_value value;
        part->source_id = field->id;
        part->field_id = 1000 + (int32_t)i;
        assert_ok(firn_transform_parse(firn_str_of(column->transform), &part->transform, &err),
                  &err);
        part->name = firn_arena_printf(arena, "%s_%zu", column->name, i);
        assert_ok(
            firn_value_from_text(firn_str_of(column->value), field->type, arena, &value, &err),
            &err);
        assert_ok(
            firn_transform_apply(&part->transform, field->type, &value, arena, &t->values[i], &err),
            &err);
        t->nulls[i] = t->values[i];
        t->nulls[i].is_null = true;
    }
    t->spec = (firn_partition_spec){.fields = parts, .n_fields = N_SPEC_COLUMNS};
}

static const firn_metric k_spec_counts[] = {{1, 10, {0}}, {2, 0, {0}}, {300, 123456789, {0}}};
static const firn_metric k_spec_bounds[] = {{1, 0, FIRN_STR_INIT("\x00")},
                                            {2, 0, FIRN_STR_INIT("\xde\xff\xff\xff")},
                                            {12, 0, FIRN_STR_INIT("abc")}};
static const int64_t k_spec_offsets[] = {4, 100000000000};

static inline firn_data_file spec_data_file(const spec_table *t, const char *path)
{
    return (firn_data_file){.content = FIRN_CONTENT_DATA,
                            .format = FIRN_FILE_PARQUET,
                            .path = firn_str_of(path),
                            .partition = t->values,
                            .n_partition = N_SPEC_COLUMNS,
                            .record_count = 10,
                            .file_size_bytes = 4096,
                            .column_sizes = {k_spec_counts, 3},
                            .value_counts = {k_spec_counts, 3},
                            .null_value_counts = {k_spec_counts, 2},
                            .nan_value_counts = {k_spec_counts, 1},
                            .lower_bounds = {k_spec_bounds, 3},
                            .upper_bounds = {k_spec_bounds, 3},
                            .key_metadata = FIRN_STR("key"),
                            .split_offsets = k_spec_offsets,
                            .n_split_offsets = 2,
                            .sort_order_id = 1,
                            .first_row_id = -1,
                            .content_offset = -1,
                            .content_size_bytes = -1};
}

static inline firn_status spec_sink_write(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static inline firn_manifest_write_opts spec_opts(const spec_table *t, int32_t version)
{
    static const uint8_t k_sync[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    return (firn_manifest_write_opts){.format_version = version,
                                      .schema = &t->schema,
                                      .spec = &t->spec,
                                      .snapshot_id = 77,
                                      .parent_snapshot_id = -1,
                                      .sequence_number = version == 1 ? 0 : 5,
                                      .sync = k_sync};
}

/* The manifest's bytes, in the arena; *file is what the writer says of it. */
static inline firn_str spec_write_manifest(firn_arena *arena, const firn_manifest_write_opts *opts,
                                           firn_content content, const firn_manifest_entry *entries,
                                           size_t n, firn_manifest_file *file)
{
    firn_error err = {0};
    firn_buf buf;
    firn_manifest_writer *writer = NULL;
    const firn_byte_sink sink = {&buf, spec_sink_write};
    firn_buf_init(&buf, NULL, 64 << 20);
    assert_ok(firn_manifest_writer_create(opts, content, &sink, &writer, &err), &err);
    for (size_t i = 0; i < n; i++) {
        assert_ok(firn_manifest_writer_append(writer, &entries[i], &err), &err);
    }
    assert_ok(firn_manifest_writer_finish(writer, arena, file, &err), &err);
    firn_manifest_writer_destroy(writer);
    const firn_str out = firn_arena_copy(arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    return out;
}

static inline firn_str spec_write_list(firn_arena *arena, const firn_manifest_write_opts *opts,
                                       const firn_manifest_file *files, size_t n)
{
    firn_error err = {0};
    firn_buf buf;
    const firn_byte_sink sink = {&buf, spec_sink_write};
    firn_buf_init(&buf, NULL, 64 << 20);
    assert_ok(firn_manifest_list_write(opts, files, n, &sink, &err), &err);
    const firn_str out = firn_arena_copy(arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    return out;
}

#endif
