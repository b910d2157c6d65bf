/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/str.h"
#include "format/columns/metrics.h"

#define BYTES(s)            \
    {                       \
        "" s, sizeof(s) - 1 \
    }

/* The forms of the specification's Appendix D. */
static const struct value_case {
    firn_value value;
    firn_type type;
    firn_str bytes;
} k_values[] = {
    {{.kind = FIRN_TYPE_BOOLEAN, .as.boolean = true}, {.kind = FIRN_TYPE_BOOLEAN}, BYTES("\x01")},
    {{.kind = FIRN_TYPE_INT, .as.i32 = -2}, {.kind = FIRN_TYPE_INT}, BYTES("\xfe\xff\xff\xff")},
    {{.kind = FIRN_TYPE_DATE, .as.i32 = 258}, {.kind = FIRN_TYPE_DATE}, BYTES("\x02\x01\0\0")},
    {{.kind = FIRN_TYPE_LONG, .as.i64 = 1}, {.kind = FIRN_TYPE_LONG}, BYTES("\x01\0\0\0\0\0\0\0")},
    {{.kind = FIRN_TYPE_FLOAT, .as.f32 = 1.0f}, {.kind = FIRN_TYPE_FLOAT}, BYTES("\0\0\x80\x3f")},
    {{.kind = FIRN_TYPE_DOUBLE, .as.f64 = -2.0},
     {.kind = FIRN_TYPE_DOUBLE},
     BYTES("\0\0\0\0\0\0\0\xc0")},
    {{.kind = FIRN_TYPE_STRING, .as.bytes = FIRN_STR_INIT("iceberg")},
     {.kind = FIRN_TYPE_STRING},
     BYTES("iceberg")},
    {{.kind = FIRN_TYPE_DECIMAL, .scale = 2, .as.decimal = 1420},
     {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2},
     BYTES("\x05\x8c")},
    {{.kind = FIRN_TYPE_DECIMAL, .scale = 2, .as.decimal = -1},
     {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2},
     BYTES("\xff")},
    {{.kind = FIRN_TYPE_DECIMAL, .scale = 2, .as.decimal = 128},
     {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2},
     BYTES("\x00\x80")},
    {{.kind = FIRN_TYPE_DECIMAL, .scale = 2, .as.decimal = -129},
     {.kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = 2},
     BYTES("\xff\x7f")},
    {{.kind = FIRN_TYPE_DECIMAL, .scale = 2, .as.decimal = 0},
     {.kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = 2},
     BYTES("\x00")},
};

static void test_values_have_the_specified_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof k_values / sizeof k_values[0]; i++) {
        const struct value_case *c = &k_values[i];
        firn_buf out;
        firn_value back;
        firn_error err = {0};
        firn_buf_init(&out, NULL, 0);
        assert_int_equal(firn_value_encode(&c->value, &out, &err), FIRN_OK);
        assert_int_equal(out.len, c->bytes.len);
        assert_memory_equal(out.data, c->bytes.data, out.len);
        assert_int_equal(firn_value_decode(&c->type, firn_buf_view(&out), &back, &err), FIRN_OK);
        assert_int_equal(firn_value_compare(&back, &c->value), 0);
        firn_buf_dispose(&out);
    }
}

static firn_value decode(firn_type_kind kind, firn_str bytes)
{
    const firn_type type = {.kind = kind};
    firn_value out;
    firn_error err;
    assert_int_equal(firn_value_decode(&type, bytes, &out, &err), FIRN_OK);
    return out;
}

static void test_bounds_from_before_a_promotion_are_widened(void **state)
{
    (void)state;
    const firn_str minus_two = FIRN_STR("\xfe\xff\xff\xff");
    assert_int_equal(decode(FIRN_TYPE_LONG, minus_two).as.i64, -2);
    assert_true(decode(FIRN_TYPE_DOUBLE, FIRN_STR("\0\0\xc0\x3f")).as.f64 == 1.5);
    assert_int_equal(decode(FIRN_TYPE_TIMESTAMP, minus_two).as.i64, -172800000000);
    assert_int_equal(decode(FIRN_TYPE_TIMESTAMP_NS, minus_two).as.i64, -172800000000000);
}

