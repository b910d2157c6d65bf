/* SPDX-License-Identifier: Apache-2.0 */
/* Literals to the type of a column, without losing where they sit: a literal between two values
 * of the type is told apart from an equal one, so that "x < 1.5" on an int keeps its meaning.
 *
 * Zone-less literals compared with a timestamptz column are taken as UTC. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/str.h"
#include "format/columns/decimal.h"
#include "iceberg/expr/expr_value.h"
#include "iceberg/spec/schema_json.h"

#define US_PER_DAY INT64_C(86400000000)
#define MAX_DIGITS 38

static firn_status fail_kind(const firn_value *literal, const firn_type *type, firn_error *err)
{
    char from[64];
    char to[64];
    const firn_type t = {.kind = literal->kind,
                         .precision = literal->precision,
                         .scale = literal->scale,
                         .length = 1};
    const firn_status st =
        firn_fail(err, FIRN_ERR_ARG, "cannot compare %s with a %s literal",
                  firn_type_name(type, to, sizeof to), firn_type_name(&t, from, sizeof from));
    return firn_error_hint(err, st, "cast the literal to %s", to);
}

/* Quotient rounded towards minus infinity; sets *is_exact. divisor > 0. */
static firn_int128 floor_divide(firn_int128 v, firn_int128 divisor, bool *is_exact)
{
    firn_int128 q = v / divisor;
    const firn_int128 r = v % divisor;
    *is_exact = r == 0;
    if (r < 0) q -= 1;
    return q;
}

/* An exact number unscaled / 10^scale. */
typedef struct exact_number {
    firn_int128 unscaled;
    int32_t scale;
} exact_number;

static bool number_of_literal(const firn_value *literal, exact_number *out)
{
    out->scale = 0;
    switch (literal->kind) {
    case FIRN_TYPE_INT: out->unscaled = literal->as.i32; return true;
    case FIRN_TYPE_LONG: out->unscaled = literal->as.i64; return true;
    case FIRN_TYPE_DECIMAL:
        out->unscaled = literal->as.decimal;
        out->scale = literal->scale;
        return literal->scale >= 0 && literal->scale <= MAX_DIGITS;
    default: return false;
    }
}

/* The number at another scale: floor and fit. Magnitudes of 10^38 and up are above or below. */
static firn_int128 rescale(exact_number number, int32_t scale, firn_fit *fit)
{
    const firn_int128 limit = firn_power_of_ten(MAX_DIGITS);
    bool is_exact = true;
    firn_int128 v = number.unscaled;

    if (number.scale > scale) {
        v = floor_divide(v, firn_power_of_ten(number.scale - scale), &is_exact);
    } else {
        for (int32_t i = number.scale; i < scale && v < limit && v > -limit; i++)
            v = v >= limit / 10 ? limit : v <= -limit / 10 ? -limit : v * 10;
    }
    *fit = is_exact ? FIRN_FIT_EXACT : FIRN_FIT_FLOOR;
    if (v >= limit) *fit = FIRN_FIT_ABOVE;
    if (v <= -limit) *fit = FIRN_FIT_BELOW;
    return v;
}

/* Keep a floor only if it and its successor can be told from the limits of the type. */
static void clamp(firn_int128 v, firn_int128 min, firn_int128 max, firn_fit *fit)
{
    if (*fit == FIRN_FIT_ABOVE || *fit == FIRN_FIT_BELOW) return;
    if (v > max || (v == max && *fit == FIRN_FIT_FLOOR)) *fit = FIRN_FIT_ABOVE;
    if (v < min) *fit = FIRN_FIT_BELOW;
}

