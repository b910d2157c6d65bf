/* SPDX-License-Identifier: Apache-2.0 */
/* Procedures in SQL: CALL [catalog.]system.name(..) and ALTER TABLE t EXECUTE name(..) [WHERE ..].
 * What there is and what it does is iceberg/maintain/procedures/procedure.h; here are tables,
 * arguments and results as SQL has them. */
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/str.h"
#include "format/columns/row_builder.h"
#include "iceberg/maintain/procedures/procedure.h"
#include "sql/ddl/ddl.h"
#include "sql/parser/sql_text.h"

typedef struct call_context {
    firn_session *session;
    const firn_ast_call *call;
    const firn_ast_argument *table; /* the argument; NULL: EXECUTE */
    firn_procedure_call run;
    size_t offsets[FIRN_PROCEDURE_MAX_ARGUMENTS]; /* of the values, in the statement */
} call_context;

static firn_str procedure_name(const firn_ast_call *call)
{
    return call->name.parts[call->name.n_parts - 1];
}

/* ---- arguments ---- */

static firn_status read_one(firn_sql_text *text, firn_result *result, firn_arena *arena,
                            firn_ast_argument *out, firn_error *err)
{
    const firn_batch *batch = NULL;
    const firn_status st = firn_sql_text_next(text, result, &batch, err);
    if (st != FIRN_OK && st != FIRN_DONE) return st;
    const bool is_null =
        st == FIRN_DONE || batch->n_rows == 0 || !firn_column_is_valid(&batch->columns[0], 0);
    out->is_string = !is_null;
    out->text = is_null ? FIRN_STR("null")
                        : firn_arena_copy(arena, firn_view_str(batch->columns[0].values));
    return out->text.data ? FIRN_OK : firn_fail_nomem(err);
}

/* The value of an expression as a literal: moments in UTC, whatever the session's zone. */
static firn_status evaluate(const call_context *c, firn_ast_argument *argument, firn_error *err)
{
    firn_sql_text text;
    firn_str sql;
    firn_result *result = NULL;
    if (!argument->is_expression) return FIRN_OK;
    firn_sql_text_init(&text, c->session, (firn_str){0});
    firn_sql_text_put(&text, "SELECT CASE typeof(v) WHEN 'TIMESTAMP WITH TIME ZONE' THEN "
                             "CAST(CAST(CAST(v AS VARCHAR) AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS "
                             "VARCHAR) ELSE CAST(v AS VARCHAR) END FROM (SELECT (");
    firn_sql_text_str(&text, argument->text);
    firn_sql_text_put(&text, "\n) AS v)");
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    firn_status st = firn_sql_text_query(&text, sql, &result, err);
    if (st == FIRN_OK) st = read_one(&text, result, c->session->arena, argument, err);
    firn_result_close(result);
    if (st != FIRN_OK && err) err->position = argument->offset;
    return st;
}

static firn_status set_value(call_context *c, size_t at, const firn_ast_argument *argument,
                             firn_error *err)
{
    const firn_procedure_argument *formal = &c->run.procedure->arguments[at];
    firn_procedure_value *value = &c->run.values[at];
    const bool wants_list =
        formal->kind == FIRN_ARGUMENT_TEXTS || formal->kind == FIRN_ARGUMENT_PAIRS;
    const bool is_null =
        !argument->is_string && firn_str_equals_nocase(argument->text, FIRN_STR("null"));
    if (value->is_given)
        return firn_sql_fail(err, argument->offset, "argument %s is given twice", formal->name);
    c->offsets[at] = argument->offset;
    if (is_null) return FIRN_OK;
    if (wants_list != argument->is_list)
        return firn_sql_fail(err, argument->offset, "%s: expected %s", formal->name,
                             !wants_list                           ? "one value"
                             : formal->kind == FIRN_ARGUMENT_TEXTS ? "ARRAY(..)"
                                                                   : "MAP(key, value, ..)");
    *value = (firn_procedure_value){true, argument->text, argument->items, argument->n_items};
    return FIRN_OK;
}

static size_t n_arguments(const firn_procedure *p)
{
    size_t n = 0;
    while (n < FIRN_PROCEDURE_MAX_ARGUMENTS && p->arguments[n].name) n++;
    return n;
}

