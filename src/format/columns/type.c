/* SPDX-License-Identifier: Apache-2.0 */
/* Iceberg types: names, lookup by id and by name, equality and the order of single values.
 * Not here: JSON of schemas (iceberg/spec/schema_json), bytes of values (metrics.c). */
#include "firn/types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

static const struct type_name {
    firn_type_kind kind;
    firn_str name;
} k_plain_names[] = {
    {FIRN_TYPE_UNKNOWN, FIRN_STR_INIT("unknown")},
    {FIRN_TYPE_BOOLEAN, FIRN_STR_INIT("boolean")},
    {FIRN_TYPE_INT, FIRN_STR_INIT("int")},
    {FIRN_TYPE_LONG, FIRN_STR_INIT("long")},
    {FIRN_TYPE_FLOAT, FIRN_STR_INIT("float")},
    {FIRN_TYPE_DOUBLE, FIRN_STR_INIT("double")},
    {FIRN_TYPE_DATE, FIRN_STR_INIT("date")},
    {FIRN_TYPE_TIME, FIRN_STR_INIT("time")},
    {FIRN_TYPE_TIMESTAMP, FIRN_STR_INIT("timestamp")},
    {FIRN_TYPE_TIMESTAMPTZ, FIRN_STR_INIT("timestamptz")},
    {FIRN_TYPE_TIMESTAMP_NS, FIRN_STR_INIT("timestamp_ns")},
    {FIRN_TYPE_TIMESTAMPTZ_NS, FIRN_STR_INIT("timestamptz_ns")},
    {FIRN_TYPE_STRING, FIRN_STR_INIT("string")},
    {FIRN_TYPE_UUID, FIRN_STR_INIT("uuid")},
    {FIRN_TYPE_BINARY, FIRN_STR_INIT("binary")},
    {FIRN_TYPE_VARIANT, FIRN_STR_INIT("variant")},
    {FIRN_TYPE_GEOMETRY, FIRN_STR_INIT("geometry")},
    {FIRN_TYPE_GEOGRAPHY, FIRN_STR_INIT("geography")},
};
#define N_PLAIN_NAMES (sizeof k_plain_names / sizeof k_plain_names[0])

bool firn_type_is_primitive(const firn_type *type)
{
    return type->kind != FIRN_TYPE_STRUCT && type->kind != FIRN_TYPE_LIST &&
           type->kind != FIRN_TYPE_MAP;
}

static bool type_equals(const firn_type *a, const firn_type *b, int depth)
{
    if (a == b) return true;
    if (depth > FIRN_LIMIT_NESTING || a->kind != b->kind || a->n_fields != b->n_fields)
        return false;
    if (a->kind == FIRN_TYPE_DECIMAL && (a->precision != b->precision || a->scale != b->scale))
        return false;
    if (a->kind == FIRN_TYPE_FIXED && a->length != b->length) return false;
    if (!firn_str_equals(a->crs, b->crs) || !firn_str_equals(a->algorithm, b->algorithm))
        return false;
    for (size_t i = 0; i < a->n_fields; i++) {
        const firn_field *x = &a->fields[i], *y = &b->fields[i];
        if (x->id != y->id || x->is_required != y->is_required ||
            !firn_str_equals(x->name, y->name) || !type_equals(x->type, y->type, depth + 1))
            return false;
    }
    return true;
}

bool firn_type_equals(const firn_type *a, const firn_type *b)
{
    return type_equals(a, b, 0);
}

static const firn_field *find_id(const firn_type *type, int32_t id, int depth)
{
    if (depth > FIRN_LIMIT_NESTING) return NULL;
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        if (field->id == id) return field;
        const firn_field *inner =
            field->type->n_fields ? find_id(field->type, id, depth + 1) : NULL;
        if (inner) return inner;
    }
    return NULL;
}

const firn_field *firn_schema_find_id(const firn_schema *schema, int32_t id)
{
    return find_id(&schema->root, id, 0);
}

typedef bool (*equals_fn)(firn_str a, firn_str b);

