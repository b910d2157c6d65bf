/* SPDX-License-Identifier: Apache-2.0 */
/* Thrift structs shown by a table of their members: what the table knows, and what it does not. */
#include "base/error.h"
#include "base/str.h"
#include "fail_alloc.h"
#include "format/inspect/thrift_outline.h"

/* a union of two members, the second of which has none of its own */
static const firn_thrift_member k_of_one[] = {{.id = 1, .name = "n", .shape = FIRN_SHAPE_INT}};
static const firn_thrift_table k_one = {
    .name = "One", .members = k_of_one, .n_members = 1, .is_line = true};
static const firn_thrift_member k_of_choice[] = {
    {.id = 1, .name = "ONE", .shape = FIRN_SHAPE_STRUCT, .table = &k_one},
    {.id = 2, .name = "NOTHING", .shape = FIRN_SHAPE_STRUCT},
};
static const firn_thrift_table k_choice = {
    .name = "Choice", .members = k_of_choice, .n_members = 2, .is_line = true};
static const firn_thrift_member k_of_root[] = {
    {.id = 1, .name = "choice", .shape = FIRN_SHAPE_UNION, .table = &k_choice}};
static const firn_thrift_table k_root = {.name = "Root", .members = k_of_root, .n_members = 1};

static firn_status append(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static void assert_shown(const void *bytes, size_t n, const char *expected)
{
    firn_buf text;
    firn_outline out;
    firn_error err = {0};
    firn_thrift_outline t = {.out = &out};
    firn_buf_init(&text, NULL, 1 << 16);
    const firn_byte_sink sink = {&text, append};
    firn_outline_init(&out, FIRN_OUTLINE_JSON, &sink);
    t.in = firn_thrift_of((firn_str){bytes, n}, 0);
    const firn_status st = firn_thrift_outline_struct(&t, NULL, &k_root, &err);
    assert_int_equal(st, FIRN_OK);
    assert_int_equal(firn_outline_finish(&out, &err), FIRN_OK);
    firn_buf_byte(&text, 0);
    assert_string_equal(text.data, expected);
    firn_buf_dispose(&text);
}
#define ASSERT_SHOWN(bytes, expected) assert_shown(bytes, sizeof(bytes) - 1, expected)

static void test_a_union_with_an_empty_member_is_its_name(void **state)
{
    (void)state;
    ASSERT_SHOWN("\x1c\x2c\x00\x00\x00", "{\"choice\":\"NOTHING\"}\n");
}

static void test_a_union_with_a_member_is_an_object_of_one(void **state)
{
    (void)state;
    ASSERT_SHOWN("\x1c\x1c\x16\x02\x00\x00\x00", "{\"choice\":{\"ONE\":{\"n\":1}}}\n");
}

static void test_an_empty_member_behind_an_unknown_one_is_an_empty_object(void **state)
{
    (void)state;
    ASSERT_SHOWN("\x1c\x15\x02\x1c\x00\x00\x00", "{\"choice\":{\"NOTHING\":{}}}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_union_with_an_empty_member_is_its_name),
        cmocka_unit_test(test_a_union_with_a_member_is_an_object_of_one),
        cmocka_unit_test(test_an_empty_member_behind_an_unknown_one_is_an_empty_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
