/* SPDX-License-Identifier: Apache-2.0 */
/* Appends, and how a commit ends: landed, lost, unknown. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "faulty_catalog.h"
#include "faulty_store.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

/* The table through a catalog that gives no turns, so that races can be lost. */
static firn_table *open_without_turns(firn_test_lake *lake, firn_test_faulty_catalog *faulty,
                                      firn_catalog **catalog)
{
    firn_error err;
    firn_table *table = NULL;
    const firn_ident t = firn_test_ident("t");
    *faulty = (firn_test_faulty_catalog){.inner = lake->catalog};
    assert_ok(firn_test_faulty_catalog_open(faulty, catalog, &err), &err);
    assert_ok(firn_table_open(lake->env, lake->store, *catalog, &t, &table, &err), &err);
    return table;
}

/* Live data files and rows of the current snapshot, as planning sees them. */
static void count_live(firn_test_lake *lake, const firn_table *table, int64_t *files, int64_t *rows)
{
    firn_scan_plan plan;
    firn_error err;
    const firn_plan_opts opts = {0};
    assert_ok(firn_scan_plan_files(lake->env, lake->store, firn_table_metadata_of(table), &opts,
                                   lake->arena, &plan, &err),
              &err);
    *files = (int64_t)plan.n_tasks;
    *rows = 0;
    for (size_t i = 0; i < plan.n_tasks; i++) *rows += plan.tasks[i].file->record_count;
}

static void assert_live(firn_test_lake *lake, const firn_table *table, int64_t files, int64_t rows)
{
    int64_t n_files = 0;
    int64_t n_rows = 0;
    count_live(lake, table, &n_files, &n_rows);
    assert_int_equal(n_files, files);
    assert_int_equal(n_rows, rows);
}

