/* SPDX-License-Identifier: Apache-2.0 */
#include "lake_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "catalog/memory_catalog.h"
#include "catalog/sqlite.h"
#include "iceberg/txn/snapshot_update.h"
#include "store/local.h"
#include "store/memory.h"

static const firn_str k_levels[] = {FIRN_STR_INIT("db")};

static void open_parts(firn_test_lake *lake, const char *failpoints)
{
    firn_error err;
    /* One thread: tests of crashes fork. */
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.failpoints = firn_str_of(failpoints), .n_threads = 1),
                              &lake->env, &err),
              &err);
    firn_test_clock_init(&lake->clock_state, INT64_C(1700000000000000));
    lake->clock = firn_test_clock_interface(&lake->clock_state);
    lake->env->clock = &lake->clock;
    lake->arena = firn_arena_create(NULL, 0);
    assert_non_null(lake->arena);
    assert_ok(firn_store_create(&lake->store, &err), &err);
    assert_ok(firn_store_add_local(lake->store, lake->env, &err), &err);
    assert_ok(firn_store_add_memory(lake->store, lake->env, &err), &err);
    (void)snprintf(lake->warehouse, sizeof lake->warehouse, "%s/warehouse",
                   lake->is_in_memory ? "memory://lake" : lake->folder);
    (void)snprintf(lake->catalog_path, sizeof lake->catalog_path, "%s/catalog.db", lake->folder);
    const firn_sqlite_opts opts = {.name = FIRN_STR("firn"),
                                   .path = firn_str_of(lake->catalog_path),
                                   .warehouse = firn_str_of(lake->warehouse)};
    if (lake->is_sqlite)
        assert_ok(firn_sqlite_catalog_open(lake->env, lake->store, &opts, &lake->catalog, &err),
                  &err);
    else
        assert_ok(firn_memory_catalog_open(lake->env, lake->store, opts.name, opts.warehouse,
                                           &lake->catalog, &err),
                  &err);
}

static void open_new(firn_test_lake *lake, const char *failpoints)
{
    firn_error err;
    firn_test_tempdir(lake->folder);
    open_parts(lake, failpoints);
    const firn_ident ns = {k_levels, 1, {0}};
    assert_ok(
        firn_catalog_get_ops(lake->catalog)
            ->create_namespace(firn_catalog_ctx(lake->catalog), &ns, (firn_properties){0}, &err),
        &err);
}

void firn_test_lake_open(firn_test_lake *lake, bool is_sqlite, const char *failpoints)
{
    *lake = (firn_test_lake){.is_sqlite = is_sqlite};
    open_new(lake, failpoints);
}

void firn_test_lake_open_in_memory(firn_test_lake *lake)
{
    *lake = (firn_test_lake){.is_in_memory = true};
    open_new(lake, NULL);
}

void firn_test_lake_reopen(firn_test_lake *lake, const char *folder, const char *failpoints)
{
    memset(lake, 0, sizeof *lake);
    lake->is_sqlite = true;
    (void)snprintf(lake->folder, sizeof lake->folder, "%s", folder);
    open_parts(lake, failpoints);
}

void firn_test_lake_close(firn_test_lake *lake, bool keep_folder)
{
    firn_catalog_destroy(lake->catalog);
    firn_store_destroy(lake->store);
    firn_arena_destroy(lake->arena);
    firn_env_destroy(lake->env);
    if (!keep_folder) firn_test_remove_tree(lake->folder);
}

int firn_test_sqlite_lake(void **state)
{
    *state = calloc(1, sizeof(firn_test_lake));
    firn_test_lake_open(*state, true, NULL);
    return 0;
}

int firn_test_local_lake(void **state)
{
    *state = calloc(1, sizeof(firn_test_lake));
    firn_test_lake_open(*state, false, NULL);
    return 0;
}

int firn_test_memory_lake(void **state)
{
    *state = calloc(1, sizeof(firn_test_lake));
    firn_test_lake_open_in_memory(*state);
    return 0;
}

int firn_test_lake_tear_down(void **state)
{
    firn_test_lake_close(*state, false);
    free(*state);
    return 0;
}

void firn_test_lake_fail(firn_test_lake *lake, const char *failpoints)
{
    firn_error err;
    firn_failpoints *made = NULL;
    assert_ok(firn_failpoints_create(firn_str_of(failpoints), &made, &err), &err);
    firn_failpoints_destroy(lake->env->failpoints);
    lake->env->failpoints = made;
}

firn_ident firn_test_ident(const char *name)
{
    return (firn_ident){k_levels, 1, firn_str_of(name)};
}

