/* SPDX-License-Identifier: Apache-2.0 */
/* Scan planning: which manifests to read, reading them in parallel, putting the results in order.
 * Not here: judging entries (manifest_scan.c), reading rows (scan_reader.c). */
#include "iceberg/scan/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/scan/manifest_parts.h"
#include "iceberg/scan/manifest_scan.h"

typedef struct manifest_list {
    firn_manifest_scan *scans;
    size_t n, cap;
} manifest_list;

typedef struct planner {
    firn_manifest_scan_opts opts;
    const firn_table_metadata *metadata;
    firn_arena *arena;
    firn_error *err;
    firn_spec_filter *spec_filters;
    size_t n_spec_filters, cap_spec_filters;
    manifest_list data, deletes; /* manifests to read */
    firn_scan_stats stats;
} planner;

static void destroy_arena(void *arena)
{
    firn_arena_destroy(arena);
}

/* Index, because the array moves while it grows. */
static firn_status find_spec_filter(planner *p, int32_t spec_id, size_t *out)
{
    for (size_t i = 0; i < p->n_spec_filters; i++) {
        if (p->spec_filters[i].spec->spec_id != spec_id) continue;
        *out = i;
        return FIRN_OK;
    }
    firn_spec_filter f = {.spec = firn_metadata_find_spec(p->metadata, spec_id)};
    if (!f.spec)
        return firn_fail(p->err, FIRN_ERR_CORRUPT, "no partition spec %d in the table",
                         (int)spec_id);
    FIRN_TRY(firn_expr_project_inclusive(p->opts.filter, p->opts.schema, f.spec, p->arena,
                                         &f.projected, p->err));
    FIRN_TRY(firn_residual_create(p->opts.filter, p->opts.schema, f.spec, p->arena, &f.residual,
                                  p->err));
    firn_spec_filter *slot = firn_arena_push(p->arena, &p->spec_filters, &p->n_spec_filters,
                                             &p->cap_spec_filters, sizeof *slot);
    if (!slot) return firn_fail_nomem(p->err);
    *slot = f;
    *out = p->n_spec_filters - 1;
    return FIRN_OK;
}

static bool has_live_files(const firn_manifest_file *manifest)
{
    return manifest->added_files != 0 || manifest->existing_files != 0;
}

static void count_files(planner *p, const firn_manifest_file *manifest)
{
    if (manifest->content != FIRN_CONTENT_DATA) {
        p->stats.delete_manifests_total++;
        return;
    }
    p->stats.manifests_total++;
    if (manifest->added_files >= 0 && manifest->existing_files >= 0)
        p->stats.files_total += manifest->added_files + manifest->existing_files;
}

/* Prune by the summaries, or put the manifest on the list to read. */
static firn_status consider(planner *p, const firn_manifest_file *manifest, int64_t added_by)
{
    size_t at = 0;
    count_files(p, manifest);
    if (!has_live_files(manifest)) return FIRN_OK;
    FIRN_TRY(firn_error_wrap(p->err, find_spec_filter(p, manifest->spec_id, &at), "manifest %.*s",
                             FIRN_STR_ARG(manifest->path)));
    const firn_spec_filter *f = &p->spec_filters[at];
    if (!firn_expr_may_match_manifest(f->projected, f->spec, manifest)) return FIRN_OK;
    manifest_list *list = manifest->content == FIRN_CONTENT_DATA ? &p->data : &p->deletes;
    firn_manifest_scan *scan =
        firn_arena_push(p->arena, &list->scans, &list->n, &list->cap, sizeof *scan);
    if (!scan) return firn_fail_nomem(p->err);
    *scan = (firn_manifest_scan){.manifest = manifest, .added_by = added_by};
    return FIRN_OK;
}

/* Once no more specs are added, pointers to them stay. */
static firn_status link_spec_filters(planner *p, const manifest_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        size_t at = 0;
        FIRN_TRY(find_spec_filter(p, list->scans[i].manifest->spec_id, &at));
        list->scans[i].spec_filter = &p->spec_filters[at];
    }
    return FIRN_OK;
}

