/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory one batch may take: rows per batch by what their row group holds on average, and
 * a limit on nested values, which run-length levels can claim without a byte of data behind them.
 * Not here: the memory of pages (parquet_block.c). */
#ifndef FIRN_FORMAT_PARQUET_BUDGET_H
#define FIRN_FORMAT_PARQUET_BUDGET_H

#include "format/parquet_leaf_read.h"

/* What a batch is to take, a page of each column apart. */
#define FIRN_PQ_BATCH_BYTES ((size_t)8 << 20)
/* Nested values of one batch, all columns together: at most this and so many times the file's
 * bytes, since one row cannot be given in parts. */
#define FIRN_PQ_NESTED_BYTES ((size_t)48 << 20)
#define FIRN_PQ_NESTED_RATIO 16
/* Read windows of all columns together, unless the caller wants others. */
#define FIRN_PQ_WINDOW     ((size_t)1 << 20)
#define FIRN_PQ_WINDOWS    ((size_t)32 << 20)
#define FIRN_PQ_WINDOW_MIN ((size_t)64 << 10)

firn_pq_budget firn_pq_budget_of(const firn_parquet_file *file);
/* Rows of one batch, at least one, for these leaves of a row group. */
size_t firn_pq_batch_rows(firn_pq_leaf *const *leaves, size_t n_leaves, size_t row_group);
/* Makes the windows of that many leaves fit together. */
void firn_pq_share_windows(firn_pq_leaf *const *leaves, size_t n_leaves);

#endif
