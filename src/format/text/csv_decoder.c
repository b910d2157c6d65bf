/* SPDX-License-Identifier: Apache-2.0 */
/* CSV rows to rows of a batch: the header, fields to columns, and where to go on behind a row that
 * cannot be cut. Rows are cut by csv_token.c, values are read by the text functions of
 * ndjson_internal.h. */
#include "base/limits.h"
#include "base/str.h"
#include "format/text/csv_internal.h"
#include "format/text/text_rows.h"

#define MAX_ROW_BYTES ((size_t)1 << 30)

struct firn_csv_decoder {
    text_rows rows;
    firn_csv_dialect dialect;
    csv_row row;
    firn_buf value;       /* of a field that is not its text as it stands */
    firn_buf columns;     /* int32_t for each field of the file: its column, or -1 */
    size_t n_file_fields; /* 0: the header was not read yet */
    bool *is_in_file;     /* for each column */
    bool is_in_bad_row;   /* it was reported; the rest of its line is stepped over */
    int64_t next_line;
};

static firn_status init_decoder(firn_csv_decoder *decoder, const firn_type *root,
                                const firn_csv_opts *o, firn_error *err)
{
    const size_t max_bytes = o->max_row_bytes ? o->max_row_bytes : FIRN_LIMIT_CSV_ROW;
    const text_rows_opts rows = {.alloc = o->alloc,
                                 .on_bad_line = o->on_bad_line,
                                 .ctx = o->ctx,
                                 .max_bytes =
                                     max_bytes < MAX_ROW_BYTES ? max_bytes : MAX_ROW_BYTES};

    firn_buf_init(&decoder->row.fields, o->alloc, FIRN_LIMIT_COLUMNS * sizeof(csv_field));
    firn_buf_init(&decoder->value, o->alloc, rows.max_bytes + (size_t)2 * NDJSON_PADDING);
    firn_buf_init(&decoder->columns, o->alloc, FIRN_LIMIT_COLUMNS * sizeof(int32_t));
    FIRN_TRY(text_rows_init(&decoder->rows, root, &rows, err));
    FIRN_TRY(csv_dialect_check(&o->dialect, &decoder->dialect, err));
    decoder->dialect.null_text = firn_arena_copy(decoder->rows.arena, o->dialect.null_text);
    decoder->is_in_file = firn_arena_array(decoder->rows.arena, root->n_fields, sizeof(bool));
    return decoder->dialect.null_text.data && decoder->is_in_file ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_csv_decoder_create(const firn_type *root, const firn_csv_opts *opts,
                                    firn_csv_decoder **out, firn_error *err)
{
    static const firn_csv_opts k_defaults;
    const firn_csv_opts *o = opts ? opts : &k_defaults;
    firn_csv_decoder *decoder = firn_mem_alloc_zero(o->alloc, sizeof *decoder);
    firn_status st;

    *out = NULL;
    if (!decoder) return firn_fail_nomem(err);
    st = init_decoder(decoder, root, o, err);
    if (st != FIRN_OK) {
        firn_csv_decoder_destroy(decoder);
        return st;
    }
    firn_csv_decoder_reset(decoder);
    *out = decoder;
    return FIRN_OK;
}

void firn_csv_decoder_destroy(firn_csv_decoder *decoder)
{
    if (!decoder) return;
    const firn_allocator *alloc = decoder->rows.opts.alloc;
    firn_buf_dispose(&decoder->row.fields);
    firn_buf_dispose(&decoder->value);
    firn_buf_dispose(&decoder->columns);
    text_rows_dispose(&decoder->rows);
    firn_mem_free(alloc, decoder);
}

void firn_csv_decoder_reset(firn_csv_decoder *decoder)
{
    text_rows_reset(&decoder->rows);
    decoder->n_file_fields = 0;
    decoder->is_in_bad_row = false;
    decoder->next_line = 1;
}

/* ---- fields of the file ---- */

static firn_status add_file_field(firn_csv_decoder *decoder, int32_t column, firn_error *err)
{
    firn_buf_append(&decoder->columns, &column, sizeof column);
    if (column >= 0) decoder->is_in_file[column] = true;
    return firn_buf_check(&decoder->columns, err);
}

/* The value of a field of the header: *out is borrowed until the next one. */
static firn_status header_name(firn_csv_decoder *decoder, const char *row, size_t i, firn_str *out,
                               firn_error *err)
{
    firn_buf_clear(&decoder->value);
    csv_append_value(&decoder->dialect, row, csv_field_at(&decoder->row, i), &decoder->value);
    *out = firn_buf_view(&decoder->value);
    return firn_buf_check(&decoder->value, err);
}

static firn_status read_names(firn_csv_decoder *decoder, const char *row, firn_error *err)
{
    const ndjson_object *root = decoder->rows.root;

    for (size_t i = 0; i < decoder->row.n_fields; i++) {
        const ndjson_slot *slot;
        firn_str name;
        FIRN_TRY(header_name(decoder, row, i, &name, err));
        slot = name.len > 0 ? firn_map_find(&root->names, name) : NULL;
        if (slot && decoder->is_in_file[slot->column])
            return firn_fail(err, FIRN_ERR_CORRUPT, "the header names \"%.*s\" twice",
                             FIRN_STR_ARG(name));
        FIRN_TRY(add_file_field(decoder, slot ? slot->column : -1, err));
    }
    return FIRN_OK;
}

static firn_status check_columns(const firn_csv_decoder *decoder, firn_error *err)
{
    const ndjson_object *root = decoder->rows.root;
    size_t n_found = 0;

    for (size_t i = 0; i < root->n_columns; i++) {
        n_found += decoder->is_in_file[i];
        if (!decoder->is_in_file[i] && root->nodes[i].is_required)
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "the header does not name \"%.*s\", which is required",
                             FIRN_STR_ARG(root->nodes[i].name));
    }
    if (n_found > 0 || root->n_columns == 0) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "the header names none of the %zu columns",
                     root->n_columns);
}

