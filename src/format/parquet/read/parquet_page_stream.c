/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Windows are large enough that what is moved from one to the next, a part of a
 * value, is little. */
#include "format/parquet/read/parquet_page_stream.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <string.h>

#include "base/error.h"
#include "format/parquet/encoding/parquet_bits.h"

/* ---- packed bytes ---- */

/* Moves what is left to the front and reads more behind it. */
static firn_status read_more(firn_pq_page_stream *s, firn_error *err)
{
    if (!s->packed) FIRN_TRY(firn_pq_block_take(s->blocks, s->piece_bytes, &s->packed, err));
    const size_t kept = s->packed_len - s->packed_at;
    const int64_t left = s->end - s->at;
    size_t n = s->piece_bytes - kept;
    if ((int64_t)n > left) n = (size_t)left;
    if (kept > 0) memmove(s->packed->data, s->packed->data + s->packed_at, kept);
    s->packed_at = 0;
    s->packed_len = kept;
    FIRN_TRY(firn_pq_file_read(s->file, s->at, s->packed->data + kept, n, err));
    s->packed_len += n;
    s->at += (int64_t)n;
    return FIRN_OK;
}

firn_status firn_pq_page_stream_crc(const firn_parquet_file *file, firn_pq_blocks *blocks,
                                    size_t piece, int64_t at, size_t n, uint32_t *out,
                                    firn_error *err)
{
    firn_pq_block *block = NULL;
    firn_status st = firn_pq_block_take(blocks, piece, &block, err);
    *out = 0;
    while (n > 0 && st == FIRN_OK) {
        const size_t k = n < piece ? n : piece;
        st = firn_pq_file_read(file, at, block->data, k, err);
        if (st == FIRN_OK) *out = libdeflate_crc32(*out, block->data, k);
        at += (int64_t)k;
        n -= k;
    }
    firn_pq_block_drop(blocks, block);
    return st;
}

/* ---- unpacked bytes ---- */

/* One step of the codec; *moved is false at the end of its input, or of the room. */
static firn_status step(firn_pq_page_stream *s, uint8_t *out, size_t room, size_t *made,
                        bool *moved, firn_error *err)
{
    size_t used = 0;
    if (s->packed_len - s->packed_at < FIRN_CODEC_STREAM_INPUT && s->at < s->end)
        FIRN_TRY(read_more(s, err));
    const firn_str in = s->packed ? (firn_str){(const char *)s->packed->data + s->packed_at,
                                               s->packed_len - s->packed_at}
                                  : (firn_str){NULL, 0};
    FIRN_TRY(firn_codec_stream_step(s->codec, in, s->at == s->end, out, room, &used, made, err));
    s->packed_at += used;
    *moved = used > 0 || *made > 0;
    return FIRN_OK;
}

/* After the last byte nothing may come. */
static firn_status check_end(firn_pq_page_stream *s, firn_error *err)
{
    for (bool moved = true; moved;) {
        size_t made = 0;
        FIRN_TRY(step(s, NULL, 0, &made, &moved, err));
    }
    if (firn_codec_stream_is_done(s->codec) && s->at == s->end && s->packed_at == s->packed_len)
        return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "page unpacks to more bytes than expected");
}

static firn_status read_stored(firn_pq_page_stream *s, uint8_t *out, size_t n, firn_error *err)
{
    const int64_t at = s->at;
    s->at += (int64_t)n;
    s->left -= n;
    return firn_pq_file_read(s->file, at, out, n, err);
}

static firn_status unpack(firn_pq_page_stream *s, uint8_t *out, size_t n, firn_error *err)
{
    if (!s->codec) return read_stored(s, out, n, err);
    while (n > 0) {
        size_t made = 0;
        bool moved = false;
        FIRN_TRY(step(s, out, n, &made, &moved, err));
        if (!moved)
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "page unpacks to %" PRIu64 " bytes fewer than expected", s->left);
        out += made;
        n -= made;
        s->left -= made;
    }
    return s->left == 0 ? check_end(s, err) : FIRN_OK;
}

