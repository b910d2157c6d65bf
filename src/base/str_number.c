/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and durations from text, whatever the process's locale is. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/str.h"

#define US_PER_SECOND INT64_C(1000000)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool firn_str_to_i64(firn_str s, int64_t *out)
{
    size_t at = 0;
    bool is_negative = false;
    int64_t value = 0;

    if (s.len && (s.data[0] == '-' || s.data[0] == '+')) is_negative = s.data[at++] == '-';
    if (at == s.len) return false;
    for (; at < s.len; at++) {
        int64_t digit = s.data[at] - '0';
        if (!is_digit(s.data[at])) return false;
        if (!firn_mul_i64(value, 10, &value)) return false;
        if (!firn_add_i64(value, is_negative ? -digit : digit, &value)) return false;
    }
    *out = value;
    return true;
}

/* A decimal number taken apart: 0.d1d2d3... style digits as an integer and a power of ten. */
typedef struct decimal {
    bool is_negative;
    bool is_exact; /* mantissa holds all digits */
    uint64_t mantissa;
    int64_t exponent;
} decimal;

static size_t skip_digits(firn_str s, size_t at, decimal *d, bool is_fraction)
{
    for (; at < s.len && is_digit(s.data[at]); at++) {
        if (d->mantissa > (UINT64_MAX - 9) / 10) {
            d->is_exact = false;
            continue;
        }
        d->mantissa = d->mantissa * 10 + (uint64_t)(s.data[at] - '0');
        if (is_fraction) d->exponent--;
    }
    return at;
}

/* sign? digits* (. digits*)? ((e|E) sign? digits+)? with at least one digit before the exponent */
static bool scan_decimal(firn_str s, decimal *d)
{
    size_t at = 0;
    size_t n_digits;
    size_t from;

    *d = (decimal){.is_exact = true};
    if (s.len && (s.data[0] == '-' || s.data[0] == '+')) d->is_negative = s.data[at++] == '-';
    from = at;
    at = skip_digits(s, at, d, false);
    n_digits = at - from;
    if (at < s.len && s.data[at] == '.') {
        from = ++at;
        at = skip_digits(s, at, d, true);
        n_digits += at - from;
    }
    if (n_digits == 0) return false;
    if (at < s.len && (s.data[at] == 'e' || s.data[at] == 'E')) {
        int64_t exponent;
        from = at + 1;
        for (at = from; at < s.len && (is_digit(s.data[at]) || at == from); at++) {
        }
        if (!firn_str_to_i64(firn_str_slice(s, from, at), &exponent)) {
            d->is_exact = false;
            return at == s.len && from < at && is_digit(s.data[at - 1]);
        }
        if (!firn_add_i64(d->exponent, exponent, &d->exponent)) d->is_exact = false;
    }
    return at == s.len;
}

/* Mantissa and power of ten are both exact doubles, so one rounding gives the nearest double. */
static bool fast_double(const decimal *d, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double value;

    if (!d->is_exact || d->mantissa > (uint64_t)1 << 53) return false;
    if (d->exponent < -22 || d->exponent > 22) return false;
    value = (double)d->mantissa;
    value = d->exponent < 0 ? value / powers[-d->exponent] : value * powers[d->exponent];
    *out = d->is_negative ? -value : value;
    return true;
}

/* The digits are at most 64 bits and so is the power of ten: an integer of 128 bits is exact, and a
 * quotient keeps 64 bits or more with a last bit that tells whether anything follows. Either way
 * one rounding is left. */
static bool wide_double(const decimal *d, double *out)
{
    uint64_t power = 1;
    firn_uint128 value = d->mantissa;
    int shift = 0;

    if (!d->is_exact || d->mantissa == 0 || d->exponent < -19 || d->exponent > 19) return false;
    for (int64_t n = d->exponent < 0 ? -d->exponent : d->exponent; n > 0; n--) power *= 10;
    if (d->exponent >= 0) {
        value *= power;
    } else {
        shift = 64 + __builtin_clzll(d->mantissa);
        value <<= shift;
        value = value / power | (value % power != 0);
    }
    *out = ldexp((double)value, -shift);
    if (d->is_negative) *out = -*out;
    return true;
}

