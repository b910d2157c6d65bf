/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving rows out of a batch that is read already. */
#ifndef FIRN_FORMAT_DROP_ROWS_H
#define FIRN_FORMAT_DROP_ROWS_H

#include "firn/batch.h"

/* Words of bits for n rows. */
#define FIRN_ROW_WORDS(n) (((size_t)(n) + 63) / 64)

/* Moves the rows whose bit is set to the front, in every column, and sets batch->n_rows. Entries of
 * lists and maps move, their children stay. Bits behind n_rows are not looked at. */
void firn_batch_keep_rows(firn_batch *batch, const uint64_t *keep);

#endif
