/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata tables ("t.snapshots", "t$files"): a table's own records as rows, with Spark's columns.
 * Not here: which table and snapshot a name means (resolve.c). */
#ifndef FIRN_SQL_METADATA_TABLES_H
#define FIRN_SQL_METADATA_TABLES_H

#include "base/arena.h"
#include "base/env.h"
#include "base/nearest.h"
#include "firn/batch.h"
#include "firn/ext/catalog.h"
#include "firn/ext/store.h"

typedef enum firn_metadata_table {
    FIRN_METADATA_TABLE_NONE = 0,
    FIRN_METADATA_TABLE_SNAPSHOTS,
    FIRN_METADATA_TABLE_HISTORY,
    FIRN_METADATA_TABLE_REFS,
    FIRN_METADATA_TABLE_METADATA_LOG,
    FIRN_METADATA_TABLE_PROPERTIES,
    FIRN_METADATA_TABLE_MANIFESTS,
    FIRN_METADATA_TABLE_FILES,
    FIRN_METADATA_TABLE_DATA_FILES,
    FIRN_METADATA_TABLE_DELETE_FILES,
    FIRN_METADATA_TABLE_PARTITIONS,
    FIRN_METADATA_TABLE_ENTRIES,
    FIRN_METADATA_TABLE_POSITION_DELETES,
    FIRN_METADATA_TABLE_ALL_MANIFESTS, /* of all snapshots, whatever the one that is asked for */
    FIRN_METADATA_TABLE_ALL_FILES,
    FIRN_METADATA_TABLE_ALL_DATA_FILES,
    FIRN_METADATA_TABLE_ALL_DELETE_FILES,
    FIRN_METADATA_TABLE_ALL_ENTRIES,
} firn_metadata_table;

/* NONE: not the name of one. Any case. */
firn_metadata_table firn_metadata_table_of(firn_str name);
/* Tries the names of all of them. */
void firn_metadata_table_nearest(firn_nearest *nearest);

typedef struct firn_metadata_table_opts {
    firn_env *env;
    firn_store *store;
    const firn_loaded_table *table;
    const firn_snapshot *snapshot; /* for tables of one snapshot's files; NULL: no rows */
    bool is_wide; /* with the columns that Trino's tables are made of (trino_metadata.h) */
} firn_metadata_table_opts;

/* Columns in the arena; the batch is freed with it. */
FIRN_MUST_CHECK firn_status firn_metadata_table_rows(firn_metadata_table which,
                                                     const firn_metadata_table_opts *opts,
                                                     firn_arena *arena, const firn_type **type_out,
                                                     const firn_batch **out, firn_error *err);

#endif
