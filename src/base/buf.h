/* SPDX-License-Identifier: Apache-2.0 */
/* Growable byte buffer with a maximum. Sticky: after a failure later appends do nothing and
 * firn_buf_status() reports the first failure, so writers check once. */
#ifndef FIRN_BASE_BUF_H
#define FIRN_BASE_BUF_H

#include "base/alloc.h"
#include "firn/base.h"

typedef struct firn_buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max;         /* FIRN_ERR_LIMIT beyond this */
    firn_status status; /* FIRN_OK until the first failure */
    const firn_allocator *alloc;
} firn_buf;

/* max_bytes 0: FIRN_LIMIT_ARENA. Allocates nothing. */
void firn_buf_init(firn_buf *buf, const firn_allocator *alloc, size_t max_bytes);
void firn_buf_dispose(firn_buf *buf);
void firn_buf_clear(firn_buf *buf); /* len = 0 and status = OK; keeps the memory */
/* Makes room for n more bytes; the returned pointer is data+len, NULL on failure. */
char *firn_buf_reserve(firn_buf *buf, size_t n);
void firn_buf_append(firn_buf *buf, const void *data, size_t n);
void firn_buf_str(firn_buf *buf, firn_str s);
void firn_buf_cstr(firn_buf *buf, const char *s);
/* Between quotes, each quote inside twice. */
void firn_buf_quoted(firn_buf *buf, firn_str s, char quote);
void firn_buf_byte(firn_buf *buf, uint8_t byte);
void firn_buf_u16le(firn_buf *buf, uint16_t v);
void firn_buf_u32le(firn_buf *buf, uint32_t v);
void firn_buf_u64le(firn_buf *buf, uint64_t v);
void firn_buf_uvarint(firn_buf *buf, uint64_t v); /* LEB128 */
void firn_buf_zigzag(firn_buf *buf, int64_t v);   /* zigzag + LEB128: Avro int/long, Thrift */
void firn_buf_printf(firn_buf *buf, const char *fmt, ...) FIRN_PRINTF(2, 3);
firn_str firn_buf_view(const firn_buf *buf); /* borrowed until the next append */
/* FIRN_OK, or the sticky failure with err filled. */
FIRN_MUST_CHECK firn_status firn_buf_check(const firn_buf *buf, firn_error *err);

#endif
