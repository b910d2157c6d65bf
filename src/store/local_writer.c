/* SPDX-License-Identifier: Apache-2.0 */
/* Durable, never-replacing writes of the local folder driver:
 *
 *   create   open  <folder>/.firn-tmp-<uuid>  with O_EXCL, making folders as needed
 *   write    through one buffer
 *   finish   write the rest -> fsync file -> close -> link to the final name -> unlink the
 *            temporary name -> fsync folder
 *
 * link() fails when the final name is taken, so of two writers exactly one wins and an existing
 * object never changes. After a failed fsync the kernel may have dropped the dirty pages, so a
 * second fsync would prove nothing: the object is given up. When the folder's fsync fails the
 * object is already visible; it is left there, because a reader may have seen it, and the caller
 * is told that it is not known to be durable.
 *
 * finish_content takes the same steps but the last for several objects at once, and sync_names the
 * last one for each folder. Scratch objects are finished without the two fsyncs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/error.h"
#include "base/map.h"
#include "store/local_internal.h"

#define BUFFER_BYTES ((size_t)64 << 10) /* small files are many, big ones write past it */
#define NAME_TRIES   8
#define TEMP_SIZE    (FIRN_LOCAL_PATH_SIZE + 64)

typedef struct local_writer {
    firn_env *env;
    int fd;             /* -1 once closed */
    bool has_temp_name; /* temp exists in the folder */
    bool is_scratch;    /* not synced */
    char *buffer;       /* BUFFER_BYTES, made at the first small write */
    size_t used;
    char path[FIRN_LOCAL_PATH_SIZE];
    char temp[TEMP_SIZE];
} local_writer;

/* Length of the folder part, without the slash; 0 for the root. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

static firn_status sync_folder(const char *path, size_t folder_len, firn_error *err)
{
    char folder[FIRN_LOCAL_PATH_SIZE] = "/";
    int failed = 0;
    int fd;

    if (folder_len) {
        memcpy(folder, path, folder_len);
        folder[folder_len] = '\0';
    }
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return firn_fail_errno(err, errno, "cannot open folder %s to sync it", folder);
    if (fsync(fd) != 0) failed = errno;
    (void)close(fd);
    /* Some file systems have nothing to sync for a folder and say so. */
    if (failed == 0 || failed == EINVAL || failed == ENOTSUP) return FIRN_OK;
    return firn_fail_errno(err, failed, "cannot sync folder %s", folder);
}

/* Length of the deepest existing folder above the file; path is restored. */
static size_t existing_folder(char *path)
{
    size_t len = folder_length(path);

    while (len > 0) {
        struct stat info;
        char kept = path[len];
        int rc;
        path[len] = '\0';
        rc = stat(path, &info);
        if (rc != 0) {
            size_t shorter = folder_length(path);
            path[len] = kept;
            len = shorter;
            continue;
        }
        path[len] = kept;
        break;
    }
    return len;
}

/* Makes the missing folders above the file and makes each durable in its parent. */
static firn_status make_folders(char *path, firn_error *err)
{
    size_t want = folder_length(path);
    size_t have = existing_folder(path);

    while (have < want) {
        const char *next = strchr(path + have + 1, '/');
        size_t len = (size_t)(next - path);
        int failed = 0;
        path[len] = '\0';
        if (mkdir(path, 0777) != 0) failed = errno;
        if (failed != 0 && failed != EEXIST) {
            firn_status st = firn_fail_errno(err, failed, "cannot make folder %s", path);
            path[len] = '/';
            return st;
        }
        path[len] = '/';
        FIRN_TRY(sync_folder(path, have, err));
        have = len;
    }
    return FIRN_OK;
}

