/* SPDX-License-Identifier: Apache-2.0 */
/* A column chunk: values come in runs, go to the page at hand, and full pages are compressed.
 *
 * Every chunk (booleans aside) begins with a dictionary. When its first page is full, the sizes of
 * that page under dictionary, PLAIN and DELTA_BINARY_PACKED decide; if the dictionary loses, or
 * later outgrows its limit, the page at hand is rewritten and the rest of the chunk is PLAIN or
 * DELTA. Pages written before keep their indices. */
#include "format/parquet_column.h"

#include <string.h>

#include "base/error.h"
#include "format/parquet_encode.h"
#include "format/parquet_page.h"

/* A dictionary page of highly repetitive text may stand for this many pages of plain text. */
#define DICTIONARY_PAGE_FACTOR 16
/* Levels per row of a page at most, so that pages of long lists stay small. */
#define LEVELS_PER_ROW 16

static bool may_use_delta(const firn_parquet_column *c)
{
    return !c->pages->no_delta &&
           (c->leaf->physical == FIRN_PHYSICAL_INT32 || c->leaf->physical == FIRN_PHYSICAL_INT64);
}

static bool has_views(const firn_parquet_leaf *leaf)
{
    return leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY || leaf->physical == FIRN_PHYSICAL_FIXED;
}

static bool is_wide_decimal(const firn_parquet_leaf *leaf)
{
    return leaf->type->kind == FIRN_TYPE_DECIMAL && leaf->physical == FIRN_PHYSICAL_FIXED;
}

/* Bytes of a PLAIN value; 0 for views. */
static size_t plain_width(const firn_parquet_leaf *leaf)
{
    switch (leaf->physical) {
    case FIRN_PHYSICAL_BOOLEAN: return 1; /* in c->values; a bit in the page */
    case FIRN_PHYSICAL_INT32:
    case FIRN_PHYSICAL_FLOAT: return 4;
    case FIRN_PHYSICAL_INT64:
    case FIRN_PHYSICAL_DOUBLE: return 8;
    default: return 0;
    }
}

static void begin_chunk(firn_parquet_column *c)
{
    const bool is_boolean = c->leaf->physical == FIRN_PHYSICAL_BOOLEAN;
    c->encoding = is_boolean ? FIRN_ENCODING_PLAIN : FIRN_ENCODING_DICTIONARY;
    c->is_settled = is_boolean;
    c->chunk = (firn_parquet_chunk){0};
    c->n_done = 0;
    c->dict_page = (firn_parquet_page){0};
    firn_parquet_dict_clear(&c->dict);
    firn_parquet_bounds_clear(&c->bounds);
}

void firn_parquet_column_init(firn_parquet_column *c, const firn_parquet_leaf *leaf,
                              firn_parquet_pages *pages)
{
    *c = (firn_parquet_column){.leaf = leaf, .pages = pages};
    firn_parquet_dict_init(&c->dict, plain_width(leaf), leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY,
                           pages->dictionary_bytes);
    firn_buf_init(&c->values, NULL, INT32_MAX);
    firn_buf_init(&c->indices, NULL, 0);
    firn_buf_init(&c->defs, NULL, 0);
    firn_buf_init(&c->reps, NULL, 0);
    firn_parquet_bounds_init(&c->bounds, leaf->type);
    firn_parquet_bounds_init(&c->file_bounds, leaf->type);
    begin_chunk(c);
}

static void free_pages(firn_parquet_column *c)
{
    for (size_t i = 0; i < c->n_done; i++) firn_mem_free(NULL, c->done[i].data);
    firn_mem_free(NULL, c->dict_page.data);
    c->n_done = 0;
    c->dict_page = (firn_parquet_page){0};
}

void firn_parquet_column_reset(firn_parquet_column *c)
{
    free_pages(c);
    begin_chunk(c);
}

void firn_parquet_column_dispose(firn_parquet_column *c)
{
    free_pages(c);
    firn_mem_free(NULL, c->done);
    firn_parquet_dict_dispose(&c->dict);
    firn_buf_dispose(&c->values);
    firn_buf_dispose(&c->indices);
    firn_buf_dispose(&c->defs);
    firn_buf_dispose(&c->reps);
    firn_parquet_bounds_dispose(&c->bounds);
    firn_parquet_bounds_dispose(&c->file_bounds);
}

/* ---- levels ---- */

