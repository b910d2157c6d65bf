/* SPDX-License-Identifier: Apache-2.0 */
/* The box around the geometries of a column, from their WKB form. Not here: any other meaning of
 * a geometry. */
#ifndef FIRN_FORMAT_PARQUET_GEO_STATS_H
#define FIRN_FORMAT_PARQUET_GEO_STATS_H

#include "base/buf.h"
#include "format/columns/metrics.h"

enum { FIRN_GEO_X, FIRN_GEO_Y, FIRN_GEO_Z, FIRN_GEO_M, FIRN_GEO_AXES };

/* An axis without coordinates (NaN does not count) has lo > hi. */
typedef struct firn_geo_box {
    bool is_unknown; /* bytes that are not WKB, or edges that no box of the ends contains */
    double lo[FIRN_GEO_AXES], hi[FIRN_GEO_AXES];
} firn_geo_box;

void firn_geo_box_clear(firn_geo_box *box);
/* type: geometry or geography. On a sphere an edge leaves the box of its ends, so a geography adds
 * points only, anything else makes the box unknown. */
void firn_geo_box_add(firn_geo_box *box, const firn_type *type, firn_str wkb);
void firn_geo_box_merge(firn_geo_box *box, const firn_geo_box *other);
bool firn_geo_box_has(const firn_geo_box *box, int axis);
/* There is a box: x and y at least. */
bool firn_geo_box_is_set(const firn_geo_box *box);
/* Iceberg's bound: x, y, z if z or m is there, m, each 8 bytes little-endian; at most 32 bytes.
 * Returns their number. */
size_t firn_geo_box_bound(const firn_geo_box *box, bool is_upper, char out[32]);
/* The bounds of a column, in the arena; none without a box. */
FIRN_MUST_CHECK firn_status firn_geo_box_metrics(const firn_geo_box *box, firn_arena *arena,
                                                 firn_column_metrics *out, firn_error *err);

#endif
