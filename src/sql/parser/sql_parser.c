/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/parser/sql_parser.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/session/session_state.h"

firn_sql_parser firn_parser_of(firn_arena *arena, firn_str sql)
{
    return (firn_sql_parser){arena, firn_lexer_of(sql), sql};
}

firn_token firn_parser_peek(const firn_sql_parser *p)
{
    return firn_lexer_peek(&p->lexer);
}

/* The lexer behind the words, or false. */
static bool match_words(const firn_sql_parser *p, const char *words, firn_lexer *after)
{
    firn_str rest = firn_str_of(words);
    *after = p->lexer;
    while (rest.data) {
        char word[32];
        const firn_str part = firn_str_split(&rest, ' ');
        const firn_token token = firn_lexer_next(after);
        (void)snprintf(word, sizeof word, "%.*s", FIRN_STR_ARG(part));
        if (!firn_token_is(&token, word)) return false;
    }
    return true;
}

bool firn_parser_at(const firn_sql_parser *p, const char *words)
{
    firn_lexer after;
    return match_words(p, words, &after);
}

bool firn_parser_accept(firn_sql_parser *p, const char *words)
{
    firn_lexer after;
    if (!match_words(p, words, &after)) return false;
    p->lexer = after;
    return true;
}

bool firn_parser_accept_symbol(firn_sql_parser *p, const char *symbol)
{
    const firn_token token = firn_parser_peek(p);
    if (!firn_token_is_symbol(&token, symbol)) return false;
    (void)firn_lexer_next(&p->lexer);
    return true;
}

bool firn_parser_at_end(const firn_sql_parser *p)
{
    return firn_parser_peek(p).kind == FIRN_TOKEN_END;
}

firn_status firn_parser_fail(const firn_sql_parser *p, const char *expected, firn_error *err)
{
    const firn_token token = firn_parser_peek(p);
    if (token.kind == FIRN_TOKEN_END) {
        return firn_sql_fail(err, token.offset, "found the end of the statement, expected %s",
                             expected);
    }
    return firn_sql_fail(err, token.offset, "found \"%.*s\", expected %s",
                         FIRN_STR_ARG(firn_str_slice(token.text, 0, 60)), expected);
}

firn_status firn_parser_expect(firn_sql_parser *p, const char *words, firn_error *err)
{
    return firn_parser_accept(p, words) ? FIRN_OK : firn_parser_fail(p, words, err);
}

firn_status firn_parser_expect_symbol(firn_sql_parser *p, const char *symbol, firn_error *err)
{
    char expected[16];
    if (firn_parser_accept_symbol(p, symbol)) return FIRN_OK;
    (void)snprintf(expected, sizeof expected, "\"%s\"", symbol);
    return firn_parser_fail(p, expected, err);
}

firn_status firn_parser_expect_end(const firn_sql_parser *p, firn_error *err)
{
    return firn_parser_at_end(p) ? FIRN_OK : firn_parser_fail(p, "the end of the statement", err);
}

firn_status firn_parser_name(firn_sql_parser *p, firn_sql_name *out, firn_error *err)
{
    return firn_session__parse_name(&p->lexer, p->arena, out, err);
}

