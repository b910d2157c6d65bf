/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to variants: bytes as the specification has them, numbers by their size, what is refused;
 * types of variants in words. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "format/variant/variant_json.h"
#include "format/variant/variant_value.h"

static firn_status parse(const char *json, firn_buf *out, firn_error *err)
{
    firn_buf_init(out, NULL, 0);
    return firn_variant_of_json(firn_str_of(json), out, err);
}

/* metadata and value, as they are. */
static void check_bytes(const char *json, const char *bytes, size_t n)
{
    firn_error err = {0};
    firn_buf out;
    assert_ok(parse(json, &out, &err), &err);
    assert_int_equal(out.len, n);
    assert_memory_equal(out.data, bytes, n);
    firn_buf_dispose(&out);
}

#define BYTES(text) text, sizeof(text) - 1
#define NO_NAMES    "\x01\x00\x00"

static void test_values_take_the_least_bytes(void **state)
{
    (void)state;
    check_bytes("null", BYTES(NO_NAMES "\x00"));
    check_bytes(" true ", BYTES(NO_NAMES "\x04"));
    check_bytes("false\n", BYTES(NO_NAMES "\x08"));
    check_bytes("-128", BYTES(NO_NAMES "\x0c\x80"));
    check_bytes("128", BYTES(NO_NAMES "\x10\x80\x00"));
    check_bytes("-32769", BYTES(NO_NAMES "\x14\xff\x7f\xff\xff"));
    check_bytes("2147483648", BYTES(NO_NAMES "\x18\x00\x00\x00\x80\x00\x00\x00\x00"));
    check_bytes("-9223372036854775808", BYTES(NO_NAMES "\x18\0\0\0\0\0\0\0\x80"));
    check_bytes("-0.15", BYTES(NO_NAMES "\x20\x02\xf1\xff\xff\xff"));
    check_bytes("1234567890.5", BYTES(NO_NAMES "\x24\x01\x39\x1c\xdc\xdf\x02\x00\x00\x00"));
    check_bytes("9223372036854775808",
                BYTES(NO_NAMES "\x28\x00\x00\x00\x00\x00\x00\x00\x00\x80\0\0\0\0\0\0\0\0"));
    check_bytes("1e2", BYTES(NO_NAMES "\x1c\0\0\0\0\0\0\x59\x40"));
    check_bytes("\"\"", BYTES(NO_NAMES "\x01"));
    check_bytes("\"\\u00e9\\n\"", BYTES(NO_NAMES "\x0d\xc3\xa9\n"));
}

static void test_fields_are_in_the_order_of_their_names(void **state)
{
    (void)state;
    check_bytes("{\"b\":1,\"a\":[]}", BYTES("\x01\x02\x00\x01\x02"
                                            "ba"
                                            "\x02\x02\x01\x00\x02\x00\x05\x0c\x01\x03\x00\x00"));
    check_bytes("[{\"a\":1},{\"a\":2}]", /* a name is kept once */
                BYTES("\x01\x01\x00\x01"
                      "a"
                      "\x03\x02\x00\x07\x0e"
                      "\x02\x01\x00\x00\x02\x0c\x01\x02\x01\x00\x00\x02\x0c\x02"));
}

static void test_long_strings_and_many_fields(void **state)
{
    firn_error err = {0};
    firn_buf json, out;
    firn_str metadata, value;
    firn_variant_metadata m;
    firn_variant_object object;
    (void)state;
    firn_buf_init(&json, NULL, 0);
    for (int i = 0; i < 300; i++)
        firn_buf_printf(&json, "%s\"name %d\":\"%0100d\"", i ? "," : "{", i, i);
    firn_buf_cstr(&json, "}");
    firn_buf_byte(&json, 0);
    assert_ok(parse(json.data, &out, &err), &err);
    assert_ok(firn_variant_split(firn_buf_view(&out), &metadata, &value, &err), &err);
    assert_ok(firn_variant_metadata_parse(metadata, &m, &err), &err);
    assert_int_equal(m.n_names, 300);
    assert_ok(firn_variant_object_parse(value, &object, &err), &err);
    assert_int_equal(object.n_fields, 300);
    firn_str last = {0};
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t id = 0;
        firn_str name, field;
        assert_ok(firn_variant_object_field(&object, i, &id, &field, &err), &err);
        assert_ok(firn_variant_name(&m, id, &name, &err), &err);
        assert_true(i == 0 || firn_str_compare(last, name) < 0);
        assert_int_equal(field.len, 105);
        last = name;
    }
    firn_buf_dispose(&json);
    firn_buf_dispose(&out);
}

