/* SPDX-License-Identifier: Apache-2.0 */
/* Stepping over rows of a leaf column. A page that holds none of the rows wanted is not unpacked,
 * and with an offset index it is not read either. */
#include "base/error.h"
#include "format/parquet/read/parquet_leaf_read.h"

#define SCRATCH_ROWS 4096

/* ---- the offset index ---- */

/* Loads it once per chunk. An index that cannot be believed is not used. */
static firn_status load_offsets(firn_pq_leaf *leaf, firn_error *err)
{
    if (leaf->is_index_tried || !leaf->index_arena) return FIRN_OK;
    leaf->is_index_tried = true;
    const firn_status st = firn_pq_offset_index_read(leaf->pages.file, leaf->row_group, leaf->index,
                                                     leaf->index_arena, &leaf->offsets, err);
    if (st == FIRN_OK) return FIRN_OK;
    leaf->offsets.n_pages = 0;
    return st == FIRN_DONE || st == FIRN_ERR_CORRUPT || st == FIRN_ERR_LIMIT ? FIRN_OK : st;
}

static size_t page_of(const firn_pq_offset_index *offsets, int64_t row)
{
    size_t from = 0, to = offsets->n_pages; /* the last page that begins at row or before */
    while (to - from > 1) {
        const size_t mid = from + (to - from) / 2;
        if (offsets->pages[mid].first_row <= row)
            from = mid;
        else
            to = mid;
    }
    return from;
}

static firn_status need_dictionary(firn_pq_leaf *leaf, size_t page_after, firn_error *err)
{
    const firn_pq_chunk *chunk = &leaf->pages.file->row_groups[leaf->row_group].chunks[leaf->index];
    firn_pq_page page;
    if (leaf->dictionary.is_present || leaf->levels_only) return FIRN_OK;
    const firn_status st =
        firn_pq_pages_dictionary(&leaf->pages, chunk, &leaf->offsets, page_after, &page, err);
    if (st == FIRN_DONE) return FIRN_OK;
    FIRN_TRY(st);
    return firn_pq_dictionary_load(&leaf->values, &page, &leaf->pages, err);
}

/* Is the page the one that is being read, or the one that comes next anyway? */
static bool is_here(const firn_pq_leaf *leaf, size_t page)
{
    const firn_pq_pages *pages = &leaf->pages;
    const bool is_begun = leaf->page_left > 0 || leaf->ahead_at < leaf->ahead_n;
    if (!pages->index) return page == page_of(&leaf->offsets, leaf->row) && !leaf->is_sparse;
    return page == (is_begun ? pages->next_page - 1 : pages->next_page);
}

/* To the beginning of the page with the row; does nothing without an index. */
static firn_status jump(firn_pq_leaf *leaf, int64_t row, firn_error *err)
{
    FIRN_TRY(load_offsets(leaf, err));
    if (leaf->offsets.n_pages == 0) return FIRN_OK;
    const size_t page = page_of(&leaf->offsets, row);
    if (is_here(leaf, page)) return FIRN_OK;
    FIRN_TRY(need_dictionary(leaf, page, err));
    firn_pq_pages_seek(&leaf->pages, &leaf->offsets, page);
    leaf->row = leaf->offsets.pages[page].first_row;
    leaf->page_left = 0;
    leaf->ahead_at = leaf->ahead_n = 0;
    return FIRN_OK;
}

/* ---- flat ---- */

static firn_status skip_in_page(firn_pq_leaf *leaf, size_t n, firn_error *err)
{
    uint64_t scratch[SCRATCH_ROWS / 64];
    leaf->page_left -= n;
    leaf->row += (int64_t)n;
    if (leaf->node->def == 0) return firn_pq_values_skip(&leaf->values, n, err);
    for (size_t k = 0; n > 0; n -= k) {
        size_t n_set = 0;
        k = n < SCRATCH_ROWS ? n : SCRATCH_ROWS;
        FIRN_TRY(firn_pq_levels_mask(&leaf->def, scratch, 0, k, &n_set, err));
        FIRN_TRY(firn_pq_values_skip(&leaf->values, n_set, err));
    }
    return FIRN_OK;
}

