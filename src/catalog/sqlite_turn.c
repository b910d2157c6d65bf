/* SPDX-License-Identifier: Apache-2.0 */
/* Turns of writers: one at a time commits to a table, whichever process it is in. A turn is a lock
 * on one byte of the file "<catalog>-turns", which stays empty: the byte's number comes from the
 * table's name. The lock belongs to the open file, so that it excludes threads too, and the kernel
 * releases it when a process dies. Advisory: whether a commit is right is decided by the swap. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "catalog/sqlite_db.h"

#define K_FIRST_WAIT_US 100
#define K_LAST_WAIT_US  2000
#define K_N_TURNS       (1u << 30)

typedef struct turn {
    int fd;
} turn;

static int open_file(const firn_sqlite_db *db)
{
    char path[4096];
    const int n = snprintf(path, sizeof path, "%.*s-turns", FIRN_STR_ARG(db->path));
    if (n < 0 || (size_t)n >= sizeof path) return -1;
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
}

static bool try_lock(int fd, off_t at)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool wait_for_lock(const firn_sqlite_db *db, int fd, off_t at, int64_t timeout_ms)
{
    const firn_clock *clock = db->env->clock;
    const int64_t end_us = firn_clock_monotonic_us(clock) + timeout_ms * 1000;
    int64_t wait_us = K_FIRST_WAIT_US;
    while (!try_lock(fd, at)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR) return false;
        if (firn_clock_monotonic_us(clock) + wait_us > end_us) return false;
        clock->sleep_us(clock->ctx, wait_us);
        if (wait_us < K_LAST_WAIT_US) wait_us += wait_us / 2;
    }
    return true;
}

void *firn_sqlite__take_turn(void *ctx, firn_str table, int64_t timeout_ms)
{
    const firn_sqlite_db *db = ctx;
    turn *self = firn_mem_alloc_zero(NULL, sizeof *self);
    if (!self) return NULL;
    self->fd = open_file(db);
    const off_t at = (off_t)(firn_str_hash(table) % K_N_TURNS);
    if (self->fd >= 0 && wait_for_lock(db, self->fd, at, timeout_ms)) return self;
    firn_sqlite__end_turn(ctx, self);
    return NULL;
}

void firn_sqlite__end_turn(void *ctx, void *taken)
{
    turn *self = taken;
    (void)ctx;
    if (self->fd >= 0) (void)close(self->fd);
    firn_mem_free(NULL, self);
}
