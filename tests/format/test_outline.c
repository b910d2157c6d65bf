/* SPDX-License-Identifier: Apache-2.0 */
/* One set of calls, two styles. */
#include <math.h>

#include "base/error.h"
#include "base/str.h"
#include "fail_alloc.h"
#include "format/inspect/outline.h"
#include "format/json/json.h"

static firn_status append(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static void write_sample(firn_outline *o)
{
    firn_outline_begin(o, NULL);
    firn_outline_cstr(o, "name", "a \"b\"\n");
    firn_outline_i64(o, "n", INT64_MIN);
    firn_outline_begin_list(o, "parts");
    firn_outline_begin(o, NULL);
    firn_outline_f64(o, "x", 0.5);
    firn_outline_f64(o, "nan", (double)NAN);
    firn_outline_end(o);
    firn_outline_bool(o, NULL, true);
    firn_outline_end(o);
    firn_outline_begin_line(o, "line");
    firn_outline_hex(o, "hex", FIRN_STR("\x01\xff"));
    firn_outline_str(o, "bytes", FIRN_STR("\xff"));
    firn_outline_begin(o, "in");
    firn_outline_null(o, "none");
    firn_outline_end(o);
    firn_outline_begin_list_line(o, "list");
    firn_outline_i64(o, NULL, 1);
    firn_outline_i64(o, NULL, 2);
    firn_outline_end(o);
    firn_outline_end(o);
    firn_outline_end(o);
}

static void check(firn_outline_style style, const char *expected)
{
    firn_error err = {0};
    firn_buf out;
    firn_outline o;
    firn_buf_init(&out, NULL, 0);
    firn_outline_init(&o, style, &(firn_byte_sink){&out, append});
    write_sample(&o);
    assert_ok(firn_outline_finish(&o, &err), &err);
    assert_str(firn_buf_view(&out), expected);
    firn_buf_dispose(&out);
}

static void test_text_is_indented_and_json_is_not(void **state)
{
    (void)state;
    check(FIRN_OUTLINE_JSON,
          "{\"name\":\"a \\\"b\\\"\\n\",\"n\":-9223372036854775808,\"parts\":[{\"x\":0.5,"
          "\"nan\":\"NaN\"},true],\"line\":{\"hex\":\"01ff\",\"bytes\":\"0xff\",\"in\":{\"none\":"
          "null},\"list\":[1,2]}}\n");
    check(FIRN_OUTLINE_TEXT, "name: a \"b\"\\n\n"
                             "n: -9223372036854775808\n"
                             "parts:\n"
                             "  -\n"
                             "    x: 0.5\n"
                             "    nan: \"NaN\"\n"
                             "  - true\n"
                             "line: hex 01ff, bytes 0xff, in (none null), list (1, 2)\n");
}

static void test_a_json_document_is_written_as_it_is(void **state)
{
    const firn_str text = FIRN_STR("{\"a\":[1,2.5,\"x\",null,false,{}],\"b\":{\"c\":[]}}");
    firn_error err = {0};
    json_t *document = NULL;
    firn_buf out;
    firn_outline o;
    firn_arena *arena = firn_arena_create(NULL, 0);
    (void)state;
    assert_ok(firn_json_parse(text, arena, &document, &err), &err);
    firn_buf_init(&out, NULL, 0);
    firn_outline_init(&o, FIRN_OUTLINE_JSON, &(firn_byte_sink){&out, append});
    firn_outline_json(&o, NULL, document);
    assert_ok(firn_outline_finish(&o, &err), &err);
    assert_true(firn_str_equals(firn_str_trim(firn_buf_view(&out)), text));
    firn_buf_dispose(&out);
    firn_arena_destroy(arena);
}

static firn_status refuse(void *ctx, const void *data, size_t n, firn_error *err)
{
    (void)ctx, (void)data;
    return firn_fail(err, FIRN_ERR_IO, "no room for %zu bytes", n);
}

static void test_failures_are_told_at_the_end(void **state)
{
    firn_error err = {0};
    firn_outline o;
    (void)state;
    firn_outline_init(&o, FIRN_OUTLINE_JSON, &(firn_byte_sink){NULL, refuse});
    write_sample(&o);
    assert_fails(firn_outline_finish(&o, &err), FIRN_ERR_IO, &err, "no room for 1");
    firn_outline_init(&o, FIRN_OUTLINE_TEXT, &(firn_byte_sink){NULL, refuse});
    for (int i = 0; i < FIRN_OUTLINE_DEPTH + 1; i++) firn_outline_begin(&o, NULL);
    assert_fails(firn_outline_finish(&o, &err), FIRN_ERR_LIMIT, &err, "nested deeper than");
}

static firn_status write_it(void *ctx, firn_error *err)
{
    firn_buf out;
    firn_outline o;
    (void)ctx;
    firn_buf_init(&out, NULL, 0);
    firn_outline_init(&o, FIRN_OUTLINE_TEXT, &(firn_byte_sink){&out, append});
    write_sample(&o);
    const firn_status st = firn_outline_finish(&o, err);
    firn_buf_dispose(&out);
    return st;
}

static void test_every_refused_allocation_is_reported(void **state)
{
    (void)state;
    assert_true(firn_fail_alloc_each(write_it, NULL) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_indented_and_json_is_not),
        cmocka_unit_test(test_a_json_document_is_written_as_it_is),
        cmocka_unit_test(test_failures_are_told_at_the_end),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
