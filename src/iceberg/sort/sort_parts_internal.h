/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a sort are made of. Inside of sort_parts.h only.
 *
 * Each part is a list of blocks of packed rows. Rows that are added together and belong to the same
 * part are a stretch of a block; stretches remember the number of their first row, and in the order
 * of these numbers rows with equal keys come out as they went in, whichever thread was faster.
 *
 * A part's lock protects its lists. When the memory allows no more blocks, a part writes its full
 * block out and begins it anew. */
#ifndef FIRN_ICEBERG_SORT_PARTS_INTERNAL_H
#define FIRN_ICEBERG_SORT_PARTS_INTERNAL_H

#include <pthread.h>

#include "iceberg/sort/number_cuts.h"
#include "iceberg/sort/sort_parts.h"
#include "iceberg/sort/sort_spill.h"

typedef struct firn_row_stretch {
    uint64_t first; /* number of its first row */
    size_t block;
    uint32_t from, to; /* rows of the block */
} firn_row_stretch;

typedef struct firn_row_part {
    pthread_mutex_t lock;
    firn_row_block *blocks; /* the last one is filled */
    size_t n_blocks, cap_blocks;
    firn_row_stretch *stretches; /* block by block */
    size_t n_stretches, cap_stretches;
    int64_t n_rows, n_bytes;
    int64_t n_beside; /* of the bytes: beside the slots */
    bool is_wide;     /* some rows do not fit narrow blocks: no more of these */
    firn_key_samples samples;
} firn_row_part;

struct firn_sort_parts {
    firn_sort_parts_opts opts;
    const firn_allocator *alloc;
    firn_row_part *parts;
    size_t n_parts;
    bool *is_key;                 /* columns that the order needs */
    firn_number_cuts number_cuts; /* if keys are numbers */
    firn_sort_spill spill;
};

/* Bytes of a block in the file. */
size_t firn_sort_parts__file_size(const firn_row_block *block);
void firn_sort_parts__free_block(firn_sort_parts *p, firn_row_block *block);
void firn_sort_parts__free_rows(firn_sort_parts *p, firn_row_part *part);

/* ---- keys of rows in blocks, as bytes: block_keys.c ---- */

/* What is needed to read them, by one thread. */
typedef struct firn_block_keys firn_block_keys;

FIRN_MUST_CHECK firn_status firn_block_keys_open(const firn_sort_parts *p,
                                                 const firn_row_block *blocks, size_t n_blocks,
                                                 firn_block_keys **out, firn_error *err);
/* NULL is fine. */
void firn_block_keys_close(firn_block_keys *reader);
/* Of rows [from, from + n) of a block, FIRN_BATCH_ROWS at most, behind the keys that are there. */
FIRN_MUST_CHECK firn_status firn_block_keys_read(firn_block_keys *reader, size_t block,
                                                 uint32_t from, uint32_t n, firn_keys *keys,
                                                 firn_error *err);

#endif
