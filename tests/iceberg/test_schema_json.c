/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas and single values to and from JSON and text. */
#include <stdlib.h>

#include "iceberg/spec/schema_json.h"
#include "spec_support.h"

static const char k_all_types[] =
    "{\"type\":\"struct\",\"schema-id\":3,\"identifier-field-ids\":[1],\"fields\":["
    "{\"id\":1,\"name\":\"id\",\"required\":true,\"type\":\"long\",\"doc\":\"key\"},"
    "{\"id\":2,\"name\":\"d\",\"required\":false,\"type\":\"decimal(9,2)\","
    "\"initial-default\":\"14.20\",\"write-default\":\"-0.01\"},"
    "{\"id\":3,\"name\":\"t\",\"required\":false,\"type\":\"timestamptz\","
    "\"initial-default\":\"2017-11-16T22:31:08.123456+00:00\"},"
    "{\"id\":4,\"name\":\"l\",\"required\":false,\"type\":{\"type\":\"list\",\"element-id\":5,"
    "\"element\":\"fixed[16]\",\"element-required\":true}},"
    "{\"id\":6,\"name\":\"m\",\"required\":false,\"type\":{\"type\":\"map\",\"key-id\":7,\"key\":"
    "\"string\",\"value-id\":8,\"value\":{\"type\":\"struct\",\"fields\":[{\"id\":9,\"name\":\"x\","
    "\"required\":false,\"type\":\"double\",\"write-default\":1.5}]},\"value-required\":false}}]}";

static const firn_schema *parse(firn_arena *arena, const char *text)
{
    firn_error err = {0};
    json_t *json = NULL;
    const firn_schema *schema = NULL;
    assert_ok(firn_json_parse(firn_str_of(text), arena, &json, &err), &err);
    assert_ok(firn_schema_from_json(json, arena, &schema, &err), &err);
    return schema;
}

static void assert_schema_refused(firn_arena *arena, const char *text, firn_status status,
                                  const char *message)
{
    firn_error err = {0};
    json_t *json = NULL;
    const firn_schema *schema = NULL;
    assert_ok(firn_json_parse(firn_str_of(text), arena, &json, &err), &err);
    assert_fails(firn_schema_from_json(json, arena, &schema, &err), status, &err, message);
    assert_null(schema);
}

static void test_schema_round_trips(void **state)
{
    firn_error err = {0};
    json_t *json = NULL;
    firn_buf buf;
    const firn_schema *schema = parse(*state, k_all_types);
    assert_int_equal(schema->schema_id, 3);
    assert_int_equal(schema->root.n_fields, 5);
    assert_int_equal(schema->identifier_field_ids[0], 1);
    assert_str(schema->root.fields[0].doc, "key");
    assert_int_equal(firn_schema_max_id(schema), 9);
    assert_ok(firn_schema_to_json(schema, &json, &err), &err);
    firn_buf_init(&buf, NULL, 1 << 20);
    assert_ok(firn_json_write(json, &buf, &err), &err);
    assert_str(firn_buf_view(&buf), k_all_types);
    firn_buf_dispose(&buf);
    json_decref(json);
}

