/* SPDX-License-Identifier: Apache-2.0 */
/* From an Iceberg type to Parquet leaf columns and schema elements (specification, "Parquet" data
 * type mappings). Not here: values. */
#include "format/parquet/write/parquet_leaf.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/columns/decimal.h"

enum { REQUIRED = 0, OPTIONAL = 1, REPEATED = 2 };

/* ConvertedType numbers of parquet.thrift. */
enum {
    CONVERTED_UTF8 = 0,
    CONVERTED_MAP = 1,
    CONVERTED_LIST = 3,
    CONVERTED_DECIMAL = 5,
    CONVERTED_DATE = 6,
    CONVERTED_TIME_MICROS = 8,
    CONVERTED_TIMESTAMP_MICROS = 10,
};

static firn_status copy_type(firn_arena *arena, const firn_type *type, firn_type *out, int depth,
                             firn_error *err)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "types nested deeper than %d", FIRN_LIMIT_NESTING);
    *out = *type;
    out->crs = firn_arena_copy(arena, type->crs);
    out->algorithm = firn_arena_copy(arena, type->algorithm);
    firn_field *fields = firn_arena_array(arena, type->n_fields, sizeof *fields);
    if (!out->crs.data || !out->algorithm.data || !fields) return firn_fail_nomem(err);
    out->fields = fields;
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *from = &type->fields[i];
        firn_type *inner = firn_arena_alloc(arena, sizeof *inner);
        if (!inner) return firn_fail_nomem(err);
        FIRN_TRY(copy_type(arena, from->type, inner, depth + 1, err));
        fields[i] = (firn_field){.id = from->id, .is_required = from->is_required, .type = inner};
        fields[i].name = firn_arena_copy(arena, from->name);
        if (!fields[i].name.data) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

firn_status firn_parquet_type_copy(firn_arena *arena, const firn_type *type, firn_type *out,
                                   firn_error *err)
{
    return copy_type(arena, type, out, 0, err);
}

static firn_parquet_physical decimal_physical(const firn_type *type, int32_t *length)
{
    if (type->precision <= 9) return FIRN_PHYSICAL_INT32;
    if (type->precision <= 18) return FIRN_PHYSICAL_INT64;
    *length = (int32_t)firn_decimal_fixed_size(type->precision);
    return FIRN_PHYSICAL_FIXED;
}

static firn_parquet_physical physical_of(const firn_type *type, int32_t *length)
{
    *length = 0;
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: return FIRN_PHYSICAL_BOOLEAN;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: return FIRN_PHYSICAL_INT32;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return FIRN_PHYSICAL_INT64;
    case FIRN_TYPE_FLOAT: return FIRN_PHYSICAL_FLOAT;
    case FIRN_TYPE_DOUBLE: return FIRN_PHYSICAL_DOUBLE;
    case FIRN_TYPE_DECIMAL: return decimal_physical(type, length);
    case FIRN_TYPE_UUID: *length = 16; return FIRN_PHYSICAL_FIXED;
    case FIRN_TYPE_FIXED: *length = type->length; return FIRN_PHYSICAL_FIXED;
    default: return FIRN_PHYSICAL_BYTE_ARRAY;
    }
}

/* ---- leaves ---- */

typedef struct leaf_walk {
    firn_arena *arena;
    firn_parquet_leaf *leaves;
    size_t n, cap;
    firn_parquet_step steps[FIRN_LIMIT_NESTING + 2];
    size_t n_steps;
    firn_str path[2 * FIRN_LIMIT_NESTING + 6];
    size_t n_path;
} leaf_walk;

