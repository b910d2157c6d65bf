/* SPDX-License-Identifier: Apache-2.0 */
/* By tokens alone: no grammar, so that half a statement looks as the whole will. */
#include "shell_highlight.h"

#include <string.h>

#include "base/str.h"
#include "shell_names.h"
#include "sql/session/sql_session.h"

/* Longer statements stay plain: they are pasted, and all of them is read at each key. */
enum { MAX_TEXT = 1 << 18, MAX_OPEN = 256 };

typedef struct highlighter {
    firn_str text; /* the lines above, and the line */
    size_t line_from;
    size_t cursor; /* in text, or SIZE_MAX */
    uint8_t *styles;
    size_t open[MAX_OPEN]; /* brackets that are not closed yet */
    size_t n_open;         /* those beyond MAX_OPEN are only counted */
} highlighter;

static void paint(highlighter *h, size_t from, size_t to, line_style style)
{
    if (from < h->line_from) from = h->line_from;
    if (from < to) memset(h->styles + (from - h->line_from), (int)style, to - from);
}

static size_t end_of_line(firn_str text, size_t at)
{
    const size_t end = firn_str_find(text, FIRN_STR("\n"), at);
    return end == SIZE_MAX ? text.len : end;
}

/* ---- brackets ---- */

static char closer_of(char open)
{
    switch (open) {
    case '(': return ')';
    case '[': return ']';
    default: return '}';
    }
}

/* The cursor is on the bracket or right behind it. */
static bool is_at_cursor(const highlighter *h, size_t at)
{
    return h->cursor == at || (h->cursor != SIZE_MAX && h->cursor == at + 1);
}

static void paint_closer(highlighter *h, size_t at)
{
    if (h->n_open > MAX_OPEN) {
        h->n_open--;
        return;
    }
    const size_t open = h->n_open > 0 ? h->open[h->n_open - 1] : SIZE_MAX;
    if (open == SIZE_MAX || closer_of(h->text.data[open]) != h->text.data[at]) {
        paint(h, at, at + 1, LINE_STYLE_ALONE);
        return;
    }
    h->n_open--;
    if (!is_at_cursor(h, open) && !is_at_cursor(h, at)) return;
    paint(h, open, open + 1, LINE_STYLE_PAIR);
    paint(h, at, at + 1, LINE_STYLE_PAIR);
}

static void paint_symbol(highlighter *h, const firn_token *token)
{
    if (token->text.len != 1) return;
    const char c = token->text.data[0];
    if (c == ';') h->n_open = 0;
    if (c == '(' || c == '[' || c == '{') {
        if (h->n_open < MAX_OPEN) h->open[h->n_open] = token->offset;
        h->n_open++;
    } else if (c == ')' || c == ']' || c == '}') {
        paint_closer(h, token->offset);
    }
}

/* ---- tokens ---- */

static line_style style_of(const firn_token *token)
{
    switch (token->kind) {
    case FIRN_TOKEN_WORD:
        return names_is_keyword(token->text) ? LINE_STYLE_KEYWORD : LINE_STYLE_PLAIN;
    case FIRN_TOKEN_QUOTED: return LINE_STYLE_NAME;
    case FIRN_TOKEN_STRING: return LINE_STYLE_STRING;
    case FIRN_TOKEN_NUMBER: return LINE_STYLE_NUMBER;
    case FIRN_TOKEN_PARAM: return LINE_STYLE_VARIABLE;
    case FIRN_TOKEN_BAD:
        return firn_str_starts_with(token->text, FIRN_STR("/*")) ? LINE_STYLE_COMMENT
                                                                 : LINE_STYLE_OPEN;
    case FIRN_TOKEN_SYMBOL:
    case FIRN_TOKEN_END: break;
    }
    return LINE_STYLE_PLAIN;
}

/* A name behind a dot is one, whatever it is called. */
static bool is_member(const highlighter *h, const firn_token *token)
{
    return token->offset > 0 && h->text.data[token->offset - 1] == '.';
}

/* Begins with a dot or a backslash where a statement could; or a backslash anywhere. */
static bool is_command(const firn_token *token, bool is_first)
{
    return firn_token_is_symbol(token, "\\") || (is_first && firn_token_is_symbol(token, "."));
}

static void paint_command(highlighter *h, firn_lexer *lexer, size_t from)
{
    size_t end = from + 1;
    while (end < h->text.len && h->text.data[end] && !strchr(" \t\r\n;", h->text.data[end])) end++;
    paint(h, from, end, LINE_STYLE_COMMAND);
    lexer->at = end_of_line(h->text, end);
}

/* Between two tokens are blanks and comments. */
static void paint_comments(highlighter *h, size_t from, size_t to)
{
    while (from < to && strchr(" \t\r\n\v\f", h->text.data[from])) from++;
    while (from < to && strchr(" \t\r\n\v\f", h->text.data[to - 1])) to--;
    paint(h, from, to, LINE_STYLE_COMMENT);
}

static void paint_tokens(highlighter *h, firn_dialect dialect)
{
    firn_lexer lexer = firn_lexer_of(h->text);
    lexer.dialect = dialect;
    bool is_first = true;
    for (;;) {
        const size_t gap = lexer.at;
        const firn_token token = firn_lexer_next(&lexer);
        paint_comments(h, gap, token.offset);
        if (token.kind == FIRN_TOKEN_END || token.text.len == 0) return;
        if (is_command(&token, is_first)) {
            paint_command(h, &lexer, token.offset);
            continue;
        }
        const line_style style = style_of(&token);
        if (style != LINE_STYLE_KEYWORD || !is_member(h, &token))
            paint(h, token.offset, token.offset + token.text.len, style);
        if (token.kind == FIRN_TOKEN_SYMBOL) paint_symbol(h, &token);
        is_first = firn_token_is_symbol(&token, ";");
    }
}

void shell_highlight(const shell *sh, firn_str before, firn_str line, size_t cursor,
                     uint8_t *styles)
{
    firn_buf text;
    if (before.len + line.len > MAX_TEXT) return;
    firn_buf_init(&text, NULL, MAX_TEXT);
    firn_buf_str(&text, before);
    firn_buf_str(&text, line);
    if (text.status == FIRN_OK) {
        highlighter h = {.text = firn_buf_view(&text),
                         .line_from = before.len,
                         .cursor = cursor == SIZE_MAX ? SIZE_MAX : before.len + cursor,
                         .styles = styles};
        paint_tokens(&h, firn_session__dialect(sh->session));
    }
    firn_buf_dispose(&text);
}