static void test_faulty_schemas_are_refused(void **state)
{
#define FIELD "{\"id\":1,\"name\":\"a\",\"required\":true,\"type\":\"int\"}"
    assert_schema_refused(*state, "{\"fields\":[]}", FIRN_ERR_CORRUPT, "missing \"type\"");
    assert_schema_refused(*state, "{\"type\":\"list\",\"fields\":[]}", FIRN_ERR_CORRUPT,
                          "must be \"struct\", found \"list\"");
    assert_schema_refused(*state, "{\"type\":\"struct\"}", FIRN_ERR_CORRUPT, "missing \"fields\"");
    assert_schema_refused(*state, "{\"type\":\"struct\",\"fields\":[" FIELD "," FIELD "]}",
                          FIRN_ERR_CORRUPT, "two fields are named \"a\"");
    assert_schema_refused(*state,
                          "{\"type\":\"struct\",\"fields\":[" FIELD
                          ",{\"id\":1,\"name\":\"b\",\"required\":true,\"type\":\"int\"}]}",
                          FIRN_ERR_CORRUPT, "two fields have the id 1");
    assert_schema_refused(
        *state, "{\"type\":\"struct\",\"fields\":[" FIELD "],\"identifier-field-ids\":[2]}",
        FIRN_ERR_CORRUPT, "names field 2, which is not in the schema");
    assert_schema_refused(*state,
                          "{\"type\":\"struct\",\"fields\":[{\"id\":1,\"name\":\"b\","
                          "\"required\":true,\"type\":\"decimal(50,2)\"}]}",
                          FIRN_ERR_CORRUPT, "field \"b\"");
    assert_schema_refused(*state,
                          "{\"type\":\"struct\",\"fields\":[{\"id\":1,\"name\":\"b\","
                          "\"required\":true,\"type\":\"int\",\"initial-default\":\"x\"}]}",
                          FIRN_ERR_CORRUPT, "field \"b\": \"x\" is not a JSON value of type int");
#undef FIELD
}

static void test_nesting_beyond_the_limit_is_refused(void **state)
{
    firn_error err = {0};
    const firn_schema *schema = NULL;
    json_t *type = json_string("int");
    for (int i = 0; i < 70; i++) {
        type = json_pack("{s:s,s:i,s:b,s:o}", "type", "list", "element-id", i + 2,
                         "element-required", 1, "element", type);
    }
    json_t *json = json_pack("{s:s,s:[{s:i,s:s,s:b,s:o}]}", "type", "struct", "fields", "id", 1,
                             "name", "deep", "required", 1, "type", type);
    assert_non_null(json);
    assert_fails(firn_schema_from_json(json, *state, &schema, &err), FIRN_ERR_LIMIT, &err,
                 "nested deeper than 64");
    json_decref(json);
}

static firn_type type_of(const char *name)
{
    firn_error err = {0};
    firn_type type = {0};
    assert_ok(firn_type_parse_primitive(firn_str_of(name), &type, &err), &err);
    return type;
}

static void test_values_round_trip_through_json(void **state)
{
    static const struct {
        const char *type, *json;
    } k_cases[] = {
        {"boolean", "true"},
        {"int", "-34"},
        {"long", "9223372036854775807"},
        {"double", "1.25"},
        {"float", "0.5"},
        {"decimal(9,2)", "\"14.20\""},
        {"decimal(38,10)", "\"-0.0000000001\""},
        {"date", "\"2017-11-16\""},
        {"date", "\"-0001-02-28\""},
        {"time", "\"22:31:08.123456\""},
        {"timestamp", "\"1969-12-31T23:59:59.999999\""},
        {"timestamptz", "\"2017-11-16T22:31:08.123456+00:00\""},
        {"timestamp_ns", "\"2017-11-16T22:31:08.123456789\""},
        {"timestamptz_ns", "\"2017-11-16T22:31:08.123456789+00:00\""},
        {"string", "\"ice\\\"berg\""},
        {"uuid", "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\""},
        {"fixed[4]", "\"000102ff\""},
        {"binary", "\"\""},
        {"int", "null"},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_value value;
        json_t *out = NULL;
        const firn_type type = type_of(k_cases[i].type);
        json_t *json = json_loads(k_cases[i].json, JSON_DECODE_ANY, NULL);
        assert_ok(firn_value_from_json(json, &type, *state, &value, &err), &err);
        assert_ok(firn_value_to_json(&value, &type, &out, &err), &err);
        char *text = json_dumps(out, JSON_ENCODE_ANY);
        assert_string_equal(text, k_cases[i].json);
        free(text);
        json_decref(out);
        json_decref(json);
    }
}

