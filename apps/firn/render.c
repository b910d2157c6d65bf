/* SPDX-License-Identifier: Apache-2.0 */
/* Formats for programs, written row by row: csv, tsv, json, jsonl. */
#include "render.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cell_text.h"
#include "format/json/json.h"
#include "render_text.h"

enum { MAX_CELL = 64 << 20, FLUSH_BYTES = 1 << 16 };

static const char *const k_names[] = {"box",   "table",    "line", "csv",    "tsv",  "json",
                                      "jsonl", "markdown", "html", "insert", "trash"};

bool render_format_parse(const char *name, render_format *out)
{
    static const struct {
        const char *name;
        render_format format;
    } others[] = {{"vertical", RENDER_LINE}, {"md", RENDER_MARKDOWN}, {"ndjson", RENDER_JSONL}};
    for (size_t i = 0; i < sizeof k_names / sizeof *k_names; i++) {
        if (strcmp(k_names[i], name) != 0) continue;
        *out = (render_format)i;
        return true;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(others[i].name, name) != 0) continue;
        *out = others[i].format;
        return true;
    }
    return false;
}

const char *render_format_name(render_format format)
{
    return k_names[format];
}

bool text_cell(text_writer *w, const firn_batch *batch, int64_t row, size_t column)
{
    firn_buf_clear(w->cell);
    cell_text(w->cell, &batch->columns[column], row, CELL_PLAIN);
    return firn_column_is_valid(&batch->columns[column], row);
}

static firn_status flush(const render_opts *opts, firn_buf *buf, FILE *out, size_t at_least,
                         firn_error *err)
{
    FIRN_TRY(firn_buf_check(buf, err));
    if (buf->len < at_least) return FIRN_OK;
    if (opts->before_output) opts->before_output(opts->ctx);
    if (buf->len > 0 && fwrite(buf->data, 1, buf->len, out) != buf->len)
        return firn_fail(err, FIRN_ERR_IO, "cannot write the result");
    firn_buf_clear(buf);
    return FIRN_OK;
}

/* RFC 4180: quoted when it holds a comma, a quote or a line break; an empty text is "" and a null
 * is nothing. */
static void csv_cell(firn_buf *out, firn_str text, bool is_null, const char *null_text)
{
    if (is_null) {
        firn_buf_cstr(out, null_text ? null_text : "");
        return;
    }
    bool needs_quotes = text.len == 0;
    for (size_t i = 0; i < text.len && !needs_quotes; i++)
        needs_quotes = strchr(",\"\r\n", text.data[i]) != NULL && text.data[i];
    if (!needs_quotes) {
        firn_buf_str(out, text);
        return;
    }
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"') firn_buf_byte(out, '"');
        firn_buf_byte(out, (uint8_t)text.data[i]);
    }
    firn_buf_byte(out, '"');
}

static void csv_begin(text_writer *w)
{
    for (size_t i = 0; i < w->columns->n_fields; i++) {
        if (i) firn_buf_byte(w->out, ',');
        csv_cell(w->out, w->columns->fields[i].name, false, NULL);
    }
    firn_buf_byte(w->out, '\n');
}

static void csv_row(text_writer *w, const firn_batch *batch, int64_t row)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        const bool is_null = !text_cell(w, batch, row, i);
        if (i) firn_buf_byte(w->out, ',');
        csv_cell(w->out, firn_buf_view(w->cell), is_null, w->opts->null_text);
    }
    firn_buf_byte(w->out, '\n');
}

/* Tabs, line breaks and backslashes are escaped, so that a row is a line and a tab ends a cell. */
static void tsv_cell(firn_buf *out, firn_str text)
{
    static const char marks[] = "\t\n\r\\";
    static const char letters[] = "tnr\\";
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.data[i] ? strchr(marks, text.data[i]) : NULL;
        if (at) firn_buf_byte(out, '\\');
        firn_buf_byte(out, (uint8_t)(at ? letters[at - marks] : text.data[i]));
    }
}

static void tsv_begin(text_writer *w)
{
    for (size_t i = 0; i < w->columns->n_fields; i++) {
        if (i) firn_buf_byte(w->out, '\t');
        tsv_cell(w->out, w->columns->fields[i].name);
    }
    firn_buf_byte(w->out, '\n');
}

static void tsv_row(text_writer *w, const firn_batch *batch, int64_t row)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        if (i) firn_buf_byte(w->out, '\t');
        if (text_cell(w, batch, row, i))
            tsv_cell(w->out, firn_buf_view(w->cell));
        else
            firn_buf_cstr(w->out, w->opts->null_text ? w->opts->null_text : "");
    }
    firn_buf_byte(w->out, '\n');
}

