/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as bytes, one behind the other: what sorting moves between threads, memory and files.
 *
 *   u32 bytes of the row   u32 bytes of the key
 *   a bit per column (null)   a slot per column   key   what does not fit the slots
 *
 * Slots hold numbers as they are, and where the bytes of text and of nested values begin in the row
 * and how many they are; or 0 and the number of a text that many rows have. So a column of many
 * rows is packed and unpacked at once, and text is not copied when it is unpacked.
 *
 * Rows may come back from a file: what they say of themselves is checked. */
#ifndef FIRN_ICEBERG_PACKED_ROWS_H
#define FIRN_ICEBERG_PACKED_ROWS_H

#include "base/arena.h"
#include "base/cursor.h"
#include "firn/batch.h"
#include "iceberg/sort/row_keys.h"

#define FIRN_PACKED_HEADER 8 /* bytes: the two lengths */

typedef struct firn_row_layout {
    const firn_type *root; /* borrowed */
    size_t *slots;         /* where each column's begins in a row */
    size_t n_nested;       /* columns that are structs, lists or maps */
    size_t fixed_bytes;    /* of a row: where its key begins */
} firn_row_layout;

/* Rows of one batch, in its order. */
typedef struct firn_packed_rows {
    firn_buf bytes;
    firn_buf nested; /* values of nested columns, column by column */
    size_t *starts;  /* n_rows + 1 */
    size_t *tails;   /* while packing: where the next bytes of each row go */
    size_t *nested_ends;
    int64_t n_rows, cap_rows;
    size_t cap_nested;
    const firn_allocator *alloc;
} firn_packed_rows;

/* A row in a list that is sorted. */
typedef struct firn_sort_entry {
    uint64_t prefix; /* of the key, see key_sort.h */
    const char *row;
} firn_sort_entry;

/* Rows that were checked, in order. */
typedef struct firn_sorted_part {
    firn_sort_entry *entries;
    int64_t n_rows;
    char *spilled; /* rows that came from a file */
} firn_sorted_part;

/* In the arena. */
FIRN_MUST_CHECK firn_status firn_row_layout_init(firn_row_layout *layout, const firn_type *root,
                                                 firn_arena *arena, firn_error *err);

void firn_packed_rows_init(firn_packed_rows *rows, const firn_allocator *alloc);
void firn_packed_rows_dispose(firn_packed_rows *rows);
/* A batch with the layout's columns and the keys of its rows, in place of what was there.
 * FIRN_ERR_LIMIT for a row of 4 GiB. */
FIRN_MUST_CHECK firn_status firn_packed_rows_put(firn_packed_rows *rows,
                                                 const firn_row_layout *layout,
                                                 const firn_batch *batch, const firn_keys *keys,
                                                 firn_error *err);

/* The row at the beginning of bytes, checked as far as its length and its key's go. */
FIRN_MUST_CHECK firn_status firn_packed_row_next(const firn_row_layout *layout, firn_str bytes,
                                                 firn_str *out, firn_error *err);
/* Of a row that was checked. */
static inline firn_str firn_packed_row_key(const firn_row_layout *layout, const char *row)
{
    return (firn_str){row + layout->fixed_bytes, firn_load_u32le(row + 4)};
}

/* Rows [from, from + n) become the rows of a batch that owns its columns and is empty. Text points
 * into the rows. */
FIRN_MUST_CHECK firn_status firn_packed_rows_get(const firn_row_layout *layout,
                                                 const firn_sorted_part *part, int64_t from,
                                                 int64_t n, firn_batch *batch, firn_error *err);

#endif
