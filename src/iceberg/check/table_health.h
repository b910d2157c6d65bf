/* SPDX-License-Identifier: Apache-2.0 */
/* How well a table is kept: numbers that tell whether maintenance is worth its time. */
#ifndef FIRN_ICEBERG_TABLE_HEALTH_H
#define FIRN_ICEBERG_TABLE_HEALTH_H

#include "iceberg/check/live_files.h"

typedef struct firn_table_health {
    int64_t n_snapshots, n_expirable; /* older than history.expire.max-snapshot-age-ms, and not kept
                                         by a branch or tag */
    int64_t n_manifests, n_small_manifests, manifest_bytes; /* small: below half the target size */
    int64_t n_data_files, n_small_files, n_records, data_bytes, small_bytes;
    int64_t n_files_after; /* data files if the small ones of each partition were put together */
    int64_t n_manifests_after;
    int64_t n_position_delete_files, n_equality_delete_files, n_deletion_vectors;
    int64_t deleted_records; /* positions in delete files; equality deletes are not known */
    int64_t target_file_bytes, target_manifest_bytes;
} firn_table_health;

/* now_ms: what is old. Of the current snapshot. */
FIRN_MUST_CHECK firn_status firn_table_health_of(const firn_table_metadata *metadata,
                                                 const firn_live_files *files, int64_t now_ms,
                                                 firn_arena *arena, firn_table_health *out,
                                                 firn_error *err);

#endif
