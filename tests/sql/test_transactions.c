/* SPDX-License-Identifier: Apache-2.0 */
/* BEGIN .. COMMIT over several tables: what its statements see, what others see and when, what is a
 * conflict at each isolation level, and what is left behind. */
#include "sql_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/failpoint.h"
#include "base/str.h"
#include "catalog/memory_catalog.h"

/* Another session on the same catalog. */
static sql_fixture open_other(sql_fixture *f)
{
    sql_fixture other = *f;
    firn_error err = {0};
    assert_ok(firn_session_open(f->env, f->store,
                                FIRN_SESSION_OPTS(.catalogs = &f->catalog, .n_catalogs = 1,
                                                  .temp_directory = firn_str_of(f->folder)),
                                &other.session, &err),
              &err);
    return other;
}

/* Tables a and b with rows 1 and 2, new for each test. */
static sql_fixture set_up(sql_fixture *f)
{
    static const char *const k_names[] = {"a", "b", "made"};
    firn_result *ignored = NULL;
    (void)!firn_session_execute(f->session, FIRN_STR("rollback"), &ignored, NULL);
    firn_result_close(ignored); /* of a test that failed */
    for (size_t i = 0; i < 3; i++) {
        char sql[100];
        (void)snprintf(sql, sizeof sql, "drop table if exists %s", k_names[i]);
        sql_run(f, sql);
    }
    sql_run(f, "create table a (id bigint, v varchar)");
    sql_run(f, "create table b (id bigint, v varchar)");
    sql_run(f, "insert into a values (1, 'x'), (2, 'y')");
    sql_run(f, "insert into b values (1, 'x'), (2, 'y')");
    return open_other(f);
}

static void tear_down(sql_fixture *other)
{
    firn_session_close(other->session);
}

static size_t count_files(sql_fixture *f)
{
    char command[FIRN_TEST_PATH + 100];
    char line[32] = "";
    (void)snprintf(command, sizeof command,
                   "find %s -name '*.parquet' -o -name '*.avro' -o -name '*.puffin' | wc -l",
                   f->folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    assert_int_equal(pclose(pipe), 0);
    return strtoul(line, NULL, 10);
}

/* ---- what is seen ---- */

static void test_statements_see_own_changes_and_others_only_the_commit(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin");
    sql_run(f, "insert into a values (3, 'z')");
    sql_run(f, "update a set v = upper(v) where id < 3");
    sql_run(f, "delete from b where id = 1");
    sql_run(f, "merge into b using (select 2 as id, 'm' as v union all select 9, 'n') s "
               "on b.id = s.id when matched then update set v = s.v "
               "when not matched then insert values (s.id, s.v)");
    assert_rows(f, "from a", "(1, X) (2, Y) (3, z)");
    assert_rows(f, "from b", "(2, m) (9, n)");
    assert_rows(&other, "from a", "(1, x) (2, y)");
    assert_rows(&other, "from b", "(1, x) (2, y)");
    sql_run(f, "commit");
    assert_rows(&other, "from a", "(1, X) (2, Y) (3, z)");
    assert_rows(&other, "from b", "(2, m) (9, n)");
    assert_rows(f, "from a", "(1, X) (2, Y) (3, z)");
    tear_down(&other);
}

static void test_merge_on_read_deletes_of_own_rows_are_seen(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "alter table a set tblproperties ('write.delete.mode' = 'merge-on-read', "
               "'format-version' = '3')");
    sql_run(f, "start transaction");
    sql_run(f, "insert into a values (3, 'z'), (4, 'zz')");
    sql_run(f, "delete from a where id in (2, 3)");
    assert_rows(f, "select id from a", "(1) (4)");
    sql_run(f, "commit work");
    assert_rows(&other, "select id from a", "(1) (4)");
    tear_down(&other);
}

