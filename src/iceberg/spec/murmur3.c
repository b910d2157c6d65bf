/* SPDX-License-Identifier: Apache-2.0 */
/* 32-bit Murmur3 (x86 variant), the hash behind bucket partitioning (specification, Appendix B).
 * Not a general hash: tables inside the program use firn_str_hash(). */
#include "base/cursor.h"
#include "iceberg/spec/transform.h"

static uint32_t rotate_left(uint32_t v, unsigned bits)
{
    return v << bits | v >> (32 - bits);
}

static uint32_t mix_block(uint32_t k)
{
    return rotate_left(k * 0xcc9e2d51u, 15) * 0x1b873593u;
}

static uint32_t finish(uint32_t h)
{
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

uint32_t firn_murmur3_x86_32(const void *data, size_t n, uint32_t seed)
{
    const uint8_t *p = data;
    uint32_t h = seed;
    size_t at = 0;
    for (; n - at >= 4; at += 4) {
        h = rotate_left(h ^ mix_block(firn_load_u32le(p + at)), 13) * 5 + 0xe6546b64u;
    }
    uint32_t tail = 0;
    for (size_t i = n; i > at; i--) tail = tail << 8 | p[i - 1];
    if (n > at) h ^= mix_block(tail);
    return finish(h ^ (uint32_t)n);
}
