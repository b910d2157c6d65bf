/* SPDX-License-Identifier: Apache-2.0 */
/* One leaf column of a file: pages, levels and values together, streamed. Two ways to read: flat
 * (a top-level column: rows are values or nulls) and by levels (anything nested, assembled by
 * parquet_assemble.c). */
#ifndef FIRN_FORMAT_PARQUET_LEAF_READ_H
#define FIRN_FORMAT_PARQUET_LEAF_READ_H

#include "format/parquet/encoding/parquet_levels.h"
#include "format/parquet/encoding/parquet_values.h"

#define FIRN_PQ_LEVELS_AHEAD 1024

typedef struct firn_pq_leaf {
    const firn_pq_node *node;
    size_t index;     /* of its chunk in a row group */
    bool by_levels;   /* how it is read: anything but a top-level column of plain values */
    bool levels_only; /* no projected field wants its values, only the shape of its lists */
    firn_pq_conv conv;
    firn_pq_pages pages;
    firn_pq_blocks blocks;
    firn_pq_dictionary dictionary;
    firn_pq_values values;
    firn_pq_levels def, rep;
    size_t page_left; /* levels of the page not read yet */
    int64_t row;      /* of the row group: the next to be read */

    /* Seeking. */
    firn_arena *index_arena; /* of the row group's indexes */
    size_t row_group;
    firn_pq_offset_index offsets; /* no pages: none that can be used */
    bool is_index_tried;
    bool is_sparse; /* few rows of the row group are wanted: go along the index from the start */

    /* Reading by levels. */
    firn_column *column; /* where values go, densely; set for each batch */
    uint8_t *def_levels, *rep_levels;
    size_t n_levels, level_capacity;
    size_t n_dense; /* values in column */
    uint8_t ahead_def[FIRN_PQ_LEVELS_AHEAD], ahead_rep[FIRN_PQ_LEVELS_AHEAD];
    size_t ahead_at, ahead_n; /* levels read from the page but not part of the batch yet */
} firn_pq_leaf;

/* conv NULL: levels only. */
void firn_pq_leaf_init(firn_pq_leaf *leaf, const firn_parquet_file *file, const firn_pq_node *node,
                       const firn_pq_conv *conv, firn_parquet_memory *memory, size_t window_bytes);
void firn_pq_leaf_dispose(firn_pq_leaf *leaf);
/* Begin a row group. */
FIRN_MUST_CHECK firn_status firn_pq_leaf_start(firn_pq_leaf *leaf, size_t row_group,
                                               firn_error *err);
/* Back to the beginning of the row group, without what the running call read of it. */
FIRN_MUST_CHECK firn_status firn_pq_leaf_start_over(firn_pq_leaf *leaf, firn_error *err);
/* parquet_leaf_seek.c: make row (of the row group, none that was read already) the next to be read:
 * by the offset index where there is one, by page headers else, stepping over values in its page.
 */
FIRN_MUST_CHECK firn_status firn_pq_leaf_seek(firn_pq_leaf *leaf, int64_t row, firn_error *err);
/* Where the rows of a flat column go. */
typedef struct firn_pq_flat {
    void *values;
    uint64_t *validity; /* NULL: a null is FIRN_ERR_ARG */
    size_t n_nulls;     /* counted up */
} firn_pq_flat;
/* Flat: exactly n rows to places [at, at + n). */
FIRN_MUST_CHECK firn_status firn_pq_leaf_read_flat(firn_pq_leaf *leaf, firn_pq_flat *to, size_t at,
                                                   size_t n, firn_error *err);
/* By levels: forget those of the batch before. */
void firn_pq_leaf_clear(firn_pq_leaf *leaf);
/* By levels: up to max_rows more whole rows; stops before that when the batch would exceed
 * soft_levels levels, but never before one row. *n_rows is 0 at the end of the row group. */
FIRN_MUST_CHECK firn_status firn_pq_leaf_read_rows(firn_pq_leaf *leaf, size_t max_rows,
                                                   size_t soft_levels, size_t *n_rows,
                                                   firn_error *err);
/* Next page with levels to read; FIRN_DONE at the end of the chunk. */
FIRN_MUST_CHECK firn_status firn_pq_leaf_next_page(firn_pq_leaf *leaf, firn_error *err);
/* By levels: the next levels of the page to ahead, which is used up. */
FIRN_MUST_CHECK firn_status firn_pq_leaf_read_ahead(firn_pq_leaf *leaf, firn_error *err);
/* Spread n_set dense values over n slots whose bits from bit at of mask are set; the others become
 * zero. values points to the first slot. */
void firn_pq_spread(const firn_pq_kernels *kernels, void *values, size_t width,
                    const uint64_t *mask, size_t at, size_t n, size_t n_set);

#endif
