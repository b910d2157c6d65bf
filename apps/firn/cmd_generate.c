/* SPDX-License-Identifier: Apache-2.0 */
/* firn generate orders: made-up order events as landing files. Needs no home. */
#include <inttypes.h>
#include <string.h>

#include "app.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "pipeline/generate.h"

static const app_option k_options[] = {
    {"out", 0, "DIR", "landing folder (required)"},
    {"events", 'n', "N", "lines to write"},
    {"duration", 0, "TIME", "simulated time to cover, e.g. 90s, 10m, 2h; default 10m"},
    {"rate", 0, "N", "lines a second of simulated time; default 1000"},
    {"seed", 0, "N", "same seed and options, same bytes; default 1"},
    {"start", 0, "TIMESTAMP", "time of the first event; default 2026-01-01T00:00:00Z"},
    {"file-interval", 0, "TIME", "simulated time in one file; default 1m"},
    {"gzip", 0, NULL, "write .ndjson.gz"},
    {"real-time", 0, NULL, "pace files by the clock, starting now, until interrupted or the limit"},
    {"malformed", 0, "SHARE", "lines that are no valid event; default 0.001"},
    {"duplicates", 0, "SHARE", "earlier lines once more; default 0.01"},
    {"updates", 0, "SHARE", "new events of an earlier order line; default 0.05"},
    {"negative", 0, "SHARE", "events with a negative quantity; default 0.02"},
    {"missing-customer", 0, "SHARE", "events without customer; default 0.03"},
    {"late", 0, "SHARE", "events 1 to 72 hours late; default 0.01"},
    {"truth", 0, "FILE", "write the exact counts of what was written as JSON"},
    {NULL, 0, NULL, NULL},
};

static firn_status number(const app_args *args, const char *name, int64_t *out, firn_error *err)
{
    const char *text = app_args_get(args, name, NULL);
    if (!text) return FIRN_OK;
    if (firn_str_to_i64(firn_str_of(text), out) && *out > 0) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "--%s needs a positive number, found \"%s\"", name, text);
}

static firn_status duration(const app_args *args, const char *name, int64_t *out, firn_error *err)
{
    const char *text = app_args_get(args, name, NULL);
    if (!text) return FIRN_OK;
    if (firn_str_to_duration_us(firn_str_of(text), out) && *out > 0) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "--%s needs a time like 90s or 10m, found \"%s\"", name,
                     text);
}

static firn_status share(const app_args *args, const char *name, double *out, firn_error *err)
{
    const char *text = app_args_get(args, name, NULL);
    if (!text) return FIRN_OK;
    if (firn_str_to_f64(firn_str_of(text), out) && *out >= 0 && *out <= 1) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "--%s needs a share from 0 to 1, found \"%s\"", name, text);
}

static firn_status read_shares(const app_args *args, firn_generate_opts *opts, firn_error *err)
{
    FIRN_TRY(share(args, "malformed", &opts->malformed, err));
    FIRN_TRY(share(args, "duplicates", &opts->duplicates, err));
    FIRN_TRY(share(args, "updates", &opts->updates, err));
    FIRN_TRY(share(args, "negative", &opts->negative, err));
    FIRN_TRY(share(args, "missing-customer", &opts->missing_customer, err));
    return share(args, "late", &opts->late, err);
}

static firn_status read_options(app *a, const app_args *args, firn_generate_opts *opts,
                                firn_error *err)
{
    const char *folder = app_args_get(args, "out", NULL);
    const char *truth = app_args_get(args, "truth", NULL);
    const char *start = app_args_get(args, "start", NULL);
    int64_t seed = 1;

    firn_generate_opts_init(opts);
    if (!folder) return firn_fail(err, FIRN_ERR_ARG, "generate needs --out DIR");
    folder = app_absolute(a, folder, err);
    if (!folder) return err->status;
    opts->folder = firn_str_of(folder);
    if (truth) {
        truth = app_absolute(a, truth, err);
        if (!truth) return err->status;
        opts->truth = firn_str_of(truth);
    }
    opts->is_gzip = app_args_has(args, "gzip");
    opts->is_real_time = app_args_has(args, "real-time");
    if (opts->is_real_time)
        opts->start_us = firn_clock_wall_us(firn_clock_system()) / 1000000 * 1000000;
    if (start && (!firn_parse_timestamp_us(firn_str_of(start), &opts->start_us, NULL) ||
                  opts->start_us % 1000000))
        return firn_fail(err, FIRN_ERR_ARG,
                         "--start needs a time like 2026-01-01T00:00:00Z, found \"%s\"", start);
    FIRN_TRY(number(args, "seed", &seed, err));
    opts->seed = (uint64_t)seed;
    FIRN_TRY(number(args, "events", &opts->n_lines, err));
    FIRN_TRY(number(args, "rate", &opts->rate, err));
    FIRN_TRY(duration(args, "duration", &opts->duration_us, err));
    FIRN_TRY(duration(args, "file-interval", &opts->file_interval_us, err));
    if (!opts->n_lines && !opts->duration_us && !opts->is_real_time)
        opts->duration_us = (int64_t)600 * 1000000;
    return read_shares(args, opts, err);
}

static firn_status generate(app *a, const app_args *args, firn_generate_truth *truth,
                            firn_error *err)
{
    firn_generate_opts opts;
    FIRN_TRY(read_options(a, args, &opts, err));
    FIRN_TRY(app_open_home(a, APP_HOME_NONE, NULL, err));
    app_catch_interrupt(a->env, NULL);
    return firn_generate_orders(a->env, a->store, &opts, truth, err);
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    firn_generate_truth truth = {0};

    if (args->n_words != 1 || strcmp(args->words[0], "orders") != 0) {
        fprintf(stderr, "error: generate makes \"orders\"\nhint: firn generate orders --out DIR\n");
        return APP_USAGE;
    }
    const firn_status st = generate(a, args, &truth, &err);
    if (st != FIRN_OK && st != FIRN_ERR_CANCELLED) {
        (void)app_print_error(a, &err, NULL);
        return st == FIRN_ERR_ARG ? APP_USAGE : APP_FAILED;
    }
    printf("%" PRId64 " lines in %" PRId64 " files (%.1f MB): %" PRId64 " events, %" PRId64
           " malformed\n",
           truth.lines, truth.files, (double)truth.bytes / 1e6, truth.events, truth.malformed);
    return st == FIRN_OK ? APP_OK : APP_INTERRUPTED;
}

const app_command app_command_generate = {
    "generate",
    "orders --out DIR [options]",
    "write made-up order events as landing files",
    "Files appear whole, one a minute of simulated time, named orders-<time>.ndjson.\n",
    k_options,
    run,
    "firn generate orders --out landing --events 1000"};
