/* SPDX-License-Identifier: Apache-2.0 */
/* Box, table and markdown: cells are kept as text (for a long result only the first and last rows),
 * then widths are fitted to the terminal: wide columns are cut, and middle columns are left out
 * when even that is not enough. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "cell_text.h"
#include "display_width.h"
#include "render.h"

enum { MAX_CELL_TEXT = 1 << 20, MIN_WIDTH = 8, MAX_COLUMNS = 4096 };

typedef struct cell {
    firn_str text;
    firn_str lines; /* with its line breaks, when it has some; else empty */
    int32_t width;  /* display columns */
    bool is_null;
} cell;

typedef struct border {
    const char *bar, *dash, *more; /* more: in place of what is left out */
    const char *top[3], *middle[3], *bottom[3];
    bool has_types;
} border;

static const border k_box = {"│", "─", "…", {"┌", "┬", "┐"}, {"├", "┼", "┤"}, {"└", "┴", "┘"},
                             true};
static const border k_ascii = {"|",  "-", ".", {"+", "+", "+"}, {"+", "+", "+"}, {"+", "+", "+"},
                               false};

typedef struct grid {
    const render_opts *opts;
    const border *border;
    const firn_type *columns;
    firn_arena *arena; /* names, types, head rows */
    size_t n_columns;
    cell *names, *types;
    cell **head; /* first rows */
    size_t n_head, cap_head;
    /* Last rows: a ring whose rows each live in an arena of their own. */
    cell **tail;
    firn_arena **tail_arenas;
    size_t n_tail; /* slots in use */
    size_t tail_at;
    int64_t n_rows;
    int32_t *widths;
    bool *is_shown;
} grid;

static firn_status make_cell(grid *g, firn_arena *arena, const firn_column *column, int64_t row,
                             firn_buf *scratch, cell *out, firn_error *err)
{
    firn_buf_clear(scratch);
    cell_text(scratch, column, row, CELL_PLAIN);
    out->is_null = !firn_column_is_valid(column, row);
    const bool is_markdown = g->opts->format == RENDER_MARKDOWN;
    firn_str text = firn_buf_view(scratch);
    if (out->is_null) text = firn_str_of(g->opts->null_text ? g->opts->null_text : "NULL");
    firn_buf clean;
    firn_buf_init(&clean, NULL, (size_t)4 * MAX_CELL_TEXT);
    bool has_break = false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        has_break |= c == '\n';
        if (c == '\n')
            firn_buf_cstr(&clean, "\\n");
        else if (is_markdown && c == '|')
            firn_buf_cstr(&clean, "\\|");
        else
            firn_buf_byte(&clean, (unsigned char)c < 0x20 ? ' ' : (uint8_t)c);
    }
    out->text = firn_arena_copy(arena, firn_buf_view(&clean));
    firn_buf_dispose(&clean);
    if (!out->text.data) return firn_fail_nomem(err);
    out->width = display_width(out->text);
    if (has_break) out->lines = firn_arena_copy(arena, text);
    return FIRN_OK;
}

static firn_status make_row(grid *g, firn_arena *arena, const firn_batch *batch, int64_t row,
                            firn_buf *scratch, cell **out, firn_error *err)
{
    cell *cells = firn_arena_array(arena, g->n_columns, sizeof *cells);
    if (!cells) return firn_fail_nomem(err);
    for (size_t i = 0; i < g->n_columns; i++)
        FIRN_TRY(make_cell(g, arena, &batch->columns[i], row, scratch, &cells[i], err));
    *out = cells;
    return FIRN_OK;
}

