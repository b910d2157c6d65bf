/* SPDX-License-Identifier: Apache-2.0 */
/* MERGE INTO, in the spellings of Spark, Trino and DuckDB. */
#include "base/error.h"
#include "base/str.h"
#include "sql/parser/sql_ast.h"
#include "sql/resolve/query_rewrite.h"

/* [AS] alias, unless the word begins what comes next. */
static firn_status parse_alias(firn_sql_parser *p, const char *next_word, firn_str *out,
                               firn_error *err)
{
    if (firn_parser_accept(p, "AS")) return firn_parser_identifier(p, out, err);
    const firn_token token = firn_parser_peek(p);
    const bool is_name = token.kind == FIRN_TOKEN_WORD || token.kind == FIRN_TOKEN_QUOTED;
    if (!is_name || firn_token_is(&token, next_word) || firn_token_is(&token, "USING")) {
        return FIRN_OK;
    }
    return firn_parser_identifier(p, out, err);
}

static void skip_travel(firn_sql_parser *p)
{
    static const char *const k_travel[] = {"VERSION AS OF",        "TIMESTAMP AS OF",
                                           "FOR VERSION AS OF",    "FOR TIMESTAMP AS OF",
                                           "SYSTEM_TIME AS OF",    "FOR SYSTEM_TIME AS OF",
                                           "SYSTEM_VERSION AS OF", "FOR SYSTEM_VERSION AS OF"};
    for (size_t i = 0; i < sizeof k_travel / sizeof *k_travel; i++) {
        if (!firn_parser_accept(p, k_travel[i])) continue;
        (void)(firn_parser_accept(p, "TIMESTAMP") || firn_parser_accept(p, "DATE"));
        (void)firn_lexer_next(&p->lexer);
        return;
    }
}

/* A table with its time travel clause, a function call or a query in parentheses. */
static firn_status parse_source(firn_sql_parser *p, firn_ast_merge *out, firn_error *err)
{
    const size_t from = firn_parser_peek(p).offset;
    firn_sql_name name;
    firn_str inner;
    const firn_token first = firn_parser_peek(p);
    if (firn_token_is_symbol(&first, "(")) {
        FIRN_TRY(firn_parser_parenthesised(p, &inner, err));
        out->source_alias = FIRN_STR("firn_source");
    } else {
        FIRN_TRY(firn_parser_name(p, &name, err));
        out->source_alias = name.parts[name.n_parts - 1];
        const firn_token next = firn_parser_peek(p);
        if (firn_token_is_symbol(&next, "(")) FIRN_TRY(firn_parser_parenthesised(p, &inner, err));
        skip_travel(p);
    }
    out->source = firn_str_slice(p->sql, from, p->lexer.at);
    FIRN_TRY(parse_alias(p, "ON", &out->source_alias, err));
    const size_t list = firn_parser_peek(p).offset;
    const firn_token next = firn_parser_peek(p);
    if (!firn_token_is_symbol(&next, "(")) return FIRN_OK;
    FIRN_TRY(firn_parser_parenthesised(p, &inner, err));
    out->source_columns = firn_str_slice(p->sql, list, p->lexer.at);
    return FIRN_OK;
}

/* ---- actions ---- */

