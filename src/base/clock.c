/* SPDX-License-Identifier: Apache-2.0 */
/* The system clock. The calendar is in civil.c. */
#include "base/clock.h"

#include <errno.h>
#include <time.h>

#define US_PER_SECOND INT64_C(1000000)

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};

    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

static int64_t system_wall(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_MONOTONIC);
}

static void system_sleep(void *ctx, int64_t us)
{
    struct timespec left;

    (void)ctx;
    if (us <= 0) return;
    left.tv_sec = (time_t)(us / US_PER_SECOND);
    left.tv_nsec = (long)(us % US_PER_SECOND) * 1000;
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
    }
}

const firn_clock *firn_clock_system(void)
{
    static const firn_clock clock = {NULL, system_wall, system_monotonic, system_sleep};
    return &clock;
}

int64_t firn_clock_wall_us(const firn_clock *clock)
{
    return clock->wall_us(clock->ctx);
}

int64_t firn_clock_wall_ms(const firn_clock *clock)
{
    return firn_clock_wall_us(clock) / 1000;
}

int64_t firn_clock_monotonic_us(const firn_clock *clock)
{
    return clock->monotonic_us(clock->ctx);
}
