/* SPDX-License-Identifier: Apache-2.0 */
/* Procedures that move branches among the snapshots that are there. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/procedures/procedure.h"

static const firn_table_metadata *metadata_of(const firn_procedure_call *call)
{
    return firn_table_metadata_of(call->table);
}

/* change(call, txn) and a commit. */
typedef firn_status (*change_fn)(firn_procedure_call *call, firn_txn *txn, firn_error *err);

static firn_status commit(firn_procedure_call *call, change_fn change, firn_error *err)
{
    firn_txn *txn = NULL;
    FIRN_TRY(firn_txn_begin(call->table, &txn, err));
    firn_status st = change(call, txn, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

/* A snapshot that the table has. */
static firn_status read_snapshot(firn_procedure_call *call, size_t argument, int64_t *out,
                                 firn_error *err)
{
    FIRN_TRY(firn_call_i64(call, argument, out, err));
    if (!call->values[argument].is_given || firn_metadata_find_snapshot(metadata_of(call), *out))
        return FIRN_OK;
    (void)firn_call_fail(call, argument, err, "the table has no snapshot %" PRId64, *out);
    if (err) err->status = FIRN_ERR_NOT_FOUND;
    return FIRN_ERR_NOT_FOUND;
}

static firn_status give_two(firn_procedure_call *call, int64_t first, firn_error *err)
{
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    if (first >= 0) firn_cell_set_i64(&row[0], first);
    firn_cell_set_i64(&row[1], metadata_of(call)->current_snapshot_id);
    return FIRN_OK;
}

/* Commits a move of main and tells from where to where. */
static firn_status move_main(firn_procedure_call *call, change_fn change, firn_error *err)
{
    const int64_t previous = metadata_of(call)->current_snapshot_id;
    FIRN_TRY(commit(call, change, err));
    return give_two(call, previous, err);
}

/* ---- rollback ---- */

static firn_status roll_back(firn_procedure_call *call, firn_txn *txn, firn_error *err)
{
    int64_t id = 0;
    FIRN_TRY(read_snapshot(call, 0, &id, err));
    const firn_status st = firn_txn_rollback_to(txn, id, err);
    if (st != FIRN_OK) call->failed_argument = 0;
    return st;
}

firn_status firn_procedure__rollback_to_snapshot(firn_procedure_call *call, firn_error *err)
{
    return move_main(call, roll_back, err);
}

static firn_status roll_back_to_time(firn_procedure_call *call, firn_txn *txn, firn_error *err)
{
    int64_t ms = 0;
    FIRN_TRY(firn_call_time_ms(call, 0, &ms, err));
    const firn_status st = firn_txn_rollback_to_time(txn, ms, err);
    if (st != FIRN_OK) call->failed_argument = 0;
    return st;
}

firn_status firn_procedure__rollback_to_timestamp(firn_procedure_call *call, firn_error *err)
{
    return move_main(call, roll_back_to_time, err);
}

static firn_status set_current(firn_procedure_call *call, firn_txn *txn, firn_error *err)
{
    const firn_str name = firn_call_text(call, 1);
    int64_t id = 0;
    FIRN_TRY(read_snapshot(call, 0, &id, err));
    if (!call->values[0].is_given) {
        const firn_snapshot_ref *ref = firn_metadata_find_ref(metadata_of(call), name);
        if (!ref)
            return firn_call_fail(call, 1, err, "the table has no branch or tag \"%.*s\"",
                                  FIRN_STR_ARG(name));
        id = ref->snapshot_id;
    }
    return firn_txn_set_current_snapshot(txn, id, err);
}

firn_status firn_procedure__set_current_snapshot(firn_procedure_call *call, firn_error *err)
{
    if (call->values[0].is_given == call->values[1].is_given)
        return firn_fail(err, FIRN_ERR_ARG, "expected one of snapshot_id and ref, found %s",
                         call->values[0].is_given ? "both" : "none");
    return move_main(call, set_current, err);
}

/* ---- cherry-picks ---- */

static firn_status pick(firn_procedure_call *call, firn_txn *txn, firn_error *err)
{
    int64_t id = 0;
    FIRN_TRY(read_snapshot(call, 0, &id, err));
    return firn_txn_cherry_pick(txn, id, err);
}

firn_status firn_procedure__cherrypick_snapshot(firn_procedure_call *call, firn_error *err)
{
    int64_t id = 0;
    FIRN_TRY(read_snapshot(call, 0, &id, err));
    FIRN_TRY(commit(call, pick, err));
    return give_two(call, id, err);
}

/* The one snapshot that was written with this id. */
static firn_status find_staged(firn_procedure_call *call, int64_t *out, firn_error *err)
{
    const firn_table_metadata *m = metadata_of(call);
    const firn_str id = firn_call_text(call, 0);
    *out = -1;
    for (size_t i = 0; i < m->n_snapshots; i++) {
        const firn_snapshot *s = &m->snapshots[i];
        if (!firn_str_equals(firn_properties_get(&s->summary, FIRN_STR("wap.id"), FIRN_STR("")),
                             id))
            continue;
        if (*out >= 0)
            return firn_call_fail(call, 0, err,
                                  "snapshots %" PRId64 " and %" PRId64 " both have \"%.*s\"", *out,
                                  s->snapshot_id, FIRN_STR_ARG(id));
        *out = s->snapshot_id;
    }
    if (*out >= 0) return FIRN_OK;
    (void)firn_call_fail(call, 0, err, "no snapshot was written with \"%.*s\"", FIRN_STR_ARG(id));
    if (err) err->status = FIRN_ERR_NOT_FOUND;
    return FIRN_ERR_NOT_FOUND;
}

static firn_status publish(firn_procedure_call *call, firn_txn *txn, firn_error *err)
{
    int64_t id = 0;
    FIRN_TRY(find_staged(call, &id, err));
    return firn_txn_cherry_pick(txn, id, err);
}

firn_status firn_procedure__publish_changes(firn_procedure_call *call, firn_error *err)
{
    int64_t id = 0;
    FIRN_TRY(find_staged(call, &id, err));
    FIRN_TRY(commit(call, publish, err));
    return give_two(call, id, err);
}

/* ---- branches ---- */

static firn_status forward(firn_procedure_call *call, firn_txn *txn, firn_error *err)
{
    return firn_txn_fast_forward(txn, firn_call_text(call, 0), firn_call_text(call, 1), err);
}

firn_status firn_procedure__fast_forward(firn_procedure_call *call, firn_error *err)
{
    const firn_str branch = firn_call_text(call, 0);
    const firn_snapshot_ref *ref = firn_metadata_find_ref(metadata_of(call), branch);
    const int64_t previous = ref ? ref->snapshot_id : -1;
    FIRN_TRY(commit(call, forward, err));
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    ref = firn_metadata_find_ref(metadata_of(call), branch);
    firn_cell_set_text(&row[0], branch);
    if (previous >= 0) firn_cell_set_i64(&row[1], previous);
    if (ref) firn_cell_set_i64(&row[2], ref->snapshot_id);
    return FIRN_OK;
}

/* ---- history ---- */

firn_status firn_procedure__ancestors_of(firn_procedure_call *call, firn_error *err)
{
    const firn_table_metadata *m = metadata_of(call);
    int64_t id = m->current_snapshot_id;
    FIRN_TRY(read_snapshot(call, 0, &id, err));
    for (size_t i = 0; i <= m->n_snapshots && id >= 0; i++) {
        const firn_snapshot *s = firn_metadata_find_snapshot(m, id);
        if (!s) break;
        firn_value *row = firn_call_row(call);
        if (!row) return firn_fail_nomem(err);
        firn_cell_set_i64(&row[0], s->snapshot_id);
        firn_cell_set_i64(&row[1], s->timestamp_ms);
        id = s->parent_snapshot_id;
    }
    return FIRN_OK;
}
