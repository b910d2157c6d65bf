/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of NDJSON to rows of a batch: finds lines, checks their UTF-8, reports the bad ones and
 * takes back what they left in the batch. What is inside a line: ndjson_nested.c and the files of
 * the types.
 *
 * A line is parsed where it stands when NDJSON_PADDING bytes follow it, else from a copy. */
#include "base/limits.h"
#include "base/str.h"
#include "format/ndjson_internal.h"

#define RESERVE_ROWS 2048

struct firn_ndjson_decoder {
    const firn_allocator *alloc;
    firn_arena *arena;
    ndjson_object *root;
    ndjson_line line;
    firn_bad_line_fn on_bad_line;
    void *ctx;
    size_t max_line_bytes;
    bool has_lists;
    bool is_in_long_line; /* its beginning was reported; the rest is stepped over */
    int64_t line_number;
    int64_t stream_offset; /* of the bytes of the current call */
    firn_buf tail;         /* padded copy of a line at the end of the bytes */
    int64_t *marks;        /* n_values of list children before the line */
    size_t n_marks;
};

static size_t count_lists(const firn_type *type)
{
    size_t n = type->kind == FIRN_TYPE_LIST || type->kind == FIRN_TYPE_MAP ? type->n_fields : 0;

    for (size_t i = 0; i < type->n_fields; i++) n += count_lists(type->fields[i].type);
    return n;
}

static firn_status init_decoder(firn_ndjson_decoder *decoder, const firn_type *root,
                                firn_error *err)
{
    decoder->arena = firn_arena_create(decoder->alloc, 0);
    if (!decoder->arena) return firn_fail_nomem(err);
    FIRN_TRY(ndjson_object_create(decoder->arena, root, 1, &decoder->root, err));
    decoder->n_marks = count_lists(root);
    decoder->has_lists = decoder->n_marks > 0;
    decoder->marks = firn_arena_array(decoder->arena, decoder->n_marks, sizeof *decoder->marks);
    return decoder->marks ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_ndjson_decoder_create(const firn_type *root, const firn_ndjson_opts *opts,
                                       firn_ndjson_decoder **out, firn_error *err)
{
    static const firn_ndjson_opts k_defaults;
    const firn_ndjson_opts *o = opts ? opts : &k_defaults;
    firn_ndjson_decoder *decoder;
    firn_status st;

    *out = NULL;
    if (root->kind != FIRN_TYPE_STRUCT)
        return firn_fail(err, FIRN_ERR_ARG, "the schema of json lines must be a struct");
    decoder = firn_mem_alloc_zero(o->alloc, sizeof *decoder);
    if (!decoder) return firn_fail_nomem(err);
    decoder->alloc = o->alloc;
    decoder->on_bad_line = o->on_bad_line;
    decoder->ctx = o->ctx;
    decoder->max_line_bytes = o->max_line_bytes ? o->max_line_bytes : FIRN_LIMIT_JSON_LINE;
    firn_buf_init(&decoder->tail, o->alloc, decoder->max_line_bytes + (size_t)2 * NDJSON_PADDING);
    firn_buf_init(&decoder->line.scratch, o->alloc, 2 * decoder->max_line_bytes + NDJSON_PADDING);
    st = init_decoder(decoder, root, err);
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
    firn_buf_dispose(&decoder->tail);
    firn_buf_dispose(&decoder->line.scratch);
    firn_arena_destroy(decoder->arena);
    firn_mem_free(decoder->alloc, decoder);
}

void firn_ndjson_decoder_reset(firn_ndjson_decoder *decoder)
{
    decoder->line_number = 0;
    decoder->stream_offset = 0;
    decoder->is_in_long_line = false;
}

/* ---- taking back a bad line ---- */

typedef enum mark_action { MARK_SAVE, MARK_RESTORE } mark_action;

static void make_valid(const firn_column *column, int64_t row)
{
    column->validity[(uint64_t)row >> 6] |= UINT64_C(1) << ((uint64_t)row & 63);
    if (column->type->kind != FIRN_TYPE_STRUCT) return;
    for (size_t i = 0; i < column->n_children; i++) make_valid(&column->children[i], row);
}

/* Visits the children of all lists and maps, in the same order every time. */
static int64_t *walk_marks(firn_column *column, mark_action action, int64_t *mark)
{
    const bool is_list =
        column->type->kind == FIRN_TYPE_LIST || column->type->kind == FIRN_TYPE_MAP;

    for (size_t i = 0; i < column->n_children; i++) {
        firn_column *child = &column->children[i];
        if (is_list && action == MARK_SAVE) *mark++ = child->n_values;
        if (is_list && action == MARK_RESTORE) {
            for (int64_t row = *mark; row < child->n_values; row++) make_valid(child, row);
            child->n_values = *mark++;
        }
        mark = walk_marks(child, action, mark);
    }
    return mark;
}

static void save_marks(firn_ndjson_decoder *decoder, firn_batch *batch)
{
    int64_t *mark = decoder->marks;

    for (size_t i = 0; i < batch->n_columns; i++)
        mark = walk_marks(&batch->columns[i], MARK_SAVE, mark);
}

/* New rows are expected to be "not null", and list children to end with the last good row. */
static void take_back(firn_ndjson_decoder *decoder, firn_batch *batch)
{
    int64_t *mark = decoder->marks;

    for (size_t i = 0; i < batch->n_columns; i++) {
        make_valid(&batch->columns[i], batch->n_rows);
        if (decoder->has_lists) mark = walk_marks(&batch->columns[i], MARK_RESTORE, mark);
    }
}

/* ---- one line ---- */

/* Offset of the first character that is not valid. */
static size_t find_bad_utf8(firn_str text)
{
    size_t at = 0;

    while (at < text.len) {
        const uint8_t first = (uint8_t)text.data[at];
        const size_t n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        if (n > text.len - at || !firn_utf8_is_valid((firn_str){text.data + at, n})) return at;
        at += n;
    }
    return at;
}

/* start: text of the line with padding behind it; end: its newline. */
static bool parse_line(firn_ndjson_decoder *decoder, const char *start, const char *end,
                       firn_batch *batch)
{
    ndjson_line *line = &decoder->line;
    const size_t n = (size_t)(end - start);
    const char *p;

    line->start = start;
    if (!ndjson_is_ascii(start, n) && !firn_utf8_is_valid((firn_str){start, n})) {
        (void)ndjson_stop(line, start + find_bad_utf8((firn_str){start, n}),
                          firn_fail(&line->reason, FIRN_ERR_CORRUPT, "text is not valid utf-8"));
        return false;
    }
    p = ndjson_skip_space(start);
    if (*p != '{') {
        (void)ndjson_stop(line, p,
                          firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected an object, found %s",
                                    ndjson_found(p)));
        return false;
    }
    p = ndjson_parse_members(line, decoder->root, batch->columns, batch->n_rows, p);
    if (!p) return false;
    p = ndjson_skip_space(p);
    if (p == end) return true;
    (void)ndjson_stop(line, p,
                      firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                "expected the end of the line, found %s", ndjson_found(p)));
    return false;
}

