/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds of columns. Values come a batch at a time, so each loop finds its own smallest and largest
 * value and merges once. */
#include "format/parquet/write/parquet_stats.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "format/columns/decimal.h"

static firn_stats_class class_of(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: return FIRN_STATS_BOOL;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: return FIRN_STATS_I32;
    case FIRN_TYPE_FLOAT: return FIRN_STATS_F32;
    case FIRN_TYPE_DOUBLE: return FIRN_STATS_F64;
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: return FIRN_STATS_BYTES;
    case FIRN_TYPE_DECIMAL:
        return type->precision <= 9    ? FIRN_STATS_I32
               : type->precision <= 18 ? FIRN_STATS_I64
                                       : FIRN_STATS_I128;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return FIRN_STATS_I64;
    default: return FIRN_STATS_NONE;
    }
}

void firn_parquet_bounds_init(firn_parquet_bounds *b, const firn_allocator *alloc,
                              const firn_type *type)
{
    *b = (firn_parquet_bounds){.kind = class_of(type)};
    firn_buf_init(&b->blo, alloc, 0);
    firn_buf_init(&b->bhi, alloc, 0);
}

void firn_parquet_bounds_dispose(firn_parquet_bounds *b)
{
    firn_buf_dispose(&b->blo);
    firn_buf_dispose(&b->bhi);
}

void firn_parquet_bounds_clear(firn_parquet_bounds *b)
{
    b->has_bounds = false;
    b->nan_count = 0;
    b->lo_is_cut = b->hi_is_cut = false;
    firn_buf_clear(&b->blo);
    firn_buf_clear(&b->bhi);
}

static void merge_ints(firn_parquet_bounds *b, firn_int128 lo, firn_int128 hi)
{
    if (!b->has_bounds || lo < b->lo) b->lo = lo;
    if (!b->has_bounds || hi > b->hi) b->hi = hi;
    b->has_bounds = true;
}

static void merge_floats(firn_parquet_bounds *b, double lo, double hi)
{
    if (!b->has_bounds || lo < b->flo) b->flo = lo;
    if (!b->has_bounds || hi > b->fhi) b->fhi = hi;
    b->has_bounds = true;
}

/* Of equal ones the exact one wins. order: below 0 if other is the further bound. */
static void merge_text(bool has_bounds, int order, firn_str other, bool other_is_cut, firn_buf *out,
                       bool *is_cut)
{
    if (has_bounds && order == 0) *is_cut = *is_cut && other_is_cut;
    if (has_bounds && order >= 0) return;
    firn_buf_clear(out);
    firn_buf_str(out, other);
    *is_cut = other_is_cut;
}

static void merge_cut_bytes(firn_parquet_bounds *b, firn_str lo, bool lo_is_cut, firn_str hi,
                            bool hi_is_cut)
{
    const bool has = b->has_bounds;
    const int lo_order = has ? firn_str_compare(lo, firn_buf_view(&b->blo)) : 0;
    const int hi_order = has ? firn_str_compare(firn_buf_view(&b->bhi), hi) : 0;
    merge_text(has, lo_order, lo, lo_is_cut, &b->blo, &b->lo_is_cut);
    merge_text(has, hi_order, hi, hi_is_cut, &b->bhi, &b->hi_is_cut);
    b->has_bounds = true;
}

static void merge_bytes(firn_parquet_bounds *b, firn_str lo, firn_str hi)
{
    merge_cut_bytes(b, lo, false, hi, false);
}

static void add_i32(firn_parquet_bounds *b, const int32_t *v, size_t n)
{
    int32_t lo = v[0], hi = v[0];
    for (size_t i = 1; i < n; i++) {
        lo = v[i] < lo ? v[i] : lo;
        hi = v[i] > hi ? v[i] : hi;
    }
    merge_ints(b, lo, hi);
}

static void add_i64(firn_parquet_bounds *b, const int64_t *v, size_t n)
{
    int64_t lo = v[0], hi = v[0];
    for (size_t i = 1; i < n; i++) {
        lo = v[i] < lo ? v[i] : lo;
        hi = v[i] > hi ? v[i] : hi;
    }
    merge_ints(b, lo, hi);
}

static void add_i128(firn_parquet_bounds *b, const firn_int128 *v, size_t n)
{
    firn_int128 lo = v[0], hi = v[0];
    for (size_t i = 1; i < n; i++) {
        lo = v[i] < lo ? v[i] : lo;
        hi = v[i] > hi ? v[i] : hi;
    }
    merge_ints(b, lo, hi);
}

static void add_bool(firn_parquet_bounds *b, const uint8_t *v, size_t n)
{
    uint8_t any = 0, all = 1;
    for (size_t i = 0; i < n; i++) {
        any |= v[i] != 0;
        all &= v[i] != 0;
    }
    merge_ints(b, all, any);
}

