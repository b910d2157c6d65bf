/* SPDX-License-Identifier: Apache-2.0 */
/* Status names and the filling of firn_error. Allocates nothing, so it works without memory. */
#define FIRN_ERROR_C
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *firn_status_name(firn_status status)
{
    switch (status) {
    case FIRN_OK: return "ok";
    case FIRN_DONE: return "done";
    case FIRN_NEED_MORE: return "need more";
    case FIRN_ERR_NOMEM: return "out of memory";
    case FIRN_ERR_ARG: return "invalid argument";
    case FIRN_ERR_IO: return "input/output error";
    case FIRN_ERR_CORRUPT: return "corrupt data";
    case FIRN_ERR_UNSUPPORTED: return "not supported";
    case FIRN_ERR_LIMIT: return "limit reached";
    case FIRN_ERR_NOT_FOUND: return "not found";
    case FIRN_ERR_EXISTS: return "already exists";
    case FIRN_ERR_CONFLICT: return "conflict";
    case FIRN_ERR_COMMIT_UNKNOWN: return "commit state unknown";
    case FIRN_ERR_DENIED: return "permission denied";
    case FIRN_ERR_CANCELLED: return "cancelled";
    case FIRN_ERR_INTERNAL: return "internal error";
    }
    return "unknown status";
}

const char *firn_version(void)
{
    return FIRN_VERSION;
}

/* A cut message must stay UTF-8: drops a started sequence at the end. */
static void trim_broken_tail(char *text, size_t len)
{
    size_t at = len;
    size_t want;
    uint8_t lead;

    while (at > 0 && ((uint8_t)text[at - 1] & 0xc0) == 0x80) at--;
    if (at == 0) return;
    lead = (uint8_t)text[at - 1];
    want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (len - (at - 1) < want) text[at - 1] = '\0';
}

FIRN_PRINTF(3, 0)
static void format_text(char *out, size_t size, const char *fmt, va_list args)
{
    int len = vsnprintf(out, size, fmt, args);

    if (len < 0) out[0] = '\0';
    if (len >= 0 && (size_t)len >= size) trim_broken_tail(out, size - 1);
}

static void reset_details(firn_error *err, firn_status status)
{
    err->status = status;
    err->flags = 0;
    err->os_code = 0;
    err->line = 0;
    err->position = 0;
    err->message[0] = '\0';
    err->hint[0] = '\0';
}

void firn_error_clear(firn_error *err)
{
    if (err) reset_details(err, FIRN_OK);
}

firn_status firn_fail(firn_error *err, firn_status status, const char *fmt, ...)
{
    char text[sizeof err->message]; /* the arguments may point into err */
    va_list args;

    if (!err) return status;
    va_start(args, fmt);
    format_text(text, sizeof text, fmt, args);
    va_end(args);
    reset_details(err, status);
    memcpy(err->message, text, sizeof text);
    return status;
}

firn_status firn_fail_at(firn_error *err, uint64_t position, const char *fmt, ...)
{
    char text[sizeof err->message];
    va_list args;

    if (!err) return FIRN_ERR_CORRUPT;
    va_start(args, fmt);
    format_text(text, sizeof text, fmt, args);
    va_end(args);
    reset_details(err, FIRN_ERR_CORRUPT);
    memcpy(err->message, text, sizeof text);
    err->position = position;
    return FIRN_ERR_CORRUPT;
}

static firn_status status_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT: return FIRN_ERR_NOT_FOUND;
    case EEXIST: return FIRN_ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS: return FIRN_ERR_DENIED;
    case ENOMEM: return FIRN_ERR_NOMEM;
    default: return FIRN_ERR_IO;
    }
}

firn_status firn_fail_errno(firn_error *err, int errnum, const char *fmt, ...)
{
    firn_status status = status_of_errno(errnum);
    char text[sizeof err->message - 80]; /* what failed must not push the reason out */
    char reason[80];
    va_list args;

    if (!err) return status;
    va_start(args, fmt);
    format_text(text, sizeof text, fmt, args);
    va_end(args);
    (void)firn_fail(err, status, "%s: %s", text, strerror_r(errnum, reason, sizeof reason));
    err->os_code = errnum;
    return status;
}

firn_status firn_fail_nomem(firn_error *err)
{
    return firn_fail(err, FIRN_ERR_NOMEM, "out of memory or over the memory limit");
}

firn_status firn_error_wrap(firn_error *err, firn_status st, const char *fmt, ...)
{
    char context[sizeof err->message];
    char text[sizeof err->message];
    va_list args;
    int len;

    if (!err || st < FIRN_ERR_NOMEM) return st;
    va_start(args, fmt);
    format_text(context, sizeof context, fmt, args);
    va_end(args);
    len = snprintf(text, sizeof text, "%.*s: %s", (int)(sizeof text - 3), context, err->message);
    if (len >= 0 && (size_t)len >= sizeof text) trim_broken_tail(text, sizeof text - 1);
    memcpy(err->message, text, sizeof text);
    return st;
}

firn_status firn_error_hint(firn_error *err, firn_status st, const char *fmt, ...)
{
    char text[sizeof err->hint];
    va_list args;

    if (!err || st < FIRN_ERR_NOMEM) return st;
    va_start(args, fmt);
    format_text(text, sizeof text, fmt, args);
    va_end(args);
    memcpy(err->hint, text, sizeof text);
    return st;
}
