/* SPDX-License-Identifier: Apache-2.0 */
/* Bin-packing without decoding: files are opened some at a time by all threads, their row groups
 * read and handed to the Parquet writer as they are. Rows of files with deletes, of other formats,
 * and of row groups too large for the number of output files asked for go the long way, in their
 * place; so do single columns that do not fit the table any more. */
#include "base/error.h"
#include "format/parquet/copy/parquet_copy.h"
#include "iceberg/maintain/rewrite/group_run.h"

#define K_WINDOW_FILES 64
#define K_WINDOW_BYTES ((int64_t)32 << 20) /* of row groups read ahead; one at least */
/* Row groups are put into a file whole, so they are to be small beside it. */
#define K_SMALL_PART 4

typedef struct source {
    firn_arena *arena;
    firn_parquet_file *file;
} source;

/* A row group. */
typedef struct unit {
    size_t task; /* of the group */
    const firn_parquet_file *file;
    size_t row_group;
    int64_t first_row; /* in its file */
    firn_parquet_copy *copy;
} unit;

typedef struct copying {
    firn_group_run *run;
    firn_parquet_writer *writer; /* of the open file */
    size_t first;                /* task that sources[0] is of */
    source sources[K_WINDOW_FILES];
    size_t n_sources;
    unit *units; /* of the sources */
    size_t n_units, cap_units;
    firn_parquet_copy **copies; /* as many */
} copying;

/* ---- files ---- */

static bool is_whole(const firn_scan_task *task)
{
    return task->file->format == FIRN_FILE_PARQUET && task->n_deletes == 0 && task->n_only == 0;
}

static firn_status open_source(void *ctx, size_t i, size_t thread, firn_error *err)
{
    copying *x = ctx;
    const firn_group_run *r = x->run;
    source *out = &x->sources[i];
    firn_byte_source bytes;
    (void)thread;
    FIRN_TRY(firn_env_check_cancel(r->w->env, err));
    out->arena = firn_arena_create(r->w->env->alloc, 0);
    if (!out->arena) return firn_fail_nomem(err);
    FIRN_TRY(firn_byte_source_open(r->w->store, r->group->tasks[x->first + i].file->path,
                                   out->arena, &bytes, err));
    return firn_parquet_file_open(&bytes, &out->file, err);
}

static void close_sources(copying *x)
{
    for (size_t i = 0; i < x->n_sources; i++) {
        firn_parquet_file_close(x->sources[i].file);
        firn_arena_destroy(x->sources[i].arena);
        x->sources[i] = (source){0};
    }
    x->n_sources = 0;
}

/* How many tasks from one on are opened together: none unless the first may be taken over. */
static size_t count_window(const firn_rewrite_group *group, size_t first)
{
    int64_t n_bytes = 0;
    size_t n = 0;
    while (n < K_WINDOW_FILES && first + n < group->n_tasks && is_whole(&group->tasks[first + n])) {
        n_bytes += group->tasks[first + n].file->file_size_bytes;
        if (n > 0 && n_bytes > K_WINDOW_BYTES) break;
        n++;
    }
    return n;
}

/* ---- row groups ---- */

static bool has_small_units(const firn_group_run *r, const firn_parquet_file *file)
{
    if (r->group->n_outputs <= 1) return true;
    for (size_t i = 0; i < firn_parquet_file_row_groups(file); i++)
        if (firn_parquet_row_group_rows(file, i) > r->rows_per_file / K_SMALL_PART) return false;
    return true;
}

