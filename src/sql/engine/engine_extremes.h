/* SPDX-License-Identifier: Apache-2.0 */
/* Data files that a query for counts, least and greatest values need not read: rows are made up
 * that have the same of all of them. Private to engine_scan*.c.
 *
 * A file will do when nothing is deleted from it and its metadata has, for every column asked for,
 * counts and bounds of a type whose bounds are values of the column: whole numbers, dates and
 * timestamps. Texts may be cut, and numbers with fractions have -0 and NaN. */
#ifndef FIRN_SQL_ENGINE_EXTREMES_H
#define FIRN_SQL_ENGINE_EXTREMES_H

#include "sql/engine/engine_scan.h"

/* Of one column: nulls first, then one row of the least value, then the greatest. */
typedef struct scan_extreme {
    bool has_values;
    int64_t low, high;
    int64_t n_nulls;
} scan_extreme;

struct firn_engine_extremes {
    firn_scan_stats stats; /* of the plan */
    int64_t n_files;       /* answered by their metadata */
    scan_extreme *columns; /* one for each column of the projection */
    int64_t n_rows;
    atomic_llong at; /* rows handed out */
};

/* scan->extremes and scan->queue, which has the files that must be read; neither when no file is
 * answered by its metadata, or the query asks for more. */
FIRN_MUST_CHECK firn_status firn_engine_extremes_plan(firn_engine_scan *scan,
                                                      const firn_plan_opts *opts, firn_error *err);
/* Rows [from, from + n) of a column into memory of its type. Nulls are the bits that are 0. */
void firn_engine_extremes_fill(const firn_engine_scan *scan, size_t column, int64_t from, int64_t n,
                               void *values, uint64_t *validity);

#endif
