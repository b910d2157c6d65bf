/* SPDX-License-Identifier: Apache-2.0 */
/* Merge-on-read: marked rows become delete files, which replace those that were about the same data
 * file alone. A data file none of whose rows is left goes itself. Not here: new rows. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/row_deletes.h"
#include "iceberg/write/delete_writer.h"
#include "sql/dml/dml.h"

firn_status firn_dml__is_merge_on_read(const firn_session *session, const firn_table *table,
                                       const char *property, bool *out, firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    const bool is_trino = session->dialect == FIRN_DIALECT_TRINO && metadata->format_version >= 2;
    const firn_str mode =
        firn_properties_get(&metadata->properties, firn_str_of(property),
                            is_trino ? FIRN_STR("merge-on-read") : FIRN_STR("copy-on-write"));
    *out = firn_str_equals_nocase(mode, FIRN_STR("merge-on-read"));
    if (!*out && !firn_str_equals_nocase(mode, FIRN_STR("copy-on-write"))) {
        return firn_fail(err, FIRN_ERR_ARG,
                         "%s is \"%.*s\", expected copy-on-write or merge-on-read", property,
                         FIRN_STR_ARG(mode));
    }
    if (!*out || metadata->format_version >= 2) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                     "not supported: %s merge-on-read in a table of format version 1", property);
}

/* ---- files that go ---- */

static firn_status push_key(firn_removals *r, const firn_data_file *file, firn_error *err)
{
    firn_file_key *slot = firn_arena_push(r->arena, &r->keys, &r->n, &r->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = (firn_file_key){file->path, firn_is_deletion_vector(file) ? file->content_offset : 0};
    return FIRN_OK;
}

firn_status firn_removals_add_deletes(firn_removals *r, const firn_scan_task *task, firn_error *err)
{
    for (size_t i = 0; i < task->n_deletes; i++) {
        const firn_data_file *file = &task->deletes[i]->file;
        if (firn_delete_referenced_path(file).len > 0) FIRN_TRY(push_key(r, file, err));
    }
    return FIRN_OK;
}

firn_status firn_removals_add(firn_removals *r, const firn_scan_task *task, firn_error *err)
{
    r->n_data_files++;
    FIRN_TRY(push_key(r, task->file, err));
    return firn_removals_add_deletes(r, task, err);
}

/* ---- positions ---- */

typedef struct row_delta {
    firn_dml_target *target;
    firn_arena *arena;
    firn_scan_plan plan;      /* data files with marked rows; the deletes to merge */
    firn_target_file **files; /* of the plan's tasks */
    firn_removals removals;
    firn_row_delete *deletes;
    size_t n_deletes;
} row_delta;

/* Deletes by value stay what they are. A position delete file about several data files stays, too;
 * a deletion vector must include it, because readers look at nothing else then. */
static bool is_merged(const row_delta *d, const firn_data_file *file)
{
    if (file->content != FIRN_CONTENT_POSITION_DELETES) return false;
    return firn_table_metadata_of(d->target->table)->format_version >= 3 ||
           firn_delete_referenced_path(file).len > 0;
}

static firn_status add_task(row_delta *d, firn_target_file *file, firn_error *err)
{
    firn_scan_task *task = &d->plan.tasks[d->plan.n_tasks];
    const firn_delete_file **merged =
        firn_arena_array(d->arena, file->task->n_deletes, sizeof *merged);
    if (!merged) return firn_fail_nomem(err);
    *task = *file->task;
    task->deletes = merged;
    task->n_deletes = 0;
    for (size_t i = 0; i < file->task->n_deletes; i++) {
        const firn_delete_file *old = file->task->deletes[i];
        if (is_merged(d, &old->file)) merged[task->n_deletes++] = old;
    }
    d->files[d->plan.n_tasks++] = file;
    return FIRN_OK;
}

static firn_status collect(row_delta *d, firn_error *err)
{
    firn_dml_target *t = d->target;
    d->plan.tasks = firn_arena_array(d->arena, t->plan.n_tasks, sizeof *d->plan.tasks);
    d->files = firn_arena_array(d->arena, t->plan.n_tasks, sizeof(firn_target_file *));
    d->deletes = firn_arena_array(d->arena, t->plan.n_tasks, sizeof *d->deletes);
    if (!d->plan.tasks || !d->files || !d->deletes) return firn_fail_nomem(err);
    for (size_t i = 0; i < t->plan.n_tasks; i++) {
        if (t->files[i].n_changed > 0) FIRN_TRY(add_task(d, &t->files[i], err));
    }
    return FIRN_OK;
}

static firn_status add_marked(const firn_target_file *file, firn_bitmap *out, firn_error *err)
{
    const int64_t n = file->task->file->record_count;
    for (int64_t at = 0; at < n; at++) {
        const uint64_t word = file->changed[(uint64_t)at >> 6];
        if (word == 0) at |= 63;
        if (word >> ((uint64_t)at & 63) & 1) FIRN_TRY(firn_bitmap_add(out, (uint64_t)at, err));
    }
    return FIRN_OK;
}

static firn_status merge_task(row_delta *d, firn_row_deletes *old, size_t i, firn_error *err)
{
    const firn_scan_task *task = &d->plan.tasks[i];
    const uint64_t n_rows = (uint64_t)task->file->record_count;
    const firn_file_deletes *before = NULL;
    firn_bitmap *positions = NULL;
    FIRN_TRY(firn_bitmap_in_arena(d->arena, &positions, err));
    FIRN_TRY(firn_row_deletes_load(old, task, d->arena, &before, err));
    if (before->positions) FIRN_TRY(firn_bitmap_or(positions, before->positions, err));
    FIRN_TRY(add_marked(d->files[i], positions, err));
    if (firn_bitmap_count(positions, 0, n_rows) == n_rows)
        return firn_removals_add(&d->removals, task, err);
    d->deletes[d->n_deletes++] = (firn_row_delete){task->file, positions};
    return firn_removals_add_deletes(&d->removals, task, err);
}

static firn_status merge_positions(row_delta *d, firn_error *err)
{
    firn_dml_target *t = d->target;
    const firn_delete_source source = {t->session->env, t->session->store,
                                       firn_table_metadata_of(t->table)};
    firn_row_deletes *old = NULL;
    FIRN_TRY(firn_row_deletes_create(&source, &d->plan, &old, err));
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < d->plan.n_tasks && st == FIRN_OK; i++) st = merge_task(d, old, i, err);
    firn_row_deletes_destroy(old);
    return st;
}

