/* SPDX-License-Identifier: Apache-2.0 */
/* Rows go from the scan's reader to the table's writer, through a sorter where an order is asked
 * for. Where all rows belong to one partition the number of output files is set by rows, so that
 * they come out alike; else the writer rolls each partition's file by size. */
#include "iceberg/maintain/rewrite_group.h"

#include "base/error.h"
#include "iceberg/maintain/row_sorter.h"
#include "iceberg/scan/read.h"
#include "iceberg/write/table_writer.h"

#define N_LINEAGE 2

firn_status firn_rewrite_schema(const firn_table_metadata *metadata, firn_arena *arena,
                                const firn_schema **out, firn_error *err)
{
    const firn_schema *schema = firn_metadata_schema(metadata);
    const size_t n = schema->root.n_fields;
    *out = schema;
    if (metadata->format_version < 3) return FIRN_OK;
    firn_schema *copy = firn_arena_alloc_zero(arena, sizeof *copy);
    firn_field *fields = firn_arena_array(arena, n + N_LINEAGE, sizeof *fields);
    if (!copy || !fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) fields[i] = schema->root.fields[i];
    fields[n] = firn_field_row_id;
    fields[n + 1] = firn_field_last_updated;
    *copy = *schema;
    copy->root.fields = fields;
    copy->root.n_fields = n + N_LINEAGE;
    *out = copy;
    return FIRN_OK;
}

typedef struct group_run {
    const firn_group_writer *w;
    const firn_rewrite_group *group;
    firn_arena *arena;   /* of the output */
    firn_arena *scratch; /* of the run */
    firn_group_output *out;
    size_t cap_files;
    firn_scan_plan plan; /* the group's tasks */
    firn_table_writer *writer;
    int64_t rows_per_file; /* 0: the writer rolls by bytes */
    int64_t n_in_file;
    firn_row_sorter *sorter;
} group_run;

/* ---- output ---- */

static firn_status open_writer(group_run *r, firn_error *err)
{
    /* Where rows tell when a file is full, sizes do not: what is not encoded yet counts too much.
     */
    const firn_table_writer_opts opts = {
        .schema = r->w->schema,
        .spec = r->w->spec,
        .target_file_bytes = r->rows_per_file > 0 ? INT64_MAX : r->w->limits->target_bytes};
    return firn_table_writer_create(r->w->env, r->w->store, r->w->metadata, &opts, &r->writer, err);
}

static firn_status close_writer(group_run *r, firn_error *err)
{
    firn_data_file *files = NULL;
    size_t n = 0;
    firn_status st = firn_table_writer_finish(r->writer, r->arena, &files, &n, err);
    for (size_t i = 0; i < n && st == FIRN_OK; i++) {
        firn_data_file *slot = firn_arena_push(r->arena, &r->out->files, &r->out->n_files,
                                               &r->cap_files, sizeof *slot);
        if (slot) {
            *slot = files[i];
            slot->sort_order_id = r->w->sort_order_id;
        } else {
            firn_data_files_remove(r->w->env, r->w->store, files + i, n - i);
            st = firn_fail_nomem(err);
        }
    }
    firn_table_writer_destroy(r->writer);
    r->writer = NULL;
    r->n_in_file = 0;
    return st;
}

/* Rows [from, from + n) of a batch; the columns of the batch may be more than the schema's. */
static firn_status write_slice(group_run *r, const firn_batch *batch, int64_t from, int64_t n,
                               firn_error *err)
{
    firn_batch *part = NULL;
    if (!r->writer) FIRN_TRY(open_writer(r, err));
    if (from == 0 && n == batch->n_rows) return firn_table_writer_append(r->writer, batch, err);
    FIRN_TRY(firn_batch_create(&r->w->schema->root, n, &part, err));
    firn_status st = firn_batch_append(part, batch, from, n, err);
    if (st == FIRN_OK) st = firn_table_writer_append(r->writer, part, err);
    firn_batch_destroy(part);
    return st;
}

static firn_status write_batch(group_run *r, const firn_batch *batch, firn_error *err)
{
    int64_t at = 0;
    while (at < batch->n_rows) {
        int64_t n = batch->n_rows - at;
        if (r->rows_per_file > 0 && n > r->rows_per_file - r->n_in_file)
            n = r->rows_per_file - r->n_in_file;
        FIRN_TRY(write_slice(r, batch, at, n, err));
        at += n;
        r->n_in_file += n;
        if (r->rows_per_file > 0 && r->n_in_file == r->rows_per_file)
            FIRN_TRY(close_writer(r, err));
    }
    return FIRN_OK;
}

/* ---- input ---- */

typedef firn_status (*batch_fn)(group_run *r, const firn_scan_task *task, const firn_batch *batch,
                                firn_error *err);

static firn_status read_batches(group_run *r, firn_scan_reader *reader, firn_batch *batch,
                                batch_fn fn, firn_error *err)
{
    for (;;) {
        const firn_scan_task *task = NULL;
        for (size_t i = 0; i < batch->n_columns; i++) {
            batch->columns[i].values = NULL; /* the reader's own memory */
            batch->columns[i].validity = NULL;
        }
        const firn_status st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, batch, &task, err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        FIRN_TRY(firn_env_check_cancel(r->w->env, err));
        if (batch->n_rows > 0) FIRN_TRY(fn(r, task, batch, err));
    }
}

