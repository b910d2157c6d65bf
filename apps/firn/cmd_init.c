/* SPDX-License-Identifier: Apache-2.0 */
/* firn init: a home with a catalog, a warehouse folder and a commented configuration. Doing it
 * again changes nothing. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"
#include "base/error.h"
#include "base/str.h"
#include "catalog/sqlite.h"
#include "store/local.h"

static const app_option k_options[] = {{NULL, 0, NULL, NULL}};

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
    "# log-level: warning    # error, warning, info, debug\n";

static firn_status make_folder(const char *path, firn_error *err)
{
    struct stat st;
    if (mkdir(path, 0777) == 0) return FIRN_OK;
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return FIRN_OK;
    return firn_fail_errno(err, errno, "cannot make the folder %s", path);
}

/* Like mkdir -p. */
static firn_status make_folders(app *a, const char *path, firn_error *err)
{
    const firn_str whole = firn_str_of(path);
    for (size_t i = 1; i <= whole.len; i++) {
        if (i < whole.len && path[i] != '/') continue;
        const firn_str part = firn_arena_copy(a->arena, firn_str_slice(whole, 0, i));
        struct stat st;
        if (!part.data) return firn_fail_nomem(err);
        if (stat(part.data, &st) == 0 && S_ISDIR(st.st_mode)) continue;
        FIRN_TRY(make_folder(part.data, err));
    }
    return FIRN_OK;
}

/* So that a first CREATE TABLE t works: names of one part are in namespace "default". */
static firn_status make_default_namespace(app *a, firn_error *err)
{
    const firn_str level = FIRN_STR("default");
    const firn_ident ns = {.levels = &level, .n_levels = 1};
    const firn_status st =
        firn_catalog_get_ops(a->catalog)
            ->create_namespace(firn_catalog_ctx(a->catalog), &ns, (firn_properties){0}, err);
    return st == FIRN_ERR_EXISTS ? FIRN_OK : st;
}

static firn_status init_home(app *a, bool *is_new, firn_error *err)
{
    const char *home = app_absolute(a, a->home, err);
    if (!home) return err->status;
    FIRN_TRY(make_folders(a, home, err));
    const firn_str db = firn_arena_printf(a->arena, "%s/catalog.db", home);
    const firn_str warehouse = firn_arena_printf(a->arena, "%s/warehouse", home);
    const firn_str yaml = firn_arena_printf(a->arena, "%s/firn.yaml", home);
    if (!db.data || !warehouse.data || !yaml.data) return firn_fail_nomem(err);
    *is_new = access(db.data, F_OK) != 0;
    FIRN_TRY(make_folder(warehouse.data, err));

    FIRN_TRY(app_config_load(a, err));
    FIRN_TRY(app_open_env(a, err));
    FIRN_TRY(firn_store_create(&a->store, err));
    FIRN_TRY(firn_store_add_local(a->store, a->env, err));
    if (access(yaml.data, F_OK) != 0)
        FIRN_TRY(firn_store_put(a->store, yaml, (firn_str){k_yaml, sizeof k_yaml - 1}, err));
    const firn_sqlite_opts opts = {
        .name = firn_str_of(app_config_get(a, "default-catalog", "firn")),
        .path = db,
        .warehouse = firn_arena_printf(a->arena, "file://%s", warehouse.data)};
    FIRN_TRY(firn_sqlite_catalog_open(a->env, a->store, &opts, &a->catalog, err));
    return *is_new ? make_default_namespace(a, err) : FIRN_OK;
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    bool is_new = false;

    if (args->n_words) {
        fprintf(stderr, "error: init takes no arguments; the folder is given by --home\n");
        return APP_USAGE;
    }
    if (init_home(a, &is_new, &err) != FIRN_OK) return app_print_open_error(a, &err);
    printf(is_new ? "made %s: catalog.db, warehouse/, firn.yaml\n"
                  : "%s is a firn home already; nothing changed\n",
           a->home);
    return APP_OK;
}

const app_command app_command_init = {
    "init", "", "make a home: catalog, warehouse, firn.yaml", NULL, k_options, run};
