/* SPDX-License-Identifier: Apache-2.0 */
/* Calendar of clock.h: days since 1970 to and from proleptic Gregorian dates, and ISO 8601 text.
 * Years are counted in eras of 400 years that begin on 1 March, so the leap day is the last day
 * of its year. No time zones beyond a fixed offset. */
#include <inttypes.h>
#include <stdio.h>

#include "base/checked.h"
#include "base/clock.h"
#include "base/cursor.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY    (86400 * US_PER_SECOND)
#define DAYS_PER_ERA  INT64_C(146097)
#define EPOCH_SHIFT   INT64_C(719468) /* days from 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

int64_t firn_days_from_civil(int64_t year, int32_t month, int32_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t month_from_march = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - EPOCH_SHIFT;
}

static void date_of_days(int64_t days, firn_civil *out)
{
    int64_t z = days + EPOCH_SHIFT;
    int64_t era = floor_div(z, DAYS_PER_ERA);
    int64_t doe = z - era * DAYS_PER_ERA;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t month_from_march = (5 * doy + 2) / 153;

    out->day = (int32_t)(doy - (153 * month_from_march + 2) / 5 + 1);
    out->month = (int32_t)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    out->year = yoe + era * 400 + (out->month <= 2);
}

firn_civil firn_civil_from_us(int64_t us)
{
    int64_t days = floor_div(us, US_PER_DAY);
    int64_t rest = us % US_PER_DAY;
    firn_civil out;

    if (rest < 0) rest += US_PER_DAY;
    date_of_days(days, &out);
    out.micro = (int32_t)(rest % US_PER_SECOND);
    rest /= US_PER_SECOND;
    out.second = (int32_t)(rest % 60);
    out.minute = (int32_t)(rest / 60 % 60);
    out.hour = (int32_t)(rest / 3600);
    return out;
}

/* Text being parsed; is_bad is sticky. */
typedef struct scanner {
    firn_str text;
    size_t at;
    bool is_bad;
    int32_t nanos; /* of the time, below its microsecond */
} scanner;

static char peek(const scanner *sc)
{
    return (char)(sc->at < sc->text.len ? sc->text.data[sc->at] : '\0');
}

static bool accept(scanner *sc, char c)
{
    if (sc->at >= sc->text.len || sc->text.data[sc->at] != c) return false;
    sc->at++;
    return true;
}

static size_t count_digits(const scanner *sc)
{
    size_t n = 0;

    while (sc->at + n < sc->text.len && sc->text.data[sc->at + n] >= '0' &&
           sc->text.data[sc->at + n] <= '9')
        n++;
    return n;
}

/* Exactly n digits of value low..high. */
static int32_t take_number(scanner *sc, size_t n, int32_t low, int32_t high)
{
    int32_t value = 0;

    if (count_digits(sc) < n) {
        sc->is_bad = true;
        return low;
    }
    for (size_t i = 0; i < n; i++) value = value * 10 + (sc->text.data[sc->at++] - '0');
    if (value < low || value > high) sc->is_bad = true;
    return value;
}

static void expect(scanner *sc, char c)
{
    if (!accept(sc, c)) sc->is_bad = true;
}

