/* SPDX-License-Identifier: Apache-2.0 */
/* Avro schemas as Iceberg types; firn_avro_file_schema() of avro_rows.h. Reading values as these
 * types is avro_rows_plan.c's business. Source: Iceberg specification, "Appendix A: Avro". */
#include "base/error.h"
#include "base/limits.h"
#include "format/avro/avro_rows.h"
#include "format/avro/avro_rows_plan.h"

#define DECIMAL_DIGITS_MAX 38

/* Records on the way from the root, to notice one that holds itself. */
typedef struct path {
    const struct path *up;
    const firn_avro_schema *record;
    int depth;
} path;

static firn_status convert(const firn_avro_schema *schema, const path *up, firn_arena *arena,
                           firn_type *out, firn_error *err);

static firn_status make_field(const firn_avro_schema *schema, int32_t id, firn_str name,
                              const path *up, firn_arena *arena, firn_field *out, firn_error *err)
{
    const firn_avro_nullable value = firn_avro_unwrap(schema);
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);

    if (!type) return firn_fail_nomem(err);
    *out = (firn_field){.id = id, .name = name, .type = type};
    out->is_required = value.null_branch < 0 && value.schema->kind != FIRN_AVRO_NULL;
    return convert(value.schema, up, arena, type, err);
}

static firn_status convert_record(const firn_avro_schema *schema, const path *up, firn_arena *arena,
                                  firn_type *out, firn_error *err)
{
    const path here = {up, schema, up ? up->depth + 1 : 1};
    firn_field *fields = firn_arena_array(arena, schema->n_fields, sizeof *fields);

    for (const path *p = up; p; p = p->up)
        if (p->record == schema) return FIRN_OK; /* unknown: it would never end */
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < schema->n_fields; i++) {
        const firn_avro_field *field = &schema->fields[i];
        FIRN_TRY(
            make_field(field->schema, field->field_id, field->name, &here, arena, &fields[i], err));
    }
    out->kind = FIRN_TYPE_STRUCT;
    out->fields = fields;
    out->n_fields = schema->n_fields;
    return FIRN_OK;
}

static firn_status convert_list(const firn_avro_schema *schema, const path *up, firn_arena *arena,
                                firn_type *out, firn_error *err)
{
    firn_field *fields = firn_arena_array(arena, 1, sizeof *fields);

    if (!fields) return firn_fail_nomem(err);
    out->kind = FIRN_TYPE_LIST;
    out->fields = fields;
    out->n_fields = 1;
    return make_field(schema->fields[0].schema, schema->element_id, FIRN_STR("element"), up, arena,
                      fields, err);
}

static firn_status convert_map(const firn_avro_schema *schema, const path *up, firn_arena *arena,
                               firn_type *out, firn_error *err)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    firn_field *fields = firn_arena_array(arena, 2, sizeof *fields);

    if (!fields) return firn_fail_nomem(err);
    out->kind = FIRN_TYPE_MAP;
    out->fields = fields;
    out->n_fields = 2;
    if (schema->kind == FIRN_AVRO_MAP) {
        fields[0] = (firn_field){
            .id = schema->key_id, .is_required = true, .name = FIRN_STR("key"), .type = &k_string};
        return make_field(schema->fields[0].schema, schema->value_id, FIRN_STR("value"), up, arena,
                          &fields[1], err);
    }
    const firn_avro_field *pair = schema->fields[0].schema->fields;
    const path here = {up, schema->fields[0].schema, up ? up->depth + 1 : 1};
    FIRN_TRY(make_field(pair[0].schema, pair[0].field_id, FIRN_STR("key"), &here, arena, &fields[0],
                        err));
    return make_field(pair[1].schema, pair[1].field_id, FIRN_STR("value"), &here, arena, &fields[1],
                      err);
}

