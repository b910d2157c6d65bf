/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/parser/sql_text.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/session/session_state.h"

void firn_sql_text_init(firn_sql_text *text, firn_session *session, firn_str statement)
{
    *text = (firn_sql_text){.session = session, .statement = statement};
    firn_buf_init(&text->buf, session->env->alloc, 4 * FIRN_LIMIT_SQL_TEXT);
}

void firn_sql_text_put(firn_sql_text *text, const char *words)
{
    firn_buf_cstr(&text->buf, words);
}

void firn_sql_text_str(firn_sql_text *text, firn_str words)
{
    firn_buf_str(&text->buf, words);
}

void firn_sql_text_name(firn_sql_text *text, firn_str name)
{
    firn_buf_quoted(&text->buf, name, '"');
}

void firn_sql_text_string(firn_sql_text *text, firn_str value)
{
    firn_buf_quoted(&text->buf, value, '\'');
}

/* Copy [from, to) of the piece, remembering its place. */
static void copy_range(firn_sql_text *text, firn_str piece, size_t from, size_t to)
{
    const firn_str s = firn_str_slice(piece, from, to);
    const char *begin = text->statement.data;
    if (s.len == 0) return;
    if (begin && s.data >= begin && s.data < begin + text->statement.len) {
        firn_sql_piece *slot = firn_arena_push(text->session->arena, &text->pieces, &text->n_pieces,
                                               &text->cap_pieces, sizeof *slot);
        if (slot) *slot = (firn_sql_piece){text->buf.len, (size_t)(s.data - begin), s.len};
    }
    firn_buf_str(&text->buf, s);
}

/* Bytes of "cat.ns." before "t." when the name at the lexer is a column of the target written with
 * all or some of the target's qualification; 0 otherwise. The lexer moves behind the name. */
static size_t qualification(const firn_sql_text *text, firn_lexer *lexer)
{
    firn_arena *arena = text->session->arena;
    firn_sql_name name;
    size_t offsets[FIRN_LIMIT_NESTING];
    firn_lexer walk = *lexer;
    if (firn_session__parse_name(lexer, arena, &name, NULL) != FIRN_OK) {
        (void)firn_lexer_next(lexer);
        return 0;
    }
    const size_t n_target = text->target ? text->target->n_parts : 0;
    if (n_target < 2 || name.n_parts < 3 || name.n_parts > FIRN_LIMIT_NESTING) return 0;
    for (size_t i = 0; i < name.n_parts; i++) {
        offsets[i] = firn_lexer_next(&walk).offset;
        (void)firn_lexer_next(&walk);
    }
    for (size_t skip = 0; skip + 2 <= n_target; skip++) {
        const size_t n = n_target - skip;
        bool is_same = n < name.n_parts;
        for (size_t i = 0; i < n && is_same; i++) {
            is_same = firn_str_equals_nocase(name.parts[i], text->target->parts[skip + i]);
        }
        if (is_same) return offsets[n - 1] - offsets[0];
    }
    return 0;
}

void firn_sql_text_user(firn_sql_text *text, firn_str piece)
{
    firn_lexer lexer = firn_lexer_of(piece);
    size_t done = 0;
    while (text->target) {
        const firn_token token = firn_lexer_peek(&lexer);
        if (token.kind == FIRN_TOKEN_END) break;
        if (token.kind != FIRN_TOKEN_WORD && token.kind != FIRN_TOKEN_QUOTED) {
            (void)firn_lexer_next(&lexer);
            continue;
        }
        const size_t dropped = qualification(text, &lexer);
        if (dropped == 0) continue;
        copy_range(text, piece, done, token.offset);
        done = token.offset + dropped;
    }
    copy_range(text, piece, done, piece.len);
    firn_buf_byte(&text->buf, '\n');
}

firn_status firn_sql_text_type(firn_sql_text *text, const firn_type *type, firn_error *err)
{
    return firn_duckdb_type_text(type, &text->buf, err);
}

firn_status firn_sql_text_finish(firn_sql_text *text, firn_str *out, firn_error *err)
{
    firn_status st = firn_buf_check(&text->buf, err);
    if (st == FIRN_OK) {
        *out = firn_arena_copy(text->session->arena, firn_buf_view(&text->buf));
        if (!out->data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(&text->buf);
    return st;
}

void firn_sql_text_dispose(firn_sql_text *text)
{
    firn_buf_dispose(&text->buf);
}

/* From a position in the made text to one in the statement. */
static void map_position(const firn_sql_text *text, firn_status st, firn_error *err)
{
    const firn_sql_piece *found = NULL;
    if (!err || (st != FIRN_ERR_ARG && st != FIRN_ERR_NOT_FOUND)) return;
    for (size_t i = 0; i < text->n_pieces; i++) {
        if (text->pieces[i].out_at <= err->position) found = &text->pieces[i];
    }
    if (!found) {
        err->position = text->n_pieces > 0 ? text->pieces[0].in_at : 0;
        return;
    }
    const size_t inside = (size_t)err->position - found->out_at;
    err->position = found->in_at + (inside < found->length ? inside : found->length);
}

firn_status firn_sql_text_query(firn_sql_text *text, firn_str sql, firn_result **out,
                                firn_error *err)
{
    const firn_status st = firn_session__query(text->session, sql, out, err);
    if (st != FIRN_OK) map_position(text, st, err);
    return st;
}

firn_status firn_sql_text_next(const firn_sql_text *text, firn_result *result,
                               const firn_batch **out, firn_error *err)
{
    const firn_status st = firn_result_next(result, out, err);
    if (st != FIRN_OK && st != FIRN_DONE && err && err->position > 0) map_position(text, st, err);
    return st;
}

firn_status firn_sql_text_run(firn_sql_text *text, firn_str sql, firn_error *err)
{
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    FIRN_TRY(firn_sql_text_query(text, sql, &result, err));
    firn_status st = FIRN_OK;
    if (firn_result_columns(result)->n_fields > 0) {
        while ((st = firn_sql_text_next(text, result, &batch, err)) == FIRN_OK) {
        }
    }
    firn_result_close(result);
    return st == FIRN_DONE ? FIRN_OK : st;
}

firn_status firn_sql_text_describe(firn_sql_text *text, firn_str sql, firn_type *out,
                                   firn_error *err)
{
    firn_error found = {0};
    firn_result *result = NULL;
    const firn_status st =
        firn_session__describe(text->session, sql, text->session->arena, out, &found);
    if (st == FIRN_OK) return FIRN_OK;
    /* the engine says where only when it is asked to run the query */
    if (st == FIRN_ERR_ARG && found.position == 0) {
        firn_error located = {0};
        if (firn_session__query(text->session, sql, &result, &located) == FIRN_ERR_ARG) {
            found = located;
        }
        firn_result_close(result);
    }
    map_position(text, st, &found);
    if (err) *err = found;
    return st;
}