/* Decides which field belongs to which column. *is_used: the row was the header. */
static firn_status begin_file(firn_csv_decoder *decoder, firn_str text, bool *is_used,
                              firn_error *err)
{
    const ndjson_object *root = decoder->rows.root;
    firn_status st;

    firn_buf_clear(&decoder->columns);
    memset(decoder->is_in_file, 0, root->n_columns * sizeof(bool));
    *is_used = !decoder->dialect.has_no_header;
    if (decoder->dialect.has_no_header) {
        for (size_t i = 0; i < root->n_columns; i++)
            FIRN_TRY(add_file_field(decoder, (int32_t)i, err));
        decoder->n_file_fields = root->n_columns;
        return FIRN_OK;
    }
    if (!firn_utf8_is_valid(text))
        return firn_fail(err, FIRN_ERR_CORRUPT, "the header is not valid utf-8");
    st = read_names(decoder, text.data, err);
    if (st == FIRN_OK) st = check_columns(decoder, err);
    if (st == FIRN_OK) decoder->n_file_fields = decoder->row.n_fields;
    return st;
}

/* ---- values ---- */

static bool is_null(const firn_csv_decoder *decoder, const ndjson_node *node,
                    const csv_field *field, firn_str text)
{
    const bool can_be_empty =
        node->type->kind == FIRN_TYPE_STRING || node->type->kind == FIRN_TYPE_BINARY;

    if (field->is_quoted && (can_be_empty || text.len > 0)) return false;
    return firn_str_equals(text, decoder->dialect.null_text);
}

static bool store_null(text_rows *rows, const ndjson_node *node, const firn_column *column)
{
    if (node->is_required)
        return ndjson_refuse(firn_fail(&rows->line.reason, FIRN_ERR_CORRUPT,
                                       "\"%.*s\" is required and must not be null",
                                       FIRN_STR_ARG(node->name)));
    ndjson_set_null(column, rows->batch->n_rows);
    return true;
}

static bool parse_field(firn_csv_decoder *decoder, const char *row, const csv_field *field,
                        int32_t i)
{
    text_rows *rows = &decoder->rows;
    ndjson_node *node = &rows->root->nodes[i];
    firn_column *column = &rows->batch->columns[i];
    firn_str text = {row + field->start, (size_t)(field->end - field->start)};

    if (is_null(decoder, node, field, text)) return store_null(rows, node, column);
    /* JSON is read up to a newline, which need not follow here. */
    if (field->has_escapes || node->parse_text == ndjson_text_json) {
        firn_buf_clear(&decoder->value);
        csv_append_value(&decoder->dialect, row, field, &decoder->value);
        if (!ndjson_pad(&rows->line, &decoder->value)) return false;
        text = firn_buf_view(&decoder->value);
    }
    return node->parse_text(&rows->line, node, column, rows->batch->n_rows, text);
}

