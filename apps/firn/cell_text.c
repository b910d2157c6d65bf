/* SPDX-License-Identifier: Apache-2.0 */
#include "cell_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "format/json/json.h"
#include "iceberg/spec/iso_time.h"

bool cell_is_number(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_DECIMAL: return true;
    default: return false;
    }
}

static void put_decimal(firn_buf *out, firn_int128 value, int32_t scale)
{
    char digits[48];
    int n = 0;
    const bool is_negative = value < 0;
    firn_uint128 rest = is_negative ? -(firn_uint128)value : (firn_uint128)value;

    do {
        digits[n++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest && n < 40);
    while (n <= scale) digits[n++] = '0';
    if (is_negative) firn_buf_byte(out, '-');
    for (int i = n - 1; i >= 0; i--) {
        firn_buf_byte(out, (uint8_t)digits[i]);
        if (i == scale && scale > 0) firn_buf_byte(out, '.');
    }
}

/* Shortest text that reads back as the same number. */
static void put_float(firn_buf *out, double value, bool is_single, cell_style style)
{
    char text[40];
    if (!isfinite(value)) {
        const char *name = isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
        firn_buf_printf(out, style == CELL_JSON ? "\"%s\"" : "%s", name);
        return;
    }
    for (int digits = is_single ? 6 : 15; digits <= 17; digits++) {
        double back = 0;
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (!firn_str_to_f64(firn_str_of(text), &back)) continue;
        if (is_single ? (float)back == (float)value : back == value) break;
    }
    firn_buf_cstr(out, text);
    if (!strpbrk(text, ".e")) firn_buf_cstr(out, ".0");
}

static void put_quoted(firn_buf *out, firn_str text, cell_style style, bool is_nested)
{
    if (style == CELL_JSON) {
        firn_json_quote(out, text);
    } else if (is_nested) {
        firn_buf_byte(out, '\'');
        firn_buf_str(out, text);
        firn_buf_byte(out, '\'');
    } else {
        firn_buf_str(out, text);
    }
}

static void put_hex(firn_buf *out, firn_str bytes, cell_style style)
{
    if (style == CELL_JSON) firn_buf_byte(out, '"');
    for (size_t i = 0; i < bytes.len; i++)
        firn_buf_printf(out, style == CELL_JSON ? "%02x" : "\\x%02X", (uint8_t)bytes.data[i]);
    if (style == CELL_JSON) firn_buf_byte(out, '"');
}

static void put_uuid(firn_buf *out, firn_str bytes, cell_style style)
{
    if (style == CELL_JSON) firn_buf_byte(out, '"');
    for (size_t i = 0; i < bytes.len; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) firn_buf_byte(out, '-');
        firn_buf_printf(out, "%02x", (uint8_t)bytes.data[i]);
    }
    if (style == CELL_JSON) firn_buf_byte(out, '"');
}

/* Dates reach further than microseconds can count. */
static const char *date_text(int32_t days, char out[48])
{
    size_t len = 0;
    firn_iso_put_date(out, &len, days);
    return out;
}

static const char *time_text(int64_t us, char out[48])
{
    snprintf(out, 48, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, us / (int64_t)3600000000,
             us / 60000000 % 60, us / 1000000 % 60);
    if (us % 1000000) {
        const size_t n = strlen(out);
        snprintf(out + n, 48 - n, ".%06" PRId64, us % 1000000);
    }
    return out;
}

static const char *nanos_text(int64_t ns, bool with_z, char out[48])
{
    const int64_t us = ns / 1000 - (ns % 1000 < 0);
    firn_format_timestamp_us(us - (us % 1000000 + 1000000) % 1000000, false, out, 48);
    const size_t n = strlen(out);
    snprintf(out + n, 48 - n, ".%09" PRId64 "%s", (ns % 1000000000 + 1000000000) % 1000000000,
             with_z ? "Z" : "");
    return out;
}

