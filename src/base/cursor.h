/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded cursor: the only way untrusted bytes are read. Every read checks the end first and
 * fails with FIRN_ERR_CORRUPT and the byte offset (base_offset + consumed). */
#ifndef FIRN_BASE_CURSOR_H
#define FIRN_BASE_CURSOR_H

#include <string.h>

#include "base/error.h"
#include "firn/base.h"

typedef struct firn_cursor {
    const uint8_t *at;
    const uint8_t *end;
    const uint8_t *start;
    uint64_t base_offset; /* offset of start in the file, for error positions */
} firn_cursor;

static inline uint16_t firn_load_u16le(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v; /* little-endian hosts only; cmake refuses others */
}
static inline uint32_t firn_load_u32le(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline uint64_t firn_load_u64le(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline firn_cursor firn_cursor_of(firn_str bytes, uint64_t base_offset)
{
    const uint8_t *p = (const uint8_t *)bytes.data;
    firn_cursor c = {p, p ? p + bytes.len : p, p, base_offset};
    return c;
}
static inline size_t firn_cursor_left(const firn_cursor *c)
{
    return (size_t)(c->end - c->at);
}
static inline uint64_t firn_cursor_pos(const firn_cursor *c)
{
    return c->base_offset + (uint64_t)(c->at - c->start);
}
/* "truncated: n bytes needed, m left" at the cursor's position. */
firn_status firn_cursor_short(const firn_cursor *c, uint64_t needed, firn_error *err);
#if defined(__clang_analyzer__) && !defined(FIRN_CURSOR_C) /* as in error.h */
#define firn_cursor_short(c, needed, err) \
    ((void)(firn_cursor_short)(c, needed, err), FIRN_ERR_CORRUPT)
#endif

FIRN_MUST_CHECK static inline firn_status firn_cursor_u8(firn_cursor *c, uint8_t *out,
                                                         firn_error *err)
{
    if (c->at == c->end) return firn_cursor_short(c, 1, err);
    *out = *c->at++;
    return FIRN_OK;
}
FIRN_MUST_CHECK static inline firn_status firn_cursor_u32le(firn_cursor *c, uint32_t *out,
                                                            firn_error *err)
{
    if (firn_cursor_left(c) < 4) return firn_cursor_short(c, 4, err);
    *out = firn_load_u32le(c->at);
    c->at += 4;
    return FIRN_OK;
}
FIRN_MUST_CHECK static inline firn_status firn_cursor_u64le(firn_cursor *c, uint64_t *out,
                                                            firn_error *err)
{
    if (firn_cursor_left(c) < 8) return firn_cursor_short(c, 8, err);
    *out = firn_load_u64le(c->at);
    c->at += 8;
    return FIRN_OK;
}
/* Borrow n bytes and step over them. */
FIRN_MUST_CHECK static inline firn_status firn_cursor_take(firn_cursor *c, uint64_t n,
                                                           firn_str *out, firn_error *err)
{
    if (firn_cursor_left(c) < n) return firn_cursor_short(c, n, err);
    out->data = (const char *)c->at;
    out->len = (size_t)n;
    c->at += n;
    return FIRN_OK;
}
/* LEB128 of at most 10 bytes (5 for the 32-bit form); overlong or overflowing values are corrupt.
 */
FIRN_MUST_CHECK firn_status firn_cursor_uvarint(firn_cursor *c, uint64_t *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_cursor_uvarint32(firn_cursor *c, uint32_t *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_cursor_zigzag(firn_cursor *c, int64_t *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_cursor_zigzag32(firn_cursor *c, int32_t *out, firn_error *err);

#endif
