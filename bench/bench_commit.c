/* SPDX-License-Identifier: Apache-2.0 */
/* Commits a second on a SQLite catalog in a local folder (every commit durable), as a function of
 * the number of commits there are already, and rows a second of the partitioned table writer.
 *
 *   bench_commit <empty folder> [commits] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/env.h"
#include "base/str.h"
#include "catalog/sqlite.h"
#include "firn/batch.h"
#include "iceberg/txn/snapshot_update.h"
#include "iceberg/write/table_writer.h"
#include "store/local.h"

#define ROWS_PER_BATCH 2048
#define N_BATCHES      2000

static firn_error err;

static void check(firn_status st)
{
    if (st == FIRN_OK) return;
    (void)fprintf(stderr, "%s\n", err.message);
    exit(1);
}

static double seconds_since(int64_t start_us)
{
    return (double)(firn_clock_monotonic_us(firn_clock_system()) - start_us) / 1e6;
}

static firn_table *make_table(firn_env *env, firn_store *store, firn_catalog *catalog,
                              const char *name, bool is_partitioned)
{
    static const firn_type long_type = {.kind = FIRN_TYPE_LONG};
    static const firn_type date_type = {.kind = FIRN_TYPE_DATE};
    static const firn_type double_type = {.kind = FIRN_TYPE_DOUBLE};
    static const firn_field fields[] = {
        {.id = 1, .is_required = true, .name = FIRN_STR_INIT("id"), .type = &long_type},
        {.id = 2, .name = FIRN_STR_INIT("day"), .type = &date_type},
        {.id = 3, .name = FIRN_STR_INIT("price"), .type = &double_type},
    };
    static const firn_schema schema = {
        .root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 3}};
    static const firn_partition_field by_day = {.source_id = 2};
    static const firn_str levels[] = {FIRN_STR_INIT("db")};
    const firn_partition_spec spec = {.fields = &by_day, .n_fields = is_partitioned ? 1 : 0};
    const firn_ident ident = {levels, 1, firn_str_of(name)};
    firn_table *table = NULL;
    check(firn_table_create(env, store, catalog, &ident,
                            FIRN_TABLE_CREATE_OPTS(.schema = &schema, .spec = &spec), &table,
                            &err));
    return table;
}

static void commit_many(firn_table *table, int64_t n)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_str location = firn_table_metadata_of(table)->location;
    int64_t start = firn_clock_monotonic_us(firn_clock_system());
    for (int64_t i = 1; i <= n; i++) {
        firn_txn *txn = NULL;
        const firn_data_file file = {.path =
                                         firn_arena_printf(arena, "%.*s/data/%" PRId64 ".parquet",
                                                           FIRN_STR_ARG(location), i),
                                     .record_count = 1000,
                                     .file_size_bytes = 100000,
                                     .sort_order_id = 0,
                                     .first_row_id = -1,
                                     .content_offset = -1,
                                     .content_size_bytes = -1};
        check(firn_txn_begin(table, &txn, &err));
        check(firn_txn_append_files(txn, &file, 1, &err));
        check(firn_txn_commit(txn, &err));
        firn_txn_close(txn);
        if (i % 100 == 0 || i == n) {
            (void)printf("commits %5" PRId64 ": %.1f ms each\n", i,
                         seconds_since(start) * 1000 / (double)(i % 100 == 0 ? 100 : i % 100));
            start = firn_clock_monotonic_us(firn_clock_system());
        }
    }
    firn_arena_destroy(arena);
}

static void write_rows(firn_env *env, firn_store *store, const firn_table *table, int32_t n_days,
                       bool is_clustered)
{
    firn_table_writer *writer = NULL;
    firn_data_file *files = NULL;
    size_t n_files = 0;
    firn_batch *batch = NULL;
    const firn_table_metadata *m = firn_table_metadata_of(table);
    firn_arena *arena = firn_arena_create(NULL, 0);
    check(firn_batch_create(&firn_metadata_schema(m)->root, ROWS_PER_BATCH, &batch, &err));
    check(firn_table_writer_create(env, store, m, NULL, &writer, &err));
    const int64_t start = firn_clock_monotonic_us(firn_clock_system());
    for (int64_t b = 0; b < N_BATCHES; b++) {
        for (int64_t i = 0; i < ROWS_PER_BATCH; i++) {
            const int64_t id = b * ROWS_PER_BATCH + i;
            ((int64_t *)batch->columns[0].values)[i] = id;
            ((int32_t *)batch->columns[1].values)[i] =
                (int32_t)((is_clustered ? b * n_days / N_BATCHES : id) % n_days);
            ((double *)batch->columns[2].values)[i] = (double)(id % 1000) / 4;
        }
        for (size_t c = 0; c < 3; c++) batch->columns[c].n_values = ROWS_PER_BATCH;
        batch->n_rows = ROWS_PER_BATCH;
        check(firn_table_writer_append(writer, batch, &err));
    }
    check(firn_table_writer_finish(writer, arena, &files, &n_files, &err));
    const double seconds = seconds_since(start);
    (void)printf("%4d partitions, %s: %.2f million rows/s, %zu files\n", n_days,
                 is_clustered ? "clustered" : "shuffled ",
                 (double)N_BATCHES * ROWS_PER_BATCH / seconds / 1e6, n_files);
    firn_table_writer_destroy(writer);
    firn_batch_destroy(batch);
    firn_arena_destroy(arena);
}

int main(int argc, char **argv)
{
    firn_env *env = NULL;
    firn_store *store = NULL;
    firn_catalog *catalog = NULL;
    char path[1024];
    char warehouse[1024];
    if (argc < 2) {
        (void)fprintf(stderr, "usage: bench_commit <empty folder> [commits]\n");
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/catalog.db", argv[1]);
    (void)snprintf(warehouse, sizeof warehouse, "%s/warehouse", argv[1]);
    check(firn_env_create(NULL, &env, &err));
    check(firn_store_create(&store, &err));
    check(firn_store_add_local(store, env, &err));
    const firn_sqlite_opts opts = {
        .name = FIRN_STR("firn"), .path = firn_str_of(path), .warehouse = firn_str_of(warehouse)};
    check(firn_sqlite_catalog_open(env, store, &opts, &catalog, &err));
    const firn_str levels[] = {FIRN_STR_INIT("db")};
    const firn_ident ns = {levels, 1, {0}};
    check(firn_catalog_get_ops(catalog)->create_namespace(firn_catalog_ctx(catalog), &ns,
                                                          (firn_properties){0}, &err));
    firn_table *plain = make_table(env, store, catalog, "plain", false);
    firn_table *by_day = make_table(env, store, catalog, "by_day", true);
    commit_many(plain, argc > 2 ? strtoll(argv[2], NULL, 10) : 300);
    write_rows(env, store, plain, 1, true);
    write_rows(env, store, by_day, 30, true);
    write_rows(env, store, by_day, 30, false);
    write_rows(env, store, by_day, 90, false);
    firn_table_close(plain);
    firn_table_close(by_day);
    firn_catalog_destroy(catalog);
    firn_store_destroy(store);
    firn_env_destroy(env);
    return 0;
}