static firn_status report_bad_line(firn_ndjson_decoder *decoder, firn_str text, int64_t offset,
                                   int64_t error_offset, firn_error *err)
{
    const firn_bad_line bad = {
        .line_number = decoder->line_number,
        .byte_offset = offset,
        .error_offset = error_offset,
        .reason = decoder->line.reason.message,
        .text = text,
    };
    firn_status st;

    if (decoder->on_bad_line) return decoder->on_bad_line(decoder->ctx, &bad, err);
    st = firn_fail_at(err, (uint64_t)(offset + error_offset), "line %lld: %s",
                      (long long)bad.line_number, bad.reason);
    if (err && bad.line_number <= UINT32_MAX) err->line = (uint32_t)bad.line_number;
    return st;
}

static firn_status report_long_line(firn_ndjson_decoder *decoder, firn_str text, int64_t offset,
                                    firn_error *err)
{
    const firn_str head = firn_str_slice(text, 0, decoder->max_line_bytes);

    (void)firn_fail(&decoder->line.reason, FIRN_ERR_LIMIT, "line longer than %zu bytes",
                    decoder->max_line_bytes);
    return report_bad_line(decoder, head, offset, (int64_t)head.len, err);
}

/* ---- the lines of a call ---- */

typedef struct call {
    firn_ndjson_decoder *decoder;
    firn_str bytes;
    bool is_last;
    size_t used;
    int64_t max_rows;
    int64_t reserved; /* rows every column has room for */
    firn_batch *batch;
    int64_t *line_numbers;
} call;

static firn_status reserve_rows(call *c, firn_error *err)
{
    const int64_t wanted = c->batch->n_rows + RESERVE_ROWS;
    const int64_t rows = wanted < c->max_rows ? wanted : c->max_rows;

    for (size_t i = 0; i < c->batch->n_columns; i++)
        FIRN_TRY(firn_column_reserve(&c->batch->columns[i], rows, err));
    c->reserved = rows;
    return FIRN_OK;
}

/* The line in a place where a newline and the padding follow it; NULL when out of memory. */
static const char *pad_line(call *c, firn_str text)
{
    firn_buf *tail = &c->decoder->tail;
    const size_t behind = c->bytes.len - c->used - text.len;
    char *padding;

    if (behind > NDJSON_PADDING) return text.data; /* its newline is the first byte behind it */
    firn_buf_clear(tail);
    firn_buf_str(tail, text);
    padding = firn_buf_reserve(tail, NDJSON_PADDING + 1);
    if (!padding) return NULL;
    memset(padding, 0, NDJSON_PADDING + 1);
    padding[0] = '\n';
    return tail->data;
}

