/* SPDX-License-Identifier: Apache-2.0 */
/* Projected filters on partition tuples (exact) and on a manifest list's summaries of them.
 * Not here: column metrics (expr_metrics.c). */
#include "iceberg/expr/evaluate.h"
#include "iceberg/expr/expr_value.h"

static size_t find_partition_field(const firn_partition_spec *spec, int32_t field_id)
{
    for (size_t i = 0; i < spec->n_fields; i++)
        if (spec->fields[i].field_id == field_id) return i;
    return SIZE_MAX;
}

/* The value as the type of the predicate: a manifest may still hold it as it was before a
 * promotion. False when they have nothing in common. */
static bool promote(const firn_value *value, firn_type_kind kind, firn_value *out)
{
    *out = *value;
    out->kind = kind;
    if (value->is_null || value->kind == kind) return true;
    if (value->kind == FIRN_TYPE_INT && kind == FIRN_TYPE_LONG)
        out->as.i64 = value->as.i32;
    else if (value->kind == FIRN_TYPE_FLOAT && kind == FIRN_TYPE_DOUBLE)
        out->as.f64 = (double)value->as.f32;
    else
        return false;
    return true;
}

bool firn_expr_eval_partition(const firn_expr *projected, const firn_partition_spec *spec,
                              const firn_value *partition, bool if_unknown)
{
    firn_value value;
    switch (projected->op) {
    case FIRN_EXPR_TRUE: return true;
    case FIRN_EXPR_FALSE: return false;
    case FIRN_EXPR_AND:
        return firn_expr_eval_partition(projected->left, spec, partition, if_unknown) &&
               firn_expr_eval_partition(projected->right, spec, partition, if_unknown);
    case FIRN_EXPR_OR:
        return firn_expr_eval_partition(projected->left, spec, partition, if_unknown) ||
               firn_expr_eval_partition(projected->right, spec, partition, if_unknown);
    default: break;
    }
    const size_t at = find_partition_field(spec, projected->field_id);
    if (at == SIZE_MAX || !promote(&partition[at], projected->type->kind, &value))
        return if_unknown;
    return firn_expr_matches_value(projected, &value);
}

bool firn_expr_matches_partition(const firn_expr *projected, const firn_partition_spec *spec,
                                 const firn_value *partition)
{
    return firn_expr_eval_partition(projected, spec, partition, true);
}

/* Decoded bounds of one summary. */
typedef struct summary_bounds {
    bool has_lower, has_upper;
    firn_value lower, upper;
} summary_bounds;

static summary_bounds decode_bounds(const firn_expr *pred, const firn_field_summary *summary)
{
    summary_bounds b = {0};
    b.has_lower = summary->has_lower &&
                  firn_value_decode(pred->type, summary->lower, &b.lower, NULL) == FIRN_OK &&
                  !firn_value_is_nan(&b.lower);
    b.has_upper = summary->has_upper &&
                  firn_value_decode(pred->type, summary->upper, &b.upper, NULL) == FIRN_OK &&
                  !firn_value_is_nan(&b.upper);
    /* Java orders UUIDs as two signed numbers, so its bounds hold in that order only. */
    if (pred->type->kind == FIRN_TYPE_UUID &&
        !(b.has_lower && b.has_upper && firn_expr_compare(&b.lower, &b.upper) == 0))
        b.has_lower = b.has_upper = false;
    return b;
}

static bool may_hold_nan(const firn_expr *pred, const firn_field_summary *summary)
{
    if (pred->type->kind != FIRN_TYPE_FLOAT && pred->type->kind != FIRN_TYPE_DOUBLE) return false;
    return !summary->has_contains_nan || summary->contains_nan;
}

/* No bounds are written when all values are null or NaN. */
static bool is_all_null(const firn_expr *pred, const firn_field_summary *summary)
{
    return summary->contains_null && !summary->has_lower && !summary->has_upper &&
           !may_hold_nan(pred, summary);
}

