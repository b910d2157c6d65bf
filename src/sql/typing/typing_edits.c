/* SPDX-License-Identifier: Apache-2.0 */
/* Where DuckDB computes otherwise than the dialect, by the types of what is computed: results of
 * decimals, and in Trino division, comparisons with NaN, dates plus intervals, roundings of times.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "sql/typing/typing_state.h"

static bool is_decimal(const firn_value_type *type)
{
    return type->kind == FIRN_VALUE_DECIMAL;
}

static bool is_interval(const firn_value_type *type)
{
    return type->kind == FIRN_VALUE_INTERVAL_DAY || type->kind == FIRN_VALUE_INTERVAL_YEAR;
}

static const char *decimal_cast(typer *t, const firn_value_type *type)
{
    return typer_printf(t, " AS DECIMAL(%d,%d))", (int)type->precision, (int)type->scale);
}

/* Tokens as they stand in the statement; "" when there are too many. */
static const char *raw_text(typer *t, size_t from, size_t to)
{
    const size_t begin = firn_dialect_token(t->w, from)->offset;
    const firn_token *last = firn_dialect_token(t->w, to - 1);
    const firn_str text = firn_str_slice(t->w->sql, begin, last->offset + last->text.len);
    return text.len < 200 ? typer_printf(t, "%.*s", FIRN_STR_ARG(text)) : "";
}

/* a, a.b: may be written twice. */
static bool is_chain(const typer *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const bool is_right = (i - from) % 2 == 0 ? firn_dialect_is_name(t->w, i)
                                                  : firn_dialect_is_symbol(t->w, i, ".");
        if (!is_right) return false;
    }
    return to > from && to - from < 8;
}

/* ---- operators ---- */

/* Of decimals: the greater scale of the two is the quotient's until it is cast. */
static void edit_quotient(typer *t, size_t from, size_t op, size_t to, const firn_value_type *a,
                          const firn_value_type *b, const firn_value_type *result)
{
    firn_value_type x = firn_value_as_decimal(typer_dialect(t), a);
    const firn_value_type y = firn_value_as_decimal(typer_dialect(t), b);
    if (typer_dialect(t) == FIRN_DIALECT_SPARK) {
        x.precision = 38;
        x.scale = result->scale;
    }
    typer_edit(t, FIRN_EDIT_INSTEAD, op, op + 1, typer_printf(t, "%s, CAST(", decimal_cast(t, &x)));
    typer_wrap(t, from, to, "CAST(firn_divide(CAST(",
               typer_printf(t, "%s)%s", decimal_cast(t, &y), decimal_cast(t, result)));
}

static void edit_division(typer *t, size_t from, size_t op, size_t to, const firn_value_type *a,
                          const firn_value_type *b, const firn_value_type *result)
{
    const bool is_float = firn_value_is_float(result);
    if (is_float || result->kind == FIRN_VALUE_INTERVAL_DAY) return;
    if (firn_value_is_integer(result)) {
        typer_edit(t, FIRN_EDIT_INSTEAD, op, op + 1, "//");
        typer_wrap(t, from, to, "(", ")");
        return;
    }
    if (!is_decimal(result)) {
        typer_edit(t, FIRN_EDIT_INSTEAD, op, op + 1, ", ");
        typer_wrap(t, from, to, "firn_divide(", ")");
        return;
    }
    edit_quotient(t, from, op, to, a, b, result);
}

/* DuckDB keeps results of narrow decimals narrow, so one is made wide first. */
static void edit_decimal(typer *t, size_t from, size_t op, size_t to, const firn_value_type *a,
                         const firn_value_type *b, const firn_value_type *result)
{
    const char *symbol = raw_text(t, op, op + 1);
    const firn_value_type x = firn_value_as_decimal(typer_dialect(t), a);
    const firn_value_type y = firn_value_as_decimal(typer_dialect(t), b);
    const bool is_wide = result->precision > 18;
    const bool is_product = symbol[0] == '*';
    const int scale = (int)(is_product || x.scale > y.scale ? x.scale : y.scale);
    if (typer_dialect(t) == FIRN_DIALECT_SPARK && symbol[0] == '%') {
        typer_edit(t, FIRN_EDIT_INSTEAD, op, op + 1, " % firn_divisor(");
        typer_wrap(t, op + 1, to, "", ")");
        typer_wrap(t, from, to, "CAST((", typer_printf(t, ")%s", decimal_cast(t, result)));
        return;
    }
    if (is_wide) {
        typer_edit(t, FIRN_EDIT_INSTEAD, op, op + 1,
                   typer_printf(t, " AS DECIMAL(38,%d)) %s", scale, symbol));
    }
    typer_wrap(t, from, to, is_wide ? "CAST((CAST(" : "CAST((",
               typer_printf(t, ")%s", decimal_cast(t, result)));
}

