/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks cut into pieces of files and packed into splits of about one size: what a reader on several
 * machines or processes hands out. Our own readers share row groups instead (scan_queue.h).
 *
 * Sizes as in Iceberg's TableScanUtil: a file with split offsets is cut at these, others of a
 * format that can be cut every target_bytes; a piece weighs its bytes and those of its delete
 * files, or open_file_bytes for each file if that is more; pieces go into the first of `lookback`
 * open splits with room, and the fullest is closed when there are more; neighbours in one file
 * become one piece again. */
#ifndef FIRN_ICEBERG_SPLIT_PLAN_H
#define FIRN_ICEBERG_SPLIT_PLAN_H

#include "iceberg/scan/plan.h"

typedef struct firn_split_opts {
    int64_t target_bytes;    /* read.split.target-size */
    int64_t open_file_bytes; /* read.split.open-file-cost */
    int32_t lookback;        /* read.split.planning-lookback */
} firn_split_opts;

/* Bytes of a data file: its row groups that begin there. */
typedef struct firn_split_piece {
    const firn_scan_task *task;
    int64_t offset, length;
} firn_split_piece;

typedef struct firn_split {
    const firn_split_piece *pieces;
    size_t n_pieces;
    int64_t bytes;  /* of the pieces */
    int64_t weight; /* what target_bytes was compared with */
} firn_split;

/* The table's properties, or the defaults: 128 MiB, 4 MiB, 10. FIRN_ERR_ARG: not above zero. */
FIRN_MUST_CHECK firn_status firn_split_opts_of(const firn_table_metadata *metadata,
                                               firn_split_opts *out, firn_error *err);
/* All in the arena; tasks are borrowed. */
FIRN_MUST_CHECK firn_status firn_split_tasks(const firn_split_opts *opts,
                                             const firn_scan_task *tasks, size_t n_tasks,
                                             firn_arena *arena, firn_split **out, size_t *n_out,
                                             firn_error *err);

#endif
