/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. The data file's metrics come from the writer of its format. */
#include "iceberg/write/data_file_output.h"

#include "base/error.h"

static firn_status write_to_store(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_data_file_output *out = ctx;
    FIRN_TRY(firn_store_write(out->store_writer, data, n, err));
    out->n_stored += (int64_t)n;
    return FIRN_OK;
}

firn_status firn_data_file_output__open(firn_env *env, firn_store *store, firn_str path,
                                        const firn_type *root, const firn_row_file_opts *opts,
                                        firn_data_file_output *out, firn_error *err)
{
    *out = (firn_data_file_output){.env = env, .path = path, .format = opts->format};
    const firn_byte_sink sink = {out, write_to_store};
    FIRN_TRY(firn_store_begin(store, path, &out->store_writer, err));
    const firn_status st =
        firn_row_file_writer_create(root, opts, env->random, &sink, &out->writer, err);
    if (st != FIRN_OK) firn_data_file_output__abandon(out);
    return st;
}

static firn_status flush_pending(firn_data_file_output *out, firn_error *err)
{
    if (!out->pending || out->pending->n_rows == 0) return FIRN_OK;
    FIRN_TRY(firn_row_file_writer_append(&out->writer, out->pending, err));
    firn_batch_reset(out->pending);
    return FIRN_OK;
}

firn_status firn_data_file_output__append(firn_data_file_output *out, const firn_batch *batch,
                                          firn_error *err)
{
    FIRN_TRY(flush_pending(out, err));
    return firn_row_file_writer_append(&out->writer, batch, err);
}

firn_status firn_data_file_output__append_rows(firn_data_file_output *out, const firn_type *root,
                                               const firn_batch *batch, const int64_t *rows,
                                               int64_t n, firn_error *err)
{
    if (!out->pending) FIRN_TRY(firn_batch_create(root, FIRN_BATCH_ROWS, &out->pending, err));
    FIRN_TRY(firn_batch_append_rows(out->pending, batch, rows, n, err));
    return out->pending->n_rows >= FIRN_BATCH_ROWS ? flush_pending(out, err) : FIRN_OK;
}

int64_t firn_data_file_output__size(const firn_data_file_output *out)
{
    return firn_row_file_writer_size(&out->writer);
}

int64_t firn_data_file_output__buffered(const firn_data_file_output *out)
{
    return firn_row_file_writer_size(&out->writer) - out->n_stored;
}

void firn_data_file_output__abandon(firn_data_file_output *out)
{
    firn_row_file_writer_destroy(&out->writer);
    firn_store_abandon(out->store_writer);
    out->store_writer = NULL;
    firn_batch_destroy(out->pending);
    out->pending = NULL;
}

/* ---- metrics ---- */

struct maps {
    firn_metric *sizes, *values, *nulls, *nans, *lowers, *uppers;
};

static bool make_maps(firn_arena *arena, size_t n, struct maps *maps)
{
    maps->sizes = firn_arena_array(arena, n, sizeof *maps->sizes);
    maps->values = firn_arena_array(arena, n, sizeof *maps->values);
    maps->nulls = firn_arena_array(arena, n, sizeof *maps->nulls);
    maps->nans = firn_arena_array(arena, n, sizeof *maps->nans);
    maps->lowers = firn_arena_array(arena, n, sizeof *maps->lowers);
    maps->uppers = firn_arena_array(arena, n, sizeof *maps->uppers);
    return maps->sizes && maps->values && maps->nulls && maps->nans && maps->lowers && maps->uppers;
}

static void put_count(firn_metric *items, firn_metric_map *map, int32_t id, int64_t count)
{
    map->items = items;
    if (count >= 0) items[map->n++] = (firn_metric){.field_id = id, .count = count};
}

static void put_bound(firn_metric *items, firn_metric_map *map, int32_t id, bool has,
                      firn_str bound)
{
    map->items = items;
    if (has) items[map->n++] = (firn_metric){.field_id = id, .bound = bound};
}

firn_status firn_data_file_of_metrics(firn_str path, firn_file_format format,
                                      const firn_file_metrics *metrics, firn_arena *arena,
                                      firn_data_file *file, firn_error *err)
{
    struct maps maps;
    if (!make_maps(arena, metrics->n_columns, &maps)) return firn_fail_nomem(err);
    *file = (firn_data_file){
        .content = FIRN_CONTENT_DATA,
        .format = format,
        .record_count = metrics->record_count,
        .file_size_bytes = metrics->file_size_bytes,
        .split_offsets = metrics->split_offsets,
        .n_split_offsets = metrics->n_split_offsets,
        .sort_order_id = 0,
        .first_row_id = -1,
        .content_offset = -1,
        .content_size_bytes = -1,
    };
    for (size_t i = 0; i < metrics->n_columns; i++) {
        const firn_column_metrics *c = &metrics->columns[i];
        put_count(maps.sizes, &file->column_sizes, c->field_id, c->column_size_bytes);
        put_count(maps.values, &file->value_counts, c->field_id, c->value_count);
        put_count(maps.nulls, &file->null_value_counts, c->field_id, c->null_count);
        put_count(maps.nans, &file->nan_value_counts, c->field_id, c->nan_count);
        put_bound(maps.lowers, &file->lower_bounds, c->field_id, c->has_lower, c->lower);
        put_bound(maps.uppers, &file->upper_bounds, c->field_id, c->has_upper, c->upper);
    }
    file->path = firn_arena_copy(arena, path);
    return file->path.data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_data_file_output__seal(firn_data_file_output *out, firn_arena *arena,
                                        firn_data_file *file, firn_store_writer **writer,
                                        firn_error *err)
{
    firn_file_metrics metrics;
    FIRN_TRY(flush_pending(out, err));
    FIRN_TRY(firn_row_file_writer_finish(&out->writer, arena, &metrics, err));
    FIRN_TRY(firn_data_file_of_metrics(out->path, out->format, &metrics, arena, file, err));
    FIRN_TRY(firn_env_failpoint(out->env, "writer.file.before_finish", err));
    file->has_pending_name = true;
    *writer = out->store_writer;
    out->store_writer = NULL;
    firn_data_file_output__abandon(out);
    return FIRN_OK;
}

firn_status firn_data_file_output__finish(firn_data_file_output *out, firn_arena *arena,
                                          firn_data_file *file, firn_error *err)
{
    firn_store_writer *writer = NULL;
    FIRN_TRY(firn_data_file_output__seal(out, arena, file, &writer, err));
    return firn_store_finish_content(&writer, 1, err);
}
