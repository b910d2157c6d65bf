/* SPDX-License-Identifier: Apache-2.0 */
/* Byte scans of the NDJSON decoder that are short enough for plain C; those over many bytes are in
 * ndjson_kernels.h. */
#ifndef FIRN_FORMAT_NDJSON_SCAN_H
#define FIRN_FORMAT_NDJSON_SCAN_H

#include <string.h>

#include "firn/base.h"

/* Bytes behind a line that all scans may read; the decoder sees to it that they exist. */
#define NDJSON_PADDING 64
/* Longest key text, with its punctuation, that is predicted. */
#define NDJSON_LITERAL 32

/* White space inside a line; the newline is not, since it ends the line. */
static inline const char *ndjson_skip_space(const char *p)
{
    if (__builtin_expect((uint8_t)*p > ' ', 1)) return p;
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
