/* SPDX-License-Identifier: Apache-2.0 */
/* DDL: which statement goes where; DROP of tables and views. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/cleanup/purge.h"
#include "sql/ddl/ddl.h"
#include "sql/parser/sql_text.h"

firn_status firn_ddl__at(size_t offset, firn_status st, firn_error *err)
{
    const bool is_name = st == FIRN_ERR_NOT_FOUND || st == FIRN_ERR_EXISTS ||
                         st == FIRN_ERR_CONFLICT || st == FIRN_ERR_ARG;
    if (is_name && err) err->position = offset;
    return st;
}

bool firn_session__is_temporary(firn_session *session, const firn_sql_name *name)
{
    firn_error ignored;
    firn_sql_text text;
    firn_str sql;
    firn_type columns;
    const bool is_named =
        name->n_parts == 2 && firn_str_equals_nocase(name->parts[0], FIRN_STR("temp"));
    if (!session->engine || (name->n_parts != 1 && !is_named)) return false;
    firn_sql_text_init(&text, session, (firn_str){0});
    firn_sql_text_put(&text, "SELECT * FROM temp.main.");
    firn_sql_text_name(&text, name->parts[name->n_parts - 1]);
    return firn_sql_text_finish(&text, &sql, &ignored) == FIRN_OK &&
           firn_sql_text_describe(&text, sql, &columns, &ignored) == FIRN_OK;
}

/* ---- DROP TABLE, DROP VIEW ---- */

static firn_status drop_named(const firn_ddl *ddl, const firn_ast_drop *ast, firn_result **out,
                              firn_error *err)
{
    const bool is_view = ast->object == FIRN_AST_VIEW;
    firn_catalog *catalog = NULL;
    firn_ident ident;
    FIRN_TRY(firn_session__resolve(ddl->session, &ast->name, ddl->arena, &catalog, &ident, err));
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    void *ctx = firn_catalog_ctx(catalog);
    firn_status st = FIRN_OK;
    if (is_view)
        st = ops->drop_view(ctx, &ident, err);
    else if (ast->is_purge)
        st = firn_table_purge(ddl->session->env, ddl->session->store, catalog, &ident, err);
    else
        st = ops->drop_table(ctx, &ident, err);
    if (st == FIRN_ERR_NOT_FOUND && ast->if_exists) st = FIRN_OK;
    if (st == FIRN_ERR_NOT_FOUND) {
        const firn_str text = firn_session__ident_text(ddl->session, &ident);
        const firn_str catalog_name = firn_catalog_name(catalog);
        (void)firn_fail(err, st, "%s %.*s does not exist in catalog %.*s",
                        is_view ? "view" : "table", FIRN_STR_ARG(text), FIRN_STR_ARG(catalog_name));
        firn_session__suggest(ddl->session, catalog, &ident, err);
    }
    FIRN_TRY(firn_ddl__at(ast->name.offset, st, err));
    return firn_session__result_of_command(ddl->session, is_view ? "DROP VIEW" : "DROP TABLE", -1,
                                           out, err);
}

/* ---- dispatch ---- */

static firn_status execute_create(const firn_ddl *ddl, firn_sql_parser *p, bool *handled,
                                  firn_result **out, firn_error *err)
{
    firn_ast_create ast;
    FIRN_TRY(firn_parse_create(p, handled, &ast, err));
    if (!*handled) return FIRN_OK;
    switch (ast.object) {
    case FIRN_AST_SCHEMA: return firn_ddl__create_schema(ddl, &ast, out, err);
    case FIRN_AST_VIEW: return firn_ddl__create_view(ddl, &ast, out, err);
    case FIRN_AST_TABLE: break;
    }
    return firn_ddl__create_table(ddl, &ast, out, err);
}

static firn_status execute_drop(const firn_ddl *ddl, firn_sql_parser *p, bool *handled,
                                firn_result **out, firn_error *err)
{
    firn_ast_drop ast;
    FIRN_TRY(firn_parse_drop(p, handled, &ast, err));
    if (!*handled) return FIRN_OK;
    if (ast.object == FIRN_AST_SCHEMA) return firn_ddl__drop_schema(ddl, &ast, out, err);
    if (firn_session__is_temporary(ddl->session, &ast.name)) {
        *handled = false;
        return FIRN_OK;
    }
    return drop_named(ddl, &ast, out, err);
}

