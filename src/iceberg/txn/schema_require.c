/* SPDX-License-Identifier: Apache-2.0 */
/* What a column promises of its rows: required, default, identifier. Making a column required is
 * right only for the rows that were looked at, so its commit holds the branches still. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/null_rows.h"
#include "iceberg/txn/schema_edit.h"

/* ---- required ---- */

static firn_status apply_require(const firn_txn_action *action, firn_txn_draft *draft,
                                 firn_error *err)
{
    const firn_field *field = NULL;
    FIRN_TRY(firn_draft__need_column(draft->schema, action->path, &field, err));
    draft->pins_branches = draft->pins_branches || action->needs_same_branches;
    if (field->is_required) return FIRN_OK;
    if (firn_tree__is_in_map_key(&draft->schema->root, field->id))
        return firn_fail(err, FIRN_ERR_ARG, "\"%.*s\" is part of a map key, which cannot change",
                         FIRN_STR_ARG(action->path));
    if (field->type->kind == FIRN_TYPE_UNKNOWN)
        return firn_fail(err, FIRN_ERR_ARG,
                         "column \"%.*s\" of type unknown has only nulls, it cannot be required",
                         FIRN_STR_ARG(action->path));
    firn_field changed = *field;
    changed.is_required = true;
    return firn_draft__set_field(draft, &changed, err);
}

static firn_status check_branch(const firn_txn *txn, const firn_field *field, firn_str path,
                                const firn_snapshot *head, firn_error *err)
{
    firn_str file = {0};
    const firn_table *table = txn->table;
    firn_arena *scratch = firn_arena_create(table->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    const firn_null_query query = {table->env, table->store, txn->draft.base, head, field->id};
    firn_status st = firn_find_null(&query, scratch, &file, err);
    if (st == FIRN_OK && file.len > 0)
        st = firn_fail(err, FIRN_ERR_ARG,
                       "column \"%.*s\" cannot become required: a row of %.*s has null",
                       FIRN_STR_ARG(path), FIRN_STR_ARG(file));
    firn_arena_destroy(scratch);
    return st;
}

/* A column that this transaction adds has its default in all rows, or it has nulls wherever there
 * are rows. */
static firn_status check_rows(const firn_txn *txn, firn_str path, firn_error *err)
{
    const firn_table_metadata *base = txn->draft.base;
    const firn_field *field = NULL;
    FIRN_TRY(firn_draft__need_column(txn->draft.schema, path, &field, err));
    const firn_value *initial = field->initial_default;
    const bool is_new = !firn_schema_find_id(firn_metadata_schema(base), field->id);
    if (field->is_required || (is_new && initial && !initial->is_null)) return FIRN_OK;
    if (is_new && base->n_snapshots > 0)
        return firn_fail(err, FIRN_ERR_ARG,
                         "column \"%.*s\" cannot become required: it is new and has no default",
                         FIRN_STR_ARG(path));
    for (size_t i = 0; i < base->n_refs && !is_new; i++) {
        const firn_snapshot *head = firn_metadata_find_snapshot(base, base->refs[i].snapshot_id);
        if (base->refs[i].is_tag || !head) continue; /* tags are read with their own schema */
        FIRN_TRY(check_branch(txn, field, path, head, err));
    }
    return FIRN_OK;
}

firn_status firn_txn_make_required(firn_txn *txn, firn_str path, firn_rows_check check,
                                   firn_error *err)
{
    firn_txn_action action = {.apply = apply_require,
                              .needs_same_layout = true,
                              .needs_same_branches = check == FIRN_ROWS_CHECKED};
    FIRN_TRY(firn_txn__check_open(txn, err));
    if (check == FIRN_ROWS_CHECKED && txn->n_changes > 0)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: a column checked for nulls in a transaction that "
                         "changes rows");
    if (check == FIRN_ROWS_CHECKED) FIRN_TRY(check_rows(txn, path, err));
    FIRN_TRY(firn_txn__copy(txn, path, &action.path, err));
    return firn_txn__act(txn, &action, err);
}

