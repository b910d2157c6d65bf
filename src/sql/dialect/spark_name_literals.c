/* SPDX-License-Identifier: Apache-2.0 */
/* Literals as Spark's analyzer writes them: strings without quotes, numbers without the letter of
 * their type, times and intervals in their full form. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sql/dialect/spark_names.h"

static const firn_str k_none = {NULL, 0};

/* ---- numbers ---- */

/* As Java writes a double, while that is without an exponent. */
static firn_str real(spark_namer *n, firn_str digits)
{
    char text[64];
    char *end = NULL;
    if (digits.len >= sizeof text) return spark_namer_lose(n);
    (void)snprintf(text, sizeof text, "%.*s", FIRN_STR_ARG(digits));
    const double value = strtod(text, &end);
    const bool is_plain = value == 0 || (value >= 1e-3 && value < 1e7);
    if (*end != '\0' || !is_plain) return spark_namer_lose(n);
    for (int places = 1; places < 17; places++) {
        (void)snprintf(text, sizeof text, "%.*f", places, value);
        if (strtod(text, NULL) == value) break;
    }
    return spark_namer_print(n, "%s", text);
}

static firn_str number(spark_namer *n)
{
    static const char *const k_whole[] = {"L", "S", "Y", "BD", NULL};
    static const char *const k_reals[] = {"D", "F", NULL};
    const firn_str digits = firn_dialect_token(n->w, n->i)->text;
    const bool touches = firn_dialect_touches(n->w, n->i++) && n->i < n->to;
    if (touches && firn_dialect_is_any(n->w, n->i, k_whole)) {
        n->i++;
        return digits;
    }
    const bool is_real = touches && firn_dialect_is_any(n->w, n->i, k_reals);
    n->i += is_real;
    const bool has_exponent = memchr(digits.data, 'e', digits.len) != NULL ||
                              memchr(digits.data, 'E', digits.len) != NULL;
    return is_real || has_exponent ? real(n, digits) : digits;
}

/* ---- strings ---- */

static firn_str string(spark_namer *n)
{
    firn_str all = k_none;
    firn_str text;
    if (!firn_dialect_string(n->w, n->i, &text)) { /* X'1F' */
        const firn_str raw = firn_dialect_token(n->w, n->i++)->text;
        return raw.len > 2 && (raw.data[0] | 0x20) == 'x'
                   ? spark_namer_print(n, "X%.*s", FIRN_STR_ARG(firn_str_slice(raw, 1, raw.len)))
                   : spark_namer_lose(n);
    }
    while (n->i < n->to && firn_dialect_string(n->w, n->i, &text)) {
        all = all.data ? spark_namer_print(n, "%.*s%.*s", FIRN_STR_ARG(all), FIRN_STR_ARG(text))
                       : text;
        n->i++;
    }
    return all;
}

/* ---- times ---- */

/* "2024-01-02 03:04:05.12" of a session in UTC; lost for what has another zone. */
static firn_str moment(spark_namer *n, firn_str text)
{
    char out[40];
    size_t length = text.len;
    if (length > 0 && text.data[length - 1] == 'Z') length--;
    if (length < 10 || length > 30) return spark_namer_lose(n);
    for (size_t i = 10; i < length; i++) {
        if (text.data[i] == '+' || text.data[i] == '-') return spark_namer_lose(n);
        if (strchr("0123456789:. T", text.data[i]) == NULL) return spark_namer_lose(n);
    }
    (void)snprintf(out, sizeof out, "%.*s", (int)length, text.data);
    if (length > 10) out[10] = ' ';
    if (length == 10) (void)snprintf(out + 10, sizeof out - 10, " 00:00:00");
    if (length == 16) (void)snprintf(out + 16, sizeof out - 16, ":00");
    if (strchr(out, '.')) {
        length = strlen(out);
        while (out[length - 1] == '0') out[--length] = '\0';
        if (out[length - 1] == '.') out[length - 1] = '\0';
    }
    return spark_namer_print(n, "%s", out);
}

static firn_str typed(spark_namer *n)
{
    static const char *const k_types[] = {"DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ"};
    firn_str text;
    for (size_t i = 0; i < sizeof k_types / sizeof *k_types; i++) {
        if (!firn_dialect_is_word(n->w, n->i, k_types[i])) continue;
        if (!firn_dialect_string(n->w, n->i + 1, &text)) return k_none;
        n->i += 2;
        if (i > 0) text = moment(n, text);
        return spark_namer_print(n, "%s '%.*s'", i == 3 ? k_types[1] : k_types[i],
                                 FIRN_STR_ARG(text));
    }
    return k_none;
}

/* ---- intervals ---- */

