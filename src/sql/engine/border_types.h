/* SPDX-License-Identifier: Apache-2.0 */
/* Types that the engine has in a form of its own. What a table stores as bytes (variants as their
 * two parts, geometries as WKB) becomes the engine's VARIANT and GEOMETRY where SQL reads it, and
 * bytes again where SQL writes it, wherever such a value is nested. Not here: the bytes themselves
 * (format/variant_*.h). */
#ifndef FIRN_SQL_BORDER_TYPES_H
#define FIRN_SQL_BORDER_TYPES_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/types.h"

/* The type is one of these, or some part of it is. */
bool firn_border_has(const firn_type *type);
/* The quoted name under which rows that are changed have the stored bytes of a column; no data when
 * out of memory. */
firn_str firn_border_stored_name(firn_str column, firn_arena *arena);
/* Appends SQL that makes of value (SQL, named as often as needed) what the engine has, or of that
 * what is stored. */
FIRN_MUST_CHECK firn_status firn_border_put_read(firn_buf *out, const firn_type *type,
                                                 firn_str value, firn_error *err);
FIRN_MUST_CHECK firn_status firn_border_put_write(firn_buf *out, const firn_type *type,
                                                  firn_str value, firn_error *err);

#endif
