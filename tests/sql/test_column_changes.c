/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that promise more or less of their rows: defaults, NOT NULL, identifier fields, types of
 * format version 3; and what follows the names of columns. */
#include "sql_fixture.h"

#include "base/arena.h"
#include "base/str.h"
#include "firn/ext/catalog.h"

#define V3 " tblproperties ('format-version' = '3')"

static firn_str property(sql_fixture *f, const char *table, const char *key, char out[1024])
{
    firn_table *handle = sql_open_table(f, "default", table);
    const firn_str value = firn_properties_get(&firn_table_metadata_of(handle)->properties,
                                               firn_str_of(key), FIRN_STR(""));
    assert_true(value.len < 1024);
    memcpy(out, value.data, value.len);
    firn_table_close(handle);
    return (firn_str){out, value.len};
}

static void test_added_columns_have_their_default_in_old_and_new_rows(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table d (id int, s struct<a: int>)" V3);
    sql_run(f, "insert into d values (1, {'a': 5})");
    sql_run(f, "alter table d add column n bigint not null default -7");
    sql_run(f, "alter table d add columns (t varchar default 'it''s', dt date default DATE "
               "'2020-02-29', c decimal(9,2) default 1.5, b boolean default true, x binary default "
               "X'00ff', s.b int default 9)");
    assert_rows(f, "select id, n, t, dt, c, b, x, s from d",
                "(1, -7, 'it\\'s', 2020-02-29, 1.50, true, '\\\\x00\\\\xFF', {'a': 5, 'b': 9})");
    sql_run(f, "insert into d (id) values (2)");
    sql_run(f, "insert into d (id, n, t) values (3, 1, NULL)");
    assert_rows(f, "select id, n, t, dt, c, b, x from d where id > 1",
                "(2, -7, 'it\\'s', 2020-02-29, 1.50, true, '\\\\x00\\\\xFF') "
                "(3, 1, NULL, 2020-02-29, 1.50, true, '\\\\x00\\\\xFF')");
    assert_rows(f, "select id from d where n = -7", "(1) (2)");
    assert_rows(f, "select count(*) from d where n is null", "(0)");
}

static void test_a_default_may_change_for_rows_to_come(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table w (id int, n int default 1, m int)" V3);
    sql_run(f, "insert into w (id) values (1)");
    sql_run(f, "alter table w add column k int default 5");
    sql_run(f, "alter table w alter column n set default 2");
    sql_run(f, "alter table w alter column k set default 6");
    sql_run(f, "alter table w alter column m set default 3");
    sql_run(f, "insert into w (id) values (2)");
    sql_run(f, "alter table w alter column n drop default");
    sql_run(f, "insert into w (id) values (3)");
    assert_rows(f, "select * from w", "(1, 1, NULL, 5) (2, 2, 3, 6) (3, NULL, 3, 6)");
    sql_run(f, "update w set m = default, n = default where id = 1");
    sql_run(f, "merge into w using (values (4), (1)) s(i) on w.id = s.i when matched then update "
               "set k = default when not matched then insert (id, m) values (s.i, default)");
    assert_rows(f, "select * from w where id in (1, 4)", "(1, NULL, 3, 6) (4, NULL, 3, 6)");
}

static void test_show_create_tells_defaults(void **state)
{
    firn_error err;
    const firn_batch *batch = NULL;
    sql_fixture *f = *state;
    sql_run(f, "create table sd (a int not null default -5, b varchar default 'it''s', c binary "
               "default X'00ff', d date default DATE '2020-02-29', e decimal(5,2) default 1.5, f "
               "boolean default true, g int)" V3);
    firn_result *result = sql_query(f, "show create table sd");
    assert_ok(firn_result_next(result, &batch, &err), &err);
    const firn_value text = firn_column_get(&batch->columns[batch->n_columns - 1], 0);
    static const char *const k_parts[] = {"int NOT NULL DEFAULT -5,", " DEFAULT 'it''s',",
                                          " DEFAULT X'00ff',",        "date DEFAULT '2020-02-29',",
                                          " DEFAULT 1.50,",           "boolean DEFAULT true,"};
    for (size_t i = 0; i < sizeof k_parts / sizeof *k_parts; i++)
        if (firn_str_find(text.as.bytes, firn_str_of(k_parts[i]), 0) == SIZE_MAX)
            fail_msg("no \"%s\" in %.*s", k_parts[i], FIRN_STR_ARG(text.as.bytes));
    firn_result_close(result);
}