static void put_object(text_writer *w, const firn_batch *batch, int64_t row)
{
    firn_buf_byte(w->out, '{');
    for (size_t i = 0; i < batch->n_columns; i++) {
        if (i) firn_buf_byte(w->out, ',');
        firn_json_quote(w->out, w->columns->fields[i].name);
        firn_buf_byte(w->out, ':');
        cell_text(w->out, &batch->columns[i], row, CELL_JSON);
    }
    firn_buf_byte(w->out, '}');
}

static void jsonl_row(text_writer *w, const firn_batch *batch, int64_t row)
{
    put_object(w, batch, row);
    firn_buf_byte(w->out, '\n');
}

static void json_begin(text_writer *w)
{
    firn_buf_byte(w->out, '[');
}

static void json_row(text_writer *w, const firn_batch *batch, int64_t row)
{
    firn_buf_cstr(w->out, w->n_rows ? ",\n" : "\n");
    put_object(w, batch, row);
}

static void json_end(text_writer *w)
{
    firn_buf_cstr(w->out, w->n_rows ? "\n]\n" : "]\n");
}

static void trash_row(text_writer *w, const firn_batch *batch, int64_t row)
{
    (void)w;
    (void)batch;
    (void)row;
}

static const text_format k_csv = {csv_begin, csv_row, NULL};
static const text_format k_tsv = {tsv_begin, tsv_row, NULL};
static const text_format k_json = {json_begin, json_row, json_end};
static const text_format k_jsonl = {NULL, jsonl_row, NULL};
static const text_format k_trash = {NULL, trash_row, NULL};

/* NULL: it needs all rows before the first is printed. */
static const text_format *text_format_of(render_format format)
{
    switch (format) {
    case RENDER_BOX:
    case RENDER_TABLE:
    case RENDER_MARKDOWN: return NULL;
    case RENDER_LINE: return &text_format_line;
    case RENDER_CSV: return &k_csv;
    case RENDER_TSV: return &k_tsv;
    case RENDER_JSON: return &k_json;
    case RENDER_JSONL: return &k_jsonl;
    case RENDER_HTML: return &text_format_html;
    case RENDER_INSERT: return &text_format_insert;
    case RENDER_TRASH: return &k_trash;
    }
    return NULL;
}

static firn_status stream_rows(text_writer *w, const text_format *format, const row_stream *rows,
                               FILE *file, firn_error *err)
{
    const firn_batch *batch = NULL;
    firn_status st;

    if (format->begin) format->begin(w);
    while ((st = rows->next(rows->ctx, &batch, err)) == FIRN_OK) {
        for (int64_t r = 0; r < batch->n_rows; r++) {
            format->row(w, batch, r);
            w->n_rows++;
            FIRN_TRY(flush(w->opts, w->out, file, FLUSH_BYTES, err));
        }
    }
    if (st != FIRN_DONE) return st;
    if (format->end) format->end(w);
    return flush(w->opts, w->out, file, 0, err);
}

firn_status render_rows(const render_opts *opts, const row_stream *rows, FILE *out, int64_t *n_rows,
                        firn_error *err)
{
    const text_format *format = text_format_of(opts->format);
    *n_rows = 0;
    if (!format) return render_table(opts, rows, out, n_rows, err);

    firn_buf cell;
    firn_buf text;
    firn_buf_init(&cell, NULL, MAX_CELL);
    firn_buf_init(&text, NULL, (size_t)2 * MAX_CELL);
    text_writer w = {.opts = opts, .columns = rows->columns, .cell = &cell, .out = &text};
    firn_status st = stream_rows(&w, format, rows, out, err);
    *n_rows = w.n_rows;
    if (st == FIRN_OK && fflush(out) != 0)
        st = firn_fail(err, FIRN_ERR_IO, "cannot write the result");
    firn_buf_dispose(&cell);
    firn_buf_dispose(&text);
    return st;
}

static firn_status next_of_result(void *ctx, const firn_batch **out, firn_error *err)
{
    return firn_result_next(ctx, out, err);
}

static firn_str type_name_of_result(void *ctx, size_t column)
{
    return firn_result_type_name(ctx, column);
}

firn_status render_result(const render_opts *opts, firn_result *result, FILE *out, int64_t *n_rows,
                          firn_error *err)
{
    const row_stream rows = {.ctx = result,
                             .columns = firn_result_columns(result),
                             .next = next_of_result,
                             .type_name = type_name_of_result};
    *n_rows = 0;
    return rows.columns->n_fields == 0 ? FIRN_OK : render_rows(opts, &rows, out, n_rows, err);
}
