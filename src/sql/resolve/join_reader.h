/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read join_text.h's pairs share: the query's tokens and what is found in them.
 * Private to join_text.c and join_conditions.c. */
#ifndef FIRN_SQL_JOIN_READER_H
#define FIRN_SQL_JOIN_READER_H

#include "sql/resolve/join_text.h"
#include "sql/resolve/query_stars.h"

/* What a subquery in parentheses is for. */
typedef enum join_role {
    JOIN_ROLE_NONE = 0,
    JOIN_ROLE_EXISTS, /* a conjunct of its own */
    JOIN_ROLE_IN,     /* so, too, behind a column */
} join_role;

/* Tokens [first, end). */
typedef struct join_range {
    size_t first, end;
} join_range;

typedef struct join_reader {
    const firn_query_tokens *t;
    firn_arena *arena;
    size_t *closing;      /* per token: of an opening bracket its other one; else 0 */
    unsigned char *roles; /* per token: of the parenthesis there */
    firn_join_block *blocks;
    size_t n_blocks, cap_blocks;
    firn_join_pair *pairs;
    size_t n_pairs, cap_pairs;
    int depth;
    bool has_given_up; /* something in the statement makes all that was found doubtful */
    bool is_out_of_memory;
} join_reader;

/* "name" or "table.name" on both sides of an equals sign: tokens. */
typedef struct join_equality {
    join_range sides[2];
} join_equality;

typedef struct join_equalities {
    join_equality *items;
    size_t n, cap;
} join_equalities;

static inline const firn_token *join_token(const join_reader *r, size_t i)
{
    return &r->t->items[i < r->t->n ? i : r->t->n - 1];
}

static inline bool join_is_word(const join_reader *r, size_t i, const char *word)
{
    return firn_token_is(join_token(r, i), word);
}

static inline bool join_is_symbol(const join_reader *r, size_t i, const char *symbol)
{
    return firn_token_is_symbol(join_token(r, i), symbol);
}

/* The token behind the one at i, or behind its brackets. */
static inline size_t join_step(const join_reader *r, size_t i)
{
    return (r->closing[i] > i ? r->closing[i] : i) + 1;
}

/* ---- join_conditions.c ---- */

bool join_is_any(const join_reader *r, size_t i, const char *const *words);
bool join_is_name(const join_reader *r, size_t i);
/* Do the tokens in parentheses at i begin a query? */
bool join_is_query(const join_reader *r, size_t i);
/* Adds the equalities that hold wherever the condition is true, and notes the roles of its
 * subqueries. */
void join_conditions_read(join_reader *r, join_range condition, join_equalities *out);
/* The column that all of these tokens name; false: they are something else. */
bool join_column_read(join_reader *r, join_range tokens, firn_join_column *out);

#endif
