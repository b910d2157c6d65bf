/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include "base/error.h"
#include "base/str.h"

firn_nearest firn_nearest_of(firn_str word)
{
    return (firn_nearest){.word = word, .distance = (int)(word.len / 3) + 2};
}

void firn_nearest_try(firn_nearest *nearest, firn_str candidate)
{
    const int distance = firn_str_distance(candidate, nearest->word, nearest->distance);
    if (distance >= nearest->distance) return;
    nearest->distance = distance;
    nearest->best = candidate;
}

firn_status firn_nearest_hint(const firn_nearest *nearest, firn_status st, firn_error *err)
{
    if (nearest->best.len == 0) return st;
    (void)firn_error_hint(err, st, "did you mean \"%.*s\"?", FIRN_STR_ARG(nearest->best));
    return st;
}
