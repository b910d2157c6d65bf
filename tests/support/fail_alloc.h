/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of a function refused, one after the other.
 *
 * Test programs are linked with --wrap for malloc, realloc and free, so that this needs no seam in
 * the code under test: all of firn's memory comes from src/base/alloc.c. jansson's values are
 * refused too; memory that other libraries (zstd, zlib, DuckDB) take for themselves is not.
 *
 * Usage:
 *
 *     static firn_status read_it(void *ctx, firn_error *err)  // makes and frees all it needs
 *     ...
 *     firn_fail_alloc_each(read_it, &input);
 */
#ifndef FIRN_FAIL_ALLOC_H
#define FIRN_FAIL_ALLOC_H

#include "firn_test.h"

/* The function under test. It must free what it made however it ends, and give FIRN_OK or
 * FIRN_DONE when nothing is refused. */
typedef firn_status (*firn_fail_alloc_fn)(void *ctx, firn_error *err);

typedef struct firn_fail_alloc_opts {
    int64_t stride;   /* refuse every stride-th allocation only; 0: each. For long functions. */
    bool may_recover; /* success is fine although an allocation was refused */
} firn_fail_alloc_opts;

/* Runs fn with nothing refused, then with the n-th allocation refused for every n it makes: once
 * the n-th alone and once it and all after it. Fails the test unless fn ends with FIRN_ERR_NOMEM
 * and a filled error each time and has freed all it allocated. Returns how many allocations fn
 * makes. opts NULL: all defaults. Keep the input small: the cost is the square of that number. */
int64_t firn_fail_alloc_each_opts(firn_fail_alloc_fn fn, void *ctx,
                                  const firn_fail_alloc_opts *opts);
int64_t firn_fail_alloc_each(firn_fail_alloc_fn fn, void *ctx);

/* For tests that need other steps: refuse the n-th allocation from now (0: none), and all after it
 * too when and_after; counting starts again. */
void firn_fail_alloc_arm(int64_t n, bool and_after);
void firn_fail_alloc_disarm(void);
/* Since the last arm: allocations asked for, blocks not freed yet, and the most bytes held at one
 * time (blocks of the armed span only). */
int64_t firn_fail_alloc_calls(void);
int64_t firn_fail_alloc_live(void);
int64_t firn_fail_alloc_peak_bytes(void);

#endif
