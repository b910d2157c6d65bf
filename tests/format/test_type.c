/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "firn/types.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_field k_point_fields[] = {
    {.id = 11, .name = FIRN_STR_INIT("x"), .type = &k_int, .is_required = true},
    {.id = 12, .name = FIRN_STR_INIT("Y"), .type = &k_int},
};
static const firn_type k_point = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_point_fields, .n_fields = 2};
static const firn_field k_element[] = {
    {.id = 21, .name = FIRN_STR_INIT("element"), .type = &k_point}};
static const firn_type k_points = {.kind = FIRN_TYPE_LIST, .fields = k_element, .n_fields = 1};
static const firn_field k_columns[] = {
    {.id = 1, .name = FIRN_STR_INIT("a"), .type = &k_point},
    {.id = 2, .name = FIRN_STR_INIT("a.x"), .type = &k_string},
    {.id = 3, .name = FIRN_STR_INIT("Tags"), .type = &k_points},
    {.id = 4, .name = FIRN_STR_INIT("tags"), .type = &k_int},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_columns, .n_fields = 4}};

static int32_t id_of(const char *name)
{
    const firn_field *field = firn_schema_find_name(&k_schema, firn_str_of(name));
    return field ? field->id : -1;
}

static void test_fields_are_found_by_dotted_name(void **state)
{
    (void)state;
    assert_int_equal(id_of("a"), 1);
    assert_int_equal(id_of("a.Y"), 12);
    assert_int_equal(id_of("Tags.element.x"), 21 - 10);
    assert_int_equal(id_of("a.z"), -1);
    assert_int_equal(id_of("a."), -1);
    assert_int_equal(id_of(""), -1);
}

static void test_exact_case_wins_over_other_case(void **state)
{
    (void)state;
    assert_int_equal(id_of("tags"), 4);
    assert_int_equal(id_of("Tags"), 3);
    assert_int_equal(id_of("TAGS.ELEMENT.Y"), 12);
    assert_int_equal(id_of("A.y"), 12);
}

static void test_fields_are_found_by_id_in_nested_types(void **state)
{
    (void)state;
    assert_ptr_equal(firn_schema_find_id(&k_schema, 21), &k_element[0]);
    assert_ptr_equal(firn_schema_find_id(&k_schema, 12), &k_point_fields[1]);
    assert_null(firn_schema_find_id(&k_schema, 99));
    assert_int_equal(firn_schema_max_id(&k_schema), 21);
}

static void test_primitive_names_round_trip(void **state)
{
    (void)state;
    static const char *const names[] = {
        "unknown",
        "boolean",
        "int",
        "long",
        "float",
        "double",
        "decimal(38,0)",
        "decimal(9,2)",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "string",
        "timestamp_ns",
        "timestamptz_ns",
        "uuid",
        "fixed[16]",
        "binary",
        "variant",
        "geometry",
        "geometry(srid:3857)",
        "geography",
        "geography(OGC:CRS84,karney)",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        firn_type type;
        firn_error err = {0};
        char out[64];
        assert_int_equal(firn_type_parse_primitive(firn_str_of(names[i]), &type, &err), FIRN_OK);
        assert_string_equal(firn_type_name(&type, out, sizeof out), names[i]);
    }
}

static void test_blanks_in_parameters_are_accepted(void **state)
{
    (void)state;
    firn_type type;
    assert_int_equal(firn_type_parse_primitive(FIRN_STR("decimal(12, 3)"), &type, NULL), FIRN_OK);
    assert_int_equal(type.precision, 12);
    assert_int_equal(type.scale, 3);
    assert_int_equal(firn_type_parse_primitive(FIRN_STR("fixed[ 7 ]"), &type, NULL), FIRN_OK);
    assert_int_equal(type.length, 7);
}

static void test_bad_type_names_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "struct",        "list",         "decimal",
                                      "decimal()",  "decimal(39,2)", "decimal(5,6)", "decimal(0,0)",
                                      "decimal(5)", "fixed[0]",      "fixed[-1]",    "fixed(3)",
                                      "INTEGER"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        firn_type type;
        firn_error err = {0};
        assert_int_equal(firn_type_parse_primitive(firn_str_of(bad[i]), &type, &err), FIRN_ERR_ARG);
        assert_non_null(strstr(err.message, bad[i]));
    }
}

static void test_equality_sees_ids_names_and_nullability(void **state)
{
    (void)state;
    firn_field fields[2] = {k_point_fields[0], k_point_fields[1]};
    const firn_type copy = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 2};
    assert_true(firn_type_equals(&copy, &k_point));
    fields[1].id = 13;
    assert_false(firn_type_equals(&copy, &k_point));
    fields[1] = k_point_fields[1];
    fields[1].is_required = true;
    assert_false(firn_type_equals(&copy, &k_point));
    fields[1] = k_point_fields[1];
    fields[1].name = FIRN_STR("y");
    assert_false(firn_type_equals(&copy, &k_point));
    assert_false(firn_type_equals(&k_int, &k_string));
}

static firn_value f64(double v)
{
    return (firn_value){.kind = FIRN_TYPE_DOUBLE, .as.f64 = v};
}

static void test_doubles_sort_in_total_order(void **state)
{
    (void)state;
    const double order[] = {-(double)NAN, -(double)INFINITY, -1.5,       -0.0, 0.0,
                            1e-300,       (double)INFINITY,  (double)NAN};
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < 8; j++) {
            const firn_value a = f64(order[i]), b = f64(order[j]);
            const int c = firn_value_compare(&a, &b);
            assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
        }
    }
}

static void test_values_compare_by_kind(void **state)
{
    (void)state;
    const firn_value null = {.kind = FIRN_TYPE_INT, .is_null = true};
    const firn_value low = {.kind = FIRN_TYPE_INT, .as.i32 = INT32_MIN};
    assert_true(firn_value_compare(&null, &low) < 0);
    assert_int_equal(firn_value_compare(&null, &null), 0);
    const firn_value a = {.kind = FIRN_TYPE_STRING, .as.bytes = FIRN_STR("z")};
    const firn_value b = {.kind = FIRN_TYPE_STRING, .as.bytes = FIRN_STR("\xc3\xa9")};
    assert_true(firn_value_compare(&a, &b) < 0); /* unsigned bytes */
    const firn_value c = {.kind = FIRN_TYPE_DECIMAL, .scale = 1, .as.decimal = 15};
    const firn_value d = {.kind = FIRN_TYPE_DECIMAL, .scale = 2, .as.decimal = 150};
    assert_int_equal(firn_value_compare(&c, &d), 0);
    const firn_value e = {.kind = FIRN_TYPE_DECIMAL, .scale = 2, .as.decimal = -151};
    assert_true(firn_value_compare(&e, &c) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_found_by_dotted_name),
        cmocka_unit_test(test_exact_case_wins_over_other_case),
        cmocka_unit_test(test_fields_are_found_by_id_in_nested_types),
        cmocka_unit_test(test_primitive_names_round_trip),
        cmocka_unit_test(test_blanks_in_parameters_are_accepted),
        cmocka_unit_test(test_bad_type_names_are_refused),
        cmocka_unit_test(test_equality_sees_ids_names_and_nullability),
        cmocka_unit_test(test_doubles_sort_in_total_order),
        cmocka_unit_test(test_values_compare_by_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
