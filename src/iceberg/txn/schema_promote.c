/* SPDX-License-Identifier: Apache-2.0 */
/* Type promotion (specification, "Schema Evolution"): values that are there stay what they were,
 * partition values too. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/expr/expr_value.h"
#include "iceberg/txn/schema_edit.h"

bool firn_type__is_promotion(const firn_type *from, const firn_type *to, int32_t format_version)
{
    switch (from->kind) {
    case FIRN_TYPE_INT: return to->kind == FIRN_TYPE_LONG;
    case FIRN_TYPE_FLOAT: return to->kind == FIRN_TYPE_DOUBLE;
    case FIRN_TYPE_DECIMAL:
        return to->kind == FIRN_TYPE_DECIMAL && from->scale == to->scale &&
               from->precision <= to->precision;
    case FIRN_TYPE_DATE:
        return format_version >= 3 &&
               (to->kind == FIRN_TYPE_TIMESTAMP || to->kind == FIRN_TYPE_TIMESTAMP_NS);
    case FIRN_TYPE_UNKNOWN: return format_version >= 3;
    default: return false;
    }
}

/* Years, months and days of a date are those of its midnight; the date itself and its hash are
 * not the timestamp's. */
static bool keeps_values(const firn_transform *transform)
{
    return transform->kind == FIRN_TRANSFORM_VOID || transform->kind == FIRN_TRANSFORM_YEAR ||
           transform->kind == FIRN_TRANSFORM_MONTH || transform->kind == FIRN_TRANSFORM_DAY;
}

static bool is_source(const firn_partition_field *field, int32_t id)
{
    for (size_t i = 0; i < field->n_source_ids; i++)
        if (field->source_ids[i] == id) return true;
    return field->source_id == id;
}

static firn_status check_spec(const firn_partition_spec *spec, const firn_field *field,
                              firn_str path, firn_error *err)
{
    for (size_t i = 0; i < spec->n_fields; i++)
        if (is_source(&spec->fields[i], field->id) && !keeps_values(&spec->fields[i].transform))
            return firn_fail(err, FIRN_ERR_ARG,
                             "column \"%.*s\" cannot change its type: the values of partition "
                             "field \"%.*s\" would change",
                             FIRN_STR_ARG(path), FIRN_STR_ARG(spec->fields[i].name));
    return FIRN_OK;
}

/* Old specs count too: files written with them are live. */
static firn_status check_partitions(const firn_txn_draft *draft, const firn_field *field,
                                    firn_str path, firn_error *err)
{
    if (field->type->kind != FIRN_TYPE_DATE && field->type->kind != FIRN_TYPE_UNKNOWN)
        return FIRN_OK; /* numbers are written and hashed alike in both types */
    for (size_t i = 0; i < draft->base->n_specs; i++)
        FIRN_TRY(check_spec(draft->base->specs[i], field, path, err));
    return check_spec(draft->spec, field, path, err);
}

static firn_status convert_default(firn_txn_draft *draft, const firn_type *type,
                                   const firn_value **value, firn_error *err)
{
    firn_fit fit;
    if (!*value) return FIRN_OK;
    firn_value *made = firn_arena_alloc_zero(draft->arena, sizeof *made);
    if (!made) return firn_fail_nomem(err);
    if ((*value)->is_null)
        *made = (firn_value){.kind = type->kind, .is_null = true};
    else
        FIRN_TRY(firn_literal_convert(*value, type, draft->arena, made, &fit, err));
    *value = made;
    return FIRN_OK;
}

firn_status firn_draft__promote(firn_txn_draft *draft, const firn_field *field, firn_str path,
                                const firn_type *type, firn_error *err)
{
    char from[64];
    char to[64];
    if (firn_type_equals(field->type, type)) return FIRN_OK;
    if (firn_tree__is_in_map_key(&draft->schema->root, field->id))
        return firn_fail(err, FIRN_ERR_ARG, "\"%.*s\" is part of a map key, which cannot change",
                         FIRN_STR_ARG(path));
    if (!firn_type__is_promotion(field->type, type, firn_draft__version(draft))) {
        (void)firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\" of type %s cannot become %s",
                        FIRN_STR_ARG(path), firn_type_name(field->type, from, sizeof from),
                        firn_type_name(type, to, sizeof to));
        return firn_error_hint(err, FIRN_ERR_ARG,
                               "int can become long, float double, a decimal one of more digits; "
                               "for others add a column, update it, and drop this one");
    }
    FIRN_TRY(check_partitions(draft, field, path, err));
    firn_field changed = *field;
    firn_type *made = firn_arena_alloc_zero(draft->arena, sizeof *made);
    if (!made) return firn_fail_nomem(err);
    FIRN_TRY(firn_type__copy(type, draft->arena, &draft->last_column_id, NULL, made, err));
    changed.type = made;
    FIRN_TRY(convert_default(draft, made, &changed.initial_default, err));
    FIRN_TRY(convert_default(draft, made, &changed.write_default, err));
    return firn_draft__set_field(draft, &changed, err);
}

static firn_status apply_promote(const firn_txn_action *action, firn_txn_draft *draft,
                                 firn_error *err)
{
    const firn_field *field = NULL;
    FIRN_TRY(firn_draft__need_column(draft->schema, action->path, &field, err));
    return firn_draft__promote(draft, field, action->path, action->type, err);
}

firn_status firn_txn_promote_column(firn_txn *txn, firn_str path, const firn_type *type,
                                    firn_error *err)
{
    firn_txn_action action = {.apply = apply_promote, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    firn_type *copy = firn_arena_alloc_zero(txn->arena, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    FIRN_TRY(firn_type__copy(type, txn->arena, NULL, NULL, copy, err));
    action.type = copy;
    FIRN_TRY(firn_txn__copy(txn, path, &action.path, err));
    return firn_txn__act(txn, &action, err);
}
