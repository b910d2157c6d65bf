/* SPDX-License-Identifier: Apache-2.0 */
/* Text to statements and commands. A statement ends with a semicolon, or with a command that does
 * something with it (\g); commands end with their line. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "shell.h"
#include "sql/session/sql_session.h"

enum { MAX_DEPTH = 16 };

static firn_lexer lexer_at(const shell *sh, firn_str text, size_t at)
{
    firn_lexer lexer = firn_lexer_of(text);
    lexer.dialect = firn_session__dialect(sh->session);
    lexer.at = at;
    return lexer;
}

/* First token that is no semicolon: the beginning of a statement or command. */
static size_t skip_nothing(const shell *sh, firn_str text, size_t at)
{
    firn_lexer lexer = lexer_at(sh, text, at);
    firn_token token;
    do {
        token = firn_lexer_next(&lexer);
    } while (firn_token_is_symbol(&token, ";"));
    return token.offset;
}

typedef enum piece_end { PIECE_OPEN = 0, PIECE_SEMICOLON, PIECE_COMMAND } piece_end;

/* Where the statement at from ends, without its semicolon. */
static piece_end find_end(const shell *sh, firn_str text, size_t from, size_t *end)
{
    firn_lexer lexer = lexer_at(sh, text, from);
    for (;;) {
        const firn_token token = firn_lexer_next(&lexer);
        *end = token.offset;
        if (token.kind == FIRN_TOKEN_END) return PIECE_OPEN;
        if (firn_token_is_symbol(&token, ";")) return PIECE_SEMICOLON;
        if (firn_token_is_symbol(&token, "\\")) return PIECE_COMMAND;
    }
}

static size_t line_end(firn_str text, size_t at)
{
    const size_t end = firn_str_find(text, FIRN_STR("\n"), at);
    return end == SIZE_MAX ? text.len : end;
}

typedef struct reader {
    shell *sh;
    char *text; /* commands inside of statements are blanked */
    size_t len;
    size_t at;
    bool is_end;
    uint32_t line; /* at "at"; 0: not counted */
} reader;

static firn_str view(const reader *r)
{
    return (firn_str){r->text, r->len};
}

static void move_to(reader *r, size_t at)
{
    for (; r->at < at; r->at++)
        if (r->line > 0 && r->text[r->at] == '\n') r->line++;
}

/* A copy with a NUL; NULL: out of memory. */
static const char *copy_of(const reader *r, size_t from, size_t to)
{
    return firn_arena_copy(r->sh->a->arena, firn_str_slice(view(r), from, to)).data;
}

static int run_command(reader *r, size_t at, const char *buffer)
{
    const size_t end = line_end(view(r), at);
    bool takes_buffer = false;
    const char *line = copy_of(r, at, end);
    if (!line || !buffer) return APP_FAILED;
    const int status = shell_run_command(r->sh, firn_str_of(line), buffer, &takes_buffer);
    if (takes_buffer || !*buffer)
        move_to(r, end);
    else
        memset(r->text + at, ' ', end - at);
    return status;
}

/* The statement or command at r->at. False: it is not complete. */
static bool run_piece(reader *r, int *status)
{
    shell *sh = r->sh;
    size_t end = 0;
    const char first = r->text[r->at];
    sh->source.line = r->line;
    if (first == '.' || first == '\\') {
        *status = run_command(r, r->at, "");
        return true;
    }
    switch (find_end(sh, view(r), r->at, &end)) {
    case PIECE_OPEN:
        if (!r->is_end) return false;
        end = r->len;
        break;
    case PIECE_COMMAND: *status = run_command(r, end, copy_of(r, r->at, end)); return true;
    case PIECE_SEMICOLON: break;
    }
    const char *sql = copy_of(r, r->at, end);
    *status = sql ? shell_go(sh, sql, "") : APP_FAILED;
    move_to(r, end < r->len ? end + 1 : end);
    return true;
}

int shell_run_pieces(shell *sh, char *text, size_t len, bool is_end, size_t *used)
{
    reader r = {.sh = sh, .text = text, .len = len, .is_end = is_end, .line = sh->source.line};
    int status = APP_OK;
    while (!sh->is_leaving) {
        int one = APP_OK;
        move_to(&r, skip_nothing(sh, view(&r), r.at));
        if (r.at >= len || !run_piece(&r, &one)) break;
        if (one != APP_OK) status = one;
        if (one == APP_INTERRUPTED || (one != APP_OK && !sh->keeps_going)) break;
    }
    sh->source.line = r.line;
    *used = r.at;
    return status;
}

static int run_buf(shell *sh, firn_buf *text, const char *name)
{
    const shell_source outer = sh->source;
    size_t used = 0;
    sh->source = (shell_source){.name = name, .line = 1};
    const int status = shell_run_pieces(sh, text->data, text->len, true, &used);
    sh->source = outer;
    return status;
}

int shell_run_text(shell *sh, const char *text, const char *name)
{
    firn_buf copy;
    firn_buf_init(&copy, NULL, FIRN_LIMIT_SQL_TEXT + 1);
    firn_buf_cstr(&copy, text);
    firn_buf_byte(&copy, '\n');
    const int status = copy.status == FIRN_OK ? run_buf(sh, &copy, name)
                                              : shell_complain(sh, NULL, "the text is too long");
    firn_buf_dispose(&copy);
    return status;
}

static firn_status read_all(FILE *in, const char *path, firn_buf *out, firn_error *err)
{
    char block[1 << 16];
    size_t n;
    /* a terminal must not be asked again once its end was typed */
    while (!feof(in) && (n = fread(block, 1, sizeof block, in)) > 0) firn_buf_append(out, block, n);
    if (ferror(in)) return firn_fail_errno(err, errno, "cannot read %s", path);
    firn_buf_byte(out, '\n');
    return firn_buf_check(out, err);
}

int shell_run_file(shell *sh, const char *path)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    firn_error err = {0};
    firn_buf text;
    int status;
    if (sh->depth >= MAX_DEPTH)
        return shell_complain(sh, NULL, "files that read files, deeper than %d", MAX_DEPTH);
    FILE *in = is_stdin ? stdin : fopen(path, "rbe");
    if (!in) {
        (void)firn_fail_errno(&err, errno, "cannot open %s", path);
        (void)app_print_error(sh->a, &err, NULL);
        return APP_USAGE;
    }
    firn_buf_init(&text, NULL, FIRN_LIMIT_SQL_TEXT);
    const firn_status st = read_all(in, path, &text, &err);
    if (!is_stdin) (void)fclose(in);
    sh->depth++;
    status = st == FIRN_OK ? run_buf(sh, &text, is_stdin ? NULL : path)
                           : app_print_error(sh->a, &err, NULL);
    sh->depth--;
    firn_buf_dispose(&text);
    return status;
}
