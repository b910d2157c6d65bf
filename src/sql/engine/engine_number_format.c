/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in the formats of Spark's to_char() and to_number(): "$99,999.00S". Works on the digits
 * of a decimal's text. Formats of times are dialect_functions.c. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/engine/engine_call.h"

#define MAX_DIGITS 38

typedef enum sign_kind {
    SIGN_NONE,
    SIGN_S,  /* + or - */
    SIGN_MI, /* blank or - */
    SIGN_PR, /* <1> */
} sign_kind;

/* [MI|S] [$] digits and commas [. digits] [PR|MI|S]; "G" is a comma, "D" a point. Digits between
 * commas are a group: filled up with zeros when it begins with "0", else with blanks. */
typedef struct number_format {
    char whole[2 * MAX_DIGITS]; /* 0, 9 and commas; all digits of a group are its first */
    size_t n_whole, n_digits;   /* of them digits */
    size_t n_fraction;          /* digits behind the point */
    bool has_point, has_dollar, is_sign_first;
    sign_kind sign;
} number_format;

static firn_status fail_format(firn_str text, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_ARG,
                     "found \"%.*s\", expected a format of numbers like 99,999.00S",
                     FIRN_STR_ARG(text));
}

static size_t take_sign(firn_str text, size_t at, sign_kind *out)
{
    static const struct {
        const char *word;
        sign_kind kind;
    } k_signs[] = {{"S", SIGN_S}, {"MI", SIGN_MI}, {"PR", SIGN_PR}};
    for (size_t i = 0; *out == SIGN_NONE && i < 3; i++) {
        const size_t n = strlen(k_signs[i].word);
        if (!firn_str_equals_nocase(firn_str_slice(text, at, at + n), firn_str_of(k_signs[i].word)))
            continue;
        *out = k_signs[i].kind;
        return at + n;
    }
    return at;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char upper(char c)
{
    if (c >= 'a' && c <= 'z') return (char)(c - 'a' + 'A');
    return c;
}

static firn_status parse_format(firn_str text, number_format *out, firn_error *err)
{
    size_t at = take_sign(text, 0, &out->sign);
    out->is_sign_first = at > 0;
    if (out->sign == SIGN_PR) return fail_format(text, err);
    out->has_dollar = at < text.len && text.data[at] == '$';
    at += out->has_dollar;
    for (; at < text.len; at++) {
        char c = upper(text.data[at]);
        if (c == 'G') c = ',';
        if (c != '0' && c != '9' && c != ',') break;
        if (out->n_digits == MAX_DIGITS || out->n_whole == sizeof out->whole)
            return fail_format(text, err);
        out->n_digits += c != ',';
        if (c != ',' && out->n_whole > 0 && out->whole[out->n_whole - 1] != ',')
            c = out->whole[out->n_whole - 1];
        out->whole[out->n_whole++] = c;
    }
    if (at < text.len && (text.data[at] == '.' || upper(text.data[at]) == 'D')) {
        out->has_point = true;
        for (at++; at < text.len && (text.data[at] == '0' || text.data[at] == '9'); at++)
            out->n_fraction++;
    }
    at = take_sign(text, at, &out->sign);
    const size_t n_digits = out->n_digits + out->n_fraction;
    return at == text.len && n_digits > 0 && n_digits <= MAX_DIGITS ? FIRN_OK
                                                                    : fail_format(text, err);
}

/* ---- firn_number_text(decimal as text, format) ---- */

/* "-12.50": its parts. */
typedef struct number_text {
    bool is_negative;
    firn_str whole, fraction; /* whole without zeros in front */
} number_text;

static number_text split_number(firn_str text)
{
    number_text out = {.is_negative = text.len > 0 && text.data[0] == '-'};
    size_t from = out.is_negative;
    const size_t point = firn_str_find(text, FIRN_STR("."), 0);
    const size_t end = point == SIZE_MAX ? text.len : point;
    while (from < end && text.data[from] == '0') from++;
    out.whole = firn_str_slice(text, from, end);
    if (point != SIZE_MAX) out.fraction = firn_str_slice(text, point + 1, text.len);
    return out;
}

typedef struct shown_number {
    char text[4 * MAX_DIGITS];
    size_t n;
} shown_number;

static void show(shown_number *out, char c)
{
    out->text[out->n++] = c;
}

/* Blanks stand in front of signs. */
static void show_blank(shown_number *out)
{
    size_t at = out->n++;
    for (; at > 0 && strchr("+-<", out->text[at - 1]); at--) out->text[at] = out->text[at - 1];
    out->text[at] = ' ';
}

/* A sign behind the number stands in front of blanks. */
static void show_sign(shown_number *out, char c)
{
    size_t at = out->n++;
    for (; at > 0 && out->text[at - 1] == ' '; at--) out->text[at] = ' ';
    out->text[at] = c;
}

static void show_whole(const number_format *f, firn_str digits, bool is_overflow, shown_number *out)
{
    size_t blanks = f->n_digits - (is_overflow ? f->n_digits : digits.len);
    size_t next = 0;
    for (size_t i = 0; i < f->n_whole; i++) {
        const bool is_comma = f->whole[i] == ',';
        if (is_comma && out->n > 0 && is_digit(out->text[out->n - 1]))
            show(out, ',');
        else if (is_comma || (blanks > 0 && f->whole[i] == '9'))
            show_blank(out);
        else if (is_overflow)
            show(out, '#');
        else if (blanks > 0)
            show(out, '0');
        else
            show(out, digits.data[next++]);
        blanks -= !is_comma && blanks > 0;
    }
}

static void show_end(const number_format *f, bool is_negative, shown_number *out)
{
    if (out->n > 0 && out->text[out->n - 1] == '.' && (f->sign == SIGN_NONE || is_negative))
        out->text[out->n - 1] = ' ';
    if (f->sign == SIGN_PR) {
        if (is_negative) {
            show_sign(out, '>');
        } else {
            show(out, ' ');
            show(out, ' ');
        }
    } else if (f->sign != SIGN_NONE && !f->is_sign_first) {
        if (is_negative || f->sign == SIGN_S)
            show_sign(out, is_negative ? '-' : '+');
        else
            show(out, ' ');
    }
}

static void show_number(const number_format *f, const number_text *number, shown_number *out)
{
    const bool is_overflow =
        number->whole.len > f->n_digits || number->fraction.len > f->n_fraction;
    if (f->is_sign_first && (number->is_negative || f->sign == SIGN_S))
        show(out, number->is_negative ? '-' : '+');
    else if (f->is_sign_first)
        show(out, ' ');
    else if (f->sign == SIGN_PR && number->is_negative)
        show(out, '<');
    if (f->has_dollar) show(out, '$');
    show_whole(f, number->whole, is_overflow, out);
    if (f->has_point) {
        if (out->n > 0 && out->text[out->n - 1] == ' ') out->text[out->n - 1] = '0';
        show(out, '.');
    }
    for (size_t i = 0; i < f->n_fraction; i++) {
        if (is_overflow)
            show(out, '#');
        else if (i < number->fraction.len)
            show(out, number->fraction.data[i]);
        else
            show(out, '0');
    }
    show_end(f, number->is_negative, out);
}

static firn_status put_formatted(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                                 firn_error *err)
{
    number_format f = {0};
    shown_number shown = {.n = 0};
    (void)is_null;
    FIRN_TRY(parse_format(firn_call_text_of(c, 1, r), &f, err));
    number_text number = split_number(firn_call_text_of(c, 0, r));
    while (number.fraction.len > 0 && number.fraction.data[number.fraction.len - 1] == '0')
        number.fraction.len--;
    show_number(&f, &number, &shown);
    firn_buf_append(out, shown.text, shown.n);
    return FIRN_OK;
}

static firn_status text_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 2, put_formatted, err);
}

