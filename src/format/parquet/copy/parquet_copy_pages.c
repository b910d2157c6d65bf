/* SPDX-License-Identifier: Apache-2.0 */
/* A column chunk of a source: its bytes, where its pages are, what its statistics and page index
 * say. Whatever is missing or odd makes the column one to decode (FIRN_DONE), where it is found out
 * what that means; but a page whose checksum is wrong is an error at once. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "format/parquet/copy/parquet_copy_internal.h"
#include "format/parquet/encoding/parquet_bits.h"
#include "format/parquet/read/parquet_convert.h"
#include "format/parquet/read/parquet_page_read.h"

#define MOST_PAGE_VALUES ((int32_t)1 << 24) /* whose indices or levels are unpacked */
#define MOST_TEXT_BYTES  ((int64_t)1 << 40) /* of a page; more is a lie, and would not add up */

typedef struct chunk_reader {
    firn_parquet_copy *copy;
    const firn_parquet_leaf *leaf;
    size_t index; /* of the file's leaf */
    firn_pq_source_chunk *out;
    int64_t start; /* of the chunk in the file */
} chunk_reader;

/* Damage is for the decoder to tell; memory and I/O are not. */
static firn_status damage_is_done(firn_status st)
{
    const bool is_damage =
        st == FIRN_ERR_CORRUPT || st == FIRN_ERR_LIMIT || st == FIRN_ERR_UNSUPPORTED;
    return is_damage ? FIRN_DONE : st;
}

static bool is_nested(const chunk_reader *r)
{
    return r->leaf->max_rep > 0;
}

/* ---- bytes ---- */

static firn_status read_bytes(chunk_reader *r, firn_error *err)
{
    const firn_parquet_file *file = r->copy->file;
    const firn_pq_chunk *chunk = r->out->chunk;
    const bool has_dictionary =
        chunk->dictionary_offset > 0 && chunk->dictionary_offset < chunk->data_offset;
    r->start = has_dictionary ? chunk->dictionary_offset : chunk->data_offset;
    if (chunk->compressed_bytes <= 0 || r->start > file->data_end ||
        chunk->compressed_bytes > file->data_end - r->start)
        return FIRN_DONE;
    const size_t n = (size_t)chunk->compressed_bytes;
    r->out->bytes = firn_mem_alloc(r->copy->alloc, sizeof *r->out->bytes + n + FIRN_PQ_SLACK);
    if (!r->out->bytes) return firn_fail_nomem(err);
    memset(r->out->bytes->data + n, 0, FIRN_PQ_SLACK);
    r->out->n_bytes = n;
    return firn_pq_file_read(file, r->start, r->out->bytes->data, n, err);
}

static firn_status read_bloom(chunk_reader *r, firn_error *err)
{
    const firn_pq_part *part = &r->out->chunk->bloom;
    if (!r->leaf->has_bloom) return FIRN_OK;
    if (part->n_bytes <= 0) return FIRN_DONE;
    return damage_is_done(firn_pq_file_bytes(r->copy->file, part->offset, (size_t)part->n_bytes,
                                             r->copy->arena, &r->out->bloom, err));
}

/* ---- pages ---- */

static bool is_dictionary_coded(int32_t encoding)
{
    return encoding == FIRN_PQ_ENC_PLAIN_DICTIONARY || encoding == FIRN_PQ_ENC_RLE_DICTIONARY;
}

static bool is_page_usable(const chunk_reader *r, const firn_pq_page_header *h, size_t n_left)
{
    const bool has_levels = r->leaf->max_def > 0 || r->leaf->max_rep > 0;
    if (!h->has_body || h->packed < 0 || h->unpacked < 0 || h->n_values < 0) return false;
    if ((size_t)h->packed > n_left || (size_t)h->unpacked > FIRN_LIMIT_PAGE) return false;
    if (h->type == FIRN_PQ_DICTIONARY_PAGE) return true;
    if (h->encoding < 0 || h->encoding >= FIRN_ENCODING_COUNT) return false;
    if ((is_dictionary_coded(h->encoding) || is_nested(r)) && h->n_values > MOST_PAGE_VALUES)
        return false;
    if (h->type == FIRN_PQ_DATA_PAGE)
        return !has_levels || (h->def_encoding == FIRN_PQ_ENC_RLE &&
                               (r->leaf->max_rep == 0 || h->rep_encoding == FIRN_PQ_ENC_RLE));
    return h->def_bytes >= 0 && h->rep_bytes >= 0 &&
           (int64_t)h->def_bytes + h->rep_bytes <= h->packed &&
           (int64_t)h->def_bytes + h->rep_bytes <= h->unpacked;
}

