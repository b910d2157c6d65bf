/* SPDX-License-Identifier: Apache-2.0 */
/* --columns: a part of a schema by dotted names. */
#ifndef FIRN_APP_PICK_COLUMNS_H
#define FIRN_APP_PICK_COLUMNS_H

#include "base/arena.h"
#include "firn/types.h"

/* Takes the first name off a list "a, \"b, c\"": what is in quotes is one name, whatever is in it.
 * Nothing is left when *list has no data. */
FIRN_MUST_CHECK firn_status pick_name_next(firn_str *list, firn_arena *arena, firn_str *out,
                                           firn_error *err);

/* list: "a,b.c"; NULL: all. A name that is a column's wins over a path; b.c keeps of the struct b
 * the field c, and b.c,b.d both. FIRN_ERR_ARG names what there is not. */
FIRN_MUST_CHECK firn_status pick_columns(const firn_type *root, const char *list, firn_arena *arena,
                                         const firn_type **out, firn_error *err);

#endif
