/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters in a statement's text: which there are, and the text with values in their places.
 * Works on tokens of the user's dialect. Not here: where values come from. */
#ifndef FIRN_SQL_PARAMETERS_H
#define FIRN_SQL_PARAMETERS_H

#include "sql/resolve/query_rewrite.h"

#define FIRN_MAX_PARAMETERS 1000

/* In order of their numbers. "$2" alone makes two. */
typedef struct firn_parameters {
    firn_str *names; /* without ":" or "$"; empty: it goes by its number */
    size_t n, cap;
    bool has_names;
} firn_parameters;

/* FIRN_ERR_ARG with a position for parameters of several kinds. */
FIRN_MUST_CHECK firn_status firn_parameters_of(firn_lexer lexer, firn_arena *arena,
                                               firn_parameters *out, firn_error *err);
/* SIZE_MAX: none of this name, any case. */
size_t firn_parameters_find(const firn_parameters *parameters, firn_str name);
/* The text with values[i], SQL, for parameter i; positions map back. */
FIRN_MUST_CHECK firn_status firn_parameters_put(firn_lexer lexer, const firn_parameters *parameters,
                                                const firn_str *values, firn_arena *arena,
                                                firn_rewrite *out, firn_error *err);

#endif