/* Beyond the end of a list, or a key that a map does not have, is an error. */
static void edit_subscript(typer *t, size_t from, size_t open, size_t to, const firn_value_type *of)
{
    if (of->kind == FIRN_VALUE_ROW) { /* a field by its place */
        typer_edit(t, FIRN_EDIT_INSTEAD, open, open + 1, ", ");
        typer_edit(t, FIRN_EDIT_INSTEAD, to - 1, to, ")");
        typer_wrap(t, from, to, "struct_extract_at(", "");
        return;
    }
    const firn_token *key = firn_dialect_token(t->w, open + 1);
    const bool is_literal =
        to == open + 3 && (key->kind == FIRN_TOKEN_NUMBER || key->kind == FIRN_TOKEN_STRING);
    if (!is_literal || !is_chain(t, from, open)) return;
    const char *base = raw_text(t, from, open);
    const char *index = raw_text(t, open + 1, open + 2);
    if (of->kind == FIRN_VALUE_ARRAY) {
        typer_edit(t, FIRN_EDIT_AFTER, open, open + 1,
                   typer_printf(t,
                                "CASE WHEN %s > len(%s) THEN error('found element %s of an array "
                                "of ' || len(%s)) ELSE ",
                                index, base, index, base));
    } else if (of->kind == FIRN_VALUE_MAP) {
        typer_edit(t, FIRN_EDIT_AFTER, open, open + 1,
                   typer_printf(t,
                                "CASE WHEN NOT map_contains(%s, %s) THEN error('the map has no "
                                "such key') ELSE ",
                                base, index));
    } else {
        return;
    }
    typer_edit(t, FIRN_EDIT_AFTER, open + 1, open + 2, " END");
}

/* An array and an element. */
static void edit_join(typer *t, size_t from, size_t op, size_t to, const firn_value_type *a,
                      const firn_value_type *b)
{
    const bool is_left = a->kind == FIRN_VALUE_ARRAY && b->kind != FIRN_VALUE_ARRAY;
    const bool is_right = b->kind == FIRN_VALUE_ARRAY && a->kind != FIRN_VALUE_ARRAY;
    if (firn_value_is_text(a) && b->kind == FIRN_VALUE_NULL) { /* Trino reads arrays here */
        typer_edit(t, FIRN_EDIT_INSTEAD, from, to, "CAST(NULL AS VARCHAR[])");
        return;
    }
    if (is_left && b->kind != FIRN_VALUE_UNKNOWN) {
        typer_edit(t, FIRN_EDIT_AFTER, op, op + 1, " [");
        typer_edit(t, FIRN_EDIT_AFTER, to - 1, to, "]");
    } else if (is_right && a->kind != FIRN_VALUE_UNKNOWN) {
        typer_edit(t, FIRN_EDIT_BEFORE, from, op, "[");
        typer_edit(t, FIRN_EDIT_AFTER, op - 1, op, "]");
    }
}

/* x AT TIME ZONE y is the same instant; one without a zone is told in UTC. */
static void edit_zone(typer *t, size_t from, size_t op, size_t to, const firn_value_type *a)
{
    if (a->kind != FIRN_VALUE_TIMESTAMP && a->kind != FIRN_VALUE_TIMESTAMP_TZ) return;
    typer_edit(t, FIRN_EDIT_INSTEAD, op, to, "");
    if (a->kind == FIRN_VALUE_TIMESTAMP) typer_wrap(t, from, op, "CAST(", " AS TIMESTAMPTZ)");
}

/* Bits, whole quotients, reals that meet decimals. */
/* Spark reads a text beside a number as a number: whole, or a double. */
static void edit_text_operand(typer *t, size_t from, size_t to, const firn_value_type *text,
                              const firn_value_type *number)
{
    const bool is_number = firn_value_is_integer(number) || firn_value_is_float(number) ||
                           number->kind == FIRN_VALUE_DECIMAL;
    if (text->kind != FIRN_VALUE_VARCHAR || !is_number) return;
    const bool is_whole = firn_value_is_integer(number);
    typer_wrap(t, from, to, is_whole ? "firn_whole(" : "CAST(", is_whole ? ")" : " AS DOUBLE)");
}

