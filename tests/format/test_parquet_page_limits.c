/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages are held and which are unpacked in windows: each threshold just below, at and above
 * it, told by the largest read. */
#include "firn_test.h"

#include <string.h>

#include "base/random.h"
#include "base/str.h"
#include "format/parquet/encoding/parquet_bits.h"
#include "format/parquet/layout/parquet_page_header.h"
#include "format/parquet/read/parquet_block.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/write/parquet_writer.h"
#include "parquet_canon.h"

#define KIB    ((size_t)1 << 10)
#define MIB    ((size_t)1 << 20)
#define WINDOW (4 * KIB)

enum { N_ROWS = 200000 }; /* 1.6 MB of noise: more than any read of a piece */

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_field k_field = {
    .id = 1, .is_required = true, .name = FIRN_STR_INIT("n"), .type = &k_long};
static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = &k_field, .n_fields = 1};

/* ---- a file of one page, and what is read of it ---- */

typedef struct watched {
    firn_buf file;
    int64_t *numbers;
    size_t largest; /* read since the file was opened */
} watched;

static firn_status append_bytes(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static firn_status read_watched(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    watched *w = ctx;
    (void)err;
    assert_true(offset >= 0 && (size_t)offset + n <= w->file.len);
    memcpy(out, w->file.data + offset, n);
    if (n > w->largest) w->largest = n;
    return FIRN_OK;
}

static void make_file(watched *w)
{
    const firn_parquet_column_opts column = {.field_id = 1, .no_dictionary = true};
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_GZIP,
                                          .page_bytes = 1 << 28,
                                          .page_rows = 1 << 20,
                                          .columns = &column,
                                          .n_columns = 1,
                                          .encodings = FIRN_PARQUET_ENCODINGS_V1};
    const firn_byte_sink sink = {&w->file, append_bytes};
    firn_parquet_writer *writer = NULL;
    firn_batch *batch = NULL;
    firn_file_metrics metrics;
    firn_error err = {0};
    firn_prng prng;
    firn_arena *arena = firn_arena_create(NULL, 0);
    *w = (watched){0};
    firn_buf_init(&w->file, NULL, 0);
    firn_prng_init(&prng, 1);
    assert_ok(firn_batch_create(&k_root, N_ROWS, &batch, &err), &err);
    w->numbers = firn_mem_alloc(NULL, N_ROWS * sizeof *w->numbers);
    for (size_t i = 0; i < N_ROWS; i++) w->numbers[i] = (int64_t)firn_prng_next(&prng);
    memcpy(batch->columns[0].values, w->numbers, N_ROWS * sizeof *w->numbers);
    batch->n_rows = batch->columns[0].n_values = N_ROWS;
    assert_ok(firn_parquet_writer_create(&k_root, &opts, &sink, &writer, &err), &err);
    assert_ok(firn_parquet_writer_append(writer, batch, &err), &err);
    assert_ok(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    firn_batch_destroy(batch);
    firn_arena_destroy(arena);
}

static void drop_file(watched *w)
{
    firn_buf_dispose(&w->file);
    firn_mem_free(NULL, w->numbers);
}

/* Reads all rows and compares them. */
static void read_all(watched *w, firn_parquet_memory *memory)
{
    const firn_byte_source source = {
        .ctx = w, .size_bytes = (int64_t)w->file.len, .read_at = read_watched};
    const firn_parquet_rows_opts opts = {.window_bytes = WINDOW, .memory = memory};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    firn_error err = {0};
    int64_t row = 0;
    assert_ok(firn_parquet_file_open(&source, &file, &err), &err);
    assert_ok(firn_batch_create(&k_root, FIRN_BATCH_ROWS, &batch, &err), &err);
    w->largest = 0;
    assert_ok(firn_parquet_rows_open(file, &k_root, &opts, &rows, &err), &err);
    for (;;) {
        const firn_status st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &err);
        if (st == FIRN_DONE) break;
        assert_ok(st, &err);
        assert_memory_equal(batch->columns[0].values, w->numbers + row,
                            (size_t)batch->n_rows * sizeof *w->numbers);
        row += batch->n_rows;
    }
    assert_int_equal(row, N_ROWS);
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    firn_parquet_file_close(file);
}

/* Bytes of the page, packed and unpacked. */
static size_t page_bytes(const watched *w, size_t *packed)
{
    firn_pq_page_header h;
    firn_error err = {0};
    size_t n = 0;
    assert_ok(firn_pq_page_header_parse(firn_str_slice(firn_buf_view(&w->file), 4, w->file.len), 4,
                                        &h, &n, &err),
              &err);
    *packed = (size_t)h.packed;
    return (size_t)h.packed + (size_t)h.unpacked;
}

/* ---- tests ---- */

static void test_a_page_is_held_up_to_the_size_of_a_large_one(void **state)
{
    watched w;
    size_t packed = 0;
    firn_error err = {0};
    firn_parquet_memory *memory = NULL;
    (void)state;
    make_file(&w);
    const size_t n = page_bytes(&w, &packed);
    assert_ok(firn_parquet_memory_create(&memory, &err), &err);
    for (size_t large = n - 1; large <= n + 1; large++) {
        const firn_pq_page_limits limits = {.large = large, .window = WINDOW, .stored = WINDOW};
        firn_parquet_memory_limit_pages(memory, &limits);
        read_all(&w, memory);
        if (large < n)
            assert_int_equal(w.largest, 256 * KIB); /* pieces */
        else
            assert_true(w.largest > packed - 8 * KIB); /* but for what came with the header */
    }
    firn_parquet_memory_destroy(memory);
    drop_file(&w);
}

/* Other buffers are taken then: those of the column's values and of its window. */
static void test_a_large_page_is_held_while_there_is_room(void **state)
{
    watched w;
    size_t packed = 0, held_from = 0;
    firn_error err = {0};
    (void)state;
    make_file(&w);
    const size_t n = page_bytes(&w, &packed);
    size_t low = n, high = n + MIB; /* in windows with low, held with high */
    while (high - low > 1) {
        const firn_pq_page_limits limits = {
            .buffers = low + (high - low) / 2, .window = WINDOW, .stored = WINDOW};
        firn_parquet_memory *memory = NULL;
        assert_ok(firn_parquet_memory_create(&memory, &err), &err);
        firn_parquet_memory_limit_pages(memory, &limits);
        read_all(&w, memory);
        if (w.largest > 256 * KIB)
            high = limits.buffers;
        else
            low = limits.buffers;
        firn_parquet_memory_destroy(memory);
    }
    held_from = high;
    assert_true(held_from > n);             /* the page is not alone */
    assert_true(held_from < n + 128 * KIB); /* nor are there large buffers beside it */
    drop_file(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_page_is_held_up_to_the_size_of_a_large_one),
        cmocka_unit_test(test_a_large_page_is_held_while_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
