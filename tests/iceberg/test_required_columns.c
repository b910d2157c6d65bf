/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that were on their way while another commit made a column required: what may have null in it
 * does not land. */

#include "base/str.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

enum nulls { NULLS_NONE, NULLS_SOME, NULLS_UNKNOWN };

/* Column 4, price. */
static firn_data_file file_with(firn_test_lake *lake, const firn_table *table, enum nulls nulls)
{
    firn_data_file file = firn_test_data_file(lake, table, "x.parquet", 0, 0, 5);
    firn_metric *count = firn_arena_array(lake->arena, 1, sizeof *count);
    assert_non_null(count);
    *count = (firn_metric){.field_id = 4, .count = nulls == NULLS_SOME ? 2 : 0};
    file.null_value_counts =
        (firn_metric_map){nulls == NULLS_UNKNOWN ? NULL : count, nulls == NULLS_UNKNOWN ? 0 : 1};
    return file;
}

static void require_price(firn_test_lake *lake, firn_error *err)
{
    firn_txn *txn = NULL;
    firn_table *table = firn_test_table_open(lake, "t");
    assert_ok(firn_txn_begin(table, &txn, err), err);
    assert_ok(firn_txn_make_required(txn, FIRN_STR("price"), FIRN_ROWS_CHECKED, err), err);
    assert_ok(firn_txn_commit(txn, err), err);
    firn_txn_close(txn);
    firn_table_close(table);
}

static firn_status append_late(firn_test_lake *lake, enum nulls nulls, bool is_together,
                               firn_error *err)
{
    firn_txn *txn = NULL;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    assert_ok(firn_txn_begin(table, &txn, err), err);
    const firn_data_file file = file_with(lake, table, nulls);
    require_price(lake, err);
    assert_ok(firn_txn_append_files(txn, &file, 1, err), err);
    const firn_status st =
        is_together ? firn_txn_commit_all(&txn, 1, err) : firn_txn_commit(txn, err);
    firn_txn_close(txn);
    firn_table_close(table);
    return st;
}

static size_t n_snapshots(firn_test_lake *lake)
{
    firn_table *table = firn_test_table_open(lake, "t");
    const size_t n = firn_table_metadata_of(table)->n_snapshots;
    firn_table_close(table);
    return n;
}

static void test_rows_with_nulls_come_too_late(void **state)
{
    firn_error err;
    assert_fails(append_late(*state, NULLS_SOME, false, &err), FIRN_ERR_CONFLICT, &err,
                 "another commit made column \"price\" required");
    assert_int_equal(n_snapshots(*state), 0);
}

static void test_rows_nobody_knows_of_come_too_late(void **state)
{
    firn_error err;
    assert_fails(append_late(*state, NULLS_UNKNOWN, false, &err), FIRN_ERR_CONFLICT, &err,
                 "x.parquet may have null in it");
    assert_int_equal(n_snapshots(*state), 0);
}

static void test_rows_without_nulls_land_on_the_new_schema(void **state)
{
    firn_error err;
    assert_ok(append_late(*state, NULLS_NONE, false, &err), &err);
    assert_int_equal(n_snapshots(*state), 1);
}

static void test_tables_that_commit_together_are_looked_at_too(void **state)
{
    firn_error err;
    assert_fails(append_late(*state, NULLS_SOME, true, &err), FIRN_ERR_CONFLICT, &err,
                 "column \"price\" required");
    assert_int_equal(n_snapshots(*state), 0);
}

/* A staged snapshot belongs to no branch, so nobody looked at its rows. */
static void test_staged_rows_with_nulls_are_not_picked(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_txn *txn = NULL;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    const firn_data_file file = file_with(lake, table, NULLS_SOME);
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    firn_txn_stage(txn);
    assert_ok(firn_txn_append_files(txn, &file, 1, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    const int64_t staged = firn_table_metadata_of(table)->snapshots[0].snapshot_id;
    assert_ok(firn_test_append(lake, table, "y.parquet", 0, 5, 5, &err), &err);
    firn_table_close(table);
    table = firn_test_table_open(lake, "t");
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_make_required(txn, FIRN_STR("price"), FIRN_ROWS_TRUSTED, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_cherry_pick(txn, staged, &err), &err);
    assert_fails(firn_txn_commit(txn, &err), FIRN_ERR_CONFLICT, &err, "column \"price\" required");
    firn_txn_close(txn);
    firn_table_close(table);
    assert_int_equal(n_snapshots(lake), 2);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, firn_test_memory_lake, firn_test_lake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rows_with_nulls_come_too_late),
        TEST(test_rows_nobody_knows_of_come_too_late),
        TEST(test_rows_without_nulls_land_on_the_new_schema),
        TEST(test_tables_that_commit_together_are_looked_at_too),
        TEST(test_staged_rows_with_nulls_are_not_picked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
