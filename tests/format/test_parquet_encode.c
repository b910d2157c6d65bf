/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders against vectors worked out from the specification and against slow bit-by-bit decoders
 * of this file. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "base/random.h"
#include "base/str.h"
#include "format/parquet/encoding/parquet_encode.h"
#include "format/parquet/encoding/parquet_encode_dict.h"

#define MAX 5000

static firn_buf g_out;

static int set_up(void **state)
{
    (void)state;
    firn_buf_init(&g_out, NULL, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    firn_buf_dispose(&g_out);
    return 0;
}

static void assert_bytes(const char *bytes, size_t n)
{
    assert_int_equal(g_out.len, n);
    assert_memory_equal(g_out.data, bytes, n);
}
#define ASSERT_BYTES(literal) assert_bytes(literal, sizeof(literal) - 1)

static uint64_t bits_at(const uint8_t *data, size_t bit, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++, bit++) v |= (uint64_t)(data[bit / 8] >> (bit % 8) & 1) << i;
    return v;
}

static uint64_t read_uvarint(firn_cursor *c)
{
    uint64_t v;
    firn_error err;
    assert_ok(firn_cursor_uvarint(c, &v, &err), &err);
    return v;
}

static int64_t read_zigzag(firn_cursor *c)
{
    int64_t v;
    firn_error err;
    assert_ok(firn_cursor_zigzag(c, &v, &err), &err);
    return v;
}

static const uint8_t *read_bytes(firn_cursor *c, size_t n)
{
    firn_str bytes;
    firn_error err;
    assert_ok(firn_cursor_take(c, n, &bytes, &err), &err);
    return (const uint8_t *)bytes.data;
}

/* ---- RLE / bit-packed hybrid ---- */

static void check_rle(const uint32_t *values, size_t n, int bits)
{
    firn_buf_clear(&g_out);
    firn_rle_encode(&g_out, values, n, bits);
    firn_cursor c = firn_cursor_of(firn_buf_view(&g_out), 0);
    size_t at = 0;
    while (firn_cursor_left(&c)) {
        const uint64_t header = read_uvarint(&c);
        const size_t count = (size_t)(header >> 1) * (header & 1 ? 8 : 1);
        const uint8_t *data = read_bytes(&c, header & 1 ? (size_t)(header >> 1) * (size_t)bits
                                                        : ((size_t)bits + 7) / 8);
        for (size_t i = 0; i < count; i++, at++) {
            const uint64_t v = bits_at(data, header & 1 ? i * (size_t)bits : 0, bits);
            if (at < n)
                assert_int_equal(v, values[at]);
            else
                assert_int_equal(v, 0);
        }
    }
    assert_true(at >= n && at < n + 8);
}

static void test_literals_are_packed_from_the_low_bit(void **state)
{
    (void)state;
    /* the specification's example: 0..7 in 3 bits */
    const uint32_t values[] = {0, 1, 2, 3, 4, 5, 6, 7};
    firn_rle_encode(&g_out, values, 8, 3);
    ASSERT_BYTES("\x03\x88\xc6\xfa");
}

static void test_equal_values_are_one_run(void **state)
{
    (void)state;
    uint32_t values[1000];
    for (size_t i = 0; i < 1000; i++) values[i] = 0x1234;
    firn_rle_encode(&g_out, values, 1000, 13);
    ASSERT_BYTES("\xd0\x0f\x34\x12");
    firn_buf_clear(&g_out);
    firn_rle_encode_same(&g_out, 1, 100, 1);
    ASSERT_BYTES("\xc8\x01\x01");
}

static void test_mixed_runs_decode_to_the_same_values(void **state)
{
    (void)state;
    static uint32_t values[MAX];
    firn_prng prng;
    firn_prng_init(&prng, 7);
    for (int bits = 1; bits <= 32; bits++) {
        for (int round = 0; round < 6; round++) {
            const size_t n = (size_t)firn_prng_below(&prng, MAX);
            uint32_t v = 0;
            for (size_t i = 0, left = 0; i < n; i++) {
                if (left == 0) {
                    v = (uint32_t)firn_prng_below(&prng, (uint64_t)1 << bits);
                    left = round < 2 ? 1 : 1 + (size_t)firn_prng_below(&prng, 60);
                }
                values[i] = v;
                left--;
            }
            check_rle(values, n, bits);
        }
    }
}

static void test_no_values_are_no_bytes(void **state)
{
    (void)state;
    firn_rle_encode(&g_out, NULL, 0, 5);
    assert_int_equal(g_out.len, 0);
}

