/* SPDX-License-Identifier: Apache-2.0 */
/* Spark: FROM q INSERT INTO a SELECT .. INSERT INTO b SELECT .. is one INSERT after the other, each
 * of which reads the source. One of them alone is dialect_text.c. */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/session/session_state.h"

#define MAX_INSERTS 100

typedef struct insert_parts {
    size_t at[MAX_INSERTS + 1]; /* of each INSERT, and the end */
    firn_str targets[MAX_INSERTS];
    size_t n;
} insert_parts;

static firn_lexer lexer_of(const firn_session *session, firn_str sql)
{
    firn_lexer lexer = firn_lexer_of(sql);
    lexer.dialect = session->dialect;
    return lexer;
}

/* The last part of the name behind INSERT. */
static firn_str target_of(firn_lexer lexer)
{
    firn_str name = {0};
    for (bool is_name = false;;) {
        const firn_token token = firn_lexer_next(&lexer);
        const bool is_verb = firn_token_is(&token, "INTO") || firn_token_is(&token, "OVERWRITE") ||
                             firn_token_is(&token, "TABLE");
        const bool is_word = token.kind == FIRN_TOKEN_WORD || token.kind == FIRN_TOKEN_QUOTED;
        if (is_verb && !is_name) continue;
        if (is_name ? !firn_token_is_symbol(&token, ".") : !is_word) return name;
        if (!is_name) name = token.text;
        is_name = !is_name;
    }
}

/* Those outside of parentheses; none when the statement does not begin with FROM. */
static firn_status find_inserts(const firn_session *session, firn_str sql, insert_parts *out,
                                firn_error *err)
{
    firn_lexer lexer = lexer_of(session, sql);
    firn_token token = firn_lexer_next(&lexer);
    int depth = 0;
    out->n = 0;
    if (!firn_token_is(&token, "FROM")) return FIRN_OK;
    for (; token.kind != FIRN_TOKEN_END && token.kind != FIRN_TOKEN_BAD;
         token = firn_lexer_next(&lexer)) {
        depth += firn_token_is_symbol(&token, "(");
        depth -= firn_token_is_symbol(&token, ")");
        if (depth > 0 || !firn_token_is(&token, "INSERT")) continue;
        if (out->n == MAX_INSERTS)
            return firn_fail(err, FIRN_ERR_LIMIT, "more than %d INSERT", MAX_INSERTS);
        out->at[out->n] = token.offset;
        out->targets[out->n++] = target_of(lexer);
    }
    out->at[out->n] = sql.len;
    return FIRN_OK;
}

/* A later INSERT would read what an earlier one has written. */
static firn_status check_source(const firn_session *session, firn_str sql,
                                const insert_parts *parts, firn_error *err)
{
    firn_lexer lexer = lexer_of(session, firn_str_slice(sql, 0, parts->at[0]));
    for (;;) {
        const firn_token token = firn_lexer_next(&lexer);
        if (token.kind == FIRN_TOKEN_END || token.kind == FIRN_TOKEN_BAD) return FIRN_OK;
        for (size_t i = 0; i < parts->n; i++) {
            if (!firn_str_equals_nocase(token.text, parts->targets[i])) continue;
            (void)firn_fail(err, FIRN_ERR_UNSUPPORTED,
                            "not supported: several INSERT that read one of their tables");
            if (err) err->position = token.offset;
            return FIRN_ERR_UNSUPPORTED;
        }
    }
}

firn_status firn_session__several_inserts(firn_session *session, firn_str sql, bool *handled,
                                          firn_result **out, firn_error *err)
{
    insert_parts parts;
    int64_t n_rows = 0;
    *handled = false;
    FIRN_TRY(find_inserts(session, sql, &parts, err));
    if (parts.n < 2) return FIRN_OK;
    *handled = true;
    FIRN_TRY(check_source(session, sql, &parts, err));
    const firn_str source = firn_str_slice(sql, 0, parts.at[0]);
    for (size_t i = 0; i < parts.n; i++) {
        firn_result *one = NULL;
        const firn_str insert = firn_str_slice(sql, parts.at[i], parts.at[i + 1]);
        const firn_str text = firn_arena_printf(session->arena, "%.*s %.*s", FIRN_STR_ARG(source),
                                                FIRN_STR_ARG(insert));
        if (!text.data) return firn_fail_nomem(err);
        if (i > 0) firn_session__renew(session);
        const firn_status st = firn_session__execute_text(session, text, &one, err);
        if (st != FIRN_OK && err) err->position = 0; /* of another text */
        FIRN_TRY(st);
        n_rows += firn_result_rows_changed(one);
        firn_result_close(one);
    }
    return firn_session__result_of_command(session, "INSERT", n_rows, out, err);
}
