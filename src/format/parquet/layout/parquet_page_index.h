/* SPDX-License-Identifier: Apache-2.0 */
/* The page index of a column chunk (PageIndex.md): where its data pages are (offset index) and what
 * is in them (column index). The structs serve writers and readers; reading checks everything that
 * can be checked without the pages. Not here: what the bounds exclude (parquet_select.h). */
#ifndef FIRN_FORMAT_PARQUET_PAGE_INDEX_H
#define FIRN_FORMAT_PARQUET_PAGE_INDEX_H

#include "base/arena.h"
#include "format/parquet/read/parquet_reader.h"

typedef struct firn_pq_page_location {
    int64_t offset;    /* of the page header in the file */
    int64_t n_bytes;   /* header and compressed data */
    int64_t first_row; /* in the row group */
} firn_pq_page_location;

typedef struct firn_pq_offset_index {
    firn_pq_page_location *pages;
    size_t n_pages;
    bool wants_counts;   /* set by who asks: what follows, too, which reading rows does not need */
    int64_t *text_bytes; /* BYTE_ARRAY: of each page's values; NULL: not known */
} firn_pq_offset_index;

typedef enum firn_pq_boundary_order {
    FIRN_PQ_UNORDERED = 0,
    FIRN_PQ_ASCENDING = 1,
    FIRN_PQ_DESCENDING = 2,
} firn_pq_boundary_order;

/* Arrays of n_pages; bounds are PLAIN bytes, empty where is_null_page. */
typedef struct firn_pq_column_index {
    size_t n_pages;
    bool *is_null_page;
    firn_str *min, *max;
    int64_t *null_counts; /* NULL: not known, as below */
    firn_pq_boundary_order order;
    bool wants_counts; /* set by who asks: what follows, too */
    int64_t *nan_counts;
    int64_t *rep_counts, *def_counts; /* by page, then by level */
    size_t n_rep_counts, n_def_counts;
} firn_pq_column_index;

/* Both FIRN_DONE when the chunk has none; FIRN_ERR_CORRUPT for one that is cut, lies outside the
 * file, or contradicts itself or the footer: pages that overlap, are not in order or lie outside
 * their chunk, first rows that do not rise from 0 or pass the end, counts that differ. Memory is
 * the arena's; bytes of bounds are borrowed from the file or the arena. */
FIRN_MUST_CHECK firn_status firn_pq_offset_index_read(const firn_parquet_file *file,
                                                      size_t row_group, size_t leaf,
                                                      firn_arena *arena, firn_pq_offset_index *out,
                                                      firn_error *err);
FIRN_MUST_CHECK firn_status firn_pq_column_index_read(const firn_parquet_file *file,
                                                      size_t row_group, size_t leaf, size_t n_pages,
                                                      firn_arena *arena, firn_pq_column_index *out,
                                                      firn_error *err);

#endif
