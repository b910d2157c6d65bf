/* SPDX-License-Identifier: Apache-2.0 */
/* Statements: the query in one, or the expressions of DML; what a query may not store. */
#include "base/error.h"
#include "base/str.h"
#include "sql/engine/engine.h"
#include "sql/typing/typing_state.h"

#define MAX_PARTS 8

/* ---- INSERT ---- */

static size_t take_parts(typer *t, firn_str parts[MAX_PARTS])
{
    size_t n = 0;
    do {
        if (n == MAX_PARTS) return 0;
        parts[n++] = typer_take_name(t);
    } while (!t->is_lost && typer_take_symbol(t, "."));
    return t->is_lost ? 0 : n;
}

static const firn_typed_column *column_named(const typed_relation *table, firn_str name)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (firn_str_equals_nocase(table->columns[i].name, name)) return &table->columns[i];
    }
    return NULL;
}

static firn_status fail_store(typer *t, size_t at, const firn_typed_column *column,
                              const firn_value_type *type)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, (size_t)1 << 16);
    firn_buf_cstr(&buf, "found a value of type ");
    firn_value_type_put(type, ",", &buf);
    firn_buf_cstr(&buf, ", expected ");
    firn_value_type_put(&column->type, ",", &buf);
    firn_buf_printf(&buf, " for column %.*s", FIRN_STR_ARG(column->name));
    const firn_str text = firn_buf_view(&buf);
    const firn_status st =
        firn_sql_fail(t->err, firn_dialect_token(t->w, at)->offset, "%.*s", FIRN_STR_ARG(text));
    firn_buf_dispose(&buf);
    return st;
}

/* names: the list behind the table's name, or none (SIZE_MAX). */
static void check_insert(typer *t, const typed_relation *table, size_t names, size_t query,
                         const typed_relation *from)
{
    for (size_t i = 0; from->is_known && i < from->n_columns; i++) {
        const firn_typed_column *column = NULL;
        if (names != SIZE_MAX) {
            const firn_token *token = firn_dialect_token(t->w, names + 2 * i);
            column = column_named(table, firn_token_unquote(token, t->arena));
        } else if (i < table->n_columns) {
            column = &table->columns[i];
        }
        if (!column || firn_value_can_store(&from->columns[i].type, &column->type)) continue;
        typer_fail(t, fail_store(t, query, column, &from->columns[i].type));
        return;
    }
}

static void insert(typer *t)
{
    firn_str parts[MAX_PARTS];
    size_t names = SIZE_MAX;
    t->i += 1;
    if (!typer_take(t, "INTO") && !typer_take(t, "OVERWRITE")) return;
    (void)typer_take(t, "TABLE");
    const size_t n = take_parts(t, parts);
    if (n == 0) return;
    const bool has_names = typer_at_symbol(t, "(") && firn_dialect_is_name(t->w, t->i + 1) &&
                           !firn_dialect_is_word(t->w, t->i + 1, "SELECT") &&
                           !firn_dialect_is_word(t->w, t->i + 1, "VALUES") &&
                           !firn_dialect_is_word(t->w, t->i + 1, "WITH") &&
                           !firn_dialect_is_word(t->w, t->i + 1, "TABLE");
    if (has_names) {
        names = t->i + 1;
        t->i = firn_dialect_skip(t->w, t->i);
    }
    const size_t query = t->i;
    const typed_relation from = typer_query(t, query, t->to, false);
    if (t->status != FIRN_OK) return;
    if (typer_dialect(t) != FIRN_DIALECT_TRINO) return;
    const typed_relation table = typer_table(t, parts, n);
    if (table.is_known) check_insert(t, &table, names, query, &from);
}

/* ---- UPDATE, DELETE, MERGE ---- */

/* Where the next of the words is at this depth; to: nowhere. */
static size_t find_word(const typer *t, size_t from, size_t to, const char *const *words)
{
    while (from < to && !firn_dialect_is_any(t->w, from, words))
        from = firn_dialect_skip(t->w, from);
    return from;
}

/* "a = x, b = y" */
static void assignments(typer *t, size_t from, size_t to)
{
    while (from < to) {
        size_t end = from;
        size_t equals = to;
        while (end < to && !firn_dialect_is_symbol(t->w, end, ",")) {
            if (equals == to && firn_dialect_is_symbol(t->w, end, "=")) equals = end;
            end = firn_dialect_skip(t->w, end);
        }
        if (equals < end) (void)typer_expression_in(t, equals + 1, end);
        from = end + 1;
    }
}