static firn_status add_row(grid *g, const firn_batch *batch, int64_t row, firn_buf *scratch,
                           firn_error *err)
{
    const int64_t half = g->opts->max_rows / 2;
    g->n_rows++;
    if (g->opts->max_rows == 0 || (int64_t)g->n_head < g->opts->max_rows - half) {
        cell **slot =
            firn_arena_push(g->arena, &g->head, &g->n_head, &g->cap_head, sizeof *g->head);
        if (!slot) return firn_fail_nomem(err);
        return make_row(g, g->arena, batch, row, scratch, slot, err);
    }
    if (half == 0) return FIRN_OK;
    if (!g->tail) {
        g->tail = firn_arena_array(g->arena, (size_t)half, sizeof *g->tail);
        g->tail_arenas = firn_arena_array(g->arena, (size_t)half, sizeof(firn_arena *));
        if (!g->tail || !g->tail_arenas) return firn_fail_nomem(err);
    }
    const size_t at = g->tail_at;
    g->tail_at = (at + 1) % (size_t)half;
    if (g->n_tail < (size_t)half) g->n_tail++;
    if (g->tail_arenas[at])
        firn_arena_reset(g->tail_arenas[at]);
    else
        g->tail_arenas[at] = firn_arena_create(NULL, 0);
    if (!g->tail_arenas[at]) return firn_fail_nomem(err);
    return make_row(g, g->tail_arenas[at], batch, row, scratch, &g->tail[at], err);
}

/* i-th kept row: head first, then the ring from its oldest. */
static const cell *kept_row(const grid *g, size_t i)
{
    if (i < g->n_head) return g->head[i];
    const size_t half = (size_t)(g->opts->max_rows / 2);
    const size_t oldest = g->n_tail < half ? 0 : g->tail_at;
    return g->tail[(oldest + i - g->n_head) % half];
}

static void measure(grid *g)
{
    const bool with_types = g->border->has_types;
    for (size_t c = 0; c < g->n_columns; c++) {
        int32_t w = g->names[c].width;
        if (with_types && g->types[c].width > w) w = g->types[c].width;
        for (size_t r = 0; r < g->n_head + g->n_tail; r++) {
            const cell *row = kept_row(g, r);
            if (row[c].width > w) w = row[c].width;
        }
        g->widths[c] = w;
        g->is_shown[c] = true;
    }
}

static int64_t total_width(const grid *g)
{
    int64_t total = 1;
    bool has_gap = false;
    for (size_t c = 0; c < g->n_columns; c++) {
        if (g->is_shown[c])
            total += g->widths[c] + 3;
        else
            has_gap = true;
    }
    return total + (has_gap ? 4 : 0);
}

/* Narrow the widest columns to an even share, then drop middle columns. */
static void fit(grid *g)
{
    if (g->opts->format == RENDER_MARKDOWN || g->opts->width <= 0) return;
    while (total_width(g) > g->opts->width) {
        size_t widest = 0;
        for (size_t c = 1; c < g->n_columns; c++)
            if (g->widths[c] > g->widths[widest]) widest = c;
        if (g->widths[widest] <= MIN_WIDTH) break;
        int32_t second = MIN_WIDTH;
        for (size_t c = 0; c < g->n_columns; c++)
            if (c != widest && g->widths[c] > second && g->widths[c] < g->widths[widest])
                second = g->widths[c];
        const int64_t over = total_width(g) - g->opts->width;
        const int64_t target = g->widths[widest] - over;
        g->widths[widest] = target > second              ? (int32_t)target
                            : second < g->widths[widest] ? second
                                                         : g->widths[widest] - 1;
    }
    for (size_t step = 0; total_width(g) > g->opts->width && step < g->n_columns; step++) {
        const size_t middle = g->n_columns / 2;
        const size_t c = step % 2 ? middle + (step + 1) / 2 : middle - step / 2;
        if (c > 0 && c + 1 < g->n_columns) g->is_shown[c] = false;
    }
}

static void repeat(FILE *out, const char *text, int32_t n)
{
    for (int32_t i = 0; i < n; i++) fputs(text, out);
}

static void rule(const grid *g, FILE *out, const char *const ends[3])
{
    bool is_first = true;
    bool in_gap = false;
    fputs(ends[0], out);
    for (size_t c = 0; c < g->n_columns; c++) {
        if (!g->is_shown[c] && in_gap) continue;
        if (!is_first) fputs(ends[1], out);
        is_first = false;
        in_gap = !g->is_shown[c];
        repeat(out, g->border->dash, in_gap ? 3 : g->widths[c] + 2);
    }
    fprintf(out, "%s\n", ends[2]);
}

