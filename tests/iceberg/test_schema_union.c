/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas united by name, unknown columns that get a type, columns made required while others
 * commit, partition fields renamed. */

#include "base/str.h"
#include "lake_fixture.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_float = {.kind = FIRN_TYPE_FLOAT};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_unknown = {.kind = FIRN_TYPE_UNKNOWN};

#define FIELD(text, of)                            \
    {                                              \
        .name = FIRN_STR_INIT(text), .type = &(of) \
    }
#define STRUCT(name, members)                                \
    static const firn_type name = {.kind = FIRN_TYPE_STRUCT, \
                                   .fields = (members),      \
                                   .n_fields = sizeof(members) / sizeof *(members)}

static firn_txn *begin(firn_table *table)
{
    firn_error err;
    firn_txn *txn = NULL;
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    return txn;
}

static void commit(firn_txn *txn)
{
    firn_error err;
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
}

static const firn_field *column(const firn_table *table, const char *name)
{
    const firn_field *field = firn_schema_find_name(
        firn_metadata_schema(firn_table_metadata_of(table)), firn_str_of(name));
    if (!field) fail_msg("no column %s", name);
    return field;
}

/* The table: id long required, day date, name string, price double. */
static void test_a_union_adds_widens_and_loosens(void **state)
{
    static const firn_field inner[] = {FIELD("a", k_int), FIELD("b", k_float)};
    STRUCT(inner_type, inner);
    static const firn_field wider[] = {FIELD("b", k_double), FIELD("c", k_string)};
    STRUCT(wider_type, wider);
    static const firn_field first[] = {
        FIELD("ID", k_int), /* narrower than the table's: left alone */
        {.name = FIRN_STR_INIT("s"), .type = &inner_type, .is_required = true, .id = 77}};
    static const firn_field second[] = {
        FIELD("s", wider_type),
        {.name = FIRN_STR_INIT("name"), .type = &k_string, .doc = FIRN_STR_INIT("words")}};
    const firn_schema one = {.root = {.kind = FIRN_TYPE_STRUCT, .fields = first, .n_fields = 2}};
    const firn_schema two = {.root = {.kind = FIRN_TYPE_STRUCT, .fields = second, .n_fields = 2}};
    firn_error err;
    firn_table *table = firn_test_table(*state, "u", false, NULL);
    firn_txn *txn = begin(table);
    assert_ok(firn_txn_union_by_name(txn, &one, &err), &err);
    assert_ok(firn_txn_union_by_name(txn, &two, &err), &err);
    commit(txn);
    assert_int_equal(column(table, "id")->type->kind, FIRN_TYPE_LONG);
    assert_false(column(table, "id")->is_required); /* optional in the other */
    assert_int_equal(column(table, "s")->id, 5);
    assert_false(column(table, "s")->is_required);
    assert_int_equal(column(table, "s.a")->id, 6);
    assert_int_equal(column(table, "s.b")->type->kind, FIRN_TYPE_DOUBLE);
    assert_int_equal(column(table, "s.c")->id, 8);
    assert_str(column(table, "name")->doc, "words");
    assert_int_equal(firn_table_metadata_of(table)->last_column_id, 8);
    assert_int_equal(firn_metadata_schema(firn_table_metadata_of(table))->root.n_fields, 5);
    firn_table_close(table);
}

static void test_a_union_of_types_that_do_not_go_together_is_refused(void **state)
{
    static const firn_field inner[] = {FIELD("x", k_int)};
    STRUCT(inner_type, inner);
    static const firn_field k_cases[] = {FIELD("name", k_int), FIELD("name", inner_type),
                                         FIELD("price", k_string)};
    static const char *const k_messages[] = {
        "column \"name\" is of type string, it cannot be united with int",
        "column \"name\" is of type string, it cannot be united with struct",
        "column \"price\" is of type double, it cannot be united with string"};
    firn_error err;
    firn_table *table = firn_test_table(*state, "u", false, NULL);
    firn_txn *txn = begin(table);
    for (size_t i = 0; i < 3; i++) {
        const firn_schema other = {
            .root = {.kind = FIRN_TYPE_STRUCT, .fields = &k_cases[i], .n_fields = 1}};
        assert_fails(firn_txn_union_by_name(txn, &other, &err), FIRN_ERR_ARG, &err, k_messages[i]);
    }
    commit(txn);
    assert_int_equal(firn_table_metadata_of(table)->n_schemas, 1);
    firn_table_close(table);
}

