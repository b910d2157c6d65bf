/* SPDX-License-Identifier: Apache-2.0 */
/* In-memory driver of the catalog interface: what it is told to keep ends with it. It writes no
 * files, also no metadata files; those that are there already, of tables to be registered, it reads
 * from the store. */
#ifndef FIRN_CATALOG_MEMORY_CATALOG_H
#define FIRN_CATALOG_MEMORY_CATALOG_H

#include "base/env.h"
#include "firn/ext/catalog.h"
#include "firn/ext/store.h"

/* env and store must outlive the catalog. */
FIRN_MUST_CHECK firn_status firn_memory_catalog_open(firn_env *env, firn_store *store,
                                                     firn_str name, firn_str warehouse,
                                                     firn_catalog **out, firn_error *err);

#endif
