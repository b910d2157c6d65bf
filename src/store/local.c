/* SPDX-License-Identifier: Apache-2.0 */
/* Local folder driver: names, reads, removal and the table of slots. Writing is in
 * local_writer.c, listing in local_list.c. */
#include "store/local.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "store/local_internal.h"

typedef struct local_file {
    int fd;
    char path[]; /* for messages */
} local_file;

bool firn_local_path(firn_str location, firn_str *path_out)
{
    if (firn_str_starts_with(location, FIRN_STR("file:"))) {
        location = firn_str_slice(location, 5, location.len);
        if (firn_str_starts_with(location, FIRN_STR("//")))
            location = firn_str_slice(location, 2, location.len);
    }
    if (!firn_str_starts_with(location, FIRN_STR("/"))) return false;
    *path_out = location;
    return true;
}

firn_status firn_local__cpath(firn_str location, char out[FIRN_LOCAL_PATH_SIZE], firn_error *err)
{
    firn_str path = {NULL, 0};

    if (!firn_local_path(location, &path) || path.len >= FIRN_LOCAL_PATH_SIZE)
        return firn_fail(err, FIRN_ERR_ARG, "not a local location: \"%.*s\"",
                         FIRN_STR_ARG(location));
    memcpy(out, path.data, path.len);
    out[path.len] = '\0';
    return FIRN_OK;
}

int64_t firn_local__modified_us(const struct stat *info)
{
    return (int64_t)info->st_mtim.tv_sec * 1000000 + info->st_mtim.tv_nsec / 1000;
}

static bool local_handles(void *ctx, firn_str location)
{
    firn_str path;
    (void)ctx;
    return firn_local_path(location, &path);
}

/* The open file's size, refusing what is not a regular file. */
static firn_status check_regular(int fd, const char *path, int64_t *size_out, firn_error *err)
{
    struct stat info;

    if (fstat(fd, &info) != 0) return firn_fail_errno(err, errno, "cannot open %s", path);
    if (S_ISDIR(info.st_mode)) return firn_fail_errno(err, EISDIR, "cannot open %s", path);
    if (!S_ISREG(info.st_mode))
        return firn_fail(err, FIRN_ERR_ARG, "%s is not a regular file", path);
    *size_out = (int64_t)info.st_size;
    return FIRN_OK;
}

static firn_status local_open(void *ctx, firn_str location, void **file_out, int64_t *size_out,
                              firn_error *err)
{
    char path[FIRN_LOCAL_PATH_SIZE];
    local_file *file;
    firn_status st;
    size_t len;
    int fd;

    (void)ctx;
    FIRN_TRY(firn_local__cpath(location, path, err));
    /* Not blocking: opening a pipe must fail in check_regular, not wait for a writer. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return firn_fail_errno(err, errno, "cannot open %s", path);
    st = check_regular(fd, path, size_out, err);
    len = strlen(path);
    file = st == FIRN_OK ? firn_mem_alloc(NULL, sizeof *file + len + 1) : NULL;
    if (!file) {
        (void)close(fd);
        return st == FIRN_OK ? firn_fail_nomem(err) : st;
    }
    file->fd = fd;
    memcpy(file->path, path, len + 1);
    *file_out = file;
    return FIRN_OK;
}

static firn_status local_read_at(void *ctx, void *opened, int64_t offset, void *out, size_t n,
                                 firn_error *err)
{
    const local_file *file = opened;
    char *to = out;
    size_t done = 0;
    int64_t end;

    (void)ctx;
    if (n > INT64_MAX || !firn_add_i64(offset, (int64_t)n, &end))
        return firn_fail_at(err, (uint64_t)offset, "%s ends before %zu bytes at %" PRId64,
                            file->path, n, offset);
    while (done < n) {
        ssize_t got = pread(file->fd, to + done, n - done, (off_t)offset + (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return firn_fail_errno(err, errno, "cannot read %zu bytes at %" PRId64 " of %s", n,
                                   offset, file->path);
        if (got == 0)
            return firn_fail_at(err, (uint64_t)offset + done,
                                "%s ends %zu bytes into a read of %zu bytes at %" PRId64,
                                file->path, done, n, offset);
        done += (size_t)got;
    }
    return FIRN_OK;
}

static void local_close(void *ctx, void *opened)
{
    local_file *file = opened;

    (void)ctx;
    (void)close(file->fd);
    firn_mem_free(NULL, file);
}

static firn_status local_remove(void *ctx, firn_str location, firn_error *err)
{
    char path[FIRN_LOCAL_PATH_SIZE];

    (void)ctx;
    FIRN_TRY(firn_local__cpath(location, path, err));
    if (unlink(path) != 0) return firn_fail_errno(err, errno, "cannot remove %s", path);
    return FIRN_OK;
}

static firn_status local_stat(void *ctx, firn_str location, firn_store_entry *out, firn_error *err)
{
    char path[FIRN_LOCAL_PATH_SIZE];
    struct stat info;

    (void)ctx;
    FIRN_TRY(firn_local__cpath(location, path, err));
    if (stat(path, &info) != 0) return firn_fail_errno(err, errno, "cannot find %s", path);
    if (!S_ISREG(info.st_mode))
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "%s is not a regular file", path);
    out->size_bytes = (int64_t)info.st_size;
    out->modified_us = firn_local__modified_us(&info);
    return FIRN_OK;
}

static void local_destroy(void *ctx)
{
    (void)ctx; /* the environment outlives the store */
}

firn_status firn_store_add_local(firn_store *store, firn_env *env, firn_error *err)
{
    static const firn_store_ops ops = {
        .struct_size = sizeof(firn_store_ops),
        .handles = local_handles,
        .open = local_open,
        .read_at = local_read_at,
        .close = local_close,
        .create = firn_local__create,
        .write = firn_local__write,
        .finish = firn_local__finish,
        .finish_content = firn_local__finish_content,
        .sync_names = firn_local__sync_names,
        .make_scratch = firn_local__make_scratch,
        .abandon = firn_local__abandon,
        .remove = local_remove,
        .list = firn_local__list,
        .stat = local_stat,
        .destroy = local_destroy,
    };
    if (!env) return firn_fail(err, FIRN_ERR_ARG, "local store without an environment");
    return firn_store_add(store, &ops, env, err);
}
