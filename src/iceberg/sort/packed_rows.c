/* SPDX-License-Identifier: Apache-2.0 */
/* Column by column over the rows of a batch. Rows are unpacked a block at a time, all columns of
 * it, so that the rows stay in the cache. Not here: nested values (packed_values.c). */
#include "iceberg/sort/packed_rows.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "iceberg/sort/packed_values.h"

#define K_BLOCK 512 /* rows */
#define K_LINE  64  /* bytes that come together */
#define K_SLOT  8   /* bytes, of text: where it begins, how long it is */

/* ---- layout ---- */

static size_t slot_width(const firn_type *type)
{
    if (type->kind == FIRN_TYPE_UNKNOWN) return 0;
    if (firn_packed_is_nested(type) || firn_column_has_views(type)) return K_SLOT;
    return firn_column_width(type);
}

firn_status firn_row_layout_init(firn_row_layout *layout, const firn_type *root, firn_arena *arena,
                                 firn_error *err)
{
    *layout = (firn_row_layout){.root = root};
    layout->slots = firn_arena_array(arena, root->n_fields, sizeof *layout->slots);
    if (!layout->slots) return firn_fail_nomem(err);
    size_t at = FIRN_PACKED_HEADER + (root->n_fields + 7) / 8;
    for (size_t i = 0; i < root->n_fields; i++) {
        layout->slots[i] = at;
        at += slot_width(root->fields[i].type);
        if (firn_packed_is_nested(root->fields[i].type)) layout->n_nested++;
    }
    layout->fixed_bytes = at;
    return FIRN_OK;
}

static inline bool is_null_in(const char *row, size_t column)
{
    return ((uint8_t)row[FIRN_PACKED_HEADER + column / 8] >> (column % 8) & 1) != 0;
}

static inline void set_null_in(char *row, size_t column)
{
    char *byte = &row[FIRN_PACKED_HEADER + column / 8];
    *byte = (char)((uint8_t)*byte | 1u << (column % 8));
}

static inline void store_u32(char *to, size_t value)
{
    const uint32_t v = (uint32_t)value;
    memcpy(to, &v, sizeof v);
}

/* ---- packing ---- */

void firn_packed_rows_init(firn_packed_rows *rows, const firn_allocator *alloc)
{
    *rows = (firn_packed_rows){.alloc = alloc};
    firn_buf_init(&rows->bytes, alloc, SIZE_MAX);
    firn_buf_init(&rows->nested, alloc, SIZE_MAX);
}

void firn_packed_rows_dispose(firn_packed_rows *rows)
{
    firn_buf_dispose(&rows->bytes);
    firn_buf_dispose(&rows->nested);
    firn_mem_free(rows->alloc, rows->starts);
    firn_mem_free(rows->alloc, rows->tails);
    firn_mem_free(rows->alloc, rows->nested_ends);
    rows->starts = rows->tails = rows->nested_ends = NULL;
    rows->cap_rows = 0;
    rows->cap_nested = 0;
}

static firn_status reserve_array(const firn_allocator *alloc, size_t **array, size_t *cap, size_t n,
                                 firn_error *err)
{
    if (n <= *cap) return FIRN_OK;
    firn_mem_free(alloc, *array);
    *cap = 0;
    *array = firn_mem_array(alloc, n, sizeof **array);
    if (!*array) return firn_fail_nomem(err);
    *cap = n;
    return FIRN_OK;
}

static firn_status reserve(firn_packed_rows *rows, const firn_row_layout *layout, int64_t n,
                           firn_error *err)
{
    size_t cap_starts = (size_t)rows->cap_rows;
    size_t cap_tails = cap_starts;
    rows->cap_rows = 0;
    FIRN_TRY(reserve_array(rows->alloc, &rows->starts, &cap_starts, (size_t)n + 1, err));
    FIRN_TRY(reserve_array(rows->alloc, &rows->tails, &cap_tails, (size_t)n + 1, err));
    rows->cap_rows = (int64_t)cap_starts;
    return reserve_array(rows->alloc, &rows->nested_ends, &rows->cap_nested,
                         (size_t)n * layout->n_nested, err);
}

