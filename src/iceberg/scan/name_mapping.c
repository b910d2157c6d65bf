/* SPDX-License-Identifier: Apache-2.0 */
/* Name mappings: parsing, and renaming a projection to the names of a file. */
#include "iceberg/scan/name_mapping.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/json/json.h"

/* ---- parse ---- */

static firn_status parse_names(const json_t *array, firn_arena *arena, firn_mapped_field *out,
                               firn_error *err)
{
    const size_t n = json_array_size(array);
    firn_str *names = firn_arena_array(arena, n, sizeof *names);
    if (!names) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(array, i);
        if (!json_is_string(item))
            return firn_fail(err, FIRN_ERR_CORRUPT, "name mapping: a name is not a string");
        names[i] = (firn_str){json_string_value(item), json_string_length(item)};
    }
    out->names = names;
    out->n_names = n;
    return FIRN_OK;
}

/* Nesting is bounded by the JSON parser. */
static firn_status parse_fields(const json_t *array, firn_arena *arena, firn_name_mapping *out,
                                firn_error *err)
{
    const size_t n = json_array_size(array);
    firn_mapped_field *fields = firn_arena_array(arena, n, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(array, i);
        json_t *list = NULL;
        int64_t id = -1;
        bool has = false;
        if (!json_is_object(item))
            return firn_fail(err, FIRN_ERR_CORRUPT, "name mapping: a field is not an object");
        FIRN_TRY(firn_json_opt_i64(item, "field-id", &id, &has, err));
        fields[i].field_id = has && id >= 0 && id <= INT32_MAX ? (int32_t)id : -1;
        FIRN_TRY(firn_json_get_array(item, "names", &list, err));
        FIRN_TRY(parse_names(list, arena, &fields[i], err));
        list = NULL;
        FIRN_TRY(firn_json_opt_array(item, "fields", &list, err));
        if (list) FIRN_TRY(parse_fields(list, arena, &fields[i].children, err));
    }
    out->fields = fields;
    out->n = n;
    return FIRN_OK;
}

firn_status firn_name_mapping_parse(firn_str json, firn_arena *arena, const firn_name_mapping **out,
                                    firn_error *err)
{
    json_t *root = NULL;
    firn_name_mapping *mapping = firn_arena_alloc_zero(arena, sizeof *mapping);
    if (!mapping) return firn_fail_nomem(err);
    FIRN_TRY(firn_error_wrap(err, firn_json_parse(json, arena, &root, err), "name mapping"));
    if (!json_is_array(root))
        return firn_fail(err, FIRN_ERR_CORRUPT, "name mapping is not an array");
    FIRN_TRY(parse_fields(root, arena, mapping, err));
    *out = mapping;
    return FIRN_OK;
}

/* ---- apply ---- */

static const firn_field *find_by_name(const firn_type *type, firn_str name)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (firn_str_equals(type->fields[i].name, name)) return &type->fields[i];
    return NULL;
}

static const firn_mapped_field *find_mapped(const firn_name_mapping *mapping, int32_t field_id)
{
    for (size_t i = 0; mapping && i < mapping->n; i++)
        if (mapping->fields[i].field_id == field_id) return &mapping->fields[i];
    return NULL;
}

const firn_field *firn_name_mapping_find(const firn_name_mapping *mapping, const firn_field *wanted,
                                         const firn_type *file)
{
    if (!mapping) return find_by_name(file, wanted->name);
    const firn_mapped_field *mapped = find_mapped(mapping, wanted->id);
    for (size_t i = 0; mapped && i < mapped->n_names; i++) {
        const firn_field *field = find_by_name(file, mapped->names[i]);
        if (field) return field;
    }
    return NULL;
}

static firn_status rename_type(const firn_name_mapping *mapping, const firn_type *wanted,
                               const firn_type *file, firn_arena *arena, const firn_type **out,
                               firn_error *err);

/* A name the file does not have, so that the column is found missing. */
static firn_status name_missing(const firn_type *file, firn_arena *arena, firn_field *field,
                                firn_error *err)
{
    if (!find_by_name(file, field->name)) return FIRN_OK;
    field->name = firn_arena_printf(arena, "\x01%d", (int)field->id);
    return field->name.data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status rename_field(const firn_name_mapping *mapping, const firn_type *file,
                                size_t index, firn_arena *arena, firn_field *field, firn_error *err)
{
    const bool is_struct = file->kind == FIRN_TYPE_STRUCT;
    const firn_mapped_field *mapped = find_mapped(mapping, field->id);
    const firn_name_mapping none = {0};
    const firn_name_mapping *children = mapped ? &mapped->children : mapping ? &none : NULL;
    /* Elements, keys and values are found by place. */
    const firn_field *found =
        is_struct ? firn_name_mapping_find(mapping, field, file) : &file->fields[index];
    if (!found) return name_missing(file, arena, field, err);
    field->name = found->name;
    return rename_type(children, field->type, found->type, arena, &field->type, err);
}

/* Types of table and file nest no deeper than their parsers allow. */
static firn_status rename_type(const firn_name_mapping *mapping, const firn_type *wanted,
                               const firn_type *file, firn_arena *arena, const firn_type **out,
                               firn_error *err)
{
    *out = wanted;
    if (firn_type_is_primitive(wanted) || wanted->kind != file->kind) return FIRN_OK;
    if (wanted->kind != FIRN_TYPE_STRUCT && wanted->n_fields != file->n_fields) return FIRN_OK;
    firn_type *type = firn_arena_alloc(arena, sizeof *type);
    firn_field *fields = firn_arena_array(arena, wanted->n_fields, sizeof *fields);
    if (!type || !fields) return firn_fail_nomem(err);
    if (wanted->n_fields > 0) memcpy(fields, wanted->fields, wanted->n_fields * sizeof *fields);
    for (size_t i = 0; i < wanted->n_fields; i++)
        FIRN_TRY(rename_field(mapping, file, i, arena, &fields[i], err));
    *type = *wanted;
    type->fields = fields;
    *out = type;
    return FIRN_OK;
}

firn_status firn_name_mapping_apply(const firn_name_mapping *mapping, const firn_type *wanted,
                                    const firn_type *file, firn_arena *arena, const firn_type **out,
                                    firn_error *err)
{
    return rename_type(mapping, wanted, file, arena, out, err);
}
