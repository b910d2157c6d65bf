/* SPDX-License-Identifier: Apache-2.0 */
/* Running SQL text for a person or a script: statements in, rendered results and errors out. */
#ifndef FIRN_APP_SHELL_H
#define FIRN_APP_SHELL_H

#include <pthread.h>

#include "app.h"
#include "render.h"

typedef struct shell {
    app *a;
    firn_session *session;
    render_opts render;
    bool is_interactive; /* status lines, continue after errors */
    bool has_timer;
    /* The progress bar, drawn by another thread while a statement runs. */
    pthread_mutex_t progress_lock;
    bool has_progress;   /* one is on the screen */
    bool wants_progress; /* a statement runs and nothing was printed yet */
    int64_t started_us;
} shell;

/* Run every statement of the text; stops at the first failure unless interactive. Returns an exit
 * status. A last statement without semicolon is run too. */
int shell_run_text(shell *sh, const char *text);
/* Prompt, edit, run, until .exit or end of input. */
int shell_run_interactive(shell *sh);
/* A line that starts with a dot. Returns -1 to go on, else the exit status to leave with. */
int shell_run_dot(shell *sh, const char *line);
/* Called by the session while a statement runs. */
void shell_progress(void *ctx, double fraction, int64_t rows, int64_t rows_total);

#endif