static void test_summary_counts_what_was_added(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txn = NULL;
    firn_table *table = firn_test_table(lake, "t", true, NULL);
    firn_data_file files[3];
    for (int i = 0; i < 3; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "f%d.parquet", i);
        files[i] = firn_test_data_file(lake, table, name, i / 2, i * INT64_C(10), 10);
    }
    const firn_property extra = {FIRN_STR_INIT("cursor"), FIRN_STR_INIT("42")};
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_append_files(txn, files, 3, &err), &err);
    assert_ok(firn_txn_set_summary(txn, &extra, 1, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const firn_snapshot *s = firn_metadata_current_snapshot(firn_table_metadata_of(table));
    assert_str(s->operation, "append");
    assert_int_equal(s->sequence_number, 1);
    assert_int_equal(s->parent_snapshot_id, -1);
    assert_int_equal(firn_test_summary(table, "added-data-files"), 3);
    assert_int_equal(firn_test_summary(table, "added-records"), 30);
    assert_int_equal(firn_test_summary(table, "added-files-size"), 3000);
    assert_int_equal(firn_test_summary(table, "changed-partition-count"), 2);
    assert_int_equal(firn_test_summary(table, "total-records"), 30);
    assert_int_equal(firn_test_summary(table, "total-data-files"), 3);
    assert_int_equal(firn_test_summary(table, "total-files-size"), 3000);
    assert_int_equal(firn_test_summary(table, "total-delete-files"), 0);
    assert_int_equal(firn_test_summary(table, "total-position-deletes"), 0);
    assert_int_equal(firn_test_summary(table, "total-equality-deletes"), 0);
    assert_int_equal(firn_test_summary(table, "deleted-data-files"), -1);
    assert_int_equal(firn_test_summary(table, "manifests-created"), 1);
    assert_int_equal(firn_test_summary(table, "cursor"), 42);
    assert_live(lake, table, 3, 30);

    assert_ok(firn_test_append(lake, table, "g.parquet", 5, 100, 7, &err), &err);
    assert_int_equal(firn_test_summary(table, "total-records"), 37);
    assert_int_equal(firn_test_summary(table, "total-data-files"), 4);
    assert_int_equal(firn_test_summary(table, "manifests-kept"), 1);
    assert_live(lake, table, 4, 37);
    firn_table_close(table);
}

static void test_lost_race_is_retried_on_the_new_base(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_test_faulty_catalog faulty;
    firn_catalog *catalog = NULL;
    firn_table *theirs = firn_test_table(lake, "t", false, NULL);
    firn_table *mine = open_without_turns(lake, &faulty, &catalog);
    assert_ok(firn_test_append(lake, theirs, "a.parquet", 0, 0, 5, &err), &err);
    assert_ok(firn_test_append(lake, theirs, "b.parquet", 0, 5, 5, &err), &err);
    assert_ok(firn_test_append(lake, mine, "c.parquet", 0, 10, 5, &err), &err);
    assert_int_equal(lake->clock_state.n_sleeps, 1);
    assert_true(lake->clock_state.slept_us >= 50000 && lake->clock_state.slept_us <= 100000);
    assert_live(lake, mine, 3, 15);
    assert_int_equal(firn_table_metadata_of(mine)->last_sequence_number, 3);
    assert_int_equal(firn_test_summary(mine, "total-records"), 15);
    firn_table_close(mine);
    firn_table_close(theirs);
    firn_catalog_destroy(catalog);
}

/* Whoever takes turns works on the table as it is, and loses no race. */
static void test_turns_spare_lost_races(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_table *mine = firn_test_table(lake, "t", false, "commit.retry.num-retries", "0", NULL);
    firn_table *theirs = firn_test_table_open(lake, "t");
    assert_ok(firn_test_append(lake, theirs, "a.parquet", 0, 0, 5, &err), &err);
    assert_ok(firn_test_append(lake, mine, "b.parquet", 0, 10, 5, &err), &err);
    assert_int_equal(lake->clock_state.n_sleeps, 0);
    assert_live(lake, mine, 2, 10);
    firn_table_close(mine);
    firn_table_close(theirs);
}

static void test_retries_end_and_own_files_are_removed(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_test_faulty_catalog faulty;
    firn_catalog *catalog = NULL;
    firn_table *theirs = firn_test_table(lake, "t", false, "commit.retry.num-retries", "0", NULL);
    firn_table *mine = open_without_turns(lake, &faulty, &catalog);
    assert_ok(firn_test_append(lake, theirs, "a.parquet", 0, 0, 5, &err), &err);
    const firn_data_file file = firn_test_data_file(lake, mine, "c.parquet", 0, 10, 5);
    assert_ok(firn_store_put(lake->store, file.path, FIRN_STR("data"), &err), &err);
    const int n_files = firn_test_count_files(lake->folder);
    assert_fails(firn_test_append(lake, mine, "c.parquet", 0, 10, 5, &err), FIRN_ERR_CONFLICT, &err,
                 "commit to db.t");
    assert_int_equal(firn_test_count_files(lake->folder), n_files - 1);
    firn_table_close(mine);
    firn_table_close(theirs);
    firn_catalog_destroy(catalog);
}

static void test_kept_files_survive_a_lost_commit_and_can_be_committed(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txn = NULL;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    const firn_data_file file = firn_test_data_file(lake, table, "c.parquet", 0, 10, 5);
    assert_ok(firn_store_put(lake->store, file.path, FIRN_STR("data"), &err), &err);
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_append_files(txn, &file, 1, &err), &err);
    firn_txn_keep_files(txn);
    firn_test_lake_fail(lake, "txn.commit.before_catalog=error");
    assert_fails(firn_txn_commit(txn, &err), FIRN_ERR_IO, &err, NULL);
    firn_test_lake_fail(lake, NULL);
    firn_store_entry entry;
    assert_ok(firn_store_stat(lake->store, file.path, &entry, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    assert_live(lake, table, 1, 5);
    firn_txn_close(txn);
    firn_table_close(table);
}

static void test_lost_answer_is_recognised_by_the_snapshot(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    firn_test_lake_fail(lake, "txn.commit.after_catalog=error");
    assert_ok(firn_test_append(lake, table, "a.parquet", 0, 0, 5, &err), &err);
    firn_test_lake_fail(lake, NULL);
    assert_int_equal(firn_table_metadata_of(table)->n_snapshots, 1);
    assert_live(lake, table, 1, 5);
    firn_table_close(table);
}

static void test_unknown_outcome_removes_nothing(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txn = NULL;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    const firn_data_file file = firn_test_data_file(lake, table, "a.parquet", 0, 0, 5);
    assert_ok(firn_store_put(lake->store, file.path, FIRN_STR("data"), &err), &err);
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_append_files(txn, &file, 1, &err), &err);
    firn_test_lake_fail(lake, "txn.commit.after_catalog=error;txn.commit.reread=error");
    assert_fails(firn_txn_commit(txn, &err), FIRN_ERR_COMMIT_UNKNOWN, &err, "answer was lost");
    assert_int_equal(lake->clock_state.n_sleeps, 3);
    firn_test_lake_fail(lake, NULL);
    assert_fails(firn_txn_commit(txn, &err), FIRN_ERR_ARG, &err, "transaction has ended already");
    firn_txn_close(txn);
    firn_store_entry entry;
    assert_ok(firn_store_stat(lake->store, file.path, &entry, &err), &err);
    assert_ok(firn_table_refresh(table, &err), &err);
    assert_live(lake, table, 1, 5);
    firn_table_close(table);
}

static void test_table_made_anew_under_the_name_is_a_conflict(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    const firn_ident t = firn_test_ident("t");
    assert_ok(
        firn_catalog_get_ops(lake->catalog)->drop_table(firn_catalog_ctx(lake->catalog), &t, &err),
        &err);
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    assert_fails(firn_test_append(lake, table, "a.parquet", 0, 0, 5, &err), FIRN_ERR_CONFLICT, &err,
                 "another one made under its name");
    firn_table_close(table);
}

static void test_append_if_unchanged_is_never_rebased(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txn = NULL;
    firn_table *mine = firn_test_table(lake, "t", false, NULL);
    firn_table *theirs = firn_test_table_open(lake, "t");
    const firn_data_file file = firn_test_data_file(lake, mine, "m.parquet", 0, 10, 5);
    assert_ok(firn_txn_begin(mine, &txn, &err), &err);
    assert_ok(firn_txn_append_if_unchanged(txn, &file, 1, -1, &err), &err);
    assert_ok(firn_test_append(lake, theirs, "a.parquet", 0, 0, 5, &err), &err);
    assert_fails(firn_txn_commit(txn, &err), FIRN_ERR_CONFLICT, &err, "expected it unchanged");
    firn_txn_close(txn);
    assert_ok(firn_table_refresh(mine, &err), &err);
    assert_live(lake, mine, 1, 5);
    const int64_t at = firn_table_metadata_of(mine)->current_snapshot_id;
    assert_ok(firn_txn_begin(mine, &txn, &err), &err);
    assert_ok(firn_txn_append_if_unchanged(txn, &file, 1, at, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_live(lake, mine, 2, 10);
    firn_table_close(mine);
    firn_table_close(theirs);
}

static void test_schema_change_and_append_land_together(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txn = NULL;
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    const firn_data_file file = firn_test_data_file(lake, table, "a.parquet", 0, 0, 5);
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_append_files(txn, &file, 1, &err), &err);
    assert_ok(
        firn_txn_add_column(txn, FIRN_STR("extra"), &k_int, FIRN_STR(""), (firn_position){0}, &err),
        &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const firn_table_metadata *m = firn_table_metadata_of(table);
    assert_int_equal(m->current_schema_id, 1);
    assert_int_equal(firn_metadata_current_snapshot(m)->schema_id, 1);
    assert_int_equal(m->n_metadata_log, 1);
    firn_table_close(table);
}

static void test_create_with_rows_is_one_commit(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txn = NULL;
    firn_table *table = NULL;
    const firn_ident t = firn_test_ident("ctas");
    assert_ok(firn_txn_begin_create(lake->env, lake->store, lake->catalog, &t,
                                    FIRN_TABLE_CREATE_OPTS(.schema = firn_test_schema()), &table,
                                    &txn, &err),
              &err);
    firn_loaded_table loaded;
    assert_fails(firn_catalog_get_ops(lake->catalog)
                     ->load_table(firn_catalog_ctx(lake->catalog), &t, lake->arena, &loaded, &err),
                 FIRN_ERR_NOT_FOUND, &err, "table db.ctas does not exist");
    const firn_data_file file = firn_test_data_file(lake, table, "a.parquet", 0, 0, 5);
    assert_ok(firn_txn_append_files(txn, &file, 1, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_live(lake, table, 1, 5);
    assert_int_equal(firn_table_metadata_of(table)->n_metadata_log, 0);
    firn_table_close(table);
    table = firn_test_table_open(lake, "ctas");
    assert_live(lake, table, 1, 5);
    firn_table_close(table);
}

static void test_small_manifests_are_merged(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    firn_table *table =
        firn_test_table(lake, "t", true, "commit.manifest.min-count-to-merge", "4", NULL);
    for (int i = 0; i < 4; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "f%d.parquet", i);
        assert_ok(firn_test_append(lake, table, name, i, i * INT64_C(10), 10, &err), &err);
    }
    const firn_table_metadata *m = firn_table_metadata_of(table);
    assert_ok(firn_snapshot_manifests(lake->store, m, firn_metadata_current_snapshot(m),
                                      lake->arena, &manifests, &n, &err),
              &err);
    assert_int_equal(n, 1);
    assert_int_equal(manifests[0].added_files, 1);
    assert_int_equal(manifests[0].existing_files, 3);
    assert_int_equal(manifests[0].min_sequence_number, 1);
    assert_int_equal(firn_test_summary(table, "manifests-created"), 1);
    assert_int_equal(firn_test_summary(table, "manifests-replaced"), 3);
    assert_int_equal(firn_test_summary(table, "manifests-kept"), 0);
    assert_live(lake, table, 4, 40);
    firn_table_close(table);
}

static void test_row_ids_are_assigned_in_v3(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_table *table = firn_test_table(lake, "t", false, "format-version", "3",
                                        "commit.manifest.min-count-to-merge", "2", NULL);
    assert_ok(firn_test_append(lake, table, "a.parquet", 0, 0, 5, &err), &err);
    assert_int_equal(firn_table_metadata_of(table)->next_row_id, 5);
    assert_ok(firn_test_append(lake, table, "b.parquet", 0, 5, 7, &err), &err);
    const firn_table_metadata *m = firn_table_metadata_of(table);
    const firn_snapshot *s = firn_metadata_current_snapshot(m);
    assert_int_equal(s->first_row_id, 5);
    assert_int_equal(m->next_row_id, s->first_row_id + s->added_rows);
    firn_scan_plan plan;
    const firn_plan_opts opts = {0};
    assert_ok(firn_scan_plan_files(lake->env, lake->store, m, &opts, lake->arena, &plan, &err),
              &err);
    assert_int_equal(plan.n_tasks, 2);
    firn_table_close(table);
}

/* Two transactions, on tables a and b, that append a file each; and then another commit to b. */
static void begin_together(firn_test_lake *lake, firn_table **tables, firn_txn **txns)
{
    firn_error err;
    tables[0] = firn_test_table(lake, "a", false, NULL);
    tables[1] = firn_test_table(lake, "b", false, NULL);
    for (int i = 0; i < 2; i++) {
        const firn_data_file file = firn_test_data_file(lake, tables[i], "x.parquet", 0, 0, 5);
        assert_ok(firn_txn_begin(tables[i], &txns[i], &err), &err);
        assert_ok(firn_txn_append_files(txns[i], &file, 1, &err), &err);
    }
    firn_table *other = firn_test_table_open(lake, "b");
    assert_ok(firn_test_append(lake, other, "y.parquet", 0, 0, 1, &err), &err);
    firn_table_close(other);
}

static void end_together(firn_table **tables, firn_txn **txns)
{
    for (int i = 0; i < 2; i++) {
        firn_txn_close(txns[i]);
        firn_table_close(tables[i]);
    }
}

static void test_several_tables_commit_together(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txns[2];
    firn_table *tables[2];
    begin_together(lake, tables, txns);
    assert_ok(firn_txn_commit_all(txns, 2, &err), &err);
    assert_int_equal(lake->clock_state.n_sleeps, 0); /* their turn came, no race was lost */
    assert_live(lake, tables[0], 1, 5);
    assert_live(lake, tables[1], 2, 6);
    end_together(tables, txns);
}

/* What one of them relies on is gone: none lands, files stay, and they can be committed again. */
static void test_several_tables_are_lost_together(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txns[2];
    firn_table *tables[2];
    begin_together(lake, tables, txns);
    firn_txn_must_be_unchanged(txns[1]);
    const int n_files = firn_test_count_files(lake->folder);
    for (int i = 0; i < 2; i++) {
        assert_fails(firn_txn_commit_all(txns, 2, &err), FIRN_ERR_CONFLICT, &err,
                     "commit to db.b: table is at snapshot");
        assert_int_equal(firn_test_count_files(lake->folder), n_files);
    }
    firn_table *seen = firn_test_table_open(lake, "a");
    assert_int_equal(firn_table_metadata_of(seen)->n_snapshots, 0);
    firn_table_close(seen);
    assert_ok(firn_txn_commit_all(txns, 1, &err), &err);
    assert_live(lake, tables[0], 1, 5);
    end_together(tables, txns);
}

/* A writer that takes no turns is faster once; then both tables are made again. */
static void test_several_tables_are_tried_again(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txns[2];
    firn_table *tables[2];
    firn_test_faulty_catalog faulty = {
        .inner = lake->catalog, .answer = FIRN_TEST_ANSWER_REFUSED, .n_times = 1};
    firn_catalog *catalog = NULL;
    begin_together(lake, tables, txns);
    end_together(tables, txns);
    assert_ok(firn_test_faulty_catalog_open(&faulty, &catalog, &err), &err);
    for (int i = 0; i < 2; i++) {
        const firn_ident ident = firn_test_ident(i == 0 ? "a" : "b");
        assert_ok(firn_table_open(lake->env, lake->store, catalog, &ident, &tables[i], &err), &err);
        const firn_data_file file = firn_test_data_file(lake, tables[i], "z.parquet", 0, 0, 5);
        assert_ok(firn_txn_begin(tables[i], &txns[i], &err), &err);
        assert_ok(firn_txn_append_files(txns[i], &file, 1, &err), &err);
    }
    assert_ok(firn_txn_commit_all(txns, 2, &err), &err);
    assert_int_equal(faulty.n_commits, 2);
    assert_live(lake, tables[0], 1, 5);
    assert_live(lake, tables[1], 2, 6);
    end_together(tables, txns);
    firn_catalog_destroy(catalog);
}

static void test_lost_answer_for_several_tables_is_recognised(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txns[2];
    firn_table *tables[2] = {firn_test_table(lake, "a", false, NULL),
                             firn_test_table(lake, "b", false, NULL)};
    for (int i = 0; i < 2; i++) {
        const firn_data_file file = firn_test_data_file(lake, tables[i], "x.parquet", 0, 0, 5);
        assert_ok(firn_txn_begin(tables[i], &txns[i], &err), &err);
        assert_ok(firn_txn_append_files(txns[i], &file, 1, &err), &err);
    }
    firn_test_lake_fail(lake, "txn.commit.after_catalog=error");
    assert_ok(firn_txn_commit_all(txns, 2, &err), &err);
    firn_test_lake_fail(lake, NULL);
    for (int i = 0; i < 2; i++) {
        assert_live(lake, tables[i], 1, 5);
        firn_txn_close(txns[i]);
        firn_table_close(tables[i]);
    }
}

static void test_a_file_is_not_added_twice_by_one_transaction(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txn = NULL;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    const firn_data_file file = firn_test_data_file(lake, table, "a.parquet", 0, 0, 5);
    const firn_data_file twice[] = {file, file};
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_fails(firn_txn_append_files(txn, twice, 2, &err), FIRN_ERR_ARG, &err, "is added twice");
    assert_ok(firn_txn_append_files(txn, &file, 1, &err), &err);
    assert_fails(firn_txn_append_files(txn, &file, 1, &err), FIRN_ERR_ARG, &err, "is added twice");
    firn_txn_close(txn);
    firn_table_close(table);
}

static void test_main_is_rolled_back_and_set(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txn = NULL;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    int64_t ids[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(firn_test_append(lake, table, i == 0 ? "a.parquet" : "b.parquet", 0, 0, 5, &err),
                  &err);
        ids[i] = firn_table_metadata_of(table)->current_snapshot_id;
    }
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_fails(firn_txn_rollback_to(txn, 12345, &err), FIRN_ERR_NOT_FOUND, &err,
                 "no snapshot 12345");
    assert_ok(firn_txn_rollback_to(txn, ids[0], &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_int_equal(firn_table_metadata_of(table)->current_snapshot_id, ids[0]);
    assert_live(lake, table, 1, 5);
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_fails(firn_txn_rollback_to(txn, ids[1], &err), FIRN_ERR_ARG, &err,
                 "is not an ancestor of the current one");
    assert_ok(firn_txn_set_current_snapshot(txn, ids[1], &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_live(lake, table, 2, 10);
    firn_table_close(table);
}

/* Every store call of a commit fails once, before and after it took effect: the table is as it was
 * or has the whole append, and no file of a failed commit is left. */
static void test_failing_store_gives_all_or_nothing(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_test_faulty faulty;
    firn_store *store = NULL;
    firn_txn *txn = NULL;
    const firn_property property = {FIRN_STR_INIT("a"), FIRN_STR_INIT("b")};
    firn_table *first = firn_test_table(lake, "t", true, NULL);
    assert_ok(firn_txn_begin(first, &txn, &err), &err); /* makes the file of turns */
    assert_ok(firn_txn_set_properties(txn, &property, 1, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    firn_table_close(first);
    firn_test_faulty_init(&faulty, lake->store);
    assert_ok(firn_store_create(&store, &err), &err);
    assert_ok(firn_test_faulty_add(store, &faulty, &err), &err);
    const firn_test_slot slots[] = {FIRN_TEST_CREATE, FIRN_TEST_WRITE, FIRN_TEST_FINISH};
    int64_t n_landed = 0;
    for (size_t s = 0; s < sizeof slots / sizeof *slots; s++) {
        for (int nth = 1; nth <= 4; nth++) {
            for (int when = 0; when < 2; when++) {
                firn_table *table = NULL;
                char name[64];
                const firn_ident t = firn_test_ident("t");
                assert_ok(firn_table_open(lake->env, store, lake->catalog, &t, &table, &err), &err);
                (void)snprintf(name, sizeof name, "f-%zu-%d-%d.parquet", s, nth, when);
                const int n_files = firn_test_count_files(lake->folder);
                firn_test_faulty_arm(&faulty, slots[s], nth, (firn_test_when)when, FIRN_OK);
                const firn_status st = firn_test_append(lake, table, name, 1, 0, 5, &err);
                firn_test_faulty_disarm(&faulty);
                if (st == FIRN_OK) {
                    n_landed++;
                } else {
                    assert_int_equal(st, FIRN_ERR_IO);
                    assert_int_equal(firn_test_count_files(lake->folder), n_files);
                }
                firn_table_close(table);
                table = firn_test_table_open(lake, "t");
                if (n_landed > 0) assert_live(lake, table, n_landed, 5 * n_landed);
                firn_table_close(table);
            }
        }
    }
    firn_store_destroy(store);
}

/* Memory runs out at one allocation after the other: the append fails cleanly or lands, and nothing
 * of a failed one stays. */
static void test_running_out_of_memory_gives_all_or_nothing(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_test_alloc counter = {0};
    const firn_allocator failing = firn_test_alloc_interface(&counter);
    const firn_allocator *usual = lake->env->alloc;
    int64_t n_failed = 0;
    firn_table *table = firn_test_table(lake, "t", true, NULL);
    assert_ok(firn_test_append(lake, table, "first.parquet", 1, 0, 5, &err), &err);
    for (int64_t fail_at = 1;; fail_at += 1 + fail_at / 15) {
        firn_txn *txn = NULL;
        const firn_data_file file = firn_test_data_file(lake, table, "x.parquet", 1, 0, 5);
        const int n_files = firn_test_count_files(lake->folder);
        counter = (firn_test_alloc){.fail_at = fail_at};
        lake->env->alloc = &failing;
        firn_status st = firn_txn_begin(table, &txn, &err);
        if (st == FIRN_OK) st = firn_txn_append_files(txn, &file, 1, &err);
        if (st == FIRN_OK) st = firn_txn_commit(txn, &err);
        firn_txn_close(txn);
        lake->env->alloc = usual;
        if (st == FIRN_OK) break;
        n_failed++;
        assert_int_equal(st, FIRN_ERR_NOMEM);
        assert_int_equal(firn_test_count_files(lake->folder), n_files);
        assert_ok(firn_table_refresh(table, &err), &err);
        assert_live(lake, table, 1, 5);
    }
    assert_true(n_failed > 10);
    assert_live(lake, table, 2, 10);
    firn_table_close(table);
}

#define TEST(test) \
    cmocka_unit_test_setup_teardown(test, firn_test_sqlite_lake, firn_test_lake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_summary_counts_what_was_added),
        TEST(test_lost_race_is_retried_on_the_new_base),
        TEST(test_turns_spare_lost_races),
        TEST(test_retries_end_and_own_files_are_removed),
        TEST(test_kept_files_survive_a_lost_commit_and_can_be_committed),
        TEST(test_lost_answer_is_recognised_by_the_snapshot),
        TEST(test_unknown_outcome_removes_nothing),
        TEST(test_table_made_anew_under_the_name_is_a_conflict),
        TEST(test_append_if_unchanged_is_never_rebased),
        TEST(test_schema_change_and_append_land_together),
        TEST(test_create_with_rows_is_one_commit),
        TEST(test_small_manifests_are_merged),
        TEST(test_row_ids_are_assigned_in_v3),
        TEST(test_several_tables_commit_together),
        TEST(test_several_tables_are_lost_together),
        TEST(test_several_tables_are_tried_again),
        TEST(test_lost_answer_for_several_tables_is_recognised),
        TEST(test_a_file_is_not_added_twice_by_one_transaction),
        TEST(test_main_is_rolled_back_and_set),
        TEST(test_failing_store_gives_all_or_nothing),
        TEST(test_running_out_of_memory_gives_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
