/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE VIEW: an Iceberg view whose text is kept as the user wrote it, in the dialect "duckdb",
 * with the catalog and namespace its names mean. */
#include <inttypes.h>

#include "base/error.h"
#include "base/random.h"
#include "base/str.h"
#include "sql/ddl.h"
#include "sql/sql_text.h"

#define MAX_VERSIONS 10 /* kept of a view, as Iceberg does unless told otherwise */

static firn_status describe_view(const firn_ddl *ddl, const firn_ast_create *ast, firn_type *root,
                                 firn_error *err)
{
    firn_sql_text text;
    firn_str sql;
    firn_sql_text_init(&text, ddl->session, ddl->sql);
    firn_sql_text_user(&text, ast->query);
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    FIRN_TRY(firn_sql_text_describe(&text, sql, root, err));
    if (ast->columns.n == 0) return FIRN_OK;
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
    return FIRN_OK;
}

/* ---- the new state of the view ---- */

typedef struct view_change {
    const firn_ddl *ddl;
    const firn_ast_create *ast;
    const firn_view_metadata *old; /* NULL: none */
    firn_view_metadata *out;
    firn_type root;
    int32_t version_id, schema_id;
    int64_t now_ms;
} view_change;

static firn_status add_schema(view_change *c, firn_error *err)
{
    const size_t n_old = c->old ? c->old->n_schemas : 0;
    const firn_schema **schemas = firn_arena_array(c->ddl->arena, n_old + 1, sizeof *schemas);
    firn_schema *schema = firn_arena_alloc_zero(c->ddl->arena, sizeof *schema);
    if (!schemas || !schema) return firn_fail_nomem(err);
    c->schema_id = 0;
    for (size_t i = 0; i < n_old; i++) {
        schemas[i] = c->old->schemas[i];
        if (schemas[i]->schema_id >= c->schema_id) c->schema_id = schemas[i]->schema_id + 1;
    }
    *schema = (firn_schema){.schema_id = c->schema_id, .root = c->root};
    schemas[n_old] = schema;
    c->out->schemas = schemas;
    c->out->n_schemas = n_old + 1;
    return FIRN_OK;
}

static firn_status fill_version(view_change *c, firn_view_version *version, firn_error *err)
{
    firn_arena *arena = c->ddl->arena;
    const firn_session *session = c->ddl->session;
    firn_view_representation *text = firn_arena_alloc_zero(arena, sizeof *text);
    firn_property *summary = firn_arena_array(arena, 2, sizeof *summary);
    if (!text || !summary) return firn_fail_nomem(err);
    *text = (firn_view_representation){
        .sql = firn_session__original(session, c->ddl->sql, c->ast->query),
        .dialect = firn_str_of(firn_dialect_name(session->dialect))};
    summary[0] = (firn_property){FIRN_STR("engine-name"), FIRN_STR("firn")};
    summary[1] = (firn_property){FIRN_STR("engine-version"), FIRN_STR(FIRN_VERSION)};
    *version = (firn_view_version){.version_id = c->version_id,
                                   .schema_id = c->schema_id,
                                   .timestamp_ms = c->now_ms,
                                   .summary = {summary, 2},
                                   .representations = text,
                                   .n_representations = 1,
                                   .default_catalog = firn_catalog_name(session->current_catalog),
                                   .default_namespace = session->current_levels,
                                   .n_default_namespace = session->n_current_levels};
    return FIRN_OK;
}

static firn_status add_version(view_change *c, firn_error *err)
{
    const size_t n_old = c->old ? c->old->n_versions : 0;
    const size_t n_log = c->old ? c->old->n_version_log : 0;
    const size_t skipped = n_old >= MAX_VERSIONS ? n_old - MAX_VERSIONS + 1 : 0;
    firn_view_version *versions = firn_arena_array(c->ddl->arena, n_old + 1, sizeof *versions);
    firn_view_log_entry *log = firn_arena_array(c->ddl->arena, n_log + 1, sizeof *log);
    size_t n = 0;
    if (!versions || !log) return firn_fail_nomem(err);
    c->version_id = 1;
    for (size_t i = 0; i < n_old; i++) {
        const firn_view_version *v = &c->old->versions[i];
        if (v->version_id >= c->version_id) c->version_id = v->version_id + 1;
        if (i >= skipped) versions[n++] = *v;
    }
    FIRN_TRY(fill_version(c, &versions[n++], err));
    for (size_t i = 0; i < n_log; i++) log[i] = c->old->version_log[i];
    log[n_log] = (firn_view_log_entry){c->now_ms, c->version_id};
    c->out->versions = versions;
    c->out->n_versions = n;
    c->out->version_log = log;
    c->out->n_version_log = n_log + 1;
    c->out->current_version_id = c->version_id;
    return FIRN_OK;
}

static firn_status set_properties(view_change *c, firn_error *err)
{
    const firn_ast_properties *given = &c->ast->options.properties;
    firn_property *items = firn_arena_array(c->ddl->arena, given->n + 1, sizeof *items);
    size_t n = 0;
    if (!items) return firn_fail_nomem(err);
    for (; n < given->n; n++) items[n] = given->items[n];
    if (c->ast->comment.data) items[n++] = (firn_property){FIRN_STR("comment"), c->ast->comment};
    c->out->properties = (firn_properties){items, n};
    return FIRN_OK;
}

static firn_status make_metadata(view_change *c, firn_catalog *catalog, const firn_ident *ident,
                                 firn_error *err)
{
    firn_arena *arena = c->ddl->arena;
    firn_env *env = c->ddl->session->env;
    c->out = firn_arena_alloc_zero(arena, sizeof *c->out);
    if (!c->out) return firn_fail_nomem(err);
    c->now_ms = firn_clock_wall_ms(env->clock);
    c->out->format_version = 1;
    if (c->old) {
        c->out->view_uuid = c->old->view_uuid;
        c->out->location = c->old->location;
    } else {
        char uuid[37];
        firn_random_uuid(env->random, uuid);
        c->out->view_uuid = firn_arena_copy(arena, firn_str_of(uuid));
        if (!c->out->view_uuid.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_catalog_get_ops(catalog)->default_location(firn_catalog_ctx(catalog), ident,
                                                                 arena, &c->out->location, err));
    }
    FIRN_TRY(add_schema(c, err));
    FIRN_TRY(add_version(c, err));
    return set_properties(c, err);
}

static firn_status put(const firn_ddl *ddl, const firn_ast_create *ast, firn_error *err)
{
    firn_catalog *catalog = NULL;
    firn_ident ident;
    firn_loaded_view loaded = {0};
    firn_error ignored;
    view_change change = {.ddl = ddl, .ast = ast};
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
    change.old = found == FIRN_OK ? loaded.metadata : NULL;
    FIRN_TRY(describe_view(ddl, ast, &change.root, err));
    FIRN_TRY(make_metadata(&change, catalog, &ident, err));
    return ops->put_view(ctx, &ident, loaded.metadata_location, change.out, err);
}

firn_status firn_ddl__create_view(const firn_ddl *ddl, const firn_ast_create *ast,
                                  firn_result **out, firn_error *err)
{
    const firn_status st = put(ddl, ast, err);
    if (st == FIRN_ERR_EXISTS) return firn_ddl__at(ast->name.offset, st, err);
    FIRN_TRY(st);
    return firn_session__result_of_command(ddl->session, "CREATE VIEW", -1, out, err);
}
