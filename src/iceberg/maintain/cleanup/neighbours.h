/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and views whose files lie among those of another table, so that what one does not know
 * need not be lost. Looks at one catalog only. */
#ifndef FIRN_ICEBERG_NEIGHBOURS_H
#define FIRN_ICEBERG_NEIGHBOURS_H

#include "base/arena.h"
#include "firn/ext/store.h"
#include "firn/table.h"

/* False: the metadata file says that it is the table's, or was. */
FIRN_MUST_CHECK firn_status firn_is_foreign_metadata(firn_store *store, firn_str path,
                                                     firn_str table_uuid, firn_arena *arena,
                                                     bool *out, firn_error *err);
/* FIRN_ERR_CONFLICT, naming it: another table or view of the table's catalog is in the folder, or
 * the folder is in its own. Reads the metadata of all tables. */
FIRN_MUST_CHECK firn_status firn_check_neighbours(const firn_table *table, firn_str folder,
                                                  firn_arena *arena, firn_error *err);

#endif