/* Values of nested columns, and their lengths to the rows'. */
static firn_status put_nested(firn_packed_rows *rows, const firn_row_layout *layout,
                              const firn_batch *batch, firn_error *err)
{
    size_t k = 0;
    firn_buf_clear(&rows->nested);
    for (size_t i = 0; i < batch->n_columns; i++) {
        const firn_column *column = &batch->columns[i];
        if (!firn_packed_is_nested(layout->root->fields[i].type)) continue;
        for (int64_t r = 0; r < batch->n_rows; r++) {
            const size_t from = rows->nested.len;
            if (firn_column_is_valid(column, r)) firn_packed_value_put(column, r, &rows->nested);
            rows->nested_ends[k++] = rows->nested.len;
            rows->tails[r] += rows->nested.len - from;
        }
    }
    return firn_buf_check(&rows->nested, err);
}

static void add_lengths(firn_packed_rows *rows, const firn_column *column, int64_t n)
{
    const firn_view *views = column->values;
    for (int64_t r = 0; r < n; r++)
        if (firn_column_is_valid(column, r)) rows->tails[r] += views[r].len;
}

/* How many bytes each row has behind its slots, then where each begins. */
static firn_status place_rows(firn_packed_rows *rows, const firn_row_layout *layout,
                              const firn_batch *batch, const firn_keys *keys, firn_error *err)
{
    size_t at = 0;
    for (int64_t r = 0; r < batch->n_rows; r++) rows->tails[r] = firn_keys_at(keys, r).len;
    if (layout->n_nested > 0) FIRN_TRY(put_nested(rows, layout, batch, err));
    for (size_t i = 0; i < batch->n_columns; i++)
        if (firn_column_has_views(layout->root->fields[i].type))
            add_lengths(rows, &batch->columns[i], batch->n_rows);
    for (int64_t r = 0; r < batch->n_rows; r++) {
        const size_t size = layout->fixed_bytes + rows->tails[r];
        if (size > UINT32_MAX)
            return firn_fail(err, FIRN_ERR_LIMIT, "row of %zu bytes to sort, limit %u", size,
                             UINT32_MAX);
        rows->starts[r] = at;
        at += size;
    }
    rows->starts[batch->n_rows] = at;
    firn_buf_clear(&rows->bytes);
    if (!firn_buf_reserve(&rows->bytes, at)) return firn_buf_check(&rows->bytes, err);
    rows->bytes.len = at;
    return FIRN_OK;
}

static void put_headers(firn_packed_rows *rows, const firn_row_layout *layout, size_t n_columns,
                        const firn_keys *keys)
{
    const size_t n_null_bytes = (n_columns + 7) / 8;
    for (int64_t r = 0; r < rows->n_rows; r++) {
        char *row = rows->bytes.data + rows->starts[r];
        const firn_str key = firn_keys_at(keys, r);
        store_u32(row, rows->starts[r + 1] - rows->starts[r]);
        store_u32(row + 4, key.len);
        memset(row + FIRN_PACKED_HEADER, 0, n_null_bytes);
        memcpy(row + layout->fixed_bytes, key.data, key.len);
        rows->tails[r] = layout->fixed_bytes + key.len;
    }
}

static void put_nulls(firn_packed_rows *rows, size_t i, const firn_column *column)
{
    for (int64_t r = 0; column->validity && r < rows->n_rows; r++)
        if (!firn_column_is_valid(column, r)) set_null_in(rows->bytes.data + rows->starts[r], i);
}

static inline void scatter(const firn_packed_rows *rows, size_t slot, const char *values,
                           size_t width)
{
    for (int64_t r = 0; r < rows->n_rows; r++)
        memcpy(rows->bytes.data + rows->starts[r] + slot, values + (size_t)r * width, width);
}

