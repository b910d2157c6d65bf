/* SPDX-License-Identifier: Apache-2.0 */
/* The changelog: what the rows of every kind of commit are, judged by what the table holds before
 * and after; changed rows by key and by row id; net changes; small budgets. */
#include "firn_test.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/random.h"
#include "base/str.h"
#include "firn/changes.h"
#include "iceberg/changes/changelog.h"
#include "sql_fixture.h"

static void make_table(sql_fixture *f, int version, const char *mode, const char *partition)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "create table t (id bigint, g int, s varchar) %s tblproperties "
                   "('format-version' = '%d', 'write.delete.mode' = '%s', 'write.update.mode' = "
                   "'%s', 'write.merge.mode' = '%s')",
                   partition, version, mode, mode, mode);
    sql_run(f, sql);
}

static void fill(sql_fixture *f)
{
    sql_append(f, "default", "t",
               "select i::bigint as id, (i % 2)::int as g, 'n' || i as s from range(6) r(i) "
               "order by i");
}

static const struct {
    int version;
    const char *mode, *partition;
} k_kinds[] = {
    {2, "copy-on-write", ""},
    {2, "copy-on-write", "partitioned by (g)"},
    {2, "merge-on-read", ""},
    {2, "merge-on-read", "partitioned by (g)"},
    {3, "copy-on-write", ""},
    {3, "merge-on-read", ""},
    {3, "merge-on-read", "partitioned by (g)"},
};
#define N_KINDS (sizeof k_kinds / sizeof *k_kinds)

/* ---- one snapshot ---- */

static void test_deleted_and_inserted_rows_of_every_mode(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < N_KINDS; i++) {
        make_table(f, k_kinds[i].version, k_kinds[i].mode, k_kinds[i].partition);
        fill(f);
        sql_run(f, "delete from t where id in (1, 4)");
        sql_run(f, "update t set s = 'new' where id = 2");
        sql_run(f, "insert into t values (9, 1, 'n9')");
        assert_rows(f,
                    "select _change_ordinal, _change_type, id, g, s from firn_changes('t') where "
                    "_change_ordinal > 0",
                    "(1, DELETE, 1, 1, n1) (1, DELETE, 4, 0, n4) (2, DELETE, 2, 0, n2) "
                    "(2, INSERT, 2, 0, new) (3, INSERT, 9, 1, n9)");
        assert_rows(f,
                    "select count(*), min(id), max(id) from firn_changes('t') where "
                    "_change_ordinal = 0 and _change_type = 'INSERT'",
                    "(6, 0, 5)");
        assert_rows(f,
                    "select count(distinct c._commit_snapshot_id), bool_and(s.operation is not "
                    "null) from firn_changes('t') c join t.snapshots s on s.snapshot_id = "
                    "c._commit_snapshot_id",
                    "(4, true)");
        sql_run(f, "drop table t");
    }
}

static void test_changed_rows_by_key(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < N_KINDS; i++) {
        make_table(f, k_kinds[i].version, k_kinds[i].mode, k_kinds[i].partition);
        fill(f);
        sql_run(f, "merge into t using (select * from (values (1, 'x'), (2, 'y'), (9, 'z')) v(id, "
                   "s)) v on t.id = v.id when matched and v.s = 'x' then delete when matched then "
                   "update set s = v.s when not matched then insert (id, s) values (v.id, v.s)");
        assert_rows(f,
                    "select _change_type, id, s from firn_changes('t', identifier_columns => "
                    "['id']) where _change_ordinal = 1",
                    "(DELETE, 1, n1) (INSERT, 9, z) (UPDATE_AFTER, 2, y) (UPDATE_BEFORE, 2, n2)");
        sql_run(f, "drop table t");
    }
}

