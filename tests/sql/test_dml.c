/* SPDX-License-Identifier: Apache-2.0 */
/* INSERT, DELETE, UPDATE, TRUNCATE and MERGE: what they refuse, which files they touch, what they
 * report. That they change the right rows is test_dml_differential's business. */
#include "sql_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "iceberg/txn/snapshot_update.h"
#include "sql/dml/merge.h"

/* Rows changed by a statement. */
static int64_t changed(sql_fixture *f, const char *sql)
{
    firn_result *result = sql_query(f, sql);
    const int64_t n = firn_result_rows_changed(result);
    firn_result_close(result);
    return n;
}

/* Operation and one entry of the summary of the current snapshot. */
static const char *last_snapshot(sql_fixture *f, const char *table, const char *key, char *out,
                                 size_t size)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "select operation, summary['%s'] from %s.snapshots order by committed_at desc, "
                   "snapshot_id desc limit 1",
                   key, table);
    return sql_rows(f, sql, out, size);
}
#define assert_snapshot(f, table, key, want)                                                \
    do {                                                                                    \
        char row_[512];                                                                     \
        assert_string_equal(last_snapshot((f), (table), (key), row_, sizeof row_), (want)); \
    } while (0)

/* ---- INSERT ---- */

static void test_insert_casts_and_fills_missing_columns_with_null(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table ins (id bigint, name string, price decimal(9,2), at timestamp)");
    assert_int_equal(changed(f, "insert into ins values (1, 'a', 1.005, '2024-01-01 10:00:00')"),
                     1);
    assert_int_equal(changed(f, "INSERT INTO ins (price, id) SELECT i, i FROM range(2, 4) x(i)"),
                     2);
    assert_int_equal(changed(f, "insert into ins by name select 9 as id, 'z' as NAME"), 1);
    assert_int_equal(changed(f, "with w as (select 5 as a) insert into ins (id) select a from w"),
                     1);
    assert_int_equal(changed(f, "insert into ins (select 6, null, null, null)"), 1);
    assert_rows(f, "select id, name, price from ins order by id",
                "(1, a, 1.01) (2, NULL, 2.00) (3, NULL, 3.00) (5, NULL, NULL) (6, NULL, NULL) "
                "(9, z, NULL)");
    assert_int_equal(changed(f, "insert into ins select * from ins where false"), 0);
    assert_rows(f, "select count(*) from ins.snapshots", "(5)");
}

static void test_insert_with_wrong_columns_is_refused(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table insw (id bigint not null, name string)");
    sql_expect_failure(f, "insert into insw values (1)", FIRN_ERR_ARG,
                       "the query gives 1 columns, the table has 2", NULL, 17);
    sql_expect_failure(f, "insert into insw (id, nam) values (1, 2)", FIRN_ERR_ARG,
                       "the table has no column \"nam\"", "did you mean \"name\"?", 22);
    sql_expect_failure(f, "insert into insw (id, ID) values (1, 2)", FIRN_ERR_ARG,
                       "column \"ID\" is given twice", NULL, 22);
    sql_expect_failure(f, "insert into insw (name) values ('x')", FIRN_ERR_ARG,
                       "null value in column \"id\", which is NOT NULL", NULL, 12);
    sql_expect_failure(f, "insert into nope values (1)", FIRN_ERR_NOT_FOUND,
                       "table default.nope does not exist", NULL, 12);
    sql_expect_failure(f, "insert into insw select idd, 1 from insw", FIRN_ERR_ARG, "idd", NULL,
                       24);
    assert_rows(f, "select count(*) from insw.snapshots", "(0)");
}

static void test_insert_overwrite_replaces_all_rows(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table ovw (id int) partitioned by (id)");
    sql_run(f, "insert into ovw values (1), (2)");
    sql_run(f, "insert overwrite ovw select id + 10 from ovw where id = 2");
    assert_rows(f, "from ovw", "(12)");
    assert_snapshot(f, "ovw", "deleted-data-files", "(overwrite, 2)");
    sql_run(f, "insert overwrite table ovw select 1 where false");
    assert_rows(f, "from ovw", "");
}

