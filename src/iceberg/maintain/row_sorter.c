/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/row_sorter.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/key_sort.h"
#include "iceberg/scan/read.h"
#include "iceberg/scan/row_file.h"
#include "iceberg/write/data_file_output.h"
#include "iceberg/write/table_writer.h"
#include "iceberg/write/writer_config.h"

#define K_KEY_BYTES ((size_t)1 << 34) /* of all keys; the budget ends earlier */

/* A sorted run in a file, while it is merged. */
typedef struct sorted_run {
    firn_row_file file;
    firn_row_reader reader;
    size_t unit;
    firn_batch *batch; /* copied: the reader's memory is not kept by it */
    firn_keys keys;    /* of the batch */
    int64_t at;        /* next row of the batch */
    bool is_done;
} sorted_run;

struct firn_row_sorter {
    firn_env *env;
    firn_store *store;
    firn_row_sorter_opts opts;
    firn_arena *arena;
    firn_arena *scratch;
    firn_writer_config config;
    char uuid[37];
    firn_batch *rows; /* of the run in memory */
    firn_keys keys;
    int64_t n_bytes;
    int64_t *order; /* of the run in memory, once sorted */
    int64_t at;
    firn_data_file *files; /* written runs */
    size_t n_files, cap_files;
    sorted_run *runs; /* open ones; NULL until merging */
    firn_batch *out;
    bool is_sorted;
};

/* ---- create ---- */

static firn_status init(firn_row_sorter *s, const firn_table_metadata *metadata, firn_error *err)
{
    if (s->opts.max_batch_rows <= 0) s->opts.max_batch_rows = FIRN_BATCH_ROWS;
    FIRN_TRY(firn_writer_config__read(metadata, s->opts.schema, s->arena, &s->config, err));
    s->config.parquet.alloc = s->env->alloc;
    s->config.parquet.codec = FIRN_CODEC_LZ4_RAW;
    s->config.parquet.codec_level = 0;
    firn_random_uuid(s->env->random, s->uuid);
    FIRN_TRY(firn_batch_create(&s->opts.schema->root, FIRN_BATCH_ROWS, &s->rows, err));
    return firn_batch_create(&s->opts.schema->root, s->opts.max_batch_rows, &s->out, err);
}

firn_status firn_row_sorter_create(firn_env *env, firn_store *store,
                                   const firn_table_metadata *metadata,
                                   const firn_row_sorter_opts *opts, firn_row_sorter **out,
                                   firn_error *err)
{
    *out = NULL;
    firn_row_sorter *s = firn_mem_alloc_zero(env->alloc, sizeof *s);
    if (!s) return firn_fail_nomem(err);
    s->env = env;
    s->store = store;
    s->opts = *opts;
    s->arena = firn_arena_create(env->alloc, 0);
    s->scratch = firn_arena_create(env->alloc, 0);
    firn_keys_init(&s->keys, env->alloc, K_KEY_BYTES);
    const firn_status st = s->arena && s->scratch ? init(s, metadata, err) : firn_fail_nomem(err);
    if (st != FIRN_OK) {
        firn_row_sorter_destroy(s);
        return st;
    }
    *out = s;
    return FIRN_OK;
}

static void close_run(sorted_run *run)
{
    firn_row_reader_close(&run->reader);
    firn_row_file_close(&run->file);
    firn_batch_destroy(run->batch);
    firn_keys_dispose(&run->keys);
    run->batch = NULL;
}

void firn_row_sorter_destroy(firn_row_sorter *sorter)
{
    if (!sorter) return;
    for (size_t i = 0; sorter->runs && i < sorter->n_files; i++) close_run(&sorter->runs[i]);
    firn_data_files_remove(sorter->env, sorter->store, sorter->files, sorter->n_files);
    firn_batch_destroy(sorter->rows);
    firn_batch_destroy(sorter->out);
    firn_keys_dispose(&sorter->keys);
    firn_mem_free(sorter->env->alloc, sorter->order);
    firn_arena_destroy(sorter->scratch);
    firn_arena_destroy(sorter->arena);
    firn_mem_free(sorter->env->alloc, sorter);
}

size_t firn_row_sorter_runs(const firn_row_sorter *sorter)
{
    return sorter->n_files;
}

/* ---- one run in memory ---- */

