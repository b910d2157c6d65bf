/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of firn_scan_queue for readers: units of work and the open files behind them. */
#ifndef FIRN_ICEBERG_SCAN_QUEUE_H
#define FIRN_ICEBERG_SCAN_QUEUE_H

#include "iceberg/scan/name_mapping.h"
#include "iceberg/scan/read.h"
#include "iceberg/scan/row_deletes.h"
#include "iceberg/scan/row_file.h"

typedef struct firn_scan_file firn_scan_file;
typedef struct firn_scan_tasks firn_scan_tasks;

/* A unit of a file (a row group), or a whole file that need not be opened (rows NULL). */
typedef struct firn_scan_unit {
    const firn_scan_task *task;
    firn_scan_tasks *tasks;           /* where the task is from, held by the unit */
    firn_scan_file *file;             /* NULL: not open */
    const firn_row_file *rows;        /* open */
    const firn_file_deletes *deletes; /* NULL: none */
    const firn_file_deletes *only;    /* rows that are wanted; NULL: all */
    size_t index;                     /* of the unit in the file */
    int64_t first_row;                /* in the file */
    int64_t n_rows;
} firn_scan_unit;

/* Both FIRN_DONE when nothing is left. A unit must be released. */
FIRN_MUST_CHECK firn_status firn_scan_queue_next_unit(firn_scan_queue *queue, firn_scan_unit *out,
                                                      firn_error *err);
FIRN_MUST_CHECK firn_status firn_scan_queue_next_file(firn_scan_queue *queue, firn_scan_unit *out,
                                                      firn_error *err);
/* Puts the file in front of the message: "data file x: ". */
firn_status firn_scan_task_wrap(firn_error *err, firn_status st, const firn_scan_task *task);
void firn_scan_queue_release(firn_scan_queue *queue, firn_scan_unit *unit);

/* For firn_scan_queue_work(); from any thread. */
void firn_scan_queue_count_unit(firn_scan_queue *queue, bool is_skipped);
void firn_scan_queue_count_pages(firn_scan_queue *queue, int64_t n_read, int64_t n_skipped);

/* True when some rows can only be told by their values. */
bool firn_scan_queue_by_value(const firn_scan_queue *queue);
/* Most columns that the deletes of one data file compare. */
size_t firn_scan_queue_max_compared(const firn_scan_queue *queue);
/* NULL: the table has none. */
const firn_name_mapping *firn_scan_queue_mapping(const firn_scan_queue *queue);
/* *n_out 0: none are said. */
const firn_scan_test *firn_scan_queue_tests(const firn_scan_queue *queue, size_t *n_out);
firn_env *firn_scan_queue_env(const firn_scan_queue *queue);

#endif
