/* SPDX-License-Identifier: Apache-2.0 */
/* MD5 by the description in RFC 1321. */
#include "md5.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"

void firn_test_md5_init(firn_test_md5 *md5)
{
    *md5 = (firn_test_md5){.state = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u}};
}

static uint32_t rotate(uint32_t v, uint32_t by)
{
    return v << by | v >> (32 - by);
}

static uint32_t mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
    switch (round) {
    case 0: return (b & c) | (~b & d);
    case 1: return (d & b) | (~d & c);
    case 2: return b ^ c ^ d;
    default: return c ^ (b | ~d);
    }
}

static void add_block(firn_test_md5 *md5)
{
    static const uint32_t k_shifts[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    static const uint32_t k_step[4] = {1, 5, 3, 7};
    static const uint32_t k_start[4] = {0, 1, 5, 0};
    uint32_t s[4];
    memcpy(s, md5->state, sizeof s);
    for (uint32_t i = 0; i < 64; i++) {
        const uint32_t round = i / 16;
        const uint32_t word =
            firn_load_u32le(md5->block + 4 * ((k_start[round] + k_step[round] * i) % 16));
        const uint32_t constant = (uint32_t)(int64_t)(fabs(sin((double)i + 1)) * 4294967296.0);
        const uint32_t sum = s[0] + mix((int)round, s[1], s[2], s[3]) + word + constant;
        s[0] = s[3];
        s[3] = s[2];
        s[2] = s[1];
        s[1] += rotate(sum, k_shifts[round][i % 4]);
    }
    for (int i = 0; i < 4; i++) md5->state[i] += s[i];
}

void firn_test_md5_add(firn_test_md5 *md5, const void *data, size_t n)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++) {
        md5->block[md5->n_bytes++ % 64] = p[i];
        if (md5->n_bytes % 64 == 0) add_block(md5);
    }
}

void firn_test_md5_hex(firn_test_md5 *md5, char out[33])
{
    const uint64_t bits = md5->n_bytes * 8;
    const uint8_t one = 0x80;
    const uint8_t zero = 0;
    firn_test_md5_add(md5, &one, 1);
    while (md5->n_bytes % 64 != 56) firn_test_md5_add(md5, &zero, 1);
    firn_test_md5_add(md5, &bits, 8);
    for (size_t i = 0; i < 16; i++)
        snprintf(out + 2 * i, 3, "%02x", (unsigned)((md5->state[i / 4] >> (8 * (i % 4))) & 0xff));
}
