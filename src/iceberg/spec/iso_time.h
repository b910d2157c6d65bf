/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times of day and timestamps of Iceberg's types as ISO 8601 text: the whole range of the
 * types and nanoseconds, which base/clock.h (made for the clock) leaves out. */
#ifndef FIRN_ICEBERG_ISO_TIME_H
#define FIRN_ICEBERG_ISO_TIME_H

#include "firn/base.h"

#define FIRN_NANOS_PER_DAY 86400000000000LL
#define FIRN_ISO_SIZE      64 /* any text below fits, with NUL */

/* Division that rounds towards minus infinity; divisor > 0. */
int64_t firn_floor_div(int64_t value, int64_t divisor);
/* Proleptic Gregorian date of a day number; month and day from 1. */
void firn_civil_of_days(int64_t days, int64_t *year, int32_t *month, int32_t *day);

/* How many digits of a second are printed. */
typedef enum firn_iso_style {
    FIRN_ISO_SHORT,  /* as java.time prints: no seconds when zero, 0, 3, 6 or 9 digits */
    FIRN_ISO_MICROS, /* always 6 */
    FIRN_ISO_NANOS,  /* always 9 */
} firn_iso_style;

/* Append at *len to out (FIRN_ISO_SIZE bytes). */
void firn_iso_put_date(char *out, size_t *len, int64_t days);
void firn_iso_put_time(char *out, size_t *len, int64_t nanos_of_day, firn_iso_style style);

typedef struct firn_iso_moment {
    int64_t days;
    int64_t nanos_of_day; /* before the zone is applied */
    bool has_zone;
    int32_t offset_minutes; /* east of UTC */
} firn_iso_moment;

/* All return false for malformed text or an impossible date. A date alone is a timestamp. */
bool firn_iso_parse_date(firn_str text, int64_t *days);
bool firn_iso_parse_time(firn_str text, int64_t *nanos_of_day);
bool firn_iso_parse_timestamp(firn_str text, firn_iso_moment *out);

#endif