static void test_tables_stay_as_first_read(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin transaction");
    assert_rows(f, "select count(*) from a", "(2)");
    assert_rows(f, "from b", "(1, x) (2, y)"); /* a has not changed, so of the same moment */
    sql_run(&other, "insert into a values (3, 'z')");
    sql_run(&other, "delete from b");
    assert_rows(f, "select count(*) from a", "(2)");
    assert_rows(f, "select count(*) from a.snapshots", "(1)");
    assert_rows(f, "from b", "(1, x) (2, y)");
    sql_run(f, "rollback");
    assert_rows(f, "select count(*) from a", "(3)");
    tear_down(&other);
}

static void test_two_tables_that_changed_in_between_are_not_read_together(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin");
    assert_rows(f, "select count(*) from a", "(2)");
    sql_run(&other, "begin");
    sql_run(&other, "delete from a where id = 1");
    sql_run(&other, "delete from b where id = 1");
    sql_run(&other, "commit");
    sql_expect_failure(f, "select count(*) from b", FIRN_ERR_CONFLICT,
                       "transaction conflict: table default.a changed since the transaction read "
                       "it, so table default.b cannot be read as it was then",
                       "roll back and run the transaction again", 0);
    sql_expect_failure(f, "select 1", FIRN_ERR_ARG, "only ROLLBACK may follow", NULL, 0);
    sql_run(f, "rollback");
    assert_rows(f, "select count(*) from b", "(1)");
    tear_down(&other);
}

/* ---- conflicts ---- */

static void test_a_lost_update_is_a_conflict(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    const size_t n_before = count_files(f);
    sql_run(f, "begin");
    sql_run(f, "update a set v = 'mine' where id = 1");
    const size_t n_mine = count_files(f) - n_before;
    assert_true(n_mine >= 3); /* data file, manifest and list */
    sql_run(&other, "update a set v = 'theirs' where id = 1");
    const size_t n_files = count_files(f);
    sql_expect_failure(f, "commit", FIRN_ERR_CONFLICT,
                       "transaction conflict: table default.a was changed by another commit "
                       "(overwrite, snapshot ",
                       "nothing was committed: run the transaction again", 0);
    assert_rows(f, "from a", "(1, theirs) (2, y)");
    assert_int_equal(count_files(f), n_files - n_mine);
    sql_expect_failure(f, "rollback", FIRN_ERR_ARG, "no transaction to roll back", NULL, 0);
    tear_down(&other);
}

static void test_rows_are_added_to_what_others_added(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin");
    sql_run(f, "insert into a values (3, 'mine')");
    sql_run(f, "insert into a values (4, 'mine')");
    sql_run(f, "update b set v = 'mine' where id = 1");
    sql_run(&other, "delete from a where id = 1");
    sql_run(&other, "insert into a values (5, 'theirs')");
    sql_run(f, "commit");
    assert_rows(f, "from a", "(2, y) (3, mine) (4, mine) (5, theirs)");
    assert_rows(f, "from b", "(1, mine) (2, y)");
    assert_rows(f, "select count(*) from a.snapshots", "(5)");
    tear_down(&other);
}

static void test_rows_that_merge_added_are_not_added_again(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin");
    sql_run(f, "merge into a using (select 3 as id) s on a.id = s.id "
               "when not matched then insert values (s.id, 'mine')");
    sql_run(&other, "insert into a values (3, 'theirs')");
    sql_expect_failure(f, "commit", FIRN_ERR_CONFLICT, "table default.a was changed", NULL, 0);
    assert_rows(f, "select v from a where id = 3", "(theirs)");
    tear_down(&other);
}

/* Each reads what the other writes. */
static void skew(sql_fixture *f, sql_fixture *other, const char *begin)
{
    sql_run(f, begin);
    sql_run(other, begin);
    assert_rows(f, "select count(*) from b where v = 'x'", "(1)");
    assert_rows(other, "select count(*) from a where v = 'x'", "(1)");
    sql_run(f, "update a set v = 'off' where id = 1");
    sql_run(other, "update b set v = 'off' where id = 1");
    sql_run(f, "commit");
}

static void test_write_skew_is_a_conflict_when_serializable(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    skew(f, &other, "begin isolation level serializable");
    sql_expect_failure(&other, "commit", FIRN_ERR_CONFLICT,
                       "table default.a was changed by another commit", NULL, 0);
    assert_rows(f, "select (select v from a where id = 1), (select v from b where id = 1)",
                "(off, x)");
    tear_down(&other);
}

