/* SPDX-License-Identifier: Apache-2.0 */
/* One leaf column of a file: pages, levels and values together, streamed. Two ways to read: flat
 * (a top-level column: rows are values or nulls) and by levels (anything nested, assembled by
 * parquet_assemble.c). */
#ifndef FIRN_FORMAT_PARQUET_LEAF_READ_H
#define FIRN_FORMAT_PARQUET_LEAF_READ_H

#include "format/parquet_levels.h"
#include "format/parquet_values.h"

#define FIRN_PQ_LEVELS_AHEAD 1024
#define FIRN_PQ_LEVELS_MAX   ((size_t)64 << 20) /* of one column in one batch */

typedef struct firn_pq_leaf {
    const firn_pq_node *node;
    size_t index;     /* of its chunk in a row group */
    bool levels_only; /* no projected field wants its values, only the shape of its lists */
    firn_pq_conv conv;
    firn_pq_pages pages;
    firn_pq_blocks blocks;
    firn_pq_dictionary dictionary;
    firn_pq_values values;
    firn_pq_levels def, rep;
    size_t page_left; /* levels of the page not read yet */

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
/* Flat: exactly n rows to values and validity (validity NULL: a null is FIRN_ERR_ARG), counting
 * the nulls. */
FIRN_MUST_CHECK firn_status firn_pq_leaf_read_flat(firn_pq_leaf *leaf, size_t n, void *values,
                                                   uint64_t *validity, size_t *n_nulls,
                                                   firn_error *err);
/* By levels: up to max_rows whole rows; stops before that when a batch would exceed soft_levels
 * levels, but never before one row. *n_rows is 0 at the end of the row group. */
FIRN_MUST_CHECK firn_status firn_pq_leaf_read_rows(firn_pq_leaf *leaf, size_t max_rows,
                                                   size_t soft_levels, size_t *n_rows,
                                                   firn_error *err);
/* Spread n_set dense values over n slots whose bits from bit at of mask are set; the others become
 * zero. values points to the first slot. */
void firn_pq_spread(const firn_pq_kernels *kernels, void *values, size_t width,
                    const uint64_t *mask, size_t at, size_t n, size_t n_set);

#endif
