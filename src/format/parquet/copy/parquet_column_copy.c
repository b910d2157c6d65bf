/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of another file's chunk behind those that a column being written has. Most are taken as
 * they are. Those that are indices of a dictionary are, too, where every index still means the same
 * in the column's one dictionary; else they are unpacked as far as the indices, which get their new
 * numbers, or become values where the dictionary has no room for the source's.
 *
 *   v1: [length, repetition levels] [length, definition levels] width, indices   all compressed
 *   v2: repetition levels, definition levels | width, indices                    behind |
 * compressed
 */
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/parquet/copy/parquet_copy_internal.h"
#include "format/parquet/encoding/parquet_bits.h"
#include "format/parquet/encoding/parquet_encode.h"
#include "format/parquet/read/parquet_page_read.h"
#include "format/parquet/write/parquet_column_values.h"
#include "format/parquet/write/parquet_page.h"

typedef struct column_copy {
    firn_parquet_column *c;
    firn_parquet_scratch *scratch;
    firn_parquet_copy *copy;
    firn_pq_source_chunk *from;
    firn_pq_recoder recoder;
    /* The source's dictionary. */
    firn_buf values; /* unpacked, PLAIN */
    firn_buf places; /* firn_str of each in PLAIN form */
    firn_buf map;    /* uint32_t: each one's new index */
    size_t n;
    bool is_same;   /* every index stays what it is */
    bool is_mapped; /* else indices become values */
} column_copy;

static bool is_dictionary_coded(const firn_pq_source_page *page)
{
    return page->header.encoding == FIRN_PQ_ENC_PLAIN_DICTIONARY ||
           page->header.encoding == FIRN_PQ_ENC_RLE_DICTIONARY;
}

/* ---- unpacking ---- */

/* n bytes of room and slack behind them, zeroed. */
static firn_status unpack(const column_copy *x, firn_codec codec, firn_str packed, size_t n,
                          firn_buf *out, firn_error *err)
{
    firn_buf_clear(out);
    char *to = firn_buf_reserve(out, n + FIRN_PQ_SLACK);
    if (!to) return firn_fail_nomem(err);
    FIRN_TRY(firn_codec_decompress(x->scratch->codec_ctx, codec, packed, to, n, err));
    memset(to + n, 0, FIRN_PQ_SLACK);
    out->len = n;
    return FIRN_OK;
}

static firn_str body_of(const column_copy *x, const firn_pq_source_page *page)
{
    return (firn_str){x->from->bytes->data + page->body, page->end - page->body};
}

/* ---- the dictionary ---- */

static firn_status find_places(column_copy *x, firn_error *err)
{
    const firn_str all = firn_buf_view(&x->values);
    const firn_parquet_leaf *leaf = x->c->leaf;
    const size_t width = leaf->physical == FIRN_PHYSICAL_FIXED ? (size_t)leaf->type_length
                                                               : firn_parquet_plain_width(leaf);
    const bool has_lengths = leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY;
    firn_cursor in = firn_cursor_of(all, 0);
    if (x->n > all.len / (has_lengths ? sizeof(uint32_t) : width))
        return firn_fail(err, FIRN_ERR_CORRUPT, "dictionary of %zu values in %zu bytes", x->n,
                         all.len);
    firn_str *places = (firn_str *)(void *)firn_buf_reserve(&x->places, x->n * sizeof *places);
    if (!places) return firn_fail_nomem(err);
    for (size_t i = 0; i < x->n; i++) {
        const char *start = (const char *)in.at;
        uint32_t len = (uint32_t)width;
        firn_str bytes;
        if (has_lengths) FIRN_TRY(firn_cursor_u32le(&in, &len, err));
        FIRN_TRY(firn_cursor_take(&in, len, &bytes, err));
        places[i] = (firn_str){start, (size_t)((const char *)in.at - start)};
    }
    return FIRN_OK;
}

/* Values as the column's dictionary takes them: numbers, or views. */
static firn_status values_of(column_copy *x, const void **out, firn_error *err)
{
    const firn_str *places = (const firn_str *)(const void *)x->places.data;
    const size_t skip = x->c->leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY ? sizeof(uint32_t) : 0;
    *out = x->values.data;
    if (!firn_parquet_has_views(x->c->leaf)) return FIRN_OK;
    firn_buf_clear(&x->scratch->views);
    firn_view *views =
        (firn_view *)(void *)firn_buf_reserve(&x->scratch->views, x->n * sizeof *views);
    if (!views) return firn_fail_nomem(err);
    for (size_t i = 0; i < x->n; i++)
        views[i] = firn_view_of(places[i].data + skip, (uint32_t)(places[i].len - skip));
    *out = views;
    return FIRN_OK;
}

