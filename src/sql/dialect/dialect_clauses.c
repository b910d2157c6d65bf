/* SPDX-License-Identifier: Apache-2.0 */
/* Operators and clauses of Spark and Trino that DuckDB spells otherwise: null-safe equality, DIV,
 * RLIKE, subscripts from zero, LATERAL VIEW, UNNEST of maps, GROUP BY .. WITH ROLLUP, rows of
 * VALUES without parentheses. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_writer.h"
#include "sql/typing/typing.h"

static bool is_spark(const firn_dialect_writer *w)
{
    return w->opts->dialect == FIRN_DIALECT_SPARK;
}

/* ---- operators ---- */

static bool ends_operand(const firn_dialect_writer *w, size_t i)
{
    return firn_dialect_is_name(w, i) || firn_dialect_token(w, i)->kind != FIRN_TOKEN_SYMBOL ||
           strchr(")]", w->t[i].text.data[0]);
}

/* The words or the symbol at i are another operator in DuckDB; NULL: not one of them. */
static const char *operator_at(const firn_dialect_writer *w, size_t i, size_t *n_tokens)
{
    const bool is_first = i == 0;
    *n_tokens = 1;
    if (firn_dialect_is_symbol(w, i, "<=>")) return "IS NOT DISTINCT FROM";
    if (firn_dialect_is_symbol(w, i, "!")) return "NOT ";
    if (firn_dialect_is_word(w, i, "MINUS") && !is_first &&
        (firn_dialect_is_word(w, i + 1, "SELECT") || firn_dialect_is_symbol(w, i + 1, "("))) {
        return "EXCEPT";
    }
    if (firn_dialect_is_word(w, i, "EXCEPT") && !is_first &&
        firn_dialect_is_symbol(w, i - 1, "*")) {
        return "EXCLUDE";
    }
    if (is_first || !ends_operand(w, i - 1)) return NULL;
    if (firn_dialect_is_word(w, i, "DIV")) return "//";
    if (firn_dialect_is_word(w, i, "RLIKE") || firn_dialect_is_word(w, i, "REGEXP")) return "~";
    if (firn_dialect_is_word(w, i, "LEFT") &&
        (firn_dialect_is_word(w, i + 1, "SEMI") || firn_dialect_is_word(w, i + 1, "ANTI"))) {
        *n_tokens = 1;
        return "";
    }
    *n_tokens = 2;
    if (firn_dialect_is_word(w, i, "NOT") &&
        (firn_dialect_is_word(w, i + 1, "RLIKE") || firn_dialect_is_word(w, i + 1, "REGEXP"))) {
        return "!~";
    }
    return NULL;
}

/* ---- subscripts: Spark counts elements from 0 ---- */

static bool is_operand_end(const firn_dialect_writer *w, size_t i)
{
    return firn_dialect_is_name(w, i) || firn_dialect_is_symbol(w, i, ")") ||
           firn_dialect_is_symbol(w, i, "]");
}

/* First token of what a bracket or a dot at i is applied to: a.b, f(x).c, (x), m[1]. */
static size_t operand_start(const firn_dialect_writer *w, size_t i)
{
    while (i > 0 && is_operand_end(w, i - 1)) {
        const bool is_item = firn_dialect_is_symbol(w, i - 1, "]");
        const bool is_list = is_item || firn_dialect_is_symbol(w, i - 1, ")");
        i--;
        if (is_list && w->match[i] == FIRN_NO_MATCH) return i;
        if (is_list) i = w->match[i];
        if (is_item) continue;
        if (is_list && i > 0 && firn_dialect_is_name(w, i - 1)) i--; /* a call */
        if (i == 0 || !firn_dialect_is_symbol(w, i - 1, ".")) return i;
        i--;
    }
    return i;
}

/* Keys of maps are not shifted, so the type of what stands before decides; it is known when the
 * statement is bound. */
static firn_status write_subscript(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    const size_t close = w->match[i];
    const bool is_subscript = i > 0 && is_operand_end(w, i - 1) && close != FIRN_NO_MATCH;
    if (!is_subscript || firn_dialect_token(w, i + 1)->kind == FIRN_TOKEN_STRING) return FIRN_OK;
    const size_t from = operand_start(w, i);
    *next = close + 1;
    FIRN_TRY(firn_dialect_put(w, i, "[firn_index(", err));
    FIRN_TRY(firn_dialect_emit(w, from, i, err));
    FIRN_TRY(firn_dialect_put(w, i, ", ", err));
    FIRN_TRY(firn_dialect_emit(w, i + 1, close, err));
    return firn_dialect_put(w, close, ")]", err);
}

