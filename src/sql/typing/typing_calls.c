/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of functions, with lambdas and with what stands behind them (FILTER, OVER), and CAST. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/typing/typing_state.h"

#define MAX_ARGS   64
#define MAX_PARAMS 4

typedef struct typed_call {
    firn_str name;
    size_t from, close;
    firn_value_type args[MAX_ARGS];
    typed_arg places[MAX_ARGS];
    size_t n;
} typed_call;

/* ---- lambdas ---- */

/* Types of the parameters of a lambda that is the next argument. */
static size_t parameter_types(const typed_call *call, firn_value_type types[MAX_PARAMS])
{
    const firn_value_type unknown = {0};
    const firn_value_type *first = call->n > 0 ? &call->args[0] : &unknown;
    const bool is_map = first->kind == FIRN_VALUE_MAP;
    const firn_value_type element = first->kind == FIRN_VALUE_ARRAY ? first->parts[0] : unknown;
    types[0] = is_map ? first->parts[0] : element;
    types[1] = is_map ? first->parts[1] : unknown;
    const bool is_reduce = firn_str_equals_nocase(call->name, FIRN_STR("reduce")) ||
                           firn_str_equals_nocase(call->name, FIRN_STR("aggregate"));
    if (is_reduce && call->n >= 2) {
        types[0] = call->args[1];
        types[1] = element;
    }
    if (is_reduce && call->n == 3 && call->args[2].kind == FIRN_VALUE_LAMBDA &&
        types[0].kind == FIRN_VALUE_DECIMAL)
        types[0] = call->args[2].parts[0]; /* the state has grown */
    if (firn_str_equals_nocase(call->name, FIRN_STR("zip_with")) && call->n == 2)
        types[1] = call->args[1].kind == FIRN_VALUE_ARRAY ? call->args[1].parts[0] : unknown;
    types[2] = types[3] = unknown;
    if (firn_str_equals_nocase(call->name, FIRN_STR("map_zip_with")) && call->n == 2)
        types[2] = call->args[1].kind == FIRN_VALUE_MAP ? call->args[1].parts[1] : unknown;
    if (firn_str_equals_nocase(call->name, FIRN_STR("array_sort"))) types[1] = element;
    if (firn_str_equals_nocase(call->name, FIRN_STR("reduce_agg")) && call->n >= 2) {
        types[0] = call->args[1];
        types[1] = *first;
    }
    return 2;
}

/* "x -> .." or "(x, y) -> .." at t->i: the token of the arrow; SIZE_MAX: none. */
static size_t arrow_of(const typer *t)
{
    const size_t after = firn_dialect_skip(t->w, t->i);
    const bool is_name = firn_dialect_is_name(t->w, t->i) || typer_at_symbol(t, "(");
    return is_name && after < t->to && firn_dialect_is_symbol(t->w, after, "->") ? after : SIZE_MAX;
}

static firn_value_type lambda(typer *t, const typed_call *call, size_t arrow, size_t end)
{
    firn_value_type types[MAX_PARAMS];
    firn_typed_column *names = firn_arena_array(t->arena, MAX_PARAMS, sizeof *names);
    firn_value_type *result = typer_new_types(t, 1);
    const typed_scope *outer = t->scope;
    typed_scope scope = {.outer = outer};
    size_t n = 0;
    if (!names || !result) {
        typer_fail(t, firn_fail_nomem(t->err));
        return (firn_value_type){0};
    }
    (void)parameter_types(call, types);
    (void)typer_take_symbol(t, "(");
    while (t->i < arrow && n < MAX_PARAMS && firn_dialect_is_name(t->w, t->i)) {
        names[n].name = typer_take_name(t);
        names[n].type = types[n];
        n++;
        (void)typer_take_symbol(t, ",");
    }
    const typed_relation relation = {.columns = names, .n_columns = n, .is_known = true};
    typer_add_relation(t, &scope, &relation);
    t->scope = &scope;
    *result = typer_expression_in(t, arrow + 1, end);
    t->scope = outer;
    return (firn_value_type){.kind = FIRN_VALUE_LAMBDA, .parts = result, .n_parts = 1};
}

