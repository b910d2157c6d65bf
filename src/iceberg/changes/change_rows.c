/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/changes/change_rows.h"

#include "base/error.h"
#include "iceberg/scan/read.h"

struct firn_change_rows {
    const firn_change_source *source;
    const firn_change_step *steps;
    size_t n_steps;
    const firn_type *columns;
    size_t next;            /* half a step: what is gone, then what is new */
    firn_scan_queue *queue; /* of the half before next */
    firn_scan_reader *reader;
    firn_batch *batch;
    uint64_t n_rows; /* given so far */
};

static void count_work(firn_change_tally *tally, firn_scan_work work)
{
    tally->work.row_groups += work.row_groups;
    tally->work.row_groups_skipped += work.row_groups_skipped;
    tally->work.pages += work.pages;
    tally->work.pages_skipped += work.pages_skipped;
    tally->work.bytes_read += work.bytes_read;
}

static void close_half(firn_change_rows *rows)
{
    firn_scan_reader_close(rows->reader);
    if (rows->queue) count_work(rows->source->tally, firn_scan_queue_work(rows->queue));
    firn_scan_queue_destroy(rows->queue);
    rows->reader = NULL;
    rows->queue = NULL;
}

/* FIRN_DONE when no half is left. */
static firn_status open_half(firn_change_rows *rows, firn_error *err)
{
    const firn_scan_plan *plan = NULL;
    close_half(rows);
    while (!plan || plan->n_tasks == 0) {
        if (rows->next == 2 * rows->n_steps) return FIRN_DONE;
        const firn_change_step *step = &rows->steps[rows->next / 2];
        plan = rows->next % 2 == 0 ? &step->gone : &step->added;
        rows->next++;
    }
    FIRN_TRY(firn_scan_queue_create(rows->source->env, rows->source->store, rows->source->metadata,
                                    plan, &rows->queue, err));
    return firn_scan_reader_open(rows->queue, rows->columns, NULL, &rows->reader, err);
}

firn_status firn_change_rows_open(const firn_change_source *source, const firn_change_step *steps,
                                  size_t n_steps, const firn_type *columns, firn_change_rows **out,
                                  firn_error *err)
{
    const firn_allocator *alloc = source->env->alloc;
    firn_change_rows *rows = firn_mem_alloc_zero(alloc, sizeof *rows);
    *out = NULL;
    if (!rows) return firn_fail_nomem(err);
    rows->source = source;
    rows->steps = steps;
    rows->n_steps = n_steps;
    rows->columns = columns;
    const firn_status st = firn_batch_create(columns, FIRN_BATCH_ROWS, &rows->batch, err);
    if (st != FIRN_OK)
        firn_change_rows_close(rows);
    else
        *out = rows;
    return st;
}

void firn_change_rows_close(firn_change_rows *rows)
{
    if (!rows) return;
    close_half(rows);
    firn_batch_destroy(rows->batch);
    firn_mem_free(rows->source->env->alloc, rows);
}

firn_status firn_change_rows_next(firn_change_rows *rows, firn_batch **out,
                                  firn_change_place *place, firn_error *err)
{
    for (;;) {
        if (!rows->reader) FIRN_TRY(open_half(rows, err));
        firn_batch_reset(rows->batch);
        const firn_status st =
            firn_scan_reader_next(rows->reader, FIRN_BATCH_ROWS, rows->batch, NULL, err);
        if (st == FIRN_DONE) {
            close_half(rows);
            continue;
        }
        FIRN_TRY(st);
        if (rows->batch->n_rows == 0) continue;
        const size_t half = rows->next - 1;
        *place = (firn_change_place){half / 2, half % 2 == 1, rows->n_rows};
        rows->n_rows += (uint64_t)rows->batch->n_rows;
        *out = rows->batch;
        return FIRN_OK;
    }
}
