/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of firn_table_rewrite_paths() share: where things go, and the plan that grows. */
#ifndef FIRN_ICEBERG_PATH_REWRITE_H
#define FIRN_ICEBERG_PATH_REWRITE_H

#include "base/env.h"
#include "base/map.h"
#include "firn/maintain.h"
#include "format/byte_io.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_path_rewrite {
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    firn_str source, target;        /* prefixes without slash at the end */
    firn_str staging;               /* ends in a slash */
    const firn_table_metadata *end; /* the last version */
    bool is_full;                   /* there is nothing at the target yet */
    firn_map delta;                 /* ids of snapshots that are new, as 8 bytes */
    firn_map plan;                  /* from -> to, both firn_str */
    firn_map manifests;             /* path -> length in its new form (int64_t) */
    firn_map deletes;               /* path -> its new form, see path_rewrite_deletes.c */
    firn_map counted;               /* delete files and vectors in rewritten_deletes */
    firn_str *staged;               /* files written */
    size_t n_staged, cap_staged;
    firn_path_rewrite_result *out;
} firn_path_rewrite;

/* The path at the target. FIRN_ERR_ARG: it is not below the source prefix. */
FIRN_MUST_CHECK firn_status firn_path_moved(const firn_path_rewrite *rw, firn_str path,
                                            firn_str *out, firn_error *err);
/* The path of the staged form. */
FIRN_MUST_CHECK firn_status firn_path_staged(const firn_path_rewrite *rw, firn_str path,
                                             firn_str *out, firn_error *err);
/* The file is to be copied as it is. */
FIRN_MUST_CHECK firn_status firn_path_plan_copy(firn_path_rewrite *rw, firn_str path,
                                                firn_error *err);
bool firn_path_is_new(const firn_path_rewrite *rw, int64_t snapshot_id);

/* A staged file in the making, or one that is only measured. */
typedef struct firn_path_output {
    firn_store_writer *writer; /* NULL: measured */
    int64_t n_bytes;
} firn_path_output;

/* Begins the staged form of path and plans its copy; is_staged false: measures. */
FIRN_MUST_CHECK firn_status firn_path_output_open(firn_path_rewrite *rw, firn_str path,
                                                  bool is_staged, firn_path_output *out,
                                                  firn_error *err);
FIRN_MUST_CHECK firn_status firn_path_output_finish(firn_path_output *out, firn_error *err);
/* After finish it does nothing. */
void firn_path_output_abandon(firn_path_output *out);
firn_byte_sink firn_path_output_sink(firn_path_output *out);
/* All at once. */
FIRN_MUST_CHECK firn_status firn_path_output_put(firn_path_rewrite *rw, firn_str path,
                                                 bool is_staged, firn_str bytes, firn_error *err);

/* path_rewrite_manifests.c: manifest lists of new snapshots, their manifests, what those name. */
FIRN_MUST_CHECK firn_status firn_path_rewrite_snapshot(firn_path_rewrite *rw,
                                                       const firn_snapshot *snapshot,
                                                       firn_error *err);
/* path_rewrite_deletes.c: the entry of a position delete file or deletion vector as it is at the
 * target; file in: the entry as it is, but for its path. is_new: the file is staged, too. */
FIRN_MUST_CHECK firn_status firn_path_rewrite_delete(firn_path_rewrite *rw, firn_str path,
                                                     bool is_new, firn_data_file *file,
                                                     firn_error *err);
/* path_rewrite_versions.c: the metadata files from the end back to the start, their statistics, and
 * which snapshots are new. */
FIRN_MUST_CHECK firn_status firn_path_rewrite_versions(firn_path_rewrite *rw,
                                                       const firn_table *table,
                                                       const firn_path_rewrite_opts *opts,
                                                       const firn_table_metadata **start_out,
                                                       firn_error *err);

#endif
