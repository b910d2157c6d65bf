/* SPDX-License-Identifier: Apache-2.0 */
/* Planned decoding of Avro records; see record_plan.h. */
#include "iceberg/spec/record_plan.h"

#include <inttypes.h>

#include "base/checked.h"
#include "base/error.h"

firn_status firn_record_unwrap(const firn_avro_schema *schema, int32_t field_id,
                               const firn_avro_schema **out, int8_t *null_branch, firn_error *err)
{
    *out = schema;
    *null_branch = -1;
    if (schema->kind != FIRN_AVRO_UNION) return FIRN_OK;
    for (size_t i = 0; i < schema->n_fields && schema->n_fields == 2; i++) {
        if (schema->fields[i].schema->kind != FIRN_AVRO_NULL) continue;
        *null_branch = (int8_t)i;
        *out = schema->fields[1 - i].schema;
        return FIRN_OK;
    }
    return firn_fail(err, FIRN_ERR_CORRUPT,
                     "field %" PRId32 " is a union of %zu types, expected one type and null",
                     field_id, schema->n_fields);
}

static bool takes(firn_record_kind kind, firn_avro_kind found)
{
    switch (kind) {
    case FIRN_RECORD_BOOL: return found == FIRN_AVRO_BOOLEAN;
    case FIRN_RECORD_I32:
    case FIRN_RECORD_I64: return found == FIRN_AVRO_INT || found == FIRN_AVRO_LONG;
    case FIRN_RECORD_BYTES: return found == FIRN_AVRO_STRING || found == FIRN_AVRO_BYTES;
    case FIRN_RECORD_SKIP:
    case FIRN_RECORD_CALL: return true;
    }
    return false;
}

static const firn_record_want *find_want(const firn_record_want *wants, size_t n, int32_t field_id)
{
    for (size_t i = 0; i < n; i++) {
        if (wants[i].field_id == field_id) return &wants[i];
    }
    return NULL;
}

static firn_status make_step(const firn_avro_field *field, const firn_record_want *want,
                             firn_record_step *out, firn_error *err)
{
    *out =
        (firn_record_step){.null_branch = -1, .schema = field->schema, .field_id = field->field_id};
    if (!want || want->kind == FIRN_RECORD_SKIP) return FIRN_OK;
    FIRN_TRY(
        firn_record_unwrap(field->schema, field->field_id, &out->schema, &out->null_branch, err));
    if (!takes(want->kind, out->schema->kind)) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "field %" PRId32 " (%s) has an unexpected type",
                         field->field_id, want->name);
    }
    out->kind = want->kind;
    out->offset = want->offset;
    out->fn = want->fn;
    out->arg = want->arg;
    return FIRN_OK;
}

static bool has_field(const firn_avro_schema *schema, int32_t field_id)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        if (schema->fields[i].field_id == field_id) return true;
    }
    return false;
}

firn_status firn_record_plan_make(const firn_avro_schema *schema, const firn_record_want *wants,
                                  size_t n_wants, firn_arena *arena, firn_record_plan *out,
                                  firn_error *err)
{
    if (schema->kind != FIRN_AVRO_RECORD) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "expected an avro record");
    }
    for (size_t i = 0; i < n_wants; i++) {
        if (!wants[i].is_required || has_field(schema, wants[i].field_id)) continue;
        return firn_fail(err, FIRN_ERR_CORRUPT, "field %" PRId32 " (%s) is missing",
                         wants[i].field_id, wants[i].name);
    }
    firn_record_step *steps = firn_arena_array(arena, schema->n_fields, sizeof *steps);
    if (!steps) return firn_fail_nomem(err);
    for (size_t i = 0; i < schema->n_fields; i++) {
        const firn_avro_field *field = &schema->fields[i];
        const firn_record_want *want =
            field->field_id < 0 ? NULL : find_want(wants, n_wants, field->field_id);
        FIRN_TRY(make_step(field, want, &steps[i], err));
    }
    *out = (firn_record_plan){steps, schema->n_fields};
    return FIRN_OK;
}

static firn_status read_bool(firn_cursor *c, bool *out, firn_error *err)
{
    uint8_t byte = 0;
    FIRN_TRY(firn_cursor_u8(c, &byte, err));
    if (byte > 1) return firn_fail_at(err, firn_cursor_pos(c) - 1, "boolean of value %u", byte);
    *out = byte != 0;
    return FIRN_OK;
}

static firn_status read_int(firn_cursor *c, int32_t *out, firn_error *err)
{
    int64_t value = 0;
    const uint64_t at = firn_cursor_pos(c);
    FIRN_TRY(firn_avro_read_long(c, &value, err));
    if (firn_i64_to_i32(value, out)) return FIRN_OK;
    return firn_fail_at(err, at, "int of value %" PRId64, value);
}

static firn_status read_step(const firn_record_step *step, firn_cursor *c, void *ctx, void *base,
                             firn_error *err)
{
    char *at = (char *)base + step->offset;
    switch (step->kind) {
    case FIRN_RECORD_BOOL: return read_bool(c, (void *)at, err);
    case FIRN_RECORD_I32: return read_int(c, (void *)at, err);
    case FIRN_RECORD_I64: return firn_avro_read_long(c, (void *)at, err);
    case FIRN_RECORD_BYTES: return firn_avro_read_bytes(c, (void *)at, err);
    case FIRN_RECORD_CALL: return step->fn(ctx, step, c, base, err);
    case FIRN_RECORD_SKIP: break;
    }
    return firn_avro_skip(c, step->schema, err);
}

/* One byte says which, of two. */
static inline firn_status read_branch(firn_cursor *c, size_t *out, firn_error *err)
{
    if (firn_cursor_left(c) == 0 || (*c->at & ~2u) != 0)
        return firn_avro_read_branch(c, 2, out, err);
    *out = *c->at++ >> 1;
    return FIRN_OK;
}

firn_status firn_record_read(const firn_record_plan *plan, firn_cursor *c, void *ctx, void *base,
                             firn_error *err)
{
    for (size_t i = 0; i < plan->n_steps; i++) {
        const firn_record_step *step = &plan->steps[i];
        if (step->null_branch >= 0) {
            size_t branch = 0;
            FIRN_TRY(read_branch(c, &branch, err));
            if ((int)branch == step->null_branch) continue;
        }
        const firn_status st = read_step(step, c, ctx, base, err);
        if (st != FIRN_OK) return firn_error_wrap(err, st, "field %" PRId32, step->field_id);
    }
    return FIRN_OK;
}