static firn_status list_units(copying *x, size_t i, firn_error *err)
{
    const firn_parquet_file *file = x->sources[i].file;
    int64_t first_row = 0;
    for (size_t g = 0; g < firn_parquet_file_row_groups(file); g++) {
        const int64_t n_rows = firn_parquet_row_group_rows(file, g);
        if (n_rows == 0) continue;
        unit *slot =
            firn_arena_push(x->run->scratch, &x->units, &x->n_units, &x->cap_units, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = (unit){.task = x->first + i, .file = file, .row_group = g, .first_row = first_row};
        first_row += n_rows;
    }
    return FIRN_OK;
}

static firn_status open_copy(void *ctx, size_t i, size_t thread, firn_error *err)
{
    const copying *x = ctx;
    unit *u = &x->units[i];
    (void)thread;
    FIRN_TRY(firn_env_check_cancel(x->run->w->env, err));
    return firn_parquet_copy_open(x->writer, u->file, u->row_group, &u->copy, err);
}

static firn_status need_writer(copying *x, firn_error *err)
{
    FIRN_TRY(firn_group_run__need_writer(x->run, err));
    return firn_table_writer_open(x->run->writer, x->run->group->tasks[0].file->partition,
                                  &x->writer, err);
}

/* ---- columns that do not fit ---- */

typedef struct filling {
    copying *copying;
    const unit *unit;
    const size_t *columns; /* of the output, by column of what is read */
    size_t n;
    firn_batch batch; /* of all columns of the output */
} filling;

/* Rows of the unit out of those of its file; FIRN_DONE behind them. */
static firn_status fill_batch(void *ctx, size_t lane, const firn_scan_task *task,
                              const firn_batch *batch, firn_error *err)
{
    filling *f = ctx;
    const int64_t *positions = batch->columns[f->n].values;
    const int64_t end = f->unit->first_row + firn_parquet_copy_rows(f->unit->copy);
    (void)lane;
    (void)task;
    if (positions[0] < f->unit->first_row) return FIRN_OK; /* batches end with their row group */
    if (positions[0] >= end) return FIRN_DONE;
    for (size_t i = 0; i < f->n; i++) f->batch.columns[f->columns[i]] = batch->columns[i];
    f->batch.n_rows = batch->n_rows;
    return firn_parquet_writer_fill(f->copying->writer, &f->batch, err);
}

static firn_status fill(copying *x, const unit *u, firn_error *err)
{
    firn_group_run *r = x->run;
    const firn_type *root = &r->w->schema->root;
    const bool *is_decoded = NULL;
    const size_t n = firn_parquet_copy_decoded(u->copy, &is_decoded);
    firn_field *fields = firn_arena_array(r->scratch, n, sizeof *fields);
    size_t *columns = firn_arena_array(r->scratch, n, sizeof *columns);
    filling f = {.copying = x, .unit = u, .columns = columns};
    f.batch.n_columns = root->n_fields;
    f.batch.columns = firn_arena_array(r->scratch, root->n_fields, sizeof *f.batch.columns);
    if (!fields || !columns || !f.batch.columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < root->n_fields; i++) {
        if (!is_decoded[i]) continue;
        fields[f.n] = root->fields[i];
        columns[f.n++] = i;
    }
    const firn_type wanted = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = f.n};
    const firn_group_input input = {
        .tasks = &r->group->tasks[u->task], .n_tasks = 1, .root = &wanted};
    const firn_status st = firn_group_run__read(r, &input, fill_batch, &f, err);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* ---- append ---- */

static firn_status append(copying *x, size_t from, size_t to, firn_error *err)
{
    if (from == to) return FIRN_OK;
    FIRN_TRY(need_writer(x, err));
    for (size_t i = from; i < to; i++) x->copies[i] = x->units[i].copy;
    FIRN_TRY(firn_parquet_writer_copy(x->writer, x->copies + from, to - from, err));
    const bool *is_decoded = NULL;
    if (firn_parquet_copy_decoded(x->units[to - 1].copy, &is_decoded) == 0) return FIRN_OK;
    return fill(x, &x->units[to - 1], err);
}

static bool ends_file(const firn_group_run *r, int64_t n_rows)
{
    return r->n_in_file > 0 && n_rows / 2 > r->rows_per_file - r->n_in_file;
}

/* Units [from, to), whose copies are open. Files end between row groups, as near to their number of
 * rows as can be. */
static firn_status append_units(copying *x, size_t from, size_t to, firn_error *err)
{
    firn_group_run *r = x->run;
    for (size_t i = from; i < to; i++) {
        const unit *u = &x->units[i];
        const int64_t n_rows = firn_parquet_copy_rows(u->copy);
        const bool *is_decoded = NULL;
        if (ends_file(r, n_rows)) {
            FIRN_TRY(append(x, from, i, err));
            FIRN_TRY(firn_group_run__next_file(r, err));
            from = i;
        }
        r->n_in_file += n_rows;
        FIRN_TRY(firn_row_moves_add_run(&r->out->moves, u->task, u->first_row, n_rows, err));
        if (firn_parquet_copy_decoded(u->copy, &is_decoded) == 0) continue;
        FIRN_TRY(append(x, from, i + 1, err));
        from = i + 1;
    }
    return append(x, from, to, err);
}

static void close_copies(copying *x, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        firn_parquet_copy_close(x->units[i].copy);
        x->units[i].copy = NULL;
    }
}

