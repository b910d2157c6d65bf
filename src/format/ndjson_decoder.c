/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of NDJSON to rows of a batch: finds lines, checks their UTF-8 and what is around their
 * object. What is inside a line: ndjson_nested.c and the files of the types.
 *
 * A line is parsed where it stands when NDJSON_PADDING bytes follow it, else from a copy. */
#include "base/limits.h"
#include "base/str.h"
#include "format/text_rows.h"

struct firn_ndjson_decoder {
    text_rows rows;
    bool is_in_long_line; /* its beginning was reported; the rest is stepped over */
};

firn_status firn_ndjson_decoder_create(const firn_type *root, const firn_ndjson_opts *opts,
                                       firn_ndjson_decoder **out, firn_error *err)
{
    static const firn_ndjson_opts k_defaults;
    const firn_ndjson_opts *o = opts ? opts : &k_defaults;
    const text_rows_opts rows = {.alloc = o->alloc,
                                 .on_bad_line = o->on_bad_line,
                                 .ctx = o->ctx,
                                 .max_bytes =
                                     o->max_line_bytes ? o->max_line_bytes : FIRN_LIMIT_JSON_LINE};
    firn_ndjson_decoder *decoder = firn_mem_alloc_zero(o->alloc, sizeof *decoder);
    firn_status st;

    *out = NULL;
    if (!decoder) return firn_fail_nomem(err);
    st = text_rows_init(&decoder->rows, root, &rows, err);
    if (st != FIRN_OK) {
        firn_ndjson_decoder_destroy(decoder);
        return st;
    }
    *out = decoder;
    return FIRN_OK;
}

void firn_ndjson_decoder_destroy(firn_ndjson_decoder *decoder)
{
    if (!decoder) return;
    const firn_allocator *alloc = decoder->rows.opts.alloc;
    text_rows_dispose(&decoder->rows);
    firn_mem_free(alloc, decoder);
}

void firn_ndjson_decoder_reset(firn_ndjson_decoder *decoder)
{
    text_rows_reset(&decoder->rows);
    decoder->is_in_long_line = false;
}

/* line: with padding behind it. */
static bool parse_line(text_rows *rows, firn_str text)
{
    ndjson_line *line = &rows->line;
    const char *p;

    if (!text_rows_check_utf8(rows, text)) return false;
    p = ndjson_skip_space(text.data);
    if (*p != '{') {
        (void)ndjson_stop(line, p,
                          firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected an object, found %s",
                                    ndjson_found(p)));
        return false;
    }
    p = ndjson_parse_members(line, rows->root, rows->batch->columns, rows->batch->n_rows, p);
    if (!p) return false;
    p = ndjson_skip_space(p);
    if (p == text.data + text.len) return true;
    (void)ndjson_stop(line, p,
                      firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                "expected the end of the line, found %s", ndjson_found(p)));
    return false;
}

static firn_status report_long_line(text_rows *rows, firn_str text, firn_error *err)
{
    const firn_str head = firn_str_slice(text, 0, rows->opts.max_bytes);

    (void)firn_fail(&rows->line.reason, FIRN_ERR_LIMIT, "line longer than %zu bytes",
                    rows->opts.max_bytes);
    return text_rows_report(rows, head, (int64_t)head.len, err);
}

static firn_status decode_line(text_rows *rows, firn_str text, firn_error *err)
{
    const char *start;

    rows->line_number++;
    if (text.len > rows->opts.max_bytes) return report_long_line(rows, text, err);
    start = text_rows_pad(rows, text);
    if (!start) return text_rows_no_memory(rows, err);
    if (ndjson_skip_space(start) == start + text.len) return FIRN_OK; /* blank */
    FIRN_TRY(text_rows_begin_row(rows, err));
    if (!parse_line(rows, (firn_str){start, text.len}))
        return text_rows_drop_row(rows, text, rows->line.fault - start, err);
    text_rows_keep_row(rows);
    return FIRN_OK;
}

/* A piece without newline. FIRN_NEED_MORE: it was not consumed, or belongs to a long line. */
static firn_status decode_rest(firn_ndjson_decoder *decoder, firn_str rest, firn_error *err)
{
    text_rows *rows = &decoder->rows;

    if (decoder->is_in_long_line) {
        rows->used = rows->bytes.len;
        return rows->is_last ? FIRN_OK : FIRN_NEED_MORE;
    }
    if (!rows->is_last) {
        if (rest.len <= rows->opts.max_bytes) return FIRN_NEED_MORE;
        rows->line_number++;
        FIRN_TRY(report_long_line(rows, rest, err));
        decoder->is_in_long_line = true;
        rows->used = rows->bytes.len;
        return FIRN_NEED_MORE;
    }
    FIRN_TRY(decode_line(rows, rest, err));
    rows->used = rows->bytes.len;
    return FIRN_OK;
}

static firn_status decode_lines(firn_ndjson_decoder *decoder, firn_error *err)
{
    text_rows *rows = &decoder->rows;

    text_rows_skip_mark(rows);
    while (rows->used < rows->bytes.len) {
        const char *at = rows->bytes.data + rows->used;
        const size_t left = rows->bytes.len - rows->used;
        const char *newline;
        if (text_rows_is_full(rows)) return FIRN_OK;
        newline = memchr(at, '\n', left);
        if (!newline) {
            FIRN_TRY(decode_rest(decoder, (firn_str){at, left}, err));
            continue;
        }
        if (decoder->is_in_long_line)
            decoder->is_in_long_line = false;
        else
            FIRN_TRY(decode_line(rows, (firn_str){at, (size_t)(newline - at)}, err));
        rows->used += (size_t)(newline - at) + 1;
    }
    return rows->is_last ? FIRN_DONE : FIRN_NEED_MORE;
}

firn_status firn_ndjson_decode(firn_ndjson_decoder *decoder, firn_str bytes, bool is_last,
                               int64_t max_rows, firn_batch *batch, int64_t *line_numbers,
                               size_t *used, firn_error *err)
{
    text_rows *rows = &decoder->rows;
    firn_status st;

    *used = 0;
    FIRN_TRY(text_rows_begin(rows, bytes, is_last, batch, err));
    rows->max_rows = max_rows;
    rows->line_numbers = line_numbers;
    st = decode_lines(decoder, err);
    text_rows_end(rows);
    *used = rows->used;
    return st;
}
