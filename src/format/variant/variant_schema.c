/* SPDX-License-Identifier: Apache-2.0 */
/* The type of a variant as a tree, and as Spark's words. The elements of an array become one type
 * that holds all of them: VARIANT, if there is nothing narrower. */
#include <string.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/variant/variant_json.h"
#include "format/variant/variant_value.h"

typedef struct shape shape;

typedef struct shape_field {
    firn_str name;
    const shape *type;
} shape_field;

struct shape {
    const char *name; /* NULL: an object or array */
    bool is_object;
    int32_t precision, scale;  /* DECIMAL */
    const shape_field *fields; /* by name; an array has one */
    size_t n_fields;
};

static const shape k_void = {.name = "VOID"};
static const shape k_variant = {.name = "VARIANT"};
static const shape k_double = {.name = "DOUBLE"};

typedef struct shaper {
    firn_variant_metadata metadata;
    size_t n_left; /* values that may come: each takes a byte, so more of them share bytes */
    firn_arena *arena;
    firn_error *err;
} shaper;

/* ---- decimals ---- */

static bool is_named(const shape *s, const char *name)
{
    return s->name && strcmp(s->name, name) == 0;
}

/* Whole numbers count as decimals of 20 digits. */
static bool as_decimal(const shape *s, int32_t *whole, int32_t *scale)
{
    const bool is_long = is_named(s, "BIGINT");
    *whole = is_long ? 20 : s->precision - s->scale;
    *scale = is_long ? 0 : s->scale;
    return is_long || is_named(s, "DECIMAL");
}

static bool is_number(const shape *s)
{
    return is_named(s, "BIGINT") || is_named(s, "DECIMAL") || is_named(s, "DOUBLE") ||
           is_named(s, "FLOAT");
}

/* Trailing zeros of the fraction do not count. */
static void measure_decimal(firn_int128 unscaled, int32_t scale, shape *out)
{
    firn_uint128 v = unscaled < 0 ? 0 - (firn_uint128)unscaled : (firn_uint128)unscaled;
    int32_t digits = 0;
    for (; scale > 0 && v % 10 == 0; scale--) v /= 10;
    for (; v > 0; v /= 10) digits++;
    if (digits == 0) digits = 1;
    out->precision = digits > scale ? digits : scale;
    out->scale = scale;
}

/* ---- one type for two ---- */

static firn_status merge(const shaper *s, const shape *a, const shape *b, const shape **out);

static firn_status merge_decimals(const shaper *s, const shape *a, const shape *b,
                                  const shape **out)
{
    int32_t whole_a, whole_b, scale_a, scale_b;
    *out = &k_double;
    if (!as_decimal(a, &whole_a, &scale_a) || !as_decimal(b, &whole_b, &scale_b)) return FIRN_OK;
    const int32_t scale = scale_a > scale_b ? scale_a : scale_b;
    const int32_t precision = scale + (whole_a > whole_b ? whole_a : whole_b);
    if (precision > 38) return FIRN_OK;
    shape *made = firn_arena_alloc_zero(s->arena, sizeof *made);
    if (!made) return firn_fail_nomem(s->err);
    *made = (shape){.name = "DECIMAL", .precision = precision, .scale = scale};
    *out = made;
    return FIRN_OK;
}

/* The fields of both; those of one name in one type. */
static firn_status merge_fields(const shaper *s, const shape *a, const shape *b, shape *out)
{
    shape_field *fields = firn_arena_array(s->arena, a->n_fields + b->n_fields, sizeof *fields);
    size_t n = 0, i = 0, k = 0;
    if (!fields) return firn_fail_nomem(s->err);
    while (i < a->n_fields || k < b->n_fields) {
        const int order = i == a->n_fields ? 1
                          : k == b->n_fields
                              ? -1
                              : firn_str_compare(a->fields[i].name, b->fields[k].name);
        fields[n] = order <= 0 ? a->fields[i] : b->fields[k];
        if (order == 0) FIRN_TRY(merge(s, a->fields[i].type, b->fields[k].type, &fields[n].type));
        i += order <= 0;
        k += order >= 0;
        n++;
    }
    out->fields = fields;
    out->n_fields = n;
    return FIRN_OK;
}

