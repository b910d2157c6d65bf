/* SPDX-License-Identifier: Apache-2.0 */
/* Which data files are worth writing again, and which of them together: by size, by deletes, by
 * partition. The rules and defaults are those of Iceberg's bin-packing planner. */
#ifndef FIRN_ICEBERG_REWRITE_PLAN_H
#define FIRN_ICEBERG_REWRITE_PLAN_H

#include "firn/maintain.h"
#include "iceberg/scan/plan.h"

/* Options with their defaults filled in. */
typedef struct firn_rewrite_limits {
    int64_t target_bytes, min_bytes, max_bytes, max_group_bytes;
    int64_t min_input_files;
    int64_t delete_file_threshold;
    double delete_ratio_threshold;
    int64_t max_files, max_total_bytes;
    bool rewrites_all;
} firn_rewrite_limits;

/* Files that are written again together. */
typedef struct firn_rewrite_group {
    firn_scan_task *tasks; /* in plan order */
    size_t n_tasks;
    int64_t n_bytes, n_rows; /* deleted ones, too */
    int64_t n_outputs;       /* files to make of them */
    bool is_one_partition;   /* of the output spec */
} firn_rewrite_group;

typedef struct firn_rewrite_plan {
    firn_scan_plan scan; /* all files that the filter picks */
    firn_rewrite_group *groups;
    size_t n_groups;
} firn_rewrite_plan;

/* FIRN_ERR_ARG for limits that contradict each other. */
FIRN_MUST_CHECK firn_status firn_rewrite_limits_of(const firn_table_metadata *metadata,
                                                   const firn_file_rewrite_opts *opts,
                                                   firn_rewrite_limits *out, firn_error *err);
/* What is looked at. */
typedef struct firn_rewrite_scope {
    firn_env *env;
    firn_store *store;
    const firn_table_metadata *metadata;
    int64_t snapshot_id;
    const firn_expr *filter; /* NULL: all files */
    int32_t output_spec_id;
    const firn_rewrite_limits *limits;
} firn_rewrite_scope;

/* In the arena. */
FIRN_MUST_CHECK firn_status firn_rewrite_plan_make(const firn_rewrite_scope *scope,
                                                   firn_arena *arena, firn_rewrite_plan *out,
                                                   firn_error *err);
/* Into how many files so many bytes go. */
int64_t firn_rewrite_n_outputs(const firn_rewrite_limits *limits, int64_t n_bytes);
void firn_rewrite_plan_order(firn_rewrite_plan *plan, firn_rewrite_job_order order);

#endif
