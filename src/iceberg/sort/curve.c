/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/curve.h"

#include <string.h>

void firn_curve_map_init(firn_curve_map *map, firn_curve curve, size_t n, unsigned bits)
{
    map->curve = n > 1 ? curve : FIRN_CURVE_Z;
    map->n = n;
    map->bits = bits;
    for (unsigned byte = 0; byte < 256; byte++) {
        map->spread[byte] = 0;
        for (unsigned k = 0; k < 8 && k < bits; k++)
            map->spread[byte] |= (uint64_t)(byte >> k & 1) << (k * n);
    }
}

static uint64_t z_place(const firn_curve_map *map, const uint32_t *x)
{
    uint64_t out = 0;
    for (size_t i = 0; i < map->n; i++) {
        uint64_t bits = map->spread[x[i] & 0xff];
        if (map->bits > 8) bits |= map->spread[x[i] >> 8 & 0xff] << (8 * map->n);
        out = out << 1 | bits;
    }
    return out;
}

/* Skilling's transposition ("Programming the Hilbert curve", 2004): undo the turns from the top bit
 * down, then Gray code; what comes out is the place with its bits by turns. */
static void transpose(uint32_t *x, size_t n, unsigned bits)
{
    const uint32_t top = (uint32_t)1 << (bits - 1);
    for (uint32_t q = top; q > 1; q >>= 1) {
        const uint32_t mask = q - 1;
        for (size_t i = 0; i < n; i++) {
            const uint32_t swapped = (x[0] ^ x[i]) & mask;
            if (x[i] & q) {
                x[0] ^= mask;
            } else {
                x[0] ^= swapped;
                x[i] ^= swapped;
            }
        }
    }
    for (size_t i = 1; i < n; i++) x[i] ^= x[i - 1];
    uint32_t turn = 0;
    for (uint32_t q = top; q > 1; q >>= 1)
        if (x[n - 1] & q) turn ^= q - 1;
    for (size_t i = 0; i < n; i++) x[i] ^= turn;
}

uint64_t firn_curve_place(const firn_curve_map *map, uint32_t *x)
{
    if (map->curve == FIRN_CURVE_HILBERT) transpose(x, map->n, map->bits);
    return z_place(map, x);
}

/* Column by column. */
static void z_places(const firn_curve_map *map, const uint32_t *x, size_t n, uint64_t *out)
{
    const unsigned high = map->bits > 8 ? 8 * (unsigned)map->n : 0;
    memset(out, 0, n * sizeof *out);
    for (size_t i = 0; i < map->n; i++, x += n)
        for (size_t k = 0; k < n; k++)
            out[k] = out[k] << 1 | map->spread[x[k] & 0xff] | map->spread[x[k] >> 8 & 0xff] << high;
}

void firn_curve_places(const firn_curve_map *map, const uint32_t *x, size_t n, uint64_t *out)
{
    uint32_t point[64] = {0};
    if (map->curve == FIRN_CURVE_Z) {
        z_places(map, x, n, out);
        return;
    }
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < map->n; i++) point[i] = x[i * n + k];
        out[k] = firn_curve_place(map, point);
    }
}
