/* SPDX-License-Identifier: Apache-2.0 */
/* INSERT: the columns of any query as those of a table, by position or by name. */
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/dml/dml.h"
#include "sql/dml/merge.h"
#include "sql/parser/sql_default.h"

/* Where a column of the table comes from. */
typedef struct column_source {
    size_t column;  /* of the query, from 0; SIZE_MAX: none */
    firn_str value; /* constant; empty: the column's default */
} column_source;

static firn_status describe_query(firn_session *session, const firn_row_source *source,
                                  firn_type *out, firn_error *err)
{
    firn_sql_text text;
    firn_str sql;
    firn_sql_text_init(&text, session, source->statement);
    if (source->with.len > 0) firn_sql_text_user(&text, source->with);
    firn_sql_text_put(&text, "SELECT * FROM (");
    firn_sql_text_user(&text, source->query);
    firn_sql_text_put(&text, ")");
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    return firn_sql_text_describe(&text, sql, out, err);
}

static size_t find_column(const firn_schema *schema, firn_str name)
{
    for (size_t i = 0; i < schema->root.n_fields; i++) {
        if (firn_str_equals(schema->root.fields[i].name, name)) return i;
    }
    for (size_t i = 0; i < schema->root.n_fields; i++) {
        if (firn_str_equals_nocase(schema->root.fields[i].name, name)) return i;
    }
    return SIZE_MAX;
}

static firn_status assign(column_source *sources, const firn_schema *schema, firn_str name,
                          column_source value, firn_error *err)
{
    const size_t at = find_column(schema, name);
    if (at == SIZE_MAX) return firn_dml__fail_column(name, schema, 0, err);
    if (sources[at].column != SIZE_MAX || sources[at].value.len > 0) {
        return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\" is given twice", FIRN_STR_ARG(name));
    }
    sources[at] = value;
    return FIRN_OK;
}

static firn_status match_by_name(column_source *sources, const firn_schema *schema,
                                 const firn_type *query, firn_error *err)
{
    for (size_t i = 0; i < query->n_fields; i++) {
        const column_source from = {.column = i};
        FIRN_TRY(assign(sources, schema, query->fields[i].name, from, err));
    }
    return FIRN_OK;
}

static firn_status match_list(column_source *sources, const firn_schema *schema,
                              const firn_row_source *source, const firn_type *query,
                              firn_error *err)
{
    if (query->n_fields != source->n_columns) {
        return firn_fail(err, FIRN_ERR_ARG, "the query gives %zu columns, the list has %zu",
                         query->n_fields, source->n_columns);
    }
    for (size_t i = 0; i < query->n_fields; i++) {
        const column_source from = {.column = i};
        const firn_status st = assign(sources, schema, source->columns[i], from, err);
        if (st != FIRN_OK && err && source->offsets) err->position = source->offsets[i];
        FIRN_TRY(st);
    }
    return FIRN_OK;
}

static firn_status match_by_position(column_source *sources, const firn_schema *schema,
                                     const firn_type *query, firn_error *err)
{
    size_t next = 0;
    size_t n_wanted = 0;
    for (size_t i = 0; i < schema->root.n_fields; i++) {
        if (sources[i].value.len > 0) continue; /* PARTITION gives it */
        n_wanted++;
        if (next < query->n_fields) sources[i].column = next++;
    }
    if (query->n_fields == n_wanted) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "the query gives %zu columns, the table has %zu",
                     query->n_fields, n_wanted);
}

static firn_status match_columns(const firn_row_source *source, const firn_schema *schema,
                                 const firn_type *query, column_source *sources, firn_error *err)
{
    for (size_t i = 0; i < schema->root.n_fields; i++) sources[i].column = SIZE_MAX;
    for (size_t i = 0; source->constants && i < source->constants->n; i++) {
        const firn_ast_assignment *a = &source->constants->items[i];
        const column_source value = {.column = SIZE_MAX, .value = a->value};
        if (a->value.len > 0)
            FIRN_TRY(assign(sources, schema, a->column, value, err));
        else if (find_column(schema, a->column) == SIZE_MAX)
            return firn_dml__fail_column(a->column, schema, 0, err);
    }
    if (source->by_name) return match_by_name(sources, schema, query, err);
    if (source->columns) return match_list(sources, schema, source, query, err);
    return match_by_position(sources, schema, query, err);
}

/* The query's columns are called as those they go to, for the engine's messages. */
static void put_query_column(firn_sql_text *text, const firn_schema *schema,
                             const column_source *sources, size_t column)
{
    char name[32];
    for (size_t i = 0; i < schema->root.n_fields; i++) {
        if (sources[i].value.len > 0 || sources[i].column != column) continue;
        firn_sql_text_name(text, schema->root.fields[i].name);
        return;
    }
    (void)snprintf(name, sizeof name, "\"firn_%zu\"", column);
    firn_sql_text_put(text, name);
}

