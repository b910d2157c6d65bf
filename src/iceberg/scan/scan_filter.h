/* SPDX-License-Identifier: Apache-2.0 */
/* A bound expression as the filter a reader of one file understands. What it cannot say (fields in
 * structs of files without ids, columns the file lacks) lets every row through. */
#ifndef FIRN_ICEBERG_SCAN_FILTER_H
#define FIRN_ICEBERG_SCAN_FILTER_H

#include "format/row_filter.h"
#include "iceberg/expr/expr.h"
#include "iceberg/scan/name_mapping.h"
#include "iceberg/scan/row_file.h"

/* In the arena; literals are borrowed from the expression. Rows whose predicate is null pass where
 * Iceberg lets them (<>, NOT IN, NOT STARTS WITH). */
FIRN_MUST_CHECK firn_status firn_scan_filter_make(
    const firn_expr *bound, const firn_schema *file_schema, firn_row_match match,
    const firn_name_mapping *mapping, firn_arena *arena, const firn_filter **out, firn_error *err);

#endif
