/* SPDX-License-Identifier: Apache-2.0 */
#include "line_view.h"

#include <inttypes.h>

#include "base/str.h"
#include "display_width.h"

enum { TAB_COLUMNS = 8 };

/* Select Graphic Rendition, of the sixteen colours that people choose for their terminal. */
static const char *const k_sgr[LINE_STYLES] = {
    [LINE_STYLE_PLAIN] = "0",      [LINE_STYLE_KEYWORD] = "0;1;36", [LINE_STYLE_STRING] = "0;32",
    [LINE_STYLE_NUMBER] = "0;33",  [LINE_STYLE_NAME] = "0;34",      [LINE_STYLE_VARIABLE] = "0;35",
    [LINE_STYLE_COMMENT] = "0;90", [LINE_STYLE_COMMAND] = "0;35",   [LINE_STYLE_OPEN] = "0;31",
    [LINE_STYLE_PAIR] = "0;1;4",   [LINE_STYLE_ALONE] = "0;1;31"};

/* Walks over the rows of a picture: once to count them, once to draw some. */
typedef struct painter {
    const line_picture *picture;
    firn_buf *out; /* NULL: only counts */
    int32_t row, column;
    int32_t from, to; /* rows that are drawn, to exclusive */
    int32_t cursor_row, cursor_column;
    uint8_t style;
} painter;

static bool is_drawn(const painter *p)
{
    return p->out && p->row >= p->from && p->row < p->to;
}

/* What follows is on the next row. Erasing in a full row would take its last character. */
static void next_row(painter *p)
{
    if (is_drawn(p) && p->column < p->picture->n_columns) firn_buf_cstr(p->out, "\033[K");
    if (is_drawn(p) && p->row + 1 < p->to) firn_buf_cstr(p->out, "\r\n");
    p->row++;
    p->column = 0;
}

static void put(painter *p, firn_str shown, int32_t width, uint8_t style)
{
    if (p->column + width > p->picture->n_columns) next_row(p);
    if (is_drawn(p)) {
        if (style != p->style) firn_buf_printf(p->out, "\033[%sm", k_sgr[style]);
        p->style = style;
        firn_buf_str(p->out, shown);
    }
    p->column += width;
}

static void put_tab(painter *p, uint8_t style)
{
    int32_t width = TAB_COLUMNS - p->column % TAB_COLUMNS;
    if (p->column + width > p->picture->n_columns) width = p->picture->n_columns - p->column;
    if (width <= 0) width = 1;
    put(p, firn_str_slice(FIRN_STR("        "), 0, (size_t)width), width, style);
}

static size_t character_length(firn_str text, size_t at)
{
    size_t end = at + 1;
    while (end < text.len && ((unsigned char)text.data[end] & 0xC0) == 0x80) end++;
    return end - at;
}

static void put_character(painter *p, firn_str one, uint8_t style)
{
    const unsigned char c = (unsigned char)one.data[0];
    if (c == '\n') {
        next_row(p);
    } else if (c == '\t') {
        put_tab(p, style);
    } else if (c < 0x20 || c == 0x7f) {
        const char shown[2] = {'^', (char)(c ^ 0x40)};
        put(p, (firn_str){shown, 2}, 2, style);
    } else {
        put(p, one, display_width(one), style);
    }
}

static void mark_cursor(painter *p)
{
    if (p->column >= p->picture->n_columns) next_row(p);
    p->cursor_row = p->row;
    p->cursor_column = p->column;
}

static void walk(painter *p)
{
    const line_picture *picture = p->picture;
    const firn_str text = picture->text;
    for (size_t at = 0; at < picture->prompt.len;) {
        const size_t n = character_length(picture->prompt, at);
        put_character(p, firn_str_slice(picture->prompt, at, at + n), LINE_STYLE_PLAIN);
        at += n;
    }
    for (size_t at = 0; at < text.len;) {
        const size_t n = character_length(text, at);
        if (at == picture->cursor) mark_cursor(p);
        put_character(p, firn_str_slice(text, at, at + n), picture->styles[at]);
        at += n;
    }
    if (picture->cursor >= text.len) mark_cursor(p);
    if (p->column >= picture->n_columns) next_row(p); /* what is below can be erased from there */
}

/* The rows around the cursor that fit on the screen. */
static void choose_rows(painter *p, int32_t n_rows, int32_t n_screen)
{
    p->from = 0;
    p->to = n_rows;
    if (n_rows <= n_screen) return;
    p->from = p->cursor_row - n_screen / 2;
    if (p->from < 0) p->from = 0;
    if (p->from > n_rows - n_screen) p->from = n_rows - n_screen;
    p->to = p->from + n_screen;
}

static void move(firn_buf *out, int32_t n, char direction)
{
    if (n > 0) firn_buf_printf(out, "\033[%" PRId32 "%c", n, direction);
}

void line_view_draw(line_view *view, const line_picture *picture, firn_buf *out)
{
    painter p = {.picture = picture};
    walk(&p);
    choose_rows(&p, p.row + 1, picture->n_rows > 0 ? picture->n_rows : 1);
    p = (painter){.picture = picture, .out = out, .from = p.from, .to = p.to};
    firn_buf_byte(out, '\r');
    move(out, view->cursor_row, 'A');
    walk(&p);
    if (p.style != LINE_STYLE_PLAIN) firn_buf_cstr(out, "\033[0m");
    if (p.row < p.to) firn_buf_cstr(out, "\033[J"); /* else the screen is full */
    view->last_row = p.to - 1 - p.from;
    view->cursor_row = p.cursor_row - p.from;
    move(out, view->last_row - view->cursor_row, 'A');
    firn_buf_byte(out, '\r');
    move(out, p.cursor_column, 'C');
}

void line_view_leave(line_view *view, firn_buf *out)
{
    move(out, view->last_row - view->cursor_row, 'B');
    firn_buf_cstr(out, "\r\n");
    *view = (line_view){0};
}
