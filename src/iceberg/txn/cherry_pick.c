/* SPDX-License-Identifier: Apache-2.0 */
/* The change of another snapshot made on main: by moving main to it, by adding its files again, or
 * by replacing the same partitions. Follows Iceberg's rules, so that each change can be picked
 * once. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/manifest_files.h"

#define K_SOURCE    FIRN_STR("source-snapshot-id")
#define K_PUBLISHED FIRN_STR("published-wap-id")
#define K_WAP       FIRN_STR("wap.id")

typedef struct pick {
    firn_txn *txn;
    const firn_table_metadata *metadata;
    const firn_snapshot *snapshot;
    firn_data_file *added;
    size_t n_added, cap_added;
    firn_file_key *removed;
    size_t n_removed, cap_removed;
} pick;

/* ---- checks ---- */

/* A snapshot of main's history that brought the change, or published the same WAP id. */
static firn_status check_not_there(const pick *p, firn_error *err)
{
    const firn_table_metadata *m = p->metadata;
    const firn_str wap = firn_properties_get(&p->snapshot->summary, K_WAP, (firn_str){0});
    int64_t id = m->current_snapshot_id;
    for (size_t i = 0; i <= m->n_snapshots && id >= 0; i++) {
        const firn_snapshot *s = firn_metadata_find_snapshot(m, id);
        int64_t source = -1;
        if (!s) break;
        const bool is_copy =
            firn_str_to_i64(firn_properties_get(&s->summary, K_SOURCE, (firn_str){0}), &source) &&
            source == p->snapshot->snapshot_id;
        if (id == p->snapshot->snapshot_id || is_copy)
            return firn_fail(err, FIRN_ERR_ARG, "snapshot %lld is in main already%s",
                             (long long)p->snapshot->snapshot_id,
                             is_copy ? ", it was cherry-picked before" : "");
        if (wap.len > 0 &&
            (firn_str_equals(firn_properties_get(&s->summary, K_WAP, (firn_str){0}), wap) ||
             firn_str_equals(firn_properties_get(&s->summary, K_PUBLISHED, (firn_str){0}), wap)))
            return firn_fail(err, FIRN_ERR_ARG, "changes of wap.id \"%.*s\" were published already",
                             FIRN_STR_ARG(wap));
        id = s->parent_snapshot_id;
    }
    return FIRN_OK;
}

static bool is_partition_overwrite(const firn_snapshot *snapshot)
{
    const firn_str flag =
        firn_properties_get(&snapshot->summary, FIRN_STR("replace-partitions"), (firn_str){0});
    return firn_str_equals(snapshot->operation, FIRN_STR("overwrite")) &&
           firn_str_equals_nocase(flag, FIRN_STR("true"));
}

/* ---- what the snapshot changed ---- */