/* Names may contain dots, so every prefix that is a field's name is tried. */
static const firn_field *find_name(const firn_type *type, firn_str name, equals_fn equals,
                                   int depth)
{
    if (depth > FIRN_LIMIT_NESTING) return NULL;
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        if (equals(field->name, name)) return field;
        const size_t len = field->name.len;
        if (!field->type->n_fields || name.len <= len + 1 || name.data[len] != '.') continue;
        if (!equals(field->name, firn_str_slice(name, 0, len))) continue;
        const firn_field *inner =
            find_name(field->type, firn_str_slice(name, len + 1, name.len), equals, depth + 1);
        if (inner) return inner;
    }
    return NULL;
}

const firn_field *firn_schema_find_name(const firn_schema *schema, firn_str name)
{
    const firn_field *exact = find_name(&schema->root, name, firn_str_equals, 0);
    return exact ? exact : find_name(&schema->root, name, firn_str_equals_nocase, 0);
}

static int32_t max_id(const firn_type *type, int depth)
{
    int32_t max = 0;
    if (depth > FIRN_LIMIT_NESTING) return max;
    for (size_t i = 0; i < type->n_fields; i++) {
        const int32_t inner = max_id(type->fields[i].type, depth + 1);
        if (type->fields[i].id > max) max = type->fields[i].id;
        if (inner > max) max = inner;
    }
    return max;
}

int32_t firn_schema_max_id(const firn_schema *schema)
{
    return max_id(&schema->root, 0);
}

static const char *plain_name(firn_type_kind kind)
{
    for (size_t i = 0; i < N_PLAIN_NAMES; i++)
        if (k_plain_names[i].kind == kind) return k_plain_names[i].name.data;
    if (kind == FIRN_TYPE_STRUCT) return "struct";
    if (kind == FIRN_TYPE_LIST) return "list";
    if (kind == FIRN_TYPE_MAP) return "map";
    return "invalid";
}

const char *firn_type_name(const firn_type *type, char *out, size_t size)
{
    const char *name = plain_name(type->kind);
    if (type->kind == FIRN_TYPE_DECIMAL) {
        snprintf(out, size, "decimal(%" PRId32 ",%" PRId32 ")", type->precision, type->scale);
    } else if (type->kind == FIRN_TYPE_FIXED) {
        snprintf(out, size, "fixed[%" PRId32 "]", type->length);
    } else if (type->crs.len && type->algorithm.len) {
        snprintf(out, size, "%s(%.*s,%.*s)", name, FIRN_STR_ARG(type->crs),
                 FIRN_STR_ARG(type->algorithm));
    } else if (type->crs.len) {
        snprintf(out, size, "%s(%.*s)", name, FIRN_STR_ARG(type->crs));
    } else {
        snprintf(out, size, "%s", name);
    }
    return out;
}

/* "head open inner close", blanks allowed around inner. */
static bool split_parameters(firn_str text, const char *head, char open, char close,
                             firn_str *inner)
{
    const firn_str h = firn_str_of(head);
    if (!firn_str_starts_with(text, h) || text.len < h.len + 2) return false;
    firn_str rest = firn_str_trim(firn_str_slice(text, h.len, text.len));
    if (rest.len < 2 || rest.data[0] != open || rest.data[rest.len - 1] != close) return false;
    *inner = firn_str_trim(firn_str_slice(rest, 1, rest.len - 1));
    return true;
}

static firn_status parse_decimal(firn_str text, firn_str inner, firn_type *out, firn_error *err)
{
    int64_t precision, scale;
    const firn_str p = firn_str_split(&inner, ',');
    if (!firn_str_to_i64(firn_str_trim(p), &precision) ||
        !firn_str_to_i64(firn_str_trim(inner), &scale) || precision < 1 || precision > 38 ||
        scale < 0 || scale > precision)
        return firn_fail(err, FIRN_ERR_ARG,
                         "type \"%.*s\": decimal needs precision 1 to 38 and scale 0 to precision",
                         FIRN_STR_ARG(text));
    *out = (firn_type){
        .kind = FIRN_TYPE_DECIMAL, .precision = (int32_t)precision, .scale = (int32_t)scale};
    return FIRN_OK;
}

