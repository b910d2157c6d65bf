/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that a query says a statement inserts, updates and deletes, turned into a change of a
 * transaction: marks in the files that are there, new rows into new files; then rows that stay are
 * copied, or marks become delete files. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/read.h"
#include "sql/dml/dml.h"

/* Columns of the query before those of the table. */
enum { COLUMN_FILE = 0, COLUMN_POS, COLUMN_ROW_ID, COLUMN_ACTION, N_LEADING };

typedef struct row_applier {
    firn_dml_target *target;
    firn_row_writer *writer;
    const firn_apply_opts *opts;
    firn_dml_counts *counts;
    firn_column *columns; /* the writer's: the table's, then what rows keep */
} row_applier;

static firn_status mark(row_applier *a, const firn_batch *batch, int64_t r, int64_t action,
                        firn_error *err)
{
    const int32_t *files = batch->columns[COLUMN_FILE].values;
    const int64_t *positions = batch->columns[COLUMN_POS].values;
    if (action == FIRN_ROW_INSERT) {
        a->counts->rows_inserted++;
        return FIRN_OK;
    }
    const int64_t before = a->target->n_changed;
    FIRN_TRY(firn_dml_target_mark(a->target, files[r], positions[r], a->opts->is_twice_fine, err));
    const int64_t n = a->target->n_changed - before;
    if (action == FIRN_ROW_DELETE)
        a->counts->rows_deleted += n;
    else
        a->counts->rows_updated += n;
    return FIRN_OK;
}

/* Updated rows keep their ids; when they were updated last, they inherit from the new file. */
static const firn_column *writer_columns(row_applier *a, const firn_batch *batch)
{
    const size_t n = a->target->schema->root.n_fields;
    if (a->writer->schema->root.n_fields == n) return batch->columns + N_LEADING;
    memcpy(a->columns, batch->columns + N_LEADING, n * sizeof *a->columns);
    a->columns[n] = batch->columns[COLUMN_ROW_ID];
    a->columns[n + 1].n_values = batch->n_rows;
    return a->columns;
}

