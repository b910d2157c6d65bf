/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer refuses, how it behaves after a failure, and the metrics of awkward values. That
 * others read the same values is tests/python/test_parquet_writer.py. */
#include "firn_test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/write/parquet_writer.h"
#include "parquet_canon.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_float = {.kind = FIRN_TYPE_FLOAT};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_fixed = {.kind = FIRN_TYPE_FIXED, .length = 3};
static const firn_type k_variant = {.kind = FIRN_TYPE_VARIANT};
static const firn_type k_unknown = {.kind = FIRN_TYPE_UNKNOWN};
static const firn_type k_geometry = {.kind = FIRN_TYPE_GEOMETRY};

typedef struct fixture {
    firn_field fields[4];
    firn_type root;
    firn_batch *batch;
    firn_parquet_writer *writer;
    firn_buf file;
    int64_t fail_at; /* the write call that fails, from 1 */
    int64_t n_writes;
    firn_arena *arena;
    firn_file_metrics metrics;
    firn_error err;
} fixture;

static firn_status write_file(void *ctx, const void *data, size_t n, firn_error *err)
{
    fixture *f = ctx;
    if (++f->n_writes == f->fail_at) {
        if (err) *err = (firn_error){.status = FIRN_ERR_IO, .message = "disk full"};
        return FIRN_ERR_IO;
    }
    firn_buf_append(&f->file, data, n);
    return firn_buf_check(&f->file, err);
}

static int set_up(void **state)
{
    fixture *f = firn_mem_alloc_zero(NULL, sizeof *f);
    firn_buf_init(&f->file, NULL, 0);
    f->arena = firn_arena_create(NULL, 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    firn_parquet_writer_destroy(f->writer);
    firn_batch_destroy(f->batch);
    firn_buf_dispose(&f->file);
    firn_arena_destroy(f->arena);
    firn_mem_free(NULL, f);
    return 0;
}

static firn_status open_with(fixture *f, const firn_type *type, bool is_required,
                             const firn_parquet_write_opts *opts)
{
    const firn_byte_sink sink = {f, write_file};
    f->fields[0] =
        (firn_field){.id = 1, .name = FIRN_STR("c"), .type = type, .is_required = is_required};
    f->root = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = f->fields, .n_fields = 1};
    assert_ok(firn_batch_create(&f->root, 4096, &f->batch, &f->err), &f->err);
    return firn_parquet_writer_create(&f->root, opts, &sink, &f->writer, &f->err);
}

static firn_status append_rows(fixture *f, int64_t n)
{
    f->batch->n_rows = n;
    return firn_parquet_writer_append(f->writer, f->batch, &f->err);
}

static const firn_column_metrics *finish(fixture *f)
{
    assert_ok(firn_parquet_writer_finish(f->writer, f->arena, &f->metrics, &f->err), &f->err);
    return &f->metrics.columns[0];
}

static void test_null_in_required_column_is_refused(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_int, true, NULL), &f->err);
    firn_column_set_null(&f->batch->columns[0], 3);
    assert_fails(append_rows(f, 10), FIRN_ERR_ARG, &f->err, "null in required column \"c\"");
}

static void test_null_in_required_member_is_refused_with_its_path(void **state)
{
    fixture *f = *state;
    f->fields[1] =
        (firn_field){.id = 2, .name = FIRN_STR("x"), .type = &k_int, .is_required = true};
    const firn_type point = {.kind = FIRN_TYPE_STRUCT, .fields = &f->fields[1], .n_fields = 1};
    assert_ok(open_with(f, &point, false, NULL), &f->err);
    firn_column *c = f->batch->columns;
    firn_column_set_null(&c[0], 2); /* a null struct may hold nulls */
    firn_column_set_null(&c[0].children[0], 2);
    assert_ok(append_rows(f, 10), &f->err);
    firn_column_set_null(&c[0].children[0], 5);
    assert_fails(append_rows(f, 10), FIRN_ERR_ARG, &f->err, "null in required column \"c.x\"");
}

static void test_nothing_is_written_after_a_failure(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_int, true, NULL), &f->err);
    firn_column_set_null(&f->batch->columns[0], 0);
    assert_fails(append_rows(f, 1), FIRN_ERR_ARG, &f->err, NULL);
    firn_batch_reset(f->batch);
    assert_fails(append_rows(f, 1), FIRN_ERR_ARG, &f->err, "failed before");
    assert_fails(firn_parquet_writer_finish(f->writer, f->arena, &f->metrics, &f->err),
                 FIRN_ERR_ARG, &f->err, "failed before");
    assert_int_equal(f->file.len, 4);
}

