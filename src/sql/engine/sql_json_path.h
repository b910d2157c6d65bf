/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of JSON_VALUE and the like (ISO/IEC 9075-2, 9.46): members, subscripts, filters, methods.
 * Not here: like_regex, arithmetic, keyvalue() and datetime(), which are refused. */
#ifndef FIRN_SQL_SQL_JSON_PATH_H
#define FIRN_SQL_SQL_JSON_PATH_H

#include "base/arena.h"

typedef struct firn_json_path firn_json_path;

/* "lax $.a[*]?(@.b > 1).c"; the path lives in the arena. FIRN_ERR_ARG: no path; UNSUPPORTED: one
 * that is not known here. */
FIRN_MUST_CHECK firn_status firn_json_path_parse(firn_str text, firn_arena *arena,
                                                 const firn_json_path **out, firn_error *err);

typedef struct firn_json_items {
    firn_str *items; /* JSON, of the value or of the arena */
    size_t n, cap;
} firn_json_items;

/* Of a JSON text without blanks. *is_wrong: the JSON has not the structure that a strict path asks
 * for. FIRN_ERR_LIMIT: too much work. */
FIRN_MUST_CHECK firn_status firn_json_path_items(const firn_json_path *path, firn_str json,
                                                 firn_arena *arena, firn_json_items *out,
                                                 bool *is_wrong, firn_error *err);

#endif
