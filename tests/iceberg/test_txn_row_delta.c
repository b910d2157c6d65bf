/* SPDX-License-Identifier: Apache-2.0 */
/* Merge-on-read commits, partition overwrites, overwrites by filter, rewrites: what they do to the
 * table, and which concurrent commits they conflict with. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/manifest_files.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

struct fixture {
    firn_test_lake lake;
    firn_table *table; /* partitioned by day; a: day 1, ids 0-9; b: day 2, ids 10-19 */
    int64_t read_id;
};

static void open_with(struct fixture *f, const char *format_version)
{
    firn_error err;
    firn_test_lake_open(&f->lake, false, NULL);
    f->table = firn_test_table(&f->lake, "t", true, "format-version", format_version, NULL);
    assert_ok(firn_test_append(&f->lake, f->table, "a.parquet", 1, 0, 10, &err), &err);
    assert_ok(firn_test_append(&f->lake, f->table, "b.parquet", 2, 10, 10, &err), &err);
    f->read_id = firn_table_metadata_of(f->table)->current_snapshot_id;
}

static int open_v2(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    open_with(f, "2");
    return 0;
}

static int open_v3(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    open_with(f, "3");
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

/* ---- files ---- */

static firn_data_file data(struct fixture *f, const char *name, int32_t day, int64_t first_id,
                           int64_t n)
{
    return firn_test_data_file(&f->lake, f->table, name, day, first_id, n);
}

static void forget_metrics(firn_data_file *file)
{
    const firn_metric_map none = {0};
    file->column_sizes = file->value_counts = file->null_value_counts = none;
    file->nan_value_counts = file->lower_bounds = file->upper_bounds = none;
}

/* Position deletes for one data file. */
static firn_data_file positions(struct fixture *f, const char *name, int32_t day, const char *about,
                                int64_t n)
{
    firn_data_file file = data(f, name, day, 0, n);
    forget_metrics(&file);
    file.content = FIRN_CONTENT_POSITION_DELETES;
    file.referenced_data_file = data(f, about, day, 0, 1).path;
    return file;
}

static firn_data_file vector(struct fixture *f, const char *name, int32_t day, const char *about,
                             int64_t offset, int64_t n)
{
    firn_data_file file = positions(f, name, day, about, n);
    file.format = FIRN_FILE_PUFFIN;
    file.content_offset = offset;
    file.content_size_bytes = 40;
    return file;
}

static firn_data_file equality(struct fixture *f, const char *name, int32_t day, int64_t n)
{
    static const int32_t ids[] = {1};
    firn_data_file file = data(f, name, day, 0, n);
    forget_metrics(&file);
    file.content = FIRN_CONTENT_EQUALITY_DELETES;
    file.equality_ids = ids;
    file.n_equality_ids = 1;
    return file;
}

/* ---- commits ---- */

static firn_status commit_to(firn_table *table, const firn_change *change, firn_error *err)
{
    firn_txn *txn = NULL;
    FIRN_TRY(firn_txn_begin(table, &txn, err));
    firn_status st = firn_txn_change_files(txn, change, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

/* By somebody who opens the table now. */
static void commit_elsewhere(struct fixture *f, firn_change change)
{
    firn_error err;
    firn_table *other = firn_test_table_open(&f->lake, "t");
    change.from_snapshot_id = firn_table_metadata_of(other)->current_snapshot_id;
    assert_ok(commit_to(other, &change, &err), &err);
    firn_table_close(other);
}

static firn_change delta(struct fixture *f, const firn_data_file *added, size_t n)
{
    return (firn_change){.kind = FIRN_CHANGE_ROW_DELTA,
                         .added = added,
                         .n_added = n,
                         .from_snapshot_id = f->read_id,
                         .isolation = FIRN_ISOLATION_SNAPSHOT};
}

static const firn_expr *id_is(struct fixture *f, firn_expr_op op, int64_t value)
{
    const firn_value v = {.kind = FIRN_TYPE_LONG, .as.i64 = value};
    const firn_expr *bound = NULL;
    firn_error err;
    const firn_expr *e = firn_expr_predicate(f->lake.arena, op, FIRN_STR("id"), &v, 1);
    assert_non_null(e);
    assert_ok(firn_expr_bind(e, firn_metadata_schema(firn_table_metadata_of(f->table)),
                             f->lake.arena, &bound, &err),
              &err);
    return bound;
}

/* ---- what is live ---- */

struct live {
    size_t n_data, n_deletes;
    int64_t sequence_of_last;
    char names[512]; /* "a.parquet b.parquet", sorted as found */
};

static firn_status see(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    struct live *live = ctx;
    (void)err;
    if (entry->status == FIRN_ENTRY_DELETED) return FIRN_OK;
    if (entry->file.content == FIRN_CONTENT_DATA)
        live->n_data++;
    else
        live->n_deletes++;
    live->sequence_of_last = entry->sequence_number;
    firn_str name = entry->file.path;
    while (name.len > 0 && memchr(name.data, '/', name.len)) {
        name.data++;
        name.len--;
    }
    if (live->names[0]) strcat(live->names, " ");
    strncat(live->names, name.data, name.len);
    return FIRN_OK;
}

static struct live live_files(struct fixture *f, const char *branch)
{
    struct live live = {0};
    firn_error err;
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    firn_table *table = firn_test_table_open(&f->lake, "t");
    const firn_table_metadata *m = firn_table_metadata_of(table);
    const firn_snapshot *s = firn_metadata_current_snapshot(m);
    if (branch)
        s = firn_metadata_find_snapshot(
            m, firn_metadata_find_ref(m, firn_str_of(branch))->snapshot_id);
    assert_ok(firn_snapshot_manifests(f->lake.store, m, s, f->lake.arena, &manifests, &n, &err),
              &err);
    for (size_t i = 0; i < n; i++)
        assert_ok(firn_manifest__each(f->lake.store, f->lake.env, m, &manifests[i],
                                      FIRN_MANIFEST_ALL, see, &live, &err),
                  &err);
    firn_table_close(table);
    return live;
}

/* ---- row delta ---- */

static void test_position_deletes_are_added_and_counted(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file added[] = {positions(f, "p.parquet", 1, "a.parquet", 3),
                                    equality(f, "e.parquet", 2, 2)};
    const firn_change change = delta(f, added, 2);
    assert_ok(commit_to(f->table, &change, &err), &err);
    const struct live live = live_files(f, NULL);
    assert_int_equal(live.n_data, 2);
    assert_int_equal(live.n_deletes, 2);
    assert_str(firn_metadata_current_snapshot(firn_table_metadata_of(f->table))->operation,
               "delete");
    assert_int_equal(firn_test_summary(f->table, "added-delete-files"), 2);
    assert_int_equal(firn_test_summary(f->table, "added-position-delete-files"), 1);
    assert_int_equal(firn_test_summary(f->table, "added-equality-delete-files"), 1);
    assert_int_equal(firn_test_summary(f->table, "added-position-deletes"), 3);
    assert_int_equal(firn_test_summary(f->table, "added-equality-deletes"), 2);
    assert_int_equal(firn_test_summary(f->table, "total-delete-files"), 2);
    assert_int_equal(firn_test_summary(f->table, "total-records"), 20);
    assert_int_equal(firn_test_summary(f->table, "changed-partition-count"), 2);
}

static void test_rows_with_deletes_are_an_overwrite_and_rows_alone_an_append(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file rows = data(f, "c.parquet", 1, 50, 5);
    const firn_data_file both[] = {data(f, "d.parquet", 1, 60, 5),
                                   positions(f, "p.parquet", 1, "a.parquet", 5)};
    firn_change change = delta(f, &rows, 1);
    assert_ok(commit_to(f->table, &change, &err), &err);
    assert_str(firn_metadata_current_snapshot(firn_table_metadata_of(f->table))->operation,
               "append");
    change = delta(f, both, 2);
    change.from_snapshot_id = firn_table_metadata_of(f->table)->current_snapshot_id;
    assert_ok(commit_to(f->table, &change, &err), &err);
    assert_str(firn_metadata_current_snapshot(firn_table_metadata_of(f->table))->operation,
               "overwrite");
}

static void test_deletion_vector_replaces_the_one_before(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file one = vector(f, "v1.puffin", 1, "a.parquet", 4, 2);
    const firn_data_file two = vector(f, "v2.puffin", 1, "a.parquet", 4, 5);
    const firn_file_key old = {one.path, 4};
    const firn_file_key elsewhere = {one.path, 99};
    firn_change change = delta(f, &one, 1);
    assert_ok(commit_to(f->table, &change, &err), &err);
    assert_int_equal(firn_test_summary(f->table, "added-dvs"), 1);
    assert_int_equal(firn_test_summary(f->table, "added-files-size"), 40);
    change = delta(f, &two, 1);
    change.from_snapshot_id = firn_table_metadata_of(f->table)->current_snapshot_id;
    change.n_removed = 1;
    change.removed = &elsewhere;
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_CONFLICT, &err,
                 "is not in the table");
    change.removed = &old;
    assert_ok(commit_to(f->table, &change, &err), &err);
    assert_string_equal(live_files(f, NULL).names, "b.parquet a.parquet v2.puffin");
    assert_int_equal(firn_test_summary(f->table, "removed-dvs"), 1);
    assert_int_equal(firn_test_summary(f->table, "total-position-deletes"), 5);
    assert_int_equal(firn_test_summary(f->table, "total-delete-files"), 1);
}

static void test_deletion_vectors_go_with_their_data_file(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file v[] = {vector(f, "v.puffin", 1, "a.parquet", 4, 2),
                                vector(f, "v.puffin", 2, "b.parquet", 44, 2)};
    firn_change change = delta(f, v, 2);
    assert_ok(commit_to(f->table, &change, &err), &err);
    const firn_file_key a = {.path = data(f, "a.parquet", 1, 0, 1).path};
    change =
        (firn_change){.kind = FIRN_CHANGE_OVERWRITE,
                      .removed = &a,
                      .n_removed = 1,
                      .from_snapshot_id = firn_table_metadata_of(f->table)->current_snapshot_id};
    assert_ok(commit_to(f->table, &change, &err), &err);
    const struct live live = live_files(f, NULL);
    assert_int_equal(live.n_data, 1);
    assert_int_equal(live.n_deletes, 1);
    assert_int_equal(firn_test_summary(f->table, "removed-dvs"), 1);
}

static void test_deletes_older_than_all_data_go(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file e = equality(f, "e.parquet", 1, 2);
    firn_change change = delta(f, &e, 1);
    assert_ok(commit_to(f->table, &change, &err), &err);
    const firn_data_file c[] = {data(f, "c.parquet", 1, 0, 10), data(f, "d.parquet", 2, 10, 10)};
    const firn_file_key old[] = {{.path = data(f, "a.parquet", 1, 0, 1).path},
                                 {.path = data(f, "b.parquet", 2, 0, 1).path}};
    change =
        (firn_change){.kind = FIRN_CHANGE_REWRITE,
                      .added = c,
                      .n_added = 2,
                      .removed = old,
                      .n_removed = 2,
                      .from_snapshot_id = firn_table_metadata_of(f->table)->current_snapshot_id};
    assert_ok(commit_to(f->table, &change, &err), &err);
    assert_str(firn_metadata_current_snapshot(firn_table_metadata_of(f->table))->operation,
               "replace");
    assert_int_equal(live_files(f, NULL).n_deletes, 1);
    assert_ok(firn_test_append(&f->lake, f->table, "x.parquet", 1, 0, 10, &err), &err);
    assert_int_equal(live_files(f, NULL).n_deletes, 0);
}

static void test_delete_files_that_the_version_does_not_have_are_refused(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const bool is_v3 = firn_table_metadata_of(f->table)->format_version == 3;
    const firn_data_file wrong = is_v3 ? positions(f, "p.parquet", 1, "a.parquet", 1)
                                       : vector(f, "v.puffin", 1, "a.parquet", 4, 1);
    const firn_change change = delta(f, &wrong, 1);
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_ARG, &err,
                 is_v3 ? "takes deletion vectors only" : "has position delete files");
}

static void test_deleting_in_a_file_that_is_removed_too_is_refused(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file p = positions(f, "p.parquet", 1, "a.parquet", 1);
    const firn_file_key a = {.path = data(f, "a.parquet", 1, 0, 1).path};
    firn_change change = delta(f, &p, 1);
    change.removed = &a;
    change.n_removed = 1;
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_ARG, &err,
                 "is about a data file that the change removes");
}