static void test_changed_rows_by_row_id(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < N_KINDS; i++) {
        if (k_kinds[i].version < 3) continue;
        make_table(f, 3, k_kinds[i].mode, k_kinds[i].partition);
        fill(f);
        /* the key of a row may change, too */
        sql_run(f, "update t set id = id + 100, s = 'new' where id >= 4");
        sql_run(f, "delete from t where id = 0");
        assert_rows(f,
                    "select _change_ordinal, _change_type, id, s from firn_changes('t', "
                    "compute_updates => true) where _change_ordinal > 0",
                    "(1, UPDATE_AFTER, 104, new) (1, UPDATE_AFTER, 105, new) (1, UPDATE_BEFORE, 4, "
                    "n4) (1, UPDATE_BEFORE, 5, n5) (2, DELETE, 0, n0)");
        sql_run(f, "drop table t");
    }
}

static void test_rows_that_only_move_are_shown_when_asked_for(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "copy-on-write", "");
    fill(f);
    sql_run(f, "delete from t where id = 1");
    assert_rows(f,
                "select _change_type, count(*) from firn_changes('t', remove_carryovers => false) "
                "where _change_ordinal = 1 group by all",
                "(DELETE, 6) (INSERT, 5)");
    assert_rows(f,
                "select _change_type, count(*) from t.changes where _change_ordinal = 1 group by "
                "all",
                "(DELETE, 6) (INSERT, 5)");
    sql_expect_failure(f, "from firn_changes('t', remove_carryovers => false, net_changes => true)",
                       FIRN_ERR_ARG, "only moved cannot be kept with updates or net changes", NULL,
                       0);
}

static void test_equal_rows_are_counted(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "copy-on-write", "");
    sql_run(f, "insert into t select 1, 1, 'x' from range(5)");
    sql_run(f, "insert overwrite t select 1, 1, 'x' from range(3)");
    assert_rows(
        f, "select _change_ordinal, _change_type, count(*) from firn_changes('t') group by all",
        "(0, INSERT, 5) (1, DELETE, 2)");
    sql_run(f, "insert overwrite t select 1, 1, 'x' from range(7)");
    assert_rows(f,
                "select _change_type, count(*) from firn_changes('t') where _change_ordinal = 2 "
                "group by all",
                "(INSERT, 4)");
    assert_rows(f,
                "select _change_type, count(*) from firn_changes('t', net_changes => true) "
                "group by all",
                "(INSERT, 7)");
}

static void test_several_deleted_rows_of_one_key_are_refused(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "copy-on-write", "");
    sql_run(f, "insert into t values (4, 0, 'a'), (5, 1, 'b')");
    sql_run(f, "update t set s = 'z'");
    assert_rows(f,
                "select _change_type, id from firn_changes('t', identifier_columns => ['g']) where "
                "_change_ordinal = 1",
                "(UPDATE_AFTER, 4) (UPDATE_AFTER, 5) (UPDATE_BEFORE, 4) (UPDATE_BEFORE, 5)");
    sql_run(f, "insert into t values (8, 0, 'b')");
    sql_run(f, "update t set s = 'y'");
    sql_expect_failure(
        f, "select count(id) from firn_changes('t', identifier_columns => ['g'])", FIRN_ERR_ARG,
        "updates cannot be told: a snapshot deletes several rows with the same (g)", NULL, 0);
}

static void test_updates_need_a_key(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "copy-on-write", "");
    fill(f);
    sql_expect_failure(f, "from firn_changes('t', compute_updates => true)", FIRN_ERR_ARG,
                       "updates need a key: the table has neither identifier fields nor row ids",
                       "name the identifier columns", 0);
    sql_expect_failure(f, "from firn_changes('t', identifier_columns => ['x'])", FIRN_ERR_NOT_FOUND,
                       "no column \"x\" to tell rows apart by", NULL, 0);
}

/* ---- net changes ---- */

