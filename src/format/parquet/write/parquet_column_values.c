/* SPDX-License-Identifier: Apache-2.0 */
/* Every chunk (booleans aside) begins with a dictionary. When its first page is full, that page is
 * tried out: under the dictionary, PLAIN and what else its type may have, compressed as it will be.
 * The smallest wins, PLAIN and the dictionary before a small gain. If the dictionary loses, or
 * later outgrows its limit, the page at hand is rewritten and the rest of the chunk goes without;
 * pages written before keep their indices. */
#include "format/parquet/write/parquet_column_values.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "format/parquet/encoding/parquet_encode.h"

/* Trials look at the values that take about so many bytes, PLAIN. */
#define TRIAL_BYTES ((size_t)64 << 10)
/* Encodings that not every reader knows must save this part of what the known ones take. */
#define GAIN(size) ((size) - (size) / 32)
/* Pages of a chunk that share a dictionary, when its size is guessed from the first. */
#define CHUNK_PAGES 16.0
/* From this part of new values on, what is still to come is no more foreseen to become less. */
#define MOSTLY_NEW 0.9

static bool is_wide_decimal(const firn_parquet_leaf *leaf)
{
    return leaf->type->kind == FIRN_TYPE_DECIMAL && leaf->physical == FIRN_PHYSICAL_FIXED;
}

bool firn_parquet_has_views(const firn_parquet_leaf *leaf)
{
    return leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY || leaf->physical == FIRN_PHYSICAL_FIXED;
}

size_t firn_parquet_plain_width(const firn_parquet_leaf *leaf)
{
    switch (leaf->physical) {
    case FIRN_PHYSICAL_BOOLEAN: return 1; /* a bit in the page */
    case FIRN_PHYSICAL_INT32:
    case FIRN_PHYSICAL_FLOAT: return 4;
    case FIRN_PHYSICAL_INT64:
    case FIRN_PHYSICAL_DOUBLE: return 8;
    default: return 0;
    }
}

size_t firn_parquet_views_bytes(const firn_view *v, size_t n, bool has_lengths)
{
    size_t total = has_lengths ? n * sizeof(uint32_t) : 0;
    for (size_t i = 0; i < n; i++) total += v[i].len;
    return total;
}

/* ---- values of the page ---- */

/* Copies the bytes of a long view, the short ones of them by words that overlap, without a call. */
static inline void copy_long(char *to, const char *from, size_t n)
{
    if (n > 32) {
        memcpy(to, from, n);
    } else if (n >= 16) {
        memcpy(to, from, 16);
        memcpy(to + n - 16, from + n - 16, 16);
    } else {
        memcpy(to, from, 8);
        memcpy(to + n - 8, from + n - 8, 8);
    }
}

static void plain_views(firn_parquet_column *c, const firn_view *v, size_t n)
{
    const bool has_lengths = c->leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY;
    const size_t total = firn_parquet_views_bytes(v, n, has_lengths);
    /* inline bytes are copied all 12 */
    char *to = firn_buf_reserve(&c->values, total + sizeof v->as.inlined);
    if (!to) return;
    for (size_t i = 0; i < n; i++) {
        const uint32_t len = v[i].len;
        if (has_lengths) {
            memcpy(to, &len, sizeof len);
            to += sizeof len;
        }
        if (len <= sizeof v->as.inlined)
            memcpy(to, v[i].as.inlined, sizeof v->as.inlined);
        else
            copy_long(to, v[i].as.ref.data, len);
        to += len;
    }
    c->values.len += total;
}

static firn_status add_plain(firn_parquet_column *c, const void *values, size_t n, firn_error *err)
{
    if (!is_wide_decimal(c->leaf)) firn_parquet_bounds_add(&c->page, values, n);
    if (firn_parquet_has_views(c->leaf))
        plain_views(c, values, n);
    else
        firn_buf_append(&c->values, values, n * firn_parquet_plain_width(c->leaf));
    return firn_buf_check(&c->values, err);
}

static const uint32_t *page_indices(const firn_parquet_column *c)
{
    return (const uint32_t *)(const void *)c->indices.data;
}

