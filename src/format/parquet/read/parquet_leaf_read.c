/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one leaf column. The fast path is a run of rows without nulls inside one page: values
 * are decoded straight into the column. */
#include "format/parquet/read/parquet_leaf_read.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cursor.h"
#include "base/error.h"
#include "format/parquet/read/parquet_budget.h"

#define SCRATCH_ROWS 4096 /* rows of one step when the caller gave no validity */

void firn_pq_leaf_init(firn_pq_leaf *leaf, const firn_parquet_file *file, const firn_pq_node *node,
                       const firn_pq_conv *conv, firn_parquet_memory *memory, size_t window_bytes)
{
    *leaf = (firn_pq_leaf){.node = node, .index = node->first_leaf, .levels_only = !conv};
    leaf->blocks.memory = memory;
    leaf->pages = (firn_pq_pages){.file = file,
                                  .codec_ctx = firn_pq_memory_codecs(memory),
                                  .window_bytes = window_bytes,
                                  .is_flat = node->rep == 0,
                                  .blocks = &leaf->blocks};
    leaf->values = (firn_pq_values){.kernels = firn_pq_memory_kernels(memory),
                                    .conv = &leaf->conv,
                                    .dictionary = &leaf->dictionary,
                                    .blocks = &leaf->blocks};
    if (conv)
        leaf->conv = *conv;
    else
        leaf->conv.physical = (firn_pq_physical)node->element->physical;
    leaf->pages.keep_pages = leaf->conv.kind == FIRN_PQ_CONV_VIEW;
}

void firn_pq_leaf_dispose(firn_pq_leaf *leaf)
{
    firn_pq_values_dispose(&leaf->values);
    firn_pq_pages_dispose(&leaf->pages);
    firn_pq_blocks_dispose(&leaf->blocks);
    firn_mem_free(NULL, leaf->def_levels);
    firn_mem_free(NULL, leaf->rep_levels);
}

static firn_status wrap(firn_pq_leaf *leaf, firn_status st, firn_error *err)
{
    return firn_error_wrap(err, st, "column %.*s", FIRN_STR_ARG(leaf->node->name));
}

firn_status firn_pq_leaf_start(firn_pq_leaf *leaf, size_t row_group, firn_error *err)
{
    const firn_pq_row_group *rg = &leaf->pages.file->row_groups[row_group];
    const firn_pq_chunk *chunk = &rg->chunks[leaf->index];
    firn_pq_dictionary_reset(&leaf->values);
    leaf->page_left = 0;
    leaf->row = 0;
    leaf->ahead_at = leaf->ahead_n = 0;
    leaf->row_group = row_group;
    leaf->offsets = (firn_pq_offset_index){0};
    leaf->is_index_tried = false;
    leaf->pages.n_rows = rg->n_rows;
    leaf->pages.first_row = rg->first_row;
    if (leaf->node->rep == 0 && !chunk->is_encrypted && !chunk->is_external &&
        chunk->n_values != rg->n_rows)
        return wrap(leaf,
                    firn_fail(err, FIRN_ERR_CORRUPT, "%lld values in a row group of %lld rows",
                              (long long)chunk->n_values, (long long)rg->n_rows),
                    err);
    return wrap(leaf, firn_pq_pages_start(&leaf->pages, chunk, err), err);
}

firn_status firn_pq_leaf_start_over(firn_pq_leaf *leaf, firn_error *err)
{
    const firn_pq_offset_index offsets = leaf->offsets;
    const bool is_tried = leaf->is_index_tried;
    FIRN_TRY(firn_pq_leaf_start(leaf, leaf->row_group, err));
    leaf->offsets = offsets;
    leaf->is_index_tried = is_tried;
    firn_pq_blocks_forget(&leaf->blocks);
    return FIRN_OK;
}

