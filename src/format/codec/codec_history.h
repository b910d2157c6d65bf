/* SPDX-License-Identifier: Apache-2.0 */
/* What a codec that unpacks piece by piece has made: a buffer with the bytes that copies may refer
 * to in front, from which output is given. Not here: what the codec's bytes mean (snappy_stream.c,
 * lz4_stream.c). */
#ifndef FIRN_FORMAT_CODEC_HISTORY_H
#define FIRN_FORMAT_CODEC_HISTORY_H

#include <string.h>

#include "base/cursor.h"

#define FIRN_HISTORY_BYTES 65536 /* that are kept of what was given */
#define FIRN_HISTORY_PIECE 65536 /* made at a time */
#define FIRN_HISTORY_MORE  64    /* room for a copy that begins at the end of a piece */

typedef struct firn_codec_history {
    uint64_t forgotten; /* bytes that were before those in the buffer */
    size_t given, end;  /* of the buffer: what was handed out, what was made */
    uint8_t buffer[FIRN_HISTORY_BYTES + FIRN_HISTORY_PIECE + FIRN_HISTORY_MORE];
} firn_codec_history;

static inline void firn_history_init(firn_codec_history *h)
{
    h->forgotten = 0;
    h->given = h->end = 0;
}

/* Bytes until the piece is full; none when a copy went beyond it. */
static inline size_t firn_history_room(const firn_codec_history *h)
{
    const size_t full = FIRN_HISTORY_BYTES + FIRN_HISTORY_PIECE;
    return h->end < full ? full - h->end : 0;
}

/* Of *left bytes of input what fits. */
static inline void firn_history_take(firn_codec_history *h, firn_cursor *in, uint64_t *left)
{
    size_t n = firn_history_room(h);
    if (n > *left) n = (size_t)*left;
    if (n > firn_cursor_left(in)) n = firn_cursor_left(in);
    memcpy(h->buffer + h->end, in->at, n);
    in->at += n;
    h->end += n;
    *left -= n;
}

/* len bytes from offset bytes back, 1 <= offset <= end, len <= room + FIRN_HISTORY_MORE; those that
 * it makes may be among them. */
static inline void firn_history_copy(firn_codec_history *h, size_t offset, size_t len)
{
    uint8_t *const to = h->buffer + h->end;
    if (offset >= len)
        memcpy(to, to - offset, len);
    else
        for (size_t i = 0; i < len; i++) to[i] = *(to + i - offset);
    h->end += len;
}

/* Hands out at most room bytes; returns how many. */
static inline size_t firn_history_give(firn_codec_history *h, void *out, size_t room)
{
    const size_t ready = h->end - h->given;
    const size_t n = ready < room ? ready : room;
    if (n > 0) memcpy(out, h->buffer + h->given, n);
    h->given += n;
    return n;
}

static inline bool firn_history_is_given(const firn_codec_history *h)
{
    return h->given == h->end;
}

/* When all was given: keeps what copies may refer to. */
static inline void firn_history_forget(firn_codec_history *h)
{
    if (h->end <= FIRN_HISTORY_BYTES) return;
    const size_t n = h->end - FIRN_HISTORY_BYTES;
    memmove(h->buffer, h->buffer + n, FIRN_HISTORY_BYTES);
    h->forgotten += n;
    h->given = h->end = FIRN_HISTORY_BYTES;
}

#endif
