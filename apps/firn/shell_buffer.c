/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on a statement: run it, again and again, into variables, into a file, in an editor. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "cell_text.h"
#include "child_command.h"
#include "shell.h"
#include "sql/session/sql_session.h"

static void remember(shell *sh, const char *sql)
{
    if (sql == sh->last.data) return;
    firn_buf_clear(&sh->last);
    firn_buf_cstr(&sh->last, sql);
    firn_buf_byte(&sh->last, 0);
}

/* With the values of variables in their places; in the arena. NULL: a message was printed. */
static const char *expand(shell *sh, const char *sql)
{
    firn_error err = {0};
    firn_buf text;
    if (sh->variables.n == 0) return sql;
    firn_buf_init(&text, NULL, FIRN_LIMIT_SQL_TEXT);
    firn_status st = shell_variables_expand(&sh->variables, firn_str_of(sql),
                                            firn_session__dialect(sh->session), &text, &err);
    const char *out =
        st == FIRN_OK ? firn_arena_copy(sh->a->arena, firn_buf_view(&text)).data : NULL;
    firn_buf_dispose(&text);
    if (!out) (void)app_print_error(sh->a, &err, NULL);
    return out;
}

/* What is run when no statement stands before the command. */
static const char *statement_of(shell *sh, const char *sql)
{
    if (*sql) return sql;
    if (sh->last.len > 0 && sh->last.status == FIRN_OK) return sh->last.data;
    (void)shell_complain(sh, NULL, "there is no statement to run");
    return NULL;
}

int shell_go(shell *sh, const char *sql, const char *arg)
{
    firn_error err = {0};
    sql = statement_of(sh, sql);
    if (!sql) return APP_FAILED;
    const char *expanded = expand(sh, sql);
    if (!expanded) return APP_FAILED;
    remember(sh, sql);
    if (*arg && shell_output_choose(&sh->output, arg, true, &err) != FIRN_OK)
        return app_print_error(sh->a, &err, NULL);
    return shell_run_statement(sh, expanded);
}

int shell_go_expanded(shell *sh, const char *sql, const char *arg)
{
    const render_format before = sh->render.format;
    sh->render.format = RENDER_LINE;
    const int status = shell_go(sh, sql, arg);
    sh->render.format = before;
    return status;
}

/* ---- \gset ---- */

typedef struct row_setter {
    shell *sh;
    const char *prefix;
} row_setter;

static firn_status set_column(const row_setter *s, const firn_type *columns,
                              const firn_batch *batch, size_t column, firn_error *err)
{
    firn_buf value;
    firn_arena *arena = s->sh->a->arena;
    const firn_str name =
        firn_arena_printf(arena, "%s%.*s", s->prefix, FIRN_STR_ARG(columns->fields[column].name));
    if (!name.data) return firn_fail_nomem(err);
    if (!firn_column_is_valid(&batch->columns[column], 0)) {
        shell_variable_unset(&s->sh->variables, name);
        return FIRN_OK;
    }
    firn_buf_init(&value, NULL, FIRN_LIMIT_SQL_TEXT);
    cell_text(&value, &batch->columns[column], 0, CELL_PLAIN);
    firn_status st = firn_buf_check(&value, err);
    if (st == FIRN_OK) st = shell_variable_set(&s->sh->variables, name, firn_buf_view(&value), err);
    firn_buf_dispose(&value);
    return st;
}

static firn_status set_row(void *ctx, firn_result *result, firn_error *err)
{
    const row_setter *s = ctx;
    const firn_batch *batch = NULL;
    int64_t n_rows = 0;
    firn_status st;
    while ((st = firn_result_next(result, &batch, err)) == FIRN_OK) {
        for (size_t i = 0; n_rows == 0 && batch->n_rows == 1 && i < batch->n_columns; i++)
            FIRN_TRY(set_column(s, firn_result_columns(result), batch, i, err));
        n_rows += batch->n_rows;
    }
    if (st != FIRN_DONE) return st;
    if (n_rows == 1) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "\\gset needs one row, found %lld", (long long)n_rows);
}

int shell_go_set(shell *sh, const char *sql, const char *prefix)
{
    row_setter setter = {.sh = sh, .prefix = prefix};
    sql = statement_of(sh, sql);
    const char *expanded = sql ? expand(sh, sql) : NULL;
    if (!expanded) return APP_FAILED;
    remember(sh, sql);
    return shell_query(sh, expanded, set_row, &setter);
}

/* ---- \watch ---- */

/* "2", "0.5", "500ms", "c=3": pause and number of runs. */
static bool parse_watch(firn_str arg, int64_t *pause_us, int64_t *n_runs)
{
    *pause_us = 2000000;
    *n_runs = INT64_MAX;
    while ((arg = firn_str_trim(arg)).len > 0) {
        double seconds = 0;
        firn_str word = firn_str_split(&arg, ' ');
        if (firn_str_starts_with(word, FIRN_STR("c="))) {
            if (!firn_str_to_i64(firn_str_slice(word, 2, word.len), n_runs) || *n_runs < 1)
                return false;
        } else if (firn_str_to_f64(word, &seconds) && seconds >= 0 && seconds <= 1e9) {
            *pause_us = (int64_t)(seconds * 1e6);
        } else if (!firn_str_to_duration_us(word, pause_us) || *pause_us < 0) {
            return false;
        }
    }
    return true;
}

