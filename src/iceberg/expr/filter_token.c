/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/expr/filter_token.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Character i, NUL behind the end. */
static char at(firn_str s, size_t i)
{
    if (i < s.len) return s.data[i];
    return '\0';
}

firn_status firn_filter_fail(const firn_filter_token *token, const char *expected, firn_error *err)
{
    const firn_str found = token->text;
    const firn_status st =
        token->kind == FIRN_FILTER_END
            ? firn_fail(err, FIRN_ERR_ARG, "filter: found its end, expected %s", expected)
            : firn_fail(err, FIRN_ERR_ARG, "filter: found \"%.*s\" at byte %zu, expected %s",
                        (int)(found.len > 64 ? 64 : found.len), found.data, token->from, expected);
    if (err) err->position = token->from;
    return st;
}

bool firn_filter_token_is_word(const firn_filter_token *token, const char *word)
{
    return token->kind == FIRN_FILTER_WORD &&
           firn_str_equals_nocase(token->text, firn_str_of(word));
}

bool firn_filter_token_is_sign(const firn_filter_token *token, const char *sign)
{
    return token->kind == FIRN_FILTER_SIGN && firn_str_equals(token->text, firn_str_of(sign));
}

/* Quoted text with doubled quotes inside; token->from is its opening quote. */
static firn_status read_quoted(firn_str filter, char quote, firn_arena *arena,
                               firn_filter_token *token, firn_error *err)
{
    char *out = firn_arena_alloc(arena, filter.len - token->from);
    size_t n = 0;
    size_t i = token->from + 1;
    if (!out) return firn_fail_nomem(err);
    for (; i < filter.len; i++) {
        if (filter.data[i] == quote && at(filter, i + 1) != quote) break;
        if (filter.data[i] == quote) i++;
        out[n++] = filter.data[i];
    }
    if (i >= filter.len) {
        const firn_status st = firn_fail(
            err, FIRN_ERR_ARG, "filter: the quote at byte %zu is not closed", token->from);
        if (err) err->position = token->from;
        return st;
    }
    token->kind = quote == '\'' ? FIRN_FILTER_TEXT : FIRN_FILTER_NAME;
    token->text = (firn_str){out, n};
    token->to = i + 1;
    return FIRN_OK;
}

static size_t skip_digits(firn_str s, size_t i)
{
    while (is_digit(at(s, i))) i++;
    return i;
}

static void read_number(firn_str filter, firn_filter_token *token)
{
    size_t i = skip_digits(filter, token->from);
    if (at(filter, i) == '.') i = skip_digits(filter, i + 1);
    if (at(filter, i) == 'e' || at(filter, i) == 'E') {
        const size_t sign = at(filter, i + 1) == '-' || at(filter, i + 1) == '+' ? 1 : 0;
        if (is_digit(at(filter, i + 1 + sign))) i = skip_digits(filter, i + 1 + sign);
    }
    token->kind = FIRN_FILTER_NUMBER;
    token->to = i;
}

static bool read_sign(firn_str filter, firn_filter_token *token)
{
    static const char *const k_signs[] = {"==", "!=", "<>", "<=", ">=", "::", "=", "<",
                                          ">",  "(",  ")",  ",",  ".",  "-",  "+"};
    const firn_str rest = firn_str_slice(filter, token->from, filter.len);
    for (size_t i = 0; i < sizeof k_signs / sizeof k_signs[0]; i++) {
        if (!firn_str_starts_with(rest, firn_str_of(k_signs[i]))) continue;
        token->kind = FIRN_FILTER_SIGN;
        token->to = token->from + strlen(k_signs[i]);
        return true;
    }
    return false;
}

firn_status firn_filter_token_read(firn_str filter, size_t from, firn_arena *arena,
                                   firn_filter_token *out, firn_error *err)
{
    while (is_space(at(filter, from))) from++;
    *out = (firn_filter_token){.from = from, .to = from};
    if (from >= filter.len) return FIRN_OK;
    const char c = filter.data[from];
    if (c == '\'' || c == '"' || c == '`') return read_quoted(filter, c, arena, out, err);
    if (is_word_start(c)) {
        out->kind = FIRN_FILTER_WORD;
        while (is_word_start(at(filter, out->to)) || is_digit(at(filter, out->to))) out->to++;
    } else if (is_digit(c) || (c == '.' && is_digit(at(filter, from + 1)))) {
        read_number(filter, out);
    } else if (!read_sign(filter, out)) {
        out->text = (firn_str){filter.data + from, 1};
        out->kind = FIRN_FILTER_SIGN;
        return firn_filter_fail(out, "a column, a literal or an operator", err);
    }
    out->text = firn_str_slice(filter, out->from, out->to);
    return FIRN_OK;
}

/* All digits as one whole number; false when there are more than 38 or an exponent. */
static bool read_unscaled(firn_str text, firn_int128 *unscaled, int32_t *scale)
{
    size_t n_digits = 0;
    bool is_fraction = false;
    *unscaled = 0;
    *scale = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.') {
            is_fraction = true;
            continue;
        }
        if (!is_digit(text.data[i])) return false;
        n_digits += *unscaled != 0 || text.data[i] != '0' ? 1 : 0;
        if (n_digits > 38 || *scale == 38) return false;
        *unscaled = *unscaled * 10 + (text.data[i] - '0');
        *scale += is_fraction ? 1 : 0;
    }
    return true;
}

bool firn_filter_number(firn_str text, bool is_negative, firn_value *out)
{
    firn_int128 unscaled = 0;
    int32_t scale = 0;
    *out = (firn_value){.kind = FIRN_TYPE_DOUBLE};
    if (!read_unscaled(text, &unscaled, &scale)) {
        if (!firn_str_to_f64(text, &out->as.f64)) return false;
        if (is_negative) out->as.f64 = -out->as.f64;
        return true;
    }
    if (is_negative) unscaled = -unscaled;
    if (scale == 0 && unscaled >= INT64_MIN && unscaled <= INT64_MAX &&
        !memchr(text.data, '.', text.len)) {
        *out = (firn_value){.kind = FIRN_TYPE_LONG, .as.i64 = (int64_t)unscaled};
    } else {
        *out = (firn_value){
            .kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = scale, .as.decimal = unscaled};
    }
    return true;
}
