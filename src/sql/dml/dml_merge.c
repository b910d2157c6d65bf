/* SPDX-License-Identifier: Apache-2.0 */
/* MERGE INTO as a query of changes: target and source joined, the first clause that applies as a
 * number, a CASE on it per column.
 *
 * Unless rows that the source lacks are changed, only target rows in the range of the source's keys
 * can match: the source is kept in a temporary table, and the range skips data files. Without a
 * file left, or with nothing but INSERT clauses, nothing of the target is rewritten. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/dml/dml.h"
#include "sql/parser/sql_default.h"

typedef struct sql_merge {
    firn_dml_statement *s;
    const firn_ast_merge *ast;
    const firn_schema *schema;
    firn_dml_target target;
    firn_str name;                   /* of the target in the engine */
    firn_merge_range range;          /* of the target's rows that can match; empty: all */
    firn_str staged;                 /* the temporary table with the source; empty: none */
    const firn_type *source_columns; /* known only when bare names need them */
    bool has_matched, has_not_matched, has_by_source;
} sql_merge;

/* ---- checking ---- */

/* INSERT VALUES without a list of columns goes by position. */
static firn_status name_values(const sql_merge *m, firn_ast_merge_clause *clause, firn_error *err)
{
    const firn_type *root = &m->schema->root;
    if (clause->values.n == 0 || clause->values.items[0].name.n_parts > 0) return FIRN_OK;
    if (clause->values.n != root->n_fields) {
        return firn_sql_fail(err, clause->offset, "INSERT has %zu values, the table %zu columns",
                             clause->values.n, root->n_fields);
    }
    for (size_t i = 0; i < root->n_fields; i++) {
        clause->values.items[i].column = root->fields[i].name;
    }
    return FIRN_OK;
}

/* A clause without a condition takes every row; one of its kind behind it would never be used,
 * which is a mistake to Spark. */
static firn_status check_reachable(const sql_merge *m, size_t i, firn_error *err)
{
    const firn_ast_merge_clause *clause = &m->ast->clauses[i];
    if (m->s->session->dialect != FIRN_DIALECT_SPARK) return FIRN_OK;
    for (size_t k = 0; k < i; k++) {
        if (m->ast->clauses[k].when != clause->when || m->ast->clauses[k].condition.len > 0)
            continue;
        return firn_sql_fail(err, clause->offset,
                             "the clause is never used: one before it has no condition");
    }
    return FIRN_OK;
}

/* In NOT MATCHED BY SOURCE there is no row of the source. */
static firn_status check_sight(const sql_merge *m, const firn_ast_merge_clause *clause,
                               firn_error *err)
{
    firn_arena *arena = m->s->arena;
    const firn_str alias = m->ast->source_alias;
    if (clause->when != FIRN_WHEN_NOT_MATCHED_BY_SOURCE) return FIRN_OK;
    bool is_named = firn_merge__names_table(arena, clause->condition, alias);
    for (size_t i = 0; i < clause->values.n && !is_named; i++) {
        is_named = firn_merge__names_table(arena, clause->values.items[i].value, alias);
    }
    if (!is_named) return FIRN_OK;
    return firn_sql_fail(err, clause->offset,
                         "NOT MATCHED BY SOURCE sees no row of the source \"%.*s\"",
                         FIRN_STR_ARG(alias));
}

static firn_status check_clauses(sql_merge *m, firn_error *err)
{
    for (size_t i = 0; i < m->ast->n_clauses; i++) {
        firn_ast_merge_clause *clause = &m->ast->clauses[i];
        switch (clause->when) {
        case FIRN_WHEN_MATCHED: m->has_matched = true; break;
        case FIRN_WHEN_NOT_MATCHED: m->has_not_matched = true; break;
        case FIRN_WHEN_NOT_MATCHED_BY_SOURCE: m->has_by_source = true; break;
        }
        FIRN_TRY(check_reachable(m, i, err));
        FIRN_TRY(check_sight(m, clause, err));
        if (clause->when == FIRN_WHEN_NOT_MATCHED_BY_SOURCE && clause->is_star) {
            return firn_sql_fail(err, clause->offset,
                                 "UPDATE SET * needs a source row, found NOT MATCHED BY SOURCE");
        }
        FIRN_TRY(name_values(m, clause, err));
        FIRN_TRY(firn_dml__check_assignments(&clause->values, m->ast->alias, &m->ast->target,
                                             m->schema, err));
    }
    return FIRN_OK;
}

