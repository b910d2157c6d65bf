/* SPDX-License-Identifier: Apache-2.0 */
/* How transactions end: landed, lost or unknown. Landed: the handle shows the result, and metadata
 * files that no snapshot needs are removed. Lost: all files are removed. Unknown: the table is read
 * again, and if it does not have the snapshot nothing at all is removed. The attempts that lead
 * here are txn_commit.c. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/commit_run.h"

bool firn_commit__has_our_snapshot(const firn_txn *txn, const firn_table_metadata *metadata)
{
    for (size_t i = 0; i < txn->n_changes; i++)
        if (firn_metadata_find_snapshot(metadata, txn->changes[i].snapshot_id)) return true;
    return false;
}

/* ---- ends ---- */

void firn_commit__land(firn_txn *txn, firn_arena *arena, const firn_loaded_table *loaded)
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

void firn_commit__settle(firn_commit_member *member, firn_status st)
{
    member->status = st;
    member->is_settled = true;
}

void firn_commit__lose(firn_commit_member *member, firn_status st)
{
    firn_txn *txn = member->txn;
    firn_written__remove(txn, FIRN_KEEP_NOTHING);
    if (!txn->keeps_files) firn_txn_discard_files(txn);
    firn_commit__settle(
        member, firn_error_wrap(member->err, st, "commit to %.*s", FIRN_STR_ARG(txn->table->text)));
}

void firn_commit__land_rest(const firn_commit_run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        firn_commit_member *member = &run->members[i];
        if (member->is_settled) continue;
        if (!member->txn->is_ended) firn_commit__show_landed(member->txn);
        firn_commit__settle(member, FIRN_OK);
    }
}

void firn_commit__leave_files(const firn_commit_run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        const firn_txn *txn = run->members[i].txn;
        for (size_t k = 0; k < txn->n_written; k++) txn->written[k].is_used = true;
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
    *landed = st == FIRN_OK && firn_commit__has_our_snapshot(txn, loaded.metadata);
    if (*landed)
        firn_commit__land(txn, arena, &loaded);
    else
        firn_arena_destroy(arena);
    return st;
}

int64_t firn_commit__property(const firn_txn *txn, firn_str key, int64_t fallback)
{
    const int64_t value =
        firn_properties_get_i64(&txn->table->loaded.metadata->properties, key, fallback);
    return value < 0 ? fallback : value;
}

int64_t firn_commit__backoff_ms(int64_t n_before, int64_t min_ms, int64_t max_ms)
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
    const int64_t n_retries =
        firn_commit__property(txn, FIRN_STR("commit.status-check.num-retries"), 3);
    const int64_t min_ms =
        firn_commit__property(txn, FIRN_STR("commit.status-check.min-wait-ms"), 1000);
    const int64_t max_ms =
        firn_commit__property(txn, FIRN_STR("commit.status-check.max-wait-ms"), 60000);
    const int64_t total_ms =
        firn_commit__property(txn, FIRN_STR("commit.status-check.total-timeout-ms"), 1800000);
    const int64_t started_us = firn_clock_monotonic_us(clock);
    const bool can_tell = txn->n_changes > 0;
    bool landed = false;
    for (int64_t i = 0; can_tell && i <= n_retries; i++) {
        firn_error ignored;
        const int64_t wait_ms = i > 0 ? firn_commit__backoff_ms(i - 1, min_ms, max_ms) : 0;
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
static firn_commit_member *witness(const firn_commit_run *run)
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

void firn_commit__resolve_all(const firn_commit_run *run)
{
    const firn_commit_member *one = witness(run);
    const firn_status st = firn_commit__resolve(one->txn, one->err);
    if (st == FIRN_OK) {
        firn_commit__land_rest(run);
        return;
    }
    for (size_t i = 0; i < run->n; i++) {
        firn_commit_member *member = &run->members[i];
        if (member->is_settled) continue;
        member->txn->is_ended = true;
        if (member->err != one->err) *member->err = *one->err;
        firn_commit__settle(member, st);
    }
}

bool firn_commit__has_unsettled(const firn_commit_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled) return true;
    return false;
}

/* After the last attempt: a conflict may have been with ourselves. */
static bool was_ourselves(const firn_commit_run *run, firn_status st)
{
    firn_error ignored;
    bool landed = false;
    firn_txn *txn = st == FIRN_ERR_CONFLICT ? witness(run)->txn : NULL;
    return txn && txn->n_changes > 0 && look_for_snapshot(txn, &landed, &ignored) == FIRN_OK &&
           landed;
}

static void lose_rest(const firn_commit_run *run, firn_status st)
{
    for (size_t i = 0; i < run->n; i++) {
        firn_commit_member *member = &run->members[i];
        if (member->is_settled) continue;
        if (run->kind == FIRN_COMMIT_SHARED) {
            firn_commit__lose(member, st);
        } else {
            firn_written__remove(member->txn, FIRN_KEEP_NOTHING);
            firn_commit__settle(member, st);
        }
    }
}

/* The turns end as soon as others can be told, as looking at the table may take long. */
static void let_others_go(firn_commit_run *run, firn_request_end end)
{
    firn_commit__answer_guests(run, end);
    firn_commit__end_turns(run);
}

void firn_commit__settle_rest(firn_commit_run *run, firn_status st, const firn_error *why)
{
    if (!firn_commit__has_unsettled(run)) {
        let_others_go(run, FIRN_REQUEST_NOT_DONE);
        return;
    }
    for (size_t i = 0; i < run->n; i++)
        if (!run->members[i].is_settled) *run->members[i].err = *why;
    if (run->is_inherited) firn_commit__leave_files(run);
    if (st == FIRN_ERR_COMMIT_UNKNOWN || run->is_inherited) {
        let_others_go(run, FIRN_REQUEST_UNKNOWN);
        firn_commit__resolve_all(run);
    } else if (was_ourselves(run, st)) {
        let_others_go(run, FIRN_REQUEST_LANDED);
        firn_commit__land_rest(run);
    } else {
        let_others_go(run, FIRN_REQUEST_NOT_DONE);
        lose_rest(run, st);
    }
}
