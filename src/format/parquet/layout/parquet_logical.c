/* SPDX-License-Identifier: Apache-2.0 */
/* What a leaf column's annotations mean: the LogicalType union, the older converted types, and the
 * Iceberg type both come to. */
#include "base/error.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/thrift/thrift.h"

#define MAX_PRECISION    38
#define UUID_BYTES       16
#define FLOAT16_BYTES    2
#define UINT64_PRECISION 20

static firn_status parse_unit(firn_thrift *t, const firn_thrift_field *in, firn_pq_element *e,
                              firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    FIRN_TRY(firn_thrift_enter(t, in, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        if (f.id >= FIRN_PQ_MILLIS && f.id <= FIRN_PQ_NANOS) e->unit = (firn_pq_unit)f.id;
        FIRN_TRY(firn_thrift_skip(t, &f, err));
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status parse_number_param(firn_thrift *t, const firn_thrift_field *f,
                                      firn_pq_element *e, firn_error *err)
{
    const bool is_integer = e->logical == FIRN_PQ_INTEGER;
    bool is_signed = true;
    if (f->id == 1) return firn_thrift_i32(t, f, is_integer ? &e->bit_width : &e->scale, err);
    if (!is_integer) return firn_thrift_i32(t, f, &e->precision, err);
    FIRN_TRY(firn_thrift_bool(t, f, &is_signed, err));
    e->is_unsigned = !is_signed;
    return FIRN_OK;
}

static firn_status parse_geo_param(firn_thrift *t, const firn_thrift_field *f, firn_pq_element *e,
                                   firn_error *err)
{
    static const firn_str k_algorithms[] = {FIRN_STR_INIT("spherical"), FIRN_STR_INIT("vincenty"),
                                            FIRN_STR_INIT("thomas"), FIRN_STR_INIT("andoyer"),
                                            FIRN_STR_INIT("karney")};
    int32_t algorithm = 0;
    if (f->id == 1) return firn_thrift_binary(t, f, &e->crs, err);
    FIRN_TRY(firn_thrift_i32(t, f, &algorithm, err));
    if (algorithm < 0 || algorithm >= (int32_t)(sizeof k_algorithms / sizeof *k_algorithms))
        return firn_fail(err, FIRN_ERR_CORRUPT, "geography algorithm %d, expected 0 to 4",
                         algorithm);
    e->algorithm = k_algorithms[algorithm];
    return FIRN_OK;
}

static firn_status parse_param(firn_thrift *t, const firn_thrift_field *f, firn_pq_element *e,
                               firn_error *err)
{
    if (f->id != 1 && f->id != 2) return firn_thrift_skip(t, f, err);
    switch (e->logical) {
    case FIRN_PQ_DECIMAL:
    case FIRN_PQ_INTEGER: return parse_number_param(t, f, e, err);
    case FIRN_PQ_TIME:
    case FIRN_PQ_TIMESTAMP:
        return f->id == 1 ? firn_thrift_bool(t, f, &e->is_utc, err) : parse_unit(t, f, e, err);
    case FIRN_PQ_GEOMETRY:
    case FIRN_PQ_GEOGRAPHY: return parse_geo_param(t, f, e, err);
    default: return firn_thrift_skip(t, f, err);
    }
}

firn_status firn_pq_logical_parse(firn_thrift *t, const firn_thrift_field *field,
                                  firn_pq_element *out, firn_error *err)
{
    firn_thrift_field f;
    firn_thrift_field param;
    firn_status st;
    FIRN_TRY(firn_thrift_enter(t, field, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        if (f.id < FIRN_PQ_STRING || f.id > FIRN_PQ_GEOGRAPHY) {
            FIRN_TRY(firn_thrift_skip(t, &f, err)); /* newer than this code: the plain type */
            continue;
        }
        out->logical = (firn_pq_logical)f.id;
        FIRN_TRY(firn_thrift_enter(t, &f, &param, err));
        while ((st = firn_thrift_next(t, &param, err)) == FIRN_OK)
            FIRN_TRY(parse_param(t, &param, out, err));
        if (st != FIRN_DONE) return st;
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* Indexed by ConvertedType. */
static const struct converted {
    firn_pq_logical logical;
    firn_pq_unit unit;
    int32_t bit_width;
    bool is_unsigned;
} k_converted[] = {
    {FIRN_PQ_STRING, 0, 0, false},
    {FIRN_PQ_MAP, 0, 0, false},
    {FIRN_PQ_MAP, 0, 0, false}, /* MAP_KEY_VALUE, on the outer group by old writers */
    {FIRN_PQ_LIST, 0, 0, false},
    {FIRN_PQ_ENUM, 0, 0, false},
    {FIRN_PQ_DECIMAL, 0, 0, false},
    {FIRN_PQ_DATE, 0, 0, false},
    {FIRN_PQ_TIME, FIRN_PQ_MILLIS, 0, false},
    {FIRN_PQ_TIME, FIRN_PQ_MICROS, 0, false},
    {FIRN_PQ_TIMESTAMP, FIRN_PQ_MILLIS, 0, false},
    {FIRN_PQ_TIMESTAMP, FIRN_PQ_MICROS, 0, false},
    {FIRN_PQ_INTEGER, 0, 8, true},
    {FIRN_PQ_INTEGER, 0, 16, true},
    {FIRN_PQ_INTEGER, 0, 32, true},
    {FIRN_PQ_INTEGER, 0, 64, true},
    {FIRN_PQ_INTEGER, 0, 8, false},
    {FIRN_PQ_INTEGER, 0, 16, false},
    {FIRN_PQ_INTEGER, 0, 32, false},
    {FIRN_PQ_INTEGER, 0, 64, false},
    {FIRN_PQ_JSON, 0, 0, false},
    {FIRN_PQ_BSON, 0, 0, false},
    {FIRN_PQ_INTERVAL, 0, 0, false},
};

void firn_pq_logical_from_converted(firn_pq_element *e)
{
    if (e->converted < 0 || e->converted >= (int32_t)(sizeof k_converted / sizeof *k_converted))
        return;
    const struct converted *c = &k_converted[e->converted];
    e->logical = c->logical;
    e->unit = c->unit;
    e->bit_width = c->bit_width;
    e->is_unsigned = c->is_unsigned;
    e->is_utc = true; /* the older annotations mean instants */
}

static firn_status fail_pair(const firn_pq_element *e, const char *logical, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "column %.*s: physical type %d cannot hold %s",
                     FIRN_STR_ARG(e->name), e->physical, logical);
}

static int32_t decimal_max_precision(const firn_pq_element *e)
{
    if (e->physical == FIRN_PQ_INT32) return 9;
    if (e->physical == FIRN_PQ_INT64) return 18;
    return MAX_PRECISION;
}

static firn_status decimal_type(const firn_pq_element *e, firn_type *out, firn_error *err)
{
    const bool is_number = e->physical == FIRN_PQ_INT32 || e->physical == FIRN_PQ_INT64;
    if (!is_number && e->physical != FIRN_PQ_BYTE_ARRAY && e->physical != FIRN_PQ_FIXED)
        return fail_pair(e, "a decimal", err);
    if (e->precision > MAX_PRECISION)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: column %.*s has decimal precision %d, limit %d",
                         FIRN_STR_ARG(e->name), e->precision, MAX_PRECISION);
    if (e->precision < 1 || e->scale < 0 || e->scale > e->precision)
        return firn_fail(err, FIRN_ERR_CORRUPT, "column %.*s: decimal(%d,%d) is not valid",
                         FIRN_STR_ARG(e->name), e->precision, e->scale);
    out->kind = FIRN_TYPE_DECIMAL;
    /* Some writers state a precision that the physical type can exceed; values are checked. */
    out->precision =
        e->precision < decimal_max_precision(e) ? e->precision : decimal_max_precision(e);
    out->scale = e->scale;
    return FIRN_OK;
}

static firn_status time_type(const firn_pq_element *e, firn_type *out, firn_error *err)
{
    const bool is_milli_time = e->logical == FIRN_PQ_TIME && e->unit == FIRN_PQ_MILLIS;
    if (e->physical != (is_milli_time ? FIRN_PQ_INT32 : FIRN_PQ_INT64))
        return fail_pair(e, e->logical == FIRN_PQ_TIME ? "a time" : "a timestamp", err);
    if (e->unit == FIRN_PQ_NO_UNIT)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: time unit of column %.*s",
                         FIRN_STR_ARG(e->name));
    if (e->logical == FIRN_PQ_TIME)
        out->kind = FIRN_TYPE_TIME;
    else if (e->unit == FIRN_PQ_NANOS)
        out->kind = e->is_utc ? FIRN_TYPE_TIMESTAMPTZ_NS : FIRN_TYPE_TIMESTAMP_NS;
    else
        out->kind = e->is_utc ? FIRN_TYPE_TIMESTAMPTZ : FIRN_TYPE_TIMESTAMP;
    return FIRN_OK;
}

static firn_status integer_type(const firn_pq_element *e, firn_type *out, firn_error *err)
{
    const bool is_wide = e->bit_width == 64;
    if (e->physical != (is_wide ? FIRN_PQ_INT64 : FIRN_PQ_INT32))
        return fail_pair(e, "an integer of that width", err);
    out->kind = is_wide || (e->is_unsigned && e->bit_width == 32) ? FIRN_TYPE_LONG : FIRN_TYPE_INT;
    if (is_wide && e->is_unsigned) {
        out->kind = FIRN_TYPE_DECIMAL; /* the smallest type that holds them all */
        out->precision = UINT64_PRECISION;
    }
    return FIRN_OK;
}

static firn_status plain_type(const firn_pq_element *e, firn_type *out, firn_error *err)
{
    static const firn_type_kind k_kinds[] = {
        FIRN_TYPE_BOOLEAN, FIRN_TYPE_INT,    FIRN_TYPE_LONG,   FIRN_TYPE_TIMESTAMPTZ,
        FIRN_TYPE_FLOAT,   FIRN_TYPE_DOUBLE, FIRN_TYPE_BINARY, FIRN_TYPE_FIXED};
    if (e->physical < FIRN_PQ_BOOLEAN || e->physical > FIRN_PQ_FIXED)
        return firn_fail(err, FIRN_ERR_CORRUPT, "column %.*s has physical type %d, expected 0 to 7",
                         FIRN_STR_ARG(e->name), e->physical);
    out->kind = k_kinds[e->physical];
    if (out->kind == FIRN_TYPE_FIXED) out->length = e->type_length;
    return FIRN_OK;
}

static firn_status bytes_type(const firn_pq_element *e, firn_type_kind kind, firn_type *out,
                              firn_error *err)
{
    if (e->physical != FIRN_PQ_BYTE_ARRAY && e->physical != FIRN_PQ_FIXED)
        return fail_pair(e, "text or bytes", err);
    out->kind = kind;
    out->crs = e->crs;
    out->algorithm = e->algorithm;
    return FIRN_OK;
}

static firn_status fixed_type(const firn_pq_element *e, firn_type_kind kind, int32_t length,
                              firn_type *out, firn_error *err)
{
    if (e->physical != FIRN_PQ_FIXED || e->type_length != length)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "column %.*s: physical type %d of %d bytes, expected fixed of %d",
                         FIRN_STR_ARG(e->name), e->physical, e->type_length, length);
    out->kind = kind;
    return FIRN_OK;
}

firn_status firn_pq_leaf_type(const firn_pq_element *e, firn_type *out, firn_error *err)
{
    *out = (firn_type){.kind = FIRN_TYPE_UNKNOWN};
    if (e->physical == FIRN_PQ_FIXED && e->type_length <= 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "column %.*s has a fixed length of %d",
                         FIRN_STR_ARG(e->name), e->type_length);
    switch (e->logical) {
    case FIRN_PQ_STRING:
    case FIRN_PQ_ENUM:
    case FIRN_PQ_JSON: return bytes_type(e, FIRN_TYPE_STRING, out, err);
    case FIRN_PQ_BSON: return bytes_type(e, FIRN_TYPE_BINARY, out, err);
    case FIRN_PQ_GEOMETRY: return bytes_type(e, FIRN_TYPE_GEOMETRY, out, err);
    case FIRN_PQ_GEOGRAPHY: return bytes_type(e, FIRN_TYPE_GEOGRAPHY, out, err);
    case FIRN_PQ_DECIMAL: return decimal_type(e, out, err);
    case FIRN_PQ_TIME:
    case FIRN_PQ_TIMESTAMP: return time_type(e, out, err);
    case FIRN_PQ_INTEGER: return integer_type(e, out, err);
    case FIRN_PQ_UUID: return fixed_type(e, FIRN_TYPE_UUID, UUID_BYTES, out, err);
    case FIRN_PQ_FLOAT16: return fixed_type(e, FIRN_TYPE_FLOAT, FLOAT16_BYTES, out, err);
    case FIRN_PQ_DATE:
        if (e->physical != FIRN_PQ_INT32) return fail_pair(e, "a date", err);
        out->kind = FIRN_TYPE_DATE;
        return FIRN_OK;
    case FIRN_PQ_UNKNOWN: return FIRN_OK; /* only nulls */
    case FIRN_PQ_PLAIN_TYPE:
    case FIRN_PQ_MAP:
    case FIRN_PQ_LIST:
    case FIRN_PQ_INTERVAL:
    case FIRN_PQ_VARIANT: break;
    }
    return plain_type(e, out, err);
}

firn_type firn_pq_leaf_file_type(const firn_pq_element *e, const firn_type *type)
{
    const firn_type_kind integer = e->physical == FIRN_PQ_INT32 ? FIRN_TYPE_INT : FIRN_TYPE_LONG;
    switch (type->kind) {
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return (firn_type){.kind = integer};
    case FIRN_TYPE_DECIMAL:
        if (e->logical == FIRN_PQ_INTEGER)
            return (firn_type){.kind = FIRN_TYPE_LONG, .is_unsigned = true};
        return *type;
    default: return *type;
    }
}