static void test_write_skew_happens_at_snapshot_isolation(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    skew(f, &other, "start transaction isolation level snapshot, read write");
    sql_run(&other, "commit");
    assert_rows(f, "select (select v from a where id = 1), (select v from b where id = 1)",
                "(off, off)");
    tear_down(&other);
}

static void test_appends_conflict_when_serializable(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin isolation level serializable");
    sql_run(f, "insert into a select max(id) + 1, 'mine' from a");
    sql_run(&other, "insert into a select max(id) + 1, 'theirs' from a");
    sql_expect_failure(f, "commit", FIRN_ERR_CONFLICT, "table default.a was changed", NULL, 0);
    assert_rows(f, "select id from a", "(1) (2) (3)");
    tear_down(&other);
}

static void test_a_table_that_was_dropped_or_made_anew_is_a_conflict(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin");
    sql_run(f, "insert into a values (3, 'z')");
    sql_run(&other, "drop table a");
    sql_expect_failure(f, "commit", FIRN_ERR_CONFLICT, "table default.a was dropped", NULL, 0);
    sql_run(f, "begin");
    sql_run(f, "insert into b values (3, 'z')");
    sql_run(&other, "drop table b");
    sql_run(&other, "create table b (id bigint, v varchar)");
    sql_expect_failure(f, "commit", FIRN_ERR_CONFLICT,
                       "table default.b was dropped and another one made under its name", NULL, 0);
    assert_rows(f, "from b", "");
    tear_down(&other);
}

static void test_a_change_of_the_schema_meanwhile_is_a_conflict(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin");
    sql_run(f, "alter table a add column mine int");
    sql_run(&other, "alter table a add column theirs int");
    sql_expect_failure(f, "commit", FIRN_ERR_CONFLICT,
                       "table default.a was changed since the transaction read it: requirement "
                       "failed: last assigned field id is 3, expected 2",
                       NULL, 0);
    assert_rows(f, "select column_name from (describe a)", "(id) (theirs) (v)");
    tear_down(&other);
}

/* ---- definitions ---- */

static void test_tables_are_made_and_changed_with_their_rows(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin");
    sql_run(f, "create table made as select id, v from a");
    sql_run(f, "alter table made add column n int");
    sql_run(f, "insert into made values (7, 'q', 8)");
    sql_run(f, "alter table a rename column v to w");
    sql_run(f, "update a set w = 'new' where id = 1");
    assert_rows(f, "from made", "(1, x, NULL) (2, y, NULL) (7, q, 8)");
    sql_expect_failure(&other, "from made", FIRN_ERR_NOT_FOUND, "made", NULL, 5);
    sql_run(f, "commit");
    assert_rows(&other, "from made", "(1, x, NULL) (2, y, NULL) (7, q, 8)");
    assert_rows(&other, "select w from a", "(new) (y)");
    tear_down(&other);
}

static void test_a_table_made_by_both_is_a_conflict(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin");
    sql_run(f, "create table made (id int)");
    sql_run(&other, "create table made (id bigint)");
    sql_expect_failure(f, "commit", FIRN_ERR_CONFLICT,
                       "table default.made was made by another commit", NULL, 0);
    tear_down(&other);
}

static void test_a_table_made_and_dropped_leaves_nothing(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    const size_t n_files = count_files(f);
    sql_run(f, "begin");
    sql_run(f, "create table made as select 1 as id");
    sql_run(f, "drop table made");
    sql_expect_failure(f, "from made", FIRN_ERR_NOT_FOUND, "made", NULL, 5);
    sql_run(f, "rollback");
    assert_int_equal(count_files(f), n_files);
    sql_run(f, "begin");
    sql_run(f, "create table made as select 1 as id");
    sql_run(f, "drop table made");
    sql_run(f, "create table made as select 2 as other");
    sql_run(f, "commit");
    assert_rows(f, "select other from made", "(2)");
    tear_down(&other);
}