/* "1 2:03:04" with two digits for each part behind the first. */
static firn_str padded(spark_namer *n, firn_str text)
{
    char out[40];
    size_t length = 0;
    for (size_t i = 0; i < text.len && length + 4 < sizeof out; i++) {
        const bool begins = i > 0 && (text.data[i - 1] == ' ' || text.data[i - 1] == ':');
        const bool is_short = i + 1 >= text.len || text.data[i + 1] == ':' ||
                              text.data[i + 1] == ' ' || text.data[i + 1] == '.';
        if (begins && is_short) out[length++] = '0';
        out[length++] = text.data[i];
    }
    return spark_namer_print(n, "%.*s", (int)length, out);
}

/* DAY of "day" or "days"; NULL: another word. */
static const char *unit_of(firn_str word)
{
    static const char *const k_units[] = {"DAY",   "HOUR", "MINUTE", "SECOND",
                                          "MONTH", "YEAR", "WEEK"};
    for (size_t i = 0; i < sizeof k_units / sizeof *k_units; i++) {
        const firn_str one = firn_str_of(k_units[i]);
        const bool is_many = word.len == one.len + 1 && (word.data[one.len] | 0x20) == 's';
        if (firn_str_equals_nocase(is_many ? firn_str_slice(word, 0, one.len) : word, one))
            return k_units[i];
    }
    return NULL;
}

/* INTERVAL 1 DAY, INTERVAL '1' DAY, INTERVAL '1 02:03:04' DAY TO SECOND */
static firn_str interval(spark_namer *n)
{
    firn_str count = firn_dialect_token(n->w, n->i + 1)->text;
    const firn_str unit = firn_dialect_token(n->w, n->i + 2)->text;
    int64_t value = 0;
    (void)firn_dialect_string(n->w, n->i + 1, &count);
    if (firn_dialect_is_word(n->w, n->i + 3, "TO")) {
        const firn_str last = firn_dialect_token(n->w, n->i + 4)->text;
        const char *from = unit_of(unit);
        const char *to = unit_of(last);
        if (!from || !to) return spark_namer_lose(n);
        n->i += 5;
        count = padded(n, count);
        return spark_namer_print(n, "INTERVAL '%.*s' %s TO %s", FIRN_STR_ARG(count), from, to);
    }
    if (!firn_str_to_i64(count, &value)) return spark_namer_lose(n);
    n->i += 3;
    const char *name = unit_of(unit);
    if (!name) return spark_namer_lose(n);
    const bool is_clock =
        strcmp(name, "HOUR") == 0 || strcmp(name, "MINUTE") == 0 || strcmp(name, "SECOND") == 0;
    const bool is_week = strcmp(name, "WEEK") == 0;
    return spark_namer_print(n, is_clock ? "INTERVAL '%02lld' %s" : "INTERVAL '%lld' %s",
                             (long long)(is_week ? 7 * value : value), is_week ? "DAY" : name);
}

firn_str spark_namer_literal(spark_namer *n)
{
    static const char *const k_calls[] = {"CURRENT_DATE",    "CURRENT_TIMESTAMP", "CURRENT_USER",
                                          "CURRENT_CATALOG", "CURRENT_SCHEMA",    "LOCALTIMESTAMP"};
    static const char *const k_names[] = {"current_date",    "current_timestamp", "current_user",
                                          "current_catalog", "current_schema",    "localtimestamp"};
    if (n->i >= n->to) return k_none;
    const firn_token_kind kind = firn_dialect_token(n->w, n->i)->kind;
    if (kind == FIRN_TOKEN_NUMBER) return number(n);
    if (kind == FIRN_TOKEN_STRING) return string(n);
    if (kind != FIRN_TOKEN_WORD) return k_none;
    if (spark_namer_take(n, "NULL")) return FIRN_STR("NULL");
    if (spark_namer_take(n, "TRUE")) return FIRN_STR("true");
    if (spark_namer_take(n, "FALSE")) return FIRN_STR("false");
    for (size_t i = 0; i < sizeof k_calls / sizeof *k_calls; i++) {
        const bool is_call = firn_dialect_is_symbol(n->w, n->i + 1, "(") ||
                             firn_dialect_is_symbol(n->w, n->i + 1, ".");
        if (!is_call && spark_namer_take(n, k_calls[i]))
            return spark_namer_print(n, "%s()", k_names[i]);
    }
    const firn_token_kind next = firn_dialect_token(n->w, n->i + 1)->kind;
    const bool has_value = next == FIRN_TOKEN_NUMBER || next == FIRN_TOKEN_STRING;
    if (has_value && firn_dialect_is_word(n->w, n->i, "INTERVAL")) return interval(n);
    return typed(n);
}