/* ---- arguments ---- */

/* Expressions that a keyword parts (ORDER BY, FROM, IN, FOR, USING) each for itself. */
static firn_value_type pieces(typer *t, size_t end)
{
    static const char *const k_words[] = {"ORDER", "BY",   "FROM",    "IN",       "FOR", "ASC",
                                          "DESC",  "BOTH", "LEADING", "TRAILING", NULL};
    firn_value_type type = {0};
    bool is_first = true;
    while (t->i < end) {
        size_t piece = t->i;
        if (firn_dialect_is_any(t->w, piece, k_words)) {
            t->i++;
            continue;
        }
        while (piece < end && !firn_dialect_is_any(t->w, piece, k_words))
            piece = firn_dialect_skip(t->w, piece);
        const bool is_source = firn_dialect_is_word(t->w, t->i - 1, "FROM"); /* trim(x FROM y) */
        const firn_value_type found = typer_expression_in(t, t->i, piece);
        if (is_first || is_source) type = found;
        is_first = false;
    }
    return type;
}

static void arguments(typer *t, typed_call *call)
{
    (void)typer_take(t, "DISTINCT");
    (void)typer_take(t, "ALL");
    while (t->i < call->close) {
        const size_t from = t->i;
        size_t end = from;
        while (end < call->close && !firn_dialect_is_symbol(t->w, end, ","))
            end = firn_dialect_skip(t->w, end);
        const size_t arrow = arrow_of(t);
        firn_value_type type = {0};
        if (arrow < end)
            type = lambda(t, call, arrow, end);
        else if (!typer_at_symbol(t, "*"))
            type = pieces(t, end);
        if (call->n < MAX_ARGS) {
            call->places[call->n] = (typed_arg){from, end, type};
            call->args[call->n++] = type;
        }
        t->i = end + 1;
    }
    t->i = call->close + 1;
}

/* ---- what stands behind a call ---- */

/* (PARTITION BY a, b ORDER BY c DESC ROWS ..) */
static void window(typer *t, size_t open, size_t close)
{
    static const char *const k_words[] = {"PARTITION", "ORDER", "BY",   "ASC",   "DESC",
                                          "NULLS",     "FIRST", "LAST", "WHERE", NULL};
    static const char *const k_frames[] = {"ROWS", "RANGE", "GROUPS", NULL};
    t->i = open + 1;
    while (t->i < close && !firn_dialect_is_any(t->w, t->i, k_frames)) {
        size_t end = t->i;
        if (firn_dialect_is_any(t->w, end, k_words) || firn_dialect_is_symbol(t->w, end, ",")) {
            t->i++;
            continue;
        }
        while (end < close && !firn_dialect_is_symbol(t->w, end, ",") &&
               !firn_dialect_is_any(t->w, end, k_words) &&
               !firn_dialect_is_any(t->w, end, k_frames))
            end = firn_dialect_skip(t->w, end);
        (void)typer_expression_in(t, t->i, end);
    }
    t->i = close + 1;
}

static void tails(typer *t)
{
    while (t->i < t->to) {
        const bool is_within =
            typer_at(t, "WITHIN") && firn_dialect_is_word(t->w, t->i + 1, "GROUP");
        const size_t open = t->i + 1 + is_within;
        const bool has_list = firn_dialect_is_symbol(t->w, open, "(") && open < t->to;
        const bool is_about_nulls = (typer_at(t, "IGNORE") || typer_at(t, "RESPECT")) &&
                                    firn_dialect_is_word(t->w, t->i + 1, "NULLS");
        const bool is_window_name = typer_at(t, "OVER") && !has_list;
        if (is_about_nulls || is_window_name) {
            t->i += 2;
        } else if (has_list && (is_within || typer_at(t, "FILTER") || typer_at(t, "OVER")) &&
                   t->w->match[open] != FIRN_NO_MATCH) {
            window(t, open, t->w->match[open]);
        } else {
            return;
        }
    }
}

/* ---- calls ---- */

