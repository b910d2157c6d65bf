/* SPDX-License-Identifier: Apache-2.0 */
/* Another schema's columns taken over by name, as Iceberg's unionByNameWith does: missing ones are
 * added, narrower ones promoted, required ones made optional; nothing is dropped or narrowed. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/schema_edit.h"

struct union_op {
    firn_txn_draft *draft;
    firn_error *err;
};

static firn_status unite(struct union_op *op, int32_t id, const firn_type *with, firn_str path);

static const firn_field *find_name(const firn_type *type, firn_str name)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (firn_str_equals(type->fields[i].name, name)) return &type->fields[i];
    for (size_t i = 0; i < type->n_fields; i++)
        if (firn_str_equals_nocase(type->fields[i].name, name)) return &type->fields[i];
    return NULL;
}

/* The type of a field of the draft as it is now; id 0: the root. */
static const firn_type *type_now(const struct union_op *op, int32_t id)
{
    if (id == 0) return &op->draft->schema->root;
    return firn_schema_find_id(op->draft->schema, id)->type;
}

static firn_status add(struct union_op *op, int32_t parent_id, const firn_field *with)
{
    firn_field field = *with;
    field.is_required = false; /* rows that are there have none, whatever it is elsewhere */
    FIRN_TRY(firn_draft__check_new_field(op->draft, &field, op->err));
    FIRN_TRY(firn_draft__number_field(op->draft, &field, op->err));
    const firn_tree_edit edit = {.kind = FIRN_EDIT_ADD,
                                 .id = parent_id,
                                 .field = &field,
                                 .position = type_now(op, parent_id)->n_fields};
    return firn_draft__edit(op->draft, &edit, op->err);
}

static firn_status fail_types(const struct union_op *op, const firn_field *old,
                              const firn_field *with, firn_str path)
{
    char from[64];
    char to[64];
    return firn_fail(op->err, FIRN_ERR_ARG,
                     "column \"%.*s\" is of type %s, it cannot be united with %s",
                     FIRN_STR_ARG(path), firn_type_name(old->type, from, sizeof from),
                     firn_type_name(with->type, to, sizeof to));
}

static firn_status widen(struct union_op *op, const firn_field *old, const firn_field *with,
                         firn_str path)
{
    const int32_t version = firn_draft__version(op->draft);
    const bool is_same = firn_type_equals(old->type, with->type);
    if (is_same || firn_type__is_promotion(with->type, old->type, version)) return FIRN_OK;
    if (!firn_type__is_promotion(old->type, with->type, version))
        return fail_types(op, old, with, path);
    return firn_draft__promote(op->draft, old, path, with->type, op->err);
}

static firn_status loosen(struct union_op *op, const firn_field *old, const firn_field *with,
                          firn_str path)
{
    if (!old->is_required || with->is_required) return FIRN_OK;
    if (firn_schema__is_identifier(op->draft->schema, old->id))
        return firn_fail(op->err, FIRN_ERR_ARG,
                         "column \"%.*s\" cannot become optional: it is an identifier field",
                         FIRN_STR_ARG(path));
    firn_field changed = *old;
    changed.is_required = false;
    return firn_draft__set_field(op->draft, &changed, op->err);
}

static firn_status annotate(struct union_op *op, int32_t id, const firn_field *with)
{
    const firn_field *old = firn_schema_find_id(op->draft->schema, id);
    firn_field changed = *old;
    if (with->doc.len > 0) changed.doc = with->doc;
    if (with->write_default && firn_type_is_primitive(old->type)) {
        firn_value *made = firn_arena_alloc_zero(op->draft->arena, sizeof *made);
        if (!made) return firn_fail_nomem(op->err);
        FIRN_TRY(firn_draft__check_default(op->draft, old->name, old->type, with->write_default,
                                           made, op->err));
        changed.write_default = made;
    }
    return firn_draft__set_field(op->draft, &changed, op->err);
}

static firn_status unite_field(struct union_op *op, const firn_field *old, const firn_field *with,
                               firn_str path)
{
    const int32_t id = old->id;
    const bool is_key = firn_tree__is_in_map_key(&op->draft->schema->root, id);
    const bool is_nested = !firn_type_is_primitive(old->type);
    if (is_nested ? old->type->kind != with->type->kind
                  : !firn_type_is_primitive(with->type) && old->type->kind != FIRN_TYPE_UNKNOWN)
        return fail_types(op, old, with, path);
    if (!is_nested) FIRN_TRY(widen(op, old, with, path));
    if (!is_key) FIRN_TRY(loosen(op, firn_schema_find_id(op->draft->schema, id), with, path));
    FIRN_TRY(annotate(op, id, with));
    return is_nested ? unite(op, id, with->type, path) : FIRN_OK;
}

/* Fields of the struct, list or map id; types nest no deeper than FIRN_LIMIT_NESTING. */
static firn_status unite(struct union_op *op, int32_t id, const firn_type *with, firn_str path)
{
    for (size_t i = 0; i < with->n_fields; i++) {
        const firn_field *field = &with->fields[i];
        const firn_type *now = type_now(op, id);
        const firn_field *old =
            now->kind == FIRN_TYPE_STRUCT ? find_name(now, field->name) : &now->fields[i];
        const firn_str name = firn_arena_printf(op->draft->arena, "%.*s%s%.*s", FIRN_STR_ARG(path),
                                                path.len > 0 ? "." : "", FIRN_STR_ARG(field->name));
        if (!name.data) return firn_fail_nomem(op->err);
        if (!old && firn_tree__is_in_map_key(&op->draft->schema->root, id))
            return firn_fail(op->err, FIRN_ERR_ARG,
                             "\"%.*s\" is part of a map key, which cannot change",
                             FIRN_STR_ARG(name));
        FIRN_TRY(old ? unite_field(op, old, field, name) : add(op, id, field));
    }
    return FIRN_OK;
}

static firn_status apply_union(const firn_txn_action *action, firn_txn_draft *draft,
                               firn_error *err)
{
    struct union_op op = {draft, err};
    return unite(&op, 0, &action->schema->root, FIRN_STR(""));
}

firn_status firn_txn_union_by_name(firn_txn *txn, const firn_schema *schema, firn_error *err)
{
    firn_txn_action action = {.apply = apply_union, .needs_same_layout = true};
    firn_schema *copy = NULL;
    FIRN_TRY(firn_txn__check_open(txn, err));
    FIRN_TRY(firn_schema__copy(schema, txn->arena, NULL, NULL, &copy, err));
    action.schema = copy;
    return firn_txn__act(txn, &action, err);
}