static void change(typer *t)
{
    static const char *const k_set[] = {"SET", "WHERE", NULL};
    static const char *const k_where[] = {"WHERE", NULL};
    typed_scope scope = {0};
    const size_t from = t->i + (firn_dialect_is_word(t->w, t->i, "DELETE") ? 2 : 1);
    const size_t set = find_word(t, from, t->to, k_set);
    const size_t where = find_word(t, from, t->to, k_where);
    const size_t to = t->to;
    typer_from(t, from, set < where ? set : where, &scope);
    t->scope = &scope;
    if (set < where) assignments(t, set + 1, where);
    if (where < to) (void)typer_expression_in(t, where + 1, to);
    t->scope = NULL;
}

/* WHEN [NOT] MATCHED [AND x] THEN UPDATE SET a = x | INSERT [(a)] VALUES (x) | DELETE */
static void branch(typer *t, size_t from, size_t to)
{
    static const char *const k_and[] = {"AND", "THEN", NULL};
    static const char *const k_then[] = {"THEN", NULL};
    const size_t condition = find_word(t, from, to, k_and);
    const size_t then = find_word(t, condition, to, k_then);
    if (condition < then) (void)typer_expression_in(t, condition + 1, then);
    if (firn_dialect_is_word(t->w, then + 2, "SET")) assignments(t, then + 3, to);
    const bool has_values = to > then + 2 && firn_dialect_is_word(t->w, then + 1, "INSERT");
    const size_t last = to - 1;
    if (has_values && t->w->match[last] != FIRN_NO_MATCH && t->w->match[last] < last)
        (void)typer_expression_in(t, t->w->match[last], to);
}

static void merge(typer *t)
{
    static const char *const k_using[] = {"USING", NULL};
    static const char *const k_on[] = {"ON", NULL};
    static const char *const k_when[] = {"WHEN", NULL};
    typed_scope scope = {0};
    const size_t to = t->to;
    static const char *const k_into[] = {"INTO", NULL};
    const size_t from = find_word(t, t->i, to, k_into) + 1;
    const size_t using = find_word(t, from, to, k_using);
    const size_t on = find_word(t, using, to, k_on);
    size_t when = find_word(t, on, to, k_when);
    if (on >= to) return;
    typer_from(t, from, using, &scope);
    typer_from(t, using + 1, on, &scope);
    t->scope = &scope;
    (void)typer_expression_in(t, on + 1, when);
    while (when < to) {
        const size_t next = find_word(t, when + 1, to, k_when);
        branch(t, when + 1, next);
        when = next;
    }
    t->scope = NULL;
}

/* ---- all statements ---- */

static void statement(typer *t, typed_relation *out)
{
    if (typer_at(t, "EXPLAIN")) {
        static const char *const k_words[] = {"SELECT", "WITH",  "INSERT", "DELETE", "UPDATE",
                                              "MERGE",  "TABLE", "VALUES", NULL};
        t->i = find_word(t, t->i, t->to, k_words);
        if (t->i < t->to) *out = typer_query(t, t->i, t->to, false);
        out->is_known = false;
    } else if (typer_at(t, "INSERT")) {
        insert(t);
    } else if (typer_at(t, "UPDATE") || typer_at(t, "DELETE")) {
        change(t);
    } else if (typer_at(t, "MERGE")) {
        merge(t);
    } else {
        *out = typer_query(t, t->i, t->to, t->i == 0 && !t->w->opts->is_inner); /* not stored */
    }
}

firn_status firn_typing_run(const firn_dialect_writer *w, size_t from, size_t to, firn_edits *out,
                            firn_error *err)
{
    typer t = {.w = w, .arena = w->arena, .err = err, .i = from, .to = to};
    typed_relation query = {0};
    *out = (firn_edits){0};
    if (from < to) statement(&t, &query);
    if (t.status != FIRN_OK) return t.status;
    out->items = t.edits;
    out->n = t.n_edits;
    if (!query.is_known) return FIRN_OK;
    out->columns = query.columns;
    out->n_columns = query.n_columns;
    return FIRN_OK;
}
