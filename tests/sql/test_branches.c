/* SPDX-License-Identifier: Apache-2.0 */
/* Branches and tags in SQL: DDL, writes to a branch, write-audit-publish. */
#include "sql_fixture.h"

#include <stdio.h>

static void make_table(sql_fixture *f, const char *name)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "create table %s (id int, v varchar)", name);
    sql_run(f, sql);
    (void)snprintf(sql, sizeof sql, "insert into %s values (1, 'a'), (2, 'b')", name);
    sql_run(f, sql);
}

static void test_branches_and_tags_are_made_replaced_and_dropped(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "br");
    sql_run(f, "alter table br create branch dev");
    sql_run(f, "alter table br create tag v1 retain 2 days");
    sql_run(f, "alter table br create branch if not exists dev");
    sql_run(f, "alter table br create branch keep with snapshot retention 3 snapshots 2 days");
    assert_rows(f, "select name, type, max_reference_age_in_ms from br.refs",
                "(dev, BRANCH, NULL) (keep, BRANCH, NULL) (main, BRANCH, NULL) "
                "(v1, TAG, 172800000)");
    assert_rows(
        f, "select min_snapshots_to_keep, max_snapshot_age_in_ms from br.refs where name = 'keep'",
        "(3, 172800000)");
    sql_expect_failure(f, "alter table br create tag dev", FIRN_ERR_EXISTS, "dev", NULL, 12);
    sql_run(f, "alter table br create or replace branch dev retain 5 minutes");
    sql_run(f, "alter table br drop tag v1");
    sql_expect_failure(f, "alter table br drop tag v1", FIRN_ERR_NOT_FOUND, "v1", NULL, 12);
    sql_run(f, "alter table br drop branch if exists nosuch");
    assert_rows(f, "select name from br.refs", "(dev) (keep) (main)");
    sql_expect_failure(f, "alter table br create branch x retain 0 days", FIRN_ERR_ARG,
                       "expected a time above 0", NULL, 38);
}

static void test_a_branch_is_named_behind_an_at_sign(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table arm (id int, n int)");
    sql_run(f, "insert into arm values (1, 1)");
    sql_run(f, "alter table arm create branch dev");
    sql_run(f, "alter table arm create branch \"b c\"");
    sql_run(f, "alter table arm create tag first");
    sql_run(f, "insert into arm@dev values (2, 2)");
    sql_run(f, "insert into default.arm@\"b c\" select 3, 3");
    sql_run(f, "update arm@dev set n = 20 where id = 2");
    sql_run(f, "merge into arm@dev t using (select 5 as id) s on t.id = s.id when not matched then "
               "insert (id) values (s.id)");
    sql_run(f, "delete from lake.default.arm@dev where id = 1");
    assert_rows(f, "select * from arm@dev", "(2, 20) (5, NULL)");
    assert_rows(f, "select d.id, arm.id from arm@dev d, arm where d.n = 20", "(2, 1)");
    assert_rows(f, "select id from arm@\"b c\"", "(1) (3)");
    assert_rows(f, "select count(*) from arm.files@dev", "(2)");
    assert_rows(f, "select @(-n) from arm@first", "(1)");
    assert_rows(f, "select * from arm", "(1, 1)");
    sql_expect_failure(f, "select * from arm@nosuch", FIRN_ERR_ARG, "\"nosuch\"", NULL, 18);
    sql_expect_error(f, "insert into arm@first values (1, 1)", FIRN_ERR_ARG, "is a tag");
}

static void test_every_statement_writes_to_a_branch(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "bw");
    sql_run(f, "alter table bw create branch audit");
    sql_run(f, "insert into \"default\".bw.branch_audit values (3, 'c')");
    sql_run(f, "update \"default\".bw.branch_audit set v = upper(v) where id = 1");
    sql_run(f, "delete from \"bw@audit\" where id = 2");
    sql_run(f,
            "merge into \"default\".bw.branch_audit t using (select 3 as id, 'cc' as v union all "
            "select 4, 'd') s on t.id = s.id when matched then update set * "
            "when not matched then insert *");
    assert_rows(f, "from \"default\".bw.branch_audit", "(1, A) (3, cc) (4, d)");
    assert_rows(f, "from \"bw@audit\"", "(1, A) (3, cc) (4, d)");
    assert_rows(f, "from bw", "(1, a) (2, b)");
    sql_run(f, "insert overwrite \"bw@audit\" select id + 10, v from bw");
    assert_rows(f, "from \"bw@audit\"", "(11, a) (12, b)");
    sql_expect_failure(f, "insert into \"bw@nosuch\" values (1, 'x')", FIRN_ERR_NOT_FOUND,
                       "no branch \"nosuch\"", NULL, 12);
}

static void test_a_branch_of_an_empty_table_has_an_empty_snapshot(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table be (id int)");
    sql_run(f, "alter table be create branch first");
    assert_rows(f, "select name from be.refs", "(first)");
    sql_run(f, "insert into \"be@first\" values (7)");
    assert_rows(f, "from \"be@first\"", "(7)");
    assert_rows(f, "from be", "");
    sql_expect_failure(f, "alter table be create tag t", FIRN_ERR_ARG, "no snapshot", NULL, 12);
}

static void test_staged_snapshots_are_on_no_branch(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "wa");
    sql_run(f, "set spark.wap.id = job-1");
    sql_run(f, "insert into wa values (3, 'on main')"); /* the table does not take part */
    sql_run(f, "alter table wa set tblproperties ('write.wap.enabled' = 'true')");
    sql_run(f, "insert into wa values (4, 'staged')");
    sql_run(f, "reset spark.wap.id");
    assert_rows(f, "select id from wa", "(1) (2) (3)");
    assert_rows(f, "select summary['wap.id'] from wa.snapshots", "(NULL) (NULL) (job-1)");
}

static void test_a_session_reads_and_writes_its_branch(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "wb");
    sql_run(f, "alter table wb set tblproperties ('write.wap.enabled' = 'true')");
    sql_run(f, "set spark.wap.branch = audit");
    assert_rows(f, "select id from wb", "(1) (2)");
    sql_run(f, "insert into wb values (3, 'c')");
    assert_rows(f, "select id from wb", "(1) (2) (3)");
    sql_run(f, "delete from wb where id = 1");
    assert_rows(f, "select id from wb", "(2) (3)");
    sql_run(f, "reset spark.wap.branch");
    assert_rows(f, "select id from wb", "(1) (2)");
    assert_rows(f, "select id from \"wb@audit\"", "(2) (3)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_branches_and_tags_are_made_replaced_and_dropped),
        cmocka_unit_test(test_a_branch_is_named_behind_an_at_sign),
        cmocka_unit_test(test_every_statement_writes_to_a_branch),
        cmocka_unit_test(test_a_branch_of_an_empty_table_has_an_empty_snapshot),
        cmocka_unit_test(test_staged_snapshots_are_on_no_branch),
        cmocka_unit_test(test_a_session_reads_and_writes_its_branch),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
