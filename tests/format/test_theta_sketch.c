/* SPDX-License-Identifier: Apache-2.0 */
/* Theta sketches against Apache DataSketches, byte by byte: tests/data/puffin/make_sketches.py made
 * the digests. Sketches of Spark are in test_puffin_corpora.c. */
#include "firn_test.h"

#include <md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "corpus.h"
#include "fail_alloc.h"
#include "format/puffin/murmur3_128.h"
#include "format/puffin/theta_sketch.h"

static void assert_near(double found, double expected, double tolerance)
{
    if (found < expected - tolerance || found > expected + tolerance)
        fail_msg("%.17g, expected %.17g", found, expected);
}

static firn_theta_sketch *create(void)
{
    firn_error err;
    firn_theta_sketch *sketch = NULL;
    assert_ok(firn_theta_sketch_create(NULL, &sketch, &err), &err);
    return sketch;
}

static void add_numbers(firn_theta_sketch *sketch, int64_t from, int64_t to)
{
    firn_error err;
    for (int64_t i = from; i < to; i++)
        assert_ok(firn_theta_sketch_add(sketch, (firn_str){(const char *)&i, sizeof i}, &err),
                  &err);
}

static void add_texts(firn_theta_sketch *sketch, int64_t n)
{
    firn_error err;
    char text[40];
    for (int64_t i = 0; i < n; i++) {
        const int len = snprintf(text, sizeof text, "value-%lld", (long long)i);
        assert_ok(firn_theta_sketch_add(sketch, (firn_str){text, (size_t)len}, &err), &err);
    }
}

static void assert_digest(const firn_theta_sketch *sketch, firn_str expected)
{
    firn_error err;
    firn_buf out;
    MD5_CTX md5;
    char hex[33];
    firn_buf_init(&out, NULL, 0);
    assert_ok(firn_theta_sketch_encode(sketch, &out, &err), &err);
    MD5Init(&md5);
    MD5Update(&md5, (const uint8_t *)out.data, out.len);
    (void)MD5End(&md5, hex);
    assert_str(expected, hex);
    firn_buf_dispose(&out);
}

static void test_bytes_and_estimates_are_those_of_datasketches(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_str lines = corpus_read(arena, corpus_data_path(arena, "puffin/theta/estimates.tsv"));
    size_t n_checked = 0;
    (void)state;
    while (lines.len > 0) {
        firn_str line = firn_str_split(&lines, '\n');
        const firn_str kind = firn_str_split(&line, '\t');
        const int64_t n = strtoll(firn_str_split(&line, '\t').data, NULL, 10);
        firn_str_split(&line, '\t');
        const double estimate = strtod(firn_str_split(&line, '\t').data, NULL);
        firn_theta_sketch *sketch = create();
        if (firn_str_equals(kind, FIRN_STR("i64")))
            add_numbers(sketch, 0, n);
        else
            add_texts(sketch, n);
        assert_near(firn_theta_sketch_estimate(sketch), estimate, 1e-6 * estimate);
        assert_digest(sketch, line);
        firn_theta_sketch_destroy(sketch);
        n_checked++;
    }
    assert_int_equal(n_checked, 12);
    firn_arena_destroy(arena);
}

static void test_hash_of_known_texts(void **state)
{
    uint64_t hash[2];
    const char *text = "The quick brown fox jumps over the lazy dog";
    (void)state;
    firn_murmur3_x64_128(text, strlen(text), 0, hash); /* published vector */
    assert_int_equal(hash[0], 0xe34bbc7bbc071b6cu);
    assert_int_equal(hash[1], 0x7a433ca9c49a9347u);
    const uint64_t seed = 9001;
    firn_murmur3_x64_128(&seed, sizeof seed, 0, hash);
    assert_int_equal(hash[0] & 0xffff, 0x93cc);
}

