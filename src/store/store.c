/* SPDX-License-Identifier: Apache-2.0 */
/* The store: a list of drivers and the dispatch to the one that serves a location. Checks every
 * location once, here, so that drivers see only clean ones. */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "firn/ext/store.h"

#define MAX_DRIVERS 8

typedef struct driver {
    const firn_store_ops *ops;
    void *ctx;
} driver;

struct firn_store {
    size_t n_drivers;
    driver drivers[MAX_DRIVERS];
};

struct firn_store_file {
    driver driver;
    void *file;
    int64_t size_bytes;
};

struct firn_store_writer {
    driver driver;
    void *writer;
    bool has_failed; /* a lost write must not be followed by a finish */
};

firn_status firn_store_create(firn_store **out, firn_error *err)
{
    *out = firn_mem_alloc_zero(NULL, sizeof **out);
    return *out ? FIRN_OK : firn_fail_nomem(err);
}

static bool is_complete(const firn_store_ops *ops)
{
    return ops->struct_size >= sizeof *ops && ops->handles && ops->open && ops->read_at &&
           ops->close && ops->create && ops->write && ops->finish && ops->abandon && ops->remove &&
           ops->list && ops->stat && ops->destroy && !ops->finish_content == !ops->sync_names;
}

firn_status firn_store_add(firn_store *store, const firn_store_ops *ops, void *ctx, firn_error *err)
{
    if (!store || !ops || !is_complete(ops))
        return firn_fail(err, FIRN_ERR_ARG, "store driver with missing slots");
    if (store->n_drivers == MAX_DRIVERS)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d store drivers", MAX_DRIVERS);
    store->drivers[store->n_drivers++] = (driver){ops, ctx};
    return FIRN_OK;
}

void firn_store_destroy(firn_store *store)
{
    if (!store) return;
    while (store->n_drivers > 0) {
        driver *d = &store->drivers[--store->n_drivers];
        d->ops->destroy(d->ctx);
    }
    firn_mem_free(NULL, store);
}

static bool has_parent_component(firn_str path)
{
    while (path.data) {
        if (firn_str_equals(firn_str_split(&path, '/'), FIRN_STR(".."))) return true;
    }
    return false;
}

static firn_status check_path(firn_str path, firn_error *err)
{
    if (path.len == 0) return firn_fail(err, FIRN_ERR_ARG, "empty location");
    if (path.len > FIRN_LIMIT_PATH)
        return firn_fail(err, FIRN_ERR_LIMIT, "location of %zu bytes, limit %d: \"%.64s...\"",
                         path.len, FIRN_LIMIT_PATH, path.data);
    if (memchr(path.data, '\0', path.len))
        return firn_fail(err, FIRN_ERR_ARG, "location with a NUL byte after \"%s\"", path.data);
    if (!firn_utf8_is_valid(path))
        return firn_fail(err, FIRN_ERR_ARG, "location of %zu bytes is not valid UTF-8", path.len);
    if (has_parent_component(path))
        return firn_fail(err, FIRN_ERR_ARG, "location with a \"..\" component: \"%.*s\"",
                         FIRN_STR_ARG(path));
    return FIRN_OK;
}

static firn_status find_driver(firn_store *store, firn_str path, driver *out, firn_error *err)
{
    if (!store) return firn_fail(err, FIRN_ERR_ARG, "no store given");
    FIRN_TRY(check_path(path, err));
    for (size_t i = 0; i < store->n_drivers; i++) {
        *out = store->drivers[i];
        if (out->ops->handles(out->ctx, path)) return FIRN_OK;
    }
    return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                     "not supported: no store for location \"%.*s\", expected an absolute path or "
                     "a known scheme",
                     FIRN_STR_ARG(path));
}

firn_status firn_store_open(firn_store *store, firn_str path, firn_store_file **out,
                            firn_error *err)
{
    firn_store_file *file;
    driver d;
    firn_status st;

    *out = NULL;
    FIRN_TRY(find_driver(store, path, &d, err));
    file = firn_mem_alloc_zero(NULL, sizeof *file);
    if (!file) return firn_fail_nomem(err);
    file->driver = d;
    st = d.ops->open(d.ctx, path, &file->file, &file->size_bytes, err);
    if (st != FIRN_OK) {
        firn_mem_free(NULL, file);
        return st;
    }
    *out = file;
    return FIRN_OK;
}

int64_t firn_store_file_size(const firn_store_file *file)
{
    return file->size_bytes;
}

size_t firn_store_file_read_bytes(const firn_store_file *file)
{
    const firn_store_ops *ops = file->driver.ops;
    return ops->read_bytes ? ops->read_bytes(file->driver.ctx, file->file) : 0;
}

firn_status firn_store_read_at(firn_store_file *file, int64_t offset, void *out, size_t n,
                               firn_error *err)
{
    if (offset < 0)
        return firn_fail(err, FIRN_ERR_ARG, "negative offset %" PRId64 " to read at", offset);
    if (n == 0) return FIRN_OK;
    return file->driver.ops->read_at(file->driver.ctx, file->file, offset, out, n, err);
}

void firn_store_close(firn_store_file *file)
{
    if (!file) return;
    file->driver.ops->close(file->driver.ctx, file->file);
    firn_mem_free(NULL, file);
}

