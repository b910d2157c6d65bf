/* SPDX-License-Identifier: Apache-2.0 */
/* Partition spec and sort order changes. A partition field that some earlier spec had (same source
 * and transform) gets its old id back; in format version 1 a dropped field stays as void, because
 * there fields are found by position. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/transform.h"
#include "iceberg/txn/schema_tree.h"
#include "iceberg/txn/txn_internal.h"

static bool same_transform(const firn_transform *a, const firn_transform *b)
{
    if (a->kind != b->kind) return false;
    if (a->kind == FIRN_TRANSFORM_BUCKET || a->kind == FIRN_TRANSFORM_TRUNCATE)
        return a->param == b->param;
    return a->kind != FIRN_TRANSFORM_UNKNOWN || firn_str_equals(a->text, b->text);
}

/* A source must be a primitive that has one value per row. */
static firn_status check_source(const firn_schema *schema, int32_t source_id,
                                const firn_transform *transform, firn_error *err)
{
    const firn_field *field = firn_schema_find_id(schema, source_id);
    if (!field)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no column with id %d to partition or sort by",
                         source_id);
    if (!firn_type_is_primitive(field->type) || firn_tree__is_repeated(&schema->root, source_id))
        return firn_fail(err, FIRN_ERR_ARG,
                         "column \"%.*s\" cannot be partitioned or sorted by: it is nested",
                         FIRN_STR_ARG(field->name));
    if (transform->kind == FIRN_TRANSFORM_UNKNOWN)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: transform \"%.*s\"",
                         FIRN_STR_ARG(transform->text));
    return firn_error_wrap(err, firn_transform_check(transform, field->type, err),
                           "column \"%.*s\"", FIRN_STR_ARG(field->name));
}

/* ---- spec under construction ---- */

struct spec_draft {
    firn_txn_draft *draft;
    firn_partition_field *fields;
    size_t n, cap;
};