static void edit_spark_operator(typer *t, size_t from, size_t op, size_t to,
                                const firn_value_type *a, const firn_value_type *b,
                                const firn_value_type *result)
{
    const firn_token *token = firn_dialect_token(t->w, op);
    const bool is_moved = a->kind == FIRN_VALUE_DATE && (b->kind == FIRN_VALUE_INTERVAL_DAY ||
                                                         b->kind == FIRN_VALUE_INTERVAL_YEAR);
    const bool are_dates = a->kind == FIRN_VALUE_DATE && b->kind == FIRN_VALUE_DATE;
    if (is_moved)
        typer_wrap(t, from, to, "CAST((",
                   result->kind == FIRN_VALUE_DATE ? ") AS DATE)" : ") AS TIMESTAMPTZ)");
    if (are_dates && firn_token_is_symbol(token, "-"))
        typer_wrap(t, from, to, "to_days(CAST((", ") AS INTEGER))");
    const bool are_numbers = firn_value_is_number(a) && firn_value_is_number(b);
    const bool is_arithmetic = token->text.len == 1 && strchr("+-*/%", token->text.data[0]);
    if (is_arithmetic) {
        edit_text_operand(t, from, op, a, b);
        edit_text_operand(t, op + 1, to, b, a);
    }
    if (firn_token_is_symbol(token, "^")) {
        typer_edit(t, FIRN_EDIT_INSTEAD, op, op + 1, ", ");
        typer_wrap(t, from, to, "xor(", ")");
    } else if (firn_token_is(token, "DIV") && are_numbers) {
        const bool are_whole = firn_value_is_integer(a) && firn_value_is_integer(b);
        typer_edit(t, FIRN_EDIT_INSTEAD, op, op + 1,
                   are_whole ? " // firn_divisor(" : " / firn_divisor(");
        typer_wrap(t, op + 1, to, "", ")");
        typer_wrap(t, from, to, are_whole ? "CAST((" : "CAST(trunc(", ") AS BIGINT)");
    } else if ((is_decimal(a) && b->kind == FIRN_VALUE_REAL) ||
               (is_decimal(b) && a->kind == FIRN_VALUE_REAL)) {
        typer_wrap(t, from, op, "CAST(", " AS DOUBLE)");
    }
}

void typer_edit_operator(typer *t, size_t from, size_t op, size_t to, const firn_value_type *a,
                         const firn_value_type *b, const firn_value_type *result)
{
    const firn_token *token = firn_dialect_token(t->w, op);
    if (typer_dialect(t) == FIRN_DIALECT_SPARK && !is_decimal(result)) {
        edit_spark_operator(t, from, op, to, a, b, result);
        return;
    }
    if (firn_token_is_symbol(token, "[")) {
        edit_subscript(t, from, op, to, a);
    } else if (firn_token_is(token, "AT")) {
        edit_zone(t, from, op, to, a);
    } else if (firn_token_is_symbol(token, "||")) {
        edit_join(t, from, op, to, a, b);
    } else if (firn_token_is_symbol(token, "/")) {
        edit_division(t, from, op, to, a, b, result);
    } else if (is_decimal(result)) {
        edit_decimal(t, from, op, to, a, b, result);
    } else if (result->kind == FIRN_VALUE_DATE) {
        typer_wrap(t, from, to, "CAST((", ") AS DATE)");
    } else if (a->kind == FIRN_VALUE_DATE && b->kind == FIRN_VALUE_DATE) {
        typer_wrap(t, from, to, "to_days(CAST((", ") AS INTEGER))");
    }
}

/* ---- comparisons: nothing is equal to NaN, less or greater ---- */

/* A literal is none. */
static bool may_be_nan(const typer *t, size_t from, size_t to, const firn_value_type *type)
{
    const bool is_literal = to == from + 1 && !firn_dialect_is_name(t->w, from);
    return firn_value_is_float(type) && !is_literal;
}

static bool is_nan_call(const typer *t, size_t from, size_t to)
{
    return to == from + 3 && firn_dialect_is_word(t->w, from, "nan");
}

/* Maps and JSON are equal whatever the order in them is. False: others, or another comparison. */
static bool edit_unordered(typer *t, size_t from, size_t op, size_t to, const firn_value_type *a,
                           const firn_value_type *b)
{
    const firn_str symbol = firn_dialect_token(t->w, op)->text;
    const bool is_equal = firn_str_equals(symbol, FIRN_STR("="));
    const bool is_unequal =
        firn_str_equals(symbol, FIRN_STR("<>")) || firn_str_equals(symbol, FIRN_STR("!="));
    const bool are_maps = a->kind == FIRN_VALUE_MAP && b->kind == FIRN_VALUE_MAP;
    const bool are_json = a->kind == FIRN_VALUE_JSON && b->kind == FIRN_VALUE_JSON;
    if ((!is_equal && !is_unequal) || (!are_maps && !are_json)) return false;
    typer_edit(t, FIRN_EDIT_INSTEAD, op, op + 1, ", ");
    typer_wrap(
        t, from, to,
        typer_printf(t, "(%sfirn_%s_equal(", is_unequal ? "NOT " : "", are_maps ? "maps" : "json"),
        "))");
    return true;
}

