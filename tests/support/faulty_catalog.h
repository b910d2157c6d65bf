/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog driver for tests that forwards every call to another catalog, and answers chosen
 * commits late, twice, never or wrongly. It gives no turns, so that races can be lost. */
#ifndef FIRN_TEST_FAULTY_CATALOG_H
#define FIRN_TEST_FAULTY_CATALOG_H

#include "firn/ext/catalog.h"

/* What happens to a commit. */
typedef enum firn_test_answer {
    FIRN_TEST_ANSWER_TRUE = 0,
    FIRN_TEST_ANSWER_REFUSED, /* nothing changes; the answer is a conflict */
    FIRN_TEST_ANSWER_FAILED,  /* nothing changes; the answer is FIRN_ERR_IO */
    FIRN_TEST_ANSWER_LOST,    /* it takes effect; the answer is FIRN_ERR_COMMIT_UNKNOWN */
    FIRN_TEST_ANSWER_NEVER,   /* nothing changes; the answer is FIRN_ERR_COMMIT_UNKNOWN */
    FIRN_TEST_ANSWER_LATE,    /* FIRN_ERR_COMMIT_UNKNOWN; late_loads loads do not show it yet */
    FIRN_TEST_ANSWER_TWICE,   /* sent twice; the second answer is the one that comes back */
} firn_test_answer;

typedef struct firn_test_faulty_catalog {
    firn_catalog *inner; /* borrowed */
    firn_test_answer answer;
    int64_t n_times; /* how many commits get that answer; then FIRN_TEST_ANSWER_TRUE. -1: all */
    int64_t n_commits, n_loads; /* calls so far */
    int64_t late_loads;
    bool loads_fail;
    /* Called before each commit is forwarded, may be NULL: what other writers do meanwhile. */
    void (*meanwhile)(void *ctx);
    void *meanwhile_ctx;
    /* Of a late commit: what loads show until then. */
    struct firn_arena *late_arena;
    firn_loaded_table late_base;
} firn_test_faulty_catalog;

/* faulty is the caller's storage and outlives the catalog; inner is set by the caller. */
FIRN_MUST_CHECK firn_status firn_test_faulty_catalog_open(firn_test_faulty_catalog *faulty,
                                                          firn_catalog **out, firn_error *err);

#endif
