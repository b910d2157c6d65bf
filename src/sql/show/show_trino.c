/* SPDX-License-Identifier: Apache-2.0 */
/* SHOW, DESCRIBE and EXPLAIN as only Trino has them, by their first words. The names of columns are
 * Trino's. What several dialects show is in show_execute.c. */
#include "base/error.h"
#include "base/str.h"
#include "sql/ddl/ddl.h"
#include "sql/parser/sql_text.h"
#include "sql/show/show.h"

/* ---- SHOW CREATE ---- */

static firn_status give_text(firn_session *session, const char *column, firn_str text,
                             firn_result **out, firn_error *err)
{
    const char *const names[] = {column};
    firn_show show;
    FIRN_TRY(firn_show__begin(&show, session, names, 1, err));
    show.is_bounded = true;
    firn_show__row(&show, &text, 1);
    return firn_show__end(&show, "SHOW CREATE", FIRN_OK, out, err);
}

static firn_status fail_kind(firn_session *session, const firn_described *d,
                             const firn_sql_name *name, firn_error *err)
{
    const firn_str text = firn_session__ident_text(session, &d->ident);
    return firn_sql_fail(err, name->offset, "%.*s is a %s, expected a %s", FIRN_STR_ARG(text),
                         d->table ? "table" : "view", d->table ? "view" : "table");
}

