/* SPDX-License-Identifier: Apache-2.0 */
/* What the statement parsers (parse_*.c) share: one token of look-ahead, names, literals, and
 * stretches of SQL that are kept as text because the engine reads them. Slices borrow from the
 * statement, so their place in it is known. Not here: any grammar. */
#ifndef FIRN_SQL_SQL_PARSER_H
#define FIRN_SQL_SQL_PARSER_H

#include "base/arena.h"
#include "sql/session/sql_session.h"

typedef struct firn_sql_parser {
    firn_arena *arena;
    firn_lexer lexer;
    firn_str sql;
} firn_sql_parser;

firn_sql_parser firn_parser_of(firn_arena *arena, firn_str sql);
firn_token firn_parser_peek(const firn_sql_parser *p);
/* Each takes what it names and says whether it was there; words: one or more, blanks between; all
 * or nothing. */
bool firn_parser_accept(firn_sql_parser *p, const char *words);
bool firn_parser_accept_symbol(firn_sql_parser *p, const char *symbol);
bool firn_parser_at(const firn_sql_parser *p, const char *words);
bool firn_parser_at_end(const firn_sql_parser *p);
/* "found X, expected <expected>" at the next token. */
firn_status firn_parser_fail(const firn_sql_parser *p, const char *expected, firn_error *err);
FIRN_MUST_CHECK firn_status firn_parser_expect(firn_sql_parser *p, const char *words,
                                               firn_error *err);
FIRN_MUST_CHECK firn_status firn_parser_expect_symbol(firn_sql_parser *p, const char *symbol,
                                                      firn_error *err);
FIRN_MUST_CHECK firn_status firn_parser_expect_end(const firn_sql_parser *p, firn_error *err);
/* A dotted name. */
FIRN_MUST_CHECK firn_status firn_parser_name(firn_sql_parser *p, firn_sql_name *out,
                                             firn_error *err);
/* One identifier, unquoted. */
FIRN_MUST_CHECK firn_status firn_parser_identifier(firn_sql_parser *p, firn_str *out,
                                                   firn_error *err);
/* 'text', unquoted. */
FIRN_MUST_CHECK firn_status firn_parser_string(firn_sql_parser *p, firn_str *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_parser_integer(firn_sql_parser *p, int64_t *out, firn_error *err);
/* Text up to a comma, a closing parenthesis or one of the words, all outside parentheses and CASE
 * .. END; words NULL: none. Ends at the last token's end; FIRN_ERR_ARG when there is none. */
FIRN_MUST_CHECK firn_status firn_parser_expression(firn_sql_parser *p, const char *const *words,
                                                   firn_str *out, firn_error *err);
/* The same, but commas are part of it. */
FIRN_MUST_CHECK firn_status firn_parser_clause(firn_sql_parser *p, const char *const *words,
                                               firn_str *out, firn_error *err);
/* From "(" to its ")"; the text inside. */
FIRN_MUST_CHECK firn_status firn_parser_parenthesised(firn_sql_parser *p, firn_str *out,
                                                      firn_error *err);
/* All that is left. */
FIRN_MUST_CHECK firn_status firn_parser_rest(firn_sql_parser *p, firn_str *out, firn_error *err);
/* "a.b.c" of a name, in the arena. data NULL: out of memory. */
firn_str firn_sql_name_text(const firn_sql_name *name, firn_arena *arena);

#endif
