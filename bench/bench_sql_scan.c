/* SPDX-License-Identifier: Apache-2.0 */
/* Full scan with sum() over every column: an Iceberg table through firn, and DuckDB's own
 * read_parquet on the same files. usage: bench_sql_scan [rows] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/str.h"
#include "catalog/memory_catalog.h"
#include "firn/session.h"
#include "firn/table.h"
#include "iceberg/txn/snapshot_update.h"
#include "iceberg/write/table_writer.h"
#include "sql/session/sql_session.h"
#include "store/local.h"

typedef struct bench {
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
    firn_session *session;
    firn_arena *arena;
    char folder[64];
} bench;

static void check(firn_status st, const firn_error *err)
{
    if (st == FIRN_OK) return;
    (void)fprintf(stderr, "bench_sql_scan: %s %s\n", err->message, err->hint);
    exit(1);
}

static void open_bench(bench *b)
{
    firn_error err = {0};
    const firn_str level = FIRN_STR("default");
    const firn_ident ns = {&level, 1, {0}};
    (void)snprintf(b->folder, sizeof b->folder, "/tmp/firn-bench-XXXXXX");
    if (!mkdtemp(b->folder)) exit(1);
    b->arena = firn_arena_create(NULL, 0);
    check(firn_env_create(FIRN_ENV_OPTS(.memory_bytes = INT64_C(2) << 30), &b->env, &err), &err);
    check(firn_store_create(&b->store, &err), &err);
    check(firn_store_add_local(b->store, b->env, &err), &err);
    check(firn_memory_catalog_open(b->env, b->store, FIRN_STR("lake"), firn_str_of(b->folder),
                                   &b->catalog, &err),
          &err);
    check(firn_catalog_get_ops(b->catalog)
              ->create_namespace(firn_catalog_ctx(b->catalog), &ns, (firn_properties){0}, &err),
          &err);
    check(firn_session_open(
              b->env, b->store,
              FIRN_SESSION_OPTS(.catalogs = &b->catalog, .n_catalogs = 1, .allow_files = true),
              &b->session, &err),
          &err);
}

static firn_data_file *write_files(bench *b, const firn_table *table, int64_t rows, size_t *n)
{
    firn_error err = {0};
    char sql[1024];
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    firn_table_writer *writer = NULL;
    firn_data_file *files = NULL;
    const firn_table_writer_opts opts = {.target_file_bytes = INT64_C(64) << 20};
    (void)snprintf(sql, sizeof sql,
                   "select r, (hash(r) %% 1000000)::bigint, (r %% 1000)::int, "
                   "(hash(r) %% 100000 / 100)::double, (r %% 10000 / 100)::decimal(9,2), "
                   "timestamp '2024-01-01' + to_seconds(r), "
                   "['eu', 'us', 'apac', 'latam'][1 + r %% 4], "
                   "'customer number ' || (hash(r) %% 50000) from range(%" PRId64 ") t(r)",
                   rows);
    check(firn_table_writer_create(b->env, b->store, firn_table_metadata_of(table), &opts, &writer,
                                   &err),
          &err);
    check(firn_session_execute(b->session, firn_str_of(sql), &result, &err), &err);
    while (firn_result_next(result, &batch, &err) == FIRN_OK) {
        check(firn_table_writer_append(writer, batch, &err), &err);
    }
    firn_result_close(result);
    check(firn_table_writer_finish(writer, b->arena, &files, n, &err), &err);
    firn_table_writer_destroy(writer);
    return files;
}

static void make_table(bench *b, int64_t rows)
{
    firn_error err = {0};
    const firn_str level = FIRN_STR("default");
    const firn_ident ident = {&level, 1, FIRN_STR("t")};
    firn_schema schema = {0};
    firn_table *table = NULL;
    firn_txn *txn = NULL;
    size_t n = 0;
    int32_t next_id = 1;
    firn_lexer lexer = firn_lexer_of(
        FIRN_STR("struct(id bigint, h bigint, k int, d double, m decimal(9,2), ts timestamp, "
                 "region varchar, name varchar)"));
    check(firn_sql_type_parse(&lexer, &next_id, b->arena, &schema.root, &err), &err);
    check(firn_table_create(b->env, b->store, b->catalog, &ident,
                            FIRN_TABLE_CREATE_OPTS(.schema = &schema), &table, &err),
          &err);
    firn_data_file *files = write_files(b, table, rows, &n);
    check(firn_txn_begin(table, &txn, &err), &err);
    check(firn_txn_append_files(txn, files, n, &err), &err);
    check(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    firn_table_close(table);
}

/* Best of n, in milliseconds. */
static double time_query(bench *b, const char *sql, int n)
{
    double best = 1e9;
    for (int i = 0; i < n; i++) {
        firn_error err = {0};
        firn_result *result = NULL;
        const firn_batch *batch = NULL;
        const int64_t start = firn_clock_monotonic_us(firn_clock_system());
        check(firn_session_execute(b->session, firn_str_of(sql), &result, &err), &err);
        while (firn_result_next(result, &batch, &err) == FIRN_OK) {
        }
        firn_result_close(result);
        const double ms = (double)(firn_clock_monotonic_us(firn_clock_system()) - start) / 1000;
        if (ms < best) best = ms;
    }
    return best;
}

static void compare(bench *b, const char *what, const char *select)
{
    char firn[512];
    char duck[512];
    (void)snprintf(firn, sizeof firn, "%s from t", select);
    (void)snprintf(duck, sizeof duck, "%s from read_parquet('%s/default/t/data/**/*.parquet')",
                   select, b->folder);
    const double a = time_query(b, firn, 3);
    const double c = time_query(b, duck, 3);
    (void)printf("%-34s firn %8.1f ms   read_parquet %8.1f ms   ratio %.2f\n", what, a, c, a / c);
}

int main(int argc, char **argv)
{
    bench b;
    const int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000000;
    open_bench(&b);
    make_table(&b, rows);
    compare(&b, "count(*)", "select count(*)");
    compare(&b, "sum of one bigint", "select sum(h)");
    compare(&b, "sum of a double", "select sum(d)");
    compare(&b, "sum of a decimal", "select sum(m)");
    compare(&b, "max of a timestamp", "select max(ts)");
    compare(&b, "max of a short text", "select max(region)");
    compare(&b, "max of a long text", "select max(name)");
    compare(&b, "every column",
            "select sum(id), sum(h), sum(k), sum(d), sum(m), max(ts), sum(strlen(region)), "
            "sum(strlen(name))");
    firn_session_close(b.session);
    firn_catalog_destroy(b.catalog);
    firn_store_destroy(b.store);
    firn_env_destroy(b.env);
    firn_arena_destroy(b.arena);
    char clean[128];
    (void)snprintf(clean, sizeof clean, "rm -rf %s", b.folder);
    return system(clean) == 0 ? 0 : 1;
}
