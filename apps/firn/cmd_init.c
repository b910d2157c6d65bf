/* SPDX-License-Identifier: Apache-2.0 */
/* firn init: a home with a catalog, a warehouse folder and a commented configuration. Doing it
 * again changes nothing. */
#include "app.h"

static const app_option k_options[] = {{NULL, 0, NULL, NULL}};

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    bool is_new = false;

    if (args->n_words) {
        fprintf(stderr, "error: init takes no arguments; the folder is given by --home\n");
        return APP_USAGE;
    }
    if (app_open_home(a, APP_HOME_INIT, &is_new, &err) != FIRN_OK)
        return app_print_open_error(a, &err);
    printf(is_new ? "made %s: catalog.db, warehouse/, firn.yaml\n"
                  : "%s is a firn home already; nothing changed\n",
           a->home_path ? a->home_path : firn_home_path(a->home).data);
    return APP_OK;
}

const app_command app_command_init = {"init",
                                      "",
                                      "make a home: catalog, warehouse, firn.yaml",
                                      NULL,
                                      k_options,
                                      run,
                                      "firn --home demo init"};
