/* SPDX-License-Identifier: Apache-2.0 */
/* The environment: defaults from the operating system, and what firn_env_opts overrides. */
#include "base/env.h"

#include <sched.h>
#include <string.h>

#include "base/error.h"

#define MEMORY_DEFAULT (INT64_C(512) << 20)
#define THREADS_LIMIT  1024

/* CPUs this process may use; a container's or taskset's mask counts. */
static int32_t count_cpus(void)
{
    cpu_set_t set;
    int n = 1;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) n = CPU_COUNT(&set);
    return n < 1 ? 1 : n > THREADS_LIMIT ? THREADS_LIMIT : n;
}

static void write_log(void *ctx, firn_log_level level, firn_str message)
{
    const firn_env *env = ctx;
    env->log_fn(env->log_ctx, (int32_t)level, message);
}

static firn_status check_opts(const firn_env_opts *opts, firn_error *err)
{
    if (opts->n_threads < 0 || opts->n_threads > THREADS_LIMIT)
        return firn_fail(err, FIRN_ERR_ARG, "%d threads, expected 1 to %d", (int)opts->n_threads,
                         THREADS_LIMIT);
    if (opts->memory_bytes < 0)
        return firn_fail(err, FIRN_ERR_ARG, "memory budget of %lld bytes, expected more than 0",
                         (long long)opts->memory_bytes);
    if (opts->log_level < -1 || opts->log_level > FIRN_LOG_DEBUG)
        return firn_fail(err, FIRN_ERR_ARG, "log level %d, expected -1 to %d", (int)opts->log_level,
                         (int)FIRN_LOG_DEBUG);
    return FIRN_OK;
}

static void set_log(firn_env *env, const firn_env_opts *opts)
{
    if (!opts->log) return;
    env->log_fn = opts->log;
    env->log_ctx = opts->log_ctx;
    env->own_log.ctx = env;
    env->own_log.write = write_log;
    env->own_log.level = opts->log_level == 0    ? FIRN_LOG_WARN
                         : opts->log_level == -1 ? FIRN_LOG_ERROR
                                                 : (firn_log_level)opts->log_level;
    env->log = &env->own_log;
}

firn_status firn_env_create(const firn_env_opts *opts, firn_env **out, firn_error *err)
{
    firn_env_opts o = {0};
    firn_env *env;
    firn_status st;

    *out = NULL;
    if (opts && opts->struct_size < sizeof o.struct_size)
        return firn_fail(err, FIRN_ERR_ARG, "firn_env_opts without struct_size");
    if (opts) memcpy(&o, opts, opts->struct_size < sizeof o ? opts->struct_size : sizeof o);
    FIRN_TRY(check_opts(&o, err));
    env = firn_mem_alloc_zero(NULL, sizeof *env);
    if (!env) return firn_fail_nomem(err);
    env->alloc = firn_allocator_default();
    env->clock = firn_clock_system();
    env->random = firn_random_system();
    env->n_threads = o.n_threads ? o.n_threads : count_cpus();
    env->memory_bytes = o.memory_bytes ? o.memory_bytes : MEMORY_DEFAULT;
    set_log(env, &o);
    st = firn_failpoints_create(o.failpoints, &env->failpoints, err);
    if (st != FIRN_OK) {
        firn_env_destroy(env);
        return st;
    }
    *out = env;
    return FIRN_OK;
}

void firn_env_destroy(firn_env *env)
{
    if (!env) return;
    firn_pool_destroy(atomic_load(&env->pool));
    if (env->manifest_cache_close) env->manifest_cache_close(env->manifest_cache);
    if (env->page_cache_close) env->page_cache_close(env->page_cache);
    firn_failpoints_destroy(env->failpoints);
    firn_mem_free(NULL, env);
}

void firn_env_make_part(firn_env *part, firn_env *of)
{
    part->parent = of;
    part->alloc = of->alloc;
    part->clock = of->clock;
    part->random = of->random;
    part->log = of->log;
    part->n_threads = of->n_threads;
    part->memory_bytes = of->memory_bytes;
    part->manifest_cache = of->manifest_cache;
    part->page_cache = of->page_cache;
    atomic_store(&part->is_cancelled, false);
}

static firn_env *whole_of(firn_env *env)
{
    return env->parent ? env->parent : env;
}

static bool is_cancelled(const firn_env *env)
{
    return atomic_load_explicit(&env->is_cancelled, memory_order_relaxed);
}

void firn_env_cancel(firn_env *env)
{
    atomic_store(&env->is_cancelled, true);
}

void firn_env_uncancel(firn_env *env)
{
    atomic_store(&env->is_cancelled, false);
}

firn_status firn_env_failpoint(firn_env *env, const char *name, firn_error *err)
{
    firn_failpoints *failpoints = env ? whole_of(env)->failpoints : NULL;
    return failpoints ? firn_failpoint_hit(failpoints, name, err) : FIRN_OK;
}

firn_status firn_env_check_cancel(firn_env *env, firn_error *err)
{
    if (!env || (!is_cancelled(env) && !is_cancelled(whole_of(env)))) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CANCELLED, "cancelled");
}

firn_pool *firn_env_pool(firn_env *env)
{
    env = whole_of(env);
    firn_pool *pool = atomic_load(&env->pool);
    firn_pool *made = NULL;

    if (pool || env->n_threads < 2) return pool;
    if (firn_pool_create(env->n_threads, &made, NULL) != FIRN_OK) return NULL;
    /* Another thread may have been faster: keep its pool. */
    if (atomic_compare_exchange_strong(&env->pool, &pool, made)) return made;
    firn_pool_destroy(made);
    return pool;
}
