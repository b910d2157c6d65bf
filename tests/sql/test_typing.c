/* SPDX-License-Identifier: Apache-2.0 */
/* Types that Trino's expressions have, and what they make the engine compute. */
#include "firn_test.h"

#include <stdio.h>

#include "base/str.h"
#include "sql_fixture.h"

static void make_table(sql_fixture *f)
{
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (id integer, d decimal(9,2), f double, s varchar, ts timestamp(6), "
               "a array(integer), m map(integer, varchar), r row(x integer, y varchar))");
    sql_run(f, "insert into t values (1, 1.50, 2e0, 'x', timestamp '2024-01-31 01:02:03', "
               "ARRAY[1, NULL], MAP(ARRAY[1], ARRAY['one']), ROW(1, 'y')), "
               "(2, NULL, nan(), NULL, NULL, NULL, NULL, NULL)");
}

static void assert_types(sql_fixture *f, const char *sql, const char *want)
{
    char text[1024] = "";
    size_t n = 0;
    firn_result *result = sql_query(f, sql);
    for (size_t i = 0; i < firn_result_columns(result)->n_fields; i++) {
        const firn_str name = firn_result_type_name(result, i);
        assert_true(n + name.len + 3 < sizeof text);
        if (i > 0) n += (size_t)snprintf(text + n, sizeof text - n, "; ");
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s", FIRN_STR_ARG(name));
    }
    firn_result_close(result);
    assert_string_equal(text, want);
}

static void test_literals_have_lengths_and_digits(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    assert_types(f, "select 'abc', 1.50, 00.5, 1e0, 3000000000, timestamp '2024-01-01 00:00:00.12'",
                 "varchar(3); decimal(3, 2); decimal(1, 1); double; bigint; timestamp(2)");
    assert_types(f, "select s, ts, d, a, m, r from t",
                 "varchar; timestamp(6); decimal(9, 2); array(integer); map(integer, varchar); "
                 "row(x integer, y varchar)");
    assert_types(f, "select u.x, q.s from (select 1.5 as x) u, (select s from t) q",
                 "decimal(2, 1); varchar");
    assert_types(f, "with c (k) as (select d from t) select k, k * k from c",
                 "decimal(9, 2); decimal(18, 4)");
}

static void test_decimals_are_computed_as_the_standard_says(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    assert_types(f, "select d + 1, d * id, d / 3, d % 2, sum(d), avg(d) from t group by d, id",
                 "decimal(13, 2); decimal(19, 2); decimal(9, 2); decimal(9, 2); decimal(38, 2); "
                 "decimal(9, 2)");
    assert_rows(f, "select d / 4, -d / 4, 2.0 / 3, 7 / 2, -7 / 2, 7e0 / 2 from t where id = 1",
                "(0.38, -0.38, 0.7, 3, -3, 3.5)");
    assert_rows(f,
                "select decimal '99999999999999999999999999999999999999' / 1, "
                "cast(1 as decimal(38,0)) / cast(3 as decimal(38,37))",
                "(99999999999999999999999999999999999999, "
                "0.3333333333333333333333333333333333333)");
    sql_expect_failure(f, "select d / 0.00 from t where id = 1", FIRN_ERR_ARG, "division by zero",
                       NULL, 0);
    sql_expect_failure(f,
                       "select decimal '99999999999999999999999999999999999999' / decimal '0.01'",
                       FIRN_ERR_ARG, "decimal overflow", NULL, 0);
}

static void test_nothing_compares_with_nan(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    assert_rows(f, "select id from t where f > 1", "(1)");
    assert_rows(f, "select id from t where f = nan()", "");
    assert_rows(f, "select max(f), min(f) from t", "(2.0, 2.0)");
}

