/* SPDX-License-Identifier: Apache-2.0 */
/* Times in the patterns of java.time (Spark) and of Joda (Trino): runs of a letter, text in single
 * quotes. The patterns that the engine's strftime() can say are written in its words instead
 * (dialect_functions.c). Zones are told by their distance from UTC; of zones with a name only UTC
 * has one here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "sql/engine/engine_call.h"

#define US_PER_DAY    INT64_C(86400000000)
#define US_PER_SECOND 1000000

static const char *const k_months[] = {"January",   "February", "March",    "April",
                                       "May",       "June",     "July",     "August",
                                       "September", "October",  "November", "December"};
static const char *const k_days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                     "Friday", "Saturday", "Sunday"};

typedef struct shown_time {
    firn_civil t;
    int64_t days;       /* since 1970-01-01 */
    int32_t offset_min; /* of the zone, east of UTC */
    bool is_joda;
    firn_buf *out;
} shown_time;

/* ---- parts ---- */

static void put_number(const shown_time *s, int64_t value, size_t width)
{
    firn_buf_printf(s->out, "%0*lld", (int)width, (long long)value);
}

/* A run of four or more is the whole name. */
static void put_word(const shown_time *s, const char *word, size_t n)
{
    const size_t length = strlen(word);
    firn_buf_append(s->out, word, n > 3 || length < 3 ? length : 3);
}

static void put_year(const shown_time *s, int64_t year, size_t n)
{
    put_number(s, n == 2 ? (year % 100 + 100) % 100 : year, n);
}

/* 0 is Monday. */
static int day_of_week(int64_t days)
{
    return (int)(((days + 3) % 7 + 7) % 7);
}

static int day_of_year(const shown_time *s)
{
    return (int)(s->days - firn_days_from_civil(s->t.year, 1, 1)) + 1;
}

/* Of ISO 8601: the week has the year that its Thursday is in. */
static int64_t week_year(const shown_time *s, int *week)
{
    const int64_t thursday = s->days - day_of_week(s->days) + 3;
    const firn_civil t = firn_civil_from_us(thursday * US_PER_DAY);
    *week = (int)((thursday - firn_days_from_civil(t.year, 1, 1)) / 7) + 1;
    return t.year;
}

static void put_fraction(const shown_time *s, size_t n)
{
    char digits[8];
    (void)snprintf(digits, sizeof digits, "%06d", (int)s->t.micro);
    firn_buf_append(s->out, digits, n < 6 ? n : 6);
    for (size_t i = 6; i < n; i++) firn_buf_byte(s->out, '0');
}

/* "+0100", "+01:00", "+01" */
static void put_offset(const shown_time *s, bool has_colon, bool has_minutes)
{
    const int minutes = abs((int)s->offset_min);
    firn_buf_printf(s->out, "%c%02d", s->offset_min < 0 ? '-' : '+', minutes / 60);
    if (!has_minutes && minutes % 60 == 0) return;
    firn_buf_printf(s->out, has_colon ? ":%02d" : "%02d", minutes % 60);
}

/* False: the zone has no name here. */
static bool put_zone_name(const shown_time *s, const char *name)
{
    firn_buf_cstr(s->out, name);
    return s->offset_min == 0;
}

static void put_quarter(const shown_time *s, size_t n)
{
    static const char *const k_ordinals[] = {"1st", "2nd", "3rd", "4th"};
    const int quarter = ((int)s->t.month - 1) / 3 + 1;
    if (n < 3)
        put_number(s, quarter, n);
    else if (n == 3)
        firn_buf_printf(s->out, "Q%d", quarter);
    else
        firn_buf_printf(s->out, "%s quarter", k_ordinals[quarter - 1]);
}

/* ---- letters ---- */

static int clock_hour(int hour, int hours)
{
    return hour % hours == 0 ? hours : hour % hours;
}

/* What is a number in both. False: not one of these letters. */
static bool put_digits(const shown_time *s, char letter, size_t n)
{
    switch (letter) {
    case 'd': put_number(s, s->t.day, n); return true;
    case 'D': put_number(s, day_of_year(s), n); return true;
    case 'H': put_number(s, s->t.hour, n); return true;
    case 'k': put_number(s, clock_hour((int)s->t.hour, 24), n); return true;
    case 'h': put_number(s, clock_hour((int)s->t.hour, 12), n); return true;
    case 'K': put_number(s, s->t.hour % 12, n); return true;
    case 'm': put_number(s, s->t.minute, n); return true;
    case 's': put_number(s, s->t.second, n); return true;
    case 'S': put_fraction(s, n); return true;
    default: return false;
    }
}

static bool put_common(const shown_time *s, char letter, size_t n)
{
    switch (letter) {
    case 'G': firn_buf_cstr(s->out, n > 3 && !s->is_joda ? "Anno Domini" : "AD"); return true;
    case 'y': put_year(s, s->t.year, n); return true;
    case 'M':
        if (n < 3)
            put_number(s, s->t.month, n);
        else
            put_word(s, k_months[s->t.month - 1], n);
        return true;
    case 'E': put_word(s, k_days[day_of_week(s->days)], n); return true;
    case 'a': firn_buf_cstr(s->out, s->t.hour < 12 ? "AM" : "PM"); return true;
    case 'z': return put_zone_name(s, n > 3 ? "Coordinated Universal Time" : "UTC");
    default: return put_digits(s, letter, n);
    }
}