/* ---- division: by zero it is an error ---- */

/* Token behind the operand that begins at i: a number, a name, a call, (..), CASE .. END, and what
 * hangs on it. */
static size_t operand_end(const firn_dialect_writer *w, size_t i, size_t to)
{
    while (i < to && (firn_dialect_is_symbol(w, i, "-") || firn_dialect_is_symbol(w, i, "+"))) i++;
    if (firn_dialect_is_word(w, i, "CASE")) {
        for (int depth = 0; i < to; i++) {
            depth += firn_dialect_is_word(w, i, "CASE");
            depth -= firn_dialect_is_word(w, i, "END");
            if (depth == 0) return i + 1;
        }
        return i;
    }
    const bool has_suffix = firn_dialect_token(w, i)->kind == FIRN_TOKEN_NUMBER &&
                            firn_dialect_is_name(w, i + 1) && firn_dialect_touches(w, i);
    i = firn_dialect_skip(w, i) + has_suffix;
    for (;;) {
        const bool is_field = firn_dialect_is_symbol(w, i, ".") && firn_dialect_is_name(w, i + 1);
        const bool is_list = firn_dialect_is_symbol(w, i, "(") || firn_dialect_is_symbol(w, i, "[");
        if (i < to && (is_field || firn_dialect_is_symbol(w, i, "::")))
            i += 2;
        else if (i < to && is_list)
            i = firn_dialect_skip(w, i);
        else
            break;
    }
    i = firn_dialect_call_end(w, i);
    return i < to ? i : to;
}

/* A number that is not zero needs no look. */
static bool is_safe_divisor(const firn_dialect_writer *w, size_t from, size_t end)
{
    const firn_token *token = firn_dialect_token(w, from);
    if (end > from + 2 || token->kind != FIRN_TOKEN_NUMBER) return false;
    for (size_t i = 0; i < token->text.len; i++) {
        if (token->text.data[i] >= '1' && token->text.data[i] <= '9') return true;
    }
    return false;
}

static firn_status write_division(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                  firn_error *err)
{
    const bool is_div = firn_dialect_is_word(w, i, "DIV");
    const bool is_operator =
        is_div || firn_dialect_is_symbol(w, i, "/") || firn_dialect_is_symbol(w, i, "%");
    if (!is_operator || i == 0 || !ends_operand(w, i - 1)) return FIRN_OK;
    const size_t end = operand_end(w, i + 1, to);
    if (end <= i + 1 || is_safe_divisor(w, i + 1, end)) return FIRN_OK;
    *next = end;
    if (is_div)
        FIRN_TRY(firn_dialect_put(w, i, "//", err));
    else
        FIRN_TRY(firn_dialect_copy(w, i, i + 1, err));
    FIRN_TRY(firn_dialect_put(w, i + 1, " firn_divisor(", err));
    FIRN_TRY(firn_dialect_emit(w, i + 1, end, err));
    return firn_dialect_put(w, end - 1, ")", err);
}

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

