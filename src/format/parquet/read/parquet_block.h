/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that string views may point into: taken, retired when its page is done, used again when no
 * caller can hold a view into it any more. Not for what a caller never sees. */
#ifndef FIRN_FORMAT_PARQUET_BLOCK_H
#define FIRN_FORMAT_PARQUET_BLOCK_H

#include "format/parquet/read/parquet_memory.h"

/* Bytes that the running batch takes: nested values, and pages that begin and end in it. */
typedef struct firn_pq_budget {
    uint64_t used, limit;
    int64_t n_rows; /* of the batch: with fewer it may take less */
} firn_pq_budget;

/* Retired blocks stay until the second next call of the reader, then are used again. */
typedef struct firn_pq_block {
    struct firn_pq_block *next;
    size_t capacity; /* without the slack behind it */
    int64_t taken;   /* number of the call it was first needed in */
    int64_t retired; /* of the one it was last needed in */
    uint8_t *data;
} firn_pq_block;

typedef struct firn_pq_blocks {
    firn_parquet_memory *memory; /* where blocks come from and go to */
    firn_pq_block *retired;      /* newest first */
    size_t total_bytes;
    int64_t call;           /* number of the running call */
    firn_pq_budget *budget; /* what is taken and retired in one call is on it; NULL: nothing */
} firn_pq_blocks;

/* A block of at least size bytes plus slack, contents undefined. FIRN_NEED_MORE: the batch takes
 * too much for its rows, as firn_pq_budget_ask() says. */
FIRN_MUST_CHECK firn_status firn_pq_block_take(firn_pq_blocks *blocks, size_t size,
                                               firn_pq_block **out, firn_error *err);
/* The block is no longer written; views into it live on. NULL is fine. */
void firn_pq_block_retire(firn_pq_blocks *blocks, firn_pq_block *block);
/* Free at once. NULL is fine. */
void firn_pq_block_drop(firn_pq_blocks *blocks, firn_pq_block *block);
/* Frees what was taken and retired in the running call: nobody was given views into it. */
void firn_pq_blocks_forget(firn_pq_blocks *blocks);
void firn_pq_blocks_dispose(firn_pq_blocks *blocks);

#endif