static void test_wrong_sizes_are_corrupt(void **state)
{
    (void)state;
    static const struct {
        firn_type type;
        firn_str bytes;
        const char *message;
    } cases[] = {
        {{.kind = FIRN_TYPE_INT}, BYTES("\0\0\0"), "value of type int in 3 bytes"},
        {{.kind = FIRN_TYPE_LONG}, BYTES("\0\0\0\0\0"), "value of type long in 5 bytes"},
        {{.kind = FIRN_TYPE_TIMESTAMPTZ},
         BYTES("\0\0\0\0"),
         "value of type timestamptz in 4 bytes"},
        {{.kind = FIRN_TYPE_BOOLEAN}, BYTES(""), "value of type boolean in 0 bytes"},
        {{.kind = FIRN_TYPE_UUID}, BYTES("123"), "value of type uuid in 3 bytes"},
        {{.kind = FIRN_TYPE_FIXED, .length = 2}, BYTES("123"), "value of type fixed[2] in 3 bytes"},
        {{.kind = FIRN_TYPE_DECIMAL, .precision = 5, .scale = 1},
         BYTES(""),
         "value of type decimal(5,1) in 0 bytes"},
        {{.kind = FIRN_TYPE_DECIMAL, .precision = 5, .scale = 1},
         BYTES("12345678901234567"),
         "value of type decimal(5,1) in 17 bytes"},
        {{.kind = FIRN_TYPE_LIST}, BYTES("1"), "value of type list in 1 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        firn_value out;
        firn_error err;
        assert_int_equal(firn_value_decode(&cases[i].type, cases[i].bytes, &out, &err),
                         FIRN_ERR_CORRUPT);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void test_nulls_and_nested_values_have_no_bytes(void **state)
{
    (void)state;
    firn_buf out;
    firn_error err;
    firn_buf_init(&out, NULL, 0);
    const firn_value null = {.kind = FIRN_TYPE_INT, .is_null = true};
    const firn_value list = {.kind = FIRN_TYPE_LIST};
    assert_int_equal(firn_value_encode(&null, &out, &err), FIRN_ERR_ARG);
    assert_int_equal(firn_value_encode(&list, &out, &err), FIRN_ERR_ARG);
    assert_int_equal(out.len, 0);
    firn_buf_dispose(&out);
}

static const struct bound_case {
    firn_type_kind kind;
    firn_str value;
    int32_t length;
    firn_str lower;
    firn_str upper; /* data NULL: none */
} k_bounds[] = {
    {FIRN_TYPE_STRING, BYTES("abc"), 3, BYTES("abc"), BYTES("abc")},
    {FIRN_TYPE_STRING, BYTES("abcd"), 3, BYTES("abc"), BYTES("abd")},
    {FIRN_TYPE_STRING, BYTES("\xc3\xa9\xc3\xa9x"), 2, BYTES("\xc3\xa9\xc3\xa9"),
     BYTES("\xc3\xa9\xc3\xaa")},
    {FIRN_TYPE_STRING, BYTES("a\x7fz"), 2, BYTES("a\x7f"), BYTES("a\xc2\x80")},
    {FIRN_TYPE_STRING, BYTES("\xed\x9f\xbfz"), 1, BYTES("\xed\x9f\xbf"), BYTES("\xee\x80\x80")},
    {FIRN_TYPE_STRING, BYTES("a\xf4\x8f\xbf\xbfz"), 2, BYTES("a\xf4\x8f\xbf\xbf"), BYTES("b")},
    {FIRN_TYPE_STRING, BYTES("\xf4\x8f\xbf\xbfz"), 1, BYTES("\xf4\x8f\xbf\xbf"), {NULL, 0}},
    {FIRN_TYPE_STRING, BYTES("\xff\xfe\xfd"), 2, BYTES("\xff\xfe"), {NULL, 0}},
    {FIRN_TYPE_BINARY, BYTES("\x01\xff\xff\x05"), 3, BYTES("\x01\xff\xff"), BYTES("\x02")},
    {FIRN_TYPE_BINARY, BYTES("\xff\xff\xff"), 2, BYTES("\xff\xff"), {NULL, 0}},
    {FIRN_TYPE_BINARY, BYTES("\xff\xff"), 2, BYTES("\xff\xff"), BYTES("\xff\xff")},
    {FIRN_TYPE_BINARY, BYTES(""), 2, BYTES(""), BYTES("")},
};

static void test_bounds_are_cut_and_upper_ones_incremented(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    for (size_t i = 0; i < sizeof k_bounds / sizeof k_bounds[0]; i++) {
        const struct bound_case *c = &k_bounds[i];
        const firn_type type = {.kind = c->kind};
        firn_str upper;
        assert_true(
            firn_str_equals(firn_bound_truncate_lower(&type, c->value, c->length), c->lower));
        const bool found = firn_bound_truncate_upper(arena, &type, c->value, c->length, &upper);
        assert_int_equal(found, c->upper.data != NULL);
        if (found) assert_true(firn_str_equals(upper, c->upper));
    }
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_have_the_specified_bytes),
        cmocka_unit_test(test_bounds_from_before_a_promotion_are_widened),
        cmocka_unit_test(test_wrong_sizes_are_corrupt),
        cmocka_unit_test(test_nulls_and_nested_values_have_no_bytes),
        cmocka_unit_test(test_bounds_are_cut_and_upper_ones_incremented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