static firn_status add_value(firn_sql_parser *p, firn_ast_assignments *out,
                             firn_ast_assignment **slot, firn_error *err)
{
    *slot = firn_arena_push(p->arena, &out->items, &out->n, &out->cap, sizeof **slot);
    return *slot ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status parse_set(firn_sql_parser *p, firn_ast_merge_clause *out, firn_error *err)
{
    static const char *const k_ends[] = {"WHEN", NULL};
    do {
        firn_ast_assignment *slot = NULL;
        FIRN_TRY(add_value(p, &out->values, &slot, err));
        slot->offset = firn_parser_peek(p).offset;
        FIRN_TRY(firn_parser_name(p, &slot->name, err));
        FIRN_TRY(firn_parser_expect_symbol(p, "=", err));
        if (firn_parser_accept(p, "DEFAULT")) continue;
        FIRN_TRY(firn_parser_expression(p, k_ends, &slot->value, err));
    } while (firn_parser_accept_symbol(p, ","));
    return FIRN_OK;
}

static firn_status parse_update(firn_sql_parser *p, firn_ast_merge_clause *out, firn_error *err)
{
    out->action = FIRN_ACTION_UPDATE;
    if (!firn_parser_accept(p, "SET")) {
        out->is_star = true; /* DuckDB: by name */
        (void)firn_parser_accept(p, "BY NAME");
        return FIRN_OK;
    }
    if (firn_parser_accept_symbol(p, "*")) {
        out->is_star = true;
        return FIRN_OK;
    }
    return parse_set(p, out, err);
}

static firn_status parse_insert_columns(firn_sql_parser *p, firn_ast_merge_clause *out,
                                        firn_error *err)
{
    if (!firn_parser_accept_symbol(p, "(")) return FIRN_OK;
    do {
        firn_ast_assignment *slot = NULL;
        FIRN_TRY(add_value(p, &out->values, &slot, err));
        slot->offset = firn_parser_peek(p).offset;
        FIRN_TRY(firn_parser_name(p, &slot->name, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

static firn_status parse_insert_values(firn_sql_parser *p, firn_ast_merge_clause *out,
                                       firn_error *err)
{
    const bool has_columns = out->values.n > 0;
    size_t n = 0;
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    do {
        firn_ast_assignment *slot = has_columns && n < out->values.n ? &out->values.items[n] : NULL;
        if (!slot && has_columns) return firn_parser_fail(p, "as many values as columns", err);
        if (!slot) FIRN_TRY(add_value(p, &out->values, &slot, err));
        if (!has_columns) slot->offset = firn_parser_peek(p).offset;
        n++;
        if (firn_parser_accept(p, "DEFAULT")) continue;
        FIRN_TRY(firn_parser_expression(p, NULL, &slot->value, err));
    } while (firn_parser_accept_symbol(p, ","));
    if (n < out->values.n) return firn_parser_fail(p, "as many values as columns", err);
    return firn_parser_expect_symbol(p, ")", err);
}

static firn_status parse_insert(firn_sql_parser *p, firn_ast_merge_clause *out, firn_error *err)
{
    out->action = FIRN_ACTION_INSERT;
    if (firn_parser_accept_symbol(p, "*") || firn_parser_accept(p, "BY NAME") ||
        firn_parser_at(p, "WHEN") || firn_parser_at_end(p)) {
        (void)firn_parser_accept_symbol(p, "*");
        out->is_star = true;
        return FIRN_OK;
    }
    FIRN_TRY(parse_insert_columns(p, out, err));
    FIRN_TRY(firn_parser_expect(p, "VALUES", err));
    return parse_insert_values(p, out, err);
}

static firn_status parse_action(firn_sql_parser *p, firn_ast_merge_clause *out, firn_error *err)
{
    const bool is_insert_clause = out->when == FIRN_WHEN_NOT_MATCHED;
    if (firn_parser_accept(p, "DO NOTHING")) return FIRN_OK;
    if (is_insert_clause) {
        if (!firn_parser_accept(p, "INSERT")) {
            return firn_parser_fail(p, "INSERT or DO NOTHING", err);
        }
        return parse_insert(p, out, err);
    }
    if (firn_parser_accept(p, "UPDATE")) return parse_update(p, out, err);
    if (!firn_parser_accept(p, "DELETE")) {
        return firn_parser_fail(p, "UPDATE, DELETE or DO NOTHING", err);
    }
    out->action = FIRN_ACTION_DELETE;
    return FIRN_OK;
}

static firn_status parse_clause(firn_sql_parser *p, firn_ast_merge *out, firn_error *err)
{
    static const char *const k_then[] = {"THEN", NULL};
    firn_ast_merge_clause *clause = firn_arena_push(p->arena, &out->clauses, &out->n_clauses,
                                                    &out->cap_clauses, sizeof *clause);
    if (!clause) return firn_fail_nomem(err);
    clause->offset = firn_parser_peek(p).offset;
    FIRN_TRY(firn_parser_expect(p, "WHEN", err));
    if (firn_parser_accept(p, "NOT MATCHED BY SOURCE")) {
        clause->when = FIRN_WHEN_NOT_MATCHED_BY_SOURCE;
    } else if (firn_parser_accept(p, "NOT MATCHED")) {
        clause->when = FIRN_WHEN_NOT_MATCHED;
        (void)firn_parser_accept(p, "BY TARGET");
    } else {
        FIRN_TRY(firn_parser_expect(p, "MATCHED", err));
    }
    if (firn_parser_accept(p, "AND")) {
        FIRN_TRY(firn_parser_clause(p, k_then, &clause->condition, err));
    }
    FIRN_TRY(firn_parser_expect(p, "THEN", err));
    return parse_action(p, clause, err);
}

/* USING (a, b): both sides have these columns. */
static firn_status parse_using(firn_sql_parser *p, firn_ast_merge *out, firn_error *err)
{
    const firn_str target = firn_sql_quote(out->alias, p->arena);
    const firn_str source = firn_sql_quote(out->source_alias, p->arena);
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    do {
        firn_str name;
        FIRN_TRY(firn_parser_identifier(p, &name, err));
        const firn_str column = firn_sql_quote(name, p->arena);
        out->on =
            firn_arena_printf(p->arena, "%.*s%s%.*s.%.*s = %.*s.%.*s", FIRN_STR_ARG(out->on),
                              out->on.len > 0 ? " AND " : "", FIRN_STR_ARG(target),
                              FIRN_STR_ARG(column), FIRN_STR_ARG(source), FIRN_STR_ARG(column));
        if (!target.data || !source.data || !column.data || !out->on.data)
            return firn_fail_nomem(err);
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

firn_status firn_parse_merge(firn_sql_parser *p, firn_ast_merge *out, firn_error *err)
{
    static const char *const k_when[] = {"WHEN", NULL};
    const firn_str with = out->with;
    *out = (firn_ast_merge){.with = with};
    FIRN_TRY(firn_parser_expect(p, "MERGE", err));
    out->evolves_schema = firn_parser_accept(p, "WITH SCHEMA EVOLUTION");
    FIRN_TRY(firn_parser_expect(p, "INTO", err));
    FIRN_TRY(firn_parser_name(p, &out->target, err));
    out->alias = out->target.parts[out->target.n_parts - 1];
    FIRN_TRY(parse_alias(p, "USING", &out->alias, err));
    FIRN_TRY(firn_parser_expect(p, "USING", err));
    FIRN_TRY(parse_source(p, out, err));
    if (firn_parser_accept(p, "USING")) {
        FIRN_TRY(parse_using(p, out, err));
    } else {
        FIRN_TRY(firn_parser_expect(p, "ON", err));
        FIRN_TRY(firn_parser_clause(p, k_when, &out->on, err));
    }
    do {
        FIRN_TRY(parse_clause(p, out, err));
        if (firn_parser_at(p, "RETURNING"))
            return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: RETURNING");
    } while (!firn_parser_at_end(p));
    return FIRN_OK;
}