/* One unconditional DELETE may hit a row twice: the result is the same. Not in Trino. */
static bool is_twice_fine(const firn_session *session, const firn_ast_merge *ast)
{
    const firn_ast_merge_clause *only = NULL;
    if (session->dialect == FIRN_DIALECT_TRINO) return false;
    for (size_t i = 0; i < ast->n_clauses; i++) {
        if (ast->clauses[i].when != FIRN_WHEN_MATCHED) continue;
        if (only) return false;
        only = &ast->clauses[i];
    }
    return only && only->action == FIRN_ACTION_DELETE && only->condition.len == 0;
}

/* ---- keys of the ON clause ---- */

/* "alias.column" and nothing else; *out is the column. */
static bool read_column(firn_sql_parser *p, firn_str alias, firn_str *out)
{
    firn_sql_name name;
    const firn_sql_parser before = *p;
    if (firn_parser_name(p, &name, NULL) == FIRN_OK && name.n_parts == 2 &&
        firn_str_equals_nocase(name.parts[0], alias)) {
        *out = name.parts[1];
        return true;
    }
    *p = before;
    return false;
}

static bool read_pair(const sql_merge *m, firn_str text, firn_str *target, firn_str *source,
                      bool *is_null_safe)
{
    firn_sql_parser p = firn_parser_of(m->s->arena, text);
    const bool target_first = read_column(&p, m->ast->alias, target);
    if (!target_first && !read_column(&p, m->ast->source_alias, source)) return false;
    *is_null_safe = firn_parser_accept(&p, "IS NOT DISTINCT FROM");
    if (!*is_null_safe && !firn_parser_accept_symbol(&p, "=") &&
        !firn_parser_accept_symbol(&p, "==")) {
        return false;
    }
    const bool found = target_first ? read_column(&p, m->ast->source_alias, source)
                                    : read_column(&p, m->ast->alias, target);
    return found && firn_parser_at_end(&p);
}

