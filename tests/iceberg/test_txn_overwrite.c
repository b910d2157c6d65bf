/* SPDX-License-Identifier: Apache-2.0 */
/* Copy-on-write overwrites, and which concurrent commits they conflict with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

struct fixture {
    firn_test_lake lake;
    firn_table *table; /* partitioned by day; a: day 1, ids 0-9; b: day 2, ids 10-19 */
    int64_t read_id;
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    firn_error err;
    *state = f;
    firn_test_lake_open(&f->lake, false, NULL);
    f->table = firn_test_table(&f->lake, "t", true, NULL);
    assert_ok(firn_test_append(&f->lake, f->table, "a.parquet", 1, 0, 10, &err), &err);
    assert_ok(firn_test_append(&f->lake, f->table, "b.parquet", 2, 10, 10, &err), &err);
    f->read_id = firn_table_metadata_of(f->table)->current_snapshot_id;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    firn_table_close(f->table);
    firn_test_lake_close(&f->lake, false);
    free(f);
    return 0;
}

static firn_str path_of(struct fixture *f, const char *name)
{
    return firn_test_data_file(&f->lake, f->table, name, 0, 0, 1).path;
}

/* id = value, bound. */
static const firn_expr *id_is(struct fixture *f, int64_t value)
{
    const firn_value v = {.kind = FIRN_TYPE_LONG, .as.i64 = value};
    const firn_expr *bound = NULL;
    firn_error err;
    const firn_expr *e = firn_expr_predicate(f->lake.arena, FIRN_EXPR_EQ, FIRN_STR("id"), &v, 1);
    assert_non_null(e);
    assert_ok(firn_expr_bind(e, firn_metadata_schema(firn_table_metadata_of(f->table)),
                             f->lake.arena, &bound, &err),
              &err);
    return bound;
}

struct request {
    const char *removed; /* NULL: none */
    const char *added;   /* NULL: none */
    const firn_expr *filter;
    firn_isolation isolation;
    bool must_be_unchanged;
};

static firn_status overwrite(struct fixture *f, const struct request *r, firn_error *err)
{
    firn_txn *txn = NULL;
    firn_file_key removed = {0};
    firn_data_file added = {0};
    if (r->removed) removed.path = path_of(f, r->removed);
    if (r->added) added = firn_test_data_file(&f->lake, f->table, r->added, 1, 0, 8);
    const firn_change change = {.kind = FIRN_CHANGE_OVERWRITE,
                                .added = &added,
                                .n_added = r->added ? 1 : 0,
                                .removed = &removed,
                                .n_removed = r->removed ? 1 : 0,
                                .filter = r->filter,
                                .from_snapshot_id = f->read_id,
                                .isolation = r->isolation,
                                .must_be_unchanged = r->must_be_unchanged};
    FIRN_TRY(firn_txn_begin(f->table, &txn, err));
    firn_status st = firn_txn_change_files(txn, &change, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

static void assert_live_paths(struct fixture *f, const char *const *names, size_t n)
{
    firn_scan_plan plan;
    firn_error err;
    const firn_plan_opts opts = {0};
    firn_table *table = firn_test_table_open(&f->lake, "t");
    assert_ok(firn_scan_plan_files(f->lake.env, f->lake.store, firn_table_metadata_of(table), &opts,
                                   f->lake.arena, &plan, &err),
              &err);
    assert_int_equal(plan.n_tasks, n);
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t j = 0; j < plan.n_tasks; j++)
            found = found || firn_str_ends_with(plan.tasks[j].file->path, firn_str_of(names[i]));
        if (!found) fail_msg("%s is not live", names[i]);
    }
    firn_table_close(table);
}

static void test_files_are_replaced_and_counted(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const struct request r = {.removed = "a.parquet", .added = "a2.parquet"};
    assert_ok(overwrite(f, &r, &err), &err);
    const firn_snapshot *s = firn_metadata_current_snapshot(firn_table_metadata_of(f->table));
    assert_str(s->operation, "overwrite");
    assert_int_equal(firn_test_summary(f->table, "added-data-files"), 1);
    assert_int_equal(firn_test_summary(f->table, "deleted-data-files"), 1);
    assert_int_equal(firn_test_summary(f->table, "added-records"), 8);
    assert_int_equal(firn_test_summary(f->table, "deleted-records"), 10);
    assert_int_equal(firn_test_summary(f->table, "removed-files-size"), 1000);
    assert_int_equal(firn_test_summary(f->table, "total-records"), 18);
    assert_int_equal(firn_test_summary(f->table, "total-data-files"), 2);
    assert_int_equal(firn_test_summary(f->table, "total-files-size"), 1800);
    assert_int_equal(firn_test_summary(f->table, "changed-partition-count"), 1);
    assert_int_equal(firn_test_summary(f->table, "manifests-replaced"), 1);
    assert_int_equal(firn_test_summary(f->table, "manifests-kept"), 1);
    assert_live_paths(f, (const char *[]){"a2.parquet", "b.parquet"}, 2);
}

