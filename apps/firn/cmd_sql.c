/* SPDX-License-Identifier: Apache-2.0 */
/* firn sql: statements from -c, -f, standard input or a prompt. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "shell.h"

static const app_option k_options[] = {
    {"command", 'c', "SQL", "run this; may be given several times"},
    {"file", 'f', "FILE", "run the statements of a file; - is standard input"},
    {"format", 0, "FORMAT",
     "box, csv, json, jsonl or markdown; default: box on a terminal, else csv"},
    {"namespace", 'n', "NAME", "current namespace; default: default"},
    {"rows", 0, "N", "rows a box shows at most, 0 = all; default 40"},
    {"null", 0, "TEXT", "text shown for null"},
    {"allow-files", 0, NULL, "let SQL read local files (read_parquet, read_csv, ...)"},
    {"timer", 0, NULL, "print time and scan facts to stderr"},
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "Without -c and -f: a prompt on a terminal, else statements from standard input.\n"
    "CSV has a header line; timestamps with a zone are printed in UTC (2024-01-01T00:00:00Z).\n"
    "Exit status: 0 ok, 1 a statement failed, 2 bad arguments or configuration, 3 cannot open the\n"
    "catalog, 130 interrupted. A script stops at the first failure.\n";

static bool read_all(FILE *in, firn_buf *out, firn_error *err)
{
    char block[1 << 16];
    size_t n;
    while ((n = fread(block, 1, sizeof block, in)) > 0) firn_buf_append(out, block, n);
    if (ferror(in)) {
        (void)firn_fail_errno(err, errno, "cannot read the statements");
        return false;
    }
    firn_buf_byte(out, 0);
    return firn_buf_check(out, err) == FIRN_OK;
}

static int run_stream(shell *sh, FILE *in)
{
    firn_error err = {0};
    firn_buf text;
    int status;
    firn_buf_init(&text, NULL, FIRN_LIMIT_SQL_TEXT);
    if (read_all(in, &text, &err))
        status = shell_run_text(sh, text.data);
    else
        status = app_print_error(sh->a, &err, NULL);
    firn_buf_dispose(&text);
    return status;
}

static int run_file(shell *sh, const char *path)
{
    if (strcmp(path, "-") == 0) return run_stream(sh, stdin);
    FILE *in = fopen(path, "rb");
    if (!in) {
        firn_error err = {0};
        (void)firn_fail_errno(&err, errno, "cannot open %s", path);
        (void)app_print_error(sh->a, &err, NULL);
        return APP_USAGE;
    }
    const int status = run_stream(sh, in);
    fclose(in);
    return status;
}

static int run_all(shell *sh, const app_args *args)
{
    const char *text;
    int status = APP_OK;
    for (size_t i = 0; status == APP_OK && (text = app_args_nth(args, "command", i)); i++)
        status = shell_run_text(sh, text);
    for (size_t i = 0; status == APP_OK && (text = app_args_nth(args, "file", i)); i++)
        status = run_file(sh, text);
    if (app_args_has(args, "command") || app_args_has(args, "file")) return status;
    if (isatty(STDIN_FILENO)) {
        sh->is_interactive = true;
        return shell_run_interactive(sh);
    }
    return run_stream(sh, stdin);
}

static bool set_render(shell *sh, const app_args *args)
{
    const bool is_terminal = isatty(STDOUT_FILENO);
    const char *format = app_args_get(args, "format", is_terminal ? "box" : "csv");
    const char *rows = app_args_get(args, "rows", "40");
    struct winsize ws;

    if (!render_format_parse(format, &sh->render.format)) {
        fprintf(stderr, "error: unknown format %s\nhint: box, csv, json, jsonl or markdown\n",
                format);
        return false;
    }
    if (!firn_str_to_i64(firn_str_of(rows), &sh->render.max_rows) || sh->render.max_rows < 0) {
        fprintf(stderr, "error: --rows needs a number, found %s\n", rows);
        return false;
    }
    if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 20)
        sh->render.width = ws.ws_col;
    sh->render.null_text = app_args_get(args, "null", NULL);
    sh->render.is_color = is_terminal;
    sh->has_timer = app_args_has(args, "timer");
    return true;
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    shell sh = {.a = a, .progress_lock = PTHREAD_MUTEX_INITIALIZER};

    if (args->n_words) {
        fprintf(stderr, "error: unexpected argument %s\nhint: put SQL behind -c\n", args->words[0]);
        return APP_USAGE;
    }
    if (!set_render(&sh, args)) return APP_USAGE;
    if (app_open_home(a, APP_HOME, NULL, &err) != FIRN_OK) return app_print_open_error(a, &err);
    firn_catalog *const catalogs[] = {a->catalog};
    const firn_status st = firn_session_open(
        a->env, a->store,
        FIRN_SESSION_OPTS(.catalogs = catalogs, .n_catalogs = 1,
                          .current_namespace = firn_str_of(app_args_get(args, "namespace", "")),
                          .allow_files = app_args_has(args, "allow-files"),
                          .on_progress = isatty(STDERR_FILENO) ? shell_progress : NULL,
                          .progress_ctx = &sh),
        &sh.session, &err);
    if (st != FIRN_OK) return app_print_open_error(a, &err);
    app_catch_interrupt(a->env, sh.session);
    const int status = run_all(&sh, args);
    app_catch_interrupt(a->env, NULL);
    firn_session_close(sh.session);
    return status;
}

const app_command app_command_sql = {"sql",
                                     "[-c SQL]... [-f FILE]... [options]",
                                     "run SQL over Iceberg tables",
                                     k_details,
                                     k_options,
                                     run};