static void test_json_of_another_type_is_refused(void **state)
{
    static const struct {
        const char *type, *json;
    } k_cases[] = {
        {"boolean", "1"},
        {"int", "2147483648"},
        {"int", "1.5"},
        {"long", "\"1\""},
        {"decimal(4,2)", "\"100.00\""},
        {"decimal(9,2)", "\"1.005\""},
        {"date", "\"2017-02-29\""},
        {"time", "\"24:00:00\""},
        {"timestamp", "\"2017-11-16T22:31:08+00:00\""},
        {"timestamptz", "\"2017-11-16T22:31:08\""},
        {"timestamptz", "\"2017-11-16T22:31:08+01:00\""},
        {"timestamp", "\"2017-11-16T22:31:08.0000001\""},
        {"timestamp_ns", "\"2500-01-01T00:00:00\""},
        {"uuid", "\"f79c3e09\""},
        {"fixed[4]", "\"0001\""},
        {"binary", "\"0g\""},
        {"variant", "1"},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_value value;
        const firn_type type = type_of(k_cases[i].type);
        json_t *json = json_loads(k_cases[i].json, JSON_DECODE_ANY, NULL);
        assert_fails(firn_value_from_json(json, &type, *state, &value, &err), FIRN_ERR_CORRUPT,
                     &err, "not a JSON value of type");
        json_decref(json);
    }
}

static void test_values_read_as_text_like_other_writers(void **state)
{
    static const struct {
        const char *type, *text;
    } k_cases[] = {
        {"boolean", "false"},
        {"long", "-5"},
        {"float", "0.1"},
        {"float", "3.4028235E38"},
        {"double", "1.0"},
        {"double", "1.0E10"},
        {"double", "1234567.0"},
        {"double", "1.2345678E7"},
        {"double", "0.001"},
        {"double", "1.0E-4"},
        {"double", "-0.0"},
        {"double", "-Infinity"},
        {"double", "NaN"},
        {"double", "123.456"},
        {"double", "2.2250738585072014E-308"},
        {"decimal(9,2)", "14.20"},
        {"decimal(9,2)", "-0.05"},
        {"decimal(38,38)", "0.99999999999999999999999999999999999999"},
        {"date", "2017-11-16"},
        {"date", "+10000-01-01"},
        {"time", "22:31"},
        {"time", "22:31:08.500"},
        {"timestamp", "2017-11-16T22:31:08"},
        {"timestamptz", "2017-11-16T22:31:08.123456Z"},
        {"timestamp_ns", "1969-12-31T23:59:59.999999999"},
        {"string", "a b"},
        {"binary", "AAECAw=="},
        {"binary", "AAE="},
        {"binary", ""},
        {"uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7"},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_value value;
        firn_str text;
        const firn_type type = type_of(k_cases[i].type);
        assert_ok(firn_value_from_text(firn_str_of(k_cases[i].text), &type, *state, &value, &err),
                  &err);
        assert_ok(firn_value_to_text(&value, *state, &text, &err), &err);
        assert_str(text, k_cases[i].text);
    }
}

static void test_text_that_is_no_value_is_refused(void **state)
{
    firn_error err = {0};
    firn_value value;
    const firn_type date = type_of("date");
    const firn_type decimal = type_of("decimal(38,0)");
    assert_fails(firn_value_from_text(FIRN_STR("2021-13-01"), &date, *state, &value, &err),
                 FIRN_ERR_ARG, &err, "\"2021-13-01\" is not a value of type date");
    assert_fails(firn_value_from_text(FIRN_STR("100000000000000000000000000000000000000"), &decimal,
                                      *state, &value, &err),
                 FIRN_ERR_ARG, &err, "is not a value of type decimal(38,0)");
    assert_ok(firn_value_from_text(FIRN_STR("2E+20"), &decimal, *state, &value, &err), &err);
    assert_true(value.as.decimal == (firn_int128)200000000000 * 1000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_schema_round_trips, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_faulty_schemas_are_refused, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_nesting_beyond_the_limit_is_refused, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_values_round_trip_through_json, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_json_of_another_type_is_refused, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_values_read_as_text_like_other_writers, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_text_that_is_no_value_is_refused, make_arena,
                                        drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