static void test_texts_of_values_are_trinos(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    assert_rows(f,
                "select cast(1e20 as varchar), cast(1.5e-7 as varchar), cast(12345678e0 as "
                "varchar), cast(0.00012e0 as varchar), cast(-1e7 as varchar), cast(0e0 as "
                "varchar), cast(-infinity() as varchar), cast(1.25e0 as varchar)",
                "(1.0E20, 1.5E-7, 1.2345678E7, 1.2E-4, -1.0E7, 0E0, -Infinity, 1.25E0)");
    assert_rows(f,
                "select cast(ts as varchar), cast('abcdef' as varchar(3)), cast(true as varchar) "
                "from t where id = 1",
                "('2024-01-31 01:02:03.000000', abc, true)");
    sql_run(f, "set time zone 'Asia/Tokyo'");
    assert_rows(f, "select cast(timestamp '2024-03-31 01:30:00.25 Europe/Paris' as varchar) || '!'",
                "('2024-03-31 01:30:00.25 Europe/Paris!')");
    assert_types(f, "select interval '3' year, interval '26' hour",
                 "INTERVAL YEAR TO MONTH; INTERVAL DAY TO SECOND");
}

static void test_dates_stay_dates(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    assert_types(f,
                 "select date '2024-01-31' + interval '1' month, ts + interval '1' day, "
                 "date_trunc('month', date '2024-01-31'), date '2024-01-02' - date '2024-01-01' "
                 "from t",
                 "date; timestamp(6); date; INTERVAL DAY TO SECOND");
    assert_rows(f,
                "select cast(timestamp '2024-01-01 00:00:00.6' as timestamp(0)) = timestamp "
                "'2024-01-01 00:00:01'",
                "(true)");
}

static void test_nested_values_follow_trino(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    assert_types(
        f, "select row(1, 'a'), zip(a, a), a || 3, transform_values(m, (k, v) -> k * 2) from t",
        "row(integer, varchar(1)); array(row(integer, integer)); array(integer); "
        "map(integer, integer)");
    assert_rows(f, "select a || 3, map_filter(m, (k, v) -> v = 'one') from t where id = 1",
                "([1, NULL, 3], {1=one})");
    assert_rows(f,
                "select ARRAY[1, NULL] = ARRAY[1, 2], ARRAY[1] = ARRAY[1], ARRAY[1] = ARRAY[2, 3]",
                "(NULL, true, false)");
    sql_expect_failure(f, "select a[5] from t where id = 1", FIRN_ERR_ARG,
                       "found element 5 of an array of 2", NULL, 0);
    assert_rows(f, "select listagg(s, ',') within group (order by s) from (values 'b', 'a') x (s)",
                "('a,b')");
    assert_rows(
        f,
        "select format('%s-%05d %.1f%%', 7, 42, 1.25), format('%s', null), split('a,b,c', ',', 2)",
        "(7-00042 1.3%, 'null', [a, 'b,c'])");
    assert_rows(
        f,
        "select date_diff('month', date '2024-01-31', date '2024-02-01'), "
        "date_diff('hour', timestamp '2024-01-01 00:59:00', timestamp '2024-01-01 01:59:00')",
        "(0, 1)");
    assert_rows(f,
                "select url_extract_host(u), url_extract_port(u), url_extract_path(u) from (values "
                "'https://me@x.org:8080/a/b?q=1#top') x (u)",
                "(x.org, 8080, /a/b)");
    assert_rows(f, "select reduce(ARRAY[1, 2], 0, (s, x) -> s + x, s -> s * 10)", "(30)");
    assert_rows(f, "select x, y from unnest(ARRAY[1, 2], ARRAY['u']) as q (x, y)",
                "(1, u) (2, NULL)");
}

static void test_rows_and_maps_are_unnested_into_columns(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table o (id bigint, items array(row(sku varchar, qty integer)), "
               "attrs map(varchar, integer), tags array(varchar))");
    sql_run(f, "insert into o values (1, ARRAY[ROW('a', 1), ROW('b', 2)], map(ARRAY['k'], "
               "ARRAY[7]), ARRAY['x', 'y', 'z']), (2, ARRAY[], NULL, ARRAY[])");
    assert_rows(f, "select id, i.sku, qty from o cross join unnest(o.items) as i (sku, qty)",
                "(1, a, 1) (1, b, 2)");
    assert_rows(f, "select sku from o, unnest(items) where qty = 2", "(b)");
    assert_rows(f,
                "select id, n, s, q, k, v, t from o left join unnest(items, attrs, tags) with "
                "ordinality as u (s, q, k, v, t, n) on true order by id, n",
                "(1, 1, a, 1, k, 7, x) (1, 2, b, 2, NULL, NULL, y) "
                "(1, 3, NULL, NULL, NULL, NULL, z) (2, NULL, NULL, NULL, NULL, NULL, NULL)");
    assert_rows(f, "select k, v, n from o cross join unnest(attrs) with ordinality as u (k, v, n)",
                "(k, 7, 1)");
    assert_rows(f, "select t, n from o cross join unnest(tags) with ordinality as u (t, n)",
                "(x, 1) (y, 2) (z, 3)");
}

