/* SPDX-License-Identifier: Apache-2.0 */
/* The commit: build on a base, publish, and on a lost race build again on the refreshed base.
 *
 *   attempt: base -> actions -> updates -> manifests, manifest list -> requirements -> catalog
 *   landed   the table handle takes the result
 *   lost     metadata files of the attempt are removed; retry, or data files are removed too
 *   unknown  the table is read again: our snapshot id in it means landed. Otherwise it stays
 *            unknown and nothing at all is removed
 *
 * Invariant: a file is removed only after the catalog said that nothing changed. Bad interleaving:
 * the answer of a commit that landed is lost, the retry finds its own snapshot in the base; it must
 * report success, not make the snapshot again and not clean up. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_update.h"
#include "iceberg/txn/txn_internal.h"

struct attempt {
    firn_arena *arena; /* becomes the table's when the commit lands */
    const firn_table_metadata *base;
    bool is_landed; /* the refreshed base has our snapshot already */
    firn_table_commit commit;
};

/* ---- build ---- */

static bool has_same_branches(const firn_table_metadata *a, const firn_table_metadata *b)
{
    for (size_t i = 0; i < a->n_refs; i++) {
        const firn_snapshot_ref *other = firn_metadata_find_ref(b, a->refs[i].name);
        if (a->refs[i].is_tag) continue;
        if (!other || other->snapshot_id != a->refs[i].snapshot_id) return false;
    }
    return true;
}

static firn_status check_repeatable(const firn_txn *txn, const firn_table_metadata *base,
                                    firn_error *err)
{
    const firn_table_metadata *seen = txn->draft.base;
    if (base == seen) return FIRN_OK;
    if (!firn_str_equals(base->table_uuid, seen->table_uuid))
        return firn_fail(err, FIRN_ERR_CONFLICT,
                         "table was dropped and another one made under its name");
    const bool same_layout = base->current_schema_id == seen->current_schema_id &&
                             base->last_column_id == seen->last_column_id &&
                             base->default_spec_id == seen->default_spec_id &&
                             base->last_partition_id == seen->last_partition_id &&
                             base->default_sort_order_id == seen->default_sort_order_id;
    const bool same_main = base->current_snapshot_id == seen->current_snapshot_id;
    const bool same_branches = has_same_branches(base, seen) && has_same_branches(seen, base);
    for (size_t i = 0; i < txn->n_actions; i++) {
        if (txn->actions[i].needs_same_layout && !same_layout)
            return firn_fail(err, FIRN_ERR_CONFLICT,
                             "another commit changed the schema, partitioning or sort order");
        if (txn->actions[i].needs_same_main && !same_main)
            return firn_fail(err, FIRN_ERR_CONFLICT, "another commit made a snapshot");
        if (txn->actions[i].needs_same_branches && !same_branches)
            return firn_fail(err, FIRN_ERR_CONFLICT, "another commit moved a branch");
    }
    return FIRN_OK;
}

static firn_status add_snapshot(firn_txn *txn, firn_snapshot_change *change,
                                const firn_table_metadata *base, bool is_create,
                                firn_update_list *list, firn_error *err)
{
    const firn_table_metadata *work = base;
    const firn_str branch = change->what.branch.len > 0 ? change->what.branch : FIRN_MAIN;
    firn_snapshot *snapshot = firn_arena_alloc_zero(list->arena, sizeof *snapshot);
    if (!snapshot) return firn_fail_nomem(err);
    if (list->n > 0)
        FIRN_TRY(firn_updates_apply(is_create ? NULL : base, FIRN_STR(""), list->items, list->n,
                                    firn_clock_wall_ms(txn->table->env->clock), list->arena, &work,
                                    err));
    FIRN_TRY(firn_snapshot__validate(txn, change, work, list->arena, err));
    FIRN_TRY(firn_snapshot__produce(txn, change, work, list->arena, snapshot, err));
    const firn_update add = {.kind = FIRN_UPDATE_ADD_SNAPSHOT, .snapshot = snapshot};
    FIRN_TRY(firn_updates__push(list, &add, err));
    if (change->what.is_staged) return FIRN_OK;
    return firn_updates__set_branch(work, branch, snapshot->snapshot_id, list, err);
}