firn_status firn_parser_identifier(firn_sql_parser *p, firn_str *out, firn_error *err)
{
    const firn_token token = firn_parser_peek(p);
    if (token.kind != FIRN_TOKEN_WORD && token.kind != FIRN_TOKEN_QUOTED) {
        return firn_parser_fail(p, "a name", err);
    }
    (void)firn_lexer_next(&p->lexer);
    *out = firn_token_unquote(&token, p->arena);
    if (out->data) *out = firn_dialect_fold(p->lexer.dialect, *out, p->arena);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_parser_string(firn_sql_parser *p, firn_str *out, firn_error *err)
{
    const firn_token token = firn_parser_peek(p);
    *out = token.kind == FIRN_TOKEN_STRING ? firn_token_unquote(&token, p->arena) : (firn_str){0};
    if (!out->data) return firn_parser_fail(p, "a string in single quotes", err);
    (void)firn_lexer_next(&p->lexer);
    return FIRN_OK;
}

firn_status firn_parser_integer(firn_sql_parser *p, int64_t *out, firn_error *err)
{
    const firn_sql_parser before = *p;
    const bool is_negative = firn_parser_accept_symbol(p, "-");
    const firn_token token = firn_parser_peek(p);
    if (token.kind != FIRN_TOKEN_NUMBER || !firn_str_to_i64(token.text, out)) {
        return firn_parser_fail(&before, "an integer", err);
    }
    (void)firn_lexer_next(&p->lexer);
    if (is_negative) *out = -*out;
    return FIRN_OK;
}

/* ---- text for the engine ---- */

static bool is_any(const firn_token *token, const char *const *words)
{
    for (; words && *words; words++) {
        if (firn_token_is(token, *words)) return true;
    }
    return false;
}

typedef struct nesting {
    int parentheses, cases;
} nesting;

/* False: the token closes a parenthesis that was opened before the text. */
static bool track(nesting *n, const firn_token *token)
{
    if (firn_token_is_symbol(token, "(") || firn_token_is_symbol(token, "[") ||
        firn_token_is_symbol(token, "{")) {
        n->parentheses++;
    } else if (firn_token_is_symbol(token, ")") || firn_token_is_symbol(token, "]") ||
               firn_token_is_symbol(token, "}")) {
        return n->parentheses-- > 0;
    } else if (firn_token_is(token, "CASE")) {
        n->cases++;
    } else if (firn_token_is(token, "END") && n->cases > 0) {
        n->cases--;
    }
    return true;
}

static firn_status read_text(firn_sql_parser *p, const char *const *words, bool stops_at_comma,
                             firn_str *out, firn_error *err)
{
    nesting depth = {0};
    size_t from = SIZE_MAX;
    size_t to = 0;
    for (;;) {
        const firn_token token = firn_parser_peek(p);
        const bool is_outside = depth.parentheses == 0 && depth.cases == 0;
        if (token.kind == FIRN_TOKEN_END) break;
        if (token.kind == FIRN_TOKEN_BAD) return firn_parser_fail(p, "an expression", err);
        if (is_outside && is_any(&token, words)) break;
        if (is_outside && stops_at_comma && firn_token_is_symbol(&token, ",")) break;
        if (!track(&depth, &token)) break;
        (void)firn_lexer_next(&p->lexer);
        if (from == SIZE_MAX) from = token.offset;
        to = token.offset + token.text.len;
    }
    if (depth.parentheses > 0) return firn_parser_fail(p, "\")\"", err);
    if (from == SIZE_MAX) return firn_parser_fail(p, "an expression", err);
    *out = firn_str_slice(p->sql, from, to);
    return FIRN_OK;
}

firn_status firn_parser_expression(firn_sql_parser *p, const char *const *words, firn_str *out,
                                   firn_error *err)
{
    return read_text(p, words, true, out, err);
}

firn_status firn_parser_clause(firn_sql_parser *p, const char *const *words, firn_str *out,
                               firn_error *err)
{
    return read_text(p, words, false, out, err);
}

firn_status firn_parser_parenthesised(firn_sql_parser *p, firn_str *out, firn_error *err)
{
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    FIRN_TRY(read_text(p, NULL, false, out, err));
    return firn_parser_expect_symbol(p, ")", err);
}

firn_status firn_parser_rest(firn_sql_parser *p, firn_str *out, firn_error *err)
{
    FIRN_TRY(read_text(p, NULL, false, out, err));
    return firn_parser_expect_end(p, err);
}

firn_str firn_sql_name_text(const firn_sql_name *name, firn_arena *arena)
{
    firn_str text = name->n_parts > 0 ? name->parts[0] : FIRN_STR("");
    for (size_t i = 1; i < name->n_parts && text.data; i++) {
        text =
            firn_arena_printf(arena, "%.*s.%.*s", FIRN_STR_ARG(text), FIRN_STR_ARG(name->parts[i]));
    }
    return text;
}
