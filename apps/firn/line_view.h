/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing a line while it is typed, in colours, on as many rows of the terminal as it takes. Knows
 * columns and control sequences, no keys and no SQL. Needs a terminal of the ANSI kind. */
#ifndef FIRN_APP_LINE_VIEW_H
#define FIRN_APP_LINE_VIEW_H

#include "base/buf.h"
#include "line_style.h"

/* Where things are, from the first row that was drawn. All 0: at the beginning of an empty row. */
typedef struct line_view {
    int32_t cursor_row;
    int32_t last_row;
} line_view;

typedef struct line_picture {
    int32_t n_columns, n_rows; /* of the screen */
    firn_str prompt;
    firn_str text;         /* UTF-8; line breaks begin rows */
    size_t cursor;         /* a byte of text, or its end */
    const uint8_t *styles; /* a line_style for each byte of text */
} line_picture;

/* Control sequences that put the picture in the place of the one before. Rows that do not fit on
 * the screen are left out on the side that is further from the cursor. */
void line_view_draw(line_view *view, const line_picture *picture, firn_buf *out);
/* Leaves the picture on the screen: the cursor goes to the row below it. */
void line_view_leave(line_view *view, firn_buf *out);

#endif