static bool was_interrupted_within(int64_t us)
{
    const firn_clock *clock = firn_clock_system();
    const int64_t end = firn_clock_monotonic_us(clock) + us;
    int64_t left = us;
    while (!app_was_interrupted() && left > 0) {
        clock->sleep_us(clock->ctx, left < 50000 ? left : 50000);
        left = end - firn_clock_monotonic_us(clock);
    }
    return app_was_interrupted();
}

static void print_watch_header(int64_t pause_us)
{
    char now[32];
    struct tm at;
    const time_t seconds = (time_t)(firn_clock_wall_us(firn_clock_system()) / 1000000);
    (void)strftime(now, sizeof now, "%Y-%m-%d %H:%M:%S", localtime_r(&seconds, &at));
    printf("%s (every %g s)\n", now, (double)pause_us / 1e6);
    (void)fflush(stdout);
}

int shell_watch(shell *sh, const char *sql, const char *arg)
{
    int64_t pause_us = 0;
    int64_t n_runs = 0;
    if (!parse_watch(firn_str_of(arg), &pause_us, &n_runs))
        return shell_complain(sh, "\\watch 5, \\watch 500ms, \\watch 1 c=3",
                              "\\watch needs seconds and c=runs, found \"%s\"", arg);
    sql = statement_of(sh, sql);
    if (!sql) return APP_FAILED;
    const bool has_pager = sh->output.has_pager;
    int status = APP_OK;
    sh->output.has_pager = false;
    for (int64_t i = 0; i < n_runs && status == APP_OK; i++) {
        if (i > 0 && was_interrupted_within(pause_us)) break;
        print_watch_header(pause_us);
        status = shell_go(sh, sql, "");
    }
    sh->output.has_pager = has_pager;
    if (!app_was_interrupted()) return status;
    if (!sh->is_interactive) return APP_INTERRUPTED;
    app_clear_interrupt();
    fputc('\n', stderr);
    return status;
}

/* ---- files ---- */

int shell_write_buffer(shell *sh, const char *sql, const char *path)
{
    firn_error err = {0};
    sql = statement_of(sh, sql);
    if (!sql) return APP_FAILED;
    FILE *out = fopen(path, "we");
    const bool is_written = out && fprintf(out, "%s;\n", sql) >= 0;
    if (out && fclose(out) == 0 && is_written) return APP_OK;
    (void)firn_fail_errno(&err, errno, "cannot write %s", path);
    return app_print_error(sh->a, &err, NULL);
}

static bool read_text(const char *path, firn_buf *out)
{
    char block[4096];
    size_t n;
    FILE *in = fopen(path, "rbe");
    if (!in) return false;
    while ((n = fread(block, 1, sizeof block, in)) > 0) firn_buf_append(out, block, n);
    (void)fclose(in);
    firn_buf_byte(out, 0);
    return out->status == FIRN_OK;
}

static const char *editor_command(void)
{
    static const char *const names[] = {"FIRN_EDITOR", "VISUAL", "EDITOR"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *command = getenv(names[i]);
        if (command && *command) return command;
    }
    return "vi";
}

/* Runs what the editor left in the file; nothing when it is what it was. */
static int edit_file(shell *sh, const char *path, const char *before)
{
    firn_error err = {0};
    firn_buf after;
    pid_t pid = 0;
    const firn_str command = firn_arena_printf(sh->a->arena, "%s '%s'", editor_command(), path);
    if (!command.data) return APP_FAILED;
    if (spawn_command(command.data, -1, &pid, &err) != FIRN_OK)
        return app_print_error(sh->a, &err, NULL);
    const int ended = spawn_wait(pid);
    if (ended != 0)
        return shell_complain(sh, "EDITOR names the editor", "%s ended with status %d",
                              editor_command(), ended);
    firn_buf_init(&after, NULL, FIRN_LIMIT_SQL_TEXT);
    int status = APP_OK;
    if (!read_text(path, &after))
        status = shell_complain(sh, NULL, "cannot read what was edited");
    else if (before && strcmp(before, after.data) == 0)
        printf("not changed, not run\n");
    else
        status = shell_run_text(sh, after.data, NULL);
    firn_buf_dispose(&after);
    return status;
}

int shell_edit(shell *sh, const char *sql, const char *path)
{
    if (*path) return edit_file(sh, path, NULL);
    if (!*sql && sh->last.len > 0) sql = sh->last.data;
    const char *folder = getenv("TMPDIR");
    const firn_str name =
        firn_arena_printf(sh->a->arena, "%s/firn-XXXXXX.sql", folder && *folder ? folder : "/tmp");
    const firn_str before = firn_arena_printf(sh->a->arena, "%s%s", sql, *sql ? ";\n" : "");
    firn_buf writable;
    if (!name.data || !before.data) return APP_FAILED;
    firn_buf_init(&writable, NULL, 0);
    firn_buf_append(&writable, name.data, name.len + 1);
    const int fd = writable.status == FIRN_OK ? mkostemps(writable.data, 4, 0) : -1;
    int status = APP_FAILED;
    if (fd < 0 || write(fd, before.data, before.len) != (ssize_t)before.len)
        status = shell_complain(sh, NULL, "cannot write a file for the editor");
    if (fd >= 0) {
        (void)close(fd);
        status = edit_file(sh, writable.data, before.data);
        (void)unlink(writable.data);
    }
    firn_buf_dispose(&writable);
    return status;
}
