/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding landing files on all threads. Each worker has its own decoder, batches and table
 * writers and takes the next file that nobody has; a file's rows go to one worker's data files. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/write/table_writer.h"
#include "pipeline/landing.h"
#include "pipeline/line_source.h"
#include "pipeline/row_decoder.h"

/* Columns that follow the model's own in <model>. */
enum { EXTRA_SOURCE_FILE = 0, EXTRA_LINE_NUMBER, EXTRA_INGESTED_AT, N_EXTRA };
/* Columns of <model>_quarantine. */
enum { Q_SOURCE_FILE = 0, Q_LINE, Q_OFFSET, Q_REASON, Q_TEXT, Q_BYTES, Q_INGESTED_AT, N_Q };

typedef struct load {
    firn_run *run;
    firn_table *rows_table, *quarantine_table;
    firn_landing_file *files;
    size_t n_files;
    atomic_size_t next_file;
    atomic_llong rows_done, bytes_done;
    int64_t bytes_total;
    int64_t now_us;
    atomic_bool has_bad_file;
    struct worker *workers;
    size_t n_workers;
} load;

typedef struct worker {
    load *l;
    size_t index;
    firn_landing_file *file;
    firn_line_source *source;
    firn_row_decoder *decoder;
    firn_batch *batch; /* model columns, then the extra ones */
    firn_batch view;   /* the model columns of batch, for the decoder */
    firn_table_writer *writer;
    firn_batch *bad; /* quarantine rows */
    firn_table_writer *bad_writer;
    int64_t line_numbers[FIRN_BATCH_ROWS];
    int64_t last_progress_us;
} worker;

/* ---- quarantine ---- */

static firn_status flush_bad(worker *w, firn_error *err)
{
    if (w->bad->n_rows == 0) return FIRN_OK;
    if (!w->bad_writer)
        FIRN_TRY(firn_table_writer_create(w->l->run->env, w->l->run->store,
                                          firn_table_metadata_of(w->l->quarantine_table), NULL,
                                          &w->bad_writer, err));
    FIRN_TRY(firn_table_writer_append(w->bad_writer, w->bad, err));
    firn_batch_reset(w->bad);
    return FIRN_OK;
}

static firn_status put_text(firn_column *column, int64_t row, firn_str text, firn_error *err)
{
    return firn_column_copy_bytes(column, text, &((firn_view *)column->values)[row], err);
}

/* Text that is not UTF-8: each bad byte becomes U+FFFD; the bytes themselves are kept beside. */
static firn_status put_broken_text(worker *w, int64_t row, firn_str raw, firn_error *err)
{
    firn_buf clean;
    firn_buf_init(&clean, w->l->run->env->alloc, 3 * raw.len + 16);
    for (size_t i = 0; i < raw.len;) {
        size_t n = 1;
        while (n < 4 && i + n < raw.len && ((uint8_t)raw.data[i + n] & 0xC0) == 0x80) n++;
        while (n > 1 && !firn_utf8_is_valid(firn_str_slice(raw, i, i + n))) n--;
        if (firn_utf8_is_valid(firn_str_slice(raw, i, i + n)))
            firn_buf_str(&clean, firn_str_slice(raw, i, i + n));
        else
            firn_buf_cstr(&clean, "\xEF\xBF\xBD");
        i += n;
    }
    firn_status st = firn_buf_check(&clean, err);
    if (st == FIRN_OK) st = put_text(&w->bad->columns[Q_TEXT], row, firn_buf_view(&clean), err);
    if (st == FIRN_OK) st = put_text(&w->bad->columns[Q_BYTES], row, raw, err);
    firn_buf_dispose(&clean);
    return st;
}

static firn_status on_bad_line(void *ctx, const firn_bad_line *line, firn_error *err)
{
    worker *w = ctx;
    firn_column *c = w->bad->columns;
    if (w->bad->n_rows == FIRN_BATCH_ROWS) FIRN_TRY(flush_bad(w, err));
    const int64_t row = w->bad->n_rows;
    FIRN_TRY(put_text(&c[Q_SOURCE_FILE], row, w->file->name, err));
    ((int64_t *)c[Q_LINE].values)[row] = line->line_number;
    ((int64_t *)c[Q_OFFSET].values)[row] = line->byte_offset + line->error_offset;
    FIRN_TRY(put_text(&c[Q_REASON], row, firn_str_of(line->reason), err));
    if (firn_utf8_is_valid(line->text)) {
        FIRN_TRY(put_text(&c[Q_TEXT], row, line->text, err));
        firn_column_set_null(&c[Q_BYTES], row);
    } else {
        FIRN_TRY(put_broken_text(w, row, line->text, err));
    }
    ((int64_t *)c[Q_INGESTED_AT].values)[row] = w->l->now_us;
    for (size_t i = 0; i < N_Q; i++) c[i].n_values = row + 1;
    w->bad->n_rows = row + 1;
    w->file->n_bad_lines++;
    return FIRN_OK;
}

