/* SPDX-License-Identifier: Apache-2.0 */
/* A group's rows in an order: sampled, read on all threads into the parts of a sorter, and written.
 * Where the output is several files of one partition, each has parts of its own, and each thread
 * sorts and writes a file after another; else all threads sort and encode for one writer. */
#include <stdatomic.h>

#include "base/error.h"
#include "iceberg/maintain/rewrite/group_run.h"
#include "iceberg/maintain/rewrite/sort_samples.h"
#include "iceberg/sort/row_sorter.h"

#define K_PART_ROWS   196608 /* at most: larger parts do not fit the processor's caches */
#define K_MIN_ROWS    1024
#define K_PART_SHARE  16 /* of the sorter's memory, by threads: half of what it would spread */
#define K_MAX_PARTS   4096
#define K_UNPACKED    4 /* how many times what it takes in a file a row takes in memory, at least */
#define K_ROW_BASE    40                   /* bytes, of a row's key and its places in lists */
#define K_WRITER_BASE ((int64_t)8 << 20)   /* of memory for an open file */
#define K_WRITER_MAX  ((int64_t)192 << 20) /* with a full row group */

typedef struct sorting {
    firn_group_run *run;
    firn_row_order *order;
    firn_key_samples samples;
    firn_row_sorter *sorter;
    size_t n_files;       /* with parts of their own; 1: one writer for all parts */
    size_t n_lanes;       /* of threads that write files */
    size_t n_parts;       /* to ask for */
    int64_t sorter_bytes; /* of memory */
} sorting;

/* One thread's files, one after another. */
typedef struct file_lane {
    firn_arena *arena;
    firn_group_output out;
    firn_group_run run;
} file_lane;

/* Where an output file is: among those of a lane. A part of it may be a file of its own. */
typedef struct written_file {
    size_t lane, from, to;
} written_file;

typedef struct file_lanes {
    sorting *s;
    file_lane *lanes;
    written_file *files;
    size_t *first_part; /* of each file, and the end */
    atomic_size_t next;
} file_lanes;

/* ---- plan ---- */

static firn_status make_order(sorting *s, firn_error *err)
{
    const firn_group_writer *w = s->run->w;
    firn_arena *arena = s->run->scratch;
    if (w->strategy == FIRN_REWRITE_SORT)
        return firn_row_order_by_fields(w->schema, w->sort_fields, w->n_sort_fields, arena,
                                        &s->order, err);
    return firn_row_order_by_curve(
        w->schema, w->strategy == FIRN_REWRITE_ZORDER ? FIRN_CURVE_Z : FIRN_CURVE_HILBERT,
        w->columns, w->n_columns, arena, &s->order, err);
}

/* What a row takes while it is sorted, roughly: parts that come out too large are spread. */
static int64_t guess_row_bytes(const firn_group_run *r)
{
    const firn_type *root = &r->w->schema->root;
    int64_t fixed = K_ROW_BASE;
    for (size_t i = 0; i < root->n_fields; i++)
        fixed += (int64_t)firn_column_width(root->fields[i].type);
    const int64_t stored = K_UNPACKED * (r->group->n_bytes / (r->group->n_rows + 1));
    return stored > fixed ? stored : fixed;
}

/* The writers get what they need, the sorter the rest, but half at least. */
static void divide_memory(sorting *s, int64_t row_bytes)
{
    const firn_group_run *r = s->run;
    const int64_t all = r->w->memory_bytes;
    const int64_t rows = r->group->n_rows / (int64_t)s->n_files + 1;
    const int64_t file = rows < K_WRITER_MAX / row_bytes ? 2 * rows * row_bytes : K_WRITER_MAX;
    const int64_t writer = K_WRITER_BASE + (file < K_WRITER_MAX ? file : K_WRITER_MAX);
    const int64_t n_fitting = all / 2 / writer;
    s->n_lanes = firn_group_run__lanes(r);
    if (s->n_lanes > s->n_files) s->n_lanes = s->n_files;
    if ((int64_t)s->n_lanes > n_fitting) s->n_lanes = n_fitting > 1 ? (size_t)n_fitting : 1;
    const int64_t rest = all - (int64_t)s->n_lanes * writer;
    s->sorter_bytes = rest > all / 2 ? rest : all / 2;
}

