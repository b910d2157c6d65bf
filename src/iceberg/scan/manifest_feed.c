/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests of snapshots, pruned. Not here: reading manifests (plan_stream.c). */
#include "iceberg/scan/manifest_feed.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/spec/manifest_partition.h"
#include "store/store_read.h"

/* A feed being filled. */
typedef struct filling {
    firn_manifest_feed *feed;
    firn_scan_stats *stats;
    int64_t added_by; /* see firn_manifest_scan */
    bool keeps_data;  /* not only delete manifests */
    firn_error *err;
} filling;

/* ---- pruning ---- */

static firn_status describe_types(const firn_manifest_feed *feed, firn_spec_filter *f,
                                  firn_error *err)
{
    const firn_type **types = NULL;
    const size_t n = f->spec->n_fields;
    FIRN_TRY(firn_partition_types(feed->opts->schema, f->spec, feed->arena, &types, err));
    int32_t *numbers = firn_arena_array(feed->arena, n * 4, sizeof *numbers);
    if (!numbers) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        static const firn_type k_gone = {.kind = FIRN_TYPE_UNKNOWN}; /* its column is dropped */
        const firn_type *type = types[i] ? types[i] : &k_gone;
        const int32_t own[] = {(int32_t)type->kind, type->precision, type->scale, type->length};
        memcpy(numbers + 4 * i, own, sizeof own);
    }
    f->types = (firn_str){(const char *)numbers, n * 4 * sizeof *numbers};
    return FIRN_OK;
}

static firn_status find_spec_filter(firn_manifest_feed *feed, int32_t spec_id,
                                    const firn_spec_filter **out, firn_error *err)
{
    const firn_manifest_scan_opts *opts = feed->opts;
    for (size_t i = 0; i < feed->n_spec_filters; i++) {
        if (feed->spec_filters[i]->spec->spec_id != spec_id) continue;
        *out = feed->spec_filters[i];
        return FIRN_OK;
    }
    firn_spec_filter *f = firn_arena_alloc_zero(feed->arena, sizeof *f);
    if (!f) return firn_fail_nomem(err);
    f->spec = firn_metadata_find_spec(feed->metadata, spec_id);
    if (!f->spec)
        return firn_fail(err, FIRN_ERR_CORRUPT, "no partition spec %d in the table", (int)spec_id);
    FIRN_TRY(firn_expr_project_inclusive(opts->filter, opts->schema, f->spec, feed->arena,
                                         &f->projected, err));
    FIRN_TRY(
        firn_residual_create(opts->filter, opts->schema, f->spec, feed->arena, &f->residual, err));
    if (opts->env->manifest_cache) FIRN_TRY(describe_types(feed, f, err));
    firn_spec_filter **slot =
        firn_arena_push(feed->arena, &feed->spec_filters, &feed->n_spec_filters,
                        &feed->cap_spec_filters, sizeof(firn_spec_filter *));
    if (!slot) return firn_fail_nomem(err);
    *out = *slot = f;
    return FIRN_OK;
}

/* *filter_out NULL: the manifest has nothing for the scan. */
static firn_status judge(firn_manifest_feed *feed, const firn_manifest_file *manifest,
                         const firn_spec_filter **filter_out, firn_error *err)
{
    const firn_spec_filter *f = NULL;
    *filter_out = NULL;
    if (manifest->added_files == 0 && manifest->existing_files == 0) return FIRN_OK;
    FIRN_TRY(firn_error_wrap(err, find_spec_filter(feed, manifest->spec_id, &f, err),
                             "manifest %.*s", FIRN_STR_ARG(manifest->path)));
    if (firn_expr_may_match_manifest(f->projected, f->spec, manifest)) *filter_out = f;
    return FIRN_OK;
}

