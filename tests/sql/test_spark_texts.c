/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, CSV, times and intervals as texts of Spark, as Spark 4.1 writes and reads them; and texts
 * that are made to do harm. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sql/dialect/spark_schema.h"
#include "sql_fixture.h"

/* As the text that Spark casts it to; the comparison is the statement's, so that no text is quoted
 * on the way. */
static void check(sql_fixture *f, const char *const cases[][2], size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        char quoted[512];
        char sql[1024];
        char rows[64];
        size_t n = 0;
        const char *from = strstr(cases[i][0], " FROM VALUES");
        const int length = (int)(from ? (size_t)(from - cases[i][0]) : strlen(cases[i][0]));
        for (const char *at = cases[i][1]; *at && n < sizeof quoted - 3; at++) {
            if (*at == '\'' || *at == '\\') quoted[n++] = '\\';
            quoted[n++] = *at;
        }
        quoted[n] = '\0';
        (void)snprintf(sql, sizeof sql, "select coalesce(cast((%.*s) as string), 'NULL') = '%s'%s",
                       length, cases[i][0], quoted, from ? from : "");
        if (strcmp(sql_rows(f, sql, rows, sizeof rows), "(true)") != 0)
            fail_msg("%s is not %s", cases[i][0], cases[i][1]);
    }
}

#define CHECK(state, cases) check(*(state), cases, sizeof(cases) / sizeof *(cases))

static void test_values_become_json_and_csv(void **state)
{
    static const char *const k_cases[][2] = {
        {"to_json(named_struct('a', 1, 'n', CAST(NULL AS INT), 'l', array('x', NULL)))",
         "{\"a\":1,\"l\":[\"x\",null]}"},
        {"to_json(map('k', CAST(NULL AS INT), 'm', 2))", "{\"k\":null,\"m\":2}"},
        {"to_json(named_struct('d', 12.50, 'x', 1e20D, 'i', CAST('Infinity' AS DOUBLE)))",
         "{\"d\":12.50,\"x\":1.0E20,\"i\":\"Infinity\"}"},
        {"to_json(named_struct('t', TIMESTAMP'2024-01-02 03:04:05.678', 'd', DATE'2024-01-02'))",
         "{\"t\":\"2024-01-02T03:04:05.678Z\",\"d\":\"2024-01-02\"}"},
        {"to_json(named_struct('n', TIMESTAMP_NTZ'2024-01-02 03:04:05'))",
         "{\"n\":\"2024-01-02T03:04:05.000\"}"},
        {"to_json(named_struct('d', DATE'2024-01-02'), map('dateFormat', 'dd/MM/yy'))",
         "{\"d\":\"02/01/24\"}"},
        {"to_json(named_struct('b', X'616263', 'q', 'a\"b\\n'))",
         "{\"b\":\"YWJj\",\"q\":\"a\\\"b\\n\"}"},
        {"to_csv(named_struct('a', 1, 'b', 'x,y', 'c', CAST(NULL AS INT), 'd', ' z '))",
         "1,\"x,y\",,z"},
    };
    CHECK(state, k_cases);
}

static void test_json_and_csv_are_read_by_a_schema(void **state)
{
    static const char *const k_cases[][2] = {
        {"from_json('{\"t\":\"26/08/2015\",\"x\":1}', 't DATE, x INT', map('dateFormat', "
         "'dd/MM/yyyy')).t",
         "2015-08-26"},
        {"from_json('{\"t\":\"no\",\"x\":1}', 't DATE, x INT', map('dateFormat', "
         "'dd/MM/yyyy'))",
         "{null, 1}"},
        {"from_json('{\"a\":1,\"b\":[\"x\"]}', schema_of_json('{\"a\":0,\"b\":[\"\"]}'))",
         "{1, [x]}"},
        {"from_csv('1;\"a;b\";', 'a INT, b STRING, c DOUBLE', map('sep', ';'))", "{1, a;b, null}"},
        {"from_csv('1.5,2024-02-03', 'a INT, d DATE')", "{null, 2024-02-03}"},
        {"from_csv(NULL, 'a INT')", "NULL"},
        {"get_json_object('[{\"a\":\"b\"},{\"a\":\"c\"}]', '$[*].a')", "[\"b\",\"c\"]"},
        {"get_json_object('[{\"a\":\"b\"}]', '$[*].a')", "\"b\""},
        {"get_json_object('[[1,[2]],[3]]', '$[*][*]')", "[1,2,3]"},
        {"get_json_object('{\"a\":{\"x\":null,\"y\":7}}', '$.a.*')", "null"},
        {"get_json_object('{\"a\":[1]}', '$.a[*].b')", "NULL"},
        {"get_json_object('no', '$[*]')", "NULL"},
    };
    CHECK(state, k_cases);
    sql_expect_error(*state, "select from_json('x', 'a INT', map('mode', 'FAILFAST'))",
                     FIRN_ERR_ARG, "malformed JSON");
    sql_expect_error(*state, "select from_json('x', 'a INT', map('nosuch', '1'))", FIRN_ERR_ARG,
                     "not supported: such an option");
    sql_expect_error(*state, "select to_csv(array(1))", FIRN_ERR_ARG,
                     "to_csv() of what is no struct");
}

