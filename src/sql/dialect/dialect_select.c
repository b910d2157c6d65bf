/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a SELECT that have no name get the one that the dialect's engine gives them: "_col0"
 * in Trino; in Spark the expression itself. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/dialect/dialect_writer.h"
#include "sql/dialect/spark_names.h"
#include "sql/typing/typing.h"

#define MAX_NAME FIRN_SPARK_NAME_MAX

/* ---- what an item is ---- */

/* "a", "t.a", "t.*", "*" with EXCEPT and the like: has its name. */
static bool is_named(const firn_dialect_writer *w, size_t from, size_t to)
{
    static const char *const k_values[] = {"NULL",
                                           "TRUE",
                                           "FALSE",
                                           "CURRENT_DATE",
                                           "CURRENT_TIMESTAMP",
                                           "CURRENT_SCHEMA",
                                           "CURRENT_USER",
                                           "CURRENT_TIME",
                                           "LOCALTIMESTAMP",
                                           "CURRENT_CATALOG",
                                           NULL};
    size_t i = from;
    if (to == from + 1 && firn_dialect_is_any(w, from, k_values)) return false;
    while (firn_dialect_is_name(w, i) && firn_dialect_is_symbol(w, i + 1, ".")) i += 2;
    if (firn_dialect_is_symbol(w, i, "*")) return true;
    return firn_dialect_is_name(w, i) && i + 1 == to;
}

/* "x AS name", "x name". */
static bool has_alias(const firn_dialect_writer *w, size_t from, size_t to)
{
    static const char *const k_ends[] = {"END", "NULL", "TRUE", "FALSE", "UNKNOWN", NULL};
    static const char *const k_operators[] = {
        "AND",   "OR",      "NOT",    "IS",     "LIKE",     "ILIKE", "RLIKE",    "REGEXP",
        "IN",    "BETWEEN", "THEN",   "ELSE",   "WHEN",     "CASE",  "DISTINCT", "ALL",
        "DIV",   "ESCAPE",  "ZONE",   "FROM",   "AT",       "OVER",  "BY",       "TIME",
        "NULLS", "TO",      "SECOND", "EXISTS", "INTERVAL", NULL};
    if (to - from < 2) return false;
    const size_t last = to - 1;
    if (firn_dialect_is_symbol(w, last, ")")) { /* AS (a, b): names of several columns */
        const size_t open = w->match[last];
        return open != FIRN_NO_MATCH && open > from && firn_dialect_is_word(w, open - 1, "AS");
    }
    if (!firn_dialect_is_name(w, last)) return false;
    if (firn_dialect_is_word(w, last - 1, "AS")) return true;
    if (firn_dialect_is_any(w, last, k_ends)) return false;
    const firn_token *before = firn_dialect_token(w, last - 1);
    const bool is_suffix = before->kind == FIRN_TOKEN_NUMBER && firn_dialect_touches(w, last - 1);
    if (is_suffix) return false; /* 1.5D */
    if (before->kind == FIRN_TOKEN_SYMBOL) return strchr(")]}", before->text.data[0]) != NULL;
    if (before->kind == FIRN_TOKEN_WORD) return !firn_dialect_is_any(w, last - 1, k_operators);
    const bool is_interval = last >= from + 2 && firn_dialect_is_word(w, last - 2, "INTERVAL");
    return !is_interval;
}

size_t firn_dialect_item_end(const firn_dialect_writer *w, size_t from, size_t to)
{
    if (!has_alias(w, from, to)) return to;
    return firn_dialect_is_word(w, to - 2, "AS") ? to - 2 : to - 1;
}

/* ---- names ---- */

static bool is_operator(const firn_token *token)
{
    return token->kind == FIRN_TOKEN_SYMBOL && !strchr("()[]{}.,", token->text.data[0]);
}

