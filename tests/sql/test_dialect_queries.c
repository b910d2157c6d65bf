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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_subscript_counts_elements_from_zero_and_names_keys,
                                        sql_fixture_open, sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
