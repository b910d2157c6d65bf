/* SPDX-License-Identifier: Apache-2.0 */
/* Avro schemas: ids, names, references, sizes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "corpus.h"
#include "format/avro.h"

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

static const firn_avro_schema *parse(void **state, firn_str json)
{
    const firn_avro_schema *out = NULL;
    firn_error err = {0};

    if (firn_avro_schema_parse(json, *state, &out, &err) != FIRN_OK)
        fail_msg("%.*s: %s", FIRN_STR_ARG(json), err.message);
    return out;
}

static void test_iceberg_ids_and_logical_types_are_read(void **state)
{
    const firn_avro_schema *s = parse(
        state,
        FIRN_STR(
            "{\"type\":\"record\",\"name\":\"r2\",\"fields\":["
            "{\"name\":\"d\",\"field-id\":1,\"type\":{\"type\":\"fixed\",\"name\":\"dec\","
            "\"size\":5,\"logicalType\":\"decimal\",\"precision\":9,\"scale\":2}},"
            "{\"name\":\"t\",\"field-id\":2,\"type\":[\"null\",{\"type\":\"long\",\"logicalType\":"
            "\"timestamp-micros\",\"adjust-to-utc\":true}],\"default\":null},"
            "{\"name\":\"l\",\"field-id\":3,\"type\":{\"type\":\"array\",\"items\":\"int\","
            "\"element-id\":4}},"
            "{\"name\":\"m\",\"field-id\":5,\"type\":{\"type\":\"map\",\"values\":\"bytes\","
            "\"key-id\":6,\"value-id\":7}},{\"name\":\"plain\",\"type\":\"double\"}]}"));
    const firn_avro_schema *ts;

    assert_int_equal(s->kind, FIRN_AVRO_RECORD);
    assert_int_equal(s->n_fields, 5);
    assert_int_equal(s->fields[0].field_id, 1);
    assert_int_equal(s->fields[0].schema->size, 5);
    assert_int_equal(s->fields[0].schema->precision, 9);
    assert_int_equal(s->fields[0].schema->scale, 2);
    ts = s->fields[1].schema->fields[1].schema;
    assert_true(firn_str_equals(ts->logical_type, FIRN_STR("timestamp-micros")));
    assert_true(ts->adjust_to_utc);
    assert_int_equal(s->fields[2].schema->element_id, 4);
    assert_int_equal(s->fields[3].schema->key_id, 6);
    assert_int_equal(s->fields[3].schema->value_id, 7);
    assert_int_equal(s->fields[4].field_id, -1);
    assert_int_equal(s->min_bytes, 5 + 1 + 1 + 1 + 8);
}

static void test_names_resolve_in_their_namespace(void **state)
{
    const firn_avro_schema *s =
        parse(state, FIRN_STR("{\"type\":\"record\",\"name\":\"a.b.R\",\"fields\":["
                              "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\","
                              "\"symbols\":[\"X\",\"Y\"]}},{\"name\":\"f\",\"type\":\"a.b.E\"},"
                              "{\"name\":\"next\",\"type\":[\"null\",\"R\"]}]}"));

    assert_true(firn_str_equals(s->fields[0].schema->name, FIRN_STR("a.b.E")));
    assert_ptr_equal(s->fields[0].schema, s->fields[1].schema);
    assert_int_equal(s->fields[0].schema->n_symbols, 2);
    assert_ptr_equal(s->fields[2].schema->fields[1].schema, s);
}

static void test_empty_values_are_known(void **state)
{
    assert_int_equal(parse(state, FIRN_STR("\"null\""))->min_bytes, 0);
    assert_int_equal(
        parse(state, FIRN_STR("{\"type\":\"record\",\"name\":\"E\",\"fields\":[]}"))->min_bytes, 0);
}

static void test_bad_schemas_are_refused(void **state)
{
    static const struct bad_case {
        const char *json;
        const char *message;
    } k_cases[] = {
        {"\"panther\"", "unknown type \"panther\""},
        {"7", "a type must be a string, an object or an array"},
        {"{\"name\":\"x\"}", "missing \"type\""},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}", "fixed of -1 bytes"},
        {"{\"type\":\"fixed\",\"name\":\"2F\",\"size\":1}", "\"2F\" is not a name"},
        {"{\"type\":\"fixed\",\"name\":\"int\",\"size\":1}", "\"int\" is reserved"},
        {"{\"type\":\"array\"}", "missing \"items\""},
        {"[\"int\",[\"null\"]]", "union directly in a union"},
        {"[\"int\",\"int\"]", "branches 0 and 1 are of the same type"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},"
         "{\"name\":\"a\",\"type\":\"int\"}]}",
         "record \"R\" has two fields \"a\""},
        {"[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},{\"type\":\"fixed\",\"name\":\"F\","
         "\"size\":2}]",
         "type \"F\" is defined twice"},
        {"{\"type\":\"array\",\"items\":\"int\",\"element-id\":-4}", "\"element-id\" -4"},
    };

    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        const firn_avro_schema *out = NULL;
        firn_error err = {0};
        assert_int_equal(firn_avro_schema_parse(firn_str_of(k_cases[i].json), *state, &out, &err),
                         FIRN_ERR_CORRUPT);
        assert_null(out);
        if (!strstr(err.message, k_cases[i].message))
            fail_msg("\"%s\" not in \"%s\"", k_cases[i].message, err.message);
    }
}

static void check_pass(void *ctx, const char *name, firn_str bytes)
{
    firn_arena *arena = ctx;
    const firn_avro_schema *out = NULL;
    firn_error err = {0};

    if (firn_avro_schema_parse(bytes, arena, &out, &err) != FIRN_OK)
        fail_msg("%s: %s", name, err.message);
}

static void check_fail(void *ctx, const char *name, firn_str bytes)
{
    firn_arena *arena = ctx;
    const firn_avro_schema *out = NULL;

    if (firn_avro_schema_parse(bytes, arena, &out, NULL) == FIRN_OK)
        fail_msg("%s was accepted", name);
}

static void test_apache_schemas(void **state)
{
    const char *pass = corpus_path(*state, "avro/lang/c/tests/schema_tests/pass");
    const char *fail = corpus_path(*state, "avro/lang/c/tests/schema_tests/fail");

    if (!pass || !fail) skip();
    assert_true(corpus_each(*state, pass, "", check_pass, *state) > 15);
    assert_true(corpus_each(*state, fail, "", check_fail, *state) > 7);
    assert_true(corpus_each(*state, corpus_path(*state, "avro/lang/java/avro/src/test/resources"),
                            ".avsc", check_pass, *state) >= 3);
}

/* The inputs of the canonical form cases must all parse. */
static void test_apache_canonical_form_inputs(void **state)
{
    const char *path = corpus_path(*state, "avro/share/test/data/schema-tests.txt");
    firn_str text;
    size_t at = 0;
    int n = 0;

    if (!path) skip();
    text = corpus_read(*state, path);
    while ((at = firn_str_find(text, FIRN_STR("<<INPUT"), at)) != SIZE_MAX) {
        size_t from = at + 7;
        size_t end = firn_str_find(text, FIRN_STR("\n<<"), from);
        const size_t blank = firn_str_find(text, FIRN_STR("\n\n"), from);
        const size_t here = firn_str_find(text, FIRN_STR("\nINPUT\n"), from);
        firn_str json;
        if (text.data[from] == '\n')
            end = here;
        else if (end == SIZE_MAX || blank < end)
            end = blank;
        json = firn_str_trim(firn_str_slice(text, from, end));
        /* One case writes a number with leading zeros, which is not JSON. */
        if (firn_str_find(json, FIRN_STR(":0"), 0) == SIZE_MAX &&
            firn_str_find(json, FIRN_STR(": 0"), 0) == SIZE_MAX)
            check_pass(*state, "schema-tests.txt", json);
        at = end;
        n++;
    }
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_iceberg_ids_and_logical_types_are_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_names_resolve_in_their_namespace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty_values_are_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_schemas_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_apache_schemas, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_apache_canonical_form_inputs, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
