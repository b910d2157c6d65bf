/* SPDX-License-Identifier: Apache-2.0 */
/* Single values as text: what people read in partition paths and metadata tables, and the way
 * back. The spelling is that of Iceberg's Java library (java.time and Double.toString forms,
 * base64 for bytes), so that paths written by different engines agree. Not the JSON form. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/iso_time.h"
#include "iceberg/spec/schema_json.h"

#define DECIMAL_DIGITS 38

/* ---- numbers ---- */

/* "123" with scale 2 is "1.23". out: at least 48 bytes. */
static void format_decimal(firn_int128 unscaled, int32_t scale, char *out, size_t size)
{
    char digits[48];
    size_t n = 0;
    firn_int128 rest = unscaled;
    while (n < 40 && (rest != 0 || n <= (size_t)scale)) {
        const int digit = (int)(rest % 10);
        digits[n++] = (char)('0' + (digit < 0 ? -digit : digit));
        rest /= 10;
    }
    size_t len = 0;
    if (unscaled < 0) out[len++] = '-';
    while (n > 0 && len + 2 < size) {
        if (n == (size_t)scale && scale > 0) out[len++] = '.';
        out[len++] = digits[--n];
    }
    out[len] = '\0';
}

/* Shortest digits that read back as the same number. exponent: of the first digit. */
static size_t shortest_digits(double value, bool is_float, char *digits, int *exponent)
{
    char text[40];
    const int max = is_float ? 9 : 17;
    for (int precision = 1; precision <= max; precision++) {
        (void)snprintf(text, sizeof text, "%.*e", precision - 1, value);
        const bool is_same =
            is_float ? (double)strtof(text, NULL) == value : strtod(text, NULL) == value;
        if (is_same) break;
    }
    size_t n = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9') digits[n++] = *p;
    }
    firn_str power = firn_str_of(*p == 'e' ? p + 1 : "0");
    if (firn_str_starts_with(power, FIRN_STR("+"))) power = firn_str_slice(power, 1, power.len);
    int64_t parsed = 0;
    *exponent = firn_str_to_i64(power, &parsed) ? (int)parsed : 0;
    return n;
}

/* Plain between 10^-3 and 10^7, else one digit, point, digits, E. */
static void format_double(double value, bool is_float, char *out, size_t size)
{
    if (isnan(value) || isinf(value)) {
        (void)snprintf(out, size, "%s",
                       isnan(value) ? "NaN"
                       : value < 0  ? "-Infinity"
                                    : "Infinity");
        return;
    }
    const char *sign = signbit(value) ? "-" : "";
    if (value == 0) {
        (void)snprintf(out, size, "%s0.0", sign);
        return;
    }
    char digits[24] = {0};
    int exponent = 0;
    const int n = (int)shortest_digits(fabs(value), is_float, digits, &exponent);
    if (exponent < -3 || exponent > 6) {
        (void)snprintf(out, size, "%s%c.%.*sE%d", sign, digits[0], n > 1 ? n - 1 : 1,
                       n > 1 ? digits + 1 : "0", exponent);
    } else if (exponent < 0) {
        (void)snprintf(out, size, "%s0.%.*s%.*s", sign, -exponent - 1, "00", n, digits);
    } else if (n > exponent + 1) {
        (void)snprintf(out, size, "%s%.*s.%.*s", sign, exponent + 1, digits, n - exponent - 1,
                       digits + exponent + 1);
    } else {
        (void)snprintf(out, size, "%s%.*s%.*s.0", sign, n, digits, exponent + 1 - n, "000000");
    }
}

/* ---- bytes ---- */

static firn_str format_uuid(firn_arena *arena, firn_str bytes)
{
    static const char k_hex[] = "0123456789abcdef";
    char text[37];
    size_t len = 0;
    for (size_t i = 0; i < bytes.len && i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text[len++] = '-';
        text[len++] = k_hex[(uint8_t)bytes.data[i] >> 4];
        text[len++] = k_hex[(uint8_t)bytes.data[i] & 15];
    }
    return firn_arena_copy(arena, (firn_str){text, len});
}

