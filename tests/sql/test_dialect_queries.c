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

static void test_fields_of_structs_are_set_alone(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create table t (id int, s struct<a: int, b: string, n: struct<x: int, y: int>>)");
    sql_run(f, "insert into t values (1, named_struct('a', 1, 'b', 'x', 'n', named_struct('x', 7, "
               "'y', 8))), (2, null)");
    sql_run(f, "update t set s.a = s.a + 10, s.n.y = id where id = 1");
    assert_rows(f, "select s.a, s.b, s.n.x, s.n.y from t where id = 1", "(11, x, 7, 1)");
    sql_run(f, "update t as u set u.s.b = 'new'");
    assert_rows(f, "select id, s.a, s.b from t", "(1, 11, new) (2, NULL, new)");
    sql_run(f, "merge into t using (select 2 as id, 5 as a) q on t.id = q.id when matched then "
               "update set t.s.a = q.a");
    assert_rows(f, "select id, s.a, s.b from t", "(1, 11, new) (2, 5, new)");
    sql_expect_failure(f, "update t set s.c = 1", FIRN_ERR_ARG, "\"s\" has no field \"c\"", NULL,
                       13);
    sql_expect_failure(f, "update t set id.c = 1", FIRN_ERR_ARG, "\"id\" is not a struct", NULL,
                       13);
    sql_expect_failure(f, "update t set s.a = 1, s = null", FIRN_ERR_ARG,
                       "column \"s\" is set twice", NULL, 22);
    sql_expect_failure(f,
                       "merge into t using (select 1 as id) q on t.id = q.id when matched then "
                       "delete when matched then update set id = 1",
                       FIRN_ERR_ARG, "the clause is never used", NULL, 78);
}

static void test_integers_are_cut_not_rounded(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create table t (i int, d decimal(10, 2))");
    sql_run(f, "insert into t values (1.9, 1.9), (-1.9D, -1.9), (null, null)");
    assert_rows(f, "select i, cast(d as int), int(d), cast(d * 10 as bigint) from t",
                "(-1, -1, -1, -19) (1, 1, 1, 19) (NULL, NULL, NULL, NULL)");
    sql_run(f, "update t set i = d * 2");
    assert_rows(f, "select i from t", "(-3) (3) (NULL)");
    assert_rows(f, "select cast('12' as int), cast(true as int), cast(0.75 as int)", "(12, 1, 0)");
}

static void test_division_by_zero_is_an_error(void **state)
{
    static const char *const k_failing[] = {"select 1 / 0", "select 5 % (1 - 1)",
                                            "select 7 div x from values (0) as t(x)",
                                            "select 1.5 / 0.0", "select 2D / 0D"};
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    for (size_t i = 0; i < sizeof k_failing / sizeof *k_failing; i++) {
        sql_expect_failure(f, k_failing[i], FIRN_ERR_ARG, "division by zero", NULL, 0);
    }
    assert_rows(f, "select 7 / 2, 7 div 2, 7 % 4, -7 % 3, 1 / null, try_divide(1, 0), 6 / 2 * 3",
                "(3.5, 3, 3, -1, NULL, NULL, 9.0)");
    assert_rows(f, "select a / b.c[0] / 2 from values (8, named_struct('c', array(2))) as t(a, b)",
                "(2.0)");
}

static void test_time_travel_takes_an_expression(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create table t (id int)");
    sql_run(f, "insert into t values (1), (2)");
    assert_rows(f, "select id from t timestamp as of current_timestamp() as x where x.id > 1",
                "(2)");
    assert_rows(f, "select count(*) from t for system_time as of now() + interval 1 day", "(2)");
    assert_rows(f, "select count(*) from t timestamp as of timestamp_millis(4102444800000)", "(2)");
    sql_expect_failure(f, "select * from t timestamp as of now() - interval '1' day", FIRN_ERR_ARG,
                       "had no snapshot at", NULL, 32);
    sql_expect_failure(f, "select * from t timestamp as of nullif(1, 1)", FIRN_ERR_ARG, "", NULL,
                       32);
    sql_expect_failure(f, "select * from t timestamp as of f(", FIRN_ERR_ARG, "", NULL, 32);
}

