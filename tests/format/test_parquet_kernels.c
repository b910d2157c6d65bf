/* SPDX-License-Identifier: Apache-2.0 */
/* Each kernel of each level against the portable one, on buffers of exactly the size that is
 * promised, so that the sanitizer sees a byte too many. */
#include "firn_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "format/parquet/encoding/parquet_bits.h"

#define MAX_VALUES 150

typedef void (*level_fn)(const firn_pq_kernels *kernels, const firn_pq_kernels *plain,
                         firn_prng *prng);

/* Runs fn for each level above the portable one that this machine has. */
static void on_each_level(level_fn fn)
{
    static const firn_cpu_level k_levels[] = {FIRN_CPU_AVX2, FIRN_CPU_AVX512};
    firn_prng prng;
    firn_prng_init(&prng, 5);
    for (size_t i = 0; i < sizeof k_levels / sizeof *k_levels; i++) {
        const firn_pq_kernels *kernels = firn_pq_kernels_of(k_levels[i]);
        if (kernels->level != k_levels[i]) {
            print_message("skipped: this processor has no level %d\n", (int)k_levels[i]);
            continue;
        }
        fn(kernels, firn_pq_kernels_of(FIRN_CPU_PORTABLE), &prng);
    }
}

static void *random_bytes(firn_prng *prng, size_t size)
{
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)firn_prng_next(prng);
    return bytes;
}

static void *copy_of(const void *from, size_t size)
{
    void *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    if (size > 0) memcpy(copy, from, size);
    return copy;
}

static void assert_same(const void *a, const void *b, size_t size)
{
    if (size > 0) assert_memory_equal(a, b, size);
}

static void test_levels_are_what_was_asked_for_or_the_best_there_is(void **state)
{
    (void)state;
    assert_int_equal(firn_pq_kernels_of(FIRN_CPU_PORTABLE)->level, FIRN_CPU_PORTABLE);
    assert_int_equal(firn_pq_kernels_of(FIRN_CPU_AVX512)->level, firn_cpu_best());
}

static void unpack(const firn_pq_kernels *kernels, const firn_pq_kernels *plain, firn_prng *prng)
{
    for (unsigned width = 1; width <= 32; width++) {
        for (size_t n = 0; n <= MAX_VALUES; n++) {
            uint8_t *in = random_bytes(prng, (n * width + 7) / 8 + FIRN_PQ_SLACK);
            uint32_t *want = random_bytes(prng, n * 4), *found = random_bytes(prng, n * 4);
            plain->unpack_u32(in, width, want, n);
            kernels->unpack_u32(in, width, found, n);
            assert_same(found, want, n * 4);
            free(in);
            free(want);
            free(found);
        }
    }
}

static void test_every_width_and_length_unpacks_alike(void **state)
{
    (void)state;
    on_each_level(unpack);
}

static void largest(const firn_pq_kernels *kernels, const firn_pq_kernels *plain, firn_prng *prng)
{
    for (size_t n = 0; n <= MAX_VALUES; n++) {
        uint32_t *v = random_bytes(prng, n * 4);
        assert_int_equal(kernels->max_u32(v, n), plain->max_u32(v, n));
        for (size_t i = 0; i < n; i++) v[i] &= 0x7fffffff;
        for (size_t i = 0; i < n; i++) { /* wherever it stands, and beyond the signed numbers */
            const uint32_t was = v[i];
            v[i] = UINT32_MAX - 7;
            assert_int_equal(kernels->max_u32(v, n), UINT32_MAX - 7);
            v[i] = was;
        }
        free(v);
    }
}

static void test_largest_value_is_found_at_every_place(void **state)
{
    (void)state;
    on_each_level(largest);
}

static void gather_width(firn_pq_gather_fn fn, firn_pq_gather_fn plain, size_t width,
                         firn_prng *prng)
{
    for (size_t n_values = 1; n_values <= 40; n_values++) {
        uint8_t *dictionary = random_bytes(prng, n_values * width);
        for (size_t n = 0; n <= MAX_VALUES; n += 1 + n / 40) {
            uint32_t *index = random_bytes(prng, n * 4);
            for (size_t i = 0; i < n; i++) index[i] %= (uint32_t)n_values;
            uint8_t *want = random_bytes(prng, n * width + 1),
                    *found = copy_of(want, n * width + 1);
            plain(dictionary, n_values, index, n, want + 1); /* not aligned */
            fn(dictionary, n_values, index, n, found + 1);
            assert_same(found, want, n * width + 1);
            free(index);
            free(want);
            free(found);
        }
        free(dictionary);
    }
}

static void gather(const firn_pq_kernels *kernels, const firn_pq_kernels *plain, firn_prng *prng)
{
    gather_width(kernels->gather_4, plain->gather_4, 4, prng);
    gather_width(kernels->gather_8, plain->gather_8, 8, prng);
    gather_width(kernels->gather_16, plain->gather_16, 16, prng);
}

static void test_dictionaries_of_every_size_are_looked_up_alike(void **state)
{
    (void)state;
    on_each_level(gather);
}

static void ascii(const firn_pq_kernels *kernels, const firn_pq_kernels *plain, firn_prng *prng)
{
    for (size_t n = 0; n <= MAX_VALUES; n++) {
        uint8_t *bytes = random_bytes(prng, n);
        for (size_t i = 0; i < n; i++) bytes[i] &= 0x7f;
        assert_true(kernels->is_ascii(bytes, n) && plain->is_ascii(bytes, n));
        for (size_t i = 0; i < n; i++) {
            bytes[i] |= 0x80;
            assert_false(kernels->is_ascii(bytes, n) || plain->is_ascii(bytes, n));
            bytes[i] &= 0x7f;
        }
        free(bytes);
    }
}

