/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a batch cell by cell, for small results (metadata tables, SHOW, CALL, statistics).
 * Sticky: after a failure nothing more is written and firn_rows_finish() tells. */
#ifndef FIRN_FORMAT_ROW_BUILDER_H
#define FIRN_FORMAT_ROW_BUILDER_H

#include "firn/batch.h"

typedef struct firn_row_builder {
    firn_batch *batch;
    firn_status status;
    firn_error *err;
} firn_row_builder;

/* A batch with the columns of root; freed by the caller, failed or not. */
firn_row_builder firn_rows_begin(const firn_type *root, firn_error *err);
/* Column of the batch, to append to. */
firn_column *firn_rows_column(firn_row_builder *b, size_t column);
/* Every column must have the same number of cells. */
FIRN_MUST_CHECK firn_status firn_rows_finish(firn_row_builder *b);

/* Append one cell; the kind must fit the column's type. */
void firn_cell_null(firn_row_builder *b, firn_column *column);
void firn_cell_bool(firn_row_builder *b, firn_column *column, bool value);
void firn_cell_int(firn_row_builder *b, firn_column *column, int32_t value);   /* INT, DATE */
void firn_cell_long(firn_row_builder *b, firn_column *column, int64_t value);  /* LONG, TIME* */
void firn_cell_text(firn_row_builder *b, firn_column *column, firn_str value); /* copied */
/* Any primitive value of the column's type. */
void firn_cell_value(firn_row_builder *b, firn_column *column, const firn_value *value);
/* LIST and MAP: append the elements to the children between the two. */
void firn_cell_open(firn_row_builder *b, firn_column *column);
void firn_cell_close(firn_row_builder *b, firn_column *column);
/* STRUCT: then append one cell to each child. */
void firn_cell_struct(firn_row_builder *b, firn_column *column);

#endif
