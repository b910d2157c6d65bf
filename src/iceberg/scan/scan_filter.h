/* SPDX-License-Identifier: Apache-2.0 */
/* A bound expression as the filter a reader of one file understands. What it cannot say (fields in
 * structs of files without ids, columns the file lacks) lets every row through. */
#ifndef FIRN_ICEBERG_SCAN_FILTER_H
#define FIRN_ICEBERG_SCAN_FILTER_H

#include "format/columns/row_filter.h"
#include "iceberg/expr/expr.h"
#include "iceberg/scan/name_mapping.h"
#include "iceberg/scan/read.h"
#include "iceberg/scan/row_file.h"

/* What the files of a scan are asked for. */
typedef struct firn_scan_wanted {
    const firn_expr *filter; /* bound */
    const firn_scan_test *tests;
    size_t n_tests;
} firn_scan_wanted;

/* In the arena; literals and sets are borrowed. Rows whose predicate is null pass where Iceberg
 * lets them (<>, NOT IN, NOT STARTS WITH). */
FIRN_MUST_CHECK firn_status firn_scan_filter_make(
    const firn_scan_wanted *wanted, const firn_schema *file_schema, firn_row_match match,
    const firn_name_mapping *mapping, firn_arena *arena, const firn_filter **out, firn_error *err);

#endif
