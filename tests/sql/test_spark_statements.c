/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of Spark that have no counterpart in the engine: session variables, IDENTIFIER,
 * pipes, generators with several columns, MERGE WITH SCHEMA EVOLUTION; and what they refuse. What
 * Spark answers is in the recorded scripts. */
#include <stdio.h>

#include "base/str.h"
#include "firn_test.h"

#include "sql_fixture.h"

static void put_cell(char *out, size_t size, const firn_value *value, firn_type_kind kind)
{
    const size_t n = strlen(out);
    if (value->is_null)
        (void)snprintf(out + n, size - n, "NULL");
    else if (kind == FIRN_TYPE_INT)
        (void)snprintf(out + n, size - n, "%d", (int)value->as.i32);
    else if (kind == FIRN_TYPE_LONG)
        (void)snprintf(out + n, size - n, "%lld", (long long)value->as.i64);
    else
        (void)snprintf(out + n, size - n, "%.*s", FIRN_STR_ARG(value->as.bytes));
}

/* Rows in their order, of a statement that need not be a query: whole numbers and texts. */
static void assert_answer(sql_fixture *f, const char *sql, const char *want)
{
    char text[4096] = "";
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, sql);
    while (firn_result_next(result, &batch, &err) == FIRN_OK) {
        for (int64_t row = 0; row < batch->n_rows; row++) {
            (void)snprintf(text + strlen(text), sizeof text - strlen(text), *text ? " (" : "(");
            for (size_t i = 0; i < batch->n_columns; i++) {
                const firn_value value = firn_column_get(&batch->columns[i], row);
                if (i > 0) (void)snprintf(text + strlen(text), sizeof text - strlen(text), ", ");
                put_cell(text, sizeof text, &value, batch->columns[i].type->kind);
            }
            (void)snprintf(text + strlen(text), sizeof text - strlen(text), ")");
        }
    }
    firn_result_close(result);
    assert_string_equal(text, want);
}

static void begin(sql_fixture *f)
{
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create table t (n int, s string, at timestamp_ntz)");
    sql_run(f, "insert into t values (1, 'a', null), (2, 'b', null), (3, 'c', null)");
}

static void test_a_variable_is_read_where_no_column_has_its_name(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    sql_run(f, "declare variable cutoff int default 1 + 1");
    sql_run(f, "declare s = 'b'");
    assert_rows(f, "select n from t where n >= cutoff order by n", "(2) (3)");
    assert_rows(f, "select count(*) from t where s = 'c'", "(1)");
    assert_rows(f, "select count(*) from t where s = session.s", "(1)");
    sql_run(f, "set var cutoff = (select max(n) from t)");
    assert_rows(f, "select system.session.cutoff + 1", "(4)");
    sql_run(f, "set variable (cutoff, s) = (select min(n), 'z' from t)");
    assert_rows(f, "select cutoff, s", "(1, z)");
    sql_run(f, "delete from t where n > cutoff + 1");
    assert_rows(f, "select n from t order by n", "(1) (2)");
    sql_run(f, "declare or replace cutoff date default date'2024-01-31'");
    assert_rows(f, "select cutoff + interval 1 month", "(2024-02-29)");
    sql_run(f, "drop temporary variable cutoff");
    sql_expect_error(f, "select cutoff", FIRN_ERR_ARG, "cutoff");
}

static void test_variables_that_are_wrong_are_refused_and_change_nothing(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    sql_run(f, "declare v int default 5");
    sql_expect_error(f, "declare v int", FIRN_ERR_EXISTS, "variable v exists already");
    sql_expect_error(f, "set var w = 1", FIRN_ERR_NOT_FOUND, "there is no variable \"w\"");
    sql_expect_error(f, "set var (v, w) = (select 1, 2)", FIRN_ERR_NOT_FOUND,
                     "there is no variable \"w\"");
    sql_expect_error(f, "set var v = 'x'", FIRN_ERR_ARG, "'x'");
    sql_expect_error(f, "set var v = nosuch", FIRN_ERR_ARG, "nosuch");
    sql_expect_error(f, "declare `a\"b` int", FIRN_ERR_ARG,
                     "expected a name of letters, digits and _");
    sql_expect_error(f, "declare", FIRN_ERR_ARG, "expected a name");
    sql_expect_error(f, "set var v", FIRN_ERR_ARG, "expected \"=\"");
    sql_expect_error(f, "drop temporary variable w", FIRN_ERR_NOT_FOUND, "no variable \"w\"");
    sql_run(f, "drop temporary variable if exists w");
    assert_rows(f, "select v", "(5)");
}