/* ---- conflicts of a row delta ---- */

static void test_second_deletion_vector_for_a_file_conflicts(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file theirs = vector(f, "v1.puffin", 1, "a.parquet", 4, 2);
    const firn_data_file mine = vector(f, "v2.puffin", 1, "a.parquet", 4, 2);
    const firn_data_file other = vector(f, "v3.puffin", 2, "b.parquet", 4, 2);
    commit_elsewhere(f, delta(f, &theirs, 1));
    firn_change change = delta(f, &mine, 1);
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_CONFLICT, &err,
                 "added a deletion vector for");
    change = delta(f, &other, 1);
    assert_ok(commit_to(f->table, &change, &err), &err);
}

static void test_position_deletes_of_two_writers_on_one_file_are_fine(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file theirs = positions(f, "p1.parquet", 1, "a.parquet", 2);
    const firn_data_file mine = positions(f, "p2.parquet", 1, "a.parquet", 2);
    commit_elsewhere(f, delta(f, &theirs, 1));
    firn_change change = delta(f, &mine, 1);
    change.isolation = FIRN_ISOLATION_SERIALIZABLE;
    assert_ok(commit_to(f->table, &change, &err), &err);
    assert_int_equal(live_files(f, NULL).n_deletes, 2);
}

static void test_update_conflicts_with_deletes_added_for_matching_rows(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file theirs = positions(f, "p1.parquet", 1, "a.parquet", 2);
    const firn_data_file mine = positions(f, "p2.parquet", 1, "a.parquet", 2);
    commit_elsewhere(f, delta(f, &theirs, 1));
    firn_change change = delta(f, &mine, 1);
    change.is_update = true;
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_CONFLICT, &err, "added delete file");
}