/* ---- the change ---- */

static firn_status make_change(row_delta *d, const firn_row_writer *w, const firn_apply_opts *opts,
                               const firn_data_file *deletes, firn_txn *txn, firn_error *err)
{
    const firn_dml_target *t = d->target;
    const size_t n_added = w->n_files + d->n_deletes;
    firn_data_file *added = firn_arena_array(d->arena, n_added, sizeof *added);
    if (!added) return firn_fail_nomem(err);
    for (size_t i = 0; i < w->n_files; i++) added[i] = w->files[i];
    for (size_t i = 0; i < d->n_deletes; i++) added[w->n_files + i] = deletes[i];
    const firn_change change = {.kind = d->n_deletes > 0 ? FIRN_CHANGE_ROW_DELTA
                                                         : FIRN_CHANGE_OVERWRITE,
                                .added = added,
                                .n_added = n_added,
                                .removed = d->removals.keys,
                                .n_removed = d->removals.n,
                                .filter = t->filter,
                                .from_snapshot_id = t->snapshot_id,
                                .isolation = opts->isolation,
                                .is_update = d->n_deletes > 0 && opts->is_update,
                                .carries_row_ids = t->has_lineage};
    return firn_txn_change_files(txn, &change, err);
}

static firn_status write_delta(row_delta *d, const firn_row_writer *w, const firn_apply_opts *opts,
                               firn_txn *txn, firn_error *err)
{
    const firn_session *session = d->target->session;
    firn_data_file *deletes = NULL;
    FIRN_TRY(collect(d, err));
    FIRN_TRY(merge_positions(d, err));
    FIRN_TRY(firn_delete_files_write(session->env, session->store,
                                     firn_table_metadata_of(d->target->table), d->deletes,
                                     d->n_deletes, d->arena, &deletes, err));
    const firn_status st = make_change(d, w, opts, deletes, txn, err);
    if (st != FIRN_OK) firn_data_files_remove(session->env, session->store, deletes, d->n_deletes);
    return st;
}

firn_status firn_dml_target_finish_delta(firn_dml_target *t, const firn_row_writer *w,
                                         const firn_apply_opts *opts, firn_txn *txn,
                                         size_t *n_removed, firn_error *err)
{
    row_delta d = {.target = t, .arena = firn_arena_create(t->session->env->alloc, 0)};
    if (!d.arena) return firn_fail_nomem(err);
    d.removals.arena = d.arena;
    const firn_status st = write_delta(&d, w, opts, txn, err); /* which copies what it is given */
    *n_removed = d.removals.n_data_files;
    firn_arena_destroy(d.arena);
    return st;
}
