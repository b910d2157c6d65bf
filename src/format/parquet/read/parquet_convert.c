/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion loops. Stored values are unaligned, so they are loaded with memcpy, which compilers
 * turn into plain (and vector) loads. */
#include "format/parquet/read/parquet_convert.h"

#include <string.h>

#include "base/checked.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"

#define JULIAN_EPOCH   INT64_C(2440588) /* Julian day of 1970-01-01 */
#define NS_PER_DAY     INT64_C(86400000000000)
#define NS_PER_US      1000
#define INT96_SIZE     12
#define HIGH_BITS      UINT64_C(0x8080808080808080)
#define DECIMAL_DIGITS ((int)sizeof(firn_int128))

static inline int32_t load_i32(const uint8_t *p)
{
    return (int32_t)firn_load_u32le(p);
}

static inline int64_t load_i64(const uint8_t *p)
{
    return (int64_t)firn_load_u64le(p);
}

static inline void store_i128(void *out, size_t i, firn_int128 v)
{
    memcpy((char *)out + i * sizeof v, &v, sizeof v); /* engines align to 8 only */
}

static float half_to_float(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    const uint32_t exponent = h >> 10 & 0x1fu;
    const uint32_t fraction = h & 0x3ffu;
    uint32_t bits;
    float f;
    if (exponent == 0) { /* zero and subnormals: fraction * 2^-24 is exact */
        f = (float)fraction * 0x1p-24f;
        memcpy(&bits, &f, sizeof bits);
        bits |= sign;
    } else if (exponent == 0x1f) {
        bits = sign | 0x7f800000u | fraction << 13;
    } else {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    }
    memcpy(&f, &bits, sizeof f);
    return f;
}

static firn_status fail_range(int64_t value, const char *what, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "value %lld does not fit %s", (long long)value, what);
}

static firn_status narrow_i64(const uint8_t *raw, size_t n, int32_t *out, firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const int64_t v = load_i64(raw + i * 8);
        if (v < INT32_MIN || v > INT32_MAX) return fail_range(v, "32 bits", err);
        out[i] = (int32_t)v;
    }
    return FIRN_OK;
}

static firn_status multiply(const uint8_t *raw, size_t n, int64_t factor, int64_t *out,
                            firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const int64_t v = load_i64(raw + i * 8);
        if (!firn_mul_i64(v, factor, &out[i])) return fail_range(v, "a finer time unit", err);
    }
    return FIRN_OK;
}

static firn_status multiply_i32(const uint8_t *raw, size_t n, int64_t factor, int64_t *out,
                                firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const int64_t v = load_i32(raw + i * 4);
        if (!firn_mul_i64(v, factor, &out[i])) return fail_range(v, "a finer time unit", err);
    }
    return FIRN_OK;
}

static void divide(const uint8_t *raw, size_t n, int64_t factor, int64_t *out)
{
    for (size_t i = 0; i < n; i++) {
        const int64_t v = load_i64(raw + i * 8);
        out[i] = v / factor - (v % factor < 0);
    }
}

/* Nanoseconds of the day and Julian day number, in units since 1970: false when they do not fit.
 * Spark counts microseconds since Julian day 0, which wrap around for the last years that a
 * timestamp can have (from 287,396 on): those come back as they went. */
static bool count_int96(const uint8_t *raw, int64_t unit_ns, int64_t *out)
{
    const int64_t units_per_day = NS_PER_DAY / unit_ns, ns = load_i64(raw);
    const firn_int128 since_julian_0 =
        (firn_int128)load_i32(raw + 8) * units_per_day + (ns / unit_ns - (ns % unit_ns < 0));
    const firn_int128 units = since_julian_0 - (firn_int128)JULIAN_EPOCH * units_per_day;
    *out = (int64_t)units;
    if (units >= INT64_MIN && units <= INT64_MAX) return true;
    return unit_ns == NS_PER_US && units < 0 && since_julian_0 >= INT64_MIN;
}