/* Levels are read as long as values are. *at moves behind those in the page. */
static firn_status begin_levels(firn_pq_leaf *leaf, const firn_pq_page *page, const uint8_t **at,
                                const uint8_t *end, firn_error *err)
{
    const firn_pq_node *node = leaf->node;
    const size_t n = (size_t)page->n_values;
    if (page->type == FIRN_PQ_DATA_PAGE_V2) {
        leaf->rep = firn_pq_levels_of(page->rep_levels, node->rep);
        leaf->def = firn_pq_levels_of(page->def_levels, node->def);
        return FIRN_OK;
    }
    FIRN_TRY(firn_pq_levels_begin(&leaf->rep, page->rep_encoding, node->rep, n, at, end, err));
    return firn_pq_levels_begin(&leaf->def, page->def_encoding, node->def, n, at, end, err);
}

static firn_status need_levels(firn_pq_page_stream *s, size_t n, const uint8_t **at,
                               const uint8_t **end, firn_error *err)
{
    const firn_status st = firn_pq_page_stream_need(s, n, at, end, err);
    if (st != FIRN_DONE) return st;
    return firn_fail(err, FIRN_ERR_CORRUPT, "levels of %zu bytes do not fit their page", n);
}

/* Makes the window of a streamed page of version 1 have all levels: *n bytes. */
static firn_status measure_levels(const firn_pq_leaf *leaf, const firn_pq_page *page,
                                  const uint8_t **at, const uint8_t **end, size_t *n,
                                  firn_error *err)
{
    const int32_t encodings[2] = {page->rep_encoding, page->def_encoding};
    const int16_t max[2] = {leaf->node->rep, leaf->node->def};
    for (size_t i = 0; i < 2; i++) {
        if (max[i] == 0) continue;
        if (encodings[i] == FIRN_PQ_ENC_BIT_PACKED) {
            *n += firn_pq_levels_packed_bytes(max[i], (size_t)page->n_values);
            continue;
        }
        FIRN_TRY(need_levels(page->stream, *n + sizeof(uint32_t), at, end, err));
        *n += sizeof(uint32_t) + firn_load_u32le(*at + *n);
    }
    return need_levels(page->stream, *n, at, end, err);
}

/* Makes the window have the lengths that stand in front of texts, too: *n bytes with the levels. Of
 * what is cut they cannot tell whether it is, so that something has to be there behind them. */
static firn_status measure_lengths(const firn_pq_page *page, const uint8_t **at,
                                   const uint8_t **end, size_t *n, firn_error *err)
{
    firn_pq_page_stream *s = page->stream;
    for (;;) {
        const uint8_t *lengths_end = *at ? *at + *n : NULL;
        const size_t have = (size_t)(*end - *at);
        if (have == *n && s->left == 0) return FIRN_OK; /* a page of nulls */
        const firn_status st =
            have > *n ? firn_pq_bytes_lengths_end(page->encoding, *end, &lengths_end, err)
                      : FIRN_ERR_CORRUPT;
        if (st == FIRN_OK && (lengths_end < *end || s->left == 0)) {
            *n = (size_t)(lengths_end - *at);
            return FIRN_OK;
        }
        if (s->left == 0) return st;
        FIRN_TRY(
            need_levels(s, have + (have < s->left ? have + 1 : (size_t)s->left), at, end, err));
    }
}

/* [*at, *end): the first window of a streamed page behind its levels and lengths, or all that is
 * left where values cannot be read window by window. */
