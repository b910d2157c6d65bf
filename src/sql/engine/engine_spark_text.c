/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Spark's text: what CAST(x AS STRING), concat() and the like give for what is no text,
 * and typeof(). Times with a zone are told in UTC. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "sql/dialect/dialect.h"
#include "sql/engine/engine_call.h"
#include "sql/typing/value_type.h"

#define US_PER_DAY 86400000000

/* ---- numbers and times ---- */

int firn_shortest_text(double x, bool is_float, char text[FIRN_SHORTEST_SIZE], int *n_digits)
{
    int exponent = 0;
    for (*n_digits = 1; *n_digits < 17; (*n_digits)++) {
        (void)snprintf(text, FIRN_SHORTEST_SIZE, "%.*e", *n_digits - 1, x);
        const double back = is_float ? (double)strtof(text, NULL) : strtod(text, NULL);
        if (back - x == 0) break;
    }
    (void)snprintf(text, FIRN_SHORTEST_SIZE, "%.*e", *n_digits - 1, x);
    const char *sign = strchr(text, 'e') + 1;
    for (const char *at = sign + 1; *at; at++) exponent = exponent * 10 + (*at - '0');
    return *sign == '-' ? -exponent : exponent;
}

/* "1.0E20", "0.001", "NaN" */
static void put_real(double x, bool is_float, firn_buf *out)
{
    char text[FIRN_SHORTEST_SIZE];
    int precision = 1;
    if (!isfinite(x)) {
        firn_buf_cstr(out, isnan(x) ? "NaN" : x > 0 ? "Infinity" : "-Infinity");
        return;
    }
    const int exponent = firn_shortest_text(x, is_float, text, &precision);
    const bool is_plain = fpclassify(x) == FP_ZERO || (exponent >= -3 && exponent < 7);
    if (is_plain) {
        const int decimals = precision - 1 - exponent;
        firn_buf_printf(out, "%.*f", decimals < 1 ? 1 : decimals, x);
        return;
    }
    firn_buf_printf(out, "%.*s%sE%d", (int)(strchr(text, 'e') - text), text,
                    precision == 1 ? ".0" : "", exponent);
}

static void put_decimal(firn_int128 value, int32_t scale, firn_buf *out)
{
    char digits[48];
    size_t at = sizeof digits;
    firn_uint128 rest = value < 0 ? (firn_uint128)0 - (firn_uint128)value : (firn_uint128)value;
    for (int32_t n = 0; rest > 0 || n <= scale; n++) {
        if (n == scale && scale > 0) digits[--at] = '.';
        digits[--at] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    if (value < 0) firn_buf_byte(out, '-');
    firn_buf_append(out, digits + at, sizeof digits - at);
}

static void put_date(const firn_civil *t, firn_buf *out)
{
    firn_buf_printf(out, "%04lld-%02d-%02d", (long long)t->year, (int)t->month, (int)t->day);
}

/* Without zeros at its end. */
static void put_fraction(int32_t us, firn_buf *out)
{
    char fraction[16];
    if (us == 0) return;
    (void)snprintf(fraction, sizeof fraction, ".%06d", (int)us);
    size_t n = strlen(fraction);
    while (fraction[n - 1] == '0') n--;
    firn_buf_append(out, fraction, n);
}

static void put_time(int64_t us, firn_buf *out)
{
    const firn_civil t = firn_civil_from_us(us);
    put_date(&t, out);
    firn_buf_printf(out, " %02d:%02d:%02d", (int)t.hour, (int)t.minute, (int)t.second);
    put_fraction(t.micro, out);
}

/* ---- values ---- */

/* Every row of children[0] is a part of "[a, b]", of two children one of "{k -> v}". */
static firn_status put_entries(const firn_column *column, int64_t r, int depth, firn_buf *out,
                               firn_error *err)
{
    const firn_list_entry entry = ((const firn_list_entry *)column->values)[r];
    const bool is_map = column->type->kind == FIRN_TYPE_MAP;
    firn_buf_byte(out, is_map ? '{' : '[');
    for (uint64_t i = 0; i < entry.length; i++) {
        const int64_t at = (int64_t)(entry.offset + i);
        if (i > 0) firn_buf_cstr(out, ", ");
        FIRN_TRY(firn_spark_text_put(&column->children[0], at, depth + 1, out, err));
        if (!is_map) continue;
        firn_buf_cstr(out, " -> ");
        FIRN_TRY(firn_spark_text_put(&column->children[1], at, depth + 1, out, err));
    }
    firn_buf_byte(out, is_map ? '}' : ']');
    return FIRN_OK;
}

static firn_status put_struct(const firn_column *column, int64_t r, int depth, firn_buf *out,
                              firn_error *err)
{
    firn_buf_byte(out, '{');
    for (size_t i = 0; i < column->n_children; i++) {
        if (i > 0) firn_buf_cstr(out, ", ");
        FIRN_TRY(firn_spark_text_put(&column->children[i], r, depth + 1, out, err));
    }
    firn_buf_byte(out, '}');
    return FIRN_OK;
}

static firn_status put_primitive(const firn_value *value, firn_buf *out, firn_error *err)
{
    switch ((int)value->kind) {
    case FIRN_TYPE_BOOLEAN: firn_buf_cstr(out, value->as.boolean ? "true" : "false"); break;
    case FIRN_TYPE_INT: firn_buf_printf(out, "%d", (int)value->as.i32); break;
    case FIRN_TYPE_LONG: firn_buf_printf(out, "%lld", (long long)value->as.i64); break;
    case FIRN_TYPE_FLOAT: put_real((double)value->as.f32, true, out); break;
    case FIRN_TYPE_DOUBLE: put_real(value->as.f64, false, out); break;
    case FIRN_TYPE_DECIMAL: put_decimal(value->as.decimal, value->scale, out); break;
    case FIRN_TYPE_DATE: {
        const firn_civil t = firn_civil_from_us(value->as.i32 * (int64_t)US_PER_DAY);
        put_date(&t, out);
        break;
    }
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ: put_time(value->as.i64, out); break;
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: firn_buf_str(out, value->as.bytes); break;
    default: return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: the text of such a value");
    }
    return FIRN_OK;
}

firn_status firn_spark_text_put(const firn_column *column, int64_t r, int depth, firn_buf *out,
                                firn_error *err)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "a value nested deeper than %d", FIRN_LIMIT_NESTING);
    if (!firn_column_is_valid(column, r)) {
        firn_buf_cstr(out, "null");
        return FIRN_OK;
    }
    switch ((int)column->type->kind) {
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: return put_entries(column, r, depth, out, err);
    case FIRN_TYPE_STRUCT: return put_struct(column, r, depth, out, err);
    default: break;
    }
    const firn_value value = firn_column_get(column, r);
    return put_primitive(&value, out, err);
}

