/* SPDX-License-Identifier: Apache-2.0 */
/* The public append: rows are there after the commit and nowhere before it. */
#include <stdio.h>

#include "base/str.h"
#include "firn/append.h"
#include "lake_fixture.h"

static firn_batch *make_batch(const firn_type *root, int64_t n)
{
    firn_batch *batch = NULL;
    firn_error err;
    assert_ok(firn_batch_create(root, n, &batch, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        ((int64_t *)batch->columns[0].values)[i] = i;
        ((int32_t *)batch->columns[1].values)[i] = (int32_t)(i % 2);
        ((firn_view *)batch->columns[2].values)[i] = firn_view_of("name", 4);
        ((double *)batch->columns[3].values)[i] = 0.5;
    }
    for (size_t c = 0; c < batch->n_columns; c++) batch->columns[c].n_values = n;
    batch->n_rows = n;
    return batch;
}

static int count_data_files(const firn_table *table)
{
    char path[FIRN_TEST_PATH];
    const firn_str location = firn_table_metadata_of(table)->location;
    (void)snprintf(path, sizeof path, "%.*s/data", FIRN_STR_ARG(location));
    const char *local = firn_str_starts_with(location, FIRN_STR("file://")) ? path + 7 : path;
    return firn_test_count_files(local);
}

static const firn_type *root_of(const firn_table *table)
{
    return &firn_metadata_schema(firn_table_metadata_of(table))->root;
}

static void test_rows_are_committed_at_once(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_append *append = NULL;
    firn_table *table = firn_test_table(lake, "t", true, NULL);
    firn_batch *batch = make_batch(root_of(table), 10);
    assert_ok(firn_append_begin(table, &append, &err), &err);
    assert_ok(firn_append_rows(append, batch, &err), &err);
    assert_ok(firn_append_rows(append, batch, &err), &err);
    assert_null(firn_metadata_current_snapshot(firn_table_metadata_of(table)));
    assert_ok(firn_append_commit(append, &err), &err);
    assert_int_equal(firn_test_summary(table, "added-records"), 20);
    assert_int_equal(firn_test_summary(table, "added-data-files"), 2);
    assert_fails(firn_append_rows(append, batch, &err), FIRN_ERR_ARG, &err, "has ended");
    assert_fails(firn_append_commit(append, &err), FIRN_ERR_ARG, &err, "has ended");
    firn_append_close(append);
    assert_int_equal(count_data_files(table), 2);
    firn_batch_destroy(batch);
    firn_table_close(table);
}

static void test_close_without_commit_leaves_no_files(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_append *append = NULL;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    firn_batch *batch = make_batch(root_of(table), 10);
    assert_ok(firn_append_begin(table, &append, &err), &err);
    assert_ok(firn_append_rows(append, batch, &err), &err);
    firn_append_close(append);
    assert_int_equal(count_data_files(table), 0);
    assert_ok(firn_table_refresh(table, &err), &err);
    assert_null(firn_metadata_current_snapshot(firn_table_metadata_of(table)));
    firn_batch_destroy(batch);
    firn_table_close(table);
}

static void test_append_without_rows_commits_nothing(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_append *append = NULL;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    assert_ok(firn_append_begin(table, &append, &err), &err);
    assert_ok(firn_append_commit(append, &err), &err);
    firn_append_close(append);
    assert_null(firn_metadata_current_snapshot(firn_table_metadata_of(table)));
    firn_table_close(table);
}

static void test_wrong_columns_are_refused(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_append *append = NULL;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    firn_field fields[4];
    const firn_type text = {.kind = FIRN_TYPE_STRING};
    for (size_t i = 0; i < 4; i++) fields[i] = root_of(table)->fields[i];
    firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 3};
    firn_batch *batch = NULL;
    assert_ok(firn_append_begin(table, &append, &err), &err);

    assert_ok(firn_batch_create(&root, 1, &batch, &err), &err);
    assert_fails(firn_append_rows(append, batch, &err), FIRN_ERR_ARG, &err,
                 "batch has 3 columns, table has 4");
    firn_batch_destroy(batch);

    fields[3].type = &text;
    root.n_fields = 4;
    assert_ok(firn_batch_create(&root, 1, &batch, &err), &err);
    assert_fails(firn_append_rows(append, batch, &err), FIRN_ERR_ARG, &err,
                 "column \"price\" of the batch is string, expected double");
    firn_batch_destroy(batch);

    batch = make_batch(root_of(table), 2);
    batch->columns[1].n_values = 1;
    assert_fails(firn_append_rows(append, batch, &err), FIRN_ERR_ARG, &err,
                 "column \"day\" of the batch has 1 values, expected 2");
    batch->columns[1].n_values = 2;
    firn_column_set_null(&batch->columns[0], 1);
    assert_fails(firn_append_rows(append, batch, &err), FIRN_ERR_ARG, &err, "id");
    firn_batch_destroy(batch);
    firn_append_close(append);
    assert_int_equal(count_data_files(table), 0);
    firn_table_close(table);
}

static void test_files_of_a_lost_commit_are_removed(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_append *append = NULL;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    firn_batch *batch = make_batch(root_of(table), 10);
    const firn_ident ident = firn_test_ident("t");
    assert_ok(firn_append_begin(table, &append, &err), &err);
    assert_ok(firn_append_rows(append, batch, &err), &err);
    assert_ok(firn_catalog_get_ops(lake->catalog)
                  ->drop_table(firn_catalog_ctx(lake->catalog), &ident, &err),
              &err);
    assert_fails(firn_append_commit(append, &err), FIRN_ERR_NOT_FOUND, &err, NULL);
    firn_append_close(append);
    assert_int_equal(count_data_files(table), 0);
    firn_batch_destroy(batch);
    firn_table_close(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_are_committed_at_once, firn_test_sqlite_lake,
                                        firn_test_lake_tear_down),
        cmocka_unit_test_setup_teardown(test_close_without_commit_leaves_no_files,
                                        firn_test_sqlite_lake, firn_test_lake_tear_down),
        cmocka_unit_test_setup_teardown(test_append_without_rows_commits_nothing,
                                        firn_test_sqlite_lake, firn_test_lake_tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_columns_are_refused, firn_test_sqlite_lake,
                                        firn_test_lake_tear_down),
        cmocka_unit_test_setup_teardown(test_files_of_a_lost_commit_are_removed,
                                        firn_test_sqlite_lake, firn_test_lake_tear_down),
    };
    return cmocka_run_group_tests_name("table_append", tests, NULL, NULL);
}
