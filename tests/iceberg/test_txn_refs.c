/* SPDX-License-Identifier: Apache-2.0 */
/* Branches, tags, rollback, cherry-pick, statistics: what a transaction does to references. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

struct fixture {
    firn_test_lake lake;
    firn_table *table; /* partitioned by day; three appends: s[0] <- s[1] <- s[2] */
    int64_t s[3];
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    static const char *names[] = {"a.parquet", "b.parquet", "c.parquet"};
    firn_error err;
    *state = f;
    firn_test_lake_open(&f->lake, false, NULL);
    f->table = firn_test_table(&f->lake, "t", true, NULL);
    for (int i = 0; i < 3; i++) {
        assert_ok(firn_test_append(&f->lake, f->table, names[i], i, INT64_C(10) * i, 10, &err),
                  &err);
        f->s[i] = firn_table_metadata_of(f->table)->current_snapshot_id;
        f->lake.clock_state.wall_us += 1000000;
    }
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

static firn_txn *begin(struct fixture *f)
{
    firn_txn *txn = NULL;
    firn_error err;
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    return txn;
}

static void commit(firn_txn *txn)
{
    firn_error err;
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
}

static const firn_snapshot_ref *ref(struct fixture *f, const char *name)
{
    return firn_metadata_find_ref(firn_table_metadata_of(f->table), firn_str_of(name));
}

static void make_branch(struct fixture *f, const char *name, int64_t snapshot_id)
{
    firn_error err;
    firn_txn *txn = begin(f);
    assert_ok(
        firn_txn_set_ref(txn, firn_str_of(name), FIRN_REF_OPTS(.snapshot_id = snapshot_id), &err),
        &err);
    commit(txn);
}

