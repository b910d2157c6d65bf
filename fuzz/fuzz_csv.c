/* SPDX-License-Identifier: Apache-2.0 */
/* CSV three ways. The first two bytes choose the dialect and the size of the pieces the stream
 * arrives in; rows and bad rows must be those of the stream in one piece, the first row must have
 * the fields that a reader of one byte after the other finds, and inference must take whatever
 * comes. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "format/text/csv_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMN(n, ...)                                                \
    {                                                                 \
        .id = 1, .name = FIRN_STR_INIT(n), .type = &(const firn_type) \
        {                                                             \
            __VA_ARGS__                                               \
        }                                                             \
    }

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_field k_element = {.id = 2, .name = FIRN_STR_INIT("element"), .type = &k_int};
static const firn_field k_columns[] = {
    COLUMN("a", .kind = FIRN_TYPE_STRING),
    COLUMN("b", .kind = FIRN_TYPE_DOUBLE),
    COLUMN("c", .kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2),
    COLUMN("d", .kind = FIRN_TYPE_TIMESTAMP_NS),
    COLUMN("e", .kind = FIRN_TYPE_LIST, .fields = &k_element, .n_fields = 1),
    COLUMN("f", .kind = FIRN_TYPE_BOOLEAN),
    COLUMN("g", .kind = FIRN_TYPE_BINARY),
    COLUMN("h", .kind = FIRN_TYPE_LONG),
};
static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT,
                                 .fields = k_columns,
                                 .n_fields = sizeof k_columns / sizeof k_columns[0]};
/* The first n columns, for files of few fields. */
static firn_type root_of(uint8_t choice)
{
    firn_type root = k_root;
    root.n_fields = (size_t)(choice >> 4 & 7) + 1;
    return root;
}

/* A batch of these columns, made once: building it would be most of a run. */
static firn_batch *batch_of(uint8_t choice)
{
    static firn_type roots[8];
    static firn_batch *batches[8];
    const size_t i = choice >> 4 & 7;

    roots[i] = root_of(choice);
    if (!batches[i] && firn_batch_create(&roots[i], 8, &batches[i], NULL) != FIRN_OK) abort();
    return batches[i];
}

static firn_csv_dialect dialect_of(uint8_t choice)
{
    firn_csv_dialect d = {.has_no_header = true};

    if (choice & 1) d.delimiter = ';';
    if (choice & 2) d.escape = '\\';
    if (choice & 4) d.quote = '\'';
    if (choice & 8) d.has_no_header = false;
    if (choice & 128) d.null_text = FIRN_STR("NULL");
    return d;
}

static firn_status count_bad(void *ctx, const firn_bad_line *line, firn_error *err)
{
    (void)err;
    if (line->error_offset < 0 || line->error_offset > (int64_t)line->text.len) abort();
    *(uint64_t *)ctx = *(uint64_t *)ctx * 31 + (uint64_t)line->line_number * 7 +
                       (uint64_t)line->byte_offset + (uint64_t)line->error_offset;
    return FIRN_OK;
}

/* A sum over rows, line numbers and bad rows; the pieces are copies, so that reads behind them are
 * seen. */
static uint64_t decode(firn_str text, uint8_t choice, size_t piece)
{
    uint64_t bad = 0;
    uint64_t sum = 0;
    const firn_type root = root_of(choice);
    const firn_csv_opts opts = {
        .dialect = dialect_of(choice), .on_bad_line = count_bad, .ctx = &bad, .max_row_bytes = 200};
    firn_csv_decoder *decoder = NULL;
    firn_batch *const batch = batch_of(choice);
    int64_t lines[7];
    uint64_t n_rows = 0;
    size_t at = 0;
    size_t end = 0;
    firn_status st = FIRN_ERR_INTERNAL;

    if (firn_csv_decoder_create(&root, &opts, &decoder, NULL) != FIRN_OK) abort();
    do {
        size_t used = 0;
        char *copy;
        if (st != FIRN_OK) end = text.len - end < piece ? text.len : end + piece;
        copy = malloc(end - at + 1);
        if (!copy) abort();
        if (end > at) memcpy(copy, text.data + at, end - at);
        firn_batch_reset(batch);
        st = firn_csv_decode(decoder, (firn_str){copy, end - at}, end == text.len, 7, batch, lines,
                             &used, NULL);
        free(copy);
        at += used;
        n_rows += (uint64_t)batch->n_rows;
        for (int64_t i = 0; i < batch->n_rows; i++) sum = sum * 31 + (uint64_t)lines[i];
    } while (st == FIRN_OK || st == FIRN_NEED_MORE);
    if (st != FIRN_DONE && st != FIRN_ERR_CORRUPT && st != FIRN_ERR_LIMIT) abort();
    if (st == FIRN_DONE && at != text.len) abort();
    firn_csv_decoder_destroy(decoder);
    return st == FIRN_DONE ? (sum * 31 + n_rows) * 31 + bad : 1;
}

/* The field at offset at, byte by byte. Returns where what follows it is; SIZE_MAX: it has no end.
 */
static size_t plain_field(const firn_csv_dialect *d, firn_str text, size_t at)
{
    if (at < text.len && text.data[at] == d->quote) {
        for (at++; at < text.len; at++) {
            const bool has_next = at + 1 < text.len;
            const char next = (char)(has_next ? text.data[at + 1] : '\0');
            if (d->escape && text.data[at] == d->escape && has_next &&
                (next == d->quote || next == d->escape)) {
                at++;
            } else if (text.data[at] == d->quote) {
                if (d->escape || !has_next || next != d->quote) return at + 1;
                at++;
            }
        }
        return SIZE_MAX;
    }
    while (at < text.len && text.data[at] != d->delimiter && text.data[at] != '\n' &&
           text.data[at] != '\r')
        at++;
    return at;
}

static void check_first_row(firn_str text, uint8_t choice)
{
    const firn_csv_dialect given = dialect_of(choice);
    firn_csv_dialect d;
    csv_row row;
    csv_found found;
    size_t at = 0;

    if (csv_dialect_check(&given, &d, NULL) != FIRN_OK) abort();
    memset(&row, 0, sizeof row);
    firn_buf_init(&row.fields, NULL, 1 << 20);
    found = csv_next_row(&d, text, true, &row);
    for (size_t i = 0; found == CSV_FOUND_ROW && i < row.n_fields; i++) {
        const csv_field *field = csv_field_at(&row, i);
        if (at + field->is_quoted != field->start) abort();
        at = plain_field(&d, text, at);
        if (at != (size_t)field->end + field->is_quoted) abort();
        at++;
    }
    if (found == CSV_FOUND_ROW && row.n_fields > 0 && at != row.n_bytes + 1) abort();
    firn_buf_dispose(&row.fields);
}

static void infer(firn_str text, uint8_t choice)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_csv_dialect given = dialect_of(choice & 6);
    firn_csv_dialect dialect;
    const firn_type *root = NULL;

    if (!arena) abort();
    if (firn_csv_infer(text, true, 20, &given, arena, &dialect, &root, NULL) == FIRN_OK) {
        const firn_csv_opts opts = {.dialect = dialect};
        firn_csv_decoder *decoder = NULL;
        if (firn_csv_decoder_create(root, &opts, &decoder, NULL) != FIRN_OK) abort();
        firn_csv_decoder_destroy(decoder);
    }
    firn_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_str text;

    if (size < 3) return 0;
    text = (firn_str){(const char *)data + 2, size - 2};
    if (decode(text, data[0], text.len) != decode(text, data[0], (size_t)data[1] + 1)) abort();
    check_first_row(text, data[0]);
    infer(text, data[0]);
    return 0;
}
