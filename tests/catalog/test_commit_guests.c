/* SPDX-License-Identifier: Apache-2.0 */
/* Writers of several processes whose appends are committed by the one whose turn it is: one catalog
 * commit for all, and whoever dies on the way, nobody is told what is not so. */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

#define N_GUESTS 3
#define UNKNOWN  7

struct writer {
    const char *folder;
    const char *failpoints;
    const char *name; /* of the file */
    const char *why;  /* part of the message when the outcome is unknown; NULL: any */
};

static void append_as_writer(void *arg)
{
    const struct writer *self = arg;
    firn_test_lake lake;
    firn_error err;
    firn_test_lake_reopen(&lake, self->folder, self->failpoints);
    lake.env->clock = firn_clock_system();
    firn_table *table = firn_test_table_open(&lake, "t");
    const firn_status st = firn_test_append(&lake, table, self->name, 1, 0, 5, &err);
    if (st == FIRN_ERR_COMMIT_UNKNOWN && self->why &&
        firn_str_find(firn_str_of(err.message), firn_str_of(self->why), 0) == SIZE_MAX)
        _exit(6);
    if (st != FIRN_OK && st != FIRN_ERR_COMMIT_UNKNOWN)
        (void)fprintf(stderr, "%s: %s\n", self->name, err.message);
    /* the handle shows what was acknowledged */
    if (st == FIRN_OK && firn_test_summary(table, "total-records") < 5) _exit(8);
    firn_table_close(table);
    firn_test_lake_close(&lake, true);
    if (st != FIRN_OK) _exit(st == FIRN_ERR_COMMIT_UNKNOWN ? UNKNOWN : 9);
}

static int times_in(firn_test_lake *lake, const firn_table *table, const char *name)
{
    firn_scan_plan plan;
    firn_error err;
    const firn_plan_opts opts = {0};
    int n = 0;
    assert_ok(firn_scan_plan_files(lake->env, lake->store, firn_table_metadata_of(table), &opts,
                                   lake->arena, &plan, &err),
              &err);
    for (size_t i = 0; i < plan.n_tasks; i++)
        n += firn_str_ends_with(plan.tasks[i].file->path, firn_str_of(name));
    return n;
}

/* The number before the first '-' of a metadata file's name. */
static int64_t version_of(const firn_table *table)
{
    firn_str name = firn_table_metadata_location(table);
    int64_t version = -1;
    while (firn_str_find(name, FIRN_STR("/"), 0) != SIZE_MAX) (void)firn_str_split(&name, '/');
    assert_true(firn_str_to_i64(firn_str_split(&name, '-'), &version));
    return version;
}

/* Every manifest of every snapshot is there: nobody cleaned up what another one uses. */
static void check_snapshots(firn_test_lake *lake, const firn_table *table)
{
    const firn_table_metadata *m = firn_table_metadata_of(table);
    for (size_t i = 0; i < m->n_snapshots; i++) {
        firn_scan_plan plan;
        firn_error err;
        const firn_plan_opts opts = {.snapshot_id = m->snapshots[i].snapshot_id};
        assert_ok(firn_scan_plan_files(lake->env, lake->store, m, &opts, lake->arena, &plan, &err),
                  &err);
        assert_int_equal(m->snapshots[i].sequence_number, i + 1);
        assert_int_equal(
            firn_properties_get_i64(&m->snapshots[i].summary, FIRN_STR("total-records"), -1),
            5 * (int64_t)plan.n_tasks);
    }
}

struct party {
    struct writer holder, guests[N_GUESTS];
    char names[N_GUESTS + 1][32];
    pid_t pids[N_GUESTS + 1];
};

static int number;