/* align: -1 left, 0 centre, 1 right */
static void put_cell(const grid *g, FILE *out, const cell *c, int32_t width, int align)
{
    const bool is_dim = g->opts->is_color && c->is_null;
    int32_t used = c->width;
    firn_str text = c->text;
    bool is_cut = false;
    if (used > width) {
        text = display_cut(text, width - 1, &used);
        is_cut = true;
        used++;
    }
    const int32_t pad = width - used;
    const int32_t before = align < 0 ? 0 : align > 0 ? pad : pad / 2;
    repeat(out, " ", before + 1);
    if (is_dim) fputs("\033[2m", out);
    if (text.len > 0) fwrite(text.data, 1, text.len, out);
    if (is_cut) fputs(g->border->more, out);
    if (is_dim) fputs("\033[0m", out);
    repeat(out, " ", pad - before + 1);
}

/* align 2: by type. */
static void put_row(const grid *g, FILE *out, const cell *cells, int align)
{
    const char *bar = g->border->bar;
    bool in_gap = false;
    fputs(bar, out);
    for (size_t c = 0; c < g->n_columns; c++) {
        if (!g->is_shown[c]) {
            if (!in_gap) fprintf(out, " %s %s", g->border->more, bar);
            in_gap = true;
            continue;
        }
        in_gap = false;
        const int how = align != 2 ? align : cell_is_number(g->columns->fields[c].type) ? 1 : -1;
        put_cell(g, out, &cells[c], g->widths[c], how);
        fputs(bar, out);
    }
    fputc('\n', out);
}

static void draw_box(const grid *g, FILE *out)
{
    const size_t n = g->n_head + g->n_tail;
    rule(g, out, g->border->top);
    put_row(g, out, g->names, 0);
    if (g->border->has_types) put_row(g, out, g->types, 0);
    rule(g, out, g->border->middle);
    for (size_t r = 0; r < n; r++) {
        if (r == g->n_head && g->n_rows > (int64_t)n) rule(g, out, g->border->middle);
        put_row(g, out, kept_row(g, r), 2);
    }
    rule(g, out, g->border->bottom);
}

/* The rows of a box that is too narrow for its columns, a value a line. */
static void draw_lines(const grid *g, FILE *out)
{
    int32_t width = 0;
    for (size_t c = 0; c < g->n_columns; c++)
        if (g->names[c].width > width) width = g->names[c].width;
    for (size_t r = 0; r < g->n_head + g->n_tail; r++) {
        if (r > 0) fputc('\n', out);
        for (size_t c = 0; c < g->n_columns; c++) {
            const cell *value = &kept_row(g, r)[c];
            repeat(out, " ", width - g->names[c].width);
            fprintf(out, "%.*s = %.*s\n", FIRN_STR_ARG(g->names[c].text),
                    FIRN_STR_ARG(value->text));
        }
    }
}

static bool is_all_shown(const grid *g)
{
    for (size_t c = 0; c < g->n_columns; c++)
        if (!g->is_shown[c]) return false;
    return true;
}

static void draw_markdown(const grid *g, FILE *out)
{
    put_row(g, out, g->names, -1);
    fputc('|', out);
    for (size_t c = 0; c < g->n_columns; c++) {
        const bool is_number = cell_is_number(g->columns->fields[c].type);
        repeat(out, "-", g->widths[c] + (is_number ? 1 : 2));
        fputs(is_number ? ":|" : "|", out);
    }
    fputc('\n', out);
    for (size_t r = 0; r < g->n_head + g->n_tail; r++) put_row(g, out, kept_row(g, r), 2);
}