static bool convert_exact(exact_number number, const firn_type *type, firn_value *out,
                          firn_fit *fit)
{
    const int32_t scale = type->kind == FIRN_TYPE_DECIMAL ? type->scale : 0;
    const firn_int128 v = rescale(number, scale, fit);
    switch (type->kind) {
    case FIRN_TYPE_INT:
        clamp(v, INT32_MIN, INT32_MAX, fit);
        out->as.i32 = (int32_t)v;
        return true;
    case FIRN_TYPE_LONG:
        clamp(v, INT64_MIN, INT64_MAX, fit);
        out->as.i64 = (int64_t)v;
        return true;
    case FIRN_TYPE_DECIMAL: {
        const firn_int128 max = firn_power_of_ten(type->precision) - 1;
        clamp(v, -max, max, fit);
        out->as.decimal = v;
        return true;
    }
    default: return false;
    }
}

static double double_of_exact(exact_number number)
{
    /* Through text: dividing two rounded doubles may miss the nearest one. */
    char text[64];
    char digits[48];
    size_t n = 0;
    const bool is_negative = number.unscaled < 0;
    __extension__ unsigned __int128 u = (unsigned __int128)number.unscaled;
    double out = 0;

    if (is_negative) u = 0 - u;
    do {
        digits[n++] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u > 0);
    size_t at = 0;
    if (is_negative) text[at++] = '-';
    while (n > 0) text[at++] = digits[--n];
    snprintf(text + at, sizeof text - at, "e-%d", (int)number.scale);
    if (!firn_str_to_f64(firn_str_of(text), &out)) return (double)number.unscaled;
    return out;
}

/* A double as the shortest decimal text that reads back as it: what the user typed. */
static bool number_of_double(double d, exact_number *out)
{
    char text[40];
    double back = 0;
    snprintf(text, sizeof text, "%.14e", d);
    if (!firn_str_to_f64(firn_str_of(text), &back) || back < d || back > d)
        snprintf(text, sizeof text, "%.16e", d);

    const char *p = text;
    const bool is_negative = *p == '-';
    if (is_negative) p++;
    firn_int128 digits = 0;
    int32_t scale = 0;
    bool has_point = false;
    for (; *p && *p != 'e'; p++) {
        if (*p == '.') {
            has_point = true;
            continue;
        }
        digits = digits * 10 + (*p - '0');
        if (has_point) scale++;
    }
    int64_t exponent = 0;
    if (*p == 'e') p++;
    if (*p == '+') p++;
    if (!firn_str_to_i64(firn_str_of(p), &exponent)) return false;
    scale -= (int32_t)exponent;
    while (scale > 0 && digits % 10 == 0 && digits != 0) {
        digits /= 10;
        scale--;
    }
    if (digits == 0) scale = 0;
    if (scale > MAX_DIGITS || scale < -MAX_DIGITS) return false;
    for (; scale < 0; scale++) {
        if (digits >= firn_power_of_ten(MAX_DIGITS - 1)) return false;
        digits *= 10;
    }
    out->unscaled = is_negative ? -digits : digits;
    out->scale = scale;
    return true;
}

/* The engine compares a number column with a floating literal after converting the column. Beyond
 * these magnitudes several numbers convert to one, so that no number stands for the literal. */
typedef struct float_limits {
    firn_int128 whole;   /* integers below it are all different */
    firn_int128 decimal; /* so are unscaled decimals */
} float_limits;

static bool is_distinct(firn_int128 v, firn_int128 limit, firn_fit fit)
{
    return fit == FIRN_FIT_ABOVE || fit == FIRN_FIT_BELOW || (v < limit && v > -limit);
}

static bool convert_to_whole(double d, const firn_type *type, firn_int128 limit, firn_value *out,
                             firn_fit *fit)
{
    const double floored = floor(d);
    const exact_number whole = {(firn_int128)floored, 0};
    const bool is_whole = !(floored < d);
    const bool is_near_limit = type->kind == FIRN_TYPE_LONG && d > -1.9e19 && d < 1.9e19;

    if (!convert_exact(whole, type, out, fit)) return false;
    if (!is_whole && *fit == FIRN_FIT_EXACT) *fit = FIRN_FIT_FLOOR;
    return is_distinct(whole.unscaled, limit, is_near_limit ? FIRN_FIT_EXACT : *fit);
}

