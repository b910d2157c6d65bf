/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/order_key.h"

#include <string.h>

#define K_SIGN64 ((uint64_t)1 << 63)

bool firn_order_key_supports(firn_type_kind kind)
{
    switch (kind) {
    case FIRN_TYPE_BOOLEAN:
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_DECIMAL:
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS:
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: return true;
    default: return false;
    }
}

static bool is_bytes(firn_type_kind kind)
{
    return kind == FIRN_TYPE_STRING || kind == FIRN_TYPE_UUID || kind == FIRN_TYPE_FIXED ||
           kind == FIRN_TYPE_BINARY;
}

/* Negative numbers turn round, positive ones get in front of them. */
static uint64_t order_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & K_SIGN64 ? ~bits : bits | K_SIGN64;
}

/* High and low half; low is 0 for all but decimals. */
static uint64_t number_of(const firn_value *v, uint64_t *low)
{
    *low = 0;
    switch (v->kind) {
    case FIRN_TYPE_BOOLEAN: return v->as.boolean;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: return (uint64_t)(int64_t)v->as.i32 ^ K_SIGN64;
    case FIRN_TYPE_FLOAT: return order_double((double)v->as.f32);
    case FIRN_TYPE_DOUBLE: return order_double(v->as.f64);
    case FIRN_TYPE_DECIMAL:
        *low = (uint64_t)v->as.decimal;
        return (uint64_t)(v->as.decimal >> 64) ^ K_SIGN64;
    default: return (uint64_t)v->as.i64 ^ K_SIGN64;
    }
}

/* The first n of its eight bytes. */
static void put_u64(firn_buf *out, uint64_t value, size_t n, uint8_t flip)
{
    char bytes[8];
    for (size_t i = 0; i < n; i++) bytes[i] = (char)((uint8_t)(value >> (56 - 8 * i)) ^ flip);
    firn_buf_append(out, bytes, n);
}

/* Short keys sort faster: a value of 32 bits takes four bytes. */
static void put_number(firn_buf *out, const firn_value *value, uint8_t flip)
{
    uint64_t low = 0;
    const uint64_t high = number_of(value, &low);
    switch (value->kind) {
    case FIRN_TYPE_BOOLEAN: put_u64(out, high << 56, 1, flip); return;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE:
        put_u64(out, (uint64_t)((uint32_t)value->as.i32 ^ (uint32_t)1 << 31) << 32, 4, flip);
        return;
    default: put_u64(out, high, 8, flip);
    }
    if (value->kind == FIRN_TYPE_DECIMAL) put_u64(out, low, 8, flip);
}

/* 00 inside becomes 00 ff, 00 00 ends it. */
static void put_bytes(firn_buf *out, firn_str bytes, uint8_t flip)
{
    for (size_t i = 0; i < bytes.len; i++) {
        const uint8_t byte = (uint8_t)bytes.data[i];
        firn_buf_byte(out, byte ^ flip);
        if (byte == 0) firn_buf_byte(out, 0xff ^ flip);
    }
    firn_buf_byte(out, flip);
    firn_buf_byte(out, flip);
}

void firn_order_key_append(const firn_value *value, bool is_descending, bool nulls_last,
                           firn_buf *out)
{
    const uint8_t flip = is_descending ? 0xff : 0;
    firn_buf_byte(out, value->is_null == nulls_last ? 1 : 0);
    if (value->is_null) return;
    if (is_bytes(value->kind)) {
        put_bytes(out, value->as.bytes, flip);
        return;
    }
    put_number(out, value, flip);
}

/* Decimals of all scales: the top of the 128 bits would be 0 for most, so they are cut below. */
static uint64_t decimal_u64(firn_int128 value)
{
    if (value > INT64_MAX) return UINT64_MAX;
    if (value < INT64_MIN) return 0;
    return (uint64_t)(int64_t)value ^ K_SIGN64;
}

uint64_t firn_order_key_u64(const firn_value *value, size_t skip)
{
    uint64_t low = 0;
    if (value->is_null) return 0;
    if (value->kind == FIRN_TYPE_DECIMAL) return decimal_u64(value->as.decimal);
    if (!is_bytes(value->kind)) return number_of(value, &low);
    uint64_t out = 0;
    const firn_str bytes = value->as.bytes;
    for (size_t i = 0; i < 8; i++) {
        const size_t at = skip + i;
        out = out << 8 | (at < bytes.len ? (uint8_t)bytes.data[at] : 0);
    }
    return out;
}
