/* SPDX-License-Identifier: Apache-2.0 */
/* Types of literals and names of types. In Trino 'abc' is a varchar(3), TIMESTAMP '2024-01-01
 * 00:00:00.5' a timestamp(1); in both dialects 1.50 is a decimal(3, 2). */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/typing/typing_state.h"

/* ---- strings and numbers ---- */

static int32_t count_characters(firn_str text)
{
    int32_t n = 0;
    for (size_t i = 0; i < text.len; i++) n += ((uint8_t)text.data[i] & 0xC0) != 0x80;
    return n;
}

static firn_value_type text_type(firn_str text)
{
    return (firn_value_type){.kind = FIRN_VALUE_VARCHAR, .precision = count_characters(text)};
}

/* Leading zeros before the point do not count. */
static firn_value_type decimal_type(firn_str text)
{
    int32_t digits = 0;
    int32_t scale = 0;
    bool has_point = false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        has_point |= c == '.';
        if (c < '0' || c > '9') continue;
        scale += has_point;
        digits += has_point || digits > 0 || c != '0';
    }
    if (digits == 0) digits = 1;
    if (digits > 38) return (firn_value_type){0};
    return (firn_value_type){.kind = FIRN_VALUE_DECIMAL, .precision = digits, .scale = scale};
}

static firn_value_type number_type(firn_str text)
{
    int64_t value = 0;
    if (memchr(text.data, 'e', text.len) || memchr(text.data, 'E', text.len))
        return (firn_value_type){.kind = FIRN_VALUE_DOUBLE};
    if (memchr(text.data, '.', text.len)) return decimal_type(text);
    if (!firn_str_to_i64(text, &value)) return (firn_value_type){0};
    return (firn_value_type){.kind = value > INT32_MAX ? FIRN_VALUE_BIGINT : FIRN_VALUE_INTEGER};
}

/* The digits of an integer count where it meets a decimal; 2.5D is a double, 1L a bigint. */
static firn_value_type spark_number(typer *t, firn_str text)
{
    static const struct {
        const char *suffix;
        firn_value_kind kind;
    } k_suffixes[] = {{"L", FIRN_VALUE_BIGINT},  {"S", FIRN_VALUE_SMALLINT},
                      {"Y", FIRN_VALUE_TINYINT}, {"D", FIRN_VALUE_DOUBLE},
                      {"F", FIRN_VALUE_REAL},    {"BD", FIRN_VALUE_DECIMAL}};
    firn_value_type type = number_type(text);
    if (t->i < t->to && firn_dialect_touches(t->w, t->i - 1)) {
        for (size_t i = 0; i < sizeof k_suffixes / sizeof *k_suffixes; i++) {
            if (!typer_take(t, k_suffixes[i].suffix)) continue;
            if (k_suffixes[i].kind == FIRN_VALUE_DECIMAL) return decimal_type(text);
            type = (firn_value_type){.kind = k_suffixes[i].kind};
            break;
        }
    }
    if (type.kind >= FIRN_VALUE_TINYINT && type.kind <= FIRN_VALUE_BIGINT)
        type.precision = decimal_type(text).precision;
    return type;
}

/* ---- typed strings ---- */

/* Digits behind the point of a time. */
static int32_t second_digits(firn_str text)
{
    const size_t point = firn_str_find(text, FIRN_STR("."), 0);
    int32_t n = 0;
    if (point == SIZE_MAX) return 0;
    for (size_t i = point + 1; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++) n++;
    return n;
}

/* Something but digits behind the time of day. */
static bool has_zone(firn_str text)
{
    const size_t colon = firn_str_find(text, FIRN_STR(":"), 0);
    for (size_t i = colon; colon != SIZE_MAX && i < text.len; i++) {
        const char c = text.data[i];
        if (c != ':' && c != '.' && (c < '0' || c > '9')) return true;
    }
    return false;
}

/* What is behind the time of day. */
static firn_str zone_in(firn_str text)
{
    size_t at = firn_str_find(text, FIRN_STR(":"), 0);
    while (at < text.len && (text.data[at] == ':' || text.data[at] == '.' ||
                             (text.data[at] >= '0' && text.data[at] <= '9')))
        at++;
    return firn_str_trim(firn_str_slice(text, at, text.len));
}

