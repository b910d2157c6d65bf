/* SPDX-License-Identifier: Apache-2.0 */
/* Batches that own their columns: memory, string heap, and copying rows from batch to batch.
 * Not here: decoding into columns (readers), hashing or sorting rows (iceberg/write). */
#include "firn/batch.h"

#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/error.h"
#include "base/limits.h"

_Static_assert(sizeof(firn_view) == 16, "firn_view has the layout of DuckDB's strings");

/* String bytes, newest block first. */
typedef struct heap_block {
    struct heap_block *next;
    size_t used;
    size_t size;
} heap_block;

#define HEAP_FIRST_BLOCK ((size_t)4096)
#define HEAP_BLOCK_MAX   ((size_t)1 << 20)

/* What an owned column's owner points to. */
typedef struct column_store {
    heap_block *heap;
} column_store;

size_t firn_column_width(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_UNKNOWN:
    case FIRN_TYPE_BOOLEAN: return 1;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_FLOAT: return 4;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS:
    case FIRN_TYPE_DOUBLE: return 8;
    case FIRN_TYPE_DECIMAL: return type->precision <= 9 ? 4 : type->precision <= 18 ? 8 : 16;
    case FIRN_TYPE_STRUCT: return 0;
    default: return 16; /* views and list entries */
    }
}

bool firn_column_has_views(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: return true;
    default: return false;
    }
}

static size_t mask_words(int64_t rows)
{
    return ((size_t)rows + 63) / 64;
}

static void free_blocks(heap_block *block)
{
    while (block) {
        heap_block *next = block->next;
        firn_mem_free(NULL, block);
        block = next;
    }
}

static void dispose_column(firn_column *column)
{
    for (size_t i = 0; i < column->n_children; i++) dispose_column(&column->children[i]);
    firn_mem_free(NULL, column->children);
    column_store *store = column->owner;
    if (!store) return;
    free_blocks(store->heap);
    firn_mem_free(NULL, column->values);
    firn_mem_free(NULL, column->validity);
    firn_mem_free(NULL, store);
}

static void reset_column(firn_column *column)
{
    for (size_t i = 0; i < column->n_children; i++) reset_column(&column->children[i]);
    column->n_values = 0;
    column->codes = NULL;
    if (column->validity)
        memset(column->validity, 0xff, mask_words(column->capacity) * sizeof(uint64_t));
    column_store *store = column->owner;
    if (!store || !store->heap) return;
    free_blocks(store->heap->next);
    store->heap->next = NULL;
    store->heap->used = 0;
}

static firn_status grow_arrays(firn_column *column, int64_t capacity, firn_error *err)
{
    const size_t width = firn_column_width(column->type), rows = (size_t)capacity;
    const size_t old_words = mask_words(column->capacity), words = mask_words(capacity);
    size_t bytes;
    if (!firn_mul_size(rows, width, &bytes)) return firn_fail_nomem(err);
    if (width) {
        void *values = firn_mem_resize(NULL, column->values, bytes);
        if (!values) return firn_fail_nomem(err);
        column->values = values;
    }
    if (words > old_words || !column->validity) {
        uint64_t *validity = firn_mem_resize(NULL, column->validity, words * sizeof *validity);
        if (!validity) return firn_fail_nomem(err);
        const size_t from = column->validity ? old_words : 0;
        memset(validity + from, 0xff, (words - from) * sizeof *validity);
        column->validity = validity;
    }
    column->capacity = capacity;
    return FIRN_OK;
}

firn_status firn_column_reserve(firn_column *column, int64_t capacity, firn_error *err)
{
    if (!column->owner)
        return firn_fail(err, FIRN_ERR_ARG, "column with borrowed values cannot grow to %lld rows",
                         (long long)capacity);
    if (capacity > column->capacity) {
        int64_t target = column->capacity < INT64_MAX / 2 ? column->capacity * 2 : capacity;
        FIRN_TRY(grow_arrays(column, target > capacity ? target : capacity, err));
    }
    if (column->type->kind != FIRN_TYPE_STRUCT) return FIRN_OK;
    for (size_t i = 0; i < column->n_children; i++)
        FIRN_TRY(firn_column_reserve(&column->children[i], capacity, err));
    return FIRN_OK;
}

