/* SPDX-License-Identifier: Apache-2.0 */
/* What one snapshot changed, as scans: of the rows that are gone, and of those that are new. Files
 * and manifests are pruned as those of other scans are.
 *
 * A snapshot's own manifests say both what is there and what was before it: entries it added were
 * not, entries it deleted were. So no other snapshot is looked at, and the parent may be expired.
 *
 *   data file added       its rows that no delete file of the snapshot deletes are new
 *   data file deleted     its rows that were alive before are gone
 *   delete file added     rows of other data files that it, and nothing before, deletes are gone
 *   delete file deleted   rows of other data files that nothing deletes now are new
 *
 * Not here: reading rows (change_rows.h), telling rows that were only moved (change_verdict.h). */
#ifndef FIRN_ICEBERG_CHANGE_STEP_H
#define FIRN_ICEBERG_CHANGE_STEP_H

#include "iceberg/changes/change_filter.h"
#include "iceberg/scan/read.h"

/* What was done so far. Of the stats, files are those with changes, and rows theirs; manifests
 * those that may tell of changes; files_total counts those of manifests that were left out, too. */
typedef struct firn_change_tally {
    firn_scan_stats stats;
    firn_scan_work work;
    int64_t n_snapshots;
} firn_change_tally;

typedef struct firn_change_source {
    firn_env *env;
    firn_store *store;
    const firn_table_metadata *metadata;
    const firn_schema *schema;  /* of the rows */
    firn_change_filter *filter; /* files without a row that passes may be left out */
    firn_change_tally *tally;   /* added to */
} firn_change_source;

typedef struct firn_change_step {
    firn_scan_plan gone;
    firn_scan_plan added;
} firn_change_step;

/* All in the arena. */
FIRN_MUST_CHECK firn_status firn_change_step_plan(const firn_change_source *source,
                                                  const firn_snapshot *snapshot, firn_arena *arena,
                                                  firn_change_step *out, firn_error *err);

/* The snapshots with changes after from (exclusive; 0: from the beginning) up to to (NULL: none),
 * oldest first. FIRN_ERR_ARG: from is no ancestor of to. */
FIRN_MUST_CHECK firn_status firn_change_snapshots(const firn_table_metadata *metadata,
                                                  int64_t from_snapshot_id, const firn_snapshot *to,
                                                  firn_arena *arena, const firn_snapshot ***out,
                                                  size_t *n_out, firn_error *err);

#endif