void typer_edit_comparison(typer *t, size_t from, size_t op, size_t to, const firn_value_type *a,
                           const firn_value_type *b)
{
    const firn_str symbol = firn_dialect_token(t->w, op)->text;
    if (typer_dialect(t) != FIRN_DIALECT_TRINO) return;
    const char first = symbol.data[0];
    const bool is_equal = first == '=';
    const bool are_lists = a->kind == FIRN_VALUE_ARRAY && b->kind == FIRN_VALUE_ARRAY;
    if (is_equal && are_lists && a->parts[0].n_parts == 0) { /* null when an element is */
        typer_edit(t, FIRN_EDIT_INSTEAD, op, op + 1, ", ");
        typer_wrap(t, from, to, "firn_lists_equal(", ")");
        return;
    }
    if (edit_unordered(t, from, op, to, a, b)) return;
    const bool is_less = first == '<' && !firn_str_equals(symbol, FIRN_STR("<>"));
    const bool is_greater = first == '>';
    const bool has_equal = symbol.len == 2;
    const bool left_matters = is_greater || is_equal;
    const bool right_matters = is_less || (is_greater && has_equal && false);
    const bool is_unequal = firn_str_equals(symbol, FIRN_STR("<>")) || first == '!';
    if (!is_unequal && (is_nan_call(t, from, op) || is_nan_call(t, op + 1, to))) {
        typer_wrap(t, from, to, "(false AND ", ")");
        return;
    }
    const bool asks_left = left_matters && may_be_nan(t, from, op, a) && is_chain(t, from, op);
    const bool asks_right =
        right_matters && may_be_nan(t, op + 1, to, b) && is_chain(t, op + 1, to);
    if (is_equal && (!may_be_nan(t, op + 1, to, b) || !asks_left)) return;
    if (!asks_left && !asks_right) return;
    const char *text = asks_left ? raw_text(t, from, op) : raw_text(t, op + 1, to);
    typer_wrap(t, from, to, "(", typer_printf(t, " AND NOT isnan(%s))", text));
}

/* ---- casts ---- */

static bool is_time(const firn_value_type *type)
{
    return type->kind == FIRN_VALUE_TIMESTAMP || type->kind == FIRN_VALUE_TIMESTAMP_TZ;
}

/* A time with fewer digits is rounded, half up. */
static void edit_rounding(typer *t, size_t from, size_t to, const firn_value_type *a,
                          const firn_value_type *result)
{
    static const int k_us[] = {1000000, 100000, 10000, 1000, 100, 10};
    const int32_t digits = result->precision;
    if (digits < 0 || digits > 5 || (is_time(a) && a->precision <= digits)) return;
    if (a->kind == FIRN_VALUE_DATE) return;
    typer_wrap(t, from, to,
               typer_printf(t, "time_bucket(INTERVAL '%d microseconds', ", k_us[digits]),
               typer_printf(t, " + INTERVAL '%d microseconds')", k_us[digits] / 2));
}

/* Text of a time has all its digits. */
static void edit_time_text(typer *t, size_t from, size_t to, const firn_value_type *a)
{
    const bool has_zone = a->kind == FIRN_VALUE_TIMESTAMP_TZ;
    const bool is_utc = a->zone.len == 0;
    const char *fraction = a->precision > 0 ? ".%f" : "";
    const int dropped = a->precision > 0 && a->precision < 6 ? 6 - (int)a->precision : 0;
    const char *cut = dropped > 0 ? typer_printf(t, ", -%d)", dropped) : "";
    typer_wrap(t, from, to, dropped > 0 ? "left(strftime(CAST(" : "strftime(CAST(",
               typer_printf(t, " AS TIMESTAMP), '%%Y-%%m-%%d %%H:%%M:%%S%s')%s%s", fraction, cut,
                            !has_zone ? ""
                            : is_utc  ? " || ' UTC'"
                                      : typer_printf(t, " || ' %.*s'", FIRN_STR_ARG(a->zone))));
}

/* The engine's cast to VARCHAR of the same tokens is left away: its operand is what is formatted.
 */
static void edit_text(typer *t, size_t from, size_t to, const firn_value_type *a,
                      const firn_value_type *result)
{
    if (firn_value_is_float(a)) typer_wrap(t, from, to, "firn_float_text(", ")");
    if (is_time(a)) edit_time_text(t, from, to, a);
    if (result->precision < 0) return;
    const int length = (int)result->precision;
    if (result->kind == FIRN_VALUE_CHAR)
        typer_wrap(t, from, to, "rpad(", typer_printf(t, ", %d, ' ')", length));
    else if (a->precision < 0 || a->precision > length || !firn_value_is_text(a))
        typer_wrap(t, from, to, "left(", typer_printf(t, ", %d)", length));
}

/* Where the AS of CAST(x AS ..) at from is. */
static size_t as_of(const typer *t, size_t from, size_t to)
{
    size_t as = from + 2;
    while (as < to && !firn_dialect_is_word(t->w, as, "AS")) as = firn_dialect_skip(t->w, as);
    return as;
}

/* The engine rounds '12.5' to an integer. */
static void edit_integer_text(typer *t, size_t from, size_t to)
{
    typer_wrap(t, from + 2, as_of(t, from, to), "firn_whole_text(", ")");
}

