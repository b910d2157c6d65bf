/* SPDX-License-Identifier: Apache-2.0 */
/* A group's rows in an order: sampled where the order is a curve through ranks, sorted, written. */
#include "base/error.h"
#include "iceberg/maintain/group_run.h"
#include "iceberg/maintain/row_sorter.h"

typedef struct sorting {
    firn_group_run *run;
    firn_row_order *order;
    firn_row_sorter *sorter;
} sorting;

static firn_status take_samples(void *ctx, const firn_scan_task *task, const firn_batch *batch,
                                firn_error *err)
{
    const sorting *s = ctx;
    const int64_t stride = s->run->group->n_rows / FIRN_ORDER_SAMPLES + 1;
    (void)task;
    return firn_row_order_sample(s->order, batch, stride, err);
}

static firn_status sort_batch(void *ctx, const firn_scan_task *task, const firn_batch *batch,
                              firn_error *err)
{
    const sorting *s = ctx;
    const firn_batch rows = {.n_rows = batch->n_rows,
                             .n_columns = s->run->w->schema->root.n_fields,
                             .columns = batch->columns};
    (void)task;
    return firn_row_sorter_append(s->sorter, &rows, err);
}

static firn_status read_all(sorting *s, firn_group_batch_fn fn, firn_error *err)
{
    const firn_rewrite_group *group = s->run->group;
    return firn_group_run__read(s->run, group->tasks, group->n_tasks, &s->run->w->schema->root, fn,
                                s, err);
}

static firn_status make_order(sorting *s, firn_error *err)
{
    const firn_group_writer *w = s->run->w;
    firn_arena *arena = s->run->scratch;
    if (w->strategy == FIRN_REWRITE_SORT)
        return firn_row_order_by_fields(w->schema, w->sort_fields, w->n_sort_fields, arena,
                                        &s->order, err);
    FIRN_TRY(firn_row_order_by_curve(
        w->schema, w->strategy == FIRN_REWRITE_ZORDER ? FIRN_CURVE_Z : FIRN_CURVE_HILBERT,
        w->columns, w->n_columns, arena, &s->order, err));
    FIRN_TRY(read_all(s, take_samples, err));
    return firn_row_order_finish_samples(s->order, err);
}

static firn_status write_sorted(sorting *s, firn_error *err)
{
    const firn_batch *batch = NULL;
    firn_status st;
    FIRN_TRY(read_all(s, sort_batch, err));
    while ((st = firn_row_sorter_next(s->sorter, &batch, err)) == FIRN_OK)
        FIRN_TRY(firn_group_run__write(s->run, batch, err));
    return st == FIRN_DONE ? FIRN_OK : st;
}

firn_status firn_group_run__sort(firn_group_run *r, firn_error *err)
{
    sorting s = {.run = r};
    FIRN_TRY(make_order(&s, err));
    const firn_row_sorter_opts opts = {
        .schema = r->w->schema, .order = s.order, .memory_bytes = r->w->memory_bytes / 2};
    FIRN_TRY(firn_row_sorter_create(r->w->env, r->w->store, r->w->metadata, &opts, &s.sorter, err));
    const firn_status st = write_sorted(&s, err);
    firn_row_sorter_destroy(s.sorter);
    return st;
}
