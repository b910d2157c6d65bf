/* SPDX-License-Identifier: Apache-2.0 */
/* Single values in JSON: default values of columns, and literals in requests (specification,
 * Appendix D, "JSON single-value serialization"). Not the text people read: value_text.c. */
#include <inttypes.h>
#include <math.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/iso_time.h"
#include "iceberg/spec/schema_json.h"

static firn_status fail_value(const firn_type *type, const json_t *json, firn_error *err)
{
    char name[64];
    (void)firn_type_name(type, name, sizeof name);
    if (json_is_string(json)) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "\"%.100s\" is not a JSON value of type %s",
                         json_string_value(json), name);
    }
    return firn_fail(err, FIRN_ERR_CORRUPT, "not a JSON value of type %s", name);
}

static bool read_integer(const json_t *json, const firn_type *type, firn_value *out)
{
    if (!json_is_integer(json)) return false;
    const int64_t value = json_integer_value(json);
    if (type->kind == FIRN_TYPE_INT) return firn_i64_to_i32(value, &out->as.i32);
    out->as.i64 = value;
    return true;
}

static bool read_float(const json_t *json, const firn_type *type, firn_value *out)
{
    if (!json_is_number(json)) return false;
    const double value = json_number_value(json);
    if (type->kind == FIRN_TYPE_DOUBLE) {
        out->as.f64 = value;
    } else {
        out->as.f32 = (float)value;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static firn_status read_hex(const json_t *json, const firn_type *type, firn_arena *arena,
                            firn_value *out, firn_error *err)
{
    const char *text = json_string_value(json);
    const size_t n = json_string_length(json) / 2;
    if (json_string_length(json) % 2 != 0) return fail_value(type, json, err);
    if (type->kind == FIRN_TYPE_FIXED && n != (size_t)type->length) {
        return fail_value(type, json, err);
    }
    char *bytes = firn_arena_alloc(arena, n + 1);
    if (!bytes) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const int high = hex_digit(text[2 * i]);
        const int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return fail_value(type, json, err);
        bytes[i] = (char)(uint8_t)(high << 4 | low);
    }
    out->as.bytes = (firn_str){bytes, n};
    return FIRN_OK;
}

/* The zone of a timestamptz must be written, and be UTC. */
static bool has_utc_zone(firn_str text)
{
    firn_iso_moment m;
    return firn_iso_parse_timestamp(text, &m) && m.has_zone && m.offset_minutes == 0;
}

static firn_status read_text(const json_t *json, const firn_type *type, firn_arena *arena,
                             firn_value *out, firn_error *err)
{
    if (!json_is_string(json)) return fail_value(type, json, err);
    if (type->kind == FIRN_TYPE_FIXED || type->kind == FIRN_TYPE_BINARY) {
        return read_hex(json, type, arena, out, err);
    }
    const firn_str text = {json_string_value(json), json_string_length(json)};
    const bool needs_zone =
        type->kind == FIRN_TYPE_TIMESTAMPTZ || type->kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    if (needs_zone && !has_utc_zone(text)) return fail_value(type, json, err);
    const firn_status st = firn_value_from_text(text, type, arena, out, NULL);
    if (st == FIRN_ERR_NOMEM) return firn_fail_nomem(err);
    return st == FIRN_OK ? FIRN_OK : fail_value(type, json, err);
}

static firn_status fail_nested(const firn_type *type, firn_error *err)
{
    char name[64];
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %s values in JSON",
                     firn_type_name(type, name, sizeof name));
}

firn_status firn_value_from_json(const json_t *json, const firn_type *type, firn_arena *arena,
                                 firn_value *out, firn_error *err)
{
    *out = (firn_value){.kind = type->kind, .precision = type->precision, .scale = type->scale};
    if (!json || json_is_null(json)) {
        out->is_null = true;
        return FIRN_OK;
    }
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN:
        out->as.boolean = json_is_true(json);
        return json_is_boolean(json) ? FIRN_OK : fail_value(type, json, err);
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
        return read_integer(json, type, out) ? FIRN_OK : fail_value(type, json, err);
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE:
        return read_float(json, type, out) ? FIRN_OK : fail_value(type, json, err);
    case FIRN_TYPE_STRUCT: /* only {}: its fields have defaults of their own */
        if (json_is_object(json) && json_object_size(json) == 0) return FIRN_OK;
        return fail_nested(type, err);
    case FIRN_TYPE_UNKNOWN:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: return fail_value(type, json, err);
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: return fail_nested(type, err);
    default: return read_text(json, type, arena, out, err);
    }
}

