/* SPDX-License-Identifier: Apache-2.0 */
/* NDJSON to a schema with a column of every kind. The first byte is the size of the pieces the
 * stream arrives in and the level of processor they are decoded for; the rows and bad lines must be
 * those of the stream in one piece and plain C. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "format/text/ndjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PLAIN_C 3 /* levels_off that leave nothing else */

#define COLUMN(n, ...)                                                \
    {                                                                 \
        .id = 1, .name = FIRN_STR_INIT(n), .type = &(const firn_type) \
        {                                                             \
            __VA_ARGS__                                               \
        }                                                             \
    }

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_field k_element = {.id = 2, .name = FIRN_STR_INIT("element"), .type = &k_string};
static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = &k_element, .n_fields = 1};
static const firn_field k_pair[] = {
    {.id = 3, .is_required = true, .name = FIRN_STR_INIT("key"), .type = &k_string},
    {.id = 4, .name = FIRN_STR_INIT("value"), .type = &k_list},
};
static const firn_field k_inner[] = {
    {.id = 5, .name = FIRN_STR_INIT("i"), .type = &k_int},
    {.id = 6, .name = FIRN_STR_INIT("l"), .type = &k_list},
};
static const firn_field k_columns[] = {
    COLUMN("boolean", .kind = FIRN_TYPE_BOOLEAN),
    COLUMN("int", .kind = FIRN_TYPE_INT),
    COLUMN("long", .kind = FIRN_TYPE_LONG),
    COLUMN("float", .kind = FIRN_TYPE_FLOAT),
    COLUMN("double", .kind = FIRN_TYPE_DOUBLE),
    COLUMN("decimal", .kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2),
    COLUMN("wide", .kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = 37),
    COLUMN("string", .kind = FIRN_TYPE_STRING),
    COLUMN("date", .kind = FIRN_TYPE_DATE),
    COLUMN("time", .kind = FIRN_TYPE_TIME),
    COLUMN("timestamp", .kind = FIRN_TYPE_TIMESTAMPTZ),
    COLUMN("binary", .kind = FIRN_TYPE_BINARY),
    COLUMN("fixed", .kind = FIRN_TYPE_FIXED, .length = 3),
    COLUMN("uuid", .kind = FIRN_TYPE_UUID),
    COLUMN("list", .kind = FIRN_TYPE_LIST, .fields = &k_element, .n_fields = 1),
    COLUMN("map", .kind = FIRN_TYPE_MAP, .fields = k_pair, .n_fields = 2),
    COLUMN("struct", .kind = FIRN_TYPE_STRUCT, .fields = k_inner, .n_fields = 2),
};
static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT,
                                 .fields = k_columns,
                                 .n_fields = sizeof k_columns / sizeof k_columns[0]};

/* What was decoded: counts and hashes. Rows are hashed by column, since pieces cut the batches. */
typedef struct outcome {
    int64_t n_rows, n_bad;
    uint64_t bad;
    uint64_t columns[sizeof k_columns / sizeof k_columns[0]];
} outcome;

static void mix(uint64_t *sum, const void *bytes, size_t n)
{
    *sum = (*sum ^ firn_str_hash((firn_str){bytes, n})) * UINT64_C(0x9E3779B97F4A7C15);
}

static firn_status add_bad(void *ctx, const firn_bad_line *line, firn_error *err)
{
    const int64_t numbers[] = {line->line_number, line->byte_offset, line->error_offset};
    outcome *o = ctx;

    (void)err;
    if (line->error_offset < 0 || line->error_offset > (int64_t)line->text.len) abort();
    o->n_bad++;
    mix(&o->bad, numbers, sizeof numbers);
    mix(&o->bad, line->reason, strlen(line->reason));
    return FIRN_OK;
}

static void add_value(uint64_t *sum, const firn_column *column, int64_t row)
{
    const size_t width = firn_column_width(column->type);
    const bool is_valid = firn_column_is_valid(column, row);

    mix(sum, &is_valid, sizeof is_valid);
    if (!is_valid) return;
    if (column->type->kind == FIRN_TYPE_STRUCT) {
        for (size_t i = 0; i < column->n_children; i++) add_value(sum, &column->children[i], row);
    } else if (column->type->kind == FIRN_TYPE_LIST || column->type->kind == FIRN_TYPE_MAP) {
        const firn_list_entry entry = ((const firn_list_entry *)column->values)[row];
        for (size_t i = 0; i < column->n_children; i++)
            for (uint64_t at = 0; at < entry.length; at++)
                add_value(sum, &column->children[i], (int64_t)(entry.offset + at));
    } else if (width == sizeof(firn_view) && column->type->kind != FIRN_TYPE_DECIMAL) {
        const firn_str text = firn_view_str((const firn_view *)column->values + row);
        mix(sum, text.data, text.len);
    } else {
        mix(sum, (const char *)column->values + (size_t)row * width, width);
    }
}

static void add_rows(outcome *o, const firn_batch *batch)
{
    o->n_rows += batch->n_rows;
    for (size_t i = 0; i < batch->n_columns; i++)
        for (int64_t row = 0; row < batch->n_rows; row++)
            add_value(&o->columns[i], &batch->columns[i], row);
}

/* The pieces are copies, so that reads behind them are seen. */
static outcome decode(firn_str text, size_t piece, unsigned levels_off)
{
    outcome o = {0};
    const firn_ndjson_opts opts = {
        .on_bad_line = add_bad, .ctx = &o, .max_line_bytes = 4096, .cpu_levels_off = levels_off};
    firn_ndjson_decoder *decoder = NULL;
    static firn_batch *batch; /* made once: building it would be most of a run */
    size_t at = 0;
    size_t end = 0;
    firn_status st = FIRN_ERR_INTERNAL;

    if (firn_ndjson_decoder_create(&k_root, &opts, &decoder, NULL) != FIRN_OK) abort();
    if (!batch && firn_batch_create(&k_root, 8, &batch, NULL) != FIRN_OK) abort();
    do {
        size_t used = 0;
        char *copy;
        if (st != FIRN_OK) end = text.len - end < piece ? text.len : end + piece;
        copy = malloc(end - at + 1);
        if (!copy) abort();
        if (end > at) memcpy(copy, text.data + at, end - at);
        firn_batch_reset(batch);
        st = firn_ndjson_decode(decoder, (firn_str){copy, end - at}, end == text.len, 7, batch,
                                NULL, &used, NULL);
        free(copy);
        at += used;
        add_rows(&o, batch);
    } while (st == FIRN_OK || st == FIRN_NEED_MORE);
    if (st != FIRN_DONE || at != text.len) abort();
    firn_ndjson_decoder_destroy(decoder);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    outcome whole;
    outcome pieces;
    firn_str text;

    if (size < 2) return 0;
    text = (firn_str){(const char *)data + 1, size - 1};
    whole = decode(text, text.len, PLAIN_C);
    pieces = decode(text, (size_t)data[0] + 1, data[0] % PLAIN_C);
    if (memcmp(&whole, &pieces, sizeof whole) != 0) abort();
    return 0;
}
