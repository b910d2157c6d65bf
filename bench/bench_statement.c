/* SPDX-License-Identifier: Apache-2.0 */
/* What a statement costs on a table of one row, warm: from its text to its last row. Prints the
 * milliseconds of a statement: wall, the median, and CPU of all threads, on average.
 *
 *   bench_statement home [rounds] */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "bench_support.h"
#include "firn/home.h"
#include "firn/prepared.h"

#define MAX_ROUNDS 1000

typedef struct cost {
    double wall_ms, cpu_ms;
} cost;

static cost since(bench_clock start)
{
    const bench_clock end = bench_now();
    return (cost){(end.wall_s - start.wall_s) * 1000, (end.cpu_s - start.cpu_s) * 1000};
}

static void drain(firn_result *result)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_status st;
    while ((st = firn_result_next(result, &batch, &err)) == FIRN_OK) {
    }
    if (st != FIRN_DONE) bench_check(st, &err);
    firn_result_close(result);
}

static void run(firn_session *session, const char *sql)
{
    firn_error err = {0};
    firn_result *result = NULL;
    bench_check(firn_session_execute(session, firn_str_of(sql), &result, &err), &err);
    drain(result);
}

static int compare(const void *a, const void *b)
{
    const double x = ((const cost *)a)->wall_ms;
    const double y = ((const cost *)b)->wall_ms;
    return (x > y) - (x < y);
}

static void report(const char *name, cost *costs, size_t n)
{
    double cpu_ms = 0;
    for (size_t i = 0; i < n; i++) cpu_ms += costs[i].cpu_ms;
    qsort(costs, n, sizeof *costs, compare);
    printf("%-28s %8.3f ms wall  %8.3f ms cpu\n", name, costs[n / 2].wall_ms, cpu_ms / (double)n);
}

static void measure(firn_session *session, const char *name, const char *sql, size_t n)
{
    static cost costs[MAX_ROUNDS];
    run(session, sql);
    for (size_t i = 0; i < n; i++) {
        const bench_clock start = bench_now();
        run(session, sql);
        costs[i] = since(start);
    }
    report(name, costs, n);
}

static void measure_prepared(firn_session *session, const char *name, const char *sql, size_t n)
{
    static cost costs[MAX_ROUNDS];
    firn_error err = {0};
    firn_prepared *prepared = NULL;
    bench_check(firn_session_prepare(session, firn_str_of(sql), &prepared, &err), &err);
    for (size_t i = 0; i < n; i++) {
        firn_result *result = NULL;
        const bench_clock start = bench_now();
        bench_check(firn_prepared_bind_long(prepared, 0, 1, &err), &err);
        bench_check(firn_prepared_execute(prepared, &result, &err), &err);
        drain(result);
        costs[i] = since(start);
    }
    report(name, costs, n);
    firn_prepared_close(prepared);
}

static void measure_all(firn_session *session, size_t n)
{
    run(session, "create schema if not exists bench");
    run(session, "create or replace table bench.one (id bigint, v varchar)");
    run(session, "insert into bench.one values (1, 'x')");
    measure(session, "select 1", "select 1", n);
    measure(session, "select * from one", "select * from bench.one", n);
    measure(session, "select .. where id = 1", "select v from bench.one where id = 1", n);
    measure_prepared(session, "prepared, where id = ?", "select v from bench.one where id = ?", n);
    measure(session, "count(*)", "select count(*) from bench.one", n);
    measure(session, "join with itself",
            "select a.v from bench.one a join bench.one b on a.id = b.id", n);
    measure(session, "show tables", "show tables in bench", n);
    measure(session, "insert one row", "insert into bench.one values (1, 'x')", n / 10 + 1);
}

int main(int argc, char **argv)
{
    firn_error err = {0};
    firn_home *home = NULL;
    firn_session *session = NULL;
    if (argc < 2) {
        fprintf(stderr, "usage: bench_statement home [rounds]\n");
        return 2;
    }
    long n = argc > 2 ? strtol(argv[2], NULL, 10) : 200;
    if (n < 1 || n > MAX_ROUNDS) n = 200;
    bench_check(firn_home_create(FIRN_HOME_OPTS(.path = firn_str_of(argv[1])), NULL, &home, &err),
                &err);
    firn_catalog *const catalogs[] = {firn_home_catalog(home)};
    bench_check(firn_session_open(firn_home_env(home), firn_home_store(home),
                                  FIRN_SESSION_OPTS(.catalogs = catalogs, .n_catalogs = 1),
                                  &session, &err),
                &err);
    measure_all(session, (size_t)n);
    firn_session_close(session);
    firn_home_close(home);
    return 0;
}
