/* SPDX-License-Identifier: Apache-2.0 */
/* A column chunk: values come in runs, go to the page at hand, and full pages are compressed. */
#include "format/parquet/write/parquet_column.h"

#include <string.h>

#include "base/error.h"
#include "format/columns/decimal.h"
#include "format/parquet/write/parquet_column_values.h"
#include "format/parquet/write/parquet_page.h"
#include "format/variant/variant_value.h"

/* A dictionary page of highly repetitive text may stand for this many pages of plain text. */
#define DICTIONARY_PAGE_FACTOR 16
/* Levels per row of a page at most, so that pages of long lists stay small. */
#define LEVELS_PER_ROW 16
/* A page that saves less than this part of its bytes is poor; so many after it are hurried. */
#define POOR_SAVING   64
#define HURRIED_PAGES 7

static void begin_chunk(firn_parquet_column *c)
{
    const bool is_plain = c->leaf->physical == FIRN_PHYSICAL_BOOLEAN || c->leaf->no_dictionary;
    c->encoding = is_plain ? FIRN_ENCODING_PLAIN : FIRN_ENCODING_DICTIONARY;
    c->is_settled = is_plain;
    c->chunk = (firn_parquet_chunk){0};
    firn_geo_box_clear(&c->chunk.box);
    c->n_done = 0;
    c->n_chunk_rows = 0;
    c->n_hurried = 0;
    c->dict_page = (firn_parquet_page){0};
    c->is_ascending = c->is_descending = true;
    firn_parquet_dict_clear(&c->dict);
    firn_parquet_bounds_clear(&c->bounds);
    firn_parquet_bounds_clear(&c->last);
    firn_buf_clear(&c->page_bounds);
    firn_buf_clear(&c->histograms);
}

static void init_page(firn_parquet_column *c)
{
    firn_buf_init(&c->values, c->settings->alloc, INT32_MAX);
    firn_buf_init(&c->indices, c->settings->alloc, 0);
    firn_buf_init(&c->defs, c->settings->alloc, 0);
    firn_buf_init(&c->reps, c->settings->alloc, 0);
}

void firn_parquet_column_init(firn_parquet_column *c, const firn_parquet_leaf *leaf,
                              const firn_parquet_settings *settings)
{
    const firn_allocator *alloc = settings->alloc;
    *c = (firn_parquet_column){.leaf = leaf, .settings = settings};
    firn_parquet_dict_init(&c->dict, alloc, firn_parquet_plain_width(leaf),
                           leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY, settings->dictionary_bytes);
    init_page(c);
    firn_buf_init(&c->page_bounds, alloc, 0);
    firn_buf_init(&c->histograms, alloc, 0);
    firn_parquet_bounds_init(&c->page, alloc, leaf->type);
    firn_parquet_bounds_init(&c->last, alloc, leaf->type);
    firn_parquet_bounds_init(&c->bounds, alloc, leaf->type);
    firn_parquet_bounds_init(&c->file_bounds, alloc, leaf->type);
    c->bloom.alloc = alloc;
    firn_buf_init(&c->copied_bloom, alloc, 0);
    firn_geo_box_clear(&c->file_box);
    begin_chunk(c);
}

static void free_pages(firn_parquet_column *c)
{
    for (size_t i = 0; i < c->n_done; i++)
        if (!c->done[i].is_borrowed) firn_mem_free(c->settings->alloc, c->done[i].data);
    if (!c->dict_page.is_borrowed) firn_mem_free(c->settings->alloc, c->dict_page.data);
    while (c->copied) {
        firn_parquet_copied *copied = c->copied;
        c->copied = copied->next;
        firn_mem_free(c->settings->alloc, copied);
    }
    c->n_done = 0;
    c->dict_page = (firn_parquet_page){0};
}

/* A wide table holds a page and a dictionary for each column: what one needed is given back. */
void firn_parquet_column_reset(firn_parquet_column *c)
{
    free_pages(c);
    firn_buf_dispose(&c->values);
    firn_buf_dispose(&c->indices);
    firn_buf_dispose(&c->defs);
    firn_buf_dispose(&c->reps);
    init_page(c);
    begin_chunk(c);
}

