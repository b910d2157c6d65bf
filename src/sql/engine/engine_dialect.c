/* SPDX-License-Identifier: Apache-2.0 */
/* Functions by which text of a dialect keeps its meaning whatever the types are, which are known
 * only when the statement is bound: subscripts, sizes, divisors, numbers cut to integers. And what
 * a session of a dialect begins with. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/engine/engine_call.h"

/* ---- types of arguments and results ---- */

/* precision and scale: of a DECIMAL. */
typedef struct bound_type {
    DUCKDB_V2_LOGICAL_TYPE_ID id;
    uint8_t precision, scale;
} bound_type;

static bound_type type_of(firn_bind_handle info, idx_t arg, firn_error_handle *error)
{
    const firn_duckdb *api = firn_duckdb_loaded();
    duckdb_v2_logical_type_handle type = NULL;
    bound_type out = {.id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID};
    DUCKDB_V2_ERROR code = api->function_bind_get_arg_type(info, arg, &type, error);
    if (!code) code = api->logical_type_get_id(type, &out.id, error);
    uint8_t *const parts[] = {&out.precision, &out.scale};
    for (idx_t i = 0; i < 2 && !code && out.id == DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL; i++) {
        duckdb_v2_identifier_t name = {0};
        duckdb_v2_value_handle value = NULL;
        code = api->logical_type_get_param(type, i, &name, &value, error);
        if (!code) code = api->value_get_utinyint(value, parts[i], error);
        (void)api->value_destroy(&value);
    }
    (void)api->logical_type_destroy(&type);
    return out;
}

/* The result is of the type that text spells. */
static void set_type(firn_types_handle types, const char *text, duckdb_v2_context_handle context,
                     firn_error_handle *error)
{
    const firn_duckdb *api = firn_duckdb_loaded();
    const duckdb_v2_str spelling = {text, strlen(text)};
    duckdb_v2_factory_handle factory = NULL;
    duckdb_v2_logical_type_handle type = NULL;
    DUCKDB_V2_ERROR code = api->context_get_factory(context, &factory, error);
    if (!code) code = api->factory_create_type_from_text(factory, &spelling, &type, error);
    if (!code) (void)api->scalar_function_resolve_types_set_return_type(types, type, error);
    (void)api->logical_type_destroy(&type);
}

static void refuse(firn_bind_handle info, const char *message, firn_error_handle *error)
{
    firn_error err = {0};
    firn_engine *engine = firn_call_engine(info, error);
    (void)firn_fail(&err, FIRN_ERR_ARG, "%s", message);
    if (engine) firn_engine_stash(engine, &err, error);
}

/* ---- lists and maps ---- */

static bool has_length(DUCKDB_V2_LOGICAL_TYPE_ID id)
{
    return id == DUCKDB_V2_LOGICAL_TYPE_ID_LIST || id == DUCKDB_V2_LOGICAL_TYPE_ID_MAP ||
           id == DUCKDB_V2_LOGICAL_TYPE_ID_SQLNULL;
}

/* Lengths of the lists or maps of the first argument as longs, without their elements. */
static firn_status read_lengths(firn_call *c, firn_column *out, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    duckdb_v2_vector_view view = {0};
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    FIRN_TRY(firn_call_type(c, 0, &id, err));
    FIRN_TRY(firn_call_view(c, 0, &view, err));
    FIRN_TRY(firn_call_make(c, &k_long, out, err));
    const bool is_null = id == DUCKDB_V2_LOGICAL_TYPE_ID_SQLNULL;
    const duckdb_v2_list_entry *entries = view.data;
    for (int64_t r = 0; r < c->n; r++) {
        const uint64_t word = view.validity ? view.validity[r / 64] : UINT64_MAX;
        if (!is_null && (word >> (r % 64) & 1) != 0)
            ((int64_t *)out->values)[r] = (int64_t)entries[r].length;
        else
            firn_column_set_null(out, r);
    }
    return FIRN_OK;
}

/* firn_size(x) */
static firn_status size_rows(firn_call *c, firn_error *err)
{
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    firn_column lengths;
    firn_column out;
    FIRN_TRY(read_lengths(c, &lengths, err));
    FIRN_TRY(firn_call_make(c, &k_int, &out, err));
    out.validity = lengths.validity;
    for (int64_t r = 0; r < c->n; r++) {
        const bool has_value = firn_column_is_valid(&lengths, r);
        ((int32_t *)out.values)[r] = has_value ? (int32_t)((int64_t *)lengths.values)[r] : 0;
    }
    return firn_call_finish(c, &out, err);
}

