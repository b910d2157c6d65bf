/* SPDX-License-Identifier: Apache-2.0 */
/* firn sql: statements from -c, -f, standard input or a prompt. */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "shell.h"

static const app_option k_options[] = {
    {"command", 'c', "SQL", "run this; may be given several times"},
    {"file", 'f', "FILE", "run the statements of a file; - is standard input"},
    {"set", 'v', "NAME=VALUE", "variable, for :NAME, :'NAME' and :\"NAME\" in statements"},
    {"format", 0, "FORMAT", RENDER_FORMATS "; default: box on a terminal, else csv"},
    {"csv", 0, NULL, "--format csv"},
    {"json", 0, NULL, "--format json"},
    {"jsonl", 0, NULL, "--format jsonl"},
    {"md", 0, NULL, "--format markdown"},
    {"namespace", 'n', "NAME", "current namespace; default: default"},
    {"rows", 0, "N", "rows a box shows at most, 0 = all; default 40"},
    {"null", 0, "TEXT", "text shown for null"},
    {"allow-files", 0, NULL, "let SQL read local files (read_parquet, read_csv, ...)"},
    {"timer", 0, NULL, "print time and scan facts to stderr"},
    {"batch", 0, NULL, "no prompt, although standard input is a terminal"},
    {"keep-going", 0, NULL, "go on after a statement that failed"},
    {"no-init", 0, NULL, "do not read ~/.config/firn/firnrc before the first prompt"},
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "Without -c and -f: a prompt on a terminal (.help there lists its commands), else statements\n"
    "from standard input. Commands of the prompt work in scripts, too.\n"
    "CSV has a header line; timestamps with a zone are printed in UTC (2024-01-01T00:00:00Z).\n"
    "Exit status: 0 ok, 1 a statement failed, 2 bad arguments or configuration, 3 cannot open the\n"
    "catalog, 130 interrupted. A script stops at the first failure.\n";

static int run_all(shell *sh, const app_args *args)
{
    const char *text;
    int status = APP_OK;
    const bool has_text = app_args_has(args, "command") || app_args_has(args, "file");
    for (size_t i = 0; !sh->is_leaving && (text = app_args_nth(args, "command", i)); i++) {
        const int one = shell_run_text(sh, text, NULL);
        if (one) status = one;
        if (one && !sh->keeps_going) return status;
    }
    for (size_t i = 0; !sh->is_leaving && (text = app_args_nth(args, "file", i)); i++) {
        const int one = shell_run_file(sh, text);
        if (one) status = one;
        if (one && !sh->keeps_going) return status;
    }
    if (has_text) return status;
    return sh->is_interactive ? shell_run_interactive(sh) : shell_run_file(sh, "-");
}

/* The last of --format and its short forms. */
static const char *format_of(const app_args *args, bool is_terminal)
{
    static const char *const shortcuts[] = {"csv", "json", "jsonl", "md"};
    const char *format = app_args_get(args, "format", NULL);
    for (size_t i = 0; !format && i < sizeof shortcuts / sizeof *shortcuts; i++)
        if (app_args_has(args, shortcuts[i])) format = shortcuts[i];
    return format ? format : is_terminal ? "box" : "csv";
}

static bool set_render(shell *sh, const app_args *args)
{
    const bool is_terminal = isatty(STDOUT_FILENO);
    const char *format = format_of(args, is_terminal);
    const char *rows = app_args_get(args, "rows", "40");

    if (!render_format_parse(format, &sh->render.format)) {
        fprintf(stderr, "error: unknown format %s\nhint: " RENDER_FORMATS "\n", format);
        return false;
    }
    if (!firn_str_to_i64(firn_str_of(rows), &sh->render.max_rows) || sh->render.max_rows < 0) {
        fprintf(stderr, "error: --rows needs a number, found %s\n", rows);
        return false;
    }
    if (is_terminal) sh->render.width = app_terminal_width(80);
    sh->render.null_text = app_args_get(args, "null", NULL);
    sh->render.is_color = app_wants_color(STDOUT_FILENO);
    return true;
}

static bool set_variables(shell *sh, const app_args *args)
{
    firn_error err = {0};
    const char *text;
    sh->variables.arena = sh->a->arena;
    for (size_t i = 0; (text = app_args_nth(args, "set", i)) != NULL; i++) {
        const char *equals = strchr(text, '=');
        if (!equals) {
            fprintf(stderr, "error: --set needs name=value, found %s\n", text);
            return false;
        }
        const firn_str name = {text, (size_t)(equals - text)};
        if (shell_variable_set(&sh->variables, name, firn_str_of(equals + 1), &err) != FIRN_OK) {
            (void)app_print_error(sh->a, &err, NULL);
            return false;
        }
    }
    return true;
}

static void set_manner(shell *sh, const app_args *args)
{
    const bool has_text = app_args_has(args, "command") || app_args_has(args, "file");
    sh->is_interactive = !has_text && !app_args_has(args, "batch") && isatty(STDIN_FILENO);
    sh->keeps_going = sh->is_interactive || app_args_has(args, "keep-going");
    sh->has_timer = sh->is_interactive || app_args_has(args, "timer");
    sh->reads_start_file = !app_args_has(args, "no-init");
    sh->output.has_pager = sh->is_interactive && isatty(STDOUT_FILENO);
    sh->is_highlighted = sh->is_interactive && app_wants_color(STDOUT_FILENO);
    app_interrupts_to_exit(sh->is_interactive ? 3 : 2);
}

static int run_session(shell *sh, const app_args *args)
{
    app *a = sh->a;
    firn_error err = {0};
    firn_catalog *const catalogs[] = {a->catalog};
    const firn_status st = firn_session_open(
        a->env, a->store,
        FIRN_SESSION_OPTS(.catalogs = catalogs, .n_catalogs = 1,
                          .current_namespace = firn_str_of(app_args_get(args, "namespace", "")),
                          .allow_files = app_args_has(args, "allow-files"),
                          .on_progress = isatty(STDERR_FILENO) ? shell_progress : NULL,
                          .progress_ctx = sh),
        &sh->session, &err);
    if (st != FIRN_OK) return app_print_open_error(a, &err);
    app_catch_interrupt(a->env, sh->session);
    int status = run_all(sh, args);
    if (sh->is_leaving && sh->leave_status) status = sh->leave_status;
    app_catch_interrupt(a->env, NULL);
    firn_session_close(sh->session);
    return status;
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    shell sh = {.a = a, .progress_lock = PTHREAD_MUTEX_INITIALIZER};

    if (args->n_words) {
        fprintf(stderr, "error: unexpected argument %s\nhint: put SQL behind -c\n", args->words[0]);
        return APP_USAGE;
    }
    shell_output_init(&sh.output);
    firn_buf_init(&sh.last, NULL, FIRN_LIMIT_SQL_TEXT);
    if (!set_render(&sh, args) || !set_variables(&sh, args)) return APP_USAGE;
    if (app_open_home(a, APP_HOME, NULL, &err) != FIRN_OK) return app_print_open_error(a, &err);
    set_manner(&sh, args);
    const int status = run_session(&sh, args);
    shell_output_dispose(&sh.output);
    firn_buf_dispose(&sh.last);
    return status;
}

const app_command app_command_sql = {"sql",
                                     "[-c SQL]... [-f FILE]... [options]",
                                     "run SQL over Iceberg tables",
                                     k_details,
                                     k_options,
                                     run,
                                     "firn --home demo sql\n"
                                     "firn --home demo sql --json -c \"SELECT country, count(*) AS "
                                     "n FROM silver.orders GROUP BY ALL\""};
