/* SPDX-License-Identifier: Apache-2.0 */
/* What every test program includes: cmocka with its prerequisites, assertions on statuses and
 * messages, temporary folders, a clock run by hand, an allocator that fails on demand, child
 * processes. The faulty store is in faulty_store.h. */
#ifndef FIRN_TEST_H
#define FIRN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "firn/base.h"

/* Fails the test with the error's message unless st is FIRN_OK. */
#define assert_ok(st, err) firn_test_assert_status((st), FIRN_OK, (err), NULL, __FILE__, __LINE__)
/* Fails the test unless st is want and the message contains text (NULL: any message). */
#define assert_fails(st, want, err, text) \
    firn_test_assert_status((st), (want), (err), (text), __FILE__, __LINE__)
/* Compares a firn_str with a C string. */
#define assert_str(s, text) firn_test_assert_str((s), (text), __FILE__, __LINE__)

void firn_test_assert_status(firn_status st, firn_status want, const firn_error *err,
                             const char *text, const char *file, int line);
void firn_test_assert_str(firn_str s, const char *text, const char *file, int line);

#define FIRN_TEST_PATH 512

/* New empty folder (absolute path) in TMPDIR or /tmp. Fails the test if it cannot be made. */
void firn_test_tempdir(char out[FIRN_TEST_PATH]);
/* Removes a folder and all in it; a missing one is fine. */
void firn_test_remove_tree(const char *path);
/* "<folder>/<name>" in out; returns it as a firn_str. */
firn_str firn_test_path(char out[FIRN_TEST_PATH], const char *folder, const char *name);
/* Number of files (not folders) below path, hidden ones too. */
int firn_test_count_files(const char *path);

/* Starts fn in a forked child that exits with 0 when fn returns. Fails the test if this process has
 * threads: one of them may hold the allocator's lock, which the child would then wait for. */
pid_t firn_test_fork(void (*fn)(void *ctx), void *ctx);

/* The same, and waits for it; gives waitpid's status. */
int firn_test_in_child(void (*fn)(void *ctx), void *ctx);

/* A clock that stands still; sleeping moves it. */
typedef struct firn_test_clock {
    int64_t wall_us;
    int64_t monotonic_us;
    int64_t n_sleeps;
    int64_t slept_us;
} firn_test_clock;
void firn_test_clock_init(firn_test_clock *clock, int64_t wall_us);
void firn_test_clock_advance(firn_test_clock *clock, int64_t us);
firn_clock firn_test_clock_interface(firn_test_clock *clock); /* borrows clock */

/* Counts allocations and fails the fail_at-th (from 1; 0: none) and all after it. Resizing
 * counts as an allocation. Not for several threads. */
typedef struct firn_test_alloc {
    int64_t n_calls;
    int64_t fail_at;
    int64_t n_live; /* blocks not yet released */
} firn_test_alloc;
firn_allocator firn_test_alloc_interface(firn_test_alloc *alloc); /* borrows alloc */

#endif