static void test_a_byte_that_is_not_ascii_is_seen_at_every_place(void **state)
{
    (void)state;
    on_each_level(ascii);
}

static size_t count_bits(const uint64_t *mask, size_t at, size_t n)
{
    size_t count = 0;
    for (size_t i = at; i < at + n; i++) count += mask[i >> 6] >> (i & 63) & 1;
    return count;
}

static void spread_width(firn_pq_spread_fn fn, firn_pq_spread_fn plain, size_t width,
                         firn_prng *prng)
{
    for (size_t n = 0; n <= MAX_VALUES; n++) {
        const size_t at = firn_prng_below(prng, 130), n_words = (at + n + 63) / 64;
        uint64_t *mask = random_bytes(prng, n_words * 8);
        const uint64_t kind = firn_prng_below(prng, 4); /* some, most, all, none */
        for (size_t i = 0; i < n_words; i++) {
            if (kind == 1) mask[i] |= firn_prng_next(prng);
            if (kind >= 2) mask[i] = kind == 2 ? UINT64_MAX : 0;
        }
        const size_t n_set = count_bits(mask, at, n);
        uint8_t *want = random_bytes(prng, n * width), *found = copy_of(want, n * width);
        plain(want, mask, at, n, n_set);
        fn(found, mask, at, n, n_set);
        assert_same(found, want, n * width);
        for (size_t i = 0; i < n; i++) /* the reference itself: a null is zero */
            if (!(mask[(at + i) >> 6] >> ((at + i) & 63) & 1)) assert_int_equal(want[i * width], 0);
        free(mask);
        free(want);
        free(found);
    }
}

static void spread(const firn_pq_kernels *kernels, const firn_pq_kernels *plain, firn_prng *prng)
{
    for (int round = 0; round < 8; round++) {
        spread_width(kernels->spread_1, plain->spread_1, 1, prng);
        spread_width(kernels->spread_4, plain->spread_4, 4, prng);
        spread_width(kernels->spread_8, plain->spread_8, 8, prng);
        spread_width(kernels->spread_16, plain->spread_16, 16, prng);
    }
}

static void test_values_spread_over_nulls_alike(void **state)
{
    (void)state;
    on_each_level(spread);
}

static void deltas(const firn_pq_kernels *kernels, const firn_pq_kernels *plain, firn_prng *prng)
{
    for (size_t n = 0; n <= MAX_VALUES; n++) {
        uint32_t *in = random_bytes(prng, n * 4);
        uint64_t *want = random_bytes(prng, n * 8), *found = random_bytes(prng, n * 8);
        const uint64_t least = firn_prng_next(prng), last = firn_prng_next(prng);
        const uint64_t end = plain->sum_deltas(in, n, least, last, want);
        assert_true(kernels->sum_deltas(in, n, least, last, found) == end);
        assert_same(found, want, n * 8);
        free(in);
        free(want);
        free(found);
    }
}

static void test_deltas_add_up_alike_when_they_wrap(void **state)
{
    (void)state;
    on_each_level(deltas);
}

static void join(const firn_pq_kernels *kernels, const firn_pq_kernels *plain, firn_prng *prng)
{
    for (size_t n = 0; n <= MAX_VALUES; n++) {
        const size_t stride = n + firn_prng_below(prng, 5);
        uint8_t *in = random_bytes(prng, stride * 7 + n);
        uint8_t *want = random_bytes(prng, n * 8), *found = random_bytes(prng, n * 8);
        plain->join_4(in, stride, n, want);
        kernels->join_4(in, stride, n, found);
        assert_same(found, want, n * 4);
        plain->join_8(in, stride, n, want);
        kernels->join_8(in, stride, n, found);
        assert_same(found, want, n * 8);
        free(in);
        free(want);
        free(found);
    }
}

static void test_split_streams_join_alike(void **state)
{
    (void)state;
    on_each_level(join);
}

static void test_split_streams_join_in_order(void **state)
{
    const firn_pq_kernels *plain = firn_pq_kernels_of(FIRN_CPU_PORTABLE);
    uint8_t out[16];
    (void)state;
    plain->join_4((const uint8_t *)"aAbBcCdD", 2, 2, out);
    assert_memory_equal(out, "abcdABCD", 8);
    plain->join_8((const uint8_t *)"aAbBcCdDeEfFgGhH", 2, 2, out);
    assert_memory_equal(out, "abcdefghABCDEFGH", 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_are_what_was_asked_for_or_the_best_there_is),
        cmocka_unit_test(test_every_width_and_length_unpacks_alike),
        cmocka_unit_test(test_largest_value_is_found_at_every_place),
        cmocka_unit_test(test_dictionaries_of_every_size_are_looked_up_alike),
        cmocka_unit_test(test_a_byte_that_is_not_ascii_is_seen_at_every_place),
        cmocka_unit_test(test_values_spread_over_nulls_alike),
        cmocka_unit_test(test_deltas_add_up_alike_when_they_wrap),
        cmocka_unit_test(test_split_streams_join_alike),
        cmocka_unit_test(test_split_streams_join_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
