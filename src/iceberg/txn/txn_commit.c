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
 *             before; one that cannot be built ends alone
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
#include "iceberg/txn/txn_internal.h"

#define K_TURN_TIMEOUT_MS 10000

/* A table of the run, and what the attempt under way makes of it. */
struct part {
    firn_txn *leader; /* its table handle is the one that talks to the catalog */
    void *turn;
    const firn_table_metadata *base;
    firn_update_list list;
    firn_list_batch batch;
};

struct run {
    firn_commit_member *members;
    size_t n;
    struct part *parts; /* one; together: one a member */
    size_t n_parts;
    firn_commit_kind kind;
    firn_arena *arena; /* of the attempt; becomes the table's when a shared commit lands */
    int32_t attempt;
    bool is_final; /* trying again would not mend it */
};

static struct part *part_of(const struct run *run, size_t member)
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
    FIRN_TRY(firn_snapshot__check_required(txn, change, work, err));
    FIRN_TRY(firn_snapshot__validate(txn, change, work, list->arena, err));
    FIRN_TRY(firn_snapshot__produce(txn, change, work, list->arena, snapshot, err));
    const firn_update add = {.kind = FIRN_UPDATE_ADD_SNAPSHOT, .snapshot = snapshot};
    FIRN_TRY(firn_updates__push(list, &add, err));
    if (change->what.is_staged) return FIRN_OK;
    return firn_updates__set_branch(work, branch, snapshot->snapshot_id, list, err);
}

/* Adds the transaction's updates to the list, on top of what is there. */
static firn_status add_updates(firn_txn *txn, const firn_table_metadata *base,
                               firn_update_list *list, firn_error *err)
{
    const firn_table *table = txn->table;
    const bool is_create = table->create_updates != NULL;
    firn_txn_draft draft;
    FIRN_TRY(check_repeatable(txn, base, err));
    for (size_t i = 0; i < table->n_create_updates; i++)
        FIRN_TRY(firn_updates__push(list, &table->create_updates[i], err));
    firn_txn__draft_init(&draft, list->arena, base);
    for (size_t i = 0; i < txn->n_actions; i++)
        FIRN_TRY(txn->actions[i].apply(&txn->actions[i], &draft, err));
    FIRN_TRY(firn_updates__from_draft(&draft, list, err));
    for (size_t i = 0; i < txn->n_changes; i++)
        FIRN_TRY(add_snapshot(txn, &txn->changes[i], base, is_create, list, err));
    return FIRN_OK;
}

static firn_status make_commit(const firn_table *table, const firn_table_metadata *base,
                               const firn_update_list *list, firn_table_commit *out,
                               firn_error *err)
{
    firn_requirement *requirements = NULL;
    FIRN_TRY(firn_requirements__derive(base, table->create_updates != NULL, list, &requirements,
                                       &out->n_requirements, err));
    out->ident = table->ident;
    out->requirements = requirements;
    out->updates = list->items;
    out->n_updates = list->n;
    return FIRN_OK;
}

/* Our snapshots came in one commit, so one of them tells of all. */
static bool has_our_snapshot(const firn_txn *txn, const firn_table_metadata *metadata)
{
    for (size_t i = 0; i < txn->n_changes; i++)
        if (firn_metadata_find_snapshot(metadata, txn->changes[i].snapshot_id)) return true;
    return false;
}

/* ---- ends ---- */

static void land(firn_txn *txn, firn_arena *arena, const firn_loaded_table *loaded)
{
    firn_error ignored;
    firn_arena *actions = txn->arena;
    /* The result shares text with the actions, so their arena goes with it. */
    if (firn_arena_defer(arena, (void (*)(void *))firn_arena_destroy, actions, &ignored) == FIRN_OK)
        txn->arena = NULL;
    firn_table__install(txn->table, arena, loaded);
    firn_written__remove(txn, FIRN_KEEP_USED);
    txn->is_ended = true;
}

void firn_commit__show_landed(firn_txn *txn)
{
    firn_error local;
    txn->table->create_updates = NULL;
    txn->table->n_create_updates = 0;
    txn->is_ended = true;
    firn_written__remove(txn, FIRN_KEEP_USED);
    if (firn_table_refresh(txn->table, &local) != FIRN_OK)
        firn_log_write(txn->table->env->log, FIRN_LOG_WARN,
                       "committed, but table %.*s cannot be read again: %s",
                       FIRN_STR_ARG(txn->table->text), local.message);
}

static void settle(firn_commit_member *member, firn_status st)
{
    member->status = st;
    member->is_settled = true;
}

/* A member of a shared commit is lost for good: err says why. */
static void lose(firn_commit_member *member, firn_status st)
{
    firn_txn *txn = member->txn;
    firn_written__remove(txn, FIRN_KEEP_NOTHING);
    if (!txn->keeps_files) firn_txn_discard_files(txn);
    settle(member,
           firn_error_wrap(member->err, st, "commit to %.*s", FIRN_STR_ARG(txn->table->text)));
}

