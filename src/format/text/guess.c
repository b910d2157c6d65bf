/* SPDX-License-Identifier: Apache-2.0 */
#include "format/text/guess.h"

#include "base/clock.h"
#include "base/str.h"

/* Narrow before wide: of two that fit, the first is taken. */
typedef enum guess_bit {
    GUESS_BOOLEAN = 1,
    GUESS_LONG = 2,
    GUESS_DOUBLE = 4,
    GUESS_DATE = 8,
    GUESS_TIME = 16,
    GUESS_TIMESTAMP = 32,
    GUESS_TIMESTAMP_NS = 64,
    GUESS_TIMESTAMPTZ = 128,
    GUESS_TIMESTAMPTZ_NS = 256,
} guess_bit;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "007": an article number rather than a number. */
static bool has_leading_zero(firn_str s)
{
    const size_t at = s.data[0] == '-' || s.data[0] == '+';

    return s.len > at + 1 && s.data[at] == '0' && is_digit(s.data[at + 1]);
}

static firn_guess guess_number(firn_str s)
{
    bool is_integer = true;
    int64_t integer;
    double number;

    if (has_leading_zero(s)) return 0;
    for (size_t i = 1; i < s.len; i++) is_integer &= is_digit(s.data[i]);
    if (is_integer) return firn_str_to_i64(s, &integer) ? GUESS_LONG | GUESS_DOUBLE : 0;
    return firn_str_to_f64(s, &number) ? GUESS_DOUBLE : 0;
}

/* More than six digits behind the last point. */
static bool has_nanos(firn_str s)
{
    for (size_t i = s.len; i-- > 0;) {
        if (s.data[i] == '.') return s.len - i > 7 && is_digit(s.data[i + 7]);
    }
    return false;
}

static firn_guess guess_time(firn_str s)
{
    bool has_zone = false;
    firn_guess guess;
    int64_t value;
    int32_t days;

    if (firn_parse_time_us(s, &value)) return GUESS_TIME;
    if (!firn_parse_timestamp_us(s, &value, &has_zone)) return 0;
    guess = has_nanos(s) ? 0 : has_zone ? GUESS_TIMESTAMPTZ : GUESS_TIMESTAMP;
    if (firn_parse_timestamp_ns(s, &value, NULL))
        guess |= has_zone ? GUESS_TIMESTAMPTZ_NS : GUESS_TIMESTAMP_NS;
    return firn_parse_date(s, &days) ? guess | GUESS_DATE : guess;
}

firn_guess firn_guess_text(firn_str text)
{
    const firn_str s = firn_str_trim(text);
    firn_guess guess;

    if (s.len == 0 || s.len > 400) return 0;
    if (firn_str_equals_nocase(s, FIRN_STR("true")) || firn_str_equals_nocase(s, FIRN_STR("false")))
        return GUESS_BOOLEAN;
    guess = guess_number(s);
    return guess ? guess : guess_time(s);
}

firn_guess firn_guess_boolean(void)
{
    return GUESS_BOOLEAN;
}

firn_guess firn_guess_long(void)
{
    return GUESS_LONG | GUESS_DOUBLE;
}

firn_guess firn_guess_double(void)
{
    return GUESS_DOUBLE;
}

const firn_type *firn_guess_type(firn_guess guess)
{
    static const firn_type k_types[] = {
        {.kind = FIRN_TYPE_BOOLEAN},       {.kind = FIRN_TYPE_LONG},
        {.kind = FIRN_TYPE_DOUBLE},        {.kind = FIRN_TYPE_DATE},
        {.kind = FIRN_TYPE_TIME},          {.kind = FIRN_TYPE_TIMESTAMP},
        {.kind = FIRN_TYPE_TIMESTAMP_NS},  {.kind = FIRN_TYPE_TIMESTAMPTZ},
        {.kind = FIRN_TYPE_TIMESTAMPTZ_NS}};
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};

    if (guess == 0 || guess == FIRN_GUESS_ALL) return &k_string;
    return &k_types[__builtin_ctz(guess)];
}