static bool may_be_in_range(const firn_expr *pred, const summary_bounds *b)
{
    return firn_expr_list_overlaps(pred, b->has_lower ? &b->lower : NULL,
                                   b->has_upper ? &b->upper : NULL);
}

/* Are there values with the prefix between the bounds? */
static bool may_have_prefix(const firn_value *prefix, const summary_bounds *b)
{
    if (b->has_upper && firn_expr_compare(&b->upper, prefix) < 0) return false;
    return !b->has_lower || firn_expr_compare(&b->lower, prefix) <= 0 ||
           firn_value_has_prefix(&b->lower, prefix);
}

static bool may_match_values(const firn_expr *pred, const firn_field_summary *summary)
{
    const firn_value *lit = pred->values;
    const summary_bounds b = decode_bounds(pred, summary);
    switch (pred->op) {
    case FIRN_EXPR_LT: return !b.has_lower || firn_expr_compare(&b.lower, lit) < 0;
    case FIRN_EXPR_LTEQ: return !b.has_lower || firn_expr_compare(&b.lower, lit) <= 0;
    case FIRN_EXPR_GT:
        return may_hold_nan(pred, summary) || !b.has_upper || firn_expr_compare(&b.upper, lit) > 0;
    case FIRN_EXPR_GTEQ:
        return may_hold_nan(pred, summary) || !b.has_upper || firn_expr_compare(&b.upper, lit) >= 0;
    case FIRN_EXPR_EQ:
    case FIRN_EXPR_IN: return may_be_in_range(pred, &b);
    case FIRN_EXPR_STARTS_WITH: return may_have_prefix(lit, &b);
    case FIRN_EXPR_NOT_STARTS_WITH:
        return summary->contains_null || !b.has_lower || !b.has_upper ||
               !firn_value_has_prefix(&b.lower, lit) || !firn_value_has_prefix(&b.upper, lit);
    default: return true;
    }
}

static bool may_match_summary(const firn_expr *pred, const firn_field_summary *summary)
{
    switch (pred->op) {
    case FIRN_EXPR_IS_NULL: return summary->contains_null;
    case FIRN_EXPR_NOT_NULL: return !is_all_null(pred, summary);
    case FIRN_EXPR_IS_NAN: return may_hold_nan(pred, summary) && !is_all_null(pred, summary);
    case FIRN_EXPR_NOT_NAN:
        return !(summary->has_contains_nan && summary->contains_nan && !summary->contains_null &&
                 !summary->has_lower);
    case FIRN_EXPR_NOT_EQ:
    case FIRN_EXPR_NOT_IN: return true;
    case FIRN_EXPR_NOT_STARTS_WITH: return may_match_values(pred, summary);
    default: return !is_all_null(pred, summary) && may_match_values(pred, summary);
    }
}

static bool may_match(const firn_expr *e, const firn_partition_spec *spec,
                      const firn_manifest_file *manifest)
{
    switch (e->op) {
    case FIRN_EXPR_TRUE: return true;
    case FIRN_EXPR_FALSE: return false;
    case FIRN_EXPR_AND:
        return may_match(e->left, spec, manifest) && may_match(e->right, spec, manifest);
    case FIRN_EXPR_OR:
        return may_match(e->left, spec, manifest) || may_match(e->right, spec, manifest);
    default: break;
    }
    const size_t at = find_partition_field(spec, e->field_id);
    if (at >= manifest->n_partitions) return true; /* v1 need not have summaries */
    return may_match_summary(e, &manifest->partitions[at]);
}

bool firn_expr_may_match_manifest(const firn_expr *projected, const firn_partition_spec *spec,
                                  const firn_manifest_file *manifest)
{
    if (manifest->n_partitions != 0 && manifest->n_partitions != spec->n_fields)
        return projected->op != FIRN_EXPR_FALSE; /* summaries of something else */
    return may_match(projected, spec, manifest);
}