/* A comparison with NaN is false, so NaN never becomes a bound. */
static void add_f32(firn_parquet_bounds *b, const float *v, size_t n)
{
    float lo = INFINITY, hi = -INFINITY;
    int64_t nan = 0;
    for (size_t i = 0; i < n; i++) {
        lo = v[i] < lo ? v[i] : lo;
        hi = v[i] > hi ? v[i] : hi;
        nan += v[i] != v[i];
    }
    b->nan_count += nan;
    if (nan < (int64_t)n) merge_floats(b, (double)lo, (double)hi);
}

static void add_f64(firn_parquet_bounds *b, const double *v, size_t n)
{
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    int64_t nan = 0;
    for (size_t i = 0; i < n; i++) {
        lo = v[i] < lo ? v[i] : lo;
        hi = v[i] > hi ? v[i] : hi;
        nan += v[i] != v[i];
    }
    b->nan_count += nan;
    if (nan < (int64_t)n) merge_floats(b, lo, hi);
}

/* The first 4 bytes as a number that sorts like them; short values are padded with zeros. */
static inline uint32_t prefix_of(const firn_view *v)
{
    uint32_t p;
    memcpy(&p, v->as.inlined, sizeof p);
    return __builtin_bswap32(p);
}

static void add_views(firn_parquet_bounds *b, const firn_view *v, size_t n)
{
    size_t lo = 0, hi = 0;
    uint32_t plo = prefix_of(&v[0]), phi = plo;
    for (size_t i = 1; i < n; i++) {
        const uint32_t p = prefix_of(&v[i]);
        if (p < plo ||
            (p == plo && firn_str_compare(firn_view_str(&v[i]), firn_view_str(&v[lo])) < 0)) {
            lo = i;
            plo = p;
        }
        if (p > phi ||
            (p == phi && firn_str_compare(firn_view_str(&v[i]), firn_view_str(&v[hi])) > 0)) {
            hi = i;
            phi = p;
        }
    }
    merge_bytes(b, firn_view_str(&v[lo]), firn_view_str(&v[hi]));
}

void firn_parquet_bounds_add(firn_parquet_bounds *b, const void *values, size_t n)
{
    if (n == 0) return;
    switch (b->kind) {
    case FIRN_STATS_NONE: break;
    case FIRN_STATS_BOOL: add_bool(b, values, n); break;
    case FIRN_STATS_I32: add_i32(b, values, n); break;
    case FIRN_STATS_I64: add_i64(b, values, n); break;
    case FIRN_STATS_I128: add_i128(b, values, n); break;
    case FIRN_STATS_F32: add_f32(b, values, n); break;
    case FIRN_STATS_F64: add_f64(b, values, n); break;
    case FIRN_STATS_BYTES: add_views(b, values, n); break;
    }
}

static firn_int128 number_of(const firn_parquet_bounds *b, const firn_value *v)
{
    if (b->kind == FIRN_STATS_BOOL) return v->as.boolean;
    if (v->kind == FIRN_TYPE_DECIMAL) return v->as.decimal;
    return b->kind == FIRN_STATS_I32 ? v->as.i32 : v->as.i64;
}

void firn_parquet_bounds_add_found(firn_parquet_bounds *b, const firn_value *lo, bool lo_is_cut,
                                   const firn_value *hi, bool hi_is_cut)
{
    switch (b->kind) {
    case FIRN_STATS_NONE: break;
    case FIRN_STATS_F32: merge_floats(b, (double)lo->as.f32, (double)hi->as.f32); break;
    case FIRN_STATS_F64: merge_floats(b, lo->as.f64, hi->as.f64); break;
    case FIRN_STATS_BYTES:
        merge_cut_bytes(b, lo->as.bytes, lo_is_cut, hi->as.bytes, hi_is_cut);
        break;
    case FIRN_STATS_BOOL:
    case FIRN_STATS_I32:
    case FIRN_STATS_I64:
    case FIRN_STATS_I128: merge_ints(b, number_of(b, lo), number_of(b, hi)); break;
    }
}

void firn_parquet_bounds_merge(firn_parquet_bounds *b, const firn_parquet_bounds *other)
{
    b->nan_count += other->nan_count;
    if (!other->has_bounds) return;
    if (b->kind == FIRN_STATS_BYTES)
        merge_cut_bytes(b, firn_buf_view(&other->blo), other->lo_is_cut, firn_buf_view(&other->bhi),
                        other->hi_is_cut);
    else if (b->kind == FIRN_STATS_F32 || b->kind == FIRN_STATS_F64)
        merge_floats(b, other->flo, other->fhi);
    else
        merge_ints(b, other->lo, other->hi);
}

void firn_parquet_bounds_compare(const firn_parquet_bounds *a, const firn_parquet_bounds *b,
                                 int *lo, int *hi)
{
    if (b->kind == FIRN_STATS_BYTES) {
        *lo = firn_str_compare(firn_buf_view(&a->blo), firn_buf_view(&b->blo));
        *hi = firn_str_compare(firn_buf_view(&a->bhi), firn_buf_view(&b->bhi));
    } else if (b->kind == FIRN_STATS_F32 || b->kind == FIRN_STATS_F64) {
        *lo = (a->flo > b->flo) - (a->flo < b->flo);
        *hi = (a->fhi > b->fhi) - (a->fhi < b->fhi);
    } else {
        *lo = (a->lo > b->lo) - (a->lo < b->lo);
        *hi = (a->hi > b->hi) - (a->hi < b->hi);
    }
}