static firn_status build(firn_txn *txn, struct attempt *at, firn_error *err)
{
    const firn_table *table = txn->table;
    const bool is_create = table->create_updates != NULL;
    firn_update_list list = {.arena = at->arena};
    firn_txn_draft draft;
    FIRN_TRY(check_repeatable(txn, at->base, err));
    for (size_t i = 0; i < table->n_create_updates; i++)
        FIRN_TRY(firn_updates__push(&list, &table->create_updates[i], err));
    firn_txn__draft_init(&draft, at->arena, at->base);
    for (size_t i = 0; i < txn->n_actions; i++)
        FIRN_TRY(txn->actions[i].apply(&txn->actions[i], &draft, err));
    FIRN_TRY(firn_updates__from_draft(&draft, &list, err));
    for (size_t i = 0; i < txn->n_changes; i++)
        FIRN_TRY(add_snapshot(txn, &txn->changes[i], at->base, is_create, &list, err));
    firn_requirement *requirements = NULL;
    FIRN_TRY(firn_requirements__derive(at->base, is_create, &list, &requirements,
                                       &at->commit.n_requirements, err));
    at->commit.ident = table->ident;
    at->commit.requirements = requirements;
    at->commit.updates = list.items;
    at->commit.n_updates = list.n;
    return FIRN_OK;
}

/* Our snapshots came in one commit, so one of them tells of all. */
static bool has_our_snapshot(const firn_txn *txn, const firn_table_metadata *metadata)
{
    for (size_t i = 0; i < txn->n_changes; i++)
        if (firn_metadata_find_snapshot(metadata, txn->changes[i].snapshot_id)) return true;
    return false;
}

/* The first attempt works on what the handle shows; later ones on what is there now. */
static firn_status find_base(const firn_txn *txn, struct attempt *at, firn_loaded_table *loaded,
                             firn_error *err)
{
    at->base = txn->table->loaded.metadata;
    if (txn->attempt == 0) return FIRN_OK;
    FIRN_TRY(firn_table__load(txn->table, at->arena, loaded, err));
    at->base = loaded->metadata;
    at->is_landed = has_our_snapshot(txn, at->base);
    return FIRN_OK;
}

/* ---- outcome ---- */

/* The result shares text with the actions, so their arena goes with it. */
static void land(firn_txn *txn, firn_arena *arena, const firn_loaded_table *loaded)
{
    firn_error ignored;
    firn_arena *actions = txn->arena;
    if (firn_arena_defer(arena, (void (*)(void *))firn_arena_destroy, actions, &ignored) == FIRN_OK)
        txn->arena = NULL;
    firn_table__install(txn->table, arena, loaded);
    txn->is_ended = true;
}

static void remove_written(firn_txn *txn)
{
    for (size_t i = 0; i < txn->n_written; i++) {
        firn_error local;
        const firn_status st = firn_store_remove(txn->table->store, txn->written[i], &local);
        if (st != FIRN_OK && st != FIRN_ERR_NOT_FOUND)
            firn_log_write(txn->table->env->log, FIRN_LOG_WARN, "cannot remove %.*s: %s",
                           FIRN_STR_ARG(txn->written[i]), local.message);
    }
    txn->n_written = 0;
}

static void give_up(firn_txn *txn)
{
    remove_written(txn);
    if (!txn->keeps_files) firn_txn_discard_files(txn);
}

