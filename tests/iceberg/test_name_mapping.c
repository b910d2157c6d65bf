/* SPDX-License-Identifier: Apache-2.0 */
/* Name mappings: parsing, and the names a projection gets for a file without field ids. */
#include <string.h>

#include "base/str.h"
#include "firn_test.h"
#include "iceberg/scan/name_mapping.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
/* The table: id, point struct<x, y>, tags list<struct<label>>. */
static const firn_field k_point[] = {{.id = 3, .name = FIRN_STR_INIT("x"), .type = &k_int},
                                     {.id = 4, .name = FIRN_STR_INIT("y"), .type = &k_int}};
static const firn_type k_point_type = {.kind = FIRN_TYPE_STRUCT, .fields = k_point, .n_fields = 2};
static const firn_field k_tag[] = {{.id = 7, .name = FIRN_STR_INIT("label"), .type = &k_int}};
static const firn_type k_tag_type = {.kind = FIRN_TYPE_STRUCT, .fields = k_tag, .n_fields = 1};
static const firn_field k_element[] = {
    {.id = 6, .name = FIRN_STR_INIT("element"), .type = &k_tag_type}};
static const firn_type k_tags_type = {.kind = FIRN_TYPE_LIST, .fields = k_element, .n_fields = 1};
static const firn_field k_columns[] = {
    {.id = 1, .name = FIRN_STR_INIT("id"), .type = &k_int},
    {.id = 2, .name = FIRN_STR_INIT("point"), .type = &k_point_type},
    {.id = 5, .name = FIRN_STR_INIT("tags"), .type = &k_tags_type},
};
static const firn_type k_table = {.kind = FIRN_TYPE_STRUCT, .fields = k_columns, .n_fields = 3};

/* The file: the same with other names, and a column called like one it does not stand for. */
static const firn_field f_point[] = {{.id = -1, .name = FIRN_STR_INIT("px"), .type = &k_int},
                                     {.id = -1, .name = FIRN_STR_INIT("y"), .type = &k_int}};
static const firn_type f_point_type = {.kind = FIRN_TYPE_STRUCT, .fields = f_point, .n_fields = 2};
static const firn_field f_tag[] = {{.id = -1, .name = FIRN_STR_INIT("text"), .type = &k_int}};
static const firn_type f_tag_type = {.kind = FIRN_TYPE_STRUCT, .fields = f_tag, .n_fields = 1};
static const firn_field f_element[] = {
    {.id = -1, .name = FIRN_STR_INIT("element"), .type = &f_tag_type}};
static const firn_type f_tags_type = {.kind = FIRN_TYPE_LIST, .fields = f_element, .n_fields = 1};
static const firn_field f_columns[] = {
    {.id = -1, .name = FIRN_STR_INIT("labels"), .type = &f_tags_type},
    {.id = -1, .name = FIRN_STR_INIT("location"), .type = &f_point_type},
    {.id = -1, .name = FIRN_STR_INIT("id"), .type = &k_int},
};
static const firn_type k_file = {.kind = FIRN_TYPE_STRUCT, .fields = f_columns, .n_fields = 3};

static const firn_name_mapping *parse(firn_arena *arena, const char *json)
{
    firn_error err = {0};
    const firn_name_mapping *mapping = NULL;
    assert_ok(firn_name_mapping_parse(firn_str_of(json), arena, &mapping, &err), &err);
    return mapping;
}

static void test_columns_get_the_names_of_the_file(void **state)
{
    (void)state;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_type *out = NULL;
    const firn_name_mapping *mapping =
        parse(arena, "[{\"names\":[\"unused\"]},{\"field-id\":1,\"names\":[\"key\"]},"
                     "{\"field-id\":2,\"names\":[\"point\",\"location\"],\"fields\":["
                     "{\"field-id\":3,\"names\":[\"x\",\"px\"]}]},"
                     "{\"field-id\":5,\"names\":[\"labels\"],\"fields\":["
                     "{\"field-id\":6,\"names\":[\"element\"],\"fields\":["
                     "{\"field-id\":7,\"names\":[\"text\"]}]}]}]");
    assert_ok(firn_name_mapping_apply(mapping, &k_table, &k_file, arena, &out, &err), &err);
    assert_int_equal(out->n_fields, 3);
    assert_str(out->fields[0].name, "\x01"
                                    "1"); /* the file's "id" is another column */
    assert_int_equal(out->fields[0].id, 1);
    assert_str(out->fields[1].name, "location");
    assert_str(out->fields[1].type->fields[0].name, "px");
    assert_str(out->fields[1].type->fields[1].name, "\x01"
                                                    "4"); /* not mapped: missing */
    assert_str(out->fields[2].name, "labels");
    assert_str(out->fields[2].type->fields[0].type->fields[0].name, "text");
    assert_null(firn_name_mapping_find(mapping, &k_columns[0], &k_file));
    assert_ptr_equal(firn_name_mapping_find(mapping, &k_columns[1], &k_file), &f_columns[1]);
    firn_arena_destroy(arena);
}

static void test_without_a_mapping_names_stand_for_themselves(void **state)
{
    (void)state;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_type *out = NULL;
    assert_ok(firn_name_mapping_apply(NULL, &k_table, &k_file, arena, &out, &err), &err);
    assert_str(out->fields[0].name, "id");
    assert_str(out->fields[1].name, "point");
    assert_ptr_equal(firn_name_mapping_find(NULL, &k_columns[0], &k_file), &f_columns[2]);
    assert_null(firn_name_mapping_find(NULL, &k_columns[1], &k_file));
    firn_arena_destroy(arena);
}

static void test_bad_mappings_are_corrupt(void **state)
{
    static const struct {
        const char *json, *message;
    } k_bad[] = {
        {"{}", "name mapping is not an array"},
        {"[1]", "name mapping: a field is not an object"},
        {"[{\"field-id\":1}]", "missing \"names\""},
        {"[{\"field-id\":1,\"names\":[2]}]", "name mapping: a name is not a string"},
        {"[{\"field-id\":1,\"names\":[],\"fields\":[{}]}]", "missing \"names\""},
        {"[", "name mapping"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_bad / sizeof k_bad[0]; i++) {
        firn_error err = {0};
        firn_arena *arena = firn_arena_create(NULL, 0);
        const firn_name_mapping *mapping = NULL;
        assert_fails(firn_name_mapping_parse(firn_str_of(k_bad[i].json), arena, &mapping, &err),
                     FIRN_ERR_CORRUPT, &err, k_bad[i].message);
        firn_arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_get_the_names_of_the_file),
        cmocka_unit_test(test_without_a_mapping_names_stand_for_themselves),
        cmocka_unit_test(test_bad_mappings_are_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
