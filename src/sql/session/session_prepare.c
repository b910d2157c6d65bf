/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that become another: prepared ones, and Spark's views of files.
 *
 * Prepared statements: a text with parameters whose values are put in as text when it is executed,
 * so that it is planned anew, on the tables as they are, with its values known to the filters. */
#include "base/error.h"
#include "base/str.h"
#include "sql/parser/parameters.h"
#include "sql/parser/sql_parser.h"
#include "sql/parser/sql_text.h"
#include "sql/session/session_state.h"

static const char *const k_value_ends[] = {"AS", NULL};

typedef struct prepared_call {
    firn_str text;         /* as the user wrote it */
    firn_property *values; /* key: the name it was given with; empty: by place */
    size_t n, cap;
    firn_str *into; /* variables that its row goes to; none: the result is the statement's */
    size_t n_into, cap_into;
    size_t offset; /* of the name or the text, for messages */
} prepared_call;

/* ---- values into the text ---- */

/* One value a parameter, by name or by place. */
static firn_status order_values(const prepared_call *call, const firn_parameters *parameters,
                                firn_str *out, firn_error *err)
{
    for (size_t i = 0; i < parameters->n; i++) out[i] = (firn_str){0};
    for (size_t i = 0; i < call->n; i++) {
        const firn_property *given = &call->values[i];
        size_t at = i;
        if (given->key.len > 0) at = firn_parameters_find(parameters, given->key);
        if (given->key.len > 0 && at == SIZE_MAX)
            return firn_sql_fail(err, call->offset, "the statement has no parameter \"%.*s\"",
                                 FIRN_STR_ARG(given->key));
        if (at >= parameters->n)
            return firn_sql_fail(err, call->offset,
                                 "%zu values given, the statement has %zu parameters", call->n,
                                 parameters->n);
        out[at] = given->value;
    }
    for (size_t i = 0; i < parameters->n; i++) {
        if (out[i].len > 0) continue;
        if (parameters->has_names)
            return firn_sql_fail(err, call->offset, "no value for parameter :%.*s, %zu given",
                                 FIRN_STR_ARG(parameters->names[i]), call->n);
        return firn_sql_fail(err, call->offset, "no value for parameter %zu, %zu given", i + 1,
                             call->n);
    }
    return FIRN_OK;
}

static firn_status run(firn_session *session, const prepared_call *call, firn_result **out,
                       firn_error *err)
{
    firn_parameters parameters;
    firn_rewrite text;
    firn_lexer lexer = firn_lexer_of(call->text);
    lexer.dialect = session->dialect;
    firn_status st = firn_parameters_of(lexer, session->arena, &parameters, err);
    firn_str *values = firn_arena_array(session->arena, parameters.n, sizeof *values);
    if (st == FIRN_OK && !values) return firn_fail_nomem(err);
    if (st == FIRN_OK) st = order_values(call, &parameters, values, err);
    if (st == FIRN_OK)
        st = firn_parameters_put(lexer, &parameters, values, session->arena, &text, err);
    if (st == FIRN_OK && call->n_into > 0) {
        st = firn_variables__set(session, call->into, call->n_into, text.sql, err);
        if (st == FIRN_OK) st = firn_session__result_of_command(session, "EXECUTE", -1, out, err);
    } else if (st == FIRN_OK) {
        st = firn_session__execute_text(session, text.sql, out, err);
    }
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
    const firn_str text =
        firn_session__original(session, p->sql, firn_str_slice(p->sql, from, p->sql.len));
    FIRN_TRY(firn_texts__set(session, &session->prepared, name, text, err));
    return firn_session__result_of_command(session, "PREPARE", -1, out, err);
}

/* "name := value" and "name = value" in front of it, "AS name" behind it. */
static firn_status parse_value(firn_session *session, firn_sql_parser *p, firn_property *out,
                               firn_error *err)
{
    firn_str value;
    firn_sql_parser ahead = *p;
    const bool is_named =
        firn_parser_identifier(&ahead, &out->key, NULL) == FIRN_OK &&
        (firn_parser_accept_symbol(&ahead, ":=") || firn_parser_accept_symbol(&ahead, "="));
    if (is_named)
        *p = ahead;
    else
        out->key = (firn_str){0};
    FIRN_TRY(firn_parser_expression(p, k_value_ends, &value, err));
    out->value = firn_session__original(session, p->sql, value);
    if (is_named || !firn_parser_accept(p, "AS")) return FIRN_OK;
    return firn_parser_identifier(p, &out->key, err);
}

