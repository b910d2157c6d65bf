/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding values of fixed width, booleans and dictionary indices. One call decodes thousands of
 * values: the encoding is looked at once, the loops below have no calls in them. */
#include "format/parquet/encoding/parquet_values.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/limits.h"

#define CHUNK       1024 /* values in flight on the stack */
#define SPLIT_BYTES 8192
#define SPLIT_MAX   16 /* wider values are rebuilt in a block */
#define EACH_BYTE   UINT64_C(0x0101010101010101)
#define DIAGONAL    UINT64_C(0x8040201008040201)
#define LOW_SEVEN   UINT64_C(0x7f7f7f7f7f7f7f7f)

static firn_status fail_short(const char *what, size_t wanted, size_t left, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "%zu %s values wanted, %zu bytes left in the page",
                     wanted, what, left);
}

static size_t bytes_left(const firn_pq_values *v)
{
    return (size_t)(v->end - v->at);
}

/* ---- begin ---- */

static firn_status begin_indices(firn_pq_values *v, firn_error *err)
{
    if (!v->dictionary->is_present)
        return firn_fail(err, FIRN_ERR_CORRUPT, "page of dictionary indices without a dictionary");
    const unsigned width = *v->at++;
    if (width > 32)
        return firn_fail(err, FIRN_ERR_CORRUPT, "dictionary indices of %u bits, limit 32", width);
    v->rle = firn_pq_rle_of(v->at, bytes_left(v), width);
    v->rle.kernels = v->kernels;
    return FIRN_OK;
}

static firn_status begin_booleans(firn_pq_values *v, firn_error *err)
{
    firn_cursor c = {v->at, v->end, v->at, 0};
    uint32_t size = 0;
    FIRN_TRY(firn_cursor_u32le(&c, &size, err));
    if (size > firn_cursor_left(&c)) return firn_cursor_short(&c, size, err);
    v->rle = firn_pq_rle_of(c.at, size, 1);
    return FIRN_OK;
}

static firn_status begin_split(firn_pq_values *v, firn_error *err)
{
    const size_t width = v->conv->raw_width;
    if (bytes_left(v) % width != 0)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "byte stream split page of %zu bytes, not a multiple of %zu",
                         bytes_left(v), width);
    v->n_split = bytes_left(v) / width;
    v->split_at = 0;
    return FIRN_OK;
}

/* Which encodings fit which physical type. */
static bool is_allowed(firn_pq_encoding encoding, firn_pq_physical physical)
{
    const bool is_bytes = physical == FIRN_PQ_BYTE_ARRAY;
    switch (encoding) {
    case FIRN_PQ_ENC_PLAIN: return true;
    case FIRN_PQ_ENC_PLAIN_DICTIONARY:
    case FIRN_PQ_ENC_RLE_DICTIONARY: return physical != FIRN_PQ_BOOLEAN;
    case FIRN_PQ_ENC_RLE: return physical == FIRN_PQ_BOOLEAN;
    case FIRN_PQ_ENC_DELTA_BINARY_PACKED:
        return physical == FIRN_PQ_INT32 || physical == FIRN_PQ_INT64;
    case FIRN_PQ_ENC_DELTA_LENGTH_BYTE_ARRAY: return is_bytes;
    case FIRN_PQ_ENC_DELTA_BYTE_ARRAY: return is_bytes || physical == FIRN_PQ_FIXED;
    case FIRN_PQ_ENC_BYTE_STREAM_SPLIT:
        return !is_bytes && physical != FIRN_PQ_BOOLEAN && physical != FIRN_PQ_INT96;
    case FIRN_PQ_ENC_BIT_PACKED: break;
    }
    return false;
}

static firn_status check_encoding(int32_t encoding, firn_pq_physical physical, firn_error *err)
{
    if (encoding < FIRN_PQ_ENC_PLAIN || encoding > FIRN_PQ_ENC_BYTE_STREAM_SPLIT)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: page encoding %d", encoding);
    if (is_allowed((firn_pq_encoding)encoding, physical)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "page encoding %d for physical type %d", encoding,
                     (int)physical);
}

void firn_pq_values_check_text(firn_pq_values *v)
{
    v->is_text_checked = v->conv->is_text && v->kernels->is_ascii(v->at, bytes_left(v));
}