static firn_value_type time_type(typer *t, firn_value_kind kind, firn_str text)
{
    firn_value_type type = {.kind = kind, .precision = second_digits(text)};
    if (!has_zone(text)) return type;
    type.kind = kind == FIRN_VALUE_TIME ? FIRN_VALUE_TIME_TZ : FIRN_VALUE_TIMESTAMP_TZ;
    if (type.kind == FIRN_VALUE_TIMESTAMP_TZ)
        type.zone = typer_zone_named(t, t->i - 1, zone_in(text));
    return type;
}

/* "DATE '..'" */
static firn_value_type typed_string(typer *t)
{
    static const struct {
        const char *word;
        firn_value_kind kind;
    } k_words[] = {{"DATE", FIRN_VALUE_DATE},
                   {"TIME", FIRN_VALUE_TIME},
                   {"TIMESTAMP", FIRN_VALUE_TIMESTAMP},
                   {"DECIMAL", FIRN_VALUE_DECIMAL},
                   {"REAL", FIRN_VALUE_REAL},
                   {"DOUBLE", FIRN_VALUE_DOUBLE},
                   {"TINYINT", FIRN_VALUE_TINYINT},
                   {"SMALLINT", FIRN_VALUE_SMALLINT},
                   {"INTEGER", FIRN_VALUE_INTEGER},
                   {"BIGINT", FIRN_VALUE_BIGINT},
                   {"BOOLEAN", FIRN_VALUE_BOOLEAN},
                   {"UUID", FIRN_VALUE_UUID},
                   {"JSON", FIRN_VALUE_JSON},
                   {"VARCHAR", FIRN_VALUE_VARCHAR},
                   {"CHAR", FIRN_VALUE_CHAR}};
    firn_str text;
    if (t->i + 1 >= t->to || !firn_dialect_string(t->w, t->i + 1, &text))
        return (firn_value_type){0};
    for (size_t i = 0; i < sizeof k_words / sizeof *k_words; i++) {
        const firn_value_kind kind = k_words[i].kind;
        if (!typer_at(t, k_words[i].word)) continue;
        t->i += 2;
        if (kind == FIRN_VALUE_DECIMAL) return decimal_type(text);
        if (kind == FIRN_VALUE_TIME || kind == FIRN_VALUE_TIMESTAMP)
            return time_type(t, kind, text);
        const bool is_text = kind == FIRN_VALUE_VARCHAR || kind == FIRN_VALUE_CHAR;
        return (firn_value_type){.kind = kind, .precision = is_text ? count_characters(text) : 0};
    }
    return (firn_value_type){0};
}

/* ---- intervals ---- */

/* A number at *at, which moves behind it and what parts it from the next. */
static int64_t take_number(firn_str text, size_t *at)
{
    int64_t value = 0;
    while (*at < text.len && text.data[*at] >= '0' && text.data[*at] <= '9') {
        if (value < INT64_MAX / 100) value = value * 10 + (text.data[*at] - '0');
        (*at)++;
    }
    if (*at < text.len) (*at)++;
    return value;
}

static int64_t take_fraction_us(firn_str text, size_t at)
{
    int64_t us = 0;
    for (int i = 0; i < 6; i++, at++) {
        const bool is_digit = at < text.len && text.data[at] >= '0' && text.data[at] <= '9';
        us = us * 10 + (is_digit ? text.data[at] - '0' : 0);
    }
    return us;
}

