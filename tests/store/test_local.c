/* SPDX-License-Identifier: Apache-2.0 */
/* What only local folders have: crashes between the steps of a put, full and read-only disks,
 * links, pipes, left-over temporary files. */
#include "store/local.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/env.h"
#include "base/str.h"
#include "firn_test.h"
#include "store/store_read.h"

typedef struct fixture {
    firn_env *env;
    firn_store *store;
    char folder[FIRN_TEST_PATH];
    char path[FIRN_TEST_PATH];
} fixture;

static void open_store(fixture *f, const char *failpoints)
{
    firn_error err;

    assert_ok(firn_env_create(FIRN_ENV_OPTS(.failpoints = firn_str_of(failpoints)), &f->env, &err),
              &err);
    assert_ok(firn_store_create(&f->store, &err), &err);
    assert_ok(firn_store_add_local(f->store, f->env, &err), &err);
}

static void close_store(fixture *f)
{
    firn_store_destroy(f->store);
    firn_env_destroy(f->env);
}

static int set_up(void **state)
{
    fixture *f = firn_mem_alloc_zero(NULL, sizeof *f);

    assert_non_null(f);
    firn_test_tempdir(f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    (void)chmod(f->folder, 0700);
    firn_test_remove_tree(f->folder);
    firn_mem_free(NULL, f);
    return 0;
}

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static void test_local_paths(void **state)
{
    firn_str path = {NULL, 0};
    (void)state;
    assert_true(firn_local_path(FIRN_STR("/w/t"), &path));
    assert_str(path, "/w/t");
    assert_true(firn_local_path(FIRN_STR("file:/w/t"), &path));
    assert_str(path, "/w/t");
    assert_true(firn_local_path(FIRN_STR("file:///w/t"), &path));
    assert_str(path, "/w/t");
    assert_false(firn_local_path(FIRN_STR("file://w/t"), &path));
    assert_false(firn_local_path(FIRN_STR("s3://w/t"), &path));
    assert_false(firn_local_path(FIRN_STR("w/t"), &path));
    assert_false(firn_local_path(FIRN_STR(""), &path));
}

static void put_in_child(void *ctx)
{
    fixture *f = ctx;
    firn_str path = firn_str_of(f->path);
    firn_status st = firn_store_put(f->store, path, FIRN_STR("content"), NULL);
    (void)st;
}

/* After a kill at any step the object is whole or absent, and a second put works if it is absent.
 */
static void test_killed_put_leaves_a_whole_object_or_none(void **state)
{
    static const struct {
        const char *failpoint;
        bool is_visible;
        int n_files;
    } cases[] = {
        {"store.put.before_sync=kill", false, 1},
        {"store.put.before_link=kill", false, 1},
        {"store.put.after_link=kill", true, 2},
    };
    fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char folder[FIRN_TEST_PATH];
        int status;
        (void)snprintf(folder, sizeof folder, "%.300s/case%zu", f->folder, i);
        (void)firn_test_path(f->path, folder, "x");
        open_store(f, cases[i].failpoint);
        status = firn_test_in_child(put_in_child, f);
        close_store(f);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGKILL);
        assert_int_equal(exists(f->path), cases[i].is_visible);
        assert_int_equal(firn_test_count_files(folder), cases[i].n_files);
        open_store(f, "");
        if (cases[i].is_visible) {
            assert_fails(firn_store_put(f->store, firn_str_of(f->path), FIRN_STR("new"), NULL),
                         FIRN_ERR_EXISTS, NULL, NULL);
        } else {
            firn_error err;
            assert_ok(firn_store_put(f->store, firn_str_of(f->path), FIRN_STR("new"), &err), &err);
        }
        close_store(f);
    }
}

static void test_failed_put_leaves_no_temporary_file(void **state)
{
    static const struct {
        const char *failpoint;
        int n_files;
    } cases[] = {
        {"store.put.before_sync=nospace", 0},
        {"store.put.before_link=error", 0},
        {"store.put.after_link=error", 1}, /* the object itself: the effect was there */
    };
    fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        firn_error err;
        open_store(f, cases[i].failpoint);
        (void)firn_test_path(f->path, f->folder, "y");
        assert_fails(firn_store_put(f->store, firn_str_of(f->path), FIRN_STR("x"), &err),
                     FIRN_ERR_IO, &err, "store.put.");
        close_store(f);
        assert_int_equal(firn_test_count_files(f->folder), cases[i].n_files);
    }
}

static firn_status count_entry(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    int *n = ctx;
    (void)entry;
    (void)err;
    *n += 1;
    return FIRN_OK;
}

static void test_listing_leaves_out_temporary_files_and_linked_folders(void **state)
{
    fixture *f = *state;
    char link_path[FIRN_TEST_PATH];
    firn_store_writer *writer = NULL;
    firn_error err;
    int n = 0;

    open_store(f, "");
    assert_ok(
        firn_store_put(f->store, firn_test_path(f->path, f->folder, "real"), FIRN_STR("x"), &err),
        &err);
    (void)firn_test_path(link_path, f->folder, "loop");
    assert_int_equal(symlink(f->folder, link_path), 0);
    (void)firn_test_path(link_path, f->folder, "alias");
    assert_int_equal(symlink(f->path, link_path), 0);
    (void)firn_test_path(link_path, f->folder, "dangling");
    assert_int_equal(symlink("/nowhere/at/all", link_path), 0);
    (void)firn_test_path(link_path, f->folder, "pipe");
    assert_int_equal(mkfifo(link_path, 0600), 0);
    assert_ok(
        firn_store_begin(f->store, firn_test_path(f->path, f->folder, "unfinished"), &writer, &err),
        &err);
    assert_ok(firn_store_list(f->store, firn_str_of(f->folder), count_entry, &n, &err), &err);
    assert_int_equal(n, 2); /* real and alias */
    firn_store_abandon(writer);
    close_store(f);
}

