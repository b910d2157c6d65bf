/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's state, shared by what appends batches (parquet_writer.c) and what takes over row
 * groups (parquet_writer_copy.c). */
#ifndef FIRN_FORMAT_PARQUET_WRITER_INTERNAL_H
#define FIRN_FORMAT_PARQUET_WRITER_INTERNAL_H

#include "format/parquet/write/parquet_writer_footer.h"

/* A leaf column to be copied. */
typedef struct firn_parquet_work {
    int64_t n_bytes; /* unpacked */
    size_t leaf;
} firn_parquet_work;

struct firn_parquet_writer {
    firn_parquet_settings settings;
    firn_parquet_workspace *workspace;
    bool has_own_workspace;
    firn_arena *arena; /* schema, leaves, what the footer will say */
    firn_type root;
    firn_parquet_leaf *leaves;
    firn_parquet_column *columns; /* one per leaf */
    size_t n_columns;             /* how many were initialised */
    size_t n_leaves;
    firn_byte_sink sink;
    firn_str iceberg_schema_json;
    int64_t group_rows, group_bytes;
    int64_t written;   /* bytes given to the sink */
    int64_t n_rows;    /* in the file */
    int64_t n_pending; /* of them in the row group at hand */
    bool *is_lacking; /* by leaf: its part of the last n_to_fill rows is to come; NULL: no copies */
    firn_parquet_work *copy_order; /* of the leaves; NULL: no copies */
    int64_t n_to_fill;
    bool ends_group; /* when they have come */
    firn_parquet_group *groups;
    size_t n_groups, cap_groups;
    firn_buf column_indexes; /* of finished row groups; written in front of the footer */
    firn_buf offset_indexes;
    firn_buf bloom; /* one filter at a time */
    bool is_failed;
    bool is_finished;
};

/* FIRN_ERR_ARG after a failure or the end, and while rows are to be filled in. */
FIRN_MUST_CHECK firn_status firn_parquet_writer__check(const firn_parquet_writer *w,
                                                       firn_error *err);
/* Rows [from, from + n) of a batch to the leaves that are marked (only NULL: to all), without
 * counting them. */
FIRN_MUST_CHECK firn_status firn_parquet_writer__append_leaves(firn_parquet_writer *w,
                                                               const firn_batch *batch,
                                                               int64_t from, int64_t n,
                                                               const bool *only, firn_error *err);
/* Ends the row group at hand, if it has rows. */
FIRN_MUST_CHECK firn_status firn_parquet_writer__end_group(firn_parquet_writer *w, firn_error *err);
/* Has the row group at hand its size? */
bool firn_parquet_writer__is_group_full(const firn_parquet_writer *w);

#endif
