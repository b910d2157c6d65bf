/* SPDX-License-Identifier: Apache-2.0 */
/* DELETE, TRUNCATE and UPDATE: a query of the changed rows, applied as the table says. Files whose
 * rows all match a condition that Iceberg understands are dropped without being read. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/expr/evaluate.h"
#include "sql/dml/dml.h"
#include "sql/parser/sql_default.h"

typedef struct row_change {
    firn_dml_statement *s;
    const firn_ast_change *ast;
    const firn_schema *schema;
    firn_dml_target target;
    firn_str name; /* of the target in the engine */
    firn_isolation isolation;
    bool is_merge_on_read;
} row_change;

/* ---- whole files ---- */

/* Every file that may match matches with all its rows. */
static bool is_all_or_nothing(const row_change *c, bool is_exact)
{
    if (!is_exact || c->ast->from.len > 0 || c->ast->is_update) return false;
    if (c->target.plan.stats.has_delete_files) return false; /* how many rows is not known */
    if (!c->target.filter) return true;
    for (size_t i = 0; i < c->target.plan.n_tasks; i++) {
        const firn_scan_task *task = &c->target.plan.tasks[i];
        const bool is_answered = task->residual && task->residual->op == FIRN_EXPR_TRUE;
        if (!is_answered && !firn_expr_all_match_file(c->target.filter, task->file)) return false;
    }
    return true;
}

static firn_status drop_files(row_change *c, firn_error *err)
{
    for (size_t i = 0; i < c->target.plan.n_tasks; i++) {
        FIRN_TRY(firn_dml_target_mark_file(&c->target, &c->target.files[i], err));
    }
    c->s->n_changed = c->target.n_changed;
    return firn_dml_target_finish(&c->target, NULL, c->isolation, c->s->txn, NULL, err);
}

/* ---- the query of changes ---- */

static void put_user(const void *ctx, firn_sql_text *text, firn_str piece)
{
    (void)ctx;
    firn_sql_text_user(text, piece);
}

static firn_status put_new_values(const row_change *c, firn_sql_text *text, firn_error *err)
{
    const firn_assigned row = {.set = &c->ast->assignments,
                               .table = c->ast->alias,
                               .put = put_user,
                               .dialect = c->s->session->dialect};
    for (size_t i = 0; i < c->schema->root.n_fields; i++) {
        firn_sql_text_put(text, ", ");
        FIRN_TRY(firn_dml__put_assigned(&row, text, &c->schema->root.fields[i], err));
    }
    return FIRN_OK;
}

static firn_status write_query(const row_change *c, firn_sql_text *text, firn_error *err)
{
    if (c->ast->with.len > 0) firn_sql_text_user(text, c->ast->with);
    firn_sql_text_put(text, "SELECT ");
    firn_dml__put_place(text, &c->target, c->ast->alias);
    firn_sql_text_put(text, c->ast->is_update ? "2" : "3");
    if (c->ast->is_update) FIRN_TRY(put_new_values(c, text, err));
    firn_sql_text_put(text, " FROM ");
    firn_sql_text_str(text, c->name);
    firn_sql_text_put(text, " AS ");
    firn_sql_text_name(text, c->ast->alias);
    if (c->ast->from.len > 0) {
        firn_sql_text_put(text, ", ");
        firn_sql_text_user(text, c->ast->from);
    }
    if (c->ast->where.len > 0) {
        firn_sql_text_put(text, " WHERE (");
        firn_sql_text_user(text, c->ast->where);
        firn_sql_text_put(text, ")");
    }
    return FIRN_OK;
}

static firn_status change_rows(row_change *c, firn_error *err)
{
    firn_session *session = c->s->session;
    const firn_apply_opts opts = {.isolation = c->isolation,
                                  .is_twice_fine = !c->ast->is_update,
                                  .is_merge_on_read = c->is_merge_on_read,
                                  .is_update = c->ast->is_update,
                                  .has_values = c->ast->is_update};
    firn_sql_text text;
    firn_dml_rows rows = {.text = &text};
    firn_dml_counts counts = {0};
    FIRN_TRY(
        firn_session__dml_name(session, c->s->table, &c->target.numbers, NULL, 0, &c->name, err));
    firn_sql_text_init(&text, session, c->s->sql);
    text.target = &c->ast->target;
    const firn_status st = write_query(c, &text, err);
    if (st != FIRN_OK) {
        firn_sql_text_dispose(&text);
        return st;
    }
    FIRN_TRY(firn_sql_text_finish(&text, &rows.sql, err));
    FIRN_TRY(firn_dml__apply(&c->target, &rows, &opts, c->s->txn, &counts, err));
    c->s->n_changed = counts.rows_updated + counts.rows_deleted;
    return FIRN_OK;
}

/* A statement about no file is checked by the engine all the same. */
firn_status firn_dml__change(firn_dml_statement *s, const firn_ast_change *ast, firn_error *err)
{
    row_change c = {.s = s, .ast = ast};
    const firn_expr *filter = NULL;
    bool is_exact = false;
    c.schema = firn_metadata_schema(firn_table_metadata_of(s->table));
    c.isolation = firn_dml__isolation(s->table, ast->is_update ? "write.update.isolation-level"
                                                               : "write.delete.isolation-level");
    FIRN_TRY(firn_dml__is_merge_on_read(s->session, s->table,
                                        ast->is_update ? "write.update.mode" : "write.delete.mode",
                                        &c.is_merge_on_read, err));
    FIRN_TRY(
        firn_dml__check_assignments(&ast->assignments, ast->alias, &ast->target, c.schema, err));
    FIRN_TRY(firn_dml__filter_of(s->arena, ast->where, ast->alias, &ast->target, c.schema, &filter,
                                 &is_exact, err));
    FIRN_TRY(firn_dml_target_init(&c.target, s->session, s->table, filter, err));
    if (c.target.plan.n_tasks > 0 && is_all_or_nothing(&c, is_exact)) return drop_files(&c, err);
    return change_rows(&c, err);
}
