/* SPDX-License-Identifier: Apache-2.0 */
/* Scan planning: snapshot + filter -> data files to read. Manifests are pruned by the manifest
 * list's summaries, files by partition and by metrics; manifests are read by several threads. */
#ifndef FIRN_ICEBERG_PLAN_H
#define FIRN_ICEBERG_PLAN_H

#include "base/env.h"
#include "firn/ext/store.h"
#include "iceberg/expr/expr.h"
#include "iceberg/scan/delete_index.h"

/* A file to read. */
typedef struct firn_scan_task {
    const firn_data_file *file;
    const firn_partition_spec *spec;
    int64_t sequence_number; /* data sequence number */
    int64_t snapshot_id;     /* that added it */
    const firn_expr
        *residual; /* bound filter that the file's partition does not answer; may be TRUE */
    const firn_delete_file *const *deletes; /* that apply to the file: a reader leaves their rows
                                               out */
    size_t n_deletes;
    const firn_delete_file *const *only; /* where n_only > 0: the rows that these delete (and those
                                            above do not) are all that a reader gives */
    size_t n_only;
} firn_scan_task;

typedef struct firn_scan_stats {
    int64_t manifests_total, manifests_read; /* of data files */
    int64_t delete_manifests_total, delete_manifests_read;
    int64_t
        files_total; /* live files in manifests read or pruned, from the manifest list's counts */
    int64_t rows_total;         /* of these, deleted or not; 0 where the list has no counts */
    int64_t files_seen;         /* live files in the manifests read */
    int64_t files_in_partition; /* of these, in partitions that may match */
    int64_t files_matched;      /* of these, with metrics that may match, too */
    int64_t bytes_total, bytes_matched; /* of manifests read */
    int64_t rows_matched;
    bool has_delete_files;
    int64_t position_delete_files, equality_delete_files; /* live, where the filter may match */
} firn_scan_stats;

typedef struct firn_scan_plan {
    firn_scan_task *tasks; /* in manifest list, then entry order */
    size_t n_tasks;
    firn_scan_stats stats;
} firn_scan_plan;

typedef struct firn_plan_opts {
    int64_t snapshot_id;       /* 0: current; the table must have it */
    int64_t from_snapshot_id;  /* incremental append scan: exclusive start, ancestor of snapshot_id;
                                  0: full scan; -1: from the beginning of history, appends only */
    const firn_schema *schema; /* NULL: the table's current schema */
    const firn_expr *filter;   /* unbound or bound; NULL: all rows */
    bool with_metrics;         /* keep column metrics of the files in the tasks */
    bool for_rewrite;          /* the files' rows are written again, also those the filter leaves
                                  out: deletes of these belong to the tasks, too */
    bool is_eager;             /* of a stream: all of it will be asked for; start on all threads */
} firn_plan_opts;

/* Everything at once, in the arena; plan_stream.h gives it piece by piece. An empty table gives no
 * tasks. Each task has the delete files that apply to it; stats.rows_matched counts the rows of the
 * data files, deleted or not. Incremental: only files added by append snapshots in (from, to];
 * FIRN_ERR_UNSUPPORTED when an overwrite or delete lies between is not raised: those snapshots are
 * skipped as in Iceberg's IncrementalAppendScan; FIRN_ERR_ARG when from is not an ancestor. */
FIRN_MUST_CHECK firn_status firn_scan_plan_files(firn_env *env, firn_store *store,
                                                 const firn_table_metadata *metadata,
                                                 const firn_plan_opts *opts, firn_arena *arena,
                                                 firn_scan_plan *out, firn_error *err);

/* The manifest list of a snapshot (v1 manifests too), in the arena. */
FIRN_MUST_CHECK firn_status firn_snapshot_manifests(firn_store *store,
                                                    const firn_table_metadata *metadata,
                                                    const firn_snapshot *snapshot,
                                                    firn_arena *arena, firn_manifest_file **out,
                                                    size_t *n_out, firn_error *err);
#endif
