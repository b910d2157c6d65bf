/* SPDX-License-Identifier: Apache-2.0 */
/* What Trino's statements take and refuse where other dialects do otherwise. */
#include "firn_test.h"

#include "sql_fixture.h"

static void test_columns_of_a_query_have_names_and_types(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (k, \"V 2\") as select 1, 'x'");
    assert_rows(f, "select k, \"V 2\" from t", "(1, x)");
    sql_expect_failure(f, "create table e (k) as select 1, 2", FIRN_ERR_ARG,
                       "1 names for 2 columns of the query", NULL, 13);
    sql_expect_failure(f, "create table e as select 1 as a, 2 as A", FIRN_ERR_ARG,
                       "two columns are called \"A\"", NULL, 13);
    sql_expect_failure(f, "create table e as select 1 as a, 1 + 1", FIRN_ERR_ARG,
                       "column 2 of the query has no name", NULL, 13);
    sql_expect_failure(f, "create view e as select 1", FIRN_ERR_ARG,
                       "column 1 of the query has no name", NULL, 12);
    sql_run(f, "create view e (a) as select 1");
    sql_run(f, "drop view e");
    sql_run(f, "create table named as select 1 as _col0");
    sql_expect_failure(f, "create table e as select null as a", FIRN_ERR_ARG,
                       "column 1 of the query has no type", NULL, 13);
    sql_expect_failure(f, "create or replace table if not exists e as select 1 as a", FIRN_ERR_ARG,
                       "expected the table's name behind OR REPLACE", NULL, 24);
    firn_result *result = sql_query(f, "create table if not exists t as select 2 as k");
    assert_int_equal(firn_result_rows_changed(result), 0);
    firn_result_close(result);
    sql_run(f, "set dialect = 'duckdb'");
    sql_run(f, "create table e (a, b) as select null, 1 + 1");
    assert_rows(f, "select b from e", "(2)");
}

static void test_options_go_back_to_their_defaults(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f,
            "create table t (id integer, k varchar) with (partitioning = ARRAY['k'], sorted_by = "
            "ARRAY['id'], max_commit_retry = 9)");
    sql_run(f, "alter table t set properties partitioning = DEFAULT, sorted_by = DEFAULT, "
               "max_commit_retry = DEFAULT");
    sql_run(f, "insert into t values (1, 'a')");
    assert_rows(f, "select spec_id from \"t$files\"", "(1)");
    assert_rows(f, "select key from \"t$properties\" where key like 'commit%'", "");
    sql_expect_failure(f, "alter table t set properties nosuch = DEFAULT", FIRN_ERR_ARG,
                       "there is no table option \"nosuch\"", NULL, 29);
    sql_run(f, "alter table t rename column if exists nosuch to x");
    sql_run(f, "alter table t rename column if exists k to x");
    assert_rows(f, "select x from t", "(a)");
}

static void test_a_row_is_merged_once(void **state)
{
    sql_fixture *f = *state;
    const char *sql =
        "merge into t using (values (1), (1)) as s(id) on t.id = s.id when matched then "
        "delete";
    sql_run(f, "create table t (id integer)");
    sql_run(f, "insert into t values (1), (2)");
    sql_run(f, "set dialect = 'trino'");
    sql_expect_failure(f, sql, FIRN_ERR_ARG, "is matched by more than one row of the source", NULL,
                       11);
    assert_rows(f, "select id from t", "(1) (2)");
    sql_run(f, "set dialect = 'duckdb'");
    sql_run(f, sql);
    assert_rows(f, "select id from t", "(2)");
}

static void test_the_future_is_not_read(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (id integer)");
    sql_expect_failure(f, "select * from t for timestamp as of timestamp '2999-01-01 00:00:00'",
                       FIRN_ERR_ARG, "2999-01-01 00:00:00 is not in the past", NULL, 46);
    sql_run(f, "set dialect = 'duckdb'");
    assert_rows(f, "select * from t for timestamp as of timestamp '2999-01-01 00:00:00'", "");
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_columns_of_a_query_have_names_and_types),
        IN_FIXTURE(test_options_go_back_to_their_defaults),
        IN_FIXTURE(test_a_row_is_merged_once),
        IN_FIXTURE(test_the_future_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
