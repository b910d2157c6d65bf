/* SPDX-License-Identifier: Apache-2.0 */
/* One cell of a batch as text. */
#ifndef FIRN_APP_CELL_TEXT_H
#define FIRN_APP_CELL_TEXT_H

#include "base/buf.h"
#include "firn/batch.h"

typedef enum cell_style {
    CELL_PLAIN = 0, /* for people and CSV: 2010-12-01T08:26:00Z, [1, 2], {'a': 1} */
    CELL_JSON,      /* a JSON value; numbers stay numbers, NaN and infinities are strings */
} cell_style;

/* Append the value; a null appends nothing in CELL_PLAIN at the top level ("NULL" inside nested
 * values) and null in CELL_JSON. */
void cell_text(firn_buf *out, const firn_column *column, int64_t row, cell_style style);
/* True for types that are right-aligned in tables. */
bool cell_is_number(const firn_type *type);

#endif
