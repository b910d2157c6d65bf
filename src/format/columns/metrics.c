/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds as bytes: the single-value binary serialisation (specification, Appendix D) and the
 * truncation of text and binary bounds. Not here: collecting metrics (parquet_stats.c). */
#include "format/columns/metrics.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "format/columns/decimal.h"

#define DEFAULT_TRUNCATE 16

/* Big-endian two's complement in as few bytes as hold the sign. */
static void encode_decimal(firn_int128 value, firn_buf *out)
{
    char bytes[16];
    size_t n = 1;
    while (n < sizeof bytes && value >> (8 * n - 1) != (value < 0 ? -1 : 0)) n++;
    firn_decimal_to_bytes(value, n, bytes);
    firn_buf_append(out, bytes, n);
}

firn_status firn_value_encode(const firn_value *value, firn_buf *out, firn_error *err)
{
    uint64_t bits = 0;
    if (value->is_null) return firn_fail(err, FIRN_ERR_ARG, "a null has no binary form");
    switch (value->kind) {
    case FIRN_TYPE_BOOLEAN: firn_buf_byte(out, value->as.boolean); break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: firn_buf_u32le(out, (uint32_t)value->as.i32); break;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: firn_buf_u64le(out, (uint64_t)value->as.i64); break;
    case FIRN_TYPE_FLOAT:
        memcpy(&bits, &value->as.f32, sizeof value->as.f32);
        firn_buf_u32le(out, (uint32_t)bits);
        break;
    case FIRN_TYPE_DOUBLE:
        memcpy(&bits, &value->as.f64, sizeof bits);
        firn_buf_u64le(out, bits);
        break;
    case FIRN_TYPE_DECIMAL: encode_decimal(value->as.decimal, out); break;
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: firn_buf_str(out, value->as.bytes); break;
    default: return firn_fail(err, FIRN_ERR_ARG, "a nested value has no binary form");
    }
    return firn_buf_check(out, err);
}

static firn_status wrong_size(const firn_type *type, firn_str bytes, firn_error *err)
{
    char name[64];
    return firn_fail_at(err, 0, "value of type %s in %zu bytes",
                        firn_type_name(type, name, sizeof name), bytes.len);
}

static firn_status decode_decimal(const firn_type *type, firn_str bytes, firn_value *out,
                                  firn_error *err)
{
    if (bytes.len < 1 || bytes.len > 16) return wrong_size(type, bytes, err);
    out->as.decimal = firn_decimal_of_bytes(bytes);
    return FIRN_OK;
}

/* A bound written while the column was a date. */
static firn_status widen_date(const firn_type *type, firn_str bytes, firn_value *out,
                              firn_error *err)
{
    const bool is_ns = type->kind == FIRN_TYPE_TIMESTAMP_NS;
    const int64_t per_day = is_ns ? INT64_C(86400000000000) : INT64_C(86400000000);
    const int64_t days = (int32_t)firn_load_u32le(bytes.data);
    if (__builtin_mul_overflow(days, per_day, &out->as.i64))
        return firn_fail_at(err, 0, "date of %lld days does not fit a timestamp", (long long)days);
    return FIRN_OK;
}

static firn_status decode_i64(const firn_type *type, firn_str bytes, firn_value *out,
                              firn_error *err)
{
    if (bytes.len == 8) {
        out->as.i64 = (int64_t)firn_load_u64le(bytes.data);
        return FIRN_OK;
    }
    if (bytes.len != 4) return wrong_size(type, bytes, err);
    if (type->kind == FIRN_TYPE_TIMESTAMP || type->kind == FIRN_TYPE_TIMESTAMP_NS)
        return widen_date(type, bytes, out, err);
    if (type->kind != FIRN_TYPE_LONG) return wrong_size(type, bytes, err);
    out->as.i64 = (int32_t)firn_load_u32le(bytes.data);
    return FIRN_OK;
}

static firn_status decode_double(const firn_type *type, firn_str bytes, firn_value *out,
                                 firn_error *err)
{
    float narrow;
    if (bytes.len == 8) {
        memcpy(&out->as.f64, bytes.data, 8);
        return FIRN_OK;
    }
    if (bytes.len != 4) return wrong_size(type, bytes, err);
    memcpy(&narrow, bytes.data, 4);
    out->as.f64 = (double)narrow;
    return FIRN_OK;
}

static firn_status decode_bytes(const firn_type *type, firn_str bytes, firn_value *out,
                                firn_error *err)
{
    if (type->kind == FIRN_TYPE_UUID && bytes.len != 16) return wrong_size(type, bytes, err);
    /* shorter is fine: other writers truncate bounds of fixed columns */
    if (type->kind == FIRN_TYPE_FIXED && bytes.len > (size_t)type->length)
        return wrong_size(type, bytes, err);
    out->as.bytes = bytes;
    return FIRN_OK;
}

firn_status firn_value_decode(const firn_type *type, firn_str bytes, firn_value *out,
                              firn_error *err)
{
    *out = (firn_value){.kind = type->kind, .precision = type->precision, .scale = type->scale};
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN:
        if (bytes.len != 1) return wrong_size(type, bytes, err);
        out->as.boolean = bytes.data[0] != 0;
        return FIRN_OK;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE:
        if (bytes.len != 4) return wrong_size(type, bytes, err);
        out->as.i32 = (int32_t)firn_load_u32le(bytes.data);
        return FIRN_OK;
    case FIRN_TYPE_FLOAT:
        if (bytes.len != 4) return wrong_size(type, bytes, err);
        memcpy(&out->as.f32, bytes.data, 4);
        return FIRN_OK;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return decode_i64(type, bytes, out, err);
    case FIRN_TYPE_DOUBLE: return decode_double(type, bytes, out, err);
    case FIRN_TYPE_DECIMAL: return decode_decimal(type, bytes, out, err);
    case FIRN_TYPE_UNKNOWN:
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: return wrong_size(type, bytes, err);
    default: return decode_bytes(type, bytes, out, err);
    }
}

