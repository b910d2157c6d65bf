/* SPDX-License-Identifier: Apache-2.0 */
/* INSERT OVERWRITE: of the whole table, of the partitions that are named (static), of those that
 * get rows (dynamic); and INSERT .. REPLACE WHERE. */
#include "base/error.h"
#include "base/str.h"
#include "sql/dml/dml.h"

#define OVERWRITE_MODE FIRN_STR("spark.sql.sources.partitionOverwriteMode")

static firn_status fail_column(const firn_ast_assignment *a, firn_error *err)
{
    return firn_sql_fail(err, a->offset, "\"%.*s\" is not a partition column of the table",
                         FIRN_STR_ARG(a->column));
}

/* The column itself is what the table is partitioned by. */
static bool is_partition_column(const firn_table_metadata *metadata, firn_str column)
{
    const firn_partition_spec *spec = firn_metadata_spec(metadata);
    const firn_field *field = firn_schema_find_name(firn_metadata_schema(metadata), column);
    for (size_t i = 0; field && i < spec->n_fields; i++) {
        if (spec->fields[i].source_id != field->id) continue;
        if (spec->fields[i].transform.kind == FIRN_TRANSFORM_IDENTITY) return true;
    }
    return false;
}

firn_status firn_dml__check_partition(const firn_table *table, const firn_ast_insert *ast,
                                      firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    for (size_t i = 0; i < ast->partition.n; i++) {
        const firn_ast_assignment *a = &ast->partition.items[i];
        if (!is_partition_column(metadata, a->column)) return fail_column(a, err);
    }
    return FIRN_OK;
}

/* "dt = DATE '2024-01-01' AND ..": what PARTITION says; empty: nothing. */
static firn_status partition_condition(firn_dml_statement *s, const firn_ast_insert *ast,
                                       firn_str *out, firn_error *err)
{
    firn_sql_text text;
    bool is_first = true;
    firn_sql_text_init(&text, s->session, s->sql);
    for (size_t i = 0; i < ast->partition.n; i++) {
        const firn_ast_assignment *a = &ast->partition.items[i];
        if (a->value.len == 0) continue;
        if (!is_first) firn_sql_text_put(&text, " AND ");
        is_first = false;
        firn_sql_text_name(&text, a->column);
        firn_sql_text_put(&text, " = ");
        firn_sql_text_str(&text, a->value);
    }
    return firn_sql_text_finish(&text, out, err);
}

/* The rows of a condition are replaced: whole files of them, or none of a file. */
static firn_status replace_where(firn_dml_statement *s, const firn_ast_insert *ast,
                                 firn_str condition, firn_change *change, firn_error *err)
{
    const firn_schema *schema = firn_metadata_schema(firn_table_metadata_of(s->table));
    const firn_str alias = ast->target.parts[ast->target.n_parts - 1];
    const firn_expr *filter = NULL;
    const firn_expr *bound = NULL;
    bool is_exact = false;
    FIRN_TRY(firn_dml__filter_of(s->arena, condition, alias, &ast->target, schema, &filter,
                                 &is_exact, err));
    if (!is_exact) {
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: replacing rows by another condition than comparisons of "
                         "columns with literals");
    }
    FIRN_TRY(firn_expr_bind(filter, schema, s->arena, &bound, err));
    change->kind = FIRN_CHANGE_OVERWRITE;
    change->remove_filter = bound;
    change->filter = bound;
    return FIRN_OK;
}

static firn_status commit_rows(firn_dml_statement *s, const firn_dml_rows *rows,
                               firn_change *change, firn_error *err)
{
    firn_row_writer w;
    FIRN_TRY(firn_row_writer_init(&w, s->session, s->table, false, err));
    firn_status st = firn_dml__write_rows(rows, &w, err);
    const bool is_nothing = change->kind == FIRN_CHANGE_REPLACE_PARTITIONS && w.n_files == 0;
    if (st == FIRN_OK && !is_nothing) {
        change->added = w.files;
        change->n_added = w.n_files;
        change->from_snapshot_id = firn_table_metadata_of(s->table)->current_snapshot_id;
        change->isolation = FIRN_ISOLATION_SNAPSHOT;
        change->carries_row_ids = true; /* no row is kept */
        st = firn_txn_change_files(s->txn, change, err);
        if (st != FIRN_OK) {
            firn_data_files_remove(s->session->env, s->session->store, w.files, w.n_files);
        }
    }
    s->n_changed = w.n_rows;
    firn_row_writer_dispose(&w);
    return st;
}

firn_status firn_dml__overwrite(firn_dml_statement *s, const firn_ast_insert *ast,
                                const firn_dml_rows *rows, firn_error *err)
{
    firn_change change = {.kind = FIRN_CHANGE_REPLACE_PARTITIONS};
    firn_str condition = ast->replace_where;
    const firn_str mode = firn_session__setting(s->session, OVERWRITE_MODE);
    if (condition.len == 0 && firn_str_equals_nocase(mode, FIRN_STR("dynamic"))) {
        return commit_rows(s, rows, &change, err);
    }
    if (condition.len == 0) FIRN_TRY(partition_condition(s, ast, &condition, err));
    if (condition.len == 0) {
        return firn_dml__overwrite_rows(rows, s->table, s->txn, &s->n_changed, err);
    }
    FIRN_TRY(replace_where(s, ast, condition, &change, err));
    return commit_rows(s, rows, &change, err);
}
