/* SPDX-License-Identifier: Apache-2.0 */
/* Formats that are read by people or pasted elsewhere: line, html, insert. */
#include "render_text.h"

#include "base/str.h"
#include "cell_text.h"
#include "display_width.h"

/* ---- line ---- */

static void line_row(text_writer *w, const firn_batch *batch, int64_t row)
{
    int32_t width = 0;
    for (size_t i = 0; i < w->columns->n_fields; i++) {
        const int32_t name = display_width(w->columns->fields[i].name);
        if (name > width) width = name;
    }
    if (w->n_rows > 0) firn_buf_byte(w->out, '\n');
    for (size_t i = 0; i < batch->n_columns; i++) {
        const firn_str name = w->columns->fields[i].name;
        for (int32_t pad = display_width(name); pad < width; pad++) firn_buf_byte(w->out, ' ');
        firn_buf_printf(w->out, "%.*s = ", FIRN_STR_ARG(name));
        if (!text_cell(w, batch, row, i))
            firn_buf_cstr(w->cell, w->opts->null_text ? w->opts->null_text : "NULL");
        /* line breaks are kept; what could steer a terminal is not */
        for (size_t k = 0; k < w->cell->len; k++) {
            const char c = w->cell->data[k];
            const bool is_control =
                ((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
            firn_buf_byte(w->out, is_control ? ' ' : (uint8_t)c);
        }
        firn_buf_byte(w->out, '\n');
    }
}

const text_format text_format_line = {NULL, line_row, NULL};

/* ---- html ---- */

static void html_text(firn_buf *out, firn_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '<': firn_buf_cstr(out, "&lt;"); break;
        case '>': firn_buf_cstr(out, "&gt;"); break;
        case '&': firn_buf_cstr(out, "&amp;"); break;
        case '"': firn_buf_cstr(out, "&quot;"); break;
        default: firn_buf_byte(out, (uint8_t)text.data[i]); break;
        }
    }
}

static void html_begin(text_writer *w)
{
    firn_buf_cstr(w->out, "<table>\n<tr>");
    for (size_t i = 0; i < w->columns->n_fields; i++) {
        firn_buf_cstr(w->out, "<th>");
        html_text(w->out, w->columns->fields[i].name);
        firn_buf_cstr(w->out, "</th>");
    }
    firn_buf_cstr(w->out, "</tr>\n");
}

static void html_row(text_writer *w, const firn_batch *batch, int64_t row)
{
    firn_buf_cstr(w->out, "<tr>");
    for (size_t i = 0; i < batch->n_columns; i++) {
        const bool is_number = cell_is_number(w->columns->fields[i].type);
        firn_buf_cstr(w->out, is_number ? "<td align=\"right\">" : "<td>");
        if (!text_cell(w, batch, row, i) && w->opts->null_text)
            firn_buf_cstr(w->cell, w->opts->null_text);
        html_text(w->out, firn_buf_view(w->cell));
        firn_buf_cstr(w->out, "</td>");
    }
    firn_buf_cstr(w->out, "</tr>\n");
}

static void html_end(text_writer *w)
{
    firn_buf_cstr(w->out, "</table>\n");
}

const text_format text_format_html = {html_begin, html_row, html_end};

/* ---- insert ---- */

static void quote(firn_buf *out, firn_str text, char mark)
{
    firn_buf_byte(out, (uint8_t)mark);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == mark) firn_buf_byte(out, (uint8_t)mark);
        firn_buf_byte(out, (uint8_t)text.data[i]);
    }
    firn_buf_byte(out, (uint8_t)mark);
}

/* Numbers and truth values bare, all else as text that the column's type reads. */
static void insert_value(text_writer *w, const firn_batch *batch, int64_t row, size_t column)
{
    const firn_type *type = w->columns->fields[column].type;
    if (!text_cell(w, batch, row, column)) {
        firn_buf_cstr(w->out, "NULL");
        return;
    }
    const firn_str text = firn_buf_view(w->cell);
    char first = '\0';
    if (text.len > 0) first = text.data[text.data[0] == '-' && text.len > 1];
    const bool is_bare =
        type->kind == FIRN_TYPE_BOOLEAN || (cell_is_number(type) && first >= '0' && first <= '9');
    if (is_bare)
        firn_buf_str(w->out, text);
    else
        quote(w->out, text, '\'');
}

static void insert_row(text_writer *w, const firn_batch *batch, int64_t row)
{
    firn_buf_printf(w->out, "INSERT INTO %s (", w->opts->table_name ? w->opts->table_name : "rows");
    for (size_t i = 0; i < w->columns->n_fields; i++) {
        if (i > 0) firn_buf_cstr(w->out, ", ");
        quote(w->out, w->columns->fields[i].name, '"');
    }
    firn_buf_cstr(w->out, ") VALUES (");
    for (size_t i = 0; i < batch->n_columns; i++) {
        if (i > 0) firn_buf_cstr(w->out, ", ");
        insert_value(w, batch, row, i);
    }
    firn_buf_cstr(w->out, ");\n");
}

const text_format text_format_insert = {NULL, insert_row, NULL};
