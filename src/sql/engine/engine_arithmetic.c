/* SPDX-License-Identifier: Apache-2.0 */
/* firn_divide(a, b): "/" as the SQL standard has it. Two integers give an integer, decimals (and
 * integers) a decimal of the greater scale, rounded half up; others a double. The wanted precision
 * is the caller's cast. */
#include "base/error.h"
#include "sql/engine/engine_call.h"

#define MAX_DIGITS 38

/* ---- the type of the result ---- */

static bool is_integer(const firn_type *type)
{
    return type->kind == FIRN_TYPE_INT || type->kind == FIRN_TYPE_LONG ||
           type->kind == FIRN_TYPE_UNKNOWN;
}

static bool is_exact(const firn_type *type)
{
    return is_integer(type) || type->kind == FIRN_TYPE_DECIMAL;
}

static firn_type quotient_type(const firn_type *a, const firn_type *b)
{
    if (is_integer(a) && is_integer(b)) {
        const bool is_long = a->kind == FIRN_TYPE_LONG || b->kind == FIRN_TYPE_LONG;
        return (firn_type){.kind = is_long ? FIRN_TYPE_LONG : FIRN_TYPE_INT};
    }
    if (!is_exact(a) || !is_exact(b)) return (firn_type){.kind = FIRN_TYPE_DOUBLE};
    const int32_t scale_a = a->kind == FIRN_TYPE_DECIMAL ? a->scale : 0;
    const int32_t scale_b = b->kind == FIRN_TYPE_DECIMAL ? b->scale : 0;
    return (firn_type){.kind = FIRN_TYPE_DECIMAL,
                       .precision = MAX_DIGITS,
                       .scale = scale_a > scale_b ? scale_a : scale_b};
}

static firn_status read_argument_type(firn_engine *engine, duckdb_v2_function_bind_info_handle info,
                                      idx_t i, firn_arena *arena, firn_type *out, firn_error *err)
{
    int32_t next_id = 1;
    duckdb_v2_logical_type_handle type = NULL;
    duckdb_v2_error_info_handle error = NULL;
    const DUCKDB_V2_ERROR code = engine->api->function_bind_get_arg_type(info, i, &type, &error);
    if (code) return firn_engine_fail(engine, code, &error, err);
    const firn_status st = firn_duckdb_type_read(engine, type, arena, &next_id, out, err);
    (void)engine->api->logical_type_destroy(&type);
    return st;
}

static firn_status resolve_type(firn_engine *engine, duckdb_v2_function_bind_info_handle info,
                                duckdb_v2_scalar_function_resolve_types_info_handle result,
                                duckdb_v2_context_handle context, firn_arena *arena,
                                firn_error *err)
{
    duckdb_v2_factory_handle factory = NULL;
    firn_type types[2];
    duckdb_v2_logical_type_handle type = NULL;
    duckdb_v2_error_info_handle error = NULL;
    for (idx_t i = 0; i < 2; i++)
        FIRN_TRY(read_argument_type(engine, info, i, arena, &types[i], err));
    const firn_type quotient = quotient_type(&types[0], &types[1]);
    DUCKDB_V2_ERROR code = engine->api->context_get_factory(context, &factory, &error);
    if (code) return firn_engine_fail(engine, code, &error, err);
    FIRN_TRY(firn_duckdb_type_create(engine, factory, &quotient, FIRN_FORM_VALUE, &type, err));
    code = engine->api->scalar_function_resolve_types_set_return_type(result, type, &error);
    (void)engine->api->logical_type_destroy(&type);
    return code ? firn_engine_fail(engine, code, &error, err) : FIRN_OK;
}

static void on_resolve(duckdb_v2_function_bind_info_handle info,
                       duckdb_v2_scalar_function_resolve_types_info_handle result,
                       duckdb_v2_context_handle context, duckdb_v2_error_info_handle *error)
{
    firn_error err = {0};
    firn_engine *engine = firn_call_engine(info, error);
    if (!engine) return;
    firn_arena *arena = firn_arena_create(engine->opts.env->alloc, 0);
    const firn_status st =
        arena ? resolve_type(engine, info, result, context, arena, &err) : firn_fail_nomem(&err);
    firn_arena_destroy(arena);
    if (st != FIRN_OK) firn_engine_stash(engine, &err, error);
}

/* ---- values ---- */

static firn_status fail_zero(firn_error *err)
{
    return firn_fail(err, FIRN_ERR_ARG, "division by zero");
}

static firn_uint128 magnitude(firn_int128 value)
{
    return value < 0 ? (firn_uint128)0 - (firn_uint128)value : (firn_uint128)value;
}

static firn_uint128 greatest(void)
{
    firn_uint128 value = 1;
    for (int i = 0; i < MAX_DIGITS; i++) value *= 10;
    return value - 1;
}

/* The next digit of the quotient; *rest below b before and after. */
static unsigned next_digit(firn_uint128 *rest, firn_uint128 b)
{
    firn_uint128 sum = 0;
    unsigned digit = 0;
    for (int i = 0; i < 10; i++) {
        sum += *rest;
        if (sum < b) continue;
        sum -= b;
        digit++;
    }
    *rest = sum;
    return digit;
}