static void put_primitive(firn_buf *out, const firn_type *type, const firn_value *v,
                          cell_style style, bool is_nested)
{
    char text[48];
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: firn_buf_cstr(out, v->as.boolean ? "true" : "false"); return;
    case FIRN_TYPE_INT: firn_buf_printf(out, "%" PRId32, v->as.i32); return;
    case FIRN_TYPE_LONG: firn_buf_printf(out, "%" PRId64, v->as.i64); return;
    case FIRN_TYPE_FLOAT: put_float(out, (double)v->as.f32, true, style); return;
    case FIRN_TYPE_DOUBLE: put_float(out, v->as.f64, false, style); return;
    case FIRN_TYPE_DECIMAL: put_decimal(out, v->as.decimal, type->scale); return;
    case FIRN_TYPE_DATE:
        put_quoted(out, firn_str_of(date_text(v->as.i32, text)), style, is_nested);
        return;
    case FIRN_TYPE_TIME:
        put_quoted(out, firn_str_of(time_text(v->as.i64, text)), style, is_nested);
        return;
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
        firn_format_timestamp_us(v->as.i64, type->kind == FIRN_TYPE_TIMESTAMPTZ, text, sizeof text);
        put_quoted(out, firn_str_of(text), style, is_nested);
        return;
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS:
        nanos_text(v->as.i64, type->kind == FIRN_TYPE_TIMESTAMPTZ_NS, text);
        put_quoted(out, firn_str_of(text), style, is_nested);
        return;
    case FIRN_TYPE_UUID: put_uuid(out, v->as.bytes, style); return;
    case FIRN_TYPE_STRING: put_quoted(out, v->as.bytes, style, is_nested); return;
    default: put_hex(out, v->as.bytes, style); return;
    }
}

static void put_value(firn_buf *out, const firn_column *column, int64_t row, cell_style style,
                      bool is_nested);

static void put_list(firn_buf *out, const firn_column *column, int64_t row, cell_style style)
{
    const firn_list_entry e = ((const firn_list_entry *)column->values)[row];
    firn_buf_byte(out, '[');
    for (uint64_t i = 0; i < e.length; i++) {
        if (i) firn_buf_cstr(out, style == CELL_JSON ? "," : ", ");
        put_value(out, &column->children[0], (int64_t)(e.offset + i), style, true);
    }
    firn_buf_byte(out, ']');
}

/* JSON objects need text keys: other keys are quoted as their text. */
static void put_map_key(firn_buf *out, const firn_column *keys, int64_t row)
{
    firn_buf text;
    firn_buf_init(&text, NULL, out->max);
    put_value(&text, keys, row, CELL_PLAIN, false);
    firn_json_quote(out, firn_buf_view(&text));
    firn_buf_dispose(&text);
}

static void put_map(firn_buf *out, const firn_column *column, int64_t row, cell_style style)
{
    const firn_list_entry e = ((const firn_list_entry *)column->values)[row];
    firn_buf_byte(out, '{');
    for (uint64_t i = 0; i < e.length; i++) {
        const int64_t at = (int64_t)(e.offset + i);
        if (i) firn_buf_cstr(out, style == CELL_JSON ? "," : ", ");
        if (style == CELL_JSON)
            put_map_key(out, &column->children[0], at);
        else
            put_value(out, &column->children[0], at, style, true);
        firn_buf_cstr(out, style == CELL_JSON ? ":" : "=");
        put_value(out, &column->children[1], at, style, true);
    }
    firn_buf_byte(out, '}');
}

static void put_struct(firn_buf *out, const firn_column *column, int64_t row, cell_style style)
{
    firn_buf_byte(out, '{');
    for (size_t i = 0; i < column->n_children; i++) {
        if (i) firn_buf_cstr(out, style == CELL_JSON ? "," : ", ");
        put_quoted(out, column->type->fields[i].name, style, true);
        firn_buf_cstr(out, style == CELL_JSON ? ":" : ": ");
        put_value(out, &column->children[i], row, style, true);
    }
    firn_buf_byte(out, '}');
}

static void put_value(firn_buf *out, const firn_column *column, int64_t row, cell_style style,
                      bool is_nested)
{
    if (!firn_column_is_valid(column, row)) {
        if (style == CELL_JSON) firn_buf_cstr(out, "null");
        if (style == CELL_PLAIN && is_nested) firn_buf_cstr(out, "NULL");
        return;
    }
    switch (column->type->kind) {
    case FIRN_TYPE_LIST: put_list(out, column, row, style); return;
    case FIRN_TYPE_MAP: put_map(out, column, row, style); return;
    case FIRN_TYPE_STRUCT: put_struct(out, column, row, style); return;
    default: break;
    }
    const firn_value v = firn_column_get(column, row);
    put_primitive(out, column->type, &v, style, is_nested);
}

void cell_text(firn_buf *out, const firn_column *column, int64_t row, cell_style style)
{
    put_value(out, column, row, style, false);
}
