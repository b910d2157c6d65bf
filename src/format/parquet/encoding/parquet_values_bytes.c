/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding values of variable length: PLAIN, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY. Views
 * point into the page, except for the last one, whose strings have to be put together first. */
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/parquet/read/parquet_budget.h"

#define CHUNK       256
#define LENGTH_SIZE 4
#define INLINE_MAX  12

_Static_assert(sizeof(firn_view) == 16, "views are built as two words");

/* Which bytes of a view's two words are used, by length of the inline string. */
static const uint64_t k_first_word[INLINE_MAX + 1] = {
    0xffffffff,         0xffffffffff,       0xffffffffffff,     0xffffffffffffff,
    0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff,
    0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff,
    0xffffffffffffffff};
static const uint64_t k_second_word[INLINE_MAX + 1] = {0,
                                                       0,
                                                       0,
                                                       0,
                                                       0,
                                                       0xff,
                                                       0xffff,
                                                       0xffffff,
                                                       0xffffffff,
                                                       0xffffffffff,
                                                       0xffffffffffff,
                                                       0xffffffffffffff,
                                                       0xffffffffffffffff};

static firn_status fail_string(size_t len, size_t left, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "string of %zu bytes, %zu left in the page", len, left);
}

/* A plain string is its length and its bytes: a short one is its own view but for the tail. */
static inline void make_plain_view(const uint8_t *at, uint32_t len, firn_view *out)
{
    uint64_t words[2];
    words[0] = firn_load_u64le(at);
    if (len <= INLINE_MAX) {
        words[0] &= k_first_word[len];
        words[1] = firn_load_u64le(at + 8) & k_second_word[len];
    } else {
        words[1] = (uint64_t)(uintptr_t)(at + LENGTH_SIZE);
    }
    memcpy(out, words, sizeof words);
}

static firn_status read_plain_views(firn_pq_values *v, size_t n, firn_view *out, firn_error *err)
{
    const uint8_t *at = v->at;
    const uint8_t *const end = v->end;
    const bool check = v->conv->is_text && !v->is_text_checked;
    for (size_t i = 0; i < n; i++) {
        if (end - at < LENGTH_SIZE) return fail_string(LENGTH_SIZE, (size_t)(end - at), err);
        const uint32_t len = firn_load_u32le(at);
        if (len > (size_t)(end - at) - LENGTH_SIZE)
            return fail_string(len, (size_t)(end - at) - LENGTH_SIZE, err);
        make_plain_view(at, len, &out[i]);
        if (check)
            FIRN_TRY(firn_pq_check_text((firn_str){(const char *)at + LENGTH_SIZE, len}, err));
        at += LENGTH_SIZE + (size_t)len;
    }
    v->at = at;
    return FIRN_OK;
}

static firn_status read_plain_strings(firn_pq_values *v, firn_str *out, size_t n, firn_error *err)
{
    firn_cursor c = {v->at, v->end, v->at, 0};
    for (size_t i = 0; i < n; i++) {
        uint32_t len = 0;
        FIRN_TRY(firn_cursor_u32le(&c, &len, err));
        FIRN_TRY(firn_cursor_take(&c, len, &out[i], err));
    }
    v->at = c.at;
    return FIRN_OK;
}

firn_status firn_pq_bytes_read_plain(firn_pq_values *v, size_t n, void *out, firn_error *err)
{
    firn_str raw[CHUNK];
    char *to = out;
    if (v->conv->kind == FIRN_PQ_CONV_VIEW) return read_plain_views(v, n, out, err);
    while (n > 0) {
        const size_t k = n < CHUNK ? n : CHUNK;
        FIRN_TRY(read_plain_strings(v, raw, k, err));
        FIRN_TRY(firn_pq_convert_bytes(v->conv, raw, k, to, err));
        to += k * v->conv->out_width;
        n -= k;
    }
    return FIRN_OK;
}