/* Who rewrote or removed the file that my deletes are about. */
static firn_status delete_in_a_after(struct fixture *f, firn_change_kind theirs, bool is_update,
                                     firn_error *err)
{
    const firn_file_key a = {.path = data(f, "a.parquet", 1, 0, 1).path};
    const firn_data_file a2 = data(f, "a2.parquet", 1, 0, 10);
    const firn_data_file mine = positions(f, "p.parquet", 1, "a.parquet", 2);
    const bool replaces = theirs != FIRN_CHANGE_ROW_DELTA; /* that one: removal alone */
    const firn_change change = {.kind = replaces ? theirs : FIRN_CHANGE_OVERWRITE,
                                .added = &a2,
                                .n_added = replaces ? 1 : 0,
                                .removed = &a,
                                .n_removed = 1};
    commit_elsewhere(f, change);
    firn_change own = delta(f, &mine, 1);
    own.is_update = is_update;
    return commit_to(f->table, &own, err);
}

static void test_delete_in_a_file_that_was_compacted_conflicts(void **state)
{
    firn_error err;
    assert_fails(delete_in_a_after(*state, FIRN_CHANGE_REWRITE, false, &err), FIRN_ERR_CONFLICT,
                 &err, "removed a data file with rows to delete");
}

static void test_delete_in_a_file_that_was_overwritten_conflicts(void **state)
{
    firn_error err;
    assert_fails(delete_in_a_after(*state, FIRN_CHANGE_OVERWRITE, false, &err), FIRN_ERR_CONFLICT,
                 &err, "removed a data file with rows to delete");
}

