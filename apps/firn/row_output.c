/* SPDX-License-Identifier: Apache-2.0 */
#include "row_output.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "format/inspect/canonical.h"

firn_status app_args_count(const app_args *args, const char *name, int64_t *out, firn_error *err)
{
    const char *text = app_args_get(args, name, NULL);
    *out = -1;
    if (text && (!firn_str_to_i64(firn_str_of(text), out) || *out < 0))
        return firn_fail(err, FIRN_ERR_ARG, "--%s needs a number, found \"%s\"", name, text);
    return FIRN_OK;
}

firn_status row_output_parse(const app_args *args, row_output *out, firn_error *err)
{
    const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    const char *format = app_args_get(args, "format", is_terminal ? "box" : "jsonl");
    memset(out, 0, sizeof *out);
    if (!render_format_parse(format, &out->render.format))
        return firn_fail(err, FIRN_ERR_ARG,
                         "--format: unknown format \"%s\", expected " RENDER_FORMATS, format);
    if (is_terminal) out->render.width = app_terminal_width(0);
    out->render.is_color = app_wants_color(STDOUT_FILENO);
    out->render.null_text = app_args_get(args, "null", NULL);
    out->render.max_rows = is_terminal ? 40 : 0;
    out->is_canonical = app_args_has(args, "canonical");
    return app_args_count(args, "limit", &out->limit, err);
}

firn_status row_output_put(firn_buf *buf, size_t at_least, firn_error *err)
{
    FIRN_TRY(firn_buf_check(buf, err));
    if (buf->len < at_least) return FIRN_OK;
    if (fwrite(buf->data, 1, buf->len, stdout) != buf->len)
        return firn_fail(err, FIRN_ERR_IO, "cannot write the rows");
    firn_buf_clear(buf);
    return FIRN_OK;
}

static firn_status print_canonical(const row_stream *rows, firn_error *err)
{
    const firn_batch *batch = NULL;
    firn_status st;
    firn_buf out;
    firn_buf_init(&out, NULL, 0);
    while ((st = rows->next(rows->ctx, &batch, err)) == FIRN_OK) {
        for (int64_t r = 0; r < batch->n_rows && st == FIRN_OK; r++) {
            firn_canonical_row(&out, batch, r);
            firn_buf_byte(&out, '\n');
            st = row_output_put(&out, 1 << 16, err);
        }
        if (st != FIRN_OK) break;
    }
    if (st == FIRN_DONE) st = row_output_put(&out, 1, err);
    firn_buf_dispose(&out);
    return st;
}

firn_status row_output_print(const row_output *output, const row_stream *rows, firn_error *err)
{
    int64_t n_rows = 0;
    if (output->is_canonical) return print_canonical(rows, err);
    return render_rows(&output->render, rows, stdout, &n_rows, err);
}