static firn_status map_dictionary(column_copy *x, firn_error *err)
{
    uint32_t *map = (uint32_t *)(void *)firn_buf_reserve(&x->map, (x->n + 1) * sizeof *map);
    const void *values = NULL;
    size_t n_done = 0;
    if (!map) return firn_fail_nomem(err);
    FIRN_TRY(values_of(x, &values, err));
    FIRN_TRY(firn_parquet_dict_add(&x->c->dict, values, x->n, map, &n_done, err));
    x->is_mapped = n_done == x->n;
    x->is_same = x->is_mapped;
    for (size_t i = 0; i < x->n && x->is_same; i++) x->is_same = map[i] == i;
    return FIRN_OK;
}

static firn_status load_dictionary(column_copy *x, firn_error *err)
{
    const firn_pq_source_page *page = &x->from->dictionary;
    x->n = (size_t)page->header.n_values;
    FIRN_TRY(unpack(x, x->c->settings->codec, body_of(x, page), (size_t)page->header.unpacked,
                    &x->values, err));
    FIRN_TRY(find_places(x, err));
    return map_dictionary(x, err);
}

/* The only source of a chunk keeps its dictionary. */
static void keep_dictionary(column_copy *x)
{
    const firn_pq_source_page *page = &x->from->dictionary;
    firn_parquet_chunk *chunk = &x->c->chunk;
    const size_t n = page->end - page->at;
    x->c->dict_page =
        (firn_parquet_page){.data = x->from->bytes->data + page->at, .len = n, .is_borrowed = true};
    chunk->dictionary_bytes = (int64_t)n;
    chunk->compressed_bytes += (int64_t)n;
    chunk->uncompressed_bytes += (int64_t)(page->body - page->at) + page->header.unpacked;
    x->is_same = x->is_mapped = true;
}

/* ---- pages of indices ---- */

/* Where the parts of an unpacked page are. */
typedef struct page_parts {
    firn_str reps, defs; /* without lengths */
    firn_str indices;    /* width and runs; slack behind */
} page_parts;

static firn_status take_levels(firn_cursor *in, uint8_t max, firn_str *out, firn_error *err)
{
    uint32_t n = 0;
    if (max == 0) return FIRN_OK;
    FIRN_TRY(firn_cursor_u32le(in, &n, err));
    return firn_cursor_take(in, n, out, err);
}

static firn_status split_v1(const column_copy *x, const firn_pq_source_page *page, page_parts *out,
                            firn_error *err)
{
    firn_buf *raw = &x->scratch->trial;
    FIRN_TRY(unpack(x, x->c->settings->codec, body_of(x, page), (size_t)page->header.unpacked, raw,
                    err));
    firn_cursor in = firn_cursor_of(firn_buf_view(raw), 0);
    FIRN_TRY(take_levels(&in, x->c->leaf->max_rep, &out->reps, err));
    FIRN_TRY(take_levels(&in, x->c->leaf->max_def, &out->defs, err));
    return firn_cursor_take(&in, firn_cursor_left(&in), &out->indices, err);
}

/* Levels are copied in front of the values, so that they have slack behind them, too. */
static firn_status split_v2(const column_copy *x, const firn_pq_source_page *page, page_parts *out,
                            firn_error *err)
{
    const firn_pq_page_header *h = &page->header;
    const firn_str body = body_of(x, page);
    const size_t n_reps = (size_t)h->rep_bytes, n_defs = (size_t)h->def_bytes;
    const size_t n_levels = n_reps + n_defs, n = (size_t)h->unpacked - n_levels;
    const firn_str packed = {body.data + n_levels, body.len - n_levels};
    const bool is_plain = !h->is_packed || (packed.len == 0 && n == 0);
    firn_buf *raw = &x->scratch->trial;
    firn_buf_clear(raw);
    char *to = firn_buf_reserve(raw, n_levels + n + FIRN_PQ_SLACK);
    if (!to) return firn_fail_nomem(err);
    memcpy(to, body.data, n_levels);
    FIRN_TRY(firn_codec_decompress(x->scratch->codec_ctx,
                                   is_plain ? FIRN_CODEC_NONE : x->c->settings->codec, packed,
                                   to + n_levels, n, err));
    memset(to + n_levels + n, 0, FIRN_PQ_SLACK);
    *out = (page_parts){{to, n_reps}, {to + n_reps, n_defs}, {to + n_levels, n}};
    return FIRN_OK;
}

