/* SPDX-License-Identifier: Apache-2.0 */
/* Partition transforms against the vectors of the specification (Appendix B) and of Iceberg's own
 * tests. */
#include <inttypes.h>

#include "iceberg/spec/schema_json.h"
#include "iceberg/spec/transform.h"
#include "spec_support.h"

static firn_type type_of(firn_arena *arena, const char *name)
{
    firn_error err = {0};
    firn_type type = {0};
    (void)arena;
    assert_ok(firn_type_parse_primitive(firn_str_of(name), &type, &err), &err);
    return type;
}

static firn_value value_of(firn_arena *arena, const char *type_name, const char *text)
{
    firn_error err = {0};
    firn_value value;
    const firn_type type = type_of(arena, type_name);
    assert_ok(firn_value_from_text(firn_str_of(text), &type, arena, &value, &err), &err);
    return value;
}

static firn_value apply(firn_arena *arena, const char *transform, const char *type_name,
                        const char *text)
{
    firn_error err = {0};
    firn_transform t;
    firn_value out;
    const firn_type type = type_of(arena, type_name);
    const firn_value value = value_of(arena, type_name, text);
    assert_ok(firn_transform_parse(firn_str_of(transform), &t, &err), &err);
    assert_ok(firn_transform_apply(&t, &type, &value, arena, &out, &err), &err);
    return out;
}

static void test_murmur3_matches_the_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        int32_t hash;
    } k_cases[] = {
        {"\x22\0\0\0\0\0\0\0", 8, 2017239379},
        {"\0\0\0\0\0\0\0\0", 8, 1669671676},
        {"\xff\xff\xff\xff\xff\xff\xff\xff", 8, 1651860712},
        {"\xff\xff\xff\xff\xff\xff\xff\x7f", 8, -2106506049},
        {"\x05\x8c", 2, -500754589},
        {"\x00", 1, 1364076727},
        {"\xff", 1, -43192051},
        {"\x4b\x3b\x4c\xa8\x5a\x86\xc4\x7a\x09\x8a\x22\x3f\xff\xff\xff\xff", 16, -1079967834},
        {"iceberg", 7, 1210000089},
        {"", 0, 0},
        {"a", 1, 1009084850},
        {"\xc3\xa9", 2, 269551495},
        {"\xf0\x9f\xa7\x8a", 4, 847417219},
        {"\x00\x01\x02\x03", 4, -188683207},
        {"\x01\0\0\0\0\0\0\0", 8, 1392991556},
        {"\0\0\0\0\0\0\xf0\x3f", 8, -142385009},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        assert_int_equal((int32_t)firn_murmur3_x86_32(k_cases[i].bytes, k_cases[i].n, 0),
                         k_cases[i].hash);
    }
}

static void test_bucket_matches_the_vectors(void **state)
{
    static const struct {
        const char *type, *value;
        int32_t of_16, of_100;
    } k_cases[] = {
        {"int", "34", 3, 79},
        {"long", "34", 3, 79},
        {"long", "0", 12, 76},
        {"int", "-1", 8, 12},
        {"date", "1969-12-31", 8, 12},
        {"long", "9223372036854775807", 15, 99},
        {"decimal(9,2)", "14.20", 3, 59},
        {"decimal(9,2)", "0.00", 7, 27},
        {"decimal(9,2)", "-0.01", 13, 97},
        {"decimal(38,0)", "99999999999999999999999999999999999999", 6, 14},
        {"date", "2017-11-16", 10, 26},
        {"time", "22:31:08", 3, 59},
        {"timestamp", "2017-11-16T22:31:08", 7, 7},
        {"timestamptz", "2017-11-16T14:31:08-08:00", 7, 7},
        {"timestamp_ns", "2017-11-16T22:31:08", 7, 7},
        {"timestamp", "2017-11-16T22:31:08.000001", 6, 38},
        {"timestamp_ns", "2017-11-16T22:31:08.000001001", 6, 38},
        {"string", "iceberg", 9, 89},
        {"string", "", 0, 0},
        {"string", "a", 2, 50},
        {"string", "\xc3\xa9", 7, 95},
        {"string", "\xf0\x9f\xa7\x8a", 3, 19},
        {"uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7", 12, 40},
        {"binary", "AAECAw==", 9, 41},
        {"fixed[4]", "AAECAw==", 9, 41},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        const firn_value a = apply(*state, "bucket[16]", k_cases[i].type, k_cases[i].value);
        const firn_value b = apply(*state, "bucket[100]", k_cases[i].type, k_cases[i].value);
        assert_int_equal(a.kind, FIRN_TYPE_INT);
        assert_int_equal(a.as.i32, k_cases[i].of_16);
        assert_int_equal(b.as.i32, k_cases[i].of_100);
    }
}