static void fill(firn_buf *buf, uint8_t byte, size_t n)
{
    char *to = firn_buf_reserve(buf, n);
    if (!to) return;
    memset(to, byte, n);
    buf->len += n;
}

static firn_status add_levels(firn_parquet_column *c, const firn_parquet_run *run, firn_error *err)
{
    const uint8_t max_def = c->leaf->max_def;
    if (run->defs || c->defs.len) {
        if (c->defs.len == 0) fill(&c->defs, max_def, c->n_levels);
        if (run->defs)
            firn_buf_append(&c->defs, run->defs, run->n_levels);
        else
            fill(&c->defs, max_def, run->n_levels);
    }
    if (c->leaf->max_rep) firn_buf_append(&c->reps, run->reps, run->n_levels);
    FIRN_TRY(firn_buf_check(&c->defs, err));
    return firn_buf_check(&c->reps, err);
}

/* ---- values ---- */

static size_t views_bytes(const firn_view *v, size_t n, bool has_lengths)
{
    size_t total = has_lengths ? n * sizeof(uint32_t) : 0;
    for (size_t i = 0; i < n; i++) total += v[i].len;
    return total;
}

static void plain_views(firn_parquet_column *c, const firn_view *v, size_t n)
{
    const bool has_lengths = c->leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY;
    const size_t total = views_bytes(v, n, has_lengths);
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
            memcpy(to, v[i].as.ref.data, len);
        to += len;
    }
    c->values.len += total;
}

static firn_status add_plain(firn_parquet_column *c, const void *values, size_t n, firn_error *err)
{
    if (!is_wide_decimal(c->leaf)) firn_parquet_bounds_add(&c->bounds, values, n);
    if (has_views(c->leaf))
        plain_views(c, values, n);
    else
        firn_buf_append(&c->values, values, n * plain_width(c->leaf));
    return firn_buf_check(&c->values, err);
}

static void delta_encode(const firn_parquet_column *c, firn_str values, firn_buf *out)
{
    const void *data = values.data;
    if (c->leaf->physical == FIRN_PHYSICAL_INT32)
        firn_delta_encode_i32(out, data, values.len / 4);
    else
        firn_delta_encode_i64(out, data, values.len / 8);
}

/* Bounds of everything that went through the dictionary: all its entries occur. */
static void add_dictionary_bounds(firn_parquet_column *c)
{
    if (is_wide_decimal(c->leaf)) return;
    if (has_views(c->leaf)) {
        for (uint32_t i = 0; i < c->dict.n; i++)
            firn_parquet_bounds_add_bytes(&c->bounds, firn_parquet_dict_bytes(&c->dict, i));
        return;
    }
    const int64_t nan_count = c->bounds.nan_count; /* counted as the values came */
    firn_buf_clear(&c->pages->trial);
    firn_parquet_dict_plain(&c->dict, &c->pages->trial);
    firn_parquet_bounds_add(&c->bounds, c->pages->trial.data, c->dict.n);
    c->bounds.nan_count = nan_count;
}

/* Rewrite the page at hand without the dictionary and go on so. */
static firn_status leave_dictionary(firn_parquet_column *c, firn_error *err)
{
    firn_buf *trial = &c->pages->trial;
    const uint32_t *indices = (const uint32_t *)(const void *)c->indices.data;
    add_dictionary_bounds(c);
    firn_buf_clear(&c->values);
    firn_parquet_dict_expand(&c->dict, indices, c->indices.len / sizeof *indices, &c->values);
    FIRN_TRY(firn_buf_check(&c->values, err));
    firn_buf_clear(&c->indices);
    if (c->chunk.dictionary_pages == 0) firn_parquet_dict_clear(&c->dict);
    c->encoding = FIRN_ENCODING_PLAIN;
    c->is_settled = true;
    if (!may_use_delta(c) || c->values.len == 0) return FIRN_OK;
    firn_buf_clear(trial);
    delta_encode(c, firn_buf_view(&c->values), trial);
    if (trial->len * 4 < c->values.len * 3) c->encoding = FIRN_ENCODING_DELTA;
    return firn_buf_check(trial, err);
}

