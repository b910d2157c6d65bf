/* SPDX-License-Identifier: Apache-2.0 */
/* Avro values as canonical text; see avro_render.h. A walk over the schema with the cursor beside
 * it; depth is bounded as in avro_value.c, work by the input and by the maximum of the output. */
#include "format/avro/avro_render.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/inspect/canonical.h"

static firn_status render_value(firn_cursor *c, const firn_avro_schema *schema, int depth,
                                firn_buf *out, firn_error *err);

/* ---- leaves ---- */

static firn_status render_boolean(firn_cursor *c, firn_buf *out, firn_error *err)
{
    uint8_t byte = 0;

    FIRN_TRY(firn_cursor_u8(c, &byte, err));
    if (byte > 1) return firn_fail_at(err, firn_cursor_pos(c) - 1, "boolean of value %u", byte);
    firn_buf_cstr(out, byte ? "true" : "false");
    return FIRN_OK;
}

static firn_status render_integer(firn_cursor *c, firn_avro_kind kind, firn_buf *out,
                                  firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);
    int64_t value = 0;
    int32_t small = 0;

    FIRN_TRY(firn_avro_read_long(c, &value, err));
    if (kind == FIRN_AVRO_INT && !firn_i64_to_i32(value, &small))
        return firn_fail_at(err, at, "int of value %" PRId64, value);
    firn_buf_printf(out, "%" PRId64, value);
    return FIRN_OK;
}

static firn_status render_float(firn_cursor *c, firn_buf *out, firn_error *err)
{
    uint32_t bits = 0;
    float value = 0;

    FIRN_TRY(firn_cursor_u32le(c, &bits, err));
    memcpy(&value, &bits, sizeof value);
    firn_canonical_float(out, value);
    return FIRN_OK;
}

static firn_status render_double(firn_cursor *c, firn_buf *out, firn_error *err)
{
    uint64_t bits = 0;
    double value = 0;

    FIRN_TRY(firn_cursor_u64le(c, &bits, err));
    memcpy(&value, &bits, sizeof value);
    firn_canonical_double(out, value);
    return FIRN_OK;
}

static firn_status render_bytes(firn_cursor *c, const firn_avro_schema *schema, firn_buf *out,
                                firn_error *err)
{
    firn_str bytes = {0};

    if (schema->kind == FIRN_AVRO_FIXED)
        FIRN_TRY(firn_cursor_take(c, (uint64_t)schema->size, &bytes, err));
    else
        FIRN_TRY(firn_avro_read_bytes(c, &bytes, err));
    firn_canonical_hex(out, bytes);
    return FIRN_OK;
}

/* Both forms of a uuid look the same. */
static firn_status render_string(firn_cursor *c, const firn_avro_schema *schema, firn_buf *out,
                                 firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);
    firn_str text = {0};
    uint8_t uuid[16];

    FIRN_TRY(firn_avro_read_bytes(c, &text, err));
    if (!firn_utf8_is_valid(text)) return firn_fail_at(err, at, "string is not UTF-8");
    if (schema->logical == FIRN_AVRO_UUID && firn_avro_parse_uuid(text, uuid))
        firn_canonical_hex(out, (firn_str){(const char *)uuid, sizeof uuid});
    else
        firn_canonical_text(out, text);
    return FIRN_OK;
}

static firn_status render_enum(firn_cursor *c, const firn_avro_schema *schema, firn_buf *out,
                               firn_error *err)
{
    size_t symbol = 0;

    FIRN_TRY(firn_avro_read_symbol(c, schema->n_symbols, &symbol, err));
    firn_canonical_text(out, schema->symbols[symbol]);
    return FIRN_OK;
}

/* ---- composites ---- */

static firn_status render_record(firn_cursor *c, const firn_avro_schema *schema, int depth,
                                 firn_buf *out, firn_error *err)
{
    firn_buf_byte(out, '{');
    for (size_t i = 0; i < schema->n_fields; i++) {
        const firn_avro_field *field = &schema->fields[i];
        if (i > 0) firn_buf_byte(out, ',');
        firn_canonical_text(out, field->name);
        firn_buf_byte(out, ':');
        FIRN_TRY(firn_error_wrap(err, render_value(c, field->schema, depth, out, err),
                                 "field \"%.*s\"", FIRN_STR_ARG(field->name)));
    }
    firn_buf_byte(out, '}');
    return FIRN_OK;
}

static firn_status render_union(firn_cursor *c, const firn_avro_schema *schema, int depth,
                                firn_buf *out, firn_error *err)
{
    size_t branch = 0;

    FIRN_TRY(firn_avro_read_branch(c, schema->n_fields, &branch, err));
    return render_value(c, schema->fields[branch].schema, depth, out, err);
}

static firn_status render_array(firn_cursor *c, const firn_avro_schema *schema, int depth,
                                firn_buf *out, firn_error *err)
{
    const firn_avro_schema *item = schema->fields[0].schema;
    bool is_first = true;
    int64_t n = 0;
    int64_t size = 0;

    firn_buf_byte(out, '[');
    for (;;) {
        FIRN_TRY(firn_avro_read_block(c, item->min_bytes, &n, &size, err));
        if (n == 0) break;
        const uint64_t start = firn_cursor_pos(c);
        for (int64_t i = 0; i < n; i++) {
            if (!is_first) firn_buf_byte(out, ',');
            is_first = false;
            FIRN_TRY(render_value(c, item, depth, out, err));
            FIRN_TRY(firn_buf_check(out, err)); /* items of no bytes cost output only */
        }
        FIRN_TRY(firn_avro_end_block(c, start, size, err));
    }
    firn_buf_byte(out, ']');
    return FIRN_OK;
}

