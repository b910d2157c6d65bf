/* SPDX-License-Identifier: Apache-2.0 */
/* Clauses of Trino that DuckDB has not or spells otherwise: TABLE(sequence(..)),
 * TABLE(exclude_columns(..)), FETCH FIRST n ROWS WITH TIES, TABLESAMPLE BERNOULLI (n), VALUES as a
 * statement. What cannot be said in DuckDB's words is refused here by its name. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_functions.h"

#define MAX_TABLE_ARGS 3

/* ---- what is refused ---- */

static firn_status refuse(const firn_dialect_writer *w, size_t i, const char *what, firn_error *err)
{
    (void)firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %s in dialect trino", what);
    if (err) err->position = firn_dialect_token(w, i)->offset;
    return FIRN_ERR_UNSUPPORTED;
}

/* ---- FROM TABLE(f(..)) ---- */

/* Arguments of the call whose parenthesis is at open: by place, or by "name => value". */
typedef struct table_args {
    size_t from[MAX_TABLE_ARGS], to[MAX_TABLE_ARGS]; /* equal: not given */
} table_args;

static bool read_table_args(const firn_dialect_writer *w, size_t open, const char *const *names,
                            table_args *out)
{
    const size_t close = w->match[open];
    size_t n = 0;
    *out = (table_args){0};
    for (size_t i = open + 1; i < close;) {
        size_t end = i;
        size_t place = n++;
        while (end < close && !firn_dialect_is_symbol(w, end, ",")) end = firn_dialect_skip(w, end);
        if (firn_dialect_is_name(w, i) && firn_dialect_is_symbol(w, i + 1, "=>")) {
            for (place = 0; names[place] && !firn_dialect_is_word(w, i, names[place]); place++) {
            }
            if (!names[place]) return false;
            i += 2;
        }
        if (place >= MAX_TABLE_ARGS || i >= end) return false;
        out->from[place] = i;
        out->to[place] = end;
        i = end + 1;
    }
    return true;
}

static firn_status put_bigint(firn_dialect_writer *w, size_t at, const table_args *args,
                              size_t which, const char *otherwise, firn_error *err)
{
    if (args->from[which] == args->to[which]) return firn_dialect_put(w, at, otherwise, err);
    FIRN_TRY(firn_dialect_put(w, at, "CAST(", err));
    FIRN_TRY(firn_dialect_emit(w, args->from[which], args->to[which], err));
    return firn_dialect_put(w, at, " AS BIGINT)", err);
}

/* sequence(start => 0, stop, step => 1) */
static firn_status write_sequence(firn_dialect_writer *w, size_t open, firn_error *err)
{
    static const char *const k_names[] = {"START", "STOP", "STEP", NULL};
    table_args args;
    if (!read_table_args(w, open, k_names, &args) || args.from[1] == args.to[1])
        return firn_dialect_fail_at(w, open - 1, "expected sequence(start, stop, step)", err);
    FIRN_TRY(firn_dialect_put(w, open, "(SELECT unnest(generate_series(", err));
    FIRN_TRY(put_bigint(w, open, &args, 0, "CAST(0 AS BIGINT)", err));
    FIRN_TRY(firn_dialect_put(w, open, ", ", err));
    FIRN_TRY(put_bigint(w, open, &args, 1, "", err));
    FIRN_TRY(firn_dialect_put(w, open, ", ", err));
    FIRN_TRY(put_bigint(w, open, &args, 2, "CAST(1 AS BIGINT)", err));
    return firn_dialect_put(w, open, ")) AS \"sequential_number\")", err);
}

/* exclude_columns(input => TABLE(t), columns => DESCRIPTOR(a, b)) */
static firn_status write_exclude(firn_dialect_writer *w, size_t open, firn_error *err)
{
    static const char *const k_names[] = {"INPUT", "COLUMNS", NULL};
    table_args args;
    const bool is_read = read_table_args(w, open, k_names, &args) &&
                         firn_dialect_is_word(w, args.from[0], "TABLE") &&
                         firn_dialect_is_symbol(w, args.from[0] + 1, "(") &&
                         firn_dialect_is_word(w, args.from[1], "DESCRIPTOR") &&
                         firn_dialect_is_symbol(w, args.from[1] + 1, "(");
    if (!is_read)
        return firn_dialect_fail_at(
            w, open - 1, "expected exclude_columns(input => TABLE(t), columns => DESCRIPTOR(a))",
            err);
    FIRN_TRY(firn_dialect_put(w, open, "(SELECT * EXCLUDE ", err));
    FIRN_TRY(firn_dialect_copy(w, args.from[1] + 1, args.to[1], err));
    FIRN_TRY(firn_dialect_put(w, open, " FROM ", err));
    FIRN_TRY(firn_dialect_emit(w, args.from[0] + 2, w->match[args.from[0] + 1], err));
    return firn_dialect_put(w, open, ")", err);
}