static firn_status parse_values(firn_session *session, firn_sql_parser *p, prepared_call *call,
                                firn_error *err)
{
    do {
        firn_property *slot =
            firn_arena_push(p->arena, &call->values, &call->n, &call->cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        if (call->n > FIRN_MAX_PARAMETERS) {
            return firn_fail(err, FIRN_ERR_LIMIT, "more than %d parameters", FIRN_MAX_PARAMETERS);
        }
        FIRN_TRY(parse_value(session, p, slot, err));
    } while (firn_parser_accept_symbol(p, ","));
    return FIRN_OK;
}

/* A string; in Spark a variable that holds one, too. */
static firn_status parse_text(firn_session *session, firn_sql_parser *p, firn_str *out,
                              firn_error *err)
{
    firn_str name;
    const bool is_spark = session->dialect == FIRN_DIALECT_SPARK;
    if (!is_spark || firn_parser_peek(p).kind != FIRN_TOKEN_WORD)
        return firn_parser_string(p, out, err);
    FIRN_TRY(firn_parser_identifier(p, &name, err));
    return firn_variables__text(session, name, out, err);
}

/* INTO a, b behind the text of Spark's EXECUTE IMMEDIATE: variables that its row goes to. */
static firn_status parse_into(firn_sql_parser *p, prepared_call *call, firn_error *err)
{
    if (!firn_parser_accept(p, "INTO")) return FIRN_OK;
    do {
        firn_str *slot =
            firn_arena_push(p->arena, &call->into, &call->n_into, &call->cap_into, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(firn_parser_identifier(p, slot, err));
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
        FIRN_TRY(parse_text(session, p, &call.text, err));
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
    if (is_immediate) FIRN_TRY(parse_into(p, &call, err));
    if (firn_parser_accept(p, "USING")) {
        const bool is_listed = is_immediate && firn_parser_accept_symbol(p, "(");
        FIRN_TRY(parse_values(session, p, &call, err));
        if (is_listed) FIRN_TRY(firn_parser_expect_symbol(p, ")", err));
    } else if (firn_parser_accept_symbol(p, "(")) {
        if (!firn_parser_accept_symbol(p, ")")) {
            FIRN_TRY(parse_values(session, p, &call, err));
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

/* ---- CACHE TABLE name AS query is a view; REFRESH and the rest have nothing to do ---- */

static firn_status cache(firn_session *session, firn_sql_parser *p, firn_result **out,
                         firn_error *err)
{
    firn_sql_name name;
    firn_str query;
    firn_str sql;
    firn_sql_text text;
    (void)firn_parser_accept(p, "LAZY");
    FIRN_TRY(firn_parser_expect(p, "TABLE", err));
    FIRN_TRY(firn_parser_name(p, &name, err));
    if (firn_parser_accept(p, "OPTIONS")) FIRN_TRY(firn_parser_parenthesised(p, &query, err));
    if (firn_parser_at_end(p))
        return firn_session__result_of_command(session, "CACHE TABLE", -1, out, err);
    (void)firn_parser_accept(p, "AS");
    FIRN_TRY(firn_parser_rest(p, &query, err));
    firn_sql_text_init(&text, session, p->sql);
    firn_sql_text_put(&text, "CREATE OR REPLACE TEMPORARY VIEW ");
    firn_sql_text_name(&text, name.parts[name.n_parts - 1]);
    firn_sql_text_put(&text, " AS ");
    firn_sql_text_user(&text, query);
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    return firn_sql_text_query(&text, sql, out, err);
}

/* Tables are read as they are: nothing is kept that could be old. */
static bool is_about_caches(firn_sql_parser p)
{
    return firn_parser_accept(&p, "UNCACHE TABLE") || firn_parser_accept(&p, "CLEAR CACHE") ||
           firn_parser_accept(&p, "REFRESH TABLE") || firn_parser_accept(&p, "REFRESH FUNCTION");
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
    if (session->dialect == FIRN_DIALECT_SPARK) {
        if (is_about_caches(p))
            return firn_session__result_of_command(session, "REFRESH", -1, out, err);
        if (firn_parser_accept(&p, "CACHE")) return cache(session, &p, out, err);
    }
    firn_sql_parser ahead = p;
    if (at_file_view(&ahead, &view)) return create_file_view(session, &ahead, &view, out, err);
    *handled = false;
    return FIRN_OK;
}