static firn_status parse_fixed(firn_str text, firn_str inner, firn_type *out, firn_error *err)
{
    int64_t length;
    if (!firn_str_to_i64(inner, &length) || length < 1 || length > INT32_MAX)
        return firn_fail(err, FIRN_ERR_ARG, "type \"%.*s\": fixed needs a length of 1 to %d bytes",
                         FIRN_STR_ARG(text), INT32_MAX);
    *out = (firn_type){.kind = FIRN_TYPE_FIXED, .length = (int32_t)length};
    return FIRN_OK;
}

firn_status firn_type_parse_primitive(firn_str text, firn_type *out, firn_error *err)
{
    const firn_str t = firn_str_trim(text);
    firn_str inner;
    for (size_t i = 0; i < N_PLAIN_NAMES; i++) {
        if (!firn_str_equals(t, k_plain_names[i].name)) continue;
        *out = (firn_type){.kind = k_plain_names[i].kind};
        return FIRN_OK;
    }
    if (split_parameters(t, "decimal", '(', ')', &inner)) return parse_decimal(t, inner, out, err);
    if (split_parameters(t, "fixed", '[', ']', &inner)) return parse_fixed(t, inner, out, err);
    if (split_parameters(t, "geometry", '(', ')', &inner) && inner.len) {
        *out = (firn_type){.kind = FIRN_TYPE_GEOMETRY, .crs = inner};
        return FIRN_OK;
    }
    if (split_parameters(t, "geography", '(', ')', &inner) && inner.len) {
        const firn_str crs = firn_str_trim(firn_str_split(&inner, ','));
        *out = (firn_type){.kind = FIRN_TYPE_GEOGRAPHY, .crs = crs};
        out->algorithm = firn_str_trim(inner);
        return FIRN_OK;
    }
    return firn_fail(err, FIRN_ERR_ARG, "\"%.*s\" is not a primitive type", FIRN_STR_ARG(text));
}

/* Sign and magnitude to an integer that sorts as the total order; NaN payloads are ignored. */
static int64_t order_f64(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    if (v != v) bits = (bits & UINT64_C(0x8000000000000000)) | UINT64_C(0x7ff8000000000000);
    const uint64_t flipped = bits >> 63 ? bits ^ UINT64_C(0x7fffffffffffffff) : bits;
    int64_t key;
    memcpy(&key, &flipped, sizeof key);
    return key;
}

static int compare_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_decimal(const firn_value *a, const firn_value *b)
{
    firn_int128 x = a->as.decimal, y = b->as.decimal;
    for (int32_t s = a->scale; s < b->scale; s++)
        if (__builtin_mul_overflow(x, (firn_int128)10, &x)) return a->as.decimal < 0 ? -1 : 1;
    for (int32_t s = b->scale; s < a->scale; s++)
        if (__builtin_mul_overflow(y, (firn_int128)10, &y)) return b->as.decimal < 0 ? 1 : -1;
    return (x > y) - (x < y);
}

int firn_value_compare(const firn_value *a, const firn_value *b)
{
    if (a->is_null || b->is_null) return (int)b->is_null - (int)a->is_null;
    switch (a->kind) {
    case FIRN_TYPE_BOOLEAN: return (int)a->as.boolean - (int)b->as.boolean;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: return compare_i64(a->as.i32, b->as.i32);
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return compare_i64(a->as.i64, b->as.i64);
    case FIRN_TYPE_FLOAT:
        return compare_i64(order_f64((double)a->as.f32), order_f64((double)b->as.f32));
    case FIRN_TYPE_DOUBLE: return compare_i64(order_f64(a->as.f64), order_f64(b->as.f64));
    case FIRN_TYPE_DECIMAL: return compare_decimal(a, b);
    default: return firn_str_compare(a->as.bytes, b->as.bytes);
    }
}