static void plan_parts(sorting *s)
{
    const firn_group_run *r = s->run;
    const int64_t row_bytes = guess_row_bytes(r);
    s->n_files = r->group->is_one_partition ? (size_t)r->group->n_outputs : 1;
    divide_memory(s, row_bytes);
    const int64_t share =
        s->sorter_bytes / (K_PART_SHARE * (int64_t)firn_group_run__lanes(r)) / row_bytes;
    const int64_t most = share < K_PART_ROWS ? share : K_PART_ROWS;
    const int64_t part_rows = most > K_MIN_ROWS ? most : K_MIN_ROWS;
    const int64_t file_rows = r->group->n_rows / (int64_t)s->n_files;
    size_t n = (size_t)((file_rows + part_rows - 1) / part_rows);
    if (n > K_MAX_PARTS / s->n_files) n = K_MAX_PARTS / s->n_files;
    s->n_parts = s->n_files * (n > 0 ? n : 1);
}

/* ---- read ---- */

static firn_status sort_batch(void *ctx, size_t lane, const firn_scan_task *task,
                              const firn_batch *batch, firn_error *err)
{
    const sorting *s = ctx;
    const size_t n = s->run->w->schema->root.n_fields;
    const firn_batch rows = {.n_rows = batch->n_rows, .n_columns = n, .columns = batch->columns};
    const int64_t *positions = batch->columns[n].values;
    return firn_row_sorter_append(s->sorter, lane, &rows,
                                  firn_group_row_number(s->run, task, positions[0]), err);
}

static firn_status read_rows(sorting *s, firn_error *err)
{
    const firn_group_run *r = s->run;
    const firn_group_input input = {.tasks = r->group->tasks,
                                    .n_tasks = r->group->n_tasks,
                                    .root = &r->w->schema->root,
                                    .n_lanes = firn_group_run__lanes(r)};
    FIRN_TRY(firn_group_run__read(s->run, &input, sort_batch, s, err));
    return firn_row_sorter_finish(s->sorter, err);
}

/* ---- one writer ---- */

