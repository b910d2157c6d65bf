/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/scan/exact_filter.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "iceberg/expr/expr_value.h"

#define WORDS (FIRN_BATCH_ROWS / 64)

typedef struct evaluation {
    const firn_type *root;
    const firn_batch *batch;
    size_t n_words;
    firn_error *err;
} evaluation;

/* A column and the structs around it, outermost first. */
typedef struct column_path {
    const firn_column *columns[FIRN_LIMIT_NESTING];
    size_t n;
} column_path;

static bool find_column(const firn_column *columns, const firn_type *type, int32_t field_id,
                        column_path *path)
{
    const size_t at = path->n;
    if (at == FIRN_LIMIT_NESTING) return false;
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        path->columns[at] = &columns[i];
        path->n = at + 1;
        if (field->id == field_id) return true;
        if (field->type->kind == FIRN_TYPE_STRUCT &&
            find_column(columns[i].children, field->type, field_id, path))
            return true;
    }
    path->n = at;
    return false;
}

static bool is_null_at(const column_path *path, int64_t row)
{
    for (size_t i = 0; i < path->n; i++)
        if (!firn_column_is_valid(path->columns[i], row)) return true;
    return false;
}

static bool passes(const firn_expr *e, const column_path *path, int64_t row)
{
    const firn_column *column = path->columns[path->n - 1];
    if (is_null_at(path, row)) return e->op == FIRN_EXPR_IS_NULL;
    if (e->op == FIRN_EXPR_IS_NULL || e->op == FIRN_EXPR_NOT_NULL)
        return e->op != FIRN_EXPR_IS_NULL;
    const firn_value value = firn_column_get(column, row);
    return firn_expr_matches_value(e, &value);
}

static firn_status keep_predicate(const evaluation *ev, const firn_expr *e, uint64_t *keep)
{
    column_path path = {.n = 0};
    if (!find_column(ev->batch->columns, ev->root, e->field_id, &path))
        return firn_fail(ev->err, FIRN_ERR_INTERNAL, "no column for the filter on \"%.*s\"",
                         FIRN_STR_ARG(e->column));
    for (int64_t row = 0; row < ev->batch->n_rows; row++) {
        const uint64_t bit = (uint64_t)1 << ((uint64_t)row & 63);
        if ((keep[row >> 6] & bit) && !passes(e, &path, row)) keep[row >> 6] &= ~bit;
    }
    return FIRN_OK;
}

/* Depth is bounded by firn_expr_bind(). */
static firn_status keep_rows(const evaluation *ev, const firn_expr *e, uint64_t *keep)
{
    uint64_t left[WORDS];
    switch (e->op) {
    case FIRN_EXPR_TRUE: return FIRN_OK;
    case FIRN_EXPR_FALSE: memset(keep, 0, ev->n_words * sizeof *keep); return FIRN_OK;
    case FIRN_EXPR_AND:
        FIRN_TRY(keep_rows(ev, e->left, keep));
        return keep_rows(ev, e->right, keep);
    case FIRN_EXPR_OR:
        memcpy(left, keep, ev->n_words * sizeof *keep);
        FIRN_TRY(keep_rows(ev, e->left, left));
        FIRN_TRY(keep_rows(ev, e->right, keep));
        for (size_t i = 0; i < ev->n_words; i++) keep[i] |= left[i];
        return FIRN_OK;
    case FIRN_EXPR_NOT: break; /* binding pushes it down */
    default: return keep_predicate(ev, e, keep);
    }
    return firn_fail(ev->err, FIRN_ERR_INTERNAL, "filter is not bound");
}

firn_status firn_expr_keep_rows(const firn_expr *bound, const firn_type *root,
                                const firn_batch *batch, uint64_t *keep, firn_error *err)
{
    const evaluation ev = {root, batch, ((size_t)batch->n_rows + 63) / 64, err};
    if (batch->n_rows > FIRN_BATCH_ROWS)
        return firn_fail(err, FIRN_ERR_ARG, "batch of %lld rows, limit %d",
                         (long long)batch->n_rows, FIRN_BATCH_ROWS);
    return keep_rows(&ev, bound, keep);
}
