/* SPDX-License-Identifier: Apache-2.0 */
/* The commit: build on a base, publish, and on a lost race build again on the refreshed base.
 *
 *   turn     where the catalog gives turns: taken first, so that few races are lost at all
 *   attempt  base -> actions -> updates -> manifests, manifest list -> requirements -> catalog
 *   landed   the table handle takes the result; files that no snapshot needs are removed
 *   lost     retry, or all files are removed
 *   unknown  the table is read again: our snapshot id in it means landed. Otherwise it stays
 *            unknown and nothing at all is removed
 *
 * Several transactions of a process may commit as one: they land or are lost together.
 *
 *   shared    all append to one table (commit_queue.c): each makes its snapshot on top of the one
 *             before; one that cannot be built ends alone. Writers of other processes that wait for
 *             the table's turn may be guests in the first attempt (commit_guests.c)
 *   together  one for each of several tables (firn_txn_commit_all): where one cannot be built, all
 *             are lost
 *
 * Invariant: a file is removed only after the catalog said that nothing changed, and the table,
 * read again, does not have our snapshot. Bad interleaving: the answer of a commit that landed is
 * lost and the driver sends it again, so that it meets itself and calls that a conflict; the retry
 * finds its own snapshot in the base: it must report success, not make the snapshot again and not
 * clean up. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_update.h"
#include "iceberg/txn/commit_run.h"

static firn_commit_part *part_of(const firn_commit_run *run, size_t member)
{
    return &run->parts[run->kind == FIRN_COMMIT_TOGETHER ? member : 0];
}

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

/* All of the list so far, applied: what the table is like for the next snapshot. */
static firn_status begin_state(const firn_txn *txn, firn_commit_part *part, firn_error *err)
{
    const firn_table_metadata *base = part->base;
    const int64_t now_ms = firn_clock_wall_ms(txn->table->env->clock);
    if (part->has_state) return FIRN_OK;
    if (part->list.n > 0)
        FIRN_TRY(firn_updates_apply(txn->table->create_updates ? NULL : base, FIRN_STR(""),
                                    part->list.items, part->list.n, now_ms, part->list.arena, &base,
                                    err));
    firn_builder_begin(&part->state, base, now_ms, part->list.arena);
    part->has_state = true;
    return FIRN_OK;
}

static firn_status add_snapshot(firn_txn *txn, firn_snapshot_change *change, firn_commit_part *part,
                                firn_error *err)
{
    firn_update_list *list = &part->list;
    const size_t n_before = list->n;
    const firn_table_metadata *work = &part->state.m;
    const firn_str branch = change->what.branch.len > 0 ? change->what.branch : FIRN_MAIN;
    firn_snapshot *snapshot = firn_arena_alloc_zero(list->arena, sizeof *snapshot);
    if (!snapshot) return firn_fail_nomem(err);
    FIRN_TRY(firn_snapshot__check_required(txn, change, work, err));
    FIRN_TRY(firn_snapshot__validate(txn, change, work, list->arena, err));
    FIRN_TRY(firn_snapshot__produce(txn, change, work, list->arena, snapshot, err));
    const firn_update add = {.kind = FIRN_UPDATE_ADD_SNAPSHOT, .snapshot = snapshot};
    FIRN_TRY(firn_updates__push(list, &add, err));
    if (!change->what.is_staged)
        FIRN_TRY(firn_updates__set_branch(work, branch, snapshot->snapshot_id, list, err));
    return firn_builder_update(&part->state, list->items + n_before, list->n - n_before, err);
}

/* Adds the transaction's updates to the list, on top of what is there. */
static firn_status add_updates(firn_txn *txn, firn_commit_part *part, firn_error *err)
{
    const firn_table *table = txn->table;
    firn_update_list *list = &part->list;
    firn_txn_draft draft;
    FIRN_TRY(check_repeatable(txn, part->base, err));
    for (size_t i = 0; i < table->n_create_updates; i++)
        FIRN_TRY(firn_updates__push(list, &table->create_updates[i], err));
    firn_txn__draft_init(&draft, list->arena, part->base);
    for (size_t i = 0; i < txn->n_actions; i++)
        FIRN_TRY(txn->actions[i].apply(&txn->actions[i], &draft, err));
    FIRN_TRY(firn_updates__from_draft(&draft, list, err));
    if (txn->n_changes > 0) FIRN_TRY(begin_state(txn, part, err));
    for (size_t i = 0; i < txn->n_changes; i++)
        FIRN_TRY(add_snapshot(txn, &txn->changes[i], part, err));
    return FIRN_OK;
}