static void test_truncate_matches_the_vectors(void **state)
{
    static const struct {
        const char *transform, *type, *value, *expected;
    } k_cases[] = {
        {"truncate[10]", "int", "1", "0"},
        {"truncate[10]", "int", "9", "0"},
        {"truncate[10]", "int", "-1", "-10"},
        {"truncate[10]", "long", "-10", "-10"},
        {"truncate[10]", "long", "-11", "-20"},
        {"truncate[10]", "decimal(9,2)", "12.34", "12.30"},
        {"truncate[10]", "decimal(9,2)", "12.29", "12.20"},
        {"truncate[10]", "decimal(9,2)", "0.05", "0.00"},
        {"truncate[10]", "decimal(9,2)", "-0.05", "-0.10"},
        {"truncate[50]", "decimal(9,2)", "10.65", "10.50"},
        {"truncate[3]", "string", "iceberg", "ice"},
        {"truncate[3]", "string", "ic", "ic"},
        {"truncate[2]", "string", "\xc3\xa9\xf0\x9f\xa7\x8a-", "\xc3\xa9\xf0\x9f\xa7\x8a"},
        {"truncate[3]", "binary", "AQIDBAU=", "AQID"},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_str text;
        const firn_value v = apply(*state, k_cases[i].transform, k_cases[i].type, k_cases[i].value);
        assert_ok(firn_value_to_text(&v, *state, &text, &err), &err);
        assert_str(text, k_cases[i].expected);
    }
}

static void test_time_transforms_round_down_before_1970(void **state)
{
    static const struct {
        const char *transform, *type, *value;
        int32_t expected;
        const char *text;
    } k_cases[] = {
        {"year", "date", "2017-12-01", 47, "2017"},
        {"month", "date", "2017-12-01", 575, "2017-12"},
        {"day", "date", "2017-12-01", 17501, "2017-12-01"},
        {"hour", "timestamp", "2017-12-01T10:12:55.038194", 420034, "2017-12-01-10"},
        {"year", "date", "1969-12-31", -1, "1969"},
        {"month", "date", "1969-12-31", -1, "1969-12"},
        {"day", "timestamptz", "1969-12-31T23:59:59Z", -1, "1969-12-31"},
        {"hour", "timestamp", "1969-12-31T23:00:00", -1, "1969-12-31-23"},
        {"year", "timestamp_ns", "1970-01-01", 0, "1970"},
        {"month", "timestamp_ns", "1969-11-30T23:59:59.999999999", -2, "1969-11"},
        {"day", "timestamptz_ns", "2017-12-01T10:12:55.038194789Z", 17501, "2017-12-01"},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_transform t;
        firn_str text;
        const firn_value v = apply(*state, k_cases[i].transform, k_cases[i].type, k_cases[i].value);
        assert_int_equal(v.as.i32, k_cases[i].expected);
        assert_ok(firn_transform_parse(firn_str_of(k_cases[i].transform), &t, &err), &err);
        assert_ok(firn_transform_value_text(&t, &v, *state, &text, &err), &err);
        assert_str(text, k_cases[i].text);
    }
}

static void test_decimals_and_times_are_spelled_as_java_does(void **state)
{
    static const struct {
        const char *type, *value, *text;
    } k_cases[] = {
        {"decimal(38, 10)", "0.0000000000", "0E-10"},
        {"decimal(38, 10)", "-0.0000000208", "-2.08E-8"},
        {"decimal(38, 10)", "0.0000010000", "0.0000010000"},
        {"decimal(38, 10)", "0.0000009999", "9.999E-7"},
        {"decimal(38, 10)", "-12.0000000001", "-12.0000000001"},
        {"decimal(9, 2)", "0.00", "0.00"},
        {"decimal(9, 7)", "0.0000000", "0E-7"},
        {"decimal(9, 6)", "0.000000", "0.000000"},
        {"decimal(9, 0)", "0", "0"},
        {"timestamp", "2024-02-28T06:00:00", "2024-02-28T06:00:00"},
        {"timestamp", "0002-01-01T00:00:00.001001", "0002-01-01T00:00:00.001001"},
        {"timestamptz", "1969-12-31T23:59:59.500000Z", "1969-12-31T23:59:59.5+00:00"},
        {"timestamp_ns", "1969-12-31T23:59:59.000000001", "1969-12-31T23:59:59.000000001"},
        {"timestamptz_ns", "2024-02-28T06:10:00Z", "2024-02-28T06:10:00+00:00"},
    };
    const firn_transform identity = {.kind = FIRN_TRANSFORM_IDENTITY};
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_str text;
        const firn_value v = apply(*state, "identity", k_cases[i].type, k_cases[i].value);
        assert_ok(firn_transform_value_text(&identity, &v, *state, &text, &err), &err);
        assert_str(text, k_cases[i].text);
    }
}

