/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata columns in a query's tokens: which the query names, and what must be written so that "*"
 * leaves them out. A query block is what has a SELECT list of its own; "*" is changed in the blocks
 * whose FROM has a table with such columns, and "t.*" where t is that table.
 *
 * Patterns of columns (COLUMNS(..), * LIKE ..) see the metadata columns that the query names. */
#ifndef FIRN_SQL_QUERY_STARS_H
#define FIRN_SQL_QUERY_STARS_H

#include "sql/resolve/query_rewrite.h"

/* Text to write between two tokens. */
typedef struct firn_insertion {
    size_t before; /* token */
    firn_str text;
} firn_insertion;

typedef struct firn_query_tokens {
    const firn_token *items; /* the last is FIRN_TOKEN_END */
    size_t n;
    const size_t *ref_at; /* per token: the reference that starts there, or SIZE_MAX */
    const firn_table_ref *refs;
    size_t n_refs;
} firn_query_tokens;

/* Names of metadata columns among the tokens that are not those of tables, functions or aliases. */
firn_metadata_columns firn_stars_named(const firn_query_tokens *t, firn_arena *arena);
/* In the order of tokens, in the arena. */
FIRN_MUST_CHECK firn_status firn_stars_find(const firn_query_tokens *t, firn_arena *arena,
                                            firn_insertion **out, size_t *n_out, firn_error *err);

#endif
