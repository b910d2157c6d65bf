/* SPDX-License-Identifier: Apache-2.0 */
/* JSON_VALUE, JSON_QUERY, JSON_EXISTS and JSON_TABLE of the SQL standard, as Trino has them, in the
 * engine's functions on JSON. Those follow paths of members and indexes, with [*] at the end where
 * several values are asked for; other paths are firn_json_items()'s (engine_json_path.c). */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_functions.h"
#include "sql/engine/sql_json_path.h"

typedef enum otherwise_kind {
    OTHERWISE_NULL = 0,
    OTHERWISE_ERROR,
    OTHERWISE_DEFAULT,
    OTHERWISE_ARRAY,
    OTHERWISE_OBJECT,
} otherwise_kind;

/* What stands for a value that is not there, or is not as asked for. */
typedef struct otherwise {
    otherwise_kind kind;
    size_t from, to; /* of DEFAULT */
} otherwise;

typedef enum json_wrapper { WRAP_NEVER = 0, WRAP_MANY, WRAP_ALWAYS } json_wrapper;

/* One question to one JSON value. */
typedef struct json_question {
    size_t name;               /* token that errors point at */
    size_t from, to;           /* tokens of the JSON, */
    const char *row;           /* or the engine's words for it */
    firn_str path;             /* the engine's */
    firn_str items;            /* data: what is found at this path is an array, path is in that */
    bool is_strict, is_all;    /* all: "[*]" was at its end, and is cut */
    size_t type_from, type_to; /* RETURNING; equal: none */
    otherwise on_empty, on_error;
    json_wrapper wrapper;
    bool is_bare; /* OMIT QUOTES */
} json_question;

static firn_status refuse(const firn_dialect_writer *w, const json_question *q, const char *what,
                          firn_error *err)
{
    const firn_token *name = firn_dialect_token(w, q->name);
    (void)firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %.*s with %s in dialect trino",
                    FIRN_STR_ARG(name->text), what);
    if (err) err->position = name->offset;
    return FIRN_ERR_UNSUPPORTED;
}

/* ---- reading ---- */

static bool take(const firn_dialect_writer *w, size_t *i, const char *word)
{
    if (!firn_dialect_is_word(w, *i, word)) return false;
    (*i)++;
    return true;
}

/* One value of what is found at the path. */
static firn_status ask_items(const firn_dialect_writer *w, json_question *q, firn_str path,
                             firn_error *err)
{
    const firn_json_path *parsed = NULL;
    const firn_status st = firn_json_path_parse(path, w->arena, &parsed, err);
    if (st != FIRN_OK && err) err->position = firn_dialect_token(w, q->name)->offset;
    q->items = path;
    q->path = FIRN_STR("$[0]");
    q->is_all = false;
    return st;
}

/* The path at token i; is_many: several values are rows, or elements in a wrapper. */
static firn_status read_path(const firn_dialect_writer *w, size_t i, bool is_many, json_question *q,
                             firn_error *err)
{
    firn_str whole;
    if (!firn_dialect_string(w, i, &whole)) return refuse(w, q, "such a path", err);
    firn_str path = whole;
    q->is_strict = firn_str_starts_with(path, FIRN_STR("strict "));
    if (q->is_strict) path = firn_str_slice(path, 7, path.len);
    if (firn_str_starts_with(path, FIRN_STR("lax "))) path = firn_str_slice(path, 4, path.len);
    q->is_all = is_many && firn_str_ends_with(path, FIRN_STR("[*]"));
    if (q->is_all) path = firn_str_slice(path, 0, path.len - 3);
    for (size_t k = 0; k < path.len; k++) {
        if (strchr("?(@*,", path.data[k])) return ask_items(w, q, whole, err);
    }
    q->path = path;
    return path.len > 0 ? FIRN_OK : refuse(w, q, "such a path", err);
}