/* One entry of a map: its text is in the output already, in file order. */
typedef struct entry {
    firn_str key;
    size_t from, to;
} entry;

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a;
    const entry *y = b;
    const int order = firn_str_compare(x->key, y->key);

    return order != 0 ? order : (x->from > y->from) - (x->from < y->from);
}

/* Entries written from start on, put into the order of their keys. */
static firn_status sort_entries(firn_buf *out, size_t start, entry *entries, size_t n,
                                firn_error *err)
{
    firn_buf sorted;
    bool is_first = true;

    FIRN_TRY(firn_buf_check(out, err));
    if (n == 0) return FIRN_OK;
    firn_buf_init(&sorted, NULL, out->max);
    qsort(entries, n, sizeof *entries, compare_entries);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && firn_str_equals(entries[i].key, entries[i + 1].key)) continue;
        if (!is_first) firn_buf_byte(&sorted, ',');
        is_first = false;
        firn_buf_append(&sorted, out->data + entries[i].from, entries[i].to - entries[i].from);
    }
    const firn_status st = firn_buf_check(&sorted, err);
    out->len = start;
    if (st == FIRN_OK) firn_buf_append(out, sorted.data, sorted.len);
    firn_buf_dispose(&sorted);
    return st;
}

static firn_status render_entry(firn_cursor *c, const firn_avro_schema *value, int depth,
                                firn_buf *out, entry *e, firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);

    e->from = out->len;
    FIRN_TRY(firn_avro_read_bytes(c, &e->key, err));
    if (!firn_utf8_is_valid(e->key)) return firn_fail_at(err, at, "key is not UTF-8");
    firn_canonical_text(out, e->key);
    firn_buf_byte(out, ':');
    FIRN_TRY(render_value(c, value, depth, out, err));
    e->to = out->len;
    return FIRN_OK;
}

static firn_status render_entries(firn_cursor *c, const firn_avro_schema *value, int depth,
                                  firn_buf *out, firn_buf *entries, firn_error *err)
{
    int64_t n = 0;
    int64_t size = 0;

    for (;;) {
        FIRN_TRY(firn_avro_read_block(c, value->min_bytes + 1, &n, &size, err));
        if (n == 0) return FIRN_OK;
        const uint64_t start = firn_cursor_pos(c);
        for (int64_t i = 0; i < n; i++) {
            entry e = {0};
            FIRN_TRY(render_entry(c, value, depth, out, &e, err));
            firn_buf_append(entries, &e, sizeof e);
        }
        FIRN_TRY(firn_buf_check(entries, err));
        FIRN_TRY(firn_avro_end_block(c, start, size, err));
    }
}

static firn_status render_map(firn_cursor *c, const firn_avro_schema *schema, int depth,
                              firn_buf *out, firn_error *err)
{
    firn_buf entries;

    firn_buf_byte(out, '{');
    const size_t start = out->len;
    firn_buf_init(&entries, NULL, 0);
    firn_status st = render_entries(c, schema->fields[0].schema, depth, out, &entries, err);
    if (st == FIRN_OK)
        st = sort_entries(out, start, (entry *)(void *)entries.data, entries.len / sizeof(entry),
                          err);
    firn_buf_dispose(&entries);
    firn_buf_byte(out, '}');
    return st;
}

static firn_status render_value(firn_cursor *c, const firn_avro_schema *schema, int depth,
                                firn_buf *out, firn_error *err)
{
    if (depth >= FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "avro value nested deeper than %d levels",
                         FIRN_LIMIT_NESTING);
    switch (schema->kind) {
    case FIRN_AVRO_NULL: firn_buf_cstr(out, "null"); return FIRN_OK;
    case FIRN_AVRO_BOOLEAN: return render_boolean(c, out, err);
    case FIRN_AVRO_INT:
    case FIRN_AVRO_LONG: return render_integer(c, schema->kind, out, err);
    case FIRN_AVRO_FLOAT: return render_float(c, out, err);
    case FIRN_AVRO_DOUBLE: return render_double(c, out, err);
    case FIRN_AVRO_BYTES:
    case FIRN_AVRO_FIXED: return render_bytes(c, schema, out, err);
    case FIRN_AVRO_STRING: return render_string(c, schema, out, err);
    case FIRN_AVRO_ENUM: return render_enum(c, schema, out, err);
    case FIRN_AVRO_RECORD: return render_record(c, schema, depth + 1, out, err);
    case FIRN_AVRO_UNION: return render_union(c, schema, depth + 1, out, err);
    case FIRN_AVRO_ARRAY: return render_array(c, schema, depth + 1, out, err);
    case FIRN_AVRO_MAP: return render_map(c, schema, depth + 1, out, err);
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "avro schema of kind %d", (int)schema->kind);
}

firn_status firn_avro_render(firn_cursor *c, const firn_avro_schema *schema, firn_buf *out,
                             firn_error *err)
{
    FIRN_TRY(render_value(c, schema, 0, out, err));
    return firn_buf_check(out, err);
}

firn_status firn_avro_render_next(firn_avro_reader *reader, firn_buf *out, firn_error *err)
{
    firn_cursor *c = NULL;
    const firn_status st = firn_avro_reader_next(reader, &c, err);

    if (st != FIRN_OK) return st;
    return firn_avro_reader_blame(
        reader, firn_avro_render(c, firn_avro_reader_schema(reader), out, err), err);
}
