/* SPDX-License-Identifier: Apache-2.0 */
/* malloc, realloc and free of the test programs (linker option --wrap), refused and counted on
 * demand. Blocks are counted while armed, from any thread. */
#include "fail_alloc.h"

#include <inttypes.h>
#include <jansson.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

/* the names are the linker's (--wrap) */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t size);
void *__real_realloc(void *ptr, size_t size);
void __real_free(void *ptr);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void __wrap_free(void *ptr);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static struct {
    atomic_bool is_armed;
    atomic_bool and_after;
    _Atomic int64_t fail_at; /* 0: never */
    _Atomic int64_t n_calls;
    _Atomic int64_t n_live;
    _Atomic int64_t live_bytes;
    _Atomic int64_t peak_bytes;
} g_fail;

static bool is_refused(void)
{
    if (!atomic_load(&g_fail.is_armed)) return false;
    const int64_t n = atomic_fetch_add(&g_fail.n_calls, 1) + 1;
    const int64_t at = atomic_load(&g_fail.fail_at);
    return at > 0 && (n == at || (n > at && atomic_load(&g_fail.and_after)));
}

static void count(int64_t blocks, int64_t bytes)
{
    if (!atomic_load(&g_fail.is_armed)) return;
    atomic_fetch_add(&g_fail.n_live, blocks);
    const int64_t live = atomic_fetch_add(&g_fail.live_bytes, bytes) + bytes;
    int64_t peak = atomic_load(&g_fail.peak_bytes);
    while (live > peak && !atomic_compare_exchange_weak(&g_fail.peak_bytes, &peak, live)) {
    }
}

void *__wrap_malloc(size_t size)
{
    void *ptr = is_refused() ? NULL : __real_malloc(size);
    if (ptr) count(1, (int64_t)malloc_usable_size(ptr));
    return ptr;
}

void *__wrap_realloc(void *ptr, size_t size)
{
    if (is_refused()) return NULL;
    const int64_t before = ptr ? (int64_t)malloc_usable_size(ptr) : 0;
    void *grown = __real_realloc(ptr, size);
    if (grown) count(ptr ? 0 : 1, (int64_t)malloc_usable_size(grown) - before);
    return grown;
}

void __wrap_free(void *ptr)
{
    if (ptr) count(-1, -(int64_t)malloc_usable_size(ptr));
    __real_free(ptr);
}

void firn_fail_alloc_arm(int64_t n, bool and_after)
{
    atomic_store(&g_fail.fail_at, n);
    atomic_store(&g_fail.and_after, and_after);
    atomic_store(&g_fail.n_calls, 0);
    atomic_store(&g_fail.n_live, 0);
    atomic_store(&g_fail.live_bytes, 0);
    atomic_store(&g_fail.peak_bytes, 0);
    atomic_store(&g_fail.is_armed, true);
}

void firn_fail_alloc_disarm(void)
{
    atomic_store(&g_fail.is_armed, false);
}

int64_t firn_fail_alloc_calls(void)
{
    return atomic_load(&g_fail.n_calls);
}

int64_t firn_fail_alloc_live(void)
{
    return atomic_load(&g_fail.n_live);
}

int64_t firn_fail_alloc_peak_bytes(void)
{
    return atomic_load(&g_fail.peak_bytes);
}

static firn_status run(firn_fail_alloc_fn fn, void *ctx, int64_t n, bool and_after, firn_error *err)
{
    *err = (firn_error){0};
    firn_fail_alloc_arm(n, and_after);
    const firn_status st = fn(ctx, err);
    firn_fail_alloc_disarm();
    if (firn_fail_alloc_live() != 0)
        fail_msg("allocation %" PRId64 " refused%s: %" PRId64 " blocks are not freed", n,
                 and_after ? " and all after it" : "", firn_fail_alloc_live());
    return st;
}

static void run_refused(firn_fail_alloc_fn fn, void *ctx, int64_t n, bool and_after,
                        bool may_recover)
{
    firn_error err;
    const firn_status st = run(fn, ctx, n, and_after, &err);
    const char *after = and_after ? " and all after it" : "";

    if (firn_fail_alloc_calls() < n) return; /* this time fewer were made: nothing was refused */
    if (st == FIRN_OK || st == FIRN_DONE) {
        if (!may_recover) fail_msg("allocation %" PRId64 " refused%s: nobody noticed", n, after);
        return;
    }
    if (st != FIRN_ERR_NOMEM || err.status != FIRN_ERR_NOMEM)
        fail_msg("allocation %" PRId64 " refused%s: status \"%s\", error \"%s\": %s", n, after,
                 firn_status_name(st), firn_status_name(err.status), err.message);
}

int64_t firn_fail_alloc_each_opts(firn_fail_alloc_fn fn, void *ctx,
                                  const firn_fail_alloc_opts *opts)
{
    const int64_t stride = opts && opts->stride > 0 ? opts->stride : 1;
    const bool may_recover = opts && opts->may_recover;
    firn_error err;
    json_malloc_t json_malloc = malloc;
    json_free_t json_free = free;

    json_get_alloc_funcs(&json_malloc, &json_free);
    json_set_alloc_funcs(__wrap_malloc, __wrap_free);
    const firn_status st = run(fn, ctx, 0, false, &err);
    if (st != FIRN_DONE) assert_ok(st, &err);
    const int64_t n_calls = firn_fail_alloc_calls();
    for (int64_t n = 1; n <= n_calls; n += stride) {
        run_refused(fn, ctx, n, false, may_recover);
        run_refused(fn, ctx, n, true, may_recover);
    }
    json_set_alloc_funcs(json_malloc, json_free);
    return n_calls;
}

int64_t firn_fail_alloc_each(firn_fail_alloc_fn fn, void *ctx)
{
    return firn_fail_alloc_each_opts(fn, ctx, NULL);
}
