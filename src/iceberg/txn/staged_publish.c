/* SPDX-License-Identifier: Apache-2.0 */
/* The commit of a staged catalog: all tables in one call of the catalog behind.
 *
 *   landed     all of it is there
 *   conflict   a table is not what the transaction built on. Where only rows were added they are
 *              added again on top, and the call is repeated; else the transaction is lost
 *   unknown    a table is read again: our snapshot in it means landed. Otherwise nothing is removed
 *
 * Bad interleaving: an answer is lost and the driver sends the commit again, which then meets
 * itself. So a conflict is looked at only after none of our snapshots is found in the table. */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_update.h"
#include "iceberg/txn/staged_internal.h"

#define MAX_ATTEMPTS  10
#define FIRST_WAIT_US 5000

static bool is_changed(const firn_staged_table *table)
{
    return !table->is_dropped && table->list.n > 0;
}

static bool is_part(const firn_staged *staged, const firn_staged_table *table)
{
    return is_changed(table) || (staged->opts.is_serializable && !table->is_dropped);
}

/* ---- the commit ---- */

/* What was read is still so: the same table, branches and schema. */
static firn_status require_unchanged(const firn_table_metadata *base, firn_arena *arena,
                                     firn_table_commit *out, firn_error *err)
{
    size_t n = 0;
    firn_requirement *items = firn_arena_array(arena, base->n_refs + 3, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    items[n++] = (firn_requirement){FIRN_REQUIRE_UUID, base->table_uuid, 0};
    items[n++] = (firn_requirement){FIRN_REQUIRE_CURRENT_SCHEMA_ID, {0}, base->current_schema_id};
    for (size_t i = 0; i < base->n_refs; i++)
        items[n++] = (firn_requirement){FIRN_REQUIRE_REF_SNAPSHOT_ID, base->refs[i].name,
                                        base->refs[i].snapshot_id};
    if (base->current_snapshot_id < 0)
        items[n++] = (firn_requirement){FIRN_REQUIRE_REF_SNAPSHOT_ID, FIRN_MAIN, -1};
    out->requirements = items;
    out->n_requirements = n;
    return FIRN_OK;
}

static firn_status build(const firn_staged *staged, const firn_staged_table *table,
                         firn_arena *arena, firn_table_commit *out, firn_error *err)
{
    *out = (firn_table_commit){.ident = table->ident,
                               .requirements = table->requirements,
                               .n_requirements = table->n_requirements,
                               .updates = table->list.items,
                               .n_updates = table->list.n};
    if (!staged->opts.is_serializable || !table->base.metadata) return FIRN_OK;
    return require_unchanged(table->base.metadata, arena, out, err);
}

static firn_status commit_once(const firn_staged *staged, firn_arena *arena, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(staged->inner);
    firn_table_commit *commits = firn_arena_array(arena, staged->n_tables, sizeof *commits);
    size_t n = 0;
    if (!commits) return firn_fail_nomem(err);
    for (size_t i = 0; i < staged->n_tables; i++)
        if (is_part(staged, staged->tables[i]))
            FIRN_TRY(build(staged, staged->tables[i], arena, &commits[n++], err));
    FIRN_TRY(firn_env_failpoint(staged->env, "txn.commit.before_catalog", err));
    FIRN_TRY(ops->commit(firn_catalog_ctx(staged->inner), commits, n, arena, NULL, err));
    if (firn_env_failpoint(staged->env, "txn.commit.after_catalog", err) != FIRN_OK)
        return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "the catalog's answer was lost");
    return FIRN_OK;
}

/* ---- what became of it ---- */

static const firn_snapshot *own_snapshot(const firn_staged_table *table)
{
    for (size_t i = 0; i < table->list.n; i++)
        if (table->list.items[i].kind == FIRN_UPDATE_ADD_SNAPSHOT)
            return table->list.items[i].snapshot;
    return NULL;
}

/* All tables changed or none, so one of our snapshots tells of all. */
static firn_status has_landed(const firn_staged *staged, firn_arena *arena, bool *out,
                              firn_error *err)
{
    *out = false;
    for (size_t i = 0; i < staged->n_tables; i++) {
        const firn_staged_table *table = staged->tables[i];
        const firn_snapshot *own = is_changed(table) ? own_snapshot(table) : NULL;
        firn_loaded_table fresh;
        if (!own) continue;
        const firn_status st = firn_staged__load_inner(staged, &table->ident, arena, &fresh, err);
        if (st == FIRN_ERR_NOT_FOUND) return FIRN_OK;
        FIRN_TRY(st);
        *out = firn_metadata_find_snapshot(fresh.metadata, own->snapshot_id) != NULL;
        return FIRN_OK;
    }
    return FIRN_OK;
}

