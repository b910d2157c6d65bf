/* SPDX-License-Identifier: Apache-2.0 */
/* A block is a varint of its unpacked size and then literals and copies of earlier output. Away
 * from the ends of both buffers short pieces are moved as whole words, more than asked for: what is
 * written too much is overwritten by the next piece. */
#include "format/codec/snappy_decode.h"

#include <string.h>

#include "base/cursor.h"

#define WORD     8
#define CHUNK    16
#define COPY_MAX 64 /* longest copy of one tag */
#define LONG_LEN 60 /* literal lengths from here on stand in bytes of their own */
#define MARGIN   (COPY_MAX + CHUNK)

typedef struct snappy_state {
    const uint8_t *in, *in_end;
    uint8_t *out, *out_end, *out_start;
} snappy_state;

bool firn_snappy_size(firn_str in, size_t *out)
{
    firn_cursor c = firn_cursor_of(in, 0);
    uint32_t size = 0;
    if (firn_cursor_uvarint32(&c, &size, NULL) != FIRN_OK) return false;
    *out = size;
    return true;
}

static inline void move_chunk(uint8_t *to, const uint8_t *from)
{
    uint64_t words[2];
    memcpy(words, from, sizeof words);
    memcpy(to, words, sizeof words);
}

static inline void move_word(uint8_t *to, const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    memcpy(to, &word, sizeof word);
}

/* len bytes from offset back; there is room for COPY_MAX + CHUNK bytes. */
static inline void copy_roomy(uint8_t *to, size_t offset, size_t len)
{
    const uint8_t *from = to - offset;
    if (offset >= CHUNK) {
        move_chunk(to, from);
        for (size_t at = CHUNK; at < len; at += CHUNK) move_chunk(to + at, from + at);
        return;
    }
    /* Pieces that overlap: each step doubles the distance of what repeats. */
    size_t left = len;
    while (offset < WORD) {
        move_word(to, from);
        if (left <= offset) return;
        left -= offset;
        to += offset;
        offset *= 2;
    }
    for (size_t at = 0; at < left; at += WORD) move_word(to + at, from + at);
}

static bool copy_tight(snappy_state *s, size_t offset, size_t len)
{
    if (len > (size_t)(s->out_end - s->out)) return false;
    for (size_t i = 0; i < len; i++) s->out[i] = *(s->out + i - offset);
    return true;
}

static bool take_literal(snappy_state *s, size_t len)
{
    if (len > LONG_LEN) {
        const size_t n = len - LONG_LEN; /* 1 to 4 bytes of length */
        uint32_t value = 0;
        if ((size_t)(s->in_end - s->in) < n) return false;
        memcpy(&value, s->in, n);
        s->in += n;
        len = (size_t)value + 1;
    }
    if (len > (size_t)(s->in_end - s->in) || len > (size_t)(s->out_end - s->out)) return false;
    memcpy(s->out, s->in, len);
    s->in += len;
    s->out += len;
    return true;
}

/* Offset and length of a copy; steps over its bytes. */
static inline bool read_copy(snappy_state *s, uint8_t tag, size_t *offset, size_t *len)
{
    static const uint8_t k_sizes[] = {0, 1, 2, 4};
    const size_t size = k_sizes[tag & 3];
    uint32_t value = 0;
    if ((size_t)(s->in_end - s->in) < size) return false;
    memcpy(&value, s->in, size);
    s->in += size;
    *len = (size_t)(tag >> 2) + 1;
    *offset = value;
    if (size == 1) {
        *len = (size_t)(tag >> 2 & 7) + 4;
        *offset |= (size_t)(tag >> 5) << 8;
    }
    return true;
}

static bool step(snappy_state *s)
{
    const uint8_t tag = *s->in++;
    size_t offset = 0, len = (size_t)(tag >> 2) + 1;
    if ((tag & 3) == 0) return take_literal(s, len);
    if (!read_copy(s, tag, &offset, &len)) return false;
    if (offset == 0 || offset > (size_t)(s->out - s->out_start)) return false;
    if ((size_t)(s->out_end - s->out) >= MARGIN)
        copy_roomy(s->out, offset, len);
    else if (!copy_tight(s, offset, len))
        return false;
    s->out += len;
    return true;
}

/* Steps as long as both ends are far enough that only offsets have to be checked, and leaves the
 * rare kinds of tag to step(). Positions are local so that they stay in registers. */
static bool run_roomy(snappy_state *s)
{
    const uint8_t *in = s->in;
    uint8_t *out = s->out;
    while (s->in_end - in >= MARGIN && s->out_end - out >= MARGIN) {
        const uint8_t tag = *in;
        size_t len = (size_t)(tag >> 2) + 1, offset;
        if ((tag & 3) == 0 && len <= LONG_LEN) {
            in++;
            for (size_t at = 0; at < len; at += CHUNK) move_chunk(out + at, in + at);
            in += len;
            out += len;
            continue;
        }
        if ((tag & 3) == 1) {
            offset = (size_t)(tag >> 5) << 8 | in[1];
            len = (size_t)(tag >> 2 & 7) + 4;
            in += 2;
        } else if ((tag & 3) == 2) {
            offset = firn_load_u16le(in + 1);
            in += 3;
        } else {
            s->in = in;
            s->out = out;
            if (!step(s)) return false;
            in = s->in;
            out = s->out;
            continue;
        }
        if (offset == 0 || offset > (size_t)(out - s->out_start)) return false;
        copy_roomy(out, offset, len);
        out += len;
    }
    s->in = in;
    s->out = out;
    return true;
}

bool firn_snappy_decode(firn_str in, void *out, size_t size)
{
    firn_cursor c = firn_cursor_of(in, 0);
    uint32_t declared = 0;
    if (firn_cursor_uvarint32(&c, &declared, NULL) != FIRN_OK || declared != size) return false;
    snappy_state s = {.in = c.at, .in_end = c.end, .out = out, .out_start = out};
    s.out_end = s.out + size;
    if (!run_roomy(&s)) return false;
    while (s.in < s.in_end)
        if (!step(&s)) return false;
    return s.out == s.out_end;
}