static firn_value_type json_value(typer *t, const typed_call *call)
{
    for (size_t i = call->from; i < call->close; i++) {
        if (!firn_dialect_is_word(t->w, i, "RETURNING")) continue;
        const size_t behind = t->i;
        t->i = i + 1;
        const firn_value_type type = typer_type(t);
        t->i = behind;
        return type;
    }
    return (firn_value_type){.kind = FIRN_VALUE_VARCHAR, .precision = -1};
}

/* round(x, n) of a decimal in Spark, by the number n: one more digit in front of the point, at most
 * n behind it. ceil(x, n) and floor(x, n) are of decimals, too, when x is none. */
static firn_value_type rounded(const typer *t, const typed_call *call, bool is_round)
{
    int64_t n = 0;
    const firn_value_type as_decimal = typer_as_decimal(&call->args[0]);
    const firn_value_type *x = is_round ? &call->args[0] : &as_decimal;
    const size_t last = call->close - 1;
    const bool is_minus = firn_dialect_is_symbol(t->w, last - 1, "-");
    const bool is_literal = firn_dialect_is_symbol(t->w, last - 1 - is_minus, ",") &&
                            firn_str_to_i64(firn_dialect_token(t->w, last)->text, &n) && n < 38;
    if (!is_literal || x->kind != FIRN_VALUE_DECIMAL) return (firn_value_type){0};
    const int32_t whole = x->precision - x->scale + 1;
    const int32_t scale = is_minus ? 0 : n < x->scale ? (int32_t)n : x->scale;
    int32_t precision = whole + scale;
    if (is_minus && precision < (int32_t)n + 1) precision = (int32_t)n + 1;
    return (firn_value_type){
        .kind = FIRN_VALUE_DECIMAL, .precision = precision < 38 ? precision : 38, .scale = scale};
}

static firn_value_type result_of(typer *t, const typed_call *call)
{
    const bool is_round = firn_str_equals_nocase(call->name, FIRN_STR("round")) ||
                          firn_str_equals_nocase(call->name, FIRN_STR("bround"));
    const bool is_ceil = firn_str_equals_nocase(call->name, FIRN_STR("ceil")) ||
                         firn_str_equals_nocase(call->name, FIRN_STR("ceiling")) ||
                         firn_str_equals_nocase(call->name, FIRN_STR("floor"));
    if (typer_dialect(t) == FIRN_DIALECT_SPARK && (is_round || is_ceil) && call->n == 2)
        return rounded(t, call, is_round);
    firn_value_type type = {0};
    const bool is_trino = typer_dialect(t) == FIRN_DIALECT_TRINO;
    if (is_trino && firn_str_equals_nocase(call->name, FIRN_STR("json_value")))
        return json_value(t, call);
    if (is_trino && firn_str_equals_nocase(call->name, FIRN_STR("extract")))
        return (firn_value_type){.kind = FIRN_VALUE_BIGINT};
    if (is_trino && firn_str_equals_nocase(call->name, FIRN_STR("position")))
        return (firn_value_type){.kind = FIRN_VALUE_BIGINT};
    const firn_status st = firn_value_of_function(typer_dialect(t), call->name, call->args, call->n,
                                                  t->arena, &type, t->err);
    if (st != FIRN_OK) typer_fail(t, st);
    return type;
}

