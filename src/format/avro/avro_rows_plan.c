/* SPDX-License-Identifier: Apache-2.0 */
/* Planning an Avro projection; see avro_rows_plan.h. Which file type reads as which column type is
 * settled here; avro_rows_decode.c only obeys. */
#include "format/avro/avro_rows_plan.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

typedef struct planner {
    firn_avro_match match;
    firn_arena *arena;
    firn_error *err;
} planner;

static firn_status plan_value(planner *p, const firn_avro_schema *schema, const firn_field *field,
                              int depth, firn_avro_step *out);

firn_avro_nullable firn_avro_unwrap(const firn_avro_schema *schema)
{
    firn_avro_nullable out = {schema, -1, 0};

    if (schema->kind != FIRN_AVRO_UNION || schema->n_fields == 0 || schema->n_fields > 2)
        return out;
    for (size_t i = 0; i < schema->n_fields; i++)
        if (schema->fields[i].schema->kind == FIRN_AVRO_NULL) out.null_branch = (int8_t)i;
    if (schema->n_fields == 2 && out.null_branch < 0) return out;
    out.n_branches = (uint8_t)schema->n_fields;
    if (schema->n_fields == 1) {
        out.null_branch = -1;
        out.schema = schema->fields[0].schema;
    } else {
        out.schema = schema->fields[1 - out.null_branch].schema;
    }
    return out;
}

static firn_status refuse(planner *p, const firn_avro_schema *schema, const firn_field *field)
{
    static const char *const k_names[] = {"null",   "boolean", "int",    "long",   "float",
                                          "double", "bytes",   "string", "record", "enum",
                                          "array",  "map",     "union",  "fixed"};
    char name[64];

    return firn_fail(p->err, FIRN_ERR_UNSUPPORTED,
                     "not supported: column \"%.*s\" (field %" PRId32 ") of type %s from avro %s",
                     FIRN_STR_ARG(field->name), field->id,
                     firn_type_name(field->type, name, sizeof name), k_names[schema->kind]);
}

/* ---- leaves ---- */

/* Nanoseconds of one unit of the file; 0: a plain number. */
static int64_t unit_of(firn_avro_logical logical)
{
    switch (logical) {
    case FIRN_AVRO_DATE: return INT64_C(86400000000000);
    case FIRN_AVRO_TIME_MILLIS:
    case FIRN_AVRO_TIMESTAMP_MILLIS:
    case FIRN_AVRO_LOCAL_TIMESTAMP_MILLIS: return 1000000;
    case FIRN_AVRO_TIME_MICROS:
    case FIRN_AVRO_TIMESTAMP_MICROS:
    case FIRN_AVRO_LOCAL_TIMESTAMP_MICROS: return 1000;
    case FIRN_AVRO_TIMESTAMP_NANOS:
    case FIRN_AVRO_LOCAL_TIMESTAMP_NANOS: return 1;
    default: return 0;
    }
}

static bool is_time(firn_avro_logical logical)
{
    return logical == FIRN_AVRO_TIME_MILLIS || logical == FIRN_AVRO_TIME_MICROS;
}

static bool plan_time(const firn_avro_schema *schema, firn_type_kind kind, firn_avro_step *out)
{
    const bool is_ns = kind == FIRN_TYPE_TIMESTAMP_NS || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    const int64_t to = is_ns ? 1 : 1000;
    const int64_t from = unit_of(schema->logical);
    const bool is_long = schema->kind == FIRN_AVRO_LONG;

    if (from == 0 && !is_long) return false;
    if (from != 0 && is_time(schema->logical) != (kind == FIRN_TYPE_TIME)) return false;
    out->conv = FIRN_AVRO_CONV_I64;
    out->factor = from > to ? from / to : 1;
    out->divisor = from != 0 && from < to ? to / from : 1;
    return true;
}

static bool plan_decimal(const firn_avro_schema *schema, const firn_type *type, firn_avro_step *out)
{
    if (schema->logical != FIRN_AVRO_DECIMAL || schema->scale != type->scale ||
        schema->precision > type->precision)
        return false;
    out->conv = FIRN_AVRO_CONV_DECIMAL;
    out->limit = 1;
    for (int32_t i = 0; i < type->precision; i++) out->limit *= 10;
    return true;
}

static bool holds_bytes(firn_avro_kind kind)
{
    return kind == FIRN_AVRO_BYTES || kind == FIRN_AVRO_STRING || kind == FIRN_AVRO_FIXED;
}

