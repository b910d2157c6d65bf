/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a table: its name goes, and with it every file that its metadata reaches. */
#ifndef FIRN_ICEBERG_PURGE_H
#define FIRN_ICEBERG_PURGE_H

#include "base/env.h"
#include "firn/ext/catalog.h"
#include "firn/ext/store.h"

/* Looks at all files first, so that a table that cannot be read keeps its name; then drops it, then
 * removes data and delete files, manifests, statistics and metadata files, logging those that
 * cannot be removed. Files that the metadata does not reach stay, for remove_orphan_files.
 * FIRN_ERR_ARG where gc.enabled is false. */
FIRN_MUST_CHECK firn_status firn_table_purge(firn_env *env, firn_store *store,
                                             firn_catalog *catalog, const firn_ident *ident,
                                             firn_error *err);

#endif
