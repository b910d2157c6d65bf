/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshot summaries: what was added and removed, and the totals, with the keys and the rules of
 * Iceberg's libraries. */
#ifndef FIRN_ICEBERG_SNAPSHOT_SUMMARY_H
#define FIRN_ICEBERG_SNAPSHOT_SUMMARY_H

#include "base/map.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_summary_counts {
    firn_map partitions;      /* touched, by spec and values */
    int64_t other_partitions; /* touched too, of which only the number is known */
    int64_t added_files, added_records, added_bytes;
    int64_t removed_files, removed_records, removed_bytes;
    int64_t added_delete_files, removed_delete_files; /* of any kind */
    int64_t added_position_files, removed_position_files;
    int64_t added_vectors, removed_vectors;
    int64_t added_equality_files, removed_equality_files;
    int64_t added_positions, removed_positions; /* rows named */
    int64_t added_equalities, removed_equalities;
    int64_t manifests_created, manifests_kept, manifests_replaced, entries_processed;
} firn_summary_counts;

void firn_summary__init(firn_summary_counts *counts, firn_arena *arena);
FIRN_MUST_CHECK firn_status firn_summary__add(firn_summary_counts *counts,
                                              const firn_data_file *file, firn_error *err);
/* What was counted elsewhere, for data files only. */
void firn_summary__add_counts(firn_summary_counts *counts, const firn_summary_counts *more);
FIRN_MUST_CHECK firn_status firn_summary__remove(firn_summary_counts *counts,
                                                 const firn_data_file *file, firn_error *err);
/* parent NULL: totals start at 0. extra: the caller's entries; they win over ours. */
FIRN_MUST_CHECK firn_status firn_summary__make(const firn_summary_counts *counts,
                                               const firn_snapshot *parent,
                                               const firn_property *extra, size_t n_extra,
                                               firn_arena *arena, firn_properties *out,
                                               firn_error *err);

#endif
