/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a home: environment, store and catalog by its settings. The one place that picks
 * drivers. */
#include "firn/home.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/error.h"
#include "base/page_cache.h"
#include "base/str.h"
#include "catalog/memory_catalog.h"
#include "catalog/sqlite.h"
#include "home/home_folder.h"
#include "home/home_settings.h"
#include "iceberg/scan/manifest_cache.h"
#include "store/local.h"
#include "store/memory.h"

extern char **environ;

struct firn_home {
    firn_arena *arena;
    firn_str path;
    firn_settings settings;
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
};

/* How the default catalog is configured. */
typedef struct catalog_plan {
    firn_str name;
    firn_str warehouse; /* location */
    firn_str path;      /* of the database file; empty: in memory */
} catalog_plan;

static const char k_yaml[] =
    "# firn configuration. Every key is optional; an environment variable FIRN_<KEY> (dots as __,\n"
    "# dashes as _) or the flag -o key=value wins over this file.\n"
    "\n"
    "# The catalog's name is the first part of catalog.namespace.table.\n"
    "default-catalog: firn\n"
    "catalog:\n"
    "  firn:\n"
    "    type: sql\n"
    "    uri: sqlite:///catalog.db    # relative to this folder\n"
    "    warehouse: warehouse         # new tables' files\n"
    "\n"
    "# threads: 0            # 0 = one for each CPU\n"
    "# memory: 512MiB        # for one operation\n"
    "# log-level: warning    # error, warning, info, debug\n"
    "# cache.memory: 64MiB   # decoded manifests kept in memory; 0: none\n"
    "# cache.disk: 1GiB      # and in the folder \"cache\", which may be deleted any time\n"
    "# cache.pages: 128MiB   # pages of data files that are read again, unpacked; 0: none\n";

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

static firn_status open_env(firn_home *home, const firn_home_opts *opts, firn_error *err)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    int64_t threads = 0;
    int64_t memory = 0;
    int32_t level = 0;
    const char *text = firn_settings_get(&home->settings, FIRN_STR("threads"), "0");

    if (!firn_str_to_i64(firn_str_of(text), &threads) || threads < 0 || threads > 1024)
        return firn_fail(err, FIRN_ERR_ARG, "threads must be 0 to 1024, found \"%s\"", text);
    text = firn_settings_get(&home->settings, FIRN_STR("memory"), "512MiB");
    if (!parse_bytes(firn_str_of(text), &memory))
        return firn_fail(err, FIRN_ERR_ARG, "memory must be a size like 512MiB, found \"%s\"",
                         text);
    text = firn_settings_get(&home->settings, FIRN_STR("log-level"), "warning");
    while (level < 4 && strcmp(levels[level], text) != 0) level++;
    if (level == 4)
        return firn_fail(err, FIRN_ERR_ARG,
                         "log-level must be error, warning, info or debug, found \"%s\"", text);
    const char *failpoints = opts->ignore_environment ? NULL : getenv("FIRN_FAILPOINTS");
    return firn_env_create(FIRN_ENV_OPTS(.n_threads = (int32_t)threads, .memory_bytes = memory,
                                         .failpoints = firn_str_of(failpoints),
                                         .log_level = level ? level : -1, .log = opts->log,
                                         .log_ctx = opts->log_ctx),
                           &home->env, err);
}

static firn_status open_store(firn_home *home, firn_error *err)
{
    FIRN_TRY(firn_store_create(&home->store, err));
    FIRN_TRY(firn_store_add_local(home->store, home->env, err));
    return firn_store_add_memory(home->store, home->env, err);
}

/* "0": none. */
static firn_status read_size(const firn_home *home, firn_str key, const char *fallback,
                             int64_t *out, firn_error *err)
{
    const char *text = firn_settings_get(&home->settings, key, fallback);
    *out = 0;
    if (strcmp(text, "0") == 0 || parse_bytes(firn_str_of(text), out)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "%.*s must be a size like 512MiB, or 0, found \"%s\"",
                     FIRN_STR_ARG(key), text);
}

/* Files go beside the catalog; the folder is made when the first one is written. */
static firn_status open_manifest_cache(const firn_home *home, firn_error *err)
{
    firn_manifest_cache_opts opts = {0};
    FIRN_TRY(read_size(home, FIRN_STR("cache.memory"), "64MiB", &opts.memory_bytes, err));
    FIRN_TRY(read_size(home, FIRN_STR("cache.disk"), "1GiB", &opts.folder_bytes, err));
    if (opts.memory_bytes == 0 && opts.folder_bytes == 0) return FIRN_OK;
    opts.folder = firn_arena_printf(home->arena, "%.*s/cache/manifests", FIRN_STR_ARG(home->path));
    if (!opts.folder.data) return firn_fail_nomem(err);
    return firn_manifest_cache_attach(home->env, &opts, err);
}

