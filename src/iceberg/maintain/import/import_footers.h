/* SPDX-License-Identifier: Apache-2.0 */
/* Listed Parquet files as entries of a manifest: their metrics, from their footers, as the table's
 * columns. */
#ifndef FIRN_ICEBERG_IMPORT_FOOTERS_H
#define FIRN_ICEBERG_IMPORT_FOOTERS_H

#include "base/env.h"
#include "format/parquet/read/parquet_reader.h"
#include "iceberg/maintain/import/import_partition.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_import_target {
    firn_env *env;
    firn_store *store;
    const firn_table_metadata *metadata;
    const firn_import_partition *partition;
    firn_str mapping;  /* the table's name mapping as JSON */
    int32_t n_threads; /* 0: the environment's */
} firn_import_target;

/* One data file for each of the list, in the arena. Errors name the file. */
FIRN_MUST_CHECK firn_status firn_import_footers_read(const firn_import_target *target,
                                                     const firn_import_list *list,
                                                     firn_arena *arena, firn_data_file **out,
                                                     firn_error *err);

/* fn(ctx, i-th file, opened, worker, scratch) for each file of the list, on several threads; the
 * arena scratch lasts for the call. */
typedef firn_status (*firn_import_footer_fn)(void *ctx, size_t i, const firn_parquet_file *file,
                                             size_t worker, firn_arena *scratch, firn_error *err);
FIRN_MUST_CHECK firn_status firn_import_footers_each(const firn_import_target *target,
                                                     const firn_import_list *list,
                                                     firn_import_footer_fn fn, void *ctx,
                                                     firn_error *err);

#endif
