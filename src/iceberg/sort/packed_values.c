/* SPDX-License-Identifier: Apache-2.0 */
/* Functions call themselves for what is inside, as deep as a schema may be (FIRN_LIMIT_NESTING). */
#include "iceberg/sort/packed_values.h"

#include <string.h>

#include "base/error.h"

bool firn_packed_is_nested(const firn_type *type)
{
    return !firn_type_is_primitive(type);
}

/* ---- put ---- */

static void put_child(const firn_column *column, int64_t row, firn_buf *out)
{
    const bool is_null =
        column->type->kind == FIRN_TYPE_UNKNOWN || !firn_column_is_valid(column, row);
    firn_buf_byte(out, is_null ? 0 : 1);
    if (!is_null) firn_packed_value_put(column, row, out);
}

static void put_entries(const firn_column *column, int64_t row, firn_buf *out)
{
    const firn_list_entry entry = ((const firn_list_entry *)column->values)[row];
    firn_buf_u64le(out, entry.length);
    for (uint64_t i = 0; i < entry.length; i++)
        for (size_t c = 0; c < column->n_children; c++)
            put_child(&column->children[c], (int64_t)(entry.offset + i), out);
}

void firn_packed_value_put(const firn_column *column, int64_t row, firn_buf *out)
{
    const firn_type *type = column->type;
    if (type->kind == FIRN_TYPE_STRUCT) {
        for (size_t c = 0; c < column->n_children; c++) put_child(&column->children[c], row, out);
    } else if (firn_packed_is_nested(type)) {
        put_entries(column, row, out);
    } else if (firn_column_has_views(type)) {
        const firn_str bytes = firn_view_str(&((const firn_view *)column->values)[row]);
        firn_buf_u32le(out, (uint32_t)bytes.len);
        firn_buf_str(out, bytes);
    } else {
        const size_t width = firn_column_width(type);
        firn_buf_append(out, (const char *)column->values + width * (size_t)row, width);
    }
}

/* ---- get ---- */

static firn_status get_child(firn_cursor *in, firn_column *column, int64_t row, firn_error *err)
{
    uint8_t is_valid = 0;
    FIRN_TRY(firn_cursor_u8(in, &is_valid, err));
    if (is_valid) return firn_packed_value_get(in, column, row, err);
    firn_packed_value_null(column, row);
    return FIRN_OK;
}

/* Every entry takes a byte at least, so the length is checked before there is room for it. */
static firn_status get_entries(firn_cursor *in, firn_column *column, int64_t row, firn_error *err)
{
    uint64_t n = 0;
    if (column->n_children == 0) return firn_fail(err, FIRN_ERR_ARG, "list column without a child");
    const int64_t from = column->children[0].n_values;
    FIRN_TRY(firn_cursor_u64le(in, &n, err));
    if (n > firn_cursor_left(in)) return firn_cursor_short(in, n, err);
    ((firn_list_entry *)column->values)[row] = (firn_list_entry){(uint64_t)from, n};
    for (size_t c = 0; c < column->n_children; c++) {
        FIRN_TRY(firn_column_reserve(&column->children[c], from + (int64_t)n, err));
        column->children[c].n_values = from + (int64_t)n;
    }
    for (int64_t i = 0; i < (int64_t)n; i++)
        for (size_t c = 0; c < column->n_children; c++)
            FIRN_TRY(get_child(in, &column->children[c], from + i, err));
    return FIRN_OK;
}

static firn_status get_view(firn_cursor *in, firn_column *column, int64_t row, firn_error *err)
{
    uint32_t len = 0;
    firn_str bytes;
    FIRN_TRY(firn_cursor_u32le(in, &len, err));
    FIRN_TRY(firn_cursor_take(in, len, &bytes, err));
    ((firn_view *)column->values)[row] = firn_view_of(bytes.data, len);
    return FIRN_OK;
}

firn_status firn_packed_value_get(firn_cursor *in, firn_column *column, int64_t row,
                                  firn_error *err)
{
    const firn_type *type = column->type;
    if (column->n_values <= row) column->n_values = row + 1;
    if (type->kind == FIRN_TYPE_STRUCT) {
        for (size_t c = 0; c < column->n_children; c++)
            FIRN_TRY(get_child(in, &column->children[c], row, err));
        return FIRN_OK;
    }
    if (firn_packed_is_nested(type)) return get_entries(in, column, row, err);
    if (firn_column_has_views(type)) return get_view(in, column, row, err);
    firn_str bytes;
    const size_t width = firn_column_width(type);
    FIRN_TRY(firn_cursor_take(in, width, &bytes, err));
    memcpy((char *)column->values + width * (size_t)row, bytes.data, width);
    return FIRN_OK;
}

void firn_packed_value_null(firn_column *column, int64_t row)
{
    const size_t width = firn_column_width(column->type);
    if (column->n_values <= row) column->n_values = row + 1;
    if (width > 0) memset((char *)column->values + width * (size_t)row, 0, width);
    firn_column_set_null(column, row);
    for (size_t c = 0; column->type->kind == FIRN_TYPE_STRUCT && c < column->n_children; c++)
        firn_packed_value_null(&column->children[c], row);
}
