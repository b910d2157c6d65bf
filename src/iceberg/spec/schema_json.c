/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas and types to and from JSON (specification, Appendix C). A schema that passes here has
 * unique field ids and, within each struct, unique names; what a table may do with it (evolution,
 * identifier rules, versions) is checked where metadata is changed. */
#include "iceberg/spec/schema_json.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"
#include "iceberg/spec/metadata_json_text.h"

#define SCHEMA_DEPTH 1 /* of the struct that is the schema; types below it are deeper */

typedef struct schema_parse {
    firn_arena *arena;
    int32_t *ids; /* of all fields, in arena */
    size_t n_ids, cap_ids;
    firn_error *err;
} schema_parse;

static firn_status parse_type(schema_parse *p, const json_t *json, int depth, firn_type *out);

static firn_status copy_str(schema_parse *p, firn_str s, firn_str *out)
{
    *out = firn_arena_copy(p->arena, s);
    return out->data ? FIRN_OK : firn_fail_nomem(p->err);
}

static firn_status note_id(schema_parse *p, int32_t id)
{
    if (p->n_ids >= FIRN_LIMIT_COLUMNS) {
        return firn_fail(p->err, FIRN_ERR_LIMIT, "schema with more than %d fields",
                         FIRN_LIMIT_COLUMNS);
    }
    int32_t *slot = p->ids;
    if (p->n_ids == p->cap_ids) {
        const size_t cap = p->cap_ids ? p->cap_ids * 2 : 32;
        slot = firn_arena_array(p->arena, cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(p->err);
        for (size_t i = 0; i < p->n_ids; i++) slot[i] = p->ids[i];
        p->cap_ids = cap;
    }
    p->ids = slot;
    p->ids[p->n_ids++] = id;
    return FIRN_OK;
}

static firn_status parse_child(schema_parse *p, const json_t *json, int depth, firn_field *field)
{
    firn_type *type = firn_arena_alloc_zero(p->arena, sizeof *type);
    if (!type) return firn_fail_nomem(p->err);
    field->type = type;
    FIRN_TRY(note_id(p, field->id));
    return parse_type(p, json, depth + 1, type);
}

static firn_status parse_default(schema_parse *p, const json_t *json, const firn_type *type,
                                 const firn_value **out)
{
    if (!json || json_is_null(json)) return FIRN_OK;
    firn_value *value = firn_arena_alloc_zero(p->arena, sizeof *value);
    if (!value) return firn_fail_nomem(p->err);
    *out = value;
    return firn_value_from_json(json, type, p->arena, value, p->err);
}

static const char *const k_field_members[] = {
    "id", "name", "required", "type", "doc", "initial-default", "write-default", NULL};
static const char *const k_struct_members[] = {"type", "fields", NULL};
static const char *const k_schema_members[] = {"type", "fields", "schema-id",
                                               "identifier-field-ids", NULL};
static const char *const k_list_members[] = {"type", "element-id", "element", "element-required",
                                             NULL};
static const char *const k_map_members[] = {"type",  "key-id",         "key", "value-id",
                                            "value", "value-required", NULL};

static firn_status keep_others(schema_parse *p, const json_t *json, const char *const *known,
                               firn_str *out)
{
    return firn_json_keep_unknown(json, known, p->arena, out, p->err);
}

static firn_status parse_field(schema_parse *p, const json_t *json, int depth, firn_field *field)
{
    firn_str name = {0};
    firn_str doc = {0};
    bool has_doc = false;
    if (!json_is_object(json)) {
        return firn_fail(p->err, FIRN_ERR_CORRUPT, "a field of a struct must be an object");
    }
    FIRN_TRY(firn_json_get_i32(json, "id", &field->id, p->err));
    FIRN_TRY(firn_json_get_str(json, "name", &name, p->err));
    FIRN_TRY(copy_str(p, name, &field->name));
    FIRN_TRY(firn_json_get_bool(json, "required", &field->is_required, p->err));
    FIRN_TRY(firn_json_opt_str(json, "doc", &doc, &has_doc, p->err));
    if (has_doc && doc.len > 0) FIRN_TRY(copy_str(p, doc, &field->doc));
    FIRN_TRY(keep_others(p, json, k_field_members, &field->extra_json));
    FIRN_TRY(parse_child(p, json_object_get(json, "type"), depth, field));
    FIRN_TRY(parse_default(p, json_object_get(json, "initial-default"), field->type,
                           &field->initial_default));
    return parse_default(p, json_object_get(json, "write-default"), field->type,
                         &field->write_default);
}

static firn_status check_names(schema_parse *p, const firn_field *fields, size_t n)
{
    firn_map names;
    firn_map_init(&names, p->arena);
    for (size_t i = 0; i < n; i++) {
        if (firn_map_has(&names, fields[i].name)) {
            return firn_fail(p->err, FIRN_ERR_CORRUPT, "two fields are named \"%.*s\"",
                             FIRN_STR_ARG(fields[i].name));
        }
        FIRN_TRY(firn_map_put(&names, fields[i].name, p, p->err)); /* any value: a set */
    }
    return FIRN_OK;
}

static firn_status parse_struct(schema_parse *p, const json_t *json, int depth, firn_type *out)
{
    json_t *array = NULL;
    FIRN_TRY(firn_json_get_array(json, "fields", &array, p->err));
    const size_t n = json_array_size(array);
    if (n > FIRN_LIMIT_COLUMNS) {
        return firn_fail(p->err, FIRN_ERR_LIMIT, "struct with %zu fields, limit %d", n,
                         FIRN_LIMIT_COLUMNS);
    }
    firn_field *fields = firn_arena_array(p->arena, n, sizeof *fields);
    if (!fields) return firn_fail_nomem(p->err);
    for (size_t i = 0; i < n; i++) {
        const firn_status st = parse_field(p, json_array_get(array, i), depth, &fields[i]);
        if (st != FIRN_OK && fields[i].name.len > 0) {
            return firn_error_wrap(p->err, st, "field \"%.*s\"", FIRN_STR_ARG(fields[i].name));
        }
        FIRN_TRY(st);
    }
    out->kind = FIRN_TYPE_STRUCT;
    out->fields = fields;
    out->n_fields = n;
    FIRN_TRY(keep_others(p, json, depth == SCHEMA_DEPTH ? k_schema_members : k_struct_members,
                         &out->extra_json));
    return check_names(p, fields, n);
}

static firn_status parse_list(schema_parse *p, const json_t *json, int depth, firn_type *out)
{
    firn_field *element = firn_arena_array(p->arena, 1, sizeof *element);
    if (!element) return firn_fail_nomem(p->err);
    out->kind = FIRN_TYPE_LIST;
    out->fields = element;
    out->n_fields = 1;
    element->name = FIRN_STR("element");
    FIRN_TRY(keep_others(p, json, k_list_members, &out->extra_json));
    FIRN_TRY(firn_json_get_i32(json, "element-id", &element->id, p->err));
    FIRN_TRY(firn_json_get_bool(json, "element-required", &element->is_required, p->err));
    return parse_child(p, json_object_get(json, "element"), depth, element);
}

static firn_status parse_map(schema_parse *p, const json_t *json, int depth, firn_type *out)
{
    firn_field *pair = firn_arena_array(p->arena, 2, sizeof *pair);
    if (!pair) return firn_fail_nomem(p->err);
    out->kind = FIRN_TYPE_MAP;
    out->fields = pair;
    out->n_fields = 2;
    pair[0].name = FIRN_STR("key");
    pair[0].is_required = true;
    pair[1].name = FIRN_STR("value");
    FIRN_TRY(keep_others(p, json, k_map_members, &out->extra_json));
    FIRN_TRY(firn_json_get_i32(json, "key-id", &pair[0].id, p->err));
    FIRN_TRY(parse_child(p, json_object_get(json, "key"), depth, &pair[0]));
    FIRN_TRY(firn_json_get_i32(json, "value-id", &pair[1].id, p->err));
    FIRN_TRY(firn_json_get_bool(json, "value-required", &pair[1].is_required, p->err));
    return parse_child(p, json_object_get(json, "value"), depth, &pair[1]);
}

static firn_status parse_primitive(schema_parse *p, const json_t *json, firn_type *out)
{
    firn_str text = {json_string_value(json), json_string_length(json)};
    FIRN_TRY(copy_str(p, text, &text)); /* a CRS is borrowed from it */
    const firn_status st = firn_type_parse_primitive(text, out, p->err);
    if (st != FIRN_ERR_ARG) return st;
    if (p->err) p->err->status = FIRN_ERR_CORRUPT; /* it came from a file */
    return FIRN_ERR_CORRUPT;
}

static firn_status parse_type(schema_parse *p, const json_t *json, int depth, firn_type *out)
{
    firn_str kind = {0};
    if (depth > FIRN_LIMIT_NESTING) {
        return firn_fail(p->err, FIRN_ERR_LIMIT, "types nested deeper than %d", FIRN_LIMIT_NESTING);
    }
    if (json_is_string(json)) return parse_primitive(p, json, out);
    if (!json_is_object(json)) {
        return firn_fail(p->err, FIRN_ERR_CORRUPT, "\"type\" must be a string or an object");
    }
    FIRN_TRY(firn_json_get_str(json, "type", &kind, p->err));
    if (firn_str_equals(kind, FIRN_STR("struct"))) return parse_struct(p, json, depth, out);
    if (firn_str_equals(kind, FIRN_STR("list"))) return parse_list(p, json, depth, out);
    if (firn_str_equals(kind, FIRN_STR("map"))) return parse_map(p, json, depth, out);
    return firn_fail(p->err, FIRN_ERR_CORRUPT,
                     "nested type must be struct, list or map, found \"%.*s\"", FIRN_STR_ARG(kind));
}

static firn_status check_unique_ids(schema_parse *p)
{
    firn_ids_sort(p->ids, p->n_ids);
    for (size_t i = 1; i < p->n_ids; i++) {
        if (p->ids[i] == p->ids[i - 1]) {
            return firn_fail(p->err, FIRN_ERR_CORRUPT, "two fields have the id %" PRId32,
                             p->ids[i]);
        }
    }
    return FIRN_OK;
}

static firn_status parse_identifiers(schema_parse *p, const json_t *json, firn_schema *schema)
{
    json_t *array = NULL;
    FIRN_TRY(firn_json_opt_array(json, "identifier-field-ids", &array, p->err));
    const size_t n = array ? json_array_size(array) : 0;
    int32_t *ids = firn_arena_array(p->arena, n, sizeof *ids);
    if (!ids) return firn_fail_nomem(p->err);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(array, i);
        const int64_t id = json_integer_value(item);
        bool is_found = false;
        if (json_is_integer(item) && id >= INT32_MIN && id <= INT32_MAX) {
            ids[i] = (int32_t)id;
            is_found = firn_ids_have(p->ids, p->n_ids, ids[i]);
        }
        if (!is_found) {
            return firn_fail(
                p->err, FIRN_ERR_CORRUPT,
                "\"identifier-field-ids\" names field %" PRId64 ", which is not in the schema", id);
        }
    }
    schema->identifier_field_ids = ids;
    schema->n_identifier_field_ids = n;
    return FIRN_OK;
}