/* Blanks around operators and words, after commas; strings without quotes. */
static void put_item(const firn_dialect_writer *w, size_t from, size_t to, firn_buf *out)
{
    for (size_t i = from; i < to; i++) {
        const firn_token *token = &w->t[i];
        const firn_token *before = i > from ? &w->t[i - 1] : NULL;
        firn_str text = token->text;
        const bool is_star =
            firn_token_is_symbol(token, "*") && before && firn_token_is_symbol(before, "(");
        const bool is_after_word = before && before->kind != FIRN_TOKEN_SYMBOL;
        const bool is_open = firn_token_is_symbol(token, "(");
        const bool is_after_star = before && i >= from + 2 && firn_token_is_symbol(before, "*") &&
                                   firn_token_is_symbol(&w->t[i - 2], "(");
        bool needs_blank =
            before && ((is_operator(before) && !is_after_star) ||
                       firn_token_is_symbol(before, ",") || (is_operator(token) && !is_star));
        if (is_after_word && token->kind != FIRN_TOKEN_SYMBOL) needs_blank = true;
        if (token->kind == FIRN_TOKEN_STRING) (void)firn_dialect_string(w, i, &text);
        if (token->kind == FIRN_TOKEN_QUOTED) text = firn_token_unquote(token, w->arena);
        if (is_star) text = FIRN_STR("1"); /* count(*) */
        if (firn_token_is(token, "current_database")) text = FIRN_STR("current_schema");
        if (out->len > MAX_NAME) return; /* it is cut anyway */
        if (needs_blank && !is_open) firn_buf_byte(out, ' ');
        firn_buf_str(out, text);
    }
}

