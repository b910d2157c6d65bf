/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata columns that every table has in SQL beside its own: nameable, but not part of "*".
 * Names and types of Spark ("_file") and Trino ("$path"). A set of them is bits. Not here: their
 * values (iceberg/scan/read.h, engine_scan_rows.c), and "*" (query_stars.h). */
#ifndef FIRN_SQL_METADATA_COLUMNS_H
#define FIRN_SQL_METADATA_COLUMNS_H

#include "firn/metadata.h"

typedef uint32_t firn_metadata_columns;

enum { FIRN_N_METADATA_COLUMNS = 10 };
#define FIRN_ALL_METADATA_COLUMNS ((firn_metadata_columns)(1U << FIRN_N_METADATA_COLUMNS) - 1)

/* Columns that no file has: ids of ours. */
#define FIRN_FIELD_PARTITION_PATH (-2) /* $partition: "k=x/ts_day=2024-01-01" */
#define FIRN_FIELD_FILE_MODIFIED                                    \
    (-3) /* $file_modified_time; null where the store does not know \
          */

/* The bit of a name, whatever its case; 0: no metadata column. */
firn_metadata_columns firn_metadata_column_of(firn_str name);
/* The name of bit 1 << i. */
firn_str firn_metadata_column_name(size_t i);
/* Those whose names no column has in any schema of the table. */
firn_metadata_columns firn_metadata_columns_of(const firn_table_metadata *metadata);
/* How many. */
size_t firn_metadata_columns_count(firn_metadata_columns columns);
/* The n-th of a set. partition: STRUCT of all partition fields; without a field _partition is of
 * type unknown, always null. */
firn_field firn_metadata_column_field(firn_metadata_columns columns, size_t n,
                                      const firn_type *partition);

#endif