static void test_bit_widths(void **state)
{
    (void)state;
    assert_int_equal(firn_bit_width(0), 0);
    assert_int_equal(firn_bit_width(1), 1);
    assert_int_equal(firn_bit_width(255), 8);
    assert_int_equal(firn_bit_width(256), 9);
    assert_int_equal(firn_bit_width(UINT64_MAX), 64);
}

static void test_booleans_are_bits(void **state)
{
    (void)state;
    const uint8_t values[] = {1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1};
    firn_plain_encode_bool(&g_out, values, 11);
    ASSERT_BYTES("\x8d\x05");
}

/* ---- DELTA_BINARY_PACKED ---- */

static void check_delta(const int64_t *values, size_t n, bool is_32)
{
    static int32_t narrow[MAX];
    for (size_t i = 0; is_32 && i < n; i++) narrow[i] = (int32_t)values[i];
    firn_buf_clear(&g_out);
    if (is_32)
        firn_delta_encode_i32(&g_out, narrow, n);
    else
        firn_delta_encode_i64(&g_out, values, n);
    firn_cursor c = firn_cursor_of(firn_buf_view(&g_out), 0);
    assert_int_equal(read_uvarint(&c), 128);
    assert_int_equal(read_uvarint(&c), 4);
    assert_int_equal(read_uvarint(&c), n);
    uint64_t v = (uint64_t)read_zigzag(&c);
    for (size_t at = 1; at < n;) {
        const uint64_t min = (uint64_t)read_zigzag(&c);
        const uint8_t *widths = read_bytes(&c, 4);
        if (at == 1 && n) assert_int_equal((int64_t)v, is_32 ? narrow[0] : values[0]);
        for (size_t m = 0; m < 4 && at < n; m++) {
            assert_true(widths[m] <= (is_32 ? 32 : 64));
            const uint8_t *data = read_bytes(&c, 4u * widths[m]);
            for (size_t i = 0; i < 32 && at < n; i++, at++) {
                v += min + bits_at(data, i * widths[m], widths[m]);
                if (is_32)
                    assert_int_equal((int32_t)v, narrow[at]);
                else
                    assert_true((int64_t)v == values[at]);
            }
        }
    }
    assert_int_equal(firn_cursor_left(&c), 0);
}

static void test_steady_steps_take_no_bits(void **state)
{
    (void)state;
    const int64_t values[] = {1, 2, 3, 4, 5};
    firn_delta_encode_i64(&g_out, values, 5);
    ASSERT_BYTES("\x80\x01\x04\x05\x02\x02\x00\x00\x00\x00");
}

static void test_deltas_of_the_specification(void **state)
{
    (void)state;
    const int32_t values[] = {7, 5, 3, 1, 2, 3, 4, 5};
    firn_delta_encode_i32(&g_out, values, 8);
    /* smallest -2, width 2: 0 0 0 3 3 3 3 and padding */
    ASSERT_BYTES("\x80\x01\x04\x08\x0e\x03\x02\x00\x00\x00\xc0\x3f\x00\x00\x00\x00\x00\x00");
}

static void test_deltas_of_all_widths_decode_to_the_same_values(void **state)
{
    (void)state;
    static int64_t values[MAX];
    firn_prng prng;
    firn_prng_init(&prng, 11);
    const size_t counts[] = {0, 1, 2, 32, 33, 127, 128, 129, 130, 257, 1000, MAX};
    for (int bits = 1; bits <= 64; bits += 3) {
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
            const uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
            for (size_t i = 0; i < counts[k]; i++)
                values[i] = (int64_t)(firn_prng_next(&prng) & mask);
            check_delta(values, counts[k], false);
            check_delta(values, counts[k], true);
        }
    }
}

static void test_extreme_deltas_wrap_around(void **state)
{
    (void)state;
    const int64_t wide[] = {INT64_MIN, INT64_MAX, INT64_MIN, 0, INT64_MAX, -1};
    const int64_t narrow[] = {INT32_MIN, INT32_MAX, INT32_MIN, 0, INT32_MAX, -1};
    check_delta(wide, 6, false);
    check_delta(narrow, 6, true);
}

/* ---- dictionary ---- */

