/* SPDX-License-Identifier: Apache-2.0 */
/* In-memory driver: a sorted array of reference-counted objects behind one lock. Readers hold a
 * reference, so removal never pulls bytes from under them. Listings call back without the lock.
 * Lock: memory_store.lock, private, never held across a callback. */
#include "store/memory.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/buf.h"
#include "base/checked.h"
#include "base/error.h"
#include "base/str.h"

typedef struct object {
    size_t n_refs; /* under the lock */
    firn_str path; /* behind this struct */
    int64_t modified_us;
    firn_buf bytes; /* never changes once the object is in the store */
} object;

typedef struct memory_store {
    firn_env *env;
    pthread_mutex_t lock;
    object **objects; /* by path */
    size_t n_objects;
    size_t cap_objects;
} memory_store;

static void lock(memory_store *store)
{
    (void)pthread_mutex_lock(&store->lock);
}

static void unlock(memory_store *store)
{
    (void)pthread_mutex_unlock(&store->lock);
}

static object *new_object(const memory_store *store, firn_str path)
{
    object *o = firn_mem_alloc_zero(store->env->alloc, sizeof *o + path.len);

    if (!o) return NULL;
    memcpy(o + 1, path.data, path.len);
    o->path = (firn_str){(const char *)(o + 1), path.len};
    o->n_refs = 1;
    firn_buf_init(&o->bytes, store->env->alloc, 0);
    return o;
}

static void free_object(const memory_store *store, object *o)
{
    firn_buf_dispose(&o->bytes);
    firn_mem_free(store->env->alloc, o);
}

static void unref(memory_store *store, object *o)
{
    bool is_last;

    lock(store);
    is_last = --o->n_refs == 0;
    unlock(store);
    if (is_last) free_object(store, o);
}

/* Index of the path, or where it belongs; under the lock. */
static size_t lower_bound(const memory_store *store, firn_str path)
{
    size_t low = 0;
    size_t high = store->n_objects;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (firn_str_compare(store->objects[middle]->path, path) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const memory_store *store, size_t at, firn_str path)
{
    return at < store->n_objects && firn_str_equals(store->objects[at]->path, path);
}

/* A new reference, or NULL. */
static object *find_object(memory_store *store, firn_str path)
{
    object *found = NULL;
    size_t at;

    lock(store);
    at = lower_bound(store, path);
    if (is_at(store, at, path)) {
        found = store->objects[at];
        found->n_refs++;
    }
    unlock(store);
    return found;
}

static firn_status fail_missing(firn_str path, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_NOT_FOUND, "no such object: %.*s", FIRN_STR_ARG(path));
}

static bool memory_handles(void *ctx, firn_str location)
{
    (void)ctx;
    return firn_str_starts_with(location, FIRN_STR("memory://"));
}

static firn_status memory_open(void *ctx, firn_str path, void **file_out, int64_t *size_out,
                               firn_error *err)
{
    object *o = find_object(ctx, path);

    if (!o) return fail_missing(path, err);
    *file_out = o;
    *size_out = (int64_t)o->bytes.len;
    return FIRN_OK;
}

static firn_status memory_read_at(void *ctx, void *file, int64_t offset, void *out, size_t n,
                                  firn_error *err)
{
    const object *o = file;
    size_t from;
    size_t to;

    (void)ctx;
    if (!firn_i64_to_size(offset, &from) || !firn_add_size(from, n, &to) || to > o->bytes.len)
        return firn_fail_at(err, (uint64_t)offset, "%.*s ends at %zu, wanted %zu bytes at %" PRId64,
                            FIRN_STR_ARG(o->path), o->bytes.len, n, offset);
    memcpy(out, o->bytes.data + from, n);
    return FIRN_OK;
}

static void memory_close(void *ctx, void *file)
{
    unref(ctx, file);
}

