/* SPDX-License-Identifier: Apache-2.0 */
/* firn version */
#include "app.h"

static const app_option k_options[] = {{NULL, 0, NULL, NULL}};

static int run(app *a, const app_args *args)
{
    (void)a;
    (void)args;
    printf("firn %s\n", firn_version());
    return APP_OK;
}

const app_command app_command_version = {"version", "",  "print the version", NULL,
                                         k_options, run, "firn version"};
