/* SPDX-License-Identifier: Apache-2.0 */
/* The scans in plain C, eight bytes at a time: the reference for the others, and all there is on
 * other processors. */
#include "format/text/ndjson_kernels.h"

#include "base/cursor.h"

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGH_BITS  EACH(0x80)

static inline bool starts_with(const char *p, const ndjson_literal *literal)
{
    return memcmp(p, literal->text, literal->n) == 0;
}

/* The lowest set bit is in the first byte that is zero; bits above it may be wrong. */
static inline uint64_t first_zero(uint64_t v)
{
    return (v - EACH(1)) & ~v & HIGH_BITS;
}

static const char *string_stop(const char *p)
{
    for (;; p += 8) {
        const uint64_t v = firn_load_u64le(p);
        const uint64_t control = (v - EACH(0x20)) & ~v & HIGH_BITS; /* lowest bit, as above */
        const uint64_t marks = control | first_zero(v ^ EACH('"')) | first_zero(v ^ EACH('\\'));
        if (marks != 0) return p + __builtin_ctzll(marks) / 8;
    }
}

static bool is_ascii(const char *p, size_t n)
{
    uint64_t bits = 0;

    for (; n >= 8; p += 8, n -= 8) bits |= firn_load_u64le(p);
    for (; n > 0; p++, n--) bits |= (uint8_t)*p;
    return (bits & HIGH_BITS) == 0;
}

/* Up to 12 bytes, of 16 that can be read: a view without a loop over the bytes. */
static inline firn_view inline_view(const char *p, size_t n)
{
    const uint64_t all = ~UINT64_C(0);
    const uint64_t keep_low = n >= 8 ? all : ((UINT64_C(1) << (8 * n)) - 1);
    const uint32_t keep_high = n <= 8 ? 0 : (uint32_t)((UINT64_C(1) << (8 * (n - 8))) - 1);
    uint64_t low;
    uint32_t high;
    firn_view view;

    memcpy(&low, p, 8);
    memcpy(&high, p + 8, 4);
    low &= keep_low;
    high &= keep_high;
    view.len = (uint32_t)n;
    memcpy(view.as.inlined, &low, 8);
    memcpy(view.as.inlined + 8, &high, 4);
    return view;
}

#define NDJSON_TARGET
#include "format/text/ndjson_members.h"

static const ndjson_kernels k_portable = NDJSON_KERNELS(FIRN_CPU_PORTABLE);

const ndjson_kernels *ndjson_kernels_of(firn_cpu_level level)
{
#if FIRN_HAS_X86
    if (level == FIRN_CPU_AVX512) return &ndjson_kernels_avx512;
    if (level == FIRN_CPU_AVX2) return &ndjson_kernels_avx2;
#endif
    (void)level;
    return &k_portable;
}

const ndjson_kernels *ndjson_kernels_below(unsigned levels_off)
{
    const unsigned best = (unsigned)firn_cpu_best();

    return ndjson_kernels_of((firn_cpu_level)(levels_off < best ? best - levels_off : 0));
}
