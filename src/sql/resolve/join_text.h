/* SPDX-License-Identifier: Apache-2.0 */
/* What the joins of a query compare, by its text: pairs of columns that are equal in every row that
 * comes of the tables of a query block, so that rows of one whose value the other does not have
 * need not be read. Comparisons that hold for certain, no others: conjuncts of WHERE, of ON and
 * USING, of the WHERE of a subquery that names a column around it, and IN (SELECT column ..). What
 * the reader does not know for sure it leaves out.
 *
 * Not here: which table has a column, and whether the types fit (sql/engine/engine_joins.h). */
#ifndef FIRN_SQL_JOIN_TEXT_H
#define FIRN_SQL_JOIN_TEXT_H

#include "base/arena.h"

struct firn_query_tokens; /* sql/resolve/query_stars.h */

#define FIRN_JOIN_NONE SIZE_MAX

/* A part of a FROM clause. */
typedef struct firn_join_item {
    firn_str alias;
    size_t ref; /* of the rewrite; FIRN_JOIN_NONE: a subquery, a function, .. */
} firn_join_item;

/* A SELECT with what belongs to it. */
typedef struct firn_join_block {
    size_t parent; /* whose columns it may name, too; FIRN_JOIN_NONE: of none */
    const firn_join_item *items;
    size_t n_items;
    const firn_str *aliases; /* that its list gives: they hide columns of the blocks around it */
    size_t n_aliases;
    const firn_str *merged; /* by USING: which table such a column is of depends on the join */
    size_t n_merged;
    bool is_read;   /* false: its FROM was not understood */
    bool is_exists; /* rows of the parent are left out unless it has a row, and it has none without
                       one of its tables' */
} firn_join_block;

typedef struct firn_join_column {
    size_t block;
    size_t first, end; /* items of the block that it is looked for in */
    bool may_climb;    /* in the blocks around it, too */
    bool is_merged;    /* it is what USING names: of one of these items, whatever others have */
    firn_str table;    /* empty: only the column is named */
    firn_str name;
} firn_join_column;

/* Both in the same block, or one in a block around that of the other: then what is around reduces
 * the inner one whatever the inner one is for, and the inner one what is around by is_exists. */
typedef struct firn_join_pair {
    firn_join_column columns[2];
    bool reduces[2]; /* rows whose columns[i] is not among the values of the other may go */
} firn_join_pair;

typedef struct firn_join_text {
    const firn_join_block *blocks;
    size_t n_blocks;
    const firn_join_pair *pairs;
    size_t n_pairs;
} firn_join_text;

/* In the arena; no pairs: nothing that is known for sure. */
FIRN_MUST_CHECK firn_status firn_join_text_read(const struct firn_query_tokens *tokens,
                                                firn_arena *arena, firn_join_text *out,
                                                firn_error *err);

#endif