static size_t dictionary_cost(const firn_parquet_column *c, bool is_end)
{
    const size_t index_bytes = c->n_values * (size_t)firn_bit_width(c->dict.n - 1) / 8;
    if (is_end) return index_bytes + c->dict.bytes;
    /* pages to come add entries as the last rows did, and share what there is already */
    const size_t entry_bytes = c->dict.bytes / c->dict.n + 1;
    const size_t to_come =
        c->last_n_added ? c->n_values * c->last_n_new / c->last_n_added * entry_bytes : 0;
    return index_bytes + to_come + c->dict.bytes / 16;
}

/* The first page decides whether the dictionary stays. */
static firn_status settle(firn_parquet_column *c, bool is_end, firn_error *err)
{
    const size_t cost = dictionary_cost(c, is_end);
    c->is_settled = true;
    if (cost * 10 > c->plain_bytes * 9) return leave_dictionary(c, err);
    if (!may_use_delta(c)) return FIRN_OK;
    const uint32_t *indices = (const uint32_t *)(const void *)c->indices.data;
    firn_buf_clear(&c->values);
    firn_buf_clear(&c->pages->trial);
    firn_parquet_dict_expand(&c->dict, indices, c->n_values, &c->values);
    delta_encode(c, firn_buf_view(&c->values), &c->pages->trial);
    FIRN_TRY(firn_buf_check(&c->values, err));
    FIRN_TRY(firn_buf_check(&c->pages->trial, err));
    firn_buf_clear(&c->values);
    return c->pages->trial.len * 6 < cost * 5 ? leave_dictionary(c, err) : FIRN_OK;
}

static firn_status add_values(firn_parquet_column *c, const void *values, size_t n, firn_error *err)
{
    size_t n_done = 0;
    if (n == 0 || !values) return FIRN_OK;
    if (c->encoding == FIRN_ENCODING_DICTIONARY) {
        const uint32_t before = c->dict.n;
        uint32_t *to = (uint32_t *)(void *)firn_buf_reserve(&c->indices, n * sizeof(uint32_t));
        if (!to) return firn_buf_check(&c->indices, err);
        FIRN_TRY(firn_parquet_dict_add(&c->dict, values, n, to, &n_done, err));
        c->indices.len += n_done * sizeof *to;
        c->plain_bytes += has_views(c->leaf) ? views_bytes(values, n_done, c->dict.has_lengths)
                                             : n_done * plain_width(c->leaf);
        c->last_n_new = c->dict.n - before;
        c->last_n_added = (uint32_t)n_done;
        firn_parquet_bounds_add_nan(&c->bounds, values, n_done);
        if (n_done == n) return FIRN_OK;
        FIRN_TRY(leave_dictionary(c, err));
    }
    const size_t width = has_views(c->leaf) ? sizeof(firn_view) : plain_width(c->leaf);
    return add_plain(c, (const char *)values + n_done * width, n - n_done, err);
}

/* Decimals of 16 bytes to views of type_length bytes, big-endian. */
static firn_status wide_decimals(firn_parquet_column *c, const firn_int128 *values, size_t n,
                                 const firn_view **out, firn_error *err)
{
    const size_t len = (size_t)c->leaf->type_length;
    firn_buf *words = &c->pages->words;
    firn_buf_clear(words);
    char *to = firn_buf_reserve(words, n * (sizeof(firn_view) + len));
    if (!to) return firn_buf_check(words, err);
    firn_view *views = (firn_view *)(void *)to;
    char *bytes = to + n * sizeof *views;
    for (size_t i = 0; i < n; i++, bytes += len) {
        for (size_t k = 0; k < len; k++) bytes[len - 1 - k] = (char)(values[i] >> (8 * k));
        views[i] = firn_view_of(bytes, (uint32_t)len);
    }
    *out = views;
    return FIRN_OK;
}

static firn_status check_lengths(const firn_parquet_leaf *leaf, const firn_view *v, size_t n,
                                 firn_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].len != (uint32_t)leaf->type_length)
            return firn_fail(err, FIRN_ERR_ARG, "value of %u bytes in column \"%.*s\" of %d bytes",
                             v[i].len, FIRN_STR_ARG(leaf->path[leaf->n_path - 1]),
                             leaf->type_length);
    return FIRN_OK;
}

/* ---- pages ---- */