static int unit_at(const typer *t)
{
    static const char *const k_units[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
    for (int i = 0; i < 4; i++) {
        if (typer_at(t, k_units[i])) return i;
    }
    return -1;
}

/* '1 02:03:04.5' from unit first on, in microseconds. */
static int64_t interval_us(firn_str text, int first, int last)
{
    static const int64_t k_us[] = {86400000000, 3600000000, 60000000, 1000000};
    int64_t us = 0;
    size_t at = 0;
    for (int unit = first; unit <= last && unit < 4; unit++) {
        const int64_t n = take_number(text, &at);
        if (n > INT64_MAX / 8 / k_us[unit]) return INT64_MAX;
        us += n * k_us[unit];
    }
    const bool has_fraction = at > 0 && at < text.len && text.data[at - 1] == '.';
    return has_fraction ? us + take_fraction_us(text, at) : us;
}

/* Only Spark tells intervals by their units. */
static int32_t range_of(const typer *t, firn_interval_unit first, firn_interval_unit last)
{
    return typer_dialect(t) == FIRN_DIALECT_SPARK ? firn_interval_range(first, last) : 0;
}

/* "INTERVAL [-] '1 02:03' DAY TO MINUTE": the engine reads the parts one by one. */
static firn_value_type interval(typer *t)
{
    firn_str text;
    const size_t from = t->i++;
    const bool is_minus = typer_take_symbol(t, "-");
    if (!is_minus) (void)typer_take_symbol(t, "+");
    if (t->i >= t->to || !firn_dialect_string(t->w, t->i++, &text)) return typer_lose(t);
    const char *sign = is_minus ? "-" : "";
    if (typer_at(t, "YEAR") || typer_at(t, "MONTH")) {
        const bool has_both = typer_take(t, "YEAR") && typer_take(t, "TO");
        const bool is_year = firn_dialect_is_word(t->w, t->i - 1 - has_both, "YEAR");
        const firn_value_type type = {
            .kind = FIRN_VALUE_INTERVAL_YEAR,
            .scale = range_of(t, is_year ? FIRN_INTERVAL_YEAR : FIRN_INTERVAL_MONTH,
                              is_year && !has_both ? FIRN_INTERVAL_YEAR : FIRN_INTERVAL_MONTH)};
        if (!has_both) {
            t->i += !is_year;
            return type;
        }
        size_t at = 0;
        const int64_t years = take_number(text, &at) % 10000000;
        const int64_t months = take_number(text, &at) % 10000000;
        const int64_t total = years * 12 + months;
        if (!typer_take(t, "MONTH")) return typer_lose(t);
        typer_edit(t, FIRN_EDIT_INSTEAD, from, t->i,
                   typer_printf(t, "INTERVAL '%s%lld months'", sign, (long long)total));
        return type;
    }
    const int first = unit_at(t);
    if (first < 0) return typer_lose(t);
    t->i++;
    int last = first;
    if (typer_take(t, "TO")) {
        last = unit_at(t);
        if (last <= first) return typer_lose(t);
        t->i++;
    }
    const bool has_sign = text.len > 0 && text.data[0] == '-';
    const firn_value_type type = {.kind = FIRN_VALUE_INTERVAL_DAY,
                                  .precision = typer_dialect(t) == FIRN_DIALECT_SPARK && last > 0,
                                  .scale =
                                      range_of(t, (firn_interval_unit)(FIRN_INTERVAL_DAY + first),
                                               (firn_interval_unit)(FIRN_INTERVAL_DAY + last))};
    if (has_sign && first == last) return type;
    const int64_t us = interval_us(text, first, last);
    if (us == INT64_MAX || has_sign) return typer_lose(t);
    const long long days = first == 0 ? (long long)(us / 86400000000) : 0;
    typer_edit(t, FIRN_EDIT_INSTEAD, from, t->i,
               typer_printf(t, "INTERVAL '%s%lld days %s%lld microseconds'", sign, days, sign,
                            (long long)(us - (int64_t)days * 86400000000)));
    return type;
}

/* ---- intervals of Spark: INTERVAL 1 DAY, INTERVAL '1' MONTH, INTERVAL 1 DAY 2 HOURS ---- */

/* The unit at t->i; 0: none. */
static int spark_unit(const typer *t)
{
    static const struct {
        const char *const words[9];
        firn_interval_unit unit;
    } k_units[] = {
        {{"YEAR", "YEARS", NULL}, FIRN_INTERVAL_YEAR},
        {{"MONTH", "MONTHS", NULL}, FIRN_INTERVAL_MONTH},
        {{"DAY", "DAYS", "WEEK", "WEEKS", NULL}, FIRN_INTERVAL_DAY},
        {{"HOUR", "HOURS", NULL}, FIRN_INTERVAL_HOUR},
        {{"MINUTE", "MINUTES", NULL}, FIRN_INTERVAL_MINUTE},
        {{"SECOND", "SECONDS", "MILLISECOND", "MILLISECONDS", "MICROSECOND", "MICROSECONDS", NULL},
         FIRN_INTERVAL_SECOND}};
    for (size_t i = 0; t->i < t->to && i < sizeof k_units / sizeof *k_units; i++)
        if (firn_dialect_is_any(t->w, t->i, k_units[i].words)) return (int)k_units[i].unit;
    return 0;
}

/* The type of an interval with a unit more. */
static void add_unit(firn_value_type *type, int unit)
{
    const bool has_months = unit >= FIRN_INTERVAL_YEAR;
    const int32_t range = firn_interval_range((firn_interval_unit)unit, (firn_interval_unit)unit);
    if (type->scale == 0) {
        type->kind = has_months ? FIRN_VALUE_INTERVAL_YEAR : FIRN_VALUE_INTERVAL_DAY;
        type->scale = range;
    } else if (type->scale > 0 && (type->kind == FIRN_VALUE_INTERVAL_YEAR) == has_months) {
        type->scale = firn_interval_range_of_both(type->scale, range);
    } else {
        type->kind = FIRN_VALUE_INTERVAL_YEAR;
        type->scale = FIRN_INTERVAL_MIXED;
    }
    if (!has_months && unit != FIRN_INTERVAL_DAY) type->precision = 1;
}

/* precision of an interval of days: 1 when it has hours or less. The engine adds one unit each. */
static firn_value_type spark_interval(typer *t)
{
    firn_value_type type = {0};
    const size_t from = t->i++;
    bool is_first = true;
    for (; !t->is_lost; is_first = false) {
        const size_t number = t->i;
        const firn_token_kind kind = firn_dialect_token(t->w, number)->kind;
        if (!is_first && kind != FIRN_TOKEN_NUMBER && kind != FIRN_TOKEN_STRING) break;
        if (t->i < t->to && firn_dialect_is_symbol(t->w, t->i, "-")) return typer_lose(t);
        t->i += firn_dialect_is_symbol(t->w, t->i, "(") ? firn_dialect_skip(t->w, t->i) - t->i : 1;
        const int unit = spark_unit(t);
        if (unit == 0 || firn_dialect_is_word(t->w, t->i + 1, "TO")) return typer_lose(t);
        if (!is_first) typer_edit(t, FIRN_EDIT_BEFORE, number, number + 1, "+ INTERVAL ");
        add_unit(&type, unit);
        t->i++;
    }
    if (t->i > from + 3) typer_wrap(t, from, t->i, "(", ")");
    return type;
}

/* ---- all literals ---- */

/* Characters of U&'caf\\00e9'. */
static int32_t count_unicode(firn_str text)
{
    int32_t n = 0;
    for (size_t i = 0; i < text.len; n++) {
        const char c = text.data[i];
        const char next = (char)(i + 1 < text.len ? text.data[i + 1] : '\0');
        if (c == '\\' && next != '\\')
            i += next == '+' ? 8 : 5;
        else
            i += c == '\\' || c == '\'' ? 2 : 1;
        while (i < text.len && ((uint8_t)text.data[i] & 0xC0) == 0x80) i++;
    }
    return n;
}

/* The word at t->i is this text. */
static void put_constant(typer *t, firn_str value)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, 2 * value.len + 16);
    firn_buf_quoted(&buf, value, '\'');
    const firn_str text = firn_arena_copy(t->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    if (text.data)
        typer_edit(t, FIRN_EDIT_INSTEAD, t->i, t->i + 1, text.data);
    else
        typer_fail(t, firn_fail_nomem(t->err));
}

