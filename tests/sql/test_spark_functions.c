/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of Spark under their names: what each gives for the examples of Spark's documentation,
 * as text. One statement for all of a session's cases. */
#include <stdio.h>
#include <string.h>

#include "sql_fixture.h"

typedef struct function_case {
    const char *expression, *text;
} function_case;

/* The comparison is the statement's, so that no text is quoted on the way. */
static void check(sql_fixture *f, const function_case *c)
{
    char quoted[512];
    char sql[1024];
    char rows[64];
    size_t n = 0;
    for (const char *at = c->text; *at && n < sizeof quoted - 3; at++) {
        if (*at == '\'' || *at == '\\') quoted[n++] = '\\';
        quoted[n++] = *at;
    }
    quoted[n] = '\0';
    (void)snprintf(sql, sizeof sql, "select coalesce(cast((%s) as string), 'NULL') = '%s'",
                   c->expression, quoted);
    if (strcmp(sql_rows(f, sql, rows, sizeof rows), "(true)") != 0)
        fail_msg("%s is not %s", c->expression, c->text);
}

static void test_functions_give_what_spark_documents(void **state)
{
    static const function_case k_cases[] = {
        {"concat_ws(',', 'a', 'b')", "a,b"},
        {"soundex('Tymczak') || soundex('') || soundex('1x')", "T5221x"},
        {"conv('-1', 10, 16) || conv('ff', 16, -10) || conv('zz', 36, 2)",
         "FFFFFFFFFFFFFFFF25510100001111"},
        {"conv('99999999999999999999999', 10, 10)", "18446744073709551615"},
        {"conv('1', 1, 10)", "NULL"},
        {"levenshtein('é€😀', 'e€')", "2"},
        {"round(1.005D, 2) + round(-2.5D) + round(125D, -1)", "128.01"},
        {"round(9.995D, 2)", "10.0"},
        {"round(5e-324D, 300)", "0.0"},
        {"concat(1e20D, ' ', 1.5e-5D, ' ', 0.001D, ' ', CAST('NaN' AS DOUBLE))",
         "1.0E20 1.5E-5 0.001 NaN"},
        {"array(1.50, NULL)", "[1.50, null]"},
        {"map('a', named_struct('x', DATE'2024-01-02', 'y', TIMESTAMP'2024-01-02 03:04:05.120'))",
         "{a -> {2024-01-02, 2024-01-02 03:04:05.12}}"},
        {"typeof(map('a', array(1.5)))", "map<string,array<decimal(2,1)>>"},
        {"element_at(array(1, 2), -1)", "2"},
        {"CAST(1.23 AS DECIMAL(10,2)) / CAST(4.567 AS DECIMAL(10,3))", "0.2693234070506"},
        {"CAST(7 AS DECIMAL(4,1)) % CAST(2.25 AS DECIMAL(4,2))", "0.25"},
        {"DATE'2024-01-31' + INTERVAL 1 MONTH", "2024-02-29"},
        {"3 ^ 5", "6"},
        {"concat_ws(',', array('a', 'b'), 'c')", "a,b,c"},
        {"substring('Spark SQL', 5)", "k SQL"},
        {"substring('Spark SQL', -3)", "SQL"},
        {"substring('Spark SQL', 5, 1)", "k"},
        {"substr('Spark SQL', 5, 1)", "k"},
        {"substring_index('www.apache.org', '.', 2)", "www.apache"},
        {"left('Spark SQL', 3)", "Spa"},
        {"right('Spark SQL', 3)", "SQL"},
        {"trim('  x ')", "x"},
        {"ltrim('  x')", "x"},
        {"rtrim('x  ')", "x"},
        {"btrim('  x ')", "x"},
        {"trim(BOTH 'SL' FROM 'SSparkSQLS')", "parkSQ"},
        {"upper('x')", "X"},
        {"ucase('x')", "X"},
        {"lower('X')", "x"},
        {"lcase('X')", "x"},
        {"initcap('sPark sql')", "Spark Sql"},
        {"lpad('hi', 5, '#')", "###hi"},
        {"rpad('hi', 5, '#')", "hi###"},
        {"lpad('hi', 1, '#')", "h"},
        {"repeat('123', 2)", "123123"},
        {"reverse('Spark')", "krapS"},
        {"replace('ABCabc', 'abc', 'DEF')", "ABCDEF"},
        {"replace('ABCabc', 'abc')", "ABC"},
        {"translate('AaBbCc', 'abc', '123')", "A1B2C3"},
        {"overlay('Spark SQL' PLACING '_' FROM 6)", "Spark_SQL"},
        {"split('oneAtwoBthreeC', '[ABC]')", "[one, two, three, ]"},
        {"split_part('11.12.13', '.', 3)", "13"},
        {"locate('bar', 'foobarbar')", "4"},
        {"locate('bar', 'foobarbar', 5)", "7"},
        {"position('bar', 'foobarbar')", "4"},
        {"position('bar' IN 'foobarbar')", "4"},
        {"instr('SparkSQL', 'SQL')", "6"},
        {"contains('Spark SQL', 'Spark')", "true"},
        {"startswith('Spark SQL', 'Spark')", "true"},
        {"endswith('Spark SQL', 'SQL')", "true"},
        {"length('Spark SQL ')", "10"},
        {"char_length('Spark SQL ')", "10"},
        {"bit_length('Spark SQL')", "72"},
        {"octet_length('Spark SQL')", "9"},
        {"ascii('222')", "50"},
        {"chr(65)", "A"},
        {"hex(17)", "11"},
        {"hex('Spark SQL')", "537061726B2053514C"},
        {"md5('Spark')", "8cde774d6f7333752ed72cacddb05126"},
        {"sha1('Spark')", "85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c"},
        {"crc32('Spark')", "1557323817"},
        {"levenshtein('kitten', 'sitting')", "3"},
        {"regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 1)", "100"},
        {"regexp_extract_all('100-200, 300-400', '(\\\\d+)-(\\\\d+)', 1)", "[100, 300]"},
        {"regexp_replace('100-200', '(\\\\d+)', 'num')", "num-num"},
        {"regexp_like('abc', 'b')", "true"},
        {"regexp_substr('Steven Jones and Stephen Smith', 'Ste(v|ph)en')", "Steven"},
        {"format_number(12332.123456, 4)", "12,332.1235"},
        {"extract(DOW FROM DATE'2024-01-07') * 10 + extract(DAYOFWEEK_ISO FROM DATE'2024-01-07')",
         "17"},
        {"extract(MONTH FROM DATE'2024-01-07')", "1"},
        {"concat(substring('hello', 0, 2), substr('hello', -3, 2), substr('hello', 4))", "helllo"},
        {"format_string('Hello World %d %s', 100, 'days')", "Hello World 100 days"},
        {"printf('%s-%s', 'a', 'b')", "a-b"},
        {"base64('Spark SQL')", "U3BhcmsgU1FM"},
        {"abs(-1)", "1"},
        {"ceil(-0.1)", "0"},
        {"ceiling(5)", "5"},
        {"floor(-0.1)", "-1"},
        {"round(2.5, 0)", "3"},
        {"sign(40)", "1.0"},
        {"signum(-5)", "-1.0"},
        {"sqrt(4)", "2.0"},
        {"exp(0)", "1.0"},
        {"ln(1)", "0.0"},
        {"log(10, 100)", "2.0"},
        {"log10(10)", "1.0"},
        {"log2(2)", "1.0"},
        {"pow(2, 3)", "8.0"},
        {"power(2, 3)", "8.0"},
        {"mod(2, 3)", "2"},
        {"pmod(-10, 3)", "2"},
        {"greatest(10, 9, 2, 4, 3)", "10"},
        {"least(10, 9, 2, 4, 3)", "2"},
        {"greatest(10, null, 2)", "10"},
        {"factorial(5)", "120"},
        {"bin(13)", "1101"},
        {"hypot(3, 4)", "5.0"},
        {"degrees(3.141592653589793)", "180.0"},
        {"rint(12.3456)", "12.0"},
        {"bit_count(7)", "3"},
        {"nullif(2, 2)", "NULL"},
        {"ifnull(NULL, 1)", "1"},
        {"nvl(NULL, 1)", "1"},
        {"coalesce(NULL, 1)", "1"},
        {"if(1 < 2, 'a', 'b')", "a"},
        {"zeroifnull(NULL)", "0"},
        {"nullifzero(0)", "NULL"},
        {"year(DATE'2016-07-30')", "2016"},
        {"quarter('2016-08-31')", "3"},
        {"month('2016-07-30')", "7"},
        {"day('2009-07-30')", "30"},
        {"dayofweek('2009-07-30')", "5"},
        {"weekday('2009-07-30')", "3"},
        {"dayofyear('2016-04-09')", "100"},
        {"weekofyear('2008-02-20')", "8"},
        {"dayname(DATE'2008-02-20')", "Wed"},
        {"monthname(DATE'2008-02-20')", "Feb"},
        {"hour(TIMESTAMP'2009-07-30 12:58:59')", "12"},
        {"extract(YEAR FROM DATE'2016-07-30')", "2016"},
        {"date_part('YEAR', DATE'2016-07-30')", "2016"},
        {"date_add('2016-07-30', 1)", "2016-07-31"},
        {"date_sub('2016-07-30', 1)", "2016-07-29"},
        {"datediff('2009-07-31', '2009-07-30')", "1"},
        {"datediff(DAY, DATE'2009-07-30', DATE'2009-08-01')", "2"},
        {"timestampdiff(HOUR, TIMESTAMP'2022-02-11 20:30:00', TIMESTAMP'2022-02-12 04:30:00')",
         "8"},
        {"add_months('2016-08-31', 1)", "2016-09-30"},
        {"last_day('2009-01-12')", "2009-01-31"},
        {"next_day('2015-01-14', 'TU')", "2015-01-20"},
        {"trunc('2019-08-04', 'week')", "2019-07-29"},
        {"trunc('2019-08-04', 'MM')", "2019-08-01"},
        {"trunc('2015-10-27', 'YEAR')", "2015-01-01"},
        {"date_format(TIMESTAMP_NTZ'2016-04-08 10:11:12', 'yyyy/MM/dd HH:mm:ss')",
         "2016/04/08 10:11:12"},
        {"to_date('2016-12-31', 'yyyy-MM-dd')", "2016-12-31"},
        {"to_date('2009-07-30 04:17:52')", "2009-07-30"},
        {"make_date(2013, 7, 15)", "2013-07-15"},
        {"unix_timestamp('1970-01-02', 'yyyy-MM-dd')", "86400"},
        {"unix_date(DATE('1970-01-02'))", "1"},
        {"date_from_unix_date(1)", "1970-01-02"},
        {"unix_millis(TIMESTAMP('1970-01-01 00:00:01Z'))", "1000"},
        {"date_diff('2009-07-31', '2009-07-30')", "1"},
        {"array_contains(array(1, 2, 3), 2)", "true"},
        {"array_append(array('b', 'd'), 'c')", "[b, d, c]"},
        {"array_prepend(array('b', 'd'), 'c')", "[c, b, d]"},
        {"array_distinct(array(1, 2, 3, 3))", "[1, 2, 3]"},
        {"array_union(array(1, 2, 3), array(1, 3, 5))", "[1, 2, 3, 5]"},
        {"array_except(array(1, 2, 3), array(1, 3, 5))", "[2]"},
        {"array_intersect(array(1, 2, 3), array(1, 3, 5))", "[1, 3]"},
        {"array_join(array('hello', null, 'world'), ' ')", "hello world"},
        {"array_join(array('hello', null, 'world'), ' ', ',')", "hello , world"},
        {"array_max(array(1, 20, null, 3))", "20"},
        {"array_min(array(1, 20, null, 3))", "1"},
        {"array_position(array(312, 773, 708, 708), 708)", "3"},
        {"array_repeat('123', 2)", "[123, 123]"},
        {"array_size(array(1, 2))", "2"},
        {"array_sort(array(3, 1, 2))", "[1, 2, 3]"},
        {"arrays_overlap(array(1, 2, 3), array(3, 4, 5))", "true"},
        {"flatten(array(array(1, 2), array(3, 4)))", "[1, 2, 3, 4]"},
        {"sequence(1, 5)", "[1, 2, 3, 4, 5]"},
        {"sequence(5, 1)", "[5, 4, 3, 2, 1]"},
        {"slice(array(1, 2, 3, 4), 2, 2)", "[2, 3]"},
        {"slice(array(1, 2, 3, 4), -2, 2)", "[3, 4]"},
        {"element_at(array(1, 2, 3), 2)", "2"},
        {"element_at(array(1, 2, 3), -1)", "3"},
        {"try_element_at(array(1, 2, 3), 9)", "NULL"},
        {"element_at(map(1, 'a', 2, 'b'), 2)", "b"},
        {"get(array(1, 2, 3), 0)", "1"},
        {"get(array(1, 2, 3), 3)", "NULL"},
        {"transform(array(1, 2, 3), x -> x + 1)", "[2, 3, 4]"},
        {"transform(array(1, 2, 3), (x, i) -> x + i)", "[1, 3, 5]"},
        {"filter(array(1, 2, 3), x -> x % 2 == 1)", "[1, 3]"},
        {"exists(array(1, 2, 3), x -> x % 2 == 0)", "true"},
        {"forall(array(1, 2, 3), x -> x % 2 == 0)", "false"},
        {"aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x)", "6"},
        {"aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x, acc -> acc * 10)", "60"},
        {"format_string('%s-%05d', 3, 42)", "3-00042"},
        {"size(map('a', 1, 'b', 2))", "2"},
        {"map_keys(map(1, 'a', 2, 'b'))", "[1, 2]"},
        {"map_values(map(1, 'a', 2, 'b'))", "[a, b]"},
        {"map_contains_key(map(1, 'a'), 1)", "true"},
        {"map_concat(map(1, 'a'), map(2, 'b'))[2]", "b"},
        {"map_from_arrays(array(1, 3), array('2', '4'))[3]", "4"},
        {"map_from_entries(array(struct(1, 'a')))[1]", "a"},
        {"size(map_entries(map(1, 'a', 2, 'b')))", "2"},
        {"get_json_object('{\"a\":\"b\"}', '$.a')", "b"},
        {"json_array_length('[1,2,3]')", "3"},
        {"json_object_keys('{\"a\":1,\"b\":2}')", "[a, b]"},
        {"to_json(array(1, 2))", "[1,2]"},
        {"isnull(1)", "false"},
        {"isnan(cast('NaN' as double))", "true"},
        {"shiftleft(2, 1)", "4"},
        {"getbit(11, 0)", "1"},
        {"bit_get(11, 0)", "1"},
        {"try_cast('a' as int)", "NULL"},
        {"try_add(1, 2)", "3"},
        {"find_in_set('ab', 'abc,b,ab,c,def')", "3"},
        {"url_encode('a b')", "a+b"},
        {"url_decode('a%20b')", "a b"},
        {"transform(array(5, 6), (x, i) -> i)[0]", "0"},
        {"transform(array(5, 6), (x, i) -> x + i)[1]", "7"},
        {"array_distinct(array(3, 1, 3, 2))[2]", "2"},
        {"replace('a', 'a') || '.'", "."},
        /* in turn: each value is the seed of the next, a null none */
        {"hash('Spark', array(123), 2)", "-1321691492"},
        {"hash('Spark', NULL, array(123, NULL), named_struct('a', 2))", "-1321691492"},
        {"hash(CAST(1 AS TINYINT)) = hash(1) AND hash(1) <> hash(1L)", "true"},
        {"hash(-0.0D) = hash(0.0D) AND hash(CAST(-0.0 AS FLOAT)) = hash(CAST(0 AS FLOAT))", "true"},
        {"hash(1.5) = hash(15L) AND hash(true) = hash(1)", "true"},
        {"hash(CAST(NULL AS STRING)) || xxhash64(NULL)", "4242"},
        {"xxhash64('Spark', array(123), 2)", "5602566077635097486"},
        /* blanks stand in front of signs, not of the dollar; what does not fit is shown by signs */
        {"to_char(-12, '999MI') || '|' || to_char(12, '999MI') || '|'", " 12-| 12 |"},
        {"to_char(-12, 'S999') || to_char(12, 'S999') || to_char(5, '$999')", " -12 +12$  5"},
        {"to_char(-1, '99PR') || to_char(1, '99PR') || '|'", " <1> 1  |"},
        {"to_char(0.5, '9.9') || to_char(12, '99.') || to_char(1234.5, '999.9')", "0.512 ###.#"},
        {"to_char(1234, '9,999,999') || to_char(12, '0,000')", "    1,2340,012"},
        {"to_char(DATE'2024-01-02', 'yyyy-MM') || to_char(X'61', 'hex')", "2024-0161"},
        {"to_number('1,234.5', '9,999.99')", "1234.50"},
        {"to_number('<5>', '9PR') + to_number('7-', '9S')", "-12"},
        {"coalesce(try_to_number('12,34', '9,999'), try_to_number('1', '000'))", "NULL"},
        {"mask('\u00c4bC-1') || mask('aB1', NULL, 'y', '#')", "XxX-nyB#"},
        {"shiftleft(-1, 33) || shiftright(-8, 1) || shiftrightunsigned(-1L, 60)", "-2-415"},
        {"array_sort(array(3, 1, NULL, 2), (x, y) -> CASE WHEN x < y THEN 1 WHEN x > y THEN -1 "
         "ELSE 0 END)",
         "[3, null, 2, 1]"},
        {"array_sort(array('bb', 'a', 'cc'), (x, y) -> length(x) - length(y))", "[a, bb, cc]"},
        {"map_zip_with(map('a', 1), map('b', 2), (k, v, w) -> concat(k, v, coalesce(w, 0)))",
         "{a -> a10, b -> null}"},
        {"CAST(CAST(1700000000 AS TIMESTAMP) AS BIGINT)", "1700000000"},
        {"CAST(TIMESTAMP'1969-12-31 23:59:59.5' AS INT)", "-1"},
        {"CAST(1.5 AS TIMESTAMP)", "1970-01-01 00:00:01.5"},
        {"hex(substring(X'0102030405', -4, 2)) || hex(substr(X'0102', 2))", "020302"},
    };
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "set time zone 'UTC'");
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) check(f, &k_cases[i]);
}