static void test_variables_set_together_are_of_one_row(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    sql_run(f, "declare a, b double default 3");
    sql_run(f, "set var (a, b) = (select r, r from (select rand() as r))");
    assert_rows(f, "select a = b, a < 1", "(true, true)");
    sql_expect_error(f, "set var (a, b) = (select 7, 'x')", FIRN_ERR_ARG, "'x'");
    sql_expect_error(f, "set var (a, b) = (select n, n from t)", FIRN_ERR_ARG, "more than one row");
    assert_rows(f, "select a = b, a < 1", "(true, true)");
    sql_run(f, "set var (a, b) = (select n, n from t where false)");
    assert_rows(f, "select a is null, b is null", "(true, true)");
}

static void test_identifier_is_a_name_and_nothing_else(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    sql_run(f, "declare tab string default 't'");
    assert_answer(f, "select identifier('n') from identifier(tab) order by identifier('t.n') desc",
                  "(3) (2) (1)");
    sql_expect_error(f, "select * from identifier('t; drop table t')", FIRN_ERR_ARG,
                     "IDENTIFIER gives \"t; drop table t\", expected a name");
    sql_expect_error(f, "select * from identifier('t where 1 = 1')", FIRN_ERR_ARG,
                     "expected a name");
    sql_expect_error(f, "select * from identifier('')", FIRN_ERR_ARG, "expected a name");
    sql_expect_failure(f, "select * from identifier(cast(null as string))", FIRN_ERR_ARG,
                       "found null, expected a text", NULL, 14);
    assert_rows(f, "select 'identifier(1)' from t where n = 1", "('identifier(1)')");
}

static void test_execute_immediate_takes_and_fills_variables(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    sql_run(f, "declare q string default 'select n from t where n > ? order by n'");
    sql_run(f, "declare top int");
    assert_answer(f, "execute immediate q using 1", "(2) (3)");
    sql_run(f, "execute immediate 'select max(n) from t where n < :m' into top using 3 as m");
    assert_rows(f, "select top", "(2)");
    sql_run(f, "execute immediate 'insert into t (n, s) values (?, ?)' using 4, 'last'");
    assert_rows(f, "select s from t where n = 4", "(last)");
    sql_expect_error(f, "execute immediate nosuch", FIRN_ERR_NOT_FOUND,
                     "there is no variable \"nosuch\"");
    sql_expect_error(f, "execute immediate 'select 1' into nosuch", FIRN_ERR_NOT_FOUND,
                     "there is no variable \"nosuch\"");
}

static void test_pipes_are_queries_in_one_another(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    assert_answer(f, "from t |> where n > 1 |> select n * 10 as m |> order by m desc |> limit 1",
                  "(30)");
    assert_answer(f,
                  "from t |> aggregate sum(n) as total, count(*) group by n % 2 as odd |> order "
                  "by odd",
                  "(0, 2, 1) (1, 4, 2)");
    assert_answer(f,
                  "select n, s from t |> extend n + 1 as m |> set s = upper(s) |> drop n |> where "
                  "m = 2",
                  "(A, 2)");
    assert_answer(f, "from t |> as a |> join (select 2 as n) b on a.n = b.n |> select a.s, b.n",
                  "(b, 2)");
    assert_answer(f, "table t |> where n = 1 |> select n |> union all (select 7) |> order by n",
                  "(1) (7)");
    sql_expect_error(f, "from t |> set n", FIRN_ERR_ARG, "expected column = expression");
    sql_expect_error(f, "from t |> where n = 1 |>", FIRN_ERR_ARG, "expected an operator behind");
    sql_expect_error(f, "from t |> frobnicate n", FIRN_ERR_ARG, "syntax error");
}

static void test_words_of_the_engine_are_names_of_columns(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    sql_run(f, "create table k (`to` int, `desc` string, `end` int)");
    sql_run(f, "insert into k (to, desc, end) values (1, 'x', 2)");
    assert_rows(f, "select to, desc, end, k.end from k where to = 1 and end > to order by desc",
                "(1, x, 2, 2)");
    assert_rows(f, "select case when n = 1 then 5 else 6 end from t where at is null limit 1",
                "(5)");
}

static void test_generators_make_several_columns(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    assert_answer(f, "select n, posexplode(array(s, 'z')) as (i, v) from t where n = 2 order by i",
                  "(2, 0, b) (2, 1, z)");
    assert_answer(f, "select explode(map('a', 1, 'b', 2)) order by key desc", "(b, 2) (a, 1)");
    assert_answer(f, "select stack(2, 'n', count(*), 'm', max(n)) as (k, v) from t order by k",
                  "(m, 3) (n, 3)");
    assert_answer(f, "select inline(array(named_struct('x', 1, 'y', 'q')))", "(1, q)");
}