static void put_values(firn_parquet_column *c, firn_parquet_encoding encoding)
{
    firn_buf *raw = &c->pages->raw;
    if (encoding == FIRN_ENCODING_DICTIONARY) {
        const int width = firn_bit_width(c->dict.n - 1);
        const int bits = width ? width : 1; /* not all readers take a width of 0 */
        firn_buf_byte(raw, (uint8_t)bits);
        const uint32_t *indices = (const uint32_t *)(const void *)c->indices.data;
        firn_rle_encode(raw, indices, c->n_values, bits);
    } else if (encoding == FIRN_ENCODING_DELTA) {
        delta_encode(c, firn_buf_view(&c->values), raw);
    } else if (c->leaf->physical == FIRN_PHYSICAL_BOOLEAN) {
        firn_plain_encode_bool(raw, (const uint8_t *)c->values.data, c->n_values);
    } else {
        firn_buf_str(raw, firn_buf_view(&c->values));
    }
}

static void clear_page(firn_parquet_column *c)
{
    firn_buf_clear(&c->values);
    firn_buf_clear(&c->indices);
    firn_buf_clear(&c->defs);
    firn_buf_clear(&c->reps);
    c->n_rows = c->n_levels = c->n_values = c->plain_bytes = 0;
}

static firn_status push_page(firn_parquet_column *c, firn_parquet_encoding encoding,
                             firn_error *err)
{
    if (c->n_done == c->cap_done) {
        const size_t cap = c->cap_done ? c->cap_done * 2 : 16;
        firn_parquet_page *done = firn_mem_resize(NULL, c->done, cap * sizeof *done);
        if (!done) return firn_fail_nomem(err);
        c->done = done;
        c->cap_done = cap;
    }
    int64_t uncompressed = 0;
    firn_parquet_page *page = &c->done[c->n_done];
    FIRN_TRY(firn_parquet_page_data(c->pages, c->n_levels, encoding, page, &uncompressed, err));
    c->n_done++;
    c->chunk.uncompressed_bytes += uncompressed;
    c->chunk.compressed_bytes += (int64_t)page->len;
    c->chunk.dictionary_pages += encoding == FIRN_ENCODING_DICTIONARY;
    c->chunk.delta_pages += encoding == FIRN_ENCODING_DELTA;
    c->chunk.plain_pages += encoding == FIRN_ENCODING_PLAIN;
    return FIRN_OK;
}

static firn_status end_page(firn_parquet_column *c, bool is_end, firn_error *err)
{
    if (c->n_levels == 0) return FIRN_OK;
    if (!c->is_settled && c->n_values) FIRN_TRY(settle(c, is_end, err));
    /* a page of nulls needs no dictionary */
    const firn_parquet_encoding encoding = c->n_values ? c->encoding : FIRN_ENCODING_PLAIN;
    firn_buf_clear(&c->pages->raw);
    if (c->leaf->max_rep)
        firn_parquet_put_levels(c->pages, (const uint8_t *)c->reps.data, c->n_levels,
                                c->leaf->max_rep);
    if (c->leaf->max_def)
        firn_parquet_put_levels(c->pages, c->defs.len ? (const uint8_t *)c->defs.data : NULL,
                                c->n_levels, c->leaf->max_def);
    if (c->n_values) put_values(c, encoding);
    FIRN_TRY(push_page(c, encoding, err));
    c->chunk.n_levels += (int64_t)c->n_levels;
    c->chunk.null_count += (int64_t)(c->n_levels - c->n_values);
    clear_page(c);
    return FIRN_OK;
}

static bool is_page_full(const firn_parquet_column *c)
{
    return c->n_rows >= c->pages->page_rows || c->values.len >= c->pages->page_bytes ||
           c->plain_bytes >= DICTIONARY_PAGE_FACTOR * c->pages->page_bytes ||
           c->n_levels >= LEVELS_PER_ROW * c->pages->page_rows;
}

static firn_status append_piece(firn_parquet_column *c, const firn_parquet_run *run,
                                firn_error *err)
{
    const void *values = run->values;
    FIRN_TRY(add_levels(c, run, err));
    if (is_wide_decimal(c->leaf)) {
        const firn_view *views = NULL;
        firn_parquet_bounds_add(&c->bounds, values, run->n_values);
        FIRN_TRY(wide_decimals(c, values, run->n_values, &views, err));
        values = views;
    } else if (c->leaf->physical == FIRN_PHYSICAL_FIXED) {
        FIRN_TRY(check_lengths(c->leaf, values, run->n_values, err));
    }
    FIRN_TRY(add_values(c, values, run->n_values, err));
    c->n_rows += run->n_rows;
    c->n_levels += run->n_levels;
    c->n_values += run->n_values;
    return is_page_full(c) ? end_page(c, false, err) : FIRN_OK;
}

