/* SPDX-License-Identifier: Apache-2.0 */
/* Schema evolution (specification, "Schema Evolution"): columns are found by name, changed by id,
 * and refused where a change would make existing data or metadata unreadable. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/schema_edit.h"

/* ---- names and places ---- */

static firn_status check_free_name(const firn_type *parent, firn_str name, int32_t own_id,
                                   firn_error *err)
{
    if (name.len == 0) return firn_fail(err, FIRN_ERR_ARG, "column name is empty");
    for (size_t i = 0; i < parent->n_fields; i++) {
        const firn_field *field = &parent->fields[i];
        if (field->id == own_id || !firn_str_equals_nocase(field->name, name)) continue;
        if (firn_str_equals(field->name, name))
            return firn_fail(err, FIRN_ERR_EXISTS, "column \"%.*s\" exists already",
                             FIRN_STR_ARG(name));
        return firn_fail(err, FIRN_ERR_EXISTS,
                         "column \"%.*s\" differs from \"%.*s\" in upper and lower case only",
                         FIRN_STR_ARG(name), FIRN_STR_ARG(field->name));
    }
    return FIRN_OK;
}

/* Index in parent at which a field (skip: its present index, or n_fields) is to stand. */
static firn_status find_position(const firn_type *parent, size_t skip,
                                 const firn_position *position, size_t *out, firn_error *err)
{
    const size_t n = parent->n_fields - (skip < parent->n_fields ? 1 : 0);
    *out = position->kind == FIRN_POSITION_FIRST ? 0 : n;
    if (position->kind == FIRN_POSITION_FIRST || position->kind == FIRN_POSITION_LAST)
        return FIRN_OK;
    size_t at = 0;
    while (at < parent->n_fields && !firn_str_equals(parent->fields[at].name, position->sibling))
        at++;
    if (at == parent->n_fields)
        for (at = 0; at < parent->n_fields; at++)
            if (firn_str_equals_nocase(parent->fields[at].name, position->sibling)) break;
    if (at == parent->n_fields)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no column \"%.*s\" next to which to put it",
                         FIRN_STR_ARG(position->sibling));
    if (at == skip)
        return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\" cannot be moved next to itself",
                         FIRN_STR_ARG(position->sibling));
    if (at > skip) at--;
    *out = position->kind == FIRN_POSITION_AFTER ? at + 1 : at;
    return FIRN_OK;
}

/* ---- add ---- */

/* Splits "a.b.c" into the struct of a.b and the name c. A list or map stands for the struct in its
 * element or value. */
static firn_status find_add_parent(const firn_schema *schema, firn_str path, int32_t *id_out,
                                   const firn_type **type_out, firn_str *name_out, firn_error *err)
{
    const firn_field *parent = NULL;
    size_t dot = path.len;
    while (dot > 0 && path.data[dot - 1] != '.') dot--;
    *id_out = 0;
    *type_out = &schema->root;
    *name_out = firn_str_slice(path, dot, path.len);
    if (dot == 0) return FIRN_OK;
    FIRN_TRY(firn_draft__need_column(schema, firn_str_slice(path, 0, dot - 1), &parent, err));
    while (parent->type->kind == FIRN_TYPE_LIST || parent->type->kind == FIRN_TYPE_MAP)
        parent = &parent->type->fields[parent->type->n_fields - 1];
    if (parent->type->kind != FIRN_TYPE_STRUCT)
        return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\" is not a struct",
                         FIRN_STR_ARG(firn_str_slice(path, 0, dot - 1)));
    if (firn_tree__is_in_map_key(&schema->root, parent->id))
        return firn_fail(err, FIRN_ERR_ARG, "\"%.*s\" is part of a map key, which cannot change",
                         FIRN_STR_ARG(path));
    *id_out = parent->id;
    *type_out = parent->type;
    return FIRN_OK;
}

