/* SPDX-License-Identifier: Apache-2.0 */
/* A few tokens of lookahead over the statement; see extremes_query.h. */
#include "sql/extremes_query.h"

#include "sql/lexer.h"

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

static bool take_name(firn_lexer *lexer)
{
    const firn_token token = firn_lexer_next(lexer);
    return token.kind == FIRN_TOKEN_WORD || token.kind == FIRN_TOKEN_QUOTED;
}

/* min(a), max(a), count(a), count(*) */
static bool take_aggregate(firn_lexer *lexer, bool *is_count)
{
    *is_count = take_word(lexer, "count");
    if (!*is_count && !take_word(lexer, "min") && !take_word(lexer, "max")) return false;
    if (!take_symbol(lexer, "(")) return false;
    const bool is_star = *is_count && take_symbol(lexer, "*");
    if (!is_star && !take_name(lexer)) return false;
    if (!take_symbol(lexer, ")")) return false;
    return !take_word(lexer, "as") || take_name(lexer);
}

firn_asked firn_sql_asks(firn_str sql)
{
    firn_lexer lexer = firn_lexer_of(sql);
    bool has_count = false;
    if (!take_word(&lexer, "select")) return FIRN_ASKS_ROWS;
    do {
        bool is_count = false;
        if (!take_aggregate(&lexer, &is_count)) return FIRN_ASKS_ROWS;
        has_count = has_count || is_count;
    } while (take_symbol(&lexer, ","));
    if (!take_word(&lexer, "from")) return FIRN_ASKS_ROWS;
    do {
        if (!take_name(&lexer)) return FIRN_ASKS_ROWS;
    } while (take_symbol(&lexer, "."));
    if (firn_lexer_peek(&lexer).kind != FIRN_TOKEN_END) return FIRN_ASKS_ROWS;
    return has_count ? FIRN_ASKS_EXTREMES_AND_COUNTS : FIRN_ASKS_EXTREMES;
}