static void test_adding_again_changes_nothing(void **state)
{
    firn_error err;
    firn_theta_sketch *sketch = create();
    (void)state;
    add_numbers(sketch, 0, 100);
    add_numbers(sketch, 0, 100);
    assert_ok(firn_theta_sketch_add(sketch, FIRN_STR(""), &err), &err);
    assert_near(firn_theta_sketch_estimate(sketch), 100, 0);
    firn_theta_sketch_destroy(sketch);
}

static firn_theta_sketch *reread(const firn_theta_sketch *sketch)
{
    firn_error err;
    firn_buf out;
    firn_theta_sketch *again = NULL;
    firn_buf_init(&out, NULL, 0);
    assert_ok(firn_theta_sketch_encode(sketch, &out, &err), &err);
    assert_ok(firn_theta_sketch_decode(firn_buf_view(&out), NULL, &again, &err), &err);
    firn_buf_dispose(&out);
    assert_near(firn_theta_sketch_estimate(again), firn_theta_sketch_estimate(sketch), 0);
    return again;
}

static void check_union(int64_t a_to, int64_t b_from, int64_t b_to)
{
    firn_error err;
    firn_theta_sketch *a = create();
    firn_theta_sketch *b = create();
    add_numbers(a, 0, a_to);
    add_numbers(b, b_from, b_to);
    firn_theta_sketch *read = reread(b);
    assert_ok(firn_theta_sketch_union(a, read, &err), &err);
    const int64_t expected = b_from < a_to ? (b_to > a_to ? b_to : a_to) : a_to + b_to - b_from;
    const double estimate = firn_theta_sketch_estimate(a);
    if (expected < 4096)
        assert_near(estimate, (double)expected, 0);
    else
        assert_near(estimate, (double)expected, 0.05 * (double)expected);
    firn_theta_sketch_destroy(a);
    firn_theta_sketch_destroy(b);
    firn_theta_sketch_destroy(read);
}

static void test_union_estimates_both(void **state)
{
    (void)state;
    check_union(0, 0, 0);
    check_union(0, 0, 10);
    check_union(10, 0, 0);
    check_union(1000, 500, 2000);
    check_union(1000, 500, 100000);
    check_union(100000, 500, 900);
    check_union(100000, 50000, 200000);
    check_union(50000, 100000, 110000);
}

/* ---- hostile bytes ---- */

static void put_head(firn_buf *out, const char *head, size_t n)
{
    firn_buf_clear(out);
    firn_buf_append(out, head, n);
}

static void assert_refused(const firn_buf *bytes, firn_status status, const char *message)
{
    firn_error err;
    firn_theta_sketch *sketch = NULL;
    assert_fails(firn_theta_sketch_decode(firn_buf_view(bytes), NULL, &sketch, &err), status, &err,
                 message);
    assert_null(sketch);
}

