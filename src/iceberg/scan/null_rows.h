/* SPDX-License-Identifier: Apache-2.0 */
/* Whether any row in a snapshot's data files has null in a column: by the files' counts where they
 * tell, else by reading the column. Rows that delete files delete count: readers come across them.
 */
#ifndef FIRN_ICEBERG_NULL_ROWS_H
#define FIRN_ICEBERG_NULL_ROWS_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/ext/store.h"
#include "firn/metadata.h"

typedef struct firn_null_query {
    firn_env *env;
    firn_store *store;
    const firn_table_metadata *metadata;
    const firn_snapshot *snapshot;
    int32_t field_id; /* of the current schema, nested too */
} firn_null_query;

/* *file: a data file with such a row, in the arena; empty when there is none. A field counts as
 * null only where what holds it is not. */
FIRN_MUST_CHECK firn_status firn_find_null(const firn_null_query *query, firn_arena *arena,
                                           firn_str *file, firn_error *err);

#endif