size_t firn_parquet_column_held(const firn_parquet_column *c)
{
    return (size_t)c->chunk.compressed_bytes + c->values.cap + c->indices.cap + c->defs.cap +
           c->reps.cap + c->page_bounds.cap + c->histograms.cap + firn_parquet_dict_held(&c->dict);
}

void firn_parquet_column_dispose(firn_parquet_column *c)
{
    free_pages(c);
    firn_mem_free(c->settings->alloc, c->done);
    firn_parquet_dict_dispose(&c->dict);
    firn_buf_dispose(&c->values);
    firn_buf_dispose(&c->indices);
    firn_buf_dispose(&c->defs);
    firn_buf_dispose(&c->reps);
    firn_buf_dispose(&c->page_bounds);
    firn_buf_dispose(&c->histograms);
    firn_parquet_bloom_writer_dispose(&c->bloom);
    firn_buf_dispose(&c->copied_bloom);
    firn_parquet_bounds_dispose(&c->page);
    firn_parquet_bounds_dispose(&c->last);
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

/* Counts by level of the page at hand. Flat columns say as much with their null count. */
static firn_status add_histogram(firn_parquet_column *c, firn_error *err)
{
    const size_t n_reps = c->leaf->max_rep + 1u, n_defs = c->leaf->max_def + 1u;
    if (!firn_parquet_leaf_has_histograms(c->leaf)) return FIRN_OK;
    int64_t *counts =
        (int64_t *)(void *)firn_buf_reserve(&c->histograms, (n_reps + n_defs) * sizeof *counts);
    if (!counts) return firn_buf_check(&c->histograms, err);
    memset(counts, 0, (n_reps + n_defs) * sizeof *counts);
    for (size_t i = 0; i < c->reps.len; i++) counts[(uint8_t)c->reps.data[i]]++;
    if (c->reps.len == 0) counts[0] = (int64_t)c->n_levels;
    counts += n_reps;
    for (size_t i = 0; i < c->defs.len; i++) counts[(uint8_t)c->defs.data[i]]++;
    if (c->defs.len == 0) counts[n_defs - 1] = (int64_t)c->n_levels;
    c->histograms.len += (n_reps + n_defs) * sizeof *counts;
    return FIRN_OK;
}

/* ---- values ---- */

/* Views over n values of scratch, and bytes_each bytes behind each; NULL when out of memory. */
static firn_view *take_views(firn_buf *buf, size_t n, size_t bytes_each)
{
    firn_buf_clear(buf);
    return (firn_view *)(void *)firn_buf_reserve(buf, n * (sizeof(firn_view) + bytes_each));
}

/* Decimals of 16 bytes to views of type_length bytes, big-endian. */
static firn_status wide_decimals(const firn_parquet_column *c, firn_parquet_scratch *scratch,
                                 const firn_int128 *values, size_t n, const void **out,
                                 firn_error *err)
{
    const size_t len = (size_t)c->leaf->type_length;
    firn_view *views = take_views(&scratch->views, n, len);
    if (!views) return firn_buf_check(&scratch->views, err);
    char *bytes = (char *)(views + n);
    for (size_t i = 0; i < n; i++, bytes += len) {
        firn_decimal_to_bytes(values[i], len, bytes);
        views[i] = firn_view_of(bytes, (uint32_t)len);
    }
    *out = views;
    return FIRN_OK;
}

static firn_status variant_parts(const firn_parquet_column *c, firn_parquet_scratch *scratch,
                                 const firn_view *values, size_t n, const void **out,
                                 firn_error *err)
{
    firn_view *views = take_views(&scratch->views, n, 0);
    if (!views) return firn_buf_check(&scratch->views, err);
    for (size_t i = 0; i < n; i++) {
        firn_str metadata, value;
        FIRN_TRY(firn_error_wrap(
            err, firn_variant_split(firn_view_str(&values[i]), &metadata, &value, err),
            "column \"%.*s\"", FIRN_STR_ARG(c->leaf->path[0])));
        const firn_str part = c->leaf->part == FIRN_LEAF_VARIANT_METADATA ? metadata : value;
        views[i] = firn_view_of(part.data, (uint32_t)part.len);
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

static void add_geometries(firn_parquet_column *c, const firn_view *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        firn_geo_box_add(&c->chunk.box, c->leaf->type, firn_view_str(&v[i]));
}

/* What has to be done with values before they are encoded: checked, brought into their stored form,
 * looked at for statistics that do not come from stored forms. */
static firn_status prepare(firn_parquet_column *c, firn_parquet_scratch *scratch,
                           const firn_parquet_run *run, const void **out, firn_error *err)
{
    const firn_type_kind kind = c->leaf->type->kind;
    const void *values = run->values;
    *out = values;
    if (run->n_values == 0) return FIRN_OK;
    if (kind == FIRN_TYPE_DECIMAL && c->leaf->physical == FIRN_PHYSICAL_FIXED) {
        firn_parquet_bounds_add(&c->page, values, run->n_values);
        return wide_decimals(c, scratch, values, run->n_values, out, err);
    }
    if (kind == FIRN_TYPE_GEOMETRY || kind == FIRN_TYPE_GEOGRAPHY)
        add_geometries(c, values, run->n_values);
    if (c->leaf->part) return variant_parts(c, scratch, values, run->n_values, out, err);
    if (c->leaf->physical == FIRN_PHYSICAL_FIXED)
        return check_lengths(c->leaf, values, run->n_values, err);
    return FIRN_OK;
}

/* ---- pages ---- */

static void clear_page(firn_parquet_column *c)
{
    firn_buf_clear(&c->values);
    firn_buf_clear(&c->indices);
    firn_buf_clear(&c->defs);
    firn_buf_clear(&c->reps);
    firn_parquet_bounds_clear(&c->page);
    c->n_rows = c->n_levels = c->n_values = c->plain_bytes = 0;
}

firn_parquet_page *firn_parquet_column_next_page(firn_parquet_column *c)
{
    if (c->n_done == c->cap_done) {
        const size_t cap = c->cap_done ? c->cap_done * 2 : 16;
        firn_parquet_page *done = firn_mem_resize(c->settings->alloc, c->done, cap * sizeof *done);
        if (!done) return NULL;
        c->done = done;
        c->cap_done = cap;
    }
    c->done[c->n_done] = (firn_parquet_page){0};
    return &c->done[c->n_done];
}

/* Where no shorter upper bound exists the whole value is one. */
firn_status firn_parquet_column_index_page(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                           firn_parquet_page *page, firn_error *err)
{
    firn_parquet_bound lo, hi;
    firn_value from, to;
    int lo_order = 0, hi_order = 0;
    FIRN_TRY(firn_parquet_bounds_check(&c->page, err));
    page->has_bounds = firn_parquet_bounds_values(&c->page, c->leaf->type, &from, &to);
    if (!page->has_bounds) return FIRN_OK;
    firn_arena_reset(scratch->arena);
    FIRN_TRY(firn_parquet_bounds_plain(&c->page, c->leaf, scratch->arena, &lo, &hi, err));
    if (!hi.is_set) hi.bytes = to.as.bytes;
    page->lo_at = c->page_bounds.len;
    page->lo_len = lo.bytes.len;
    firn_buf_str(&c->page_bounds, lo.bytes);
    page->hi_at = c->page_bounds.len;
    page->hi_len = hi.bytes.len;
    firn_buf_str(&c->page_bounds, hi.bytes);
    if (c->last.has_bounds) firn_parquet_bounds_compare(&c->last, &c->page, &lo_order, &hi_order);
    c->is_ascending &= lo_order <= 0 && hi_order <= 0;
    c->is_descending &= lo_order >= 0 && hi_order >= 0;
    firn_parquet_bounds_clear(&c->last);
    firn_parquet_bounds_merge(&c->last, &c->page);
    FIRN_TRY(firn_parquet_bounds_check(&c->last, err));
    return firn_buf_check(&c->page_bounds, err);
}

/* Values in PLAIN form: those of pages without dictionary, or the dictionary. */
static firn_status add_to_bloom(firn_parquet_column *c, const firn_buf *plain, size_t n,
                                firn_error *err)
{
    if (!c->leaf->has_bloom) return FIRN_OK;
    FIRN_TRY(firn_buf_check(plain, err));
    return firn_parquet_bloom_writer_add(&c->bloom, c->leaf, firn_buf_view(plain), n,
                                         c->settings->bloom_bytes, err);
}

/* Bit-packed indices and random numbers do not compress. After a page that saved next to nothing,
 * some are done at the codec's highest speed, then one is tried again. */
static int page_level(const firn_parquet_column *c)
{
    if (c->n_hurried && c->settings->codec == FIRN_CODEC_ZSTD) return FIRN_CODEC_ZSTD_FASTEST;
    return c->settings->codec_level;
}

static void judge_page(firn_parquet_column *c, size_t raw_bytes, size_t packed_bytes)
{
    if (c->n_hurried)
        c->n_hurried--;
    else if (packed_bytes > raw_bytes - raw_bytes / POOR_SAVING)
        c->n_hurried = HURRIED_PAGES;
}

/* The page's bounds say whether all its decimals have the digits of their type. */
static firn_status check_digits(const firn_parquet_column *c, firn_error *err)
{
    const firn_type *type = c->leaf->type;
    if (type->kind != FIRN_TYPE_DECIMAL || !c->page.has_bounds) return FIRN_OK;
    if (firn_decimal_fits(c->page.lo, type->precision) &&
        firn_decimal_fits(c->page.hi, type->precision))
        return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\": decimal of more than %d digits",
                     FIRN_STR_ARG(c->leaf->path[c->leaf->n_path - 1]), (int)type->precision);
}

static firn_status push_page(firn_parquet_column *c, firn_parquet_scratch *scratch,
                             firn_parquet_encoding encoding, firn_error *err)
{
    int64_t uncompressed = 0;
    firn_parquet_page *page = firn_parquet_column_next_page(c);
    if (!page) return firn_fail_nomem(err);
    FIRN_TRY(check_digits(c, err));
    page->first_row = c->n_chunk_rows;
    page->n_values = (int64_t)c->n_values;
    page->null_count = (int64_t)(c->n_levels - c->n_values);
    if (c->leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY)
        page->text_bytes =
            (int64_t)((encoding == FIRN_ENCODING_DICTIONARY ? c->plain_bytes : c->values.len) -
                      c->n_values * sizeof(uint32_t));
    if (encoding != FIRN_ENCODING_DICTIONARY)
        FIRN_TRY(add_to_bloom(c, &c->values, c->n_values, err));
    page->nan_count = c->page.nan_count;
    FIRN_TRY(firn_parquet_column_index_page(c, scratch, page, err));
    firn_parquet_bounds_merge(&c->bounds, &c->page);
    FIRN_TRY(add_histogram(c, err));
    FIRN_TRY(firn_parquet_page_data(c->settings, scratch, page_level(c), c->n_levels, encoding,
                                    page, &uncompressed, err));
    judge_page(c, scratch->raw.len, page->len);
    c->n_done++;
    c->chunk.uncompressed_bytes += uncompressed;
    c->chunk.compressed_bytes += (int64_t)page->len;
    c->chunk.text_bytes += page->text_bytes;
    c->chunk.n_pages[encoding]++;
    c->chunk.n_levels += (int64_t)c->n_levels;
    c->chunk.null_count += page->null_count;
    c->n_chunk_rows += (int64_t)c->n_rows;
    return FIRN_OK;
}

static firn_status end_page(firn_parquet_column *c, firn_parquet_scratch *scratch, bool is_end,
                            firn_error *err)
{
    if (c->n_levels == 0) return FIRN_OK;
    if (c->n_values) FIRN_TRY(firn_parquet_values_end(c, scratch, is_end, err));
    /* a page of nulls needs no dictionary */
    const firn_parquet_encoding encoding = c->n_values ? c->encoding : FIRN_ENCODING_PLAIN;
    firn_buf_clear(&scratch->raw);
    if (c->leaf->max_rep)
        firn_parquet_put_levels(scratch, (const uint8_t *)c->reps.data, c->n_levels,
                                c->leaf->max_rep);
    if (c->leaf->max_def)
        firn_parquet_put_levels(scratch, c->defs.len ? (const uint8_t *)c->defs.data : NULL,
                                c->n_levels, c->leaf->max_def);
    if (c->n_values) firn_parquet_values_put(c, scratch);
    FIRN_TRY(push_page(c, scratch, encoding, err));
    clear_page(c);
    return FIRN_OK;
}

firn_status firn_parquet_column_end_page(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                         firn_error *err)
{
    return end_page(c, scratch, false, err);
}

static bool is_page_full(const firn_parquet_column *c)
{
    return c->n_rows >= c->settings->page_rows || c->values.len >= c->settings->page_bytes ||
           c->plain_bytes >= DICTIONARY_PAGE_FACTOR * c->settings->page_bytes ||
           c->n_levels >= LEVELS_PER_ROW * c->settings->page_rows;
}

static firn_status append_piece(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                const firn_parquet_run *run, firn_error *err)
{
    firn_parquet_run stored = *run; /* its values */
    FIRN_TRY(add_levels(c, run, err));
    FIRN_TRY(prepare(c, scratch, run, &stored.values, err));
    if (stored.values != run->values) stored.codes.numbers = NULL;
    FIRN_TRY(firn_parquet_values_add(c, scratch, &stored, err));
    c->n_rows += run->n_rows;
    c->n_levels += run->n_levels;
    c->n_values += run->n_values;
    return is_page_full(c) ? end_page(c, scratch, false, err) : FIRN_OK;
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
        if (begins_row && bytes >= c->settings->page_bytes) break;
        piece.n_rows += begins_row;
        if (rest->defs && rest->defs[piece.n_levels] != c->leaf->max_def) continue;
        bytes += v[piece.n_values++].len;
    }
    return piece;
}

firn_status firn_parquet_column_append(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                       const firn_parquet_run *run, firn_error *err)
{
    if (c->leaf->physical != FIRN_PHYSICAL_BYTE_ARRAY ||
        firn_parquet_views_bytes(run->values, run->n_values, false) <= c->settings->page_bytes)
        return append_piece(c, scratch, run, err);
    firn_parquet_run rest = *run;
    while (rest.n_levels) {
        const firn_parquet_run piece = cut_piece(c, &rest);
        FIRN_TRY(append_piece(c, scratch, &piece, err));
        rest.n_rows -= piece.n_rows;
        rest.n_levels -= piece.n_levels;
        rest.n_values -= piece.n_values;
        if (rest.defs) rest.defs += piece.n_levels;
        if (rest.reps) rest.reps += piece.n_levels;
        rest.values = (const firn_view *)rest.values + piece.n_values;
        if (rest.codes.numbers) rest.codes.numbers += piece.n_values;
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

static firn_status end_dictionary(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                  firn_error *err)
{
    int64_t uncompressed = 0;
    if (c->dict_page.data || !firn_parquet_chunk_has_dictionary(&c->chunk)) return FIRN_OK;
    firn_buf_clear(&scratch->raw);
    firn_parquet_dict_plain(&c->dict, &scratch->raw);
    FIRN_TRY(add_to_bloom(c, &scratch->raw, c->dict.n, err));
    FIRN_TRY(firn_parquet_page_dictionary(c->settings, scratch, c->dict.n, &c->dict_page,
                                          &uncompressed, err));
    c->chunk.uncompressed_bytes += uncompressed;
    c->chunk.compressed_bytes += (int64_t)c->dict_page.len;
    c->chunk.dictionary_bytes = (int64_t)c->dict_page.len;
    return FIRN_OK;
}

firn_status firn_parquet_column_finish(firn_parquet_column *c, firn_parquet_scratch *scratch,
                                       firn_error *err)
{
    FIRN_TRY(end_page(c, scratch, true, err));
    FIRN_TRY(end_dictionary(c, scratch, err));
    FIRN_TRY(firn_parquet_bounds_check(&c->bounds, err));
    c->chunk.nan_count = c->bounds.nan_count;
    c->file_lacks_nan_count = c->file_lacks_nan_count || c->chunk.lacks_nan_count;
    firn_parquet_bounds_merge(&c->file_bounds, &c->bounds);
    firn_geo_box_merge(&c->file_box, &c->chunk.box);
    c->file_levels += c->chunk.n_levels;
    c->file_nulls += c->chunk.null_count;
    c->file_bytes += c->chunk.compressed_bytes;
    return firn_parquet_bounds_check(&c->file_bounds, err);
}
