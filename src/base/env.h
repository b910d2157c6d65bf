/* SPDX-License-Identifier: Apache-2.0 */
/* What the program hands to its rooms: allocator, clock, random, log, failpoints, threads,
 * cancellation. Public handle in firn/env.h. */
#ifndef FIRN_BASE_ENV_H
#define FIRN_BASE_ENV_H

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/random.h"
#include "firn/env.h"

struct firn_manifest_cache;
struct firn_page_cache;

struct firn_env {
    struct firn_env *parent; /* NULL: none. Of a part: whose pool, failpoints and cancellation
                                count, too */
    const firn_allocator *alloc;
    const firn_clock *clock;
    const firn_random *random;
    const firn_log *log;         /* may be NULL */
    firn_failpoints *failpoints; /* may be NULL */
    _Atomic(firn_pool *) pool;   /* made on first use: call firn_env_pool */
    int32_t n_threads;
    int64_t memory_bytes; /* budget for one operation */
    atomic_bool is_cancelled;
    firn_log own_log; /* what log points to when firn_env_opts.log was given */
    void (*log_fn)(void *ctx, int32_t level, firn_str message);
    void *log_ctx;
    struct firn_manifest_cache *manifest_cache; /* iceberg/scan/manifest_cache.h; NULL: none. Set
                                                   before the environment is shared */
    void (*manifest_cache_close)(struct firn_manifest_cache *cache);
    struct firn_page_cache *page_cache; /* base/page_cache.h; likewise */
    void (*page_cache_close)(struct firn_page_cache *cache);
};

FIRN_MUST_CHECK firn_status firn_env_failpoint(firn_env *env, const char *name, firn_error *err);
/* Makes part, the caller's storage, a part of the environment that is cancelled on its own: it has
 * what the environment has now. Called again it takes over what has changed since, and is no longer
 * cancelled. Needs no end; the environment must outlive it. */
void firn_env_make_part(firn_env *part, firn_env *of);
/* FIRN_ERR_CANCELLED once firn_env_cancel() was called. */
FIRN_MUST_CHECK firn_status firn_env_check_cancel(firn_env *env, firn_error *err);
/* The shared pool, created on first use; NULL when single-threaded or out of resources. */
firn_pool *firn_env_pool(firn_env *env);

#endif