static firn_status open_caches(const firn_home *home, firn_error *err)
{
    char quarter[32];
    int64_t bytes = 0;
    (void)snprintf(quarter, sizeof quarter, "%" PRId64, home->env->memory_bytes / 4);
    FIRN_TRY(open_manifest_cache(home, err));
    FIRN_TRY(read_size(home, FIRN_STR("cache.pages"), quarter, &bytes, err));
    return bytes > 0 ? firn_page_cache_attach(home->env, bytes, err) : FIRN_OK;
}

/* Relative paths of settings are relative to the home; "file:..." and absolute ones stay. */
static firn_str from_home(const firn_home *home, const char *path)
{
    if (path[0] == '/' || strstr(path, ":/")) return firn_str_of(path);
    return firn_arena_printf(home->arena, "%.*s/%s", FIRN_STR_ARG(home->path), path);
}

static firn_status plan_sqlite(const firn_home *home, const char *uri, catalog_plan *plan,
                               firn_error *err)
{
    static const char k_scheme[] = "sqlite:///";
    if (strncmp(uri, k_scheme, sizeof k_scheme - 1) != 0)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: catalog uri \"%s\"; this release has sqlite:///PATH", uri);
    plan->path = from_home(home, uri + sizeof k_scheme - 1);
    return plan->path.data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status plan_catalog(const firn_home *home, catalog_plan *plan, firn_error *err)
{
    const firn_settings *s = &home->settings;
    const char *name = firn_settings_get(s, FIRN_STR("default-catalog"), "firn");
    const firn_str type_key = firn_arena_printf(home->arena, "catalog.%s.type", name);
    const firn_str uri_key = firn_arena_printf(home->arena, "catalog.%s.uri", name);
    const firn_str warehouse_key = firn_arena_printf(home->arena, "catalog.%s.warehouse", name);
    if (!type_key.data || !uri_key.data || !warehouse_key.data) return firn_fail_nomem(err);
    const char *type = firn_settings_get(s, type_key, "sql");
    const char *warehouse = "warehouse";

    *plan = (catalog_plan){.name = firn_str_of(name)};
    if (strcmp(type, "sql") == 0) {
        FIRN_TRY(
            plan_sqlite(home, firn_settings_get(s, uri_key, "sqlite:///catalog.db"), plan, err));
    } else if (strcmp(type, "in-memory") == 0) {
        warehouse = "memory://warehouse";
    } else {
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: catalog type \"%s\" (%s); this release has \"sql\" and "
                         "\"in-memory\"",
                         type, type_key.data);
    }
    firn_str location = from_home(home, firn_settings_get(s, warehouse_key, warehouse));
    if (location.len && location.data[0] == '/')
        location = firn_arena_printf(home->arena, "file://%s", location.data);
    plan->warehouse = location;
    return location.data ? FIRN_OK : firn_fail_nomem(err);
}

/* So that a first CREATE TABLE t works: names of one part are in namespace "default". */
static firn_status make_default_namespace(firn_home *home, firn_error *err)
{
    const firn_str level = FIRN_STR("default");
    const firn_ident ns = {.levels = &level, .n_levels = 1};
    const firn_status st =
        firn_catalog_get_ops(home->catalog)
            ->create_namespace(firn_catalog_ctx(home->catalog), &ns, (firn_properties){0}, err);
    return st == FIRN_ERR_EXISTS ? FIRN_OK : st;
}

static firn_status open_catalog(firn_home *home, const catalog_plan *plan, firn_error *err)
{
    if (!plan->path.len) {
        FIRN_TRY(firn_memory_catalog_open(home->env, home->store, plan->name, plan->warehouse,
                                          &home->catalog, err));
        return make_default_namespace(home, err);
    }
    const firn_sqlite_opts opts = {
        .name = plan->name, .path = plan->path, .warehouse = plan->warehouse};
    return firn_sqlite_catalog_open(home->env, home->store, &opts, &home->catalog, err);
}

static bool is_catalog_there(const catalog_plan *plan)
{
    return !plan->path.len || access(plan->path.data, F_OK) == 0;
}

static firn_status load_settings(firn_home *home, const firn_home_opts *opts, firn_error *err)
{
    const firn_str yaml =
        firn_arena_printf(home->arena, "%.*s/firn.yaml", FIRN_STR_ARG(home->path));
    if (!yaml.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_settings_add_file(&home->settings, yaml.data, err));
    if (!opts->ignore_environment)
        FIRN_TRY(firn_settings_add_environment(&home->settings, environ, err));
    for (size_t i = 0; i < opts->n_settings; i++)
        FIRN_TRY(firn_settings_add(&home->settings, opts->settings[i].key, opts->settings[i].value,
                                   err));
    return FIRN_OK;
}

/* Everything but the catalog. *out is set as soon as there is something to close. */
static firn_status open_parts(const firn_home_opts *opts, firn_home **out, firn_error *err)
{
    firn_home *home = firn_mem_alloc_zero(NULL, sizeof *home);
    *out = home;
    if (!home) return firn_fail_nomem(err);
    home->arena = firn_arena_create(NULL, 0);
    if (!home->arena) return firn_fail_nomem(err);
    firn_settings_init(&home->settings, home->arena);
    const firn_str path = opts->path.len
                              ? opts->path
                              : firn_folder_default_home(home->arena, opts->ignore_environment);
    FIRN_TRY(firn_folder_absolute(home->arena, path, &home->path, err));
    FIRN_TRY(load_settings(home, opts, err));
    FIRN_TRY(open_env(home, opts, err));
    FIRN_TRY(open_caches(home, err));
    return open_store(home, err);
}

