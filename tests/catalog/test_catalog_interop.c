/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog and tables with real data files, for other implementations to open: with arguments
 * this program is the tool that tests/python/test_catalog.py drives, without them it checks the
 * tool's own work.
 *
 *   test_catalog_interop make <folder>                  namespace, partitioned table, view
 *   test_catalog_interop append <folder> <first> <n>    rows with ids first .. first + n - 1
 *   test_catalog_interop evolve <folder>                schema, spec and property changes
 *   test_catalog_interop remove <folder>                overwrite: drop the first live file
 *   test_catalog_interop files <folder>                 "<path> <rows>" of each live file */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/snapshot_update.h"
#include "iceberg/write/table_writer.h"
#include "lake_fixture.h"

static firn_batch *make_batch(const firn_type *root, int64_t first, int64_t n)
{
    firn_batch *batch = NULL;
    firn_error err;
    assert_ok(firn_batch_create(root, n, &batch, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "name %" PRId64, first + i);
        ((int64_t *)batch->columns[0].values)[i] = first + i;
        ((int32_t *)batch->columns[1].values)[i] = 19000 + (int32_t)((first + i) % 3);
        assert_ok(firn_column_copy_bytes(&batch->columns[2], firn_str_of(text),
                                         &((firn_view *)batch->columns[2].values)[i], &err),
                  &err);
        ((double *)batch->columns[3].values)[i] = (double)(first + i) / 4;
        if ((first + i) % 5 == 0) firn_column_set_null(&batch->columns[3], i);
        for (size_t c = 4; c < batch->n_columns; c++) firn_column_set_null(&batch->columns[c], i);
    }
    for (size_t c = 0; c < batch->n_columns; c++) batch->columns[c].n_values = n;
    batch->n_rows = n;
    return batch;
}

