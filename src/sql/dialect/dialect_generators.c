/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that make rows, where DuckDB wants a lateral query: LATERAL VIEW explode(x), LATERAL
 * inline(x), SELECT posexplode(x) AS (i, v), UNNEST of maps. */
#include <string.h>

#include "base/error.h"
#include "sql/dialect/dialect_writer.h"
#include "sql/typing/typing.h"

/* ---- LATERAL VIEW explode(x) t AS a, b; LATERAL explode(x) AS t(a, b) ---- */

typedef struct generator {
    size_t function; /* token */
    size_t open, close;
    size_t table;   /* token of the alias; 0: none */
    size_t columns; /* first column's token; commas between them */
    size_t n_columns;
    size_t end;
} generator;

static void read_view_names(const firn_dialect_writer *w, generator *g)
{
    size_t i = g->close + 1;
    static const char *const k_clauses[] = {"AS",      "WHERE", "GROUP", "ORDER", "HAVING",
                                            "LIMIT",   "UNION", "JOIN",  "LEFT",  "CROSS",
                                            "LATERAL", "INNER", NULL};
    if (firn_dialect_is_name(w, i) && !firn_dialect_is_any(w, i, k_clauses)) g->table = i++;
    g->end = i;
    if (!firn_dialect_is_word(w, i, "AS")) return;
    g->columns = ++i;
    while (firn_dialect_is_name(w, i)) {
        g->n_columns++;
        g->end = i + 1;
        if (!firn_dialect_is_symbol(w, i + 1, ",")) return;
        i += 2;
    }
}

/* [AS] t(a, b) behind a table function: how many columns it names. */
static size_t named_columns(const firn_dialect_writer *w, size_t i)
{
    size_t n = 0;
    if (firn_dialect_is_word(w, i, "AS")) i++;
    if (firn_dialect_is_name(w, i)) i++;
    if (!firn_dialect_is_symbol(w, i, "(")) return 0;
    for (const size_t close = w->match[i++]; i < close && close != FIRN_NO_MATCH; i++) {
        n += firn_dialect_is_name(w, i);
    }
    return n;
}

/* "before arg after" */
static firn_status put_around(firn_dialect_writer *w, const generator *g, const char *before,
                              const char *after, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, g->open, before, err));
    FIRN_TRY(firn_dialect_emit(w, g->open + 1, g->close, err));
    return firn_dialect_put(w, g->close, after, err);
}

static firn_status put_column_name(firn_dialect_writer *w, const generator *g, size_t column,
                                   const char *fallback, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, g->open, " AS ", err));
    if (column < g->n_columns) {
        const size_t at = g->columns + 2 * column;
        return firn_dialect_copy(w, at, at + 1, err);
    }
    return firn_dialect_put(w, g->open, fallback, err);
}

/* Expressions with what their columns are called. */
typedef struct generated {
    const char *before, *after, *name; /* around the generator's argument; name unless it is told */
} generated;

static firn_status put_columns(firn_dialect_writer *w, const generator *g, const generated *columns,
                               size_t n, firn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0) FIRN_TRY(firn_dialect_put(w, g->open, ", ", err));
        FIRN_TRY(put_around(w, g, columns[i].before, columns[i].after, err));
        FIRN_TRY(put_column_name(w, g, i, columns[i].name, err));
    }
    return FIRN_OK;
}

/* Several columns by one unnest(). */
static bool makes_rows(const firn_dialect_writer *w, const generator *g)
{
    static const char *const k_functions[] = {"INLINE", "INLINE_OUTER", "STACK", "JSON_TUPLE",
                                              NULL};
    return firn_dialect_is_any(w, g->function, k_functions);
}

