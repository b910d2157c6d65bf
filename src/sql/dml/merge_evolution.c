/* SPDX-License-Identifier: Apache-2.0 */
/* MERGE WITH SCHEMA EVOLUTION: columns that the source has and the target lacks are added to the
 * target before rows are merged, in a commit of their own, as in Spark. Types are left alone. */
#include "base/error.h"
#include "base/str.h"
#include "sql/dml/dml.h"

static bool takes_all_columns(const firn_ast_merge *ast)
{
    for (size_t i = 0; i < ast->n_clauses; i++) {
        if (ast->clauses[i].is_star) return true;
    }
    return false;
}

static firn_status source_columns(firn_dml_statement *s, const firn_ast_merge *ast, firn_type *out,
                                  firn_error *err)
{
    firn_sql_text text;
    firn_str sql;
    firn_sql_text_init(&text, s->session, s->sql);
    if (ast->with.len > 0) firn_sql_text_user(&text, ast->with);
    firn_sql_text_put(&text, "SELECT * FROM ");
    firn_sql_text_user(&text, ast->source);
    firn_sql_text_put(&text, " AS ");
    firn_sql_text_name(&text, ast->source_alias);
    if (ast->source_columns.len > 0) firn_sql_text_user(&text, ast->source_columns);
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    return firn_sql_text_describe(&text, sql, out, err);
}

static bool has_column(const firn_type *root, firn_str name)
{
    for (size_t i = 0; i < root->n_fields; i++) {
        if (firn_str_equals_nocase(root->fields[i].name, name)) return true;
    }
    return false;
}

/* "ALTER TABLE t ADD COLUMNS (a INT, b STRING)"; empty: nothing is missing. */
static firn_status addition(firn_dml_statement *s, const firn_ast_merge *ast,
                            const firn_type *target, const firn_type *source, firn_str *out,
                            firn_error *err)
{
    firn_buf buf;
    size_t n = 0;
    firn_buf_init(&buf, NULL, FIRN_LIMIT_SQL_TEXT);
    firn_buf_cstr(&buf, "ALTER TABLE ");
    for (size_t i = 0; i < ast->target.n_parts; i++) {
        if (i > 0) firn_buf_byte(&buf, '.');
        firn_buf_quoted(&buf, ast->target.parts[i], '"');
    }
    firn_buf_cstr(&buf, " ADD COLUMNS (");
    for (size_t i = 0; i < source->n_fields; i++) {
        const firn_field *field = &source->fields[i];
        if (has_column(target, field->name)) continue;
        if (n++ > 0) firn_buf_cstr(&buf, ", ");
        firn_buf_quoted(&buf, field->name, '"');
        firn_buf_byte(&buf, ' ');
        firn_dialect_put_sql_type(s->session->dialect, field->type, &buf);
    }
    firn_buf_byte(&buf, ')');
    const firn_status st = firn_buf_check(&buf, err);
    *out = st == FIRN_OK && n > 0 ? firn_arena_copy(s->arena, firn_buf_view(&buf)) : (firn_str){0};
    firn_buf_dispose(&buf);
    if (st == FIRN_OK && n > 0 && !out->data) return firn_fail_nomem(err);
    return st;
}

firn_status firn_dml__evolve(firn_dml_statement *s, const firn_ast_merge *ast, firn_error *err)
{
    firn_table *table = NULL;
    firn_type source;
    firn_str sql = {0};
    bool is_handled = false;
    firn_result *result = NULL;
    if (!ast->evolves_schema || !takes_all_columns(ast)) return FIRN_OK;
    FIRN_TRY(firn_session__open_target(s->session, &ast->target, &table, err));
    const firn_schema *schema = firn_metadata_schema(firn_table_metadata_of(table));
    firn_status st = source_columns(s, ast, &source, err);
    if (st == FIRN_OK) st = addition(s, ast, &schema->root, &source, &sql, err);
    firn_table_close(table);
    if (st != FIRN_OK || sql.len == 0) return st;
    st = firn_ddl_execute(s->session, sql, &is_handled, &result, err);
    firn_result_close(result);
    return st;
}