static firn_status put_columns(firn_sql_text *text, const firn_schema *schema,
                               const column_source *sources, firn_error *err)
{
    const firn_dialect dialect = text->session->dialect;
    for (size_t i = 0; i < schema->root.n_fields; i++) {
        const firn_field *field = &schema->root.fields[i];
        if (i > 0) firn_sql_text_put(text, ", ");
        firn_dml__begin_cast(dialect, text, field->type);
        if (sources[i].value.len > 0)
            firn_sql_text_user(text, sources[i].value);
        else if (sources[i].column == SIZE_MAX)
            FIRN_TRY(firn_sql_text_default(text, field, err));
        else
            put_query_column(text, schema, sources, sources[i].column);
        FIRN_TRY(firn_dml__end_cast(text, field->type, err));
        firn_sql_text_put(text, " AS ");
        firn_sql_text_name(text, field->name);
    }
    return FIRN_OK;
}

static firn_status write_query(firn_sql_text *text, const firn_row_source *source,
                               const firn_schema *schema, const firn_type *query,
                               const column_source *sources, firn_error *err)
{
    if (source->with.len > 0) firn_sql_text_user(text, source->with);
    firn_sql_text_put(text, "SELECT ");
    FIRN_TRY(put_columns(text, schema, sources, err));
    firn_sql_text_put(text, " FROM (");
    firn_sql_text_user(text, source->query);
    firn_sql_text_put(text, ") AS \"firn_rows\"(");
    for (size_t i = 0; i < query->n_fields; i++) {
        if (i > 0) firn_sql_text_put(text, ", ");
        put_query_column(text, schema, sources, i);
    }
    firn_sql_text_put(text, ")");
    return FIRN_OK;
}

/* Failures that the engine does not see point at the query, unless they know better. */
static firn_status at_query(const firn_row_source *source, firn_status st, firn_error *err)
{
    const char *begin = source->statement.data;
    const bool is_inside =
        begin && source->query.data >= begin && source->query.data < begin + source->statement.len;
    if (st == FIRN_ERR_ARG && err && is_inside && err->position == 0) {
        err->position = (uint64_t)(source->query.data - begin);
    }
    return st;
}

firn_status firn_dml__rows_of(firn_session *session, const firn_schema *schema,
                              const firn_row_source *source, firn_dml_rows *out, firn_error *err)
{
    firn_type query;
    firn_sql_text *text = firn_arena_alloc_zero(session->arena, sizeof *text);
    column_source *sources =
        firn_arena_array(session->arena, schema->root.n_fields, sizeof *sources);
    if (!text || !sources) return firn_fail_nomem(err);
    FIRN_TRY(describe_query(session, source, &query, err));
    FIRN_TRY(at_query(source, match_columns(source, schema, &query, sources, err), err));
    firn_sql_text_init(text, session, source->statement);
    const firn_status st = write_query(text, source, schema, &query, sources, err);
    if (st != FIRN_OK) {
        firn_sql_text_dispose(text);
        return st;
    }
    *out = (firn_dml_rows){.text = text, .columns = schema->root};
    return firn_sql_text_finish(text, &out->sql, err);
}

/* ---- INSERT INTO, INSERT OVERWRITE ---- */

firn_status firn_dml__insert(firn_dml_statement *s, const firn_ast_insert *ast, firn_error *err)
{
    const firn_schema *schema = firn_metadata_schema(firn_table_metadata_of(s->table));
    const firn_row_source source = {.statement = s->sql,
                                    .with = ast->with,
                                    .query = ast->query,
                                    .columns = ast->columns,
                                    .offsets = ast->offsets,
                                    .n_columns = ast->n_columns,
                                    .constants = ast->has_partition ? &ast->partition : NULL,
                                    .by_name = ast->by_name,
                                    .target = &ast->target};
    firn_dml_rows rows;
    int64_t n_files = 0;
    FIRN_TRY(firn_dml__check_partition(s->table, ast, err));
    FIRN_TRY(firn_dml__rows_of(s->session, schema, &source, &rows, err));
    if (ast->is_overwrite || ast->replace_where.len > 0) {
        return firn_dml__overwrite(s, ast, &rows, err);
    }
    return firn_dml__append_rows(&rows, s->table, s->txn, &s->n_changed, &n_files, err);
}

firn_status firn_insert_query(firn_session *session, firn_table *table, firn_str sql, firn_txn *txn,
                              int64_t *n_rows, int64_t *n_files, firn_error *err)
{
    const firn_schema *schema = firn_metadata_schema(firn_table_metadata_of(table));
    firn_session__renew(session);
    const firn_row_source source = {.statement = sql, .query = sql, .by_name = true};
    firn_dml_rows rows;
    *n_rows = 0;
    *n_files = 0;
    FIRN_TRY(firn_dml__rows_of(session, schema, &source, &rows, err));
    return firn_dml__append_rows(&rows, table, txn, n_rows, n_files, err);
}
