/* SPDX-License-Identifier: Apache-2.0 */
#include "base/env.h"
#include "base/error.h"
#include "firn/maintain.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/snapshot_update.h"

#define K_DEFAULT_MANIFEST_BYTES ((int64_t)8 << 20)

static firn_status is_worth_it(firn_table *table, int32_t spec_id, bool *out, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(table);
    const firn_snapshot *current = firn_metadata_current_snapshot(m);
    const int64_t target = firn_properties_get_i64(
        &m->properties, FIRN_STR("commit.manifest.target-size-bytes"), K_DEFAULT_MANIFEST_BYTES);
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    *out = false;
    if (!current) return FIRN_OK;
    firn_arena *arena = firn_arena_create(firn_table_env(table)->alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    const firn_status st =
        firn_snapshot_manifests(firn_table_store(table), m, current, arena, &manifests, &n, err);
    *out = st == FIRN_OK && (firn_manifests__worth_rewriting(manifests, n, spec_id, true, target) ||
                             firn_manifests__worth_rewriting(manifests, n, spec_id, false, target));
    firn_arena_destroy(arena);
    return st;
}

static firn_status commit(firn_table *table, int32_t spec_id, firn_error *err)
{
    firn_txn *txn = NULL;
    const firn_change change = {.kind = FIRN_CHANGE_REWRITE_MANIFESTS,
                                .from_snapshot_id =
                                    firn_table_metadata_of(table)->current_snapshot_id,
                                .manifest_spec_id = spec_id};
    FIRN_TRY(firn_txn_begin(table, &txn, err));
    firn_status st = firn_txn_change_files(txn, &change, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

firn_status firn_table_rewrite_manifests(firn_table *table, int32_t spec_id,
                                         firn_manifest_rewrite_result *out, firn_error *err)
{
    bool is_worth = false;
    *out = (firn_manifest_rewrite_result){0};
    FIRN_TRY(firn_table_refresh(table, err));
    if (spec_id < 0) spec_id = firn_table_metadata_of(table)->default_spec_id;
    if (!firn_metadata_find_spec(firn_table_metadata_of(table), spec_id))
        return firn_fail(err, FIRN_ERR_ARG, "the table has no partition spec %d", spec_id);
    FIRN_TRY(is_worth_it(table, spec_id, &is_worth, err));
    if (!is_worth) return FIRN_OK;
    FIRN_TRY(commit(table, spec_id, err));
    const firn_snapshot *made = firn_metadata_current_snapshot(firn_table_metadata_of(table));
    if (!made) return FIRN_OK;
    out->rewritten = firn_properties_get_i64(&made->summary, FIRN_STR("manifests-replaced"), 0);
    out->added = firn_properties_get_i64(&made->summary, FIRN_STR("manifests-created"), 0);
    return FIRN_OK;
}
