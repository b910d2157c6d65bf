/* SPDX-License-Identifier: Apache-2.0 */
/* One row after another as text: what render.c needs of a format. */
#ifndef FIRN_APP_RENDER_TEXT_H
#define FIRN_APP_RENDER_TEXT_H

#include "base/buf.h"
#include "render.h"

typedef struct text_writer {
    const render_opts *opts;
    const firn_type *columns;
    firn_buf *cell; /* scratch */
    firn_buf *out;
    int64_t n_rows; /* written before this one */
} text_writer;

/* begin and end may be NULL. */
typedef struct text_format {
    void (*begin)(text_writer *w);
    void (*row)(text_writer *w, const firn_batch *batch, int64_t row);
    void (*end)(text_writer *w);
} text_format;

/* The value as plain text in w->cell; false: it is null. */
bool text_cell(text_writer *w, const firn_batch *batch, int64_t row, size_t column);

/* render_text.c */
extern const text_format text_format_line, text_format_html, text_format_insert;

#endif
