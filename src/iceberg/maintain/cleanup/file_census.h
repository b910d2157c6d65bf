/* SPDX-License-Identifier: Apache-2.0 */
/* The files that only certain snapshots of a table reach: candidates are noted from the snapshots
 * that go, then those that others reach are struck out. Reads manifests, removes nothing. */
#ifndef FIRN_ICEBERG_FILE_CENSUS_H
#define FIRN_ICEBERG_FILE_CENSUS_H

#include <stdatomic.h>

#include "base/env.h"
#include "base/map.h"
#include "firn/ext/store.h"
#include "iceberg/spec/location_key.h"
#include "iceberg/spec/manifest.h"

typedef enum firn_census_kind {
    FIRN_CENSUS_DATA = 0,
    FIRN_CENSUS_POSITION_DELETES,
    FIRN_CENSUS_EQUALITY_DELETES,
    FIRN_CENSUS_MANIFEST,
    FIRN_CENSUS_MANIFEST_LIST,
    FIRN_CENSUS_STATISTICS,
} firn_census_kind;

typedef struct firn_census_file {
    firn_str path;
    firn_census_kind kind;
    int64_t size_bytes;         /* of data and delete files, else 0 */
    firn_str scheme, authority; /* as found: firn_location_key_of() */
    atomic_bool is_reached;
    atomic_bool is_mismatched; /* its path is reached under another scheme or authority */
} firn_census_file;

typedef struct firn_file_census {
    firn_env *env;
    firn_store *store;
    const firn_table_metadata *metadata; /* that still has all the snapshots */
    firn_arena *arena;
    firn_location_rules rules; /* set after init; default: only those everybody has */
    firn_map candidates;       /* path of the location -> firn_census_file */
    firn_map manifests;        /* path -> firn_manifest_file, of the snapshots that go */
    bool has_files;            /* those of the manifests are among the candidates */
} firn_file_census;

void firn_file_census_init(firn_file_census *census, firn_env *env, firn_store *store,
                           const firn_table_metadata *metadata, firn_arena *arena);
/* A candidate by itself. */
FIRN_MUST_CHECK firn_status firn_file_census_add(firn_file_census *census, firn_str path,
                                                 firn_census_kind kind, int64_t size_bytes,
                                                 firn_error *err);
/* Strikes out one file. */
void firn_file_census_reach(const firn_file_census *census, firn_str path);
/* All that a snapshot which goes reaches. What is missing already is skipped. */
FIRN_MUST_CHECK firn_status firn_file_census_note(firn_file_census *census,
                                                  const firn_snapshot *snapshot, firn_error *err);
/* Strikes out what these snapshots reach; after all that go were noted. May be called again. */
FIRN_MUST_CHECK firn_status firn_file_census_strike(firn_file_census *census,
                                                    const firn_snapshot *const *snapshots, size_t n,
                                                    firn_error *err);
/* Statistics files of metadata that those of after do not name. */
FIRN_MUST_CHECK firn_status firn_file_census_note_statistics(firn_file_census *census,
                                                             const firn_table_metadata *after,
                                                             firn_error *err);
/* Paths in an array of "statistics" or "partition-statistics", in the arena. */
FIRN_MUST_CHECK firn_status firn_statistics_paths(firn_str json, firn_arena *arena, firn_str **out,
                                                  size_t *n_out, firn_error *err);

#endif