static void expect_refused(sql_fixture *f, const char *sql, const char *text)
{
    char rows[4096];
    firn_error err = {0};
    firn_result *result = NULL;
    sql_run(f, "begin");
    assert_rows(f, "select count(*) from a", "(2)");
    const firn_status st = firn_session_execute(f->session, firn_str_of(sql), &result, &err);
    assert_fails(st, FIRN_ERR_UNSUPPORTED, &err, text);
    sql_run(f, "rollback");
    assert_string_equal(sql_rows(f, "from a", rows, sizeof rows), "(1, x) (2, y)");
}

static void test_what_cannot_be_taken_back_is_refused(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    expect_refused(f, "drop table a", "not supported: dropping a table that the transaction");
    expect_refused(f, "alter table a rename to c", "not supported: renaming a table in a");
    expect_refused(f, "create schema s", "not supported: making a namespace in a");
    expect_refused(f, "create view vw as select 1 as one", "not supported: changing a view in a");
    expect_refused(f, "call system.expire_snapshots('default.a')",
                   "not supported: procedure expire_snapshots in a transaction");
    expect_refused(f, "call system.rewrite_data_files('default.a')",
                   "not supported: procedure rewrite_data_files in a transaction");
    expect_refused(f, "rollback to savepoint s", "not supported: savepoints");
    expect_refused(f, "savepoint s", "not supported: savepoints");
    tear_down(&other);
}

/* ---- ends ---- */

static void test_a_rollback_leaves_no_file_behind(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "alter table b set tblproperties ('write.delete.mode' = 'merge-on-read', "
               "'format-version' = '3')");
    const size_t n_files = count_files(f);
    sql_run(f, "begin");
    sql_run(f, "insert into a values (3, 'z')");
    sql_run(f, "update a set v = 'w'");
    sql_run(f, "delete from b where id = 1");
    sql_run(f, "create table made as select 1 as id");
    assert_true(count_files(f) >= n_files + 10);
    sql_run(f, "rollback transaction");
    assert_int_equal(count_files(f), n_files);
    assert_rows(f, "from a", "(1, x) (2, y)");
    assert_rows(f, "from b", "(1, x) (2, y)");
    tear_down(&other);
}

static void test_a_session_that_is_closed_rolls_back(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    const size_t n_files = count_files(f);
    sql_run(&other, "begin");
    sql_run(&other, "insert into a values (3, 'z')");
    tear_down(&other);
    assert_int_equal(count_files(f), n_files);
    assert_rows(f, "from a", "(1, x) (2, y)");
}

static void test_a_failed_statement_leaves_only_rollback(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    static const char *const k_bad[] = {"selec 1", "insert into a values ('no number', 'z')",
                                        "select error('stop') from a", "from nosuch", "begin"};
    for (size_t i = 0; i < sizeof k_bad / sizeof *k_bad; i++) {
        firn_error err = {0};
        firn_result *result = NULL;
        const firn_batch *batch = NULL;
        sql_run(f, "begin");
        sql_run(f, "insert into a values (3, 'z')");
        firn_status st = firn_session_execute(f->session, firn_str_of(k_bad[i]), &result, &err);
        if (st == FIRN_OK) st = firn_result_next(result, &batch, &err); /* while it is read */
        firn_result_close(result);
        assert_true(st != FIRN_OK && st != FIRN_DONE);
        sql_expect_failure(f, "insert into a values (4, 'z')", FIRN_ERR_ARG,
                           "a statement of the transaction failed: only ROLLBACK may follow", NULL,
                           0);
        if (i % 2 == 0)
            sql_run(f, "rollback");
        else
            sql_expect_failure(f, "commit", FIRN_ERR_CONFLICT,
                               "a statement of the transaction failed: it was rolled back", NULL,
                               0);
        assert_rows(f, "from a", "(1, x) (2, y)");
    }
    tear_down(&other);
}

static void test_read_only_transactions_write_nothing(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "start transaction read only, isolation level repeatable read");
    assert_rows(f, "select count(*) from a", "(2)");
    sql_expect_failure(f, "insert into a values (3, 'z')", FIRN_ERR_DENIED,
                       "the transaction is read only", NULL, 0);
    sql_run(f, "rollback");
    tear_down(&other);
}

