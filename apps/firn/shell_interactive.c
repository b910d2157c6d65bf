/* SPDX-License-Identifier: Apache-2.0 */
/* The prompt: libedit for editing and history, dot commands, statements over several lines. */
#include <ctype.h>
#include <histedit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "shell.h"

typedef struct prompt_state {
    shell *sh;
    bool is_continued;
} prompt_state;

static char *prompt(EditLine *el)
{
    static char first[] = "firn> ";
    static char more[] = " ...> ";
    prompt_state *state = NULL;
    el_get(el, EL_CLIENTDATA, &state);
    return state && state->is_continued ? more : first;
}

/* ~/.local/state/firn/history, made when missing; NULL without a home folder. */
static const char *history_path(app *a)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    firn_str folder;
    if (base && base[0] == '/') {
        folder = firn_arena_printf(a->arena, "%s/firn", base);
    } else if (home) {
        const firn_str local = firn_arena_printf(a->arena, "%s/.local", home);
        const firn_str state = firn_arena_printf(a->arena, "%s/.local/state", home);
        mkdir(local.data, 0700);
        mkdir(state.data, 0700);
        folder = firn_arena_printf(a->arena, "%s/firn", state.data);
    } else {
        return NULL;
    }
    mkdir(folder.data, 0700);
    return firn_arena_printf(a->arena, "%s/history", folder.data).data;
}

static const char k_help[] = ".help              this list\n"
                             ".tables            tables and views of all namespaces\n"
                             ".mode FORMAT       box, csv, json, jsonl or markdown\n"
                             ".timer on|off      print time and scan facts after each statement\n"
                             ".exit              leave (also \\q, Ctrl-D)\n"
                             "A statement ends with a semicolon. Ctrl-C cancels it.\n";

static void list_tables(shell *sh)
{
    const firn_str sql = firn_arena_printf(
        sh->a->arena,
        "SELECT table_schema AS namespace, table_name AS name, table_type AS type FROM "
        "\"%.*s\".information_schema.tables ORDER BY ALL",
        FIRN_STR_ARG(firn_catalog_name(sh->a->catalog)));
    if (sql.data) (void)shell_run_text(sh, sql.data);
}

int shell_run_dot(shell *sh, const char *line)
{
    firn_str rest = firn_str_trim(firn_str_of(line));
    const firn_str word = firn_str_split(&rest, ' ');
    const firn_str arg = firn_str_trim(rest);
    const firn_str copy = firn_arena_copy(sh->a->arena, arg);

    if (firn_str_equals(word, FIRN_STR(".exit")) || firn_str_equals(word, FIRN_STR(".quit")) ||
        firn_str_equals(word, FIRN_STR("\\q")))
        return APP_OK;
    if (firn_str_equals(word, FIRN_STR(".help")) || firn_str_equals(word, FIRN_STR("\\?"))) {
        fputs(k_help, stdout);
    } else if (firn_str_equals(word, FIRN_STR(".tables")) ||
               firn_str_equals(word, FIRN_STR("\\dt"))) {
        list_tables(sh);
    } else if (firn_str_equals(word, FIRN_STR(".mode"))) {
        if (!copy.data || !render_format_parse(copy.data, &sh->render.format))
            fprintf(stderr, "error: .mode needs box, csv, json, jsonl or markdown\n");
    } else if (firn_str_equals(word, FIRN_STR(".timer"))) {
        sh->has_timer = firn_str_equals(arg, FIRN_STR("on"));
    } else {
        fprintf(stderr, "error: unknown command %.*s\nhint: .help lists the commands\n",
                FIRN_STR_ARG(word));
    }
    return -1;
}

static void remember(History *past, HistEvent *event, const firn_buf *statement)
{
    firn_str text = firn_str_trim(firn_buf_view(statement));
    firn_buf line;
    firn_buf_init(&line, NULL, statement->len + 1);
    for (size_t i = 0; i < text.len; i++)
        firn_buf_byte(&line, text.data[i] == '\n' ? ' ' : (uint8_t)text.data[i]);
    firn_buf_byte(&line, 0);
    if (line.status == FIRN_OK && line.len > 1) history(past, event, H_ENTER, line.data);
    firn_buf_dispose(&line);
}

/* One line of input. Returns -1 to go on, else the exit status to leave with. */
static int take_line(prompt_state *state, const char *line, firn_buf *statement, History *past,
                     HistEvent *event)
{
    shell *sh = state->sh;
    const char *first = line;
    while (isspace((unsigned char)*first)) first++;
    if (!state->is_continued) {
        if (*first == 0) return -1;
        if (*first == '.' || *first == '\\') return shell_run_dot(sh, line);
    }
    firn_buf_cstr(statement, line);
    if (firn_sql_statement_length(firn_buf_view(statement)) == 0) {
        state->is_continued = true;
        return -1;
    }
    state->is_continued = false;
    remember(past, event, statement);
    firn_buf_byte(statement, 0);
    app_clear_interrupt();
    if (statement->status == FIRN_OK) (void)shell_run_text(sh, statement->data);
    firn_buf_clear(statement);
    return -1;
}

int shell_run_interactive(shell *sh)
{
    enum { MAX_STATEMENT = 16 << 20, HISTORY_LINES = 5000 };
    prompt_state state = {.sh = sh};
    HistEvent event;
    History *past = history_init();
    EditLine *el = el_init("firn", stdin, stdout, stderr);
    const char *path = history_path(sh->a);
    firn_buf statement;
    int status = -1;
    int n = 0;
    const char *line;

    if (!past || !el) return APP_FAILED;
    firn_buf_init(&statement, NULL, MAX_STATEMENT);
    history(past, &event, H_SETSIZE, HISTORY_LINES);
    history(past, &event, H_SETUNIQUE, 1);
    if (path) history(past, &event, H_LOAD, path);
    el_set(el, EL_PROMPT, prompt);
    el_set(el, EL_CLIENTDATA, &state);
    el_set(el, EL_EDITOR, "emacs");
    el_set(el, EL_HIST, history, past);
    el_set(el, EL_SIGNAL, 0);
    printf("firn " FIRN_VERSION " - .help for help\n");
    while (status < 0) {
        line = el_gets(el, &n);
        if (!line && app_was_interrupted()) { /* Ctrl-C at the prompt drops the line */
            app_clear_interrupt();
            firn_buf_clear(&statement);
            state.is_continued = false;
            putchar('\n');
            continue;
        }
        if (!line || n <= 0) break;
        status = take_line(&state, line, &statement, past, &event);
    }
    if (path) history(past, &event, H_SAVE, path);
    firn_buf_dispose(&statement);
    el_end(el);
    history_end(past);
    return status < 0 ? APP_OK : status;
}