static firn_status convert_int96(const uint8_t *raw, size_t n, int64_t unit_ns, int64_t *out,
                                 firn_error *err)
{
    for (size_t i = 0; i < n; i++, raw += INT96_SIZE) {
        if (count_int96(raw, unit_ns, &out[i])) continue;
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "int96 of julian day %d and %lld ns does not fit %sseconds in 64 bits",
                         (int)load_i32(raw + 8), (long long)load_i64(raw),
                         unit_ns == NS_PER_US ? "micro" : "nano");
    }
    return FIRN_OK;
}

/* Big-endian two's complement of any length; false when it does not fit 128 bits. */
static inline bool load_decimal(firn_str s, firn_int128 *out)
{
    const uint8_t *p = (const uint8_t *)s.data;
    const uint8_t fill = s.len > 0 && (p[0] & 0x80) ? 0xff : 0;
    uint64_t high = fill ? UINT64_MAX : 0, low = high;
    size_t i = 0;
    for (; s.len - i > (size_t)DECIMAL_DIGITS; i++)
        if (p[i] != fill) return false;
    if (i > 0 && (p[i] & 0x80) != (fill & 0x80)) return false;
    for (; i < s.len; i++) {
        high = high << 8 | low >> 56;
        low = low << 8 | p[i];
    }
    const uint64_t halves[2] = {low, high};
    memcpy(out, halves, sizeof *out);
    return true;
}

static firn_status store_decimal(firn_str s, size_t width, void *out, size_t i, firn_error *err)
{
    firn_int128 v = 0;
    bool fits = load_decimal(s, &v);
    if (fits && width == 4) {
        fits = v >= INT32_MIN && v <= INT32_MAX;
        ((int32_t *)out)[i] = (int32_t)v;
    } else if (fits && width == 8) {
        fits = v >= INT64_MIN && v <= INT64_MAX;
        ((int64_t *)out)[i] = (int64_t)v;
    } else if (fits) {
        store_i128(out, i, v);
    }
    if (fits) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "decimal of %zu bytes does not fit its type", s.len);
}

/* Fixed decimals no wider than their column: one or two word loads, of which the slack behind the
 * page allows for, a byte swap, and a shift that extends the sign. */
static void convert_decimals(const uint8_t *raw, size_t raw_width, size_t n, size_t width,
                             void *out)
{
    const unsigned surplus = (unsigned)(16 - raw_width) * 8; /* bits */
    for (size_t i = 0; i < n; i++, raw += raw_width) {
        const uint64_t high = __builtin_bswap64(firn_load_u64le(raw));
        if (width == 4) {
            ((int32_t *)out)[i] = (int32_t)((int64_t)high >> (surplus - 64));
        } else if (width == 8) {
            ((int64_t *)out)[i] = (int64_t)high >> (surplus - 64);
        } else {
            const uint64_t words[2] = {__builtin_bswap64(firn_load_u64le(raw + 8)), high};
            firn_int128 v;
            memcpy(&v, words, sizeof v);
            store_i128(out, i, v >> surplus);
        }
    }
}

static bool is_ascii(firn_str s)
{
    uint64_t bits = 0;
    size_t i = 0;
    for (; s.len - i >= 8; i += 8) bits |= firn_load_u64le(s.data + i);
    for (; i < s.len; i++) bits |= (uint64_t)(uint8_t)s.data[i];
    return (bits & HIGH_BITS) == 0;
}

firn_status firn_pq_check_text(firn_str bytes, firn_error *err)
{
    if (is_ascii(bytes) || firn_utf8_is_valid(bytes)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "string of %zu bytes is not valid utf-8", bytes.len);
}

static firn_status convert_fixed(const firn_pq_conv *conv, const uint8_t *raw, size_t n, void *out,
                                 firn_error *err)
{
    firn_str s = {(const char *)raw, conv->raw_width};
    if (conv->kind == FIRN_PQ_CONV_DECIMAL && conv->raw_width <= conv->out_width) {
        convert_decimals(raw, conv->raw_width, n, conv->out_width, out);
        return FIRN_OK;
    }
    for (size_t i = 0; i < n; i++, s.data += s.len) {
        if (conv->kind == FIRN_PQ_CONV_DECIMAL) {
            FIRN_TRY(store_decimal(s, conv->out_width, out, i, err));
            continue;
        }
        if (conv->is_text) FIRN_TRY(firn_pq_check_text(s, err));
        ((firn_view *)out)[i] = firn_view_of(s.data, (uint32_t)s.len);
    }
    return FIRN_OK;
}

