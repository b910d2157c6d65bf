/* SPDX-License-Identifier: Apache-2.0 */
/* Where the rows of rewritten data files went, in parts: the rows of a source from one position to
 * another, without those that were deleted, follow one another in the output. Deletes that others
 * add to the sources meanwhile are carried over by it. A part takes a bit a row at most. */
#ifndef FIRN_ICEBERG_ROW_MOVES_H
#define FIRN_ICEBERG_ROW_MOVES_H

#include "base/arena.h"
#include "format/puffin/bitmap.h"

typedef struct firn_row_move {
    size_t source;       /* index of the source file */
    int64_t from, end;   /* positions in it */
    int64_t to;          /* row of the output that the first is, counted over all its files */
    firn_bitmap *stayed; /* positions between from and end that did not move; NULL: none */
} firn_row_move;

typedef struct firn_row_moves {
    firn_arena *arena;
    firn_row_move *parts; /* in the order of the output */
    size_t n_parts, cap_parts;
    int64_t n_rows;
} firn_row_moves;

/* Rows at these positions of a source, which rise and follow one another in the output. */
FIRN_MUST_CHECK firn_status firn_row_moves_add(firn_row_moves *moves, size_t source,
                                               const int64_t *positions, int64_t n,
                                               firn_error *err);
/* The same for n positions from one on. */
FIRN_MUST_CHECK firn_status firn_row_moves_add_run(firn_row_moves *moves, size_t source,
                                                   int64_t from, int64_t n, firn_error *err);
/* The rows of a source that are deleted become rows of the output; those that did not move are left
 * out. outputs[i] holds ends[i] - ends[i - 1] rows, and bitmaps[i] gets its positions. */
FIRN_MUST_CHECK firn_status firn_row_moves_carry(const firn_row_moves *moves, size_t source,
                                                 const firn_bitmap *deleted, const int64_t *ends,
                                                 firn_bitmap *const *bitmaps, size_t n_outputs,
                                                 firn_error *err);

#endif
