/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a changelog that pass a filter, for those who want them without an SQL engine. The
 * changelog by itself leaves out only what saves reading files. */
#ifndef FIRN_ICEBERG_CHANGED_ROWS_H
#define FIRN_ICEBERG_CHANGED_ROWS_H

#include "iceberg/changes/changelog.h"

typedef struct firn_changed_rows firn_changed_rows;

typedef struct firn_changed_rows_opts {
    firn_changes_opts changes; /* columns: what is given */
    const firn_expr *filter;   /* unbound, on columns of the changelog; NULL: all rows */
} firn_changed_rows_opts;

/* What opts refer to lives as long as the rows; close before the arena goes. */
FIRN_MUST_CHECK firn_status firn_changed_rows_open(firn_env *env, firn_store *store,
                                                   const firn_table_metadata *metadata,
                                                   const firn_changed_rows_opts *opts,
                                                   firn_arena *arena, firn_changed_rows **out,
                                                   firn_error *err);
void firn_changed_rows_close(firn_changed_rows *rows);
/* Never none; borrowed until the next call. FIRN_DONE at the end. */
FIRN_MUST_CHECK firn_status firn_changed_rows_next(firn_changed_rows *rows, const firn_batch **out,
                                                   firn_error *err);

#endif
