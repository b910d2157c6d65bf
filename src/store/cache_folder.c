/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a cache; see cache_folder.h. How much is there is counted once, when the first file is
 * written, and kept up with what this process adds; what others add meanwhile is seen the next time
 * files have to go. */
#include "store/cache_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"

#define PATH_SIZE    4096
#define NAME_SIZE    256
#define TEMP_PREFIX  ".firn-tmp-"
#define TEMP_SECONDS 3600 /* unfinished files older than this belong to nobody */

struct firn_cache_folder {
    firn_arena *arena; /* holds the folder itself */
    const char *path;
    int64_t max_bytes;
    const firn_random *random;
    pthread_mutex_t lock; /* of the rest */
    bool is_counted;
    int64_t used_bytes;
};

firn_status firn_cache_folder_create(firn_str path, int64_t max_bytes, const firn_random *random,
                                     firn_cache_folder **out, firn_error *err)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_cache_folder *folder = arena ? firn_arena_alloc_zero(arena, sizeof *folder) : NULL;
    const firn_str copy = folder ? firn_arena_copy(arena, path) : (firn_str){0};
    *out = NULL;
    if (!copy.data) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    folder->arena = arena;
    folder->path = copy.data;
    folder->max_bytes = max_bytes;
    folder->random = random;
    (void)pthread_mutex_init(&folder->lock, NULL);
    *out = folder;
    return FIRN_OK;
}

void firn_cache_folder_destroy(firn_cache_folder *folder)
{
    if (!folder) return;
    (void)pthread_mutex_destroy(&folder->lock);
    firn_arena_destroy(folder->arena); /* holds folder itself */
}

static bool path_of(const firn_cache_folder *folder, const char *name, char out[PATH_SIZE])
{
    const int n = snprintf(out, PATH_SIZE, "%s/%s", folder->path, name);
    return n > 0 && n < PATH_SIZE;
}

/* ---- reading ---- */

bool firn_cache_file_open(const firn_cache_folder *folder, const char *name, firn_cache_file *out)
{
    char path[PATH_SIZE];
    struct stat info;
    out->fd = -1;
    if (!path_of(folder, name, path)) return false;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return false;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)close(fd);
        return false;
    }
    *out = (firn_cache_file){fd, (int64_t)info.st_size};
    return true;
}

