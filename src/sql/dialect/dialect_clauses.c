/* SPDX-License-Identifier: Apache-2.0 */
/* Operators and clauses of Spark and Trino that DuckDB spells otherwise: null-safe equality, DIV,
 * RLIKE, subscripts from zero, GROUP BY .. WITH ROLLUP, rows of VALUES without parentheses, names
 * that are words of the engine. What makes rows is dialect_generators.c. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_writer.h"

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

/* Behind a word that no operand ends with. */
static bool begins_value(const firn_dialect_writer *w, size_t i)
{
    static const char *const k_before[] = {"SELECT", "WHERE", "AND",     "OR",       "NOT",
                                           "BY",     "ON",    "WHEN",    "THEN",     "ELSE",
                                           "HAVING", "SET",   "BETWEEN", "DISTINCT", NULL};
    return i > 0 && firn_dialect_is_any(w, i - 1, k_before);
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
    if (is_first || !ends_operand(w, i - 1) || begins_value(w, i)) return NULL;
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
    FIRN_TRY(
        firn_dialect_put(w, i, w->opts->is_lenient ? "[firn_known_index(" : "[firn_index(", err));
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
    const char *const closing = w->opts->is_lenient ? ", 0)" : ")";
    if (is_div)
        FIRN_TRY(firn_dialect_put(w, i, "//", err));
    else
        FIRN_TRY(firn_dialect_copy(w, i, i + 1, err));
    FIRN_TRY(firn_dialect_put(w, i + 1, w->opts->is_lenient ? " nullif(" : " firn_divisor(", err));
    FIRN_TRY(firn_dialect_emit(w, i + 1, end, err));
    return firn_dialect_put(w, end - 1, closing, err);
}

/* ---- VALUES (1, 'a'): columns of Spark are col1, col2 ---- */

/* Token behind the rows that begin at i. */
static size_t rows_end(const firn_dialect_writer *w, size_t i, size_t to)
{
    while (i < to && firn_dialect_is_symbol(w, i, "(")) {
        i = firn_dialect_skip(w, i);
        if (!firn_dialect_is_symbol(w, i, ",")) break;
        i++;
    }
    return i;
}

static firn_status put_column_names(firn_dialect_writer *w, size_t row, firn_error *err)
{
    const size_t close = w->match[row];
    int n = 1;
    for (size_t i = row + 1; i < close; i = firn_dialect_skip(w, i))
        n += firn_dialect_is_symbol(w, i, ",");
    for (int i = 0; i < n; i++) {
        const firn_str name = firn_arena_printf(w->arena, "%scol%d", i > 0 ? ", " : "(", i + 1);
        if (!name.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_dialect_put(w, row, name.data, err));
    }
    return firn_dialect_put(w, row, ")", err);
}

/* A query of rows, or rows in FROM without names for their columns. */
static firn_status write_rows(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                              firn_error *err)
{
    static const char *const k_clauses[] = {
        "WHERE", "ORDER",  "LIMIT", "UNION", "GROUP",  "HAVING",  "JOIN",  "LEFT",
        "RIGHT", "FULL",   "INNER", "CROSS", "ON",     "LATERAL", "PIVOT", "INTERSECT",
        "MINUS", "EXCEPT", "SORT",  "WHEN",  "OFFSET", NULL};
    const bool is_query = i == 0 || firn_dialect_is_symbol(w, i - 1, "(");
    const bool is_from = i > 0 && firn_dialect_is_word(w, i - 1, "FROM");
    const size_t end = rows_end(w, i + 1, to);
    const bool has_as = firn_dialect_is_word(w, end, "AS");
    const bool has_name = has_as || (firn_dialect_is_name(w, end) && end < to &&
                                     !firn_dialect_is_any(w, end, k_clauses));
    const size_t name = end + has_as;
    const bool is_whole = w->match[i + 1] != FIRN_NO_MATCH && end <= to;
    if (!is_whole || (!is_query && !is_from)) return FIRN_OK;
    if (is_from && has_name && firn_dialect_is_symbol(w, name + 1, "(")) return FIRN_OK;
    *next = is_from && has_name ? name + 1 : end;
    FIRN_TRY(firn_dialect_put(w, i, is_query ? "SELECT * FROM (" : "(", err));
    FIRN_TRY(firn_dialect_copy(w, i, i + 1, err));
    FIRN_TRY(firn_dialect_put(w, i, " ", err));
    FIRN_TRY(firn_dialect_emit(w, i + 1, end, err));
    FIRN_TRY(firn_dialect_put(w, i, ") AS ", err));
    if (is_from && has_name)
        FIRN_TRY(firn_dialect_copy(w, name, name + 1, err));
    else
        FIRN_TRY(firn_dialect_put(w, i, "firn_values", err));
    return put_column_names(w, i + 1, err);
}