static firn_status set_table(call_context *c, const firn_ast_argument *argument, firn_error *err)
{
    if (c->table) return firn_sql_fail(err, argument->offset, "argument table is given twice");
    c->table = argument;
    return FIRN_OK;
}

static size_t table_position(const firn_procedure *p)
{
    return p->subject == FIRN_SUBJECT_NAME_SECOND ? 1 : 0;
}

/* The argument at a place among those without names, of which the table is one unless it is known
 * already. SIZE_MAX: there is none. */
static size_t argument_at(const firn_procedure *p, size_t position, bool has_table)
{
    if (!has_table && position > table_position(p)) position--;
    return position < n_arguments(p) ? position : SIZE_MAX;
}

static firn_status fail_argument(const firn_procedure *p, const firn_ast_argument *argument,
                                 firn_error *err)
{
    firn_nearest nearest = firn_nearest_of(argument->name);
    if (argument->name.len == 0)
        return firn_sql_fail(err, argument->offset, "%s has no argument at this place", p->name);
    for (size_t i = 0; i < FIRN_PROCEDURE_MAX_ARGUMENTS && p->arguments[i].name; i++)
        firn_nearest_try(&nearest, firn_str_of(p->arguments[i].name));
    const firn_status st = firn_sql_fail(err, argument->offset, "%s has no argument %.*s", p->name,
                                         FIRN_STR_ARG(argument->name));
    return firn_nearest_hint(&nearest, st, err);
}

static firn_status read_argument(call_context *c, const firn_ast_argument *argument,
                                 size_t position, bool has_table, firn_error *err)
{
    const firn_procedure *p = c->run.procedure;
    const bool is_named = argument->name.len > 0;
    const bool is_table =
        !has_table && (is_named ? firn_str_equals_nocase(argument->name, FIRN_STR("table"))
                                : position == table_position(p));
    if (is_table) return set_table(c, argument, err);
    const size_t at = is_named ? firn_procedure_find_argument(p, argument->name)
                               : argument_at(p, position, has_table);
    if (at == SIZE_MAX) return fail_argument(p, argument, err);
    return set_value(c, at, argument, err);
}

static firn_status read_arguments(call_context *c, bool has_table, firn_error *err)
{
    bool is_named = false;
    for (size_t i = 0; i < c->call->n_arguments; i++) {
        firn_ast_argument *argument = &c->call->arguments[i];
        FIRN_TRY(evaluate(c, argument, err));
        if (argument->name.len == 0 && is_named)
            return firn_sql_fail(err, argument->offset,
                                 "an argument without a name stands behind one with a name");
        is_named = argument->name.len > 0;
        FIRN_TRY(read_argument(c, argument, i, has_table, err));
    }
    return FIRN_OK;
}

static firn_status read_where(call_context *c, firn_error *err)
{
    if (c->call->where.len == 0) return FIRN_OK;
    const size_t at = firn_procedure_find_argument(c->run.procedure, FIRN_STR("where"));
    if (at == SIZE_MAX)
        return firn_sql_fail(err, c->call->where_offset, "%s has no WHERE", c->run.procedure->name);
    c->offsets[at] = c->call->where_offset;
    c->run.values[at] = (firn_procedure_value){.is_given = true, .text = c->call->where};
    return FIRN_OK;
}

/* ---- the table ---- */

/* 'db.t' of an argument, in the catalog that CALL names. False: that is no name. */
static bool parse_table_name(const call_context *c, firn_str text, firn_sql_name *out)
{
    firn_arena *arena = c->session->arena;
    firn_lexer lexer = firn_lexer_of(text);
    const firn_str catalog = c->call->name.n_parts > 2 ? c->call->name.parts[0] : (firn_str){0};
    if (firn_session__parse_name(&lexer, arena, out, NULL) != FIRN_OK ||
        firn_lexer_peek(&lexer).kind != FIRN_TOKEN_END)
        return false;
    const bool is_full =
        out->n_parts > 2 && firn_session__find_catalog(c->session, out->parts[0]) != NULL;
    if (catalog.len == 0 || is_full || out->n_parts < 2) return true;
    firn_str *parts = firn_arena_array(arena, out->n_parts + 1, sizeof *parts);
    if (!parts) return false;
    parts[0] = catalog;
    for (size_t i = 0; i < out->n_parts; i++) parts[i + 1] = out->parts[i];
    out->parts = parts;
    out->n_parts++;
    return true;
}

