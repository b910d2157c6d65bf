/* SPDX-License-Identifier: Apache-2.0 */
/* The order of system calls of a durable put, and what happens when one of them fails. This
 * program defines the calls itself, so the driver calls these: they note the call, fail if told
 * so, and else ask the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/env.h"
#include "base/str.h"
#include "firn_test.h"
#include "store/local.h"
#include "store/store_read.h"

/* Calls so far, one letter each: m mkdir, w write, f fsync of a file, d fsync of a folder, l link,
 * r rename, u unlink. */
static struct {
    bool is_on;
    char calls[128];
    size_t n_calls;
    char fail_call; /* fails every such call while set */
    int fail_errno;
} k_trace;

static int note(char call)
{
    if (!k_trace.is_on) return 0;
    if (k_trace.n_calls + 1 < sizeof k_trace.calls) k_trace.calls[k_trace.n_calls++] = call;
    if (k_trace.fail_call != call) return 0;
    errno = k_trace.fail_errno;
    return -1;
}

int fsync(int fd)
{
    struct stat info;
    bool is_folder = fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);

    return note(is_folder ? 'd' : 'f') != 0 ? -1 : (int)syscall(SYS_fsync, fd);
}

int link(const char *from, const char *to)
{
    return note('l') != 0 ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
    return note('r') != 0 ? -1 : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int unlink(const char *path)
{
    return note('u') != 0 ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int mkdir(const char *path, mode_t mode)
{
    return note('m') != 0 ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

/* Half of the bytes at most, so that short writes are continued. */
ssize_t write(int fd, const void *data, size_t n)
{
    if (k_trace.is_on && fd > 2 && n > 1) n = (n + 1) / 2;
    return fd > 2 && note('w') != 0 ? -1 : (ssize_t)syscall(SYS_write, fd, data, n);
}

typedef struct fixture {
    firn_env *env;
    firn_store *store;
    char folder[FIRN_TEST_PATH];
    char path[FIRN_TEST_PATH];
} fixture;

static int set_up(void **state)
{
    fixture *f = firn_mem_alloc_zero(NULL, sizeof *f);
    firn_error err;

    assert_non_null(f);
    assert_ok(firn_env_create(NULL, &f->env, &err), &err);
    assert_ok(firn_store_create(&f->store, &err), &err);
    assert_ok(firn_store_add_local(f->store, f->env, &err), &err);
    firn_test_tempdir(f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    k_trace.is_on = false;
    firn_store_destroy(f->store);
    firn_env_destroy(f->env);
    firn_test_remove_tree(f->folder);
    firn_mem_free(NULL, f);
    return 0;
}

/* One traced put of eight bytes with one kind of call failing. */
static firn_status traced_put(fixture *f, const char *name, char fail_call, int fail_errno,
                              firn_error *err)
{
    firn_status st;

    memset(&k_trace, 0, sizeof k_trace);
    k_trace.fail_call = fail_call;
    k_trace.fail_errno = fail_errno;
    k_trace.is_on = true;
    st = firn_store_put(f->store, firn_test_path(f->path, f->folder, name), FIRN_STR("12345678"),
                        err);
    k_trace.is_on = false;
    return st;
}

static void assert_content(fixture *f, const char *want)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_str got = {NULL, 0};
    firn_error err;

    assert_ok(firn_store_read_all(f->store, firn_str_of(f->path), 100, arena, &got, &err), &err);
    assert_str(got, want);
    firn_arena_destroy(arena);
}

static void test_file_is_synced_before_its_name_and_the_folder_after(void **state)
{
    fixture *f = *state;
    firn_error err;

    assert_ok(traced_put(f, "x", 0, 0, &err), &err);
    assert_string_equal(k_trace.calls, "wwwwflud");
    assert_content(f, "12345678");
}

static void test_scratch_is_visible_without_a_sync(void **state)
{
    fixture *f = *state;
    firn_store_writer *writer = NULL;
    firn_error err;
    const firn_str path = firn_test_path(f->path, f->folder, "x");

    assert_ok(firn_store_begin(f->store, path, &writer, &err), &err);
    firn_store_make_scratch(writer);
    assert_ok(firn_store_write(writer, "12345678", 8, &err), &err);
    memset(&k_trace, 0, sizeof k_trace);
    k_trace.is_on = true;
    const firn_status st = firn_store_finish(writer, &err);
    k_trace.is_on = false;
    assert_ok(st, &err);
    assert_string_equal(k_trace.calls, "wwwwlu");
    assert_content(f, "12345678");
}

/* Two objects in one folder and one in another. */
static firn_status finish_content(fixture *f, firn_str *paths, char fail_call, firn_error *err)
{
    static const char *const k_names[] = {"x", "y", "a/z"};
    static char bytes[3][FIRN_TEST_PATH];
    firn_store_writer *writers[3];

    for (size_t i = 0; i < 3; i++) {
        paths[i] = firn_test_path(bytes[i], f->folder, k_names[i]);
        assert_ok(firn_store_begin(f->store, paths[i], &writers[i], err), err);
        assert_ok(firn_store_write(writers[i], "12345678", 8, err), err);
    }
    memset(&k_trace, 0, sizeof k_trace);
    k_trace.fail_call = fail_call;
    k_trace.fail_errno = EIO;
    k_trace.is_on = true;
    const firn_status st = firn_store_finish_content(writers, 3, err);
    k_trace.is_on = false;
    return st;
}

static firn_status sync_names(fixture *f, const firn_str *paths, size_t n, char fail_call,
                              firn_error *err)
{
    memset(&k_trace, 0, sizeof k_trace);
    k_trace.fail_call = fail_call;
    k_trace.fail_errno = EIO;
    k_trace.is_on = true;
    const firn_status st = firn_store_sync_names(f->store, paths, n, err);
    k_trace.is_on = false;
    return st;
}

static void test_many_objects_are_synced_before_their_names_and_each_folder_once(void **state)
{
    fixture *f = *state;
    firn_str paths[3];
    firn_error err;

    assert_ok(finish_content(f, paths, 0, &err), &err);
    assert_string_equal(k_trace.calls, "wwwwwwwwwwwwffflululu");
    assert_int_equal(firn_test_count_files(f->folder), 3);
    const firn_str names[] = {paths[0], paths[2], paths[1], paths[2]};
    assert_ok(sync_names(f, names, 4, 0, &err), &err);
    assert_string_equal(k_trace.calls, "dd");
    assert_ok(sync_names(f, names, 0, 0, &err), &err);
    assert_string_equal(k_trace.calls, "");
}

static void test_none_of_many_objects_is_visible_when_one_cannot_be_synced(void **state)
{
    fixture *f = *state;
    firn_str paths[3];
    firn_error err;

    assert_fails(finish_content(f, paths, 'f', &err), FIRN_ERR_IO, &err, "cannot sync ");
    assert_string_equal(k_trace.calls, "wwwwwwwwwwwwfuuu");
    assert_int_equal(firn_test_count_files(f->folder), 0);
}

static void test_names_that_cannot_be_synced_are_a_failure_unless_their_folder_is_gone(void **state)
{
    fixture *f = *state;
    firn_str paths[3];
    firn_error err;

    assert_ok(finish_content(f, paths, 0, &err), &err);
    assert_fails(sync_names(f, paths, 3, 'd', &err), FIRN_ERR_IO, &err, "cannot sync folder ");
    assert_string_equal(k_trace.calls, "d");
    paths[2] = firn_test_path(f->path, f->folder, "gone/z");
    assert_ok(sync_names(f, &paths[2], 1, 0, &err), &err);
    assert_fails(firn_store_sync_names(f->store, (firn_str[]){FIRN_STR("s3://b/x")}, 1, &err),
                 FIRN_ERR_UNSUPPORTED, &err, "no store for location");
}

static void test_new_folders_are_synced_in_their_parents(void **state)
{
    fixture *f = *state;
    firn_error err;

    assert_ok(traced_put(f, "a/b/x", 0, 0, &err), &err);
    assert_string_equal(k_trace.calls, "mdmdwwwwflud");
}

static void test_failed_file_sync_is_final(void **state)
{
    fixture *f = *state;
    firn_error err;

    assert_fails(traced_put(f, "x", 'f', EIO, &err), FIRN_ERR_IO, &err, "cannot sync ");
    assert_non_null(strstr(err.message, f->path));
    assert_string_equal(k_trace.calls, "wwwwfu"); /* one fsync, no link */
    assert_int_equal(firn_test_count_files(f->folder), 0);
}

static void test_failed_folder_sync_is_reported_and_not_repeated(void **state)
{
    fixture *f = *state;
    firn_error err;

    assert_fails(traced_put(f, "x", 'd', EIO, &err), FIRN_ERR_IO, &err, "cannot sync folder ");
    assert_string_equal(k_trace.calls, "wwwwflud");
    assert_int_equal(firn_test_count_files(f->folder), 1);
}

static void test_folder_sync_that_the_file_system_lacks_is_no_failure(void **state)
{
    fixture *f = *state;
    firn_error err;

    assert_ok(traced_put(f, "x", 'd', EINVAL, &err), &err);
}

static void test_full_disk_is_named(void **state)
{
    fixture *f = *state;
    firn_error err;

    assert_fails(traced_put(f, "x", 'w', ENOSPC, &err), FIRN_ERR_IO, &err,
                 "x: No space left on device");
    assert_int_equal(err.os_code, ENOSPC);
    assert_string_equal(k_trace.calls, "wu");
    assert_int_equal(firn_test_count_files(f->folder), 0);
}

static void test_read_only_disk_is_denied_and_named(void **state)
{
    fixture *f = *state;
    firn_error err;

    assert_fails(traced_put(f, "a/x", 'm', EROFS, &err), FIRN_ERR_DENIED, &err,
                 "/a: Read-only file system");
    assert_non_null(strstr(err.message, "cannot make folder"));
}

static void test_without_hard_links_a_rename_that_never_replaces_is_used(void **state)
{
    fixture *f = *state;
    firn_error err;

    assert_ok(traced_put(f, "x", 'l', EPERM, &err), &err);
    assert_string_equal(k_trace.calls, "wwwwflrd");
    assert_content(f, "12345678");
    assert_fails(traced_put(f, "x", 'l', EPERM, &err), FIRN_ERR_EXISTS, &err, "File exists");
    assert_string_equal(k_trace.calls, "wwwwflru");
    assert_int_equal(firn_test_count_files(f->folder), 1);
}

static void test_any_other_link_failure_is_not_worked_around(void **state)
{
    fixture *f = *state;
    firn_error err;

    assert_fails(traced_put(f, "x", 'l', EMLINK, &err), FIRN_ERR_IO, &err, "cannot create ");
    assert_string_equal(k_trace.calls, "wwwwflu");
    assert_int_equal(firn_test_count_files(f->folder), 0);
}

static void test_a_second_name_that_stays_does_not_fail_the_put(void **state)
{
    fixture *f = *state;
    firn_error err;

    assert_ok(traced_put(f, "x", 'u', EBUSY, &err), &err);
    assert_string_equal(k_trace.calls, "wwwwflud");
    assert_content(f, "12345678");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_file_is_synced_before_its_name_and_the_folder_after),
        TEST(test_many_objects_are_synced_before_their_names_and_each_folder_once),
        TEST(test_none_of_many_objects_is_visible_when_one_cannot_be_synced),
        TEST(test_names_that_cannot_be_synced_are_a_failure_unless_their_folder_is_gone),
        TEST(test_new_folders_are_synced_in_their_parents),
        TEST(test_scratch_is_visible_without_a_sync),
        TEST(test_failed_file_sync_is_final),
        TEST(test_failed_folder_sync_is_reported_and_not_repeated),
        TEST(test_folder_sync_that_the_file_system_lacks_is_no_failure),
        TEST(test_full_disk_is_named),
        TEST(test_read_only_disk_is_denied_and_named),
        TEST(test_without_hard_links_a_rename_that_never_replaces_is_used),
        TEST(test_any_other_link_failure_is_not_worked_around),
        TEST(test_a_second_name_that_stays_does_not_fail_the_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
