/* SPDX-License-Identifier: Apache-2.0 */
/* GROUP BY k, session_window(ts, '5 minutes') of Spark: rows of a key are of one session while each
 * is not later than the end of those before it, which is its time and the gap. What is grouped
 * becomes a query over the source that gives each row its session_window; it keeps the name of the
 * source. Fixed windows are dialect_builders.c. */
#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_functions.h"

#define MAX_KEYS 64

typedef struct sessions {
    size_t source, source_end; /* behind FROM */
    size_t where, where_end;   /* the condition; equal: none */
    size_t time, time_end, gap, gap_end;
    size_t keys[MAX_KEYS], keys_end[MAX_KEYS];
    size_t n_keys;
} sessions;

static size_t find_word(const firn_dialect_writer *w, size_t i, size_t to, const char *word)
{
    while (i < to && !firn_dialect_is_word(w, i, word) && !firn_dialect_is_symbol(w, i, ")"))
        i = firn_dialect_skip(w, i);
    return i < to && firn_dialect_is_word(w, i, word) ? i : to;
}

static size_t item_end(const firn_dialect_writer *w, size_t i, size_t to)
{
    while (i < to && !firn_dialect_is_symbol(w, i, ",")) i = firn_dialect_skip(w, i);
    return i;
}

/* The item [from, to) of GROUP BY. False: too many. */
static bool take_key(const firn_dialect_writer *w, size_t from, size_t to, sessions *out)
{
    const bool is_session =
        firn_dialect_is_word(w, from, "session_window") && firn_dialect_is_symbol(w, from + 1, "(");
    if (is_session) {
        const size_t close = w->match[from + 1];
        out->time = from + 2;
        out->time_end = item_end(w, out->time, close);
        out->gap = out->time_end + 1;
        out->gap_end = close;
        return out->gap < close;
    }
    if (out->n_keys == MAX_KEYS) return false;
    out->keys[out->n_keys] = from;
    out->keys_end[out->n_keys++] = to;
    return true;
}

/* Reads the query whose FROM is at i. False: it has no such windows. */
static bool read_query(const firn_dialect_writer *w, size_t i, size_t to, sessions *out)
{
    static const char *const k_ends[] = {"HAVING", "ORDER",  "SORT",      "LIMIT", "WINDOW",
                                         "UNION",  "EXCEPT", "INTERSECT", "MINUS", NULL};
    const size_t group = find_word(w, i, to, "GROUP");
    const size_t where = find_word(w, i, group, "WHERE");
    size_t end = group + 2;
    bool is_read = true;
    *out = (sessions){.source = i + 1, .source_end = where, .where = where + 1, .where_end = group};
    if (where == group) out->where = group;
    if (group >= to || !firn_dialect_is_word(w, group + 1, "BY")) return false;
    while (end < to && !firn_dialect_is_any(w, end, k_ends) && !firn_dialect_is_symbol(w, end, ")"))
        end = firn_dialect_skip(w, end);
    for (size_t from = group + 2; from < end && is_read;) {
        const size_t next = item_end(w, from, end);
        is_read = take_key(w, from, next, out);
        from = next + 1;
    }
    return is_read && out->time > 0;
}

/* ---- writing ---- */

static firn_status put_part(firn_dialect_writer *w, const char *before, size_t from, size_t to,
                            const char *after, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, from, before, err));
    FIRN_TRY(firn_dialect_emit(w, from, to, err));
    return firn_dialect_put(w, from, after, err);
}

/* "PARTITION BY a, b " */
static firn_status put_keys(firn_dialect_writer *w, const sessions *s, const char *last,
                            firn_error *err)
{
    for (size_t i = 0; i < s->n_keys; i++)
        FIRN_TRY(
            put_part(w, i > 0 ? ", (" : "PARTITION BY (", s->keys[i], s->keys_end[i], ")", err));
    if (!last) return FIRN_OK;
    FIRN_TRY(firn_dialect_put(w, s->source, s->n_keys > 0 ? ", " : "PARTITION BY ", err));
    return firn_dialect_put(w, s->source, last, err);
}

static firn_status put_end(firn_dialect_writer *w, const sessions *s, firn_error *err)
{
    FIRN_TRY(put_part(w, "(CAST((", s->time, s->time_end, ") AS TIMESTAMPTZ)", err));
    return put_part(w, " + CAST((", s->gap, s->gap_end, ") AS INTERVAL))", err);
}