static firn_status table_name(const call_context *c, firn_sql_name *out, firn_error *err)
{
    const firn_ast_argument *table = c->table;
    if (!table)
        return firn_sql_fail(err, c->call->name.offset, "the procedure needs the argument table");
    if (!parse_table_name(c, table->text, out))
        return firn_sql_fail(err, table->offset, "found \"%.*s\", expected a table's name",
                             FIRN_STR_ARG(table->text));
    out->offset = table->offset;
    return FIRN_OK;
}

/* A table that another argument names. */
static firn_status resolve_table(void *ctx, firn_str name, firn_catalog **catalog,
                                 firn_ident *ident, firn_error *err)
{
    const call_context *c = ctx;
    firn_sql_name parsed;
    if (!parse_table_name(c, name, &parsed))
        return firn_fail(err, FIRN_ERR_ARG, "found \"%.*s\", expected a table's name",
                         FIRN_STR_ARG(name));
    return firn_session__resolve(c->session, &parsed, c->session->arena, catalog, ident, err);
}

/* ---- rows ---- */

static firn_status fill(const firn_procedure_call *run, firn_row_builder *b)
{
    const size_t n = firn_procedure_n_columns(run->procedure);
    for (size_t r = 0; r < run->n_rows; r++) {
        for (size_t i = 0; i < n; i++) {
            const firn_value *cell = &run->cells[r * n + i];
            if (cell->is_null)
                firn_cell_null(b, firn_rows_column(b, i));
            else
                firn_cell_value(b, firn_rows_column(b, i), cell);
        }
    }
    return firn_rows_finish(b);
}

static firn_status give_rows(const call_context *c, firn_result **out, firn_error *err)
{
    const firn_procedure *p = c->run.procedure;
    const size_t n = firn_procedure_n_columns(p);
    firn_field *fields = firn_arena_array(c->session->arena, n, sizeof *fields);
    firn_type *types = firn_arena_array(c->session->arena, n, sizeof *types);
    if (!fields || !types) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        types[i].kind = p->columns[i].kind;
        fields[i] = (firn_field){
            .id = (int32_t)i + 1, .name = firn_str_of(p->columns[i].name), .type = &types[i]};
    }
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    firn_row_builder b = firn_rows_begin(&root, err);
    const firn_status st = fill(&c->run, &b);
    if (st != FIRN_OK) {
        firn_batch_destroy(b.batch);
        return st;
    }
    return firn_session__result_of_batch(c->session, &root, b.batch, "CALL", out, err);
}

/* ---- running ---- */

/* In a transaction of several statements: those that change nothing but what branches point to.
 * Others remove files, or make changes that a rollback cannot take back. */
static firn_status check_transaction(const call_context *c, firn_error *err)
{
    static const char *const k_fine[] = {"rollback_to_snapshot", "rollback_to_timestamp",
                                         "set_current_snapshot", "fast_forward", "ancestors_of"};
    if (!c->session->transaction.is_active) return FIRN_OK;
    for (size_t i = 0; i < sizeof k_fine / sizeof *k_fine; i++)
        if (strcmp(c->run.procedure->name, k_fine[i]) == 0) return FIRN_OK;
    (void)firn_fail(err, FIRN_ERR_UNSUPPORTED,
                    "not supported: procedure %s in a transaction of several statements",
                    c->run.procedure->name);
    if (err) err->position = c->call->name.offset;
    return FIRN_ERR_UNSUPPORTED;
}

static firn_status run_procedure(call_context *c, const firn_sql_name *target, firn_error *err)
{
    firn_procedure_call *run = &c->run;
    FIRN_TRY(firn_session__resolve(c->session, target, c->session->arena, &run->catalog,
                                   &run->ident, err));
    if (run->procedure->subject == FIRN_SUBJECT_TABLE)
        FIRN_TRY(firn_session__open_table(c->session, target, &run->table, err));
    const firn_status st = firn_procedure_run(run, err);
    firn_table_close(run->table);
    if (st == FIRN_OK || !err) return st;
    if (run->failed_argument < FIRN_PROCEDURE_MAX_ARGUMENTS)
        err->position = c->offsets[run->failed_argument];
    else if ((st == FIRN_ERR_ARG || st == FIRN_ERR_NOT_FOUND) && err->position == 0)
        err->position = c->call->name.offset;
    return st;
}