bool firn_pq_bytes_has_lengths(int32_t encoding)
{
    return encoding == FIRN_PQ_ENC_DELTA_LENGTH_BYTE_ARRAY ||
           encoding == FIRN_PQ_ENC_DELTA_BYTE_ARRAY;
}

/* Begins one run of lengths and steps over it. */
static firn_status begin_lengths(firn_pq_delta *d, const uint8_t **at, const uint8_t *end,
                                 firn_error *err)
{
    FIRN_TRY(firn_pq_delta_init(d, *at, (size_t)(end - *at), err));
    return firn_pq_delta_end(d, at, err);
}

firn_status firn_pq_bytes_lengths_end(int32_t encoding, const uint8_t *end, const uint8_t **at,
                                      firn_error *err)
{
    firn_pq_delta d;
    FIRN_TRY(begin_lengths(&d, at, end, err));
    return encoding == FIRN_PQ_ENC_DELTA_BYTE_ARRAY ? begin_lengths(&d, at, end, err) : FIRN_OK;
}

/* Lengths first, then all bytes; with prefixes there is a second run of lengths between. */
firn_status firn_pq_bytes_begin_delta(firn_pq_values *v, firn_error *err)
{
    const uint8_t *at = v->stream ? (const uint8_t *)v->lengths.data : v->at;
    const uint8_t *end = v->stream ? at + v->lengths.len : v->end;
    FIRN_TRY(begin_lengths(&v->delta, &at, end, err));
    v->delta.kernels = v->kernels;
    if (v->encoding == FIRN_PQ_ENC_DELTA_BYTE_ARRAY) {
        FIRN_TRY(begin_lengths(&v->suffixes, &at, end, err));
        v->suffixes.kernels = v->kernels;
        firn_buf_dispose(&v->last);
        firn_buf_init(&v->last, NULL, FIRN_LIMIT_PAGE);
    }
    if (v->stream)
        v->stream->keep = true; /* a run of texts may begin in one window and end in the next */
    else
        v->at = at;
    return FIRN_OK;
}

/* The window is to have n bytes. What is put together of several is ASCII where all of them are. */
static firn_status need_bytes(firn_pq_values *v, size_t n, firn_error *err)
{
    const bool was_checked = v->is_text_checked;
    const firn_status st = firn_pq_page_stream_need(v->stream, n, &v->at, &v->end, err);
    if (st != FIRN_OK) return st == FIRN_DONE ? FIRN_OK : st;
    firn_pq_values_check_text(v);
    v->is_text_checked = v->is_text_checked && was_checked;
    return FIRN_OK;
}

static firn_status take_string(firn_pq_values *v, int64_t len, firn_str *out, firn_error *err)
{
    if (v->stream && len > v->end - v->at) FIRN_TRY(need_bytes(v, (size_t)len, err));
    const size_t left = (size_t)(v->end - v->at);
    if (len < 0 || (uint64_t)len > left)
        return firn_fail(err, FIRN_ERR_CORRUPT, "string of %lld bytes, %zu left in the page",
                         (long long)len, left);
    *out = (firn_str){(const char *)v->at, (size_t)len};
    v->at += len;
    return FIRN_OK;
}

/* As firn_pq_convert_bytes, without checking text that is known to be ASCII. */
static firn_status convert(const firn_pq_values *v, const firn_str *raw, size_t n, void *out,
                           firn_error *err)
{
    firn_pq_conv conv = *v->conv;
    if (v->is_text_checked) conv.is_text = false;
    if (conv.physical == FIRN_PQ_FIXED)
        for (size_t i = 0; i < n; i++)
            if (raw[i].len != conv.raw_width)
                return firn_fail(err, FIRN_ERR_CORRUPT, "value of %zu bytes, expected %zu",
                                 raw[i].len, conv.raw_width);
    if (conv.kind == FIRN_PQ_CONV_F16_F32 || conv.kind == FIRN_PQ_CONV_F16_F64) {
        for (size_t i = 0; i < n; i++)
            FIRN_TRY(firn_pq_convert(&conv, (const uint8_t *)raw[i].data, 1,
                                     (char *)out + i * conv.out_width, err));
        return FIRN_OK;
    }
    return firn_pq_convert_bytes(&conv, raw, n, out, err);
}