static firn_status init_column(firn_column *column, const firn_type *type, int64_t capacity,
                               int depth, firn_error *err)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "types nested deeper than %d", FIRN_LIMIT_NESTING);
    column->type = type;
    column->owner = firn_mem_alloc_zero(NULL, sizeof(column_store));
    if (!column->owner) return firn_fail_nomem(err);
    FIRN_TRY(grow_arrays(column, capacity, err));
    if (firn_type_is_primitive(type) || type->n_fields == 0) return FIRN_OK;
    column->children = firn_mem_alloc_zero(NULL, type->n_fields * sizeof *column->children);
    if (!column->children) return firn_fail_nomem(err);
    column->n_children = type->n_fields;
    for (size_t i = 0; i < type->n_fields; i++)
        FIRN_TRY(init_column(&column->children[i], type->fields[i].type, capacity, depth + 1, err));
    return FIRN_OK;
}

static firn_status init_batch(firn_batch *batch, const firn_type *root, int64_t capacity,
                              firn_error *err)
{
    batch->columns = firn_mem_alloc_zero(NULL, (root->n_fields + 1) * sizeof *batch->columns);
    if (!batch->columns) return firn_fail_nomem(err);
    batch->n_columns = root->n_fields;
    for (size_t i = 0; i < root->n_fields; i++)
        FIRN_TRY(init_column(&batch->columns[i], root->fields[i].type, capacity, 1, err));
    return FIRN_OK;
}

firn_status firn_batch_create(const firn_type *root, int64_t capacity, firn_batch **out,
                              firn_error *err)
{
    if (root->kind != FIRN_TYPE_STRUCT)
        return firn_fail(err, FIRN_ERR_ARG, "a batch is made from a struct type");
    if (capacity < 0 || capacity > INT64_MAX / 64)
        return firn_fail(err, FIRN_ERR_ARG, "batch of %lld rows", (long long)capacity);
    firn_batch *batch = firn_mem_alloc_zero(NULL, sizeof *batch);
    if (!batch) return firn_fail_nomem(err);
    /* realloc of 0 bytes may give NULL: never ask for it */
    const firn_status st = init_batch(batch, root, capacity ? capacity : 1, err);
    if (st != FIRN_OK) {
        firn_batch_destroy(batch);
        return st;
    }
    *out = batch;
    return FIRN_OK;
}

void firn_batch_destroy(firn_batch *batch)
{
    if (!batch) return;
    for (size_t i = 0; i < batch->n_columns; i++) dispose_column(&batch->columns[i]);
    firn_mem_free(NULL, batch->columns);
    firn_mem_free(NULL, batch);
}

void firn_batch_reset(firn_batch *batch)
{
    batch->n_rows = 0;
    for (size_t i = 0; i < batch->n_columns; i++) reset_column(&batch->columns[i]);
}

static char *heap_take(column_store *store, size_t n)
{
    heap_block *block = store->heap;
    if (!block || block->size - block->used < n) {
        size_t size = block ? block->size * 2 : HEAP_FIRST_BLOCK;
        if (size > HEAP_BLOCK_MAX) size = HEAP_BLOCK_MAX;
        if (size < n) size = n;
        if (size > SIZE_MAX - sizeof *block) return NULL;
        heap_block *fresh = firn_mem_alloc(NULL, sizeof *fresh + size);
        if (!fresh) return NULL;
        *fresh = (heap_block){block, 0, size};
        store->heap = block = fresh;
    }
    char *at = (char *)(block + 1) + block->used;
    block->used += n;
    return at;
}

firn_status firn_column_copy_bytes(firn_column *column, firn_str bytes, firn_view *out,
                                   firn_error *err)
{
    if (bytes.len > UINT32_MAX)
        return firn_fail(err, FIRN_ERR_LIMIT, "value of %zu bytes, limit %u", bytes.len,
                         UINT32_MAX);
    if (bytes.len <= sizeof out->as.inlined) {
        *out = firn_view_of(bytes.data, (uint32_t)bytes.len);
        return FIRN_OK;
    }
    if (!column->owner)
        return firn_fail(err, FIRN_ERR_ARG, "column with borrowed values has no string heap");
    char *copy = heap_take(column->owner, bytes.len);
    if (!copy) return firn_fail_nomem(err);
    memcpy(copy, bytes.data, bytes.len);
    /* In place: a view put together elsewhere would be read before its parts are written. */
    out->len = (uint32_t)bytes.len;
    memcpy(out->as.ref.prefix, bytes.data, sizeof out->as.ref.prefix);
    out->as.ref.data = copy;
    return FIRN_OK;
}

/* Which source rows: rows[0..n) where -1 stands for a null, or from, from+1, ... */
typedef struct selection {
    const int64_t *rows;
    int64_t from;
    int64_t n;
} selection;