/* The distinct ones of the page's indices in ascending order; NULL when out of memory. */
static const uint32_t *distinct_indices(const firn_parquet_column *c, firn_buf *buf, size_t *n)
{
    const uint32_t *indices = page_indices(c);
    const size_t n_entries = c->dict.n, n_indices = c->indices.len / sizeof *indices;
    firn_buf_clear(buf);
    char *at = firn_buf_reserve(buf, n_entries * (sizeof *indices + 1));
    if (!at) return NULL;
    uint32_t *out = (uint32_t *)(void *)at;
    char *seen = at + n_entries * sizeof *out;
    memset(seen, 0, n_entries);
    for (size_t i = 0; i < n_indices; i++) seen[indices[i]] = 1;
    size_t k = 0;
    for (uint32_t i = 0; i < n_entries; i++) {
        out[k] = i;
        k += (size_t)seen[i];
    }
    *n = k;
    return out;
}

/* Bounds of the page's views that are indices; numbers are compared faster as they come. A small
 * dictionary is gone through once; views that are mostly different anyway are taken as they are. */
static firn_status add_dictionary_bounds(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                         firn_error *err)
{
    size_t n = c->indices.len / sizeof(uint32_t);
    const uint32_t *indices = page_indices(c);
    if (n == 0 || !c->dict.has_views || is_wide_decimal(c->leaf) || c->page.kind == FIRN_STATS_NONE)
        return FIRN_OK;
    if (c->dict.n < n) indices = distinct_indices(c, &scratch->words, &n);
    if (!indices) return firn_fail_nomem(err);
    firn_buf_clear(&scratch->trial);
    firn_parquet_dict_values(&c->dict, indices, n, &scratch->trial);
    FIRN_TRY(firn_buf_check(&scratch->trial, err));
    firn_parquet_bounds_add(&c->page, scratch->trial.data, n);
    return FIRN_OK;
}

/* ---- trying encodings ---- */

/* The part of the page at hand that trials look at, in PLAIN form. */
typedef struct trial {
    firn_str plain;
    size_t n;
    firn_parquet_encoding best; /* without the dictionary */
    size_t best_size;
    size_t plain_size; /* compressed */
} trial;

static void encode(const firn_parquet_column *c, firn_parquet_encoding encoding, firn_str plain,
                   size_t n, firn_buf *words, firn_buf *out)
{
    switch (encoding) {
    case FIRN_ENCODING_DELTA:
        if (c->leaf->physical == FIRN_PHYSICAL_INT32)
            firn_delta_encode_i32(out, (const int32_t *)(const void *)plain.data, n);
        else
            firn_delta_encode_i64(out, (const int64_t *)(const void *)plain.data, n);
        break;
    case FIRN_ENCODING_DELTA_LENGTH: firn_delta_length_encode(out, plain, n, words); break;
    case FIRN_ENCODING_DELTA_BYTES: firn_delta_bytes_encode(out, plain, n, words); break;
    case FIRN_ENCODING_STREAM_SPLIT:
        firn_stream_split_encode(out, plain, firn_parquet_plain_width(c->leaf));
        break;
    default: firn_buf_str(out, plain);
    }
}

static firn_status packed_size(const firn_parquet_settings *settings, firn_parquet_scratch *scratch,
                               firn_str bytes, size_t *out, firn_error *err)
{
    *out = bytes.len;
    if (settings->codec == FIRN_CODEC_NONE) return FIRN_OK;
    firn_buf_clear(&scratch->packed);
    FIRN_TRY(firn_codec_compress(scratch->codec_ctx, settings->codec, settings->codec_level, bytes,
                                 &scratch->packed, err));
    *out = scratch->packed.len;
    return FIRN_OK;
}

static firn_status try_encoding(const firn_parquet_column *c, firn_parquet_scratch *scratch,
                                firn_parquet_encoding encoding, trial *t, firn_error *err)
{
    size_t size = 0;
    firn_buf_clear(&scratch->trial);
    encode(c, encoding, t->plain, t->n, &scratch->words, &scratch->trial);
    FIRN_TRY(firn_buf_check(&scratch->trial, err));
    FIRN_TRY(packed_size(c->settings, scratch, firn_buf_view(&scratch->trial), &size, err));
    if (size >= t->best_size || size > GAIN(t->plain_size)) return FIRN_OK;
    t->best = encoding;
    t->best_size = size;
    return FIRN_OK;
}

/* How many of the page's values make a trial: all, or as many as take TRIAL_BYTES. */
static size_t trial_values(size_t n, size_t plain_bytes)
{
    if (plain_bytes <= TRIAL_BYTES) return n;
    const size_t some = (size_t)((double)n * (double)TRIAL_BYTES / (double)plain_bytes);
    return some ? some : 1;
}

