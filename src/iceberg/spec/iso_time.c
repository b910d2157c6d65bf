/* SPDX-License-Identifier: Apache-2.0 */
/* ISO 8601 text of dates, times and timestamps. Days are counted in eras of 400 years that start
 * on 1 March, which puts the leap day last and keeps the arithmetic exact. */
#include "iceberg/spec/iso_time.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"

#define NANOS_PER_SECOND 1000000000LL
#define DAYS_PER_ERA     146097
#define EPOCH_SHIFT      719468 /* days from 0000-03-01 to 1970-01-01 */

int64_t firn_floor_div(int64_t value, int64_t divisor)
{
    const int64_t quotient = value / divisor;
    return value % divisor < 0 ? quotient - 1 : quotient;
}

void firn_civil_of_days(int64_t days, int64_t *year, int32_t *month, int32_t *day)
{
    const int64_t shifted = days + EPOCH_SHIFT;
    const int64_t era = firn_floor_div(shifted, DAYS_PER_ERA);
    const int64_t doe = shifted - era * DAYS_PER_ERA;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t march_month = (5 * doy + 2) / 153; /* 0: March */
    *day = (int32_t)(doy - (153 * march_month + 2) / 5 + 1);
    *month = (int32_t)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

static int64_t days_of_civil(int64_t year, int32_t month, int32_t day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = firn_floor_div(y, 400);
    const int64_t yoe = y - era * 400;
    const int64_t march_month = month > 2 ? month - 3 : month + 9;
    const int64_t doy = (153 * march_month + 2) / 5 + day - 1;
    const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * DAYS_PER_ERA + doe - EPOCH_SHIFT;
}

static void put(char *out, size_t *len, const char *fmt, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%0*" PRId64, fmt[0] - '0', value);
    for (const char *p = text; *p && *len + 1 < FIRN_ISO_SIZE; p++) out[(*len)++] = *p;
    if (fmt[1] && *len + 1 < FIRN_ISO_SIZE) out[(*len)++] = fmt[1];
    out[*len] = '\0';
}

void firn_iso_put_date(char *out, size_t *len, int64_t days)
{
    int64_t year = 0;
    int32_t month = 0;
    int32_t day = 0;
    firn_civil_of_days(days, &year, &month, &day);
    if (year > 9999) out[(*len)++] = '+';
    put(out, len, year < 0 ? "5-" : "4-", year);
    put(out, len, "2-", month);
    put(out, len, "2", day);
}

void firn_iso_put_time(char *out, size_t *len, int64_t nanos_of_day, firn_iso_style style)
{
    const int64_t seconds = nanos_of_day / NANOS_PER_SECOND;
    const int64_t fraction = nanos_of_day % NANOS_PER_SECOND;
    put(out, len, "2:", seconds / 3600);
    put(out, len, "2", seconds / 60 % 60);
    if (style == FIRN_ISO_SHORT && seconds % 60 == 0 && fraction == 0) return;
    out[(*len)++] = ':';
    put(out, len, "2", seconds % 60);
    if (style == FIRN_ISO_SHORT && fraction == 0) return;
    out[(*len)++] = '.';
    if (style == FIRN_ISO_SHORT && fraction % 1000000 == 0) {
        put(out, len, "3", fraction / 1000000);
    } else if (style == FIRN_ISO_MICROS || (style == FIRN_ISO_SHORT && fraction % 1000 == 0)) {
        put(out, len, "6", fraction / 1000);
    } else {
        put(out, len, "9", fraction);
    }
}

/* ---- parsing: each step eats from the front of *rest ---- */

static bool eat(firn_str *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != c) return false;
    rest->data++;
    rest->len--;
    return true;
}

/* Between min and max digits; returns how many, 0 for a fault. */
static size_t eat_digits(firn_str *rest, size_t min, size_t max, int64_t *out)
{
    size_t n = 0;
    int64_t value = 0;
    while (n < rest->len && n < max && rest->data[n] >= '0' && rest->data[n] <= '9') {
        value = value * 10 + (rest->data[n] - '0');
        n++;
    }
    if (n < min) return 0;
    rest->data += n;
    rest->len -= n;
    *out = value;
    return n;
}

static int32_t days_in_month(int64_t year, int64_t month)
{
    static const int8_t k_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : k_days[month - 1];
}

static bool eat_date(firn_str *rest, int64_t *days)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    const bool is_negative = eat(rest, '-');
    if (!is_negative) (void)eat(rest, '+');
    if (!eat_digits(rest, 4, 9, &year) || !eat(rest, '-')) return false;
    if (!eat_digits(rest, 2, 2, &month) || !eat(rest, '-')) return false;
    if (!eat_digits(rest, 2, 2, &day)) return false;
    if (is_negative) year = -year;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
    *days = days_of_civil(year, (int32_t)month, (int32_t)day);
    return true;
}

static bool eat_fraction(firn_str *rest, int64_t *nanos)
{
    const size_t n = eat_digits(rest, 1, 9, nanos);
    for (size_t i = n; n > 0 && i < 9; i++) *nanos *= 10;
    return n > 0;
}

static bool eat_time(firn_str *rest, int64_t *nanos_of_day)
{
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t nanos = 0;
    if (!eat_digits(rest, 2, 2, &hour) || !eat(rest, ':')) return false;
    if (!eat_digits(rest, 2, 2, &minute)) return false;
    if (eat(rest, ':')) {
        if (!eat_digits(rest, 2, 2, &second)) return false;
        if (eat(rest, '.') && !eat_fraction(rest, &nanos)) return false;
    }
    if (hour > 23 || minute > 59 || second > 59) return false;
    *nanos_of_day = ((hour * 60 + minute) * 60 + second) * NANOS_PER_SECOND + nanos;
    return true;
}

static bool eat_zone(firn_str *rest, firn_iso_moment *out)
{
    if (rest->len == 0) return true;
    out->has_zone = true;
    if (eat(rest, 'Z') || eat(rest, 'z')) return true;
    const bool is_west = eat(rest, '-');
    if (!is_west && !eat(rest, '+')) return false;
    int64_t hours = 0;
    int64_t minutes = 0;
    if (!eat_digits(rest, 2, 2, &hours)) return false;
    (void)eat(rest, ':');
    if (rest->len > 0 && !eat_digits(rest, 2, 2, &minutes)) return false;
    if (hours > 18 || minutes > 59) return false;
    out->offset_minutes = (int32_t)((hours * 60 + minutes) * (is_west ? -1 : 1));
    return true;
}

bool firn_iso_parse_date(firn_str text, int64_t *days)
{
    firn_str rest = text;
    return eat_date(&rest, days) && rest.len == 0;
}

bool firn_iso_parse_time(firn_str text, int64_t *nanos_of_day)
{
    firn_str rest = text;
    return eat_time(&rest, nanos_of_day) && rest.len == 0;
}

bool firn_iso_parse_timestamp(firn_str text, firn_iso_moment *out)
{
    firn_str rest = text;
    *out = (firn_iso_moment){0};
    if (!eat_date(&rest, &out->days)) return false;
    if (rest.len == 0) return true;
    if (!eat(&rest, 'T') && !eat(&rest, 't') && !eat(&rest, ' ')) return false;
    if (!eat_time(&rest, &out->nanos_of_day)) return false;
    return eat_zone(&rest, out) && rest.len == 0;
}
