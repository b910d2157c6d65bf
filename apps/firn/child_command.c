/* SPDX-License-Identifier: Apache-2.0 */
#include "child_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"

firn_status spawn_command(const char *command, int input, pid_t *out, firn_error *err)
{
    static char shell[] = "sh";
    static char option[] = "-c";
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    char *copy = NULL;
    firn_buf text;

    firn_buf_init(&text, NULL, 1 << 20);
    firn_buf_cstr(&text, command);
    firn_buf_byte(&text, 0);
    if (text.status != FIRN_OK) {
        firn_buf_dispose(&text);
        return firn_fail(err, FIRN_ERR_LIMIT, "the command is too long");
    }
    copy = text.data;
    char *const arguments[] = {shell, option, copy, NULL};
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGINT);
    (void)sigaddset(&defaults, SIGPIPE);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    if (input >= 0) (void)posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    const int failed = posix_spawnp(out, "sh", &actions, &attributes, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    firn_buf_dispose(&text);
    return failed ? firn_fail_errno(err, failed, "cannot start %s", command) : FIRN_OK;
}

firn_status spawn_reader(const char *command, pid_t *out, int *pipe_out, firn_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return firn_fail_errno(err, errno, "cannot make a pipe");
    const firn_status st = spawn_command(command, ends[0], out, err);
    (void)close(ends[0]);
    if (st != FIRN_OK) (void)close(ends[1]);
    *pipe_out = st == FIRN_OK ? ends[1] : -1;
    return st;
}

int spawn_wait(pid_t pid)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    int status = 0;
    (void)sigaction(SIGINT, &ignore, &before);
    pid_t ended;
    do {
        ended = waitpid(pid, &status, 0);
    } while (ended < 0 && errno == EINTR);
    (void)sigaction(SIGINT, &before, NULL);
    if (ended < 0) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