static void test_what_is_not_a_regular_file_is_not_opened(void **state)
{
    fixture *f = *state;
    firn_store_file *file = NULL;
    firn_store_entry entry;
    firn_error err;

    open_store(f, "");
    assert_fails(firn_store_open(f->store, firn_str_of(f->folder), &file, &err), FIRN_ERR_IO, &err,
                 "Is a directory");
    assert_fails(firn_store_stat(f->store, firn_str_of(f->folder), &entry, &err),
                 FIRN_ERR_NOT_FOUND, &err, "not a regular file");
    (void)firn_test_path(f->path, f->folder, "pipe");
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_fails(firn_store_open(f->store, firn_str_of(f->path), &file, &err), FIRN_ERR_ARG, &err,
                 "not a regular file");
    close_store(f);
}

static void test_a_file_in_the_way_of_a_folder(void **state)
{
    fixture *f = *state;
    firn_error err;

    open_store(f, "");
    assert_ok(
        firn_store_put(f->store, firn_test_path(f->path, f->folder, "f"), FIRN_STR("x"), &err),
        &err);
    assert_fails(
        firn_store_put(f->store, firn_test_path(f->path, f->folder, "f/g/h"), FIRN_STR("x"), &err),
        FIRN_ERR_IO, &err, "Not a directory");
    close_store(f);
}

/* As an ordinary user even when the tests run as root. */
static void test_folder_without_permission_is_named(void **state)
{
    fixture *f = *state;
    uid_t before = geteuid();
    firn_status st;
    firn_error err;

    open_store(f, "");
    assert_int_equal(chmod(f->folder, 0555), 0);
    if (before == 0) assert_int_equal(seteuid(65534), 0);
    st = firn_store_put(f->store, firn_test_path(f->path, f->folder, "no"), FIRN_STR("x"), &err);
    if (before == 0) assert_int_equal(seteuid(before), 0);
    assert_fails(st, FIRN_ERR_DENIED, &err, f->path);
    assert_int_equal(err.os_code, EACCES);
    close_store(f);
}

static void test_full_disk_fails_the_put_and_names_the_file(void **state)
{
    static const char block[64 << 10];
    fixture *f = *state;
    struct rlimit old;
    struct rlimit small;
    firn_store_writer *writer = NULL;
    firn_status st = FIRN_OK;
    firn_error err;

    /* A file size limit makes write() fail as a full disk does, with EFBIG. */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 100000;
    open_store(f, "");
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    (void)firn_test_path(f->path, f->folder, "full");
    assert_ok(firn_store_begin(f->store, firn_str_of(f->path), &writer, &err), &err);
    for (int i = 0; i < 10 && st == FIRN_OK; i++)
        st = firn_store_write(writer, block, sizeof block, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_fails(st, FIRN_ERR_IO, &err, f->path);
    assert_int_equal(err.os_code, EFBIG);
    firn_store_abandon(writer);
    assert_int_equal(firn_test_count_files(f->folder), 0);
    close_store(f);
}

static void test_shortened_file_is_corrupt_not_garbage(void **state)
{
    fixture *f = *state;
    firn_store_file *file = NULL;
    char out[8];
    firn_error err;

    open_store(f, "");
    (void)firn_test_path(f->path, f->folder, "s");
    assert_ok(firn_store_put(f->store, firn_str_of(f->path), FIRN_STR("12345678"), &err), &err);
    assert_ok(firn_store_open(f->store, firn_str_of(f->path), &file, &err), &err);
    assert_int_equal(truncate(f->path, 3), 0);
    assert_fails(firn_store_read_at(file, 0, out, 8, &err), FIRN_ERR_CORRUPT, &err,
                 "ends 3 bytes into a read of 8 bytes at 0");
    assert_int_equal(err.position, 3);
    firn_store_close(file);
    close_store(f);
}

static void test_deep_folders_hit_the_limit(void **state)
{
    fixture *f = *state;
    firn_error err;
    int n = 0;
    size_t len;

    open_store(f, "");
    (void)snprintf(f->path, sizeof f->path, "%s", f->folder);
    len = strlen(f->path);
    for (int depth = 0; depth < 64; depth++) {
        f->path[len++] = '/';
        f->path[len++] = 'd';
    }
    memcpy(f->path + len, "/x", 3);
    assert_ok(firn_store_put(f->store, firn_str_of(f->path), FIRN_STR("x"), &err), &err);
    assert_ok(firn_store_list(f->store, firn_str_of(f->folder), count_entry, &n, &err), &err);
    assert_int_equal(n, 1);
    memcpy(f->path + len, "/d/x", 5);
    assert_ok(firn_store_put(f->store, firn_str_of(f->path), FIRN_STR("x"), &err), &err);
    assert_fails(firn_store_list(f->store, firn_str_of(f->folder), count_entry, &n, &err),
                 FIRN_ERR_LIMIT, &err, "nested deeper than 64");
    close_store(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local_paths),
        cmocka_unit_test_setup_teardown(test_killed_put_leaves_a_whole_object_or_none, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_failed_put_leaves_no_temporary_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_listing_leaves_out_temporary_files_and_linked_folders,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_a_regular_file_is_not_opened, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_in_the_way_of_a_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folder_without_permission_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk_fails_the_put_and_names_the_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_shortened_file_is_corrupt_not_garbage, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_deep_folders_hit_the_limit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
