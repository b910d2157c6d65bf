/* SPDX-License-Identifier: Apache-2.0 */
/* Row filters for tests, from the text that iceberg/expr/expr_parse.h describes. */
#ifndef FIRN_FILTER_PARSER_H
#define FIRN_FILTER_PARSER_H

#include "iceberg/expr/expr.h"

/* Fails the test on a syntax error; text must outlive the result. */
const firn_expr *firn_test_filter(firn_arena *arena, const char *text);

#endif
