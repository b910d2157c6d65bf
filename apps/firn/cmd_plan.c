/* SPDX-License-Identifier: Apache-2.0 */
/* firn plan: which files a scan would read, and what was skipped to find them. */
#include "app.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/plan_stream.h"
#include "iceberg/scan/split_plan.h"
#include "outline_output.h"
#include "table_source.h"

static const app_option k_options[] = {
    TABLE_SOURCE_OPTIONS,
    {"limit", 0, "N", "as far as a reader of N rows comes: the rest is not planned"},
    {"files", 0, NULL, "also each file with its delete files and what is left of the filter"},
    {"splits", 0, NULL,
     "also the splits that the files make, by the table's read.split properties"},
    APP_OUTLINE_OPTION,
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "data_files, records and bytes are of the data files to read; delete_files counts each delete\n"
    "file once for every data file that it applies to. Nothing but metadata is read. With "
    "--limit,\n"
    "manifests count as skipped when they are not needed, and rows as if none were deleted or "
    "left\n"
    "out by the filter.\n";

/* What came out of a plan; tasks only if somebody wants to see them. */
typedef struct found {
    firn_plan_stream *stream;
    bool keeps_tasks;
    int64_t limit; /* -1: none */
    firn_scan_task *tasks;
    size_t n_tasks, cap_tasks;
    int64_t n_files, n_deletes, n_rows, n_bytes;
} found;

static void show_totals(firn_outline *out, const table_source *source, const found *f)
{
    const firn_scan_stats *stats = firn_plan_stream_stats(f->stream);
    const int64_t read = stats->manifests_read + stats->delete_manifests_read;
    if (source->snapshot)
        firn_outline_i64(out, "snapshot_id", source->snapshot->snapshot_id);
    else
        firn_outline_null(out, "snapshot_id");
    firn_outline_i64(out, "schema_id", source->schema->schema_id);
    firn_outline_i64(out, "data_files", f->n_files);
    firn_outline_i64(out, "delete_files", f->n_deletes);
    firn_outline_i64(out, "records", f->n_rows);
    firn_outline_i64(out, "bytes", f->n_bytes);
    firn_outline_i64(out, "manifests_read", read);
    firn_outline_i64(out, "manifests_skipped",
                     stats->manifests_total + stats->delete_manifests_total - read);
    firn_outline_i64(out, "data_manifests_read", stats->manifests_read);
    firn_outline_i64(out, "delete_manifests_read", stats->delete_manifests_read);
}

static bool is_enough(const found *f)
{
    return f->limit >= 0 && f->n_rows >= f->limit;
}

static firn_status take_batch(app *a, const firn_task_batch *batch, found *f, firn_error *err)
{
    for (size_t i = 0; i < batch->n_tasks && !is_enough(f); i++) {
        const firn_scan_task *task = &batch->tasks[i];
        f->n_files++;
        f->n_deletes += (int64_t)task->n_deletes;
        f->n_rows += task->file->record_count;
        f->n_bytes += task->file->file_size_bytes;
        if (!f->keeps_tasks) continue;
        firn_scan_task *slot =
            firn_arena_push(a->arena, &f->tasks, &f->n_tasks, &f->cap_tasks, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = *task;
    }
    return FIRN_OK;
}

static void close_stream(void *stream)
{
    firn_plan_stream_close(stream);
}

static void destroy_batch(void *batch)
{
    firn_task_batch_destroy(batch);
}

/* Batches stay for as long as their tasks. */
static firn_status find_files(app *a, found *f, firn_error *err)
{
    while (!is_enough(f)) {
        firn_task_batch *batch = NULL;
        const firn_status next = firn_plan_stream_next(f->stream, &batch, err);
        if (next == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(next);
        firn_status st = take_batch(a, batch, f, err);
        if (st == FIRN_OK && f->keeps_tasks) {
            st = firn_arena_defer(a->arena, destroy_batch, batch, err);
            if (st == FIRN_OK) continue;
        }
        firn_task_batch_destroy(batch);
        FIRN_TRY(st);
    }
    return FIRN_OK;
}

static firn_status show_task(app *a, firn_outline *out, const firn_scan_task *task, firn_error *err)
{
    firn_str residual;
    FIRN_TRY(firn_expr_format(task->residual, a->arena, &residual, err));
    firn_outline_begin(out, NULL);
    firn_outline_str(out, "path", task->file->path);
    firn_outline_i64(out, "records", task->file->record_count);
    firn_outline_i64(out, "bytes", task->file->file_size_bytes);
    firn_outline_i64(out, "sequence_number", task->sequence_number);
    firn_outline_str(out, "residual", residual);
    firn_outline_begin_list(out, "delete_files");
    for (size_t i = 0; i < task->n_deletes; i++)
        firn_outline_str(out, NULL, task->deletes[i]->file.path);
    firn_outline_end(out);
    firn_outline_end(out);
    return FIRN_OK;
}

static void show_split(firn_outline *out, const firn_split *split)
{
    firn_outline_begin(out, NULL);
    firn_outline_i64(out, "bytes", split->bytes);
    firn_outline_i64(out, "weight", split->weight);
    firn_outline_begin_list(out, "pieces");
    for (size_t i = 0; i < split->n_pieces; i++) {
        const firn_split_piece *piece = &split->pieces[i];
        firn_outline_begin(out, NULL);
        firn_outline_str(out, "path", piece->task->file->path);
        firn_outline_i64(out, "offset", piece->offset);
        firn_outline_i64(out, "length", piece->length);
        firn_outline_end(out);
    }
    firn_outline_end(out);
    firn_outline_end(out);
}

static firn_status show_splits(app *a, const table_source *source, const found *f,
                               firn_outline *out, firn_error *err)
{
    firn_split_opts opts;
    firn_split *splits = NULL;
    size_t n = 0;
    FIRN_TRY(firn_split_opts_of(source->metadata, &opts, err));
    FIRN_TRY(firn_split_tasks(&opts, f->tasks, f->n_tasks, a->arena, &splits, &n, err));
    firn_outline_begin_list(out, "splits");
    for (size_t i = 0; i < n; i++) show_split(out, &splits[i]);
    firn_outline_end(out);
    return FIRN_OK;
}

static firn_status show_found(app *a, const app_args *args, const table_source *source,
                              const found *f, firn_outline *out, firn_error *err)
{
    firn_status st = FIRN_OK;
    firn_outline_begin(out, NULL);
    show_totals(out, source, f);
    if (app_args_has(args, "files")) {
        firn_outline_begin_list(out, "files");
        for (size_t i = 0; i < f->n_tasks && st == FIRN_OK; i++)
            st = show_task(a, out, &f->tasks[i], err);
        firn_outline_end(out);
    }
    if (st == FIRN_OK && app_args_has(args, "splits")) st = show_splits(a, source, f, out, err);
    firn_outline_end(out);
    return st;
}

static firn_status read_limit(const app_args *args, int64_t *out, firn_error *err)
{
    const char *text = app_args_get(args, "limit", NULL);
    *out = -1;
    if (!text || (firn_str_to_i64(firn_str_of(text), out) && *out >= 0)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "--limit must be a number of rows, found \"%s\"", text);
}

static firn_status show_plan(app *a, const app_args *args, const table_source *source,
                             firn_outline *out, firn_error *err)
{
    found f = {.keeps_tasks = app_args_has(args, "files") || app_args_has(args, "splits")};
    FIRN_TRY(read_limit(args, &f.limit, err));
    const firn_plan_opts opts = {
        .snapshot_id = source->snapshot ? source->snapshot->snapshot_id : 0,
        .schema = source->schema,
        .filter = source->filter,
        .is_eager = f.limit < 0,
    };
    FIRN_TRY(firn_plan_stream_open(a->env, source->store, source->metadata, &opts, &f.stream, err));
    const firn_status st = firn_arena_defer(a->arena, close_stream, f.stream, err);
    if (st != FIRN_OK) {
        firn_plan_stream_close(f.stream);
        return st;
    }
    FIRN_TRY(find_files(a, &f, err));
    return show_found(a, args, source, &f, out, err);
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    firn_outline out;
    firn_outline_style style;
    table_source source = {0};
    if (args->n_words != 0 || !app_args_has(args, "table")) {
        (void)firn_fail(&err, FIRN_ERR_ARG, "plan needs --table METADATA and no words");
        (void)app_print_error(a, &err, NULL);
        return APP_USAGE;
    }
    if (outline_style(args, &style, &err) != FIRN_OK) {
        (void)app_print_error(a, &err, NULL);
        return APP_USAGE;
    }
    firn_status st = table_source_open(a, args, &source, &err);
    if (st == FIRN_OK) {
        outline_open(&out, style);
        st = outline_close(&out, show_plan(a, args, &source, &out, &err), &err);
    }
    table_source_close(&source);
    return st == FIRN_OK ? APP_OK : app_print_error(a, &err, NULL);
}

const app_command app_command_plan = {
    "plan",
    "--table METADATA [options]",
    "show which files a scan reads",
    k_details,
    k_options,
    run,
    "firn plan --table \"$(ls -t demo/warehouse/silver/orders/metadata/*.metadata.json | head -n "
    "1)\" --files"};
