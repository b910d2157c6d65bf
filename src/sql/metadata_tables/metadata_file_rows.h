/* SPDX-License-Identifier: Apache-2.0 */
/* A data or delete file as cells of a metadata table: Spark's columns, partitions of all specs in
 * one struct, metrics by column name. Private to metadata_*.c. */
#ifndef FIRN_SQL_METADATA_FILE_ROWS_H
#define FIRN_SQL_METADATA_FILE_ROWS_H

#include "base/arena.h"
#include "format/columns/row_builder.h"
#include "iceberg/spec/manifest.h"
#include "iceberg/spec/partition_type.h"

/* Field ids; no fields of a manifest have them. */
#define FIRN_METADATA_READABLE_METRICS 1
#define FIRN_METADATA_LOWER_TEXTS      2 /* bounds by column id, as people read them */
#define FIRN_METADATA_UPPER_TEXTS      3

/* The columns of a file; without "partition" when that has no fields. is_wide: with the texts of
 * its bounds ("lower_texts", "upper_texts"). */
FIRN_MUST_CHECK firn_status firn_metadata_file_type(const firn_type *partition, bool is_wide,
                                                    firn_arena *arena, const firn_type **out,
                                                    firn_error *err);
/* "readable_metrics": for each primitive column, by dotted name, its sizes, counts and bounds. */
FIRN_MUST_CHECK firn_status firn_metadata_metrics_field(const firn_schema *schema,
                                                        firn_arena *arena, firn_field *out,
                                                        firn_error *err);

/* One cell in each column: those of firn_metadata_file_type() and readable_metrics. */
void firn_metadata_file_cells(firn_row_builder *b, const firn_table_metadata *metadata,
                              const firn_type *type, firn_column *columns,
                              const firn_data_file *file, const firn_partition_spec *spec);
/* A value's bytes as text, the way its transform shows it (identity: as it is); null where they are
 * none of the type, or type is NULL. */
void firn_metadata_bound_text(firn_row_builder *b, firn_column *column,
                              const firn_transform *transform, const firn_type *type,
                              firn_str bytes);
void firn_metadata_partition_cell(firn_row_builder *b, firn_column *column,
                                  const firn_data_file *file, const firn_partition_spec *spec);
void firn_metadata_metrics_cell(firn_row_builder *b, firn_column *column,
                                const firn_data_file *file);

#endif