static const char k_base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static firn_str format_base64(firn_arena *arena, firn_str bytes)
{
    const size_t len = (bytes.len + 2) / 3 * 4;
    char *out = firn_arena_alloc(arena, len + 1);
    if (!out) return (firn_str){0};
    size_t at = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        const size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) {
            group = group << 8 | (k < n ? (uint8_t)bytes.data[i + k] : 0u);
        }
        for (size_t k = 0; k < 4; k++) {
            out[at++] = (char)(k <= n ? k_base64[group >> (18 - 6 * k) & 63] : '=');
        }
    }
    out[at] = '\0';
    return (firn_str){out, at};
}

/* ---- to text ---- */

static void format_moment(const firn_value *value, char *out)
{
    const bool is_nanos =
        value->kind == FIRN_TYPE_TIMESTAMP_NS || value->kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    const int64_t per_day = is_nanos ? FIRN_NANOS_PER_DAY : FIRN_NANOS_PER_DAY / 1000;
    const int64_t days = firn_floor_div(value->as.i64, per_day);
    const int64_t of_day = value->as.i64 - days * per_day;
    size_t len = 0;
    firn_iso_put_date(out, &len, days);
    out[len++] = 'T';
    firn_iso_put_time(out, &len, is_nanos ? of_day : of_day * 1000, FIRN_ISO_SHORT);
    if (value->kind == FIRN_TYPE_TIMESTAMPTZ || value->kind == FIRN_TYPE_TIMESTAMPTZ_NS) {
        out[len++] = 'Z';
    }
    out[len] = '\0';
}

static void format_number(const firn_value *value, char *out, size_t size)
{
    size_t len = 0;
    switch (value->kind) {
    case FIRN_TYPE_BOOLEAN:
        (void)snprintf(out, size, "%s", value->as.boolean ? "true" : "false");
        break;
    case FIRN_TYPE_INT: (void)snprintf(out, size, "%" PRId32, value->as.i32); break;
    case FIRN_TYPE_LONG: (void)snprintf(out, size, "%" PRId64, value->as.i64); break;
    case FIRN_TYPE_FLOAT: format_double((double)value->as.f32, true, out, size); break;
    case FIRN_TYPE_DOUBLE: format_double(value->as.f64, false, out, size); break;
    case FIRN_TYPE_DECIMAL: format_decimal(value->as.decimal, value->scale, out, size); break;
    case FIRN_TYPE_DATE: firn_iso_put_date(out, &len, value->as.i32); break;
    case FIRN_TYPE_TIME: firn_iso_put_time(out, &len, value->as.i64 * 1000, FIRN_ISO_SHORT); break;
    default: format_moment(value, out); break;
    }
}

firn_status firn_value_to_text(const firn_value *value, firn_arena *arena, firn_str *out,
                               firn_error *err)
{
    char text[FIRN_ISO_SIZE] = {0};
    if (value->is_null) {
        *out = FIRN_STR("null");
        return FIRN_OK;
    }
    switch (value->kind) {
    case FIRN_TYPE_STRING: *out = firn_arena_copy(arena, value->as.bytes); break;
    case FIRN_TYPE_UUID: *out = format_uuid(arena, value->as.bytes); break;
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: *out = format_base64(arena, value->as.bytes); break;
    case FIRN_TYPE_UNKNOWN:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY:
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: {
        const firn_type type = {.kind = value->kind};
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %s values as text",
                         firn_type_name(&type, text, sizeof text));
    }
    default:
        format_number(value, text, sizeof text);
        *out = firn_arena_copy(arena, firn_str_of(text));
        break;
    }
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

/* ---- from text: each parser returns false for text that is not a value of the type ---- */

static bool parse_i32(firn_str text, int32_t *out)
{
    int64_t value = 0;
    return firn_str_to_i64(text, &value) && firn_i64_to_i32(value, out);
}