static void test_finished_writer_takes_no_more_rows(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_int, true, NULL), &f->err);
    finish(f);
    assert_fails(append_rows(f, 1), FIRN_ERR_ARG, &f->err, "the Parquet writer is finished");
}

static void test_failing_sink_ends_with_its_status(void **state)
{
    fixture *f = *state;
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_NONE, .row_group_rows = 5};
    for (f->fail_at = 1; f->fail_at < 8; f->fail_at++) {
        f->n_writes = 0;
        firn_status st = open_with(f, &k_int, false, &opts);
        if (st == FIRN_OK) st = append_rows(f, 12);
        if (st == FIRN_OK)
            st = firn_parquet_writer_finish(f->writer, f->arena, &f->metrics, &f->err);
        assert_fails(st, FIRN_ERR_IO, &f->err, "disk full");
        firn_parquet_writer_destroy(f->writer);
        firn_batch_destroy(f->batch);
        f->writer = NULL;
        f->batch = NULL;
    }
}

static void test_wrong_lengths_of_fixed_values_are_refused(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_fixed, false, NULL), &f->err);
    firn_view *v = f->batch->columns[0].values;
    v[0] = firn_view_of("abc", 3);
    v[1] = firn_view_of("ab", 2);
    assert_fails(append_rows(f, 2), FIRN_ERR_ARG, &f->err,
                 "value of 2 bytes in column \"c\" of 3 bytes");
}

/* A column of decimals has room for more digits than its type, and a file for fewer. */
static void test_decimals_of_too_many_digits_are_refused(void **state)
{
    static const struct {
        int32_t precision;
        firn_int128 good, bad;
    } k_cases[] = {
        {4, 9999, 10000},
        {9, -999999999, -1000000000},
        {18, 999999999999999999, 1000000000000000000},
        {20, (firn_int128)10000000000 * 10000000000 - 1, -(firn_int128)10000000000 * 10000000000},
        {20, 0, (firn_int128)1 << 100}};
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        fixture *f = *state;
        const firn_type decimal = {
            .kind = FIRN_TYPE_DECIMAL, .precision = k_cases[i].precision, .scale = 2};
        const size_t width = firn_column_width(&decimal);
        assert_ok(open_with(f, &decimal, false, NULL), &f->err);
        char *values = f->batch->columns[0].values;
        memset(values, 0, 3 * width);
        memcpy(values + width, &k_cases[i].good, width);
        assert_ok(append_rows(f, 3), &f->err);
        memcpy(values + width, &k_cases[i].bad, width);
        firn_status st = append_rows(f, 3);
        if (st == FIRN_OK)
            st = firn_parquet_writer_finish(f->writer, f->arena, &f->metrics, &f->err);
        char want[96];
        snprintf(want, sizeof want, "column \"c\": decimal of more than %d digits",
                 (int)k_cases[i].precision);
        assert_fails(st, FIRN_ERR_ARG, &f->err, want);
        firn_parquet_writer_destroy(f->writer);
        firn_batch_destroy(f->batch);
        f->writer = NULL;
        f->batch = NULL;
    }
}

static void test_types_without_a_parquet_form_are_unsupported(void **state)
{
    fixture *f = *state;
    assert_fails(open_with(f, &k_unknown, false, NULL), FIRN_ERR_UNSUPPORTED, &f->err,
                 "not supported: a Parquet file with a group without columns");
}

static void test_codecs_of_avro_are_refused(void **state)
{
    fixture *f = *state;
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_DEFLATE};
    assert_fails(open_with(f, &k_int, false, &opts), FIRN_ERR_ARG, &f->err,
                 "is not one of Parquet's");
}

static void test_batches_of_other_schemas_are_refused(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_int, false, NULL), &f->err);
    f->batch->n_columns = 0;
    assert_fails(append_rows(f, 1), FIRN_ERR_ARG, &f->err, "batch of 0 columns for a schema of 1");
    f->batch->n_columns = 1;
}

