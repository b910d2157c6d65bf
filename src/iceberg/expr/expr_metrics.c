/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on the column metrics of a file.
 *
 * Bounds may be cut (never inwards) and leave out NaN, which the SQL engine holds greater than
 * every number: an upper bound of floats excludes nothing greater unless there is no NaN. Iceberg's
 * own evaluators do prune there, and lose those rows. Missing metrics answer nothing. */
#include <limits.h>

#include "iceberg/expr/evaluate.h"
#include "iceberg/expr/expr_value.h"

/* What is known of one column. Counts are -1 when unknown. */
typedef struct column_facts {
    int64_t value_count, null_count, nan_count;
    bool has_lower, has_upper;
    firn_value lower, upper;
} column_facts;

static int64_t count_of(const firn_metric_map *map, int32_t field_id)
{
    const firn_metric *metric = firn_metric_find(map, field_id);
    return metric ? metric->count : -1;
}

static bool decode_bound(const firn_metric_map *map, const firn_expr *pred, firn_value *out)
{
    const firn_metric *metric = firn_metric_find(map, pred->field_id);
    if (!metric || firn_value_decode(pred->type, metric->bound, out, NULL) != FIRN_OK) return false;
    return !firn_value_is_nan(out); /* some writers had NaN there, which bounds nothing */
}

static bool needs_bounds(firn_expr_op op)
{
    return op >= FIRN_EXPR_LT && op <= FIRN_EXPR_NOT_STARTS_WITH;
}

static column_facts facts_of(const firn_data_file *file, const firn_expr *pred)
{
    column_facts facts = {.value_count = count_of(&file->value_counts, pred->field_id),
                          .null_count = count_of(&file->null_value_counts, pred->field_id),
                          .nan_count = count_of(&file->nan_value_counts, pred->field_id)};
    if (!needs_bounds(pred->op)) return facts;
    facts.has_lower = decode_bound(&file->lower_bounds, pred, &facts.lower);
    facts.has_upper = decode_bound(&file->upper_bounds, pred, &facts.upper);
    return facts;
}

static bool is_all_null(const column_facts *f)
{
    return f->value_count >= 0 && f->null_count >= 0 && f->null_count >= f->value_count;
}

static bool is_all_nan(const column_facts *f)
{
    return f->value_count > 0 && f->nan_count >= f->value_count;
}

static bool may_hold_nan(const firn_expr *pred, const column_facts *f)
{
    if (pred->type->kind != FIRN_TYPE_FLOAT && pred->type->kind != FIRN_TYPE_DOUBLE) return false;
    return f->nan_count != 0;
}

/* ---- inclusive ---- */

static bool may_have_prefix(const firn_value *prefix, const column_facts *f)
{
    if (f->has_upper && firn_expr_compare(&f->upper, prefix) < 0) return false;
    return !f->has_lower || firn_expr_compare(&f->lower, prefix) <= 0 ||
           firn_value_has_prefix(&f->lower, prefix);
}

/* Both bounds with the prefix: so has everything between them. */
static bool all_have_prefix(const firn_value *prefix, const column_facts *f)
{
    return f->has_lower && f->has_upper && firn_value_has_prefix(&f->lower, prefix) &&
           firn_value_has_prefix(&f->upper, prefix);
}

static bool may_match_values(const firn_expr *pred, const column_facts *f)
{
    const firn_value *lit = pred->values;
    switch (pred->op) {
    case FIRN_EXPR_LT:
        return !is_all_nan(f) && (!f->has_lower || firn_expr_compare(&f->lower, lit) < 0);
    case FIRN_EXPR_LTEQ:
        return !is_all_nan(f) && (!f->has_lower || firn_expr_compare(&f->lower, lit) <= 0);
    case FIRN_EXPR_GT:
        return may_hold_nan(pred, f) || !f->has_upper || firn_expr_compare(&f->upper, lit) > 0;
    case FIRN_EXPR_GTEQ:
        return may_hold_nan(pred, f) || !f->has_upper || firn_expr_compare(&f->upper, lit) >= 0;
    case FIRN_EXPR_EQ:
    case FIRN_EXPR_IN:
        return !is_all_nan(f) && firn_expr_list_overlaps(pred, f->has_lower ? &f->lower : NULL,
                                                         f->has_upper ? &f->upper : NULL);
    case FIRN_EXPR_STARTS_WITH: return may_have_prefix(lit, f);
    case FIRN_EXPR_NOT_STARTS_WITH: return f->null_count != 0 || !all_have_prefix(lit, f);
    default: return true;
    }
}