static firn_status resolve_unknown(const firn_staged *staged, firn_arena *arena, firn_error *err)
{
    firn_error ignored;
    bool landed = false;
    firn_status st = firn_env_failpoint(staged->env, "txn.commit.reread", &ignored);
    if (st == FIRN_OK) st = has_landed(staged, arena, &landed, &ignored);
    if (st == FIRN_OK && landed) return FIRN_OK;
    return firn_error_hint(err, FIRN_ERR_COMMIT_UNKNOWN,
                           "the transaction may have landed: look at its tables before trying "
                           "again; no file was removed");
}

static firn_status lose(const firn_staged_table *table, const char *why, firn_error *err)
{
    (void)firn_fail(err, FIRN_ERR_CONFLICT, "transaction conflict: table %.*s %s",
                    FIRN_STR_ARG(table->text), why);
    if (err) err->flags |= FIRN_ERROR_RETRYABLE;
    return firn_error_hint(err, FIRN_ERR_CONFLICT,
                           "nothing was committed: run the transaction again");
}

/* Some other commit of the table, for the message. */
static firn_status lose_to(const firn_staged_table *table, const firn_table_metadata *fresh,
                           const char *reason, firn_error *err)
{
    char why[400];
    const firn_snapshot *theirs = firn_metadata_current_snapshot(fresh);
    const firn_table_metadata *base = table->base.metadata;
    if (base && !firn_str_equals(base->table_uuid, fresh->table_uuid))
        return lose(table, "was dropped and another one made under its name", err);
    if (base && theirs && theirs->snapshot_id != base->current_snapshot_id)
        (void)snprintf(why, sizeof why,
                       "was changed by another commit (%.*s, snapshot %" PRId64
                       ") since the transaction read it",
                       FIRN_STR_ARG(theirs->operation), theirs->snapshot_id);
    else
        (void)snprintf(why, sizeof why, "was changed since the transaction read it: %.250s",
                       reason);
    return lose(table, why, err);
}

static bool has_moved(const firn_staged_table *table, const firn_table_metadata *fresh)
{
    const firn_table_metadata *base = table->base.metadata;
    return own_snapshot(table) && (fresh->last_sequence_number != base->last_sequence_number ||
                                   fresh->next_row_id != base->next_row_id);
}

/* Whether the table is still what the transaction built on; mended where it can be. */
static firn_status settle(firn_staged *staged, firn_staged_table *table, firn_arena *arena,
                          firn_error *err)
{
    firn_loaded_table fresh;
    firn_table_commit commit;
    firn_error reason;
    FIRN_TRY(build(staged, table, arena, &commit, err));
    const firn_status st = firn_staged__load_inner(staged, &table->ident, arena, &fresh, &reason);
    if (!table->base.metadata)
        return st == FIRN_ERR_NOT_FOUND ? FIRN_OK : lose(table, "was made by another commit", err);
    if (st == FIRN_ERR_NOT_FOUND) return lose(table, "was dropped", err);
    if (st != FIRN_OK) {
        if (err) *err = reason;
        return st;
    }
    const firn_status met = firn_requirements_check(fresh.metadata, commit.requirements,
                                                    commit.n_requirements, &reason);
    if (met == FIRN_OK && !has_moved(table, fresh.metadata)) return FIRN_OK;
    if (staged->opts.is_serializable || !firn_staged__can_rebase(table, fresh.metadata))
        return lose_to(table, fresh.metadata,
                       met == FIRN_OK ? "another branch has new snapshots" : reason.message, err);
    return firn_staged__rebase(staged, table, err);
}

static firn_status settle_all(firn_staged *staged, firn_arena *arena, bool *landed, firn_error *err)
{
    FIRN_TRY(has_landed(staged, arena, landed, err));
    for (size_t i = 0; i < staged->n_tables && !*landed; i++)
        if (is_part(staged, staged->tables[i]))
            FIRN_TRY(settle(staged, staged->tables[i], arena, err));
    return FIRN_OK;
}

/* ---- attempts ---- */

static firn_status run(firn_staged *staged, firn_arena *arena, firn_error *err)
{
    const firn_clock *clock = staged->env->clock;
    firn_status st = FIRN_OK;
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        bool landed = false;
        st = commit_once(staged, arena, err);
        if (st == FIRN_ERR_COMMIT_UNKNOWN) return resolve_unknown(staged, arena, err);
        if (st != FIRN_ERR_CONFLICT && st != FIRN_ERR_NOT_FOUND && st != FIRN_ERR_EXISTS) return st;
        FIRN_TRY(settle_all(staged, arena, &landed, err));
        if (landed) return FIRN_OK;
        clock->sleep_us(clock->ctx, (int64_t)FIRST_WAIT_US << attempt);
    }
    return st;
}

firn_status firn_staged_catalog_publish(firn_catalog *catalog, firn_error *err)
{
    firn_error local;
    firn_staged *staged = firn_catalog_ctx(catalog);
    if (!firn_staged_catalog_needs_publish(catalog)) return FIRN_OK;
    firn_arena *arena = firn_arena_create(staged->env->alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    const firn_status st = run(staged, arena, err ? err : &local);
    firn_arena_destroy(arena);
    return st;
}
