/* SPDX-License-Identifier: Apache-2.0 */
/* Format versions raised in place: what was written before keeps its meaning, and never goes back.
 */
#include "sql_fixture.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "iceberg/check/table_doctor.h"

static const firn_table_metadata *metadata(sql_fixture *f, firn_table **table)
{
    *table = sql_open_table(f, "default", "t");
    return firn_table_metadata_of(*table);
}

static void assert_healthy(sql_fixture *f)
{
    firn_error err;
    firn_table *table = NULL;
    firn_doctor_report report;
    const firn_doctor_opts opts = {.reads_rows = true};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_table_metadata *m = metadata(f, &table);
    assert_ok(firn_table_examine(f->env, f->store, m, &opts, arena, &report, &err), &err);
    if (report.n_findings > 0)
        fail_msg("%s: %.*s", firn_finding_name(report.findings[0].kind),
                 FIRN_STR_ARG(report.findings[0].message));
    firn_table_close(table);
    firn_arena_destroy(arena);
}

static void upgrade(sql_fixture *f, int version)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "alter table t set tblproperties ('format-version' = '%d')",
                   version);
    sql_run(f, sql);
}

static void make_version_1(sql_fixture *f)
{
    sql_run(f, "create table t (id int not null, s varchar, d date) partitioned by (bucket(2, id), "
               "d) tblproperties ('format-version' = '1')");
    sql_run(f, "insert into t values (1, 'a', DATE '2020-01-01'), (2, 'b', DATE '1969-12-31'), (3, "
               "NULL, NULL)");
    sql_run(f, "alter table t drop partition field d");
    sql_run(f, "insert into t values (4, 'd', NULL)");
    sql_run(f, "delete from t where id = 1");
}

static void test_version_1_becomes_2(void **state)
{
    sql_fixture *f = *state;
    firn_table *table = NULL;
    make_version_1(f);
    const firn_table_metadata *m = metadata(f, &table);
    assert_int_equal(m->last_sequence_number, 0);
    assert_int_equal(firn_metadata_spec(m)->n_fields, 2);
    assert_int_equal(firn_metadata_spec(m)->fields[1].transform.kind, FIRN_TRANSFORM_VOID);
    firn_table_close(table);
    upgrade(f, 2);
    m = metadata(f, &table);
    assert_int_equal(m->format_version, 2);
    assert_int_equal(m->last_sequence_number, 0);
    for (size_t i = 0; i < m->n_snapshots; i++)
        assert_int_equal(m->snapshots[i].sequence_number, 0);
    assert_int_equal(firn_metadata_spec(m)->fields[1].transform.kind, FIRN_TRANSFORM_VOID);
    firn_table_close(table);
    sql_run(f, "alter table t set tblproperties ('write.delete.mode' = 'merge-on-read')");
    sql_run(f, "insert into t values (5, 'e', NULL)");
    assert_rows(f, "select distinct sequence_number from t.entries where status < 2", "(0) (1)");
    sql_run(f, "delete from t where id in (2, 5)");
    assert_rows(f, "select id, s from t", "(3, NULL) (4, d)");
    m = metadata(f, &table);
    assert_int_equal(m->last_sequence_number, 2);
    firn_table_close(table);
    sql_run(f, "alter table t add partition field truncate(s, 1)");
    sql_run(f, "insert into t values (6, 'f', NULL)");
    assert_healthy(f);
}

static void test_version_2_becomes_3(void **state)
{
    sql_fixture *f = *state;
    firn_table *table = NULL;
    make_version_1(f);
    upgrade(f, 2);
    sql_run(f, "insert into t values (5, 'e', NULL)");
    upgrade(f, 3);
    const firn_table_metadata *m = metadata(f, &table);
    assert_int_equal(m->next_row_id, 0);
    assert_int_equal(firn_metadata_current_snapshot(m)->first_row_id, -1);
    firn_table_close(table);
    assert_rows(f, "select count(*) from t where _row_id is not null", "(0)");
    sql_run(f, "insert into t values (6, 'f', NULL)");
    m = metadata(f, &table);
    assert_int_equal(m->next_row_id, 5); /* the four that were there, too */
    assert_int_equal(firn_metadata_current_snapshot(m)->first_row_id, 0);
    assert_int_equal(firn_metadata_current_snapshot(m)->added_rows, 5);
    firn_table_close(table);
    assert_rows(f, "select count(distinct _row_id), min(_row_id), max(_row_id) from t",
                "(5, 0, 4)");
    sql_run(f, "alter table t add column n int default 7");
    assert_rows(f, "select sum(n) from t", "(35)");
    assert_healthy(f);
}

static void test_version_1_becomes_3_at_once(void **state)
{
    sql_fixture *f = *state;
    firn_table *table = NULL;
    make_version_1(f);
    upgrade(f, 3);
    const firn_table_metadata *m = metadata(f, &table);
    assert_int_equal(m->next_row_id, 0);
    assert_int_equal(m->last_sequence_number, 0);
    firn_table_close(table);
    sql_run(f, "alter table t set tblproperties ('write.delete.mode' = 'merge-on-read')");
    sql_run(f, "delete from t where id = 2");
    assert_rows(f, "select id from t", "(3) (4)");
    sql_run(f, "insert into t select i, 's', NULL from range(10, 30) r(i)");
    sql_run(f, "delete from t where id = 11");
    assert_rows(f, "select file_format, record_count from t.delete_files", "(PUFFIN, 1)");
    assert_healthy(f);
}

static void test_versions_do_not_go_back(void **state)
{
    sql_fixture *f = *state;
    make_version_1(f);
    upgrade(f, 3);
    sql_expect_failure(f, "alter table t set tblproperties ('format-version' = '2')", FIRN_ERR_ARG,
                       "format version 3 cannot go back to 2", NULL, 12);
    sql_expect_failure(f, "alter table t set tblproperties ('format-version' = '4')", FIRN_ERR_ARG,
                       "format-version \"4\", expected 1, 2 or 3", NULL, 12);
    sql_expect_failure(f, "alter table t unset tblproperties ('format-version')", FIRN_ERR_ARG,
                       "property \"format-version\" cannot be removed", NULL, 12);
    upgrade(f, 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(test_version_1_becomes_2),
        CASE(test_version_2_becomes_3),
        CASE(test_version_1_becomes_3_at_once),
        CASE(test_versions_do_not_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