/* 0 or an errno. */
static int open_temp(local_writer *writer)
{
    for (int i = 0; i < NAME_TRIES; i++) {
        char uuid[37];
        firn_random_uuid(writer->env->random, uuid);
        (void)snprintf(writer->temp, sizeof writer->temp, "%.*s/" FIRN_LOCAL_TEMP_PREFIX "%s",
                       (int)folder_length(writer->path), writer->path, uuid);
        writer->fd = open(writer->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (writer->fd >= 0) {
            writer->has_temp_name = true;
            return 0;
        }
        if (errno != EEXIST && errno != EINTR) return errno;
    }
    return EEXIST;
}

static firn_status open_writer(local_writer *writer, firn_error *err)
{
    int failed = open_temp(writer);

    if (failed == ENOENT) {
        FIRN_TRY(make_folders(writer->path, err));
        failed = open_temp(writer);
    }
    if (failed == EEXIST)
        return firn_fail(err, FIRN_ERR_IO, "no free temporary name in the folder of %s",
                         writer->path);
    if (failed != 0) return firn_fail_errno(err, failed, "cannot create %s", writer->path);
    return FIRN_OK;
}

/* Ends the writer; the final name, if it was linked, stays. */
static void drop_writer(local_writer *writer)
{
    if (writer->fd >= 0) (void)close(writer->fd);
    if (writer->has_temp_name) (void)unlink(writer->temp);
    firn_mem_free(NULL, writer->buffer);
    firn_mem_free(NULL, writer);
}

firn_status firn_local__create(void *ctx, firn_str location, void **writer_out, firn_error *err)
{
    local_writer *writer = firn_mem_alloc_zero(NULL, sizeof *writer);
    firn_status st;

    if (!writer) return firn_fail_nomem(err);
    writer->env = ctx;
    writer->fd = -1;
    st = firn_local__cpath(location, writer->path, err);
    if (st == FIRN_OK) st = open_writer(writer, err);
    if (st != FIRN_OK) {
        drop_writer(writer);
        return st;
    }
    *writer_out = writer;
    return FIRN_OK;
}

static firn_status write_through(local_writer *writer, const char *data, size_t n, firn_error *err)
{
    while (n) {
        ssize_t put = write(writer->fd, data, n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return firn_fail_errno(err, errno, "cannot write %s", writer->path);
        data += put;
        n -= (size_t)put;
    }
    return FIRN_OK;
}

static firn_status flush_buffer(local_writer *writer, firn_error *err)
{
    size_t n = writer->used;

    writer->used = 0;
    return write_through(writer, writer->buffer, n, err);
}

firn_status firn_local__write(void *ctx, void *opened, const void *data, size_t n, firn_error *err)
{
    local_writer *writer = opened;

    (void)ctx;
    if (n > BUFFER_BYTES - writer->used) FIRN_TRY(flush_buffer(writer, err));
    if (n >= BUFFER_BYTES) return write_through(writer, data, n, err);
    if (!writer->buffer) writer->buffer = firn_mem_alloc(NULL, BUFFER_BYTES);
    if (!writer->buffer) return firn_fail_nomem(err);
    memcpy(writer->buffer + writer->used, data, n);
    writer->used += n;
    return FIRN_OK;
}

static firn_status sync_file(local_writer *writer, firn_error *err)
{
    int fd = writer->fd;

    FIRN_TRY(flush_buffer(writer, err));
    FIRN_TRY(firn_env_failpoint(writer->env, "store.put.before_sync", err));
    if (!writer->is_scratch && fsync(fd) != 0)
        return firn_fail_errno(err, errno, "cannot sync %s", writer->path);
    writer->fd = -1;
    if (close(fd) != 0) return firn_fail_errno(err, errno, "cannot close %s", writer->path);
    return FIRN_OK;
}

/* 0 or an errno. File systems without hard links get a rename that refuses to replace. */
static int give_final_name(local_writer *writer)
{
    int failed = link(writer->temp, writer->path) == 0 ? 0 : errno;

    if (failed != EPERM && failed != ENOTSUP && failed != ENOSYS) return failed;
    if (renameat2(AT_FDCWD, writer->temp, AT_FDCWD, writer->path, RENAME_NOREPLACE) != 0)
        return errno == EEXIST ? EEXIST : failed;
    writer->has_temp_name = false;
    return 0;
}

/* The object is visible; its folder is not synced yet. */
static firn_status link_object(local_writer *writer, firn_error *err)
{
    int failed;

    FIRN_TRY(firn_env_failpoint(writer->env, "store.put.before_link", err));
    failed = give_final_name(writer);
    if (failed != 0) return firn_fail_errno(err, failed, "cannot create %s", writer->path);
    FIRN_TRY(firn_env_failpoint(writer->env, "store.put.after_link", err));
    if (writer->has_temp_name) {
        writer->has_temp_name = false;
        (void)unlink(writer->temp); /* the object is complete with or without its second name */
    }
    return FIRN_OK;
}

static firn_status publish(local_writer *writer, firn_error *err)
{
    FIRN_TRY(sync_file(writer, err));
    FIRN_TRY(link_object(writer, err));
    if (writer->is_scratch) return FIRN_OK;
    return sync_folder(writer->path, folder_length(writer->path), err);
}

void firn_local__make_scratch(void *ctx, void *opened)
{
    (void)ctx;
    ((local_writer *)opened)->is_scratch = true;
}

firn_status firn_local__finish(void *ctx, void *opened, firn_error *err)
{
    local_writer *writer = opened;
    firn_status st = publish(writer, err);

    (void)ctx;
    drop_writer(writer);
    return st;
}

/* Starts writing all, so that the disk works on one file while another is waited for, and the first
 * fsync commits the file system's journal for all. A failure here shows again in fsync. */
static firn_status start_writing(void *const *opened, size_t n, firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        local_writer *writer = opened[i];
        FIRN_TRY(flush_buffer(writer, err));
        (void)sync_file_range(writer->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    }
    for (size_t i = 0; i < n; i++)
        (void)sync_file_range(((local_writer *)opened[i])->fd, 0, 0,
                              SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                  SYNC_FILE_RANGE_WAIT_AFTER);
    return FIRN_OK;
}

static firn_status publish_all(void *const *opened, size_t n, firn_error *err)
{
    if (n > 1) FIRN_TRY(start_writing(opened, n, err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(sync_file(opened[i], err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(link_object(opened[i], err));
    return FIRN_OK;
}

firn_status firn_local__finish_content(void *ctx, void *const *opened, size_t n, firn_error *err)
{
    const firn_status st = publish_all(opened, n, err);

    (void)ctx;
    for (size_t i = 0; i < n; i++) drop_writer(opened[i]);
    return st;
}

static firn_status sync_folders(const firn_str *locations, size_t n, firn_map *done,
                                firn_error *err)
{
    char path[FIRN_LOCAL_PATH_SIZE];

    for (size_t i = 0; i < n; i++) {
        firn_error why;
        firn_str folder;
        firn_error_clear(&why);
        FIRN_TRY(firn_local__cpath(locations[i], path, err));
        folder = (firn_str){path, folder_length(path)};
        if (firn_map_has(done, folder)) continue;
        folder = firn_arena_copy(done->arena, folder);
        if (!folder.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_map_put(done, folder, NULL, err));
        const firn_status st = sync_folder(path, folder.len, &why);
        if (st == FIRN_OK || st == FIRN_ERR_NOT_FOUND) continue;
        if (err) *err = why;
        return st;
    }
    return FIRN_OK;
}

firn_status firn_local__sync_names(void *ctx, const firn_str *locations, size_t n, firn_error *err)
{
    firn_map done;
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_status st;

    (void)ctx;
    if (!arena) return firn_fail_nomem(err);
    firn_map_init(&done, arena);
    st = sync_folders(locations, n, &done, err);
    firn_arena_destroy(arena);
    return st;
}

void firn_local__abandon(void *ctx, void *opened)
{
    (void)ctx;
    drop_writer(opened);
}
