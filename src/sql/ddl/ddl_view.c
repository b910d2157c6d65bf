/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE VIEW: an Iceberg view whose text is kept as the user wrote it, in the dialect "duckdb",
 * with the catalog and namespace its names mean. */
#include "base/error.h"
#include "base/random.h"
#include "base/str.h"
#include "iceberg/spec/view_update.h"
#include "iceberg/txn/file_places.h"
#include "sql/ddl/ddl.h"
#include "sql/parser/sql_text.h"

/* ---- what the query gives ---- */

/* A view outlives the session, and with it all that is temporary. */
static firn_status check_refs(const firn_ddl *ddl, const firn_ast_create *ast, firn_error *err)
{
    firn_session *session = ddl->session;
    const firn_rewrite_opts opts = {.key = firn_str_of(session->key)};
    firn_rewrite rewrite;
    FIRN_TRY(firn_query_rewrite(ast->query, &opts, ddl->arena, &rewrite, err));
    for (size_t i = 0; i < rewrite.n_refs; i++) {
        const firn_table_ref *ref = &rewrite.refs[i];
        const firn_sql_name name = {.parts = ref->parts, .n_parts = ref->n_parts};
        const size_t offset = (size_t)(ast->query.data - ddl->sql.data) + ref->offset;
        if (ref->is_cte || ref->call.len > 0) continue;
        if (!firn_session__is_temporary(session, &name) &&
            !firn_session__find_changelog_view(session, &name))
            continue;
        return firn_sql_fail(err, offset, "a view cannot read %.*s, which is temporary",
                             FIRN_STR_ARG(ref->parts[ref->n_parts - 1]));
    }
    return FIRN_OK;
}

static firn_status check_names(const firn_type *root, size_t offset, firn_error *err)
{
    for (size_t i = 0; i < root->n_fields; i++)
        for (size_t k = 0; k < i; k++) {
            if (!firn_str_equals_nocase(root->fields[i].name, root->fields[k].name)) continue;
            return firn_ddl__at(offset,
                                firn_fail(err, FIRN_ERR_EXISTS, "the view has two columns \"%.*s\"",
                                          FIRN_STR_ARG(root->fields[i].name)),
                                err);
        }
    return FIRN_OK;
}

static firn_status describe_view(const firn_ddl *ddl, const firn_ast_create *ast, firn_type *root,
                                 firn_error *err)
{
    firn_sql_text text;
    firn_str sql;
    FIRN_TRY(check_refs(ddl, ast, err));
    FIRN_TRY(firn_ddl__check_query(ddl, ast, err));
    firn_sql_text_init(&text, ddl->session, ddl->sql);
    firn_sql_text_user(&text, ast->query);
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    FIRN_TRY(firn_sql_text_describe(&text, sql, root, err));
    if (ast->columns.n == 0) return check_names(root, ast->name.offset, err);
    if (ast->columns.n != root->n_fields) {
        return firn_sql_fail(err, ast->name.offset, "the view names %zu columns, its query has %zu",
                             ast->columns.n, root->n_fields);
    }
    firn_field *fields = firn_arena_array(ddl->arena, root->n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < root->n_fields; i++) {
        fields[i] = root->fields[i];
        fields[i].name = ast->columns.items[i].name;
        fields[i].doc = ast->columns.items[i].doc;
    }
    root->fields = fields;
    return check_names(root, ast->name.offset, err);
}

/* ---- the new state of the view ---- */

static firn_status make_version(const firn_ddl *ddl, firn_str query, firn_view_version *out,
                                firn_error *err)
{
    const firn_session *session = ddl->session;
    firn_view_representation *text = firn_arena_alloc_zero(ddl->arena, sizeof *text);
    firn_property *summary = firn_arena_array(ddl->arena, 2, sizeof *summary);
    if (!text || !summary) return firn_fail_nomem(err);
    *text = (firn_view_representation){.sql = firn_session__original(session, ddl->sql, query),
                                       .dialect = firn_str_of(firn_dialect_name(session->dialect))};
    summary[0] = (firn_property){FIRN_STR("engine-name"), FIRN_STR("firn")};
    summary[1] = (firn_property){FIRN_STR("engine-version"), FIRN_STR(FIRN_VERSION)};
    *out = (firn_view_version){.summary = {summary, 2},
                               .representations = text,
                               .n_representations = 1,
                               .default_catalog = firn_catalog_name(session->current_catalog),
                               .default_namespace = session->current_levels,
                               .n_default_namespace = session->n_current_levels};
    return FIRN_OK;
}

