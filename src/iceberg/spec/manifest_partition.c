/* SPDX-License-Identifier: Apache-2.0 */
/* Partition tuples in manifests. A tuple's Avro type may be older than the table's: an int written
 * before the column became a long is read as a long. */
#include "iceberg/spec/manifest_partition.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/str.h"
#include "format/avro/avro_primitive.h"
#include "format/columns/decimal.h"
#include "iceberg/spec/record_plan.h"
#include "iceberg/spec/transform.h"

firn_status firn_partition_types(const firn_schema *schema, const firn_partition_spec *spec,
                                 firn_arena *arena, const firn_type ***out, firn_error *err)
{
    const firn_type **types = firn_arena_array(arena, spec->n_fields, sizeof *types);
    if (!types) return firn_fail_nomem(err);
    for (size_t i = 0; i < spec->n_fields; i++) {
        if (spec->fields[i].transform.kind == FIRN_TRANSFORM_UNKNOWN) continue;
        const firn_field *source =
            schema ? firn_schema_find_id(schema, spec->fields[i].source_id) : NULL;
        if (source) types[i] = firn_transform_result(&spec->fields[i].transform, source->type);
    }
    *out = types;
    return FIRN_OK;
}

/* ---- planning ---- */

/* The type that the file itself tells, where the table's schema knows none. */
static firn_type type_of_avro(const firn_avro_schema *schema)
{
    const bool is_decimal = schema->logical == FIRN_AVRO_DECIMAL;
    firn_type type = {.precision = schema->precision, .scale = schema->scale};
    switch (schema->kind) {
    case FIRN_AVRO_BOOLEAN: type.kind = FIRN_TYPE_BOOLEAN; break;
    case FIRN_AVRO_INT:
        type.kind = schema->logical == FIRN_AVRO_DATE ? FIRN_TYPE_DATE : FIRN_TYPE_INT;
        break;
    case FIRN_AVRO_LONG: type.kind = FIRN_TYPE_LONG; break;
    case FIRN_AVRO_FLOAT: type.kind = FIRN_TYPE_FLOAT; break;
    case FIRN_AVRO_DOUBLE: type.kind = FIRN_TYPE_DOUBLE; break;
    case FIRN_AVRO_STRING: type.kind = FIRN_TYPE_STRING; break;
    case FIRN_AVRO_BYTES: type.kind = is_decimal ? FIRN_TYPE_DECIMAL : FIRN_TYPE_BINARY; break;
    case FIRN_AVRO_FIXED:
        type.kind = is_decimal ? FIRN_TYPE_DECIMAL : FIRN_TYPE_FIXED;
        type.length = schema->size;
        break;
    default: type.kind = FIRN_TYPE_UNKNOWN; break;
    }
    return type;
}

static bool fits_bytes(const firn_type *type)
{
    return type->kind == FIRN_TYPE_STRING || type->kind == FIRN_TYPE_BINARY ||
           type->kind == FIRN_TYPE_FIXED || type->kind == FIRN_TYPE_UUID ||
           type->kind == FIRN_TYPE_DECIMAL;
}

static bool fits(const firn_type *type, firn_avro_kind avro)
{
    switch (avro) {
    case FIRN_AVRO_BOOLEAN: return type->kind == FIRN_TYPE_BOOLEAN;
    case FIRN_AVRO_INT:
    case FIRN_AVRO_LONG:
        return type->kind == FIRN_TYPE_INT || type->kind == FIRN_TYPE_LONG ||
               (type->kind >= FIRN_TYPE_DATE && type->kind <= FIRN_TYPE_TIMESTAMPTZ_NS);
    case FIRN_AVRO_FLOAT: return type->kind == FIRN_TYPE_FLOAT || type->kind == FIRN_TYPE_DOUBLE;
    case FIRN_AVRO_DOUBLE: return type->kind == FIRN_TYPE_DOUBLE;
    case FIRN_AVRO_STRING:
    case FIRN_AVRO_BYTES:
    case FIRN_AVRO_FIXED: return fits_bytes(type);
    default: return false;
    }
}

static firn_status make_step(const firn_avro_field *field, const firn_type *type,
                             firn_partition_step *step, firn_error *err)
{
    const firn_avro_schema *value = NULL;
    FIRN_TRY(firn_record_unwrap(field->schema, field->field_id, &value, &step->null_branch, err));
    const firn_type own = type_of_avro(value);
    const firn_type *known = type ? type : &own;
    step->avro = value->kind;
    step->schema = value;
    step->size = value->size > 0 ? (size_t)value->size : 0;
    step->blank =
        (firn_value){.kind = known->kind, .precision = known->precision, .scale = known->scale};
    if (value->kind == FIRN_AVRO_NULL || fits(known, value->kind)) return FIRN_OK;
    char name[64];
    return firn_fail(err, FIRN_ERR_CORRUPT,
                     "partition field %" PRId32
                     " of type %s has an unexpected type in the manifest",
                     field->field_id, firn_type_name(known, name, sizeof name));
}

static size_t find_field(const firn_partition_spec *spec, int32_t field_id)
{
    size_t i = 0;
    while (i < spec->n_fields && spec->fields[i].field_id != field_id) i++;
    return i;
}

