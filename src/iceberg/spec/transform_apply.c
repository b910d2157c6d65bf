/* SPDX-License-Identifier: Apache-2.0 */
/* What partition transforms do to one value, and how their results read in a path. Division
 * rounds towards minus infinity throughout: a moment before 1970 belongs to a negative year. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/iso_time.h"
#include "iceberg/spec/schema_json.h"
#include "iceberg/spec/transform.h"

#define MICROS_PER_HOUR 3600000000LL
#define HOURS_PER_DAY   24

static bool is_nanoseconds(firn_type_kind kind)
{
    return kind == FIRN_TYPE_TIMESTAMP_NS || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
}

static int64_t hours_of(const firn_value *value)
{
    const int64_t per_hour = is_nanoseconds(value->kind) ? MICROS_PER_HOUR * 1000 : MICROS_PER_HOUR;
    return firn_floor_div(value->as.i64, per_hour);
}

static int64_t days_of(const firn_value *value)
{
    if (value->kind == FIRN_TYPE_DATE) return value->as.i32;
    return firn_floor_div(hours_of(value), HOURS_PER_DAY);
}

static int64_t date_part(firn_transform_kind kind, const firn_value *value)
{
    if (kind == FIRN_TRANSFORM_HOUR) return hours_of(value);
    const int64_t days = days_of(value);
    if (kind == FIRN_TRANSFORM_DAY) return days;
    int64_t year = 0;
    int32_t month = 0;
    int32_t day = 0;
    firn_civil_of_days(days, &year, &month, &day);
    return kind == FIRN_TRANSFORM_YEAR ? year - 1970 : (year - 1970) * 12 + month - 1;
}

/* ---- bucket ---- */

static uint32_t hash_long(int64_t v)
{
    return firn_murmur3_x86_32(&v, sizeof v, 0);
}

/* Two's complement, big-endian, as few bytes as hold the sign. */
static uint32_t hash_decimal(firn_int128 v)
{
    uint8_t bytes[16];
    firn_int128 rest = v;
    for (size_t i = 16; i-- > 0; rest >>= 8) bytes[i] = (uint8_t)(rest & 0xff);
    size_t from = 0;
    const uint8_t sign = v < 0 ? 0xff : 0x00;
    while (from < 15 && bytes[from] == sign && (bytes[from + 1] & 0x80) == (sign & 0x80)) from++;
    return firn_murmur3_x86_32(bytes + from, 16 - from, 0);
}

static uint32_t hash_value(const firn_value *value)
{
    switch (value->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: return hash_long(value->as.i32);
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return hash_long(firn_floor_div(value->as.i64, 1000));
    case FIRN_TYPE_DECIMAL: return hash_decimal(value->as.decimal);
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: return firn_murmur3_x86_32(value->as.bytes.data, value->as.bytes.len, 0);
    default: return hash_long(value->as.i64);
    }
}

/* ---- truncate ---- */

/* Wraps around at the type's minimum, as other writers do. */
static int64_t truncate_i64(int64_t v, int64_t width)
{
    const int64_t rest = (v % width + width) % width;
    return (int64_t)((uint64_t)v - (uint64_t)rest);
}

static firn_int128 truncate_decimal(firn_int128 v, int32_t width)
{
    const firn_int128 rest = (v % width + width) % width;
    return v - rest;
}

static firn_str truncate_text(firn_str text, int32_t width)
{
    int32_t left = width;
    for (size_t i = 0; i < text.len; i++) {
        const bool is_start = ((uint8_t)text.data[i] & 0xc0) != 0x80;
        if (is_start && left-- == 0) return (firn_str){text.data, i};
    }
    return text;
}

static void truncate_value(int32_t width, firn_value *value)
{
    switch (value->kind) {
    case FIRN_TYPE_INT:
        value->as.i32 = (int32_t)(uint32_t)truncate_i64(value->as.i32, width);
        break;
    case FIRN_TYPE_LONG: value->as.i64 = truncate_i64(value->as.i64, width); break;
    case FIRN_TYPE_DECIMAL: value->as.decimal = truncate_decimal(value->as.decimal, width); break;
    case FIRN_TYPE_STRING: value->as.bytes = truncate_text(value->as.bytes, width); break;
    default:
        if (value->as.bytes.len > (size_t)width) value->as.bytes.len = (size_t)width;
        break;
    }
}

/* ---- all together ---- */

static firn_status check_value(const firn_type *source, const firn_value *value, firn_error *err)
{
    if (value->is_null || value->kind == source->kind) return FIRN_OK;
    char found[64];
    char expected[64];
    const firn_type value_type = {.kind = value->kind, .precision = value->precision};
    return firn_fail(err, FIRN_ERR_ARG, "value of type %s where %s is expected",
                     firn_type_name(&value_type, found, sizeof found),
                     firn_type_name(source, expected, sizeof expected));
}

