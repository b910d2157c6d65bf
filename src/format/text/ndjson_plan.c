/* SPDX-License-Identifier: Apache-2.0 */
/* The decoding plan of a schema: one node per field with the function that parses its type. */
#include "base/limits.h"
#include "format/text/ndjson_kernels.h"

typedef struct functions {
    ndjson_parse_fn parse;
    ndjson_text_fn text;
} functions;

typedef struct planner {
    firn_arena *arena;
    const ndjson_kernels *kernels;
} planner;

static functions functions_of(const ndjson_kernels *kernels, firn_type_kind kind)
{
    switch (kind) {
    case FIRN_TYPE_BOOLEAN: return (functions){ndjson_parse_boolean, ndjson_text_boolean};
    case FIRN_TYPE_INT: return (functions){ndjson_parse_int, ndjson_text_number};
    case FIRN_TYPE_LONG: return (functions){ndjson_parse_long, ndjson_text_number};
    case FIRN_TYPE_FLOAT: return (functions){ndjson_parse_float, ndjson_text_number};
    case FIRN_TYPE_DOUBLE: return (functions){ndjson_parse_double, ndjson_text_number};
    case FIRN_TYPE_DECIMAL: return (functions){ndjson_parse_decimal, ndjson_text_number};
    case FIRN_TYPE_DATE: return (functions){ndjson_parse_date, ndjson_text_date};
    case FIRN_TYPE_TIME: return (functions){ndjson_parse_quoted, ndjson_text_time};
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS:
        return (functions){ndjson_parse_timestamp, ndjson_text_timestamp};
    case FIRN_TYPE_STRING: return (functions){kernels->parse_string, ndjson_text_string};
    case FIRN_TYPE_BINARY: return (functions){ndjson_parse_quoted, ndjson_text_binary};
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_UUID: return (functions){ndjson_parse_quoted, ndjson_text_hex};
    case FIRN_TYPE_STRUCT: return (functions){ndjson_parse_struct, ndjson_text_json};
    case FIRN_TYPE_LIST: return (functions){ndjson_parse_list, ndjson_text_json};
    case FIRN_TYPE_MAP: return (functions){ndjson_parse_map, ndjson_text_json};
    case FIRN_TYPE_UNKNOWN: return (functions){ndjson_parse_other, ndjson_text_json};
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: return (functions){NULL, NULL};
    }
    return (functions){NULL, NULL};
}

static firn_status init_node(const planner *plan, ndjson_node *node, const firn_field *field,
                             int depth, firn_error *err);

static firn_status create_object(const planner *plan, const firn_type *type, int depth,
                                 ndjson_object **out, firn_error *err);

static firn_status init_items(const planner *plan, ndjson_node *node, int depth, firn_error *err)
{
    const firn_type *type = node->type;
    const size_t n = type->kind == FIRN_TYPE_MAP ? 2 : 1;

    if (type->n_fields != n)
        return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\" has %zu element types, expected %zu",
                         FIRN_STR_ARG(node->name), type->n_fields, n);
    if (type->kind == FIRN_TYPE_MAP && !firn_type_is_primitive(type->fields[0].type))
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: map \"%.*s\" from text with nested keys",
                         FIRN_STR_ARG(node->name));
    node->items = firn_arena_array(plan->arena, n, sizeof *node->items);
    if (!node->items) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        FIRN_TRY(init_node(plan, &node->items[i], &type->fields[i], depth + 1, err));
    return FIRN_OK;
}

