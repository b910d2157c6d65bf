/* SPDX-License-Identifier: Apache-2.0 */
/* Partition statistics: what is live in each partition of a snapshot, as a Parquet file beside the
 * metadata (specification, "Partition Statistics File"). Computed from manifests; no data is read.
 */
#ifndef FIRN_ICEBERG_PARTITION_STATISTICS_H
#define FIRN_ICEBERG_PARTITION_STATISTICS_H

#include "base/arena.h"
#include "firn/table.h"

/* Writes the file of a snapshot (0: the current one) and sets it in a commit; nothing is done where
 * the snapshot has one. *path_out, in the arena, is empty for a table without snapshots or files.
 * FIRN_ERR_ARG: the table was never partitioned. */
FIRN_MUST_CHECK firn_status firn_table_compute_partition_statistics(
    firn_table *table, int64_t snapshot_id, firn_arena *arena, firn_str *path_out, firn_error *err);

#endif
