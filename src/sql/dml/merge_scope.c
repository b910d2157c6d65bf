/* SPDX-License-Identifier: Apache-2.0 */
/* Bare column names in clauses of MERGE that see one side only: in WHEN NOT MATCHED they are the
 * source's, in NOT MATCHED BY SOURCE the target's. The join below has both sides, so such names are
 * qualified. Works on tokens, like the rewriting of queries. */
#include "base/str.h"
#include "sql/dml/dml.h"
#include "sql/resolve/query_rewrite.h"

typedef struct neighbours {
    firn_token before, at, after;
} neighbours;

/* A word that stands where a column may stand: not part of a dotted name, a call, a type, a typed
 * literal, a unit of time or the name of an argument. */
static bool may_be_column(const neighbours *n)
{
    static const char *const k_after[] = {".", "(", ":", ":=", "=>"};
    if (n->at.kind != FIRN_TOKEN_WORD && n->at.kind != FIRN_TOKEN_QUOTED) return false;
    if (n->after.kind == FIRN_TOKEN_STRING || firn_token_is(&n->after, "FROM")) return false;
    if (n->before.kind == FIRN_TOKEN_NUMBER || firn_token_is(&n->before, "AS") ||
        firn_token_is_symbol(&n->before, ".") || firn_token_is_symbol(&n->before, "::")) {
        return false;
    }
    for (size_t i = 0; i < sizeof k_after / sizeof *k_after; i++) {
        if (firn_token_is_symbol(&n->after, k_after[i])) return false;
    }
    return true;
}

static bool is_column(firn_arena *arena, const firn_token *token, const firn_type *columns)
{
    const firn_str name = firn_token_unquote(token, arena);
    for (size_t i = 0; name.data && i < columns->n_fields; i++) {
        if (firn_str_equals_nocase(columns->fields[i].name, name)) return true;
    }
    return false;
}

/* Past the parentheses behind what AS or :: names: fields of a type, columns of an alias. */
static void skip_named(firn_lexer *lexer, const firn_token *before, firn_token *at)
{
    if (!firn_token_is(before, "AS") && !firn_token_is_symbol(before, "::")) return;
    firn_token next = firn_lexer_peek(lexer);
    if (!firn_token_is_symbol(&next, "(")) return;
    for (size_t depth = 0; next.kind != FIRN_TOKEN_END && next.kind != FIRN_TOKEN_BAD;) {
        *at = firn_lexer_next(lexer);
        if (firn_token_is_symbol(at, "(")) depth++;
        if (firn_token_is_symbol(at, ")") && --depth == 0) return;
        next = firn_lexer_peek(lexer);
    }
}

/* The next bare name of one of the columns; false at the end. */
static bool next_bare(firn_arena *arena, firn_lexer *lexer, firn_token *previous,
                      const firn_type *columns, firn_token *out)
{
    for (;;) {
        neighbours n = {.before = *previous};
        n.at = firn_lexer_next(lexer);
        if (n.at.kind == FIRN_TOKEN_END || n.at.kind == FIRN_TOKEN_BAD) return false;
        skip_named(lexer, &n.before, &n.at);
        n.after = firn_lexer_peek(lexer);
        *previous = n.at;
        if (!may_be_column(&n) || !is_column(arena, &n.at, columns)) continue;
        *out = n.at;
        return true;
    }
}

bool firn_merge__names_table(firn_arena *arena, firn_str piece, firn_str alias)
{
    firn_lexer lexer = firn_lexer_of(piece);
    firn_token before = {0};
    for (firn_token t = firn_lexer_next(&lexer); t.kind != FIRN_TOKEN_END;
         before = t, t = firn_lexer_next(&lexer)) {
        if (t.kind != FIRN_TOKEN_WORD && t.kind != FIRN_TOKEN_QUOTED) continue;
        const firn_token after = firn_lexer_peek(&lexer);
        const firn_str name = firn_token_unquote(&t, arena);
        const bool is_first = before.kind != FIRN_TOKEN_SYMBOL || before.text.data[0] != '.';
        if (is_first && firn_token_is_symbol(&after, ".") && name.data &&
            firn_str_equals_nocase(name, alias))
            return true;
    }
    return false;
}

bool firn_merge__has_bare_column(firn_arena *arena, firn_str piece, const firn_type *columns)
{
    firn_lexer lexer = firn_lexer_of(piece);
    firn_token previous = {0};
    firn_token found;
    return next_bare(arena, &lexer, &previous, columns, &found);
}

void firn_merge__put_scoped(firn_sql_text *text, firn_str piece, firn_str alias,
                            const firn_type *columns)
{
    firn_lexer lexer = firn_lexer_of(piece);
    firn_token previous = {0};
    firn_token found;
    size_t done = 0;
    while (columns && next_bare(text->session->arena, &lexer, &previous, columns, &found)) {
        firn_sql_text_user(text, firn_str_slice(piece, done, found.offset));
        firn_sql_text_name(text, alias);
        firn_sql_text_put(text, ".");
        done = found.offset;
    }
    firn_sql_text_user(text, firn_str_slice(piece, done, piece.len));
}