static void test_what_is_not_json_is_refused(void **state)
{
    static const struct {
        const char *json, *message;
    } k_cases[] = {
        {"", "at byte 0: it ends early"},
        {"{", "at byte 1: expected a key"},
        {"[1,]", "at byte 3: expected a value"},
        {"[1 2]", "at byte 3: expected a comma or \"]\""},
        {"{\"a\" 1}", "at byte 5: expected a colon"},
        {"{\"a\":1,}", "at byte 7: expected a key"},
        {"1 2", "at byte 2: something behind the value"},
        {"01", "expected a value"},
        {"1.", "a number without digits behind its point"},
        {"1e", "an exponent without digits"},
        {"-", "expected a value"},
        {"nul", "expected a value"},
        {"\"a", "a string without an end"},
        {"\"\t\"", "a control character in a string"},
        {"\"\xff\"", "a string that is not UTF-8"},
        {"\"\\x\"", "at byte 1: "},
        {"{\"a\":1,\"b\":2,\"a\":3}", "JSON with the key \"a\" twice"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_error err = {0};
        firn_buf out;
        assert_fails(parse(k_cases[i].json, &out, &err), FIRN_ERR_ARG, &err, k_cases[i].message);
        firn_buf_dispose(&out);
    }
}

static void test_nesting_has_a_limit(void **state)
{
    char json[1000];
    firn_error err = {0};
    firn_buf out;
    (void)state;
    memset(json, '[', 500);
    memset(json + 500, ']', 499);
    json[999] = '\0';
    assert_fails(parse(json, &out, &err), FIRN_ERR_ARG, &err, "JSON nested deeper than 64");
    firn_buf_dispose(&out);
}

static void test_types_in_words(void **state)
{
    static const struct {
        const char *json, *words;
    } k_cases[] = {
        {"{\"a\":1,\"b\":[true,null,\"x\"],\"c\":{\"d\":1.5}}",
         "OBJECT<a: BIGINT, b: ARRAY<VARIANT>, c: OBJECT<d: DECIMAL(2,1)>>"},
        {"\"just text\"", "STRING"},
        {"null", "VOID"},
        {"[]", "ARRAY<VOID>"},
        {"{}", "OBJECT<>"},
        {"[1, 2.25]", "ARRAY<DECIMAL(22,2)>"},
        {"[1.5, 1e3]", "ARRAY<DOUBLE>"},
        {"[null, true]", "ARRAY<BOOLEAN>"},
        {"[{\"a\":1},{\"b\":\"x\",\"a\":null},{\"c\":[]}]",
         "ARRAY<OBJECT<a: BIGINT, b: STRING, c: ARRAY<VOID>>>"},
        {"[[1],[\"x\"]]", "ARRAY<ARRAY<VARIANT>>"},
        {"[[1],{}]", "ARRAY<VARIANT>"},
        {"0.0500", "DECIMAL(2,2)"},
        {"{\"a b\":1,\"12\":2,\"x`y\":3}", "OBJECT<`12`: BIGINT, `a b`: BIGINT, `x``y`: BIGINT>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_error err = {0};
        firn_buf variant, words;
        assert_ok(parse(k_cases[i].json, &variant, &err), &err);
        firn_buf_init(&words, NULL, 0);
        assert_ok(firn_variant_put_schema(firn_buf_view(&variant), &words, &err), &err);
        assert_str(firn_buf_view(&words), k_cases[i].words);
        firn_buf_dispose(&variant);
        firn_buf_dispose(&words);
    }
}

/* Every cut of a variant, and every byte changed, is an error or a type, never worse. */
static void test_damaged_variants_are_survived(void **state)
{
    firn_error err = {0};
    firn_buf variant;
    char copy[128];
    (void)state;
    assert_ok(parse("{\"a\":[1,2.5,\"text\",{\"b\":null}],\"c\":1e9}", &variant, &err), &err);
    assert_true(variant.len < sizeof copy);
    for (size_t i = 0; i < variant.len; i++) {
        firn_buf words;
        firn_buf_init(&words, NULL, 0);
        assert_true(firn_variant_put_schema((firn_str){variant.data, i}, &words, &err) != FIRN_OK ||
                    words.len > 0);
        firn_buf_dispose(&words);
        for (int with = 0; with < 256; with++) {
            memcpy(copy, variant.data, variant.len);
            copy[i] = (char)with;
            firn_buf_init(&words, NULL, 0);
            const firn_status st =
                firn_variant_put_schema((firn_str){copy, variant.len}, &words, &err);
            assert_true(st == FIRN_OK || st == FIRN_ERR_CORRUPT || st == FIRN_ERR_UNSUPPORTED ||
                        st == FIRN_ERR_LIMIT);
            firn_buf_dispose(&words);
        }
    }
    firn_buf_dispose(&variant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_take_the_least_bytes),
        cmocka_unit_test(test_fields_are_in_the_order_of_their_names),
        cmocka_unit_test(test_long_strings_and_many_fields),
        cmocka_unit_test(test_what_is_not_json_is_refused),
        cmocka_unit_test(test_nesting_has_a_limit),
        cmocka_unit_test(test_types_in_words),
        cmocka_unit_test(test_damaged_variants_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
