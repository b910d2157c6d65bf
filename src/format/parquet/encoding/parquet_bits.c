/* SPDX-License-Identifier: Apache-2.0 */
/* Bit unpacking: one function per width, 32 values a step, each value one word load, one shift and
 * one mask with constants, so there is nothing to branch on. */
#include <string.h>

#include "base/cursor.h"
#include "format/parquet/encoding/parquet_bits.h"

#define STEP 32

#define ONE(i, w) \
    out[i] = (uint32_t)((firn_load_u64le(in + ((i) * (w) >> 3)) >> ((i) * (w)&7)) & mask);
#define FOUR(i, w)    ONE(i, w) ONE((i) + 1, w) ONE((i) + 2, w) ONE((i) + 3, w)
#define SIXTEEN(i, w) FOUR(i, w) FOUR((i) + 4, w) FOUR((i) + 8, w) FOUR((i) + 12, w)
#define DEFINE_UNPACK(w)                                     \
    static void unpack_##w(const uint8_t *in, uint32_t *out) \
    {                                                        \
        const uint64_t mask = ((uint64_t)1 << (w)) - 1;      \
        SIXTEEN(0, w) SIXTEEN(16, w)                         \
    }

/* clang-format off */
DEFINE_UNPACK(1) DEFINE_UNPACK(2) DEFINE_UNPACK(3) DEFINE_UNPACK(4) DEFINE_UNPACK(5) DEFINE_UNPACK(6) DEFINE_UNPACK(7) DEFINE_UNPACK(8)
DEFINE_UNPACK(9) DEFINE_UNPACK(10) DEFINE_UNPACK(11) DEFINE_UNPACK(12) DEFINE_UNPACK(13) DEFINE_UNPACK(14) DEFINE_UNPACK(15) DEFINE_UNPACK(16)
DEFINE_UNPACK(17) DEFINE_UNPACK(18) DEFINE_UNPACK(19) DEFINE_UNPACK(20) DEFINE_UNPACK(21) DEFINE_UNPACK(22) DEFINE_UNPACK(23) DEFINE_UNPACK(24)
DEFINE_UNPACK(25) DEFINE_UNPACK(26) DEFINE_UNPACK(27) DEFINE_UNPACK(28) DEFINE_UNPACK(29) DEFINE_UNPACK(30) DEFINE_UNPACK(31) DEFINE_UNPACK(32)

typedef void (*unpack_fn)(const uint8_t *in, uint32_t *out);
static const unpack_fn k_unpack[] = {
    NULL,      unpack_1, unpack_2, unpack_3, unpack_4, unpack_5, unpack_6, unpack_7, unpack_8,
    unpack_9, unpack_10, unpack_11, unpack_12, unpack_13, unpack_14, unpack_15, unpack_16,
    unpack_17, unpack_18, unpack_19, unpack_20, unpack_21, unpack_22, unpack_23, unpack_24,
    unpack_25, unpack_26, unpack_27, unpack_28, unpack_29, unpack_30, unpack_31, unpack_32};
/* clang-format on */

uint64_t firn_pq_unpack_one(const uint8_t *in, uint64_t bit, unsigned width)
{
    const uint8_t *p = in + (bit >> 3);
    const unsigned shift = (unsigned)(bit & 7);
    if (width == 0) return 0;
    uint64_t v = firn_load_u64le(p) >> shift;
    if (shift + width > 64) v |= (uint64_t)p[8] << (64 - shift);
    return width == 64 ? v : v & (((uint64_t)1 << width) - 1);
}

void firn_pq_unpack_u32(const uint8_t *in, unsigned width, uint32_t *out, size_t n)
{
    size_t i = 0;
    if (width == 0) {
        memset(out, 0, n * sizeof *out);
        return;
    }
    for (; n - i >= STEP; i += STEP, in += (size_t)width * STEP / 8) k_unpack[width](in, out + i);
    for (uint64_t bit = 0; i < n; i++, bit += width)
        out[i] = (uint32_t)firn_pq_unpack_one(in, bit, width);
}

void firn_pq_fill_bits(uint64_t *mask, size_t at, size_t n, bool value)
{
    while (n > 0) {
        const size_t in_word = at & 63;
        const size_t k = n < 64 - in_word ? n : 64 - in_word;
        const uint64_t ones = (k == 64 ? UINT64_MAX : ((uint64_t)1 << k) - 1) << in_word;
        if (value)
            mask[at >> 6] |= ones;
        else
            mask[at >> 6] &= ~ones;
        at += k;
        n -= k;
    }
}

size_t firn_pq_copy_bits(uint64_t *dst, size_t dst_at, const uint8_t *src, uint64_t src_at,
                         size_t n)
{
    size_t n_set = 0;
    while (n > 0) {
        const size_t in_word = dst_at & 63;
        const size_t k = n < 64 - in_word ? n : 64 - in_word;
        const uint64_t bits = firn_pq_unpack_one(src, src_at, (unsigned)k);
        const uint64_t ones = (k == 64 ? UINT64_MAX : ((uint64_t)1 << k) - 1) << in_word;
        dst[dst_at >> 6] = (dst[dst_at >> 6] & ~ones) | bits << in_word;
        n_set += (size_t)__builtin_popcountll(bits);
        dst_at += k;
        src_at += k;
        n -= k;
    }
    return n_set;
}
