/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of Spark and Trino that are written from their tokens: literals that name a type or a
 * part, calls with a tail, generators. */
#include "sql/dialect/dialect_functions.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

/* ---- texts ---- */

/* Lists and bytes are joined, too, so only one value of them is left as it is. */
firn_status firn_dialect_concat_texts(firn_dialect_writer *w, const firn_dialect_call *call,
                                      firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, call->name, call->n_args > 1 ? "(" : "(CAST(", err));
    for (size_t i = 0; i < call->n_args; i++)
        FIRN_TRY(
            firn_dialect_put_arg(w, call, i > 0 ? " || firn_part(" : "firn_part(", i, ")", err));
    return firn_dialect_put(w, call->name, call->n_args > 1 ? ")" : " AS VARCHAR))", err);
}

firn_status firn_dialect_elt(firn_dialect_writer *w, const firn_dialect_call *call, firn_error *err)
{
    char when[48];
    FIRN_TRY(firn_dialect_put_arg(w, call, "CASE ", 0, "", err));
    for (size_t i = 1; i < call->n_args; i++) {
        (void)snprintf(when, sizeof when, " WHEN %zu THEN CAST(", i);
        FIRN_TRY(firn_dialect_put_arg(w, call, when, i, " AS VARCHAR)", err));
    }
    FIRN_TRY(firn_dialect_put_arg(w, call, " ELSE CASE WHEN (", 0, "", err));
    return firn_dialect_put(w, call->name,
                            ") IS NOT NULL THEN error('an index that elt() does not have') END END",
                            err);
}

/* hash(a, b) is firn_hash(firn_hash(42, a), b). */
firn_status firn_dialect_hash(firn_dialect_writer *w, const firn_dialect_call *call,
                              firn_error *err)
{
    const bool is_long = firn_dialect_is_word(w, call->name, "xxhash64");
    for (size_t i = 0; i < call->n_args; i++)
        FIRN_TRY(firn_dialect_put(w, call->name, is_long ? "firn_hash64(" : "firn_hash(", err));
    FIRN_TRY(firn_dialect_put(w, call->name, "42", err));
    for (size_t i = 0; i < call->n_args; i++)
        FIRN_TRY(firn_dialect_put_arg(w, call, ", ", i, ")", err));
    return FIRN_OK;
}

/* ---- lists ---- */

/* sequence(a, b, step): numbers, or times when the step is an interval. */
firn_status firn_dialect_sequence(firn_dialect_writer *w, const firn_dialect_call *call,
                                  firn_error *err)
{
    const bool has_interval = firn_dialect_is_word(w, call->args[2], "INTERVAL");
    FIRN_TRY(
        firn_dialect_put(w, call->name, has_interval ? "firn_series(" : "firn_sequence(", err));
    FIRN_TRY(firn_dialect_emit(w, call->open + 1, call->close, err));
    return firn_dialect_put(w, call->name, ")", err);
}

/* zip_with(a, b, (x, y) -> body): the shorter is filled up with nulls. */
firn_status firn_dialect_zip_with(firn_dialect_writer *w, const firn_dialect_call *call,
                                  firn_error *err)
{
    const size_t open = call->args[2];
    const bool is_pair = firn_dialect_is_symbol(w, open, "(") &&
                         firn_dialect_is_symbol(w, open + 2, ",") &&
                         firn_dialect_is_symbol(w, open + 5, "->");
    if (!is_pair)
        return firn_dialect_fail_at(w, open, "expected a function of two elements: (x, y) -> ..",
                                    err);
    FIRN_TRY(firn_dialect_put_arg(w, call, "list_transform(list_zip(", 0, ", ", err));
    FIRN_TRY(firn_dialect_put_arg(
        w, call, "", 1, "), lambda \"firn_e\": list_transform([\"firn_e\"[1]], lambda ", err));
    FIRN_TRY(firn_dialect_copy(w, open + 1, open + 2, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ": list_transform([\"firn_e\"[2]], lambda ", err));
    FIRN_TRY(firn_dialect_copy(w, open + 3, open + 4, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ": ", err));
    FIRN_TRY(firn_dialect_emit(w, open + 6, call->close, err));
    return firn_dialect_put(w, call->name, ")[1])[1])", err);
}

