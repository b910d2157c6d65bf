/* SPDX-License-Identifier: Apache-2.0 */
/* What is live in each partition, from the entries of manifests: for the metadata table partitions
 * and for partition statistics. */
#ifndef FIRN_ICEBERG_PARTITION_SUMS_H
#define FIRN_ICEBERG_PARTITION_SUMS_H

#include "base/buf.h"
#include "base/map.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_partition_sum {
    const firn_value *values; /* one per field of the partition type */
    size_t n_values;
    int32_t spec_id; /* of the file that came last */
    int64_t record_count, file_count, bytes;
    int64_t position_records, position_files; /* deletion vectors too */
    int64_t equality_records, equality_files;
    int64_t vectors;                         /* of the position files */
    int64_t updated_ms, updated_snapshot_id; /* -1: by no snapshot that is known */
} firn_partition_sum;

/* When files of several specs share a sum. */
typedef enum firn_partition_sums_by {
    FIRN_SUMS_BY_VALUES = 0, /* when their values are the same in the fields of all specs, and their
                                specs have as many of these: null is not the same as no field */
    FIRN_SUMS_BY_SPEC,       /* never */
} firn_partition_sums_by;

typedef struct firn_partition_sums {
    const firn_table_metadata *metadata;
    const firn_type *partition; /* of all specs: firn_metadata_partition_type() */
    firn_partition_sums_by by;
    firn_map by_key; /* firn_partition_sum, in order of appearance */
    firn_buf key;    /* scratch */
} firn_partition_sums;

/* Sums live in the arena. */
void firn_partition_sums_init(firn_partition_sums *sums, const firn_table_metadata *metadata,
                              const firn_type *partition, firn_arena *arena);
void firn_partition_sums_dispose(firn_partition_sums *sums);
/* A live file; one that was deleted counts nothing, but says when its partition changed. */
FIRN_MUST_CHECK firn_status firn_partition_sums_add(firn_partition_sums *sums,
                                                    const firn_manifest_entry *entry,
                                                    const firn_partition_spec *spec,
                                                    firn_error *err);

#endif