static firn_status open_existing(const firn_home_opts *opts, firn_home **out, firn_error *err)
{
    catalog_plan plan;
    FIRN_TRY(open_parts(opts, out, err));
    if (opts->without_catalog) return FIRN_OK;
    FIRN_TRY(plan_catalog(*out, &plan, err));
    if (is_catalog_there(&plan)) return open_catalog(*out, &plan, err);
    const firn_status st =
        firn_fail(err, FIRN_ERR_NOT_FOUND, "no catalog at %.*s", FIRN_STR_ARG(plan.path));
    const firn_str named = opts->path.len ? opts->path : (*out)->path;
    return firn_error_hint(err, st, "make one with 'firn --home %.*s init'", FIRN_STR_ARG(named));
}

/* The folder, firn.yaml and the warehouse's folder, where they are missing. */
static firn_status make_files(firn_home *home, const catalog_plan *plan, firn_error *err)
{
    firn_str warehouse;
    FIRN_TRY(firn_folder_make(home->arena, home->path, err));
    const firn_str yaml =
        firn_arena_printf(home->arena, "%.*s/firn.yaml", FIRN_STR_ARG(home->path));
    if (!yaml.data) return firn_fail_nomem(err);
    if (access(yaml.data, F_OK) != 0) {
        const firn_status st =
            firn_store_put(home->store, yaml, (firn_str){k_yaml, sizeof k_yaml - 1}, err);
        if (st != FIRN_OK && st != FIRN_ERR_EXISTS) return st;
    }
    if (!firn_local_path(plan->warehouse, &warehouse)) return FIRN_OK;
    return firn_folder_make(home->arena, warehouse, err);
}

static firn_status create_missing(const firn_home_opts *opts, bool *is_new, firn_home **out,
                                  firn_error *err)
{
    catalog_plan plan;
    if (opts->without_catalog)
        return firn_fail(err, FIRN_ERR_ARG, "a home is not created without a catalog");
    FIRN_TRY(open_parts(opts, out, err));
    FIRN_TRY(plan_catalog(*out, &plan, err));
    *is_new = !is_catalog_there(&plan);
    FIRN_TRY(make_files(*out, &plan, err));
    FIRN_TRY(open_catalog(*out, &plan, err));
    return *is_new ? make_default_namespace(*out, err) : FIRN_OK;
}

/* Fields that the caller's struct_size does not have are zero. */
static firn_status copy_opts(const firn_home_opts *opts, firn_home_opts *out, firn_error *err)
{
    memset(out, 0, sizeof *out);
    if (!opts) return FIRN_OK;
    if (opts->struct_size < sizeof(size_t) || opts->struct_size > sizeof *out)
        return firn_fail(err, FIRN_ERR_ARG, "firn_home_opts of %zu bytes, expected at most %zu",
                         opts->struct_size, sizeof *out);
    memcpy(out, opts, opts->struct_size);
    return FIRN_OK;
}

firn_status firn_home_open(const firn_home_opts *opts, firn_home **out, firn_error *err)
{
    firn_home_opts own;
    firn_home *home = NULL;
    *out = NULL;
    FIRN_TRY(copy_opts(opts, &own, err));
    const firn_status st = open_existing(&own, &home, err);
    if (st != FIRN_OK) {
        firn_home_close(home);
        return st;
    }
    *out = home;
    return FIRN_OK;
}

firn_status firn_home_create(const firn_home_opts *opts, bool *is_new_out, firn_home **out,
                             firn_error *err)
{
    firn_home_opts own;
    firn_home *home = NULL;
    bool is_new = false;
    *out = NULL;
    FIRN_TRY(copy_opts(opts, &own, err));
    const firn_status st = create_missing(&own, &is_new, &home, err);
    if (st != FIRN_OK) {
        firn_home_close(home);
        return st;
    }
    if (is_new_out) *is_new_out = is_new;
    *out = home;
    return FIRN_OK;
}

void firn_home_close(firn_home *home)
{
    if (!home) return;
    firn_catalog_destroy(home->catalog);
    firn_store_destroy(home->store);
    firn_env_destroy(home->env);
    firn_arena_destroy(home->arena);
    firn_mem_free(NULL, home);
}

firn_str firn_home_path(const firn_home *home)
{
    return home->path;
}

firn_env *firn_home_env(const firn_home *home)
{
    return home->env;
}

firn_store *firn_home_store(const firn_home *home)
{
    return home->store;
}

firn_catalog *firn_home_catalog(const firn_home *home)
{
    return home->catalog;
}

firn_str firn_home_setting(const firn_home *home, firn_str key, firn_str fallback)
{
    const char *value = firn_settings_get(&home->settings, key, NULL);
    return value ? firn_str_of(value) : fallback;
}
