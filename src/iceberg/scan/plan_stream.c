/* SPDX-License-Identifier: Apache-2.0 */
/* Scan planning: delete manifests at once, then data manifests a window at a time, each window on
 * all threads with its results put in order. Not here: which manifests (manifest_feed.c), judging
 * entries (manifest_scan.c). */
#include "iceberg/scan/plan_stream.h"

#include <string.h>

#include "base/error.h"
#include "base/ids.h"
#include "base/str.h"
#include "iceberg/scan/image_scan.h"
#include "iceberg/scan/manifest_feed.h"
#include "iceberg/scan/manifest_parts.h"

/* Windows grow while they give fewer tasks than a quarter of this, and shrink above it: about 4 MB
 * of tasks are held at a time, and a selective filter still keeps all threads busy. */
#define TASKS_A_WINDOW     8192
#define WINDOW_MAX         ((size_t)4096)
#define MANIFESTS_A_THREAD 16 /* of an eager plan's first window */

struct firn_plan_stream {
    firn_manifest_scan_opts opts;
    const firn_table_metadata *metadata;
    firn_arena *arena; /* holds the stream itself */
    firn_manifest_feed feed;
    firn_scan_stats stats;
    size_t window; /* manifests to read next time */
};

static void destroy_arena(void *arena)
{
    firn_arena_destroy(arena);
}

/* ---- reading ---- */

typedef struct parallel_read {
    const firn_manifest_scan_opts *opts;
    const firn_manifest_list *list;
    firn_arena **results; /* one a worker, owned by the batch's arena */
    firn_arena **scratch;
} parallel_read;

static firn_status read_one(void *ctx, size_t item, size_t worker, firn_error *err)
{
    const parallel_read *read = ctx;
    return firn_manifest_scan_run(read->opts, &read->list->scans[item], read->scratch[worker],
                                  read->results[worker], err);
}

/* Parts of large manifests are made one image; whole manifests have theirs. */
static firn_status keep_one(void *ctx, size_t item, size_t worker, firn_error *err)
{
    const parallel_read *read = ctx;
    firn_manifest_scan *scan = &read->list->scans[item];
    (void)worker;
    (void)err;
    if (scan->part_index == 0 && scan->n_parts > 0 && scan->builder)
        firn_image_scan_keep(read->opts, scan, scan->n_parts);
    return FIRN_OK;
}