static firn_status write_table(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    static const char *const k_before[] = {"FROM", "JOIN", NULL};
    const bool is_source =
        i > 0 && (firn_dialect_is_any(w, i - 1, k_before) || firn_dialect_is_symbol(w, i - 1, ","));
    const size_t close = firn_dialect_is_symbol(w, i + 1, "(") ? w->match[i + 1] : FIRN_NO_MATCH;
    const size_t open = i + 3;
    if (!is_source || close == FIRN_NO_MATCH || !firn_dialect_is_symbol(w, open, "(") ||
        w->match[open] != close - 1)
        return FIRN_OK;
    *next = close + 1;
    if (firn_dialect_is_word(w, i + 2, "sequence")) return write_sequence(w, open, err);
    if (firn_dialect_is_word(w, i + 2, "exclude_columns")) return write_exclude(w, open, err);
    *next = i;
    return FIRN_OK;
}

/* ---- ORDER BY .. FETCH FIRST n ROWS WITH TIES ---- */

/* The list behind SELECT of the query that the clause at i ends; 0: not a plain SELECT. */
static size_t list_before(const firn_dialect_writer *w, size_t i)
{
    static const char *const k_sets[] = {"UNION", "EXCEPT", "INTERSECT", NULL};
    size_t select = FIRN_NO_MATCH;
    while (i > 0) {
        i--;
        const bool is_closer = w->match[i] != FIRN_NO_MATCH && w->match[i] < i;
        const bool is_opener = w->match[i] != FIRN_NO_MATCH && w->match[i] > i;
        if (is_opener || firn_dialect_is_any(w, i, k_sets)) break;
        if (is_closer)
            i = w->match[i];
        else if (firn_dialect_is_word(w, i, "SELECT"))
            select = i;
        if (select == i) break;
    }
    if (select == FIRN_NO_MATCH || firn_dialect_is_word(w, select + 1, "DISTINCT")) return 0;
    return select > 0 && firn_dialect_is_any(w, select - 1, k_sets) ? 0 : select + 1;
}

/* An item of ORDER BY; a number stands for the column of the list. */
static firn_status put_order_item(firn_dialect_writer *w, size_t list, size_t from, size_t to,
                                  firn_error *err)
{
    int64_t place = 0;
    const firn_token *token = firn_dialect_token(w, from);
    if (token->kind != FIRN_TOKEN_NUMBER || !firn_str_to_i64(token->text, &place))
        return firn_dialect_emit(w, from, to, err);
    size_t item = list;
    while (place > 1 && item < from && !firn_dialect_is_word(w, item, "FROM")) {
        place -= firn_dialect_is_symbol(w, item, ",");
        item = firn_dialect_skip(w, item);
    }
    if (place != 1) return firn_dialect_fail_at(w, from, "expected the number of a column", err);
    size_t end = item;
    while (end < from && !firn_dialect_is_symbol(w, end, ",") &&
           !firn_dialect_is_word(w, end, "ORDER") && !firn_dialect_is_word(w, end, "FROM"))
        end = firn_dialect_skip(w, end);
    FIRN_TRY(firn_dialect_emit(w, item, firn_dialect_item_end(w, item, end), err));
    FIRN_TRY(firn_dialect_put(w, from, " ", err));
    return firn_dialect_emit(w, from + 1, to, err);
}

/* "ORDER BY items FETCH FIRST n ROWS WITH TIES": the rows whose rank is at most n. */
static firn_status write_ties(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                              firn_error *err)
{
    size_t fetch = i + 2;
    while (fetch < to && !firn_dialect_is_word(w, fetch, "FETCH") &&
           !firn_dialect_is_symbol(w, fetch, ")"))
        fetch = firn_dialect_skip(w, fetch);
    const bool has_number = firn_dialect_token(w, fetch + 2)->kind == FIRN_TOKEN_NUMBER;
    const size_t with = fetch + 3 + has_number;
    const bool is_ties = fetch < to && firn_dialect_is_word(w, fetch, "FETCH") &&
                         firn_dialect_is_word(w, with, "WITH") &&
                         firn_dialect_is_word(w, with + 1, "TIES");
    if (!is_ties) return FIRN_OK;
    const size_t list = list_before(w, i);
    for (size_t k = i; k < fetch; k = firn_dialect_skip(w, k)) {
        if (firn_dialect_is_word(w, k, "OFFSET") && !firn_dialect_is_reserved_name(w, k))
            return refuse(w, k, "OFFSET before WITH TIES", err);
    }
    if (list == 0) return refuse(w, with, "WITH TIES of DISTINCT or of a set operation", err);
    FIRN_TRY(firn_dialect_put(w, i, "QUALIFY rank() OVER (ORDER BY ", err));
    for (size_t from = i + 2; from < fetch;) {
        size_t end = from;
        while (end < fetch && !firn_dialect_is_symbol(w, end, ",")) end = firn_dialect_skip(w, end);
        FIRN_TRY(put_order_item(w, list, from, end, err));
        if (end < fetch) FIRN_TRY(firn_dialect_put(w, end, ", ", err));
        from = end + 1;
    }
    FIRN_TRY(firn_dialect_put(w, fetch, ") <= ", err));
    if (has_number)
        FIRN_TRY(firn_dialect_copy(w, fetch + 2, fetch + 3, err));
    else
        FIRN_TRY(firn_dialect_put(w, fetch, "1", err));
    FIRN_TRY(firn_dialect_put(w, fetch, " ", err));
    *next = with + 2;
    return firn_dialect_emit(w, i, fetch, err);
}

