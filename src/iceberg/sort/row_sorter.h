/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in, from several threads, rows out in order, within a budget of memory.
 *
 * Rows go to parts as they come, each part before the next in the order; how the rows are spread is
 * told from a sample, where there is one. What does not fit memory goes to a file beside the
 * table's data. Parts are then sorted each by itself: one after another in the order, or by whoever
 * wants which part, on all threads.
 *
 * Not here: what the order is (row_order.h), how parts are kept (sort_parts.h). */
#ifndef FIRN_ICEBERG_ROW_SORTER_H
#define FIRN_ICEBERG_ROW_SORTER_H

#include "base/env.h"
#include "firn/ext/store.h"
#include "iceberg/sort/row_order.h"
#include "iceberg/sort/sort_parts.h"

typedef struct firn_row_sorter firn_row_sorter;

typedef struct firn_row_sorter_opts {
    const firn_schema *schema;       /* of the batches */
    const firn_row_order *order;     /* its samples are finished */
    int64_t memory_bytes;            /* of rows and keys; some blocks are held in any case */
    size_t n_lanes;                  /* that append at the same time; 0: 1 */
    const firn_key_samples *samples; /* of the rows to come; NULL: none, rows are spread later */
    size_t n_parts;                  /* to spread them over by the samples */
} firn_row_sorter_opts;

/* What opts refer to, but the samples, must outlive the sorter. */
FIRN_MUST_CHECK firn_status firn_row_sorter_create(firn_env *env, firn_store *store,
                                                   const firn_table_metadata *metadata,
                                                   const firn_row_sorter_opts *opts,
                                                   firn_row_sorter **out, firn_error *err);
/* Removes its files. NULL is fine. */
void firn_row_sorter_destroy(firn_row_sorter *sorter);
/* The lane is one thread's at a time. Rows get the numbers first, first + 1, ..., which no others
 * have; rows with equal keys come out in the order of their numbers. */
FIRN_MUST_CHECK firn_status firn_row_sorter_append(firn_row_sorter *sorter, size_t lane,
                                                   const firn_batch *batch, uint64_t first,
                                                   firn_error *err);
/* After all append, before any of the rest. */
FIRN_MUST_CHECK firn_status firn_row_sorter_finish(firn_row_sorter *sorter, firn_error *err);
int64_t firn_row_sorter_spilled(const firn_row_sorter *sorter); /* bytes written to files */

/* ---- one after another ---- */

/* The next rows in order, up to FIRN_SORTER_ROWS, borrowed until the next call; FIRN_DONE at the
 * end. Parts are sorted on all threads. */
#define FIRN_SORTER_ROWS ((int64_t)4 * FIRN_BATCH_ROWS)
FIRN_MUST_CHECK firn_status firn_row_sorter_next(firn_row_sorter *sorter, const firn_batch **out,
                                                 firn_error *err);

/* ---- each by itself, instead ---- */

/* No fewer than asked for unless the samples were not different enough; parts that came out too
 * large for memory are several. */
size_t firn_row_sorter_parts(const firn_row_sorter *sorter);
/* Which of the parts asked for it is or belongs to. */
size_t firn_row_sorter_origin(const firn_row_sorter *sorter, size_t part);

/* A part's rows; every part may be opened once, from any thread. */
typedef struct firn_part_rows {
    firn_row_sorter *sorter;
    size_t part;
    firn_sorted_part sorted;
    int64_t at;
} firn_part_rows;

FIRN_MUST_CHECK firn_status firn_part_rows_open(firn_part_rows *rows, firn_row_sorter *sorter,
                                                size_t part, firn_error *err);
/* The next rows, max_rows at most, in place of those of a batch with the schema's columns that owns
 * them; FIRN_DONE at the end. Text points to memory of the part: few rows at a time are still in
 * the processor's cache when they are looked at. */
FIRN_MUST_CHECK firn_status firn_part_rows_next(firn_part_rows *rows, int64_t max_rows,
                                                firn_batch *batch, firn_error *err);
/* Frees the part's memory. */
void firn_part_rows_close(firn_part_rows *rows);

#endif
