/* SPDX-License-Identifier: Apache-2.0 */
/* Residual filters: a tree of the filter's shape whose leaves carry both projections. */
#include "iceberg/expr/residual.h"

#include "base/error.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/expr/expr_value.h"

struct firn_residual {
    const firn_expr *expr;
    const firn_partition_spec *spec;
    const firn_residual *left, *right;   /* AND, OR */
    const firn_expr *inclusive, *strict; /* predicates */
    bool is_fixed;                       /* no partition says anything: expr stands as it is */
};

static bool is_connective(const firn_expr *e)
{
    return e->op == FIRN_EXPR_AND || e->op == FIRN_EXPR_OR;
}

/* Depth is bounded by firn_expr_bind(). */
firn_status firn_residual_create(const firn_expr *bound, const firn_schema *schema,
                                 const firn_partition_spec *spec, firn_arena *arena,
                                 const firn_residual **out, firn_error *err)
{
    firn_residual *node = firn_arena_alloc_zero(arena, sizeof *node);
    if (!node) return firn_fail_nomem(err);
    node->expr = bound;
    node->spec = spec;
    if (is_connective(bound)) {
        FIRN_TRY(firn_residual_create(bound->left, schema, spec, arena, &node->left, err));
        FIRN_TRY(firn_residual_create(bound->right, schema, spec, arena, &node->right, err));
        node->is_fixed = node->left->is_fixed && node->right->is_fixed;
    } else {
        FIRN_TRY(firn_expr_project_inclusive(bound, schema, spec, arena, &node->inclusive, err));
        FIRN_TRY(firn_expr_project_strict(bound, schema, spec, arena, &node->strict, err));
        node->is_fixed =
            node->inclusive->op == FIRN_EXPR_TRUE && node->strict->op == FIRN_EXPR_FALSE;
    }
    *out = node;
    return FIRN_OK;
}

const firn_expr *firn_residual_for(const firn_residual *residual, const firn_value *partition,
                                   firn_arena *arena)
{
    const firn_expr *expr = residual->expr;
    if (residual->is_fixed) return expr;
    if (is_connective(expr)) {
        const firn_expr *left = firn_residual_for(residual->left, partition, arena);
        const firn_expr *right = firn_residual_for(residual->right, partition, arena);
        if (left == expr->left && right == expr->right) return expr;
        return expr->op == FIRN_EXPR_AND ? firn_expr_and(arena, left, right)
                                         : firn_expr_or(arena, left, right);
    }
    if (firn_expr_eval_partition(residual->strict, residual->spec, partition, false))
        return firn_expr_true();
    if (!firn_expr_matches_partition(residual->inclusive, residual->spec, partition))
        return firn_expr_false();
    return expr;
}