static void test_nan_is_counted_and_never_a_bound(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_double, false, NULL), &f->err);
    double *v = f->batch->columns[0].values;
    v[0] = (double)NAN;
    v[1] = -3;
    v[2] = -(double)NAN;
    v[3] = 8;
    firn_column_set_null(&f->batch->columns[0], 4);
    assert_ok(append_rows(f, 5), &f->err);
    const firn_column_metrics *m = finish(f);
    const double bounds[] = {-3, 8};
    assert_int_equal(m->nan_count, 2);
    assert_int_equal(m->null_count, 1);
    assert_int_equal(m->value_count, 5);
    assert_memory_equal(m->lower.data, &bounds[0], 8);
    assert_memory_equal(m->upper.data, &bounds[1], 8);
}

static void test_column_of_nan_only_has_no_bounds(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_float, false, NULL), &f->err);
    for (int i = 0; i < 10; i++) ((float *)f->batch->columns[0].values)[i] = NAN;
    assert_ok(append_rows(f, 10), &f->err);
    const firn_column_metrics *m = finish(f);
    assert_int_equal(m->nan_count, 10);
    assert_false(m->has_lower);
    assert_false(m->has_upper);
}

static void test_zero_bounds_include_both_zeros(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_double, false, NULL), &f->err);
    double *v = f->batch->columns[0].values;
    v[0] = 0.0;
    v[1] = -0.0;
    assert_ok(append_rows(f, 2), &f->err);
    const firn_column_metrics *m = finish(f);
    const double low = -0.0, high = 0.0;
    assert_memory_equal(m->lower.data, &low, 8);
    assert_memory_equal(m->upper.data, &high, 8);
}

static void test_column_of_nulls_has_counts_and_no_bounds(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_string, false, NULL), &f->err);
    for (int i = 0; i < 100; i++) firn_column_set_null(&f->batch->columns[0], i);
    assert_ok(append_rows(f, 100), &f->err);
    const firn_column_metrics *m = finish(f);
    assert_int_equal(m->value_count, 100);
    assert_int_equal(m->null_count, 100);
    assert_false(m->has_lower);
}

static void test_bounds_survive_a_dictionary_that_was_left(void **state)
{
    fixture *f = *state;
    const firn_parquet_write_opts opts = {
        .codec = FIRN_CODEC_ZSTD, .page_rows = 50, .dictionary_bytes = 400};
    assert_ok(open_with(f, &k_int, false, &opts), &f->err);
    int32_t *v = f->batch->columns[0].values;
    for (int i = 0; i < 4096; i++) v[i] = i < 500 ? i % 10 - 7 : i * 7919 % 65536;
    v[4000] = 70000;
    assert_ok(append_rows(f, 4096), &f->err);
    const firn_column_metrics *m = finish(f);
    const int32_t low = -7, high = 70000;
    assert_memory_equal(m->lower.data, &low, 4);
    assert_memory_equal(m->upper.data, &high, 4);
}

static void test_upper_bound_without_successor_is_left_out(void **state)
{
    fixture *f = *state;
    const firn_parquet_column_opts column = {.field_id = 1, .truncate_length = 1};
    const firn_parquet_write_opts opts = {
        .codec = FIRN_CODEC_NONE, .columns = &column, .n_columns = 1};
    assert_ok(open_with(f, &k_string, false, &opts), &f->err);
    ((firn_view *)f->batch->columns[0].values)[0] = firn_view_of("\xf4\x8f\xbf\xbf!", 5);
    assert_ok(append_rows(f, 1), &f->err);
    const firn_column_metrics *m = finish(f);
    assert_true(m->has_lower);
    assert_int_equal(m->lower.len, 4);
    assert_false(m->has_upper);
}

static void test_bounds_of_geometries_are_corners_of_their_box(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_geometry, false, NULL), &f->err);
    firn_view *v = f->batch->columns[0].values;
    v[0] = firn_view_of("\x01\x01\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40", 21);
    assert_ok(append_rows(f, 1), &f->err);
    const firn_column_metrics *m = finish(f);
    assert_int_equal(m->value_count, 1);
    assert_int_equal(m->lower.len, 16);
    assert_memory_equal(m->lower.data, "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40", 16);
    assert_memory_equal(m->upper.data, m->lower.data, 16);
}

