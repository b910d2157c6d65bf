/* SPDX-License-Identifier: Apache-2.0 */
/* DuckDB's pushed-down filters as Iceberg expressions, for skipping files and row groups. DuckDB
 * applies every filter itself, so what is not understood here is left out; what is put in must
 * never exclude a row that DuckDB would keep. Where the two order values differently (NaN, the
 * signed zeros) the expression is widened. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/expr/expr.h"
#include "sql/engine/engine_scan.h"

#define MAX_IN_VALUES 1000

typedef struct filter_reader {
    const firn_duckdb *api;
    duckdb_v2_table_function_filter_pushdown_info_handle info;
    const firn_schema *schema;
    firn_arena *arena;
} filter_reader;

/* NULL everywhere below: not understood, or out of memory, which only costs pruning. */

static DUCKDB_V2_EXPRESSION_TYPE type_of(const filter_reader *r, duckdb_v2_expression_handle e)
{
    DUCKDB_V2_EXPRESSION_TYPE type = DUCKDB_V2_EXPRESSION_TYPE_MAX_ENUM;
    (void)r->api->expression_get_type(e, &type, NULL);
    return type;
}

static duckdb_v2_expression_handle child_of(const filter_reader *r, duckdb_v2_expression_handle e,
                                            idx_t i)
{
    duckdb_v2_expression_handle child = NULL;
    if (r->api->expression_get_child(e, i, &child, NULL)) return NULL;
    return child;
}

static idx_t child_count(const filter_reader *r, duckdb_v2_expression_handle e)
{
    idx_t n = 0;
    return r->api->expression_get_child_count(e, &n, NULL) ? 0 : n;
}

/* The schema field behind a column reference; declared column 0 is the hidden one. */
static const firn_field *field_of(const filter_reader *r, duckdb_v2_expression_handle e)
{
    idx_t index = 0;
    idx_t column = 0;
    if (!e || type_of(r, e) != DUCKDB_V2_EXPRESSION_TYPE_BOUND_COLUMN_REF) return NULL;
    if (r->api->expression_column_ref_get_index(e, &index, NULL)) return NULL;
    if (r->api->table_function_filter_pushdown_get_column_index(r->info, index, &column, NULL)) {
        return NULL;
    }
    if (column == 0 || column > r->schema->root.n_fields) return NULL;
    const firn_field *field = &r->schema->root.fields[column - 1];
    return firn_type_is_primitive(field->type) ? field : NULL;
}

static bool read_bytes(const filter_reader *r, duckdb_v2_value_handle value, bool is_text,
                       firn_str *out)
{
    duckdb_v2_str bytes = {0};
    const DUCKDB_V2_ERROR code = is_text ? r->api->value_get_varchar(value, &bytes, NULL)
                                         : r->api->value_get_blob(value, &bytes, NULL);
    if (code) return false;
    *out = firn_arena_copy(r->arena, firn_str_of_duckdb(bytes));
    return out->data != NULL;
}

static bool read_decimal(const filter_reader *r, duckdb_v2_value_handle value, firn_value *out)
{
    duckdb_v2_hugeint_t number = {0};
    uint8_t width = 0;
    uint8_t scale = 0;
    if (r->api->value_get_decimal(value, &number, &width, &scale, NULL)) return false;
    if (scale != out->scale) return false;
    memcpy(&out->as.decimal, &number, sizeof number);
    return true;
}

static bool read_uuid(const filter_reader *r, duckdb_v2_value_handle value, firn_value *out)
{
    duckdb_v2_hugeint_t number = {0};
    char *bytes = firn_arena_alloc(r->arena, 16);
    if (!bytes || r->api->value_get_uuid(value, &number, NULL)) return false;
    const uint64_t upper = (uint64_t)number.upper ^ ((uint64_t)1 << 63);
    for (int i = 0; i < 8; i++) {
        bytes[i] = (char)(upper >> (56 - 8 * i));
        bytes[8 + i] = (char)(number.lower >> (56 - 8 * i));
    }
    out->as.bytes = (firn_str){bytes, 16};
    return true;
}

