/* SPDX-License-Identifier: Apache-2.0 */
/* COPY t [(a, b)] FROM 'file' [(FORMAT csv, HEADER, ..)] into a table of a catalog: an INSERT of
 * what the engine reads, with the types of the table's columns. Temporary tables, and COPY .. TO,
 * are the engine's. */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/ddl/ddl.h"
#include "sql/dml/dml.h"
#include "sql/parser/sql_text.h"
#include "sql/session/session_state.h"

typedef struct copy_ast {
    firn_sql_name target;
    firn_str *columns;
    size_t n_columns, cap_columns;
    firn_str file;
    size_t file_offset;
    firn_str format;  /* lower case not needed; empty: by the file's name */
    firn_str options; /* ", header = true, delim = '|'" */
} copy_ast;

/* ---- parsing ---- */

static firn_status parse_columns(firn_sql_parser *p, copy_ast *out, firn_error *err)
{
    if (!firn_parser_accept_symbol(p, "(")) return FIRN_OK;
    do {
        firn_str *slot = firn_arena_push(p->arena, &out->columns, &out->n_columns,
                                         &out->cap_columns, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(firn_parser_identifier(p, slot, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

/* As the reading function calls it. */
static firn_str function_option(firn_str name)
{
    static const char *const k_names[][2] = {
        {"delimiter", "delim"}, {"null", "nullstr"}, {"sep", "delim"}};
    for (size_t i = 0; i < sizeof k_names / sizeof *k_names; i++)
        if (firn_str_equals_nocase(name, firn_str_of(k_names[i][0])))
            return firn_str_of(k_names[i][1]);
    return name;
}

/* NAME [value]: a literal or a word; none is true. */
static firn_status parse_option(firn_sql_parser *p, copy_ast *out, firn_buf *options,
                                firn_error *err)
{
    firn_str name;
    FIRN_TRY(firn_parser_identifier(p, &name, err));
    firn_token value = firn_parser_peek(p);
    const bool has_value = !firn_token_is_symbol(&value, ",") && !firn_token_is_symbol(&value, ")");
    if (firn_str_equals_nocase(name, FIRN_STR("format"))) {
        if (!has_value) return firn_parser_fail(p, "csv, json or parquet", err);
        (void)firn_lexer_next(&p->lexer);
        out->format = firn_token_unquote(&value, p->arena);
        return out->format.data ? FIRN_OK : firn_fail_nomem(err);
    }
    const firn_str quoted = firn_sql_quote(function_option(name), p->arena);
    if (!quoted.data) return firn_fail_nomem(err);
    firn_buf_printf(options, ", %.*s = ", FIRN_STR_ARG(quoted));
    if (!has_value) {
        firn_buf_cstr(options, "true");
        return FIRN_OK;
    }
    (void)firn_lexer_next(&p->lexer);
    if (value.kind != FIRN_TOKEN_STRING && value.kind != FIRN_TOKEN_NUMBER &&
        value.kind != FIRN_TOKEN_WORD)
        return firn_fail(err, FIRN_ERR_ARG, "found \"%.*s\", expected a literal",
                         FIRN_STR_ARG(value.text));
    firn_buf_str(options, value.text);
    return FIRN_OK;
}

static firn_status parse_options(firn_sql_parser *p, copy_ast *out, firn_error *err)
{
    firn_buf options;
    firn_status st = FIRN_OK;
    (void)firn_parser_accept(p, "WITH");
    if (!firn_parser_accept_symbol(p, "(")) return firn_parser_expect_end(p, err);
    firn_buf_init(&options, NULL, FIRN_LIMIT_SQL_TEXT);
    do {
        st = parse_option(p, out, &options, err);
    } while (st == FIRN_OK && firn_parser_accept_symbol(p, ","));
    if (st == FIRN_OK) st = firn_parser_expect_symbol(p, ")", err);
    if (st == FIRN_OK) st = firn_parser_expect_end(p, err);
    if (st == FIRN_OK) st = firn_buf_check(&options, err);
    if (st == FIRN_OK) {
        out->options = firn_arena_copy(p->arena, firn_buf_view(&options));
        if (!out->options.data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(&options);
    return st;
}

/* Not handled: COPY of a query, COPY t TO. */
static firn_status parse(firn_sql_parser *p, copy_ast *out, bool *handled, firn_error *err)
{
    *handled = false;
    *out = (copy_ast){.options = FIRN_STR("")};
    if (!firn_parser_accept(p, "COPY") || firn_parser_name(p, &out->target, NULL) != FIRN_OK ||
        parse_columns(p, out, NULL) != FIRN_OK || !firn_parser_accept(p, "FROM"))
        return FIRN_OK;
    *handled = true;
    out->file_offset = firn_parser_peek(p).offset;
    FIRN_TRY(firn_parser_string(p, &out->file, err));
    return parse_options(p, out, err);
}

/* ---- the query ---- */

static bool has_ending(firn_str file, const char *const *endings)
{
    for (; *endings; endings++)
        if (firn_str_ends_with(file, firn_str_of(*endings))) return true;
    return false;
}

/* The function that reads the format; NULL: none does. */
static const char *reader_of(const copy_ast *ast)
{
    static const char *const k_parquet[] = {".parquet", ".parq", NULL};
    static const char *const k_json[] = {".json",     ".jsonl",     ".ndjson",   ".json.gz",
                                         ".jsonl.gz", ".ndjson.gz", ".json.zst", NULL};
    if (firn_str_equals_nocase(ast->format, FIRN_STR("parquet"))) return "read_parquet";
    if (firn_str_equals_nocase(ast->format, FIRN_STR("json"))) return "read_json";
    if (firn_str_equals_nocase(ast->format, FIRN_STR("csv"))) return "read_csv";
    if (ast->format.len > 0) return NULL;
    if (has_ending(ast->file, k_parquet)) return "read_parquet";
    return has_ending(ast->file, k_json) ? "read_json" : "read_csv";
}

/* 'name': 'TYPE' */
static firn_status put_typed(firn_sql_text *text, const firn_field *field, firn_error *err)
{
    firn_sql_text type;
    firn_str name;
    firn_sql_text_init(&type, text->session, (firn_str){0});
    const firn_status st = firn_sql_text_type(&type, field->type, err);
    if (st != FIRN_OK) {
        firn_sql_text_dispose(&type);
        return st;
    }
    FIRN_TRY(firn_sql_text_finish(&type, &name, err));
    firn_sql_text_string(text, field->name);
    firn_sql_text_put(text, ": ");
    firn_sql_text_string(text, name);
    return FIRN_OK;
}

/* What is not given a type is told by the file: names and types are the table's, wherever they
 * cannot be told (CSV) or would be guessed from values (JSON). */
static firn_status put_columns(const copy_ast *ast, const firn_schema *schema, firn_sql_text *text,
                               firn_error *err)
{
    const size_t n = ast->n_columns > 0 ? ast->n_columns : schema->root.n_fields;
    firn_sql_text_put(text, ", columns = {");
    for (size_t i = 0; i < n; i++) {
        const firn_field *field = ast->n_columns > 0
                                      ? firn_schema_find_name(schema, ast->columns[i])
                                      : &schema->root.fields[i];
        if (!field)
            return firn_sql_fail(err, ast->target.offset, "the table has no column \"%.*s\"",
                                 FIRN_STR_ARG(ast->columns[i]));
        if (i > 0) firn_sql_text_put(text, ", ");
        FIRN_TRY(put_typed(text, field, err));
    }
    firn_sql_text_put(text, "}");
    return FIRN_OK;
}

static firn_status put_insert(const copy_ast *ast, const firn_schema *schema, firn_str sql,
                              firn_sql_text *text, firn_error *err)
{
    const char *reader = reader_of(ast);
    if (!reader)
        return firn_sql_fail(err, ast->file_offset,
                             "format \"%.*s\", expected csv, json or parquet",
                             FIRN_STR_ARG(ast->format));
    firn_sql_text_put(text, "INSERT INTO ");
    firn_sql_text_str(
        text, firn_str_slice(sql, ast->target.offset, ast->target.offset + ast->target.length));
    for (size_t i = 0; i < ast->n_columns; i++) {
        firn_sql_text_put(text, i == 0 ? " (" : ", ");
        firn_sql_text_name(text, ast->columns[i]);
    }
    firn_sql_text_put(text, ast->n_columns > 0 ? ") SELECT * FROM " : " SELECT * FROM ");
    firn_sql_text_put(text, reader);
    firn_sql_text_put(text, "(");
    firn_sql_text_string(text, ast->file);
    if (reader[5] != 'p') FIRN_TRY(put_columns(ast, schema, text, err));
    firn_sql_text_str(text, ast->options);
    firn_sql_text_put(text, ")");
    return FIRN_OK;
}

/* ---- the statement ---- */

static firn_status make_insert(firn_session *session, const copy_ast *ast, firn_str sql,
                               firn_str *out, firn_error *err)
{
    firn_table *table = NULL;
    firn_sql_text text;
    FIRN_TRY(firn_session__open_target(session, &ast->target, &table, err));
    firn_sql_text_init(&text, session, sql);
    const firn_status st =
        put_insert(ast, firn_metadata_schema(firn_table_metadata_of(table)), sql, &text, err);
    firn_table_close(table);
    if (st != FIRN_OK) {
        firn_sql_text_dispose(&text);
        return st;
    }
    return firn_sql_text_finish(&text, out, err);
}

firn_status firn_copy_execute(firn_session *session, firn_str sql, bool *handled, firn_result **out,
                              firn_error *err)
{
    firn_sql_parser parser = firn_parser_of(session->arena, sql);
    copy_ast ast;
    firn_str insert;
    bool is_insert = false;
    *handled = false;
    if (session->dialect != FIRN_DIALECT_DUCKDB) return FIRN_OK;
    FIRN_TRY(parse(&parser, &ast, handled, err));
    if (*handled && firn_session__is_temporary(session, &ast.target)) *handled = false;
    if (!*handled) return FIRN_OK;
    FIRN_TRY(make_insert(session, &ast, sql, &insert, err));
    const firn_status st = firn_dml_execute(session, insert, &is_insert, out, err);
    if (st != FIRN_OK && err) err->position = ast.file_offset;
    return st;
}