static void on_size_types(firn_bind_handle info, firn_types_handle types,
                          duckdb_v2_context_handle context, firn_error_handle *error)
{
    if (has_length(type_of(info, 0, error).id))
        set_type(types, "INTEGER", context, error);
    else
        refuse(info, "the size of what is neither an array nor a map", error);
}

static firn_status fail_index(int64_t index, int64_t n, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_ARG,
                     "index %lld is out of bounds, the array has %lld elements; get() and "
                     "try_element_at() give null",
                     (long long)index, (long long)n);
}

/* firn_index(x, i): what x[i] of Spark is in DuckDB's brackets. A map's key stays; elements are
 * counted from 1 here, and there is an error for one that is not there, or null:
 * firn_known_index(x, i). */
static firn_status index_rows(firn_call *c, bool is_strict, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    const firn_column *index = &c->args[1];
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    firn_column lengths;
    firn_column out;
    FIRN_TRY(firn_call_type(c, 0, &id, err));
    if (id == DUCKDB_V2_LOGICAL_TYPE_ID_MAP) return firn_call_give(c, 1, err);
    FIRN_TRY(firn_call_argument(c, 1, err));
    FIRN_TRY(read_lengths(c, &lengths, err));
    FIRN_TRY(firn_call_make(c, &k_long, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_column_is_valid(index, r) || !firn_column_is_valid(&lengths, r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        const int64_t n = ((int64_t *)lengths.values)[r];
        const int64_t at = index->type->kind == FIRN_TYPE_INT ? ((int32_t *)index->values)[r]
                                                              : ((int64_t *)index->values)[r];
        const bool is_there = at >= 0 && at < n;
        if (!is_there && is_strict) return fail_index(at, n, err);
        ((int64_t *)out.values)[r] = is_there ? at + 1 : 0;
        if (!is_there) firn_column_set_null(&out, r);
    }
    return firn_call_finish(c, &out, err);
}

static firn_status strict_index_rows(firn_call *c, firn_error *err)
{
    return index_rows(c, true, err);
}

static firn_status lenient_index_rows(firn_call *c, firn_error *err)
{
    return index_rows(c, false, err);
}

static bool is_integer(DUCKDB_V2_LOGICAL_TYPE_ID id)
{
    switch ((int)id) {
    case DUCKDB_V2_LOGICAL_TYPE_ID_TINYINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_SMALLINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_INTEGER:
    case DUCKDB_V2_LOGICAL_TYPE_ID_BIGINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_UTINYINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_USMALLINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_UINTEGER:
    case DUCKDB_V2_LOGICAL_TYPE_ID_SQLNULL: return true;
    default: return false;
    }
}

static void on_index_types(firn_bind_handle info, firn_types_handle types,
                           duckdb_v2_context_handle context, firn_error_handle *error)
{
    const DUCKDB_V2_LOGICAL_TYPE_ID id = type_of(info, 0, error).id;
    if (id == DUCKDB_V2_LOGICAL_TYPE_ID_MAP)
        firn_call_same_type(info, 1, types, error);
    else if (!has_length(id))
        refuse(info, "a subscript of what is neither an array nor a map", error);
    else if (!is_integer(type_of(info, 1, error).id))
        refuse(info, "the index of an array is not an integer", error);
    else
        set_type(types, "BIGINT", context, error);
}

/* firn_element(x, i): what element_at(x, i) of Spark is in DuckDB's brackets; firn_known_element:
 * in Trino, where an element beyond the last is null. */
static firn_status element_rows(firn_call *c, bool is_strict, firn_error *err)
{
    const firn_column *index = &c->args[1];
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    firn_column lengths;
    FIRN_TRY(firn_call_type(c, 0, &id, err));
    if (id == DUCKDB_V2_LOGICAL_TYPE_ID_MAP) return firn_call_give(c, 1, err);
    FIRN_TRY(firn_call_argument(c, 1, err));
    FIRN_TRY(read_lengths(c, &lengths, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_column_is_valid(index, r) || !firn_column_is_valid(&lengths, r)) continue;
        const int64_t n = ((int64_t *)lengths.values)[r];
        const int64_t at = index->type->kind == FIRN_TYPE_INT ? ((int32_t *)index->values)[r]
                                                              : ((int64_t *)index->values)[r];
        if (at == 0)
            return firn_fail(err, FIRN_ERR_ARG, "index 0; elements are counted from 1, or from -1");
        if (is_strict && (at > n || at < -n)) return fail_index(at, n, err);
    }
    return firn_call_give(c, 1, err);
}

static firn_status strict_rows(firn_call *c, firn_error *err)
{
    return element_rows(c, true, err);
}

static firn_status lenient_rows(firn_call *c, firn_error *err)
{
    return element_rows(c, false, err);
}

static void on_element_types(firn_bind_handle info, firn_types_handle types,
                             duckdb_v2_context_handle context, firn_error_handle *error)
{
    (void)context;
    const DUCKDB_V2_LOGICAL_TYPE_ID id = type_of(info, 0, error).id;
    if (id != DUCKDB_V2_LOGICAL_TYPE_ID_MAP && !is_integer(type_of(info, 1, error).id))
        refuse(info, "the index of an array is not an integer", error);
    else
        firn_call_same_type(info, 1, types, error);
}

/* ---- numbers ---- */

static firn_status trunc_float_rows(firn_call *c, firn_error *err)
{
    const firn_column *in = &c->args[0];
    const bool is_float = in->type->kind == FIRN_TYPE_FLOAT;
    firn_column out;
    FIRN_TRY(firn_call_make(c, in->type, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_column_is_valid(in, r))
            firn_column_set_null(&out, r);
        else if (is_float)
            ((float *)out.values)[r] = truncf(((float *)in->values)[r]);
        else
            ((double *)out.values)[r] = trunc(((double *)in->values)[r]);
    }
    return firn_call_finish(c, &out, err);
}

static void on_same_type(firn_bind_handle info, firn_types_handle types,
                         duckdb_v2_context_handle context, firn_error_handle *error)
{
    (void)context;
    firn_call_same_type(info, 0, types, error);
}

/* A decimal's fraction is gone from its type, too. */
static firn_status trunc_decimal_rows(firn_call *c, firn_error *err)
{
    const firn_column *in = &c->args[0];
    const int32_t precision = in->type->precision - in->type->scale;
    const firn_type type = {.kind = FIRN_TYPE_DECIMAL, .precision = precision > 0 ? precision : 1};
    const size_t width = firn_column_width(&type);
    firn_int128 unit = 1;
    firn_column out;
    FIRN_TRY(firn_call_make(c, &type, &out, err));
    for (int32_t i = 0; i < in->type->scale; i++) unit *= 10;
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_column_is_valid(in, r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        const firn_int128 value = firn_column_get(in, r).as.decimal / unit;
        memcpy((char *)out.values + (size_t)r * width, &value, width);
    }
    return firn_call_finish(c, &out, err);
}

/* firn_trunc(x): a number towards zero, so that a cast to an integer does not round; others as they
 * are. */
static firn_status trunc_rows(firn_call *c, firn_error *err)
{
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    FIRN_TRY(firn_call_type(c, 0, &id, err));
    switch ((int)id) {
    case DUCKDB_V2_LOGICAL_TYPE_ID_FLOAT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_DOUBLE:
        FIRN_TRY(firn_call_argument(c, 0, err));
        return trunc_float_rows(c, err);
    case DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL:
        FIRN_TRY(firn_call_argument(c, 0, err));
        return trunc_decimal_rows(c, err);
    default: return firn_call_give(c, 0, err);
    }
}

static void on_trunc_types(firn_bind_handle info, firn_types_handle types,
                           duckdb_v2_context_handle context, firn_error_handle *error)
{
    char text[32];
    const bound_type type = type_of(info, 0, error);
    const int digits = type.precision > type.scale ? type.precision - type.scale : 1;
    (void)snprintf(text, sizeof text, "DECIMAL(%d,0)", digits);
    if (type.id == DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL)
        set_type(types, text, context, error);
    else
        firn_call_same_type(info, 0, types, error);
}

static bool is_number(DUCKDB_V2_LOGICAL_TYPE_ID id)
{
    return (is_integer(id) && id != DUCKDB_V2_LOGICAL_TYPE_ID_SQLNULL) ||
           id == DUCKDB_V2_LOGICAL_TYPE_ID_FLOAT || id == DUCKDB_V2_LOGICAL_TYPE_ID_DOUBLE ||
           id == DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL;
}

static bool is_zero(const firn_column *column, int64_t r)
{
    switch ((int)column->type->kind) {
    case FIRN_TYPE_INT: return ((int32_t *)column->values)[r] == 0;
    case FIRN_TYPE_LONG: return ((int64_t *)column->values)[r] == 0;
    case FIRN_TYPE_FLOAT: return fpclassify(((float *)column->values)[r]) == FP_ZERO;
    case FIRN_TYPE_DOUBLE: return fpclassify(((double *)column->values)[r]) == FP_ZERO;
    default: return firn_column_get(column, r).as.decimal == 0;
    }
}

/* firn_divisor(x): x, an error where it is zero. */
static firn_status divisor_rows(firn_call *c, firn_error *err)
{
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    FIRN_TRY(firn_call_type(c, 0, &id, err));
    if (!is_number(id)) return firn_call_give(c, 0, err);
    FIRN_TRY(firn_call_argument(c, 0, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (firn_column_is_valid(&c->args[0], r) && is_zero(&c->args[0], r))
            return firn_fail(err, FIRN_ERR_ARG,
                             "division by zero; try_divide() and try_mod() give null");
    }
    return firn_call_give(c, 0, err);
}

/* ---- sums and averages of decimals ---- */

static void set_decimal(firn_types_handle types, int precision, int scale,
                        duckdb_v2_context_handle context, firn_error_handle *error)
{
    char text[32];
    (void)snprintf(text, sizeof text, "DECIMAL(%d,%d)", precision < 38 ? precision : 38, scale);
    set_type(types, text, context, error);
}

/* firn_sum_type(x): null of the type that Spark's sum(x) has. It is looked at, not computed. */
static firn_status sum_type_rows(firn_call *c, firn_error *err)
{
    uint64_t *validity = NULL;
    firn_error_handle info = NULL;
    const DUCKDB_V2_ERROR code =
        c->engine->api->vector_flat_get_validity_mutable(c->result, &validity, &info);
    if (code) return firn_engine_fail(c->engine, code, &info, err);
    memset(validity, 0, (size_t)(c->n + 63) / 64 * sizeof *validity);
    return FIRN_OK;
}

static void on_sum_type(firn_bind_handle info, firn_types_handle types,
                        duckdb_v2_context_handle context, firn_error_handle *error)
{
    const bound_type type = type_of(info, 0, error);
    if (type.id == DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL)
        set_decimal(types, type.precision + 10, type.scale, context, error);
    else if (is_integer(type.id))
        set_type(types, "BIGINT", context, error);
    else if (type.id == DUCKDB_V2_LOGICAL_TYPE_ID_FLOAT)
        set_type(types, "DOUBLE", context, error);
    else
        firn_call_same_type(info, 0, types, error);
}

static void on_average_type(firn_bind_handle info, firn_types_handle types,
                            duckdb_v2_context_handle context, firn_error_handle *error)
{
    const bound_type type = type_of(info, 0, error);
    const int scale = type.scale + 4 < 38 ? type.scale + 4 : 38;
    if (type.id == DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL)
        set_decimal(types, type.precision + 4, scale, context, error);
    else if (is_number(type.id))
        set_type(types, "DOUBLE", context, error);
    else
        firn_call_same_type(info, 0, types, error);
}

/* firn_whole_type(x): null of the type of Spark's ceil(x) and floor(x). */
static void on_whole_type(firn_bind_handle info, firn_types_handle types,
                          duckdb_v2_context_handle context, firn_error_handle *error)
{
    const bound_type type = type_of(info, 0, error);
    if (type.id == DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL)
        set_decimal(types, type.precision - type.scale + 1, 0, context, error);
    else
        set_type(types, "BIGINT", context, error);
}

/* firn_stamp_type(x): null of the type that x has as a time: with a zone, but for one without. */
static void on_stamp_type(firn_bind_handle info, firn_types_handle types,
                          duckdb_v2_context_handle context, firn_error_handle *error)
{
    const bound_type type = type_of(info, 0, error);
    const bool is_plain = type.id == DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP;
    set_type(types, is_plain ? "TIMESTAMP" : "TIMESTAMPTZ", context, error);
}

/* sum * 10^digits / n, rounded half away from zero. False: out of range. */
static bool divide_sum(firn_int128 sum, int64_t n, int32_t digits, firn_int128 *out)
{
    const firn_int128 limit = (firn_int128)(~(firn_uint128)0 >> 1) / 10;
    for (int32_t i = 0; i < digits; i++) {
        if (sum > limit || sum < -limit) return false;
        sum *= 10;
    }
    const firn_int128 rest = sum % n;
    *out = sum / n;
    if ((rest < 0 ? -rest : rest) >= n - (rest < 0 ? -rest : rest)) *out += sum < 0 ? -1 : 1;
    return true;
}

/* firn_average(avg(x), sum(x), count(x)): the average of decimals is exact, of others the engine's.
 */
static firn_status average_rows(firn_call *c, firn_error *err)
{
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    FIRN_TRY(firn_call_type(c, 1, &id, err));
    if (id != DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL) return firn_call_give(c, 0, err);
    FIRN_TRY(firn_call_argument(c, 1, err));
    FIRN_TRY(firn_call_argument(c, 2, err));
    const firn_column *sums = &c->args[1];
    const int64_t *counts = c->args[2].values;
    const int32_t scale = sums->type->scale + 4 < 38 ? sums->type->scale + 4 : 38;
    const firn_type type = {.kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = scale};
    firn_column out;
    FIRN_TRY(firn_call_make(c, &type, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_column_is_valid(sums, r) || counts[r] < 1) {
            firn_column_set_null(&out, r);
            continue;
        }
        const firn_int128 sum = firn_column_get(sums, r).as.decimal;
        if (!divide_sum(sum, counts[r], scale - sums->type->scale, &((firn_int128 *)out.values)[r]))
            return firn_fail(err, FIRN_ERR_ARG, "an average of decimals is out of range");
    }
    return firn_call_finish(c, &out, err);
}

static void on_average_types(firn_bind_handle info, firn_types_handle types,
                             duckdb_v2_context_handle context, firn_error_handle *error)
{
    const bound_type sum = type_of(info, 1, error);
    if (sum.id == DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL)
        set_decimal(types, 38, sum.scale + 4 < 38 ? sum.scale + 4 : 38, context, error);
    else
        firn_call_same_type(info, 0, types, error);
}

const firn_function_def *firn_engine_dialect_functions(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_size", {"ANY"}, "INTEGER", size_rows, 0, on_size_types},
        {"firn_index", {"ANY", "ANY"}, "ANY", strict_index_rows, 0, on_index_types},
        {"firn_known_index", {"ANY", "ANY"}, "ANY", lenient_index_rows, 0, on_index_types},
        {"firn_trunc", {"ANY"}, "ANY", trunc_rows, 0, on_trunc_types},
        {"firn_divisor", {"ANY"}, "ANY", divisor_rows, 0, on_same_type},
        {"firn_element", {"ANY", "ANY"}, "ANY", strict_rows, 0, on_element_types},
        {"firn_known_element", {"ANY", "ANY"}, "ANY", lenient_rows, 0, on_element_types},
        {"firn_whole_type", {"ANY"}, "ANY", sum_type_rows, 0, on_whole_type},
        {"firn_stamp_type", {"ANY"}, "ANY", sum_type_rows, 0, on_stamp_type},
        {"firn_sum_type", {"ANY"}, "ANY", sum_type_rows, 0, on_sum_type},
        {"firn_average_type", {"ANY"}, "ANY", sum_type_rows, 0, on_average_type},
        {"firn_average", {"ANY", "ANY", "BIGINT"}, "ANY", average_rows, 0, on_average_types},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}

/* ---- sessions ---- */

static firn_status set_zone(firn_engine *engine, firn_str zone, firn_error *err)
{
    char sql[128];
    firn_engine_rows *rows = NULL;
    (void)snprintf(sql, sizeof sql, "SET TimeZone = '%.*s'", FIRN_STR_ARG(zone));
    FIRN_TRY(firn_engine_execute(engine, firn_str_of(sql), &rows, err));
    firn_engine_rows_close(rows);
    return FIRN_OK;
}

firn_status firn_engine_begin_dialects(firn_engine *engine, firn_str zone, firn_error *err)
{
    if (engine->has_dialects) return FIRN_OK;
    FIRN_TRY(set_zone(engine, zone.len > 0 ? zone : FIRN_STR("UTC"), err));
    engine->has_dialects = true;
    return FIRN_OK;
}
