/* SPDX-License-Identifier: Apache-2.0 */
/* Avro schema JSON to a tree with Iceberg's field ids. Not for data: see avro_value.c. Defaults,
 * docs and orders are ignored, since Iceberg resolves by field id. Field names are taken as they
 * are: several writers put column names there that the specification does not allow.
 *
 * Every node knows the least number of bytes of a value. It is 0 only for values that are always
 * empty, since unions, arrays and maps start with a number. That is what bounds the work of
 * skipping and counting. */
#include "base/checked.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"
#include "format/avro/avro.h"
#include "format/json/json.h"

/* min_bytes of a record whose fields are still being read. */
#define IN_PROGRESS   UINT32_MAX
#define MIN_BYTES_MAX ((uint32_t)1 << 30)

typedef struct parser {
    firn_arena *arena; /* result */
    firn_map names;    /* full name -> firn_avro_schema */
    size_t n_nodes;
} parser;

typedef struct scope {
    firn_str name_space;
    int depth;
} scope;

static firn_status parse_schema(parser *p, const json_t *json, scope in,
                                const firn_avro_schema **out, firn_error *err);

static const struct primitive {
    const char *name;
    firn_avro_kind kind;
    uint32_t min_bytes;
} k_primitives[] = {
    {"null", FIRN_AVRO_NULL, 0},   {"boolean", FIRN_AVRO_BOOLEAN, 1},
    {"int", FIRN_AVRO_INT, 1},     {"long", FIRN_AVRO_LONG, 1},
    {"float", FIRN_AVRO_FLOAT, 4}, {"double", FIRN_AVRO_DOUBLE, 8},
    {"bytes", FIRN_AVRO_BYTES, 1}, {"string", FIRN_AVRO_STRING, 1},
};

static const struct primitive *find_primitive(firn_str name)
{
    for (size_t i = 0; i < sizeof k_primitives / sizeof k_primitives[0]; i++) {
        if (firn_str_equals(name, firn_str_of(k_primitives[i].name))) return &k_primitives[i];
    }
    return NULL;
}

static firn_status new_node(parser *p, firn_avro_kind kind, firn_avro_schema **out, firn_error *err)
{
    firn_avro_schema *node = NULL;

    if (++p->n_nodes > FIRN_LIMIT_COLUMNS)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d types", FIRN_LIMIT_COLUMNS);
    node = firn_arena_alloc_zero(p->arena, sizeof *node);
    if (!node) return firn_fail_nomem(err);
    node->kind = kind;
    node->element_id = -1;
    node->key_id = -1;
    node->value_id = -1;
    *out = node;
    return FIRN_OK;
}

