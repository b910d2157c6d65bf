/* SPDX-License-Identifier: Apache-2.0 */
/* WITH FUNCTION f(x integer) RETURNS integer RETURN x * 2 SELECT f(1): functions of one statement,
 * whose calls are replaced by what they return. Functions of several statements (BEGIN .. END) are
 * refused. */
#ifndef FIRN_SQL_INLINE_FUNCTIONS_H
#define FIRN_SQL_INLINE_FUNCTIONS_H

#include "base/arena.h"
#include "sql/dialect/dialect.h"

/* The statement without its functions, in the arena; *is_changed false: it has none, *out is sql.
 * FIRN_ERR_LIMIT when the text becomes longer than a statement may be. */
FIRN_MUST_CHECK firn_status firn_inline_functions(firn_str sql, firn_dialect dialect,
                                                  firn_arena *arena, firn_str *out,
                                                  bool *is_changed, firn_error *err);

#endif