static void test_dictionary_numbers_values_by_first_use(void **state)
{
    (void)state;
    firn_parquet_dict dict;
    firn_error err;
    const int64_t values[] = {5, -1, 5, 0, -1};
    uint32_t out[5];
    size_t n_done;
    firn_parquet_dict_init(&dict, NULL, 8, false, 1000);
    assert_ok(firn_parquet_dict_add(&dict, values, 5, out, &n_done, &err), &err);
    assert_int_equal(n_done, 5);
    const uint32_t want[] = {0, 1, 0, 2, 1};
    assert_memory_equal(out, want, sizeof want);
    assert_int_equal(dict.bytes, 24);
    firn_parquet_dict_expand(&dict, out, 5, &g_out);
    assert_int_equal(g_out.len, sizeof values);
    assert_memory_equal(g_out.data, values, sizeof values);
    firn_parquet_dict_dispose(&dict);
}

static void test_dictionary_grows_and_keeps_its_numbers(void **state)
{
    (void)state;
    static uint32_t values[MAX], out[MAX];
    firn_parquet_dict dict;
    firn_error err;
    size_t n_done;
    for (uint32_t i = 0; i < MAX; i++) values[i] = i % 3001 * 7919;
    firn_parquet_dict_init(&dict, NULL, 4, false, 1 << 20);
    assert_ok(firn_parquet_dict_add(&dict, values, MAX, out, &n_done, &err), &err);
    assert_int_equal(n_done, MAX);
    assert_int_equal(dict.n, 3001);
    for (uint32_t i = 0; i < MAX; i++) assert_int_equal(out[i], i % 3001);
    firn_parquet_dict_plain(&dict, &g_out);
    assert_int_equal(g_out.len, 3001 * 4);
    firn_parquet_dict_dispose(&dict);
}

/* values in steps of any length: what a dictionary of numbers close together, then far apart, then
 * many between them must not confuse. */
static void test_dictionary_of_numbers_keeps_them_apart_at_any_distance(void **state)
{
    (void)state;
    static const int64_t steps[] = {0, -1, 100, -4000, 70000, INT32_MIN, INT32_MAX, 123456};
    static int32_t narrow[MAX];
    static int64_t wide[MAX];
    static uint32_t out[MAX], out_wide[MAX];
    firn_parquet_dict dict, dict_wide;
    firn_error err;
    size_t n_done, at = 0;
    for (size_t i = 0; i < MAX; i++) {
        wide[i] = steps[i * 8 / MAX] / 2 + (int64_t)(i * 2654435761u % 1999);
        narrow[i] = (int32_t)wide[i];
    }
    firn_parquet_dict_init(&dict, NULL, 4, false, 1 << 20);
    firn_parquet_dict_init(&dict_wide, NULL, 8, false, 1 << 20);
    for (size_t n = 1; at < MAX; at += n_done, n = n * 2 % 2047 + 1) {
        const size_t k = n < MAX - at ? n : MAX - at;
        assert_ok(firn_parquet_dict_add(&dict, narrow + at, k, out + at, &n_done, &err), &err);
        assert_int_equal(n_done, k);
        assert_ok(firn_parquet_dict_add(&dict_wide, wide + at, k, out_wide + at, &n_done, &err),
                  &err);
        assert_int_equal(n_done, k);
    }
    assert_memory_equal(out, out_wide, sizeof out);
    firn_buf_clear(&g_out);
    firn_parquet_dict_expand(&dict, out, MAX, &g_out);
    assert_int_equal(g_out.len, sizeof narrow);
    assert_memory_equal(g_out.data, narrow, sizeof narrow);
    firn_buf_clear(&g_out);
    firn_parquet_dict_plain(&dict_wide, &g_out);
    const int64_t *entries = (const int64_t *)(const void *)g_out.data;
    assert_int_equal(g_out.len, dict_wide.n * sizeof *entries);
    for (size_t i = 0; i < MAX; i++) assert_int_equal(entries[out_wide[i]], wide[i]);
    for (uint32_t i = 0, next = 0; i < MAX; i++) { /* by first use: so none is there twice */
        assert_true(out[i] <= next);
        next += out[i] == next;
        if (i == MAX - 1) assert_int_equal(dict.n, next);
    }
    firn_parquet_dict_dispose(&dict);
    firn_parquet_dict_dispose(&dict_wide);
}

static void test_dictionary_stops_at_its_limit(void **state)
{
    (void)state;
    const int64_t values[] = {1, 2, 1, 3, 2};
    firn_parquet_dict dict;
    firn_error err;
    uint32_t out[5];
    size_t n_done;
    firn_parquet_dict_init(&dict, NULL, 8, false, 16);
    assert_ok(firn_parquet_dict_add(&dict, values, 5, out, &n_done, &err), &err);
    assert_int_equal(n_done, 3);
    assert_int_equal(dict.n, 2);
    firn_parquet_dict_dispose(&dict);
}

