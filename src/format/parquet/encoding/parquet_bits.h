/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacking of bit-packed integers and the RLE / bit-packed hybrid they come in: levels,
 * dictionary indices, booleans. Untrusted bytes; but every input buffer has FIRN_PQ_SLACK readable
 * bytes behind its end, so that the inner loops can load whole words. */
#ifndef FIRN_FORMAT_PARQUET_BITS_H
#define FIRN_FORMAT_PARQUET_BITS_H

#include "format/parquet/encoding/parquet_kernels.h"

#define FIRN_PQ_SLACK 64

/* n values of width 0..32 bits from the start of in; in has n * width bits plus slack. */
void firn_pq_unpack_u32(const uint8_t *in, unsigned width, uint32_t *out, size_t n);
/* One value of width 0..64 bits at a bit offset. */
uint64_t firn_pq_unpack_one(const uint8_t *in, uint64_t bit, unsigned width);
/* Copies n bits of src from bit src_at to bit dst_at of a mask; src has slack. Returns how many of
 * them are set. */
size_t firn_pq_copy_bits(uint64_t *dst, size_t dst_at, const uint8_t *src, uint64_t src_at,
                         size_t n);
/* Sets or clears bits [at, at + n) of a mask. */
void firn_pq_fill_bits(uint64_t *mask, size_t at, size_t n, bool value);

/* A hybrid stream. width 0 is an endless run of zeros without bytes. */
typedef struct firn_pq_rle {
    const firn_pq_kernels *kernels; /* the portable ones unless its maker knows better */
    const uint8_t *at, *end;
    unsigned width;
    uint64_t run_left; /* values left of the current repeated run */
    uint32_t run_value;
    uint64_t packed_left; /* values left of the current packed run */
    uint64_t packed_bit;  /* next value's offset from packed */
    const uint8_t *packed;
} firn_pq_rle;

/* width 0..32 */
firn_pq_rle firn_pq_rle_of(const uint8_t *at, size_t size, unsigned width);
/* Exactly n values, or FIRN_ERR_CORRUPT when the stream ends before. */
FIRN_MUST_CHECK firn_status firn_pq_rle_u32(firn_pq_rle *rle, uint32_t *out, size_t n,
                                            firn_error *err);
/* As above for width 0..8. */
FIRN_MUST_CHECK firn_status firn_pq_rle_u8(firn_pq_rle *rle, uint8_t *out, size_t n,
                                           firn_error *err);
/* width 1 only: n bits to mask from bit at on; *n_set counts the ones. */
FIRN_MUST_CHECK firn_status firn_pq_rle_mask(firn_pq_rle *rle, uint64_t *mask, size_t at, size_t n,
                                             size_t *n_set, firn_error *err);
/* Step over n values. */
FIRN_MUST_CHECK firn_status firn_pq_rle_skip(firn_pq_rle *rle, size_t n, firn_error *err);

#endif