/* The name that the source's columns have in front: its alias, or the last part of its own. */
static bool source_name(const firn_dialect_writer *w, const sessions *s, size_t *out)
{
    size_t last = s->source_end - 1;
    if (firn_dialect_is_symbol(w, last, ")") && w->match[last] != FIRN_NO_MATCH &&
        w->match[last] > s->source && firn_dialect_is_name(w, w->match[last] - 1))
        last = w->match[last] - 1; /* t(a, b) */
    *out = last;
    return firn_dialect_is_name(w, last) && !firn_dialect_is_word(w, last, "VALUES");
}

static firn_status put_alias(firn_dialect_writer *w, const sessions *s, firn_error *err)
{
    size_t name = 0;
    FIRN_TRY(firn_dialect_put(w, s->source, ") AS ", err));
    return source_name(w, s, &name) ? firn_dialect_copy(w, name, name + 1, err)
                                    : firn_dialect_put(w, s->source, "\"firn_source\"", err);
}

/* When the session of a row begins and ends. */
static firn_status put_bounds(firn_dialect_writer *w, const sessions *s, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, s->source, "struct_pack(\"start\" := ", err));
    FIRN_TRY(put_part(w, "min(CAST((", s->time, s->time_end, ") AS TIMESTAMPTZ)) OVER (", err));
    FIRN_TRY(put_keys(w, s, "\"firn_session\"", err));
    FIRN_TRY(firn_dialect_put(w, s->source, "), \"end\" := max(", err));
    FIRN_TRY(put_end(w, s, err));
    FIRN_TRY(firn_dialect_put(w, s->source, ") OVER (", err));
    FIRN_TRY(put_keys(w, s, "\"firn_session\"", err));
    return firn_dialect_put(w, s->source, ")) AS \"session_window\"", err);
}

/* Whether a row begins a session: it is later than the ends of those before it. */
static firn_status put_new(firn_dialect_writer *w, const sessions *s, firn_error *err)
{
    FIRN_TRY(put_part(w, "CASE WHEN (", s->time, s->time_end, ") <= max(", err));
    FIRN_TRY(put_end(w, s, err));
    FIRN_TRY(firn_dialect_put(w, s->source, ") OVER (", err));
    FIRN_TRY(put_keys(w, s, NULL, err));
    return put_part(w, " ORDER BY (", s->time, s->time_end,
                    ") ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) THEN 0 ELSE 1 END AS "
                    "\"firn_new\"",
                    err);
}

static firn_status put_source(firn_dialect_writer *w, const sessions *s, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, s->source,
                              "FROM (SELECT * EXCLUDE (\"firn_new\", \"firn_session\"), ", err));
    FIRN_TRY(put_bounds(w, s, err));
    FIRN_TRY(firn_dialect_put(w, s->source, " FROM (SELECT *, sum(\"firn_new\") OVER (", err));
    FIRN_TRY(put_keys(w, s, NULL, err));
    FIRN_TRY(put_part(w, " ORDER BY (", s->time, s->time_end,
                      ")) AS \"firn_session\" FROM (SELECT *, ", err));
    FIRN_TRY(put_new(w, s, err));
    FIRN_TRY(firn_dialect_put(w, s->source, " FROM ", err));
    FIRN_TRY(firn_dialect_emit(w, s->source, s->source_end, err));
    FIRN_TRY(put_part(w, " WHERE (", s->time, s->time_end, ") IS NOT NULL", err));
    if (s->where < s->where_end) FIRN_TRY(put_part(w, " AND (", s->where, s->where_end, ")", err));
    for (int i = 0; i < 3; i++) FIRN_TRY(put_alias(w, s, err));
    return firn_dialect_put(w, s->source, " ", err);
}

firn_status firn_dialect_session_windows(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                                         firn_error *err)
{
    sessions s;
    if (!read_query(w, i, to, &s)) return FIRN_OK;
    for (size_t k = 0; k < s.n_keys; k++) {
        if (firn_dialect_token(w, s.keys[k])->kind == FIRN_TOKEN_NUMBER)
            return firn_dialect_fail_at(
                w, s.keys[k], "not supported: session_window() beside a column's number", err);
    }
    for (size_t k = s.source; k < s.source_end; k = firn_dialect_skip(w, k)) {
        const bool is_values = firn_dialect_is_word(w, s.source, "VALUES");
        if (firn_dialect_is_word(w, k, "JOIN") || (firn_dialect_is_symbol(w, k, ",") && !is_values))
            return firn_dialect_fail_at(w, k, "not supported: session_window() of a join", err);
    }
    *next = s.where_end;
    return put_source(w, &s, err);
}
