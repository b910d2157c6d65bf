/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a row group may pass a filter, from what the file says about itself: statistics,
 * bloom filters, dictionary pages and the page index, cheapest first. No data page is read. Not
 * here: looking at rows (firn_parquet_rows_opts.filter does that for what is left). */
#ifndef FIRN_FORMAT_PARQUET_SELECT_H
#define FIRN_FORMAT_PARQUET_SELECT_H

#include "base/arena.h"
#include "format/columns/row_filter.h"
#include "format/parquet/read/parquet_reader.h"

typedef struct firn_parquet_selection {
    firn_row_range *ranges; /* rows of the file, sorted, disjoint, not adjacent; none: skip it */
    size_t n_ranges;
    int64_t n_rows; /* in them */
} firn_parquet_selection;

/* Columns of the filter are found by match; one the file lacks, or that cannot be judged, excludes
 * nothing. Indexes and filters that are damaged are not used. Results in the arena. */
FIRN_MUST_CHECK firn_status firn_parquet_select(const firn_parquet_file *file, size_t row_group,
                                                const firn_filter *filter, firn_parquet_match match,
                                                firn_arena *arena, firn_parquet_selection *out,
                                                firn_error *err);

#endif
