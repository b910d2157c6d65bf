/* SPDX-License-Identifier: Apache-2.0 */
/* One group being written: what its ways (rows as they come, row groups taken over, sorted rows)
 * have in common. Inside of rewrite_group.h only. */
#ifndef FIRN_ICEBERG_GROUP_RUN_H
#define FIRN_ICEBERG_GROUP_RUN_H

#include "iceberg/maintain/rewrite/rewrite_group.h"
#include "iceberg/scan/read.h"
#include "iceberg/write/table_writer.h"

typedef struct firn_group_run {
    const firn_group_writer *w;
    const firn_rewrite_group *group;
    firn_arena *arena;   /* of the output */
    firn_arena *scratch; /* of the run */
    firn_group_output *out;
    size_t cap_files;
    firn_table_writer *writer; /* NULL between files */
    int64_t rows_per_file;     /* 0: the writer rolls by bytes */
    int64_t n_in_file;
} firn_group_run;

/* task is one of the input's. */
typedef firn_status (*firn_group_batch_fn)(void *ctx, size_t lane, const firn_scan_task *task,
                                           const firn_batch *batch, firn_error *err);

/* ---- input: group_read.c ---- */

typedef struct firn_group_input {
    firn_scan_task *tasks;
    size_t n_tasks;
    const firn_type *root; /* columns to read; _pos comes behind them */
    size_t n_lanes;        /* readers at the same time; 0 or 1: rows come in order */
} firn_group_input;

/* As many as there are threads. */
size_t firn_group_run__lanes(const firn_group_run *r);
/* All rows of the tasks. Each lane is one thread's, with fn called for one batch at a time. */
FIRN_MUST_CHECK firn_status firn_group_run__read(firn_group_run *r, const firn_group_input *input,
                                                 firn_group_batch_fn fn, void *ctx,
                                                 firn_error *err);

/* ---- output ---- */

/* Opens the writer if there is none. */
FIRN_MUST_CHECK firn_status firn_group_run__need_writer(firn_group_run *r, firn_error *err);
/* The batch's first columns, which are the output's, to files of rows_per_file rows. */
FIRN_MUST_CHECK firn_status firn_group_run__write(firn_group_run *r, const firn_batch *batch,
                                                  firn_error *err);
/* Rows that come begin a new file. */
FIRN_MUST_CHECK firn_status firn_group_run__next_file(firn_group_run *r, firn_error *err);
/* Ends the writer: its files to the group's output. */
FIRN_MUST_CHECK firn_status firn_group_run__close_writer(firn_group_run *r, firn_error *err);

/* ---- ways ---- */

/* rewrite_copy.c: rows as they come, row groups of data files without deletes taken over where they
 * fit. The group is of one partition. */
FIRN_MUST_CHECK firn_status firn_group_run__copy(firn_group_run *r, firn_error *err);
/* rewrite_group.c: rows as they come, through columns. */
FIRN_MUST_CHECK firn_status firn_group_run__move(firn_group_run *r, firn_scan_task *tasks, size_t n,
                                                 firn_error *err);
/* rewrite_sort.c: in the writer's order. */
FIRN_MUST_CHECK firn_status firn_group_run__sort(firn_group_run *r, firn_error *err);

#endif
