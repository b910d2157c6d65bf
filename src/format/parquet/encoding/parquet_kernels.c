/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels in plain C: the reference for the others, and all there is on other processors. */
#include "format/parquet/encoding/parquet_kernels.h"

#include <string.h>

#include "base/cursor.h"
#include "format/parquet/encoding/parquet_bits.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

uint32_t firn_pq_max_u32(const uint32_t *v, size_t n)
{
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) most = v[i] > most ? v[i] : most;
    return most;
}

/* ---- dictionary ---- */

/* Indices are loaded two at a time: there are fewer ports for loads than work for them. */
#define DEFINE_GATHER(name, width)                                                                 \
    void name(const void *dictionary, size_t n_values, const uint32_t *index, size_t n, void *out) \
    {                                                                                              \
        const char *from = dictionary;                                                             \
        char *to = out;                                                                            \
        size_t i = 0;                                                                              \
        (void)n_values;                                                                            \
        for (; n - i >= 4; i += 4, to += 4 * (size_t)(width)) {                                    \
            const uint64_t ab = firn_load_u64le(index + i), cd = firn_load_u64le(index + i + 2);   \
            memcpy(to, from + (ab & UINT32_MAX) * (width), width);                                 \
            memcpy(to + (width), from + (ab >> 32) * (width), width);                              \
            memcpy(to + 2 * (size_t)(width), from + (cd & UINT32_MAX) * (width), width);           \
            memcpy(to + 3 * (size_t)(width), from + (cd >> 32) * (width), width);                  \
        }                                                                                          \
        for (; i < n; i++, to += (width)) memcpy(to, from + (size_t)index[i] * (width), width);    \
    }

DEFINE_GATHER(firn_pq_gather_4, 4)
DEFINE_GATHER(firn_pq_gather_8, 8)
DEFINE_GATHER(firn_pq_gather_16, 16)

/* ---- text ---- */

bool firn_pq_is_ascii(const uint8_t *bytes, size_t n)
{
    uint64_t bits = 0;
    size_t i = 0;
    for (; n - i >= 8; i += 8) bits |= firn_load_u64le(bytes + i);
    for (; i < n; i++) bits |= bytes[i];
    return (bits & HIGH_BITS) == 0;
}

/* ---- nulls ---- */

typedef struct wide_value {
    uint64_t words[2];
} wide_value;

/* From the end, so that no value is overwritten before it moved. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses here */
#define DEFINE_SPREAD(name, type)                                                  \
    void name(void *data, const uint64_t *mask, size_t at, size_t n, size_t n_set) \
    {                                                                              \
        static const type zero = {0};                                              \
        type *values = data;                                                       \
        size_t i = n;                                                              \
        while (n_set > 0 && n_set < i) {                                           \
            i--;                                                                   \
            const size_t bit = at + i;                                             \
            const bool is_set = (mask[bit >> 6] >> (bit & 63) & 1) != 0;           \
            const type moved = values[n_set - 1];                                  \
            values[i] = is_set ? moved : zero;                                     \
            n_set -= is_set;                                                       \
        }                                                                          \
        if (n_set == 0 && i > 0) memset(values, 0, i * sizeof *values);            \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

DEFINE_SPREAD(firn_pq_spread_1, uint8_t)
DEFINE_SPREAD(firn_pq_spread_4, uint32_t)
DEFINE_SPREAD(firn_pq_spread_8, uint64_t)
DEFINE_SPREAD(firn_pq_spread_16, wide_value)

/* ---- integers ---- */

uint64_t firn_pq_sum_deltas(const uint32_t *deltas, size_t n, uint64_t min_delta, uint64_t last,
                            uint64_t *out)
{
    for (size_t i = 0; i < n; i++) out[i] = last += min_delta + deltas[i];
    return last;
}

void firn_pq_join_4(const uint8_t *streams, size_t stride, size_t n, uint8_t *out)
{
    const uint8_t *a = streams, *b = a + stride, *c = b + stride, *d = c + stride;
    for (size_t i = 0; i < n; i++) {
        const uint32_t x =
            (uint32_t)a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24;
        memcpy(out + i * 4, &x, sizeof x);
    }
}

void firn_pq_join_8(const uint8_t *streams, size_t stride, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t x = 0;
        for (size_t j = 0; j < 8; j++) x |= (uint64_t)streams[j * stride + i] << (8 * j);
        memcpy(out + i * 8, &x, sizeof x);
    }
}

static const firn_pq_kernels k_portable = {
    .level = FIRN_CPU_PORTABLE,
    .unpack_u32 = firn_pq_unpack_u32,
    .max_u32 = firn_pq_max_u32,
    .gather_4 = firn_pq_gather_4,
    .gather_8 = firn_pq_gather_8,
    .gather_16 = firn_pq_gather_16,
    .is_ascii = firn_pq_is_ascii,
    .spread_1 = firn_pq_spread_1,
    .spread_4 = firn_pq_spread_4,
    .spread_8 = firn_pq_spread_8,
    .spread_16 = firn_pq_spread_16,
    .sum_deltas = firn_pq_sum_deltas,
    .join_4 = firn_pq_join_4,
    .join_8 = firn_pq_join_8,
};

const firn_pq_kernels *firn_pq_kernels_of(firn_cpu_level level)
{
    const firn_cpu_level best = firn_cpu_best();
    if (level > best) level = best;
    switch (level) {
#if FIRN_HAS_X86
    case FIRN_CPU_AVX512: return &firn_pq_kernels_avx512;
    case FIRN_CPU_AVX2: return &firn_pq_kernels_avx2;
#endif
    default: return &k_portable;
    }
}