static firn_status check_crc(const chunk_reader *r, const firn_pq_source_page *page,
                             firn_error *err)
{
    const firn_str body = {r->out->bytes->data + page->body, page->end - page->body};
    if (!page->header.has_crc) return FIRN_OK;
    const uint32_t found = firn_crc32(body);
    if (found == page->header.crc) return FIRN_OK;
    return firn_fail_at(err, (uint64_t)r->start + page->at, "page checksum is %08x, expected %08x",
                        found, page->header.crc);
}

/* A page of a repeated column: rows begin with it, as many as its levels say, whatever its header
 * and the page index say. */
static firn_status count_rows(const chunk_reader *r, firn_pq_source_page *page, firn_error *err)
{
    const firn_str body = {r->out->bytes->data + page->body, page->end - page->body};
    firn_codec codec;
    FIRN_TRY(firn_pq_codec_of(r->out->chunk->codec, &codec, err));
    const firn_status st =
        firn_pq_page_rows(&page->header, codec, body, r->leaf->max_rep, &page->n_rows, err);
    if (st != FIRN_OK) return damage_is_done(st);
    const bool is_told = page->header.type == FIRN_PQ_DATA_PAGE_V2;
    return is_told && page->n_rows != page->header.n_rows ? FIRN_DONE : FIRN_OK;
}

static firn_status read_page(chunk_reader *r, size_t at, firn_pq_source_page *out, firn_error *err)
{
    const firn_str rest = {r->out->bytes->data + at, r->out->n_bytes - at};
    size_t n = 0;
    *out = (firn_pq_source_page){.at = at,
                                 .null_count = FIRN_PQ_NONE,
                                 .nan_count = FIRN_PQ_NONE,
                                 .text_bytes = FIRN_PQ_NONE};
    const firn_status st =
        firn_pq_page_header_parse(rest, (uint64_t)r->start + at, &out->header, &n, err);
    if (st != FIRN_OK) return damage_is_done(st);
    if (!is_page_usable(r, &out->header, rest.len - n)) return FIRN_DONE;
    out->body = at + n;
    out->end = out->body + (size_t)out->header.packed;
    FIRN_TRY(check_crc(r, out, err));
    if (out->header.type == FIRN_PQ_DATA_PAGE_V2 && out->header.n_nulls >= 0 &&
        out->header.n_nulls <= out->header.n_values)
        out->null_count = out->header.n_nulls;
    if (r->leaf->max_def == 0) out->null_count = 0;
    out->n_rows = out->header.n_values;
    const bool has_levels = is_nested(r) && out->header.type != FIRN_PQ_DICTIONARY_PAGE;
    return has_levels ? count_rows(r, out, err) : FIRN_OK;
}