firn_status firn_partition_plan_make(const firn_avro_schema *schema,
                                     const firn_partition_spec *spec, const firn_type *const *types,
                                     firn_arena *arena, firn_partition_plan *out, firn_error *err)
{
    if (schema->kind != FIRN_AVRO_RECORD) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "field 102 (partition) is not a record");
    }
    firn_partition_step *steps = firn_arena_array(arena, schema->n_fields, sizeof *steps);
    firn_value *nulls = firn_arena_array(arena, spec->n_fields, sizeof *nulls);
    if (!steps || !nulls) return firn_fail_nomem(err);
    for (size_t i = 0; i < spec->n_fields; i++) {
        if (types[i]) {
            nulls[i] = (firn_value){
                .kind = types[i]->kind, .precision = types[i]->precision, .scale = types[i]->scale};
        }
        nulls[i].is_null = true;
    }
    for (size_t i = 0; i < schema->n_fields; i++) {
        const size_t at = find_field(spec, schema->fields[i].field_id);
        steps[i].null_branch = -1;
        steps[i].index = at;
        steps[i].is_skipped = at == spec->n_fields;
        steps[i].schema = schema->fields[i].schema;
        if (steps[i].is_skipped) continue;
        FIRN_TRY(make_step(&schema->fields[i], types[at], &steps[i], err));
    }
    *out = (firn_partition_plan){steps, schema->n_fields, nulls, spec->n_fields};
    return FIRN_OK;
}

/* ---- reading ---- */

static firn_status set_integer(int64_t v, firn_value *out, firn_error *err)
{
    if (out->kind != FIRN_TYPE_INT && out->kind != FIRN_TYPE_DATE) {
        out->as.i64 = v;
        return FIRN_OK;
    }
    if (firn_i64_to_i32(v, &out->as.i32)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "partition value %" PRId64 " does not fit an int", v);
}

static firn_status set_bytes(firn_str bytes, firn_value *out, firn_error *err)
{
    if (out->kind == FIRN_TYPE_UUID && bytes.len != 16) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "partition uuid of %zu bytes", bytes.len);
    }
    if (out->kind != FIRN_TYPE_DECIMAL) {
        out->as.bytes = bytes;
        return FIRN_OK;
    }
    if (bytes.len == 0 || bytes.len > 16) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "partition decimal of %zu bytes", bytes.len);
    }
    out->as.decimal = firn_decimal_of_bytes(bytes);
    return FIRN_OK;
}

static firn_status read_float(firn_cursor *c, firn_value *out, firn_error *err)
{
    uint32_t bits = 0;
    float v = 0;
    FIRN_TRY(firn_cursor_u32le(c, &bits, err));
    memcpy(&v, &bits, sizeof v);
    if (out->kind == FIRN_TYPE_DOUBLE) {
        out->as.f64 = (double)v;
    } else {
        out->as.f32 = v;
    }
    return FIRN_OK;
}

static firn_status read_double(firn_cursor *c, firn_value *out, firn_error *err)
{
    uint64_t bits = 0;
    FIRN_TRY(firn_cursor_u64le(c, &bits, err));
    memcpy(&out->as.f64, &bits, sizeof bits);
    return FIRN_OK;
}

static firn_status read_value(const firn_partition_step *step, firn_cursor *c, firn_value *out,
                              firn_error *err)
{
    int64_t number = 0;
    firn_str bytes = {0};
    uint8_t byte = 0;
    switch (step->avro) {
    case FIRN_AVRO_BOOLEAN:
        FIRN_TRY(firn_cursor_u8(c, &byte, err));
        out->as.boolean = byte != 0;
        return FIRN_OK;
    case FIRN_AVRO_INT:
    case FIRN_AVRO_LONG:
        FIRN_TRY(firn_avro_read_long(c, &number, err));
        return set_integer(number, out, err);
    case FIRN_AVRO_FLOAT: return read_float(c, out, err);
    case FIRN_AVRO_DOUBLE: return read_double(c, out, err);
    case FIRN_AVRO_FIXED:
        FIRN_TRY(firn_cursor_take(c, step->size, &bytes, err));
        return set_bytes(bytes, out, err);
    case FIRN_AVRO_NULL: out->is_null = true; return FIRN_OK;
    default: FIRN_TRY(firn_avro_read_bytes(c, &bytes, err)); return set_bytes(bytes, out, err);
    }
}

firn_status firn_partition_read(const firn_partition_plan *plan, firn_cursor *c, firn_value *values,
                                firn_error *err)
{
    if (plan->n_values > 0) memcpy(values, plan->nulls, plan->n_values * sizeof *values);
    for (size_t i = 0; i < plan->n_steps; i++) {
        const firn_partition_step *step = &plan->steps[i];
        if (step->is_skipped) {
            FIRN_TRY(firn_avro_skip(c, step->schema, err));
            continue;
        }
        if (step->null_branch >= 0) {
            size_t branch = 0;
            FIRN_TRY(firn_avro_read_branch(c, 2, &branch, err));
            if ((int)branch == step->null_branch) continue;
        }
        values[step->index] = step->blank;
        FIRN_TRY(read_value(step, c, &values[step->index], err));
    }
    return FIRN_OK;
}

/* ---- writing ---- */

static bool is_same_width(firn_type_kind a, firn_type_kind b)
{
    const bool a_days = a == FIRN_TYPE_INT || a == FIRN_TYPE_DATE;
    const bool b_days = b == FIRN_TYPE_INT || b == FIRN_TYPE_DATE;
    return a == b || (a_days && b_days);
}

firn_status firn_partition_write(const firn_type *type, const firn_value *value, firn_buf *out,
                                 firn_error *err)
{
    if (value->is_null) {
        firn_buf_zigzag(out, 0);
        return FIRN_OK;
    }
    const bool has_form = type && type->kind != FIRN_TYPE_UNKNOWN && type->kind < FIRN_TYPE_VARIANT;
    if (!has_form || !is_same_width(type->kind, value->kind)) {
        char name[64];
        return firn_fail(err, FIRN_ERR_ARG, "partition value of another type than %s",
                         type ? firn_type_name(type, name, sizeof name) : "null");
    }
    firn_buf_zigzag(out, 1);
    return firn_error_wrap(err, firn_avro_put_value(type, value, out, err), "partition value");
}
