/* SPDX-License-Identifier: Apache-2.0 */
/* A block is a row of sequences:
 *
 *   token | more of the literal's length | literal | offset (2 bytes) | more of the copy's length
 *
 * The token's upper half is the literal's length, its lower half the copy's less 4; 15 says that
 * bytes follow which are added, until one is not 255. The last sequence ends with its literal. */
#include "format/codec/lz4_stream.h"

#include "base/alloc.h"
#include "format/codec/codec_history.h"

#define LONG_LEN    15
#define LEAST_COPY  4
#define OFFSET_SIZE 2

typedef enum lz4_state {
    AT_TOKEN = 0,
    IN_LITERAL_LENGTH,
    IN_LITERAL,
    AT_OFFSET,
    IN_COPY_LENGTH,
    IN_COPY,
} lz4_state;

struct firn_lz4_stream {
    lz4_state state;
    bool is_begun;
    uint64_t literal; /* bytes that are to come from the input */
    uint64_t copy;    /* bytes that are to come from what was made */
    size_t offset;    /* from so far back */
    firn_codec_history history;
};

bool firn_lz4_stream_create(firn_lz4_stream **out)
{
    firn_lz4_stream *s = firn_mem_alloc(NULL, sizeof *s);
    *out = s;
    if (!s) return false;
    s->state = AT_TOKEN;
    s->is_begun = false;
    firn_history_init(&s->history);
    return true;
}

void firn_lz4_stream_destroy(firn_lz4_stream *stream)
{
    firn_mem_free(NULL, stream);
}

static void take_token(firn_lz4_stream *s, firn_cursor *in)
{
    const uint8_t token = *in->at++;
    s->is_begun = true;
    s->literal = token >> 4;
    s->copy = token & LONG_LEN;
    s->state = s->literal == LONG_LEN ? IN_LITERAL_LENGTH : IN_LITERAL;
}

/* Lengths are bounded by the input: no sum of its bytes overflows. */
static void take_length(firn_lz4_stream *s, firn_cursor *in, uint64_t *length, lz4_state next)
{
    const uint8_t more = *in->at++;
    *length += more;
    if (more < 255) s->state = next;
}

/* False: the copy would begin before the block. */
static bool take_offset(firn_lz4_stream *s, firn_cursor *in)
{
    s->offset = (size_t)in->at[0] | (size_t)in->at[1] << 8;
    in->at += OFFSET_SIZE;
    s->state = s->copy == LONG_LEN ? IN_COPY_LENGTH : IN_COPY;
    s->copy += LEAST_COPY;
    return s->offset > 0 && s->offset <= s->history.end;
}

static void make_copy(firn_lz4_stream *s)
{
    const size_t room = firn_history_room(&s->history);
    const size_t n = s->copy < room ? (size_t)s->copy : room;
    firn_history_copy(&s->history, s->offset, n);
    s->copy -= n;
    if (s->copy == 0) s->state = AT_TOKEN;
}

/* One step; false: it wants more input. */
static bool go_on(firn_lz4_stream *s, firn_cursor *in, bool *is_broken)
{
    const size_t left = firn_cursor_left(in);
    if (left == 0 && s->state != IN_COPY && !(s->state == IN_LITERAL && s->literal == 0))
        return false;
    switch (s->state) {
    case AT_TOKEN: take_token(s, in); break;
    case IN_LITERAL_LENGTH: take_length(s, in, &s->literal, IN_LITERAL); break;
    case IN_LITERAL:
        firn_history_take(&s->history, in, &s->literal);
        if (s->literal == 0) s->state = AT_OFFSET;
        break;
    case AT_OFFSET:
        if (left < OFFSET_SIZE) return false;
        *is_broken = !take_offset(s, in);
        break;
    case IN_COPY_LENGTH: take_length(s, in, &s->copy, IN_COPY); break;
    case IN_COPY: make_copy(s); break;
    }
    return true;
}

firn_lz4_outcome firn_lz4_stream_step(firn_lz4_stream *stream, firn_str in, bool is_last, void *out,
                                      size_t room, size_t *used, size_t *made)
{
    firn_lz4_stream *s = stream;
    firn_cursor c = firn_cursor_of(in, 0);
    bool is_broken = false;
    *used = *made = 0;
    for (;;) {
        *made += firn_history_give(&s->history, (uint8_t *)out + *made, room - *made);
        if (!firn_history_is_given(&s->history)) break;
        firn_history_forget(&s->history);
        while (firn_history_room(&s->history) > 0 && !is_broken && go_on(s, &c, &is_broken)) {
        }
        if (is_broken) return FIRN_LZ4_BROKEN;
        if (firn_history_is_given(&s->history)) break;
    }
    const size_t left = firn_cursor_left(&c);
    *used = in.len - left;
    const bool is_end = s->is_begun && s->state == AT_OFFSET && left == 0 && is_last;
    return is_end && firn_history_is_given(&s->history) ? FIRN_LZ4_DONE : FIRN_LZ4_MORE;
}
