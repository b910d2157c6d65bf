/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata table partitions: what is live in each partition. Private to metadata_*.c. */
#ifndef FIRN_SQL_METADATA_PARTITION_ROWS_H
#define FIRN_SQL_METADATA_PARTITION_ROWS_H

#include "format/columns/row_builder.h"
#include "iceberg/scan/partition_sums.h"

/* The columns; partition and spec_id only when the table was ever partitioned. In the arena. */
FIRN_MUST_CHECK firn_status firn_metadata_partitions_type(const firn_type *partition,
                                                          firn_arena *arena, const firn_type **out,
                                                          firn_error *err);
void firn_partition_sums_rows(const firn_partition_sums *sums, firn_row_builder *b);

#endif
