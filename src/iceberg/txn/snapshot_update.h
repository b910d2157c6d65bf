/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshot-producing changes of a transaction. A transaction may have several: each makes a
 * snapshot of its own, on top of the one before, in one commit. Files given are copied. */
#ifndef FIRN_ICEBERG_SNAPSHOT_UPDATE_H
#define FIRN_ICEBERG_SNAPSHOT_UPDATE_H

#include "firn/table.h"
#include "iceberg/expr/expr.h"
#include "iceberg/spec/manifest.h"

/* What a change does; each kind says what concurrent commits it conflicts with. */
typedef enum firn_change_kind {
    /* Data files are added. Conflicts with nothing. */
    FIRN_CHANGE_APPEND = 0,
    /* Copy-on-write: data files are replaced by others, by path or by remove_filter. Conflicts:
     * data files added that match filter (serializable); deletes added to replaced files; with
     * remove_filter also files removed and deletes added that match. */
    FIRN_CHANGE_OVERWRITE,
    /* All that is live in the partitions of the added files goes (all partitions of an
     * unpartitioned table). Conflicts: in those partitions, data files added (serializable), data
     * files removed, deletes added. */
    FIRN_CHANGE_REPLACE_PARTITIONS,
    /* Merge-on-read: delete files and data files are added. Conflicts: the deletes' data files
     * replaced or rewritten (is_update: or removed); a deletion vector added for one of them; data
     * files added that match filter (serializable); is_update: deletes added that match. */
    FIRN_CHANGE_ROW_DELTA,
    /* The same rows in other files: compaction, or deletes in another form. Conflicts: deletes
     * added to replaced data files (only position deletes if data_sequence_number keeps equality
     * deletes valid). */
    FIRN_CHANGE_REWRITE,
    /* The same files in other manifests. Conflicts with nothing. */
    FIRN_CHANGE_REWRITE_MANIFESTS,
} firn_change_kind;

typedef enum firn_isolation {
    FIRN_ISOLATION_SERIALIZABLE = 0,
    FIRN_ISOLATION_SNAPSHOT,
} firn_isolation;

/* A live file of a table: a data file, a delete file, or a deletion vector in a Puffin file. */
typedef struct firn_file_key {
    firn_str path;
    int64_t vector_offset; /* content_offset of a deletion vector; 0: another file */
} firn_file_key;

typedef struct firn_change {
    firn_change_kind kind;
    firn_str branch;             /* empty: main. Otherwise a branch that exists */
    const firn_data_file *added; /* data files; delete files too for ROW_DELTA and REWRITE */
    size_t n_added;
    const firn_file_key *removed; /* live in the snapshot that was read; all must still be. Deletion
                                     vectors of removed data files go by themselves */
    size_t n_removed;
    const firn_data_file *corrected; /* REWRITE: live files whose manifest entries get these counts
                                        and bounds; their manifests are written again */
    size_t n_corrected;
    const firn_expr *remove_filter; /* OVERWRITE: bound; files with rows that all match are removed.
                                       A file with some such rows is FIRN_ERR_ARG. Borrowed */
    const firn_expr *filter;  /* bound; rows read to make this change. NULL: all rows. Borrowed
                                 until the transaction is closed */
    int64_t from_snapshot_id; /* that was read; -1: the branch was empty */
    firn_isolation isolation;
    bool is_update;         /* ROW_DELTA: of an UPDATE or MERGE, not just a DELETE */
    bool must_be_unchanged; /* fail when the branch is not at from_snapshot_id any more
                               (exactly-once loads that cannot be re-based) */
    bool carries_row_ids;   /* v3: rows that were there keep their ids: the added data files
                               have a _row_id column */
    bool is_staged; /* the snapshot is made, but no branch moves to it: write-audit-publish */
    int32_t manifest_spec_id;     /* REWRITE_MANIFESTS: whose manifests */
    int64_t data_sequence_number; /* REWRITE: of the added data files; 0: the new snapshot's */
} firn_change;

/* True when REWRITE_MANIFESTS has something to do for the data or delete manifests of a spec. */
bool firn_manifests__worth_rewriting(const firn_manifest_file *manifests, size_t n, int32_t spec_id,
                                     bool is_data, int64_t target_bytes);

FIRN_MUST_CHECK firn_status firn_txn_change_files(firn_txn *txn, const firn_change *change,
                                                  firn_error *err);
/* FIRN_CHANGE_APPEND to main. */
FIRN_MUST_CHECK firn_status firn_txn_append_files(firn_txn *txn, const firn_data_file *files,
                                                  size_t n, firn_error *err);
/* Append only if main is still at from_snapshot_id (-1: no snapshot): FIRN_ERR_CONFLICT otherwise,
 * never re-based. For ledgers. */
FIRN_MUST_CHECK firn_status firn_txn_append_if_unchanged(firn_txn *txn, const firn_data_file *files,
                                                         size_t n, int64_t from_snapshot_id,
                                                         firn_error *err);

/* The transaction lands only while its first snapshot's branch is where it was when the transaction
 * began: FIRN_ERR_CONFLICT otherwise. For what was read elsewhere and is noted in a summary. */
void firn_txn_must_be_unchanged(firn_txn *txn);

/* Entries for the summaries of the transaction's snapshots (cursors, engine name); copied. */
FIRN_MUST_CHECK firn_status firn_txn_set_summary(firn_txn *txn, const firn_property *items,
                                                 size_t n, firn_error *err);

/* The changes that follow are staged. */
void firn_txn_stage(firn_txn *txn);
/* Files given to this transaction stay when firn_txn_commit() is lost: the caller removes them
 * or commits them again. */
void firn_txn_keep_files(firn_txn *txn);
/* Remove the files that were given to this transaction's changes: after firn_txn_commit_all()
 * failed with anything but FIRN_ERR_COMMIT_UNKNOWN, or to give up before a commit. Best effort,
 * logged. */
void firn_txn_discard_files(firn_txn *txn);

/* Give the table another shape in this transaction: columns with new ids, spec, sort order, and
 * properties added; its history stays. The handle shows the new shape at once. The caller replaces
 * all rows in the same transaction. FIRN_ERR_ARG after other changes. */
FIRN_MUST_CHECK firn_status firn_txn_replace_table(firn_txn *txn,
                                                   const firn_table_create_opts *opts,
                                                   firn_error *err);
/* Let the handle show a branch as if it were main, and transactions that begin on it from now on
 * change that branch unless a change names another. FIRN_ERR_NOT_FOUND: no such branch;
 * FIRN_ERR_ARG: a tag. */
FIRN_MUST_CHECK firn_status firn_table_use_branch(firn_table *table, firn_str branch,
                                                  firn_error *err);
/* The store and environment of the table, for writers. */
firn_store *firn_table_store(const firn_table *table);
firn_env *firn_table_env(const firn_table *table);
firn_catalog *firn_table_catalog(const firn_table *table);

#endif