static void test_what_a_column_cannot_store_is_refused(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    sql_expect_failure(f, "insert into t (id, ts) values (1, '2024-01-01')", FIRN_ERR_ARG,
                       "found a value of type varchar(10), expected timestamp(6) for column ts",
                       NULL, 23);
    sql_expect_failure(f, "insert into t (s) select id from t", FIRN_ERR_ARG,
                       "found a value of type integer, expected varchar for column s", NULL, 18);
    sql_run(f, "insert into t (id, d, f) values (3, 1, 1.5)");
    assert_rows(f, "select d, f from t where id = 3", "(1.00, 1.5)");
    sql_expect_failure(f, "select * from t version as of 1", FIRN_ERR_ARG,
                       "found \"version\", expected FOR before it", NULL, 16);
}

static void test_a_view_divides_in_its_own_dialect(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    sql_run(f, "create view whole as select 7 / 2 as q");
    sql_run(f, "create view star as select * from t");
    sql_run(f, "set dialect = 'duckdb'");
    sql_run(f, "create view part as select 7 / 2 as q");
    assert_rows(f, "select q from whole", "(3)");
    sql_run(f, "set dialect = 'trino'");
    assert_rows(f, "select q from part", "(3.5)");
    sql_run(f, "alter table t add column late integer");
    sql_expect_failure(f, "select * from star", FIRN_ERR_ARG,
                       "view star is stale: its query has other columns now than when it was made",
                       NULL, 0);
}

static void test_hostile_statements_end_in_errors(void **state)
{
    static const char *const k_texts[] = {"select ((((",
                                          "select cast(1 as",
                                          "select cast(1 as row(a",
                                          "select interval",
                                          "select x[",
                                          "select case when",
                                          "select unnest(",
                                          "with a as (",
                                          "with a as (select 1",
                                          "select * from (",
                                          "select a over (",
                                          "select f(x -> ",
                                          "insert into t (",
                                          "insert into t (id) values (",
                                          "merge into t using",
                                          "update t set",
                                          "select 1 union",
                                          "select 'a' || ",
                                          "values",
                                          "select interval '99999999999999999999' day to second",
                                          "select cast(1 as decimal(99999999999))"};
    sql_fixture *f = *state;
    make_table(f);
    for (size_t i = 0; i < sizeof k_texts / sizeof *k_texts; i++) {
        firn_error err = {0};
        firn_result *result = NULL;
        const firn_status st =
            firn_session_execute(f->session, firn_str_of(k_texts[i]), &result, &err);
        firn_result_close(result);
        assert_true(st != FIRN_OK);
        assert_true(err.message[0] != '\0');
    }
    assert_rows(f, "select count(*) from t", "(2)");
}

static void test_nested_queries_are_read_once(void **state)
{
    enum { DEPTH = 30 };
    sql_fixture *f = *state;
    char text[DEPTH * 32 + 64] = "";
    size_t n = 0;
    make_table(f);
    for (int i = 0; i < DEPTH; i++) n += (size_t)snprintf(text + n, sizeof text - n, "select (");
    n += (size_t)snprintf(text + n, sizeof text - n, "select nosuch");
    for (int i = 0; i < DEPTH; i++) n += (size_t)snprintf(text + n, sizeof text - n, ") x");
    sql_expect_failure(f, text, FIRN_ERR_ARG, "nosuch", NULL, DEPTH * 8 + 7);
    assert_types(f, "select (select (select 1.5 x) y) z, 'ab' w", "decimal(2, 1); varchar(2)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_literals_have_lengths_and_digits, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_decimals_are_computed_as_the_standard_says,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_nothing_compares_with_nan, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_texts_of_values_are_trinos, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_dates_stay_dates, sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_nested_values_follow_trino, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_rows_and_maps_are_unnested_into_columns,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_what_a_column_cannot_store_is_refused,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_view_divides_in_its_own_dialect, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_nested_queries_are_read_once, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_hostile_statements_end_in_errors, sql_fixture_open,
                                        sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