static void test_bad_preambles_are_refused(void **state)
{
    static const struct {
        const char *head;
        firn_status status;
        const char *message;
    } k_cases[] = {
        {"\2\3\2\0\0\x1a\xcc\x93\0\0\0\0\0\0\0\0", FIRN_ERR_CORRUPT, "family 2, expected 3"},
        {"\2\2\3\0\0\x1a\xcc\x93\0\0\0\0\0\0\0\0", FIRN_ERR_UNSUPPORTED, "serial version 2"},
        {"\2\3\3\0\0\x1b\xcc\x93\0\0\0\0\0\0\0\0", FIRN_ERR_UNSUPPORTED, "big-endian"},
        {"\4\3\3\0\0\x1a\xcc\x93\0\0\0\0\0\0\0\0", FIRN_ERR_CORRUPT, "4 preamble longs"},
        {"\2\3\3\0\0\x1a\xcc\x92\0\0\0\0\0\0\0\0", FIRN_ERR_CORRUPT, "seed hash 37580"},
        {"\2\3\3\0\0\x1e\xcc\x93\1\0\0\0\0\0\0\0", FIRN_ERR_CORRUPT, "1 entries in an empty one"},
        {"\2\3\3\0\0\x1a\xcc\x93\1\0\0\0\0\0\0\0", FIRN_ERR_CORRUPT, "0 bytes for 1 entries"},
        {"\2\3\3\0\0\x1a\xcc\x93\xff\xff\1\0\0\0\0\0", FIRN_ERR_CORRUPT,
         "0 bytes for 131071 entries"},
        {"\2\3\3\0\0\x1a\xcc\x93\0\0\2\0\0\0\0\0", FIRN_ERR_CORRUPT, "0 bytes for 131072 entries"},
        {"\2\3\3\0\0\x1a\xcc\x93\1\0\2\0\0\0\0\0", FIRN_ERR_LIMIT, "131073 entries, limit 131072"},
        {"\1\3\3\0\0\x1a\xcc\x93\0\0\0\0\0\0\0\0", FIRN_ERR_CORRUPT, "hash 0, theta"},
    };
    firn_buf bytes;
    (void)state;
    firn_buf_init(&bytes, NULL, 0);
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        put_head(&bytes, k_cases[i].head, 16);
        assert_refused(&bytes, k_cases[i].status, k_cases[i].message);
    }
    put_head(&bytes, "\2\3\3\0\0", 5);
    assert_refused(&bytes, FIRN_ERR_CORRUPT, "truncated: 8 bytes needed, 5 left");
    firn_buf_dispose(&bytes);
}

static void test_bad_hashes_are_refused(void **state)
{
    firn_buf bytes;
    (void)state;
    firn_buf_init(&bytes, NULL, 0);
    put_head(&bytes, "\2\3\3\0\0\x1a\xcc\x93\2\0\0\0\0\0\0\0", 16);
    firn_buf_u64le(&bytes, 5);
    firn_buf_u64le(&bytes, 4);
    assert_refused(&bytes, FIRN_ERR_CORRUPT, "hash 4 behind 5");
    bytes.data[5] = 0x0a; /* not ordered */
    bytes.data[24] = 5;
    assert_refused(&bytes, FIRN_ERR_CORRUPT, "hash 5 twice");
    put_head(&bytes, "\3\3\3\0\0\x1a\xcc\x93\1\0\0\0\0\0\0\0", 16);
    firn_buf_u64le(&bytes, 5);
    firn_buf_u64le(&bytes, 5);
    assert_refused(&bytes, FIRN_ERR_CORRUPT, "hash 5, theta 5");
    firn_buf_dispose(&bytes);
}

static firn_status run_all(void *ctx, firn_error *err)
{
    firn_theta_sketch *a = NULL;
    firn_theta_sketch *b = NULL;
    firn_buf out;
    firn_buf_init(&out, NULL, 0);
    (void)ctx;
    firn_status st = firn_theta_sketch_create(NULL, &a, err);
    for (int64_t i = 0; st == FIRN_OK && i < 9000; i++)
        st = firn_theta_sketch_add(a, (firn_str){(const char *)&i, sizeof i}, err);
    if (st == FIRN_OK) st = firn_theta_sketch_encode(a, &out, err);
    if (st == FIRN_OK) st = firn_theta_sketch_decode(firn_buf_view(&out), NULL, &b, err);
    if (st == FIRN_OK) st = firn_theta_sketch_add(b, FIRN_STR("more"), err);
    if (st == FIRN_OK) st = firn_theta_sketch_union(b, a, err);
    firn_theta_sketch_destroy(a);
    firn_theta_sketch_destroy(b);
    firn_buf_dispose(&out);
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(firn_fail_alloc_each(run_all, NULL) > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_and_estimates_are_those_of_datasketches),
        cmocka_unit_test(test_hash_of_known_texts),
        cmocka_unit_test(test_adding_again_changes_nothing),
        cmocka_unit_test(test_union_estimates_both),
        cmocka_unit_test(test_bad_preambles_are_refused),
        cmocka_unit_test(test_bad_hashes_are_refused),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