static inline int64_t selected(const selection *sel, int64_t i)
{
    return sel->rows ? sel->rows[i] : sel->from + i;
}

static void copy_validity(firn_column *dst, int64_t at, const firn_column *src,
                          const selection *sel)
{
    if (!src->validity && !sel->rows) return; /* fresh rows are "not null" already */
    for (int64_t i = 0; i < sel->n; i++) {
        const int64_t row = selected(sel, i);
        if (row < 0 || !firn_column_is_valid(src, row)) firn_column_set_null(dst, at + i);
    }
}

static firn_status copy_views(firn_column *dst, int64_t at, const firn_column *src,
                              const selection *sel, firn_error *err)
{
    firn_view *to = (firn_view *)dst->values + at;
    const firn_view *from = src->values;
    for (int64_t i = 0; i < sel->n; i++) {
        const int64_t row = selected(sel, i);
        to[i] = (firn_view){0};
        if (row < 0 || !firn_column_is_valid(src, row)) continue;
        if (from[row].len <= sizeof from->as.inlined)
            to[i] = from[row];
        else
            FIRN_TRY(firn_column_copy_bytes(dst, firn_view_str(&from[row]), &to[i], err));
    }
    return FIRN_OK;
}

static void gather(char *to, const char *from, size_t width, const selection *sel)
{
    for (int64_t i = 0; i < sel->n; i++) {
        const int64_t row = sel->rows[i];
        char *slot = to + (size_t)i * width;
        if (row < 0)
            memset(slot, 0, width);
        else if (width == 8)
            memcpy(slot, from + (size_t)row * 8, 8);
        else if (width == 4)
            memcpy(slot, from + (size_t)row * 4, 4);
        else
            memcpy(slot, from + (size_t)row * width, width);
    }
}

static firn_status append_column(firn_column *dst, int64_t at, const firn_column *src,
                                 const selection *sel, firn_error *err);

/* A null struct's children hold anything: they become nulls. */
static firn_status append_struct(firn_column *dst, int64_t at, const firn_column *src,
                                 const selection *sel, firn_error *err)
{
    int64_t *rows = NULL;
    selection inner = *sel;
    if (src->validity && sel->n) {
        rows = firn_mem_array(NULL, (size_t)sel->n, sizeof *rows);
        if (!rows) return firn_fail_nomem(err);
        for (int64_t i = 0; i < sel->n; i++) {
            const int64_t row = selected(sel, i);
            rows[i] = row >= 0 && firn_column_is_valid(src, row) ? row : -1;
        }
        inner.rows = rows;
    }
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < src->n_children && st == FIRN_OK; i++)
        st = append_column(&dst->children[i], at, &src->children[i], &inner, err);
    firn_mem_free(NULL, rows);
    return st;
}

/* Writes the entries of dst and returns how many elements they have together. */
static int64_t copy_entries(firn_column *dst, int64_t at, const firn_column *src,
                            const selection *sel, int64_t child_at)
{
    firn_list_entry *to = (firn_list_entry *)dst->values + at;
    const firn_list_entry *from = src->values;
    int64_t total = 0;
    for (int64_t i = 0; i < sel->n; i++) {
        const int64_t row = selected(sel, i);
        const bool is_valid = row >= 0 && firn_column_is_valid(src, row);
        to[i].offset = (uint64_t)(child_at + total);
        to[i].length = is_valid ? from[row].length : 0;
        total += (int64_t)to[i].length;
    }
    return total;
}

static firn_status append_list(firn_column *dst, int64_t at, const firn_column *src,
                               const selection *sel, firn_error *err)
{
    if (src->n_children == 0) return firn_fail(err, FIRN_ERR_ARG, "list column without a child");
    const int64_t child_at = dst->children[0].n_values;
    const int64_t total = copy_entries(dst, at, src, sel, child_at);
    int64_t *rows = firn_mem_array(NULL, (size_t)total + 1, sizeof *rows);
    if (!rows) return firn_fail_nomem(err);
    const firn_list_entry *to = (const firn_list_entry *)dst->values + at, *from = src->values;
    int64_t k = 0;
    for (int64_t i = 0; i < sel->n; i++) {
        const int64_t row = selected(sel, i);
        for (uint64_t e = 0; e < to[i].length; e++) rows[k++] = (int64_t)(from[row].offset + e);
    }
    const selection inner = {rows, 0, total};
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < src->n_children && st == FIRN_OK; i++)
        st = append_column(&dst->children[i], child_at, &src->children[i], &inner, err);
    firn_mem_free(NULL, rows);
    return st;
}

