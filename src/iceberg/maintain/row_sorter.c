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
    firn_batch batch;  /* lent by the reader */
    firn_keys keys;    /* of the batch */
    uint64_t *digests; /* of the keys */
    int64_t from, at;  /* rows of the batch [from, at) are picked */
    int64_t joined_at; /* where the next of them is among all that are picked */
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
    firn_key_places places; /* of all keys so far */
    firn_key_digest digest; /* once merging */
    int64_t n_bytes;
    int64_t *order; /* of the run in memory, once sorted; of what is joined */
    int64_t at;
    firn_data_file *files; /* written runs */
    size_t n_files, cap_files;
    sorted_run *runs;   /* open ones; NULL until merging */
    size_t *picks;      /* runs that rows come from, in order */
    firn_batch *joined; /* picked rows, run by run */
    firn_batch *out;
    bool is_sorted;
};

/* ---- create ---- */

/* Runs are read once, soon, from one end to the other: dictionaries and bounds are of no use. */
static firn_status make_plain(firn_row_sorter *s, firn_error *err)
{
    firn_parquet_write_opts *opts = &s->config.files.parquet;
    firn_parquet_column_opts *columns =
        firn_arena_array(s->arena, opts->n_columns, sizeof *columns);
    if (!columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < opts->n_columns; i++)
        columns[i] = (firn_parquet_column_opts){.field_id = opts->columns[i].field_id,
                                                .metrics = FIRN_METRICS_NONE,
                                                .no_dictionary = true};
    opts->columns = columns;
    opts->encodings = FIRN_PARQUET_ENCODINGS_V1;
    return FIRN_OK;
}

static firn_status init(firn_row_sorter *s, const firn_table_metadata *metadata, firn_error *err)
{
    if (s->opts.max_batch_rows <= 0) s->opts.max_batch_rows = FIRN_BATCH_ROWS;
    FIRN_TRY(firn_writer_config__read(metadata, s->opts.schema, s->arena, &s->config, err));
    s->config.files.format = FIRN_FILE_PARQUET; /* of runs, whatever the table's is */
    s->config.files.parquet.alloc = s->env->alloc;
    s->config.files.parquet.codec = FIRN_CODEC_LZ4_RAW;
    s->config.files.parquet.codec_level = 0;
    FIRN_TRY(make_plain(s, err));
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
    firn_keys_dispose(&run->keys);
}

void firn_row_sorter_destroy(firn_row_sorter *sorter)
{
    if (!sorter) return;
    for (size_t i = 0; sorter->runs && i < sorter->n_files; i++) close_run(&sorter->runs[i]);
    firn_data_files_remove(sorter->env, sorter->store, sorter->files, sorter->n_files);
    firn_batch_destroy(sorter->rows);
    firn_batch_destroy(sorter->joined);
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

static firn_status sort_rows(firn_row_sorter *s, firn_error *err)
{
    firn_mem_free(s->env->alloc, s->order);
    s->order = firn_mem_alloc(s->env->alloc, (size_t)(s->rows->n_rows + 1) * sizeof *s->order);
    if (!s->order) return firn_fail_nomem(err);
    s->at = 0;
    firn_key_places_add(&s->places, &s->keys);
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
                                         &s->config.files, &output, err));
    firn_store_make_scratch(output.store_writer);
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
    FIRN_TRY(firn_row_order_keys(sorter->opts.order, batch, sorter->scratch, &sorter->keys, err));
    FIRN_TRY(firn_batch_append(sorter->rows, batch, 0, batch->n_rows, err));
    for (size_t i = 0; i < batch->n_columns; i++)
        sorter->n_bytes += column_bytes(&batch->columns[i], batch->n_rows);
    /* Order and entries of the sort: 40 bytes a row. Arrays that grow have spare room. */
    const int64_t n_used =
        2 * sorter->n_bytes + firn_keys_memory(&sorter->keys) + 40 * sorter->rows->n_rows;
    return n_used < sorter->opts.memory_bytes ? FIRN_OK : spill(sorter, err);
}

/* ---- merging ---- */

static firn_status add_run_keys(firn_row_sorter *s, sorted_run *run, firn_error *err)
{
    firn_keys_clear(&run->keys);
    FIRN_TRY(firn_row_order_keys(s->opts.order, &run->batch, s->scratch, &run->keys, err));
    for (int64_t i = 0; i < run->keys.n; i++)
        run->digests[i] = firn_key_digest_value(&s->digest, firn_keys_at(&run->keys, i));
    run->from = run->at = 0;
    return FIRN_OK;
}

