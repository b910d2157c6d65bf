/* SPDX-License-Identifier: Apache-2.0 */
/* A group's rows, by one reader or by one on each thread. */
#include <stdatomic.h>

#include "base/error.h"
#include "iceberg/maintain/rewrite/group_run.h"

typedef struct reading {
    firn_env *env;
    firn_scan_queue *queue;
    firn_type projection;
    firn_group_batch_fn fn;
    void *ctx;
    atomic_bool is_over; /* a lane has failed: the others need not go on */
} reading;

static firn_status read_batches(const reading *x, size_t lane, firn_scan_reader *reader,
                                firn_batch *batch, firn_error *err)
{
    while (!atomic_load(&x->is_over)) {
        const firn_scan_task *task = NULL;
        for (size_t i = 0; i < batch->n_columns; i++) {
            batch->columns[i].values = NULL; /* the reader's own memory */
            batch->columns[i].validity = NULL;
        }
        const firn_status st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, batch, &task, err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        FIRN_TRY(firn_env_check_cancel(x->env, err));
        if (batch->n_rows > 0) FIRN_TRY(x->fn(x->ctx, lane, task, batch, err));
    }
    return FIRN_OK;
}

static firn_status read_in(const reading *x, size_t lane, firn_arena *arena, firn_error *err)
{
    const size_t n = x->projection.n_fields;
    firn_scan_reader *reader = NULL;
    firn_batch batch = {.n_columns = n};
    batch.columns = firn_arena_array(arena, n, sizeof *batch.columns);
    if (!batch.columns) return firn_fail_nomem(err);
    FIRN_TRY(firn_scan_reader_open(x->queue, &x->projection, firn_expr_true(), &reader, err));
    const firn_status st = read_batches(x, lane, reader, &batch, err);
    firn_scan_reader_close(reader);
    return st;
}

static firn_status read_lane(void *ctx, size_t lane, size_t thread, firn_error *err)
{
    reading *x = ctx;
    (void)thread;
    firn_arena *arena = firn_arena_create(x->env->alloc, 0);
    const firn_status st = arena ? read_in(x, lane, arena, err) : firn_fail_nomem(err);
    firn_arena_destroy(arena);
    if (st != FIRN_OK) atomic_store(&x->is_over, true);
    return st;
}

size_t firn_group_run__lanes(const firn_group_run *r)
{
    firn_pool *pool = firn_env_pool(r->w->env);
    return pool ? (size_t)firn_pool_threads(pool) : 1;
}

firn_status firn_group_run__read(firn_group_run *r, const firn_group_input *input,
                                 firn_group_batch_fn fn, void *ctx, firn_error *err)
{
    const size_t n = input->root->n_fields;
    const firn_scan_plan plan = {.tasks = input->tasks, .n_tasks = input->n_tasks};
    firn_field *fields = firn_arena_array(r->scratch, n + 1, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) fields[i] = input->root->fields[i];
    fields[n] = firn_field_pos;
    reading x = {.env = r->w->env,
                 .projection = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n + 1},
                 .fn = fn,
                 .ctx = ctx};
    atomic_init(&x.is_over, false);
    FIRN_TRY(firn_scan_queue_create(r->w->env, r->w->store, r->w->metadata, &plan, &x.queue, err));
    const firn_status st =
        firn_pool_run(input->n_lanes > 1 ? firn_env_pool(r->w->env) : NULL,
                      input->n_lanes > 1 ? input->n_lanes : 1, read_lane, &x, err);
    firn_scan_queue_destroy(x.queue);
    return st;
}
