/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/parser/parameters.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/session/sql_session.h"

/* ---- the parameters among the tokens ---- */

/* Inside of [ or {, ":b" behind an operand is the rest of a slice or of a struct's field. */
typedef struct walk {
    firn_lexer lexer;
    uint64_t is_square; /* bit per open bracket, the innermost lowest: [ or { */
    bool is_behind_operand;
    size_t n_anonymous;
} walk;

static bool ends_operand(const firn_token *token)
{
    return token->kind == FIRN_TOKEN_WORD || token->kind == FIRN_TOKEN_QUOTED ||
           token->kind == FIRN_TOKEN_STRING || token->kind == FIRN_TOKEN_NUMBER ||
           token->kind == FIRN_TOKEN_PARAM || firn_token_is_symbol(token, ")") ||
           firn_token_is_symbol(token, "]");
}

/* False at the end. */
static bool next_parameter(walk *w, firn_token *out)
{
    for (;;) {
        *out = firn_lexer_next(&w->lexer);
        if (out->kind == FIRN_TOKEN_END) return false;
        const bool opens_square = firn_token_is_symbol(out, "[") || firn_token_is_symbol(out, "{");
        const bool closes = firn_token_is_symbol(out, "]") || firn_token_is_symbol(out, "}") ||
                            firn_token_is_symbol(out, ")");
        if (opens_square || firn_token_is_symbol(out, "("))
            w->is_square = w->is_square << 1 | (opens_square ? 1 : 0);
        if (closes) w->is_square >>= 1;
        const bool is_slice = out->kind == FIRN_TOKEN_PARAM && out->text.data[0] == ':' &&
                              (w->is_square & 1) && w->is_behind_operand;
        w->is_behind_operand = ends_operand(out);
        if (out->kind == FIRN_TOKEN_PARAM && !is_slice) return true;
    }
}

typedef enum parameter_kind { IN_ORDER = 0, NUMBERED, NAMED, BAD } parameter_kind;

/* number: from 0. */
static parameter_kind kind_of(const firn_token *token, size_t *number)
{
    int64_t value = 0;
    const firn_str rest = firn_str_slice(token->text, 1, token->text.len);
    if (rest.len == 0) return token->text.data[0] == '?' ? IN_ORDER : BAD;
    if (rest.data[0] < '0' || rest.data[0] > '9') return token->text.data[0] == '?' ? BAD : NAMED;
    if (!firn_str_to_i64(rest, &value) || value < 1 || value > FIRN_MAX_PARAMETERS) return BAD;
    *number = (size_t)value - 1;
    return NUMBERED;
}

size_t firn_parameters_find(const firn_parameters *parameters, firn_str name)
{
    for (size_t i = 0; i < parameters->n; i++)
        if (parameters->has_names && firn_str_equals_nocase(parameters->names[i], name)) return i;
    return SIZE_MAX;
}

