/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces of a pointer catalog. A namespace made without properties gets exists=true, as
 * Iceberg's JDBC catalog does; that property is kept from callers who did not set it. */
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "catalog/pointer_catalog.h"

#define K_EXISTS FIRN_STR("exists")

/* True when ns is parent itself or below it. */
static bool is_within(firn_str ns, firn_str parent)
{
    return firn_str_starts_with(ns, parent) && (ns.len == parent.len || ns.data[parent.len] == '.');
}

static firn_status find_within(firn_pointer_catalog *catalog, firn_str ns, firn_arena *arena,
                               bool *exists_out, bool *has_children_out, firn_error *err)
{
    firn_str *all = NULL;
    size_t n = 0;
    *exists_out = false;
    *has_children_out = false;
    FIRN_TRY(catalog->rows->namespaces(catalog->rows_ctx, arena, &all, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (!is_within(all[i], ns)) continue;
        *exists_out = true;
        if (all[i].len > ns.len) *has_children_out = true;
    }
    return FIRN_OK;
}

firn_status firn_pointer__need_namespace(firn_pointer_catalog *catalog, firn_str ns,
                                         firn_arena *arena, firn_error *err)
{
    bool exists = false;
    bool has_children = false;
    FIRN_TRY(find_within(catalog, ns, arena, &exists, &has_children, err));
    if (exists) return FIRN_OK;
    (void)firn_fail(err, FIRN_ERR_NOT_FOUND, "namespace %.*s does not exist", FIRN_STR_ARG(ns));
    return firn_error_hint(err, FIRN_ERR_NOT_FOUND, "CREATE SCHEMA %.*s makes it",
                           FIRN_STR_ARG(ns));
}

/* ---- list ---- */

struct list_arg {
    firn_str parent; /* empty: top level */
    firn_arena *scratch;
    firn_str *all;
    size_t n_all;
};

static firn_status read_namespaces(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct list_arg *list = arg;
    if (list->parent.len > 0)
        FIRN_TRY(firn_pointer__need_namespace(catalog, list->parent, list->scratch, err));
    return catalog->rows->namespaces(catalog->rows_ctx, list->scratch, &list->all, &list->n_all,
                                     err);
}

/* The name of the child of parent that ns is in; empty when it is in none. */
static firn_str child_name(firn_str ns, firn_str parent)
{
    firn_str rest = ns;
    if (parent.len > 0) {
        if (!is_within(ns, parent) || ns.len == parent.len) return FIRN_STR("");
        rest = firn_str_slice(ns, parent.len + 1, ns.len);
    }
    return firn_str_split(&rest, '.');
}

static firn_status add_child(const firn_ident *parent, firn_str name, firn_arena *arena,
                             firn_ident *out, firn_error *err)
{
    const size_t n_parent = parent ? parent->n_levels : 0;
    firn_str *levels = firn_arena_array(arena, n_parent + 1, sizeof *levels);
    if (!levels) return firn_fail_nomem(err);
    for (size_t i = 0; i < n_parent; i++) {
        levels[i] = firn_arena_copy(arena, parent->levels[i]);
        if (!levels[i].data) return firn_fail_nomem(err);
    }
    levels[n_parent] = firn_arena_copy(arena, name);
    if (!levels[n_parent].data) return firn_fail_nomem(err);
    *out = (firn_ident){.levels = levels, .n_levels = n_parent + 1};
    return FIRN_OK;
}

static firn_status collect_children(const struct list_arg *list, const firn_ident *parent,
                                    firn_arena *arena, firn_ident **out, size_t *n_out,
                                    firn_error *err)
{
    firn_map seen;
    firn_map_init(&seen, list->scratch);
    *out = firn_arena_array(arena, list->n_all, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    *n_out = 0;
    for (size_t i = 0; i < list->n_all; i++) {
        const firn_str name = child_name(list->all[i], list->parent);
        if (name.len == 0 || firn_map_has(&seen, name)) continue;
        FIRN_TRY(firn_map_put(&seen, name, &list->all[i], err));
        FIRN_TRY(add_child(parent, name, arena, &(*out)[*n_out], err));
        (*n_out)++;
    }
    return FIRN_OK;
}

firn_status firn_pointer__list_namespaces(void *ctx, const firn_ident *parent, firn_arena *arena,
                                          firn_ident **out, size_t *n_out, firn_error *err)
{
    firn_pointer_catalog *catalog = ctx;
    struct list_arg list = {0};
    *out = NULL;
    *n_out = 0;
    FIRN_TRY(firn_pointer__arena(catalog, &list.scratch, err));
    firn_status st = FIRN_OK;
    if (parent && parent->n_levels > 0)
        st = firn_pointer__namespace(parent, list.scratch, &list.parent, err);
    if (st == FIRN_OK) st = firn_pointer__run(catalog, false, read_namespaces, &list, err);
    if (st == FIRN_OK) st = collect_children(&list, parent, arena, out, n_out, err);
    firn_arena_destroy(list.scratch);
    return st;
}

/* ---- create, load, drop ---- */

struct namespace_arg {
    firn_str ns;
    firn_properties properties;
    firn_arena *arena; /* of the result */
    firn_arena *scratch;
};

static firn_status write_namespace(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct namespace_arg *op = arg;
    bool exists = false;
    bool has_children = false;
    FIRN_TRY(find_within(catalog, op->ns, op->scratch, &exists, &has_children, err));
    if (exists)
        return firn_fail(err, FIRN_ERR_EXISTS, "namespace %.*s exists already",
                         FIRN_STR_ARG(op->ns));
    const firn_property marker = {K_EXISTS, FIRN_STR("true")};
    FIRN_TRY(catalog->rows->put_property(catalog->rows_ctx, op->ns, &marker, err));
    for (size_t i = 0; i < op->properties.n; i++)
        FIRN_TRY(
            catalog->rows->put_property(catalog->rows_ctx, op->ns, &op->properties.items[i], err));
    return FIRN_OK;
}

static firn_status run_on_namespace(firn_pointer_catalog *catalog, const firn_ident *ns,
                                    bool is_write, firn_pointer_fn fn, struct namespace_arg *op,
                                    firn_error *err)
{
    FIRN_TRY(firn_pointer__arena(catalog, &op->scratch, err));
    firn_status st = firn_pointer__namespace(ns, op->scratch, &op->ns, err);
    if (st == FIRN_OK) st = firn_pointer__run(catalog, is_write, fn, op, err);
    firn_arena_destroy(op->scratch);
    return st;
}

static firn_status check_keys(firn_properties properties, firn_error *err)
{
    for (size_t i = 0; i < properties.n; i++)
        if (properties.items[i].key.len == 0 || properties.items[i].key.len > 255)
            return firn_fail(err, FIRN_ERR_ARG, "namespace property name of %zu bytes, limit 255",
                             properties.items[i].key.len);
    return FIRN_OK;
}

firn_status firn_pointer__create_namespace(void *ctx, const firn_ident *ns,
                                           firn_properties properties, firn_error *err)
{
    struct namespace_arg op = {.properties = properties};
    FIRN_TRY(check_keys(properties, err));
    return run_on_namespace(ctx, ns, true, write_namespace, &op, err);
}

static firn_status read_properties(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct namespace_arg *op = arg;
    FIRN_TRY(firn_pointer__need_namespace(catalog, op->ns, op->scratch, err));
    return catalog->rows->properties(catalog->rows_ctx, op->ns, op->arena, &op->properties, err);
}

firn_status firn_pointer__load_namespace(void *ctx, const firn_ident *ns, firn_arena *arena,
                                         firn_properties *out, firn_error *err)
{
    struct namespace_arg op = {.arena = arena};
    *out = (firn_properties){0};
    FIRN_TRY(run_on_namespace(ctx, ns, false, read_properties, &op, err));
    firn_property *kept = firn_arena_array(arena, op.properties.n, sizeof *kept);
    if (!kept) return firn_fail_nomem(err);
    size_t n = 0;
    for (size_t i = 0; i < op.properties.n; i++)
        if (!firn_str_equals(op.properties.items[i].key, K_EXISTS))
            kept[n++] = op.properties.items[i];
    *out = (firn_properties){kept, n};
    return FIRN_OK;
}

static bool is_among(firn_properties properties, firn_str key)
{
    for (size_t i = 0; i < properties.n; i++)
        if (firn_str_equals(properties.items[i].key, key)) return true;
    return false;
}

/* All rows are written anew: a driver has no way to take out one. */
static firn_status change_properties(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    const struct namespace_arg *op = arg;
    const firn_row_ops *rows = catalog->rows;
    const firn_property marker = {K_EXISTS, FIRN_STR("true")};
    firn_properties old;
    FIRN_TRY(firn_pointer__need_namespace(catalog, op->ns, op->scratch, err));
    FIRN_TRY(rows->properties(catalog->rows_ctx, op->ns, op->scratch, &old, err));
    FIRN_TRY(rows->remove_properties(catalog->rows_ctx, op->ns, err));
    FIRN_TRY(rows->put_property(catalog->rows_ctx, op->ns, &marker, err));
    for (size_t i = 0; i < old.n; i++)
        if (!is_among(op->properties, old.items[i].key))
            FIRN_TRY(rows->put_property(catalog->rows_ctx, op->ns, &old.items[i], err));
    for (size_t i = 0; i < op->properties.n; i++)
        if (op->properties.items[i].value.data)
            FIRN_TRY(rows->put_property(catalog->rows_ctx, op->ns, &op->properties.items[i], err));
    return FIRN_OK;
}

firn_status firn_pointer__update_namespace(void *ctx, const firn_ident *ns, firn_properties changes,
                                           firn_error *err)
{
    struct namespace_arg op = {.properties = changes};
    FIRN_TRY(check_keys(changes, err));
    return run_on_namespace(ctx, ns, true, change_properties, &op, err);
}

static firn_status remove_namespace(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct namespace_arg *op = arg;
    bool exists = false;
    bool has_children = false;
    FIRN_TRY(find_within(catalog, op->ns, op->scratch, &exists, &has_children, err));
    if (!exists)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "namespace %.*s does not exist",
                         FIRN_STR_ARG(op->ns));
    if (has_children)
        return firn_fail(err, FIRN_ERR_CONFLICT, "namespace %.*s is not empty: it has namespaces",
                         FIRN_STR_ARG(op->ns));
    for (int view = 0; view < 2; view++) {
        firn_str *names = NULL;
        size_t n = 0;
        FIRN_TRY(catalog->rows->list(catalog->rows_ctx, op->ns, view == 1, op->scratch, &names, &n,
                                     err));
        if (n > 0)
            return firn_fail(err, FIRN_ERR_CONFLICT, "namespace %.*s is not empty: %zu %s%s",
                             FIRN_STR_ARG(op->ns), n, view == 1 ? "view" : "table",
                             n == 1 ? "" : "s");
    }
    return catalog->rows->remove_properties(catalog->rows_ctx, op->ns, err);
}

firn_status firn_pointer__drop_namespace(void *ctx, const firn_ident *ns, firn_error *err)
{
    struct namespace_arg op = {0};
    return run_on_namespace(ctx, ns, true, remove_namespace, &op, err);
}