static firn_status add_leaf(leaf_walk *walk, const firn_field *field, firn_parquet_part part,
                            firn_error *err)
{
    if (walk->n == FIRN_LIMIT_COLUMNS)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d leaf columns", FIRN_LIMIT_COLUMNS);
    firn_parquet_leaf *leaf =
        firn_arena_push(walk->arena, &walk->leaves, &walk->n, &walk->cap, sizeof *leaf);
    if (!leaf) return firn_fail_nomem(err);
    firn_parquet_step *steps = firn_arena_array(walk->arena, walk->n_steps, sizeof *steps);
    firn_str *path = firn_arena_array(walk->arena, walk->n_path, sizeof *path);
    if (!steps || !path) return firn_fail_nomem(err);
    leaf->field_id = field->id;
    leaf->type = field->type;
    leaf->part = part;
    leaf->physical = physical_of(field->type, &leaf->type_length);
    for (size_t i = 0; i < walk->n_steps; i++) {
        steps[i] = walk->steps[i];
        leaf->max_def = (uint8_t)(leaf->max_def + steps[i].is_optional + steps[i].is_repeated);
        leaf->max_rep = (uint8_t)(leaf->max_rep + steps[i].is_repeated);
    }
    for (size_t i = 0; i < walk->n_path; i++) path[i] = walk->path[i];
    leaf->steps = steps;
    leaf->n_steps = walk->n_steps;
    leaf->path = path;
    leaf->n_path = walk->n_path;
    return FIRN_OK;
}

static firn_status add_variant(leaf_walk *walk, const firn_field *field, firn_error *err)
{
    walk->path[walk->n_path++] = FIRN_STR("metadata");
    FIRN_TRY(add_leaf(walk, field, FIRN_LEAF_VARIANT_METADATA, err));
    walk->path[walk->n_path - 1] = FIRN_STR("value");
    FIRN_TRY(add_leaf(walk, field, FIRN_LEAF_VARIANT_VALUE, err));
    walk->n_path--;
    return FIRN_OK;
}

static firn_str group_name(const firn_type *type)
{
    return type->kind == FIRN_TYPE_LIST ? FIRN_STR("list") : FIRN_STR("key_value");
}

static firn_str member_name(const firn_type *type, size_t i)
{
    if (type->kind == FIRN_TYPE_LIST) return FIRN_STR("element");
    if (type->kind == FIRN_TYPE_MAP) return i == 0 ? FIRN_STR("key") : FIRN_STR("value");
    return type->fields[i].name;
}

/* A map's key is required whatever the field says. */
static bool is_optional_member(const firn_type *type, size_t i)
{
    return !type->fields[i].is_required && !(type->kind == FIRN_TYPE_MAP && i == 0);
}

static bool is_well_formed(const firn_type *type)
{
    if (type->kind == FIRN_TYPE_LIST) return type->n_fields == 1;
    if (type->kind == FIRN_TYPE_MAP) return type->n_fields == 2;
    return true;
}

static firn_status walk_members(leaf_walk *walk, const firn_type *type, firn_error *err)
{
    const size_t before = walk->n, n_path = walk->n_path;
    if (!is_well_formed(type))
        return firn_fail(err, FIRN_ERR_ARG, "list or map type with %zu fields", type->n_fields);
    if (type->kind != FIRN_TYPE_STRUCT) walk->path[walk->n_path++] = group_name(type);
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        const bool is_nested = !firn_type_is_primitive(field->type);
        if (field->type->kind == FIRN_TYPE_UNKNOWN) continue;
        if (walk->n_steps >= FIRN_LIMIT_NESTING)
            return firn_fail(err, FIRN_ERR_LIMIT, "types nested deeper than %d",
                             FIRN_LIMIT_NESTING);
        walk->steps[walk->n_steps++] = (firn_parquet_step){
            i, is_optional_member(type, i), is_nested && field->type->kind != FIRN_TYPE_STRUCT};
        walk->path[walk->n_path++] = member_name(type, i);
        if (is_nested)
            FIRN_TRY(walk_members(walk, field->type, err));
        else if (field->type->kind == FIRN_TYPE_VARIANT)
            FIRN_TRY(add_variant(walk, field, err));
        else
            FIRN_TRY(add_leaf(walk, field, FIRN_LEAF_WHOLE, err));
        walk->n_steps--;
        walk->n_path--;
    }
    walk->n_path = n_path;
    if (walk->n == before)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: a Parquet file with a group without columns");
    return FIRN_OK;
}