static void test_delete_in_a_file_that_was_deleted_is_fine(void **state)
{
    firn_error err;
    assert_ok(delete_in_a_after(*state, FIRN_CHANGE_ROW_DELTA, false, &err), &err);
}

static void test_update_in_a_file_that_was_deleted_conflicts(void **state)
{
    firn_error err;
    assert_fails(delete_in_a_after(*state, FIRN_CHANGE_ROW_DELTA, true, &err), FIRN_ERR_CONFLICT,
                 &err, "removed a data file with rows to delete");
}

static void test_serializable_delete_conflicts_with_matching_append(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file theirs = data(f, "c.parquet", 1, 100, 10);
    const firn_data_file mine = positions(f, "p.parquet", 1, "a.parquet", 2);
    commit_elsewhere(f, (firn_change){.added = &theirs, .n_added = 1});
    firn_change change = delta(f, &mine, 1);
    change.isolation = FIRN_ISOLATION_SERIALIZABLE;
    change.filter = id_is(f, FIRN_EXPR_EQ, 105);
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_CONFLICT, &err, "added data file");
    change.filter = id_is(f, FIRN_EXPR_EQ, 5);
    assert_ok(commit_to(f->table, &change, &err), &err);
}

/* ---- rewrites ---- */

static firn_change rewrite_a(struct fixture *f, const firn_data_file *added,
                             const firn_file_key *removed)
{
    return (firn_change){.kind = FIRN_CHANGE_REWRITE,
                         .added = added,
                         .n_added = 1,
                         .removed = removed,
                         .n_removed = 1,
                         .from_snapshot_id = f->read_id};
}