static firn_status append_to(struct fixture *f, const char *branch, const char *name, int32_t day,
                             firn_error *err)
{
    firn_txn *txn = begin(f);
    const firn_data_file file = firn_test_data_file(&f->lake, f->table, name, day, 500, 5);
    const firn_change change = {
        .added = &file, .n_added = 1, .branch = firn_str_of(branch), .from_snapshot_id = -1};
    firn_status st = firn_txn_change_files(txn, &change, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

/* ---- create, replace, drop ---- */

static void test_branch_and_tag_are_made_with_retention(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_set_ref(txn, FIRN_STR("dev"),
                               FIRN_REF_OPTS(.min_snapshots_to_keep = 3, .max_snapshot_age_ms = 7,
                                             .max_ref_age_ms = 9),
                               &err),
              &err);
    assert_ok(firn_txn_set_ref(txn, FIRN_STR("v1"),
                               FIRN_REF_OPTS(.is_tag = true, .snapshot_id = f->s[0]), &err),
              &err);
    commit(txn);
    assert_int_equal(ref(f, "dev")->snapshot_id, f->s[2]);
    assert_false(ref(f, "dev")->is_tag);
    assert_int_equal(ref(f, "dev")->min_snapshots_to_keep, 3);
    assert_int_equal(ref(f, "dev")->max_snapshot_age_ms, 7);
    assert_int_equal(ref(f, "dev")->max_ref_age_ms, 9);
    assert_int_equal(ref(f, "v1")->snapshot_id, f->s[0]);
    assert_true(ref(f, "v1")->is_tag);
    assert_int_equal(ref(f, "v1")->max_ref_age_ms, -1);
}

static void test_names_that_are_taken_follow_the_mode(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    make_branch(f, "dev", f->s[0]);
    firn_txn *txn = begin(f);
    const firn_str dev = FIRN_STR("dev");
    assert_fails(firn_txn_set_ref(txn, dev, NULL, &err), FIRN_ERR_EXISTS, &err,
                 "branch \"dev\" exists already");
    assert_fails(
        firn_txn_set_ref(txn, FIRN_STR("new"), FIRN_REF_OPTS(.mode = FIRN_REF_REPLACE), &err),
        FIRN_ERR_NOT_FOUND, &err, "no branch \"new\"");
    assert_fails(firn_txn_set_ref(txn, dev,
                                  FIRN_REF_OPTS(.mode = FIRN_REF_CREATE_OR_REPLACE, .is_tag = true),
                                  &err),
                 FIRN_ERR_ARG, &err, "\"dev\" is a branch, not a tag");
    assert_ok(firn_txn_set_ref(txn, dev, FIRN_REF_OPTS(.mode = FIRN_REF_IF_NOT_EXISTS), &err),
              &err);
    commit(txn);
    assert_int_equal(ref(f, "dev")->snapshot_id, f->s[0]);
    txn = begin(f);
    assert_ok(firn_txn_set_ref(txn, dev, FIRN_REF_OPTS(.mode = FIRN_REF_REPLACE), &err), &err);
    commit(txn);
    assert_int_equal(ref(f, "dev")->snapshot_id, f->s[2]);
}

static void test_wrong_references_are_refused(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_txn *txn = begin(f);
    assert_fails(firn_txn_set_ref(txn, FIRN_STR(""), NULL, &err), FIRN_ERR_ARG, &err,
                 "needs a name");
    assert_fails(firn_txn_set_ref(txn, FIRN_STR("main"), FIRN_REF_OPTS(.is_tag = true), &err),
                 FIRN_ERR_ARG, &err, "cannot be a tag");
    assert_fails(firn_txn_set_ref(txn, FIRN_STR("x"), FIRN_REF_OPTS(.snapshot_id = 12345), &err),
                 FIRN_ERR_NOT_FOUND, &err, "no snapshot 12345");
    assert_fails(firn_txn_set_ref(txn, FIRN_STR("x"),
                                  FIRN_REF_OPTS(.is_tag = true, .min_snapshots_to_keep = 1), &err),
                 FIRN_ERR_ARG, &err, "only branches can");
    assert_fails(firn_txn_set_ref(txn, FIRN_STR("x"), FIRN_REF_OPTS(.max_ref_age_ms = -1), &err),
                 FIRN_ERR_ARG, &err, "must be above 0");
    assert_fails(firn_txn_drop_ref(txn, FIRN_STR("main"), false, true, &err), FIRN_ERR_ARG, &err,
                 "cannot be dropped");
    assert_fails(firn_txn_drop_ref(txn, FIRN_STR("x"), true, false, &err), FIRN_ERR_NOT_FOUND, &err,
                 "no tag \"x\"");
    assert_ok(firn_txn_drop_ref(txn, FIRN_STR("x"), true, true, &err), &err);
    firn_txn_close(txn);
}

static void test_branch_is_dropped_and_renamed(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    make_branch(f, "dev", f->s[0]);
    make_branch(f, "old", f->s[1]);
    firn_txn *txn = begin(f);
    assert_fails(firn_txn_drop_ref(txn, FIRN_STR("dev"), true, false, &err), FIRN_ERR_ARG, &err,
                 "is a branch, not a tag");
    assert_fails(firn_txn_rename_branch(txn, FIRN_STR("dev"), FIRN_STR("old"), &err),
                 FIRN_ERR_EXISTS, &err, "exists already");
    assert_ok(firn_txn_drop_ref(txn, FIRN_STR("old"), false, false, &err), &err);
    assert_ok(firn_txn_rename_branch(txn, FIRN_STR("dev"), FIRN_STR("old"), &err), &err);
    commit(txn);
    assert_null(ref(f, "dev"));
    assert_int_equal(ref(f, "old")->snapshot_id, f->s[0]);
}

/* ---- writes to a branch ---- */

static void test_append_to_a_branch_leaves_main(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    make_branch(f, "dev", f->s[1]);
    assert_ok(append_to(f, "dev", "d.parquet", 9, &err), &err);
    const firn_table_metadata *m = firn_table_metadata_of(f->table);
    assert_int_equal(m->current_snapshot_id, f->s[2]);
    const firn_snapshot *s = firn_metadata_find_snapshot(m, ref(f, "dev")->snapshot_id);
    assert_int_equal(s->parent_snapshot_id, f->s[1]);
    assert_str(firn_properties_get(&s->summary, FIRN_STR("total-records"), (firn_str){0}), "25");
    assert_fails(append_to(f, "none", "e.parquet", 9, &err), FIRN_ERR_NOT_FOUND, &err,
                 "no branch \"none\"");
}

static void test_branch_is_made_and_written_in_one_commit(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_txn *txn = begin(f);
    const firn_data_file file = firn_test_data_file(&f->lake, f->table, "d.parquet", 1, 500, 5);
    const firn_change change = {
        .added = &file, .n_added = 1, .branch = FIRN_STR("dev"), .from_snapshot_id = -1};
    assert_ok(
        firn_txn_set_ref(txn, FIRN_STR("dev"), FIRN_REF_OPTS(.min_snapshots_to_keep = 2), &err),
        &err);
    assert_ok(firn_txn_change_files(txn, &change, &err), &err);
    assert_fails(firn_txn_drop_ref(txn, FIRN_STR("dev"), false, false, &err), FIRN_ERR_ARG, &err,
                 "branches and tags change before");
    commit(txn);
    assert_int_not_equal(ref(f, "dev")->snapshot_id, f->s[2]);
    assert_int_equal(ref(f, "dev")->min_snapshots_to_keep, 2);
    assert_int_equal(firn_table_metadata_of(f->table)->current_snapshot_id, f->s[2]);
}

static void test_fast_forward_goes_to_descendants_only(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    make_branch(f, "dev", 0);
    assert_ok(append_to(f, "dev", "d.parquet", 9, &err), &err);
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_fast_forward(txn, FIRN_STR("main"), FIRN_STR("dev"), &err), &err);
    commit(txn);
    assert_int_equal(firn_table_metadata_of(f->table)->current_snapshot_id,
                     ref(f, "dev")->snapshot_id);
    make_branch(f, "side", f->s[0]);
    assert_ok(append_to(f, "side", "e.parquet", 9, &err), &err);
    txn = begin(f);
    assert_fails(firn_txn_fast_forward(txn, FIRN_STR("main"), FIRN_STR("side"), &err), FIRN_ERR_ARG,
                 &err, "it is not a descendant");
    assert_fails(firn_txn_fast_forward(txn, FIRN_STR("main"), FIRN_STR("none"), &err),
                 FIRN_ERR_NOT_FOUND, &err, "no branch or tag \"none\"");
    firn_txn_close(txn);
}