/* Rows from the start of rest with about a page of bytes, one at least. */
static firn_parquet_run cut_piece(const firn_parquet_column *c, const firn_parquet_run *rest)
{
    firn_parquet_run piece = *rest;
    const firn_view *v = rest->values;
    size_t bytes = 0;
    piece.n_rows = piece.n_levels = piece.n_values = 0;
    for (; piece.n_levels < rest->n_levels; piece.n_levels++) {
        const bool begins_row = !rest->reps || rest->reps[piece.n_levels] == 0;
        if (begins_row && bytes >= c->pages->page_bytes) break;
        piece.n_rows += begins_row;
        if (rest->defs && rest->defs[piece.n_levels] != c->leaf->max_def) continue;
        bytes += v[piece.n_values++].len;
    }
    return piece;
}

firn_status firn_parquet_column_append(firn_parquet_column *c, const firn_parquet_run *run,
                                       firn_error *err)
{
    if (c->leaf->physical != FIRN_PHYSICAL_BYTE_ARRAY ||
        views_bytes(run->values, run->n_values, false) <= c->pages->page_bytes)
        return append_piece(c, run, err);
    firn_parquet_run rest = *run;
    while (rest.n_levels) {
        const firn_parquet_run piece = cut_piece(c, &rest);
        FIRN_TRY(append_piece(c, &piece, err));
        rest.n_rows -= piece.n_rows;
        rest.n_levels -= piece.n_levels;
        rest.n_values -= piece.n_values;
        if (rest.defs) rest.defs += piece.n_levels;
        if (rest.reps) rest.reps += piece.n_levels;
        rest.values = (const firn_view *)rest.values + piece.n_values;
    }
    return FIRN_OK;
}

/* The dictionary and the page at hand; before the first page decided, what PLAIN takes at most. */
static size_t not_yet_done(const firn_parquet_column *c)
{
    const size_t levels = c->defs.len / 8 + c->reps.len / 8;
    const size_t coded = c->dict.bytes + c->indices.len / 2 + c->values.len;
    const bool is_open = !c->is_settled && c->plain_bytes < coded;
    return levels + (is_open ? c->plain_bytes : coded);
}

size_t firn_parquet_column_buffered(const firn_parquet_column *c)
{
    return (size_t)c->chunk.compressed_bytes + not_yet_done(c);
}

size_t firn_parquet_column_encoded(const firn_parquet_column *c)
{
    return (size_t)c->chunk.uncompressed_bytes + not_yet_done(c);
}

static firn_status end_dictionary(firn_parquet_column *c, firn_error *err)
{
    int64_t uncompressed = 0;
    if (c->encoding == FIRN_ENCODING_DICTIONARY) add_dictionary_bounds(c);
    if (c->chunk.dictionary_pages == 0) return FIRN_OK;
    firn_buf_clear(&c->pages->raw);
    firn_parquet_dict_plain(&c->dict, &c->pages->raw);
    FIRN_TRY(firn_parquet_page_dictionary(c->pages, c->dict.n, &c->dict_page, &uncompressed, err));
    c->chunk.uncompressed_bytes += uncompressed;
    c->chunk.compressed_bytes += (int64_t)c->dict_page.len;
    c->chunk.dictionary_bytes = (int64_t)c->dict_page.len;
    return FIRN_OK;
}

firn_status firn_parquet_column_finish(firn_parquet_column *c, firn_arena *arena, firn_error *err)
{
    FIRN_TRY(end_page(c, true, err));
    FIRN_TRY(end_dictionary(c, err));
    FIRN_TRY(firn_parquet_bounds_check(&c->bounds, err));
    FIRN_TRY(
        firn_parquet_bounds_plain(&c->bounds, c->leaf, arena, &c->chunk.lo, &c->chunk.hi, err));
    c->chunk.nan_count = c->bounds.nan_count;
    firn_parquet_bounds_merge(&c->file_bounds, &c->bounds);
    c->file_levels += c->chunk.n_levels;
    c->file_nulls += c->chunk.null_count;
    c->file_bytes += c->chunk.compressed_bytes;
    return firn_parquet_bounds_check(&c->file_bounds, err);
}
