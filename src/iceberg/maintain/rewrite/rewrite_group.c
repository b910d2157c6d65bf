/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways of writing a group have in common: rows come from the scan's reader and go to the
 * table's writer. Where all rows belong to one partition the number of output files is set by rows,
 * so that they come out alike; else the writer rolls each partition's file by size. */
#include "iceberg/maintain/rewrite/rewrite_group.h"

#include "base/error.h"
#include "iceberg/maintain/rewrite/group_run.h"

firn_status firn_rewrite_schema(const firn_table_metadata *metadata, firn_arena *arena,
                                const firn_schema **out, firn_error *err)
{
    *out = firn_metadata_schema(metadata);
    return metadata->format_version < 3 ? FIRN_OK : firn_schema_with_lineage(*out, arena, out, err);
}

/* ---- output ---- */

static firn_status open_writer(firn_group_run *r, firn_error *err)
{
    /* Where rows tell when a file is full, sizes do not: what is not encoded yet counts too much.
     */
    const firn_table_writer_opts opts = {
        .schema = r->w->schema,
        .spec = r->w->spec,
        .target_file_bytes = r->rows_per_file > 0 ? INT64_MAX : r->w->limits->target_bytes};
    return firn_table_writer_create(r->w->env, r->w->store, r->w->metadata, &opts, &r->writer, err);
}

firn_status firn_group_run__need_writer(firn_group_run *r, firn_error *err)
{
    return r->writer ? FIRN_OK : open_writer(r, err);
}

firn_status firn_group_run__next_file(firn_group_run *r, firn_error *err)
{
    r->n_in_file = 0;
    return firn_table_writer_roll(r->writer, err);
}

firn_status firn_group_run__close_writer(firn_group_run *r, firn_error *err)
{
    firn_data_file *files = NULL;
    size_t n = 0;
    firn_status st = firn_table_writer_finish(r->writer, r->arena, &files, &n, err);
    for (size_t i = 0; i < n && st == FIRN_OK; i++) {
        firn_data_file *slot = firn_arena_push(r->arena, &r->out->files, &r->out->n_files,
                                               &r->cap_files, sizeof *slot);
        if (slot) {
            *slot = files[i];
            slot->sort_order_id = r->w->sort_order_id;
        } else {
            firn_data_files_remove(r->w->env, r->w->store, files + i, n - i);
            st = firn_fail_nomem(err);
        }
    }
    firn_table_writer_destroy(r->writer);
    r->writer = NULL;
    r->n_in_file = 0;
    return st;
}

/* Rows [from, from + n) of a batch; the columns of the batch may be more than the schema's. */
static firn_status write_slice(firn_group_run *r, const firn_batch *batch, int64_t from, int64_t n,
                               firn_error *err)
{
    firn_batch *part = NULL;
    FIRN_TRY(firn_group_run__need_writer(r, err));
    if (from == 0 && n == batch->n_rows) return firn_table_writer_append(r->writer, batch, err);
    FIRN_TRY(firn_batch_create(&r->w->schema->root, n, &part, err));
    firn_status st = firn_batch_append(part, batch, from, n, err);
    if (st == FIRN_OK) st = firn_table_writer_append(r->writer, part, err);
    firn_batch_destroy(part);
    return st;
}

firn_status firn_group_run__write(firn_group_run *r, const firn_batch *batch, firn_error *err)
{
    int64_t at = 0;
    if (r->rows_per_file > 0 && r->n_in_file >= r->rows_per_file)
        FIRN_TRY(firn_group_run__next_file(r, err));
    while (at < batch->n_rows) {
        int64_t n = batch->n_rows - at;
        if (r->rows_per_file > 0 && n > r->rows_per_file - r->n_in_file)
            n = r->rows_per_file - r->n_in_file;
        FIRN_TRY(write_slice(r, batch, at, n, err));
        at += n;
        r->n_in_file += n;
        if (r->rows_per_file > 0 && r->n_in_file == r->rows_per_file)
            FIRN_TRY(firn_group_run__next_file(r, err));
    }
    return FIRN_OK;
}

