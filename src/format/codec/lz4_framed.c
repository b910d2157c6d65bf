/* SPDX-License-Identifier: Apache-2.0 */
/* Hadoop's framing is  [unpacked size, 4 bytes big-endian] ([packed size, 4 bytes big-endian]
 * [block])...  as often as it takes: blocks until the unpacked size is reached, then the next one.
 * The first bytes of a bare block can look like any of it, so what does not decode to the exact
 * size is tried as the next form. */
#include "format/codec/lz4_framed.h"

#include <limits.h>
#include <lz4.h>
#include <lz4frame.h>

#include "base/cursor.h"

#define FRAME_MAGIC 0x184D2204u

static bool decode_block(firn_str in, char *out, size_t room, size_t *made)
{
    if (in.len > INT_MAX) return false;
    const int n = LZ4_decompress_safe(in.data, out, (int)in.len, (int)room);
    if (n < 0) return false;
    *made = (size_t)n;
    return true;
}

static bool take_u32be(firn_cursor *c, uint32_t *out)
{
    if (firn_cursor_u32le(c, out, NULL) != FIRN_OK) return false;
    *out = __builtin_bswap32(*out);
    return true;
}

/* Steps over a block of nothing, which some writers have behind an unpacked size of 0. */
static void skip_empty_block(firn_cursor *c)
{
    firn_cursor at = *c;
    uint32_t packed = 0;
    firn_str block;
    if (take_u32be(&at, &packed) && packed == 1 &&
        firn_cursor_take(&at, packed, &block, NULL) == FIRN_OK && block.data[0] == 0)
        *c = at;
}

static bool decode_hadoop(firn_str in, char *out, size_t size)
{
    firn_cursor c = firn_cursor_of(in, 0);
    size_t at = 0;
    while (firn_cursor_left(&c) > 0) {
        uint32_t unpacked = 0;
        if (!take_u32be(&c, &unpacked) || unpacked > size - at) return false;
        if (unpacked == 0) skip_empty_block(&c);
        for (const size_t end = at + unpacked; at < end;) {
            uint32_t packed = 0;
            firn_str block = {NULL, 0};
            size_t made = 0;
            if (!take_u32be(&c, &packed) || firn_cursor_take(&c, packed, &block, NULL) != FIRN_OK)
                return false;
            if (!decode_block(block, out + at, end - at, &made) || made == 0) return false;
            at += made;
        }
    }
    return at == size;
}

static bool decode_frames(firn_str in, char *out, size_t size)
{
    LZ4F_dctx *ctx = NULL;
    size_t at = 0, left = 1;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&ctx, LZ4F_VERSION))) return false;
    while (in.len > 0) {
        size_t made = size - at, used = in.len;
        left = LZ4F_decompress(ctx, out + at, &made, in.data, &used, NULL);
        if (LZ4F_isError(left) || (made == 0 && used == 0)) break;
        at += made;
        in = (firn_str){in.data + used, in.len - used};
    }
    LZ4F_freeDecompressionContext(ctx);
    return in.len == 0 && left == 0 && at == size;
}

bool firn_lz4_framed_decode(firn_str in, void *out, size_t size)
{
    size_t made = 0;
    if (size > INT_MAX) return false;
    if (in.len >= sizeof(uint32_t) && firn_load_u32le(in.data) == FRAME_MAGIC &&
        decode_frames(in, out, size))
        return true;
    if (decode_hadoop(in, out, size)) return true;
    return decode_block(in, out, size, &made) && made == size;
}