/* What strtod_l and strtof_l share: the text with a NUL behind it, in the C locale. */
typedef struct c_text {
    char small[2304]; /* more than FIRN_LIMIT_JSON_NUMBER */
    char *text;
    locale_t locale;
} c_text;

static bool c_text_init(c_text *c, firn_str s)
{
    c->locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c->locale == (locale_t)0) return false;
    c->text = s.len < sizeof c->small ? c->small : firn_mem_alloc(NULL, s.len + 1);
    if (!c->text) {
        freelocale(c->locale);
        return false;
    }
    memcpy(c->text, s.data, s.len);
    c->text[s.len] = '\0';
    return true;
}

static void c_text_dispose(c_text *c)
{
    if (c->text != c->small) firn_mem_free(NULL, c->text);
    freelocale(c->locale);
}

static bool slow_double(firn_str s, double *out)
{
    c_text c;
    char *end = NULL;
    bool is_whole;

    if (!c_text_init(&c, s)) return false;
    *out = strtod_l(c.text, &end, c.locale);
    is_whole = end == c.text + s.len;
    c_text_dispose(&c);
    return is_whole;
}

static bool slow_float(firn_str s, float *out)
{
    c_text c;
    char *end = NULL;
    bool is_whole;

    if (!c_text_init(&c, s)) return false;
    *out = strtof_l(c.text, &end, c.locale);
    is_whole = end == c.text + s.len;
    c_text_dispose(&c);
    return is_whole;
}

static bool special_double(firn_str s, double *out)
{
    firn_str body = s;
    bool is_negative = s.len && s.data[0] == '-';

    if (s.len && (s.data[0] == '-' || s.data[0] == '+')) body = firn_str_slice(s, 1, s.len);
    if (firn_str_equals_nocase(body, FIRN_STR("nan"))) {
        *out = (double)NAN;
        return true;
    }
    if (!firn_str_equals_nocase(body, FIRN_STR("inf")) &&
        !firn_str_equals_nocase(body, FIRN_STR("infinity")))
        return false;
    *out = is_negative ? -(double)INFINITY : (double)INFINITY;
    return true;
}

bool firn_str_to_f64(firn_str s, double *out)
{
    decimal d;

    if (!scan_decimal(s, &d)) return special_double(s, out);
    return fast_double(&d, out) || wide_double(&d, out) || slow_double(s, out);
}

bool firn_f64_is_no_float(double value)
{
    const uint64_t half = UINT64_C(1) << 28;
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return (bits & (2 * half - 1)) == half || (value != 0 && fabs(value) < (double)FLT_MIN);
}

bool firn_str_to_f32(firn_str s, float *out)
{
    double value;

    if (!firn_str_to_f64(s, &value)) return false;
    if (firn_f64_is_no_float(value)) return slow_float(s, out);
    *out = (float)value;
    return true;
}

bool firn_str_to_duration_us(firn_str s, int64_t *out)
{
    static const struct {
        firn_str suffix;
        int64_t us;
    } units[] = {
        {FIRN_STR_INIT(""), US_PER_SECOND},
        {FIRN_STR_INIT("us"), 1},
        {FIRN_STR_INIT("ms"), 1000},
        {FIRN_STR_INIT("s"), US_PER_SECOND},
        {FIRN_STR_INIT("m"), 60 * US_PER_SECOND},
        {FIRN_STR_INIT("h"), 3600 * US_PER_SECOND},
        {FIRN_STR_INIT("d"), 86400 * US_PER_SECOND},
    };
    size_t n_digits = 0;
    int64_t value;
    firn_str suffix;

    while (n_digits < s.len && is_digit(s.data[n_digits])) n_digits++;
    if (!firn_str_to_i64(firn_str_slice(s, 0, n_digits), &value)) return false;
    suffix = firn_str_slice(s, n_digits, s.len);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (firn_str_equals(suffix, units[i].suffix)) return firn_mul_i64(value, units[i].us, out);
    }
    return false;
}
