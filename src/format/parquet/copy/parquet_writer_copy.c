/* SPDX-License-Identifier: Apache-2.0 */
/* Row groups of other files into the row group at hand, column by column on all threads. Not here:
 * what happens to pages (parquet_column_copy.c). */
#include <stdlib.h>

#include "base/error.h"
#include "format/parquet/copy/parquet_copy_internal.h"
#include "format/parquet/write/parquet_writer_internal.h"

static bool is_to_decode(const firn_parquet_copy *copy, size_t leaf)
{
    return copy->chunks[leaf].way == FIRN_PQ_SOURCE_LEFT;
}

/* ---- where row groups end ---- */

static int64_t encoded_bytes(const firn_parquet_writer *w)
{
    int64_t n = 0;
    for (size_t i = 0; i < w->n_leaves; i++)
        n += (int64_t)firn_parquet_column_encoded(&w->columns[i]);
    return n;
}

/* How many of the copies go into the row group at hand; one at least. */
static size_t count_fitting(const firn_parquet_writer *w, firn_parquet_copy *const *copies,
                            size_t n)
{
    int64_t n_rows = w->n_pending + copies[0]->n_rows;
    int64_t n_bytes = encoded_bytes(w) + copies[0]->n_unpacked;
    size_t i = 1;
    if (copies[0]->is_lone) return 1;
    for (; i < n && !copies[i]->is_lone; i++) {
        n_rows += copies[i]->n_rows;
        n_bytes += copies[i]->n_unpacked;
        if (n_rows > w->group_rows || n_bytes > w->group_bytes) break;
    }
    return i;
}

static firn_status make_room(firn_parquet_writer *w, const firn_parquet_copy *next, firn_error *err)
{
    const bool is_fitting = !next->is_lone && next->n_rows <= w->group_rows - w->n_pending &&
                            next->n_unpacked <= w->group_bytes - encoded_bytes(w);
    return is_fitting ? FIRN_OK : firn_parquet_writer__end_group(w, err);
}

static firn_status end_if_full(firn_parquet_writer *w, firn_error *err)
{
    if (w->n_to_fill > 0) return FIRN_OK;
    if (!w->ends_group && !firn_parquet_writer__is_group_full(w)) return FIRN_OK;
    w->ends_group = false;
    return firn_parquet_writer__end_group(w, err);
}

/* ---- copy ---- */

typedef struct copying {
    firn_parquet_writer *writer;
    firn_parquet_copy *const *copies;
    size_t n;
} copying;

static firn_status copy_column(void *ctx, size_t item, size_t thread, firn_error *err)
{
    const copying *x = ctx;
    firn_parquet_writer *w = x->writer;
    const size_t i = w->copy_order[item].leaf;
    for (size_t k = 0; k < x->n; k++) {
        firn_parquet_copy *copy = x->copies[k];
        if (is_to_decode(copy, i)) continue;
        FIRN_TRY(
            firn_parquet_column_copy(&w->columns[i], &w->workspace->scratch[thread], copy, i, err));
    }
    return FIRN_OK;
}

static int by_work(const void *a, const void *b)
{
    const firn_parquet_work *x = a, *y = b;
    if (x->n_bytes != y->n_bytes) return x->n_bytes > y->n_bytes ? -1 : 1;
    return x->leaf < y->leaf ? -1 : 1;
}

/* The largest columns come first, so that no thread is left alone with one in the end. */
static void put_in_order(firn_parquet_writer *w, const firn_parquet_copy *copy)
{
    for (size_t i = 0; i < w->n_leaves; i++)
        w->copy_order[i] = (firn_parquet_work){copy->chunks[i].n_unpacked, i};
    qsort(w->copy_order, w->n_leaves, sizeof *w->copy_order, by_work);
}

static firn_status copy_some(firn_parquet_writer *w, firn_parquet_copy *const *copies, size_t n,
                             firn_error *err)
{
    copying x = {w, copies, n};
    const firn_parquet_copy *last = copies[n - 1];
    put_in_order(w, last);
    FIRN_TRY(firn_pool_run(w->workspace->pool, w->n_leaves, copy_column, &x, err));
    for (size_t i = 0; i < n; i++) {
        w->n_pending += copies[i]->n_rows;
        w->n_rows += copies[i]->n_rows;
    }
    w->ends_group = last->is_lone;
    if (last->n_decoded > 0) {
        w->n_to_fill = last->n_rows;
        for (size_t i = 0; i < w->n_leaves; i++) w->is_lacking[i] = is_to_decode(last, i);
    }
    return end_if_full(w, err);
}

static firn_status copy_all(firn_parquet_writer *w, firn_parquet_copy *const *copies, size_t n,
                            firn_error *err)
{
    if (!w->is_lacking) {
        w->copy_order = firn_arena_array(w->arena, w->n_leaves, sizeof *w->copy_order);
        w->is_lacking = firn_arena_array(w->arena, w->n_leaves, sizeof *w->is_lacking);
        if (!w->copy_order || !w->is_lacking) return firn_fail_nomem(err);
    }
    for (size_t at = 0; at < n;) {
        FIRN_TRY(make_room(w, copies[at], err));
        const size_t k = count_fitting(w, copies + at, n - at);
        FIRN_TRY(copy_some(w, copies + at, k, err));
        at += k;
    }
    return FIRN_OK;
}

firn_status firn_parquet_writer_copy(firn_parquet_writer *writer, firn_parquet_copy *const *copies,
                                     size_t n, firn_error *err)
{
    FIRN_TRY(firn_parquet_writer__check(writer, err));
    for (size_t i = 0; i < n; i++)
        if (copies[i]->n_chunks != writer->n_leaves || (copies[i]->n_decoded > 0 && i + 1 < n))
            return firn_fail(err, FIRN_ERR_ARG,
                             "row group %zu of %zu is of another writer or lacks columns", i, n);
    const firn_status st = copy_all(writer, copies, n, err);
    writer->is_failed = st != FIRN_OK;
    return st;
}

/* ---- fill ---- */

static firn_status fill(firn_parquet_writer *w, const firn_batch *batch, firn_error *err)
{
    int64_t most = FIRN_BATCH_ROWS;
    if (most > (int64_t)w->settings.page_rows) most = (int64_t)w->settings.page_rows;
    for (int64_t from = 0; from < batch->n_rows;) {
        const int64_t rest = batch->n_rows - from;
        const int64_t n = rest < most ? rest : most;
        FIRN_TRY(firn_parquet_writer__append_leaves(w, batch, from, n, w->is_lacking, err));
        from += n;
    }
    w->n_to_fill -= batch->n_rows;
    return end_if_full(w, err);
}

firn_status firn_parquet_writer_fill(firn_parquet_writer *writer, const firn_batch *batch,
                                     firn_error *err)
{
    if (writer->is_failed || batch->n_rows > writer->n_to_fill ||
        batch->n_columns != writer->root.n_fields)
        return firn_fail(err, FIRN_ERR_ARG,
                         "%lld rows of %zu columns, %lld rows of %zu columns are to come",
                         (long long)batch->n_rows, batch->n_columns, (long long)writer->n_to_fill,
                         writer->root.n_fields);
    const firn_status st = fill(writer, batch, err);
    writer->is_failed = st != FIRN_OK;
    return st;
}
