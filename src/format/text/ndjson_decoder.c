/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of NDJSON to rows of a batch: finds lines, checks their UTF-8 and what is around their
 * object. What is inside a line: ndjson_nested.c and the files of the types.
 *
 * A line is parsed where it stands when NDJSON_PADDING bytes follow it, else from a copy. Lines are
 * tried without knowing where they end: parsing one finds out. Only a line that is then not simply
 * good (not ASCII, too long, blank, bad) goes the careful way, which decides everything. */
#include "base/limits.h"
#include "base/str.h"
#include "format/text/text_rows.h"

/* Bytes that are checked to be ASCII at once. */
#define ASCII_BLOCK ((size_t)16 << 10)
/* Where the last newline is looked for. */
#define TAIL_MAX ((size_t)64 << 10)

struct firn_ndjson_decoder {
    text_rows rows;
    /* Offsets in the bytes of the call: lines that begin before quick_end have a newline with
     * padding behind it; up to checked_end ASCII was looked for, and found from ascii_start on. */
    size_t quick_end, ascii_start, checked_end;
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
                                     o->max_line_bytes ? o->max_line_bytes : FIRN_LIMIT_JSON_LINE,
                                 .cpu_levels_off = o->cpu_levels_off};
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
    p = line->kernels->parse_members(line, rows->root, rows->batch->columns, rows->batch->n_rows,
                                     p);
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

/* ---- the quick way ---- */

static void begin_quick(firn_ndjson_decoder *decoder)
{
    const firn_str bytes = decoder->rows.bytes;
    size_t end = bytes.len > NDJSON_PADDING ? bytes.len - NDJSON_PADDING : 0;
    const size_t stop = end > TAIL_MAX ? end - TAIL_MAX : 0;

    decoder->ascii_start = decoder->checked_end = decoder->rows.used;
    while (end > stop && bytes.data[end - 1] != '\n') end--;
    decoder->quick_end = end > stop ? end : 0;
}

/* True if the bytes from at (not before those of the last call) to end are ASCII. */
static bool is_ascii_to(firn_ndjson_decoder *decoder, size_t at, size_t end)
{
    const firn_str bytes = decoder->rows.bytes;

    while (decoder->checked_end < end) {
        const firn_str block =
            firn_str_slice(bytes, decoder->checked_end, decoder->checked_end + ASCII_BLOCK);
        decoder->checked_end += block.len;
        if (!decoder->rows.line.kernels->is_ascii(block.data, block.len))
            decoder->ascii_start = decoder->checked_end;
    }
    return at >= decoder->ascii_start;
}

/* Returns the newline behind the line at p, or NULL. */
static const char *try_line(text_rows *rows, const char *p)
{
    ndjson_line *line = &rows->line;

    p = ndjson_skip_space(p);
    if (*p != '{') return NULL;
    p = line->kernels->parse_members(line, rows->root, rows->batch->columns, rows->batch->n_rows,
                                     p);
    if (p) p = ndjson_skip_space(p);
    return p && *p == '\n' ? p : NULL;
}

/* *is_done: the next line was a good one. */
static firn_status decode_quick(firn_ndjson_decoder *decoder, bool *is_done, firn_error *err)
{
    text_rows *rows = &decoder->rows;
    const char *start = rows->bytes.data + rows->used;
    const char *end;
    size_t n;

    *is_done = false;
    if (rows->used >= decoder->quick_end || decoder->is_in_long_line) return FIRN_OK;
    if (!is_ascii_to(decoder, rows->used, rows->used + 1)) return FIRN_OK;
    FIRN_TRY(text_rows_begin_row(rows, err));
    end = try_line(rows, start);
    n = end ? (size_t)(end - start) : 0;
    if (!end || n > rows->opts.max_bytes || !is_ascii_to(decoder, rows->used, rows->used + n)) {
        rows->line.hard = FIRN_OK;
        text_rows_take_back(rows);
        return FIRN_OK;
    }
    *is_done = true;
    rows->line_number++;
    text_rows_keep_row(rows);
    rows->used += n + 1;
    return FIRN_OK;
}

/* ---- lines ---- */

static firn_status decode_lines(firn_ndjson_decoder *decoder, firn_error *err)
{
    text_rows *rows = &decoder->rows;

    text_rows_skip_mark(rows);
    begin_quick(decoder);
    while (rows->used < rows->bytes.len) {
        const char *at = rows->bytes.data + rows->used;
        const size_t left = rows->bytes.len - rows->used;
        const char *newline;
        bool is_done;
        if (text_rows_is_full(rows)) return FIRN_OK;
        FIRN_TRY(decode_quick(decoder, &is_done, err));
        if (is_done) continue;
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
