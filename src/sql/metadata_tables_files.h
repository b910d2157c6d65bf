/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata tables that read manifests: manifests, files, data_files, delete_files,
 * partitions. Private to metadata_tables*.c. */
#ifndef FIRN_SQL_METADATA_TABLES_FILES_H
#define FIRN_SQL_METADATA_TABLES_FILES_H

#include "sql/metadata_tables.h"
#include "sql/row_builder.h"

/* Columns in the arena; they depend on the table's partitioning. */
FIRN_MUST_CHECK firn_status firn_metadata_files_type(firn_metadata_table which,
                                                     const firn_metadata_table_opts *opts,
                                                     firn_arena *arena, const firn_type **out,
                                                     firn_error *err);
/* All rows; failures go to the builder. */
void firn_metadata_files_fill(firn_row_builder *b, firn_metadata_table which,
                              const firn_metadata_table_opts *opts);

#endif