static void test_insert_overwrite_of_named_partitions_leaves_the_others(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table ovp (id int, d date, k varchar) partitioned by (d, k)");
    sql_run(f, "insert into ovp values (1, date '2024-01-01', 'a'), (2, date '2024-01-01', 'b'), "
               "(3, date '2024-01-02', 'a')");
    sql_run(f, "insert overwrite ovp partition (d = date '2024-01-01') select 9, 'c'");
    assert_rows(f, "select id, k from ovp order by id", "(3, a) (9, c)");
    sql_run(f, "insert into ovp replace where d >= date '2024-01-02' "
               "select 4, date '2024-01-03', 'z'");
    assert_rows(f, "select id, k from ovp order by id", "(4, z) (9, c)");
    sql_expect_failure(f, "insert overwrite ovp partition (id = 1) select date '2024-01-01', 'a'",
                       FIRN_ERR_ARG, "\"id\" is not a partition column of the table", NULL, 32);
    sql_run(f, "set spark.sql.sources.partitionOverwriteMode = dynamic");
    sql_run(f, "insert overwrite ovp select 5, date '2024-01-03', 'z'");
    assert_rows(f, "select id, k from ovp order by id", "(5, z) (9, c)");
    sql_run(f, "insert overwrite ovp select * from ovp where false");
    assert_rows(f, "select count(*) from ovp", "(2)");
    sql_run(f, "reset spark.sql.sources.partitionOverwriteMode");
}

/* ---- DELETE, TRUNCATE ---- */

static void test_delete_of_whole_partitions_writes_no_data_file(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table del (id int, d date) partitioned by (month(d))");
    sql_run(f, "insert into del select i, date '2024-01-01' + (i * 10)::int from range(9) x(i)");
    assert_int_equal(changed(f, "delete from del where d < date '2024-02-01'"), 4);
    assert_snapshot(f, "del", "added-data-files", "(delete, NULL)");
    assert_int_equal(changed(f, "delete from del where d >= date '2024-03-05'"), 2);
    assert_snapshot(f, "del", "added-data-files", "(overwrite, 1)");
    assert_rows(f, "select id from del order by id", "(4) (5) (6)");
    assert_int_equal(changed(f, "delete from del where id = 77"), 0);
    assert_rows(f, "select count(*) from del.snapshots", "(3)");
    assert_int_equal(changed(f, "truncate table del"), 3);
    assert_snapshot(f, "del", "deleted-records", "(delete, 3)");
    assert_rows(f, "from del", "");
    assert_int_equal(changed(f, "delete from del"), 0);
}

static void test_delete_leaves_rows_for_which_the_condition_is_null(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table deln (id int, v int)");
    sql_run(f, "insert into deln values (1, 1), (2, null), (3, 3)");
    assert_int_equal(changed(f, "delete from deln where not v = 1"), 1);
    assert_rows(f, "select id from deln", "(1) (2)");
    assert_int_equal(changed(f, "delete from default.deln where default.deln.v is null"), 1);
    assert_rows(f, "select id from deln", "(1)");
}

static void test_wrong_conditions_point_into_the_statement(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table pos (id int, v int)");
    sql_expect_failure(f, "delete from pos where idd = 1", FIRN_ERR_ARG, "idd", "id", 22);
    sql_expect_failure(f, "update pos set v = vv + 1", FIRN_ERR_ARG, "vv", NULL, 19);
    sql_expect_failure(f, "update pos set w = 1", FIRN_ERR_ARG, "the table has no column \"w\"",
                       NULL, 15);
    sql_expect_failure(f, "update pos set v = 1, V = 2", FIRN_ERR_ARG, "is set twice", NULL, 22);
    sql_expect_failure(f, "update pos set v", FIRN_ERR_ARG, "found the end of the statement", NULL,
                       16);
    sql_expect_failure(f, "delete from pos returning id", FIRN_ERR_UNSUPPORTED,
                       "not supported: RETURNING", NULL, 0);
    sql_expect_failure(f, "delete pos", FIRN_ERR_ARG, "found \"pos\", expected FROM", NULL, 7);
}

/* ---- UPDATE ---- */

static void test_update_rewrites_only_files_with_changed_rows(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table upd (id int, v int, st struct(a int, b varchar))");
    for (int i = 0; i < 3; i++) {
        char sql[128];
        (void)snprintf(sql, sizeof sql,
                       "insert into upd select i, 0, {'a': i, 'b': 'x' || i} from range(%d, %d) "
                       "x(i)",
                       i * 10, i * 10 + 10);
        sql_run(f, sql);
    }
    assert_int_equal(changed(f, "update upd set v = id, st = {'a': 0, 'b': null} where id in (11, "
                                "12)"),
                     2);
    assert_snapshot(f, "upd", "deleted-data-files", "(overwrite, 1)");
    assert_rows(f, "select sum(v), count(*), count(st.b), sum(st.a) from upd", "(23, 30, 28, 412)");
    assert_int_equal(changed(f, "update upd set v = 1 where id = 99"), 0);
    sql_expect_failure(f,
                       "update upd set v = s.x from (values (1, 1), (1, 2)) s(k, x) where id = "
                       "s.k",
                       FIRN_ERR_ARG, "matched by more than one row of the source",
                       "make the source unique", 7);
    sql_expect_failure(f, "update upd set st.nosuch = 1", FIRN_ERR_ARG,
                       "\"st\" has no field \"nosuch\"", NULL, 15);
}