static void test_times_follow_the_patterns_of_java(void **state)
{
    static const char *const k_cases[][2] = {
        {"date_format(TIMESTAMP'2024-08-09 13:07:09.120', 'QQQ q F k K DDD')", "Q3 3 2 13 1 222"},
        {"date_format(TIMESTAMP'2024-08-09 13:07:09.120', 'G yy LLLL EEEE SSSSSS')",
         "AD 24 August Friday 120000"},
        {"date_format(DATE'2024-01-02', \"yyyy'Q'Q XXX xxx Z O VV\")",
         "2024Q1 Z +00:00 +0000 GMT UTC"},
        {"date_format(TIMESTAMP'1969-12-31 23:59:59.999', concat('HH', ':mm:ss.SSS'))",
         "23:59:59.999"},
        {"date_format(DATE'2024-01-02', \"''yyyy''\")", "'2024'"},
        {"date_format(CAST(NULL AS DATE), 'Q')", "NULL"},
    };
    CHECK(state, k_cases);
    sql_expect_error(*state, "select date_format(DATE'2024-01-02', 'w')", FIRN_ERR_UNSUPPORTED,
                     "not supported: \"w\" in the pattern of a time");
}

static void test_intervals_are_told_by_their_units(void **state)
{
    static const char *const k_cases[][2] = {
        {"DATE'2024-01-31' - DATE'2024-01-01'", "INTERVAL '30' DAY"},
        {"TIMESTAMP'2024-01-02 01:00:00' - TIMESTAMP'2024-01-01 00:00:00.5'",
         "INTERVAL '1 00:59:59.5' DAY TO SECOND"},
        {"INTERVAL 1 DAY 2 HOURS", "INTERVAL '1 02' DAY TO HOUR"},
        {"-INTERVAL '10:11:12.5' HOUR TO SECOND", "INTERVAL '-10:11:12.5' HOUR TO SECOND"},
        {"INTERVAL '1-2' YEAR TO MONTH * 2", "INTERVAL '2-4' YEAR TO MONTH"},
        {"INTERVAL 1 WEEK", "INTERVAL '7' DAY"},
        {"make_ym_interval(-1, 1)", "INTERVAL '-0-11' YEAR TO MONTH"},
        {"make_interval(1, 2, 0, 3, 4, 5, 6.7)",
         "1 years 2 months 3 days 4 hours 5 minutes 6.7 seconds"},
        {"make_interval()", "0 seconds"},
        {"abs(INTERVAL '-2' DAY)", "INTERVAL '2' DAY"},
        {"typeof(INTERVAL 1 DAY 2 MINUTES)", "interval day to minute"},
        {"CAST(INTERVAL '26' HOUR AS STRING)", "INTERVAL '26' HOUR"},
        {"CAST(NULL AS DATE) - DATE'2024-01-01'", "NULL"},
    };
    CHECK(state, k_cases);
}

static void test_numbers_are_rounded_up_and_down_to_digits(void **state)
{
    static const char *const k_cases[][2] = {
        {"ceil(3.1411, 3)", "3.142"},
        {"floor(3.1411, 3)", "3.141"},
        {"ceil(-3.1411, 1)", "-3.1"},
        {"floor(-3.1411, 1)", "-3.2"},
        {"ceil(3.1411, -3)", "1000"},
        {"floor(3.1411, -3)", "0"},
        {"ceil(1.5D, 0)", "2"},
        {"floor(12345, -2)", "12300"},
        {"try_sum(x) FROM VALUES (9223372036854775807L), (1L) AS t(x)", "NULL"},
        {"try_sum(x) FROM VALUES (1L), (1L) AS t(x)", "2"},
        {"percentile(x, 0.5, n) FROM VALUES (1, 1), (2, 2), (9, 1) AS t(x, n)", "2.0"},
        {"try_divide(CAST(1 AS DECIMAL(10,2)), CAST(3 AS DECIMAL(10,2)))", "0.3333333333333"},
        {"percentile(x, 0.5) FROM VALUES (1.10), (1.11) AS t(x)", "1.105"},
        {"aggregate(array('a', 'bc'), 0, (acc, x) -> acc + length(x))", "3"},
        {"typeof(extract(HOUR FROM INTERVAL '2 03' DAY TO HOUR))", "tinyint"},
        {"format_string('%2$s-%1$05d-%3$b', 7, 'x', true)", "x-00007-true"},
        {"hex(left(X'010203', 2)) || hex(right(X'010203', 1))", "010203"},
    };
    CHECK(state, k_cases);
}