/* False: not one of those that a chunk may have here. */
static firn_status take_page(chunk_reader *r, const firn_pq_source_page *page, firn_error *err)
{
    firn_pq_source_chunk *out = r->out;
    if (page->header.type == FIRN_PQ_DICTIONARY_PAGE) {
        if (out->has_dictionary || out->n_pages > 0 || r->leaf->no_dictionary ||
            r->leaf->physical == FIRN_PHYSICAL_BOOLEAN)
            return FIRN_DONE;
        out->has_dictionary = true;
        out->dictionary = *page;
        return FIRN_OK;
    }
    if (page->header.type != FIRN_PQ_DATA_PAGE && page->header.type != FIRN_PQ_DATA_PAGE_V2)
        return FIRN_DONE;
    if (is_dictionary_coded(page->header.encoding) && !out->has_dictionary) return FIRN_DONE;
    firn_pq_source_page *slot =
        firn_arena_push(r->copy->arena, &out->pages, &out->n_pages, &out->cap_pages, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *page;
    return FIRN_OK;
}

/* Pages that cost readers more than putting their values together costs once. */
static bool has_small_pages(const chunk_reader *r)
{
    const int64_t n = (int64_t)r->out->n_pages;
    return r->out->chunk->n_values < n * r->copy->least_page_values &&
           (int64_t)r->out->n_bytes < n * r->copy->least_page_bytes;
}

static firn_status read_pages(chunk_reader *r, firn_error *err)
{
    int64_t left = r->out->chunk->n_values;
    size_t at = 0;
    while (left > 0) {
        firn_pq_source_page page;
        if (at >= r->out->n_bytes) return FIRN_DONE;
        FIRN_TRY(read_page(r, at, &page, err));
        FIRN_TRY(take_page(r, &page, err));
        at = page.end;
        if (page.header.type != FIRN_PQ_DICTIONARY_PAGE) left -= page.header.n_values;
    }
    const bool is_whole = left == 0 && r->out->n_pages > 0;
    const bool has_rows = is_nested(r) || r->out->chunk->n_values == r->copy->n_source_rows;
    return is_whole && has_rows && !has_small_pages(r) ? FIRN_OK : FIRN_DONE;
}

/* ---- statistics ---- */

static void decode_bounds(const chunk_reader *r, const firn_pq_stats *stats, firn_pq_found *out)
{
    const firn_type *type = r->leaf->type;
    firn_parquet_stats found = {0};
    firn_pq_conv conv;
    if (r->leaf->part != FIRN_LEAF_WHOLE) return;
    if (firn_pq_conv_plan(r->out->node, FIRN_PARQUET_TYPES_TABLE, type, &conv, NULL) != FIRN_OK)
        return;
    firn_pq_decode_bounds(r->copy->file, r->out->node, stats, &conv, type, &found);
    out->is_set = found.has_min && found.has_max;
    out->lo = found.min;
    out->hi = found.max;
    if (r->leaf->physical == FIRN_PHYSICAL_FIXED && out->is_set &&
        type->kind != FIRN_TYPE_DECIMAL &&
        (found.min.as.bytes.len != (size_t)r->leaf->type_length ||
         found.max.as.bytes.len != (size_t)r->leaf->type_length))
        out->is_set = false;
    out->lo_is_cut = r->leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY && !stats->is_min_exact;
    out->hi_is_cut = r->leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY && !stats->is_max_exact;
}

static bool is_float(const firn_parquet_leaf *leaf)
{
    return leaf->physical == FIRN_PHYSICAL_FLOAT || leaf->physical == FIRN_PHYSICAL_DOUBLE;
}

/* Does the writer promise bounds that are longer than these? */
static bool is_too_short(const firn_parquet_leaf *leaf, const firn_pq_found *found)
{
    const bool is_exact_wanted =
        leaf->metrics == FIRN_METRICS_FULL || (leaf->metrics == FIRN_METRICS_TRUNCATE &&
                                               leaf->truncate_length > FIRN_PARQUET_STATS_LENGTH);
    return is_exact_wanted && (found->lo_is_cut || found->hi_is_cut);
}

/* The metrics of the new file come from here. */
static firn_status read_stats(chunk_reader *r, firn_error *err)
{
    firn_pq_source_chunk *out = r->out;
    const firn_pq_stats *stats = &out->chunk->stats;
    firn_parquet_bounds none;
    (void)err;
    out->null_count = r->leaf->max_def == 0 ? 0 : stats->null_count;
    if (out->null_count < 0 || out->null_count > out->chunk->n_values) return FIRN_DONE;
    out->nan_count = is_float(r->leaf) && stats->nan_count >= 0 ? stats->nan_count : FIRN_PQ_NONE;
    if (out->nan_count > out->chunk->n_values - out->null_count) return FIRN_DONE;
    firn_parquet_bounds_init(&none, NULL, r->leaf->type);
    if (none.kind == FIRN_STATS_NONE) return FIRN_OK;
    decode_bounds(r, stats, &out->bounds);
    if (out->bounds.is_set) return is_too_short(r->leaf, &out->bounds) ? FIRN_DONE : FIRN_OK;
    const int64_t n_nothing = out->null_count + (out->nan_count > 0 ? out->nan_count : 0);
    return n_nothing == out->chunk->n_values ? FIRN_OK : FIRN_DONE;
}

/* ---- page index ---- */

/* True when the index is about the pages that are there. */
static bool is_same_pages(const chunk_reader *r, const firn_pq_offset_index *index)
{
    const firn_pq_source_chunk *out = r->out;
    if (index->n_pages != out->n_pages) return false;
    for (size_t i = 0; i < out->n_pages; i++) {
        const firn_pq_page_location *place = &index->pages[i];
        const int64_t n_bytes = (int64_t)(out->pages[i].end - out->pages[i].at);
        if (place->offset != r->start + (int64_t)out->pages[i].at || place->n_bytes != n_bytes)
            return false;
    }
    return true;
}

static bool take_rows(chunk_reader *r, const firn_pq_offset_index *index)
{
    const int64_t n_rows = r->copy->n_source_rows;
    for (size_t i = 0; i < index->n_pages; i++) {
        firn_pq_source_page *page = &r->out->pages[i];
        const int64_t end = i + 1 < index->n_pages ? index->pages[i + 1].first_row : n_rows;
        const int64_t n = end - index->pages[i].first_row;
        if (page->n_rows != n) return false;
        if (index->text_bytes && index->text_bytes[i] <= MOST_TEXT_BYTES)
            page->text_bytes = index->text_bytes[i];
    }
    return true;
}

static firn_status read_offset_index(chunk_reader *r, firn_error *err)
{
    firn_pq_offset_index index = {.wants_counts = true};
    const firn_status st = damage_is_done(firn_pq_offset_index_read(
        r->copy->file, r->copy->row_group, r->index, r->copy->arena, &index, err));
    if (st == FIRN_OK && (!is_same_pages(r, &index) || !take_rows(r, &index))) return FIRN_DONE;
    if (st != FIRN_OK && st != FIRN_DONE) return st;
    int64_t n = 0;
    for (size_t i = 0; i < r->out->n_pages; i++) n += r->out->pages[i].n_rows;
    return n == r->copy->n_source_rows ? FIRN_OK : FIRN_DONE;
}

static void take_page_stats(chunk_reader *r, const firn_pq_column_index *index, size_t i)
{
    const size_t n_reps = r->leaf->max_rep + 1u, n_defs = r->leaf->max_def + 1u;
    firn_pq_source_page *page = &r->out->pages[i];
    const firn_pq_stats stats = {.has_min_value = true,
                                 .has_max_value = true,
                                 .min_value = index->min[i],
                                 .max_value = index->max[i]};
    if (index->null_counts && index->null_counts[i] <= page->header.n_values)
        page->null_count = index->null_counts[i];
    if (index->is_null_page[i]) page->null_count = page->header.n_values;
    if (index->nan_counts && index->nan_counts[i] <= page->header.n_values)
        page->nan_count = index->nan_counts[i];
    if (index->rep_counts) page->rep_counts = index->rep_counts + i * n_reps;
    if (index->def_counts) page->def_counts = index->def_counts + i * n_defs;
    if (!index->is_null_page[i]) decode_bounds(r, &stats, &page->bounds);
}

static bool are_counts_possible(const int64_t *counts, size_t n, int32_t n_values)
{
    for (size_t i = 0; counts && i < n; i++)
        if (counts[i] > n_values) return false;
    return true;
}

/* Counts by level of every page. */
static bool has_histograms(const chunk_reader *r)
{
    const size_t n_reps = r->leaf->max_rep + 1u, n_defs = r->leaf->max_def + 1u;
    for (size_t i = 0; i < r->out->n_pages; i++) {
        const firn_pq_source_page *page = &r->out->pages[i];
        if (!page->def_counts || (r->leaf->max_rep > 0 && !page->rep_counts) ||
            !are_counts_possible(page->def_counts, n_defs, page->header.n_values) ||
            !are_counts_possible(page->rep_counts, n_reps, page->header.n_values))
            return false;
    }
    return true;
}

/* Without an index, or with one that is damaged, the only page of a chunk is what the chunk is. */
static firn_status read_column_index(chunk_reader *r, firn_error *err)
{
    firn_pq_source_chunk *out = r->out;
    const size_t n_reps = r->leaf->max_rep + 1u, n_defs = r->leaf->max_def + 1u;
    firn_pq_column_index index = {.wants_counts = true};
    const firn_status st = damage_is_done(firn_pq_column_index_read(
        r->copy->file, r->copy->row_group, r->index, out->n_pages, r->copy->arena, &index, err));
    if (st != FIRN_OK && st != FIRN_DONE) return st;
    if (index.n_rep_counts != out->n_pages * n_reps) index.rep_counts = NULL;
    if (index.n_def_counts != out->n_pages * n_defs) index.def_counts = NULL;
    for (size_t i = 0; i < out->n_pages && st == FIRN_OK; i++) take_page_stats(r, &index, i);
    if (st == FIRN_DONE && out->n_pages == 1) {
        out->pages[0].null_count = out->null_count;
        out->pages[0].nan_count = out->nan_count;
        out->pages[0].bounds = out->bounds;
    }
    return !firn_parquet_leaf_has_histograms(r->leaf) || has_histograms(r) ? FIRN_OK : FIRN_DONE;
}

/* ---- rows that go ---- */

/* Of a chunk none of whose pages stays nothing is read, as far as the offset index tells. */
static firn_status check_some_stay(const chunk_reader *r, firn_error *err)
{
    const firn_parquet_copy *copy = r->copy;
    firn_pq_offset_index index = {0};
    if (!copy->gone) return FIRN_OK;
    if (r->leaf->has_bloom) return FIRN_DONE; /* which is made of values */
    const firn_status st = damage_is_done(
        firn_pq_offset_index_read(copy->file, copy->row_group, r->index, copy->arena, &index, err));
    if (st != FIRN_OK) return st == FIRN_DONE ? FIRN_OK : st;
    for (size_t i = 0; i < index.n_pages; i++) {
        const int64_t first = index.pages[i].first_row;
        const int64_t end =
            i + 1 < index.n_pages ? index.pages[i + 1].first_row : copy->n_source_rows;
        if (!firn_pq_copy_has_gone(copy, first, end - first)) return FIRN_OK;
    }
    return FIRN_DONE;
}

/* What the chunk's statistics are made of when some of its pages are left out. */
static bool is_described(const chunk_reader *r, const firn_pq_source_page *page)
{
    firn_parquet_bounds none;
    if (page->null_count < 0) return false;
    firn_parquet_bounds_init(&none, NULL, r->leaf->type);
    if (none.kind == FIRN_STATS_NONE) return true;
    if (page->bounds.is_set) return !is_too_short(r->leaf, &page->bounds);
    const int64_t n_nothing = page->null_count + (page->nan_count > 0 ? page->nan_count : 0);
    return n_nothing == page->header.n_values;
}

static firn_status choose_pages(chunk_reader *r)
{
    firn_pq_source_chunk *out = r->out;
    int64_t first = 0;
    if (!r->copy->gone) return FIRN_OK;
    for (size_t i = 0; i < out->n_pages; i++) {
        firn_pq_source_page *page = &out->pages[i];
        page->is_recoded =
            !is_described(r, page) || firn_pq_copy_has_gone(r->copy, first, page->n_rows);
        out->n_recoded += page->is_recoded;
        first += page->n_rows;
    }
    return out->n_recoded < out->n_pages ? FIRN_OK : FIRN_DONE;
}

/* ---- all ---- */

firn_status firn_pq_source_chunk_read(firn_parquet_copy *copy, const firn_parquet_leaf *leaf,
                                      size_t index, firn_pq_source_chunk *out, firn_error *err)
{
    chunk_reader r = {.copy = copy, .leaf = leaf, .index = index, .out = out};
    FIRN_TRY(check_some_stay(&r, err));
    FIRN_TRY(read_stats(&r, err));
    FIRN_TRY(read_bytes(&r, err));
    FIRN_TRY(read_bloom(&r, err));
    FIRN_TRY(read_pages(&r, err));
    FIRN_TRY(read_offset_index(&r, err));
    FIRN_TRY(read_column_index(&r, err));
    return choose_pages(&r);
}
