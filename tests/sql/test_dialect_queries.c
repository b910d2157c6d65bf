/* SPDX-License-Identifier: Apache-2.0 */
/* What queries in a dialect answer where the text alone does not tell what is meant. */
#include "firn_test.h"

#include "sql_fixture.h"

static void test_a_subscript_counts_elements_from_zero_and_names_keys(void **state)
{
    sql_fixture *f = *state;
    char rows[256];
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create table t (a array<int>, m map<int, string>, l map<bigint, array<int>>, "
               "s struct<m: map<int, int>, a: array<int>>)");
    sql_run(f, "insert into t values (array(10, 20, 30), map(1, 'one', 2, 'two'), "
               "map(2L, array(7, 8)), named_struct('m', map(1, 5), 'a', array(8, 9)))");
    assert_string_equal(sql_rows(f,
                                 "select a[0], m[1], m[0], l[2][1], s.m[1], s.a[1], `t`.`m`[2], "
                                 "array(1, 2)[1] from t",
                                 rows, sizeof rows),
                        "(10, one, NULL, 8, 5, 9, two, 2)");
    assert_string_equal(sql_rows(f,
                                 "select count(*), transform(array(array(1, 2)), x -> x[1])[0] "
                                 "from t where m[2] = 'two' and a[1] = 20 group by m[1]",
                                 rows, sizeof rows),
                        "(1, 2)");
}

static void test_a_subscript_of_any_expression_knows_its_type(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create table t (a array<struct<m: map<int, string>, n: array<int>>>, i int, "
               "k map<string, int>)");
    sql_run(f, "insert into t values (array(named_struct('m', map(1, 'one', 0, 'zero'), 'n', "
               "array(5, 6))), 1, map('x', 7))");
    assert_rows(f, "select a[0].m[1], a[0].m[0], a[0].n[1] from t", "(one, zero, 6)");
    assert_rows(f, "select map(1, 'a', 2, 'b')[1], array(4, 5)[0], split('a,b', ',')[1]",
                "(a, 4, b)");
    assert_rows(f, "select a[0].n[i], (a[i - 1]).n[i - 1], k['x'], k[concat('x', '')] from t",
                "(6, 5, 7, 7)");
    assert_rows(f, "select array(1)[cast(null as int)], cast(null as array<int>)[3]",
                "(NULL, NULL)");
    assert_rows(f, "select size(array(1, 2)), size(map(1, 2)), cardinality(array())", "(2, 1, 0)");
    sql_expect_failure(f, "select array(1, 2)[5]", FIRN_ERR_ARG,
                       "index 5 is out of bounds, the array has 2 elements", NULL, 0);
    sql_expect_failure(f, "select array(1, 2)[-1]", FIRN_ERR_ARG, "index -1 is out of bounds", NULL,
                       0);
}

static void test_sha2_has_the_length_that_it_is_asked_for(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    assert_rows(f, "select sha2('Spark', 224)",
                "(dbeab94971678d36af2195851c0f7485775a2a7c60073d62fc04549c)");
    assert_rows(f, "select sha2('Spark', 256) = sha2('Spark', 0), sha2('Spark', 256)",
                "(true, 529bc3b07127ecb7e53a4dcf1991d9152c24537d919178022b2c42657f79a26b)");
    assert_rows(f, "select length(sha2('Spark', 384)), length(sha2(X'00ff', 512))", "(96, 128)");
    assert_rows(f, "select sha2('Spark', 100), sha2(cast(null as string), 256)", "(NULL, NULL)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_subscript_counts_elements_from_zero_and_names_keys,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_subscript_of_any_expression_knows_its_type,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_sha2_has_the_length_that_it_is_asked_for,
                                        sql_fixture_open, sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
