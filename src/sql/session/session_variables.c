/* SPDX-License-Identifier: Apache-2.0 */
/* Spark's session variables: DECLARE, SET VAR, DROP TEMPORARY VARIABLE, and the names that
 * IDENTIFIER(..) computes. A variable's value is a variable of the engine, cast to its type; where
 * its name is read, the translation writes getvariable(). */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "firn/batch.h"
#include "sql/parser/sql_parser.h"
#include "sql/parser/sql_text.h"
#include "sql/session/session_state.h"

#define MAX_VARIABLES   1000
#define MAX_NAME        128
#define MAX_IDENTIFIERS 64            /* IDENTIFIER(..) in a statement: each is a query */
#define NO_TYPE         FIRN_STR(".") /* declared by its value alone */
#define ROW             " row"        /* no variable's name: what several are set from */

typedef struct name_list {
    firn_str *items;
    size_t n, cap;
} name_list;

/* Short, and needs no quotes within quotes. */
static bool is_plain(firn_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.data[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '_') return false;
    }
    return name.len > 0 && name.len <= MAX_NAME;
}

/* a, b: at least one */
static firn_status parse_names(firn_sql_parser *p, name_list *out, firn_error *err)
{
    do {
        firn_str *slot = firn_arena_push(p->arena, &out->items, &out->n, &out->cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        if (firn_parser_accept(p, "SESSION") || firn_parser_accept(p, "SYSTEM")) {
            FIRN_TRY(firn_parser_expect_symbol(p, ".", err));
            if (firn_parser_accept(p, "SESSION")) FIRN_TRY(firn_parser_expect_symbol(p, ".", err));
        }
        const size_t offset = firn_parser_peek(p).offset;
        FIRN_TRY(firn_parser_identifier(p, slot, err));
        if (!is_plain(*slot))
            return firn_sql_fail(
                err, offset, "expected a name of letters, digits and _, of at most %d", MAX_NAME);
    } while (firn_parser_accept_symbol(p, ","));
    return FIRN_OK;
}

static firn_status check_declared(const firn_session *session, const firn_str *names, size_t n,
                                  size_t offset, firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (firn_texts__find(&session->variables, names[i]).data) continue;
        (void)firn_fail(err, FIRN_ERR_NOT_FOUND, "there is no variable \"%.*s\"",
                        FIRN_STR_ARG(names[i]));
        if (err) err->position = offset;
        return FIRN_ERR_NOT_FOUND;
    }
    return FIRN_OK;
}

/* ---- values ---- */

