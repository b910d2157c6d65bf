/* SPDX-License-Identifier: Apache-2.0 */
/* A table's changelog in SQL, in all its spellings:
 *
 *   FROM firn_changes('ns.t', from, to, compute_updates => true, ...)       ours, also "changes"
 *   FROM TABLE(system.table_changes('ns', 't', from, to))                   Trino's
 *   FROM ns.t.changes                                                       Spark's
 *   CALL system.create_changelog_view(table => 'ns.t', options => map(...)) Spark's
 *
 * Here are the arguments and what they mean for one table. Not here: names (resolve_changes.c),
 * rows (firn/changes.h). */
#ifndef FIRN_SQL_CHANGES_CALL_H
#define FIRN_SQL_CHANGES_CALL_H

#include "firn/changes.h"
#include "sql/parser/sql_parser.h"

/* One end of the range. */
typedef struct firn_changes_bound {
    enum {
        FIRN_BOUND_NONE = 0,
        FIRN_BOUND_ID,   /* number */
        FIRN_BOUND_TIME, /* number: milliseconds since 1970 */
        FIRN_BOUND_TEXT, /* text: branch, tag, snapshot id or time */
    } kind;
    int64_t number;
    firn_str text;
    size_t offset; /* in the text that was parsed */
} firn_changes_bound;

typedef enum firn_changes_form {
    FIRN_CHANGES_FUNCTION = 0,
    FIRN_CHANGES_TRINO,     /* its columns and its errors */
    FIRN_CHANGES_PROCEDURE, /* create_changelog_view */
} firn_changes_form;

typedef struct firn_changes_call {
    firn_changes_form form;
    firn_sql_name table; /* as given, catalog and namespace included where they were */
    firn_str view;       /* PROCEDURE; empty: after the table */
    firn_changes_bound from, to;
    const firn_str *identifiers;
    size_t n_identifiers;
    bool with_updates, is_net, with_carryovers;
} firn_changes_call;

/* "name(arguments)", all of text. Everything is in the arena. FIRN_ERR_ARG with a position in
 * text. */
FIRN_MUST_CHECK firn_status firn_changes_call_parse(firn_arena *arena, firn_str text,
                                                    firn_changes_form form, firn_changes_call *out,
                                                    firn_error *err);
/* What to read of a table, columns included. */
FIRN_MUST_CHECK firn_status firn_changes_call_opts(const firn_changes_call *call,
                                                   const firn_table_metadata *metadata,
                                                   firn_arena *arena, const firn_changes_opts **out,
                                                   firn_error *err);

#endif