/* Bytes of the first n of the values in PLAIN form. */
static size_t plain_prefix(const firn_parquet_column *c, firn_str plain, size_t n)
{
    const size_t width = c->leaf->physical == FIRN_PHYSICAL_FIXED
                             ? (size_t)c->leaf->type_length
                             : firn_parquet_plain_width(c->leaf);
    if (width) return n * width;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t len;
        memcpy(&len, plain.data + at, sizeof len);
        at += sizeof len + len;
    }
    return at;
}

/* PLAIN and its rivals over the first values in c->values. */
static firn_status try_all(const firn_parquet_column *c, firn_parquet_scratch *scratch, trial *t,
                           firn_error *err)
{
    const firn_str all = firn_buf_view(&c->values);
    t->plain = (firn_str){all.data, plain_prefix(c, all, t->n)};
    t->best = FIRN_ENCODING_PLAIN;
    FIRN_TRY(packed_size(c->settings, scratch, t->plain, &t->plain_size, err));
    t->best_size = t->plain_size;
    if (c->settings->encodings == FIRN_PARQUET_ENCODINGS_V1) return FIRN_OK;
    switch (c->leaf->physical) {
    case FIRN_PHYSICAL_INT32:
    case FIRN_PHYSICAL_INT64:
        FIRN_TRY(try_encoding(c, scratch, FIRN_ENCODING_DELTA, t, err));
        return try_encoding(c, scratch, FIRN_ENCODING_STREAM_SPLIT, t, err);
    case FIRN_PHYSICAL_FLOAT:
    case FIRN_PHYSICAL_DOUBLE: return try_encoding(c, scratch, FIRN_ENCODING_STREAM_SPLIT, t, err);
    case FIRN_PHYSICAL_BYTE_ARRAY:
        FIRN_TRY(try_encoding(c, scratch, FIRN_ENCODING_DELTA_LENGTH, t, err));
        return try_encoding(c, scratch, FIRN_ENCODING_DELTA_BYTES, t, err);
    default: return FIRN_OK;
    }
}

static void put_indices(const firn_parquet_column *c, size_t n, firn_buf *out)
{
    const int width = firn_bit_width(c->dict.n - 1);
    const int bits = width ? width : 1; /* not all readers take a width of 0 */
    firn_buf_byte(out, (uint8_t)bits);
    firn_rle_encode(out, page_indices(c), n, bits);
}

/* How many entries the dictionary will have when the chunk has CHUNK_PAGES pages like the first,
 * from the part of the last rows that was new. If all values are equally likely, that part is what
 * the dictionary lacks of them; values that are mostly new stay so. */
static double foreseen_entries(const firn_parquet_column *c)
{
    const double n = c->dict.n, pages = CHUNK_PAGES - 1;
    const double to_come = pages * (double)c->n_values;
    const double part_new = c->last_n_added ? (double)c->last_n_new / (double)c->last_n_added : 0;
    if (part_new >= MOSTLY_NEW) return n + part_new * to_come;
    const double all = n / (1 - part_new);
    return n + (all - n) * (1 - exp(-to_come / all));
}

/* What the dictionary costs for t->n values: their indices and their share of its entries. */
static firn_status dictionary_size(const firn_parquet_column *c, firn_parquet_scratch *scratch,
                                   const trial *t, bool is_end, size_t *out, firn_error *err)
{
    firn_buf_clear(&scratch->trial);
    put_indices(c, t->n, &scratch->trial);
    FIRN_TRY(firn_buf_check(&scratch->trial, err));
    FIRN_TRY(packed_size(c->settings, scratch, firn_buf_view(&scratch->trial), out, err));
    const double part = (double)t->n / (double)c->n_values;
    const double ratio = (double)t->plain_size / (double)(t->plain.len + 1);
    const double entries = is_end ? (double)c->dict.n : foreseen_entries(c) / CHUNK_PAGES;
    *out += (size_t)(entries * (double)c->dict.bytes / (double)c->dict.n * part * ratio);
    return FIRN_OK;
}

/* The page at hand in PLAIN form behind c->values. */
static firn_status expand_page(firn_parquet_column *c, firn_error *err)
{
    firn_buf_clear(&c->values);
    firn_parquet_dict_expand(&c->dict, page_indices(c), c->indices.len / sizeof(uint32_t),
                             &c->values);
    return firn_buf_check(&c->values, err);
}

