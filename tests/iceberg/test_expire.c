/* SPDX-License-Identifier: Apache-2.0 */
/* Expiring snapshots: which go, which files go with them, and what is left when it is killed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "firn/maintain.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

#define HOUR_MS ((int64_t)3600 * 1000)

/* Snapshots an hour apart: a and b are added, a is replaced by c, d is added. */
struct fixture {
    firn_test_lake lake;
    firn_table *table;
    int64_t s[4];
};

static firn_data_file make_file(firn_test_lake *lake, const firn_table *table, const char *name)
{
    firn_error err;
    firn_data_file file = firn_test_data_file(lake, table, name, 0, 0, 10);
    assert_ok(firn_store_put(lake->store, file.path, FIRN_STR("rows"), &err), &err);
    return file;
}

static int64_t change(firn_test_lake *lake, firn_table *table, const char *added,
                      const char *removed)
{
    firn_error err;
    firn_txn *txn = NULL;
    firn_data_file file = make_file(lake, table, added);
    firn_file_key key = {0};
    firn_change what = {.added = &file,
                        .n_added = 1,
                        .from_snapshot_id = firn_table_metadata_of(table)->current_snapshot_id};
    if (removed) {
        key.path = firn_test_data_file(lake, table, removed, 0, 0, 10).path;
        what.kind = FIRN_CHANGE_OVERWRITE;
        what.removed = &key;
        what.n_removed = 1;
    }
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_change_files(txn, &what, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    lake->clock_state.wall_us += HOUR_MS * 1000;
    return firn_table_metadata_of(table)->current_snapshot_id;
}

static void fill(struct fixture *f)
{
    f->table = firn_test_table(&f->lake, "t", false, NULL);
    f->s[0] = change(&f->lake, f->table, "a", NULL);
    f->s[1] = change(&f->lake, f->table, "b", NULL);
    f->s[2] = change(&f->lake, f->table, "c", "a");
    f->s[3] = change(&f->lake, f->table, "d", NULL);
}

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    firn_test_lake_open_in_memory(&f->lake);
    fill(f);
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

static int64_t now_ms(const struct fixture *f)
{
    return f->lake.clock_state.wall_us / 1000;
}

static bool is_there(struct fixture *f, const char *name)
{
    firn_error err;
    firn_store_entry entry;
    const firn_str path = firn_test_data_file(&f->lake, f->table, name, 0, 0, 10).path;
    return firn_store_stat(f->lake.store, path, &entry, &err) == FIRN_OK;
}

static bool has_snapshot(const struct fixture *f, int i)
{
    return firn_metadata_find_snapshot(firn_table_metadata_of(f->table), f->s[i]) != NULL;
}

static firn_status count_one(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    (void)entry;
    (void)err;
    (*(int64_t *)ctx)++;
    return FIRN_OK;
}

static int64_t n_files(struct fixture *f)
{
    firn_error err;
    int64_t n = 0;
    assert_ok(firn_store_list(f->lake.store, firn_table_metadata_of(f->table)->location, count_one,
                              &n, &err),
              &err);
    return n;
}

static firn_expire_result expire(struct fixture *f, const firn_expire_opts *opts)
{
    firn_error err;
    firn_expire_result out;
    assert_ok(firn_table_expire_snapshots(f->table, opts, &out, &err), &err);
    return out;
}

static void set_ref(struct fixture *f, const char *name, const firn_ref_opts *opts)
{
    firn_error err;
    firn_txn *txn = NULL;
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    assert_ok(firn_txn_set_ref(txn, firn_str_of(name), opts, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
}

/* ---- which snapshots ---- */

static void test_nothing_is_older_than_five_days(void **state)
{
    struct fixture *f = *state;
    const firn_str before = firn_arena_copy(f->lake.arena, firn_table_metadata_location(f->table));
    const firn_expire_result out = expire(f, NULL);
    assert_int_equal(out.snapshots, 0);
    assert_int_equal(out.manifest_lists, 0);
    assert_true(firn_str_equals(firn_table_metadata_location(f->table), before)); /* no commit */
}

static void test_old_snapshots_go_with_what_only_they_reach(void **state)
{
    struct fixture *f = *state;
    const int64_t before = n_files(f);
    const firn_expire_result out =
        expire(f, FIRN_EXPIRE_OPTS(.older_than_ms = now_ms(f), .retain_last = 2));
    assert_int_equal(out.snapshots, 2);
    assert_int_equal(out.data_files, 1); /* a */
    assert_int_equal(out.manifest_files, 1);
    assert_int_equal(out.manifest_lists, 2);
    assert_int_equal(out.failed_files, 0);
    assert_false(has_snapshot(f, 0) || has_snapshot(f, 1));
    assert_true(has_snapshot(f, 2) && has_snapshot(f, 3));
    assert_false(is_there(f, "a"));
    assert_true(is_there(f, "b") && is_there(f, "c") && is_there(f, "d"));
    assert_int_equal(n_files(f), before - 4);
}

static void test_the_current_snapshot_stays_however_old(void **state)
{
    struct fixture *f = *state;
    f->lake.clock_state.wall_us += 1000 * HOUR_MS * 1000;
    assert_int_equal(expire(f, NULL).snapshots, 3);
    assert_true(has_snapshot(f, 3));
    assert_true(is_there(f, "b") && is_there(f, "c") && is_there(f, "d"));
    assert_int_equal(expire(f, NULL).snapshots, 0);
}

static void test_a_tag_keeps_its_snapshot_and_files(void **state)
{
    struct fixture *f = *state;
    set_ref(f, "first", FIRN_REF_OPTS(.is_tag = true, .snapshot_id = f->s[0]));
    const firn_expire_result out = expire(f, FIRN_EXPIRE_OPTS(.older_than_ms = now_ms(f)));
    assert_int_equal(out.snapshots, 2);
    assert_int_equal(out.data_files, 0);
    assert_true(has_snapshot(f, 0) && has_snapshot(f, 3));
    assert_true(is_there(f, "a"));
}

static void test_a_branch_keeps_by_its_own_limits(void **state)
{
    struct fixture *f = *state;
    set_ref(f, "dev",
            FIRN_REF_OPTS(.snapshot_id = f->s[2], .min_snapshots_to_keep = 2,
                          .max_snapshot_age_ms = 1));
    assert_int_equal(expire(f, FIRN_EXPIRE_OPTS(.older_than_ms = now_ms(f))).snapshots, 1);
    assert_false(has_snapshot(f, 0));
    assert_true(has_snapshot(f, 1) && has_snapshot(f, 2));
    assert_true(is_there(f, "a")); /* live in the second */
}

static void test_a_branch_beyond_its_age_goes_with_its_snapshots(void **state)
{
    struct fixture *f = *state;
    set_ref(f, "old",
            FIRN_REF_OPTS(.is_tag = true, .snapshot_id = f->s[0], .max_ref_age_ms = HOUR_MS));
    const firn_expire_result out =
        expire(f, FIRN_EXPIRE_OPTS(.older_than_ms = now_ms(f), .retain_last = 3));
    assert_int_equal(out.refs, 1);
    assert_int_equal(out.snapshots, 1);
    assert_null(firn_metadata_find_ref(firn_table_metadata_of(f->table), FIRN_STR("old")));
}

static void test_snapshots_by_id_go_unless_they_are_named(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_expire_result out;
    const int64_t none = 77;
    assert_int_equal(
        expire(f, FIRN_EXPIRE_OPTS(.snapshot_ids = &f->s[1], .n_snapshot_ids = 1)).snapshots, 1);
    assert_false(has_snapshot(f, 1));
    assert_true(is_there(f, "a")); /* the first has it still */
    assert_fails(
        firn_table_expire_snapshots(
            f->table, FIRN_EXPIRE_OPTS(.snapshot_ids = &f->s[3], .n_snapshot_ids = 1), &out, &err),
        FIRN_ERR_ARG, &err, "branch \"main\" is at it");
    assert_fails(
        firn_table_expire_snapshots(
            f->table, FIRN_EXPIRE_OPTS(.snapshot_ids = &none, .n_snapshot_ids = 1), &out, &err),
        FIRN_ERR_ARG, &err, "cannot expire snapshot 77: there is none");
    assert_int_equal(out.snapshots, 0);
}

/* ---- what is changed ---- */

static void test_a_dry_run_counts_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    const int64_t before = n_files(f);
    const firn_expire_result out =
        expire(f, FIRN_EXPIRE_OPTS(.older_than_ms = now_ms(f), .is_dry_run = true));
    assert_int_equal(out.snapshots, 3);
    assert_int_equal(out.data_files, 1);
    assert_int_equal(n_files(f), before);
    assert_true(has_snapshot(f, 0));
}

static void test_files_can_be_kept(void **state)
{
    struct fixture *f = *state;
    const int64_t before = n_files(f);
    const firn_expire_result out =
        expire(f, FIRN_EXPIRE_OPTS(.older_than_ms = now_ms(f), .keeps_files = true));
    assert_int_equal(out.snapshots, 3);
    assert_int_equal(out.manifest_lists, 0);
    assert_int_equal(n_files(f), before);
}

static void test_gc_enabled_false_forbids_it(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_expire_result out;
    firn_txn *txn = NULL;
    const firn_property off = {FIRN_STR("gc.enabled"), FIRN_STR("false")};
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    assert_ok(firn_txn_set_properties(txn, &off, 1, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_fails(firn_table_expire_snapshots(f->table, NULL, &out, &err), FIRN_ERR_ARG, &err,
                 "cannot expire snapshots: gc.enabled is false");
}

static void test_unused_schemas_and_specs_go_when_asked(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_txn *txn = NULL;
    const firn_type type = {.kind = FIRN_TYPE_INT};
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    assert_ok(
        firn_txn_add_column(txn, FIRN_STR("more"), &type, FIRN_STR(""), (firn_position){0}, &err),
        &err);
    const firn_transform identity = {.kind = FIRN_TRANSFORM_IDENTITY};
    assert_ok(firn_txn_add_partition_field(txn, FIRN_STR("day"), identity, FIRN_STR(""), &err),
              &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_int_equal(firn_table_metadata_of(f->table)->n_schemas, 2);
    (void)expire(f, FIRN_EXPIRE_OPTS(.older_than_ms = now_ms(f), .cleans_metadata = true));
    const firn_table_metadata *m = firn_table_metadata_of(f->table);
    assert_int_equal(m->n_schemas, 2); /* the snapshot that stays was written with the first */
    assert_int_equal(m->n_specs, 2);   /* and so were its files */
    (void)change(&f->lake, f->table, "e", "d");
    (void)change(&f->lake, f->table, "f", "c");
    (void)change(&f->lake, f->table, "g", "b");
    (void)change(&f->lake, f->table, "h", NULL); /* nothing tells of the removed ones now */
    (void)expire(f, FIRN_EXPIRE_OPTS(.older_than_ms = now_ms(f), .cleans_metadata = true));
    m = firn_table_metadata_of(f->table);
    assert_int_equal(m->n_schemas, 1);
    assert_int_equal(m->n_specs, 1);
    assert_int_equal(m->default_spec_id, m->specs[0]->spec_id);
}

/* ---- others ---- */

/* The handle that expires was opened before another one's commits. */
static void test_snapshots_of_others_are_kept(void **state)
{
    struct fixture *f = *state;
    firn_table *other = firn_test_table_open(&f->lake, "t");
    (void)change(&f->lake, other, "e", NULL);
    set_ref(f, "at_second", FIRN_REF_OPTS(.is_tag = true, .snapshot_id = f->s[1]));
    assert_int_equal(expire(f, FIRN_EXPIRE_OPTS(.older_than_ms = now_ms(f))).snapshots, 3);
    assert_true(has_snapshot(f, 1));
    assert_int_equal(firn_table_metadata_of(f->table)->n_snapshots, 2);
    assert_true(is_there(f, "a") && is_there(f, "b") && is_there(f, "e"));
    firn_table_close(other);
}

static void test_metadata_that_cannot_be_read_changes_nothing(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_expire_result out;
    const firn_snapshot *current = firn_metadata_current_snapshot(firn_table_metadata_of(f->table));
    assert_ok(firn_store_remove(f->lake.store, current->manifest_list, &err), &err);
    assert_fails(firn_table_expire_snapshots(f->table, FIRN_EXPIRE_OPTS(.older_than_ms = now_ms(f)),
                                             &out, &err),
                 FIRN_ERR_NOT_FOUND, &err, "snap-");
    assert_ok(firn_table_refresh(f->table, &err), &err);
    assert_true(has_snapshot(f, 0));
    assert_true(is_there(f, "a"));
}

/* ---- kills ---- */

struct kill_case {
    const char *folder;
    const char *failpoints;
};

static void expire_in_child(void *ctx)
{
    const struct kill_case *c = ctx;
    struct fixture f = {0};
    firn_test_lake_reopen(&f.lake, c->folder, c->failpoints);
    f.lake.env->n_threads = 1;
    f.table = firn_test_table_open(&f.lake, "t");
    (void)expire(&f, FIRN_EXPIRE_OPTS(.older_than_ms = INT64_MAX / 2));
    firn_table_close(f.table);
    firn_test_lake_close(&f.lake, true);
}

/* Wherever it dies, what the table names is there; a second run finishes it. */
static void kill_at(const char *failpoints)
{
    struct fixture f = {0};
    firn_error err;
    firn_test_lake_open(&f.lake, true, NULL);
    f.lake.env->n_threads = 1; /* the child is forked from a process without threads */
    fill(&f);
    const struct kill_case c = {f.lake.folder, failpoints};
    assert_int_not_equal(firn_test_in_child(expire_in_child, (void *)(uintptr_t)&c), 0);
    assert_ok(firn_table_refresh(f.table, &err), &err);
    const firn_table_metadata *m = firn_table_metadata_of(f.table);
    assert_true(is_there(&f, "b") && is_there(&f, "c") && is_there(&f, "d"));
    assert_true(m->n_snapshots == 1 || is_there(&f, "a"));
    for (size_t i = 0; i < m->n_snapshots; i++) {
        firn_store_entry entry;
        assert_ok(firn_store_stat(f.lake.store, m->snapshots[i].manifest_list, &entry, &err), &err);
    }
    (void)expire(&f, FIRN_EXPIRE_OPTS(.older_than_ms = INT64_MAX / 2));
    assert_int_equal(firn_table_metadata_of(f.table)->n_snapshots, 1);
    firn_table_close(f.table);
    firn_test_lake_close(&f.lake, false);
}

static void test_killed_anywhere_it_loses_nothing(void **state)
{
    (void)state;
    static const char *const k_points[] = {
        "maintain.expire.before_commit=kill", "txn.commit.before_catalog=kill",
        "catalog.commit.before_swap=kill",    "catalog.commit.after_swap=kill",
        "maintain.expire.after_commit=kill",  "maintain.remove.file=kill@1",
        "maintain.remove.file=kill@2",        "maintain.remove.file=kill@4",
    };
    for (size_t i = 0; i < sizeof k_points / sizeof *k_points; i++) kill_at(k_points[i]);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_anywhere_it_loses_nothing), /* first: no threads yet */
        WITH_FIXTURE(test_nothing_is_older_than_five_days),
        WITH_FIXTURE(test_old_snapshots_go_with_what_only_they_reach),
        WITH_FIXTURE(test_the_current_snapshot_stays_however_old),
        WITH_FIXTURE(test_a_tag_keeps_its_snapshot_and_files),
        WITH_FIXTURE(test_a_branch_keeps_by_its_own_limits),
        WITH_FIXTURE(test_a_branch_beyond_its_age_goes_with_its_snapshots),
        WITH_FIXTURE(test_snapshots_by_id_go_unless_they_are_named),
        WITH_FIXTURE(test_a_dry_run_counts_and_changes_nothing),
        WITH_FIXTURE(test_files_can_be_kept),
        WITH_FIXTURE(test_gc_enabled_false_forbids_it),
        WITH_FIXTURE(test_unused_schemas_and_specs_go_when_asked),
        WITH_FIXTURE(test_snapshots_of_others_are_kept),
        WITH_FIXTURE(test_metadata_that_cannot_be_read_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
