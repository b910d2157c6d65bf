/* SPDX-License-Identifier: Apache-2.0 */
/* Names as statements write them: parts with dots between them, and a branch behind the last. What
 * they name is found in resolve.c. */
#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_text.h"
#include "sql/session/session_state.h"

/* The branch in "t@branch", behind the last part and without blanks; data NULL: none there. */
static firn_str take_branch(firn_lexer *lexer, firn_arena *arena, const firn_token *last,
                            size_t *end)
{
    firn_lexer ahead = *lexer;
    const firn_token at = firn_lexer_next(&ahead);
    const firn_token name = firn_lexer_next(&ahead);
    const bool is_name = name.kind == FIRN_TOKEN_WORD || name.kind == FIRN_TOKEN_QUOTED;
    if (!is_name || !firn_token_is_symbol(&at, "@") || name.offset != at.offset + at.text.len ||
        at.offset != last->offset + last->text.len)
        return (firn_str){0};
    *lexer = ahead;
    *end = name.offset + name.text.len;
    return firn_token_unquote(&name, arena);
}

firn_status firn_session__parse_name(firn_lexer *lexer, firn_arena *arena, firn_sql_name *out,
                                     firn_error *err)
{
    firn_str *parts = NULL;
    size_t n = 0;
    size_t cap = 0;
    size_t end = 0;
    firn_token token = firn_lexer_peek(lexer);
    firn_token last = token;
    *out = (firn_sql_name){.offset = token.offset};
    for (;;) {
        if (token.kind != FIRN_TOKEN_WORD && token.kind != FIRN_TOKEN_QUOTED) {
            return firn_sql_fail(err, token.offset, "found \"%.*s\", expected a name",
                                 FIRN_STR_ARG(token.text));
        }
        firn_str *slot = firn_arena_push(arena, &parts, &n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = firn_token_unquote(&token, arena);
        if (slot->data) *slot = firn_dialect_fold(lexer->dialect, *slot, arena);
        if (!slot->data) return firn_fail_nomem(err);
        (void)firn_lexer_next(lexer);
        last = token;
        token = firn_lexer_peek(lexer);
        if (!firn_token_is_symbol(&token, ".")) break;
        (void)firn_lexer_next(lexer);
        token = firn_lexer_peek(lexer);
    }
    end = last.offset + last.text.len;
    const firn_str branch = take_branch(lexer, arena, &last, &end);
    if (branch.data) {
        firn_str *name = &parts[n - 1];
        *name = firn_arena_printf(arena, "%.*s@%.*s", FIRN_STR_ARG(*name), FIRN_STR_ARG(branch));
        if (!name->data) return firn_fail_nomem(err);
    }
    out->length = end - out->offset;
    out->parts = parts;
    out->n_parts = n;
    return FIRN_OK;
}