/* ---- TABLESAMPLE BERNOULLI (10) ---- */

static firn_status write_sample(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    static const char *const k_methods[] = {"BERNOULLI", "SYSTEM", NULL};
    const size_t open = i + 2;
    if (!firn_dialect_is_any(w, i + 1, k_methods) || !firn_dialect_is_symbol(w, open, "(") ||
        w->match[open] == FIRN_NO_MATCH)
        return FIRN_OK;
    *next = w->match[open] + 1;
    FIRN_TRY(firn_dialect_copy(w, i, open + 1, err));
    FIRN_TRY(firn_dialect_emit(w, open + 1, *next - 1, err));
    return firn_dialect_put(w, open, " PERCENT)", err);
}

/* ---- VALUES (1, 'a'), (2, 'b') ---- */

/* As a statement: its columns are _col0, _col1. */
static firn_status write_values(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                firn_error *err)
{
    static const char *const k_ends[] = {"ORDER", "LIMIT",  "OFFSET",    "FETCH",
                                         "UNION", "EXCEPT", "INTERSECT", NULL};
    size_t end = i + 1;
    size_t n_columns = 1;
    while (end < to && !firn_dialect_is_any(w, end, k_ends)) end = firn_dialect_skip(w, end);
    if (firn_dialect_is_symbol(w, i + 1, "(") && w->match[i + 1] != FIRN_NO_MATCH) {
        for (size_t k = i + 2; k < w->match[i + 1]; k = firn_dialect_skip(w, k))
            n_columns += firn_dialect_is_symbol(w, k, ",");
    }
    FIRN_TRY(firn_dialect_put(w, i, "SELECT * FROM (VALUES ", err));
    for (size_t from = i + 1; from < end;) {
        size_t comma = from;
        while (comma < end && !firn_dialect_is_symbol(w, comma, ","))
            comma = firn_dialect_skip(w, comma);
        const bool is_row =
            firn_dialect_is_symbol(w, from, "(") && firn_dialect_skip(w, from) == comma;
        if (!is_row) FIRN_TRY(firn_dialect_put(w, from, "(", err));
        FIRN_TRY(firn_dialect_emit(w, from, comma, err));
        if (!is_row) FIRN_TRY(firn_dialect_put(w, from, ")", err));
        if (comma < end) FIRN_TRY(firn_dialect_put(w, comma, ", ", err));
        from = comma + 1;
    }
    *next = end;
    FIRN_TRY(firn_dialect_put(w, i, ") AS \"_values\"(", err));
    for (size_t k = 0; k < n_columns; k++) {
        const firn_str name = firn_arena_printf(w->arena, "%s\"_col%zu\"", k > 0 ? ", " : "", k);
        if (!name.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_dialect_put(w, i, name.data, err));
    }
    return firn_dialect_put(w, i, ")", err);
}

/* ---- the question ---- */

firn_status firn_dialect_trino_clause(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                      firn_error *err)
{
    if (i > 0 && firn_dialect_is_symbol(w, i - 1, ".")) return FIRN_OK;
    if (firn_dialect_is_reserved_name(w, i)) {
        *next = i + 1;
        return firn_dialect_put_name(w, i, w->t[i].text, err);
    }
    if (firn_dialect_is_word(w, i, "TABLE")) return write_table(w, i, next, err);
    if (firn_dialect_is_word(w, i, "ORDER") && firn_dialect_is_word(w, i + 1, "BY"))
        return write_ties(w, i, to, next, err);
    if (firn_dialect_is_word(w, i, "JSON_TABLE") && firn_dialect_is_symbol(w, i + 1, "(") &&
        w->match[i + 1] != FIRN_NO_MATCH)
        return firn_dialect_json_table(w, i, next, err);
    if (firn_dialect_is_word(w, i, "TABLESAMPLE")) return write_sample(w, i, next, err);
    if (i == 0 && firn_dialect_is_word(w, i, "VALUES")) return write_values(w, i, to, next, err);
    if (firn_dialect_is_word(w, i, "MATCH_RECOGNIZE") && firn_dialect_is_symbol(w, i + 1, "("))
        return refuse(w, i, "MATCH_RECOGNIZE", err);
    if (firn_dialect_is_word(w, i, "WITH") && firn_dialect_is_word(w, i + 1, "FUNCTION") &&
        firn_dialect_is_symbol(w, i + 3, "(") && !firn_dialect_is_word(w, i + 2, "AS"))
        return refuse(w, i, "WITH FUNCTION inside of a statement", err);
    return FIRN_OK;
}
