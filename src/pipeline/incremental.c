/* SPDX-License-Identifier: Apache-2.0 */
/* INCREMENTAL_BY_UNIQUE_KEY: the rows that were appended to the model's first source since the last
 * run go through the query, are checked, reduced to one row a key and merged.
 *
 * The cursor (the source's snapshot that was read last) is an entry in the summary of the target's
 * snapshot, so it is committed with the rows and rolled back with them. The commit requires that
 * the target is where it was read: a second run at the same time loses and starts again from the
 * new cursor. A target whose history no longer shows a cursor is merged from the beginning, which
 * gives the same rows because the merge is by key. */
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/snapshot_update.h"
#include "pipeline/run.h"
#include "sql/dml/merge.h"
#include "sql/resolve/query_rewrite.h"

typedef struct incremental {
    firn_run *run;
    firn_session *session;
    firn_ident source_ident;
    firn_table *source, *target, *quarantine;
    int64_t from, to; /* snapshots of the source: exclusive, inclusive */
    firn_str cursor_key;
} incremental;

/* ---- what is new ---- */

static firn_status parse_source(incremental *x, firn_error *err)
{
    firn_str rest = x->run->model->sources[0];
    firn_str *parts = firn_arena_array(x->run->arena, FIRN_LIMIT_NESTING, sizeof *parts);
    size_t n = 0;
    if (!parts) return firn_fail_nomem(err);
    while (rest.len && n < FIRN_LIMIT_NESTING) parts[n++] = firn_str_split(&rest, '.');
    if (n > 2 && firn_str_equals(parts[0], firn_catalog_name(x->run->catalog))) {
        parts++;
        n--;
    }
    x->source_ident = (firn_ident){.levels = parts, .n_levels = n - 1, .name = parts[n - 1]};
    x->cursor_key = firn_arena_printf(x->run->arena, "firn.cursor.%.*s",
                                      FIRN_STR_ARG(x->run->model->sources[0]));
    return x->cursor_key.data ? FIRN_OK : firn_fail_nomem(err);
}

/* Nearest cursor in the target's history, -1 if there is none. */
static int64_t find_cursor(const incremental *x)
{
    if (!x->target) return -1;
    const firn_table_metadata *metadata = firn_table_metadata_of(x->target);
    const firn_snapshot *s = firn_metadata_current_snapshot(metadata);
    for (size_t step = 0; s && step <= metadata->n_snapshots; step++) {
        const firn_str text = firn_properties_get(&s->summary, x->cursor_key, (firn_str){0});
        int64_t id = 0;
        if (firn_str_to_i64(text, &id)) return id;
        s = firn_metadata_find_snapshot(metadata, s->parent_snapshot_id);
    }
    return -1;
}

static void close_tables(incremental *x)
{
    firn_table_close(x->source);
    firn_table_close(x->target);
    firn_table_close(x->quarantine);
    x->source = x->target = x->quarantine = NULL;
}

static bool has_quarantine(const firn_model *model)
{
    for (size_t i = 0; i < model->n_expectations; i++) {
        if (model->expectations[i].on_violation == FIRN_VIOLATION_QUARANTINE) return true;
    }
    return false;
}

static firn_status open_tables(incremental *x, firn_error *err)
{
    firn_run *run = x->run;
    close_tables(x);
    FIRN_TRY(firn_run_open(run, "", &x->target, err));
    if (has_quarantine(run->model))
        FIRN_TRY(firn_run_open(run, "_quarantine", &x->quarantine, err));
    const firn_status st =
        firn_table_open(run->env, run->store, run->catalog, &x->source_ident, &x->source, err);
    if (st == FIRN_ERR_NOT_FOUND && run->opts->is_dry_run) return FIRN_OK;
    return st;
}

static firn_status find_range(incremental *x, firn_error *err)
{
    const firn_table_metadata *source = x->source ? firn_table_metadata_of(x->source) : NULL;
    x->from = find_cursor(x);
    x->to = source ? source->current_snapshot_id : -1;
    if (x->from < 0 || x->from == x->to || !source) return FIRN_OK;
    if (firn_metadata_is_ancestor(source, x->to, x->from)) return FIRN_OK;
    FIRN_TRY(firn_run_warn(x->run, err,
                           "%.*s no longer has snapshot %lld, which was read last: reading it from "
                           "the beginning",
                           FIRN_STR_ARG(x->run->model->sources[0]), (long long)x->from));
    x->from = -1;
    return FIRN_OK;
}

