/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of a home. */
#include "home/home_folder.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"

firn_status firn_folder_absolute(firn_arena *arena, firn_str path, firn_str *out, firn_error *err)
{
    char cwd[PATH_MAX];
    char real[PATH_MAX];
    const firn_str given = firn_arena_copy(arena, path);

    if (!given.data) return firn_fail_nomem(err);
    *out = given;
    if (realpath(given.data, real)) {
        *out = firn_arena_copy(arena, firn_str_of(real));
    } else if (given.data[0] != '/') {
        if (!getcwd(cwd, sizeof cwd))
            return firn_fail_errno(err, errno, "cannot find the current folder");
        const size_t skip = firn_str_starts_with(path, FIRN_STR("./")) ? 2 : 0;
        *out = firn_arena_printf(arena, "%s/%s", cwd, given.data + skip);
    }
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

firn_status firn_folder_make(firn_arena *arena, firn_str path, firn_error *err)
{
    for (size_t i = 1; i <= path.len; i++) {
        if (i < path.len && path.data[i] != '/') continue;
        const firn_str part = firn_arena_copy(arena, firn_str_slice(path, 0, i));
        if (!part.data) return firn_fail_nomem(err);
        if (is_folder(part.data) || mkdir(part.data, 0777) == 0) continue;
        const int code = errno;
        if (code == EEXIST && is_folder(part.data)) continue; /* another process made it */
        return firn_fail_errno(err, code, "cannot make the folder %s", part.data);
    }
    return FIRN_OK;
}

firn_str firn_folder_default_home(firn_arena *arena, bool ignore_environment)
{
    const char *home = ignore_environment ? NULL : getenv("FIRN_HOME");
    if (home && home[0]) return firn_str_of(home);
    if (access("firn.yaml", F_OK) == 0) return FIRN_STR(".");
    const char *user = getenv("HOME");
    return firn_arena_printf(arena, "%s/.firn", user ? user : ".");
}