/* "NULL ON EMPTY" and the like at *i. False: not one. */
static bool read_otherwise(const firn_dialect_writer *w, size_t *i, size_t to, json_question *q)
{
    size_t at = *i;
    otherwise found = {0};
    if (take(w, &at, "ERROR")) {
        found.kind = OTHERWISE_ERROR;
    } else if (take(w, &at, "EMPTY")) {
        found.kind = firn_dialect_is_word(w, at, "OBJECT") ? OTHERWISE_OBJECT : OTHERWISE_ARRAY;
        at++;
    } else if (take(w, &at, "DEFAULT")) {
        found.kind = OTHERWISE_DEFAULT;
        found.from = at;
        while (at < to && !firn_dialect_is_word(w, at, "ON")) at = firn_dialect_skip(w, at);
        found.to = at;
    } else if (!take(w, &at, "NULL")) {
        return false;
    }
    if (!take(w, &at, "ON")) return false;
    if (take(w, &at, "EMPTY"))
        q->on_empty = found;
    else if (take(w, &at, "ERROR"))
        q->on_error = found;
    else
        return false;
    *i = at;
    return true;
}

static bool read_wrapper(const firn_dialect_writer *w, size_t *i, json_question *q)
{
    size_t at = *i;
    const bool has_none = take(w, &at, "WITHOUT");
    if (!has_none && !take(w, &at, "WITH")) return false;
    if (!has_none) q->wrapper = WRAP_ALWAYS;
    if (take(w, &at, "CONDITIONAL")) q->wrapper = WRAP_MANY;
    (void)take(w, &at, "UNCONDITIONAL");
    (void)take(w, &at, "ARRAY");
    if (!take(w, &at, "WRAPPER")) return false;
    *i = at;
    return true;
}

static bool read_quotes(const firn_dialect_writer *w, size_t *i, json_question *q)
{
    size_t at = *i;
    q->is_bare = take(w, &at, "OMIT");
    if (!q->is_bare && !take(w, &at, "KEEP")) return false;
    if (!take(w, &at, "QUOTES")) return false;
    if (take(w, &at, "ON")) at += 2; /* SCALAR STRING */
    *i = at;
    return true;
}

/* The clauses [i, to) behind a path. False: others. */
static bool read_clauses(const firn_dialect_writer *w, size_t i, size_t to, json_question *q)
{
    while (i < to) {
        if (take(w, &i, "RETURNING")) {
            q->type_from = i++;
            if (firn_dialect_is_symbol(w, i, "(")) i = firn_dialect_skip(w, i);
            q->type_to = i;
        } else if (!read_otherwise(w, &i, to, q) && !read_wrapper(w, &i, q) &&
                   !read_quotes(w, &i, q)) {
            return false;
        }
    }
    return i == to;
}

/* ---- writing ---- */

static firn_status put_json(firn_dialect_writer *w, const json_question *q, firn_error *err)
{
    if (q->row) return firn_dialect_put(w, q->name, q->row, err);
    FIRN_TRY(firn_dialect_put(w, q->name, "firn_json(", err));
    FIRN_TRY(firn_dialect_emit(w, q->from, q->to, err));
    return firn_dialect_put(w, q->name, ")", err);
}

/* The JSON, or what is found in it. */
static firn_status put_source(firn_dialect_writer *w, const json_question *q, firn_error *err)
{
    if (!q->items.data) return put_json(w, q, err);
    FIRN_TRY(firn_dialect_put(w, q->name, "firn_json_items(CAST(json(", err));
    FIRN_TRY(put_json(w, q, err));
    FIRN_TRY(firn_dialect_put(w, q->name, ") AS VARCHAR), ", err));
    FIRN_TRY(firn_dialect_put_string(w, q->name, q->items, err));
    return firn_dialect_put(w, q->name, ")", err);
}

/* "function(source, path)" */
static firn_status put_asked(firn_dialect_writer *w, const json_question *q, const char *function,
                             firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, q->name, function, err));
    FIRN_TRY(firn_dialect_put(w, q->name, "(", err));
    FIRN_TRY(put_source(w, q, err));
    FIRN_TRY(firn_dialect_put(w, q->name, ", ", err));
    FIRN_TRY(firn_dialect_put_string(w, q->name, q->path, err));
    return firn_dialect_put(w, q->name, ")", err);
}

