/* SPDX-License-Identifier: Apache-2.0 */
/* The metric maps of a manifest entry: lists of (field, count) and of (field, bound). Most of what
 * it takes to read a manifest is to walk over them, so the numbers that nearly all of them have,
 * ids below 64 and lengths of one byte, have a way of their own. Internal to this folder. */
#ifndef FIRN_ICEBERG_MANIFEST_METRICS_H
#define FIRN_ICEBERG_MANIFEST_METRICS_H

#include "base/cursor.h"
#include "iceberg/spec/manifest.h"

/* The fields whose metrics are wanted. */
typedef struct firn_metric_choice {
    bool has_all;
    const int32_t *ids; /* ascending */
    size_t n_ids;
    uint64_t low; /* bit i: id i is among them */
} firn_metric_choice;

firn_metric_choice firn_metric_choice_all(void);
/* Of ids, which outlive it. */
firn_metric_choice firn_metric_choice_of(const int32_t *ids, size_t n);

/* n items, of which *n_kept more than before are those of the choice; items has room for all. Of a
 * field that comes twice the second may be left out. */
FIRN_MUST_CHECK firn_status firn_metrics_read_counts(const firn_metric_choice *choice,
                                                     firn_cursor *c, firn_metric *items, int64_t n,
                                                     size_t *n_kept, firn_error *err);
FIRN_MUST_CHECK firn_status firn_metrics_read_bounds(const firn_metric_choice *choice,
                                                     firn_cursor *c, firn_metric *items, int64_t n,
                                                     size_t *n_kept, firn_error *err);
FIRN_MUST_CHECK firn_status firn_metrics_skip_counts(firn_cursor *c, int64_t n, firn_error *err);
FIRN_MUST_CHECK firn_status firn_metrics_skip_bounds(firn_cursor *c, int64_t n, firn_error *err);

#endif
