/* SPDX-License-Identifier: Apache-2.0 */
#include "filter_parser.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "firn_test.h"

typedef struct parser {
    firn_arena *arena;
    const char *text;
    const char *at;
} parser;

static void expect(const parser *p, bool is_ok, const char *what)
{
    if (!is_ok) fail_msg("filter \"%s\": %s expected at \"%s\"", p->text, what, p->at);
}

static void skip_space(parser *p)
{
    while (*p->at == ' ') p->at++;
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static bool take_word(parser *p, const char *word)
{
    const size_t n = strlen(word);
    skip_space(p);
    if (!firn_str_equals_nocase((firn_str){p->at, strnlen(p->at, n)}, firn_str_of(word)))
        return false;
    if (is_word_char(p->at[n])) return false;
    p->at += n;
    return true;
}

static bool take_sign(parser *p, const char *sign)
{
    const size_t n = strlen(sign);
    skip_space(p);
    if (strncmp(p->at, sign, n) != 0) return false;
    p->at += n;
    return true;
}

static firn_str take_quoted(parser *p)
{
    expect(p, take_sign(p, "'"), "text");
    char *out = firn_arena_alloc(p->arena, strlen(p->at) + 1);
    size_t n = 0;
    assert_non_null(out);
    for (; *p->at; p->at++) {
        if (*p->at == '\'' && p->at[1] != '\'') break;
        if (*p->at == '\'') p->at++;
        out[n++] = *p->at;
    }
    expect(p, *p->at == '\'', "end of text");
    p->at++;
    return (firn_str){out, n};
}

static firn_value parse_number(parser *p)
{
    const char *from = p->at;
    bool has_point = false;
    bool has_exponent = false;
    while (isalnum((unsigned char)*p->at) || strchr("+-.", *p->at)) {
        if (!*p->at) break;
        if (*p->at == '.') has_point = true;
        if (*p->at == 'e') has_exponent = true;
        p->at++;
    }
    const firn_str text = {from, (size_t)(p->at - from)};
    firn_value v = {.kind = FIRN_TYPE_LONG};
    if (has_exponent) {
        v.kind = FIRN_TYPE_DOUBLE;
        expect(p, firn_str_to_f64(text, &v.as.f64), "number");
    } else if (!has_point) {
        expect(p, firn_str_to_i64(text, &v.as.i64), "number");
    } else {
        firn_int128 unscaled = 0;
        v.kind = FIRN_TYPE_DECIMAL;
        for (size_t i = text.data[0] == '-' ? 1 : 0; i < text.len; i++) {
            if (text.data[i] == '.') v.scale = (int32_t)(text.len - i - 1);
            if (text.data[i] != '.') unscaled = unscaled * 10 + (text.data[i] - '0');
        }
        v.precision = 38;
        v.as.decimal = text.data[0] == '-' ? -unscaled : unscaled;
    }
    return v;
}

static firn_value parse_literal(parser *p)
{
    firn_value v = {.kind = FIRN_TYPE_STRING};
    skip_space(p);
    if (*p->at == '\'') {
        v.as.bytes = take_quoted(p);
    } else if (take_word(p, "null")) {
        v.is_null = true;
    } else if (take_word(p, "true") || take_word(p, "false")) {
        v.kind = FIRN_TYPE_BOOLEAN;
        v.as.boolean = p->at[-2] == 'u';
    } else if (take_word(p, "nan")) {
        v.kind = FIRN_TYPE_DOUBLE;
        v.as.f64 = (double)NAN;
    } else if (take_word(p, "date")) {
        v.kind = FIRN_TYPE_DATE;
        expect(p, firn_parse_date(take_quoted(p), &v.as.i32), "date");
    } else if (take_word(p, "timestamp")) {
        bool has_zone = false;
        expect(p, firn_parse_timestamp_us(take_quoted(p), &v.as.i64, &has_zone), "timestamp");
        v.kind = has_zone ? FIRN_TYPE_TIMESTAMPTZ : FIRN_TYPE_TIMESTAMP;
    } else {
        expect(p, isdigit((unsigned char)*p->at) || *p->at == '-', "literal");
        v = parse_number(p);
    }
    return v;
}

static const firn_expr *make(parser *p, firn_expr_op op, firn_str column, const firn_value *values,
                             size_t n)
{
    const firn_expr *e = firn_expr_predicate(p->arena, op, column, values, n);
    assert_non_null(e);
    return e;
}

static const firn_expr *parse_list(parser *p, firn_expr_op op, firn_str column)
{
    firn_value values[64];
    size_t n = 0;
    expect(p, take_sign(p, "("), "(");
    while (!take_sign(p, ")")) {
        if (n > 0) expect(p, take_sign(p, ","), ",");
        expect(p, n < 64, "fewer literals");
        values[n++] = parse_literal(p);
    }
    return make(p, op, column, values, n);
}

static const firn_expr *parse_is(parser *p, firn_str column)
{
    const bool is_not = take_word(p, "not");
    if (take_word(p, "nan"))
        return make(p, is_not ? FIRN_EXPR_NOT_NAN : FIRN_EXPR_IS_NAN, column, NULL, 0);
    expect(p, take_word(p, "null"), "null");
    return make(p, is_not ? FIRN_EXPR_NOT_NULL : FIRN_EXPR_IS_NULL, column, NULL, 0);
}

static const firn_expr *parse_prefix(parser *p, firn_str column, bool is_not, bool is_like)
{
    firn_value v = parse_literal(p);
    if (is_like) {
        expect(p, v.as.bytes.len > 0 && v.as.bytes.data[v.as.bytes.len - 1] == '%', "prefix%");
        v.as.bytes.len--;
    }
    return make(p, is_not ? FIRN_EXPR_NOT_STARTS_WITH : FIRN_EXPR_STARTS_WITH, column, &v, 1);
}

static const firn_expr *parse_comparison(parser *p, firn_str column)
{
    static const struct {
        const char *text;
        firn_expr_op op;
    } k_ops[] = {
        {"==", FIRN_EXPR_EQ},     {"=", FIRN_EXPR_EQ},    {"!=", FIRN_EXPR_NOT_EQ},
        {"<>", FIRN_EXPR_NOT_EQ}, {"<=", FIRN_EXPR_LTEQ}, {">=", FIRN_EXPR_GTEQ},
        {"<", FIRN_EXPR_LT},      {">", FIRN_EXPR_GT},
    };
    for (size_t i = 0; i < sizeof k_ops / sizeof k_ops[0]; i++) {
        if (!take_sign(p, k_ops[i].text)) continue;
        const firn_value v = parse_literal(p);
        return make(p, k_ops[i].op, column, &v, 1);
    }
    expect(p, false, "operator");
    return NULL;
}

static const firn_expr *parse_predicate(parser *p)
{
    skip_space(p);
    const char *from = p->at;
    while (is_word_char(*p->at)) p->at++;
    const firn_str column = {from, (size_t)(p->at - from)};
    expect(p, column.len > 0, "column");
    if (take_word(p, "is")) return parse_is(p, column);
    if (take_word(p, "between")) {
        const firn_value low = parse_literal(p);
        expect(p, take_word(p, "and"), "and");
        const firn_value high = parse_literal(p);
        return firn_expr_and(p->arena, make(p, FIRN_EXPR_GTEQ, column, &low, 1),
                             make(p, FIRN_EXPR_LTEQ, column, &high, 1));
    }
    const bool is_not = take_word(p, "not");
    if (take_word(p, "in")) return parse_list(p, is_not ? FIRN_EXPR_NOT_IN : FIRN_EXPR_IN, column);
    if (take_word(p, "like")) return parse_prefix(p, column, is_not, true);
    if (take_word(p, "starts")) {
        expect(p, take_word(p, "with"), "with");
        return parse_prefix(p, column, is_not, false);
    }
    return parse_comparison(p, column);
}

static const firn_expr *parse_or(parser *p);

static const firn_expr *parse_not(parser *p)
{
    if (take_word(p, "not")) return firn_expr_not(p->arena, parse_not(p));
    if (take_word(p, "true")) return firn_expr_true();
    if (take_word(p, "false")) return firn_expr_false();
    if (!take_sign(p, "(")) return parse_predicate(p);
    const firn_expr *e = parse_or(p);
    expect(p, take_sign(p, ")"), ")");
    return e;
}

static const firn_expr *parse_and(parser *p)
{
    const firn_expr *e = parse_not(p);
    while (take_word(p, "and")) e = firn_expr_and(p->arena, e, parse_not(p));
    return e;
}

static const firn_expr *parse_or(parser *p)
{
    const firn_expr *e = parse_and(p);
    while (take_word(p, "or")) e = firn_expr_or(p->arena, e, parse_and(p));
    return e;
}

const firn_expr *firn_test_filter(firn_arena *arena, const char *text)
{
    parser p = {arena, text, text};
    const firn_expr *e = parse_or(&p);
    skip_space(&p);
    expect(&p, *p.at == '\0', "end");
    assert_non_null(e);
    return e;
}