/* Floats to INT, LONG, DECIMAL. NaN never comes here. */
static bool convert_floating_to_exact(double d, const float_limits *limits, const firn_type *type,
                                      firn_value *out, firn_fit *fit)
{
    exact_number number;
    if (d >= 1e38 || d <= -1e38) {
        *fit = d > 0 ? FIRN_FIT_ABOVE : FIRN_FIT_BELOW;
        return true;
    }
    if (type->kind != FIRN_TYPE_DECIMAL) return convert_to_whole(d, type, limits->whole, out, fit);
    if (!number_of_double(d, &number) || !convert_exact(number, type, out, fit)) return false;
    return is_distinct(out->as.decimal, limits->decimal, *fit);
}

/* Greatest float not above d, and whether it is d. */
static float floor_float(double d, firn_fit *fit)
{
    float f = d > (double)FLT_MAX && !isinf(d) ? FLT_MAX : (float)d;
    if (d < -(double)FLT_MAX && !isinf(d)) f = -INFINITY;
    if ((double)f > d) f = nextafterf(f, -INFINITY);
    *fit = (double)f < d ? FIRN_FIT_FLOOR : FIRN_FIT_EXACT;
    return f;
}

static bool convert_to_floating(const firn_value *literal, const firn_type *type, firn_value *out,
                                firn_fit *fit)
{
    exact_number number;
    double d;
    *fit = FIRN_FIT_EXACT;
    if (literal->kind == FIRN_TYPE_DOUBLE || literal->kind == FIRN_TYPE_FLOAT) {
        d = literal->kind == FIRN_TYPE_FLOAT ? (double)literal->as.f32 : literal->as.f64;
        if (type->kind == FIRN_TYPE_FLOAT)
            out->as.f32 = isnan(d) ? NAN : floor_float(d, fit);
        else
            out->as.f64 = d;
        return true;
    }
    if (!number_of_literal(literal, &number)) return false;
    d = double_of_exact(number);
    if (type->kind == FIRN_TYPE_FLOAT)
        out->as.f32 = (float)d; /* the engine compares as float, so the nearest one it is */
    else
        out->as.f64 = d;
    return true;
}

static bool convert_number(const firn_value *literal, const firn_type *type, firn_value *out,
                           firn_fit *fit)
{
    exact_number number;
    if (type->kind == FIRN_TYPE_FLOAT || type->kind == FIRN_TYPE_DOUBLE)
        return convert_to_floating(literal, type, out, fit);
    if (literal->kind == FIRN_TYPE_FLOAT || literal->kind == FIRN_TYPE_DOUBLE) {
        const bool is_single = literal->kind == FIRN_TYPE_FLOAT;
        const float_limits limits = {(firn_int128)1 << (is_single ? FLT_MANT_DIG : DBL_MANT_DIG),
                                     firn_power_of_ten(is_single ? FLT_DIG : DBL_DIG)};
        const double d = is_single ? (double)literal->as.f32 : literal->as.f64;
        if (isnan(d)) {
            *fit = FIRN_FIT_ABOVE;
            return true;
        }
        return convert_floating_to_exact(d, &limits, type, out, fit);
    }
    return number_of_literal(literal, &number) && convert_exact(number, type, out, fit);
}

static bool is_ns(firn_type_kind kind)
{
    return kind == FIRN_TYPE_TIMESTAMP_NS || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
}

static bool is_timestamp(firn_type_kind kind)
{
    return is_ns(kind) || kind == FIRN_TYPE_TIMESTAMP || kind == FIRN_TYPE_TIMESTAMPTZ;
}

/* DATE and TIMESTAMP* among each other, through nanoseconds in 128 bits. A literal with a zone
 * does not compare with a column without one. */