static void test_defaults_are_refused_where_they_cannot_be(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table r2 (id int)");
    sql_run(f, "create table r3 (id int)" V3);
    sql_expect_failure(f, "alter table r2 add column n int default 1", FIRN_ERR_UNSUPPORTED,
                       "not supported: default of column \"n\" in a table of format version 2, 3 "
                       "is needed",
                       NULL, 0);
    sql_expect_failure(f, "alter table r2 alter column id set default 1", FIRN_ERR_UNSUPPORTED,
                       "in a table of format version 2", NULL, 0);
    sql_expect_failure(f, "create table r1 (id int default 4)", FIRN_ERR_ARG,
                       "a default value needs format version 3", NULL, 0);
    sql_expect_failure(f, "alter table r3 add column n int default 'x'", FIRN_ERR_ARG,
                       "\"x\" is not a value of type int", NULL, 40);
    sql_expect_failure(f, "alter table r3 add column n int default 99999999999", FIRN_ERR_ARG,
                       "\"99999999999\" is not a value of type int", NULL, 40);
    sql_expect_failure(f, "alter table r3 add column n int default random()", FIRN_ERR_UNSUPPORTED,
                       "not supported: a default that is not a literal", NULL, 40);
    sql_expect_failure(f, "alter table r3 add column n int not null default null", FIRN_ERR_ARG,
                       "cannot be added as required without a default", NULL, 26);
    sql_expect_failure(f, "alter table r3 add column b binary default 'x'", FIRN_ERR_ARG,
                       "a default of bytes is written X'...'", NULL, 43);
}

static void test_not_null_is_set_after_a_look_at_the_rows(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table nn (id int, n int, s struct<a: int>, l array<int>)");
    sql_run(f, "insert into nn values (1, 5, {'a': 1}, [1]), (2, NULL, NULL, [2, NULL])");
    sql_expect_failure(f, "alter table nn alter column n set not null", FIRN_ERR_ARG,
                       "column \"n\" cannot become required: a row of ", NULL, 28);
    sql_expect_failure(f, "alter table nn alter column l.element set not null", FIRN_ERR_ARG,
                       "cannot become required", NULL, 28);
    sql_run(f, "alter table nn alter column id set not null");
    sql_run(f, "alter table nn alter column s.a set not null"); /* the null is s, not a */
    sql_run(f, "delete from nn where id = 2");
    sql_run(f, "alter table nn alter column n set not null");
    sql_run(f, "alter table nn alter column l.element set not null");
    sql_expect_failure(f, "insert into nn values (NULL, 1, NULL, NULL)", FIRN_ERR_ARG, "id", NULL,
                       12);
    sql_run(f, "alter table nn add column late int");
    sql_expect_failure(f, "alter table nn alter column late set not null", FIRN_ERR_ARG,
                       "cannot become required", NULL, 28);
    sql_run(f, "alter table nn alter column n drop not null");
    sql_run(f, "insert into nn values (3, NULL, NULL, NULL, NULL)");
}

static void test_nulls_count_until_their_file_is_gone(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table dv (id int, n int) tblproperties ('format-version' = '3', "
               "'write.delete.mode' = 'merge-on-read')");
    sql_run(f, "insert into dv values (1, 5), (2, NULL), (3, 6)");
    sql_expect_failure(f, "alter table dv alter column n set not null", FIRN_ERR_ARG,
                       "cannot become required", NULL, 28);
    sql_run(f, "delete from dv where id = 2");
    sql_expect_failure(f, "alter table dv alter column n set not null", FIRN_ERR_ARG,
                       "cannot become required", NULL, 28);
    sql_run(f, "alter table dv set tblproperties ('write.update.mode' = 'copy-on-write')");
    sql_run(f, "update dv set n = 7 where id = 3");
    sql_run(f, "alter table dv alter column n set not null");
    assert_rows(f, "select * from dv", "(1, 5) (3, 7)");
}

