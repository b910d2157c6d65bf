/* SPDX-License-Identifier: Apache-2.0 */
/* Merge and insert of a query's rows as part of a caller's transaction: what SQL's MERGE and INSERT
 * do, for pipelines that commit several tables together. Nothing is committed here; after a failed
 * commit the caller calls firn_txn_discard_files(). */
#ifndef FIRN_SQL_MERGE_H
#define FIRN_SQL_MERGE_H

#include "firn/session.h"
#include "firn/table.h"

typedef enum firn_merge_matched {
    FIRN_MERGE_UPDATE = 0,   /* a row with the same key replaces the old one */
    FIRN_MERGE_UPDATE_NEWER, /* only if its updated_at is greater than the old row's */
    FIRN_MERGE_IGNORE,       /* keys that exist are left alone */
} firn_merge_matched;

typedef struct firn_merge_opts {
    firn_table *target;   /* merged into at the snapshot this handle shows */
    firn_str source_sql;  /* a query; its columns are matched to the target's by name; at most one
                             row per key */
    const firn_str *keys; /* columns compared null-safely (IS NOT DISTINCT FROM) */
    size_t n_keys;
    firn_merge_matched matched;
    firn_str updated_at; /* FIRN_MERGE_UPDATE_NEWER: column */
} firn_merge_opts;

typedef struct firn_merge_counts {
    int64_t rows_inserted, rows_updated, rows_copied;
    int64_t files_added, files_removed;
} firn_merge_counts;

/* txn: begun on opts->target, without a snapshot change yet. Afterwards it has one, also when no
 * row changed (an empty append, so that summary entries are committed): an append when rows were
 * only inserted, else an overwrite. */
FIRN_MUST_CHECK firn_status firn_merge_query(firn_session *session, const firn_merge_opts *opts,
                                             firn_txn *txn, firn_merge_counts *out,
                                             firn_error *err);

/* Append the rows of a query (columns matched by name, cast to the table's types) to table in txn,
 * which was begun on it. No rows: the transaction gets no snapshot change. */
FIRN_MUST_CHECK firn_status firn_insert_query(firn_session *session, firn_table *table,
                                              firn_str sql, firn_txn *txn, int64_t *n_rows,
                                              int64_t *n_files, firn_error *err);

#endif
