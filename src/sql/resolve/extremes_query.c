/* SPDX-License-Identifier: Apache-2.0 */
/* A few tokens of lookahead over the statement; see extremes_query.h. */
#include "sql/resolve/extremes_query.h"

#include "sql/parser/lexer.h"
#include "sql/resolve/query_rewrite.h"

static bool take_symbol(firn_lexer *lexer, const char *symbol)
{
    const firn_token token = firn_lexer_peek(lexer);
    if (!firn_token_is_symbol(&token, symbol)) return false;
    (void)firn_lexer_next(lexer);
    return true;
}

static bool take_word(firn_lexer *lexer, const char *word)
{
    const firn_token token = firn_lexer_peek(lexer);
    if (!firn_token_is(&token, word)) return false;
    (void)firn_lexer_next(lexer);
    return true;
}

static bool take_name(firn_lexer *lexer, firn_token *out)
{
    *out = firn_lexer_next(lexer);
    return out->kind == FIRN_TOKEN_WORD || out->kind == FIRN_TOKEN_QUOTED;
}

/* ---- the query ---- */

typedef struct asked_columns {
    firn_arena *arena;
    firn_str *names;
    size_t n, cap;
} asked_columns;

static bool add_column(asked_columns *columns, const firn_token *name)
{
    firn_str *slot =
        firn_arena_push(columns->arena, &columns->names, &columns->n, &columns->cap, sizeof *slot);
    if (!slot) return false;
    *slot = firn_token_unquote(name, columns->arena);
    return slot->data;
}

/* min(a), max(a), count(a), count(*) */
static bool take_aggregate(firn_lexer *lexer, asked_columns *columns, bool *is_count)
{
    firn_token name;
    *is_count = take_word(lexer, "count");
    if (!*is_count && !take_word(lexer, "min") && !take_word(lexer, "max")) return false;
    if (!take_symbol(lexer, "(")) return false;
    const bool is_star = *is_count && take_symbol(lexer, "*");
    if (!is_star && !(take_name(lexer, &name) && add_column(columns, &name))) return false;
    if (!take_symbol(lexer, ")")) return false;
    return !take_word(lexer, "as") || take_name(lexer, &name);
}

/* ANALYZE (FORMAT ..) */
static void skip_explain(firn_lexer *lexer)
{
    if (!take_word(lexer, "explain")) return;
    (void)take_word(lexer, "analyze");
    if (!take_symbol(lexer, "(")) return;
    while (!take_symbol(lexer, ")") && firn_lexer_next(lexer).kind != FIRN_TOKEN_END) {
    }
}

static firn_asked read_query(firn_lexer *lexer, asked_columns *columns)
{
    firn_token ignored;
    bool has_count = false;
    if (!take_word(lexer, "select")) return FIRN_ASKS_ROWS;
    do {
        bool is_count = false;
        if (!take_aggregate(lexer, columns, &is_count)) return FIRN_ASKS_ROWS;
        has_count = has_count || is_count;
    } while (take_symbol(lexer, ","));
    if (!take_word(lexer, "from")) return FIRN_ASKS_ROWS;
    do {
        if (!take_name(lexer, &ignored)) return FIRN_ASKS_ROWS;
    } while (take_symbol(lexer, "."));
    if (firn_lexer_peek(lexer).kind != FIRN_TOKEN_END) return FIRN_ASKS_ROWS;
    return has_count ? FIRN_ASKS_EXTREMES_AND_COUNTS : FIRN_ASKS_EXTREMES;
}

firn_asked_query firn_sql_asks(firn_str sql, firn_arena *arena)
{
    firn_lexer lexer = firn_lexer_of(sql);
    asked_columns columns = {.arena = arena};
    skip_explain(&lexer);
    const firn_asked what = read_query(&lexer, &columns);
    if (what == FIRN_ASKS_ROWS) return (firn_asked_query){0};
    return (firn_asked_query){what, columns.names, columns.n};
}