/* struct(*): the columns of all that is in scope, by name. */
static void edit_struct_of_all(typer *t, const typed_call *call)
{
    firn_buf buf;
    bool is_plain = typer_is_scope_known(t) && t->scope;
    if (typer_dialect(t) != FIRN_DIALECT_SPARK || call->n != 1 ||
        !firn_dialect_is_symbol(t->w, call->places[0].from, "*") ||
        !firn_str_equals_nocase(call->name, FIRN_STR("struct")))
        return;
    firn_buf_init(&buf, NULL, FIRN_LIMIT_SQL_TEXT);
    firn_buf_cstr(&buf, "struct_pack(");
    size_t n = 0;
    for (size_t r = 0; is_plain && r < t->scope->n_relations; r++) {
        const typed_relation *relation = &t->scope->relations[r];
        for (size_t i = 0; i < relation->n_columns; i++) {
            const firn_str name = relation->columns[i].name;
            is_plain = is_plain && name.len > 0 && !memchr(name.data, '"', name.len) &&
                       !memchr(name.data, '$', name.len);
            firn_buf_printf(&buf, "%s\"%.*s\" := \"%.*s\"", n++ > 0 ? ", " : "", FIRN_STR_ARG(name),
                            FIRN_STR_ARG(name));
        }
    }
    firn_buf_byte(&buf, ')');
    is_plain = is_plain && n > 0 && firn_buf_check(&buf, NULL) == FIRN_OK;
    const firn_str text = firn_arena_copy(t->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    if (is_plain && text.data) typer_edit(t, FIRN_EDIT_CALL, call->from, t->i, text.data);
}

/* Spark: hours, minutes and months of an interval are tiny. */
static void edit_part_of_interval(typer *t, const typed_call *call)
{
    static const char *const k_tiny[] = {"HOUR",  "HOURS",  "MINUTE", "MINUTES",
                                         "MONTH", "MONTHS", NULL};
    const size_t field = call->from + 2;
    if (typer_dialect(t) != FIRN_DIALECT_SPARK || call->n != 1 ||
        !firn_str_equals_nocase(call->name, FIRN_STR("extract")))
        return;
    const firn_value_kind kind = call->args[0].kind;
    const bool is_interval = kind == FIRN_VALUE_INTERVAL_DAY || kind == FIRN_VALUE_INTERVAL_YEAR;
    if (is_interval && firn_dialect_is_any(t->w, field, k_tiny))
        typer_wrap(t, call->from, t->i, "CAST(", " AS TINYINT)");
}

firn_value_type typer_call(typer *t)
{
    typed_call *call = firn_arena_alloc_zero(t->arena, sizeof *call);
    if (!call) {
        typer_fail(t, firn_fail_nomem(t->err));
        return (firn_value_type){0};
    }
    call->from = t->i;
    call->name = typer_take_name(t);
    bool is_plain = true;
    while (typer_take_symbol(t, ".")) {
        call->name = typer_take_name(t);
        is_plain = false;
    }
    const size_t open = t->i++;
    call->close = t->w->match[open];
    if (t->is_lost || call->close == FIRN_NO_MATCH || call->close >= t->to) return typer_lose(t);
    const size_t to = t->to;
    t->to = call->close;
    arguments(t, call);
    t->to = to;
    tails(t);
    firn_value_type type = is_plain ? result_of(t, call) : (firn_value_type){0};
    type.zone = typer_zone_of_call(t, call->name, call->places, call->n, type.zone);
    typer_edit_zones(t, call->from, t->i, call->name, call->places, call->n, type.zone);
    typer_edit_call(t, call->from, t->i, call->name, call->args, call->n, &type);
    if (is_plain) edit_struct_of_all(t, call);
    edit_part_of_interval(t, call);
    return type;
}

firn_value_type typer_cast(typer *t)
{
    const size_t from = t->i;
    const size_t open = t->i + 1;
    const size_t close = t->w->match[open];
    const size_t to = t->to;
    if (close == FIRN_NO_MATCH || close >= to) return typer_lose(t);
    size_t as = open + 1;
    while (as < close && !firn_dialect_is_word(t->w, as, "AS")) as = firn_dialect_skip(t->w, as);
    const firn_value_type source = typer_expression_in(t, open + 1, as);
    t->i = as + 1;
    t->to = close;
    const bool was_lost = t->is_lost;
    firn_value_type type = typer_type(t);
    if (t->i != close || t->is_lost) type = (firn_value_type){0};
    t->is_lost = was_lost;
    t->i = close + 1;
    t->to = to;
    if (type.kind == FIRN_VALUE_TIMESTAMP_TZ)
        type.zone = source.kind == type.kind ? source.zone : t->w->opts->zone;
    typer_edit_cast(t, from, t->i, &source, &type);
    return type;
}
