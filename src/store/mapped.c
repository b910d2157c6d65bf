/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarding driver: a store with the local driver inside. */
#include "store/mapped.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "store/local.h"

#define MAX_LOCATION 1024

typedef struct mapped {
    firn_store *inner;
    char prefix[MAX_LOCATION];
    char folder[MAX_LOCATION];
} mapped;

/* Local path of a location; out has room for MAX_LOCATION. */
static firn_status to_local(const mapped *m, firn_str location, char *out, firn_str *path_out,
                            firn_error *err)
{
    const size_t skip = strlen(m->prefix);
    if (location.len < skip)
        return firn_fail(err, FIRN_ERR_INTERNAL, "location without the mapped prefix");
    const int n = snprintf(out, MAX_LOCATION, "%s/%.*s", m->folder, (int)(location.len - skip),
                           location.data + skip);
    if (n < 0 || n >= MAX_LOCATION) return firn_fail(err, FIRN_ERR_LIMIT, "location too long");
    *path_out = (firn_str){out, (size_t)n};
    return FIRN_OK;
}

static bool mapped_handles(void *ctx, firn_str location)
{
    const mapped *m = ctx;
    return firn_str_starts_with(location, firn_str_of(m->prefix));
}

static firn_status mapped_open(void *ctx, firn_str path, void **file_out, int64_t *size_out,
                               firn_error *err)
{
    const mapped *m = ctx;
    char local[MAX_LOCATION];
    firn_store_file *file = NULL;
    FIRN_TRY(to_local(m, path, local, &path, err));
    FIRN_TRY(firn_store_open(m->inner, path, &file, err));
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

static void mapped_close(void *ctx, void *file)
{
    (void)ctx;
    firn_store_close(file);
}

static firn_status mapped_create(void *ctx, firn_str path, void **writer_out, firn_error *err)
{
    const mapped *m = ctx;
    char local[MAX_LOCATION];
    firn_store_writer *writer = NULL;
    FIRN_TRY(to_local(m, path, local, &path, err));
    FIRN_TRY(firn_store_begin(m->inner, path, &writer, err));
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
    char local[MAX_LOCATION];
    FIRN_TRY(to_local(m, path, local, &path, err));
    return firn_store_remove(m->inner, path, err);
}

typedef struct forward_list {
    const mapped *m;
    firn_store_list_fn fn;
    void *ctx;
} forward_list;

static firn_status forward_entry(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    const forward_list *f = ctx;
    char location[2 * MAX_LOCATION];
    firn_store_entry mapped_entry = *entry;
    const size_t skip = strlen(f->m->folder) + 1;
    if (entry->path.len < skip)
        return firn_fail(err, FIRN_ERR_INTERNAL, "listed path outside the folder");
    const int n = snprintf(location, sizeof location, "%s%.*s", f->m->prefix,
                           (int)(entry->path.len - skip), entry->path.data + skip);
    mapped_entry.path = (firn_str){location, (size_t)n};
    return f->fn(f->ctx, &mapped_entry, err);
}

static firn_status mapped_list(void *ctx, firn_str prefix, firn_store_list_fn fn, void *fn_ctx,
                               firn_error *err)
{
    const mapped *m = ctx;
    char local[MAX_LOCATION];
    forward_list f = {m, fn, fn_ctx};
    FIRN_TRY(to_local(m, prefix, local, &prefix, err));
    return firn_store_list(m->inner, prefix, forward_entry, &f, err);
}

/* out->path: as asked, which outlives the call. */
static firn_status mapped_stat(void *ctx, firn_str path, firn_store_entry *out, firn_error *err)
{
    const mapped *m = ctx;
    char local[MAX_LOCATION];
    firn_str local_path;
    FIRN_TRY(to_local(m, path, local, &local_path, err));
    FIRN_TRY(firn_store_stat(m->inner, local_path, out, err));
    out->path = path;
    return FIRN_OK;
}

static void mapped_destroy(void *ctx)
{
    mapped *m = ctx;
    firn_store_destroy(m->inner);
    firn_mem_free(NULL, m);
}

static const firn_store_ops k_ops = {
    .struct_size = sizeof(firn_store_ops),
    .handles = mapped_handles,
    .open = mapped_open,
    .read_at = mapped_read_at,
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

firn_status firn_store_add_mapped(firn_store *store, firn_env *env, const char *prefix,
                                  const char *folder, firn_error *err)
{
    mapped *m = firn_mem_alloc_zero(NULL, sizeof *m);
    if (!m) return firn_fail_nomem(err);
    const int prefix_len = snprintf(m->prefix, sizeof m->prefix, "%s", prefix);
    const int folder_len = snprintf(m->folder, sizeof m->folder, "%s", folder);
    firn_status st = firn_store_create(&m->inner, err);
    if (st == FIRN_OK && (prefix_len >= MAX_LOCATION || folder_len >= MAX_LOCATION))
        st = firn_fail(err, FIRN_ERR_LIMIT, "location longer than %d bytes", MAX_LOCATION - 1);
    if (st == FIRN_OK) st = firn_store_add_local(m->inner, env, err);
    if (st == FIRN_OK) st = firn_store_add(store, &k_ops, m, err);
    if (st != FIRN_OK) mapped_destroy(m);
    return st;
}
