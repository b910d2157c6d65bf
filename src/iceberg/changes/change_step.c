/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/changes/change_step.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/expr/evaluate.h"
#include "store/store_read.h"

/* ---- which snapshots ---- */

/* Snapshots back to from, newest first; *is_found: from was met, or is the parent of the oldest. */
static firn_status walk_back(const firn_table_metadata *metadata, int64_t from,
                             const firn_snapshot *to, firn_arena *arena, const firn_snapshot ***out,
                             size_t *n_out, bool *is_found, firn_error *err)
{
    size_t cap = 0;
    *is_found = from == 0;
    while (to && *n_out <= metadata->n_snapshots) {
        if (from != 0 && to->snapshot_id == from) {
            *is_found = true;
            return FIRN_OK;
        }
        const firn_snapshot **slot = firn_arena_push(arena, out, n_out, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = to;
        if (from != 0 && to->parent_snapshot_id == from) *is_found = true;
        to = firn_metadata_find_snapshot(metadata, to->parent_snapshot_id);
    }
    return FIRN_OK;
}

firn_status firn_change_snapshots(const firn_table_metadata *metadata, int64_t from_snapshot_id,
                                  const firn_snapshot *to, firn_arena *arena,
                                  const firn_snapshot ***out, size_t *n_out, firn_error *err)
{
    const firn_snapshot **range = NULL;
    size_t n = 0;
    size_t n_kept = 0;
    bool is_found = false;
    *out = NULL;
    *n_out = 0;
    FIRN_TRY(walk_back(metadata, from_snapshot_id, to, arena, &range, &n, &is_found, err));
    if (!is_found)
        return firn_fail(err, FIRN_ERR_ARG,
                         "snapshot %" PRId64 " is not an ancestor of snapshot %" PRId64,
                         from_snapshot_id, to ? to->snapshot_id : -1);
    for (size_t i = 0; i < n / 2; i++) {
        const firn_snapshot *other = range[i];
        range[i] = range[n - 1 - i];
        range[n - 1 - i] = other;
    }
    for (size_t i = 0; i < n; i++)
        if (!firn_str_equals(range[i]->operation, FIRN_STR("replace"))) range[n_kept++] = range[i];
    *out = range;
    *n_out = n_kept;
    return FIRN_OK;
}

/* ---- one snapshot ---- */

typedef struct task_list {
    firn_scan_task *tasks;
    size_t n, cap;
} task_list;

typedef struct stepper {
    const firn_change_source *source;
    const firn_snapshot *snapshot;
    firn_arena *arena;
    firn_arena *scratch;       /* of one manifest */
    firn_delete_index *before; /* the delete files that were there; NULL: none */
    firn_delete_index *after;
    bool has_equality;
    bool has_changed;           /* delete files came or went */
    const firn_expr *projected; /* the filter, by the spec of the manifest that is read */
    task_list gone, added;
    firn_error *err;
} stepper;

/* Where an entry's file was and is. */
typedef struct presence {
    bool is_before, is_after;
} presence;

static presence presence_of(const stepper *s, const firn_manifest_entry *entry)
{
    const bool is_own = entry->snapshot_id == s->snapshot->snapshot_id;
    switch (entry->status) {
    case FIRN_ENTRY_ADDED: return (presence){!is_own, true};
    case FIRN_ENTRY_DELETED: return (presence){is_own, false};
    case FIRN_ENTRY_EXISTING: break;
    }
    return (presence){true, true};
}

typedef firn_status (*entry_fn)(stepper *s, const firn_manifest_entry *entry,
                                const firn_partition_spec *spec);

static firn_status find_spec(const stepper *s, const firn_manifest_file *manifest,
                             const firn_partition_spec **out)
{
    *out = firn_metadata_find_spec(s->source->metadata, manifest->spec_id);
    if (*out) return FIRN_OK;
    return firn_fail(s->err, FIRN_ERR_CORRUPT, "no partition spec %d in the table",
                     (int)manifest->spec_id);
}

/* The metrics that something looks at: all of those that equality deletes may compare. */
static firn_status open_reader(stepper *s, const firn_manifest_file *manifest,
                               const firn_partition_spec *spec, firn_manifest_reader **out)
{
    const firn_change_source *source = s->source;
    firn_str bytes;
    size_t n_ids = 0;
    const int32_t *ids = firn_change_filter_ids(source->filter, &n_ids);
    const bool is_data = manifest->content == FIRN_CONTENT_DATA;
    const bool needs_all = !is_data || s->has_equality;
    const firn_manifest_columns columns =
        needs_all || n_ids > 0 ? FIRN_MANIFEST_BOUNDS : FIRN_MANIFEST_NO_METRICS;
    firn_arena_reset(s->scratch);
    FIRN_TRY(firn_store_read_all(source->store, manifest->path, FIRN_LIMIT_METADATA, s->scratch,
                                 &bytes, s->err));
    FIRN_TRY(
        firn_manifest_reader_open(bytes, manifest, source->schema, spec, columns, out, s->err));
    return needs_all ? FIRN_OK : firn_manifest_reader_select(*out, ids, n_ids, s->err);
}

static firn_status read_entries(stepper *s, const firn_manifest_file *manifest, entry_fn fn)
{
    const firn_partition_spec *spec = NULL;
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry entry;
    FIRN_TRY(find_spec(s, manifest, &spec));
    FIRN_TRY(firn_env_check_cancel(s->source->env, s->err));
    firn_status st = open_reader(s, manifest, spec, &reader);
    while (st == FIRN_OK) {
        st = firn_manifest_reader_next(reader, &entry, s->err);
        if (st == FIRN_OK && entry.file.n_partition != spec->n_fields)
            st = firn_fail(s->err, FIRN_ERR_CORRUPT,
                           "entry has %zu partition values, spec %d has %zu",
                           entry.file.n_partition, (int)spec->spec_id, spec->n_fields);
        if (st == FIRN_OK) st = fn(s, &entry, spec);
    }
    firn_manifest_reader_close(reader);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status read_manifest(stepper *s, const firn_manifest_file *manifest, entry_fn fn)
{
    return firn_error_wrap(s->err, read_entries(s, manifest, fn), "manifest %.*s",
                           FIRN_STR_ARG(manifest->path));
}

/* ---- delete files ---- */

static firn_status index_delete(stepper *s, const firn_manifest_entry *entry,
                                const firn_partition_spec *spec)
{
    const presence p = presence_of(s, entry);
    if (p.is_before || p.is_after)
        s->has_equality = s->has_equality || entry->file.content == FIRN_CONTENT_EQUALITY_DELETES;
    s->has_changed = s->has_changed || p.is_before != p.is_after;
    if (p.is_before) FIRN_TRY(firn_delete_index_add(s->before, entry, spec, s->err));
    return p.is_after ? firn_delete_index_add(s->after, entry, spec, s->err) : FIRN_OK;
}

static firn_status read_deletes(stepper *s, const firn_manifest_file *manifests, size_t n)
{
    const firn_table_metadata *metadata = s->source->metadata;
    FIRN_TRY(firn_delete_index_create(metadata, s->arena, &s->before, s->err));
    FIRN_TRY(firn_delete_index_create(metadata, s->arena, &s->after, s->err));
    for (size_t i = 0; i < n; i++) {
        if (manifests[i].content == FIRN_CONTENT_DATA) continue;
        s->source->tally->stats.delete_manifests_total++;
        s->source->tally->stats.delete_manifests_read++;
        FIRN_TRY(read_manifest(s, &manifests[i], index_delete));
    }
    firn_delete_index_finish(s->before);
    firn_delete_index_finish(s->after);
    return FIRN_OK;
}

/* ---- data files ---- */

typedef struct delete_list {
    const firn_delete_file **files;
    size_t n;
} delete_list;

static firn_status find_deletes(stepper *s, const firn_delete_index *index,
                                const firn_manifest_entry *entry, delete_list *out)
{
    *out = (delete_list){0};
    if (firn_delete_index_size(index) == 0) return FIRN_OK;
    return firn_delete_index_find(index, &entry->file, entry->sequence_number, s->arena,
                                  &out->files, &out->n, s->err);
}

/* The files of a that b does not have. */
static firn_status subtract(stepper *s, const delete_list *a, const delete_list *b,
                            delete_list *out)
{
    *out = (delete_list){.files = firn_arena_array(s->arena, a->n, sizeof *out->files)};
    if (!out->files) return firn_fail_nomem(s->err);
    for (size_t i = 0; i < a->n; i++) {
        const firn_data_file *file = &a->files[i]->file;
        bool is_there = false;
        for (size_t k = 0; k < b->n && !is_there; k++)
            is_there = b->files[k]->file.content_offset == file->content_offset &&
                       firn_str_equals(b->files[k]->file.path, file->path);
        if (!is_there) out->files[out->n++] = a->files[i];
    }
    return FIRN_OK;
}

static firn_status add_task(stepper *s, task_list *list, const firn_manifest_entry *entry,
                            const firn_partition_spec *spec, const delete_list *deletes,
                            const delete_list *only)
{
    firn_data_file source = entry->file;
    firn_data_file *file = firn_arena_alloc(s->arena, sizeof *file);
    if (!file) return firn_fail_nomem(s->err);
    const firn_metric_map none = {0};
    source.column_sizes = source.value_counts = source.null_value_counts = none;
    source.nan_value_counts = source.lower_bounds = source.upper_bounds = none;
    FIRN_TRY(firn_data_file_copy(&source, s->arena, file, s->err));
    firn_scan_task *task =
        firn_arena_push(s->arena, &list->tasks, &list->n, &list->cap, sizeof *task);
    if (!task) return firn_fail_nomem(s->err);
    *task = (firn_scan_task){.file = file,
                             .spec = spec,
                             .sequence_number = entry->sequence_number,
                             .snapshot_id = entry->snapshot_id,
                             .residual = firn_expr_true(),
                             .deletes = deletes->files,
                             .n_deletes = deletes->n,
                             .only = only ? only->files : NULL,
                             .n_only = only ? only->n : 0};
    return FIRN_OK;
}

/* A file with changes: counts it, and says whether the filter leaves it. */
static bool is_wanted(const stepper *s, const firn_data_file *file, const firn_partition_spec *spec)
{
    firn_scan_stats *stats = &s->source->tally->stats;
    stats->files_total++;
    stats->files_seen++;
    stats->rows_total += file->record_count;
    stats->bytes_total += file->file_size_bytes;
    if (!firn_expr_matches_partition(s->projected, spec, file->partition)) return false;
    stats->files_in_partition++;
    if (!firn_expr_may_match_file(firn_change_filter_expr(s->source->filter), file)) return false;
    stats->files_matched++;
    stats->rows_matched += file->record_count;
    stats->bytes_matched += file->file_size_bytes;
    return true;
}

/* A file that was there and is: rows whose deletes differ. */
static firn_status compare_deletes(stepper *s, const firn_manifest_entry *entry,
                                   const firn_partition_spec *spec)
{
    delete_list before;
    delete_list after;
    delete_list more;
    delete_list less;
    if (!s->has_changed) return FIRN_OK;
    FIRN_TRY(find_deletes(s, s->before, entry, &before));
    FIRN_TRY(find_deletes(s, s->after, entry, &after));
    if (before.n == 0 && after.n == 0) return FIRN_OK;
    FIRN_TRY(subtract(s, &after, &before, &more));
    FIRN_TRY(subtract(s, &before, &after, &less));
    if ((more.n == 0 && less.n == 0) || !is_wanted(s, &entry->file, spec)) return FIRN_OK;
    if (more.n > 0) FIRN_TRY(add_task(s, &s->gone, entry, spec, &before, &more));
    return less.n > 0 ? add_task(s, &s->added, entry, spec, &after, &less) : FIRN_OK;
}

static firn_status take_data_file(stepper *s, const firn_manifest_entry *entry,
                                  const firn_partition_spec *spec)
{
    const presence p = presence_of(s, entry);
    delete_list deletes;
    if (entry->file.content != FIRN_CONTENT_DATA || (!p.is_before && !p.is_after)) return FIRN_OK;
    if (p.is_before && p.is_after) return compare_deletes(s, entry, spec);
    if (!is_wanted(s, &entry->file, spec)) return FIRN_OK;
    FIRN_TRY(find_deletes(s, p.is_before ? s->before : s->after, entry, &deletes));
    return add_task(s, p.is_before ? &s->gone : &s->added, entry, spec, &deletes, NULL);
}

/* Summaries are of all entries, also of those of files that are gone. */
static firn_status may_match(stepper *s, const firn_manifest_file *manifest, bool *out)
{
    firn_scan_stats *stats = &s->source->tally->stats;
    const firn_partition_spec *spec = NULL;
    FIRN_TRY(find_spec(s, manifest, &spec));
    FIRN_TRY(firn_change_filter_for(s->source->filter, spec, &s->projected, s->err));
    *out = firn_expr_may_match_manifest(s->projected, spec, manifest);
    stats->manifests_total++;
    if (*out) stats->manifests_read++;
    if (*out || manifest->added_snapshot_id != s->snapshot->snapshot_id) return FIRN_OK;
    if (manifest->added_files > 0) stats->files_total += manifest->added_files;
    if (manifest->deleted_files > 0) stats->files_total += manifest->deleted_files;
    if (manifest->added_rows > 0) stats->rows_total += manifest->added_rows;
    if (manifest->deleted_rows > 0) stats->rows_total += manifest->deleted_rows;
    return FIRN_OK;
}

static firn_status read_data_files(stepper *s, const firn_manifest_file *manifests, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const firn_manifest_file *manifest = &manifests[i];
        bool is_left = false;
        if (manifest->content != FIRN_CONTENT_DATA) continue;
        const bool may_be_own = manifest->added_snapshot_id <= 0 || /* absent in version 1 */
                                manifest->added_snapshot_id == s->snapshot->snapshot_id;
        if (!may_be_own && !s->has_changed) continue;
        FIRN_TRY(firn_error_wrap(s->err, may_match(s, manifest, &is_left), "manifest %.*s",
                                 FIRN_STR_ARG(manifest->path)));
        if (is_left) FIRN_TRY(read_manifest(s, manifest, take_data_file));
    }
    return FIRN_OK;
}

static firn_status plan_step(stepper *s, firn_change_step *out)
{
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    FIRN_TRY(firn_snapshot_manifests(s->source->store, s->source->metadata, s->snapshot, s->arena,
                                     &manifests, &n, s->err));
    FIRN_TRY(read_deletes(s, manifests, n));
    FIRN_TRY(read_data_files(s, manifests, n));
    s->source->tally->n_snapshots++;
    *out = (firn_change_step){
        .gone = {.tasks = s->gone.tasks, .n_tasks = s->gone.n},
        .added = {.tasks = s->added.tasks, .n_tasks = s->added.n},
    };
    return FIRN_OK;
}

firn_status firn_change_step_plan(const firn_change_source *source, const firn_snapshot *snapshot,
                                  firn_arena *arena, firn_change_step *out, firn_error *err)
{
    stepper s = {.source = source, .snapshot = snapshot, .arena = arena, .err = err};
    *out = (firn_change_step){0};
    s.scratch = firn_arena_create(source->env->alloc, 0);
    if (!s.scratch) return firn_fail_nomem(err);
    const firn_status st = plan_step(&s, out);
    firn_arena_destroy(s.scratch);
    return firn_error_wrap(err, st, "changes of snapshot %" PRId64, snapshot->snapshot_id);
}
