/* SPDX-License-Identifier: Apache-2.0 */
/* The field ids that files bring along. Rows of a file with ids are read by them, so a new table of
 * such files takes them for its columns; files without ids are read by names in any case. */
#ifndef FIRN_ICEBERG_IMPORT_IDS_H
#define FIRN_ICEBERG_IMPORT_IDS_H

#include "base/map.h"
#include "firn/types.h"

typedef struct firn_import_ids {
    firn_arena *arena;
    firn_map by_path; /* of all columns and what is in them -> its id */
    firn_map by_id;   /* the other way round */
    int32_t last_id;
} firn_import_ids;

void firn_import_ids_init(firn_import_ids *ids, firn_arena *arena);
/* Notes those of a file, if it has any. FIRN_ERR_UNSUPPORTED when a column has another one in a
 * file before it, or an id another column: such files are not all of one table, or columns got
 * other names meanwhile. FIRN_ERR_ARG when only some columns have one: the others could never be
 * read. */
FIRN_MUST_CHECK firn_status firn_import_ids_add(firn_import_ids *ids,
                                                const firn_schema *file_schema, firn_error *err);
/* Gives the columns their ids; those that only files without ids have get new ones. Nothing
 * happens when no file had ids. In the arena. */
FIRN_MUST_CHECK firn_status firn_import_ids_apply(firn_import_ids *ids, firn_type *root,
                                                  firn_error *err);

#endif
