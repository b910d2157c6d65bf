/* SPDX-License-Identifier: Apache-2.0 */
/* DELTA_BINARY_PACKED, writing.
 *
 *   header: 128 (block size), 4 (miniblocks), number of values, first value (zigzag)
 *   block:  smallest delta (zigzag), 4 bit widths, miniblocks of 32 packed (delta - smallest)
 *
 * Deltas wrap around in the width of the type. Miniblocks behind the last value have width 0. */
#include <string.h>

#include "format/parquet/encoding/parquet_encode.h"

#define BLOCK      128
#define MINIBLOCKS 4
#define MINIBLOCK  (BLOCK / MINIBLOCKS)

/* 32 values of 1..64 bits are 4 * bits bytes. */
static void pack_miniblock(firn_buf *out, const uint64_t *v, int bits)
{
    char *to = firn_buf_reserve(out, 4 * (size_t)bits);
    uint64_t acc = 0;
    int used = 0;
    if (!to) return;
    for (int i = 0; i < MINIBLOCK; i++) {
        acc |= v[i] << used;
        used += bits;
        if (used < 64) continue;
        memcpy(to, &acc, sizeof acc);
        to += sizeof acc;
        used -= 64;
        acc = used ? v[i] >> (bits - used) : 0;
    }
    if (used) memcpy(to, &acc, sizeof(uint32_t)); /* half a word at most is left */
    out->len += 4 * (size_t)bits;
}

/* n deltas, the array padded with zeros behind them after the minimum is taken off. */
static void put_block(firn_buf *out, const int64_t *deltas, size_t n)
{
    uint64_t relative[BLOCK] = {0};
    uint8_t widths[MINIBLOCKS];
    int64_t min = deltas[0];
    for (size_t i = 1; i < n; i++) min = deltas[i] < min ? deltas[i] : min;
    for (size_t i = 0; i < n; i++) relative[i] = (uint64_t)deltas[i] - (uint64_t)min;
    for (size_t m = 0; m < MINIBLOCKS; m++) {
        uint64_t all = 0;
        for (size_t i = 0; i < MINIBLOCK; i++) all |= relative[m * MINIBLOCK + i];
        widths[m] = (uint8_t)firn_bit_width(all);
    }
    firn_buf_zigzag(out, min);
    firn_buf_append(out, widths, sizeof widths);
    for (size_t m = 0; m < MINIBLOCKS; m++)
        if (widths[m]) pack_miniblock(out, relative + m * MINIBLOCK, widths[m]);
}

static void put_header(firn_buf *out, size_t n, int64_t first)
{
    firn_buf_uvarint(out, BLOCK);
    firn_buf_uvarint(out, MINIBLOCKS);
    firn_buf_uvarint(out, n);
    firn_buf_zigzag(out, first);
}

void firn_delta_encode_i32(firn_buf *out, const int32_t *values, size_t n)
{
    int64_t deltas[BLOCK];
    put_header(out, n, n ? values[0] : 0);
    for (size_t at = 1; at < n; at += BLOCK) {
        const size_t len = n - at < BLOCK ? n - at : BLOCK;
        for (size_t i = 0; i < len; i++)
            deltas[i] = (int32_t)((uint32_t)values[at + i] - (uint32_t)values[at + i - 1]);
        put_block(out, deltas, len);
    }
}

void firn_delta_encode_i64(firn_buf *out, const int64_t *values, size_t n)
{
    int64_t deltas[BLOCK];
    put_header(out, n, n ? values[0] : 0);
    for (size_t at = 1; at < n; at += BLOCK) {
        const size_t len = n - at < BLOCK ? n - at : BLOCK;
        for (size_t i = 0; i < len; i++)
            deltas[i] = (int64_t)((uint64_t)values[at + i] - (uint64_t)values[at + i - 1]);
        put_block(out, deltas, len);
    }
}
