/* SPDX-License-Identifier: Apache-2.0 */
/* The scans for AVX-512 with BW and VL: masks instead of compare results. Strings and keys are
 * short, so registers of 32 bytes do; longer ones would cross a cache line with every load. */
#include "format/text/ndjson_kernels.h"

#if FIRN_HAS_X86

#include <immintrin.h>

/* NOLINTBEGIN(portability-simd-intrinsics): plain C stands in ndjson_kernels.c */

#define NDJSON_TARGET FIRN_TARGET_AVX512

NDJSON_TARGET static inline bool starts_with(const char *p, const ndjson_literal *literal)
{
    const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
    const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)literal->text);

    return _mm256_mask_cmpneq_epi8_mask(literal->mask, a, b) == 0;
}

NDJSON_TARGET static inline const char *string_stop(const char *p)
{
    for (;; p += 32) {
        const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
        const uint32_t mask = _mm256_cmpeq_epi8_mask(v, _mm256_set1_epi8('"')) |
                              _mm256_cmpeq_epi8_mask(v, _mm256_set1_epi8('\\')) |
                              _mm256_cmplt_epu8_mask(v, _mm256_set1_epi8(0x20));
        if (mask != 0) return p + _tzcnt_u32(mask);
    }
}

NDJSON_TARGET static bool is_ascii(const char *p, size_t n)
{
    __m512i sum = _mm512_setzero_si512();

    for (; n >= 256; p += 256, n -= 256) {
        const __m512i a = _mm512_or_si512(_mm512_loadu_si512(p), _mm512_loadu_si512(p + 64));
        const __m512i b = _mm512_or_si512(_mm512_loadu_si512(p + 128), _mm512_loadu_si512(p + 192));
        sum = _mm512_or_si512(sum, _mm512_or_si512(a, b));
    }
    for (; n >= 64; p += 64, n -= 64) sum = _mm512_or_si512(sum, _mm512_loadu_si512(p));
    sum = _mm512_or_si512(sum, _mm512_maskz_loadu_epi8((UINT64_C(1) << n) - 1, p));
    return _mm512_movepi8_mask(sum) == 0;
}

/* Up to 12 bytes. */
NDJSON_TARGET static inline firn_view inline_view(const char *p, size_t n)
{
    const __m128i bytes = _mm_maskz_loadu_epi8((__mmask16)((1U << n) - 1), p);
    const __m128i all = _mm_or_si128(_mm_slli_si128(bytes, 4), _mm_cvtsi32_si128((int)n));
    firn_view view;

    _Static_assert(sizeof view == sizeof all, "a view is one register");
    memcpy(&view, &all, sizeof view);
    return view;
}

#include "format/text/ndjson_members.h"

const ndjson_kernels ndjson_kernels_avx512 = NDJSON_KERNELS(FIRN_CPU_AVX512);

/* NOLINTEND(portability-simd-intrinsics) */

#endif
