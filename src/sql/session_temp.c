/* SPDX-License-Identifier: Apache-2.0 */
/* The private folder (0700) for the engine's spill files; removed when the session closes. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "sql/session_state.h"

firn_status firn_session__make_temp(firn_session *session, firn_error *err)
{
    const char *parent = getenv("TMPDIR");
    if (session->temp_directory[0] != '\0') return FIRN_OK;
    if (session->temp_parent.len > 0) parent = session->temp_parent.data;
    if (!parent || !*parent) parent = "/tmp";
    char *path = session->temp_directory;
    const int n = snprintf(path, sizeof session->temp_directory, "%s/firn-sql-XXXXXX", parent);
    if (n < 0 || (size_t)n >= sizeof session->temp_directory) {
        path[0] = '\0';
        return firn_fail(err, FIRN_ERR_LIMIT, "path of the temporary folder is longer than %d",
                         FIRN_LIMIT_PATH);
    }
    if (mkdtemp(path)) return FIRN_OK;
    const firn_status st = firn_fail_errno(err, errno, "make a temporary folder in %s", parent);
    path[0] = '\0';
    return st;
}

/* The engine makes no folders inside. */
void firn_session__remove_temp(firn_session *session)
{
    if (session->temp_directory[0] == '\0') return;
    DIR *folder = opendir(session->temp_directory);
    if (folder) {
        const struct dirent *entry;
        while ((entry = readdir(folder))) (void)unlinkat(dirfd(folder), entry->d_name, 0);
        (void)closedir(folder);
    }
    (void)rmdir(session->temp_directory);
}