/* month: 1 to 12 */
static bool is_day(int64_t year, int32_t month, int32_t day)
{
    static const int8_t lengths[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return day >= 1 && (day <= lengths[month] || (month == 2 && day == 29 && is_leap));
}

/* Four digits, or a sign and four to seven digits. */
static int64_t take_date(scanner *sc)
{
    bool is_negative = accept(sc, '-');
    bool is_signed = is_negative || accept(sc, '+');
    size_t n = count_digits(sc);
    int64_t year;
    int32_t month;
    int32_t day;

    if (n < 4 || n > (is_signed ? 7u : 4u)) {
        sc->is_bad = true;
        return 0;
    }
    year = take_number(sc, n, 0, 9999999);
    if (is_negative) year = -year;
    expect(sc, '-');
    month = take_number(sc, 2, 1, 12);
    expect(sc, '-');
    day = take_number(sc, 2, 1, 31);
    if (!sc->is_bad && !is_day(year, month, day)) sc->is_bad = true;
    return sc->is_bad ? 0 : firn_days_from_civil(year, month, day);
}

/* As firn_days_from_civil() for years that have four digits, without a jump. */
static int32_t days_of(int32_t year, int32_t month, int32_t day)
{
    static const int16_t since_march[] = {0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275};
    const uint32_t y = (uint32_t)(year + 400 - (month <= 2));
    return (int32_t)(y * 365 + y / 4 - y / 100 + y / 400) + since_march[month] + day - 1 -
           (int32_t)(DAYS_PER_ERA + EPOCH_SHIFT);
}

/* "YYYY-MM-DD", the form nearly all dates have, in two words. */
static bool parse_plain_date(const char *p, int32_t *out_days)
{
    const uint64_t t =
        firn_load_u64le(p) ^ UINT64_C(0x2D30302D30303030); /* digits 0..9, dashes 0 */
    const uint32_t d = (uint32_t)firn_load_u16le(p + 8) ^ 0x3030;
    const uint64_t high = ((t + UINT64_C(0x0606060606060606)) | t) & UINT64_C(0xF0F0F0F0F0F0F0F0);
    if (high || (t & UINT64_C(0xFF0000FF00000000)) || (((d + 0x0606) | d) & 0xF0F0)) return false;
    const int32_t year =
        (int32_t)((t & 15) * 1000 + (t >> 8 & 15) * 100 + (t >> 16 & 15) * 10 + (t >> 24 & 15));
    const int32_t month = (int32_t)((t >> 40 & 15) * 10 + (t >> 48 & 15));
    const int32_t day = (int32_t)((d & 15) * 10 + (d >> 8));
    if (month < 1 || month > 12 || !is_day(year, month, day)) return false;
    *out_days = days_of(year, month, day);
    return true;
}

/* Up to nine digits, in microseconds; what is below one is left in sc->nanos. */
static int64_t take_fraction(scanner *sc)
{
    size_t n = count_digits(sc);
    int64_t value;

    if (n == 0 || n > 9) {
        sc->is_bad = true;
        return 0;
    }
    value = take_number(sc, n, 0, 999999999);
    for (; n < 9; n++) value *= 10;
    sc->nanos = (int32_t)(value % 1000);
    return value / 1000;
}

static int64_t take_time(scanner *sc)
{
    int64_t us;

    us = (int64_t)take_number(sc, 2, 0, 23) * 3600 * US_PER_SECOND;
    expect(sc, ':');
    us += (int64_t)take_number(sc, 2, 0, 59) * 60 * US_PER_SECOND;
    if (accept(sc, ':')) {
        us += take_number(sc, 2, 0, 59) * US_PER_SECOND;
        if (accept(sc, '.')) us += take_fraction(sc);
    }
    return us;
}

/* Z, +hh, +hhmm or +hh:mm; gives what must be subtracted to reach UTC. */
static int64_t take_zone(scanner *sc, bool *has_zone)
{
    int64_t sign = peek(sc) == '-' ? -1 : 1;
    int64_t minutes;

    *has_zone = true;
    if (accept(sc, 'Z') || accept(sc, 'z')) return 0;
    if (!accept(sc, '+') && !accept(sc, '-')) {
        *has_zone = false;
        return 0;
    }
    minutes = (int64_t)take_number(sc, 2, 0, 18) * 60;
    if (accept(sc, ':') || count_digits(sc) > 0) minutes += take_number(sc, 2, 0, 59);
    return sign * minutes * 60 * US_PER_SECOND;
}

static bool parse_timestamp(firn_str text, int64_t *out_us, int32_t *nanos, bool *has_zone)
{
    scanner sc = {.text = text};
    bool zone = false;
    int64_t offset = 0;
    int64_t us = 0;
    int64_t days = take_date(&sc);

    if (!sc.is_bad && sc.at < text.len) {
        if (!accept(&sc, 'T') && !accept(&sc, 't')) expect(&sc, ' ');
        us = take_time(&sc);
        offset = take_zone(&sc, &zone);
    }
    if (sc.is_bad || sc.at != text.len) return false;
    us -= offset;
    /* Towards zero first, so that the earliest and latest values do not overflow on the way. */
    if (days < 0) {
        days += 1;
        us -= US_PER_DAY;
    }
    if (!firn_mul_i64(days, US_PER_DAY, &days) || !firn_add_i64(days, us, &us)) return false;
    *out_us = us;
    *nanos = sc.nanos;
    if (has_zone) *has_zone = zone;
    return true;
}

bool firn_parse_timestamp_us(firn_str text, int64_t *out_us, bool *has_zone)
{
    int32_t nanos;

    return parse_timestamp(text, out_us, &nanos, has_zone);
}

bool firn_parse_timestamp_ns(firn_str text, int64_t *out_ns, bool *has_zone)
{
    int32_t nanos;
    int64_t us;

    if (!parse_timestamp(text, &us, &nanos, has_zone)) return false;
    /* Towards zero first, as above: the earliest instant has no whole microsecond before it. */
    if (us < 0) {
        us += 1;
        nanos -= 1000;
    }
    return firn_mul_i64(us, 1000, &us) && firn_add_i64(us, nanos, out_ns);
}

bool firn_parse_date(firn_str text, int32_t *out_days)
{
    if (text.len == 10) return parse_plain_date(text.data, out_days);
    scanner sc = {.text = text};
    int64_t days = take_date(&sc);

    if (sc.is_bad || sc.at != text.len) return false;
    return firn_i64_to_i32(days, out_days);
}

bool firn_parse_time_us(firn_str text, int64_t *out_us)
{
    scanner sc = {.text = text};
    int64_t us = take_time(&sc);

    if (sc.is_bad || sc.at != text.len) return false;
    *out_us = us;
    return true;
}

const char *firn_format_timestamp_us(int64_t us, bool with_z, char *out, size_t size)
{
    firn_civil c = firn_civil_from_us(us);
    const char *sign = c.year < 0 ? "-" : c.year > 9999 ? "+" : "";
    int64_t year = c.year < 0 ? -c.year : c.year;
    char fraction[16] = "";

    if (c.micro) (void)snprintf(fraction, sizeof fraction, ".%06" PRId32, c.micro);
    (void)snprintf(
        out, size,
        "%s%04" PRId64 "-%02" PRId32 "-%02" PRId32 "T%02" PRId32 ":%02" PRId32 ":%02" PRId32 "%s%s",
        sign, year, c.month, c.day, c.hour, c.minute, c.second, fraction, with_z ? "Z" : "");
    return out;
}