/* The next rows of a run: from the open row group, or from the next one. */
static firn_status refill(firn_row_sorter *s, sorted_run *run, firn_error *err)
{
    while (!run->is_done) {
        if (!firn_row_reader_is_open(&run->reader)) {
            const firn_row_reader_opts opts = {.unit = run->unit, .match = FIRN_ROW_MATCH_IDS};
            run->is_done = run->unit >= run->file.n_units;
            if (run->is_done) return FIRN_OK;
            FIRN_TRY(
                firn_row_reader_open(&run->file, &s->opts.schema->root, &opts, &run->reader, err));
            run->unit++;
        }
        for (size_t i = 0; i < run->batch.n_columns; i++)
            run->batch.columns[i] = (firn_column){0}; /* the reader's memory */
        const firn_status st =
            firn_row_reader_next(&run->reader, FIRN_BATCH_ROWS, &run->batch, err);
        if (st == FIRN_OK && run->batch.n_rows > 0) return add_run_keys(s, run, err);
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
    run->batch.n_columns = s->opts.schema->root.n_fields;
    run->batch.columns =
        firn_arena_array(s->arena, run->batch.n_columns, sizeof *run->batch.columns);
    run->digests = firn_arena_array(s->arena, FIRN_BATCH_ROWS, sizeof *run->digests);
    if (!run->batch.columns || !run->digests) return firn_fail_nomem(err);
    FIRN_TRY(firn_byte_source_open(s->store, s->files[i].path, s->arena, &source, err));
    FIRN_TRY(firn_row_file_open(&source, FIRN_FILE_PARQUET, s->arena, &run->file, err));
    return refill(s, run, err);
}

static firn_status open_runs(firn_row_sorter *s, firn_error *err)
{
    const int64_t n = s->opts.max_batch_rows;
    firn_mem_free(s->env->alloc, s->order);
    s->order = firn_mem_array(s->env->alloc, (size_t)n, sizeof *s->order);
    s->picks = firn_arena_array(s->arena, (size_t)n, sizeof *s->picks);
    s->runs = firn_arena_array(s->arena, s->n_files, sizeof *s->runs);
    if (!s->order || !s->picks || !s->runs) return firn_fail_nomem(err);
    s->digest = firn_key_digest_of(&s->places);
    FIRN_TRY(firn_batch_create(&s->opts.schema->root, n, &s->joined, err));
    for (size_t i = 0; i < s->n_files; i++) FIRN_TRY(open_run(s, i, err));
    return FIRN_OK;
}

static inline bool is_before(const firn_row_sorter *s, const sorted_run *a, const sorted_run *b)
{
    const uint64_t x = a->digests[a->at], y = b->digests[b->at];
    if (x != y || s->digest.is_all) return x < y;
    return firn_str_compare(firn_keys_at(&a->keys, a->at), firn_keys_at(&b->keys, b->at)) < 0;
}

/* The run whose next row comes first; NULL at the end of all. */
static sorted_run *first_run(const firn_row_sorter *s)
{
    sorted_run *first = NULL;
    for (size_t i = 0; i < s->n_files; i++) {
        sorted_run *run = &s->runs[i];
        if (!run->is_done && (!first || is_before(s, run, first))) first = run;
    }
    return first;
}

/* The n rows picked to out, column by column: each run's rows are together in its batch, so they
 * are joined as they stand, and put in order then. */
static firn_status put_picked(firn_row_sorter *s, int64_t n, firn_error *err)
{
    firn_batch_reset(s->joined);
    for (size_t i = 0; i < s->n_files; i++) {
        sorted_run *run = &s->runs[i];
        if (run->at == run->from) continue;
        run->joined_at = s->joined->n_rows;
        FIRN_TRY(firn_batch_append(s->joined, &run->batch, run->from, run->at - run->from, err));
        run->from = run->at;
    }
    for (int64_t i = 0; i < n; i++) s->order[i] = s->runs[s->picks[i]].joined_at++;
    return firn_batch_append_rows(s->out, s->joined, s->order, n, err);
}

static firn_status merge(firn_row_sorter *s, firn_error *err)
{
    int64_t n = 0;
    firn_batch_reset(s->out);
    while (s->out->n_rows + n < s->opts.max_batch_rows) {
        sorted_run *run = first_run(s);
        if (!run) break;
        s->picks[n++] = (size_t)(run - s->runs);
        run->at++;
        if (run->at < run->batch.n_rows) continue;
        FIRN_TRY(firn_env_check_cancel(s->env, err));
        FIRN_TRY(put_picked(s, n, err));
        n = 0;
        FIRN_TRY(refill(s, run, err));
    }
    return n > 0 ? put_picked(s, n, err) : FIRN_OK;
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