static firn_status make_arenas(parallel_read *read, size_t n, firn_arena *arena, firn_error *err)
{
    const firn_allocator *alloc = read->opts->env->alloc;
    read->results = firn_arena_array(arena, n, sizeof(firn_arena *));
    read->scratch = firn_arena_array(arena, n, sizeof(firn_arena *));
    if (!read->results || !read->scratch) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        firn_arena *results = firn_arena_create(alloc, 0);
        if (!results) return firn_fail_nomem(err);
        const firn_status st = firn_arena_defer(arena, destroy_arena, results, err);
        if (st != FIRN_OK) {
            firn_arena_destroy(results);
            return st;
        }
        read->results[i] = results;
        read->scratch[i] = firn_arena_create(alloc, 0);
        if (!read->scratch[i]) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

static firn_status read_scans(const firn_plan_stream *stream, firn_manifest_list *list,
                              firn_arena *arena, firn_arena *bytes_arena, firn_error *err)
{
    parallel_read read = {.opts = &stream->opts, .list = list};
    const bool is_small = list->n == 1 && !firn_manifest_is_large(list->scans[0].manifest);
    firn_pool *pool = is_small ? NULL : firn_env_pool(stream->opts.env);
    const size_t n = pool ? (size_t)firn_pool_threads(pool) : 1;
    FIRN_TRY(
        firn_manifests_split(&stream->opts, n, arena, bytes_arena, &list->scans, &list->n, err));
    firn_status st = make_arenas(&read, n, arena, err);
    if (st == FIRN_OK) st = firn_pool_run(pool, list->n, read_one, &read, err);
    if (st == FIRN_OK) st = firn_pool_run(pool, list->n, keep_one, &read, err);
    for (size_t i = 0; i < list->n; i++) firn_image_scan_drop(&stream->opts, &list->scans[i]);
    for (size_t i = 0; read.scratch && i < n; i++) firn_arena_destroy(read.scratch[i]);
    FIRN_TRY(st);
    return firn_manifest_parts_settle(list->scans, list->n, arena, err);
}

static firn_status read_manifests(const firn_plan_stream *stream, firn_manifest_list *list,
                                  firn_arena *arena, firn_error *err)
{
    if (list->n == 0) return FIRN_OK;
    firn_arena *bytes_arena = firn_arena_create(stream->opts.env->alloc, 0);
    if (!bytes_arena) return firn_fail_nomem(err);
    const firn_status st = read_scans(stream, list, arena, bytes_arena, err);
    firn_arena_destroy(bytes_arena);
    return st;
}

/* ---- deletes ---- */

/* Bounds of a data file say which values it cannot have: those of the compared columns are read as
 * well as those of the filter's. */
static firn_status want_metrics(firn_plan_stream *stream, const firn_data_file *file,
                                firn_error *err)
{
    firn_manifest_scan_opts *opts = &stream->opts;
    const size_t n_new = file->n_equality_ids;
    int32_t *ids = firn_arena_array(stream->arena, opts->n_metric_ids + n_new, sizeof *ids);
    size_t n = opts->n_metric_ids;
    if (!ids) return firn_fail_nomem(err);
    if (n > 0) memcpy(ids, opts->metric_ids, n * sizeof *ids);
    for (size_t i = 0; i < n_new; i++)
        if (!firn_ids_have(opts->metric_ids, opts->n_metric_ids, file->equality_ids[i]))
            ids[n++] = file->equality_ids[i];
    if (opts->columns == FIRN_MANIFEST_NO_METRICS) opts->columns = FIRN_MANIFEST_BOUNDS;
    if (n == opts->n_metric_ids) return FIRN_OK;
    firn_ids_sort(ids, n);
    opts->metric_ids = ids;
    opts->n_metric_ids = n;
    return FIRN_OK;
}

static firn_status index_delete(firn_plan_stream *stream, firn_delete_index *index,
                                const firn_manifest_scan *scan, const firn_manifest_entry *entry,
                                firn_error *err)
{
    const bool is_equality = entry->file.content == FIRN_CONTENT_EQUALITY_DELETES;
    if (is_equality)
        stream->stats.equality_delete_files++;
    else
        stream->stats.position_delete_files++;
    stream->stats.has_delete_files = true;
    if (is_equality) FIRN_TRY(want_metrics(stream, &entry->file, err));
    return firn_error_wrap(err, firn_delete_index_add(index, entry, scan->spec_filter->spec, err),
                           "manifest %.*s", FIRN_STR_ARG(scan->manifest->path));
}

/* Delete manifests come first: entries of data manifests are matched as they are read. */
static firn_status read_deletes(firn_plan_stream *stream, firn_error *err)
{
    firn_delete_index *index = NULL;
    firn_manifest_list *list = &stream->feed.deletes;
    FIRN_TRY(read_manifests(stream, list, stream->arena, err));
    FIRN_TRY(firn_delete_index_create(stream->metadata, stream->arena, &index, err));
    for (size_t i = 0; i < list->n; i++) {
        const firn_manifest_scan *scan = &list->scans[i];
        if (scan->part_index == 0) stream->stats.delete_manifests_read++;
        for (size_t j = 0; j < scan->n_deletes; j++)
            FIRN_TRY(index_delete(stream, index, scan, &scan->deletes[j], err));
    }
    firn_delete_index_finish(index);
    if (stream->stats.has_delete_files) stream->opts.deletes = index;
    return FIRN_OK;
}

/* ---- opening ---- */

static firn_status bind_filter(firn_plan_stream *stream, const firn_plan_opts *plan,
                               firn_error *err)
{
    firn_manifest_scan_opts *opts = &stream->opts;
    opts->schema = plan->schema ? plan->schema : firn_metadata_schema(stream->metadata);
    opts->with_metrics = plan->with_metrics;
    opts->for_rewrite = plan->for_rewrite;
    FIRN_TRY(firn_expr_bind(plan->filter, opts->schema, stream->arena, &opts->filter, err));
    opts->columns = plan->with_metrics                   ? FIRN_MANIFEST_ALL
                    : opts->filter->op == FIRN_EXPR_TRUE ? FIRN_MANIFEST_NO_METRICS
                                                         : FIRN_MANIFEST_BOUNDS;
    return firn_expr_field_ids(opts->filter, stream->arena, &opts->metric_ids, &opts->n_metric_ids,
                               err);
}

static firn_status start(firn_plan_stream *stream, const firn_plan_opts *plan, firn_error *err)
{
    FIRN_TRY(bind_filter(stream, plan, err));
    FIRN_TRY(firn_manifest_feed_init(&stream->feed, &stream->opts, stream->metadata, plan,
                                     stream->arena, &stream->stats, err));
    stream->window = plan->is_eager ? MANIFESTS_A_THREAD * (size_t)stream->opts.env->n_threads : 1;
    return read_deletes(stream, err);
}

firn_status firn_plan_stream_open(firn_env *env, firn_store *store,
                                  const firn_table_metadata *metadata, const firn_plan_opts *opts,
                                  firn_plan_stream **out, firn_error *err)
{
    const firn_plan_opts defaults = {0};
    firn_arena *arena = firn_arena_create(env->alloc, 0);
    firn_plan_stream *stream = arena ? firn_arena_alloc_zero(arena, sizeof *stream) : NULL;
    *out = NULL;
    if (!stream) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    stream->arena = arena;
    stream->metadata = metadata;
    stream->opts.env = env;
    stream->opts.store = store;
    const firn_status st = start(stream, opts ? opts : &defaults, err);
    if (st == FIRN_OK)
        *out = stream;
    else
        firn_plan_stream_close(stream);
    return st;
}

void firn_plan_stream_close(firn_plan_stream *stream)
{
    if (!stream) return;
    firn_manifest_feed_dispose(&stream->feed);
    firn_arena_destroy(stream->arena); /* holds stream itself */
}

const firn_scan_stats *firn_plan_stream_stats(const firn_plan_stream *stream)
{
    return &stream->stats;
}

const firn_delete_index *firn_plan_stream_deletes(const firn_plan_stream *stream)
{
    return stream->opts.deletes;
}

/* ---- windows ---- */

static void add_stats(firn_scan_stats *stats, const firn_manifest_scan *scan)
{
    const firn_manifest_file *manifest = scan->manifest;
    if (scan->part_index == 0) stats->manifests_read++;
    stats->bytes_total += scan->live_bytes;
    stats->files_seen += scan->n_live;
    stats->files_in_partition += scan->n_in_partition;
    if (manifest->added_files < 0 || manifest->existing_files < 0)
        stats->files_total += scan->n_live;
    for (size_t i = 0; i < scan->n_tasks; i++) {
        stats->files_matched++;
        stats->bytes_matched += scan->tasks[i].file->file_size_bytes;
        stats->rows_matched += scan->tasks[i].file->record_count;
    }
}

static firn_status collect(firn_plan_stream *stream, const firn_manifest_list *list,
                           firn_task_batch *batch, firn_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) n += list->scans[i].n_tasks;
    batch->tasks = firn_arena_array(batch->arena, n, sizeof *batch->tasks);
    if (!batch->tasks) return firn_fail_nomem(err);
    for (size_t i = 0; i < list->n; i++) {
        const firn_manifest_scan *scan = &list->scans[i];
        add_stats(&stream->stats, scan);
        if (scan->n_tasks > 0)
            memcpy(batch->tasks + batch->n_tasks, scan->tasks,
                   scan->n_tasks * sizeof *batch->tasks);
        batch->n_tasks += scan->n_tasks;
    }
    return FIRN_OK;
}

