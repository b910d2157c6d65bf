/* SPDX-License-Identifier: Apache-2.0 */
/* Branches, tags and what main is: changes of references and of the list of snapshots. Copying
 * another snapshot's files is cherry_pick.c. */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/txn_internal.h"

/* ---- references in a draft ---- */

const firn_snapshot_ref *firn_draft__ref(const firn_txn_draft *draft, firn_str name)
{
    for (size_t i = draft->n_refs; i-- > 0;)
        if (firn_str_equals(draft->refs[i].ref.name, name))
            return draft->refs[i].is_removed ? NULL : &draft->refs[i].ref;
    return firn_metadata_find_ref(draft->base, name);
}

/* The draft's array is shared with earlier drafts, so a new one takes its place. */
static firn_status push_ref(firn_txn_draft *draft, const firn_draft_ref *item, firn_error *err)
{
    firn_draft_ref *items = firn_arena_array(draft->arena, draft->n_refs + 1, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < draft->n_refs; i++) items[i] = draft->refs[i];
    items[draft->n_refs++] = *item;
    draft->refs = items;
    return FIRN_OK;
}

firn_status firn_draft__set_ref(firn_txn_draft *draft, const firn_snapshot_ref *ref,
                                firn_error *err)
{
    const firn_draft_ref item = {.ref = *ref};
    return push_ref(draft, &item, err);
}

static firn_status remove_ref(firn_txn_draft *draft, firn_str name, firn_error *err)
{
    const firn_draft_ref item = {.ref = {.name = name}, .is_removed = true};
    return push_ref(draft, &item, err);
}

static firn_snapshot_ref new_ref(firn_str name, int64_t snapshot_id)
{
    return (firn_snapshot_ref){.name = name,
                               .snapshot_id = snapshot_id,
                               .min_snapshots_to_keep = -1,
                               .max_snapshot_age_ms = -1,
                               .max_ref_age_ms = -1};
}

firn_status firn_draft__move_main(firn_txn_draft *draft, int64_t snapshot_id, firn_error *err)
{
    const firn_snapshot_ref *old = firn_draft__ref(draft, FIRN_MAIN);
    firn_snapshot_ref ref = old ? *old : new_ref(FIRN_MAIN, snapshot_id);
    ref.snapshot_id = snapshot_id;
    return firn_draft__set_ref(draft, &ref, err);
}

static int64_t main_of(const firn_txn_draft *draft)
{
    const firn_snapshot_ref *ref = firn_draft__ref(draft, FIRN_MAIN);
    return ref ? ref->snapshot_id : draft->base->current_snapshot_id;
}

static firn_status check_snapshot(const firn_txn_draft *draft, int64_t id, firn_error *err)
{
    if (firn_metadata_find_snapshot(draft->base, id)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_NOT_FOUND, "no snapshot %lld", (long long)id);
}

static firn_status act(firn_txn *txn, const firn_txn_action *action, firn_error *err)
{
    FIRN_TRY(firn_txn__check_open(txn, err));
    if (txn->n_changes > 0)
        return firn_fail(err, FIRN_ERR_ARG,
                         "transaction makes a snapshot already: branches and tags change before");
    return firn_txn__act(txn, action, err);
}

/* ---- main ---- */

static firn_status apply_set_main(const firn_txn_action *action, firn_txn_draft *draft,
                                  firn_error *err)
{
    FIRN_TRY(check_snapshot(draft, action->id, err));
    return firn_draft__move_main(draft, action->id, err);
}

static firn_status apply_rollback(const firn_txn_action *action, firn_txn_draft *draft,
                                  firn_error *err)
{
    const int64_t at = main_of(draft);
    FIRN_TRY(check_snapshot(draft, action->id, err));
    if (at < 0 || !firn_metadata_is_ancestor(draft->base, at, action->id))
        return firn_fail(err, FIRN_ERR_ARG, "snapshot %lld is not an ancestor of the current one",
                         (long long)action->id);
    return firn_draft__move_main(draft, action->id, err);
}

static firn_status apply_rollback_to_time(const firn_txn_action *action, firn_txn_draft *draft,
                                          firn_error *err)
{
    int64_t id = main_of(draft);
    for (size_t i = 0; i <= draft->base->n_snapshots && id >= 0; i++) {
        const firn_snapshot *snapshot = firn_metadata_find_snapshot(draft->base, id);
        if (!snapshot) break;
        if (snapshot->timestamp_ms < action->id) return firn_draft__move_main(draft, id, err);
        id = snapshot->parent_snapshot_id;
    }
    char text[40];
    const char *time = action->id > INT64_MAX / 1000 || action->id < INT64_MIN / 1000
                           ? "that time"
                           : firn_format_timestamp_us(action->id * 1000, true, text, sizeof text);
    return firn_fail(err, FIRN_ERR_NOT_FOUND, "no snapshot of this history is older than %s", time);
}

