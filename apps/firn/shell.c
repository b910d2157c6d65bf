/* SPDX-License-Identifier: Apache-2.0 */
/* One statement: run, render, time. The progress bar goes to stderr, only on a terminal, after
 * 300 ms, and is wiped before rows are shown. */
#include "shell.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "progress.h"

void shell_progress(void *ctx, double fraction, int64_t rows, int64_t rows_total)
{
    enum { DELAY_US = 300000 };
    shell *sh = ctx;
    pthread_mutex_lock(&sh->progress_lock);
    const int64_t us = firn_clock_monotonic_us(firn_clock_system()) - sh->started_us;
    if (sh->wants_progress && us > DELAY_US) {
        progress_draw(&(progress){
            .fraction = fraction, .rows = rows, .rows_total = rows_total, .elapsed_us = us});
        sh->has_progress = true;
    }
    pthread_mutex_unlock(&sh->progress_lock);
}

static void allow_progress(shell *sh, int64_t now_us)
{
    pthread_mutex_lock(&sh->progress_lock);
    sh->started_us = now_us;
    sh->wants_progress = true;
    pthread_mutex_unlock(&sh->progress_lock);
}

/* Wipes the bar and lets no other appear. */
static void end_progress(void *ctx)
{
    shell *sh = ctx;
    pthread_mutex_lock(&sh->progress_lock);
    if (sh->has_progress) progress_wipe();
    sh->has_progress = sh->wants_progress = false;
    pthread_mutex_unlock(&sh->progress_lock);
}

/* "3 rows in 12 ms (8.1 MB of 220 MB, 3 of 44 files read)" */
static void print_status(const shell *sh, const firn_result *result, int64_t n_rows, int64_t us)
{
    const firn_scan_summary scan = firn_session_scan_summary(sh->session);
    const int64_t changed = firn_result_rows_changed(result);
    const firn_str tag = firn_result_tag(result);
    char read[32], total[32];

    if (firn_result_columns(result)->n_fields)
        fprintf(stderr, "%" PRId64 " row%s", n_rows, n_rows == 1 ? "" : "s");
    else if (changed >= 0)
        fprintf(stderr, "%.*s: %" PRId64 " row%s", FIRN_STR_ARG(tag), changed,
                changed == 1 ? "" : "s");
    else
        fprintf(stderr, "%.*s: ok", FIRN_STR_ARG(tag));
    fprintf(stderr, us < 10000 ? " in %.1f ms" : " in %.0f ms", (double)us / 1000);
    if (scan.files_total > 0)
        fprintf(stderr, " (%s of %s, %" PRId64 " of %" PRId64 " files read)",
                progress_bytes(scan.bytes_read, read), progress_bytes(scan.bytes_total, total),
                scan.files_read, scan.files_total);
    fputc('\n', stderr);
}

int shell_complain(const shell *sh, const char *hint, const char *fmt, ...)
{
    firn_error err = {.status = FIRN_ERR_ARG};
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err.message, sizeof err.message, fmt, args);
    va_end(args);
    if (hint) (void)snprintf(err.hint, sizeof err.hint, "%s", hint);
    (void)fflush(stdout);
    return app_print_error(sh->a, &err,
                           &(app_sql_place){.file = sh->source.name, .line = sh->source.line});
}

static int fail(shell *sh, const firn_error *err, const char *sql)
{
    const app_sql_place place = {
        .sql = sql, .file = sh->source.name, .line = sh->source.line ? sh->source.line : 1};
    (void)fflush(stdout);
    return app_print_error(sh->a, err, &place);
}

static render_opts render_of(shell *sh)
{
    render_opts opts = sh->render;
    const bool is_grid = opts.format == RENDER_BOX || opts.format == RENDER_TABLE;
    opts.before_output = end_progress;
    opts.ctx = sh;
    if (is_grid && sh->expanded == SHELL_EXPANDED_ON) opts.format = RENDER_LINE;
    opts.is_line_when_wide = sh->expanded == SHELL_EXPANDED_AUTO;
    if (!shell_output_is_screen(&sh->output)) {
        opts.width = 0;
        opts.is_color = false;
    } else if (opts.width > 0) {
        opts.width = app_terminal_width(opts.width);
    }
    return opts;
}

/* *end_us: when all rows were there, before anyone leafed through them. */
static firn_status show(shell *sh, firn_result *result, int64_t *n_rows, int64_t *end_us,
                        firn_error *err)
{
    const render_opts opts = render_of(sh);
    FILE *out = shell_output_begin(&sh->output);
    firn_status st = render_result(&opts, result, out, n_rows, err);
    if (fflush(out) != 0 && st == FIRN_OK) st = FIRN_ERR_IO;
    *end_us = firn_clock_monotonic_us(firn_clock_system());
    if (!shell_output_end(&sh->output) && st == FIRN_ERR_IO) return FIRN_DONE;
    return st;
}

int shell_run_statement(shell *sh, const char *sql)
{
    const firn_clock *clock = firn_clock_system();
    const int64_t start = firn_clock_monotonic_us(clock);
    firn_error err = {0};
    firn_result *result = NULL;
    int64_t n_rows = 0;
    int64_t end = 0;

    allow_progress(sh, start);
    firn_status st = firn_session_execute(sh->session, firn_str_of(sql), &result, &err);
    end = firn_clock_monotonic_us(clock);
    if (st == FIRN_OK && firn_result_columns(result)->n_fields > 0)
        st = show(sh, result, &n_rows, &end, &err);
    end_progress(sh);
    if (st == FIRN_OK && sh->has_timer) print_status(sh, result, n_rows, end - start);
    firn_result_close(result);
    if (st == FIRN_DONE) return APP_OK; /* the pager was left */
    return st == FIRN_OK ? APP_OK : fail(sh, &err, sql);
}

int shell_query(shell *sh, const char *sql, shell_rows_fn each, void *ctx)
{
    firn_error err = {0};
    firn_result *result = NULL;
    firn_status st = firn_session_execute(sh->session, firn_str_of(sql), &result, &err);
    if (st == FIRN_OK) st = each(ctx, result, &err);
    firn_result_close(result);
    return st == FIRN_OK ? APP_OK : fail(sh, &err, sql);
}