firn_status firn_transform_apply(const firn_transform *transform, const firn_type *source,
                                 const firn_value *value, firn_arena *arena, firn_value *out,
                                 firn_error *err)
{
    (void)arena; /* every result is a number or a prefix of the value */
    FIRN_TRY(firn_transform_check(transform, source, err));
    FIRN_TRY(check_value(source, value, err));
    const firn_type *result = firn_transform_result(transform, source);
    if (value->is_null || transform->kind == FIRN_TRANSFORM_VOID) {
        *out = (firn_value){.kind = result->kind,
                            .is_null = true,
                            .precision = result->precision,
                            .scale = result->scale};
        return FIRN_OK;
    }
    firn_value v = *value;
    switch (transform->kind) {
    case FIRN_TRANSFORM_BUCKET:
        v = (firn_value){.kind = FIRN_TYPE_INT};
        v.as.i32 = (int32_t)((hash_value(value) & 0x7fffffffu) % (uint32_t)transform->param);
        break;
    case FIRN_TRANSFORM_TRUNCATE: truncate_value(transform->param, &v); break;
    case FIRN_TRANSFORM_YEAR:
    case FIRN_TRANSFORM_MONTH:
    case FIRN_TRANSFORM_DAY:
    case FIRN_TRANSFORM_HOUR:
        v = (firn_value){.kind = result->kind};
        v.as.i32 = (int32_t)(uint32_t)date_part(transform->kind, value);
        break;
    case FIRN_TRANSFORM_IDENTITY:
    case FIRN_TRANSFORM_VOID:
    case FIRN_TRANSFORM_UNKNOWN: break;
    }
    *out = v;
    return FIRN_OK;
}

/* ---- text in paths ---- */

static firn_str year_text(firn_arena *arena, int64_t year)
{
    return firn_arena_printf(arena, "%04" PRId64, year);
}

static firn_str month_text(firn_arena *arena, int64_t months)
{
    const int64_t year = firn_floor_div(months, 12);
    return firn_arena_printf(arena, "%04" PRId64 "-%02d", year + 1970,
                             (int)(months - year * 12) + 1);
}

static firn_str hour_text(firn_arena *arena, int64_t hours)
{
    char text[FIRN_ISO_SIZE];
    size_t len = 0;
    const int64_t days = firn_floor_div(hours, HOURS_PER_DAY);
    firn_iso_put_date(text, &len, days);
    return firn_arena_printf(arena, "%s-%02d", text, (int)(hours - days * HOURS_PER_DAY));
}

/* As Java prints decimals: with an exponent when six zeros and more would follow the point. */
static firn_status decimal_text(const firn_value *value, firn_arena *arena, firn_str *out,
                                firn_error *err)
{
    enum { LEAST_EXPONENT = -6 };
    FIRN_TRY(firn_value_to_text(value, arena, out, err));
    const bool is_negative = firn_str_starts_with(*out, FIRN_STR("-"));
    size_t first = is_negative ? 1 : 0;
    while (first + 1 < out->len && (out->data[first] == '0' || out->data[first] == '.')) first++;
    const firn_str digits = firn_str_slice(*out, first, out->len);
    const int exponent = (int)digits.len - 1 - value->scale;
    if (exponent >= LEAST_EXPONENT) return FIRN_OK;
    *out = firn_arena_printf(arena, "%s%c%s%.*sE%d", is_negative ? "-" : "", digits.data[0],
                             digits.len > 1 ? "." : "", (int)digits.len - 1, digits.data + 1,
                             exponent);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

/* As Java's ISO_LOCAL_DATE_TIME prints: with seconds, and no more digits of them than needed. */
static firn_status moment_text(const firn_value *value, firn_arena *arena, firn_str *out,
                               firn_error *err)
{
    const bool is_nanos =
        value->kind == FIRN_TYPE_TIMESTAMP_NS || value->kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    const bool has_zone =
        value->kind == FIRN_TYPE_TIMESTAMPTZ || value->kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    const int64_t per_day = is_nanos ? FIRN_NANOS_PER_DAY : FIRN_NANOS_PER_DAY / 1000;
    const int64_t days = firn_floor_div(value->as.i64, per_day);
    const int64_t of_day = value->as.i64 - days * per_day;
    char text[FIRN_ISO_SIZE];
    size_t len = 0;
    firn_iso_put_date(text, &len, days);
    text[len++] = 'T';
    firn_iso_put_time(text, &len, is_nanos ? of_day : of_day * 1000, FIRN_ISO_NANOS);
    while (text[len - 1] == '0') len--;
    if (text[len - 1] == '.') len--;
    *out = firn_arena_printf(arena, "%.*s%s", (int)len, text, has_zone ? "+00:00" : "");
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

static bool is_moment(firn_type_kind kind)
{
    return kind == FIRN_TYPE_TIMESTAMP || kind == FIRN_TYPE_TIMESTAMPTZ ||
           kind == FIRN_TYPE_TIMESTAMP_NS || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
}

firn_status firn_transform_value_text(const firn_transform *transform, const firn_value *value,
                                      firn_arena *arena, firn_str *out, firn_error *err)
{
    if (value->kind == FIRN_TYPE_DECIMAL && !value->is_null)
        return decimal_text(value, arena, out, err);
    if (is_moment(value->kind) && !value->is_null) return moment_text(value, arena, out, err);
    const bool is_number = value->kind == FIRN_TYPE_INT || value->kind == FIRN_TYPE_DATE;
    if (value->is_null || !is_number) return firn_value_to_text(value, arena, out, err);
    firn_value day = *value;
    switch (transform->kind) {
    case FIRN_TRANSFORM_YEAR: *out = year_text(arena, (int64_t)value->as.i32 + 1970); break;
    case FIRN_TRANSFORM_MONTH: *out = month_text(arena, value->as.i32); break;
    case FIRN_TRANSFORM_HOUR: *out = hour_text(arena, value->as.i32); break;
    case FIRN_TRANSFORM_DAY:
        day.kind = FIRN_TYPE_DATE; /* old writers store the day as a plain int */
        return firn_value_to_text(&day, arena, out, err);
    default: return firn_value_to_text(value, arena, out, err);
    }
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}