static firn_status move_main(firn_txn *txn, firn_action_fn apply, int64_t id, firn_error *err)
{
    const firn_txn_action action = {.apply = apply, .id = id, .needs_same_main = true};
    return act(txn, &action, err);
}

firn_status firn_txn_rollback_to(firn_txn *txn, int64_t snapshot_id, firn_error *err)
{
    return move_main(txn, apply_rollback, snapshot_id, err);
}

firn_status firn_txn_rollback_to_time(firn_txn *txn, int64_t timestamp_ms, firn_error *err)
{
    return move_main(txn, apply_rollback_to_time, timestamp_ms, err);
}

firn_status firn_txn_set_current_snapshot(firn_txn *txn, int64_t snapshot_id, firn_error *err)
{
    return move_main(txn, apply_set_main, snapshot_id, err);
}

/* ---- branches and tags ---- */

static const char *kind_name(bool is_tag)
{
    return is_tag ? "tag" : "branch";
}

static firn_status fail_kind(const firn_snapshot_ref *old, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_ARG, "\"%.*s\" is a %s, not a %s", FIRN_STR_ARG(old->name),
                     kind_name(old->is_tag), kind_name(!old->is_tag));
}

/* May the name be set? *is_done: it is there and stays. */
static firn_status check_mode(const firn_snapshot_ref *old, firn_str name,
                              const firn_ref_opts *opts, bool *is_done, firn_error *err)
{
    *is_done = false;
    if (!old) {
        if (opts->mode != FIRN_REF_REPLACE) return FIRN_OK;
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no %s \"%.*s\"", kind_name(opts->is_tag),
                         FIRN_STR_ARG(name));
    }
    if (opts->mode == FIRN_REF_CREATE)
        return firn_fail(err, FIRN_ERR_EXISTS, "%s \"%.*s\" exists already", kind_name(old->is_tag),
                         FIRN_STR_ARG(name));
    *is_done = opts->mode == FIRN_REF_IF_NOT_EXISTS;
    if (!*is_done && old->is_tag != opts->is_tag) return fail_kind(old, err);
    return FIRN_OK;
}

static int64_t or_absent(int64_t value)
{
    return value == 0 ? -1 : value;
}

static firn_status apply_set_ref(const firn_txn_action *action, firn_txn_draft *draft,
                                 firn_error *err)
{
    const firn_ref_opts *opts = action->ref;
    const firn_snapshot_ref *old = firn_draft__ref(draft, action->text);
    bool is_done = false;
    FIRN_TRY(check_mode(old, action->text, opts, &is_done, err));
    if (is_done) return FIRN_OK;
    firn_snapshot_ref ref = new_ref(action->text, opts->snapshot_id);
    if (ref.snapshot_id == 0) ref.snapshot_id = main_of(draft);
    if (ref.snapshot_id < 0)
        return firn_fail(err, FIRN_ERR_ARG, "the table has no snapshot that %s \"%.*s\" could name",
                         kind_name(opts->is_tag), FIRN_STR_ARG(action->text));
    FIRN_TRY(check_snapshot(draft, ref.snapshot_id, err));
    ref.is_tag = opts->is_tag;
    ref.min_snapshots_to_keep = or_absent(opts->min_snapshots_to_keep);
    ref.max_snapshot_age_ms = or_absent(opts->max_snapshot_age_ms);
    ref.max_ref_age_ms = or_absent(opts->max_ref_age_ms);
    return firn_draft__set_ref(draft, &ref, err);
}

static firn_status check_opts(firn_str name, const firn_ref_opts *opts, firn_error *err)
{
    if (name.len == 0) return firn_fail(err, FIRN_ERR_ARG, "a branch or tag needs a name");
    if (opts->is_tag && firn_str_equals(name, FIRN_MAIN))
        return firn_fail(err, FIRN_ERR_ARG, "main is a branch, it cannot be a tag");
    if (opts->min_snapshots_to_keep < 0 || opts->max_snapshot_age_ms < 0 ||
        opts->max_ref_age_ms < 0)
        return firn_fail(err, FIRN_ERR_ARG, "retention of \"%.*s\" must be above 0",
                         FIRN_STR_ARG(name));
    if (opts->is_tag && (opts->min_snapshots_to_keep > 0 || opts->max_snapshot_age_ms > 0))
        return firn_fail(err, FIRN_ERR_ARG,
                         "tag \"%.*s\" cannot retain snapshots, only branches can",
                         FIRN_STR_ARG(name));
    return FIRN_OK;
}

