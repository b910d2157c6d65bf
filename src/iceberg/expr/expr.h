/* SPDX-License-Identifier: Apache-2.0 */
/* Row filters: Iceberg's expressions, unbound (by name) and bound (by field id and type). */
#ifndef FIRN_ICEBERG_EXPR_H
#define FIRN_ICEBERG_EXPR_H

#include "base/arena.h"
#include "firn/types.h"

typedef enum firn_expr_op {
    FIRN_EXPR_TRUE = 0,
    FIRN_EXPR_FALSE,
    FIRN_EXPR_AND, /* left, right */
    FIRN_EXPR_OR,
    FIRN_EXPR_NOT, /* left */
    FIRN_EXPR_IS_NULL,
    FIRN_EXPR_NOT_NULL,
    FIRN_EXPR_IS_NAN,
    FIRN_EXPR_NOT_NAN,
    FIRN_EXPR_LT, /* values[0] */
    FIRN_EXPR_LTEQ,
    FIRN_EXPR_GT,
    FIRN_EXPR_GTEQ,
    FIRN_EXPR_EQ,
    FIRN_EXPR_NOT_EQ,
    FIRN_EXPR_IN, /* values, n_values; sorted once bound */
    FIRN_EXPR_NOT_IN,
    FIRN_EXPR_STARTS_WITH,
    FIRN_EXPR_NOT_STARTS_WITH,
} firn_expr_op;

typedef struct firn_expr firn_expr;
struct firn_expr {
    firn_expr_op op;
    const firn_expr *left, *right;
    firn_str column;       /* predicates: dotted name */
    int32_t field_id;      /* bound: > 0; unbound: 0 */
    const firn_type *type; /* bound: the column's type */
    const firn_value *values;
    size_t n_values;
};

/* Constructors: NULL when out of memory. and/or/not simplify TRUE and FALSE. */
const firn_expr *firn_expr_true(void);
const firn_expr *firn_expr_false(void);
const firn_expr *firn_expr_and(firn_arena *arena, const firn_expr *a, const firn_expr *b);
const firn_expr *firn_expr_or(firn_arena *arena, const firn_expr *a, const firn_expr *b);
const firn_expr *firn_expr_not(firn_arena *arena, const firn_expr *e);
/* All parts (is_and) or any of them, in a tree no deeper than it must be: what walks over filters
 * calls itself for each level. Of no parts, TRUE or FALSE. Overwrites parts. */
const firn_expr *firn_expr_join(firn_arena *arena, bool is_and, const firn_expr **parts, size_t n);
/* values are copied shallowly (bytes borrowed). */
const firn_expr *firn_expr_predicate(firn_arena *arena, firn_expr_op op, firn_str column,
                                     const firn_value *values, size_t n_values);

/* Resolve columns against a schema, convert literals to the column's type (a literal out of range
 * becomes FALSE, or TRUE or NOT NULL, as the comparison demands; one between two values of the type
 * keeps its place; text is parsed), push NOT down to the predicates. Zone-less times compared with
 * timestamptz are UTC; NaN is above every number; a null literal matches nothing. Binding a bound
 * expression again is fine. FIRN_ERR_ARG for an unknown column or a literal that does not convert,
 * FIRN_ERR_LIMIT when nested too deeply (long AND/OR chains are not). expr NULL: TRUE. */
FIRN_MUST_CHECK firn_status firn_expr_bind(const firn_expr *expr, const firn_schema *schema,
                                           firn_arena *arena, const firn_expr **out,
                                           firn_error *err);
/* Ids of the fields a bound expression looks at: ascending, one for each predicate. */
FIRN_MUST_CHECK firn_status firn_expr_field_ids(const firn_expr *expr, firn_arena *arena,
                                                const int32_t **out, size_t *n_out,
                                                firn_error *err);
/* SQL-like text, for EXPLAIN and errors. */
FIRN_MUST_CHECK firn_status firn_expr_format(const firn_expr *expr, firn_arena *arena,
                                             firn_str *out, firn_error *err);

#endif