static firn_status find_keys(const sql_merge *m, firn_merge_key **out, size_t *n_out,
                             firn_error *err)
{
    firn_sql_parser p = firn_parser_of(m->s->arena, m->ast->on);
    firn_arena *arena = m->s->arena;
    size_t cap = 0;
    firn_str text;
    *out = NULL;
    *n_out = 0;
    while (firn_dml__conjunct(&p, &text) == FIRN_OK) {
        firn_str target = {0};
        firn_str source = {0};
        firn_merge_key key = {0};
        if (!read_pair(m, text, &target, &source, &key.is_null_safe)) continue;
        for (size_t i = 0; i < m->schema->root.n_fields && !key.field; i++) {
            const firn_field *field = &m->schema->root.fields[i];
            if (firn_str_equals_nocase(field->name, target)) key.field = field;
        }
        const firn_str alias = firn_sql_quote(m->ast->source_alias, arena);
        const firn_str column = firn_sql_quote(source, arena);
        key.source =
            firn_arena_printf(arena, "%.*s.%.*s", FIRN_STR_ARG(alias), FIRN_STR_ARG(column));
        if (!key.source.data) return firn_fail_nomem(err);
        if (!key.field) continue;
        firn_merge_key *slot = firn_arena_push(arena, out, n_out, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = key;
    }
    if (!firn_parser_at_end(&p)) *n_out = 0; /* an OR: no condition holds alone */
    return FIRN_OK;
}

/* ---- the source ---- */

static void put_source_reference(const sql_merge *m, firn_sql_text *text)
{
    firn_sql_text_user(text, m->ast->source);
    firn_sql_text_put(text, " AS ");
    firn_sql_text_name(text, m->ast->source_alias);
    if (m->ast->source_columns.len > 0) firn_sql_text_user(text, m->ast->source_columns);
}

static void put_source(const sql_merge *m, firn_sql_text *text)
{
    if (m->has_by_source) {
        firn_sql_text_put(text, "(SELECT *, true AS \"firn_s\" FROM ");
        put_source_reference(m, text);
        firn_sql_text_put(text, ") AS ");
        firn_sql_text_name(text, m->ast->source_alias);
    } else if (m->staged.len > 0) {
        firn_sql_text_str(text, m->staged);
        firn_sql_text_put(text, " AS ");
        firn_sql_text_name(text, m->ast->source_alias);
    } else {
        put_source_reference(m, text);
    }
}

static firn_status stage_source(sql_merge *m, firn_error *err)
{
    firn_session *session = m->s->session;
    firn_sql_text text;
    firn_str sql;
    const firn_str staged = firn_arena_printf(m->s->arena, "temp.main.\"firn_source_%" PRIu64 "\"",
                                              session->generation);
    if (!staged.data) return firn_fail_nomem(err);
    firn_sql_text_init(&text, session, m->s->sql);
    firn_sql_text_put(&text, "CREATE OR REPLACE TEMP TABLE ");
    firn_sql_text_str(&text, firn_str_slice(staged, sizeof "temp.main." - 1, staged.len));
    firn_sql_text_put(&text, " AS ");
    if (m->ast->with.len > 0) firn_sql_text_user(&text, m->ast->with);
    firn_sql_text_put(&text, "SELECT * FROM ");
    put_source_reference(m, &text);
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    FIRN_TRY(firn_sql_text_run(&text, sql, err));
    m->staged = staged;
    return FIRN_OK;
}

static void drop_staged(const sql_merge *m)
{
    firn_error ignored;
    firn_sql_text text;
    if (m->staged.len == 0) return;
    const firn_str sql =
        firn_arena_printf(m->s->arena, "DROP TABLE IF EXISTS %.*s", FIRN_STR_ARG(m->staged));
    firn_sql_text_init(&text, m->s->session, (firn_str){0});
    if (sql.data && firn_sql_text_run(&text, sql, &ignored) != FIRN_OK) {
        firn_log_write(m->s->session->env->log, FIRN_LOG_WARN, "cannot drop %.*s: %s",
                       FIRN_STR_ARG(m->staged), ignored.message);
    }
}

static bool has_bare_names(const sql_merge *m)
{
    const firn_type *root = &m->schema->root;
    for (size_t i = 0; i < m->ast->n_clauses; i++) {
        const firn_ast_merge_clause *clause = &m->ast->clauses[i];
        if (clause->when != FIRN_WHEN_NOT_MATCHED) continue;
        if (firn_merge__has_bare_column(m->s->arena, clause->condition, root)) return true;
        for (size_t k = 0; k < clause->values.n; k++) {
            if (firn_merge__has_bare_column(m->s->arena, clause->values.items[k].value, root)) {
                return true;
            }
        }
    }
    return false;
}

/* Learn the source's columns when a bare name could be one of either side. */
static firn_status describe_source(sql_merge *m, firn_error *err)
{
    firn_sql_text text;
    firn_str sql;
    firn_type *columns = firn_arena_alloc_zero(m->s->arena, sizeof *columns);
    if (!columns) return firn_fail_nomem(err);
    if (!has_bare_names(m)) return FIRN_OK;
    firn_sql_text_init(&text, m->s->session, m->s->sql);
    if (m->ast->with.len > 0) firn_sql_text_user(&text, m->ast->with);
    firn_sql_text_put(&text, "SELECT * FROM ");
    put_source_reference(m, &text);
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    FIRN_TRY(firn_sql_text_describe(&text, sql, columns, err));
    m->source_columns = columns;
    return FIRN_OK;
}

/* Plan the files that can hold matching rows. */
static firn_status plan_target(sql_merge *m, firn_error *err)
{
    firn_merge_key *keys = NULL;
    size_t n_keys = 0;
    const firn_expr *filter = NULL;
    bool is_exact = false;
    firn_session *session = m->s->session;
    FIRN_TRY(firn_dml_target_init(&m->target, session, m->s->table, NULL, err));
    if (m->has_by_source || m->target.plan.n_tasks == 0) return FIRN_OK;
    FIRN_TRY(firn_dml__filter_of(m->s->arena, m->ast->on, m->ast->alias, &m->ast->target, m->schema,
                                 &filter, &is_exact, err));
    FIRN_TRY(find_keys(m, &keys, &n_keys, err));
    if (n_keys > 0) {
        FIRN_TRY(stage_source(m, err));
        const firn_str alias = firn_sql_quote(m->ast->source_alias, m->s->arena);
        const firn_str relation = firn_arena_printf(m->s->arena, "%.*s AS %.*s",
                                                    FIRN_STR_ARG(m->staged), FIRN_STR_ARG(alias));
        if (!relation.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_merge__bounds(session, relation, keys, n_keys, &m->range, err));
        if (m->range.filter) filter = firn_expr_and(m->s->arena, filter, m->range.filter);
        if (!filter) return firn_fail_nomem(err);
    }
    return firn_dml_target_init(&m->target, session, m->s->table, filter, err);
}

/* ---- the query of changes ---- */

static void put_column(firn_sql_text *text, firn_str table, firn_str column)
{
    firn_sql_text_name(text, table);
    firn_sql_text_put(text, ".");
    firn_sql_text_name(text, column);
}

/* Text of a clause, whose bare names mean the one side it sees. */
static void put_scoped(const sql_merge *m, firn_sql_text *text, firn_ast_when when, firn_str piece)
{
    switch (when) {
    case FIRN_WHEN_MATCHED: firn_sql_text_user(text, piece); return;
    case FIRN_WHEN_NOT_MATCHED:
        firn_merge__put_scoped(text, piece, m->ast->source_alias, m->source_columns);
        return;
    case FIRN_WHEN_NOT_MATCHED_BY_SOURCE:
        firn_merge__put_scoped(text, piece, m->ast->alias, &m->schema->root);
        return;
    }
}

/* CASE WHEN condition THEN number ... END over the clauses of one kind. */
static void put_chain(const sql_merge *m, firn_sql_text *text, firn_ast_when when)
{
    bool is_open = true;
    firn_sql_text_put(text, "CASE WHEN false THEN 0");
    for (size_t i = 0; i < m->ast->n_clauses && is_open; i++) {
        const firn_ast_merge_clause *clause = &m->ast->clauses[i];
        if (clause->when != when) continue;
        const size_t number = clause->action == FIRN_ACTION_NOTHING ? 0 : i + 1;
        if (clause->condition.len > 0) {
            firn_sql_text_put(text, " WHEN (");
            put_scoped(m, text, when, clause->condition);
            firn_buf_printf(&text->buf, ") THEN %zu", number);
        } else {
            firn_buf_printf(&text->buf, " ELSE %zu", number);
            is_open = false;
        }
    }
    firn_sql_text_put(text, is_open ? " ELSE 0 END" : " END");
}

static void put_clause_number(const sql_merge *m, firn_sql_text *text)
{
    firn_sql_text_put(text, "CASE");
    if (m->has_by_source) {
        firn_sql_text_put(text, " WHEN ");
        put_column(text, m->ast->source_alias, FIRN_STR("firn_s"));
        firn_sql_text_put(text, " IS NULL THEN ");
        put_chain(m, text, FIRN_WHEN_NOT_MATCHED_BY_SOURCE);
    }
    firn_sql_text_put(text, " WHEN ");
    put_column(text, m->ast->alias, FIRN_STR(FIRN_SCAN_FILE_COLUMN));
    firn_sql_text_put(text, " IS NULL THEN ");
    put_chain(m, text, FIRN_WHEN_NOT_MATCHED);
    firn_sql_text_put(text, " ELSE ");
    put_chain(m, text, FIRN_WHEN_MATCHED);
    firn_sql_text_put(text, " END AS \"firn_clause\"");
}

static const firn_ast_assignment *find_value(const firn_ast_merge_clause *clause, firn_str column)
{
    for (size_t i = 0; i < clause->values.n; i++) {
        if (firn_str_equals_nocase(clause->values.items[i].column, column)) {
            return &clause->values.items[i];
        }
    }
    return NULL;
}

typedef struct clause_scope {
    const sql_merge *m;
    firn_ast_when when;
} clause_scope;

static void put_clause_piece(const void *ctx, firn_sql_text *text, firn_str piece)
{
    const clause_scope *scope = ctx;
    put_scoped(scope->m, text, scope->when, piece);
}

/* What the clause gives the column. */
static firn_status put_value(const sql_merge *m, firn_sql_text *text,
                             const firn_ast_merge_clause *clause, const firn_field *field,
                             firn_error *err)
{
    const firn_dialect dialect = m->s->session->dialect;
    const firn_ast_assignment *value = find_value(clause, field->name);
    const clause_scope scope = {m, clause->when};
    const firn_assigned row = {.set = &clause->values,
                               .table = m->ast->alias,
                               .put = put_clause_piece,
                               .ctx = &scope,
                               .dialect = dialect};
    if (clause->action == FIRN_ACTION_UPDATE && !clause->is_star)
        return firn_dml__put_assigned(&row, text, field, err);
    firn_dml__begin_cast(dialect, text, field->type);
    if (value && value->value.len > 0)
        put_scoped(m, text, clause->when, value->value);
    else if (!value && clause->is_star)
        put_column(text, m->ast->source_alias, field->name);
    else
        FIRN_TRY(firn_sql_text_default(text, field, err));
    return firn_dml__end_cast(text, field->type, err);
}

static firn_status put_columns(const sql_merge *m, firn_sql_text *text, bool inserts_only,
                               firn_error *err)
{
    for (size_t c = 0; c < m->schema->root.n_fields; c++) {
        const firn_field *field = &m->schema->root.fields[c];
        firn_buf_printf(&text->buf, ", CASE \"firn_clause\" WHEN -1 THEN NULL");
        for (size_t i = 0; i < m->ast->n_clauses; i++) {
            const firn_ast_merge_clause *clause = &m->ast->clauses[i];
            const bool is_update = clause->action == FIRN_ACTION_UPDATE && !inserts_only;
            if (!is_update && clause->action != FIRN_ACTION_INSERT) continue;
            firn_buf_printf(&text->buf, " WHEN %zu THEN ", i + 1);
            FIRN_TRY(put_value(m, text, clause, field, err));
        }
        firn_sql_text_put(text, " END");
    }
    return FIRN_OK;
}

static void put_target(const sql_merge *m, firn_sql_text *text)
{
    const firn_str where = m->range.where;
    if (where.len > 0) firn_sql_text_put(text, "(SELECT * FROM ");
    firn_sql_text_str(text, m->name);
    if (where.len > 0) {
        firn_sql_text_put(text, " WHERE ");
        firn_sql_text_str(text, where);
        firn_sql_text_put(text, ")");
    }
    firn_sql_text_put(text, " AS ");
    firn_sql_text_name(text, m->ast->alias);
}

static void put_join(const sql_merge *m, firn_sql_text *text)
{
    put_source(m, text);
    if (m->has_by_source) {
        firn_sql_text_put(text, m->has_not_matched ? " FULL JOIN " : " RIGHT JOIN ");
    } else {
        firn_sql_text_put(text, m->has_not_matched ? " LEFT JOIN " : " JOIN ");
    }
    put_target(m, text);
    firn_sql_text_put(text, " ON (");
    firn_sql_text_user(text, m->ast->on);
    firn_sql_text_put(text, ")");
}

/* Number of the clause to what is done with the row. */
static void put_action(const sql_merge *m, firn_sql_text *text)
{
    firn_sql_text_put(text, "CASE \"firn_clause\" WHEN -1 THEN 0"); /* all may do nothing */
    for (size_t i = 0; i < m->ast->n_clauses; i++) {
        const firn_ast_action action = m->ast->clauses[i].action;
        if (action == FIRN_ACTION_NOTHING) continue;
        firn_buf_printf(&text->buf, " WHEN %zu THEN %d", i + 1,
                        action == FIRN_ACTION_INSERT   ? FIRN_ROW_INSERT
                        : action == FIRN_ACTION_UPDATE ? FIRN_ROW_UPDATE
                                                       : FIRN_ROW_DELETE);
    }
    firn_sql_text_put(text, " ELSE 0 END");
}

static void put_outer(const sql_merge *m, firn_sql_text *text)
{
    if (m->ast->with.len > 0) firn_sql_text_user(text, m->ast->with);
    firn_sql_text_put(text, "SELECT \"firn_file\", \"firn_pos\", \"firn_row_id\", ");
    put_action(m, text);
    for (size_t c = 0; c < m->schema->root.n_fields; c++) {
        firn_buf_printf(&text->buf, ", \"firn_c%zu\"", c);
    }
    firn_sql_text_put(text, " FROM (SELECT ");
}

static void put_change_names(const sql_merge *m, firn_sql_text *text)
{
    firn_sql_text_put(text, ") AS \"firn_changes\"(\"firn_file\", \"firn_pos\", \"firn_row_id\", "
                            "\"firn_clause\"");
    for (size_t c = 0; c < m->schema->root.n_fields; c++)
        firn_buf_printf(&text->buf, ", \"firn_c%zu\"", c);
    firn_sql_text_put(text, ")");
}

/* Only INSERT clauses, or no target row that could match: no row of the target is looked at but to
 * see that it is there. */
static bool is_insert_only(const sql_merge *m)
{
    return !m->has_by_source && (!m->has_matched || m->target.plan.n_tasks == 0);
}

static firn_status put_insert_only(const sql_merge *m, firn_sql_text *text, firn_error *err)
{
    firn_sql_text_put(text, FIRN_DML_NO_PLACE);
    put_chain(m, text, FIRN_WHEN_NOT_MATCHED);
    firn_sql_text_put(text, " AS \"firn_clause\"");
    FIRN_TRY(put_columns(m, text, true, err));
    firn_sql_text_put(text, " FROM ");
    put_source(m, text);
    if (m->target.plan.n_tasks > 0) {
        firn_sql_text_put(text, " WHERE NOT EXISTS (SELECT 1 FROM ");
        put_target(m, text);
        firn_sql_text_put(text, " WHERE (");
        firn_sql_text_user(text, m->ast->on);
        firn_sql_text_put(text, "))");
    }
    return FIRN_OK;
}

static firn_status put_joined(const sql_merge *m, firn_sql_text *text, firn_error *err)
{
    firn_dml__put_place(text, &m->target, m->ast->alias);
    put_clause_number(m, text);
    FIRN_TRY(put_columns(m, text, false, err));
    firn_sql_text_put(text, " FROM ");
    put_join(m, text);
    return FIRN_OK;
}

static firn_status write_query(const sql_merge *m, firn_sql_text *text, firn_error *err)
{
    put_outer(m, text);
    FIRN_TRY(is_insert_only(m) ? put_insert_only(m, text, err) : put_joined(m, text, err));
    put_change_names(m, text);
    firn_sql_text_put(text, " WHERE \"firn_clause\" > 0");
    return FIRN_OK;
}

/* ---- the statement ---- */

static firn_status run(sql_merge *m, firn_error *err)
{
    firn_apply_opts opts = {.is_twice_fine = is_twice_fine(m->s->session, m->ast),
                            .is_update = true,
                            .has_values = true};
    firn_sql_text text;
    firn_dml_rows rows = {.text = &text};
    firn_dml_counts counts = {0};
    opts.isolation = firn_dml__isolation(m->s->table, "write.merge.isolation-level");
    FIRN_TRY(firn_dml__is_merge_on_read(m->s->session, m->s->table, "write.merge.mode",
                                        &opts.is_merge_on_read, err));
    FIRN_TRY(check_clauses(m, err));
    FIRN_TRY(describe_source(m, err));
    FIRN_TRY(plan_target(m, err));
    FIRN_TRY(firn_session__dml_name(m->s->session, m->s->table, &m->target.numbers, m->range.keys,
                                    m->range.n_keys, &m->name, err));
    firn_sql_text_init(&text, m->s->session, m->s->sql);
    text.target = &m->ast->target;
    const firn_status st = write_query(m, &text, err);
    if (st != FIRN_OK) {
        firn_sql_text_dispose(&text);
        return st;
    }
    FIRN_TRY(firn_sql_text_finish(&text, &rows.sql, err));
    FIRN_TRY(firn_dml__apply(&m->target, &rows, &opts, m->s->txn, &counts, err));
    m->s->n_changed = counts.rows_inserted + counts.rows_updated + counts.rows_deleted;
    return FIRN_OK;
}

firn_status firn_dml__merge(firn_dml_statement *s, const firn_ast_merge *ast, firn_error *err)
{
    sql_merge m = {.s = s, .ast = ast};
    m.schema = firn_metadata_schema(firn_table_metadata_of(s->table));
    const firn_status st = run(&m, err);
    drop_staged(&m);
    return st;
}