bool firn_cache_file_read(const firn_cache_file *file, uint64_t offset, void *out, size_t n)
{
    char *to = out;
    if (offset > INT64_MAX - n) return false;
    while (n > 0) {
        const ssize_t got = pread(file->fd, to, n, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

void firn_cache_file_close(firn_cache_file *file)
{
    if (file->fd >= 0) (void)close(file->fd);
    file->fd = -1;
}

/* ---- room ---- */

typedef struct cached_file {
    const char *name;
    int64_t size_bytes;
    int64_t written_s;
} cached_file;

typedef struct listing {
    firn_arena *arena;
    cached_file *files;
    size_t n, cap;
    int64_t bytes;
} listing;

static int compare_age(const void *a, const void *b)
{
    const cached_file *x = a;
    const cached_file *y = b;
    if (x->written_s != y->written_s) return x->written_s < y->written_s ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* False: out of memory. Files that an interrupted process left behind go. */
static bool list_file(const firn_cache_folder *folder, const char *name, int64_t now_s,
                      listing *list)
{
    char path[PATH_SIZE];
    struct stat info;
    if (!path_of(folder, name, path) || lstat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return true;
    const bool is_temp = strncmp(name, TEMP_PREFIX, sizeof TEMP_PREFIX - 1) == 0;
    if (is_temp) {
        if (now_s - (int64_t)info.st_mtime > TEMP_SECONDS) (void)unlink(path);
        return true;
    }
    cached_file *file =
        firn_arena_push(list->arena, &list->files, &list->n, &list->cap, sizeof *file);
    const firn_str copy = firn_arena_copy(list->arena, (firn_str){name, strlen(name)});
    if (!file || !copy.data) return false;
    *file = (cached_file){copy.data, (int64_t)info.st_size, (int64_t)info.st_mtime};
    list->bytes += file->size_bytes;
    return true;
}

static bool list_files(const firn_cache_folder *folder, int64_t now_s, listing *list)
{
    DIR *dir = opendir(folder->path);
    if (!dir) return false;
    bool is_ok = true;
    for (const struct dirent *e = readdir(dir); is_ok && e; e = readdir(dir))
        is_ok = list_file(folder, e->d_name, now_s, list);
    (void)closedir(dir);
    return is_ok;
}

/* Down to three quarters, so that it is not done again for every file. */
static void remove_oldest(const firn_cache_folder *folder, listing *list, int64_t max_bytes)
{
    if (list->n > 0) qsort(list->files, list->n, sizeof *list->files, compare_age);
    for (size_t i = 0; i < list->n && list->bytes > max_bytes / 4 * 3; i++) {
        firn_cache_folder_remove(folder, list->files[i].name);
        list->bytes -= list->files[i].size_bytes;
    }
}

/* Under the lock: counts what is there and removes what is too much with `more` added. */
static bool count_files(firn_cache_folder *folder, int64_t now_s, int64_t more)
{
    listing list = {.arena = firn_arena_create(NULL, 0)};
    const bool is_ok = list.arena && list_files(folder, now_s, &list);
    if (is_ok && list.bytes > folder->max_bytes - more)
        remove_oldest(folder, &list, folder->max_bytes - more);
    folder->used_bytes = list.bytes;
    folder->is_counted = is_ok;
    firn_arena_destroy(list.arena);
    return is_ok;
}

static bool make_room(firn_cache_folder *folder, int64_t now_s, int64_t bytes)
{
    bool is_ok = bytes <= folder->max_bytes;
    (void)pthread_mutex_lock(&folder->lock);
    if (is_ok && (!folder->is_counted || folder->used_bytes > folder->max_bytes - bytes))
        is_ok = count_files(folder, now_s, bytes);
    if (is_ok) folder->used_bytes += bytes;
    (void)pthread_mutex_unlock(&folder->lock);
    return is_ok;
}

/* ---- writing ---- */

/* The folder and the one above it: the home itself is there. */
static bool make_folder(const firn_cache_folder *folder)
{
    char parent[PATH_SIZE];
    if (mkdir(folder->path, 0777) == 0 || errno == EEXIST) return true;
    const char *slash = strrchr(folder->path, '/');
    if (errno != ENOENT || !slash || (size_t)(slash - folder->path) >= sizeof parent) return false;
    memcpy(parent, folder->path, (size_t)(slash - folder->path));
    parent[slash - folder->path] = '\0';
    if (mkdir(parent, 0777) != 0 && errno != EEXIST) return false;
    return mkdir(folder->path, 0777) == 0 || errno == EEXIST;
}

static bool write_all(int fd, firn_str bytes)
{
    while (bytes.len > 0) {
        const ssize_t n = write(fd, bytes.data, bytes.len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes = (firn_str){bytes.data + n, bytes.len - (size_t)n};
    }
    return true;
}

static bool write_file(const char *path, const firn_str *pieces, size_t n, int64_t *now_s)
{
    struct stat info;
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return false;
    bool is_ok = true;
    for (size_t i = 0; is_ok && i < n; i++) is_ok = write_all(fd, pieces[i]);
    is_ok = is_ok && fstat(fd, &info) == 0;
    if (is_ok) *now_s = (int64_t)info.st_mtime; /* the file system's clock, as the others' */
    return close(fd) == 0 && is_ok;
}

bool firn_cache_folder_put(firn_cache_folder *folder, const char *name, const firn_str *pieces,
                           size_t n_pieces)
{
    char path[PATH_SIZE];
    char temp[PATH_SIZE];
    char temp_name[NAME_SIZE];
    char uuid[37];
    int64_t bytes = 0;
    int64_t now_s = 0;
    for (size_t i = 0; i < n_pieces; i++) bytes += (int64_t)pieces[i].len;
    firn_random_uuid(folder->random, uuid);
    (void)snprintf(temp_name, sizeof temp_name, TEMP_PREFIX "%s", uuid);
    if (bytes > folder->max_bytes || !path_of(folder, name, path) ||
        !path_of(folder, temp_name, temp) || !make_folder(folder))
        return false;
    const bool is_ok = write_file(temp, pieces, n_pieces, &now_s) &&
                       make_room(folder, now_s, bytes) && rename(temp, path) == 0;
    if (!is_ok) (void)unlink(temp);
    return is_ok;
}

void firn_cache_folder_remove(const firn_cache_folder *folder, const char *name)
{
    char path[PATH_SIZE];
    if (path_of(folder, name, path)) (void)unlink(path);
}