/* ---- reading ---- */

typedef struct parallel_read {
    planner *p;
    const manifest_list *list;
    firn_arena **results; /* one a worker, owned by the plan's arena */
    firn_arena **scratch;
} parallel_read;

static firn_status read_one(void *ctx, size_t item, size_t worker, firn_error *err)
{
    const parallel_read *read = ctx;
    planner *p = read->p;
    return firn_manifest_scan_run(&p->opts, &read->list->scans[item], read->scratch[worker],
                                  read->results[worker], err);
}

static firn_status make_arenas(parallel_read *read, size_t n, firn_error *err)
{
    firn_arena *arena = read->p->arena;
    const firn_allocator *alloc = read->p->opts.env->alloc;
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

static firn_status read_scans(planner *p, manifest_list *list, firn_pool *pool,
                              firn_arena *bytes_arena)
{
    parallel_read read = {.p = p, .list = list};
    const size_t n = pool ? (size_t)firn_pool_threads(pool) : 1;
    FIRN_TRY(
        firn_manifests_split(&p->opts, n, p->arena, bytes_arena, &list->scans, &list->n, p->err));
    firn_status st = make_arenas(&read, n, p->err);
    if (st == FIRN_OK) st = firn_pool_run(pool, list->n, read_one, &read, p->err);
    for (size_t i = 0; read.scratch && i < n; i++) firn_arena_destroy(read.scratch[i]);
    FIRN_TRY(st);
    return firn_manifest_parts_settle(list->scans, list->n, p->arena, p->err);
}

static firn_status read_manifests(planner *p, manifest_list *list)
{
    if (list->n == 0) return FIRN_OK;
    FIRN_TRY(link_spec_filters(p, list));
    const bool is_small = list->n == 1 && !firn_manifest_is_large(list->scans[0].manifest);
    firn_arena *bytes_arena = firn_arena_create(p->opts.env->alloc, 0);
    if (!bytes_arena) return firn_fail_nomem(p->err);
    const firn_status st =
        read_scans(p, list, is_small ? NULL : firn_env_pool(p->opts.env), bytes_arena);
    firn_arena_destroy(bytes_arena);
    return st;
}

/* ---- deletes ---- */

static int compare_ids(const void *a, const void *b)
{
    int32_t x;
    int32_t y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Bounds of a data file say which values it cannot have: those of the compared columns are read as
 * well as those of the filter's. */
static firn_status want_metrics(planner *p, const firn_data_file *file)
{
    firn_manifest_scan_opts *opts = &p->opts;
    const size_t n_new = file->n_equality_ids;
    int32_t *ids = firn_arena_array(p->arena, opts->n_metric_ids + n_new, sizeof *ids);
    size_t n = opts->n_metric_ids;
    if (!ids) return firn_fail_nomem(p->err);
    if (n > 0) memcpy(ids, opts->metric_ids, n * sizeof *ids);
    for (size_t i = 0; i < n_new; i++)
        if (opts->n_metric_ids == 0 || !bsearch(&file->equality_ids[i], opts->metric_ids,
                                                opts->n_metric_ids, sizeof *ids, compare_ids))
            ids[n++] = file->equality_ids[i];
    if (opts->columns == FIRN_MANIFEST_NO_METRICS) opts->columns = FIRN_MANIFEST_BOUNDS;
    if (n == opts->n_metric_ids) return FIRN_OK;
    qsort(ids, n, sizeof *ids, compare_ids);
    opts->metric_ids = ids;
    opts->n_metric_ids = n;
    return FIRN_OK;
}

static firn_status index_delete(planner *p, firn_delete_index *index,
                                const firn_manifest_scan *scan, const firn_manifest_entry *entry)
{
    const bool is_equality = entry->file.content == FIRN_CONTENT_EQUALITY_DELETES;
    if (is_equality)
        p->stats.equality_delete_files++;
    else
        p->stats.position_delete_files++;
    p->stats.has_delete_files = true;
    if (is_equality) FIRN_TRY(want_metrics(p, &entry->file));
    return firn_error_wrap(p->err,
                           firn_delete_index_add(index, entry, scan->spec_filter->spec, p->err),
                           "manifest %.*s", FIRN_STR_ARG(scan->manifest->path));
}

/* Delete manifests come first: entries of data manifests are matched as they are read. */
static firn_status read_deletes(planner *p)
{
    firn_delete_index *index = NULL;
    FIRN_TRY(read_manifests(p, &p->deletes));
    FIRN_TRY(firn_delete_index_create(p->metadata, p->arena, &index, p->err));
    for (size_t i = 0; i < p->deletes.n; i++) {
        const firn_manifest_scan *scan = &p->deletes.scans[i];
        if (scan->part_index == 0) p->stats.delete_manifests_read++;
        for (size_t j = 0; j < scan->n_deletes; j++)
            FIRN_TRY(index_delete(p, index, scan, &scan->deletes[j]));
    }
    firn_delete_index_finish(index);
    if (p->stats.has_delete_files) p->opts.deletes = index;
    return FIRN_OK;
}

/* ---- results ---- */

static void add_stats(planner *p, const firn_manifest_scan *scan)
{
    firn_scan_stats *stats = &p->stats;
    const firn_manifest_file *manifest = scan->manifest;
    if (scan->part_index == 0) stats->manifests_read++;
    stats->bytes_total += scan->live_bytes;
    if (manifest->added_files < 0 || manifest->existing_files < 0)
        stats->files_total += scan->n_live;
    for (size_t i = 0; i < scan->n_tasks; i++) {
        stats->files_matched++;
        stats->bytes_matched += scan->tasks[i].file->file_size_bytes;
        stats->rows_matched += scan->tasks[i].file->record_count;
    }
}

static firn_status collect(planner *p, firn_scan_plan *out)
{
    size_t n = 0;
    for (size_t i = 0; i < p->data.n; i++) n += p->data.scans[i].n_tasks;
    firn_scan_task *tasks = firn_arena_array(p->arena, n, sizeof *tasks);
    if (!tasks) return firn_fail_nomem(p->err);
    n = 0;
    for (size_t i = 0; i < p->data.n; i++) {
        const firn_manifest_scan *scan = &p->data.scans[i];
        add_stats(p, scan);
        if (scan->n_tasks > 0) memcpy(tasks + n, scan->tasks, scan->n_tasks * sizeof *tasks);
        n += scan->n_tasks;
    }
    *out = (firn_scan_plan){.tasks = tasks, .n_tasks = n, .stats = p->stats};
    return FIRN_OK;
}

/* ---- which snapshots ---- */

static firn_status consider_snapshot(planner *p, const firn_snapshot *snapshot)
{
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    FIRN_TRY(firn_snapshot_manifests(p->opts.store, p->metadata, snapshot, p->arena, &manifests, &n,
                                     p->err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(consider(p, &manifests[i], 0));
    return FIRN_OK;
}

/* Files an append snapshot added are in the manifests it added. */
static firn_status consider_append(planner *p, const firn_snapshot *snapshot)
{
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    FIRN_TRY(firn_snapshot_manifests(p->opts.store, p->metadata, snapshot, p->arena, &manifests, &n,
                                     p->err));
    for (size_t i = 0; i < n; i++) {
        if (manifests[i].content != FIRN_CONTENT_DATA) continue;
        if (manifests[i].added_snapshot_id != snapshot->snapshot_id) continue;
        FIRN_TRY(consider(p, &manifests[i], snapshot->snapshot_id));
    }
    return FIRN_OK;
}

/* Snapshots in (from, to], newest first. The start itself may have been expired. */
static firn_status collect_range(planner *p, const firn_snapshot *to, int64_t from,
                                 const firn_snapshot ***out, size_t *n_out)
{
    const firn_snapshot **range = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool is_found = from < 0;
    const int64_t to_id = to->snapshot_id;

    while (to && n <= p->metadata->n_snapshots) {
        if (to->snapshot_id == from) is_found = true;
        if (to->snapshot_id == from) break;
        const firn_snapshot **slot = firn_arena_push(p->arena, &range, &n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(p->err);
        *slot = to;
        if (to->parent_snapshot_id == from) is_found = true;
        if (to->parent_snapshot_id == from) break;
        to = firn_metadata_find_snapshot(p->metadata, to->parent_snapshot_id);
    }
    if (!is_found)
        return firn_fail(p->err, FIRN_ERR_ARG,
                         "snapshot %" PRId64 " is not an ancestor of snapshot %" PRId64, from,
                         to_id);
    *out = range;
    *n_out = n;
    return FIRN_OK;
}

static firn_status consider_range(planner *p, const firn_snapshot *to, int64_t from)
{
    const firn_snapshot **range = NULL;
    size_t n = 0;
    FIRN_TRY(collect_range(p, to, from, &range, &n));
    while (n > 0) {
        const firn_snapshot *snapshot = range[--n];
        if (!firn_str_equals(snapshot->operation, FIRN_STR("append"))) continue;
        FIRN_TRY(consider_append(p, snapshot));
    }
    return FIRN_OK;
}

static firn_status find_snapshot(const firn_table_metadata *metadata, int64_t snapshot_id,
                                 const firn_snapshot **out, firn_error *err)
{
    *out = snapshot_id == 0 ? firn_metadata_current_snapshot(metadata)
                            : firn_metadata_find_snapshot(metadata, snapshot_id);
    if (!*out && snapshot_id != 0)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no snapshot %" PRId64 " in the table",
                         snapshot_id);
    return FIRN_OK;
}

static firn_status init_planner(planner *p, const firn_plan_opts *opts)
{
    const firn_expr *filter = opts->filter;
    p->opts.schema = opts->schema ? opts->schema : firn_metadata_schema(p->metadata);
    p->opts.with_metrics = opts->with_metrics;
    p->opts.for_rewrite = opts->for_rewrite;
    FIRN_TRY(firn_expr_bind(filter, p->opts.schema, p->arena, &p->opts.filter, p->err));
    p->opts.columns = opts->with_metrics                     ? FIRN_MANIFEST_ALL
                      : p->opts.filter->op == FIRN_EXPR_TRUE ? FIRN_MANIFEST_NO_METRICS
                                                             : FIRN_MANIFEST_BOUNDS;
    return firn_expr_field_ids(p->opts.filter, p->arena, &p->opts.metric_ids, &p->opts.n_metric_ids,
                               p->err);
}

firn_status firn_scan_plan_files(firn_env *env, firn_store *store,
                                 const firn_table_metadata *metadata, const firn_plan_opts *opts,
                                 firn_arena *arena, firn_scan_plan *out, firn_error *err)
{
    const firn_plan_opts defaults = {0};
    const firn_snapshot *snapshot = NULL;
    planner p = {
        .opts = {.env = env, .store = store}, .metadata = metadata, .arena = arena, .err = err};

    *out = (firn_scan_plan){0};
    if (!opts) opts = &defaults;
    FIRN_TRY(init_planner(&p, opts));
    FIRN_TRY(find_snapshot(metadata, opts->snapshot_id, &snapshot, err));
    if (!snapshot) return FIRN_OK;
    if (opts->from_snapshot_id != 0)
        FIRN_TRY(consider_range(&p, snapshot, opts->from_snapshot_id));
    else
        FIRN_TRY(consider_snapshot(&p, snapshot));
    FIRN_TRY(read_deletes(&p));
    FIRN_TRY(read_manifests(&p, &p.data));
    return collect(&p, out);
}