/* ---- main ---- */

static void test_rollback_to_a_time_takes_the_newest_before_it(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const int64_t at =
        firn_metadata_find_snapshot(firn_table_metadata_of(f->table), f->s[1])->timestamp_ms;
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_rollback_to_time(txn, at + 1, &err), &err);
    commit(txn);
    assert_int_equal(firn_table_metadata_of(f->table)->current_snapshot_id, f->s[1]);
    txn = begin(f);
    assert_fails(firn_txn_rollback_to_time(txn, 1, &err), FIRN_ERR_NOT_FOUND, &err,
                 "no snapshot of this history is older than 1970-01-01T00:00:00.001000Z");
    firn_txn_close(txn);
}

static void test_append_is_cherry_picked_once(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    make_branch(f, "dev", f->s[1]);
    assert_ok(append_to(f, "dev", "d.parquet", 9, &err), &err);
    const int64_t picked = ref(f, "dev")->snapshot_id;
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_cherry_pick(txn, picked, &err), &err);
    commit(txn);
    const firn_snapshot *s = firn_metadata_current_snapshot(firn_table_metadata_of(f->table));
    int64_t source = 0;
    assert_true(firn_str_to_i64(
        firn_properties_get(&s->summary, FIRN_STR("source-snapshot-id"), (firn_str){0}), &source));
    assert_int_equal(source, picked);
    assert_int_equal(s->parent_snapshot_id, f->s[2]);
    assert_int_equal(firn_test_summary(f->table, "total-records"), 35);
    txn = begin(f);
    assert_fails(firn_txn_cherry_pick(txn, picked, &err), FIRN_ERR_ARG, &err,
                 "it was cherry-picked before");
    assert_fails(firn_txn_cherry_pick(txn, f->s[0], &err), FIRN_ERR_ARG, &err,
                 "is in main already");
    firn_txn_close(txn);
}