static firn_status spark_name(firn_dialect_writer *w, size_t from, size_t to, firn_str *out,
                              firn_error *err)
{
    firn_buf buf;
    bool is_binary = false;
    firn_spark_name(w, from, to, out);
    if (out->len > MAX_NAME) out->len = MAX_NAME;
    if (out->data) return FIRN_OK;
    for (size_t i = from; i < to; i = firn_dialect_skip(w, i)) {
        is_binary |= is_operator(&w->t[i]) && i > from;
    }
    firn_buf_init(&buf, NULL, (size_t)1 << 16);
    if (is_binary) firn_buf_byte(&buf, '(');
    put_item(w, from, to, &buf);
    if (is_binary) firn_buf_byte(&buf, ')');
    const firn_status st = firn_buf_check(&buf, err);
    if (st == FIRN_OK) *out = firn_arena_copy(w->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    if (st == FIRN_OK && !out->data) return firn_fail_nomem(err);
    if (out->len > MAX_NAME) out->len = MAX_NAME;
    return st;
}

/* A column, written in other letters than its table has it: headed as written. */
static bool has_capitals(const firn_dialect_writer *w, size_t from, size_t to)
{
    const firn_token *last = firn_dialect_token(w, to - 1);
    const bool is_quoted =
        last->kind == FIRN_TOKEN_QUOTED && w->opts->dialect == FIRN_DIALECT_TRINO;
    if (last->kind != FIRN_TOKEN_WORD && !is_quoted) return false;
    if (!is_named(w, from, to)) return false;
    for (size_t i = 0; i < last->text.len; i++) {
        if (last->text.data[i] >= 'A' && last->text.data[i] <= 'Z') return true;
    }
    return false;
}

/* s.a of an array of structs is computed, so it has no name of its own; that of a field is none
 * that ORDER BY may use in the engine. */
static bool is_computed(firn_dialect_writer *w, size_t from, size_t to)
{
    const bool is_field = w->opts->dialect == FIRN_DIALECT_SPARK && to == from + 3 &&
                          firn_dialect_is_name(w, from) && firn_dialect_is_name(w, to - 1) &&
                          firn_dialect_is_symbol(w, from + 1, ".");
    if (is_field && !firn_spark_is_relation(w, w->t[from].text)) return true;
    for (size_t i = from; i < to; i++) {
        if (firn_edits_find(w->edits, FIRN_EDIT_INSTEAD, i)) return true;
    }
    return false;
}

static firn_status write_name(firn_dialect_writer *w, size_t from, size_t to, size_t index,
                              firn_error *err)
{
    firn_str name = {0};
    const bool is_trino = w->opts->dialect == FIRN_DIALECT_TRINO;
    const bool is_window = w->opts->dialect == FIRN_DIALECT_SPARK &&
                           firn_dialect_is_word(w, from, "window") && is_named(w, from, to) &&
                           firn_dialect_is_name(w, to - 1);
    const bool is_capital = from < to && (has_capitals(w, from, to) ||
                                          (is_named(w, from, to) && is_computed(w, from, to)));
    if (from >= to || (is_named(w, from, to) && !is_window && !is_capital) ||
        has_alias(w, from, to))
        return FIRN_OK;
    if (is_trino) {
        name = is_capital ? firn_token_unquote(&w->t[to - 1], w->arena)
                          : firn_arena_printf(w->arena, "_col%zu", index);
        if (!name.data) return firn_fail_nomem(err);
    } else {
        FIRN_TRY(spark_name(w, is_window || is_capital ? to - 1 : from, to, &name, err));
    }
    FIRN_TRY(firn_dialect_put(w, to - 1, " AS ", err));
    return firn_dialect_put_name(w, to - 1, name, err);
}

/* ---- the list ---- */

static bool ends_list(const firn_dialect_writer *w, size_t i)
{
    static const char *const k_ends[] = {
        "FROM",   "WHERE", "GROUP",   "HAVING", "ORDER",   "LIMIT",      "UNION",   "INTERSECT",
        "OFFSET", "FETCH", "LATERAL", "SORT",   "CLUSTER", "DISTRIBUTE", "QUALIFY", NULL};
    if (firn_dialect_is_window_clause(w, i)) return true;
    if (w->opts->dialect == FIRN_DIALECT_TRINO && firn_dialect_is_reserved_name(w, i)) return false;
    if (firn_dialect_is_word(w, i, "EXCEPT"))
        return !firn_dialect_is_symbol(w, i + 1, "(") || !firn_dialect_is_symbol(w, i - 1, "*");
    if (firn_dialect_is_word(w, i, "MINUS")) return true;
    if (firn_dialect_is_word(w, i, "FROM") && firn_dialect_is_word(w, i - 1, "DISTINCT"))
        return false;
    if (firn_dialect_is_word(w, i, "GROUP") && firn_dialect_is_word(w, i - 1, "WITHIN"))
        return false;
    return firn_dialect_is_any(w, i, k_ends) || firn_dialect_is_symbol(w, i, "|>");
}

static size_t list_end(const firn_dialect_writer *w, size_t i, size_t to)
{
    while (i < to && !ends_list(w, i)) {
        const bool is_closer = w->match[i] != FIRN_NO_MATCH && w->match[i] < i;
        if (is_closer) return i;
        i = firn_dialect_skip(w, i);
    }
    return i;
}

static firn_status write_item(firn_dialect_writer *w, size_t from, size_t to, size_t index,
                              firn_error *err)
{
    FIRN_TRY(firn_dialect_gap(w, from, err));
    FIRN_TRY(firn_dialect_emit(w, from, to, err));
    return write_name(w, from, to, index, err);
}

firn_status firn_dialect_list(firn_dialect_writer *w, size_t from, size_t to, size_t index,
                              firn_error *err)
{
    while (from < to) {
        size_t comma = from;
        while (comma < to && !firn_dialect_is_symbol(w, comma, ",")) {
            comma = firn_dialect_skip(w, comma);
        }
        if (comma > from) FIRN_TRY(write_item(w, from, comma, index++, err));
        if (comma == to) return FIRN_OK;
        FIRN_TRY(firn_dialect_gap(w, comma, err));
        FIRN_TRY(firn_dialect_copy(w, comma, comma + 1, err));
        from = comma + 1;
    }
    return FIRN_OK;
}

firn_status firn_dialect_select(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                firn_error *err)
{
    size_t first = i + 1;
    if (firn_dialect_is_word(w, first, "ALL")) first++;
    if (firn_dialect_is_word(w, first, "DISTINCT")) {
        first++;
        if (firn_dialect_is_word(w, first, "ON")) first = firn_dialect_skip(w, first + 1);
    }
    const size_t end = list_end(w, first, to);
    FIRN_TRY(firn_dialect_copy(w, i, first, err));
    *next = i;
    if (w->opts->dialect == FIRN_DIALECT_SPARK)
        FIRN_TRY(firn_dialect_generated(w, first, end, to, next, err));
    if (*next > i) return FIRN_OK;
    *next = end;
    return firn_dialect_list(w, first, end, 0, err);
}
