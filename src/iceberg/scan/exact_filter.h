/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a batch pass a filter, in SQL's logic: a comparison with null passes no row, also
 * under <>, NOT IN and NOT LIKE. Planning and readers leave out what cannot pass; this decides. */
#ifndef FIRN_ICEBERG_EXACT_FILTER_H
#define FIRN_ICEBERG_EXACT_FILTER_H

#include "firn/batch.h"
#include "iceberg/expr/expr.h"

/* Clears the bit of each of the first n_rows (FIRN_BATCH_ROWS at most) rows that does not pass.
 * batch: columns of root in its order, with every field the bound filter names at most in structs;
 * FIRN_ERR_INTERNAL when one is missing. */
FIRN_MUST_CHECK firn_status firn_expr_keep_rows(const firn_expr *bound, const firn_type *root,
                                                const firn_batch *batch, uint64_t *keep,
                                                firn_error *err);

#endif
