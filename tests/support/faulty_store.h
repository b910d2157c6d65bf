/* SPDX-License-Identifier: Apache-2.0 */
/* A store driver for tests that forwards every call to another store, counts the calls, and lets
 * chosen ones fail before or after they took effect. */
#ifndef FIRN_TEST_FAULTY_STORE_H
#define FIRN_TEST_FAULTY_STORE_H

#include "firn/ext/store.h"

typedef enum firn_test_slot {
    FIRN_TEST_OPEN = 0,
    FIRN_TEST_READ_AT,
    FIRN_TEST_CREATE,
    FIRN_TEST_WRITE,
    FIRN_TEST_FINISH,
    FIRN_TEST_REMOVE,
    FIRN_TEST_LIST,
    FIRN_TEST_STAT,
    FIRN_TEST_SLOTS,
} firn_test_slot;

typedef enum firn_test_when {
    FIRN_TEST_BEFORE = 0, /* nothing happened */
    FIRN_TEST_AFTER,      /* the call did its work, yet the caller is told that it failed */
} firn_test_when;

typedef struct firn_test_fault {
    int64_t n_calls; /* so far */
    int64_t fail_at; /* the call that fails, from 1; 0: none */
    int64_t n_fails; /* how many calls in a row fail from there; 0 means 1 */
    firn_test_when when;
    firn_status status; /* FIRN_OK means FIRN_ERR_IO */
} firn_test_fault;

/* Caller's storage; must outlive the store it is added to. inner is borrowed. */
typedef struct firn_test_faulty {
    firn_store *inner;
    size_t read_bytes; /* what it says of its files (firn/ext/store.h) */
    firn_test_fault slots[FIRN_TEST_SLOTS];
    /* Called where a call would fail, which then does not; NULL: calls fail. */
    void (*meanwhile)(void *ctx);
    void *meanwhile_ctx;
} firn_test_faulty;

void firn_test_faulty_init(firn_test_faulty *faulty, firn_store *inner);
/* Adds a driver that serves every location. */
FIRN_MUST_CHECK firn_status firn_test_faulty_add(firn_store *store, firn_test_faulty *faulty,
                                                 firn_error *err);
/* The n-th call of the slot from now on fails (1: the next one). */
void firn_test_faulty_arm(firn_test_faulty *faulty, firn_test_slot slot, int64_t nth,
                          firn_test_when when, firn_status status);
void firn_test_faulty_disarm(firn_test_faulty *faulty);

#endif
