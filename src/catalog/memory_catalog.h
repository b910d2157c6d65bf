/* SPDX-License-Identifier: Apache-2.0 */
/* In-memory driver of the catalog interface, for tests: no files, same semantics. */
#ifndef FIRN_CATALOG_MEMORY_CATALOG_H
#define FIRN_CATALOG_MEMORY_CATALOG_H

#include "base/env.h"
#include "firn/ext/catalog.h"

FIRN_MUST_CHECK firn_status firn_memory_catalog_open(firn_env *env, firn_str name,
                                                     firn_str warehouse, firn_catalog **out,
                                                     firn_error *err);

#endif