static void test_variant_is_counted_as_one_column(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_variant, false, NULL), &f->err);
    firn_view *v = f->batch->columns[0].values;
    v[0] = firn_view_of("\x01\0\0\x0c\x07", 5);                         /* no names; 7 as int8 */
    v[1] = firn_view_of("\x01\x01\0\x01k\x02\x01\0\0\x02\x0c\x07", 12); /* {"k": 7} */
    assert_ok(append_rows(f, 2), &f->err);
    const firn_column_metrics *m = finish(f);
    assert_int_equal(m->value_count, 2);
    assert_int_equal(m->null_count, 0);
    assert_false(m->has_lower);
    assert_true(m->column_size_bytes > 50); /* metadata and value */
}

static firn_status read_file(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const fixture *f = ctx;
    (void)err;
    if (offset < 0 || (uint64_t)offset + n > f->file.len) return FIRN_ERR_IO;
    memcpy(out, f->file.data + offset, n);
    return FIRN_OK;
}

static void test_variants_are_read_as_they_were_written(void **state)
{
    static const char k_object[] = "\x01\x01\0\x01k\x02\x01\0\0\x02\x0c\x07";
    fixture *f = *state;
    firn_parquet_file *file;
    firn_parquet_rows *rows;
    const firn_parquet_rows_opts opts = {0};
    assert_ok(open_with(f, &k_variant, false, NULL), &f->err);
    firn_view *v = f->batch->columns[0].values;
    v[0] = firn_view_of("\x01\0\0\x0c\x07", 5);
    v[2] = firn_view_of(k_object, sizeof k_object - 1);
    firn_column_set_null(&f->batch->columns[0], 1);
    assert_ok(append_rows(f, 3), &f->err);
    finish(f);
    const firn_byte_source source = {
        .ctx = f, .size_bytes = (int64_t)f->file.len, .read_at = read_file};
    assert_ok(firn_parquet_file_open(&source, &file, &f->err), &f->err);
    assert_ok(firn_parquet_rows_open(file, &f->root, &opts, &rows, &f->err), &f->err);
    firn_batch_reset(f->batch);
    assert_ok(firn_parquet_rows_next(rows, 3, f->batch, &f->err), &f->err);
    const firn_column *c = &f->batch->columns[0];
    const firn_str first = firn_view_str((const firn_view *)c->values);
    const firn_str third = firn_view_str((const firn_view *)c->values + 2);
    assert_false(firn_column_is_valid(c, 1));
    assert_int_equal(first.len, 5);
    assert_memory_equal(first.data, "\x01\0\0\x0c\x07", 5);
    assert_int_equal(third.len, sizeof k_object - 1);
    assert_memory_equal(third.data, k_object, third.len);
    firn_parquet_rows_close(rows);
    firn_parquet_file_close(file);
}

static void test_malformed_variants_are_refused(void **state)
{
    static const struct {
        firn_str bytes;
        const char *message;
    } cases[] = {
        {FIRN_STR_INIT(""), "column \"c\": variant metadata of version 0, expected 1"},
        {FIRN_STR_INIT("\x02\0\0\x00"), "variant metadata of version 2, expected 1"},
        {FIRN_STR_INIT("\xc1\0"), "variant metadata of 2 bytes"},
        {FIRN_STR_INIT("\x01\x09\0\0"), "variant metadata of 9 names in 4 bytes"},
        {FIRN_STR_INIT("\x01\x01\x01\x01k\0"), "variant metadata: offset 1 of name 0 after 0"},
        {FIRN_STR_INIT("\x01\x02\0\x02\x01kk\0"), "offset 1 of name 2 after 2"},
        {FIRN_STR_INIT("\x01\0\0"), "no value behind variant metadata of 3 bytes"},
        {FIRN_STR_INIT("\x01\x01\0\x02kk"), "no value behind variant metadata of 6 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture *f = *state;
        assert_ok(open_with(f, &k_variant, false, NULL), &f->err);
        ((firn_view *)f->batch->columns[0].values)[0] =
            firn_view_of(cases[i].bytes.data, (uint32_t)cases[i].bytes.len);
        assert_fails(append_rows(f, 1), FIRN_ERR_CORRUPT, &f->err, cases[i].message);
        tear_down(state);
        set_up(state);
    }
}

static void test_rows_with_huge_texts_are_spread_over_pages(void **state)
{
    fixture *f = *state;
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD, .page_bytes = 10000};
    static char text[300000];
    assert_ok(open_with(f, &k_string, false, &opts), &f->err);
    firn_view *v = f->batch->columns[0].values;
    for (int i = 0; i < 200; i++) {
        memset(text + i, 'a' + i % 26, 100);
        v[i] = firn_view_of(text + i, 100000);
    }
    assert_ok(append_rows(f, 200), &f->err);
    const firn_column_metrics *m = finish(f);
    assert_int_equal(m->value_count, 200);
    assert_true(f->file.len < 2000000);
}

