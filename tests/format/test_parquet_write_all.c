/* SPDX-License-Identifier: Apache-2.0 */
/* Writes every type with values that follow from the row number. Without arguments it checks that
 * this works; with a folder it leaves the files and their metrics (JSON lines) there, for
 * tests/python/test_parquet_writer.py, which knows the same formulas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "format/parquet/write/parquet_writer.h"

#define ROWS  5000
#define BATCH 700

#define TYPE(name, ...) static const firn_type name = {__VA_ARGS__}
#define NAME(s)         .name = FIRN_STR_INIT(s)

TYPE(k_boolean, .kind = FIRN_TYPE_BOOLEAN);
TYPE(k_int, .kind = FIRN_TYPE_INT);
TYPE(k_long, .kind = FIRN_TYPE_LONG);
TYPE(k_float, .kind = FIRN_TYPE_FLOAT);
TYPE(k_double, .kind = FIRN_TYPE_DOUBLE);
TYPE(k_dec9, .kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2);
TYPE(k_dec18, .kind = FIRN_TYPE_DECIMAL, .precision = 18, .scale = 4);
TYPE(k_dec38, .kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = 10);
TYPE(k_date, .kind = FIRN_TYPE_DATE);
TYPE(k_time, .kind = FIRN_TYPE_TIME);
TYPE(k_ts, .kind = FIRN_TYPE_TIMESTAMP);
TYPE(k_tstz, .kind = FIRN_TYPE_TIMESTAMPTZ);
TYPE(k_ts_ns, .kind = FIRN_TYPE_TIMESTAMP_NS);
TYPE(k_tstz_ns, .kind = FIRN_TYPE_TIMESTAMPTZ_NS);
TYPE(k_string, .kind = FIRN_TYPE_STRING);
TYPE(k_uuid, .kind = FIRN_TYPE_UUID);
TYPE(k_fixed, .kind = FIRN_TYPE_FIXED, .length = 5);
TYPE(k_binary, .kind = FIRN_TYPE_BINARY);
TYPE(k_geometry, .kind = FIRN_TYPE_GEOMETRY, .crs = FIRN_STR_INIT("EPSG:3857"));
TYPE(k_unknown, .kind = FIRN_TYPE_UNKNOWN);

static const firn_field k_tags_fields[] = {{.id = 21, NAME("element"), .type = &k_string}};
TYPE(k_tags, .kind = FIRN_TYPE_LIST, .fields = k_tags_fields, .n_fields = 1);
static const firn_field k_map_fields[] = {
    {.id = 23, NAME("key"), .type = &k_string, .is_required = true},
    {.id = 24, NAME("value"), .type = &k_long}};
TYPE(k_map, .kind = FIRN_TYPE_MAP, .fields = k_map_fields, .n_fields = 2);
static const firn_field k_inner_fields[] = {{.id = 28, NAME("z"), .type = &k_string}};
TYPE(k_inner, .kind = FIRN_TYPE_STRUCT, .fields = k_inner_fields, .n_fields = 1);
static const firn_field k_point_fields[] = {
    {.id = 26, NAME("x"), .type = &k_int, .is_required = true},
    {.id = 27, NAME("y"), .type = &k_inner}};
TYPE(k_point, .kind = FIRN_TYPE_STRUCT, .fields = k_point_fields, .n_fields = 2);
static const firn_field k_row_fields[] = {
    {.id = 31, NAME("element"), .type = &k_int, .is_required = true}};
TYPE(k_row, .kind = FIRN_TYPE_LIST, .fields = k_row_fields, .n_fields = 1);
static const firn_field k_matrix_fields[] = {{.id = 30, NAME("element"), .type = &k_row}};
TYPE(k_matrix, .kind = FIRN_TYPE_LIST, .fields = k_matrix_fields, .n_fields = 1);

static const firn_field k_columns[] = {
    {.id = 1, NAME("b"), .type = &k_boolean, .is_required = true},
    {.id = 2, NAME("i"), .type = &k_int},
    {.id = 3, NAME("l"), .type = &k_long, .is_required = true},
    {.id = 4, NAME("f"), .type = &k_float},
    {.id = 5, NAME("d"), .type = &k_double, .is_required = true},
    {.id = 6, NAME("dec9"), .type = &k_dec9},
    {.id = 7, NAME("dec18"), .type = &k_dec18},
    {.id = 8, NAME("dec38"), .type = &k_dec38},
    {.id = 9, NAME("date"), .type = &k_date},
    {.id = 10, NAME("time"), .type = &k_time},
    {.id = 11, NAME("ts"), .type = &k_ts},
    {.id = 12, NAME("tstz"), .type = &k_tstz},
    {.id = 13, NAME("ts_ns"), .type = &k_ts_ns},
    {.id = 14, NAME("tstz_ns"), .type = &k_tstz_ns},
    {.id = 15, NAME("s"), .type = &k_string},
    {.id = 16, NAME("text"), .type = &k_string, .is_required = true},
    {.id = 17, NAME("uuid"), .type = &k_uuid},
    {.id = 18, NAME("fixed"), .type = &k_fixed},
    {.id = 19, NAME("bin"), .type = &k_binary},
    {.id = 20, NAME("tags"), .type = &k_tags},
    {.id = 32, NAME("nothing"), .type = &k_unknown},
    {.id = 22, NAME("map"), .type = &k_map},
    {.id = 25, NAME("point"), .type = &k_point},
    {.id = 29, NAME("matrix"), .type = &k_matrix},
    {.id = 33, NAME("geo"), .type = &k_geometry},
    {.id = 34, NAME("noise"), .type = &k_long, .is_required = true},
};
#define N_COLUMNS (sizeof k_columns / sizeof k_columns[0])
TYPE(k_root, .kind = FIRN_TYPE_STRUCT, .fields = k_columns, .n_fields = N_COLUMNS);

static firn_error g_err; /* the last failure, for its message */

