/* SPDX-License-Identifier: Apache-2.0 */
/* Thread pool: run n independent items on up to n_threads threads and wait. */
#ifndef FIRN_BASE_POOL_H
#define FIRN_BASE_POOL_H

#include "firn/base.h"

typedef struct firn_pool firn_pool;
/* item 0..n-1; worker 0..n_threads-1. A failure stops handing out items and is returned. */
typedef firn_status (*firn_pool_fn)(void *ctx, size_t item, size_t worker, firn_error *err);

FIRN_MUST_CHECK firn_status firn_pool_create(int32_t n_threads, firn_pool **out, firn_error *err);
void firn_pool_destroy(firn_pool *pool);
int32_t firn_pool_threads(const firn_pool *pool);
/* Blocks until done; the calling thread works too. The first failure wins. NULL pool: runs here. */
FIRN_MUST_CHECK firn_status firn_pool_run(firn_pool *pool, size_t n, firn_pool_fn fn, void *ctx,
                                          firn_error *err);

#endif
