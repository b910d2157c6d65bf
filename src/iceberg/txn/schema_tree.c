/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over type trees. Depth is bounded by FIRN_LIMIT_NESTING, which copying checks first. */
#include "iceberg/txn/schema_tree.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/txn/schema_edit.h"

/* ---- copy ---- */

struct copy_op {
    firn_arena *arena;
    int32_t *last_id;
    firn_id_map *map;
};

static firn_status copy_text(firn_arena *arena, firn_str text, firn_str *out, firn_error *err)
{
    *out = (firn_str){0};
    if (text.len == 0) return FIRN_OK;
    *out = firn_arena_copy(arena, text);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status copy_default(firn_arena *arena, const firn_value *value, const firn_value **out,
                                firn_error *err)
{
    *out = NULL;
    if (!value) return FIRN_OK;
    firn_value *copy = firn_arena_alloc(arena, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    *copy = *value;
    switch (value->kind) {
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY:
        if (!value->is_null) FIRN_TRY(copy_text(arena, value->as.bytes, &copy->as.bytes, err));
        break;
    default: break;
    }
    *out = copy;
    return FIRN_OK;
}

static firn_status add_mapping(firn_id_map *map, int32_t old_id, int32_t new_id, firn_error *err)
{
    size_t n_new = map->n;
    size_t cap_new = map->cap;
    int32_t *old_slot =
        firn_arena_push(map->arena, &map->old_ids, &map->n, &map->cap, sizeof *old_slot);
    int32_t *new_slot =
        firn_arena_push(map->arena, &map->new_ids, &n_new, &cap_new, sizeof *new_slot);
    if (!old_slot || !new_slot) return firn_fail_nomem(err);
    *old_slot = old_id;
    *new_slot = new_id;
    return FIRN_OK;
}

/* Values of the old type can be read as the new one, whatever the format version. */
static bool may_become(const firn_type *old, const firn_type *type)
{
    enum { OLDEST_VERSION = 1 };
    if (firn_type_is_primitive(type))
        return firn_type_equals(old, type) || firn_type__is_promotion(old, type, OLDEST_VERSION);
    if (old->kind != type->kind || old->n_fields == 0 || type->n_fields == 0) return false;
    if (type->kind == FIRN_TYPE_STRUCT) return true; /* its fields are looked at by themselves */
    const firn_type *key = type->fields[0].type;
    if (type->kind == FIRN_TYPE_MAP &&
        !(firn_type_is_primitive(key) && firn_type_equals(old->fields[0].type, key)))
        return false;
    const size_t last = type->n_fields - 1;
    return old->n_fields == type->n_fields &&
           may_become(old->fields[last].type, type->fields[last].type);
}

/* The field of the base that the i-th field of a type goes on with; NULL if none. */
static const firn_field *base_field(const firn_type *base, const firn_type *type, size_t i)
{
    if (!base || base->kind != type->kind) return NULL;
    const firn_field *old = NULL;
    if (type->kind != FIRN_TYPE_STRUCT) {
        old = i < base->n_fields ? &base->fields[i] : NULL;
    } else {
        for (size_t f = 0; f < base->n_fields && !old; f++)
            if (firn_str_equals(base->fields[f].name, type->fields[i].name)) old = &base->fields[f];
    }
    return old && may_become(old->type, type->fields[i].type) ? old : NULL;
}

static firn_status copy_field(struct copy_op *op, const firn_field *field, const firn_field *kept,
                              firn_field *out, firn_error *err)
{
    *out = *field;
    FIRN_TRY(copy_text(op->arena, field->name, &out->name, err));
    FIRN_TRY(copy_text(op->arena, field->doc, &out->doc, err));
    FIRN_TRY(copy_text(op->arena, field->extra_json, &out->extra_json, err));
    FIRN_TRY(copy_default(op->arena, field->initial_default, &out->initial_default, err));
    FIRN_TRY(copy_default(op->arena, field->write_default, &out->write_default, err));
    if (!op->last_id) return FIRN_OK;
    if (!kept && *op->last_id >= FIRN_RESERVED_FIELD_ID - 1)
        return firn_fail(err, FIRN_ERR_LIMIT, "no field id left below the reserved ids");
    out->id = kept ? kept->id : ++*op->last_id;
    return op->map ? add_mapping(op->map, field->id, out->id, err) : FIRN_OK;
}

static firn_status copy_type(struct copy_op *op, const firn_type *type, const firn_type *base,
                             int depth, firn_type *out, firn_error *err)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "types nested deeper than %d", FIRN_LIMIT_NESTING);
    *out = *type;
    FIRN_TRY(copy_text(op->arena, type->crs, &out->crs, err));
    FIRN_TRY(copy_text(op->arena, type->algorithm, &out->algorithm, err));
    FIRN_TRY(copy_text(op->arena, type->extra_json, &out->extra_json, err));
    if (firn_type_is_primitive(type)) return FIRN_OK;
    firn_field *fields = firn_arena_array(op->arena, type->n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < type->n_fields; i++)
        FIRN_TRY(copy_field(op, &type->fields[i], base_field(base, type, i), &fields[i], err));
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *kept = base_field(base, type, i);
        firn_type *child = firn_arena_alloc_zero(op->arena, sizeof *child);
        if (!child) return firn_fail_nomem(err);
        FIRN_TRY(
            copy_type(op, type->fields[i].type, kept ? kept->type : NULL, depth + 1, child, err));
        fields[i].type = child;
    }
    out->fields = fields;
    return FIRN_OK;
}