static void test_net_changes_are_what_the_ends_differ_in(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < N_KINDS; i++) {
        make_table(f, k_kinds[i].version, k_kinds[i].mode, k_kinds[i].partition);
        fill(f);
        sql_run(f, "alter table t set tblproperties ('a' = 'b')");
        char sql[512];
        char first[64];
        (void)sql_rows(f, "select snapshot_id from t.snapshots", first, sizeof first);
        first[strlen(first) - 1] = '\0'; /* "(id)" */
        sql_run(f, "update t set s = 'a' where id = 1");
        sql_run(f, "update t set s = 'b' where id = 1");
        sql_run(f, "update t set s = 'c' where id = 2");
        sql_run(f, "update t set s = 'n2' where id = 2");
        sql_run(f, "delete from t where id = 3");
        sql_run(f, "insert into t values (7, 1, 'n7')");
        sql_run(f, "insert into t values (8, 1, 'n8')");
        sql_run(f, "delete from t where id = 7");
        (void)snprintf(sql, sizeof sql,
                       "select _change_type, id, s from firn_changes('t', %s, net_changes => true)",
                       first + 1);
        assert_rows(f, sql, "(DELETE, 1, n1) (DELETE, 3, n3) (INSERT, 1, b) (INSERT, 8, n8)");
        (void)snprintf(sql, sizeof sql,
                       "select _change_type, id, s, _change_ordinal from firn_changes('t', %s, "
                       "net_changes => true, identifier_columns => ['id'])",
                       first + 1);
        assert_rows(f, sql,
                    "(DELETE, 3, n3, 4) (INSERT, 8, n8, 6) (UPDATE_AFTER, 1, b, 1) (UPDATE_BEFORE, "
                    "1, n1, 0)");
        sql_run(f, "drop table t");
    }
}

/* ---- against the table itself ---- */

static const char *const k_changes[] = {
    "insert into t select (random() * 40)::bigint, (random() * 3)::int, 'i' || "
    "(random() * 3)::int from range(#)",
    "delete from t where id % 7 = #",
    "update t set s = s || 'u' where id % 5 = #",
    "update t set g = (g + 1) % 3 where id % 6 = #",
    "delete from t where g = # % 3",
    "insert overwrite t select id, g, s from t where id % 9 <> #",
    "merge into t using (select distinct id from t where id % 4 = # % 4) v on t.id = v.id and "
    "t.g <> 1 when matched and t.g = 0 then delete when matched then update set s = 'm' when not "
    "matched then insert (id, g, s) values (v.id, 1, 'new')",
};

/* Changes between two snapshots are what one has and the other has not, row by row. */
static void assert_changes_are_differences(sql_fixture *f, const char *from, const char *to)
{
    char sql[1024];
    (void)snprintf(
        sql, sizeof sql,
        "with a as (select id, g, s from t version as of %s), b as (select id, g, s from t version "
        "as of %s), c as (select * from firn_changes('t', %s, %s, net_changes => true)), "
        "want as ((select 'DELETE', * from (from a except all from b)) union all (select 'INSERT', "
        "* from (from b except all from a))), found as (select _change_type, id, g, s from c) "
        "select count(*) from ((from want except all from found) union all (from found except all "
        "from want))",
        from, to, from, to);
    assert_rows(f, sql, "(0)");
}

