/* SPDX-License-Identifier: Apache-2.0 */
/* What a commit refers to is durable before the catalog changes: each file synced before it got its
 * name, and the folder of the name synced after that, whichever process did it. This program
 * defines the system calls itself: they note what they are asked, in a file that the writers of all
 * processes append to, and ask the kernel. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "firn/append.h"
#include "iceberg/scan/plan.h"
#include "lake_fixture.h"

#define N_WRITERS  4
#define MAX_EVENTS 4096

/* 'f' a file is synced, 'l' it gets a name, 'd' a folder is synced, 'c' the catalog is synced. */
struct event {
    char what;
    uint64_t inode;
};

static struct {
    int fd; /* -1: nothing is noted */
    uint64_t catalog;
} k_log = {.fd = -1};

static void note(char what, uint64_t inode)
{
    const struct event event = {what, inode};
    if (k_log.fd >= 0)
        assert_int_equal(syscall(SYS_write, k_log.fd, &event, sizeof event), sizeof event);
}

static void note_sync(int fd)
{
    struct stat info;
    if (k_log.fd < 0 || fstat(fd, &info) != 0) return;
    if (S_ISDIR(info.st_mode))
        note('d', info.st_ino);
    else
        note(info.st_ino == k_log.catalog ? 'c' : 'f', info.st_ino);
}

/* Noted when it is done. */
int fsync(int fd)
{
    const int rc = (int)syscall(SYS_fsync, fd);
    if (rc == 0) note_sync(fd);
    return rc;
}

/* Called by SQLite. */
FIRN_API int fdatasync(int fildes)
{
    const int rc = (int)syscall(SYS_fdatasync, fildes);
    if (rc == 0) note_sync(fildes);
    return rc;
}

int link(const char *from, const char *to)
{
    struct stat info;
    const int rc = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (rc == 0 && stat(to, &info) == 0) note('l', info.st_ino);
    return rc;
}

static uint64_t inode_of(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) fail_msg("%s is not there", path);
    return info.st_ino;
}

static void start_log(const firn_test_lake *lake)
{
    char path[FIRN_TEST_PATH + 16];
    (void)snprintf(path, sizeof path, "%s/events", lake->folder);
    k_log.fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(k_log.fd >= 0);
    k_log.catalog = inode_of(lake->catalog_path);
}

static size_t end_log(struct event *events)
{
    const ssize_t n = pread(k_log.fd, events, MAX_EVENTS * sizeof *events, 0);
    assert_true(n > 0 && n < (ssize_t)(MAX_EVENTS * sizeof *events));
    (void)close(k_log.fd);
    k_log.fd = -1;
    return (size_t)n / sizeof *events;
}

static size_t find(const struct event *events, size_t from, size_t n, char what, uint64_t inode)
{
    for (size_t i = from; i < n; i++)
        if (events[i].what == what && (what == 'c' || events[i].inode == inode)) return i;
    return n;
}

/* n: events before the catalog's. */
static void check_file(const struct event *events, size_t n, firn_str location)
{
    char path[FIRN_TEST_PATH];
    const firn_str local = firn_str_starts_with(location, FIRN_STR("file://"))
                               ? firn_str_slice(location, 7, location.len)
                               : location;
    (void)snprintf(path, sizeof path, "%.*s", FIRN_STR_ARG(local));
    const uint64_t inode = inode_of(path);
    const size_t synced = find(events, 0, n, 'f', inode);
    const size_t named = find(events, synced, n, 'l', inode);
    if (named >= n) fail_msg("%s: not synced before it got its name", path);
    *strrchr(path, '/') = '\0';
    if (find(events, named, n, 'd', inode_of(path)) >= n)
        fail_msg("%.*s: folder not synced before the commit", FIRN_STR_ARG(local));
}

/* All that the table refers to came in one catalog commit. */
static void check_table(firn_test_lake *lake, const firn_table *table, size_t n_files)
{
    static struct event events[MAX_EVENTS];
    const size_t n_events = end_log(events);
    const size_t n = find(events, 0, n_events, 'c', 0);
    const firn_table_metadata *m = firn_table_metadata_of(table);
    firn_scan_plan plan;
    firn_error err;
    const firn_plan_opts opts = {0};
    assert_true(n < n_events);
    check_file(events, n, firn_table_metadata_location(table));
    for (size_t i = 0; i < m->n_snapshots; i++) {
        firn_manifest_file *manifests = NULL;
        size_t n_manifests = 0;
        assert_ok(firn_snapshot_manifests(lake->store, m, &m->snapshots[i], lake->arena, &manifests,
                                          &n_manifests, &err),
                  &err);
        check_file(events, n, m->snapshots[i].manifest_list);
        for (size_t k = 0; k < n_manifests; k++) check_file(events, n, manifests[k].path);
    }
    assert_ok(firn_scan_plan_files(lake->env, lake->store, m, &opts, lake->arena, &plan, &err),
              &err);
    assert_int_equal(plan.n_tasks, n_files);
    for (size_t i = 0; i < plan.n_tasks; i++) check_file(events, n, plan.tasks[i].file->path);
}

