/* SPDX-License-Identifier: Apache-2.0 */
/* Lending columns; see column_loan.h. */
#include "format/columns/column_loan.h"

#include "base/error.h"

void firn_column_loan_dispose(firn_column_loan *loan)
{
    firn_batch_destroy(loan->own);
    loan->own = NULL;
}

static bool has_lists(const firn_type *type)
{
    if (type->kind == FIRN_TYPE_LIST || type->kind == FIRN_TYPE_MAP) return true;
    for (size_t i = 0; i < type->n_fields; i++)
        if (has_lists(type->fields[i].type)) return true;
    return false;
}

/* Memory of the caller that is large enough; lists need memory that can grow. */
static bool is_usable(const firn_column *column, const firn_type *type, int64_t n)
{
    if (column->owner) return true;
    if (type->kind != FIRN_TYPE_STRUCT)
        return column->values && column->capacity >= n &&
               (column->validity || type->kind != FIRN_TYPE_VARIANT);
    if (!column->validity || column->n_children != type->n_fields) return false;
    for (size_t i = 0; i < type->n_fields; i++)
        if (!column->children[i].validity ||
            !is_usable(&column->children[i], type->fields[i].type, n))
            return false;
    return true;
}

firn_status firn_column_loan_choose(firn_column_loan *loan, firn_batch *batch, size_t i, int64_t n,
                                    firn_column **out, firn_error *err)
{
    const firn_type *type = loan->projection->fields[i].type;
    firn_column *column = &batch->columns[i];
    if (column->type && column->type->kind != type->kind)
        return firn_fail(err, FIRN_ERR_ARG, "column %zu of the batch has another type", i);
    if (!column->type) column->type = type;
    const bool can_grow = column->owner || !has_lists(type);
    if (!loan->is_lent[i] && can_grow && is_usable(column, type, n)) {
        *out = column;
        return column->owner && column->capacity < n ? firn_column_reserve(column, n, err)
                                                     : FIRN_OK;
    }
    if (!loan->own) FIRN_TRY(firn_batch_create(loan->projection, FIRN_BATCH_ROWS, &loan->own, err));
    loan->is_lent[i] = true;
    *out = &loan->own->columns[i];
    return FIRN_OK;
}

void firn_column_loan_give(const firn_column_loan *loan, firn_batch *batch)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        if (!loan->is_lent[i]) continue;
        batch->columns[i] = loan->own->columns[i];
        batch->columns[i].owner = NULL;
    }
}
