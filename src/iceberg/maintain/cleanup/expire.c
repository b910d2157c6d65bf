/* SPDX-License-Identifier: Apache-2.0 */
/* Expiring snapshots: look at all files first, so that what cannot be read stops it before anything
 * is changed; then commit; then remove files, contents before the metadata that names them.
 *
 * Bad interleaving: another commit lands between the look and ours. Its snapshots are in the
 * metadata that our commit gives back, and what they reach is struck out before a file goes. A
 * snapshot that went cannot come back: nothing names it any more. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/cleanup/expire_plan.h"
#include "iceberg/maintain/cleanup/file_census.h"
#include "iceberg/maintain/cleanup/file_removal.h"
#include "iceberg/maintain/cleanup/unused_layouts.h"
#include "iceberg/maintain/table_guard.h"
#include "iceberg/txn/snapshot_update.h"

#define K_MAX_ATTEMPTS 5

typedef struct expiry {
    firn_table *table;
    firn_table *before; /* the same table, looked at; stays as it is while table is changed */
    firn_env *env;
    const firn_expire_opts *opts;
    firn_arena *arena; /* of one attempt */
    firn_expire_plan plan;
    firn_file_census census;
    firn_unused_layouts unused;
    bool has_changes;
} expiry;

/* ---- look ---- */

static firn_status look_at_files(expiry *x, const firn_table_metadata *metadata, firn_error *err)
{
    firn_file_census_init(&x->census, x->env, firn_table_store(x->table), metadata, x->arena);
    if (x->opts->keeps_files) return FIRN_OK;
    for (size_t i = 0; i < x->plan.n_expired; i++)
        FIRN_TRY(firn_file_census_note(&x->census, x->plan.expired[i], err));
    return firn_file_census_strike(&x->census, x->plan.kept, x->plan.n_kept, err);
}

static firn_status look(expiry *x, firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(x->before);
    const int64_t now_ms = firn_clock_wall_ms(x->env->clock);
    FIRN_TRY(firn_table_check_gc(metadata, "expire snapshots", err));
    FIRN_TRY(firn_expire_plan_make(metadata, x->opts, now_ms, x->arena, &x->plan, err));
    FIRN_TRY(look_at_files(x, metadata, err));
    x->unused = (firn_unused_layouts){0};
    if (x->opts->cleans_metadata)
        FIRN_TRY(firn_unused_layouts_find(x->env, firn_table_store(x->table), metadata,
                                          x->plan.kept, x->plan.n_kept, x->arena, &x->unused, err));
    x->has_changes = x->plan.n_expired > 0 || x->plan.n_refs > 0 || x->unused.n_schemas > 0 ||
                     x->unused.n_specs > 0;
    return FIRN_OK;
}

/* ---- commit ---- */

static firn_status change(const expiry *x, firn_txn *txn, firn_error *err)
{
    int64_t *ids = firn_arena_array(x->arena, x->plan.n_expired, sizeof *ids);
    if (!ids) return firn_fail_nomem(err);
    for (size_t i = 0; i < x->plan.n_refs; i++)
        FIRN_TRY(
            firn_txn_drop_ref(txn, x->plan.refs[i]->name, x->plan.refs[i]->is_tag, false, err));
    for (size_t i = 0; i < x->plan.n_expired; i++) ids[i] = x->plan.expired[i]->snapshot_id;
    if (x->plan.n_expired > 0)
        FIRN_TRY(firn_txn_remove_snapshots(txn, ids, x->plan.n_expired, err));
    if (x->unused.n_schemas + x->unused.n_specs == 0) return FIRN_OK;
    return firn_txn_remove_layouts(txn, x->unused.schemas, x->unused.n_schemas, x->unused.specs,
                                   x->unused.n_specs, err);
}

