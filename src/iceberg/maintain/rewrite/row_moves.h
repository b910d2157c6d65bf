/* SPDX-License-Identifier: Apache-2.0 */
/* Where the rows of rewritten data files went, as runs: so many rows from a position of a source
 * file on are so many rows of the output, in its order. Deletes that others add to the sources
 * meanwhile are carried over by it. */
#ifndef FIRN_ICEBERG_ROW_MOVES_H
#define FIRN_ICEBERG_ROW_MOVES_H

#include "base/arena.h"
#include "format/puffin/bitmap.h"

typedef struct firn_row_move {
    size_t source; /* index of the source file */
    int64_t from;  /* position in it */
    int64_t n;     /* rows */
    int64_t to;    /* row of the output, counted over all its files */
} firn_row_move;

typedef struct firn_row_moves {
    firn_arena *arena;
    firn_row_move *runs; /* in the order of the output */
    size_t n_runs, cap_runs;
    int64_t n_rows;
} firn_row_moves;

/* Rows at these positions of a source, which follow one another in the output. */
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
