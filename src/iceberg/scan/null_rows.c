/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/scan/null_rows.h"

#include "base/error.h"
#include "iceberg/scan/read.h"

static bool holds(const firn_field *field, int32_t id)
{
    if (field->id == id) return true;
    for (size_t i = 0; i < field->type->n_fields; i++)
        if (holds(&field->type->fields[i], id)) return true;
    return false;
}

/* One value of a column, and what is in it; depth is that of the type. */
static bool has_null(const firn_column *column, const firn_field *field, int64_t at, int32_t id)
{
    const bool is_valid = firn_column_is_valid(column, at);
    if (field->id == id) return !is_valid;
    if (!is_valid) return false;
    for (size_t i = 0; i < field->type->n_fields; i++) {
        const firn_field *inner = &field->type->fields[i];
        firn_list_entry range = {(uint64_t)at, 1};
        if (!holds(inner, id)) continue;
        if (field->type->kind != FIRN_TYPE_STRUCT)
            range = ((const firn_list_entry *)column->values)[at];
        for (uint64_t k = 0; k < range.length; k++)
            if (has_null(&column->children[i], inner, (int64_t)(range.offset + k), id)) return true;
    }
    return false;
}

static bool is_known_full(const firn_data_file *file, int32_t id)
{
    const firn_metric *nulls = firn_metric_find(&file->null_value_counts, id);
    const firn_metric *values = firn_metric_find(&file->value_counts, id);
    return file->record_count == 0 ||
           (nulls && nulls->count == 0 && values && values->count == file->record_count);
}

static firn_status read_all(firn_scan_reader *reader, firn_batch *batch, const firn_field *column,
                            int32_t id, firn_arena *arena, firn_str *file, firn_error *err)
{
    for (;;) {
        const firn_scan_task *task = NULL;
        firn_batch_reset(batch);
        const firn_status st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, batch, &task, err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        for (int64_t row = 0; row < batch->n_rows; row++) {
            if (!has_null(&batch->columns[0], column, row, id)) continue;
            *file = firn_arena_copy(arena, task->file->path);
            return file->data ? FIRN_OK : firn_fail_nomem(err);
        }
    }
}

static firn_status read_column(const firn_null_query *query, const firn_scan_plan *plan,
                               const firn_field *column, firn_arena *arena, firn_str *file,
                               firn_error *err)
{
    const firn_type projection = {.kind = FIRN_TYPE_STRUCT, .fields = column, .n_fields = 1};
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    firn_batch *batch = NULL;
    firn_status st =
        firn_scan_queue_create(query->env, query->store, query->metadata, plan, &queue, err);
    if (st == FIRN_OK)
        st = firn_scan_reader_open(queue, &projection, firn_expr_true(), &reader, err);
    if (st == FIRN_OK) st = firn_batch_create(&projection, FIRN_BATCH_ROWS, &batch, err);
    if (st == FIRN_OK) st = read_all(reader, batch, column, query->field_id, arena, file, err);
    firn_batch_destroy(batch);
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    return st;
}

firn_status firn_find_null(const firn_null_query *query, firn_arena *arena, firn_str *file,
                           firn_error *err)
{
    const firn_schema *schema = firn_metadata_schema(query->metadata);
    const firn_plan_opts opts = {
        .snapshot_id = query->snapshot->snapshot_id, .schema = schema, .with_metrics = true};
    firn_scan_plan plan;
    const firn_field *column = NULL;
    *file = (firn_str){0};
    for (size_t i = 0; i < schema->root.n_fields && !column; i++)
        if (holds(&schema->root.fields[i], query->field_id)) column = &schema->root.fields[i];
    if (!column) return firn_fail(err, FIRN_ERR_NOT_FOUND, "no column with id %d", query->field_id);
    FIRN_TRY(
        firn_scan_plan_files(query->env, query->store, query->metadata, &opts, arena, &plan, err));
    size_t n = 0;
    for (size_t i = 0; i < plan.n_tasks; i++)
        if (column->id != query->field_id || !is_known_full(plan.tasks[i].file, column->id))
            plan.tasks[n++] = plan.tasks[i];
    plan.n_tasks = n;
    for (size_t i = 0; i < n; i++) plan.tasks[i].n_deletes = 0;
    return n > 0 ? read_column(query, &plan, column, arena, file, err) : FIRN_OK;
}