/* Fields of the rows are named after columns, others are numbered from 0. */
firn_status firn_dialect_arrays_zip(firn_dialect_writer *w, const firn_dialect_call *call,
                                    firn_error *err)
{
    char part[48];
    FIRN_TRY(firn_dialect_put(w, call->name, "list_transform(list_zip(", err));
    FIRN_TRY(firn_dialect_emit(w, call->open + 1, call->close, err));
    FIRN_TRY(firn_dialect_put(w, call->name, "), lambda \"firn_e\": struct_pack(", err));
    for (size_t i = 0; i < call->n_args; i++) {
        const size_t last = call->args[i + 1] - 2;
        const bool is_chain = last == call->args[i] || firn_dialect_is_symbol(w, last - 1, ".");
        firn_str name = firn_arena_printf(w->arena, "%zu", i);
        if (is_chain && firn_dialect_is_name(w, last))
            name = firn_token_unquote(&w->t[last], w->arena);
        if (!name.data) return firn_fail_nomem(err);
        (void)snprintf(part, sizeof part, " := \"firn_e\"[%zu]", i + 1);
        if (i > 0) FIRN_TRY(firn_dialect_put(w, call->name, ", ", err));
        FIRN_TRY(firn_dialect_put_name(w, call->name, name, err));
        FIRN_TRY(firn_dialect_put(w, call->name, part, err));
    }
    return firn_dialect_put(w, call->name, "))", err);
}

/* ---- generators ---- */

/* stack(n, a, b, c, d): n rows of the values in turn. */
firn_status firn_dialect_stack(firn_dialect_writer *w, const firn_dialect_call *call,
                               firn_error *err)
{
    int64_t n_rows = 0;
    char name[32];
    const firn_token *count = firn_dialect_token(w, call->args[0]);
    const size_t n = call->n_args - 1;
    if (count->kind != FIRN_TOKEN_NUMBER || !firn_str_to_i64(count->text, &n_rows) || n_rows < 1)
        return firn_dialect_fail_at(w, call->args[0],
                                    "expected how many rows there are, as a number", err);
    const size_t width = (n + (size_t)n_rows - 1) / (size_t)n_rows;
    FIRN_TRY(firn_dialect_put(w, call->name, "unnest([", err));
    for (size_t i = 0; i < width * (size_t)n_rows && i < 1000; i++) {
        (void)snprintf(name, sizeof name, "col%zu := ", i % width);
        if (i % width == 0)
            FIRN_TRY(
                firn_dialect_put(w, call->name, i > 0 ? "), struct_pack(" : "struct_pack(", err));
        if (i % width > 0) FIRN_TRY(firn_dialect_put(w, call->name, ", ", err));
        FIRN_TRY(firn_dialect_put(w, call->name, name, err));
        if (i < n)
            FIRN_TRY(firn_dialect_emit_arg(w, call, i + 1, err));
        else
            FIRN_TRY(firn_dialect_put(w, call->name, "NULL", err));
    }
    return firn_dialect_put(w, call->name, ")], max_depth := 2)", err);
}

/* ---- first and last ---- */

static bool has_word(const firn_dialect_writer *w, const firn_dialect_call *call, const char *word)
{
    for (size_t i = call->close + 1; i < call->end; i = firn_dialect_skip(w, i)) {
        if (firn_dialect_is_word(w, i, word)) return true;
    }
    return false;
}

/* first(x [, true]) [IGNORE NULLS] [OVER ..]: of a group or of a window. */
firn_status firn_dialect_first(firn_dialect_writer *w, const firn_dialect_call *call,
                               firn_error *err)
{
    const bool is_last = firn_dialect_is_word(w, call->name, "LAST") ||
                         firn_dialect_is_word(w, call->name, "LAST_VALUE");
    const bool is_flagged = call->n_args > 1 && firn_dialect_is_word(w, call->args[1], "TRUE");
    const bool ignores = is_flagged || has_word(w, call, "IGNORE");
    size_t tail = call->close + 1;
    if (call->n_args > 1 && !is_flagged && !firn_dialect_is_word(w, call->args[1], "FALSE"))
        return firn_dialect_fail_at(w, call->args[1], "expected true or false", err);
    if (has_word(w, call, "NULLS")) tail += 2;
    if (has_word(w, call, "OVER")) {
        FIRN_TRY(
            firn_dialect_put_arg(w, call, is_last ? "last_value(" : "first_value(", 0, "", err));
        FIRN_TRY(firn_dialect_put(w, call->name, ignores ? " IGNORE NULLS) " : ") ", err));
    } else {
        FIRN_TRY(firn_dialect_put_arg(w, call, is_last ? "last(" : "first(", 0, ") ", err));
        if (ignores)
            FIRN_TRY(firn_dialect_put_arg(w, call, "FILTER (WHERE (", 0, ") IS NOT NULL) ", err));
    }
    return firn_dialect_emit(w, tail, call->end, err);
}