/* The constant has the column's type when DuckDB put no cast around the column. */
static bool read_value(const filter_reader *r, duckdb_v2_value_handle value, const firn_type *type,
                       firn_value *out)
{
    const firn_duckdb *api = r->api;
    *out = (firn_value){.kind = type->kind, .precision = type->precision, .scale = type->scale};
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: return !api->value_get_bool(value, &out->as.boolean, NULL);
    case FIRN_TYPE_INT: return !api->value_get_int(value, &out->as.i32, NULL);
    case FIRN_TYPE_LONG: return !api->value_get_bigint(value, &out->as.i64, NULL);
    case FIRN_TYPE_FLOAT:
        return !api->value_get_float(value, &out->as.f32, NULL) && !isnan(out->as.f32);
    case FIRN_TYPE_DOUBLE:
        return !api->value_get_double(value, &out->as.f64, NULL) && !isnan(out->as.f64);
    case FIRN_TYPE_DATE: return !api->value_get_date(value, &out->as.i32, NULL);
    case FIRN_TYPE_TIME: return !api->value_get_time(value, &out->as.i64, NULL);
    case FIRN_TYPE_TIMESTAMP: return !api->value_get_timestamp(value, &out->as.i64, NULL);
    case FIRN_TYPE_TIMESTAMPTZ: return !api->value_get_timestamp_tz(value, &out->as.i64, NULL);
    case FIRN_TYPE_TIMESTAMP_NS: return !api->value_get_timestamp_ns(value, &out->as.i64, NULL);
    case FIRN_TYPE_TIMESTAMPTZ_NS:
        return !api->value_get_timestamp_tz_ns(value, &out->as.i64, NULL);
    case FIRN_TYPE_STRING: return read_bytes(r, value, true, &out->as.bytes);
    case FIRN_TYPE_BINARY: return read_bytes(r, value, false, &out->as.bytes);
    case FIRN_TYPE_DECIMAL: return read_decimal(r, value, out);
    case FIRN_TYPE_UUID: return read_uuid(r, value, out);
    default: return false;
    }
}

/* The types DuckDB gives constants that are compared with columns of this kind. */
static bool is_type_of_kind(DUCKDB_V2_LOGICAL_TYPE_ID id, firn_type_kind kind)
{
    switch (kind) {
    case FIRN_TYPE_BOOLEAN: return id == DUCKDB_V2_LOGICAL_TYPE_ID_BOOLEAN;
    case FIRN_TYPE_INT: return id == DUCKDB_V2_LOGICAL_TYPE_ID_INTEGER;
    case FIRN_TYPE_LONG: return id == DUCKDB_V2_LOGICAL_TYPE_ID_BIGINT;
    case FIRN_TYPE_FLOAT: return id == DUCKDB_V2_LOGICAL_TYPE_ID_FLOAT;
    case FIRN_TYPE_DOUBLE: return id == DUCKDB_V2_LOGICAL_TYPE_ID_DOUBLE;
    case FIRN_TYPE_DATE: return id == DUCKDB_V2_LOGICAL_TYPE_ID_DATE;
    case FIRN_TYPE_TIME: return id == DUCKDB_V2_LOGICAL_TYPE_ID_TIME;
    case FIRN_TYPE_TIMESTAMP: return id == DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP;
    case FIRN_TYPE_TIMESTAMPTZ: return id == DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_TZ;
    case FIRN_TYPE_TIMESTAMP_NS: return id == DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_NS;
    case FIRN_TYPE_TIMESTAMPTZ_NS: return id == DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_TZ_NS;
    case FIRN_TYPE_STRING: return id == DUCKDB_V2_LOGICAL_TYPE_ID_VARCHAR;
    case FIRN_TYPE_BINARY: return id == DUCKDB_V2_LOGICAL_TYPE_ID_BLOB;
    case FIRN_TYPE_DECIMAL: return id == DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL;
    case FIRN_TYPE_UUID: return id == DUCKDB_V2_LOGICAL_TYPE_ID_UUID;
    default: return false;
    }
}

