/* SPDX-License-Identifier: Apache-2.0 */
/* Schema, partition and sort order changes, and the ids of new tables. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "lake_fixture.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_float = {.kind = FIRN_TYPE_FLOAT};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_decimal = {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2};
static const firn_type k_date = {.kind = FIRN_TYPE_DATE};

/* n int, place struct<lat float, lon float>, tags list<struct<tag string>>,
 * attrs map<string, int>, amount decimal(9,2), d date; ids far away from those to be assigned. */
static const firn_field k_place[] = {{.id = 70, .name = FIRN_STR_INIT("lat"), .type = &k_float},
                                     {.id = 71, .name = FIRN_STR_INIT("lon"), .type = &k_float}};
static const firn_type k_place_type = {.kind = FIRN_TYPE_STRUCT, .fields = k_place, .n_fields = 2};
static const firn_field k_tag[] = {{.id = 81, .name = FIRN_STR_INIT("tag"), .type = &k_string}};
static const firn_type k_tag_type = {.kind = FIRN_TYPE_STRUCT, .fields = k_tag, .n_fields = 1};
static const firn_field k_element[] = {
    {.id = 80, .name = FIRN_STR_INIT("element"), .type = &k_tag_type}};
static const firn_type k_tags_type = {.kind = FIRN_TYPE_LIST, .fields = k_element, .n_fields = 1};
static const firn_field k_entry[] = {
    {.id = 90, .is_required = true, .name = FIRN_STR_INIT("key"), .type = &k_string},
    {.id = 91, .name = FIRN_STR_INIT("value"), .type = &k_int}};
static const firn_type k_attrs_type = {.kind = FIRN_TYPE_MAP, .fields = k_entry, .n_fields = 2};
static const firn_field k_fields[] = {
    {.id = 10, .is_required = true, .name = FIRN_STR_INIT("n"), .type = &k_int},
    {.id = 20, .name = FIRN_STR_INIT("place"), .type = &k_place_type},
    {.id = 30, .name = FIRN_STR_INIT("tags"), .type = &k_tags_type},
    {.id = 40, .name = FIRN_STR_INIT("attrs"), .type = &k_attrs_type},
    {.id = 50, .name = FIRN_STR_INIT("amount"), .type = &k_decimal},
    {.id = 60, .name = FIRN_STR_INIT("d"), .type = &k_date},
};
static const int32_t k_identifier[] = {10};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 6},
    .identifier_field_ids = k_identifier,
    .n_identifier_field_ids = 1,
};

static firn_table *nested_table(firn_test_lake *lake)
{
    static const firn_partition_field month = {.source_id = 60,
                                               .transform = {.kind = FIRN_TRANSFORM_MONTH}};
    static const firn_sort_field by_amount = {.source_id = 50, .nulls_last = true};
    const firn_partition_spec spec = {.fields = &month, .n_fields = 1};
    const firn_sort_order order = {.fields = &by_amount, .n_fields = 1};
    firn_table *table = NULL;
    firn_error err;
    const firn_ident ident = firn_test_ident("nested");
    assert_ok(firn_table_create(
                  lake->env, lake->store, lake->catalog, &ident,
                  FIRN_TABLE_CREATE_OPTS(.schema = &k_schema, .spec = &spec, .sort_order = &order),
                  &table, &err),
              &err);
    return table;
}

static int32_t id_of(const firn_table *table, const char *name)
{
    const firn_field *field = firn_schema_find_name(
        firn_metadata_schema(firn_table_metadata_of(table)), firn_str_of(name));
    return field ? field->id : -1;
}