static void land_rest(const struct run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        firn_commit_member *member = &run->members[i];
        if (member->is_settled) continue;
        if (!member->txn->is_ended) firn_commit__show_landed(member->txn);
        settle(member, FIRN_OK);
    }
}

/* ---- unknown ---- */

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

/* min_ms, twice that, and so on, up to max_ms. */
static int64_t backoff_ms(int64_t n_before, int64_t min_ms, int64_t max_ms)
{
    int64_t wait_ms = min_ms;
    for (int64_t i = 0; i < n_before && wait_ms > 0 && wait_ms < max_ms; i++) wait_ms *= 2;
    return wait_ms < max_ms ? wait_ms : max_ms;
}

/* "Not there" is no proof of "lost": the commit may still be on its way. So without the snapshot
 * the outcome stays unknown. */
firn_status firn_commit__resolve(firn_txn *txn, firn_error *err)
{
    const firn_clock *clock = txn->table->env->clock;
    const int64_t n_retries = property(txn, FIRN_STR("commit.status-check.num-retries"), 3);
    const int64_t min_ms = property(txn, FIRN_STR("commit.status-check.min-wait-ms"), 1000);
    const int64_t max_ms = property(txn, FIRN_STR("commit.status-check.max-wait-ms"), 60000);
    const int64_t total_ms =
        property(txn, FIRN_STR("commit.status-check.total-timeout-ms"), 1800000);
    const int64_t started_us = firn_clock_monotonic_us(clock);
    const bool can_tell = txn->n_changes > 0;
    bool landed = false;
    for (int64_t i = 0; can_tell && i <= n_retries; i++) {
        firn_error ignored;
        const int64_t wait_ms = i > 0 ? backoff_ms(i - 1, min_ms, max_ms) : 0;
        if ((firn_clock_monotonic_us(clock) - started_us) / 1000 + wait_ms > total_ms) break;
        if (wait_ms > 0) clock->sleep_us(clock->ctx, wait_ms * 1000);
        if (look_for_snapshot(txn, &landed, &ignored) == FIRN_OK && landed) return FIRN_OK;
    }
    txn->is_ended = true;
    return firn_error_hint(err, FIRN_ERR_COMMIT_UNKNOWN,
                           "the commit may have landed: look at the table before trying again; "
                           "no file was removed");
}

/* All of a commit landed or nothing, so what one finds is true of all: one that makes a snapshot,
 * as only that can be recognised. */
static firn_commit_member *witness(const struct run *run)
{
    firn_commit_member *first = NULL;
    for (size_t i = 0; i < run->n; i++) {
        firn_commit_member *member = &run->members[i];
        if (member->is_settled) continue;
        if (member->txn->n_changes > 0) return member;
        if (!first) first = member;
    }
    return first;
}

static void resolve_all(const struct run *run)
{
    const firn_commit_member *one = witness(run);
    const firn_status st = firn_commit__resolve(one->txn, one->err);
    if (st == FIRN_OK) {
        land_rest(run);
        return;
    }
    for (size_t i = 0; i < run->n; i++) {
        firn_commit_member *member = &run->members[i];
        if (member->is_settled) continue;
        member->txn->is_ended = true;
        if (member->err != one->err) *member->err = *one->err;
        settle(member, st);
    }
}

/* ---- attempts ---- */

/* The first attempt works on what the handle shows, unless others may have been before us. */
static firn_status find_base(const struct run *run, struct part *part, firn_error *err)
{
    firn_loaded_table loaded;
    const firn_table *table = part->leader->table;
    const bool is_fresh = run->attempt > 0 || run->n > 1 || part->turn;
    part->base = table->loaded.metadata;
    part->list = (firn_update_list){.arena = run->arena};
    part->batch = (firn_list_batch){.arena = run->arena};
    if (!is_fresh || table->create_updates) return FIRN_OK;
    FIRN_TRY(firn_table__load(table, run->arena, &loaded, err));
    part->base = loaded.metadata;
    return FIRN_OK;
}

static firn_status find_bases(const struct run *run, firn_error *err)
{
    for (size_t i = 0; i < run->n_parts; i++) FIRN_TRY(find_base(run, &run->parts[i], err));
    if (run->attempt == 0) return FIRN_OK;
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled &&
            has_our_snapshot(run->members[i].txn, part_of(run, i)->base)) {
            land_rest(run);
            return FIRN_OK;
        }
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled)
            firn_written__remove(run->members[i].txn, FIRN_KEEP_FOR_RETRY);
    return FIRN_OK;
}

