/* SPDX-License-Identifier: Apache-2.0 */
/* One driver that takes every location and hands it on. Handles of the inner store are passed
 * through; only paths change. */
#include "store/mapped.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

typedef struct mapped {
    firn_store *inner;
    firn_arena *arena; /* the driver itself lives in it */
    firn_path_mapping *mappings;
    size_t n;
} mapped;

/* A location of the inner store. */
typedef struct inner_path {
    firn_str path;
    char bytes[FIRN_LIMIT_PATH];
} inner_path;

static const firn_path_mapping *find_mapping(const mapped *m, firn_str location)
{
    const firn_path_mapping *best = NULL;
    for (size_t i = 0; i < m->n; i++) {
        const firn_path_mapping *mapping = &m->mappings[i];
        if (firn_str_starts_with(location, mapping->from) &&
            (!best || mapping->from.len > best->from.len))
            best = mapping;
    }
    return best;
}

/* location without the first n_dropped bytes behind prefix. */
static firn_status join(firn_str prefix, firn_str location, size_t n_dropped, inner_path *out,
                        firn_error *err)
{
    const size_t n_rest = location.len - n_dropped;
    if (prefix.len + n_rest > sizeof out->bytes)
        return firn_fail(err, FIRN_ERR_LIMIT, "mapped location of %zu bytes, limit %zu",
                         prefix.len + n_rest, sizeof out->bytes);
    if (prefix.len > 0) memcpy(out->bytes, prefix.data, prefix.len);
    if (n_rest > 0) memcpy(out->bytes + prefix.len, location.data + n_dropped, n_rest);
    out->path = (firn_str){out->bytes, prefix.len + n_rest};
    return FIRN_OK;
}

static firn_status to_inner(const mapped *m, firn_str location, inner_path *out, firn_error *err)
{
    const firn_path_mapping *mapping = find_mapping(m, location);
    out->path = location;
    return mapping ? join(mapping->to, location, mapping->from.len, out, err) : FIRN_OK;
}

static bool mapped_handles(void *ctx, firn_str location)
{
    (void)ctx;
    (void)location;
    return true;
}

static firn_status mapped_open(void *ctx, firn_str path, void **file_out, int64_t *size_out,
                               firn_error *err)
{
    const mapped *m = ctx;
    firn_store_file *file = NULL;
    inner_path inner;
    FIRN_TRY(to_inner(m, path, &inner, err));
    FIRN_TRY(firn_store_open(m->inner, inner.path, &file, err));
    *file_out = file;
    *size_out = firn_store_file_size(file);
    return FIRN_OK;
}

static firn_status mapped_read_at(void *ctx, void *file, int64_t offset, void *out, size_t n,
                                  firn_error *err)
{
    (void)ctx;
    return firn_store_read_at(file, offset, out, n, err);
}

static size_t mapped_read_bytes(void *ctx, const void *file)
{
    (void)ctx;
    return firn_store_file_read_bytes(file);
}

static void mapped_close(void *ctx, void *file)
{
    (void)ctx;
    firn_store_close(file);
}

static firn_status mapped_create(void *ctx, firn_str path, void **writer_out, firn_error *err)
{
    const mapped *m = ctx;
    firn_store_writer *writer = NULL;
    inner_path inner;
    FIRN_TRY(to_inner(m, path, &inner, err));
    FIRN_TRY(firn_store_begin(m->inner, inner.path, &writer, err));
    *writer_out = writer;
    return FIRN_OK;
}

static firn_status mapped_write(void *ctx, void *writer, const void *data, size_t n,
                                firn_error *err)
{
    (void)ctx;
    return firn_store_write(writer, data, n, err);
}

static firn_status mapped_finish(void *ctx, void *writer, firn_error *err)
{
    (void)ctx;
    return firn_store_finish(writer, err);
}

static void mapped_abandon(void *ctx, void *writer)
{
    (void)ctx;
    firn_store_abandon(writer);
}