static bool constant_of(const filter_reader *r, duckdb_v2_expression_handle e,
                        const firn_type *type, firn_value *out)
{
    duckdb_v2_value_handle value = NULL;
    duckdb_v2_logical_type_handle value_type = NULL;
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    bool is_null = true;
    bool is_read = false;
    if (!e || type_of(r, e) != DUCKDB_V2_EXPRESSION_TYPE_VALUE_CONSTANT) return false;
    if (r->api->expression_constant_get_value(e, &value, NULL)) return false;
    if (!r->api->value_is_null(value, &is_null, NULL) && !is_null &&
        !r->api->value_get_logical_type(value, &value_type, NULL) &&
        !r->api->logical_type_get_id(value_type, &id, NULL) && is_type_of_kind(id, type->kind)) {
        is_read = read_value(r, value, type, out);
    }
    (void)r->api->logical_type_destroy(&value_type);
    (void)r->api->value_destroy(&value);
    return is_read;
}

static const firn_expr *predicate(const filter_reader *r, firn_expr_op op, const firn_field *field,
                                  const firn_value *values, size_t n)
{
    firn_expr *e = firn_arena_alloc_zero(r->arena, sizeof *e);
    firn_value *copies = firn_arena_array(r->arena, n, sizeof *copies);
    if (!e || !copies) return NULL;
    if (n > 0) memcpy(copies, values, n * sizeof *copies);
    e->op = op;
    e->column = field->name;
    e->field_id = field->id;
    e->type = field->type;
    e->values = copies;
    e->n_values = n;
    return e;
}

/* +0.0 and -0.0 are one value in SQL and two in Iceberg's order. */
static bool is_zero(const firn_value *value)
{
    return (value->kind == FIRN_TYPE_DOUBLE && value->as.f64 == 0) ||
           (value->kind == FIRN_TYPE_FLOAT && value->as.f32 == 0);
}

static firn_value zero_signed(const firn_value *value, bool is_negative)
{
    firn_value out = *value;
    if (out.kind == FIRN_TYPE_DOUBLE) out.as.f64 = is_negative ? -0.0 : 0.0;
    if (out.kind == FIRN_TYPE_FLOAT) out.as.f32 = is_negative ? -0.0F : 0.0F;
    return out;
}

static bool is_float(const firn_type *type)
{
    return type->kind == FIRN_TYPE_FLOAT || type->kind == FIRN_TYPE_DOUBLE;
}

/* column <op> value; NaN is above every number in SQL and outside all bounds in Iceberg. */
static const firn_expr *comparison(const filter_reader *r, firn_expr_op op, const firn_field *field,
                                   firn_value value)
{
    const bool is_upward = op == FIRN_EXPR_GT || op == FIRN_EXPR_GTEQ;
    if (is_zero(&value)) {
        if (op == FIRN_EXPR_EQ) {
            const firn_value low = zero_signed(&value, true);
            const firn_value high = zero_signed(&value, false);
            const firn_expr *a = predicate(r, FIRN_EXPR_GTEQ, field, &low, 1);
            const firn_expr *b = predicate(r, FIRN_EXPR_LTEQ, field, &high, 1);
            return a && b ? firn_expr_and(r->arena, a, b) : NULL;
        }
        if (op == FIRN_EXPR_NOT_EQ) return NULL;
        value = zero_signed(&value, op == FIRN_EXPR_GTEQ || op == FIRN_EXPR_LT);
    }
    const firn_expr *bound = predicate(r, op, field, &value, 1);
    if (!bound || !is_upward || !is_float(field->type)) return bound;
    const firn_expr *nan = predicate(r, FIRN_EXPR_IS_NAN, field, NULL, 0);
    return nan ? firn_expr_or(r->arena, bound, nan) : NULL;
}

static bool comparison_op(DUCKDB_V2_EXPRESSION_TYPE type, firn_expr_op *op, firn_expr_op *flipped)
{
    switch ((int)type) {
    case DUCKDB_V2_EXPRESSION_TYPE_COMPARE_EQUAL: *op = *flipped = FIRN_EXPR_EQ; return true;
    case DUCKDB_V2_EXPRESSION_TYPE_COMPARE_NOTEQUAL: *op = *flipped = FIRN_EXPR_NOT_EQ; return true;
    case DUCKDB_V2_EXPRESSION_TYPE_COMPARE_LESSTHAN:
        *op = FIRN_EXPR_LT;
        *flipped = FIRN_EXPR_GT;
        return true;
    case DUCKDB_V2_EXPRESSION_TYPE_COMPARE_GREATERTHAN:
        *op = FIRN_EXPR_GT;
        *flipped = FIRN_EXPR_LT;
        return true;
    case DUCKDB_V2_EXPRESSION_TYPE_COMPARE_LESSTHANOREQUALTO:
        *op = FIRN_EXPR_LTEQ;
        *flipped = FIRN_EXPR_GTEQ;
        return true;
    case DUCKDB_V2_EXPRESSION_TYPE_COMPARE_GREATERTHANOREQUALTO:
        *op = FIRN_EXPR_GTEQ;
        *flipped = FIRN_EXPR_LTEQ;
        return true;
    default: return false;
    }
}