/* Adds action->field, whose types have the ids of the caller. */
static firn_status apply_add(const firn_txn_action *action, firn_txn_draft *draft, firn_error *err)
{
    firn_tree_edit edit = {.kind = FIRN_EDIT_ADD};
    const firn_type *parent = NULL;
    firn_field field = *action->field;
    FIRN_TRY(find_add_parent(draft->schema, action->path, &edit.id, &parent, &field.name, err));
    FIRN_TRY(check_free_name(parent, field.name, -1, err));
    FIRN_TRY(find_position(parent, parent->n_fields, &action->position, &edit.position, err));
    FIRN_TRY(firn_draft__check_new_field(draft, &field, err));
    FIRN_TRY(firn_draft__number_field(draft, &field, err));
    edit.field = &field;
    return firn_draft__edit(draft, &edit, err);
}

firn_status firn_txn_add_field(firn_txn *txn, firn_str path, const firn_field *field,
                               firn_position position, firn_error *err)
{
    firn_txn_action action = {.apply = apply_add, .position = position, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    const firn_type holder = {.kind = FIRN_TYPE_STRUCT, .fields = field, .n_fields = 1};
    firn_type *copy = firn_arena_alloc_zero(txn->arena, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    FIRN_TRY(firn_type__copy(&holder, txn->arena, NULL, NULL, copy, err));
    action.field = copy->fields;
    FIRN_TRY(firn_txn__copy(txn, path, &action.path, err));
    FIRN_TRY(firn_txn__copy(txn, position.sibling, &action.position.sibling, err));
    return firn_txn__act(txn, &action, err);
}

firn_status firn_txn_add_column(firn_txn *txn, firn_str path, const firn_type *type, firn_str doc,
                                firn_position position, firn_error *err)
{
    const firn_field field = {.type = type, .doc = doc};
    return firn_txn_add_field(txn, path, &field, position, err);
}

/* ---- drop ---- */

/* Old specs count too: manifests written with them are still read. */
static firn_status check_not_source(const firn_txn_draft *draft, const firn_field *field,
                                    firn_str path, firn_error *err)
{
    for (size_t i = 0; i <= draft->base->n_specs; i++) {
        const firn_partition_spec *spec =
            i < draft->base->n_specs ? draft->base->specs[i] : draft->spec;
        for (size_t j = 0; j < spec->n_fields; j++)
            if (spec->fields[j].transform.kind != FIRN_TRANSFORM_VOID &&
                firn_tree__contains(field, spec->fields[j].source_id))
                return firn_fail(
                    err, FIRN_ERR_ARG,
                    "column \"%.*s\" cannot be dropped: partition field \"%.*s\" comes from it",
                    FIRN_STR_ARG(path), FIRN_STR_ARG(spec->fields[j].name));
    }
    for (size_t j = 0; j < draft->sort_order->n_fields; j++)
        if (firn_tree__contains(field, draft->sort_order->fields[j].source_id))
            return firn_fail(err, FIRN_ERR_ARG,
                             "column \"%.*s\" cannot be dropped: the sort order uses it",
                             FIRN_STR_ARG(path));
    return FIRN_OK;
}

static firn_status apply_drop(const firn_txn_action *action, firn_txn_draft *draft, firn_error *err)
{
    const firn_field *field = NULL;
    const firn_type *parent = NULL;
    FIRN_TRY(firn_draft__need_struct_field(draft->schema, action->path, &field, &parent, err));
    FIRN_TRY(check_not_source(draft, field, action->path, err));
    for (size_t i = 0; i < draft->schema->n_identifier_field_ids; i++)
        if (firn_tree__contains(field, draft->schema->identifier_field_ids[i]))
            return firn_fail(err, FIRN_ERR_ARG,
                             "column \"%.*s\" cannot be dropped: it is an identifier field",
                             FIRN_STR_ARG(action->path));
    if (parent->n_fields == 1)
        return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\" cannot be dropped: it is the only one",
                         FIRN_STR_ARG(action->path));
    const firn_tree_edit edit = {.kind = FIRN_EDIT_DROP, .id = field->id};
    return firn_draft__edit(draft, &edit, err);
}

firn_status firn_txn_drop_column(firn_txn *txn, firn_str path, firn_error *err)
{
    return firn_txn__act_on_column(txn, apply_drop, path, FIRN_STR(""), err);
}

/* ---- rename, doc, optional ---- */

static firn_status apply_rename(const firn_txn_action *action, firn_txn_draft *draft,
                                firn_error *err)
{
    const firn_field *field = NULL;
    const firn_type *parent = NULL;
    FIRN_TRY(firn_draft__need_struct_field(draft->schema, action->path, &field, &parent, err));
    FIRN_TRY(check_free_name(parent, action->text, field->id, err));
    firn_field changed = *field;
    changed.name = action->text;
    return firn_draft__set_field(draft, &changed, err);
}

firn_status firn_txn_rename_column(firn_txn *txn, firn_str path, firn_str new_name, firn_error *err)
{
    return firn_txn__act_on_column(txn, apply_rename, path, new_name, err);
}

static firn_status apply_doc(const firn_txn_action *action, firn_txn_draft *draft, firn_error *err)
{
    const firn_field *field = NULL;
    FIRN_TRY(firn_draft__need_column(draft->schema, action->path, &field, err));
    firn_field changed = *field;
    changed.doc = action->text;
    return firn_draft__set_field(draft, &changed, err);
}

firn_status firn_txn_set_doc(firn_txn *txn, firn_str path, firn_str doc, firn_error *err)
{
    return firn_txn__act_on_column(txn, apply_doc, path, doc, err);
}

static firn_status apply_optional(const firn_txn_action *action, firn_txn_draft *draft,
                                  firn_error *err)
{
    const firn_field *field = NULL;
    FIRN_TRY(firn_draft__need_column(draft->schema, action->path, &field, err));
    if (!field->is_required) return FIRN_OK;
    if (firn_schema__is_identifier(draft->schema, field->id))
        return firn_fail(err, FIRN_ERR_ARG,
                         "column \"%.*s\" cannot become optional: it is an identifier field",
                         FIRN_STR_ARG(action->path));
    if (firn_tree__is_in_map_key(&draft->schema->root, field->id))
        return firn_fail(err, FIRN_ERR_ARG, "\"%.*s\" is part of a map key, which cannot change",
                         FIRN_STR_ARG(action->path));
    firn_field changed = *field;
    changed.is_required = false;
    return firn_draft__set_field(draft, &changed, err);
}

firn_status firn_txn_make_optional(firn_txn *txn, firn_str path, firn_error *err)
{
    return firn_txn__act_on_column(txn, apply_optional, path, FIRN_STR(""), err);
}

/* ---- move ---- */

static firn_status apply_move(const firn_txn_action *action, firn_txn_draft *draft, firn_error *err)
{
    const firn_field *field = NULL;
    const firn_type *parent = NULL;
    FIRN_TRY(firn_draft__need_struct_field(draft->schema, action->path, &field, &parent, err));
    firn_tree_edit edit = {.kind = FIRN_EDIT_MOVE, .id = field->id};
    FIRN_TRY(find_position(parent, (size_t)(field - parent->fields), &action->position,
                           &edit.position, err));
    return firn_draft__edit(draft, &edit, err);
}

firn_status firn_txn_move_column(firn_txn *txn, firn_str path, firn_position position,
                                 firn_error *err)
{
    firn_txn_action action = {.apply = apply_move, .position = position, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    FIRN_TRY(firn_txn__copy(txn, path, &action.path, err));
    FIRN_TRY(firn_txn__copy(txn, position.sibling, &action.position.sibling, err));
    return firn_txn__act(txn, &action, err);
}
