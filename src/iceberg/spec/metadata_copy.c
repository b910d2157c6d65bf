/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies: what an update brings must live as long as the metadata it ends up in. */
#include "iceberg/spec/metadata_copy.h"

#include <string.h>

bool firn_str_copy(firn_str s, firn_arena *arena, firn_str *out)
{
    *out = (firn_str){0};
    if (s.len == 0) return true;
    *out = firn_arena_copy(arena, s);
    return out->data != NULL;
}

static bool has_bytes(firn_type_kind kind)
{
    return kind == FIRN_TYPE_STRING || kind == FIRN_TYPE_UUID || kind == FIRN_TYPE_FIXED ||
           kind == FIRN_TYPE_BINARY || kind == FIRN_TYPE_VARIANT || kind == FIRN_TYPE_GEOMETRY ||
           kind == FIRN_TYPE_GEOGRAPHY;
}

bool firn_value_copy(const firn_value *value, firn_arena *arena, firn_value *out)
{
    *out = *value;
    if (value->is_null || !has_bytes(value->kind)) return true;
    return firn_str_copy(value->as.bytes, arena, &out->as.bytes);
}

static bool copy_default(const firn_value *value, firn_arena *arena, const firn_value **out)
{
    *out = NULL;
    if (!value) return true;
    firn_value *copy = firn_arena_alloc(arena, sizeof *copy);
    *out = copy;
    return copy && firn_value_copy(value, arena, copy);
}

static bool copy_field(const firn_field *field, firn_arena *arena, firn_field *out)
{
    *out = *field;
    firn_type *type = firn_arena_alloc(arena, sizeof *type);
    out->type = type;
    return type && firn_type_copy(field->type, arena, type) &&
           firn_str_copy(field->name, arena, &out->name) &&
           firn_str_copy(field->doc, arena, &out->doc) &&
           firn_str_copy(field->extra_json, arena, &out->extra_json) &&
           copy_default(field->initial_default, arena, &out->initial_default) &&
           copy_default(field->write_default, arena, &out->write_default);
}

bool firn_type_copy(const firn_type *type, firn_arena *arena, firn_type *out)
{
    *out = *type;
    if (!firn_str_copy(type->crs, arena, &out->crs)) return false;
    if (!firn_str_copy(type->algorithm, arena, &out->algorithm)) return false;
    if (!firn_str_copy(type->extra_json, arena, &out->extra_json)) return false;
    firn_field *fields = firn_arena_array(arena, type->n_fields, sizeof *fields);
    if (!fields) return false;
    for (size_t i = 0; i < type->n_fields; i++) {
        if (!copy_field(&type->fields[i], arena, &fields[i])) return false;
    }
    out->fields = fields;
    return true;
}

firn_schema *firn_schema_copy(const firn_schema *schema, firn_arena *arena)
{
    firn_schema *copy = firn_arena_alloc(arena, sizeof *copy);
    const size_t n = schema->n_identifier_field_ids;
    int32_t *ids = firn_arena_array(arena, n, sizeof *ids);
    if (!copy || !ids) return NULL;
    *copy = *schema;
    if (n > 0) memcpy(ids, schema->identifier_field_ids, n * sizeof *ids);
    copy->identifier_field_ids = ids;
    return firn_type_copy(&schema->root, arena, &copy->root) ? copy : NULL;
}

static bool copy_ids(size_t n, firn_arena *arena, const int32_t **ids)
{
    if (n == 0) return true;
    int32_t *copy = firn_arena_array(arena, n, sizeof *copy);
    if (copy) memcpy(copy, *ids, n * sizeof *copy);
    *ids = copy;
    return copy != NULL;
}

firn_partition_field *firn_partition_fields_copy(const firn_partition_field *fields, size_t n,
                                                 firn_arena *arena)
{
    firn_partition_field *copy = firn_arena_array(arena, n, sizeof *copy);
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = fields[i];
        if (!firn_str_copy(fields[i].name, arena, &copy[i].name)) return NULL;
        if (!firn_str_copy(fields[i].transform.text, arena, &copy[i].transform.text)) return NULL;
        if (!firn_str_copy(fields[i].extra_json, arena, &copy[i].extra_json)) return NULL;
        if (!copy_ids(fields[i].n_source_ids, arena, &copy[i].source_ids)) return NULL;
    }
    return copy;
}

firn_sort_field *firn_sort_fields_copy(const firn_sort_field *fields, size_t n, firn_arena *arena)
{
    firn_sort_field *copy = firn_arena_array(arena, n, sizeof *copy);
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = fields[i];
        if (!firn_str_copy(fields[i].transform.text, arena, &copy[i].transform.text)) return NULL;
        if (!firn_str_copy(fields[i].extra_json, arena, &copy[i].extra_json)) return NULL;
        if (!copy_ids(fields[i].n_source_ids, arena, &copy[i].source_ids)) return NULL;
    }
    return copy;
}

bool firn_properties_copy(const firn_properties *properties, firn_arena *arena,
                          firn_properties *out)
{
    firn_property *items = firn_arena_array(arena, properties->n, sizeof *items);
    for (size_t i = 0; items && i < properties->n; i++) {
        if (!firn_str_copy(properties->items[i].key, arena, &items[i].key)) return false;
        if (!firn_str_copy(properties->items[i].value, arena, &items[i].value)) return false;
    }
    *out = (firn_properties){items, properties->n};
    return items != NULL;
}

bool firn_snapshot_copy(const firn_snapshot *snapshot, firn_arena *arena, firn_snapshot *out)
{
    *out = *snapshot;
    out->json = (firn_str){0};
    firn_str *paths = firn_arena_array(arena, snapshot->n_manifests, sizeof *paths);
    if (!paths) return false;
    for (size_t i = 0; i < snapshot->n_manifests; i++) {
        if (!firn_str_copy(snapshot->manifests[i], arena, &paths[i])) return false;
    }
    out->manifests = snapshot->manifests ? paths : NULL;
    return firn_str_copy(snapshot->manifest_list, arena, &out->manifest_list) &&
           firn_str_copy(snapshot->operation, arena, &out->operation) &&
           firn_properties_copy(&snapshot->summary, arena, &out->summary) &&
           firn_str_copy(snapshot->key_id, arena, &out->key_id) &&
           firn_str_copy(snapshot->extra_json, arena, &out->extra_json);
}
