/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshot-producing changes of a transaction: append, and copy-on-write overwrite. Files given
 * are copied. One snapshot-producing change per transaction. */
#ifndef FIRN_ICEBERG_SNAPSHOT_UPDATE_H
#define FIRN_ICEBERG_SNAPSHOT_UPDATE_H

#include "firn/table.h"
#include "iceberg/expr/expr.h"
#include "iceberg/spec/manifest.h"

/* Add data files (operation "append"). Manifests are merged when
 * commit.manifest-merge.enabled (true) and there are min-count-to-merge (100) small ones. */
FIRN_MUST_CHECK firn_status firn_txn_append_files(firn_txn *txn, const firn_data_file *files,
                                                  size_t n, firn_error *err);

typedef enum firn_isolation {
    FIRN_ISOLATION_SERIALIZABLE = 0,
    FIRN_ISOLATION_SNAPSHOT,
} firn_isolation;

/* Replace files by others: operation "overwrite" ("delete" when nothing is added). */
typedef struct firn_overwrite {
    const firn_data_file *added;
    size_t n_added;
    const firn_str *removed_paths; /* live data files of the snapshot that was read */
    size_t n_removed_paths;
    const firn_expr *filter;  /* bound; rows read to make this change: new files that may match it
                                 are a conflict when serializable. NULL: all rows. Borrowed until
                                 the transaction is closed */
    int64_t from_snapshot_id; /* the snapshot that was read; -1: table was empty */
    firn_isolation isolation;
    bool must_be_unchanged; /* fail when main is not at from_snapshot_id any more (exactly-once
                               loads that cannot be re-based) */
} firn_overwrite;
FIRN_MUST_CHECK firn_status firn_txn_overwrite_files(firn_txn *txn, const firn_overwrite *change,
                                                     firn_error *err);

/* Append only if main is still at from_snapshot_id (-1: no snapshot): FIRN_ERR_CONFLICT otherwise,
 * never re-based. For ledgers. */
FIRN_MUST_CHECK firn_status firn_txn_append_if_unchanged(firn_txn *txn, const firn_data_file *files,
                                                         size_t n, int64_t from_snapshot_id,
                                                         firn_error *err);

/* Entries for the new snapshot's summary (cursors, engine name); copied. */
FIRN_MUST_CHECK firn_status firn_txn_set_summary(firn_txn *txn, const firn_property *items,
                                                 size_t n, firn_error *err);

/* Data files given to this transaction stay when firn_txn_commit() is lost: the caller removes them
 * or commits them again. */
void firn_txn_keep_files(firn_txn *txn);
/* Remove the data files that were given to this transaction's append or overwrite: after
 * firn_txn_commit_all() failed with anything but FIRN_ERR_COMMIT_UNKNOWN, or to give up before a
 * commit. Best effort, logged. */
void firn_txn_discard_files(firn_txn *txn);

/* The store and environment of the table, for writers. */
firn_store *firn_table_store(const firn_table *table);
firn_env *firn_table_env(const firn_table *table);
firn_catalog *firn_table_catalog(const firn_table *table);

#endif
