/* SPDX-License-Identifier: Apache-2.0 */
/* SHOW STATS FOR a table, a view or a query, with Trino's columns. The engine counts: rows, nulls,
 * distinct values (nearly) and extremes of each column, so that they hold for queries, too, and
 * whether or not the table was analyzed. Each column is read once. */
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/ddl/ddl.h"
#include "sql/parser/sql_text.h"
#include "sql/show/show.h"

typedef struct stats_query {
    firn_session *session;
    firn_str relation;         /* behind FROM */
    const firn_sql_name *name; /* of a table, whose files tell sizes; NULL: none */
    firn_type columns;
    firn_sql_text text;
} stats_query;

static bool has_extremes(firn_type_kind kind)
{
    switch ((int)kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_DECIMAL:
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ: return true;
    default: return false;
    }
}

/* "ns"."t$files" */
static void put_files(stats_query *q)
{
    firn_arena *arena = q->session->arena;
    for (size_t i = 0; i < q->name->n_parts; i++) {
        const bool is_last = i + 1 == q->name->n_parts;
        const firn_str part = q->name->parts[i];
        firn_sql_text_name(
            &q->text, is_last ? firn_arena_printf(arena, "%.*s$files", FIRN_STR_ARG(part)) : part);
        if (!is_last) firn_sql_text_put(&q->text, ".");
    }
}

/* Texts and bytes have a size of their own; of other columns it follows from the type. */
static void put_size(stats_query *q, const firn_field *field)
{
    char id[64];
    const bool is_sized =
        field->type->kind == FIRN_TYPE_STRING || field->type->kind == FIRN_TYPE_BINARY;
    firn_sql_text_put(&q->text, "CASE WHEN count(*) = 0 THEN 0 ");
    if (q->name && is_sized) {
        (void)snprintf(id, sizeof id, "ELSE (SELECT sum(column_sizes[%d]) FROM ", (int)field->id);
        firn_sql_text_put(&q->text, id);
        put_files(q);
        firn_sql_text_put(&q->text, " WHERE content = 0) ");
    }
    firn_sql_text_put(&q->text, "END");
}

static void put_column(stats_query *q, size_t i)
{
    char number[64];
    firn_sql_text *text = &q->text;
    const firn_field *field = &q->columns.fields[i];
    const firn_str name = firn_sql_quote(field->name, q->session->arena);
    (void)snprintf(number, sizeof number, "SELECT %zu AS n, ", i);
    firn_sql_text_put(text, number);
    firn_sql_text_string(text, field->name);
    firn_sql_text_put(text, " AS column_name, CAST(");
    put_size(q, field);
    firn_sql_text_put(text, " AS DOUBLE) AS data_size, ");
    if (firn_type_is_primitive(field->type)) {
        firn_sql_text_put(text, "CAST(approx_count_distinct(");
        firn_sql_text_str(text, name);
        firn_sql_text_put(text, ") AS DOUBLE)");
    } else {
        firn_sql_text_put(text, "CAST(NULL AS DOUBLE)");
    }
    firn_sql_text_put(text, " AS distinct_values_count, CASE WHEN count(*) = 0 THEN CAST(1 AS "
                            "DOUBLE) ELSE 1 - CAST(count(");
    firn_sql_text_str(text, name);
    firn_sql_text_put(text,
                      ") AS DOUBLE) / count(*) END AS nulls_fraction, CAST(NULL AS DOUBLE) AS "
                      "row_count");
    for (int high = 0; high < 2; high++) {
        firn_sql_text_put(text, ", CAST(");
        if (has_extremes(field->type->kind)) {
            firn_sql_text_put(text, high ? "max(" : "min(");
            firn_sql_text_str(text, name);
            firn_sql_text_put(text, ")");
        } else {
            firn_sql_text_put(text, "NULL");
        }
        firn_sql_text_put(text, high ? " AS VARCHAR) AS high_value" : " AS VARCHAR) AS low_value");
    }
    firn_sql_text_put(text, " FROM ");
    firn_sql_text_str(text, q->relation);
    firn_sql_text_put(text, " UNION ALL ");
}

static firn_status write_query(stats_query *q, firn_str *out, firn_error *err)
{
    char number[64];
    firn_sql_text_init(&q->text, q->session, (firn_str){0});
    firn_sql_text_put(&q->text, "SELECT * EXCLUDE (n) FROM (");
    for (size_t i = 0; i < q->columns.n_fields; i++) put_column(q, i);
    (void)snprintf(number, sizeof number, "SELECT %zu", q->columns.n_fields);
    firn_sql_text_put(&q->text, number);
    firn_sql_text_put(&q->text,
                      ", NULL, NULL, NULL, NULL, CAST(count(*) AS DOUBLE), NULL, NULL FROM ");
    firn_sql_text_str(&q->text, q->relation);
    firn_sql_text_put(&q->text, ") ORDER BY n");
    return firn_sql_text_finish(&q->text, out, err);
}

static firn_status describe(stats_query *q, firn_error *err)
{
    const firn_str sql =
        firn_arena_printf(q->session->arena, "SELECT * FROM %.*s", FIRN_STR_ARG(q->relation));
    if (!sql.data) return firn_fail_nomem(err);
    return firn_session__describe(q->session, sql, q->session->arena, &q->columns, err);
}

/* ( query ), in the dialect's words still */
static firn_status use_query(stats_query *q, firn_sql_parser *p, firn_error *err)
{
    firn_str query;
    firn_translation text;
    FIRN_TRY(firn_parser_parenthesised(p, &query, err));
    FIRN_TRY(firn_session__translate(q->session, query, q->session->dialect, NULL, &text, err));
    q->relation = firn_arena_printf(q->session->arena, "(%.*s\n)", FIRN_STR_ARG(text.text.sql));
    return q->relation.data ? describe(q, err) : firn_fail_nomem(err);
}

static firn_status use_table(stats_query *q, firn_sql_parser *p, firn_sql_name *name,
                             firn_error *err)
{
    firn_described d;
    FIRN_TRY(firn_parser_name(p, name, err));
    FIRN_TRY(firn_show__load(q->session, name, &d, err));
    q->relation = firn_str_slice(p->sql, name->offset, name->offset + name->length);
    q->columns = *d.root;
    if (d.table) q->name = name;
    return FIRN_OK;
}

firn_status firn_show__stats(firn_session *session, firn_sql_parser *p, firn_result **out,
                             firn_error *err)
{
    stats_query q = {.session = session};
    firn_sql_name name;
    firn_str sql;
    const firn_token first = firn_parser_peek(p);
    const bool is_query = firn_token_is_symbol(&first, "(");
    firn_status st = is_query ? use_query(&q, p, err) : use_table(&q, p, &name, err);
    if (st == FIRN_OK) st = firn_parser_expect_end(p, err);
    FIRN_TRY(st);
    FIRN_TRY(write_query(&q, &sql, err));
    st = firn_session__query(session, sql, out, err);
    if (st != FIRN_OK && err) err->position = first.offset; /* its own are in another text */
    return st;
}