/* One look at the table after an unknown outcome. */
static firn_status look_for_snapshot(firn_txn *txn, bool *landed, firn_error *err)
{
    firn_loaded_table loaded;
    FIRN_TRY(firn_env_failpoint(txn->table->env, "txn.commit.reread", err));
    firn_arena *arena = firn_arena_create(txn->table->env->alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    const firn_status st = firn_table__load(txn->table, arena, &loaded, err);
    *landed = st == FIRN_OK && has_our_snapshot(txn, loaded.metadata);
    if (*landed)
        land(txn, arena, &loaded);
    else
        firn_arena_destroy(arena);
    return st;
}

static int64_t property(const firn_txn *txn, firn_str key, int64_t fallback)
{
    const int64_t value =
        firn_properties_get_i64(&txn->table->loaded.metadata->properties, key, fallback);
    return value < 0 ? fallback : value;
}

/* "Not there" is no proof of "lost": the commit may still be on its way. So without the snapshot
 * the outcome stays unknown. */
static firn_status resolve_unknown(firn_txn *txn, firn_error *err)
{
    const firn_clock *clock = txn->table->env->clock;
    const int64_t n_retries = property(txn, FIRN_STR("commit.status-check.num-retries"), 3);
    const int64_t wait_ms = property(txn, FIRN_STR("commit.status-check.min-wait-ms"), 1000);
    const bool can_tell = txn->n_changes > 0;
    bool landed = false;
    for (int64_t i = 0; can_tell && i <= n_retries && i < 100; i++) {
        firn_error ignored;
        if (i > 0) clock->sleep_us(clock->ctx, wait_ms * 1000);
        if (look_for_snapshot(txn, &landed, &ignored) != FIRN_OK) continue;
        if (landed) return FIRN_OK;
    }
    txn->is_ended = true;
    return firn_error_hint(err, FIRN_ERR_COMMIT_UNKNOWN,
                           "the commit may have landed: look at the table before trying again; "
                           "no file was removed");
}

/* ---- attempts ---- */

static firn_status publish(firn_txn *txn, struct attempt *at, firn_loaded_table *loaded,
                           firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(txn->table->catalog);
    FIRN_TRY(firn_env_failpoint(txn->table->env, "txn.commit.before_catalog", err));
    FIRN_TRY(
        ops->commit(firn_catalog_ctx(txn->table->catalog), &at->commit, 1, at->arena, loaded, err));
    /* A failure here stands for an answer that was lost on the way. */
    if (firn_env_failpoint(txn->table->env, "txn.commit.after_catalog", err) != FIRN_OK)
        return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "the catalog's answer was lost");
    return FIRN_OK;
}

static firn_status commit_once(firn_txn *txn, firn_error *err)
{
    struct attempt at = {0};
    firn_loaded_table loaded;
    FIRN_TRY(firn_env_check_cancel(txn->table->env, err));
    txn->n_written = 0;
    at.arena = firn_arena_create(txn->table->env->alloc, 0);
    if (!at.arena) return firn_fail_nomem(err);
    firn_status st = find_base(txn, &at, &loaded, err);
    if (st == FIRN_OK && !at.is_landed) {
        st = build(txn, &at, err);
        /* A conflict found while building is final: refreshing again would not mend it. */
        if (st == FIRN_ERR_CONFLICT && err) err->flags &= ~FIRN_ERROR_RETRYABLE;
        if (st == FIRN_OK)
            st = publish(txn, &at, &loaded, err);
        else
            txn->attempt = INT32_MAX;
    }
    if (st == FIRN_OK) {
        land(txn, at.arena, &loaded);
        return FIRN_OK;
    }
    firn_arena_destroy(at.arena);
    return st;
}

/* Exponential waits with jitter, so that writers who collided do not collide again. */
static bool wait_before_retry(firn_txn *txn, int64_t started_us)
{
    const firn_env *env = txn->table->env;
    const int64_t n_retries = property(txn, FIRN_STR("commit.retry.num-retries"), 4);
    const int64_t min_ms = property(txn, FIRN_STR("commit.retry.min-wait-ms"), 100);
    const int64_t max_ms = property(txn, FIRN_STR("commit.retry.max-wait-ms"), 60000);
    const int64_t total_ms = property(txn, FIRN_STR("commit.retry.total-timeout-ms"), 1800000);
    if (txn->attempt >= n_retries) return false;
    int64_t wait_ms = min_ms;
    for (int32_t i = 0; i < txn->attempt && wait_ms < max_ms; i++) wait_ms *= 2;
    if (wait_ms > max_ms) wait_ms = max_ms;
    const uint64_t span = (uint64_t)wait_ms * 1000 / 2 + 1;
    const int64_t wait_us = wait_ms * 500 + (int64_t)(firn_random_u64(env->random) % span);
    const int64_t spent_us = firn_clock_monotonic_us(env->clock) - started_us;
    if ((spent_us + wait_us) / 1000 > total_ms) return false;
    env->clock->sleep_us(env->clock->ctx, wait_us);
    txn->attempt++;
    return true;
}

