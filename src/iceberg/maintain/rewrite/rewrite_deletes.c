/* SPDX-License-Identifier: Apache-2.0 */
/* Delete files written again: for each data file that the chosen ones are about, the positions they
 * delete become one file (format version 2) or one deletion vector (3), which takes in all that is
 * deleted by position, since readers of a vector look at nothing else.
 *
 * Deletes by value are turned into positions by reading the data files with them applied: what does
 * not come out is deleted. Rows that others delete or files that they replace meanwhile make this a
 * conflict; it is done again then. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "firn/maintain.h"
#include "iceberg/expr/expr_parse.h"
#include "iceberg/maintain/table_views.h"
#include "iceberg/scan/read.h"
#include "iceberg/scan/row_deletes.h"
#include "iceberg/txn/snapshot_update.h"
#include "iceberg/write/delete_writer.h"
#include "iceberg/write/table_writer.h"

#define K_MAX_ATTEMPTS  10
#define K_DEFAULT_BYTES ((int64_t)64 << 20)

typedef struct delete_rewrite {
    firn_table *table;
    firn_env *env;
    firn_store *store;
    const firn_delete_rewrite_opts *opts;
    firn_arena *arena; /* of one attempt */
    firn_table_views views;
    const firn_table_metadata *metadata;
    const firn_snapshot *head;
    firn_scan_plan plan; /* all data files */
    firn_map chosen;     /* path -> firn_delete_file: those that go */
    firn_file_key *removed;
    size_t n_removed, cap_removed;
    firn_row_delete *deletes; /* to be written */
    size_t n_deletes, cap_deletes;
    firn_delete_rewrite_result *out;
} delete_rewrite;

/* ---- which delete files ---- */

typedef struct size_limits {
    int64_t target, min, max, min_files;
} size_limits;

static size_limits limits_of(const delete_rewrite *d)
{
    const firn_delete_rewrite_opts *o = d->opts;
    const int64_t target = firn_properties_get_i64(
        &d->metadata->properties, FIRN_STR("write.delete.target-file-size-bytes"), K_DEFAULT_BYTES);
    size_limits l = {.target = o->target_file_bytes > 0 ? o->target_file_bytes : target};
    l.min = o->min_file_bytes > 0 ? o->min_file_bytes : l.target / 4 * 3;
    l.max = o->max_file_bytes > 0 ? o->max_file_bytes : l.target / 5 * 9;
    l.min_files = o->min_input_files > 0 ? o->min_input_files : 5;
    return l;
}

/* Delete files of one partition that are small or large enough to be written again. */
typedef struct candidates {
    const firn_delete_file **files;
    size_t n, cap;
    int64_t n_bytes;
} candidates;

static bool is_candidate(const delete_rewrite *d, const size_limits *l, const firn_delete_file *f)
{
    const int64_t size = f->file.file_size_bytes;
    if (f->file.content == FIRN_CONTENT_EQUALITY_DELETES) return d->opts->converts_equalities;
    if (firn_is_deletion_vector(&f->file)) return false;
    return d->opts->rewrites_all || d->metadata->format_version >= 3 || size < l->min ||
           size > l->max;
}

