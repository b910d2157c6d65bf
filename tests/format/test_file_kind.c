/* SPDX-License-Identifier: Apache-2.0 */
/* The kind of a file is told by its first bytes. */
#include "base/str.h"
#include "firn_test.h"
#include "format/inspect/file_kind.h"

static void test_kinds_are_told_by_content(void **state)
{
    static const struct {
        const char *head;
        firn_file_kind kind;
    } cases[] = {
        {"PAR1\x15", FIRN_KIND_PARQUET},
        {"PARE", FIRN_KIND_PARQUET},
        {"Obj\x01\x04", FIRN_KIND_AVRO},
        {"PFA1", FIRN_KIND_PUFFIN},
        {"ORC\n", FIRN_KIND_ORC},
        {"\x1f\x8b\x08", FIRN_KIND_GZIP},
        {"{\"a\":1}\n{\"a\":2}\n", FIRN_KIND_NDJSON},
        {"\xef\xbb\xbf {\"a\":\"}\\\"{\"}\n", FIRN_KIND_NDJSON},
        {"{\"a\":1}", FIRN_KIND_NDJSON},
        {"{\"a\":1\n{\"a\":2}\n", FIRN_KIND_NDJSON},
        {"{\n \"a\": 1\n}\n", FIRN_KIND_JSON},
        {"{\"format-version\":2,\"location\":\"x\"}", FIRN_KIND_JSON},
        {"{\"location\":\"x\",\n\"format-version\":2", FIRN_KIND_JSON},
        {"[1,2]", FIRN_KIND_JSON},
        {"a,b\n1,2\n", FIRN_KIND_CSV},
        {"gr\xc3\xbc\xc3\x9f"
         "e\n",
         FIRN_KIND_CSV},
        {"a\x01"
         "b",
         FIRN_KIND_UNKNOWN},
        {"\xff\xfe", FIRN_KIND_UNKNOWN},
        {" \n", FIRN_KIND_UNKNOWN},
        {"", FIRN_KIND_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const firn_file_kind kind = firn_file_kind_of(firn_str_of(cases[i].head), true);
        if (kind != cases[i].kind)
            fail_msg("\"%s\" is %s, expected %s", cases[i].head, firn_file_kind_name(kind),
                     firn_file_kind_name(cases[i].kind));
    }
}

static void test_the_beginning_of_a_long_file_is_enough(void **state)
{
    (void)state;
    assert_int_equal(firn_file_kind_of(FIRN_STR("{\"a\":\"a long first line without"), false),
                     FIRN_KIND_NDJSON);
    assert_int_equal(firn_file_kind_of(FIRN_STR("{\n  \"schemas\" : [\n"), false), FIRN_KIND_JSON);
    assert_int_equal(firn_file_kind_of(FIRN_STR("{\"a\":1}\n{\"a\":"), false), FIRN_KIND_NDJSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_are_told_by_content),
        cmocka_unit_test(test_the_beginning_of_a_long_file_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
