/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/rewrite/rewrite_plan.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/map.h"

#define K_DEFAULT_TARGET ((int64_t)512 << 20)
#define K_DEFAULT_GROUP  ((int64_t)100 << 30)

/* ---- limits ---- */

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

static int64_t share(int64_t value, double part)
{
    return (int64_t)((double)value * part);
}

firn_status firn_rewrite_limits_of(const firn_table_metadata *metadata,
                                   const firn_file_rewrite_opts *opts, firn_rewrite_limits *out,
                                   firn_error *err)
{
    const int64_t target = firn_properties_get_i64(
        &metadata->properties, FIRN_STR("write.target-file-size-bytes"), K_DEFAULT_TARGET);
    *out = (firn_rewrite_limits){
        .target_bytes = or_default(opts->target_file_bytes, or_default(target, K_DEFAULT_TARGET)),
        .max_group_bytes = or_default(opts->max_group_bytes, K_DEFAULT_GROUP),
        .min_input_files = or_default(opts->min_input_files, 5),
        .delete_file_threshold = or_default(opts->delete_file_threshold, INT32_MAX),
        .delete_ratio_threshold =
            opts->delete_ratio_threshold > 0 ? opts->delete_ratio_threshold : 0.3,
        .max_files = or_default(opts->max_files, INT64_MAX),
        .max_total_bytes = or_default(opts->max_bytes, INT64_MAX),
        .rewrites_all = opts->rewrites_all,
    };
    out->min_bytes = or_default(opts->min_file_bytes, share(out->target_bytes, 0.75));
    out->max_bytes = or_default(opts->max_file_bytes, share(out->target_bytes, 1.8));
    if (out->target_bytes > out->min_bytes && out->target_bytes < out->max_bytes) return FIRN_OK;
    if (out->target_bytes <= 1) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG,
                     "target file size %lld is not between the least, %lld, and the greatest, %lld",
                     (long long)out->target_bytes, (long long)out->min_bytes,
                     (long long)out->max_bytes);
}

/* A last file too small to be worth it is spread over the others. */
int64_t firn_rewrite_n_outputs(const firn_rewrite_limits *limits, int64_t n_bytes)
{
    const int64_t n = n_bytes / limits->target_bytes;
    const int64_t rest = n_bytes % limits->target_bytes;
    if (n == 0) return 1;
    if (rest == 0) return n;
    if (rest > limits->min_bytes) return n + 1;
    const int64_t roomy = share(limits->target_bytes, 1.1);
    const int64_t most = limits->max_bytes < roomy ? limits->max_bytes : roomy;
    return n_bytes / n < most ? n : n + 1;
}

/* ---- which files ---- */

static bool has_many_deletes(const firn_rewrite_limits *limits, const firn_scan_task *task)
{
    int64_t n_deleted = 0;
    if ((int64_t)task->n_deletes >= limits->delete_file_threshold) return true;
    for (size_t i = 0; i < task->n_deletes; i++)
        if (firn_delete_referenced_path(&task->deletes[i]->file).len > 0)
            n_deleted += task->deletes[i]->file.record_count;
    return n_deleted > 0 &&
           (double)n_deleted >= limits->delete_ratio_threshold * (double)task->file->record_count;
}

static bool is_chosen(const firn_rewrite_limits *limits, const firn_scan_task *task)
{
    const int64_t size = task->file->file_size_bytes;
    return limits->rewrites_all || size < limits->min_bytes || size > limits->max_bytes ||
           has_many_deletes(limits, task);
}

/* ---- groups ---- */

typedef struct partition_files {
    firn_scan_task *tasks;
    size_t n, cap;
    bool is_one_partition;
} partition_files;

typedef struct planner {
    const firn_rewrite_limits *limits;
    firn_arena *arena;
    firn_map partitions; /* in the order of their first files */
    firn_rewrite_plan *out;
    size_t cap_groups;
    int64_t n_files, n_bytes; /* chosen so far */
} planner;