/* ---- rows ---- */

static firn_status flush_rows(worker *w, firn_error *err)
{
    const int64_t n = w->view.n_rows;
    if (n == 0) {
        firn_batch_reset(w->batch); /* drops the text of bad lines */
        return FIRN_OK;
    }
    firn_column *extra = &w->batch->columns[w->view.n_columns];
    firn_view *files = extra[EXTRA_SOURCE_FILE].values;
    int64_t *lines = extra[EXTRA_LINE_NUMBER].values;
    int64_t *times = extra[EXTRA_INGESTED_AT].values;
    const firn_view name = firn_view_of(w->file->name.data, (uint32_t)w->file->name.len);
    for (int64_t r = 0; r < n; r++) {
        files[r] = name;
        lines[r] = w->line_numbers[r];
        times[r] = w->l->now_us;
    }
    for (size_t i = 0; i < N_EXTRA; i++) extra[i].n_values = n;
    w->batch->n_rows = n;
    FIRN_TRY(firn_table_writer_append(w->writer, w->batch, err));
    w->file->n_rows += n;
    atomic_fetch_add(&w->l->rows_done, n);
    firn_batch_reset(w->batch);
    w->view.n_rows = 0;
    return FIRN_OK;
}

static void show_progress(worker *w)
{
    const firn_clock *clock = w->l->run->env->clock;
    const int64_t now = firn_clock_monotonic_us(clock);
    if (w->index != 0 || now - w->last_progress_us < 100000) return;
    w->last_progress_us = now;
    const double total = w->l->bytes_total > 0 ? (double)w->l->bytes_total : 1.0;
    firn_run_progress(w->l->run, (double)atomic_load(&w->l->bytes_done) / total,
                      atomic_load(&w->l->rows_done));
}

static firn_status decode_file(worker *w, firn_error *err)
{
    firn_str text = {0};
    bool is_last = false;
    size_t used = 0;
    FIRN_TRY(firn_line_source_open(w->source, w->file->path, err));
    firn_row_decoder_reset(w->decoder);
    for (;;) {
        firn_status st = FIRN_OK;
        const size_t before = text.len - used;
        FIRN_TRY(firn_line_source_more(w->source, used, &text, &is_last, err));
        if (!is_last && text.len > 2 * FIRN_LIMIT_JSON_LINE && text.len == before)
            return firn_fail(err, FIRN_ERR_LIMIT, "a line is longer than %zu bytes",
                             FIRN_LIMIT_JSON_LINE);
        used = 0;
        while (st == FIRN_OK) {
            size_t n = 0;
            st = firn_row_decode(w->decoder, firn_str_slice(text, used, text.len), is_last,
                                 &w->view, w->line_numbers, &n, err);
            used += n;
            if (st == FIRN_OK || st == FIRN_DONE || st == FIRN_NEED_MORE) {
                const firn_status flushed = flush_rows(w, err);
                if (flushed != FIRN_OK) return flushed;
            }
        }
        if (st == FIRN_DONE) return FIRN_OK;
        if (st != FIRN_NEED_MORE) return st;
        if (is_last && used == 0 && text.len == before)
            return firn_fail(err, FIRN_ERR_INTERNAL, "decoder asks for more behind the end");
        FIRN_TRY(firn_env_check_cancel(w->l->run->env, err));
        show_progress(w);
    }
}

static firn_status take_file(worker *w, firn_error *err)
{
    firn_error problem = {0};
    const firn_status st = decode_file(w, &problem);
    if (st == FIRN_OK) {
        firn_line_source_hash(w->source, w->file->hash);
        atomic_fetch_add(&w->l->bytes_done, w->file->size_bytes);
        return FIRN_OK;
    }
    /* A broken or vanished file must not stop the others: load again without it. */
    if (st == FIRN_ERR_CORRUPT || st == FIRN_ERR_NOT_FOUND || st == FIRN_ERR_DENIED ||
        st == FIRN_ERR_LIMIT) {
        w->file->status = st;
        w->file->problem = firn_arena_printf(w->l->run->arena, "%s", problem.message);
        atomic_store(&w->l->has_bad_file, true);
        return FIRN_OK;
    }
    if (err) *err = problem;
    return firn_error_wrap(err, st, "%.*s", FIRN_STR_ARG(w->file->name));
}

static firn_status run_worker(void *ctx, size_t item, size_t thread, firn_error *err)
{
    load *l = ctx;
    worker *w = &l->workers[item];
    (void)thread;
    while (!atomic_load(&l->has_bad_file)) {
        const size_t i = atomic_fetch_add(&l->next_file, 1);
        if (i >= l->n_files) break;
        w->file = &l->files[i];
        FIRN_TRY(take_file(w, err));
        firn_line_source_close(w->source);
    }
    return flush_bad(w, err);
}

