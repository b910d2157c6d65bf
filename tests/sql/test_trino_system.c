/* SPDX-License-Identifier: Apache-2.0 */
/* Trino's information schema and system tables. */
#include "firn_test.h"

#include "sql_fixture.h"

static void make_tables(sql_fixture *f)
{
    sql_run(f, "set dialect = 'trino'");
    sql_run(f,
            "create table t (id bigint not null comment 'key', d decimal(10, 2), ts timestamp(6) "
            "with time zone, a array(row(x integer))) comment 'it''s'");
    sql_run(f, "create view v as select id from t");
}

static void test_the_information_schema_is_the_catalogs(void **state)
{
    sql_fixture *f = *state;
    make_tables(f);
    assert_rows(f,
                "select column_name, ordinal_position, is_nullable, data_type from "
                "information_schema.columns where table_name = 't'",
                "(a, 4, YES, 'array(row(x integer))') (d, 2, YES, 'decimal(10,2)') (id, 1, NO, "
                "bigint) (ts, 3, YES, 'timestamp(6) with time zone')");
    assert_rows(f,
                "select table_name, table_type from lake.information_schema.tables where "
                "table_schema = 'default'",
                "(t, BASE TABLE) (v, VIEW)");
    assert_rows(f, "select column_name from information_schema.columns where table_name = 'v'",
                "(id)");
    assert_rows(f,
                "select table_name, view_definition like 'select id%' from "
                "information_schema.views",
                "(v, true)");
    assert_rows(f, "select count(*) from information_schema.schemata", "(3)");
    assert_rows(f, "select * from information_schema.roles", "");
    assert_rows(f, "with information_schema as (select 1 as a) select a from information_schema",
                "(1)");
    sql_expect_failure(f, "select * from information_schema.nosuch", FIRN_ERR_NOT_FOUND,
                       "table information_schema.nosuch does not exist in catalog lake", NULL, 14);
}

static void test_system_tables_tell_of_all_catalogs(void **state)
{
    sql_fixture *f = *state;
    make_tables(f);
    assert_rows(f, "select table_name, comment from system.metadata.table_comments",
                "(t, 'it\\'s') (v, NULL)");
    assert_rows(f, "select catalog_name, connector_name from system.metadata.catalogs",
                "(lake, iceberg) (system, system)");
    assert_rows(f, "select table_cat, table_schem, table_name, table_type from system.jdbc.tables",
                "(lake, default, t, TABLE) (lake, default, v, VIEW)");
    assert_rows(f,
                "select column_name, data_type, column_size, decimal_digits, nullable from "
                "system.jdbc.columns where table_name = 't'",
                "(a, 2003, NULL, NULL, 1) (d, 3, 10, 2, 1) (id, -5, 19, NULL, 0) (ts, 2014, 62, "
                "NULL, 1)");
    assert_rows(f, "select coordinator from system.runtime.nodes", "(true)");
    sql_expect_failure(f, "select * from system.metadata.nosuch", FIRN_ERR_NOT_FOUND,
                       "table system.metadata.nosuch does not exist in catalog lake", NULL, 14);
}

static void test_other_dialects_have_their_own(void **state)
{
    sql_fixture *f = *state;
    make_tables(f);
    sql_run(f, "set dialect = 'duckdb'");
    assert_rows(f,
                "select column_name, data_type from lake.information_schema.columns where "
                "table_name = 'v'",
                "(id, BIGINT)");
    assert_rows(f, "select count(*) > 10 from information_schema.tables", "(false)");
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_the_information_schema_is_the_catalogs),
        IN_FIXTURE(test_system_tables_tell_of_all_catalogs),
        IN_FIXTURE(test_other_dialects_have_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