firn_status firn_pq_bytes_read_lengths(firn_pq_values *v, size_t n, void *out, firn_error *err)
{
    int64_t lengths[CHUNK];
    firn_str raw[CHUNK];
    char *to = out;
    while (n > 0) {
        const size_t k = n < CHUNK ? n : CHUNK;
        FIRN_TRY(firn_pq_delta_read(&v->delta, lengths, k, err));
        for (size_t i = 0; i < k; i++) FIRN_TRY(take_string(v, lengths[i], &raw[i], err));
        FIRN_TRY(convert(v, raw, k, to, err));
        to += k * v->conv->out_width;
        n -= k;
    }
    return FIRN_OK;
}

/* Bytes that a run of values needs, so that one block holds them all. */
static firn_status measure(const int64_t *prefix, const int64_t *suffix, size_t n, size_t last,
                           size_t *total, firn_error *err)
{
    *total = 0;
    for (size_t i = 0; i < n; i++) {
        if (prefix[i] < 0 || (uint64_t)prefix[i] > last || suffix[i] < 0 ||
            (uint64_t)suffix[i] > FIRN_LIMIT_PAGE)
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "string of %lld shared and %lld own bytes after one of %zu",
                             (long long)prefix[i], (long long)suffix[i], last);
        last = (size_t)prefix[i] + (size_t)suffix[i];
        *total += last;
        if (last > FIRN_LIMIT_PAGE || *total > FIRN_LIMIT_PAGE)
            return firn_fail(err, FIRN_ERR_LIMIT, "strings of more than %zu bytes together",
                             FIRN_LIMIT_PAGE);
    }
    return FIRN_OK;
}

/* Puts the strings together in dst and keeps a copy of the last one for the next call: the block
 * may be gone by then. */
static firn_status join(firn_pq_values *v, const int64_t *prefix, const int64_t *suffix, size_t n,
                        char *dst, firn_str *raw, firn_error *err)
{
    firn_str last = firn_buf_view(&v->last);
    for (size_t i = 0; i < n; i++) {
        firn_str own = {NULL, 0};
        FIRN_TRY(take_string(v, suffix[i], &own, err));
        const size_t shared = (size_t)prefix[i];
        if (shared > 0) memcpy(dst, last.data, shared);
        if (own.len > 0) memcpy(dst + shared, own.data, own.len);
        raw[i] = last = (firn_str){dst, shared + own.len};
        dst += last.len;
    }
    firn_buf_clear(&v->last);
    firn_buf_append(&v->last, last.data, last.len);
    return firn_buf_check(&v->last, err);
}

firn_status firn_pq_bytes_read_prefixes(firn_pq_values *v, size_t n, void *out, firn_error *err)
{
    int64_t prefix[CHUNK];
    int64_t suffix[CHUNK];
    firn_str raw[CHUNK];
    char *to = out;
    while (n > 0) {
        const size_t k = n < CHUNK ? n : CHUNK;
        size_t total = 0;
        firn_pq_block *block = NULL;
        FIRN_TRY(firn_pq_delta_read(&v->delta, prefix, k, err));
        FIRN_TRY(firn_pq_delta_read(&v->suffixes, suffix, k, err));
        FIRN_TRY(measure(prefix, suffix, k, v->last.len, &total, err));
        if (v->blocks->budget) FIRN_TRY(firn_pq_budget_ask(v->blocks->budget, total));
        FIRN_TRY(firn_pq_block_take(v->blocks, total, &block, err));
        firn_status st = join(v, prefix, suffix, k, (char *)block->data, raw, err);
        if (st == FIRN_OK) st = convert(v, raw, k, to, err);
        firn_pq_block_retire(v->blocks, block);
        FIRN_TRY(st);
        to += k * v->conv->out_width;
        n -= k;
    }
    return FIRN_OK;
}