/* The holder first, which sleeps in its turn while the others come to wait for it. */
static void start_party(struct party *party, const char *folder, const char *holder,
                        const char *guest)
{
    number++;
    for (int i = 0; i <= N_GUESTS; i++) {
        struct writer *w = i == 0 ? &party->holder : &party->guests[i - 1];
        (void)snprintf(party->names[i], sizeof party->names[i], "p%d-%d.parquet", number, i);
        *w = (struct writer){folder, i == 0 ? holder : guest, party->names[i],
                             i == 0 ? NULL : "does not say what became of it"};
        party->pids[i] = firn_test_fork(append_as_writer, w);
        if (i == 0) (void)usleep(100000);
    }
}

static void end_party(const struct party *party, int *statuses)
{
    for (int i = 0; i <= N_GUESTS; i++)
        assert_int_equal(waitpid(party->pids[i], &statuses[i], 0), party->pids[i]);
}

static void open_lake(firn_test_lake *lake)
{
    firn_test_lake_open(lake, true, NULL);
    firn_table_close(firn_test_table(lake, "t", true, "commit.status-check.min-wait-ms", "2",
                                     "commit.manifest.min-count-to-merge", "3", NULL));
}

#define WAIT "txn.commit.before_manifests=sleep:400"

static void test_guests_share_a_catalog_commit(void **state)
{
    (void)state;
    firn_test_lake lake;
    struct party party;
    int statuses[N_GUESTS + 1];
    firn_test_lake_open(&lake, true, NULL);
    firn_table_close(firn_test_table(&lake, "t", true, NULL));
    start_party(&party, lake.folder, "txn.commit.before_manifests=sleep:2000", NULL);
    end_party(&party, statuses);
    firn_table *table = firn_test_table_open(&lake, "t");
    for (int i = 0; i <= N_GUESTS; i++) {
        assert_int_equal(statuses[i], 0);
        assert_int_equal(times_in(&lake, table, party.names[i]), 1);
    }
    assert_int_equal(firn_table_metadata_of(table)->n_snapshots, N_GUESTS + 1);
    assert_int_equal(firn_test_summary(table, "total-records"), 5 * (N_GUESTS + 1));
    assert_int_equal(firn_test_summary(table, "changed-partition-count"), 1);
    assert_int_equal(firn_test_summary(table, "added-data-files"), 1);
    check_snapshots(&lake, table);
    assert_int_equal(version_of(table), 1); /* after the one that made the table */
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

static void test_a_holder_dies_and_nobody_else_is_harmed(void **state)
{
    (void)state;
    static const struct {
        const char *points;
        int landed; /* of the holder's: 0, 1 */
    } cases[] = {
        {WAIT "@1;txn.commit.after_manifests=kill@1", 0},
        {WAIT "@1;catalog.turn.taken=kill", 0},
        {WAIT "@1;txn.commit.before_manifests=kill@2", 0},
        {WAIT "@1;txn.commit.before_catalog=kill", 0},
        {WAIT "@1;catalog.commit.after_metadata=kill", 0},
        {WAIT "@1;catalog.commit.after_swap=kill", 0},
        {WAIT "@1;catalog.commit.sql_commit=kill", 1},
        {WAIT "@1;txn.commit.after_catalog=kill", 1},
        {WAIT "@1;catalog.turn.before_answer=kill@1", 1},
        {WAIT "@1;catalog.turn.before_answer=kill@2", 1},
        {WAIT "@1;catalog.turn.before_end=kill", 1},
    };
    firn_test_lake lake;
    int64_t expected = 0;
    open_lake(&lake);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct party party;
        int statuses[N_GUESTS + 1];
        start_party(&party, lake.folder, cases[c].points, NULL);
        end_party(&party, statuses);
        const bool was_killed = WIFSIGNALED(statuses[0]) && WTERMSIG(statuses[0]) == SIGKILL;
        firn_table *table = firn_test_table_open(&lake, "t");
        /* a holder whose guests came late has nothing to take or answer, and lives */
        if (!was_killed && statuses[0] != 0) fail_msg("%s: %d", cases[c].points, statuses[0]);
        assert_int_equal(times_in(&lake, table, party.names[0]), was_killed ? cases[c].landed : 1);
        for (int i = 1; i <= N_GUESTS; i++) {
            if (statuses[i] != 0) fail_msg("%s: guest %d", cases[c].points, statuses[i]);
            assert_int_equal(times_in(&lake, table, party.names[i]), 1);
        }
        expected += N_GUESTS + (was_killed ? cases[c].landed : 1);
        assert_int_equal(firn_table_metadata_of(table)->n_snapshots, expected);
        check_snapshots(&lake, table);
        firn_table_close(table);
    }
    firn_test_lake_close(&lake, false);
}

