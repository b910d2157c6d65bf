/* SPDX-License-Identifier: Apache-2.0 */
/* Calls whose arguments say what the result looks like: formats of to_char() and to_number(), JSON
 * objects and arrays of Trino, the rows of json_tuple(), the windows of window(). */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_functions.h"

static bool literal(const firn_dialect_writer *w, const firn_dialect_call *call, size_t arg,
                    firn_str *out)
{
    return call->args[arg + 1] == call->args[arg] + 2 &&
           firn_dialect_string(w, call->args[arg], out);
}

/* ---- formats ---- */

/* Digits of a format of numbers, and how many of them are behind the point. Formats of times have
 * letters that this one has not, or no digits. */
static bool is_number_format(firn_str format, int *n_digits, int *n_behind)
{
    bool is_behind = false;
    *n_digits = *n_behind = 0;
    for (size_t i = 0; i < format.len; i++) {
        const char c = format.data[i];
        if (!strchr("09.,$GDSMIPRgdsmipr", c)) return false;
        is_behind |= c == '.' || c == 'D' || c == 'd';
        *n_digits += c == '0' || c == '9';
        *n_behind += is_behind && (c == '0' || c == '9');
    }
    return *n_digits > 0;
}

/* to_char(454, '999'), to_char(DATE'2024-01-02', 'yyyy'), to_char(X'61', 'hex') */
firn_status firn_dialect_to_char(firn_dialect_writer *w, const firn_dialect_call *call,
                                 firn_error *err)
{
    static const char *const k_bytes[][2] = {
        {"hex", "hex("}, {"base64", "to_base64("}, {"utf-8", "decode("}, {"utf8", "decode("}};
    firn_str format;
    int n_digits = 0;
    int n_behind = 0;
    const bool is_known = literal(w, call, 1, &format);
    for (size_t i = 0; is_known && i < sizeof k_bytes / sizeof *k_bytes; i++) {
        if (firn_str_equals_nocase(format, firn_str_of(k_bytes[i][0])))
            return firn_dialect_put_arg(w, call, k_bytes[i][1], 0, ")", err);
    }
    if (is_known && !is_number_format(format, &n_digits, &n_behind))
        return firn_dialect_format_java(w, call, err);
    FIRN_TRY(firn_dialect_put_arg(w, call, "firn_number_text(CAST(", 0, " AS VARCHAR), ", err));
    return firn_dialect_put_arg(w, call, "", 1, ")", err);
}

/* to_number('12,454', '99,999'): a decimal of as many digits as the format has. */
firn_status firn_dialect_to_number(firn_dialect_writer *w, const firn_dialect_call *call,
                                   firn_error *err)
{
    firn_str format;
    int n_digits = 0;
    int n_behind = 0;
    char type[48];
    const bool is_try = firn_dialect_is_word(w, call->name, "try_to_number");
    if (!literal(w, call, 1, &format) || !is_number_format(format, &n_digits, &n_behind) ||
        n_digits > 38)
        return firn_dialect_fail_at(
            w, call->args[1], "expected a format of numbers in quotes, like '99,999.00'", err);
    (void)snprintf(type, sizeof type, " AS DECIMAL(%d,%d))", n_digits, n_behind);
    FIRN_TRY(firn_dialect_put_arg(w, call, "CAST(coalesce(firn_text_number(", 0, ", ", err));
    FIRN_TRY(firn_dialect_put_string(w, call->args[1], format, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ")", err));
    if (!is_try)
        FIRN_TRY(firn_dialect_put_arg(w, call, ", CASE WHEN (", 0,
                                      ") IS NOT NULL THEN error('not a number of the format') END",
                                      err));
    FIRN_TRY(firn_dialect_put(w, call->name, ")", err));
    return firn_dialect_put(w, call->name, type, err);
}

/* ---- JSON of Trino ---- */

/* What is JSON already is not quoted. */
static bool is_json(const firn_dialect_writer *w, size_t from, size_t to, size_t *end)
{
    static const char *const k_makers[] = {"json_object", "json_array", "json_query", NULL};
    *end = to;
    if (to >= from + 2 && firn_dialect_is_word(w, to - 1, "JSON") &&
        firn_dialect_is_word(w, to - 2, "FORMAT")) {
        *end = to - 2;
        return true;
    }
    return firn_dialect_is_any(w, from, k_makers) && firn_dialect_is_symbol(w, from + 1, "(") &&
           firn_dialect_skip(w, from + 1) == to;
}