/* In Spark a time is a number of seconds, and a number a time. */
static void edit_epoch(typer *t, size_t from, size_t as, const firn_value_type *a,
                       const firn_value_type *result)
{
    const bool is_zoned = result->kind == FIRN_VALUE_TIMESTAMP_TZ;
    if (is_zoned && firn_value_is_number(a))
        typer_wrap(t, from, as,
                   firn_value_is_integer(a) ? "make_timestamptz(CAST(("
                                            : "make_timestamptz(CAST(trunc(1000000 * (",
                   firn_value_is_integer(a) ? ") AS BIGINT) * 1000000)" : ")) AS BIGINT))");
    if (!is_time(a) || !firn_value_is_number(result)) return;
    if (firn_value_is_integer(result))
        typer_wrap(t, from, as, "CAST(floor(epoch(", ")) AS BIGINT)");
    else
        typer_wrap(t, from, as, "(epoch_us(", ") / 1000000)");
}

void typer_edit_cast(typer *t, size_t from, size_t to, const firn_value_type *a,
                     const firn_value_type *result)
{
    if (firn_value_is_text(a) && firn_value_is_integer(result)) edit_integer_text(t, from, to);
    if (typer_dialect(t) != FIRN_DIALECT_TRINO) {
        if (firn_value_is_text(result)) typer_edit_result(t, from + 2, as_of(t, from, to), a);
        edit_epoch(t, from + 2, as_of(t, from, to), a, result);
        return;
    }
    const bool is_nested =
        a->kind == FIRN_VALUE_ARRAY || a->kind == FIRN_VALUE_MAP || a->kind == FIRN_VALUE_ROW;
    if (is_nested && firn_dialect_is_word(t->w, from, "TRY_CAST")) /* all of it or nothing */
        typer_edit(t, FIRN_EDIT_CALL, from, to, "TRY(CAST(");
    if (firn_value_is_text(a) && result->kind == FIRN_VALUE_BOOLEAN)
        typer_wrap(t, from + 2, as_of(t, from, to), "firn_boolean_text(", ")");
    if (a->kind != FIRN_VALUE_JSON && firn_value_is_text(a) && result->kind == FIRN_VALUE_JSON)
        typer_wrap(t, from + 2, as_of(t, from, to), "to_json(", ")");
    typer_edit_json_cast(t, from + 2, as_of(t, from, to), a, result);
    if (result->kind != FIRN_VALUE_TIMESTAMP_TZ)
        typer_edit_local(t, from + 2, as_of(t, from, to), a);
    if (a->kind == FIRN_VALUE_JSON && firn_value_is_text(result))
        typer_wrap(t, from + 2, as_of(t, from, to), "json_extract_string(", ", '$')");
    if (firn_value_is_float(a) && firn_value_is_integer(result)) { /* half away from zero */
        size_t as = from + 2;
        while (as < to && !firn_dialect_is_word(t->w, as, "AS")) as = firn_dialect_skip(t->w, as);
        typer_wrap(t, from + 2, as, "round(", ")");
    }
    if (is_time(result)) edit_rounding(t, from, to, a, result);
    if (firn_value_is_text(result)) edit_text(t, from, to, a, result);
}

/* ---- calls ---- */

static bool is_any(firn_str name, const char *const *names)
{
    for (; *names; names++) {
        if (firn_str_equals_nocase(name, firn_str_of(*names))) return true;
    }
    return false;
}

