/* SPDX-License-Identifier: Apache-2.0 */
/* Operators, common types and what may be stored. Functions are function_types.c. */
#include "sql/typing/type_rules.h"

#include "base/error.h"
#include "base/str.h"

#define MAX_DIGITS 38

static int32_t min32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t max32(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static firn_value_type simple(firn_value_kind kind)
{
    return (firn_value_type){.kind = kind};
}

static firn_value_type decimal(int32_t precision, int32_t scale)
{
    if (scale > MAX_DIGITS) return simple(FIRN_VALUE_UNKNOWN);
    return (firn_value_type){
        .kind = FIRN_VALUE_DECIMAL, .precision = min32(MAX_DIGITS, precision), .scale = scale};
}

/* ---- kinds ---- */

bool firn_value_is_integer(const firn_value_type *type)
{
    return type->kind >= FIRN_VALUE_TINYINT && type->kind <= FIRN_VALUE_BIGINT;
}

bool firn_value_is_float(const firn_value_type *type)
{
    return type->kind == FIRN_VALUE_REAL || type->kind == FIRN_VALUE_DOUBLE;
}

bool firn_value_is_number(const firn_value_type *type)
{
    return type->kind >= FIRN_VALUE_TINYINT && type->kind <= FIRN_VALUE_DOUBLE;
}

bool firn_value_is_text(const firn_value_type *type)
{
    return type->kind == FIRN_VALUE_VARCHAR || type->kind == FIRN_VALUE_CHAR;
}

firn_value_type firn_value_as_decimal(firn_dialect dialect, const firn_value_type *type)
{
    const bool is_spark = dialect == FIRN_DIALECT_SPARK;
    const bool is_literal = firn_value_is_integer(type) && type->precision > 0;
    if (is_spark && is_literal) return decimal(type->precision, 0);
    switch ((int)type->kind) {
    case FIRN_VALUE_TINYINT: return decimal(3, 0);
    case FIRN_VALUE_SMALLINT: return decimal(5, 0);
    case FIRN_VALUE_INTEGER: return decimal(10, 0);
    case FIRN_VALUE_BIGINT: return decimal(is_spark ? 20 : 19, 0);
    case FIRN_VALUE_DECIMAL: return *type;
    default: return simple(FIRN_VALUE_UNKNOWN);
    }
}

/* ---- operators ---- */

static firn_value_type decimal_operator(char op, const firn_value_type *a, const firn_value_type *b)
{
    const int32_t scale = max32(a->scale, b->scale);
    const int32_t whole_a = a->precision - a->scale;
    const int32_t whole_b = b->precision - b->scale;
    switch (op) {
    case '+':
    case '-': return decimal(max32(whole_a, whole_b) + scale + 1, scale);
    case '*': return decimal(a->precision + b->precision, a->scale + b->scale);
    case '/': return decimal(a->precision + b->scale + max32(b->scale - a->scale, 0), scale);
    case '%': return decimal(min32(whole_a, whole_b) + scale, scale);
    default: return simple(FIRN_VALUE_UNKNOWN);
    }
}

/* Digits of the fraction go before those in front of it do, down to six. */
static firn_value_type adjusted(int32_t precision, int32_t scale)
{
    if (precision <= MAX_DIGITS) return decimal(precision, scale);
    const int32_t kept = max32(MAX_DIGITS - (precision - scale), min32(scale, 6));
    return decimal(MAX_DIGITS, kept);
}

static firn_value_type spark_operator(char op, const firn_value_type *a, const firn_value_type *b)
{
    const int32_t scale = max32(a->scale, b->scale);
    const int32_t whole_a = a->precision - a->scale;
    const int32_t whole_b = b->precision - b->scale;
    const int32_t digits = max32(6, a->scale + b->precision + 1); /* of a quotient's fraction */
    switch (op) {
    case '+':
    case '-': return adjusted(max32(whole_a, whole_b) + scale + 1, scale);
    case '*': return adjusted(a->precision + b->precision + 1, a->scale + b->scale);
    case '/': return adjusted(whole_a + b->scale + digits, digits);
    case '%': return adjusted(min32(whole_a, whole_b) + scale, scale);
    default: return simple(FIRN_VALUE_UNKNOWN);
    }
}

/* Spark divides integers as doubles, and computes reals with decimals as doubles, too. */
static firn_value_type spark_number(char op, const firn_value_type *a, const firn_value_type *b)
{
    const bool is_sum = op == '+' || op == '-';
    const bool is_product = op == '*' || op == '/' || op == '%' || op == 'D';
    if (!is_sum && !is_product) return simple(a->kind > b->kind ? a->kind : b->kind);
    const bool has_decimal = a->kind == FIRN_VALUE_DECIMAL || b->kind == FIRN_VALUE_DECIMAL;
    const bool has_float = firn_value_is_float(a) || firn_value_is_float(b);
    const bool are_real = a->kind == FIRN_VALUE_REAL && b->kind == FIRN_VALUE_REAL;
    if (op == 'D') return simple(FIRN_VALUE_BIGINT);
    if (has_decimal && !has_float) {
        const firn_value_type x = firn_value_as_decimal(FIRN_DIALECT_SPARK, a);
        const firn_value_type y = firn_value_as_decimal(FIRN_DIALECT_SPARK, b);
        return spark_operator(op, &x, &y);
    }
    if (has_decimal || (op == '/' && !are_real)) return simple(FIRN_VALUE_DOUBLE);
    return simple(a->kind > b->kind ? a->kind : b->kind);
}

static firn_value_type number_operator(firn_dialect dialect, char op, const firn_value_type *a,
                                       const firn_value_type *b)
{
    if (dialect == FIRN_DIALECT_SPARK) return spark_number(op, a, b);
    if (firn_value_is_float(a) || firn_value_is_float(b)) {
        const bool is_double = a->kind == FIRN_VALUE_DOUBLE || b->kind == FIRN_VALUE_DOUBLE;
        return simple(is_double ? FIRN_VALUE_DOUBLE : FIRN_VALUE_REAL);
    }
    if (a->kind == FIRN_VALUE_DECIMAL || b->kind == FIRN_VALUE_DECIMAL) {
        const firn_value_type x = firn_value_as_decimal(dialect, a);
        const firn_value_type y = firn_value_as_decimal(dialect, b);
        return decimal_operator(op, &x, &y);
    }
    return a->kind > b->kind ? *a : *b;
}

static bool is_interval(const firn_value_type *type)
{
    return type->kind == FIRN_VALUE_INTERVAL_DAY || type->kind == FIRN_VALUE_INTERVAL_YEAR;
}

static bool is_moment(const firn_value_type *type)
{
    return type->kind >= FIRN_VALUE_DATE && type->kind <= FIRN_VALUE_TIMESTAMP_TZ;
}

/* A moment and an interval; a time gets the milliseconds that an interval of days has. */
static firn_value_type moved(const firn_value_type *moment, const firn_value_type *by)
{
    firn_value_type out = *moment;
    if (by->kind == FIRN_VALUE_INTERVAL_DAY && moment->kind != FIRN_VALUE_DATE)
        out.precision = max32(3, out.precision);
    return out;
}

static firn_value_type time_operator(char op, const firn_value_type *a, const firn_value_type *b)
{
    const bool is_sum = op == '+' || op == '-';
    const bool is_product = op == '*' || op == '/';
    if (is_sum && is_moment(a) && is_interval(b)) return moved(a, b);
    if (op == '+' && is_interval(a) && is_moment(b)) return moved(b, a);
    if (op == '-' && is_moment(a) && a->kind == b->kind) return simple(FIRN_VALUE_INTERVAL_DAY);
    if (is_sum && is_interval(a) && a->kind == b->kind) return *a;
    if (is_product && is_interval(a) && firn_value_is_number(b)) return *a;
    if (op == '*' && firn_value_is_number(a) && is_interval(b)) return *b;
    return simple(FIRN_VALUE_UNKNOWN);
}

static firn_value_type interval_of(firn_value_kind kind, firn_interval_unit first,
                                   firn_interval_unit last)
{
    return (firn_value_type){.kind = kind,
                             .precision =
                                 last != FIRN_INTERVAL_DAY && kind == FIRN_VALUE_INTERVAL_DAY,
                             .scale = firn_interval_range(first, last)};
}

/* Intervals of Spark have units: between two dates there are days, a product may have any. */
static firn_value_type spark_interval(char op, const firn_value_type *a, const firn_value_type *b)
{
    firn_value_type out = time_operator(op, a, b);
    if (op == '-' && is_moment(a) && is_moment(b)) {
        const bool are_dates = a->kind == FIRN_VALUE_DATE && b->kind == FIRN_VALUE_DATE;
        return interval_of(FIRN_VALUE_INTERVAL_DAY, FIRN_INTERVAL_DAY,
                           are_dates ? FIRN_INTERVAL_DAY : FIRN_INTERVAL_SECOND);
    }
    if (!is_interval(&out) || out.scale <= 0) return out;
    if (is_interval(a) && is_interval(b)) {
        out.scale = firn_interval_range_of_both(a->scale, b->scale);
        out.precision = max32(a->precision, b->precision);
        return out;
    }
    return out.kind == FIRN_VALUE_INTERVAL_DAY
               ? interval_of(out.kind, FIRN_INTERVAL_DAY, FIRN_INTERVAL_SECOND)
               : interval_of(out.kind, FIRN_INTERVAL_YEAR, FIRN_INTERVAL_MONTH);
}

/* a || b */
static firn_value_type joined(const firn_value_type *a, const firn_value_type *b)
{
    if (a->kind == FIRN_VALUE_ARRAY) return *a;
    if (b->kind == FIRN_VALUE_ARRAY) return *b;
    if (a->kind == FIRN_VALUE_VARBINARY && b->kind == a->kind) return *a;
    const bool is_text = firn_value_is_text(a) && firn_value_is_text(b);
    if (is_text && a->kind == FIRN_VALUE_CHAR && b->kind == FIRN_VALUE_CHAR) {
        return (firn_value_type){.kind = FIRN_VALUE_CHAR, .precision = a->precision + b->precision};
    }
    return (firn_value_type){.kind = is_text ? FIRN_VALUE_VARCHAR : FIRN_VALUE_UNKNOWN,
                             .precision = is_text ? -1 : 0};
}

firn_value_type firn_value_of_operator(firn_dialect dialect, char op, const firn_value_type *a,
                                       const firn_value_type *b)
{
    if (a->kind == FIRN_VALUE_UNKNOWN || b->kind == FIRN_VALUE_UNKNOWN)
        return simple(FIRN_VALUE_UNKNOWN);
    const bool are_bits =
        dialect == FIRN_DIALECT_SPARK && firn_value_is_integer(a) && firn_value_is_integer(b);
    if (op == '|' && !are_bits) return joined(a, b);
    if (a->kind == FIRN_VALUE_NULL && firn_value_is_number(b))
        return number_operator(dialect, op, b, b);
    if (b->kind == FIRN_VALUE_NULL && firn_value_is_number(a))
        return number_operator(dialect, op, a, a);
    if (firn_value_is_number(a) && firn_value_is_number(b))
        return number_operator(dialect, op, a, b);
    const bool is_hour = dialect == FIRN_DIALECT_SPARK && a->kind == FIRN_VALUE_DATE &&
                         b->kind == FIRN_VALUE_INTERVAL_DAY && b->precision > 0;
    if (is_hour && (op == '+' || op == '-')) return simple(FIRN_VALUE_TIMESTAMP_TZ);
    const bool are_days =
        dialect == FIRN_DIALECT_SPARK && a->kind == FIRN_VALUE_DATE && firn_value_is_integer(b);
    if (are_days) return *a;
    if (dialect == FIRN_DIALECT_SPARK) return spark_interval(op, a, b);
    return time_operator(op, a, b);
}

/* ---- common types ---- */

static firn_value_type common_number(const firn_value_type *a, const firn_value_type *b)
{
    const bool has_float = firn_value_is_float(a) || firn_value_is_float(b);
    const bool has_decimal = a->kind == FIRN_VALUE_DECIMAL || b->kind == FIRN_VALUE_DECIMAL;
    if (has_float || !has_decimal) return a->kind > b->kind ? *a : *b;
    const firn_value_type x = firn_value_as_decimal(FIRN_DIALECT_TRINO, a);
    const firn_value_type y = firn_value_as_decimal(FIRN_DIALECT_TRINO, b);
    const int32_t scale = max32(x.scale, y.scale);
    return decimal(max32(x.precision - x.scale, y.precision - y.scale) + scale, scale);
}

static firn_value_type common_text(const firn_value_type *a, const firn_value_type *b)
{
    firn_value_type out = a->kind == b->kind ? *a : simple(FIRN_VALUE_VARCHAR);
    const bool is_open = a->precision < 0 || b->precision < 0;
    out.precision = is_open ? -1 : max32(a->precision, b->precision);
    return out;
}

/* Dates become timestamps, those without a zone ones with it; the more digits. */
static firn_value_type common_moment(const firn_value_type *a, const firn_value_type *b)
{
    const bool is_time = a->kind == FIRN_VALUE_TIME || b->kind == FIRN_VALUE_TIME ||
                         a->kind == FIRN_VALUE_TIME_TZ || b->kind == FIRN_VALUE_TIME_TZ;
    if (is_time && a->kind != b->kind) return simple(FIRN_VALUE_UNKNOWN);
    firn_value_type out = a->kind > b->kind ? *a : *b;
    out.precision = max32(a->precision, b->precision);
    if (!firn_str_equals(a->zone, b->zone)) out.zone = (firn_str){0};
    return out;
}

static firn_status common_parts(const firn_value_type *a, const firn_value_type *b,
                                firn_arena *arena, firn_value_type *out, firn_error *err)
{
    *out = simple(FIRN_VALUE_UNKNOWN);
    if (a->n_parts != b->n_parts) return FIRN_OK;
    if (a->n_parts == 0) *out = *a;
    if (a->n_parts == 0) return FIRN_OK;
    firn_value_type *parts = firn_arena_array(arena, a->n_parts, sizeof *parts);
    if (!parts) return firn_fail_nomem(err);
    for (size_t i = 0; i < a->n_parts; i++) {
        FIRN_TRY(firn_value_common(&a->parts[i], &b->parts[i], arena, &parts[i], err));
        if (parts[i].kind == FIRN_VALUE_UNKNOWN) return FIRN_OK;
    }
    *out = *a;
    out->parts = parts;
    return FIRN_OK;
}

firn_status firn_value_common(const firn_value_type *a, const firn_value_type *b, firn_arena *arena,
                              firn_value_type *out, firn_error *err)
{
    *out = simple(FIRN_VALUE_UNKNOWN);
    if (a->kind == FIRN_VALUE_UNKNOWN || b->kind == FIRN_VALUE_UNKNOWN) return FIRN_OK;
    if (a->kind == FIRN_VALUE_NULL || b->kind == FIRN_VALUE_NULL)
        *out = a->kind == FIRN_VALUE_NULL ? *b : *a;
    else if (firn_value_is_number(a) && firn_value_is_number(b))
        *out = common_number(a, b);
    else if (firn_value_is_text(a) && firn_value_is_text(b))
        *out = common_text(a, b);
    else if (is_moment(a) && is_moment(b))
        *out = common_moment(a, b);
    else if (a->kind == b->kind)
        return common_parts(a, b, arena, out, err);
    return FIRN_OK;
}

bool firn_value_can_store(const firn_value_type *from, const firn_value_type *column)
{
    if (from->kind == FIRN_VALUE_UNKNOWN || column->kind == FIRN_VALUE_UNKNOWN) return true;
    if (from->kind == FIRN_VALUE_NULL) return true;
    if (firn_value_is_number(from)) return firn_value_is_number(column);
    if (firn_value_is_text(from)) return firn_value_is_text(column);
    if (is_moment(from)) {
        if (from->kind == FIRN_VALUE_DATE)
            return column->kind == FIRN_VALUE_DATE || column->kind == FIRN_VALUE_TIMESTAMP ||
                   column->kind == FIRN_VALUE_TIMESTAMP_TZ;
        return is_moment(column) && column->kind != FIRN_VALUE_DATE;
    }
    if (from->kind != column->kind || from->n_parts != column->n_parts) return false;
    for (size_t i = 0; i < from->n_parts; i++) {
        if (!firn_value_can_store(&from->parts[i], &column->parts[i])) return false;
    }
    return true;
}