/* "CASE WHEN (v) IS NOT NULL THEN the JSON of v ELSE 'null' END" */
static firn_status put_member(firn_dialect_writer *w, size_t from, size_t to, bool keeps_null,
                              firn_error *err)
{
    static const char *const k_never_null[] = {"json_object", "json_array", NULL};
    size_t end = to;
    const bool is_text = is_json(w, from, to, &end);
    if (is_text && end == to && firn_dialect_is_any(w, from, k_never_null))
        return firn_dialect_emit(w, from, to, err);
    FIRN_TRY(firn_dialect_put(w, from, "CASE WHEN (", err));
    FIRN_TRY(firn_dialect_emit(w, from, end, err));
    FIRN_TRY(firn_dialect_put(
        w, from, is_text ? ") IS NOT NULL THEN CAST(" : ") IS NOT NULL THEN CAST(to_json(", err));
    FIRN_TRY(firn_dialect_emit(w, from, end, err));
    FIRN_TRY(firn_dialect_put(w, from, is_text ? " AS VARCHAR)" : ") AS VARCHAR)", err));
    return firn_dialect_put(w, from, keeps_null ? " ELSE 'null' END" : " END", err);
}

/* NULL ON NULL, ABSENT ON NULL at the end of the arguments, which it shortens. */
static bool take_null_clause(const firn_dialect_writer *w, size_t from, size_t *to, bool by_default)
{
    const size_t at = *to - 3;
    if (*to < from + 3 || !firn_dialect_is_word(w, *to - 1, "NULL") ||
        !firn_dialect_is_word(w, *to - 2, "ON"))
        return by_default;
    if (!firn_dialect_is_word(w, at, "NULL") && !firn_dialect_is_word(w, at, "ABSENT"))
        return by_default;
    *to = at;
    return firn_dialect_is_word(w, at, "NULL");
}

/* "'key': value", "KEY 'key' VALUE value" */
static firn_status put_pair(firn_dialect_writer *w, size_t from, size_t to, bool keeps_null,
                            firn_error *err)
{
    if (firn_dialect_is_word(w, from, "KEY")) from++;
    size_t middle = from;
    while (middle < to && !firn_dialect_is_symbol(w, middle, ":") &&
           !firn_dialect_is_word(w, middle, "VALUE"))
        middle = firn_dialect_skip(w, middle);
    if (middle >= to || middle == from)
        return firn_dialect_fail_at(w, from, "expected a key and its value: 'key': value", err);
    FIRN_TRY(firn_dialect_put(w, from, "to_json(CAST(", err));
    FIRN_TRY(firn_dialect_emit(w, from, middle, err));
    FIRN_TRY(firn_dialect_put(w, from, " AS VARCHAR)) || ':' || ", err));
    return put_member(w, middle + 1, to, keeps_null, err);
}

/* json_object('a': 1), json_array(1, 2): texts. */
firn_status firn_dialect_json_build(firn_dialect_writer *w, const firn_dialect_call *call,
                                    firn_error *err)
{
    const bool is_object = firn_dialect_is_word(w, call->name, "json_object");
    size_t last = call->close;
    const bool keeps_null = take_null_clause(w, call->open + 1, &last, is_object);
    FIRN_TRY(firn_dialect_put(w, call->name, is_object ? "('{' || " : "('[' || ", err));
    FIRN_TRY(firn_dialect_put(w, call->name, "array_to_string(list_filter(CAST([", err));
    for (size_t i = 0; i < call->n_args; i++) {
        const size_t from = call->args[i];
        const size_t to = i + 1 == call->n_args ? last : call->args[i + 1] - 1;
        if (from >= to) continue;
        if (i > 0) FIRN_TRY(firn_dialect_put(w, call->name, ", ", err));
        if (is_object)
            FIRN_TRY(put_pair(w, from, to, keeps_null, err));
        else
            FIRN_TRY(put_member(w, from, to, keeps_null, err));
    }
    FIRN_TRY(firn_dialect_put(
        w, call->name, "] AS VARCHAR[]), lambda \"firn_x\": \"firn_x\" IS NOT NULL), ',') || ",
        err));
    return firn_dialect_put(w, call->name, is_object ? "'}')" : "']')", err);
}

/* ---- rows ---- */