static firn_status copy_str(parser *p, firn_str s, firn_str *out, firn_error *err)
{
    *out = firn_arena_copy(p->arena, s);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

/* Iceberg ids: absent is -1. */
static firn_status read_id(const json_t *json, const char *key, int32_t *out, firn_error *err)
{
    int64_t id = 0;
    bool has = false;

    FIRN_TRY(firn_json_opt_i64(json, key, &id, &has, err));
    if (!has) {
        *out = -1;
        return FIRN_OK;
    }
    if (id < 0 || id > INT32_MAX)
        return firn_fail(err, FIRN_ERR_CORRUPT, "\"%s\" %lld is not an id", key, (long long)id);
    *out = (int32_t)id;
    return FIRN_OK;
}

/* ---- logical types ---- */

static int32_t read_small(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    const json_int_t n = json_is_integer(value) ? json_integer_value(value) : -1;

    return n >= 0 && n <= INT32_MAX ? (int32_t)n : -1;
}

/* Decimal digits that a two's complement number of so many bytes always holds. */
static int32_t digits_of_bytes(int32_t bytes)
{
    const double digits = ((double)bytes * 8 - 1) * 0.30102999566398120; /* log10(2) */

    return bytes > 0 ? (int32_t)digits : 0;
}

static bool is_decimal(const json_t *json, firn_avro_schema *node)
{
    const int32_t precision = read_small(json, "precision");
    const int32_t scale = json_object_get(json, "scale") ? read_small(json, "scale") : 0;

    if (precision < 1 || scale < 0 || scale > precision) return false;
    if (node->kind == FIRN_AVRO_FIXED && precision > digits_of_bytes(node->size)) return false;
    node->precision = precision;
    node->scale = scale;
    return true;
}

static bool is_key_values(const firn_avro_schema *node)
{
    const firn_avro_schema *item = node->n_fields == 1 ? node->fields[0].schema : NULL;

    return item && item->kind == FIRN_AVRO_RECORD && item->n_fields == 2;
}

/* The specification wants unknown or ill-formed logical types ignored, so nothing fails here. */
static void read_logical(const json_t *json, firn_avro_schema *node)
{
    static const struct annotation {
        const char *name;
        firn_avro_kind kind;
        firn_avro_logical logical;
    } k_annotations[] = {
        {"decimal", FIRN_AVRO_BYTES, FIRN_AVRO_DECIMAL},
        {"decimal", FIRN_AVRO_FIXED, FIRN_AVRO_DECIMAL},
        {"uuid", FIRN_AVRO_STRING, FIRN_AVRO_UUID},
        {"uuid", FIRN_AVRO_FIXED, FIRN_AVRO_UUID},
        {"date", FIRN_AVRO_INT, FIRN_AVRO_DATE},
        {"time-millis", FIRN_AVRO_INT, FIRN_AVRO_TIME_MILLIS},
        {"time-micros", FIRN_AVRO_LONG, FIRN_AVRO_TIME_MICROS},
        {"timestamp-millis", FIRN_AVRO_LONG, FIRN_AVRO_TIMESTAMP_MILLIS},
        {"timestamp-micros", FIRN_AVRO_LONG, FIRN_AVRO_TIMESTAMP_MICROS},
        {"timestamp-nanos", FIRN_AVRO_LONG, FIRN_AVRO_TIMESTAMP_NANOS},
        {"local-timestamp-millis", FIRN_AVRO_LONG, FIRN_AVRO_LOCAL_TIMESTAMP_MILLIS},
        {"local-timestamp-micros", FIRN_AVRO_LONG, FIRN_AVRO_LOCAL_TIMESTAMP_MICROS},
        {"local-timestamp-nanos", FIRN_AVRO_LONG, FIRN_AVRO_LOCAL_TIMESTAMP_NANOS},
        {"duration", FIRN_AVRO_FIXED, FIRN_AVRO_DURATION},
        {"map", FIRN_AVRO_ARRAY, FIRN_AVRO_KEY_VALUES},
    };
    const json_t *value = json_object_get(json, "logicalType");
    firn_avro_logical found = FIRN_AVRO_PLAIN;

    if (!json_is_string(value)) return;
    const firn_str name = {json_string_value(value), json_string_length(value)};
    for (size_t i = 0; i < sizeof k_annotations / sizeof k_annotations[0]; i++) {
        if (node->kind == k_annotations[i].kind &&
            firn_str_equals(name, firn_str_of(k_annotations[i].name)))
            found = k_annotations[i].logical;
    }
    node->adjust_to_utc = json_is_true(json_object_get(json, "adjust-to-utc"));
    const int32_t size = node->size;
    const bool is_text = node->kind == FIRN_AVRO_STRING;
    if ((found == FIRN_AVRO_DECIMAL && !is_decimal(json, node)) ||
        (found == FIRN_AVRO_UUID && !is_text && size != 16) ||
        (found == FIRN_AVRO_DURATION && size != 12) ||
        (found == FIRN_AVRO_KEY_VALUES && !is_key_values(node)))
        found = FIRN_AVRO_PLAIN;
    node->logical = found;
}

/* ---- names ---- */

static bool is_name_char(char c, bool is_first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') return true;
    return !is_first && c >= '0' && c <= '9';
}

/* Names joined by dots. */
static bool is_full_name(firn_str name)
{
    bool is_first = true;

    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '.' && !is_first) {
            is_first = true;
            continue;
        }
        if (!is_name_char(name.data[i], is_first)) return false;
        is_first = false;
    }
    return !is_first;
}

