/* SPDX-License-Identifier: Apache-2.0 */
/* RLE / bit-packed hybrid: levels and dictionary indices, and bit-packed booleans.
 * A run of equal values is <count << 1> <value>, a literal run <groups << 1 | 1> <packed>, 8 values
 * a group. The values are looked at in groups of 8 from the end of the last equal run on: a group
 * of equal values starts an equal run when at least MIN_RUN values are equal, else it is literal.
 */
#include <string.h>

#include "format/parquet/encoding/parquet_encode.h"

/* Shorter runs cost more as <header, value> between two literal runs than they save. */
#define MIN_RUN 24

int firn_bit_width(uint64_t max)
{
    return max ? 64 - __builtin_clzll(max) : 0;
}

/* 8 values of up to 8 bits are one word, of up to 16 bits two. Writes up to 16 bytes. */
static void pack_narrow(const uint32_t *v, int bits, uint8_t *out)
{
    __extension__ unsigned __int128 lo = 0, hi = 0, all;
    for (int i = 0; i < 4; i++) lo |= (uint64_t)v[i] << (i * bits);
    for (int i = 0; i < 4; i++) hi |= (uint64_t)v[4 + i] << (i * bits);
    all = lo | hi << (4 * bits);
    memcpy(out, &all, sizeof all);
}

static void pack_wide(const uint32_t *v, int bits, uint8_t *out)
{
    uint64_t acc = 0;
    int used = 0;
    for (int i = 0; i < 8; i++) {
        acc |= (uint64_t)v[i] << used;
        used += bits;
        if (used < 32) continue;
        const uint32_t low = (uint32_t)acc;
        memcpy(out, &low, sizeof low);
        out += sizeof low;
        acc >>= 32;
        used -= 32;
    }
    for (; used > 0; used -= 8, acc >>= 8) *out++ = (uint8_t)acc;
}

static void pack_groups(const uint32_t *v, size_t groups, int bits, uint8_t *out)
{
    if (bits <= 16) {
        for (size_t g = 0; g < groups; g++, v += 8, out += bits) pack_narrow(v, bits, out);
    } else {
        for (size_t g = 0; g < groups; g++, v += 8, out += bits) pack_wide(v, bits, out);
    }
}

/* n is a multiple of 8 but at the very end, where zeros fill the group. */
static void put_literals(firn_buf *out, const uint32_t *v, size_t n, int bits)
{
    if (n == 0) return;
    const size_t groups = (n + 7) / 8, whole = n / 8;
    firn_buf_uvarint(out, groups << 1 | 1);
    char *to = firn_buf_reserve(out, groups * (size_t)bits + 16); /* pack_narrow overruns */
    if (!to) return;
    pack_groups(v, whole, bits, (uint8_t *)to);
    if (groups > whole) {
        uint32_t last[8] = {0};
        memcpy(last, v + whole * 8, (n - whole * 8) * sizeof *last);
        pack_groups(last, 1, bits, (uint8_t *)to + whole * (size_t)bits);
    }
    out->len += groups * (size_t)bits;
}

void firn_rle_encode_same(firn_buf *out, uint32_t value, size_t n, int bits)
{
    firn_buf_uvarint(out, (uint64_t)n << 1);
    firn_buf_append(out, &value, ((size_t)bits + 7) / 8);
}

static bool is_uniform(const uint32_t *v)
{
    const uint32_t x = v[0];
    return !((v[1] ^ x) | (v[2] ^ x) | (v[3] ^ x) | (v[4] ^ x) | (v[5] ^ x) | (v[6] ^ x) |
             (v[7] ^ x));
}

static size_t run_length(const uint32_t *v, size_t n)
{
    size_t i = 1;
    while (i < n && v[i] == v[0]) i++;
    return i;
}

void firn_rle_encode(firn_buf *out, const uint32_t *values, size_t n, int bits)
{
    size_t literal = 0, i = 0;
    while (n - i >= 8) {
        const size_t run = is_uniform(values + i) ? run_length(values + i, n - i) : 0;
        if (run < MIN_RUN) {
            i += 8;
            continue;
        }
        put_literals(out, values + literal, i - literal, bits);
        firn_rle_encode_same(out, values[i], run, bits);
        i += run;
        literal = i;
    }
    put_literals(out, values + literal, n - literal, bits);
}

void firn_plain_encode_bool(firn_buf *out, const uint8_t *values, size_t n)
{
    char *to = firn_buf_reserve(out, (n + 7) / 8);
    if (!to) return;
    for (size_t at = 0; at < n; at += 8) {
        unsigned byte = 0;
        const size_t end = n - at < 8 ? n - at : 8;
        for (size_t i = 0; i < end; i++) byte |= (unsigned)(values[at + i] != 0) << i;
        *to++ = (char)byte;
    }
    out->len += (n + 7) / 8;
}
