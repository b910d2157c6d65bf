/* SPDX-License-Identifier: Apache-2.0 */
/* Picking rows by their values before the other columns are decoded: the columns of a filter are
 * read first, for a few thousand rows at a time, and rows that cannot pass are dropped in runs.
 * Rows that lie too close to others to be stepped over are decoded along, and dropped afterwards
 * where few pass; where most pass all are let through, and after a while without success the filter
 * is not even looked at for some time.
 *
 * Private to the row reader (parquet_rows.c). */
#ifndef FIRN_FORMAT_PARQUET_PICK_H
#define FIRN_FORMAT_PARQUET_PICK_H

#include "format/parquet/read/parquet_plan.h"

/* Rows [rows.first, +n) of the file; at: where the first one's values are in the scratch columns.
 */
typedef struct firn_pq_run {
    firn_row_range rows;
    size_t at;
} firn_pq_run;

/* A column of the filter that can be read first. */
typedef struct firn_pq_pick_column {
    const firn_field *field;
    size_t child; /* of the plan's root */
    firn_pq_leaf *leaf;
    firn_column scratch;
} firn_pq_pick_column;

typedef struct firn_pq_pick {
    const firn_filter *filter;
    firn_pq_pick_column *columns;
    size_t n_columns, cap_columns;
    bool is_on; /* this batch was picked; scratch columns and the mask are filled */
    uint64_t mask[FIRN_BATCH_ROWS / 64 + FIRN_PQ_SLACK / 8]; /* rows of the scratch columns that
                                                                pass */
    /* success of late: rows that need not be decoded, or, with keys, that the caller need not join,
     * which costs more */
    bool has_keys;
    int64_t n_seen, n_passed;
    int n_rest; /* batches to come that are not looked at */
} firn_pq_pick;

/* Before planning: the projection with the filter's columns that it lacks behind its own. Columns
 * that cannot be read first stay out, and every row passes their tests. */
FIRN_MUST_CHECK firn_status firn_pq_pick_project(firn_pq_pick *pick, const firn_pq_plan *plan,
                                                 const firn_type *projection, firn_type *out,
                                                 firn_error *err);
/* After planning. */
FIRN_MUST_CHECK firn_status firn_pq_pick_init(firn_pq_pick *pick, const firn_pq_plan *plan,
                                              firn_error *err);
/* Reads the filter's columns in the candidate runs (at most FIRN_BATCH_ROWS rows of one row group)
 * and writes what is left of them to runs, which has room for as many runs as there are rows.
 * FIRN_NEED_MORE: they take too much memory. */
FIRN_MUST_CHECK firn_status firn_pq_pick_rows(firn_pq_pick *pick, const firn_row_range *candidates,
                                              size_t n_candidates, firn_pq_run *runs,
                                              size_t *n_runs, firn_error *err);
/* Of n_runs runs that were read, the first without its first `given` rows: a bit for each row that
 * passes, in keep, and the passing rows as ranges in out, for both of which there is room for a
 * batch. False: so many pass that dropping the others does not pay. */
bool firn_pq_pick_sieve(const firn_pq_pick *pick, const firn_pq_run *runs,
                        const firn_row_range *read, size_t n_runs, int64_t given, uint64_t *keep,
                        firn_row_range *out, size_t *n_out);
/* Whether column child of the plan is in the scratch columns; copies n of its rows from place
 * `from` to place `to` of a column. */
const firn_pq_pick_column *firn_pq_pick_find(const firn_pq_pick *pick, size_t child);
/* FIRN_ERR_ARG for a null without validity mask. Counts the nulls up. */
FIRN_MUST_CHECK firn_status firn_pq_pick_copy(const firn_pq_pick_column *column,
                                              const firn_pq_run *run, firn_pq_flat *to, size_t at,
                                              firn_error *err);

#endif