/* Rows of files of another spec may belong anywhere in the output spec. */
static firn_status add_file(planner *p, const firn_scan_task *task, int32_t output_spec_id,
                            firn_buf *key, firn_error *err)
{
    const firn_data_file *file = task->file;
    const bool is_same_spec = file->spec_id == output_spec_id;
    firn_buf_clear(key);
    if (is_same_spec)
        FIRN_TRY(firn_partition_key(file->spec_id, file->partition, file->n_partition, key, err));
    partition_files *files = firn_map_find(&p->partitions, firn_buf_view(key));
    if (!files) {
        const firn_str copy = firn_arena_copy(p->arena, firn_buf_view(key));
        files = firn_arena_alloc_zero(p->arena, sizeof *files);
        if (!files || !copy.data) return firn_fail_nomem(err);
        files->is_one_partition = is_same_spec;
        FIRN_TRY(firn_map_put(&p->partitions, copy, files, err));
    }
    firn_scan_task *slot =
        firn_arena_push(p->arena, &files->tasks, &files->n, &files->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *task;
    return FIRN_OK;
}

/* Is a group worth its work? */
static bool is_worth_it(const firn_rewrite_limits *limits, const firn_rewrite_group *group)
{
    if (limits->rewrites_all || group->n_bytes > limits->max_bytes) return true;
    if (group->n_tasks > 1 && ((int64_t)group->n_tasks >= limits->min_input_files ||
                               group->n_bytes > limits->target_bytes))
        return true;
    for (size_t i = 0; i < group->n_tasks; i++)
        if (has_many_deletes(limits, &group->tasks[i])) return true;
    return false;
}

/* What is beyond the run's limits waits for the next run. */
static void cut(planner *p, firn_rewrite_group *group)
{
    size_t n = 0;
    int64_t n_bytes = 0;
    int64_t n_rows = 0;
    while (n < group->n_tasks) {
        const firn_data_file *file = group->tasks[n].file;
        if (p->n_files >= p->limits->max_files) break;
        if (p->n_bytes > p->limits->max_total_bytes - file->file_size_bytes) break;
        p->n_files++;
        p->n_bytes += file->file_size_bytes;
        n_bytes += file->file_size_bytes;
        n_rows += file->record_count;
        n++;
    }
    group->n_tasks = n;
    group->n_bytes = n_bytes;
    group->n_rows = n_rows;
}

static firn_status give_group(planner *p, const firn_rewrite_group *group, firn_error *err)
{
    firn_rewrite_group copy = *group;
    if (copy.n_tasks == 0 || !is_worth_it(p->limits, &copy)) return FIRN_OK;
    cut(p, &copy);
    if (copy.n_tasks == 0) return FIRN_OK;
    copy.n_outputs = firn_rewrite_n_outputs(p->limits, copy.n_bytes);
    firn_rewrite_group *slot =
        firn_arena_push(p->arena, &p->out->groups, &p->out->n_groups, &p->cap_groups, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = copy;
    return FIRN_OK;
}

static firn_status pack(planner *p, const partition_files *files, firn_error *err)
{
    firn_rewrite_group group = {.tasks = files->tasks, .is_one_partition = files->is_one_partition};
    for (size_t i = 0; i < files->n; i++) {
        const firn_data_file *file = files->tasks[i].file;
        if (group.n_tasks > 0 &&
            group.n_bytes > p->limits->max_group_bytes - file->file_size_bytes) {
            FIRN_TRY(give_group(p, &group, err));
            group = (firn_rewrite_group){.tasks = &files->tasks[i],
                                         .is_one_partition = files->is_one_partition};
        }
        group.n_tasks++;
        group.n_bytes += file->file_size_bytes;
        group.n_rows += file->record_count;
    }
    return give_group(p, &group, err);
}

static firn_status choose(planner *p, int32_t output_spec_id, firn_error *err)
{
    firn_buf key;
    firn_status st = FIRN_OK;
    firn_buf_init(&key, NULL, 0);
    for (size_t i = 0; i < p->out->scan.n_tasks && st == FIRN_OK; i++)
        if (is_chosen(p->limits, &p->out->scan.tasks[i]))
            st = add_file(p, &p->out->scan.tasks[i], output_spec_id, &key, err);
    firn_buf_dispose(&key);
    for (size_t i = 0; i < p->partitions.n_entries && st == FIRN_OK; i++)
        st = pack(p, p->partitions.entries[i].value, err);
    return st;
}

firn_status firn_rewrite_plan_make(const firn_rewrite_scope *scope, firn_arena *arena,
                                   firn_rewrite_plan *out, firn_error *err)
{
    planner p = {.limits = scope->limits, .arena = arena, .out = out};
    const firn_plan_opts opts = {
        .snapshot_id = scope->snapshot_id, .filter = scope->filter, .for_rewrite = true};
    *out = (firn_rewrite_plan){0};
    if (scope->snapshot_id <= 0) return FIRN_OK;
    FIRN_TRY(firn_scan_plan_files(scope->env, scope->store, scope->metadata, &opts, arena,
                                  &out->scan, err));
    firn_map_init(&p.partitions, arena);
    return choose(&p, scope->output_spec_id, err);
}

/* ---- order of work ---- */

static int sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_bytes(const void *a, const void *b)
{
    return sign(((const firn_rewrite_group *)a)->n_bytes, ((const firn_rewrite_group *)b)->n_bytes);
}

static int by_files(const void *a, const void *b)
{
    return sign((int64_t)((const firn_rewrite_group *)a)->n_tasks,
                (int64_t)((const firn_rewrite_group *)b)->n_tasks);
}

static int by_bytes_down(const void *a, const void *b)
{
    return by_bytes(b, a);
}

static int by_files_down(const void *a, const void *b)
{
    return by_files(b, a);
}

void firn_rewrite_plan_order(firn_rewrite_plan *plan, firn_rewrite_job_order order)
{
    int (*compare)(const void *, const void *) = NULL;
    switch (order) {
    case FIRN_REWRITE_ORDER_NONE: break;
    case FIRN_REWRITE_BYTES_ASC: compare = by_bytes; break;
    case FIRN_REWRITE_BYTES_DESC: compare = by_bytes_down; break;
    case FIRN_REWRITE_FILES_ASC: compare = by_files; break;
    case FIRN_REWRITE_FILES_DESC: compare = by_files_down; break;
    }
    if (compare && plan->n_groups > 1)
        qsort(plan->groups, plan->n_groups, sizeof *plan->groups, compare);
}
