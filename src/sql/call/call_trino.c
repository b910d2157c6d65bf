/* SPDX-License-Identifier: Apache-2.0 */
/* Trino's spellings of procedures: CALL system.x('schema', 'table', ..), whose first two arguments
 * name the table, and ANALYZE. What the procedures do is iceberg/maintain/procedures/procedure.h.
 */
#include "base/error.h"
#include "base/str.h"
#include "sql/ddl/ddl.h"

/* Index of the argument: by its name, or by its place among those without one. */
static size_t find_argument(const firn_ast_call *call, const char *name, size_t place)
{
    for (size_t i = 0; i < call->n_arguments; i++) {
        const firn_ast_argument *argument = &call->arguments[i];
        const bool is_it = argument->name.len > 0
                               ? firn_str_equals_nocase(argument->name, firn_str_of(name))
                               : i == place;
        if (is_it && argument->is_string) return i;
    }
    return SIZE_MAX;
}

static void remove_argument(firn_ast_call *call, size_t at)
{
    for (size_t i = at; i + 1 < call->n_arguments; i++) call->arguments[i] = call->arguments[i + 1];
    call->n_arguments--;
}

/* Two arguments become the first, by the name "to" when they had names. */
static firn_status join(firn_ast_call *call, size_t first, size_t second, firn_str text,
                        const char *to, firn_error *err)
{
    firn_ast_argument *argument = &call->arguments[first];
    if (!text.data) return firn_fail_nomem(err);
    argument->text = text;
    if (argument->name.len > 0) argument->name = firn_str_of(to);
    remove_argument(call, second);
    return FIRN_OK;
}

/* register_table(.., table_location, metadata_file_name) */
static firn_status join_location(firn_session *session, firn_ast_call *call, firn_error *err)
{
    const size_t location = find_argument(call, "table_location", 1);
    const size_t file = find_argument(call, "metadata_file_name", 2);
    if (location == SIZE_MAX || file == SIZE_MAX) return FIRN_OK;
    const firn_str text = firn_arena_printf(session->arena, "%.*s/metadata/%.*s",
                                            FIRN_STR_ARG(call->arguments[location].text),
                                            FIRN_STR_ARG(call->arguments[file].text));
    return join(call, location, file, text, "metadata_file", err);
}

firn_status firn_call__join_names(firn_session *session, firn_ast_call *call, firn_error *err)
{
    if (session->dialect != FIRN_DIALECT_TRINO) return FIRN_OK;
    const size_t schema = find_argument(call, "schema_name", 0);
    const size_t table = find_argument(call, "table_name", 1);
    if (schema == SIZE_MAX || table == SIZE_MAX) return FIRN_OK;
    const firn_str s = firn_sql_quote(call->arguments[schema].text, session->arena);
    const firn_str t = firn_sql_quote(call->arguments[table].text, session->arena);
    const firn_str text =
        firn_arena_printf(session->arena, "%.*s.%.*s", FIRN_STR_ARG(s), FIRN_STR_ARG(t));
    FIRN_TRY(join(call, schema, table, text, "table", err));
    return join_location(session, call, err);
}

/* ---- ANALYZE ---- */

/* DuckDB's (a, b), or COMPUTE STATISTICS [FOR ALL COLUMNS | FOR COLUMNS a, b]: none are all. */
static firn_status parse_names(firn_sql_parser *p, firn_ast_argument *out, firn_error *err)
{
    firn_str *items = NULL;
    size_t cap = 0;
    bool is_list = firn_parser_accept_symbol(p, "(");
    const bool is_bracketed = is_list;
    *out = (firn_ast_argument){.name = FIRN_STR("columns"), .is_list = true};
    if (!is_list && firn_parser_accept(p, "COMPUTE STATISTICS") &&
        !firn_parser_accept(p, "FOR ALL COLUMNS"))
        is_list = firn_parser_accept(p, "FOR COLUMNS");
    out->offset = firn_parser_peek(p).offset;
    while (is_list) {
        firn_str *slot = firn_arena_push(p->arena, &items, &out->n_items, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(firn_parser_identifier(p, slot, err));
        is_list = firn_parser_accept_symbol(p, ",");
    }
    out->items = items;
    return is_bracketed ? firn_parser_expect_symbol(p, ")", err) : FIRN_OK;
}

/* WITH (columns = ARRAY['a', 'b']) */
static firn_status parse_columns(firn_sql_parser *p, firn_ast_argument *out, firn_error *err)
{
    firn_str *items = NULL;
    size_t cap = 0;
    *out = (firn_ast_argument){.name = FIRN_STR("columns"), .is_list = true};
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    out->offset = firn_parser_peek(p).offset;
    FIRN_TRY(firn_parser_expect(p, "COLUMNS", err));
    FIRN_TRY(firn_parser_expect_symbol(p, "=", err));
    FIRN_TRY(firn_parser_expect(p, "ARRAY", err));
    FIRN_TRY(firn_parser_expect_symbol(p, "[", err));
    do {
        firn_str *slot = firn_arena_push(p->arena, &items, &out->n_items, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(firn_parser_string(p, slot, err));
    } while (firn_parser_accept_symbol(p, ","));
    out->items = items;
    FIRN_TRY(firn_parser_expect_symbol(p, "]", err));
    return firn_parser_expect_symbol(p, ")", err);
}

firn_status firn_call__analyze(firn_session *session, firn_sql_parser *p, firn_result **out,
                               firn_error *err)
{
    firn_str procedure = FIRN_STR("compute_table_stats");
    firn_ast_argument columns;
    firn_ast_call call = {.name = {.parts = &procedure, .n_parts = 1}};
    firn_sql_name table;
    firn_result *rows = NULL;
    FIRN_TRY(firn_parser_name(p, &table, err));
    const bool has_columns = firn_parser_accept(p, "WITH");
    FIRN_TRY(has_columns ? parse_columns(p, &columns, err) : parse_names(p, &columns, err));
    if (has_columns || columns.n_items > 0) {
        call.arguments = &columns;
        call.n_arguments = 1;
    }
    FIRN_TRY(firn_parser_expect_end(p, err));
    FIRN_TRY(firn_call__run(session, &call, &table, &rows, err));
    firn_result_close(rows);
    return firn_session__result_of_command(session, "ANALYZE", -1, out, err);
}