static firn_status write_in_turn(sorting *s, firn_error *err)
{
    const firn_batch *batch = NULL;
    firn_status st;
    while ((st = firn_row_sorter_next(s->sorter, &batch, err)) == FIRN_OK)
        FIRN_TRY(firn_group_run__write(s->run, batch, err));
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* ---- a writer for each file ---- */

static firn_status write_part(firn_group_run *r, firn_row_sorter *sorter, size_t i,
                              firn_batch *batch, firn_error *err)
{
    firn_part_rows part;
    firn_status st = firn_part_rows_open(&part, sorter, i, err);
    while (st == FIRN_OK && (st = firn_part_rows_next(&part, K_PART_ROWS, batch, err)) == FIRN_OK)
        st = firn_group_run__write(r, batch, err);
    firn_part_rows_close(&part);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static size_t n_written(const firn_group_run *r)
{
    return r->writer ? firn_table_writer_files(r->writer) : 0;
}

static firn_status write_file(const file_lanes *x, size_t lane, size_t i, firn_batch *batch,
                              firn_error *err)
{
    firn_group_run *r = &x->lanes[lane].run;
    x->files[i] = (written_file){.lane = lane, .from = n_written(r)};
    for (size_t k = x->first_part[i]; k < x->first_part[i + 1]; k++)
        FIRN_TRY(write_part(r, x->s->sorter, k, batch, err));
    if (r->writer) FIRN_TRY(firn_group_run__next_file(r, err));
    x->files[i].to = n_written(r);
    return FIRN_OK;
}

static firn_status write_next_files(file_lanes *x, size_t lane, firn_batch *batch, firn_error *err)
{
    firn_group_run *r = &x->lanes[lane].run;
    for (;;) {
        const size_t i = atomic_fetch_add(&x->next, 1);
        if (i >= x->s->n_files) return r->writer ? firn_group_run__close_writer(r, err) : FIRN_OK;
        FIRN_TRY(write_file(x, lane, i, batch, err));
    }
}

static firn_status write_lane(void *ctx, size_t lane, size_t thread, firn_error *err)
{
    file_lanes *x = ctx;
    file_lane *l = &x->lanes[lane];
    const firn_group_run *whole = x->s->run;
    firn_batch *batch = NULL;
    (void)thread;
    l->arena = firn_arena_create(whole->w->env->alloc, 0);
    if (!l->arena) return firn_fail_nomem(err);
    l->run = (firn_group_run){.w = whole->w,
                              .group = whole->group,
                              .arena = l->arena,
                              .out = &l->out,
                              .rows_per_file = INT64_MAX};
    firn_status st = firn_batch_create(&whole->w->schema->root, FIRN_BATCH_ROWS, &batch, err);
    if (st == FIRN_OK) st = write_next_files(x, lane, batch, err);
    firn_batch_destroy(batch);
    firn_table_writer_destroy(l->run.writer);
    /* the others end with the file at hand */
    if (st != FIRN_OK) atomic_store(&x->next, x->s->n_files);
    return st;
}

static firn_status collect_file(firn_group_run *r, const firn_data_file *file, firn_error *err)
{
    firn_data_file copy;
    FIRN_TRY(firn_data_file_copy(file, r->arena, &copy, err));
    firn_data_file *slot =
        firn_arena_push(r->arena, &r->out->files, &r->out->n_files, &r->cap_files, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = copy;
    return FIRN_OK;
}

/* All files to the run's output, in their order. */
static firn_status collect(const file_lanes *x, firn_error *err)
{
    for (size_t i = 0; i < x->s->n_files; i++) {
        const written_file *f = &x->files[i];
        for (size_t k = f->from; k < f->to; k++)
            FIRN_TRY(collect_file(x->s->run, &x->lanes[f->lane].out.files[k], err));
    }
    return FIRN_OK;
}

/* Files of lanes that came to their end, when there is no output. */
static void remove_all(const file_lanes *x)
{
    const firn_group_writer *w = x->s->run->w;
    for (size_t i = 0; i < x->s->n_lanes; i++)
        firn_data_files_remove(w->env, w->store, x->lanes[i].out.files, x->lanes[i].out.n_files);
}

/* Where each file's parts begin: parts stand in order, and each belongs to one that was asked for.
 */
static void find_parts(const file_lanes *x)
{
    const sorting *s = x->s;
    const size_t n = firn_row_sorter_parts(s->sorter);
    const size_t n_origins = n > 0 ? firn_row_sorter_origin(s->sorter, n - 1) + 1 : 1;
    size_t part = 0;
    for (size_t i = 0; i < s->n_files; i++) {
        x->first_part[i] = part;
        while (part < n && firn_row_sorter_origin(s->sorter, part) * s->n_files / n_origins <= i)
            part++;
    }
    x->first_part[s->n_files] = n;
}

static firn_status write_files(sorting *s, firn_error *err)
{
    firn_arena *arena = s->run->scratch;
    file_lanes x = {.s = s};
    atomic_init(&x.next, 0);
    x.lanes = firn_arena_array(arena, s->n_lanes, sizeof *x.lanes);
    x.files = firn_arena_array(arena, s->n_files, sizeof *x.files);
    x.first_part = firn_arena_array(arena, s->n_files + 1, sizeof *x.first_part);
    if (!x.lanes || !x.files || !x.first_part) return firn_fail_nomem(err);
    find_parts(&x);
    firn_status st = firn_pool_run(firn_env_pool(s->run->w->env), s->n_lanes, write_lane, &x, err);
    if (st == FIRN_OK) st = collect(&x, err);
    if (st != FIRN_OK) {
        remove_all(&x);
        s->run->out->n_files = 0;
    }
    for (size_t i = 0; i < s->n_lanes; i++) firn_arena_destroy(x.lanes[i].arena);
    return st;
}

/* ---- all ---- */

static firn_status sort_rows(sorting *s, firn_error *err)
{
    const firn_group_writer *w = s->run->w;
    plan_parts(s);
    const firn_row_sorter_opts opts = {.schema = w->schema,
                                       .order = s->order,
                                       .memory_bytes = s->sorter_bytes,
                                       .n_lanes = firn_group_run__lanes(s->run),
                                       .samples = &s->samples,
                                       .n_parts = s->n_parts};
    FIRN_TRY(firn_row_sorter_create(w->env, w->store, w->metadata, &opts, &s->sorter, err));
    firn_key_samples_dispose(&s->samples); /* the rows will need the memory */
    FIRN_TRY(read_rows(s, err));
    return s->n_lanes > 1 ? write_files(s, err) : write_in_turn(s, err);
}

firn_status firn_group_run__sort(firn_group_run *r, firn_error *err)
{
    sorting s = {.run = r};
    FIRN_TRY(make_order(&s, err));
    firn_status st = firn_sort_samples_read(r, s.order, &s.samples, err);
    if (st == FIRN_OK) st = sort_rows(&s, err);
    firn_row_sorter_destroy(s.sorter);
    firn_key_samples_dispose(&s.samples);
    return st;
}
