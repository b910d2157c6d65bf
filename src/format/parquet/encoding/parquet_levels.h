/* SPDX-License-Identifier: Apache-2.0 */
/* Repetition and definition levels of one page. Every level that comes out is checked against the
 * schema's maximum. */
#ifndef FIRN_FORMAT_PARQUET_LEVELS_H
#define FIRN_FORMAT_PARQUET_LEVELS_H

#include "format/parquet/encoding/parquet_bits.h"

typedef struct firn_pq_levels {
    firn_pq_rle rle;
    const uint8_t *packed; /* deprecated BIT_PACKED encoding: most significant bit first */
    uint64_t packed_bit, packed_bits;
    uint8_t max;
} firn_pq_levels;

/* Bytes of n levels in the deprecated encoding. */
size_t firn_pq_levels_packed_bytes(int16_t max, size_t n);
/* Levels of a v2 page, or no levels at all (max 0). */
firn_pq_levels firn_pq_levels_of(firn_str bytes, int16_t max);
/* Levels at the front of a v1 page of n values: steps *at over them. */
FIRN_MUST_CHECK firn_status firn_pq_levels_begin(firn_pq_levels *l, int32_t encoding, int16_t max,
                                                 size_t n, const uint8_t **at, const uint8_t *end,
                                                 firn_error *err);
FIRN_MUST_CHECK firn_status firn_pq_levels_read(firn_pq_levels *l, uint8_t *out, size_t n,
                                                firn_error *err);
/* max 1 only: levels as bits of a mask from bit at on; *n_set counts the ones. */
FIRN_MUST_CHECK firn_status firn_pq_levels_mask(firn_pq_levels *l, uint64_t *mask, size_t at,
                                                size_t n, size_t *n_set, firn_error *err);

#endif