static void test_one_transaction_changes_one_catalog(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    firn_error err = {0};
    const firn_str level = FIRN_STR("default");
    const firn_ident ns = {&level, 1, {0}};
    firn_catalog *second = NULL;
    char folder[FIRN_TEST_PATH + 10];
    (void)snprintf(folder, sizeof folder, "%s/second", f->folder);
    tear_down(&other);
    assert_ok(firn_memory_catalog_open(f->env, f->store, FIRN_STR("pond"), firn_str_of(folder),
                                       &second, &err),
              &err);
    assert_ok(firn_catalog_get_ops(second)->create_namespace(firn_catalog_ctx(second), &ns,
                                                             (firn_properties){0}, &err),
              &err);
    firn_catalog *const catalogs[] = {f->catalog, second};
    assert_ok(firn_session_open(f->env, f->store,
                                FIRN_SESSION_OPTS(.catalogs = catalogs, .n_catalogs = 2,
                                                  .temp_directory = firn_str_of(f->folder)),
                                &other.session, &err),
              &err);
    sql_run(&other, "create table pond.\"default\".p (id bigint)");
    sql_run(&other, "begin");
    sql_run(&other, "insert into pond.\"default\".p select id from a");
    assert_rows(&other, "from pond.\"default\".p", "(1) (2)");
    sql_run(&other, "commit"); /* a was only read */
    sql_run(&other, "begin");
    sql_run(&other, "insert into pond.\"default\".p values (3)");
    sql_run(&other, "delete from a");
    sql_expect_failure(&other, "commit", FIRN_ERR_UNSUPPORTED,
                       "not supported: one transaction that changes tables of 2 catalogs", NULL, 0);
    assert_rows(&other, "from pond.\"default\".p", "(1) (2)");
    assert_rows(&other, "select id from a", "(1) (2)");
    tear_down(&other);
    firn_catalog_destroy(second);
}

static void test_a_cancelled_statement_ends_the_transaction(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    firn_error err = {0};
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    sql_run(f, "begin");
    sql_run(f, "delete from a where id = 1");
    firn_status st = firn_session_execute(
        f->session,
        FIRN_STR("select sum(x.range * y.range) from range(1000000) x, range(1000000) y"), &result,
        &err);
    firn_session_cancel(f->session);
    while (st == FIRN_OK) st = firn_result_next(result, &batch, &err);
    firn_result_close(result);
    assert_int_equal(st, FIRN_ERR_CANCELLED);
    sql_expect_failure(f, "delete from b", FIRN_ERR_ARG, "only ROLLBACK may follow", NULL, 0);
    sql_run(f, "rollback");
    assert_rows(f, "select id from a", "(1) (2)");
    tear_down(&other);
}

static void test_words_of_transactions(void **state)
{
    sql_fixture *f = *state;
    sql_expect_failure(f, "commit", FIRN_ERR_ARG, "there is no transaction to commit", NULL, 0);
    sql_expect_failure(f, "begin isolation level strong", FIRN_ERR_ARG,
                       "found \"strong\", expected SERIALIZABLE or SNAPSHOT", NULL, 22);
    sql_expect_failure(f, "commit it", FIRN_ERR_ARG, "expected the end of the statement", NULL, 7);
    sql_run(f, "begin work");
    sql_run(f, "end");
    sql_run(f, "begin");
    sql_run(f, "abort");
}

/* ---- answers of the catalog ---- */

static void set_failpoint(sql_fixture *f, const char *spec)
{
    firn_error err = {0};
    firn_failpoints_destroy(f->env->failpoints);
    assert_ok(firn_failpoints_create(firn_str_of(spec), &f->env->failpoints, &err), &err);
}

