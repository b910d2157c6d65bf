/* SPDX-License-Identifier: Apache-2.0 */
/* The transaction handle: begin, close, actions on the draft, properties, location and
 * statistics. The commit is txn_commit.c. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/property_values.h"
#include "iceberg/txn/txn_internal.h"

void firn_txn__draft_init(firn_txn_draft *draft, firn_arena *arena, const firn_table_metadata *base)
{
    *draft = (firn_txn_draft){
        .arena = arena,
        .base = base,
        .schema = firn_metadata_schema(base),
        .last_column_id = base->last_column_id,
        .spec = firn_metadata_spec(base),
        .last_partition_id = base->last_partition_id,
        .sort_order = firn_metadata_sort_order(base),
    };
}

firn_status firn_txn_begin(firn_table *table, firn_txn **out, firn_error *err)
{
    *out = NULL;
    firn_txn *txn = firn_mem_alloc_zero(table->env->alloc, sizeof *txn);
    if (!txn) return firn_fail_nomem(err);
    txn->table = table;
    txn->arena = firn_arena_create(table->env->alloc, 0);
    txn->files_arena = firn_arena_create(table->env->alloc, 0);
    if (!txn->arena || !txn->files_arena) {
        firn_txn_close(txn);
        return firn_fail_nomem(err);
    }
    firn_txn__draft_init(&txn->draft, txn->arena, table->loaded.metadata);
    *out = txn;
    return FIRN_OK;
}

void firn_txn_close(firn_txn *txn)
{
    if (!txn) return;
    firn_arena_destroy(txn->arena);
    firn_arena_destroy(txn->files_arena);
    firn_mem_free(txn->table->env->alloc, txn);
}

firn_status firn_txn__check_open(const firn_txn *txn, firn_error *err)
{
    if (!txn->is_ended) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "transaction has ended already");
}

firn_status firn_txn__copy(firn_txn *txn, firn_str text, firn_str *out, firn_error *err)
{
    *out = (firn_str){0};
    if (text.len == 0) return FIRN_OK;
    *out = firn_arena_copy(txn->arena, text);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_txn__act(firn_txn *txn, const firn_txn_action *action, firn_error *err)
{
    firn_txn_draft next = txn->draft;
    FIRN_TRY(action->apply(action, &next, err));
    firn_txn_action *slot = firn_arena_push(txn->arena, &txn->actions, &txn->n_actions,
                                            &txn->cap_actions, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *action;
    txn->draft = next;
    return FIRN_OK;
}

/* ---- properties ---- */

static const firn_str k_reserved[] = {
    FIRN_STR_INIT("uuid"),
    FIRN_STR_INIT("snapshot-count"),
    FIRN_STR_INIT("current-snapshot-summary"),
    FIRN_STR_INIT("current-snapshot-id"),
    FIRN_STR_INIT("current-snapshot-timestamp-ms"),
    FIRN_STR_INIT("current-schema"),
    FIRN_STR_INIT("default-partition-spec"),
    FIRN_STR_INIT("default-sort-order"),
};

static firn_status check_key(firn_str key, firn_error *err)
{
    if (key.len == 0) return firn_fail(err, FIRN_ERR_ARG, "property name is empty");
    for (size_t i = 0; i < sizeof k_reserved / sizeof *k_reserved; i++)
        if (firn_str_equals(key, k_reserved[i]))
            return firn_fail(err, FIRN_ERR_ARG, "property \"%.*s\" is reserved", FIRN_STR_ARG(key));
    return FIRN_OK;
}

static void forget_key(firn_property *items, size_t *n, firn_str key)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (!firn_str_equals(items[i].key, key)) items[kept++] = items[i];
    *n = kept;
}

static firn_status set_format_version(firn_txn_draft *draft, firn_str value, firn_error *err)
{
    int64_t version = 0;
    if (!firn_str_to_i64(value, &version) || version < 1 || version > 3)
        return firn_fail(err, FIRN_ERR_ARG, "format-version \"%.*s\", expected 1, 2 or 3",
                         FIRN_STR_ARG(value));
    if (version < draft->base->format_version)
        return firn_fail(err, FIRN_ERR_ARG, "format version %d cannot go back to %d",
                         draft->base->format_version, (int)version);
    draft->format_version = version == draft->base->format_version ? 0 : (int32_t)version;
    return FIRN_OK;
}

/* The draft's arrays are shared with earlier drafts, so they are copied before entries go. */
static firn_status own_properties(firn_txn_draft *draft, firn_error *err)
{
    firn_property *set = firn_arena_array(draft->arena, draft->n_set, sizeof *set);
    firn_property *removed = firn_arena_array(draft->arena, draft->n_removed, sizeof *removed);
    if (!set || !removed) return firn_fail_nomem(err);
    for (size_t i = 0; i < draft->n_set; i++) set[i] = draft->set[i];
    for (size_t i = 0; i < draft->n_removed; i++) removed[i] = draft->removed[i];
    draft->set = set;
    draft->cap_set = draft->n_set;
    draft->removed = removed;
    draft->cap_removed = draft->n_removed;
    return FIRN_OK;
}

