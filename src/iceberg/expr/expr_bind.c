/* SPDX-License-Identifier: Apache-2.0 */
/* Binding: names to fields, literals to the field's type, NOT down to the predicates.
 *
 * A comparison no value of the type can fail becomes NOT NULL (TRUE for a required column),
 * because a row without a value does not pass it; a negated one becomes NOT IN (), which the
 * evaluators take as "every value", in doubt also null. Chains of AND and OR come out balanced,
 * so that evaluating a long one does not recurse deeply. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "iceberg/expr/expr_value.h"

typedef struct binder {
    const firn_schema *schema;
    firn_arena *arena;
    firn_error *err;
} binder;

typedef struct bind_item {
    const firn_expr *expr;
    bool is_negated;
} bind_item;

static const firn_expr_op k_negated[] = {
    [FIRN_EXPR_TRUE] = FIRN_EXPR_FALSE,
    [FIRN_EXPR_FALSE] = FIRN_EXPR_TRUE,
    [FIRN_EXPR_AND] = FIRN_EXPR_OR,
    [FIRN_EXPR_OR] = FIRN_EXPR_AND,
    [FIRN_EXPR_NOT] = FIRN_EXPR_NOT,
    [FIRN_EXPR_IS_NULL] = FIRN_EXPR_NOT_NULL,
    [FIRN_EXPR_NOT_NULL] = FIRN_EXPR_IS_NULL,
    [FIRN_EXPR_IS_NAN] = FIRN_EXPR_NOT_NAN,
    [FIRN_EXPR_NOT_NAN] = FIRN_EXPR_IS_NAN,
    [FIRN_EXPR_LT] = FIRN_EXPR_GTEQ,
    [FIRN_EXPR_LTEQ] = FIRN_EXPR_GT,
    [FIRN_EXPR_GT] = FIRN_EXPR_LTEQ,
    [FIRN_EXPR_GTEQ] = FIRN_EXPR_LT,
    [FIRN_EXPR_EQ] = FIRN_EXPR_NOT_EQ,
    [FIRN_EXPR_NOT_EQ] = FIRN_EXPR_EQ,
    [FIRN_EXPR_IN] = FIRN_EXPR_NOT_IN,
    [FIRN_EXPR_NOT_IN] = FIRN_EXPR_IN,
    [FIRN_EXPR_STARTS_WITH] = FIRN_EXPR_NOT_STARTS_WITH,
    [FIRN_EXPR_NOT_STARTS_WITH] = FIRN_EXPR_STARTS_WITH,
};

/* Field with this id reached through structs only; rows have one value of it. */
static const firn_field *find_in_structs(const firn_type *type, int32_t id, int depth)
{
    if (type->kind != FIRN_TYPE_STRUCT || depth > FIRN_LIMIT_NESTING) return NULL;
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        if (field->id == id) return field;
        const firn_field *inner = find_in_structs(field->type, id, depth + 1);
        if (inner) return inner;
    }
    return NULL;
}

static firn_status find_field(const binder *b, const firn_expr *predicate, const firn_field **out)
{
    const firn_field *field = predicate->field_id > 0
                                  ? firn_schema_find_id(b->schema, predicate->field_id)
                                  : firn_schema_find_name(b->schema, predicate->column);
    if (!field)
        return firn_fail(b->err, FIRN_ERR_ARG, "no column \"%.*s\" in schema %d",
                         FIRN_STR_ARG(predicate->column), (int)b->schema->schema_id);
    if (!find_in_structs(&b->schema->root, field->id, 0))
        return firn_fail(b->err, FIRN_ERR_ARG,
                         "cannot filter on \"%.*s\": it is inside a list or map",
                         FIRN_STR_ARG(predicate->column));
    *out = field;
    return FIRN_OK;
}

/* Only a column at the top: a required field of an optional struct may still be missing. */
static bool is_never_null(const binder *b, const firn_field *field)
{
    const firn_type *root = &b->schema->root;
    for (size_t i = 0; i < root->n_fields; i++)
        if (root->fields[i].id == field->id) return root->fields[i].is_required;
    return false;
}

static firn_status make_bound(const binder *b, firn_expr_op op, const firn_expr *predicate,
                              const firn_field *field, const firn_expr **out)
{
    firn_expr *node = firn_arena_alloc_zero(b->arena, sizeof *node);
    if (!node) return firn_fail_nomem(b->err);
    node->op = op;
    node->column = predicate->column;
    node->field_id = field->id;
    node->type = field->type;
    *out = node;
    return FIRN_OK;
}