static bool parse_row(firn_csv_decoder *decoder, firn_str text)
{
    text_rows *rows = &decoder->rows;
    const int32_t *columns = (const int32_t *)(const void *)decoder->columns.data;

    if (!text_rows_check_utf8(rows, text)) return false;
    if (decoder->row.n_fields != decoder->n_file_fields) {
        (void)ndjson_stop(&rows->line, text.data + text.len,
                          firn_fail(&rows->line.reason, FIRN_ERR_CORRUPT,
                                    "row of %zu fields, expected %zu", decoder->row.n_fields,
                                    decoder->n_file_fields));
        return false;
    }
    for (size_t i = 0; i < decoder->n_file_fields; i++) {
        const csv_field *field = csv_field_at(&decoder->row, i);
        if (columns[i] < 0 || parse_field(decoder, text.data, field, columns[i])) continue;
        rows->line.fault = text.data + field->start;
        return false;
    }
    for (size_t i = 0; i < rows->root->n_columns; i++) {
        if (!decoder->is_in_file[i]) ndjson_set_null(&rows->batch->columns[i], rows->batch->n_rows);
    }
    return true;
}

static firn_status take_row(firn_csv_decoder *decoder, firn_str text, firn_error *err)
{
    text_rows *rows = &decoder->rows;
    bool is_header = false;
    const char *start;

    if (decoder->row.n_fields == 0 && decoder->n_file_fields != 1) return FIRN_OK; /* blank */
    if (decoder->row.n_fields == 0) decoder->row.n_fields = 1;
    if (decoder->n_file_fields == 0) FIRN_TRY(begin_file(decoder, text, &is_header, err));
    if (is_header) return FIRN_OK;
    start = text_rows_pad(rows, text);
    if (!start) return text_rows_no_memory(rows, err);
    FIRN_TRY(text_rows_begin_row(rows, err));
    if (!parse_row(decoder, (firn_str){start, text.len}))
        return text_rows_drop_row(rows, text, rows->line.fault - start, err);
    text_rows_keep_row(rows);
    return FIRN_OK;
}

/* ---- rows that cannot be cut ---- */

static int64_t count_newlines(firn_str text)
{
    int64_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += text.data[i] == '\n' ||
             (text.data[i] == '\r' && (i + 1 == text.len || text.data[i + 1] != '\n'));
    return n;
}

/* Offset behind the newline that comes first at or behind from; 0: there is none, or a CR that may
 * be half of one. */
static size_t find_line_end(firn_str text, size_t from, bool is_last, size_t *n_bytes)
{
    for (size_t i = from; i < text.len; i++) {
        if (text.data[i] != '\n' && text.data[i] != '\r') continue;
        *n_bytes = i;
        if (text.data[i] == '\n') return i + 1;
        if (i + 1 == text.len) return is_last ? i + 1 : 0;
        return text.data[i + 1] == '\n' ? i + 2 : i + 1;
    }
    return 0;
}

/* Reports the text up to the end of the line in which the fault is, and goes on behind it: what
 * follows an open quote is not lost. FIRN_NEED_MORE: that end is not yet there. */
static firn_status recover(firn_csv_decoder *decoder, firn_str window, bool is_last, size_t fault,
                           firn_error *err)
{
    text_rows *rows = &decoder->rows;
    const bool is_whole = window.len <= rows->opts.max_bytes + 1;
    size_t n_bytes = window.len;
    size_t end = find_line_end(window, fault, is_last, &n_bytes);
    firn_str text;

    if (end == 0 && is_whole && !is_last) return FIRN_NEED_MORE;
    if (decoder->n_file_fields == 0 && !decoder->dialect.has_no_header)
        return firn_fail_at(err, (uint64_t)rows->stream_offset + rows->used + fault, "header: %s",
                            rows->line.reason.message);
    if (end == 0) {
        end = n_bytes;
        decoder->is_in_bad_row = !is_last;
    }
    text =
        firn_str_slice(window, 0, n_bytes < rows->opts.max_bytes ? n_bytes : rows->opts.max_bytes);
    FIRN_TRY(text_rows_report(rows, text, (int64_t)(fault < text.len ? fault : text.len), err));
    decoder->next_line += count_newlines((firn_str){window.data, end});
    rows->used += end;
    return FIRN_OK;
}