static firn_status init_node(const planner *plan, ndjson_node *node, const firn_field *field,
                             int depth, firn_error *err)
{
    const functions f = functions_of(plan->kernels, field->type->kind);
    char name[64];

    node->parse = f.parse;
    node->parse_text = f.text;
    node->type = field->type;
    node->name = field->name;
    node->is_required = field->is_required;
    memcpy(node->day_text, "1970-01-01", 11); /* of day_seconds 0 */
    if (!node->parse)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %s column \"%.*s\" from text",
                         firn_type_name(field->type, name, sizeof name), FIRN_STR_ARG(field->name));
    if (field->type->kind == FIRN_TYPE_STRUCT)
        return create_object(plan, field->type, depth + 1, &node->object, err);
    if (field->type->kind == FIRN_TYPE_LIST || field->type->kind == FIRN_TYPE_MAP)
        return init_items(plan, node, depth, err);
    return FIRN_OK;
}

static firn_status add_name(ndjson_object *object, size_t i, firn_error *err)
{
    const firn_str name = object->nodes[i].name;

    object->slots[i].column = (int32_t)i;
    if (firn_map_has(&object->names, name))
        return firn_fail(err, FIRN_ERR_ARG, "two columns with the name \"%.*s\"",
                         FIRN_STR_ARG(name));
    return firn_map_put(&object->names, name, &object->slots[i], err);
}

/* A name that JSON writes as it is, without escapes. */
static bool is_plain(firn_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if ((uint8_t)name.data[i] < 0x20 || name.data[i] == '"' || name.data[i] == '\\')
            return false;
    }
    return name.len > 0 && name.len < NDJSON_LITERAL;
}

static void add_to_table(ndjson_object *object, size_t i)
{
    char padded[NDJSON_LITERAL + NDJSON_PADDING] = {0};
    const firn_str name = object->nodes[i].name;
    ndjson_slot *slot = &object->slots[i];
    uint32_t at;

    if (!is_plain(name)) return;
    memcpy(padded, name.data, name.len);
    at = ndjson_key_hash(padded, name.len) & object->table_mask;
    while (object->table[at] != 0) at = (at + 1) & object->table_mask;
    object->table[at] = (uint32_t)i + 1;
    padded[name.len] = '"';
    ndjson_literal_set(&slot->name, (firn_str){padded, name.len + 1});
}

static firn_status make_table(ndjson_object *object, firn_error *err)
{
    size_t size = 16;

    while (size < 4 * object->n_columns) size *= 2;
    object->table = firn_arena_array(object->arena, size, sizeof *object->table);
    if (!object->table) return firn_fail_nomem(err);
    object->table_mask = (uint32_t)size - 1;
    for (size_t i = 0; i < object->n_columns; i++) add_to_table(object, i);
    return FIRN_OK;
}

static firn_status create_object(const planner *plan, const firn_type *type, int depth,
                                 ndjson_object **out, firn_error *err)
{
    firn_arena *arena = plan->arena;
    const size_t n = type->n_fields;
    ndjson_object *object;

    if (depth > FIRN_LIMIT_NESTING || n > FIRN_LIMIT_COLUMNS)
        return firn_fail(err, FIRN_ERR_LIMIT, "schema with %zu fields at depth %d", n, depth);
    object = firn_arena_alloc_zero(arena, sizeof *object);
    if (!object) return firn_fail_nomem(err);
    object->arena = arena;
    object->n_columns = n;
    object->n_slots = (int32_t)n;
    object->kernels = plan->kernels;
    object->nodes = firn_arena_array(arena, n, sizeof *object->nodes);
    object->seen = firn_arena_array(arena, n, sizeof *object->seen);
    object->slots = firn_arena_array(arena, n + NDJSON_UNKNOWN_SLOTS, sizeof *object->slots);
    if (!object->nodes || !object->seen || !object->slots) return firn_fail_nomem(err);
    firn_map_init(&object->names, arena);
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(init_node(plan, &object->nodes[i], &type->fields[i], depth, err));
        FIRN_TRY(add_name(object, i, err));
    }
    *out = object;
    return make_table(object, err);
}

firn_status ndjson_object_create(firn_arena *arena, const firn_type *type,
                                 const ndjson_kernels *kernels, ndjson_object **out,
                                 firn_error *err)
{
    const planner plan = {arena, kernels};

    return create_object(&plan, type, 1, out, err);
}
