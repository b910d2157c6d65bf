/* SPDX-License-Identifier: Apache-2.0 */
/* Writers that append to one table of a SQLite catalog in a local folder at the same time, each
 * commit with a data file of its own and durable when it is acknowledged: commits a second, how
 * many attempts lost a race, and what one durable file costs on this disk, which sets the ceiling.
 * First as processes, then as threads of one process (their commits share the wait for the disk).
 *
 *   bench_commit_together <empty folder> [seconds] [writers] */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/env.h"
#include "base/str.h"
#include "catalog/sqlite.h"
#include "firn/append.h"
#include "store/local.h"

#define N_ROWS      100
#define MAX_WRITERS 64
#define N_PUTS      50

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_field k_fields[] = {
    {.id = 1, .is_required = true, .name = FIRN_STR_INIT("id"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("val"), .type = &k_long},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 2}};

struct lake {
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
};

struct job {
    struct lake *lake; /* NULL: one of its own */
    const char *folder;
    const char *table;
    int64_t end_us;
    int64_t *n_commits;
};

static void check(firn_status st, const firn_error *err)
{
    if (st == FIRN_OK) return;
    (void)fprintf(stderr, "%s\n", err->message);
    exit(1);
}

static int64_t now_us(void)
{
    return firn_clock_monotonic_us(firn_clock_system());
}

static void open_lake(struct lake *lake, const char *folder)
{
    firn_error err;
    char path[1024];
    char warehouse[1024];
    (void)snprintf(path, sizeof path, "%s/catalog.db", folder);
    (void)snprintf(warehouse, sizeof warehouse, "%s/warehouse", folder);
    const firn_sqlite_opts opts = {.name = FIRN_STR("firn"),
                                   .path = firn_str_of(path),
                                   .warehouse = firn_str_of(warehouse),
                                   .busy_timeout_ms = 60000};
    check(firn_env_create(FIRN_ENV_OPTS(.n_threads = 1), &lake->env, &err), &err);
    check(firn_store_create(&lake->store, &err), &err);
    check(firn_store_add_local(lake->store, lake->env, &err), &err);
    check(firn_sqlite_catalog_open(lake->env, lake->store, &opts, &lake->catalog, &err), &err);
}

static void close_lake(struct lake *lake)
{
    firn_catalog_destroy(lake->catalog);
    firn_store_destroy(lake->store);
    firn_env_destroy(lake->env);
}

static firn_table *open_table(const struct lake *lake, const char *name)
{
    static const firn_str levels[] = {FIRN_STR_INIT("db")};
    const firn_ident ident = {levels, 1, firn_str_of(name)};
    firn_table *table = NULL;
    firn_error err;
    check(firn_table_open(lake->env, lake->store, lake->catalog, &ident, &table, &err), &err);
    return table;
}

static void make_table(const struct lake *lake, const char *name)
{
    static const firn_str levels[] = {FIRN_STR_INIT("db")};
    const firn_property properties[] = {
        {FIRN_STR_INIT("commit.retry.num-retries"), FIRN_STR_INIT("1000")},
        {FIRN_STR_INIT("commit.retry.min-wait-ms"), FIRN_STR_INIT("2")},
        {FIRN_STR_INIT("commit.retry.max-wait-ms"), FIRN_STR_INIT("50")},
    };
    const firn_ident ident = {levels, 1, firn_str_of(name)};
    firn_table *table = NULL;
    firn_error err;
    check(firn_table_create(
              lake->env, lake->store, lake->catalog, &ident,
              FIRN_TABLE_CREATE_OPTS(.schema = &k_schema, .properties = {properties, 3}), &table,
              &err),
          &err);
    firn_table_close(table);
}

static void append_once(firn_table *table, firn_batch *batch)
{
    firn_append *append = NULL;
    firn_error err;
    check(firn_append_begin(table, &append, &err), &err);
    check(firn_append_rows(append, batch, &err), &err);
    check(firn_append_commit(append, &err), &err);
    firn_append_close(append);
}

static void *write_many(void *arg)
{
    struct job *job = arg;
    struct lake own;
    firn_error err;
    firn_batch *batch = NULL;
    if (!job->lake) open_lake(&own, job->folder);
    firn_table *table = open_table(job->lake ? job->lake : &own, job->table);
    check(firn_batch_create(&k_schema.root, N_ROWS, &batch, &err), &err);
    for (int64_t i = 0; i < N_ROWS; i++) {
        ((int64_t *)batch->columns[0].values)[i] = i;
        ((int64_t *)batch->columns[1].values)[i] = i * 7;
    }
    batch->n_rows = batch->columns[0].n_values = batch->columns[1].n_values = N_ROWS;
    while (now_us() < job->end_us) {
        append_once(table, batch);
        ++*job->n_commits;
    }
    firn_batch_destroy(batch);
    firn_table_close(table);
    if (!job->lake) close_lake(&own);
    return NULL;
}