/* Random numbers of which that many differ; does their chunk keep its dictionary? */
static bool has_dictionary(fixture *f, uint32_t n_distinct)
{
    firn_parquet_file *file = NULL;
    uint64_t x = 1;
    assert_ok(open_with(f, &k_long, true, NULL), &f->err);
    for (int round = 0; round < 12; round++) {
        int64_t *v = f->batch->columns[0].values;
        for (int i = 0; i < 2048; i++) {
            x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
            v[i] = (int64_t)((x >> 33) % n_distinct);
        }
        assert_ok(append_rows(f, 2048), &f->err);
    }
    assert_int_equal(finish(f)->value_count, 12 * 2048);
    firn_str bytes = firn_buf_view(&f->file);
    const firn_byte_source source = canon_source(&bytes);
    assert_ok(firn_parquet_file_open(&source, &file, &f->err), &f->err);
    const bool found = file->row_groups[0].chunks[0].dictionary_offset > 0;
    firn_parquet_file_close(file);
    return found;
}

/* The first page has met most of them, so the pages to come share what it has. */
static void test_a_dictionary_that_is_nearly_complete_stays(void **state)
{
    assert_true(has_dictionary(*state, 10000));
}

static void test_a_dictionary_that_keeps_growing_is_left(void **state)
{
    assert_false(has_dictionary(*state, 10000000));
}

static void test_size_grows_with_rows_before_they_are_written(void **state)
{
    fixture *f = *state;
    assert_ok(open_with(f, &k_int, false, NULL), &f->err);
    assert_int_equal(firn_parquet_writer_size(f->writer), 4);
    int64_t last = 4;
    uint32_t x = 1;
    for (int round = 0; round < 8; round++) {
        int32_t *v = f->batch->columns[0].values;
        for (int i = 0; i < 4096; i++) { /* no byte of them repeats, so pages do not shrink */
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            v[i] = (int32_t)x;
        }
        assert_ok(append_rows(f, 4096), &f->err);
        assert_true(firn_parquet_writer_size(f->writer) > last);
        last = firn_parquet_writer_size(f->writer);
    }
    assert_int_equal(f->file.len, 4);
    finish(f);
    assert_int_equal(firn_parquet_writer_size(f->writer), f->file.len);
    assert_true(last > (int64_t)f->file.len * 8 / 10 && last < (int64_t)f->file.len * 12 / 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_null_in_required_column_is_refused),
        TEST(test_null_in_required_member_is_refused_with_its_path),
        TEST(test_nothing_is_written_after_a_failure),
        TEST(test_finished_writer_takes_no_more_rows),
        TEST(test_failing_sink_ends_with_its_status),
        TEST(test_wrong_lengths_of_fixed_values_are_refused),
        TEST(test_decimals_of_too_many_digits_are_refused),
        TEST(test_types_without_a_parquet_form_are_unsupported),
        TEST(test_codecs_of_avro_are_refused),
        TEST(test_batches_of_other_schemas_are_refused),
        TEST(test_nan_is_counted_and_never_a_bound),
        TEST(test_column_of_nan_only_has_no_bounds),
        TEST(test_zero_bounds_include_both_zeros),
        TEST(test_column_of_nulls_has_counts_and_no_bounds),
        TEST(test_bounds_survive_a_dictionary_that_was_left),
        TEST(test_a_dictionary_that_is_nearly_complete_stays),
        TEST(test_a_dictionary_that_keeps_growing_is_left),
        TEST(test_upper_bound_without_successor_is_left_out),
        TEST(test_bounds_of_geometries_are_corners_of_their_box),
        TEST(test_variant_is_counted_as_one_column),
        TEST(test_variants_are_read_as_they_were_written),
        TEST(test_malformed_variants_are_refused),
        TEST(test_rows_with_huge_texts_are_spread_over_pages),
        TEST(test_size_grows_with_rows_before_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