/* ---- VALUES 1, 2 ---- */

static firn_status write_values(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                firn_error *err)
{
    static const char *const k_ends[] = {"AS",     "ORDER",     "LIMIT", "UNION",
                                         "EXCEPT", "INTERSECT", NULL};
    const bool has_parentheses = firn_dialect_is_symbol(w, i + 1, "(");
    if (has_parentheses && is_spark(w)) return write_rows(w, i, to, next, err);
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
    const bool is_order = firn_dialect_is_word(w, i, "ORDER") ||
                          firn_dialect_is_word(w, i, "SORT") ||
                          firn_dialect_is_word(w, i, "CLUSTER");
    const bool is_group =
        i >= 2 && firn_dialect_is_symbol(w, i - 1, "(") && firn_dialect_is_word(w, i - 2, "GROUP");
    if (!is_order || is_group || !firn_dialect_is_word(w, i + 1, "BY")) return FIRN_OK;
    FIRN_TRY(firn_dialect_put(w, i, "ORDER BY", err));
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

/* DISTRIBUTE BY a, b: rows are not parted here. */
static size_t distribution_end(const firn_dialect_writer *w, size_t i, size_t to)
{
    static const char *const k_ends[] = {"SORT",      "ORDER", "CLUSTER", "LIMIT", "UNION",
                                         "INTERSECT", "MINUS", "EXCEPT",  NULL};
    if (!firn_dialect_is_word(w, i, "DISTRIBUTE") || !firn_dialect_is_word(w, i + 1, "BY"))
        return i;
    for (i += 2;
         i < to && !firn_dialect_is_any(w, i, k_ends) && !firn_dialect_is_symbol(w, i, ")");)
        i = firn_dialect_skip(w, i);
    return i;
}

/* t TABLESAMPLE (..) [REPEATABLE (n)] AS s: the engine has the name in front. */
static firn_status write_sample(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    size_t end = firn_dialect_skip(w, i + 1);
    if (!firn_dialect_is_symbol(w, i + 1, "(")) return FIRN_OK;
    if (firn_dialect_is_word(w, end, "REPEATABLE")) end = firn_dialect_skip(w, end + 1);
    if (!firn_dialect_is_word(w, end, "AS") || !firn_dialect_is_name(w, end + 1)) return FIRN_OK;
    *next = end + 2;
    FIRN_TRY(firn_dialect_copy(w, end, end + 2, err));
    FIRN_TRY(firn_dialect_put(w, i, " ", err));
    return firn_dialect_copy(w, i, end, err);
}

/* ---- names that are words of the engine ---- */

/* Where a value begins, and no value begins with the word: a column's name. */
static bool is_quoted_name(const firn_dialect_writer *w, size_t i)
{
    static const char *const k_words[] = {
        "AT",         "TO",        "COLUMN",  "SHOW",      "DO",        "DESC",       "ASC",
        "END",        "ONLY",      "GRANT",   "COLLATE",   "INTO",      "PLACING",    "LIMIT",
        "OFFSET",     "USING",     "QUALIFY", "PIVOT",     "UNPIVOT",   "FETCH",      "VARIADIC",
        "REFERENCES", "RETURNING", "ANALYZE", "INITIALLY", "SYMMETRIC", "DEFERRABLE", NULL};
    const firn_token *before = i > 0 ? firn_dialect_token(w, i - 1) : NULL;
    if (!before || firn_dialect_token(w, i)->kind != FIRN_TOKEN_WORD) return false;
    if (!firn_dialect_is_any(w, i, k_words)) return false;
    if (firn_token_is_symbol(before, ".")) return true;
    if (firn_dialect_is_symbol(w, i + 1, "(")) return false;
    if (firn_token_is_symbol(before, "|>")) return false;
    if (before->kind == FIRN_TOKEN_SYMBOL) return strchr("(,=<>!+-*/%|&", before->text.data[0]);
    return begins_value(w, i);
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

/* Queries with pipes in parentheses, names, DISTRIBUTE BY, TABLESAMPLE. */
static firn_status write_spark(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                               firn_error *err)
{
    const size_t close = firn_dialect_is_symbol(w, i, "(") ? w->match[i] : FIRN_NO_MATCH;
    if (close != FIRN_NO_MATCH && firn_dialect_has_pipes(w, i + 1, close)) {
        bool is_done = false;
        *next = close + 1;
        FIRN_TRY(firn_dialect_copy(w, i, i + 1, err));
        FIRN_TRY(firn_dialect_piped(w, i + 1, close, &is_done, err));
        return firn_dialect_put(w, close, ")", err);
    }
    if (is_quoted_name(w, i)) {
        *next = i + 1;
        return firn_dialect_put_name(w, i, w->t[i].text, err);
    }
    *next = distribution_end(w, i, to);
    const bool is_sample = *next == i && firn_dialect_is_word(w, i, "TABLESAMPLE");
    return is_sample ? write_sample(w, i, next, err) : FIRN_OK;
}

static firn_status spark_clause(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                firn_error *err)
{
    size_t n_tokens = 0;
    if (firn_dialect_is_word(w, i, "window")) return firn_dialect_window_name(w, i, next, err);
    if (firn_dialect_is_word(w, i, "FROM"))
        return firn_dialect_session_windows(w, i, to, next, err);
    FIRN_TRY(write_spark(w, i, to, next, err));
    if (*next > i) return FIRN_OK;
    FIRN_TRY(write_order(w, i, to, next, err));
    if (*next == i) FIRN_TRY(write_like(w, i, to, next, err));
    if (*next > i) return FIRN_OK;
    if (firn_dialect_is_symbol(w, i, "^"))
        return firn_sql_fail(err, firn_dialect_token(w, i)->offset,
                             "not supported: the operator ^ in dialect spark here");
    if (firn_dialect_is_symbol(w, i, "[")) return write_subscript(w, i, next, err);
    if (firn_dialect_is_word(w, i, "LATERAL")) return firn_dialect_lateral(w, i, next, err);
    if (firn_dialect_is_word(w, i, "GROUP")) return write_grouping(w, i, to, next, err);
    FIRN_TRY(write_division(w, i, to, next, err));
    if (*next > i) return FIRN_OK;
    const char *operator= operator_at(w, i, &n_tokens);
    if (!operator) return FIRN_OK;
    *next = i + n_tokens;
    return firn_dialect_put(w, i, operator, err);
}

firn_status firn_dialect_clause(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                firn_error *err)
{
    if (w->opts->dialect == FIRN_DIALECT_TRINO) {
        FIRN_TRY(firn_dialect_trino_clause(w, i, to, next, err));
        if (*next > i) return FIRN_OK;
    }
    if (firn_dialect_is_word(w, i, "VALUES")) return write_values(w, i, to, next, err);
    if (firn_dialect_is_word(w, i, "UNNEST")) return firn_dialect_unnest(w, i, next, err);
    if (firn_dialect_is_word(w, i, "FETCH")) return write_fetch(w, i, next, err);
    if (firn_dialect_is_symbol(w, i, ")")) return write_nulls(w, i, next, err);
    return is_spark(w) ? spark_clause(w, i, to, next, err) : FIRN_OK;
}
