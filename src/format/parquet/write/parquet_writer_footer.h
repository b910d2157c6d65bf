/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a Parquet file and what it says to Iceberg. Not here: pages. */
#ifndef FIRN_FORMAT_PARQUET_WRITER_FOOTER_H
#define FIRN_FORMAT_PARQUET_WRITER_FOOTER_H

#include "format/parquet/write/parquet_column.h"

/* A finished row group; chunks in the order of the leaves. */
typedef struct firn_parquet_group {
    int64_t n_rows;
    int64_t offset;
    firn_parquet_chunk *chunks;
} firn_parquet_group;

typedef struct firn_parquet_footer {
    const firn_type *root;
    const firn_parquet_leaf *leaves;
    size_t n_leaves;
    const firn_parquet_group *groups;
    size_t n_groups;
    int64_t n_rows;
    firn_codec codec;
    firn_str iceberg_schema_json;
} firn_parquet_footer;

/* FileMetaData, its length and the magic. */
FIRN_MUST_CHECK firn_status firn_parquet_put_footer(const firn_parquet_footer *footer,
                                                    firn_buf *out, firn_error *err);
/* Iceberg's metrics from the columns' totals. */
FIRN_MUST_CHECK firn_status firn_parquet_file_metrics(const firn_parquet_footer *footer,
                                                      const firn_parquet_column *columns,
                                                      int64_t file_size_bytes, firn_arena *arena,
                                                      firn_file_metrics *out, firn_error *err);

#endif
