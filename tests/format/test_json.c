/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents: what is accepted, what is refused and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/str.h"
#include "corpus.h"
#include "format/json/json.h"

static int set_up(void **state)
{
    *state = firn_arena_create(NULL, 0);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    firn_arena_destroy(*state);
    return 0;
}

static json_t *parse(void **state, const char *text)
{
    firn_error err = {0};
    json_t *out = NULL;

    if (firn_json_parse(firn_str_of(text), *state, &out, &err) != FIRN_OK)
        fail_msg("%s: %s", text, err.message);
    return out;
}

static void assert_refused(void **state, firn_str text, firn_status status, const char *part)
{
    firn_error err = {0};
    json_t *out = NULL;

    assert_int_equal(firn_json_parse(text, *state, &out, &err), status);
    assert_null(out);
    if (!strstr(err.message, part)) fail_msg("\"%s\" not in \"%s\"", part, err.message);
}

static void test_members_of_each_type_are_found(void **state)
{
    const json_t *doc = parse(state, "{\"i\":-9223372036854775808,\"s\":\"a\\u0000b\",\"b\":true,"
                                     "\"a\":[1,2],\"o\":{\"x\":7},\"n\":null}");
    int64_t i = 0;
    int32_t x = 0;
    firn_str s = {0};
    bool b = false;
    bool has = true;
    json_t *a = NULL;
    json_t *o = NULL;

    assert_int_equal(firn_json_get_i64(doc, "i", &i, NULL), FIRN_OK);
    assert_true(i == INT64_MIN);
    assert_int_equal(firn_json_get_str(doc, "s", &s, NULL), FIRN_OK);
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.data, "a\0b", 3);
    assert_int_equal(firn_json_get_bool(doc, "b", &b, NULL), FIRN_OK);
    assert_true(b);
    assert_int_equal(firn_json_get_array(doc, "a", &a, NULL), FIRN_OK);
    assert_int_equal(json_array_size(a), 2);
    assert_int_equal(firn_json_get_object(doc, "o", &o, NULL), FIRN_OK);
    assert_int_equal(firn_json_get_i32(o, "x", &x, NULL), FIRN_OK);
    assert_int_equal(x, 7);
    assert_int_equal(firn_json_opt_i64(doc, "n", &i, &has, NULL), FIRN_OK);
    assert_false(has);
    assert_int_equal(firn_json_opt_str(doc, "absent", &s, &has, NULL), FIRN_OK);
    assert_false(has);
    assert_int_equal(s.len, 3);
}

static void test_wrong_members_name_the_key(void **state)
{
    const json_t *doc = parse(state, "{\"s\":\"x\",\"big\":2147483648,\"n\":null}");
    firn_error err = {0};
    int64_t i = 0;
    int32_t small = 0;
    bool has = false;
    json_t *o = NULL;

    assert_int_equal(firn_json_get_i64(doc, "id", &i, &err), FIRN_ERR_CORRUPT);
    assert_string_equal(err.message, "missing \"id\"");
    assert_int_equal(firn_json_get_i64(doc, "n", &i, &err), FIRN_ERR_CORRUPT);
    assert_string_equal(err.message, "\"n\" must not be null");
    assert_int_equal(firn_json_get_i64(doc, "s", &i, &err), FIRN_ERR_CORRUPT);
    assert_string_equal(err.message, "\"s\" must be an integer, found string");
    assert_int_equal(firn_json_get_i32(doc, "big", &small, &err), FIRN_ERR_CORRUPT);
    assert_string_equal(err.message, "\"big\" must be an integer of 32 bits, found 2147483648");
    assert_int_equal(firn_json_opt_i64(doc, "s", &i, &has, &err), FIRN_ERR_CORRUPT);
    assert_int_equal(firn_json_opt_object(doc, "s", &o, &err), FIRN_ERR_CORRUPT);
    assert_string_equal(err.message, "\"s\" must be an object, found string");
    assert_int_equal(firn_json_get_i64(json_object_get(doc, "s"), "k", &i, &err), FIRN_ERR_CORRUPT);
    assert_string_equal(err.message, "expected an object with \"k\", found string");
}

