/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of the scans of a statement, while somebody wants them: of scans that ran when they are
 * over, of scans that were only planned when their plan is. */
#include "base/error.h"
#include "base/str.h"
#include "sql/engine/engine_extremes.h"
#include "sql/engine/engine_scan.h"
#include "sql/show/scan_report.h"

void firn_engine_want_reports(firn_engine *engine, firn_scan_reports *reports)
{
    (void)pthread_mutex_lock(&engine->lock);
    engine->reports = reports;
    (void)pthread_mutex_unlock(&engine->lock);
}

static firn_scan_report *find(firn_scan_reports *reports, const firn_scan_source *source)
{
    for (size_t i = 0; i < reports->n; i++)
        if (reports->items[i].source == source) return &reports->items[i];
    return NULL;
}

/* Of a changelog: the last snapshot of its range. */
static int64_t last_snapshot(const firn_scan_source *source)
{
    if (!source->changes) return source->snapshot_id;
    if (source->changes->to_snapshot_id > 0) return source->changes->to_snapshot_id;
    return source->metadata->current_snapshot_id;
}

/* Under the lock. */
static firn_scan_report *need(firn_scan_reports *reports, const firn_scan_source *source,
                              firn_str filter)
{
    firn_scan_report *report = find(reports, source);
    if (report) return report;
    report = firn_arena_push(reports->arena, &reports->items, &reports->n, &reports->cap,
                             sizeof *report);
    if (!report) return NULL;
    *report = (firn_scan_report){.source = source,
                                 .snapshot_id = last_snapshot(source),
                                 .is_changelog = source->changes != NULL};
    report->name = firn_arena_copy(reports->arena, source->name);
    if (filter.len > 0) report->filter = firn_arena_copy(reports->arena, filter);
    return report;
}

static void add_work(firn_scan_report *report, const firn_scan_work *work)
{
    report->work.row_groups += work->row_groups;
    report->work.row_groups_skipped += work->row_groups_skipped;
    report->work.pages += work->pages;
    report->work.pages_skipped += work->pages_skipped;
    report->work.bytes_read += work->bytes_read;
}

/* ---- changelogs ---- */

static void report_changes(const firn_changes *changes, firn_scan_report *report)
{
    const firn_change_tally *tally = firn_changelog_tally(changes);
    report->stats = tally->stats;
    report->n_snapshots = tally->n_snapshots;
    add_work(report, &tally->work);
}

static firn_status plan_changes(const scan_bind *bind, firn_scan_report *out, firn_error *err)
{
    const firn_scan_source *source = bind->source;
    const firn_engine_opts *opts = &bind->engine->opts;
    firn_changes *changes = NULL;
    FIRN_TRY(firn_changelog_open(opts->env, opts->store, source->metadata, source->changes,
                                 bind->filter, &changes, err));
    const firn_status st = firn_changelog_plan(changes, err);
    report_changes(changes, out);
    out->filter = firn_engine_filter_text(firn_changelog_filter(changes), bind->arena);
    firn_changes_close(changes);
    return st;
}

/* ---- scans that ran ---- */

/* A table that is scanned again has the same files, unless its filter differs. */
void firn_engine_report_run(const firn_engine_scan *scan)
{
    firn_engine *engine = scan->engine;
    if (!engine->reports || !scan->source->metadata) return;
    const firn_str filter =
        scan->changes ? firn_engine_filter_text(firn_changelog_filter(scan->changes), scan->arena)
                      : scan->filter_text;
    firn_scan_report *report = need(engine->reports, scan->source, filter);
    if (!report) return;
    report->has_run = true;
    if (scan->join_text.len > 0)
        report->join_keys = firn_arena_copy(engine->reports->arena, scan->join_text);
    report->rows_read += atomic_load(&scan->rows_read);
    report->time_us += atomic_load(&scan->time_us);
    if (scan->changes) report_changes(scan->changes, report);
    if (scan->extremes) report->stats = scan->extremes->stats;
    if (!scan->queue) return;
    const firn_scan_work work = firn_scan_queue_work(scan->queue);
    if (!scan->extremes) report->stats = firn_scan_queue_stats(scan->queue);
    report->files_by_metadata = work.files_counted + (scan->extremes ? scan->extremes->n_files : 0);
    add_work(report, &work);
}

/* ---- scans that were only planned ---- */

/* Files whose rows are counted without a look at them, as a reader does it. */
static int64_t count_known(const firn_task_batch *batch)
{
    int64_t n = 0;
    for (size_t i = 0; i < batch->n_tasks; i++) {
        const firn_scan_task *task = &batch->tasks[i];
        bool is_known = true;
        for (size_t k = 0; k < task->n_deletes; k++)
            is_known = is_known && task->deletes[k]->file.content != FIRN_CONTENT_EQUALITY_DELETES;
        n += is_known;
    }
    return n;
}

