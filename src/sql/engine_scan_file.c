/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a scan that are the same for all rows of a data file and that no reader makes: the
 * file's number in a statement that changes rows, its partition as a struct. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/engine_scan.h"
#include "sql/metadata_file_rows.h"

/* FIRN_BATCH_ROWS rows of the partition's values. */
static firn_status make_partition(const firn_engine_scan *scan, const firn_scan_task *task,
                                  firn_batch **out, firn_error *err)
{
    static const int64_t k_first_row[FIRN_BATCH_ROWS]; /* many times row 0 */
    firn_field field = firn_field_partition;
    field.type = scan->source->partition;
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = &field, .n_fields = 1};
    firn_row_builder b = firn_rows_begin(&root, err);
    if (b.status == FIRN_OK)
        firn_metadata_partition_cell(&b, firn_rows_column(&b, 0), task->file, task->spec);
    firn_status st = firn_rows_finish(&b);
    if (st == FIRN_OK) st = firn_batch_create(&root, FIRN_BATCH_ROWS, out, err);
    if (st == FIRN_OK)
        st = firn_batch_append_rows(*out, b.batch, k_first_row, FIRN_BATCH_ROWS, err);
    firn_batch_destroy(b.batch);
    return st;
}

firn_status firn_engine_scan_enter_file(const firn_engine_scan *scan, scan_file_values *values,
                                        const firn_scan_task *task, firn_error *err)
{
    const firn_file_numbers *numbers = scan->source->numbers;
    const firn_str path = task->file->path;
    if (!numbers && !scan->has_partition) return FIRN_OK;
    if (firn_str_equals(values->path, path)) return FIRN_OK;
    if (!values->arena) values->arena = firn_arena_create(scan->engine->opts.env->alloc, 0);
    if (!values->arena) return firn_fail_nomem(err);
    firn_arena_reset(values->arena);
    values->path = firn_arena_copy(values->arena, path);
    if (!values->path.data) return firn_fail_nomem(err);
    if (numbers) values->number = numbers->find(numbers->ctx, path);
    if (!scan->has_partition) return FIRN_OK;
    firn_batch_destroy(values->retired);
    values->retired = values->partition; /* an earlier chunk may still borrow its text */
    values->partition = NULL;
    return make_partition(scan, task, &values->partition, err);
}

void firn_engine_scan_leave_files(scan_file_values *values)
{
    firn_batch_destroy(values->partition);
    firn_batch_destroy(values->retired);
    firn_arena_destroy(values->arena);
    *values = (scan_file_values){0};
}