/* Texts by turns, now and then one out of turn, the last ones new: as a plain search has them. */
static void test_dictionary_follows_texts_that_come_in_their_first_order(void **state)
{
    enum { TEXTS = 200, VALUES = 5000 };
    (void)state;
    static char texts[TEXTS + 1][24];
    static firn_view views[VALUES];
    static uint32_t want[VALUES], out[VALUES];
    uint32_t numbers[TEXTS + 1] = {0};
    firn_parquet_dict dict;
    firn_error err;
    uint32_t n = 0;
    size_t n_done = 0;
    uint64_t dice = 1;
    for (int i = 0; i <= TEXTS; i++)
        (void)snprintf(texts[i], sizeof texts[i], "sensor %0*d", 1 + i % 9, i);
    for (size_t i = 0; i < VALUES; i++) {
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        size_t text = i % (TEXTS - 1);
        if (dice >> 60 == 0) text = (dice >> 33) % TEXTS;
        if (i > VALUES - 100) text = TEXTS - i % 2;
        views[i] = firn_view_of(texts[text], (uint32_t)strlen(texts[text]));
        if (numbers[text] == 0) numbers[text] = ++n;
        want[i] = numbers[text] - 1;
    }
    firn_parquet_dict_init(&dict, NULL, 0, true, 1 << 20);
    for (size_t at = 0; at < VALUES; at += n_done) {
        const size_t some = 1 + at * 7 % 900;
        const size_t left = VALUES - at;
        assert_ok(firn_parquet_dict_add(&dict, views + at, some < left ? some : left, out + at,
                                        &n_done, &err),
                  &err);
        assert_int_equal(n_done, some < left ? some : left);
    }
    assert_memory_equal(out, want, sizeof want);
    assert_int_equal(dict.n, n);
    firn_parquet_dict_dispose(&dict);
}

static void test_dictionary_tells_texts_of_all_lengths_apart(void **state)
{
    (void)state;
    static char texts[600][48];
    firn_view views[600];
    uint32_t out[600];
    firn_parquet_dict dict;
    firn_error err;
    size_t n_done, n = 0, bytes = 0;
    for (size_t len = 0; len < 40; len++) { /* same head, other tail */
        for (int k = 0; k < 15 && n < 600; k++, n++) {
            memset(texts[n], 'a', sizeof texts[n]);
            if (len) texts[n][len - 1] = (char)('a' + k);
            views[n] = firn_view_of(texts[n], (uint32_t)len);
        }
    }
    firn_parquet_dict_init(&dict, NULL, 0, true, 1 << 20);
    for (int round = 0; round < 2; round++) {
        assert_ok(firn_parquet_dict_add(&dict, views, n, out, &n_done, &err), &err);
        assert_int_equal(n_done, n);
        firn_buf_clear(&g_out);
        firn_parquet_dict_values(&dict, out, n, &g_out);
        const firn_view *found = (const firn_view *)(const void *)g_out.data;
        for (size_t i = 0; i < n; i++)
            assert_true(firn_str_equals(firn_view_str(&found[i]), firn_view_str(&views[i])));
    }
    assert_int_equal(dict.n, 39 * 15 + 1);
    firn_buf_clear(&g_out);
    firn_parquet_dict_expand(&dict, out, n, &g_out);
    for (size_t i = 0; i < n; i++) bytes += 4 + views[i].len;
    assert_int_equal(g_out.len, bytes);
    assert_int_equal(firn_load_u32le(g_out.data + bytes - 4 - 39), 39);
    firn_parquet_dict_dispose(&dict);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_literals_are_packed_from_the_low_bit),
        TEST(test_equal_values_are_one_run),
        TEST(test_mixed_runs_decode_to_the_same_values),
        TEST(test_no_values_are_no_bytes),
        TEST(test_bit_widths),
        TEST(test_booleans_are_bits),
        TEST(test_steady_steps_take_no_bits),
        TEST(test_deltas_of_the_specification),
        TEST(test_deltas_of_all_widths_decode_to_the_same_values),
        TEST(test_extreme_deltas_wrap_around),
        TEST(test_dictionary_numbers_values_by_first_use),
        TEST(test_dictionary_grows_and_keeps_its_numbers),
        TEST(test_dictionary_of_numbers_keeps_them_apart_at_any_distance),
        TEST(test_dictionary_stops_at_its_limit),
        TEST(test_dictionary_follows_texts_that_come_in_their_first_order),
        TEST(test_dictionary_tells_texts_of_all_lengths_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
