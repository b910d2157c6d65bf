/* SPDX-License-Identifier: Apache-2.0 */
/* Reads paths of SQL/JSON. Filters may have filters, as deep as FIRN_LIMIT_NESTING. */
#include <ctype.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/json/json.h"
#include "sql/engine/sql_json_path_ast.h"

#define MAX_PATH_BYTES 8192 /* tests in a row are a tree as deep as they are many */

typedef struct path_reader {
    firn_str text;
    size_t at;
    int depth;
    firn_arena *arena;
    firn_error *err;
} path_reader;

static firn_status fail(path_reader *r, const char *expected)
{
    return firn_fail(r->err, FIRN_ERR_ARG, "JSON path \"%.*s\": expected %s at byte %zu",
                     FIRN_STR_ARG(r->text), expected, r->at);
}

static firn_status refuse(path_reader *r, const char *what)
{
    return firn_fail(r->err, FIRN_ERR_UNSUPPORTED, "not supported: JSON path \"%.*s\" with %s",
                     FIRN_STR_ARG(r->text), what);
}

/* ---- tokens ---- */

static char peek(path_reader *r)
{
    while (r->at < r->text.len && strchr(" \t\r\n", r->text.data[r->at])) r->at++;
    return (char)(r->at < r->text.len ? r->text.data[r->at] : '\0');
}