static bool plan_bytes(const firn_avro_schema *schema, const firn_type *type, firn_avro_step *out)
{
    const firn_avro_kind kind = schema->kind;

    out->conv = FIRN_AVRO_CONV_BYTES;
    switch (type->kind) {
    case FIRN_TYPE_STRING:
        out->is_text = true;
        if (kind == FIRN_AVRO_ENUM) out->conv = FIRN_AVRO_CONV_SYMBOL;
        return kind == FIRN_AVRO_STRING || kind == FIRN_AVRO_BYTES || kind == FIRN_AVRO_ENUM;
    case FIRN_TYPE_FIXED: return kind == FIRN_AVRO_FIXED && schema->size == type->length;
    case FIRN_TYPE_UUID:
        if (kind == FIRN_AVRO_STRING) out->conv = FIRN_AVRO_CONV_UUID_TEXT;
        return kind == FIRN_AVRO_STRING || (kind == FIRN_AVRO_FIXED && schema->size == 16);
    default: return holds_bytes(kind);
    }
}

static bool plan_leaf(const firn_avro_schema *schema, const firn_type *type, firn_avro_step *out)
{
    const firn_avro_kind kind = schema->kind;
    const bool is_float = kind == FIRN_AVRO_FLOAT;

    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: out->conv = FIRN_AVRO_CONV_BOOL; return kind == FIRN_AVRO_BOOLEAN;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: out->conv = FIRN_AVRO_CONV_I32; return kind == FIRN_AVRO_INT;
    case FIRN_TYPE_LONG:
        out->conv = FIRN_AVRO_CONV_I64;
        return kind == FIRN_AVRO_INT || kind == FIRN_AVRO_LONG;
    case FIRN_TYPE_FLOAT: out->conv = FIRN_AVRO_CONV_F32; return is_float;
    case FIRN_TYPE_DOUBLE:
        out->conv = is_float ? FIRN_AVRO_CONV_F32_F64 : FIRN_AVRO_CONV_F64;
        return is_float || kind == FIRN_AVRO_DOUBLE;
    case FIRN_TYPE_DECIMAL: return plan_decimal(schema, type, out);
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return plan_time(schema, type->kind, out);
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: return plan_bytes(schema, type, out);
    default: return false;
    }
}

/* ---- nested ---- */

static firn_avro_step *new_steps(planner *p, size_t n)
{
    return firn_arena_array(p->arena, n, sizeof(firn_avro_step));
}

static firn_status plan_list(planner *p, const firn_avro_schema *schema, const firn_type *type,
                             int depth, firn_avro_step *out)
{
    out->steps = new_steps(p, 1);
    if (!out->steps) return firn_fail_nomem(p->err);
    out->n_steps = 1;
    out->conv = FIRN_AVRO_CONV_LIST;
    return plan_value(p, schema->fields[0].schema, &type->fields[0], depth, out->steps);
}

static firn_status plan_map(planner *p, const firn_avro_schema *schema, const firn_type *type,
                            int depth, firn_avro_step *out)
{
    static const firn_avro_schema k_string = {.kind = FIRN_AVRO_STRING, .min_bytes = 1};
    const bool is_map = schema->kind == FIRN_AVRO_MAP;
    const firn_avro_field *pair = is_map ? NULL : schema->fields[0].schema->fields;

    out->steps = new_steps(p, 2);
    if (!out->steps) return firn_fail_nomem(p->err);
    out->n_steps = 2;
    out->conv = FIRN_AVRO_CONV_MAP;
    FIRN_TRY(
        plan_value(p, is_map ? &k_string : pair[0].schema, &type->fields[0], depth, out->steps));
    return plan_value(p, is_map ? schema->fields[0].schema : pair[1].schema, &type->fields[1],
                      depth, out->steps + 1);
}

static bool is_alias(const firn_avro_field *field, firn_str name)
{
    for (size_t i = 0; i < field->n_aliases; i++)
        if (firn_str_equals(field->aliases[i], name)) return true;
    return false;
}

/* Place of the file's field that a wanted one is read from; n_fields if there is none. */
static size_t find_in_file(const planner *p, const firn_avro_schema *record,
                           const firn_field *wanted)
{
    const bool by_name = p->match == FIRN_AVRO_MATCH_NAMES;

    for (size_t i = 0; i < record->n_fields; i++) {
        const firn_avro_field *field = &record->fields[i];
        if (by_name ? firn_str_equals(field->name, wanted->name)
                    : field->field_id >= 0 && field->field_id == wanted->id)
            return i;
    }
    for (size_t i = 0; by_name && i < record->n_fields; i++)
        if (is_alias(&record->fields[i], wanted->name)) return i;
    return record->n_fields;
}

