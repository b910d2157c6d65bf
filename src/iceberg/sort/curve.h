/* SPDX-License-Identifier: Apache-2.0 */
/* Places on curves through a space of several dimensions: points near each other on the curve are
 * near each other in space. */
#ifndef FIRN_ICEBERG_CURVE_H
#define FIRN_ICEBERG_CURVE_H

#include "firn/base.h"

typedef enum firn_curve {
    FIRN_CURVE_Z = 0, /* bits of the coordinates by turns, the first one's first */
    FIRN_CURVE_HILBERT,
} firn_curve;

typedef struct firn_curve_map {
    firn_curve curve;
    size_t n;
    unsigned bits;
    uint64_t spread[256]; /* the bits of a byte, each n places from the next */
} firn_curve_map;

/* n coordinates of bits each, at most 16; n * bits <= 64. */
void firn_curve_map_init(firn_curve_map *map, firn_curve curve, size_t n, unsigned bits);
/* The same of many points: first all their first coordinates, then the second ones, ... */
void firn_curve_places(const firn_curve_map *map, const uint32_t *x, size_t n, uint64_t *out);
/* Where the point x is on the curve. x is changed. */
uint64_t firn_curve_place(const firn_curve_map *map, uint32_t *x);

#endif
