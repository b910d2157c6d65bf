/* SPDX-License-Identifier: Apache-2.0 */
/* SQL text to tokens: the spellings of Spark, Trino and DuckDB. Never allocates, never fails:
 * what it cannot read is one FIRN_TOKEN_BAD. */
#ifndef FIRN_SQL_LEXER_H
#define FIRN_SQL_LEXER_H

#include "firn/base.h"
#include "sql/dialect/dialect.h"

typedef enum firn_token_kind {
    FIRN_TOKEN_END = 0,
    FIRN_TOKEN_WORD,   /* bare identifier or keyword */
    FIRN_TOKEN_QUOTED, /* "identifier" or `identifier` */
    FIRN_TOKEN_STRING, /* 'text', E'..', $$text$$ */
    FIRN_TOKEN_NUMBER,
    FIRN_TOKEN_SYMBOL, /* one operator or punctuation mark, e.g. "(", "<=", "::" */
    FIRN_TOKEN_PARAM,  /* ?, $1, :name */
    FIRN_TOKEN_BAD,    /* unterminated quote or comment, stray byte */
} firn_token_kind;

typedef struct firn_token {
    firn_token_kind kind;
    size_t offset; /* in the statement */
    firn_str text; /* as written, quotes included; borrowed from the statement */
} firn_token;

typedef struct firn_lexer {
    firn_str sql;
    size_t at;
    firn_dialect dialect;    /* SPARK: "text" is a string, and strings have backslash escapes */
    bool is_timestamp_zoned; /* for types: TIMESTAMP has a zone, as in Spark */
} firn_lexer;

firn_lexer firn_lexer_of(firn_str sql);
/* Skips blanks and comments. */
firn_token firn_lexer_next(firn_lexer *lexer);
firn_token firn_lexer_peek(const firn_lexer *lexer);
/* As firn_sql_statement_length(). */
size_t firn_lexer_statement_length(firn_lexer lexer);
/* Bare word equal to keyword, any case. */
bool firn_token_is(const firn_token *token, const char *keyword);
bool firn_token_is_symbol(const firn_token *token, const char *symbol);

#endif