/* The rest of a line whose beginning was reported. */
static firn_status step_over(firn_csv_decoder *decoder, firn_str rest)
{
    text_rows *rows = &decoder->rows;
    size_t n_bytes = rest.len;
    const size_t end = find_line_end(rest, 0, rows->is_last, &n_bytes);

    rows->used += end > 0 ? end : n_bytes;
    if (end == 0) return rows->is_last ? FIRN_OK : FIRN_NEED_MORE;
    decoder->next_line++;
    decoder->is_in_bad_row = false;
    return FIRN_OK;
}

/* ---- rows ---- */

static firn_status name_fault(firn_csv_decoder *decoder, csv_found found, bool is_long,
                              firn_error *err)
{
    firn_error *reason = &decoder->rows.line.reason;

    if (found == CSV_FOUND_FAULT)
        (void)firn_fail(reason, FIRN_ERR_CORRUPT, "text behind the closing quote of field %zu",
                        decoder->row.n_fields + 1);
    else if (found == CSV_FOUND_LIMIT && decoder->row.fields.status == FIRN_ERR_NOMEM)
        return firn_fail_nomem(err);
    else if (found == CSV_FOUND_LIMIT)
        (void)firn_fail(reason, FIRN_ERR_LIMIT, "row of more than %d fields", FIRN_LIMIT_COLUMNS);
    else if (is_long)
        (void)firn_fail(reason, FIRN_ERR_LIMIT, "row longer than %zu bytes",
                        decoder->rows.opts.max_bytes);
    else
        (void)firn_fail(reason, FIRN_ERR_CORRUPT, "field %zu has a quote without end",
                        decoder->row.n_fields + 1);
    return FIRN_OK;
}

static firn_status decode_row(firn_csv_decoder *decoder, firn_error *err)
{
    text_rows *rows = &decoder->rows;
    csv_row *row = &decoder->row;
    const size_t max = rows->opts.max_bytes;
    const firn_str rest = firn_str_slice(rows->bytes, rows->used, rows->bytes.len);
    const firn_str window = firn_str_slice(rest, 0, max + 2);
    const bool is_last = rows->is_last && window.len == rest.len;
    csv_found found;
    bool is_long;

    if (decoder->is_in_bad_row) return step_over(decoder, rest);
    rows->line_number = decoder->next_line;
    found = csv_next_row(&decoder->dialect, window, is_last, row);
    is_long = found == CSV_FOUND_ROW ? row->n_bytes > max : window.len > max + 1;
    if (found == CSV_FOUND_NO_END && !is_last && !is_long) return FIRN_NEED_MORE;
    if (found == CSV_FOUND_ROW && !is_long) {
        FIRN_TRY(take_row(decoder, firn_str_slice(window, 0, row->n_bytes), err));
        decoder->next_line += row->n_lines;
        rows->used += row->n_bytes + row->n_newline;
        return FIRN_OK;
    }
    FIRN_TRY(name_fault(decoder, found, is_long, err));
    return recover(decoder, window, is_last, row->n_bytes < max ? row->n_bytes : max, err);
}

static firn_status decode_rows(firn_csv_decoder *decoder, firn_error *err)
{
    text_rows *rows = &decoder->rows;

    text_rows_skip_mark(rows);
    while (rows->used < rows->bytes.len) {
        if (text_rows_is_full(rows)) return FIRN_OK;
        FIRN_TRY(decode_row(decoder, err));
    }
    return rows->is_last ? FIRN_DONE : FIRN_NEED_MORE;
}

firn_status firn_csv_decode(firn_csv_decoder *decoder, firn_str bytes, bool is_last,
                            int64_t max_rows, firn_batch *batch, int64_t *line_numbers,
                            size_t *used, firn_error *err)
{
    text_rows *rows = &decoder->rows;
    firn_status st;

    *used = 0;
    FIRN_TRY(text_rows_begin(rows, bytes, is_last, batch, err));
    rows->max_rows = max_rows;
    rows->line_numbers = line_numbers;
    st = decode_rows(decoder, err);
    text_rows_end(rows);
    *used = rows->used;
    return st;
}