static firn_status apply_set(const firn_txn_action *action, firn_txn_draft *draft, firn_error *err)
{
    FIRN_TRY(own_properties(draft, err));
    for (size_t i = 0; i < action->n; i++) {
        const firn_property *item = &action->properties[i];
        if (firn_str_equals(item->key, FIRN_STR("format-version"))) {
            FIRN_TRY(set_format_version(draft, item->value, err));
            continue;
        }
        FIRN_TRY(check_key(item->key, err));
        FIRN_TRY(firn_property_check(item, err));
        forget_key(draft->set, &draft->n_set, item->key);
        forget_key(draft->removed, &draft->n_removed, item->key);
        firn_property *slot = firn_arena_push(draft->arena, &draft->set, &draft->n_set,
                                              &draft->cap_set, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = *item;
    }
    return FIRN_OK;
}

static firn_status apply_remove(const firn_txn_action *action, firn_txn_draft *draft,
                                firn_error *err)
{
    FIRN_TRY(own_properties(draft, err));
    for (size_t i = 0; i < action->n; i++) {
        const firn_property *item = &action->properties[i];
        FIRN_TRY(check_key(item->key, err));
        if (firn_str_equals(item->key, FIRN_STR("format-version")))
            return firn_fail(err, FIRN_ERR_ARG, "property \"format-version\" cannot be removed");
        forget_key(draft->set, &draft->n_set, item->key);
        forget_key(draft->removed, &draft->n_removed, item->key);
        firn_property *slot = firn_arena_push(draft->arena, &draft->removed, &draft->n_removed,
                                              &draft->cap_removed, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = *item;
    }
    return FIRN_OK;
}

firn_status firn_txn_set_properties(firn_txn *txn, const firn_property *items, size_t n,
                                    firn_error *err)
{
    firn_txn_action action = {.apply = apply_set, .n = n};
    FIRN_TRY(firn_txn__check_open(txn, err));
    firn_property *copy = firn_arena_array(txn->arena, n, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(firn_txn__copy(txn, items[i].key, &copy[i].key, err));
        FIRN_TRY(firn_txn__copy(txn, items[i].value, &copy[i].value, err));
    }
    action.properties = copy;
    return firn_txn__act(txn, &action, err);
}

firn_status firn_txn_remove_properties(firn_txn *txn, const firn_str *keys, size_t n,
                                       firn_error *err)
{
    firn_txn_action action = {.apply = apply_remove, .n = n};
    FIRN_TRY(firn_txn__check_open(txn, err));
    firn_property *copy = firn_arena_array(txn->arena, n, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) FIRN_TRY(firn_txn__copy(txn, keys[i], &copy[i].key, err));
    action.properties = copy;
    return firn_txn__act(txn, &action, err);
}

/* ---- location, statistics ---- */

static firn_status apply_location(const firn_txn_action *action, firn_txn_draft *draft,
                                  firn_error *err)
{
    (void)err;
    draft->location = action->text;
    return FIRN_OK;
}

firn_status firn_txn_set_location(firn_txn *txn, firn_str location, firn_error *err)
{
    firn_txn_action action = {.apply = apply_location};
    FIRN_TRY(firn_txn__check_open(txn, err));
    if (location.len == 0) return firn_fail(err, FIRN_ERR_ARG, "location is empty");
    FIRN_TRY(firn_txn__copy(txn, location, &action.text, err));
    return firn_txn__act(txn, &action, err);
}

static firn_status apply_statistics(const firn_txn_action *action, firn_txn_draft *draft,
                                    firn_error *err)
{
    const size_t n = draft->n_statistics;
    firn_draft_statistics *items = firn_arena_array(draft->arena, n + 1, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) items[i] = draft->statistics[i];
    items[n] = (firn_draft_statistics){action->id, action->text, action->flag};
    draft->statistics = items;
    draft->n_statistics = n + 1;
    return FIRN_OK;
}

firn_status firn_txn_set_statistics(firn_txn *txn, firn_str json, bool is_partition,
                                    firn_error *err)
{
    firn_txn_action action = {.apply = apply_statistics, .flag = is_partition};
    FIRN_TRY(firn_txn__check_open(txn, err));
    if (json.len == 0) return firn_fail(err, FIRN_ERR_ARG, "statistics file is empty");
    FIRN_TRY(firn_txn__copy(txn, json, &action.text, err));
    return firn_txn__act(txn, &action, err);
}

firn_status firn_txn_remove_statistics(firn_txn *txn, int64_t snapshot_id, bool is_partition,
                                       firn_error *err)
{
    const firn_txn_action action = {
        .apply = apply_statistics, .id = snapshot_id, .flag = is_partition};
    FIRN_TRY(firn_txn__check_open(txn, err));
    return firn_txn__act(txn, &action, err);
}