static firn_status parse_schema_id(const json_t *json, firn_schema *schema, firn_error *err)
{
    int64_t id = 0;
    bool has = false;
    FIRN_TRY(firn_json_opt_i64(json, "schema-id", &id, &has, err));
    if (has && (id < INT32_MIN || id > INT32_MAX)) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "\"schema-id\" %" PRId64 " is out of range", id);
    }
    schema->schema_id = (int32_t)id; /* v1 may leave it out */
    return FIRN_OK;
}

firn_status firn_schema_from_json(const json_t *json, firn_arena *arena, const firn_schema **out,
                                  firn_error *err)
{
    schema_parse p = {.arena = arena, .err = err};
    firn_str kind = {0};
    *out = NULL;
    if (!json_is_object(json)) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "a schema must be an object");
    }
    firn_schema *schema = firn_arena_alloc_zero(arena, sizeof *schema);
    if (!schema) return firn_fail_nomem(err);
    FIRN_TRY(parse_schema_id(json, schema, err));
    FIRN_TRY(firn_json_get_str(json, "type", &kind, err));
    if (!firn_str_equals(kind, FIRN_STR("struct"))) {
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "\"type\" of a schema must be \"struct\", found \"%.*s\"",
                         FIRN_STR_ARG(kind));
    }
    FIRN_TRY(parse_struct(&p, json, SCHEMA_DEPTH, &schema->root));
    FIRN_TRY(check_unique_ids(&p));
    FIRN_TRY(parse_identifiers(&p, json, schema));
    *out = schema;
    return FIRN_OK;
}

