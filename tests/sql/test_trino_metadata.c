/* SPDX-License-Identifier: Apache-2.0 */
/* Trino's dialect: metadata tables with Trino's columns, hidden columns, and changes of rows that
 * leave data files as they are. */
#include "firn_test.h"

#include "sql_fixture.h"

static void make_table(sql_fixture *f)
{
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (id bigint, d date, f double, k varchar) with (partitioning = "
               "ARRAY['k', 'day(d)'])");
    sql_run(f, "insert into t values (1, date '2024-01-01', nan(), 'a b'), (2, null, 1.5, 'c')");
    sql_run(f, "insert into t values (3, date '2024-01-01', null, 'a b'), (4, null, 2.5, 'c')");
}

static void test_rows_are_deleted_by_position(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (id integer)");
    sql_run(f, "insert into t values 1, 2, 3");
    sql_run(f, "delete from t where id = 2");
    assert_rows(f, "select content, record_count from \"t$files\"", "(0, 3) (1, 1)");
    sql_run(f, "alter table t set properties extra_properties = map(array['write.delete.mode'], "
               "array['copy-on-write'])");
    sql_run(f, "delete from t where id = 1");
    assert_rows(f, "select content, record_count from \"t$files\"", "(0, 1)");
    sql_run(f, "create table old (id integer) with (format_version = 1)");
    sql_run(f, "insert into old values 1, 2");
    sql_run(f, "delete from old where id = 1");
    assert_rows(f, "select content, record_count from \"old$files\"", "(0, 1)");
    sql_run(f, "set dialect = 'duckdb'");
    sql_run(f, "create table other (id integer)");
    sql_run(f, "insert into other values (1), (2)");
    sql_run(f, "delete from other where id = 1");
    assert_rows(f, "select content, record_count from other.files", "(0, 1)");
}

static void test_partitions_are_sums_of_data_files(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    sql_run(f, "delete from t where id = 3");
    assert_rows(f,
                "select \"partition\".k, \"partition\".d_day, record_count, file_count, "
                "data.id.min, data.id.max, data.f.min, data.f.null_count, data.f.nan_count "
                "from \"t$partitions\"",
                "(a b, 2024-01-01, 1, 1, 1, 1, NULL, 0, 1) (c, NULL, 2, 2, 2, 4, 1.5, 0, 0)");
    sql_run(f, "create table e (id integer)");
    assert_rows(f, "select * from \"e$partitions\"", "");
    sql_run(f, "insert into e values 1");
    assert_rows(f, "select record_count, file_count, data.id.max from \"e$partitions\"",
                "(1, 1, 1)");
}

static void test_bounds_are_texts_of_the_columns_there_are(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (a date, b timestamp(6), c varchar, gone integer)");
    sql_run(f, "insert into t values (date '2024-02-03', timestamp '2024-02-03 04:05:06.7', 'x', "
               "7)");
    sql_run(f, "alter table t drop column gone");
    assert_rows(f, "select cast(lower_bounds as varchar) from \"t$files\"",
                "('{1=2024-02-03, 2=\\'2024-02-03T04:05:06.7\\', 3=x}')");
    assert_rows(f,
                "select json_extract_scalar(readable_metrics, '$.c.upper_bound') from \"t$files\"",
                "(x)");
    assert_rows(f,
                "select count(*) from \"t$properties\" where key in ('format', 'provider', "
                "'location', 'format-version', 'current-snapshot-id')",
                "(5)");
    assert_rows(f, "select data_file.record_count, status from \"t$all_entries\"", "(1, 1)");
    assert_rows(f, "select added_rows_count from \"t$manifests\"", "(1)");
}

static void test_hidden_columns_tell_of_the_file(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    assert_rows(f, "select id, \"$partition\" from t",
                "(1, 'k=a+b/d_day=2024-01-01') (2, 'k=c/d_day=null') (3, "
                "'k=a+b/d_day=2024-01-01') (4, 'k=c/d_day=null')");
    assert_rows(f, "select id from t where \"$partition\" like 'k=c%'", "(2) (4)");
    assert_rows(f,
                "select count(*) from t join \"t$files\" on \"$path\" = file_path where "
                "\"$file_modified_time\" > timestamp '2020-01-01 00:00:00 UTC'",
                "(4)");
    assert_rows(f, "select *, \"$path\" is null from t where id = 2", "(2, NULL, 1.5, c, false)");
    assert_rows(f, "select count(distinct \"$path\"), count(distinct _file) from t", "(4, 4)");
}

static void test_views_keep_the_columns_of_their_dialect(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    sql_run(f, "create view of_trino as select data.id.max as high from \"t$partitions\"");
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create view of_spark as select readable_metrics.id.upper_bound as high from "
               "default.t.files");
    assert_rows(f, "select high from of_trino", "(3) (4)");
    sql_run(f, "set dialect = 'trino'");
    assert_rows(f, "select high from of_spark", "(1) (2) (3) (4)");
    assert_rows(f, "select high from of_trino", "(3) (4)");
}

static void test_rows_are_changed_by_hidden_columns(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    sql_run(f, "delete from t where \"$partition\" like 'k=c%' and id = 4");
    sql_run(f, "update t set f = 9 where \"$path\" like '%/k=c/%'");
    assert_rows(f, "select id, f from t", "(1, nan) (2, 9.0) (3, NULL)");
    sql_expect_failure(f, "select \"$path\" from \"t$files\"", FIRN_ERR_ARG,
                       "referenced column \"$path\" not found in FROM clause", NULL, 7);
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_rows_are_deleted_by_position),
        IN_FIXTURE(test_partitions_are_sums_of_data_files),
        IN_FIXTURE(test_bounds_are_texts_of_the_columns_there_are),
        IN_FIXTURE(test_hidden_columns_tell_of_the_file),
        IN_FIXTURE(test_views_keep_the_columns_of_their_dialect),
        IN_FIXTURE(test_rows_are_changed_by_hidden_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
