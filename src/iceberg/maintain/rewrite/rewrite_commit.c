/* SPDX-License-Identifier: Apache-2.0 */
/* Bad interleaving: we read a file, somebody deletes some of its rows, we replace the file: the
 * rows would be back. The transaction finds the new delete file and refuses; here it is looked up,
 * its positions become positions of our files, and delete files for these go into the same commit.
 * Deletes by value need nothing: our files keep the data sequence number of what we read, so newer
 * deletes apply to them as they did to the sources. */
#include "iceberg/maintain/rewrite/rewrite_commit.h"

#include "base/error.h"
#include "iceberg/scan/row_deletes.h"
#include "iceberg/write/delete_writer.h"
#include "iceberg/write/table_writer.h"

#define K_MAX_ATTEMPTS 20

void firn_rewritten_discard(const firn_group_writer *writer, firn_rewritten *groups, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        firn_data_files_remove(writer->env, writer->store, groups[i].output.files,
                               groups[i].output.n_files);
        groups[i].output.n_files = 0;
    }
}

/* What one attempt commits. */
typedef struct attempt {
    firn_rewrite_commit *c;
    firn_rewritten *groups;
    size_t n;
    firn_arena *scratch;
    firn_data_file *deletes; /* carried over */
    size_t n_deletes;
} attempt;

/* ---- the change ---- */

static size_t count_keys(const firn_rewrite_group *group)
{
    size_t n = group->n_tasks;
    for (size_t i = 0; i < group->n_tasks; i++) n += group->tasks[i].n_deletes;
    return n;
}

/* Sources, and the delete files that are about one of them alone. Deletion vectors of files that go
 * go by themselves, whichever is live by then. */
static size_t put_keys(const firn_rewrite_group *group, firn_file_key *keys)
{
    size_t n = 0;
    for (size_t i = 0; i < group->n_tasks; i++) {
        const firn_scan_task *task = &group->tasks[i];
        keys[n++] = (firn_file_key){.path = task->file->path};
        for (size_t k = 0; k < task->n_deletes; k++) {
            const firn_data_file *file = &task->deletes[k]->file;
            if (firn_is_deletion_vector(file) || firn_delete_referenced_path(file).len == 0)
                continue;
            keys[n++] = (firn_file_key){.path = file->path};
        }
    }
    return n;
}

static firn_status make_change(const attempt *a, firn_change *out, firn_error *err)
{
    const firn_rewrite_commit *c = a->c;
    size_t n_added = a->n_deletes;
    size_t n_removed = 0;
    for (size_t i = 0; i < a->n; i++) {
        n_added += a->groups[i].output.n_files;
        n_removed += count_keys(&a->groups[i].group);
    }
    firn_data_file *added = firn_arena_array(a->scratch, n_added, sizeof *added);
    firn_file_key *removed = firn_arena_array(a->scratch, n_removed, sizeof *removed);
    if (!added || !removed) return firn_fail_nomem(err);
    *out = (firn_change){.kind = FIRN_CHANGE_REWRITE,
                         .branch = c->branch,
                         .added = added,
                         .removed = removed,
                         .from_snapshot_id = c->from_snapshot_id,
                         .carries_row_ids = true,
                         .data_sequence_number =
                             c->keeps_sequence_number ? c->from_sequence_number : 0};
    for (size_t i = 0; i < a->n; i++) {
        const firn_group_output *output = &a->groups[i].output;
        for (size_t k = 0; k < output->n_files; k++) added[out->n_added++] = output->files[k];
        out->n_removed += put_keys(&a->groups[i].group, removed + out->n_removed);
    }
    for (size_t i = 0; i < a->n_deletes; i++) added[out->n_added++] = a->deletes[i];
    return FIRN_OK;
}

