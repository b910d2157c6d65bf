/* SPDX-License-Identifier: Apache-2.0 */
/* Handing out units (row groups) to readers on several threads.
 *
 * All state below the lock. A reader first looks for an open file with units left; if there is
 * none it takes the next file and opens it outside the lock. While somebody is opening a file the
 * others wait when no unit is left, because that file may hold work for them: without the wait a
 * table of one large file would be read by one thread.
 *
 * Tasks come from a plan, or a batch at a time from a stream: one reader at a time asks it for
 * more, outside the lock as well.
 *
 * A file is closed when its last unit is released, a batch freed when the last unit of its tasks
 * is. Not here: decoding (scan_reader.c). */
#include "iceberg/scan/scan_queue.h"

#include <inttypes.h>
#include <pthread.h>

#include "base/error.h"

/* A plan's tasks, or a stream's batch. */
struct firn_scan_tasks {
    const firn_scan_task *items;
    size_t n, next;
    size_t n_users;                   /* files open, units out */
    firn_task_batch *batch;           /* NULL: a plan's; holds this, too */
    const firn_data_file *unreadable; /* the first of a format that cannot be read; NULL: none */
};

struct firn_scan_file {
    const firn_scan_task *task;
    firn_scan_tasks *tasks;
    firn_arena *arena;  /* the byte source, the deletes */
    firn_row_file rows; /* closed: only the deletes are needed */
    const firn_file_deletes *deletes, *only;
    size_t next_unit;
    int64_t next_row;
    size_t n_users; /* units out */
    firn_scan_file *next;
};

struct firn_scan_queue {
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    firn_scan_tasks plan;
    firn_scan_tasks *tasks;   /* the ones to take from; NULL: none yet */
    firn_plan_stream *stream; /* NULL: of a plan */
    bool is_planning;         /* somebody waits for the stream */
    bool is_planned;          /* it has no more */
    firn_scan_stats stats;    /* of the stream, copied while nobody plans */
    const firn_name_mapping *mapping;
    const firn_scan_test *tests;
    size_t n_tests;
    firn_row_deletes *deletes;  /* NULL: no delete file applies to anything in the plan */
    firn_row_deletes *only;     /* NULL: all rows of all files are wanted */
    firn_scan_task *only_tasks; /* the tasks with what is wanted as their deletes */
    int64_t rows_total;
    atomic_int_least64_t rows_done;
    atomic_int_least64_t row_groups, row_groups_skipped, pages, pages_skipped, bytes_read,
        files_counted;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t n_opening;
    firn_scan_file *open; /* files with units left, oldest first */
};

static const firn_data_file *find_unreadable(const firn_scan_task *tasks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const firn_data_file *file = tasks[i].file;
        if (firn_row_format_check(file->format, file->path, NULL) != FIRN_OK) return file;
    }
    return NULL;
}

static firn_status parse_mapping(firn_scan_queue *queue, const firn_table_metadata *metadata,
                                 firn_error *err)
{
    const firn_str json =
        firn_properties_get(&metadata->properties, FIRN_NAME_MAPPING_PROPERTY, FIRN_STR(""));
    if (json.len == 0) return FIRN_OK;
    return firn_name_mapping_parse(json, queue->arena, &queue->mapping, err);
}

/* What is wanted is read like deletes, but apart from them: of equality deletes, those that share
 * columns and partition are one set. */
static firn_status create_only(firn_scan_queue *queue, const firn_delete_source *source,
                               const firn_scan_plan *plan, firn_error *err)
{
    queue->only_tasks = firn_arena_array(queue->arena, plan->n_tasks, sizeof *queue->only_tasks);
    if (!queue->only_tasks) return firn_fail_nomem(err);
    for (size_t i = 0; i < plan->n_tasks; i++) {
        queue->only_tasks[i] = plan->tasks[i];
        queue->only_tasks[i].deletes = plan->tasks[i].only;
        queue->only_tasks[i].n_deletes = plan->tasks[i].n_only;
    }
    const firn_scan_plan only = {.tasks = queue->only_tasks, .n_tasks = plan->n_tasks};
    return firn_row_deletes_create(source, &only, &queue->only, err);
}