const firn_schema *firn_test_schema(void)
{
    static const firn_type long_type = {.kind = FIRN_TYPE_LONG};
    static const firn_type date_type = {.kind = FIRN_TYPE_DATE};
    static const firn_type string_type = {.kind = FIRN_TYPE_STRING};
    static const firn_type double_type = {.kind = FIRN_TYPE_DOUBLE};
    static const firn_field fields[] = {
        {.id = 1, .is_required = true, .name = FIRN_STR_INIT("id"), .type = &long_type},
        {.id = 2, .name = FIRN_STR_INIT("day"), .type = &date_type},
        {.id = 3, .name = FIRN_STR_INIT("name"), .type = &string_type},
        {.id = 4, .name = FIRN_STR_INIT("price"), .type = &double_type},
    };
    static const firn_schema schema = {
        .root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 4}};
    return &schema;
}

firn_table *firn_test_table(firn_test_lake *lake, const char *name, int is_partitioned, ...)
{
    static const firn_partition_field day = {.source_id = 2,
                                             .transform = {.kind = FIRN_TRANSFORM_IDENTITY}};
    const firn_partition_spec spec = {.fields = &day, .n_fields = 1};
    firn_property items[8];
    size_t n = 0;
    va_list args;
    va_start(args, is_partitioned);
    for (const char *key = va_arg(args, const char *); key && n < 8;
         key = va_arg(args, const char *)) {
        items[n].key = firn_str_of(key);
        items[n++].value = firn_str_of(va_arg(args, const char *));
    }
    va_end(args);
    firn_table *table = NULL;
    firn_error err;
    const firn_ident ident = firn_test_ident(name);
    assert_ok(firn_table_create(lake->env, lake->store, lake->catalog, &ident,
                                FIRN_TABLE_CREATE_OPTS(.schema = firn_test_schema(),
                                                       .spec = is_partitioned ? &spec : NULL,
                                                       .properties = {items, n}),
                                &table, &err),
              &err);
    return table;
}

firn_table *firn_test_table_open(firn_test_lake *lake, const char *name)
{
    firn_table *table = NULL;
    firn_error err;
    const firn_ident ident = firn_test_ident(name);
    assert_ok(firn_table_open(lake->env, lake->store, lake->catalog, &ident, &table, &err), &err);
    return table;
}

static firn_metric_map bound(firn_test_lake *lake, int64_t value)
{
    firn_metric *metric = firn_arena_alloc_zero(lake->arena, sizeof *metric);
    char *bytes = firn_arena_alloc(lake->arena, 8);
    assert_non_null(metric);
    assert_non_null(bytes);
    memcpy(bytes, &value, 8);
    metric->field_id = 1;
    metric->bound = (firn_str){bytes, 8};
    return (firn_metric_map){metric, 1};
}

static firn_metric_map count(firn_test_lake *lake, int64_t value)
{
    firn_metric *metric = firn_arena_alloc_zero(lake->arena, sizeof *metric);
    assert_non_null(metric);
    metric->field_id = 1;
    metric->count = value;
    return (firn_metric_map){metric, 1};
}

firn_data_file firn_test_data_file(firn_test_lake *lake, const firn_table *table, const char *name,
                                   int32_t day, int64_t first_id, int64_t n_rows)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    const firn_partition_spec *spec = firn_metadata_spec(metadata);
    firn_value *partition = firn_arena_array(lake->arena, 1, sizeof *partition);
    assert_non_null(partition);
    *partition = (firn_value){.kind = FIRN_TYPE_DATE, .as.i32 = day};
    return (firn_data_file){
        .content = FIRN_CONTENT_DATA,
        .format = FIRN_FILE_PARQUET,
        .path =
            firn_arena_printf(lake->arena, "%.*s/data/%s", FIRN_STR_ARG(metadata->location), name),
        .spec_id = spec->spec_id,
        .partition = partition,
        .n_partition = spec->n_fields,
        .record_count = n_rows,
        .file_size_bytes = 100 * n_rows,
        .value_counts = count(lake, n_rows),
        .null_value_counts = count(lake, 0),
        .lower_bounds = bound(lake, first_id),
        .upper_bounds = bound(lake, first_id + n_rows - 1),
        .sort_order_id = 0,
        .first_row_id = -1,
        .content_offset = -1,
        .content_size_bytes = -1,
    };
}

firn_status firn_test_append(firn_test_lake *lake, firn_table *table, const char *name, int32_t day,
                             int64_t first_id, int64_t n_rows, firn_error *err)
{
    firn_txn *txn = NULL;
    const firn_data_file file = firn_test_data_file(lake, table, name, day, first_id, n_rows);
    FIRN_TRY(firn_txn_begin(table, &txn, err));
    firn_status st = firn_txn_append_files(txn, &file, 1, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

int64_t firn_test_summary(const firn_table *table, const char *key)
{
    const firn_snapshot *snapshot = firn_metadata_current_snapshot(firn_table_metadata_of(table));
    assert_non_null(snapshot);
    return firn_properties_get_i64(&snapshot->summary, firn_str_of(key), -1);
}
