/* SPDX-License-Identifier: Apache-2.0 */
/* Iceberg's metrics of a file somebody else wrote, from its footer alone: no value is read, so NaN
 * are not counted and columns without statistics have no bounds. */
#ifndef FIRN_FORMAT_PARQUET_FOOTER_METRICS_H
#define FIRN_FORMAT_PARQUET_FOOTER_METRICS_H

#include "format/columns/metrics.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/write/parquet_writer.h"

typedef struct firn_footer_metrics_opts {
    firn_parquet_match match;
    const firn_parquet_column_opts *columns; /* metrics modes by field id */
    size_t n_columns;
    firn_parquet_memory *memory; /* scratch */
} firn_footer_metrics_opts;

/* wanted: kind STRUCT, the columns as a table has them, with ids, and for MATCH_NAMES with the
 * file's names. Fails as reading them would: FIRN_ERR_UNSUPPORTED for a type that cannot be read as
 * the one wanted, FIRN_ERR_CORRUPT for a required column that is not there. *out is in the arena.
 */
FIRN_MUST_CHECK firn_status firn_parquet_footer_metrics(const firn_parquet_file *file,
                                                        int64_t file_size_bytes,
                                                        const firn_type *wanted,
                                                        const firn_footer_metrics_opts *opts,
                                                        firn_arena *arena, firn_file_metrics *out,
                                                        firn_error *err);

#endif