/* ---- set-up and end ---- */

static firn_status open_worker(worker *w, load *l, size_t index, firn_error *err)
{
    const firn_table_metadata *rows = firn_table_metadata_of(l->rows_table);
    const firn_type *root = &firn_metadata_schema(rows)->root;
    const firn_type *bad_root =
        &firn_metadata_schema(firn_table_metadata_of(l->quarantine_table))->root;
    const firn_row_decoder_opts opts = {.alloc = l->run->env->alloc,
                                        .format = l->run->model->landing_format,
                                        .on_bad_line = on_bad_line,
                                        .ctx = w};

    w->l = l;
    w->index = index;
    if (root->n_fields <= N_EXTRA || bad_root->n_fields != N_Q)
        return firn_fail(err, FIRN_ERR_ARG, "tables of %.*s do not have the expected columns",
                         FIRN_STR_ARG(l->run->model->name));
    firn_type model_root = *root;
    model_root.n_fields -= N_EXTRA;
    FIRN_TRY(firn_line_source_create(l->run->env, l->run->store, &w->source, err));
    FIRN_TRY(firn_row_decoder_create(&model_root, &opts, &w->decoder, err));
    FIRN_TRY(firn_batch_create(root, FIRN_BATCH_ROWS, &w->batch, err));
    FIRN_TRY(firn_batch_create(bad_root, FIRN_BATCH_ROWS, &w->bad, err));
    w->view = *w->batch;
    w->view.n_columns = model_root.n_fields;
    w->view.n_rows = 0;
    return firn_table_writer_create(l->run->env, l->run->store, rows, NULL, &w->writer, err);
}

static void close_worker(worker *w)
{
    firn_table_writer_destroy(w->writer);
    firn_table_writer_destroy(w->bad_writer);
    firn_batch_destroy(w->batch);
    firn_batch_destroy(w->bad);
    firn_row_decoder_destroy(w->decoder);
    firn_line_source_destroy(w->source);
}

static firn_status append_output(firn_table_writer *writer, firn_arena *arena,
                                 firn_data_file **list, size_t *n, size_t *cap, firn_error *err)
{
    firn_data_file *files = NULL;
    size_t n_files = 0;
    FIRN_TRY(firn_table_writer_finish(writer, arena, &files, &n_files, err));
    for (size_t i = 0; i < n_files; i++) {
        firn_data_file *slot = firn_arena_push(arena, list, n, cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = files[i];
    }
    return FIRN_OK;
}

static firn_status finish_workers(load *l, firn_arena *arena, firn_landing_output *out,
                                  firn_error *err)
{
    size_t cap_rows = 0;
    size_t cap_bad = 0;
    for (size_t i = 0; i < l->n_workers; i++) {
        worker *w = &l->workers[i];
        FIRN_TRY(append_output(w->writer, arena, &out->rows, &out->n_rows, &cap_rows, err));
        if (w->bad_writer)
            FIRN_TRY(append_output(w->bad_writer, arena, &out->quarantine, &out->n_quarantine,
                                   &cap_bad, err));
    }
    return FIRN_OK;
}

firn_status firn_landing_load(firn_run *run, firn_table *rows, firn_table *quarantine,
                              firn_landing_file *files, size_t n, firn_arena *arena,
                              firn_landing_output *out, bool *is_clean, firn_error *err)
{
    load l = {.run = run,
              .rows_table = rows,
              .quarantine_table = quarantine,
              .files = files,
              .n_files = n,
              .now_us = firn_clock_wall_us(run->env->clock)};
    firn_pool *pool = firn_env_pool(run->env);
    const size_t threads = pool ? (size_t)firn_pool_threads(pool) : 1;
    firn_status st = FIRN_OK;

    memset(out, 0, sizeof *out);
    *is_clean = true;
    l.n_workers = n < threads ? n : threads;
    l.workers = firn_arena_array(arena, l.n_workers, sizeof *l.workers);
    if (!l.workers) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        files[i].n_rows = files[i].n_bad_lines = 0;
        l.bytes_total += files[i].size_bytes;
    }
    for (size_t i = 0; i < l.n_workers && st == FIRN_OK; i++)
        st = open_worker(&l.workers[i], &l, i, err);
    if (st == FIRN_OK) st = firn_pool_run(pool, l.n_workers, run_worker, &l, err);
    if (st == FIRN_OK && atomic_load(&l.has_bad_file))
        *is_clean = false;
    else if (st == FIRN_OK)
        st = finish_workers(&l, arena, out, err);
    for (size_t i = 0; i < l.n_workers; i++) close_worker(&l.workers[i]);
    if (st != FIRN_OK) memset(out, 0, sizeof *out);
    return st;
}
