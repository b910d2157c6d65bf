/* SPDX-License-Identifier: Apache-2.0 */
/* Values of join columns that pass from one scan of a statement to another. A scan whose rows a
 * filter chooses gathers the values of the columns that others are joined by; when it has given its
 * last row, scans that begin later leave out rows that none of these can meet. Which scan ran first
 * decides what is saved, never what comes out: values of a scan that is not over are not used.
 *
 * A table reference that is in the plan twice (a common table expression put in at several places)
 * takes no part: whose values are whose is not known then. */
#ifndef FIRN_SQL_ENGINE_JOINS_H
#define FIRN_SQL_ENGINE_JOINS_H

#include "base/env.h"
#include "format/columns/key_set.h"
#include "iceberg/expr/expr.h"
#include "iceberg/scan/read.h"
#include "sql/resolve/join_text.h"

struct firn_scan_source;
struct firn_scan_wanted; /* iceberg/scan/scan_filter.h */

/* Those of one text that is planned; in the statement's arena. */
typedef struct firn_joins firn_joins;
FIRN_MUST_CHECK firn_status firn_joins_create(firn_env *env, firn_arena *arena,
                                              const firn_join_text *text, size_t n_refs,
                                              firn_joins **out, firn_error *err);

/* A plan has a scan of the reference from now on, or has it no more. NULL is fine. */
void firn_joins_enter(firn_joins *joins, size_t ref, const struct firn_scan_source *source);
void firn_joins_leave(firn_joins *joins, size_t ref);

/* One scan's part in it. */
typedef struct firn_join_scan firn_join_scan;
/* When all of the statement is planned. *out NULL: it has none. is_chosen: a filter leaves rows
 * out. columns: what the scan gives, kind STRUCT; borrowed. */
FIRN_MUST_CHECK firn_status firn_join_scan_begin(firn_joins *joins, size_t ref, bool is_chosen,
                                                 const firn_type *columns, firn_join_scan **out,
                                                 firn_error *err);
/* With the last thread's use of the scan. NULL is fine. */
void firn_join_scan_end(firn_join_scan *scan);
/* The values that rows need to have, where they are few enough; borrowed. */
const firn_scan_test *firn_join_scan_keys(const firn_join_scan *scan, size_t *n);
/* The ranges of these and of all others as bound filters in the arena: what files need to have, and
 * what rows need to have besides the keys. Ranges of most of a table's values are for files only.
 */
FIRN_MUST_CHECK firn_status firn_join_scan_filters(const firn_join_scan *scan, firn_arena *arena,
                                                   const firn_expr **files_out,
                                                   const firn_expr **rows_out, firn_error *err);
/* Values are gathered of rows that have what is wanted of files (in the scan's schema); others may
 * be handed out, too. Borrowed. Before any are gathered. */
FIRN_MUST_CHECK firn_status firn_join_scan_choose(firn_join_scan *scan,
                                                  const struct firn_scan_wanted *wanted,
                                                  const firn_schema *schema, firn_error *err);
/* For a report: "n values of table.column, (column >= low and column <= high); .."; data NULL: out
 * of memory. */
firn_str firn_join_scan_text(const firn_join_scan *scan, firn_arena *arena);

/* What a thread gathers of a scan. */
typedef struct firn_join_gather firn_join_gather;
/* *out NULL: nothing. */
FIRN_MUST_CHECK firn_status firn_join_gather_create(firn_join_scan *scan, firn_join_gather **out,
                                                    firn_error *err);
/* A batch that the thread hands out, its columns those of firn_join_scan_begin(); n_rows 0: it has
 * begun. */
void firn_join_gather_add(firn_join_gather *gather, const firn_batch *batch);
/* The thread has handed out all it will get. */
void firn_join_gather_finish(firn_join_gather *gather);
/* NULL is fine. Unfinished: the scan's values are not used. */
void firn_join_gather_destroy(firn_join_gather *gather);

#endif
