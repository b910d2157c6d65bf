/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/batch.h
 * @brief The one batch type: a few thousand rows as typed columns.
 *
 * Parquet readers fill it, SQL results and NDJSON decoders produce it, table writers consume it.
 * The memory layout of fixed-width values, validity bits, strings and list entries is the one
 * DuckDB's vectors have, so a reader can decode straight into an engine's memory.
 *
 * Ownership:  a batch made by firn_batch_create() owns its columns; a reader may be handed
 *             columns whose @c values point into memory of somebody else.
 * Threads:    one batch, one thread.
 */
#ifndef FIRN_BATCH_H
#define FIRN_BATCH_H

#include <string.h>

#include "firn/types.h"

FIRN_BEGIN_DECLS

/** @brief Rows in a batch at most, unless a function says otherwise. DuckDB's vector size. */
#define FIRN_BATCH_ROWS 2048

/** @brief Text or bytes: up to 12 bytes inline, else a 4-byte prefix and a pointer. 16 bytes. */
typedef struct firn_view {
    uint32_t len;
    union {
        char inlined[12]; /**< len <= 12; unused tail is zero */
        struct FIRN_PACKED {
            char prefix[4];
            const char *data;
        } ref; /**< len > 12; packed, or the pointer's alignment would make it 24 bytes */
    } as;
} firn_view;

/** @brief One list or map: entries [offset, offset+length) of the child columns. */
typedef struct firn_list_entry {
    uint64_t offset;
    uint64_t length;
} firn_list_entry;

/**
 * @brief One column of a batch.
 *
 * values, by type:  BOOLEAN uint8_t 0/1; INT, DATE int32_t; LONG, TIME, TIMESTAMP* int64_t; FLOAT
 * float; DOUBLE double; DECIMAL int32_t (precision <= 9), int64_t (<= 18), firn_int128 (<= 38);
 * STRING, BINARY, FIXED, UUID (16 bytes big-endian), VARIANT.., GEOMETRY.. firn_view; LIST, MAP
 * firn_list_entry; STRUCT NULL.
 */
typedef struct firn_column {
    const firn_type *type;
    void *values;
    uint64_t *validity;           /**< bit r set: row r is not null. NULL: no row is null. */
    struct firn_column *children; /**< STRUCT: one per field; LIST: 1; MAP: 2 (keys, values) */
    size_t n_children;
    int64_t n_values; /**< rows, or for a child of a list: total entries */
    int64_t capacity; /**< rows that fit in @c values and @c validity */
    void *owner;      /**< internal: growable storage; NULL when values are borrowed */
    const struct firn_value_codes *codes; /**< internal: which rows are known to be equal; NULL */
} firn_column;

typedef struct firn_batch {
    int64_t n_rows;
    size_t n_columns;
    firn_column *columns;
    void *owner; /**< internal */
} firn_batch;

/** @brief Bytes of one element of firn_column.values for this type; 0 for STRUCT. */
FIRN_API size_t firn_column_width(const firn_type *type);

/** @brief Whether the elements of firn_column.values are firn_views for this type. */
FIRN_API bool firn_column_has_views(const firn_type *type);

/**
 * @brief Make an empty batch with one column per field of @p schema, each with room for
 * @p capacity rows, validity included.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_batch_create(const firn_type *root, int64_t capacity,
                                                       firn_batch **out, firn_error *err);
/** @brief Free a batch from firn_batch_create(). NULL is fine. */
FIRN_API void firn_batch_destroy(firn_batch *batch);
/** @brief Forget all rows and string bytes; keep the memory. All rows become "not null". */
FIRN_API void firn_batch_reset(firn_batch *batch);
/** @brief Grow an owned column (and its validity) to hold at least @p capacity values. */
FIRN_API FIRN_MUST_CHECK firn_status firn_column_reserve(firn_column *column, int64_t capacity,
                                                         firn_error *err);
/** @brief Copy @p bytes into the owned column's string heap and return a view of the copy;
 * the heap is freed by firn_batch_reset(). @p out is untouched on failure. */
FIRN_API FIRN_MUST_CHECK firn_status firn_column_copy_bytes(firn_column *column, firn_str bytes,
                                                            firn_view *out, firn_error *err);
/** @brief Append rows [from, from+n) of @p src to @p dst (same types); strings are copied. */
FIRN_API FIRN_MUST_CHECK firn_status firn_batch_append(firn_batch *dst, const firn_batch *src,
                                                       int64_t from, int64_t n, firn_error *err);
/** @brief Append the @p n rows of @p src that @p rows names, in that order; strings are copied. */
FIRN_API FIRN_MUST_CHECK firn_status firn_batch_append_rows(firn_batch *dst, const firn_batch *src,
                                                            const int64_t *rows, int64_t n,
                                                            firn_error *err);

/** @brief View of bytes that outlive the view. */
static inline firn_view firn_view_of(const char *data, uint32_t len)
{
    firn_view v;

    memset(&v, 0, sizeof v); /* the tail of a short one stays zero */
    v.len = len;
    if (len <= sizeof v.as.inlined) {
        for (uint32_t i = 0; i < len; i++) v.as.inlined[i] = data[i];
    } else {
        for (uint32_t i = 0; i < 4; i++) v.as.ref.prefix[i] = data[i];
        v.as.ref.data = data;
    }
    return v;
}

/** @brief The bytes of a view; valid as long as the view (inline bytes) and its target. */
static inline firn_str firn_view_str(const firn_view *v)
{
    firn_str s = {v->len <= sizeof v->as.inlined ? v->as.inlined : v->as.ref.data, v->len};
    return s;
}

/** @brief True unless the row is null. */
static inline bool firn_column_is_valid(const firn_column *column, int64_t row)
{
    return !column->validity ||
           (column->validity[(uint64_t)row >> 6] >> ((uint64_t)row & 63) & 1) != 0;
}

/** @brief Mark a row null; the column must have a validity mask. */
static inline void firn_column_set_null(firn_column *column, int64_t row)
{
    column->validity[(uint64_t)row >> 6] &= ~((uint64_t)1 << ((uint64_t)row & 63));
}

/** @brief Mark a row not null; the column must have a validity mask. */
static inline void firn_column_set_valid(firn_column *column, int64_t row)
{
    column->validity[(uint64_t)row >> 6] |= (uint64_t)1 << ((uint64_t)row & 63);
}

/** @brief One primitive element as a firn_value; bytes are borrowed from the column. */
FIRN_API firn_value firn_column_get(const firn_column *column, int64_t row);

FIRN_END_DECLS

#endif
