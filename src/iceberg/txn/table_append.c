/* SPDX-License-Identifier: Apache-2.0 */
/* The public append: a table writer and, at the end, one append transaction. */
#include "firn/append.h"

#include "base/arena.h"
#include "base/error.h"
#include "iceberg/txn/snapshot_update.h"
#include "iceberg/write/table_writer.h"

struct firn_append {
    firn_table *table;
    firn_table_writer *writer; /* NULL once the commit began */
};

firn_status firn_append_begin(firn_table *table, firn_append **out, firn_error *err)
{
    *out = NULL;
    firn_append *append = firn_mem_alloc_zero(NULL, sizeof *append);
    if (!append) return firn_fail_nomem(err);
    append->table = table;
    const firn_status st =
        firn_table_writer_create(firn_table_env(table), firn_table_store(table),
                                 firn_table_metadata_of(table), NULL, &append->writer, err);
    if (st != FIRN_OK) {
        firn_append_close(append);
        return st;
    }
    *out = append;
    return FIRN_OK;
}

/* A caller's batch is not to be trusted as one of our own readers' is. */
static firn_status check_batch(const firn_append *append, const firn_batch *batch, firn_error *err)
{
    const firn_type *root = &firn_metadata_schema(firn_table_metadata_of(append->table))->root;
    if (batch->n_columns != root->n_fields)
        return firn_fail(err, FIRN_ERR_ARG, "batch has %zu columns, table has %zu",
                         batch->n_columns, root->n_fields);
    for (size_t i = 0; i < batch->n_columns; i++) {
        const firn_column *column = &batch->columns[i];
        const firn_field *field = &root->fields[i];
        char found[64];
        char expected[64];
        if (!firn_type_equals(column->type, field->type))
            return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\" of the batch is %s, expected %s",
                             FIRN_STR_ARG(field->name),
                             firn_type_name(column->type, found, sizeof found),
                             firn_type_name(field->type, expected, sizeof expected));
        if (column->n_values != batch->n_rows)
            return firn_fail(
                err, FIRN_ERR_ARG, "column \"%.*s\" of the batch has %lld values, expected %lld",
                FIRN_STR_ARG(field->name), (long long)column->n_values, (long long)batch->n_rows);
    }
    return FIRN_OK;
}

firn_status firn_append_rows(firn_append *append, const firn_batch *batch, firn_error *err)
{
    if (!append->writer) return firn_fail(err, FIRN_ERR_ARG, "the append has ended");
    FIRN_TRY(check_batch(append, batch, err));
    return firn_table_writer_append(append->writer, batch, err);
}

/* The transaction removes the files where the commit is lost. */
static firn_status commit_files(firn_append *append, const firn_data_file *files, size_t n,
                                firn_error *err)
{
    firn_txn *txn = NULL;
    firn_status st = firn_txn_begin(append->table, &txn, err);
    if (st == FIRN_OK) st = firn_txn_append_files(txn, files, n, err);
    if (st != FIRN_OK)
        firn_data_files_remove(firn_table_env(append->table), firn_table_store(append->table),
                               files, n);
    else
        st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

firn_status firn_append_commit(firn_append *append, firn_error *err)
{
    firn_data_file *files = NULL;
    size_t n = 0;
    if (!append->writer) return firn_fail(err, FIRN_ERR_ARG, "the append has ended");
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_status st = firn_table_writer_finish(append->writer, arena, &files, &n, err);
    firn_table_writer_destroy(append->writer); /* removes files unless they were handed over */
    append->writer = NULL;
    if (st == FIRN_OK && n > 0) st = commit_files(append, files, n, err);
    firn_arena_destroy(arena);
    return st;
}

void firn_append_close(firn_append *append)
{
    if (!append) return;
    firn_table_writer_destroy(append->writer);
    firn_mem_free(NULL, append);
}