/* ---- as they come ---- */

static firn_status move_batch(void *ctx, size_t lane, const firn_scan_task *task,
                              const firn_batch *batch, firn_error *err)
{
    firn_group_run *r = ctx;
    const size_t n = r->w->schema->root.n_fields;
    (void)lane;
    const firn_batch rows = {.n_rows = batch->n_rows, .n_columns = n, .columns = batch->columns};
    if (r->out->has_moves)
        FIRN_TRY(firn_row_moves_add(&r->out->moves, (size_t)(task - r->group->tasks),
                                    batch->columns[n].values, batch->n_rows, err));
    return firn_group_run__write(r, &rows, err);
}

firn_status firn_group_run__move(firn_group_run *r, firn_scan_task *tasks, size_t n,
                                 firn_error *err)
{
    const firn_group_input input = {.tasks = tasks, .n_tasks = n, .root = &r->w->schema->root};
    return firn_group_run__read(r, &input, move_batch, r, err);
}

/* ---- all ---- */

static int64_t live_rows(const firn_rewrite_group *group)
{
    int64_t n = group->n_rows;
    for (size_t i = 0; i < group->n_tasks; i++)
        for (size_t k = 0; k < group->tasks[i].n_deletes; k++) {
            const firn_data_file *file = &group->tasks[i].deletes[k]->file;
            if (firn_delete_referenced_path(file).len > 0) n -= file->record_count;
        }
    return n > 0 ? n : 1;
}

static firn_status run_binpack(firn_group_run *r, firn_error *err)
{
    r->out->has_moves = r->group->is_one_partition;
    if (r->group->is_one_partition && !r->w->decodes_all) {
        FIRN_TRY(firn_group_run__need_writer(r, err));
        if (firn_table_writer_is_parquet(r->writer)) return firn_group_run__copy(r, err);
    }
    return firn_group_run__move(r, r->group->tasks, r->group->n_tasks, err);
}

static firn_status run(firn_group_run *r, firn_error *err)
{
    const bool is_sorted = r->w->strategy != FIRN_REWRITE_BINPACK;
    r->out->moves.arena = r->arena;
    if (r->group->is_one_partition)
        r->rows_per_file = (live_rows(r->group) + r->group->n_outputs - 1) / r->group->n_outputs;
    FIRN_TRY(is_sorted ? firn_group_run__sort(r, err) : run_binpack(r, err));
    return r->writer ? firn_group_run__close_writer(r, err) : FIRN_OK;
}

static firn_status write_once(const firn_group_writer *writer, const firn_rewrite_group *group,
                              firn_arena *arena, firn_group_output *out, firn_error *err)
{
    firn_group_run r = {.w = writer, .group = group, .arena = arena, .out = out};
    *out = (firn_group_output){0};
    r.scratch = firn_arena_create(writer->env->alloc, 0);
    if (!r.scratch) return firn_fail_nomem(err);
    const firn_status st = run(&r, err);
    firn_table_writer_destroy(r.writer);
    firn_arena_destroy(r.scratch);
    if (st == FIRN_OK) return FIRN_OK;
    firn_data_files_remove(writer->env, writer->store, out->files, out->n_files);
    out->n_files = 0;
    return st;
}

/* What cannot be taken over may still be readable; if it is not, the reader says why. */
firn_status firn_group_write(const firn_group_writer *writer, const firn_rewrite_group *group,
                             firn_arena *arena, firn_group_output *out, firn_error *err)
{
    const firn_status st = write_once(writer, group, arena, out, err);
    const bool is_odd =
        st == FIRN_ERR_CORRUPT || st == FIRN_ERR_LIMIT || st == FIRN_ERR_UNSUPPORTED;
    if (!is_odd || writer->strategy != FIRN_REWRITE_BINPACK || writer->decodes_all) return st;
    firn_group_writer decoding = *writer;
    decoding.decodes_all = true;
    return write_once(&decoding, group, arena, out, err);
}
