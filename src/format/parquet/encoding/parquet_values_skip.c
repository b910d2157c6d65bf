/* SPDX-License-Identifier: Apache-2.0 */
/* Stepping over values nobody wants: arithmetic where the encoding has places that can be computed,
 * decoding into the void where every value depends on the one before. */
#include "base/cursor.h"
#include "base/error.h"
#include "format/parquet/encoding/parquet_values.h"

#define CHUNK 512

static firn_status fail_short(const firn_pq_values *v, size_t n, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "%zu values to step over, %zu bytes left in the page",
                     n, (size_t)(v->end - v->at));
}

static firn_status skip_views(firn_pq_values *v, size_t n, firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const size_t left = (size_t)(v->end - v->at);
        if (left < sizeof(uint32_t) || firn_load_u32le(v->at) > left - sizeof(uint32_t))
            return fail_short(v, n - i, err);
        v->at += sizeof(uint32_t) + firn_load_u32le(v->at);
    }
    return FIRN_OK;
}

static firn_status skip_plain(firn_pq_values *v, size_t n, firn_error *err)
{
    const size_t left = (size_t)(v->end - v->at), width = v->conv->raw_width;
    if (v->conv->physical == FIRN_PQ_BYTE_ARRAY) return skip_views(v, n, err);
    if (v->conv->physical == FIRN_PQ_BOOLEAN) {
        if (n > (uint64_t)left * 8 - v->bit) return fail_short(v, n, err);
        v->bit += n;
        return FIRN_OK;
    }
    if (width == 0 || n > left / width) return fail_short(v, n, err);
    v->at += n * width;
    return FIRN_OK;
}

static firn_status skip_windows(firn_pq_values *v, size_t n, firn_error *err)
{
    for (size_t k = 0; n > 0; n -= k) {
        FIRN_TRY(firn_pq_values_need(v, n, &k, err));
        FIRN_TRY(skip_plain(v, k, err));
    }
    return FIRN_OK;
}

/* Deltas: each value is the sum of those before. */
static firn_status skip_by_reading(firn_pq_values *v, size_t n, firn_error *err)
{
    uint64_t out[CHUNK * 2]; /* no column has wider values */
    while (n > 0) {
        const size_t k = n < CHUNK ? n : CHUNK;
        FIRN_TRY(firn_pq_values_read(v, k, out, err));
        n -= k;
    }
    return FIRN_OK;
}

firn_status firn_pq_values_skip(firn_pq_values *v, size_t n, firn_error *err)
{
    if (n == 0) return FIRN_OK;
    switch (v->encoding) {
    case FIRN_PQ_ENC_PLAIN: return v->stream ? skip_windows(v, n, err) : skip_plain(v, n, err);
    case FIRN_PQ_ENC_PLAIN_DICTIONARY:
    case FIRN_PQ_ENC_RLE_DICTIONARY:
    case FIRN_PQ_ENC_RLE: return firn_pq_rle_skip(&v->rle, n, err);
    case FIRN_PQ_ENC_BYTE_STREAM_SPLIT:
        if (n > v->n_split - v->split_at) return fail_short(v, n, err);
        v->split_at += n;
        return FIRN_OK;
    case FIRN_PQ_ENC_DELTA_BINARY_PACKED:
    case FIRN_PQ_ENC_DELTA_LENGTH_BYTE_ARRAY:
    case FIRN_PQ_ENC_DELTA_BYTE_ARRAY:
    case FIRN_PQ_ENC_BIT_PACKED: break;
    }
    return skip_by_reading(v, n, err);
}