static bool may_match_facts(const firn_expr *pred, const column_facts *f)
{
    switch (pred->op) {
    case FIRN_EXPR_IS_NULL: return f->null_count != 0;
    case FIRN_EXPR_NOT_NULL: return !is_all_null(f);
    case FIRN_EXPR_IS_NAN: return f->nan_count != 0 && !is_all_null(f);
    case FIRN_EXPR_NOT_NAN: return !is_all_nan(f);
    case FIRN_EXPR_NOT_EQ:
    case FIRN_EXPR_NOT_IN: return true;
    case FIRN_EXPR_NOT_STARTS_WITH: return may_match_values(pred, f);
    default: return !is_all_null(f) && may_match_values(pred, f);
    }
}

/* Depth is bounded by firn_expr_bind(). */
static bool may_match(const firn_expr *e, const firn_data_file *file)
{
    column_facts facts;
    switch (e->op) {
    case FIRN_EXPR_TRUE: return true;
    case FIRN_EXPR_FALSE: return false;
    case FIRN_EXPR_AND: return may_match(e->left, file) && may_match(e->right, file);
    case FIRN_EXPR_OR: return may_match(e->left, file) || may_match(e->right, file);
    case FIRN_EXPR_NOT: return true;
    default: facts = facts_of(file, e); return may_match_facts(e, &facts);
    }
}

bool firn_expr_may_match_file(const firn_expr *bound, const firn_data_file *file)
{
    return file->record_count != 0 && may_match(bound, file);
}

/* ---- strict ---- */

/* Counts of a field in a struct may leave out rows whose struct is null. */
static bool is_nested(const firn_expr *pred)
{
    for (size_t i = 0; i < pred->column.len; i++)
        if (pred->column.data[i] == '.') return true;
    return false;
}

static bool is_list_outside(const firn_expr *pred, const column_facts *f)
{
    return f->has_lower && f->has_upper && !firn_expr_list_overlaps(pred, &f->lower, &f->upper);
}

static bool is_one_value_of(const firn_expr *pred, const column_facts *f)
{
    return f->has_lower && f->has_upper && firn_expr_compare(&f->lower, &f->upper) == 0 &&
           firn_expr_list_has(pred, &f->lower);
}

static bool all_values_match(const firn_expr *pred, const column_facts *f)
{
    const firn_value *lit = pred->values;
    const bool has_nan = may_hold_nan(pred, f);
    switch (pred->op) {
    case FIRN_EXPR_LT: return !has_nan && f->has_upper && firn_expr_compare(&f->upper, lit) < 0;
    case FIRN_EXPR_LTEQ: return !has_nan && f->has_upper && firn_expr_compare(&f->upper, lit) <= 0;
    case FIRN_EXPR_GT: return !has_nan && f->has_lower && firn_expr_compare(&f->lower, lit) > 0;
    case FIRN_EXPR_GTEQ: return !has_nan && f->has_lower && firn_expr_compare(&f->lower, lit) >= 0;
    case FIRN_EXPR_EQ:
    case FIRN_EXPR_IN: return !has_nan && is_one_value_of(pred, f);
    case FIRN_EXPR_NOT_EQ:
    case FIRN_EXPR_NOT_IN: return pred->n_values == 0 || is_list_outside(pred, f);
    case FIRN_EXPR_STARTS_WITH: return all_have_prefix(lit, f);
    case FIRN_EXPR_NOT_STARTS_WITH: return f->has_lower && f->has_upper && !may_have_prefix(lit, f);
    default: return false;
    }
}

static bool all_match_facts(const firn_expr *pred, const column_facts *f)
{
    switch (pred->op) {
    case FIRN_EXPR_IS_NULL: return is_all_null(f);
    case FIRN_EXPR_NOT_NULL: return f->null_count == 0;
    case FIRN_EXPR_IS_NAN: return is_all_nan(f);
    case FIRN_EXPR_NOT_NAN: return f->null_count == 0 && f->nan_count == 0;
    default: return f->null_count == 0 && all_values_match(pred, f);
    }
}

static bool all_match(const firn_expr *e, const firn_data_file *file)
{
    column_facts facts;
    switch (e->op) {
    case FIRN_EXPR_TRUE: return true;
    case FIRN_EXPR_FALSE: return false;
    case FIRN_EXPR_AND: return all_match(e->left, file) && all_match(e->right, file);
    case FIRN_EXPR_OR: return all_match(e->left, file) || all_match(e->right, file);
    case FIRN_EXPR_NOT: return false;
    default: facts = facts_of(file, e); return !is_nested(e) && all_match_facts(e, &facts);
    }
}

bool firn_expr_all_match_file(const firn_expr *bound, const firn_data_file *file)
{
    return file->record_count == 0 || all_match(bound, file);
}