static void test_identifier_fields(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table idf (a int not null, b int, f double not null, s struct<x: int>)");
    sql_run(f, "alter table idf set identifier fields a");
    sql_expect_failure(f, "alter table idf drop column a", FIRN_ERR_ARG,
                       "cannot be dropped: it is an identifier field", NULL, 28);
    sql_expect_failure(f, "alter table idf set identifier fields a, b", FIRN_ERR_ARG,
                       "column \"b\" cannot identify rows: it is optional", NULL, 12);
    sql_expect_failure(f, "alter table idf set identifier fields f", FIRN_ERR_ARG,
                       "floating point numbers are not exact", NULL, 12);
    sql_expect_failure(f, "alter table idf set identifier fields s", FIRN_ERR_ARG, "it is nested",
                       NULL, 12);
    sql_run(f, "alter table idf alter column s.x set not null");
    sql_expect_failure(f, "alter table idf set identifier fields s.x", FIRN_ERR_ARG,
                       "it is within an optional struct", NULL, 12);
    sql_expect_failure(f, "alter table idf drop identifier fields b", FIRN_ERR_ARG,
                       "0 of the 1 columns are identifier fields", NULL, 12);
    sql_run(f, "alter table idf drop identifier fields a");
    sql_run(f, "alter table idf drop column a");
}

static void test_promotions_of_version_3(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table p (d date, e date, g date) partitioned by (day(d), e)" V3);
    sql_run(f, "insert into p values (DATE '1969-12-31', DATE '2020-01-01', DATE '2021-05-06')");
    sql_expect_failure(f, "alter table p alter column e type timestamp", FIRN_ERR_ARG,
                       "the values of partition field \"e\" would change", NULL, 27);
    sql_expect_failure(f, "alter table p alter column d type timestamptz", FIRN_ERR_ARG,
                       "of type date cannot become timestamptz", NULL, 27);
    sql_run(f, "alter table p alter column d type timestamp");
    sql_run(f, "alter table p alter column g type timestamp");
    sql_run(f, "insert into p values (TIMESTAMP '1970-01-01 05:00:00', DATE '2020-01-01', NULL)");
    assert_rows(f, "select * from p",
                "('1969-12-31 00:00:00', 2020-01-01, '2021-05-06 00:00:00') "
                "('1970-01-01 05:00:00', 2020-01-01, NULL)");
    assert_rows(f, "select count(*) from p where d < TIMESTAMP '1970-01-01 00:00:00'", "(1)");
    assert_rows(f, "select count(*) from p where g = TIMESTAMP '2021-05-06 00:00:00'", "(1)");
    assert_rows(f, "select count(*) from p where g > TIMESTAMP '2021-05-06 00:00:01'", "(0)");
    sql_run(f, "create table p2 (d date)");
    sql_expect_failure(f, "alter table p2 alter column d type timestamp", FIRN_ERR_ARG,
                       "of type date cannot become timestamp", NULL, 28);
}

