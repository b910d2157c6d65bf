/* SPDX-License-Identifier: Apache-2.0 */
/* ALTER VIEW: properties and name as in Spark; and what a view has besides, several dialects and
 * earlier versions:
 *
 *   ALTER VIEW v SET TBLPROPERTIES ('key' = 'value')      UNSET TBLPROPERTIES [IF EXISTS] ('key')
 *   ALTER VIEW v RENAME TO w
 *   ALTER VIEW v SET DIALECT trino AS SELECT ..           DROP DIALECT trino
 *   ALTER VIEW v ROLLBACK TO VERSION 3
 *   COMMENT ON VIEW v IS 'text'                           COMMENT ON COLUMN v.c IS 'text' */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/view_update.h"
#include "sql/ddl/ddl.h"

typedef struct view_alter {
    const firn_ddl *ddl;
    firn_sql_parser *p;
    firn_sql_name name;
    firn_catalog *catalog;
    firn_ident ident;
    firn_loaded_view loaded;
    firn_view_metadata out;
} view_alter;

static const firn_catalog_ops *ops_of(const view_alter *a)
{
    return firn_catalog_get_ops(a->catalog);
}

static firn_status load(view_alter *a, firn_error *err)
{
    firn_session *session = a->ddl->session;
    FIRN_TRY(firn_session__resolve(session, &a->name, a->ddl->arena, &a->catalog, &a->ident, err));
    const firn_status st = ops_of(a)->load_view(firn_catalog_ctx(a->catalog), &a->ident,
                                                a->ddl->arena, &a->loaded, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    const firn_str text = firn_session__ident_text(session, &a->ident);
    const firn_str catalog = firn_catalog_name(a->catalog);
    (void)firn_fail(err, st, "view %.*s does not exist in catalog %.*s", FIRN_STR_ARG(text),
                    FIRN_STR_ARG(catalog));
    firn_session__suggest(session, a->catalog, &a->ident, err);
    return firn_ddl__at(a->name.offset, st, err);
}

static int64_t now_ms(const view_alter *a)
{
    return firn_clock_wall_ms(a->ddl->session->env->clock);
}

static firn_status put(view_alter *a, firn_error *err)
{
    return ops_of(a)->put_view(firn_catalog_ctx(a->catalog), &a->ident, a->loaded.metadata_location,
                               &a->out, err);
}

/* ---- what can be altered ---- */

static firn_status set_properties(view_alter *a, firn_error *err)
{
    firn_ast_properties given = {0};
    FIRN_TRY(firn_parse_properties(a->p, &given, err));
    FIRN_TRY(firn_parser_expect_end(a->p, err));
    FIRN_TRY(load(a, err));
    const firn_properties set = {given.items, given.n};
    FIRN_TRY(firn_view_set_properties(a->loaded.metadata, &set, NULL, a->ddl->arena, &a->out, err));
    return put(a, err);
}

static firn_status unset_properties(view_alter *a, firn_error *err)
{
    firn_ast_properties given = {0};
    const bool if_exists = firn_parser_accept(a->p, "IF EXISTS");
    const size_t offset = firn_parser_peek(a->p).offset;
    FIRN_TRY(firn_parser_expect_symbol(a->p, "(", err));
    do {
        firn_property *slot =
            firn_arena_push(a->ddl->arena, &given.items, &given.n, &given.cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(firn_parse_key(a->p, &slot->key, err));
    } while (firn_parser_accept_symbol(a->p, ","));
    FIRN_TRY(firn_parser_expect_symbol(a->p, ")", err));
    FIRN_TRY(firn_parser_expect_end(a->p, err));
    FIRN_TRY(load(a, err));
    const firn_properties removed = {given.items, given.n};
    for (size_t i = 0; i < removed.n && !if_exists; i++) {
        const firn_str none = {0};
        const firn_str key = removed.items[i].key;
        if (firn_properties_get(&a->loaded.metadata->properties, key, none).data) continue;
        return firn_sql_fail(err, offset, "the view has no property \"%.*s\"", FIRN_STR_ARG(key));
    }
    FIRN_TRY(
        firn_view_set_properties(a->loaded.metadata, NULL, &removed, a->ddl->arena, &a->out, err));
    return put(a, err);
}

static firn_status rename_view(view_alter *a, firn_error *err)
{
    firn_sql_name to_name;
    firn_catalog *to_catalog = NULL;
    firn_ident to;
    FIRN_TRY(firn_parser_name(a->p, &to_name, err));
    FIRN_TRY(firn_parser_expect_end(a->p, err));
    FIRN_TRY(load(a, err));
    FIRN_TRY(
        firn_session__resolve(a->ddl->session, &to_name, a->ddl->arena, &to_catalog, &to, err));
    if (to_catalog != a->catalog)
        return firn_sql_fail(err, to_name.offset, "a view cannot move to another catalog");
    return firn_ddl__at(to_name.offset,
                        ops_of(a)->rename_view(firn_catalog_ctx(a->catalog), &a->ident, &to, err),
                        err);
}

static firn_status set_dialect(view_alter *a, bool is_drop, firn_error *err)
{
    firn_str dialect;
    firn_str sql = {0};
    const size_t offset = firn_parser_peek(a->p).offset;
    if (firn_parser_peek(a->p).kind == FIRN_TOKEN_STRING)
        FIRN_TRY(firn_parser_string(a->p, &dialect, err));
    else
        FIRN_TRY(firn_parser_identifier(a->p, &dialect, err));
    if (!is_drop) {
        FIRN_TRY(firn_parser_expect(a->p, "AS", err));
        FIRN_TRY(firn_parser_rest(a->p, &sql, err));
        if (sql.len == 0) return firn_parser_fail(a->p, "the text of the view", err);
    }
    FIRN_TRY(firn_parser_expect_end(a->p, err));
    FIRN_TRY(load(a, err));
    FIRN_TRY(firn_ddl__at(offset,
                          firn_view_set_dialect(a->loaded.metadata, dialect, sql, now_ms(a),
                                                a->ddl->arena, &a->out, err),
                          err));
    return put(a, err);
}

static firn_status roll_back(view_alter *a, firn_error *err)
{
    int64_t version = 0;
    const size_t offset = firn_parser_peek(a->p).offset;
    FIRN_TRY(firn_parser_integer(a->p, &version, err));
    FIRN_TRY(firn_parser_expect_end(a->p, err));
    FIRN_TRY(load(a, err));
    const int32_t id = version >= 0 && version <= INT32_MAX ? (int32_t)version : -1;
    FIRN_TRY(firn_ddl__at(
        offset, firn_view_roll_back(a->loaded.metadata, id, now_ms(a), a->ddl->arena, &a->out, err),
        err));
    return put(a, err);
}

static firn_status alter(view_alter *a, firn_error *err)
{
    firn_sql_parser *p = a->p;
    if (firn_parser_accept(p, "SET TBLPROPERTIES")) return set_properties(a, err);
    if (firn_parser_accept(p, "UNSET TBLPROPERTIES")) return unset_properties(a, err);
    if (firn_parser_accept(p, "RENAME TO")) return rename_view(a, err);
    if (firn_parser_accept(p, "SET DIALECT")) return set_dialect(a, false, err);
    if (firn_parser_accept(p, "DROP DIALECT")) return set_dialect(a, true, err);
    if (firn_parser_accept(p, "ROLLBACK TO VERSION")) return roll_back(a, err);
    if (firn_parser_at(p, "AS")) {
        const firn_status st = firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: ALTER VIEW AS");
        return firn_error_hint(err, st, "use CREATE OR REPLACE VIEW, which keeps the history");
    }
    return firn_parser_fail(p,
                            "SET TBLPROPERTIES, UNSET TBLPROPERTIES, RENAME TO, SET DIALECT, DROP "
                            "DIALECT or ROLLBACK TO VERSION",
                            err);
}

firn_status firn_ddl__alter_view(const firn_ddl *ddl, firn_sql_parser *p, bool *handled,
                                 firn_result **out, firn_error *err)
{
    view_alter a = {.ddl = ddl, .p = p};
    *handled = true;
    const bool if_exists = firn_parser_accept(p, "IF EXISTS");
    FIRN_TRY(firn_parser_name(p, &a.name, err));
    if (firn_session__is_temporary(ddl->session, &a.name)) {
        *handled = false;
        return FIRN_OK;
    }
    const firn_status st = alter(&a, err);
    if (st != FIRN_ERR_NOT_FOUND || !if_exists || a.loaded.metadata) FIRN_TRY(st);
    return firn_session__result_of_command(ddl->session, "ALTER VIEW", -1, out, err);
}

firn_status firn_ddl__comment_view(const firn_ddl *ddl, firn_sql_parser *p, firn_result **out,
                                   firn_error *err)
{
    view_alter a = {.ddl = ddl, .p = p};
    firn_property comment = {.key = FIRN_STR("comment")};
    const firn_properties one = {&comment, 1};
    FIRN_TRY(firn_parser_name(p, &a.name, err));
    FIRN_TRY(firn_parser_expect(p, "IS", err));
    const bool is_null = firn_parser_accept(p, "NULL");
    if (!is_null) FIRN_TRY(firn_parser_string(p, &comment.value, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    FIRN_TRY(load(&a, err));
    FIRN_TRY(firn_view_set_properties(a.loaded.metadata, is_null ? NULL : &one,
                                      is_null ? &one : NULL, ddl->arena, &a.out, err));
    FIRN_TRY(put(&a, err));
    return firn_session__result_of_command(ddl->session, "COMMENT", -1, out, err);
}

/* The version with one column's comment changed. */
static firn_status comment_column(view_alter *a, firn_str column, firn_str comment, firn_error *err)
{
    const firn_view_metadata *view = a->loaded.metadata;
    const firn_view_version *version = firn_view_current_version(view);
    const firn_schema *schema = version ? firn_view_schema_of(view, version) : NULL;
    bool is_found = false;
    if (!schema) return firn_fail(err, FIRN_ERR_CORRUPT, "view without a current version");
    firn_type root = schema->root;
    firn_field *fields = firn_arena_array(a->ddl->arena, root.n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < root.n_fields; i++) {
        fields[i] = root.fields[i];
        if (!firn_str_equals_nocase(fields[i].name, column)) continue;
        fields[i].doc = comment;
        is_found = true;
    }
    root.fields = fields;
    if (!is_found)
        return firn_ddl__at(a->name.offset,
                            firn_fail(err, FIRN_ERR_NOT_FOUND, "the view has no column \"%.*s\"",
                                      FIRN_STR_ARG(column)),
                            err);
    FIRN_TRY(firn_view_add_version(view, version, &root, now_ms(a), a->ddl->arena, &a->out, err));
    return put(a, err);
}

firn_status firn_ddl__comment_view_column(const firn_ddl *ddl, const firn_sql_name *view,
                                          firn_str column, firn_str comment, bool *is_view,
                                          firn_error *err)
{
    view_alter a = {.ddl = ddl, .name = *view};
    firn_error ignored;
    *is_view = load(&a, &ignored) == FIRN_OK;
    return *is_view ? comment_column(&a, column, comment, err) : FIRN_OK;
}
