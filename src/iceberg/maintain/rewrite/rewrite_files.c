/* SPDX-License-Identifier: Apache-2.0 */
/* Compaction: plan once, write group after group, commit all at once or some at a time. */
#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/expr/expr_parse.h"
#include "iceberg/maintain/rewrite/dangling_deletes.h"
#include "iceberg/maintain/rewrite/rewrite_commit.h"

#define K_DEFAULT_COMMITS 10
#define K_LANE_BYTES      ((int64_t)192 << 20) /* of memory for groups written at the same time */

typedef struct rewrite_run {
    firn_table *table;
    firn_env *env;
    firn_store *store;
    const firn_file_rewrite_opts *opts;
    firn_arena *arena;
    firn_table_views views;
    const firn_table_metadata *metadata; /* that was planned on */
    const firn_expr *filter;
    firn_rewrite_limits limits;
    firn_rewrite_plan plan;
    firn_group_writer writer;
    firn_rewrite_commit commit;
    firn_rewritten *done; /* beside plan.groups */
    firn_file_rewrite_result *out;
} rewrite_run;

/* ---- what is asked ---- */

static firn_status check_opts(const firn_file_rewrite_opts *opts, firn_error *err)
{
    const bool is_curve =
        opts->strategy == FIRN_REWRITE_ZORDER || opts->strategy == FIRN_REWRITE_HILBERT;
    if (is_curve && opts->n_columns == 0)
        return firn_fail(err, FIRN_ERR_ARG, "a curve needs columns");
    if (opts->strategy != FIRN_REWRITE_SORT && opts->n_sort_fields > 0)
        return firn_fail(err, FIRN_ERR_ARG, "sort fields without the sort strategy");
    if (opts->delete_ratio_threshold < 0 || opts->delete_ratio_threshold > 1)
        return firn_fail(err, FIRN_ERR_ARG, "delete ratio threshold %g, expected 0 to 1",
                         opts->delete_ratio_threshold);
    return FIRN_OK;
}

static firn_status pick_order(rewrite_run *r, firn_error *err)
{
    const firn_file_rewrite_opts *opts = r->opts;
    const firn_sort_order *order = firn_metadata_sort_order(r->metadata);
    firn_group_writer *w = &r->writer;
    w->strategy = opts->strategy;
    w->columns = opts->columns;
    w->n_columns = opts->n_columns;
    if (opts->strategy != FIRN_REWRITE_SORT) return FIRN_OK;
    w->sort_fields = opts->sort_fields;
    w->n_sort_fields = opts->n_sort_fields;
    if (w->n_sort_fields > 0) return FIRN_OK;
    if (order->n_fields == 0)
        return firn_fail(err, FIRN_ERR_ARG,
                         "cannot sort: the table has no sort order and none is given");
    w->sort_fields = order->fields;
    w->n_sort_fields = order->n_fields;
    w->sort_order_id = order->order_id;
    return FIRN_OK;
}

static firn_status pick_spec(rewrite_run *r, firn_error *err)
{
    r->writer.spec = r->opts->has_output_spec
                         ? firn_metadata_find_spec(r->metadata, r->opts->output_spec_id)
                         : firn_metadata_spec(r->metadata);
    if (r->writer.spec) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "the table has no partition spec %d",
                     r->opts->output_spec_id);
}

static firn_status prepare(rewrite_run *r, firn_error *err)
{
    const firn_schema *schema = firn_metadata_schema(r->metadata);
    FIRN_TRY(firn_rewrite_limits_of(r->metadata, r->opts, &r->limits, err));
    if (r->opts->where.len > 0) {
        const firn_expr *unbound = NULL;
        FIRN_TRY(firn_expr_parse(r->opts->where, r->arena, &unbound, err));
        FIRN_TRY(firn_expr_bind(unbound, schema, r->arena, &r->filter, err));
    }
    r->writer.env = r->env;
    r->writer.store = r->store;
    r->writer.metadata = r->metadata;
    r->writer.limits = &r->limits;
    r->writer.memory_bytes =
        r->opts->memory_bytes > 0 ? r->opts->memory_bytes : r->env->memory_bytes;
    FIRN_TRY(pick_spec(r, err));
    FIRN_TRY(pick_order(r, err));
    return firn_rewrite_schema(r->metadata, r->arena, &r->writer.schema, err);
}

/* ---- groups ---- */