/* Ids as PyIceberg's assign_fresh_schema_ids gives them for this schema. */
static void test_new_ids_go_level_by_level(void **state)
{
    firn_table *table = nested_table(*state);
    const firn_table_metadata *m = firn_table_metadata_of(table);
    const struct {
        const char *name;
        int32_t id;
    } want[] = {{"n", 1},
                {"place", 2},
                {"tags", 3},
                {"attrs", 4},
                {"amount", 5},
                {"d", 6},
                {"place.lat", 7},
                {"place.lon", 8},
                {"tags.element", 9},
                {"tags.element.tag", 10},
                {"attrs.key", 11},
                {"attrs.value", 12}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_int_equal(id_of(table, want[i].name), want[i].id);
    assert_int_equal(m->last_column_id, 12);
    assert_int_equal(firn_metadata_schema(m)->identifier_field_ids[0], 1);
    assert_int_equal(firn_metadata_spec(m)->fields[0].source_id, 6);
    assert_int_equal(firn_metadata_spec(m)->fields[0].field_id, 1000);
    assert_str(firn_metadata_spec(m)->fields[0].name, "d_month");
    assert_int_equal(firn_metadata_sort_order(m)->order_id, 1);
    assert_int_equal(firn_metadata_sort_order(m)->fields[0].source_id, 5);
    firn_table_close(table);
}

static const firn_position k_last = {0};

static void test_columns_are_added_renamed_moved_and_dropped(void **state)
{
    firn_table *table = nested_table(*state);
    firn_txn *txn = NULL;
    firn_error err;
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_add_column(txn, FIRN_STR("note"), &k_string, FIRN_STR("a note"),
                                  (firn_position){.kind = FIRN_POSITION_FIRST}, &err),
              &err);
    assert_ok(firn_txn_add_column(txn, FIRN_STR("place.alt"), &k_place_type, FIRN_STR(""),
                                  (firn_position){FIRN_POSITION_AFTER, FIRN_STR("lat")}, &err),
              &err);
    assert_ok(
        firn_txn_add_column(txn, FIRN_STR("tags.weight"), &k_double, FIRN_STR(""), k_last, &err),
        &err);
    assert_ok(firn_txn_rename_column(txn, FIRN_STR("attrs"), FIRN_STR("labels"), &err), &err);
    assert_ok(firn_txn_move_column(txn, FIRN_STR("amount"),
                                   (firn_position){FIRN_POSITION_BEFORE, FIRN_STR("n")}, &err),
              &err);
    assert_ok(firn_txn_drop_column(txn, FIRN_STR("place.lon"), &err), &err);
    assert_ok(firn_txn_set_doc(txn, FIRN_STR("n"), FIRN_STR("number"), &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);

    const firn_table_metadata *m = firn_table_metadata_of(table);
    const firn_type *root = &firn_metadata_schema(m)->root;
    const char *order[] = {"note", "amount", "n", "place", "tags", "labels", "d"};
    assert_int_equal(root->n_fields, 7);
    for (size_t i = 0; i < 7; i++) assert_str(root->fields[i].name, order[i]);
    assert_int_equal(m->n_schemas, 2);
    assert_int_equal(m->current_schema_id, 1);
    assert_int_equal(id_of(table, "note"), 13);
    assert_int_equal(id_of(table, "place.alt"), 14);
    assert_int_equal(id_of(table, "place.alt.lat"), 15);
    assert_int_equal(id_of(table, "tags.element.weight"), 17);
    assert_int_equal(m->last_column_id, 17);
    assert_int_equal(id_of(table, "labels"), 4);
    assert_int_equal(id_of(table, "place.lon"), -1);
    assert_str(root->fields[0].doc, "a note");
    assert_str(root->fields[3].type->fields[0].name, "lat");
    assert_str(root->fields[3].type->fields[1].name, "alt");
    firn_table_close(table);
}

static void test_types_are_promoted(void **state)
{
    firn_table *table = nested_table(*state);
    firn_txn *txn = NULL;
    firn_error err;
    const firn_type wide = {.kind = FIRN_TYPE_DECIMAL, .precision = 20, .scale = 2};
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_promote_column(txn, FIRN_STR("n"), &k_long, &err), &err);
    assert_ok(firn_txn_promote_column(txn, FIRN_STR("place.lat"), &k_double, &err), &err);
    assert_ok(firn_txn_promote_column(txn, FIRN_STR("amount"), &wide, &err), &err);
    assert_ok(firn_txn_promote_column(txn, FIRN_STR("attrs.value"), &k_long, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const firn_schema *schema = firn_metadata_schema(firn_table_metadata_of(table));
    assert_int_equal(firn_schema_find_name(schema, FIRN_STR("n"))->type->kind, FIRN_TYPE_LONG);
    assert_int_equal(firn_schema_find_name(schema, FIRN_STR("place.lat"))->type->kind,
                     FIRN_TYPE_DOUBLE);
    assert_int_equal(firn_schema_find_name(schema, FIRN_STR("amount"))->type->precision, 20);
    assert_int_equal(firn_schema_find_name(schema, FIRN_STR("attrs.value"))->type->kind,
                     FIRN_TYPE_LONG);
    firn_table_close(table);
}

static void test_wrong_changes_are_refused(void **state)
{
    firn_table *table = nested_table(*state);
    firn_txn *txn = NULL;
    firn_error err;
    const firn_type ns = {.kind = FIRN_TYPE_TIMESTAMP_NS};
    const firn_type scale = {.kind = FIRN_TYPE_DECIMAL, .precision = 20, .scale = 3};
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
#define ADD(name, type) firn_txn_add_column(txn, FIRN_STR(name), (type), FIRN_STR(""), k_last, &err)
    assert_fails(ADD("n", &k_int), FIRN_ERR_EXISTS, &err, "column \"n\" exists already");
    assert_fails(ADD("N", &k_int), FIRN_ERR_EXISTS, &err, "upper and lower case only");
    assert_fails(ADD("place.LAT", &k_int), FIRN_ERR_EXISTS, &err, "upper and lower case only");
    assert_fails(ADD("nowhere.x", &k_int), FIRN_ERR_NOT_FOUND, &err, "no column \"nowhere\"");
    assert_fails(ADD("n.x", &k_int), FIRN_ERR_ARG, &err, "column \"n\" is not a struct");
    assert_fails(ADD("x", &ns), FIRN_ERR_UNSUPPORTED, &err,
                 "not supported: type timestamp_ns in a table of format version 2");
    assert_fails(ADD("", &k_int), FIRN_ERR_ARG, &err, "column name is empty");
#undef ADD
    assert_fails(firn_txn_drop_column(txn, FIRN_STR("n"), &err), FIRN_ERR_ARG, &err,
                 "it is an identifier field");
    assert_fails(firn_txn_drop_column(txn, FIRN_STR("d"), &err), FIRN_ERR_ARG, &err,
                 "partition field \"d_month\" comes from it");
    assert_fails(firn_txn_drop_column(txn, FIRN_STR("amount"), &err), FIRN_ERR_ARG, &err,
                 "the sort order uses it");
    assert_fails(firn_txn_drop_column(txn, FIRN_STR("attrs.key"), &err), FIRN_ERR_ARG, &err,
                 "element, key or value");
    assert_fails(firn_txn_drop_column(txn, FIRN_STR("tags.element.tag"), &err), FIRN_ERR_ARG, &err,
                 "it is the only one");
    assert_fails(firn_txn_make_optional(txn, FIRN_STR("n"), &err), FIRN_ERR_ARG, &err,
                 "it is an identifier field");
    assert_fails(firn_txn_make_optional(txn, FIRN_STR("attrs.key"), &err), FIRN_ERR_ARG, &err,
                 "part of a map key");
    assert_fails(firn_txn_rename_column(txn, FIRN_STR("n"), FIRN_STR("D"), &err), FIRN_ERR_EXISTS,
                 &err, "upper and lower case only");
    assert_fails(firn_txn_rename_column(txn, FIRN_STR("tags.element"), FIRN_STR("x"), &err),
                 FIRN_ERR_ARG, &err, "element, key or value");
    assert_fails(firn_txn_promote_column(txn, FIRN_STR("n"), &k_string, &err), FIRN_ERR_ARG, &err,
                 "column \"n\" of type int cannot become string");
    assert_fails(firn_txn_promote_column(txn, FIRN_STR("amount"), &scale, &err), FIRN_ERR_ARG, &err,
                 "decimal(9,2) cannot become decimal(20,3)");
    assert_fails(firn_txn_move_column(txn, FIRN_STR("n"),
                                      (firn_position){FIRN_POSITION_AFTER, FIRN_STR("n")}, &err),
                 FIRN_ERR_ARG, &err, "next to itself");
    assert_fails(firn_txn_move_column(txn, FIRN_STR("n"),
                                      (firn_position){FIRN_POSITION_AFTER, FIRN_STR("lat")}, &err),
                 FIRN_ERR_NOT_FOUND, &err, "no column \"lat\"");
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_int_equal(firn_table_metadata_of(table)->n_schemas, 1);
    firn_table_close(table);
}

static void test_schema_that_was_there_before_is_set_again(void **state)
{
    firn_table *table = nested_table(*state);
    firn_error err;
    for (int i = 0; i < 2; i++) {
        firn_txn *txn = NULL;
        assert_ok(firn_txn_begin(table, &txn, &err), &err);
        assert_ok(firn_txn_rename_column(txn, i == 0 ? FIRN_STR("tags") : FIRN_STR("labels"),
                                         i == 0 ? FIRN_STR("labels") : FIRN_STR("tags"), &err),
                  &err);
        assert_ok(firn_txn_commit(txn, &err), &err);
        firn_txn_close(txn);
    }
    assert_int_equal(firn_table_metadata_of(table)->n_schemas, 2);
    assert_int_equal(firn_table_metadata_of(table)->current_schema_id, 0);
    firn_table_close(table);
}

static void test_concurrent_schema_change_is_a_conflict(void **state)
{
    firn_test_lake *lake = *state;
    firn_table *table = nested_table(lake);
    firn_table *other = firn_test_table_open(lake, "nested");
    firn_txn *mine = NULL;
    firn_txn *theirs = NULL;
    firn_error err;
    assert_ok(firn_txn_begin(table, &mine, &err), &err);
    assert_ok(firn_txn_add_column(mine, FIRN_STR("a"), &k_int, FIRN_STR(""), k_last, &err), &err);
    assert_ok(firn_txn_begin(other, &theirs, &err), &err);
    assert_ok(firn_txn_add_column(theirs, FIRN_STR("b"), &k_int, FIRN_STR(""), k_last, &err), &err);
    assert_ok(firn_txn_commit(theirs, &err), &err);
    assert_fails(firn_txn_commit(mine, &err), FIRN_ERR_CONFLICT, &err,
                 "another commit changed the schema");
    firn_txn_close(mine);
    firn_txn_close(theirs);
    assert_ok(firn_table_refresh(table, &err), &err);
    assert_int_equal(id_of(table, "b"), 13);
    assert_int_equal(id_of(table, "a"), -1);
    firn_table_close(table);
    firn_table_close(other);
}

/* ---- partitioning and sort order ---- */

static firn_transform bucket(int32_t n)
{
    return (firn_transform){.kind = FIRN_TRANSFORM_BUCKET, .param = n};
}

static void test_partition_fields_come_and_go_with_their_ids(void **state)
{
    firn_table *table = nested_table(*state);
    firn_txn *txn = NULL;
    firn_error err;
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_add_partition_field(txn, FIRN_STR("n"), bucket(16), FIRN_STR(""), &err),
              &err);
    assert_ok(firn_txn_drop_partition_field(txn, FIRN_STR("d_month"), &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const firn_partition_spec *spec = firn_metadata_spec(firn_table_metadata_of(table));
    assert_int_equal(spec->spec_id, 1);
    assert_int_equal(spec->n_fields, 1);
    assert_str(spec->fields[0].name, "n_bucket_16");
    assert_int_equal(spec->fields[0].field_id, 1001);

    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_add_partition_field(txn, FIRN_STR("d"),
                                           (firn_transform){.kind = FIRN_TRANSFORM_MONTH},
                                           FIRN_STR(""), &err),
              &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    spec = firn_metadata_spec(firn_table_metadata_of(table));
    assert_int_equal(spec->spec_id, 2);
    assert_int_equal(spec->n_fields, 2);
    assert_int_equal(spec->fields[1].field_id, 1000);
    assert_int_equal(firn_table_metadata_of(table)->last_partition_id, 1001);
    firn_table_close(table);
}

static void test_wrong_partition_fields_are_refused(void **state)
{
    firn_table *table = nested_table(*state);
    firn_txn *txn = NULL;
    firn_error err;
    const firn_transform month = {.kind = FIRN_TRANSFORM_MONTH};
    const firn_transform identity = {.kind = FIRN_TRANSFORM_IDENTITY};
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_fails(firn_txn_add_partition_field(txn, FIRN_STR("n"), month, FIRN_STR(""), &err),
                 FIRN_ERR_ARG, &err, "column \"n\"");
    assert_fails(firn_txn_add_partition_field(txn, FIRN_STR("d"), month, FIRN_STR("x"), &err),
                 FIRN_ERR_EXISTS, &err, "partitioned by that already, as \"d_month\"");
    assert_fails(
        firn_txn_add_partition_field(txn, FIRN_STR("n"), bucket(4), FIRN_STR("amount"), &err),
        FIRN_ERR_EXISTS, &err, "has the name of a column");
    assert_fails(firn_txn_add_partition_field(txn, FIRN_STR("place"), identity, FIRN_STR(""), &err),
                 FIRN_ERR_ARG, &err, "it is nested");
    assert_fails(
        firn_txn_add_partition_field(txn, FIRN_STR("attrs.value"), identity, FIRN_STR(""), &err),
        FIRN_ERR_ARG, &err, "it is nested");
    assert_fails(firn_txn_add_partition_field(txn, FIRN_STR("zz"), identity, FIRN_STR(""), &err),
                 FIRN_ERR_NOT_FOUND, &err, "no column \"zz\" to partition by");
    assert_fails(firn_txn_drop_partition_field(txn, FIRN_STR("zz"), &err), FIRN_ERR_NOT_FOUND, &err,
                 "no partition field \"zz\"");
    firn_txn_close(txn);
    firn_table_close(table);
}

static void test_v1_keeps_dropped_partition_fields_as_void(void **state)
{
    firn_test_lake *lake = *state;
    firn_table *table = firn_test_table(lake, "v1", true, "format-version", "1", NULL);
    firn_txn *txn = NULL;
    firn_error err;
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_drop_partition_field(txn, FIRN_STR("day"), &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const firn_table_metadata *m = firn_table_metadata_of(table);
    assert_int_equal(m->format_version, 1);
    assert_int_equal(firn_metadata_spec(m)->n_fields, 1);
    assert_int_equal(firn_metadata_spec(m)->fields[0].transform.kind, FIRN_TRANSFORM_VOID);
    firn_table_close(table);
}

static void test_spec_and_sort_order_are_replaced(void **state)
{
    firn_table *table = nested_table(*state);
    firn_txn *txn = NULL;
    firn_error err;
    const firn_partition_field fields[] = {
        {.source_id = 1, .transform = bucket(8)},
        {.source_id = 6, .transform = {.kind = FIRN_TRANSFORM_MONTH}}};
    const firn_sort_field sort = {.source_id = 1, .is_descending = true};
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_set_spec(txn, fields, 2, &err), &err);
    assert_ok(firn_txn_set_sort_order(txn, &sort, 1, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const firn_table_metadata *m = firn_table_metadata_of(table);
    assert_int_equal(firn_metadata_spec(m)->n_fields, 2);
    assert_int_equal(firn_metadata_spec(m)->fields[0].field_id, 1001);
    assert_int_equal(firn_metadata_spec(m)->fields[1].field_id, 1000);
    assert_int_equal(firn_metadata_sort_order(m)->order_id, 2);
    assert_true(firn_metadata_sort_order(m)->fields[0].is_descending);

    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_set_spec(txn, NULL, 0, &err), &err);
    assert_ok(firn_txn_set_sort_order(txn, NULL, 0, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    m = firn_table_metadata_of(table);
    assert_int_equal(firn_metadata_spec(m)->n_fields, 0);
    assert_int_equal(firn_metadata_sort_order(m)->order_id, 0);
    firn_table_close(table);
}

/* ---- properties ---- */

static void test_properties_are_set_removed_and_guarded(void **state)
{
    firn_test_lake *lake = *state;
    firn_table *table = firn_test_table(lake, "p", false, "a", "1", "format-version", "1", NULL);
    firn_txn *txn = NULL;
    firn_error err;
    const firn_property set[] = {{FIRN_STR_INIT("b"), FIRN_STR_INIT("2")},
                                 {FIRN_STR_INIT("format-version"), FIRN_STR_INIT("2")}};
    const firn_property uuid = {FIRN_STR_INIT("uuid"), FIRN_STR_INIT("x")};
    const firn_property back = {FIRN_STR_INIT("format-version"), FIRN_STR_INIT("1")};
    const firn_str key = FIRN_STR("a");
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_set_properties(txn, set, 2, &err), &err);
    assert_ok(firn_txn_remove_properties(txn, &key, 1, &err), &err);
    assert_fails(firn_txn_set_properties(txn, &uuid, 1, &err), FIRN_ERR_ARG, &err,
                 "property \"uuid\" is reserved");
    assert_ok(firn_txn_commit(txn, &err), &err);
    assert_fails(firn_txn_set_properties(txn, set, 2, &err), FIRN_ERR_ARG, &err,
                 "transaction has ended already");
    firn_txn_close(txn);
    const firn_table_metadata *m = firn_table_metadata_of(table);
    assert_int_equal(m->format_version, 2);
    assert_int_equal(m->properties.n, 1);
    assert_str(m->properties.items[0].key, "b");
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_fails(firn_txn_set_properties(txn, &back, 1, &err), FIRN_ERR_ARG, &err,
                 "format version 2 cannot go back to 1");
    firn_txn_close(txn);
    firn_table_close(table);
}

#define TEST(test) \
    cmocka_unit_test_setup_teardown(test, firn_test_local_lake, firn_test_lake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_new_ids_go_level_by_level),
        TEST(test_columns_are_added_renamed_moved_and_dropped),
        TEST(test_types_are_promoted),
        TEST(test_wrong_changes_are_refused),
        TEST(test_schema_that_was_there_before_is_set_again),
        TEST(test_concurrent_schema_change_is_a_conflict),
        TEST(test_partition_fields_come_and_go_with_their_ids),
        TEST(test_wrong_partition_fields_are_refused),
        TEST(test_v1_keeps_dropped_partition_fields_as_void),
        TEST(test_spec_and_sort_order_are_replaced),
        TEST(test_properties_are_set_removed_and_guarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
