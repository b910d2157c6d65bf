/* SPDX-License-Identifier: Apache-2.0 */
/* A writer is killed at every named step of a commit; whoever opens the table next finds it whole,
 * with all of the append or nothing of it, and can go on writing. And several writers at once. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

struct crash {
    const char *folder;
    const char *failpoints;
    const char *name;
};

static void append_in_child(void *arg)
{
    const struct crash *crash = arg;
    firn_test_lake lake;
    firn_error err;
    firn_test_lake_reopen(&lake, crash->folder, crash->failpoints);
    firn_table *table = firn_test_table_open(&lake, "t");
    const firn_status st = firn_test_append(&lake, table, crash->name, 1, 0, 5, &err);
    firn_table_close(table);
    firn_test_lake_close(&lake, true);
    if (st != FIRN_OK) _exit(9);
}

static int64_t live_files(firn_test_lake *lake, const firn_table *table)
{
    firn_scan_plan plan;
    firn_error err;
    const firn_plan_opts opts = {0};
    assert_ok(firn_scan_plan_files(lake->env, lake->store, firn_table_metadata_of(table), &opts,
                                   lake->arena, &plan, &err),
              &err);
    return (int64_t)plan.n_tasks;
}

static void test_killed_writer_leaves_a_whole_table(void **state)
{
    (void)state;
    const struct {
        const char *point;
        int landed;
    } cases[] = {
        {"txn.commit.before_manifests=kill", 0},   {"txn.commit.after_manifests=kill", 0},
        {"txn.commit.before_catalog=kill", 0},     {"catalog.commit.before_metadata=kill", 0},
        {"catalog.commit.after_metadata=kill", 0}, {"catalog.commit.before_swap=kill", 0},
        {"catalog.commit.after_swap=kill", 0},     {"catalog.commit.sql_commit=kill", 1},
        {"txn.commit.after_catalog=kill", 1},      {"store.put.before_sync=kill", 0},
        {"store.put.before_link=kill", 0},         {"store.put.after_link=kill", 0},
        {"store.put.before_link=kill@2", 0},       {"store.put.after_link=kill@2", 0},
        {"store.put.after_link=kill@3", 0},
    };
    firn_test_lake lake;
    firn_error err;
    int64_t expected = 0;
    firn_test_lake_open(&lake, true, NULL);
    firn_table_close(firn_test_table(&lake, "t", true, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "k%zu.parquet", i);
        struct crash crash = {lake.folder, cases[i].point, name};
        const int status = firn_test_in_child(append_in_child, &crash);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
            fail_msg("%s: child ended with %d instead of being killed", cases[i].point, status);
        expected += cases[i].landed;
        firn_table *table = firn_test_table_open(&lake, "t");
        assert_int_equal(live_files(&lake, table), expected);
        (void)snprintf(name, sizeof name, "g%zu.parquet", i);
        assert_ok(firn_test_append(&lake, table, name, 1, 0, 5, &err), &err);
        expected++;
        assert_int_equal(live_files(&lake, table), expected);
        assert_int_equal(firn_test_summary(table, "total-records"), 5 * expected);
        firn_table_close(table);
    }
    firn_test_lake_close(&lake, false);
}

/* ---- several writers ---- */

#define N_WRITERS 10
#define N_APPENDS 8

struct writer {
    const char *folder;
    int number;
};

static void write_many(void *arg)
{
    const struct writer *self = arg;
    const int writer = self->number;
    firn_test_lake lake;
    firn_error err;
    firn_test_lake_reopen(&lake, self->folder, NULL);
    lake.env->clock = firn_clock_system();
    firn_table *table = firn_test_table_open(&lake, "t");
    for (int i = 0; i < N_APPENDS; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "w%d-%d.parquet", writer, i);
        if (firn_table_refresh(table, &err) != FIRN_OK ||
            firn_test_append(&lake, table, name, writer, 0, 5, &err) != FIRN_OK) {
            (void)fprintf(stderr, "writer %d: %s\n", writer, err.message);
            _exit(9);
        }
    }
    firn_table_close(table);
    firn_test_lake_close(&lake, true);
}

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_ten_writers_lose_nothing(void **state)
{
    (void)state;
    firn_test_lake lake;
    pid_t children[N_WRITERS];
    firn_test_lake_open(&lake, true, NULL);
    firn_table_close(firn_test_table(&lake, "t", true, "commit.retry.num-retries", "1000",
                                     "commit.retry.min-wait-ms", "5", "commit.retry.max-wait-ms",
                                     "200", NULL));
    const double start = now_s();
    for (int i = 0; i < N_WRITERS; i++) {
        struct writer writer = {lake.folder, i};
        children[i] = firn_test_fork(write_many, &writer);
    }
    for (int i = 0; i < N_WRITERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    const double seconds = now_s() - start;
    firn_table *table = firn_test_table_open(&lake, "t");
    const firn_table_metadata *m = firn_table_metadata_of(table);
    /* The attempt is part of a manifest list's name: snap-<id>-<attempt>-<uuid>.avro. */
    int64_t attempts = 0;
    for (size_t i = 0; i < m->n_snapshots; i++) {
        firn_str rest = m->snapshots[i].manifest_list;
        int64_t attempt = 0;
        const size_t at = firn_str_find(rest, FIRN_STR("snap-"), 0);
        assert_true(at != SIZE_MAX);
        rest = firn_str_slice(rest, at + 5, rest.len);
        (void)firn_str_split(&rest, '-');
        assert_true(firn_str_to_i64(firn_str_split(&rest, '-'), &attempt));
        attempts += attempt;
    }
    print_message("%d writers: %.0f commits/s, %.0f %% of attempts lost a race\n", N_WRITERS,
                  N_WRITERS * N_APPENDS / seconds,
                  100.0 * (double)(attempts - N_WRITERS * N_APPENDS) / (double)attempts);
    assert_int_equal(m->n_snapshots, N_WRITERS * N_APPENDS);
    assert_int_equal(m->last_sequence_number, N_WRITERS * N_APPENDS);
    assert_int_equal(live_files(&lake, table), N_WRITERS * N_APPENDS);
    assert_int_equal(firn_test_summary(table, "total-records"), 5 * N_WRITERS * N_APPENDS);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_writer_leaves_a_whole_table),
        cmocka_unit_test(test_ten_writers_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
