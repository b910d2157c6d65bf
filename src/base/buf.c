/* SPDX-License-Identifier: Apache-2.0 */
/* Growable byte buffer: doubling, bounded, sticky failure. */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/limits.h"

#define CAP_FIRST ((size_t)64)

void firn_buf_init(firn_buf *buf, const firn_allocator *alloc, size_t max_bytes)
{
    memset(buf, 0, sizeof *buf);
    buf->alloc = alloc;
    buf->max = max_bytes ? max_bytes : FIRN_LIMIT_ARENA;
}

void firn_buf_dispose(firn_buf *buf)
{
    firn_mem_free(buf->alloc, buf->data);
    buf->data = NULL;
    buf->len = 0;
    buf->cap = 0;
}

void firn_buf_clear(firn_buf *buf)
{
    buf->len = 0;
    buf->status = FIRN_OK;
}

/* need > cap and need <= max */
static bool grow(firn_buf *buf, size_t need)
{
    size_t cap = buf->cap ? buf->cap : CAP_FIRST;
    char *data;

    while (cap < need) {
        if (!firn_mul_size(cap, 2, &cap)) cap = need;
    }
    if (cap > buf->max) cap = buf->max;
    data = firn_mem_resize(buf->alloc, buf->data, cap);
    if (!data) {
        buf->status = FIRN_ERR_NOMEM;
        return false;
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

char *firn_buf_reserve(firn_buf *buf, size_t n)
{
    size_t need;

    if (buf->status != FIRN_OK) return NULL;
    if (!firn_add_size(buf->len, n, &need) || need > buf->max) {
        buf->status = FIRN_ERR_LIMIT;
        return NULL;
    }
    if ((need > buf->cap || !buf->data) && !grow(buf, need)) return NULL;
    return buf->data + buf->len;
}

void firn_buf_append(firn_buf *buf, const void *data, size_t n)
{
    char *to;

    if (n == 0) return;
    to = firn_buf_reserve(buf, n);
    if (!to) return;
    memcpy(to, data, n);
    buf->len += n;
}

void firn_buf_str(firn_buf *buf, firn_str s)
{
    firn_buf_append(buf, s.data, s.len);
}

void firn_buf_cstr(firn_buf *buf, const char *s)
{
    firn_buf_append(buf, s, strlen(s));
}

void firn_buf_quoted(firn_buf *buf, firn_str s, char quote)
{
    firn_buf_byte(buf, (uint8_t)quote);
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == quote) firn_buf_byte(buf, (uint8_t)quote);
        firn_buf_byte(buf, (uint8_t)s.data[i]);
    }
    firn_buf_byte(buf, (uint8_t)quote);
}

void firn_buf_byte(firn_buf *buf, uint8_t byte)
{
    firn_buf_append(buf, &byte, 1);
}

/* Little-endian hosts only, as the cursor's loads; cmake refuses others. */
void firn_buf_u16le(firn_buf *buf, uint16_t v)
{
    firn_buf_append(buf, &v, sizeof v);
}

void firn_buf_u32le(firn_buf *buf, uint32_t v)
{
    firn_buf_append(buf, &v, sizeof v);
}

void firn_buf_u64le(firn_buf *buf, uint64_t v)
{
    firn_buf_append(buf, &v, sizeof v);
}

void firn_buf_uvarint(firn_buf *buf, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;

    while (v >= 0x80) {
        bytes[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    bytes[n++] = (uint8_t)v;
    firn_buf_append(buf, bytes, n);
}

void firn_buf_zigzag(firn_buf *buf, int64_t v)
{
    uint64_t sign = v < 0 ? UINT64_MAX : 0;
    firn_buf_uvarint(buf, ((uint64_t)v << 1) ^ sign);
}

void firn_buf_printf(firn_buf *buf, const char *fmt, ...)
{
    va_list args;
    int len;
    char *to;

    va_start(args, fmt);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0) {
        if (buf->status == FIRN_OK) buf->status = FIRN_ERR_INTERNAL;
        return;
    }
    to = firn_buf_reserve(buf, (size_t)len + 1); /* one more for vsnprintf's NUL */
    if (!to) return;
    va_start(args, fmt);
    (void)vsnprintf(to, (size_t)len + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)len;
}

firn_str firn_buf_view(const firn_buf *buf)
{
    return (firn_str){buf->data, buf->len};
}

firn_status firn_buf_check(const firn_buf *buf, firn_error *err)
{
    switch (buf->status) {
    case FIRN_OK: return FIRN_OK;
    case FIRN_ERR_NOMEM: return firn_fail_nomem(err);
    case FIRN_ERR_LIMIT:
        return firn_fail(err, FIRN_ERR_LIMIT, "output larger than the limit of %zu bytes",
                         buf->max);
    default: return firn_fail(err, buf->status, "output buffer failed");
    }
}