/* "(SELECT unnest(x) AS a, ...)" for the generator. n_columns: that it should have, by its user. */
static firn_status put_generator(firn_dialect_writer *w, const generator *g, size_t n_columns,
                                 firn_error *err)
{
    static const generated k_position[] = {
        {"CAST(generate_subscripts(", ", 1) - 1 AS INTEGER)", "pos"}, {"unnest(", ")", "col"}};
    static const generated k_map[] = {{"unnest(map_keys(", "))", "key"},
                                      {"unnest(map_values(", "))", "value"}};
    static const generated k_list[] = {{"unnest(", ")", "col"}};
    static const generated k_map_position[] = {
        {"CAST(generate_subscripts(map_keys(", "), 1) - 1 AS INTEGER)", "pos"},
        {"unnest(map_keys(", "))", "key"},
        {"unnest(map_values(", "))", "value"}};
    const bool has_position = firn_dialect_is_word(w, g->function, "POSEXPLODE") ||
                              firn_dialect_is_word(w, g->function, "POSEXPLODE_OUTER");
    FIRN_TRY(firn_dialect_put(w, g->function, "(SELECT ", err));
    if (makes_rows(w, g))
        FIRN_TRY(firn_dialect_emit(w, g->function, g->close + 1, err));
    else if (has_position && n_columns == 3)
        FIRN_TRY(put_columns(w, g, k_map_position, 3, err));
    else if (has_position)
        FIRN_TRY(put_columns(w, g, k_position, 2, err));
    else if (n_columns == 2)
        FIRN_TRY(put_columns(w, g, k_map, 2, err));
    else
        FIRN_TRY(put_columns(w, g, k_list, 1, err));
    return firn_dialect_put(w, g->close, ")", err);
}

static bool read_generator(const firn_dialect_writer *w, size_t i, generator *g)
{
    static const char *const k_functions[] = {"EXPLODE",      "EXPLODE_OUTER", "INLINE",
                                              "POSEXPLODE",   "STACK",         "POSEXPLODE_OUTER",
                                              "INLINE_OUTER", "JSON_TUPLE",    NULL};
    *g = (generator){.function = i, .open = i + 1};
    if (!firn_dialect_is_any(w, i, k_functions) || !firn_dialect_is_symbol(w, i + 1, "(")) {
        return false;
    }
    g->close = w->match[i + 1];
    g->end = g->close + 1;
    return g->close != FIRN_NO_MATCH;
}

/* [LEFT] JOIN LATERAL (query) [AS] name [(columns)]: the engine wants a condition. */
static firn_status put_joined_query(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    static const char *const k_clauses[] = {
        "WHERE", "ORDER",  "LIMIT", "UNION",     "GROUP",   "HAVING", "JOIN",    "LEFT",
        "RIGHT", "FULL",   "INNER", "CROSS",     "ON",      "USING",  "LATERAL", "PIVOT",
        "MINUS", "EXCEPT", "SORT",  "INTERSECT", "QUALIFY", NULL};
    size_t end = firn_dialect_skip(w, i + 1);
    const bool has_as = firn_dialect_is_word(w, end, "AS");
    const bool is_join =
        i > 1 && firn_dialect_is_word(w, i - 1, "JOIN") && !firn_dialect_is_word(w, i - 2, "CROSS");
    if (has_as) end++;
    if (firn_dialect_is_name(w, end) && !firn_dialect_is_any(w, end, k_clauses)) {
        end++;
        if (firn_dialect_is_symbol(w, end, "(")) end = firn_dialect_skip(w, end);
    }
    if (!is_join || firn_dialect_is_word(w, end, "ON") || firn_dialect_is_word(w, end, "USING"))
        return FIRN_OK;
    *next = end;
    FIRN_TRY(firn_dialect_copy(w, i, i + 1, err));
    FIRN_TRY(firn_dialect_put(w, i, " ", err));
    FIRN_TRY(firn_dialect_emit(w, i + 1, end, err));
    return firn_dialect_put(w, end - 1, " ON true", err);
}

firn_status firn_dialect_lateral(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    generator g;
    const bool is_view = firn_dialect_is_word(w, i + 1, "VIEW");
    static const char *const k_outer[] = {"EXPLODE_OUTER", "POSEXPLODE_OUTER", NULL};
    bool is_outer = is_view && firn_dialect_is_word(w, i + 2, "OUTER");
    if (!is_view && firn_dialect_is_symbol(w, i + 1, "(")) return put_joined_query(w, i, next, err);
    if (!read_generator(w, i + 1 + is_view + is_outer, &g)) return FIRN_OK;
    is_outer |= firn_dialect_is_any(w, g.function, k_outer);
    *next = g.close + 1;
    if (!is_view) {
        FIRN_TRY(firn_dialect_put(w, i, "LATERAL ", err));
        return put_generator(w, &g, named_columns(w, g.close + 1), err);
    }
    read_view_names(w, &g);
    *next = g.end;
    FIRN_TRY(firn_dialect_put(w, i, is_outer ? "LEFT JOIN LATERAL " : "CROSS JOIN LATERAL ", err));
    FIRN_TRY(put_generator(w, &g, g.n_columns, err));
    FIRN_TRY(firn_dialect_put(w, g.close, " AS ", err));
    if (g.table > 0)
        FIRN_TRY(firn_dialect_copy(w, g.table, g.table + 1, err));
    else
        FIRN_TRY(firn_dialect_put(w, g.close, "\"lateral_view\"", err));
    if (g.n_columns > 0 && makes_rows(w, &g)) {
        FIRN_TRY(firn_dialect_put(w, g.close, "(", err));
        FIRN_TRY(firn_dialect_copy(w, g.columns, g.columns + 2 * g.n_columns - 1, err));
        FIRN_TRY(firn_dialect_put(w, g.close, ")", err));
    }
    return is_outer ? firn_dialect_put(w, g.close, " ON true", err) : FIRN_OK;
}

