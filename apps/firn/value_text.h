/* SPDX-License-Identifier: Apache-2.0 */
/* One cell of a batch as text. */
#ifndef FIRN_APP_VALUE_TEXT_H
#define FIRN_APP_VALUE_TEXT_H

#include "base/buf.h"
#include "firn/batch.h"

typedef enum value_style {
    VALUE_PLAIN = 0, /* for people and CSV: 2010-12-01T08:26:00Z, [1, 2], {'a': 1} */
    VALUE_JSON,      /* a JSON value; numbers stay numbers, NaN and infinities are strings */
} value_style;

/* Append the value; a null appends nothing in VALUE_PLAIN at the top level ("NULL" inside nested
 * values) and null in VALUE_JSON. */
void value_text(firn_buf *out, const firn_column *column, int64_t row, value_style style);
/* True for types that are right-aligned in tables. */
bool value_is_number(const firn_type *type);

#endif