firn_status firn_type__copy(const firn_type *type, firn_arena *arena, int32_t *last_id,
                            firn_id_map *map, firn_type *out, firn_error *err)
{
    struct copy_op op = {arena, last_id, map};
    return copy_type(&op, type, map ? map->base : NULL, 0, out, err);
}

int32_t firn_id_map__find(const firn_id_map *map, int32_t old_id)
{
    for (size_t i = 0; i < map->n; i++)
        if (map->old_ids[i] == old_id) return map->new_ids[i];
    return -1;
}

firn_status firn_schema__copy(const firn_schema *schema, firn_arena *arena, int32_t *last_id,
                              firn_id_map *map, firn_schema **out, firn_error *err)
{
    firn_id_map own = {.arena = arena};
    if (!map) map = &own;
    firn_schema *copy = firn_arena_alloc_zero(arena, sizeof *copy);
    int32_t *ids = firn_arena_array(arena, schema->n_identifier_field_ids, sizeof *ids);
    if (!copy || !ids) return firn_fail_nomem(err);
    *copy = *schema;
    FIRN_TRY(firn_type__copy(&schema->root, arena, last_id, map, &copy->root, err));
    for (size_t i = 0; i < schema->n_identifier_field_ids; i++) {
        const int32_t old_id = schema->identifier_field_ids[i];
        ids[i] = last_id ? firn_id_map__find(map, old_id) : old_id;
        if (ids[i] < 0)
            return firn_fail(err, FIRN_ERR_ARG, "identifier field id %d is not in the schema",
                             old_id);
    }
    copy->identifier_field_ids = ids;
    *out = copy;
    return FIRN_OK;
}

/* ---- questions ---- */

bool firn_tree__contains(const firn_field *field, int32_t id)
{
    if (field->id == id) return true;
    for (size_t i = 0; i < field->type->n_fields; i++)
        if (firn_tree__contains(&field->type->fields[i], id)) return true;
    return false;
}

const firn_type *firn_tree__parent(const firn_type *root, int32_t id)
{
    for (size_t i = 0; i < root->n_fields; i++) {
        if (root->fields[i].id == id) return root->kind == FIRN_TYPE_STRUCT ? root : NULL;
        if (firn_tree__contains(&root->fields[i], id))
            return firn_tree__parent(root->fields[i].type, id);
    }
    return NULL;
}

