/* SPDX-License-Identifier: Apache-2.0 */
/* Which types a text could be read as: what the inference of CSV and NDJSON columns shares. */
#ifndef FIRN_FORMAT_GUESS_H
#define FIRN_FORMAT_GUESS_H

#include "firn/types.h"

/* A set of types, a bit each; what all values of a column can be is the intersection. */
typedef uint32_t firn_guess;

#define FIRN_GUESS_ALL UINT32_MAX /* of no values at all */

/* Of a text: empty for one that is only text. Integers with leading zeros or beyond LONG are text.
 */
firn_guess firn_guess_text(firn_str text);
/* Of JSON scalars. */
firn_guess firn_guess_boolean(void);
firn_guess firn_guess_long(void);
firn_guess firn_guess_double(void);
/* The narrowest type of the set; STRING when it is empty or nothing is known. */
const firn_type *firn_guess_type(firn_guess guess);

#endif
