/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in blocks, column by column: what sorting moves between threads, memory and files.
 *
 *   a slot per row for each column, column by column, and perhaps for a place on a curve
 *   a bit per row for each column (not null)   bytes
 *
 * Slots hold numbers, in narrow blocks some of them with half of their bytes (row_layout.h). Of
 * text they hold its number, where it has one (sort_texts.h), and else, as of nested values, where
 * it is among the bytes: u32 length, then the bytes, from multiples of four on. So rows of a column
 * are moved in one loop, and text that many rows have is not moved. What bytes belong to a row is
 * known from its slots only: blocks are filled once.
 *
 * Blocks may come back from a file: what their slots say is checked. */
#ifndef FIRN_ICEBERG_PACKED_ROWS_H
#define FIRN_ICEBERG_PACKED_ROWS_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/batch.h"
#include "iceberg/sort/row_layout.h"
#include "iceberg/sort/sort_texts.h"

/* Some columns of slots, wherever they are. Rows are counted from the first one. */
typedef struct firn_slot_columns {
    const firn_row_form *form; /* of the slots */
    const char **values;
    const uint8_t **validity; /* NULL: no nulls */
    firn_str bytes;           /* that slots point into */
} firn_slot_columns;

typedef struct firn_row_block {
    const firn_row_form *form;
    char *data;
    size_t cap;     /* of data */
    size_t n_bytes; /* behind the slots */
    uint32_t n_rows;
    uint32_t cap_rows; /* a multiple of 8 */
    bool has_nulls;
    int64_t file_at; /* no data: where they are in a file */
} firn_row_block;

/* The columns of a batch as slots. */
typedef struct firn_packed_batch {
    firn_slot_columns columns;
    firn_buf *slots; /* of columns whose values are not slots themselves */
    firn_buf bytes;
    firn_buf nested; /* one value */
    size_t n_columns;
    int64_t n_rows;
    const firn_allocator *alloc;
} firn_packed_batch;

/* Where a row is: the block's number, times 2^32, and the row in it. */
typedef uint64_t firn_row_place;

static inline firn_row_place firn_row_place_of(size_t block, uint32_t row)
{
    return (uint64_t)block << 32 | row;
}

/* Where rows come from, and what their slots mean. */
typedef struct firn_row_source {
    const firn_row_layout *layout;
    const firn_row_block *blocks;
    size_t n_blocks;
    const firn_sort_texts *texts;
} firn_row_source;

/* Of a column: numbers of its rows' texts. */
typedef struct firn_row_codes {
    uint32_t *numbers; /* room for as many as rows are asked for; NULL: not wanted */
    firn_value_codes codes;
} firn_row_codes;

/* ---- a batch's rows ---- */

FIRN_MUST_CHECK firn_status firn_packed_batch_init(firn_packed_batch *packed,
                                                   const firn_row_layout *layout,
                                                   const firn_allocator *alloc, firn_arena *arena,
                                                   firn_error *err);
void firn_packed_batch_dispose(firn_packed_batch *packed);
/* A batch with the root's columns, and places on a curve if rows carry them along (NULL: not),
 * which must not change while packed is used. FIRN_ERR_LIMIT for 8 GiB of text and nested values.
 */
FIRN_MUST_CHECK firn_status firn_packed_batch_put(firn_packed_batch *packed,
                                                  const firn_row_layout *layout,
                                                  const firn_batch *batch, const void *places,
                                                  firn_sort_texts *texts, size_t lane,
                                                  firn_error *err);

/* ---- blocks ---- */

/* Bytes of a block of so many rows with so many bytes behind them. */
size_t firn_row_block_size(const firn_row_form *form, uint32_t cap_rows, size_t n_bytes);
/* An empty block in memory of cap bytes, for rows of about so many bytes beside their slots. */
void firn_row_block_init(firn_row_block *block, const firn_row_form *form, char *data, size_t cap,
                         size_t bytes_each);
/* The slots of a block. columns: room for the layout's. */
void firn_row_block_columns(const firn_row_block *block, firn_slot_columns *columns);
/* Bytes beside its slots that a row takes. */
FIRN_MUST_CHECK firn_status firn_slot_columns_bytes(const firn_slot_columns *from, uint32_t row,
                                                    size_t *out, firn_error *err);
/* How many of n rows, from the first on, have numbers that fit the form. */
size_t firn_slot_columns_fitting(const firn_slot_columns *from, const firn_row_form *form,
                                 const uint32_t *rows, size_t n);
/* How many of n rows the block has room for, from the first on; a narrow one has none for a row
 * with a number that does not fit. */
FIRN_MUST_CHECK firn_status firn_row_block_room(const firn_row_block *block,
                                                const firn_slot_columns *from, const uint32_t *rows,
                                                size_t n, size_t *out, firn_error *err);
/* Appends n rows that the block has room for. */
void firn_row_block_append(firn_row_block *block, const firn_slot_columns *from,
                           const uint32_t *rows, size_t n);

/* ---- rows out ---- */

/* The rows in n places to those columns of a batch that are wanted (NULL: all), which own
 * their memory and are empty. Text points into the blocks and texts. codes: of each column; NULL:
 * none wanted. They must be as long there as the batch. */
FIRN_MUST_CHECK firn_status firn_packed_rows_get(const firn_row_source *source,
                                                 const firn_row_place *places, int64_t n,
                                                 const bool *wanted, firn_row_codes *codes,
                                                 firn_batch *batch, firn_error *err);

#endif