/* "(6)" behind CURRENT_TIMESTAMP: its digits. */
static void take_digits(typer *t, firn_value_type *type)
{
    int64_t digits = 0;
    const bool has_digits = typer_at_symbol(t, "(") &&
                            firn_str_to_i64(firn_dialect_token(t->w, t->i + 1)->text, &digits) &&
                            digits <= 6 && firn_dialect_is_symbol(t->w, t->i + 2, ")");
    if (!has_digits) return;
    type->precision = (int32_t)digits;
    t->i += 3;
}

static firn_value_type constant(typer *t)
{
    static const struct {
        const char *word;
        firn_value_type type;
    } k_words[] = {
        {"NULL", {.kind = FIRN_VALUE_NULL}},
        {"TRUE", {.kind = FIRN_VALUE_BOOLEAN}},
        {"FALSE", {.kind = FIRN_VALUE_BOOLEAN}},
        {"CURRENT_DATE", {.kind = FIRN_VALUE_DATE}},
        {"CURRENT_USER", {.kind = FIRN_VALUE_VARCHAR, .precision = -1}},
        {"CURRENT_CATALOG", {.kind = FIRN_VALUE_VARCHAR, .precision = -1}},
        {"CURRENT_SCHEMA", {.kind = FIRN_VALUE_VARCHAR, .precision = -1}},
        {"CURRENT_TIMESTAMP", {.kind = FIRN_VALUE_TIMESTAMP_TZ, .precision = 3}},
        {"LOCALTIMESTAMP", {.kind = FIRN_VALUE_TIMESTAMP, .precision = 3}},
    };
    const firn_dialect_opts *opts = t->w->opts;
    const bool is_trino = typer_dialect(t) == FIRN_DIALECT_TRINO;
    if (is_trino && typer_at(t, "CURRENT_CATALOG")) put_constant(t, opts->catalog);
    if (is_trino && typer_at(t, "CURRENT_SCHEMA")) put_constant(t, opts->ns);
    for (size_t i = 0; i < sizeof k_words / sizeof *k_words; i++) {
        if (!typer_take(t, k_words[i].word)) continue;
        firn_value_type type = k_words[i].type;
        if (type.kind == FIRN_VALUE_TIMESTAMP_TZ) type.zone = opts->zone;
        if (type.precision == 3) take_digits(t, &type);
        return type;
    }
    return (firn_value_type){0};
}

