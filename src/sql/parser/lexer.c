/* SPDX-License-Identifier: Apache-2.0 */
/* SQL text to tokens, and scripts to statements. Not a parser: it knows quotes, comments and
 * operators, no grammar. */
#include "sql/parser/lexer.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "firn/session.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of multi-byte UTF-8 characters count as letters, as in DuckDB. */
static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_word_start(c) || is_digit(c) || c == '$';
}

static char char_at(firn_str sql, size_t at)
{
    if (at >= sql.len) return '\0';
    return sql.data[at];
}

/* End of a nested block comment that begins at from, SIZE_MAX when it is not closed. */
static size_t block_comment_end(firn_str sql, size_t from)
{
    size_t depth = 1;
    size_t at = from + 2;
    while (at < sql.len) {
        if (sql.data[at] == '*' && char_at(sql, at + 1) == '/') {
            at += 2;
            if (--depth == 0) return at;
        } else if (sql.data[at] == '/' && char_at(sql, at + 1) == '*') {
            depth++;
            at += 2;
        } else {
            at++;
        }
    }
    return SIZE_MAX;
}

/* First byte that is neither blank nor comment. An unclosed block comment is not skipped. */
static size_t skip_blanks(firn_str sql, size_t at)
{
    while (at < sql.len) {
        if (is_blank(sql.data[at])) {
            at++;
        } else if (sql.data[at] == '-' && char_at(sql, at + 1) == '-') {
            while (at < sql.len && sql.data[at] != '\n') at++;
        } else if (sql.data[at] == '/' && char_at(sql, at + 1) == '*') {
            const size_t end = block_comment_end(sql, at);
            if (end == SIZE_MAX) return at;
            at = end;
        } else {
            return at;
        }
    }
    return at;
}

/* End of a quoted run whose quote is doubled to escape it; backslash too when has_escapes. */
static size_t quoted_end(firn_str sql, size_t open, bool has_escapes)
{
    const char quote = sql.data[open];
    size_t at = open + 1;
    while (at < sql.len) {
        const bool is_quote = sql.data[at] == quote;
        const bool is_doubled = is_quote && char_at(sql, at + 1) == quote;
        const bool is_escape = has_escapes && sql.data[at] == '\\';
        if (is_quote && !is_doubled) return at + 1;
        at += is_doubled || is_escape ? 2 : 1;
    }
    return SIZE_MAX;
}

/* End of $tag$ ... $tag$ beginning at from; 0 when it is no dollar quote, SIZE_MAX when open. */
static size_t dollar_end(firn_str sql, size_t from)
{
    size_t at = from + 1;
    if (is_digit(char_at(sql, at))) return 0;
    while (at < sql.len && sql.data[at] != '$' && is_word(sql.data[at])) at++;
    if (char_at(sql, at) != '$') return 0;
    const firn_str tag = {sql.data + from, at + 1 - from};
    const size_t close = firn_str_find(sql, tag, at + 1);
    return close == SIZE_MAX ? SIZE_MAX : close + tag.len;
}

static size_t number_end(firn_str sql, size_t at)
{
    if (sql.data[at] == '0' && (char_at(sql, at + 1) | 0x20) == 'x') {
        at += 2;
        while (at < sql.len && is_word(sql.data[at])) at++;
        return at;
    }
    while (at < sql.len && (is_digit(sql.data[at]) || sql.data[at] == '_')) at++;
    if (char_at(sql, at) == '.' && char_at(sql, at + 1) != '.') {
        at++;
        while (at < sql.len && (is_digit(sql.data[at]) || sql.data[at] == '_')) at++;
    }
    if ((char_at(sql, at) | 0x20) == 'e') {
        size_t digits = at + 1;
        if (char_at(sql, digits) == '+' || char_at(sql, digits) == '-') digits++;
        if (is_digit(char_at(sql, digits))) {
            at = digits;
            while (at < sql.len && is_digit(sql.data[at])) at++;
        }
    }
    return at;
}

static size_t symbol_length(firn_str sql, size_t at)
{
    static const char *const long_symbols[] = {"<=>", "->>", "!~~", "<=", ">=", "<>", "!=",
                                               "==",  "|>",  "::",  ":=", "=>", "->", "||",
                                               "//",  "**",  "<<",  ">>", "~~", "!~", "^@"};
    for (size_t i = 0; i < sizeof long_symbols / sizeof *long_symbols; i++) {
        const size_t len = strlen(long_symbols[i]);
        if (sql.len - at >= len && memcmp(sql.data + at, long_symbols[i], len) == 0) return len;
    }
    return 1;
}