static bool is_continuation(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}

firn_str firn_bound_truncate_lower(const firn_type *type, firn_str value, int32_t length)
{
    const size_t limit = length > 0 ? (size_t)length : 0;
    if (value.len <= limit) return value;
    size_t end = limit;
    if (type->kind == FIRN_TYPE_STRING) {
        size_t points = 0;
        for (end = 0; end < value.len; end++)
            if (!is_continuation(value.data[end]) && points++ == limit) break;
    }
    return (firn_str){value.data, end};
}

/* The code point that ends at byte end; false when the bytes are not UTF-8. */
static bool last_code_point(firn_str s, size_t *start, uint32_t *out)
{
    size_t at = s.len;
    while (at > 0 && s.len - at < 3 && is_continuation(s.data[at - 1])) at--;
    if (at == 0) return false;
    at--;
    const uint8_t lead = (uint8_t)s.data[at];
    const size_t n = s.len - at;
    const size_t want = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (n != want || (lead >= 0x80 && lead < 0xc2)) return false;
    uint32_t cp = n == 1 ? lead : lead & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) cp = cp << 6 | ((uint8_t)s.data[at + i] & 0x3f);
    *start = at;
    *out = cp;
    return true;
}

static size_t encode_code_point(uint32_t cp, char *out)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    const size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    const uint8_t leads[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (cp & 0x3f));
        cp >>= 6;
    }
    out[0] = (char)(leads[n] | cp);
    return n;
}

static bool increment_text(firn_arena *arena, firn_str cut, firn_str *out)
{
    size_t start;
    uint32_t cp;
    for (; cut.len; cut.len = start) {
        if (!last_code_point(cut, &start, &cp)) return false;
        if (cp >= 0x10ffff) continue;
        cp = cp == 0xd7ff ? 0xe000 : cp + 1; /* no surrogates in UTF-8 */
        char *copy = firn_arena_alloc(arena, start + 4);
        if (!copy) return false;
        memcpy(copy, cut.data, start);
        *out = (firn_str){copy, start + encode_code_point(cp, copy + start)};
        return true;
    }
    return false;
}

static bool increment_bytes(firn_arena *arena, firn_str cut, firn_str *out)
{
    while (cut.len && (uint8_t)cut.data[cut.len - 1] == 0xff) cut.len--;
    if (!cut.len) return false;
    char *copy = firn_arena_alloc(arena, cut.len);
    if (!copy) return false;
    memcpy(copy, cut.data, cut.len);
    copy[cut.len - 1] = (char)((uint8_t)copy[cut.len - 1] + 1);
    *out = (firn_str){copy, cut.len};
    return true;
}

bool firn_bound_truncate_upper(firn_arena *arena, const firn_type *type, firn_str value,
                               int32_t length, firn_str *out)
{
    const firn_str cut = firn_bound_truncate_lower(type, value, length);
    if (cut.len == value.len) {
        *out = value;
        return true;
    }
    if (type->kind == FIRN_TYPE_STRING) return increment_text(arena, cut, out);
    return increment_bytes(arena, cut, out);
}

/* ---- of a column ---- */

static firn_status copy_bound(firn_arena *arena, const firn_value *value, firn_str *out,
                              firn_error *err)
{
    firn_buf bytes;
    firn_buf_init(&bytes, NULL, 0);
    const firn_status st = firn_value_encode(value, &bytes, err);
    if (st == FIRN_OK) *out = firn_arena_copy(arena, firn_buf_view(&bytes));
    firn_buf_dispose(&bytes);
    FIRN_TRY(st);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_column_metrics_set_bounds(firn_column_metrics *out, const firn_type *type,
                                           const firn_metrics_cut *cut, const firn_value *lower,
                                           const firn_value *upper, firn_arena *arena,
                                           firn_error *err)
{
    const bool is_cut = cut->mode == FIRN_METRICS_TRUNCATE &&
                        (type->kind == FIRN_TYPE_STRING || type->kind == FIRN_TYPE_BINARY);
    const int32_t length = cut->truncate_length > 0 ? cut->truncate_length : DEFAULT_TRUNCATE;
    if (cut->mode == FIRN_METRICS_COUNTS || cut->mode == FIRN_METRICS_NONE) return FIRN_OK;
    out->has_lower = lower != NULL;
    out->has_upper = upper != NULL;
    if (lower) {
        firn_value value = *lower;
        if (is_cut) value.as.bytes = firn_bound_truncate_lower(type, value.as.bytes, length);
        FIRN_TRY(copy_bound(arena, &value, &out->lower, err));
    }
    if (!upper) return FIRN_OK;
    firn_value value = *upper;
    if (is_cut)
        out->has_upper =
            firn_bound_truncate_upper(arena, type, value.as.bytes, length, &value.as.bytes);
    return out->has_upper ? copy_bound(arena, &value, &out->upper, err) : FIRN_OK;
}

void firn_column_metrics_sort(firn_column_metrics *m, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const firn_column_metrics moved = m[i];
        size_t at = i;
        for (; at > 0 && m[at - 1].field_id > moved.field_id; at--) m[at] = m[at - 1];
        m[at] = moved;
    }
}