firn_value_type typer_literal(typer *t)
{
    firn_str text;
    const bool is_trino = typer_dialect(t) == FIRN_DIALECT_TRINO;
    const firn_token *token = firn_dialect_token(t->w, t->i);
    if (token->kind == FIRN_TOKEN_NUMBER) {
        t->i++;
        return is_trino ? number_type(token->text) : spark_number(t, token->text);
    }
    if (token->kind == FIRN_TOKEN_STRING) {
        const bool is_plain = !is_trino || token->text.data[0] == '\'';
        if (is_plain && firn_dialect_string(t->w, t->i, &text)) {
            t->i++;
            return text_type(text);
        }
        t->i++;
        const bool is_binary = (token->text.data[0] | 0x20) == 'x';
        return (firn_value_type){.kind = is_binary ? FIRN_VALUE_VARBINARY : FIRN_VALUE_UNKNOWN};
    }
    const bool is_unicode = typer_at(t, "U") && firn_dialect_is_symbol(t->w, t->i + 1, "&");
    if (is_unicode && firn_dialect_token(t->w, t->i + 2)->kind == FIRN_TOKEN_STRING) {
        const firn_str quoted = firn_dialect_token(t->w, t->i + 2)->text;
        t->i += 3;
        return (firn_value_type){.kind = FIRN_VALUE_VARCHAR,
                                 .precision =
                                     count_unicode(firn_str_slice(quoted, 1, quoted.len - 1))};
    }
    if (is_trino && typer_at(t, "INTERVAL") &&
        (firn_dialect_token(t->w, t->i + 1)->kind == FIRN_TOKEN_STRING ||
         firn_dialect_token(t->w, t->i + 1)->kind == FIRN_TOKEN_SYMBOL))
        return interval(t);
    const bool has_range = firn_dialect_token(t->w, t->i + 1)->kind == FIRN_TOKEN_STRING &&
                           firn_dialect_is_word(t->w, t->i + 3, "TO");
    if (!is_trino && typer_at(t, "INTERVAL") && has_range) return interval(t);
    if (!is_trino && typer_at(t, "INTERVAL") &&
        firn_dialect_token(t->w, t->i + 1)->kind != FIRN_TOKEN_SYMBOL)
        return spark_interval(t);
    const firn_value_type type = typed_string(t);
    return type.kind == FIRN_VALUE_UNKNOWN ? constant(t) : type;
}