static firn_status begin_stream(firn_pq_leaf *leaf, const firn_pq_page *page, const uint8_t **at,
                                const uint8_t **end, firn_error *err)
{
    firn_pq_page_stream *s = page->stream;
    const bool has_lengths = !leaf->levels_only && firn_pq_bytes_has_lengths(page->encoding);
    const uint8_t *front = *at;
    size_t n_levels = 0;
    if (page->type != FIRN_PQ_DATA_PAGE_V2)
        FIRN_TRY(measure_levels(leaf, page, at, end, &n_levels, err));
    size_t n = n_levels;
    if (has_lengths) FIRN_TRY(measure_lengths(page, at, end, &n, err));
    if (n > 0 || !*at) FIRN_TRY(firn_pq_page_stream_hold(s, *at, n, &front, err));
    if (!*at) *at = *end = front; /* an address, for no bytes */
    *at += n;
    leaf->values.lengths = (firn_str){(const char *)front + n_levels, n - n_levels};
    FIRN_TRY(begin_levels(leaf, page, &front, front + n_levels, err));
    leaf->values.stream = s;
    if (leaf->levels_only || has_lengths ||
        (page->encoding == FIRN_PQ_ENC_PLAIN && leaf->conv.physical != FIRN_PQ_BOOLEAN))
        return FIRN_OK;
    leaf->values.stream = NULL;
    return firn_pq_page_stream_need(s, (size_t)(*end - *at) + (size_t)s->left, at, end, err);
}

static firn_status begin_data_page(firn_pq_leaf *leaf, const firn_pq_page *page, firn_error *err)
{
    const uint8_t *at = page->data, *end = page->size > 0 ? at + page->size : at;
    leaf->values.stream = NULL;
    leaf->values.lengths = (firn_str){NULL, 0};
    if (page->stream)
        FIRN_TRY(begin_stream(leaf, page, &at, &end, err));
    else
        FIRN_TRY(begin_levels(leaf, page, &at, end, err));
    leaf->page_left = (size_t)page->n_values;
    if (leaf->levels_only) return FIRN_OK;
    return firn_pq_values_begin(&leaf->values, page->encoding, at, (size_t)(end - at),
                                leaf->page_left, err);
}

firn_status firn_pq_leaf_next_page(firn_pq_leaf *leaf, firn_error *err)
{
    while (leaf->page_left == 0) {
        firn_pq_page page;
        const firn_status st = firn_pq_pages_next(&leaf->pages, &page, err);
        if (st != FIRN_OK) return st;
        if (page.type != FIRN_PQ_DICTIONARY_PAGE)
            FIRN_TRY(firn_error_wrap(err, begin_data_page(leaf, &page, err), "page at %llu",
                                     (unsigned long long)page.offset));
        else if (!leaf->levels_only)
            FIRN_TRY(firn_pq_dictionary_load(&leaf->values, &page, &leaf->pages, err));
    }
    return FIRN_OK;
}

void firn_pq_spread(const firn_pq_kernels *kernels, void *values, size_t width,
                    const uint64_t *mask, size_t at, size_t n, size_t n_set)
{
    switch (width) {
    case 1: kernels->spread_1(values, mask, at, n, n_set); break;
    case 4: kernels->spread_4(values, mask, at, n, n_set); break;
    case 8: kernels->spread_8(values, mask, at, n, n_set); break;
    case 16: kernels->spread_16(values, mask, at, n, n_set); break;
    default: break;
    }
}

/* ---- flat ---- */

/* k rows of the current page to row at. */
static firn_status read_flat_step(firn_pq_leaf *leaf, firn_pq_flat *flat, size_t at, size_t k,
                                  firn_error *err)
{
    const size_t width = leaf->conv.out_width;
    char *const to = (char *)flat->values + at * width;
    size_t n_set = k;
    if (leaf->node->def == 0) {
        if (flat->validity) firn_pq_fill_bits(flat->validity, at, k, true);
        return firn_pq_values_read(&leaf->values, k, to, err);
    }
    uint64_t scratch[SCRATCH_ROWS / 64];
    uint64_t *const mask = flat->validity ? flat->validity : scratch;
    const size_t mask_at = flat->validity ? at : 0;
    FIRN_TRY(firn_pq_levels_mask(&leaf->def, mask, mask_at, k, &n_set, err));
    FIRN_TRY(firn_pq_values_read(&leaf->values, n_set, to, err));
    if (n_set == k) return FIRN_OK;
    if (!flat->validity)
        return firn_fail(err, FIRN_ERR_ARG, "null in a column without a validity mask");
    firn_pq_spread(leaf->values.kernels, to, width, mask, mask_at, k, n_set);
    flat->n_nulls += k - n_set;
    return FIRN_OK;
}

