/* SPDX-License-Identifier: Apache-2.0 */
/* The hot loops of the Parquet reader, one table per level of processor. All tables do the same,
 * value for value; parquet_kernels.c has them in plain C. Not here: what is read from where and
 * whether it is allowed to be there; kernels are told how much they may touch. */
#ifndef FIRN_FORMAT_PARQUET_KERNELS_H
#define FIRN_FORMAT_PARQUET_KERNELS_H

#include "base/cpu.h"
#include "firn/base.h"

/* n_set dense values at the front of data move to the slots of [0, n) whose bits from bit at of
 * mask are set, in order; the others become zero. n_set is the number of those bits. */
typedef void (*firn_pq_spread_fn)(void *data, const uint64_t *mask, size_t at, size_t n,
                                  size_t n_set);
/* out[i] = dictionary[index[i]]; every index is below n_values. out need not be aligned. */
typedef void (*firn_pq_gather_fn)(const void *dictionary, size_t n_values, const uint32_t *index,
                                  size_t n, void *out);

typedef struct firn_pq_kernels {
    firn_cpu_level level;
    /* n values of width 1..32 bits; 64 bytes behind the last one are readable. */
    void (*unpack_u32)(const uint8_t *in, unsigned width, uint32_t *out, size_t n);
    /* The largest of n values, 0 for none. */
    uint32_t (*max_u32)(const uint32_t *v, size_t n);
    firn_pq_gather_fn gather_4, gather_8, gather_16;
    bool (*is_ascii)(const uint8_t *bytes, size_t n);
    firn_pq_spread_fn spread_1, spread_4, spread_8, spread_16;
    /* out[i] = last += min_delta + deltas[i], wrapping; returns the new last. */
    uint64_t (*sum_deltas)(const uint32_t *deltas, size_t n, uint64_t min_delta, uint64_t last,
                           uint64_t *out);
    /* BYTE_STREAM_SPLIT: byte j of value i is streams[j * stride + i]. */
    void (*join_4)(const uint8_t *streams, size_t stride, size_t n, uint8_t *out);
    void (*join_8)(const uint8_t *streams, size_t stride, size_t n, uint8_t *out);
} firn_pq_kernels;

/* The best table for a level this machine has. Never NULL. */
const firn_pq_kernels *firn_pq_kernels_of(firn_cpu_level level);

#if FIRN_HAS_X86
/* parquet_kernels_avx2.c, parquet_kernels_avx512.c */
extern const firn_pq_kernels firn_pq_kernels_avx2;
extern const firn_pq_kernels firn_pq_kernels_avx512;
void firn_pq_join_4_x86(const uint8_t *streams, size_t stride, size_t n, uint8_t *out);
void firn_pq_join_8_x86(const uint8_t *streams, size_t stride, size_t n, uint8_t *out);
#endif

/* The portable ones, for the rests and the rare cases of the others. */
uint32_t firn_pq_max_u32(const uint32_t *v, size_t n);
void firn_pq_gather_4(const void *dictionary, size_t n_values, const uint32_t *index, size_t n,
                      void *out);
void firn_pq_gather_8(const void *dictionary, size_t n_values, const uint32_t *index, size_t n,
                      void *out);
void firn_pq_gather_16(const void *dictionary, size_t n_values, const uint32_t *index, size_t n,
                       void *out);
bool firn_pq_is_ascii(const uint8_t *bytes, size_t n);
void firn_pq_spread_1(void *data, const uint64_t *mask, size_t at, size_t n, size_t n_set);
void firn_pq_spread_4(void *data, const uint64_t *mask, size_t at, size_t n, size_t n_set);
void firn_pq_spread_8(void *data, const uint64_t *mask, size_t at, size_t n, size_t n_set);
void firn_pq_spread_16(void *data, const uint64_t *mask, size_t at, size_t n, size_t n_set);
uint64_t firn_pq_sum_deltas(const uint32_t *deltas, size_t n, uint64_t min_delta, uint64_t last,
                            uint64_t *out);
void firn_pq_join_4(const uint8_t *streams, size_t stride, size_t n, uint8_t *out);
void firn_pq_join_8(const uint8_t *streams, size_t stride, size_t n, uint8_t *out);

#endif