static firn_status merge(const shaper *s, const shape *a, const shape *b, const shape **out)
{
    *out = a;
    if (is_named(b, "VOID")) return FIRN_OK;
    *out = b;
    if (is_named(a, "VOID")) return FIRN_OK;
    if (!a->name && !b->name && a->is_object == b->is_object) {
        shape *made = firn_arena_alloc_zero(s->arena, sizeof *made);
        if (!made) return firn_fail_nomem(s->err);
        made->is_object = a->is_object;
        *out = made;
        return merge_fields(s, a, b, made);
    }
    const bool is_same = a->name && b->name && strcmp(a->name, b->name) == 0;
    if (is_same && !is_named(a, "DECIMAL")) return FIRN_OK;
    if (is_number(a) && is_number(b)) return merge_decimals(s, a, b, out);
    *out = &k_variant;
    return FIRN_OK;
}

/* ---- values ---- */

static firn_status shape_of(shaper *s, firn_str value, int depth, const shape **out);

static firn_status shape_of_object(shaper *s, firn_str value, int depth, shape *out)
{
    firn_variant_object object;
    FIRN_TRY(firn_variant_object_parse(value, &object, s->err));
    shape_field *fields = firn_arena_array(s->arena, object.n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(s->err);
    out->is_object = true;
    out->fields = fields;
    for (uint32_t i = 0; i < object.n_fields; i++) {
        uint32_t id = 0;
        firn_str field = {0};
        FIRN_TRY(firn_variant_object_field(&object, i, &id, &field, s->err));
        FIRN_TRY(firn_variant_name(&s->metadata, id, &fields[i].name, s->err));
        FIRN_TRY(shape_of(s, field, depth, &fields[i].type));
        out->n_fields++;
    }
    return FIRN_OK;
}

static firn_status shape_of_array(shaper *s, firn_str value, int depth, shape *out)
{
    firn_variant_array array;
    FIRN_TRY(firn_variant_array_parse(value, &array, s->err));
    shape_field *element = firn_arena_alloc_zero(s->arena, sizeof *element);
    if (!element) return firn_fail_nomem(s->err);
    element->type = &k_void;
    for (uint32_t i = 0; i < array.n; i++) {
        firn_str item = {0};
        const shape *type = NULL;
        FIRN_TRY(firn_variant_array_item(&array, i, &item, s->err));
        FIRN_TRY(shape_of(s, item, depth, &type));
        FIRN_TRY(merge(s, element->type, type, &element->type));
    }
    out->fields = element;
    out->n_fields = 1;
    return FIRN_OK;
}

static const char *primitive_name(firn_variant_type type)
{
    switch (type) {
    case FIRN_VARIANT_NULL: return "VOID";
    case FIRN_VARIANT_TRUE:
    case FIRN_VARIANT_FALSE: return "BOOLEAN";
    case FIRN_VARIANT_INT8:
    case FIRN_VARIANT_INT16:
    case FIRN_VARIANT_INT32:
    case FIRN_VARIANT_INT64: return "BIGINT";
    case FIRN_VARIANT_DOUBLE: return "DOUBLE";
    case FIRN_VARIANT_DECIMAL4:
    case FIRN_VARIANT_DECIMAL8:
    case FIRN_VARIANT_DECIMAL16: return "DECIMAL";
    case FIRN_VARIANT_DATE: return "DATE";
    case FIRN_VARIANT_TIMESTAMPTZ:
    case FIRN_VARIANT_TIMESTAMPTZ_NS: return "TIMESTAMP";
    case FIRN_VARIANT_TIMESTAMP:
    case FIRN_VARIANT_TIMESTAMP_NS: return "TIMESTAMP_NTZ";
    case FIRN_VARIANT_FLOAT: return "FLOAT";
    case FIRN_VARIANT_BINARY: return "BINARY";
    case FIRN_VARIANT_STRING: return "STRING";
    case FIRN_VARIANT_TIME: return "TIME";
    case FIRN_VARIANT_UUID: return "UUID";
    }
    return "VARIANT";
}

static void shape_of_primitive(firn_str value, shape *out)
{
    const firn_variant_type type = (firn_variant_type)((uint8_t)value.data[0] >> 2);
    out->name = primitive_name(type);
    if (!is_named(out, "DECIMAL")) return;
    firn_int128 unscaled = (int8_t)value.data[value.len - 1] < 0 ? -1 : 0;
    for (size_t i = value.len; i-- > 2;) unscaled = unscaled * 256 + (uint8_t)value.data[i];
    measure_decimal(unscaled, (uint8_t)value.data[1], out);
}

static firn_status shape_of(shaper *s, firn_str value, int depth, const shape **out)
{
    firn_variant_basic basic;
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(s->err, FIRN_ERR_LIMIT, "variant nested deeper than %d",
                         FIRN_LIMIT_NESTING);
    if (s->n_left == 0)
        return firn_fail(s->err, FIRN_ERR_CORRUPT, "variant of values that share their bytes");
    s->n_left--;
    FIRN_TRY(firn_variant_value_check(&value, &basic, s->err));
    shape *made = firn_arena_alloc_zero(s->arena, sizeof *made);
    if (!made) return firn_fail_nomem(s->err);
    *out = made;
    switch (basic) {
    case FIRN_VARIANT_BASIC_OBJECT: return shape_of_object(s, value, depth + 1, made);
    case FIRN_VARIANT_BASIC_ARRAY: return shape_of_array(s, value, depth + 1, made);
    case FIRN_VARIANT_BASIC_SHORT_STRING: made->name = "STRING"; return FIRN_OK;
    case FIRN_VARIANT_BASIC_PRIMITIVE: shape_of_primitive(value, made); return FIRN_OK;
    }
    return FIRN_OK;
}

/* ---- words ---- */

/* Letters, digits and underscores stand as they are, but for a number; others between backticks. */
static void put_name(firn_str name, firn_buf *out)
{
    bool is_plain = false;
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.data[i];
        const bool is_digit = c >= '0' && c <= '9';
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        is_plain = is_plain || is_letter;
        if (is_letter || is_digit) continue;
        is_plain = false;
        break;
    }
    if (!is_plain) firn_buf_byte(out, '`');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '`') firn_buf_byte(out, '`');
        firn_buf_byte(out, (uint8_t)name.data[i]);
    }
    if (!is_plain) firn_buf_byte(out, '`');
}