static void run_random_changes(sql_fixture *f, uint64_t seed)
{
    firn_prng prng;
    char sql[512];
    char ids[20][32];
    firn_prng_init(&prng, seed);
    sql_run(f, "insert into t select i, i % 3, 'r' || (i % 4) from range(30) r(i)");
    for (int i = 0; i < 9; i++) {
        const size_t which = firn_prng_below(&prng, sizeof k_changes / sizeof *k_changes);
        const char *hole = strchr(k_changes[which], '#');
        const char *from = hole ? hole : k_changes[which] + strlen(k_changes[which]);
        (void)snprintf(sql, sizeof sql, "%.*s%d%s", (int)(from - k_changes[which]),
                       k_changes[which], (int)firn_prng_below(&prng, 5), hole ? hole + 1 : "");
        sql_run(f, sql);
    }
    char text[2048];
    (void)sql_rows(f, "select list(snapshot_id order by committed_at)::varchar from t.snapshots",
                   text, sizeof text);
    size_t n = 0;
    for (const char *at = text; n < 20 && (at = strpbrk(at, "123456789")) != NULL;) {
        const size_t len = strspn(at, "0123456789");
        (void)snprintf(ids[n++], sizeof ids[0], "%.*s", (int)len, at);
        at += len;
    }
    for (size_t i = 1; i < n; i++) assert_changes_are_differences(f, ids[i - 1], ids[i]);
    assert_changes_are_differences(f, ids[0], ids[n - 1]);
    assert_changes_are_differences(f, ids[n / 3], ids[n - 2]);
}

static void test_random_changes_are_the_differences_of_snapshots(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 1; i < N_KINDS; i += 2) {
        make_table(f, k_kinds[i].version, k_kinds[i].mode, k_kinds[i].partition);
        print_message("seed %zu\n", 4711 + i);
        run_random_changes(f, 4711 + i);
        sql_run(f, "drop table t");
    }
}

/* ---- the library ---- */

typedef struct change_count {
    int64_t n[4]; /* DELETE, INSERT, UPDATE_BEFORE, UPDATE_AFTER */
    int64_t sum;  /* of id, negative for what is gone */
} change_count;

static change_count count_changes(sql_fixture *f, const firn_changes_opts *opts)
{
    static const char *const k_names[] = {"DELETE", "INSERT", "UPDATE_BEFORE", "UPDATE_AFTER"};
    firn_error err = {0};
    firn_changes *changes = NULL;
    const firn_batch *batch = NULL;
    firn_status st;
    change_count count = {{0}, 0};
    firn_table *table = sql_open_table(f, "default", "t");
    assert_ok(firn_changes_open(table, opts, &changes, &err), &err);
    const size_t at = firn_changes_columns(changes)->n_fields - 3;
    while ((st = firn_changes_next(changes, &batch, &err)) == FIRN_OK) {
        assert_true(batch->n_rows > 0);
        for (int64_t row = 0; row < batch->n_rows; row++) {
            const firn_value kind = firn_column_get(&batch->columns[at], row);
            const int64_t id = firn_column_get(&batch->columns[0], row).as.i64;
            for (int k = 0; k < 4; k++)
                if (firn_str_equals(kind.as.bytes, firn_str_of(k_names[k]))) {
                    count.n[k]++;
                    count.sum += k % 2 == 0 ? -id : id;
                }
        }
    }
    assert_int_equal(st, FIRN_DONE);
    firn_changes_close(changes);
    firn_table_close(table);
    return count;
}

static void test_a_small_budget_gives_the_same_rows(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 3, "copy-on-write", "");
    /* 1,024 entries fit in the smallest budget: these need many passes */
    sql_run(f, "insert into t select i, i % 10, 'row' || i from range(6000) r(i)");
    sql_run(f, "update t set s = 'changed' where id % 100 = 3");
    sql_run(f, "delete from t where id % 1000 = 5");
    for (int net = 0; net < 2; net++) {
        for (int by_key = 0; by_key < 2; by_key++) {
            const firn_str key = FIRN_STR("id");
            const firn_changes_opts small = {.with_updates = true,
                                             .identifiers = &key,
                                             .n_identifiers = by_key ? 1 : 0,
                                             .is_net = net == 1,
                                             .memory_bytes = 1};
            firn_changes_opts large = small;
            large.memory_bytes = 0;
            const change_count a = count_changes(f, &small);
            const change_count b = count_changes(f, &large);
            assert_memory_equal(&a, &b, sizeof a);
            assert_int_equal(a.n[0], net ? 0 : 6);
            assert_int_equal(a.n[1], net ? 5994 : 6000);
            assert_int_equal(a.n[2], net ? 0 : 60);
            assert_int_equal(a.n[3], net ? 0 : 60);
        }
    }
}