firn_status firn_txn_set_ref(firn_txn *txn, firn_str name, const firn_ref_opts *opts,
                             firn_error *err)
{
    firn_txn_action action = {.apply = apply_set_ref};
    FIRN_TRY(firn_txn__check_open(txn, err));
    if (opts && opts->struct_size < sizeof opts->struct_size)
        return firn_fail(err, FIRN_ERR_ARG, "firn_ref_opts without struct_size");
    firn_ref_opts *copy = firn_arena_alloc_zero(txn->arena, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    if (opts)
        memcpy(copy, opts, opts->struct_size < sizeof *copy ? opts->struct_size : sizeof *copy);
    FIRN_TRY(check_opts(name, copy, err));
    FIRN_TRY(firn_txn__copy(txn, name, &action.text, err));
    action.ref = copy;
    return act(txn, &action, err);
}

static firn_status apply_drop_ref(const firn_txn_action *action, firn_txn_draft *draft,
                                  firn_error *err)
{
    const firn_snapshot_ref *old = firn_draft__ref(draft, action->text);
    const bool is_tag = action->flag;
    if (!old && action->flag2) return FIRN_OK;
    if (!old)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no %s \"%.*s\"", kind_name(is_tag),
                         FIRN_STR_ARG(action->text));
    if (old->is_tag != is_tag) return fail_kind(old, err);
    return remove_ref(draft, action->text, err);
}

firn_status firn_txn_drop_ref(firn_txn *txn, firn_str name, bool is_tag, bool if_exists,
                              firn_error *err)
{
    firn_txn_action action = {.apply = apply_drop_ref, .flag = is_tag, .flag2 = if_exists};
    if (firn_str_equals(name, FIRN_MAIN))
        return firn_fail(err, FIRN_ERR_ARG, "branch main cannot be dropped");
    FIRN_TRY(firn_txn__copy(txn, name, &action.text, err));
    return act(txn, &action, err);
}

static firn_status apply_rename(const firn_txn_action *action, firn_txn_draft *draft,
                                firn_error *err)
{
    const firn_snapshot_ref *old = firn_draft__ref(draft, action->text);
    if (!old)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no branch \"%.*s\"", FIRN_STR_ARG(action->text));
    if (old->is_tag) return fail_kind(old, err);
    if (firn_draft__ref(draft, action->text2))
        return firn_fail(err, FIRN_ERR_EXISTS, "branch or tag \"%.*s\" exists already",
                         FIRN_STR_ARG(action->text2));
    firn_snapshot_ref ref = *old;
    ref.name = action->text2;
    FIRN_TRY(remove_ref(draft, action->text, err));
    return firn_draft__set_ref(draft, &ref, err);
}

firn_status firn_txn_rename_branch(firn_txn *txn, firn_str name, firn_str new_name, firn_error *err)
{
    firn_txn_action action = {.apply = apply_rename};
    if (firn_str_equals(name, FIRN_MAIN))
        return firn_fail(err, FIRN_ERR_ARG, "branch main cannot be renamed");
    if (new_name.len == 0) return firn_fail(err, FIRN_ERR_ARG, "a branch needs a name");
    FIRN_TRY(firn_txn__copy(txn, name, &action.text, err));
    FIRN_TRY(firn_txn__copy(txn, new_name, &action.text2, err));
    return act(txn, &action, err);
}

static firn_status apply_fast_forward(const firn_txn_action *action, firn_txn_draft *draft,
                                      firn_error *err)
{
    const firn_snapshot_ref *branch = firn_draft__ref(draft, action->text);
    const firn_snapshot_ref *to = firn_draft__ref(draft, action->text2);
    if (!to)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no branch or tag \"%.*s\"",
                         FIRN_STR_ARG(action->text2));
    if (branch && branch->is_tag) return fail_kind(branch, err);
    if (branch && !firn_metadata_is_ancestor(draft->base, to->snapshot_id, branch->snapshot_id)) {
        (void)firn_fail(err, FIRN_ERR_ARG,
                        "cannot move branch \"%.*s\" forward to \"%.*s\": it is not a descendant",
                        FIRN_STR_ARG(action->text), FIRN_STR_ARG(action->text2));
        return firn_error_hint(err, FIRN_ERR_ARG, "cherry-pick its snapshots instead");
    }
    firn_snapshot_ref ref = branch ? *branch : new_ref(action->text, to->snapshot_id);
    ref.snapshot_id = to->snapshot_id;
    return firn_draft__set_ref(draft, &ref, err);
}

