/* SPDX-License-Identifier: Apache-2.0 */
/* Packed rows, kept apart by cuts: parts in the order of their keys, each in no order within. Rows
 * are added from several threads. What is beyond the budget of memory goes to a file; a part whose
 * rows are too many to be loaded is handed on to parts of its own. */
#ifndef FIRN_ICEBERG_SORT_PARTS_H
#define FIRN_ICEBERG_SORT_PARTS_H

#include "base/env.h"
#include "firn/ext/store.h"
#include "iceberg/sort/packed_rows.h"
#include "iceberg/sort/row_keys.h"
#include "iceberg/sort/row_order.h"
#include "iceberg/sort/sort_cuts.h"
#include "iceberg/sort/sort_memory.h"
#include "iceberg/sort/sort_scratch.h"

typedef struct firn_sort_parts firn_sort_parts;

typedef struct firn_sort_parts_opts {
    firn_env *env;
    firn_store *store;
    firn_str path; /* of the file */
    const firn_row_layout *layout;
    const firn_row_order *order;  /* of the rows; what its keys need is read from them again */
    const firn_sort_texts *texts; /* that slots have numbers of */
    firn_sort_cuts cuts;
    firn_sort_memory *memory;       /* for rows; shared by several parts, perhaps */
    firn_sort_scratches *scratches; /* as well */
} firn_sort_parts_opts;

/* Rows [from, from + n) of columns. */
typedef struct firn_slot_rows {
    const firn_slot_columns *columns;
    uint32_t from;
    int64_t n;
    const firn_keys *keys; /* of these rows, and no others; NULL: parts need none */
    uint64_t first;        /* they have the numbers first, first + 1, ... */
} firn_slot_rows;

/* Rows that were checked, in order. */
typedef struct firn_sorted_part {
    firn_row_source source;
    firn_sort_scratch *scratch; /* its places are the rows */
    int64_t n_rows;
    firn_row_block *blocks;
    char *spilled; /* what came from a file */
} firn_sorted_part;

/* What one thread needs to tell its rows apart. Begins zeroed. */
typedef struct firn_sort_lane {
    uint32_t *part_of;
    uint32_t *order;
    uint64_t *packed; /* keys */
    size_t cap_rows;
    size_t *counts;
    size_t cap_parts;
} firn_sort_lane;

/* What opts refer to must outlive the parts. */
FIRN_MUST_CHECK firn_status firn_sort_parts_create(const firn_sort_parts_opts *opts,
                                                   firn_sort_parts **out, firn_error *err);
/* Removes the file. NULL is fine. */
void firn_sort_parts_destroy(firn_sort_parts *parts);
/* Or are they told from the rows' columns? */
bool firn_sort_parts_needs_keys(const firn_sort_parts *parts);
void firn_sort_lane_dispose(firn_sort_lane *lane, const firn_allocator *alloc);

FIRN_MUST_CHECK firn_status firn_sort_parts_add(firn_sort_parts *parts, firn_sort_lane *lane,
                                                const firn_slot_rows *rows, firn_error *err);
/* After all add. */
FIRN_MUST_CHECK firn_status firn_sort_parts_finish(firn_sort_parts *parts, firn_error *err);

size_t firn_sort_parts_count(const firn_sort_parts *parts);
int64_t firn_sort_parts_rows(const firn_sort_parts *parts, size_t part);
int64_t firn_sort_parts_bytes(const firn_sort_parts *parts, size_t part);
int64_t firn_sort_parts_spilled(const firn_sort_parts *parts); /* bytes in the file */
const firn_key_samples *firn_sort_parts_samples(const firn_sort_parts *parts, size_t part);

/* A part is sorted, or handed on, once, by one thread. Close what was opened, and free its rows. */
FIRN_MUST_CHECK firn_status firn_sort_parts_sort(firn_sort_parts *parts, size_t part,
                                                 firn_sorted_part *out, firn_error *err);
void firn_sort_parts_close(firn_sort_parts *parts, size_t part, firn_sorted_part *sorted);
/* All its rows to other parts, on all threads; lanes: one per thread. Frees them here. */
FIRN_MUST_CHECK firn_status firn_sort_parts_hand_on(firn_sort_parts *parts, size_t part,
                                                    firn_sort_parts *to, firn_sort_lane *lanes,
                                                    firn_error *err);

#endif