static firn_status new_view(const firn_ddl *ddl, firn_catalog *catalog, const firn_ident *ident,
                            firn_view_metadata *out, firn_error *err)
{
    char uuid[37];
    firn_random_uuid(ddl->session->env->random, uuid);
    *out = (firn_view_metadata){.format_version = 1};
    out->view_uuid = firn_arena_copy(ddl->arena, firn_str_of(uuid));
    if (!out->view_uuid.data) return firn_fail_nomem(err);
    return firn_catalog_get_ops(catalog)->default_location(firn_catalog_ctx(catalog), ident,
                                                           ddl->arena, &out->location, err);
}

/* Location, and what SHOW CREATE VIEW writes besides, are no properties. */
static firn_status set_properties(const firn_ddl *ddl, const firn_catalog *catalog,
                                  const firn_ast_create *ast, const firn_view_metadata *old,
                                  firn_view_metadata *out, firn_error *err)
{
    const firn_ast_properties *given = &ast->options.properties;
    firn_property *items = firn_arena_array(ddl->arena, given->n + 1, sizeof *items);
    firn_properties set = {items, 0};
    firn_str location = {0};
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < given->n; i++) {
        const firn_property *item = &given->items[i];
        if (firn_str_equals(item->key, FIRN_STR("location")))
            location = item->value;
        else if (!firn_str_equals(item->key, FIRN_STR("format-version")) &&
                 !firn_str_equals(item->key, FIRN_STR("provider")))
            items[set.n++] = *item;
    }
    if (ast->comment.data) items[set.n++] = (firn_property){FIRN_STR("comment"), ast->comment};
    if (location.len > 0 && !ddl->session->allow_files)
        FIRN_TRY(firn_check_place(catalog, location, ddl->arena, err));
    FIRN_TRY(firn_view_set_properties(old, &set, NULL, ddl->arena, out, err));
    if (location.len > 0) out->location = location;
    return FIRN_OK;
}

static firn_status put(const firn_ddl *ddl, const firn_ast_create *ast, firn_error *err)
{
    firn_catalog *catalog = NULL;
    firn_ident ident;
    firn_loaded_view loaded = {0};
    firn_error ignored;
    firn_type root;
    firn_view_version version;
    firn_view_metadata views[3]; /* before; with properties; with the version */
    FIRN_TRY(firn_session__resolve(ddl->session, &ast->name, ddl->arena, &catalog, &ident, err));
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    void *ctx = firn_catalog_ctx(catalog);
    const firn_status found = ops->load_view(ctx, &ident, ddl->arena, &loaded, &ignored);
    if (found != FIRN_OK && found != FIRN_ERR_NOT_FOUND) {
        if (err) *err = ignored;
        return found;
    }
    if (found == FIRN_OK && ast->if_not_exists) return FIRN_OK;
    if (found == FIRN_OK && !ast->or_replace) {
        const firn_str text = firn_session__ident_text(ddl->session, &ident);
        return firn_fail(err, FIRN_ERR_EXISTS, "view %.*s exists already", FIRN_STR_ARG(text));
    }
    ddl->session->statement.made_view_catalog = catalog;
    ddl->session->statement.made_view = &ident;
    const firn_status described = describe_view(ddl, ast, &root, err);
    ddl->session->statement.made_view = NULL;
    FIRN_TRY(described);
    if (found == FIRN_OK)
        views[0] = *loaded.metadata;
    else
        FIRN_TRY(new_view(ddl, catalog, &ident, &views[0], err));
    FIRN_TRY(set_properties(ddl, catalog, ast, &views[0], &views[1], err));
    FIRN_TRY(make_version(ddl, ast->query, &version, err));
    FIRN_TRY(firn_view_add_version(&views[1], &version, &root,
                                   firn_clock_wall_ms(ddl->session->env->clock), ddl->arena,
                                   &views[2], err));
    return ops->put_view(ctx, &ident, loaded.metadata_location, &views[2], err);
}

firn_status firn_ddl__create_view(const firn_ddl *ddl, const firn_ast_create *ast,
                                  firn_result **out, firn_error *err)
{
    const firn_status st = put(ddl, ast, err);
    if (st == FIRN_ERR_EXISTS) return firn_ddl__at(ast->name.offset, st, err);
    FIRN_TRY(st);
    return firn_session__result_of_command(ddl->session, "CREATE VIEW", -1, out, err);
}