/* c->values has the page at hand in PLAIN form. */
static firn_status leave_dictionary(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                    firn_parquet_encoding encoding, firn_error *err)
{
    FIRN_TRY(add_dictionary_bounds(c, scratch, err));
    firn_buf_dispose(&c->indices);
    firn_buf_init(&c->indices, c->settings->alloc, 0);
    if (!firn_parquet_chunk_has_dictionary(&c->chunk)) firn_parquet_dict_clear(&c->dict);
    c->encoding = encoding;
    c->is_settled = true;
    return FIRN_OK;
}

/* The dictionary is full in the middle of a page. */
static firn_status outgrow_dictionary(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                      firn_error *err)
{
    trial t = {.n = trial_values(c->indices.len / sizeof(uint32_t), c->plain_bytes)};
    FIRN_TRY(expand_page(c, err));
    if (t.n) FIRN_TRY(try_all(c, scratch, &t, err));
    return leave_dictionary(c, scratch, t.n ? t.best : FIRN_ENCODING_PLAIN, err);
}

/* The first page decides whether the dictionary stays. */
static firn_status settle(firn_parquet_column *c, firn_parquet_scratch *scratch, bool is_end,
                          firn_error *err)
{
    trial t = {.n = trial_values(c->n_values, c->plain_bytes)};
    size_t size = 0;
    c->is_settled = true;
    FIRN_TRY(expand_page(c, err));
    FIRN_TRY(try_all(c, scratch, &t, err));
    FIRN_TRY(dictionary_size(c, scratch, &t, is_end, &size, err));
    if (size > t.best_size) return leave_dictionary(c, scratch, t.best, err);
    firn_buf_clear(&c->values);
    return FIRN_OK;
}

static firn_status add_indices(firn_parquet_column *c, const firn_parquet_run *run, size_t *n_done,
                               firn_error *err)
{
    const uint32_t before = c->dict.n;
    const void *values = run->values;
    const size_t n = run->n_values;
    uint32_t *to = (uint32_t *)(void *)firn_buf_reserve(&c->indices, n * sizeof(uint32_t));
    if (!to) return firn_buf_check(&c->indices, err);
    FIRN_TRY(run->codes.numbers && c->dict.has_views
                 ? firn_parquet_dict_add_coded(&c->dict, values, &run->codes, n, to, n_done, err)
                 : firn_parquet_dict_add(&c->dict, values, n, to, n_done, err));
    c->indices.len += *n_done * sizeof *to;
    c->plain_bytes += firn_parquet_has_views(c->leaf)
                          ? firn_parquet_views_bytes(values, *n_done, c->dict.has_lengths)
                          : *n_done * firn_parquet_plain_width(c->leaf);
    c->last_n_new = c->dict.n - before;
    c->last_n_added = (uint32_t)*n_done;
    if (!c->dict.has_views) firn_parquet_bounds_add(&c->page, values, *n_done);
    return FIRN_OK;
}

firn_status firn_parquet_values_add(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                    const firn_parquet_run *run, firn_error *err)
{
    const void *values = run->values;
    const size_t n = run->n_values;
    size_t n_done = 0;
    if (n == 0 || !values) return FIRN_OK;
    if (c->encoding == FIRN_ENCODING_DICTIONARY) {
        FIRN_TRY(add_indices(c, run, &n_done, err));
        if (n_done == n) return FIRN_OK;
        FIRN_TRY(outgrow_dictionary(c, scratch, err));
    }
    const size_t width =
        firn_parquet_has_views(c->leaf) ? sizeof(firn_view) : firn_parquet_plain_width(c->leaf);
    return add_plain(c, (const char *)values + n_done * width, n - n_done, err);
}

firn_status firn_parquet_values_end(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                    bool is_end, firn_error *err)
{
    if (c->encoding != FIRN_ENCODING_DICTIONARY) return FIRN_OK;
    if (!c->is_settled) FIRN_TRY(settle(c, scratch, is_end, err));
    return add_dictionary_bounds(c, scratch, err); /* nothing is left if settle() did it */
}

void firn_parquet_values_put(firn_parquet_column *c, firn_parquet_scratch *scratch)
{
    if (c->encoding == FIRN_ENCODING_DICTIONARY)
        put_indices(c, c->n_values, &scratch->raw);
    else if (c->leaf->physical == FIRN_PHYSICAL_BOOLEAN)
        firn_plain_encode_bool(&scratch->raw, (const uint8_t *)c->values.data, c->n_values);
    else
        encode(c, c->encoding, firn_buf_view(&c->values), c->n_values, &scratch->words,
               &scratch->raw);
}
