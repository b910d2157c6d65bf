/* SPDX-License-Identifier: Apache-2.0 */
/* Table statistics: a theta sketch of each column's values, which tells how many are distinct, in a
 * Puffin file (specification, "Table Statistics"). */
#ifndef FIRN_ICEBERG_TABLE_STATISTICS_H
#define FIRN_ICEBERG_TABLE_STATISTICS_H

#include "base/arena.h"
#include "firn/table.h"

/* Reads the columns (dotted names; n 0: all primitive columns on the top level) of a snapshot (0:
 * the current one), writes the file and sets it in a commit. *path_out, in the arena, is empty for
 * a table without snapshots. FIRN_ERR_ARG: no such column, or none that can be counted. */
FIRN_MUST_CHECK firn_status firn_table_compute_statistics(firn_table *table, int64_t snapshot_id,
                                                          const firn_str *columns, size_t n,
                                                          firn_arena *arena, firn_str *path_out,
                                                          firn_error *err);

#endif