static firn_status push_field(struct spec_draft *spec, const firn_partition_field *field,
                              firn_error *err)
{
    firn_partition_field *slot =
        firn_arena_push(spec->draft->arena, &spec->fields, &spec->n, &spec->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *field;
    return FIRN_OK;
}

static firn_status check_field_name(const struct spec_draft *spec,
                                    const firn_partition_field *field, firn_error *err)
{
    for (size_t i = 0; i < spec->n; i++)
        if (firn_str_equals_nocase(spec->fields[i].name, field->name))
            return firn_fail(err, FIRN_ERR_EXISTS, "partition field \"%.*s\" exists already",
                             FIRN_STR_ARG(field->name));
    const firn_field *column = firn_schema_find_name(spec->draft->schema, field->name);
    if (!column || !firn_str_equals(column->name, field->name)) return FIRN_OK;
    if (column->id == field->source_id && field->transform.kind == FIRN_TRANSFORM_IDENTITY)
        return FIRN_OK;
    return firn_fail(err, FIRN_ERR_EXISTS,
                     "partition field \"%.*s\" has the name of a column it does not equal",
                     FIRN_STR_ARG(field->name));
}

/* A dropped field of version 1 makes way for a new one of its name. */
static firn_status rename_void(struct spec_draft *spec, firn_str name, firn_error *err)
{
    for (size_t i = 0; i < spec->n; i++) {
        firn_partition_field *field = &spec->fields[i];
        if (field->transform.kind != FIRN_TRANSFORM_VOID ||
            !firn_str_equals_nocase(field->name, name))
            continue;
        field->name = firn_arena_printf(spec->draft->arena, "%.*s_%d", FIRN_STR_ARG(name),
                                        (int)field->field_id);
        if (!field->name.data) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

static bool has_id(const struct spec_draft *spec, int32_t field_id)
{
    for (size_t i = 0; i < spec->n; i++)
        if (spec->fields[i].field_id == field_id) return true;
    return false;
}

/* The id such a field had before, in any spec, or a new one: also when a field that was dropped
 * from a version 1 table holds the id, as void. */
static int32_t field_id_for(const struct spec_draft *draft_spec, const firn_partition_field *field)
{
    firn_txn_draft *draft = draft_spec->draft;
    for (size_t i = draft->base->n_specs; i > 0; i--) {
        const firn_partition_spec *spec = draft->base->specs[i - 1];
        for (size_t j = 0; j < spec->n_fields; j++)
            if (spec->fields[j].source_id == field->source_id &&
                same_transform(&spec->fields[j].transform, &field->transform) &&
                !has_id(draft_spec, spec->fields[j].field_id))
                return spec->fields[j].field_id;
    }
    return ++draft->last_partition_id;
}

static firn_status add_field(struct spec_draft *spec, firn_partition_field field, firn_error *err)
{
    firn_txn_draft *draft = spec->draft;
    FIRN_TRY(check_source(draft->schema, field.source_id, &field.transform, err));
    if (field.name.len == 0) {
        const firn_field *source = firn_schema_find_id(draft->schema, field.source_id);
        FIRN_TRY(firn_transform_field_name(&field.transform, source->name, draft->arena,
                                           &field.name, err));
    }
    for (size_t i = 0; i < spec->n; i++)
        if (spec->fields[i].source_id == field.source_id &&
            same_transform(&spec->fields[i].transform, &field.transform))
            return firn_fail(err, FIRN_ERR_EXISTS,
                             "the table is partitioned by that already, as \"%.*s\"",
                             FIRN_STR_ARG(spec->fields[i].name));
    FIRN_TRY(rename_void(spec, field.name, err));
    FIRN_TRY(check_field_name(spec, &field, err));
    field.field_id = field_id_for(spec, &field);
    return push_field(spec, &field, err);
}

static firn_status set_draft_spec(const struct spec_draft *spec, firn_error *err)
{
    firn_txn_draft *draft = spec->draft;
    firn_partition_spec *made = firn_arena_alloc_zero(draft->arena, sizeof *made);
    if (!made) return firn_fail_nomem(err);
    *made = (firn_partition_spec){
        .spec_id = draft->spec->spec_id, .fields = spec->fields, .n_fields = spec->n};
    draft->spec = made;
    draft->has_spec = true;
    return FIRN_OK;
}

static bool is_v1(const firn_txn_draft *draft)
{
    return draft->format_version == 0 && draft->base->format_version == 1;
}

/* ---- actions ---- */

static firn_status apply_add_field(const firn_txn_action *action, firn_txn_draft *draft,
                                   firn_error *err)
{
    struct spec_draft spec = {.draft = draft};
    const firn_field *column = firn_schema_find_name(draft->schema, action->path);
    if (!column)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no column \"%.*s\" to partition by",
                         FIRN_STR_ARG(action->path));
    for (size_t i = 0; i < draft->spec->n_fields; i++)
        FIRN_TRY(push_field(&spec, &draft->spec->fields[i], err));
    const firn_partition_field field = {
        .source_id = column->id, .name = action->text, .transform = action->transform};
    FIRN_TRY(add_field(&spec, field, err));
    return set_draft_spec(&spec, err);
}

static firn_status copy_transform(firn_txn *txn, firn_transform *transform, firn_error *err)
{
    return firn_txn__copy(txn, transform->text, &transform->text, err);
}

firn_status firn_txn_add_partition_field(firn_txn *txn, firn_str column, firn_transform transform,
                                         firn_str name, firn_error *err)
{
    firn_txn_action action = {
        .apply = apply_add_field, .transform = transform, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    FIRN_TRY(copy_transform(txn, &action.transform, err));
    FIRN_TRY(firn_txn__copy(txn, column, &action.path, err));
    FIRN_TRY(firn_txn__copy(txn, name, &action.text, err));
    return firn_txn__act(txn, &action, err);
}

static firn_status apply_drop_field(const firn_txn_action *action, firn_txn_draft *draft,
                                    firn_error *err)
{
    struct spec_draft spec = {.draft = draft};
    bool found = false;
    for (size_t i = 0; i < draft->spec->n_fields; i++) {
        firn_partition_field field = draft->spec->fields[i];
        const bool is_it = field.transform.kind != FIRN_TRANSFORM_VOID &&
                           firn_str_equals_nocase(field.name, action->path);
        found = found || is_it;
        if (is_it && !is_v1(draft)) continue;
        if (is_it) field.transform = (firn_transform){.kind = FIRN_TRANSFORM_VOID};
        FIRN_TRY(push_field(&spec, &field, err));
    }
    if (!found)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no partition field \"%.*s\"",
                         FIRN_STR_ARG(action->path));
    return set_draft_spec(&spec, err);
}

firn_status firn_txn_drop_partition_field(firn_txn *txn, firn_str name, firn_error *err)
{
    firn_txn_action action = {.apply = apply_drop_field, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    FIRN_TRY(firn_txn__copy(txn, name, &action.path, err));
    return firn_txn__act(txn, &action, err);
}

static firn_status apply_rename_field(const firn_txn_action *action, firn_txn_draft *draft,
                                      firn_error *err)
{
    struct spec_draft spec = {.draft = draft};
    bool found = false;
    for (size_t i = 0; i < draft->spec->n_fields; i++) {
        firn_partition_field field = draft->spec->fields[i];
        const bool is_it = firn_str_equals_nocase(field.name, action->path);
        found = found || is_it;
        if (is_it) field.name = action->text;
        if (is_it || firn_str_equals_nocase(field.name, action->text))
            FIRN_TRY(check_field_name(&spec, &field, err));
        FIRN_TRY(push_field(&spec, &field, err));
    }
    if (!found)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no partition field \"%.*s\"",
                         FIRN_STR_ARG(action->path));
    return set_draft_spec(&spec, err);
}

firn_status firn_txn_rename_partition_field(firn_txn *txn, firn_str name, firn_str new_name,
                                            firn_error *err)
{
    firn_txn_action action = {.apply = apply_rename_field, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    if (new_name.len == 0) return firn_fail(err, FIRN_ERR_ARG, "partition field name is empty");
    FIRN_TRY(firn_txn__copy(txn, name, &action.path, err));
    FIRN_TRY(firn_txn__copy(txn, new_name, &action.text, err));
    return firn_txn__act(txn, &action, err);
}

/* Version 1: the fields there are stay in place, void unless they are asked for again. */
static firn_status keep_v1_fields(struct spec_draft *spec, const firn_txn_action *action,
                                  bool *is_kept, firn_error *err)
{
    for (size_t i = 0; i < spec->draft->spec->n_fields; i++) {
        firn_partition_field field = spec->draft->spec->fields[i];
        bool stays = false;
        for (size_t j = 0; j < action->n; j++) {
            const firn_partition_field *asked = &action->partition_fields[j];
            if (asked->source_id != field.source_id ||
                !same_transform(&asked->transform, &field.transform))
                continue;
            is_kept[j] = true;
            stays = true;
        }
        if (!stays) field.transform = (firn_transform){.kind = FIRN_TRANSFORM_VOID};
        FIRN_TRY(push_field(spec, &field, err));
    }
    return FIRN_OK;
}

static firn_status apply_set_spec(const firn_txn_action *action, firn_txn_draft *draft,
                                  firn_error *err)
{
    struct spec_draft spec = {.draft = draft};
    bool *is_kept = firn_arena_array(draft->arena, action->n, sizeof *is_kept);
    if (!is_kept) return firn_fail_nomem(err);
    if (is_v1(draft)) FIRN_TRY(keep_v1_fields(&spec, action, is_kept, err));
    for (size_t i = 0; i < action->n; i++)
        if (!is_kept[i]) FIRN_TRY(add_field(&spec, action->partition_fields[i], err));
    return set_draft_spec(&spec, err);
}

firn_status firn_txn_set_spec(firn_txn *txn, const firn_partition_field *fields, size_t n,
                              firn_error *err)
{
    firn_txn_action action = {.apply = apply_set_spec, .n = n, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    firn_partition_field *copy = firn_arena_array(txn->arena, n, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        copy[i] = fields[i];
        FIRN_TRY(firn_txn__copy(txn, fields[i].name, &copy[i].name, err));
        FIRN_TRY(copy_transform(txn, &copy[i].transform, err));
    }
    action.partition_fields = copy;
    return firn_txn__act(txn, &action, err);
}

/* ---- sort order ---- */

static firn_status apply_sort_order(const firn_txn_action *action, firn_txn_draft *draft,
                                    firn_error *err)
{
    for (size_t i = 0; i < action->n; i++)
        FIRN_TRY(check_source(draft->schema, action->sort_fields[i].source_id,
                              &action->sort_fields[i].transform, err));
    firn_sort_order *order = firn_arena_alloc_zero(draft->arena, sizeof *order);
    if (!order) return firn_fail_nomem(err);
    *order = (firn_sort_order){.fields = action->sort_fields, .n_fields = action->n};
    draft->sort_order = order;
    draft->has_sort_order = true;
    return FIRN_OK;
}

firn_status firn_txn_set_sort_order(firn_txn *txn, const firn_sort_field *fields, size_t n,
                                    firn_error *err)
{
    firn_txn_action action = {.apply = apply_sort_order, .n = n, .needs_same_layout = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    firn_sort_field *copy = firn_arena_array(txn->arena, n, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        copy[i] = fields[i];
        FIRN_TRY(copy_transform(txn, &copy[i].transform, err));
    }
    action.sort_fields = copy;
    return firn_txn__act(txn, &action, err);
}
