/* SPDX-License-Identifier: Apache-2.0 */
/* Literals and their order, shared by the files of this folder; nobody else's business. */
#ifndef FIRN_ICEBERG_EXPR_VALUE_H
#define FIRN_ICEBERG_EXPR_VALUE_H

#include "firn/metadata.h"
#include "iceberg/expr/expr.h"

/* How a literal sits among the values the column's type can hold. */
typedef enum firn_fit {
    FIRN_FIT_EXACT = 0, /* the value itself */
    FIRN_FIT_FLOOR,     /* between out and the next value of the type */
    FIRN_FIT_ABOVE,     /* greater than every value of the type */
    FIRN_FIT_BELOW,     /* less than every value of the type */
} firn_fit;

/* Convert a literal (not null) to type. FIRN_ERR_ARG when the kinds have nothing in common. */
FIRN_MUST_CHECK firn_status firn_literal_convert(const firn_value *literal, const firn_type *type,
                                                 firn_arena *arena, firn_value *out, firn_fit *fit,
                                                 firn_error *err);

/* Order of two non-null values of one kind as the SQL engine has it: -0 equals 0, NaN equals NaN
 * and is above every number. (firn_value_compare tells them apart, which would prune rows.) */
int firn_expr_compare(const firn_value *a, const firn_value *b);
bool firn_value_is_nan(const firn_value *value);
/* True if bytes begin with prefix. */
bool firn_value_has_prefix(const firn_value *value, const firn_value *prefix);
/* True if the sorted list has a value equal to v. */
bool firn_expr_list_has(const firn_expr *list, const firn_value *v);
/* True if the sorted list has a value in [low, high]; NULL: unbounded. */
bool firn_expr_list_overlaps(const firn_expr *list, const firn_value *low, const firn_value *high);
/* One decision on a row's value; value->is_null allowed. Null matches what Iceberg says it does:
 * IS_NULL and the negated operators. */
bool firn_expr_matches_value(const firn_expr *predicate, const firn_value *value);
/* firn_expr_matches_partition() with the answer for values of an unexpected type: true for an
 * inclusive projection, false for a strict one. */
bool firn_expr_eval_partition(const firn_expr *projected, const firn_partition_spec *spec,
                              const firn_value *partition, bool if_unknown);

#endif
