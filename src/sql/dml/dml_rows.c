/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a query on their way into data files, batch by batch. */
#include "base/error.h"
#include "base/limits.h"
#include "iceberg/scan/read.h"
#include "sql/dml/dml.h"
#include "sql/engine/border_types.h"
#include "sql/resolve/query_rewrite.h"

#define MAX_OPEN_PARTITIONS 500 /* the writer's memory budget closes files earlier */

firn_status firn_row_writer_init(firn_row_writer *w, firn_session *session, const firn_table *table,
                                 bool with_lineage, firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    firn_table_writer_opts opts = {.max_open_partitions = MAX_OPEN_PARTITIONS};
    *w = (firn_row_writer){
        .session = session, .table = table, .schema = firn_metadata_schema(metadata)};
    if (with_lineage)
        FIRN_TRY(firn_schema_with_lineage(w->schema, session->arena, &w->schema, err));
    opts.schema = w->schema;
    w->scratch = firn_arena_create(session->env->alloc, 0);
    if (!w->scratch) return firn_fail_nomem(err);
    const firn_status st =
        firn_table_writer_create(session->env, session->store, metadata, &opts, &w->writer, err);
    if (st != FIRN_OK) firn_row_writer_dispose(w);
    return st;
}

void firn_row_writer_dispose(firn_row_writer *w)
{
    firn_table_writer_destroy(w->writer);
    firn_batch_destroy(w->chosen);
    firn_arena_destroy(w->scratch);
    w->writer = NULL;
    w->chosen = NULL;
    w->scratch = NULL;
}

/* The same column under the table's type, whose field ids the writer goes by. */
static firn_status retype(firn_arena *arena, const firn_column *in, const firn_type *type,
                          int depth, firn_column *out, firn_error *err)
{
    *out = *in;
    out->type = type;
    if (in->n_children == 0) return FIRN_OK;
    if (depth > FIRN_LIMIT_NESTING || in->n_children != type->n_fields) {
        return firn_fail(err, FIRN_ERR_INTERNAL, "nested column of %zu parts, expected %zu",
                         in->n_children, type->n_fields);
    }
    out->children = firn_arena_array(arena, in->n_children, sizeof *out->children);
    if (!out->children) return firn_fail_nomem(err);
    for (size_t i = 0; i < in->n_children; i++) {
        FIRN_TRY(retype(arena, &in->children[i], type->fields[i].type, depth + 1, &out->children[i],
                        err));
    }
    return FIRN_OK;
}

static firn_status check_required(const firn_field *field, const firn_column *column,
                                  int64_t n_rows, firn_error *err)
{
    if (!field->is_required || !column->validity) return FIRN_OK;
    for (int64_t r = 0; r < n_rows; r++) {
        if (firn_column_is_valid(column, r)) continue;
        return firn_fail(err, FIRN_ERR_ARG, "null value in column \"%.*s\", which is NOT NULL",
                         FIRN_STR_ARG(field->name));
    }
    return FIRN_OK;
}

firn_status firn_row_writer_append(firn_row_writer *w, const firn_column *columns, int64_t n_rows,
                                   firn_error *err)
{
    const firn_type *root = &w->schema->root;
    if (n_rows == 0) return FIRN_OK;
    firn_arena_reset(w->scratch);
    firn_column *typed = firn_arena_array(w->scratch, root->n_fields, sizeof *typed);
    if (!typed) return firn_fail_nomem(err);
    for (size_t i = 0; i < root->n_fields; i++) {
        FIRN_TRY(check_required(&root->fields[i], &columns[i], n_rows, err));
        FIRN_TRY(retype(w->scratch, &columns[i], root->fields[i].type, 0, &typed[i], err));
    }
    const firn_batch batch = {.n_rows = n_rows, .n_columns = root->n_fields, .columns = typed};
    FIRN_TRY(firn_table_writer_append(w->writer, &batch, err));
    w->n_rows += n_rows;
    return FIRN_OK;
}

firn_status firn_row_writer_append_rows(firn_row_writer *w, const firn_column *columns,
                                        const int64_t *rows, int64_t n, firn_error *err)
{
    const firn_type *root = &w->schema->root;
    if (n == 0) return FIRN_OK;
    if (!w->chosen) FIRN_TRY(firn_batch_create(root, FIRN_BATCH_ROWS, &w->chosen, err));
    firn_batch_reset(w->chosen);
    firn_arena_reset(w->scratch);
    firn_column *typed = firn_arena_array(w->scratch, root->n_fields, sizeof *typed);
    if (!typed) return firn_fail_nomem(err);
    for (size_t i = 0; i < root->n_fields; i++) {
        FIRN_TRY(retype(w->scratch, &columns[i], root->fields[i].type, 0, &typed[i], err));
    }
    const firn_batch all = {
        .n_rows = rows[n - 1] + 1, .n_columns = root->n_fields, .columns = typed};
    FIRN_TRY(firn_batch_append_rows(w->chosen, &all, rows, n, err));
    return firn_row_writer_append(w, w->chosen->columns, n, err);
}