firn_status firn_store_begin(firn_store *store, firn_str path, firn_store_writer **out,
                             firn_error *err)
{
    firn_store_writer *writer;
    driver d;
    firn_status st;

    *out = NULL;
    FIRN_TRY(find_driver(store, path, &d, err));
    if (path.data[path.len - 1] == '/')
        return firn_fail(err, FIRN_ERR_ARG, "location ends in \"/\", expected an object: \"%.*s\"",
                         FIRN_STR_ARG(path));
    writer = firn_mem_alloc_zero(NULL, sizeof *writer);
    if (!writer) return firn_fail_nomem(err);
    writer->driver = d;
    st = d.ops->create(d.ctx, path, &writer->writer, err);
    if (st != FIRN_OK) {
        firn_mem_free(NULL, writer);
        return st;
    }
    *out = writer;
    return FIRN_OK;
}

firn_status firn_store_write(firn_store_writer *writer, const void *data, size_t n, firn_error *err)
{
    firn_status st;

    if (n == 0) return FIRN_OK;
    st = writer->driver.ops->write(writer->driver.ctx, writer->writer, data, n, err);
    if (st != FIRN_OK) writer->has_failed = true;
    return st;
}

void firn_store_make_scratch(firn_store_writer *writer)
{
    const driver *d = &writer->driver;
    if (d->ops->make_scratch) d->ops->make_scratch(d->ctx, writer->writer);
}

firn_status firn_store_finish(firn_store_writer *writer, firn_error *err)
{
    driver d = writer->driver;
    void *inner = writer->writer;
    bool has_failed = writer->has_failed;

    firn_mem_free(NULL, writer);
    if (!has_failed) return d.ops->finish(d.ctx, inner, err);
    d.ops->abandon(d.ctx, inner);
    return firn_fail(err, FIRN_ERR_IO, "object not finished because a write to it failed");
}

static bool share_finish(firn_store_writer *const *writers, size_t n)
{
    const driver *first = &writers[0]->driver;

    for (size_t i = 0; i < n; i++) {
        if (writers[i]->driver.ctx != first->ctx || writers[i]->has_failed) return false;
    }
    return first->ops->finish_content != NULL;
}

/* Every writer is ended; the first failure is reported. */
static firn_status finish_each(firn_store_writer *const *writers, size_t n, firn_error *err)
{
    firn_status st = FIRN_OK;

    for (size_t i = 0; i < n; i++) {
        if (st == FIRN_OK)
            st = firn_store_finish(writers[i], err);
        else
            firn_store_abandon(writers[i]);
    }
    return st;
}

firn_status firn_store_finish_content(firn_store_writer *const *writers, size_t n, firn_error *err)
{
    void **inner;
    firn_status st;

    if (n == 0) return FIRN_OK;
    if (!share_finish(writers, n)) return finish_each(writers, n, err);
    inner = firn_mem_alloc(NULL, n * sizeof *inner);
    if (!inner) {
        for (size_t i = 0; i < n; i++) firn_store_abandon(writers[i]);
        return firn_fail_nomem(err);
    }
    for (size_t i = 0; i < n; i++) inner[i] = writers[i]->writer;
    st = writers[0]->driver.ops->finish_content(writers[0]->driver.ctx, inner, n, err);
    firn_mem_free(NULL, inner);
    for (size_t i = 0; i < n; i++) firn_mem_free(NULL, writers[i]);
    return st;
}

/* Paths of one driver that follow one another go to it together. */
firn_status firn_store_sync_names(firn_store *store, const firn_str *paths, size_t n,
                                  firn_error *err)
{
    driver d;
    driver next;

    for (size_t from = 0, to = 0; from < n; from = to) {
        FIRN_TRY(find_driver(store, paths[from], &d, err));
        for (to = from + 1; to < n; to++) {
            FIRN_TRY(find_driver(store, paths[to], &next, err));
            if (next.ops != d.ops || next.ctx != d.ctx) break;
        }
        if (d.ops->sync_names) FIRN_TRY(d.ops->sync_names(d.ctx, paths + from, to - from, err));
    }
    return FIRN_OK;
}

void firn_store_abandon(firn_store_writer *writer)
{
    if (!writer) return;
    writer->driver.ops->abandon(writer->driver.ctx, writer->writer);
    firn_mem_free(NULL, writer);
}

firn_status firn_store_put(firn_store *store, firn_str path, firn_str bytes, firn_error *err)
{
    firn_store_writer *writer;
    firn_status st;

    FIRN_TRY(firn_store_begin(store, path, &writer, err));
    st = firn_store_write(writer, bytes.data, bytes.len, err);
    if (st != FIRN_OK) {
        firn_store_abandon(writer);
        return st;
    }
    return firn_store_finish(writer, err);
}

firn_status firn_store_remove(firn_store *store, firn_str path, firn_error *err)
{
    driver d;

    FIRN_TRY(find_driver(store, path, &d, err));
    return d.ops->remove(d.ctx, path, err);
}

firn_status firn_store_list(firn_store *store, firn_str prefix, firn_store_list_fn fn, void *ctx,
                            firn_error *err)
{
    driver d;

    FIRN_TRY(find_driver(store, prefix, &d, err));
    return d.ops->list(d.ctx, prefix, fn, ctx, err);
}

firn_status firn_store_stat(firn_store *store, firn_str path, firn_store_entry *out,
                            firn_error *err)
{
    driver d;

    FIRN_TRY(find_driver(store, path, &d, err));
    *out = (firn_store_entry){.path = path};
    return d.ops->stat(d.ctx, path, out, err);
}