firn_status firn_pq_page_stream_read(firn_pq_page_stream *s, uint8_t *out, firn_error *err)
{
    return unpack(s, out, (size_t)s->left, err);
}

static void let_go(firn_pq_page_stream *s)
{
    if (s->keep)
        firn_pq_block_retire(s->blocks, s->window);
    else
        firn_pq_block_drop(s->blocks, s->window);
    s->window = NULL;
}

firn_status firn_pq_page_stream_need(firn_pq_page_stream *s, size_t need, const uint8_t **at,
                                     const uint8_t **end, firn_error *err)
{
    const size_t have = *at ? (size_t)(*end - *at) : 0;
    if (need <= have) return FIRN_OK;
    if (need - have > s->left) return FIRN_DONE;
    size_t size = need > s->window_bytes ? need : s->window_bytes;
    if (size - have > s->left) size = have + (size_t)s->left;
    if (s->window && !s->keep && s->window->capacity >= size) {
        if (have > 0) memmove(s->window->data, *at, have);
    } else {
        firn_pq_block *fresh = NULL;
        FIRN_TRY(firn_pq_block_take(s->blocks, size, &fresh, err));
        if (have > 0) memcpy(fresh->data, *at, have);
        let_go(s);
        s->window = fresh;
    }
    FIRN_TRY(unpack(s, s->window->data + have, size - have, err));
    memset(s->window->data + size, 0, FIRN_PQ_SLACK);
    *at = s->window->data;
    *end = s->window->data + size;
    return FIRN_OK;
}

firn_status firn_pq_page_stream_hold(firn_pq_page_stream *s, const uint8_t *from, size_t n,
                                     const uint8_t **out, firn_error *err)
{
    firn_pq_block_drop(s->blocks, s->levels);
    s->levels = NULL;
    FIRN_TRY(firn_pq_block_take(s->blocks, n, &s->levels, err));
    if (n > 0) memcpy(s->levels->data, from, n);
    memset(s->levels->data + n, 0, FIRN_PQ_SLACK);
    *out = s->levels->data;
    return FIRN_OK;
}

/* ---- page ---- */

firn_status firn_pq_page_stream_open(firn_pq_page_stream *s, const firn_parquet_file *file,
                                     firn_pq_blocks *blocks, const firn_pq_packed *what, bool keep,
                                     firn_error *err)
{
    *s = (firn_pq_page_stream){.file = file,
                               .blocks = blocks,
                               .at = what->at,
                               .end = what->at + (int64_t)what->packed,
                               .piece_bytes = what->piece,
                               .window_bytes = what->window,
                               .left = what->unpacked,
                               .keep = keep};
    if (what->codec != FIRN_CODEC_NONE)
        return firn_codec_stream_create(what->codec, &s->codec, err);
    if (what->packed == what->unpacked) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "uncompressed data of %zu bytes, expected %zu",
                     what->packed, what->unpacked);
}

void firn_pq_page_stream_continue(firn_pq_page_stream *s, const firn_parquet_file *file,
                                  firn_pq_blocks *blocks, const firn_pq_packed *what, bool keep,
                                  firn_pq_block *block, size_t n)
{
    *s = (firn_pq_page_stream){.file = file,
                               .blocks = blocks,
                               .at = what->at + (int64_t)n,
                               .end = what->at + (int64_t)what->packed,
                               .window_bytes = what->window,
                               .left = what->packed - n,
                               .keep = keep,
                               .window = block};
}

bool firn_pq_page_stream_fits(firn_codec codec)
{
    return codec == FIRN_CODEC_NONE || firn_codec_has_stream(codec);
}

void firn_pq_page_stream_close(firn_pq_page_stream *s)
{
    if (!s->blocks) return;
    let_go(s);
    firn_pq_block_drop(s->blocks, s->packed);
    firn_pq_block_drop(s->blocks, s->levels);
    firn_codec_stream_destroy(s->codec);
    *s = (firn_pq_page_stream){0};
}
