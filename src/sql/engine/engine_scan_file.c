/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a scan that are the same for all rows of a data file and that no reader makes: the
 * file's number in a statement that changes rows, its partition as a struct and as a path, the time
 * it was written. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/write/partition_split.h"
#include "sql/engine/engine_scan.h"
#include "sql/metadata_tables/metadata_file_rows.h"

bool firn_engine_scan_is_constant(int32_t field_id)
{
    return field_id == FIRN_FIELD_PARTITION || field_id == FIRN_FIELD_PARTITION_PATH ||
           field_id == FIRN_FIELD_FILE_MODIFIED;
}

static firn_status partition_path(const scan_file_values *values, const firn_scan_task *task,
                                  firn_row_builder *b, firn_column *column, firn_error *err)
{
    firn_str path = FIRN_STR("");
    if (task->spec && task->spec->n_fields == task->file->n_partition)
        FIRN_TRY(firn_partition_path(task->spec, task->file->partition, values->arena, &path, err));
    firn_cell_text(b, column, path);
    return FIRN_OK;
}

static firn_status modified_time(const firn_engine_scan *scan, const firn_scan_task *task,
                                 firn_row_builder *b, firn_column *column, firn_error *err)
{
    firn_store_entry entry = {0};
    FIRN_TRY(firn_store_stat(scan->engine->opts.store, task->file->path, &entry, err));
    if (entry.modified_us == 0)
        firn_cell_null(b, column);
    else
        firn_cell_long(b, column, entry.modified_us / 1000 * 1000); /* whole milliseconds */
    return FIRN_OK;
}

/* One row of them. */
static firn_status fill_constants(const firn_engine_scan *scan, const scan_file_values *values,
                                  const firn_scan_task *task, firn_row_builder *b, firn_error *err)
{
    for (size_t i = 0; i < scan->constants.n_fields; i++) {
        firn_column *column = firn_rows_column(b, i);
        switch (scan->constants.fields[i].id) {
        case FIRN_FIELD_PARTITION_PATH:
            FIRN_TRY(partition_path(values, task, b, column, err));
            break;
        case FIRN_FIELD_FILE_MODIFIED: FIRN_TRY(modified_time(scan, task, b, column, err)); break;
        default: firn_metadata_partition_cell(b, column, task->file, task->spec); break;
        }
    }
    return firn_rows_finish(b);
}

/* FIRN_BATCH_ROWS rows of them. */
static firn_status make_constants(const firn_engine_scan *scan, const scan_file_values *values,
                                  const firn_scan_task *task, firn_batch **out, firn_error *err)
{
    static const int64_t k_first_row[FIRN_BATCH_ROWS]; /* many times row 0 */
    firn_row_builder b = firn_rows_begin(&scan->constants, err);
    firn_status st = b.status;
    if (st == FIRN_OK) st = fill_constants(scan, values, task, &b, err);
    if (st == FIRN_OK) st = firn_batch_create(&scan->constants, FIRN_BATCH_ROWS, out, err);
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
    const bool has_constants = scan->constants.n_fields > 0;
    if (!numbers && !has_constants) return FIRN_OK;
    if (firn_str_equals(values->path, path)) return FIRN_OK;
    if (!values->arena) values->arena = firn_arena_create(scan->engine->opts.env->alloc, 0);
    if (!values->arena) return firn_fail_nomem(err);
    firn_arena_reset(values->arena);
    values->path = firn_arena_copy(values->arena, path);
    if (!values->path.data) return firn_fail_nomem(err);
    if (numbers) values->number = numbers->find(numbers->ctx, path);
    if (!has_constants) return FIRN_OK;
    firn_batch_destroy(values->retired);
    values->retired = values->constants; /* an earlier chunk may still borrow its text */
    values->constants = NULL;
    return make_constants(scan, values, task, &values->constants, err);
}

void firn_engine_scan_leave_files(scan_file_values *values)
{
    firn_batch_destroy(values->constants);
    firn_batch_destroy(values->retired);
    firn_arena_destroy(values->arena);
    *values = (scan_file_values){0};
}