firn_commit_mark firn_commit__mark(const firn_commit_part *part)
{
    return (firn_commit_mark){part->list.n, part->state, part->has_state, part->batch};
}

void firn_commit__take_back(firn_commit_part *part, const firn_commit_mark *mark)
{
    const firn_list_batch *before = &mark->batch;
    for (size_t i = before->n; i < part->batch.n; i++) firn_store_abandon(part->batch.writers[i]);
    part->list.n = mark->n_updates;
    part->state = mark->state;
    part->has_state = mark->has_state;
    part->batch.n = before->n;
    part->batch.snapshot_id = before->snapshot_id;
    part->batch.manifests = before->manifests;
    part->batch.n_manifests = before->n_manifests;
}

firn_status firn_commit__build(const firn_commit_run *run, firn_commit_part *part, firn_txn *txn,
                               firn_error *err)
{
    const firn_commit_mark mark = firn_commit__mark(part);
    txn->attempt = run->attempt;
    txn->batch = run->is_shared ? &part->batch : NULL;
    const firn_status st = add_updates(txn, part, err);
    txn->batch = NULL;
    if (st != FIRN_OK) firn_commit__take_back(part, &mark);
    return st;
}

static firn_status make_commit(const firn_commit_part *part, firn_table_commit *out,
                               firn_error *err)
{
    const firn_table *table = part->leader->table;
    firn_requirement *requirements = NULL;
    *out = (firn_table_commit){.ident = table->ident,
                               .updates = part->list.items,
                               .n_updates = part->list.n,
                               .turn = part->turn};
    FIRN_TRY(firn_requirements__derive(part->base, table->create_updates != NULL, &part->list,
                                       &requirements, &out->n_requirements, err));
    out->requirements = requirements;
    return FIRN_OK;
}

/* ---- attempts ---- */

/* The first attempt works on what the handle shows, unless others may have been before us. */
static firn_status find_base(const firn_commit_run *run, firn_commit_part *part, firn_error *err)
{
    firn_loaded_table loaded;
    const firn_table *table = part->leader->table;
    const bool is_fresh = run->attempt > 0 || run->n > 1 || part->turn;
    part->base = table->loaded.metadata;
    part->list = (firn_update_list){.arena = run->arena};
    part->has_state = false;
    part->batch = (firn_list_batch){.arena = run->arena};
    if (!is_fresh || table->create_updates) return FIRN_OK;
    FIRN_TRY(firn_table__load(table, run->arena, &loaded, err));
    part->base = loaded.metadata;
    return FIRN_OK;
}

static bool is_in_bases(const firn_commit_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled &&
            firn_commit__has_our_snapshot(run->members[i].txn, part_of(run, i)->base))
            return true;
    return false;
}

/* What an earlier attempt, ours or that of a writer that died, made of the members. */
static firn_status find_bases(firn_commit_run *run, firn_error *err)
{
    for (size_t i = 0; i < run->n_parts; i++) FIRN_TRY(find_base(run, &run->parts[i], err));
    if (run->attempt == 0 && !run->is_inherited) return FIRN_OK;
    const bool landed = is_in_bases(run);
    firn_commit__answer_guests(run, landed ? FIRN_REQUEST_LANDED : FIRN_REQUEST_NOT_DONE);
    if (landed && run->is_inherited) firn_commit__leave_files(run);
    run->is_inherited = false;
    if (landed) {
        firn_commit__land_rest(run);
        return FIRN_OK;
    }
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled)
            firn_written__remove(run->members[i].txn, FIRN_KEEP_FOR_RETRY);
    return FIRN_OK;
}

/* A conflict found while building is final: refreshing again would not mend it. */
static firn_status build_member(firn_commit_run *run, size_t i, firn_error *err)
{
    firn_commit_member *member = &run->members[i];
    const bool is_together = run->kind == FIRN_COMMIT_TOGETHER;
    firn_error *use = is_together ? err : member->err;
    const firn_status st = firn_commit__build(run, part_of(run, i), member->txn, use);
    if (st == FIRN_OK) return FIRN_OK;
    if (st == FIRN_ERR_CONFLICT) use->flags &= ~FIRN_ERROR_RETRYABLE;
    run->is_final = is_together;
    if (is_together)
        return firn_error_wrap(err, st, "commit to %.*s", FIRN_STR_ARG(member->txn->table->text));
    firn_commit__lose(member, st);
    return FIRN_OK;
}