static bool parse_double(firn_str text, double *out)
{
    firn_str rest = text;
    const bool is_negative = rest.len > 0 && rest.data[0] == '-';
    if (is_negative) rest = firn_str_slice(rest, 1, rest.len);
    if (firn_str_equals_nocase(rest, FIRN_STR("NaN"))) {
        *out = (double)NAN;
    } else if (firn_str_equals_nocase(rest, FIRN_STR("Infinity")) ||
               firn_str_equals_nocase(rest, FIRN_STR("inf"))) {
        *out = is_negative ? -(double)INFINITY : (double)INFINITY;
    } else {
        return firn_str_to_f64(text, out);
    }
    return true;
}

typedef struct decimal_text {
    firn_int128 unscaled; /* magnitude */
    int32_t n_digits;     /* significant, without leading zeros */
    int32_t scale;
    bool is_negative;
} decimal_text;

static bool scan_decimal(firn_str text, decimal_text *d)
{
    size_t i = 0;
    bool has_point = false;
    size_t n = 0;
    *d = (decimal_text){0};
    if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        d->is_negative = text.data[i++] == '-';
    }
    for (; i < text.len && text.data[i] != 'e' && text.data[i] != 'E'; i++) {
        const char c = text.data[i];
        if (c == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (c < '0' || c > '9') return false;
        n++;
        if (d->n_digits > 0 || c != '0') d->n_digits++;
        if (d->n_digits > DECIMAL_DIGITS || n > 1000) return false;
        d->unscaled = d->unscaled * 10 + (c - '0');
        if (has_point) d->scale++;
    }
    if (n == 0) return false;
    if (i == text.len) return true;
    int64_t exponent = 0;
    firn_str digits = firn_str_slice(text, i + 1, text.len);
    if (digits.len > 0 && digits.data[0] == '+') digits = firn_str_slice(digits, 1, digits.len);
    if (!firn_str_to_i64(digits, &exponent) || exponent < -1000 || exponent > 1000) return false;
    d->scale -= (int32_t)exponent;
    return true;
}

/* Exact: digits that the type cannot hold make it fail. */
static bool parse_decimal(firn_str text, const firn_type *type, firn_int128 *out)
{
    decimal_text d;
    if (!scan_decimal(text, &d)) return false;
    for (; d.scale > type->scale; d.scale--) {
        if (d.unscaled % 10 != 0) return false;
        d.unscaled /= 10;
        if (d.n_digits > 0) d.n_digits--;
    }
    for (; d.scale < type->scale && d.unscaled != 0; d.scale++) {
        if (++d.n_digits > DECIMAL_DIGITS) return false;
        d.unscaled *= 10;
    }
    if (d.n_digits > type->precision) return false;
    *out = d.is_negative ? -d.unscaled : d.unscaled;
    return true;
}

static bool parse_date(firn_str text, int32_t *out)
{
    int64_t days = 0;
    return firn_iso_parse_date(text, &days) && firn_i64_to_i32(days, out);
}

static bool parse_time(firn_str text, int64_t *out)
{
    int64_t nanos = 0;
    if (!firn_iso_parse_time(text, &nanos) || nanos % 1000 != 0) return false;
    *out = nanos / 1000;
    return true;
}

static bool parse_moment(firn_str text, firn_type_kind kind, int64_t *out)
{
    firn_iso_moment m;
    const bool is_nanos = kind == FIRN_TYPE_TIMESTAMP_NS || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    const bool takes_zone = kind == FIRN_TYPE_TIMESTAMPTZ || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    if (!firn_iso_parse_timestamp(text, &m)) return false;
    if (m.has_zone && !takes_zone) return false;
    if (!is_nanos && m.nanos_of_day % 1000 != 0) return false;
    const int64_t unit = is_nanos ? 1 : 1000;
    const int64_t of_day =
        m.nanos_of_day / unit - (int64_t)m.offset_minutes * (60000000000LL / unit);
    int64_t days = 0;
    return firn_mul_i64(m.days, FIRN_NANOS_PER_DAY / unit, &days) &&
           firn_add_i64(days, of_day, out);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool parse_uuid(firn_str text, uint8_t out[16])
{
    if (text.len != 36) return false;
    size_t n = 0;
    for (size_t i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text.data[i] != '-') return false;
            continue;
        }
        const int digit = hex_digit(text.data[i]);
        if (digit < 0) return false;
        out[n / 2] = (uint8_t)(out[n / 2] << 4 | digit);
        n++;
    }
    return true;
}

