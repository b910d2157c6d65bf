/* SPDX-License-Identifier: Apache-2.0 */
/* Row filters from text in SQL's syntax, without an SQL engine:
 *
 *   a = 1 AND (b.c IN ('x', 'y') OR NOT d BETWEEN 1.5 AND 2) AND e IS NOT NULL AND f LIKE 'x%'
 *
 * Comparisons = == != <> < <= > >= of a column and a literal, either first; [NOT] IN, BETWEEN,
 * LIKE with a % at the end only, STARTS WITH; IS [NOT] NULL, IS [NOT] NAN; a boolean column; NOT,
 * AND, OR, parentheses, TRUE, FALSE. Columns are dotted names, in "quotes" or `backticks` where
 * they must be. Literals: 'text', 12, -1.5, 1e3, nan, true, false, null, X'ff', DATE|TIME|TIMESTAMP
 * '..', CAST(literal AS type), literal::type. date(column) and CAST(column AS DATE) stand before a
 * comparison or BETWEEN with dates.
 *
 * Not here: which columns there are, and conversions to their types (firn_expr_bind). */
#ifndef FIRN_ICEBERG_EXPR_PARSE_H
#define FIRN_ICEBERG_EXPR_PARSE_H

#include "iceberg/expr/expr.h"

/* Unbound, in the arena; text is borrowed. FIRN_ERR_ARG "filter: found \"x\", expected a literal",
 * err->position: the byte; FIRN_ERR_UNSUPPORTED for other patterns of LIKE; FIRN_ERR_LIMIT when
 * nested too deeply. */
FIRN_MUST_CHECK firn_status firn_expr_parse(firn_str text, firn_arena *arena, const firn_expr **out,
                                            firn_error *err);

#endif
