/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a table as batches: plan, read, deletes, filter, in one. For those who want rows
 * without an SQL engine, on one thread. */
#ifndef FIRN_ICEBERG_TABLE_ROWS_H
#define FIRN_ICEBERG_TABLE_ROWS_H

#include "firn/batch.h"
#include "iceberg/scan/plan.h"

typedef struct firn_table_rows firn_table_rows;

typedef struct firn_table_rows_opts {
    int64_t snapshot_id; /* 0: current; a table without snapshots has no rows */
    const firn_schema *schema;
    const firn_type *columns; /* STRUCT of the schema's fields, or parts of their structs */
    const firn_expr *filter;  /* unbound, on the schema; NULL: all rows */
} firn_table_rows_opts;

/* What opts refer to lives as long as the rows; close before the arena goes. */
FIRN_MUST_CHECK firn_status firn_table_rows_open(firn_env *env, firn_store *store,
                                                 const firn_table_metadata *metadata,
                                                 const firn_table_rows_opts *opts,
                                                 firn_arena *arena, firn_table_rows **out,
                                                 firn_error *err);
void firn_table_rows_close(firn_table_rows *rows);
/* Rows that pass the filter, never none; borrowed until the next call. FIRN_DONE at the end. */
FIRN_MUST_CHECK firn_status firn_table_rows_next(firn_table_rows *rows, const firn_batch **out,
                                                 firn_error *err);
/* The wanted columns, then those of all that lead to fields which only the bound filter names:
 * where parts of a struct are wanted and the filter looks at another, the struct is there twice. */
FIRN_MUST_CHECK firn_status firn_table_rows_columns(const firn_type *wanted, const firn_type *all,
                                                    const firn_expr *filter, firn_arena *arena,
                                                    const firn_type **out, firn_error *err);
/* As far as the rows were asked for; borrowed until the next call. */
const firn_scan_stats *firn_table_rows_stats(firn_table_rows *rows);

#endif
