/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that fail, whatever the reason, change no table and leave no file behind: a wrong
 * statement, a catalog that is read-only, a disk or a quota that is exhausted at any call of the
 * store, a cancellation at any call. */
#include "firn_test.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "catalog/sqlite.h"
#include "faulty_store.h"
#include "sql_fixture.h"
#include "store/local.h"

/* Statements that change a table, one of each kind. */
static const char *const k_changes[] = {
    "insert into t select id + 100, v, d from s",
    "merge into t using s on t.id = s.id when matched then update set v = s.v "
    "when not matched then insert (id, v, d) values (s.id, s.v, s.d)",
    "update t set v = 'u' where id < 3",
    "delete from t where id = 2",
    "create table c as select * from s",
    "call system.rewrite_data_files(table => 't', options => map('rewrite-all', 'true'))",
    "call system.expire_snapshots(table => 't', older_than => timestamp '2100-01-01 00:00:00', "
    "retain_last => 1)",
};
enum { N_CHANGES = sizeof k_changes / sizeof *k_changes };

typedef struct bad_fixture {
    sql_fixture sql; /* its store is the faulty one */
    firn_store *disk;
    firn_test_faulty faulty;
    char folder[FIRN_TEST_PATH];
} bad_fixture;

/* ---- what is there ---- */

/* The files below a folder, in whatever order they are listed. */
typedef struct file_set {
    size_t n;
    uint64_t sum;
} file_set;

/* FNV-1a. */
static uint64_t hash_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static void add_files(const char *folder, file_set *set)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    if (!dir) return; /* no table was made yet */
    while ((entry = readdir(dir)) != NULL) {
        char path[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_type == DT_DIR) {
            add_files(path, set);
        } else {
            set->n++;
            set->sum += hash_text(path);
        }
    }
    (void)closedir(dir);
}

static file_set list_files(const bad_fixture *f)
{
    char warehouse[FIRN_TEST_PATH + 16];
    file_set set = {0};
    (void)snprintf(warehouse, sizeof warehouse, "%s/warehouse", f->folder);
    add_files(warehouse, &set);
    return set;
}

static void check_files(bad_fixture *f, file_set before, const char *what)
{
    const file_set after = list_files(f);
    if (after.n != before.n || after.sum != before.sum)
        fail_msg("%s: %zu files before, %zu after", what, before.n, after.n);
}

static void check_rows(bad_fixture *f)
{
    assert_rows(&f->sql, "select count(*), sum(id), min(v), max(v) from t", "(4, 10, a, d)");
    assert_rows(&f->sql, "select count(*) from information_schema.tables where table_name = 'c'",
                "(0)");
}

/* ---- set-up ---- */

static void open_lake(bad_fixture *f, bool is_read_only)
{
    firn_error err = {0};
    char path[FIRN_TEST_PATH + 16], warehouse[FIRN_TEST_PATH + 16];
    (void)snprintf(path, sizeof path, "%s/catalog.db", f->folder);
    (void)snprintf(warehouse, sizeof warehouse, "%s/warehouse", f->folder);
    const firn_sqlite_opts opts = {.name = FIRN_STR("lake"),
                                   .path = firn_str_of(path),
                                   .warehouse = firn_str_of(warehouse),
                                   .is_read_only = is_read_only};
    assert_ok(firn_sqlite_catalog_open(f->sql.env, f->sql.store, &opts, &f->sql.catalog, &err),
              &err);
    assert_ok(firn_session_open(f->sql.env, f->sql.store,
                                FIRN_SESSION_OPTS(.catalogs = &f->sql.catalog, .n_catalogs = 1,
                                                  .temp_directory = firn_str_of(f->folder)),
                                &f->sql.session, &err),
              &err);
}

static void close_lake(bad_fixture *f)
{
    firn_session_close(f->sql.session);
    firn_catalog_destroy(f->sql.catalog);
}