static firn_type_kind kind_of_long(const firn_avro_schema *schema)
{
    const bool utc = schema->adjust_to_utc;

    switch (schema->logical) {
    case FIRN_AVRO_TIME_MICROS: return FIRN_TYPE_TIME;
    case FIRN_AVRO_TIMESTAMP_MILLIS:
    case FIRN_AVRO_TIMESTAMP_MICROS: return utc ? FIRN_TYPE_TIMESTAMPTZ : FIRN_TYPE_TIMESTAMP;
    case FIRN_AVRO_TIMESTAMP_NANOS: return utc ? FIRN_TYPE_TIMESTAMPTZ_NS : FIRN_TYPE_TIMESTAMP_NS;
    case FIRN_AVRO_LOCAL_TIMESTAMP_MILLIS:
    case FIRN_AVRO_LOCAL_TIMESTAMP_MICROS: return FIRN_TYPE_TIMESTAMP;
    case FIRN_AVRO_LOCAL_TIMESTAMP_NANOS: return FIRN_TYPE_TIMESTAMP_NS;
    default: return FIRN_TYPE_LONG;
    }
}

static void convert_bytes(const firn_avro_schema *schema, firn_type *out)
{
    out->kind = schema->kind == FIRN_AVRO_FIXED ? FIRN_TYPE_FIXED : FIRN_TYPE_BINARY;
    out->length = schema->size;
    if (schema->logical == FIRN_AVRO_UUID) out->kind = FIRN_TYPE_UUID;
    if (schema->logical != FIRN_AVRO_DECIMAL) return;
    out->kind = schema->precision <= DECIMAL_DIGITS_MAX ? FIRN_TYPE_DECIMAL : FIRN_TYPE_UNKNOWN;
    out->length = 0;
    out->precision = schema->precision;
    out->scale = schema->scale;
}

static firn_type_kind kind_of_int(const firn_avro_schema *schema)
{
    if (schema->logical == FIRN_AVRO_DATE) return FIRN_TYPE_DATE;
    return schema->logical == FIRN_AVRO_TIME_MILLIS ? FIRN_TYPE_TIME : FIRN_TYPE_INT;
}

static firn_status convert(const firn_avro_schema *schema, const path *up, firn_arena *arena,
                           firn_type *out, firn_error *err)
{
    const path here = {up, NULL, up ? up->depth + 1 : 1};
    const bool is_uuid = schema->logical == FIRN_AVRO_UUID;

    if (here.depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "avro schema nested deeper than %d levels",
                         FIRN_LIMIT_NESTING);
    switch (schema->kind) {
    case FIRN_AVRO_NULL:
    case FIRN_AVRO_UNION: break; /* unknown */
    case FIRN_AVRO_BOOLEAN: out->kind = FIRN_TYPE_BOOLEAN; break;
    case FIRN_AVRO_INT: out->kind = kind_of_int(schema); break;
    case FIRN_AVRO_LONG: out->kind = kind_of_long(schema); break;
    case FIRN_AVRO_FLOAT: out->kind = FIRN_TYPE_FLOAT; break;
    case FIRN_AVRO_DOUBLE: out->kind = FIRN_TYPE_DOUBLE; break;
    case FIRN_AVRO_STRING: out->kind = is_uuid ? FIRN_TYPE_UUID : FIRN_TYPE_STRING; break;
    case FIRN_AVRO_ENUM: out->kind = FIRN_TYPE_STRING; break;
    case FIRN_AVRO_BYTES:
    case FIRN_AVRO_FIXED: convert_bytes(schema, out); break;
    case FIRN_AVRO_RECORD: return convert_record(schema, up, arena, out, err);
    case FIRN_AVRO_MAP: return convert_map(schema, &here, arena, out, err);
    case FIRN_AVRO_ARRAY:
        return schema->logical == FIRN_AVRO_KEY_VALUES
                   ? convert_map(schema, &here, arena, out, err)
                   : convert_list(schema, &here, arena, out, err);
    }
    return FIRN_OK;
}

firn_status firn_avro_file_schema(const firn_avro_schema *schema, firn_arena *arena,
                                  const firn_schema **out, firn_error *err)
{
    firn_schema *made = firn_arena_alloc_zero(arena, sizeof *made);

    *out = NULL;
    if (!made) return firn_fail_nomem(err);
    if (schema->kind != FIRN_AVRO_RECORD)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: avro file of values that are no records, as rows");
    FIRN_TRY(convert(schema, NULL, arena, &made->root, err));
    *out = made;
    return FIRN_OK;
}