static void test_bad_documents_are_refused(void **state)
{
    assert_refused(state, FIRN_STR(""), FIRN_ERR_CORRUPT, "the document is empty");
    assert_refused(state, FIRN_STR(" "), FIRN_ERR_CORRUPT,
                   "the document ends, expected a value (line 1, column 2)");
    assert_refused(state, FIRN_STR("{\"a\":1,\"a\":2}"), FIRN_ERR_CORRUPT,
                   "duplicate key (line 1, column 8)");
    assert_refused(state, FIRN_STR("9223372036854775808"), FIRN_ERR_CORRUPT,
                   "integer of more than 64 bits");
    assert_refused(state, FIRN_STR("1e999"), FIRN_ERR_CORRUPT, "real number out of range");
    assert_refused(state, FIRN_STR("{} x"), FIRN_ERR_CORRUPT,
                   "found 'x', expected the end of the document (line 1, column 4)");
    assert_refused(state, FIRN_STR("\"\xff\""), FIRN_ERR_CORRUPT, "string that is not utf-8");
    assert_refused(state, FIRN_STR("[1,\0]"), FIRN_ERR_CORRUPT,
                   "found byte 0x00, expected a value");
    assert_refused(state, FIRN_STR("{\"k\\u0000\":1}"), FIRN_ERR_CORRUPT, "NUL byte in a key");
    assert_refused(state, FIRN_STR("\"a"), FIRN_ERR_CORRUPT, "expected the end of a string");
    assert_refused(state, FIRN_STR("\"\\ud800\""), FIRN_ERR_CORRUPT, "half a surrogate pair");
    assert_refused(state, FIRN_STR("\"\\u12"), FIRN_ERR_CORRUPT, "bad escape");
    assert_refused(state, FIRN_STR("[1 2]"), FIRN_ERR_CORRUPT, "found '2', expected ',' or ']'");
    assert_refused(state, FIRN_STR("[01]"), FIRN_ERR_CORRUPT, "leading zero");
    assert_refused(state, FIRN_STR("[1.]"), FIRN_ERR_CORRUPT, "expected a digit");
}

static void test_escapes_stand_for_their_bytes(void **state)
{
    const json_t *doc = parse(state, "{\"\\u006b\\n\":\"\\\"\\\\\\/\\b\\f\\r\\t\\u00e6"
                                     "\\u20ac\\ud83d\\ude00 end\",\"\":[-0,-0.5,1E+2]}");
    const json_t *numbers = json_object_get(doc, "");
    assert_string_equal(json_string_value(json_object_get(doc, "k\n")),
                        "\"\\/\b\f\r\t\xc3\xa6\xe2\x82\xac\xf0\x9f\x98\x80 end");
    assert_int_equal(json_integer_value(json_array_get(numbers, 0)), 0);
    assert_true(json_real_value(json_array_get(numbers, 1)) == -0.5);
    assert_true(json_real_value(json_array_get(numbers, 2)) == 100.0);
}

static void test_numbers_have_a_limit(void **state)
{
    char text[FIRN_LIMIT_JSON_NUMBER + 1];
    json_t *out = NULL;
    memset(text, '0', sizeof text);
    text[1] = '.';
    assert_int_equal(firn_json_parse((firn_str){text, FIRN_LIMIT_JSON_NUMBER}, *state, &out, NULL),
                     FIRN_OK);
    assert_refused(state, (firn_str){text, sizeof text}, FIRN_ERR_LIMIT,
                   "json number of 2049 bytes, limit 2048");
}

static void test_fault_position_is_reported(void **state)
{
    firn_error err = {0};
    json_t *out = NULL;

    assert_int_equal(firn_json_parse(FIRN_STR("{\"a\": 1,\n \"b\": tru}"), *state, &out, &err),
                     FIRN_ERR_CORRUPT);
    assert_int_equal(err.line, 2);
    assert_true(err.position >= 15 && err.position <= 18);
}

