/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of which files a statement changes. Marks are one bit a row, made for files that are
 * touched only. Not here: what becomes of the rows that stay (dml_rest.c, dml_delta.c). */
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "sql/dml/dml.h"

/* ---- planning ---- */

static int32_t number_of(const void *ctx, firn_str path)
{
    const firn_dml_target *t = ctx;
    const firn_target_file *file = firn_map_find(&t->by_path, path);
    return file ? (int32_t)(file - t->files) : -1;
}

static firn_status index_files(firn_dml_target *t, firn_error *err)
{
    firn_arena *arena = t->session->arena;
    if (t->plan.n_tasks > INT32_MAX)
        return firn_fail(err, FIRN_ERR_LIMIT, "change of %zu data files, limit %d", t->plan.n_tasks,
                         INT32_MAX);
    t->numbers = (firn_file_numbers){number_of, t};
    firn_map_init(&t->by_path, arena);
    t->files = firn_arena_array(arena, t->plan.n_tasks, sizeof *t->files);
    if (!t->files) return firn_fail_nomem(err);
    for (size_t i = 0; i < t->plan.n_tasks; i++) {
        t->files[i].task = &t->plan.tasks[i];
        FIRN_TRY(firn_map_put(&t->by_path, t->plan.tasks[i].file->path, &t->files[i], err));
    }
    return FIRN_OK;
}

firn_status firn_dml_target_init(firn_dml_target *t, firn_session *session, firn_table *table,
                                 const firn_expr *filter, firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    *t = (firn_dml_target){.session = session,
                           .table = table,
                           .schema = firn_metadata_schema(metadata),
                           .snapshot_id = metadata->current_snapshot_id,
                           .has_lineage = metadata->format_version >= 3};
    if (filter) FIRN_TRY(firn_expr_bind(filter, t->schema, session->arena, &t->filter, err));
    if (t->filter && t->filter->op == FIRN_EXPR_TRUE) t->filter = NULL;
    if (t->snapshot_id >= 0) {
        const firn_plan_opts opts = {
            .filter = t->filter, .with_metrics = true, .for_rewrite = true};
        FIRN_TRY(firn_scan_plan_files(session->env, session->store, metadata, &opts, session->arena,
                                      &t->plan, err));
    }
    return index_files(t, err);
}

/* ---- marking ---- */

static firn_status make_bits(firn_dml_target *t, firn_target_file *file, firn_error *err)
{
    const size_t words = (size_t)((file->task->file->record_count + 63) / 64);
    file->changed = firn_arena_array(t->session->arena, words, sizeof *file->changed);
    return file->changed ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_dml_target_mark(firn_dml_target *t, int32_t number, int64_t pos,
                                 bool is_twice_fine, firn_error *err)
{
    if (number < 0 || (size_t)number >= t->plan.n_tasks)
        return firn_fail(err, FIRN_ERR_INTERNAL, "changed rows in a file that was not planned");
    firn_target_file *file = &t->files[number];
    if (pos < 0 || pos >= file->task->file->record_count) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "row %lld of %.*s, which has %lld rows",
                         (long long)pos, FIRN_STR_ARG(file->task->file->path),
                         (long long)file->task->file->record_count);
    }
    if (!file->changed) FIRN_TRY(make_bits(t, file, err));
    uint64_t *word = &file->changed[(uint64_t)pos >> 6];
    const uint64_t bit = (uint64_t)1 << ((uint64_t)pos & 63);
    if (*word & bit) {
        if (is_twice_fine) return FIRN_OK;
        (void)firn_fail(err, FIRN_ERR_ARG,
                        "a row of the table is matched by more than one row of the source");
        return firn_error_hint(err, FIRN_ERR_ARG,
                               "make the source unique in the columns that are compared");
    }
    *word |= bit;
    file->n_changed++;
    t->n_changed++;
    return FIRN_OK;
}

firn_status firn_dml_target_mark_file(firn_dml_target *t, firn_target_file *file, firn_error *err)
{
    (void)err;
    t->n_changed += file->task->file->record_count - file->n_changed;
    file->n_changed = file->task->file->record_count;
    return FIRN_OK;
}

/* ---- the change ---- */

firn_status firn_dml_target_finish(firn_dml_target *t, firn_row_writer *w, firn_isolation isolation,
                                   firn_txn *txn, size_t *n_removed, firn_error *err)
{
    firn_removals removals = {.arena = t->session->arena};
    for (size_t i = 0; i < t->plan.n_tasks; i++) {
        if (t->files[i].n_changed == 0) continue;
        FIRN_TRY(firn_removals_add(&removals, t->files[i].task, err));
    }
    if (n_removed) *n_removed = removals.n_data_files;
    if (removals.n == 0 && (!w || w->n_files == 0)) return FIRN_OK;
    const firn_change change = {.kind = FIRN_CHANGE_OVERWRITE,
                                .added = w ? w->files : NULL,
                                .n_added = w ? w->n_files : 0,
                                .removed = removals.keys,
                                .n_removed = removals.n,
                                .filter = t->filter,
                                .from_snapshot_id = t->snapshot_id,
                                .isolation = isolation,
                                .carries_row_ids = t->has_lineage};
    return firn_txn_change_files(txn, &change, err);
}

/* ---- what mentions of the table show ---- */

firn_status firn_dml__pin(firn_session *session, firn_table *table, firn_error *err)
{
    statement_state *state = &session->statement;
    statement_table *entry = firn_arena_alloc_zero(session->arena, sizeof *entry);
    statement_table **slot = firn_arena_push(session->arena, &state->tables, &state->n_tables,
                                             &state->cap_tables, sizeof *slot);
    if (!entry || !slot) return firn_fail_nomem(err);
    *slot = entry;
    entry->catalog = firn_table_catalog(table);
    entry->ident = *firn_table_ident(table);
    entry->loaded.metadata_location = firn_table_metadata_location(table);
    entry->loaded.metadata = firn_table_metadata_of(table);
    return FIRN_OK;
}

void firn_dml__unpin(firn_session *session)
{
    session->statement.n_tables = 0;
}
