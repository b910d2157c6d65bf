/* SPDX-License-Identifier: Apache-2.0 */
/* A merge reads of its target what the source's keys leave: by their range, by the keys themselves.
 * What it changes is the same. */
#include "sql_fixture.h"

#include <stdio.h>

#define N_ROWS 20000

static void make_target(sql_fixture *f, const char *id)
{
    char query[256];
    sql_make_table(f, "default", "t", "id bigint, d date, s varchar", NULL);
    (void)snprintf(query, sizeof query,
                   "SELECT %s AS id, DATE '2000-01-01' + (i %% 9000)::INT AS d, 'old' AS s FROM "
                   "range(%d) r(i)",
                   id, N_ROWS);
    (void)sql_append(f, "default", "t", query);
}

/* Rows of the target that reach the join. */
static int64_t merge(sql_fixture *f, const char *source, const char *on)
{
    char sql[1024];
    (void)snprintf(sql, sizeof sql,
                   "MERGE INTO t USING (%s) u ON %s WHEN MATCHED THEN UPDATE SET s = u.s "
                   "WHEN NOT MATCHED THEN INSERT (id, s) VALUES (u.id, u.s)",
                   source, on);
    firn_result_close(sql_query(f, sql));
    return firn_session_scan_summary(f->session).rows_read;
}

static void test_keys_with_others_in_between_are_looked_for(void **state)
{
    sql_fixture *f = *state;
    make_target(f, "i");
    const int64_t n =
        merge(f, "SELECT i * 31 AS id, 'new' AS s FROM range(0, 300) r(i)", "t.id = u.id");
    assert_int_equal(n, 300);
    assert_rows(f, "SELECT s, count(*), sum(id) FROM t GROUP BY s",
                "(new, 300, 1390350) (old, 19700, 198599650)");
}

static void test_keys_far_from_each_other_are_looked_for(void **state)
{
    sql_fixture *f = *state;
    make_target(f, "i * 1000003");
    const int64_t n =
        merge(f, "SELECT i * 1000003 * 50 + 7 * (i % 2) AS id, 'new' AS s FROM range(0, 300) r(i)",
              "u.id = t.id");
    assert_in_range(n, 150, 1500); /* some others pass the bloom filter */
    assert_rows(f, "SELECT s, count(*) FROM t GROUP BY s", "(new, 300) (old, 19850)");
}

static void test_nulls_are_looked_for_where_they_are_equal(void **state)
{
    sql_fixture *f = *state;
    make_target(f, "CASE WHEN i % 1000 = 5 THEN NULL ELSE i END");
    const char *source =
        "SELECT CASE WHEN i > 0 THEN i * 1000 END AS id, 'new' AS s FROM range(9) r(i)";
    const int64_t n = merge(f, source, "t.id IS NOT DISTINCT FROM u.id");
    assert_in_range(n, 28, 60);
    assert_rows(f, "SELECT s, count(*), count(id) FROM t GROUP BY s",
                "(new, 28, 8) (old, 19972, 19972)");
    assert_in_range(merge(f, source, "t.id = u.id"), 8, 40);
    assert_rows(f, "SELECT s, count(*), count(id) FROM t GROUP BY s",
                "(new, 29, 8) (old, 19972, 19972)");
}

static void test_several_keys_are_looked_for_together(void **state)
{
    sql_fixture *f = *state;
    make_target(f, "i % 100");
    const int64_t n = merge(f,
                            "SELECT i * 30 AS id, DATE '2000-01-01' + (i * 900)::INT AS d, 'new' "
                            "AS s FROM range(4) r(i)",
                            "t.id = u.id AND t.d = u.d");
    assert_true(n < 200);
    assert_rows(f, "SELECT s, count(*) FROM t GROUP BY s", "(new, 6) (old, 19997)");
}

/* Nothing is left out for rows that the source lacks. */
static void test_rows_without_a_source_are_all_read(void **state)
{
    sql_fixture *f = *state;
    make_target(f, "i");
    firn_result_close(sql_query(
        f, "MERGE INTO t USING (SELECT i * 97 AS id FROM range(300) r(i)) u ON t.id = u.id "
           "WHEN MATCHED THEN UPDATE SET s = 'new' WHEN NOT MATCHED BY SOURCE AND t.id < 10 THEN "
           "DELETE"));
    assert_true(firn_session_scan_summary(f->session).rows_read >= N_ROWS);
    assert_rows(f, "SELECT s, count(*) FROM t GROUP BY s", "(new, 207) (old, 19784)");
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_keys_with_others_in_between_are_looked_for),
        IN_FIXTURE(test_keys_far_from_each_other_are_looked_for),
        IN_FIXTURE(test_nulls_are_looked_for_where_they_are_equal),
        IN_FIXTURE(test_several_keys_are_looked_for_together),
        IN_FIXTURE(test_rows_without_a_source_are_all_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