/* ---- json ---- */

/* A path of Hive or Trino as the engine writes it: $['a b'] is $."a b". data NULL: out of memory;
 * *is_known false: it is none of these. */
static firn_str engine_path(const firn_dialect_writer *w, firn_str path, bool *is_known)
{
    const char quote = w->opts->dialect == FIRN_DIALECT_SPARK ? '\'' : '"';
    char *out = firn_arena_alloc(w->arena, 2 * path.len + 4);
    size_t n = 0;
    *is_known = path.len > 0 && path.data[0] == '$';
    for (size_t i = 0; out && i < path.len; i++) {
        const bool opens = path.data[i] == '[' && i + 1 < path.len &&
                           (path.data[i + 1] == '\'' || path.data[i + 1] == '"');
        if (path.data[i] == '*') *is_known = false;
        if (!opens) {
            out[n++] = path.data[i];
            continue;
        }
        if (path.data[i + 1] != quote) *is_known = false;
        out[n++] = '.';
        out[n++] = '"';
        for (i += 2; i < path.len && path.data[i] != quote; i++) out[n++] = path.data[i];
        out[n++] = '"';
        i++; /* the bracket that closes */
    }
    return (firn_str){out, n};
}

static firn_status fail_path(const firn_dialect_writer *w, const firn_dialect_call *call,
                             const char *what, firn_error *err)
{
    return firn_sql_fail(err, firn_dialect_token(w, call->args[1])->offset,
                         "not supported: function %.*s with %s in dialect %s",
                         FIRN_STR_ARG(w->t[call->name].text), what,
                         firn_dialect_name(w->opts->dialect));
}

/* "function(firn_json(x), path)" */
static firn_status put_json(firn_dialect_writer *w, const firn_dialect_call *call,
                            const char *function, firn_str path, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, call->name, function, err));
    FIRN_TRY(firn_dialect_put_arg(w, call, "(firn_json(", 0, "), ", err));
    if (path.data)
        FIRN_TRY(firn_dialect_put_string(w, call->args[1], path, err));
    else
        FIRN_TRY(firn_dialect_emit_arg(w, call, 1, err));
    return firn_dialect_put(w, call->name, ")", err);
}

/* In Trino only scalars are texts. */
static firn_status put_json_text(firn_dialect_writer *w, const firn_dialect_call *call,
                                 firn_str path, firn_error *err)
{
    if (w->opts->dialect == FIRN_DIALECT_SPARK)
        return put_json(w, call, "json_extract_string", path, err);
    if (firn_dialect_is_word(w, call->name, "json_extract"))
        return put_json(w, call, "json_extract", path, err);
    FIRN_TRY(firn_dialect_put(w, call->name, "CASE WHEN ", err));
    FIRN_TRY(put_json(w, call, "json_type", path, err));
    FIRN_TRY(firn_dialect_put(w, call->name, " NOT IN ('OBJECT', 'ARRAY') THEN ", err));
    FIRN_TRY(put_json(w, call, "json_extract_string", path, err));
    return firn_dialect_put(w, call->name, " END", err);
}

firn_status firn_dialect_json_text(firn_dialect_writer *w, const firn_dialect_call *call,
                                   firn_error *err)
{
    firn_str path;
    bool is_known = true;
    if (!firn_dialect_string(w, call->args[1], &path) || call->args[2] != call->args[1] + 2)
        return put_json_text(w, call, (firn_str){0}, err);
    const firn_str written = engine_path(w, path, &is_known);
    if (!written.data) return firn_fail_nomem(err);
    if (memchr(path.data, '*', path.len)) {
        if (w->opts->dialect != FIRN_DIALECT_SPARK)
            return fail_path(w, call, "a path of many values", err);
        FIRN_TRY(firn_dialect_put_arg(w, call, "firn_hive_path(CAST(json(firn_json(", 0,
                                      ")) AS VARCHAR), ", err));
        return firn_dialect_put_arg(w, call, "", 1, ")", err);
    }
    return is_known ? put_json_text(w, call, written, err)
                    : firn_dialect_put(w, call->name, "CAST(NULL AS VARCHAR)", err);
}