static void test_a_commit_that_fails_changes_no_table(void **state)
{
    static const char *const k_points[] = {
        "txn.commit.before_catalog=error", "catalog.commit.before_metadata=error@2",
        "catalog.commit.after_metadata=nospace", "catalog.commit.before_swap=error",
        "catalog.commit.after_swap=error"};
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    for (size_t i = 0; i < sizeof k_points / sizeof *k_points; i++) {
        firn_error err = {0};
        firn_result *result = NULL;
        const size_t n_files = count_files(f);
        sql_run(f, "begin");
        sql_run(f, "insert into a values (3, 'z')");
        sql_run(f, "delete from b where id = 1");
        set_failpoint(f, k_points[i]);
        const firn_status st = firn_session_execute(f->session, FIRN_STR("commit"), &result, &err);
        set_failpoint(f, "");
        assert_true(st == FIRN_ERR_IO || st == FIRN_ERR_LIMIT);
        assert_int_equal(count_files(f), n_files);
        assert_rows(&other, "from a", "(1, x) (2, y)");
        assert_rows(f, "from b", "(1, x) (2, y)");
    }
    tear_down(&other);
}

static void test_an_answer_that_never_comes_removes_nothing(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    firn_error err = {0};
    firn_result *result = NULL;
    sql_run(f, "begin");
    sql_run(f, "insert into a values (3, 'z')");
    set_failpoint(f, "txn.commit.after_catalog=error;txn.commit.reread=error");
    const firn_status st = firn_session_execute(f->session, FIRN_STR("commit"), &result, &err);
    set_failpoint(f, "");
    assert_fails(st, FIRN_ERR_COMMIT_UNKNOWN, &err, "answer was lost");
    assert_rows(&other, "select count(*) from a", "(3)");
    tear_down(&other);
}

static void test_an_answer_that_is_lost_is_found_out(void **state)
{
    sql_fixture *f = *state;
    sql_fixture other = set_up(f);
    sql_run(f, "begin");
    sql_run(f, "insert into a values (3, 'z')");
    sql_run(f, "delete from b where id = 1");
    set_failpoint(f, "txn.commit.after_catalog=error");
    sql_run(f, "commit");
    set_failpoint(f, "");
    assert_rows(&other, "select count(*) from a", "(3)");
    assert_rows(&other, "select count(*) from b", "(1)");
    tear_down(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_see_own_changes_and_others_only_the_commit),
        cmocka_unit_test(test_merge_on_read_deletes_of_own_rows_are_seen),
        cmocka_unit_test(test_tables_stay_as_first_read),
        cmocka_unit_test(test_two_tables_that_changed_in_between_are_not_read_together),
        cmocka_unit_test(test_a_lost_update_is_a_conflict),
        cmocka_unit_test(test_rows_are_added_to_what_others_added),
        cmocka_unit_test(test_rows_that_merge_added_are_not_added_again),
        cmocka_unit_test(test_write_skew_is_a_conflict_when_serializable),
        cmocka_unit_test(test_write_skew_happens_at_snapshot_isolation),
        cmocka_unit_test(test_appends_conflict_when_serializable),
        cmocka_unit_test(test_a_table_that_was_dropped_or_made_anew_is_a_conflict),
        cmocka_unit_test(test_a_change_of_the_schema_meanwhile_is_a_conflict),
        cmocka_unit_test(test_tables_are_made_and_changed_with_their_rows),
        cmocka_unit_test(test_a_table_made_by_both_is_a_conflict),
        cmocka_unit_test(test_a_table_made_and_dropped_leaves_nothing),
        cmocka_unit_test(test_what_cannot_be_taken_back_is_refused),
        cmocka_unit_test(test_a_rollback_leaves_no_file_behind),
        cmocka_unit_test(test_a_session_that_is_closed_rolls_back),
        cmocka_unit_test(test_a_failed_statement_leaves_only_rollback),
        cmocka_unit_test(test_read_only_transactions_write_nothing),
        cmocka_unit_test(test_one_transaction_changes_one_catalog),
        cmocka_unit_test(test_a_cancelled_statement_ends_the_transaction),
        cmocka_unit_test(test_words_of_transactions),
        cmocka_unit_test(test_a_commit_that_fails_changes_no_table),
        cmocka_unit_test(test_an_answer_that_never_comes_removes_nothing),
        cmocka_unit_test(test_an_answer_that_is_lost_is_found_out),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
