/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata tables that read manifests: [all_]manifests, [all_][data_|delete_]files,
 * [all_]entries, partitions, position_deletes. Private to metadata_tables*.c. */
#ifndef FIRN_SQL_METADATA_TABLES_FILES_H
#define FIRN_SQL_METADATA_TABLES_FILES_H

#include "format/columns/row_builder.h"
#include "sql/metadata_tables/metadata_tables.h"

/* Columns in the arena; they depend on the table's partitioning. */
FIRN_MUST_CHECK firn_status firn_metadata_files_type(firn_metadata_table which,
                                                     const firn_metadata_table_opts *opts,
                                                     firn_arena *arena, const firn_type **out,
                                                     firn_error *err);
/* All rows, with the columns of type; failures go to the builder. */
void firn_metadata_files_fill(firn_row_builder *b, firn_metadata_table which,
                              const firn_metadata_table_opts *opts, const firn_type *type);

#endif
