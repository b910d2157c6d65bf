/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes are written one data file after another: one file or blob is in memory at a time. */
#include "iceberg/write/delete_writer.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "format/puffin/deletion_vector.h"
#include "iceberg/scan/position_deletes.h"
#include "iceberg/write/data_file_output.h"
#include "iceberg/write/table_writer.h"
#include "iceberg/write/writer_config.h"

typedef struct delete_writer {
    firn_env *env;
    firn_store *store;
    firn_arena *arena; /* of the result */
    firn_arena *scratch;
    firn_writer_config config;
    char uuid[37];
    firn_data_file *files; /* paths of those begun are set */
    size_t n_begun;
} delete_writer;

static firn_status make_path(delete_writer *w, size_t number, const char *suffix, firn_str *out,
                             firn_error *err)
{
    *out = firn_arena_printf(w->arena, "%.*s/%05zu-%s-deletes.%s", FIRN_STR_ARG(w->config.folder),
                             number, w->uuid, suffix);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

/* What the entries of both kinds have in common. */
static void describe(const firn_row_delete *d, firn_data_file *file)
{
    file->content = FIRN_CONTENT_POSITION_DELETES;
    file->spec_id = d->file->spec_id;
    file->partition = d->file->partition;
    file->n_partition = d->file->n_partition;
    file->referenced_data_file = d->file->path;
    file->sort_order_id = -1;
    file->first_row_id = -1;
}

/* ---- position delete files ---- */

/* The path is one value for the whole file, so its bounds must not be cut. */
static const firn_parquet_column_opts k_whole_bounds[] = {
    {.field_id = FIRN_FIELD_DELETE_FILE_PATH, .metrics = FIRN_METRICS_FULL},
    {.field_id = FIRN_FIELD_DELETE_POS, .metrics = FIRN_METRICS_FULL},
};

static firn_status append_positions(firn_data_file_output *output, const firn_row_delete *d,
                                    firn_error *err)
{
    firn_view paths[FIRN_BATCH_ROWS];
    uint64_t positions[FIRN_BATCH_ROWS];
    firn_bitmap_cursor cursor = {0};
    firn_column columns[2] = {
        {.type = firn_position_delete_row.fields[0].type, .values = paths},
        {.type = firn_position_delete_row.fields[1].type, .values = positions}};
    firn_batch batch = {.n_columns = 2, .columns = columns};
    const firn_str path = d->file->path;
    for (size_t i = 0; i < FIRN_BATCH_ROWS; i++)
        paths[i] = firn_view_of(path.data, (uint32_t)path.len);
    for (;;) {
        const size_t n = firn_bitmap_next(d->positions, &cursor, positions, FIRN_BATCH_ROWS);
        if (n == 0) return FIRN_OK;
        batch.n_rows = columns[0].n_values = columns[1].n_values = (int64_t)n;
        FIRN_TRY(firn_data_file_output__append(output, &batch, err));
    }
}

static firn_status write_file(delete_writer *w, const firn_row_delete *d, size_t i, firn_error *err)
{
    firn_data_file_output output;
    firn_data_file *file = &w->files[i];
    firn_str path;
    FIRN_TRY(make_path(w, i, firn_row_file_suffix(w->config.files.format), &path, err));
    FIRN_TRY(firn_data_file_output__open(w->env, w->store, path, &firn_position_delete_row,
                                         &w->config.files, &output, err));
    file->path = path;
    w->n_begun = i + 1;
    firn_status st = append_positions(&output, d, err);
    if (st == FIRN_OK) st = firn_data_file_output__finish(&output, w->arena, file, err);
    firn_data_file_output__abandon(&output);
    file->path = path;
    FIRN_TRY(st);
    describe(d, file);
    return firn_env_failpoint(w->env, "writer.file.after_finish", err);
}

static firn_status write_files(delete_writer *w, const firn_row_delete *deletes, size_t n,
                               firn_error *err)
{
    w->config.files.format = w->config.delete_format;
    w->config.files.parquet.columns = k_whole_bounds;
    w->config.files.parquet.n_columns = sizeof k_whole_bounds / sizeof *k_whole_bounds;
    w->config.files.parquet.alloc = w->env->alloc;
    for (size_t i = 0; i < n; i++) FIRN_TRY(write_file(w, &deletes[i], i, err));
    return FIRN_OK;
}

/* ---- deletion vectors ---- */

static firn_status flush(firn_store_writer *out, firn_buf *bytes, firn_error *err)
{
    FIRN_TRY(firn_buf_check(bytes, err));
    FIRN_TRY(firn_store_write(out, bytes->data, bytes->len, err));
    firn_buf_clear(bytes);
    return FIRN_OK;
}

static firn_status append_vectors(delete_writer *w, const firn_row_delete *deletes, size_t n,
                                  firn_store_writer *out, firn_buf *bytes, firn_error *err)
{
    firn_puffin_writer puffin;
    firn_puffin_writer_init(&puffin, bytes, w->scratch, NULL);
    for (size_t i = 0; i < n; i++) {
        firn_puffin_blob blob;
        FIRN_TRY(firn_deletion_vector_add(&puffin, deletes[i].positions, deletes[i].file->path,
                                          &blob, err));
        FIRN_TRY(flush(out, bytes, err));
        w->files[i] = (firn_data_file){
            .format = FIRN_FILE_PUFFIN,
            .record_count = (int64_t)firn_bitmap_cardinality(deletes[i].positions),
            .path = w->files[0].path,
            .content_offset = blob.offset,
            .content_size_bytes = blob.length,
        };
        describe(&deletes[i], &w->files[i]);
    }
    FIRN_TRY(firn_puffin_writer_finish(&puffin, NULL, NULL, err));
    FIRN_TRY(flush(out, bytes, err));
    for (size_t i = 0; i < n; i++) w->files[i].file_size_bytes = puffin.offset;
    return firn_env_failpoint(w->env, "writer.file.before_finish", err);
}

static firn_status write_vectors(delete_writer *w, const firn_row_delete *deletes, size_t n,
                                 firn_error *err)
{
    firn_buf bytes;
    firn_str path;
    firn_store_writer *out = NULL;
    FIRN_TRY(make_path(w, 0, "puffin", &path, err));
    FIRN_TRY(firn_store_begin(w->store, path, &out, err));
    w->files[0].path = path;
    w->n_begun = 1; /* they are all in one file */
    firn_buf_init(&bytes, w->env->alloc, 2 * FIRN_LIMIT_VECTOR_BLOB);
    firn_status st = append_vectors(w, deletes, n, out, &bytes, err);
    firn_buf_dispose(&bytes);
    if (st != FIRN_OK) {
        firn_store_abandon(out);
        return st;
    }
    FIRN_TRY(firn_store_finish(out, err));
    return firn_env_failpoint(w->env, "writer.file.after_finish", err);
}

/* ---- both ---- */

static firn_status write_deletes(delete_writer *w, const firn_table_metadata *metadata,
                                 const firn_row_delete *deletes, size_t n, firn_error *err)
{
    const firn_schema schema = {.root = firn_position_delete_row};
    w->files = firn_arena_array(w->arena, n, sizeof *w->files);
    if (!w->files) return firn_fail_nomem(err);
    firn_random_uuid(w->env->random, w->uuid);
    FIRN_TRY(firn_writer_config__read(metadata, &schema, w->scratch, &w->config, err));
    return metadata->format_version >= 3 ? write_vectors(w, deletes, n, err)
                                         : write_files(w, deletes, n, err);
}

firn_status firn_delete_files_write(firn_env *env, firn_store *store,
                                    const firn_table_metadata *metadata,
                                    const firn_row_delete *deletes, size_t n, firn_arena *arena,
                                    firn_data_file **out, firn_error *err)
{
    delete_writer w = {.env = env, .store = store, .arena = arena};
    *out = NULL;
    if (n == 0) return FIRN_OK;
    if (metadata->format_version < 2)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: delete files in a table of format version 1");
    w.scratch = firn_arena_create(env->alloc, 0);
    if (!w.scratch) return firn_fail_nomem(err);
    const firn_status st = write_deletes(&w, metadata, deletes, n, err);
    firn_arena_destroy(w.scratch);
    if (st == FIRN_OK)
        *out = w.files;
    else
        firn_data_files_remove(env, store, w.files, w.n_begun);
    return st;
}
