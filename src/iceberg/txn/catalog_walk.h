/* SPDX-License-Identifier: Apache-2.0 */
/* All namespaces of a catalog, and namespaces within namespaces. */
#ifndef FIRN_ICEBERG_CATALOG_WALK_H
#define FIRN_ICEBERG_CATALOG_WALK_H

#include "base/arena.h"
#include "firn/ext/catalog.h"

/* top, unless it has no levels, and what is below it, breadth first, in the arena. */
FIRN_MUST_CHECK firn_status firn_catalog_namespaces(const firn_catalog *catalog,
                                                    const firn_ident *top, firn_arena *arena,
                                                    firn_ident **out, size_t *n_out,
                                                    firn_error *err);

#endif