static firn_status fail_unknown(const firn_ast_call *call, firn_error *err)
{
    const firn_str name = procedure_name(call);
    firn_nearest nearest = firn_nearest_of(name);
    for (size_t i = 0; firn_procedure_at(i); i++)
        firn_nearest_try(&nearest, firn_str_of(firn_procedure_at(i)->name));
    (void)firn_fail(err, FIRN_ERR_NOT_FOUND, "there is no procedure %.*s", FIRN_STR_ARG(name));
    if (err) err->position = call->name.offset;
    return firn_nearest_hint(&nearest, FIRN_ERR_NOT_FOUND, err);
}

firn_status firn_call__run(firn_session *session, const firn_ast_call *call,
                           const firn_sql_name *table, firn_result **out, firn_error *err)
{
    call_context c = {.session = session,
                      .call = call,
                      .run = {.procedure = firn_procedure_find(procedure_name(call)),
                              .env = session->env,
                              .store = session->store,
                              .arena = session->arena,
                              .resolve = resolve_table,
                              .allows_files = session->allow_files}};
    firn_sql_name target;
    c.run.resolve_ctx = &c;
    if (!c.run.procedure) return fail_unknown(call, err);
    FIRN_TRY(check_transaction(&c, err));
    FIRN_TRY(read_arguments(&c, table != NULL, err));
    FIRN_TRY(read_where(&c, err));
    if (table)
        target = *table;
    else
        FIRN_TRY(table_name(&c, &target, err));
    FIRN_TRY(run_procedure(&c, &target, err));
    return give_rows(&c, out, err);
}

/* Trino's, and DuckDB's of a table that a catalog has; of other tables it is the engine's. */
static bool accept_analyze(firn_session *session, firn_sql_parser *p)
{
    firn_sql_parser ahead = *p;
    firn_sql_name name;
    firn_catalog *catalog = NULL;
    firn_ident ident;
    const firn_loaded_table *loaded = NULL;
    if (session->dialect == FIRN_DIALECT_SPARK || !firn_parser_accept(&ahead, "ANALYZE"))
        return false;
    *p = ahead;
    if (session->dialect == FIRN_DIALECT_TRINO) return true;
    (void)firn_parser_accept(p, "TABLE");
    ahead = *p;
    return firn_parser_name(&ahead, &name, NULL) == FIRN_OK &&
           firn_session__resolve(session, &name, session->arena, &catalog, &ident, NULL) ==
               FIRN_OK &&
           firn_session__load(session, catalog, &ident, &loaded, NULL) == FIRN_OK;
}

firn_status firn_call_execute(firn_session *session, firn_str sql, bool *handled, firn_result **out,
                              firn_error *err)
{
    firn_sql_parser parser = firn_parser_of(session->arena, sql);
    firn_ast_call call;
    const firn_sql_parser start = parser;
    *handled = accept_analyze(session, &parser);
    if (*handled) return firn_call__analyze(session, &parser, out, err);
    parser = start;
    if (!firn_parser_accept(&parser, "CALL")) return FIRN_OK;
    const firn_sql_parser before = parser;
    firn_sql_name name;
    if (firn_parser_name(&parser, &name, NULL) != FIRN_OK || name.n_parts < 2) return FIRN_OK;
    if (!firn_str_equals_nocase(name.parts[name.n_parts - 2], FIRN_STR("system"))) return FIRN_OK;
    *handled = true;
    parser = before;
    FIRN_TRY(firn_parse_call(&parser, &call, err));
    if (name.n_parts > 3 ||
        (name.n_parts == 3 && !firn_session__find_catalog(session, name.parts[0]))) {
        return firn_sql_fail(err, name.offset, "there is no catalog \"%.*s\"",
                             FIRN_STR_ARG(name.parts[0]));
    }
    FIRN_TRY(firn_call__join_names(session, &call, err));
    return firn_call__run(session, &call, NULL, out, err);
}
