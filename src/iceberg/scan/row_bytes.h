/* SPDX-License-Identifier: Apache-2.0 */
/* Values as bytes that are equal when the values are: null is null, NaN is NaN, -0 is not 0, a map
 * is the list of its entries. For comparing rows, not for files. */
#ifndef FIRN_ICEBERG_ROW_BYTES_H
#define FIRN_ICEBERG_ROW_BYTES_H

#include "base/buf.h"
#include "firn/batch.h"

/* Appends a value that is not null. */
void firn_row_put_value(const firn_column *column, int64_t row, firn_buf *out);
/* Appends a value that may be null. */
void firn_row_put(const firn_column *column, int64_t row, firn_buf *out);

#endif