static void put_numbers(const firn_packed_rows *rows, size_t slot, const firn_column *column)
{
    const size_t width = firn_column_width(column->type);
    switch (width) {
    case 1: scatter(rows, slot, column->values, 1); return;
    case 4: scatter(rows, slot, column->values, 4); return;
    case 8: scatter(rows, slot, column->values, 8); return;
    default: scatter(rows, slot, column->values, width);
    }
}

static inline void put_bytes(firn_packed_rows *rows, int64_t r, size_t slot, firn_str bytes)
{
    char *row = rows->bytes.data + rows->starts[r];
    store_u32(row + slot, rows->tails[r]);
    store_u32(row + slot + 4, bytes.len);
    if (bytes.len > 0) memcpy(row + rows->tails[r], bytes.data, bytes.len);
    rows->tails[r] += bytes.len;
}

static void put_views(firn_packed_rows *rows, size_t slot, const firn_column *column)
{
    const firn_view *views = column->values;
    for (int64_t r = 0; r < rows->n_rows; r++) {
        firn_str bytes = {0};
        if (firn_column_is_valid(column, r)) bytes = firn_view_str(&views[r]);
        put_bytes(rows, r, slot, bytes);
    }
}

/* ends: of the column's values in rows->nested; from: where the first begins. */
static void put_encoded(firn_packed_rows *rows, size_t slot, const size_t *ends, size_t from)
{
    for (int64_t r = 0; r < rows->n_rows; r++) {
        put_bytes(rows, r, slot, (firn_str){rows->nested.data + from, ends[r] - from});
        from = ends[r];
    }
}

firn_status firn_packed_rows_put(firn_packed_rows *rows, const firn_row_layout *layout,
                                 const firn_batch *batch, const firn_keys *keys, firn_error *err)
{
    size_t k = 0;
    FIRN_TRY(reserve(rows, layout, batch->n_rows, err));
    FIRN_TRY(place_rows(rows, layout, batch, keys, err));
    rows->n_rows = batch->n_rows;
    put_headers(rows, layout, batch->n_columns, keys);
    for (size_t i = 0; i < batch->n_columns; i++) {
        const firn_type *type = layout->root->fields[i].type;
        const firn_column *column = &batch->columns[i];
        put_nulls(rows, i, column);
        if (firn_packed_is_nested(type)) {
            const size_t *ends = rows->nested_ends + k * (size_t)batch->n_rows;
            put_encoded(rows, layout->slots[i], ends, k > 0 ? ends[-1] : 0);
            k++;
        } else if (firn_column_has_views(type)) {
            put_views(rows, layout->slots[i], column);
        } else if (type->kind != FIRN_TYPE_UNKNOWN) {
            put_numbers(rows, layout->slots[i], column);
        }
    }
    return FIRN_OK;
}

/* ---- unpacking ---- */

firn_status firn_packed_row_next(const firn_row_layout *layout, firn_str bytes, firn_str *out,
                                 firn_error *err)
{
    const size_t fixed = layout->fixed_bytes;
    const size_t len = bytes.len >= fixed ? firn_load_u32le(bytes.data) : 0;
    if (len < fixed || len > bytes.len || firn_load_u32le(bytes.data + 4) > len - fixed)
        return firn_fail(err, FIRN_ERR_CORRUPT, "row of %zu bytes in %zu of sorted rows", len,
                         bytes.len);
    *out = (firn_str){bytes.data, len};
    return FIRN_OK;
}

static inline firn_status bytes_at(const char *row, size_t slot, firn_str *out, firn_error *err)
{
    const uint32_t len = firn_load_u32le(row);
    const uint32_t at = firn_load_u32le(row + slot);
    const uint32_t n = firn_load_u32le(row + slot + 4);
    if (at > len || n > len - at)
        return firn_fail(err, FIRN_ERR_CORRUPT, "%u bytes at %u of a sorted row of %u", n, at, len);
    *out = (firn_str){row + at, n};
    return FIRN_OK;
}

