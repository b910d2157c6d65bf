/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE, ALTER and DROP of schemas, which Spark calls namespaces or databases. */
#include "base/error.h"
#include "base/str.h"
#include "sql/ddl/ddl.h"

firn_status firn_session__resolve_schema(firn_session *session, const firn_sql_name *name,
                                         firn_catalog **catalog_out, firn_ident *out,
                                         firn_error *err)
{
    firn_catalog *named =
        name->n_parts > 1 ? firn_session__find_catalog(session, name->parts[0]) : NULL;
    const size_t first = named ? 1 : 0;
    *catalog_out = named ? named : session->current_catalog;
    *out = (firn_ident){name->parts + first, name->n_parts - first, {0}};
    if (*catalog_out) return FIRN_OK;
    return firn_sql_fail(err, name->offset, "the session has no catalog");
}

/* ---- CREATE, DROP ---- */

firn_status firn_ddl__create_schema(const firn_ddl *ddl, const firn_ast_create *ast,
                                    firn_result **out, firn_error *err)
{
    firn_catalog *catalog = NULL;
    firn_ident ns;
    FIRN_TRY(firn_session__resolve_schema(ddl->session, &ast->name, &catalog, &ns, err));
    const firn_ast_properties *given = &ast->options.properties;
    firn_property *items = firn_arena_array(ddl->arena, given->n + 2, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    size_t n = 0;
    for (; n < given->n; n++) items[n] = given->items[n];
    if (ast->comment.data) items[n++] = (firn_property){FIRN_STR("comment"), ast->comment};
    if (ast->options.location.len > 0) {
        items[n++] = (firn_property){FIRN_STR("location"), ast->options.location};
    }
    firn_status st = firn_catalog_get_ops(catalog)->create_namespace(
        firn_catalog_ctx(catalog), &ns, (firn_properties){items, n}, err);
    if (st == FIRN_ERR_EXISTS && ast->if_not_exists) st = FIRN_OK;
    FIRN_TRY(firn_ddl__at(ast->name.offset, st, err));
    return firn_session__result_of_command(ddl->session, "CREATE SCHEMA", -1, out, err);
}

static firn_status drop_all(const firn_ddl *ddl, firn_catalog *catalog, const firn_ident *ns,
                            firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    void *ctx = firn_catalog_ctx(catalog);
    firn_ident *found = NULL;
    size_t n = 0;
    FIRN_TRY(ops->list_views(ctx, ns, ddl->arena, &found, &n, err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(ops->drop_view(ctx, &found[i], err));
    FIRN_TRY(ops->list_tables(ctx, ns, ddl->arena, &found, &n, err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(ops->drop_table(ctx, &found[i], err));
    return FIRN_OK;
}

firn_status firn_ddl__drop_schema(const firn_ddl *ddl, const firn_ast_drop *ast, firn_result **out,
                                  firn_error *err)
{
    firn_catalog *catalog = NULL;
    firn_ident ns;
    firn_status st = FIRN_OK;
    FIRN_TRY(firn_session__resolve_schema(ddl->session, &ast->name, &catalog, &ns, err));
    /* Spark's Iceberg catalogs do not cascade: a namespace that is not empty stays */
    const bool is_cascade = ast->is_cascade && ddl->session->dialect != FIRN_DIALECT_SPARK;
    if (is_cascade) st = drop_all(ddl, catalog, &ns, err);
    if (st == FIRN_OK) {
        st = firn_catalog_get_ops(catalog)->drop_namespace(firn_catalog_ctx(catalog), &ns, err);
    }
    if (st == FIRN_ERR_NOT_FOUND && ast->if_exists) st = FIRN_OK;
    FIRN_TRY(firn_ddl__at(ast->name.offset, st, err));
    return firn_session__result_of_command(ddl->session, "DROP SCHEMA", -1, out, err);
}

/* ---- ALTER ---- */

static firn_status change_properties(const firn_ddl *ddl, const firn_sql_name *name,
                                     const firn_ast_properties *changes, firn_error *err)
{
    firn_catalog *catalog = NULL;
    firn_ident ns;
    FIRN_TRY(firn_session__resolve_schema(ddl->session, name, &catalog, &ns, err));
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    if (!ops->update_namespace)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: properties of a schema in this catalog");
    const firn_properties properties = {changes->items, changes->n};
    return firn_ddl__at(
        name->offset, ops->update_namespace(firn_catalog_ctx(catalog), &ns, properties, err), err);
}

/* ('a', b.c): what is taken out has no value. */
static firn_status parse_keys(firn_sql_parser *p, firn_ast_properties *out, firn_error *err)
{
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    do {
        firn_property *slot =
            firn_arena_push(p->arena, &out->items, &out->n, &out->cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(firn_parse_key(p, &slot->key, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

static firn_status parse_location(firn_sql_parser *p, firn_ast_properties *out, firn_error *err)
{
    firn_property *slot = firn_arena_push(p->arena, &out->items, &out->n, &out->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    slot->key = FIRN_STR("location");
    return firn_parser_string(p, &slot->value, err);
}

firn_status firn_ddl__alter_schema(const firn_ddl *ddl, firn_sql_parser *p, bool *handled,
                                   firn_result **out, firn_error *err)
{
    firn_sql_name name;
    firn_ast_properties changes = {0};
    *handled = firn_parser_accept(p, "ALTER SCHEMA") || firn_parser_accept(p, "ALTER NAMESPACE") ||
               firn_parser_accept(p, "ALTER DATABASE");
    if (!*handled) return FIRN_OK;
    FIRN_TRY(firn_parser_name(p, &name, err));
    if (firn_parser_accept(p, "SET LOCATION"))
        FIRN_TRY(parse_location(p, &changes, err));
    else if (firn_parser_accept(p, "SET PROPERTIES") || firn_parser_accept(p, "SET DBPROPERTIES"))
        FIRN_TRY(firn_parse_properties(p, &changes, err));
    else if (firn_parser_accept(p, "UNSET PROPERTIES") ||
             firn_parser_accept(p, "UNSET DBPROPERTIES"))
        FIRN_TRY(parse_keys(p, &changes, err));
    else
        return firn_parser_fail(p, "SET PROPERTIES, UNSET PROPERTIES or SET LOCATION", err);
    FIRN_TRY(firn_parser_expect_end(p, err));
    FIRN_TRY(change_properties(ddl, &name, &changes, err));
    return firn_session__result_of_command(ddl->session, "ALTER SCHEMA", -1, out, err);
}

firn_status firn_ddl__comment_schema(const firn_ddl *ddl, firn_sql_parser *p, firn_result **out,
                                     firn_error *err)
{
    firn_property comment = {.key = FIRN_STR("comment")};
    const firn_ast_properties changes = {&comment, 1, 1};
    firn_sql_name name;
    FIRN_TRY(firn_parser_name(p, &name, err));
    FIRN_TRY(firn_parser_expect(p, "IS", err));
    if (!firn_parser_accept(p, "NULL")) FIRN_TRY(firn_parser_string(p, &comment.value, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    FIRN_TRY(change_properties(ddl, &name, &changes, err));
    return firn_session__result_of_command(ddl->session, "COMMENT", -1, out, err);
}
