/* SPDX-License-Identifier: Apache-2.0 */
/* A file for bytes that do not fit memory: blocks are appended from any thread, and read again once
 * all are there. It is made when the first block comes, and need not survive a crash. */
#ifndef FIRN_ICEBERG_SORT_SPILL_H
#define FIRN_ICEBERG_SORT_SPILL_H

#include <pthread.h>

#include "firn/ext/store.h"

typedef struct firn_sort_spill {
    firn_store *store;
    firn_str path; /* borrowed */
    pthread_mutex_t lock;
    firn_store_writer *writer; /* NULL: none yet, or finished */
    firn_store_file *file;     /* once finished */
    int64_t n_bytes;
    bool is_named; /* the store has the file */
} firn_sort_spill;

void firn_sort_spill_init(firn_sort_spill *spill, firn_store *store, firn_str path);
/* Removes the file. */
void firn_sort_spill_dispose(firn_sort_spill *spill);
/* *at: where the block is. */
FIRN_MUST_CHECK firn_status firn_sort_spill_append(firn_sort_spill *spill, firn_str block,
                                                   int64_t *at, firn_error *err);
/* No append after it. */
FIRN_MUST_CHECK firn_status firn_sort_spill_finish(firn_sort_spill *spill, firn_error *err);
/* From any thread. */
FIRN_MUST_CHECK firn_status firn_sort_spill_read(firn_sort_spill *spill, int64_t at, void *out,
                                                 size_t n, firn_error *err);

#endif
