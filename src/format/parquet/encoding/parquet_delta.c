/* SPDX-License-Identifier: Apache-2.0 */
/* Delta decoding, 32 values a step. Nothing is allocated: a few bytes may claim billions of equal
 * values, so they are made only as they are asked for. */
#include "format/parquet/encoding/parquet_delta.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"

#define MAX_BLOCK ((uint64_t)1 << 31)

firn_status firn_pq_delta_init(firn_pq_delta *d, const uint8_t *at, size_t size, firn_error *err)
{
    firn_cursor c = firn_cursor_of((firn_str){(const char *)at, size}, 0);
    int64_t first = 0;
    *d = (firn_pq_delta){.kernels = firn_pq_kernels_of(FIRN_CPU_PORTABLE), .end = at + size};
    FIRN_TRY(firn_cursor_uvarint(&c, &d->block_values, err));
    FIRN_TRY(firn_cursor_uvarint(&c, &d->n_minis, err));
    FIRN_TRY(firn_cursor_uvarint(&c, &d->values_left, err));
    FIRN_TRY(firn_cursor_zigzag(&c, &first, err));
    if (d->n_minis == 0 || d->block_values == 0 || d->block_values > MAX_BLOCK ||
        d->block_values % d->n_minis != 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "delta block of %llu values in %llu miniblocks",
                         (unsigned long long)d->block_values, (unsigned long long)d->n_minis);
    d->mini_values = d->block_values / d->n_minis;
    if (d->mini_values % FIRN_PQ_DELTA_STEP != 0)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "delta miniblock of %llu values, expected a multiple of 32",
                         (unsigned long long)d->mini_values);
    d->at = c.at;
    d->last = (uint64_t)first;
    d->has_first = d->values_left > 0;
    d->mini = d->n_minis; /* a block has to be begun */
    return FIRN_OK;
}

static firn_status begin_block(firn_pq_delta *d, firn_error *err)
{
    firn_cursor c = {d->at, d->end, d->at, 0};
    firn_str widths = {NULL, 0};
    int64_t min_delta = 0;
    FIRN_TRY(firn_cursor_zigzag(&c, &min_delta, err));
    FIRN_TRY(firn_cursor_take(&c, d->n_minis, &widths, err));
    d->min_delta = (uint64_t)min_delta;
    d->widths = (const uint8_t *)widths.data;
    d->at = c.at;
    d->mini = 0;
    return FIRN_OK;
}

/* Steps to the next miniblock's bytes. One that is needed only in part may be cut short by its
 * writer; needed is how many of its values will be read. */
static firn_status begin_mini(firn_pq_delta *d, firn_error *err)
{
    if (d->mini == d->n_minis) FIRN_TRY(begin_block(d, err));
    const unsigned width = d->widths[d->mini++];
    const uint64_t needed = d->values_left < d->mini_values ? d->values_left : d->mini_values;
    const uint64_t left = (uint64_t)(d->end - d->at);
    if (width > 64) return firn_fail(err, FIRN_ERR_CORRUPT, "delta of %u bits, limit 64", width);
    if ((needed * width + 7) / 8 > left)
        return firn_fail(err, FIRN_ERR_CORRUPT, "delta miniblock of %llu bytes, %llu left",
                         (unsigned long long)((needed * width + 7) / 8), (unsigned long long)left);
    d->packed = d->at;
    const uint64_t bytes = d->mini_values / 8 * width;
    d->at += bytes < left ? bytes : left;
    d->mini_left = d->mini_values;
    return FIRN_OK;
}

/* Decodes the next 32 values (fewer at the end) from the current miniblock into out. */
static void decode_step(firn_pq_delta *d, uint64_t *out, size_t n)
{
    const unsigned width = d->widths[d->mini - 1];
    uint64_t last = d->last;
    if (width <= 32) {
        uint32_t deltas[FIRN_PQ_DELTA_STEP];
        if (width == 0)
            memset(deltas, 0, sizeof deltas);
        else
            d->kernels->unpack_u32(d->packed, width, deltas, n);
        last = d->kernels->sum_deltas(deltas, n, d->min_delta, last, out);
    } else {
        for (size_t i = 0; i < n; i++)
            out[i] = last += d->min_delta + firn_pq_unpack_one(d->packed, i * width, width);
    }
    d->last = last;
    d->packed += (size_t)width * FIRN_PQ_DELTA_STEP / 8;
    d->mini_left -= FIRN_PQ_DELTA_STEP;
    d->values_left -= n;
}

static size_t step_size(const firn_pq_delta *d)
{
    return d->values_left < FIRN_PQ_DELTA_STEP ? (size_t)d->values_left : FIRN_PQ_DELTA_STEP;
}

static size_t take_buffered(firn_pq_delta *d, int64_t *out, size_t n)
{
    size_t k = d->step_n - d->step_at;
    if (k > n) k = n;
    for (size_t i = 0; i < k; i++) out[i] = (int64_t)d->step[d->step_at + i];
    d->step_at += (uint32_t)k;
    return k;
}

static firn_status refill(firn_pq_delta *d, firn_error *err)
{
    if (d->values_left == 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "delta data ends before its values do");
    d->step_at = 0;
    if (d->has_first) {
        d->has_first = false;
        d->step[0] = d->last;
        d->step_n = 1;
        d->values_left--;
        return FIRN_OK;
    }
    if (d->mini_left == 0) FIRN_TRY(begin_mini(d, err));
    d->step_n = (uint32_t)step_size(d);
    decode_step(d, d->step, d->step_n);
    return FIRN_OK;
}

/* Whole steps of the current miniblock straight to out. */
static size_t take_steps(firn_pq_delta *d, int64_t *out, size_t n)
{
    size_t k = 0;
    if (d->step_at < d->step_n || d->has_first) return 0;
    while (d->mini_left > 0 && n - k >= FIRN_PQ_DELTA_STEP &&
           d->values_left >= FIRN_PQ_DELTA_STEP) {
        decode_step(d, (uint64_t *)(void *)(out + k), FIRN_PQ_DELTA_STEP);
        k += FIRN_PQ_DELTA_STEP;
    }
    return k;
}

firn_status firn_pq_delta_read(firn_pq_delta *d, int64_t *out, size_t n, firn_error *err)
{
    while (n > 0) {
        size_t k = take_steps(d, out, n);
        if (k == 0) k = take_buffered(d, out, n);
        if (k == 0) FIRN_TRY(refill(d, err));
        out += k;
        n -= k;
    }
    return FIRN_OK;
}

firn_status firn_pq_delta_end(const firn_pq_delta *d, const uint8_t **end, firn_error *err)
{
    firn_pq_delta skip = *d;
    if (skip.has_first) skip.values_left--;
    while (skip.values_left > 0) {
        FIRN_TRY(begin_mini(&skip, err));
        skip.values_left -=
            skip.values_left < skip.mini_values ? skip.values_left : skip.mini_values;
    }
    /* The last block's unused miniblocks have no bytes, whatever their widths say. */
    *end = skip.at;
    return FIRN_OK;
}
