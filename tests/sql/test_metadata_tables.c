/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata tables of tables with deleted rows, on branches and tags: position_deletes above all,
 * and that the tables of files agree with each other wherever they are read. */
#include "firn_test.h"

#include <stdio.h>

#include "sql_fixture.h"

static void make_table(sql_fixture *f, int version)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "create table t (id int, k varchar) partitioned by (k) tblproperties "
                   "('format-version' = '%d', 'write.delete.mode' = 'merge-on-read')",
                   version);
    sql_run(f, sql);
    sql_run(f, "insert into t values (1, 'x'), (2, 'x'), (3, 'x'), (4, 'y')");
    sql_run(f, "alter table t create tag whole");
    sql_run(f, "alter table t create branch side");
    sql_run(f, "delete from t where id = 2");
    sql_run(f, "delete from t where id = 1");
}

static void test_position_deletes_are_those_of_the_snapshot(void **state)
{
    sql_fixture *f = *state;
    for (int version = 2; version <= 3; version++) {
        make_table(f, version);
        assert_rows(f, "select pos, \"partition\".k, spec_id, row is null from t.position_deletes",
                    "(0, x, 0, true) (1, x, 0, true)");
        assert_rows(f,
                    "select count(*) from t.position_deletes p join t.delete_files d on "
                    "p.delete_file_path = d.file_path join t.data_files f on p.file_path = "
                    "f.file_path",
                    "(2)");
        assert_rows(f, "select count(*) from t.position_deletes version as of 'whole'", "(0)");
        assert_rows(f, "select count(*) from t.position_deletes version as of 'side'", "(0)");
        sql_run(f, "delete from t.branch_side where id = 3");
        assert_rows(f, "select pos from t.position_deletes version as of 'side'", "(2)");
        assert_rows(f, "select count(*) from t.position_deletes", "(2)");
        assert_rows(f, "select id, _change_type from firn_changes('t', 'whole', 'side')",
                    "(3, DELETE)");
        sql_run(f, "drop table t");
    }
}

static void test_the_tables_of_files_agree(void **state)
{
    sql_fixture *f = *state;
    static const char *const k_at[] = {"", " version as of 'whole'", " version as of 'side'"};
    make_table(f, 2);
    for (size_t i = 0; i < sizeof k_at / sizeof *k_at; i++) {
        char sql[1024];
        (void)snprintf(
            sql, sizeof sql,
            "select (select count(*) from t.files%s) = (select count(*) from t.data_files%s) + "
            "(select count(*) from t.delete_files%s), (select sum(record_count) from "
            "t.data_files%s)"
            " = (select sum(record_count) from t.partitions%s), (select count(*) from t.entries%s "
            "where status < 2) = (select count(*) from t.files%s), (select count(*) from "
            "t.manifests"
            "%s) > 0",
            k_at[i], k_at[i], k_at[i], k_at[i], k_at[i], k_at[i], k_at[i], k_at[i]);
        assert_rows(f, sql, "(true, true, true, true)");
    }
    assert_rows(f, "select count(distinct file_path) from t.all_delete_files", "(2)");
}

static void test_columns_have_the_comments_of_spark(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    const firn_batch *batch = NULL;
    make_table(f, 2);
    sql_run(f, "set dialect = 'spark'");
    firn_result *result = sql_query(f, "describe t.partitions");
    assert_int_equal(firn_result_next(result, &batch, &err), FIRN_OK);
    assert_int_equal(batch->n_rows, 11);
    const firn_value name = firn_column_get(&batch->columns[0], 2);
    const firn_value doc = firn_column_get(&batch->columns[2], 2);
    assert_memory_equal(name.as.bytes.data, "record_count", name.as.bytes.len);
    assert_memory_equal(doc.as.bytes.data, "Count of records in data files", doc.as.bytes.len);
    assert_true(firn_column_get(&batch->columns[2], 0).is_null);
    firn_result_close(result);
}

/* As in Iceberg's library: a partition whose value is null is another one than that of a spec
 * without the field, and a bound that is not there is spelled as the value null. */
static void test_null_is_a_partition_of_its_own(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table t (id int, k varchar) partitioned by (k)");
    sql_run(f, "insert into t values (1, null), (2, 'x')");
    sql_run(f, "alter table t drop partition field k");
    sql_run(f, "insert into t values (3, 'x'), (4, null), (5, null)");
    assert_rows(f, "select \"partition\".k, spec_id, record_count from t.partitions",
                "(NULL, 0, 1) (NULL, 1, 3) (x, 0, 1)");
    sql_run(f, "create table n (id int, k varchar) partitioned by (k)");
    sql_run(f, "insert into n values (1, null)");
    assert_rows(f,
                "select s.lower_bound, s.upper_bound from (select unnest(partition_summaries) s "
                "from n.manifests)",
                "('null', 'null')");
    sql_run(f, "set dialect = 'trino'");
    assert_rows(f,
                "select s.lower_bound is null from (select unnest(partition_summaries) s from "
                "\"n$manifests\")",
                "(true)");
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_position_deletes_are_those_of_the_snapshot),
        IN_FIXTURE(test_the_tables_of_files_agree),
        IN_FIXTURE(test_columns_have_the_comments_of_spark),
        IN_FIXTURE(test_null_is_a_partition_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
