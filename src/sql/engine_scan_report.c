/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of the scans of a statement, while somebody wants them: of scans that ran when they are
 * over, of scans that were only planned when their plan is. */
#include "base/error.h"
#include "base/str.h"
#include "sql/engine_extremes.h"
#include "sql/engine_scan.h"
#include "sql/scan_report.h"

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

/* Under the lock. */
static firn_scan_report *need(firn_scan_reports *reports, const firn_scan_source *source,
                              firn_str filter)
{
    firn_scan_report *report = find(reports, source);
    if (report) return report;
    report = firn_arena_push(reports->arena, &reports->items, &reports->n, &reports->cap,
                             sizeof *report);
    if (!report) return NULL;
    *report = (firn_scan_report){.source = source, .snapshot_id = source->snapshot_id};
    report->name = firn_arena_copy(reports->arena, source->name);
    if (filter.len > 0) report->filter = firn_arena_copy(reports->arena, filter);
    return report;
}

/* A table that is scanned again has the same files, unless its filter differs. */
void firn_engine_report_run(const firn_engine_scan *scan)
{
    firn_engine *engine = scan->engine;
    if (!engine->reports || !scan->source->metadata || scan->source->changes) return;
    firn_scan_report *report = need(engine->reports, scan->source, scan->filter_text);
    if (!report) return;
    report->has_run = true;
    report->rows_read += atomic_load(&scan->rows_read);
    report->time_us += atomic_load(&scan->time_us);
    if (scan->extremes) {
        report->stats = scan->extremes->stats;
        report->files_by_metrics = scan->extremes->n_files;
    }
    if (!scan->queue) return;
    const firn_scan_work work = firn_scan_queue_work(scan->queue);
    if (!scan->extremes) report->stats = firn_scan_queue_stats(scan->queue);
    report->work.row_groups += work.row_groups;
    report->work.row_groups_skipped += work.row_groups_skipped;
    report->work.pages += work.pages;
    report->work.pages_skipped += work.pages_skipped;
    report->work.bytes_read += work.bytes_read;
}

static firn_status plan(const scan_bind *bind, firn_scan_stats *out, firn_error *err)
{
    const firn_scan_source *source = bind->source;
    const firn_plan_opts opts = {.snapshot_id = source->snapshot_id,
                                 .from_snapshot_id = source->from_snapshot_id,
                                 .schema = source->schema,
                                 .filter = bind->filter};
    firn_task_batch *batch = NULL;
    firn_plan_stream *stream = NULL;
    FIRN_TRY(firn_plan_stream_open(bind->engine->opts.env, bind->engine->opts.store,
                                   source->metadata, &opts, &stream, err));
    firn_status st = FIRN_OK;
    while ((st = firn_plan_stream_next(stream, &batch, err)) == FIRN_OK)
        firn_task_batch_destroy(batch);
    *out = *firn_plan_stream_stats(stream);
    firn_plan_stream_close(stream);
    return st == FIRN_DONE ? FIRN_OK : st;
}

firn_str firn_engine_filter_text(const firn_expr *filter, firn_arena *arena)
{
    firn_str text = {0};
    if (!filter || filter->op == FIRN_EXPR_TRUE) return text;
    if (firn_expr_format(filter, arena, &text, NULL) != FIRN_OK) return FIRN_STR("?");
    return text;
}

void firn_engine_report_plan(const scan_bind *bind)
{
    firn_engine *engine = bind->engine;
    firn_scan_stats stats = {0};
    firn_error err;
    const firn_scan_source *source = bind->source;
    if (!engine->reports || !source || !source->metadata || source->changes) return;
    if (engine->opts.generation(engine->opts.owner) != bind->generation) return;
    const firn_str filter = firn_engine_filter_text(bind->filter, bind->arena);
    const firn_scan_report *known = find(engine->reports, source);
    if (known && (known->has_run || known->filter.len > 0 || filter.len == 0)) return;
    const firn_status st = source->snapshot_id == -1 ? FIRN_OK : plan(bind, &stats, &err);
    if (st != FIRN_OK) {
        if (engine->reports->status == FIRN_OK) engine->reports->err = err;
        engine->reports->status = st;
        return;
    }
    firn_scan_report *report = need(engine->reports, source, filter);
    if (!report) return;
    report->stats = stats;
    if (filter.len > 0) report->filter = firn_arena_copy(engine->reports->arena, filter);
}
