/* SPDX-License-Identifier: Apache-2.0 */
/* Works on the text, before types and names are looked at: a call becomes
 * CAST((body) AS type), with CAST((argument) AS type) for each parameter in the body. A body may
 * call the functions before it, so each is whole when it is used. */
#include "sql/dialect/inline_functions.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/parser/lexer.h"

#define MAX_FUNCTIONS  100
#define MAX_PARAMETERS 100

typedef struct parameter {
    firn_str name, type;
} parameter;

typedef struct inline_function {
    firn_str name, type, body;
    parameter *parameters;
    size_t n, cap;
    bool is_null_on_null; /* RETURNS NULL ON NULL INPUT */
} inline_function;

typedef struct inliner {
    firn_dialect dialect;
    firn_arena *arena;
    firn_error *err;
    inline_function *functions;
    size_t n, cap;
    int depth;
} inliner;

/* ---- tokens ---- */

static firn_lexer lexer_at(const inliner *in, firn_str sql, size_t at)
{
    firn_lexer lexer = firn_lexer_of(sql);
    lexer.dialect = in->dialect;
    lexer.at = at;
    return lexer;
}

static bool accept(firn_lexer *lexer, const char *word)
{
    const firn_token token = firn_lexer_peek(lexer);
    if (!firn_token_is(&token, word)) return false;
    (void)firn_lexer_next(lexer);
    return true;
}

static bool accept_symbol(firn_lexer *lexer, const char *symbol)
{
    const firn_token token = firn_lexer_peek(lexer);
    if (!firn_token_is_symbol(&token, symbol)) return false;
    (void)firn_lexer_next(lexer);
    return true;
}

static firn_status fail_at(const inliner *in, const firn_lexer *lexer, firn_status st,
                           const char *what)
{
    (void)firn_fail(in->err, st, "%s", what);
    if (in->err) in->err->position = firn_lexer_peek(lexer).offset;
    return st;
}

static bool is_any(const firn_token *token, const char *const *words)
{
    for (; *words; words++)
        if (firn_token_is(token, *words)) return true;
    return false;
}

/* The text up to one of the words or symbols outside of parentheses, which is not taken. */
static firn_str take_until(firn_lexer *lexer, const char *const *words, const char *symbols)
{
    const size_t from = firn_lexer_peek(lexer).offset;
    size_t end = from;
    for (int depth = 0;;) {
        const firn_token token = firn_lexer_peek(lexer);
        const bool is_symbol = token.kind == FIRN_TOKEN_SYMBOL && token.text.len == 1;
        const char c = (char)(is_symbol ? token.text.data[0] : '\0');
        bool is_end = token.kind == FIRN_TOKEN_END || token.kind == FIRN_TOKEN_BAD;
        if (depth == 0) is_end |= is_any(&token, words);
        for (const char *s = symbols; depth == 0 && *s; s++) is_end |= c == *s;
        if (is_end) return firn_str_slice(lexer->sql, from, end);
        depth += c == '(';
        depth -= c == ')';
        end = token.offset + token.text.len;
        (void)firn_lexer_next(lexer);
    }
}

/* ---- calls ---- */

static firn_status expand(inliner *in, firn_str sql, const inline_function *within,
                          const firn_str *arguments, firn_buf *out);

static const inline_function *find_function(const inliner *in, firn_str name)
{
    for (size_t i = in->n; i-- > 0;)
        if (firn_str_equals_nocase(in->functions[i].name, name)) return &in->functions[i];
    return NULL;
}

static void put_cast(firn_buf *out, firn_str value, firn_str type)
{
    firn_buf_printf(out, "CAST((%.*s) AS %.*s)", FIRN_STR_ARG(value), FIRN_STR_ARG(type));
}

/* Arguments of a call whose parenthesis was taken, each expanded and cast. */
static firn_status take_arguments(inliner *in, firn_lexer *lexer, const inline_function *f,
                                  const inline_function *within, const firn_str *outer,
                                  firn_str *values)
{
    static const char *const k_none[] = {NULL};
    size_t n = 0;
    while (!accept_symbol(lexer, ")")) {
        firn_buf text;
        firn_buf cast;
        const firn_str written = take_until(lexer, k_none, ",)");
        if (written.len == 0 || n == f->n)
            return fail_at(in, lexer, FIRN_ERR_ARG, "expected one argument for each parameter");
        firn_buf_init(&text, NULL, FIRN_LIMIT_SQL_TEXT);
        firn_buf_init(&cast, NULL, FIRN_LIMIT_SQL_TEXT);
        firn_status st = expand(in, written, within, outer, &text);
        if (st == FIRN_OK) put_cast(&cast, firn_buf_view(&text), f->parameters[n].type);
        if (st == FIRN_OK) st = firn_buf_check(&cast, in->err);
        if (st == FIRN_OK) values[n] = firn_arena_copy(in->arena, firn_buf_view(&cast));
        firn_buf_dispose(&text);
        firn_buf_dispose(&cast);
        FIRN_TRY(st);
        if (!values[n++].data) return firn_fail_nomem(in->err);
        (void)accept_symbol(lexer, ",");
    }
    return n == f->n ? FIRN_OK
                     : fail_at(in, lexer, FIRN_ERR_ARG, "expected one argument for each parameter");
}