static void test_a_holder_fails_and_the_guests_commit_by_themselves(void **state)
{
    (void)state;
    static const struct {
        const char *points;
        int status;
        int landed;
    } cases[] = {
        {WAIT "@1;catalog.turn.taken=error", 0, 1},
        {WAIT "@1;txn.commit.before_manifests=error@2", 0, 1}, /* a guest cannot be built */
        {WAIT "@1;txn.commit.before_catalog=error", 9, 0},
        {WAIT "@1;catalog.commit.before_metadata=error", 9, 0},
        {WAIT "@1;catalog.commit.after_swap=error", 9, 0},
        {WAIT "@1;txn.commit.after_catalog=error", 0, 1},   /* the answer is lost, the table read */
        {WAIT "@1;catalog.turn.before_answer=error", 0, 1}, /* nobody is told what became of it */
        {WAIT "@1;catalog.turn.before_end=error", 0, 1},    /* nobody is woken */
        {WAIT "@1;txn.commit.after_catalog=error;txn.commit.reread=error", UNKNOWN, 1},
    };
    firn_test_lake lake;
    int64_t expected = 0;
    open_lake(&lake);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct party party;
        int statuses[N_GUESTS + 1];
        start_party(&party, lake.folder, cases[c].points, NULL);
        end_party(&party, statuses);
        firn_table *table = firn_test_table_open(&lake, "t");
        if (!WIFEXITED(statuses[0]) || WEXITSTATUS(statuses[0]) != cases[c].status)
            fail_msg("%s: %d", cases[c].points, statuses[0]);
        assert_int_equal(times_in(&lake, table, party.names[0]), cases[c].landed);
        for (int i = 1; i <= N_GUESTS; i++) {
            if (statuses[i] != 0) fail_msg("%s: guest %d", cases[c].points, statuses[i]);
            assert_int_equal(times_in(&lake, table, party.names[i]), 1);
        }
        expected += N_GUESTS + cases[c].landed;
        assert_int_equal(firn_table_metadata_of(table)->n_snapshots, expected);
        check_snapshots(&lake, table);
        firn_table_close(table);
    }
    firn_test_lake_close(&lake, false);
}