static void widen(const firn_pq_conv *conv, const uint8_t *raw, size_t n, void *out)
{
    int64_t *const wide = out;
    double *const real = out;
    switch (conv->kind) {
    case FIRN_PQ_CONV_I32_I64:
        for (size_t i = 0; i < n; i++) wide[i] = load_i32(raw + i * 4);
        break;
    case FIRN_PQ_CONV_U32_I64:
        for (size_t i = 0; i < n; i++) wide[i] = firn_load_u32le(raw + i * 4);
        break;
    case FIRN_PQ_CONV_I32_I128:
        for (size_t i = 0; i < n; i++) store_i128(out, i, load_i32(raw + i * 4));
        break;
    case FIRN_PQ_CONV_I64_I128:
        for (size_t i = 0; i < n; i++) store_i128(out, i, load_i64(raw + i * 8));
        break;
    case FIRN_PQ_CONV_U64_I128:
        for (size_t i = 0; i < n; i++) store_i128(out, i, firn_load_u64le(raw + i * 8));
        break;
    case FIRN_PQ_CONV_F32_F64:
        for (size_t i = 0; i < n; i++) {
            float f;
            memcpy(&f, raw + i * sizeof f, sizeof f);
            real[i] = (double)f;
        }
        break;
    case FIRN_PQ_CONV_F16_F32:
        for (size_t i = 0; i < n; i++)
            ((float *)out)[i] = half_to_float(firn_load_u16le(raw + i * 2));
        break;
    case FIRN_PQ_CONV_F16_F64:
        for (size_t i = 0; i < n; i++)
            real[i] = (double)half_to_float(firn_load_u16le(raw + i * 2));
        break;
    default: break;
    }
}

firn_status firn_pq_convert(const firn_pq_conv *conv, const uint8_t *raw, size_t n, void *out,
                            firn_error *err)
{
    switch (conv->kind) {
    case FIRN_PQ_CONV_COPY: memcpy(out, raw, n * conv->out_width); return FIRN_OK;
    case FIRN_PQ_CONV_I64_I32: return narrow_i64(raw, n, out, err);
    case FIRN_PQ_CONV_I32_MUL: return multiply_i32(raw, n, conv->factor, out, err);
    case FIRN_PQ_CONV_I64_MUL: return multiply(raw, n, conv->factor, out, err);
    case FIRN_PQ_CONV_I64_DIV: divide(raw, n, conv->factor, out); return FIRN_OK;
    case FIRN_PQ_CONV_I96: return convert_int96(raw, n, conv->factor, out, err);
    case FIRN_PQ_CONV_DECIMAL:
    case FIRN_PQ_CONV_VIEW: return convert_fixed(conv, raw, n, out, err);
    case FIRN_PQ_CONV_NONE:
    case FIRN_PQ_CONV_BOOL:
        return n == 0 ? FIRN_OK
                      : firn_fail(err, FIRN_ERR_CORRUPT, "%zu values in a column of nulls", n);
    default: widen(conv, raw, n, out); return FIRN_OK;
    }
}

firn_status firn_pq_convert_bytes(const firn_pq_conv *conv, const firn_str *raw, size_t n,
                                  void *out, firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (conv->kind == FIRN_PQ_CONV_DECIMAL) {
            FIRN_TRY(store_decimal(raw[i], conv->out_width, out, i, err));
            continue;
        }
        if (conv->kind != FIRN_PQ_CONV_VIEW)
            return firn_fail(err, FIRN_ERR_CORRUPT, "%zu values in a column of nulls", n);
        if (conv->is_text) FIRN_TRY(firn_pq_check_text(raw[i], err));
        ((firn_view *)out)[i] = firn_view_of(raw[i].data, (uint32_t)raw[i].len);
    }
    return FIRN_OK;
}