static firn_status execute_alter(const firn_ddl *ddl, firn_sql_parser *p, bool *handled,
                                 firn_result **out, firn_error *err)
{
    firn_ast_alter ast;
    const firn_sql_parser before = *p;
    if (firn_parser_accept(p, "ALTER VIEW")) return firn_ddl__alter_view(ddl, p, handled, out, err);
    FIRN_TRY(firn_ddl__alter_schema(ddl, p, handled, out, err));
    if (*handled) return FIRN_OK;
    FIRN_TRY(firn_parse_alter(p, handled, &ast, err));
    if (!*handled) return FIRN_OK;
    if (firn_session__is_temporary(ddl->session, &ast.name)) {
        *p = before;
        *handled = false;
        return FIRN_OK;
    }
    return firn_ddl__alter(ddl, &ast, out, err);
}

/* COMMENT ON TABLE t IS '..', COMMENT ON COLUMN t.c IS '..', and of views and namespaces */
static firn_status execute_comment(const firn_ddl *ddl, firn_sql_parser *p, bool *handled,
                                   firn_result **out, firn_error *err)
{
    firn_ast_alter ast = {.kind = FIRN_ALTER_SET_PROPERTIES};
    firn_property *comment = firn_arena_alloc_zero(ddl->arena, sizeof *comment);
    const bool is_column = firn_parser_accept(p, "COLUMN");
    if (!comment) return firn_fail_nomem(err);
    if (!is_column && firn_parser_accept(p, "VIEW")) {
        *handled = true;
        return firn_ddl__comment_view(ddl, p, out, err);
    }
    if (!is_column && (firn_parser_accept(p, "NAMESPACE") || firn_parser_accept(p, "SCHEMA") ||
                       firn_parser_accept(p, "DATABASE"))) {
        *handled = true;
        return firn_ddl__comment_schema(ddl, p, out, err);
    }
    if (!is_column && !firn_parser_accept(p, "TABLE")) return FIRN_OK;
    *handled = true;
    FIRN_TRY(firn_parser_name(p, &ast.name, err));
    FIRN_TRY(firn_parser_expect(p, "IS", err));
    if (!firn_parser_accept(p, "NULL")) FIRN_TRY(firn_parser_string(p, &ast.text, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    if (is_column) {
        if (ast.name.n_parts < 2) return firn_parser_fail(p, "a table and a column", err);
        ast.kind = FIRN_ALTER_COLUMN_COMMENT;
        ast.column = ast.name.parts[--ast.name.n_parts];
        bool is_view = false;
        FIRN_TRY(
            firn_ddl__comment_view_column(ddl, &ast.name, ast.column, ast.text, &is_view, err));
        if (is_view) return firn_session__result_of_command(ddl->session, "COMMENT", -1, out, err);
    } else {
        *comment = (firn_property){FIRN_STR("comment"), ast.text};
        if (!ast.text.data) ast.kind = FIRN_ALTER_UNSET_PROPERTIES;
        ast.options.properties = (firn_ast_properties){comment, 1, 1};
    }
    return firn_ddl__alter(ddl, &ast, out, err);
}

firn_status firn_ddl_execute(firn_session *session, firn_str sql, bool *handled, firn_result **out,
                             firn_error *err)
{
    firn_sql_parser parser = firn_session__parser(session, sql);
    parser.lexer.is_timestamp_zoned = session->dialect == FIRN_DIALECT_SPARK;
    const firn_ddl ddl = {session, session->arena, sql};
    *handled = false;
    if (firn_parser_at(&parser, "CREATE") || firn_parser_at(&parser, "REPLACE")) {
        return execute_create(&ddl, &parser, handled, out, err);
    }
    if (firn_parser_at(&parser, "DROP")) return execute_drop(&ddl, &parser, handled, out, err);
    if (firn_parser_at(&parser, "ALTER")) return execute_alter(&ddl, &parser, handled, out, err);
    if (firn_parser_accept(&parser, "COMMENT ON")) {
        return execute_comment(&ddl, &parser, handled, out, err);
    }
    return FIRN_OK;
}