static void test_without_an_answer_and_without_the_table_the_outcome_is_unknown(void **state)
{
    (void)state;
    firn_test_lake lake;
    struct party party;
    int statuses[N_GUESTS + 1];
    open_lake(&lake);
    start_party(&party, lake.folder, WAIT "@1;catalog.turn.before_answer=error",
                "txn.commit.reread=error");
    end_party(&party, statuses);
    firn_table *table = firn_test_table_open(&lake, "t");
    for (int i = 0; i <= N_GUESTS; i++) {
        /* a guest that came late was told nothing wrong either */
        assert_true(WIFEXITED(statuses[i]));
        if (WEXITSTATUS(statuses[i]) != (i == 0 ? 0 : UNKNOWN)) assert_int_equal(statuses[i], 0);
        assert_int_equal(times_in(&lake, table, party.names[i]), 1);
    }
    check_snapshots(&lake, table);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

static void test_waiting_writers_die_and_the_others_go_on(void **state)
{
    (void)state;
    firn_test_lake lake;
    struct party party;
    int statuses[N_GUESTS + 1];
    open_lake(&lake);
    start_party(&party, lake.folder, WAIT, "catalog.turn.posted=kill");
    end_party(&party, statuses);
    assert_int_equal(statuses[0], 0);
    firn_table *table = firn_test_table_open(&lake, "t");
    assert_int_equal(times_in(&lake, table, party.names[0]), 1);
    for (int i = 1; i <= N_GUESTS; i++) {
        const int n = times_in(&lake, table, party.names[i]);
        assert_true(n == 0 || n == 1);
        if (statuses[i] == 0) assert_int_equal(n, 1); /* came after the holder's turn */
    }
    check_snapshots(&lake, table);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

/* Who reads the table after a writer died sees what became of its commit for good, also when it was
 * in the hands of another one. */
static void test_what_a_dead_writer_asked_for_does_not_land_afterwards(void **state)
{
    (void)state;
    static const char *const k_points[] = {
        WAIT "@1;catalog.commit.before_metadata=sleep:500",
        WAIT "@1;catalog.commit.after_metadata=sleep:500",
        WAIT "@1;catalog.commit.before_swap=sleep:500",
    };
    firn_test_lake lake;
    open_lake(&lake);
    for (size_t c = 0; c < sizeof k_points / sizeof *k_points; c++) {
        struct party party;
        int statuses[N_GUESTS + 1];
        int seen[N_GUESTS + 1];
        start_party(&party, lake.folder, k_points[c], NULL);
        (void)usleep(600000);
        for (int i = 1; i <= N_GUESTS; i++) {
            (void)kill(party.pids[i], SIGKILL);
            assert_int_equal(waitpid(party.pids[i], &statuses[i], 0), party.pids[i]);
        }
        firn_table *table = firn_test_table_open(&lake, "t");
        for (int i = 1; i <= N_GUESTS; i++) seen[i] = times_in(&lake, table, party.names[i]);
        firn_table_close(table);
        assert_int_equal(waitpid(party.pids[0], &statuses[0], 0), party.pids[0]);
        assert_int_equal(statuses[0], 0);
        table = firn_test_table_open(&lake, "t");
        assert_int_equal(times_in(&lake, table, party.names[0]), 1);
        for (int i = 1; i <= N_GUESTS; i++)
            assert_int_equal(times_in(&lake, table, party.names[i]), seen[i]);
        check_snapshots(&lake, table);
        firn_table_close(table);
    }
    firn_test_lake_close(&lake, false);
}

/* Rows that were written before a column became required are looked at by their own writer. */
static void test_a_guest_with_another_schema_is_left_to_itself(void **state)
{
    (void)state;
    firn_test_lake lake;
    struct party party;
    int statuses[N_GUESTS + 1];
    firn_error err;
    firn_txn *txn = NULL;
    open_lake(&lake);
    firn_table *table = firn_test_table_open(&lake, "t");
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    start_party(&party, lake.folder, WAIT, NULL);
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(
        firn_txn_add_column(txn, FIRN_STR("more"), &k_int, FIRN_STR(""), (firn_position){0}, &err),
        &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    end_party(&party, statuses);
    assert_ok(firn_table_refresh(table, &err), &err);
    for (int i = 0; i <= N_GUESTS; i++) {
        assert_int_equal(statuses[i], 0);
        assert_int_equal(times_in(&lake, table, party.names[i]), 1);
    }
    assert_int_equal(firn_table_metadata_of(table)->n_snapshots, N_GUESTS + 1);
    check_snapshots(&lake, table);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

/* ---- processes of several threads ---- */

#define N_PROCESSES 3
#define N_THREADS   3
#define N_APPENDS   4

struct thread {
    firn_test_lake *lake; /* of the process */
    int process, number;
    bool has_failed;
};

static void *append_in_thread(void *arg)
{
    struct thread *self = arg;
    firn_error err;
    firn_table *table = NULL;
    const firn_ident ident = firn_test_ident("t");
    firn_arena *arena = firn_arena_create(NULL, 0);
    self->has_failed = firn_table_open(self->lake->env, self->lake->store, self->lake->catalog,
                                       &ident, &table, &err) != FIRN_OK;
    for (int i = 0; i < N_APPENDS && !self->has_failed; i++) {
        firn_txn *txn = NULL;
        firn_data_file file = {.record_count = 5,
                               .file_size_bytes = 100,
                               .sort_order_id = 0,
                               .first_row_id = -1,
                               .content_offset = -1,
                               .content_size_bytes = -1};
        file.path = firn_arena_printf(arena, "%.*s/data/t%d-%d-%d.parquet",
                                      FIRN_STR_ARG(firn_table_metadata_of(table)->location),
                                      self->process, self->number, i);
        firn_status st = firn_txn_begin(table, &txn, &err);
        if (st == FIRN_OK) st = firn_txn_append_files(txn, &file, 1, &err);
        if (st == FIRN_OK) st = firn_txn_commit(txn, &err);
        if (st != FIRN_OK) (void)fprintf(stderr, "thread: %s\n", err.message);
        self->has_failed = st != FIRN_OK;
        firn_txn_close(txn);
    }
    firn_table_close(table);
    firn_arena_destroy(arena);
    return NULL;
}

static void append_in_threads(void *arg)
{
    const struct writer *self = arg;
    firn_test_lake lake;
    pthread_t threads[N_THREADS];
    struct thread jobs[N_THREADS];
    firn_test_lake_reopen(&lake, self->folder, NULL);
    lake.env->clock = firn_clock_system();
    for (int i = 0; i < N_THREADS; i++) {
        jobs[i] = (struct thread){&lake, self->name[0], i, true};
        if (pthread_create(&threads[i], NULL, append_in_thread, &jobs[i]) != 0) _exit(9);
    }
    for (int i = 0; i < N_THREADS; i++) (void)pthread_join(threads[i], NULL);
    for (int i = 0; i < N_THREADS; i++)
        if (jobs[i].has_failed) _exit(9);
    firn_test_lake_close(&lake, true);
}

static void test_processes_of_several_threads_lose_nothing(void **state)
{
    (void)state;
    static const char *const k_names[N_PROCESSES] = {"a", "b", "c"};
    firn_test_lake lake;
    struct writer writers[N_PROCESSES];
    pid_t pids[N_PROCESSES];
    const int64_t n = INT64_C(1) * N_PROCESSES * N_THREADS * N_APPENDS;
    firn_test_lake_open(&lake, true, NULL);
    firn_table_close(
        firn_test_table(&lake, "t", false, "commit.manifest.min-count-to-merge", "5", NULL));
    for (int i = 0; i < N_PROCESSES; i++) {
        writers[i] = (struct writer){.folder = lake.folder, .name = k_names[i]};
        pids[i] = firn_test_fork(append_in_threads, &writers[i]);
    }
    for (int i = 0; i < N_PROCESSES; i++) {
        int status = 0;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    firn_table *table = firn_test_table_open(&lake, "t");
    assert_int_equal(firn_table_metadata_of(table)->n_snapshots, n);
    assert_int_equal(firn_test_summary(table, "total-data-files"), n);
    assert_int_equal(times_in(&lake, table, ".parquet"), n);
    check_snapshots(&lake, table);
    print_message("%d commits of the catalog for %d appends\n", (int)version_of(table), (int)n);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guests_share_a_catalog_commit),
        cmocka_unit_test(test_a_holder_dies_and_nobody_else_is_harmed),
        cmocka_unit_test(test_a_holder_fails_and_the_guests_commit_by_themselves),
        cmocka_unit_test(test_without_an_answer_and_without_the_table_the_outcome_is_unknown),
        cmocka_unit_test(test_waiting_writers_die_and_the_others_go_on),
        cmocka_unit_test(test_what_a_dead_writer_asked_for_does_not_land_afterwards),
        cmocka_unit_test(test_a_guest_with_another_schema_is_left_to_itself),
        cmocka_unit_test(test_processes_of_several_threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