static int set_up(void **state)
{
    bad_fixture *f = test_calloc(1, sizeof *f);
    firn_error err = {0};
    firn_test_tempdir(f->folder);
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 2), &f->sql.env, &err), &err);
    assert_ok(firn_store_create(&f->disk, &err), &err);
    assert_ok(firn_store_add_local(f->disk, f->sql.env, &err), &err);
    assert_ok(firn_store_create(&f->sql.store, &err), &err);
    firn_test_faulty_init(&f->faulty, f->disk);
    assert_ok(firn_test_faulty_add(f->sql.store, &f->faulty, &err), &err);
    open_lake(f, false);
    sql_run(&f->sql, "create schema if not exists default");
    sql_run(&f->sql, "create table t (id bigint not null, v varchar, d date) partitioned by (d)");
    sql_run(&f->sql, "create table s (id bigint, v varchar, d date)");
    sql_run(&f->sql, "insert into t values (1, 'a', date '2024-01-01'), (2, 'b', date "
                     "'2024-01-02'), (3, 'c', date '2024-01-01')");
    sql_run(&f->sql, "insert into t values (4, 'd', date '2024-01-01')");
    sql_run(&f->sql, "insert into s values (2, 'x', date '2024-01-02'), (9, 'y', null)");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    bad_fixture *f = *state;
    close_lake(f);
    firn_store_destroy(f->sql.store);
    firn_store_destroy(f->disk);
    firn_env_destroy(f->sql.env);
    firn_test_remove_tree(f->folder);
    test_free(f);
    return 0;
}