static firn_status take_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    pick *p = ctx;
    firn_arena *arena = p->txn->files_arena;
    if (entry->snapshot_id != p->snapshot->snapshot_id) return FIRN_OK;
    if (entry->status == FIRN_ENTRY_ADDED) {
        firn_data_file *slot =
            firn_arena_push(arena, &p->added, &p->n_added, &p->cap_added, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        return firn_data_file_copy(&entry->file, arena, slot, err);
    }
    if (entry->status != FIRN_ENTRY_DELETED) return FIRN_OK;
    firn_file_key *slot =
        firn_arena_push(arena, &p->removed, &p->n_removed, &p->cap_removed, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    slot->path = firn_arena_copy(arena, entry->file.path);
    return slot->path.data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status collect(pick *p, firn_error *err)
{
    const firn_table *table = p->txn->table;
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    FIRN_TRY(firn_snapshot_manifests(table->store, p->metadata, p->snapshot, p->txn->files_arena,
                                     &manifests, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (manifests[i].added_snapshot_id != p->snapshot->snapshot_id) continue;
        if (manifests[i].content != FIRN_CONTENT_DATA)
            return firn_fail(err, FIRN_ERR_ARG, "snapshot %lld changed delete files",
                             (long long)p->snapshot->snapshot_id);
        FIRN_TRY(firn_manifest__each(table->store, table->env, p->metadata, &manifests[i],
                                     FIRN_MANIFEST_ALL, take_entry, p, err));
    }
    return FIRN_OK;
}

/* ---- what main has ---- */

typedef struct live_check {
    firn_map picked; /* paths */
    firn_str found;
    firn_arena *arena;
} live_check;

static firn_status look_up(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    live_check *check = ctx;
    if (entry->status == FIRN_ENTRY_DELETED || check->found.len > 0 ||
        !firn_map_has(&check->picked, entry->file.path))
        return FIRN_OK;
    check->found = firn_arena_copy(check->arena, entry->file.path);
    return check->found.data ? FIRN_OK : firn_fail_nomem(err);
}

/* Where the snapshots between were expired, history does not tell that main has the change. A file
 * that is live twice would be read twice, and by deletes that are not about it. */
static firn_status check_not_live(const pick *p, firn_error *err)
{
    const firn_table *table = p->txn->table;
    const firn_snapshot *main = firn_metadata_current_snapshot(p->metadata);
    live_check check = {.arena = p->txn->files_arena};
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    if (!main) return FIRN_OK;
    firn_map_init(&check.picked, check.arena);
    for (size_t i = 0; i < p->n_added; i++)
        FIRN_TRY(firn_map_put(&check.picked, p->added[i].path, &p->added[i], err));
    FIRN_TRY(
        firn_snapshot_manifests(table->store, p->metadata, main, check.arena, &manifests, &n, err));
    for (size_t i = 0; i < n && check.found.len == 0; i++)
        if (manifests[i].content == FIRN_CONTENT_DATA)
            FIRN_TRY(firn_manifest__each(table->store, table->env, p->metadata, &manifests[i],
                                         FIRN_MANIFEST_NO_METRICS, look_up, &check, err));
    if (check.found.len == 0) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "snapshot %lld is in main already: file %.*s",
                     (long long)p->snapshot->snapshot_id, FIRN_STR_ARG(check.found));
}

/* ---- picking ---- */

static firn_status note_source(pick *p, firn_error *err)
{
    firn_txn *txn = p->txn;
    firn_snapshot_change *change = &txn->changes[txn->n_changes - 1];
    const firn_str wap = firn_properties_get(&p->snapshot->summary, K_WAP, (firn_str){0});
    change->picked_from =
        firn_arena_printf(txn->files_arena, "%lld", (long long)p->snapshot->snapshot_id);
    if (!change->picked_from.data) return firn_fail_nomem(err);
    if (wap.len == 0) return FIRN_OK;
    const firn_property published = {K_PUBLISHED, wap};
    return firn_txn_set_summary(txn, &published, 1, err);
}

static firn_status pick_append(pick *p, firn_error *err)
{
    FIRN_TRY(collect(p, err));
    FIRN_TRY(check_not_live(p, err));
    FIRN_TRY(firn_txn_append_files(p->txn, p->added, p->n_added, err));
    return note_source(p, err);
}

/* The partitions must not have changed since the snapshot's parent. */
static firn_status pick_partitions(pick *p, firn_error *err)
{
    const int64_t parent = p->snapshot->parent_snapshot_id;
    const int64_t at = p->metadata->current_snapshot_id;
    if (parent >= 0 && (at < 0 || !firn_metadata_is_ancestor(p->metadata, at, parent)))
        return firn_fail(err, FIRN_ERR_ARG,
                         "snapshot %lld replaced partitions of a table that main never was",
                         (long long)p->snapshot->snapshot_id);
    FIRN_TRY(collect(p, err));
    FIRN_TRY(check_not_live(p, err));
    const firn_change change = {.kind = FIRN_CHANGE_REPLACE_PARTITIONS,
                                .added = p->added,
                                .n_added = p->n_added,
                                .from_snapshot_id = parent};
    FIRN_TRY(firn_txn_change_files(p->txn, &change, err));
    return note_source(p, err);
}

firn_status firn_txn_cherry_pick(firn_txn *txn, int64_t snapshot_id, firn_error *err)
{
    pick p = {.txn = txn, .metadata = txn->draft.base};
    FIRN_TRY(firn_txn__check_open(txn, err));
    if (txn->n_changes > 0)
        return firn_fail(err, FIRN_ERR_ARG, "transaction makes a snapshot already");
    p.snapshot = firn_metadata_find_snapshot(p.metadata, snapshot_id);
    if (!p.snapshot)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no snapshot %lld", (long long)snapshot_id);
    FIRN_TRY(check_not_there(&p, err));
    if (p.snapshot->parent_snapshot_id == p.metadata->current_snapshot_id)
        return firn_txn_set_current_snapshot(txn, snapshot_id, err);
    if (firn_str_equals(p.snapshot->operation, FIRN_STR("append"))) return pick_append(&p, err);
    if (is_partition_overwrite(p.snapshot)) return pick_partitions(&p, err);
    return firn_fail(err, FIRN_ERR_ARG,
                     "cannot cherry-pick snapshot %lld (%.*s): only appends, dynamic partition "
                     "overwrites, and what follows the current snapshot",
                     (long long)snapshot_id, FIRN_STR_ARG(p.snapshot->operation));
}
