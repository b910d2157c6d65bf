/* SPDX-License-Identifier: Apache-2.0 */
/* INSERT, DELETE, UPDATE and TRUNCATE. */
#include "base/error.h"
#include "base/str.h"
#include "sql/parser/sql_ast.h"

firn_status firn_parse_with(firn_sql_parser *p, firn_str *with_out, firn_error *err)
{
    static const char *const k_verbs[] = {"INSERT", "UPDATE", "DELETE", "MERGE", NULL};
    *with_out = (firn_str){0};
    if (!firn_parser_at(p, "WITH")) return FIRN_OK;
    return firn_parser_clause(p, k_verbs, with_out, err);
}

/* name = value */
static firn_status parse_assignment(firn_sql_parser *p, const char *const *ends,
                                    firn_ast_assignments *out, firn_error *err)
{
    firn_ast_assignment *slot =
        firn_arena_push(p->arena, &out->items, &out->n, &out->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    slot->offset = firn_parser_peek(p).offset;
    FIRN_TRY(firn_parser_name(p, &slot->name, err));
    FIRN_TRY(firn_parser_expect_symbol(p, "=", err));
    if (firn_parser_accept(p, "DEFAULT")) return FIRN_OK;
    return firn_parser_expression(p, ends, &slot->value, err);
}

/* ---- INSERT ---- */

/* PARTITION (level = 'INFO', day) */
static firn_status parse_partition(firn_sql_parser *p, firn_ast_insert *out, firn_error *err)
{
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    out->has_partition = true;
    do {
        firn_ast_assignment *slot = firn_arena_push(
            p->arena, &out->partition.items, &out->partition.n, &out->partition.cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        slot->offset = firn_parser_peek(p).offset;
        FIRN_TRY(firn_parser_identifier(p, &slot->column, err));
        if (firn_parser_accept_symbol(p, "=")) {
            FIRN_TRY(firn_parser_expression(p, NULL, &slot->value, err));
        }
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

/* "(a, b)" that is a list of columns and not a query in parentheses. */
static bool at_column_list(const firn_sql_parser *p)
{
    firn_sql_parser ahead = *p;
    if (!firn_parser_accept_symbol(&ahead, "(")) return false;
    return !firn_parser_at(&ahead, "SELECT") && !firn_parser_at(&ahead, "WITH") &&
           !firn_parser_at(&ahead, "VALUES") && !firn_parser_at(&ahead, "FROM") &&
           firn_parser_peek(&ahead).kind != FIRN_TOKEN_SYMBOL;
}

static firn_status parse_column_list(firn_sql_parser *p, firn_ast_insert *out, firn_error *err)
{
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    do {
        firn_str *slot = firn_arena_push(p->arena, &out->columns, &out->n_columns,
                                         &out->cap_columns, sizeof *slot);
        size_t *offset = firn_arena_push(p->arena, &out->offsets, &out->n_offsets,
                                         &out->cap_offsets, sizeof *offset);
        if (!slot || !offset) return firn_fail_nomem(err);
        *offset = firn_parser_peek(p).offset;
        FIRN_TRY(firn_parser_identifier(p, slot, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

firn_status firn_parse_insert(firn_sql_parser *p, firn_ast_insert *out, firn_error *err)
{
    static const char *const k_queries[] = {"SELECT", "VALUES", "WITH", "FROM", "TABLE", NULL};
    const firn_str with = out->with;
    *out = (firn_ast_insert){.with = with};
    FIRN_TRY(firn_parser_expect(p, "INSERT", err));
    if (firn_parser_accept(p, "OVERWRITE")) {
        out->is_overwrite = true;
        (void)firn_parser_accept(p, "INTO");
    } else {
        FIRN_TRY(firn_parser_expect(p, "INTO", err));
    }
    (void)firn_parser_accept(p, "TABLE");
    FIRN_TRY(firn_parser_name(p, &out->target, err));
    if (firn_parser_accept(p, "PARTITION")) FIRN_TRY(parse_partition(p, out, err));
    if (firn_parser_accept(p, "REPLACE WHERE")) {
        FIRN_TRY(firn_parser_clause(p, k_queries, &out->replace_where, err));
    }
    if (firn_parser_accept(p, "BY NAME"))
        out->by_name = true;
    else if (at_column_list(p))
        FIRN_TRY(parse_column_list(p, out, err));
    (void)firn_parser_accept(p, "BY POSITION");
    return firn_parser_rest(p, &out->query, err);
}

/* ---- DELETE, UPDATE, TRUNCATE ---- */

/* [AS] alias, unless one of the words begins the next clause. */
static firn_status parse_alias(firn_sql_parser *p, const char *const *clauses, firn_str *out,
                               firn_error *err)
{
    if (firn_parser_accept(p, "AS")) return firn_parser_identifier(p, out, err);
    const firn_token token = firn_parser_peek(p);
    if (token.kind != FIRN_TOKEN_WORD && token.kind != FIRN_TOKEN_QUOTED) return FIRN_OK;
    for (; *clauses; clauses++) {
        if (firn_token_is(&token, *clauses)) return FIRN_OK;
    }
    return firn_parser_identifier(p, out, err);
}

static firn_status parse_target(firn_sql_parser *p, const char *const *clauses,
                                firn_ast_change *out, firn_error *err)
{
    FIRN_TRY(firn_parser_name(p, &out->target, err));
    out->alias = (firn_str){0};
    FIRN_TRY(parse_alias(p, clauses, &out->alias, err));
    if (out->alias.len == 0) out->alias = out->target.parts[out->target.n_parts - 1];
    return FIRN_OK;
}

static firn_status parse_where(firn_sql_parser *p, firn_ast_change *out, firn_error *err)
{
    static const char *const k_ends[] = {"RETURNING", NULL};
    if (firn_parser_accept(p, "WHERE")) {
        FIRN_TRY(firn_parser_clause(p, k_ends, &out->where, err));
    }
    if (firn_parser_at(p, "RETURNING")) {
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: RETURNING");
    }
    return firn_parser_expect_end(p, err);
}

static firn_status parse_update(firn_sql_parser *p, firn_ast_change *out, firn_error *err)
{
    static const char *const k_clauses[] = {"SET", NULL};
    static const char *const k_ends[] = {"FROM", "WHERE", "RETURNING", NULL};
    static const char *const k_from_ends[] = {"WHERE", "RETURNING", NULL};
    out->is_update = true;
    FIRN_TRY(parse_target(p, k_clauses, out, err));
    FIRN_TRY(firn_parser_expect(p, "SET", err));
    do {
        FIRN_TRY(parse_assignment(p, k_ends, &out->assignments, err));
    } while (firn_parser_accept_symbol(p, ","));
    if (firn_parser_accept(p, "FROM")) {
        FIRN_TRY(firn_parser_clause(p, k_from_ends, &out->from, err));
    }
    return parse_where(p, out, err);
}

static firn_status parse_delete(firn_sql_parser *p, firn_ast_change *out, firn_error *err)
{
    static const char *const k_clauses[] = {"USING", "WHERE", "RETURNING", NULL};
    static const char *const k_using_ends[] = {"WHERE", "RETURNING", NULL};
    FIRN_TRY(firn_parser_expect(p, "FROM", err));
    FIRN_TRY(parse_target(p, k_clauses, out, err));
    if (firn_parser_accept(p, "USING")) {
        FIRN_TRY(firn_parser_clause(p, k_using_ends, &out->from, err));
    }
    return parse_where(p, out, err);
}

firn_status firn_parse_change(firn_sql_parser *p, firn_ast_change *out, firn_error *err)
{
    static const char *const k_none[] = {NULL};
    const firn_str with = out->with;
    *out = (firn_ast_change){.with = with};
    if (firn_parser_accept(p, "TRUNCATE")) {
        (void)firn_parser_accept(p, "TABLE");
        FIRN_TRY(parse_target(p, k_none, out, err));
        return firn_parser_expect_end(p, err);
    }
    if (firn_parser_accept(p, "UPDATE")) return parse_update(p, out, err);
    FIRN_TRY(firn_parser_expect(p, "DELETE", err));
    return parse_delete(p, out, err);
}
