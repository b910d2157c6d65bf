/* SPDX-License-Identifier: Apache-2.0 */
/* Recursive descent with one token of look-ahead. Chains of AND and OR are loops; only
 * parentheses and NOT nest, to a limit. */
#include "iceberg/expr/expr_parse.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/expr/expr_value.h"
#include "iceberg/expr/filter_token.h"

typedef struct parser {
    firn_str text;
    firn_arena *arena;
    firn_filter_token token; /* the next one */
    int depth;
    firn_error *err;
} parser;

/* ---- tokens ---- */

static firn_status advance(parser *p)
{
    return firn_filter_token_read(p->text, p->token.to, p->arena, &p->token, p->err);
}

static firn_status fail_expected(const parser *p, const char *expected)
{
    return firn_filter_fail(&p->token, expected, p->err);
}

static bool is_word(const parser *p, const char *word)
{
    return firn_filter_token_is_word(&p->token, word);
}

static bool is_sign(const parser *p, const char *sign)
{
    return firn_filter_token_is_sign(&p->token, sign);
}

/* *found: it was there, and is behind us. */
static firn_status take_word(parser *p, const char *word, bool *found)
{
    *found = is_word(p, word);
    return *found ? advance(p) : FIRN_OK;
}

static firn_status take_sign(parser *p, const char *sign, bool *found)
{
    *found = is_sign(p, sign);
    return *found ? advance(p) : FIRN_OK;
}

static firn_status need_word(parser *p, const char *word)
{
    return is_word(p, word) ? advance(p) : fail_expected(p, word);
}

static firn_status need_sign(parser *p, const char *sign)
{
    return is_sign(p, sign) ? advance(p) : fail_expected(p, sign);
}

static firn_status made(const parser *p, const firn_expr *e, const firn_expr **out)
{
    *out = e;
    return e ? FIRN_OK : firn_fail_nomem(p->err);
}

/* ---- literals ---- */

static firn_status convert(const parser *p, const firn_value *from, const firn_type *type,
                           firn_value *out)
{
    firn_fit fit = FIRN_FIT_EXACT;
    char name[64];
    if (from->is_null) {
        *out = *from;
        return FIRN_OK;
    }
    FIRN_TRY(firn_literal_convert(from, type, p->arena, out, &fit, p->err));
    if (fit == FIRN_FIT_EXACT) return FIRN_OK;
    return firn_fail(p->err, FIRN_ERR_ARG,
                     "filter: the literal before byte %zu is not a value of %s", p->token.from,
                     firn_type_name(type, name, sizeof name));
}

/* SQL's names of types that are not Iceberg's. */
static firn_str iceberg_name(firn_str name)
{
    static const struct {
        const char *sql, *iceberg;
    } k_names[] = {
        {"integer", "int"},
        {"smallint", "int"},
        {"tinyint", "int"},
        {"bigint", "long"},
        {"real", "float"},
        {"bool", "boolean"},
        {"varchar", "string"},
        {"text", "string"},
        {"numeric", "decimal"},
        {"blob", "binary"},
        {"timestamp_ntz", "timestamp"},
        {"timestamp_ltz", "timestamptz"},
    };
    for (size_t i = 0; i < sizeof k_names / sizeof k_names[0]; i++)
        if (firn_str_equals_nocase(name, firn_str_of(k_names[i].sql)))
            return firn_str_of(k_names[i].iceberg);
    return name;
}

static char lower_case(char c)
{
    if (c >= 'A' && c <= 'Z') return (char)(c + ('a' - 'A'));
    return c;
}

