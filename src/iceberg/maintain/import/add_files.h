/* SPDX-License-Identifier: Apache-2.0 */
/* What firn_table_add_files() and firn_table_import() share. */
#ifndef FIRN_ICEBERG_ADD_FILES_H
#define FIRN_ICEBERG_ADD_FILES_H

#include "firn/import.h"
#include "iceberg/maintain/import/import_list.h"

/* Lists, reads and appends in the transaction on table; the files outlive a commit that is lost.
 * Fails when the table changes before the commit, unless duplicates are allowed. */
FIRN_MUST_CHECK firn_status firn_txn__import(firn_table *table, firn_txn *txn,
                                             const firn_import_source *source,
                                             const firn_import_opts *opts, firn_arena *arena,
                                             firn_import_result *out, firn_error *err);

#endif
