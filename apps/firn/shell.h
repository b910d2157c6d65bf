/* SPDX-License-Identifier: Apache-2.0 */
/* Running SQL text for a person or a script: statements and commands in, rendered results and
 * errors out. Files: shell.c runs a statement, shell_text.c cuts text into statements and commands,
 * shell_commands.c knows the commands, shell_buffer.c and shell_describe.c are some of them,
 * shell_output.c is where results go, shell_interactive.c the prompt, shell_complete.c the Tab key,
 * shell_highlight.c the colours. */
#ifndef FIRN_APP_SHELL_H
#define FIRN_APP_SHELL_H

#include <pthread.h>

#include "app.h"
#include "render.h"
#include "shell_output.h"
#include "shell_variables.h"

/* Ways to show a result as a value a line. */
typedef enum shell_expanded {
    SHELL_EXPANDED_OFF = 0,
    SHELL_EXPANDED_ON,
    SHELL_EXPANDED_AUTO, /* where a box would leave columns out */
} shell_expanded;

/* Text that is run: where it came from, for errors. */
typedef struct shell_source {
    const char *name; /* of the file; NULL: no file */
    uint32_t line; /* of the text that comes next, from 1; 0: the text has no lines to speak of */
} shell_source;

/* Words that the engine knows, asked for once. */
typedef struct shell_words {
    firn_str *items;
    size_t n, cap;
    bool is_known;
} shell_words;

typedef struct shell {
    app *a;
    firn_session *session;
    const app_command *command;
    render_opts render;
    shell_expanded expanded;
    shell_output output;
    shell_variables variables;
    bool is_interactive;   /* a person types: status lines, no end at errors */
    bool keeps_going;      /* after a failure */
    bool has_timer;        /* print time and scan facts */
    bool reads_start_file; /* before the first prompt */
    bool is_highlighted;   /* statements are painted while they are typed */
    bool is_leaving;       /* .quit was read */
    int leave_status;
    int depth;     /* of files that read files */
    firn_buf last; /* the last statement that was run, NUL-terminated; for \g and its kin */
    uint32_t last_line;
    shell_source source;
    shell_words functions, settings; /* for completion */
    /* The progress bar, drawn by another thread while a statement runs. */
    pthread_mutex_t progress_lock;
    bool has_progress;   /* one is on the screen */
    bool wants_progress; /* a statement runs and nothing was printed yet */
    int64_t started_us;
} shell;

/* ---- shell.c ---- */
/* Run one statement and print its rows, or its error. Returns an exit status. */
int shell_run_statement(shell *sh, const char *sql);
/* Run one statement, rows to the callback's stream instead of the output. */
typedef firn_status (*shell_rows_fn)(void *ctx, firn_result *result, firn_error *err);
int shell_query(shell *sh, const char *sql, shell_rows_fn each, void *ctx);
/* Called by the session while a statement runs. */
void shell_progress(void *ctx, double fraction, int64_t rows, int64_t rows_total);
/* Prints "error: ..." and, unless NULL, "hint: ..."; returns APP_FAILED. */
int shell_complain(const shell *sh, const char *hint, const char *fmt, ...) FIRN_PRINTF(3, 4);

/* ---- shell_text.c ---- */
/* Run what is complete in the text, and with is_end all of it; *used: bytes that were. Ends at the
 * first failure unless the shell keeps going. Commands inside of an unfinished statement are
 * blanked in the text. Returns an exit status. */
int shell_run_pieces(shell *sh, char *text, size_t len, bool is_end, size_t *used);
/* All statements and commands of a text. name: of the file it came from, or NULL. */
int shell_run_text(shell *sh, const char *text, const char *name);
/* The same of a file; "-": standard input. */
int shell_run_file(shell *sh, const char *path);

/* ---- shell_commands.c ---- */
/* A line that starts with a dot or a backslash. buffer: the unfinished statement before it,
 * NUL-terminated, empty if there is none; *takes_buffer: the command did something with it, so that
 * it is over. Returns an exit status; .quit sets is_leaving. */
int shell_run_command(shell *sh, firn_str line, const char *buffer, bool *takes_buffer);
/* The i-th name of a command, empty past the end. */
firn_str shell_command_name(size_t i);

/* ---- shell_buffer.c: commands on the statement before them ---- */
/* arg: what was written behind the command; sql: the statement. Return exit statuses. */
int shell_go(shell *sh, const char *sql, const char *arg);
int shell_go_expanded(shell *sh, const char *sql, const char *arg);
int shell_go_set(shell *sh, const char *sql, const char *prefix);
int shell_watch(shell *sh, const char *sql, const char *arg);
int shell_edit(shell *sh, const char *sql, const char *path);
int shell_write_buffer(shell *sh, const char *sql, const char *path);

/* ---- shell_describe.c: what is there ---- */
int shell_list_relations(shell *sh, const char *type, const char *pattern);
int shell_list_namespaces(shell *sh, const char *pattern);
int shell_list_functions(shell *sh, const char *pattern);
int shell_describe(shell *sh, const char *name);
int shell_show_schema(shell *sh, const char *name);

/* ---- shell_interactive.c ---- */
/* Prompt, edit, run, until .quit or end of input. */
int shell_run_interactive(shell *sh);

#endif
