/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of one group of data files in new data files: without those that are deleted, in the
 * order asked for. Files are durable on success; nothing is committed. */
#ifndef FIRN_ICEBERG_REWRITE_GROUP_H
#define FIRN_ICEBERG_REWRITE_GROUP_H

#include "iceberg/maintain/rewrite/rewrite_plan.h"
#include "iceberg/maintain/rewrite/row_moves.h"

/* What all groups of a run have in common. */
typedef struct firn_group_writer {
    firn_env *env;
    firn_store *store;
    const firn_table_metadata *metadata;
    const firn_rewrite_limits *limits;
    const firn_partition_spec *spec; /* of the output */
    const firn_schema *schema;       /* of the output: the table's, with lineage where it has any */
    firn_rewrite_strategy strategy;
    const firn_sort_field *sort_fields; /* SORT */
    size_t n_sort_fields;
    int32_t sort_order_id;   /* of the output */
    const firn_str *columns; /* ZORDER, HILBERT */
    size_t n_columns;
    int64_t memory_bytes;
    bool decodes_all; /* BINPACK: no row group is taken over as it is */
} firn_group_writer;

typedef struct firn_group_output {
    firn_data_file *files;
    size_t n_files;
    bool has_moves;       /* moves tell where rows went: in the order of files */
    firn_row_moves moves; /* sources are indexes of the group's tasks */
} firn_group_output;

/* In the arena. On failure nothing is left behind. */
FIRN_MUST_CHECK firn_status firn_group_write(const firn_group_writer *writer,
                                             const firn_rewrite_group *group, firn_arena *arena,
                                             firn_group_output *out, firn_error *err);
/* The output schema: with _row_id and _last_updated_sequence_number behind the table's columns in
 * tables of format version 3. */
FIRN_MUST_CHECK firn_status firn_rewrite_schema(const firn_table_metadata *metadata,
                                                firn_arena *arena, const firn_schema **out,
                                                firn_error *err);

#endif