static void resize_window(firn_plan_stream *stream, size_t n_tasks)
{
    if (n_tasks <= TASKS_A_WINDOW / 4 && stream->window <= WINDOW_MAX / 2)
        stream->window *= 2;
    else if (n_tasks > TASKS_A_WINDOW && stream->window > 1)
        stream->window /= 2;
}

/* FIRN_DONE: no manifest is left. */
static firn_status read_window(firn_plan_stream *stream, firn_task_batch *batch, firn_error *err)
{
    firn_manifest_list list = {0};
    while (list.n < stream->window) {
        firn_manifest_scan scan;
        const firn_status st = firn_manifest_feed_next(&stream->feed, batch->arena, &scan, err);
        if (st == FIRN_DONE) break;
        FIRN_TRY(st);
        firn_manifest_scan *slot =
            firn_arena_push(batch->arena, &list.scans, &list.n, &list.cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = scan;
    }
    if (list.n == 0) return FIRN_DONE;
    FIRN_TRY(read_manifests(stream, &list, batch->arena, err));
    FIRN_TRY(collect(stream, &list, batch, err));
    resize_window(stream, batch->n_tasks);
    return FIRN_OK;
}

static firn_status create_batch(const firn_plan_stream *stream, firn_task_batch **out,
                                firn_error *err)
{
    firn_arena *arena = firn_arena_create(stream->opts.env->alloc, 0);
    firn_task_batch *batch = arena ? firn_arena_alloc_zero(arena, sizeof *batch) : NULL;
    if (!batch) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    batch->arena = arena;
    *out = batch;
    return FIRN_OK;
}

void firn_task_batch_destroy(firn_task_batch *batch)
{
    if (batch) firn_arena_destroy(batch->arena); /* holds batch itself */
}

firn_status firn_plan_stream_next(firn_plan_stream *stream, firn_task_batch **out, firn_error *err)
{
    *out = NULL;
    for (;;) {
        firn_task_batch *batch = NULL;
        FIRN_TRY(create_batch(stream, &batch, err));
        const firn_status st = read_window(stream, batch, err);
        if (st == FIRN_OK && batch->n_tasks > 0) {
            *out = batch;
            return FIRN_OK;
        }
        firn_task_batch_destroy(batch);
        if (st != FIRN_OK) return st;
    }
}

/* ---- all at once ---- */

static void close_stream(void *stream)
{
    firn_plan_stream_close(stream);
}

static void destroy_batch(void *batch)
{
    firn_task_batch_destroy(batch);
}

firn_status firn_scan_plan_files(firn_env *env, firn_store *store,
                                 const firn_table_metadata *metadata, const firn_plan_opts *opts,
                                 firn_arena *arena, firn_scan_plan *out, firn_error *err)
{
    firn_plan_stream *stream = NULL;
    firn_task_batch *batch = NULL;
    *out = (firn_scan_plan){0};
    FIRN_TRY(firn_plan_stream_open(env, store, metadata, opts, &stream, err));
    firn_status st = firn_arena_defer(arena, close_stream, stream, err);
    if (st != FIRN_OK) {
        firn_plan_stream_close(stream);
        return st;
    }
    stream->window = SIZE_MAX;
    st = firn_plan_stream_next(stream, &batch, err);
    if (st != FIRN_OK && st != FIRN_DONE) return st;
    out->stats = stream->stats;
    if (st == FIRN_DONE) return FIRN_OK;
    st = firn_arena_defer(arena, destroy_batch, batch, err);
    if (st != FIRN_OK) {
        firn_task_batch_destroy(batch);
        return st;
    }
    out->tasks = batch->tasks;
    out->n_tasks = batch->n_tasks;
    return FIRN_OK;
}