static void test_rewriting_rows_of_a_v3_table_is_refused(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_txn *txn = NULL;
    const firn_property v3 = {FIRN_STR("format-version"), FIRN_STR("3")};
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    assert_ok(firn_txn_set_properties(txn, &v3, 1, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const struct request rewrite = {.removed = "a.parquet", .added = "a2.parquet"};
    assert_fails(overwrite(f, &rewrite, &err), FIRN_ERR_ARG, &err,
                 "rows of a format version 3 table would lose their ids");
    const struct request removal = {.removed = "a.parquet"};
    assert_ok(overwrite(f, &removal, &err), &err);
}

static void test_removing_only_is_a_delete(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const struct request r = {.removed = "a.parquet"};
    assert_ok(overwrite(f, &r, &err), &err);
    assert_str(firn_metadata_current_snapshot(firn_table_metadata_of(f->table))->operation,
               "delete");
    assert_live_paths(f, (const char *[]){"b.parquet"}, 1);
    const struct request again = {.removed = "b.parquet"};
    f->read_id = firn_table_metadata_of(f->table)->current_snapshot_id;
    assert_ok(overwrite(f, &again, &err), &err);
    assert_live_paths(f, NULL, 0);
    assert_int_equal(firn_test_summary(f->table, "total-records"), 0);
}

static void test_missing_file_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const struct request r = {.removed = "zz.parquet", .added = "a2.parquet"};
    assert_fails(overwrite(f, &r, &err), FIRN_ERR_CONFLICT, &err, "is not in the table");
    assert_live_paths(f, (const char *[]){"a.parquet", "b.parquet"}, 2);
}

/* Another writer appends ids 100-109 after our read. */
static void append_elsewhere(struct fixture *f)
{
    firn_error err;
    firn_table *other = firn_test_table_open(&f->lake, "t");
    assert_ok(firn_test_append(&f->lake, other, "c.parquet", 3, 100, 10, &err), &err);
    firn_table_close(other);
}

static void test_matching_append_conflicts_when_serializable(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    append_elsewhere(f);
    const struct request r = {
        .removed = "a.parquet", .added = "a2.parquet", .filter = id_is(f, 105)};
    assert_fails(overwrite(f, &r, &err), FIRN_ERR_CONFLICT, &err, "added data file");
    const struct request all = {.removed = "a.parquet", .added = "a2.parquet"};
    assert_fails(overwrite(f, &all, &err), FIRN_ERR_CONFLICT, &err, "added data file");
    assert_live_paths(f, (const char *[]){"a.parquet", "b.parquet", "c.parquet"}, 3);
}

static void test_matching_append_is_fine_under_snapshot_isolation(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    append_elsewhere(f);
    const struct request r = {.removed = "a.parquet",
                              .added = "a2.parquet",
                              .filter = id_is(f, 105),
                              .isolation = FIRN_ISOLATION_SNAPSHOT};
    assert_ok(overwrite(f, &r, &err), &err);
    assert_live_paths(f, (const char *[]){"a2.parquet", "b.parquet", "c.parquet"}, 3);
    assert_int_equal(firn_test_summary(f->table, "total-records"), 28);
}

static void test_append_of_other_rows_does_not_conflict(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    append_elsewhere(f);
    const struct request r = {.removed = "a.parquet", .added = "a2.parquet", .filter = id_is(f, 5)};
    assert_ok(overwrite(f, &r, &err), &err);
    assert_live_paths(f, (const char *[]){"a2.parquet", "b.parquet", "c.parquet"}, 3);
}

static void test_file_removed_by_another_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    struct fixture other = *f;
    const struct request theirs = {
        .removed = "a.parquet", .added = "x.parquet", .filter = id_is(f, 5)};
    const struct request mine = {.removed = "a.parquet",
                                 .added = "a2.parquet",
                                 .filter = id_is(f, 105),
                                 .isolation = FIRN_ISOLATION_SNAPSHOT};
    other.table = firn_test_table_open(&f->lake, "t");
    assert_ok(overwrite(&other, &theirs, &err), &err);
    firn_table_close(other.table);
    assert_fails(overwrite(f, &mine, &err), FIRN_ERR_CONFLICT, &err, "is not in the table");
    assert_live_paths(f, (const char *[]){"x.parquet", "b.parquet"}, 2);
}