static const firn_expr *read_comparison(const filter_reader *r, duckdb_v2_expression_handle e,
                                        firn_expr_op op, firn_expr_op flipped)
{
    firn_value value;
    const duckdb_v2_expression_handle left = child_of(r, e, 0);
    const duckdb_v2_expression_handle right = child_of(r, e, 1);
    const firn_field *field = field_of(r, left);
    if (field) {
        return constant_of(r, right, field->type, &value) ? comparison(r, op, field, value) : NULL;
    }
    field = field_of(r, right);
    if (!field || !constant_of(r, left, field->type, &value)) return NULL;
    return comparison(r, flipped, field, value);
}

/* Whether a bound is inside is not told: taken as inside, which excludes less. */
static const firn_expr *read_between(const filter_reader *r, duckdb_v2_expression_handle e)
{
    firn_value low;
    firn_value high;
    const firn_field *field = field_of(r, child_of(r, e, 0));
    if (!field) return NULL;
    const bool has_low = constant_of(r, child_of(r, e, 1), field->type, &low);
    const bool has_high = constant_of(r, child_of(r, e, 2), field->type, &high);
    const firn_expr *a = has_low ? comparison(r, FIRN_EXPR_GTEQ, field, low) : NULL;
    const firn_expr *b = has_high ? comparison(r, FIRN_EXPR_LTEQ, field, high) : NULL;
    if (!a || !b) return a ? a : b;
    return firn_expr_and(r->arena, a, b);
}

static const firn_expr *read_in(const filter_reader *r, duckdb_v2_expression_handle e)
{
    const firn_field *field = field_of(r, child_of(r, e, 0));
    const idx_t n = child_count(r, e);
    if (!field || n < 2 || n > MAX_IN_VALUES) return NULL;
    firn_value *values = firn_arena_array(r->arena, (size_t)n, sizeof *values);
    if (!values) return NULL;
    for (idx_t i = 1; i < n; i++) {
        firn_value *value = &values[i - 1];
        if (!constant_of(r, child_of(r, e, i), field->type, value) || is_zero(value)) return NULL;
        /* bound expressions keep them sorted */
        for (idx_t at = i - 1; at > 0 && firn_value_compare(&values[at - 1], &values[at]) > 0;
             at--) {
            const firn_value swap = values[at];
            values[at] = values[at - 1];
            values[at - 1] = swap;
        }
    }
    return predicate(r, FIRN_EXPR_IN, field, values, (size_t)n - 1);
}

/* prefix(column, 'text'), which LIKE 'text%' becomes. */
static const firn_expr *read_function(const filter_reader *r, duckdb_v2_expression_handle e)
{
    duckdb_v2_identifier_t name = {0};
    firn_value value;
    if (r->api->expression_function_get_name(e, &name, NULL)) return NULL;
    const firn_str text = firn_str_of_duckdb(name);
    if (!firn_str_equals(text, FIRN_STR("prefix")) &&
        !firn_str_equals(text, FIRN_STR("starts_with"))) {
        return NULL;
    }
    const firn_field *field = field_of(r, child_of(r, e, 0));
    if (!field || field->type->kind != FIRN_TYPE_STRING) return NULL;
    if (!constant_of(r, child_of(r, e, 1), field->type, &value)) return NULL;
    return predicate(r, FIRN_EXPR_STARTS_WITH, field, &value, 1);
}

static const firn_expr *read_filter(const filter_reader *r, duckdb_v2_expression_handle e,
                                    int depth);

