/* SPDX-License-Identifier: Apache-2.0 */
/* What the Parquet writer allocates: every refusal is an error without a leak, and a file of any
 * size takes a bounded amount. */
#include "fail_alloc.h"
#include "firn_test.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "base/str.h"
#include "format/parquet/write/parquet_writer.h"

#define MEMORY_LIMIT ((int64_t)256 << 20) /* what the documentation promises */

#define TYPE(name, ...) static const firn_type name = {__VA_ARGS__}
TYPE(k_long, .kind = FIRN_TYPE_LONG);
TYPE(k_double, .kind = FIRN_TYPE_DOUBLE);
TYPE(k_string, .kind = FIRN_TYPE_STRING);
TYPE(k_decimal, .kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = 2);
TYPE(k_variant, .kind = FIRN_TYPE_VARIANT);
static const firn_field k_element[] = {
    {.id = 7, .name = FIRN_STR_INIT("element"), .type = &k_long}};
TYPE(k_list, .kind = FIRN_TYPE_LIST, .fields = k_element, .n_fields = 1);

static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("l"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("d"), .type = &k_double},
    {.id = 3, .name = FIRN_STR_INIT("s"), .type = &k_string},
    {.id = 4, .name = FIRN_STR_INIT("dec"), .type = &k_decimal},
    {.id = 5, .name = FIRN_STR_INIT("v"), .type = &k_variant},
    {.id = 6, .name = FIRN_STR_INIT("list"), .type = &k_list},
};
TYPE(k_root, .kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 6);

static firn_status count_bytes(void *ctx, const void *data, size_t n, firn_error *err)
{
    (void)data;
    (void)err;
    *(int64_t *)ctx += (int64_t)n;
    return FIRN_OK;
}

static firn_batch *make_rows(int64_t n)
{
    static char texts[64][40];
    firn_batch *batch;
    firn_error err;
    assert_ok(firn_batch_create(&k_root, n, &batch, &err), &err);
    firn_column *c = batch->columns;
    assert_ok(firn_column_reserve(&c[5].children[0], n, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        memset(texts[i % 64], 'a' + (int)(i % 26), sizeof texts[0]);
        ((int64_t *)c[0].values)[i] = i * 1000003;
        ((double *)c[1].values)[i] = (double)i / 7;
        ((firn_view *)c[2].values)[i] = firn_view_of(texts[i % 64], (uint32_t)(i % 40));
        ((firn_int128 *)c[3].values)[i] = (firn_int128)i << 60;
        ((firn_view *)c[4].values)[i] = firn_view_of("\x01\0\0\x0c\x07", 5);
        ((firn_list_entry *)c[5].values)[i] = (firn_list_entry){(uint64_t)i, 1};
        ((int64_t *)c[5].children[0].values)[i] = i % 3;
        if (i % 5 == 0) firn_column_set_null(&c[2], i);
    }
    batch->n_rows = n;
    return batch;
}

static firn_status write_all(void *ctx, firn_error *err)
{
    static const firn_parquet_column_opts columns[] = {{.field_id = 1, .has_bloom = true},
                                                       {.field_id = 3, .has_bloom = true}};
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_SNAPPY,
                                          .page_rows = 20,
                                          .row_group_rows = 35,
                                          .dictionary_bytes = 100,
                                          .bloom_bytes = 1024,
                                          .columns = columns,
                                          .n_columns = 2};
    int64_t n_bytes = 0;
    const firn_byte_sink sink = {&n_bytes, count_bytes};
    firn_parquet_writer *writer = NULL;
    firn_file_metrics metrics;
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_status st = firn_parquet_writer_create(&k_root, &opts, &sink, &writer, err);
    if (st == FIRN_OK) st = firn_parquet_writer_append(writer, ctx, err);
    if (st == FIRN_OK) st = firn_parquet_writer_finish(writer, arena, &metrics, err);
    firn_parquet_writer_destroy(writer);
    firn_arena_destroy(arena);
    return st;
}

static void test_every_refused_allocation_is_an_error_without_a_leak(void **state)
{
    /* an upper bound that could not be made shorter is left out, which is right for any file */
    const firn_fail_alloc_opts opts = {.may_recover = true};
    firn_batch *rows = make_rows(60);
    (void)state;
    assert_true(firn_fail_alloc_each_opts(write_all, rows, &opts) > 100);
    firn_batch_destroy(rows);
}

