/* SPDX-License-Identifier: Apache-2.0 */
/* Where statements of others may have files made, read and removed: in the catalog's warehouse.
 * Not for what a table already names; it came there by somebody who might. */
#ifndef FIRN_ICEBERG_FILE_PLACES_H
#define FIRN_ICEBERG_FILE_PLACES_H

#include "base/arena.h"
#include "firn/ext/catalog.h"

/* FIRN_ERR_DENIED, with a hint: the location is not below the warehouse. */
FIRN_MUST_CHECK firn_status firn_check_place(const firn_catalog *catalog, firn_str location,
                                             firn_arena *arena, firn_error *err);
/* The same of each property of a table that says where files go. */
FIRN_MUST_CHECK firn_status firn_check_places(const firn_catalog *catalog,
                                              firn_properties properties, firn_arena *arena,
                                              firn_error *err);

#endif