static firn_token token_of(firn_str sql, firn_token_kind kind, size_t from, size_t to)
{
    firn_token token = {kind, from, {sql.data + from, to - from}};
    if (to == SIZE_MAX || to > sql.len) {
        token.kind = FIRN_TOKEN_BAD;
        token.text.len = sql.len - from;
    }
    return token;
}

static firn_token parameter(firn_str sql, size_t at)
{
    size_t end = at + 1;
    while (end < sql.len && is_word(sql.data[end])) end++;
    return token_of(sql, FIRN_TOKEN_PARAM, at, end);
}

static firn_token word_or_prefixed_string(firn_str sql, size_t at, bool is_spark)
{
    const int lower = sql.data[at] | 0x20;
    const char next = char_at(sql, at + 1);
    const bool is_prefix = lower == 'x' || lower == (is_spark ? 'r' : 'e') || lower == 'b';
    if ((next == '\'' && is_prefix) || (next == '"' && is_spark && is_prefix)) {
        return token_of(sql, FIRN_TOKEN_STRING, at, quoted_end(sql, at + 1, lower == 'e'));
    }
    size_t end = at;
    while (end < sql.len && is_word(sql.data[end])) end++;
    return token_of(sql, FIRN_TOKEN_WORD, at, end);
}

static firn_token scan(const firn_lexer *lexer, size_t at)
{
    const firn_str sql = lexer->sql;
    const bool is_spark = lexer->dialect == FIRN_DIALECT_SPARK;
    if (at >= sql.len) return (firn_token){FIRN_TOKEN_END, sql.len, {sql.data + sql.len, 0}};
    const char c = sql.data[at];
    const char next = char_at(sql, at + 1);
    if (is_word_start(c)) return word_or_prefixed_string(sql, at, is_spark);
    if (is_digit(c) || (c == '.' && is_digit(next))) {
        return token_of(sql, FIRN_TOKEN_NUMBER, at, number_end(sql, at));
    }
    if (c == '\'' || (c == '"' && is_spark)) {
        return token_of(sql, FIRN_TOKEN_STRING, at, quoted_end(sql, at, is_spark));
    }
    if (c == '"' || c == '`') {
        return token_of(sql, FIRN_TOKEN_QUOTED, at, quoted_end(sql, at, false));
    }
    if (c == '$') {
        const size_t end = dollar_end(sql, at);
        if (end != 0) return token_of(sql, FIRN_TOKEN_STRING, at, end);
        return parameter(sql, at);
    }
    if (c == '?' || (c == ':' && is_word_start(next))) return parameter(sql, at);
    if (c == '/' && next == '*') return token_of(sql, FIRN_TOKEN_BAD, at, sql.len);
    if ((unsigned char)c < 0x20 || c == 0x7f) return token_of(sql, FIRN_TOKEN_BAD, at, at + 1);
    return token_of(sql, FIRN_TOKEN_SYMBOL, at, at + symbol_length(sql, at));
}

firn_lexer firn_lexer_of(firn_str sql)
{
    /* pointer arithmetic below needs a real pointer even for the empty text */
    firn_lexer lexer = {.sql = {sql.data ? sql.data : "", sql.len}};
    return lexer;
}

firn_token firn_lexer_next(firn_lexer *lexer)
{
    const firn_token token = scan(lexer, skip_blanks(lexer->sql, lexer->at));
    lexer->at = token.offset + token.text.len;
    return token;
}

firn_token firn_lexer_peek(const firn_lexer *lexer)
{
    return scan(lexer, skip_blanks(lexer->sql, lexer->at));
}

bool firn_token_is(const firn_token *token, const char *keyword)
{
    const size_t len = strlen(keyword);
    return token->kind == FIRN_TOKEN_WORD && token->text.len == len &&
           strncasecmp(token->text.data, keyword, len) == 0;
}

bool firn_token_is_symbol(const firn_token *token, const char *symbol)
{
    const size_t len = strlen(symbol);
    return token->kind == FIRN_TOKEN_SYMBOL && token->text.len == len &&
           memcmp(token->text.data, symbol, len) == 0;
}

size_t firn_lexer_statement_length(firn_lexer lexer)
{
    for (;;) {
        const firn_token token = firn_lexer_next(&lexer);
        if (token.kind == FIRN_TOKEN_END) return 0;
        if (firn_token_is_symbol(&token, ";")) return token.offset + token.text.len;
    }
}

size_t firn_sql_statement_length(firn_str sql)
{
    return firn_lexer_statement_length(firn_lexer_of(sql));
}
