/* SPDX-License-Identifier: Apache-2.0 */
/* Statements: split, run, render, time. The progress bar goes to stderr, only on a terminal, after
 * 300 ms, and is wiped before rows are shown. */
#include "shell.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

void shell_progress(void *ctx, double fraction, int64_t rows, int64_t rows_total)
{
    enum { BAR = 30, DELAY_US = 300000 };
    shell *sh = ctx;
    char bar[BAR + 1];
    const int full = fraction < 0 ? 0 : fraction > 1 ? BAR : (int)(fraction * BAR);

    for (int i = 0; i < BAR; i++) bar[i] = i < full ? '#' : '.';
    bar[BAR] = 0;
    pthread_mutex_lock(&sh->progress_lock);
    if (sh->wants_progress &&
        firn_clock_monotonic_us(firn_clock_system()) - sh->started_us > DELAY_US) {
        fprintf(stderr, "\r[%s] %3.0f %%  %" PRId64 " of %" PRId64 " rows\033[K", bar,
                fraction < 0 ? 0.0 : fraction * 100, rows, rows_total);
        fflush(stderr);
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
    if (sh->has_progress) fprintf(stderr, "\r\033[K");
    sh->has_progress = sh->wants_progress = false;
    pthread_mutex_unlock(&sh->progress_lock);
}

static void print_bytes(FILE *out, int64_t bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t u = 0;
    while (value >= 1024 && u + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        u++;
    }
    fprintf(out, u ? "%.1f %s" : "%.0f %s", value, units[u]);
}

/* "3 rows in 12 ms (8.1 MB of 220 MB, 3 of 44 files read)" */
static void print_status(const shell *sh, const firn_result *result, int64_t n_rows, int64_t us)
{
    const firn_scan_summary scan = firn_session_scan_summary(sh->session);
    const int64_t changed = firn_result_rows_changed(result);
    const firn_str tag = firn_result_tag(result);

    if (firn_result_columns(result)->n_fields)
        fprintf(stderr, "%" PRId64 " row%s", n_rows, n_rows == 1 ? "" : "s");
    else if (changed >= 0)
        fprintf(stderr, "%.*s: %" PRId64 " row%s", FIRN_STR_ARG(tag), changed,
                changed == 1 ? "" : "s");
    else
        fprintf(stderr, "%.*s: ok", FIRN_STR_ARG(tag));
    fprintf(stderr, us < 10000 ? " in %.1f ms" : " in %.0f ms", (double)us / 1000);
    if (scan.files_total > 0) {
        fprintf(stderr, " (");
        print_bytes(stderr, scan.bytes_read);
        fprintf(stderr, " of ");
        print_bytes(stderr, scan.bytes_total);
        fprintf(stderr, ", %" PRId64 " of %" PRId64 " files read)", scan.files_read,
                scan.files_total);
    }
    fputc('\n', stderr);
}

static int run_statement(shell *sh, const char *sql)
{
    const firn_clock *clock = firn_clock_system();
    const int64_t start = firn_clock_monotonic_us(clock);
    firn_error err = {0};
    firn_result *result = NULL;
    int64_t n_rows = 0;

    sh->render.before_output = end_progress;
    sh->render.ctx = sh;
    allow_progress(sh, start);
    firn_status st = firn_session_execute(sh->session, firn_str_of(sql), &result, &err);
    if (st == FIRN_OK) st = render_result(&sh->render, result, stdout, &n_rows, &err);
    end_progress(sh);
    if (st != FIRN_OK) {
        firn_result_close(result);
        return app_print_error(sh->a, &err, sql);
    }
    if (sh->is_interactive || sh->has_timer)
        print_status(sh, result, n_rows, firn_clock_monotonic_us(clock) - start);
    firn_result_close(result);
    return APP_OK;
}

/* Anything but blanks, comments and semicolons? */
static bool has_statement(firn_str text)
{
    size_t i = 0;
    while (i < text.len) {
        const firn_str rest = firn_str_slice(text, i, text.len);
        if (strchr(" \t\r\n;", text.data[i]) && text.data[i]) {
            i++;
        } else if (firn_str_starts_with(rest, FIRN_STR("--"))) {
            while (i < text.len && text.data[i] != '\n') i++;
        } else if (firn_str_starts_with(rest, FIRN_STR("/*"))) {
            const size_t end = firn_str_find(text, FIRN_STR("*/"), i + 2);
            i = end == SIZE_MAX ? text.len : end + 2;
        } else {
            return true;
        }
    }
    return false;
}

int shell_run_text(shell *sh, const char *text)
{
    firn_str rest = firn_str_of(text);
    int status = APP_OK;

    while (has_statement(rest)) {
        size_t n = firn_sql_statement_length(rest);
        if (n == 0) n = rest.len;
        const firn_str one = firn_arena_copy(sh->a->arena, firn_str_slice(rest, 0, n));
        if (!one.data) return APP_FAILED;
        rest = firn_str_slice(rest, n, rest.len);
        if (!has_statement(one)) continue;
        const int failed = run_statement(sh, one.data);
        if (failed && !sh->is_interactive) return failed;
        if (failed) status = failed;
    }
    return status;
}