static firn_status run(bad_fixture *f, const char *sql, firn_error *err)
{
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    *err = (firn_error){0};
    firn_status st = firn_session_execute(f->sql.session, firn_str_of(sql), &result, err);
    while (st == FIRN_OK) st = firn_result_next(result, &batch, err);
    firn_result_close(result);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* The tables as they were before a statement that went through. */
static void put_back(bad_fixture *f)
{
    sql_run(&f->sql, "drop table if exists c purge");
    sql_run(&f->sql, "delete from t");
    sql_run(&f->sql, "insert into t values (1, 'a', date '2024-01-01'), (2, 'b', date "
                     "'2024-01-02'), (3, 'c', date '2024-01-01')");
    sql_run(&f->sql, "insert into t values (4, 'd', date '2024-01-01')");
}

/* ---- wrong words ---- */

typedef struct wrong_case {
    const char *sql;
    firn_status status;
    const char *message;
    const char *hint; /* NULL: none is asked for */
    const char *at;   /* text at the place of the fault, its last occurrence */
} wrong_case;

static const wrong_case k_illegal[] = {
    {"insert into t selec 17", FIRN_ERR_ARG, "syntax error at or near \"17\"", NULL, "17"},
    {"merge into t using s on t.id = s.id when matched thn delete", FIRN_ERR_ARG,
     "found \"thn\", expected THEN", NULL, "thn"},
    {"update t sett v = 'u'", FIRN_ERR_ARG, "found \"v\", expected SET", NULL, "v ="},
    {"delete fro t where id = 2", FIRN_ERR_ARG, "found \"fro\", expected FROM", NULL, "fro"},
    {"create table c as selec * from s", FIRN_ERR_ARG, "syntax error at or near \"*\"", NULL, "*"},
    {"call system.rewrite_data_files(table = 't')", FIRN_ERR_ARG, "found \"=\", expected \")\"",
     NULL, "= 't'"},
    {"call system.expire_snapshots('t', retain_last => )", FIRN_ERR_ARG,
     "found \")\", expected a literal argument", NULL, ")"},
};

static const wrong_case k_unknown[] = {
    {"insert into t select idd, v, d from s", FIRN_ERR_ARG, "\"idd\" not found", "id", "idd"},
    {"insert into t (id, w) select 1, 2", FIRN_ERR_ARG, "no column \"w\"", "\"v\"", "w)"},
    {"insert into tt select * from s", FIRN_ERR_NOT_FOUND, "default.tt does not exist", "\"t\"",
     "tt"},
    {"insert into t select * from ss", FIRN_ERR_NOT_FOUND, "default.ss does not exist", "\"s\"",
     "ss"},
    {"merge into t using s on t.id = s.id when matched then update set vv = s.v", FIRN_ERR_ARG,
     "no column \"vv\"", "\"v\"", "vv"},
    {"merge into t using s on t.id = s.id when matched then update set v = s.vv", FIRN_ERR_ARG,
     "column named \"vv\"", "\"v\"", "s.vv"},
    {"update t set vv = 'u'", FIRN_ERR_ARG, "no column \"vv\"", "\"v\"", "vv"},
    {"update t set v = 'u' where idd = 1", FIRN_ERR_ARG, "\"idd\" not found", "did you mean id?",
     "idd"},
    {"delete from t where idd = 2", FIRN_ERR_ARG, "\"idd\" not found", "did you mean id?", "idd"},
    {"create table c as select idd from s", FIRN_ERR_ARG, "\"idd\" not found", "id", "idd"},
    {"call system.rewrite_data_files(table => 't', strategy => 'sort', sort_order => 'idd')",
     FIRN_ERR_NOT_FOUND, "no column \"idd\"", NULL, "'idd'"},
    {"call system.rewrite_data_files(table => 't', where => 'idd = 3')", FIRN_ERR_ARG,
     "no column \"idd\"", NULL, "'idd = 3'"},
    {"call system.rewrite_data_files(table => 't', options => map('rewrite-al', 'true'))",
     FIRN_ERR_ARG, "there is no option \"rewrite-al\"", "\"rewrite-all\"", "map"},
    {"call system.rewrite_data_files(table => 't', wher => 'id = 3')", FIRN_ERR_ARG,
     "rewrite_data_files has no argument wher", "\"where\"", "'id = 3"},
    {"call system.expire_snapshots(table => 't', older_then => '2030-01-01')", FIRN_ERR_ARG,
     "expire_snapshots has no argument older_then", "\"older_than\"", "'2030"},
    {"call system.expire_snapshots(table => 'tt')", FIRN_ERR_NOT_FOUND, "default.tt does not exist",
     "\"t\"", "'tt'"},
    {"call system.expire_snapshot(table => 't')", FIRN_ERR_NOT_FOUND,
     "no procedure expire_snapshot", "\"expire_snapshots\"", "system"},
};

static const wrong_case k_mistyped[] = {
    {"insert into t select 'abc', v, d from s", FIRN_ERR_ARG, "from source column id", NULL,
     "select"},
    {"insert into t select {'a': 1}, v, d from s", FIRN_ERR_ARG, "from source column id", NULL,
     "select"},
    {"insert into t values (1, 'a')", FIRN_ERR_ARG, "gives 2 columns, the table has 3", NULL,
     "values"},
    {"merge into t using s on t.id = s.id when matched then update set d = 17", FIRN_ERR_ARG,
     "INTEGER -> DATE", NULL, "17"},
    {"update t set id = 'abc'", FIRN_ERR_ARG, "could not convert string 'abc'", NULL, "'abc'"},
    {"update t set id = null", FIRN_ERR_ARG, "column \"id\", which is NOT NULL", NULL, "t set"},
    {"delete from t where id = 'abc'", FIRN_ERR_ARG, "could not convert string 'abc'", NULL,
     "'abc'"},
    {"call system.rewrite_data_files(table => 17)", FIRN_ERR_ARG, "expected a table's name", NULL,
     "17"},
    {"call system.rewrite_data_files(table => 't', options => map('target-file-size-bytes', "
     "'many'))",
     FIRN_ERR_ARG, "found \"many\"", NULL, "map"},
    {"call system.expire_snapshots(table => 't', retain_last => 'many')", FIRN_ERR_ARG,
     "found \"many\", expected a whole number", NULL, "'many'"},
    {"call system.expire_snapshots(table => 't', older_than => 'yesterday')", FIRN_ERR_ARG,
     "expected a timestamp", NULL, "'yesterday'"},
};

static const wrong_case k_without_snapshot[] = {
    {"insert into t select * from s for version as of 42", FIRN_ERR_ARG, "no snapshot 42", NULL,
     "42"},
    {"insert into t.branch_nope select * from s", FIRN_ERR_NOT_FOUND, "no branch \"nope\"", NULL,
     "t.branch"},
    {"merge into t using (select * from s for version as of 42) s on t.id = s.id when matched "
     "then delete",
     FIRN_ERR_ARG, "no snapshot 42", NULL, "42"},
    {"update t set v = (select max(v) from s for version as of 42)", FIRN_ERR_ARG, "no snapshot 42",
     NULL, "42"},
    {"delete from t where id in (select id from s for version as of 42)", FIRN_ERR_ARG,
     "no snapshot 42", NULL, "42"},
    {"create table c as select * from s for timestamp as of timestamp '1999-01-01 00:00:00'",
     FIRN_ERR_ARG, "no snapshot at 1999-01-01T00:00:00Z", "begins at", "'1999"},
    {"call system.rewrite_data_files(table => 't', branch => 'nope')", FIRN_ERR_NOT_FOUND,
     "no branch \"nope\"", NULL, "system"},
    {"call system.expire_snapshots(table => 't', snapshot_ids => array(42))", FIRN_ERR_ARG,
     "snapshot 42: there is none", NULL, "system"},
};

static const wrong_case k_impossible[] = {
    {"alter table t drop column d", FIRN_ERR_ARG, "partition field \"d\" comes from it", NULL, "d"},
    {"alter table t drop column vv", FIRN_ERR_NOT_FOUND, "no column \"vv\"", "\"v\"", "vv"},
    {"alter table t add column v int", FIRN_ERR_EXISTS, "column \"v\" exists already", NULL,
     "v int"},
    {"alter table t add columns (n int, m int not null)", FIRN_ERR_ARG,
     "\"m\" cannot be added as required", NULL, "m int"},
    {"alter table t alter column id type int", FIRN_ERR_ARG, "long cannot become int",
     "int can become long", "id type"},
    {"alter table t alter column v type int", FIRN_ERR_ARG, "string cannot become int", NULL,
     "v type"},
    {"alter table t rename column v to id", FIRN_ERR_EXISTS, "column \"id\" exists already", NULL,
     "v to"},
    {"alter table t rename column idd to x", FIRN_ERR_NOT_FOUND, "no column \"idd\"", "\"id\"",
     "idd"},
    {"alter table t alter column vv drop not null", FIRN_ERR_NOT_FOUND, "no column \"vv\"", "\"v\"",
     "vv"},
    {"alter table t drop partition field zz", FIRN_ERR_ARG, "no such partition field", NULL, "zz"},
    {"alter table t add partition field bucket(0, id)", FIRN_ERR_ARG, "expected 1 or more", NULL,
     "bucket"},
    {"alter table t set tblproperties ('format-version' = '1')", FIRN_ERR_ARG,
     "cannot go back to 1", NULL, "t set"},
    {"alter table t rename to s", FIRN_ERR_EXISTS, "default.s exists already", NULL, "s"},
    {"create table t as select * from s", FIRN_ERR_EXISTS, "default.t exists already", NULL,
     "t as"},
};

static size_t last_place(const char *sql, const char *text)
{
    size_t found = SIZE_MAX;
    for (const char *at = sql; (at = strstr(at, text)) != NULL; at++) found = (size_t)(at - sql);
    return found;
}

static void check_wrong(bad_fixture *f, const wrong_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const wrong_case *c = &cases[i];
        firn_error err;
        const file_set before = list_files(f);
        const firn_status st = run(f, c->sql, &err);
        if (st != c->status || !strstr(err.message, c->message))
            fail_msg("%s: status %d, %s", c->sql, (int)st, err.message);
        if (c->hint && !strstr(err.hint, c->hint)) fail_msg("%s: hint %s", c->sql, err.hint);
        if (err.position != last_place(c->sql, c->at))
            fail_msg("%s: at byte %d", c->sql, (int)err.position);
        check_files(f, before, c->sql);
    }
    check_rows(f);
}

