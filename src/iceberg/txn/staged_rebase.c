/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that wait to be added to a table which others changed meanwhile: the same data files are
 * added again on top of what the table is now, one snapshot for each there was. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/staged_internal.h"

/* Appends to one branch and nothing else. */
static bool is_append(const firn_update *update, firn_str *branch)
{
    if (update->kind == FIRN_UPDATE_ADD_SNAPSHOT)
        return firn_str_equals(update->snapshot->operation, FIRN_STR("append"));
    if (update->kind != FIRN_UPDATE_SET_SNAPSHOT_REF || update->ref->is_tag) return false;
    if (branch->len > 0 && !firn_str_equals(*branch, update->ref->name)) return false;
    *branch = update->ref->name;
    return true;
}

static firn_str branch_of(const firn_staged_table *table, bool *is_append_only)
{
    firn_str branch = {0};
    *is_append_only = table->list.n > 0;
    for (size_t i = 0; i < table->list.n && *is_append_only; i++)
        *is_append_only = is_append(&table->list.items[i], &branch);
    return branch;
}

bool firn_staged__can_rebase(const firn_staged_table *table, const firn_table_metadata *fresh)
{
    const firn_table_metadata *base = table->base.metadata;
    bool is_append_only = false;
    const firn_str branch = branch_of(table, &is_append_only);
    if (!base || table->is_pinned || !is_append_only || branch.len == 0) return false;
    const firn_snapshot_ref *ref = firn_metadata_find_ref(fresh, branch);
    const bool has_branch =
        ref ? !ref->is_tag : firn_str_equals(branch, FIRN_MAIN) && fresh->current_snapshot_id < 0;
    return has_branch && firn_str_equals(base->table_uuid, fresh->table_uuid) &&
           base->format_version == fresh->format_version &&
           base->current_schema_id == fresh->current_schema_id &&
           base->default_spec_id == fresh->default_spec_id;
}

static firn_status append_files(firn_staged *staged, const firn_staged_table *table,
                                firn_str branch, const firn_data_file *files, size_t n,
                                firn_error *err)
{
    firn_table *handle = NULL;
    firn_txn *txn = NULL;
    FIRN_TRY(
        firn_table_open(staged->env, staged->store, staged->self, &table->ident, &handle, err));
    firn_status st = FIRN_OK;
    if (!firn_str_equals(branch, FIRN_MAIN)) st = firn_table_use_branch(handle, branch, err);
    if (st == FIRN_OK) st = firn_txn_begin(handle, &txn, err);
    if (st == FIRN_OK) firn_txn_keep_files(txn);
    if (st == FIRN_OK) st = firn_txn_append_files(txn, files, n, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    firn_table_close(handle);
    return st;
}

static firn_status append_again(firn_staged *staged, const firn_staged_table *table,
                                const firn_staged_table *before, firn_arena *scratch,
                                firn_error *err)
{
    bool is_append_only = false;
    const firn_str branch = branch_of(before, &is_append_only);
    for (size_t i = 0; i < before->list.n; i++) {
        firn_data_file *files = NULL;
        size_t n = 0;
        if (before->list.items[i].kind != FIRN_UPDATE_ADD_SNAPSHOT) continue;
        FIRN_TRY(firn_staged__added_files(staged, before->now, before->list.items[i].snapshot,
                                          scratch, &files, &n, err));
        FIRN_TRY(append_files(staged, table, branch, files, n, err));
    }
    return FIRN_OK;
}

firn_status firn_staged__rebase(firn_staged *staged, firn_staged_table *table, firn_error *err)
{
    const firn_staged_table before = *table;
    firn_loaded_table fresh;
    FIRN_TRY(firn_staged__load_inner(staged, &table->ident, staged->arena, &fresh, err));
    firn_arena *scratch = firn_arena_create(staged->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    table->base = fresh;
    table->now = fresh.metadata;
    table->list = (firn_update_list){.arena = staged->arena};
    table->requirements = NULL;
    table->n_requirements = 0;
    table->cap_requirements = 0;
    const firn_status st = append_again(staged, table, &before, scratch, err);
    firn_arena_destroy(scratch);
    const firn_staged_table *given_up = st == FIRN_OK ? &before : table;
    firn_staged__remove_files(staged, given_up->now, &given_up->list, false);
    if (st != FIRN_OK) *table = before;
    return st;
}
