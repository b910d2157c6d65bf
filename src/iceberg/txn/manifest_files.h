/* SPDX-License-Identifier: Apache-2.0 */
/* Making the metadata files of one snapshot: manifests of new files, manifests without removed
 * files, merged manifests. Shared by the snapshot_producer and its helpers. */
#ifndef FIRN_ICEBERG_MANIFEST_FILES_H
#define FIRN_ICEBERG_MANIFEST_FILES_H

#include "base/map.h"
#include "iceberg/txn/snapshot_summary.h"
#include "iceberg/txn/txn_internal.h"

typedef struct firn_snapshot_files {
    firn_txn *txn;
    firn_snapshot_change *change;
    const firn_table_metadata *metadata;
    firn_arena *arena; /* of the result */
    firn_str folder;   /* of metadata files */
    char uuid[37];     /* of this attempt */
    uint8_t sync[16];
    int64_t snapshot_id;
    int64_t parent_snapshot_id;
    int64_t sequence_number;
    int64_t target_bytes; /* of a manifest */
    int32_t n_written;    /* manifests so far, for names */
    firn_manifest_file *manifests;
    size_t n_manifests, cap_manifests;
    firn_summary_counts counts;
} firn_snapshot_files;

/* An object in the making, as a byte sink. */
typedef struct firn_metadata_output {
    firn_store_writer *writer;
    int64_t n_bytes;
} firn_metadata_output;

FIRN_MUST_CHECK firn_status firn_metadata_output__open(firn_txn *txn, firn_str path,
                                                       firn_metadata_output *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_metadata_output__write(void *ctx, const void *data, size_t n,
                                                        firn_error *err);
FIRN_MUST_CHECK firn_status firn_metadata_output__finish(firn_metadata_output *out,
                                                         firn_error *err);
void firn_metadata_output__abandon(firn_metadata_output *out);

/* A run of manifests of one spec and content, rolled at the target size and added to
 * files->manifests. */
typedef struct firn_manifest_run {
    firn_snapshot_files *files;
    const firn_partition_spec *spec;
    firn_content content; /* DATA or POSITION_DELETES */
    firn_metadata_output output;
    firn_manifest_writer *writer; /* NULL: no manifest open */
    firn_str path;
} firn_manifest_run;

FIRN_MUST_CHECK firn_status firn_manifest_run__init(firn_manifest_run *run,
                                                    firn_snapshot_files *files, int32_t spec_id,
                                                    firn_content content, firn_error *err);
FIRN_MUST_CHECK firn_status firn_manifest_run__append(firn_manifest_run *run,
                                                      const firn_manifest_entry *entry,
                                                      firn_error *err);
FIRN_MUST_CHECK firn_status firn_manifest_run__finish(firn_manifest_run *run, firn_error *err);
void firn_manifest_run__dispose(firn_manifest_run *run);

/* Entry by entry over one manifest. fn's entry is borrowed for the call. */
typedef firn_status (*firn_entry_fn)(void *ctx, const firn_manifest_entry *entry, firn_error *err);
FIRN_MUST_CHECK firn_status firn_manifest__each(firn_store *store, firn_env *env,
                                                const firn_table_metadata *metadata,
                                                const firn_manifest_file *manifest,
                                                firn_manifest_columns columns, firn_entry_fn fn,
                                                void *ctx, firn_error *err);

/* Writes the manifests of new files unless an earlier attempt did. */
FIRN_MUST_CHECK firn_status firn_manifests__make(firn_snapshot_files *files, firn_error *err);
/* New files, then the parent's manifests without the removed files; counts are kept. */
FIRN_MUST_CHECK firn_status firn_manifests__add_new(firn_snapshot_files *files, firn_error *err);
FIRN_MUST_CHECK firn_status firn_manifests__add_kept(firn_snapshot_files *files,
                                                     const firn_manifest_file *old, size_t n_old,
                                                     firn_error *err);
/* FIRN_CHANGE_REWRITE_MANIFESTS: those of a spec written again, the others kept. */
FIRN_MUST_CHECK firn_status firn_manifests__rewrite(firn_snapshot_files *files,
                                                    const firn_manifest_file *old, size_t n_old,
                                                    firn_error *err);
/* Small manifests into bigger ones, per commit.manifest-merge.*. */
FIRN_MUST_CHECK firn_status firn_manifests__merge(firn_snapshot_files *files, firn_error *err);

#endif