static void put_shape(const shape *s, firn_buf *out)
{
    if (s->name) {
        firn_buf_cstr(out, s->name);
        if (is_named(s, "DECIMAL"))
            firn_buf_printf(out, "(%d,%d)", (int)s->precision, (int)s->scale);
        return;
    }
    firn_buf_cstr(out, s->is_object ? "OBJECT<" : "ARRAY<");
    for (size_t i = 0; i < s->n_fields; i++) {
        if (i > 0) firn_buf_cstr(out, ", ");
        if (s->is_object) {
            put_name(s->fields[i].name, out);
            firn_buf_cstr(out, ": ");
        }
        put_shape(s->fields[i].type, out);
    }
    firn_buf_byte(out, '>');
}

firn_status firn_variant_put_schema(firn_str variant, firn_buf *out, firn_error *err)
{
    firn_str metadata, value;
    const shape *root = NULL;
    shaper s = {.err = err};
    FIRN_TRY(firn_variant_split(variant, &metadata, &value, err));
    FIRN_TRY(firn_variant_metadata_parse(metadata, &s.metadata, err));
    s.n_left = value.len;
    s.arena = firn_arena_create(NULL, 0);
    if (!s.arena) return firn_fail_nomem(err);
    const firn_status st = shape_of(&s, value, 0, &root);
    if (st == FIRN_OK) put_shape(root, out);
    firn_arena_destroy(s.arena);
    return st == FIRN_OK ? firn_buf_check(out, err) : st;
}
