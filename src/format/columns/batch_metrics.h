/* SPDX-License-Identifier: Apache-2.0 */
/* Counts and bounds of the leaf columns of batches, as Iceberg's metrics, for formats whose own
 * statistics say nothing of them. Columns in lists and maps are not counted. Not here: Parquet
 * (parquet_column.c), which has bounds of pages and row groups, too. */
#ifndef FIRN_FORMAT_BATCH_METRICS_H
#define FIRN_FORMAT_BATCH_METRICS_H

#include "firn/batch.h"
#include "format/parquet/write/parquet_writer.h"

typedef struct firn_batch_metrics firn_batch_metrics;

/* root: kind STRUCT, must outlive it. columns: those whose metrics differ from the defaults. */
FIRN_MUST_CHECK firn_status firn_batch_metrics_create(const firn_type *root,
                                                      const firn_parquet_column_opts *columns,
                                                      size_t n_columns, firn_batch_metrics **out,
                                                      firn_error *err);
void firn_batch_metrics_destroy(firn_batch_metrics *metrics);
FIRN_MUST_CHECK firn_status firn_batch_metrics_add(firn_batch_metrics *metrics,
                                                   const firn_batch *batch, firn_error *err);
/* record_count and columns, in the arena. */
FIRN_MUST_CHECK firn_status firn_batch_metrics_finish(const firn_batch_metrics *metrics,
                                                      firn_arena *arena, firn_file_metrics *out,
                                                      firn_error *err);

#endif
