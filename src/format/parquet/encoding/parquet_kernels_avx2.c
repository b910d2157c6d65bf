/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels for AVX2 and BMI2. Widths above 25 bits and large dictionaries are left to the
 * portable ones: eight loads beat a gather instruction on most processors. */
#include "format/parquet/encoding/parquet_kernels.h"

#if FIRN_HAS_X86

#include <immintrin.h>
#include <string.h>

#include "format/parquet/encoding/parquet_bits.h"

/* NOLINTBEGIN(portability-simd-intrinsics): plain C stands in parquet_kernels.c */

/* ---- bits ---- */

/* Eight values a step, four in each half: the half's bytes are spread to one word a value, which is
 * shifted to its place. A value of up to 25 bits begins in the first byte of its word. */
FIRN_TARGET_AVX2 static void unpack_narrow(const uint8_t *in, unsigned width, uint32_t *out,
                                           size_t n_steps)
{
    const int w = (int)width;
    const int half = 4 * w; /* bits */
    const __m256i bit = _mm256_add_epi32(
        _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3), _mm256_set1_epi32(w)),
        _mm256_setr_epi32(0, 0, 0, 0, half & 7, half & 7, half & 7, half & 7));
    const __m256i bytes = _mm256_add_epi32(
        _mm256_mullo_epi32(_mm256_srli_epi32(bit, 3), _mm256_set1_epi32(0x01010101)),
        _mm256_set1_epi32(0x03020100));
    const __m256i shift = _mm256_and_si256(bit, _mm256_set1_epi32(7));
    const __m256i mask = _mm256_set1_epi32((int)((UINT32_C(1) << width) - 1));
    for (; n_steps > 0; n_steps--, in += width, out += 8) {
        const __m128i low = _mm_loadu_si128((const __m128i *)(const void *)in);
        const __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(in + (half >> 3)));
        __m256i v = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
        v = _mm256_srlv_epi32(_mm256_shuffle_epi8(v, bytes), shift);
        _mm256_storeu_si256((__m256i *)(void *)out, _mm256_and_si256(v, mask));
    }
}

static void unpack_u32(const uint8_t *in, unsigned width, uint32_t *out, size_t n)
{
    const size_t n_steps = width <= 25 ? n / 8 : 0;
    if (n_steps > 0) unpack_narrow(in, width, out, n_steps);
    firn_pq_unpack_u32(in + n_steps * width, width, out + n_steps * 8, n - n_steps * 8);
}

FIRN_TARGET_AVX2 static uint32_t max_u32(const uint32_t *v, size_t n)
{
    __m256i most = _mm256_setzero_si256();
    uint32_t lanes[8], result = 0;
    size_t i = 0;
    for (; n - i >= 8; i += 8)
        most = _mm256_max_epu32(most, _mm256_loadu_si256((const __m256i *)(const void *)(v + i)));
    _mm256_storeu_si256((__m256i *)(void *)lanes, most);
    for (size_t k = 0; k < 8; k++) result = lanes[k] > result ? lanes[k] : result;
    for (; i < n; i++) result = v[i] > result ? v[i] : result;
    return result;
}

/* ---- dictionary ---- */

/* Up to eight values of 4 bytes stay in a register. */
FIRN_TARGET_AVX2 static void gather_4(const void *dictionary, size_t n_values,
                                      const uint32_t *index, size_t n, void *out)
{
    char *to = out;
    size_t i = 0;
    if (n_values <= 8) {
        uint32_t few[8] = {0};
        memcpy(few, dictionary, n_values * sizeof *few);
        const __m256i table = _mm256_loadu_si256((const __m256i *)(const void *)few);
        for (; n - i >= 8; i += 8) {
            const __m256i at = _mm256_loadu_si256((const __m256i *)(const void *)(index + i));
            _mm256_storeu_si256((__m256i *)(void *)(to + i * 4),
                                _mm256_permutevar8x32_epi32(table, at));
        }
    }
    firn_pq_gather_4(dictionary, n_values, index + i, n - i, to + i * 4);
}

/* ---- text ---- */

FIRN_TARGET_AVX2 static bool is_ascii(const uint8_t *bytes, size_t n)
{
    __m256i bits = _mm256_setzero_si256();
    uint8_t tail = 0;
    size_t i = 0;
    for (; n - i >= 32; i += 32)
        bits =
            _mm256_or_si256(bits, _mm256_loadu_si256((const __m256i *)(const void *)(bytes + i)));
    for (; i < n; i++) tail |= bytes[i];
    return _mm256_movemask_epi8(bits) == 0 && tail < 0x80;
}

/* ---- integers ---- */

