/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, codec states and threads that Parquet writers work with. Writers that take turns (the
 * open files of one table writer) share one, so that their number costs nothing here. */
#ifndef FIRN_FORMAT_PARQUET_WORKSPACE_H
#define FIRN_FORMAT_PARQUET_WORKSPACE_H

#include "base/pool.h"
#include "format/codec/codec.h"
#include "format/parquet/write/parquet_shred.h"

struct firn_parquet_memory;

/* What one thread needs to encode any column. Nothing in it lasts from one call to the next. */
typedef struct firn_parquet_scratch {
    firn_codec_ctx *codec_ctx;
    firn_parquet_shredder shredder;
    firn_buf raw;                       /* one page before compression */
    firn_buf packed;                    /* compressed page */
    firn_buf trial;                     /* an encoding that is tried */
    firn_buf words;                     /* levels and lengths as 32-bit numbers */
    firn_buf views;                     /* values in their stored form */
    firn_arena *arena;                  /* emptied after each use */
    struct firn_parquet_memory *memory; /* of readers; NULL until one is needed */
} firn_parquet_scratch;

typedef struct firn_parquet_workspace {
    const firn_allocator *alloc;
    firn_pool *pool;
    size_t n_threads;
    firn_parquet_scratch scratch[]; /* one for each thread of the pool */
} firn_parquet_workspace;

/* pool NULL: the caller's thread only. alloc NULL: the C library's heap. Outlives its writers. */
FIRN_MUST_CHECK firn_status firn_parquet_workspace_create(firn_pool *pool,
                                                          const firn_allocator *alloc,
                                                          firn_parquet_workspace **out,
                                                          firn_error *err);
void firn_parquet_workspace_destroy(firn_parquet_workspace *ws);

#endif
