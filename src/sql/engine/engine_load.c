/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and loading the DuckDB library. It is never unloaded: its threads and thread-local
 * destructors may outlive the last engine. */
#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/engine/engine_api.h"

#define HINT_INSTALL "run 'make deps' or set FIRN_DUCKDB to the path of libduckdb.so 2.0.0"

/* Folder of the file that this code is in, with its '/': libfirn.so's, or else the program's, which
 * the loader lists without a name. */
static bool own_folder(char out[FIRN_LIMIT_PATH])
{
    Dl_info info;
    void *address = NULL;
    void *listed = NULL;
    char real[PATH_MAX];
    firn_status (*own)(const firn_duckdb **, firn_error *) = firn_duckdb_load;
    memcpy(&address, &own, sizeof address); /* no cast from function to object pointer in ISO C */
    if (!dladdr1(address, &info, &listed, RTLD_DL_LINKMAP) || !listed) return false;
    const struct link_map *map = listed;
    const char *name = map->l_name && map->l_name[0] ? map->l_name : "/proc/self/exe";
    if (!realpath(name, real)) return false;
    const char *end = strrchr(real, '/');
    if (!end || (size_t)(end - real) + 2 > FIRN_LIMIT_PATH) return false;
    memcpy(out, real, (size_t)(end - real) + 1);
    out[end - real + 1] = '\0';
    return true;
}

/* Where "cmake --install" puts the library, seen from bin, from lib and from lib/<architecture>. */
static bool path_beside(char *out, size_t size)
{
    static const char *const k_tails[] = {"../lib/firn/libduckdb.so", "firn/libduckdb.so",
                                          "../firn/libduckdb.so"};
    if (!own_folder(out)) return false;
    const size_t len = strlen(out);
    for (size_t i = 0; i < sizeof k_tails / sizeof k_tails[0]; i++) {
        const size_t n = strlen(k_tails[i]) + 1;
        if (len + n > size) return false;
        memcpy(out + len, k_tails[i], n);
        if (access(out, R_OK) == 0) return true;
    }
    return false;
}

static void *open_library(const char *path)
{
    return dlopen(path, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
}

static firn_status find_library(void **out, firn_error *err)
{
    char beside[FIRN_LIMIT_PATH];
    const char *path = getenv("FIRN_DUCKDB");
    if (!path || !*path) {
        path = path_beside(beside, sizeof beside) ? beside : FIRN_DUCKDB_LIBRARY;
    }
    *out = open_library(path);
    if (*out) return FIRN_OK;
    const char *why = dlerror();
    const firn_status st =
        firn_fail(err, FIRN_ERR_NOT_FOUND, "the sql engine cannot be loaded: %s", why ? why : path);
    return firn_error_hint(err, st, HINT_INSTALL);
}

static firn_status find_symbol(void *library, const char *name, void *slot, firn_error *err)
{
    void *symbol = dlsym(library, name);
    if (!symbol) {
        const firn_status st = firn_fail(err, FIRN_ERR_UNSUPPORTED,
                                         "the sql engine library has no %s: expected DuckDB %s",
                                         name, FIRN_DUCKDB_VERSION);
        return firn_error_hint(err, st, HINT_INSTALL);
    }
    memcpy(slot, &symbol, sizeof symbol); /* ISO C has no cast from object to function pointer */
    return FIRN_OK;
}

static firn_status check_version(const firn_duckdb *api, firn_error *err)
{
    duckdb_v2_str version = {0};
    duckdb_v2_error_info_handle info = NULL;
    const DUCKDB_V2_ERROR code = api->library_version(&version, &info);
    (void)api->error_info_destroy(&info);
    const firn_str found = firn_str_of_duckdb(version);
    if (code == DUCKDB_V2_ERROR_NONE && firn_str_equals(found, FIRN_STR(FIRN_DUCKDB_VERSION))) {
        return FIRN_OK;
    }
    const firn_status st =
        firn_fail(err, FIRN_ERR_UNSUPPORTED, "the sql engine library is DuckDB %.*s: expected %s",
                  FIRN_STR_ARG(found), FIRN_DUCKDB_VERSION);
    return firn_error_hint(err, st, HINT_INSTALL);
}

static firn_status load(firn_duckdb *out, firn_error *err)
{
    static const struct {
        const char *name;
        size_t offset;
    } k_functions[] = {
#define FIRN_DUCKDB_ENTRY(name) {"duckdb_v2_" #name, offsetof(firn_duckdb, name)},
        FIRN_DUCKDB_FUNCTIONS(FIRN_DUCKDB_ENTRY)
#undef FIRN_DUCKDB_ENTRY
    };
    void *handle = NULL;
    FIRN_TRY(find_library(&handle, err));
    for (size_t i = 0; i < sizeof k_functions / sizeof *k_functions; i++) {
        FIRN_TRY(
            find_symbol(handle, k_functions[i].name, (char *)out + k_functions[i].offset, err));
    }
    return check_version(out, err);
}

/* The one table of a process, written once: the library's functions are the process's too, and a
 * callback gets nothing from DuckDB by which it could find a table of its own. */
static struct {
    pthread_mutex_t lock;
    bool is_loaded;
    firn_duckdb api;
} duckdb_library = {.lock = PTHREAD_MUTEX_INITIALIZER};

firn_status firn_duckdb_load(const firn_duckdb **out, firn_error *err)
{
    (void)pthread_mutex_lock(&duckdb_library.lock);
    const firn_status st = duckdb_library.is_loaded ? FIRN_OK : load(&duckdb_library.api, err);
    if (st == FIRN_OK) duckdb_library.is_loaded = true;
    (void)pthread_mutex_unlock(&duckdb_library.lock);
    *out = &duckdb_library.api;
    return st;
}

const firn_duckdb *firn_duckdb_loaded(void)
{
    return &duckdb_library.api;
}
