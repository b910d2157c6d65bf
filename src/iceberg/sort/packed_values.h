/* SPDX-License-Identifier: Apache-2.0 */
/* Values of any type as bytes, for what rows that are sorted hold in structs, lists and maps: a
 * byte for null or not in front of each value inside, numbers as they are, lengths in front of text
 * and lists. Kept bit by bit, unlike row_bytes.h, which is for comparing. */
#ifndef FIRN_ICEBERG_PACKED_VALUES_H
#define FIRN_ICEBERG_PACKED_VALUES_H

#include "base/buf.h"
#include "base/cursor.h"
#include "firn/batch.h"

bool firn_packed_is_nested(const firn_type *type);
/* Appends a value that is not null. */
void firn_packed_value_put(const firn_column *column, int64_t row, firn_buf *out);
/* Such a value to a row of a column that owns its memory and has room for it; children grow. Text
 * points to where it was read from. */
FIRN_MUST_CHECK firn_status firn_packed_value_get(firn_cursor *in, firn_column *column, int64_t row,
                                                  firn_error *err);
/* A null, and nulls below it. */
void firn_packed_value_null(firn_column *column, int64_t row);

#endif