/* ---- names of types ---- */

/* "(3)", "(9, 2)" */
static void take_numbers(typer *t, int32_t *first, int32_t *second)
{
    int64_t value = 0;
    if (!typer_take_symbol(t, "(")) return;
    for (int n = 0; n < 2; n++) {
        const firn_token *token = firn_dialect_token(t->w, t->i);
        if (token->kind != FIRN_TOKEN_NUMBER || !firn_str_to_i64(token->text, &value) ||
            value > INT32_MAX) {
            (void)typer_lose(t);
            return;
        }
        *(n == 0 ? first : second) = (int32_t)value;
        t->i++;
        if (!typer_take_symbol(t, ",")) break;
    }
    if (!typer_take_symbol(t, ")")) (void)typer_lose(t);
}

static firn_value_type with_zone(typer *t, firn_value_kind plain, firn_value_kind zoned)
{
    firn_value_type type = {.kind = plain, .precision = 3};
    take_numbers(t, &type.precision, &type.scale);
    if (typer_take(t, "WITH")) {
        type.kind = zoned;
        if (!typer_take(t, "TIME") || !typer_take(t, "ZONE")) (void)typer_lose(t);
    } else if (typer_take(t, "WITHOUT")) {
        if (!typer_take(t, "TIME") || !typer_take(t, "ZONE")) (void)typer_lose(t);
    }
    return type;
}

/* A row's field: "name type", or a type alone. */
static bool has_field_name(const typer *t)
{
    const firn_token *next = firn_dialect_token(t->w, t->i + 1);
    return next->kind == FIRN_TOKEN_WORD && !firn_token_is(next, "WITH") &&
           !firn_token_is(next, "PRECISION");
}

static firn_value_type nested_type(typer *t, firn_value_kind kind)
{
    size_t n = 0;
    const size_t open = t->i;
    if (!typer_take_symbol(t, "(")) return typer_lose(t);
    const size_t close = t->w->match[open];
    if (close == FIRN_NO_MATCH || close >= t->to) return typer_lose(t);
    for (size_t i = t->i; i < close; i = firn_dialect_skip(t->w, i))
        n += firn_dialect_is_symbol(t->w, i, ",");
    firn_value_type *parts = typer_new_types(t, ++n);
    firn_str *names = firn_arena_array(t->arena, n, sizeof *names);
    const bool is_right = kind == FIRN_VALUE_ROW || n == (kind == FIRN_VALUE_MAP ? 2 : 1);
    if (!parts || !names || !is_right || t->depth > FIRN_LIMIT_NESTING) return typer_lose(t);
    t->depth++;
    for (size_t i = 0; i < n && !t->is_lost; i++) {
        names[i] = (firn_str){"", 0};
        if (kind == FIRN_VALUE_ROW && has_field_name(t)) names[i] = typer_take_name(t);
        parts[i] = typer_type(t);
        if (!typer_take_symbol(t, i + 1 < n ? "," : ")")) (void)typer_lose(t);
    }
    t->depth--;
    return (firn_value_type){
        .kind = kind, .parts = parts, .names = kind == FIRN_VALUE_ROW ? names : NULL, .n_parts = n};
}

