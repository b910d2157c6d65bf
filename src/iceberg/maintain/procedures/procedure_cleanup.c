/* SPDX-License-Identifier: Apache-2.0 */
/* Procedures that remove files and metadata that nobody needs. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/procedures/procedure.h"

/* ---- expire_snapshots ---- */

enum {
    EXPIRE_OLDER_THAN,
    EXPIRE_RETAIN_LAST,
    EXPIRE_CONCURRENT,
    EXPIRE_STREAM,
    EXPIRE_IDS,
    EXPIRE_CLEAN,
    EXPIRE_THRESHOLD,
    EXPIRE_DRY_RUN,
};

/* A time, or how long ago: at most one of the two. 0: neither. */
static firn_status read_limit(firn_procedure_call *call, size_t time, size_t duration, int64_t *out,
                              firn_error *err)
{
    int64_t us = -1;
    *out = 0;
    if (call->values[time].is_given && call->values[duration].is_given)
        return firn_call_fail(call, duration, err, "older_than is given, too");
    FIRN_TRY(firn_call_time_ms(call, time, out, err));
    FIRN_TRY(firn_call_duration_us(call, duration, &us, err));
    if (us >= 0) *out = firn_clock_wall_ms(call->env->clock) - us / 1000;
    return FIRN_OK;
}

/* How many files go at once is the number of threads; rows are few. */
static firn_status check_ignored(firn_procedure_call *call, size_t n_at_once, firn_error *err)
{
    int64_t n = 1;
    FIRN_TRY(firn_call_i64(call, n_at_once, &n, err));
    if (n > 0) return FIRN_OK;
    return firn_call_fail(call, n_at_once, err, "found %" PRId64 ", expected a number above 0", n);
}

static firn_status read_expire_opts(firn_procedure_call *call, firn_expire_opts *opts,
                                    firn_error *err)
{
    int64_t retain_last = 1;
    bool is_streamed = false;
    FIRN_TRY(read_limit(call, EXPIRE_OLDER_THAN, EXPIRE_THRESHOLD, &opts->older_than_ms, err));
    FIRN_TRY(firn_call_i64(call, EXPIRE_RETAIN_LAST, &retain_last, err));
    if (retain_last < 1 || retain_last > INT32_MAX)
        return firn_call_fail(call, EXPIRE_RETAIN_LAST, err,
                              "found %" PRId64 ", at least 1 snapshot must stay", retain_last);
    if (call->values[EXPIRE_RETAIN_LAST].is_given) opts->retain_last = (int32_t)retain_last;
    FIRN_TRY(check_ignored(call, EXPIRE_CONCURRENT, err));
    FIRN_TRY(firn_call_bool(call, EXPIRE_STREAM, &is_streamed, err));
    int64_t *ids = NULL;
    FIRN_TRY(firn_call_i64s(call, EXPIRE_IDS, &ids, &opts->n_snapshot_ids, err));
    opts->snapshot_ids = ids;
    FIRN_TRY(firn_call_bool(call, EXPIRE_CLEAN, &opts->cleans_metadata, err));
    return firn_call_bool(call, EXPIRE_DRY_RUN, &opts->is_dry_run, err);
}

firn_status firn_procedure__expire_snapshots(firn_procedure_call *call, firn_error *err)
{
    firn_expire_opts opts = {.struct_size = sizeof opts};
    firn_expire_result gone;
    FIRN_TRY(read_expire_opts(call, &opts, err));
    FIRN_TRY(firn_table_expire_snapshots(call->table, &opts, &gone, err));
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    firn_cell_set_i64(&row[0], gone.data_files);
    firn_cell_set_i64(&row[1], gone.position_delete_files);
    firn_cell_set_i64(&row[2], gone.equality_delete_files);
    firn_cell_set_i64(&row[3], gone.manifest_files);
    firn_cell_set_i64(&row[4], gone.manifest_lists);
    firn_cell_set_i64(&row[5], gone.statistics_files);
    return FIRN_OK;
}