static firn_status prepare(grid *g, const row_stream *rows, firn_error *err)
{
    g->n_columns = g->columns->n_fields;
    if (g->n_columns > MAX_COLUMNS)
        return firn_fail(err, FIRN_ERR_LIMIT, "%zu columns, a table shows %d at most", g->n_columns,
                         MAX_COLUMNS);
    g->names = firn_arena_array(g->arena, g->n_columns, sizeof *g->names);
    g->types = firn_arena_array(g->arena, g->n_columns, sizeof *g->types);
    g->widths = firn_arena_array(g->arena, g->n_columns, sizeof *g->widths);
    g->is_shown = firn_arena_array(g->arena, g->n_columns, sizeof *g->is_shown);
    if (!g->names || !g->types || !g->widths || !g->is_shown) return firn_fail_nomem(err);
    for (size_t c = 0; c < g->n_columns; c++) {
        firn_buf lower;
        firn_buf_init(&lower, NULL, 4096);
        char name[64];
        const firn_str type =
            rows->type_name
                ? rows->type_name(rows->ctx, c)
                : firn_str_of(firn_type_name(g->columns->fields[c].type, name, sizeof name));
        for (size_t i = 0; i < type.len; i++) {
            const char ch = type.data[i];
            firn_buf_byte(&lower, (uint8_t)(ch >= 'A' && ch <= 'Z' ? ch + 32 : ch));
        }
        g->names[c].text = g->columns->fields[c].name;
        g->names[c].width = display_width(g->names[c].text);
        g->types[c].text = firn_arena_copy(g->arena, firn_buf_view(&lower));
        firn_buf_dispose(&lower);
        if (!g->types[c].text.data) return firn_fail_nomem(err);
        g->types[c].width = display_width(g->types[c].text);
    }
    return FIRN_OK;
}

static firn_status collect(grid *g, const row_stream *rows, firn_error *err)
{
    const firn_batch *batch = NULL;
    firn_status st;
    firn_buf scratch;
    firn_buf_init(&scratch, NULL, MAX_CELL_TEXT);
    while ((st = rows->next(rows->ctx, &batch, err)) == FIRN_OK) {
        for (int64_t r = 0; r < batch->n_rows && st == FIRN_OK; r++)
            st = add_row(g, batch, r, &scratch, err);
        if (st != FIRN_OK) break;
    }
    firn_buf_dispose(&scratch);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* Plans or a statement, each of several lines: nobody can read them in a box. */
static bool is_text(const grid *g)
{
    if (g->n_rows == 0 || g->n_rows > (int64_t)g->n_head) return false;
    if (g->n_columns > 2 || g->opts->format == RENDER_MARKDOWN) return false;
    for (size_t r = 0; r < g->n_head; r++)
        if (g->head[r][g->n_columns - 1].lines.len == 0) return false;
    return true;
}

static void draw_text(const cell *c, FILE *out)
{
    for (size_t i = 0; i < c->lines.len; i++) {
        const char ch = c->lines.data[i];
        fputc((unsigned char)ch < 0x20 && ch != '\n' && ch != '\t' ? ' ' : ch, out);
    }
    if (!firn_str_ends_with(c->lines, FIRN_STR("\n"))) fputc('\n', out);
}

static void draw(const grid *g, FILE *out)
{
    const int64_t n = (int64_t)(g->n_head + g->n_tail);
    if (is_text(g))
        for (size_t r = 0; r < g->n_head; r++) draw_text(&g->head[r][g->n_columns - 1], out);
    else if (g->opts->format == RENDER_MARKDOWN)
        draw_markdown(g, out);
    else if (g->opts->is_line_when_wide && !is_all_shown(g))
        draw_lines(g, out);
    else
        draw_box(g, out);
    if (g->n_rows > n && g->opts->format != RENDER_MARKDOWN)
        fprintf(out, "%lld rows, %lld shown\n", (long long)g->n_rows, (long long)n);
}

firn_status render_table(const render_opts *opts, const row_stream *rows, FILE *out,
                         int64_t *n_rows, firn_error *err)
{
    grid g = {.opts = opts,
              .border = opts->format == RENDER_BOX ? &k_box : &k_ascii,
              .columns = rows->columns};
    g.arena = firn_arena_create(NULL, 0);
    if (!g.arena) return firn_fail_nomem(err);
    firn_status st = prepare(&g, rows, err);
    if (st == FIRN_OK) st = collect(&g, rows, err);
    if (st == FIRN_OK) {
        measure(&g);
        fit(&g);
        if (opts->before_output) opts->before_output(opts->ctx);
        draw(&g, out);
        *n_rows = g.n_rows;
        if (fflush(out) != 0) st = firn_fail(err, FIRN_ERR_IO, "cannot write the result");
    }
    for (size_t i = 0; i < g.n_tail; i++) firn_arena_destroy(g.tail_arenas[i]);
    firn_arena_destroy(g.arena);
    return st;
}
