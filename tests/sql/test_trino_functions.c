/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of Trino that are written or computed by us: shifts, JSON, maps. Those that are
 * compared with what Trino answered are tests/data/sql/functions-trino.tsv. */
#include "firn_test.h"

#include <stdio.h>

#include "base/str.h"
#include "sql_fixture.h"

static int open_trino(void **state)
{
    if (sql_fixture_open(state) != 0) return -1;
    sql_run(*state, "set dialect = 'trino'");
    return 0;
}

static void test_shifts_are_of_the_bits_of_the_type(void **state)
{
    assert_rows(*state,
                "select bitwise_left_shift(TINYINT '7', 5), bitwise_left_shift(1, 31), "
                "bitwise_left_shift(1, 32), bitwise_left_shift(BIGINT '-1', 63)",
                "(-32, -2147483648, 0, -9223372036854775808)");
    assert_rows(*state,
                "select bitwise_right_shift(-8, 3), bitwise_right_shift(TINYINT '-1', 4), "
                "bitwise_right_shift(BIGINT '-1', 64), bitwise_right_shift(5, NULL), "
                "bitwise_right_shift(1, -1)",
                "(536870911, 15, 0, NULL, 0)");
}

static void test_json_is_built_of_values(void **state)
{
    assert_rows(*state,
                "select json_object('a': 1, KEY 'b' VALUE ARRAY[1, NULL], 'c' VALUE NULL), "
                "json_object('a': 1, 'c': NULL ABSENT ON NULL), json_object()",
                "('{\"a\":1,\"b\":[1,null],\"c\":null}', '{\"a\":1}', '{}')");
    assert_rows(*state,
                "select json_array('x\"y', NULL, true), json_array(NULL, 1 NULL ON NULL), "
                "json_array(json_object('a': json_array(1)), '[2]' FORMAT JSON, '[2]')",
                "('[\"x\\\\\"y\",true]', '[null,1]', '[{\"a\":[1]},[2],\"[2]\"]')");
    sql_expect_failure(*state, "select json_object(1)", FIRN_ERR_ARG,
                       "expected a key and its value: 'key': value", NULL, 19);
}

static void test_members_of_json_are_in_the_order_of_their_keys(void **state)
{
    assert_rows(*state,
                "select json_format(json_parse('{\"b\": [{\"z\": 1, \"y\": {}}], \"a\": \"},{\", "
                "\"B\": 1.50, \"a\": \"\\\\\"}')), json_format(json_parse(' [ ] ')), "
                "json_format(json_parse('1e400'))",
                "('{\"B\":1.5,\"a\":\"\\\\\\\\\",\"b\":[{\"y\":{},\"z\":1}]}', '[]', 1e400)");
    assert_rows(*state, "select json_parse(NULL) is null", "(true)");
}

static void test_maps_are_zipped_and_joined(void **state)
{
    assert_rows(*state,
                "select map_zip_with(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), MAP(ARRAY['b', 'c'], "
                "ARRAY[10, 20]), (k, v, w) -> coalesce(v, 0) + coalesce(w, 0)), "
                "map_zip_with(MAP(), MAP(), (k, v, w) -> v)",
                "({a=1, b=12, c=20}, {})");
    assert_rows(*state,
                "select map_union(m) from (values MAP(ARRAY['x', 'y'], ARRAY[1, 2]), "
                "MAP(ARRAY['y'], ARRAY[3]), NULL) t(m)",
                "({x=1, y=2})");
    assert_rows(*state,
                "select split_to_multimap('a=1,b=2,a=3', ',', '='), "
                "multimap_from_entries(ARRAY[(1, 'x'), (1, 'z')])",
                "({a=[1, 3], b=[2]}, {1=[x, z]})");
    assert_rows(*state,
                "select reduce_agg(a, 0, (x, y) -> x + y, (x, y) -> x + y) from (values 1, "
                "2, NULL) t(a)",
                "(3)");
}

static void test_lists_are_searched_and_cut(void **state)
{
    assert_rows(*state,
                "select contains_sequence(ARRAY[1, 2, 3], ARRAY[2, 3]), contains_sequence(ARRAY[1, "
                "2, 3], ARRAY[3, 2]), contains_sequence(ARRAY[1], ARRAY[1, 2])",
                "(true, false, false)");
    assert_rows(*state,
                "select ngrams(ARRAY['a', 'b', 'c'], 2), ngrams(ARRAY['a'], 5), "
                "width_bucket(3e0, ARRAY[1e0, 2e0, 4e0]), cardinality(shuffle(ARRAY[1, 2, 3]))",
                "([[a, b], [b, c]], [[a]], 2, 3)");
    assert_rows(*state,
                "select luhn_check('79927398713'), luhn_check('79927398714'), luhn_check(NULL)",
                "(true, false, NULL)");
    assert_rows(*state,
                "select from_big_endian_64(to_big_endian_64(-2)), "
                "from_ieee754_64(to_ieee754_64(1.5e0)), from_big_endian_32(X'00000001')",
                "(-2, 1.5, 1)");
}

/* The text of the first value; the fixture's way to rows puts the statement into parentheses, where
 * it may have no functions. */