/* All rows of the group, with the output's columns and _pos behind them. */
static firn_status read_group(group_run *r, batch_fn fn, firn_error *err)
{
    const firn_type *root = &r->w->schema->root;
    const size_t n = root->n_fields;
    firn_field *fields = firn_arena_array(r->scratch, n + 1, sizeof *fields);
    firn_column *columns = firn_arena_array(r->scratch, n + 1, sizeof *columns);
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    if (!fields || !columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) fields[i] = root->fields[i];
    fields[n] = firn_field_pos;
    const firn_type projection = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n + 1};
    firn_batch batch = {.n_columns = n + 1, .columns = columns};
    FIRN_TRY(firn_scan_queue_create(r->w->env, r->w->store, r->w->metadata, &r->plan, &queue, err));
    firn_status st = firn_scan_reader_open(queue, &projection, firn_expr_true(), &reader, err);
    if (st == FIRN_OK) st = read_batches(r, reader, &batch, fn, err);
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    return st;
}

/* ---- as they come ---- */

static firn_status move_batch(group_run *r, const firn_scan_task *task, const firn_batch *batch,
                              firn_error *err)
{
    const size_t n = r->w->schema->root.n_fields;
    const firn_batch rows = {.n_rows = batch->n_rows, .n_columns = n, .columns = batch->columns};
    if (r->out->has_moves)
        FIRN_TRY(firn_row_moves_add(&r->out->moves, (size_t)(task - r->plan.tasks),
                                    batch->columns[n].values, batch->n_rows, err));
    return write_batch(r, &rows, err);
}

/* ---- sorted ---- */

static firn_status sample_batch(group_run *r, firn_row_order *order, const firn_batch *batch,
                                firn_error *err)
{
    const int64_t stride = r->group->n_rows / FIRN_ORDER_SAMPLES + 1;
    return firn_row_order_sample(order, batch, stride, err);
}

typedef struct sampling {
    group_run run; /* first: batch functions get it */
    firn_row_order *order;
} sampling;

static firn_status take_samples(group_run *r, const firn_scan_task *task, const firn_batch *batch,
                                firn_error *err)
{
    (void)task;
    return sample_batch(r, ((sampling *)r)->order, batch, err);
}

static firn_status sort_batch(group_run *r, const firn_scan_task *task, const firn_batch *batch,
                              firn_error *err)
{
    const firn_batch rows = {.n_rows = batch->n_rows,
                             .n_columns = r->w->schema->root.n_fields,
                             .columns = batch->columns};
    (void)task;
    return firn_row_sorter_append(r->sorter, &rows, err);
}

static firn_status make_order(group_run *r, firn_row_order **out, firn_error *err)
{
    const firn_group_writer *w = r->w;
    if (w->strategy == FIRN_REWRITE_SORT)
        return firn_row_order_by_fields(w->schema, w->sort_fields, w->n_sort_fields, r->scratch,
                                        out, err);
    FIRN_TRY(firn_row_order_by_curve(
        w->schema, w->strategy == FIRN_REWRITE_ZORDER ? FIRN_CURVE_Z : FIRN_CURVE_HILBERT,
        w->columns, w->n_columns, r->scratch, out, err));
    sampling s = {*r, *out};
    FIRN_TRY(read_group(&s.run, take_samples, err));
    return firn_row_order_finish_samples(*out, err);
}

static firn_status write_sorted(group_run *r, firn_error *err)
{
    const firn_batch *batch = NULL;
    firn_status st;
    FIRN_TRY(read_group(r, sort_batch, err));
    while ((st = firn_row_sorter_next(r->sorter, &batch, err)) == FIRN_OK)
        FIRN_TRY(write_batch(r, batch, err));
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status sort_group(group_run *r, firn_error *err)
{
    firn_row_order *order = NULL;
    FIRN_TRY(make_order(r, &order, err));
    const firn_row_sorter_opts opts = {
        .schema = r->w->schema, .order = order, .memory_bytes = r->w->memory_bytes / 2};
    FIRN_TRY(
        firn_row_sorter_create(r->w->env, r->w->store, r->w->metadata, &opts, &r->sorter, err));
    const firn_status st = write_sorted(r, err);
    firn_row_sorter_destroy(r->sorter);
    r->sorter = NULL;
    return st;
}

/* ---- all ---- */

static int64_t live_rows(const firn_rewrite_group *group)
{
    int64_t n = group->n_rows;
    for (size_t i = 0; i < group->n_tasks; i++)
        for (size_t k = 0; k < group->tasks[i].n_deletes; k++) {
            const firn_data_file *file = &group->tasks[i].deletes[k]->file;
            if (firn_delete_referenced_path(file).len > 0) n -= file->record_count;
        }
    return n > 0 ? n : 1;
}

static firn_status run(group_run *r, firn_error *err)
{
    const bool is_sorted = r->w->strategy != FIRN_REWRITE_BINPACK;
    r->plan = (firn_scan_plan){.tasks = r->group->tasks, .n_tasks = r->group->n_tasks};
    r->out->has_moves = !is_sorted && r->group->is_one_partition;
    r->out->moves.arena = r->arena;
    if (r->group->is_one_partition)
        r->rows_per_file = (live_rows(r->group) + r->group->n_outputs - 1) / r->group->n_outputs;
    FIRN_TRY(is_sorted ? sort_group(r, err) : read_group(r, move_batch, err));
    return r->writer ? close_writer(r, err) : FIRN_OK;
}

firn_status firn_group_write(const firn_group_writer *writer, const firn_rewrite_group *group,
                             firn_arena *arena, firn_group_output *out, firn_error *err)
{
    group_run r = {.w = writer, .group = group, .arena = arena, .out = out};
    *out = (firn_group_output){0};
    r.scratch = firn_arena_create(writer->env->alloc, 0);
    if (!r.scratch) return firn_fail_nomem(err);
    const firn_status st = run(&r, err);
    firn_table_writer_destroy(r.writer);
    firn_arena_destroy(r.scratch);
    if (st == FIRN_OK) return FIRN_OK;
    firn_data_files_remove(writer->env, writer->store, out->files, out->n_files);
    out->n_files = 0;
    return st;
}
