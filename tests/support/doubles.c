/* SPDX-License-Identifier: Apache-2.0 */
/* The clock run by hand and the failing allocator. */
#include "firn_test.h"

static int64_t fake_wall(void *ctx)
{
    const firn_test_clock *clock = ctx;
    return clock->wall_us;
}

static int64_t fake_monotonic(void *ctx)
{
    const firn_test_clock *clock = ctx;
    return clock->monotonic_us;
}

static void fake_sleep(void *ctx, int64_t us)
{
    firn_test_clock *clock = ctx;

    clock->n_sleeps++;
    if (us <= 0) return;
    clock->slept_us += us;
    firn_test_clock_advance(clock, us);
}

void firn_test_clock_init(firn_test_clock *clock, int64_t wall_us)
{
    *clock = (firn_test_clock){.wall_us = wall_us};
}

void firn_test_clock_advance(firn_test_clock *clock, int64_t us)
{
    clock->wall_us += us;
    clock->monotonic_us += us;
}

firn_clock firn_test_clock_interface(firn_test_clock *clock)
{
    return (firn_clock){clock, fake_wall, fake_monotonic, fake_sleep};
}

static bool is_refused(firn_test_alloc *alloc)
{
    alloc->n_calls++;
    return alloc->fail_at > 0 && alloc->n_calls >= alloc->fail_at;
}

static void *counted_alloc(void *ctx, size_t size)
{
    firn_test_alloc *alloc = ctx;
    void *ptr = is_refused(alloc) ? NULL : firn_mem_alloc(NULL, size);

    if (ptr) alloc->n_live++;
    return ptr;
}

static void *counted_resize(void *ctx, void *ptr, size_t size)
{
    firn_test_alloc *alloc = ctx;
    void *grown = is_refused(alloc) ? NULL : firn_mem_resize(NULL, ptr, size);

    if (grown && !ptr) alloc->n_live++;
    return grown;
}

static void counted_release(void *ctx, void *ptr)
{
    firn_test_alloc *alloc = ctx;

    if (ptr) alloc->n_live--;
    firn_mem_free(NULL, ptr);
}

firn_allocator firn_test_alloc_interface(firn_test_alloc *alloc)
{
    return (firn_allocator){alloc, counted_alloc, counted_resize, counted_release};
}
