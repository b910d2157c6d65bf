/* SPDX-License-Identifier: Apache-2.0 */
/* From a draft to updates, and from updates to requirements. Schemas, specs and sort orders the
 * table has had before are set by id instead of being added again. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_builder.h"
#include "iceberg/txn/column_properties.h"
#include "iceberg/txn/txn_internal.h"

firn_status firn_updates__push(firn_update_list *list, const firn_update *update, firn_error *err)
{
    firn_update *slot =
        firn_arena_push(list->arena, &list->items, &list->n, &list->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *update;
    return FIRN_OK;
}

static firn_status push_id(firn_update_list *list, firn_update_kind kind, int64_t id,
                           firn_error *err)
{
    const firn_update update = {.kind = kind, .id = id};
    return firn_updates__push(list, &update, err);
}

/* ---- schema ---- */

static firn_status push_schema(const firn_txn_draft *draft, firn_update_list *list, firn_error *err)
{
    const firn_table_metadata *base = draft->base;
    for (size_t i = 0; i < base->n_schemas; i++) {
        const firn_schema *old = base->schemas[i];
        if (!firn_schema_same(old, draft->schema)) continue;
        if (old->schema_id == base->current_schema_id) return FIRN_OK;
        return push_id(list, FIRN_UPDATE_SET_CURRENT_SCHEMA, old->schema_id, err);
    }
    firn_schema *schema = firn_arena_alloc_zero(list->arena, sizeof *schema);
    if (!schema) return firn_fail_nomem(err);
    *schema = *draft->schema;
    schema->schema_id = -1;
    const firn_update add = {.kind = FIRN_UPDATE_ADD_SCHEMA, .schema = schema};
    FIRN_TRY(firn_updates__push(list, &add, err));
    return push_id(list, FIRN_UPDATE_SET_CURRENT_SCHEMA, -1, err);
}

/* ---- spec and sort order ---- */

static bool same_transform(const firn_transform *a, const firn_transform *b)
{
    return a->kind == b->kind && a->param == b->param && firn_str_equals(a->text, b->text);
}

static bool same_spec(const firn_partition_spec *a, const firn_partition_spec *b)
{
    if (a->n_fields != b->n_fields) return false;
    for (size_t i = 0; i < a->n_fields; i++)
        if (a->fields[i].source_id != b->fields[i].source_id ||
            a->fields[i].field_id != b->fields[i].field_id ||
            !firn_str_equals(a->fields[i].name, b->fields[i].name) ||
            !same_transform(&a->fields[i].transform, &b->fields[i].transform))
            return false;
    return true;
}

static firn_status push_spec(const firn_txn_draft *draft, firn_update_list *list, firn_error *err)
{
    const firn_table_metadata *base = draft->base;
    int32_t max_id = -1;
    for (size_t i = 0; i < base->n_specs; i++) {
        const firn_partition_spec *old = base->specs[i];
        if (old->spec_id > max_id) max_id = old->spec_id;
        if (!same_spec(old, draft->spec)) continue;
        if (old->spec_id == base->default_spec_id) return FIRN_OK;
        return push_id(list, FIRN_UPDATE_SET_DEFAULT_SPEC, old->spec_id, err);
    }
    firn_partition_spec *spec = firn_arena_alloc_zero(list->arena, sizeof *spec);
    if (!spec) return firn_fail_nomem(err);
    *spec = *draft->spec;
    spec->spec_id = max_id + 1;
    const firn_update add = {.kind = FIRN_UPDATE_ADD_SPEC, .spec = spec};
    FIRN_TRY(firn_updates__push(list, &add, err));
    return push_id(list, FIRN_UPDATE_SET_DEFAULT_SPEC, -1, err);
}

static bool same_order(const firn_sort_order *a, const firn_sort_order *b)
{
    if (a->n_fields != b->n_fields) return false;
    for (size_t i = 0; i < a->n_fields; i++)
        if (a->fields[i].source_id != b->fields[i].source_id ||
            a->fields[i].is_descending != b->fields[i].is_descending ||
            a->fields[i].nulls_last != b->fields[i].nulls_last ||
            !same_transform(&a->fields[i].transform, &b->fields[i].transform))
            return false;
    return true;
}

static firn_status push_order(const firn_txn_draft *draft, firn_update_list *list, firn_error *err)
{
    const firn_table_metadata *base = draft->base;
    int32_t max_id = 0;
    for (size_t i = 0; i < base->n_sort_orders; i++) {
        const firn_sort_order *old = base->sort_orders[i];
        if (old->order_id > max_id) max_id = old->order_id;
        if (!same_order(old, draft->sort_order)) continue;
        if (old->order_id == base->default_sort_order_id) return FIRN_OK;
        return push_id(list, FIRN_UPDATE_SET_DEFAULT_SORT_ORDER, old->order_id, err);
    }
    firn_sort_order *order = firn_arena_alloc_zero(list->arena, sizeof *order);
    if (!order) return firn_fail_nomem(err);
    *order = *draft->sort_order;
    order->order_id = order->n_fields == 0 ? 0 : max_id + 1;
    const firn_update add = {.kind = FIRN_UPDATE_ADD_SORT_ORDER, .sort_order = order};
    FIRN_TRY(firn_updates__push(list, &add, err));
    return push_id(list, FIRN_UPDATE_SET_DEFAULT_SORT_ORDER, -1, err);
}

