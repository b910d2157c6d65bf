/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory one batch may take. Rows per batch follow what their row group holds on average;
 * where rows turn out larger, the batch is begun again with fewer; a single row has a limit, since
 * run-length levels can claim nested values without a byte of data behind them.
 * Not here: the memory of pages (parquet_block.c). */
#ifndef FIRN_FORMAT_PARQUET_BUDGET_H
#define FIRN_FORMAT_PARQUET_BUDGET_H

#include "format/parquet/read/parquet_leaf_read.h"

/* What a batch is to take on average, and at most if it has several rows; pages that it only
 * begins or ends apart. The two batches before it may be held, too. */
#define FIRN_PQ_BATCH_BYTES ((size_t)4 << 20)
#define FIRN_PQ_BATCH_MOST  ((size_t)8 << 20)
/* One row cannot be given in parts: its nested values take at most this and so many times the
 * file's bytes. */
#define FIRN_PQ_ROW_BYTES   ((size_t)256 << 20)
#define FIRN_PQ_ROW_RATIO   16
#define FIRN_PQ_LEVEL_BYTES 2 /* definition and repetition */
/* Read windows of all columns together, unless the caller wants others. */
#define FIRN_PQ_WINDOW     ((size_t)1 << 20)
#define FIRN_PQ_WINDOWS    ((size_t)16 << 20)
#define FIRN_PQ_WINDOW_MIN ((size_t)4 << 10)
/* Where requests cost (firn/ext/store.h) no column has less than this. */
#define FIRN_PQ_WINDOW_FAR ((size_t)64 << 10)
firn_pq_budget firn_pq_budget_of(const firn_parquet_file *file);
/* FIRN_NEED_MORE when bytes more are too much for the batch, and fewer rows would take less. */
FIRN_MUST_CHECK firn_status firn_pq_budget_ask(const firn_pq_budget *budget, uint64_t bytes);
/* Asks and takes. FIRN_ERR_LIMIT: too much for one row. */
FIRN_MUST_CHECK firn_status firn_pq_budget_spend(firn_pq_budget *budget, uint64_t bytes,
                                                 firn_error *err);
/* Rows of one batch, at least one, for these leaves of a row group. FIRN_ERR_LIMIT: its lists
 * alone show that a row of it is too large. */
FIRN_MUST_CHECK firn_status firn_pq_batch_rows(firn_pq_leaf *const *leaves, size_t n_leaves,
                                               size_t row_group, int64_t *n_rows, firn_error *err);
/* Makes the windows of that many leaves fit together. */
void firn_pq_share_windows(firn_pq_leaf *const *leaves, size_t n_leaves);

#endif
