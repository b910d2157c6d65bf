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

/* Only the columns that the order is about are read for samples. */
typedef struct sampling {
    const sorting *sorting;
    size_t *columns; /* of the schema, by column of what is read */
    size_t n;
    firn_batch batch; /* with the schema's columns */
} sampling;

static firn_status take_samples(void *ctx, const firn_scan_task *task, const firn_batch *batch,
                                firn_error *err)
{
    sampling *x = ctx;
    const int64_t stride = x->sorting->run->group->n_rows / FIRN_ORDER_SAMPLES + 1;
    (void)task;
    for (size_t i = 0; i < x->n; i++) x->batch.columns[x->columns[i]] = batch->columns[i];
    x->batch.n_rows = batch->n_rows;
    return firn_row_order_sample(x->sorting->order, &x->batch, stride, err);
}

static firn_status sample(const sorting *s, firn_error *err)
{
    firn_group_run *r = s->run;
    const firn_type *root = &r->w->schema->root;
    firn_field *fields = firn_arena_array(r->scratch, root->n_fields, sizeof *fields);
    sampling x = {.sorting = s};
    x.columns = firn_arena_array(r->scratch, root->n_fields, sizeof *x.columns);
    x.batch.columns = firn_arena_array(r->scratch, root->n_fields, sizeof *x.batch.columns);
    x.batch.n_columns = root->n_fields;
    if (!fields || !x.columns || !x.batch.columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < root->n_fields; i++) {
        if (!firn_row_order_uses(s->order, i)) continue;
        fields[x.n] = root->fields[i];
        x.columns[x.n++] = i;
    }
    const firn_type wanted = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = x.n};
    FIRN_TRY(firn_group_run__read(r, r->group->tasks, r->group->n_tasks, &wanted, take_samples, &x,
                                  err));
    return firn_row_order_finish_samples(s->order, err);
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
    return sample(s, err);
}

static firn_status write_sorted(sorting *s, firn_error *err)
{
    const firn_batch *batch = NULL;
    firn_status st;
    const firn_rewrite_group *group = s->run->group;
    FIRN_TRY(firn_group_run__read(s->run, group->tasks, group->n_tasks, &s->run->w->schema->root,
                                  sort_batch, s, err));
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