static void test_removal_of_files_that_are_not_replaced_is_fine(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    struct fixture other = *f;
    const struct request theirs = {.removed = "b.parquet"};
    const struct request mine = {
        .removed = "a.parquet", .added = "a2.parquet", .filter = id_is(f, 15)};
    other.table = firn_test_table_open(&f->lake, "t");
    assert_ok(overwrite(&other, &theirs, &err), &err);
    firn_table_close(other.table);
    assert_ok(overwrite(f, &mine, &err), &err);
    assert_live_paths(f, (const char *[]){"a2.parquet"}, 1);
}

static void test_unchanged_is_demanded(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    append_elsewhere(f);
    const struct request r = {
        .removed = "a.parquet", .filter = id_is(f, 5), .must_be_unchanged = true};
    assert_fails(overwrite(f, &r, &err), FIRN_ERR_CONFLICT, &err, "expected it unchanged");
}

static void test_snapshot_read_must_be_an_ancestor(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_txn *txn = NULL;
    const int64_t first =
        firn_metadata_current_snapshot(firn_table_metadata_of(f->table))->parent_snapshot_id;
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    assert_ok(firn_txn_rollback_to(txn, first, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const struct request r = {.removed = "a.parquet", .filter = id_is(f, 5)};
    assert_fails(overwrite(f, &r, &err), FIRN_ERR_CONFLICT, &err, "is not an ancestor");
}

static void test_many_files_in_one_manifest_are_rewritten_once(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_txn *txn = NULL;
    firn_data_file files[50];
    firn_file_key removed[25] = {{.vector_offset = 0}};
    char names[50][32];
    for (int i = 0; i < 50; i++) {
        (void)snprintf(names[i], sizeof names[i], "m%02d.parquet", i);
        files[i] = firn_test_data_file(&f->lake, f->table, names[i], i, 1000 + i, 1);
        if (i % 2 == 0) removed[i / 2].path = files[i].path;
    }
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    assert_ok(firn_txn_append_files(txn, files, 50, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const firn_change change = {.kind = FIRN_CHANGE_OVERWRITE,
                                .removed = removed,
                                .n_removed = 25,
                                .from_snapshot_id =
                                    firn_table_metadata_of(f->table)->current_snapshot_id};
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    assert_ok(firn_txn_change_files(txn, &change, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_int_equal(firn_test_summary(f->table, "deleted-data-files"), 25);
    assert_int_equal(firn_test_summary(f->table, "total-data-files"), 27);
    assert_int_equal(firn_test_summary(f->table, "manifests-replaced"), 1);
    /* What was live before keeps its sequence number. */
    firn_scan_plan plan;
    const firn_plan_opts opts = {0};
    assert_ok(firn_scan_plan_files(f->lake.env, f->lake.store, firn_table_metadata_of(f->table),
                                   &opts, f->lake.arena, &plan, &err),
              &err);
    assert_int_equal(plan.n_tasks, 27);
    for (size_t i = 0; i < plan.n_tasks; i++)
        if (firn_str_ends_with(plan.tasks[i].file->path, FIRN_STR("m01.parquet")))
            assert_int_equal(plan.tasks[i].sequence_number, 3);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_files_are_replaced_and_counted),
        TEST(test_rewriting_rows_of_a_v3_table_is_refused),
        TEST(test_removing_only_is_a_delete),
        TEST(test_missing_file_is_a_conflict),
        TEST(test_matching_append_conflicts_when_serializable),
        TEST(test_matching_append_is_fine_under_snapshot_isolation),
        TEST(test_append_of_other_rows_does_not_conflict),
        TEST(test_file_removed_by_another_is_a_conflict),
        TEST(test_removal_of_files_that_are_not_replaced_is_fine),
        TEST(test_unchanged_is_demanded),
        TEST(test_snapshot_read_must_be_an_ancestor),
        TEST(test_many_files_in_one_manifest_are_rewritten_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