static firn_status put_otherwise(firn_dialect_writer *w, const json_question *q, const otherwise *o,
                                 firn_error *err)
{
    switch (o->kind) {
    case OTHERWISE_NULL: return firn_dialect_put(w, q->name, "NULL", err);
    case OTHERWISE_ARRAY: return firn_dialect_put(w, q->name, "'[]'", err);
    case OTHERWISE_OBJECT: return firn_dialect_put(w, q->name, "'{}'", err);
    case OTHERWISE_ERROR:
        return firn_dialect_put(w, q->name, "error('found no such value in the JSON')", err);
    case OTHERWISE_DEFAULT: break;
    }
    FIRN_TRY(firn_dialect_put(w, q->name, "(", err));
    FIRN_TRY(firn_dialect_emit(w, o->from, o->to, err));
    return firn_dialect_put(w, q->name, ")", err);
}

/* "CASE WHEN null THEN NULL WHEN no JSON .. WHEN nothing there .. " */
static firn_status begin_cases(firn_dialect_writer *w, const json_question *q, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, q->name, "CASE ", err));
    if (!q->row) {
        FIRN_TRY(firn_dialect_put(w, q->name, "WHEN (", err));
        FIRN_TRY(firn_dialect_emit(w, q->from, q->to, err));
        FIRN_TRY(firn_dialect_put(w, q->name, ") IS NULL THEN NULL WHEN ", err));
        FIRN_TRY(put_source(w, q, err));
        FIRN_TRY(firn_dialect_put(w, q->name, " IS NULL THEN ", err));
        FIRN_TRY(put_otherwise(w, q, &q->on_error, err));
        FIRN_TRY(firn_dialect_put(w, q->name, " ", err));
    }
    FIRN_TRY(firn_dialect_put(w, q->name, "WHEN ", err));
    FIRN_TRY(put_asked(w, q, "json_type", err));
    FIRN_TRY(firn_dialect_put(w, q->name, " IS NULL THEN ", err));
    const bool is_wrong = q->is_strict && !q->items.data;
    FIRN_TRY(put_otherwise(w, q, is_wrong ? &q->on_error : &q->on_empty, err));
    return firn_dialect_put(w, q->name, " ", err);
}

/* "WHEN there are several THEN that is an error" */
static firn_status put_only_one(firn_dialect_writer *w, const json_question *q, firn_error *err)
{
    if (!q->items.data) return FIRN_OK;
    FIRN_TRY(firn_dialect_put(w, q->name, "WHEN json_array_length(", err));
    FIRN_TRY(put_source(w, q, err));
    FIRN_TRY(firn_dialect_put(w, q->name, ") > 1 THEN ", err));
    FIRN_TRY(put_otherwise(w, q, &q->on_error, err));
    return firn_dialect_put(w, q->name, " ", err);
}

/* Text at the path as RETURNING says. */
static firn_status put_typed(firn_dialect_writer *w, const json_question *q, firn_error *err)
{
    if (q->type_from == q->type_to) return put_asked(w, q, "json_extract_string", err);
    FIRN_TRY(firn_dialect_put(w, q->name, "coalesce(TRY_CAST(", err));
    FIRN_TRY(put_asked(w, q, "json_extract_string", err));
    FIRN_TRY(firn_dialect_put(w, q->name, " AS ", err));
    FIRN_TRY(firn_dialect_copy(w, q->type_from, q->type_to, err));
    FIRN_TRY(firn_dialect_put(w, q->name, "), ", err));
    FIRN_TRY(put_otherwise(w, q, &q->on_error, err));
    return firn_dialect_put(w, q->name, ")", err);
}

static firn_status put_value(firn_dialect_writer *w, const json_question *q, firn_error *err)
{
    FIRN_TRY(begin_cases(w, q, err));
    FIRN_TRY(put_only_one(w, q, err));
    FIRN_TRY(firn_dialect_put(w, q->name, "WHEN ", err));
    FIRN_TRY(put_asked(w, q, "json_type", err));
    FIRN_TRY(firn_dialect_put(w, q->name, " IN ('OBJECT', 'ARRAY') THEN ", err));
    FIRN_TRY(put_otherwise(w, q, &q->on_error, err));
    FIRN_TRY(firn_dialect_put(w, q->name, " WHEN ", err));
    FIRN_TRY(put_asked(w, q, "json_type", err));
    FIRN_TRY(firn_dialect_put(w, q->name, " = 'NULL' THEN NULL ELSE ", err));
    FIRN_TRY(put_typed(w, q, err));
    return firn_dialect_put(w, q->name, " END", err);
}