static void append_rows(firn_test_lake *lake, firn_table *table, int64_t first, int64_t n)
{
    firn_table_writer *writer = NULL;
    firn_txn *txn = NULL;
    firn_data_file *files = NULL;
    size_t n_files = 0;
    firn_error err;
    const firn_table_metadata *m = firn_table_metadata_of(table);
    firn_batch *batch = make_batch(&firn_metadata_schema(m)->root, first, n);
    assert_ok(firn_table_writer_create(lake->env, lake->store, m, NULL, &writer, &err), &err);
    assert_ok(firn_table_writer_append(writer, batch, &err), &err);
    assert_ok(firn_table_writer_finish(writer, lake->arena, &files, &n_files, &err), &err);
    firn_table_writer_destroy(writer);
    firn_batch_destroy(batch);
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_append_files(txn, files, n_files, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
}

static void put_view(firn_test_lake *lake)
{
    static const firn_view_representation text = {FIRN_STR_INIT("SELECT id FROM db.t"),
                                                  FIRN_STR_INIT("duckdb")};
    static const firn_str ns[] = {FIRN_STR_INIT("db")};
    static const firn_view_version version = {.version_id = 1,
                                              .timestamp_ms = 1700000000000,
                                              .representations = &text,
                                              .n_representations = 1,
                                              .default_namespace = ns,
                                              .n_default_namespace = 1};
    static const firn_view_log_entry log = {1700000000000, 1};
    const firn_schema *schema = firn_test_schema();
    char location[2 * FIRN_TEST_PATH];
    (void)snprintf(location, sizeof location, "%s/db/v", lake->warehouse);
    const firn_view_metadata view = {.view_uuid = FIRN_STR("8f6b1e5a-1b1c-4b7a-9d5a-2f1e6a3c4d5e"),
                                     .format_version = 1,
                                     .location = firn_str_of(location),
                                     .schemas = &schema,
                                     .n_schemas = 1,
                                     .current_version_id = 1,
                                     .versions = &version,
                                     .n_versions = 1,
                                     .version_log = &log,
                                     .n_version_log = 1};
    firn_error err;
    const firn_ident v = firn_test_ident("v");
    assert_ok(firn_catalog_get_ops(lake->catalog)
                  ->put_view(firn_catalog_ctx(lake->catalog), &v, (firn_str){0}, &view, &err),
              &err);
}

static void make_lake(firn_test_lake *lake)
{
    firn_error err;
    const firn_str levels[] = {FIRN_STR_INIT("db"), FIRN_STR_INIT("inner")};
    const firn_ident db = {levels, 1, {0}};
    const firn_ident inner = {levels, 2, {0}};
    const firn_property owner = {FIRN_STR_INIT("owner"), FIRN_STR_INIT("ana")};
    const firn_catalog_ops *ops = firn_catalog_get_ops(lake->catalog);
    assert_ok(ops->create_namespace(firn_catalog_ctx(lake->catalog), &db,
                                    (firn_properties){&owner, 1}, &err),
              &err);
    assert_ok(
        ops->create_namespace(firn_catalog_ctx(lake->catalog), &inner, (firn_properties){0}, &err),
        &err);
    firn_table_close(firn_test_table(lake, "t", true, NULL));
    put_view(lake);
}

static void evolve(firn_test_lake *lake, firn_table *table)
{
    static const firn_type string_type = {.kind = FIRN_TYPE_STRING};
    const firn_property item = {FIRN_STR_INIT("comment"), FIRN_STR_INIT("evolved")};
    const firn_transform bucket = {.kind = FIRN_TRANSFORM_BUCKET, .param = 4};
    firn_txn *txn = NULL;
    firn_error err;
    (void)lake;
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_add_column(txn, FIRN_STR("note"), &string_type, FIRN_STR("added"),
                                  (firn_position){0}, &err),
              &err);
    assert_ok(firn_txn_rename_column(txn, FIRN_STR("price"), FIRN_STR("cost"), &err), &err);
    assert_ok(firn_txn_add_partition_field(txn, FIRN_STR("id"), bucket, FIRN_STR(""), &err), &err);
    assert_ok(firn_txn_set_properties(txn, &item, 1, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
}

static void plan(firn_test_lake *lake, const firn_table *table, firn_scan_plan *out)
{
    firn_error err;
    const firn_plan_opts opts = {0};
    assert_ok(firn_scan_plan_files(lake->env, lake->store, firn_table_metadata_of(table), &opts,
                                   lake->arena, out, &err),
              &err);
}

static void remove_first(firn_test_lake *lake, firn_table *table)
{
    firn_scan_plan files;
    firn_txn *txn = NULL;
    firn_error err;
    plan(lake, table, &files);
    assert_true(files.n_tasks > 0);
    const firn_change change = {.kind = FIRN_CHANGE_OVERWRITE,
                                .removed = &(firn_file_key){.path = files.tasks[0].file->path},
                                .n_removed = 1,
                                .from_snapshot_id =
                                    firn_table_metadata_of(table)->current_snapshot_id};
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_change_files(txn, &change, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
}

static int run_tool(int argc, char **argv)
{
    firn_test_lake lake;
    firn_test_lake_reopen(&lake, argv[2], NULL);
    lake.env->clock = firn_clock_system();
    if (strcmp(argv[1], "make") == 0) make_lake(&lake);
    firn_table *table = firn_test_table_open(&lake, "t");
    if (strcmp(argv[1], "append") == 0 && argc == 5)
        append_rows(&lake, table, strtoll(argv[3], NULL, 10), strtoll(argv[4], NULL, 10));
    if (strcmp(argv[1], "evolve") == 0) evolve(&lake, table);
    if (strcmp(argv[1], "remove") == 0) remove_first(&lake, table);
    firn_scan_plan files;
    plan(&lake, table, &files);
    for (size_t i = 0; i < files.n_tasks; i++)
        (void)printf("%.*s %" PRId64 "\n", FIRN_STR_ARG(files.tasks[i].file->path),
                     files.tasks[i].file->record_count);
    firn_table_close(table);
    firn_test_lake_close(&lake, true);
    return 0;
}

static void test_tool_makes_and_changes_a_lake(void **state)
{
    firn_test_lake lake;
    firn_scan_plan files;
    char folder[FIRN_TEST_PATH];
    (void)state;
    firn_test_tempdir(folder);
    firn_test_lake_reopen(&lake, folder, NULL);
    make_lake(&lake);
    firn_table *table = firn_test_table_open(&lake, "t");
    append_rows(&lake, table, 0, 30);
    evolve(&lake, table);
    append_rows(&lake, table, 30, 30);
    plan(&lake, table, &files);
    assert_int_equal(files.n_tasks, 3 + 12);
    remove_first(&lake, table);
    plan(&lake, table, &files);
    assert_int_equal(files.n_tasks, 14);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tool_makes_and_changes_a_lake),
    };
    if (argc >= 3) return run_tool(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
