/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of planned change steps, one after another: of each, those that are gone, then those
 * that are new. Reading the same steps twice gives the same rows in the same order, so a row is
 * known by its number. */
#ifndef FIRN_ICEBERG_CHANGE_ROWS_H
#define FIRN_ICEBERG_CHANGE_ROWS_H

#include "firn/batch.h"
#include "iceberg/changes/change_step.h"

typedef struct firn_change_rows firn_change_rows;

/* Where a batch comes from. */
typedef struct firn_change_place {
    size_t step;
    bool is_added;
    uint64_t first_row; /* number of the batch's first row */
} firn_change_place;

/* columns: STRUCT of fields of the source's schema and of metadata columns. All borrowed. */
FIRN_MUST_CHECK firn_status firn_change_rows_open(const firn_change_source *source,
                                                  const firn_change_step *steps, size_t n_steps,
                                                  const firn_type *columns, firn_change_rows **out,
                                                  firn_error *err);
void firn_change_rows_close(firn_change_rows *rows);
/* Never an empty batch; borrowed until the next call, and may be changed until then. */
FIRN_MUST_CHECK firn_status firn_change_rows_next(firn_change_rows *rows, firn_batch **out,
                                                  firn_change_place *place, firn_error *err);

#endif