static void ok(firn_status st)
{
    if (st != FIRN_OK) fail_msg("%s", g_err.message);
}

static void set_text(firn_column *c, int64_t r, const char *text)
{
    ok(firn_column_copy_bytes(c, firn_str_of(text), (firn_view *)c->values + r, &g_err));
}

static void set_i64(firn_column *c, int64_t r, int64_t v)
{
    ((int64_t *)c->values)[r] = v;
}

static void set_i32(firn_column *c, int64_t r, int32_t v)
{
    ((int32_t *)c->values)[r] = v;
}

static void fill_numbers(firn_column *c, int64_t r, int64_t i)
{
    ((uint8_t *)c[0].values)[r] = i % 3 == 0;
    set_i32(&c[1], r, (int32_t)(i * 7919 % 1000 - 500));
    if (i % 7 == 0) firn_column_set_null(&c[1], r);
    set_i64(&c[2], r, 1000000000000 + 3 * i);
    ((float *)c[3].values)[r] = i % 11 == 0 ? NAN : (float)i / 8 - 100;
    if (i % 13 == 0) firn_column_set_null(&c[3], r);
    ((double *)c[4].values)[r] = i % 10 == 0 ? (double)NAN : -(double)(i % 4000) * 0.5;
    set_i32(&c[5], r, (int32_t)(i * 37 - 1000));
    set_i64(&c[6], r, i * 1000000000 + 1);
    ((firn_int128 *)c[7].values)[r] =
        (firn_int128)(i - 500) * 10000000000 * 10000000000 + (firn_int128)i;
    if (i % 17 == 0) firn_column_set_null(&c[7], r);
    set_i32(&c[8], r, (int32_t)i - 1000);
    set_i64(&c[9], r, i * 1234567 % 86400000000);
    set_i64(&c[10], r, i * 1000003 - 5000000);
    set_i64(&c[11], r, i / 100 * 1000000);
    set_i64(&c[12], r, i * 1001);
    set_i64(&c[13], r, -i * 999);
    const uint32_t mixed = (uint32_t)i * UINT32_C(2654435761);
    set_i64(&c[25], r, (int64_t)((mixed ^ mixed >> 15) * UINT32_C(2246822519) >> 8));
}

static void fill_texts(firn_column *c, int64_t r, int64_t i)
{
    char text[64];
    snprintf(text, sizeof text, "name-%d", (int)(i % 100));
    set_text(&c[14], r, text);
    if (i % 5 == 0) firn_column_set_null(&c[14], r);
    snprintf(text, sizeof text, "comment number %d \xc3\xa9", (int)(i * 7919));
    set_text(&c[15], r, text);
    for (int k = 0; k < 16; k++) text[k] = (char)(i * (k + 1));
    ok(firn_column_copy_bytes(&c[16], (firn_str){text, 16}, (firn_view *)c[16].values + r, &g_err));
    snprintf(text, sizeof text, "%05d", (int)i);
    set_text(&c[17], r, text);
    memset(text, (int)(i % 256), sizeof text);
    ok(firn_column_copy_bytes(&c[18], (firn_str){text, (size_t)(i % 30)},
                              (firn_view *)c[18].values + r, &g_err));
    if (i % 4 == 1) firn_column_set_null(&c[18], r);
    const double xy[2] = {(double)i, -(double)i};
    memcpy(text, "\x01\x01\0\0\0", 5); /* WKB: little-endian point */
    memcpy(text + 5, xy, sizeof xy);
    ok(firn_column_copy_bytes(&c[24], (firn_str){text, 21}, (firn_view *)c[24].values + r, &g_err));
}