/* How many of the page's levels are values. */
static firn_status count_values(const column_copy *x, firn_str defs, size_t n_levels, size_t *out,
                                firn_error *err)
{
    const uint8_t max = x->c->leaf->max_def;
    *out = n_levels;
    if (max == 0) return FIRN_OK;
    firn_buf_clear(&x->scratch->words);
    uint8_t *levels = (uint8_t *)firn_buf_reserve(&x->scratch->words, n_levels);
    if (!levels) return firn_fail_nomem(err);
    firn_pq_rle rle =
        firn_pq_rle_of((const uint8_t *)defs.data, defs.len, (unsigned)firn_bit_width(max));
    FIRN_TRY(firn_pq_rle_u8(&rle, levels, n_levels, err));
    *out = 0;
    for (size_t i = 0; i < n_levels; i++) *out += levels[i] == max;
    return FIRN_OK;
}

static firn_status read_indices(const column_copy *x, firn_str bytes, size_t n, uint32_t **out,
                                firn_error *err)
{
    firn_buf_clear(&x->scratch->words);
    *out = (uint32_t *)(void *)firn_buf_reserve(&x->scratch->words, (n + 8) * sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    if (n == 0) return FIRN_OK;
    if (bytes.len == 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "page of %zu indices without bytes", n);
    const unsigned width = (uint8_t)bytes.data[0];
    if (width > 32)
        return firn_fail(err, FIRN_ERR_CORRUPT, "dictionary indices of %u bits, limit 32", width);
    firn_pq_rle rle = firn_pq_rle_of((const uint8_t *)bytes.data + 1, bytes.len - 1, width);
    FIRN_TRY(firn_pq_rle_u32(&rle, *out, n, err));
    for (size_t i = 0; i < n; i++)
        if ((*out)[i] >= x->n)
            return firn_fail(err, FIRN_ERR_CORRUPT, "dictionary index %u, the dictionary has %zu",
                             (*out)[i], x->n);
    return FIRN_OK;
}

static void put_levels(firn_buf *raw, uint8_t max, firn_str levels)
{
    if (max == 0) return;
    firn_buf_u32le(raw, (uint32_t)levels.len);
    firn_buf_str(raw, levels);
}

static void put_mapped(const column_copy *x, uint32_t *indices, size_t n)
{
    const uint32_t *map = (const uint32_t *)(const void *)x->map.data;
    const int width = x->c->dict.n > 0 ? firn_bit_width(x->c->dict.n - 1) : 0;
    const int bits = width ? width : 1; /* not all readers take a width of 0 */
    for (size_t i = 0; i < n; i++) indices[i] = map[indices[i]];
    firn_buf_byte(&x->scratch->raw, (uint8_t)bits);
    firn_rle_encode(&x->scratch->raw, indices, n, bits);
}

static firn_status put_values(const column_copy *x, const uint32_t *indices, size_t n,
                              firn_error *err)
{
    const firn_str *places = (const firn_str *)(const void *)x->places.data;
    size_t n_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        n_bytes += places[indices[i]].len;
        if (n_bytes > FIRN_LIMIT_PAGE)
            return firn_fail(err, FIRN_ERR_LIMIT, "page of more than %zu bytes", FIRN_LIMIT_PAGE);
    }
    char *to = firn_buf_reserve(&x->scratch->raw, n_bytes);
    if (!to) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const firn_str value = places[indices[i]];
        memcpy(to, value.data, value.len);
        to += value.len;
    }
    x->scratch->raw.len += n_bytes;
    return FIRN_OK;
}