/* ---- remove_orphan_files ---- */

enum {
    ORPHAN_OLDER_THAN,
    ORPHAN_LOCATION,
    ORPHAN_DRY_RUN,
    ORPHAN_CONCURRENT,
    ORPHAN_SCHEMES,
    ORPHAN_AUTHORITIES,
    ORPHAN_MISMATCH,
    ORPHAN_THRESHOLD,
    ORPHAN_FORCE,
};

static firn_status read_mismatch(firn_procedure_call *call, firn_prefix_mismatch *out,
                                 firn_error *err)
{
    static const char *const k_names[] = {"error", "ignore", "delete"};
    const firn_str text = firn_call_text(call, ORPHAN_MISMATCH);
    if (!call->values[ORPHAN_MISMATCH].is_given) return FIRN_OK;
    for (size_t i = 0; i < 3; i++) {
        if (!firn_str_equals_nocase(text, firn_str_of(k_names[i]))) continue;
        *out = (firn_prefix_mismatch)i;
        return FIRN_OK;
    }
    return firn_call_fail(call, ORPHAN_MISMATCH, err,
                          "found \"%.*s\", expected error, ignore or delete", FIRN_STR_ARG(text));
}

static firn_status read_orphan_opts(firn_procedure_call *call, firn_orphan_opts *opts,
                                    firn_error *err)
{
    /* Trino's form is asked to do it, not to show it. */
    bool is_dry_run = !call->values[ORPHAN_THRESHOLD].is_given;
    FIRN_TRY(read_limit(call, ORPHAN_OLDER_THAN, ORPHAN_THRESHOLD, &opts->older_than_ms, err));
    FIRN_TRY(check_ignored(call, ORPHAN_CONCURRENT, err));
    FIRN_TRY(firn_call_bool(call, ORPHAN_DRY_RUN, &is_dry_run, err));
    FIRN_TRY(firn_call_bool(call, ORPHAN_FORCE, &opts->allows_recent, err));
    FIRN_TRY(firn_call_pairs(call, ORPHAN_SCHEMES, &opts->equal_schemes, err));
    FIRN_TRY(firn_call_pairs(call, ORPHAN_AUTHORITIES, &opts->equal_authorities, err));
    opts->location = firn_call_text(call, ORPHAN_LOCATION);
    opts->removes = !is_dry_run;
    return read_mismatch(call, &opts->prefix_mismatch, err);
}

firn_status firn_procedure__remove_orphan_files(firn_procedure_call *call, firn_error *err)
{
    firn_orphan_opts opts = {.struct_size = sizeof opts};
    firn_orphan_result found;
    FIRN_TRY(read_orphan_opts(call, &opts, err));
    FIRN_TRY(firn_table_remove_orphans(call->table, &opts, call->arena, &found, err));
    for (size_t i = 0; i < found.n_paths; i++) {
        firn_value *row = firn_call_row(call);
        if (!row) return firn_fail_nomem(err);
        firn_cell_set_text(&row[0], found.paths[i]);
    }
    return FIRN_OK;
}

/* ---- drop_extended_stats ---- */

static firn_status drop_statistics(firn_procedure_call *call, firn_txn *txn, int64_t *n,
                                   firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(call->table);
    if (m->statistics_json.len == 0) return FIRN_OK;
    for (size_t i = 0; i < m->n_snapshots; i++) {
        FIRN_TRY(firn_txn_remove_statistics(txn, m->snapshots[i].snapshot_id, false, err));
        (*n)++;
    }
    return firn_txn_commit(txn, err);
}

firn_status firn_procedure__drop_extended_stats(firn_procedure_call *call, firn_error *err)
{
    int64_t n = 0;
    firn_txn *txn = NULL;
    FIRN_TRY(firn_txn_begin(call->table, &txn, err));
    const firn_status st = drop_statistics(call, txn, &n, err);
    firn_txn_close(txn);
    FIRN_TRY(st);
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    firn_cell_set_i64(&row[0], n);
    return FIRN_OK;
}
