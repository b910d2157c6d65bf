/* SPDX-License-Identifier: Apache-2.0 */
/* Counts and bounds of a column as its rows have them, against what a manifest entry says. Columns
 * in lists and maps are not counted: writers differ in what they count there. */
#ifndef FIRN_ICEBERG_COLUMN_TALLY_H
#define FIRN_ICEBERG_COLUMN_TALLY_H

#include "base/buf.h"
#include "firn/batch.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_column_tally {
    const firn_field *field;
    firn_str name;  /* dotted */
    size_t path[8]; /* child by child from the batch's columns */
    size_t depth;
    int64_t rows, nulls, nans;
    bool has_bounds;
    firn_value least, most;
    firn_buf least_bytes, most_bytes; /* behind least and most */
} firn_column_tally;

/* Leaf columns of a struct type, in the arena; none below lists, maps and eight structs. */
FIRN_MUST_CHECK firn_status firn_column_tallies_make(const firn_type *root, firn_arena *arena,
                                                     firn_column_tally **out, size_t *n_out,
                                                     firn_error *err);
void firn_column_tallies_reset(firn_column_tally *tallies, size_t n);
void firn_column_tallies_dispose(firn_column_tally *tallies, size_t n);
/* The leaf's value in a row: null where a struct around it is. */
firn_value firn_column_tally_value(const firn_column_tally *tally, const firn_batch *batch,
                                   int64_t row);
FIRN_MUST_CHECK firn_status firn_column_tally_add(firn_column_tally *tally, const firn_value *value,
                                                  firn_error *err);
/* What the entry says wrongly of the column, in the arena; empty: nothing. */
FIRN_MUST_CHECK firn_status firn_column_tally_check(const firn_column_tally *tally,
                                                    const firn_data_file *file, firn_arena *arena,
                                                    firn_str *out, firn_error *err);
/* The entry's counts and bounds of the column put right; maps are copied to the arena. */
FIRN_MUST_CHECK firn_status firn_column_tally_correct(const firn_column_tally *tally,
                                                      firn_data_file *file, firn_arena *arena,
                                                      firn_error *err);

#endif