/* The snapshots between are expired, so that only the files tell that main has the change. */
static void test_what_main_has_is_not_picked_when_history_is_cut(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    make_branch(f, "old", f->s[0]);
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_remove_snapshots(txn, &f->s[1], 1, &err), &err);
    commit(txn);
    txn = begin(f);
    assert_fails(firn_txn_cherry_pick(txn, f->s[0], &err), FIRN_ERR_ARG, &err,
                 "is in main already: file ");
    firn_txn_close(txn);
}

static void test_cherry_pick_of_the_next_snapshot_moves_main(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    make_branch(f, "dev", 0);
    assert_ok(append_to(f, "dev", "d.parquet", 9, &err), &err);
    const size_t n = firn_table_metadata_of(f->table)->n_snapshots;
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_cherry_pick(txn, ref(f, "dev")->snapshot_id, &err), &err);
    commit(txn);
    assert_int_equal(firn_table_metadata_of(f->table)->n_snapshots, n);
    assert_int_equal(firn_table_metadata_of(f->table)->current_snapshot_id,
                     ref(f, "dev")->snapshot_id);
}

/* On branch "dev", which starts at s[1], day 1 is replaced. */
static int64_t replace_day_1_on_dev(struct fixture *f)
{
    firn_error err;
    make_branch(f, "dev", f->s[1]);
    const firn_data_file file = firn_test_data_file(&f->lake, f->table, "n.parquet", 1, 500, 5);
    const firn_change change = {.kind = FIRN_CHANGE_REPLACE_PARTITIONS,
                                .added = &file,
                                .n_added = 1,
                                .branch = FIRN_STR("dev"),
                                .from_snapshot_id = f->s[1]};
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_change_files(txn, &change, &err), &err);
    commit(txn);
    return ref(f, "dev")->snapshot_id;
}

static void test_partition_overwrite_is_cherry_picked(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const int64_t picked = replace_day_1_on_dev(f);
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_cherry_pick(txn, picked, &err), &err);
    commit(txn);
    assert_int_equal(firn_test_summary(f->table, "total-records"), 25);
    assert_int_equal(firn_test_summary(f->table, "deleted-data-files"), 1);
}

static void test_partition_overwrite_of_changed_partitions_conflicts(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const int64_t picked = replace_day_1_on_dev(f);
    assert_ok(append_to(f, "main", "x.parquet", 1, &err), &err);
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_cherry_pick(txn, picked, &err), &err);
    assert_fails(firn_txn_commit(txn, &err), FIRN_ERR_CONFLICT, &err, "added data file");
    firn_txn_close(txn);
}

/* The files of a picked snapshot belong to the table: a lost commit must not remove them. */
static void test_lost_cherry_pick_leaves_the_files(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    make_branch(f, "dev", f->s[1]);
    assert_ok(append_to(f, "dev", "d.parquet", 9, &err), &err);
    firn_data_file file = firn_test_data_file(&f->lake, f->table, "d.parquet", 9, 500, 5);
    assert_ok(firn_store_put(f->lake.store, file.path, FIRN_STR("rows"), &err), &err);
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_cherry_pick(txn, ref(f, "dev")->snapshot_id, &err), &err);
    firn_txn_discard_files(txn);
    firn_txn_close(txn);
    firn_store_entry entry;
    assert_ok(firn_store_stat(f->lake.store, file.path, &entry, &err), &err);
}

/* ---- snapshots, statistics, location ---- */