firn_status firn_parquet_leaves(firn_arena *arena, const firn_type *root, firn_parquet_leaf **out,
                                size_t *n_out, firn_error *err)
{
    leaf_walk *walk = firn_arena_alloc_zero(arena, sizeof *walk);
    if (!walk) return firn_fail_nomem(err);
    walk->arena = arena;
    FIRN_TRY(walk_members(walk, root, err));
    *out = walk->leaves;
    *n_out = walk->n;
    return FIRN_OK;
}

/* ---- schema elements ---- */

enum { TIME_MICROS = 2, TIME_NANOS = 3 }; /* branches of the union TimeUnit */

static void put_time(firn_thrift_writer *w, int16_t branch, bool is_utc, int16_t unit)
{
    firn_thrift_put_struct(w, branch);
    firn_thrift_put_bool(w, 1, is_utc);
    firn_thrift_put_struct(w, 2);
    firn_thrift_put_empty(w, unit);
    firn_thrift_put_end(w);
    firn_thrift_put_end(w);
}

static void put_decimal_type(firn_thrift_writer *w, const firn_type *type)
{
    firn_thrift_put_struct(w, 5);
    firn_thrift_put_i32(w, 1, type->scale);
    firn_thrift_put_i32(w, 2, type->precision);
    firn_thrift_put_end(w);
}

static void put_variant_type(firn_thrift_writer *w)
{
    firn_thrift_put_struct(w, 16);
    firn_thrift_put_i8(w, 1, 1); /* version of the encoding */
    firn_thrift_put_end(w);
}

static int32_t edge_algorithm(firn_str name)
{
    static const firn_str names[] = {FIRN_STR_INIT("spherical"), FIRN_STR_INIT("vincenty"),
                                     FIRN_STR_INIT("thomas"), FIRN_STR_INIT("andoyer"),
                                     FIRN_STR_INIT("karney")};
    for (int32_t i = 0; i < 5; i++)
        if (firn_str_equals_nocase(name, names[i])) return i;
    return 0;
}

static void put_geo_type(firn_thrift_writer *w, const firn_type *type)
{
    const bool is_geography = type->kind == FIRN_TYPE_GEOGRAPHY;
    firn_thrift_put_struct(w, is_geography ? 18 : 17);
    if (type->crs.len) firn_thrift_put_bytes(w, 1, type->crs);
    if (is_geography && type->algorithm.len)
        firn_thrift_put_i32(w, 2, edge_algorithm(type->algorithm));
    firn_thrift_put_end(w);
}

/* The union LogicalType as field 10 of the element, or nothing. */
static void put_logical(firn_thrift_writer *w, const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN:
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_STRUCT: return;
    default: break;
    }
    firn_thrift_put_struct(w, 10);
    switch (type->kind) {
    case FIRN_TYPE_STRING: firn_thrift_put_empty(w, 1); break;
    case FIRN_TYPE_MAP: firn_thrift_put_empty(w, 2); break;
    case FIRN_TYPE_LIST: firn_thrift_put_empty(w, 3); break;
    case FIRN_TYPE_DECIMAL: put_decimal_type(w, type); break;
    case FIRN_TYPE_DATE: firn_thrift_put_empty(w, 6); break;
    case FIRN_TYPE_TIME: put_time(w, 7, false, TIME_MICROS); break;
    case FIRN_TYPE_TIMESTAMP: put_time(w, 8, false, TIME_MICROS); break;
    case FIRN_TYPE_TIMESTAMPTZ: put_time(w, 8, true, TIME_MICROS); break;
    case FIRN_TYPE_TIMESTAMP_NS: put_time(w, 8, false, TIME_NANOS); break;
    case FIRN_TYPE_TIMESTAMPTZ_NS: put_time(w, 8, true, TIME_NANOS); break;
    case FIRN_TYPE_UUID: firn_thrift_put_empty(w, 14); break;
    case FIRN_TYPE_VARIANT: put_variant_type(w); break;
    default: put_geo_type(w, type); break;
    }
    firn_thrift_put_end(w);
}

/* ConvertedType is what readers older than LogicalType look at; -1: there is none. Strictly it has
 * no time without a zone, but parquet-java sets the micros types for both kinds, and readers that
 * know LogicalType prefer that. */
