/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory reading takes, and that one reader's memory serves the next. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/random.h"
#include "base/str.h"
#include "fail_alloc.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/write/parquet_writer.h"
#include "parquet_canon.h"

#define WIDE_COLUMNS 320
#define WIDE_ROWS    ((int64_t)FIRN_BATCH_ROWS * 14)
#define CODED_ROWS   ((int64_t)FIRN_BATCH_ROWS * 12)
#define MAX_READ     ((int64_t)64 << 20)

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};

static firn_status append_bytes(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

/* distinct 0: noise; else so many values again and again. */
static void fill(firn_batch *batch, int64_t first, uint64_t distinct, firn_prng *prng)
{
    firn_error err = {0};
    char text[80];
    firn_batch_reset(batch);
    for (size_t c = 0; c < batch->n_columns; c++) {
        firn_column *column = &batch->columns[c];
        for (size_t r = 0; r < FIRN_BATCH_ROWS; r++) {
            const uint64_t nth = distinct ? ((uint64_t)first + r) % distinct : 0;
            const uint64_t number =
                distinct ? (nth + 1) * UINT64_C(0x9e3779b97f4a7c15) : firn_prng_next(prng);
            if (column->type->kind == FIRN_TYPE_LONG) {
                ((uint64_t *)column->values)[r] = number;
                continue;
            }
            const int n = snprintf(text, sizeof text, "%064llx", (unsigned long long)number);
            assert_ok(firn_column_copy_bytes(column, (firn_str){text, (size_t)n},
                                             (firn_view *)column->values + r, &err),
                      &err);
        }
    }
    batch->n_rows = FIRN_BATCH_ROWS;
}

/* n_columns columns of one type, with values that no encoding makes small, in row groups of
 * group_rows. */
static void write_file(firn_buf *out, const firn_type *type, size_t n_columns, int64_t n_rows,
                       uint64_t distinct, firn_parquet_write_opts opts)
{
    static firn_field fields[WIDE_COLUMNS];
    firn_error err = {0};
    firn_parquet_writer *writer = NULL;
    firn_batch *batch = NULL;
    firn_file_metrics metrics;
    firn_prng prng;
    const firn_byte_sink sink = {out, append_bytes};
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_prng_init(&prng, 3);
    for (size_t i = 0; i < n_columns; i++)
        fields[i] = (firn_field){
            .id = (int32_t)i + 1, .name = firn_arena_printf(arena, "c%zu", i), .type = type};
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n_columns};
    firn_buf_init(out, NULL, (size_t)1 << 30);
    opts.encodings = FIRN_PARQUET_ENCODINGS_V1;
    if (distinct == 0) opts.dictionary_bytes = 1024;
    assert_ok(firn_batch_create(&root, FIRN_BATCH_ROWS, &batch, &err), &err);
    assert_ok(firn_parquet_writer_create(&root, &opts, &sink, &writer, &err), &err);
    for (int64_t row = 0; row < n_rows; row += FIRN_BATCH_ROWS) {
        fill(batch, row, distinct, &prng);
        assert_ok(firn_parquet_writer_append(writer, batch, &err), &err);
    }
    assert_ok(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    firn_batch_destroy(batch);
    firn_arena_destroy(arena);
}

/* Reads [first, first + n) row groups; returns the rows. */
static int64_t read_groups(const firn_parquet_file *file, size_t first, size_t n,
                           firn_parquet_memory *memory)
{
    firn_error err = {0};
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    int64_t total = 0;
    firn_status st = FIRN_OK;
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    const firn_parquet_rows_opts opts = {
        .first_row_group = first, .n_row_groups = n, .memory = memory};
    assert_ok(firn_parquet_rows_open(file, root, &opts, &rows, &err), &err);
    assert_ok(firn_batch_create(root, FIRN_BATCH_ROWS, &batch, &err), &err);
    while ((st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &err)) == FIRN_OK)
        total += batch->n_rows;
    assert_fails(st, FIRN_DONE, &err, NULL);
    firn_batch_destroy(batch);
    firn_parquet_rows_close(rows);
    return total;
}

/* Reads the whole file with defaults; returns the most bytes held at a time. */
static int64_t peak_of(const firn_buf *bytes, int64_t want_rows)
{
    firn_error err = {0};
    firn_str view = firn_buf_view(bytes);
    const firn_byte_source source = canon_source(&view);
    firn_parquet_file *file = NULL;
    firn_fail_alloc_arm(0, false);
    assert_ok(firn_parquet_file_open(&source, &file, &err), &err);
    assert_int_equal(read_groups(file, 0, 0, NULL), want_rows);
    firn_parquet_file_close(file);
    const int64_t peak = firn_fail_alloc_peak_bytes();
    assert_int_equal(firn_fail_alloc_live(), 0);
    firn_fail_alloc_disarm();
    return peak;
}

static void test_a_wide_file_is_read_in_64_mb(void **state)
{
    firn_buf bytes;
    (void)state;
    /* 75 MB in one row group: a window of 1 MiB for each column would hold all of it. */
    write_file(&bytes, &k_long, WIDE_COLUMNS, WIDE_ROWS, 0,
               (firn_parquet_write_opts){.codec = FIRN_CODEC_NONE, .page_bytes = 16384});
    assert_true(bytes.len > (size_t)MAX_READ);
    assert_in_range(peak_of(&bytes, WIDE_ROWS), 1 << 20, MAX_READ);
    firn_buf_dispose(&bytes);
}