/* Deletion vectors go with the data files they are of. */
static int64_t removed_vectors(const rewrite_run *r)
{
    const firn_table_metadata *m = firn_table_metadata_of(r->table);
    const firn_str branch = r->opts->branch.len > 0 ? r->opts->branch : FIRN_STR("main");
    const firn_snapshot_ref *ref = firn_metadata_find_ref(m, branch);
    const firn_snapshot *made = ref ? firn_metadata_find_snapshot(m, ref->snapshot_id) : NULL;
    return made ? firn_properties_get_i64(&made->summary, FIRN_STR("removed-dvs"), 0) : 0;
}

static void count_committed(rewrite_run *r, const firn_rewritten *groups, size_t n)
{
    r->out->removed_delete_files += removed_vectors(r);
    for (size_t i = 0; i < n; i++) {
        const firn_rewritten *item = &groups[i];
        r->out->rewritten_files += (int64_t)item->group.n_tasks;
        r->out->rewritten_bytes += item->group.n_bytes;
        r->out->added_files += (int64_t)item->output.n_files;
        for (size_t k = 0; k < item->output.n_files; k++)
            r->out->added_bytes += item->output.files[k].file_size_bytes;
    }
    r->out->n_groups += (int64_t)n;
    r->out->n_commits++;
}

static firn_status commit_groups(rewrite_run *r, firn_rewritten *groups, size_t n, firn_error *err)
{
    firn_rewrite_commit commit = r->commit; /* each starts from what was planned on */
    const firn_status st = firn_rewrite_commit_run(&commit, groups, n, err);
    r->out->n_redone += commit.n_redone;
    if (st == FIRN_OK) count_committed(r, groups, n);
    return st;
}

/* Lanes that write a group after another each, on threads of their own. */
typedef struct group_lanes {
    rewrite_run *run;
    firn_group_writer writer; /* with a lane's share of the memory */
    atomic_size_t next;
    size_t to;
} group_lanes;

static firn_status write_lane(void *ctx, size_t lane, size_t thread, firn_error *err)
{
    group_lanes *lanes = ctx;
    rewrite_run *r = lanes->run;
    (void)lane;
    (void)thread;
    for (;;) {
        const size_t i = atomic_fetch_add(&lanes->next, 1);
        if (i >= lanes->to) return FIRN_OK;
        firn_rewritten *item = &r->done[i];
        FIRN_TRY(firn_group_write(&lanes->writer, &item->group, item->arena, &item->output, err));
    }
}

/* Each lane holds a row group and what is read for it. */
static size_t count_lanes(const rewrite_run *r, size_t n_groups)
{
    firn_pool *pool = firn_env_pool(r->env);
    const int64_t n_fitting = r->writer.memory_bytes / K_LANE_BYTES;
    size_t n = pool ? (size_t)firn_pool_threads(pool) : 1;
    if (n > n_groups) n = n_groups;
    if (n_fitting < (int64_t)n) n = n_fitting > 0 ? (size_t)n_fitting : 1;
    return n;
}

static void destroy_arena(void *arena)
{
    firn_arena_destroy(arena);
}

static firn_status make_arena(rewrite_run *r, firn_rewritten *item, firn_error *err)
{
    item->arena = firn_arena_create(r->env->alloc, 0);
    if (!item->arena) return firn_fail_nomem(err);
    const firn_status st = firn_arena_defer(r->arena, destroy_arena, item->arena, err);
    if (st != FIRN_OK) firn_arena_destroy(item->arena);
    return st;
}

static firn_status write_groups(rewrite_run *r, size_t from, size_t to, firn_error *err)
{
    group_lanes lanes = {.run = r, .writer = r->writer, .to = to};
    const size_t n = count_lanes(r, to - from);
    atomic_init(&lanes.next, from);
    lanes.writer.memory_bytes /= (int64_t)n;
    for (size_t i = from; i < to; i++) {
        r->done[i].group = r->plan.groups[i];
        FIRN_TRY(make_arena(r, &r->done[i], err));
    }
    const firn_status st =
        firn_pool_run(n > 1 ? firn_env_pool(r->env) : NULL, n, write_lane, &lanes, err);
    if (st != FIRN_OK) firn_rewritten_discard(&r->writer, r->done + from, to - from);
    return st;
}

static bool is_final(firn_status st)
{
    return st == FIRN_ERR_CANCELLED || st == FIRN_ERR_NOMEM || st == FIRN_ERR_COMMIT_UNKNOWN;
}

static firn_status run_some(rewrite_run *r, size_t from, size_t to, firn_error *err)
{
    FIRN_TRY(write_groups(r, from, to, err));
    return commit_groups(r, r->done + from, to - from, err);
}