/* AND may lose a part (it then excludes less); OR may not. */
static const firn_expr *read_conjunction(const filter_reader *r, duckdb_v2_expression_handle e,
                                         bool is_and, int depth)
{
    const idx_t n = child_count(r, e);
    const firn_expr **parts = firn_arena_array(r->arena, (size_t)n, sizeof *parts);
    size_t n_parts = 0;
    int levels = 1;
    if (!parts) return NULL;
    while (levels < FIRN_LIMIT_NESTING && ((idx_t)1 << levels) < n) levels++;
    for (idx_t i = 0; i < n; i++) {
        const duckdb_v2_expression_handle child = child_of(r, e, i);
        const firn_expr *part = child ? read_filter(r, child, depth + levels) : NULL;
        if (!part && !is_and) return NULL;
        if (part) parts[n_parts++] = part;
    }
    return n_parts > 0 ? firn_expr_join(r->arena, is_and, parts, n_parts) : NULL;
}

static const firn_expr *read_null_test(const filter_reader *r, duckdb_v2_expression_handle e,
                                       firn_expr_op op)
{
    const firn_field *field = field_of(r, child_of(r, e, 0));
    return field ? predicate(r, op, field, NULL, 0) : NULL;
}

/* A bare boolean column is a filter too. */
static const firn_expr *read_boolean(const filter_reader *r, duckdb_v2_expression_handle e,
                                     bool wanted)
{
    const firn_field *field = field_of(r, e);
    if (!field || field->type->kind != FIRN_TYPE_BOOLEAN) return NULL;
    const firn_value value = {.kind = FIRN_TYPE_BOOLEAN, .as.boolean = wanted};
    return predicate(r, FIRN_EXPR_EQ, field, &value, 1);
}

static const firn_expr *read_filter(const filter_reader *r, duckdb_v2_expression_handle e,
                                    int depth)
{
    firn_expr_op op = FIRN_EXPR_TRUE;
    firn_expr_op flipped = FIRN_EXPR_TRUE;
    if (depth > FIRN_LIMIT_NESTING) return NULL;
    const DUCKDB_V2_EXPRESSION_TYPE type = type_of(r, e);
    if (comparison_op(type, &op, &flipped)) return read_comparison(r, e, op, flipped);
    switch ((int)type) {
    case DUCKDB_V2_EXPRESSION_TYPE_COMPARE_BETWEEN: return read_between(r, e);
    case DUCKDB_V2_EXPRESSION_TYPE_COMPARE_IN: return read_in(r, e);
    case DUCKDB_V2_EXPRESSION_TYPE_CONJUNCTION_AND: return read_conjunction(r, e, true, depth);
    case DUCKDB_V2_EXPRESSION_TYPE_CONJUNCTION_OR: return read_conjunction(r, e, false, depth);
    case DUCKDB_V2_EXPRESSION_TYPE_OPERATOR_IS_NULL: return read_null_test(r, e, FIRN_EXPR_IS_NULL);
    case DUCKDB_V2_EXPRESSION_TYPE_OPERATOR_IS_NOT_NULL:
        return read_null_test(r, e, FIRN_EXPR_NOT_NULL);
    case DUCKDB_V2_EXPRESSION_TYPE_OPERATOR_NOT: return read_boolean(r, child_of(r, e, 0), false);
    case DUCKDB_V2_EXPRESSION_TYPE_BOUND_COLUMN_REF: return read_boolean(r, e, true);
    case DUCKDB_V2_EXPRESSION_TYPE_BOUND_FUNCTION: return read_function(r, e);
    default: return NULL;
    }
}

/* ---- patterns of texts ---- */

