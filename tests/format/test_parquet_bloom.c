/* SPDX-License-Identifier: Apache-2.0 */
/* Bloom filters: no false "not there", as many false "maybe" as wanted, DuckDB's filters, headers
 * that are not what they should be. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "corpus.h"
#include "format/parquet/layout/parquet_bloom.h"
#include "format/parquet/read/parquet_select.h"
#include "parquet_canon.h"

#define N_VALUES 20000

static uint64_t hash_of(int64_t v)
{
    return firn_bloom_hash(&v, sizeof v);
}

static void test_hash_is_xxhash64_with_seed_zero(void **state)
{
    (void)state;
    assert_true(firn_bloom_hash("", 0) == UINT64_C(0xef46db3751d8e999));
    assert_true(firn_bloom_hash("abc", 3) == UINT64_C(0x44bc2cf5ad770999));
}

static void test_size_follows_values_and_rate(void **state)
{
    (void)state;
    assert_int_equal(firn_bloom_size(0, 0.01, 1 << 20), 32);
    assert_int_equal(firn_bloom_size(1000, 0.01, 1 << 20), 2048);
    assert_int_equal(firn_bloom_size(1000000, 0.01, 1 << 20), 1 << 20);
    assert_int_equal(firn_bloom_size(1000000, 0.01, 1000), 512);
    assert_int_equal(firn_bloom_size(UINT64_MAX, 0.01, SIZE_MAX), FIRN_BLOOM_MAX_BYTES);
}

static void test_values_are_found_and_others_mostly_not(void **state)
{
    static uint8_t bits[1 << 18];
    const size_t n = firn_bloom_size(N_VALUES, 0.01, sizeof bits);
    int n_false = 0;
    (void)state;
    assert_true(n <= sizeof bits);
    memset(bits, 0, sizeof bits);
    for (int64_t i = 0; i < N_VALUES; i++) firn_bloom_add(bits, n, hash_of(i));
    for (int64_t i = 0; i < N_VALUES; i++) assert_true(firn_bloom_may_have(bits, n, hash_of(i)));
    for (int64_t i = N_VALUES; i < 2 * N_VALUES; i++)
        n_false += firn_bloom_may_have(bits, n, hash_of(i));
    assert_in_range(n_false, 1, N_VALUES / 100 * 2);
}

static void test_folded_filter_is_the_smaller_one(void **state)
{
    uint8_t large[1024] = {0}, small[256] = {0};
    (void)state;
    for (int64_t i = 0; i < 50; i++) {
        firn_bloom_add(large, sizeof large, hash_of(i));
        firn_bloom_add(small, sizeof small, hash_of(i));
    }
    const size_t n = firn_bloom_fold(large, firn_bloom_fold(large, sizeof large));
    assert_int_equal(n, sizeof small);
    assert_memory_equal(large, small, sizeof small);
}

static void test_header_comes_back(void **state)
{
    uint8_t bits[64] = {1, 2, 3};
    firn_buf out;
    firn_error err = {0};
    size_t header = 0, size = 0;
    (void)state;
    firn_buf_init(&out, NULL, 0);
    firn_bloom_put(bits, sizeof bits, &out);
    assert_ok(firn_buf_check(&out, &err), &err);
    assert_ok(firn_bloom_header(firn_buf_view(&out), 0, &header, &size, &err), &err);
    assert_int_equal(size, sizeof bits);
    assert_int_equal(header + size, out.len);
    assert_memory_equal(out.data + header, bits, sizeof bits);
    for (size_t i = 0; i < header; i++)
        assert_int_equal(firn_bloom_header((firn_str){out.data, i}, 0, &header, &size, &err),
                         FIRN_ERR_CORRUPT);
    firn_buf_dispose(&out);
}

static void test_wrong_headers_are_refused(void **state)
{
#define UNIONS "\x1c\x1c\x00\x00\x1c\x1c\x00\x00\x1c\x1c\x00\x00\x00"
    static const struct header_case {
        firn_str bytes;
        firn_status status;
        const char *message;
    } k_cases[] = {
        {FIRN_STR_INIT("\x15\x42" UNIONS), FIRN_ERR_CORRUPT,
         "bloom filter of 33 bytes, expected a multiple of 32"},
        {FIRN_STR_INIT("\x15\x00" UNIONS), FIRN_ERR_CORRUPT, "bloom filter of 0 bytes"},
        {FIRN_STR_INIT("\x15\x3f" UNIONS), FIRN_ERR_CORRUPT, "bloom filter of -32 bytes"},
        {FIRN_STR_INIT("\x15\xc0\x80\x80\x80\x01" UNIONS), FIRN_ERR_LIMIT,
         "bloom filter of 134217760 bytes, limit 134217728"},
        {FIRN_STR_INIT("\x15\x40\x00"), FIRN_ERR_CORRUPT, "lacks a required field"},
        {FIRN_STR_INIT("\x15\x40\x1c\x2c\x00\x00\x00"), FIRN_ERR_UNSUPPORTED,
         "not supported: bloom filter with unknown algorithm"},
    };
    firn_error err = {0};
    size_t header = 0, size = 0;
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++)
        assert_fails(firn_bloom_header(k_cases[i].bytes, 0, &header, &size, &err),
                     k_cases[i].status, &err, k_cases[i].message);
    /* the largest, and one block less */
    assert_ok(
        firn_bloom_header(FIRN_STR("\x15\x80\x80\x80\x80\x01" UNIONS), 0, &header, &size, &err),
        &err);
    assert_int_equal(size, FIRN_BLOOM_MAX_BYTES);
    assert_ok(firn_bloom_header(FIRN_STR("\x15\xc0\xff\xff\x7f" UNIONS), 0, &header, &size, &err),
              &err);
    assert_int_equal(size, FIRN_BLOOM_MAX_BYTES - 32);
}