/* ---- firn_text(x) ---- */

/* Lists and bytes are joined as such. */
static bool is_joined(DUCKDB_V2_LOGICAL_TYPE_ID id)
{
    return id == DUCKDB_V2_LOGICAL_TYPE_ID_LIST || id == DUCKDB_V2_LOGICAL_TYPE_ID_BLOB;
}

/* Of other types the engine's text is Spark's. */
static bool is_rendered(DUCKDB_V2_LOGICAL_TYPE_ID id)
{
    switch ((int)id) {
    case DUCKDB_V2_LOGICAL_TYPE_ID_FLOAT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_DOUBLE:
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP:
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_TZ:
    case DUCKDB_V2_LOGICAL_TYPE_ID_BLOB:
    case DUCKDB_V2_LOGICAL_TYPE_ID_LIST:
    case DUCKDB_V2_LOGICAL_TYPE_ID_MAP:
    case DUCKDB_V2_LOGICAL_TYPE_ID_STRUCT: return true;
    default: return false;
    }
}

static firn_status render_rows(firn_call *c, firn_column *out, firn_buf *buf, firn_error *err)
{
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_column_is_valid(&c->args[0], r)) {
            firn_column_set_null(out, r);
            continue;
        }
        firn_buf_clear(buf);
        FIRN_TRY(firn_spark_text_put(&c->args[0], r, 0, buf, err));
        FIRN_TRY(firn_buf_check(buf, err));
        FIRN_TRY(firn_call_put_text(c, out, r, firn_buf_view(buf), err));
    }
    return FIRN_OK;
}

static firn_status render(firn_call *c, bool is_part, firn_error *err)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    firn_column out;
    firn_buf buf;
    FIRN_TRY(firn_call_type(c, 0, &id, err));
    if (!is_rendered(id) || (is_part && is_joined(id))) return firn_call_give(c, 0, err);
    FIRN_TRY(firn_call_argument(c, 0, err));
    FIRN_TRY(firn_call_make(c, &k_string, &out, err));
    firn_buf_init(&buf, NULL, UINT32_MAX);
    const firn_status st = render_rows(c, &out, &buf, err);
    firn_buf_dispose(&buf);
    return st == FIRN_OK ? firn_call_finish(c, &out, err) : st;
}

static firn_status text_rows(firn_call *c, firn_error *err)
{
    return render(c, false, err);
}

static firn_status part_rows(firn_call *c, firn_error *err)
{
    return render(c, true, err);
}

static void set_type(firn_bind_handle info, firn_types_handle types,
                     duckdb_v2_context_handle context, bool is_part, firn_error_handle *error)
{
    const firn_duckdb *api = firn_duckdb_loaded();
    duckdb_v2_logical_type_handle type = NULL;
    duckdb_v2_logical_type_handle varchar = NULL;
    duckdb_v2_factory_handle factory = NULL;
    const duckdb_v2_str name = {"VARCHAR", 7};
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    DUCKDB_V2_ERROR code = api->function_bind_get_arg_type(info, 0, &type, error);
    if (!code) code = api->logical_type_get_id(type, &id, error);
    if (!code) code = api->context_get_factory(context, &factory, error);
    if (!code) code = api->factory_create_type_from_text(factory, &name, &varchar, error);
    if (!code)
        (void)api->scalar_function_resolve_types_set_return_type(
            types, is_rendered(id) && !(is_part && is_joined(id)) ? varchar : type, error);
    (void)api->logical_type_destroy(&varchar);
    (void)api->logical_type_destroy(&type);
}