/* "WHEN it is one object or array THEN that": a conditional wrapper. */
static firn_status put_unwrapped(firn_dialect_writer *w, const json_question *q, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, q->name, "WHEN ", err));
    if (q->items.data) {
        FIRN_TRY(firn_dialect_put(w, q->name, "json_array_length(", err));
        FIRN_TRY(put_source(w, q, err));
        FIRN_TRY(firn_dialect_put(w, q->name, ") = 1 AND ", err));
    }
    FIRN_TRY(put_asked(w, q, "json_type", err));
    FIRN_TRY(firn_dialect_put(w, q->name, " IN ('OBJECT', 'ARRAY') THEN CAST(", err));
    FIRN_TRY(put_asked(w, q, "json_extract", err));
    return firn_dialect_put(w, q->name, " AS VARCHAR) ", err);
}

/* Of "[*]" the array is what its elements in a wrapper are. */
static firn_status put_query(firn_dialect_writer *w, const json_question *q, firn_error *err)
{
    const bool wraps = q->wrapper != WRAP_NEVER && !q->is_all;
    FIRN_TRY(begin_cases(w, q, err));
    if (q->wrapper == WRAP_NEVER) FIRN_TRY(put_only_one(w, q, err));
    if (q->wrapper == WRAP_MANY && !q->is_all) FIRN_TRY(put_unwrapped(w, q, err));
    if (wraps && q->items.data) {
        FIRN_TRY(firn_dialect_put(w, q->name, "ELSE ", err));
        FIRN_TRY(put_source(w, q, err));
        return firn_dialect_put(w, q->name, " END", err);
    }
    FIRN_TRY(firn_dialect_put(w, q->name, wraps ? "ELSE '[' || CAST(" : "ELSE CAST(", err));
    FIRN_TRY(put_asked(w, q, q->is_bare ? "json_extract_string" : "json_extract", err));
    return firn_dialect_put(w, q->name, wraps ? " AS VARCHAR) || ']' END" : " AS VARCHAR) END",
                            err);
}

firn_status firn_dialect_sql_json(firn_dialect_writer *w, const firn_dialect_call *call,
                                  firn_error *err)
{
    json_question q = {.name = call->name, .from = call->args[0], .to = call->args[1] - 1};
    const bool is_query = firn_dialect_is_word(w, call->name, "json_query");
    if (!read_clauses(w, call->args[1] + 1, call->close, &q))
        return refuse(w, &q, "such a clause", err);
    FIRN_TRY(read_path(w, call->args[1], is_query && q.wrapper != WRAP_NEVER, &q, err));
    if (is_query) return put_query(w, &q, err);
    if (firn_dialect_is_word(w, call->name, "json_value")) return put_value(w, &q, err);
    FIRN_TRY(firn_dialect_put(w, call->name, "(", err));
    FIRN_TRY(put_asked(w, &q, "json_type", err));
    return firn_dialect_put(w, call->name, " IS NOT NULL)", err);
}

/* ---- JSON_TABLE(json, path COLUMNS (a bigint PATH 'lax $.a', n FOR ORDINALITY)) ---- */