/* Room for n more entries in a child column; returns where they begin. */
static int64_t add_entries(firn_column *list, int64_t r, int64_t n)
{
    const int64_t at = list->children[0].n_values;
    ((firn_list_entry *)list->values)[r] = (firn_list_entry){(uint64_t)at, (uint64_t)n};
    for (size_t k = 0; k < list->n_children; k++) {
        ok(firn_column_reserve(&list->children[k], at + n, &g_err));
        list->children[k].n_values = at + n;
    }
    return at;
}

static void fill_nested(firn_column *c, int64_t r, int64_t i)
{
    char text[64];
    firn_column *tags = &c[19], *map = &c[21], *point = &c[22], *matrix = &c[23];
    int64_t at = add_entries(tags, r, i % 9 == 0 ? 0 : i % 4);
    for (int64_t k = 0; i % 9 != 0 && k < i % 4; k++) {
        snprintf(text, sizeof text, "e%d-%d", (int)i, (int)k);
        set_text(&tags->children[0], at + k, text);
        if ((i + k) % 6 == 0) firn_column_set_null(&tags->children[0], at + k);
    }
    if (i % 9 == 0) firn_column_set_null(tags, r);
    at = add_entries(map, r, i % 3);
    for (int64_t k = 0; k < i % 3; k++) {
        snprintf(text, sizeof text, "k%d", (int)k);
        set_text(&map->children[0], at + k, text);
        set_i64(&map->children[1], at + k, i * 10 + k);
        if (k == 1 && i % 2) firn_column_set_null(&map->children[1], at + k);
    }
    set_i32(&point->children[0], r, (int32_t)i * 2);
    snprintf(text, sizeof text, "z%d", (int)(i % 50));
    set_text(&point->children[1].children[0], r, text);
    if (i % 3 == 0) firn_column_set_null(&point->children[1], r);
    if (i % 8 == 0) firn_column_set_null(point, r);
    at = add_entries(matrix, r, i % 3);
    for (int64_t k = 0; k < i % 3; k++) {
        firn_column *row = &matrix->children[0];
        const int64_t from = add_entries(row, at + k, k + i % 2);
        for (int64_t m = 0; m < k + i % 2; m++)
            set_i32(&row->children[0], from + m, (int32_t)(i * 100 + k * 10 + m));
    }
}

static void fill_batch(firn_batch *batch, int64_t from, int64_t n)
{
    firn_batch_reset(batch);
    for (int64_t r = 0; r < n; r++) {
        fill_numbers(batch->columns, r, from + r);
        fill_texts(batch->columns, r, from + r);
        fill_nested(batch->columns, r, from + r);
    }
    batch->n_rows = n;
}

