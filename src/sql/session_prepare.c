/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that become another: prepared ones, and Spark's views of files.
 *
 * Prepared statements: a text with ? or $1 whose values are put in as text when it is executed, so
 * that it is planned anew, on the tables as they are, with its values known to the filters. */
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "sql/session_state.h"
#include "sql/sql_parser.h"
#include "sql/sql_text.h"

#define MAX_PARAMETERS 1000

typedef struct prepared_call {
    firn_str text;
    firn_str *values;
    size_t n, cap;
    size_t offset; /* of the name or the text, for messages */
} prepared_call;

/* ---- values into the text ---- */

/* Which value a parameter means; SIZE_MAX: none that is given. */
static size_t parameter_index(const firn_token *token, size_t *n_anonymous)
{
    int64_t number = 0;
    const firn_str digits = firn_str_slice(token->text, 1, token->text.len);
    if (firn_str_equals(token->text, FIRN_STR("?"))) return (*n_anonymous)++;
    const bool is_number = firn_str_to_i64(digits, &number) && number > 0;
    return is_number ? (size_t)number - 1 : SIZE_MAX;
}

/* One word or literal, or a type's name and one, needs no parentheses. */
static bool is_simple(firn_str value)
{
    firn_lexer lexer = firn_lexer_of(value);
    const firn_token first = firn_lexer_next(&lexer);
    const firn_token second = firn_lexer_next(&lexer);
    if (second.kind == FIRN_TOKEN_END) return true;
    return first.kind == FIRN_TOKEN_WORD && second.kind == FIRN_TOKEN_STRING &&
           firn_lexer_peek(&lexer).kind == FIRN_TOKEN_END;
}

static void put_value(firn_buf *out, firn_str value)
{
    const bool needs_parentheses = !is_simple(value);
    if (needs_parentheses) firn_buf_byte(out, '(');
    firn_buf_str(out, value);
    if (needs_parentheses) firn_buf_byte(out, ')');
}

static firn_status write_values(const firn_session *session, const prepared_call *call,
                                firn_buf *out, firn_error *err)
{
    firn_lexer lexer = firn_lexer_of(call->text);
    size_t n_anonymous = 0;
    size_t n_needed = 0;
    size_t done = 0;
    lexer.dialect = session->dialect;
    for (;;) {
        const firn_token token = firn_lexer_next(&lexer);
        if (token.kind == FIRN_TOKEN_END) break;
        if (token.kind != FIRN_TOKEN_PARAM) continue;
        const size_t index = parameter_index(&token, &n_anonymous);
        if (index >= call->n) {
            return firn_sql_fail(err, call->offset, "no value for parameter %.*s of %zu given",
                                 FIRN_STR_ARG(token.text), call->n);
        }
        if (index >= n_needed) n_needed = index + 1;
        firn_buf_str(out, firn_str_slice(call->text, done, token.offset));
        put_value(out, call->values[index]);
        done = token.offset + token.text.len;
    }
    firn_buf_str(out, firn_str_slice(call->text, done, call->text.len));
    if (n_needed == call->n) return firn_buf_check(out, err);
    return firn_sql_fail(err, call->offset, "%zu values given, the statement has %zu parameters",
                         call->n, n_needed);
}

