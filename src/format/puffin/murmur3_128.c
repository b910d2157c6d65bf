/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit Murmur3 (x64 variant). The 32-bit variant, Iceberg's bucket hash, is
 * iceberg/spec/murmur3.c. */
#include "format/puffin/murmur3_128.h"

#include <string.h>

#include "base/cursor.h"

#define C1 0x87c37b91114253d5u
#define C2 0x4cf5ad432745937fu

static uint64_t rotate_left(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

static uint64_t mix_first(uint64_t k)
{
    return rotate_left(k * C1, 31) * C2;
}

static uint64_t mix_second(uint64_t k)
{
    return rotate_left(k * C2, 33) * C1;
}

static uint64_t finish(uint64_t h)
{
    h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

void firn_murmur3_x64_128(const void *data, size_t n, uint64_t seed, uint64_t out[2])
{
    const uint8_t *p = data;
    uint64_t a = seed;
    uint64_t b = seed;
    size_t at = 0;
    for (; n - at >= 16; at += 16) {
        a = (rotate_left(a ^ mix_first(firn_load_u64le(p + at)), 27) + b) * 5 + 0x52dce729u;
        b = (rotate_left(b ^ mix_second(firn_load_u64le(p + at + 8)), 31) + a) * 5 + 0x38495ab5u;
    }
    uint8_t tail[16] = {0}; /* zeros mix to zero, as if they were left out */
    if (n > at) memcpy(tail, p + at, n - at);
    b ^= mix_second(firn_load_u64le(tail + 8));
    a ^= mix_first(firn_load_u64le(tail));
    a ^= n;
    b ^= n;
    a += b;
    b += a;
    a = finish(a);
    b = finish(b);
    a += b;
    b += a;
    out[0] = a;
    out[1] = b;
}
