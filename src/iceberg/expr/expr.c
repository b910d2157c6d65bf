/* SPDX-License-Identifier: Apache-2.0 */
/* Building expressions. Not here: resolving names and literals (expr_bind.c), text
 * (expr_format.c). */
#include "iceberg/expr/expr.h"

#include <string.h>

static const firn_expr k_true = {.op = FIRN_EXPR_TRUE};
static const firn_expr k_false = {.op = FIRN_EXPR_FALSE};

static const firn_expr *make_node(firn_arena *arena, firn_expr_op op, const firn_expr *left,
                                  const firn_expr *right)
{
    firn_expr *node = firn_arena_alloc_zero(arena, sizeof *node);
    if (!node) return NULL;
    node->op = op;
    node->left = left;
    node->right = right;
    return node;
}

const firn_expr *firn_expr_true(void)
{
    return &k_true;
}

const firn_expr *firn_expr_false(void)
{
    return &k_false;
}

const firn_expr *firn_expr_and(firn_arena *arena, const firn_expr *a, const firn_expr *b)
{
    if (!a || !b) return NULL;
    if (a->op == FIRN_EXPR_FALSE || b->op == FIRN_EXPR_FALSE) return &k_false;
    if (a->op == FIRN_EXPR_TRUE) return b;
    if (b->op == FIRN_EXPR_TRUE) return a;
    return make_node(arena, FIRN_EXPR_AND, a, b);
}

const firn_expr *firn_expr_or(firn_arena *arena, const firn_expr *a, const firn_expr *b)
{
    if (!a || !b) return NULL;
    if (a->op == FIRN_EXPR_TRUE || b->op == FIRN_EXPR_TRUE) return &k_true;
    if (a->op == FIRN_EXPR_FALSE) return b;
    if (b->op == FIRN_EXPR_FALSE) return a;
    return make_node(arena, FIRN_EXPR_OR, a, b);
}

const firn_expr *firn_expr_join(firn_arena *arena, bool is_and, const firn_expr **parts, size_t n)
{
    if (n == 0) return is_and ? &k_true : &k_false;
    for (; n > 1; n = (n + 1) / 2) { /* pair neighbours until one is left */
        for (size_t i = 0; i < n; i += 2) {
            const firn_expr *e = parts[i];
            if (i + 1 < n)
                e = is_and ? firn_expr_and(arena, e, parts[i + 1])
                           : firn_expr_or(arena, e, parts[i + 1]);
            if (!e) return NULL;
            parts[i / 2] = e;
        }
    }
    return parts[0];
}

const firn_expr *firn_expr_not(firn_arena *arena, const firn_expr *e)
{
    if (!e) return NULL;
    if (e->op == FIRN_EXPR_TRUE) return &k_false;
    if (e->op == FIRN_EXPR_FALSE) return &k_true;
    if (e->op == FIRN_EXPR_NOT) return e->left;
    return make_node(arena, FIRN_EXPR_NOT, e, NULL);
}

const firn_expr *firn_expr_predicate(firn_arena *arena, firn_expr_op op, firn_str column,
                                     const firn_value *values, size_t n_values)
{
    firn_expr *node = firn_arena_alloc_zero(arena, sizeof *node);
    if (!node) return NULL;
    node->op = op;
    node->column = column;
    if (n_values > 0) {
        firn_value *copy = firn_arena_array(arena, n_values, sizeof *copy);
        if (!copy) return NULL;
        memcpy(copy, values, n_values * sizeof *copy);
        node->values = copy;
        node->n_values = n_values;
    }
    return node;
}
