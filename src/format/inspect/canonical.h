/* SPDX-License-Identifier: Apache-2.0 */
/* Values as the one text that conformance compares: a row is "[v,v,...]", numbers are plain,
 * strings and bytes stand in quotes, lists are [..], maps [[k,v],..] and structs {"name":v,..}.
 * Equal rows give equal bytes, whoever wrote the file and whichever unit a reader prefers.
 *
 * For Parquet read with FIRN_PARQUET_TYPES_FILE, so that times keep the unit of their column.
 * Formats that have their own records (Avro) put them together from the functions for one value.
 * Buffers are sticky: look at firn_buf_check() once. */
#ifndef FIRN_FORMAT_CANONICAL_H
#define FIRN_FORMAT_CANONICAL_H

#include "base/buf.h"
#include "firn/batch.h"

/* "[v,v,...]" of all columns, without a line's end. */
void firn_canonical_row(firn_buf *out, const firn_batch *batch, int64_t row);
/* One value of a column, nested ones too; null for a null. */
void firn_canonical_value(firn_buf *out, const firn_column *column, int64_t row);

/* C's %.9g and %.17g; NaN, Infinity, -Infinity. */
void firn_canonical_float(firn_buf *out, float v);
void firn_canonical_double(firn_buf *out, double v);
/* In quotes, with exactly scale digits behind the point. */
void firn_canonical_decimal(firn_buf *out, firn_int128 unscaled, int32_t scale);
/* In quotes: a backslash before quotes and backslashes, \u00xx for control bytes, the rest raw. */
void firn_canonical_text(firn_buf *out, firn_str s);
/* In quotes, lower-case hex. */
void firn_canonical_hex(firn_buf *out, firn_str s);

#endif