static void test_functions_that_would_give_other_values_are_refused(void **state)
{
    static const char *const k_refused[] = {"select hash(map('a', 1))",
                                            "select timestampdiff(FORTNIGHT, now(), now())"};
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_expect_failure(f, k_refused[0], FIRN_ERR_ARG, "found a map, which has no hash", NULL, 0);
    sql_expect_failure(f, k_refused[1], FIRN_ERR_ARG, "expected a unit of time", NULL, 21);
}

static void test_windows_and_rows_of_functions(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create table e (ts timestamp, a array<int>, m map<string, int>, j string)");
    sql_run(f, "insert into e values (TIMESTAMP'2024-01-01 00:01:00', array(10, 20), map('k', 1), "
               "'{\"p\":1,\"q q\":[2]}'), (TIMESTAMP'2024-01-01 00:06:00', array(), NULL, 'x'), "
               "(NULL, NULL, NULL, NULL)");
    assert_rows(
        f,
        "select unix_timestamp(window.start) % 3600, window.end - window.start, count(*) "
        "from e where ts is not null group by window(ts, '5 minutes') order by window.start",
        "(0, '00:05:00', 1) (300, '00:05:00', 1)");
    assert_rows(f,
                "select count(window), count(*) from e group by window(ts, '1 hour', '1 hour', '5 "
                "minutes') order by 1",
                "(0, 1) (1, 1) (1, 1)");
    sql_expect_failure(f, "select window(ts, '10 minutes', '5 minutes') from e", FIRN_ERR_ARG,
                       "not supported: window() with windows that overlap", NULL, 32);
    assert_rows(f, "select posexplode(a) from e", "(0, 10) (1, 20)");
    assert_rows(f, "select posexplode(m) from e", "(0, k, 1)");
    assert_rows(f, "select count(*), count(`key`) from (select explode_outer(m) from e)", "(3, 1)");
    assert_rows(f, "select p, c from e lateral view posexplode_outer(a) u as p, c",
                "(0, 10) (1, 20) (NULL, NULL) (NULL, NULL)");
    assert_rows(f, "select p, k, v from e lateral view posexplode(m) u as p, k, v", "(0, k, 1)");
    assert_rows(f, "select x, y from e lateral view json_tuple(j, 'p', 'q q') u as x, y",
                "(1, '[2]') (NULL, NULL) (NULL, NULL)");
    assert_rows(f, "select inline_outer(array(struct(1, 'a'), struct(2, 'b')))", "(1, a) (2, b)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_windows_and_rows_of_functions, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_functions_give_what_spark_documents, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_functions_that_would_give_other_values_are_refused,
                                        sql_fixture_open, sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