/* json_tuple(text, 'a', 'b'): one row of texts. */
firn_status firn_dialect_json_tuple(firn_dialect_writer *w, const firn_dialect_call *call,
                                    firn_error *err)
{
    char name[32];
    FIRN_TRY(firn_dialect_put(w, call->name, "unnest([struct_pack(", err));
    for (size_t i = 1; i < call->n_args; i++) {
        (void)snprintf(name, sizeof name, "%sc%zu := ", i > 1 ? ", " : "", i - 1);
        FIRN_TRY(firn_dialect_put(w, call->name, name, err));
        FIRN_TRY(firn_dialect_put_arg(w, call, "json_extract_string(firn_json(", 0, "), '$.\"' || ",
                                      err));
        FIRN_TRY(firn_dialect_put_arg(w, call, "replace(", i, ", '\"', '\\\"') || '\"')", err));
    }
    return firn_dialect_put(w, call->name, ")], max_depth := 2)", err);
}

/* ---- windows of time ---- */

static bool is_same_literal(const firn_dialect_writer *w, const firn_dialect_call *call, size_t a,
                            size_t b)
{
    firn_str x, y;
    return literal(w, call, a, &x) && literal(w, call, b, &y) && firn_str_equals_nocase(x, y);
}

/* The window that a time is in: as long as the second argument, from the epoch on. */
static firn_status put_start(firn_dialect_writer *w, const firn_dialect_call *call, firn_error *err)
{
    FIRN_TRY(firn_dialect_put_arg(w, call, "time_bucket(CAST(", 1, " AS INTERVAL), CAST(", err));
    FIRN_TRY(firn_dialect_put_arg(w, call, "", 0,
                                  " AS TIMESTAMPTZ), TIMESTAMPTZ '1970-01-01 00:00:00+00'", err));
    if (call->n_args == 4)
        FIRN_TRY(firn_dialect_put_arg(w, call, " + CAST(", 3, " AS INTERVAL)", err));
    return firn_dialect_put(w, call->name, ")", err);
}

firn_status firn_dialect_window(firn_dialect_writer *w, const firn_dialect_call *call,
                                firn_error *err)
{
    if (call->n_args > 2 && !is_same_literal(w, call, 1, 2))
        return firn_dialect_fail_at(w, call->args[2],
                                    "not supported: window() with windows that overlap", err);
    FIRN_TRY(firn_dialect_put_arg(w, call, "CASE WHEN (", 0,
                                  ") IS NOT NULL THEN struct_pack(\"start\" := ", err));
    FIRN_TRY(put_start(w, call, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ", \"end\" := ", err));
    FIRN_TRY(put_start(w, call, err));
    return firn_dialect_put_arg(w, call, " + CAST(", 1, " AS INTERVAL)) END", err);
}

/* window(..) in the GROUP BY of the query that token i is in; SIZE_MAX: there is none. */
static size_t grouped_window(const firn_dialect_writer *w, size_t i)
{
    size_t at = i;
    while (at > 0 && !firn_dialect_is_word(w, at, "SELECT")) { /* of the query it is in */
        const size_t match = w->match[at - 1];
        at = match != FIRN_NO_MATCH && match < at - 1 ? match : at - 1;
    }
    bool is_group = false;
    for (; at + 1 < w->n; at = firn_dialect_skip(w, at)) {
        const size_t match = w->match[at];
        if (match != FIRN_NO_MATCH && match < at) break; /* its end */
        is_group |= firn_dialect_is_word(w, at, "GROUP");
        if (is_group && firn_dialect_is_word(w, at, "window") &&
            firn_dialect_is_symbol(w, at + 1, "("))
            return at;
    }
    return SIZE_MAX;
}

bool firn_dialect_is_window_clause(const firn_dialect_writer *w, size_t i)
{
    return firn_dialect_is_word(w, i, "WINDOW") && firn_dialect_is_name(w, i + 1) &&
           firn_dialect_is_word(w, i + 2, "AS") && firn_dialect_is_symbol(w, i + 3, "(");
}

firn_status firn_dialect_window_name(firn_dialect_writer *w, size_t i, size_t *next,
                                     firn_error *err)
{
    const bool is_part =
        i > 0 && (firn_dialect_is_symbol(w, i - 1, ".") || firn_dialect_is_word(w, i - 1, "AS"));
    if (firn_dialect_is_symbol(w, i + 1, "(") || firn_dialect_is_window_clause(w, i))
        return FIRN_OK;
    const size_t call = is_part ? SIZE_MAX : grouped_window(w, i);
    *next = i + 1;
    if (call == SIZE_MAX) return firn_dialect_put_name(w, i, w->t[i].text, err);
    FIRN_TRY(firn_dialect_put(w, i, "(", err));
    FIRN_TRY(firn_dialect_emit(w, call, firn_dialect_skip(w, call + 1), err));
    return firn_dialect_put(w, i, ")", err);
}
