/* SPDX-License-Identifier: Apache-2.0 */
#include "canonical_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "firn_test.h"
#include "md5.h"

static void render_float(firn_buf *out, double v, bool is_single)
{
    if (isnan(v))
        firn_buf_cstr(out, "NaN");
    else if (isinf(v))
        firn_buf_cstr(out, v > 0 ? "Infinity" : "-Infinity");
    else if (is_single)
        firn_buf_printf(out, "%.9g", v);
    else
        firn_buf_printf(out, "%.17g", v);
}

static void render_decimal(firn_buf *out, firn_int128 unscaled, int32_t scale)
{
    char digits[64];
    int n = 0;
    const bool is_negative = unscaled < 0;
    while (unscaled != 0 || n <= scale) {
        const int digit = (int)(unscaled % 10);
        digits[n++] = (char)('0' + (digit < 0 ? -digit : digit));
        unscaled /= 10;
    }
    firn_buf_cstr(out, is_negative ? "\"-" : "\"");
    while (n > 0) {
        if (n == scale) firn_buf_byte(out, '.');
        firn_buf_byte(out, (uint8_t)digits[--n]);
    }
    firn_buf_byte(out, '"');
}

static void render_text(firn_buf *out, firn_str s)
{
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        const uint8_t c = (uint8_t)s.data[i];
        if (c == '"' || c == '\\') firn_buf_byte(out, '\\');
        if (c < 0x20)
            firn_buf_printf(out, "\\u%04x", (unsigned)c);
        else
            firn_buf_byte(out, c);
    }
    firn_buf_byte(out, '"');
}

static void render_hex(firn_buf *out, firn_str s)
{
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) firn_buf_printf(out, "%02x", (unsigned)(uint8_t)s.data[i]);
    firn_buf_byte(out, '"');
}

static void render_entries(firn_buf *out, const firn_column *column, int64_t row)
{
    const firn_list_entry *entry = (const firn_list_entry *)column->values + row;
    firn_buf_byte(out, '[');
    for (uint64_t i = 0; i < entry->length; i++) {
        const int64_t at = (int64_t)(entry->offset + i);
        if (i > 0) firn_buf_byte(out, ',');
        if (column->type->kind == FIRN_TYPE_MAP) firn_buf_byte(out, '[');
        firn_test_render_value(out, &column->children[0], at);
        if (column->type->kind != FIRN_TYPE_MAP) continue;
        firn_buf_byte(out, ',');
        firn_test_render_value(out, &column->children[1], at);
        firn_buf_byte(out, ']');
    }
    firn_buf_byte(out, ']');
}

static void render_struct(firn_buf *out, const firn_column *column, int64_t row)
{
    firn_buf_byte(out, '{');
    for (size_t i = 0; i < column->n_children; i++) {
        if (i > 0) firn_buf_byte(out, ',');
        render_text(out, column->type->fields[i].name);
        firn_buf_byte(out, ':');
        firn_test_render_value(out, &column->children[i], row);
    }
    firn_buf_byte(out, '}');
}

static void render_primitive(firn_buf *out, const firn_value *v)
{
    switch (v->kind) {
    case FIRN_TYPE_BOOLEAN: firn_buf_cstr(out, v->as.boolean ? "true" : "false"); break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: firn_buf_printf(out, "%d", (int)v->as.i32); break;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: firn_buf_printf(out, "%lld", (long long)v->as.i64); break;
    case FIRN_TYPE_FLOAT: render_float(out, (double)v->as.f32, true); break;
    case FIRN_TYPE_DOUBLE: render_float(out, v->as.f64, false); break;
    case FIRN_TYPE_DECIMAL: render_decimal(out, v->as.decimal, v->scale); break;
    case FIRN_TYPE_STRING: render_text(out, v->as.bytes); break;
    default: render_hex(out, v->as.bytes); break;
    }
}

void firn_test_render_value(firn_buf *out, const firn_column *column, int64_t row)
{
    const firn_type_kind kind = column->type->kind;
    if (kind == FIRN_TYPE_UNKNOWN || !firn_column_is_valid(column, row)) {
        firn_buf_cstr(out, "null");
    } else if (kind == FIRN_TYPE_LIST || kind == FIRN_TYPE_MAP) {
        render_entries(out, column, row);
    } else if (kind == FIRN_TYPE_STRUCT) {
        render_struct(out, column, row);
    } else {
        const firn_value v = firn_column_get(column, row);
        render_primitive(out, &v);
    }
}

void firn_test_render_row(firn_buf *out, const firn_batch *batch, int64_t row)
{
    firn_buf_byte(out, '[');
    for (size_t i = 0; i < batch->n_columns; i++) {
        if (i > 0) firn_buf_byte(out, ',');
        firn_test_render_value(out, &batch->columns[i], row);
    }
    firn_buf_byte(out, ']');
}

void firn_test_lines_add(firn_test_lines *lines, const firn_batch *batch, int64_t row)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, (size_t)64 << 20);
    firn_test_render_row(&buf, batch, row);
    assert_int_equal(firn_buf_check(&buf, NULL), FIRN_OK);
    firn_str *slot =
        firn_arena_push(lines->arena, &lines->lines, &lines->n, &lines->cap, sizeof *slot);
    assert_non_null(slot);
    *slot = firn_arena_copy(lines->arena, firn_buf_view(&buf));
    assert_non_null(slot->data);
    firn_buf_dispose(&buf);
}

static int compare_lines(const void *a, const void *b)
{
    return firn_str_compare(*(const firn_str *)a, *(const firn_str *)b);
}

void firn_test_lines_md5(firn_test_lines *lines, char out[33])
{
    firn_test_md5 md5;
    firn_test_md5_init(&md5);
    if (lines->n > 0) qsort(lines->lines, lines->n, sizeof *lines->lines, compare_lines);
    for (size_t i = 0; i < lines->n; i++) {
        firn_test_md5_add(&md5, lines->lines[i].data, lines->lines[i].len);
        firn_test_md5_add(&md5, "\n", 1);
    }
    firn_test_md5_hex(&md5, out);
}