static void edit_typeof(typer *t, size_t from, size_t to, const firn_value_type *type)
{
    firn_buf buf;
    if (!firn_value_type_is_known(type)) return;
    firn_buf_init(&buf, NULL, (size_t)1 << 16);
    firn_buf_byte(&buf, '\'');
    firn_value_type_put(type, ",", &buf);
    firn_buf_byte(&buf, '\'');
    const firn_str text = firn_arena_copy(t->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    if (text.data) typer_edit(t, FIRN_EDIT_INSTEAD, from, to, text.data);
}

static const char *template_of(typer *t, firn_str name, const firn_value_type *arg,
                               const firn_value_type *result)
{
    static const char *const k_extremes[] = {"min", "max", NULL};
    if (firn_str_equals_nocase(name, FIRN_STR("avg")) && is_decimal(arg))
        return typer_printf(t,
                            "CAST(firn_divide(CAST(sum($1)$w AS DECIMAL(38,%d)), count($1)$w) AS "
                            "DECIMAL(%d,%d))",
                            (int)arg->scale, (int)result->precision, (int)result->scale);
    if (is_any(name, k_extremes) && firn_value_is_float(arg))
        return typer_printf(t, "coalesce(%.*s(CASE WHEN NOT isnan($1) THEN $1 END)$w, %.*s($1)$w)",
                            FIRN_STR_ARG(name), FIRN_STR_ARG(name));
    if (arg->kind == FIRN_VALUE_INTERVAL_DAY && firn_str_equals_nocase(name, FIRN_STR("sum")))
        return "to_microseconds(CAST(sum(epoch_us($1))$w AS BIGINT))";
    if (arg->kind == FIRN_VALUE_INTERVAL_DAY && firn_str_equals_nocase(name, FIRN_STR("avg")))
        return "to_microseconds(CAST(avg(epoch_us($1))$w AS BIGINT))";
    if (firn_str_equals_nocase(name, FIRN_STR("approx_percentile")) && firn_value_is_integer(arg))
        return result->kind == FIRN_VALUE_ARRAY ? "CAST(approx_quantile($1, $2)$w AS BIGINT[])"
                                                : "CAST(approx_quantile($1, $2)$w AS BIGINT)";
    if (firn_str_equals_nocase(name, FIRN_STR("cardinality")) && arg->kind == FIRN_VALUE_MAP)
        return "CAST(cardinality($1) AS BIGINT)";
    return NULL;
}

/* One of templates by the function's name. */
typedef struct named_text {
    const char *name, *text;
    size_t n_args;
} named_text;

static void edit_by_name(typer *t, size_t from, size_t to, firn_str name, size_t n_args,
                         const named_text *texts)
{
    for (; texts->name; texts++) {
        if (texts->n_args == n_args && firn_str_equals_nocase(name, firn_str_of(texts->name)))
            typer_edit(t, FIRN_EDIT_CALL, from, to, texts->text);
    }
}

/* Functions on texts that the engine has not for bytes: on their hexadecimal digits. */
static void edit_bytes(typer *t, size_t from, size_t to, firn_str name, const firn_value_type *arg,
                       size_t n_args)
{
    static const named_text k_texts[] = {
        {"substr", "unhex(substring(hex($1), 2 * ($2) - CAST(($2) > 0 AS INTEGER)))", 2},
        {"substring", "unhex(substring(hex($1), 2 * ($2) - CAST(($2) > 0 AS INTEGER)))", 2},
        {"substr", "unhex(substring(hex($1), 2 * ($2) - CAST(($2) > 0 AS INTEGER), 2 * ($3)))", 3},
        {"substring", "unhex(substring(hex($1), 2 * ($2) - CAST(($2) > 0 AS INTEGER), 2 * ($3)))",
         3},
        {"left", "unhex(substring(hex($1), 1, 2 * greatest($2, 0)))", 2},
        {"right", "unhex(right(hex($1), 2 * greatest($2, 0)))", 2},
        {"reverse", "firn_reversed_bytes($1)", 1},
        {"lpad", "unhex(lpad(hex($1), 2 * ($2), hex($3)))", 3},
        {"rpad", "unhex(rpad(hex($1), 2 * ($2), hex($3)))", 3},
        {NULL, NULL, 0}};
    if (arg->kind == FIRN_VALUE_VARBINARY) edit_by_name(t, from, to, name, n_args, k_texts);
}

/* Rows of a map's entries. */
static void edit_map_rows(typer *t, size_t from, size_t to, firn_str name,
                          const firn_value_type *arg)
{
#define POSITIONS                                                                        \
    "list_transform(map_entries($1), lambda \"firn_e\", \"firn_i\": struct_pack(pos := " \
    "CAST(\"firn_i\" - 1 AS INTEGER), \"key\" := \"firn_e\".key, \"value\" := "          \
    "\"firn_e\".value))"
    static const named_text k_texts[] = {
        {"explode", "unnest(map_entries($1), max_depth := 2)", 1},
        {"explode_outer",
         "unnest(CASE WHEN cardinality($1) > 0 THEN map_entries($1) ELSE [NULL] END, max_depth := "
         "2)",
         1},
        {"posexplode", "unnest(" POSITIONS ", max_depth := 2)", 1},
        {"posexplode_outer",
         "unnest(CASE WHEN cardinality($1) > 0 THEN " POSITIONS " ELSE [NULL] END, max_depth := 2)",
         1},
        {NULL, NULL, 0}};
#undef POSITIONS
    if (arg->kind == FIRN_VALUE_MAP) edit_by_name(t, from, to, name, 1, k_texts);
}

firn_value_type typer_as_decimal(const firn_value_type *number)
{
    firn_value_type out = {.kind = FIRN_VALUE_DECIMAL, .precision = 30, .scale = 15};
    if (number->kind == FIRN_VALUE_DECIMAL) return *number;
    if (firn_value_is_integer(number)) {
        out.precision = number->kind == FIRN_VALUE_BIGINT ? 20 : 10;
        out.scale = 0;
    } else if (!firn_value_is_float(number)) {
        out.kind = FIRN_VALUE_UNKNOWN;
    }
    return out;
}

/* ceil(x, n) and floor(x, n) of Spark: round(x, n), and a step further when that is too far back.
 */
static void edit_ceil(typer *t, size_t from, size_t to, firn_str name, const firn_value_type *args,
                      const firn_value_type *result)
{
    char step[48] = "0.";
    int64_t n = 0;
    const bool is_floor = firn_str_equals_nocase(name, FIRN_STR("floor"));
    const bool is_minus = firn_dialect_is_symbol(t->w, to - 3, "-");
    const firn_value_type type = typer_as_decimal(&args[0]);
    if (!is_floor && !firn_str_starts_with(name, FIRN_STR("ceil"))) return;
    if (!is_decimal(result) || !firn_str_to_i64(firn_dialect_token(t->w, to - 2)->text, &n)) return;
    if (n < 1 || is_minus) {
        (void)snprintf(step, sizeof step, "1%0*d", (int)n, 0);
        if (n == 0) step[1] = '\0';
    } else {
        (void)snprintf(step, sizeof step, "0.%0*d", (int)n, 1);
    }
    typer_edit(t, FIRN_EDIT_CALL, from, to,
               typer_printf(t, "firn_%s_to(CAST($1%s, $2, %s)", is_floor ? "floor" : "ceil",
                            decimal_cast(t, &type), step));
}

/* try_divide(a, b) and the like of decimals have the types of the operators. */
static void edit_tried(typer *t, size_t from, size_t to, firn_str name, const firn_value_type *args,
                       const firn_value_type *result)
{
    static const char *const k_tried[] = {"try_add", "try_subtract", "try_multiply", "try_mod",
                                          NULL};
    if (!is_decimal(result)) return;
    if (is_any(name, k_tried)) typer_wrap(t, from, to, "CAST(", decimal_cast(t, result));
    if (!firn_str_equals_nocase(name, FIRN_STR("try_divide"))) return;
    const firn_value_type x = {.kind = FIRN_VALUE_DECIMAL, .precision = 38, .scale = result->scale};
    const firn_value_type y = firn_value_as_decimal(FIRN_DIALECT_SPARK, &args[1]);
    typer_edit(t, FIRN_EDIT_CALL, from, to,
               typer_printf(t, "CAST(firn_divide(CAST($1%s, nullif(CAST($2%s, 0))%s",
                            decimal_cast(t, &x), decimal_cast(t, &y), decimal_cast(t, result)));
}

/* Sums of Spark's intervals, their absolute values, and the name of their type. */
static void edit_interval_call(typer *t, size_t from, size_t to, firn_str name,
                               const firn_value_type *arg)
{
    static const named_text k_days[] = {
        {"sum", "to_microseconds(CAST(sum(epoch_us($1))$w AS BIGINT))", 1},
        {"try_sum", "to_microseconds(CAST(sum(epoch_us($1))$w AS BIGINT))", 1},
        {"avg", "to_microseconds(CAST(avg(epoch_us($1))$w AS BIGINT))", 1},
        {"mean", "to_microseconds(CAST(avg(epoch_us($1))$w AS BIGINT))", 1},
        {"abs", "to_microseconds(abs(epoch_us($1)))", 1},
        {NULL, NULL, 0}};
    static const named_text k_months[] = {
        {"sum",
         "to_months(CAST(sum(datepart('year', $1) * 12 + datepart('month', $1))$w AS INTEGER))", 1},
        {"abs", "greatest($1, -($1))", 1},
        {NULL, NULL, 0}};
    if (!is_interval(arg) || arg->scale == 0) return;
    if (firn_str_equals_nocase(name, FIRN_STR("typeof")))
        edit_typeof(t, from, to, arg);
    else
        edit_by_name(t, from, to, name, 1,
                     arg->kind == FIRN_VALUE_INTERVAL_DAY ? k_days : k_months);
}

/* Trino counts from milliseconds to milliseconds, which are cut off, before 1970, too; and it
 * truncates times of day. */
static void edit_trino_time(typer *t, size_t from, size_t to, firn_str name,
                            const firn_value_type *args, size_t n_args)
{
    bool is_fine = false;
    for (size_t i = 1; i < n_args; i++) is_fine |= is_time(&args[i]) && args[i].precision > 3;
    if (n_args == 3 && is_fine && firn_str_equals_nocase(name, FIRN_STR("date_diff")))
        typer_edit(t, FIRN_EDIT_CALL, from, to,
                   "date_sub($1, date_trunc('millisecond', $2), date_trunc('millisecond', $3))");
    if (n_args == 2 && args[1].kind == FIRN_VALUE_TIME &&
        firn_str_equals_nocase(name, FIRN_STR("date_trunc")))
        typer_edit(t, FIRN_EDIT_CALL, from, to,
                   "CAST(date_trunc($1, DATE '1970-01-01' + ($2)) AS TIME)");
}

/* Of dates are dates; in Spark, of ints are ints. */
static void edit_sequence(typer *t, size_t from, size_t to, firn_str name,
                          const firn_value_type *args, size_t n_args)
{
    if (!firn_str_equals_nocase(name, FIRN_STR("sequence")) || n_args < 2) return;
    const bool is_int = args[0].kind == FIRN_VALUE_INTEGER && args[1].kind == FIRN_VALUE_INTEGER;
    if (is_int && typer_dialect(t) == FIRN_DIALECT_SPARK)
        typer_wrap(t, from, to, "CAST(", " AS INTEGER[])");
    if (args[0].kind != FIRN_VALUE_DATE) return;
    typer_edit(t, FIRN_EDIT_CALL, from, to,
               n_args == 2 ? "firn_series(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP), "
                             "INTERVAL 1 DAY)"
                           : "firn_series(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP), $3)");
    typer_wrap(t, from, to, "list_transform(", ", lambda \"firn_x\": CAST(\"firn_x\" AS DATE))");
}

void typer_edit_call(typer *t, size_t from, size_t to, firn_str name, const firn_value_type *args,
                     size_t n_args, const firn_value_type *result)
{
    static const char *const k_casts[] = {"round", "ceil", "ceiling", "floor", "truncate",
                                          "sign",  "mod",  "abs",     NULL};
    static const char *const k_dates[] = {"date_trunc", "date_add", NULL};
    if (n_args == 0) return;
    edit_sequence(t, from, to, name, args, n_args);
    if (firn_str_equals_nocase(name, FIRN_STR("reverse")) && args[0].kind == FIRN_VALUE_ARRAY)
        typer_edit(t, FIRN_EDIT_CALL, from, to, "list_reverse($1)");
    edit_bytes(t, from, to, name, &args[0], n_args);
    if (typer_dialect(t) == FIRN_DIALECT_SPARK) {
        edit_interval_call(t, from, to, name, &args[0]);
        edit_map_rows(t, from, to, name, &args[0]);
        if (n_args == 2) edit_ceil(t, from, to, name, args, result);
        if (n_args == 2) edit_tried(t, from, to, name, args, result);
        if (is_any(name, k_casts) && is_decimal(result))
            typer_wrap(t, from, to, "CAST(", decimal_cast(t, result));
        if (firn_str_equals_nocase(name, FIRN_STR("round")) && firn_value_is_float(&args[0]))
            typer_edit(t, FIRN_EDIT_CALL, from, to,
                       n_args > 1 ? "firn_round(CAST($1 AS DOUBLE), $2)"
                                  : "firn_round(CAST($1 AS DOUBLE), 0)");
        return;
    }
    if (firn_str_equals_nocase(name, FIRN_STR("length")) && args[0].kind == FIRN_VALUE_VARBINARY)
        typer_edit(t, FIRN_EDIT_CALL, from, to, "octet_length($1)");
    if (firn_str_equals_nocase(name, FIRN_STR("typeof"))) {
        edit_typeof(t, from, to, &args[0]);
        return;
    }
    edit_trino_time(t, from, to, name, args, n_args);
    const char *template = template_of(t, name, &args[0], result);
    if (template) typer_edit(t, FIRN_EDIT_CALL, from, to, template);
    if (is_any(name, k_casts) && is_decimal(result))
        typer_wrap(t, from, to, "CAST(", decimal_cast(t, result));
    if (is_any(name, k_casts) && firn_value_is_integer(result))
        typer_wrap(t, from, to, "CAST(",
                   result->kind == FIRN_VALUE_BIGINT ? " AS BIGINT)" : " AS INTEGER)");
    if (is_any(name, k_dates) && result->kind == FIRN_VALUE_DATE)
        typer_wrap(t, from, to, "CAST(", " AS DATE)");
}

/* ---- results: intervals are shown as text ---- */

#define MONTHS_OF "datepart('year', \"v\") * 12 + datepart('month', \"v\")"

/* "INTERVAL '1 02' DAY TO HOUR", "1 months 2 days" */
static void edit_spark_interval(typer *t, size_t from, size_t to, const firn_value_type *type)
{
    if (type->scale == FIRN_INTERVAL_MIXED)
        typer_wrap(t, from, to, "list_transform([", "], lambda \"v\": firn_mixed_text(\"v\"))[1]");
    else if (type->kind == FIRN_VALUE_INTERVAL_DAY)
        typer_wrap(t, from, to, "firn_spark_interval(epoch_us(",
                   typer_printf(t, "), %d)", (int)type->scale));
    else
        typer_wrap(t, from, to, "list_transform([",
                   typer_printf(t, "], lambda \"v\": firn_spark_interval(" MONTHS_OF ", %d))[1]",
                                (int)type->scale));
}

void typer_edit_result(typer *t, size_t from, size_t to, const firn_value_type *type)
{
    if (typer_dialect(t) == FIRN_DIALECT_SPARK) {
        if (is_interval(type) && type->scale != 0) edit_spark_interval(t, from, to, type);
    } else if (type->kind == FIRN_VALUE_INTERVAL_DAY) {
        typer_wrap(t, from, to, "firn_interval_text(epoch_us(", "))");
    } else if (type->kind == FIRN_VALUE_INTERVAL_YEAR) {
        typer_wrap(t, from, to, "list_transform([",
                   "], lambda \"v\": firn_months_text(" MONTHS_OF "))[1]");
    }
}
