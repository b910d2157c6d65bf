/* SPDX-License-Identifier: Apache-2.0 */
/* firn run: a pipeline folder, one line a model. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "firn/pipeline.h"
#include "progress.h"

static const app_option k_options[] = {
    {"set", 0, "NAME=VALUE", "value of @name in the models; may be given several times"},
    {"select", 0, "MODEL", "run only this model; may be given several times"},
    {"dry-run", 0, NULL, "tell what would run, change nothing"},
    {"quiet", 'q', NULL, "print only warnings and errors"},
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "FOLDER holds one SQL file a model (see docs/pipelines.md). Models run in the order of what "
    "they\n"
    "read. Killed at any point, the next run goes on where the last commit was.\n"
    "Exit status: 0 all done, 1 a model failed or there are warnings (a landing file that changed\n"
    "after it was loaded, a file that cannot be read), 2 the pipeline or configuration is wrong.\n";

enum { MAX_SETTINGS = 64 };

typedef struct printer {
    const app *a;
    bool is_quiet;
    bool has_header;
    bool has_progress;  /* a progress line is on the screen */
    int64_t started_us; /* when the first of the model was drawn */
    int64_t n_changed;
} printer;

static void wipe(printer *p)
{
    if (p->has_progress) progress_wipe();
    p->has_progress = false;
}

static void on_progress(void *ctx, firn_str model, double fraction, int64_t rows)
{
    printer *p = ctx;
    const int64_t now_us = firn_clock_monotonic_us(p->a->env->clock);
    if (p->is_quiet || !isatty(STDERR_FILENO)) return;
    if (!p->has_progress) p->started_us = now_us;
    p->has_progress = true;
    progress_draw(&(progress){
        .what = model, .fraction = fraction, .rows = rows, .elapsed_us = now_us - p->started_us});
}

static const char *state_word(const firn_model_report *r)
{
    if (r->state == FIRN_MODEL_FAILED) return "FAILED";
    if (r->state == FIRN_MODEL_SKIPPED) return "skipped";
    return r->action;
}

static void print_row(printer *p, const firn_model_report *r)
{
    char in[32], out[32], bad[32], left[32], files[32];
    if (!p->has_header)
        printf("%-28s %-16s %12s %12s %12s %9s %7s %9s\n", "model", "action", "rows in", "rows out",
               "quarantined", "dropped", "files", "seconds");
    p->has_header = true;
    printf("%-28.*s %-16s %12s %12s %12s %9s %7s %9.3f\n", FIRN_STR_ARG(r->name), state_word(r),
           progress_count(r->rows_in, in), progress_count(r->rows_out, out),
           progress_count(r->rows_quarantined, bad), progress_count(r->rows_dropped, left),
           progress_count(r->state == FIRN_MODEL_WOULD_RUN ? r->files_in : r->files_out, files),
           r->seconds);
    fflush(stdout);
}

static void on_report(void *ctx, const firn_model_report *r)
{
    printer *p = ctx;
    wipe(p);
    if (r->state != FIRN_MODEL_UP_TO_DATE) p->n_changed++;
    if (!p->is_quiet && r->state != FIRN_MODEL_UP_TO_DATE) print_row(p, r);
    for (size_t i = 0; i < r->n_warnings; i++)
        fprintf(stderr, "warning: %.*s: %.*s\n", FIRN_STR_ARG(r->name),
                FIRN_STR_ARG(r->warnings[i]));
    if (r->error) {
        firn_error err = *r->error;
        (void)firn_error_wrap(&err, err.status, "%.*s", FIRN_STR_ARG(r->name));
        (void)app_print_error(p->a, &err, NULL);
    }
}

static bool split_settings(const app_args *args, firn_property *out, size_t *n)
{
    const char *text;
    for (*n = 0; (text = app_args_nth(args, "set", *n)) != NULL; (*n)++) {
        const char *equals = strchr(text, '=');
        if (!equals || *n == MAX_SETTINGS) {
            fprintf(stderr, "error: --set needs name=value, found %s\n", text);
            return false;
        }
        out[*n].key = (firn_str){text, (size_t)(equals - text)};
        out[*n].value = firn_str_of(equals + 1);
    }
    return true;
}

static int finish(const app *a, const printer *p, firn_status st, const firn_error *err,
                  int64_t n_failed, int64_t n_warnings)
{
    if (st != FIRN_OK) {
        (void)app_print_error(a, err, NULL);
        return st == FIRN_ERR_CANCELLED ? APP_INTERRUPTED : APP_USAGE;
    }
    if (p->n_changed == 0 && !p->is_quiet) printf("nothing new: all models are up to date\n");
    return n_failed || n_warnings ? APP_FAILED : APP_OK;
}

static int run_folder(app *a, const char *folder, const firn_pipeline_opts *opts, printer *p)
{
    firn_error err = {0};
    firn_pipeline *pipeline = NULL;
    int64_t n_failed = 0;
    int64_t n_warnings = 0;
    const char *path = app_absolute(a, folder, &err);
    firn_status st = path ? firn_pipeline_load(a->env, a->store, a->catalog, firn_str_of(path),
                                               opts, &pipeline, &err)
                          : err.status;
    if (st != FIRN_OK) {
        (void)app_print_error(a, &err, NULL);
        return APP_USAGE;
    }
    app_catch_interrupt(a->env, NULL);
    st = firn_pipeline_run(pipeline, &n_failed, &n_warnings, &err);
    wipe(p);
    firn_pipeline_close(pipeline);
    return finish(a, p, st, &err, n_failed, n_warnings);
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    firn_property settings[MAX_SETTINGS];
    firn_str selected[MAX_SETTINGS];
    size_t n_settings = 0;
    size_t n_selected = 0;
    const char *text;
    printer p = {.a = a, .is_quiet = app_args_has(args, "quiet")};

    if (args->n_words != 1) {
        fprintf(stderr, "error: run needs one folder\nhint: firn run examples/ecommerce --set "
                        "landing=PATH\n");
        return APP_USAGE;
    }
    if (!split_settings(args, settings, &n_settings)) return APP_USAGE;
    while (n_selected < MAX_SETTINGS && (text = app_args_nth(args, "select", n_selected)) != NULL)
        selected[n_selected++] = firn_str_of(text);
    if (app_open_home(a, APP_HOME, NULL, &err) != FIRN_OK) {
        const int status = app_print_open_error(a, &err);
        return status == APP_CANNOT_OPEN ? APP_USAGE : status;
    }
    return run_folder(
        a, args->words[0],
        FIRN_PIPELINE_OPTS(.variables = settings, .n_variables = n_settings, .select = selected,
                           .n_select = n_selected, .is_dry_run = app_args_has(args, "dry-run"),
                           .on_report = on_report, .on_progress = on_progress, .ctx = &p),
        &p);
}

const app_command app_command_run = {
    "run",
    "FOLDER [--set NAME=VALUE]... [options]",
    "run a pipeline: what is due, in order",
    k_details,
    k_options,
    run,
    "firn --home demo run examples/retail --set landing=examples/retail/landing"};
