/* SPDX-License-Identifier: Apache-2.0 */
/* Calls whose lambda has a key and a value of a map, which DuckDB's lambdas have not; and
 * listagg(), whose order stands behind the call. */
#include "base/error.h"
#include "sql/dialect/dialect_functions.h"

/* "(k, v) -> body" in [from, to) */
typedef struct pair_lambda {
    size_t key, value; /* tokens of the names */
    size_t body, end;
} pair_lambda;

static bool read_lambda(const firn_dialect_writer *w, const firn_dialect_call *call,
                        pair_lambda *out)
{
    const size_t open = call->args[1];
    *out = (pair_lambda){open + 1, open + 3, open + 6, call->close};
    return firn_dialect_is_symbol(w, open, "(") && firn_dialect_is_name(w, open + 1) &&
           firn_dialect_is_symbol(w, open + 2, ",") && firn_dialect_is_name(w, open + 3) &&
           firn_dialect_is_symbol(w, open + 4, ")") && firn_dialect_is_symbol(w, open + 5, "->");
}

/* The body for the entry "e". */
static firn_status put_body(firn_dialect_writer *w, const pair_lambda *l, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, l->key, "list_transform([\"e\".key], lambda ", err));
    FIRN_TRY(firn_dialect_copy(w, l->key, l->key + 1, err));
    FIRN_TRY(firn_dialect_put(w, l->key, ": list_transform([\"e\".value], lambda ", err));
    FIRN_TRY(firn_dialect_copy(w, l->value, l->value + 1, err));
    FIRN_TRY(firn_dialect_put(w, l->value, ": ", err));
    FIRN_TRY(firn_dialect_emit(w, l->body, l->end, err));
    return firn_dialect_put(w, l->value, ")[1])[1]", err);
}

/* What is written before the body and behind it; the map's entries stand in front. */
static firn_status put_entries(firn_dialect_writer *w, const firn_dialect_call *call,
                               const char *function, const char *before, const char *after,
                               firn_error *err)
{
    pair_lambda l;
    if (!read_lambda(w, call, &l)) {
        return firn_dialect_fail_at(w, call->args[1],
                                    "expected a function of a key and a value: (k, v) -> ..", err);
    }
    FIRN_TRY(firn_dialect_put(w, call->name, "map_from_entries(", err));
    FIRN_TRY(firn_dialect_put(w, call->name, function, err));
    FIRN_TRY(firn_dialect_put(w, call->name, "(map_entries(", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 0, err));
    FIRN_TRY(firn_dialect_put(w, call->name, "), lambda \"e\": ", err));
    FIRN_TRY(firn_dialect_put(w, call->name, before, err));
    FIRN_TRY(put_body(w, &l, err));
    return firn_dialect_put(w, call->close, after, err);
}

firn_status firn_dialect_transform_values(firn_dialect_writer *w, const firn_dialect_call *call,
                                          firn_error *err)
{
    return put_entries(w, call, "list_transform", "struct_pack(k := \"e\".key, v := ", ")))", err);
}

firn_status firn_dialect_transform_keys(firn_dialect_writer *w, const firn_dialect_call *call,
                                        firn_error *err)
{
    return put_entries(w, call, "list_transform", "struct_pack(k := ", ", v := \"e\".value)))",
                       err);
}

firn_status firn_dialect_map_filter(firn_dialect_writer *w, const firn_dialect_call *call,
                                    firn_error *err)
{
    return put_entries(w, call, "list_filter", "", "))", err);
}

/* "list_transform([m[k]], lambda v: list_transform([n[k]], lambda w: body)[1])[1]" */
static firn_status put_zipped(firn_dialect_writer *w, const firn_dialect_call *call, size_t names,
                              firn_error *err)
{
    for (size_t i = 0; i < 2; i++) {
        FIRN_TRY(firn_dialect_put(w, names, "list_transform([(", err));
        FIRN_TRY(firn_dialect_emit_arg(w, call, i, err));
        FIRN_TRY(firn_dialect_put(w, names, ")[\"firn_k\"]], lambda ", err));
        FIRN_TRY(firn_dialect_copy(w, names + 2 * i, names + 2 * i + 1, err));
        FIRN_TRY(firn_dialect_put(w, names, ": ", err));
    }
    FIRN_TRY(firn_dialect_emit(w, names + 5, call->close, err));
    return firn_dialect_put(w, call->close, ")[1])[1]", err);
}

/* "firn_distinct(list_concat(map_keys(m), map_keys(n)))" */
static firn_status put_keys(firn_dialect_writer *w, const firn_dialect_call *call, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, call->name, "firn_distinct(list_concat(map_keys(", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 0, err));
    FIRN_TRY(firn_dialect_put(w, call->name, "), map_keys(", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 1, err));
    return firn_dialect_put(w, call->name, ")))", err);
}