static void close_file(firn_scan_file *file)
{
    if (!file) return;
    firn_row_file_close(&file->rows);
    firn_arena_destroy(file->arena); /* holds file itself */
}

/* Under the lock. */
static void drop_tasks(const firn_scan_queue *queue, firn_scan_tasks *tasks)
{
    tasks->n_users--;
    if (tasks->n_users == 0 && tasks != queue->tasks && tasks->batch)
        firn_task_batch_destroy(tasks->batch); /* holds tasks */
}

void firn_scan_queue_destroy(firn_scan_queue *queue)
{
    if (!queue) return;
    while (queue->open) {
        firn_scan_file *file = queue->open;
        queue->open = file->next;
        drop_tasks(queue, file->tasks);
        close_file(file);
    }
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    firn_row_deletes_destroy(queue->deletes);
    firn_row_deletes_destroy(queue->only);
    if (queue->tasks && queue->tasks->batch) firn_task_batch_destroy(queue->tasks->batch);
    firn_plan_stream_close(queue->stream);
    firn_arena_destroy(queue->arena);
}

static firn_status create_queue(const firn_delete_source *source, firn_scan_queue **out,
                                firn_error *err)
{
    firn_arena *arena = firn_arena_create(source->env->alloc, 0);
    firn_scan_queue *queue = arena ? firn_arena_alloc_zero(arena, sizeof *queue) : NULL;
    *out = NULL;
    if (!queue) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    queue->env = source->env;
    queue->store = source->store;
    queue->arena = arena;
    atomic_init(&queue->rows_done, 0);
    pthread_mutex_init(&queue->lock, NULL); /* cannot fail with default attributes on Linux */
    pthread_cond_init(&queue->changed, NULL);
    *out = queue;
    const firn_status st = parse_mapping(queue, source->metadata, err);
    if (st == FIRN_OK) return FIRN_OK;
    firn_scan_queue_destroy(queue);
    *out = NULL;
    return st;
}

firn_status firn_scan_queue_create(firn_env *env, firn_store *store,
                                   const firn_table_metadata *metadata, const firn_scan_plan *plan,
                                   firn_scan_queue **out, firn_error *err)
{
    const firn_delete_source source = {env, store, metadata};
    bool has_deletes = false;
    bool has_only = false;
    *out = NULL;
    FIRN_TRY(create_queue(&source, out, err));
    firn_scan_queue *queue = *out;
    queue->plan = (firn_scan_tasks){.items = plan->tasks,
                                    .n = plan->n_tasks,
                                    .unreadable = find_unreadable(plan->tasks, plan->n_tasks)};
    queue->tasks = &queue->plan;
    for (size_t i = 0; i < plan->n_tasks; i++) {
        const firn_scan_task *task = &plan->tasks[i];
        queue->rows_total += task->file->record_count;
        has_deletes = has_deletes || task->n_deletes > 0;
        has_only = has_only || task->n_only > 0;
    }
    firn_status st = FIRN_OK;
    if (has_deletes) st = firn_row_deletes_create(&source, plan, &queue->deletes, err);
    if (st == FIRN_OK && has_only) st = create_only(queue, &source, plan, err);
    if (st == FIRN_OK) return FIRN_OK;
    firn_scan_queue_destroy(queue);
    *out = NULL;
    return st;
}

firn_status firn_scan_queue_stream(firn_env *env, firn_store *store,
                                   const firn_table_metadata *metadata, firn_plan_stream *stream,
                                   firn_scan_queue **out, firn_error *err)
{
    const firn_delete_source source = {env, store, metadata};
    const firn_delete_index *index = firn_plan_stream_deletes(stream);
    firn_status st = create_queue(&source, out, err);
    if (st != FIRN_OK) {
        firn_plan_stream_close(stream);
        return st;
    }
    firn_scan_queue *queue = *out;
    queue->stream = stream;
    queue->stats = *firn_plan_stream_stats(stream);
    queue->rows_total = queue->stats.rows_total;
    if (index) st = firn_row_deletes_create_for(&source, index, &queue->deletes, err);
    if (st == FIRN_OK) return FIRN_OK;
    firn_scan_queue_destroy(queue);
    *out = NULL;
    return st;
}

