/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a home: environment, store and catalog by configuration. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"
#include "base/error.h"
#include "base/str.h"
#include "catalog/sqlite.h"
#include "store/local.h"
#include "store/memory.h"

static void log_to_stderr(void *ctx, int32_t level, firn_str message)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    (void)ctx;
    fprintf(stderr, "%s: %.*s\n", names[level & 3], FIRN_STR_ARG(message));
}

/* "512MB", "1GiB", "100000" -> bytes; false if malformed. Powers of 1024 throughout. */
static bool parse_bytes(firn_str text, int64_t *out)
{
    static const struct {
        const char *suffix;
        int shift;
    } units[] = {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}, {"KB", 10},
                 {"MB", 20},  {"GB", 30},  {"TB", 40},  {"B", 0},    {"", 0}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const firn_str suffix = firn_str_of(units[i].suffix);
        if (!firn_str_ends_with(text, suffix)) continue;
        int64_t n = 0;
        const firn_str digits = firn_str_trim(firn_str_slice(text, 0, text.len - suffix.len));
        if (!firn_str_to_i64(digits, &n) || n <= 0 || n > (INT64_MAX >> units[i].shift))
            return false;
        *out = n << units[i].shift;
        return true;
    }
    return false;
}

firn_status app_open_env(app *a, firn_error *err)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    int64_t threads = 0;
    int64_t memory = 0;
    int32_t level = 1;
    const char *text = app_config_get(a, "threads", "0");

    if (!firn_str_to_i64(firn_str_of(text), &threads) || threads < 0 || threads > 1024)
        return firn_fail(err, FIRN_ERR_ARG, "threads must be 0 to 1024, found \"%s\"", text);
    text = app_config_get(a, "memory", "512MiB");
    if (!parse_bytes(firn_str_of(text), &memory))
        return firn_fail(err, FIRN_ERR_ARG, "memory must be a size like 512MiB, found \"%s\"",
                         text);
    text = app_config_get(a, "log-level", "warning");
    for (level = 0; level < 4 && strcmp(levels[level], text) != 0;) level++;
    if (level == 4)
        return firn_fail(err, FIRN_ERR_ARG,
                         "log-level must be error, warning, info or debug, found \"%s\"", text);
    return firn_env_create(FIRN_ENV_OPTS(.n_threads = (int32_t)threads, .memory_bytes = memory,
                                         .failpoints = firn_str_of(getenv("FIRN_FAILPOINTS")),
                                         .log_level = level, .log = log_to_stderr),
                           &a->env, err);
}

const char *app_absolute(app *a, const char *path, firn_error *err)
{
    char cwd[PATH_MAX];
    char real[PATH_MAX];

    if (realpath(path, real)) return firn_arena_copy(a->arena, firn_str_of(real)).data;
    if (path[0] == '/') return firn_arena_copy(a->arena, firn_str_of(path)).data;
    if (!getcwd(cwd, sizeof cwd)) {
        (void)firn_fail_errno(err, errno, "cannot find the current folder");
        return NULL;
    }
    if (strncmp(path, "./", 2) == 0) path += 2;
    return firn_arena_printf(a->arena, "%s/%s", cwd, path).data;
}

/* Relative configuration paths are relative to the home; "file:..." and absolute ones stay. */
static firn_str from_home(app *a, const char *home, const char *path)
{
    if (path[0] == '/' || strstr(path, ":/")) return firn_str_of(path);
    return firn_arena_printf(a->arena, "%s/%s", home, path);
}

static firn_status open_store(app *a, firn_error *err)
{
    FIRN_TRY(firn_store_create(&a->store, err));
    FIRN_TRY(firn_store_add_local(a->store, a->env, err));
    return firn_store_add_memory(a->store, a->env, err);
}

static firn_status open_catalog(app *a, const char *home, firn_error *err)
{
    const char *name = app_config_get(a, "default-catalog", "firn");
    const firn_str prefix = firn_arena_printf(a->arena, "catalog.%s.", name);
    const firn_str type_key = firn_arena_printf(a->arena, "%stype", prefix.data);
    const firn_str uri_key = firn_arena_printf(a->arena, "%suri", prefix.data);
    const firn_str warehouse_key = firn_arena_printf(a->arena, "%swarehouse", prefix.data);
    const char *type = app_config_get(a, type_key.data, "sql");
    const char *uri = app_config_get(a, uri_key.data, "sqlite:///catalog.db");
    const char *warehouse = app_config_get(a, warehouse_key.data, "warehouse");

    if (strcmp(type, "sql") != 0)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: catalog type \"%s\" (%s); this release has \"sql\"", type,
                         type_key.data);
    if (strncmp(uri, "sqlite:///", 10) != 0)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: catalog uri \"%s\"; this release has sqlite:///PATH", uri);
    firn_str location = from_home(a, home, warehouse);
    if (location.len && location.data[0] == '/')
        location = firn_arena_printf(a->arena, "file://%s", location.data);
    const firn_sqlite_opts opts = {
        .name = firn_str_of(name), .path = from_home(a, home, uri + 10), .warehouse = location};
    struct stat st;
    if (stat(opts.path.data, &st) != 0) {
        const firn_status failed =
            firn_fail(err, FIRN_ERR_NOT_FOUND, "no catalog at %s", opts.path.data);
        return firn_error_hint(err, failed, "make one with 'firn --home %s init'", a->home);
    }
    return firn_sqlite_catalog_open(a->env, a->store, &opts, &a->catalog, err);
}

firn_status app_open_home(app *a, firn_error *err)
{
    const char *home = app_absolute(a, a->home, err);
    if (!home) return err->status;
    FIRN_TRY(app_config_load(a, err));
    FIRN_TRY(app_open_env(a, err));
    FIRN_TRY(open_store(a, err));
    return open_catalog(a, home, err);
}

void app_close(app *a)
{
    firn_catalog_destroy(a->catalog);
    firn_store_destroy(a->store);
    firn_env_destroy(a->env);
    firn_arena_destroy(a->arena);
    memset(a, 0, sizeof *a);
}