/* ---- UNNEST(map) AS t (k, v) ---- */

/* UNNEST(a, b): side by side, the shorter filled up with nulls. */
static firn_status write_unnest_many(firn_dialect_writer *w, size_t i, size_t close, size_t *next,
                                     firn_error *err)
{
    size_t from = i + 2;
    if (firn_dialect_is_word(w, close + 1, "WITH")) return FIRN_OK;
    FIRN_TRY(firn_dialect_put(w, i, "LATERAL (SELECT ", err));
    while (from < close) {
        size_t end = from;
        while (end < close && !firn_dialect_is_symbol(w, end, ",")) end = firn_dialect_skip(w, end);
        FIRN_TRY(firn_dialect_put(w, from, from > i + 2 ? ", unnest(" : "unnest(", err));
        FIRN_TRY(firn_dialect_emit(w, from, end, err));
        FIRN_TRY(firn_dialect_put(w, from, ")", err));
        from = end + 1;
    }
    *next = close + 1;
    return firn_dialect_put(w, close, ")", err);
}

firn_status firn_dialect_unnest(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    static const char *const k_before[] = {"JOIN", "FROM", NULL};
    const size_t close = i + 1 < w->n ? w->match[i + 1] : FIRN_NO_MATCH;
    const bool is_table =
        i > 0 && (firn_dialect_is_any(w, i - 1, k_before) || firn_dialect_is_symbol(w, i - 1, ","));
    generator g = {.function = i, .open = i + 1, .close = close, .end = close + 1};
    if (!is_table || close == FIRN_NO_MATCH || !firn_dialect_is_symbol(w, i + 1, "(")) {
        return FIRN_OK;
    }
    if (firn_edits_find(w->edits, FIRN_EDIT_CALL, i)) return FIRN_OK; /* its types are known */
    for (size_t k = i + 2; k < close; k = firn_dialect_skip(w, k)) {
        if (firn_dialect_is_symbol(w, k, ",")) return write_unnest_many(w, i, close, next, err);
    }
    if (named_columns(w, close + 1) != 2 || firn_dialect_is_word(w, close + 1, "WITH")) {
        return FIRN_OK;
    }
    *next = close + 1;
    FIRN_TRY(firn_dialect_put(w, i, "LATERAL ", err));
    return put_generator(w, &g, 2, err);
}

/* ---- SELECT a, posexplode(x) AS (i, v) FROM t: the columns come from a lateral query ---- */

/* Reads "f(..)", "f(..) AS name" or "f(..) AS (a, b)" that is all of [from, to). */
static bool read_item(const firn_dialect_writer *w, size_t from, size_t to, generator *g)
{
    if (!read_generator(w, from, g)) return false;
    size_t i = g->close + 1;
    const bool has_list = firn_dialect_is_word(w, i, "AS") && firn_dialect_is_symbol(w, i + 1, "(");
    if (!has_list) return i == to;
    g->columns = i + 2;
    for (i += 2; firn_dialect_is_name(w, i); i += 2) {
        g->n_columns++;
        if (!firn_dialect_is_symbol(w, i + 1, ",")) break;
    }
    return i + 2 == to;
}

/* The columns that it makes can be sorted by only when they are those of a relation. */
static bool is_sorted(const firn_dialect_writer *w, size_t i, size_t to)
{
    for (; i < to && !firn_dialect_is_symbol(w, i, ")"); i = firn_dialect_skip(w, i)) {
        if (firn_dialect_is_word(w, i, "ORDER")) return true;
    }
    return false;
}

static bool has_many_columns(const firn_dialect_writer *w, const generator *g)
{
    static const char *const k_one[] = {"EXPLODE", "EXPLODE_OUTER", NULL};
    return !firn_dialect_is_any(w, g->function, k_one) ||
           firn_edits_find(w->edits, FIRN_EDIT_CALL, g->function);
}

