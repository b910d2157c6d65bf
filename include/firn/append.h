/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/append.h
 * @brief Add rows to a table, as batches, in one commit.
 *
 * Rows become Parquet files of the table's default partition spec as they arrive; the commit makes
 * all of them visible at once. For rows that come from a query, use SQL's INSERT (firn/session.h).
 *
 * Ownership:  begin/close; the table outlives the append and is not refreshed before it ends.
 * Threads:    one append, one thread; several appends to one table may run at once, each with a
 *             table handle of its own.
 */
#ifndef FIRN_APPEND_H
#define FIRN_APPEND_H

#include "firn/batch.h"
#include "firn/table.h"

FIRN_BEGIN_DECLS

typedef struct firn_append firn_append;

/** @brief Begin to add rows to @p table, with the schema that the handle shows. */
FIRN_API FIRN_MUST_CHECK firn_status firn_append_begin(firn_table *table, firn_append **out,
                                                       firn_error *err);
/**
 * @brief Add the rows of a batch, which may be reset or freed afterwards.
 *
 * Columns are those of the table's schema, in order: firn_batch_create() of
 * firn_metadata_schema(firn_table_metadata_of(table))->root makes such a batch. n_rows and
 * n_values of every column are set.
 *
 * @retval FIRN_ERR_ARG  Other columns or types, or a null where the schema requires a value.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_append_rows(firn_append *append, const firn_batch *batch,
                                                      firn_error *err);
/**
 * @brief Write what is left and commit; the table handle then shows the new snapshot. Without rows
 * nothing is committed. Ends like firn_txn_commit(): landed, lost (the files are removed) or
 * unknown (nothing is removed). The append can only be closed afterwards.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_append_commit(firn_append *append, firn_error *err);
/** @brief End the append; without a commit its files are removed. NULL is fine. */
FIRN_API void firn_append_close(firn_append *append);

FIRN_END_DECLS

#endif