/* map_zip_with(m, n, (k, v, w) -> body): of the keys of both, those of the first in front. */
firn_status firn_dialect_map_zip(firn_dialect_writer *w, const firn_dialect_call *call,
                                 firn_error *err)
{
    const size_t open = call->args[2];
    const bool is_triple =
        firn_dialect_is_symbol(w, open, "(") && firn_dialect_skip(w, open) == open + 7 &&
        firn_dialect_is_symbol(w, open + 7, "->") && firn_dialect_is_symbol(w, open + 2, ",") &&
        firn_dialect_is_symbol(w, open + 4, ",");
    if (!is_triple)
        return firn_dialect_fail_at(
            w, open, "expected a function of a key and two values: (k, v, w) -> ..", err);
    FIRN_TRY(firn_dialect_put(w, open, "map_from_entries(list_transform(", err));
    FIRN_TRY(put_keys(w, call, err));
    FIRN_TRY(firn_dialect_put(w, open,
                              ", lambda \"firn_k\": struct_pack(k := \"firn_k\", v := "
                              "list_transform([\"firn_k\"], lambda ",
                              err));
    FIRN_TRY(firn_dialect_copy(w, open + 1, open + 2, err));
    FIRN_TRY(firn_dialect_put(w, open, ": ", err));
    FIRN_TRY(put_zipped(w, call, open + 3, err));
    return firn_dialect_put(w, call->close, ")[1])))", err);
}

/* array_sort(a, (x, y) -> body): by how many elements stand before each; those that are equal stay
 * in their order. Takes the square of the elements. */
firn_status firn_dialect_sort_by(firn_dialect_writer *w, const firn_dialect_call *call,
                                 firn_error *err)
{
    pair_lambda l;
    if (!read_lambda(w, call, &l))
        return firn_dialect_fail_at(w, call->args[1],
                                    "expected a function of two elements: (x, y) -> ..", err);
    FIRN_TRY(firn_dialect_put(w, l.key, "list_transform(list_sort(list_transform(", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 0, err));
    FIRN_TRY(firn_dialect_put(w, l.key, ", lambda ", err));
    FIRN_TRY(firn_dialect_copy(w, l.value, l.value + 1, err));
    FIRN_TRY(firn_dialect_put(w, l.key,
                              ", \"firn_i\": struct_pack(n := "
                              "list_sum(list_transform(",
                              err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 0, err));
    FIRN_TRY(firn_dialect_put(w, l.key, ", lambda ", err));
    FIRN_TRY(firn_dialect_copy(w, l.key, l.key + 1, err));
    FIRN_TRY(firn_dialect_put(w, l.key, ": CASE WHEN (", err));
    FIRN_TRY(firn_dialect_emit(w, l.body, l.end, err));
    FIRN_TRY(firn_dialect_put(w, l.key, ") < 0 THEN 1 ELSE 0 END)), i := \"firn_i\", x := ", err));
    FIRN_TRY(firn_dialect_copy(w, l.value, l.value + 1, err));
    return firn_dialect_put(w, l.key, "))), lambda \"firn_e\": \"firn_e\".x)", err);
}

/* Of "WITHIN GROUP (ORDER BY x)" what stands in the parentheses; FILTER and OVER stay behind. */
firn_status firn_dialect_listagg(firn_dialect_writer *w, const firn_dialect_call *call,
                                 firn_error *err)
{
    size_t tail = call->close + 1;
    const bool has_order = firn_dialect_is_word(w, tail, "WITHIN") && tail < call->end;
    FIRN_TRY(firn_dialect_put(w, call->name, "string_agg(", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 0, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ", ", err));
    size_t end = call->close; /* nothing overflows: "ON OVERFLOW .." is left away */
    for (size_t i = call->args[call->n_args - 1]; i < call->close; i = firn_dialect_skip(w, i)) {
        const bool is_overflow =
            firn_dialect_is_word(w, i, "ON") && firn_dialect_is_word(w, i + 1, "OVERFLOW");
        if (is_overflow) end = i;
    }
    if (call->n_args > 1)
        FIRN_TRY(firn_dialect_emit(w, call->args[1], end, err));
    else
        FIRN_TRY(firn_dialect_put(w, call->name, "''", err));
    if (has_order) {
        const size_t open = tail + 2;
        tail = firn_dialect_skip(w, open);
        FIRN_TRY(firn_dialect_put(w, open, " ", err));
        FIRN_TRY(firn_dialect_emit(w, open + 1, tail - 1, err));
    }
    FIRN_TRY(firn_dialect_put(w, call->close, ") ", err));
    return firn_dialect_emit(w, tail, call->end, err);
}