static firn_status add(firn_parameters *parameters, firn_str name, size_t upto, firn_arena *arena,
                       firn_error *err)
{
    while (parameters->n < upto) {
        firn_str *slot = firn_arena_push(arena, &parameters->names, &parameters->n,
                                         &parameters->cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = name;
    }
    return FIRN_OK;
}

static firn_status note(walk *w, const firn_token *token, firn_parameters *out, firn_arena *arena,
                        firn_error *err)
{
    size_t number = 0;
    const firn_str name = firn_str_slice(token->text, 1, token->text.len);
    switch (kind_of(token, &number)) {
    case IN_ORDER: number = w->n_anonymous++; break;
    case NUMBERED: break;
    case NAMED:
        out->has_names = true;
        if (firn_parameters_find(out, name) != SIZE_MAX) return FIRN_OK;
        return add(out, name, out->n + 1, arena, err);
    case BAD:
        return firn_sql_fail(err, token->offset, "found %.*s, expected ?, $1 to $%d or :name",
                             FIRN_STR_ARG(token->text), FIRN_MAX_PARAMETERS);
    }
    return add(out, (firn_str){0}, number + 1, arena, err);
}

firn_status firn_parameters_of(firn_lexer lexer, firn_arena *arena, firn_parameters *out,
                               firn_error *err)
{
    walk w = {.lexer = lexer};
    firn_token token;
    parameter_kind first = BAD;
    *out = (firn_parameters){0};
    while (next_parameter(&w, &token)) {
        size_t number = 0;
        const parameter_kind kind = kind_of(&token, &number);
        if (first == BAD) first = kind;
        if (kind != first && kind != BAD)
            return firn_sql_fail(err, token.offset,
                                 "found parameter %.*s, expected one of the kind of those before "
                                 "it",
                                 FIRN_STR_ARG(token.text));
        FIRN_TRY(note(&w, &token, out, arena, err));
        if (out->n > FIRN_MAX_PARAMETERS)
            return firn_fail(err, FIRN_ERR_LIMIT, "more than %d parameters", FIRN_MAX_PARAMETERS);
    }
    return FIRN_OK;
}

/* ---- values into the text ---- */

/* One word or literal, or a type's name and one, needs no parentheses. */
static bool is_simple(firn_str value, firn_dialect dialect)
{
    firn_lexer lexer = firn_lexer_of(value);
    lexer.dialect = dialect;
    const firn_token first = firn_lexer_next(&lexer);
    const firn_token second = firn_lexer_next(&lexer);
    if (second.kind == FIRN_TOKEN_END) return true;
    return first.kind == FIRN_TOKEN_WORD && second.kind == FIRN_TOKEN_STRING &&
           firn_lexer_peek(&lexer).kind == FIRN_TOKEN_END;
}

typedef struct putting {
    firn_buf buf;
    firn_arena *arena;
    firn_rewrite_segment *segments;
    size_t n, cap;
} putting;

static firn_status put(putting *p, size_t in_at, firn_str text, bool is_copied, firn_error *err)
{
    firn_rewrite_segment *slot =
        firn_arena_push(p->arena, &p->segments, &p->n, &p->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = (firn_rewrite_segment){firn_buf_view(&p->buf).len, in_at, is_copied ? text.len : 0};
    firn_buf_str(&p->buf, text);
    return FIRN_OK;
}

static firn_status put_value(putting *p, const firn_token *token, firn_str value,
                             firn_dialect dialect, firn_error *err)
{
    const bool is_bare = is_simple(value, dialect);
    FIRN_TRY(put(p, token->offset, is_bare ? FIRN_STR(" ") : FIRN_STR("("), false, err));
    firn_buf_str(&p->buf, value);
    firn_buf_byte(&p->buf, is_bare ? ' ' : ')');
    return FIRN_OK;
}

static firn_status put_all(putting *p, firn_lexer lexer, const firn_parameters *parameters,
                           const firn_str *values, firn_error *err)
{
    walk w = {.lexer = lexer};
    firn_token token;
    size_t done = 0;
    while (next_parameter(&w, &token)) {
        size_t number = 0;
        const parameter_kind kind = kind_of(&token, &number);
        if (kind == IN_ORDER) number = w.n_anonymous++;
        if (kind == NAMED)
            number =
                firn_parameters_find(parameters, firn_str_slice(token.text, 1, token.text.len));
        if (kind == BAD || number >= parameters->n)
            return firn_fail(err, FIRN_ERR_INTERNAL, "parameter %.*s is not among those found",
                             FIRN_STR_ARG(token.text));
        FIRN_TRY(put(p, done, firn_str_slice(lexer.sql, done, token.offset), true, err));
        FIRN_TRY(put_value(p, &token, values[number], lexer.dialect, err));
        done = token.offset + token.text.len;
    }
    return put(p, done, firn_str_slice(lexer.sql, done, lexer.sql.len), true, err);
}

firn_status firn_parameters_put(firn_lexer lexer, const firn_parameters *parameters,
                                const firn_str *values, firn_arena *arena, firn_rewrite *out,
                                firn_error *err)
{
    putting p = {.arena = arena};
    firn_buf_init(&p.buf, NULL, FIRN_LIMIT_SQL_TEXT);
    firn_status st = put_all(&p, lexer, parameters, values, err);
    if (st == FIRN_OK) st = firn_buf_check(&p.buf, err);
    *out = (firn_rewrite){.segments = p.segments, .n_segments = p.n};
    if (st == FIRN_OK) out->sql = firn_arena_copy(arena, firn_buf_view(&p.buf));
    firn_buf_dispose(&p.buf);
    if (st == FIRN_OK && !out->sql.data) return firn_fail_nomem(err);
    return st;
}