bool firn_tree__is_in_map_key(const firn_type *root, int32_t id)
{
    for (size_t i = 0; i < root->n_fields; i++) {
        if (!firn_tree__contains(&root->fields[i], id)) continue;
        if (root->kind == FIRN_TYPE_MAP && i == 0) return true;
        return firn_tree__is_in_map_key(root->fields[i].type, id);
    }
    return false;
}

bool firn_tree__is_repeated(const firn_type *root, int32_t id)
{
    for (size_t i = 0; i < root->n_fields; i++) {
        if (!firn_tree__contains(&root->fields[i], id)) continue;
        if (root->kind != FIRN_TYPE_STRUCT) return true;
        return root->fields[i].id != id && firn_tree__is_repeated(root->fields[i].type, id);
    }
    return false;
}

bool firn_tree__is_in_optional(const firn_type *root, int32_t id)
{
    for (size_t i = 0; i < root->n_fields; i++) {
        const firn_field *field = &root->fields[i];
        if (field->id == id || !firn_tree__contains(field, id)) continue;
        return !field->is_required || firn_tree__is_in_optional(field->type, id);
    }
    return false;
}

/* ---- edit ---- */

static size_t index_of(const firn_type *type, int32_t id)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].id == id) return i;
    return type->n_fields;
}

static void insert_at(firn_field *fields, size_t *n, size_t at, firn_field field)
{
    for (size_t i = *n; i > at; i--) fields[i] = fields[i - 1];
    fields[at] = field;
    (*n)++;
}

static void remove_at(firn_field *fields, size_t *n, size_t at)
{
    for (size_t i = at; i + 1 < *n; i++) fields[i] = fields[i + 1];
    (*n)--;
}

/* The edit applied to the fields of one struct that directly holds its target. */
static void edit_fields(const firn_tree_edit *edit, size_t at, firn_field *fields, size_t *n)
{
    const firn_field moved = at < *n ? fields[at] : (firn_field){0};
    switch (edit->kind) {
    case FIRN_EDIT_SET: fields[at] = *edit->field; break;
    case FIRN_EDIT_DROP: remove_at(fields, n, at); break;
    case FIRN_EDIT_ADD: insert_at(fields, n, edit->position, *edit->field); break;
    case FIRN_EDIT_MOVE:
        remove_at(fields, n, at);
        insert_at(fields, n, edit->position, moved);
        break;
    }
}

static firn_status edit_type(const firn_type *type, bool is_target, const firn_tree_edit *edit,
                             firn_arena *arena, firn_type *out, firn_error *err)
{
    firn_field *fields = firn_arena_array(arena, type->n_fields + 1, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    size_t n = type->n_fields;
    for (size_t i = 0; i < n; i++) fields[i] = type->fields[i];
    *out = *type;
    const size_t at = index_of(type, edit->id);
    if (is_target || (edit->kind != FIRN_EDIT_ADD && at < n)) {
        edit_fields(edit, at, fields, &n);
    } else {
        for (size_t i = 0; i < n; i++) {
            if (!firn_tree__contains(&fields[i], edit->id)) continue;
            firn_type *child = firn_arena_alloc_zero(arena, sizeof *child);
            if (!child) return firn_fail_nomem(err);
            FIRN_TRY(edit_type(fields[i].type, fields[i].id == edit->id, edit, arena, child, err));
            fields[i].type = child;
            break;
        }
    }
    out->fields = fields;
    out->n_fields = n;
    return FIRN_OK;
}

firn_status firn_tree__edit(const firn_type *root, const firn_tree_edit *edit, firn_arena *arena,
                            firn_type *out, firn_error *err)
{
    return edit_type(root, edit->kind == FIRN_EDIT_ADD && edit->id == 0, edit, arena, out, err);
}
