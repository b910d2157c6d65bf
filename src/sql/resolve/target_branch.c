/* SPDX-License-Identifier: Apache-2.0 */
/* The branch that a statement writes to: named behind the table ("ns.t.branch_audit", "t@audit"),
 * or by the session (write-audit-publish). */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/snapshot_update.h"
#include "sql/metadata_tables/metadata_tables.h"
#include "sql/session/session_state.h"

#define WAP_ENABLED FIRN_STR("write.wap.enabled")
#define WAP_BRANCH  FIRN_STR("spark.wap.branch")
#define WAP_ID      FIRN_STR("spark.wap.id")

/* "ns.t.branch_b" and "ns.t@b": the name of the table and the branch. False: not of this form. */
bool firn_session__split_branch(firn_session *session, const firn_sql_name *name,
                                firn_sql_name *table_out, firn_str *branch_out)
{
    const firn_str last = name->parts[name->n_parts - 1];
    const size_t at = firn_str_find(last, FIRN_STR("@"), 0);
    *table_out = *name;
    if (at != SIZE_MAX && at > 0 && at + 1 < last.len) {
        firn_str *parts = firn_arena_array(session->arena, name->n_parts, sizeof *parts);
        if (!parts) return false;
        for (size_t i = 0; i < name->n_parts; i++) parts[i] = name->parts[i];
        parts[name->n_parts - 1] = firn_str_slice(last, 0, at);
        table_out->parts = parts;
        *branch_out = firn_str_slice(last, at + 1, last.len);
        return true;
    }
    table_out->n_parts--;
    *branch_out = firn_str_slice(last, 7, last.len);
    return name->n_parts > 1 && branch_out->len > 0 &&
           firn_str_starts_with(last, FIRN_STR("branch_"));
}

static bool is_wap(const firn_session *session, const firn_table_metadata *metadata)
{
    const firn_str value = firn_properties_get(&metadata->properties, WAP_ENABLED, FIRN_STR(""));
    return session->settings.n > 0 && firn_str_equals_nocase(value, FIRN_STR("true"));
}

firn_str firn_session__wap_branch(const firn_session *session, const firn_table_metadata *metadata)
{
    if (!is_wap(session, metadata)) return (firn_str){0};
    return firn_session__setting(session, WAP_BRANCH);
}

/* The first write to the session's branch makes it. */
static firn_status use_wap_branch(firn_table *table, firn_str branch, firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    firn_txn *txn = NULL;
    const bool is_missing = !firn_metadata_find_ref(metadata, branch);
    if (is_missing && metadata->current_snapshot_id >= 0) {
        FIRN_TRY(firn_txn_begin(table, &txn, err));
        firn_status st =
            firn_txn_set_ref(txn, branch, FIRN_REF_OPTS(.mode = FIRN_REF_IF_NOT_EXISTS), err);
        if (st == FIRN_OK) st = firn_txn_commit(txn, err);
        firn_txn_close(txn);
        FIRN_TRY(st);
    }
    return firn_table_use_branch(table, branch, err);
}

static firn_status use_session(firn_session *session, firn_table *table, firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    const firn_str branch = firn_session__wap_branch(session, metadata);
    if (!branch.data) return FIRN_OK;
    if (firn_session__setting(session, WAP_ID).data) {
        return firn_fail(err, FIRN_ERR_ARG, "spark.wap.id and spark.wap.branch are both set");
    }
    return use_wap_branch(table, branch, err);
}

static firn_status open_named(firn_session *session, const firn_sql_name *name, firn_str branch,
                              firn_table **out, firn_error *err)
{
    FIRN_TRY(firn_session__open_table(session, name, out, err));
    firn_status st = firn_table_use_branch(*out, branch, err);
    if (st != FIRN_OK) {
        if (err) err->position = name->offset;
        firn_table_close(*out);
        *out = NULL;
    }
    return st;
}

/* "t.files", "t$files": there is something of that name, but not to write. */
static firn_status refuse_metadata_table(const firn_sql_name *name, firn_status st, firn_error *err)
{
    firn_str rest = name->parts[name->n_parts - 1];
    const firn_str first = firn_str_split(&rest, '$');
    const firn_str kind = rest.data ? rest : name->n_parts > 1 ? first : (firn_str){0};
    if (kind.len == 0 || firn_metadata_table_of(kind) == FIRN_METADATA_TABLE_NONE) return st;
    return firn_sql_fail(err, name->offset, "%.*s is a metadata table, it cannot be changed",
                         FIRN_STR_ARG(kind));
}

firn_status firn_session__open_target(firn_session *session, const firn_sql_name *name,
                                      firn_table **out, firn_error *err)
{
    firn_sql_name table;
    firn_str branch;
    firn_error local;
    firn_status st = firn_session__open_table(session, name, out, &local);
    if (st == FIRN_OK) {
        st = use_session(session, *out, err);
        if (st == FIRN_OK) return st;
        firn_table_close(*out);
        *out = NULL;
        return st;
    }
    if (st == FIRN_ERR_NOT_FOUND && firn_session__split_branch(session, name, &table, &branch)) {
        return open_named(session, &table, branch, out, err);
    }
    if (err) *err = local;
    return st == FIRN_ERR_NOT_FOUND ? refuse_metadata_table(name, st, err) : st;
}

firn_status firn_session__begin_txn(firn_session *session, firn_table *table, firn_txn **out,
                                    firn_error *err)
{
    const firn_str id = firn_session__setting(session, WAP_ID);
    const firn_property summary = {FIRN_STR("wap.id"), id};
    FIRN_TRY(firn_txn_begin(table, out, err));
    if (!id.data || !is_wap(session, firn_table_metadata_of(table))) return FIRN_OK;
    firn_txn_stage(*out);
    return firn_txn_set_summary(*out, &summary, 1, err);
}