static void test_schemas_have_properties_that_change(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create namespace ns with dbproperties ('a' = '1', 'b' = '2')");
    sql_run(f, "alter namespace ns set properties ('b' = '3', 'c' = '4')");
    sql_run(f, "alter database ns unset dbproperties ('a')");
    sql_run(f, "create table ns.t (id int)");
    sql_expect_failure(f, "drop namespace ns cascade", FIRN_ERR_CONFLICT, "is not empty", NULL, 15);
    sql_expect_failure(f, "create table nosuch.t (id int)", FIRN_ERR_NOT_FOUND,
                       "namespace nosuch does not exist", "CREATE SCHEMA nosuch makes it", 13);
    sql_expect_failure(f, "alter schema nosuch set properties ('a' = '1')", FIRN_ERR_NOT_FOUND,
                       "namespace nosuch does not exist", NULL, 13);
    sql_expect_failure(f, "alter schema ns rename to x", FIRN_ERR_ARG, "expected SET PROPERTIES",
                       NULL, 16);
    sql_run(f, "set dialect = 'duckdb'");
    sql_run(f, "drop schema ns cascade");
}

static void test_from_may_stand_before_insert(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create table t (k int, v string)");
    sql_run(f, "from (select 7 as k, 'x' as v union all select 8, 'y') insert into t select k, "
               "upper(v) as v where k > 7");
    assert_rows(f, "select * from t", "(8, Y)");
    sql_expect_failure(f,
                       "merge into t using (select 1 as k) s on t.k = s.k when not matched by "
                       "source then update set v = s.k",
                       FIRN_ERR_ARG, "sees no row of the source \"s\"", NULL, 50);
}

static void test_sums_and_averages_have_the_types_of_spark(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create table t (g int, d decimal(9, 2), w decimal(38, 10), i int, x double)");
    sql_run(f, "insert into t values (1, 0.10, 1.5, 1, 0.5), (1, 0.25, 2.5, 2, 1.5), (2, -0.01, "
               "null, 3, 2.5), (2, -0.01, 1, 3, null), (2, -0.01, 1, 3, null)");
    sql_run(f, "create table s as select g, sum(d) as sd, avg(d) as ad, sum(w) as sw, avg(w) as "
               "aw, sum(i) as si, avg(i) as ai, sum(x) as sx, avg(x) as ax from t group by g");
    assert_rows(f, "select * from s",
                "(1, 0.35, 0.175000, 4.0000000000, 2.00000000000000, 3, 1.5, 2.0, 1.0) (2, -0.03, "
                "-0.010000, 2.0000000000, 1.00000000000000, 9, 3.0, 2.5, 2.5)");
    firn_table *table = sql_open_table(f, "default", "s");
    const firn_type *root = &firn_metadata_schema(firn_table_metadata_of(table))->root;
    const int32_t k_types[][2] = {{19, 2}, {13, 6}, {38, 10}, {38, 14}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(root->fields[i + 1].type->kind, FIRN_TYPE_DECIMAL);
        assert_int_equal(root->fields[i + 1].type->precision, k_types[i][0]);
        assert_int_equal(root->fields[i + 1].type->scale, k_types[i][1]);
    }
    assert_int_equal(root->fields[5].type->kind, FIRN_TYPE_LONG);
    assert_int_equal(root->fields[6].type->kind, FIRN_TYPE_DOUBLE);
    firn_table_close(table);
    assert_rows(f,
                "select g, sum(distinct d) filter (where d < 0.2), sum(sum(d)) over (order by g), "
                "avg(distinct d) from t group by g having sum(d) > -1 order by sum(d)",
                "(1, 0.10, 0.35, 0.175000) (2, -0.01, 0.32, -0.010000)");
    assert_rows(f, "select sum(d), avg(d), avg(x), sum(i) from t where g > 5",
                "(NULL, NULL, NULL, NULL)");
    assert_rows(f,
                "select avg(x) from values (cast(0.05 as decimal(3, 2))), (0.05), (0.06) as "
                "v(x)",
                "(0.053333)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_subscript_counts_elements_from_zero_and_names_keys,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_subscript_of_any_expression_knows_its_type,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_fields_of_structs_are_set_alone, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_integers_are_cut_not_rounded, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_division_by_zero_is_an_error, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_time_travel_takes_an_expression, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_schemas_have_properties_that_change, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_from_may_stand_before_insert, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_sums_and_averages_have_the_types_of_spark,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_sha2_has_the_length_that_it_is_asked_for,
                                        sql_fixture_open, sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