static firn_status decode_line(call *c, firn_str text, firn_error *err)
{
    firn_ndjson_decoder *decoder = c->decoder;
    const int64_t offset = decoder->stream_offset + (int64_t)c->used;
    firn_batch *batch = c->batch;
    const char *start;

    decoder->line_number++;
    if (text.len > decoder->max_line_bytes) return report_long_line(decoder, text, offset, err);
    if (batch->n_rows >= c->reserved) FIRN_TRY(reserve_rows(c, err));
    start = pad_line(c, text);
    if (!start) return firn_buf_check(&decoder->tail, err);
    if (ndjson_skip_space(start) == start + text.len) return FIRN_OK; /* blank */
    if (decoder->has_lists) save_marks(decoder, batch);
    if (parse_line(decoder, start, start + text.len, batch)) {
        if (c->line_numbers) c->line_numbers[batch->n_rows] = decoder->line_number;
        batch->n_rows++;
        return FIRN_OK;
    }
    take_back(decoder, batch);
    if (decoder->line.hard != FIRN_OK) {
        const firn_status st = decoder->line.hard;
        decoder->line.hard = FIRN_OK;
        if (err) *err = decoder->line.reason;
        return st;
    }
    return report_bad_line(decoder, text, offset, decoder->line.fault - start, err);
}

/* A piece without newline. FIRN_NEED_MORE: it was not consumed, or belongs to a long line. */
static firn_status decode_rest(call *c, firn_str rest, firn_error *err)
{
    firn_ndjson_decoder *decoder = c->decoder;

    if (decoder->is_in_long_line) {
        c->used = c->bytes.len;
        return c->is_last ? FIRN_OK : FIRN_NEED_MORE;
    }
    if (!c->is_last) {
        if (rest.len <= decoder->max_line_bytes) return FIRN_NEED_MORE;
        decoder->line_number++;
        FIRN_TRY(report_long_line(decoder, rest, decoder->stream_offset + (int64_t)c->used, err));
        decoder->is_in_long_line = true;
        c->used = c->bytes.len;
        return FIRN_NEED_MORE;
    }
    FIRN_TRY(decode_line(c, rest, err));
    c->used = c->bytes.len;
    return FIRN_OK;
}

static firn_status decode_lines(call *c, firn_error *err)
{
    while (c->used < c->bytes.len) {
        const char *at = c->bytes.data + c->used;
        const size_t left = c->bytes.len - c->used;
        const char *newline;
        if (c->batch->n_rows >= c->max_rows) return FIRN_OK;
        newline = memchr(at, '\n', left);
        if (!newline) {
            FIRN_TRY(decode_rest(c, (firn_str){at, left}, err));
            continue;
        }
        if (c->decoder->is_in_long_line)
            c->decoder->is_in_long_line = false;
        else
            FIRN_TRY(decode_line(c, (firn_str){at, (size_t)(newline - at)}, err));
        c->used += (size_t)(newline - at) + 1;
    }
    return c->is_last ? FIRN_DONE : FIRN_NEED_MORE;
}

static void set_n_values(firn_column *column, int64_t n)
{
    const bool is_struct = column->type->kind == FIRN_TYPE_STRUCT;

    column->n_values = n;
    for (size_t i = 0; i < column->n_children; i++)
        set_n_values(&column->children[i], is_struct ? n : column->children[i].n_values);
}

static firn_status check_batch(const ndjson_object *root, const firn_batch *batch, firn_error *err)
{
    if (batch->n_columns != root->n_columns)
        return firn_fail(err, FIRN_ERR_ARG, "batch of %zu columns, the schema has %zu",
                         batch->n_columns, root->n_columns);
    for (size_t i = 0; i < root->n_columns; i++) {
        if (batch->columns[i].type->kind != root->nodes[i].type->kind || !batch->columns[i].owner)
            return firn_fail(err, FIRN_ERR_ARG, "batch column %zu is not one for \"%.*s\"", i,
                             FIRN_STR_ARG(root->nodes[i].name));
    }
    return FIRN_OK;
}

firn_status firn_ndjson_decode(firn_ndjson_decoder *decoder, firn_str bytes, bool is_last,
                               int64_t max_rows, firn_batch *batch, int64_t *line_numbers,
                               size_t *used, firn_error *err)
{
    call c = {.decoder = decoder,
              .bytes = bytes,
              .is_last = is_last,
              .max_rows = max_rows,
              .batch = batch,
              .line_numbers = line_numbers};
    firn_status st;

    *used = 0;
    FIRN_TRY(check_batch(decoder->root, batch, err));
    st = decode_lines(&c, err);
    for (size_t i = 0; i < batch->n_columns; i++) set_n_values(&batch->columns[i], batch->n_rows);
    *used = c.used;
    decoder->stream_offset += (int64_t)c.used;
    return st;
}