static void test_snapshots_are_removed_unless_they_are_named(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    make_branch(f, "dev", f->s[0]);
    firn_txn *txn = begin(f);
    assert_fails(firn_txn_remove_snapshots(txn, f->s, 2, &err), FIRN_ERR_ARG, &err,
                 "is still named by branch \"dev\"");
    assert_ok(firn_txn_remove_snapshots(txn, &f->s[1], 1, &err), &err);
    commit(txn);
    const firn_table_metadata *m = firn_table_metadata_of(f->table);
    assert_int_equal(m->n_snapshots, 2);
    assert_null(firn_metadata_find_snapshot(m, f->s[1]));
}

static void test_statistics_are_set_replaced_and_removed(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    char first[256];
    char second[256];
    (void)snprintf(first, sizeof first,
                   "{\"snapshot-id\":%lld,\"statistics-path\":\"one.puffin\","
                   "\"file-size-in-bytes\":9,\"file-footer-size-in-bytes\":5,"
                   "\"blob-metadata\":[]}",
                   (long long)f->s[0]);
    (void)snprintf(second, sizeof second,
                   "{\"snapshot-id\":%lld,\"statistics-path\":\"two.puffin\","
                   "\"file-size-in-bytes\":9,\"file-footer-size-in-bytes\":5,"
                   "\"blob-metadata\":[]}",
                   (long long)f->s[0]);
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_set_statistics(txn, firn_str_of(first), false, &err), &err);
    commit(txn);
    txn = begin(f);
    assert_ok(firn_txn_set_statistics(txn, firn_str_of(second), false, &err), &err);
    commit(txn);
    const firn_str json = firn_table_metadata_of(f->table)->statistics_json;
    assert_non_null(strstr(json.data, "two.puffin"));
    assert_null(strstr(json.data, "one.puffin"));
    txn = begin(f);
    assert_ok(firn_txn_remove_statistics(txn, f->s[0], false, &err), &err);
    commit(txn);
    assert_int_equal(firn_table_metadata_of(f->table)->statistics_json.len, 0);
    txn = begin(f);
    assert_ok(firn_txn_set_statistics(txn, FIRN_STR("{\"snapshot-id\":1}"), true, &err), &err);
    assert_fails(firn_txn_commit(txn, &err), FIRN_ERR_ARG, &err,
                 "statistics file: missing \"statistics-path\"");
    firn_txn_close(txn);
}

static void test_location_is_set(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_txn *txn = begin(f);
    assert_ok(firn_txn_set_location(txn, FIRN_STR("/elsewhere/t/"), &err), &err);
    commit(txn);
    assert_str(firn_table_metadata_of(f->table)->location, "/elsewhere/t");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_branch_and_tag_are_made_with_retention),
        WITH_FIXTURE(test_names_that_are_taken_follow_the_mode),
        WITH_FIXTURE(test_wrong_references_are_refused),
        WITH_FIXTURE(test_branch_is_dropped_and_renamed),
        WITH_FIXTURE(test_append_to_a_branch_leaves_main),
        WITH_FIXTURE(test_branch_is_made_and_written_in_one_commit),
        WITH_FIXTURE(test_fast_forward_goes_to_descendants_only),
        WITH_FIXTURE(test_rollback_to_a_time_takes_the_newest_before_it),
        WITH_FIXTURE(test_append_is_cherry_picked_once),
        WITH_FIXTURE(test_what_main_has_is_not_picked_when_history_is_cut),
        WITH_FIXTURE(test_cherry_pick_of_the_next_snapshot_moves_main),
        WITH_FIXTURE(test_partition_overwrite_is_cherry_picked),
        WITH_FIXTURE(test_partition_overwrite_of_changed_partitions_conflicts),
        WITH_FIXTURE(test_lost_cherry_pick_leaves_the_files),
        WITH_FIXTURE(test_snapshots_are_removed_unless_they_are_named),
        WITH_FIXTURE(test_statistics_are_set_replaced_and_removed),
        WITH_FIXTURE(test_location_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
