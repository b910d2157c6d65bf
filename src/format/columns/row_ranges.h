/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of row numbers as sorted, disjoint ranges. Results are in the arena; inputs are untouched.
 */
#ifndef FIRN_FORMAT_ROW_RANGES_H
#define FIRN_FORMAT_ROW_RANGES_H

#include "base/arena.h"
#include "format/parquet/read/parquet_reader.h"

typedef struct firn_row_ranges {
    firn_row_range *items;
    size_t n, capacity;
} firn_row_ranges;

/* Add rows at or after the end of the last range; adjacent ranges become one. */
FIRN_MUST_CHECK firn_status firn_row_ranges_add(firn_row_ranges *set, firn_row_range range,
                                                firn_arena *arena, firn_error *err);
FIRN_MUST_CHECK firn_status firn_row_ranges_intersect(const firn_row_ranges *a,
                                                      const firn_row_ranges *b, firn_arena *arena,
                                                      firn_row_ranges *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_row_ranges_unite(const firn_row_ranges *a,
                                                  const firn_row_ranges *b, firn_arena *arena,
                                                  firn_row_ranges *out, firn_error *err);
int64_t firn_row_ranges_count(const firn_row_range *ranges, size_t n);
/* Index of the first range that ends after row; n when none does. */
size_t firn_row_ranges_find(const firn_row_range *ranges, size_t n, int64_t row);

#endif
