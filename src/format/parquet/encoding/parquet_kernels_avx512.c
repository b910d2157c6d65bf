/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels for AVX-512 with VBMI and VBMI2. Dictionaries that fit two registers are looked up
 * there; larger ones are left to plain loads, which beat a gather instruction on most processors.
 */
#include "format/parquet/encoding/parquet_kernels.h"

#if FIRN_HAS_X86

#include <immintrin.h>
#include <string.h>

/* NOLINTBEGIN(portability-simd-intrinsics): plain C stands in parquet_kernels.c */

#define REGISTER ((size_t)64) /* bytes */

/* ---- bits ---- */

FIRN_TARGET_AVX512 static inline __m512i count_up(void)
{
    return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/* Sixteen values a step: the bytes of each are brought to a word of its own and shifted down. A
 * value of up to 25 bits begins in the first byte of its word. */
FIRN_TARGET_AVX512 static void unpack_narrow(const uint8_t *in, unsigned width, uint32_t *out,
                                             size_t n)
{
    const __m512i bit = _mm512_mullo_epi32(count_up(), _mm512_set1_epi32((int)width));
    const __m512i bytes = _mm512_add_epi32(
        _mm512_mullo_epi32(_mm512_srli_epi32(bit, 3), _mm512_set1_epi32(0x01010101)),
        _mm512_set1_epi32(0x03020100));
    const __m512i shift = _mm512_and_si512(bit, _mm512_set1_epi32(7));
    const __m512i mask = _mm512_set1_epi32((int)((UINT32_C(1) << width) - 1));
    for (; n > 0; in += (size_t)width * 2, out += 16) {
        __m512i v = _mm512_permutexvar_epi8(bytes, _mm512_loadu_si512(in));
        v = _mm512_and_si512(_mm512_srlv_epi32(v, shift), mask);
        if (n < 16) {
            _mm512_mask_storeu_epi32(out, (__mmask16)((1U << n) - 1), v);
            return;
        }
        _mm512_storeu_si512(out, v);
        n -= 16;
    }
}

/* Eight values a step, in double words. */
FIRN_TARGET_AVX512 static void unpack_wide(const uint8_t *in, unsigned width, uint32_t *out,
                                           size_t n)
{
    const __m512i bit = _mm512_mullo_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7),
                                           _mm512_set1_epi64((long long)width));
    const __m512i bytes = _mm512_add_epi64(
        _mm512_mullo_epi64(_mm512_srli_epi64(bit, 3), _mm512_set1_epi64(0x0101010101010101)),
        _mm512_set1_epi64(0x0706050403020100));
    const __m512i shift = _mm512_and_si512(bit, _mm512_set1_epi64(7));
    const __m512i mask = _mm512_set1_epi64((long long)((UINT64_C(1) << width) - 1));
    for (; n > 0; in += width, out += 8) {
        __m512i v = _mm512_permutexvar_epi8(bytes, _mm512_loadu_si512(in));
        v = _mm512_and_si512(_mm512_srlv_epi64(v, shift), mask);
        const __m256i narrow = _mm512_cvtepi64_epi32(v);
        if (n < 8) {
            _mm256_mask_storeu_epi32(out, (__mmask8)((1U << n) - 1), narrow);
            return;
        }
        _mm256_storeu_si256((__m256i *)(void *)out, narrow);
        n -= 8;
    }
}

static void unpack_u32(const uint8_t *in, unsigned width, uint32_t *out, size_t n)
{
    if (width <= 25)
        unpack_narrow(in, width, out, n);
    else
        unpack_wide(in, width, out, n);
}

FIRN_TARGET_AVX512 static uint32_t max_u32(const uint32_t *v, size_t n)
{
    __m512i most = _mm512_setzero_si512();
    size_t i = 0;
    for (; n - i >= 16; i += 16) most = _mm512_max_epu32(most, _mm512_loadu_si512(v + i));
    const __mmask16 rest = (__mmask16)((1U << (n - i)) - 1);
    most = _mm512_max_epu32(most, _mm512_maskz_loadu_epi32(rest, v + i));
    return _mm512_reduce_max_epu32(most);
}

/* ---- dictionary ---- */

