/* SPDX-License-Identifier: Apache-2.0 */
/* DELTA_BINARY_PACKED integers (Encodings.md): also the lengths of the delta string encodings. */
#ifndef FIRN_FORMAT_PARQUET_DELTA_H
#define FIRN_FORMAT_PARQUET_DELTA_H

#include "format/parquet/encoding/parquet_bits.h"

#define FIRN_PQ_DELTA_STEP 32

typedef struct firn_pq_delta {
    const firn_pq_kernels *kernels; /* the portable ones unless its maker knows better */
    const uint8_t *at, *end;
    uint64_t block_values;
    uint64_t mini_values; /* per miniblock: a multiple of 32 */
    uint64_t n_minis;
    uint64_t values_left; /* not yet decoded to step or returned, the first value included */
    bool has_first;       /* the header's value still has to be returned */
    uint64_t last;        /* arithmetic wraps, as the format wants it */
    uint64_t min_delta;
    const uint8_t *widths; /* of the current block */
    uint64_t mini;         /* index of the current miniblock in its block */
    uint64_t mini_left;    /* values left in it */
    const uint8_t *packed;
    uint64_t step[FIRN_PQ_DELTA_STEP]; /* decoded, not yet returned */
    uint32_t step_at, step_n;
} firn_pq_delta;

/* Reads the header. */
FIRN_MUST_CHECK firn_status firn_pq_delta_init(firn_pq_delta *d, const uint8_t *at, size_t size,
                                               firn_error *err);
/* Exactly n values, or FIRN_ERR_CORRUPT when there are fewer. */
FIRN_MUST_CHECK firn_status firn_pq_delta_read(firn_pq_delta *d, int64_t *out, size_t n,
                                               firn_error *err);
/* Where the encoded integers end, found without decoding them; d must be fresh. */
FIRN_MUST_CHECK firn_status firn_pq_delta_end(const firn_pq_delta *d, const uint8_t **end,
                                              firn_error *err);

#endif