static bool convert_time(const firn_value *literal, const firn_type *type, firn_value *out,
                         firn_fit *fit)
{
    const bool literal_has_zone =
        literal->kind == FIRN_TYPE_TIMESTAMPTZ || literal->kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    const bool column_has_zone =
        type->kind == FIRN_TYPE_TIMESTAMPTZ || type->kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    firn_int128 ns;
    bool is_exact = true;

    if (literal_has_zone && !column_has_zone) return false;
    if (literal->kind == FIRN_TYPE_DATE)
        ns = (firn_int128)literal->as.i32 * US_PER_DAY * 1000;
    else if (is_timestamp(literal->kind))
        ns = (firn_int128)literal->as.i64 * (is_ns(literal->kind) ? 1 : 1000);
    else
        return false;

    const firn_int128 unit = type->kind == FIRN_TYPE_DATE ? (firn_int128)US_PER_DAY * 1000
                             : is_ns(type->kind)          ? 1
                                                          : 1000;
    const firn_int128 v = floor_divide(ns, unit, &is_exact);
    *fit = is_exact ? FIRN_FIT_EXACT : FIRN_FIT_FLOOR;
    if (type->kind == FIRN_TYPE_DATE) {
        clamp(v, INT32_MIN, INT32_MAX, fit);
        out->as.i32 = (int32_t)v;
    } else {
        clamp(v, INT64_MIN, INT64_MAX, fit);
        out->as.i64 = (int64_t)v;
    }
    return true;
}

static bool is_bytes(firn_type_kind kind)
{
    return kind == FIRN_TYPE_BINARY || kind == FIRN_TYPE_FIXED || kind == FIRN_TYPE_UUID;
}

static bool convert_bytes(const firn_value *literal, const firn_type *type, firn_value *out)
{
    if (!is_bytes(literal->kind)) return false;
    if (type->kind == FIRN_TYPE_UUID && literal->as.bytes.len != 16) return false;
    if (type->kind == FIRN_TYPE_FIXED && literal->as.bytes.len != (size_t)type->length)
        return false;
    out->as.bytes = literal->as.bytes;
    return true;
}

static bool convert_typed(const firn_value *literal, const firn_type *type, firn_value *out,
                          firn_fit *fit)
{
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN:
        if (literal->kind != FIRN_TYPE_BOOLEAN) return false;
        out->as.boolean = literal->as.boolean;
        return true;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_DECIMAL: return convert_number(literal, type, out, fit);
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return convert_time(literal, type, out, fit);
    case FIRN_TYPE_TIME: out->as.i64 = literal->as.i64; return literal->kind == FIRN_TYPE_TIME;
    case FIRN_TYPE_STRING:
        out->as.bytes = literal->as.bytes;
        return literal->kind == FIRN_TYPE_STRING;
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: return convert_bytes(literal, type, out);
    case FIRN_TYPE_UNKNOWN:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY:
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: break;
    }
    return false;
}

/* Types whose literals SQL writes as text. Binary text is ambiguous and stays refused. */
static bool has_text_form(const firn_type *type)
{
    return firn_type_is_primitive(type) && type->kind != FIRN_TYPE_STRING &&
           type->kind != FIRN_TYPE_BINARY && type->kind != FIRN_TYPE_FIXED &&
           type->kind != FIRN_TYPE_VARIANT && type->kind != FIRN_TYPE_GEOMETRY &&
           type->kind != FIRN_TYPE_GEOGRAPHY && type->kind != FIRN_TYPE_UNKNOWN;
}

firn_status firn_literal_convert(const firn_value *literal, const firn_type *type,
                                 firn_arena *arena, firn_value *out, firn_fit *fit, firn_error *err)
{
    memset(out, 0, sizeof *out);
    out->kind = type->kind;
    out->precision = type->kind == FIRN_TYPE_DECIMAL ? type->precision : 0;
    out->scale = type->kind == FIRN_TYPE_DECIMAL ? type->scale : 0;
    *fit = FIRN_FIT_EXACT;
    if (literal->kind == FIRN_TYPE_STRING && has_text_form(type))
        return firn_value_from_text(literal->as.bytes, type, arena, out, err);
    if (convert_typed(literal, type, out, fit)) return FIRN_OK;
    return fail_kind(literal, type, err);
}