/* Bytes [0, size) of a table of two registers, the rest zero. */
FIRN_TARGET_AVX512 static inline void load_table(const void *from, size_t size, __m512i *low,
                                                 __m512i *high)
{
    uint8_t bytes[2 * REGISTER] = {0};
    memcpy(bytes, from, size);
    *low = _mm512_loadu_si512(bytes);
    *high = _mm512_loadu_si512(bytes + REGISTER);
}

FIRN_TARGET_AVX512 static void gather_4(const void *dictionary, size_t n_values,
                                        const uint32_t *index, size_t n, void *out)
{
    char *to = out;
    size_t i = 0;
    if (n_values * 4 <= 2 * REGISTER) {
        __m512i low, high;
        load_table(dictionary, n_values * 4, &low, &high);
        for (; n - i >= 16; i += 16)
            _mm512_storeu_si512(
                to + i * 4, _mm512_permutex2var_epi32(low, _mm512_loadu_si512(index + i), high));
    }
    firn_pq_gather_4(dictionary, n_values, index + i, n - i, to + i * 4);
}

FIRN_TARGET_AVX512 static inline __m512i widen_index(const uint32_t *index)
{
    return _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)index));
}

FIRN_TARGET_AVX512 static void gather_8(const void *dictionary, size_t n_values,
                                        const uint32_t *index, size_t n, void *out)
{
    char *to = out;
    size_t i = 0;
    if (n_values * 8 <= 2 * REGISTER) {
        __m512i low, high;
        load_table(dictionary, n_values * 8, &low, &high);
        for (; n - i >= 8; i += 8)
            _mm512_storeu_si512(to + i * 8,
                                _mm512_permutex2var_epi64(low, widen_index(index + i), high));
    }
    firn_pq_gather_8(dictionary, n_values, index + i, n - i, to + i * 8);
}

/* Each value is two double words: index k becomes 2k and 2k + 1. */
FIRN_TARGET_AVX512 static void gather_16(const void *dictionary, size_t n_values,
                                         const uint32_t *index, size_t n, void *out)
{
    const __m512i first = _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3);
    const __m512i second = _mm512_setr_epi64(4, 4, 5, 5, 6, 6, 7, 7);
    const __m512i odd = _mm512_setr_epi64(0, 1, 0, 1, 0, 1, 0, 1);
    char *to = out;
    size_t i = 0;
    if (n_values * 16 <= 2 * REGISTER) {
        __m512i low, high;
        load_table(dictionary, n_values * 16, &low, &high);
        for (; n - i >= 8; i += 8) {
            const __m512i at = _mm512_slli_epi64(widen_index(index + i), 1);
            const __m512i a = _mm512_add_epi64(_mm512_permutexvar_epi64(first, at), odd);
            const __m512i b = _mm512_add_epi64(_mm512_permutexvar_epi64(second, at), odd);
            _mm512_storeu_si512(to + i * 16, _mm512_permutex2var_epi64(low, a, high));
            _mm512_storeu_si512(to + i * 16 + REGISTER, _mm512_permutex2var_epi64(low, b, high));
        }
    }
    firn_pq_gather_16(dictionary, n_values, index + i, n - i, to + i * 16);
}

/* ---- text ---- */

FIRN_TARGET_AVX512 static bool is_ascii(const uint8_t *bytes, size_t n)
{
    __m512i bits = _mm512_setzero_si512();
    size_t i = 0;
    for (; n - i >= REGISTER; i += REGISTER)
        bits = _mm512_or_si512(bits, _mm512_loadu_si512(bytes + i));
    const __mmask64 rest = (UINT64_C(1) << (n - i)) - 1;
    bits = _mm512_or_si512(bits, _mm512_maskz_loadu_epi8(rest, bytes + i));
    return _mm512_movepi8_mask(bits) == 0;
}

/* ---- nulls ---- */

/* k <= 64 bits of a mask; reads no word that holds none of them. */
static inline uint64_t mask_bits(const uint64_t *mask, size_t at, size_t k)
{
    const unsigned shift = (unsigned)(at & 63);
    uint64_t bits = mask[at >> 6] >> shift;
    if (shift + k > 64) bits |= mask[(at >> 6) + 1] << (64 - shift);
    return k == 64 ? bits : bits & ((UINT64_C(1) << k) - 1);
}

/* Which bytes, or words, of a register k values take. */
static inline uint64_t first_bits(size_t k)
{
    return k == 64 ? UINT64_MAX : (UINT64_C(1) << k) - 1;
}

