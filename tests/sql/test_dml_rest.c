/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that stay of files with changed rows, where their row groups can be taken over and where
 * they cannot. */
#include "sql_fixture.h"

#include <stdio.h>

#define FACTS "SELECT count(*), sum(id), count(DISTINCT s), sum(hash(id, s)) FROM t"

static void make_table(sql_fixture *f, const char *properties)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE t (id BIGINT, s STRING) TBLPROPERTIES "
                   "('write.parquet.page-row-limit' = '100', %s)",
                   properties);
    sql_run(f, sql);
    sql_run(f, "INSERT INTO t SELECT i, 'text ' || (i % 700) FROM range(5000) r(i)");
}

/* The rows that must be left, by the engine alone. */
static void assert_left(sql_fixture *f, const char *condition)
{
    char sql[512], want[256], found[256];
    (void)snprintf(
        sql, sizeof sql,
        "SELECT count(*), sum(id), count(DISTINCT s), sum(hash(id, s)) FROM (SELECT i AS "
        "id, 'text ' || (i %% 700) AS s FROM range(5000) r(i)) WHERE %s",
        condition);
    (void)sql_rows(f, sql, want, sizeof want);
    assert_string_equal(sql_rows(f, FACTS, found, sizeof found), want);
}

static void test_rows_are_left_out_of_row_groups_taken_over(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "'format-version' = '2'");
    sql_run(f, "DELETE FROM t WHERE id BETWEEN 150 AND 160");
    assert_left(f, "id NOT BETWEEN 150 AND 160");
    sql_run(f, "DELETE FROM t WHERE id % 13 = 2");
    assert_left(f, "id NOT BETWEEN 150 AND 160 AND id % 13 <> 2");
}

static void test_rows_keep_their_ids_beside_pages_taken_over(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "'format-version' = '3'");
    sql_run(f, "DELETE FROM t WHERE id BETWEEN 1000 AND 3999");
    sql_run(f, "UPDATE t SET s = 'new' WHERE id = 4500");
    assert_rows(f,
                "SELECT count(*), sum(_row_id), sum(id), max(_last_updated_sequence_number) FROM t",
                "(2000, 4999000, 4999000, 3)");
    assert_rows(f, "SELECT _last_updated_sequence_number, count(*) FROM t GROUP BY 1",
                "(1, 1999) (3, 1)");
}

static void test_row_groups_that_go_take_their_ids_along(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "'format-version' = '3', 'write.parquet.row-group-size-bytes' = '4000'");
    sql_run(f, "DELETE FROM t WHERE id BETWEEN 1000 AND 3999 OR id = 4700");
    assert_rows(f, "SELECT count(*), sum(_row_id), sum(id) FROM t", "(1999, 4994300, 4994300)");
}

static void test_the_table_may_want_another_format(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "'format-version' = '2'");
    sql_run(f, "ALTER TABLE t SET TBLPROPERTIES ('write.format.default' = 'avro')");
    sql_run(f, "DELETE FROM t WHERE id = 77");
    assert_left(f, "id <> 77");
    assert_rows(f, "SELECT file_format, count(*) FROM t.files GROUP BY 1", "(AVRO, 1)");
    sql_run(f, "ALTER TABLE t SET TBLPROPERTIES ('write.format.default' = 'parquet')");
    sql_run(f, "DELETE FROM t WHERE id = 78");
    assert_left(f, "id NOT IN (77, 78)");
    assert_rows(f, "SELECT file_format, count(*) FROM t.files GROUP BY 1", "(PARQUET, 1)");
}

static void test_the_table_may_be_partitioned_otherwise(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "'format-version' = '2'");
    sql_run(f, "ALTER TABLE t ADD PARTITION FIELD bucket(3, id)");
    sql_run(f, "DELETE FROM t WHERE id = 77");
    assert_left(f, "id <> 77");
    assert_rows(f, "SELECT count(*) FROM t.files", "(3)");
    sql_run(f, "DELETE FROM t WHERE id = 78");
    assert_left(f, "id NOT IN (77, 78)");
    assert_rows(f, "SELECT count(*), sum(record_count) FROM t.files", "(3, 4998)");
}

static void test_columns_of_another_type_are_coded_again(void **state)
{
    sql_fixture *f = *state;
    sql_run(
        f,
        "CREATE TABLE t (id INT, s STRING) TBLPROPERTIES ('write.parquet.page-row-limit' = '100')");
    sql_run(f, "INSERT INTO t SELECT i, 'text ' || (i % 700) FROM range(5000) r(i)");
    sql_run(f, "ALTER TABLE t ALTER COLUMN id TYPE BIGINT");
    sql_run(f, "ALTER TABLE t ADD COLUMN more DOUBLE");
    sql_run(f, "DELETE FROM t WHERE id = 77");
    assert_left(f, "id <> 77");
    assert_rows(f, "SELECT count(*) FROM t WHERE more IS NULL", "(4999)");
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_rows_are_left_out_of_row_groups_taken_over),
        IN_FIXTURE(test_rows_keep_their_ids_beside_pages_taken_over),
        IN_FIXTURE(test_row_groups_that_go_take_their_ids_along),
        IN_FIXTURE(test_the_table_may_want_another_format),
        IN_FIXTURE(test_the_table_may_be_partitioned_otherwise),
        IN_FIXTURE(test_columns_of_another_type_are_coded_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
