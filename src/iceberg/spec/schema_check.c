/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for schemas that are added to a table, and sameness of schemas. Not for reading: a schema
 * that another writer put into a file is taken as it is. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_builder.h"

#define MAX_USER_FIELD_ID 2147483447 /* higher ones are reserved for metadata columns */

static int32_t version_of_type(firn_type_kind kind)
{
    switch (kind) {
    case FIRN_TYPE_UNKNOWN:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: return 3;
    default: return 1;
    }
}

static bool has_value(const firn_value *value)
{
    return value && !value->is_null;
}

static firn_status check_field(const firn_field *field, int32_t version, firn_error *err)
{
    char name[64];
    if (field->id < 0 || field->id > MAX_USER_FIELD_ID) {
        return firn_fail(err, FIRN_ERR_ARG, "field \"%.*s\" has id %" PRId32 ", at most %d",
                         FIRN_STR_ARG(field->name), field->id, MAX_USER_FIELD_ID);
    }
    if (version_of_type(field->type->kind) > version) {
        return firn_fail(err, FIRN_ERR_ARG,
                         "field \"%.*s\": type %s needs format version 3, the table has %" PRId32,
                         FIRN_STR_ARG(field->name), firn_type_name(field->type, name, sizeof name),
                         version);
    }
    if (has_value(field->initial_default) && version < 3) {
        return firn_fail(err, FIRN_ERR_ARG,
                         "field \"%.*s\": a default value needs format version 3, the table has "
                         "%" PRId32,
                         FIRN_STR_ARG(field->name), version);
    }
    return FIRN_OK;
}

/* Depth is bounded by the types themselves: nothing deeper than FIRN_LIMIT_NESTING is built. */
static firn_status check_fields(const firn_type *type, int32_t version, firn_error *err)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        FIRN_TRY(check_field(&type->fields[i], version, err));
        FIRN_TRY(check_fields(type->fields[i].type, version, err));
    }
    return FIRN_OK;
}

static bool can_identify(const firn_field *field)
{
    const firn_type_kind kind = field->type->kind;
    return firn_type_is_primitive(field->type) && field->is_required && kind != FIRN_TYPE_FLOAT &&
           kind != FIRN_TYPE_DOUBLE;
}

/* Found through required structs only. */
static const firn_field *find_reachable(const firn_type *type, int32_t id)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        if (field->id == id) return field;
        if (field->type->kind != FIRN_TYPE_STRUCT || !field->is_required) continue;
        const firn_field *found = find_reachable(field->type, id);
        if (found) return found;
    }
    return NULL;
}

firn_status firn_schema_check(const firn_schema *schema, int32_t format_version, firn_error *err)
{
    FIRN_TRY(check_fields(&schema->root, format_version, err));
    for (size_t i = 0; i < schema->n_identifier_field_ids; i++) {
        const int32_t id = schema->identifier_field_ids[i];
        const firn_field *field = find_reachable(&schema->root, id);
        if (field && can_identify(field)) continue;
        return firn_fail(err, FIRN_ERR_ARG,
                         "field %" PRId32 " cannot identify rows: it must be a required primitive, "
                         "not a float, and not within a list, map or optional struct",
                         id);
    }
    return FIRN_OK;
}

static bool same_default(const firn_value *a, const firn_value *b)
{
    if (!has_value(a) || !has_value(b)) return has_value(a) == has_value(b);
    return a->kind == b->kind && firn_value_compare(a, b) == 0;
}

/* What firn_type_equals() leaves out, of types that it found equal. */
static bool same_notes(const firn_type *a, const firn_type *b)
{
    if (!firn_str_equals(a->extra_json, b->extra_json)) return false;
    for (size_t i = 0; i < a->n_fields; i++) {
        const firn_field *x = &a->fields[i];
        const firn_field *y = &b->fields[i];
        if (!firn_str_equals(x->doc, y->doc)) return false;
        if (!firn_str_equals(x->extra_json, y->extra_json)) return false;
        if (!same_default(x->initial_default, y->initial_default)) return false;
        if (!same_default(x->write_default, y->write_default)) return false;
        if (!same_notes(x->type, y->type)) return false;
    }
    return true;
}

static bool has_identifier(const firn_schema *schema, int32_t id)
{
    for (size_t i = 0; i < schema->n_identifier_field_ids; i++) {
        if (schema->identifier_field_ids[i] == id) return true;
    }
    return false;
}

bool firn_schema_same(const firn_schema *a, const firn_schema *b)
{
    if (a->n_identifier_field_ids != b->n_identifier_field_ids) return false;
    for (size_t i = 0; i < a->n_identifier_field_ids; i++) {
        if (!has_identifier(b, a->identifier_field_ids[i])) return false;
    }
    return firn_type_equals(&a->root, &b->root) && same_notes(&a->root, &b->root);
}
