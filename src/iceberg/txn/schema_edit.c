/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/txn/schema_edit.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/expr/expr_value.h"

/* ---- finding ---- */

firn_status firn_draft__need_column(const firn_schema *schema, firn_str path,
                                    const firn_field **out, firn_error *err)
{
    *out = firn_schema_find_name(schema, path);
    if (*out) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_NOT_FOUND, "no column \"%.*s\"", FIRN_STR_ARG(path));
}

/* A column that has a name and place of its own, unlike "element", "key" and "value". */
firn_status firn_draft__need_struct_field(const firn_schema *schema, firn_str path,
                                          const firn_field **out, const firn_type **parent_out,
                                          firn_error *err)
{
    FIRN_TRY(firn_draft__need_column(schema, path, out, err));
    *parent_out = firn_tree__parent(&schema->root, (*out)->id);
    if (!*parent_out)
        return firn_fail(err, FIRN_ERR_ARG,
                         "\"%.*s\" is the element, key or value of a list or map, not a column",
                         FIRN_STR_ARG(path));
    if (firn_tree__is_in_map_key(&schema->root, (*out)->id))
        return firn_fail(err, FIRN_ERR_ARG, "\"%.*s\" is part of a map key, which cannot change",
                         FIRN_STR_ARG(path));
    return FIRN_OK;
}

bool firn_schema__is_identifier(const firn_schema *schema, int32_t id)
{
    for (size_t i = 0; i < schema->n_identifier_field_ids; i++)
        if (schema->identifier_field_ids[i] == id) return true;
    return false;
}

int32_t firn_draft__version(const firn_txn_draft *draft)
{
    return draft->format_version > 0 ? draft->format_version : draft->base->format_version;
}

/* ---- changing ---- */

firn_status firn_draft__edit(firn_txn_draft *draft, const firn_tree_edit *edit, firn_error *err)
{
    firn_schema *schema = firn_arena_alloc_zero(draft->arena, sizeof *schema);
    if (!schema) return firn_fail_nomem(err);
    *schema = *draft->schema;
    FIRN_TRY(firn_tree__edit(&draft->schema->root, edit, draft->arena, &schema->root, err));
    draft->schema = schema;
    draft->has_schema = true;
    return FIRN_OK;
}

firn_status firn_draft__set_field(firn_txn_draft *draft, const firn_field *field, firn_error *err)
{
    const firn_tree_edit edit = {.kind = FIRN_EDIT_SET, .id = field->id, .field = field};
    return firn_draft__edit(draft, &edit, err);
}

firn_status firn_txn__act_on_column(firn_txn *txn, firn_action_fn apply, firn_str path,
                                    firn_str text, firn_error *err)
{
    firn_txn_action action = {.apply = apply, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    FIRN_TRY(firn_txn__copy(txn, path, &action.path, err));
    FIRN_TRY(firn_txn__copy(txn, text, &action.text, err));
    return firn_txn__act(txn, &action, err);
}

/* ---- new fields ---- */

static bool has_value(const firn_value *value)
{
    return value && !value->is_null;
}

static firn_status check_type_version(const firn_type *type, int32_t version, firn_error *err)
{
    char name[64];
    const bool is_v3 = type->kind == FIRN_TYPE_UNKNOWN || type->kind == FIRN_TYPE_TIMESTAMP_NS ||
                       type->kind == FIRN_TYPE_TIMESTAMPTZ_NS || type->kind == FIRN_TYPE_VARIANT ||
                       type->kind == FIRN_TYPE_GEOMETRY || type->kind == FIRN_TYPE_GEOGRAPHY;
    if (is_v3 && version < 3)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: type %s in a table of format version %d, 3 is needed",
                         firn_type_name(type, name, sizeof name), version);
    return FIRN_OK;
}