/* Without the summaries, which have had their say. */
static firn_status keep(const firn_manifest_file *manifest, const firn_spec_filter *filter,
                        firn_arena *arena, firn_manifest_scan *out, firn_error *err)
{
    firn_manifest_file *copy = firn_arena_alloc(arena, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    *copy = *manifest;
    copy->path = firn_arena_copy(arena, manifest->path);
    copy->key_metadata = firn_arena_copy(arena, manifest->key_metadata);
    copy->partitions = NULL;
    copy->n_partitions = 0;
    if (!copy->path.data || !copy->key_metadata.data) return firn_fail_nomem(err);
    *out = (firn_manifest_scan){.manifest = copy, .spec_filter = filter};
    return FIRN_OK;
}

/* ---- filling ---- */

static void count_manifest(firn_scan_stats *stats, const firn_manifest_file *manifest)
{
    if (manifest->content != FIRN_CONTENT_DATA) {
        stats->delete_manifests_total++;
        return;
    }
    stats->manifests_total++;
    if (manifest->added_files >= 0 && manifest->existing_files >= 0)
        stats->files_total += manifest->added_files + manifest->existing_files;
    if (manifest->added_rows >= 0 && manifest->existing_rows >= 0)
        stats->rows_total += manifest->added_rows + manifest->existing_rows;
}

static firn_status consider(const filling *f, const firn_manifest_file *manifest)
{
    firn_manifest_feed *feed = f->feed;
    const firn_spec_filter *filter = NULL;
    const bool is_data = manifest->content == FIRN_CONTENT_DATA;
    if (f->added_by != 0 && (!is_data || manifest->added_snapshot_id != f->added_by))
        return FIRN_OK;
    count_manifest(f->stats, manifest);
    if (is_data && !f->keeps_data) return FIRN_OK;
    FIRN_TRY(judge(feed, manifest, &filter, f->err));
    if (!filter) return FIRN_OK;
    firn_manifest_list *list = is_data ? &feed->data : &feed->deletes;
    firn_manifest_scan *scan =
        firn_arena_push(feed->arena, &list->scans, &list->n, &list->cap, sizeof *scan);
    if (!scan) return firn_fail_nomem(f->err);
    FIRN_TRY(keep(manifest, filter, feed->arena, scan, f->err));
    scan->added_by = f->added_by;
    return FIRN_OK;
}

static firn_status consider_list(const filling *f, firn_manifest_list_reader *list)
{
    firn_manifest_file manifest;
    for (;;) {
        firn_arena_reset(f->feed->scratch);
        const firn_status st = firn_manifest_list_next(list, f->feed->scratch, &manifest, f->err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        FIRN_TRY(consider(f, &manifest));
    }
}

static firn_status wrap_list(const firn_snapshot *snapshot, firn_status st, firn_error *err)
{
    return firn_error_wrap(err, st, "manifest list %.*s", FIRN_STR_ARG(snapshot->manifest_list));
}

/* Old v1 tables have the manifests' paths in the metadata, where their number is small. */
static firn_status consider_paths(const filling *f, const firn_snapshot *snapshot)
{
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    firn_manifest_feed *feed = f->feed;
    FIRN_TRY(firn_snapshot_manifests(feed->opts->store, feed->metadata, snapshot, feed->arena,
                                     &manifests, &n, f->err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(consider(f, &manifests[i]));
    return FIRN_OK;
}

static firn_status read_list(const filling *f, const firn_snapshot *snapshot, firn_arena *arena,
                             firn_str *bytes)
{
    const firn_status st = firn_store_read_all(f->feed->opts->store, snapshot->manifest_list,
                                               FIRN_LIMIT_METADATA, arena, bytes, f->err);
    return wrap_list(snapshot, st, f->err);
}

static firn_status consider_bytes(const filling *f, const firn_snapshot *snapshot, firn_str bytes)
{
    firn_manifest_list_reader *list = NULL;
    firn_status st = firn_manifest_list_open(bytes, &list, f->err);
    if (st == FIRN_OK) st = consider_list(f, list);
    firn_manifest_list_close(list);
    return wrap_list(snapshot, st, f->err);
}

/* ---- which snapshots ---- */

static firn_status use_snapshot(filling *f, const firn_snapshot *snapshot)
{
    firn_str bytes = {0};
    f->keeps_data = snapshot->manifest_list.len == 0;
    if (f->keeps_data) return consider_paths(f, snapshot);
    FIRN_TRY(read_list(f, snapshot, f->feed->arena, &bytes));
    FIRN_TRY(consider_bytes(f, snapshot, bytes));
    return firn_manifest_list_open(bytes, &f->feed->list, f->err);
}

/* Files an append snapshot added are in the manifests it added. */
static firn_status use_append(filling *f, const firn_snapshot *snapshot)
{
    firn_str bytes = {0};
    f->keeps_data = true;
    f->added_by = snapshot->snapshot_id;
    if (snapshot->manifest_list.len == 0) return consider_paths(f, snapshot);
    firn_arena *arena = firn_arena_create(f->feed->opts->env->alloc, 0);
    if (!arena) return firn_fail_nomem(f->err);
    firn_status st = read_list(f, snapshot, arena, &bytes);
    if (st == FIRN_OK) st = consider_bytes(f, snapshot, bytes);
    firn_arena_destroy(arena);
    return st;
}

/* Snapshots in (from, to], newest first. The start itself may have been expired. */
static firn_status collect_range(const filling *f, const firn_snapshot *to, int64_t from,
                                 const firn_snapshot ***out, size_t *n_out)
{
    const firn_table_metadata *metadata = f->feed->metadata;
    const firn_snapshot **range = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool is_found = from < 0;
    const int64_t to_id = to->snapshot_id;

    while (to && n <= metadata->n_snapshots) {
        if (to->snapshot_id == from) is_found = true;
        if (to->snapshot_id == from) break;
        const firn_snapshot **slot =
            firn_arena_push(f->feed->arena, &range, &n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(f->err);
        *slot = to;
        if (to->parent_snapshot_id == from) is_found = true;
        if (to->parent_snapshot_id == from) break;
        to = firn_metadata_find_snapshot(metadata, to->parent_snapshot_id);
    }
    if (!is_found)
        return firn_fail(f->err, FIRN_ERR_ARG,
                         "snapshot %" PRId64 " is not an ancestor of snapshot %" PRId64, from,
                         to_id);
    *out = range;
    *n_out = n;
    return FIRN_OK;
}

static firn_status use_range(filling *f, const firn_snapshot *to, int64_t from)
{
    const firn_snapshot **range = NULL;
    size_t n = 0;
    FIRN_TRY(collect_range(f, to, from, &range, &n));
    while (n > 0) {
        const firn_snapshot *snapshot = range[--n];
        if (!firn_str_equals(snapshot->operation, FIRN_STR("append"))) continue;
        FIRN_TRY(use_append(f, snapshot));
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

firn_status firn_manifest_feed_init(firn_manifest_feed *feed, const firn_manifest_scan_opts *opts,
                                    const firn_table_metadata *metadata, const firn_plan_opts *plan,
                                    firn_arena *arena, firn_scan_stats *stats, firn_error *err)
{
    const firn_snapshot *snapshot = NULL;
    *feed = (firn_manifest_feed){.opts = opts, .metadata = metadata, .arena = arena};
    FIRN_TRY(find_snapshot(metadata, plan->snapshot_id, &snapshot, err));
    if (!snapshot) return FIRN_OK;
    feed->scratch = firn_arena_create(opts->env->alloc, 0);
    if (!feed->scratch) return firn_fail_nomem(err);
    filling f = {.feed = feed, .stats = stats, .err = err};
    if (plan->from_snapshot_id != 0) return use_range(&f, snapshot, plan->from_snapshot_id);
    return use_snapshot(&f, snapshot);
}

void firn_manifest_feed_dispose(firn_manifest_feed *feed)
{
    firn_manifest_list_close(feed->list);
    firn_arena_destroy(feed->scratch);
    *feed = (firn_manifest_feed){0};
}

static firn_status next_of_list(firn_manifest_feed *feed, firn_arena *arena,
                                firn_manifest_scan *out, firn_error *err)
{
    firn_manifest_file manifest;
    for (;;) {
        const firn_spec_filter *filter = NULL;
        firn_arena_reset(feed->scratch);
        const firn_status st = firn_manifest_list_next(feed->list, feed->scratch, &manifest, err);
        if (st != FIRN_OK) return st;
        if (manifest.content != FIRN_CONTENT_DATA) continue;
        FIRN_TRY(judge(feed, &manifest, &filter, err));
        if (filter) return keep(&manifest, filter, arena, out, err);
    }
}

firn_status firn_manifest_feed_next(firn_manifest_feed *feed, firn_arena *arena,
                                    firn_manifest_scan *out, firn_error *err)
{
    if (feed->next < feed->data.n) {
        *out = feed->data.scans[feed->next++];
        return FIRN_OK;
    }
    return feed->list ? next_of_list(feed, arena, out, err) : FIRN_DONE;
}