/* Columns nest no deeper than types may. */
static int64_t column_bytes(const firn_column *column, int64_t n)
{
    const size_t width = firn_column_width(column->type);
    int64_t bytes = n * (int64_t)width + n / 8;
    const bool has_views = width == sizeof(firn_view) && column->n_children == 0 &&
                           column->type->kind != FIRN_TYPE_DECIMAL;
    const firn_view *views = column->values;
    for (int64_t i = 0; has_views && i < n; i++)
        if (views[i].len > sizeof views[i].as.inlined && firn_column_is_valid(column, i))
            bytes += views[i].len;
    for (size_t c = 0; c < column->n_children; c++) {
        const bool is_struct = column->type->kind == FIRN_TYPE_STRUCT;
        bytes += column_bytes(&column->children[c], is_struct ? n : column->children[c].n_values);
    }
    return bytes;
}

static firn_status add_keys(const firn_row_sorter *s, const firn_batch *batch, firn_keys *keys,
                            firn_error *err)
{
    for (int64_t r = 0; r < batch->n_rows; r++) {
        FIRN_TRY(firn_row_order_key(s->opts.order, batch, r, s->scratch, &keys->bytes, err));
        FIRN_TRY(firn_keys_end(keys, err));
    }
    firn_arena_reset(s->scratch);
    return FIRN_OK;
}

static firn_status sort_rows(firn_row_sorter *s, firn_error *err)
{
    firn_mem_free(s->env->alloc, s->order);
    s->order = firn_mem_alloc(s->env->alloc, (size_t)(s->rows->n_rows + 1) * sizeof *s->order);
    if (!s->order) return firn_fail_nomem(err);
    s->at = 0;
    return firn_keys_sort(&s->keys, s->order, err);
}

/* The next rows of the run in memory into out; none at its end. */
static firn_status gather(firn_row_sorter *s, firn_error *err)
{
    const int64_t rest = s->rows->n_rows - s->at;
    const int64_t n = rest < s->opts.max_batch_rows ? rest : s->opts.max_batch_rows;
    firn_batch_reset(s->out);
    FIRN_TRY(firn_batch_append_rows(s->out, s->rows, s->order + s->at, n, err));
    s->at += n;
    return FIRN_OK;
}

/* ---- runs in files ---- */

static firn_status write_rows(firn_row_sorter *s, firn_data_file_output *output, firn_error *err)
{
    do {
        FIRN_TRY(firn_env_check_cancel(s->env, err));
        FIRN_TRY(gather(s, err));
        FIRN_TRY(firn_data_file_output__append(output, s->out, err));
    } while (s->at < s->rows->n_rows);
    return FIRN_OK;
}

static firn_status spill(firn_row_sorter *s, firn_error *err)
{
    firn_data_file_output output;
    FIRN_TRY(sort_rows(s, err));
    const firn_str path = firn_arena_printf(s->arena, "%.*s/spill-%s-%zu.parquet",
                                            FIRN_STR_ARG(s->config.folder), s->uuid, s->n_files);
    firn_data_file *file =
        firn_arena_push(s->arena, &s->files, &s->n_files, &s->cap_files, sizeof *file);
    if (!path.data || !file) return firn_fail_nomem(err);
    file->path = path;
    FIRN_TRY(firn_data_file_output__open(s->env, s->store, path, &s->opts.schema->root,
                                         &s->config.parquet, &output, err));
    firn_status st = write_rows(s, &output, err);
    if (st == FIRN_OK) st = firn_data_file_output__finish(&output, s->arena, file, err);
    firn_data_file_output__abandon(&output);
    file->path = path;
    firn_batch_reset(s->rows);
    firn_keys_clear(&s->keys);
    s->n_bytes = 0;
    return st;
}

firn_status firn_row_sorter_append(firn_row_sorter *sorter, const firn_batch *batch,
                                   firn_error *err)
{
    if (sorter->is_sorted) return firn_fail(err, FIRN_ERR_ARG, "the rows are sorted already");
    FIRN_TRY(add_keys(sorter, batch, &sorter->keys, err));
    FIRN_TRY(firn_batch_append(sorter->rows, batch, 0, batch->n_rows, err));
    for (size_t i = 0; i < batch->n_columns; i++)
        sorter->n_bytes += column_bytes(&batch->columns[i], batch->n_rows);
    /* Order and entries of the sort: 40 bytes a row. Arrays that grow have spare room. */
    const int64_t n_used =
        2 * sorter->n_bytes + firn_keys_memory(&sorter->keys) + 40 * sorter->rows->n_rows;
    return n_used < sorter->opts.memory_bytes ? FIRN_OK : spill(sorter, err);
}

/* ---- merging ---- */