firn_status firn_txn_fast_forward(firn_txn *txn, firn_str branch, firn_str to, firn_error *err)
{
    firn_txn_action action = {.apply = apply_fast_forward};
    if (branch.len == 0) return firn_fail(err, FIRN_ERR_ARG, "a branch needs a name");
    FIRN_TRY(firn_txn__copy(txn, branch, &action.text, err));
    FIRN_TRY(firn_txn__copy(txn, to, &action.text2, err));
    return act(txn, &action, err);
}

/* ---- snapshots that go ---- */

static bool has_id(const firn_txn_action *action, int64_t id)
{
    for (size_t i = 0; i < action->n; i++)
        if (action->ids[i] == id) return true;
    return false;
}

static firn_status check_unnamed(const firn_txn_action *action, const firn_snapshot_ref *ref,
                                 firn_error *err)
{
    if (!ref || !has_id(action, ref->snapshot_id)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "snapshot %lld is still named by %s \"%.*s\"",
                     (long long)ref->snapshot_id, kind_name(ref->is_tag), FIRN_STR_ARG(ref->name));
}

static firn_status apply_remove_snapshots(const firn_txn_action *action, firn_txn_draft *draft,
                                          firn_error *err)
{
    for (size_t i = 0; i < draft->base->n_refs; i++)
        FIRN_TRY(check_unnamed(action, firn_draft__ref(draft, draft->base->refs[i].name), err));
    for (size_t i = 0; i < draft->n_refs; i++)
        FIRN_TRY(check_unnamed(action, firn_draft__ref(draft, draft->refs[i].ref.name), err));
    draft->removed_snapshots = action->ids;
    draft->n_removed_snapshots = action->n;
    return FIRN_OK;
}

firn_status firn_txn_remove_snapshots(firn_txn *txn, const int64_t *ids, size_t n, firn_error *err)
{
    firn_txn_action action = {.apply = apply_remove_snapshots, .n = n};
    FIRN_TRY(firn_txn__check_open(txn, err));
    if (txn->draft.n_removed_snapshots > 0)
        return firn_fail(err, FIRN_ERR_ARG, "transaction removes snapshots already");
    int64_t *copy = firn_arena_array(txn->arena, n, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) copy[i] = ids[i];
    action.ids = copy;
    return act(txn, &action, err);
}

/* ---- layouts that go ---- */

/* id: how many of the ids are schemas; the others are specs. */
static firn_status apply_remove_layouts(const firn_txn_action *action, firn_txn_draft *draft,
                                        firn_error *err)
{
    const size_t n_schemas = (size_t)action->id;
    for (size_t i = 0; i < action->n; i++) {
        const bool is_schema = i < n_schemas;
        const int32_t used =
            is_schema ? draft->base->current_schema_id : draft->base->default_spec_id;
        if (action->ids[i] == used)
            return firn_fail(err, FIRN_ERR_ARG, "%s %d is in use",
                             is_schema ? "schema" : "partition spec", used);
    }
    draft->removed_schemas = action->ids;
    draft->n_removed_schemas = n_schemas;
    draft->removed_specs = action->ids + n_schemas;
    draft->n_removed_specs = action->n - n_schemas;
    return FIRN_OK;
}

firn_status firn_txn_remove_layouts(firn_txn *txn, const int64_t *schema_ids, size_t n_schemas,
                                    const int64_t *spec_ids, size_t n_specs, firn_error *err)
{
    firn_txn_action action = {.apply = apply_remove_layouts,
                              .n = n_schemas + n_specs,
                              .id = (int64_t)n_schemas,
                              .needs_same_layout = true,
                              .needs_same_main = true};
    FIRN_TRY(firn_txn__check_open(txn, err));
    int64_t *ids = firn_arena_array(txn->arena, n_schemas + n_specs, sizeof *ids);
    if (!ids) return firn_fail_nomem(err);
    for (size_t i = 0; i < n_schemas; i++) ids[i] = schema_ids[i];
    for (size_t i = 0; i < n_specs; i++) ids[n_schemas + i] = spec_ids[i];
    action.ids = ids;
    return firn_txn__act(txn, &action, err);
}