static firn_status build_all(firn_commit_run *run, firn_error *err)
{
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled) FIRN_TRY(build_member(run, i, err));
    return FIRN_OK;
}

/* Ends the writers in every case. */
static firn_status call_catalog(const firn_commit_run *run, const firn_table_commit *commits,
                                const firn_commit_objects *objects, firn_loaded_table *loaded,
                                firn_error *err)
{
    const firn_catalog *catalog = run->parts[0].leader->table->catalog;
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    void *ctx = firn_catalog_ctx(catalog);
    if (ops->commit_with_objects)
        return ops->commit_with_objects(ctx, commits, run->n_parts, objects, run->arena, loaded,
                                        err);
    FIRN_TRY(firn_commit_objects_finish(objects, err));
    return ops->commit(ctx, commits, run->n_parts, run->arena, loaded, err);
}

static firn_status make_commits(const firn_commit_run *run, firn_table_commit **out,
                                firn_commit_objects *objects, firn_error *err)
{
    *out = firn_arena_array(run->arena, run->n_parts, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    for (size_t i = 0; i < run->n_parts; i++)
        FIRN_TRY(make_commit(&run->parts[i], &(*out)[i], err));
    firn_str *names = NULL;
    FIRN_TRY(firn_commit__names(run, &names, &objects->n_names, err));
    objects->names = names;
    return firn_env_failpoint(run->parts[0].leader->table->env, "txn.commit.before_catalog", err);
}

static firn_status publish(const firn_commit_run *run, firn_loaded_table *loaded, firn_error *err)
{
    const firn_table *table = run->parts[0].leader->table;
    firn_list_batch *batch = &run->parts[0].batch;
    firn_commit_objects objects = {table->store, batch->writers, batch->n, NULL, 0};
    firn_table_commit *commits = NULL;
    batch->n = 0;
    const firn_status made = make_commits(run, &commits, &objects, err);
    if (made != FIRN_OK) {
        firn_commit_objects_abandon(&objects);
        return made;
    }
    FIRN_TRY(call_catalog(run, commits, &objects, loaded, err));
    /* A failure here stands for an answer that was lost on the way. */
    if (firn_env_failpoint(table->env, "txn.commit.after_catalog", err) != FIRN_OK)
        return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "the catalog's answer was lost");
    return FIRN_OK;
}

/* The leader's handle takes the attempt's arena, if it may. */
static void land_all(firn_commit_run *run, const firn_loaded_table *loaded)
{
    firn_txn *leader = run->parts[0].leader;
    for (size_t i = 0; i < run->n && loaded; i++) {
        if (run->members[i].is_settled || run->members[i].txn != leader) continue;
        firn_commit__land(leader, run->arena, loaded);
        run->arena = NULL;
    }
    firn_commit__land_rest(run);
}

static firn_status try_once(firn_commit_run *run, firn_error *err)
{
    firn_loaded_table loaded;
    firn_loaded_table *wanted = run->kind == FIRN_COMMIT_TOGETHER ? NULL : &loaded;
    FIRN_TRY(find_bases(run, err));
    FIRN_TRY(build_all(run, err));
    if (!firn_commit__has_unsettled(run)) return FIRN_OK;
    firn_commit__take_guests(run);
    FIRN_TRY(publish(run, wanted, err));
    firn_commit__answer_guests(run, FIRN_REQUEST_LANDED);
    firn_commit__end_turns(run);
    land_all(run, wanted);
    return FIRN_OK;
}

/* FIRN_OK: all members are settled. */
static firn_status attempt_once(firn_commit_run *run, firn_error *err)
{
    firn_env *env = run->parts[0].leader->table->env;
    FIRN_TRY(firn_env_check_cancel(env, err));
    run->arena = firn_arena_create(env->alloc, 0);
    if (!run->arena) return firn_fail_nomem(err);
    const firn_status st = try_once(run, err);
    firn_arena_destroy(run->arena);
    run->arena = NULL;
    return st;
}

/* Exponential waits with jitter, so that writers who collided do not collide again. Whose turn it
 * is lost to a writer that takes none, and is quick to try again. An attempt with guests does not
 * count: one of them may have been the reason. */