firn_status firn_pq_values_begin(firn_pq_values *v, int32_t encoding, const uint8_t *at,
                                 size_t size, size_t max_values, firn_error *err)
{
    FIRN_TRY(check_encoding(encoding, v->conv->physical, err));
    v->encoding = (firn_pq_encoding)encoding;
    v->at = at;
    v->end = at + size;
    v->bit = 0;
    v->is_text_checked = false;
    if (max_values > 0) firn_pq_values_check_text(v);
    /* A page of nulls only has no data, not even a header: reading a value from it must fail. */
    if (size == 0 && v->lengths.len == 0) v->encoding = FIRN_PQ_ENC_PLAIN;
    switch (v->encoding) {
    case FIRN_PQ_ENC_PLAIN_DICTIONARY:
    case FIRN_PQ_ENC_RLE_DICTIONARY: return begin_indices(v, err);
    case FIRN_PQ_ENC_RLE: return begin_booleans(v, err);
    case FIRN_PQ_ENC_DELTA_BINARY_PACKED:
        FIRN_TRY(firn_pq_delta_init(&v->delta, at, size, err));
        v->delta.kernels = v->kernels;
        return FIRN_OK;
    case FIRN_PQ_ENC_DELTA_LENGTH_BYTE_ARRAY:
    case FIRN_PQ_ENC_DELTA_BYTE_ARRAY: return firn_pq_bytes_begin_delta(v, err);
    case FIRN_PQ_ENC_BYTE_STREAM_SPLIT: return begin_split(v, err);
    case FIRN_PQ_ENC_PLAIN:
    case FIRN_PQ_ENC_BIT_PACKED: break;
    }
    return FIRN_OK;
}

/* ---- plain ---- */

static firn_status read_bits(firn_pq_values *v, size_t n, uint8_t *out, firn_error *err)
{
    if (n > (uint64_t)bytes_left(v) * 8 - v->bit)
        return fail_short("boolean", n, bytes_left(v), err);
    for (; n > 0 && (v->bit & 7) != 0; n--, v->bit++)
        *out++ = v->at[v->bit >> 3] >> (v->bit & 7) & 1;
    for (; n >= 8; n -= 8, v->bit += 8, out += 8) {
        /* Copy the byte eight times, keep bit i in byte i, make it 0 or 1. */
        const uint64_t spread = (v->at[v->bit >> 3] * EACH_BYTE) & DIAGONAL;
        const uint64_t ones = (spread + LOW_SEVEN) >> 7 & EACH_BYTE;
        memcpy(out, &ones, sizeof ones);
    }
    for (; n > 0; n--, v->bit++) *out++ = v->at[v->bit >> 3] >> (v->bit & 7) & 1;
    return FIRN_OK;
}

static firn_status read_plain(firn_pq_values *v, size_t n, void *out, firn_error *err)
{
    const size_t width = v->conv->raw_width;
    if (v->conv->physical == FIRN_PQ_BOOLEAN && v->conv->kind == FIRN_PQ_CONV_BOOL)
        return read_bits(v, n, out, err);
    if (v->conv->physical == FIRN_PQ_BYTE_ARRAY) return firn_pq_bytes_read_plain(v, n, out, err);
    if (width == 0 || n > bytes_left(v) / width) return fail_short("plain", n, bytes_left(v), err);
    const uint8_t *raw = v->at;
    v->at += n * width;
    return firn_pq_convert(v->conv, raw, n, out, err);
}

static firn_status read_windows(firn_pq_values *v, size_t n, char *out, firn_error *err)
{
    for (size_t k = 0; n > 0; n -= k) {
        FIRN_TRY(firn_pq_values_need(v, n, &k, err));
        FIRN_TRY(read_plain(v, k, out, err));
        out += k * v->conv->out_width;
    }
    return FIRN_OK;
}

/* ---- dictionary ---- */

static void gather(const firn_pq_values *v, const uint32_t *index, size_t n, char *out)
{
    const firn_pq_dictionary *d = v->dictionary;
    const size_t width = v->conv->out_width;
    switch (width) {
    case 4: v->kernels->gather_4(d->values, d->n, index, n, out); break;
    case 8: v->kernels->gather_8(d->values, d->n, index, n, out); break;
    case 16: v->kernels->gather_16(d->values, d->n, index, n, out); break;
    default:
        for (size_t i = 0; i < n; i++)
            memcpy(out + i * width, (const char *)d->values + (size_t)index[i] * width, width);
        break;
    }
}