static const char *first_text(sql_fixture *f, const char *sql, char *out, size_t size)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, sql);
    assert_ok(firn_result_next(result, &batch, &err), &err);
    const firn_str cell = firn_column_get(&batch->columns[0], 0).as.bytes;
    (void)snprintf(out, size, "%.*s", FIRN_STR_ARG(cell));
    firn_result_close(result);
    return out;
}

static void test_functions_of_a_statement_stand_for_what_they_return(void **state)
{
    char text[64];
    assert_string_equal(
        first_text(
            *state,
            "with function twice(x integer) returns integer return x * 2, function four(y "
            "integer) returns bigint returns null on null input return twice(twice(y)) "
            "select format('%s %s %s', four(3), four(a), twice(2)) from (values cast(null as "
            "integer)) t(a)",
            text, sizeof text),
        "12 null 4");
    assert_string_equal(
        first_text(*state,
                   "with function f(x varchar) returns varchar deterministic return upper(x) || "
                   "'!' with q as (select f('a') as v) select f(v) from q",
                   text, sizeof text),
        "A!!");
    assert_string_equal(first_text(*state,
                                   "with function as (select 'a' as a) select a from function",
                                   text, sizeof text),
                        "a");
    sql_expect_error(*state, "with function f(x integer) returns integer return f(x) select f(1)",
                     FIRN_ERR_ARG, "f");
    sql_expect_error(*state, "with function f(x integer) returns integer return x select f(1, 2)",
                     FIRN_ERR_ARG, "expected one argument for each parameter");
    sql_expect_error(
        *state,
        "with function f(x integer) returns integer return x + x select "
        "f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(1))))))))))))))))))))))))))",
        FIRN_ERR_LIMIT, "");
}

static void test_paths_of_json_have_filters(void **state)
{
    sql_run(*state, "create schema db");
    assert_rows(*state,
                "select json_exists(j, 'lax $.a[*]?(@.b > 1)'), json_value(j, 'lax $.a[*]?(@.b > "
                "1).c'), json_query(j, 'lax $.a[*].b' with array wrapper), json_query(j, 'lax "
                "$.a[*]?(@.b == 9)' empty array on empty), json_value(j, 'lax $.a[*].b' null on "
                "error), json_value(j, 'lax $.a.size()' returning integer) from (values "
                "'{\"a\":[{\"b\":1},{\"b\":2,\"c\":\"x\"}]}', '{}', 'no', null) t(j) "
                "where j like '{\"a%'",
                "(true, x, '[1,2]', '[]', NULL, 2)");
    sql_expect_error(*state, "select json_value('{}', 'lax $.a[*]?(@.b')", FIRN_ERR_ARG,
                     "expected a comparison");
    sql_expect_error(*state, "select json_value('[1,2]', 'lax $[*]' error on error)", FIRN_ERR_ARG,
                     "found no such value");
}

static void test_bytes_are_signed_summed_and_spelled(void **state)
{
    assert_rows(*state,
                "select to_hex(hmac_sha1(to_utf8('msg'), to_utf8('key'))), "
                "length(hmac_sha512(X'00', X'')), to_base32(X'6162636465'), "
                "to_hex(from_base32('mfrgg'))",
                "(102900B72B7BF1031EEC76B4804B66052376896B, 64, MFRGGZDF, 616263)");
    assert_rows(*state,
                "select checksum(a) = checksum(b), checksum(a) = checksum(c), checksum(d) is not "
                "null from (values (1, 2, 1, 'x'), (2, 1, 1, null)) t(a, b, c, d)",
                "(true, false, true)");
    assert_rows(*state, "select from_utf8(X'61ff62', '?'), to_hex(reverse(X'0102'))",
                "(a?b, 0201)");
    sql_expect_error(*state, "select from_base32('1')", FIRN_ERR_ARG, "is no digit of Base32");
}

static void test_values_are_compared_without_their_order(void **state)
{
    assert_rows(
        *state,
        "select map(array['x', 'y'], array[1, 2]) = map(array['y', 'x'], array[2, 1]), "
        "map(array['x'], array[1]) <> map(array['x'], array[2]), json '{\"a\":1,\"b\":2}' = "
        "json '{\"b\":2,\"a\":1}', json '[1,2]' = json '[2,1]'",
        "(true, true, true, false)");
    assert_rows(*state,
                "select try_cast(array['1', 'x'] as array(integer)), try_cast(array['1', '2'] as "
                "array(integer)), try_cast('yes' as boolean), cast('T' as boolean)",
                "(NULL, [1, 2], NULL, true)");
    assert_rows(*state,
                "select date_diff('millisecond', timestamp '1970-01-01 00:00:00.000000', timestamp "
                "'1969-12-31 23:59:59.999999'), lag(1.5, 1, 0) over (), 0b101 + 0o17",
                "(-1, 0.0, 20)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shifts_are_of_the_bits_of_the_type, open_trino,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_json_is_built_of_values, open_trino,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_members_of_json_are_in_the_order_of_their_keys,
                                        open_trino, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_maps_are_zipped_and_joined, open_trino,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_lists_are_searched_and_cut, open_trino,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_functions_of_a_statement_stand_for_what_they_return,
                                        open_trino, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_paths_of_json_have_filters, open_trino,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_bytes_are_signed_summed_and_spelled, open_trino,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_values_are_compared_without_their_order, open_trino,
                                        sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