firn_status firn_txn_commit(firn_txn *txn, firn_error *err)
{
    firn_error local;
    firn_error *use = err ? err : &local;
    FIRN_TRY(firn_txn__check_open(txn, use));
    const int64_t started_us = firn_clock_monotonic_us(txn->table->env->clock);
    const bool is_create = txn->table->create_updates != NULL;
    firn_status st;
    txn->attempt = 0;
    for (;;) {
        st = commit_once(txn, use);
        if (st != FIRN_ERR_CONFLICT || is_create || txn->attempt == INT32_MAX) break;
        remove_written(txn);
        if (!wait_before_retry(txn, started_us)) break;
    }
    if (st == FIRN_OK) return st;
    if (st == FIRN_ERR_COMMIT_UNKNOWN) return resolve_unknown(txn, use);
    give_up(txn);
    return firn_error_wrap(use, st, "commit to %.*s", FIRN_STR_ARG(txn->table->text));
}

/* ---- several tables ---- */

static firn_status check_together(firn_txn *const *txns, size_t n, firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(firn_txn__check_open(txns[i], err));
        if (txns[i]->table->catalog != txns[0]->table->catalog)
            return firn_fail(err, FIRN_ERR_ARG, "tables of two catalogs in one commit");
        for (size_t j = 0; j < i; j++)
            if (txns[j]->table == txns[i]->table ||
                firn_str_equals(txns[j]->table->text, txns[i]->table->text))
                return firn_fail(err, FIRN_ERR_ARG, "two transactions on table %.*s in one commit",
                                 FIRN_STR_ARG(txns[i]->table->text));
    }
    return FIRN_OK;
}

static firn_status publish_all(firn_txn *const *txns, size_t n, firn_arena *arena, firn_error *err)
{
    const firn_table *first = txns[0]->table;
    const firn_catalog_ops *ops = firn_catalog_get_ops(first->catalog);
    firn_table_commit *commits = firn_arena_array(arena, n, sizeof *commits);
    if (!commits) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        struct attempt at = {.arena = arena, .base = txns[i]->table->loaded.metadata};
        txns[i]->n_written = 0;
        txns[i]->attempt = 0;
        FIRN_TRY(firn_error_wrap(err, build(txns[i], &at, err), "commit to %.*s",
                                 FIRN_STR_ARG(txns[i]->table->text)));
        commits[i] = at.commit;
    }
    FIRN_TRY(firn_env_failpoint(first->env, "txn.commit.before_catalog", err));
    FIRN_TRY(ops->commit(firn_catalog_ctx(first->catalog), commits, n, arena, NULL, err));
    if (firn_env_failpoint(first->env, "txn.commit.after_catalog", err) != FIRN_OK)
        return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "the catalog's answer was lost");
    return FIRN_OK;
}

/* The commit landed whether or not the new state can be read back. */
static void show_landed(firn_txn *txn)
{
    firn_error local;
    txn->table->create_updates = NULL;
    txn->table->n_create_updates = 0;
    txn->is_ended = true;
    if (firn_table_refresh(txn->table, &local) != FIRN_OK)
        firn_log_write(txn->table->env->log, FIRN_LOG_WARN,
                       "committed, but table %.*s cannot be read again: %s",
                       FIRN_STR_ARG(txn->table->text), local.message);
}

/* All tables changed or none, so one snapshot that is found tells of all. */
static firn_status resolve_all(firn_txn *const *txns, size_t n, firn_error *err)
{
    size_t at = 0;
    while (at < n && txns[at]->n_changes == 0) at++;
    const firn_status st = resolve_unknown(txns[at < n ? at : 0], err);
    for (size_t i = 0; i < n; i++) {
        if (st == FIRN_OK && i != at) show_landed(txns[i]);
        txns[i]->is_ended = true;
    }
    return st;
}

firn_status firn_txn_commit_all(firn_txn *const *txns, size_t n, firn_error *err)
{
    firn_error local;
    firn_error *use = err ? err : &local;
    if (n == 0) return FIRN_OK;
    FIRN_TRY(check_together(txns, n, use));
    firn_arena *arena = firn_arena_create(txns[0]->table->env->alloc, 0);
    if (!arena) return firn_fail_nomem(use);
    const firn_status st = publish_all(txns, n, arena, use);
    firn_arena_destroy(arena);
    if (st == FIRN_ERR_COMMIT_UNKNOWN) return resolve_all(txns, n, use);
    for (size_t i = 0; i < n; i++) {
        if (st == FIRN_OK)
            show_landed(txns[i]);
        else
            remove_written(txns[i]);
    }
    return st;
}
