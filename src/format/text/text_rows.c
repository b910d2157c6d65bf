/* SPDX-License-Identifier: Apache-2.0 */
#include "format/text/text_rows.h"

#include "base/limits.h"
#include "base/str.h"

#define RESERVE_ROWS 2048

static size_t count_lists(const firn_type *type)
{
    size_t n = type->kind == FIRN_TYPE_LIST || type->kind == FIRN_TYPE_MAP ? type->n_fields : 0;

    for (size_t i = 0; i < type->n_fields; i++) n += count_lists(type->fields[i].type);
    return n;
}

firn_status text_rows_init(text_rows *rows, const firn_type *root, const text_rows_opts *opts,
                           firn_error *err)
{
    size_t n_lists;

    rows->opts = *opts;
    rows->line.kernels = ndjson_kernels_below(opts->cpu_levels_off);
    firn_buf_init(&rows->tail, opts->alloc, opts->max_bytes + (size_t)2 * NDJSON_PADDING);
    firn_buf_init(&rows->line.scratch, opts->alloc, 4 * opts->max_bytes + NDJSON_PADDING + 1);
    if (root->kind != FIRN_TYPE_STRUCT)
        return firn_fail(err, FIRN_ERR_ARG, "the schema of rows must be a struct");
    rows->arena = firn_arena_create(opts->alloc, 0);
    if (!rows->arena) return firn_fail_nomem(err);
    FIRN_TRY(ndjson_object_create(rows->arena, root, rows->line.kernels, &rows->root, err));
    n_lists = count_lists(root);
    rows->has_lists = n_lists > 0;
    rows->marks = firn_arena_array(rows->arena, n_lists, sizeof *rows->marks);
    return rows->marks ? FIRN_OK : firn_fail_nomem(err);
}

void text_rows_dispose(text_rows *rows)
{
    firn_buf_dispose(&rows->tail);
    firn_buf_dispose(&rows->line.scratch);
    firn_arena_destroy(rows->arena);
}

void text_rows_reset(text_rows *rows)
{
    rows->line_number = 0;
    rows->stream_offset = 0;
}

/* ---- calls ---- */

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

firn_status text_rows_begin(text_rows *rows, firn_str bytes, bool is_last, firn_batch *batch,
                            firn_error *err)
{
    rows->bytes = bytes;
    rows->used = 0;
    rows->is_last = is_last;
    rows->batch = batch;
    rows->reserved = 0;
    return check_batch(rows->root, batch, err);
}

static void set_n_values(firn_column *column, int64_t n)
{
    const bool is_struct = column->type->kind == FIRN_TYPE_STRUCT;

    column->n_values = n;
    for (size_t i = 0; i < column->n_children; i++)
        set_n_values(&column->children[i], is_struct ? n : column->children[i].n_values);
}

void text_rows_end(text_rows *rows)
{
    firn_batch *batch = rows->batch;

    for (size_t i = 0; i < batch->n_columns; i++) set_n_values(&batch->columns[i], batch->n_rows);
    rows->stream_offset += (int64_t)rows->used;
}

void text_rows_skip_mark(text_rows *rows)
{
    if (rows->stream_offset == 0 && rows->used == 0 &&
        firn_str_starts_with(rows->bytes, FIRN_STR("\xEF\xBB\xBF")))
        rows->used = 3;
}

const char *text_rows_pad(text_rows *rows, firn_str line)
{
    const size_t behind = (size_t)(rows->bytes.data + rows->bytes.len - (line.data + line.len));

    if (behind > NDJSON_PADDING) return line.data; /* its newline is the first byte behind it */
    firn_buf_clear(&rows->tail);
    firn_buf_str(&rows->tail, line);
    return ndjson_pad(&rows->line, &rows->tail) ? rows->tail.data : NULL;
}

firn_status text_rows_no_memory(const text_rows *rows, firn_error *err)
{
    return firn_buf_check(&rows->tail, err);
}

/* ---- text ---- */

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

bool text_rows_check_utf8(text_rows *rows, firn_str line)
{
    if (rows->line.kernels->is_ascii(line.data, line.len) || firn_utf8_is_valid(line)) return true;
    (void)ndjson_stop(&rows->line, line.data + find_bad_utf8(line),
                      firn_fail(&rows->line.reason, FIRN_ERR_CORRUPT, "text is not valid utf-8"));
    return false;
}

/* ---- rows ---- */

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

static firn_status reserve_rows(text_rows *rows, firn_error *err)
{
    const int64_t wanted = rows->batch->n_rows + RESERVE_ROWS;

    rows->reserved = wanted < rows->max_rows ? wanted : rows->max_rows;
    for (size_t i = 0; i < rows->batch->n_columns; i++)
        FIRN_TRY(firn_column_reserve(&rows->batch->columns[i], rows->reserved, err));
    return FIRN_OK;
}

firn_status text_rows_begin_row(text_rows *rows, firn_error *err)
{
    int64_t *mark = rows->marks;

    if (rows->batch->n_rows >= rows->reserved) FIRN_TRY(reserve_rows(rows, err));
    if (!rows->has_lists) return FIRN_OK;
    for (size_t i = 0; i < rows->batch->n_columns; i++)
        mark = walk_marks(&rows->batch->columns[i], MARK_SAVE, mark);
    return FIRN_OK;
}

void text_rows_keep_row(text_rows *rows)
{
    if (rows->line_numbers) rows->line_numbers[rows->batch->n_rows] = rows->line_number;
    rows->batch->n_rows++;
}

firn_status text_rows_report(text_rows *rows, firn_str line, int64_t error_offset, firn_error *err)
{
    const firn_bad_line bad = {
        .line_number = rows->line_number,
        .byte_offset = rows->stream_offset + (int64_t)rows->used,
        .error_offset = error_offset,
        .reason = rows->line.reason.message,
        .text = line,
    };
    firn_status st;

    if (rows->opts.on_bad_line) return rows->opts.on_bad_line(rows->opts.ctx, &bad, err);
    st = firn_fail_at(err, (uint64_t)(bad.byte_offset + error_offset), "line %lld: %s",
                      (long long)bad.line_number, bad.reason);
    if (err && bad.line_number <= UINT32_MAX) err->line = (uint32_t)bad.line_number;
    return st;
}

/* New rows are expected to be "not null", and list children to end with the last good row. */
void text_rows_take_back(text_rows *rows)
{
    int64_t *mark = rows->marks;

    for (size_t i = 0; i < rows->batch->n_columns; i++) {
        make_valid(&rows->batch->columns[i], rows->batch->n_rows);
        if (rows->has_lists) mark = walk_marks(&rows->batch->columns[i], MARK_RESTORE, mark);
    }
}

firn_status text_rows_drop_row(text_rows *rows, firn_str line, int64_t error_offset,
                               firn_error *err)
{
    const firn_status hard = rows->line.hard;

    text_rows_take_back(rows);
    if (hard == FIRN_OK) return text_rows_report(rows, line, error_offset, err);
    rows->line.hard = FIRN_OK;
    if (err) *err = rows->line.reason;
    return hard;
}