static firn_status read_indices(firn_pq_values *v, size_t n, char *out, firn_error *err)
{
    uint32_t index[CHUNK];
    const size_t width = v->conv->out_width;
    /* Indices of so few bits cannot leave a dictionary that large. */
    const bool is_safe = (uint64_t)v->dictionary->n >= (uint64_t)1 << v->rle.width;
    while (n > 0) {
        const size_t k = n < CHUNK ? n : CHUNK;
        FIRN_TRY(firn_pq_rle_u32(&v->rle, index, k, err));
        if (!is_safe && v->kernels->max_u32(index, k) >= v->dictionary->n)
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "dictionary index out of range, the dictionary has %zu values",
                             v->dictionary->n);
        gather(v, index, k, out);
        out += k * width;
        n -= k;
    }
    return FIRN_OK;
}

/* ---- delta integers ---- */

static firn_status read_deltas(firn_pq_values *v, size_t n, char *out, firn_error *err)
{
    int64_t wide[CHUNK];
    int32_t narrow[CHUNK];
    const bool is_int32 = v->conv->physical == FIRN_PQ_INT32;
    while (n > 0) {
        const size_t k = n < CHUNK ? n : CHUNK;
        const void *raw = is_int32 ? (const void *)narrow : (const void *)wide;
        FIRN_TRY(firn_pq_delta_read(&v->delta, wide, k, err));
        if (is_int32)
            for (size_t i = 0; i < k; i++) narrow[i] = (int32_t)(uint32_t)(uint64_t)wide[i];
        FIRN_TRY(firn_pq_convert(v->conv, raw, k, out, err));
        out += k * v->conv->out_width;
        n -= k;
    }
    return FIRN_OK;
}

/* ---- byte stream split ---- */

/* n values from number split_at on. */
static void join_streams(const firn_pq_values *v, size_t n, uint8_t *out)
{
    const uint8_t *first = v->at + v->split_at;
    const size_t stride = v->n_split, width = v->conv->raw_width;
    if (width == 4) {
        v->kernels->join_4(first, stride, n, out);
    } else if (width == 8) {
        v->kernels->join_8(first, stride, n, out);
    } else {
        for (size_t j = 0; j < width; j++)
            for (size_t i = 0; i < n; i++) out[i * width + j] = first[j * stride + i];
    }
}

static firn_status read_split_wide(firn_pq_values *v, size_t n, void *out, firn_error *err)
{
    const size_t width = v->conv->raw_width;
    firn_pq_block *block = NULL;
    FIRN_TRY(firn_pq_block_take(v->blocks, n * width, &block, err));
    join_streams(v, n, block->data);
    v->split_at += n;
    const firn_status st = firn_pq_convert(v->conv, block->data, n, out, err);
    firn_pq_block_retire(v->blocks, block);
    return st;
}

static firn_status read_split(firn_pq_values *v, size_t n, char *out, firn_error *err)
{
    uint8_t raw[SPLIT_BYTES];
    const size_t width = v->conv->raw_width;
    if (n > v->n_split - v->split_at) return fail_short("byte stream split", n, bytes_left(v), err);
    if (width > SPLIT_MAX || v->conv->kind == FIRN_PQ_CONV_VIEW)
        return read_split_wide(v, n, out, err);
    while (n > 0) {
        const size_t k = n < SPLIT_BYTES / width ? n : SPLIT_BYTES / width;
        join_streams(v, k, raw);
        FIRN_TRY(firn_pq_convert(v->conv, raw, k, out, err));
        v->split_at += k;
        out += k * v->conv->out_width;
        n -= k;
    }
    return FIRN_OK;
}

/* ---- all ---- */

