/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata tables with Trino's columns: for each table a list of columns with the expression that
 * makes it from the columns of metadata_tables.h. The engine computes them.
 *
 * Source: Trino's documentation of the Iceberg connector, "Metadata tables". */
#ifndef FIRN_SQL_TRINO_METADATA_H
#define FIRN_SQL_TRINO_METADATA_H

#include "sql/metadata_tables/metadata_tables.h"

/* The table whose rows another's are made of: partitions are sums of files. */
firn_metadata_table firn_trino_metadata_source(firn_metadata_table which);
/* A SELECT over select, which reads the table's rows (wide, with the columns of type). Tables that
 * Trino does not have stay as they are. */
FIRN_MUST_CHECK firn_status firn_trino_metadata_select(firn_metadata_table which,
                                                       const firn_table_metadata *metadata,
                                                       const firn_type *type, firn_str select,
                                                       firn_arena *arena, firn_str *out,
                                                       firn_error *err);
/* Trino's type of a column where the engine has none like it ("json"); NULL: as the engine's. name:
 * ends in the metadata table's ("t$files"). */
const char *firn_trino_metadata_type(firn_str name, firn_str column);

#endif
