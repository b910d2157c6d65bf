/* SPDX-License-Identifier: Apache-2.0 */
/* The compact protocol reader: values, unknown fields, limits, truncation. */
#include "firn_test.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "format/parquet/thrift/thrift.h"

/* {1: i32 7, 2: "abc", 4: true, 5: [1, 2] (i32), 300: {1: i64 -3}} */
#define SAMPLE         \
    "\x15\x0e\x18\x03" \
    "abc\x21\x19\x25\x02\x04\x0c\xd8\x04\x16\x05\x00\x00"

typedef struct sample {
    int32_t one;
    firn_str two;
    bool four;
    int32_t five[2];
    int64_t inner;
} sample;

static firn_status read_inner(firn_thrift *t, const firn_thrift_field *in, sample *s,
                              firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    FIRN_TRY(firn_thrift_enter(t, in, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK)
        FIRN_TRY(firn_thrift_i64(t, &f, &s->inner, err));
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status read_list(firn_thrift *t, const firn_thrift_field *in, sample *s,
                             firn_error *err)
{
    const firn_thrift_field element = {0, FIRN_THRIFT_I32};
    size_t n = 0;
    FIRN_TRY(firn_thrift_list(t, in, FIRN_THRIFT_I32, &n, err));
    for (size_t i = 0; i < n && i < 2; i++)
        FIRN_TRY(firn_thrift_i32(t, &element, &s->five[i], err));
    return FIRN_OK;
}

static firn_status read_sample(firn_str bytes, bool skip, sample *s, firn_error *err)
{
    firn_thrift t = firn_thrift_of(bytes, 1000);
    firn_thrift_field f;
    firn_status st;
    FIRN_TRY(firn_thrift_enter(&t, NULL, &f, err));
    while ((st = firn_thrift_next(&t, &f, err)) == FIRN_OK) {
        if (skip)
            FIRN_TRY(firn_thrift_skip(&t, &f, err));
        else if (f.id == 1)
            FIRN_TRY(firn_thrift_i32(&t, &f, &s->one, err));
        else if (f.id == 2)
            FIRN_TRY(firn_thrift_binary(&t, &f, &s->two, err));
        else if (f.id == 4)
            FIRN_TRY(firn_thrift_bool(&t, &f, &s->four, err));
        else if (f.id == 5)
            FIRN_TRY(read_list(&t, &f, s, err));
        else
            FIRN_TRY(read_inner(&t, &f, s, err));
    }
    if (st == FIRN_DONE) assert_int_equal(firn_cursor_left(&t.in), 0);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static void test_values_of_all_kinds_are_read(void **state)
{
    firn_error err = {0};
    sample s = {0};
    (void)state;
    assert_ok(read_sample(FIRN_STR(SAMPLE), false, &s, &err), &err);
    assert_int_equal(s.one, 7);
    assert_str(s.two, "abc");
    assert_true(s.four);
    assert_int_equal(s.five[0], 1);
    assert_int_equal(s.five[1], 2);
    assert_int_equal(s.inner, -3);
}

static void test_skipping_ends_at_the_same_byte(void **state)
{
    firn_error err = {0};
    sample s = {0};
    (void)state;
    assert_ok(read_sample(FIRN_STR(SAMPLE), true, &s, &err), &err);
    /* {1: map<i32, bool> {5: true}, 2: set of doubles, 3: uuid} */
    assert_ok(read_sample(FIRN_STR("\x1b\x01\x51\x0a\x01\x1a\x17"
                                   "12345678\x1d"
                                   "0123456789abcdef\x00"),
                          true, &s, &err),
              &err);
}

static void test_every_truncation_is_refused(void **state)
{
    const firn_str whole = FIRN_STR(SAMPLE);
    (void)state;
    for (size_t n = 0; n < whole.len; n++) {
        firn_error err = {0};
        sample s = {0};
        assert_fails(read_sample((firn_str){whole.data, n}, false, &s, &err), FIRN_ERR_CORRUPT,
                     &err, NULL);
        assert_fails(read_sample((firn_str){whole.data, n}, true, &s, &err), FIRN_ERR_CORRUPT, &err,
                     NULL);
        assert_true(err.position >= 1000);
    }
}

static void test_wrong_types_are_named(void **state)
{
    firn_error err = {0};
    sample s = {0};
    (void)state;
    assert_fails(read_sample(FIRN_STR("\x18\x01x\x00"), false, &s, &err), FIRN_ERR_CORRUPT, &err,
                 "thrift field 1 is binary, expected integer");
    assert_fails(read_sample(FIRN_STR("\x25\x02\x00"), false, &s, &err), FIRN_ERR_CORRUPT, &err,
                 "thrift field 2 is i32, expected binary");
    assert_fails(read_sample(FIRN_STR("\x59\x28\x01x\x00"), false, &s, &err), FIRN_ERR_CORRUPT,
                 &err, "list of binary, expected i32");
    assert_fails(read_sample(FIRN_STR("\x1e\x00"), true, &s, &err), FIRN_ERR_CORRUPT, &err,
                 "thrift type 14");
}

static void test_forged_counts_are_refused(void **state)
{
    firn_error err = {0};
    sample s = {0};
    (void)state;
    assert_fails(read_sample(FIRN_STR("\x19\xf5\xff\xff\xff\xff\x0f"), true, &s, &err),
                 FIRN_ERR_LIMIT, &err, "list of 4294967295 elements, limit 1000000");
    assert_fails(read_sample(FIRN_STR("\x19\xf5\xc0\x84\x3d\x00"), true, &s, &err),
                 FIRN_ERR_CORRUPT, &err, NULL); /* 1,000,000 elements in one byte */
    assert_fails(read_sample(FIRN_STR("\x19\xf5\xc1\x84\x3d\x00"), true, &s, &err), FIRN_ERR_LIMIT,
                 &err, "1000001");
    assert_fails(read_sample(FIRN_STR("\x28\xff\xff\xff\x7f"), false, &s, &err), FIRN_ERR_LIMIT,
                 &err, "string of 268435455 bytes");
    assert_fails(read_sample(FIRN_STR("\x1b\xff\xff\xff\x7f\x55"), true, &s, &err), FIRN_ERR_LIMIT,
                 &err, "map of 268435455 entries");
}

/* A struct whose field 2 is a string of n bytes. */
static firn_status read_string(uint32_t n, firn_error *err)
{
    firn_buf out;
    sample s = {0};
    firn_buf_init(&out, NULL, FIRN_LIMIT_THRIFT_STRING + 64);
    firn_buf_byte(&out, 0x28);
    firn_buf_uvarint(&out, n);
    char *at = firn_buf_reserve(&out, n + 1u);
    assert_non_null(at);
    memset(at, 0, n + 1u);
    out.len += n + 1u;
    const firn_status st = read_sample(firn_buf_view(&out), false, &s, err);
    if (st == FIRN_OK) assert_int_equal(s.two.len, n);
    firn_buf_dispose(&out);
    return st;
}

static void test_strings_have_a_limit(void **state)
{
    firn_error err = {0};
    (void)state;
    assert_ok(read_string(FIRN_LIMIT_THRIFT_STRING - 1, &err), &err);
    assert_ok(read_string(FIRN_LIMIT_THRIFT_STRING, &err), &err);
    assert_fails(read_string(FIRN_LIMIT_THRIFT_STRING + 1, &err), FIRN_ERR_LIMIT, &err,
                 "thrift string of 16777217 bytes, limit 16777216");
}

/* A struct with a list of n numbers, or a map of n pairs of numbers, that is stepped over. */
static firn_status skip_many(bool is_map, uint32_t n, firn_error *err)
{
    firn_buf out;
    sample s = {0};
    firn_buf_init(&out, NULL, FIRN_LIMIT_THRIFT_LIST * 2 + 64);
    firn_buf_byte(&out, is_map ? 0x1b : 0x19);
    if (!is_map) firn_buf_byte(&out, 0xf5);
    firn_buf_uvarint(&out, n);
    if (is_map) firn_buf_byte(&out, 0x55);
    for (uint32_t i = 0; i < (is_map ? 2 * n : n); i++) firn_buf_byte(&out, 2);
    firn_buf_byte(&out, 0);
    const firn_status st = read_sample(firn_buf_view(&out), true, &s, err);
    firn_buf_dispose(&out);
    return st;
}

static void test_containers_have_a_limit(void **state)
{
    firn_error err = {0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_ok(skip_many(i == 1, FIRN_LIMIT_THRIFT_LIST - 1, &err), &err);
        assert_ok(skip_many(i == 1, FIRN_LIMIT_THRIFT_LIST, &err), &err);
        assert_fails(skip_many(i == 1, FIRN_LIMIT_THRIFT_LIST + 1, &err), FIRN_ERR_LIMIT, &err,
                     i == 1 ? "map of 1000001 entries, limit 1000000"
                            : "list of 1000001 elements, limit 1000000");
    }
}

/* depth structs inside of each other, the outer one included. */
static firn_status read_nested(int depth, firn_error *err)
{
    char bytes[512];
    sample s = {0};
    memset(bytes, 0x1c, (size_t)depth - 1);
    memset(bytes + depth - 1, 0, (size_t)depth);
    return read_sample((firn_str){bytes, (size_t)depth * 2 - 1}, true, &s, err);
}

static void test_depth_is_limited(void **state)
{
    firn_error err = {0};
    (void)state;
    assert_ok(read_nested(FIRN_LIMIT_NESTING - 1, &err), &err);
    assert_ok(read_nested(FIRN_LIMIT_NESTING, &err), &err);
    assert_fails(read_nested(FIRN_LIMIT_NESTING + 1, &err), FIRN_ERR_LIMIT, &err,
                 "nested deeper than 64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_all_kinds_are_read),
        cmocka_unit_test(test_skipping_ends_at_the_same_byte),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_wrong_types_are_named),
        cmocka_unit_test(test_forged_counts_are_refused),
        cmocka_unit_test(test_strings_have_a_limit),
        cmocka_unit_test(test_containers_have_a_limit),
        cmocka_unit_test(test_depth_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
