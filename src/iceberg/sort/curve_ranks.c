/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/curve_ranks.h"

#include "base/error.h"
#include "iceberg/sort/key_sort.h"

#define K_SLOTS   8192
#define K_KEPT    8192 /* samples: as many as the processor's caches hold beside all else */
#define K_AT_ONCE 4    /* samples of a part of their range, mostly */

/* Samples by the top bits of where they are between the least and the greatest, so that a search
 * begins with a few of them. */
static void fill_slots(firn_curve_ranks *r)
{
    size_t at = 0;
    while ((r->samples[r->n - 1] - r->samples[0]) >> r->shift >= K_SLOTS) r->shift++;
    for (size_t slot = 0; slot <= K_SLOTS; slot++) {
        while (at < r->n && (r->samples[at] - r->samples[0]) >> r->shift < slot) at++;
        r->slots[slot] = (uint16_t)at;
    }
}

firn_status firn_curve_ranks_make(firn_curve_ranks *out, uint64_t *samples, size_t n, unsigned bits,
                                  firn_arena *arena, firn_error *err)
{
    const size_t step = (n + K_KEPT - 1) / K_KEPT;
    *out = (firn_curve_ranks){0};
    if (n == 0) return FIRN_OK;
    uint64_t *spare = firn_arena_array(arena, n, sizeof *spare);
    out->samples = firn_arena_array(arena, n / step + K_AT_ONCE, sizeof *out->samples);
    out->slots = firn_arena_array(arena, K_SLOTS + 1, sizeof *out->slots);
    if (!spare || !out->samples || !out->slots) return firn_fail_nomem(err);
    firn_number_sort(samples, spare, n, 0, 64);
    out->n = n / step;
    for (size_t i = 0; i < out->n; i++) out->samples[i] = samples[i * step];
    for (size_t i = 0; i < K_AT_ONCE; i++) out->samples[out->n + i] = UINT64_MAX;
    out->scale = ((uint64_t)1 << (bits + 32)) / out->n;
    fill_slots(out);
    return FIRN_OK;
}

/* How many samples are smaller than a value that is greater than the first one. */
static inline size_t count_smaller(const firn_curve_ranks *r, uint64_t value)
{
    const uint64_t slot = (value - r->samples[0]) >> r->shift;
    size_t from = slot < K_SLOTS ? r->slots[slot] : r->n;
    size_t to = slot < K_SLOTS ? r->slots[slot + 1] : r->n;
    if (to - from <= K_AT_ONCE) { /* without branches; samples of the next part are greater */
        const uint64_t *samples = r->samples + from;
        for (size_t i = 0; i < K_AT_ONCE; i++) from += samples[i] < value;
        return from;
    }
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (r->samples[middle] < value)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

void firn_curve_ranks_find(const firn_curve_ranks *ranks, const uint64_t *values, size_t n,
                           uint32_t *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = 0;
        if (ranks->n == 0 || values[i] <= ranks->samples[0]) continue;
        size_t smaller = count_smaller(ranks, values[i]);
        if (smaller == ranks->n) smaller--;
        out[i] = (uint32_t)(smaller * ranks->scale >> 32);
    }
}