/* ---- references, snapshots, statistics ---- */

static firn_status push_removal(firn_update_list *list, firn_update_kind kind, const int64_t *ids,
                                size_t n, firn_error *err)
{
    const firn_update remove = {.kind = kind, .ids = ids, .n_ids = n};
    return n == 0 ? FIRN_OK : firn_updates__push(list, &remove, err);
}

static firn_status push_refs(const firn_txn_draft *draft, firn_update_list *list, firn_error *err)
{
    for (size_t i = 0; i < draft->n_refs; i++) {
        const firn_draft_ref *item = &draft->refs[i];
        const firn_update set = {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = &item->ref};
        const firn_update remove = {.kind = FIRN_UPDATE_REMOVE_SNAPSHOT_REF,
                                    .text = item->ref.name};
        FIRN_TRY(firn_updates__push(list, item->is_removed ? &remove : &set, err));
    }
    return push_removal(list, FIRN_UPDATE_REMOVE_SNAPSHOTS, draft->removed_snapshots,
                        draft->n_removed_snapshots, err);
}

static firn_status push_statistics(const firn_txn_draft *draft, firn_update_list *list,
                                   firn_error *err)
{
    static const firn_update_kind kinds[2][2] = {
        {FIRN_UPDATE_SET_STATISTICS, FIRN_UPDATE_REMOVE_STATISTICS},
        {FIRN_UPDATE_SET_PARTITION_STATISTICS, FIRN_UPDATE_REMOVE_PARTITION_STATISTICS},
    };
    for (size_t i = 0; i < draft->n_statistics; i++) {
        const firn_draft_statistics *item = &draft->statistics[i];
        const firn_update update = {.kind = kinds[item->is_partition][item->json.len == 0],
                                    .text = item->json,
                                    .id = item->snapshot_id};
        FIRN_TRY(firn_updates__push(list, &update, err));
    }
    return FIRN_OK;
}

/* ---- all ---- */

static firn_status push_properties(const firn_txn_draft *draft, firn_update_list *list,
                                   firn_error *err)
{
    if (draft->n_removed > 0) {
        const firn_update update = {.kind = FIRN_UPDATE_REMOVE_PROPERTIES,
                                    .properties = {draft->removed, draft->n_removed}};
        FIRN_TRY(firn_updates__push(list, &update, err));
    }
    if (draft->n_set > 0) {
        const firn_update update = {.kind = FIRN_UPDATE_SET_PROPERTIES,
                                    .properties = {draft->set, draft->n_set}};
        FIRN_TRY(firn_updates__push(list, &update, err));
    }
    return FIRN_OK;
}

firn_status firn_updates__from_draft(const firn_txn_draft *draft, firn_update_list *list,
                                     firn_error *err)
{
    if (draft->format_version > 0)
        FIRN_TRY(push_id(list, FIRN_UPDATE_FORMAT_VERSION, draft->format_version, err));
    FIRN_TRY(push_properties(draft, list, err));
    if (draft->has_schema) {
        FIRN_TRY(push_schema(draft, list, err));
        FIRN_TRY(firn_updates__column_properties(draft, list, err));
    }
    list->pins_branches = draft->pins_branches;
    if (draft->has_spec) FIRN_TRY(push_spec(draft, list, err));
    if (draft->has_sort_order) FIRN_TRY(push_order(draft, list, err));
    if (draft->location.len > 0) {
        const firn_update update = {.kind = FIRN_UPDATE_SET_LOCATION, .text = draft->location};
        FIRN_TRY(firn_updates__push(list, &update, err));
    }
    FIRN_TRY(push_refs(draft, list, err));
    FIRN_TRY(push_removal(list, FIRN_UPDATE_REMOVE_SCHEMAS, draft->removed_schemas,
                          draft->n_removed_schemas, err));
    FIRN_TRY(push_removal(list, FIRN_UPDATE_REMOVE_SPECS, draft->removed_specs,
                          draft->n_removed_specs, err));
    return push_statistics(draft, list, err);
}

firn_status firn_updates__set_branch(const firn_table_metadata *base, firn_str name,
                                     int64_t snapshot_id, firn_update_list *list, firn_error *err)
{
    const firn_snapshot_ref *old = firn_metadata_find_ref(base, name);
    firn_snapshot_ref *ref = firn_arena_alloc_zero(list->arena, sizeof *ref);
    if (!ref) return firn_fail_nomem(err);
    *ref = old ? *old
               : (firn_snapshot_ref){.name = name,
                                     .min_snapshots_to_keep = -1,
                                     .max_snapshot_age_ms = -1,
                                     .max_ref_age_ms = -1};
    ref->snapshot_id = snapshot_id;
    const firn_update update = {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = ref};
    return firn_updates__push(list, &update, err);
}