static void test_many_equal_rows_fit_in_a_small_budget(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "copy-on-write", "");
    sql_run(f, "insert into t select i % 3, 0, 'same' from range(4500) r(i)");
    sql_run(f, "delete from t where id = 1");
    const change_count found = count_changes(f, &(firn_changes_opts){.memory_bytes = 1});
    assert_int_equal(found.n[0], 1500);
    assert_int_equal(found.n[1], 4500);
    assert_int_equal(found.sum, 3000);
}

static void test_only_wanted_columns_are_given(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    firn_changes *changes = NULL;
    const firn_batch *batch = NULL;
    make_table(f, 2, "copy-on-write", "");
    fill(f);
    firn_table *table = sql_open_table(f, "default", "t");
    const firn_type text = {.kind = FIRN_TYPE_STRING};
    const firn_type time = {.kind = FIRN_TYPE_TIMESTAMPTZ};
    const firn_field fields[] = {
        {.id = FIRN_FIELD_COMMIT_TIME, .name = FIRN_STR("at"), .type = &time},
        {.id = 3, .name = FIRN_STR("s"), .type = &text},
        {.id = FIRN_FIELD_CHANGE_TYPE, .name = FIRN_STR("kind"), .type = &text}};
    const firn_type columns = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 3};
    assert_ok(firn_changes_open(table, FIRN_CHANGES_OPTS(.columns = &columns), &changes, &err),
              &err);
    assert_ok(firn_changes_next(changes, &batch, &err), &err);
    assert_int_equal(batch->n_columns, 3);
    assert_int_equal(firn_column_get(&batch->columns[0], 0).as.i64,
                     firn_table_metadata_of(table)->snapshots[0].timestamp_ms * 1000);
    assert_true(firn_str_equals(firn_column_get(&batch->columns[1], 2).as.bytes, FIRN_STR("n2")));
    assert_int_equal(firn_changes_next(changes, &batch, &err), FIRN_DONE);
    firn_changes_close(changes);
    assert_fails(firn_changes_open(table, FIRN_CHANGES_OPTS(.to_snapshot_id = 7), &changes, &err),
                 FIRN_ERR_NOT_FOUND, &err, "the table has no snapshot 7");
    assert_fails(firn_changes_open(table, FIRN_CHANGES_OPTS(.from_snapshot_id = 7), &changes, &err),
                 FIRN_ERR_ARG, &err, "snapshot 7 is not an ancestor of snapshot");
    firn_table_close(table);
}

static void test_an_empty_table_has_no_changes(void **state)
{
    sql_fixture *f = *state;
    make_table(f, 2, "copy-on-write", "");
    assert_rows(f, "select count(*) from firn_changes('t')", "(0)");
    assert_rows(f, "select count(*) from firn_changes('t', net_changes => true)", "(0)");
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_deleted_and_inserted_rows_of_every_mode),
        IN_FIXTURE(test_changed_rows_by_key),
        IN_FIXTURE(test_changed_rows_by_row_id),
        IN_FIXTURE(test_rows_that_only_move_are_shown_when_asked_for),
        IN_FIXTURE(test_equal_rows_are_counted),
        IN_FIXTURE(test_several_deleted_rows_of_one_key_are_refused),
        IN_FIXTURE(test_updates_need_a_key),
        IN_FIXTURE(test_net_changes_are_what_the_ends_differ_in),
        IN_FIXTURE(test_random_changes_are_the_differences_of_snapshots),
        IN_FIXTURE(test_a_small_budget_gives_the_same_rows),
        IN_FIXTURE(test_many_equal_rows_fit_in_a_small_budget),
        IN_FIXTURE(test_only_wanted_columns_are_given),
        IN_FIXTURE(test_an_empty_table_has_no_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
