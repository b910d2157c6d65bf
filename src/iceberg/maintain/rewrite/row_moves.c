/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/rewrite/row_moves.h"

#include "base/error.h"

firn_status firn_row_moves_add_run(firn_row_moves *moves, size_t source, int64_t from, int64_t n,
                                   firn_error *err)
{
    firn_row_move *last = moves->n_runs > 0 ? &moves->runs[moves->n_runs - 1] : NULL;
    if (last && last->source == source && last->from + last->n == from) {
        last->n += n;
    } else {
        firn_row_move *slot = firn_arena_push(moves->arena, &moves->runs, &moves->n_runs,
                                              &moves->cap_runs, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = (firn_row_move){source, from, n, moves->n_rows};
    }
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

firn_status firn_row_moves_carry(const firn_row_moves *moves, size_t source,
                                 const firn_bitmap *deleted, const int64_t *ends,
                                 firn_bitmap *const *bitmaps, size_t n_outputs, firn_error *err)
{
    for (size_t i = 0; i < moves->n_runs; i++) {
        const firn_row_move *run = &moves->runs[i];
        if (run->source != source) continue;
        if (firn_bitmap_count(deleted, (uint64_t)run->from, (uint64_t)(run->from + run->n)) == 0)
            continue;
        for (int64_t k = 0; k < run->n; k++) {
            if (!firn_bitmap_contains(deleted, (uint64_t)(run->from + k))) continue;
            FIRN_TRY(carry_row(run->to + k, ends, bitmaps, n_outputs, err));
        }
    }
    return FIRN_OK;
}
