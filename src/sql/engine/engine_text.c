/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on texts that the engine lacks or computes otherwise than Spark and Trino: bytes where
 * they count characters, other spellings of values. Values as Spark's text are engine_spark_text.c.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/engine/engine_call.h"

#define MAX_DISTANCE_TEXT 100000

/* ---- calls on texts ---- */

static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_binary = {.kind = FIRN_TYPE_BINARY};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};

/* ---- firn_bytes(x): a text's bytes, and bytes as they are ---- */

static firn_status bytes_rows(firn_call *c, firn_error *err)
{
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_binary, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (firn_call_are_valid(c, 1, r))
            FIRN_TRY(firn_call_put_text(c, &out, r, firn_call_text_of(c, 0, r), err));
        else
            firn_column_set_null(&out, r);
    }
    return firn_call_finish(c, &out, err);
}

/* ---- firn_levenshtein(a, b): by characters ---- */

/* Code points; NULL: out of memory. Bytes that are not UTF-8 count one by one. */
static uint32_t *characters(firn_arena *arena, firn_str text, size_t *n_out)
{
    uint32_t *out = firn_arena_array(arena, text.len + 1, sizeof *out);
    size_t n = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        const uint8_t byte = (uint8_t)text.data[i];
        if ((byte & 0xC0) == 0x80 && n > 0)
            out[n - 1] = out[n - 1] << 6 | (byte & 0x3F);
        else
            out[n++] = byte;
    }
    *n_out = n;
    return out;
}

static firn_status distance(firn_arena *arena, firn_str a, firn_str b, int64_t *out,
                            firn_error *err)
{
    size_t n_a = 0;
    size_t n_b = 0;
    if (a.len > MAX_DISTANCE_TEXT || b.len > MAX_DISTANCE_TEXT)
        return firn_fail(err, FIRN_ERR_LIMIT, "a text of %zu bytes, limit %d",
                         a.len > b.len ? a.len : b.len, MAX_DISTANCE_TEXT);
    const uint32_t *x = characters(arena, a, &n_a);
    const uint32_t *y = characters(arena, b, &n_b);
    int64_t *row = firn_arena_array(arena, n_b + 1, sizeof *row);
    if (!x || !y || !row) return firn_fail_nomem(err);
    for (size_t j = 0; j <= n_b; j++) row[j] = (int64_t)j;
    for (size_t i = 0; i < n_a; i++) {
        int64_t diagonal = row[0];
        row[0] = (int64_t)i + 1;
        for (size_t j = 0; j < n_b; j++) {
            const int64_t change = diagonal + (x[i] != y[j]);
            const int64_t step = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
            diagonal = row[j + 1];
            row[j + 1] = change < step ? change : step;
        }
    }
    *out = row[n_b];
    return FIRN_OK;
}

static firn_status levenshtein_rows(firn_call *c, firn_error *err)
{
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_long, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (firn_call_are_valid(c, 2, r))
            FIRN_TRY(distance(c->arena, firn_call_text_of(c, 0, r), firn_call_text_of(c, 1, r),
                              &((int64_t *)out.values)[r], err));
        else
            firn_column_set_null(&out, r);
    }
    return firn_call_finish(c, &out, err);
}

/* ---- firn_soundex(text) ---- */

/* '0': a vowel, which parts equal digits; '7': H and W, which do not. */
static char sound_of(char c)
{
    static const char k_sounds[] = "01230127022455012623017202";
    if (!isalpha((unsigned char)c)) return '\0';
    return k_sounds[toupper((unsigned char)c) - 'A'];
}

/* A text that does not begin with a letter is given back. */
static firn_str soundex(firn_str text, char out[4])
{
    size_t n = 1;
    if (text.len == 0 || sound_of(text.data[0]) == '\0') return text;
    out[0] = (char)toupper((unsigned char)text.data[0]);
    char last = sound_of(text.data[0]);
    for (size_t i = 1; i < text.len && n < 4; i++) {
        const char sound = sound_of(text.data[i]);
        if (sound >= '1' && sound <= '6' && sound != last) out[n++] = sound;
        if (sound == '\0')
            last = '0';
        else if (sound != '7')
            last = sound;
    }
    while (n < 4) out[n++] = '0';
    return (firn_str){out, 4};
}

static firn_status soundex_rows(firn_call *c, firn_error *err)
{
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_string, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        char code[4];
        if (firn_call_are_valid(c, 1, r))
            FIRN_TRY(
                firn_call_put_text(c, &out, r, soundex(firn_call_text_of(c, 0, r), code), err));
        else
            firn_column_set_null(&out, r);
    }
    return firn_call_finish(c, &out, err);
}

