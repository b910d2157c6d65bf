/* SPDX-License-Identifier: Apache-2.0 */
/* A table that is replaced by another under its name: other columns, another spec and sort order,
 * its history kept. Columns of the same name and a type that fits keep their ids, as in Iceberg's
 * library, so that branches still show them. Not here: its rows. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_update.h"
#include "iceberg/txn/schema_tree.h"
#include "iceberg/txn/txn_internal.h"

static firn_status apply_schema(const firn_txn_action *action, firn_txn_draft *draft,
                                firn_error *err)
{
    if (action->id != draft->base->last_column_id) {
        return firn_fail(err, FIRN_ERR_CONFLICT, "another commit changed the schema");
    }
    draft->schema = action->schema;
    draft->has_schema = true;
    const int32_t max_id = firn_schema_max_id(action->schema);
    if (max_id > draft->last_column_id) draft->last_column_id = max_id;
    return FIRN_OK;
}

static firn_status replace_schema(firn_txn *txn, const firn_schema *schema, firn_id_map *ids,
                                  firn_error *err)
{
    firn_schema *copy = NULL;
    int32_t last_id = txn->draft.base->last_column_id;
    firn_txn_action action = {.apply = apply_schema, .id = last_id, .needs_same_layout = true};
    if (!schema) return firn_fail(err, FIRN_ERR_ARG, "a table needs a schema");
    ids->arena = txn->arena;
    ids->base = &txn->draft.schema->root;
    FIRN_TRY(firn_schema__copy(schema, txn->arena, &last_id, ids, &copy, err));
    copy->schema_id = txn->draft.schema->schema_id;
    copy->identifier_field_ids = NULL;
    copy->n_identifier_field_ids = 0;
    action.schema = copy;
    return firn_txn__act(txn, &action, err);
}

static firn_status replace_spec(firn_txn *txn, const firn_partition_spec *spec,
                                const firn_id_map *ids, firn_error *err)
{
    const size_t n = spec ? spec->n_fields : 0;
    firn_partition_field *fields = firn_arena_array(txn->arena, n, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        fields[i] = spec->fields[i];
        fields[i].source_id = firn_id_map__find(ids, fields[i].source_id);
    }
    return firn_txn_set_spec(txn, fields, n, err);
}

static firn_status replace_order(firn_txn *txn, const firn_sort_order *order,
                                 const firn_id_map *ids, firn_error *err)
{
    const size_t n = order ? order->n_fields : 0;
    firn_sort_field *fields = firn_arena_array(txn->arena, n, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        fields[i] = order->fields[i];
        fields[i].source_id = firn_id_map__find(ids, fields[i].source_id);
    }
    return firn_txn_set_sort_order(txn, fields, n, err);
}

/* Let the handle show what the actions so far would make of the table. */
static firn_status show_draft(firn_txn *txn, firn_error *err)
{
    firn_table *table = txn->table;
    const firn_table_metadata *metadata = NULL;
    firn_update_list list = {.arena = txn->arena};
    FIRN_TRY(firn_updates__from_draft(&txn->draft, &list, err));
    FIRN_TRY(firn_updates_apply(txn->draft.base, FIRN_STR(""), list.items, list.n,
                                firn_clock_wall_ms(table->env->clock), txn->arena, &metadata, err));
    table->shown = *metadata;
    table->is_shown = true;
    return FIRN_OK;
}

firn_status firn_txn_replace_table(firn_txn *txn, const firn_table_create_opts *opts,
                                   firn_error *err)
{
    firn_id_map ids = {0};
    FIRN_TRY(firn_txn__check_open(txn, err));
    if (txn->n_changes > 0 || txn->n_actions > 0) {
        return firn_fail(err, FIRN_ERR_ARG, "a table is replaced before anything else");
    }
    FIRN_TRY(replace_schema(txn, opts->schema, &ids, err));
    FIRN_TRY(replace_spec(txn, opts->spec, &ids, err));
    FIRN_TRY(replace_order(txn, opts->sort_order, &ids, err));
    if (opts->location.len > 0) FIRN_TRY(firn_txn_set_location(txn, opts->location, err));
    if (opts->properties.n > 0) {
        FIRN_TRY(firn_txn_set_properties(txn, opts->properties.items, opts->properties.n, err));
    }
    return show_draft(txn, err);
}
