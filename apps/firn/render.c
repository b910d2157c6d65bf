/* SPDX-License-Identifier: Apache-2.0 */
/* The streaming formats: csv, json, jsonl. */
#include "render.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cell_text.h"
#include "format/json.h"

enum { MAX_CELL = 64 << 20, FLUSH_BYTES = 1 << 16 };

bool render_format_parse(const char *name, render_format *out)
{
    static const char *const names[] = {"box", "csv", "json", "jsonl", "markdown"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (render_format)i;
            return true;
        }
    }
    return false;
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

static void csv_header(const firn_type *columns, firn_buf *out)
{
    for (size_t i = 0; i < columns->n_fields; i++) {
        if (i) firn_buf_byte(out, ',');
        csv_cell(out, columns->fields[i].name, false, NULL);
    }
    firn_buf_byte(out, '\n');
}

static void csv_row(const render_opts *opts, const firn_batch *batch, int64_t row, firn_buf *cell,
                    firn_buf *out)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        if (i) firn_buf_byte(out, ',');
        firn_buf_clear(cell);
        cell_text(cell, &batch->columns[i], row, CELL_PLAIN);
        csv_cell(out, firn_buf_view(cell), !firn_column_is_valid(&batch->columns[i], row),
                 opts->null_text);
    }
    firn_buf_byte(out, '\n');
}

static void json_row(const firn_type *columns, const firn_batch *batch, int64_t row, firn_buf *out)
{
    firn_buf_byte(out, '{');
    for (size_t i = 0; i < batch->n_columns; i++) {
        if (i) firn_buf_byte(out, ',');
        firn_json_quote(out, columns->fields[i].name);
        firn_buf_byte(out, ':');
        cell_text(out, &batch->columns[i], row, CELL_JSON);
    }
    firn_buf_byte(out, '}');
}

static firn_status stream_rows(const render_opts *opts, const row_stream *rows, FILE *file,
                               firn_buf *cell, firn_buf *out, int64_t *n_rows, firn_error *err)
{
    const firn_type *columns = rows->columns;
    const firn_batch *batch = NULL;
    firn_status st;

    if (opts->format == RENDER_CSV) csv_header(columns, out);
    if (opts->format == RENDER_JSON) firn_buf_byte(out, '[');
    while ((st = rows->next(rows->ctx, &batch, err)) == FIRN_OK) {
        for (int64_t r = 0; r < batch->n_rows; r++) {
            if (opts->format == RENDER_CSV) {
                csv_row(opts, batch, r, cell, out);
            } else {
                if (opts->format == RENDER_JSON) firn_buf_cstr(out, *n_rows ? ",\n" : "\n");
                json_row(columns, batch, r, out);
                if (opts->format == RENDER_JSONL) firn_buf_byte(out, '\n');
            }
            (*n_rows)++;
            FIRN_TRY(flush(opts, out, file, FLUSH_BYTES, err));
        }
    }
    if (st != FIRN_DONE) return st;
    if (opts->format == RENDER_JSON) firn_buf_cstr(out, *n_rows ? "\n]\n" : "]\n");
    return flush(opts, out, file, 0, err);
}

firn_status render_rows(const render_opts *opts, const row_stream *rows, FILE *out, int64_t *n_rows,
                        firn_error *err)
{
    *n_rows = 0;
    if (opts->format == RENDER_BOX || opts->format == RENDER_MARKDOWN)
        return render_table(opts, rows, out, n_rows, err);

    firn_buf cell;
    firn_buf text;
    firn_buf_init(&cell, NULL, MAX_CELL);
    firn_buf_init(&text, NULL, (size_t)2 * MAX_CELL);
    firn_status st = stream_rows(opts, rows, out, &cell, &text, n_rows, err);
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
