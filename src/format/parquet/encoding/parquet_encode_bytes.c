/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings made from a page's PLAIN form.
 *
 *   DELTA_LENGTH_BYTE_ARRAY: <lengths, DELTA_BINARY_PACKED> <all bytes>
 *   DELTA_BYTE_ARRAY:        <lengths of the prefix shared with the value before, the same>
 *                            <suffixes, DELTA_LENGTH_BYTE_ARRAY>
 *   BYTE_STREAM_SPLIT:       <first bytes of all values> <second bytes> ...
 *
 * Not here: whether one is worth it (parquet_column_values.c). */
#include <string.h>

#include "base/cursor.h"
#include "format/parquet/encoding/parquet_encode.h"

/* n numbers of scratch; NULL sets the status of out. */
static int32_t *take_words(firn_buf *words, size_t n, firn_buf *out)
{
    firn_buf_clear(words);
    int32_t *at = (int32_t *)(void *)firn_buf_reserve(words, (n + 1) * sizeof *at);
    if (!at && out->status == FIRN_OK) out->status = FIRN_ERR_NOMEM;
    return at;
}

#define PIECE ((size_t)32)

/* Copies short pieces without a call, for which there must be room for PIECE bytes more. */
static inline char *put_piece(char *to, const char *from, size_t n, size_t readable)
{
    if (n <= PIECE && readable >= PIECE)
        memcpy(to, from, PIECE);
    else if (n)
        memcpy(to, from, n);
    return to + n;
}

void firn_delta_length_encode(firn_buf *out, firn_str plain, size_t n, firn_buf *words)
{
    int32_t *lengths = take_words(words, n, out);
    const char *at = plain.data;
    if (!lengths) return;
    for (size_t i = 0; i < n; i++) {
        lengths[i] = (int32_t)firn_load_u32le(at);
        at += sizeof(uint32_t) + (size_t)lengths[i];
    }
    firn_delta_encode_i32(out, lengths, n);
    char *to = firn_buf_reserve(out, plain.len + PIECE);
    if (!to) return;
    const char *const start = to, *const end = plain.data + plain.len;
    at = plain.data;
    for (size_t i = 0; i < n; i++) {
        at += sizeof(uint32_t);
        to = put_piece(to, at, (size_t)lengths[i], (size_t)(end - at));
        at += lengths[i];
    }
    out->len += (size_t)(to - start);
}

static size_t shared_prefix(const char *a, size_t a_len, const char *b, size_t b_len)
{
    const size_t limit = a_len < b_len ? a_len : b_len;
    size_t i = 0;
    for (; i + 8 <= limit; i += 8) {
        const uint64_t x = firn_load_u64le(a + i) ^ firn_load_u64le(b + i);
        if (x) return i + (size_t)__builtin_ctzll(x) / 8;
    }
    while (i < limit && a[i] == b[i]) i++;
    return i;
}

void firn_delta_bytes_encode(firn_buf *out, firn_str plain, size_t n, firn_buf *words)
{
    int32_t *prefixes = take_words(words, 2 * n, out);
    if (!prefixes) return;
    int32_t *suffixes = prefixes + n;
    const char *at = plain.data, *last = at;
    size_t last_len = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t len = firn_load_u32le(at);
        at += sizeof(uint32_t);
        const size_t shared = shared_prefix(last, last_len, at, len);
        prefixes[i] = (int32_t)shared;
        suffixes[i] = (int32_t)(len - shared);
        last = at;
        last_len = len;
        at += len;
    }
    firn_delta_encode_i32(out, prefixes, n);
    firn_delta_encode_i32(out, suffixes, n);
    char *to = firn_buf_reserve(out, plain.len + PIECE);
    if (!to) return;
    const char *const start = to, *const end = plain.data + plain.len;
    at = plain.data;
    for (size_t i = 0; i < n; i++) {
        at += sizeof(uint32_t) + (size_t)prefixes[i];
        to = put_piece(to, at, (size_t)suffixes[i], (size_t)(end - at));
        at += suffixes[i];
    }
    out->len += (size_t)(to - start);
}

static void split4(const char *from, size_t n, char *to)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t v = firn_load_u32le(from + i * 4);
        for (size_t k = 0; k < 4; k++) to[k * n + i] = (char)(v >> (8 * k));
    }
}

static void split8(const char *from, size_t n, char *to)
{
    for (size_t i = 0; i < n; i++) {
        const uint64_t v = firn_load_u64le(from + i * 8);
        for (size_t k = 0; k < 8; k++) to[k * n + i] = (char)(v >> (8 * k));
    }
}

void firn_stream_split_encode(firn_buf *out, firn_str plain, size_t width)
{
    char *to = firn_buf_reserve(out, plain.len + 1);
    if (!to) return;
    if (width == 4)
        split4(plain.data, plain.len / 4, to);
    else
        split8(plain.data, plain.len / 8, to);
    out->len += plain.len;
}