static void test_properties_follow_their_columns(void **state)
{
    char out[1024];
    sql_fixture *f = *state;
    sql_run(
        f, "create table nm (a int, b struct<c: int>) tblproperties "
           "('write.metadata.metrics.column.b.c' = 'full', "
           "'write.parquet.bloom-filter-enabled.column.a' = 'true', "
           "'schema.name-mapping.default' = '[{\"field-id\":1,\"names\":[\"a\",\"old\"]},"
           "{\"field-id\":2,\"names\":[\"b\"],\"fields\":[{\"field-id\":3,\"names\":[\"c\"]}]}]')");
    sql_run(f, "alter table nm rename column b to bb");
    assert_str(property(f, "nm", "write.metadata.metrics.column.bb.c", out), "full");
    assert_str(property(f, "nm", "write.metadata.metrics.column.b.c", out), "");
    sql_run(f, "alter table nm add columns (old int, bb.d array<int>)");
    assert_str(property(f, "nm", "schema.name-mapping.default", out),
               "[{\"field-id\":1,\"names\":[\"a\"]},{\"field-id\":2,\"names\":[\"b\",\"bb\"],"
               "\"fields\":[{\"field-id\":3,\"names\":[\"c\"]},{\"field-id\":5,\"names\":[\"d\"],"
               "\"fields\":[{\"field-id\":6,\"names\":[\"element\"]}]}]},"
               "{\"field-id\":4,\"names\":[\"old\"]}]");
    sql_run(f, "alter table nm drop column a");
    assert_str(property(f, "nm", "write.parquet.bloom-filter-enabled.column.a", out), "");
    sql_run(f, "alter table nm set tblproperties ('schema.name-mapping.default' = 'junk')");
    sql_run(f, "alter table nm rename column old to older");
    assert_str(property(f, "nm", "schema.name-mapping.default", out), "junk");
}

/* As PyIceberg does, which lets the last field of a struct be dropped. */
static void empty_struct(sql_fixture *f, const char *table)
{
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_table *handle = sql_open_table(f, "default", table);
    const firn_table_metadata *metadata = firn_table_metadata_of(handle);
    const firn_schema *old = metadata->schemas[metadata->n_schemas - 1];
    const firn_type k_empty = {.kind = FIRN_TYPE_STRUCT};
    firn_field fields[2] = {old->root.fields[0], old->root.fields[1]};
    firn_schema schema = *old;
    firn_loaded_table loaded;
    fields[1].type = &k_empty;
    schema.root.fields = fields;
    const firn_update updates[] = {{.kind = FIRN_UPDATE_ADD_SCHEMA, .schema = &schema},
                                   {.kind = FIRN_UPDATE_SET_CURRENT_SCHEMA, .id = -1}};
    firn_str level = FIRN_STR("default");
    const firn_table_commit commit = {
        .ident = {&level, 1, firn_str_of(table)}, .updates = updates, .n_updates = 2};
    schema.schema_id = -1;
    assert_ok(firn_catalog_get_ops(f->catalog)
                  ->commit(firn_catalog_ctx(f->catalog), &commit, 1, arena, &loaded, &err),
              &err);
    firn_table_close(handle);
    firn_arena_destroy(arena);
}

static void test_a_struct_without_fields_can_still_be_read(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table st (id int, s struct<a: int>)");
    sql_run(f, "insert into st values (1, {'a': 5}), (2, null)");
    empty_struct(f, "st");
    firn_result *result = sql_query(f, "select * from st");
    const firn_type *columns = firn_result_columns(result);
    assert_int_equal(columns->fields[1].type->kind, FIRN_TYPE_STRUCT);
    assert_int_equal(columns->fields[1].type->n_fields, 0);
    firn_result_close(result);
    assert_rows(f, "select id, s is null from st", "(1, false) (2, true)");
    assert_rows(f, "select id from st where s is null", "(2)");
    sql_run(f, "alter table st add column s.b string");
    assert_rows(f, "select id, s from st", "(1, {'b': NULL}) (2, NULL)");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(test_added_columns_have_their_default_in_old_and_new_rows),
        CASE(test_a_default_may_change_for_rows_to_come),
        CASE(test_show_create_tells_defaults),
        CASE(test_defaults_are_refused_where_they_cannot_be),
        CASE(test_not_null_is_set_after_a_look_at_the_rows),
        CASE(test_nulls_count_until_their_file_is_gone),
        CASE(test_identifier_fields),
        CASE(test_promotions_of_version_3),
        CASE(test_properties_follow_their_columns),
        CASE(test_a_struct_without_fields_can_still_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
