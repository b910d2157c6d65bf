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

static void test_words_of_the_engine_are_names(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table w (at timestamp(6), offset bigint, desc varchar, \"limit\" integer)");
    sql_run(f,
            "insert into w (at, offset, desc, \"limit\") values (timestamp '2024-01-02 03:04:05', "
            "7, 'x', 1), (timestamp '2024-01-01 00:00:00', 8, 'y', 2)");
    assert_rows(f, "select offset, desc from w where at >= timestamp '2024-01-02 00:00:00'",
                "(7, x)");
    assert_rows(f, "select w.at, limit from w order by at desc, desc desc limit 1",
                "('2024-01-02 03:04:05', 1)");
    assert_rows(f, "select max(at) from w group by desc order by desc offset 1 limit 1",
                "('2024-01-01 00:00:00')");
    assert_rows(f, "select offset + 1 month, interval '1' day from w order by 1",
                "(8, 1 day) (9, 1 day)");
    assert_rows(f, "select at at time zone 'UTC' is not null from w where offset = 7", "(true)");
    sql_run(f, "update w set desc = upper(desc) where offset = 8");
    sql_run(f, "delete from w where at < date '2024-01-02' and desc = 'Y'");
    assert_rows(f, "select count(desc) from w", "(1)");
    sql_run(f, "drop table w");
}

static void test_names_are_lower_case(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create schema Sales");
    sql_run(f, "create table SALES.Orders (\"Id\" integer, Label varchar)");
    sql_run(f, "insert into sales.ORDERS values (1, 'a')");
    assert_rows(f, "select ID, o.label from \"Sales\".\"ORDERS\" o", "(1, a)");
    sql_run(f, "alter table sales.orders rename column LABEL to \"New Name\"");
    firn_result *result =
        sql_query(f, "select NEW_ID from (select id as new_id from sales.orders)");
    assert_str(firn_result_columns(result)->fields[0].name, "NEW_ID");
    firn_result_close(result);
    result = sql_query(f, "select * from sales.orders");
    assert_str(firn_result_columns(result)->fields[0].name, "id");
    assert_str(firn_result_columns(result)->fields[1].name, "new name");
    firn_result_close(result);
    sql_run(f, "create table Copy as select ID as \"KEY\" from sales.orders");
    result = sql_query(f, "table copy");
    assert_str(firn_result_columns(result)->fields[0].name, "key");
    firn_result_close(result);
    sql_run(f, "drop table COPY");
    sql_run(f, "drop schema Sales cascade");
}

static void test_clauses_that_the_engine_lacks(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    assert_rows(f, "select * from table(sequence(1, 7, 3)) order by 1", "(1) (4) (7)");
    assert_rows(f, "select sequential_number from table(sequence(stop => 1)) order by 1",
                "(0) (1)");
    sql_expect_failure(f, "select * from table(sequence(begin => 1))", FIRN_ERR_ARG,
                       "expected sequence(start, stop, step)", NULL, 20);
    sql_run(f, "create table ties (k varchar, n integer)");
    sql_run(f, "insert into ties values ('a', 1), ('b', 2), ('c', 1), ('d', 3)");
    assert_rows(f, "select k from ties order by n fetch first row with ties", "(a) (c)");
    assert_rows(f, "select k, n * 2 as m from ties order by 2 desc fetch first 2 rows with ties",
                "(b, 4) (d, 6)");
    assert_rows(
        f,
        "select n, count(*) as c from ties group by n order by c desc fetch first 1 rows with ties",
        "(1, 2)");
    sql_expect_failure(f, "select k from ties order by 9 fetch first 1 rows with ties",
                       FIRN_ERR_ARG, "expected the number of a column", NULL, 28);
    assert_rows(f, "select 7 order by 1 fetch first 1 rows with ties", "(7)");
    sql_expect_failure(
        f, "select distinct k from ties order by k fetch first 1 rows with ties",
        FIRN_ERR_UNSUPPORTED,
        "not supported: WITH TIES of DISTINCT or of a set operation in dialect trino", NULL, 58);
    assert_rows(f,
                "select * from table(exclude_columns(input => table(ties), columns => "
                "descriptor(n))) order by k limit 1",
                "(a)");
    assert_rows(f, "select count(*) from ties tablesample bernoulli (100)", "(4)");
    sql_expect_failure(
        f, "select * from ties match_recognize (order by n pattern (a) define a as true)",
        FIRN_ERR_UNSUPPORTED, "not supported: MATCH_RECOGNIZE in dialect trino", NULL, 19);
    firn_result *result = sql_query(f, "values (1, 'a'), (2, 'b') order by 1 desc limit 1");
    assert_str(firn_result_columns(result)->fields[1].name, "_col1");
    firn_result_close(result);
    assert_rows(f,
                "select listagg(k, ',' on overflow truncate '..' with count) within group (order "
                "by k) from ties",
                "('a,b,c,d')");
    sql_run(f, "drop table ties");
}

static void test_json_becomes_rows_by_names(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    assert_rows(f,
                "select cast(json_parse('{\"b\": \"x\", \"a\": 1, \"more\": [1]}') as row(a "
                "integer, b varchar, c date)).a",
                "(1)");
    assert_rows(f,
                "select cast(json_parse('[{\"a\": 1}, {\"b\": 2, \"a\": null}]') as array(row(a "
                "bigint)))[1].a",
                "(1)");
    sql_expect_failure(f, "select cast(json_parse('[1]') as row(a integer))", FIRN_ERR_ARG,
                       "not supported: an array of JSON as a row in dialect trino", NULL, 0);
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_columns_of_a_query_have_names_and_types),
        IN_FIXTURE(test_options_go_back_to_their_defaults),
        IN_FIXTURE(test_a_row_is_merged_once),
        IN_FIXTURE(test_the_future_is_not_read),
        IN_FIXTURE(test_words_of_the_engine_are_names),
        IN_FIXTURE(test_names_are_lower_case),
        IN_FIXTURE(test_clauses_that_the_engine_lacks),
        IN_FIXTURE(test_json_becomes_rows_by_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