static int32_t converted_of(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_STRING: return CONVERTED_UTF8;
    case FIRN_TYPE_MAP: return CONVERTED_MAP;
    case FIRN_TYPE_LIST: return CONVERTED_LIST;
    case FIRN_TYPE_DECIMAL: return CONVERTED_DECIMAL;
    case FIRN_TYPE_DATE: return CONVERTED_DATE;
    case FIRN_TYPE_TIME: return CONVERTED_TIME_MICROS;
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ: return CONVERTED_TIMESTAMP_MICROS;
    default: return -1;
    }
}

static size_t stored_members(const firn_type *type)
{
    size_t n = 0;
    for (size_t i = 0; i < type->n_fields; i++)
        n += type->fields[i].type->kind != FIRN_TYPE_UNKNOWN;
    return n;
}

/* Children of the element for a field of this type; 0: it is a leaf. */
static size_t stored_children(const firn_type *type)
{
    if (type->kind == FIRN_TYPE_VARIANT) return 2;
    if (firn_type_is_primitive(type)) return 0;
    return type->kind == FIRN_TYPE_STRUCT ? stored_members(type) : 1;
}

static void put_group(firn_thrift_writer *w, int repetition, firn_str name, size_t n_children)
{
    firn_thrift_put_element_struct(w);
    if (repetition >= 0) firn_thrift_put_i32(w, 3, repetition);
    firn_thrift_put_bytes(w, 4, name);
    firn_thrift_put_i32(w, 5, (int32_t)n_children);
    firn_thrift_put_end(w);
}

static void put_field(firn_thrift_writer *w, const firn_field *field, int repetition, firn_str name)
{
    const firn_type *type = field->type;
    const size_t n_children = stored_children(type);
    int32_t length;
    firn_thrift_put_element_struct(w);
    if (n_children == 0) {
        firn_thrift_put_i32(w, 1, (int32_t)physical_of(type, &length));
        if (length) firn_thrift_put_i32(w, 2, length);
    }
    firn_thrift_put_i32(w, 3, repetition);
    firn_thrift_put_bytes(w, 4, name);
    if (n_children) firn_thrift_put_i32(w, 5, (int32_t)n_children);
    if (converted_of(type) >= 0) firn_thrift_put_i32(w, 6, converted_of(type));
    if (type->kind == FIRN_TYPE_DECIMAL) {
        firn_thrift_put_i32(w, 7, type->scale);
        firn_thrift_put_i32(w, 8, type->precision);
    }
    firn_thrift_put_i32(w, 9, field->id);
    put_logical(w, type);
    firn_thrift_put_end(w);
}

/* metadata and value: without field ids, which are the table's. */
static size_t put_variant_members(firn_thrift_writer *w)
{
    const firn_str names[] = {FIRN_STR("metadata"), FIRN_STR("value")};
    for (int i = 0; i < 2 && w; i++) {
        firn_thrift_put_element_struct(w);
        firn_thrift_put_i32(w, 1, FIRN_PHYSICAL_BYTE_ARRAY);
        firn_thrift_put_i32(w, 3, REQUIRED);
        firn_thrift_put_bytes(w, 4, names[i]);
        firn_thrift_put_end(w);
    }
    return 2;
}

/* Depth-first, parents before children; nesting was limited when the leaves were found. */
static size_t put_members(firn_thrift_writer *w, const firn_type *type)
{
    size_t n = 0;
    if (type->kind == FIRN_TYPE_VARIANT) return put_variant_members(w);
    if (type->kind == FIRN_TYPE_LIST || type->kind == FIRN_TYPE_MAP) {
        if (w) put_group(w, REPEATED, group_name(type), stored_members(type));
        n++;
    }
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        if (field->type->kind == FIRN_TYPE_UNKNOWN) continue;
        if (w)
            put_field(w, field, is_optional_member(type, i) ? OPTIONAL : REQUIRED,
                      member_name(type, i));
        n += 1 + put_members(w, field->type);
    }
    return n;
}

void firn_parquet_put_schema(firn_thrift_writer *w, int16_t id, const firn_type *root)
{
    firn_thrift_put_list_of_structs(w, id, 1 + put_members(NULL, root));
    put_group(w, -1, FIRN_STR("table"), stored_members(root));
    put_members(w, root);
}