/* A dictionary is held once: not what it was unpacked from, nor that. */
static void test_a_wide_file_of_dictionaries_is_read_in_64_mb(void **state)
{
    firn_buf bytes;
    (void)state;
    write_file(&bytes, &k_long, 300, CODED_ROWS, 10000,
               (firn_parquet_write_opts){.codec = FIRN_CODEC_SNAPPY, .page_rows = 1 << 20});
    assert_in_range(bytes.len, 20 << 20, 45 << 20); /* as plain values it has 59 MB */
    const int64_t peak = peak_of(&bytes, CODED_ROWS);
    print_message("%d KB of %d\n", (int)(peak >> 10), (int)(bytes.len >> 10));
    assert_in_range(peak, 1 << 20, MAX_READ);
    firn_buf_dispose(&bytes);
}

static void test_long_columns_of_text_are_read_in_64_mb(void **state)
{
    static const firn_codec k_codecs[] = {FIRN_CODEC_NONE, FIRN_CODEC_SNAPPY};
    const int64_t rows = (int64_t)FIRN_BATCH_ROWS * 50;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        firn_buf bytes;
        write_file(&bytes, &k_string, 12, rows, 0, (firn_parquet_write_opts){.codec = k_codecs[i]});
        assert_in_range(peak_of(&bytes, rows), 1 << 16, MAX_READ);
        firn_buf_dispose(&bytes);
    }
}

static void test_blocks_serve_the_next_reader(void **state)
{
    firn_buf bytes;
    firn_error err = {0};
    firn_parquet_file *file = NULL;
    firn_parquet_memory *memory = NULL;
    (void)state;
    write_file(
        &bytes, &k_string, 3, 8 * (int64_t)FIRN_BATCH_ROWS, 0,
        (firn_parquet_write_opts){.codec = FIRN_CODEC_ZSTD, .row_group_rows = FIRN_BATCH_ROWS});
    firn_str view = firn_buf_view(&bytes);
    const firn_byte_source source = canon_source(&view);
    assert_ok(firn_parquet_file_open(&source, &file, &err), &err);
    assert_ok(firn_parquet_memory_create(&memory, &err), &err);
    assert_int_equal(read_groups(file, 0, 1, memory), FIRN_BATCH_ROWS);
    firn_fail_alloc_arm(0, false);
    for (size_t group = 1; group < 8; group++)
        assert_int_equal(read_groups(file, group, 1, memory), FIRN_BATCH_ROWS);
    const int64_t with = firn_fail_alloc_calls();
    firn_fail_alloc_arm(0, false);
    for (size_t group = 1; group < 8; group++)
        assert_int_equal(read_groups(file, group, 1, NULL), FIRN_BATCH_ROWS);
    const int64_t without = firn_fail_alloc_calls();
    firn_fail_alloc_disarm();
    /* A window, a page and a block of strings for each of three columns and seven readers. */
    assert_true(with + INT64_C(7) * 3 * 2 <= without);
    firn_parquet_memory_destroy(memory);
    firn_parquet_file_close(file);
    firn_buf_dispose(&bytes);
}

static void test_memory_keeps_no_more_than_its_budget(void **state)
{
    firn_error err = {0};
    firn_parquet_memory *memory = NULL;
    void *blocks[6];
    size_t sizes[6];
    (void)state;
    assert_ok(firn_parquet_memory_create(&memory, &err), &err);
    firn_fail_alloc_arm(0, false);
    for (size_t i = 0; i < 6; i++) {
        blocks[i] = firn_pq_memory_take(memory, (size_t)10 << 20, &sizes[i]);
        assert_non_null(blocks[i]);
        assert_true(sizes[i] >= (size_t)10 << 20);
    }
    for (size_t i = 0; i < 6; i++) firn_pq_memory_give(memory, blocks[i], sizes[i]);
    assert_int_equal(firn_fail_alloc_live(), 4); /* of 11.25 MiB each */
    /* One that fits is given again; a small one is not cut out of a large one. */
    const int64_t before = firn_fail_alloc_calls();
    void *again = firn_pq_memory_take(memory, (size_t)9 << 20, &sizes[0]);
    assert_int_equal(firn_fail_alloc_calls(), before);
    firn_pq_memory_give(memory, again, sizes[0]);
    void *small = firn_pq_memory_take(memory, 4096, &sizes[0]);
    assert_int_equal(firn_fail_alloc_calls(), before + 1);
    assert_true(sizes[0] < 8192);
    firn_pq_memory_give(memory, small, sizes[0]);
    /* New blocks drive free ones out. */
    void *large = firn_pq_memory_take(memory, (size_t)40 << 20, &sizes[0]);
    assert_in_range(firn_fail_alloc_live(), 1, 2);
    firn_pq_memory_give(memory, large, sizes[0]);
    firn_parquet_memory_destroy(memory);
    firn_fail_alloc_disarm();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wide_file_is_read_in_64_mb),
        cmocka_unit_test(test_a_wide_file_of_dictionaries_is_read_in_64_mb),
        cmocka_unit_test(test_long_columns_of_text_are_read_in_64_mb),
        cmocka_unit_test(test_blocks_serve_the_next_reader),
        cmocka_unit_test(test_memory_keeps_no_more_than_its_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