/* ---- to JSON ---- */

static void build_fields(firn_json_build *b, json_t *object, const firn_type *type, int depth);

static void build_type(firn_json_build *b, json_t *parent, const char *key, const firn_type *type,
                       int depth)
{
    char name[512];
    if (depth > FIRN_LIMIT_NESTING) {
        firn_json_build_fail(b, firn_fail(b->err, FIRN_ERR_LIMIT, "types nested deeper than %d",
                                          FIRN_LIMIT_NESTING));
        return;
    }
    if (firn_type_is_primitive(type)) {
        firn_json_build_str(b, parent, key, firn_str_of(firn_type_name(type, name, sizeof name)));
        return;
    }
    json_t *object = firn_json_build_object(b, parent, key);
    if (type->kind == FIRN_TYPE_STRUCT) {
        firn_json_build_str(b, object, "type", FIRN_STR("struct"));
        build_fields(b, object, type, depth);
    } else if (type->kind == FIRN_TYPE_LIST) {
        firn_json_build_str(b, object, "type", FIRN_STR("list"));
        firn_json_build_i64(b, object, "element-id", type->fields[0].id);
        build_type(b, object, "element", type->fields[0].type, depth + 1);
        firn_json_build_bool(b, object, "element-required", type->fields[0].is_required);
    } else {
        firn_json_build_str(b, object, "type", FIRN_STR("map"));
        firn_json_build_i64(b, object, "key-id", type->fields[0].id);
        build_type(b, object, "key", type->fields[0].type, depth + 1);
        firn_json_build_i64(b, object, "value-id", type->fields[1].id);
        build_type(b, object, "value", type->fields[1].type, depth + 1);
        firn_json_build_bool(b, object, "value-required", type->fields[1].is_required);
    }
    firn_json_build_kept(b, object, NULL, type->extra_json);
}

