/* SPDX-License-Identifier: Apache-2.0 */
/* EXPLAIN and EXPLAIN ANALYZE of queries: the engine's plan, and below it what was read of each
 * table and what was not, by which filter. Other statements' plans are the engine's to refuse. */
#include "base/error.h"
#include "base/str.h"
#include "sql/parser/sql_parser.h"
#include "sql/parser/sql_text.h"
#include "sql/show/scan_report.h"
#include "sql/show/show.h"

typedef struct explain {
    firn_session *session;
    firn_str statement;
    bool is_analyze, is_json;
    firn_str query;
    firn_scan_reports reports;
    firn_show show;
    firn_buf text; /* of the plan, in one cell */
} explain;

/* ---- the statement ---- */

static bool accept_any(firn_sql_parser *p, const char *const *words)
{
    for (; *words; words++)
        if (firn_parser_accept(p, *words)) return true;
    return false;
}

/* ( ANALYZE [true|false], FORMAT JSON|TEXT|.., TYPE .. ) */
static firn_status read_options(firn_sql_parser *p, explain *out, firn_error *err)
{
    static const char *const k_types[] = {"LOGICAL", "DISTRIBUTED", NULL};
    do {
        if (firn_parser_accept(p, "ANALYZE")) {
            out->is_analyze = !firn_parser_accept(p, "FALSE");
            (void)firn_parser_accept(p, "TRUE");
        } else if (firn_parser_accept(p, "FORMAT")) {
            out->is_json = firn_parser_accept(p, "JSON");
            if (!out->is_json) FIRN_TRY(firn_parser_expect(p, "TEXT", err));
        } else if (firn_parser_accept(p, "TYPE")) {
            if (!accept_any(p, k_types))
                return firn_parser_fail(p, "LOGICAL, DISTRIBUTED or VALIDATE", err);
        } else {
            return firn_parser_fail(p, "ANALYZE, FORMAT JSON or FORMAT TEXT", err);
        }
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

static bool at_query(firn_sql_parser *p)
{
    static const char *const k_words[] = {"SELECT", "WITH",  "FROM", "VALUES",
                                          "TABLE",  "PIVOT", NULL};
    firn_sql_parser ahead = *p;
    while (firn_parser_accept_symbol(&ahead, "(")) {
    }
    return accept_any(&ahead, k_words);
}

/* False: not an EXPLAIN of a query. */
static firn_status read(firn_sql_parser *p, explain *out, bool *handled, firn_error *err)
{
    static const char *const k_ignored[] = {"VERBOSE", "EXTENDED", "FORMATTED", "COST",
                                            "CODEGEN", "LOGICAL",  NULL};
    *handled = false;
    if (!firn_parser_accept(p, "EXPLAIN")) return FIRN_OK;
    out->is_analyze = firn_parser_accept(p, "ANALYZE");
    firn_sql_parser ahead = *p;
    const bool has_options = firn_parser_accept_symbol(&ahead, "(") && !at_query(&ahead);
    if (has_options && firn_parser_at(&ahead, "TYPE VALIDATE")) return FIRN_OK; /* no plan */
    if (has_options) {
        FIRN_TRY(read_options(&ahead, out, err));
        *p = ahead;
        out->is_analyze = firn_parser_accept(p, "ANALYZE") || out->is_analyze;
    }
    (void)accept_any(p, k_ignored);
    *handled = at_query(p);
    return *handled ? firn_parser_rest(p, &out->query, err) : FIRN_OK;
}

/* ---- the plan ---- */

static bool is_wide(const explain *e)
{
    return e->session->dialect == FIRN_DIALECT_DUCKDB;
}

/* DuckDB's dialect has a row a plan; Spark and Trino one cell of text. */
static void put(explain *e, firn_str key, firn_str value)
{
    const firn_str cells[] = {key, value};
    if (is_wide(e)) {
        firn_show__row(&e->show, cells, 2);
        return;
    }
    firn_buf_str(&e->text, value);
    firn_buf_byte(&e->text, '\n');
}

static firn_status copy_plan(explain *e, const firn_sql_text *text, firn_result *plan,
                             firn_error *err)
{
    const firn_batch *batch = NULL;
    firn_status st;
    while ((st = firn_sql_text_next(text, plan, &batch, err)) == FIRN_OK)
        for (int64_t i = 0; i < batch->n_rows; i++)
            put(e, firn_column_get(&batch->columns[0], i).as.bytes,
                firn_column_get(&batch->columns[1], i).as.bytes);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status run_plan(explain *e, firn_error *err)
{
    firn_sql_text text;
    firn_str sql;
    firn_result *plan = NULL;
    firn_sql_text_init(&text, e->session, e->statement);
    firn_sql_text_put(&text, !e->is_json     ? (e->is_analyze ? "EXPLAIN ANALYZE " : "EXPLAIN ")
                             : e->is_analyze ? "EXPLAIN (ANALYZE, FORMAT json) "
                                             : "EXPLAIN (FORMAT json) ");
    firn_sql_text_user(&text, e->query);
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    firn_status st = firn_sql_text_query(&text, sql, &plan, err);
    if (st == FIRN_OK) st = copy_plan(e, &text, plan, err);
    firn_result_close(plan);
    return st;
}

/* ---- the tables ---- */

static firn_status put_reports(explain *e, firn_error *err)
{
    firn_buf text;
    const firn_scan_reports *reports = &e->reports;
    if (reports->status != FIRN_OK) {
        if (err) *err = reports->err;
        return reports->status;
    }
    firn_buf_init(&text, e->session->env->alloc, FIRN_LIMIT_SQL_TEXT);
    if (e->is_json) firn_buf_byte(&text, '[');
    for (size_t i = 0; i < reports->n; i++) {
        if (e->is_json && i > 0) firn_buf_byte(&text, ',');
        if (e->is_json)
            firn_scan_report_json(&reports->items[i], &text);
        else
            firn_scan_report_text(&reports->items[i], &text);
    }
    if (e->is_json) firn_buf_byte(&text, ']');
    const firn_status st = firn_buf_check(&text, err);
    if (st == FIRN_OK && firn_buf_view(&text).len > 0)
        put(e, FIRN_STR("table_scans"), firn_buf_view(&text));
    firn_buf_dispose(&text);
    return st;
}

static firn_status run(explain *e, firn_error *err)
{
    firn_engine *engine = NULL;
    FIRN_TRY(firn_session__engine(e->session, &engine, err));
    e->reports.arena = firn_arena_create(e->session->env->alloc, 0);
    if (!e->reports.arena) return firn_fail_nomem(err);
    firn_engine_want_reports(engine, &e->reports);
    firn_status st = run_plan(e, err);
    firn_engine_want_reports(engine, NULL);
    if (st == FIRN_OK) st = put_reports(e, err);
    if (st == FIRN_OK && !is_wide(e)) {
        const firn_str cell = firn_buf_view(&e->text);
        firn_show__row(&e->show, &cell, 1);
        st = firn_buf_check(&e->text, err);
    }
    firn_arena_destroy(e->reports.arena);
    return st;
}

firn_status firn_explain_execute(firn_session *session, firn_str sql, bool *handled,
                                 firn_result **out, firn_error *err)
{
    static const char *const k_wide[] = {"explain_key", "explain_value"};
    static const char *const k_spark[] = {"plan"};
    static const char *const k_trino[] = {"Query Plan"};
    firn_sql_parser p = firn_parser_of(session->arena, sql);
    explain e = {.session = session, .statement = sql};
    FIRN_TRY(read(&p, &e, handled, err));
    if (!*handled) return FIRN_OK;
    const bool is_spark = session->dialect == FIRN_DIALECT_SPARK;
    const char *const *names = is_wide(&e) ? k_wide : is_spark ? k_spark : k_trino;
    FIRN_TRY(firn_show__begin(&e.show, session, names, is_wide(&e) ? 2 : 1, err));
    firn_buf_init(&e.text, session->env->alloc, FIRN_LIMIT_SQL_TEXT);
    const firn_status st = run(&e, err);
    firn_buf_dispose(&e.text);
    return firn_show__end(&e.show, "EXPLAIN", st, out, err);
}
