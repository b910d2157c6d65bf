/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader of data files is told about the rows that are wanted: a small tree of tests of
 * columns, asked of bounds (may any of these rows match?) and of decoded rows (which do?).
 *
 * Order of values: NaN equals NaN and is above every number, -0 equals 0, bytes are unsigned. Null
 * passes IS_NULL and ANY only. Not here: SQL and Iceberg expressions, which are translated to this
 * (iceberg/scan/scan_filter.h). Immutable once made; lives in its maker's arena. */
#ifndef FIRN_FORMAT_ROW_FILTER_H
#define FIRN_FORMAT_ROW_FILTER_H

#include "format/columns/key_set.h"
#include "format/columns/text_pattern.h"

typedef enum firn_filter_op {
    FIRN_FILTER_ANY = 0, /* all rows: what cannot be said in these terms */
    FIRN_FILTER_NONE,
    FIRN_FILTER_AND, /* parts */
    FIRN_FILTER_OR,
    FIRN_FILTER_IS_NULL, /* column */
    FIRN_FILTER_NOT_NULL,
    FIRN_FILTER_RANGE, /* column, low, high */
    FIRN_FILTER_IN,    /* column, values */
    FIRN_FILTER_NOT_IN,
    FIRN_FILTER_KEYS, /* column, keys: rows that are not among them may pass, too */
    FIRN_FILTER_TEXT, /* column, of STRING; pattern */
} firn_filter_op;

/* One end of a range. */
typedef struct firn_filter_end {
    bool is_set;  /* false: unbounded */
    bool is_open; /* the value itself is outside */
    firn_value value;
} firn_filter_end;

typedef struct firn_filter firn_filter;
struct firn_filter {
    firn_filter_op op;
    const firn_filter *const *parts;
    size_t n_parts;
    const firn_field *column; /* of primitive type; id and name as the reader's match needs */
    firn_filter_end low, high;
    const firn_value *values; /* of the column's type, sorted, none null */
    size_t n_values;
    const firn_key_set *keys;
    const firn_text_pattern *pattern;
};

/* What is known of a column in some rows. Bounds hold for all values that are neither null nor
 * NaN. */
typedef struct firn_filter_bounds {
    bool has_null;  /* there may be a null */
    bool has_value; /* there may be a value */
    bool has_nan;   /* there may be a NaN */
    bool has_min, has_max;
    firn_value min, max;
} firn_filter_bounds;

/* Bounds that say nothing of a column of this type. */
firn_filter_bounds firn_filter_bounds_unknown(const firn_type *type);
/* Whether rows with these bounds may pass one test (not AND, OR). */
bool firn_filter_may_pass(const firn_filter *test, const firn_filter_bounds *bounds);
/* Whether a value, not null, passes one test. */
bool firn_filter_passes(const firn_filter *test, const firn_value *value);
/* Order of values, of one kind and not null. */
int firn_filter_compare(const firn_value *a, const firn_value *b);

/* The column of a test; NULL: not at hand, and every row passes. */
typedef const firn_column *(*firn_filter_column_fn)(void *ctx, const firn_filter *test);
/* Bit r of mask (n / 64 words, rounded up) becomes whether row r passes. depth of the tree is
 * bounded by its maker. */
void firn_filter_rows(const firn_filter *filter, firn_filter_column_fn fn, void *ctx, size_t n,
                      uint64_t *mask);

#endif
