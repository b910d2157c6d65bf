/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders below a page: bits, hybrid runs, deltas, levels, spreading. Vectors are from the
 * format's specification or worked out by hand. */
#include "firn_test.h"

#include <string.h>

#include "format/parquet/encoding/parquet_delta.h"
#include "format/parquet/read/parquet_leaf_read.h"

/* Input bytes with the slack that decoders may read. */
typedef struct padded {
    uint8_t bytes[1024 + FIRN_PQ_SLACK];
} padded;

static padded pad(firn_str s)
{
    padded p = {{0}};
    assert_true(s.len <= 1024);
    memcpy(p.bytes, s.data, s.len);
    return p;
}

static void test_every_width_unpacks(void **state)
{
    (void)state;
    for (unsigned width = 0; width <= 32; width++) {
        padded in = {{0}};
        uint32_t want[100], out[100];
        for (uint32_t i = 0; i < 100; i++) {
            want[i] = width == 0 ? 0 : (i * 2654435761U) >> (32 - width);
            for (unsigned b = 0; b < width; b++) {
                const size_t bit = (size_t)i * width + b;
                in.bytes[bit / 8] |= (uint8_t)((want[i] >> b & 1U) << bit % 8);
            }
        }
        firn_pq_unpack_u32(in.bytes, width, out, 100);
        assert_memory_equal(out, want, sizeof want);
        for (uint64_t i = 0; i < 100; i++)
            assert_true(firn_pq_unpack_one(in.bytes, i * width, width) == want[i]);
    }
}

