/* SPDX-License-Identifier: Apache-2.0 */
/* What a finished data file says of itself: Iceberg's per-file and per-column metrics, and the
 * single-value binary serialisation of bounds (specification, Appendix D). */
#ifndef FIRN_FORMAT_METRICS_H
#define FIRN_FORMAT_METRICS_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/types.h"

typedef enum firn_metrics_mode {
    FIRN_METRICS_TRUNCATE = 0, /* the default: bounds cut to truncate_length */
    FIRN_METRICS_NONE,
    FIRN_METRICS_COUNTS,
    FIRN_METRICS_FULL,
} firn_metrics_mode;

typedef struct firn_column_metrics {
    int32_t field_id;
    int64_t column_size_bytes; /* compressed bytes in the file; -1 unknown */
    int64_t value_count;       /* incl. nulls and NaN; -1 unknown */
    int64_t null_count;        /* -1 unknown */
    int64_t nan_count;         /* floats only; -1 not applicable */
    bool has_lower, has_upper;
    firn_str lower, upper; /* single-value bytes */
} firn_column_metrics;

typedef struct firn_file_metrics {
    int64_t record_count;
    int64_t file_size_bytes;
    firn_column_metrics *columns; /* leaf columns, ascending field id */
    size_t n_columns;
    int64_t *split_offsets; /* row group starts, ascending */
    size_t n_split_offsets;
} firn_file_metrics;

/* Appendix D binary form. */
FIRN_MUST_CHECK firn_status firn_value_encode(const firn_value *value, firn_buf *out,
                                              firn_error *err);
/* Decode bytes written for type; a shorter int/float/date form from before a promotion is
 * widened (4-byte long is an int, ...). The result borrows from bytes. */
FIRN_MUST_CHECK firn_status firn_value_decode(const firn_type *type, firn_str bytes,
                                              firn_value *out, firn_error *err);
/* Cut a string (code points) or binary (bytes) lower bound. Borrows from value. */
firn_str firn_bound_truncate_lower(const firn_type *type, firn_str value, int32_t length);
/* Cut an upper bound and increment it; false when no such bound exists (all 0xff / U+10FFFF). */
bool firn_bound_truncate_upper(firn_arena *arena, const firn_type *type, firn_str value,
                               int32_t length, firn_str *out);
typedef struct firn_metrics_cut {
    firn_metrics_mode mode;
    int32_t truncate_length; /* TRUNCATE; 0: 16 */
} firn_metrics_cut;

/* Sets the bounds as the metrics mode has them: cut for TRUNCATE, none for COUNTS and NONE. lower,
 * upper NULL: none. Bytes are copied into the arena. */
FIRN_MUST_CHECK firn_status firn_column_metrics_set_bounds(
    firn_column_metrics *out, const firn_type *type, const firn_metrics_cut *cut,
    const firn_value *lower, const firn_value *upper, firn_arena *arena, firn_error *err);
/* By field id; quick where they nearly are. */
void firn_column_metrics_sort(firn_column_metrics *m, size_t n);

#endif