/* As many units from one on as are read together. */
static size_t count_units(const copying *x, size_t from)
{
    int64_t n_bytes = 0;
    size_t to = from;
    while (to < x->n_units) {
        const unit *u = &x->units[to];
        const int64_t size = x->run->group->tasks[u->task].file->file_size_bytes;
        n_bytes += size / (int64_t)firn_parquet_file_row_groups(u->file);
        if (to > from && n_bytes > K_WINDOW_BYTES) break;
        to++;
    }
    return to;
}

typedef struct part {
    copying *copying;
    size_t from;
} part;

static firn_status open_part(void *ctx, size_t i, size_t thread, firn_error *err)
{
    const part *p = ctx;
    return open_copy(p->copying, p->from + i, thread, err);
}

static firn_status copy_units(copying *x, firn_error *err)
{
    if (x->n_units == 0) return FIRN_OK;
    x->copies = firn_arena_array(x->run->scratch, x->n_units, sizeof(firn_parquet_copy *));
    if (!x->copies) return firn_fail_nomem(err);
    for (size_t from = 0; from < x->n_units;) {
        const size_t to = count_units(x, from);
        part p = {x, from};
        firn_status st = need_writer(x, err);
        if (st == FIRN_OK)
            st = firn_pool_run(firn_env_pool(x->run->w->env), to - from, open_part, &p, err);
        if (st == FIRN_OK) st = append_units(x, from, to, err);
        close_copies(x, from, to);
        FIRN_TRY(st);
        from = to;
    }
    x->n_units = 0;
    return FIRN_OK;
}

/* ---- all ---- */

static firn_status copy_sources(copying *x, firn_error *err)
{
    FIRN_TRY(firn_pool_run(firn_env_pool(x->run->w->env), x->n_sources, open_source, x, err));
    for (size_t i = 0; i < x->n_sources; i++) {
        if (has_small_units(x->run, x->sources[i].file)) {
            FIRN_TRY(list_units(x, i, err));
            continue;
        }
        FIRN_TRY(copy_units(x, err));
        FIRN_TRY(firn_group_run__move(x->run, &x->run->group->tasks[x->first + i], 1, err));
    }
    return copy_units(x, err);
}

/* The tasks from one on that have to be decoded. */
static size_t count_decoded(const firn_rewrite_group *group, size_t first)
{
    size_t n = 0;
    while (first + n < group->n_tasks && !is_whole(&group->tasks[first + n])) n++;
    return n;
}

static firn_status copy_tasks(copying *x, firn_error *err)
{
    const firn_rewrite_group *group = x->run->group;
    for (size_t at = 0; at < group->n_tasks;) {
        const size_t n = count_decoded(group, at);
        if (n > 0) FIRN_TRY(firn_group_run__move(x->run, &group->tasks[at], n, err));
        at += n;
        x->first = at;
        x->n_sources = count_window(group, at);
        const firn_status st = x->n_sources > 0 ? copy_sources(x, err) : FIRN_OK;
        at += x->n_sources;
        close_sources(x);
        FIRN_TRY(st);
    }
    return FIRN_OK;
}

firn_status firn_group_run__copy(firn_group_run *r, firn_error *err)
{
    copying *x = firn_arena_alloc_zero(r->scratch, sizeof *x);
    if (!x) return firn_fail_nomem(err);
    x->run = r;
    return copy_tasks(x, err);
}
