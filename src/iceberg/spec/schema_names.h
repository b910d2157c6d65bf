/* SPDX-License-Identifier: Apache-2.0 */
/* Names of fields by their ids; the other way is firn_schema_find_name(). */
#ifndef FIRN_ICEBERG_SCHEMA_NAMES_H
#define FIRN_ICEBERG_SCHEMA_NAMES_H

#include "base/arena.h"
#include "firn/types.h"

/* "location.lat", "tags.element", in the arena; empty when the schema does not have the field. */
FIRN_MUST_CHECK firn_status firn_schema_name_of(const firn_schema *schema, int32_t id,
                                                firn_arena *arena, firn_str *out, firn_error *err);

#endif