/* From the end, a register of `step` values at a time. What one step writes lies at or behind what
 * the steps after it still have to read; once all that is left is set, it is in place. */
#define DEFINE_SPREAD(name, step, EXPAND, STORE)                                               \
    FIRN_TARGET_AVX512 static void name(void *data, const uint64_t *mask, size_t at, size_t n, \
                                        size_t n_set)                                          \
    {                                                                                          \
        char *values = data;                                                                   \
        const size_t width = REGISTER / (step);                                                \
        while (n_set < n) {                                                                    \
            const size_t k = n % (step) ? n % (step) : (step);                                 \
            const uint64_t bits = mask_bits(mask, at + n - k, k);                              \
            n -= k;                                                                            \
            n_set -= (size_t)__builtin_popcountll(bits);                                       \
            const __m512i v = EXPAND(bits, values + n_set * width);                            \
            STORE(values + n * width, first_bits(k), v);                                       \
        }                                                                                      \
    }

#define EXPAND_1(bits, from)  _mm512_maskz_expandloadu_epi8((__mmask64)(bits), from)
#define EXPAND_4(bits, from)  _mm512_maskz_expandloadu_epi32((__mmask16)(bits), from)
#define EXPAND_8(bits, from)  _mm512_maskz_expandloadu_epi64((__mmask8)(bits), from)
#define EXPAND_16(bits, from) EXPAND_8(twice(bits), from)
#define STORE_1(to, bits, v)  _mm512_mask_storeu_epi8(to, (__mmask64)(bits), v)
#define STORE_4(to, bits, v)  _mm512_mask_storeu_epi32(to, (__mmask16)(bits), v)
#define STORE_8(to, bits, v)  _mm512_mask_storeu_epi64(to, (__mmask8)(bits), v)
#define STORE_16(to, bits, v) STORE_8(to, twice(bits), v)

/* Each of four bits twice. */
FIRN_TARGET_AVX512 static inline uint64_t twice(uint64_t bits)
{
    return _pdep_u64(bits, 0x55) * 3;
}

DEFINE_SPREAD(spread_1, 64, EXPAND_1, STORE_1)
DEFINE_SPREAD(spread_4, 16, EXPAND_4, STORE_4)
DEFINE_SPREAD(spread_8, 8, EXPAND_8, STORE_8)
DEFINE_SPREAD(spread_16, 4, EXPAND_16, STORE_16)

/* ---- integers ---- */

/* Eight at a time: sums over one, two and four neighbours, then the last of the eight before. */
FIRN_TARGET_AVX512 static uint64_t sum_deltas(const uint32_t *deltas, size_t n, uint64_t min_delta,
                                              uint64_t last, uint64_t *out)
{
    const __m512i least = _mm512_set1_epi64((long long)min_delta);
    const __m512i zero = _mm512_setzero_si512();
    const __m512i seven = _mm512_set1_epi64(7);
    __m512i before = _mm512_set1_epi64((long long)last);
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        __m512i v = _mm512_add_epi64(widen_index(deltas + i), least);
        v = _mm512_add_epi64(v, _mm512_alignr_epi64(v, zero, 7));
        v = _mm512_add_epi64(v, _mm512_alignr_epi64(v, zero, 6));
        v = _mm512_add_epi64(v, _mm512_alignr_epi64(v, zero, 4));
        v = _mm512_add_epi64(v, before);
        before = _mm512_permutexvar_epi64(seven, v);
        _mm512_storeu_si512(out + i, v);
    }
    if (i > 0) last = out[i - 1];
    return firn_pq_sum_deltas(deltas + i, n - i, min_delta, last, out + i);
}

/* NOLINTEND(portability-simd-intrinsics) */

const firn_pq_kernels firn_pq_kernels_avx512 = {
    .level = FIRN_CPU_AVX512,
    .unpack_u32 = unpack_u32,
    .max_u32 = max_u32,
    .gather_4 = gather_4,
    .gather_8 = gather_8,
    .gather_16 = gather_16,
    .is_ascii = is_ascii,
    .spread_1 = spread_1,
    .spread_4 = spread_4,
    .spread_8 = spread_8,
    .spread_16 = spread_16,
    .sum_deltas = sum_deltas,
    .join_4 = firn_pq_join_4_x86,
    .join_8 = firn_pq_join_8_x86,
};

#endif