/* "decimal(9,2)": a word, with what is in parentheses. */
static firn_status parse_type(parser *p, firn_type *out)
{
    const size_t from = p->token.from;
    const firn_str name = iceberg_name(p->token.text);
    char lower[64];
    size_t n = 0;
    if (p->token.kind != FIRN_FILTER_WORD) return fail_expected(p, "a type");
    for (; n < name.len && n < sizeof lower; n++) lower[n] = lower_case(name.data[n]);
    size_t to = p->token.to;
    FIRN_TRY(advance(p));
    if (is_sign(p, "(")) {
        while (p->token.kind != FIRN_FILTER_END && !is_sign(p, ")")) FIRN_TRY(advance(p));
        if (!is_sign(p, ")")) return fail_expected(p, ")");
        for (size_t i = to; i < p->token.to && n < sizeof lower; i++)
            if (p->text.data[i] != ' ') lower[n++] = p->text.data[i];
        to = p->token.to;
        FIRN_TRY(advance(p));
    }
    if (n < sizeof lower && firn_type_parse_primitive((firn_str){lower, n}, out, NULL) == FIRN_OK)
        return FIRN_OK;
    const firn_status st = firn_fail(p->err, FIRN_ERR_ARG, "filter: no type \"%.*s\" (byte %zu)",
                                     (int)(to - from), p->text.data + from, from);
    if (p->err) p->err->position = from;
    return st;
}

