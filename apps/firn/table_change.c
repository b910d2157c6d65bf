/* SPDX-License-Identifier: Apache-2.0 */
/* firn table branch, tag, rollback, upgrade: one small commit each. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "table_actions.h"

static firn_status get_number(const table_action *t, const char *name, int64_t *out,
                              firn_error *err)
{
    const char *text = app_args_get(t->args, name, NULL);
    *out = 0;
    if (!text) return FIRN_OK;
    if (firn_str_to_i64(firn_str_of(text), out) && *out > 0) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "--%s needs a number above 0, found \"%s\"", name, text);
}

/* change(txn) and a commit. */
typedef firn_status (*change_fn)(const table_action *t, firn_txn *txn, firn_error *err);

static firn_status commit(const table_action *t, change_fn change, firn_error *err)
{
    firn_txn *txn = NULL;
    FIRN_TRY(firn_txn_begin(t->table, &txn, err));
    firn_status st = change(t, txn, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

/* ---- branches and tags ---- */

static void show_limit(firn_outline *out, const char *name, int64_t value)
{
    if (value >= 0) firn_outline_i64(out, name, value);
}

static void list_refs(const table_action *t, bool is_tag)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    firn_outline_begin_list(t->out, NULL);
    for (size_t i = 0; i < m->n_refs; i++) {
        const firn_snapshot_ref *ref = &m->refs[i];
        if (ref->is_tag != is_tag) continue;
        firn_outline_begin_line(t->out, NULL);
        firn_outline_str(t->out, "name", ref->name);
        firn_outline_i64(t->out, "snapshot", ref->snapshot_id);
        show_limit(t->out, "min_snapshots_to_keep", ref->min_snapshots_to_keep);
        show_limit(t->out, "max_snapshot_age_ms", ref->max_snapshot_age_ms);
        show_limit(t->out, "max_ref_age_ms", ref->max_ref_age_ms);
        firn_outline_end(t->out);
    }
    firn_outline_end(t->out);
}

static firn_status set_ref(const table_action *t, firn_txn *txn, bool is_tag, firn_error *err)
{
    const bool is_new = strcmp(t->words[0], "create") == 0;
    const firn_str name = firn_str_of(t->words[1]);
    firn_ref_opts opts = {.struct_size = sizeof opts,
                          .is_tag = is_tag,
                          .mode = is_new ? FIRN_REF_CREATE : FIRN_REF_REPLACE};
    if (strcmp(t->words[0], "drop") == 0) return firn_txn_drop_ref(txn, name, is_tag, false, err);
    FIRN_TRY(get_number(t, "snapshot", &opts.snapshot_id, err));
    FIRN_TRY(get_number(t, "min-snapshots-to-keep", &opts.min_snapshots_to_keep, err));
    FIRN_TRY(get_number(t, "max-snapshot-age-ms", &opts.max_snapshot_age_ms, err));
    FIRN_TRY(get_number(t, "max-ref-age-ms", &opts.max_ref_age_ms, err));
    return firn_txn_set_ref(txn, name, &opts, err);
}

static firn_status set_branch(const table_action *t, firn_txn *txn, firn_error *err)
{
    return set_ref(t, txn, false, err);
}

static firn_status set_tag(const table_action *t, firn_txn *txn, firn_error *err)
{
    return set_ref(t, txn, true, err);
}

static firn_status change_refs(const table_action *t, bool is_tag, firn_error *err)
{
    static const char *const k_verbs[] = {"create", "replace", "drop"};
    bool is_known = false;
    for (size_t i = 0; t->n_words == 2 && i < 3; i++)
        is_known = is_known || strcmp(t->words[0], k_verbs[i]) == 0;
    if (t->n_words > 0 && !is_known)
        return firn_fail(err, FIRN_ERR_ARG,
                         "expected create, replace or drop and a name, found \"%s\"", t->words[0]);
    if (is_known) FIRN_TRY(commit(t, is_tag ? set_tag : set_branch, err));
    list_refs(t, is_tag);
    return FIRN_OK;
}

firn_status table_branch(const table_action *t, firn_error *err)
{
    return change_refs(t, false, err);
}

firn_status table_tag(const table_action *t, firn_error *err)
{
    return change_refs(t, true, err);
}

/* ---- rollback, upgrade ---- */

static firn_status roll_back(const table_action *t, firn_txn *txn, firn_error *err)
{
    int64_t id = 0;
    FIRN_TRY(get_number(t, "snapshot", &id, err));
    return firn_txn_rollback_to(txn, id, err);
}

firn_status table_rollback(const table_action *t, firn_error *err)
{
    if (!app_args_has(t->args, "snapshot"))
        return firn_fail(err, FIRN_ERR_ARG, "rollback needs --snapshot ID");
    FIRN_TRY(commit(t, roll_back, err));
    firn_outline_begin(t->out, NULL);
    firn_outline_i64(t->out, "current_snapshot",
                     firn_table_metadata_of(t->table)->current_snapshot_id);
    firn_outline_end(t->out);
    return FIRN_OK;
}

static firn_status upgrade(const table_action *t, firn_txn *txn, firn_error *err)
{
    const firn_property version = {FIRN_STR("format-version"),
                                   firn_str_of(app_args_get(t->args, "to", "3"))};
    return firn_txn_set_properties(txn, &version, 1, err);
}

firn_status table_upgrade(const table_action *t, firn_error *err)
{
    if (!app_args_has(t->args, "to"))
        return firn_fail(err, FIRN_ERR_ARG, "upgrade needs --to VERSION");
    FIRN_TRY(commit(t, upgrade, err));
    firn_outline_begin(t->out, NULL);
    firn_outline_i64(t->out, "format_version", firn_table_metadata_of(t->table)->format_version);
    firn_outline_end(t->out);
    return FIRN_OK;
}