/* The call whose parenthesis is next. */
static firn_status put_call(inliner *in, firn_lexer *lexer, const inline_function *f,
                            const inline_function *within, const firn_str *outer, firn_buf *out)
{
    firn_str *values = firn_arena_array(in->arena, f->n + 1, sizeof *values);
    if (!values) return firn_fail_nomem(in->err);
    (void)accept_symbol(lexer, "(");
    FIRN_TRY(take_arguments(in, lexer, f, within, outer, values));
    if (f->is_null_on_null && f->n > 0) {
        firn_buf_cstr(out, "CASE WHEN ");
        for (size_t i = 0; i < f->n; i++)
            firn_buf_printf(out, "%s%.*s IS NOT NULL", i > 0 ? " AND " : "",
                            FIRN_STR_ARG(values[i]));
        firn_buf_cstr(out, " THEN ");
    }
    firn_buf_cstr(out, "CAST((");
    const size_t n = in->n;
    in->n = 0; /* the body is whole */
    FIRN_TRY(expand(in, f->body, f, values, out));
    in->n = n;
    firn_buf_printf(out, ") AS %.*s)", FIRN_STR_ARG(f->type));
    if (f->is_null_on_null && f->n > 0) firn_buf_cstr(out, " END");
    return firn_buf_check(out, in->err);
}

/* SIZE_MAX: none. */
static size_t find_parameter(const inline_function *f, firn_str name)
{
    for (size_t i = 0; f && i < f->n; i++)
        if (firn_str_equals_nocase(f->parameters[i].name, name)) return i;
    return SIZE_MAX;
}

static firn_status expand_tokens(inliner *in, firn_str sql, const inline_function *within,
                                 const firn_str *arguments, firn_buf *out)
{
    firn_lexer lexer = lexer_at(in, sql, 0);
    size_t copied = 0;
    bool is_member = false; /* behind a point */
    for (;;) {
        const firn_token token = firn_lexer_next(&lexer);
        const firn_token next = firn_lexer_peek(&lexer);
        if (token.kind == FIRN_TOKEN_END || token.kind == FIRN_TOKEN_BAD) break;
        const bool is_name = token.kind == FIRN_TOKEN_WORD && !is_member;
        const bool is_call = firn_token_is_symbol(&next, "(");
        const inline_function *f = is_name && is_call ? find_function(in, token.text) : NULL;
        const bool is_plain = is_name && !is_call && !firn_token_is_symbol(&next, ".");
        const size_t which = is_plain ? find_parameter(within, token.text) : SIZE_MAX;
        is_member = firn_token_is_symbol(&token, ".");
        if (!f && which == SIZE_MAX) continue;
        firn_buf_str(out, firn_str_slice(sql, copied, token.offset));
        if (f)
            FIRN_TRY(put_call(in, &lexer, f, within, arguments, out));
        else
            firn_buf_str(out, arguments[which]);
        FIRN_TRY(firn_buf_check(out, in->err));
        copied = lexer.at;
    }
    firn_buf_str(out, firn_str_slice(sql, copied, sql.len));
    return firn_buf_check(out, in->err);
}

static firn_status expand(inliner *in, firn_str sql, const inline_function *within,
                          const firn_str *arguments, firn_buf *out)
{
    if (in->depth == FIRN_LIMIT_NESTING)
        return firn_fail(in->err, FIRN_ERR_LIMIT, "calls nested deeper than %d",
                         FIRN_LIMIT_NESTING);
    in->depth++;
    FIRN_TRY(expand_tokens(in, sql, within, arguments, out));
    in->depth--;
    return FIRN_OK;
}

/* ---- declarations ---- */

