/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds and NaN counts of the values a column got, for Parquet statistics and Iceberg metrics.
 * NaN is never a bound; a zero bound has the sign that includes both zeros.
 * Not here: null and value counts (parquet_column.c). */
#ifndef FIRN_FORMAT_PARQUET_STATS_H
#define FIRN_FORMAT_PARQUET_STATS_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/batch.h"
#include "format/parquet/write/parquet_leaf.h"

/* Statistics' longest exact text or binary bound, in code points or bytes. */
#define FIRN_PARQUET_STATS_LENGTH 64

typedef enum firn_stats_class {
    FIRN_STATS_NONE = 0, /* no order: geometry, geography */
    FIRN_STATS_BOOL,
    FIRN_STATS_I32,
    FIRN_STATS_I64,
    FIRN_STATS_I128,
    FIRN_STATS_F32,
    FIRN_STATS_F64,
    FIRN_STATS_BYTES,
} firn_stats_class;

typedef struct firn_parquet_bounds {
    firn_stats_class kind;
    bool has_bounds;
    int64_t nan_count;
    firn_int128 lo, hi;        /* BOOL..I128 */
    double flo, fhi;           /* F32, F64 */
    firn_buf blo, bhi;         /* BYTES */
    bool lo_is_cut, hi_is_cut; /* BYTES: true for all values, but none of them */
} firn_parquet_bounds;

/* One bound in the form Parquet's statistics have it. */
typedef struct firn_parquet_bound {
    bool is_set, is_exact;
    firn_str bytes;
} firn_parquet_bound;

void firn_parquet_bounds_init(firn_parquet_bounds *b, const firn_allocator *alloc,
                              const firn_type *type);
void firn_parquet_bounds_dispose(firn_parquet_bounds *b);
void firn_parquet_bounds_clear(firn_parquet_bounds *b);
/* n values as a batch has them, without nulls. */
void firn_parquet_bounds_add(firn_parquet_bounds *b, const void *values, size_t n);
/* Bounds that somebody else found, as values of the column's type; is_cut: of text, not exact. */
void firn_parquet_bounds_add_found(firn_parquet_bounds *b, const firn_value *lo, bool lo_is_cut,
                                   const firn_value *hi, bool hi_is_cut);
/* How the bounds of two sets of values compare, both with bounds: -1, 0, 1 for each. */
void firn_parquet_bounds_compare(const firn_parquet_bounds *a, const firn_parquet_bounds *b,
                                 int *lo, int *hi);
void firn_parquet_bounds_merge(firn_parquet_bounds *b, const firn_parquet_bounds *other);
FIRN_MUST_CHECK firn_status firn_parquet_bounds_check(const firn_parquet_bounds *b,
                                                      firn_error *err);
/* The bounds as values of type; false if there are none. Bytes are borrowed. */
bool firn_parquet_bounds_values(const firn_parquet_bounds *b, const firn_type *type, firn_value *lo,
                                firn_value *hi);
/* For the footer: PLAIN bytes in the arena; long text is cut. */
FIRN_MUST_CHECK firn_status firn_parquet_bounds_plain(const firn_parquet_bounds *b,
                                                      const firn_parquet_leaf *leaf,
                                                      firn_arena *arena, firn_parquet_bound *lo,
                                                      firn_parquet_bound *hi, firn_error *err);

#endif