static firn_status commit_change(const attempt *a, firn_error *err)
{
    firn_txn *txn = NULL;
    firn_change change;
    FIRN_TRY(make_change(a, &change, err));
    if (change.n_removed == 0) return FIRN_OK; /* all sources are gone */
    FIRN_TRY(firn_env_failpoint(a->c->writer->env, "maintain.rewrite.before_commit", err));
    FIRN_TRY(firn_txn_begin(a->c->table, &txn, err));
    firn_txn_keep_files(txn);
    firn_status st = firn_txn_change_files(txn, &change, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

/* ---- what others did ---- */

typedef struct newer {
    attempt *a;
    const firn_table_metadata *metadata;
    firn_scan_plan plan; /* of the head now */
    firn_map by_path;    /* path -> firn_scan_task */
    int64_t sequence_number;
    firn_row_delete *row_deletes;
    size_t n_row_deletes, cap_row_deletes;
} newer;

static firn_status look(newer *w, firn_error *err)
{
    firn_rewrite_commit *c = w->a->c;
    const firn_snapshot *head = NULL;
    const firn_group_writer *writer = c->writer;
    FIRN_TRY(firn_table_refresh(c->table, err));
    FIRN_TRY(firn_table_views_load(c->views, err));
    FIRN_TRY(firn_table_views_head(c->views, c->branch, &head, err));
    w->metadata = firn_table_views_metadata(c->views);
    firn_map_init(&w->by_path, c->arena);
    if (!head) return FIRN_OK;
    const firn_plan_opts opts = {.snapshot_id = head->snapshot_id, .for_rewrite = true};
    FIRN_TRY(firn_scan_plan_files(writer->env, writer->store, w->metadata, &opts, c->arena,
                                  &w->plan, err));
    for (size_t i = 0; i < w->plan.n_tasks; i++)
        FIRN_TRY(firn_map_put(&w->by_path, w->plan.tasks[i].file->path, &w->plan.tasks[i], err));
    w->sequence_number = head->sequence_number;
    c->from_snapshot_id = head->snapshot_id;
    return FIRN_OK;
}

/* Deletes that came after what the group was written from. */
static void count_new(const newer *w, const firn_scan_task *task, size_t *n_positions,
                      size_t *n_equalities)
{
    for (size_t i = 0; i < task->n_deletes; i++) {
        if (task->deletes[i]->sequence_number <= w->a->c->from_sequence_number) continue;
        if (task->deletes[i]->file.content == FIRN_CONTENT_EQUALITY_DELETES)
            (*n_equalities)++;
        else
            (*n_positions)++;
    }
}

/* Can the output stay, given what happened to the sources? */
static bool can_carry(const newer *w, const firn_rewritten *item)
{
    size_t n_positions = 0;
    size_t n_equalities = 0;
    for (size_t i = 0; i < item->group.n_tasks; i++) {
        const firn_scan_task *task = firn_map_find(&w->by_path, item->group.tasks[i].file->path);
        if (!task) return false;
        count_new(w, task, &n_positions, &n_equalities);
    }
    if (n_equalities > 0 && !w->a->c->keeps_sequence_number) return false;
    return n_positions == 0 || item->output.has_moves;
}

/* ---- carrying over ---- */

static firn_status read_new(newer *w, const firn_scan_task *task, firn_bitmap *out, firn_error *err)
{
    const firn_group_writer *writer = w->a->c->writer;
    const firn_delete_source source = {writer->env, writer->store, w->metadata};
    firn_scan_task only = *task;
    const firn_delete_file **deletes =
        firn_arena_array(w->a->scratch, task->n_deletes, sizeof *deletes);
    firn_row_deletes *reader = NULL;
    const firn_file_deletes *found = NULL;
    if (!deletes) return firn_fail_nomem(err);
    only.deletes = deletes;
    only.n_deletes = 0;
    for (size_t i = 0; i < task->n_deletes; i++)
        if (task->deletes[i]->sequence_number > w->a->c->from_sequence_number &&
            task->deletes[i]->file.content == FIRN_CONTENT_POSITION_DELETES)
            deletes[only.n_deletes++] = task->deletes[i];
    if (only.n_deletes == 0) return FIRN_OK;
    const firn_scan_plan plan = {.tasks = &only, .n_tasks = 1};
    FIRN_TRY(firn_row_deletes_create(&source, &plan, &reader, err));
    firn_status st = firn_row_deletes_load(reader, &only, w->a->scratch, &found, err);
    if (st == FIRN_OK && found->positions) st = firn_bitmap_or(out, found->positions, err);
    firn_row_deletes_destroy(reader);
    return st;
}

static firn_status push_deletes(newer *w, const firn_group_output *output,
                                firn_bitmap *const *bitmaps, firn_error *err)
{
    for (size_t i = 0; i < output->n_files; i++) {
        if (firn_bitmap_cardinality(bitmaps[i]) == 0) continue;
        firn_row_delete *slot = firn_arena_push(w->a->scratch, &w->row_deletes, &w->n_row_deletes,
                                                &w->cap_row_deletes, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = (firn_row_delete){&output->files[i], bitmaps[i]};
    }
    return FIRN_OK;
}

static firn_status carry(newer *w, firn_rewritten *item, firn_error *err)
{
    const firn_group_output *output = &item->output;
    int64_t *ends = firn_arena_array(w->a->scratch, output->n_files, sizeof *ends);
    firn_bitmap **bitmaps = firn_arena_array(w->a->scratch, output->n_files, sizeof(firn_bitmap *));
    if (!ends || !bitmaps) return firn_fail_nomem(err);
    for (size_t i = 0; i < output->n_files; i++) {
        ends[i] = output->files[i].record_count + (i > 0 ? ends[i - 1] : 0);
        FIRN_TRY(firn_bitmap_in_arena(w->a->scratch, &bitmaps[i], err));
    }
    for (size_t i = 0; i < item->group.n_tasks; i++) {
        firn_bitmap *deleted = NULL;
        const firn_scan_task *now = firn_map_find(&w->by_path, item->group.tasks[i].file->path);
        FIRN_TRY(firn_bitmap_in_arena(w->a->scratch, &deleted, err));
        FIRN_TRY(read_new(w, now, deleted, err));
        FIRN_TRY(
            firn_row_moves_carry(&output->moves, i, deleted, ends, bitmaps, output->n_files, err));
        item->group.tasks[i] = *now;
    }
    return push_deletes(w, output, bitmaps, err);
}

/* The group again, of those of its files that are still there. */
static firn_status redo(newer *w, firn_rewritten *item, firn_error *err)
{
    firn_rewrite_commit *c = w->a->c;
    firn_group_writer writer = *c->writer;
    firn_rewrite_group group = item->group;
    firn_scan_task *tasks = firn_arena_array(c->arena, group.n_tasks, sizeof *tasks);
    if (!tasks) return firn_fail_nomem(err);
    firn_rewritten_discard(&writer, item, 1);
    group.tasks = tasks;
    group.n_tasks = 0;
    group.n_bytes = group.n_rows = 0;
    for (size_t i = 0; i < item->group.n_tasks; i++) {
        const firn_scan_task *now = firn_map_find(&w->by_path, item->group.tasks[i].file->path);
        if (!now) continue;
        tasks[group.n_tasks++] = *now;
        group.n_bytes += now->file->file_size_bytes;
        group.n_rows += now->file->record_count;
    }
    item->group = group;
    if (group.n_tasks == 0) return FIRN_OK;
    item->group.n_outputs = firn_rewrite_n_outputs(writer.limits, group.n_bytes);
    writer.metadata = w->metadata;
    c->n_redone++;
    return firn_group_write(&writer, &item->group, c->arena, &item->output, err);
}

/* What was redone is as of now, what is carried over as of what was read: they need one sequence
 * number, so if one is redone, all that have new deletes are. */
static firn_status follow(attempt *a, firn_error *err)
{
    newer w = {.a = a};
    bool redoes = false;
    FIRN_TRY(look(&w, err));
    for (size_t i = 0; i < a->n; i++) redoes = redoes || !can_carry(&w, &a->groups[i]);
    for (size_t i = 0; i < a->n; i++)
        FIRN_TRY(redoes ? redo(&w, &a->groups[i], err) : carry(&w, &a->groups[i], err));
    if (redoes) {
        a->c->from_sequence_number = w.sequence_number;
        return FIRN_OK;
    }
    const firn_group_writer *writer = a->c->writer;
    a->n_deletes = w.n_row_deletes;
    a->c->n_delete_files += (int64_t)w.n_row_deletes;
    return firn_delete_files_write(writer->env, writer->store, w.metadata, w.row_deletes,
                                   w.n_row_deletes, a->scratch, &a->deletes, err);
}

/* ---- attempts ---- */

static firn_status try_once(attempt *a, bool is_first, firn_error *err)
{
    const firn_group_writer *writer = a->c->writer;
    a->n_deletes = 0;
    if (!is_first) {
        /* Not a conflict of this attempt: whatever goes wrong here is final. */
        const firn_status st = follow(a, err);
        if (st != FIRN_OK) return st == FIRN_ERR_CONFLICT ? FIRN_ERR_INTERNAL : st;
    }
    const firn_status st = commit_change(a, err);
    if (st != FIRN_OK && st != FIRN_ERR_COMMIT_UNKNOWN)
        firn_data_files_remove(writer->env, writer->store, a->deletes, a->n_deletes);
    return st;
}

firn_status firn_rewrite_commit_run(firn_rewrite_commit *commit, firn_rewritten *groups, size_t n,
                                    firn_error *err)
{
    attempt a = {.c = commit, .groups = groups, .n = n};
    firn_status st = FIRN_OK;
    for (int i = 0; i < K_MAX_ATTEMPTS; i++) {
        a.scratch = firn_arena_create(commit->writer->env->alloc, 0);
        if (!a.scratch) return firn_fail_nomem(err);
        st = try_once(&a, i == 0, err);
        firn_arena_destroy(a.scratch);
        if (st != FIRN_ERR_CONFLICT) break;
    }
    if (st != FIRN_OK && st != FIRN_ERR_COMMIT_UNKNOWN)
        firn_rewritten_discard(commit->writer, groups, n);
    return st;
}
