/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for rows that are sorted, up to a budget: blocks of one size out of large pieces, which
 * are used again and freed together. Rows that are longer than a block have one of their own. From
 * any thread. */
#ifndef FIRN_ICEBERG_SORT_MEMORY_H
#define FIRN_ICEBERG_SORT_MEMORY_H

#include <pthread.h>

#include "base/alloc.h"

typedef struct firn_sort_memory {
    const firn_allocator *alloc;
    pthread_mutex_t lock; /* of all below */
    size_t block_bytes, piece_bytes;
    int64_t max_bytes, n_bytes; /* of pieces and long blocks */
    char **pieces;
    size_t n_pieces, cap_pieces;
    char *free; /* blocks, each pointing to the next */
} firn_sort_memory;

/* n_users: how many fill a block each at the same time, about. */
void firn_sort_memory_init(firn_sort_memory *memory, const firn_allocator *alloc, int64_t max_bytes,
                           size_t n_users);
void firn_sort_memory_dispose(firn_sort_memory *memory);
/* At least n bytes, *cap of them. NULL beyond the budget, unless there must be some. */
FIRN_MUST_CHECK firn_status firn_sort_memory_take(firn_sort_memory *memory, size_t n, bool is_must,
                                                  char **out, size_t *cap, firn_error *err);
/* NULL is fine. */
void firn_sort_memory_give(firn_sort_memory *memory, char *block, size_t cap);

#endif
