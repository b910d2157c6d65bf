/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical text of rows. Recursion follows the type, whose depth whoever made it bounds. Not
 * for people: the command line has its own rendering. */
#include "format/inspect/canonical.h"

#include <inttypes.h>
#include <math.h>

static void put_real(firn_buf *out, double v, int digits)
{
    if (isnan(v))
        firn_buf_cstr(out, "NaN");
    else if (isinf(v))
        firn_buf_cstr(out, v > 0 ? "Infinity" : "-Infinity");
    else
        firn_buf_printf(out, "%.*g", digits, v);
}

void firn_canonical_float(firn_buf *out, float v)
{
    put_real(out, (double)v, 9);
}

void firn_canonical_double(firn_buf *out, double v)
{
    put_real(out, v, 17);
}

void firn_canonical_decimal(firn_buf *out, firn_int128 unscaled, int32_t scale)
{
    char digits[48];
    size_t n = 0;
    firn_buf_cstr(out, unscaled < 0 ? "\"-" : "\"");
    while (unscaled != 0 || n <= (size_t)scale) {
        const int digit = (int)(unscaled % 10);
        digits[n++] = (char)('0' + (digit < 0 ? -digit : digit));
        unscaled /= 10;
    }
    while (n > 0) {
        if (n == (size_t)scale) firn_buf_byte(out, '.');
        firn_buf_byte(out, (uint8_t)digits[--n]);
    }
    firn_buf_byte(out, '"');
}

void firn_canonical_text(firn_buf *out, firn_str s)
{
    size_t plain = 0; /* first byte not written yet */
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        const uint8_t c = (uint8_t)s.data[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        firn_buf_append(out, s.data + plain, i - plain);
        if (c < 0x20)
            firn_buf_printf(out, "\\u%04x", (unsigned)c);
        else
            firn_buf_byte(out, '\\');
        plain = c < 0x20 ? i + 1 : i;
    }
    if (s.len > plain) firn_buf_append(out, s.data + plain, s.len - plain);
    firn_buf_byte(out, '"');
}

void firn_canonical_hex(firn_buf *out, firn_str s)
{
    static const char k_digits[] = "0123456789abcdef";
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        const uint8_t c = (uint8_t)s.data[i];
        firn_buf_byte(out, (uint8_t)k_digits[c >> 4]);
        firn_buf_byte(out, (uint8_t)k_digits[c & 15]);
    }
    firn_buf_byte(out, '"');
}

static void put_entries(firn_buf *out, const firn_column *column, int64_t row)
{
    const firn_list_entry *entry = (const firn_list_entry *)column->values + row;
    const bool is_map = column->type->kind == FIRN_TYPE_MAP;
    firn_buf_byte(out, '[');
    for (uint64_t i = 0; i < entry->length; i++) {
        const int64_t at = (int64_t)(entry->offset + i);
        if (i > 0) firn_buf_byte(out, ',');
        if (is_map) firn_buf_byte(out, '[');
        firn_canonical_value(out, &column->children[0], at);
        if (!is_map) continue;
        firn_buf_byte(out, ',');
        firn_canonical_value(out, &column->children[1], at);
        firn_buf_byte(out, ']');
    }
    firn_buf_byte(out, ']');
}

static void put_struct(firn_buf *out, const firn_column *column, int64_t row)
{
    firn_buf_byte(out, '{');
    for (size_t i = 0; i < column->n_children; i++) {
        if (i > 0) firn_buf_byte(out, ',');
        firn_canonical_text(out, column->type->fields[i].name);
        firn_buf_byte(out, ':');
        firn_canonical_value(out, &column->children[i], row);
    }
    firn_buf_byte(out, '}');
}

static void put_i64(firn_buf *out, const firn_type *type, int64_t v)
{
    if (type->is_unsigned)
        firn_buf_printf(out, "%" PRIu64, (uint64_t)v);
    else
        firn_buf_printf(out, "%" PRId64, v);
}

static void put_primitive(firn_buf *out, const firn_type *type, const firn_value *v)
{
    switch (v->kind) {
    case FIRN_TYPE_BOOLEAN: firn_buf_cstr(out, v->as.boolean ? "true" : "false"); break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: put_i64(out, type, v->as.i32); break;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: put_i64(out, type, v->as.i64); break;
    case FIRN_TYPE_FLOAT: firn_canonical_float(out, v->as.f32); break;
    case FIRN_TYPE_DOUBLE: firn_canonical_double(out, v->as.f64); break;
    case FIRN_TYPE_DECIMAL: firn_canonical_decimal(out, v->as.decimal, v->scale); break;
    case FIRN_TYPE_STRING: firn_canonical_text(out, v->as.bytes); break;
    default: firn_canonical_hex(out, v->as.bytes); break;
    }
}

void firn_canonical_value(firn_buf *out, const firn_column *column, int64_t row)
{
    const firn_type_kind kind = column->type->kind;
    if (kind == FIRN_TYPE_UNKNOWN || !firn_column_is_valid(column, row)) {
        firn_buf_cstr(out, "null");
    } else if (kind == FIRN_TYPE_LIST || kind == FIRN_TYPE_MAP) {
        put_entries(out, column, row);
    } else if (kind == FIRN_TYPE_STRUCT) {
        put_struct(out, column, row);
    } else {
        const firn_value v = firn_column_get(column, row);
        put_primitive(out, column->type, &v);
    }
}

void firn_canonical_row(firn_buf *out, const firn_batch *batch, int64_t row)
{
    firn_buf_byte(out, '[');
    for (size_t i = 0; i < batch->n_columns; i++) {
        if (i > 0) firn_buf_byte(out, ',');
        firn_canonical_value(out, &batch->columns[i], row);
    }
    firn_buf_byte(out, ']');
}