static firn_status make_columns(row_applier *a, firn_error *err)
{
    firn_arena *arena = a->target->session->arena;
    const size_t n = a->writer->schema->root.n_fields;
    a->columns = firn_arena_array(arena, n, sizeof *a->columns);
    if (!a->columns) return firn_fail_nomem(err);
    if (n == a->target->schema->root.n_fields) return FIRN_OK;
    firn_column *nulls = &a->columns[n - 1];
    nulls->type = firn_field_last_updated.type;
    nulls->values = firn_arena_array(arena, FIRN_BATCH_ROWS, sizeof(int64_t));
    nulls->validity = firn_arena_array(arena, FIRN_BATCH_ROWS / 64, sizeof(uint64_t));
    return nulls->values && nulls->validity ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status apply_batch(row_applier *a, const firn_batch *batch, int64_t *rows,
                               firn_error *err)
{
    const int32_t *actions = batch->columns[COLUMN_ACTION].values;
    int64_t n = 0;
    for (int64_t r = 0; r < batch->n_rows; r++) {
        FIRN_TRY(mark(a, batch, r, actions[r], err));
        if (actions[r] != FIRN_ROW_DELETE) rows[n++] = r;
    }
    if (n == 0 || !a->opts->has_values) return FIRN_OK;
    const firn_column *values = writer_columns(a, batch);
    if (n == batch->n_rows) return firn_row_writer_append(a->writer, values, n, err);
    return firn_row_writer_append_rows(a->writer, values, rows, n, err);
}

static firn_status apply_rows(row_applier *a, const firn_dml_rows *rows, firn_error *err)
{
    int64_t chosen[FIRN_BATCH_ROWS];
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    FIRN_TRY(firn_sql_text_query(rows->text, rows->sql, &result, err));
    const size_t n = firn_result_columns(result)->n_fields;
    firn_status st = make_columns(a, err);
    const size_t n_values = a->opts->has_values ? a->target->schema->root.n_fields : 0;
    if (st == FIRN_OK && n != N_LEADING + n_values) {
        st = firn_fail(err, FIRN_ERR_INTERNAL, "query of changes gives %zu columns", n);
    }
    while (st == FIRN_OK && (st = firn_sql_text_next(rows->text, result, &batch, err)) == FIRN_OK) {
        if (batch->n_rows > FIRN_BATCH_ROWS) {
            st = firn_fail(err, FIRN_ERR_INTERNAL, "batch of %lld rows", (long long)batch->n_rows);
        } else {
            st = apply_batch(a, batch, chosen, err);
        }
    }
    firn_result_close(result);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* Inserts alone are an append; whether the rows are still new depends on nothing having been
 * committed since, unless that is not asked for. */
static firn_status append(const row_applier *a, firn_txn *txn, firn_error *err)
{
    const firn_row_writer *w = a->writer;
    if (w->n_files == 0) return FIRN_OK;
    if (a->opts->isolation == FIRN_ISOLATION_SNAPSHOT && !a->opts->must_be_unchanged) {
        return firn_txn_append_files(txn, w->files, w->n_files, err);
    }
    return firn_txn_append_if_unchanged(txn, w->files, w->n_files, a->target->snapshot_id, err);
}

static firn_status run(row_applier *a, const firn_dml_rows *rows, firn_txn *txn, firn_error *err)
{
    size_t n_removed = 0;
    firn_dml_rows ordered = *rows;
    int32_t sort_order_id = 0;
    if (a->opts->has_values)
        FIRN_TRY(firn_dml__order_rows(&ordered, a->target->table, N_LEADING, &sort_order_id, err));
    FIRN_TRY(apply_rows(a, &ordered, err));
    if (!a->opts->is_merge_on_read) {
        FIRN_TRY(firn_dml_target_copy_rest(a->target, a->writer, &a->counts->rows_copied, err));
    }
    if (a->counts->rows_copied > 0) sort_order_id = 0; /* behind the others, in the old order */
    FIRN_TRY(firn_row_writer_finish(a->writer, sort_order_id, err));
    a->counts->files_added = (int64_t)a->writer->n_files;
    firn_status st = FIRN_OK;
    if (a->target->n_changed == 0) {
        st = append(a, txn, err);
    } else if (a->opts->is_merge_on_read) {
        st = firn_dml_target_finish_delta(a->target, a->writer, a->opts, txn, &n_removed, err);
    } else {
        st = firn_dml_target_finish(a->target, a->writer, a->opts->isolation, txn, &n_removed, err);
    }
    a->counts->files_removed = (int64_t)n_removed;
    if (st != FIRN_OK) {
        firn_data_files_remove(a->target->session->env, a->target->session->store, a->writer->files,
                               a->writer->n_files);
    }
    return st;
}

firn_status firn_dml__apply(firn_dml_target *target, const firn_dml_rows *rows,
                            const firn_apply_opts *opts, firn_txn *txn, firn_dml_counts *counts,
                            firn_error *err)
{
    firn_row_writer writer;
    row_applier a = {.target = target, .writer = &writer, .opts = opts, .counts = counts};
    *counts = (firn_dml_counts){0};
    /* An empty table has no rows whose ids could be kept. */
    const bool with_lineage = target->has_lineage && target->plan.n_tasks > 0;
    FIRN_TRY(firn_row_writer_init(&writer, target->session, target->table, with_lineage, err));
    const firn_status st = run(&a, rows, txn, err);
    firn_row_writer_dispose(&writer);
    return st;
}

static void put_column(firn_sql_text *text, firn_str alias, const char *column)
{
    firn_sql_text_name(text, alias);
    firn_sql_text_put(text, ".");
    firn_sql_text_put(text, column);
}

void firn_dml__put_place(firn_sql_text *text, const firn_dml_target *target, firn_str alias)
{
    put_column(text, alias, FIRN_SCAN_FILE_COLUMN ", ");
    put_column(text, alias, FIRN_SCAN_POS_COLUMN ", ");
    if (target->has_lineage && target->plan.n_tasks > 0)
        put_column(text, alias, FIRN_SCAN_ROW_ID_COLUMN ", ");
    else
        firn_sql_text_put(text, "CAST(NULL AS BIGINT), ");
}

firn_isolation firn_dml__isolation(const firn_table *table, const char *property)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    const firn_str level =
        firn_properties_get(&metadata->properties, firn_str_of(property), FIRN_STR("serializable"));
    return firn_str_equals_nocase(level, FIRN_STR("snapshot")) ? FIRN_ISOLATION_SNAPSHOT
                                                               : FIRN_ISOLATION_SERIALIZABLE;
}