firn_status firn_parquet_bounds_check(const firn_parquet_bounds *b, firn_error *err)
{
    FIRN_TRY(firn_buf_check(&b->blo, err));
    return firn_buf_check(&b->bhi, err);
}

static firn_value value_of(const firn_parquet_bounds *b, const firn_type *type, bool is_upper)
{
    firn_value v = {.kind = type->kind, .precision = type->precision, .scale = type->scale};
    const firn_int128 i = is_upper ? b->hi : b->lo;
    double f = is_upper ? b->fhi : b->flo;
    if (f == 0) f = is_upper ? 0.0 : -0.0;
    switch (b->kind) {
    case FIRN_STATS_BOOL: v.as.boolean = i != 0; break;
    case FIRN_STATS_F32: v.as.f32 = (float)f; break;
    case FIRN_STATS_F64: v.as.f64 = f; break;
    case FIRN_STATS_BYTES: v.as.bytes = firn_buf_view(is_upper ? &b->bhi : &b->blo); break;
    default:
        if (type->kind == FIRN_TYPE_DECIMAL)
            v.as.decimal = i;
        else if (b->kind == FIRN_STATS_I32)
            v.as.i32 = (int32_t)i;
        else
            v.as.i64 = (int64_t)i;
    }
    return v;
}

bool firn_parquet_bounds_values(const firn_parquet_bounds *b, const firn_type *type, firn_value *lo,
                                firn_value *hi)
{
    if (!b->has_bounds || b->kind == FIRN_STATS_NONE) return false;
    *lo = value_of(b, type, false);
    *hi = value_of(b, type, true);
    return true;
}

/* Little-endian integers are the low bytes; a wide decimal is big-endian. */
static size_t plain_decimal(const firn_value *v, const firn_parquet_leaf *leaf, char *out)
{
    const size_t n = leaf->physical == FIRN_PHYSICAL_INT32   ? 4
                     : leaf->physical == FIRN_PHYSICAL_INT64 ? 8
                                                             : (size_t)leaf->type_length;
    if (leaf->physical == FIRN_PHYSICAL_FIXED)
        firn_decimal_to_bytes(v->as.decimal, n, out);
    else
        memcpy(out, &v->as.decimal, n);
    return n;
}

static firn_status plain_number(const firn_value *v, const firn_parquet_leaf *leaf,
                                firn_arena *arena, firn_parquet_bound *out, firn_error *err)
{
    char *to = firn_arena_alloc(arena, sizeof v->as);
    if (!to) return firn_fail_nomem(err);
    size_t n = leaf->physical == FIRN_PHYSICAL_BOOLEAN                                          ? 1
               : leaf->physical == FIRN_PHYSICAL_INT32 || leaf->physical == FIRN_PHYSICAL_FLOAT ? 4
                                                                                                : 8;
    if (v->kind == FIRN_TYPE_DECIMAL)
        n = plain_decimal(v, leaf, to);
    else
        memcpy(to, &v->as, n);
    *out = (firn_parquet_bound){true, true, {to, n}};
    return FIRN_OK;
}

firn_status firn_parquet_bounds_plain(const firn_parquet_bounds *b, const firn_parquet_leaf *leaf,
                                      firn_arena *arena, firn_parquet_bound *lo,
                                      firn_parquet_bound *hi, firn_error *err)
{
    firn_value from, to;
    *lo = *hi = (firn_parquet_bound){0};
    if (!firn_parquet_bounds_values(b, leaf->type, &from, &to)) return FIRN_OK;
    if (b->kind != FIRN_STATS_BYTES) {
        FIRN_TRY(plain_number(&from, leaf, arena, lo, err));
        return plain_number(&to, leaf, arena, hi, err);
    }
    /* a fixed column's bounds must have its length */
    const int32_t limit =
        leaf->physical == FIRN_PHYSICAL_FIXED ? leaf->type_length : FIRN_PARQUET_STATS_LENGTH;
    const firn_str cut = firn_bound_truncate_lower(leaf->type, from.as.bytes, limit);
    firn_str up;
    lo->is_set = true;
    lo->is_exact = !b->lo_is_cut && cut.len == from.as.bytes.len;
    lo->bytes = firn_arena_copy(arena, cut);
    if (!lo->bytes.data) return firn_fail_nomem(err);
    hi->is_set = firn_bound_truncate_upper(arena, leaf->type, to.as.bytes, limit, &up);
    if (!hi->is_set) return FIRN_OK;
    hi->is_exact = !b->hi_is_cut && up.data == to.as.bytes.data;
    hi->bytes = firn_arena_copy(arena, up);
    return hi->bytes.data ? FIRN_OK : firn_fail_nomem(err);
}
