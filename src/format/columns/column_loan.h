/* SPDX-License-Identifier: Apache-2.0 */
/* Where the columns a reader fills get their memory: from the caller, where he brought enough, else
 * from a batch of the reader that is lent to him until the next call. Shared by row readers. */
#ifndef FIRN_FORMAT_COLUMN_LOAN_H
#define FIRN_FORMAT_COLUMN_LOAN_H

#include "firn/batch.h"

typedef struct firn_column_loan {
    const firn_type *projection;
    bool *is_lent;   /* one per column of the projection, the owner's memory */
    firn_batch *own; /* made when needed */
} firn_column_loan;

void firn_column_loan_dispose(firn_column_loan *loan);
/* The column to fill for place i of the batch, with room for n rows. */
FIRN_MUST_CHECK firn_status firn_column_loan_choose(firn_column_loan *loan, firn_batch *batch,
                                                    size_t i, int64_t n, firn_column **out,
                                                    firn_error *err);
/* Puts what is lent into the batch, once it is filled. */
void firn_column_loan_give(const firn_column_loan *loan, firn_batch *batch);

#endif
