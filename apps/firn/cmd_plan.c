/* SPDX-License-Identifier: Apache-2.0 */
/* firn plan: which files a scan would read, and what was skipped to find them. */
#include "app.h"
#include "base/error.h"
#include "base/str.h"
#include "outline_output.h"
#include "table_source.h"

static const app_option k_options[] = {
    TABLE_SOURCE_OPTIONS,
    {"files", 0, NULL, "also each file with its delete files and what is left of the filter"},
    APP_OUTLINE_OPTION,
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "data_files, records and bytes are of the data files to read; delete_files counts each delete\n"
    "file once for every data file that it applies to. Nothing but metadata is read.\n";

static size_t count_deletes(const firn_scan_plan *plan)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n_tasks; i++) n += plan->tasks[i].n_deletes;
    return n;
}

static void show_totals(firn_outline *out, const table_source *source, const firn_scan_plan *plan)
{
    const firn_scan_stats *stats = &plan->stats;
    const int64_t read = stats->manifests_read + stats->delete_manifests_read;
    if (source->snapshot)
        firn_outline_i64(out, "snapshot_id", source->snapshot->snapshot_id);
    else
        firn_outline_null(out, "snapshot_id");
    firn_outline_i64(out, "schema_id", source->schema->schema_id);
    firn_outline_i64(out, "data_files", (int64_t)plan->n_tasks);
    firn_outline_i64(out, "delete_files", (int64_t)count_deletes(plan));
    firn_outline_i64(out, "records", stats->rows_matched);
    firn_outline_i64(out, "bytes", stats->bytes_matched);
    firn_outline_i64(out, "manifests_read", read);
    firn_outline_i64(out, "manifests_skipped",
                     stats->manifests_total + stats->delete_manifests_total - read);
    firn_outline_i64(out, "data_manifests_read", stats->manifests_read);
    firn_outline_i64(out, "delete_manifests_read", stats->delete_manifests_read);
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

static firn_status show_plan(app *a, const app_args *args, const table_source *source,
                             firn_outline *out, firn_error *err)
{
    firn_scan_plan plan;
    const firn_plan_opts opts = {
        .snapshot_id = source->snapshot ? source->snapshot->snapshot_id : 0,
        .schema = source->schema,
        .filter = source->filter,
    };
    firn_status st = FIRN_OK;
    FIRN_TRY(
        firn_scan_plan_files(a->env, source->store, source->metadata, &opts, a->arena, &plan, err));
    firn_outline_begin(out, NULL);
    show_totals(out, source, &plan);
    if (app_args_has(args, "files")) {
        firn_outline_begin_list(out, "files");
        for (size_t i = 0; i < plan.n_tasks && st == FIRN_OK; i++)
            st = show_task(a, out, &plan.tasks[i], err);
        firn_outline_end(out);
    }
    firn_outline_end(out);
    return st;
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
    "plan", "--table METADATA [options]", "show which files a scan reads", k_details, k_options,
    run};
