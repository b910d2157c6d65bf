/* SPDX-License-Identifier: Apache-2.0 */
/* The command line's home: firn/home.h with the global options. */
#include <string.h>

#include "app.h"
#include "base/str.h"
#include "home/home_folder.h"

static void log_to_stderr(void *ctx, int32_t level, firn_str message)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    (void)ctx;
    fprintf(stderr, "%s: %.*s\n", names[level & 3], FIRN_STR_ARG(message));
}

firn_status app_open_home(app *a, app_home_kind kind, bool *is_new, firn_error *err)
{
    const firn_home_opts *opts =
        FIRN_HOME_OPTS(.path = firn_str_of(a->home_path), .settings = a->settings,
                       .n_settings = a->n_settings, .without_catalog = kind == APP_HOME_NONE,
                       .log = log_to_stderr);
    if (kind == APP_HOME_INIT)
        FIRN_TRY(firn_home_create(opts, is_new, &a->home, err));
    else
        FIRN_TRY(firn_home_open(opts, &a->home, err));
    a->env = firn_home_env(a->home);
    a->store = firn_home_store(a->home);
    a->catalog = firn_home_catalog(a->home);
    return FIRN_OK;
}

const char *app_absolute(app *a, const char *path, firn_error *err)
{
    firn_str out = {0};
    return firn_folder_absolute(a->arena, firn_str_of(path), &out, err) == FIRN_OK ? out.data
                                                                                   : NULL;
}

void app_close(app *a)
{
    firn_home_close(a->home);
    firn_arena_destroy(a->arena);
    memset(a, 0, sizeof *a);
}