static void test_not_null_is_enforced_by_update(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table updn (id int not null)");
    sql_run(f, "insert into updn values (1)");
    sql_expect_failure(f, "update updn set id = null", FIRN_ERR_ARG,
                       "null value in column \"id\", which is NOT NULL", NULL, 7);
    assert_rows(f, "from updn", "(1)");
}

/* ---- MERGE ---- */

static void test_merge_that_only_inserts_is_an_append(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table mrg (id bigint, v varchar)");
    sql_run(f, "insert into mrg values (1, 'a'), (2, 'b')");
    assert_int_equal(changed(f, "merge into mrg t using (select * from (values (2, 'x'), (3, 'c')) "
                                "q(id, v)) s on t.id = s.id when not matched then insert *"),
                     1);
    assert_snapshot(f, "mrg", "added-records", "(append, 1)");
    /* nothing of the target is in the range of the keys */
    assert_int_equal(changed(f,
                             "merge into mrg t using (values (100, 'x')) s(id, v) on t.id = s.id "
                             "when matched then update set * when not matched then insert *"),
                     1);
    assert_snapshot(f, "mrg", "deleted-data-files", "(append, NULL)");
    assert_int_equal(changed(f, "merge into mrg t using (values (3, 'cc')) s(id, v) on t.id = s.id "
                                "when matched then update set * when not matched then insert *"),
                     1);
    assert_snapshot(f, "mrg", "deleted-data-files", "(overwrite, 1)");
    assert_rows(f, "select * from mrg order by id", "(1, a) (100, x) (2, b) (3, cc)");
}

static void test_a_target_row_matched_twice_fails_the_merge(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table mrg2 (id int, v int)");
    sql_run(f, "insert into mrg2 values (1, 0), (2, 0)");
    sql_expect_failure(f,
                       "merge into mrg2 t using (values (1, 1), (1, 2)) s(id, v) on t.id = s.id "
                       "when matched then update set v = s.v",
                       FIRN_ERR_ARG, "matched by more than one row of the source", NULL, 11);
    assert_rows(f, "from mrg2", "(1, 0) (2, 0)");
    assert_int_equal(changed(f,
                             "merge into mrg2 t using (values (1, 1), (1, 2)) s(id, v) on t.id = "
                             "s.id when matched then delete"),
                     1);
    assert_rows(f, "from mrg2", "(2, 0)");
}

static void test_merge_grammar_is_checked(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table mrg3 (id int, v int)");
    sql_expect_failure(f, "merge into mrg3 using mrg3 s on true", FIRN_ERR_ARG, "expected WHEN",
                       NULL, 36);
    sql_expect_failure(f, "merge into mrg3 t using mrg3 s on true when matched then insert *",
                       FIRN_ERR_ARG, "found \"insert\", expected UPDATE, DELETE or DO NOTHING",
                       NULL, 57);
    sql_expect_failure(f,
                       "merge into mrg3 t using mrg3 s on true when not matched then insert "
                       "(id) values (1, 2)",
                       FIRN_ERR_ARG, "expected as many values as columns", NULL, 84);
    sql_expect_failure(f,
                       "merge into mrg3 t using mrg3 s on true when not matched then insert "
                       "values (1)",
                       FIRN_ERR_ARG, "INSERT has 1 values, the table 2 columns", NULL, 39);
}