/* Rows of the file that may have the text. */
static int64_t count_selected(const firn_parquet_file *file, firn_arena *arena, const char *text)
{
    const firn_field *column =
        firn_schema_find_name(firn_parquet_file_schema(file), FIRN_STR("text"));
    const firn_value value = {.kind = FIRN_TYPE_STRING, .as.bytes = {text, strlen(text)}};
    const firn_filter filter = {
        .op = FIRN_FILTER_IN, .column = column, .values = &value, .n_values = 1};
    int64_t n = 0;
    for (size_t i = 0; i < firn_parquet_file_row_groups(file); i++) {
        firn_parquet_selection selection;
        firn_error err = {0};
        assert_ok(
            firn_parquet_select(file, i, &filter, FIRN_PARQUET_MATCH_IDS, arena, &selection, &err),
            &err);
        n += selection.n_rows;
    }
    return n;
}

static void test_duckdbs_filters_tell_what_is_not_there(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_str bytes =
        corpus_read(arena, corpus_data_path(arena, "parquet_select/bloom_duckdb.parquet"));
    const firn_byte_source source = canon_source(&bytes);
    firn_parquet_file *file = NULL;
    firn_error err = {0};
    (void)state;
    assert_ok(firn_parquet_file_open(&source, &file, &err), &err);
    assert_int_equal(firn_parquet_row_group_rows(file, 0), 2048);
    assert_int_equal(count_selected(file, arena, "key-5"), 2048); /* rows 500 to 599 */
    assert_int_equal(count_selected(file, arena, "key-29"), 3000 - 2048);
    assert_int_equal(count_selected(file, arena, "b"), 0); /* inside all bounds, and in no row */
    assert_int_equal(count_selected(file, arena, "key-5x"), 0);
    firn_parquet_file_close(file);
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_is_xxhash64_with_seed_zero),
        cmocka_unit_test(test_size_follows_values_and_rate),
        cmocka_unit_test(test_values_are_found_and_others_mostly_not),
        cmocka_unit_test(test_folded_filter_is_the_smaller_one),
        cmocka_unit_test(test_header_comes_back),
        cmocka_unit_test(test_wrong_headers_are_refused),
        cmocka_unit_test(test_duckdbs_filters_tell_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