static firn_status copy_batch(firn_row_sorter *s, sorted_run *run, firn_batch *lent,
                              firn_error *err)
{
    firn_batch_reset(run->batch);
    FIRN_TRY(firn_batch_append(run->batch, lent, 0, lent->n_rows, err));
    firn_keys_clear(&run->keys);
    run->at = 0;
    return add_keys(s, run->batch, &run->keys, err);
}

/* The next rows of a run: from the open row group, or from the next one. */
static firn_status refill(firn_row_sorter *s, sorted_run *run, firn_error *err)
{
    const size_t n_columns = s->opts.schema->root.n_fields;
    firn_column *columns = firn_arena_array(s->scratch, n_columns, sizeof *columns);
    if (!columns) return firn_fail_nomem(err);
    firn_batch lent = {.n_columns = n_columns, .columns = columns};
    while (!run->is_done) {
        if (!firn_row_reader_is_open(&run->reader)) {
            const firn_row_reader_opts opts = {.unit = run->unit, .match = FIRN_ROW_MATCH_IDS};
            run->is_done = run->unit >= run->file.n_units;
            if (run->is_done) return FIRN_OK;
            FIRN_TRY(
                firn_row_reader_open(&run->file, &s->opts.schema->root, &opts, &run->reader, err));
            run->unit++;
        }
        for (size_t i = 0; i < n_columns; i++) columns[i] = (firn_column){0}; /* the reader's */
        const firn_status st = firn_row_reader_next(&run->reader, FIRN_BATCH_ROWS, &lent, err);
        if (st == FIRN_OK && lent.n_rows > 0) return copy_batch(s, run, &lent, err);
        if (st != FIRN_DONE) FIRN_TRY(st);
        if (st == FIRN_DONE) firn_row_reader_close(&run->reader);
    }
    return FIRN_OK;
}

static firn_status open_run(firn_row_sorter *s, size_t i, firn_error *err)
{
    sorted_run *run = &s->runs[i];
    firn_byte_source source;
    firn_keys_init(&run->keys, s->env->alloc, K_KEY_BYTES);
    FIRN_TRY(firn_byte_source_open(s->store, s->files[i].path, s->arena, &source, err));
    FIRN_TRY(firn_row_file_open(&source, FIRN_FILE_PARQUET, s->files[i].record_count, s->arena,
                                &run->file, err));
    FIRN_TRY(firn_batch_create(&s->opts.schema->root, FIRN_BATCH_ROWS, &run->batch, err));
    return refill(s, run, err);
}

static firn_status open_runs(firn_row_sorter *s, firn_error *err)
{
    s->runs = firn_arena_array(s->arena, s->n_files, sizeof *s->runs);
    if (!s->runs) return firn_fail_nomem(err);
    for (size_t i = 0; i < s->n_files; i++) FIRN_TRY(open_run(s, i, err));
    return FIRN_OK;
}

/* The run whose next row comes first; NULL at the end of all. */
static sorted_run *first_run(firn_row_sorter *s)
{
    sorted_run *first = NULL;
    for (size_t i = 0; i < s->n_files; i++) {
        sorted_run *run = &s->runs[i];
        if (run->is_done) continue;
        if (!first || firn_str_compare(firn_keys_at(&run->keys, run->at),
                                       firn_keys_at(&first->keys, first->at)) < 0)
            first = run;
    }
    return first;
}

static firn_status merge(firn_row_sorter *s, firn_error *err)
{
    firn_batch_reset(s->out);
    while (s->out->n_rows < s->opts.max_batch_rows) {
        sorted_run *run = first_run(s);
        if (!run) return FIRN_OK;
        FIRN_TRY(firn_batch_append(s->out, run->batch, run->at, 1, err));
        run->at++;
        if (run->at < run->batch->n_rows) continue;
        FIRN_TRY(firn_env_check_cancel(s->env, err));
        FIRN_TRY(refill(s, run, err));
        firn_arena_reset(s->scratch);
    }
    return FIRN_OK;
}

static firn_status start(firn_row_sorter *s, firn_error *err)
{
    s->is_sorted = true;
    if (s->n_files == 0) return sort_rows(s, err);
    if (s->rows->n_rows > 0) FIRN_TRY(spill(s, err));
    return open_runs(s, err);
}

firn_status firn_row_sorter_next(firn_row_sorter *sorter, const firn_batch **out, firn_error *err)
{
    if (!sorter->is_sorted) FIRN_TRY(start(sorter, err));
    FIRN_TRY(sorter->runs ? merge(sorter, err) : gather(sorter, err));
    *out = sorter->out;
    return sorter->out->n_rows > 0 ? FIRN_OK : FIRN_DONE;
}
