/* SPDX-License-Identifier: Apache-2.0 */
#include "format/avro/avro_primitive.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "format/avro/avro.h"
#include "format/columns/decimal.h"

#define UUID_BYTES 16

/* ---- types ---- */

static const char *plain_type(firn_type_kind kind)
{
    switch (kind) {
    case FIRN_TYPE_UNKNOWN: return "\"null\"";
    case FIRN_TYPE_BOOLEAN: return "\"boolean\"";
    case FIRN_TYPE_INT: return "\"int\"";
    case FIRN_TYPE_LONG: return "\"long\"";
    case FIRN_TYPE_FLOAT: return "\"float\"";
    case FIRN_TYPE_DOUBLE: return "\"double\"";
    case FIRN_TYPE_STRING: return "\"string\"";
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: return "\"bytes\"";
    case FIRN_TYPE_DATE: return "{\"type\":\"int\",\"logicalType\":\"date\"}";
    case FIRN_TYPE_TIME: return "{\"type\":\"long\",\"logicalType\":\"time-micros\"}";
    case FIRN_TYPE_TIMESTAMP:
        return "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\",\"adjust-to-utc\":false}";
    case FIRN_TYPE_TIMESTAMPTZ:
        return "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\",\"adjust-to-utc\":true}";
    case FIRN_TYPE_TIMESTAMP_NS:
        return "{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\",\"adjust-to-utc\":false}";
    case FIRN_TYPE_TIMESTAMPTZ_NS:
        return "{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\",\"adjust-to-utc\":true}";
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_DECIMAL:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: break;
    }
    return "";
}

bool firn_avro_type_has_name(firn_type_kind kind)
{
    return kind == FIRN_TYPE_UUID || kind == FIRN_TYPE_FIXED || kind == FIRN_TYPE_DECIMAL;
}

static size_t fixed_size(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_UUID: return UUID_BYTES;
    case FIRN_TYPE_DECIMAL: return firn_decimal_fixed_size(type->precision);
    default: return (size_t)type->length;
    }
}

void firn_avro_put_type(const firn_type *type, const char *name, firn_buf *out)
{
    if (!firn_avro_type_has_name(type->kind)) {
        firn_buf_cstr(out, plain_type(type->kind));
        return;
    }
    firn_buf_printf(out, "{\"type\":\"fixed\",\"name\":\"%s\",\"size\":%zu", name,
                    fixed_size(type));
    if (type->kind == FIRN_TYPE_UUID) firn_buf_cstr(out, ",\"logicalType\":\"uuid\"");
    if (type->kind == FIRN_TYPE_DECIMAL)
        firn_buf_printf(out,
                        ",\"logicalType\":\"decimal\",\"precision\":%" PRId32 ",\"scale\":%" PRId32,
                        type->precision, type->scale);
    firn_buf_byte(out, '}');
}

/* ---- values ---- */

static firn_status put_decimal(const firn_type *type, firn_int128 value, firn_buf *out,
                               firn_error *err)
{
    char bytes[sizeof value];
    const size_t size = fixed_size(type);
    firn_decimal_to_bytes(value, size, bytes);
    if (firn_decimal_of_bytes((firn_str){bytes, size}) != value)
        return firn_fail(err, FIRN_ERR_ARG, "decimal of more than %zu bytes", size);
    firn_buf_append(out, bytes, size);
    return FIRN_OK;
}

static firn_status put_fixed(const firn_type *type, firn_str bytes, firn_buf *out, firn_error *err)
{
    if (bytes.len != fixed_size(type))
        return firn_fail(err, FIRN_ERR_ARG, "value of %zu bytes, expected %zu", bytes.len,
                         fixed_size(type));
    firn_buf_str(out, bytes);
    return FIRN_OK;
}

firn_status firn_avro_put_value(const firn_type *type, const firn_value *value, firn_buf *out,
                                firn_error *err)
{
    uint32_t bits32 = 0;
    uint64_t bits64 = 0;
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: firn_buf_byte(out, value->as.boolean); return FIRN_OK;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: firn_buf_zigzag(out, value->as.i32); return FIRN_OK;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: firn_buf_zigzag(out, value->as.i64); return FIRN_OK;
    case FIRN_TYPE_FLOAT:
        memcpy(&bits32, &value->as.f32, sizeof bits32);
        firn_buf_u32le(out, bits32);
        return FIRN_OK;
    case FIRN_TYPE_DOUBLE:
        memcpy(&bits64, &value->as.f64, sizeof bits64);
        firn_buf_u64le(out, bits64);
        return FIRN_OK;
    case FIRN_TYPE_DECIMAL: return put_decimal(type, value->as.decimal, out, err);
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED: return put_fixed(type, value->as.bytes, out, err);
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: firn_avro_write_bytes(out, value->as.bytes); return FIRN_OK;
    case FIRN_TYPE_UNKNOWN:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: break;
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "type %d is no primitive", (int)type->kind);
}
