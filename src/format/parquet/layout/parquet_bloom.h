/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet's split-block bloom filters (BloomFilter.md): one bitset of 32-byte blocks per column
 * chunk that says "not there" or "maybe there" of a value. For writers and readers alike; not here:
 * which columns get one, where they stand in a file. */
#ifndef FIRN_FORMAT_PARQUET_BLOOM_H
#define FIRN_FORMAT_PARQUET_BLOOM_H

#include "base/arena.h"
#include "base/buf.h"

#define FIRN_BLOOM_BLOCK     ((size_t)32)
#define FIRN_BLOOM_MAX_BYTES ((size_t)128 << 20) /* of a bitset; larger ones are not used */

/* xxhash64 of a value as PLAIN encoding has it: little-endian numbers; BYTE_ARRAY without its
 * length, FIXED as it is. */
uint64_t firn_bloom_hash(const void *plain, size_t n);

/* Bytes of a bitset (a power of two, 32 .. max_bytes) that holds n_distinct values with at most the
 * rate fpp (0 < fpp < 1) of false answers, or as few as max_bytes allows. */
size_t firn_bloom_size(uint64_t n_distinct, double fpp, size_t max_bytes);
/* bits: n bytes, zeroed at the beginning; n is a multiple of FIRN_BLOOM_BLOCK above 0. */
void firn_bloom_add(uint8_t *bits, size_t n, uint64_t hash);
bool firn_bloom_may_have(const uint8_t *bits, size_t n, uint64_t hash);
/* Halves the bitset (n a power of two above 32) as if it had been built that small: for writers who
 * learn the number of values at the end. Returns n / 2. */
size_t firn_bloom_fold(uint8_t *bits, size_t n);

/* Header and bitset, as they stand in a file; sticky status of out. */
void firn_bloom_put(const uint8_t *bits, size_t n, firn_buf *out);
/* The bitset behind the header at the start of bytes: header_size bytes, of which bytes may hold
 * less than all; its size is checked, its presence is not. FIRN_ERR_UNSUPPORTED for an algorithm,
 * hash or compression of the future. */
FIRN_MUST_CHECK firn_status firn_bloom_header(firn_str bytes, uint64_t offset, size_t *header_size,
                                              size_t *bitset_size, firn_error *err);

#endif