/* What an abandoned member put into the attempt is taken out again. */
static void take_back(struct part *part, size_t n_updates, const firn_list_batch *before)
{
    for (size_t i = before->n; i < part->batch.n; i++) firn_store_abandon(part->batch.writers[i]);
    part->list.n = n_updates;
    part->batch.n = before->n;
    part->batch.snapshot_id = before->snapshot_id;
    part->batch.manifests = before->manifests;
    part->batch.n_manifests = before->n_manifests;
}

/* A conflict found while building is final: refreshing again would not mend it. */
static firn_status build_member(struct run *run, size_t i, firn_error *err)
{
    firn_commit_member *member = &run->members[i];
    const bool is_together = run->kind == FIRN_COMMIT_TOGETHER;
    firn_txn *txn = member->txn;
    struct part *part = part_of(run, i);
    const firn_list_batch before = part->batch;
    const size_t n_updates = part->list.n;
    firn_error *use = is_together ? err : member->err;
    txn->attempt = run->attempt;
    txn->batch = run->n > run->n_parts ? &part->batch : NULL;
    const firn_status st = add_updates(txn, part->base, &part->list, use);
    txn->batch = NULL;
    if (st == FIRN_OK) return FIRN_OK;
    take_back(part, n_updates, &before);
    if (st == FIRN_ERR_CONFLICT) use->flags &= ~FIRN_ERROR_RETRYABLE;
    run->is_final = is_together;
    if (is_together)
        return firn_error_wrap(err, st, "commit to %.*s", FIRN_STR_ARG(txn->table->text));
    lose(member, st);
    return FIRN_OK;
}

static firn_status build_all(struct run *run, firn_error *err)
{
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled) FIRN_TRY(build_member(run, i, err));
    return FIRN_OK;
}

static firn_status publish(const struct run *run, firn_loaded_table *loaded, firn_error *err)
{
    const firn_table *table = run->parts[0].leader->table;
    const firn_catalog_ops *ops = firn_catalog_get_ops(table->catalog);
    firn_list_batch *batch = &run->parts[0].batch;
    const size_t n_lists = batch->n;
    batch->n = 0;
    if (n_lists > 0) FIRN_TRY(firn_store_finish_all(batch->writers, n_lists, err));
    firn_table_commit *commits = firn_arena_array(run->arena, run->n_parts, sizeof *commits);
    if (!commits) return firn_fail_nomem(err);
    for (size_t i = 0; i < run->n_parts; i++)
        FIRN_TRY(make_commit(run->parts[i].leader->table, run->parts[i].base, &run->parts[i].list,
                             &commits[i], err));
    FIRN_TRY(firn_env_failpoint(table->env, "txn.commit.before_catalog", err));
    FIRN_TRY(ops->commit(firn_catalog_ctx(table->catalog), commits, run->n_parts, run->arena,
                         loaded, err));
    /* A failure here stands for an answer that was lost on the way. */
    if (firn_env_failpoint(table->env, "txn.commit.after_catalog", err) != FIRN_OK)
        return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "the catalog's answer was lost");
    return FIRN_OK;
}

static bool has_unsettled(const struct run *run)
{
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled) return true;
    return false;
}

/* The leader's handle takes the attempt's arena, if it may. */
static void land_all(struct run *run, const firn_loaded_table *loaded)
{
    firn_txn *leader = run->parts[0].leader;
    for (size_t i = 0; i < run->n && loaded; i++) {
        if (run->members[i].is_settled || run->members[i].txn != leader) continue;
        land(leader, run->arena, loaded);
        run->arena = NULL;
    }
    land_rest(run);
}

static firn_status try_once(struct run *run, firn_error *err)
{
    firn_loaded_table loaded;
    firn_loaded_table *wanted = run->kind == FIRN_COMMIT_TOGETHER ? NULL : &loaded;
    FIRN_TRY(find_bases(run, err));
    FIRN_TRY(build_all(run, err));
    if (!has_unsettled(run)) return FIRN_OK;
    FIRN_TRY(publish(run, wanted, err));
    land_all(run, wanted);
    return FIRN_OK;
}

/* FIRN_OK: all members are settled. */
static firn_status attempt_once(struct run *run, firn_error *err)
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
 * is lost to a writer that takes none, and is quick to try again. */