static firn_status parse_text(parser *p, firn_value *out)
{
    if (p->token.kind != FIRN_FILTER_TEXT) return fail_expected(p, "'text'");
    *out = (firn_value){.kind = FIRN_TYPE_STRING, .as.bytes = p->token.text};
    return advance(p);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static firn_status parse_hex(parser *p, firn_value *out)
{
    const firn_filter_token token = p->token;
    FIRN_TRY(parse_text(p, out));
    char *bytes = firn_arena_alloc(p->arena, out->as.bytes.len / 2 + 1);
    if (!bytes) return firn_fail_nomem(p->err);
    if (out->as.bytes.len % 2 != 0) return firn_filter_fail(&token, "pairs of hex digits", p->err);
    for (size_t i = 0; i < out->as.bytes.len; i += 2) {
        const int high = hex_digit(out->as.bytes.data[i]);
        const int low = hex_digit(out->as.bytes.data[i + 1]);
        if (high < 0 || low < 0) return firn_filter_fail(&token, "pairs of hex digits", p->err);
        bytes[i / 2] = (char)(high * 16 + low);
    }
    *out = (firn_value){.kind = FIRN_TYPE_BINARY, .as.bytes = {bytes, out->as.bytes.len / 2}};
    return FIRN_OK;
}

/* "10:00 UTC" and "10:00 +02:00" as "10:00Z" and "10:00+02:00"; data NULL: out of memory. */
static firn_str join_zone(const parser *p, firn_str text)
{
    const size_t blank = firn_str_find(text, FIRN_STR(" "), 11);
    if (blank == SIZE_MAX) return text;
    firn_str zone = firn_str_slice(text, blank + 1, text.len);
    if (firn_str_equals_nocase(zone, FIRN_STR("utc"))) zone = FIRN_STR("Z");
    return firn_arena_printf(p->arena, "%.*s%.*s", (int)blank, text.data, FIRN_STR_ARG(zone));
}

/* TIMESTAMP '..' is with a zone when its text has one. */
static firn_status parse_typed_text(parser *p, firn_type_kind kind, firn_value *out)
{
    firn_type type = {.kind = kind};
    firn_value text = {0};
    int64_t us = 0;
    bool has_zone = false;
    FIRN_TRY(parse_text(p, &text));
    text.as.bytes = join_zone(p, text.as.bytes);
    if (!text.as.bytes.data) return firn_fail_nomem(p->err);
    if (kind == FIRN_TYPE_TIMESTAMP && firn_parse_timestamp_us(text.as.bytes, &us, &has_zone) &&
        has_zone)
        type.kind = FIRN_TYPE_TIMESTAMPTZ;
    return convert(p, &text, &type, out);
}

static firn_status parse_number(parser *p, firn_value *out)
{
    const bool is_negative = is_sign(p, "-");
    if (is_negative || is_sign(p, "+")) FIRN_TRY(advance(p));
    if (p->token.kind != FIRN_FILTER_NUMBER || !firn_filter_number(p->token.text, is_negative, out))
        return fail_expected(p, "a number");
    return advance(p);
}

static firn_status parse_literal(parser *p, firn_value *out);

static firn_status parse_cast(parser *p, firn_value *out)
{
    firn_value from;
    firn_type type;
    if (p->depth++ >= FIRN_LIMIT_NESTING)
        return firn_fail(p->err, FIRN_ERR_LIMIT, "filter nested deeper than %d",
                         FIRN_LIMIT_NESTING);
    FIRN_TRY(need_sign(p, "("));
    FIRN_TRY(parse_literal(p, &from));
    FIRN_TRY(need_word(p, "as"));
    FIRN_TRY(parse_type(p, &type));
    FIRN_TRY(need_sign(p, ")"));
    p->depth--;
    return convert(p, &from, &type, out);
}

/* The word before the look-ahead token was found to begin a literal. */
typedef firn_status (*literal_fn)(parser *p, firn_value *out);

static firn_status parse_date(parser *p, firn_value *out)
{
    return parse_typed_text(p, FIRN_TYPE_DATE, out);
}

static firn_status parse_time(parser *p, firn_value *out)
{
    return parse_typed_text(p, FIRN_TYPE_TIME, out);
}

static firn_status parse_timestamp(parser *p, firn_value *out)
{
    return parse_typed_text(p, FIRN_TYPE_TIMESTAMP, out);
}

static firn_status parse_timestamptz(parser *p, firn_value *out)
{
    return parse_typed_text(p, FIRN_TYPE_TIMESTAMPTZ, out);
}

/* Words that begin a literal when this kind of token follows; END: always. */
static const struct literal_word {
    const char *word;
    firn_filter_token_kind next;
    literal_fn parse; /* NULL: constant */
    firn_value constant;
} k_literal_words[] = {
    {"date", FIRN_FILTER_TEXT, parse_date, {0}},
    {"time", FIRN_FILTER_TEXT, parse_time, {0}},
    {"timestamp", FIRN_FILTER_TEXT, parse_timestamp, {0}},
    {"timestamptz", FIRN_FILTER_TEXT, parse_timestamptz, {0}},
    {"x", FIRN_FILTER_TEXT, parse_hex, {0}},
    {"cast", FIRN_FILTER_SIGN, parse_cast, {0}},
    {"null", FIRN_FILTER_END, NULL, {.kind = FIRN_TYPE_STRING, .is_null = true}},
    {"true", FIRN_FILTER_END, NULL, {.kind = FIRN_TYPE_BOOLEAN, .as.boolean = true}},
    {"false", FIRN_FILTER_END, NULL, {.kind = FIRN_TYPE_BOOLEAN, .as.boolean = false}},
    {"nan", FIRN_FILTER_END, NULL, {.kind = FIRN_TYPE_DOUBLE, .as.f64 = (double)NAN}},
};

/* NULL if the look-ahead token begins none. */
static firn_status find_literal_word(const parser *p, const struct literal_word **out)
{
    firn_filter_token next;
    *out = NULL;
    for (size_t i = 0; i < sizeof k_literal_words / sizeof k_literal_words[0]; i++) {
        if (!is_word(p, k_literal_words[i].word)) continue;
        FIRN_TRY(firn_filter_token_read(p->text, p->token.to, p->arena, &next, p->err));
        if (k_literal_words[i].next == FIRN_FILTER_END || k_literal_words[i].next == next.kind)
            *out = &k_literal_words[i];
    }
    return FIRN_OK;
}

static firn_status parse_plain_literal(parser *p, firn_value *out)
{
    const struct literal_word *word = NULL;
    if (p->token.kind == FIRN_FILTER_TEXT) return parse_text(p, out);
    if (p->token.kind == FIRN_FILTER_NUMBER || is_sign(p, "-") || is_sign(p, "+"))
        return parse_number(p, out);
    FIRN_TRY(find_literal_word(p, &word));
    if (!word) return fail_expected(p, "a literal");
    FIRN_TRY(advance(p));
    if (word->parse) return word->parse(p, out);
    *out = word->constant;
    return FIRN_OK;
}

static firn_status parse_literal(parser *p, firn_value *out)
{
    FIRN_TRY(parse_plain_literal(p, out));
    while (is_sign(p, "::")) {
        const firn_value from = *out;
        firn_type type;
        FIRN_TRY(advance(p));
        FIRN_TRY(parse_type(p, &type));
        FIRN_TRY(convert(p, &from, &type, out));
    }
    return FIRN_OK;
}

static firn_status starts_literal(const parser *p, bool *out)
{
    const struct literal_word *word = NULL;
    *out = p->token.kind == FIRN_FILTER_TEXT || p->token.kind == FIRN_FILTER_NUMBER ||
           is_sign(p, "-") || is_sign(p, "+");
    if (*out) return FIRN_OK;
    FIRN_TRY(find_literal_word(p, &word));
    *out = word != NULL;
    return FIRN_OK;
}

/* ---- predicates ---- */

static firn_status parse_column(parser *p, firn_str *out)
{
    *out = (firn_str){NULL, 0};
    for (;;) {
        if (p->token.kind != FIRN_FILTER_WORD && p->token.kind != FIRN_FILTER_NAME)
            return fail_expected(p, "a column");
        *out = out->data ? firn_arena_printf(p->arena, "%.*s.%.*s", FIRN_STR_ARG(*out),
                                             FIRN_STR_ARG(p->token.text))
                         : p->token.text;
        if (!out->data) return firn_fail_nomem(p->err);
        FIRN_TRY(advance(p));
        if (!is_sign(p, ".")) return FIRN_OK;
        FIRN_TRY(advance(p));
    }
}

static firn_status make(const parser *p, firn_expr_op op, firn_str column, const firn_value *values,
                        size_t n, const firn_expr **out)
{
    return made(p, firn_expr_predicate(p->arena, op, column, values, n), out);
}

/* A predicate, or the other one after NOT. */
typedef struct op_pair {
    firn_expr_op plain, negated;
} op_pair;

static const struct {
    const char *sign;
    firn_expr_op op, flipped; /* flipped: literal first */
} k_comparisons[] = {
    {"=", FIRN_EXPR_EQ, FIRN_EXPR_EQ},          {"==", FIRN_EXPR_EQ, FIRN_EXPR_EQ},
    {"!=", FIRN_EXPR_NOT_EQ, FIRN_EXPR_NOT_EQ}, {"<>", FIRN_EXPR_NOT_EQ, FIRN_EXPR_NOT_EQ},
    {"<", FIRN_EXPR_LT, FIRN_EXPR_GT},          {"<=", FIRN_EXPR_LTEQ, FIRN_EXPR_GTEQ},
    {">", FIRN_EXPR_GT, FIRN_EXPR_LT},          {">=", FIRN_EXPR_GTEQ, FIRN_EXPR_LTEQ},
};

static firn_status parse_operator(parser *p, bool is_flipped, firn_expr_op *out)
{
    for (size_t i = 0; i < sizeof k_comparisons / sizeof k_comparisons[0]; i++) {
        if (!is_sign(p, k_comparisons[i].sign)) continue;
        *out = is_flipped ? k_comparisons[i].flipped : k_comparisons[i].op;
        return advance(p);
    }
    return fail_expected(p, "an operator");
}

static firn_status parse_list(parser *p, firn_str column, bool is_not, const firn_expr **out)
{
    firn_value *values = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool has_more = true;
    FIRN_TRY(need_sign(p, "("));
    while (has_more) {
        firn_value *slot = firn_arena_push(p->arena, &values, &n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(p->err);
        FIRN_TRY(parse_literal(p, slot));
        FIRN_TRY(take_sign(p, ",", &has_more));
    }
    FIRN_TRY(need_sign(p, ")"));
    return make(p, is_not ? FIRN_EXPR_NOT_IN : FIRN_EXPR_IN, column, values, n, out);
}

static firn_status parse_between(parser *p, firn_str column, bool is_not, const firn_expr **out)
{
    const firn_expr *low = NULL;
    const firn_expr *high = NULL;
    firn_value v = {0};
    FIRN_TRY(parse_literal(p, &v));
    FIRN_TRY(make(p, is_not ? FIRN_EXPR_LT : FIRN_EXPR_GTEQ, column, &v, 1, &low));
    FIRN_TRY(need_word(p, "and"));
    FIRN_TRY(parse_literal(p, &v));
    FIRN_TRY(make(p, is_not ? FIRN_EXPR_GT : FIRN_EXPR_LTEQ, column, &v, 1, &high));
    return made(p, is_not ? firn_expr_or(p->arena, low, high) : firn_expr_and(p->arena, low, high),
                out);
}

/* Patterns that are a text, or the beginning of one. */
static firn_status parse_like(parser *p, firn_str column, bool is_not, const firn_expr **out)
{
    op_pair ops = {FIRN_EXPR_EQ, FIRN_EXPR_NOT_EQ};
    const firn_filter_token token = p->token;
    firn_value v = {0};
    FIRN_TRY(parse_text(p, &v));
    firn_str *text = &v.as.bytes;
    if (text->len > 0 && text->data[text->len - 1] == '%') {
        ops = (op_pair){FIRN_EXPR_STARTS_WITH, FIRN_EXPR_NOT_STARTS_WITH};
        text->len--;
    }
    for (size_t i = 0; i < text->len; i++) {
        if (!strchr("%_\\", text->data[i])) continue;
        const firn_status st =
            firn_fail(p->err, FIRN_ERR_UNSUPPORTED,
                      "filter: not supported: LIKE '%.*s', only patterns with one %% at their end",
                      (int)(token.text.len > 64 ? 64 : token.text.len), token.text.data);
        if (p->err) p->err->position = token.from;
        return st;
    }
    return make(p, is_not ? ops.negated : ops.plain, column, &v, 1, out);
}

static firn_status parse_is(parser *p, firn_str column, const firn_expr **out)
{
    bool is_not = false;
    bool is_nan = false;
    FIRN_TRY(take_word(p, "not", &is_not));
    FIRN_TRY(take_word(p, "nan", &is_nan));
    if (is_nan) return make(p, is_not ? FIRN_EXPR_NOT_NAN : FIRN_EXPR_IS_NAN, column, NULL, 0, out);
    FIRN_TRY(need_word(p, "null"));
    return make(p, is_not ? FIRN_EXPR_NOT_NULL : FIRN_EXPR_IS_NULL, column, NULL, 0, out);
}

static firn_status parse_starts(parser *p, firn_str column, bool is_not, const firn_expr **out)
{
    firn_value v = {0};
    FIRN_TRY(need_word(p, "with"));
    FIRN_TRY(parse_text(p, &v));
    return make(p, is_not ? FIRN_EXPR_NOT_STARTS_WITH : FIRN_EXPR_STARTS_WITH, column, &v, 1, out);
}

/* A column that stands alone is a condition itself. */
static bool ends_condition(const parser *p)
{
    return p->token.kind == FIRN_FILTER_END || is_sign(p, ")") || is_word(p, "and") ||
           is_word(p, "or");
}

/* What follows a column. */
static firn_status parse_test(parser *p, firn_str column, const firn_expr **out)
{
    static const struct {
        const char *word;
        firn_status (*parse)(parser *p, firn_str column, bool is_not, const firn_expr **out);
    } k_tests[] = {{"in", parse_list},
                   {"between", parse_between},
                   {"like", parse_like},
                   {"starts", parse_starts}};
    bool found = false;
    bool is_not = false;
    firn_expr_op op = FIRN_EXPR_EQ;
    firn_value v = {.kind = FIRN_TYPE_BOOLEAN, .as.boolean = true};
    if (ends_condition(p)) return make(p, FIRN_EXPR_EQ, column, &v, 1, out);
    FIRN_TRY(take_word(p, "is", &found));
    if (found) return parse_is(p, column, out);
    FIRN_TRY(take_word(p, "not", &is_not));
    for (size_t i = 0; i < sizeof k_tests / sizeof k_tests[0]; i++) {
        FIRN_TRY(take_word(p, k_tests[i].word, &found));
        if (found) return k_tests[i].parse(p, column, is_not, out);
    }
    if (is_not) return fail_expected(p, "IN, BETWEEN, LIKE or STARTS WITH");
    FIRN_TRY(parse_operator(p, false, &op));
    FIRN_TRY(parse_literal(p, &v));
    return make(p, op, column, &v, 1, out);
}

/* A literal before its column; alone it is TRUE or FALSE. */
static firn_status parse_from_literal(parser *p, const firn_expr **out)
{
    const firn_filter_token token = p->token;
    firn_expr_op op = FIRN_EXPR_EQ;
    firn_str column;
    firn_value v = {0};
    FIRN_TRY(parse_literal(p, &v));
    for (size_t i = 0; i < sizeof k_comparisons / sizeof k_comparisons[0]; i++) {
        if (!is_sign(p, k_comparisons[i].sign)) continue;
        FIRN_TRY(parse_operator(p, true, &op));
        FIRN_TRY(parse_column(p, &column));
        return make(p, op, column, &v, 1, out);
    }
    if (v.is_null || v.kind != FIRN_TYPE_BOOLEAN)
        return firn_filter_fail(&token, "a condition", p->err);
    *out = v.as.boolean ? firn_expr_true() : firn_expr_false();
    return FIRN_OK;
}

/* "date(column)" or "CAST(column AS DATE)" at p; else p stays. */
static firn_status take_day_of(parser *p, firn_str *column, bool *found)
{
    const parser before = *p;
    bool is_literal = false;
    const bool is_cast = is_word(p, "cast");
    *found = is_cast || is_word(p, "date");
    if (*found) FIRN_TRY(advance(p));
    if (*found) FIRN_TRY(take_sign(p, "(", found));
    if (*found) FIRN_TRY(starts_literal(p, &is_literal));
    if (!*found || is_literal) {
        *p = before;
        *found = false;
        return FIRN_OK;
    }
    FIRN_TRY(parse_column(p, column));
    if (is_cast) {
        FIRN_TRY(need_word(p, "as"));
        FIRN_TRY(need_word(p, "date"));
    }
    return need_sign(p, ")");
}

/* DATE '..' and the day after it. */
static firn_status parse_days(parser *p, firn_value days[2])
{
    const firn_filter_token token = p->token;
    firn_value v = {0};
    FIRN_TRY(parse_literal(p, &v));
    if (v.is_null || v.kind != FIRN_TYPE_DATE || v.as.i32 == INT32_MAX)
        return firn_filter_fail(&token, "a date", p->err);
    days[0] = days[1] = v;
    days[1].as.i32++;
    return FIRN_OK;
}

/* The column is on days at or after the one, and before the other. */
static firn_status make_span(const parser *p, firn_str column, const firn_value *from,
                             const firn_value *to, const firn_expr **out)
{
    const firn_expr *low = NULL;
    const firn_expr *high = NULL;
    FIRN_TRY(make(p, FIRN_EXPR_GTEQ, column, from, 1, &low));
    FIRN_TRY(make(p, FIRN_EXPR_LT, column, to, 1, &high));
    return made(p, firn_expr_and(p->arena, low, high), out);
}

/* What follows the day of a column: said of the column itself. */
static firn_status parse_day_test(parser *p, firn_str column, const firn_expr **out)
{
    firn_expr_op op = FIRN_EXPR_EQ;
    firn_value days[2];
    bool is_between = false;
    FIRN_TRY(take_word(p, "between", &is_between));
    if (!is_between) FIRN_TRY(parse_operator(p, false, &op));
    FIRN_TRY(parse_days(p, days));
    if (is_between) {
        const firn_value first = days[0];
        FIRN_TRY(need_word(p, "and"));
        FIRN_TRY(parse_days(p, days));
        return make_span(p, column, &first, &days[1], out);
    }
    if (op == FIRN_EXPR_EQ || op == FIRN_EXPR_NOT_EQ) {
        FIRN_TRY(make_span(p, column, &days[0], &days[1], out));
        if (op == FIRN_EXPR_NOT_EQ) return made(p, firn_expr_not(p->arena, *out), out);
        return FIRN_OK;
    }
    const bool is_after = op == FIRN_EXPR_GT || op == FIRN_EXPR_LTEQ; /* of the whole day */
    const bool is_up = op == FIRN_EXPR_GT || op == FIRN_EXPR_GTEQ;
    return make(p, is_up ? FIRN_EXPR_GTEQ : FIRN_EXPR_LT, column, &days[is_after], 1, out);
}

static firn_status parse_predicate(parser *p, const firn_expr **out)
{
    bool is_literal = false;
    bool is_day = false;
    firn_str column;
    FIRN_TRY(take_day_of(p, &column, &is_day));
    if (is_day) return parse_day_test(p, column, out);
    FIRN_TRY(starts_literal(p, &is_literal));
    if (is_literal) return parse_from_literal(p, out);
    FIRN_TRY(parse_column(p, &column));
    return parse_test(p, column, out);
}

/* ---- connectives ---- */

static firn_status parse_or(parser *p, const firn_expr **out);

/* NOT NOT .. ( .. ) or a predicate. */
static firn_status parse_operand(parser *p, const firn_expr **out)
{
    bool is_not = false;
    bool found = true;
    while (found) {
        FIRN_TRY(take_word(p, "not", &found));
        is_not = is_not != found;
    }
    FIRN_TRY(take_sign(p, "(", &found));
    if (found) {
        if (p->depth++ >= FIRN_LIMIT_NESTING)
            return firn_fail(p->err, FIRN_ERR_LIMIT, "filter nested deeper than %d",
                             FIRN_LIMIT_NESTING);
        FIRN_TRY(parse_or(p, out));
        FIRN_TRY(need_sign(p, ")"));
        p->depth--;
    } else {
        FIRN_TRY(parse_predicate(p, out));
    }
    return is_not ? made(p, firn_expr_not(p->arena, *out), out) : FIRN_OK;
}

static firn_status parse_and(parser *p, const firn_expr **out)
{
    const firn_expr *right = NULL;
    bool found = true;
    FIRN_TRY(parse_operand(p, out));
    for (;;) {
        FIRN_TRY(take_word(p, "and", &found));
        if (!found) return FIRN_OK;
        FIRN_TRY(parse_operand(p, &right));
        FIRN_TRY(made(p, firn_expr_and(p->arena, *out, right), out));
    }
}

static firn_status parse_or(parser *p, const firn_expr **out)
{
    const firn_expr *right = NULL;
    bool found = true;
    FIRN_TRY(parse_and(p, out));
    for (;;) {
        FIRN_TRY(take_word(p, "or", &found));
        if (!found) return FIRN_OK;
        FIRN_TRY(parse_and(p, &right));
        FIRN_TRY(made(p, firn_expr_or(p->arena, *out, right), out));
    }
}

firn_status firn_expr_parse(firn_str text, firn_arena *arena, const firn_expr **out,
                            firn_error *err)
{
    parser p = {.text = text, .arena = arena, .err = err};
    FIRN_TRY(advance(&p));
    FIRN_TRY(parse_or(&p, out));
    return p.token.kind == FIRN_FILTER_END ? FIRN_OK : fail_expected(&p, "AND, OR or the end");
}