static firn_status add_missing(planner *p, const firn_field *field, size_t at, size_t *missing,
                               firn_avro_step *out)
{
    if (field->is_required && !field->initial_default)
        return firn_fail(p->err, FIRN_ERR_CORRUPT,
                         "required column \"%.*s\" (field %" PRId32 ") is not in the file",
                         FIRN_STR_ARG(field->name), field->id);
    missing[out->n_missing++] = at;
    return FIRN_OK;
}

static firn_status plan_struct(planner *p, const firn_avro_schema *schema, const firn_type *type,
                               int depth, firn_avro_step *out)
{
    size_t *missing = firn_arena_array(p->arena, type->n_fields, sizeof *missing);

    out->steps = new_steps(p, schema->n_fields);
    if (!missing || !out->steps) return firn_fail_nomem(p->err);
    out->conv = FIRN_AVRO_CONV_STRUCT;
    out->n_steps = schema->n_fields;
    out->missing = missing;
    for (size_t i = 0; i < schema->n_fields; i++)
        out->steps[i] = (firn_avro_step){.schema = schema->fields[i].schema, .null_branch = -1};
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *wanted = &type->fields[i];
        const size_t at = find_in_file(p, schema, wanted);
        if (at == schema->n_fields) {
            FIRN_TRY(add_missing(p, wanted, i, missing, out));
            continue;
        }
        if (out->steps[at].field)
            return firn_fail(p->err, FIRN_ERR_ARG, "field %" PRId32 " is wanted twice", wanted->id);
        FIRN_TRY(plan_value(p, schema->fields[at].schema, wanted, depth, &out->steps[at]));
        out->steps[at].child = i;
    }
    return FIRN_OK;
}

static bool is_variant(const firn_avro_schema *schema)
{
    return schema->kind == FIRN_AVRO_RECORD && schema->n_fields == 2 &&
           schema->fields[0].schema->kind == FIRN_AVRO_BYTES &&
           schema->fields[1].schema->kind == FIRN_AVRO_BYTES &&
           firn_str_equals(schema->fields[0].name, FIRN_STR("metadata")) &&
           firn_str_equals(schema->fields[1].name, FIRN_STR("value"));
}

static bool is_pairs(const firn_avro_schema *schema)
{
    const firn_avro_schema *item =
        schema->kind == FIRN_AVRO_ARRAY ? schema->fields[0].schema : NULL;

    return schema->kind == FIRN_AVRO_MAP ||
           (item && item->kind == FIRN_AVRO_RECORD && item->n_fields == 2);
}

static firn_status plan_value(planner *p, const firn_avro_schema *schema, const firn_field *field,
                              int depth, firn_avro_step *out)
{
    const firn_avro_nullable value = firn_avro_unwrap(schema);
    const firn_type *type = field->type;

    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(p->err, FIRN_ERR_LIMIT, "columns nested deeper than %d levels",
                         FIRN_LIMIT_NESTING);
    *out = (firn_avro_step){.schema = value.schema,
                            .field = field,
                            .null_branch = value.null_branch,
                            .n_branches = value.n_branches,
                            .factor = 1,
                            .divisor = 1};
    if (value.schema->kind == FIRN_AVRO_NULL) {
        out->conv = FIRN_AVRO_CONV_NULL;
        return FIRN_OK;
    }
    const firn_avro_kind kind = value.schema->kind;
    if (type->kind == FIRN_TYPE_STRUCT && kind == FIRN_AVRO_RECORD)
        return plan_struct(p, value.schema, type, depth + 1, out);
    if (type->kind == FIRN_TYPE_LIST && kind == FIRN_AVRO_ARRAY && type->n_fields == 1)
        return plan_list(p, value.schema, type, depth + 1, out);
    if (type->kind == FIRN_TYPE_MAP && is_pairs(value.schema) && type->n_fields == 2)
        return plan_map(p, value.schema, type, depth + 1, out);
    out->conv = FIRN_AVRO_CONV_VARIANT;
    if (type->kind == FIRN_TYPE_VARIANT && is_variant(value.schema)) return FIRN_OK;
    return plan_leaf(value.schema, type, out) ? FIRN_OK : refuse(p, value.schema, field);
}

firn_status firn_avro_plan(const firn_avro_schema *schema, const firn_type *projection,
                           firn_avro_match match, firn_arena *arena, firn_avro_step *out,
                           firn_error *err)
{
    planner p = {match, arena, err};

    if (projection->kind != FIRN_TYPE_STRUCT)
        return firn_fail(err, FIRN_ERR_ARG, "the projection of avro rows must be a struct");
    if (schema->kind != FIRN_AVRO_RECORD)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: avro file of values that are no records, as rows");
    *out = (firn_avro_step){.schema = schema, .null_branch = -1};
    return plan_struct(&p, schema, projection, 0, out);
}