static firn_status write_buf(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static void write_rows(const firn_parquet_write_opts *opts, int64_t rows, firn_buf *file,
                       firn_arena *arena, firn_file_metrics *metrics)
{
    const firn_byte_sink sink = {file, write_buf};
    firn_parquet_writer *w;
    firn_batch *batch;
    ok(firn_batch_create(&k_root, BATCH, &batch, &g_err));
    ok(firn_parquet_writer_create(&k_root, opts, &sink, &w, &g_err));
    for (int64_t from = 0; from < rows; from += BATCH) {
        fill_batch(batch, from, rows - from < BATCH ? rows - from : BATCH);
        ok(firn_parquet_writer_append(w, batch, &g_err));
    }
    assert_int_equal(firn_parquet_writer_rows(w), rows);
    ok(firn_parquet_writer_finish(w, arena, metrics, &g_err));
    assert_int_equal(firn_parquet_writer_size(w), file->len);
    firn_parquet_writer_destroy(w);
    firn_batch_destroy(batch);
}

static const firn_parquet_column_opts k_column_opts[] = {
    {.field_id = 16, .metrics = FIRN_METRICS_FULL},
    {.field_id = 6, .metrics = FIRN_METRICS_COUNTS},
    {.field_id = 7, .metrics = FIRN_METRICS_NONE},
    {.field_id = 15, .metrics = FIRN_METRICS_TRUNCATE, .truncate_length = 6},
};

static const struct file_case {
    const char *name;
    int64_t rows;
    firn_parquet_write_opts opts;
} k_files[] = {
    {"defaults", ROWS, {.codec = FIRN_CODEC_ZSTD}},
    {"small_pages",
     ROWS,
     {.codec = FIRN_CODEC_SNAPPY,
      .row_group_rows = 1999,
      .page_rows = 100,
      .dictionary_bytes = 600,
      .columns = k_column_opts,
      .n_columns = 4,
      .iceberg_schema_json = FIRN_STR_INIT("{\"type\":\"struct\"}")}},
    {"small_bytes", ROWS, {.codec = FIRN_CODEC_NONE, .row_group_bytes = 100000, .page_bytes = 500}},
    {"gzip", 1000, {.codec = FIRN_CODEC_GZIP, .encodings = FIRN_PARQUET_ENCODINGS_V1}},
    {"lz4", 1000, {.codec = FIRN_CODEC_LZ4_RAW}},
    {"brotli", 1000, {.codec = FIRN_CODEC_BROTLI, .codec_level = 5}},
    {"one_row", 1, {.codec = FIRN_CODEC_ZSTD}},
    {"empty", 0, {.codec = FIRN_CODEC_ZSTD}},
};
#define N_FILES (sizeof k_files / sizeof k_files[0])

static void test_every_type_is_written_with_every_option(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FILES; i++) {
        firn_buf file;
        firn_file_metrics metrics;
        firn_arena *arena = firn_arena_create(NULL, 0);
        firn_buf_init(&file, NULL, 0);
        write_rows(&k_files[i].opts, k_files[i].rows, &file, arena, &metrics);
        assert_int_equal(metrics.record_count, k_files[i].rows);
        assert_int_equal(metrics.file_size_bytes, file.len);
        assert_memory_equal(file.data, "PAR1", 4);
        assert_memory_equal(file.data + file.len - 4, "PAR1", 4);
        for (size_t k = 0; k < metrics.n_columns; k++)
            if (k) assert_true(metrics.columns[k].field_id > metrics.columns[k - 1].field_id);
        firn_buf_dispose(&file);
        firn_arena_destroy(arena);
    }
}

static void put_hex(FILE *out, const char *key, bool is_set, firn_str bytes)
{
    if (!is_set) return;
    fprintf(out, ",\"%s\":\"", key);
    for (size_t i = 0; i < bytes.len; i++) fprintf(out, "%02x", (uint8_t)bytes.data[i]);
    fputs("\"", out);
}

static void put_metrics(FILE *out, const firn_file_metrics *m)
{
    fprintf(out, "{\"rows\":%lld,\"bytes\":%lld,\"splits\":[", (long long)m->record_count,
            (long long)m->file_size_bytes);
    for (size_t i = 0; i < m->n_split_offsets; i++)
        fprintf(out, "%s%lld", i ? "," : "", (long long)m->split_offsets[i]);
    fputs("]}\n", out);
    for (size_t i = 0; i < m->n_columns; i++) {
        const firn_column_metrics *c = &m->columns[i];
        fprintf(out, "{\"id\":%d,\"size\":%lld,\"values\":%lld,\"nulls\":%lld,\"nans\":%lld",
                c->field_id, (long long)c->column_size_bytes, (long long)c->value_count,
                (long long)c->null_count, (long long)c->nan_count);
        put_hex(out, "lower", c->has_lower, c->lower);
        put_hex(out, "upper", c->has_upper, c->upper);
        fputs("}\n", out);
    }
}

static FILE *open_file(const char *folder, const char *name, const char *suffix)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix);
    return fopen(path, "wb");
}

static int write_folder(const char *folder)
{
    for (size_t i = 0; i < N_FILES; i++) {
        firn_buf file;
        firn_file_metrics metrics;
        firn_arena *arena = firn_arena_create(NULL, 0);
        firn_buf_init(&file, NULL, 0);
        write_rows(&k_files[i].opts, k_files[i].rows, &file, arena, &metrics);
        FILE *data = open_file(folder, k_files[i].name, "parquet");
        FILE *lines = open_file(folder, k_files[i].name, "jsonl");
        if (!data || !lines) return 1;
        const bool is_written = fwrite(file.data, 1, file.len, data) == file.len;
        put_metrics(lines, &metrics);
        if (fclose(data) || fclose(lines) || !is_written) return 1;
        firn_buf_dispose(&file);
        firn_arena_destroy(arena);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_is_written_with_every_option),
    };
    if (argc == 2) return write_folder(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