/* Four at a time: sums inside the register, then the last of the four before is added. */
FIRN_TARGET_AVX2 static uint64_t sum_deltas(const uint32_t *deltas, size_t n, uint64_t min_delta,
                                            uint64_t last, uint64_t *out)
{
    const __m256i least = _mm256_set1_epi64x((long long)min_delta);
    const __m256i zero = _mm256_setzero_si256();
    __m256i before = _mm256_set1_epi64x((long long)last);
    size_t i = 0;
    for (; n - i >= 4; i += 4) {
        const __m128i raw = _mm_loadu_si128((const __m128i *)(const void *)(deltas + i));
        __m256i v = _mm256_add_epi64(_mm256_cvtepu32_epi64(raw), least);
        v = _mm256_add_epi64(v, _mm256_slli_si256(v, 8)); /* pairs */
        const __m256i low = _mm256_permute4x64_epi64(v, 0x55);
        v = _mm256_add_epi64(v, _mm256_blend_epi32(zero, low, 0xf0));
        v = _mm256_add_epi64(v, before);
        before = _mm256_permute4x64_epi64(v, 0xff);
        _mm256_storeu_si256((__m256i *)(void *)(out + i), v);
    }
    if (i > 0) last = out[i - 1];
    for (; i < n; i++) out[i] = last += min_delta + deltas[i];
    return last;
}

static inline __m128i load_stream(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static inline void store_joined(uint8_t *to, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)to, v);
}

/* Sixteen values a step: neighbours are interleaved, bytes first, then pairs. */
void firn_pq_join_4_x86(const uint8_t *streams, size_t stride, size_t n, uint8_t *out)
{
    size_t i = 0;
    for (; n - i >= 16; i += 16, out += 64) {
        const __m128i a = load_stream(streams + i), b = load_stream(streams + stride + i);
        const __m128i c = load_stream(streams + 2 * stride + i);
        const __m128i d = load_stream(streams + 3 * stride + i);
        const __m128i ab_low = _mm_unpacklo_epi8(a, b), ab_high = _mm_unpackhi_epi8(a, b);
        const __m128i cd_low = _mm_unpacklo_epi8(c, d), cd_high = _mm_unpackhi_epi8(c, d);
        store_joined(out, _mm_unpacklo_epi16(ab_low, cd_low));
        store_joined(out + 16, _mm_unpackhi_epi16(ab_low, cd_low));
        store_joined(out + 32, _mm_unpacklo_epi16(ab_high, cd_high));
        store_joined(out + 48, _mm_unpackhi_epi16(ab_high, cd_high));
    }
    firn_pq_join_4(streams + i, stride, n - i, out);
}

void firn_pq_join_8_x86(const uint8_t *streams, size_t stride, size_t n, uint8_t *out)
{
    size_t i = 0;
    for (; n - i >= 16; i += 16, out += 128) {
        __m128i low[4], high[4]; /* 8 values each: two bytes of each, from streams 2k and 2k + 1 */
        for (size_t k = 0; k < 4; k++) {
            const __m128i a = load_stream(streams + 2 * k * stride + i);
            const __m128i b = load_stream(streams + (2 * k + 1) * stride + i);
            low[k] = _mm_unpacklo_epi8(a, b);
            high[k] = _mm_unpackhi_epi8(a, b);
        }
        for (size_t k = 0; k < 2; k++) {
            const __m128i *p = k == 0 ? low : high;
            const __m128i q = _mm_unpacklo_epi16(p[0], p[1]), r = _mm_unpackhi_epi16(p[0], p[1]);
            const __m128i s = _mm_unpacklo_epi16(p[2], p[3]), t = _mm_unpackhi_epi16(p[2], p[3]);
            store_joined(out + k * 64, _mm_unpacklo_epi32(q, s));
            store_joined(out + k * 64 + 16, _mm_unpackhi_epi32(q, s));
            store_joined(out + k * 64 + 32, _mm_unpacklo_epi32(r, t));
            store_joined(out + k * 64 + 48, _mm_unpackhi_epi32(r, t));
        }
    }
    firn_pq_join_8(streams + i, stride, n - i, out);
}

/* NOLINTEND(portability-simd-intrinsics) */

const firn_pq_kernels firn_pq_kernels_avx2 = {
    .level = FIRN_CPU_AVX2,
    .unpack_u32 = unpack_u32,
    .max_u32 = max_u32,
    .gather_4 = gather_4,
    .gather_8 = firn_pq_gather_8,
    .gather_16 = firn_pq_gather_16,
    .is_ascii = is_ascii,
    .spread_1 = firn_pq_spread_1,
    .spread_4 = firn_pq_spread_4,
    .spread_8 = firn_pq_spread_8,
    .spread_16 = firn_pq_spread_16,
    .sum_deltas = sum_deltas,
    .join_4 = firn_pq_join_4_x86,
    .join_8 = firn_pq_join_8_x86,
};

#endif
