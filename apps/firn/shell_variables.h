/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of the shell (-v, \set) and their places in statements: :name as it is, :'name' as a
 * literal, :"name" as an identifier. */
#ifndef FIRN_APP_SHELL_VARIABLES_H
#define FIRN_APP_SHELL_VARIABLES_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/metadata.h"
#include "sql/dialect/dialect.h"

typedef struct shell_variables {
    firn_arena *arena; /* names and values; what is set again stays until the end */
    firn_property *items;
    size_t n, cap;
} shell_variables;

/* Letters, digits and underscores, not a digit first. */
bool shell_variable_name_is_valid(firn_str name);
FIRN_MUST_CHECK firn_status shell_variable_set(shell_variables *v, firn_str name, firn_str value,
                                               firn_error *err);
void shell_variable_unset(shell_variables *v, firn_str name);
/* data NULL: not set. */
firn_str shell_variable_get(const shell_variables *v, firn_str name);
/* The statement with the values of variables that are set in their places, none in quotes and
 * comments. Other names after a colon stay: they may be something else in SQL (casts, slices). */
FIRN_MUST_CHECK firn_status shell_variables_expand(const shell_variables *v, firn_str sql,
                                                   firn_dialect dialect, firn_buf *out,
                                                   firn_error *err);

#endif