/* ---- requirements ---- */

/* The requirement an update gives; kind CREATE means none. */
static firn_requirement requirement_of(const firn_table_metadata *base, const firn_update *update)
{
    switch (update->kind) {
    case FIRN_UPDATE_ADD_SCHEMA:
        return (firn_requirement){FIRN_REQUIRE_LAST_ASSIGNED_FIELD_ID, {0}, base->last_column_id};
    case FIRN_UPDATE_SET_CURRENT_SCHEMA:
        return (firn_requirement){FIRN_REQUIRE_CURRENT_SCHEMA_ID, {0}, base->current_schema_id};
    case FIRN_UPDATE_ADD_SPEC:
        return (firn_requirement){
            FIRN_REQUIRE_LAST_ASSIGNED_PARTITION_ID, {0}, base->last_partition_id};
    case FIRN_UPDATE_SET_DEFAULT_SPEC:
        return (firn_requirement){FIRN_REQUIRE_DEFAULT_SPEC_ID, {0}, base->default_spec_id};
    case FIRN_UPDATE_SET_DEFAULT_SORT_ORDER:
        return (firn_requirement){
            FIRN_REQUIRE_DEFAULT_SORT_ORDER_ID, {0}, base->default_sort_order_id};
    case FIRN_UPDATE_SET_SNAPSHOT_REF: {
        const firn_snapshot_ref *old = firn_metadata_find_ref(base, update->ref->name);
        int64_t id = old ? old->snapshot_id : -1;
        if (!old && firn_str_equals(update->ref->name, FIRN_MAIN)) id = base->current_snapshot_id;
        return (firn_requirement){FIRN_REQUIRE_REF_SNAPSHOT_ID, update->ref->name, id};
    }
    case FIRN_UPDATE_ASSIGN_UUID:
    case FIRN_UPDATE_FORMAT_VERSION:
    case FIRN_UPDATE_ADD_SORT_ORDER:
    case FIRN_UPDATE_REMOVE_SNAPSHOTS:
    case FIRN_UPDATE_REMOVE_SNAPSHOT_REF:
    case FIRN_UPDATE_SET_LOCATION:
    case FIRN_UPDATE_SET_PROPERTIES:
    case FIRN_UPDATE_REMOVE_PROPERTIES:
    case FIRN_UPDATE_SET_STATISTICS:
    case FIRN_UPDATE_REMOVE_STATISTICS:
    case FIRN_UPDATE_SET_PARTITION_STATISTICS:
    case FIRN_UPDATE_REMOVE_PARTITION_STATISTICS:
    case FIRN_UPDATE_REMOVE_SCHEMAS: break;
    case FIRN_UPDATE_ADD_SNAPSHOT: /* its rows were checked against this schema */
        return (firn_requirement){FIRN_REQUIRE_CURRENT_SCHEMA_ID, {0}, base->current_schema_id};
    case FIRN_UPDATE_REMOVE_SPECS:
        return (firn_requirement){FIRN_REQUIRE_DEFAULT_SPEC_ID, {0}, base->default_spec_id};
    }
    return (firn_requirement){.kind = FIRN_REQUIRE_CREATE};
}

/* All branches are where they were, and main is still empty if it was. */
static size_t pin_branches(const firn_table_metadata *base, firn_requirement *items, size_t n)
{
    for (size_t i = 0; i < base->n_refs; i++)
        if (!base->refs[i].is_tag)
            items[n++] = (firn_requirement){FIRN_REQUIRE_REF_SNAPSHOT_ID, base->refs[i].name,
                                            base->refs[i].snapshot_id};
    if (base->current_snapshot_id < 0)
        items[n++] = (firn_requirement){FIRN_REQUIRE_REF_SNAPSHOT_ID, FIRN_MAIN, -1};
    return n;
}

firn_status firn_requirements__derive(const firn_table_metadata *base, bool is_create,
                                      const firn_update_list *list, firn_requirement **out,
                                      size_t *n_out, firn_error *err)
{
    firn_requirement *items =
        firn_arena_array(list->arena, list->n + base->n_refs + 2, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    size_t n = 0;
    if (is_create)
        items[n++] = (firn_requirement){.kind = FIRN_REQUIRE_CREATE};
    else
        items[n++] = (firn_requirement){FIRN_REQUIRE_UUID, base->table_uuid, 0};
    for (size_t i = 0; i < list->n && !is_create; i++) {
        const firn_requirement need = requirement_of(base, &list->items[i]);
        if (need.kind != FIRN_REQUIRE_CREATE) items[n++] = need;
    }
    if (list->pins_branches && !is_create) n = pin_branches(base, items, n);
    *out = items;
    *n_out = n;
    return FIRN_OK;
}
