/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a pointer catalog, its lock and transactions, and names. Not here: namespaces, tables,
 * views and commits, which have a file each. */
#include "catalog/pointer_catalog.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

firn_status firn_pointer__arena(const firn_pointer_catalog *catalog, firn_arena **out,
                                firn_error *err)
{
    *out = firn_arena_create(catalog->env->alloc, 0);
    return *out ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_pointer__run(firn_pointer_catalog *catalog, bool is_write, firn_pointer_fn fn,
                              void *arg, firn_error *err)
{
    if (is_write && catalog->is_read_only)
        return firn_fail(err, FIRN_ERR_DENIED, "catalog is open read-only");
    pthread_mutex_lock(&catalog->lock);
    firn_status st = catalog->rows->begin(catalog->rows_ctx, is_write, err);
    if (st == FIRN_OK) {
        st = fn(catalog, arg, err);
        if (st == FIRN_OK)
            st = catalog->rows->commit(catalog->rows_ctx, err);
        else
            catalog->rows->rollback(catalog->rows_ctx);
    }
    pthread_mutex_unlock(&catalog->lock);
    return st;
}

firn_status firn_pointer__check_name(firn_str name, const char *what, firn_error *err)
{
    if (name.len == 0) return firn_fail(err, FIRN_ERR_ARG, "%s name is empty", what);
    if (name.len > 255)
        return firn_fail(err, FIRN_ERR_LIMIT, "%s name of %zu bytes, limit 255", what, name.len);
    if (!firn_utf8_is_valid(name))
        return firn_fail(err, FIRN_ERR_ARG, "%s name is not valid UTF-8", what);
    for (size_t i = 0; i < name.len; i++) {
        const unsigned char c = (unsigned char)name.data[i];
        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return firn_fail(err, FIRN_ERR_ARG,
                             "%s name \"%.*s\" holds a slash or a control character", what,
                             FIRN_STR_ARG(name));
    }
    if (firn_str_equals(name, FIRN_STR(".")) || firn_str_equals(name, FIRN_STR("..")))
        return firn_fail(err, FIRN_ERR_ARG, "%s name \"%.*s\" is not allowed", what,
                         FIRN_STR_ARG(name));
    return FIRN_OK;
}

firn_status firn_pointer__namespace(const firn_ident *ident, firn_arena *arena, firn_str *out,
                                    firn_error *err)
{
    size_t total = 0;
    if (ident->n_levels == 0) return firn_fail(err, FIRN_ERR_ARG, "a namespace is needed");
    for (size_t i = 0; i < ident->n_levels; i++) {
        const firn_str level = ident->levels[i];
        FIRN_TRY(firn_pointer__check_name(level, "namespace", err));
        if (memchr(level.data, '.', level.len))
            return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                             "not supported: namespace level \"%.*s\" with a dot in it",
                             FIRN_STR_ARG(level));
        total += level.len + 1;
    }
    if (total > 256)
        return firn_fail(err, FIRN_ERR_LIMIT, "namespace of %zu bytes, limit 255", total - 1);
    char *text = firn_arena_alloc(arena, total);
    if (!text) return firn_fail_nomem(err);
    size_t at = 0;
    for (size_t i = 0; i < ident->n_levels; i++) {
        if (i > 0) text[at++] = '.';
        memcpy(text + at, ident->levels[i].data, ident->levels[i].len);
        at += ident->levels[i].len;
    }
    *out = (firn_str){text, at};
    return FIRN_OK;
}

firn_str firn_pointer__text(const firn_ident *ident, firn_arena *arena)
{
    firn_str text = FIRN_STR("");
    for (size_t i = 0; i < ident->n_levels; i++)
        text = firn_arena_printf(arena, "%.*s%.*s.", FIRN_STR_ARG(text),
                                 FIRN_STR_ARG(ident->levels[i]));
    if (ident->name.len > 0)
        return firn_arena_printf(arena, "%.*s%.*s", FIRN_STR_ARG(text), FIRN_STR_ARG(ident->name));
    return firn_str_slice(text, 0, text.len > 0 ? text.len - 1 : 0);
}

firn_turn_end firn_pointer__take_turn(void *ctx, const firn_ident *ident, firn_str request,
                                      int64_t timeout_ms, void **turn)
{
    const firn_pointer_catalog *catalog = ctx;
    firn_error ignored;
    firn_arena *arena = NULL;
    firn_turn_end end = FIRN_TURN_NONE;
    *turn = NULL;
    if (!catalog->rows->take_turn || catalog->is_read_only) return end;
    if (firn_pointer__arena(catalog, &arena, &ignored) != FIRN_OK) return end;
    const firn_str text = firn_pointer__text(ident, arena);
    if (text.data)
        end = catalog->rows->take_turn(catalog->rows_ctx, text, request, timeout_ms, turn);
    firn_arena_destroy(arena);
    return end;
}