static double cpu_seconds(int who)
{
    struct rusage usage;
    if (getrusage(who, &usage) != 0) return 0;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* The attempt is part of a manifest list's name: snap-<id>-<attempt>-<uuid>.avro. */
static int64_t count_attempts(const firn_table_metadata *m)
{
    int64_t attempts = 0;
    for (size_t i = 0; i < m->n_snapshots; i++) {
        firn_str rest = m->snapshots[i].manifest_list;
        int64_t attempt = 1;
        rest = firn_str_slice(rest, firn_str_find(rest, FIRN_STR("/snap-"), 0) + 6, rest.len);
        (void)firn_str_split(&rest, '-');
        (void)firn_str_to_i64(firn_str_split(&rest, '-'), &attempt);
        attempts += attempt;
    }
    return attempts;
}

/* The number before the first '-' of a metadata file's name. */
static int64_t count_documents(firn_str location)
{
    int64_t version = 0;
    for (size_t i = location.len; i > 0; i--)
        if (location.data[i - 1] == '/') {
            firn_str name = firn_str_slice(location, i, location.len);
            (void)firn_str_to_i64(firn_str_split(&name, '-'), &version);
            break;
        }
    return version;
}

static void report(const char *folder, const char *table_name, const char *what, int n_writers,
                   const int64_t *counts, double seconds, double cpu)
{
    struct lake lake;
    int64_t acknowledged = 0;
    open_lake(&lake, folder);
    firn_table *table = open_table(&lake, table_name);
    const firn_table_metadata *m = firn_table_metadata_of(table);
    for (int i = 0; i < n_writers; i++) acknowledged += counts[i];
    const int64_t landed = (int64_t)m->n_snapshots;
    const int64_t attempts = count_attempts(m);
    (void)printf("%d %s: %.0f durable commits/s (%" PRId64 " acknowledged, %" PRId64
                 " in the table, by %" PRId64
                 " catalog commits), %.1f %% of attempts lost a race, %.2f ms CPU each\n",
                 n_writers, what, (double)landed / seconds, acknowledged, landed,
                 count_documents(firn_table_metadata_location(table)),
                 attempts > 0 ? 100.0 * (double)(attempts - landed) / (double)attempts : 0.0,
                 landed > 0 ? cpu * 1000 / (double)landed : 0.0);
    if (acknowledged != landed) {
        (void)fprintf(stderr, "acknowledged commits are not in the table\n");
        exit(1);
    }
    firn_table_close(table);
    close_lake(&lake);
}

static void run_processes(struct job *job, int n_writers, int64_t *counts, int64_t seconds)
{
    pid_t children[MAX_WRITERS];
    const int64_t start = now_us();
    const double cpu = cpu_seconds(RUSAGE_CHILDREN);
    job->end_us = start + seconds * 1000000;
    (void)fflush(stdout);
    for (int i = 0; i < n_writers; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct job mine = *job;
            mine.n_commits = &counts[i];
            (void)write_many(&mine);
            _exit(0);
        }
    }
    for (int i = 0; i < n_writers; i++) (void)waitpid(children[i], NULL, 0);
    report(job->folder, job->table, "processes", n_writers, counts,
           (double)(now_us() - start) / 1e6, cpu_seconds(RUSAGE_CHILDREN) - cpu);
}

static void run_threads(struct job *job, int n_writers, int64_t *counts, int64_t seconds)
{
    pthread_t threads[MAX_WRITERS];
    struct job jobs[MAX_WRITERS];
    struct lake lake;
    open_lake(&lake, job->folder);
    const int64_t start = now_us();
    const double cpu = cpu_seconds(RUSAGE_SELF);
    for (int i = 0; i < n_writers; i++) {
        jobs[i] = *job;
        jobs[i].lake = &lake;
        jobs[i].end_us = start + seconds * 1000000;
        jobs[i].n_commits = &counts[i];
        if (pthread_create(&threads[i], NULL, write_many, &jobs[i]) != 0) exit(1);
    }
    for (int i = 0; i < n_writers; i++) (void)pthread_join(threads[i], NULL);
    report(job->folder, job->table, "threads", n_writers, counts, (double)(now_us() - start) / 1e6,
           cpu_seconds(RUSAGE_SELF) - cpu);
    close_lake(&lake);
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* One after the other, as commits that wait for nobody would. */
static void report_disk(const struct lake *lake, const char *folder)
{
    int64_t us[N_PUTS];
    static char bytes[4096];
    firn_error err;
    for (int i = 0; i < N_PUTS; i++) {
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/disk/%d", folder, i);
        const int64_t start = now_us();
        check(firn_store_put(lake->store, firn_str_of(path), (firn_str){bytes, sizeof bytes}, &err),
              &err);
        us[i] = now_us() - start;
    }
    qsort(us, N_PUTS, sizeof us[0], by_size);
    const int64_t middle_us = us[N_PUTS / 2];
    const double median = (double)middle_us / 1000;
    (void)printf("one durable file of 4 KiB: %.2f ms (least %.2f, most %.2f); a commit alone makes "
                 "4 and changes the catalog: at most %.0f commits/s one by one\n",
                 median, (double)us[0] / 1000, (double)us[N_PUTS - 1] / 1000, 1000 / (5 * median));
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: bench_commit_together <empty folder> [seconds] [writers]\n");
        return 2;
    }
    const int64_t seconds = argc > 2 ? strtoll(argv[2], NULL, 10) : 5;
    const int n_writers = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 10;
    int64_t *counts = mmap(NULL, (size_t)2 * MAX_WRITERS * sizeof *counts, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts == MAP_FAILED || n_writers < 1 || n_writers > MAX_WRITERS) return 2;
    static const firn_str levels[] = {FIRN_STR_INIT("db")};
    const firn_ident ns = {levels, 1, {0}};
    struct lake lake;
    firn_error err;
    open_lake(&lake, argv[1]);
    check(firn_catalog_get_ops(lake.catalog)
              ->create_namespace(firn_catalog_ctx(lake.catalog), &ns, (firn_properties){0}, &err),
          &err);
    make_table(&lake, "processes");
    make_table(&lake, "threads");
    report_disk(&lake, argv[1]);
    close_lake(&lake);
    struct job job = {.folder = argv[1], .table = "processes"};
    run_processes(&job, n_writers, counts, seconds);
    job.table = "threads";
    run_threads(&job, n_writers, counts + MAX_WRITERS, seconds);
    return 0;
}
