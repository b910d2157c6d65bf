/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata table position_deletes: each deleted position of position delete files and deletion
 * vectors, applied or not. Private to metadata_*.c. */
#ifndef FIRN_SQL_METADATA_POSITION_ROWS_H
#define FIRN_SQL_METADATA_POSITION_ROWS_H

#include "format/columns/row_builder.h"
#include "iceberg/scan/position_deletes.h"

/* The columns, in the arena. */
FIRN_MUST_CHECK firn_status firn_metadata_positions_type(const firn_table_metadata *metadata,
                                                         const firn_type *partition,
                                                         firn_arena *arena, const firn_type **out,
                                                         firn_error *err);
/* The rows of one delete file; not for equality deletes. */
FIRN_MUST_CHECK firn_status firn_metadata_position_cells(firn_row_builder *b, const firn_type *type,
                                                         const firn_delete_source *source,
                                                         const firn_delete_file *file);

#endif