static firn_status write_lateral(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    generator g;
    const bool is_view = firn_dialect_is_word(w, i + 1, "VIEW");
    static const char *const k_outer[] = {"EXPLODE_OUTER", "POSEXPLODE_OUTER", NULL};
    bool is_outer = is_view && firn_dialect_is_word(w, i + 2, "OUTER");
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

static firn_status write_unnest(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
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

/* ---- VALUES 1, 2 ---- */

static firn_status write_values(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                firn_error *err)
{
    static const char *const k_ends[] = {"AS",     "ORDER",     "LIMIT", "UNION",
                                         "EXCEPT", "INTERSECT", NULL};
    const bool has_parentheses = firn_dialect_is_symbol(w, i + 1, "(");
    if (has_parentheses || i + 1 >= to || firn_dialect_is_symbol(w, i + 1, ",")) return FIRN_OK;
    if (i > 0 && (firn_dialect_is_symbol(w, i - 1, ".") || firn_dialect_is_symbol(w, i + 1, "."))) {
        return FIRN_OK;
    }
    FIRN_TRY(firn_dialect_copy(w, i, i + 1, err));
    size_t from = i + 1;
    while (from < to) {
        size_t end = from;
        while (end < to && !firn_dialect_is_symbol(w, end, ",") &&
               !firn_dialect_is_symbol(w, end, ")") && !firn_dialect_is_any(w, end, k_ends)) {
            end = firn_dialect_skip(w, end);
        }
        const bool is_row =
            firn_dialect_is_symbol(w, from, "(") && firn_dialect_skip(w, from) == end;
        FIRN_TRY(firn_dialect_put(w, from, is_row ? " " : " (", err));
        FIRN_TRY(firn_dialect_emit(w, from, end, err));
        if (!is_row) FIRN_TRY(firn_dialect_put(w, from, ")", err));
        *next = end;
        if (end >= to || !firn_dialect_is_symbol(w, end, ",")) return FIRN_OK;
        FIRN_TRY(firn_dialect_copy(w, end, end + 1, err));
        from = end + 1;
    }
    return FIRN_OK;
}

/* ---- LIKE: a backslash escapes without being asked ---- */

static bool has_backslash(const firn_dialect_writer *w, size_t from, size_t end)
{
    firn_str text;
    for (size_t i = from; i < end; i++) {
        if (!firn_dialect_string(w, i, &text)) return true; /* who knows */
        if (memchr(text.data, '\\', text.len)) return true;
    }
    return false;
}

static firn_status write_like(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                              firn_error *err)
{
    if (!firn_dialect_is_word(w, i, "LIKE") && !firn_dialect_is_word(w, i, "ILIKE")) return FIRN_OK;
    if (i == 0 || firn_dialect_is_symbol(w, i - 1, ".") ||
        (!ends_operand(w, i - 1) && !firn_dialect_is_word(w, i - 1, "NOT")))
        return FIRN_OK;
    size_t end = operand_end(w, i + 1, to);
    while (firn_dialect_is_symbol(w, end, "||")) end = operand_end(w, end + 1, to);
    if (end <= i + 1 || firn_dialect_is_word(w, end, "ESCAPE") || !has_backslash(w, i + 1, end))
        return FIRN_OK;
    *next = end;
    FIRN_TRY(firn_dialect_copy(w, i, i + 1, err));
    FIRN_TRY(firn_dialect_put(w, i, " (", err));
    FIRN_TRY(firn_dialect_emit(w, i + 1, end, err));
    return firn_dialect_put(w, end - 1, ") ESCAPE '\\'", err);
}

/* ---- ORDER BY: nulls are first, and last when it is descending ---- */

static firn_status write_order(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                               firn_error *err)
{
    static const char *const k_ends[] = {"LIMIT",  "OFFSET",    "ROWS",  "RANGE", "GROUPS", "UNION",
                                         "EXCEPT", "INTERSECT", "FETCH", "WHEN",  "WINDOW", NULL};
    const bool is_order = firn_dialect_is_word(w, i, "ORDER") || firn_dialect_is_word(w, i, "SORT");
    const bool is_group =
        i >= 2 && firn_dialect_is_symbol(w, i - 1, "(") && firn_dialect_is_word(w, i - 2, "GROUP");
    if (!is_order || is_group || !firn_dialect_is_word(w, i + 1, "BY")) return FIRN_OK;
    FIRN_TRY(firn_dialect_copy(w, i, i + 2, err));
    size_t from = i + 2;
    while (from < to) {
        bool has_place = false;
        size_t end = from;
        while (end < to && !firn_dialect_is_symbol(w, end, ",") &&
               !firn_dialect_is_symbol(w, end, ")") && !firn_dialect_is_symbol(w, end, ";") &&
               !firn_dialect_is_any(w, end, k_ends)) {
            has_place |=
                firn_dialect_is_word(w, end, "NULLS") || firn_dialect_is_word(w, end, "DESC");
            end = firn_dialect_skip(w, end);
        }
        if (end == from) break;
        FIRN_TRY(firn_dialect_gap(w, from, err));
        FIRN_TRY(firn_dialect_emit(w, from, end, err));
        if (!has_place) FIRN_TRY(firn_dialect_put(w, end - 1, " NULLS FIRST", err));
        *next = end;
        if (end >= to || !firn_dialect_is_symbol(w, end, ",")) return FIRN_OK;
        FIRN_TRY(firn_dialect_copy(w, end, end + 1, err));
        from = end + 1;
    }
    *next = from;
    return FIRN_OK;
}

/* ---- f(x) IGNORE NULLS OVER ..: the engine has the words in the parentheses ---- */

static firn_status write_nulls(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    const bool is_about_nulls =
        firn_dialect_is_word(w, i + 2, "NULLS") &&
        (firn_dialect_is_word(w, i + 1, "IGNORE") || firn_dialect_is_word(w, i + 1, "RESPECT"));
    if (!is_about_nulls || !firn_dialect_is_word(w, i + 3, "OVER")) return FIRN_OK;
    *next = i + 3;
    FIRN_TRY(firn_dialect_put(w, i, " ", err));
    FIRN_TRY(firn_dialect_copy(w, i + 1, i + 3, err));
    return firn_dialect_put(w, i, ")", err);
}

/* FETCH FIRST 5 ROWS ONLY */
static firn_status write_fetch(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    const bool is_fetch =
        firn_dialect_is_word(w, i + 1, "FIRST") || firn_dialect_is_word(w, i + 1, "NEXT");
    const bool has_number = firn_dialect_token(w, i + 2)->kind == FIRN_TOKEN_NUMBER;
    const size_t rows = i + 2 + has_number;
    if (!is_fetch || !firn_dialect_is_word(w, rows + 1, "ONLY")) return FIRN_OK;
    *next = rows + 2;
    FIRN_TRY(firn_dialect_put(w, i, "LIMIT ", err));
    return has_number ? firn_dialect_copy(w, i + 2, i + 3, err) : firn_dialect_put(w, i, "1", err);
}

/* ---- GROUP BY a, b WITH ROLLUP ---- */

/* "a, b WITH ROLLUP", "a, b WITH CUBE", "a, b GROUPING SETS (..)": the grouping before the list. */
static firn_status write_grouping(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                  firn_error *err)
{
    static const char *const k_ends[] = {"HAVING", "ORDER",     "SORT",     "LIMIT",
                                         "UNION",  "EXCEPT",    "MINUS",    "WINDOW",
                                         "WITH",   "INTERSECT", "GROUPING", NULL};
    const size_t list = i + 2;
    size_t end = list;
    if (!firn_dialect_is_word(w, i + 1, "BY")) return FIRN_OK;
    while (end < to && !firn_dialect_is_symbol(w, end, ")") && !firn_dialect_is_any(w, end, k_ends))
        end = firn_dialect_skip(w, end);
    if (end == list || end >= to) return FIRN_OK;
    const bool is_sets =
        firn_dialect_is_word(w, end, "GROUPING") && firn_dialect_is_word(w, end + 1, "SETS");
    const bool is_rollup = firn_dialect_is_word(w, end + 1, "ROLLUP");
    const bool is_with = firn_dialect_is_word(w, end, "WITH") &&
                         (is_rollup || firn_dialect_is_word(w, end + 1, "CUBE"));
    if (!is_sets && !is_with) return FIRN_OK;
    *next = end + 2;
    if (is_sets) return firn_dialect_put(w, i, "GROUP BY GROUPING SETS ", err);
    FIRN_TRY(firn_dialect_put(w, i, is_rollup ? "GROUP BY ROLLUP (" : "GROUP BY CUBE (", err));
    FIRN_TRY(firn_dialect_emit(w, list, end, err));
    return firn_dialect_put(w, end, ")", err);
}

firn_status firn_dialect_clause(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                firn_error *err)
{
    size_t n_tokens = 0;
    if (firn_dialect_is_word(w, i, "VALUES")) return write_values(w, i, to, next, err);
    if (firn_dialect_is_word(w, i, "UNNEST")) return write_unnest(w, i, next, err);
    if (firn_dialect_is_word(w, i, "FETCH")) return write_fetch(w, i, next, err);
    if (firn_dialect_is_symbol(w, i, ")")) return write_nulls(w, i, next, err);
    if (!is_spark(w)) return FIRN_OK;
    if (firn_dialect_is_word(w, i, "window")) return firn_dialect_window_name(w, i, next, err);
    FIRN_TRY(write_order(w, i, to, next, err));
    if (*next == i) FIRN_TRY(write_like(w, i, to, next, err));
    if (*next > i) return FIRN_OK;
    if (firn_dialect_is_symbol(w, i, "^"))
        return firn_sql_fail(err, firn_dialect_token(w, i)->offset,
                             "not supported: the operator ^ in dialect spark here");
    if (firn_dialect_is_symbol(w, i, "[")) return write_subscript(w, i, next, err);
    if (firn_dialect_is_word(w, i, "LATERAL")) return write_lateral(w, i, next, err);
    if (firn_dialect_is_word(w, i, "GROUP")) return write_grouping(w, i, to, next, err);
    FIRN_TRY(write_division(w, i, to, next, err));
    if (*next > i) return FIRN_OK;
    const char *operator= operator_at(w, i, &n_tokens);
    if (!operator) return FIRN_OK;
    *next = i + n_tokens;
    return firn_dialect_put(w, i, operator, err);
}