/* Texts that do not compress, for two row groups and more. */
static void test_big_file_is_written_in_bounded_memory(void **state)
{
    enum { LEN = 64 << 10, ROWS = 16, BATCHES = 300 };
    const firn_field field = {.id = 1, .name = FIRN_STR("t"), .type = &k_string};
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = &field, .n_fields = 1};
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD};
    int64_t n_bytes = 0;
    const firn_byte_sink sink = {&n_bytes, count_bytes};
    static uint64_t noise[LEN / 8 * ROWS + BATCHES];
    firn_prng prng;
    firn_parquet_writer *writer;
    firn_file_metrics metrics;
    firn_batch *batch;
    firn_error err;
    (void)state;
    firn_prng_init(&prng, 1);
    for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) noise[i] = firn_prng_next(&prng);
    firn_arena *arena = firn_arena_create(NULL, 0);
    assert_ok(firn_batch_create(&root, ROWS, &batch, &err), &err);
    firn_fail_alloc_arm(0, false);
    assert_ok(firn_parquet_writer_create(&root, &opts, &sink, &writer, &err), &err);
    for (int b = 0; b < BATCHES; b++) {
        for (int i = 0; i < ROWS; i++)
            ((firn_view *)batch->columns[0].values)[i] =
                firn_view_of((const char *)(noise + (size_t)LEN / 8 * (size_t)i + b), LEN);
        batch->n_rows = ROWS;
        assert_ok(firn_parquet_writer_append(writer, batch, &err), &err);
    }
    assert_ok(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    assert_true(firn_fail_alloc_peak_bytes() < MEMORY_LIMIT);
    firn_fail_alloc_disarm();
    assert_true(metrics.n_split_offsets >= 2);
    assert_true(n_bytes > 2 * ((int64_t)128 << 20));
    firn_batch_destroy(batch);
    firn_arena_destroy(arena);
}

/* A thousand columns of numbers without order: each has a page and a dictionary at hand. */
static void test_wide_file_is_written_in_bounded_memory(void **state)
{
    enum { COLUMNS = 1000, BATCHES = 12 };
    static firn_field fields[COLUMNS];
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = COLUMNS};
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD};
    int64_t n_bytes = 0;
    const firn_byte_sink sink = {&n_bytes, count_bytes};
    firn_prng prng;
    firn_parquet_writer *writer;
    firn_file_metrics metrics;
    firn_batch *batch;
    firn_error err;
    (void)state;
    firn_prng_init(&prng, 1);
    for (int i = 0; i < COLUMNS; i++)
        fields[i] = (firn_field){.id = i + 1, .name = FIRN_STR("n"), .type = &k_long};
    firn_arena *arena = firn_arena_create(NULL, 0);
    assert_ok(firn_batch_create(&root, FIRN_BATCH_ROWS, &batch, &err), &err);
    batch->n_rows = FIRN_BATCH_ROWS;
    firn_fail_alloc_arm(0, false);
    assert_ok(firn_parquet_writer_create(&root, &opts, &sink, &writer, &err), &err);
    for (int b = 0; b < BATCHES; b++) {
        for (int c = 0; c < COLUMNS; c++)
            for (int i = 0; i < FIRN_BATCH_ROWS; i += 1)
                ((int64_t *)batch->columns[c].values)[i] =
                    (int64_t)(firn_prng_next(&prng) >> (c % 40));
        assert_ok(firn_parquet_writer_append(writer, batch, &err), &err);
    }
    assert_ok(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    print_message("peak %lld MB of %lld\n", (long long)(firn_fail_alloc_peak_bytes() >> 20),
                  (long long)(n_bytes >> 20));
    assert_true(firn_fail_alloc_peak_bytes() < MEMORY_LIMIT);
    firn_fail_alloc_disarm();
    firn_batch_destroy(batch);
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_refused_allocation_is_an_error_without_a_leak),
        cmocka_unit_test(test_big_file_is_written_in_bounded_memory),
        cmocka_unit_test(test_wide_file_is_written_in_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
