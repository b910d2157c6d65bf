/* SPDX-License-Identifier: Apache-2.0 */
/* _file, _pos, _spec_id, _partition, _deleted, _row_id and _last_updated_sequence_number of tables
 * in SQL. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "sql_fixture.h"

static void make_table(sql_fixture *f, int version, const char *partition)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "create table t (id bigint, g varchar) %s tblproperties ('format-version' = "
                   "'%d', 'write.delete.mode' = 'merge-on-read')",
                   partition, version);
    sql_run(f, sql);
    sql_run(f, "insert into t values (1, 'a'), (2, 'b'), (3, 'a')");
    sql_run(f, "insert into t values (4, 'b')");
}

static void test_rows_say_where_they_are(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "");
    assert_rows(f, "select _pos, id from t", "(0, 1) (0, 4) (1, 2) (2, 3)");
    assert_rows(f, "select count(distinct _file), count(*) from t where _file like '%.parquet'",
                "(2, 4)");
    assert_rows(f,
                "select count(*) from t join t.files on _file = file_path where _pos < "
                "record_count",
                "(4)");
    assert_rows(f, "select id from t where _pos = 2", "(3)");
}

static void test_the_partition_is_a_struct_of_all_specs(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "partitioned by (g)");
    sql_run(f, "alter table t add partition field bucket(4, id)");
    sql_run(f, "insert into t values (5, 'c'), (6, null)");
    assert_rows(f, "select id, _spec_id, _partition.g, _partition.id_bucket_4 from t",
                "(1, 0, a, NULL) (2, 0, b, NULL) (3, 0, a, NULL) (4, 0, b, NULL) (5, 1, c, 3) "
                "(6, 1, NULL, 1)");
    assert_rows(f, "select distinct typeof(_partition), typeof(_spec_id) from t",
                "('STRUCT(g VARCHAR, id_bucket_4 INTEGER)', INTEGER)");
}

static void test_without_partitions_the_partition_is_null(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "");
    assert_rows(f, "select distinct _partition, _spec_id from t", "(NULL, 0)");
}

static void test_deleted_rows_are_not_there(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "");
    sql_run(f, "delete from t where id = 2");
    assert_rows(f, "select id, _pos, _deleted from t", "(1, 0, false) (3, 2, false) (4, 0, false)");
}

static void test_rows_of_version_3_have_ids(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 3, "");
    sql_run(f, "update t set g = 'z' where id = 3");
    assert_rows(f, "select _row_id, _last_updated_sequence_number, * from t",
                "(0, 1, 1, a) (1, 1, 2, b) (2, 3, 3, z) (3, 2, 4, b)");
    sql_run(f, "create table old (id bigint)");
    sql_run(f, "insert into old values (1)");
    assert_rows(f, "select _row_id, _last_updated_sequence_number, id from old", "(NULL, NULL, 1)");
}

static void test_they_are_not_part_of_a_star(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 3, "");
    assert_rows(f, "select * from t where _pos = 1", "(2, b)");
    assert_rows(f, "from t where _pos = 1", "(2, b)");
    assert_rows(f, "select *, _pos from t where id > 2", "(3, a, 2) (4, b, 0)");
    assert_rows(f, "select * from (select _pos, id from t) where _pos = 1", "(1, 2)");
    assert_rows(f, "with w as (select _row_id, * from t) select * from w where id = 4",
                "(3, 4, b)");
    assert_rows(f, "select x.*, y._pos from t x join t y using (id) where x.id = 3", "(3, a, 2)");
    assert_rows(f, "select count(*) from t where _deleted", "(0)");
}

static void test_they_travel_in_time(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 3, "");
    sql_run(f, "update t set g = 'z' where id = 1");
    char sql[256];
    char id[64];
    char rows[64];
    (void)snprintf(id, sizeof id, "%s",
                   sql_rows(f,
                            "select min(snapshot_id) from t.history where made_current_at = "
                            "(select min(made_current_at) from t.history)",
                            rows, sizeof rows));
    id[strlen(id) - 1] = '\0';
    (void)snprintf(sql, sizeof sql,
                   "select *, _row_id, _last_updated_sequence_number from t version as of %s",
                   id + 1);
    assert_rows(f, sql, "(1, a, 0, 1) (2, b, 1, 1) (3, a, 2, 1)");
}

static void test_statements_that_change_rows_name_them(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 3, "partitioned by (g)");
    sql_run(f, "update t set g = 'p' || _pos where _partition.g = 'b' and _pos = 0 and id = 2");
    assert_rows(f, "select * from t", "(1, a) (2, p0) (3, a) (4, b)");
    sql_run(f, "delete from t where _row_id = 0");
    assert_rows(f, "select id from t", "(2) (3) (4)");
    sql_run(f, "merge into t using (select 3::bigint as place) s on t._row_id = s.place when "
               "matched then delete");
    assert_rows(f, "select id from t", "(2) (3)");
}

static void test_views_may_give_them(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "");
    sql_run(f, "create view v as select _pos, * from t");
    assert_rows(f, "select * from v where _pos = 2", "(2, 3, a)");
    sql_run(f, "create temp table native as select 7 as _pos, 1 as a");
    assert_rows(f, "select * from native where _pos = 7", "(7, 1)");
}

static void test_a_column_of_the_table_comes_first(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table t (_pos varchar, id bigint)");
    sql_run(f, "insert into t values ('x', 1), ('y', 2)");
    assert_rows(f, "select * from t where _pos = 'y'", "(y, 2)");
    assert_rows(f, "select _pos, _spec_id from t", "(x, 0) (y, 0)");
    sql_run(f, "update t set id = 9 where _pos = 'y'");
    sql_run(f, "delete from t where _pos = 'x'");
    assert_rows(f, "select * from t", "(y, 9)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_say_where_they_are, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_the_partition_is_a_struct_of_all_specs,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_without_partitions_the_partition_is_null,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_deleted_rows_are_not_there, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_rows_of_version_3_have_ids, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_they_are_not_part_of_a_star, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_they_travel_in_time, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_statements_that_change_rows_name_them,
                                        sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_views_may_give_them, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_column_of_the_table_comes_first, sql_fixture_open,
                                        sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
