/* SPDX-License-Identifier: Apache-2.0 */
/* The bloom filter of a column chunk being written. Its bitset begins as large as allowed and is
 * folded at the end to what the values that came need. Not here: the bits (parquet_bloom.h). */
#ifndef FIRN_FORMAT_PARQUET_BLOOM_WRITER_H
#define FIRN_FORMAT_PARQUET_BLOOM_WRITER_H

#include "base/buf.h"
#include "format/parquet/write/parquet_leaf.h"

typedef struct firn_parquet_bloom_writer {
    const firn_allocator *alloc;
    uint8_t *bits; /* NULL until the first value */
    size_t n_bytes;
    uint64_t n_distinct; /* values that were not there yet, or seemed so */
} firn_parquet_bloom_writer;

/* n values in PLAIN form. Room for max_bytes at most. */
FIRN_MUST_CHECK firn_status firn_parquet_bloom_writer_add(firn_parquet_bloom_writer *bloom,
                                                          const firn_parquet_leaf *leaf,
                                                          firn_str plain, size_t n,
                                                          size_t max_bytes, firn_error *err);
/* Header and bitset to out; nothing when no value came. The next chunk can begin. */
void firn_parquet_bloom_writer_finish(firn_parquet_bloom_writer *bloom,
                                      const firn_parquet_leaf *leaf, firn_buf *out);
void firn_parquet_bloom_writer_dispose(firn_parquet_bloom_writer *bloom);

#endif
