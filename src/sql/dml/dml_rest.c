/* SPDX-License-Identifier: Apache-2.0 */
/* Copy-on-write: the rows that stay of files with changed rows, without the SQL engine. Parquet
 * files without deletes, of the partition spec and format that are written, go row group by row
 * group: pages without changed rows are taken over as they are, the others decoded and encoded on
 * all threads. Everything else goes as rows, through a scan.
 *
 * Columns that a file lacks, and those that say less than they mean (row ids), are read by a scan
 * of them alone beside the row groups: its rows come in the file's order. */
#include "base/error.h"
#include "base/map.h"
#include "format/columns/drop_rows.h"
#include "format/parquet/copy/parquet_copy.h"
#include "iceberg/scan/scan_queue.h"
#include "sql/dml/dml.h"

typedef struct row_rest {
    firn_dml_target *target;
    firn_row_writer *writer;
    firn_arena *arena; /* of the statement */
    firn_scan_plan by_rows;
} row_rest;

static bool has_rest(const firn_target_file *file)
{
    return file->n_changed > 0 && file->n_changed < file->task->file->record_count;
}

/* ---- a scan ---- */

typedef struct rest_scan {
    firn_type projection; /* columns, _pos behind them */
    firn_batch batch;
    firn_scan_queue *queue;
    firn_scan_reader *reader;
} rest_scan;

static firn_status open_scan(const row_rest *x, const firn_scan_plan *plan, const bool *wanted,
                             rest_scan *out, firn_error *err)
{
    const firn_type *root = &x->writer->schema->root;
    const firn_session *session = x->target->session;
    firn_field *fields = firn_arena_array(x->arena, root->n_fields + 1, sizeof *fields);
    size_t n = 0;
    *out = (rest_scan){0};
    out->batch.columns = firn_arena_array(x->arena, root->n_fields + 1, sizeof(firn_column));
    if (!fields || !out->batch.columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < root->n_fields; i++)
        if (!wanted || wanted[i]) fields[n++] = root->fields[i];
    fields[n++] = firn_field_pos;
    out->batch.n_columns = n;
    out->projection = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    FIRN_TRY(firn_scan_queue_create(session->env, session->store,
                                    firn_table_metadata_of(x->target->table), plan, &out->queue,
                                    err));
    return firn_scan_reader_open(out->queue, &out->projection, firn_expr_true(), &out->reader, err);
}

static void close_scan(rest_scan *scan)
{
    firn_scan_reader_close(scan->reader);
    firn_scan_queue_destroy(scan->queue);
    *scan = (rest_scan){0};
}

/* The next rows of a file that stay; *n_read of it. */
static firn_status next_rows(const row_rest *x, rest_scan *scan, int64_t *n_read, firn_error *err)
{
    uint64_t keep[FIRN_ROW_WORDS(FIRN_BATCH_ROWS)] = {0};
    const firn_scan_task *task = NULL;
    for (size_t i = 0; i < scan->batch.n_columns; i++) {
        scan->batch.columns[i].values = NULL; /* the reader's own memory */
        scan->batch.columns[i].validity = NULL;
    }
    FIRN_TRY(firn_scan_reader_next(scan->reader, FIRN_BATCH_ROWS, &scan->batch, &task, err));
    FIRN_TRY(firn_env_check_cancel(x->target->session->env, err));
    const firn_target_file *file = firn_map_find(&x->target->by_path, task->file->path);
    const int64_t *positions = scan->batch.columns[scan->batch.n_columns - 1].values;
    *n_read = scan->batch.n_rows;
    for (int64_t r = 0; r < scan->batch.n_rows; r++) {
        const int64_t pos = positions[r];
        const bool is_known = pos < task->file->record_count;
        const bool is_changed =
            is_known && (file->changed[(uint64_t)pos >> 6] >> ((uint64_t)pos & 63) & 1) != 0;
        keep[r >> 6] |= (uint64_t)!is_changed << (r & 63);
    }
    firn_batch_keep_rows(&scan->batch, keep);
    return FIRN_OK;
}

