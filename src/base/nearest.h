/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean ..?": the nearest of some words to one that is not among them. */
#ifndef FIRN_BASE_NEAREST_H
#define FIRN_BASE_NEAREST_H

#include "firn/base.h"

typedef struct firn_nearest {
    firn_str word;
    firn_str best; /* empty: none is near */
    int distance;  /* of it; further away is another word */
} firn_nearest;

firn_nearest firn_nearest_of(firn_str word);                      /* borrowed */
void firn_nearest_try(firn_nearest *nearest, firn_str candidate); /* borrowed */
/* Sets the hint when there is one. Returns st. */
firn_status firn_nearest_hint(const firn_nearest *nearest, firn_status st, firn_error *err);

#endif