static bool put_java(const shown_time *s, char letter, size_t n)
{
    const bool is_utc = s->offset_min == 0;
    switch (letter) {
    case 'L': return put_common(s, 'M', n);
    case 'Q':
    case 'q': put_quarter(s, n); return n < 5;
    case 'F': put_number(s, (s->t.day - 1) % 7 + 1, n); return n == 1;
    case 'V': return n == 2 && put_zone_name(s, "UTC");
    case 'O': return (n == 1 || n == 4) && put_zone_name(s, "GMT");
    case 'X':
        if (is_utc)
            firn_buf_byte(s->out, 'Z');
        else
            put_offset(s, n == 3, n > 1);
        return n < 4;
    case 'x': put_offset(s, n == 3, n > 1); return n < 4;
    case 'Z':
        if (n == 4) return put_zone_name(s, "GMT");
        if (n == 5 && is_utc)
            firn_buf_byte(s->out, 'Z');
        else
            put_offset(s, n == 5, true);
        return n < 6;
    default: return put_common(s, letter, n);
    }
}

static bool put_joda(const shown_time *s, char letter, size_t n)
{
    int week = 0;
    const int64_t year = week_year(s, &week);
    switch (letter) {
    case 'C': put_number(s, s->t.year / 100, n); return true;
    case 'Y': put_year(s, s->t.year, n); return true;
    case 'x': put_year(s, year, n); return true;
    case 'w': put_number(s, week, n); return true;
    case 'e': put_number(s, day_of_week(s->days) + 1, n); return true;
    case 'Z':
        if (n > 2) return put_zone_name(s, "UTC");
        put_offset(s, n == 2, true);
        return true;
    default: return put_common(s, letter, n);
    }
}

/* ---- patterns ---- */

/* Text in quotes at `at`; two quotes are one. The place behind it. */
static size_t put_quoted(firn_str pattern, size_t at, firn_buf *out)
{
    if (at + 1 < pattern.len && pattern.data[at + 1] == '\'') {
        firn_buf_byte(out, '\'');
        return at + 2;
    }
    for (at++; at < pattern.len; at++) {
        const bool is_quote = pattern.data[at] == '\'';
        const bool is_pair = is_quote && at + 1 < pattern.len && pattern.data[at + 1] == '\'';
        if (is_quote && !is_pair) return at + 1;
        firn_buf_byte(out, (uint8_t)pattern.data[at]);
        at += is_pair;
    }
    return at;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

firn_status firn_java_time_put(firn_str pattern, int64_t local_us, int64_t offset_us, bool is_joda,
                               firn_buf *out, firn_error *err)
{
    const firn_civil t = firn_civil_from_us(local_us);
    const shown_time s = {.t = t,
                          .days = firn_days_from_civil(t.year, t.month, t.day),
                          .offset_min = (int32_t)(offset_us / US_PER_SECOND / 60),
                          .is_joda = is_joda,
                          .out = out};
    for (size_t at = 0; at < pattern.len;) {
        const char c = pattern.data[at];
        size_t n = 1;
        if (c == '\'') {
            at = put_quoted(pattern, at, out);
            continue;
        }
        while (at + n < pattern.len && pattern.data[at + n] == c) n++;
        const bool is_shown = !is_letter(c) || n > 19 ? !is_letter(c)
                              : is_joda               ? put_joda(&s, c, n)
                                                      : put_java(&s, c, n);
        if (!is_shown)
            return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                             "not supported: \"%.*s\" in the pattern of a time", (int)n,
                             pattern.data + at);
        for (size_t i = 0; i < n && !is_letter(c); i++)
            if (is_joda || (c != '[' && c != ']')) firn_buf_byte(out, (uint8_t)c);
        at += n;
    }
    return FIRN_OK;
}

/* ---- firn_java_format(local time, pattern, the same time with its zone) ---- */

static firn_status put_row(firn_call *c, int64_t r, bool is_joda, firn_buf *out, firn_error *err)
{
    const int64_t local = ((const int64_t *)c->args[0].values)[r];
    const int64_t instant = ((const int64_t *)c->args[2].values)[r];
    const int64_t offset = (int64_t)((uint64_t)local - (uint64_t)instant);
    return firn_java_time_put(firn_call_text_of(c, 1, r), local, offset, is_joda, out, err);
}

static firn_status put_java_row(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                                firn_error *err)
{
    (void)is_null;
    return put_row(c, r, false, out, err);
}

static firn_status put_joda_row(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                                firn_error *err)
{
    (void)is_null;
    return put_row(c, r, true, out, err);
}

static firn_status java_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 3, put_java_row, err);
}

static firn_status joda_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 3, put_joda_row, err);
}

const firn_function_def *firn_engine_java_times(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_java_format",
         {"TIMESTAMP", "VARCHAR", "TIMESTAMPTZ"},
         "VARCHAR",
         java_rows,
         3,
         NULL},
        {"firn_joda_format",
         {"TIMESTAMP", "VARCHAR", "TIMESTAMPTZ"},
         "VARCHAR",
         joda_rows,
         3,
         NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