static firn_status append_column(firn_column *dst, int64_t at, const firn_column *src,
                                 const selection *sel, firn_error *err)
{
    if (dst->type->kind != src->type->kind || dst->n_children != src->n_children ||
        firn_column_width(dst->type) != firn_column_width(src->type))
        return firn_fail(err, FIRN_ERR_ARG, "rows appended to a column of another type");
    FIRN_TRY(firn_column_reserve(dst, at + sel->n, err));
    copy_validity(dst, at, src, sel);
    dst->n_values = at + sel->n;
    const size_t width = firn_column_width(dst->type);
    if (dst->type->kind == FIRN_TYPE_STRUCT) return append_struct(dst, at, src, sel, err);
    if (!firn_type_is_primitive(dst->type)) return append_list(dst, at, src, sel, err);
    if (firn_column_has_views(dst->type)) return copy_views(dst, at, src, sel, err);
    char *to = (char *)dst->values + (size_t)at * width;
    if (dst->type->kind == FIRN_TYPE_UNKNOWN)
        memset(to, 0, (size_t)sel->n);
    else if (sel->rows)
        gather(to, src->values, width, sel);
    else if (sel->n)
        memcpy(to, (const char *)src->values + (size_t)sel->from * width, (size_t)sel->n * width);
    return FIRN_OK;
}

static firn_status append_selection(firn_batch *dst, const firn_batch *src, const selection *sel,
                                    firn_error *err)
{
    if (dst->n_columns != src->n_columns)
        return firn_fail(err, FIRN_ERR_ARG, "batch of %zu columns appended to one of %zu",
                         src->n_columns, dst->n_columns);
    for (size_t i = 0; i < dst->n_columns; i++)
        FIRN_TRY(append_column(&dst->columns[i], dst->n_rows, &src->columns[i], sel, err));
    dst->n_rows += sel->n;
    return FIRN_OK;
}

firn_status firn_batch_append(firn_batch *dst, const firn_batch *src, int64_t from, int64_t n,
                              firn_error *err)
{
    if (from < 0 || n < 0 || from > src->n_rows || n > src->n_rows - from)
        return firn_fail(err, FIRN_ERR_ARG, "rows %lld to %lld of a batch of %lld rows",
                         (long long)from, (long long)from + (long long)n, (long long)src->n_rows);
    const selection sel = {NULL, from, n};
    return append_selection(dst, src, &sel, err);
}

firn_status firn_batch_append_rows(firn_batch *dst, const firn_batch *src, const int64_t *rows,
                                   int64_t n, firn_error *err)
{
    for (int64_t i = 0; i < n; i++)
        if (rows[i] < 0 || rows[i] >= src->n_rows)
            return firn_fail(err, FIRN_ERR_ARG, "row %lld of a batch of %lld rows",
                             (long long)rows[i], (long long)src->n_rows);
    const selection sel = {rows, 0, n};
    return append_selection(dst, src, &sel, err);
}

/* Columns that are borrowed from the engine have 128 bits at 8 bytes. */
static firn_int128 get_decimal(const firn_column *column, int64_t row)
{
    firn_int128 wide;
    switch (firn_column_width(column->type)) {
    case 4: return ((const int32_t *)column->values)[row];
    case 8: return ((const int64_t *)column->values)[row];
    default: break;
    }
    memcpy(&wide, (const char *)column->values + (size_t)row * sizeof wide, sizeof wide);
    return wide;
}

firn_value firn_column_get(const firn_column *column, int64_t row)
{
    const firn_type *type = column->type;
    firn_value v = {.kind = type->kind, .precision = type->precision, .scale = type->scale};
    v.is_null = type->kind == FIRN_TYPE_UNKNOWN || !firn_column_is_valid(column, row);
    if (v.is_null) return v;
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: v.as.boolean = ((const uint8_t *)column->values)[row] != 0; break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: v.as.i32 = ((const int32_t *)column->values)[row]; break;
    case FIRN_TYPE_FLOAT: v.as.f32 = ((const float *)column->values)[row]; break;
    case FIRN_TYPE_DOUBLE: v.as.f64 = ((const double *)column->values)[row]; break;
    case FIRN_TYPE_DECIMAL: v.as.decimal = get_decimal(column, row); break;
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: break;
    default:
        if (firn_column_has_views(type))
            v.as.bytes = firn_view_str((const firn_view *)column->values + row);
        else
            v.as.i64 = ((const int64_t *)column->values)[row];
    }
    return v;
}
