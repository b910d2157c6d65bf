/* SPDX-License-Identifier: Apache-2.0 */
/* Byte scans of the NDJSON decoder: 16 bytes at a time with SSE2 (part of every x86-64), plain C
 * elsewhere. All of them may read up to NDJSON_PADDING bytes behind the line; the decoder sees to
 * it that those exist. */
#ifndef FIRN_FORMAT_NDJSON_SCAN_H
#define FIRN_FORMAT_NDJSON_SCAN_H

#include <string.h>

#include "firn/base.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define NDJSON_PADDING 64
/* Longest key text, with its punctuation, that is predicted. */
#define NDJSON_LITERAL 32

/* True if the text at p starts with the n bytes (at most NDJSON_LITERAL) of literal, which is an
 * array of NDJSON_LITERAL bytes. */
static inline bool ndjson_starts_with(const char *p, const char *literal, size_t n)
{
#if defined(__SSE2__)
    const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)literal);
    const __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));
    const __m128i d = _mm_loadu_si128((const __m128i *)(const void *)(literal + 16));
    const uint64_t low = (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b));
    const uint64_t high = (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(c, d));
    /* No branch on the length: it changes with every key. */
    return (~(low | high << 16) & ((UINT64_C(1) << n) - 1)) == 0;
#else
    return memcmp(p, literal, n) == 0;
#endif
}

#if defined(__SSE2__)
/* A bit for each of 16 bytes that is a quote, a backslash or a control character. */
static inline uint32_t ndjson_string_marks(const char *p)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m128i control = _mm_set1_epi8(0x1f);
    const __m128i special = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))),
        _mm_cmpeq_epi8(_mm_max_epu8(v, control), control));
    return (uint32_t)_mm_movemask_epi8(special);
}
#endif

/* First quote, backslash or control character at or behind p. The newline behind every line is a
 * control character, so this ends. 32 bytes at a time: most strings need one step, and the branch
 * behind it is foreseen. */
static inline const char *ndjson_string_stop(const char *p)
{
#if defined(__SSE2__)
    for (;; p += 32) {
        const uint32_t mask = ndjson_string_marks(p) | ndjson_string_marks(p + 16) << 16;
        if (mask != 0) return p + __builtin_ctz(mask);
    }
#else
    while ((uint8_t)*p >= 0x20 && *p != '"' && *p != '\\') p++;
    return p;
#endif
}

/* True if none of the n bytes has its high bit set. */
static inline bool ndjson_is_ascii(const char *p, size_t n)
{
    uint64_t high = 0;

#if defined(__SSE2__)
    __m128i sum = _mm_setzero_si128();
    for (; n >= 64; p += 64, n -= 64) {
        const __m128i *v = (const __m128i *)(const void *)p;
        const __m128i a = _mm_or_si128(_mm_loadu_si128(v), _mm_loadu_si128(v + 1));
        const __m128i b = _mm_or_si128(_mm_loadu_si128(v + 2), _mm_loadu_si128(v + 3));
        sum = _mm_or_si128(sum, _mm_or_si128(a, b));
    }
    for (; n >= 16; p += 16, n -= 16)
        sum = _mm_or_si128(sum, _mm_loadu_si128((const __m128i *)(const void *)p));
    high = (uint64_t)(uint32_t)_mm_movemask_epi8(sum);
    if (high != 0) return false;
#endif
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        high |= word;
    }
    for (; n > 0; p++, n--) high |= (uint8_t)*p;
    return (high & UINT64_C(0x8080808080808080)) == 0;
}

/* White space inside a line; the newline is not, since it ends the line. */
static inline const char *ndjson_skip_space(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r') p++;
    return p;
}

static inline bool ndjson_is_digit(char c)
{
    return (unsigned)(c - '0') <= 9;
}

/* UINT32_MAX when c is none. */
static inline uint32_t ndjson_hex_digit(char c)
{
    if (c >= '0' && c <= '9') return (uint32_t)(c - '0');
    if (c >= 'a' && c <= 'f') return (uint32_t)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return (uint32_t)(c - 'A') + 10;
    return UINT32_MAX;
}

/* Four hex digits at p; UINT32_MAX when one is not. */
static inline uint32_t ndjson_hex4(const char *p)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        const uint32_t digit = ndjson_hex_digit(p[i]);
        if (digit == UINT32_MAX) return UINT32_MAX;
        value = value << 4 | digit;
    }
    return value;
}

#endif