/* ---- to JSON ---- */

static json_t *hex_json(firn_str bytes, firn_arena *arena)
{
    static const char k_hex[] = "0123456789abcdef";
    char *text = firn_arena_alloc(arena, bytes.len * 2 + 1);
    if (!text) return NULL;
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = k_hex[(uint8_t)bytes.data[i] >> 4];
        text[2 * i + 1] = k_hex[(uint8_t)bytes.data[i] & 15];
    }
    return json_stringn(text, bytes.len * 2);
}

static json_t *moment_json(const firn_value *value, firn_type_kind kind)
{
    char text[FIRN_ISO_SIZE];
    size_t len = 0;
    const bool is_nanos = kind == FIRN_TYPE_TIMESTAMP_NS || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    const bool has_zone = kind == FIRN_TYPE_TIMESTAMPTZ || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    const int64_t per_day = is_nanos ? FIRN_NANOS_PER_DAY : FIRN_NANOS_PER_DAY / 1000;
    const int64_t days = firn_floor_div(value->as.i64, per_day);
    const int64_t of_day = value->as.i64 - days * per_day;
    firn_iso_put_date(text, &len, days);
    text[len++] = 'T';
    firn_iso_put_time(text, &len, is_nanos ? of_day : of_day * 1000,
                      is_nanos ? FIRN_ISO_NANOS : FIRN_ISO_MICROS);
    if (has_zone) {
        for (const char *p = "+00:00"; *p; p++) text[len++] = *p;
    }
    return json_stringn(text, len);
}

static json_t *time_json(int64_t micros)
{
    char text[FIRN_ISO_SIZE];
    size_t len = 0;
    firn_iso_put_time(text, &len, micros * 1000, FIRN_ISO_MICROS);
    return json_stringn(text, len);
}

static json_t *plain_json(const firn_value *value, firn_arena *arena, firn_error *err)
{
    firn_str text = {0};
    if (firn_value_to_text(value, arena, &text, err) != FIRN_OK) return NULL;
    return json_stringn(text.data, text.len);
}

static json_t *scalar_json(const firn_value *value, const firn_type *type, firn_arena *arena,
                           firn_error *err)
{
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: return json_boolean(value->as.boolean);
    case FIRN_TYPE_INT: return json_integer(value->as.i32);
    case FIRN_TYPE_LONG: return json_integer(value->as.i64);
    case FIRN_TYPE_FLOAT: return json_real((double)value->as.f32);
    case FIRN_TYPE_DOUBLE: return json_real(value->as.f64);
    case FIRN_TYPE_TIME: return time_json(value->as.i64);
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return moment_json(value, type->kind);
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: return hex_json(value->as.bytes, arena);
    case FIRN_TYPE_STRUCT: return json_object();
    default: return plain_json(value, arena, err);
    }
}

static firn_status check_writable(const firn_value *value, const firn_type *type, firn_error *err)
{
    if (type->kind == FIRN_TYPE_LIST || type->kind == FIRN_TYPE_MAP) return fail_nested(type, err);
    const bool is_real = type->kind == FIRN_TYPE_DOUBLE || type->kind == FIRN_TYPE_FLOAT;
    const double number = type->kind == FIRN_TYPE_FLOAT ? (double)value->as.f32 : value->as.f64;
    if (is_real && !isfinite(number)) {
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: NaN and infinity in JSON");
    }
    if (type->kind == FIRN_TYPE_STRING && !firn_utf8_is_valid(value->as.bytes)) {
        return firn_fail(err, FIRN_ERR_ARG, "text of %zu bytes is not valid UTF-8",
                         value->as.bytes.len);
    }
    return FIRN_OK;
}

firn_status firn_value_to_json(const firn_value *value, const firn_type *type, json_t **out,
                               firn_error *err)
{
    *out = NULL;
    if (value->is_null) {
        *out = json_null();
        return FIRN_OK;
    }
    FIRN_TRY(check_writable(value, type, err));
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_error_clear(err);
    firn_error inner = {0};
    *out = scalar_json(value, type, arena, &inner);
    firn_arena_destroy(arena);
    if (*out) return FIRN_OK;
    if (inner.status == FIRN_OK) return firn_fail_nomem(err);
    return firn_fail(err, inner.status, "%s", inner.message);
}
