/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/env.h
 * @brief The environment a program hands to firn: memory, threads, log, cancellation.
 *
 * Ownership:  create/destroy; outlives everything opened with it.
 * Threads:    shared by all threads.
 */
#ifndef FIRN_ENV_H
#define FIRN_ENV_H

#include "firn/base.h"

FIRN_BEGIN_DECLS

typedef struct firn_env firn_env;

/** @brief Options of firn_env_create(). Zero in any field means "default". */
typedef struct firn_env_opts {
    size_t struct_size;
    int32_t n_threads;    /**< Default: number of CPUs. */
    int64_t memory_bytes; /**< Budget for one operation. Default 512 MiB. */
    firn_str failpoints;  /**< Test only; see the command line's FIRN_FAILPOINTS. */
    int32_t log_level;    /**< -1 errors, 1 warnings (default), 2 information, 3 debug. */
    void (*log)(void *ctx, int32_t level, firn_str message); /**< Default: none. */
    void *log_ctx;
} firn_env_opts;

#define FIRN_ENV_OPTS(...) (&(firn_env_opts){.struct_size = sizeof(firn_env_opts), __VA_ARGS__})

/** @brief Make an environment on the system's clock, random source and heap. NULL opts: defaults.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_env_create(const firn_env_opts *opts, firn_env **out,
                                                     firn_error *err);
FIRN_API void firn_env_destroy(firn_env *env);
/** @brief Ask running operations to stop with FIRN_ERR_CANCELLED. Async-signal-safe. */
FIRN_API void firn_env_cancel(firn_env *env);
/** @brief Forget an earlier firn_env_cancel(). */
FIRN_API void firn_env_uncancel(firn_env *env);

FIRN_END_DECLS

#endif
