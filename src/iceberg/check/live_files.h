/* SPDX-License-Identifier: Apache-2.0 */
/* All live files of a snapshot in memory: for commands that look at a table as a whole. */
#ifndef FIRN_ICEBERG_LIVE_FILES_H
#define FIRN_ICEBERG_LIVE_FILES_H

#include "base/env.h"
#include "firn/ext/store.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_live_file {
    firn_manifest_entry entry;
    const firn_manifest_file *manifest;
    const firn_partition_spec *spec; /* NULL: the table does not have it */
} firn_live_file;

typedef struct firn_live_files {
    firn_manifest_file *manifests;
    size_t n_manifests;
    firn_live_file *files; /* in manifest list, then entry order */
    size_t n_files;
} firn_live_files;

/* In the arena; snapshot NULL: none. */
FIRN_MUST_CHECK firn_status firn_live_files_read(firn_env *env, firn_store *store,
                                                 const firn_table_metadata *metadata,
                                                 const firn_snapshot *snapshot, firn_arena *arena,
                                                 firn_live_files *out, firn_error *err);
/* Appends the live files of one manifest to out (cap: its room). */
FIRN_MUST_CHECK firn_status firn_live_files_add(firn_env *env, firn_store *store,
                                                const firn_table_metadata *metadata,
                                                const firn_manifest_file *manifest,
                                                firn_arena *arena, firn_live_files *out,
                                                size_t *cap, firn_error *err);

/* Two entries are the same file: path, and place of a deletion vector. Text in the arena; data NULL
 * when out of memory. */
firn_str firn_live_file_key(const firn_data_file *file, firn_arena *arena);

/* What a summary's totals count. */
typedef struct firn_live_totals {
    int64_t data_files, delete_files, records, positions, equalities;
} firn_live_totals;

firn_live_totals firn_live_files_totals(const firn_live_files *live);

#endif