/* The page again, as a page of version 1. */
static firn_status rewrite_page(const column_copy *x, const firn_pq_source_page *page,
                                firn_parquet_page *out, int64_t *uncompressed, firn_error *err)
{
    firn_buf *raw = &x->scratch->raw;
    const size_t n_levels = (size_t)page->header.n_values;
    const bool is_v2 = page->header.type == FIRN_PQ_DATA_PAGE_V2;
    page_parts parts = {0};
    uint32_t *indices = NULL;
    size_t n = 0;
    FIRN_TRY(is_v2 ? split_v2(x, page, &parts, err) : split_v1(x, page, &parts, err));
    FIRN_TRY(count_values(x, parts.defs, n_levels, &n, err));
    FIRN_TRY(read_indices(x, parts.indices, n, &indices, err));
    firn_buf_clear(raw);
    put_levels(raw, x->c->leaf->max_rep, parts.reps);
    put_levels(raw, x->c->leaf->max_def, parts.defs);
    if (x->is_mapped)
        put_mapped(x, indices, n);
    else
        FIRN_TRY(put_values(x, indices, n, err));
    const firn_parquet_encoding encoding =
        x->is_mapped ? FIRN_ENCODING_DICTIONARY : FIRN_ENCODING_PLAIN;
    x->c->chunk.n_pages[encoding]++;
    return firn_parquet_page_data(x->c->settings, x->scratch, x->c->settings->codec_level, n_levels,
                                  encoding, out, uncompressed, err);
}

static void keep_page(const column_copy *x, const firn_pq_source_page *page, firn_parquet_page *out,
                      int64_t *uncompressed)
{
    const bool is_v2 = page->header.type == FIRN_PQ_DATA_PAGE_V2;
    int32_t *counts = is_v2 ? x->c->chunk.n_pages_v2 : x->c->chunk.n_pages;
    counts[page->header.encoding]++;
    out->data = x->from->bytes->data + page->at;
    out->len = page->end - page->at;
    out->is_borrowed = true;
    *uncompressed = (int64_t)(page->body - page->at) + page->header.unpacked;
}

/* ---- what the page index says ---- */

static firn_status copy_histograms(firn_parquet_column *c, const firn_pq_source_page *page,
                                   firn_error *err)
{
    const size_t n_reps = c->leaf->max_rep + 1u, n_defs = c->leaf->max_def + 1u;
    const int64_t n_levels = page->header.n_values;
    if (!firn_parquet_leaf_has_histograms(c->leaf)) return FIRN_OK;
    if (page->rep_counts)
        firn_buf_append(&c->histograms, page->rep_counts, n_reps * sizeof(int64_t));
    else
        firn_buf_append(&c->histograms, &n_levels, sizeof n_levels);
    firn_buf_append(&c->histograms, page->def_counts, n_defs * sizeof(int64_t));
    return firn_buf_check(&c->histograms, err);
}

static firn_status describe_page(const column_copy *x, const firn_pq_source_page *page,
                                 firn_parquet_page *out, firn_error *err)
{
    firn_parquet_column *c = x->c;
    const firn_pq_found *bounds = &page->bounds;
    const bool has_nulls = page->null_count >= 0;
    out->first_row = c->n_chunk_rows;
    out->null_count = has_nulls ? page->null_count : 0;
    out->n_values = has_nulls ? page->header.n_values - page->null_count : 1;
    out->nan_count = page->nan_count;
    out->text_bytes = page->text_bytes;
    c->chunk.lacks_nan_count = c->chunk.lacks_nan_count || page->nan_count < 0;
    c->chunk.lacks_text_bytes = c->chunk.lacks_text_bytes || page->text_bytes < 0;
    if (page->text_bytes > 0) c->chunk.text_bytes += page->text_bytes;
    firn_parquet_bounds_clear(&c->page);
    if (bounds->is_set && has_nulls)
        firn_parquet_bounds_add_found(&c->page, &bounds->lo, bounds->lo_is_cut, &bounds->hi,
                                      bounds->hi_is_cut);
    FIRN_TRY(firn_parquet_column_index_page(c, x->scratch, out, err));
    firn_parquet_bounds_clear(&c->page);
    return copy_histograms(c, page, err);
}