static firn_status read_flat(firn_pq_leaf *leaf, firn_pq_flat *to, size_t at, size_t n,
                             firn_error *err)
{
    for (const size_t end = at + n; at < end;) {
        const firn_status st = firn_pq_leaf_next_page(leaf, err);
        if (st == FIRN_DONE)
            return firn_fail(err, FIRN_ERR_CORRUPT, "column chunk ends %zu rows early", end - at);
        FIRN_TRY(st);
        size_t k = end - at < leaf->page_left ? end - at : leaf->page_left;
        if (k > SCRATCH_ROWS) k = SCRATCH_ROWS;
        FIRN_TRY(read_flat_step(leaf, to, at, k, err));
        leaf->page_left -= k;
        leaf->row += (int64_t)k;
        at += k;
    }
    return FIRN_OK;
}

firn_status firn_pq_leaf_read_flat(firn_pq_leaf *leaf, firn_pq_flat *to, size_t at, size_t n,
                                   firn_error *err)
{
    return wrap(leaf, read_flat(leaf, to, at, n, err), err);
}

/* ---- by levels ---- */

static firn_status reserve_levels(firn_pq_leaf *leaf, size_t more, firn_error *err)
{
    const size_t need = leaf->n_levels + more;
    FIRN_TRY(firn_pq_budget_spend(leaf->blocks.budget, (uint64_t)more * FIRN_PQ_LEVEL_BYTES, err));
    if (need <= leaf->level_capacity) return FIRN_OK;
    const size_t capacity = need < 4096 ? 8192 : need * 2;
    uint8_t *def = firn_mem_resize(NULL, leaf->def_levels, capacity);
    if (!def) return firn_fail_nomem(err);
    leaf->def_levels = def;
    uint8_t *rep = firn_mem_resize(NULL, leaf->rep_levels, capacity);
    if (!rep) return firn_fail_nomem(err);
    leaf->rep_levels = rep;
    leaf->level_capacity = capacity;
    return FIRN_OK;
}

static size_t count_equal(const uint8_t *levels, size_t n, uint8_t value)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += levels[i] == value;
    return count;
}

/* Moves k levels from ahead to the batch and decodes the values that belong to them. */
static firn_status consume(firn_pq_leaf *leaf, size_t k, firn_error *err)
{
    const uint8_t *def = leaf->ahead_def + leaf->ahead_at;
    FIRN_TRY(reserve_levels(leaf, k, err));
    memcpy(leaf->def_levels + leaf->n_levels, def, k);
    memcpy(leaf->rep_levels + leaf->n_levels, leaf->ahead_rep + leaf->ahead_at, k);
    leaf->n_levels += k;
    leaf->ahead_at += k;
    if (leaf->levels_only) return FIRN_OK;
    const size_t n = count_equal(def, k, (uint8_t)leaf->node->def);
    const size_t total = leaf->n_dense + n;
    FIRN_TRY(firn_pq_budget_spend(leaf->blocks.budget, (uint64_t)n * leaf->conv.out_width, err));
    if ((int64_t)total > leaf->column->capacity)
        FIRN_TRY(firn_column_reserve(leaf->column, (int64_t)total, err));
    char *to = (char *)leaf->column->values + leaf->n_dense * leaf->conv.out_width;
    FIRN_TRY(firn_pq_values_read(&leaf->values, n, to, err));
    leaf->n_dense = total;
    return FIRN_OK;
}

/* Pages of an offset index begin with a row, the one it says. */
static firn_status check_page_row(const firn_pq_leaf *leaf, firn_error *err)
{
    const firn_pq_pages *pages = &leaf->pages;
    const firn_pq_page_location *page = &pages->index->pages[pages->next_page - 1];
    if (page->first_row == leaf->row) return FIRN_OK;
    return firn_fail_at(err, (uint64_t)page->offset,
                        "page begins with row %lld, the offset index says %lld",
                        (long long)leaf->row, (long long)page->first_row);
}

