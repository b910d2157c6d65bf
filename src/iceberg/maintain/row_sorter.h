/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in, rows out in order, within a budget of memory: what does not fit is sorted in runs that
 * are written to files beside the table's data and merged. */
#ifndef FIRN_ICEBERG_ROW_SORTER_H
#define FIRN_ICEBERG_ROW_SORTER_H

#include "base/env.h"
#include "firn/ext/store.h"
#include "iceberg/maintain/row_order.h"

typedef struct firn_row_sorter firn_row_sorter;

typedef struct firn_row_sorter_opts {
    const firn_schema *schema;   /* of the batches */
    const firn_row_order *order; /* its samples are finished */
    int64_t memory_bytes;        /* of rows and keys; at least one batch is held */
    int64_t max_batch_rows;      /* of a batch given out; 0: FIRN_BATCH_ROWS */
} firn_row_sorter_opts;

/* What opts refer to must outlive the sorter. */
FIRN_MUST_CHECK firn_status firn_row_sorter_create(firn_env *env, firn_store *store,
                                                   const firn_table_metadata *metadata,
                                                   const firn_row_sorter_opts *opts,
                                                   firn_row_sorter **out, firn_error *err);
/* Removes its files. NULL is fine. */
void firn_row_sorter_destroy(firn_row_sorter *sorter);
FIRN_MUST_CHECK firn_status firn_row_sorter_append(firn_row_sorter *sorter, const firn_batch *batch,
                                                   firn_error *err);
/* After all append: the rows in order, borrowed until the next call; FIRN_DONE at the end. Rows
 * with equal keys keep their order. */
FIRN_MUST_CHECK firn_status firn_row_sorter_next(firn_row_sorter *sorter, const firn_batch **out,
                                                 firn_error *err);
size_t firn_row_sorter_runs(const firn_row_sorter *sorter); /* written so far */

#endif