static void test_schemas_are_inferred(void **state)
{
    static const char *const k_cases[][2] = {
        {"[1,2.5,null]", "ARRAY<DOUBLE>"},
        {"[]", "ARRAY<STRING>"},
        {"[{\"b\":1},{\"a b\":true,\"b\":\"x\"}]", "ARRAY<STRUCT<`a b`: BOOLEAN, b: STRING>>"},
        {"null", "STRING"},
        {"[[1],[\"x\"],{}]", "ARRAY<STRING>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_buf buf;
        firn_error err = {0};
        firn_arena *arena = firn_arena_create(NULL, 0);
        firn_buf_init(&buf, NULL, 4096);
        assert_int_equal(firn_spark_schema_of_json(firn_str_of(k_cases[i][0]), arena, &buf, &err),
                         FIRN_OK);
        firn_buf_byte(&buf, '\0');
        assert_string_equal(firn_buf_view(&buf).data, k_cases[i][1]);
        firn_buf_dispose(&buf);
        firn_arena_destroy(arena);
    }
}

/* The engine lays intervals and small integers out otherwise. */
static void test_what_is_inside_of_a_value_is_read_as_it_is_laid_out(void **state)
{
    static const char *const k_cases[][2] = {
        {"to_json(named_struct('a', 1Y, 'b', 2S, 'l', array(3Y, NULL), 'm', map('k', 7S)))",
         "{\"a\":1,\"b\":2,\"l\":[3,null],\"m\":{\"k\":7}}"},
        {"CAST(array(-1Y, NULL, 3Y) AS STRING)", "[-1, null, 3]"},
        {"hash(named_struct('a', 1S)) = hash(1)", "true"},
    };
    CHECK(state, k_cases);
    sql_expect_error(*state, "select to_json(named_struct('i', interval 20 months))",
                     FIRN_ERR_UNSUPPORTED, "not supported: an interval");
    sql_expect_error(*state, "select cast(array(interval 20 months) as string)",
                     FIRN_ERR_UNSUPPORTED, "not supported: an interval");
}

static void test_hostile_arguments_end_in_an_error(void **state)
{
    sql_expect_error(*state, "select schema_of_json(repeat('[', 70) || repeat(']', 70))",
                     FIRN_ERR_LIMIT, "JSON nested deeper than 64");
    sql_expect_error(*state, "select randstr(1000000000)", FIRN_ERR_ARG,
                     "found a count of 1000000000, expected 0 to 1000000");
    sql_expect_error(*state, "select array_repeat(1, 1000000000)", FIRN_ERR_ARG,
                     "found a count of 1000000000, expected 0 to 10000000");
    sql_expect_error(*state, "select sequence(1, 1000000000)", FIRN_ERR_ARG,
                     "a sequence of more than 10000000");
    sql_expect_error(*state, "select histogram_numeric(x, 1000000000) FROM VALUES (1) AS t(x)",
                     FIRN_ERR_ARG, "expected 2 to 10000");
    sql_expect_error(*state, "select format_string('%5$s', 1)", FIRN_ERR_ARG,
                     "expected an argument for each conversion");
    sql_expect_error(*state, "select regexp_replace('a', '(?<n>a)', '${m}')", FIRN_ERR_ARG,
                     "expected a group that the pattern has");
}

static int open_spark(void **state)
{
    if (sql_fixture_open(state) != 0) return -1;
    sql_run(*state, "set dialect = 'spark'");
    return 0;
}

#define WITH_SESSION(name) cmocka_unit_test_setup_teardown(name, open_spark, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SESSION(test_values_become_json_and_csv),
        WITH_SESSION(test_json_and_csv_are_read_by_a_schema),
        WITH_SESSION(test_times_follow_the_patterns_of_java),
        WITH_SESSION(test_intervals_are_told_by_their_units),
        WITH_SESSION(test_numbers_are_rounded_up_and_down_to_digits),
        cmocka_unit_test(test_schemas_are_inferred),
        WITH_SESSION(test_what_is_inside_of_a_value_is_read_as_it_is_laid_out),
        WITH_SESSION(test_hostile_arguments_end_in_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
