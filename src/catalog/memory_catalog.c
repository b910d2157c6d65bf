/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and metadata documents of a pointer catalog in memory. A write transaction works on a copy
 * of the row array and installs it on commit, so that several swaps are all or none. For tests:
 * memory of replaced rows and documents is kept until the catalog is destroyed. */
#include "catalog/memory_catalog.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"
#include "catalog/pointer_catalog.h"
#include "store/store_read.h"

struct property_row {
    firn_str ns;
    firn_property property;
};

struct state {
    firn_catalog_row *rows;
    size_t n_rows, cap_rows;
    struct property_row *properties;
    size_t n_properties, cap_properties;
};

struct memory_rows {
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    struct state now;   /* what is committed */
    struct state draft; /* of the transaction under way */
    bool is_write;
    /* Documents are used outside the catalog's lock, so they have a lock and an arena. */
    pthread_mutex_t documents_lock;
    firn_arena *documents_arena;
    firn_map documents; /* location -> firn_str; value NULL: removed. Others are in the store */
};

/* ---- transactions ---- */

static firn_status copy_state(struct memory_rows *m, firn_error *err)
{
    m->draft = m->now;
    m->draft.rows = firn_arena_array(m->arena, m->now.n_rows, sizeof *m->draft.rows);
    m->draft.properties =
        firn_arena_array(m->arena, m->now.n_properties, sizeof *m->draft.properties);
    if (!m->draft.rows || !m->draft.properties) return firn_fail_nomem(err);
    for (size_t i = 0; i < m->now.n_rows; i++) m->draft.rows[i] = m->now.rows[i];
    for (size_t i = 0; i < m->now.n_properties; i++) m->draft.properties[i] = m->now.properties[i];
    m->draft.cap_rows = m->now.n_rows;
    m->draft.cap_properties = m->now.n_properties;
    return FIRN_OK;
}

static firn_status begin_rows(void *ctx, bool is_write, firn_error *err)
{
    struct memory_rows *m = ctx;
    m->is_write = is_write;
    if (is_write) return copy_state(m, err);
    m->draft = m->now;
    return FIRN_OK;
}

static firn_status commit_rows(void *ctx, firn_error *err)
{
    struct memory_rows *m = ctx;
    if (m->is_write) {
        m->now = m->draft;
        if (firn_env_failpoint(m->env, "catalog.commit.sql_commit", err) != FIRN_OK)
            return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "commit failed");
    }
    return FIRN_OK;
}

static void rollback_rows(void *ctx)
{
    struct memory_rows *m = ctx;
    m->draft = m->now;
}

/* ---- rows ---- */

static firn_catalog_row *find_slot(const struct memory_rows *m, firn_str ns, firn_str name)
{
    for (size_t i = 0; i < m->draft.n_rows; i++)
        if (firn_str_equals(m->draft.rows[i].ns, ns) &&
            firn_str_equals(m->draft.rows[i].name, name))
            return &m->draft.rows[i];
    return NULL;
}

static bool copy_row(firn_arena *arena, const firn_catalog_row *row, firn_catalog_row *out)
{
    *out = *row;
    out->ns = firn_arena_copy(arena, row->ns);
    out->name = firn_arena_copy(arena, row->name);
    out->location = firn_arena_copy(arena, row->location);
    return out->ns.data && out->name.data && out->location.data;
}

static firn_status find_row(void *ctx, firn_str ns, firn_str name, firn_arena *arena,
                            firn_catalog_row *out, firn_error *err)
{
    const firn_catalog_row *row = find_slot(ctx, ns, name);
    if (!row)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "%.*s.%.*s does not exist", FIRN_STR_ARG(ns),
                         FIRN_STR_ARG(name));
    return copy_row(arena, row, out) ? FIRN_OK : firn_fail_nomem(err);
}

/* Inserts text into a sorted list unless it is there. */
static bool add_sorted(firn_arena *arena, firn_str text, firn_str *list, size_t *n)
{
    size_t at = 0;
    while (at < *n && firn_str_compare(list[at], text) < 0) at++;
    if (at < *n && firn_str_equals(list[at], text)) return true;
    const firn_str copy = firn_arena_copy(arena, text);
    if (!copy.data) return false;
    memmove(list + at + 1, list + at, (*n - at) * sizeof *list);
    list[at] = copy;
    (*n)++;
    return true;
}

