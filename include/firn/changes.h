/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/changes.h
 * @brief The changelog of a table: the rows that came and went between two snapshots.
 *
 * Works for every way rows can change: appended files, files written again (copy-on-write),
 * position deletes, deletion vectors and equality deletes. Columns and their meaning are those of
 * Iceberg's changelog (Spark's create_changelog_view): the table's columns, then
 *
 *   _change_type         string  INSERT, DELETE, UPDATE_BEFORE or UPDATE_AFTER
 *   _change_ordinal      int     counts the snapshots of the range from 0
 *   _commit_snapshot_id  long    the snapshot that made the change
 *
 * Snapshots that only move rows to other files (operation "replace") have no changes and no
 * ordinal. Rows come snapshot by snapshot, of one snapshot what is gone first.
 *
 * Ownership:  open/close; what it was opened with outlives it.
 * Threads:    one handle, one thread at a time.
 */
#ifndef FIRN_CHANGES_H
#define FIRN_CHANGES_H

#include "firn/batch.h"
#include "firn/table.h"

FIRN_BEGIN_DECLS

/** @brief Field ids of the columns (specification, "Reserved Field IDs"). */
#define FIRN_FIELD_CHANGE_TYPE    2147483543
#define FIRN_FIELD_CHANGE_ORDINAL 2147483542
#define FIRN_FIELD_COMMIT_ID      2147483541
/** @brief Not of the specification: when the snapshot was made, timestamptz. */
#define FIRN_FIELD_COMMIT_TIME (-1000)

typedef struct firn_changes firn_changes;

typedef struct firn_changes_opts {
    size_t struct_size;
    int64_t from_snapshot_id;  /**< exclusive, an ancestor of the last; 0: from the beginning */
    int64_t to_snapshot_id;    /**< inclusive; 0: the current one */
    const firn_schema *schema; /**< rows have these columns; NULL: the table's current ones */
    /** What firn_changes_next() gives: a STRUCT of top-level fields of the schema and of the
     * columns above (by id, under any name), in any order; NULL: all of the schema, then the three.
     */
    const firn_type *columns;
    /** Tell changed rows from others: a row that was deleted and one with the same key that was
     * inserted by one snapshot are UPDATE_BEFORE and UPDATE_AFTER. */
    bool with_updates;
    /** The key: columns by dotted name. None: the schema's identifier fields, else the row's id
     * (_row_id, format version 3). */
    const firn_str *identifiers;
    size_t n_identifiers;
    /** Leave out what later snapshots of the range take back: the rows that differ between its ends
     * remain, with the snapshot that made them so. */
    bool is_net;
    /** Keep rows that a snapshot wrote again without a change, as a DELETE and an INSERT. */
    bool with_carryovers;
    /** Budget for telling rows apart; more rows are read several times. 0: a quarter of the
     * environment's. */
    int64_t memory_bytes;
} firn_changes_opts;

#define FIRN_CHANGES_OPTS(...) \
    (&(firn_changes_opts){.struct_size = sizeof(firn_changes_opts), __VA_ARGS__})

/**
 * @brief Begin to read the changes of the snapshots after @p opts->from_snapshot_id up to
 * @p opts->to_snapshot_id. @p opts NULL: all of the current snapshot's history. The options and
 * the table's metadata are borrowed: do not refresh the table before the close.
 *
 * @retval FIRN_ERR_NOT_FOUND    The table has no such snapshot.
 * @retval FIRN_ERR_ARG          Not an ancestor; updates without a key; no such column.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_changes_open(firn_table *table,
                                                       const firn_changes_opts *opts,
                                                       firn_changes **out, firn_error *err);
/** @brief NULL is fine. */
FIRN_API void firn_changes_close(firn_changes *changes);
/** @brief Columns of the batches: kind STRUCT. */
FIRN_API const firn_type *firn_changes_columns(const firn_changes *changes);
/**
 * @brief Next rows, never none; borrowed until the next call. FIRN_DONE at the end.
 * @retval FIRN_ERR_ARG  Updates are asked for, and a snapshot deletes several rows of one key.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_changes_next(firn_changes *changes,
                                                       const firn_batch **out, firn_error *err);

FIRN_END_DECLS

#endif
