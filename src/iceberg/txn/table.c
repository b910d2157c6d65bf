/* SPDX-License-Identifier: Apache-2.0 */
/* The table handle: open, refresh, accessors. Creating one is table_create.c. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/txn_internal.h"

static firn_status copy_ident(firn_table *table, const firn_ident *ident, firn_error *err)
{
    firn_arena *arena = table->ident_arena;
    if (ident->n_levels == 0 || ident->name.len == 0)
        return firn_fail(err, FIRN_ERR_ARG, "a table is named by a namespace and a name");
    firn_str *levels = firn_arena_array(arena, ident->n_levels, sizeof *levels);
    if (!levels) return firn_fail_nomem(err);
    firn_str text = FIRN_STR("");
    for (size_t i = 0; i < ident->n_levels; i++) {
        levels[i] = firn_arena_copy(arena, ident->levels[i]);
        text = firn_arena_printf(arena, "%.*s%.*s.", FIRN_STR_ARG(text), FIRN_STR_ARG(levels[i]));
        if (!levels[i].data || !text.data) return firn_fail_nomem(err);
    }
    table->ident = (firn_ident){levels, ident->n_levels, firn_arena_copy(arena, ident->name)};
    table->text =
        firn_arena_printf(arena, "%.*s%.*s", FIRN_STR_ARG(text), FIRN_STR_ARG(ident->name));
    return table->ident.name.data && table->text.data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_table__make(firn_env *env, firn_store *store, firn_catalog *catalog,
                             const firn_ident *ident, firn_table **out, firn_error *err)
{
    *out = NULL;
    if (!env || !store || !catalog || !ident)
        return firn_fail(err, FIRN_ERR_ARG, "a table needs an environment, a store and a catalog");
    firn_table *table = firn_mem_alloc_zero(env->alloc, sizeof *table);
    if (!table) return firn_fail_nomem(err);
    table->env = env;
    table->store = store;
    table->catalog = catalog;
    table->ident_arena = firn_arena_create(env->alloc, 0);
    const firn_status st =
        table->ident_arena ? copy_ident(table, ident, err) : firn_fail_nomem(err);
    if (st != FIRN_OK) {
        firn_table_close(table);
        return st;
    }
    *out = table;
    return FIRN_OK;
}

firn_status firn_table__load(const firn_table *table, firn_arena *arena, firn_loaded_table *out,
                             firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(table->catalog);
    return ops->load_table(firn_catalog_ctx(table->catalog), &table->ident, arena, out, err);
}

/* A branch that is gone has no snapshot. */
static void show_branch(firn_table *table)
{
    table->is_shown = table->branch.len > 0;
    if (!table->is_shown) return;
    const firn_snapshot_ref *ref = firn_metadata_find_ref(table->loaded.metadata, table->branch);
    table->shown = *table->loaded.metadata;
    table->shown.current_snapshot_id = ref ? ref->snapshot_id : -1;
}

void firn_table__install(firn_table *table, firn_arena *arena, const firn_loaded_table *loaded)
{
    firn_arena *old = table->arena;
    table->arena = arena;
    table->loaded = *loaded;
    show_branch(table);
    table->create_updates = NULL;
    table->n_create_updates = 0;
    firn_arena_destroy(old);
}

firn_status firn_table_open(firn_env *env, firn_store *store, firn_catalog *catalog,
                            const firn_ident *ident, firn_table **out, firn_error *err)
{
    firn_table *table = NULL;
    *out = NULL;
    FIRN_TRY(firn_table__make(env, store, catalog, ident, &table, err));
    const firn_status st = firn_table_refresh(table, err);
    if (st != FIRN_OK) {
        firn_table_close(table);
        return st;
    }
    *out = table;
    return FIRN_OK;
}

void firn_table_close(firn_table *table)
{
    if (!table) return;
    firn_arena_destroy(table->arena);
    firn_arena_destroy(table->ident_arena);
    firn_mem_free(table->env->alloc, table);
}

firn_status firn_table_refresh(firn_table *table, firn_error *err)
{
    firn_loaded_table loaded;
    if (table->create_updates)
        return firn_fail(err, FIRN_ERR_ARG, "table %.*s is not created yet",
                         FIRN_STR_ARG(table->text));
    firn_arena *arena = firn_arena_create(table->env->alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    const firn_status st = firn_table__load(table, arena, &loaded, err);
    if (st != FIRN_OK) {
        firn_arena_destroy(arena);
        return st;
    }
    firn_table__install(table, arena, &loaded);
    return FIRN_OK;
}

const firn_table_metadata *firn_table_metadata_of(const firn_table *table)
{
    return table->is_shown ? &table->shown : table->loaded.metadata;
}

firn_status firn_table_use_branch(firn_table *table, firn_str branch, firn_error *err)
{
    const firn_snapshot_ref *ref = firn_metadata_find_ref(table->loaded.metadata, branch);
    if (!ref || ref->is_tag) {
        return firn_fail(err, ref ? FIRN_ERR_ARG : FIRN_ERR_NOT_FOUND,
                         ref ? "\"%.*s\" is a tag, not a branch" : "no branch \"%.*s\"",
                         FIRN_STR_ARG(branch));
    }
    const firn_str copy = firn_arena_copy(table->ident_arena, branch);
    if (!copy.data) return firn_fail_nomem(err);
    table->branch = copy;
    show_branch(table);
    return FIRN_OK;
}

firn_str firn_table_metadata_location(const firn_table *table)
{
    return table->loaded.metadata_location;
}

const firn_ident *firn_table_ident(const firn_table *table)
{
    return &table->ident;
}

firn_store *firn_table_store(const firn_table *table)
{
    return table->store;
}

firn_env *firn_table_env(const firn_table *table)
{
    return table->env;
}

firn_catalog *firn_table_catalog(const firn_table *table)
{
    return table->catalog;
}