/* contains(column, 'text') is "%text%", whatever is in the text. */
static firn_status pattern_of(const filter_reader *r, firn_str name, firn_str text,
                              firn_text_pattern **out, firn_error *err)
{
    const bool is_suffix = firn_str_equals(name, FIRN_STR("suffix"));
    const bool is_negated = firn_str_equals(name, FIRN_STR("!~~"));
    *out = NULL;
    if (is_negated || firn_str_equals(name, FIRN_STR("~~"))) {
        FIRN_TRY(firn_text_pattern_of_like(r->arena, text, out, err));
        if (*out) (*out)->is_negated = is_negated;
        return FIRN_OK;
    }
    if (!is_suffix && !firn_str_equals(name, FIRN_STR("contains"))) return FIRN_OK;
    firn_text_pattern *pattern = firn_arena_alloc_zero(r->arena, sizeof *pattern);
    firn_str *piece = firn_arena_array(r->arena, 1, sizeof *piece);
    if (!pattern || !piece) return firn_fail_nomem(err);
    *piece = text;
    *pattern = (firn_text_pattern){.pieces = piece, .n = 1, .is_end = is_suffix};
    *out = pattern;
    return FIRN_OK;
}

/* A pattern that a text column has, or has not. *out->pattern NULL: something else. */
static firn_status read_pattern(const filter_reader *r, duckdb_v2_expression_handle e,
                                firn_scan_test *out, firn_error *err)
{
    duckdb_v2_identifier_t name = {0};
    firn_value value;
    firn_text_pattern *pattern = NULL;
    *out = (firn_scan_test){0};
    const bool is_not = e && type_of(r, e) == DUCKDB_V2_EXPRESSION_TYPE_OPERATOR_NOT;
    if (is_not) e = child_of(r, e, 0);
    if (!e || type_of(r, e) != DUCKDB_V2_EXPRESSION_TYPE_BOUND_FUNCTION || child_count(r, e) != 2 ||
        r->api->expression_function_get_name(e, &name, NULL))
        return FIRN_OK;
    const firn_field *field = field_of(r, child_of(r, e, 0));
    if (!field || field->type->kind != FIRN_TYPE_STRING) return FIRN_OK;
    if (!constant_of(r, child_of(r, e, 1), field->type, &value)) return FIRN_OK;
    FIRN_TRY(pattern_of(r, firn_str_of_duckdb(name), value.as.bytes, &pattern, err));
    if (!pattern) return FIRN_OK;
    pattern->is_negated = pattern->is_negated != is_not;
    *out = (firn_scan_test){.field = field, .pattern = pattern};
    return FIRN_OK;
}

/* ---- all of them ---- */

/* *part is NULL for a pattern, which goes to the others, and for what is not understood. */
static firn_status add_filter(const filter_reader *r, duckdb_v2_expression_handle e,
                              scan_bind *bind, const firn_expr **part, firn_error *err)
{
    firn_scan_test test;
    *part = NULL;
    FIRN_TRY(read_pattern(r, e, &test, err));
    if (!test.pattern) {
        *part = read_filter(r, e, 0);
        return FIRN_OK;
    }
    firn_scan_test *slot = firn_arena_push(r->arena, &bind->patterns, &bind->n_patterns,
                                           &bind->cap_patterns, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = test;
    return FIRN_OK;
}

firn_status firn_duckdb_filters_read(duckdb_v2_table_function_filter_pushdown_info_handle info,
                                     const firn_schema *schema, scan_bind *bind, firn_error *err)
{
    const firn_duckdb *api = bind->engine->api;
    const filter_reader reader = {api, info, schema, bind->arena};
    duckdb_v2_error_info_handle failure = NULL;
    idx_t n = 0;
    size_t n_parts = 0;
    DUCKDB_V2_ERROR code = api->table_function_filter_pushdown_get_filter_count(info, &n, &failure);
    const firn_expr **parts =
        firn_arena_array(bind->arena, code ? 1 : (size_t)n + 1, sizeof *parts);
    if (!parts) return firn_fail_nomem(err);
    if (bind->filter) parts[n_parts++] = bind->filter;
    for (idx_t i = 0; !code && i < n; i++) {
        duckdb_v2_expression_handle filter = NULL;
        code = api->table_function_filter_pushdown_get_filter(info, i, &filter, &failure);
        if (!code) FIRN_TRY(add_filter(&reader, filter, bind, &parts[n_parts], err));
        if (!code && parts[n_parts]) n_parts++;
    }
    if (n_parts > 0) bind->filter = firn_expr_join(bind->arena, true, parts, n_parts);
    if (n_parts > 0 && !bind->filter) return firn_fail_nomem(err);
    return code ? firn_engine_fail(bind->engine, code, &failure, err) : FIRN_OK;
}
