/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/rewrite/row_moves.h"

#include "base/error.h"
#include "iceberg/scan/position_deletes.h"

static firn_status leave_out(firn_row_moves *moves, firn_row_move *part, int64_t to,
                             firn_error *err)
{
    if (part->end == to) return FIRN_OK;
    if (!part->stayed) FIRN_TRY(firn_bitmap_in_arena(moves->arena, &part->stayed, err));
    return firn_bitmap_add_range(part->stayed, (uint64_t)part->end, (uint64_t)to, err);
}

firn_status firn_row_moves_add_run(firn_row_moves *moves, size_t source, int64_t from, int64_t n,
                                   firn_error *err)
{
    firn_row_move *part = moves->n_parts > 0 ? &moves->parts[moves->n_parts - 1] : NULL;
    if (part && part->source == source && part->end <= from) {
        FIRN_TRY(leave_out(moves, part, from, err));
    } else {
        part = firn_arena_push(moves->arena, &moves->parts, &moves->n_parts, &moves->cap_parts,
                               sizeof *part);
        if (!part) return firn_fail_nomem(err);
        *part = (firn_row_move){.source = source, .from = from, .to = moves->n_rows};
    }
    part->end = from + n;
    moves->n_rows += n;
    return FIRN_OK;
}

firn_status firn_row_moves_add(firn_row_moves *moves, size_t source, const int64_t *positions,
                               int64_t n, firn_error *err)
{
    int64_t from = 0;
    for (int64_t i = 1; i <= n; i++) {
        if (i < n && positions[i] == positions[i - 1] + 1) continue;
        FIRN_TRY(firn_row_moves_add_run(moves, source, positions[from], i - from, err));
        from = i;
    }
    return FIRN_OK;
}

static firn_status carry_row(int64_t row, const int64_t *ends, firn_bitmap *const *bitmaps,
                             size_t n_outputs, firn_error *err)
{
    size_t i = 0;
    while (i < n_outputs && row >= ends[i]) i++;
    if (i == n_outputs)
        return firn_fail(err, FIRN_ERR_INTERNAL, "row %lld is behind the last output",
                         (long long)row);
    return firn_bitmap_add(bitmaps[i], (uint64_t)(i > 0 ? row - ends[i - 1] : row), err);
}

/* Rows of the part that are deleted, in rising order: each is as far from the part's first row as
 * it was, but for those in between that stayed. */
static firn_status carry_part(const firn_row_move *part, const firn_bitmap *deleted,
                              const int64_t *ends, firn_bitmap *const *bitmaps, size_t n_outputs,
                              firn_error *err)
{
    firn_bitmap_cursor cursor = {0};
    uint64_t positions[256];
    const uint64_t from = (uint64_t)part->from;
    uint64_t at = from;
    int64_t n_stayed = 0;
    size_t n = 0;
    if (firn_bitmap_count(deleted, from, (uint64_t)part->end) == 0) return FIRN_OK;
    while ((n = firn_bitmap_next(deleted, &cursor, positions, 256)) > 0) {
        for (size_t i = 0; i < n; i++) {
            const uint64_t position = positions[i];
            if (position < from) continue;
            if (position >= (uint64_t)part->end) return FIRN_OK;
            if (part->stayed && firn_bitmap_contains(part->stayed, position)) continue;
            if (part->stayed) n_stayed += (int64_t)firn_bitmap_count(part->stayed, at, position);
            at = position;
            FIRN_TRY(carry_row(part->to + (int64_t)(position - from) - n_stayed, ends, bitmaps,
                               n_outputs, err));
        }
    }
    return FIRN_OK;
}

firn_status firn_row_moves_carry(const firn_row_moves *moves, size_t source,
                                 const firn_bitmap *deleted, const int64_t *ends,
                                 firn_bitmap *const *bitmaps, size_t n_outputs, firn_error *err)
{
    for (size_t i = 0; i < moves->n_parts; i++) {
        if (moves->parts[i].source == source)
            FIRN_TRY(carry_part(&moves->parts[i], deleted, ends, bitmaps, n_outputs, err));
    }
    return FIRN_OK;
}