static size_t last_dot(firn_str name)
{
    for (size_t i = name.len; i > 0; i--) {
        if (name.data[i - 1] == '.') return i - 1;
    }
    return SIZE_MAX;
}

static firn_status full_name(parser *p, firn_str name, firn_str name_space, firn_str *out,
                             firn_error *err)
{
    if (last_dot(name) != SIZE_MAX || name_space.len == 0) return copy_str(p, name, out, err);
    *out = firn_arena_printf(p->arena, "%.*s.%.*s", FIRN_STR_ARG(name_space), FIRN_STR_ARG(name));
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

/* Give a record, enum or fixed its full name, make it known, and tell the scope of its inside. */
static firn_status register_name(parser *p, const json_t *json, firn_avro_schema *node,
                                 scope *inside, firn_error *err)
{
    firn_str name = {0};
    firn_str name_space = inside->name_space;
    bool has = false;
    size_t dot;

    FIRN_TRY(firn_json_get_str(json, "name", &name, err));
    FIRN_TRY(firn_json_opt_str(json, "namespace", &name_space, &has, err));
    if (!is_full_name(name))
        return firn_fail(err, FIRN_ERR_CORRUPT, "\"%.*s\" is not a name", FIRN_STR_ARG(name));
    if (find_primitive(name))
        return firn_fail(err, FIRN_ERR_CORRUPT, "type name \"%.*s\" is reserved",
                         FIRN_STR_ARG(name));
    FIRN_TRY(full_name(p, name, name_space, &node->name, err));
    if (firn_map_has(&p->names, node->name))
        return firn_fail(err, FIRN_ERR_CORRUPT, "type \"%.*s\" is defined twice",
                         FIRN_STR_ARG(node->name));
    FIRN_TRY(firn_map_put(&p->names, node->name, node, err));
    dot = last_dot(node->name);
    inside->name_space = dot == SIZE_MAX ? (firn_str){0} : firn_str_slice(node->name, 0, dot);
    return FIRN_OK;
}

static firn_status find_reference(parser *p, firn_str name, scope in, const firn_avro_schema **out,
                                  firn_error *err)
{
    firn_str full = {0};
    const firn_avro_schema *found;

    FIRN_TRY(full_name(p, name, in.name_space, &full, err));
    found = firn_map_find(&p->names, full);
    /* Several writers name a type of the null namespace from inside another one. */
    if (!found) found = firn_map_find(&p->names, name);
    if (!found)
        return firn_fail(err, FIRN_ERR_CORRUPT, "unknown type \"%.*s\"", FIRN_STR_ARG(name));
    *out = found;
    return FIRN_OK;
}

/* ---- composites ---- */

static firn_status new_fields(parser *p, size_t n, firn_avro_field **out, firn_error *err)
{
    *out = firn_arena_array(p->arena, n, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) (*out)[i].field_id = -1;
    return FIRN_OK;
}

/* A list of texts, copied. */
static firn_status read_texts(parser *p, const json_t *list, const char *what, const firn_str **out,
                              size_t *n_out, firn_error *err)
{
    const size_t n = json_array_size(list);
    firn_str *texts = firn_arena_array(p->arena, n, sizeof *texts);

    if (!texts) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item))
            return firn_fail(err, FIRN_ERR_CORRUPT, "%s %zu is no string", what, i);
        FIRN_TRY(copy_str(p, (firn_str){json_string_value(item), json_string_length(item)},
                          &texts[i], err));
    }
    *out = texts;
    *n_out = n;
    return FIRN_OK;
}

