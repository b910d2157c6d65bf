/* SPDX-License-Identifier: Apache-2.0 */
/* Filling columns with one value or with row numbers. */
#include "iceberg/scan/constant_column.h"

#include <string.h>

#include "base/error.h"

static const firn_type k_long_type = {.kind = FIRN_TYPE_LONG};

static size_t validity_words(int64_t n)
{
    return ((size_t)n + 63) / 64;
}

static firn_status reserve_memory(firn_column_memory *memory, size_t width, int64_t n,
                                  const firn_allocator *alloc, firn_error *err)
{
    if (memory->capacity >= n) return FIRN_OK;
    firn_column_memory_dispose(memory, alloc);
    memory->values = firn_mem_array(alloc, (size_t)n, width);
    memory->validity = firn_mem_array(alloc, validity_words(n), sizeof *memory->validity);
    if (!memory->values || !memory->validity) return firn_fail_nomem(err);
    memory->capacity = n;
    return FIRN_OK;
}

/* Give the column a place for n values, its own or ours. */
static firn_status aim(firn_column *column, const firn_type *type, int64_t n,
                       firn_column_memory *memory, const firn_allocator *alloc, firn_error *err)
{
    const bool is_ours = !column->values || column->values == memory->values;
    if (column->validity == memory->validity) column->validity = NULL;
    if (!is_ours) {
        if (column->capacity < n)
            return firn_fail(err, FIRN_ERR_ARG, "column has room for %lld rows, %lld asked for",
                             (long long)column->capacity, (long long)n);
        return FIRN_OK;
    }
    FIRN_TRY(reserve_memory(memory, firn_column_width(type), n, alloc, err));
    column->values = memory->values;
    column->capacity = memory->capacity;
    column->type = type;
    return FIRN_OK;
}

static firn_status set_validity(firn_column *column, bool is_null, int64_t n,
                                firn_column_memory *memory, const firn_allocator *alloc,
                                firn_error *err)
{
    if (!column->validity) {
        if (!is_null) return FIRN_OK;
        if (memory->capacity < n) FIRN_TRY(reserve_memory(memory, sizeof(uint64_t), n, alloc, err));
        column->validity = memory->validity;
    }
    memset(column->validity, is_null ? 0 : 0xff, validity_words(n) * sizeof *column->validity);
    return FIRN_OK;
}

/* The element as it lies in firn_column.values. Returns its width. */
static size_t encode_element(const firn_type *type, const firn_value *value, void *out)
{
    const size_t width = firn_column_width(type);
    uint8_t boolean;
    firn_view view;
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN:
        boolean = value->as.boolean ? 1 : 0;
        memcpy(out, &boolean, 1);
        break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: memcpy(out, &value->as.i32, sizeof value->as.i32); break;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: memcpy(out, &value->as.i64, sizeof value->as.i64); break;
    case FIRN_TYPE_FLOAT: memcpy(out, &value->as.f32, sizeof value->as.f32); break;
    case FIRN_TYPE_DOUBLE: memcpy(out, &value->as.f64, sizeof value->as.f64); break;
    case FIRN_TYPE_DECIMAL: /* little-endian: the low bytes are the narrower integer */
        memcpy(out, &value->as.decimal, width);
        break;
    default:
        view = firn_view_of(value->as.bytes.data, (uint32_t)value->as.bytes.len);
        memcpy(out, &view, sizeof view);
        break;
    }
    return width;
}

firn_status firn_column_fill_value(firn_column *column, const firn_type *type,
                                   const firn_value *value, int64_t n, firn_column_memory *memory,
                                   const firn_allocator *alloc, firn_error *err)
{
    char element[sizeof(firn_view)] = {0};
    FIRN_TRY(aim(column, type, n, memory, alloc, err));
    FIRN_TRY(set_validity(column, value->is_null, n, memory, alloc, err));
    column->n_values = n;
    const size_t width =
        value->is_null ? firn_column_width(type) : encode_element(type, value, element);
    char *at = column->values;
    if (value->is_null) {
        memset(at, 0, width * (size_t)n); /* defined bytes below nulls */
        return FIRN_OK;
    }
    for (int64_t i = 0; i < n; i++, at += width) memcpy(at, element, width);
    return FIRN_OK;
}

/* first comes from a manifest: any number. */
static int64_t row_number(int64_t first, const firn_row_range *run, int64_t i)
{
    return (int64_t)((uint64_t)first + (uint64_t)run->first + (uint64_t)i);
}

firn_status firn_column_fill_positions(firn_column *column, const firn_row_range *runs,
                                       int64_t first, int64_t n, firn_column_memory *memory,
                                       const firn_allocator *alloc, firn_error *err)
{
    FIRN_TRY(aim(column, &k_long_type, n, memory, alloc, err));
    FIRN_TRY(set_validity(column, false, n, memory, alloc, err));
    column->n_values = n;
    int64_t *values = column->values;
    for (int64_t at = 0; at < n; runs++)
        for (int64_t i = 0; i < runs->n; i++) values[at++] = row_number(first, runs, i);
    return FIRN_OK;
}

static void replace_null(firn_column *column, int64_t row, int64_t value)
{
    if (firn_column_is_valid(column, row)) return;
    ((int64_t *)column->values)[row] = value;
    firn_column_set_valid(column, row);
}

void firn_column_replace_nulls(firn_column *column, const firn_row_range *runs, int64_t first,
                               int64_t n)
{
    for (int64_t at = 0; column->validity && at < n; runs++)
        for (int64_t i = 0; i < runs->n; i++)
            replace_null(column, at++, row_number(first, runs, i));
}

void firn_column_replace_nulls_with(firn_column *column, int64_t value, int64_t n)
{
    for (int64_t at = 0; column->validity && at < n; at++) replace_null(column, at, value);
}

void firn_column_memory_dispose(firn_column_memory *memory, const firn_allocator *alloc)
{
    firn_mem_free(alloc, memory->values);
    firn_mem_free(alloc, memory->validity);
    *memory = (firn_column_memory){0};
}