static void on_text_types(firn_bind_handle info, firn_types_handle types,
                          duckdb_v2_context_handle context, firn_error_handle *error)
{
    set_type(info, types, context, false, error);
}

static void on_part_types(firn_bind_handle info, firn_types_handle types,
                          duckdb_v2_context_handle context, firn_error_handle *error)
{
    set_type(info, types, context, true, error);
}

/* ---- firn_spark_interval(microseconds or months, range): "INTERVAL '1 02' DAY TO HOUR" ---- */

/* The units from first to last: each below the first has two digits, and so have hours and less. */
static void put_day_units(uint64_t us, int first, int last, firn_buf *out)
{
    static const uint64_t k_us[] = {US_PER_DAY, US_PER_DAY / 24, 60000000, 1000000};
    static const char *const k_before[] = {"", " ", ":", ":"};
    for (int unit = first; unit <= last; unit++) {
        const uint64_t size = k_us[unit - FIRN_INTERVAL_DAY];
        if (unit > first) firn_buf_cstr(out, k_before[unit - FIRN_INTERVAL_DAY]);
        firn_buf_printf(out, unit == FIRN_INTERVAL_DAY ? "%llu" : "%02llu",
                        (unsigned long long)(us / size));
        us %= size;
    }
    if (last == FIRN_INTERVAL_SECOND) put_fraction((int32_t)us, out);
}

static firn_status put_interval(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                                firn_error *err)
{
    static const char *const k_units[] = {"",       "DAY",  "HOUR",  "MINUTE",
                                          "SECOND", "YEAR", "MONTH", ""};
    const int64_t value = ((const int64_t *)c->args[0].values)[r];
    const int32_t range = ((const int32_t *)c->args[1].values)[r];
    const int first = (int)(range / 8);
    const int last = (int)(range % 8);
    const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    (void)is_null;
    if (first < FIRN_INTERVAL_DAY || last < first || last > FIRN_INTERVAL_MONTH)
        return firn_fail(err, FIRN_ERR_ARG, "no such units of an interval");
    firn_buf_printf(out, "INTERVAL '%s", value < 0 ? "-" : "");
    if (first < FIRN_INTERVAL_YEAR)
        put_day_units(size, first, last, out);
    else if (first < last)
        firn_buf_printf(out, "%llu-%llu", (unsigned long long)(size / 12),
                        (unsigned long long)(size % 12));
    else
        firn_buf_printf(out, "%llu",
                        (unsigned long long)(first == FIRN_INTERVAL_YEAR ? size / 12 : size));
    firn_buf_printf(out, "' %s", k_units[first]);
    if (first < last) firn_buf_printf(out, " TO %s", k_units[last]);
    return FIRN_OK;
}

static firn_status interval_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 2, put_interval, err);
}

/* ---- firn_typeof(x) ---- */

static const char *small_name(DUCKDB_V2_LOGICAL_TYPE_ID id)
{
    switch ((int)id) {
    case DUCKDB_V2_LOGICAL_TYPE_ID_SQLNULL: return "void";
    case DUCKDB_V2_LOGICAL_TYPE_ID_TINYINT: return "tinyint";
    case DUCKDB_V2_LOGICAL_TYPE_ID_SMALLINT: return "smallint";
    case DUCKDB_V2_LOGICAL_TYPE_ID_INTERVAL: return "interval";
    default: return NULL;
    }
}

static firn_status name_rows(firn_call *c, firn_buf *buf, firn_error *err)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    firn_column out;
    FIRN_TRY(firn_call_type(c, 0, &id, err));
    const char *name = small_name(id);
    if (name) {
        firn_buf_cstr(buf, name);
    } else {
        FIRN_TRY(firn_call_argument(c, 0, err));
        firn_dialect_put_type(FIRN_DIALECT_SPARK, c->args[0].type, buf);
    }
    FIRN_TRY(firn_buf_check(buf, err));
    FIRN_TRY(firn_call_make(c, &k_string, &out, err));
    for (int64_t r = 0; r < c->n; r++)
        FIRN_TRY(firn_call_put_text(c, &out, r, firn_buf_view(buf), err));
    return firn_call_finish(c, &out, err);
}

static firn_status typeof_rows(firn_call *c, firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, (size_t)1 << 16);
    const firn_status st = name_rows(c, &buf, err);
    firn_buf_dispose(&buf);
    return st;
}

const firn_function_def *firn_engine_spark_text(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_text", {"ANY"}, "ANY", text_rows, 0, on_text_types},
        {"firn_part", {"ANY"}, "ANY", part_rows, 0, on_part_types}, /* of what is joined by || */
        {"firn_spark_interval", {"BIGINT", "INTEGER"}, "VARCHAR", interval_rows, 2, NULL},
        {"firn_typeof", {"ANY"}, "VARCHAR", typeof_rows, 0, NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