firn_status firn_row_writer_finish(firn_row_writer *w, int32_t sort_order_id, firn_error *err)
{
    FIRN_TRY(firn_table_writer_finish(w->writer, w->session->arena, &w->files, &w->n_files, err));
    for (size_t i = 0; i < w->n_files; i++) w->files[i].sort_order_id = sort_order_id;
    return FIRN_OK;
}

firn_status firn_dml__write_rows(const firn_dml_rows *rows, firn_row_writer *w, firn_error *err)
{
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    firn_dml_rows ordered = *rows;
    int32_t sort_order_id = 0;
    FIRN_TRY(firn_dml__order_rows(&ordered, w->table, 0, &sort_order_id, err));
    FIRN_TRY(firn_sql_text_query(ordered.text, ordered.sql, &result, err));
    firn_status st = FIRN_OK;
    if (firn_result_columns(result)->n_fields != w->schema->root.n_fields) {
        st = firn_fail(err, FIRN_ERR_INTERNAL, "query gives %zu columns, table has %zu",
                       firn_result_columns(result)->n_fields, w->schema->root.n_fields);
    }
    while (st == FIRN_OK &&
           (st = firn_sql_text_next(ordered.text, result, &batch, err)) == FIRN_OK) {
        st = firn_row_writer_append(w, batch->columns, batch->n_rows, err);
    }
    firn_result_close(result);
    if (st != FIRN_DONE) return st;
    return firn_row_writer_finish(w, sort_order_id, err);
}

firn_status firn_dml__store(firn_dml_rows *rows, firn_error *err)
{
    firn_buf sql;
    firn_arena *arena = rows->text->session->arena;
    const char *before = "SELECT * REPLACE (";
    firn_status st = FIRN_OK;
    if (!firn_border_has(&rows->columns)) return FIRN_OK;
    firn_buf_init(&sql, NULL, 0);
    for (size_t i = 0; i < rows->columns.n_fields && st == FIRN_OK; i++) {
        const firn_field *field = &rows->columns.fields[i];
        if (!firn_border_has(field->type)) continue;
        const firn_str name = firn_sql_quote(field->name, arena);
        firn_buf_cstr(&sql, before);
        st = firn_border_put_write(&sql, field->type, name, err);
        firn_buf_printf(&sql, " AS %.*s", FIRN_STR_ARG(name));
        before = ", ";
    }
    firn_buf_cstr(&sql, ") FROM (");
    const size_t shift = sql.len;
    firn_buf_str(&sql, rows->sql);
    firn_buf_cstr(&sql, ") AS \"firn_rows\"");
    if (st == FIRN_OK) st = firn_buf_check(&sql, err);
    if (st == FIRN_OK) rows->sql = firn_arena_copy(arena, firn_buf_view(&sql));
    firn_buf_dispose(&sql);
    FIRN_TRY(st);
    for (size_t i = 0; i < rows->text->n_pieces; i++) rows->text->pieces[i].out_at += shift;
    return rows->sql.data ? FIRN_OK : firn_fail_nomem(err);
}

static void remove_files(const firn_row_writer *w)
{
    firn_data_files_remove(w->session->env, w->session->store, w->files, w->n_files);
}

firn_status firn_dml__append_rows(const firn_dml_rows *rows, firn_table *table, firn_txn *txn,
                                  int64_t *n_rows, int64_t *n_files, firn_error *err)
{
    firn_row_writer w;
    FIRN_TRY(firn_row_writer_init(&w, rows->text->session, table, false, err));
    firn_status st = firn_dml__write_rows(rows, &w, err);
    if (st == FIRN_OK && w.n_rows > 0) {
        st = firn_txn_append_files(txn, w.files, w.n_files, err);
        if (st != FIRN_OK) remove_files(&w);
    }
    *n_rows = w.n_rows;
    *n_files = (int64_t)w.n_files;
    firn_row_writer_dispose(&w);
    return st;
}

firn_status firn_dml__overwrite_rows(const firn_dml_rows *rows, firn_table *table, firn_txn *txn,
                                     int64_t *n_rows, firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    firn_session *session = rows->text->session;
    firn_row_writer w;
    firn_dml_target all;
    firn_removals removals = {.arena = session->arena};
    FIRN_TRY(firn_dml_target_init(&all, session, table, NULL, err));
    for (size_t i = 0; i < all.plan.n_tasks; i++) {
        FIRN_TRY(firn_removals_add(&removals, &all.plan.tasks[i], err));
    }
    FIRN_TRY(firn_row_writer_init(&w, session, table, false, err));
    firn_status st = firn_dml__write_rows(rows, &w, err);
    if (st == FIRN_OK) {
        const firn_change change = {.kind = FIRN_CHANGE_OVERWRITE,
                                    .added = w.files,
                                    .n_added = w.n_files,
                                    .removed = removals.keys,
                                    .n_removed = removals.n,
                                    .from_snapshot_id = metadata->current_snapshot_id,
                                    .isolation = FIRN_ISOLATION_SNAPSHOT,
                                    .carries_row_ids = true}; /* no row is kept */
        st = firn_txn_change_files(txn, &change, err);
        if (st != FIRN_OK) remove_files(&w);
    }
    *n_rows = w.n_rows;
    firn_row_writer_dispose(&w);
    return st;
}