static inline void gather(char *to, const firn_sort_entry *entries, int64_t n, size_t slot,
                          size_t width)
{
    for (int64_t r = 0; r < n; r++) memcpy(to + (size_t)r * width, entries[r].row + slot, width);
}

static void get_numbers(firn_column *column, int64_t at, const firn_sort_entry *entries, int64_t n,
                        size_t slot)
{
    const size_t width = firn_column_width(column->type);
    char *to = (char *)column->values + (size_t)at * width;
    switch (width) {
    case 1: gather(to, entries, n, slot, 1); return;
    case 4: gather(to, entries, n, slot, 4); return;
    case 8: gather(to, entries, n, slot, 8); return;
    default: gather(to, entries, n, slot, width);
    }
}

static firn_status get_views(firn_view *to, const firn_sort_entry *entries, int64_t n, size_t slot,
                             firn_error *err)
{
    for (int64_t r = 0; r < n; r++) {
        firn_str bytes;
        FIRN_TRY(bytes_at(entries[r].row, slot, &bytes, err));
        to[r] = firn_view_of(bytes.data, (uint32_t)bytes.len);
    }
    return FIRN_OK;
}

static firn_status get_nested(firn_column *column, int64_t at, const firn_sort_entry *entries,
                              int64_t n, size_t slot, firn_error *err)
{
    for (int64_t r = 0; r < n; r++) {
        firn_str bytes;
        FIRN_TRY(bytes_at(entries[r].row, slot, &bytes, err));
        firn_cursor cursor = firn_cursor_of(bytes, 0);
        if (firn_column_is_valid(column, at + r))
            FIRN_TRY(firn_packed_value_get(&cursor, column, at + r, err));
        else
            firn_packed_value_null(column, at + r);
    }
    return FIRN_OK;
}

static firn_status get_column(const firn_row_layout *layout, size_t i,
                              const firn_sort_entry *entries, int64_t n, firn_column *column,
                              int64_t at, firn_error *err)
{
    const firn_type *type = layout->root->fields[i].type;
    const size_t slot = layout->slots[i];
    column->n_values = at + n;
    if (type->kind == FIRN_TYPE_UNKNOWN) {
        for (int64_t r = 0; r < n; r++) firn_packed_value_null(column, at + r);
        return FIRN_OK;
    }
    for (int64_t r = 0; r < n; r++)
        if (is_null_in(entries[r].row, i)) firn_column_set_null(column, at + r);
    if (firn_packed_is_nested(type)) return get_nested(column, at, entries, n, slot, err);
    if (firn_column_has_views(type))
        return get_views((firn_view *)column->values + at, entries, n, slot, err);
    get_numbers(column, at, entries, n, slot);
    return FIRN_OK;
}

/* Rows that come next lie anywhere in memory. */
static void prefetch(const firn_sorted_part *part, int64_t from)
{
    const int64_t rest = part->n_rows - from;
    const firn_sort_entry *entries = part->entries + from;
    for (int64_t r = 0; r < K_BLOCK && r < rest; r++) {
        __builtin_prefetch(entries[r].row);
        __builtin_prefetch(entries[r].row + K_LINE);
    }
}

firn_status firn_packed_rows_get(const firn_row_layout *layout, const firn_sorted_part *part,
                                 int64_t from, int64_t n, firn_batch *batch, firn_error *err)
{
    for (size_t i = 0; i < batch->n_columns; i++)
        FIRN_TRY(firn_column_reserve(&batch->columns[i], n, err));
    for (int64_t at = 0; at < n; at += K_BLOCK) {
        const int64_t count = n - at < K_BLOCK ? n - at : K_BLOCK;
        prefetch(part, from + at + count);
        for (size_t i = 0; i < batch->n_columns; i++)
            FIRN_TRY(get_column(layout, i, part->entries + from + at, count, &batch->columns[i], at,
                                err));
    }
    batch->n_rows = n;
    return FIRN_OK;
}
