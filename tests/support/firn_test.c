/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions, temporary folders and child processes for tests. */
#include "firn_test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void firn_test_assert_status(firn_status st, firn_status want, const firn_error *err,
                             const char *text, const char *file, int line)
{
    const char *message = err && st >= FIRN_ERR_NOMEM ? err->message : "";

    if (st != want) {
        print_error("status \"%s\", expected \"%s\": %s\n", firn_status_name(st),
                    firn_status_name(want), message);
        _fail(file, line);
    }
    if (err && st >= FIRN_ERR_NOMEM && err->status != st) {
        print_error("err->status is \"%s\", returned \"%s\"\n", firn_status_name(err->status),
                    firn_status_name(st));
        _fail(file, line);
    }
    if (text && (!err || !strstr(message, text))) {
        print_error("message \"%s\" does not contain \"%s\"\n", message, text);
        _fail(file, line);
    }
}

void firn_test_assert_str(firn_str s, const char *text, const char *file, int line)
{
    size_t len = strlen(text);

    if (s.len == len && (len == 0 || memcmp(s.data, text, len) == 0)) return;
    print_error("\"%.*s\" != \"%s\"\n", FIRN_STR_ARG(s), text);
    _fail(file, line);
}

void firn_test_tempdir(char out[FIRN_TEST_PATH])
{
    const char *base = getenv("TMPDIR");

    if (!base || base[0] != '/') base = "/tmp";
    (void)snprintf(out, FIRN_TEST_PATH, "%s/firn-test-XXXXXX", base);
    if (!mkdtemp(out)) fail_msg("cannot make a folder in %s", base);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)walk;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

void firn_test_remove_tree(const char *path)
{
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

firn_str firn_test_path(char out[FIRN_TEST_PATH], const char *folder, const char *name)
{
    int len = snprintf(out, FIRN_TEST_PATH, "%s/%s", folder, name);

    if (len < 0 || len >= FIRN_TEST_PATH) fail_msg("path too long: %s/%s", folder, name);
    return (firn_str){out, strlen(out)};
}

int firn_test_count_files(const char *path)
{
    char command[FIRN_TEST_PATH + 64];
    FILE *pipe;
    int count = -1;

    (void)snprintf(command, sizeof command, "find '%s' ! -type d | wc -l", path);
    pipe = popen(command, "r");
    if (!pipe) fail_msg("cannot run %s", command);
    if (fscanf(pipe, "%d", &count) != 1) count = -1;
    (void)pclose(pipe);
    return count;
}

/* The directory of a process's threads has one subdirectory per thread besides "." and "..". */
static nlink_t count_threads(void)
{
    struct stat s;
    if (stat("/proc/self/task", &s) != 0) fail_msg("cannot read /proc/self/task");
    return s.st_nlink - 2;
}

pid_t firn_test_fork(void (*fn)(void *ctx), void *ctx)
{
    if (count_threads() != 1) fail_msg("a process with threads cannot be forked safely");
    const pid_t pid = fork();
    if (pid < 0) fail_msg("cannot fork");
    if (pid == 0) {
        fn(ctx);
        _exit(0);
    }
    return pid;
}

int firn_test_in_child(void (*fn)(void *ctx), void *ctx)
{
    int status = 0;
    const pid_t pid = firn_test_fork(fn, ctx);
    if (waitpid(pid, &status, 0) != pid) fail_msg("cannot wait for the child");
    return status;
}
