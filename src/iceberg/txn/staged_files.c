/* SPDX-License-Identifier: Apache-2.0 */
/* The files of snapshots that wait in a staged catalog: what they added, and their removal. A
 * manifest is a snapshot's own when it says so; entries of others' files in it are not ADDED. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/manifest_files.h"
#include "iceberg/txn/staged_internal.h"
#include "iceberg/write/table_writer.h"

typedef struct collection {
    firn_arena *arena;
    int64_t snapshot_id;
    firn_data_file *files;
    size_t n, cap;
} collection;

static firn_status take_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    collection *c = ctx;
    if (entry->status != FIRN_ENTRY_ADDED || entry->snapshot_id != c->snapshot_id) return FIRN_OK;
    firn_data_file *slot = firn_arena_push(c->arena, &c->files, &c->n, &c->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    return firn_data_file_copy(&entry->file, c->arena, slot, err);
}

static firn_status collect(const firn_staged *staged, const firn_table_metadata *metadata,
                           const firn_manifest_file *manifests, size_t n, collection *c,
                           firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (manifests[i].added_snapshot_id != c->snapshot_id) continue;
        FIRN_TRY(firn_manifest__each(staged->store, staged->env, metadata, &manifests[i],
                                     FIRN_MANIFEST_ALL, take_entry, c, err));
    }
    return FIRN_OK;
}

firn_status firn_staged__added_files(const firn_staged *staged, const firn_table_metadata *metadata,
                                     const firn_snapshot *snapshot, firn_arena *arena,
                                     firn_data_file **out, size_t *n_out, firn_error *err)
{
    collection c = {.arena = arena, .snapshot_id = snapshot->snapshot_id};
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    FIRN_TRY(
        firn_snapshot_manifests(staged->store, metadata, snapshot, arena, &manifests, &n, err));
    FIRN_TRY(collect(staged, metadata, manifests, n, &c, err));
    *out = c.files;
    *n_out = c.n;
    return FIRN_OK;
}

/* ---- removal ---- */

static void warn(const firn_staged *staged, firn_str path, const firn_error *err)
{
    firn_log_write(staged->env->log, FIRN_LOG_WARN, "cannot remove %.*s: %s", FIRN_STR_ARG(path),
                   err->message);
}

static void remove_file(const firn_staged *staged, firn_str path)
{
    firn_error err;
    const firn_status st = firn_store_remove(staged->store, path, &err);
    if (st != FIRN_OK && st != FIRN_ERR_NOT_FOUND) warn(staged, path, &err);
}

static void remove_snapshot(const firn_staged *staged, const firn_table_metadata *metadata,
                            const firn_snapshot *snapshot, bool with_data, firn_arena *scratch)
{
    firn_error err;
    collection c = {.arena = scratch, .snapshot_id = snapshot->snapshot_id};
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    firn_status st =
        firn_snapshot_manifests(staged->store, metadata, snapshot, scratch, &manifests, &n, &err);
    if (st == FIRN_OK && with_data) st = collect(staged, metadata, manifests, n, &c, &err);
    if (st != FIRN_OK) {
        warn(staged, snapshot->manifest_list, &err);
        return;
    }
    firn_data_files_remove(staged->env, staged->store, c.files, c.n);
    for (size_t i = 0; i < n; i++)
        if (manifests[i].added_snapshot_id == snapshot->snapshot_id)
            remove_file(staged, manifests[i].path);
    if (snapshot->manifest_list.len > 0) remove_file(staged, snapshot->manifest_list);
}

/* The last one first: manifests of one may be named by the lists behind it. */
void firn_staged__remove_files(const firn_staged *staged, const firn_table_metadata *metadata,
                               const firn_update_list *list, bool with_data)
{
    firn_arena *scratch = firn_arena_create(staged->env->alloc, 0);
    for (size_t i = list->n; scratch && i-- > 0;)
        if (list->items[i].kind == FIRN_UPDATE_ADD_SNAPSHOT)
            remove_snapshot(staged, metadata, list->items[i].snapshot, with_data, scratch);
    firn_arena_destroy(scratch);
}
