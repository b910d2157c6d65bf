/* SPDX-License-Identifier: Apache-2.0 */
/* Counts, least and greatest values out of metadata: what reading the rows gives, without it. */
#include "sql/resolve/extremes_query.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sql_fixture.h"

static firn_asked asks(const char *sql)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_asked what = firn_sql_asks(firn_str_of(sql), arena).what;
    firn_arena_destroy(arena);
    return what;
}

static void test_only_queries_for_nothing_else_are_recognized(void **state)
{
    static const char *const k_others[] = {"select min(a), b from t",
                                           "select min(a) from t where a > 1",
                                           "select min(a + 1) from t",
                                           "select min(distinct a) from t",
                                           "select sum(a) from t",
                                           "select min(a) from t, u",
                                           "select min(a) from t group by b",
                                           "select min(a) from (select 1)",
                                           "select min(a) from t limit 1",
                                           "explain explain select min(a) from t",
                                           "explain (analyze select min(a) from t",
                                           "select min(*) from t",
                                           "select min(a) filter (where b) from t",
                                           "select min(a) over () from t",
                                           "select min(a) from t for version as of 3",
                                           "select min(a.b) from t",
                                           "with t as (select 1) select min(a) from t",
                                           "select",
                                           ""};
    (void)state;
    assert_int_equal(asks("select min(a), MAX(\"b c\") as x from db.t"), FIRN_ASKS_EXTREMES);
    assert_int_equal(asks("SELECT count(*), max(b) FROM t"), FIRN_ASKS_EXTREMES_AND_COUNTS);
    assert_int_equal(asks("select count(a) from a.b.c -- all"), FIRN_ASKS_EXTREMES_AND_COUNTS);
    assert_int_equal(asks("explain select min(a) from t"), FIRN_ASKS_EXTREMES);
    assert_int_equal(asks("EXPLAIN (ANALYZE, FORMAT json) select count(*) from t"),
                     FIRN_ASKS_EXTREMES_AND_COUNTS);
    for (size_t i = 0; i < sizeof k_others / sizeof *k_others; i++)
        if (asks(k_others[i]) != FIRN_ASKS_ROWS) fail_msg("taken: %s", k_others[i]);
}

static void test_columns_asked_for_are_told_without_quotes(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_asked_query found = firn_sql_asks(
        FIRN_STR("explain analyze select min(\"a \"\"b\"), count(*), max(C) from t"), arena);
    assert_int_equal(found.n_columns, 2);
    assert_true(firn_str_equals(found.columns[0], FIRN_STR("a \"b")));
    assert_true(firn_str_equals(found.columns[1], FIRN_STR("C")));
    assert_int_equal(firn_sql_asks(FIRN_STR("select min(a), b from t"), arena).n_columns, 0);
    firn_arena_destroy(arena);
}

/* The one row of a query, closed with the result. */
static const firn_batch *one_row(firn_result *result)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    assert_ok(firn_result_next(result, &batch, &err), &err);
    assert_int_equal(batch->n_rows, 1);
    return batch;
}

/* The answer out of metadata is that of the rows; so many files were read for it. */
static void assert_answer(sql_fixture *f, const char *what, int64_t n_files)
{
    char sql[300];
    firn_value found[8];
    (void)snprintf(sql, sizeof sql, "select %s from t", what);
    firn_result *result = sql_query(f, sql);
    const firn_batch *row = one_row(result);
    const size_t n = row->n_columns;
    assert_true(n <= 8);
    for (size_t i = 0; i < n; i++) {
        found[i] = firn_column_get(&row->columns[i], 0);
        if (found[i].kind == FIRN_TYPE_STRING) found[i].is_null = true; /* gone with the result */
    }
    firn_result_close(result);
    const firn_scan_summary sum = firn_session_scan_summary(f->session);
    if (sum.files_read != n_files)
        fail_msg("%s: %lld files read, expected %lld", what, (long long)sum.files_read,
                 (long long)n_files);
    (void)snprintf(sql, sizeof sql, "select %s from t where 1 = 1", what);
    result = sql_query(f, sql);
    row = one_row(result);
    for (size_t i = 0; i < n; i++) {
        const firn_value want = firn_column_get(&row->columns[i], 0);
        if (want.kind == FIRN_TYPE_STRING) continue;
        if (want.is_null != found[i].is_null ||
            (!want.is_null && firn_value_compare(&want, &found[i]) != 0))
            fail_msg("%s: column %zu is not what the rows have", what, i);
    }
    firn_result_close(result);
}

static void make_rows(sql_fixture *f)
{
    sql_run(f, "create table t (id bigint, n int, d date, ts timestamp, s varchar, x double)");
    sql_run(f, "insert into t select 100 + i, i - 7, date '2020-01-01' + i::int, "
               "timestamp '2021-05-06 07:08:09' + interval 1 second * i, 'text ' || i, i / 2.0 "
               "from range(3000) r(i)");
    sql_run(f, "insert into t select i, nullif(i % 2, 1), null, null, null, 'nan' "
               "from range(-50, 10) r(i)");
    sql_run(f, "insert into t values (7777777777, 5, date '1970-01-01', null, 'z', 0)");
}

static void test_answers_come_from_metadata_where_it_is_exact(void **state)
{
    sql_fixture *f = *state;
    make_rows(f);
    assert_answer(f, "min(id), max(id)", 0);
    assert_answer(f, "min(id), max(id), count(*), count(n), count(d), count(ts)", 0);
    assert_answer(f, "max(ts), min(d), max(d), min(n), max(n)", 0);
    assert_answer(f, "count(n), count(*)", 0);
    assert_answer(f, "min(s)", 3); /* may be cut */
    assert_answer(f, "max(x), min(id)", 3);
    assert_answer(f, "count(*)", 0); /* by their record counts */
}

static void test_files_with_deletes_or_without_metrics_are_read(void **state)
{
    sql_fixture *f = *state;
    make_rows(f);
    sql_run(f, "alter table t set tblproperties ('write.delete.mode' = 'merge-on-read')");
    sql_run(f, "delete from t where id = 3099 or id = 100");
    assert_answer(f, "min(id), max(n), count(*)", 1);
    sql_run(f, "alter table t add column late bigint");
    assert_answer(f, "min(late), count(late)", 3);
    sql_run(f, "insert into t (id, late) values (1, 10), (2, 30), (3, null)");
    assert_answer(f, "min(late), max(late), count(late), count(*)", 3);
    sql_run(f, "alter table t alter column n type bigint");
    assert_answer(f, "min(n), max(n)", 1);
    sql_run(f, "delete from t");
    assert_answer(f, "min(id), count(*)", 0);
}

static void test_empty_tables_have_no_extremes(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table t (id bigint)");
    assert_answer(f, "min(id), max(id), count(*), count(id)", 0);
    sql_run(f, "insert into t values (null), (null)");
    assert_answer(f, "min(id), max(id), count(*), count(id)", 0);
    assert_answer(f, "min(id)", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_queries_for_nothing_else_are_recognized),
        cmocka_unit_test(test_columns_asked_for_are_told_without_quotes),
        cmocka_unit_test_setup_teardown(test_answers_come_from_metadata_where_it_is_exact,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_files_with_deletes_or_without_metrics_are_read,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_empty_tables_have_no_extremes, sql_fixture_open,
                                        sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