/* Run a statement of the engine whose query is Spark's; the first cell, if it is a text. */
static firn_status run(firn_session *session, const char *before, firn_str query, const char *after,
                       firn_str *cell, firn_error *err)
{
    firn_translation translation;
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    const firn_rewrite *outer = session->statement.translation;
    FIRN_TRY(firn_session__translate(session, query, session->dialect, NULL, &translation, err));
    const firn_str sql = firn_arena_printf(session->arena, "%s%.*s%s", before,
                                           FIRN_STR_ARG(translation.text.sql), after);
    if (!sql.data) return firn_fail_nomem(err);
    session->statement.translation = NULL;
    firn_status st = firn_session__query(session, sql, &result, err);
    session->statement.translation = outer;
    FIRN_TRY(st);
    st = firn_result_columns(result)->n_fields > 0 ? firn_result_next(result, &batch, err)
                                                   : FIRN_DONE;
    if (st == FIRN_OK && cell && batch->n_rows > 0 && firn_column_is_valid(&batch->columns[0], 0)) {
        const firn_view *views = batch->columns[0].values;
        *cell = firn_arena_copy(session->arena, firn_view_str(&views[0]));
        if (!cell->data) st = firn_fail_nomem(err);
    }
    firn_result_close(result);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* A constant text of Spark's: of strings, "||" and variables. */
static firn_status text_of(firn_session *session, firn_str expression, firn_str *out,
                           firn_error *err)
{
    const firn_str query = firn_arena_printf(session->arena, "SELECT CAST((%.*s) AS STRING)",
                                             FIRN_STR_ARG(expression));
    *out = (firn_str){0};
    if (!query.data) return firn_fail_nomem(err);
    FIRN_TRY(run(session, "", query, "", out, err));
    return out->data ? FIRN_OK : firn_fail(err, FIRN_ERR_ARG, "found null, expected a text");
}

/* A value, cast to the variable's type if it has one. */
static void put_cast(firn_buf *out, firn_str value, firn_str type)
{
    if (firn_str_equals(type, NO_TYPE))
        firn_buf_str(out, value);
    else
        firn_buf_printf(out, "CAST(%.*s AS %.*s)", FIRN_STR_ARG(value), FIRN_STR_ARG(type));
}

/* SET VARIABLE name = (query), of Spark's words. */
static firn_status set_to_query(firn_session *session, firn_str name, const firn_buf *query,
                                firn_error *err)
{
    const firn_str before = firn_arena_printf(
        session->arena, "SET VARIABLE \"" FIRN_VARIABLE_PREFIX "%.*s\" = (", FIRN_STR_ARG(name));
    if (!before.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_buf_check(query, err));
    return run(session, before.data, firn_buf_view(query), ")", NULL, err);
}

/* SET VARIABLE name = value */
static firn_status assign(firn_session *session, firn_str name, firn_str type, firn_str value,
                          firn_error *err)
{
    firn_buf query;
    const firn_str inner = firn_arena_printf(session->arena, "(%.*s)", FIRN_STR_ARG(value));
    if (!inner.data) return firn_fail_nomem(err);
    firn_buf_init(&query, session->env->alloc, FIRN_LIMIT_SQL_TEXT);
    firn_buf_cstr(&query, "SELECT ");
    put_cast(&query, inner, type);
    const firn_status st = set_to_query(session, name, &query, err);
    firn_buf_dispose(&query);
    return st;
}

/* The query's row as a struct with fields v0, v1, .. of the variables' types. */
static firn_status set_row(firn_session *session, const firn_str *names, size_t n, firn_str query,
                           firn_error *err)
{
    firn_buf text;
    firn_buf_init(&text, session->env->alloc, 2 * FIRN_LIMIT_SQL_TEXT);
    firn_buf_cstr(&text, "SELECT named_struct(");
    for (size_t i = 0; i < n; i++) {
        char column[32];
        (void)snprintf(column, sizeof column, "v%zu", i);
        firn_buf_printf(&text, "%s'%s', ", i > 0 ? ", " : "", column);
        put_cast(&text, firn_str_of(column), firn_texts__find(&session->variables, names[i]));
    }
    firn_buf_printf(&text, ") FROM (%.*s) AS firn_q(", FIRN_STR_ARG(query));
    for (size_t i = 0; i < n; i++) firn_buf_printf(&text, "%sv%zu", i > 0 ? ", " : "", i);
    firn_buf_cstr(&text, ")");
    const firn_status st = set_to_query(session, FIRN_STR(ROW), &text, err);
    firn_buf_dispose(&text);
    return st;
}

/* The query is run once: all variables are of the same row, or none is set. */
firn_status firn_variables__set(firn_session *session, const firn_str *names, size_t n,
                                firn_str query, firn_error *err)
{
    FIRN_TRY(check_declared(session, names, n, 0, err));
    FIRN_TRY(set_row(session, names, n, query, err));
    for (size_t i = 0; i < n; i++) {
        firn_result *result = NULL;
        const firn_str sql =
            firn_arena_printf(session->arena,
                              "SET VARIABLE \"" FIRN_VARIABLE_PREFIX "%.*s\" = "
                              "struct_extract(getvariable('" FIRN_VARIABLE_PREFIX ROW "'), 'v%zu')",
                              FIRN_STR_ARG(names[i]), i);
        if (!sql.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_session__query(session, sql, &result, err));
        firn_result_close(result);
    }
    return FIRN_OK;
}

firn_status firn_variables__text(firn_session *session, firn_str name, firn_str *out,
                                 firn_error *err)
{
    FIRN_TRY(check_declared(session, &name, 1, 0, err));
    return text_of(session, name, out, err);
}

/* ---- statements ---- */

/* Everything up to one of the words, or the end; in Spark's words. */
static firn_status rest_of(firn_session *session, firn_sql_parser *p, const char *const *ends,
                           firn_str *out, firn_error *err)
{
    firn_str text;
    FIRN_TRY(firn_parser_expression(p, ends, &text, err));
    *out = firn_session__original(session, p->sql, text);
    return FIRN_OK;
}

/* DECLARE [OR REPLACE] [VARIABLE] a, b [type] [DEFAULT x | = x] */
static firn_status declare(firn_session *session, firn_sql_parser *p, firn_error *err)
{
    static const char *const k_ends[] = {"DEFAULT", NULL};
    name_list names = {0};
    firn_str type = NO_TYPE;
    firn_str value = FIRN_STR("NULL");
    const bool replaces = firn_parser_accept(p, "OR REPLACE");
    (void)(firn_parser_accept(p, "VARIABLE") || firn_parser_accept(p, "VAR"));
    const size_t offset = firn_parser_peek(p).offset;
    FIRN_TRY(parse_names(p, &names, err));
    firn_token next = firn_parser_peek(p);
    if (next.kind == FIRN_TOKEN_WORD && !firn_parser_at(p, "DEFAULT")) {
        const size_t from = next.offset;
        size_t to = from;
        while (!firn_parser_at_end(p) && !firn_parser_at(p, k_ends[0]) &&
               !firn_token_is_symbol(&next, "=")) {
            to = next.offset + next.text.len;
            (void)firn_lexer_next(&p->lexer);
            next = firn_parser_peek(p);
        }
        type = firn_str_slice(p->sql, from, to);
    }
    if (firn_parser_accept(p, "DEFAULT") || firn_parser_accept_symbol(p, "="))
        FIRN_TRY(rest_of(session, p, NULL, &value, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    if (session->variables.n + names.n > MAX_VARIABLES)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d variables", MAX_VARIABLES);
    for (size_t i = 0; i < names.n; i++) {
        if (!replaces && firn_texts__find(&session->variables, names.items[i]).data) {
            (void)firn_fail(err, FIRN_ERR_EXISTS, "variable %.*s exists already",
                            FIRN_STR_ARG(names.items[i]));
            if (err) err->position = offset;
            return FIRN_ERR_EXISTS;
        }
        FIRN_TRY(assign(session, names.items[i], type, value, err));
        FIRN_TRY(firn_texts__set(session, &session->variables, names.items[i], type, err));
    }
    return FIRN_OK;
}

/* (a, b) = (query) behind SET VAR (. */
static firn_status set_of_query(firn_session *session, firn_sql_parser *p, firn_error *err)
{
    const size_t offset = firn_parser_peek(p).offset;
    name_list names = {0};
    firn_str text;
    FIRN_TRY(parse_names(p, &names, err));
    FIRN_TRY(firn_parser_expect_symbol(p, ")", err));
    FIRN_TRY(firn_parser_expect_symbol(p, "=", err));
    FIRN_TRY(check_declared(session, names.items, names.n, offset, err));
    FIRN_TRY(firn_parser_parenthesised(p, &text, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    text = firn_session__original(session, p->sql, text);
    return firn_variables__set(session, names.items, names.n, text, err);
}

/* a = x */
static firn_status set_one(firn_session *session, firn_sql_parser *p, firn_error *err)
{
    const size_t offset = firn_parser_peek(p).offset;
    name_list one = {0};
    firn_str text = FIRN_STR("NULL");
    FIRN_TRY(parse_names(p, &one, err));
    FIRN_TRY(check_declared(session, one.items, one.n, offset, err));
    FIRN_TRY(firn_parser_expect_symbol(p, "=", err));
    if (!firn_parser_accept(p, "DEFAULT")) FIRN_TRY(rest_of(session, p, NULL, &text, err));
    const firn_str type = firn_texts__find(&session->variables, one.items[0]);
    return assign(session, one.items[0], type, text, err);
}

/* SET VAR a = x, b = y; SET VAR (a, b) = (query) */
static firn_status set(firn_session *session, firn_sql_parser *p, firn_error *err)
{
    if (firn_parser_accept_symbol(p, "(")) return set_of_query(session, p, err);
    do {
        FIRN_TRY(set_one(session, p, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_end(p, err);
}

/* DROP TEMPORARY VARIABLE [IF EXISTS] a */
static firn_status drop(firn_session *session, firn_sql_parser *p, firn_error *err)
{
    name_list names = {0};
    const bool if_exists = firn_parser_accept(p, "IF EXISTS");
    const size_t offset = firn_parser_peek(p).offset;
    FIRN_TRY(parse_names(p, &names, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    if (!if_exists) FIRN_TRY(check_declared(session, names.items, names.n, offset, err));
    return firn_texts__set(session, &session->variables, names.items[0], (firn_str){0}, err);
}

firn_status firn_variables_execute(firn_session *session, firn_str sql, bool *handled,
                                   firn_result **out, firn_error *err)
{
    firn_sql_parser p = firn_parser_of(session->arena, sql);
    const char *tag = NULL;
    *handled = false;
    if (session->dialect != FIRN_DIALECT_SPARK) return FIRN_OK;
    firn_status st = FIRN_OK;
    if (firn_parser_accept(&p, "DECLARE")) {
        tag = "DECLARE";
        st = declare(session, &p, err);
    } else if (firn_parser_accept(&p, "SET VAR") || firn_parser_accept(&p, "SET VARIABLE")) {
        tag = "SET";
        st = set(session, &p, err);
    } else if (firn_parser_accept(&p, "DROP TEMPORARY VARIABLE")) {
        tag = "DROP";
        st = drop(session, &p, err);
    }
    *handled = tag != NULL;
    FIRN_TRY(st);
    return tag ? firn_session__result_of_command(session, tag, -1, out, err) : FIRN_OK;
}

/* ---- IDENTIFIER('db.' || 't') ---- */

/* Names and dots, and nothing else. */
static bool is_name(const firn_session *session, firn_str text)
{
    firn_lexer lexer = firn_lexer_of(text);
    lexer.dialect = session->dialect;
    for (bool is_part = true;; is_part = !is_part) {
        const firn_token token = firn_lexer_next(&lexer);
        const bool is_word = token.kind == FIRN_TOKEN_WORD || token.kind == FIRN_TOKEN_QUOTED;
        if (!is_part && token.kind == FIRN_TOKEN_END) return true;
        if (is_part ? !is_word : !firn_token_is_symbol(&token, ".")) return false;
    }
}

/* The first IDENTIFIER(..): [*from, *to) and its argument. */
static bool find_identifier(const firn_session *session, firn_str sql, size_t *from, size_t *to,
                            firn_str *argument)
{
    firn_lexer lexer = firn_lexer_of(sql);
    lexer.dialect = session->dialect;
    firn_token token = firn_lexer_next(&lexer);
    for (; token.kind != FIRN_TOKEN_END && token.kind != FIRN_TOKEN_BAD;
         token = firn_lexer_next(&lexer)) {
        firn_lexer inner = lexer;
        firn_token next = firn_lexer_next(&inner);
        if (!firn_token_is(&token, "IDENTIFIER") || !firn_token_is_symbol(&next, "(")) continue;
        const size_t begin = next.offset + 1;
        for (int depth = 1; depth > 0 && next.kind != FIRN_TOKEN_END;) {
            next = firn_lexer_next(&inner);
            depth += firn_token_is_symbol(&next, "(");
            depth -= firn_token_is_symbol(&next, ")");
        }
        if (next.kind == FIRN_TOKEN_END) return false;
        *from = token.offset;
        *to = next.offset + 1;
        *argument = firn_str_slice(sql, begin, next.offset);
        return true;
    }
    return false;
}

firn_status firn_variables__expand(firn_session *session, firn_str sql, firn_str *out,
                                   firn_error *err)
{
    size_t from = 0;
    size_t to = 0;
    firn_str argument;
    firn_str name;
    *out = sql;
    for (int n = 0; find_identifier(session, *out, &from, &to, &argument); n++) {
        if (n == MAX_IDENTIFIERS)
            return firn_fail(err, FIRN_ERR_LIMIT, "more than %d names by IDENTIFIER", n);
        firn_status st = text_of(session, argument, &name, err);
        if (st == FIRN_OK && !is_name(session, name))
            st = firn_fail(err, FIRN_ERR_ARG, "IDENTIFIER gives \"%.*s\", expected a name",
                           FIRN_STR_ARG(name));
        if (st != FIRN_OK && err) err->position = from;
        FIRN_TRY(st);
        const firn_str head = firn_str_slice(*out, 0, from);
        const firn_str rest = firn_str_slice(*out, to, out->len);
        *out = firn_arena_printf(session->arena, "%.*s%.*s%.*s", FIRN_STR_ARG(head),
                                 FIRN_STR_ARG(name), FIRN_STR_ARG(rest));
        if (!out->data) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}