static firn_status list_rows(void *ctx, firn_str ns, bool is_view, firn_arena *arena,
                             firn_str **out, size_t *n_out, firn_error *err)
{
    const struct memory_rows *m = ctx;
    *n_out = 0;
    *out = firn_arena_array(arena, m->draft.n_rows, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    for (size_t i = 0; i < m->draft.n_rows; i++) {
        const firn_catalog_row *row = &m->draft.rows[i];
        if (row->is_view != is_view || !firn_str_equals(row->ns, ns)) continue;
        if (!add_sorted(arena, row->name, *out, n_out)) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

static firn_status insert_row(void *ctx, const firn_catalog_row *row, firn_error *err)
{
    struct memory_rows *m = ctx;
    if (find_slot(m, row->ns, row->name))
        return firn_fail(err, FIRN_ERR_EXISTS, "%.*s.%.*s exists already", FIRN_STR_ARG(row->ns),
                         FIRN_STR_ARG(row->name));
    firn_catalog_row *slot = firn_arena_push(m->arena, &m->draft.rows, &m->draft.n_rows,
                                             &m->draft.cap_rows, sizeof *slot);
    return slot && copy_row(m->arena, row, slot) ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status swap_row(void *ctx, const firn_catalog_row *row, firn_str expected,
                            firn_error *err)
{
    struct memory_rows *m = ctx;
    firn_catalog_row *slot = find_slot(m, row->ns, row->name);
    if (!slot || slot->is_view != row->is_view || !firn_str_equals(slot->location, expected))
        return firn_fail(err, FIRN_ERR_CONFLICT, "another commit changed it first");
    slot->location = firn_arena_copy(m->arena, row->location);
    return slot->location.data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status remove_row(void *ctx, const firn_catalog_row *row, firn_error *err)
{
    struct memory_rows *m = ctx;
    firn_catalog_row *slot = find_slot(m, row->ns, row->name);
    if (!slot) return firn_fail(err, FIRN_ERR_CONFLICT, "another commit removed it first");
    const size_t at = (size_t)(slot - m->draft.rows);
    memmove(slot, slot + 1, (m->draft.n_rows - at - 1) * sizeof *slot);
    m->draft.n_rows--;
    return FIRN_OK;
}

static firn_status rename_row(void *ctx, const firn_catalog_row *from, const firn_catalog_row *to,
                              firn_error *err)
{
    struct memory_rows *m = ctx;
    firn_catalog_row *slot = find_slot(m, from->ns, from->name);
    if (!slot) return firn_fail(err, FIRN_ERR_CONFLICT, "another commit removed it first");
    return copy_row(m->arena, to, slot) ? FIRN_OK : firn_fail_nomem(err);
}

/* ---- namespaces ---- */

static firn_status list_namespaces(void *ctx, firn_arena *arena, firn_str **out, size_t *n_out,
                                   firn_error *err)
{
    const struct memory_rows *m = ctx;
    bool ok = true;
    *n_out = 0;
    *out = firn_arena_array(arena, m->draft.n_rows + m->draft.n_properties, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    for (size_t i = 0; ok && i < m->draft.n_rows; i++)
        ok = add_sorted(arena, m->draft.rows[i].ns, *out, n_out);
    for (size_t i = 0; ok && i < m->draft.n_properties; i++)
        ok = add_sorted(arena, m->draft.properties[i].ns, *out, n_out);
    return ok ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status get_properties(void *ctx, firn_str ns, firn_arena *arena, firn_properties *out,
                                  firn_error *err)
{
    const struct memory_rows *m = ctx;
    size_t n = 0;
    firn_property *items = firn_arena_array(arena, m->draft.n_properties, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < m->draft.n_properties; i++) {
        const struct property_row *row = &m->draft.properties[i];
        if (!firn_str_equals(row->ns, ns)) continue;
        items[n].key = firn_arena_copy(arena, row->property.key);
        items[n].value = firn_arena_copy(arena, row->property.value);
        if (!items[n].key.data || !items[n].value.data) return firn_fail_nomem(err);
        n++;
    }
    *out = (firn_properties){items, n};
    return FIRN_OK;
}

static firn_status put_property(void *ctx, firn_str ns, const firn_property *property,
                                firn_error *err)
{
    struct memory_rows *m = ctx;
    struct property_row *slot = NULL;
    for (size_t i = 0; i < m->draft.n_properties && !slot; i++)
        if (firn_str_equals(m->draft.properties[i].ns, ns) &&
            firn_str_equals(m->draft.properties[i].property.key, property->key))
            slot = &m->draft.properties[i];
    if (!slot)
        slot = firn_arena_push(m->arena, &m->draft.properties, &m->draft.n_properties,
                               &m->draft.cap_properties, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    slot->ns = firn_arena_copy(m->arena, ns);
    slot->property.key = firn_arena_copy(m->arena, property->key);
    slot->property.value = firn_arena_copy(m->arena, property->value);
    return slot->ns.data && slot->property.key.data && slot->property.value.data
               ? FIRN_OK
               : firn_fail_nomem(err);
}

static firn_status remove_properties(void *ctx, firn_str ns, firn_error *err)
{
    struct memory_rows *m = ctx;
    size_t kept = 0;
    (void)err;
    for (size_t i = 0; i < m->draft.n_properties; i++)
        if (!firn_str_equals(m->draft.properties[i].ns, ns))
            m->draft.properties[kept++] = m->draft.properties[i];
    m->draft.n_properties = kept;
    return FIRN_OK;
}

/* ---- documents ---- */

static firn_status store_document(struct memory_rows *m, firn_str location, firn_str bytes,
                                  firn_error *err)
{
    if (firn_map_find(&m->documents, location))
        return firn_fail(err, FIRN_ERR_EXISTS, "%.*s exists already", FIRN_STR_ARG(location));
    const firn_str key = firn_arena_copy(m->documents_arena, location);
    firn_str *value = firn_arena_alloc(m->documents_arena, sizeof *value);
    if (!key.data || !value) return firn_fail_nomem(err);
    *value = firn_arena_copy(m->documents_arena, bytes);
    if (!value->data) return firn_fail_nomem(err);
    return firn_map_put(&m->documents, key, value, err);
}

static firn_status put_documents(void *ctx, const firn_document *documents, size_t n,
                                 const firn_commit_objects *objects, firn_error *err)
{
    struct memory_rows *m = ctx;
    firn_status st = FIRN_OK;
    if (objects) FIRN_TRY(firn_commit_objects_finish(objects, err));
    pthread_mutex_lock(&m->documents_lock);
    for (size_t i = 0; i < n && st == FIRN_OK; i++)
        st = store_document(m, documents[i].location, documents[i].bytes, err);
    pthread_mutex_unlock(&m->documents_lock);
    return st;
}

static firn_status get_document(void *ctx, firn_str location, firn_arena *arena, firn_str *out,
                                firn_error *err)
{
    struct memory_rows *m = ctx;
    pthread_mutex_lock(&m->documents_lock);
    const firn_str *found = firn_map_find(&m->documents, location);
    *out = found ? firn_arena_copy(arena, *found) : (firn_str){0};
    pthread_mutex_unlock(&m->documents_lock);
    if (!found)
        return firn_store_read_all(m->store, location, FIRN_LIMIT_METADATA, arena, out, err);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status remove_document(void *ctx, firn_str location, firn_error *err)
{
    struct memory_rows *m = ctx;
    firn_status st = FIRN_OK;
    pthread_mutex_lock(&m->documents_lock);
    const bool is_here = firn_map_find(&m->documents, location) != NULL;
    if (is_here) {
        const firn_str key = firn_arena_copy(m->documents_arena, location);
        st = key.data ? firn_map_put(&m->documents, key, NULL, err) : firn_fail_nomem(err);
    }
    pthread_mutex_unlock(&m->documents_lock);
    return is_here ? st : firn_store_remove(m->store, location, err);
}

static void destroy_rows(void *ctx)
{
    struct memory_rows *m = ctx;
    pthread_mutex_destroy(&m->documents_lock);
    firn_arena_destroy(m->documents_arena);
    firn_arena_destroy(m->arena);
    firn_mem_free(m->env->alloc, m);
}

static const firn_row_ops k_memory_rows = {
    .begin = begin_rows,
    .commit = commit_rows,
    .rollback = rollback_rows,
    .find = find_row,
    .list = list_rows,
    .insert = insert_row,
    .swap = swap_row,
    .remove = remove_row,
    .rename = rename_row,
    .namespaces = list_namespaces,
    .properties = get_properties,
    .put_property = put_property,
    .remove_properties = remove_properties,
    .put_documents = put_documents,
    .get_document = get_document,
    .remove_document = remove_document,
    .destroy = destroy_rows,
};

firn_status firn_memory_catalog_open(firn_env *env, firn_store *store, firn_str name,
                                     firn_str warehouse, firn_catalog **out, firn_error *err)
{
    *out = NULL;
    struct memory_rows *m = firn_mem_alloc_zero(env->alloc, sizeof *m);
    if (!m) return firn_fail_nomem(err);
    m->env = env;
    m->store = store;
    m->arena = firn_arena_create(env->alloc, 0);
    m->documents_arena = firn_arena_create(env->alloc, 0);
    if (!m->arena || !m->documents_arena || pthread_mutex_init(&m->documents_lock, NULL) != 0) {
        firn_arena_destroy(m->documents_arena);
        firn_arena_destroy(m->arena);
        firn_mem_free(env->alloc, m);
        return firn_fail_nomem(err);
    }
    firn_map_init(&m->documents, m->documents_arena);
    const firn_pointer_opts opts = {.name = name, .warehouse = warehouse};
    return firn_pointer_catalog_open(env, &k_memory_rows, m, &opts, out, err);
}