static firn_status parse_field(parser *p, const json_t *json, scope in, firn_avro_field *out,
                               firn_error *err)
{
    firn_str name = {0};
    const json_t *type;
    json_t *aliases = NULL;

    FIRN_TRY(firn_json_get_str(json, "name", &name, err));
    if (name.len == 0) return firn_fail(err, FIRN_ERR_CORRUPT, "field without name");
    FIRN_TRY(copy_str(p, name, &out->name, err));
    FIRN_TRY(read_id(json, "field-id", &out->field_id, err));
    FIRN_TRY(firn_json_opt_array(json, "aliases", &aliases, err));
    if (aliases) FIRN_TRY(read_texts(p, aliases, "alias", &out->aliases, &out->n_aliases, err));
    type = json_object_get(json, "type");
    if (!type)
        return firn_fail(err, FIRN_ERR_CORRUPT, "field \"%.*s\" has no \"type\"",
                         FIRN_STR_ARG(name));
    return parse_schema(p, type, in, &out->schema, err);
}

/* No field name twice; sums up the least size. A record that holds an unfinished one counts 1 for
 * it: that record has a union, array or map on the way back to itself, or no value at all. */
static firn_status finish_record(parser *p, firn_avro_schema *record, firn_error *err)
{
    uint64_t min_bytes = 0;
    firn_map seen;

    firn_map_init(&seen, p->arena);
    for (size_t i = 0; i < record->n_fields; i++) {
        const firn_avro_field *field = &record->fields[i];
        if (firn_map_has(&seen, field->name))
            return firn_fail(err, FIRN_ERR_CORRUPT, "record \"%.*s\" has two fields \"%.*s\"",
                             FIRN_STR_ARG(record->name), FIRN_STR_ARG(field->name));
        FIRN_TRY(firn_map_put(&seen, field->name, record, err));
        min_bytes += field->schema->min_bytes == IN_PROGRESS ? 1 : field->schema->min_bytes;
        if (min_bytes > MIN_BYTES_MAX) min_bytes = MIN_BYTES_MAX;
    }
    record->min_bytes = (uint32_t)min_bytes;
    return FIRN_OK;
}

static firn_status parse_record(parser *p, const json_t *json, scope in,
                                const firn_avro_schema **out, firn_error *err)
{
    firn_avro_schema *node = NULL;
    firn_avro_field *fields = NULL;
    json_t *list = NULL;

    FIRN_TRY(new_node(p, FIRN_AVRO_RECORD, &node, err));
    node->min_bytes = IN_PROGRESS;
    FIRN_TRY(register_name(p, json, node, &in, err));
    FIRN_TRY(firn_json_get_array(json, "fields", &list, err));
    FIRN_TRY(new_fields(p, json_array_size(list), &fields, err));
    for (size_t i = 0; i < json_array_size(list); i++)
        FIRN_TRY(parse_field(p, json_array_get(list, i), in, &fields[i], err));
    node->fields = fields;
    node->n_fields = json_array_size(list);
    FIRN_TRY(finish_record(p, node, err));
    *out = node;
    return FIRN_OK;
}

/* Symbols are names, each once; the default is one of them. */
static firn_status check_symbols(parser *p, const firn_avro_schema *node, const json_t *json,
                                 firn_error *err)
{
    firn_str fallback = {0};
    bool has = false;
    firn_map seen;

    firn_map_init(&seen, p->names.arena);
    for (size_t i = 0; i < node->n_symbols; i++) {
        const firn_str symbol = node->symbols[i];
        if (!is_full_name(symbol) || last_dot(symbol) != SIZE_MAX)
            return firn_fail(err, FIRN_ERR_CORRUPT, "symbol \"%.*s\" of \"%.*s\" is not a name",
                             FIRN_STR_ARG(symbol), FIRN_STR_ARG(node->name));
        if (firn_map_has(&seen, symbol))
            return firn_fail(err, FIRN_ERR_CORRUPT, "enum \"%.*s\" has two symbols \"%.*s\"",
                             FIRN_STR_ARG(node->name), FIRN_STR_ARG(symbol));
        FIRN_TRY(firn_map_put(&seen, symbol, p, err));
    }
    FIRN_TRY(firn_json_opt_str(json, "default", &fallback, &has, err));
    if (!has || firn_map_has(&seen, fallback)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "default \"%.*s\" is no symbol of \"%.*s\"",
                     FIRN_STR_ARG(fallback), FIRN_STR_ARG(node->name));
}

