/* SPDX-License-Identifier: Apache-2.0 */
/* Adding up what the metadata of files says; see engine_extremes.h. */
#include "sql/engine/engine_extremes.h"

#include <string.h>

#include "base/error.h"

/* What is known of one column in one file. */
typedef struct file_facts {
    bool has_values;
    int64_t low, high;
    int64_t n_nulls;
} file_facts;

static bool is_whole(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ: return true;
    default: return false;
    }
}

static bool is_narrow(const firn_type *type)
{
    return type->kind == FIRN_TYPE_INT || type->kind == FIRN_TYPE_DATE;
}

static bool read_bound(const firn_metric_map *map, const firn_field *field, int64_t *out)
{
    const firn_metric *metric = firn_metric_find(map, field->id);
    firn_value value;
    if (!metric || firn_value_decode(field->type, metric->bound, &value, NULL) != FIRN_OK)
        return false;
    *out = is_narrow(field->type) ? value.as.i32 : value.as.i64;
    return true;
}

/* False: the file has to be read. */
static bool find_facts(const firn_data_file *file, const firn_field *field, file_facts *out)
{
    const firn_metric *values = firn_metric_find(&file->value_counts, field->id);
    const firn_metric *nulls = firn_metric_find(&file->null_value_counts, field->id);
    *out = (file_facts){0};
    if (!values || !nulls || values->count != file->record_count) return false;
    if (nulls->count < 0 || nulls->count > values->count) return false;
    const int64_t n_values = values->count - nulls->count;
    out->n_nulls = nulls->count;
    out->has_values = n_values > 0;
    if (!out->has_values) return true;
    return read_bound(&file->lower_bounds, field, &out->low) &&
           read_bound(&file->upper_bounds, field, &out->high) && out->low <= out->high &&
           (n_values > 1 || out->low == out->high);
}

static void add_facts(scan_extreme *column, const file_facts *facts)
{
    column->n_nulls += facts->n_nulls;
    if (!facts->has_values) return;
    if (!column->has_values || facts->low < column->low) column->low = facts->low;
    if (!column->has_values || facts->high > column->high) column->high = facts->high;
    column->has_values = true;
}

static bool add_file(firn_engine_scan *scan, const firn_scan_task *task)
{
    const firn_type *projection = &scan->projection;
    file_facts facts;
    if (task->n_deletes > 0) return false;
    for (size_t i = 0; i < projection->n_fields; i++)
        if (!find_facts(task->file, &projection->fields[i], &facts)) return false;
    if (task->file->record_count > INT64_MAX / 2 - scan->extremes->n_rows) return false;
    for (size_t i = 0; i < projection->n_fields; i++) {
        (void)find_facts(task->file, &projection->fields[i], &facts);
        add_facts(&scan->extremes->columns[i], &facts);
    }
    scan->extremes->n_rows += task->file->record_count;
    scan->extremes->n_files++;
    return true;
}

/* ---- planning ---- */

static void destroy_batch(void *batch)
{
    firn_task_batch_destroy(batch);
}

static void close_stream(void *stream)
{
    firn_plan_stream_close(stream);
}

/* Files that must be read. */
typedef struct rest {
    firn_scan_task *tasks;
    size_t n, cap;
} rest;