/* The first item of the list [from, end) that needs a lateral query. */
static bool find_item(const firn_dialect_writer *w, size_t from, size_t end, size_t to,
                      generator *g)
{
    while (from < end) {
        size_t comma = from;
        while (comma < end && !firn_dialect_is_symbol(w, comma, ","))
            comma = firn_dialect_skip(w, comma);
        if (read_item(w, from, comma, g)) {
            g->end = comma;
            return g->n_columns > 0 || (has_many_columns(w, g) && is_sorted(w, end, to));
        }
        from = comma + 1;
    }
    return false;
}

/* Token behind the FROM clause at i. */
static size_t from_end(const firn_dialect_writer *w, size_t i, size_t to)
{
    static const char *const k_ends[] = {"WHERE",   "GROUP",      "HAVING", "ORDER",  "SORT",
                                         "CLUSTER", "DISTRIBUTE", "LIMIT",  "OFFSET", "QUALIFY",
                                         "UNION",   "INTERSECT",  "MINUS",  "EXCEPT", NULL};
    while (i < to && !firn_dialect_is_any(w, i, k_ends) && !firn_dialect_is_symbol(w, i, ")") &&
           !firn_dialect_is_symbol(w, i, ";") && !firn_dialect_is_symbol(w, i, "|>") &&
           !firn_dialect_is_window_clause(w, i))
        i = firn_dialect_skip(w, i);
    return i;
}

static firn_status put_names(firn_dialect_writer *w, const generator *g, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, g->close, " AS \"firn_made\"", err));
    if (g->n_columns == 0) return FIRN_OK;
    FIRN_TRY(firn_dialect_put(w, g->close, "(", err));
    FIRN_TRY(firn_dialect_copy(w, g->columns, g->columns + 2 * g->n_columns - 1, err));
    return firn_dialect_put(w, g->close, ")", err);
}

static firn_status put_relation(firn_dialect_writer *w, const generator *g, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, g->close, "LATERAL (SELECT ", err));
    FIRN_TRY(firn_dialect_emit(w, g->function, g->close + 1, err));
    FIRN_TRY(firn_dialect_put(w, g->close, ")", err));
    return put_names(w, g, err);
}

/* SELECT f(..) AS (a, b) alone: the rest of the query is inside, so that it may aggregate. */
static firn_status put_alone(firn_dialect_writer *w, const generator *g, size_t end, size_t to,
                             size_t *next, firn_error *err)
{
    static const char *const k_ends[] = {"ORDER",     "SORT",  "CLUSTER", "LIMIT", "UNION",
                                         "INTERSECT", "MINUS", "EXCEPT",  NULL};
    size_t stop = end;
    while (stop < to && !firn_dialect_is_any(w, stop, k_ends) &&
           !firn_dialect_is_symbol(w, stop, ")") && !firn_dialect_is_symbol(w, stop, "|>"))
        stop = firn_dialect_skip(w, stop);
    *next = stop;
    FIRN_TRY(firn_dialect_put(w, g->function, " * FROM (SELECT ", err));
    FIRN_TRY(firn_dialect_emit(w, g->function, g->close + 1, err));
    FIRN_TRY(firn_dialect_put(w, g->close, " ", err));
    FIRN_TRY(firn_dialect_emit(w, end, stop, err));
    FIRN_TRY(firn_dialect_put(w, g->close, ")", err));
    return put_names(w, g, err);
}

firn_status firn_dialect_generated(firn_dialect_writer *w, size_t first, size_t end, size_t to,
                                   size_t *next, firn_error *err)
{
    generator g;
    if (!find_item(w, first, end, to, &g)) return FIRN_OK;
    const bool has_from = firn_dialect_is_word(w, end, "FROM");
    if (g.function == first && g.end == end) return put_alone(w, &g, end, to, next, err);
    *next = has_from ? from_end(w, end + 1, to) : end;
    FIRN_TRY(firn_dialect_gap(w, first, err));
    FIRN_TRY(firn_dialect_list(w, first, g.function, 0, err));
    FIRN_TRY(firn_dialect_put(w, g.function, "\"firn_made\".*", err));
    FIRN_TRY(firn_dialect_list(w, g.end, end, 0, err));
    FIRN_TRY(firn_dialect_gap(w, end, err));
    if (has_from) FIRN_TRY(firn_dialect_emit(w, end, *next, err));
    FIRN_TRY(firn_dialect_put(w, g.close, has_from ? ", " : " FROM ", err));
    FIRN_TRY(put_relation(w, &g, err));
    return firn_dialect_put(w, g.close, " ", err);
}
