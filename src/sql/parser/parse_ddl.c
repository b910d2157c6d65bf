/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE and DROP of tables, views and schemas. Temporary objects, macros, types and the like are
 * the engine's own and are not handled. */
#include "base/error.h"
#include "base/str.h"
#include "sql/parser/sql_ast.h"

static bool accept_schema(firn_sql_parser *p)
{
    return firn_parser_accept(p, "SCHEMA") || firn_parser_accept(p, "NAMESPACE") ||
           firn_parser_accept(p, "DATABASE");
}

/* ---- CREATE SCHEMA ---- */

static firn_status parse_schema(firn_sql_parser *p, firn_ast_create *out, firn_error *err)
{
    out->object = FIRN_AST_SCHEMA;
    out->if_not_exists = firn_parser_accept(p, "IF NOT EXISTS");
    FIRN_TRY(firn_parser_name(p, &out->name, err));
    for (;;) {
        if (firn_parser_accept(p, "COMMENT")) {
            FIRN_TRY(firn_parser_string(p, &out->comment, err));
        } else if (firn_parser_accept(p, "LOCATION")) {
            FIRN_TRY(firn_parser_string(p, &out->options.location, err));
        } else if (firn_parser_accept(p, "WITH DBPROPERTIES") ||
                   firn_parser_accept(p, "WITH PROPERTIES") || firn_parser_accept(p, "WITH")) {
            FIRN_TRY(firn_parse_properties(p, &out->options.properties, err));
        } else {
            return firn_parser_expect_end(p, err);
        }
    }
}

/* ---- CREATE TABLE ---- */

static firn_status refuse_constraint(const firn_sql_parser *p, firn_error *err)
{
    const firn_token token = firn_parser_peek(p);
    (void)firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: table constraint %.*s",
                    FIRN_STR_ARG(token.text));
    if (err) err->position = token.offset;
    return FIRN_ERR_UNSUPPORTED;
}

/* (a, b) before AS: names for the columns of the query. False: a list of another kind. */
static bool at_names(firn_sql_parser p)
{
    firn_str name;
    const bool is_name = firn_parser_identifier(&p, &name, NULL) == FIRN_OK;
    return is_name && (firn_parser_accept_symbol(&p, ",") || firn_parser_accept_symbol(&p, ")"));
}

