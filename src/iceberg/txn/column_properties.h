/* SPDX-License-Identifier: Apache-2.0 */
/* Properties that speak of columns by name follow a change of the schema: the name mapping, and
 * settings per column. As Iceberg's Java library does. */
#ifndef FIRN_ICEBERG_COLUMN_PROPERTIES_H
#define FIRN_ICEBERG_COLUMN_PROPERTIES_H

#include "iceberg/txn/txn_internal.h"

/* The update of properties that the draft's schema asks for, if any. A property that the draft sets
 * itself stays as it is set there, and a name mapping that cannot be read stays as it is. */
FIRN_MUST_CHECK firn_status firn_updates__column_properties(const firn_txn_draft *draft,
                                                            firn_update_list *list,
                                                            firn_error *err);
/* A name mapping in which each column has its own name, as JSON in the arena. */
FIRN_MUST_CHECK firn_status firn_schema__name_mapping(const firn_schema *schema, firn_arena *arena,
                                                      firn_str *out, firn_error *err);

#endif
