/* SPDX-License-Identifier: Apache-2.0 */
/* Listing of the local folder driver: every regular file below a folder, in byte order of the
 * whole path. Links to files count as files; links to folders are not followed, so there are no
 * cycles. Files that vanish during the walk are left out. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "store/local.h"
#include "store/local_internal.h"

#define LOCATION_SIZE (FIRN_LIMIT_PATH + 16)

typedef struct walk {
    firn_store_list_fn fn;
    void *fn_ctx;
    size_t scheme_len;            /* bytes of location before the path ("file:") */
    char location[LOCATION_SIZE]; /* of the current folder or file */
} walk;

typedef struct child {
    const char *name;
    size_t len;
    bool is_folder;
    int64_t size_bytes;
    int64_t modified_us;
} child;

/* The byte of "name" or "name/" at i: what decides the order of whole paths. */
static int byte_at(const child *c, size_t i)
{
    if (i < c->len) return (uint8_t)c->name[i];
    return i == c->len && c->is_folder ? '/' : -1;
}

static int compare_children(const void *left, const void *right)
{
    const child *a = left;
    const child *b = right;
    size_t n = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->name, b->name, n);

    return order != 0 ? order : byte_at(a, n) - byte_at(b, n);
}

/* Fills c from the file's status; false when it is to be left out. */
static bool describe(int folder_fd, const char *name, child *c)
{
    struct stat info;
    bool is_link;

    if (fstatat(folder_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
    is_link = S_ISLNK(info.st_mode);
    if (is_link && fstatat(folder_fd, name, &info, 0) != 0) return false;
    c->is_folder = S_ISDIR(info.st_mode) != 0;
    if (c->is_folder && is_link) return false;
    if (!c->is_folder && !S_ISREG(info.st_mode)) return false;
    c->size_bytes = (int64_t)info.st_size;
    c->modified_us = firn_local__modified_us(&info);
    return true;
}

static bool is_hidden_from_listing(const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return true;
    return strncmp(name, FIRN_LOCAL_TEMP_PREFIX, sizeof FIRN_LOCAL_TEMP_PREFIX - 1) == 0;
}

static firn_status read_entries(DIR *dir, const char *path, firn_arena *arena, child **out,
                                size_t *n_out, firn_error *err)
{
    size_t cap = 0;

    for (;;) {
        const struct dirent *entry;
        child found = {0};
        child *slot;
        firn_str name;
        errno = 0;
        entry = readdir(dir);
        if (!entry) break;
        if (is_hidden_from_listing(entry->d_name)) continue;
        if (!describe(dirfd(dir), entry->d_name, &found)) continue;
        name = firn_arena_copy(arena, firn_str_of(entry->d_name));
        slot = firn_arena_push(arena, out, n_out, &cap, sizeof **out);
        if (!name.data || !slot) return firn_fail_nomem(err);
        found.name = name.data;
        found.len = name.len;
        *slot = found;
    }
    if (errno != 0) return firn_fail_errno(err, errno, "cannot list %s", path);
    return FIRN_OK;
}

/* A folder that is not there has no children. */
static firn_status read_folder(const char *path, firn_arena *arena, child **out, size_t *n_out,
                               firn_error *err)
{
    DIR *dir = opendir(path);
    firn_status st;

    if (!dir && errno == ENOENT) return FIRN_OK;
    if (!dir) return firn_fail_errno(err, errno, "cannot list %s", path);
    st = read_entries(dir, path, arena, out, n_out, err);
    (void)closedir(dir);
    if (st == FIRN_OK && *n_out > 1) qsort(*out, *n_out, sizeof **out, compare_children);
    return st;
}

static firn_status list_folder(walk *w, size_t len, int depth, firn_error *err);

static firn_status visit(walk *w, size_t len, const child *c, int depth, firn_error *err)
{
    size_t child_len = len + 1 + c->len;
    firn_store_entry entry;

    if (child_len - w->scheme_len > FIRN_LIMIT_PATH)
        return firn_fail(err, FIRN_ERR_LIMIT, "path of %zu bytes, limit %d, below %s",
                         child_len - w->scheme_len, FIRN_LIMIT_PATH, w->location);
    w->location[len] = '/';
    memcpy(w->location + len + 1, c->name, c->len + 1);
    if (c->is_folder) return list_folder(w, child_len, depth + 1, err);
    entry = (firn_store_entry){{w->location, child_len}, c->size_bytes, c->modified_us};
    return w->fn(w->fn_ctx, &entry, err);
}

static firn_status list_folder(walk *w, size_t len, int depth, firn_error *err)
{
    firn_arena *arena;
    child *children = NULL;
    size_t n_children = 0;
    firn_status st;

    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "folders nested deeper than %d: %s",
                         FIRN_LIMIT_NESTING, w->location);
    arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail_nomem(err);
    st = read_folder(len == w->scheme_len ? "/" : w->location + w->scheme_len, arena, &children,
                     &n_children, err);
    for (size_t i = 0; i < n_children && st == FIRN_OK; i++)
        st = visit(w, len, &children[i], depth, err);
    firn_arena_destroy(arena);
    return st;
}

firn_status firn_local__list(void *ctx, firn_str prefix, firn_store_list_fn fn, void *fn_ctx,
                             firn_error *err)
{
    walk w = {.fn = fn, .fn_ctx = fn_ctx};
    firn_store_entry entry;
    struct stat info;
    firn_str path = {NULL, 0};
    size_t len = prefix.len;

    (void)ctx;
    if (!firn_local_path(prefix, &path) || prefix.len >= sizeof w.location)
        return firn_fail(err, FIRN_ERR_ARG, "not a local location: \"%.*s\"", FIRN_STR_ARG(prefix));
    w.scheme_len = prefix.len - path.len;
    while (len > w.scheme_len && prefix.data[len - 1] == '/') len--;
    memcpy(w.location, prefix.data, len);
    w.location[len] = '\0';
    if (len == w.scheme_len || stat(w.location + w.scheme_len, &info) != 0 ||
        !S_ISREG(info.st_mode))
        return list_folder(&w, len, 0, err);
    entry = (firn_store_entry){
        {w.location, len}, (int64_t)info.st_size, firn_local__modified_us(&info)};
    return fn(fn_ctx, &entry, err);
}
