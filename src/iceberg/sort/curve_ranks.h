/* SPDX-License-Identifier: Apache-2.0 */
/* The rank of a value among the samples of a column: a coordinate of a curve, of so many bits,
 * whatever the values are and however they are spread. */
#ifndef FIRN_ICEBERG_CURVE_RANKS_H
#define FIRN_ICEBERG_CURVE_RANKS_H

#include "base/arena.h"

typedef struct firn_curve_ranks {
    uint64_t *samples; /* ascending, and some greatest numbers behind them */
    size_t n;
    uint16_t *slots; /* first sample of each part of their range, and the end */
    unsigned shift;  /* a part is so many bits wide */
    uint64_t scale;  /* of a sample's place to bits, in 2^-32 */
} firn_curve_ranks;

/* In the arena; every so many of the samples if there are many. Puts samples in order. bits: at
 * most 16. */
FIRN_MUST_CHECK firn_status firn_curve_ranks_make(firn_curve_ranks *out, uint64_t *samples,
                                                  size_t n, unsigned bits, firn_arena *arena,
                                                  firn_error *err);
/* How many samples are smaller, scaled to bits. */
void firn_curve_ranks_find(const firn_curve_ranks *ranks, const uint64_t *values, size_t n,
                           uint32_t *out);

#endif