static firn_status parse_enum(parser *p, const json_t *json, scope in, const firn_avro_schema **out,
                              firn_error *err)
{
    firn_avro_schema *node = NULL;
    json_t *list = NULL;

    FIRN_TRY(new_node(p, FIRN_AVRO_ENUM, &node, err));
    node->min_bytes = 1;
    FIRN_TRY(register_name(p, json, node, &in, err));
    FIRN_TRY(firn_json_get_array(json, "symbols", &list, err));
    FIRN_TRY(read_texts(p, list, "symbol", &node->symbols, &node->n_symbols, err));
    FIRN_TRY(check_symbols(p, node, json, err));
    *out = node;
    return FIRN_OK;
}

static firn_status parse_fixed(parser *p, const json_t *json, scope in,
                               const firn_avro_schema **out, firn_error *err)
{
    firn_avro_schema *node = NULL;

    FIRN_TRY(new_node(p, FIRN_AVRO_FIXED, &node, err));
    FIRN_TRY(register_name(p, json, node, &in, err));
    FIRN_TRY(firn_json_get_i32(json, "size", &node->size, err));
    if (node->size < 0) return firn_fail(err, FIRN_ERR_CORRUPT, "fixed of %d bytes", node->size);
    node->min_bytes = (uint32_t)node->size > MIN_BYTES_MAX ? MIN_BYTES_MAX : (uint32_t)node->size;
    read_logical(json, node);
    *out = node;
    return FIRN_OK;
}

static firn_status parse_items(parser *p, const json_t *json, const char *key, scope in,
                               firn_avro_schema *node, firn_error *err)
{
    const json_t *items = json_object_get(json, key);
    firn_avro_field *field = NULL;

    if (!items) return firn_fail(err, FIRN_ERR_CORRUPT, "missing \"%s\"", key);
    node->min_bytes = 1;
    FIRN_TRY(new_fields(p, 1, &field, err));
    FIRN_TRY(parse_schema(p, items, in, &field->schema, err));
    node->fields = field;
    node->n_fields = 1;
    read_logical(json, node);
    return FIRN_OK;
}

static firn_status parse_array(parser *p, const json_t *json, scope in,
                               const firn_avro_schema **out, firn_error *err)
{
    firn_avro_schema *node = NULL;

    FIRN_TRY(new_node(p, FIRN_AVRO_ARRAY, &node, err));
    FIRN_TRY(read_id(json, "element-id", &node->element_id, err));
    FIRN_TRY(parse_items(p, json, "items", in, node, err));
    *out = node;
    return FIRN_OK;
}

static firn_status parse_map(parser *p, const json_t *json, scope in, const firn_avro_schema **out,
                             firn_error *err)
{
    firn_avro_schema *node = NULL;

    FIRN_TRY(new_node(p, FIRN_AVRO_MAP, &node, err));
    FIRN_TRY(read_id(json, "key-id", &node->key_id, err));
    FIRN_TRY(read_id(json, "value-id", &node->value_id, err));
    FIRN_TRY(parse_items(p, json, "values", in, node, err));
    *out = node;
    return FIRN_OK;
}

static bool is_named(const firn_avro_schema *schema)
{
    return schema->kind == FIRN_AVRO_RECORD || schema->kind == FIRN_AVRO_ENUM ||
           schema->kind == FIRN_AVRO_FIXED;
}

/* A union holds no union, and each unnamed kind at most once. Named types were checked by name
 * when they were defined; the same one twice is as ambiguous. */
static firn_status check_branch(const firn_avro_field *fields, size_t i, firn_error *err)
{
    const firn_avro_schema *branch = fields[i].schema;

    if (branch->kind == FIRN_AVRO_UNION)
        return firn_fail(err, FIRN_ERR_CORRUPT, "union directly in a union");
    for (size_t k = 0; k < i; k++) {
        const firn_avro_schema *other = fields[k].schema;
        if (other == branch || (other->kind == branch->kind && !is_named(branch)))
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "union branches %zu and %zu are of the same type", k, i);
    }
    return FIRN_OK;
}