size_t firn_pointer__take_requests(void *ctx, void *turn, firn_arena *arena, const firn_str **out)
{
    const firn_pointer_catalog *catalog = ctx;
    return catalog->rows->take_requests(catalog->rows_ctx, turn, arena, out);
}

void firn_pointer__answer_request(void *ctx, void *turn, size_t i, firn_request_end end)
{
    const firn_pointer_catalog *catalog = ctx;
    catalog->rows->answer_request(catalog->rows_ctx, turn, i, end);
}

void firn_pointer__end_turn(void *ctx, void *turn)
{
    const firn_pointer_catalog *catalog = ctx;
    catalog->rows->end_turn(catalog->rows_ctx, turn);
}

static void destroy_pointer_catalog(void *ctx)
{
    firn_pointer_catalog *catalog = ctx;
    firn_metadata_cache__destroy(catalog->cache);
    catalog->rows->destroy(catalog->rows_ctx);
    pthread_mutex_destroy(&catalog->lock);
    firn_arena_destroy(catalog->arena);
    firn_mem_free(catalog->env->alloc, catalog);
}

static const firn_catalog_ops k_pointer_ops = {
    .struct_size = sizeof(firn_catalog_ops),
    .list_namespaces = firn_pointer__list_namespaces,
    .create_namespace = firn_pointer__create_namespace,
    .load_namespace = firn_pointer__load_namespace,
    .update_namespace = firn_pointer__update_namespace,
    .drop_namespace = firn_pointer__drop_namespace,
    .list_tables = firn_pointer__list_tables,
    .load_table = firn_pointer__load_table,
    .commit = firn_pointer__commit,
    .commit_with_objects = firn_pointer__commit_with_objects,
    .drop_table = firn_pointer__drop_table,
    .rename_table = firn_pointer__rename_table,
    .register_table = firn_pointer__register_table,
    .list_views = firn_pointer__list_views,
    .load_view = firn_pointer__load_view,
    .put_view = firn_pointer__put_view,
    .drop_view = firn_pointer__drop_view,
    .rename_view = firn_pointer__rename_view,
    .take_turn = firn_pointer__take_turn,
    .take_requests = firn_pointer__take_requests,
    .answer_request = firn_pointer__answer_request,
    .end_turn = firn_pointer__end_turn,
    .default_location = firn_pointer__default_location,
    .destroy = destroy_pointer_catalog,
};

static firn_status make_pointer_catalog(firn_env *env, firn_str warehouse,
                                        firn_pointer_catalog **out, firn_error *err)
{
    while (warehouse.len > 1 && warehouse.data[warehouse.len - 1] == '/') warehouse.len--;
    if (warehouse.len == 0) return firn_fail(err, FIRN_ERR_ARG, "warehouse location is empty");
    firn_pointer_catalog *catalog = firn_mem_alloc_zero(env->alloc, sizeof *catalog);
    if (!catalog) return firn_fail_nomem(err);
    catalog->env = env;
    catalog->arena = firn_arena_create(env->alloc, 0);
    if (catalog->arena) catalog->warehouse = firn_arena_copy(catalog->arena, warehouse);
    if (!catalog->warehouse.data || pthread_mutex_init(&catalog->lock, NULL) != 0) {
        firn_arena_destroy(catalog->arena);
        firn_mem_free(env->alloc, catalog);
        return firn_fail_nomem(err);
    }
    *out = catalog;
    return FIRN_OK;
}

firn_status firn_pointer_catalog_open(firn_env *env, const firn_row_ops *rows, void *rows_ctx,
                                      const firn_pointer_opts *opts, firn_catalog **out,
                                      firn_error *err)
{
    firn_pointer_catalog *catalog = NULL;
    *out = NULL;
    const firn_status made = make_pointer_catalog(env, opts->warehouse, &catalog, err);
    if (made != FIRN_OK) {
        rows->destroy(rows_ctx);
        return made;
    }
    catalog->rows = rows;
    catalog->rows_ctx = rows_ctx;
    catalog->is_read_only = opts->is_read_only;
    firn_status st = firn_metadata_cache__create(&catalog->cache, err);
    if (st == FIRN_OK) st = firn_catalog_create(opts->name, &k_pointer_ops, catalog, out, err);
    if (st != FIRN_OK) destroy_pointer_catalog(catalog);
    return st;
}
