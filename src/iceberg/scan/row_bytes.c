/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/scan/row_bytes.h"

#include <math.h>
#include <string.h>

static uint32_t float_bits(float v)
{
    uint32_t bits = 0x7fc00000u;
    if (!isnan(v)) memcpy(&bits, &v, sizeof bits);
    return bits;
}

static uint64_t double_bits(double v)
{
    uint64_t bits = 0x7ff8000000000000u;
    if (!isnan(v)) memcpy(&bits, &v, sizeof bits);
    return bits;
}

static void put_entries(const firn_column *column, int64_t row, firn_buf *out)
{
    const firn_list_entry entry = ((const firn_list_entry *)column->values)[row];
    firn_buf_u64le(out, entry.length);
    for (uint64_t i = 0; i < entry.length; i++)
        for (size_t c = 0; c < column->n_children; c++) /* as deep as a schema may be */
            firn_row_put(&column->children[c], (int64_t)(entry.offset + i), out);
}

static void put_fixed(const firn_column *column, int64_t row, firn_buf *out)
{
    const size_t width = firn_column_width(column->type);
    firn_buf_append(out, (const char *)column->values + width * (size_t)row, width);
}

void firn_row_put_value(const firn_column *column, int64_t row, firn_buf *out)
{
    switch (column->type->kind) {
    case FIRN_TYPE_FLOAT:
        firn_buf_u32le(out, float_bits(((const float *)column->values)[row]));
        break;
    case FIRN_TYPE_DOUBLE:
        firn_buf_u64le(out, double_bits(((const double *)column->values)[row]));
        break;
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: {
        const firn_str bytes = firn_view_str(&((const firn_view *)column->values)[row]);
        firn_buf_u32le(out, (uint32_t)bytes.len);
        firn_buf_str(out, bytes);
        break;
    }
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: put_entries(column, row, out); break;
    case FIRN_TYPE_STRUCT:
        for (size_t c = 0; c < column->n_children; c++)
            firn_row_put(&column->children[c], row, out);
        break;
    default: put_fixed(column, row, out); break;
    }
}

void firn_row_put(const firn_column *column, int64_t row, firn_buf *out)
{
    const bool is_null =
        column->type->kind == FIRN_TYPE_UNKNOWN || !firn_column_is_valid(column, row);
    firn_buf_byte(out, is_null ? 0 : 1);
    if (!is_null) firn_row_put_value(column, row, out);
}
