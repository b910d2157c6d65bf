/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are words of DuckDB's grammar but not of Trino's: columns called "at", "desc" or
 * "offset" are quoted. Whether a word is a name is told by what stands around it.
 *
 * Not here: what a name means. */
#include <string.h>

#include "sql/dialect/dialect_writer.h"

/* Words that a value or a name follows. */
static const char *const k_openers[] = {
    "SELECT", "DISTINCT", "ALL",   "WHERE",  "AND",    "OR",       "NOT",     "ON",
    "BY",     "WHEN",     "THEN",  "ELSE",   "CASE",   "HAVING",   "BETWEEN", "LIKE",
    "IN",     "AS",       "SET",   "USING",  "FROM",   "JOIN",     "INTO",    "UPDATE",
    "ESCAPE", "IS",       "UNION", "EXCEPT", "VALUES", "INTERVAL", "TO",      NULL};

/* A value, or what closes one, ends at token i. */
static bool ends_value(const firn_dialect_writer *w, size_t i)
{
    const firn_token *token = firn_dialect_token(w, i);
    if (token->kind == FIRN_TOKEN_WORD) return !firn_dialect_is_any(w, i, k_openers);
    if (token->kind != FIRN_TOKEN_SYMBOL) return true;
    if (firn_token_is_symbol(token, "*") && i > 0) { /* all columns, or a product */
        return firn_dialect_is_word(w, i - 1, "SELECT") || firn_dialect_is_symbol(w, i - 1, ",") ||
               firn_dialect_is_symbol(w, i - 1, ".");
    }
    return token->text.len == 1 && strchr(")]}", token->text.data[0]) != NULL;
}

/* "INTERVAL '1' DAY", "INTERVAL -'1' DAY": the unit is at i. */
static bool is_unit(const firn_dialect_writer *w, size_t i)
{
    if (i < 2 || firn_dialect_token(w, i - 1)->kind != FIRN_TOKEN_STRING) return false;
    size_t before = i - 2;
    const bool has_sign =
        firn_dialect_is_symbol(w, before, "-") || firn_dialect_is_symbol(w, before, "+");
    if (has_sign && before > 0) before--;
    return firn_dialect_is_word(w, before, "INTERVAL");
}

/* "x name," and the like: a column's name without AS. */
static bool is_alias(const firn_dialect_writer *w, size_t i)
{
    static const char *const k_postfix[] = {"ASC", "DESC", "ISNULL", "NOTNULL", NULL};
    const bool is_last = firn_dialect_is_symbol(w, i + 1, ",") ||
                         firn_dialect_is_symbol(w, i + 1, ")") ||
                         firn_dialect_is_word(w, i + 1, "FROM") ||
                         firn_dialect_token(w, i + 1)->kind == FIRN_TOKEN_END;
    return is_last && !firn_dialect_is_any(w, i, k_postfix) && !is_unit(w, i);
}

/* A clause of Trino's that begins with the word, or goes on with it, where a value could begin. */
static bool is_clause(const firn_dialect_writer *w, size_t i)
{
    static const char *const k_bounds[] = {"LIMIT", "OFFSET", NULL};
    static const char *const k_sides[] = {"LEADING", "TRAILING", "BOTH", NULL};
    if (i == 0) return true;
    if (firn_dialect_is_any(w, i, k_bounds)) {
        return firn_dialect_token(w, i + 1)->kind == FIRN_TOKEN_NUMBER ||
               firn_dialect_token(w, i + 1)->kind == FIRN_TOKEN_PARAM ||
               firn_dialect_is_word(w, i + 1, "ALL");
    }
    if (firn_dialect_is_any(w, i, k_sides))
        return i > 1 && firn_dialect_is_symbol(w, i - 1, "(") &&
               firn_dialect_is_word(w, i - 2, "TRIM");
    return firn_dialect_is_window_clause(w, i) || firn_dialect_is_word(w, i - 1, "EXPLAIN");
}

bool firn_dialect_is_reserved_name(const firn_dialect_writer *w, size_t i)
{
    static const char *const k_words[] = {
        "AT",         "DESC",       "ASC",       "COLUMN",       "CHECK",         "PRIMARY",
        "UNIQUE",     "REFERENCES", "FOREIGN",   "WINDOW",       "OFFSET",        "LIMIT",
        "SHOW",       "SUMMARIZE",  "PIVOT",     "UNPIVOT",      "PIVOT_WIDER",   "PIVOT_LONGER",
        "QUALIFY",    "PLACING",    "RETURNING", "SYMMETRIC",    "ASYMMETRIC",    "INITIALLY",
        "DEFERRABLE", "VARIADIC",   "DO",        "TO",           "COLLATE",       "ANALYSE",
        "ANALYZE",    "LAMBDA",     "LEADING",   "TRAILING",     "BOTH",          "ONLY",
        "VERBOSE",    "ILIKE",      "FREEZE",    "CONCURRENTLY", "AUTHORIZATION", "COLLATION",
        "ANTI",       "SEMI",       "ASOF",      "BINARY",       "POSITIONAL",    "GLOB",
        "ISNULL",     "NOTNULL",    "OVERLAPS",  "UNPACK",       "SIMILAR",       NULL};
    /* Names of columns everywhere but behind a value. */
    static const char *const k_units[] = {"YEAR",   "MONTH",  "DAY",     "HOUR",    "MINUTE",
                                          "SECOND", "WEEK",   "QUARTER", "REPLACE", "EXCLUDE",
                                          "FILTER", "RENAME", "DECADE",  "CENTURY", NULL};
    if (firn_dialect_token(w, i)->kind != FIRN_TOKEN_WORD) return false;
    const bool is_unit_word = firn_dialect_is_any(w, i, k_units);
    if (!is_unit_word && !firn_dialect_is_any(w, i, k_words)) return false;
    if (firn_dialect_is_symbol(w, i + 1, "(")) return false;
    if (i == 0 || firn_dialect_is_symbol(w, i - 1, ".")) return false;
    if (firn_dialect_is_symbol(w, i + 1, ".")) return !is_unit_word;
    if (ends_value(w, i - 1)) return is_alias(w, i);
    return !is_unit_word && !is_clause(w, i);
}
