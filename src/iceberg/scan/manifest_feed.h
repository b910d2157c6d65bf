/* SPDX-License-Identifier: Apache-2.0 */
/* Which manifests a scan reads: those of the snapshots that it is about, without those that the
 * summaries in the manifest list exclude. Those of data files come one by one: the list of a table
 * of many manifests is decoded twice rather than held. Internal to this folder. */
#ifndef FIRN_ICEBERG_MANIFEST_FEED_H
#define FIRN_ICEBERG_MANIFEST_FEED_H

#include "iceberg/scan/manifest_scan.h"

typedef struct firn_manifest_list {
    firn_manifest_scan *scans;
    size_t n, cap;
} firn_manifest_list;

typedef struct firn_manifest_feed {
    const firn_manifest_scan_opts *opts;
    const firn_table_metadata *metadata;
    firn_arena *arena;
    firn_arena *scratch; /* of one manifest-list entry */
    firn_spec_filter **spec_filters;
    size_t n_spec_filters, cap_spec_filters;
    firn_manifest_list deletes; /* all of them */
    /* data manifests: kept ... */
    firn_manifest_list data;
    size_t next;
    /* ... or read again from the list */
    firn_manifest_list_reader *list;
} firn_manifest_feed;

/* Reads the manifest lists, finds the delete manifests and adds totals to stats. opts, bound
 * already, outlive the feed; the arena holds what is kept. Dispose it, failed or not. */
FIRN_MUST_CHECK firn_status firn_manifest_feed_init(firn_manifest_feed *feed,
                                                    const firn_manifest_scan_opts *opts,
                                                    const firn_table_metadata *metadata,
                                                    const firn_plan_opts *plan, firn_arena *arena,
                                                    firn_scan_stats *stats, firn_error *err);
void firn_manifest_feed_dispose(firn_manifest_feed *feed);
/* The next manifest of data files, with what it refers to in the arena; FIRN_DONE at the end. */
FIRN_MUST_CHECK firn_status firn_manifest_feed_next(firn_manifest_feed *feed, firn_arena *arena,
                                                    firn_manifest_scan *out, firn_error *err);

#endif
