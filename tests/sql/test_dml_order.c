/* SPDX-License-Identifier: Apache-2.0 */
/* New rows come in the table's sort order and by partition, and files say so. */
#include "firn_test.h"

#include <stdio.h>

#include "sql_fixture.h"

static void make_table(sql_fixture *f, const char *order)
{
    char sql[256];
    sql_run(f, "create table t (id bigint, s varchar, n int, ts timestamptz)");
    (void)snprintf(sql, sizeof sql, "alter table t write %s", order);
    sql_run(f, sql);
}

static void insert_rows(sql_fixture *f)
{
    sql_run(f, "insert into t values (1, 'abz', -5, '2024-01-02 00:30:00+00'), (2, 'aba', 3, "
               "'2024-01-01 23:59:59+00'), (3, null, 1, null), (4, 'ab', null, '2024-01-01 "
               "00:00:00+00'), (5, 'aa', 17, '1969-12-31 23:00:00+00'), (6, 'abq', -13, "
               "'1970-01-01 01:00:00+00')");
}

static const struct order_case {
    const char *order;
    const char *ids, *sort_order_id;
} k_cases[] = {
    {"ordered by id desc", "(6 5 4 3 2 1)", "(1)"},
    {"ordered by s nulls last, id", "(5 4 2 6 1 3)", "(1)"},
    {"ordered by truncate(2, s), truncate(10, n) desc nulls last", "(3 5 2 1 6 4)", "(1)"},
    {"ordered by day(ts) desc nulls first, id desc", "(3 1 4 2 6 5)", "(1)"},
    {"ordered by year(ts), n", "(3 5 6 4 1 2)", "(1)"},
    {"locally ordered by n, id", "(4 6 1 3 2 5)", "(1)"},
    {"unordered", "(1 2 3 4 5 6)", "(0)"},
    {"ordered by id desc, bucket(4, s)", "(6 5 4 3 2 1)", "(0)"}, /* not to the end */
};

static void test_rows_come_in_the_sort_order(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        make_table(f, k_cases[i].order);
        insert_rows(f);
        assert_rows(f, "select string_agg(id, ' ' order by _pos) from t", k_cases[i].ids);
        assert_rows(f, "select sort_order_id from t.files", k_cases[i].sort_order_id);
        sql_run(f, "drop table t");
    }
}

static void test_overwritten_rows_are_ordered_too(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "ordered by id");
    sql_run(f, "insert overwrite t select 10 - r, 'x', null, null from range(5) q(r)");
    assert_rows(f, "select string_agg(id, ' ' order by _pos) from t", "(6 7 8 9 10)");
}

static void test_a_merge_orders_its_rows(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "ordered by id");
    sql_run(f, "alter table t set tblproperties ('write.merge.mode' = 'merge-on-read', "
               "'write.update.mode' = 'merge-on-read')");
    insert_rows(f);
    sql_run(f, "merge into t using (select 12 - r as id from range(10) q(r)) s on t.id = s.id when "
               "matched then update set s = 'm' when not matched then insert (id) values (s.id)");
    assert_rows(f, "select string_agg(id, ' ' order by _pos) from t where s = 'm' or id > 6",
                "(3 4 5 6 7 8 9 10 11 12)");
    assert_rows(f, "select distinct sort_order_id from t.data_files", "(1)");
    sql_run(f, "update t set id = 20 - id where id > 6");
    assert_rows(f, "select string_agg(id, ' ' order by _pos) from t where id > 6",
                "(8 9 10 11 12 13)");
}

/* Kept rows are behind the new ones. */
static void test_a_file_with_copied_rows_is_not_called_sorted(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "ordered by id");
    insert_rows(f);
    sql_run(f, "update t set n = 0 where id > 4");
    assert_rows(f, "select string_agg(id, ' ' order by _pos) from t", "(5 6 1 2 3 4)");
    assert_rows(f, "select sort_order_id from t.files", "(0)");
    sql_run(f, "update t set n = 1");
    assert_rows(f, "select string_agg(id, ' ' order by _pos) from t", "(1 2 3 4 5 6)");
    assert_rows(f, "select sort_order_id from t.files", "(1)");
}

static void test_the_distribution_puts_partitions_together(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table t (id bigint, g int) partitioned by (g) tblproperties "
               "('write.distribution-mode' = 'hash')");
    sql_run(f, "insert into t select r, r % 5 from range(50) q(r)");
    assert_rows(f, "select count(distinct _file), count(*) from t", "(5, 50)");
    sql_expect_error(
        f, "alter table t set tblproperties ('write.distribution-mode' = 'odd')", FIRN_ERR_ARG,
        "property \"write.distribution-mode\" must be none, hash or range, found \"odd\"");
}

static void test_failures_point_into_the_statement(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "ordered by id");
    sql_expect_failure(f, "insert into t (id) select nope from range(3)", FIRN_ERR_ARG, "nope",
                       NULL, 26);
    sql_expect_failure(f, "insert into t (id) select cast('x' || range as bigint) from range(3)",
                       FIRN_ERR_ARG, "x0", NULL, 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_come_in_the_sort_order, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_overwritten_rows_are_ordered_too, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_merge_orders_its_rows, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_file_with_copied_rows_is_not_called_sorted,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_the_distribution_puts_partitions_together,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_failures_point_into_the_statement, sql_fixture_open,
                                        sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
