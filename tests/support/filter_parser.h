/* SPDX-License-Identifier: Apache-2.0 */
/* Row filters from SQL-like text, for tests: and, or, not, parentheses; =, ==, !=, <>, <, <=, >,
 * >=, between, in, like 'prefix%', starts with, is null, is nan. Literals: 'text', 12 (long),
 * 1.5 (decimal), 1e3 (double), nan, true, false, null, date '..', timestamp '..'. */
#ifndef FIRN_FILTER_PARSER_H
#define FIRN_FILTER_PARSER_H

#include "iceberg/expr/expr.h"

/* Fails the test on a syntax error; text must outlive the result. */
const firn_expr *firn_test_filter(firn_arena *arena, const char *text);

#endif
