/* SPDX-License-Identifier: Apache-2.0 */
/* A table at several moments: metadata that plans point into stays while the table's own handle
 * moves on. */
#ifndef FIRN_ICEBERG_TABLE_VIEWS_H
#define FIRN_ICEBERG_TABLE_VIEWS_H

#include "base/arena.h"
#include "firn/table.h"

typedef struct firn_table_views {
    const firn_table *table;
    firn_arena *arena;
    firn_table **items; /* the last one is the newest */
    size_t n, cap;
} firn_table_views;

void firn_table_views_init(firn_table_views *views, const firn_table *table, firn_arena *arena);
/* Loads the table as it is now. */
FIRN_MUST_CHECK firn_status firn_table_views_load(firn_table_views *views, firn_error *err);
/* Metadata of the newest view. */
const firn_table_metadata *firn_table_views_metadata(const firn_table_views *views);
/* Head of a branch (empty: main) in the newest view; NULL: no snapshot. FIRN_ERR_NOT_FOUND: no such
 * branch. */
FIRN_MUST_CHECK firn_status firn_table_views_head(const firn_table_views *views, firn_str branch,
                                                  const firn_snapshot **out, firn_error *err);
void firn_table_views_close(firn_table_views *views);

#endif
