/* SPDX-License-Identifier: Apache-2.0 */
/* Order of values in expressions and the exact test of one value. Not here: conversion of
 * literals (expr_literal.c). */
#include "iceberg/expr/expr_value.h"

#include <math.h>
#include <string.h>

static int compare_doubles(double a, double b)
{
    if (isnan(a) || isnan(b)) return (isnan(a) ? 1 : 0) - (isnan(b) ? 1 : 0);
    return (a > b) - (a < b);
}

int firn_expr_compare(const firn_value *a, const firn_value *b)
{
    if (a->kind == FIRN_TYPE_FLOAT) return compare_doubles((double)a->as.f32, (double)b->as.f32);
    if (a->kind == FIRN_TYPE_DOUBLE) return compare_doubles(a->as.f64, b->as.f64);
    return firn_value_compare(a, b);
}

bool firn_value_is_nan(const firn_value *value)
{
    if (value->is_null) return false;
    if (value->kind == FIRN_TYPE_FLOAT) return isnan(value->as.f32);
    if (value->kind == FIRN_TYPE_DOUBLE) return isnan(value->as.f64);
    return false;
}

bool firn_value_has_prefix(const firn_value *value, const firn_value *prefix)
{
    const firn_str v = value->as.bytes;
    const firn_str p = prefix->as.bytes;
    return v.len >= p.len && (p.len == 0 || memcmp(v.data, p.data, p.len) == 0);
}

/* Index of the first value of the list that is not below v. */
static size_t lower_index(const firn_expr *list, const firn_value *v)
{
    size_t from = 0;
    size_t to = list->n_values;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        if (firn_expr_compare(&list->values[mid], v) < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

bool firn_expr_list_has(const firn_expr *list, const firn_value *v)
{
    const size_t at = lower_index(list, v);
    return at < list->n_values && firn_expr_compare(&list->values[at], v) == 0;
}

bool firn_expr_list_overlaps(const firn_expr *list, const firn_value *low, const firn_value *high)
{
    const size_t at = low ? lower_index(list, low) : 0;
    if (at >= list->n_values) return false;
    return !high || firn_expr_compare(&list->values[at], high) <= 0;
}

static bool matches_null(firn_expr_op op)
{
    return op == FIRN_EXPR_TRUE || op == FIRN_EXPR_IS_NULL || op == FIRN_EXPR_NOT_NAN ||
           op == FIRN_EXPR_NOT_EQ || op == FIRN_EXPR_NOT_IN || op == FIRN_EXPR_NOT_STARTS_WITH;
}

bool firn_expr_matches_value(const firn_expr *predicate, const firn_value *value)
{
    const firn_value *lit = predicate->values;
    if (value->is_null) return matches_null(predicate->op);
    switch (predicate->op) {
    case FIRN_EXPR_TRUE: return true;
    case FIRN_EXPR_FALSE:
    case FIRN_EXPR_IS_NULL: return false;
    case FIRN_EXPR_NOT_NULL: return true;
    case FIRN_EXPR_IS_NAN: return firn_value_is_nan(value);
    case FIRN_EXPR_NOT_NAN: return !firn_value_is_nan(value);
    case FIRN_EXPR_LT: return firn_expr_compare(value, lit) < 0;
    case FIRN_EXPR_LTEQ: return firn_expr_compare(value, lit) <= 0;
    case FIRN_EXPR_GT: return firn_expr_compare(value, lit) > 0;
    case FIRN_EXPR_GTEQ: return firn_expr_compare(value, lit) >= 0;
    case FIRN_EXPR_EQ: return firn_expr_compare(value, lit) == 0;
    case FIRN_EXPR_NOT_EQ: return firn_expr_compare(value, lit) != 0;
    case FIRN_EXPR_IN: return firn_expr_list_has(predicate, value);
    case FIRN_EXPR_NOT_IN: return !firn_expr_list_has(predicate, value);
    case FIRN_EXPR_STARTS_WITH: return firn_value_has_prefix(value, lit);
    case FIRN_EXPR_NOT_STARTS_WITH: return !firn_value_has_prefix(value, lit);
    case FIRN_EXPR_AND:
    case FIRN_EXPR_OR:
    case FIRN_EXPR_NOT: break;
    }
    return true;
}