/* a * 10^digits / b, rounded half up. */
static firn_status divide_decimals(firn_int128 a, firn_int128 b, int32_t digits, firn_int128 *out,
                                   firn_error *err)
{
    const firn_uint128 divisor = magnitude(b);
    const firn_uint128 most = greatest();
    if (b == 0) return fail_zero(err);
    firn_uint128 quotient = magnitude(a) / divisor;
    firn_uint128 rest = magnitude(a) % divisor;
    for (int32_t i = 0; i < digits; i++) {
        if (quotient > most / 10) return firn_fail(err, FIRN_ERR_ARG, "decimal overflow");
        quotient = quotient * 10 + next_digit(&rest, divisor);
    }
    if (rest >= divisor - rest) quotient++;
    if (quotient > most) return firn_fail(err, FIRN_ERR_ARG, "decimal overflow");
    *out = (a < 0) != (b < 0) ? -(firn_int128)quotient : (firn_int128)quotient;
    return FIRN_OK;
}

static firn_int128 exact_of(const firn_value *value)
{
    switch ((int)value->kind) {
    case FIRN_TYPE_DECIMAL: return value->as.decimal;
    case FIRN_TYPE_LONG: return value->as.i64;
    default: return value->as.i32;
    }
}

static double number_of(const firn_value *value)
{
    static const double k_ten = 10;
    double out = 0;
    switch ((int)value->kind) {
    case FIRN_TYPE_DOUBLE: return value->as.f64;
    case FIRN_TYPE_FLOAT: return (double)value->as.f32;
    default: break;
    }
    out = (double)exact_of(value);
    for (int32_t i = 0; value->kind == FIRN_TYPE_DECIMAL && i < value->scale; i++) out /= k_ten;
    return out;
}

static firn_status divide_integers(const firn_value *a, const firn_value *b, int64_t *out,
                                   firn_error *err)
{
    const firn_int128 divisor = exact_of(b);
    if (divisor == 0) return fail_zero(err);
    const firn_int128 quotient = exact_of(a) / divisor;
    if (quotient > INT64_MAX) return firn_fail(err, FIRN_ERR_ARG, "bigint overflow");
    *out = (int64_t)quotient;
    return FIRN_OK;
}

static firn_status divide_row(const firn_value *a, const firn_value *b, const firn_type *type,
                              firn_column *out, int64_t row, firn_error *err)
{
    int64_t integer = 0;
    if (type->kind == FIRN_TYPE_DOUBLE) {
        ((double *)out->values)[row] = number_of(a) / number_of(b);
        return FIRN_OK;
    }
    if (type->kind == FIRN_TYPE_DECIMAL) {
        const int32_t scale_a = a->kind == FIRN_TYPE_DECIMAL ? a->scale : 0;
        const int32_t scale_b = b->kind == FIRN_TYPE_DECIMAL ? b->scale : 0;
        return divide_decimals(exact_of(a), exact_of(b), type->scale + scale_b - scale_a,
                               &((firn_int128 *)out->values)[row], err);
    }
    FIRN_TRY(divide_integers(a, b, &integer, err));
    if (type->kind == FIRN_TYPE_LONG)
        ((int64_t *)out->values)[row] = integer;
    else if (integer > INT32_MAX)
        return firn_fail(err, FIRN_ERR_ARG, "integer overflow");
    else
        ((int32_t *)out->values)[row] = (int32_t)integer;
    return FIRN_OK;
}

static firn_status divide_rows(firn_call *c, firn_error *err)
{
    const firn_type type = quotient_type(c->args[0].type, c->args[1].type);
    firn_column out;
    FIRN_TRY(firn_call_make(c, &type, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_column_is_valid(&c->args[0], r) || !firn_column_is_valid(&c->args[1], r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        const firn_value a = firn_column_get(&c->args[0], r);
        const firn_value b = firn_column_get(&c->args[1], r);
        FIRN_TRY(divide_row(&a, &b, &type, &out, r, err));
    }
    return firn_call_finish(c, &out, err);
}

/* ---- firn_shift_left(x, n, bits), firn_shift_right(x, n, bits): of a number of so many bits;
 * zeros come from the left ---- */

static int64_t shifted(int64_t x, int64_t n, int32_t bits, bool is_left)
{
    const uint64_t mask = bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;
    uint64_t y = (uint64_t)x & mask;
    if (n < 0 || n >= bits) return 0;
    y = (is_left ? y << n : y >> n) & mask;
    if (bits < 64 && (y >> (bits - 1) & 1)) y |= ~mask;
    return (int64_t)y;
}

static firn_status shift_all(firn_call *c, bool is_left, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_long, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_call_are_valid(c, 3, r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        const int32_t bits = ((const int32_t *)c->args[2].values)[r];
        if (bits < 1 || bits > 64)
            return firn_fail(err, FIRN_ERR_ARG, "found %d bits, expected 1 to 64", (int)bits);
        ((int64_t *)out.values)[r] =
            shifted(((const int64_t *)c->args[0].values)[r],
                    ((const int64_t *)c->args[1].values)[r], bits, is_left);
    }
    return firn_call_finish(c, &out, err);
}

static firn_status left_rows(firn_call *c, firn_error *err)
{
    return shift_all(c, true, err);
}

static firn_status right_rows(firn_call *c, firn_error *err)
{
    return shift_all(c, false, err);
}

const firn_function_def *firn_engine_arithmetic(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_divide", {"ANY", "ANY"}, "ANY", divide_rows, 2, on_resolve},
        {"firn_shift_left", {"BIGINT", "BIGINT", "INTEGER"}, "BIGINT", left_rows, 3, NULL},
        {"firn_shift_right", {"BIGINT", "BIGINT", "INTEGER"}, "BIGINT", right_rows, 3, NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