static void test_unknown_becomes_any_type(void **state)
{
    static const firn_field inner[] = {FIELD("x", k_int), FIELD("y", k_string)};
    STRUCT(inner_type, inner);
    firn_error err;
    firn_table *table = firn_test_table(*state, "n", false, "format-version", "3", NULL);
    firn_txn *txn = begin(table);
    const firn_position last = {0};
    assert_ok(firn_txn_add_column(txn, FIRN_STR("u"), &k_unknown, FIRN_STR(""), last, &err), &err);
    assert_ok(firn_txn_add_column(txn, FIRN_STR("v"), &k_unknown, FIRN_STR(""), last, &err), &err);
    assert_fails(firn_txn_make_required(txn, FIRN_STR("u"), FIRN_ROWS_TRUSTED, &err), FIRN_ERR_ARG,
                 &err, "of type unknown has only nulls");
    commit(txn);
    txn = begin(table);
    assert_ok(firn_txn_promote_column(txn, FIRN_STR("u"), &k_long, &err), &err);
    assert_ok(firn_txn_promote_column(txn, FIRN_STR("v"), &inner_type, &err), &err);
    assert_fails(firn_txn_promote_column(txn, FIRN_STR("u"), &k_unknown, &err), FIRN_ERR_ARG, &err,
                 "of type long cannot become unknown");
    commit(txn);
    assert_int_equal(column(table, "u")->type->kind, FIRN_TYPE_LONG);
    assert_int_equal(column(table, "u")->id, 5);
    assert_int_equal(column(table, "v.y")->id, 8);
    firn_table_close(table);
}

static void test_a_column_made_required_holds_the_branches_still(void **state)
{
    firn_error err;
    firn_test_lake *lake = *state;
    firn_table *table = firn_test_table(lake, "r", false, NULL);
    firn_table *other = firn_test_table_open(lake, "r");
    firn_txn *checked = begin(table);
    firn_txn *trusted = begin(table);
    assert_ok(firn_txn_make_required(checked, FIRN_STR("name"), FIRN_ROWS_CHECKED, &err), &err);
    assert_ok(firn_txn_make_required(trusted, FIRN_STR("price"), FIRN_ROWS_TRUSTED, &err), &err);
    assert_ok(firn_test_append(lake, other, "a", 1, 0, 10, &err), &err);
    assert_fails(firn_txn_commit(checked, &err), FIRN_ERR_CONFLICT, &err,
                 "another commit moved a branch");
    firn_txn_close(checked);
    commit(trusted);
    assert_false(column(table, "name")->is_required);
    assert_true(column(table, "price")->is_required);
    firn_table_close(other);
    firn_table_close(table);
}

static void test_partition_fields_are_renamed(void **state)
{
    firn_error err;
    firn_table *table = firn_test_table(*state, "p", true, NULL);
    firn_txn *txn = begin(table);
    const firn_partition_field before =
        firn_metadata_spec(firn_table_metadata_of(table))->fields[0];
    assert_fails(firn_txn_rename_partition_field(txn, before.name, FIRN_STR("name"), &err),
                 FIRN_ERR_EXISTS, &err, "has the name of a column it does not equal");
    assert_fails(firn_txn_rename_partition_field(txn, FIRN_STR("nope"), FIRN_STR("x"), &err),
                 FIRN_ERR_NOT_FOUND, &err, "no partition field \"nope\"");
    assert_ok(firn_txn_rename_partition_field(txn, before.name, FIRN_STR("when"), &err), &err);
    commit(txn);
    const firn_partition_spec *spec = firn_metadata_spec(firn_table_metadata_of(table));
    assert_str(spec->fields[0].name, "when");
    assert_int_equal(spec->fields[0].field_id, before.field_id);
    assert_int_equal(spec->spec_id, 1);
    firn_table_close(table);
}

int main(void)
{
#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, firn_test_local_lake, firn_test_lake_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_union_adds_widens_and_loosens),
        CASE(test_a_union_of_types_that_do_not_go_together_is_refused),
        CASE(test_unknown_becomes_any_type),
        CASE(test_a_column_made_required_holds_the_branches_still),
        CASE(test_partition_fields_are_renamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
