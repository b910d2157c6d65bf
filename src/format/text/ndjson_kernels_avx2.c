/* SPDX-License-Identifier: Apache-2.0 */
/* The scans for AVX2: 32 bytes at a time. Most strings need one step, and the branch behind it is
 * foreseen. */
#include "format/text/ndjson_kernels.h"

#if FIRN_HAS_X86

#include <immintrin.h>

/* NOLINTBEGIN(portability-simd-intrinsics): plain C stands in ndjson_kernels.c */

#define NDJSON_TARGET FIRN_TARGET_AVX2

NDJSON_TARGET static inline __m256i load_32(const char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

NDJSON_TARGET static inline bool starts_with(const char *p, const ndjson_literal *literal)
{
    const __m256i same = _mm256_cmpeq_epi8(load_32(p), load_32(literal->text));

    return (~(uint32_t)_mm256_movemask_epi8(same) & literal->mask) == 0;
}

NDJSON_TARGET static inline const char *string_stop(const char *p)
{
    const __m256i control = _mm256_set1_epi8(0x1f);

    for (;; p += 32) {
        const __m256i v = load_32(p);
        const __m256i marks =
            _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"')),
                                            _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'))),
                            _mm256_cmpeq_epi8(_mm256_max_epu8(v, control), control));
        const uint32_t mask = (uint32_t)_mm256_movemask_epi8(marks);
        if (mask != 0) return p + _tzcnt_u32(mask);
    }
}

NDJSON_TARGET static bool is_ascii(const char *p, size_t n)
{
    __m256i sum = _mm256_setzero_si256();
    uint8_t rest = 0;

    for (; n >= 128; p += 128, n -= 128) {
        const __m256i a = _mm256_or_si256(load_32(p), load_32(p + 32));
        const __m256i b = _mm256_or_si256(load_32(p + 64), load_32(p + 96));
        sum = _mm256_or_si256(sum, _mm256_or_si256(a, b));
    }
    for (; n >= 32; p += 32, n -= 32) sum = _mm256_or_si256(sum, load_32(p));
    for (; n > 0; p++, n--) rest |= (uint8_t)*p;
    return _mm256_movemask_epi8(sum) == 0 && rest < 0x80;
}

/* Up to 12 bytes, of 16 that can be read. */
NDJSON_TARGET static inline firn_view inline_view(const char *p, size_t n)
{
    const __m128i index = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m128i keep = _mm_cmpgt_epi8(_mm_set1_epi8((char)n), index);
    const __m128i bytes = _mm_and_si128(_mm_loadu_si128((const __m128i *)(const void *)p), keep);
    const __m128i all = _mm_or_si128(_mm_slli_si128(bytes, 4), _mm_cvtsi32_si128((int)n));
    firn_view view;

    _Static_assert(sizeof view == sizeof all, "a view is one register");
    memcpy(&view, &all, sizeof view);
    return view;
}

#include "format/text/ndjson_members.h"

const ndjson_kernels ndjson_kernels_avx2 = NDJSON_KERNELS(FIRN_CPU_AVX2);

/* NOLINTEND(portability-simd-intrinsics) */

#endif
