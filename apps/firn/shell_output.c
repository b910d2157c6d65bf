/* SPDX-License-Identifier: Apache-2.0 */
/* Output is held back until it is longer or wider than the screen; only then a pager is started.
 * The pager gets rows as they are computed, and leaving it ends the query. */
#include "shell_output.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "child_command.h"

enum { MAX_HELD = 4 << 20 };

void shell_output_init(shell_output *o)
{
    memset(o, 0, sizeof *o);
    o->pager_pipe = -1;
    firn_buf_init(&o->held, NULL, (size_t)2 * MAX_HELD);
}

static void close_target(shell_output *o)
{
    if (!o->target) return;
    fclose(o->target);
    if (o->is_command) (void)spawn_wait(o->pid);
    o->target = NULL;
}

void shell_output_dispose(shell_output *o)
{
    close_target(o);
    firn_buf_dispose(&o->held);
}

static firn_status open_command(shell_output *o, const char *command, firn_error *err)
{
    int end = -1;
    signal(SIGPIPE, SIG_IGN); /* a command that ends early is an error of one statement */
    FIRN_TRY(spawn_reader(command, &o->pid, &end, err));
    o->target = fdopen(end, "w");
    o->is_command = true;
    if (o->target) return FIRN_OK;
    (void)close(end);
    return firn_fail_errno(err, errno, "cannot write to %s", command);
}

firn_status shell_output_choose(shell_output *o, const char *target, bool is_once, firn_error *err)
{
    close_target(o);
    o->is_once = is_once;
    if (!*target || strcmp(target, "stdout") == 0) return FIRN_OK;
    if (*target == '|') return open_command(o, target + 1, err);
    o->is_command = false;
    o->target = fopen(target, "we");
    return o->target ? FIRN_OK : firn_fail_errno(err, errno, "cannot write %s", target);
}

bool shell_output_is_screen(const shell_output *o)
{
    return !o->target;
}

static const char *pager_command(void)
{
    const char *const names[] = {"FIRN_PAGER", "PAGER"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *command = getenv(names[i]);
        if (command) return command;
    }
    return "less -SRX";
}

/* Everything to fd, whatever it takes at once. */
static bool write_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        const ssize_t done = write(fd, data, n);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        data += done;
        n -= (size_t)done;
    }
    return true;
}

static bool emit(shell_output *o, const char *data, size_t n)
{
    if (write_all(o->pager_pipe >= 0 ? o->pager_pipe : STDOUT_FILENO, data, n)) return true;
    o->was_left = o->pager_pipe >= 0;
    return false;
}

/* It does not fit: start the pager, or without one print what was held. */
static bool stop_holding(shell_output *o)
{
    firn_error err = {0};
    const char *command = pager_command();
    o->is_long = true;
    if (*command && strcmp(command, "cat") != 0) {
        signal(SIGPIPE, SIG_IGN);
        if (spawn_reader(command, &o->pager_pid, &o->pager_pipe, &err) != FIRN_OK)
            o->pager_pipe = -1;
    }
    return emit(o, o->held.data, o->held.len);
}

static void measure(shell_output *o, const char *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (data[i] == '\n') {
            o->held_rows++;
            o->held_width = 0;
        } else if (((unsigned char)data[i] & 0xC0) != 0x80) {
            /* a line that wraps takes several rows */
            if (++o->held_width % o->columns == 0) o->held_rows++;
        }
    }
}

static ssize_t write_paged(void *ctx, const char *data, size_t n)
{
    shell_output *o = ctx;
    if (!o->is_long) {
        firn_buf_append(&o->held, data, n);
        if (o->held.status != FIRN_OK) return 0;
        measure(o, data, n);
        if (o->held_rows < o->rows - 2 && o->held.len < MAX_HELD) return (ssize_t)n;
        return stop_holding(o) ? (ssize_t)n : 0;
    }
    return emit(o, data, n) ? (ssize_t)n : 0;
}

FILE *shell_output_begin(shell_output *o)
{
    struct winsize size;
    if (o->target) return o->target;
    if (!o->has_pager || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 4 ||
        size.ws_col < 4)
        return stdout;
    firn_buf_clear(&o->held);
    o->rows = size.ws_row;
    o->columns = size.ws_col;
    o->held_rows = o->held_width = 0;
    o->is_long = o->was_left = false;
    o->paged = fopencookie(o, "w", (cookie_io_functions_t){.write = write_paged});
    return o->paged ? o->paged : stdout;
}

bool shell_output_end(shell_output *o)
{
    if (o->paged) {
        (void)fflush(stdout);
        fclose(o->paged);
        o->paged = NULL;
        if (!o->is_long) (void)emit(o, o->held.data, o->held.len);
        if (o->pager_pipe >= 0) {
            (void)close(o->pager_pipe);
            o->pager_pipe = -1;
            (void)spawn_wait(o->pager_pid);
        }
    }
    if (o->target && o->is_once) close_target(o);
    return !o->was_left;
}