static void test_illegal_statements(void **state)
{
    check_wrong(*state, k_illegal, sizeof k_illegal / sizeof *k_illegal);
}

static void test_unknown_names(void **state)
{
    check_wrong(*state, k_unknown, sizeof k_unknown / sizeof *k_unknown);
}

static void test_wrong_types(void **state)
{
    check_wrong(*state, k_mistyped, sizeof k_mistyped / sizeof *k_mistyped);
}

static void test_missing_snapshots(void **state)
{
    check_wrong(*state, k_without_snapshot, sizeof k_without_snapshot / sizeof *k_without_snapshot);
}

static void test_impossible_evolution(void **state)
{
    check_wrong(*state, k_impossible, sizeof k_impossible / sizeof *k_impossible);
}

/* ---- a disk that is full ---- */

/* The statement fails at the first call of the slot, at the second, ... until it needs no more. */
static void fail_each_call(bad_fixture *f, const char *sql, firn_test_slot slot)
{
    enum { MOST_CALLS = 200 };
    for (int64_t nth = 1; nth < MOST_CALLS; nth++) {
        char what[64];
        firn_error err;
        const file_set before = list_files(f);
        firn_test_faulty_arm(&f->faulty, slot, nth, FIRN_TEST_BEFORE, FIRN_ERR_IO);
        const firn_status st = run(f, sql, &err);
        const bool was_reached = f->faulty.slots[slot].n_calls >= f->faulty.slots[slot].fail_at;
        firn_test_faulty_disarm(&f->faulty);
        if (!was_reached) {
            assert_ok(st, &err);
            put_back(f);
            return;
        }
        (void)snprintf(what, sizeof what, "%.30s, call %d", sql, (int)nth);
        if (st == FIRN_OK) fail_msg("%s: it went through", what);
        if (st != FIRN_ERR_IO) fail_msg("%s: %s", what, err.message);
        assert_non_null(strstr(err.message, "injected fault"));
        check_files(f, before, what);
        if (nth % 8 == 1) check_rows(f);
    }
    fail_msg("%s never came to an end", sql);
}

