/* SPDX-License-Identifier: Apache-2.0 */
/* Levels: the run-length hybrid of today's writers and the packed form of the first ones. */
#include "format/parquet/encoding/parquet_levels.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "format/parquet/read/parquet_page_read.h"

static unsigned width_of(int16_t max)
{
    return max > 0 ? 32u - (unsigned)__builtin_clz((unsigned)max) : 0;
}

size_t firn_pq_levels_packed_bytes(int16_t max, size_t n)
{
    return (size_t)(((uint64_t)n * width_of(max) + 7) / 8);
}

firn_pq_levels firn_pq_levels_of(firn_str bytes, int16_t max)
{
    firn_pq_levels l = {.max = (uint8_t)max};
    l.rle = firn_pq_rle_of((const uint8_t *)bytes.data, max > 0 ? bytes.len : 0, width_of(max));
    return l;
}

static firn_status begin_packed(firn_pq_levels *l, unsigned width, size_t n, firn_cursor *c,
                                firn_error *err)
{
    firn_str bytes = {NULL, 0};
    l->packed_bits = (uint64_t)n * width;
    FIRN_TRY(firn_cursor_take(c, (l->packed_bits + 7) / 8, &bytes, err));
    l->packed = (const uint8_t *)bytes.data;
    return FIRN_OK;
}

firn_status firn_pq_levels_begin(firn_pq_levels *l, int32_t encoding, int16_t max, size_t n,
                                 const uint8_t **at, const uint8_t *end, firn_error *err)
{
    firn_cursor c = {*at, end, *at, 0};
    firn_str bytes = {NULL, 0};
    uint32_t size = 0;
    *l = firn_pq_levels_of(bytes, 0);
    if (max == 0) return FIRN_OK;
    if (encoding == FIRN_PQ_ENC_BIT_PACKED) {
        FIRN_TRY(begin_packed(l, width_of(max), n, &c, err));
        l->rle.width = width_of(max);
        l->max = (uint8_t)max;
    } else if (encoding == FIRN_PQ_ENC_RLE) {
        FIRN_TRY(firn_cursor_u32le(&c, &size, err));
        FIRN_TRY(firn_cursor_take(&c, size, &bytes, err));
        *l = firn_pq_levels_of(bytes, max);
    } else {
        return firn_fail(err, FIRN_ERR_CORRUPT, "levels with encoding %d, expected 3 or 4",
                         encoding);
    }
    *at = c.at;
    return FIRN_OK;
}

static firn_status read_packed(firn_pq_levels *l, uint8_t *out, size_t n, firn_error *err)
{
    const unsigned width = l->rle.width;
    if (n > (l->packed_bits - l->packed_bit) / width)
        return firn_fail(err, FIRN_ERR_CORRUPT, "bit-packed levels end before their values do");
    for (size_t i = 0; i < n; i++) {
        unsigned v = 0;
        for (unsigned b = 0; b < width; b++, l->packed_bit++)
            v = v << 1 |
                ((unsigned)l->packed[l->packed_bit >> 3] >> (7 - (l->packed_bit & 7)) & 1u);
        out[i] = (uint8_t)v;
    }
    return FIRN_OK;
}

static firn_status check_max(const firn_pq_levels *l, const uint8_t *levels, size_t n,
                             firn_error *err)
{
    uint8_t most = 0;
    for (size_t i = 0; i < n; i++) most = levels[i] > most ? levels[i] : most;
    if (most <= l->max) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "level %d, the schema allows %d", most, l->max);
}

firn_status firn_pq_levels_read(firn_pq_levels *l, uint8_t *out, size_t n, firn_error *err)
{
    if (l->max == 0) {
        memset(out, 0, n);
        return FIRN_OK;
    }
    if (l->packed)
        FIRN_TRY(read_packed(l, out, n, err));
    else
        FIRN_TRY(firn_pq_rle_u8(&l->rle, out, n, err));
    return check_max(l, out, n, err);
}

firn_status firn_pq_levels_mask(firn_pq_levels *l, uint64_t *mask, size_t at, size_t n,
                                size_t *n_set, firn_error *err)
{
    if (!l->packed) return firn_pq_rle_mask(&l->rle, mask, at, n, n_set, err);
    *n_set = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t level = 0;
        FIRN_TRY(read_packed(l, &level, 1, err));
        firn_pq_fill_bits(mask, at + i, 1, level != 0);
        *n_set += level;
    }
    return FIRN_OK;
}