static firn_status show_create(firn_session *session, firn_sql_parser *p, bool is_view,
                               firn_result **out, firn_error *err)
{
    firn_sql_name name;
    firn_described d;
    firn_str text;
    FIRN_TRY(firn_parser_name(p, &name, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    FIRN_TRY(firn_show__load(session, &name, &d, err));
    if (is_view == (d.table != NULL)) return fail_kind(session, &d, &name, err);
    FIRN_TRY(firn_show__trino_create_text(session, &d, &text, err));
    return give_text(session, is_view ? "Create View" : "Create Table", text, out, err);
}

static firn_status show_create_schema(firn_session *session, firn_sql_parser *p, firn_result **out,
                                      firn_error *err)
{
    firn_sql_name name;
    firn_catalog *catalog = NULL;
    firn_ident ns;
    firn_str text;
    FIRN_TRY(firn_parser_name(p, &name, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    FIRN_TRY(firn_session__resolve_schema(session, &name, &catalog, &ns, err));
    FIRN_TRY(firn_show__trino_schema_text(session, catalog, &ns, &text, err));
    return give_text(session, "Create Schema", text, out, err);
}

/* ---- SHOW FUNCTIONS, SHOW SESSION ---- */

/* [LIKE 'pattern' [ESCAPE 'c']] and the end; data NULL: none. */
static firn_status parse_like(firn_sql_parser *p, firn_str *like, char *escape, firn_error *err)
{
    firn_str text;
    *like = (firn_str){0};
    *escape = '\0';
    if (firn_parser_accept(p, "LIKE")) {
        FIRN_TRY(firn_parser_string(p, like, err));
        if (firn_parser_accept(p, "ESCAPE")) {
            FIRN_TRY(firn_parser_string(p, &text, err));
            if (text.len != 1) return firn_parser_fail(p, "one character to escape with", err);
            *escape = text.data[0];
        }
    }
    return firn_parser_expect_end(p, err);
}

/* The functions that there are, under the engine's names. */
static firn_status show_functions(firn_session *session, firn_sql_parser *p, firn_result **out,
                                  firn_error *err)
{
    firn_str like;
    firn_str sql;
    char escape;
    firn_sql_text text;
    FIRN_TRY(parse_like(p, &like, &escape, err));
    firn_sql_text_init(&text, session, p->sql);
    firn_sql_text_put(
        &text, "SELECT function_name AS \"Function\", lower(return_type) AS \"Return Type\", "
               "lower(array_to_string(parameter_types, ', ')) AS \"Argument Types\", "
               "function_type AS \"Function Type\", coalesce(stability <> 'VOLATILE', true) "
               "AS \"Deterministic\", description AS \"Description\" FROM duckdb_functions() "
               "WHERE regexp_matches(function_name, '^[a-z]')");
    if (like.data) {
        firn_sql_text_put(&text, " AND function_name LIKE ");
        firn_sql_text_string(&text, like);
        if (escape) {
            firn_sql_text_put(&text, " ESCAPE ");
            firn_sql_text_string(&text, (firn_str){&escape, 1});
        }
    }
    firn_sql_text_put(&text, " ORDER BY ALL");
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    return firn_sql_text_query(&text, sql, out, err);
}

static firn_status show_session(firn_session *session, firn_sql_parser *p, firn_result **out,
                                firn_error *err)
{
    firn_str like;
    char escape;
    FIRN_TRY(parse_like(p, &like, &escape, err));
    return firn_show__session(session, like, escape, out, err);
}

/* ---- EXPLAIN (TYPE VALIDATE) ---- */

static firn_status validate(firn_session *session, firn_str sql, firn_result **out, firn_error *err)
{
    static const firn_type k_flag = {.kind = FIRN_TYPE_BOOLEAN};
    static const firn_field k_field = {.id = 1, .name = FIRN_STR_INIT("Valid"), .type = &k_flag};
    firn_type columns;
    firn_show show = {.session = session,
                      .root = {.kind = FIRN_TYPE_STRUCT, .fields = &k_field, .n_fields = 1}};
    FIRN_TRY(firn_session__describe(session, sql, session->arena, &columns, err));
    show.rows = firn_rows_begin(&show.root, err);
    if (show.rows.status == FIRN_OK)
        firn_cell_bool(&show.rows, firn_rows_column(&show.rows, 0), true);
    return firn_show__end(&show, "EXPLAIN", show.rows.status, out, err);
}

/* EXPLAIN (TYPE VALIDATE) query. Plans are explain.c's. */
static firn_status explain(firn_session *session, firn_sql_parser *p, bool *handled,
                           firn_result **out, firn_error *err)
{
    *handled = firn_parser_accept_symbol(p, "(") && firn_parser_accept(p, "TYPE VALIDATE");
    if (!*handled) return FIRN_OK;
    FIRN_TRY(firn_parser_expect_symbol(p, ")", err));
    const size_t at = firn_parser_peek(p).offset;
    const firn_status st = validate(session, firn_str_slice(p->sql, at, p->sql.len), out, err);
    if (st != FIRN_OK && err && err->position > 0) err->position += at;
    return st;
}

/* ---- prepared statements ---- */

static firn_status describe_prepared(firn_session *session, firn_sql_parser *p, bool is_input,
                                     firn_result **out, firn_error *err)
{
    firn_str name;
    const size_t offset = firn_parser_peek(p).offset;
    FIRN_TRY(firn_parser_identifier(p, &name, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    const firn_str text = firn_texts__find(&session->prepared, name);
    if (!text.data) {
        (void)firn_fail(err, FIRN_ERR_NOT_FOUND, "there is no prepared statement \"%.*s\"",
                        FIRN_STR_ARG(name));
        if (err) err->position = offset;
        return FIRN_ERR_NOT_FOUND;
    }
    const firn_status st = is_input ? firn_show__input(session, text, out, err)
                                    : firn_show__output(session, text, out, err);
    if (st != FIRN_OK && err) err->position = offset; /* its own are in another text */
    return st;
}

/* ---- dispatch ---- */

firn_status firn_show__trino(firn_session *session, firn_sql_parser p, bool *handled,
                             firn_result **out, firn_error *err)
{
    *handled = false;
    if (firn_parser_accept(&p, "EXPLAIN")) return explain(session, &p, handled, out, err);
    *handled = true;
    firn_sql_parser prepared = p; /* tables may be called so, too */
    const bool is_input = firn_parser_accept(&prepared, "DESCRIBE INPUT");
    const bool is_output = !is_input && firn_parser_accept(&prepared, "DESCRIBE OUTPUT");
    if ((is_input || is_output) && !firn_parser_at_end(&prepared))
        return describe_prepared(session, &prepared, is_input, out, err);
    if (firn_parser_accept(&p, "SHOW")) {
        if (firn_parser_accept(&p, "CREATE TABLE"))
            return show_create(session, &p, false, out, err);
        if (firn_parser_accept(&p, "CREATE VIEW")) return show_create(session, &p, true, out, err);
        if (firn_parser_accept(&p, "CREATE SCHEMA"))
            return show_create_schema(session, &p, out, err);
        if (firn_parser_accept(&p, "STATS FOR")) return firn_show__stats(session, &p, out, err);
        if (firn_parser_accept(&p, "FUNCTIONS")) return show_functions(session, &p, out, err);
        if (firn_parser_accept(&p, "SESSION")) return show_session(session, &p, out, err);
    }
    *handled = false;
    return FIRN_OK;
}
