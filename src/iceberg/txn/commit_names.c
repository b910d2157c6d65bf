/* SPDX-License-Identifier: Apache-2.0 */
/* Which names a commit makes durable. Files are written with what they hold durable and their names
 * not, as the folder of many of them is synced once, before the catalog is told (publish in
 * txn_commit.c). What a name is needed for: after a crash of the machine, to find the file.
 *
 * Invariant: when the catalog says that a commit landed, the names of all files that its snapshots
 * brought are durable, whoever wrote them. Bad interleaving: a writer leaves its request with
 * another one and has files in a folder that this one does not know of: the commit lands, the
 * machine crashes, and the snapshot refers to a file without a name. So only the folders that the
 * other one knows are left to it. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/commit_run.h"
#include "iceberg/write/writer_config.h"

struct names {
    firn_arena *arena;
    firn_str *items;
    size_t n, cap;
};

static firn_str folder_of(firn_str path)
{
    size_t len = path.len;
    while (len > 0 && path.data[len - 1] != '/') len--;
    return firn_str_slice(path, 0, len);
}

bool firn_commit__is_in_folder(firn_str path, firn_str folder)
{
    const firn_str found = folder_of(path);
    return found.len == folder.len + 1 && firn_str_starts_with(found, folder);
}

/* Files of one folder mostly follow one another. */
static firn_status add_name(struct names *names, firn_str path, firn_error *err)
{
    if (names->n > 0 && firn_str_equals(folder_of(names->items[names->n - 1]), folder_of(path)))
        return FIRN_OK;
    firn_str *slot =
        firn_arena_push(names->arena, &names->items, &names->n, &names->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = path;
    return FIRN_OK;
}

static firn_status add_change(struct names *names, const firn_snapshot_change *change,
                              firn_error *err)
{
    if (change->pending_name.len > 0) FIRN_TRY(add_name(names, change->pending_name, err));
    for (size_t i = 0; i < change->what.n_added && !change->has_durable_names; i++)
        if (change->what.added[i].has_pending_name)
            FIRN_TRY(add_name(names, change->what.added[i].path, err));
    return FIRN_OK;
}

static firn_status add_txn(struct names *names, const firn_txn *txn, firn_error *err)
{
    for (size_t i = 0; i < txn->n_changes; i++) FIRN_TRY(add_change(names, &txn->changes[i], err));
    for (size_t i = 0; i < txn->n_written; i++)
        FIRN_TRY(add_name(names, txn->written[i].path, err));
    return FIRN_OK;
}

firn_status firn_commit__names(const firn_commit_run *run, firn_str **out, size_t *n_out,
                               firn_error *err)
{
    struct names names = {.arena = run->arena};
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled) FIRN_TRY(add_txn(&names, run->members[i].txn, err));
    for (size_t g = 0; g < run->n_guests; g++)
        for (size_t i = 0; i < run->guests[g].n; i++)
            FIRN_TRY(add_txn(&names, run->guests[g].txns[i], err));
    *out = names.items;
    *n_out = names.n;
    return FIRN_OK;
}

firn_status firn_commit__sync_names(const firn_txn *txn, firn_snapshot_change *change,
                                    firn_arena *scratch, firn_str *pending_out, firn_error *err)
{
    struct names names = {.arena = scratch};
    firn_str folder;
    *pending_out = (firn_str){0};
    FIRN_TRY(add_change(&names, change, err));
    FIRN_TRY(firn_data_folder(txn->draft.base, scratch, &folder, err));
    if (names.n == 1 && firn_commit__is_in_folder(names.items[0], folder)) {
        *pending_out = names.items[0];
        return FIRN_OK;
    }
    FIRN_TRY(firn_store_sync_names(txn->table->store, names.items, names.n, err));
    change->has_durable_names = true;
    return FIRN_OK;
}
