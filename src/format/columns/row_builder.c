/* SPDX-License-Identifier: Apache-2.0 */
/* Cells into growing columns. */
#include "format/columns/row_builder.h"

#include <string.h>

#include "base/error.h"

firn_row_builder firn_rows_begin(const firn_type *root, firn_error *err)
{
    firn_row_builder b = {.err = err};
    b.status = firn_batch_create(root, 16, &b.batch, err);
    return b;
}

firn_column *firn_rows_column(firn_row_builder *b, size_t column)
{
    return b->batch ? &b->batch->columns[column] : NULL;
}

firn_status firn_rows_finish(firn_row_builder *b)
{
    if (b->status != FIRN_OK) return b->status;
    b->batch->n_rows = b->batch->n_columns > 0 ? b->batch->columns[0].n_values : 0;
    for (size_t i = 0; i < b->batch->n_columns; i++) {
        if (b->batch->columns[i].n_values != b->batch->n_rows) {
            return firn_fail(b->err, FIRN_ERR_INTERNAL, "column %zu has %lld rows, expected %lld",
                             i, (long long)b->batch->columns[i].n_values,
                             (long long)b->batch->n_rows);
        }
    }
    return FIRN_OK;
}

/* Room for one more cell; its row, or -1 after a failure. */
static int64_t add_row(firn_row_builder *b, firn_column *column)
{
    if (b->status != FIRN_OK || !column) return -1;
    if (column->n_values == column->capacity) {
        b->status = firn_column_reserve(column, 2 * column->capacity + 16, b->err);
        if (b->status != FIRN_OK) return -1;
    }
    firn_column_set_valid(column, column->n_values);
    return column->n_values++;
}

void firn_cell_null(firn_row_builder *b, firn_column *column)
{
    const int64_t row = add_row(b, column);
    if (row < 0) return;
    const size_t width = firn_column_width(column->type);
    if (width > 0) memset((char *)column->values + (size_t)row * width, 0, width);
    firn_column_set_null(column, row);
    for (size_t i = 0; column->type->kind == FIRN_TYPE_STRUCT && i < column->n_children; i++) {
        firn_cell_null(b, &column->children[i]);
    }
}

void firn_cell_bool(firn_row_builder *b, firn_column *column, bool value)
{
    const int64_t row = add_row(b, column);
    if (row >= 0) ((uint8_t *)column->values)[row] = value ? 1 : 0;
}

void firn_cell_int(firn_row_builder *b, firn_column *column, int32_t value)
{
    const int64_t row = add_row(b, column);
    if (row >= 0) ((int32_t *)column->values)[row] = value;
}

void firn_cell_long(firn_row_builder *b, firn_column *column, int64_t value)
{
    const int64_t row = add_row(b, column);
    if (row >= 0) ((int64_t *)column->values)[row] = value;
}

void firn_cell_text(firn_row_builder *b, firn_column *column, firn_str value)
{
    firn_view view = {0};
    const int64_t row = add_row(b, column);
    if (row < 0) return;
    const firn_status st = firn_column_copy_bytes(column, value, &view, b->err);
    if (st != FIRN_OK) b->status = st;
    ((firn_view *)column->values)[row] = view;
}

static void cell_decimal(firn_row_builder *b, firn_column *column, firn_int128 value)
{
    const int64_t row = add_row(b, column);
    if (row < 0) return;
    const size_t width = firn_column_width(column->type);
    memcpy((char *)column->values + (size_t)row * width, &value, width); /* little-endian */
}

static void cell_bytes(firn_row_builder *b, firn_column *column, const void *value, size_t width)
{
    const int64_t row = add_row(b, column);
    if (row >= 0) memcpy((char *)column->values + (size_t)row * width, value, width);
}

void firn_cell_value(firn_row_builder *b, firn_column *column, const firn_value *value)
{
    if (value->is_null || !column || value->kind != column->type->kind) {
        firn_cell_null(b, column);
        return;
    }
    switch (value->kind) {
    case FIRN_TYPE_BOOLEAN: firn_cell_bool(b, column, value->as.boolean); return;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: firn_cell_int(b, column, value->as.i32); return;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: firn_cell_long(b, column, value->as.i64); return;
    case FIRN_TYPE_FLOAT: cell_bytes(b, column, &value->as.f32, sizeof value->as.f32); return;
    case FIRN_TYPE_DOUBLE: cell_bytes(b, column, &value->as.f64, sizeof value->as.f64); return;
    case FIRN_TYPE_DECIMAL: cell_decimal(b, column, value->as.decimal); return;
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: firn_cell_text(b, column, value->as.bytes); return;
    default: firn_cell_null(b, column); return;
    }
}

void firn_cell_open(firn_row_builder *b, firn_column *column)
{
    const int64_t row = add_row(b, column);
    if (row < 0) return;
    firn_list_entry *entry = &((firn_list_entry *)column->values)[row];
    *entry = (firn_list_entry){(uint64_t)column->children[0].n_values, 0};
}

void firn_cell_close(firn_row_builder *b, firn_column *column)
{
    if (b->status != FIRN_OK || !column) return;
    firn_list_entry *entry = &((firn_list_entry *)column->values)[column->n_values - 1];
    entry->length = (uint64_t)column->children[0].n_values - entry->offset;
}

void firn_cell_struct(firn_row_builder *b, firn_column *column)
{
    (void)add_row(b, column);
}