static firn_status run(firn_session *session, const prepared_call *call, firn_result **out,
                       firn_error *err)
{
    firn_buf buf;
    firn_str sql = {0};
    firn_buf_init(&buf, session->env->alloc, FIRN_LIMIT_SQL_TEXT);
    firn_status st = write_values(session, call, &buf, err);
    if (st == FIRN_OK) sql = firn_arena_copy(session->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    FIRN_TRY(st);
    if (!sql.data) return firn_fail_nomem(err);
    st = firn_session__execute_text(session, sql, out, err);
    if (st != FIRN_OK && err) err->position = call->offset; /* its own are in another text */
    return st;
}

/* ---- statements ---- */

/* PREPARE name FROM statement; AS in DuckDB. */
static firn_status prepare(firn_session *session, firn_sql_parser *p, firn_result **out,
                           firn_error *err)
{
    firn_str name;
    FIRN_TRY(firn_parser_identifier(p, &name, err));
    if (!firn_parser_accept(p, "FROM") && !firn_parser_accept(p, "AS")) {
        return firn_parser_fail(p, "FROM or AS", err);
    }
    const size_t from = firn_parser_peek(p).offset;
    if (firn_parser_at_end(p)) return firn_parser_fail(p, "a statement", err);
    if (firn_parser_at(p, "PREPARE") || firn_parser_at(p, "EXECUTE")) {
        return firn_parser_fail(p, "another statement", err);
    }
    const firn_str text = firn_str_slice(p->sql, from, p->sql.len);
    FIRN_TRY(firn_texts__set(session, &session->prepared, name, text, err));
    return firn_session__result_of_command(session, "PREPARE", -1, out, err);
}

static firn_status parse_values(firn_sql_parser *p, prepared_call *call, firn_error *err)
{
    do {
        firn_str *slot =
            firn_arena_push(p->arena, &call->values, &call->n, &call->cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        if (call->n > MAX_PARAMETERS) {
            return firn_fail(err, FIRN_ERR_LIMIT, "more than %d parameters", MAX_PARAMETERS);
        }
        FIRN_TRY(firn_parser_expression(p, NULL, slot, err));
    } while (firn_parser_accept_symbol(p, ","));
    return FIRN_OK;
}

/* EXECUTE name USING a, b; EXECUTE name(a, b); EXECUTE IMMEDIATE 'statement' USING a, b */
static firn_status execute(firn_session *session, firn_sql_parser *p, firn_result **out,
                           firn_error *err)
{
    prepared_call call = {0};
    const bool is_immediate = firn_parser_accept(p, "IMMEDIATE");
    call.offset = firn_parser_peek(p).offset;
    if (is_immediate) {
        FIRN_TRY(firn_parser_string(p, &call.text, err));
        firn_sql_parser inner = firn_parser_of(p->arena, call.text);
        if (firn_parser_at(&inner, "EXECUTE") || firn_parser_at(&inner, "PREPARE")) {
            return firn_sql_fail(err, call.offset, "expected another statement");
        }
    } else {
        firn_str name;
        FIRN_TRY(firn_parser_identifier(p, &name, err));
        call.text = firn_texts__find(&session->prepared, name);
        if (!call.text.data) {
            (void)firn_fail(err, FIRN_ERR_NOT_FOUND, "there is no prepared statement \"%.*s\"",
                            FIRN_STR_ARG(name));
            if (err) err->position = call.offset;
            return FIRN_ERR_NOT_FOUND;
        }
    }
    if (firn_parser_accept(p, "USING")) {
        FIRN_TRY(parse_values(p, &call, err));
    } else if (firn_parser_accept_symbol(p, "(")) {
        if (!firn_parser_accept_symbol(p, ")")) {
            FIRN_TRY(parse_values(p, &call, err));
            FIRN_TRY(firn_parser_expect_symbol(p, ")", err));
        }
    }
    FIRN_TRY(firn_parser_expect_end(p, err));
    return run(session, &call, out, err);
}

static firn_status deallocate(firn_session *session, firn_sql_parser *p, firn_result **out,
                              firn_error *err)
{
    firn_str name;
    (void)firn_parser_accept(p, "PREPARE");
    const size_t offset = firn_parser_peek(p).offset;
    FIRN_TRY(firn_parser_identifier(p, &name, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    if (!firn_texts__find(&session->prepared, name).data) {
        (void)firn_fail(err, FIRN_ERR_NOT_FOUND, "there is no prepared statement \"%.*s\"",
                        FIRN_STR_ARG(name));
        if (err) err->position = offset;
        return FIRN_ERR_NOT_FOUND;
    }
    FIRN_TRY(firn_texts__set(session, &session->prepared, name, (firn_str){0}, err));
    return firn_session__result_of_command(session, "DEALLOCATE", -1, out, err);
}

/* ---- CREATE TEMPORARY VIEW name USING json OPTIONS (path '..') ---- */

typedef struct file_view {
    firn_str name, format, path;
} file_view;

/* False: another statement. */
static bool at_file_view(firn_sql_parser *p, file_view *out)
{
    if (!firn_parser_accept(p, "CREATE")) return false;
    (void)firn_parser_accept(p, "OR REPLACE");
    if (!firn_parser_accept(p, "TEMPORARY") && !firn_parser_accept(p, "TEMP")) return false;
    return firn_parser_accept(p, "VIEW") &&
           firn_parser_identifier(p, &out->name, NULL) == FIRN_OK && firn_parser_accept(p, "USING");
}

static firn_status read_options(firn_sql_parser *p, file_view *out, firn_error *err)
{
    FIRN_TRY(firn_parser_expect(p, "OPTIONS", err));
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    do {
        firn_str key;
        firn_str value;
        const size_t offset = firn_parser_peek(p).offset;
        FIRN_TRY(firn_parser_identifier(p, &key, err));
        (void)firn_parser_accept_symbol(p, "=");
        FIRN_TRY(firn_parser_string(p, &value, err));
        const bool is_known = firn_str_equals_nocase(key, FIRN_STR("header")) ||
                              firn_str_equals_nocase(key, FIRN_STR("inferSchema"));
        if (firn_str_equals_nocase(key, FIRN_STR("path")))
            out->path = value;
        else if (!is_known)
            return firn_sql_fail(err, offset, "there is no option \"%.*s\"", FIRN_STR_ARG(key));
    } while (firn_parser_accept_symbol(p, ","));
    FIRN_TRY(firn_parser_expect_symbol(p, ")", err));
    return firn_parser_expect_end(p, err);
}

/* The engine's own view of the file, which says whether the session may read it. */
static firn_status create_file_view(firn_session *session, firn_sql_parser *p, file_view *view,
                                    firn_result **out, firn_error *err)
{
    static const char *const k_formats[][2] = {
        {"json", "read_json"}, {"csv", "read_csv"}, {"parquet", "read_parquet"}};
    const char *function = NULL;
    const size_t offset = firn_parser_peek(p).offset;
    FIRN_TRY(firn_parser_identifier(p, &view->format, err));
    for (size_t i = 0; i < sizeof k_formats / sizeof *k_formats; i++) {
        if (firn_str_equals_nocase(view->format, firn_str_of(k_formats[i][0]))) {
            function = k_formats[i][1];
        }
    }
    if (!function) return firn_sql_fail(err, offset, "expected json, csv or parquet");
    FIRN_TRY(read_options(p, view, err));
    firn_sql_text text;
    firn_str sql;
    firn_sql_text_init(&text, session, p->sql);
    firn_sql_text_put(&text, "CREATE OR REPLACE TEMPORARY VIEW ");
    firn_sql_text_name(&text, view->name);
    firn_sql_text_put(&text, " AS SELECT * FROM ");
    firn_sql_text_put(&text, function);
    firn_sql_text_put(&text, "(");
    firn_sql_text_string(&text, view->path);
    firn_sql_text_put(&text, ")");
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    return firn_sql_text_query(&text, sql, out, err);
}

firn_status firn_prepare_execute(firn_session *session, firn_str sql, bool *handled,
                                 firn_result **out, firn_error *err)
{
    firn_sql_parser p = firn_parser_of(session->arena, sql);
    file_view view = {0};
    *handled = true;
    if (firn_parser_accept(&p, "PREPARE")) return prepare(session, &p, out, err);
    if (firn_parser_accept(&p, "EXECUTE")) return execute(session, &p, out, err);
    if (firn_parser_accept(&p, "DEALLOCATE")) return deallocate(session, &p, out, err);
    firn_sql_parser ahead = p;
    if (at_file_view(&ahead, &view)) return create_file_view(session, &ahead, &view, out, err);
    *handled = false;
    return FIRN_OK;
}
