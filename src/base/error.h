/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a caller-owned firn_error. Messages: lower case, no full stop, what was found and what
 * was expected, with numbers. Not for user output: the command line renders errors. */
#ifndef FIRN_BASE_ERROR_H
#define FIRN_BASE_ERROR_H

#include "firn/base.h"

/* Fills err (may be NULL) and returns status. Clears hint, position, os_code, flags, line. */
firn_status firn_fail(firn_error *err, firn_status status, const char *fmt, ...) FIRN_PRINTF(3, 4);
/* FIRN_ERR_CORRUPT at a byte offset. */
firn_status firn_fail_at(firn_error *err, uint64_t position, const char *fmt, ...)
    FIRN_PRINTF(3, 4);
/* FIRN_ERR_IO with errno's text appended (": No such file or directory"); ENOENT becomes
 * FIRN_ERR_NOT_FOUND, EEXIST FIRN_ERR_EXISTS, EACCES/EPERM/EROFS FIRN_ERR_DENIED. */
firn_status firn_fail_errno(firn_error *err, int errnum, const char *fmt, ...) FIRN_PRINTF(3, 4);
firn_status firn_fail_nomem(firn_error *err);
/* Puts "context: " in front of the message already in err; returns st unchanged. OK and flow
 * values pass through untouched. */
firn_status firn_error_wrap(firn_error *err, firn_status st, const char *fmt, ...)
    FIRN_PRINTF(3, 4);
/* Sets the hint; returns err->status so that it can end a function. */
firn_status firn_error_hint(firn_error *err, firn_status st, const char *fmt, ...)
    FIRN_PRINTF(3, 4);
void firn_error_clear(firn_error *err);

#if defined(__clang_analyzer__) && !defined(FIRN_ERROR_C)
/* The static analyzer cannot see that these never return FIRN_OK, and would follow paths where an
 * output is used after a failure. */
#define firn_fail(err, status, ...) ((void)(firn_fail)(err, status, __VA_ARGS__), (status))
#define firn_fail_at(err, position, ...) \
    ((void)(firn_fail_at)(err, position, __VA_ARGS__), FIRN_ERR_CORRUPT)
#define firn_fail_errno(err, errnum, ...) \
    ((void)(firn_fail_errno)(err, errnum, __VA_ARGS__), FIRN_ERR_IO)
#define firn_fail_nomem(err)          ((void)(firn_fail_nomem)(err), FIRN_ERR_NOMEM)
#define firn_error_wrap(err, st, ...) ((void)(firn_error_wrap)(err, st, __VA_ARGS__), (st))
#define firn_error_hint(err, st, ...) ((void)(firn_error_hint)(err, st, __VA_ARGS__), (st))
#endif

#endif