/* A column at i, which ends at to. */
static firn_status put_column(firn_dialect_writer *w, size_t i, size_t to, firn_error *err)
{
    json_question q = {.name = i, .row = "\"firn_row\""};
    size_t clauses = i + 1;
    const bool is_counter = firn_dialect_is_word(w, i + 1, "FOR");
    if (firn_dialect_is_word(w, i, "NESTED")) return refuse(w, &q, "PATH of a table", err);
    while (clauses < to && !firn_dialect_is_word(w, clauses, "PATH"))
        clauses = firn_dialect_skip(w, clauses);
    if (is_counter) {
        FIRN_TRY(firn_dialect_put(w, i, "\"firn_n\"", err));
    } else {
        const bool is_json = clauses >= i + 3 && firn_dialect_is_word(w, clauses - 2, "FORMAT");
        q.type_from = i + 1;
        q.type_to = clauses - (is_json ? 2 : 0);
        if (!read_clauses(w, clauses + 2, to, &q)) return refuse(w, &q, "such a clause", err);
        FIRN_TRY(read_path(w, clauses + 1, is_json && q.wrapper != WRAP_NEVER, &q, err));
        FIRN_TRY(is_json ? put_query(w, &q, err) : put_value(w, &q, err));
    }
    FIRN_TRY(firn_dialect_put(w, i, " AS ", err));
    if (firn_dialect_token(w, i)->kind == FIRN_TOKEN_QUOTED)
        return firn_dialect_copy(w, i, i + 1, err);
    const firn_str name = w->t[i].text; /* heads the column in capitals */
    char *capitals = firn_arena_alloc(w->arena, name.len + 1);
    if (!capitals) return firn_fail_nomem(err);
    for (size_t k = 0; k < name.len; k++) {
        const char c = name.data[k];
        capitals[k] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return firn_dialect_put_name(w, i, (firn_str){capitals, name.len}, err);
}

/* Rows: the elements of the path, or what is at it. */
static firn_status put_rows(firn_dialect_writer *w, const json_question *q, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, q->name, "coalesce(", err));
    if (q->is_all) {
        FIRN_TRY(firn_dialect_put(w, q->name, "CAST(CASE WHEN ", err));
        FIRN_TRY(put_asked(w, q, "json_type", err));
        FIRN_TRY(firn_dialect_put(w, q->name, " = 'ARRAY' THEN ", err));
        FIRN_TRY(put_asked(w, q, "json_extract", err));
        FIRN_TRY(firn_dialect_put(w, q->name, " END AS JSON[]), CASE WHEN ", err));
    } else {
        FIRN_TRY(firn_dialect_put(w, q->name, "CASE WHEN ", err));
    }
    FIRN_TRY(put_asked(w, q, "json_type", err));
    FIRN_TRY(firn_dialect_put(w, q->name, " IS NOT NULL THEN [", err));
    FIRN_TRY(put_asked(w, q, "json_extract", err));
    return firn_dialect_put(w, q->name, "] END, CAST([] AS JSON[]))", err);
}

firn_status firn_dialect_json_table(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    const size_t open = i + 1;
    const size_t close = w->match[open];
    size_t comma = open + 1;
    while (comma < close && !firn_dialect_is_symbol(w, comma, ","))
        comma = firn_dialect_skip(w, comma);
    json_question q = {.name = i, .from = open + 1, .to = comma};
    const size_t columns = comma + 2;
    if (comma >= close) return refuse(w, &q, "such a path", err);
    FIRN_TRY(read_path(w, comma + 1, true, &q, err));
    if (q.items.data) { /* all that is found */
        q.path = FIRN_STR("$");
        q.is_all = true;
    }
    if (!firn_dialect_is_word(w, columns, "COLUMNS") ||
        !firn_dialect_is_symbol(w, columns + 1, "(") || w->match[columns + 1] != close - 1)
        return refuse(w, &q, "such a clause", err);
    *next = close + 1;
    FIRN_TRY(firn_dialect_put(w, i, "LATERAL (SELECT ", err));
    for (size_t at = columns + 2; at < close - 1;) {
        size_t end = at;
        while (end < close - 1 && !firn_dialect_is_symbol(w, end, ","))
            end = firn_dialect_skip(w, end);
        FIRN_TRY(put_column(w, at, end, err));
        if (end < close - 1) FIRN_TRY(firn_dialect_put(w, end, ", ", err));
        at = end + 1;
    }
    FIRN_TRY(firn_dialect_put(w, i, " FROM (SELECT unnest(", err));
    FIRN_TRY(put_rows(w, &q, err));
    FIRN_TRY(firn_dialect_put(w, i, ") AS \"firn_row\", unnest(range(1, 1 + len(", err));
    FIRN_TRY(put_rows(w, &q, err));
    return firn_dialect_put(w, i, "))) AS \"firn_n\"))", err);
}