static firn_status make_unary(const binder *b, firn_expr_op op, const firn_expr *predicate,
                              const firn_field *field, const firn_expr **out)
{
    const bool is_floating =
        field->type->kind == FIRN_TYPE_FLOAT || field->type->kind == FIRN_TYPE_DOUBLE;

    if (op == FIRN_EXPR_IS_NULL || op == FIRN_EXPR_NOT_NULL) {
        if (!is_never_null(b, field)) return make_bound(b, op, predicate, field, out);
        *out = op == FIRN_EXPR_IS_NULL ? firn_expr_false() : firn_expr_true();
        return FIRN_OK;
    }
    if (!is_floating) {
        char name[64];
        return firn_fail(b->err, FIRN_ERR_ARG, "cannot test column \"%.*s\" of type %s for nan",
                         FIRN_STR_ARG(predicate->column),
                         firn_type_name(field->type, name, sizeof name));
    }
    return make_bound(b, op, predicate, field, out);
}

static firn_status make_list(const binder *b, firn_expr_op op, const firn_expr *predicate,
                             const firn_field *field, const firn_value *values, size_t n,
                             const firn_expr **out)
{
    const firn_expr *node = NULL;
    firn_value *copy = firn_arena_array(b->arena, n, sizeof *copy);
    if (!copy) return firn_fail_nomem(b->err);
    if (n > 0) memcpy(copy, values, n * sizeof *copy);
    FIRN_TRY(make_bound(b, op, predicate, field, &node));

    firn_expr *mutable = firn_arena_alloc_zero(b->arena, sizeof *mutable);
    if (!mutable) return firn_fail_nomem(b->err);
    *mutable = *node;
    mutable->values = copy;
    mutable->n_values = n;
    *out = mutable;
    return FIRN_OK;
}

/* Every value passes, null does not. */
static firn_status make_any_value(const binder *b, const firn_expr *predicate,
                                  const firn_field *field, const firn_expr **out)
{
    return make_unary(b, FIRN_EXPR_NOT_NULL, predicate, field, out);
}

/* Every value passes and null perhaps: what is left of <> and NOT IN. */
static firn_status make_not_in_nothing(const binder *b, const firn_expr *predicate,
                                       const firn_field *field, const firn_expr **out)
{
    if (is_never_null(b, field)) {
        *out = firn_expr_true();
        return FIRN_OK;
    }
    return make_list(b, FIRN_EXPR_NOT_IN, predicate, field, NULL, 0, out);
}

static firn_status compare_with_nan(const binder *b, firn_expr_op op, const firn_expr *predicate,
                                    const firn_field *field, const firn_expr **out)
{
    const firn_expr *not_null = NULL;
    const firn_expr *not_nan = NULL;
    switch (op) {
    case FIRN_EXPR_EQ:
    case FIRN_EXPR_GTEQ: return make_unary(b, FIRN_EXPR_IS_NAN, predicate, field, out);
    case FIRN_EXPR_GT: *out = firn_expr_false(); return FIRN_OK;
    case FIRN_EXPR_LTEQ: return make_any_value(b, predicate, field, out);
    case FIRN_EXPR_NOT_EQ: return make_unary(b, FIRN_EXPR_NOT_NAN, predicate, field, out);
    default: break;
    }
    FIRN_TRY(make_any_value(b, predicate, field, &not_null));
    FIRN_TRY(make_unary(b, FIRN_EXPR_NOT_NAN, predicate, field, &not_nan));
    *out = firn_expr_and(b->arena, not_null, not_nan);
    return *out ? FIRN_OK : firn_fail_nomem(b->err);
}

/* A comparison with a literal that is not a value of the type. */
static firn_status compare_misfit(const binder *b, firn_expr_op op, const firn_expr *predicate,
                                  const firn_field *field, firn_fit fit, const firn_expr **out)
{
    const bool passes_below = op == FIRN_EXPR_LT || op == FIRN_EXPR_LTEQ;
    if (op == FIRN_EXPR_NOT_EQ) return make_not_in_nothing(b, predicate, field, out);
    if (op != FIRN_EXPR_EQ && passes_below == (fit == FIRN_FIT_ABOVE))
        return make_any_value(b, predicate, field, out);
    *out = firn_expr_false();
    return FIRN_OK;
}

static firn_status bind_comparison(const binder *b, firn_expr_op op, const firn_expr *predicate,
                                   const firn_field *field, const firn_expr **out)
{
    firn_value value;
    firn_fit fit;

    if (predicate->values[0].is_null) { /* SQL: unknown, so no row passes */
        *out = firn_expr_false();
        return FIRN_OK;
    }
    FIRN_TRY(
        firn_literal_convert(&predicate->values[0], field->type, b->arena, &value, &fit, b->err));
    if (fit == FIRN_FIT_ABOVE || fit == FIRN_FIT_BELOW)
        return compare_misfit(b, op, predicate, field, fit, out);
    if (firn_value_is_nan(&value)) return compare_with_nan(b, op, predicate, field, out);
    if (fit == FIRN_FIT_FLOOR) {
        if (op == FIRN_EXPR_EQ || op == FIRN_EXPR_NOT_EQ)
            return compare_misfit(b, op, predicate, field, fit, out);
        if (op == FIRN_EXPR_LT) op = FIRN_EXPR_LTEQ;
        if (op == FIRN_EXPR_GTEQ) op = FIRN_EXPR_GT;
    }
    return make_list(b, op, predicate, field, &value, 1, out);
}

