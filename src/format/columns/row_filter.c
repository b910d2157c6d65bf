/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on bounds and single values. Not here: whole columns (row_filter_rows.c). */
#include "format/columns/row_filter.h"

#include <math.h>

static int compare_doubles(double a, double b)
{
    if (isnan(a) || isnan(b)) return (isnan(a) ? 1 : 0) - (isnan(b) ? 1 : 0);
    return (a > b) - (a < b);
}

int firn_filter_compare(const firn_value *a, const firn_value *b)
{
    if (a->kind == FIRN_TYPE_FLOAT) return compare_doubles((double)a->as.f32, (double)b->as.f32);
    if (a->kind == FIRN_TYPE_DOUBLE) return compare_doubles(a->as.f64, b->as.f64);
    return firn_value_compare(a, b);
}

static bool is_nan(const firn_value *v)
{
    if (v->kind == FIRN_TYPE_FLOAT) return isnan(v->as.f32);
    return v->kind == FIRN_TYPE_DOUBLE && isnan(v->as.f64);
}

firn_filter_bounds firn_filter_bounds_unknown(const firn_type *type)
{
    const bool is_float = type->kind == FIRN_TYPE_FLOAT || type->kind == FIRN_TYPE_DOUBLE;
    return (firn_filter_bounds){.has_null = true, .has_value = true, .has_nan = is_float};
}

/* ---- single values ---- */

static bool is_above_low(const firn_filter_end *low, const firn_value *v)
{
    if (!low->is_set) return true;
    const int order = firn_filter_compare(v, &low->value);
    return low->is_open ? order > 0 : order >= 0;
}

static bool is_below_high(const firn_filter_end *high, const firn_value *v)
{
    if (!high->is_set) return true;
    const int order = firn_filter_compare(v, &high->value);
    return high->is_open ? order < 0 : order <= 0;
}

/* Index of the first value of the list that is not below v. */
static size_t lower_index(const firn_filter *test, const firn_value *v)
{
    size_t from = 0, to = test->n_values;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        if (firn_filter_compare(&test->values[mid], v) < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static bool has_value(const firn_filter *test, const firn_value *v)
{
    const size_t at = lower_index(test, v);
    return at < test->n_values && firn_filter_compare(&test->values[at], v) == 0;
}

bool firn_filter_passes(const firn_filter *test, const firn_value *value)
{
    switch (test->op) {
    case FIRN_FILTER_RANGE:
        return is_above_low(&test->low, value) && is_below_high(&test->high, value);
    case FIRN_FILTER_IN: return has_value(test, value);
    case FIRN_FILTER_NOT_IN: return !has_value(test, value);
    case FIRN_FILTER_KEYS: return firn_key_set_may_have(test->keys, firn_key_of(value));
    case FIRN_FILTER_TEXT: return firn_text_pattern_matches(test->pattern, value->as.bytes);
    case FIRN_FILTER_NONE:
    case FIRN_FILTER_IS_NULL: return false;
    case FIRN_FILTER_ANY:
    case FIRN_FILTER_NOT_NULL:
    case FIRN_FILTER_AND:
    case FIRN_FILTER_OR: break;
    }
    return true;
}

/* ---- bounds ---- */

/* NaN is greater than all bounds, so it is asked for apart from them. */
static bool range_may_pass(const firn_filter *test, const firn_filter_bounds *b)
{
    const firn_value *low = &test->low.value;
    const bool wants_nan =
        (!test->high.is_set || (is_nan(&test->high.value) && !test->high.is_open)) &&
        !(test->low.is_set && test->low.is_open && is_nan(low));
    if (b->has_nan && wants_nan) return true;
    if (b->has_max && !is_above_low(&test->low, &b->max)) return false;
    return !b->has_min || is_below_high(&test->high, &b->min);
}

static bool list_may_pass(const firn_filter *test, const firn_filter_bounds *b)
{
    const size_t n = test->n_values;
    if (n > 0 && b->has_nan && is_nan(&test->values[n - 1])) return true;
    const size_t at = b->has_min ? lower_index(test, &b->min) : 0;
    if (at >= n) return false;
    return !b->has_max || firn_filter_compare(&test->values[at], &b->max) <= 0;
}

static bool keys_may_pass(const firn_filter *test, const firn_filter_bounds *b)
{
    return firn_key_set_has_between(test->keys, b->has_min ? firn_key_of(&b->min) : INT64_MIN,
                                    b->has_max ? firn_key_of(&b->max) : INT64_MAX);
}

/* Bounds may be cut, but no value can be outside them: when both are one value of the list, so are
 * all values. */
static bool others_may_pass(const firn_filter *test, const firn_filter_bounds *b)
{
    if (b->has_nan || !b->has_min || !b->has_max) return true;
    return firn_filter_compare(&b->min, &b->max) != 0 || !has_value(test, &b->min);
}

bool firn_filter_may_pass(const firn_filter *test, const firn_filter_bounds *bounds)
{
    switch (test->op) {
    case FIRN_FILTER_NONE: return false;
    case FIRN_FILTER_IS_NULL: return bounds->has_null;
    case FIRN_FILTER_NOT_NULL:
    case FIRN_FILTER_TEXT: return bounds->has_value;
    case FIRN_FILTER_RANGE: return bounds->has_value && range_may_pass(test, bounds);
    case FIRN_FILTER_IN: return bounds->has_value && list_may_pass(test, bounds);
    case FIRN_FILTER_KEYS: return bounds->has_value && keys_may_pass(test, bounds);
    case FIRN_FILTER_NOT_IN: return bounds->has_value && others_may_pass(test, bounds);
    case FIRN_FILTER_ANY:
    case FIRN_FILTER_AND:
    case FIRN_FILTER_OR: break;
    }
    return true;
}
