/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata table partitions: what is live in each partition. Private to metadata_*.c. */
#ifndef FIRN_SQL_METADATA_PARTITION_ROWS_H
#define FIRN_SQL_METADATA_PARTITION_ROWS_H

#include "base/map.h"
#include "iceberg/spec/manifest.h"
#include "sql/row_builder.h"

typedef struct firn_partition_sums {
    const firn_table_metadata *metadata;
    const firn_type *partition; /* of all specs: firn_metadata_partition_type() */
    firn_map by_key;
    firn_buf key; /* scratch */
} firn_partition_sums;

/* The columns; partition and spec_id only when the table was ever partitioned. In the arena. */
FIRN_MUST_CHECK firn_status firn_metadata_partitions_type(const firn_type *partition,
                                                          firn_arena *arena, const firn_type **out,
                                                          firn_error *err);
/* Sums live in the arena. */
void firn_partition_sums_init(firn_partition_sums *sums, const firn_table_metadata *metadata,
                              const firn_type *partition, firn_arena *arena);
void firn_partition_sums_dispose(firn_partition_sums *sums);
/* A live file. Files of several specs share a partition when their values are the same there. */
FIRN_MUST_CHECK firn_status firn_partition_sums_add(firn_partition_sums *sums,
                                                    const firn_manifest_entry *entry,
                                                    const firn_partition_spec *spec,
                                                    firn_error *err);
void firn_partition_sums_rows(const firn_partition_sums *sums, firn_row_builder *b);

#endif