static firn_status run_in_parts(rewrite_run *r, firn_error *err)
{
    const size_t n_commits =
        r->opts->max_commits > 0 ? (size_t)r->opts->max_commits : K_DEFAULT_COMMITS;
    const int64_t max_failed =
        r->opts->max_failed_commits > 0 ? r->opts->max_failed_commits : (int64_t)n_commits;
    const size_t step = (r->plan.n_groups + n_commits - 1) / n_commits;
    int64_t n_failed = 0;
    for (size_t from = 0; from < r->plan.n_groups; from += step) {
        const size_t to = from + step < r->plan.n_groups ? from + step : r->plan.n_groups;
        const firn_status st = run_some(r, from, to, err);
        if (st == FIRN_OK) continue;
        if (is_final(st) || ++n_failed >= max_failed) return st;
        for (size_t i = from; i < to; i++)
            r->out->failed_files += (int64_t)r->plan.groups[i].n_tasks;
    }
    return FIRN_OK;
}

static firn_status run_groups(rewrite_run *r, const firn_snapshot *head, firn_error *err)
{
    r->commit = (firn_rewrite_commit){.table = r->table,
                                      .views = &r->views,
                                      .writer = &r->writer,
                                      .branch = r->opts->branch,
                                      .keeps_sequence_number = !r->opts->takes_new_sequence_number,
                                      .arena = r->arena,
                                      .from_snapshot_id = head->snapshot_id,
                                      .from_sequence_number = head->sequence_number};
    r->done = firn_arena_array(r->arena, r->plan.n_groups, sizeof *r->done);
    if (!r->done) return firn_fail_nomem(err);
    firn_rewrite_plan_order(&r->plan, r->opts->job_order);
    if (r->plan.n_groups == 0) return FIRN_OK;
    return r->opts->has_partial_progress ? run_in_parts(r, err)
                                         : run_some(r, 0, r->plan.n_groups, err);
}

/* What writing the groups would come to. */
static void count_groups(const rewrite_run *r)
{
    r->out->n_groups = (int64_t)r->plan.n_groups;
    for (size_t i = 0; i < r->plan.n_groups; i++) {
        r->out->rewritten_files += (int64_t)r->plan.groups[i].n_tasks;
        r->out->added_files += r->plan.groups[i].n_outputs;
        r->out->rewritten_bytes += r->plan.groups[i].n_bytes;
    }
}

static firn_status run(rewrite_run *r, firn_error *err)
{
    const firn_snapshot *head = NULL;
    FIRN_TRY(check_opts(r->opts, err));
    FIRN_TRY(firn_table_refresh(r->table, err));
    FIRN_TRY(firn_table_views_load(&r->views, err));
    FIRN_TRY(firn_table_views_head(&r->views, r->opts->branch, &head, err));
    r->metadata = firn_table_views_metadata(&r->views);
    FIRN_TRY(prepare(r, err));
    if (!head) return FIRN_OK;
    const firn_rewrite_scope scope = {
        r->env,    r->store, r->metadata, head->snapshot_id, r->filter, r->writer.spec->spec_id,
        &r->limits};
    FIRN_TRY(firn_rewrite_plan_make(&scope, r->arena, &r->plan, err));
    if (r->opts->is_dry_run) {
        count_groups(r);
        return FIRN_OK;
    }
    FIRN_TRY(run_groups(r, head, err));
    if (!r->opts->removes_dangling_deletes) return FIRN_OK;
    return firn_dangling_deletes_remove(r->table, r->opts->branch, &r->out->removed_delete_files,
                                        err);
}

firn_status firn_table_rewrite_files(firn_table *table, const firn_file_rewrite_opts *opts,
                                     firn_file_rewrite_result *out, firn_error *err)
{
    firn_file_rewrite_opts copy = {0};
    rewrite_run r = {.table = table,
                     .env = firn_table_env(table),
                     .store = firn_table_store(table),
                     .opts = &copy,
                     .out = out};
    *out = (firn_file_rewrite_result){0};
    if (opts)
        memcpy(&copy, opts, opts->struct_size < sizeof copy ? opts->struct_size : sizeof copy);
    if (firn_str_equals(copy.branch, FIRN_STR("main"))) copy.branch = (firn_str){0};
    r.arena = firn_arena_create(r.env->alloc, 0);
    if (!r.arena) return firn_fail_nomem(err);
    firn_table_views_init(&r.views, table, r.arena);
    const firn_status st = run(&r, err);
    firn_table_views_close(&r.views);
    firn_arena_destroy(r.arena);
    return st;
}