static void test_nesting_limit_is_exact(void **state)
{
    char text[2 * (FIRN_LIMIT_JSON_NESTING + 1)];
    const size_t n = FIRN_LIMIT_JSON_NESTING;
    json_t *out = NULL;

    memset(text, '[', n);
    memset(text + n, ']', n);
    assert_int_equal(firn_json_parse((firn_str){text, 2 * n}, *state, &out, NULL), FIRN_OK);
    memset(text, '[', n + 1);
    memset(text + n + 1, ']', n + 1);
    assert_refused(state, (firn_str){text, 2 * n + 2}, FIRN_ERR_LIMIT, "deeper than 256");
    /* Brackets in strings do not count. */
    memset(text, '[', sizeof text);
    text[0] = '"';
    text[sizeof text - 1] = '"';
    assert_int_equal(firn_json_parse((firn_str){text, sizeof text}, *state, &out, NULL), FIRN_OK);
}

static void test_written_documents_keep_order_and_digits(void **state)
{
    const json_t *doc = parse(state, "{\"b\":1,\"a\":[0.1,9223372036854775807],\"c\":{}}");
    firn_buf out;

    firn_buf_init(&out, NULL, 1000);
    assert_int_equal(firn_json_write(doc, &out, NULL), FIRN_OK);
    firn_buf_byte(&out, 0);
    assert_string_equal(out.data,
                        "{\"b\":1,\"a\":[0.10000000000000001,9223372036854775807],\"c\":{}}");
    firn_buf_dispose(&out);
}

static void test_write_reports_a_full_buffer(void **state)
{
    const json_t *doc = parse(state, "[1,2,3,4,5,6]");
    firn_buf out;

    firn_buf_init(&out, NULL, 4);
    assert_int_equal(firn_json_write(doc, &out, NULL), FIRN_ERR_LIMIT);
    firn_buf_dispose(&out);
}

static void test_quote_escapes_and_repairs(void **state)
{
    firn_buf out;
    json_t *back;

    firn_buf_init(&out, NULL, 1000);
    firn_json_quote(&out, FIRN_STR("a\"b\\\n\x01\xc3\xa6\xff\xf0\x9f\x98\x80\xe2\x82"));
    firn_buf_byte(&out, 0);
    assert_string_equal(out.data,
                        "\"a\\\"b\\\\\\n\\u0001\xc3\xa6\\ufffd\xf0\x9f\x98\x80\\ufffd\\ufffd\"");
    back = parse(state, out.data);
    assert_true(json_is_string(back));
    firn_buf_dispose(&out);
}

static void check_suite_file(void *ctx, const char *name, firn_str bytes)
{
    firn_arena *arena = ctx;
    json_t *out = NULL;
    const firn_status st = firn_json_parse(bytes, arena, &out, NULL);

    /* This one is legal JSON, but ambiguous: duplicate keys are refused on purpose. */
    if (strstr(name, "duplicated_key")) {
        assert_int_equal(st, FIRN_ERR_CORRUPT);
        return;
    }
    if (strstr(name, "escaped_null") || strstr(name, "escaped_key")) return; /* NUL in a key */
    if (name[0] == 'y' && st != FIRN_OK) fail_msg("%s was refused", name);
    if (name[0] == 'n' && st == FIRN_OK) fail_msg("%s was accepted", name);
}

static void test_json_test_suite(void **state)
{
    const char *folder = corpus_path(*state, "JSONTestSuite/test_parsing");

    if (!folder) skip();
    assert_true(corpus_each(*state, folder, ".json", check_suite_file, *state) > 180);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_members_of_each_type_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_members_name_the_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_documents_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_escapes_stand_for_their_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_numbers_have_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fault_position_is_reported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nesting_limit_is_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_written_documents_keep_order_and_digits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_write_reports_a_full_buffer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_quote_escapes_and_repairs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json_test_suite, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