static void test_rewrite_goes_over_appends(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file theirs = data(f, "c.parquet", 1, 100, 10);
    const firn_data_file a2 = data(f, "a2.parquet", 1, 0, 10);
    const firn_file_key a = {.path = data(f, "a.parquet", 1, 0, 1).path};
    commit_elsewhere(f, (firn_change){.added = &theirs, .n_added = 1});
    const firn_change change = rewrite_a(f, &a2, &a);
    assert_ok(commit_to(f->table, &change, &err), &err);
    assert_int_equal(live_files(f, NULL).n_data, 3);
}

static void test_rewrite_conflicts_with_deletes_added_to_its_files(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file to_b = positions(f, "p1.parquet", 2, "b.parquet", 2);
    const firn_data_file to_a = positions(f, "p2.parquet", 1, "a.parquet", 2);
    const firn_data_file a2 = data(f, "a2.parquet", 1, 0, 10);
    const firn_data_file a3 = data(f, "a3.parquet", 1, 0, 10);
    const firn_file_key a = {.path = data(f, "a.parquet", 1, 0, 1).path};
    const firn_file_key now_a2 = {.path = a2.path};
    commit_elsewhere(f, delta(f, &to_b, 1));
    firn_change change = rewrite_a(f, &a2, &a);
    assert_ok(commit_to(f->table, &change, &err), &err);
    f->read_id = firn_table_metadata_of(f->table)->current_snapshot_id;
    firn_data_file to_a2 = to_a;
    to_a2.referenced_data_file = a2.path;
    commit_elsewhere(f, delta(f, &to_a2, 1));
    change = rewrite_a(f, &a3, &now_a2);
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_CONFLICT, &err,
                 "deleted rows of data file");
}

