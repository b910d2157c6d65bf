/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on firn_str that allocate nothing. */
#ifndef FIRN_BASE_STR_H
#define FIRN_BASE_STR_H

#include "firn/base.h"

firn_str firn_str_of(const char *cstr); /* NULL gives the empty string */
bool firn_str_equals(firn_str a, firn_str b);
bool firn_str_equals_nocase(firn_str a, firn_str b); /* ASCII */
int firn_str_compare(firn_str a, firn_str b);        /* unsigned bytes */
bool firn_str_starts_with(firn_str s, firn_str prefix);
bool firn_str_ends_with(firn_str s, firn_str suffix);
firn_str firn_str_slice(firn_str s, size_t from, size_t to); /* clamped */
firn_str firn_str_trim(firn_str s);                          /* ASCII white space */
/* Offset of needle at or after from, or SIZE_MAX. */
size_t firn_str_find(firn_str s, firn_str needle, size_t from);
/* Cuts *rest at the first sep: returns the part before it and moves *rest behind it.
 * When sep is absent returns all of *rest and leaves *rest empty with data NULL. */
firn_str firn_str_split(firn_str *rest, char sep);
/* Whole string must be a decimal integer in range. */
bool firn_str_to_i64(firn_str s, int64_t *out);
/* Decimal number (nearest double), nan, inf or infinity in any case; no white space, no hex. */
bool firn_str_to_f64(firn_str s, double *out);
/* The same, to the nearest float: one rounding, not first to a double. */
bool firn_str_to_f32(firn_str s, float *out);
/* True if the nearest double of a text does not tell its nearest float: it is half way between two,
 * perhaps by rounding, or below the normal ones. */
bool firn_f64_is_no_float(double value);
/* "10s", "5m", "2h", "1d", "250ms" -> microseconds; plain number = seconds. */
bool firn_str_to_duration_us(firn_str s, int64_t *out);
bool firn_utf8_is_valid(firn_str s);
uint64_t firn_str_hash(firn_str s); /* XXH3, seed 0 */
/* Levenshtein distance in bytes, capped at limit+1; also limit+1 when either is longer than 255
 * bytes. For "did you mean". */
int firn_str_distance(firn_str a, firn_str b, int limit);

#endif