/* ---- firn_text_number(text, format): as the text of a decimal; null when it is another form ----
 */

/* What is left of the text between its signs; false: they are not those of the format. */
static bool strip_signs(const number_format *f, firn_str *text, bool *is_negative)
{
    *text = firn_str_trim(*text);
    if (f->sign == SIGN_PR) {
        *is_negative = text->len > 1 && text->data[0] == '<';
        if (*is_negative && text->data[text->len - 1] != '>') return false;
        if (*is_negative) *text = firn_str_slice(*text, 1, text->len - 1);
    } else if (f->sign != SIGN_NONE && text->len > 0) {
        const char c = text->data[f->is_sign_first ? 0 : text->len - 1];
        const size_t n_sign = c == '-' || (c == '+' && f->sign == SIGN_S);
        *is_negative = c == '-';
        *text = f->is_sign_first ? firn_str_slice(*text, n_sign, text->len)
                                 : firn_str_slice(*text, 0, text->len - n_sign);
    }
    if (!f->has_dollar) return true;
    if (text->len == 0 || text->data[0] != '$') return false;
    *text = firn_str_slice(*text, 1, text->len);
    return true;
}

/* Groups from the right: each has at most as many digits as the format's, as many when that begins
 * with "0". */
static bool matches_whole(const number_format *f, firn_str text)
{
    size_t at = text.len;
    size_t i = f->n_whole;
    while (i > 0) {
        size_t n_wanted = 0;
        size_t n_found = 0;
        for (; i > 0 && f->whole[i - 1] != ','; i--) n_wanted++;
        const bool is_exact = n_wanted > 0 && f->whole[i] == '0';
        for (; at > 0 && text.data[at - 1] >= '0' && text.data[at - 1] <= '9'; at--) n_found++;
        if (is_exact ? n_found != n_wanted : n_found > n_wanted) return false;
        if (i > 0) i--; /* the comma */
        if (at > 0 && text.data[at - 1] == ',' && i > 0) at--;
    }
    return at == 0;
}

static bool matches_fraction(const number_format *f, firn_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    return text.len <= f->n_fraction;
}

static firn_status put_parsed(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                              firn_error *err)
{
    number_format f = {0};
    bool is_negative = false;
    firn_str text = firn_call_text_of(c, 0, r);
    FIRN_TRY(parse_format(firn_call_text_of(c, 1, r), &f, err));
    *is_null = !strip_signs(&f, &text, &is_negative);
    const size_t point = firn_str_find(text, FIRN_STR("."), 0);
    const bool has_point = point != SIZE_MAX;
    const firn_str whole = firn_str_slice(text, 0, has_point ? point : text.len);
    const firn_str fraction = has_point ? firn_str_slice(text, point + 1, text.len) : (firn_str){0};
    *is_null |= text.len == (size_t)has_point || (has_point && !f.has_point) ||
                !matches_whole(&f, whole) || !matches_fraction(&f, fraction);
    if (*is_null) return FIRN_OK;
    if (is_negative) firn_buf_byte(out, '-');
    firn_buf_byte(out, '0');
    for (size_t i = 0; i < whole.len; i++)
        if (whole.data[i] != ',') firn_buf_byte(out, (uint8_t)whole.data[i]);
    firn_buf_byte(out, '.');
    firn_buf_str(out, fraction);
    firn_buf_byte(out, '0');
    return FIRN_OK;
}

static firn_status number_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 2, put_parsed, err);
}

const firn_function_def *firn_engine_number_formats(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_number_text", {"VARCHAR", "VARCHAR"}, "VARCHAR", text_rows, 2, NULL},
        {"firn_text_number", {"VARCHAR", "VARCHAR"}, "VARCHAR", number_rows, 2, NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
