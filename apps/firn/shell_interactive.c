/* SPDX-License-Identifier: Apache-2.0 */
/* The prompt: lines are put together until a statement or command is complete, then run. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"
#include "line_editor.h"
#include "shell.h"
#include "shell_complete.h"
#include "shell_highlight.h"

typedef struct prompt_state {
    shell *sh;
    firn_buf text; /* not run yet */
} prompt_state;

/* "BASE/firn/NAME" or "~/FALLBACK/firn/NAME"; NULL without a home folder. */
static const char *user_file(app *a, const char *variable, const char *fallback, const char *name)
{
    const char *base = getenv(variable);
    const char *home = getenv("HOME");
    if (base && base[0] == '/') return firn_arena_printf(a->arena, "%s/firn/%s", base, name).data;
    if (!home) return NULL;
    return firn_arena_printf(a->arena, "%s/%s/firn/%s", home, fallback, name).data;
}

/* Makes the folders above the file, for this user alone. */
static void make_folders(app *a, const char *path)
{
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        const firn_str folder = firn_arena_copy(a->arena, (firn_str){path, (size_t)(slash - path)});
        if (folder.data) (void)mkdir(folder.data, 0700);
    }
}

/* A blank in front keeps a line out of the history; so does what looks like a secret. */
static bool is_for_history(firn_str text)
{
    static const char *const secrets[] = {"secret", "password", "access_key", "token",
                                          "credential"};
    if (text.len == 0 || text.data[0] == ' ') return false;
    for (size_t i = 0; i < text.len; i++) {
        for (size_t k = 0; k < sizeof secrets / sizeof *secrets; k++) {
            const size_t n = strlen(secrets[k]);
            if (text.len - i >= n && strncasecmp(text.data + i, secrets[k], n) == 0) return false;
        }
    }
    return true;
}

/* "firn> ", "firn:shop> ", and dots of the same width on the lines that follow. */
static const char *prompt_text(const prompt_state *state, char *out, size_t size)
{
    const shell *sh = state->sh;
    const firn_ident ns = firn_session_namespace(sh->session);
    const bool is_default = ns.n_levels == 1 && firn_str_equals(ns.levels[0], FIRN_STR("default"));
    size_t at = (size_t)snprintf(out, size, "firn");
    for (size_t i = 0; i < ns.n_levels && !is_default && at < 40; i++)
        at +=
            (size_t)snprintf(out + at, size - at, "%c%.*s", i > 0 ? '.' : ':',
                             ns.levels[i].len < 40 ? (int)ns.levels[i].len : 40, ns.levels[i].data);
    if (state->text.len == 0) {
        (void)snprintf(out + at, size - at, "> ");
        return out;
    }
    at = at > 3 ? at - 3 : 0;
    memset(out, ' ', at);
    (void)snprintf(out + at, size - at, "...> ");
    return out;
}

static void complete(void *ctx, firn_str line, size_t cursor, line_choices *out)
{
    const prompt_state *state = ctx;
    shell_complete(state->sh, firn_buf_view(&state->text), line, cursor, out);
}

static void paint(void *ctx, firn_str line, size_t cursor, uint8_t *styles)
{
    const prompt_state *state = ctx;
    shell_highlight(state->sh, firn_buf_view(&state->text), line, cursor, styles);
}

static void run_lines(prompt_state *state, line_editor *editor, firn_str lines)
{
    shell *sh = state->sh;
    size_t used = 0;
    firn_buf_str(&state->text, lines);
    if (state->text.status != FIRN_OK) {
        (void)shell_complain(sh, NULL, "the statement is too long");
        firn_buf_clear(&state->text);
        return;
    }
    /* what is run is remembered first, so that it is there if the run never ends */
    firn_buf whole;
    firn_buf_init(&whole, NULL, FIRN_LIMIT_SQL_TEXT);
    firn_buf_str(&whole, firn_buf_view(&state->text));
    app_clear_interrupt();
    sh->source.line = 0;
    const int status = shell_run_pieces(sh, state->text.data, state->text.len, false, &used);
    if (status == APP_INTERRUPTED) used = state->text.len; /* what was typed behind it, too */
    app_clear_interrupt();
    const firn_str past = firn_str_slice(firn_buf_view(&whole), 0, used);
    if (is_for_history(past)) line_editor_remember(editor, firn_str_trim(past));
    firn_buf_dispose(&whole);
    memmove(state->text.data, state->text.data + used, state->text.len - used);
    state->text.len -= used;
}

static int read_lines(prompt_state *state, line_editor *editor)
{
    char prompt[128];
    firn_str lines;
    while (!state->sh->is_leaving) {
        state->sh->is_highlighted =
            line_editor_set_painted(editor, state->sh->is_highlighted) && state->sh->is_highlighted;
        switch (line_editor_read(editor, prompt_text(state, prompt, sizeof prompt), &lines)) {
        case LINE_READ: run_lines(state, editor, lines); break;
        case LINE_INTERRUPTED:
            app_clear_interrupt();
            firn_buf_clear(&state->text);
            break;
        case LINE_EOF: putchar('\n'); return APP_OK;
        }
    }
    return state->sh->leave_status;
}

int shell_run_interactive(shell *sh)
{
    enum { HISTORY_LINES = 5000 };
    prompt_state state = {.sh = sh};
    app *a = sh->a;
    const char *path = user_file(a, "XDG_STATE_HOME", ".local/state", "history");
    if (path) make_folders(a, path);
    line_editor *editor = line_editor_open(&(line_editor_opts){.history_path = path,
                                                               .history_size = HISTORY_LINES,
                                                               .complete = complete,
                                                               .paint = paint,
                                                               .ctx = &state},
                                           a->arena);
    if (!editor) return APP_FAILED;
    firn_buf_init(&state.text, NULL, FIRN_LIMIT_SQL_TEXT);
    const char *start = user_file(a, "XDG_CONFIG_HOME", ".config", "firnrc");
    if (sh->reads_start_file && start && access(start, R_OK) == 0) (void)shell_run_file(sh, start);
    printf("firn " FIRN_VERSION " - .help for help\n");
    const int status = read_lines(&state, editor);
    firn_buf_dispose(&state.text);
    line_editor_close(editor);
    return status;
}