static bool wait_before_retry(struct run *run, int64_t started_us)
{
    const firn_txn *txn = run->parts[0].leader;
    const firn_env *env = txn->table->env;
    const int64_t n_retries = property(txn, FIRN_STR("commit.retry.num-retries"), 4);
    const int64_t min_ms = property(txn, FIRN_STR("commit.retry.min-wait-ms"), 100);
    const int64_t max_ms = property(txn, FIRN_STR("commit.retry.max-wait-ms"), 60000);
    const int64_t total_ms = property(txn, FIRN_STR("commit.retry.total-timeout-ms"), 1800000);
    if (run->is_final || run->attempt >= n_retries) return false;
    const int64_t wait_ms = run->parts[0].turn ? 0 : backoff_ms(run->attempt, min_ms, max_ms);
    const uint64_t span = (uint64_t)wait_ms * 1000 / 2 + 1;
    const int64_t wait_us = wait_ms * 500 + (int64_t)(firn_random_u64(env->random) % span);
    const int64_t spent_us = firn_clock_monotonic_us(env->clock) - started_us;
    if ((spent_us + wait_us + 999) / 1000 > total_ms) return false;
    if (wait_us > 0) env->clock->sleep_us(env->clock->ctx, wait_us);
    run->attempt++;
    return true;
}

/* After the last attempt: a conflict may have been with ourselves. */
static bool was_ourselves(const struct run *run, firn_status st)
{
    firn_error ignored;
    bool landed = false;
    firn_txn *txn = st == FIRN_ERR_CONFLICT ? witness(run)->txn : NULL;
    return txn && txn->n_changes > 0 && look_for_snapshot(txn, &landed, &ignored) == FIRN_OK &&
           landed;
}

static void settle_rest(const struct run *run, firn_status st, const firn_error *why)
{
    if (!has_unsettled(run)) return;
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled) *run->members[i].err = *why;
    if (st == FIRN_ERR_COMMIT_UNKNOWN) {
        resolve_all(run);
    } else if (was_ourselves(run, st)) {
        land_rest(run);
    } else {
        for (size_t i = 0; i < run->n; i++) {
            firn_commit_member *member = &run->members[i];
            if (member->is_settled) continue;
            if (run->kind == FIRN_COMMIT_SHARED) {
                lose(member, st);
            } else {
                firn_written__remove(member->txn, FIRN_KEEP_NOTHING);
                settle(member, st);
            }
        }
    }
}

/* ---- turns ---- */

/* Everybody who takes several takes them in the order of the tables' names, so that no two wait for
 * each other. */
static struct part *next_without_turn(const struct run *run, firn_str after)
{
    struct part *next = NULL;
    for (size_t i = 0; i < run->n_parts; i++) {
        struct part *part = &run->parts[i];
        const firn_str name = part->leader->table->text;
        if (after.data && firn_str_compare(name, after) <= 0) continue;
        if (!next || firn_str_compare(name, next->leader->table->text) < 0) next = part;
    }
    return next;
}

static void take_turns(const struct run *run)
{
    firn_str last = {0};
    struct part *part;
    while ((part = next_without_turn(run, last)) != NULL) {
        const firn_table *table = part->leader->table;
        const firn_catalog_ops *ops = firn_catalog_get_ops(table->catalog);
        last = table->text;
        if (ops->take_turn && !table->create_updates)
            part->turn =
                ops->take_turn(firn_catalog_ctx(table->catalog), &table->ident, K_TURN_TIMEOUT_MS);
    }
}

static void end_turns(const struct run *run)
{
    for (size_t i = 0; i < run->n_parts; i++) {
        const firn_catalog *catalog = run->parts[i].leader->table->catalog;
        if (!run->parts[i].turn) continue;
        firn_catalog_get_ops(catalog)->end_turn(firn_catalog_ctx(catalog), run->parts[i].turn);
    }
}

static bool creates_table(const struct run *run)
{
    for (size_t i = 0; i < run->n_parts; i++)
        if (run->parts[i].leader->table->create_updates) return true;
    return false;
}

static void run_parts(struct run *run)
{
    firn_error why;
    firn_status st;
    const firn_clock *clock = run->parts[0].leader->table->env->clock;
    const int64_t started_us = firn_clock_monotonic_us(clock);
    firn_error_clear(&why);
    run->is_final = creates_table(run);
    take_turns(run);
    do {
        st = attempt_once(run, &why);
    } while (st == FIRN_ERR_CONFLICT && wait_before_retry(run, started_us));
    end_turns(run);
    settle_rest(run, st, &why);
}

void firn_commit__run(firn_commit_member *members, size_t n, firn_commit_kind kind)
{
    struct part only = {.leader = members[0].txn};
    struct run run = {.members = members, .n = n, .parts = &only, .n_parts = 1, .kind = kind};
    firn_arena *arena = NULL;
    if (kind == FIRN_COMMIT_TOGETHER && n > 1) {
        arena = firn_arena_create(only.leader->table->env->alloc, 0);
        run.n_parts = n;
        run.parts = arena ? firn_arena_array(arena, n, sizeof *run.parts) : NULL;
        for (size_t i = 0; i < n && run.parts; i++)
            run.parts[i] = (struct part){.leader = members[i].txn};
    }
    if (run.parts)
        run_parts(&run);
    else
        for (size_t i = 0; i < n; i++) settle(&members[i], firn_fail_nomem(members[i].err));
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