static void test_a_full_disk_changes_nothing(void **state)
{
    static const firn_test_slot k_slots[] = {FIRN_TEST_WRITE, FIRN_TEST_FINISH};
    for (size_t i = 0; i < N_CHANGES; i++)
        for (size_t k = 0; k < sizeof k_slots / sizeof *k_slots; k++)
            fail_each_call(*state, k_changes[i], k_slots[k]);
}

static void test_files_that_cannot_be_read_change_nothing(void **state)
{
    static const firn_test_slot k_slots[] = {FIRN_TEST_READ_AT};
    for (size_t i = 0; i < N_CHANGES; i++)
        for (size_t k = 0; k < sizeof k_slots / sizeof *k_slots; k++)
            fail_each_call(*state, k_changes[i], k_slots[k]);
}

/* ---- a statement that is cancelled ---- */

static void cancel(void *ctx)
{
    firn_session_cancel(ctx);
}

/* Snapshots are expired by a commit, then files are removed: cancelled in between, it leaves
 * orphans that no snapshot needs. */
static bool removes_behind_commit(const char *sql)
{
    return strstr(sql, "expire_snapshots") != NULL;
}

/* Cancelled while the first call of the slot is under way, the second, the fourth, ...: the
 * statement does nothing, or, cancelled too late, everything. */
static void cancel_at_each_call(bad_fixture *f, const char *sql, firn_test_slot slot)
{
    bool was_reached = true;
    size_t n_cancelled = 0;
    f->faulty.meanwhile_ctx = f->sql.session;
    for (int64_t nth = 1; was_reached; nth += nth / 2 + 1) {
        char what[64];
        firn_error err;
        const file_set before = list_files(f);
        f->faulty.meanwhile = cancel;
        firn_test_faulty_arm(&f->faulty, slot, nth, FIRN_TEST_BEFORE, FIRN_OK);
        const firn_status st = run(f, sql, &err);
        was_reached = f->faulty.slots[slot].n_calls >= f->faulty.slots[slot].fail_at;
        firn_test_faulty_disarm(&f->faulty);
        f->faulty.meanwhile = NULL;
        (void)snprintf(what, sizeof what, "%.30s, cancelled in call %d", sql, (int)nth);
        if (st == FIRN_OK) {
            put_back(f);
            continue;
        }
        if (st != FIRN_ERR_CANCELLED) fail_msg("%s: %s", what, err.message);
        n_cancelled++;
        if (!removes_behind_commit(sql)) check_files(f, before, what);
    }
    check_rows(f);
    if (slot == FIRN_TEST_READ_AT && n_cancelled == 0) fail_msg("%s cannot be cancelled", sql);
}

static void test_a_cancelled_statement_changes_nothing(void **state)
{
    static const firn_test_slot k_slots[] = {FIRN_TEST_READ_AT, FIRN_TEST_CREATE};
    for (size_t i = 0; i < N_CHANGES; i++)
        for (size_t k = 0; k < sizeof k_slots / sizeof *k_slots; k++)
            cancel_at_each_call(*state, k_changes[i], k_slots[k]);
}

/* ---- a catalog that is read-only ---- */

static void test_a_read_only_catalog_is_left_alone(void **state)
{
    bad_fixture *f = *state;
    close_lake(f);
    open_lake(f, true);
    for (size_t i = 0; i < N_CHANGES; i++) {
        firn_error err;
        const file_set before = list_files(f);
        const firn_status st = run(f, k_changes[i], &err);
        assert_fails(st, FIRN_ERR_DENIED, &err, "read-only");
        check_files(f, before, k_changes[i]);
        check_rows(f);
    }
    close_lake(f);
    open_lake(f, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_illegal_statements),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_missing_snapshots),
        cmocka_unit_test(test_impossible_evolution),
        cmocka_unit_test(test_a_read_only_catalog_is_left_alone),
        cmocka_unit_test(test_a_full_disk_changes_nothing),
        cmocka_unit_test(test_files_that_cannot_be_read_change_nothing),
        cmocka_unit_test(test_a_cancelled_statement_changes_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
