/* SPDX-License-Identifier: Apache-2.0 */
/* Time as an interface, so that tests run it by hand. */
#ifndef FIRN_BASE_CLOCK_H
#define FIRN_BASE_CLOCK_H

#include "firn/base.h"

typedef struct firn_clock {
    void *ctx;
    int64_t (*wall_us)(void *ctx);      /* microseconds since 1970-01-01T00:00:00Z */
    int64_t (*monotonic_us)(void *ctx); /* never runs back */
    void (*sleep_us)(void *ctx, int64_t us);
} firn_clock;

const firn_clock *firn_clock_system(void);
int64_t firn_clock_wall_us(const firn_clock *clock);
int64_t firn_clock_wall_ms(const firn_clock *clock);
int64_t firn_clock_monotonic_us(const firn_clock *clock);

/* Civil calendar, proleptic Gregorian, any int64 microsecond. */
typedef struct firn_civil {
    int64_t year;
    int32_t month, day, hour, minute, second, micro; /* month and day from 1 */
} firn_civil;
firn_civil firn_civil_from_us(int64_t us);
int64_t firn_days_from_civil(int64_t year, int32_t month, int32_t day);
/* "2010-12-01T08:26:00[.ffffff][Z|+hh:mm]", also a blank for the T, date only allowed. Up to 9
 * digits of fraction; what is below a microsecond is cut. Years beyond 9999 or below 0 carry a
 * sign. *has_zone (may be NULL) tells whether a zone was given; the result is UTC. False if
 * malformed or out of range. */
bool firn_parse_timestamp_us(firn_str text, int64_t *out_us, bool *has_zone);
/* The same in nanoseconds, all nine digits kept; false also beyond 1677-09-21 and 2262-04-11. */
bool firn_parse_timestamp_ns(firn_str text, int64_t *out_ns, bool *has_zone);
bool firn_parse_date(firn_str text, int32_t *out_days);
bool firn_parse_time_us(firn_str text, int64_t *out_us);
/* Writes at most 40 bytes incl. NUL and returns out. ISO 8601, fraction of 6 digits unless zero. */
const char *firn_format_timestamp_us(int64_t us, bool with_z, char *out, size_t size);

#endif