static firn_status copy_page(const column_copy *x, const firn_pq_source_page *page, firn_error *err)
{
    firn_parquet_column *c = x->c;
    int64_t uncompressed = 0;
    firn_parquet_page *out = firn_parquet_column_next_page(c);
    if (!out) return firn_fail_nomem(err);
    if (is_dictionary_coded(page) && !x->is_same)
        FIRN_TRY(rewrite_page(x, page, out, &uncompressed, err));
    else
        keep_page(x, page, out, &uncompressed);
    c->n_done++; /* what it has is freed with the others from now on */
    FIRN_TRY(describe_page(x, page, out, err));
    c->chunk.uncompressed_bytes += uncompressed;
    c->chunk.compressed_bytes += (int64_t)out->len;
    c->chunk.n_levels += page->header.n_values;
    c->n_chunk_rows += page->n_rows;
    return FIRN_OK;
}

/* ---- the chunk ---- */

static void describe_values(firn_parquet_column *c, int64_t null_count, int64_t nan_count,
                            const firn_pq_found *bounds)
{
    c->chunk.null_count += null_count;
    if (nan_count < 0)
        c->chunk.lacks_nan_count = true;
    else
        c->bounds.nan_count += nan_count;
    if (bounds->is_set)
        firn_parquet_bounds_add_found(&c->bounds, &bounds->lo, bounds->lo_is_cut, &bounds->hi,
                                      bounds->hi_is_cut);
}

/* The bytes live as long as pages that are borrowed from them. */
static void take_bytes(column_copy *x)
{
    x->from->bytes->next = x->c->copied;
    x->c->copied = x->from->bytes;
}

/* All pages: what is known of the chunk is more exact than what is known of them. */
static firn_status copy_all(column_copy *x, firn_error *err)
{
    const firn_pq_source_chunk *from = x->from;
    for (size_t i = 0; i < from->n_pages; i++) FIRN_TRY(copy_page(x, &from->pages[i], err));
    describe_values(x->c, from->null_count, from->nan_count, &from->bounds);
    return FIRN_OK;
}

/* Pages as they are, and the rows that stay of those in between. */
static firn_status copy_some(column_copy *x, firn_error *err)
{
    for (size_t i = 0; i < x->from->n_pages; i++) {
        const firn_pq_source_page *page = &x->from->pages[i];
        if (page->is_recoded) {
            FIRN_TRY(firn_pq_recoder_append(&x->recoder, x->from, page->n_rows, err));
            continue;
        }
        FIRN_TRY(firn_parquet_column_end_page(x->c, x->scratch, err));
        FIRN_TRY(copy_page(x, page, err));
        describe_values(x->c, page->null_count, page->nan_count, &page->bounds);
    }
    return FIRN_OK;
}

static firn_status copy_chunk(column_copy *x, firn_error *err)
{
    const bool keeps_all = x->from->n_recoded == 0;
    take_bytes(x);
    FIRN_TRY(firn_parquet_column_end_page(x->c, x->scratch, err));
    if (x->from->has_dictionary && x->copy->is_lone && keeps_all)
        keep_dictionary(x);
    else if (x->from->has_dictionary)
        FIRN_TRY(load_dictionary(x, err));
    if (x->is_mapped) x->c->is_settled = true;
    FIRN_TRY(keeps_all ? copy_all(x, err) : copy_some(x, err));
    firn_buf_str(&x->c->copied_bloom, x->from->bloom);
    return firn_buf_check(&x->c->copied_bloom, err);
}

firn_status firn_parquet_column_copy(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                     firn_parquet_copy *copy, size_t leaf, firn_error *err)
{
    firn_pq_source_chunk *from = &copy->chunks[leaf];
    column_copy x = {.c = c, .scratch = scratch, .copy = copy, .from = from};
    firn_status st;
    x.recoder = firn_pq_recoder_of(copy, c, scratch);
    firn_buf_init(&x.values, c->settings->alloc, 0);
    firn_buf_init(&x.places, c->settings->alloc, 0);
    firn_buf_init(&x.map, c->settings->alloc, 0);
    if (from->way == FIRN_PQ_SOURCE_RECODED)
        st = firn_pq_recoder_append(&x.recoder, from, copy->n_source_rows, err);
    else
        st = copy_chunk(&x, err);
    from->bytes = NULL;
    firn_pq_recoder_close(&x.recoder);
    firn_buf_dispose(&x.values);
    firn_buf_dispose(&x.places);
    firn_buf_dispose(&x.map);
    return st == FIRN_OK || st == FIRN_ERR_NOMEM
               ? st
               : firn_error_wrap(err, st, "column \"%.*s\"", FIRN_STR_ARG(c->leaf->path[0]));
}