static firn_status copy_by_rows(const row_rest *x, firn_error *err)
{
    rest_scan scan;
    int64_t n_read = 0;
    if (x->by_rows.n_tasks == 0) return FIRN_OK;
    firn_status st = open_scan(x, &x->by_rows, NULL, &scan, err);
    while (st == FIRN_OK && (st = next_rows(x, &scan, &n_read, err)) == FIRN_OK)
        st = firn_row_writer_append(x->writer, scan.batch.columns, scan.batch.n_rows, err);
    close_scan(&scan);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* ---- row groups ---- */

typedef struct rest_file {
    row_rest *rest;
    const firn_target_file *target;
    const firn_parquet_file *file;
    firn_scan_plan plan; /* of the file alone */
    rest_scan scan;      /* of columns that are left to us; opened when there are some */
    size_t *columns;     /* of the writer, by column of the scan */
    int64_t n_scanned;   /* rows of the file */
    firn_batch batch;    /* of all columns of the writer */
} rest_file;

static firn_status open_columns(rest_file *f, const bool *is_decoded, firn_error *err)
{
    const firn_type *root = &f->rest->writer->schema->root;
    size_t n = 0;
    f->columns = firn_arena_array(f->rest->arena, root->n_fields, sizeof *f->columns);
    f->batch.n_columns = root->n_fields;
    f->batch.columns = firn_arena_array(f->rest->arena, root->n_fields, sizeof(firn_column));
    if (!f->columns || !f->batch.columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < root->n_fields; i++)
        if (is_decoded[i]) f->columns[n++] = i;
    return open_scan(f->rest, &f->plan, is_decoded, &f->scan, err);
}

/* Which columns these are is the same for all row groups of a file. writer NULL: no row stays. */
static firn_status fill(rest_file *f, firn_parquet_writer *writer, int64_t end, firn_error *err)
{
    while (f->n_scanned < end) { /* batches end with their row group */
        int64_t n_read = 0;
        const firn_status st = next_rows(f->rest, &f->scan, &n_read, err);
        if (st == FIRN_DONE)
            return firn_fail(err, FIRN_ERR_INTERNAL, "%lld rows of %lld were scanned",
                             (long long)f->n_scanned, (long long)end);
        FIRN_TRY(st);
        f->n_scanned += n_read;
        f->batch.n_rows = f->scan.batch.n_rows;
        if (!writer || f->batch.n_rows == 0) continue;
        for (size_t i = 0; i + 1 < f->scan.batch.n_columns; i++)
            f->batch.columns[f->columns[i]] = f->scan.batch.columns[i];
        FIRN_TRY(firn_parquet_writer_fill(writer, &f->batch, err));
    }
    return FIRN_OK;
}

static bool is_any_left(const uint64_t *changed, int64_t first, int64_t n)
{
    for (int64_t row = first; row < first + n; row++)
        if ((changed[(uint64_t)row >> 6] >> ((uint64_t)row & 63) & 1) == 0) return true;
    return false;
}

/* Of what is wrong with a file's bytes, which file it is. */
static firn_status wrap(const rest_file *f, firn_status st, firn_error *err)
{
    const bool is_damage =
        st == FIRN_ERR_CORRUPT || st == FIRN_ERR_LIMIT || st == FIRN_ERR_UNSUPPORTED;
    return is_damage ? firn_scan_task_wrap(err, st, f->target->task) : st;
}

static firn_status append_copy(rest_file *f, firn_parquet_writer *writer, firn_parquet_copy *copy,
                               int64_t first, int64_t end, firn_error *err)
{
    const bool *is_decoded = NULL;
    FIRN_TRY(wrap(f, firn_parquet_writer_copy(writer, &copy, 1, err), err));
    if (firn_parquet_copy_decoded(copy, &is_decoded) == 0) return FIRN_OK;
    if (!f->columns) FIRN_TRY(open_columns(f, is_decoded, err));
    FIRN_TRY(fill(f, NULL, first, err)); /* row groups of which nothing stayed */
    return fill(f, writer, end, err);
}

static firn_status copy_row_group(rest_file *f, size_t i, int64_t first, firn_error *err)
{
    firn_row_writer *w = f->rest->writer;
    const firn_value *partition = f->target->task->file->partition;
    const int64_t end = first + firn_parquet_row_group_rows(f->file, i);
    firn_parquet_writer *writer = NULL;
    firn_parquet_copy *copy = NULL;
    FIRN_TRY(firn_env_check_cancel(f->rest->target->session->env, err));
    if (!is_any_left(f->target->changed, first, end - first)) return FIRN_OK;
    FIRN_TRY(firn_table_writer_open(w->writer, partition, &writer, err));
    FIRN_TRY(wrap(
        f, firn_parquet_copy_open_rest(writer, f->file, i, f->target->changed, &copy, err), err));
    const int64_t n = firn_parquet_copy_rows(copy);
    const firn_status st = append_copy(f, writer, copy, first, end, err);
    firn_parquet_copy_close(copy);
    FIRN_TRY(st);
    w->n_rows += n;
    return firn_table_writer_added(w->writer, partition, n, err);
}

/* ---- files ---- */

static bool may_be_copied(const row_rest *x, const firn_scan_task *task)
{
    const firn_partition_spec *spec = firn_metadata_spec(firn_table_metadata_of(x->target->table));
    return firn_table_writer_is_parquet(x->writer->writer) &&
           task->file->format == FIRN_FILE_PARQUET && task->n_deletes == 0 &&
           task->file->spec_id == spec->spec_id;
}

/* Marks are for as many rows as the manifest says; a huge row group is better made small ones. */
static firn_status fits(const rest_file *f, bool *out, firn_error *err)
{
    firn_parquet_writer *writer = NULL;
    const firn_data_file *file = f->target->task->file;
    *out = firn_parquet_file_rows(f->file) == file->record_count;
    if (!*out) return FIRN_OK;
    FIRN_TRY(firn_table_writer_open(f->rest->writer->writer, file->partition, &writer, err));
    for (size_t i = 0; i < firn_parquet_file_row_groups(f->file) && *out; i++)
        *out = firn_parquet_copy_fits(writer, f->file, i);
    return FIRN_OK;
}

static firn_status copy_row_groups(rest_file *f, firn_error *err)
{
    bool is_fit = false;
    int64_t first = 0;
    FIRN_TRY(fits(f, &is_fit, err));
    if (!is_fit) {
        f->rest->by_rows.tasks[f->rest->by_rows.n_tasks++] = *f->target->task;
        return FIRN_OK;
    }
    for (size_t i = 0; i < firn_parquet_file_row_groups(f->file); i++) {
        FIRN_TRY(copy_row_group(f, i, first, err));
        first += firn_parquet_row_group_rows(f->file, i);
    }
    return FIRN_OK;
}

static firn_status copy_file(row_rest *x, const firn_target_file *target, firn_error *err)
{
    const firn_session *session = x->target->session;
    firn_scan_task only = *target->task;
    rest_file f = {.rest = x, .target = target, .plan = {.tasks = &only, .n_tasks = 1}};
    firn_byte_source bytes;
    firn_parquet_file *file = NULL;
    firn_arena *arena = firn_arena_create(session->env->alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_status st = firn_byte_source_open(session->store, only.file->path, arena, &bytes, err);
    if (st == FIRN_OK) st = wrap(&f, firn_parquet_file_open(&bytes, &file, err), err);
    f.file = file;
    if (st == FIRN_OK) st = copy_row_groups(&f, err);
    close_scan(&f.scan);
    firn_parquet_file_close(file);
    firn_arena_destroy(arena);
    return st;
}

firn_status firn_dml_target_copy_rest(firn_dml_target *t, firn_row_writer *w, int64_t *n_copied,
                                      firn_error *err)
{
    row_rest x = {.target = t, .writer = w, .arena = t->session->arena};
    const int64_t before = w->n_rows;
    x.by_rows.tasks = firn_arena_array(x.arena, t->plan.n_tasks, sizeof *x.by_rows.tasks);
    if (!x.by_rows.tasks) return firn_fail_nomem(err);
    for (size_t i = 0; i < t->plan.n_tasks; i++) {
        const firn_target_file *file = &t->files[i];
        if (!has_rest(file)) continue;
        if (may_be_copied(&x, file->task))
            FIRN_TRY(copy_file(&x, file, err));
        else
            x.by_rows.tasks[x.by_rows.n_tasks++] = *file->task;
    }
    FIRN_TRY(copy_by_rows(&x, err));
    if (n_copied) *n_copied = w->n_rows - before;
    return FIRN_OK;
}