static void build_default(firn_json_build *b, json_t *object, const char *key,
                          const firn_value *value, const firn_type *type)
{
    json_t *json = NULL;
    if (!value || b->status != FIRN_OK) return;
    const firn_status st = firn_value_to_json(value, type, &json, b->err);
    if (st != FIRN_OK) {
        firn_json_build_fail(b, st);
        return;
    }
    firn_json_build_take(b, object, key, json);
}

static void build_fields(firn_json_build *b, json_t *object, const firn_type *type, int depth)
{
    json_t *fields = firn_json_build_array(b, object, "fields");
    for (size_t i = 0; i < type->n_fields && b->status == FIRN_OK; i++) {
        const firn_field *f = &type->fields[i];
        json_t *field = firn_json_build_object(b, fields, NULL);
        firn_json_build_i64(b, field, "id", f->id);
        firn_json_build_str(b, field, "name", f->name);
        firn_json_build_bool(b, field, "required", f->is_required);
        build_type(b, field, "type", f->type, depth + 1);
        if (f->doc.len > 0) firn_json_build_str(b, field, "doc", f->doc);
        build_default(b, field, "initial-default", f->initial_default, f->type);
        build_default(b, field, "write-default", f->write_default, f->type);
        firn_json_build_kept(b, field, NULL, f->extra_json);
    }
}

firn_status firn_schema_to_json(const firn_schema *schema, json_t **out, firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *root = json_object();
    firn_json_build_str(&b, root, "type", FIRN_STR("struct"));
    firn_json_build_i64(&b, root, "schema-id", schema->schema_id);
    if (schema->n_identifier_field_ids > 0) {
        json_t *ids = firn_json_build_array(&b, root, "identifier-field-ids");
        for (size_t i = 0; i < schema->n_identifier_field_ids; i++) {
            firn_json_build_i64(&b, ids, NULL, schema->identifier_field_ids[i]);
        }
    }
    build_fields(&b, root, &schema->root, SCHEMA_DEPTH);
    firn_json_build_kept(&b, root, NULL, schema->root.extra_json);
    return firn_json_build_finish(&b, root, out);
}