static firn_status add_candidate(delete_rewrite *d, firn_map *groups, const firn_delete_file *f,
                                 firn_buf *key, firn_error *err)
{
    FIRN_TRY(firn_partition_key(f->file.spec_id, f->file.partition, f->file.n_partition, key, err));
    candidates *group = firn_map_find(groups, firn_buf_view(key));
    if (!group) {
        const firn_str copy = firn_arena_copy(d->arena, firn_buf_view(key));
        group = firn_arena_alloc_zero(d->arena, sizeof *group);
        if (!group || !copy.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_map_put(groups, copy, group, err));
    }
    const firn_delete_file **slot =
        firn_arena_push(d->arena, &group->files, &group->n, &group->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = f;
    group->n_bytes += f->file.file_size_bytes;
    return FIRN_OK;
}

/* A conversion to another form is always worth it. */
static bool is_worth_it(const delete_rewrite *d, const size_limits *l, const candidates *group)
{
    if (d->opts->rewrites_all || d->metadata->format_version >= 3) return true;
    for (size_t i = 0; i < group->n; i++)
        if (group->files[i]->file.content == FIRN_CONTENT_EQUALITY_DELETES) return true;
    return group->n_bytes > l->max ||
           (group->n > 1 && ((int64_t)group->n >= l->min_files || group->n_bytes > l->target));
}

static firn_status push_removed(delete_rewrite *d, const firn_data_file *file, firn_error *err)
{
    firn_file_key *slot =
        firn_arena_push(d->arena, &d->removed, &d->n_removed, &d->cap_removed, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = (firn_file_key){file->path, firn_is_deletion_vector(file) ? file->content_offset : 0};
    d->out->rewritten_files++;
    d->out->rewritten_bytes += firn_is_deletion_vector(file) && file->content_size_bytes > 0
                                   ? file->content_size_bytes
                                   : file->file_size_bytes;
    return FIRN_OK;
}

static firn_status choose_group(delete_rewrite *d, const candidates *group, firn_error *err)
{
    for (size_t i = 0; i < group->n; i++) {
        const firn_data_file *file = &group->files[i]->file;
        FIRN_TRY(firn_map_put(&d->chosen, file->path, (void *)(uintptr_t)group->files[i], err));
        FIRN_TRY(push_removed(d, file, err));
    }
    return FIRN_OK;
}

static firn_status group_candidates(delete_rewrite *d, const firn_scan_plan *picked,
                                    const size_limits *l, firn_map *groups, firn_error *err)
{
    firn_map seen;
    firn_buf key;
    firn_status st = FIRN_OK;
    firn_map_init(&seen, d->arena);
    firn_buf_init(&key, d->env->alloc, 0);
    for (size_t i = 0; i < picked->n_tasks && st == FIRN_OK; i++) {
        const firn_scan_task *task = &picked->tasks[i];
        for (size_t k = 0; k < task->n_deletes && st == FIRN_OK; k++) {
            const firn_delete_file *f = task->deletes[k];
            if (!is_candidate(d, l, f) || firn_map_has(&seen, f->file.path)) continue;
            st = firn_map_put(&seen, f->file.path, d, err);
            if (st == FIRN_OK) st = add_candidate(d, groups, f, &key, err);
        }
    }
    firn_buf_dispose(&key);
    return st;
}

static firn_status choose(delete_rewrite *d, firn_error *err)
{
    const size_limits l = limits_of(d);
    firn_plan_opts opts = {.snapshot_id = d->head->snapshot_id, .for_rewrite = true};
    firn_scan_plan picked;
    firn_map groups;
    FIRN_TRY(firn_scan_plan_files(d->env, d->store, d->metadata, &opts, d->arena, &d->plan, err));
    picked = d->plan;
    if (d->opts->where.len > 0) {
        FIRN_TRY(firn_expr_parse(d->opts->where, d->arena, &opts.filter, err));
        FIRN_TRY(
            firn_scan_plan_files(d->env, d->store, d->metadata, &opts, d->arena, &picked, err));
    }
    firn_map_init(&groups, d->arena);
    firn_map_init(&d->chosen, d->arena);
    FIRN_TRY(group_candidates(d, &picked, &l, &groups, err));
    for (size_t i = 0; i < groups.n_entries; i++)
        if (is_worth_it(d, &l, groups.entries[i].value))
            FIRN_TRY(choose_group(d, groups.entries[i].value, err));
    return FIRN_OK;
}

/* ---- positions ---- */

/* The deletes that a data file's new one replaces; *by_value: some are not by position. */
static firn_status pick_deletes(delete_rewrite *d, const firn_scan_task *task, firn_scan_task *out,
                                bool *by_value, firn_error *err)
{
    const bool is_v3 = d->metadata->format_version >= 3;
    const firn_delete_file **picked = firn_arena_array(d->arena, task->n_deletes, sizeof *picked);
    bool has_chosen = false;
    if (!picked) return firn_fail_nomem(err);
    *out = *task;
    out->deletes = picked;
    out->n_deletes = 0;
    *by_value = false;
    for (size_t i = 0; i < task->n_deletes; i++) {
        const firn_data_file *file = &task->deletes[i]->file;
        const bool is_chosen = firn_map_has(&d->chosen, file->path);
        const bool is_position = file->content == FIRN_CONTENT_POSITION_DELETES;
        has_chosen = has_chosen || is_chosen;
        if (!is_chosen && !(is_v3 && is_position)) continue;
        *by_value = *by_value || !is_position;
        picked[out->n_deletes++] = task->deletes[i];
    }
    if (!has_chosen) out->n_deletes = 0;
    return FIRN_OK;
}

static firn_status read_positions(delete_rewrite *d, const firn_scan_task *task, firn_bitmap *out,
                                  firn_error *err)
{
    const firn_delete_source source = {d->env, d->store, d->metadata};
    firn_scan_task copy = *task;
    const firn_scan_plan plan = {.tasks = &copy, .n_tasks = 1};
    const firn_file_deletes *found = NULL;
    firn_row_deletes *reader = NULL;
    FIRN_TRY(firn_row_deletes_create(&source, &plan, &reader, err));
    firn_status st = firn_row_deletes_load(reader, &copy, d->arena, &found, err);
    if (st == FIRN_OK && found->positions) st = firn_bitmap_or(out, found->positions, err);
    firn_row_deletes_destroy(reader);
    return st;
}

/* Positions from *next up to the first that came out are deleted. */
static firn_status add_gaps(const firn_batch *batch, int64_t *next, firn_bitmap *out,
                            firn_error *err)
{
    const int64_t *positions = batch->columns[0].values;
    for (int64_t r = 0; r < batch->n_rows; r++) {
        FIRN_TRY(firn_bitmap_add_range(out, (uint64_t)*next, (uint64_t)positions[r], err));
        *next = positions[r] + 1;
    }
    return FIRN_OK;
}

static firn_status read_survivors(delete_rewrite *d, firn_scan_reader *reader,
                                  const firn_scan_task *task, firn_bitmap *out, firn_error *err)
{
    firn_column column;
    firn_batch batch = {.n_columns = 1, .columns = &column};
    int64_t next = 0;
    for (;;) {
        column = (firn_column){0};
        const firn_status st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, &batch, NULL, err);
        if (st == FIRN_DONE) break;
        FIRN_TRY(st);
        FIRN_TRY(firn_env_check_cancel(d->env, err));
        FIRN_TRY(add_gaps(&batch, &next, out, err));
    }
    return firn_bitmap_add_range(out, (uint64_t)next, (uint64_t)task->file->record_count, err);
}

/* One file, read in order by one thread. */
static firn_status find_by_reading(delete_rewrite *d, const firn_scan_task *task, firn_bitmap *out,
                                   firn_error *err)
{
    firn_scan_task copy = *task;
    const firn_scan_plan plan = {.tasks = &copy, .n_tasks = 1};
    const firn_field pos = firn_field_pos;
    const firn_type projection = {.kind = FIRN_TYPE_STRUCT, .fields = &pos, .n_fields = 1};
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    FIRN_TRY(firn_scan_queue_create(d->env, d->store, d->metadata, &plan, &queue, err));
    firn_status st = firn_scan_reader_open(queue, &projection, firn_expr_true(), &reader, err);
    if (st == FIRN_OK) st = read_survivors(d, reader, &copy, out, err);
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    return st;
}

static firn_status collect_task(delete_rewrite *d, const firn_scan_task *task, firn_error *err)
{
    firn_scan_task picked;
    bool by_value = false;
    firn_bitmap *positions = NULL;
    FIRN_TRY(pick_deletes(d, task, &picked, &by_value, err));
    if (picked.n_deletes == 0) return FIRN_OK;
    FIRN_TRY(firn_bitmap_in_arena(d->arena, &positions, err));
    FIRN_TRY(by_value ? find_by_reading(d, &picked, positions, err)
                      : read_positions(d, &picked, positions, err));
    for (size_t i = 0; i < picked.n_deletes; i++)
        if (firn_is_deletion_vector(&picked.deletes[i]->file))
            FIRN_TRY(push_removed(d, &picked.deletes[i]->file, err));
    if (firn_bitmap_cardinality(positions) == 0) return FIRN_OK;
    firn_row_delete *slot =
        firn_arena_push(d->arena, &d->deletes, &d->n_deletes, &d->cap_deletes, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = (firn_row_delete){task->file, positions};
    return FIRN_OK;
}

/* ---- commit ---- */

static firn_status commit(delete_rewrite *d, const firn_data_file *added, firn_error *err)
{
    firn_txn *txn = NULL;
    const firn_change change = {.kind = FIRN_CHANGE_REWRITE,
                                .added = added,
                                .n_added = d->n_deletes,
                                .removed = d->removed,
                                .n_removed = d->n_removed,
                                .from_snapshot_id = d->head->snapshot_id,
                                .carries_row_ids = true};
    FIRN_TRY(firn_env_failpoint(d->env, "maintain.rewrite.before_commit", err));
    FIRN_TRY(firn_txn_begin(d->table, &txn, err));
    firn_txn_keep_files(txn);
    firn_status st = firn_txn_change_files(txn, &change, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

static firn_status write_and_commit(delete_rewrite *d, firn_error *err)
{
    firn_data_file *added = NULL;
    FIRN_TRY(firn_delete_files_write(d->env, d->store, d->metadata, d->deletes, d->n_deletes,
                                     d->arena, &added, err));
    const firn_status st = commit(d, added, err);
    if (st == FIRN_OK) {
        d->out->added_files = (int64_t)d->n_deletes;
        for (size_t i = 0; i < d->n_deletes; i++)
            d->out->added_bytes += firn_is_deletion_vector(&added[i]) ? added[i].content_size_bytes
                                                                      : added[i].file_size_bytes;
    } else if (st != FIRN_ERR_COMMIT_UNKNOWN) {
        firn_data_files_remove(d->env, d->store, added, d->n_deletes);
    }
    return st;
}

static firn_status attempt(delete_rewrite *d, firn_error *err)
{
    *d->out = (firn_delete_rewrite_result){0};
    FIRN_TRY(firn_table_refresh(d->table, err));
    FIRN_TRY(firn_table_views_load(&d->views, err));
    FIRN_TRY(firn_table_views_head(&d->views, (firn_str){0}, &d->head, err));
    d->metadata = firn_table_views_metadata(&d->views);
    if (!d->head) return FIRN_OK;
    FIRN_TRY(choose(d, err));
    for (size_t i = 0; i < d->plan.n_tasks && d->chosen.n_entries > 0; i++)
        FIRN_TRY(collect_task(d, &d->plan.tasks[i], err));
    return d->n_removed == 0 ? FIRN_OK : write_and_commit(d, err);
}

firn_status firn_table_rewrite_deletes(firn_table *table, const firn_delete_rewrite_opts *opts,
                                       firn_delete_rewrite_result *out, firn_error *err)
{
    firn_delete_rewrite_opts copy = {0};
    firn_status st = FIRN_OK;
    if (opts)
        memcpy(&copy, opts, opts->struct_size < sizeof copy ? opts->struct_size : sizeof copy);
    for (int i = 0; i < K_MAX_ATTEMPTS; i++) {
        delete_rewrite d = {.table = table,
                            .env = firn_table_env(table),
                            .store = firn_table_store(table),
                            .opts = &copy,
                            .out = out};
        d.arena = firn_arena_create(d.env->alloc, 0);
        if (!d.arena) return firn_fail_nomem(err);
        firn_table_views_init(&d.views, table, d.arena);
        st = attempt(&d, err);
        firn_table_views_close(&d.views);
        firn_arena_destroy(d.arena);
        if (st != FIRN_ERR_CONFLICT) break;
    }
    if (st != FIRN_OK) *out = (firn_delete_rewrite_result){0};
    return st;
}
