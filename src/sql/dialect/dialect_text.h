/* SPDX-License-Identifier: Apache-2.0 */
/* A statement of Spark or Trino made into DuckDB's words before anything else reads it: literals,
 * operators, functions by their templates, types in casts, names of columns that have none. Works
 * on tokens; what it does not know stays as it is. Statements that are Iceberg's (DDL, CALL) keep
 * their words; only their literals change, and the query in them.
 *
 * Not here: what names mean, nor the grammar of statements. */
#ifndef FIRN_SQL_DIALECT_TEXT_H
#define FIRN_SQL_DIALECT_TEXT_H

#include "base/arena.h"
#include "sql/dialect/dialect.h"
#include "sql/resolve/query_rewrite.h"
#include "sql/typing/value_type.h"

#define FIRN_VARIABLE_PREFIX "firn_var_" /* of the engine's variables that are the session's */

typedef struct firn_dialect_opts {
    firn_dialect dialect;
    firn_str catalog, ns; /* the current ones, for the functions that tell them */
    firn_str zone;        /* the session's; empty: UTC */
    bool is_inner;        /* a query whose rows another one reads: they are not shown */
    bool is_lenient;      /* Spark without ANSI: null for what cannot be cast or divided */
    const firn_property *variables; /* of the session, by their names; values: their types */
    size_t n_variables;
    /* Columns of a table or view by its name, which is in the statement's arena, for the types of
     * expressions; *out NULL: not known. A function that is NULL knows none. */
    firn_status (*columns_of)(void *ctx, const firn_str *parts, size_t n_parts,
                              const firn_type **out, firn_error *err);
    void *ctx;
} firn_dialect_opts;

/* A column of a statement's result, as the dialect has it. */
typedef struct firn_typed_column {
    firn_str name;
    firn_value_type type; /* UNKNOWN: the engine's */
} firn_typed_column;

typedef struct firn_translation {
    firn_rewrite text;
    const firn_typed_column *columns; /* of the query; NULL: not known */
    size_t n_columns;
} firn_translation;

/* Result in the arena; refs are not set. FIRN_ERR_ARG with a position for what cannot be said in
 * DuckDB's words, FIRN_ERR_LIMIT for calls nested too deep. */
FIRN_MUST_CHECK firn_status firn_dialect_translate(firn_str sql, const firn_dialect_opts *opts,
                                                   firn_arena *arena, firn_translation *out,
                                                   firn_error *err);

#endif
