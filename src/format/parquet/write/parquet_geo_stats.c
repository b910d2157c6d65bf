/* SPDX-License-Identifier: Apache-2.0 */
/* WKB, as ISO and as PostGIS extend it:
 *
 *   geometry: <order, 0 big 1 little> <type, 4 bytes> [<srid, 4 bytes>] <content>
 *   type:     kind + 1000 (z), 2000 (m), 3000 (zm); or flags 0x80000000 z, 0x40000000 m,
 *             0x20000000 srid
 *   content:  point: coordinates; line: <n> points; polygon: <n> rings, each <n> points;
 *             collections: <n> geometries
 */
#include "format/parquet/write/parquet_geo_stats.h"

#include <math.h>
#include <string.h>

#include "base/cursor.h"
#include "base/limits.h"

enum { POINT = 1, LINE = 2, POLYGON = 3, MULTI_POINT = 4, COLLECTION = 7 };

typedef struct wkb_reader {
    const char *at;
    size_t left;
    bool is_big;
    bool points_only;
    firn_geo_box *box;
} wkb_reader;

void firn_geo_box_clear(firn_geo_box *box)
{
    *box = (firn_geo_box){0};
    for (int i = 0; i < FIRN_GEO_AXES; i++) {
        box->lo[i] = (double)INFINITY;
        box->hi[i] = -(double)INFINITY;
    }
}

bool firn_geo_box_has(const firn_geo_box *box, int axis)
{
    return !box->is_unknown && box->lo[axis] <= box->hi[axis];
}

bool firn_geo_box_is_set(const firn_geo_box *box)
{
    return firn_geo_box_has(box, FIRN_GEO_X) && firn_geo_box_has(box, FIRN_GEO_Y);
}

void firn_geo_box_merge(firn_geo_box *box, const firn_geo_box *other)
{
    box->is_unknown |= other->is_unknown;
    for (int i = 0; i < FIRN_GEO_AXES; i++) {
        if (other->lo[i] < box->lo[i]) box->lo[i] = other->lo[i];
        if (other->hi[i] > box->hi[i]) box->hi[i] = other->hi[i];
    }
}

static bool take_u32(wkb_reader *r, uint32_t *out)
{
    if (r->left < 4) return false;
    *out = firn_load_u32le(r->at);
    if (r->is_big) *out = __builtin_bswap32(*out);
    r->at += 4;
    r->left -= 4;
    return true;
}

/* has_z and has_m say which axes a point has. */
static bool take_points(wkb_reader *r, uint32_t n, bool has_z, bool has_m)
{
    const int axes[FIRN_GEO_AXES] = {FIRN_GEO_X, FIRN_GEO_Y, has_z ? FIRN_GEO_Z : FIRN_GEO_M,
                                     FIRN_GEO_M};
    const size_t n_axes = 2u + has_z + has_m;
    if (r->left / (8 * n_axes) < n) return false;
    for (size_t i = 0; i < n * n_axes; i++) {
        const int axis = axes[i % n_axes];
        uint64_t bits = firn_load_u64le(r->at);
        double v;
        if (r->is_big) bits = __builtin_bswap64(bits);
        memcpy(&v, &bits, sizeof v);
        if (v < r->box->lo[axis]) r->box->lo[axis] = v;
        if (v > r->box->hi[axis]) r->box->hi[axis] = v;
        r->at += 8;
        r->left -= 8;
    }
    return true;
}

static bool take_geometry(wkb_reader *r, int depth);

static bool take_content(wkb_reader *r, uint32_t kind, bool has_z, bool has_m, int depth)
{
    uint32_t n = 0, n_points = 0;
    if (r->points_only && kind != POINT && kind != MULTI_POINT) return false;
    if (kind == POINT) return take_points(r, 1, has_z, has_m);
    if (!take_u32(r, &n)) return false;
    if (kind == LINE) return take_points(r, n, has_z, has_m);
    for (uint32_t i = 0; i < n; i++) {
        if (kind != POLYGON && !take_geometry(r, depth + 1)) return false;
        if (kind == POLYGON && !(take_u32(r, &n_points) && take_points(r, n_points, has_z, has_m)))
            return false;
    }
    return true;
}

/* Every geometry takes 5 bytes or more, so a wrong count ends with the bytes. */
static bool take_geometry(wkb_reader *r, int depth)
{
    uint32_t type = 0, srid = 0;
    if (depth > FIRN_LIMIT_NESTING || r->left < 1 || (uint8_t)r->at[0] > 1) return false;
    r->is_big = r->at[0] == 0;
    r->at++;
    r->left--;
    if (!take_u32(r, &type)) return false;
    if (type & 0x20000000u && !take_u32(r, &srid)) return false;
    const uint32_t code = type & 0x0fffffffu, dimension = code / 1000, kind = code % 1000;
    const bool has_z = type & 0x80000000u || dimension == 1 || dimension == 3;
    const bool has_m = type & 0x40000000u || dimension == 2 || dimension == 3;
    if (dimension > 3 || kind < POINT || kind > COLLECTION) return false;
    return take_content(r, kind, has_z, has_m, depth);
}

void firn_geo_box_add(firn_geo_box *box, const firn_type *type, firn_str wkb)
{
    wkb_reader r = {.at = wkb.data,
                    .left = wkb.len,
                    .points_only = type->kind == FIRN_TYPE_GEOGRAPHY,
                    .box = box};
    if (!box->is_unknown && !(take_geometry(&r, 0) && r.left == 0)) box->is_unknown = true;
}

size_t firn_geo_box_bound(const firn_geo_box *box, bool is_upper, char out[32])
{
    const double *v = is_upper ? box->hi : box->lo;
    const double nothing = (double)NAN;
    const bool has_z = firn_geo_box_has(box, FIRN_GEO_Z), has_m = firn_geo_box_has(box, FIRN_GEO_M);
    memcpy(out, v, 16);
    if (!has_z && !has_m) return 16;
    memcpy(out + 16, has_z ? &v[FIRN_GEO_Z] : &nothing, 8);
    if (!has_m) return 24;
    memcpy(out + 24, &v[FIRN_GEO_M], 8);
    return 32;
}

firn_status firn_geo_box_metrics(const firn_geo_box *box, firn_arena *arena,
                                 firn_column_metrics *out, firn_error *err)
{
    char bytes[32];
    if (!firn_geo_box_is_set(box)) return FIRN_OK;
    out->has_lower = out->has_upper = true;
    const size_t n = firn_geo_box_bound(box, false, bytes);
    out->lower = firn_arena_copy(arena, (firn_str){bytes, n});
    (void)firn_geo_box_bound(box, true, bytes);
    out->upper = firn_arena_copy(arena, (firn_str){bytes, n});
    return out->lower.data && out->upper.data ? FIRN_OK : firn_fail_nomem(err);
}