static firn_status plan_stream(const scan_bind *bind, const firn_plan_opts *opts,
                               firn_scan_report *out, firn_error *err)
{
    const firn_asked_query *asked = &bind->source->asked;
    const bool counts_only = asked->what != FIRN_ASKS_ROWS && asked->n_columns == 0;
    firn_task_batch *batch = NULL;
    firn_plan_stream *stream = NULL;
    FIRN_TRY(firn_plan_stream_open(bind->engine->opts.env, bind->engine->opts.store,
                                   bind->source->metadata, opts, &stream, err));
    firn_status st = FIRN_OK;
    while ((st = firn_plan_stream_next(stream, &batch, err)) == FIRN_OK) {
        if (counts_only) out->files_by_metadata += count_known(batch);
        firn_task_batch_destroy(batch);
    }
    out->stats = *firn_plan_stream_stats(stream);
    firn_plan_stream_close(stream);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* The columns that the statement asks extremes and counts of; false: not found. */
static bool find_asked(const scan_bind *bind, firn_type *out)
{
    const firn_asked_query *asked = &bind->source->asked;
    firn_field *fields = firn_arena_array(bind->arena, asked->n_columns, sizeof *fields);
    *out = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = asked->n_columns};
    if (!fields) return false;
    for (size_t i = 0; i < asked->n_columns; i++) {
        const firn_field *field = firn_schema_find_name(bind->source->schema, asked->columns[i]);
        if (!field) return false;
        fields[i] = *field;
    }
    return true;
}

/* As when the statement runs: what is answered by metadata is. */
static firn_status plan_extremes(const scan_bind *bind, const firn_plan_opts *opts,
                                 firn_scan_report *out, bool *is_planned, firn_error *err)
{
    firn_engine_scan scan = {
        .engine = bind->engine, .source = bind->source, .filter = bind->filter};
    *is_planned = false;
    if (!find_asked(bind, &scan.projection)) return FIRN_OK;
    scan.arena = firn_arena_create(bind->engine->opts.env->alloc, 0);
    if (!scan.arena) return firn_fail_nomem(err);
    const firn_status st = firn_engine_extremes_plan(&scan, opts, err);
    *is_planned = st == FIRN_OK && scan.extremes;
    if (*is_planned) {
        out->stats = scan.extremes->stats;
        out->files_by_metadata = scan.extremes->n_files;
    }
    firn_scan_queue_destroy(scan.queue);
    firn_arena_destroy(scan.arena);
    return st;
}

static firn_status plan(const scan_bind *bind, firn_scan_report *out, firn_error *err)
{
    const firn_scan_source *source = bind->source;
    const firn_plan_opts opts = {.snapshot_id = source->snapshot_id,
                                 .from_snapshot_id = source->from_snapshot_id,
                                 .schema = source->schema,
                                 .filter = bind->filter};
    bool is_planned = false;
    if (source->changes) return plan_changes(bind, out, err);
    if (source->snapshot_id == -1) return FIRN_OK;
    FIRN_TRY(plan_extremes(bind, &opts, out, &is_planned, err));
    return is_planned ? FIRN_OK : plan_stream(bind, &opts, out, err);
}

firn_str firn_engine_filter_text(const firn_expr *filter, firn_arena *arena)
{
    firn_str text = {0};
    if (!filter || filter->op == FIRN_EXPR_TRUE) return text;
    if (firn_expr_format(filter, arena, &text, NULL) != FIRN_OK) return FIRN_STR("?");
    return text;
}

firn_str firn_engine_bind_text(const scan_bind *bind, firn_arena *arena)
{
    firn_str text = firn_engine_filter_text(bind->filter, arena);
    for (size_t i = 0; i < bind->n_patterns; i++) {
        const firn_scan_test *test = &bind->patterns[i];
        const firn_str pattern = firn_text_pattern_format(test->pattern, arena);
        text = firn_arena_printf(arena, "%.*s%s%.*s %.*s", FIRN_STR_ARG(text),
                                 text.len > 0 ? " and " : "", FIRN_STR_ARG(test->field->name),
                                 FIRN_STR_ARG(pattern));
    }
    return text;
}

void firn_engine_report_plan(const scan_bind *bind)
{
    firn_engine *engine = bind->engine;
    firn_error err;
    const firn_scan_source *source = bind->source;
    firn_scan_report planned = {.filter = firn_engine_bind_text(bind, bind->arena)};
    if (!engine->reports || !source || !source->metadata) return;
    if (engine->opts.generation(engine->opts.owner) != bind->generation) return;
    const firn_scan_report *known = find(engine->reports, source);
    if (known && (known->has_run || known->filter.len > 0 || planned.filter.len == 0)) return;
    const firn_status st = plan(bind, &planned, &err);
    if (st != FIRN_OK) {
        if (engine->reports->status == FIRN_OK) engine->reports->err = err;
        engine->reports->status = st;
        return;
    }
    firn_scan_report *report = need(engine->reports, source, planned.filter);
    if (!report) return;
    report->stats = planned.stats;
    report->n_snapshots = planned.n_snapshots;
    report->files_by_metadata = planned.files_by_metadata;
    if (planned.filter.len > 0)
        report->filter = firn_arena_copy(engine->reports->arena, planned.filter);
}
