/* SPDX-License-Identifier: Apache-2.0 */
/* One manifest of a scan plan: its live entries that may match, as tasks. Internal to this folder;
 * which manifests to read is plan.c's business. */
#ifndef FIRN_ICEBERG_MANIFEST_SCAN_H
#define FIRN_ICEBERG_MANIFEST_SCAN_H

#include "format/avro/avro.h"
#include "iceberg/expr/residual.h"
#include "iceberg/scan/plan.h"

/* What a plan asks of every manifest. */
typedef struct firn_manifest_scan_opts {
    firn_env *env;
    firn_store *store;
    const firn_schema *schema;
    const firn_expr *filter; /* bound */
    firn_manifest_columns columns;
    bool with_metrics;
    bool for_rewrite;          /* as in firn_plan_opts */
    const int32_t *metric_ids; /* ascending: whose metrics the filter looks at */
    size_t n_metric_ids;
    const firn_delete_index *deletes; /* finished; NULL: none */
} firn_manifest_scan_opts;

/* The filter as seen by one partition spec. */
typedef struct firn_spec_filter {
    const firn_partition_spec *spec;
    const firn_expr *projected;
    const firn_residual *residual;
    firn_str types; /* of the partition values, as bytes that two specs share when they agree */
} firn_spec_filter;

/* Residuals repeat while entries of one partition follow each other. */
typedef struct firn_residual_cache {
    const firn_data_file *file;
    const firn_expr *residual;
} firn_residual_cache;

struct firn_manifest_image;
struct firn_image_builder;

typedef struct firn_manifest_scan {
    const firn_manifest_file *manifest;
    const firn_spec_filter *spec_filter;
    int64_t added_by;    /* only files this snapshot added; 0: all live files */
    firn_str bytes;      /* of the manifest file; empty: not read yet */
    firn_avro_part part; /* of them; used where n_parts > 0 */
    size_t part_index, n_parts;
    /* of the manifest cache, see image_scan.h */
    bool is_looked_up;
    struct firn_manifest_image *image;  /* to be used instead of the manifest */
    struct firn_image_builder *builder; /* filled while the manifest is read */
    /* results */
    firn_scan_task *tasks;
    size_t n_tasks, cap_tasks;
    int64_t n_live, live_bytes;
    int64_t n_in_partition;       /* live data files in partitions that may match */
    firn_manifest_entry *deletes; /* of a delete manifest */
    size_t n_deletes, cap_deletes;
    int64_t n_row_ids; /* rows of a part that inherit ids, see FIRN_RELATIVE_ROW_ID */
} firn_manifest_scan;

/* scratch is reset; tasks and what they refer to live in results. */
FIRN_MUST_CHECK firn_status firn_manifest_scan_run(const firn_manifest_scan_opts *opts,
                                                   firn_manifest_scan *scan, firn_arena *scratch,
                                                   firn_arena *results, firn_error *err);
/* A live entry in a partition that may match: a task or a delete file, if its metrics may, too. */
FIRN_MUST_CHECK firn_status firn_manifest_scan_take(const firn_manifest_scan_opts *opts,
                                                    firn_manifest_scan *scan,
                                                    const firn_manifest_entry *entry,
                                                    firn_residual_cache *cache, firn_arena *results,
                                                    firn_error *err);

#endif
