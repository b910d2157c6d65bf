/* SPDX-License-Identifier: Apache-2.0 */
/* Avro schemas: ids, names, references, sizes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "corpus.h"
#include "format/avro/avro.h"

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
    assert_int_equal(ts->logical, FIRN_AVRO_TIMESTAMP_MICROS);
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
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"A\"]}",
         "enum \"E\" has two symbols \"A\""},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A.B\"]}",
         "symbol \"A.B\" of \"E\" is not a name"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"B\"}",
         "default \"B\" is no symbol of \"E\""},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\","
         "\"aliases\":[7]}]}",
         "alias 0 is no string"},
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
    static const char *const k_files[] = {
        "lang/java/avro/src/test/resources/SchemaBuilder.avsc",
        "lang/java/avro/src/test/resources/TestRecordWithLogicalTypes.avsc",
        "lang/java/avro/src/test/resources/TestRecordWithMapsAndArrays.avsc",
        "lang/js/test/dat/Id.avsc",
        "share/schemas/org/apache/avro/data/Json.avsc",
        "share/schemas/org/apache/avro/ipc/HandshakeRequest.avsc",
        "share/schemas/org/apache/avro/ipc/HandshakeResponse.avsc",
        "share/test/data/messageV1/test_schema.avsc",
        "share/test/data/schemas/simple/schema.json",
        "share/test/schemas/RecordWithRequiredFields.avsc",
    };
    const char *pass = corpus_path(*state, "avro/lang/c/tests/schema_tests/pass");
    const char *fail = corpus_path(*state, "avro/lang/c/tests/schema_tests/fail");

    if (!pass || !fail) skip();
    assert_true(corpus_each(*state, pass, "", check_pass, *state) > 15);
    assert_true(corpus_each(*state, fail, "", check_fail, *state) > 7);
    for (size_t i = 0; i < sizeof k_files / sizeof k_files[0]; i++) {
        const char *path =
            corpus_path(*state, firn_arena_printf(*state, "avro/%s", k_files[i]).data);
        check_pass(*state, k_files[i], corpus_read(*state, path));
    }
}

static void test_logical_types_that_do_not_fit_are_ignored(void **state)
{
    static const struct logical_case {
        const char *json;
        firn_avro_logical logical;
    } k_cases[] = {
        {"{\"type\":\"int\",\"logicalType\":\"date\"}", FIRN_AVRO_DATE},
        {"{\"type\":\"long\",\"logicalType\":\"date\"}", FIRN_AVRO_PLAIN},
        {"{\"type\":\"int\",\"logicalType\":\"time-millis\"}", FIRN_AVRO_TIME_MILLIS},
        {"{\"type\":\"long\",\"logicalType\":\"time-micros\"}", FIRN_AVRO_TIME_MICROS},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}", FIRN_AVRO_TIMESTAMP_NANOS},
        {"{\"type\":\"long\",\"logicalType\":\"local-timestamp-millis\"}",
         FIRN_AVRO_LOCAL_TIMESTAMP_MILLIS},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}",
         FIRN_AVRO_DECIMAL},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":5}",
         FIRN_AVRO_PLAIN},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\"}", FIRN_AVRO_PLAIN},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":4,\"logicalType\":\"decimal\","
         "\"precision\":9}",
         FIRN_AVRO_DECIMAL},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":4,\"logicalType\":\"decimal\","
         "\"precision\":10}",
         FIRN_AVRO_PLAIN},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":16,\"logicalType\":\"uuid\"}",
         FIRN_AVRO_UUID},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":15,\"logicalType\":\"uuid\"}",
         FIRN_AVRO_PLAIN},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":12,\"logicalType\":\"duration\"}",
         FIRN_AVRO_DURATION},
        {"{\"type\":\"array\",\"items\":\"int\",\"logicalType\":\"map\"}", FIRN_AVRO_PLAIN},
        {"{\"type\":\"string\",\"logicalType\":\"made-up\"}", FIRN_AVRO_PLAIN},
    };

    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++)
        assert_int_equal(parse(state, firn_str_of(k_cases[i].json))->logical, k_cases[i].logical);
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
        cmocka_unit_test_setup_teardown(test_logical_types_that_do_not_fit_are_ignored, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