static firn_status count_new_rows(incremental *x, int64_t *out, firn_error *err)
{
    const firn_plan_opts opts = {.snapshot_id = x->to, .from_snapshot_id = x->from};
    firn_scan_plan plan;
    FIRN_TRY(firn_scan_plan_files(x->run->env, x->run->store, firn_table_metadata_of(x->source),
                                  &opts, x->run->arena, &plan, err));
    *out = plan.stats.rows_matched;
    return FIRN_OK;
}

/* ---- SQL ---- */

/* (<condition>) IS NOT TRUE, joined by OR, of the expectations with this action. */
static void put_violations(firn_buf *out, const firn_model *model, firn_violation action)
{
    bool is_first = true;
    for (size_t i = 0; i < model->n_expectations; i++) {
        const firn_expectation *e = &model->expectations[i];
        if (e->on_violation != action) continue;
        firn_buf_printf(out, "%s(%.*s) IS NOT TRUE", is_first ? "" : " OR ",
                        FIRN_STR_ARG(e->condition));
        is_first = false;
    }
    if (is_first) firn_buf_cstr(out, "false");
}

/* Comma-separated names of the expectations of this action that a row breaks. */
static void put_reason(firn_buf *out, const firn_model *model, firn_violation action)
{
    firn_buf_cstr(out, "concat_ws(', '");
    for (size_t i = 0; i < model->n_expectations; i++) {
        const firn_expectation *e = &model->expectations[i];
        if (e->on_violation != action) continue;
        firn_buf_printf(out, ", CASE WHEN (%.*s) IS NOT TRUE THEN '%.*s' END",
                        FIRN_STR_ARG(e->condition), FIRN_STR_ARG(e->name));
    }
    firn_buf_byte(out, ')');
}

/* Good rows, the newest of each key. "IS NOT DISTINCT FROM 1" says what "= 1" says, but keeps the
 * engine from making one arg_max of whole rows out of it, which takes three times as long. */
static void put_good_rows(firn_buf *out, const firn_model *model, firn_arena *arena)
{
    firn_buf_printf(out, "SELECT * FROM (%.*s\n) AS firn_model WHERE true",
                    FIRN_STR_ARG(model->query));
    for (size_t i = 0; i < model->n_expectations; i++)
        firn_buf_printf(out, " AND (%.*s) IS TRUE", FIRN_STR_ARG(model->expectations[i].condition));
    firn_buf_cstr(out, " QUALIFY row_number() OVER (PARTITION BY ");
    for (size_t i = 0; i < model->n_unique_key; i++) {
        if (i) firn_buf_cstr(out, ", ");
        firn_buf_str(out, firn_sql_quote(model->unique_key[i], arena));
    }
    if (model->updated_at.len) {
        firn_buf_cstr(out, " ORDER BY ");
        firn_buf_str(out, firn_sql_quote(model->updated_at, arena));
        firn_buf_cstr(out, " DESC NULLS LAST");
    }
    firn_buf_cstr(out, ") IS NOT DISTINCT FROM 1");
}

static void put_quarantined_rows(firn_buf *out, const firn_model *model)
{
    firn_buf_cstr(out, "SELECT *, ");
    put_reason(out, model, FIRN_VIOLATION_QUARANTINE);
    firn_buf_printf(out,
                    " AS quarantine_reason, now() AS quarantined_at FROM (%.*s\n) AS "
                    "firn_model WHERE ",
                    FIRN_STR_ARG(model->query));
    put_violations(out, model, FIRN_VIOLATION_QUARANTINE);
}