/* Of Spark's types those that are computed with; others are not found out. */
static firn_value_type spark_type(typer *t)
{
    static const struct {
        const char *word;
        firn_value_kind kind;
    } k_words[] = {{"TINYINT", FIRN_VALUE_TINYINT},
                   {"BYTE", FIRN_VALUE_TINYINT},
                   {"SMALLINT", FIRN_VALUE_SMALLINT},
                   {"SHORT", FIRN_VALUE_SMALLINT},
                   {"INT", FIRN_VALUE_INTEGER},
                   {"INTEGER", FIRN_VALUE_INTEGER},
                   {"BIGINT", FIRN_VALUE_BIGINT},
                   {"LONG", FIRN_VALUE_BIGINT},
                   {"FLOAT", FIRN_VALUE_REAL},
                   {"REAL", FIRN_VALUE_REAL},
                   {"DOUBLE", FIRN_VALUE_DOUBLE},
                   {"DATE", FIRN_VALUE_DATE},
                   {"BOOLEAN", FIRN_VALUE_BOOLEAN},
                   {"DECIMAL", FIRN_VALUE_DECIMAL},
                   {"DEC", FIRN_VALUE_DECIMAL},
                   {"NUMERIC", FIRN_VALUE_DECIMAL},
                   {"TIMESTAMP", FIRN_VALUE_TIMESTAMP_TZ},
                   {"TIMESTAMP_NTZ", FIRN_VALUE_TIMESTAMP},
                   {"BINARY", FIRN_VALUE_VARBINARY},
                   {"STRING", FIRN_VALUE_VARCHAR}};
    for (size_t i = 0; i < sizeof k_words / sizeof *k_words; i++) {
        if (!typer_take(t, k_words[i].word)) continue;
        firn_value_type type = {.kind = k_words[i].kind};
        if (type.kind == FIRN_VALUE_VARCHAR) type.precision = -1;
        if (type.kind != FIRN_VALUE_DECIMAL) return type;
        type.precision = 10;
        take_numbers(t, &type.precision, &type.scale);
        return type;
    }
    return typer_lose(t);
}

firn_value_type typer_type(typer *t)
{
    static const struct {
        const char *word;
        firn_value_type type;
    } k_words[] = {
        {"BOOLEAN", {.kind = FIRN_VALUE_BOOLEAN}},
        {"TINYINT", {.kind = FIRN_VALUE_TINYINT}},
        {"SMALLINT", {.kind = FIRN_VALUE_SMALLINT}},
        {"INTEGER", {.kind = FIRN_VALUE_INTEGER}},
        {"INT", {.kind = FIRN_VALUE_INTEGER}},
        {"BIGINT", {.kind = FIRN_VALUE_BIGINT}},
        {"REAL", {.kind = FIRN_VALUE_REAL}},
        {"DOUBLE", {.kind = FIRN_VALUE_DOUBLE}},
        {"VARBINARY", {.kind = FIRN_VALUE_VARBINARY}},
        {"DATE", {.kind = FIRN_VALUE_DATE}},
        {"UUID", {.kind = FIRN_VALUE_UUID}},
        {"JSON", {.kind = FIRN_VALUE_JSON}},
        {"DECIMAL", {.kind = FIRN_VALUE_DECIMAL, .precision = 38}},
        {"NUMERIC", {.kind = FIRN_VALUE_DECIMAL, .precision = 38}},
        {"VARCHAR", {.kind = FIRN_VALUE_VARCHAR, .precision = -1}},
        {"CHAR", {.kind = FIRN_VALUE_CHAR, .precision = 1}},
    };
    if (typer_dialect(t) == FIRN_DIALECT_SPARK) return spark_type(t);
    if (typer_take(t, "TIMESTAMP"))
        return with_zone(t, FIRN_VALUE_TIMESTAMP, FIRN_VALUE_TIMESTAMP_TZ);
    if (typer_take(t, "TIME")) return with_zone(t, FIRN_VALUE_TIME, FIRN_VALUE_TIME_TZ);
    if (typer_take(t, "ARRAY")) return nested_type(t, FIRN_VALUE_ARRAY);
    if (typer_take(t, "MAP")) return nested_type(t, FIRN_VALUE_MAP);
    if (typer_take(t, "ROW")) return nested_type(t, FIRN_VALUE_ROW);
    for (size_t i = 0; i < sizeof k_words / sizeof *k_words; i++) {
        if (!typer_take(t, k_words[i].word)) continue;
        firn_value_type type = k_words[i].type;
        if (type.kind == FIRN_VALUE_DOUBLE) (void)typer_take(t, "PRECISION");
        if (type.precision != 0) take_numbers(t, &type.precision, &type.scale);
        return type;
    }
    return typer_lose(t);
}