static int compare_values(const void *a, const void *b)
{
    return firn_expr_compare(a, b);
}

static size_t sort_unique(firn_value *values, size_t n)
{
    size_t kept = 0;
    if (n == 0) return 0;
    qsort(values, n, sizeof *values, compare_values);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || firn_expr_compare(&values[kept - 1], &values[i]) != 0)
            values[kept++] = values[i];
    return kept;
}

/* The list without its NaN, as EQ, IN, NOT_EQ, NOT_IN or a constant. */
static firn_status make_membership(const binder *b, bool is_in, const firn_expr *predicate,
                                   const firn_field *field, const firn_value *values, size_t n,
                                   const firn_expr **out)
{
    if (n == 0 && !is_in) return make_not_in_nothing(b, predicate, field, out);
    if (n == 0) {
        *out = firn_expr_false();
        return FIRN_OK;
    }
    if (n == 1)
        return make_list(b, is_in ? FIRN_EXPR_EQ : FIRN_EXPR_NOT_EQ, predicate, field, values, 1,
                         out);
    return make_list(b, is_in ? FIRN_EXPR_IN : FIRN_EXPR_NOT_IN, predicate, field, values, n, out);
}

static firn_status bind_list(const binder *b, firn_expr_op op, const firn_expr *predicate,
                             const firn_field *field, const firn_expr **out)
{
    const bool is_in = op == FIRN_EXPR_IN;
    bool has_nan = false;
    bool has_null = false;
    size_t n = 0;
    firn_value *values = firn_arena_array(b->arena, predicate->n_values, sizeof *values);
    if (!values) return firn_fail_nomem(b->err);

    for (size_t i = 0; i < predicate->n_values; i++) {
        firn_fit fit = FIRN_FIT_EXACT;
        const firn_value *literal = &predicate->values[i];
        has_null = has_null || literal->is_null;
        if (literal->is_null) continue;
        FIRN_TRY(firn_literal_convert(literal, field->type, b->arena, &values[n], &fit, b->err));
        if (fit != FIRN_FIT_EXACT) continue;
        if (firn_value_is_nan(&values[n]))
            has_nan = true;
        else
            n++;
    }
    if (has_null && !is_in) { /* SQL: x NOT IN (.., NULL) passes no row */
        *out = firn_expr_false();
        return FIRN_OK;
    }
    n = sort_unique(values, n);
    FIRN_TRY(make_membership(b, is_in, predicate, field, values, n, out));
    if (!has_nan) return FIRN_OK;

    const firn_expr *nan = NULL;
    FIRN_TRY(make_unary(b, is_in ? FIRN_EXPR_IS_NAN : FIRN_EXPR_NOT_NAN, predicate, field, &nan));
    *out = is_in ? firn_expr_or(b->arena, *out, nan) : firn_expr_and(b->arena, *out, nan);
    return *out ? FIRN_OK : firn_fail_nomem(b->err);
}

static firn_status bind_prefix(const binder *b, firn_expr_op op, const firn_expr *predicate,
                               const firn_field *field, const firn_expr **out)
{
    const firn_value *prefix = &predicate->values[0];
    if (prefix->is_null) {
        *out = firn_expr_false();
        return FIRN_OK;
    }
    if (field->type->kind != FIRN_TYPE_STRING || prefix->kind != FIRN_TYPE_STRING) {
        char name[64];
        return firn_fail(b->err, FIRN_ERR_ARG, "starts with needs strings, \"%.*s\" is %s",
                         FIRN_STR_ARG(predicate->column),
                         firn_type_name(field->type, name, sizeof name));
    }
    if (prefix->as.bytes.len == 0 && op == FIRN_EXPR_STARTS_WITH)
        return make_any_value(b, predicate, field, out);
    return make_list(b, op, predicate, field, prefix, 1, out);
}

static firn_status bind_typed(const binder *b, firn_expr_op op, const firn_expr *predicate,
                              const firn_field *field, const firn_expr **out)
{
    switch (op) {
    case FIRN_EXPR_IS_NULL:
    case FIRN_EXPR_NOT_NULL:
    case FIRN_EXPR_IS_NAN:
    case FIRN_EXPR_NOT_NAN: return make_unary(b, op, predicate, field, out);
    case FIRN_EXPR_IN:
    case FIRN_EXPR_NOT_IN: return bind_list(b, op, predicate, field, out);
    default: break;
    }
    if (predicate->n_values != 1)
        return firn_fail(b->err, FIRN_ERR_ARG, "comparison with \"%.*s\" has %zu literals, not 1",
                         FIRN_STR_ARG(predicate->column), predicate->n_values);
    if (op == FIRN_EXPR_STARTS_WITH || op == FIRN_EXPR_NOT_STARTS_WITH)
        return bind_prefix(b, op, predicate, field, out);
    return bind_comparison(b, op, predicate, field, out);
}

