/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one manifest for a plan. Entries are judged while they point into the decoded block;
 * only those that may match are copied. */
#include "iceberg/scan/manifest_scan.h"

#include "base/error.h"
#include "base/limits.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/scan/image_builder.h"
#include "iceberg/scan/image_scan.h"
#include "store/store_read.h"

#define CANCEL_INTERVAL 4096 /* entries between looks at the cancel flag: well below 10 ms */

static firn_status find_residual(const firn_manifest_scan *scan, const firn_data_file *file,
                                 firn_residual_cache *cache, firn_arena *results, firn_error *err)
{
    if (cache->file && cache->file->n_partition == file->n_partition &&
        firn_partition_equals(cache->file->partition, file->partition, file->n_partition))
        return FIRN_OK;
    cache->residual = firn_residual_for(scan->spec_filter->residual, file->partition, results);
    return cache->residual ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status add_task(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan,
                            const firn_manifest_entry *entry, firn_residual_cache *cache,
                            firn_arena *results, firn_error *err)
{
    firn_data_file source = entry->file;
    firn_data_file *file = firn_arena_alloc(results, sizeof *file);
    if (!file) return firn_fail_nomem(err);
    if (!opts->with_metrics) {
        const firn_metric_map none = {0};
        source.column_sizes = source.value_counts = source.null_value_counts = none;
        source.nan_value_counts = source.lower_bounds = source.upper_bounds = none;
    }
    FIRN_TRY(firn_data_file_copy(&source, results, file, err));
    FIRN_TRY(find_residual(scan, file, cache, results, err));
    cache->file = file;

    firn_scan_task *task =
        firn_arena_push(results, &scan->tasks, &scan->n_tasks, &scan->cap_tasks, sizeof *task);
    if (!task) return firn_fail_nomem(err);
    *task = (firn_scan_task){
        .file = file,
        .spec = scan->spec_filter->spec,
        .sequence_number = entry->sequence_number,
        .snapshot_id = entry->snapshot_id,
        .residual = cache->residual,
    };
    if (!opts->deletes) return FIRN_OK;
    const firn_delete_file **found = NULL;
    FIRN_TRY(firn_delete_index_find(opts->deletes, &entry->file, entry->sequence_number, results,
                                    &found, &task->n_deletes, err));
    task->deletes = found;
    return FIRN_OK;
}

static firn_status add_delete(firn_manifest_scan *scan, const firn_manifest_entry *entry,
                              firn_arena *results, firn_error *err)
{
    firn_manifest_entry *slot = firn_arena_push(results, &scan->deletes, &scan->n_deletes,
                                                &scan->cap_deletes, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *entry;
    return firn_data_file_copy(&entry->file, results, &slot->file, err);
}

static bool is_compared(const firn_data_file *file, const firn_metric_map *metrics)
{
    for (size_t i = 0; i < metrics->n; i++) {
        size_t k = 0;
        while (k < file->n_equality_ids && file->equality_ids[k] != metrics->items[i].field_id) k++;
        if (k == file->n_equality_ids) return false;
    }
    return true;
}

/* Rows that pass the filter may be among those an equality delete file is about. It may hold
 * columns that are not compared; those say nothing about the rows it deletes. */
static bool may_delete(const firn_manifest_scan_opts *opts, const firn_data_file *file)
{
    if (file->content != FIRN_CONTENT_EQUALITY_DELETES || opts->for_rewrite) return true;
    const bool is_about_compared =
        is_compared(file, &file->value_counts) && is_compared(file, &file->null_value_counts) &&
        is_compared(file, &file->nan_value_counts) && is_compared(file, &file->lower_bounds) &&
        is_compared(file, &file->upper_bounds);
    return !is_about_compared || firn_expr_may_match_file(opts->filter, file);
}

static bool is_wanted(const firn_manifest_scan *scan, const firn_manifest_entry *entry)
{
    if (entry->status == FIRN_ENTRY_DELETED) return false;
    if (scan->added_by == 0) return true;
    return entry->status == FIRN_ENTRY_ADDED && entry->snapshot_id == scan->added_by;
}

firn_status firn_manifest_scan_take(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan,
                                    const firn_manifest_entry *entry, firn_residual_cache *cache,
                                    firn_arena *results, firn_error *err)
{
    if (entry->file.content != FIRN_CONTENT_DATA)
        return may_delete(opts, &entry->file) ? add_delete(scan, entry, results, err) : FIRN_OK;
    if (!firn_expr_may_match_file(opts->filter, &entry->file)) return FIRN_OK;
    return add_task(opts, scan, entry, cache, results, err);
}

/* Without an image when there is something odd about an entry. */
static void build_image(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan,
                        const firn_manifest_entry *entry)
{
    const bool is_data = scan->manifest->content == FIRN_CONTENT_DATA;
    if ((entry->file.content == FIRN_CONTENT_DATA) == is_data &&
        firn_image_builder_append(scan->builder, entry, NULL) == FIRN_OK)
        return;
    firn_image_scan_drop(opts, scan);
}

static firn_status take_entry(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan,
                              const firn_manifest_entry *entry, firn_residual_cache *cache,
                              firn_arena *results, firn_error *err)
{
    const firn_spec_filter *sf = scan->spec_filter;
    if (!is_wanted(scan, entry)) return FIRN_OK;
    scan->n_live++;
    if (entry->file.file_size_bytes > 0) scan->live_bytes += entry->file.file_size_bytes;
    if (scan->builder) build_image(opts, scan, entry);
    if (!firn_expr_matches_partition(sf->projected, sf->spec, entry->file.partition))
        return FIRN_OK;
    scan->n_in_partition += entry->file.content == FIRN_CONTENT_DATA;
    return firn_manifest_scan_take(opts, scan, entry, cache, results, err);
}

static firn_status read_entries(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan,
                                firn_manifest_reader *reader, firn_arena *results, firn_error *err)
{
    firn_residual_cache cache = {0};
    firn_manifest_entry entry;
    for (int64_t n = 0;; n++) {
        if (n % CANCEL_INTERVAL == 0) FIRN_TRY(firn_env_check_cancel(opts->env, err));
        const firn_status st = firn_manifest_reader_next(reader, &entry, err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        if (entry.file.n_partition != scan->spec_filter->spec->n_fields)
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "entry has %zu partition values, spec %d has %zu",
                             entry.file.n_partition, (int)scan->spec_filter->spec->spec_id,
                             scan->spec_filter->spec->n_fields);
        FIRN_TRY(take_entry(opts, scan, &entry, &cache, results, err));
    }
}

static firn_status open_reader(const firn_manifest_scan_opts *opts, const firn_manifest_scan *scan,
                               firn_str bytes, firn_manifest_reader **out, firn_error *err)
{
    const bool is_data = scan->manifest->content == FIRN_CONTENT_DATA;
    const firn_manifest_columns columns = is_data ? opts->columns : FIRN_MANIFEST_BOUNDS;
    FIRN_TRY(firn_manifest_reader_open(bytes, scan->manifest, opts->schema, scan->spec_filter->spec,
                                       columns, out, err));
    if (scan->n_parts > 0) firn_manifest_reader_limit(*out, &scan->part);
    if (!is_data || columns != FIRN_MANIFEST_BOUNDS || scan->builder) return FIRN_OK;
    return firn_manifest_reader_select(*out, opts->metric_ids, opts->n_metric_ids, err);
}

static firn_status run(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan,
                       firn_arena *scratch, firn_arena *results, firn_error *err)
{
    firn_manifest_reader *reader = NULL;
    firn_str bytes = scan->bytes;

    firn_image_scan_find(opts, scan);
    if (scan->image) {
        const firn_status found = firn_image_scan_run(opts, scan, scratch, results, err);
        if (found != FIRN_DONE) return found;
        firn_arena_reset(scratch);
    }
    if (!bytes.data)
        FIRN_TRY(firn_store_read_all(opts->store, scan->manifest->path, FIRN_LIMIT_METADATA,
                                     scratch, &bytes, err));
    firn_image_scan_build(opts, scan);
    firn_status st = open_reader(opts, scan, bytes, &reader, err);
    if (st == FIRN_OK) st = read_entries(opts, scan, reader, results, err);
    if (st == FIRN_OK) scan->n_row_ids = firn_manifest_reader_row_ids(reader);
    firn_manifest_reader_close(reader);
    if (st == FIRN_OK && scan->builder && scan->n_parts == 0) firn_image_scan_keep(opts, scan, 1);
    return st;
}

firn_status firn_manifest_scan_run(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan,
                                   firn_arena *scratch, firn_arena *results, firn_error *err)
{
    firn_arena_reset(scratch);
    return firn_error_wrap(err, run(opts, scan, scratch, results, err), "manifest %.*s",
                           FIRN_STR_ARG(scan->manifest->path));
}