static void test_bare_names_mean_the_side_a_clause_sees(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table bare (id int, v int)");
    sql_run(f, "insert into bare values (1, 1), (2, 2)");
    sql_run(f,
            "merge into bare using (values (1, 10, date '2024-01-01'), (3, 30, null)) s(id, v, d) "
            "on bare.id = s.id when not matched and v > 20 then insert values (id, case when "
            "cast(id as int) = 3 then v end) when not matched by source and v > 1 then update "
            "set v = v + id when matched then update set v = s.v");
    assert_rows(f, "from bare", "(1, 10) (2, 4) (3, 30)");
    /* Fields of a type are no columns, whatever they are called. */
    sql_run(f, "create table typed (id int, n int, s struct(id int, n struct(id int)))");
    sql_run(f, "insert into typed values (1, 1, null), (2, 2, null)");
    sql_run(f,
            "merge into typed t using (values (1, 5), (3, 7)) s(k, n) on t.id = s.k when not "
            "matched then insert (id, s) values (k, {'id': n, 'n': null}::struct(id int, n "
            "struct(id int))) when not matched by source then update set s = cast({'id': n, 'n': "
            "null} as struct(id int, n struct(id int)))");
    assert_rows(f, "select id, n, s.id from typed", "(1, 1, NULL) (2, 2, 2) (3, NULL, 7)");
}

/* ---- files ---- */

static int data_files(const sql_fixture *f, const char *table)
{
    char path[FIRN_TEST_PATH];
    char name[128];
    (void)snprintf(name, sizeof name, "default/%s/data", table);
    return firn_test_count_files(firn_test_path(path, f->folder, name).data);
}

static void test_a_failed_statement_leaves_no_data_file(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table left_over (id int, v int) partitioned by (id)");
    sql_run(f, "insert into left_over select i, i from range(5) x(i)");
    const int before = data_files(f, "left_over");
    assert_int_equal(before, 5);
    sql_expect_failure(f,
                       "insert into left_over select i, error('stop at ' || i) from range(5000) "
                       "x(i)",
                       FIRN_ERR_ARG, "stop at", NULL, 12);
    sql_expect_failure(f, "update left_over set v = case when id = 3 then error('no') else 1 end",
                       FIRN_ERR_ARG, "no", NULL, 7);
    assert_int_equal(data_files(f, "left_over"), before);
}

/* ---- for pipelines ---- */

static firn_merge_counts merge(sql_fixture *f, firn_merge_matched matched, const char *source)
{
    static const firn_str k_keys[] = {FIRN_STR_INIT("id")};
    firn_error err = {0};
    firn_txn *txn = NULL;
    firn_merge_counts counts;
    firn_table *table = sql_open_table(f, "default", "pm");
    const firn_merge_opts opts = {.target = table,
                                  .source_sql = firn_str_of(source),
                                  .keys = k_keys,
                                  .n_keys = 1,
                                  .matched = matched,
                                  .updated_at = FIRN_STR("at")};
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_merge_query(f->session, &opts, txn, &counts, &err), &err);
    assert_ok(firn_txn_commit_all(&txn, 1, &err), &err);
    firn_txn_close(txn);
    firn_table_close(table);
    return counts;
}

static void test_merge_of_a_query_for_pipelines(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table pm (id bigint, \"at\" timestamp, v int)");
    firn_merge_counts n =
        merge(f, FIRN_MERGE_UPDATE,
              "select 1 as id, 10 as v, timestamp '2024-01-02' as \"at\" union all "
              "select null, 20, null");
    assert_int_equal(n.rows_inserted, 2);
    n = merge(f, FIRN_MERGE_UPDATE_NEWER,
              "from (values (1, timestamp '2024-01-01', 11), (2, timestamp '2024-01-01', 12)) "
              "q(id, \"at\", v)");
    assert_int_equal(n.rows_inserted, 1);
    assert_int_equal(n.rows_updated, 0);
    assert_snapshot(f, "pm", "added-records", "(append, 1)");
    n = merge(f, FIRN_MERGE_UPDATE_NEWER,
              "from (values (1, timestamp '2024-01-03', 13)) q(id, \"at\", v)");
    assert_int_equal(n.rows_updated, 1);
    assert_int_equal(n.rows_copied, 1);
    /* null keys are equal */
    n = merge(f, FIRN_MERGE_UPDATE, "select null::bigint as id, 21 as v");
    assert_int_equal(n.rows_updated, 1);
    n = merge(f, FIRN_MERGE_IGNORE, "from (values (1, 99), (4, 40)) q(id, v)");
    assert_int_equal(n.rows_inserted, 1);
    assert_rows(f, "select id, v from pm order by id", "(1, 13) (2, 12) (4, 40) (NULL, 21)");
    /* without effect, but with a snapshot that carries the caller's summary */
    n = merge(f, FIRN_MERGE_IGNORE, "select 1 as id, 0 as v");
    assert_int_equal(n.rows_inserted + n.files_added, 0);
    assert_rows(f, "select count(*) from pm.snapshots", "(6)");
}