void firn_scan_queue_progress(const firn_scan_queue *queue, int64_t *rows_done, int64_t *rows_total)
{
    if (rows_done) *rows_done = atomic_load(&queue->rows_done);
    if (rows_total) *rows_total = queue->rows_total;
}

firn_scan_stats firn_scan_queue_stats(firn_scan_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    const firn_scan_stats stats = queue->stats;
    pthread_mutex_unlock(&queue->lock);
    return stats;
}

firn_scan_work firn_scan_queue_work(const firn_scan_queue *queue)
{
    return (firn_scan_work){.row_groups = atomic_load(&queue->row_groups),
                            .row_groups_skipped = atomic_load(&queue->row_groups_skipped),
                            .pages = atomic_load(&queue->pages),
                            .pages_skipped = atomic_load(&queue->pages_skipped),
                            .bytes_read = atomic_load(&queue->bytes_read),
                            .files_counted = atomic_load(&queue->files_counted)};
}

static void add_to(atomic_int_least64_t *counter, int64_t n)
{
    (void)atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void firn_scan_queue_count_unit(firn_scan_queue *queue, bool is_skipped)
{
    add_to(is_skipped ? &queue->row_groups_skipped : &queue->row_groups, 1);
}

void firn_scan_queue_count_pages(firn_scan_queue *queue, int64_t n_read, int64_t n_skipped)
{
    add_to(&queue->pages, n_read);
    add_to(&queue->pages_skipped, n_skipped);
}

const firn_name_mapping *firn_scan_queue_mapping(const firn_scan_queue *queue)
{
    return queue->mapping;
}

bool firn_scan_queue_by_value(const firn_scan_queue *queue)
{
    return (queue->deletes && firn_row_deletes_by_value(queue->deletes)) ||
           (queue->only && firn_row_deletes_by_value(queue->only));
}

size_t firn_scan_queue_max_compared(const firn_scan_queue *queue)
{
    return (queue->deletes ? firn_row_deletes_max_columns(queue->deletes) : 0) +
           (queue->only ? firn_row_deletes_max_columns(queue->only) : 0);
}

void firn_scan_queue_want(firn_scan_queue *queue, const firn_scan_test *tests, size_t n)
{
    queue->tests = tests;
    queue->n_tests = n;
}

const firn_scan_test *firn_scan_queue_tests(const firn_scan_queue *queue, size_t *n_out)
{
    *n_out = queue->n_tests;
    return queue->tests;
}

firn_env *firn_scan_queue_env(const firn_scan_queue *queue)
{
    return queue->env;
}

firn_status firn_scan_task_wrap(firn_error *err, firn_status st, const firn_scan_task *task)
{
    return firn_error_wrap(err, st, "%s file %.*s",
                           task->file->content == FIRN_CONTENT_DATA ? "data" : "delete",
                           FIRN_STR_ARG(task->file->path));
}

/* A file's bytes, counted. */
typedef struct counted_source {
    firn_byte_source inner;
    firn_scan_queue *queue;
} counted_source;

static firn_status read_counted(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const counted_source *source = ctx;
    add_to(&source->queue->bytes_read, (int64_t)n);
    return source->inner.read_at(source->inner.ctx, offset, out, n, err);
}

static firn_status open_in(firn_scan_queue *queue, firn_scan_file *file, firn_error *err)
{
    counted_source *counted = firn_arena_alloc_zero(file->arena, sizeof *counted);
    if (!counted) return firn_fail_nomem(err);
    counted->queue = queue;
    FIRN_TRY(firn_byte_source_open(queue->store, file->task->file->path, file->arena,
                                   &counted->inner, err));
    const firn_byte_source source = {.ctx = counted,
                                     .size_bytes = counted->inner.size_bytes,
                                     .read_at = read_counted,
                                     .read_bytes = counted->inner.read_bytes,
                                     .pages = queue->env->page_cache,
                                     .path = file->task->file->path};
    return firn_row_file_open(&source, file->task->file->format, file->arena, &file->rows, err);
}

/* Only what is wanted: rows, deletes or both. */
static firn_status open_file(firn_scan_queue *queue, const firn_scan_task *task, bool with_rows,
                             firn_scan_file **out, firn_error *err)
{
    firn_arena *arena = firn_arena_create(queue->env->alloc, 0);
    firn_scan_file *file = arena ? firn_arena_alloc_zero(arena, sizeof *file) : NULL;
    if (!file) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    file->arena = arena;
    file->task = task;
    firn_status st = with_rows ? open_in(queue, file, err) : FIRN_OK;
    if (st == FIRN_OK && task->n_deletes > 0)
        st = firn_row_deletes_load(queue->deletes, task, file->arena, &file->deletes, err);
    if (st == FIRN_OK && task->n_only > 0)
        st = firn_row_deletes_load(queue->only, &queue->only_tasks[task - queue->plan.items],
                                   file->arena, &file->only, err);
    if (st != FIRN_OK) {
        close_file(file);
        return firn_scan_task_wrap(err, st, task);
    }
    *out = file;
    return FIRN_OK;
}

/* ---- tasks; all under the lock ---- */

static bool has_task(const firn_scan_queue *queue)
{
    return queue->tasks && queue->tasks->next < queue->tasks->n;
}

static bool can_plan(const firn_scan_queue *queue)
{
    return queue->stream && !queue->is_planned && !queue->is_planning;
}

static const firn_scan_task *take_task(firn_scan_queue *queue, firn_scan_tasks **tasks)
{
    *tasks = queue->tasks;
    queue->tasks->n_users++;
    return &queue->tasks->items[queue->tasks->next++];
}

/* What the stream has next. */
static firn_status ask_stream(const firn_scan_queue *queue, firn_scan_tasks **out, firn_error *err)
{
    firn_task_batch *batch = NULL;
    const firn_status st = firn_plan_stream_next(queue->stream, &batch, err);
    if (st != FIRN_OK) return st;
    firn_scan_tasks *tasks = firn_arena_alloc_zero(batch->arena, sizeof *tasks);
    if (!tasks) {
        firn_task_batch_destroy(batch);
        return firn_fail_nomem(err);
    }
    *tasks = (firn_scan_tasks){.items = batch->tasks,
                               .n = batch->n_tasks,
                               .batch = batch,
                               .unreadable = find_unreadable(batch->tasks, batch->n_tasks)};
    *out = tasks;
    return FIRN_OK;
}

/* Lets go of the lock while the stream reads manifests. */
static firn_status plan_more(firn_scan_queue *queue, firn_error *err)
{
    firn_scan_tasks *tasks = NULL;
    queue->is_planning = true;
    pthread_mutex_unlock(&queue->lock);
    const firn_status st = ask_stream(queue, &tasks, err);
    pthread_mutex_lock(&queue->lock);
    queue->is_planning = false;
    queue->is_planned = st != FIRN_OK;
    queue->stats = *firn_plan_stream_stats(queue->stream);
    if (tasks) {
        firn_scan_tasks *old = queue->tasks;
        queue->tasks = tasks;
        if (old && old->n_users == 0) firn_task_batch_destroy(old->batch);
    }
    pthread_cond_broadcast(&queue->changed);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* ---- units ---- */

/* Under the lock: the next unit of the oldest open file. */
static bool take_unit(firn_scan_queue *queue, firn_scan_unit *out)
{
    firn_scan_file *file = queue->open;
    if (!file) return false;
    *out = (firn_scan_unit){
        .task = file->task,
        .tasks = file->tasks,
        .file = file,
        .rows = &file->rows,
        .deletes = file->deletes,
        .only = file->only,
        .index = file->next_unit,
        .first_row = file->next_row,
        .n_rows = firn_row_file_unit_rows(&file->rows, file->next_unit),
    };
    file->next_row += out->n_rows;
    file->next_unit++;
    file->n_users++;
    file->tasks->n_users++;
    if (file->next_unit == file->rows.n_units) queue->open = file->next;
    atomic_fetch_add(&queue->rows_done, out->n_rows);
    return true;
}

/* Under the lock. */
static void publish(firn_scan_queue *queue, firn_scan_file *file)
{
    firn_scan_file **end = &queue->open;
    while (*end) end = &(*end)->next;
    *end = file;
}

/* Under the lock, which is let go while the file is opened. An open file holds its tasks, and so
 * does each unit. */
static firn_status open_next(firn_scan_queue *queue, firn_error *err)
{
    const firn_data_file *unreadable = queue->tasks->unreadable;
    firn_scan_file *file = NULL;
    firn_scan_tasks *tasks = NULL;

    /* Before the first row is given, not when the file's turn comes. */
    if (unreadable) return firn_row_format_check(unreadable->format, unreadable->path, err);
    const firn_scan_task *task = take_task(queue, &tasks);
    queue->n_opening++;
    pthread_mutex_unlock(&queue->lock);
    const firn_status st = open_file(queue, task, true, &file, err);
    if (st == FIRN_OK && file->rows.n_units == 0) {
        close_file(file);
        file = NULL;
    }
    pthread_mutex_lock(&queue->lock);
    queue->n_opening--;
    if (file) {
        file->tasks = tasks;
        publish(queue, file);
    } else {
        drop_tasks(queue, tasks);
    }
    pthread_cond_broadcast(&queue->changed);
    return st;
}

firn_status firn_scan_queue_next_unit(firn_scan_queue *queue, firn_scan_unit *out, firn_error *err)
{
    firn_status st = firn_env_check_cancel(queue->env, err);
    if (st != FIRN_OK) return st;
    pthread_mutex_lock(&queue->lock);
    while (st == FIRN_OK && !take_unit(queue, out)) {
        if (has_task(queue))
            st = open_next(queue, err);
        else if (can_plan(queue))
            st = plan_more(queue, err);
        else if (queue->n_opening > 0 || queue->is_planning)
            pthread_cond_wait(&queue->changed, &queue->lock);
        else
            st = FIRN_DONE;
    }
    pthread_mutex_unlock(&queue->lock);
    return st;
}

static firn_status next_task(firn_scan_queue *queue, firn_scan_unit *out, firn_error *err)
{
    firn_status st = FIRN_OK;
    pthread_mutex_lock(&queue->lock);
    while (st == FIRN_OK && !has_task(queue)) {
        if (can_plan(queue))
            st = plan_more(queue, err);
        else if (queue->is_planning)
            pthread_cond_wait(&queue->changed, &queue->lock);
        else
            st = FIRN_DONE;
    }
    *out = (firn_scan_unit){0};
    if (st == FIRN_OK) out->task = take_task(queue, &out->tasks);
    pthread_mutex_unlock(&queue->lock);
    return st;
}

firn_status firn_scan_queue_next_file(firn_scan_queue *queue, firn_scan_unit *out, firn_error *err)
{
    FIRN_TRY(firn_env_check_cancel(queue->env, err));
    const firn_status found = next_task(queue, out, err);
    if (found != FIRN_OK) return found;
    const firn_scan_task *task = out->task;
    out->n_rows = task->file->record_count;
    atomic_fetch_add(&queue->rows_done, out->n_rows);
    add_to(&queue->files_counted, 1);
    if (task->n_deletes == 0 && task->n_only == 0) return FIRN_OK;
    const firn_status st = open_file(queue, task, false, &out->file, err);
    if (st != FIRN_OK) {
        firn_scan_queue_release(queue, out);
        return st;
    }
    out->file->n_users = 1;
    out->deletes = out->file->deletes;
    out->only = out->file->only;
    return FIRN_OK;
}

void firn_scan_queue_release(firn_scan_queue *queue, firn_scan_unit *unit)
{
    firn_scan_file *file = unit->file;
    firn_scan_tasks *tasks = unit->tasks;
    *unit = (firn_scan_unit){0};
    if (!tasks) return;
    pthread_mutex_lock(&queue->lock);
    if (file) file->n_users--;
    const bool is_last = file && file->n_users == 0 && file->next_unit == file->rows.n_units;
    if (is_last && file->tasks) drop_tasks(queue, tasks); /* the file's hold */
    drop_tasks(queue, tasks);
    pthread_mutex_unlock(&queue->lock);
    if (is_last) close_file(file);
}