static firn_status commit(const expiry *x, firn_error *err)
{
    firn_txn *txn = NULL;
    FIRN_TRY(firn_env_failpoint(x->env, "maintain.expire.before_commit", err));
    FIRN_TRY(firn_txn_begin(x->table, &txn, err));
    firn_status st = change(x, txn, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    FIRN_TRY(st);
    return firn_env_failpoint(x->env, "maintain.expire.after_commit", err);
}

/* ---- files ---- */

/* Snapshots that came since the look, as the commit found them. */
static firn_status strike_new(expiry *x, const firn_table_metadata *after, firn_error *err)
{
    const firn_table_metadata *before = x->census.metadata;
    const firn_snapshot **added = firn_arena_array(x->arena, after->n_snapshots, sizeof *added);
    size_t n = 0;
    if (!added) return firn_fail_nomem(err);
    for (size_t i = 0; i < after->n_snapshots; i++)
        if (!firn_metadata_find_snapshot(before, after->snapshots[i].snapshot_id))
            added[n++] = &after->snapshots[i];
    FIRN_TRY(firn_file_census_note_statistics(&x->census, after, err));
    return n > 0 ? firn_file_census_strike(&x->census, added, n, err) : FIRN_OK;
}

static void count_file(const firn_census_file *file, firn_expire_result *out)
{
    out->bytes += file->size_bytes;
    switch (file->kind) {
    case FIRN_CENSUS_DATA: out->data_files++; return;
    case FIRN_CENSUS_POSITION_DELETES: out->position_delete_files++; return;
    case FIRN_CENSUS_EQUALITY_DELETES: out->equality_delete_files++; return;
    case FIRN_CENSUS_MANIFEST: out->manifest_files++; return;
    case FIRN_CENSUS_MANIFEST_LIST: out->manifest_lists++; return;
    case FIRN_CENSUS_STATISTICS: out->statistics_files++; return;
    }
}

/* Files of one rank of removal: contents, manifests, lists and statistics. */
static bool is_of_rank(const firn_census_file *file, int rank)
{
    switch (file->kind) {
    case FIRN_CENSUS_DATA:
    case FIRN_CENSUS_POSITION_DELETES:
    case FIRN_CENSUS_EQUALITY_DELETES: return rank == 0;
    case FIRN_CENSUS_MANIFEST: return rank == 1;
    case FIRN_CENSUS_MANIFEST_LIST:
    case FIRN_CENSUS_STATISTICS: return rank == 2;
    }
    return false;
}

static firn_status remove_rank(expiry *x, int rank, firn_str *paths, firn_expire_result *out,
                               firn_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < x->census.candidates.n_entries; i++) {
        const firn_census_file *file = x->census.candidates.entries[i].value;
        if (file->is_reached || file->is_mismatched || !is_of_rank(file, rank)) continue;
        count_file(file, out);
        paths[n++] = file->path;
    }
    if (x->opts->is_dry_run) return FIRN_OK;
    return firn_files_remove(x->env, firn_table_store(x->table), paths, n, &out->failed_files, err);
}

static firn_status remove_files(expiry *x, firn_expire_result *out, firn_error *err)
{
    firn_str *paths = firn_arena_array(x->arena, x->census.candidates.n_entries, sizeof *paths);
    if (!paths) return firn_fail_nomem(err);
    for (int rank = 0; rank < 3; rank++) FIRN_TRY(remove_rank(x, rank, paths, out, err));
    return FIRN_OK;
}

/* ---- all ---- */

static firn_status attempt(expiry *x, firn_expire_result *out, firn_error *err)
{
    FIRN_TRY(firn_table_open(x->env, firn_table_store(x->table), firn_table_catalog(x->table),
                             firn_table_ident(x->table), &x->before, err));
    FIRN_TRY(firn_table_refresh(x->table, err));
    FIRN_TRY(look(x, err));
    if (!x->has_changes) return FIRN_OK;
    out->snapshots = (int64_t)x->plan.n_expired;
    out->refs = (int64_t)x->plan.n_refs;
    if (!x->opts->is_dry_run) FIRN_TRY(commit(x, err));
    if (x->opts->keeps_files) return FIRN_OK;
    if (!x->opts->is_dry_run) FIRN_TRY(strike_new(x, firn_table_metadata_of(x->table), err));
    return remove_files(x, out, err);
}

firn_status firn_table_expire_snapshots(firn_table *table, const firn_expire_opts *opts,
                                        firn_expire_result *out, firn_error *err)
{
    firn_expire_opts copy = {0};
    expiry x = {.table = table, .env = firn_table_env(table), .opts = &copy};
    firn_status st = FIRN_OK;
    *out = (firn_expire_result){0};
    if (opts)
        memcpy(&copy, opts, opts->struct_size < sizeof copy ? opts->struct_size : sizeof copy);
    if (copy.retain_last < 0)
        return firn_fail(err, FIRN_ERR_ARG, "retain_last is %d, must be at least 1",
                         copy.retain_last);
    for (int i = 0; i < K_MAX_ATTEMPTS; i++) {
        x.arena = firn_arena_create(x.env->alloc, 0);
        if (!x.arena) return firn_fail_nomem(err);
        *out = (firn_expire_result){0};
        x.before = NULL;
        st = attempt(&x, out, err);
        firn_table_close(x.before);
        firn_arena_destroy(x.arena);
        if (st != FIRN_ERR_CONFLICT) break;
    }
    if (st != FIRN_OK) *out = (firn_expire_result){0};
    return st;
}
