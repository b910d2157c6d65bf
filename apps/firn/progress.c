/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"

const char *progress_count(int64_t n, char out[32])
{
    char digits[32];
    size_t at = 0;
    const int len = snprintf(digits, sizeof digits, "%" PRId64, n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-') out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

const char *progress_bytes(int64_t bytes, char out[32])
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t u = 0;
    while (value >= 1024 && u + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        u++;
    }
    (void)snprintf(out, 32, u ? "%.1f %s" : "%.0f %s", value, units[u]);
    return out;
}

static void draw_bar(double fraction)
{
    enum { BAR = 30 };
    char bar[BAR + 1];
    const double part = fraction > 1 ? 1 : fraction;
    for (int i = 0; i < BAR; i++) bar[i] = i < (int)(part * BAR) ? '#' : '.';
    bar[BAR] = 0;
    fprintf(stderr, "[%s] %3.0f %%  ", bar, part * 100);
}

void progress_draw(const progress *p)
{
    char text[32];
    const double seconds = (double)p->elapsed_us / 1e6;
    fputc('\r', stderr);
    if (p->what.len > 0) fprintf(stderr, "%.*s: ", FIRN_STR_ARG(p->what));
    if (p->fraction >= 0) draw_bar(p->fraction);
    if (p->rows > 0) {
        fputs(progress_count(p->rows, text), stderr);
        if (p->rows_total > 0) fprintf(stderr, " of %s", progress_count(p->rows_total, text));
        fputs(" rows", stderr);
        if (seconds > 0.5)
            fprintf(stderr, ", %s rows/s",
                    progress_count((int64_t)((double)p->rows / seconds), text));
    }
    /* what is left, at the speed so far; early guesses are worth little */
    const char *comma = p->rows > 0 ? ", " : "";
    if (p->fraction > 0.02 && p->fraction < 1 && seconds > 1)
        fprintf(stderr, "%s%.0f s left", comma, seconds * (1 - p->fraction) / p->fraction);
    else
        fprintf(stderr, "%s%.1f s", comma, seconds);
    fputs("\033[K", stderr);
    (void)fflush(stderr);
}

void progress_wipe(void)
{
    fputs("\r\033[K", stderr);
    (void)fflush(stderr);
}