static firn_status mapped_remove(void *ctx, firn_str path, firn_error *err)
{
    const mapped *m = ctx;
    inner_path inner;
    FIRN_TRY(to_inner(m, path, &inner, err));
    return firn_store_remove(m->inner, inner.path, err);
}

/* A listing on its way back. */
typedef struct listing {
    const firn_path_mapping *mapping;
    firn_store_list_fn fn;
    void *ctx;
} listing;

static firn_status give_entry(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    const listing *l = ctx;
    firn_store_entry outer = *entry;
    inner_path path;
    if (l->mapping && firn_str_starts_with(entry->path, l->mapping->to)) {
        FIRN_TRY(join(l->mapping->from, entry->path, l->mapping->to.len, &path, err));
        outer.path = path.path;
    }
    return l->fn(l->ctx, &outer, err);
}

static firn_status mapped_list(void *ctx, firn_str prefix, firn_store_list_fn fn, void *fn_ctx,
                               firn_error *err)
{
    const mapped *m = ctx;
    listing l = {find_mapping(m, prefix), fn, fn_ctx};
    inner_path inner;
    FIRN_TRY(to_inner(m, prefix, &inner, err));
    return firn_store_list(m->inner, inner.path, give_entry, &l, err);
}

/* out->path: as asked, which outlives the call. */
static firn_status mapped_stat(void *ctx, firn_str path, firn_store_entry *out, firn_error *err)
{
    const mapped *m = ctx;
    inner_path inner;
    FIRN_TRY(to_inner(m, path, &inner, err));
    FIRN_TRY(firn_store_stat(m->inner, inner.path, out, err));
    out->path = path;
    return FIRN_OK;
}

static void mapped_destroy(void *ctx)
{
    firn_arena_destroy(((mapped *)ctx)->arena);
}

static const firn_store_ops k_ops = {
    .struct_size = sizeof(firn_store_ops),
    .handles = mapped_handles,
    .open = mapped_open,
    .read_at = mapped_read_at,
    .read_bytes = mapped_read_bytes,
    .close = mapped_close,
    .create = mapped_create,
    .write = mapped_write,
    .finish = mapped_finish,
    .abandon = mapped_abandon,
    .remove = mapped_remove,
    .list = mapped_list,
    .stat = mapped_stat,
    .destroy = mapped_destroy,
};

static firn_status copy_mappings(mapped *m, const firn_path_mapping *mappings, size_t n,
                                 firn_error *err)
{
    m->mappings = firn_arena_array(m->arena, n, sizeof *m->mappings);
    if (!m->mappings) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        if (mappings[i].from.len == 0)
            return firn_fail(err, FIRN_ERR_ARG, "a path mapping needs a prefix to replace");
        m->mappings[i].from = firn_arena_copy(m->arena, mappings[i].from);
        m->mappings[i].to = firn_arena_copy(m->arena, mappings[i].to);
        if (!m->mappings[i].from.data || !m->mappings[i].to.data) return firn_fail_nomem(err);
    }
    m->n = n;
    return FIRN_OK;
}

firn_status firn_store_create_mapped(firn_store *inner, const firn_path_mapping *mappings, size_t n,
                                     firn_store **out, firn_error *err)
{
    firn_store *store = NULL;
    firn_arena *arena = firn_arena_create(NULL, 0);
    mapped *m = arena ? firn_arena_alloc_zero(arena, sizeof *m) : NULL;
    *out = NULL;
    firn_status st = m ? FIRN_OK : firn_fail_nomem(err);
    if (st == FIRN_OK) {
        *m = (mapped){.inner = inner, .arena = arena};
        st = copy_mappings(m, mappings, n, err);
    }
    if (st == FIRN_OK) st = firn_store_create(&store, err);
    if (st == FIRN_OK) st = firn_store_add(store, &k_ops, m, err);
    if (st == FIRN_OK) {
        *out = store;
        return FIRN_OK;
    }
    firn_store_destroy(store);
    firn_arena_destroy(arena);
    return st;
}