static void test_null_in_gives_null_out(void **state)
{
    static const char *const k_names[] = {"identity", "bucket[4]", "truncate[4]", "void"};
    const firn_type type = {.kind = FIRN_TYPE_LONG};
    const firn_value null = {.kind = FIRN_TYPE_LONG, .is_null = true};
    for (size_t i = 0; i < 4; i++) {
        firn_error err = {0};
        firn_transform t;
        firn_value out;
        assert_ok(firn_transform_parse(firn_str_of(k_names[i]), &t, &err), &err);
        assert_ok(firn_transform_apply(&t, &type, &null, *state, &out, &err), &err);
        assert_true(out.is_null);
    }
    assert_true(apply(*state, "void", "int", "5").is_null);
}

static void test_names_round_trip_and_unknown_ones_are_kept(void **state)
{
    static const char *const k_names[] = {"identity",    "bucket[16]", "truncate[3]", "year",
                                          "month",       "day",        "hour",        "void",
                                          "zorder[2,3]", "bucket"};
    (void)state;
    for (size_t i = 0; i < sizeof k_names / sizeof k_names[0]; i++) {
        firn_error err = {0};
        firn_transform t;
        char name[64];
        assert_ok(firn_transform_parse(firn_str_of(k_names[i]), &t, &err), &err);
        assert_string_equal(firn_transform_name(&t, name, sizeof name), k_names[i]);
        assert_int_equal(t.kind == FIRN_TRANSFORM_UNKNOWN, i >= 8);
    }
}

static void test_parameters_out_of_range_are_refused(void **state)
{
    static const char *const k_names[] = {"bucket[0]", "bucket[-1]", "truncate[]", "truncate[x]",
                                          "bucket[2147483648]"};
    (void)state;
    for (size_t i = 0; i < sizeof k_names / sizeof k_names[0]; i++) {
        firn_error err = {0};
        firn_transform t;
        assert_fails(firn_transform_parse(firn_str_of(k_names[i]), &t, &err), FIRN_ERR_ARG, &err,
                     "must be an integer from 1 to 2147483647");
    }
}

static void test_types_a_transform_does_not_take_are_refused(void **state)
{
    static const struct {
        const char *transform, *type, *message;
    } k_cases[] = {
        {"day", "string", "cannot apply day to string"},
        {"hour", "date", "cannot apply hour to date"},
        {"bucket[4]", "double", "cannot apply bucket[4] to double"},
        {"bucket[4]", "boolean", "cannot apply bucket[4] to boolean"},
        {"truncate[4]", "uuid", "cannot apply truncate[4] to uuid"},
        {"truncate[4]", "fixed[3]", "cannot apply truncate[4] to fixed[3]"},
        {"identity", "variant", "cannot apply identity to variant"},
        {"identity", "geometry", "cannot apply identity to geometry"},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_transform t;
        const firn_type type = type_of(*state, k_cases[i].type);
        assert_ok(firn_transform_parse(firn_str_of(k_cases[i].transform), &t, &err), &err);
        assert_fails(firn_transform_check(&t, &type, &err), FIRN_ERR_ARG, &err, k_cases[i].message);
    }
}

static void test_unknown_transform_is_not_applied(void **state)
{
    firn_error err = {0};
    firn_transform t;
    firn_value out;
    const firn_type type = {.kind = FIRN_TYPE_INT};
    const firn_value value = {.kind = FIRN_TYPE_INT};
    assert_ok(firn_transform_parse(FIRN_STR("zorder"), &t, &err), &err);
    assert_fails(firn_transform_apply(&t, &type, &value, *state, &out, &err), FIRN_ERR_UNSUPPORTED,
                 &err, "not supported: transform \"zorder\"");
}

static void test_field_names_are_those_of_other_writers(void **state)
{
    static const struct {
        const char *transform, *expected;
    } k_cases[] = {{"identity", "c"},
                   {"bucket[16]", "c_bucket_16"},
                   {"truncate[3]", "c_trunc_3"},
                   {"year", "c_year"},
                   {"month", "c_month"},
                   {"day", "c_day"},
                   {"hour", "c_hour"},
                   {"void", "c_null"}};
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_transform t;
        firn_str name;
        assert_ok(firn_transform_parse(firn_str_of(k_cases[i].transform), &t, &err), &err);
        assert_ok(firn_transform_field_name(&t, FIRN_STR("c"), *state, &name, &err), &err);
        assert_str(name, k_cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_murmur3_matches_the_vectors),
        cmocka_unit_test_setup_teardown(test_bucket_matches_the_vectors, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_truncate_matches_the_vectors, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_time_transforms_round_down_before_1970, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_decimals_and_times_are_spelled_as_java_does,
                                        make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_null_in_gives_null_out, make_arena, drop_arena),
        cmocka_unit_test(test_names_round_trip_and_unknown_ones_are_kept),
        cmocka_unit_test(test_parameters_out_of_range_are_refused),
        cmocka_unit_test_setup_teardown(test_types_a_transform_does_not_take_are_refused,
                                        make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_unknown_transform_is_not_applied, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_field_names_are_those_of_other_writers, make_arena,
                                        drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
