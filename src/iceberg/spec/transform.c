/* SPDX-License-Identifier: Apache-2.0 */
/* Partition transforms as names: parsing, printing, which types they take and give, and the names
 * of the partition fields they make. Their effect on values is in transform_apply.c. */
#include "iceberg/spec/transform.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_date = {.kind = FIRN_TYPE_DATE};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};

typedef struct named_transform {
    firn_str name;
    firn_transform_kind kind;
    bool has_param;
    const char *suffix; /* of a partition field's name */
} named_transform;

static const named_transform k_named[] = {
    {FIRN_STR_INIT("identity"), FIRN_TRANSFORM_IDENTITY, false, ""},
    {FIRN_STR_INIT("bucket"), FIRN_TRANSFORM_BUCKET, true, "_bucket_"},
    {FIRN_STR_INIT("truncate"), FIRN_TRANSFORM_TRUNCATE, true, "_trunc_"},
    {FIRN_STR_INIT("year"), FIRN_TRANSFORM_YEAR, false, "_year"},
    {FIRN_STR_INIT("month"), FIRN_TRANSFORM_MONTH, false, "_month"},
    {FIRN_STR_INIT("day"), FIRN_TRANSFORM_DAY, false, "_day"},
    {FIRN_STR_INIT("hour"), FIRN_TRANSFORM_HOUR, false, "_hour"},
    {FIRN_STR_INIT("void"), FIRN_TRANSFORM_VOID, false, "_null"},
};

static const named_transform *find_kind(firn_transform_kind kind)
{
    for (size_t i = 0; i < sizeof k_named / sizeof k_named[0]; i++) {
        if (k_named[i].kind == kind) return &k_named[i];
    }
    return NULL;
}

static const named_transform *find_name(firn_str name, bool has_param)
{
    for (size_t i = 0; i < sizeof k_named / sizeof k_named[0]; i++) {
        if (k_named[i].has_param == has_param && firn_str_equals_nocase(k_named[i].name, name)) {
            return &k_named[i];
        }
    }
    return NULL;
}

/* "name[param]" in two; false when the text has no such form. */
static bool split_param(firn_str text, firn_str *name, firn_str *param)
{
    const size_t open = firn_str_find(text, FIRN_STR("["), 0);
    if (open == SIZE_MAX || !firn_str_ends_with(text, FIRN_STR("]"))) return false;
    *name = firn_str_slice(text, 0, open);
    *param = firn_str_slice(text, open + 1, text.len - 1);
    return true;
}

firn_status firn_transform_parse(firn_str text, firn_transform *out, firn_error *err)
{
    firn_str name = text;
    firn_str param = {0};
    const bool has_param = split_param(text, &name, &param);
    const named_transform *named = find_name(name, has_param);
    *out = (firn_transform){.kind = FIRN_TRANSFORM_UNKNOWN, .text = text};
    if (!named) return FIRN_OK;
    int64_t value = 0;
    if (has_param && (!firn_str_to_i64(param, &value) || value < 1 || value > INT32_MAX)) {
        return firn_fail(err, FIRN_ERR_ARG,
                         "parameter of transform \"%.*s\" must be an integer from 1 to %" PRId32,
                         FIRN_STR_ARG(text), INT32_MAX);
    }
    *out = (firn_transform){.kind = named->kind, .param = (int32_t)value};
    return FIRN_OK;
}

const char *firn_transform_name(const firn_transform *transform, char *out, size_t size)
{
    const named_transform *named = find_kind(transform->kind);
    if (!named) {
        (void)snprintf(out, size, "%.*s", FIRN_STR_ARG(transform->text));
    } else if (named->has_param) {
        (void)snprintf(out, size, "%s[%" PRId32 "]", named->name.data, transform->param);
    } else {
        (void)snprintf(out, size, "%s", named->name.data);
    }
    return out;
}

static bool is_timestamp(firn_type_kind kind)
{
    return kind == FIRN_TYPE_TIMESTAMP || kind == FIRN_TYPE_TIMESTAMPTZ ||
           kind == FIRN_TYPE_TIMESTAMP_NS || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
}

static bool can_identity(const firn_type *source)
{
    return firn_type_is_primitive(source) && source->kind != FIRN_TYPE_VARIANT &&
           source->kind != FIRN_TYPE_GEOMETRY && source->kind != FIRN_TYPE_GEOGRAPHY;
}

static bool can_truncate(firn_type_kind kind)
{
    return kind == FIRN_TYPE_INT || kind == FIRN_TYPE_LONG || kind == FIRN_TYPE_DECIMAL ||
           kind == FIRN_TYPE_STRING || kind == FIRN_TYPE_BINARY;
}

static bool can_bucket(firn_type_kind kind)
{
    return can_truncate(kind) || is_timestamp(kind) || kind == FIRN_TYPE_DATE ||
           kind == FIRN_TYPE_TIME || kind == FIRN_TYPE_UUID || kind == FIRN_TYPE_FIXED;
}

static bool can_apply(firn_transform_kind kind, const firn_type *source)
{
    switch (kind) {
    case FIRN_TRANSFORM_IDENTITY: return can_identity(source);
    case FIRN_TRANSFORM_BUCKET: return can_bucket(source->kind);
    case FIRN_TRANSFORM_TRUNCATE: return can_truncate(source->kind);
    case FIRN_TRANSFORM_YEAR:
    case FIRN_TRANSFORM_MONTH:
    case FIRN_TRANSFORM_DAY: return source->kind == FIRN_TYPE_DATE || is_timestamp(source->kind);
    case FIRN_TRANSFORM_HOUR: return is_timestamp(source->kind);
    case FIRN_TRANSFORM_VOID: return true;
    case FIRN_TRANSFORM_UNKNOWN: return false;
    }
    return false;
}

firn_status firn_transform_check(const firn_transform *transform, const firn_type *source,
                                 firn_error *err)
{
    char type_name[64];
    char name[64];
    if (transform->kind == FIRN_TRANSFORM_UNKNOWN) {
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: transform \"%.*s\"",
                         FIRN_STR_ARG(transform->text));
    }
    if (can_apply(transform->kind, source)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "cannot apply %s to %s",
                     firn_transform_name(transform, name, sizeof name),
                     firn_type_name(source, type_name, sizeof type_name));
}

const firn_type *firn_transform_result(const firn_transform *transform, const firn_type *source)
{
    switch (transform->kind) {
    case FIRN_TRANSFORM_BUCKET:
    case FIRN_TRANSFORM_YEAR:
    case FIRN_TRANSFORM_MONTH:
    case FIRN_TRANSFORM_HOUR: return &k_int;
    case FIRN_TRANSFORM_DAY: return &k_date;
    case FIRN_TRANSFORM_UNKNOWN: return &k_string;
    case FIRN_TRANSFORM_IDENTITY:
    case FIRN_TRANSFORM_TRUNCATE:
    case FIRN_TRANSFORM_VOID: return source;
    }
    return source;
}

firn_status firn_transform_field_name(const firn_transform *transform, firn_str column,
                                      firn_arena *arena, firn_str *out, firn_error *err)
{
    const named_transform *named = find_kind(transform->kind);
    if (!named) {
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: transform \"%.*s\"",
                         FIRN_STR_ARG(transform->text));
    }
    if (named->has_param) {
        *out = firn_arena_printf(arena, "%.*s%s%" PRId32, FIRN_STR_ARG(column), named->suffix,
                                 transform->param);
    } else {
        *out = firn_arena_printf(arena, "%.*s%s", FIRN_STR_ARG(column), named->suffix);
    }
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}