static firn_status parse_names(firn_sql_parser *p, firn_ast_create *out, firn_error *err)
{
    do {
        firn_str *slot =
            firn_arena_push(p->arena, &out->names, &out->n_names, &out->cap_names, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(firn_parser_identifier(p, slot, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

static firn_status parse_columns(firn_sql_parser *p, firn_ast_create *out, firn_error *err)
{
    int32_t next_id = 1;
    if (at_names(*p)) return parse_names(p, out, err);
    do {
        if (firn_parser_at(p, "PRIMARY KEY") || firn_parser_at(p, "CONSTRAINT") ||
            firn_parser_at(p, "FOREIGN KEY")) {
            return refuse_constraint(p, err);
        }
        if (firn_parser_accept(p, "LIKE")) {
            out->has_like = true;
            FIRN_TRY(firn_parser_name(p, &out->like, err));
            continue;
        }
        firn_field *field = firn_arena_push(p->arena, &out->columns.items, &out->columns.n,
                                            &out->columns.cap, sizeof *field);
        if (!field) return firn_fail_nomem(err);
        FIRN_TRY(firn_parse_column(p, &next_id, field, err));
        field->name = firn_dialect_fold(p->lexer.dialect, field->name, p->arena);
        if (!field->name.data) return firn_fail_nomem(err);
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

/* The query, and Trino's WITH [NO] DATA behind it. */
static firn_status parse_query(firn_sql_parser *p, firn_ast_create *out, firn_error *err)
{
    FIRN_TRY(firn_parser_rest(p, &out->query, err));
    firn_lexer lexer = firn_lexer_of(out->query);
    size_t end = SIZE_MAX;
    for (firn_token t = firn_lexer_next(&lexer); t.kind != FIRN_TOKEN_END;
         t = firn_lexer_next(&lexer)) {
        firn_sql_parser tail = firn_parser_of(p->arena, out->query);
        tail.lexer.at = t.offset;
        const bool no_data = firn_parser_accept(&tail, "WITH NO DATA");
        const bool is_data = no_data || firn_parser_accept(&tail, "WITH DATA");
        if (!is_data || !firn_parser_at_end(&tail)) continue;
        out->has_no_data = no_data;
        end = t.offset;
        break;
    }
    if (end != SIZE_MAX) out->query = firn_str_trim(firn_str_slice(out->query, 0, end));
    return FIRN_OK;
}

static firn_status parse_table(firn_sql_parser *p, firn_ast_create *out, firn_error *err)
{
    out->object = FIRN_AST_TABLE;
    if (out->or_replace && firn_parser_at(p, "IF NOT EXISTS"))
        return firn_parser_fail(p, "the table's name behind OR REPLACE", err);
    out->if_not_exists = firn_parser_accept(p, "IF NOT EXISTS");
    FIRN_TRY(firn_parser_name(p, &out->name, err));
    if (firn_parser_accept_symbol(p, "(")) FIRN_TRY(parse_columns(p, out, err));
    if (firn_parser_accept(p, "LIKE")) {
        out->has_like = true;
        FIRN_TRY(firn_parser_name(p, &out->like, err));
    }
    for (;;) {
        bool found = false;
        FIRN_TRY(firn_parse_table_option(p, &out->options, &out->columns, &found, err));
        if (found) continue;
        if (firn_parser_accept(p, "COMMENT")) {
            FIRN_TRY(firn_parser_string(p, &out->comment, err));
            continue;
        }
        break;
    }
    if (firn_parser_accept(p, "AS")) return parse_query(p, out, err);
    const bool starts_query =
        firn_parser_at(p, "SELECT") || firn_parser_at(p, "WITH") || firn_parser_at(p, "VALUES");
    if (starts_query) return parse_query(p, out, err);
    FIRN_TRY(firn_parser_expect_end(p, err));
    if (out->columns.n > 0 || out->has_like) return FIRN_OK;
    return firn_parser_fail(p, "a list of columns or AS and a query", err);
}

/* ---- CREATE VIEW ---- */

static firn_status parse_view_columns(firn_sql_parser *p, firn_ast_create *out, firn_error *err)
{
    do {
        firn_field *field = firn_arena_push(p->arena, &out->columns.items, &out->columns.n,
                                            &out->columns.cap, sizeof *field);
        if (!field) return firn_fail_nomem(err);
        FIRN_TRY(firn_parser_identifier(p, &field->name, err));
        if (firn_parser_accept(p, "COMMENT")) FIRN_TRY(firn_parser_string(p, &field->doc, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

static firn_status parse_view(firn_sql_parser *p, firn_ast_create *out, firn_error *err)
{
    out->object = FIRN_AST_VIEW;
    out->if_not_exists = firn_parser_accept(p, "IF NOT EXISTS");
    FIRN_TRY(firn_parser_name(p, &out->name, err));
    if (firn_parser_accept_symbol(p, "(")) FIRN_TRY(parse_view_columns(p, out, err));
    for (;;) {
        if (firn_parser_accept(p, "COMMENT")) {
            FIRN_TRY(firn_parser_string(p, &out->comment, err));
        } else if (firn_parser_accept(p, "TBLPROPERTIES")) {
            FIRN_TRY(firn_parse_properties(p, &out->options.properties, err));
        } else if (firn_parser_accept(p, "SECURITY INVOKER") ||
                   firn_parser_accept(p, "SECURITY DEFINER")) {
            continue; /* who may read is not the view's business here */
        } else {
            break;
        }
    }
    FIRN_TRY(firn_parser_expect(p, "AS", err));
    return firn_parser_rest(p, &out->query, err);
}

firn_status firn_parse_create(firn_sql_parser *p, bool *handled, firn_ast_create *out,
                              firn_error *err)
{
    *out = (firn_ast_create){0};
    *handled = true;
    if (firn_parser_accept(p, "REPLACE TABLE")) {
        out->or_replace = true;
        out->needs_old = true;
        return parse_table(p, out, err);
    }
    if (firn_parser_accept(p, "CREATE")) {
        out->or_replace = firn_parser_accept(p, "OR REPLACE");
        if (accept_schema(p)) return parse_schema(p, out, err);
        if (firn_parser_accept(p, "TABLE")) return parse_table(p, out, err);
        if (firn_parser_accept(p, "VIEW")) return parse_view(p, out, err);
    }
    *handled = false;
    return FIRN_OK;
}

/* ---- DROP ---- */

firn_status firn_parse_drop(firn_sql_parser *p, bool *handled, firn_ast_drop *out, firn_error *err)
{
    *out = (firn_ast_drop){0};
    *handled = false;
    if (!firn_parser_accept(p, "DROP")) return FIRN_OK;
    if (accept_schema(p))
        out->object = FIRN_AST_SCHEMA;
    else if (firn_parser_accept(p, "TABLE"))
        out->object = FIRN_AST_TABLE;
    else if (firn_parser_accept(p, "VIEW"))
        out->object = FIRN_AST_VIEW;
    else
        return FIRN_OK;
    *handled = true;
    out->if_exists = firn_parser_accept(p, "IF EXISTS");
    FIRN_TRY(firn_parser_name(p, &out->name, err));
    if (firn_parser_accept(p, "CASCADE"))
        out->is_cascade = true;
    else
        (void)firn_parser_accept(p, "RESTRICT");
    if (firn_parser_accept(p, "PURGE")) out->is_purge = true;
    return firn_parser_expect_end(p, err);
}