static void test_rewrite_with_its_old_sequence_number_goes_under_equality_deletes(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file e = equality(f, "e.parquet", 1, 2);
    const firn_data_file a2 = data(f, "a2.parquet", 1, 0, 10);
    const firn_data_file a3 = data(f, "a3.parquet", 1, 0, 10);
    const firn_file_key a = {.path = data(f, "a.parquet", 1, 0, 1).path};
    commit_elsewhere(f, delta(f, &e, 1));
    firn_change change = rewrite_a(f, &a2, &a);
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_CONFLICT, &err,
                 "deleted rows of data file");
    change = rewrite_a(f, &a3, &a);
    change.data_sequence_number = 2;
    assert_ok(commit_to(f->table, &change, &err), &err);
    firn_scan_plan plan;
    const firn_plan_opts opts = {0};
    assert_ok(firn_scan_plan_files(f->lake.env, f->lake.store, firn_table_metadata_of(f->table),
                                   &opts, f->lake.arena, &plan, &err),
              &err);
    bool seen = false;
    for (size_t i = 0; i < plan.n_tasks; i++) {
        if (!firn_str_ends_with(plan.tasks[i].file->path, FIRN_STR("a3.parquet"))) continue;
        seen = true;
        assert_int_equal(plan.tasks[i].sequence_number, 2);
    }
    assert_true(seen);
}

/* ---- overwrites of partitions and by filter ---- */

static void test_partitions_of_the_added_files_are_replaced(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file deletes[] = {positions(f, "p.parquet", 1, "a.parquet", 2),
                                      equality(f, "e.parquet", 2, 2)};
    firn_change change = delta(f, deletes, 2);
    assert_ok(commit_to(f->table, &change, &err), &err);
    const firn_data_file n = data(f, "n.parquet", 1, 0, 7);
    change =
        (firn_change){.kind = FIRN_CHANGE_REPLACE_PARTITIONS,
                      .added = &n,
                      .n_added = 1,
                      .from_snapshot_id = firn_table_metadata_of(f->table)->current_snapshot_id};
    assert_ok(commit_to(f->table, &change, &err), &err);
    assert_string_equal(live_files(f, NULL).names, "n.parquet b.parquet e.parquet");
    const firn_snapshot *s = firn_metadata_current_snapshot(firn_table_metadata_of(f->table));
    assert_str(s->operation, "overwrite");
    assert_str(firn_properties_get(&s->summary, FIRN_STR("replace-partitions"), (firn_str){0}),
               "true");
    assert_int_equal(firn_test_summary(f->table, "total-records"), 17);
}

static void test_partition_overwrite_conflicts_in_its_partitions_only(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file theirs = data(f, "c.parquet", 2, 100, 10);
    const firn_data_file in_1 = data(f, "n1.parquet", 1, 0, 7);
    const firn_data_file in_2 = data(f, "n2.parquet", 2, 0, 7);
    commit_elsewhere(f, (firn_change){.added = &theirs, .n_added = 1});
    firn_change change = {.kind = FIRN_CHANGE_REPLACE_PARTITIONS,
                          .added = &in_2,
                          .n_added = 1,
                          .from_snapshot_id = f->read_id};
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_CONFLICT, &err, "added data file");
    change.added = &in_1;
    assert_ok(commit_to(f->table, &change, &err), &err);
    assert_int_equal(live_files(f, NULL).n_data, 3);
}

static void test_files_whose_rows_all_match_are_removed_by_filter(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_change change = {.kind = FIRN_CHANGE_OVERWRITE,
                          .remove_filter = id_is(f, FIRN_EXPR_LT, 10),
                          .from_snapshot_id = f->read_id};
    assert_ok(commit_to(f->table, &change, &err), &err);
    assert_string_equal(live_files(f, NULL).names, "b.parquet");
    assert_str(firn_metadata_current_snapshot(firn_table_metadata_of(f->table))->operation,
               "delete");
    change.remove_filter = id_is(f, FIRN_EXPR_LT, 12);
    change.from_snapshot_id = firn_table_metadata_of(f->table)->current_snapshot_id;
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_ARG, &err, "some rows of data file");
}