static firn_status parse_union(parser *p, const json_t *json, scope in,
                               const firn_avro_schema **out, firn_error *err)
{
    const size_t n = json_array_size(json);
    firn_avro_schema *node = NULL;
    firn_avro_field *fields = NULL;

    if (n > 1000) return firn_fail(err, FIRN_ERR_LIMIT, "union of %zu branches, limit 1000", n);
    FIRN_TRY(new_node(p, FIRN_AVRO_UNION, &node, err));
    node->min_bytes = 1;
    FIRN_TRY(new_fields(p, n, &fields, err));
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(parse_schema(p, json_array_get(json, i), in, &fields[i].schema, err));
        FIRN_TRY(check_branch(fields, i, err));
    }
    node->fields = fields;
    node->n_fields = n;
    *out = node;
    return FIRN_OK;
}

static firn_status parse_object(parser *p, const json_t *json, scope in,
                                const firn_avro_schema **out, firn_error *err)
{
    const json_t *type = json_object_get(json, "type");
    const struct primitive *primitive;
    firn_avro_schema *node = NULL;
    firn_str name = {0};

    if (json_is_object(type) || json_is_array(type)) return parse_schema(p, type, in, out, err);
    FIRN_TRY(firn_json_get_str(json, "type", &name, err));
    if (firn_str_equals(name, FIRN_STR("record")) || firn_str_equals(name, FIRN_STR("error")))
        return parse_record(p, json, in, out, err);
    if (firn_str_equals(name, FIRN_STR("enum"))) return parse_enum(p, json, in, out, err);
    if (firn_str_equals(name, FIRN_STR("fixed"))) return parse_fixed(p, json, in, out, err);
    if (firn_str_equals(name, FIRN_STR("array"))) return parse_array(p, json, in, out, err);
    if (firn_str_equals(name, FIRN_STR("map"))) return parse_map(p, json, in, out, err);
    primitive = find_primitive(name);
    if (!primitive) return find_reference(p, name, in, out, err);
    FIRN_TRY(new_node(p, primitive->kind, &node, err));
    node->min_bytes = primitive->min_bytes;
    read_logical(json, node);
    *out = node;
    return FIRN_OK;
}

static firn_status parse_text(parser *p, const json_t *json, scope in, const firn_avro_schema **out,
                              firn_error *err)
{
    const firn_str name = {json_string_value(json), json_string_length(json)};
    const struct primitive *primitive = find_primitive(name);
    firn_avro_schema *node = NULL;

    if (!primitive) return find_reference(p, name, in, out, err);
    FIRN_TRY(new_node(p, primitive->kind, &node, err));
    node->min_bytes = primitive->min_bytes;
    *out = node;
    return FIRN_OK;
}

static firn_status parse_schema(parser *p, const json_t *json, scope in,
                                const firn_avro_schema **out, firn_error *err)
{
    if (++in.depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "nested deeper than %d levels", FIRN_LIMIT_NESTING);
    if (json_is_object(json)) return parse_object(p, json, in, out, err);
    if (json_is_array(json)) return parse_union(p, json, in, out, err);
    if (json_is_string(json)) return parse_text(p, json, in, out, err);
    return firn_fail(err, FIRN_ERR_CORRUPT, "a type must be a string, an object or an array");
}

firn_status firn_avro_schema_parse(firn_str json, firn_arena *arena, const firn_avro_schema **out,
                                   firn_error *err)
{
    firn_arena *scratch = firn_arena_create(NULL, FIRN_LIMIT_METADATA);
    parser p = {.arena = arena};
    json_t *document = NULL;
    firn_status st;

    *out = NULL;
    if (!scratch) return firn_fail_nomem(err);
    firn_map_init(&p.names, scratch);
    st = firn_json_parse(json, scratch, &document, err);
    if (st == FIRN_OK) st = parse_schema(&p, document, (scope){.depth = 0}, out, err);
    firn_arena_destroy(scratch);
    if (st != FIRN_OK) *out = NULL;
    return firn_error_wrap(err, st, "avro schema");
}