static int base64_digit(char c)
{
    const char *at = c ? strchr(k_base64, c) : NULL;
    return at ? (int)(at - k_base64) : -1;
}

/* out: room for text.len bytes. */
static bool parse_base64(firn_str text, uint8_t *out, size_t *n_out)
{
    firn_str rest = text;
    while (rest.len > 0 && text.len - rest.len < 2 && rest.data[rest.len - 1] == '=') rest.len--;
    if (text.len % 4 != 0 || rest.len % 4 == 1) return false;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    *n_out = 0;
    for (size_t i = 0; i < rest.len; i++) {
        const int digit = base64_digit(rest.data[i]);
        if (digit < 0) return false;
        bits = (bits << 6 | (uint32_t)digit) & 0xffffffu;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[(*n_out)++] = (uint8_t)(bits >> n_bits);
        }
    }
    return (bits & ((1u << n_bits) - 1)) == 0;
}

static bool parse_bytes(firn_str text, const firn_type *type, uint8_t *out, size_t *n_out)
{
    switch (type->kind) {
    case FIRN_TYPE_UUID: *n_out = 16; return parse_uuid(text, out);
    case FIRN_TYPE_FIXED: return parse_base64(text, out, n_out) && *n_out == (size_t)type->length;
    case FIRN_TYPE_BINARY: return parse_base64(text, out, n_out);
    default:
        if (text.len > 0) memcpy(out, text.data, text.len);
        *n_out = text.len;
        return true;
    }
}

static bool parse_number(firn_str text, const firn_type *type, firn_value *out)
{
    double number = 0;
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN:
        out->as.boolean = firn_str_equals_nocase(text, FIRN_STR("true"));
        return out->as.boolean || firn_str_equals_nocase(text, FIRN_STR("false"));
    case FIRN_TYPE_INT: return parse_i32(text, &out->as.i32);
    case FIRN_TYPE_LONG: return firn_str_to_i64(text, &out->as.i64);
    case FIRN_TYPE_FLOAT:
        if (!parse_double(text, &number)) return false;
        out->as.f32 = (float)number;
        return true;
    case FIRN_TYPE_DOUBLE: return parse_double(text, &out->as.f64);
    case FIRN_TYPE_DECIMAL: return parse_decimal(text, type, &out->as.decimal);
    case FIRN_TYPE_DATE: return parse_date(text, &out->as.i32);
    case FIRN_TYPE_TIME: return parse_time(text, &out->as.i64);
    default: return parse_moment(text, type->kind, &out->as.i64);
    }
}

static bool has_no_text(firn_type_kind kind)
{
    return kind == FIRN_TYPE_UNKNOWN || kind >= FIRN_TYPE_VARIANT;
}

firn_status firn_value_from_text(firn_str text, const firn_type *type, firn_arena *arena,
                                 firn_value *out, firn_error *err)
{
    char name[64];
    bool is_ok = false;
    *out = (firn_value){.kind = type->kind, .precision = type->precision, .scale = type->scale};
    (void)firn_type_name(type, name, sizeof name);
    if (has_no_text(type->kind)) {
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %s values from text", name);
    }
    if (type->kind >= FIRN_TYPE_STRING) {
        uint8_t *bytes = firn_arena_alloc_zero(arena, (text.len < 16 ? 16 : text.len) + 1);
        if (!bytes) return firn_fail_nomem(err);
        is_ok = parse_bytes(text, type, bytes, &out->as.bytes.len);
        out->as.bytes.data = (const char *)bytes;
    } else {
        is_ok = parse_number(text, type, out);
    }
    if (is_ok) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "\"%.*s\" is not a value of type %s",
                     (int)(text.len < 100 ? text.len : 100), text.data ? text.data : "", name);
}