static void test_a_merge_that_lost_the_race_is_a_conflict(void **state)
{
    static const firn_str k_keys[] = {FIRN_STR_INIT("id")};
    sql_fixture *f = *state;
    firn_error err = {0};
    firn_txn *txn = NULL;
    firn_merge_counts counts;
    sql_run(f, "create table race (id bigint)");
    firn_table *table = sql_open_table(f, "default", "race");
    const firn_merge_opts opts = {
        .target = table, .source_sql = FIRN_STR("select 1 as id"), .keys = k_keys, .n_keys = 1};
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_merge_query(f->session, &opts, txn, &counts, &err), &err);
    sql_run(f, "insert into race values (1)");
    assert_int_equal(firn_txn_commit_all(&txn, 1, &err), FIRN_ERR_CONFLICT);
    firn_txn_discard_files(txn);
    firn_txn_close(txn);
    firn_table_close(table);
    assert_rows(f, "from race", "(1)");
    assert_int_equal(data_files(f, "race"), 1);
}

static void test_a_merge_may_do_nothing(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table idle (id bigint, v int)");
    sql_run(f, "insert into idle values (1, 1)");
    sql_run(f, "merge into idle t using (select 1 as id) s on t.id = s.id when matched then do "
               "nothing");
    assert_rows(f, "select * from idle", "(1, 1)");
    assert_rows(f, "select count(*) from idle.snapshots", "(1)");
}

static void test_merge_using_names_columns_of_both_sides(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table pair (id int, k int, v varchar)");
    sql_run(f, "insert into pair values (1, 1, 'a'), (1, 2, 'b')");
    sql_run(f, "merge into pair using (select 1 as id, 2 as k, 'B' as v union all select 9, 9, "
               "'z') as s using (id, k) when matched then update set v = s.v when not matched then "
               "insert");
    assert_rows(f, "select * from pair", "(1, 1, a) (1, 2, B) (9, 9, z)");
    sql_expect_failure(f, "merge into pair using pair s using (nosuch) when matched then delete",
                       FIRN_ERR_ARG, "nosuch", NULL, 26);
    sql_expect_failure(f,
                       "merge into pair p using pair s using (id) when matched then delete "
                       "returning *",
                       FIRN_ERR_UNSUPPORTED, "not supported: RETURNING", NULL, 0);
}

static void test_insert_or_replace_points_to_merge(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table keyless (id int)");
    sql_expect_failure(f, "insert or replace into keyless values (1)", FIRN_ERR_UNSUPPORTED,
                       "INSERT OR REPLACE", "MERGE INTO", 0);
    sql_run(f, "create temp table keyed (id int primary key)");
    sql_run(f, "insert or ignore into keyed values (1), (1)");
    assert_rows(f, "select count(*) from keyed", "(1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge_using_names_columns_of_both_sides),
        cmocka_unit_test(test_insert_or_replace_points_to_merge),
        cmocka_unit_test(test_insert_casts_and_fills_missing_columns_with_null),
        cmocka_unit_test(test_insert_with_wrong_columns_is_refused),
        cmocka_unit_test(test_insert_overwrite_replaces_all_rows),
        cmocka_unit_test(test_insert_overwrite_of_named_partitions_leaves_the_others),
        cmocka_unit_test(test_delete_of_whole_partitions_writes_no_data_file),
        cmocka_unit_test(test_delete_leaves_rows_for_which_the_condition_is_null),
        cmocka_unit_test(test_wrong_conditions_point_into_the_statement),
        cmocka_unit_test(test_update_rewrites_only_files_with_changed_rows),
        cmocka_unit_test(test_not_null_is_enforced_by_update),
        cmocka_unit_test(test_merge_that_only_inserts_is_an_append),
        cmocka_unit_test(test_a_target_row_matched_twice_fails_the_merge),
        cmocka_unit_test(test_merge_grammar_is_checked),
        cmocka_unit_test(test_bare_names_mean_the_side_a_clause_sees),
        cmocka_unit_test(test_a_failed_statement_leaves_no_data_file),
        cmocka_unit_test(test_merge_of_a_query_for_pipelines),
        cmocka_unit_test(test_a_merge_that_lost_the_race_is_a_conflict),
        cmocka_unit_test_setup_teardown(test_a_merge_may_do_nothing, sql_fixture_open,
                                        sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