firn_status firn_pq_values_read(firn_pq_values *v, size_t n, void *out, firn_error *err)
{
    if (n == 0) return FIRN_OK;
    if (v->conv->kind == FIRN_PQ_CONV_NONE)
        return firn_fail(err, FIRN_ERR_CORRUPT, "%zu values in a column of nulls", n);
    switch (v->encoding) {
    case FIRN_PQ_ENC_PLAIN:
        return v->stream ? read_windows(v, n, out, err) : read_plain(v, n, out, err);
    case FIRN_PQ_ENC_PLAIN_DICTIONARY:
    case FIRN_PQ_ENC_RLE_DICTIONARY: return read_indices(v, n, out, err);
    case FIRN_PQ_ENC_RLE: return firn_pq_rle_u8(&v->rle, out, n, err);
    case FIRN_PQ_ENC_DELTA_BINARY_PACKED: return read_deltas(v, n, out, err);
    case FIRN_PQ_ENC_DELTA_LENGTH_BYTE_ARRAY: return firn_pq_bytes_read_lengths(v, n, out, err);
    case FIRN_PQ_ENC_DELTA_BYTE_ARRAY: return firn_pq_bytes_read_prefixes(v, n, out, err);
    case FIRN_PQ_ENC_BYTE_STREAM_SPLIT: return read_split(v, n, out, err);
    case FIRN_PQ_ENC_BIT_PACKED: break;
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "page encoding %d was not checked", (int)v->encoding);
}

/* ---- loading a dictionary ---- */

static firn_status reserve_dictionary(firn_pq_dictionary *d, size_t n, size_t width,
                                      firn_error *err)
{
    const size_t bytes = n * width; /* n is bounded by the page's bytes */
    if (bytes <= d->capacity_bytes) return FIRN_OK;
    firn_mem_free(NULL, d->values);
    d->capacity_bytes = 0;
    d->values = firn_mem_alloc(NULL, bytes);
    if (!d->values) return firn_fail_nomem(err);
    d->capacity_bytes = bytes;
    return FIRN_OK;
}

static firn_status check_dictionary(const firn_pq_values *v, const firn_pq_page *page,
                                    firn_error *err)
{
    const size_t least = v->conv->raw_width > 0 ? v->conv->raw_width : sizeof(uint32_t);
    if (v->dictionary->is_present)
        return firn_fail_at(err, page->offset, "second dictionary page in a column chunk");
    if (page->encoding != FIRN_PQ_ENC_PLAIN && page->encoding != FIRN_PQ_ENC_PLAIN_DICTIONARY)
        return firn_fail_at(err, page->offset, "dictionary page with encoding %d, expected plain",
                            page->encoding);
    if (v->conv->physical == FIRN_PQ_BOOLEAN)
        return firn_fail_at(err, page->offset, "dictionary page of booleans");
    if ((size_t)page->n_values > page->size / least)
        return firn_fail_at(err, page->offset, "dictionary of %d values in %zu bytes",
                            page->n_values, page->size);
    return FIRN_OK;
}

/* Does any of the views point into the page? */
static bool has_long_view(const firn_view *views, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (views[i].len > sizeof views[i].as.inlined) return true;
    return false;
}

firn_status firn_pq_dictionary_load(firn_pq_values *v, const firn_pq_page *page,
                                    firn_pq_pages *pages, firn_error *err)
{
    firn_pq_dictionary *d = v->dictionary;
    const size_t n = (size_t)page->n_values;
    FIRN_TRY(check_dictionary(v, page, err));
    v->stream = NULL;
    v->lengths = (firn_str){NULL, 0};
    if (v->conv->kind != FIRN_PQ_CONV_NONE) {
        FIRN_TRY(reserve_dictionary(d, n, v->conv->out_width, err));
        FIRN_TRY(firn_pq_values_begin(v, FIRN_PQ_ENC_PLAIN, page->data, page->size, n, err));
        FIRN_TRY(firn_pq_values_read(v, n, d->values, err));
    }
    if (pages->has_views && has_long_view(d->values, n)) {
        d->block = pages->block;
        pages->block = NULL;
    } else {
        firn_pq_pages_drop_block(pages);
    }
    d->n = v->conv->kind == FIRN_PQ_CONV_NONE ? 0 : n;
    d->is_present = true;
    return FIRN_OK;
}

void firn_pq_dictionary_reset(firn_pq_values *v)
{
    firn_pq_block_retire(v->blocks, v->dictionary->block);
    v->dictionary->block = NULL;
    v->dictionary->is_present = false;
    v->dictionary->n = 0;
}

void firn_pq_values_dispose(firn_pq_values *v)
{
    firn_pq_block_drop(v->blocks, v->dictionary->block);
    firn_mem_free(NULL, v->dictionary->values);
    firn_buf_dispose(&v->last);
}
