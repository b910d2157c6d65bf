/* SPDX-License-Identifier: Apache-2.0 */
/* Columns inferred from NDJSON: the least type that holds every value seen. */
#include "base/buf.h"
#include "base/str.h"
#include "fail_alloc.h"
#include "format/text/ndjson_infer.h"

static void describe(const firn_type *type, firn_buf *out)
{
    char name[64];
    firn_buf_cstr(out, firn_type_name(type, name, sizeof name));
    if (firn_type_is_primitive(type)) return;
    firn_buf_byte(out, '<');
    for (size_t i = 0; i < type->n_fields; i++) {
        firn_buf_printf(out, "%s%.*s ", i ? ", " : "", FIRN_STR_ARG(type->fields[i].name));
        describe(type->fields[i].type, out);
    }
    firn_buf_byte(out, '>');
}

static void check(firn_str sample, bool is_whole, int64_t max_lines, const char *expected)
{
    firn_error err = {0};
    const firn_type *root = NULL;
    firn_buf text;
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_buf_init(&text, NULL, 0);
    assert_ok(firn_ndjson_infer(sample, is_whole, max_lines, arena, &root, &err), &err);
    describe(root, &text);
    assert_str(firn_buf_view(&text), expected);
    firn_buf_dispose(&text);
    firn_arena_destroy(arena);
}

static void test_each_kind_of_value_has_its_type(void **state)
{
    (void)state;
    check(FIRN_STR("{\"b\":true,\"i\":-7,\"d\":1.5,\"t\":\"x\",\"n\":null,\"l\":[1],\"e\":[],"
                   "\"s\":{\"x\":1}}\n"),
          true, 0,
          "struct<b boolean, i long, d double, t string, n string, l list<element long>, "
          "e list<element string>, s struct<x long>>");
}

static void test_lines_are_joined(void **state)
{
    (void)state;
    check(
        FIRN_STR("{\"a\":1,\"s\":{\"x\":1}}\n\n{\"b\":null,\"a\":2.5}\r\n"
                 "{\"s\":{\"y\":[null]},\"b\":true}\n{\"s\":null,\"s2\":[{\"z\":1},{\"z\":\"\"}]}"),
        true, 0,
        "struct<a double, s struct<x long, y list<element string>>, b boolean, "
        "s2 list<element struct<z string>>>");
    check(FIRN_STR("{\"a\":1}\n{\"a\":true}"), true, 0, "struct<a string>");
    check(FIRN_STR("{\"a\":[1]}\n{\"a\":{\"x\":1}}"), true, 0, "struct<a string>");
}

static void test_a_sample_ends_at_its_limits(void **state)
{
    (void)state;
    check(FIRN_STR("{\"a\":1}\n{\"b\":1}\n{\"c\":1}"), true, 2, "struct<a long, b long>");
    check(FIRN_STR("{\"a\":1}\n{\"b\":1}\n{\"c\":1}"), false, 0, "struct<a long, b long>");
    check(FIRN_STR("nonsense\n{\"b\":1}\n"), true, 0, "struct<b long>");
}

static void test_a_file_without_objects_is_refused(void **state)
{
    firn_error err = {0};
    const firn_type *root = NULL;
    firn_arena *arena = firn_arena_create(NULL, 0);
    (void)state;
    assert_fails(firn_ndjson_infer(FIRN_STR("\n{\"a\":\n[]\n"), true, 0, arena, &root, &err),
                 FIRN_ERR_CORRUPT, &err, "line 2: not valid json");
    assert_null(root);
    assert_fails(firn_ndjson_infer(FIRN_STR("17\n"), true, 0, arena, &root, &err), FIRN_ERR_CORRUPT,
                 &err, "line 1: expected an object, found another value");
    assert_fails(firn_ndjson_infer(FIRN_STR("\n\n"), true, 0, arena, &root, &err), FIRN_ERR_CORRUPT,
                 &err, "no line with an object");
    firn_arena_destroy(arena);
}

static firn_status infer(void *ctx, firn_error *err)
{
    const firn_type *root = NULL;
    firn_status st = FIRN_ERR_NOMEM;
    firn_arena *arena = firn_arena_create(NULL, 0);
    err->status = st;
    if (arena) st = firn_ndjson_infer(*(firn_str *)ctx, true, 0, arena, &root, err);
    firn_arena_destroy(arena);
    return st;
}

static void test_every_refused_allocation_is_reported(void **state)
{
    firn_str text = FIRN_STR("{\"a\":[1,{\"b\":\"x\"}],\"c\":{\"d\":null,\"e\":2.5}}\n");
    (void)state;
    assert_true(firn_fail_alloc_each(infer, &text) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_of_value_has_its_type),
        cmocka_unit_test(test_lines_are_joined),
        cmocka_unit_test(test_a_sample_ends_at_its_limits),
        cmocka_unit_test(test_a_file_without_objects_is_refused),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
