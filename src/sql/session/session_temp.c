/* SPDX-License-Identifier: Apache-2.0 */
/* The private folder (0700) for the engine's spill files; removed when the session closes. The
 * session holds a lock on it, so that folders of killed programs are known and removed by the next
 * session beside them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "sql/session/session_state.h"

#define PREFIX "firn-sql-"
/* A folder this young may be one whose lock is about to be taken. */
#define STALE_AFTER_US (INT64_C(600) * 1000000)
#define MAX_LOOKED_AT  10000

/* The engine makes no folders inside. */
static void remove_folder(int parent, const char *name)
{
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    DIR *folder = fdopendir(fd);
    if (!folder) {
        (void)close(fd);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder))) (void)unlinkat(fd, entry->d_name, 0);
    (void)closedir(folder);
    (void)unlinkat(parent, name, AT_REMOVEDIR);
}

/* Ours, old, and nobody holds its lock. */
static bool is_stale(int parent, const char *name, int64_t now_us)
{
    struct stat st;
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return false;
    const bool is_old = fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
                        now_us - (int64_t)st.st_mtime * 1000000 > STALE_AFTER_US;
    const bool is_free = is_old && flock(fd, LOCK_EX | LOCK_NB) == 0;
    (void)close(fd);
    return is_free;
}

static void remove_stale(const char *parent)
{
    const int64_t now_us = firn_clock_wall_us(firn_clock_system()); /* as the file system's */
    DIR *folder = opendir(parent);
    const struct dirent *entry;
    if (!folder) return;
    for (int n = 0; n < MAX_LOOKED_AT && (entry = readdir(folder)); n++) {
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0) continue;
        if (is_stale(dirfd(folder), entry->d_name, now_us)) {
            remove_folder(dirfd(folder), entry->d_name);
        }
    }
    (void)closedir(folder);
}

firn_status firn_session__make_temp(firn_session *session, firn_error *err)
{
    const char *parent = getenv("TMPDIR");
    if (session->temp_directory[0] != '\0') return FIRN_OK;
    if (session->temp_parent.len > 0) parent = session->temp_parent.data;
    if (!parent || !*parent) parent = "/tmp";
    char *path = session->temp_directory;
    const int n = snprintf(path, sizeof session->temp_directory, "%s/" PREFIX "XXXXXX", parent);
    if (n < 0 || (size_t)n >= sizeof session->temp_directory) {
        path[0] = '\0';
        return firn_fail(err, FIRN_ERR_LIMIT, "path of the temporary folder is longer than %d",
                         FIRN_LIMIT_PATH);
    }
    remove_stale(parent);
    if (!mkdtemp(path)) {
        const firn_status st = firn_fail_errno(err, errno, "make a temporary folder in %s", parent);
        path[0] = '\0';
        return st;
    }
    session->temp_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (session->temp_fd >= 0) (void)flock(session->temp_fd, LOCK_EX | LOCK_NB);
    return FIRN_OK;
}

void firn_session__remove_temp(firn_session *session)
{
    if (session->temp_directory[0] == '\0') return;
    remove_folder(AT_FDCWD, session->temp_directory);
    if (session->temp_fd >= 0) (void)close(session->temp_fd);
}