firn_status firn_pq_leaf_read_ahead(firn_pq_leaf *leaf, firn_error *err)
{
    const bool is_new = leaf->page_left == 0;
    FIRN_TRY(firn_pq_leaf_next_page(leaf, err)); /* FIRN_DONE passes through */
    if (is_new && leaf->pages.index) FIRN_TRY(check_page_row(leaf, err));
    const size_t k =
        leaf->page_left < FIRN_PQ_LEVELS_AHEAD ? leaf->page_left : FIRN_PQ_LEVELS_AHEAD;
    FIRN_TRY(firn_pq_levels_read(&leaf->rep, leaf->ahead_rep, k, err));
    FIRN_TRY(firn_pq_levels_read(&leaf->def, leaf->ahead_def, k, err));
    leaf->page_left -= k;
    leaf->ahead_at = 0;
    leaf->ahead_n = k;
    return FIRN_OK;
}

/* End in ahead of the levels that still belong to the batch; *is_full when that is before the end
 * of ahead. Rows begin at level 0. */
static size_t find_end(const firn_pq_leaf *leaf, size_t max_rows, size_t soft_levels,
                       size_t *n_rows, bool *is_full)
{
    const size_t at = leaf->ahead_at, n = leaf->ahead_n - at;
    const size_t begins = leaf->node->rep == 0 ? n : count_equal(leaf->ahead_rep + at, n, 0);
    if (begins <= max_rows - *n_rows && leaf->n_levels + n < soft_levels) {
        *n_rows += begins;
        return leaf->ahead_n;
    }
    for (size_t end = at; end < leaf->ahead_n; end++) {
        if (leaf->ahead_rep[end] != 0) continue;
        *is_full =
            *n_rows == max_rows || (*n_rows > 0 && leaf->n_levels + (end - at) >= soft_levels);
        if (*is_full) return end;
        ++*n_rows;
    }
    return leaf->ahead_n;
}

static firn_status read_rows(firn_pq_leaf *leaf, size_t max_rows, size_t soft_levels,
                             size_t *n_rows, firn_error *err)
{
    for (bool is_full = false; !is_full;) {
        if (leaf->ahead_at == leaf->ahead_n) {
            /* Where pages end, rows do: the next page may be one that nobody wants. */
            if (leaf->pages.index && leaf->page_left == 0 && *n_rows == max_rows) return FIRN_OK;
            const firn_status st = firn_pq_leaf_read_ahead(leaf, err);
            if (st == FIRN_DONE) return FIRN_OK;
            FIRN_TRY(st);
        }
        if (*n_rows == 0 && leaf->ahead_rep[leaf->ahead_at] != 0)
            return firn_fail(err, FIRN_ERR_CORRUPT, "row begins with repetition level %d",
                             leaf->ahead_rep[leaf->ahead_at]);
        const size_t before = *n_rows;
        const size_t end = find_end(leaf, max_rows, soft_levels, n_rows, &is_full);
        leaf->row += (int64_t)(*n_rows - before);
        FIRN_TRY(consume(leaf, end - leaf->ahead_at, err));
        if (is_full && leaf->row == leaf->pages.n_rows)
            return firn_fail(err, FIRN_ERR_CORRUPT, "more rows than the %lld of the row group",
                             (long long)leaf->row);
    }
    return FIRN_OK;
}

void firn_pq_leaf_clear(firn_pq_leaf *leaf)
{
    leaf->n_levels = 0;
    leaf->n_dense = 0;
}

firn_status firn_pq_leaf_read_rows(firn_pq_leaf *leaf, size_t max_rows, size_t soft_levels,
                                   size_t *n_rows, firn_error *err)
{
    *n_rows = 0;
    return wrap(leaf, read_rows(leaf, max_rows, soft_levels, n_rows, err), err);
}