static bool wait_before_retry(firn_commit_run *run, int64_t started_us)
{
    const firn_txn *txn = run->parts[0].leader;
    const firn_env *env = txn->table->env;
    const int64_t n_retries = firn_commit__property(txn, FIRN_STR("commit.retry.num-retries"), 4);
    const int64_t min_ms = firn_commit__property(txn, FIRN_STR("commit.retry.min-wait-ms"), 100);
    const int64_t max_ms = firn_commit__property(txn, FIRN_STR("commit.retry.max-wait-ms"), 60000);
    const int64_t total_ms =
        firn_commit__property(txn, FIRN_STR("commit.retry.total-timeout-ms"), 1800000);
    if (run->is_final || (run->attempt >= n_retries && run->n_guests == 0)) return false;
    const int64_t wait_ms =
        run->parts[0].turn ? 0 : firn_commit__backoff_ms(run->attempt, min_ms, max_ms);
    const uint64_t span = (uint64_t)wait_ms * 1000 / 2 + 1;
    const int64_t wait_us = wait_ms * 500 + (int64_t)(firn_random_u64(env->random) % span);
    const int64_t spent_us = firn_clock_monotonic_us(env->clock) - started_us;
    if ((spent_us + wait_us + 999) / 1000 > total_ms) return false;
    if (wait_us > 0) env->clock->sleep_us(env->clock->ctx, wait_us);
    run->attempt++;
    return true;
}

static bool creates_table(const firn_commit_run *run)
{
    for (size_t i = 0; i < run->n_parts; i++)
        if (run->parts[i].leader->table->create_updates) return true;
    return false;
}

static void run_parts(firn_commit_run *run)
{
    firn_error why;
    firn_status st;
    const firn_clock *clock = run->parts[0].leader->table->env->clock;
    const int64_t started_us = firn_clock_monotonic_us(clock);
    firn_error_clear(&why);
    run->is_final = creates_table(run);
    run->is_shared = run->kind == FIRN_COMMIT_SHARED;
    for (size_t i = 0; i < run->n; i++)
        run->is_shared = run->is_shared && firn_commit__can_share(run->members[i].txn);
    if (!firn_commit__take_turns(run)) return;
    do {
        st = attempt_once(run, &why);
    } while (st == FIRN_ERR_CONFLICT && wait_before_retry(run, started_us));
    firn_commit__settle_rest(run, st, &why);
}

void firn_commit__run(firn_commit_member *members, size_t n, firn_commit_kind kind)
{
    firn_commit_part only = {.leader = members[0].txn};
    firn_commit_run run = {.members = members, .n = n, .parts = &only, .n_parts = 1, .kind = kind};
    firn_arena *arena = NULL;
    if (kind == FIRN_COMMIT_TOGETHER && n > 1) {
        arena = firn_arena_create(only.leader->table->env->alloc, 0);
        run.n_parts = n;
        run.parts = arena ? firn_arena_array(arena, n, sizeof *run.parts) : NULL;
        for (size_t i = 0; i < n && run.parts; i++)
            run.parts[i] = (firn_commit_part){.leader = members[i].txn};
    }
    if (run.parts)
        run_parts(&run);
    else
        for (size_t i = 0; i < n; i++)
            firn_commit__settle(&members[i], firn_fail_nomem(members[i].err));
    firn_arena_destroy(arena);
}

/* ---- entry ---- */

bool firn_commit__can_share(const firn_txn *txn)
{
    if (txn->table->create_updates || txn->n_actions > 0 || txn->n_changes == 0) return false;
    for (size_t i = 0; i < txn->n_changes; i++) {
        const firn_snapshot_change *change = &txn->changes[i];
        if (change->what.kind != FIRN_CHANGE_APPEND || change->what.must_be_unchanged ||
            change->picked_from.len > 0)
            return false;
    }
    return true;
}

firn_status firn_txn_commit(firn_txn *txn, firn_error *err)
{
    firn_error local;
    firn_error *use = err ? err : &local;
    FIRN_TRY(firn_txn__check_open(txn, use));
    if (firn_commit__can_share(txn)) return firn_commit_queue__commit(txn, use);
    firn_commit_member alone = {.txn = txn, .err = use};
    firn_commit__run(&alone, 1, FIRN_COMMIT_SHARED);
    return alone.status;
}