static firn_status to_arena(firn_run *run, firn_buf *text, firn_str *out, firn_error *err)
{
    firn_status st = firn_buf_check(text, err);
    if (st == FIRN_OK) {
        *out = firn_arena_copy(run->arena, firn_buf_view(text));
        if (!out->data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(text);
    return st;
}

/* Rows that break an expectation of this action. */
static firn_status count_violations(incremental *x, firn_violation action, int64_t *out,
                                    firn_error *err)
{
    firn_buf text;
    firn_str sql = {0};
    firn_result *result = NULL;
    const firn_batch *batch = NULL;

    firn_buf_init(&text, NULL, FIRN_LIMIT_SQL_TEXT);
    firn_buf_printf(&text, "SELECT count(*) FROM (%.*s\n) AS firn_model WHERE ",
                    FIRN_STR_ARG(x->run->model->query));
    put_violations(&text, x->run->model, action);
    FIRN_TRY(to_arena(x->run, &text, &sql, err));
    FIRN_TRY(firn_session_execute(x->session, sql, &result, err));
    const firn_status st = firn_result_next(result, &batch, err);
    if (st == FIRN_OK && batch->n_rows == 1) *out = firn_column_get(&batch->columns[0], 0).as.i64;
    firn_result_close(result);
    return st == FIRN_DONE ? firn_fail(err, FIRN_ERR_INTERNAL, "count(*) gave no row") : st;
}

static bool has_action(const firn_model *model, firn_violation action)
{
    for (size_t i = 0; i < model->n_expectations; i++) {
        if (model->expectations[i].on_violation == action) return true;
    }
    return false;
}

static firn_status check_expectations(incremental *x, firn_error *err)
{
    const firn_model *model = x->run->model;
    int64_t n = 0;
    if (has_action(model, FIRN_VIOLATION_FAIL_UPDATE)) {
        FIRN_TRY(count_violations(x, FIRN_VIOLATION_FAIL_UPDATE, &n, err));
        if (n)
            return firn_fail(err, FIRN_ERR_ARG,
                             "%lld new rows break an expectation of %.*s that says FAIL UPDATE; "
                             "nothing was changed",
                             (long long)n, FIRN_STR_ARG(model->name));
    }
    if (has_action(model, FIRN_VIOLATION_DROP_ROW))
        FIRN_TRY(count_violations(x, FIRN_VIOLATION_DROP_ROW, &x->run->report->rows_dropped, err));
    return FIRN_OK;
}

static firn_status create_tables(incremental *x, firn_error *err)
{
    firn_run *run = x->run;
    const firn_model *model = run->model;
    const firn_str by = model->partitioned_by;
    FIRN_TRY(firn_run_create_namespace(run, err));
    if (!x->target)
        FIRN_TRY(firn_run_sql(run, err,
                              "CREATE TABLE IF NOT EXISTS %s%s%.*s%s AS SELECT * FROM (%.*s\n) AS "
                              "firn_model WHERE false",
                              firn_run_quoted(run, "").data, by.len ? " PARTITIONED BY (" : "",
                              FIRN_STR_ARG(by), by.len ? ")" : "", FIRN_STR_ARG(model->query)));
    if (has_quarantine(model) && !x->quarantine) {
        firn_buf text;
        firn_str sql = {0};
        firn_buf_init(&text, NULL, FIRN_LIMIT_SQL_TEXT);
        put_quarantined_rows(&text, model);
        FIRN_TRY(to_arena(run, &text, &sql, err));
        FIRN_TRY(
            firn_run_sql(run, err,
                         "CREATE TABLE IF NOT EXISTS %s AS SELECT * FROM (%.*s) AS firn_rows WHERE "
                         "false",
                         firn_run_quoted(run, "_quarantine").data, FIRN_STR_ARG(sql)));
    }
    return FIRN_OK;
}

/* ---- merge and commit ---- */

static firn_status add_quarantine(incremental *x, firn_txn **txn, firn_error *err)
{
    firn_buf text;
    firn_str sql = {0};
    int64_t n_files = 0;
    firn_buf_init(&text, NULL, FIRN_LIMIT_SQL_TEXT);
    put_quarantined_rows(&text, x->run->model);
    FIRN_TRY(to_arena(x->run, &text, &sql, err));
    FIRN_TRY(firn_txn_begin(x->quarantine, txn, err));
    FIRN_TRY(firn_insert_query(x->session, x->quarantine, sql, *txn,
                               &x->run->report->rows_quarantined, &n_files, err));
    x->run->report->files_out += n_files;
    if (x->run->report->rows_quarantined == 0) {
        firn_txn_close(*txn);
        *txn = NULL;
    }
    return FIRN_OK;
}

static firn_status add_merge(incremental *x, firn_txn **txn, firn_error *err)
{
    const firn_model *model = x->run->model;
    firn_merge_counts counts = {0};
    firn_merge_opts opts = {.target = x->target,
                            .keys = model->unique_key,
                            .n_keys = model->n_unique_key,
                            .matched = model->ignores_matched  ? FIRN_MERGE_IGNORE
                                       : model->updated_at.len ? FIRN_MERGE_UPDATE_NEWER
                                                               : FIRN_MERGE_UPDATE,
                            .updated_at = model->updated_at};
    firn_buf text;
    firn_buf_init(&text, NULL, FIRN_LIMIT_SQL_TEXT);
    put_good_rows(&text, model, x->run->arena);
    FIRN_TRY(to_arena(x->run, &text, &opts.source_sql, err));
    FIRN_TRY(firn_txn_begin(x->target, txn, err));
    FIRN_TRY(firn_merge_query(x->session, &opts, *txn, &counts, err));
    const firn_property cursor = {x->cursor_key,
                                  firn_arena_printf(x->run->arena, "%lld", (long long)x->to)};
    if (!cursor.value.data) return firn_fail_nomem(err);
    x->run->report->rows_out = counts.rows_inserted + counts.rows_updated;
    x->run->report->files_out += counts.files_added;
    firn_txn_must_be_unchanged(*txn); /* another run may have moved the cursor */
    return firn_txn_set_summary(*txn, &cursor, 1, err);
}

static firn_status merge_once(incremental *x, firn_error *err)
{
    firn_txn *quarantine = NULL;
    firn_txn *target = NULL;
    firn_txn *all[2];
    size_t n = 0;
    firn_env *env = x->run->env;

    x->run->report->files_out = 0;
    firn_status st = check_expectations(x, err);
    if (st == FIRN_OK && x->quarantine) st = add_quarantine(x, &quarantine, err);
    if (st == FIRN_OK) st = add_merge(x, &target, err);
    if (quarantine) all[n++] = quarantine;
    if (target) all[n++] = target;
    if (st == FIRN_OK) st = firn_env_failpoint(env, "pipeline.model.before_commit", err);
    if (st == FIRN_OK) st = firn_txn_commit_all(all, n, err);
    if (st != FIRN_OK && st != FIRN_ERR_COMMIT_UNKNOWN)
        for (size_t i = 0; i < n; i++) firn_txn_discard_files(all[i]);
    for (size_t i = 0; i < n; i++) firn_txn_close(all[i]);
    if (st == FIRN_OK) st = firn_env_failpoint(env, "pipeline.model.after_commit", err);
    return st;
}

static firn_status run_range(incremental *x, firn_error *err)
{
    FIRN_TRY(firn_run_session(x->run, &x->session, err));
    FIRN_TRY(count_new_rows(x, &x->run->report->rows_in, err));
    firn_run_progress(x->run, -1, x->run->report->rows_in);
    FIRN_TRY(firn_session_set_range(x->session, &x->source_ident, x->from, x->to, err));
    const firn_status st = merge_once(x, err);
    firn_session_clear_ranges(x->session);
    return st;
}

static firn_status look(incremental *x, firn_error *err)
{
    firn_model_report *report = x->run->report;
    const bool is_due = x->run->source_will_change || x->from != x->to || !x->target;
    report->state = is_due ? FIRN_MODEL_WOULD_RUN : FIRN_MODEL_UP_TO_DATE;
    report->action = is_due ? "would merge" : "nothing new";
    if (x->source && x->from != x->to) return count_new_rows(x, &report->rows_in, err);
    return FIRN_OK;
}

static firn_status run_incremental(incremental *x, firn_error *err)
{
    firn_run *run = x->run;
    firn_status st = FIRN_ERR_CONFLICT;

    FIRN_TRY(parse_source(x, err));
    for (int attempt = 0; attempt < FIRN_RUN_ATTEMPTS && st == FIRN_ERR_CONFLICT; attempt++) {
        if (attempt) run->env->clock->sleep_us(run->env->clock->ctx, (int64_t)20000 * attempt);
        FIRN_TRY(open_tables(x, err));
        if (!run->opts->is_dry_run &&
            (!x->target || (has_quarantine(run->model) && !x->quarantine))) {
            FIRN_TRY(create_tables(x, err));
            FIRN_TRY(open_tables(x, err));
            run->report->state = FIRN_MODEL_RAN;
        }
        FIRN_TRY(find_range(x, err));
        if (run->opts->is_dry_run) return look(x, err);
        if (x->from == x->to) {
            run->report->action = "nothing new";
            return FIRN_OK;
        }
        st = run_range(x, err);
    }
    FIRN_TRY(st);
    run->report->state = FIRN_MODEL_RAN;
    run->report->action = "merged";
    return FIRN_OK;
}

firn_status firn_run_incremental(firn_run *run, firn_error *err)
{
    incremental x = {.run = run, .from = -1, .to = -1};
    const firn_status st = run_incremental(&x, err);
    close_tables(&x);
    return st;
}