/* ---- defaults ---- */

static firn_status apply_default(const firn_txn_action *action, firn_txn_draft *draft,
                                 firn_error *err)
{
    const firn_field *field = NULL;
    const firn_type *parent = NULL;
    FIRN_TRY(firn_draft__need_struct_field(draft->schema, action->path, &field, &parent, err));
    firn_field changed = *field;
    changed.write_default = NULL;
    if (action->value) {
        firn_value *made = firn_arena_alloc_zero(draft->arena, sizeof *made);
        if (!made) return firn_fail_nomem(err);
        FIRN_TRY(
            firn_draft__check_default(draft, action->path, field->type, action->value, made, err));
        changed.write_default = made;
    }
    return firn_draft__set_field(draft, &changed, err);
}

firn_status firn_txn_set_default(firn_txn *txn, firn_str path, const firn_value *value,
                                 firn_error *err)
{
    firn_txn_action action = {.apply = apply_default, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    FIRN_TRY(firn_txn__copy(txn, path, &action.path, err));
    if (value) {
        const firn_type none = {.kind = FIRN_TYPE_UNKNOWN};
        const firn_field holder = {.type = &none, .write_default = value};
        const firn_type type = {.kind = FIRN_TYPE_STRUCT, .fields = &holder, .n_fields = 1};
        firn_type copy;
        FIRN_TRY(firn_type__copy(&type, txn->arena, NULL, NULL, &copy, err));
        action.value = copy.fields[0].write_default;
    }
    return firn_txn__act(txn, &action, err);
}

/* ---- identifier fields ---- */

static firn_status check_identifier(const firn_schema *schema, const firn_field *field,
                                    firn_str path, firn_error *err)
{
    const char *why = NULL;
    if (!firn_type_is_primitive(field->type))
        why = "it is nested";
    else if (!field->is_required)
        why = "it is optional";
    else if (field->type->kind == FIRN_TYPE_FLOAT || field->type->kind == FIRN_TYPE_DOUBLE)
        why = "floating point numbers are not exact";
    else if (firn_tree__is_repeated(&schema->root, field->id))
        why = "it is within a list or map";
    else if (firn_tree__is_in_optional(&schema->root, field->id))
        why = "it is within an optional struct";
    if (!why) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\" cannot identify rows: %s",
                     FIRN_STR_ARG(path), why);
}

static firn_status apply_identifier(const firn_txn_action *action, firn_txn_draft *draft,
                                    firn_error *err)
{
    firn_schema *schema = firn_arena_alloc_zero(draft->arena, sizeof *schema);
    int32_t *ids = firn_arena_array(draft->arena, action->n, sizeof *ids);
    size_t n = 0;
    if (!schema || !ids) return firn_fail_nomem(err);
    *schema = *draft->schema;
    for (size_t i = 0; i < action->n; i++) {
        const firn_field *field = NULL;
        bool is_there = false;
        FIRN_TRY(firn_draft__need_column(draft->schema, action->paths[i], &field, err));
        FIRN_TRY(check_identifier(draft->schema, field, action->paths[i], err));
        for (size_t k = 0; k < n; k++) is_there = is_there || ids[k] == field->id;
        if (!is_there) ids[n++] = field->id;
    }
    schema->identifier_field_ids = ids;
    schema->n_identifier_field_ids = n;
    draft->schema = schema;
    draft->has_schema = true;
    return FIRN_OK;
}

firn_status firn_txn_set_identifier_fields(firn_txn *txn, const firn_str *paths, size_t n,
                                           firn_error *err)
{
    firn_txn_action action = {.apply = apply_identifier, .n = n, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    firn_str *copy = firn_arena_array(txn->arena, n, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) FIRN_TRY(firn_txn__copy(txn, paths[i], &copy[i], err));
    action.paths = copy;
    return firn_txn__act(txn, &action, err);
}