/* ---- firn_conv(digits, from, to): a number in another base ---- */

/* Digits up to one that is none; too great a number stays at the greatest. */
static uint64_t read_digits(firn_str text, unsigned base)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)toupper((unsigned char)text.data[i]);
        const unsigned digit = isdigit(c) ? c - 48U : isalpha(c) ? c - 55U : 99U;
        if (digit >= base) break;
        if (value > (UINT64_MAX - digit) / base) return UINT64_MAX;
        value = value * base + digit;
    }
    return value;
}

/* Base 2 to 36; a negative `to` has the result signed. False: no such base. */
static bool convert(firn_str text, int32_t from, int32_t to, char room[70], firn_str *out)
{
    const int32_t width = to < 0 ? -to : to;
    size_t at = 70;
    if (from < 2 || from > 36 || width < 2 || width > 36) return false;
    while (text.len > 0 && text.data[0] == ' ') text = firn_str_slice(text, 1, text.len);
    const bool is_minus = text.len > 0 && text.data[0] == '-';
    if (text.len == 0) return false;
    uint64_t value = read_digits(firn_str_slice(text, is_minus, text.len), (unsigned)from);
    if (is_minus) value = value > (uint64_t)INT64_MAX && to > 0 ? UINT64_MAX : 0 - value;
    const bool has_sign = to < 0 && value > (uint64_t)INT64_MAX;
    if (has_sign) value = 0 - value;
    do {
        room[--at] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % (unsigned)width];
        value /= (unsigned)width;
    } while (value > 0);
    if (has_sign) room[--at] = '-';
    *out = (firn_str){room + at, 70 - at};
    return true;
}

static firn_status conv_rows(firn_call *c, firn_error *err)
{
    firn_column out;
    const int32_t *from = c->args[1].values;
    const int32_t *to = c->args[2].values;
    FIRN_TRY(firn_call_make(c, &k_string, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        char room[70];
        firn_str text;
        if (firn_call_are_valid(c, 3, r) &&
            convert(firn_call_text_of(c, 0, r), from[r], to[r], room, &text))
            FIRN_TRY(firn_call_put_text(c, &out, r, text, err));
        else
            firn_column_set_null(&out, r);
    }
    return firn_call_finish(c, &out, err);
}

/* ---- firn_round(x, digits): the shortest decimal of a double, rounded half up ---- */

static double round_shortest(double x, int digits)
{
    char text[FIRN_SHORTEST_SIZE];
    int precision = 0;
    if (!isfinite(x) || digits > 300 || digits < -300) return digits < -300 ? 0 : x;
    const int exponent = firn_shortest_text(x, false, text, &precision);
    const char *mantissa = text + (text[0] == '-');
    const int kept = exponent + 1 + digits; /* of the mantissa's digits */
    if (kept >= precision) return x;
    if (kept < 0) return 0;
    char number[32] = {'0'};
    int n = 1;
    for (int i = 0; i < kept; i++) number[n++] = mantissa[i == 0 ? 0 : i + 1];
    if (mantissa[kept == 0 ? 0 : kept + 1] >= '5') {
        int i = n - 1;
        for (; number[i] == '9'; i--) number[i] = '0';
        number[i]++;
    }
    number[n] = '\0';
    (void)snprintf(text, sizeof text, "%se%d", number, -digits);
    return copysign(strtod(text, NULL), x);
}

static firn_status round_rows(firn_call *c, firn_error *err)
{
    static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_double, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        const double *values = c->args[0].values;
        const int32_t *digits = c->args[1].values;
        if (firn_call_are_valid(c, 2, r))
            ((double *)out.values)[r] = round_shortest(values[r], digits[r]);
        else
            firn_column_set_null(&out, r);
    }
    return firn_call_finish(c, &out, err);
}

const firn_function_def *firn_engine_text_functions(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_bytes", {"VARCHAR"}, "BLOB", bytes_rows, 1, NULL},
        {"firn_bytes", {"BLOB"}, "BLOB", bytes_rows, 1, NULL},
        {"firn_levenshtein", {"VARCHAR", "VARCHAR"}, "BIGINT", levenshtein_rows, 2, NULL},
        {"firn_soundex", {"VARCHAR"}, "VARCHAR", soundex_rows, 1, NULL},
        {"firn_conv", {"VARCHAR", "INTEGER", "INTEGER"}, "VARCHAR", conv_rows, 3, NULL},
        {"firn_round", {"DOUBLE", "INTEGER"}, "DOUBLE", round_rows, 2, NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