static void test_filter_overwrite_conflicts_with_removal_of_matching_files(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_file_key a = {.path = data(f, "a.parquet", 1, 0, 1).path};
    commit_elsewhere(f,
                     (firn_change){.kind = FIRN_CHANGE_OVERWRITE, .removed = &a, .n_removed = 1});
    const firn_change change = {.kind = FIRN_CHANGE_OVERWRITE,
                                .remove_filter = id_is(f, FIRN_EXPR_LT, 10),
                                .from_snapshot_id = f->read_id,
                                .isolation = FIRN_ISOLATION_SNAPSHOT};
    assert_fails(commit_to(f->table, &change, &err), FIRN_ERR_CONFLICT, &err, "removed data file");
}

/* ---- several changes ---- */

static void test_changes_of_one_transaction_follow_one_another(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_txn *txn = NULL;
    const firn_data_file c = data(f, "c.parquet", 1, 50, 5);
    const firn_data_file c2 = data(f, "c2.parquet", 1, 50, 5);
    const firn_file_key added_before = {.path = c.path};
    const int64_t n_before = (int64_t)firn_table_metadata_of(f->table)->n_snapshots;
    const firn_change second = {.kind = FIRN_CHANGE_OVERWRITE,
                                .added = &c2,
                                .n_added = 1,
                                .removed = &added_before,
                                .n_removed = 1,
                                .from_snapshot_id = f->read_id};
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    assert_ok(firn_txn_append_files(txn, &c, 1, &err), &err);
    assert_ok(firn_txn_change_files(txn, &second, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const firn_table_metadata *m = firn_table_metadata_of(f->table);
    assert_int_equal((int64_t)m->n_snapshots, n_before + 2);
    assert_int_equal(live_files(f, NULL).n_data, 3);
    assert_int_equal(firn_test_summary(f->table, "total-records"), 25);
    assert_int_equal(m->n_snapshot_log, n_before + 1); /* nobody saw the first one */
}

#define V2(test) cmocka_unit_test_setup_teardown(test, open_v2, close_fixture)
#define V3(test) cmocka_unit_test_setup_teardown(test, open_v3, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        V2(test_position_deletes_are_added_and_counted),
        V2(test_rows_with_deletes_are_an_overwrite_and_rows_alone_an_append),
        V3(test_deletion_vector_replaces_the_one_before),
        V3(test_deletion_vectors_go_with_their_data_file),
        V2(test_deletes_older_than_all_data_go),
        V2(test_delete_files_that_the_version_does_not_have_are_refused),
        V3(test_delete_files_that_the_version_does_not_have_are_refused),
        V2(test_deleting_in_a_file_that_is_removed_too_is_refused),
        V3(test_second_deletion_vector_for_a_file_conflicts),
        V2(test_position_deletes_of_two_writers_on_one_file_are_fine),
        V2(test_update_conflicts_with_deletes_added_for_matching_rows),
        V2(test_delete_in_a_file_that_was_compacted_conflicts),
        V2(test_delete_in_a_file_that_was_overwritten_conflicts),
        V2(test_delete_in_a_file_that_was_deleted_is_fine),
        V2(test_update_in_a_file_that_was_deleted_conflicts),
        V2(test_serializable_delete_conflicts_with_matching_append),
        V2(test_rewrite_goes_over_appends),
        V2(test_rewrite_conflicts_with_deletes_added_to_its_files),
        V2(test_rewrite_with_its_old_sequence_number_goes_under_equality_deletes),
        V2(test_partitions_of_the_added_files_are_replaced),
        V2(test_partition_overwrite_conflicts_in_its_partitions_only),
        V2(test_files_whose_rows_all_match_are_removed_by_filter),
        V2(test_filter_overwrite_conflicts_with_removal_of_matching_files),
        V2(test_changes_of_one_transaction_follow_one_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