static firn_status sort_out(firn_engine_scan *scan, firn_task_batch *batch, rest *out,
                            firn_error *err)
{
    const size_t before = out->n;
    for (size_t i = 0; i < batch->n_tasks; i++) {
        if (add_file(scan, &batch->tasks[i])) continue;
        firn_scan_task *slot =
            firn_arena_push(scan->arena, &out->tasks, &out->n, &out->cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = batch->tasks[i];
    }
    if (out->n == before) {
        firn_task_batch_destroy(batch);
        return FIRN_OK;
    }
    return firn_arena_defer(scan->arena, destroy_batch, batch, err);
}

/* FIRN_DONE: the first files have nothing to say, nor have others, as far as one can tell. */
static firn_status read_plan(firn_engine_scan *scan, firn_plan_stream *stream, rest *out,
                             firn_error *err)
{
    for (bool is_first = true;; is_first = false) {
        firn_task_batch *batch = NULL;
        const firn_status next = firn_plan_stream_next(stream, &batch, err);
        if (next == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(next);
        const firn_status st = sort_out(scan, batch, out, err);
        if (st != FIRN_OK) {
            firn_task_batch_destroy(batch);
            return st;
        }
        if (is_first && scan->extremes->n_files == 0) return FIRN_DONE;
    }
}

static void settle_rows(const firn_engine_scan *scan)
{
    firn_engine_extremes *e = scan->extremes;
    if (scan->source->asked.what == FIRN_ASKS_EXTREMES_AND_COUNTS) return;
    e->n_rows = e->n_rows > 0 ? 2 : 0;
    for (size_t i = 0; i < scan->projection.n_fields; i++)
        e->columns[i].n_nulls = e->columns[i].has_values ? 0 : e->n_rows;
}

static firn_status plan_rest(firn_engine_scan *scan, firn_plan_stream *stream, firn_error *err)
{
    const firn_engine_opts *opts = &scan->engine->opts;
    rest files = {0};
    const firn_status st = read_plan(scan, stream, &files, err);
    if (st != FIRN_OK) return st;
    const firn_scan_plan plan = {.tasks = files.tasks, .n_tasks = files.n};
    scan->extremes->stats = *firn_plan_stream_stats(stream);
    settle_rows(scan);
    return firn_scan_queue_create(opts->env, opts->store, scan->source->metadata, &plan,
                                  &scan->queue, err);
}

static bool is_answerable(const firn_engine_scan *scan)
{
    if (scan->source->asked.what == FIRN_ASKS_ROWS || scan->filter) return false;
    for (size_t i = 0; i < scan->projection.n_fields; i++)
        if (!is_whole(scan->projection.fields[i].type)) return false;
    for (size_t i = 0; i < scan->n_slots; i++)
        if (scan->slots[i].kind != SCAN_SLOT_ROW && scan->slots[i].kind != SCAN_SLOT_IN_PLACE)
            return false;
    return scan->projection.n_fields >
           0; /* rows without columns are counted without files anyway */
}

firn_status firn_engine_extremes_plan(firn_engine_scan *scan, const firn_plan_opts *opts,
                                      firn_error *err)
{
    const firn_engine_opts *engine = &scan->engine->opts;
    firn_plan_stream *stream = NULL;
    firn_plan_opts with_metrics = *opts;
    if (!is_answerable(scan)) return FIRN_OK;
    firn_engine_extremes *e = firn_arena_alloc_zero(scan->arena, sizeof *e);
    if (!e) return firn_fail_nomem(err);
    e->columns = firn_arena_array(scan->arena, scan->projection.n_fields, sizeof *e->columns);
    if (!e->columns) return firn_fail_nomem(err);
    atomic_init(&e->at, 0);
    scan->extremes = e;
    with_metrics.with_metrics = true;
    FIRN_TRY(firn_plan_stream_open(engine->env, engine->store, scan->source->metadata,
                                   &with_metrics, &stream, err));
    firn_status st = firn_arena_defer(scan->arena, close_stream, stream, err);
    if (st != FIRN_OK) {
        firn_plan_stream_close(stream);
        return st;
    }
    st = plan_rest(scan, stream, err);
    if (st != FIRN_DONE) return st;
    scan->extremes = NULL;
    return FIRN_OK;
}

/* ---- rows ---- */

static int64_t value_at(const scan_extreme *column, int64_t row)
{
    return row == column->n_nulls ? column->low : column->high;
}

void firn_engine_extremes_fill(const firn_engine_scan *scan, size_t column, int64_t from, int64_t n,
                               void *values, uint64_t *validity)
{
    const scan_extreme *e = &scan->extremes->columns[column];
    const size_t size = is_narrow(scan->projection.fields[column].type) ? 4 : 8;
    for (int64_t i = 0; i < n; i++) {
        const int64_t value = value_at(e, from + i);
        memcpy((char *)values + (size_t)i * size, &value, size); /* little-endian */
        if (from + i < e->n_nulls) validity[i / 64] &= ~((uint64_t)1 << (i % 64));
    }
}