firn_status firn_draft__check_default(const firn_txn_draft *draft, firn_str path,
                                      const firn_type *type, const firn_value *value,
                                      firn_value *out, firn_error *err)
{
    char name[64];
    firn_fit fit = FIRN_FIT_EXACT;
    if (firn_draft__version(draft) < 3)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: default of column \"%.*s\" in a table of format version "
                         "%d, 3 is needed",
                         FIRN_STR_ARG(path), firn_draft__version(draft));
    const bool is_empty = type->kind == FIRN_TYPE_STRUCT && value->kind == FIRN_TYPE_STRUCT;
    if (value->is_null || is_empty) {
        *out = (firn_value){.kind = type->kind, .is_null = value->is_null};
        return FIRN_OK;
    }
    const bool has_no_default = type->kind == FIRN_TYPE_UNKNOWN ||
                                type->kind == FIRN_TYPE_VARIANT ||
                                type->kind == FIRN_TYPE_GEOMETRY ||
                                type->kind == FIRN_TYPE_GEOGRAPHY || !firn_type_is_primitive(type);
    if (has_no_default)
        return firn_fail(err, FIRN_ERR_ARG,
                         "column \"%.*s\" of type %s can only have null as its default",
                         FIRN_STR_ARG(path), firn_type_name(type, name, sizeof name));
    const firn_status st = firn_literal_convert(value, type, draft->arena, out, &fit, NULL);
    if (st == FIRN_ERR_NOMEM) return firn_fail_nomem(err);
    if (st == FIRN_OK && fit == FIRN_FIT_EXACT) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "the default of column \"%.*s\" is not a value of type %s",
                     FIRN_STR_ARG(path), firn_type_name(type, name, sizeof name));
}

static firn_status settle_default(const firn_txn_draft *draft, const firn_field *field,
                                  const firn_value *value, const firn_value **out, firn_error *err)
{
    firn_value *made = firn_arena_alloc_zero(draft->arena, sizeof *made);
    *out = made;
    if (!made) return firn_fail_nomem(err);
    return firn_draft__check_default(draft, field->name, field->type, value, made, err);
}

/* Nested no deeper than types are. */
static firn_status check_below(const firn_txn_draft *draft, const firn_type *type, firn_error *err)
{
    FIRN_TRY(check_type_version(type, firn_draft__version(draft), err));
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        const firn_value *ignored = NULL;
        if (field->initial_default)
            FIRN_TRY(settle_default(draft, field, field->initial_default, &ignored, err));
        if (field->write_default)
            FIRN_TRY(settle_default(draft, field, field->write_default, &ignored, err));
        FIRN_TRY(check_below(draft, field->type, err));
    }
    return FIRN_OK;
}

firn_status firn_draft__check_new_field(const firn_txn_draft *draft, firn_field *field,
                                        firn_error *err)
{
    const firn_value *initial = field->initial_default;
    const firn_value *write = field->write_default;
    FIRN_TRY(check_below(draft, field->type, err));
    if (initial || write) {
        FIRN_TRY(
            settle_default(draft, field, initial ? initial : write, &field->initial_default, err));
        FIRN_TRY(settle_default(draft, field, write ? write : initial, &field->write_default, err));
    }
    if (field->is_required &&
        (!has_value(field->initial_default) || !has_value(field->write_default)))
        return firn_fail(err, FIRN_ERR_ARG,
                         "column \"%.*s\" cannot be added as required without a default: rows "
                         "that are there have no value for it",
                         FIRN_STR_ARG(field->name));
    return FIRN_OK;
}

firn_status firn_draft__number_field(firn_txn_draft *draft, firn_field *field, firn_error *err)
{
    firn_type *type = firn_arena_alloc_zero(draft->arena, sizeof *type);
    if (!type) return firn_fail_nomem(err);
    if (draft->last_column_id >= FIRN_RESERVED_FIELD_ID - 1)
        return firn_fail(err, FIRN_ERR_LIMIT, "no field id left below the reserved ids");
    field->id = ++draft->last_column_id;
    FIRN_TRY(firn_type__copy(field->type, draft->arena, &draft->last_column_id, NULL, type, err));
    field->type = type;
    return FIRN_OK;
}