struct writer {
    const char *folder;
    const char *failpoints;
    int64_t first_id;
};

static void append_rows(firn_table *table, int64_t first_id)
{
    firn_batch *batch = NULL;
    firn_append *append = NULL;
    firn_error err;
    assert_ok(firn_batch_create(&firn_metadata_schema(firn_table_metadata_of(table))->root, 2,
                                &batch, &err),
              &err);
    for (int64_t i = 0; i < 2; i++) {
        ((int64_t *)batch->columns[0].values)[i] = first_id + i;
        ((int32_t *)batch->columns[1].values)[i] = (int32_t)(first_id + i);
        ((firn_view *)batch->columns[2].values)[i] = firn_view_of("name", 4);
        ((double *)batch->columns[3].values)[i] = 0.5;
    }
    for (size_t c = 0; c < batch->n_columns; c++) batch->columns[c].n_values = 2;
    batch->n_rows = 2;
    assert_ok(firn_append_begin(table, &append, &err), &err);
    assert_ok(firn_append_rows(append, batch, &err), &err);
    assert_ok(firn_append_commit(append, &err), &err);
    firn_append_close(append);
    firn_batch_destroy(batch);
}

static void append_as_writer(void *arg)
{
    const struct writer *self = arg;
    firn_test_lake lake;
    firn_test_lake_reopen(&lake, self->folder, self->failpoints);
    lake.env->clock = firn_clock_system();
    firn_table *table = firn_test_table_open(&lake, "t");
    append_rows(table, self->first_id);
    firn_table_close(table);
    firn_test_lake_close(&lake, true);
}

static void check_append(bool is_partitioned, const char *key, const char *folder)
{
    firn_test_lake lake;
    char path[FIRN_TEST_PATH + 64];
    firn_test_lake_open(&lake, true, NULL);
    (void)snprintf(path, sizeof path, "%s/%s", lake.folder, folder ? folder : "");
    firn_table *table =
        firn_test_table(&lake, "t", is_partitioned, key, folder ? path : NULL, NULL);
    start_log(&lake);
    append_rows(table, 0);
    check_table(&lake, table, is_partitioned ? 2 : 1);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

static void test_an_append_is_durable_before_the_catalog_changes(void **state)
{
    (void)state;
    check_append(false, NULL, NULL);
    check_append(true, NULL, NULL);
    check_append(true, "write.data.path", "elsewhere");
    check_append(false, "write.metadata.path", "elsewhere/deep");
}

/* The holder sleeps in its turn while the others come to wait for it. */
static void check_together(bool is_partitioned)
{
    firn_test_lake lake;
    struct writer writers[N_WRITERS];
    pid_t pids[N_WRITERS];
    firn_test_lake_open(&lake, true, NULL);
    firn_table_close(firn_test_table(&lake, "t", is_partitioned, NULL));
    start_log(&lake);
    for (int i = 0; i < N_WRITERS; i++) {
        writers[i] =
            (struct writer){lake.folder, i == 0 ? "txn.commit.before_manifests=sleep:1500@1" : NULL,
                            INT64_C(2) * i};
        pids[i] = firn_test_fork(append_as_writer, &writers[i]);
        if (i == 0) (void)usleep(300000);
    }
    for (int i = 0; i < N_WRITERS; i++) {
        int status = -1;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    firn_table *table = firn_test_table_open(&lake, "t");
    /* one catalog commit for all, after the one that made the table */
    assert_true(firn_str_find(firn_table_metadata_location(table), FIRN_STR("/00001-"), 0) !=
                SIZE_MAX);
    check_table(&lake, table, (size_t)N_WRITERS * (is_partitioned ? 2 : 1));
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

static void test_guests_are_durable_before_the_catalog_changes(void **state)
{
    (void)state;
    check_together(false);
    check_together(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_append_is_durable_before_the_catalog_changes),
        cmocka_unit_test(test_guests_are_durable_before_the_catalog_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
