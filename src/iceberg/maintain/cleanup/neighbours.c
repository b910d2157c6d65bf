/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/cleanup/neighbours.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/location_key.h"
#include "iceberg/txn/catalog_walk.h"
#include "iceberg/txn/snapshot_update.h"

/* ---- metadata files ---- */

/* Writers put the id of the table among the first members. */
#define HEAD_BYTES 65536

firn_status firn_is_foreign_metadata(firn_store *store, firn_str path, firn_str table_uuid,
                                     firn_arena *arena, bool *out, firn_error *err)
{
    firn_store_file *file = NULL;
    FIRN_TRY(firn_store_open(store, path, &file, err));
    const int64_t size = firn_store_file_size(file);
    const size_t n = size < HEAD_BYTES ? (size_t)size : HEAD_BYTES;
    char *head = firn_arena_alloc(arena, n + 1);
    const firn_status st = head ? firn_store_read_at(file, 0, head, n, err) : firn_fail_nomem(err);
    firn_store_close(file);
    if (st != FIRN_OK) return st;
    *out = table_uuid.len == 0 || firn_str_find((firn_str){head, n}, table_uuid, 0) == SIZE_MAX;
    return FIRN_OK;
}

/* ---- tables and views ---- */

typedef struct search {
    const firn_catalog_ops *ops;
    void *ctx;
    const firn_ident *own;
    firn_str folder;
    firn_arena *arena;
} search;

static bool is_same(const firn_ident *a, const firn_ident *b)
{
    if (a->n_levels != b->n_levels || !firn_str_equals(a->name, b->name)) return false;
    for (size_t i = 0; i < a->n_levels; i++)
        if (!firn_str_equals(a->levels[i], b->levels[i])) return false;
    return true;
}

static firn_status check_location(const search *s, const char *what, const firn_ident *ident,
                                  firn_str location, firn_error *err)
{
    firn_str name = ident->name;
    if (!firn_location_is_inside(location, s->folder) &&
        !firn_location_is_inside(s->folder, location))
        return FIRN_OK;
    for (size_t i = ident->n_levels; i-- > 0;) {
        name = firn_arena_printf(s->arena, "%.*s.%.*s", FIRN_STR_ARG(ident->levels[i]),
                                 FIRN_STR_ARG(name));
        if (!name.data) return firn_fail_nomem(err);
    }
    return firn_fail(err, FIRN_ERR_CONFLICT,
                     "cannot remove orphan files below %.*s: %s %.*s is at %.*s",
                     FIRN_STR_ARG(s->folder), what, FIRN_STR_ARG(name), FIRN_STR_ARG(location));
}

/* The location of a table or a view in an arena of its own; data NULL: it was dropped meanwhile, or
 * cannot be read. */
static firn_str location_of(const search *s, bool is_view, const firn_ident *ident,
                            firn_arena *arena)
{
    firn_loaded_table table = {0};
    firn_loaded_view view = {0};
    firn_error ignored;
    const firn_status st = is_view ? s->ops->load_view(s->ctx, ident, arena, &view, &ignored)
                                   : s->ops->load_table(s->ctx, ident, arena, &table, &ignored);
    if (st != FIRN_OK) return (firn_str){0};
    return is_view ? view.metadata->location : table.metadata->location;
}

static firn_status check_all(const search *s, bool are_views, const firn_ident *found, size_t n,
                             firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        firn_status st = FIRN_OK;
        if (!are_views && is_same(&found[i], s->own)) continue;
        firn_arena *arena = firn_arena_create(NULL, 0);
        if (!arena) return firn_fail_nomem(err);
        const firn_str location = location_of(s, are_views, &found[i], arena);
        if (location.data)
            st = check_location(s, are_views ? "view" : "table", &found[i], location, err);
        firn_arena_destroy(arena);
        FIRN_TRY(st);
    }
    return FIRN_OK;
}

static firn_status check_namespace(const search *s, const firn_ident *ns, firn_error *err)
{
    firn_ident *found = NULL;
    size_t n = 0;
    FIRN_TRY(s->ops->list_tables(s->ctx, ns, s->arena, &found, &n, err));
    FIRN_TRY(check_all(s, false, found, n, err));
    FIRN_TRY(s->ops->list_views(s->ctx, ns, s->arena, &found, &n, err));
    return check_all(s, true, found, n, err);
}

firn_status firn_check_neighbours(const firn_table *table, firn_str folder, firn_arena *arena,
                                  firn_error *err)
{
    const firn_catalog *catalog = firn_table_catalog(table);
    const search s = {.ops = firn_catalog_get_ops(catalog),
                      .ctx = firn_catalog_ctx(catalog),
                      .own = firn_table_ident(table),
                      .folder = folder,
                      .arena = arena};
    const firn_ident top = {0};
    firn_ident *namespaces = NULL;
    size_t n = 0;
    FIRN_TRY(firn_catalog_namespaces(catalog, &top, arena, &namespaces, &n, err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(check_namespace(&s, &namespaces[i], err));
    return FIRN_OK;
}