static bool take(path_reader *r, const char *symbol)
{
    (void)peek(r);
    const firn_str rest = firn_str_slice(r->text, r->at, r->text.len);
    if (!firn_str_starts_with(rest, firn_str_of(symbol))) return false;
    r->at += strlen(symbol);
    return true;
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* A word without quotes; empty: none. */
static firn_str take_word(path_reader *r)
{
    (void)peek(r);
    const size_t from = r->at;
    while (r->at < r->text.len && is_name_byte(r->text.data[r->at])) r->at++;
    return firn_str_slice(r->text, from, r->at);
}

static bool take_keyword(path_reader *r, const char *word)
{
    (void)peek(r);
    const size_t from = r->at;
    if (firn_str_equals(take_word(r), firn_str_of(word))) return true;
    r->at = from;
    return false;
}

/* "text" with two quotes for one. */
static firn_status take_string(path_reader *r, firn_str *out)
{
    char *text = firn_arena_alloc(r->arena, r->text.len + 1);
    size_t n = 0;
    if (!text) return firn_fail_nomem(r->err);
    for (r->at++; r->at < r->text.len; r->at++) {
        const bool is_quote = r->text.data[r->at] == '"';
        if (is_quote && (r->at + 1 == r->text.len || r->text.data[r->at + 1] != '"')) break;
        text[n++] = r->text.data[r->at];
        r->at += is_quote;
    }
    if (!take(r, "\"")) return fail(r, "a quote");
    *out = (firn_str){text, n};
    return FIRN_OK;
}

static bool take_number(path_reader *r, firn_str *out)
{
    double value = 0;
    (void)peek(r);
    const size_t from = r->at;
    if (r->at < r->text.len && strchr("+-", r->text.data[r->at])) r->at++;
    while (r->at < r->text.len) {
        const char c = r->text.data[r->at];
        const bool is_sign = strchr("+-", c) && strchr("eE", r->text.data[r->at - 1]);
        if (!isdigit((unsigned char)c) && c != '.' && c != 'e' && c != 'E' && !is_sign) break;
        r->at++;
    }
    *out = firn_str_slice(r->text, from, r->at);
    if (firn_str_to_f64(*out, &value)) return true;
    r->at = from;
    return false;
}

/* ---- steps ---- */

static firn_status parse_test(path_reader *r, path_test **out);

/* "3", "last", "last - 2" */
static firn_status parse_place(path_reader *r, int64_t *out, bool *is_last)
{
    *out = 0;
    *is_last = take_keyword(r, "last");
    if (*is_last && !take(r, "-")) return FIRN_OK;
    if (!firn_str_to_i64(take_word(r), out) || *out < 0) return fail(r, "an index");
    return FIRN_OK;
}

static firn_status parse_subscript(path_reader *r, path_step *out)
{
    out->kind = STEP_ANY_ITEM;
    if (take(r, "*")) return take(r, "]") ? FIRN_OK : fail(r, "\"]\"");
    out->kind = STEP_ITEMS;
    do {
        path_range *range = firn_arena_push(r->arena, &out->ranges, &out->n_ranges,
                                            &out->cap_ranges, sizeof *range);
        if (!range) return firn_fail_nomem(r->err);
        FIRN_TRY(parse_place(r, &range->from, &range->is_from_last));
        range->to = range->from;
        range->is_to_last = range->is_from_last;
        if (take_keyword(r, "to")) FIRN_TRY(parse_place(r, &range->to, &range->is_to_last));
    } while (take(r, ","));
    return take(r, "]") ? FIRN_OK : fail(r, "\"]\"");
}

static firn_status parse_filter(path_reader *r, path_step *out)
{
    out->kind = STEP_FILTER;
    if (!take(r, "(")) return fail(r, "\"(\"");
    FIRN_TRY(parse_test(r, &out->test));
    return take(r, ")") ? FIRN_OK : fail(r, "\")\"");
}

/* ".name", ".*" or ".size()", behind the point */
static firn_status parse_member(path_reader *r, path_step *out)
{
    static const struct {
        const char *name;
        path_step_kind kind;
    } k_methods[] = {{"size", STEP_SIZE},       {"type", STEP_TYPE},   {"double", STEP_DOUBLE},
                     {"ceiling", STEP_CEILING}, {"floor", STEP_FLOOR}, {"abs", STEP_ABS}};
    out->kind = STEP_ANY_MEMBER;
    if (take(r, "*")) return FIRN_OK;
    out->kind = STEP_MEMBER;
    if (peek(r) == '"') return take_string(r, &out->name);
    out->name = take_word(r);
    if (out->name.len == 0) return fail(r, "the name of a member");
    if (!take(r, "(")) return FIRN_OK;
    if (!take(r, ")")) return refuse(r, "such a method");
    for (size_t i = 0; i < sizeof k_methods / sizeof *k_methods; i++) {
        if (!firn_str_equals(out->name, firn_str_of(k_methods[i].name))) continue;
        out->kind = k_methods[i].kind;
        return FIRN_OK;
    }
    return refuse(r, "such a method");
}

static firn_status parse_steps(path_reader *r, path_operand *out)
{
    for (;;) {
        const bool is_member = take(r, ".");
        const bool is_subscript = !is_member && take(r, "[");
        const bool is_filter = !is_member && !is_subscript && take(r, "?");
        if (!is_member && !is_subscript && !is_filter) return FIRN_OK;
        path_step *step =
            firn_arena_push(r->arena, &out->steps, &out->n_steps, &out->cap_steps, sizeof *step);
        if (!step) return firn_fail_nomem(r->err);
        *step = (path_step){0};
        FIRN_TRY(is_member      ? parse_member(r, step)
                 : is_subscript ? parse_subscript(r, step)
                                : parse_filter(r, step));
    }
}

/* ---- filters ---- */

static firn_status parse_literal(path_reader *r, path_operand *out)
{
    static const char *const k_words[] = {"true", "false", "null"};
    firn_str text;
    out->is_literal = true;
    if (peek(r) == '"') {
        firn_buf buf;
        FIRN_TRY(take_string(r, &text));
        firn_buf_init(&buf, NULL, 8 * text.len + 16);
        firn_json_quote(&buf, text);
        out->literal = firn_arena_copy(r->arena, firn_buf_view(&buf));
        firn_buf_dispose(&buf);
        return out->literal.data ? FIRN_OK : firn_fail_nomem(r->err);
    }
    for (size_t i = 0; i < sizeof k_words / sizeof *k_words; i++) {
        if (!take_keyword(r, k_words[i])) continue;
        out->literal = firn_str_of(k_words[i]);
        return FIRN_OK;
    }
    return take_number(r, &out->literal) ? FIRN_OK : fail(r, "a path or a literal");
}

static firn_status parse_operand(path_reader *r, path_operand *out)
{
    *out = (path_operand){0};
    out->is_current = take(r, "@");
    if (!out->is_current && !take(r, "$")) return parse_literal(r, out);
    return parse_steps(r, out);
}

static firn_status parse_comparison(path_reader *r, path_test *out)
{
    static const struct {
        const char *symbol;
        path_test_kind kind;
    } k_symbols[] = {{"==", TEST_EQUAL},   {"<>", TEST_UNEQUAL},  {"!=", TEST_UNEQUAL},
                     {"<=", TEST_AT_MOST}, {">=", TEST_AT_LEAST}, {"<", TEST_LESS},
                     {">", TEST_GREATER}};
    FIRN_TRY(parse_operand(r, &out->a));
    for (size_t i = 0; i < sizeof k_symbols / sizeof *k_symbols; i++) {
        if (!take(r, k_symbols[i].symbol)) continue;
        out->kind = k_symbols[i].kind;
        return parse_operand(r, &out->b);
    }
    if (take_keyword(r, "like_regex")) return refuse(r, "like_regex");
    if (!take_keyword(r, "starts")) return fail(r, "a comparison");
    out->kind = TEST_STARTS;
    return take_keyword(r, "with") ? parse_operand(r, &out->b) : fail(r, "\"with\"");
}

/* "(test)", "(test) is unknown"; a comparison may begin with no parenthesis. */
static firn_status parse_simple(path_reader *r, path_test **out)
{
    path_test *test = firn_arena_alloc_zero(r->arena, sizeof *test);
    if (!test) return firn_fail_nomem(r->err);
    *out = test;
    if (take(r, "!")) {
        test->kind = TEST_NOT;
        if (!take(r, "(")) return fail(r, "\"(\"");
        FIRN_TRY(parse_test(r, &test->left));
        return take(r, ")") ? FIRN_OK : fail(r, "\")\"");
    }
    if (take_keyword(r, "exists")) {
        test->kind = TEST_EXISTS;
        if (!take(r, "(")) return fail(r, "\"(\"");
        FIRN_TRY(parse_operand(r, &test->a));
        return take(r, ")") ? FIRN_OK : fail(r, "\")\"");
    }
    if (!take(r, "(")) return parse_comparison(r, test);
    FIRN_TRY(parse_test(r, out));
    if (!take(r, ")")) return fail(r, "\")\"");
    if (!take_keyword(r, "is")) return FIRN_OK;
    test->kind = TEST_UNKNOWN;
    test->left = *out;
    *out = test;
    return take_keyword(r, "unknown") ? FIRN_OK : fail(r, "\"unknown\"");
}

/* Tests of one operator in a row. */
static firn_status parse_row(path_reader *r, bool is_or, path_test **out)
{
    FIRN_TRY(is_or ? parse_row(r, false, out) : parse_simple(r, out));
    while (take(r, is_or ? "||" : "&&")) {
        path_test *test = firn_arena_alloc_zero(r->arena, sizeof *test);
        if (!test) return firn_fail_nomem(r->err);
        test->kind = is_or ? TEST_OR : TEST_AND;
        test->left = *out;
        FIRN_TRY(is_or ? parse_row(r, false, &test->right) : parse_simple(r, &test->right));
        *out = test;
    }
    return FIRN_OK;
}

static firn_status parse_test(path_reader *r, path_test **out)
{
    if (r->depth == FIRN_LIMIT_NESTING)
        return firn_fail(r->err, FIRN_ERR_LIMIT, "JSON path nested deeper than %d",
                         FIRN_LIMIT_NESTING);
    r->depth++;
    FIRN_TRY(parse_row(r, true, out));
    r->depth--;
    return FIRN_OK;
}

firn_status firn_json_path_parse(firn_str text, firn_arena *arena, const firn_json_path **out,
                                 firn_error *err)
{
    path_reader r = {.text = text, .arena = arena, .err = err};
    firn_json_path *path = firn_arena_alloc_zero(arena, sizeof *path);
    if (!path) return firn_fail_nomem(err);
    if (text.len > MAX_PATH_BYTES)
        return firn_fail(err, FIRN_ERR_LIMIT, "a JSON path of %zu bytes, limit %d", text.len,
                         MAX_PATH_BYTES);
    path->is_strict = take_keyword(&r, "strict");
    if (!path->is_strict) (void)take_keyword(&r, "lax");
    if (peek(&r) != '$') return fail(&r, "\"$\"");
    FIRN_TRY(parse_operand(&r, &path->root));
    if (peek(&r) != '\0') return fail(&r, "its end");
    *out = path;
    return FIRN_OK;
}