static void test_fields_of_lists_of_structs_and_lists_of_patterns(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    sql_run(f, "create table l (p array<struct<x: int, `it's`: string>>)");
    sql_run(f, "insert into l values (array(named_struct('x', 1, 'it\\'s', 'q'), "
               "named_struct('x', 2, 'it\\'s', 'r')))");
    assert_rows(f, "select p.x, p.`it's`[1], p.x[0] from l", "([1, 2], r, 1)");
    assert_rows(f,
                "select s from t where s like any ('a%', 'c%') and not s like all ('a', '%') "
                "order by s",
                "(c)");
    assert_rows(f,
                "select 'a_b' like any ('a\\_b', 'x'), 'axb' like any ('a\\_b', 'x'), "
                "cast(null as string) like any ('a')",
                "(true, false, NULL)");
}

static void test_merge_adds_the_columns_that_its_source_has(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    const char *const merge =
        "merge with schema evolution into t using (select 3 as n, 'C' as s, null as at, "
        "1.5 as price, named_struct('a', 1) as x) q on t.n = q.n "
        "when matched then update set * when not matched then insert *";
    sql_run(f, merge);
    assert_rows(f, "select n, s, price, x.a from t order by n",
                "(1, a, NULL, NULL) (2, b, NULL, NULL) (3, C, 1.5, 1)");
    sql_run(f, merge);
    assert_rows(f, "select count(*) from t", "(3)");
    sql_run(f, "merge with schema evolution into t using (select 1 as n, 2 as unused) q on t.n = "
               "q.n when matched then delete");
    sql_expect_error(f, "select unused from t", FIRN_ERR_ARG, "unused");
}

static void test_without_ansi_what_cannot_be_cast_is_null(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    sql_expect_error(f, "select cast(s as int) from t", FIRN_ERR_ARG, "'a'");
    sql_run(f, "set spark.sql.ansi.enabled = false");
    assert_rows(f, "select cast('x' as int), cast('7' as int), 1 / 0, 5 % 0, 4 / 2",
                "(NULL, 7, NULL, NULL, 2.0)");
    sql_run(f, "set spark.sql.ansi.enabled = true");
    sql_expect_error(f, "select 1 / 0", FIRN_ERR_ARG, "zero");
}

static void test_a_table_is_told_in_one_text(void **state)
{
    sql_fixture *f = *state;
    begin(f);
    sql_run(f, "create table deep (a bigint not null, s struct<x: array<int>>, m map<string, "
               "decimal(5, 2)>)");
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, "show table extended like 'dee*'");
    assert_ok(firn_result_next(result, &batch, &err), &err);
    char text[2048];
    const firn_str told = firn_column_get(&batch->columns[3], 0).as.bytes;
    (void)snprintf(text, sizeof text, "%.*s", FIRN_STR_ARG(told));
    firn_result_close(result);
    assert_non_null(strstr(text, "Provider: iceberg\n"));
    assert_non_null(strstr(text, "\nType: MANAGED\n"));
    assert_non_null(strstr(text, "Schema: root\n |-- a: long (nullable = false)\n"
                                 " |-- s: struct (nullable = true)\n"
                                 " |    |-- x: array (nullable = true)\n"
                                 " |    |    |-- element: integer (containsNull = true)\n"
                                 " |-- m: map (nullable = true)\n"
                                 " |    |-- key: string\n"
                                 " |    |-- value: decimal(5,2) (valueContainsNull = true)\n"));
    assert_answer(f, "show table extended like 'nosuch'", "");
    assert_answer(f, "show columns from deep in `default`", "(a) (s) (m)");
    sql_expect_error(f, "describe namespace nosuch", FIRN_ERR_NOT_FOUND, "nosuch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_variable_is_read_where_no_column_has_its_name,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(
            test_variables_that_are_wrong_are_refused_and_change_nothing, sql_fixture_open,
            sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_variables_set_together_are_of_one_row,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_identifier_is_a_name_and_nothing_else,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_execute_immediate_takes_and_fills_variables,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_pipes_are_queries_in_one_another, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_words_of_the_engine_are_names_of_columns,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_generators_make_several_columns, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_fields_of_lists_of_structs_and_lists_of_patterns,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_merge_adds_the_columns_that_its_source_has,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_without_ansi_what_cannot_be_cast_is_null,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_table_is_told_in_one_text, sql_fixture_open,
                                        sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