static firn_status bind_predicate(const binder *b, const firn_expr *predicate, bool is_negated,
                                  const firn_expr **out)
{
    const firn_field *field = NULL;
    FIRN_TRY(find_field(b, predicate, &field));
    const firn_expr_op op = is_negated ? k_negated[predicate->op] : predicate->op;
    return firn_error_wrap(b->err, bind_typed(b, op, predicate, field, out), "column \"%.*s\"",
                           FIRN_STR_ARG(predicate->column));
}

/* Strips NOTs off an item. */
static bind_item strip_not(const firn_expr *expr, bool is_negated)
{
    bind_item item = {expr, is_negated};
    while (item.expr->op == FIRN_EXPR_NOT) {
        item.expr = item.expr->left;
        item.is_negated = !item.is_negated;
    }
    return item;
}

static firn_expr_op op_of(bind_item item)
{
    return item.is_negated ? k_negated[item.expr->op] : item.expr->op;
}

/* The operands of a chain of one connective, left to right, without recursion. */
static firn_status flatten(const binder *b, bind_item root, bind_item **out, size_t *n_out)
{
    const firn_expr_op op = op_of(root);
    bind_item *stack = NULL;
    size_t n_stack = 0;
    size_t cap_stack = 0;
    bind_item *leaves = NULL;
    size_t n_leaves = 0;
    size_t cap_leaves = 0;
    bind_item *slot = firn_arena_push(b->arena, &stack, &n_stack, &cap_stack, sizeof *stack);
    if (!slot) return firn_fail_nomem(b->err);
    *slot = root;
    while (n_stack > 0) {
        const bind_item item = stack[--n_stack];
        if (op_of(item) != op) {
            slot = firn_arena_push(b->arena, &leaves, &n_leaves, &cap_leaves, sizeof *leaves);
            if (!slot) return firn_fail_nomem(b->err);
            *slot = item;
            continue;
        }
        for (int side = 0; side < 2; side++) {
            const firn_expr *child = side == 0 ? item.expr->right : item.expr->left;
            slot = firn_arena_push(b->arena, &stack, &n_stack, &cap_stack, sizeof *stack);
            if (!slot) return firn_fail_nomem(b->err);
            *slot = strip_not(child, item.is_negated);
        }
    }
    *out = leaves;
    *n_out = n_leaves;
    return FIRN_OK;
}

static firn_status bind_item_at(const binder *b, bind_item item, int depth, const firn_expr **out);

static firn_status bind_chain(const binder *b, bind_item root, int depth, const firn_expr **out)
{
    const bool is_and = op_of(root) == FIRN_EXPR_AND;
    bind_item *items = NULL;
    size_t n = 0;
    int levels = 1;

    FIRN_TRY(flatten(b, root, &items, &n));
    while (levels < FIRN_LIMIT_NESTING && ((size_t)1 << levels) < n) levels++;
    const firn_expr **bound = firn_arena_array(b->arena, n, sizeof *bound);
    if (!bound) return firn_fail_nomem(b->err);
    for (size_t i = 0; i < n; i++) FIRN_TRY(bind_item_at(b, items[i], depth + levels, &bound[i]));
    *out = firn_expr_join(b->arena, is_and, bound, n);
    return *out ? FIRN_OK : firn_fail_nomem(b->err);
}

static firn_status bind_item_at(const binder *b, bind_item item, int depth, const firn_expr **out)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(b->err, FIRN_ERR_LIMIT, "filter nested deeper than %d levels",
                         FIRN_LIMIT_NESTING);
    switch (op_of(item)) {
    case FIRN_EXPR_TRUE: *out = firn_expr_true(); return FIRN_OK;
    case FIRN_EXPR_FALSE: *out = firn_expr_false(); return FIRN_OK;
    case FIRN_EXPR_AND:
    case FIRN_EXPR_OR: return bind_chain(b, item, depth, out);
    default: return bind_predicate(b, item.expr, item.is_negated, out);
    }
}

firn_status firn_expr_bind(const firn_expr *expr, const firn_schema *schema, firn_arena *arena,
                           const firn_expr **out, firn_error *err)
{
    const binder b = {schema, arena, err};
    *out = NULL;
    if (!expr) {
        *out = firn_expr_true();
        return FIRN_OK;
    }
    return bind_item_at(&b, strip_not(expr, false), 0, out);
}