static firn_status memory_create(void *ctx, firn_str path, void **writer_out, firn_error *err)
{
    *writer_out = new_object(ctx, path);
    return *writer_out ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status memory_write(void *ctx, void *writer, const void *data, size_t n,
                                firn_error *err)
{
    object *o = writer;

    (void)ctx;
    firn_buf_append(&o->bytes, data, n);
    return firn_buf_check(&o->bytes, err);
}

static void memory_abandon(void *ctx, void *writer)
{
    free_object(ctx, writer);
}

/* Makes room for one more object; under the lock. */
static bool make_room(memory_store *store)
{
    size_t cap = store->cap_objects ? store->cap_objects * 2 : 64;
    size_t size;
    object **objects;

    if (store->n_objects < store->cap_objects) return true;
    if (!firn_mul_size(cap, sizeof(object *), &size)) return false;
    objects = firn_mem_resize(store->env->alloc, store->objects, size);
    if (!objects) return false;
    store->objects = objects;
    store->cap_objects = cap;
    return true;
}

/* Takes over the reference on FIRN_OK; under the lock. */
static firn_status insert(memory_store *store, object *o, firn_error *err)
{
    size_t at = lower_bound(store, o->path);

    if (is_at(store, at, o->path))
        return firn_fail(err, FIRN_ERR_EXISTS, "object exists already: %.*s",
                         FIRN_STR_ARG(o->path));
    if (!make_room(store)) return firn_fail_nomem(err);
    memmove(store->objects + at + 1, store->objects + at,
            (store->n_objects - at) * sizeof(object *));
    store->objects[at] = o;
    store->n_objects++;
    return FIRN_OK;
}

static firn_status memory_finish(void *ctx, void *writer, firn_error *err)
{
    memory_store *store = ctx;
    object *o = writer;
    firn_status st = firn_env_failpoint(store->env, "store.put.before_link", err);

    if (st == FIRN_OK) {
        o->modified_us = firn_clock_wall_us(store->env->clock);
        lock(store);
        st = insert(store, o, err);
        unlock(store);
    }
    if (st != FIRN_OK) {
        free_object(store, o);
        return st;
    }
    return firn_env_failpoint(store->env, "store.put.after_link", err);
}

static firn_status memory_remove(void *ctx, firn_str path, firn_error *err)
{
    memory_store *store = ctx;
    object *o = NULL;
    size_t at;

    lock(store);
    at = lower_bound(store, path);
    if (is_at(store, at, path)) {
        o = store->objects[at];
        store->n_objects--;
        memmove(store->objects + at, store->objects + at + 1,
                (store->n_objects - at) * sizeof(object *));
    }
    unlock(store);
    if (!o) return fail_missing(path, err);
    unref(store, o);
    return FIRN_OK;
}

/* The object itself or something below it; prefix without slashes at its end. */
static bool is_below(firn_str path, firn_str prefix)
{
    if (!firn_str_starts_with(path, prefix)) return false;
    return path.len == prefix.len || path.data[prefix.len] == '/';
}

/* References to all objects below the prefix, in *out with room for cap. */
static size_t collect(memory_store *store, firn_str prefix, object **out, size_t cap)
{
    size_t n = 0;

    lock(store);
    for (size_t i = lower_bound(store, prefix); i < store->n_objects && n < cap; i++) {
        object *o = store->objects[i];
        if (!firn_str_starts_with(o->path, prefix)) break;
        if (!is_below(o->path, prefix)) continue;
        o->n_refs++;
        out[n++] = o;
    }
    unlock(store);
    return n;
}

static firn_status memory_list(void *ctx, firn_str prefix, firn_store_list_fn fn, void *fn_ctx,
                               firn_error *err)
{
    memory_store *store = ctx;
    firn_status st = FIRN_OK;
    object **found;
    size_t cap;
    size_t n;

    while (prefix.len > sizeof "memory://" - 1 && prefix.data[prefix.len - 1] == '/') prefix.len--;
    if (prefix.len == sizeof "memory://" - 1) prefix.len--; /* everything is below "memory:/" */
    lock(store);
    cap = store->n_objects; /* objects that arrive later need not be listed */
    unlock(store);
    found = firn_mem_array(store->env->alloc, cap, sizeof(object *));
    if (!found) return firn_fail_nomem(err);
    n = collect(store, prefix, found, cap);
    for (size_t i = 0; i < n; i++) {
        const object *o = found[i];
        firn_store_entry entry = {o->path, (int64_t)o->bytes.len, o->modified_us};
        if (st == FIRN_OK) st = fn(fn_ctx, &entry, err);
        unref(store, found[i]);
    }
    firn_mem_free(store->env->alloc, found);
    return st;
}

static firn_status memory_stat(void *ctx, firn_str path, firn_store_entry *out, firn_error *err)
{
    object *o = find_object(ctx, path);

    if (!o) return fail_missing(path, err);
    out->size_bytes = (int64_t)o->bytes.len;
    out->modified_us = o->modified_us;
    unref(ctx, o);
    return FIRN_OK;
}

static void memory_destroy(void *ctx)
{
    memory_store *store = ctx;
    const firn_allocator *alloc = store->env->alloc;

    for (size_t i = 0; i < store->n_objects; i++) free_object(store, store->objects[i]);
    firn_mem_free(alloc, store->objects);
    (void)pthread_mutex_destroy(&store->lock);
    firn_mem_free(alloc, store);
}

firn_status firn_store_add_memory(firn_store *store, firn_env *env, firn_error *err)
{
    static const firn_store_ops ops = {
        .struct_size = sizeof(firn_store_ops),
        .handles = memory_handles,
        .open = memory_open,
        .read_at = memory_read_at,
        .close = memory_close,
        .create = memory_create,
        .write = memory_write,
        .finish = memory_finish,
        .abandon = memory_abandon,
        .remove = memory_remove,
        .list = memory_list,
        .stat = memory_stat,
        .destroy = memory_destroy,
    };
    memory_store *memory;
    firn_status st;

    if (!env) return firn_fail(err, FIRN_ERR_ARG, "memory store without an environment");
    memory = firn_mem_alloc_zero(env->alloc, sizeof *memory);
    if (!memory) return firn_fail_nomem(err);
    memory->env = env;
    (void)pthread_mutex_init(&memory->lock, NULL);
    st = firn_store_add(store, &ops, memory, err);
    if (st != FIRN_OK) memory_destroy(memory);
    return st;
}