static firn_status seek_flat(firn_pq_leaf *leaf, int64_t row, firn_error *err)
{
    if (row - leaf->row < (int64_t)leaf->page_left)
        return skip_in_page(leaf, (size_t)(row - leaf->row), err);
    leaf->row += (int64_t)leaf->page_left;
    leaf->page_left = 0;
    FIRN_TRY(jump(leaf, row, err));
    while (leaf->row < row) {
        int64_t left = row - leaf->row;
        if (!leaf->pages.index) FIRN_TRY(firn_pq_pages_skip(&leaf->pages, &left, err));
        leaf->row = row - left;
        if (left == 0) break;
        const firn_status st = firn_pq_leaf_next_page(leaf, err);
        if (st == FIRN_DONE)
            return firn_fail(err, FIRN_ERR_CORRUPT, "column chunk ends at row %lld, %lld wanted",
                             (long long)leaf->row, (long long)row);
        FIRN_TRY(st);
        const size_t n = left < (int64_t)leaf->page_left ? (size_t)left : leaf->page_left;
        FIRN_TRY(skip_in_page(leaf, n, err));
    }
    return FIRN_OK;
}

/* ---- by levels ---- */

/* End in ahead of the levels of the next *rows rows, which it counts down; the row after them
 * begins there, if ahead reaches so far. */
static size_t find_rows(const firn_pq_leaf *leaf, int64_t *rows)
{
    size_t end = leaf->ahead_at;
    for (; end < leaf->ahead_n; end++) {
        if (leaf->ahead_rep[end] != 0) continue;
        if (*rows == 0) return end;
        --*rows;
    }
    return end;
}

/* Values of levels that have been stepped over, to be stepped over too unless their page ends. */
static size_t count_values(const firn_pq_leaf *leaf, size_t end)
{
    size_t n = 0;
    for (size_t i = leaf->ahead_at; i < end; i++) n += leaf->ahead_def[i] == leaf->node->def;
    return n;
}

static firn_status skip_rows(firn_pq_leaf *leaf, int64_t row, firn_error *err)
{
    int64_t left = row - leaf->row;
    size_t n_values = 0;
    for (;;) {
        if (leaf->ahead_at == leaf->ahead_n) {
            if (leaf->page_left == 0) {
                n_values = 0;
                if (leaf->pages.index && left == 0) break; /* where pages end, rows do */
                leaf->row = row - left;
                if (!leaf->pages.index) FIRN_TRY(firn_pq_pages_skip(&leaf->pages, &left, err));
            }
            leaf->row = row - left;
            const firn_status st = firn_pq_leaf_read_ahead(leaf, err);
            if (st == FIRN_DONE) break;
            FIRN_TRY(st);
        }
        const size_t end = find_rows(leaf, &left);
        n_values += count_values(leaf, end);
        leaf->ahead_at = end;
        if (end < leaf->ahead_n) break;
    }
    leaf->row = row - left;
    if (left > 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "column chunk ends at row %lld, %lld wanted",
                         (long long)leaf->row, (long long)row);
    return leaf->levels_only ? FIRN_OK : firn_pq_values_skip(&leaf->values, n_values, err);
}

static firn_status seek_levels(firn_pq_leaf *leaf, int64_t row, firn_error *err)
{
    FIRN_TRY(jump(leaf, row, err));
    return leaf->row < row ? skip_rows(leaf, row, err) : FIRN_OK;
}

firn_status firn_pq_leaf_seek(firn_pq_leaf *leaf, int64_t row, firn_error *err)
{
    if (row == leaf->row && (!leaf->is_sparse || leaf->pages.index)) return FIRN_OK;
    const firn_status st =
        leaf->by_levels ? seek_levels(leaf, row, err) : seek_flat(leaf, row, err);
    return firn_error_wrap(err, st, "column %.*s", FIRN_STR_ARG(leaf->node->name));
}
