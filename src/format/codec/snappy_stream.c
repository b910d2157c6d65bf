/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "format/codec/snappy_stream.h"

#include <string.h>

#include "base/alloc.h"
#include "format/codec/codec_history.h"

#define COPY_MAX 64 /* longest copy of one tag */
#define TAG_MAX  5  /* bytes of a tag, and of the size in front */
#define LONG_LEN 60 /* literal lengths from here on stand in bytes of their own */

_Static_assert(COPY_MAX <= FIRN_HISTORY_MORE, "a copy is made at once");
_Static_assert(FIRN_SNAPPY_HISTORY == FIRN_HISTORY_BYTES, "what the header says");

struct firn_snappy_stream {
    bool is_begun;
    uint64_t left;    /* bytes of the block that no tag has announced yet */
    uint64_t literal; /* bytes of a literal that are to come from the input */
    firn_codec_history history;
};

bool firn_snappy_stream_create(firn_snappy_stream **out)
{
    firn_snappy_stream *s = firn_mem_alloc(NULL, sizeof *s);
    *out = s;
    if (!s) return false;
    s->is_begun = false;
    s->left = s->literal = 0;
    firn_history_init(&s->history);
    return true;
}

void firn_snappy_stream_destroy(firn_snappy_stream *stream)
{
    firn_mem_free(NULL, stream);
}

static firn_snappy_outcome begin(firn_snappy_stream *s, firn_cursor *in)
{
    uint32_t size = 0;
    if (firn_cursor_uvarint32(in, &size, NULL) != FIRN_OK) return FIRN_SNAPPY_BROKEN;
    s->left = size;
    s->is_begun = true;
    return FIRN_SNAPPY_MORE;
}

static firn_snappy_outcome begin_literal(firn_snappy_stream *s, uint8_t tag, firn_cursor *in)
{
    uint64_t len = (uint64_t)(tag >> 2) + 1;
    firn_str bytes = {NULL, 0};
    if (len > LONG_LEN) {
        uint32_t value = 0;
        if (firn_cursor_take(in, (size_t)len - LONG_LEN, &bytes, NULL) != FIRN_OK)
            return FIRN_SNAPPY_BROKEN;
        memcpy(&value, bytes.data, bytes.len);
        len = (uint64_t)value + 1;
    }
    if (len > s->left) return FIRN_SNAPPY_BROKEN;
    s->left -= len;
    s->literal = len;
    return FIRN_SNAPPY_MORE;
}

static firn_snappy_outcome copy(firn_snappy_stream *s, uint8_t tag, firn_cursor *in)
{
    static const uint8_t k_sizes[] = {0, 1, 2, 4};
    firn_str bytes = {NULL, 0};
    size_t len = (size_t)(tag >> 2) + 1;
    uint32_t offset = 0;
    if (firn_cursor_take(in, k_sizes[tag & 3], &bytes, NULL) != FIRN_OK) return FIRN_SNAPPY_BROKEN;
    memcpy(&offset, bytes.data, bytes.len);
    if (bytes.len == 1) {
        len = (size_t)(tag >> 2 & 7) + 4;
        offset |= (uint32_t)(tag >> 5) << 8;
    }
    if (len > s->left || offset == 0 || offset > s->history.forgotten + s->history.end)
        return FIRN_SNAPPY_BROKEN;
    if (offset > s->history.end) return FIRN_SNAPPY_FAR;
    firn_history_copy(&s->history, offset, len);
    s->left -= len;
    return FIRN_SNAPPY_MORE;
}

/* Fills the buffer as far as the input goes. */
static firn_snappy_outcome fill(firn_snappy_stream *s, firn_cursor *in, bool is_last)
{
    while (firn_history_room(&s->history) > 0 && firn_cursor_left(in) > 0) {
        if (s->literal > 0) {
            firn_history_take(&s->history, in, &s->literal);
            continue;
        }
        if (firn_cursor_left(in) < TAG_MAX && !is_last) break;
        if (s->is_begun && s->left == 0) return FIRN_SNAPPY_BROKEN; /* bytes behind the block */
        firn_snappy_outcome r = FIRN_SNAPPY_MORE;
        if (!s->is_begun) {
            r = begin(s, in);
        } else {
            const uint8_t tag = *in->at++;
            r = (tag & 3) == 0 ? begin_literal(s, tag, in) : copy(s, tag, in);
        }
        if (r != FIRN_SNAPPY_MORE) return r;
    }
    return FIRN_SNAPPY_MORE;
}

firn_snappy_outcome firn_snappy_stream_step(firn_snappy_stream *stream, firn_str in, bool is_last,
                                            void *out, size_t room, size_t *used, size_t *made)
{
    firn_snappy_stream *s = stream;
    firn_cursor c = firn_cursor_of(in, 0);
    *used = *made = 0;
    for (;;) {
        *made += firn_history_give(&s->history, (uint8_t *)out + *made, room - *made);
        if (!firn_history_is_given(&s->history)) break;
        firn_history_forget(&s->history);
        const firn_snappy_outcome r = fill(s, &c, is_last);
        if (r != FIRN_SNAPPY_MORE) return r;
        if (firn_history_is_given(&s->history)) break;
    }
    *used = in.len - firn_cursor_left(&c);
    const bool is_done =
        s->is_begun && s->left == 0 && s->literal == 0 && firn_history_is_given(&s->history);
    return is_done ? FIRN_SNAPPY_DONE : FIRN_SNAPPY_MORE;
}