static firn_status take_parameters(inliner *in, firn_lexer *lexer, inline_function *f)
{
    static const char *const k_none[] = {NULL};
    if (!accept_symbol(lexer, "(")) return fail_at(in, lexer, FIRN_ERR_ARG, "expected \"(\"");
    while (!accept_symbol(lexer, ")")) {
        parameter *p = firn_arena_push(in->arena, &f->parameters, &f->n, &f->cap, sizeof *p);
        if (!p) return firn_fail_nomem(in->err);
        const firn_token name = firn_lexer_next(lexer);
        p->name = name.text;
        p->type = take_until(lexer, k_none, ",)");
        if (name.kind != FIRN_TOKEN_WORD || p->type.len == 0)
            return fail_at(in, lexer, FIRN_ERR_ARG, "expected a parameter and its type");
        if (f->n > MAX_PARAMETERS)
            return firn_fail(in->err, FIRN_ERR_LIMIT, "more than %d parameters", MAX_PARAMETERS);
        (void)accept_symbol(lexer, ",");
    }
    return FIRN_OK;
}

/* What says how the function behaves, up to RETURN. */
static firn_status take_characteristics(inliner *in, firn_lexer *lexer, inline_function *f)
{
    for (;;) {
        const firn_token token = firn_lexer_next(lexer);
        if (firn_token_is(&token, "RETURN")) return FIRN_OK;
        if (firn_token_is(&token, "BEGIN") || token.kind == FIRN_TOKEN_END)
            return fail_at(in, lexer, FIRN_ERR_UNSUPPORTED,
                           "not supported: a function that is not one RETURN");
        if (firn_token_is(&token, "RETURNS")) f->is_null_on_null = true;
        if (firn_token_is(&token, "COMMENT") || firn_token_is(&token, "LANGUAGE") ||
            firn_token_is(&token, "SECURITY"))
            (void)firn_lexer_next(lexer);
    }
}

/* "f(x integer) RETURNS integer RETURN x * 2" behind FUNCTION. */
static firn_status take_function(inliner *in, firn_lexer *lexer)
{
    static const char *const k_ends[] = {"RETURN",        "BEGIN", "RETURNS",  "CALLED",
                                         "DETERMINISTIC", "NOT",   "LANGUAGE", "SECURITY",
                                         "COMMENT",       NULL};
    static const char *const k_queries[] = {"SELECT", "WITH", "VALUES", "TABLE", NULL};
    inline_function f = {0};
    const firn_token name = firn_lexer_next(lexer);
    f.name = name.text;
    if (name.kind != FIRN_TOKEN_WORD)
        return fail_at(in, lexer, FIRN_ERR_ARG, "expected the name of a function");
    FIRN_TRY(take_parameters(in, lexer, &f));
    if (!accept(lexer, "RETURNS")) return fail_at(in, lexer, FIRN_ERR_ARG, "expected RETURNS");
    f.type = take_until(lexer, k_ends, ",");
    FIRN_TRY(take_characteristics(in, lexer, &f));
    f.body = take_until(lexer, k_queries, ",");
    if (f.type.len == 0 || f.body.len == 0)
        return fail_at(in, lexer, FIRN_ERR_ARG, "expected what the function returns");
    firn_buf whole;
    firn_buf_init(&whole, NULL, FIRN_LIMIT_SQL_TEXT);
    firn_status st = expand(in, f.body, NULL, NULL, &whole);
    f.body = firn_arena_copy(in->arena, firn_buf_view(&whole));
    firn_buf_dispose(&whole);
    FIRN_TRY(st);
    inline_function *slot =
        firn_arena_push(in->arena, &in->functions, &in->n, &in->cap, sizeof *slot);
    if (!f.body.data || !slot) return firn_fail_nomem(in->err);
    if (in->n > MAX_FUNCTIONS)
        return firn_fail(in->err, FIRN_ERR_LIMIT, "more than %d functions", MAX_FUNCTIONS);
    *slot = f;
    return FIRN_OK;
}

firn_status firn_inline_functions(firn_str sql, firn_dialect dialect, firn_arena *arena,
                                  firn_str *out, bool *is_changed, firn_error *err)
{
    inliner in = {.dialect = dialect, .arena = arena, .err = err};
    firn_lexer lexer = lexer_at(&in, sql, 0);
    *out = sql;
    *is_changed =
        dialect == FIRN_DIALECT_TRINO && accept(&lexer, "WITH") && accept(&lexer, "FUNCTION");
    const firn_token name = firn_lexer_peek(&lexer);
    if (firn_token_is(&name, "AS")) *is_changed = false; /* a query that has the name */
    if (!*is_changed) return FIRN_OK;
    do {
        FIRN_TRY(take_function(&in, &lexer));
    } while (accept_symbol(&lexer, ",") && accept(&lexer, "FUNCTION"));
    firn_buf text;
    firn_buf_init(&text, NULL, FIRN_LIMIT_SQL_TEXT);
    const firn_status st = expand(&in, firn_str_slice(sql, lexer.at, sql.len), NULL, NULL, &text);
    *out = firn_arena_copy(arena, firn_buf_view(&text));
    firn_buf_dispose(&text);
    return st != FIRN_OK || out->data ? st : firn_fail_nomem(err);
}
