/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers that outlive a Parquet reader: whoever opens one reader after another (a scan, row group
 * by row group) hands the same memory to each, and large blocks are used again instead of going
 * back to the system, which would clear their pages each time. Not for results: what a reader lends
 * ends as its header says. One thread at a time. */
#ifndef FIRN_FORMAT_PARQUET_MEMORY_H
#define FIRN_FORMAT_PARQUET_MEMORY_H

#include "base/cpu.h"
#include "format/codec/codec.h"

typedef struct firn_parquet_memory firn_parquet_memory;

/* Free blocks are kept while they and those in use are no more together. */
#define FIRN_PARQUET_MEMORY_BYTES ((size_t)48 << 20)

/* Which pages are held as a whole. */
typedef struct firn_pq_page_limits {
    size_t large;   /* those of at most so many bytes, packed and unpacked; others */
    size_t buffers; /* if they fit into so many with all other buffers; else they are unpacked */
    size_t window;  /* in windows of so many. What is stored as it is, and has no checksum to be */
    size_t stored;  /* verified first, is used in windows that fit a processor's cache, or larger */
                    /* ones where requests cost more (firn/ext/store.h) */
} firn_pq_page_limits;

/* Readers that use it must be closed before it is destroyed. */
FIRN_MUST_CHECK firn_status firn_parquet_memory_create(firn_parquet_memory **out, firn_error *err);
void firn_parquet_memory_destroy(firn_parquet_memory *memory);

/* Readers opened from now on use no instructions above this level: tests compare the levels. */
void firn_parquet_memory_limit_cpu(firn_parquet_memory *memory, firn_cpu_level level);

/* Other limits for readers opened from now on: tests compare. */
void firn_parquet_memory_limit_pages(firn_parquet_memory *memory,
                                     const firn_pq_page_limits *limits);

/* Data pages that its readers read and stepped over, as far as they were closed. */
void firn_parquet_memory_pages(const firn_parquet_memory *memory, int64_t *n_read,
                               int64_t *n_skipped);

/* ---- for readers ---- */

void firn_pq_memory_count_pages(firn_parquet_memory *memory, size_t n_read, size_t n_skipped);

/* At least size bytes (*capacity: how many), not cleared; NULL: out of memory. */
void *firn_pq_memory_take(firn_parquet_memory *memory, size_t size, size_t *capacity);
/* Bytes of what is taken now. */
size_t firn_pq_memory_used(const firn_parquet_memory *memory);
const firn_pq_page_limits *firn_pq_memory_limits(const firn_parquet_memory *memory);
void firn_pq_memory_give(firn_parquet_memory *memory, void *block, size_t capacity);
firn_codec_ctx *firn_pq_memory_codecs(firn_parquet_memory *memory);
const struct firn_pq_kernels *firn_pq_memory_kernels(const firn_parquet_memory *memory);

#endif