static void test_wide_values_unpack_across_nine_bytes(void **state)
{
    const padded in = pad(FIRN_STR("\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    (void)state;
    assert_true(firn_pq_unpack_one(in.bytes, 1, 64) == UINT64_MAX);
    assert_true(firn_pq_unpack_one(in.bytes, 7, 63) == ((uint64_t)1 << 58) - 1);
}

static void test_hybrid_of_the_specification(void **state)
{
    /* 0 to 7 in 3 bits as one packed group, then 100 times 4. */
    const padded in = pad(FIRN_STR("\x03\x88\xc6\xfa\xc8\x01\x04"));
    firn_pq_rle rle = firn_pq_rle_of(in.bytes, 7, 3);
    uint32_t out[108];
    firn_error err = {0};
    (void)state;
    /* In odd pieces, so that reads begin inside of runs. */
    assert_ok(firn_pq_rle_u32(&rle, out, 3, &err), &err);
    assert_ok(firn_pq_rle_u32(&rle, out + 3, 50, &err), &err);
    assert_ok(firn_pq_rle_u32(&rle, out + 53, 55, &err), &err);
    for (uint32_t i = 0; i < 108; i++) assert_int_equal(out[i], i < 8 ? i : 4);
    assert_fails(firn_pq_rle_u32(&rle, out, 1, &err), FIRN_ERR_CORRUPT, &err,
                 "ends before its values do");
}

static void test_hybrid_faults_are_refused(void **state)
{
    static const struct {
        firn_str in;
        unsigned width;
        const char *message;
    } k_cases[] = {
        {FIRN_STR_INIT(""), 3, "ends before"},
        {FIRN_STR_INIT("\x02"), 3, "without its value of 1 bytes"},
        {FIRN_STR_INIT("\x02\x08"), 3, "repeated value 8 wider than 3 bits"},
        {FIRN_STR_INIT("\x03"), 3, "bit-packed run without bytes"},
        {FIRN_STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 3, NULL},
        {FIRN_STR_INIT("\x00\x00\x00\x00"), 3, NULL}, /* a run of none needs no end */
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        const padded in = pad(k_cases[i].in);
        firn_pq_rle rle = firn_pq_rle_of(in.bytes, k_cases[i].in.len, k_cases[i].width);
        uint32_t out[4];
        firn_error err = {0};
        assert_fails(firn_pq_rle_u32(&rle, out, 4, &err), FIRN_ERR_CORRUPT, &err,
                     k_cases[i].message);
    }
}

static void test_short_last_group_gives_what_is_there(void **state)
{
    /* Two groups of 8 values of 2 bits claimed, 3 of 4 bytes there. */
    const padded in = pad(FIRN_STR("\x05\xe4\xe4\xe4"));
    firn_pq_rle rle = firn_pq_rle_of(in.bytes, 4, 2);
    uint8_t out[12];
    firn_error err = {0};
    (void)state;
    assert_ok(firn_pq_rle_u8(&rle, out, 12, &err), &err);
    for (uint8_t i = 0; i < 12; i++) assert_int_equal(out[i], i % 4);
    assert_fails(firn_pq_rle_u8(&rle, out, 1, &err), FIRN_ERR_CORRUPT, &err, NULL);
}

static void test_masks_are_filled_at_any_bit(void **state)
{
    const padded in = pad(FIRN_STR("\x03\xb5\x14\x01\x06\x00"));
    firn_pq_rle rle = firn_pq_rle_of(in.bytes, 6, 1);
    uint64_t mask[2] = {0, UINT64_MAX};
    size_t n_set = 0;
    firn_error err = {0};
    (void)state;
    assert_ok(firn_pq_rle_mask(&rle, mask, 60, 21, &n_set, &err), &err);
    assert_int_equal(n_set, 5 + 10);
    assert_true(mask[0] == (uint64_t)0x5 << 60);
    /* bits 64..67 are the rest of 0xb5, ten ones, three zeros, then what was there */
    assert_true(mask[1] == ((uint64_t)0xb | (uint64_t)0x3ff << 4 | UINT64_MAX << 17));
}

static void test_old_packed_levels_are_most_significant_bit_first(void **state)
{
    /* Encodings.md: 0 to 7 in 3 bits. */
    const padded in = pad(FIRN_STR("\x05\x39\x77"));
    const uint8_t *at = in.bytes;
    firn_pq_levels levels;
    uint8_t out[8];
    firn_error err = {0};
    (void)state;
    assert_ok(firn_pq_levels_begin(&levels, FIRN_PQ_ENC_BIT_PACKED, 7, 8, &at, in.bytes + 3, &err),
              &err);
    assert_ptr_equal(at, in.bytes + 3);
    assert_ok(firn_pq_levels_read(&levels, out, 8, &err), &err);
    for (uint8_t i = 0; i < 8; i++) assert_int_equal(out[i], i);
    assert_fails(firn_pq_levels_read(&levels, out, 1, &err), FIRN_ERR_CORRUPT, &err, NULL);
}

static void test_levels_above_the_schemas_maximum_are_refused(void **state)
{
    const padded in = pad(FIRN_STR("\x02\0\0\0\x08\x03"));
    const uint8_t *at = in.bytes;
    firn_pq_levels levels;
    uint8_t out[4];
    firn_error err = {0};
    (void)state;
    assert_ok(firn_pq_levels_begin(&levels, FIRN_PQ_ENC_RLE, 2, 4, &at, in.bytes + 6, &err), &err);
    assert_fails(firn_pq_levels_read(&levels, out, 4, &err), FIRN_ERR_CORRUPT, &err,
                 "level 3, the schema allows 2");
}

static void test_deltas_decode_and_end_where_they_end(void **state)
{
    /* Block 128, 4 miniblocks, 5 values, first 7; min delta -2, then widths 2 0 0 0 and the deltas
     * -2 -2 1 1 less the minimum: 0 0 3 3. */
    const padded in = pad(FIRN_STR("\x80\x01\x04\x05\x0e\x03\x02\x00\x00\x00"
                                   "\xf0\0\0\0\0\0\0\0"
                                   "tail"));
    const int64_t want[] = {7, 5, 3, 4, 5};
    firn_pq_delta d;
    const uint8_t *end = NULL;
    int64_t out[5];
    firn_error err = {0};
    (void)state;
    assert_ok(firn_pq_delta_init(&d, in.bytes, 22, &err), &err);
    assert_ok(firn_pq_delta_end(&d, &end, &err), &err);
    assert_memory_equal(end, "tail", 4);
    assert_ok(firn_pq_delta_read(&d, out, 2, &err), &err);
    assert_ok(firn_pq_delta_read(&d, out + 2, 3, &err), &err);
    assert_memory_equal(out, want, sizeof want);
    assert_fails(firn_pq_delta_read(&d, out, 1, &err), FIRN_ERR_CORRUPT, &err, "ends before");
}

static void test_billions_of_equal_deltas_cost_nothing(void **state)
{
    /* One block of 2^31 values in one miniblock of no bits: 2^30 values of step 1. */
    const padded in = pad(FIRN_STR("\x80\x80\x80\x80\x08\x01\x80\x80\x80\x80\x04\x00\x02\x00"));
    firn_pq_delta d;
    const uint8_t *end = NULL;
    int64_t out[100];
    firn_error err = {0};
    (void)state;
    assert_ok(firn_pq_delta_init(&d, in.bytes, 14, &err), &err);
    assert_ok(firn_pq_delta_end(&d, &end, &err), &err);
    assert_ptr_equal(end, in.bytes + 14);
    assert_ok(firn_pq_delta_read(&d, out, 100, &err), &err);
    assert_int_equal(out[99], 99);
}

static void test_delta_faults_are_refused(void **state)
{
    static const struct {
        firn_str in;
        const char *message;
    } k_cases[] = {
        {FIRN_STR_INIT("\x80\x01\x00\x05\x0e"), "128 values in 0 miniblocks"},
        {FIRN_STR_INIT("\x80\x01\x03\x05\x0e"), "128 values in 3 miniblocks"},
        {FIRN_STR_INIT("\x80\x01\x08\x05\x0e"), "miniblock of 16 values"},
        {FIRN_STR_INIT("\x80\x01\x04\x05\x0e\x03\x41\x00\x00\x00"), "delta of 65 bits"},
        {FIRN_STR_INIT("\x80\x01\x04\x05\x0e\x03\x10\x00\x00\x00x"),
         "miniblock of 8 bytes, 1 left"},
        {FIRN_STR_INIT("\x80\x01\x04\x05\x0e\x03\x02\x00"), "truncated"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        const padded in = pad(k_cases[i].in);
        firn_pq_delta d;
        int64_t out[5];
        firn_error err = {0};
        firn_status st = firn_pq_delta_init(&d, in.bytes, k_cases[i].in.len, &err);
        if (st == FIRN_OK) st = firn_pq_delta_read(&d, out, 5, &err);
        assert_fails(st, FIRN_ERR_CORRUPT, &err, k_cases[i].message);
    }
}

static void test_values_spread_over_nulls(void **state)
{
    int64_t values[70];
    const uint64_t mask[2] = {0x8000000000000005, 0x21};
    (void)state;
    for (int64_t i = 0; i < 70; i++) values[i] = i + 1;
    firn_pq_spread(firn_pq_kernels_of(FIRN_CPU_PORTABLE), values, sizeof *values, mask, 0, 70, 5);
    for (int64_t i = 0, next = 1; i < 70; i++) {
        const bool is_set = (mask[i / 64] >> (i % 64) & 1) != 0;
        assert_int_equal(values[i], is_set ? next : 0);
        next += is_set;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_width_unpacks),
        cmocka_unit_test(test_wide_values_unpack_across_nine_bytes),
        cmocka_unit_test(test_hybrid_of_the_specification),
        cmocka_unit_test(test_hybrid_faults_are_refused),
        cmocka_unit_test(test_short_last_group_gives_what_is_there),
        cmocka_unit_test(test_masks_are_filled_at_any_bit),
        cmocka_unit_test(test_old_packed_levels_are_most_significant_bit_first),
        cmocka_unit_test(test_levels_above_the_schemas_maximum_are_refused),
        cmocka_unit_test(test_deltas_decode_and_end_where_they_end),
        cmocka_unit_test(test_billions_of_equal_deltas_cost_nothing),
        cmocka_unit_test(test_delta_faults_are_refused),
        cmocka_unit_test(test_values_spread_over_nulls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
