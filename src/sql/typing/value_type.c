/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/typing/value_type.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

/* ---- from a table's ---- */

static firn_value_kind kind_of(firn_type_kind kind)
{
    switch (kind) {
    case FIRN_TYPE_BOOLEAN: return FIRN_VALUE_BOOLEAN;
    case FIRN_TYPE_INT: return FIRN_VALUE_INTEGER;
    case FIRN_TYPE_LONG: return FIRN_VALUE_BIGINT;
    case FIRN_TYPE_FLOAT: return FIRN_VALUE_REAL;
    case FIRN_TYPE_DOUBLE: return FIRN_VALUE_DOUBLE;
    case FIRN_TYPE_DECIMAL: return FIRN_VALUE_DECIMAL;
    case FIRN_TYPE_DATE: return FIRN_VALUE_DATE;
    case FIRN_TYPE_TIME: return FIRN_VALUE_TIME;
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMP_NS: return FIRN_VALUE_TIMESTAMP;
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return FIRN_VALUE_TIMESTAMP_TZ;
    case FIRN_TYPE_STRING: return FIRN_VALUE_VARCHAR;
    case FIRN_TYPE_UUID: return FIRN_VALUE_UUID;
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: return FIRN_VALUE_VARBINARY;
    case FIRN_TYPE_STRUCT: return FIRN_VALUE_ROW;
    case FIRN_TYPE_LIST: return FIRN_VALUE_ARRAY;
    case FIRN_TYPE_MAP: return FIRN_VALUE_MAP;
    case FIRN_TYPE_UNKNOWN:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: return FIRN_VALUE_UNKNOWN;
    }
    return FIRN_VALUE_UNKNOWN;
}

static int32_t precision_of(const firn_type *type)
{
    switch ((int)type->kind) {
    case FIRN_TYPE_DECIMAL: return type->precision;
    case FIRN_TYPE_STRING: return -1;
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return 9;
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ: return 6;
    default: return 0;
    }
}

static firn_status copy_type(const firn_type *type, firn_arena *arena, int depth,
                             firn_value_type *out, firn_error *err)
{
    *out = (firn_value_type){
        .kind = kind_of(type->kind), .precision = precision_of(type), .scale = type->scale};
    if (type->n_fields == 0) return FIRN_OK;
    firn_value_type *parts = firn_arena_array(arena, type->n_fields, sizeof *parts);
    firn_str *names = firn_arena_array(arena, type->n_fields, sizeof *names);
    if (!parts || !names) return firn_fail_nomem(err);
    if (depth > FIRN_LIMIT_NESTING) {
        return firn_fail(err, FIRN_ERR_LIMIT, "type nested deeper than %d", FIRN_LIMIT_NESTING);
    }
    for (size_t i = 0; i < type->n_fields; i++) {
        names[i] = type->fields[i].name;
        FIRN_TRY(copy_type(type->fields[i].type, arena, depth + 1, &parts[i], err));
    }
    out->parts = parts;
    out->n_parts = type->n_fields;
    if (type->kind == FIRN_TYPE_STRUCT) out->names = names;
    return FIRN_OK;
}

firn_status firn_value_type_of(const firn_type *type, firn_arena *arena, firn_value_type *out,
                               firn_error *err)
{
    return copy_type(type, arena, 0, out, err);
}

/* ---- intervals of Spark ---- */

int32_t firn_interval_range(firn_interval_unit first, firn_interval_unit last)
{
    return (int32_t)first * 8 + (int32_t)last;
}

int32_t firn_interval_range_of_both(int32_t a, int32_t b)
{
    const int32_t first = a / 8 < b / 8 ? a / 8 : b / 8;
    const int32_t last = a % 8 > b % 8 ? a % 8 : b % 8;
    if (a <= 0 || b <= 0) return a;
    return firn_interval_range((firn_interval_unit)first, (firn_interval_unit)last);
}

static void put_range(int32_t range, firn_buf *out)
{
    static const char *const k_units[] = {"",        " day",  " hour",  " minute",
                                          " second", " year", " month", ""};
    firn_buf_cstr(out, "interval");
    if (range <= 0) return;
    firn_buf_cstr(out, k_units[range / 8 % 8]);
    if (range / 8 != range % 8) firn_buf_printf(out, " to%s", k_units[range % 8]);
}

/* ---- spellings ---- */

typedef enum type_params {
    PARAMS_NONE = 0,
    PARAMS_DECIMAL,
    PARAMS_LENGTH, /* when there is one */
    PARAMS_DIGITS,
    PARAMS_PARTS,
} type_params;

static const struct {
    const char *name, *tail; /* "timestamp" (3) " with time zone" */
    type_params params;
    const char *engine; /* NULL: none, or with parameters */
} k_names[] = {
    [FIRN_VALUE_UNKNOWN] = {"?", "", PARAMS_NONE, NULL},
    [FIRN_VALUE_NULL] = {"unknown", "", PARAMS_NONE, NULL},
    [FIRN_VALUE_BOOLEAN] = {"boolean", "", PARAMS_NONE, "BOOLEAN"},
    [FIRN_VALUE_TINYINT] = {"tinyint", "", PARAMS_NONE, "TINYINT"},
    [FIRN_VALUE_SMALLINT] = {"smallint", "", PARAMS_NONE, "SMALLINT"},
    [FIRN_VALUE_INTEGER] = {"integer", "", PARAMS_NONE, "INTEGER"},
    [FIRN_VALUE_BIGINT] = {"bigint", "", PARAMS_NONE, "BIGINT"},
    [FIRN_VALUE_DECIMAL] = {"decimal", "", PARAMS_DECIMAL, NULL},
    [FIRN_VALUE_REAL] = {"real", "", PARAMS_NONE, "FLOAT"},
    [FIRN_VALUE_DOUBLE] = {"double", "", PARAMS_NONE, "DOUBLE"},
    [FIRN_VALUE_VARCHAR] = {"varchar", "", PARAMS_LENGTH, "VARCHAR"},
    [FIRN_VALUE_CHAR] = {"char", "", PARAMS_LENGTH, "VARCHAR"},
    [FIRN_VALUE_VARBINARY] = {"varbinary", "", PARAMS_NONE, "BLOB"},
    [FIRN_VALUE_DATE] = {"date", "", PARAMS_NONE, "DATE"},
    [FIRN_VALUE_TIME] = {"time", "", PARAMS_DIGITS, "TIME"},
    [FIRN_VALUE_TIME_TZ] = {"time", " with time zone", PARAMS_DIGITS, "TIMETZ"},
    [FIRN_VALUE_TIMESTAMP] = {"timestamp", "", PARAMS_DIGITS, "TIMESTAMP"},
    [FIRN_VALUE_TIMESTAMP_TZ] = {"timestamp", " with time zone", PARAMS_DIGITS, "TIMESTAMPTZ"},
    [FIRN_VALUE_INTERVAL_DAY] = {"INTERVAL DAY TO SECOND", "", PARAMS_NONE, "INTERVAL"},
    [FIRN_VALUE_INTERVAL_YEAR] = {"INTERVAL YEAR TO MONTH", "", PARAMS_NONE, "INTERVAL"},
    [FIRN_VALUE_UUID] = {"uuid", "", PARAMS_NONE, "UUID"},
    [FIRN_VALUE_JSON] = {"json", "", PARAMS_NONE, "JSON"},
    [FIRN_VALUE_ARRAY] = {"array", "", PARAMS_PARTS, NULL},
    [FIRN_VALUE_MAP] = {"map", "", PARAMS_PARTS, NULL},
    [FIRN_VALUE_ROW] = {"row", "", PARAMS_PARTS, NULL},
    [FIRN_VALUE_LAMBDA] = {"function", "", PARAMS_PARTS, NULL},
};

static void put_type(const firn_value_type *type, const char *comma, int depth, firn_buf *out);

static void put_parts(const firn_value_type *type, const char *comma, int depth, firn_buf *out)
{
    firn_buf_byte(out, '(');
    for (size_t i = 0; i < type->n_parts; i++) {
        if (i > 0) firn_buf_cstr(out, ", ");
        if (type->names && type->names[i].len > 0) {
            firn_buf_str(out, type->names[i]);
            firn_buf_byte(out, ' ');
        }
        put_type(&type->parts[i], comma, depth + 1, out);
    }
    firn_buf_byte(out, ')');
}

static void put_type(const firn_value_type *type, const char *comma, int depth, firn_buf *out)
{
    const bool is_interval =
        type->kind == FIRN_VALUE_INTERVAL_DAY || type->kind == FIRN_VALUE_INTERVAL_YEAR;
    if (is_interval && type->scale != 0) {
        put_range(type->scale, out);
        return;
    }
    firn_buf_cstr(out, k_names[type->kind].name);
    switch (k_names[type->kind].params) {
    case PARAMS_NONE: break;
    case PARAMS_DECIMAL:
        firn_buf_printf(out, "(%d%s%d)", (int)type->precision, comma, (int)type->scale);
        break;
    case PARAMS_LENGTH:
        if (type->precision >= 0) firn_buf_printf(out, "(%d)", (int)type->precision);
        break;
    case PARAMS_DIGITS: firn_buf_printf(out, "(%d)", (int)type->precision); break;
    case PARAMS_PARTS:
        if (depth < FIRN_LIMIT_NESTING) put_parts(type, comma, depth, out);
        break;
    }
    firn_buf_cstr(out, k_names[type->kind].tail);
}

void firn_value_type_put(const firn_value_type *type, const char *comma, firn_buf *out)
{
    put_type(type, comma, 0, out);
}

static bool put_engine(const firn_value_type *type, int depth, firn_buf *out);

static void put_name(firn_str name, firn_buf *out)
{
    firn_buf_quoted(out, name, '"');
    firn_buf_byte(out, ' ');
}

static bool put_engine_row(const firn_value_type *type, int depth, firn_buf *out)
{
    firn_buf_cstr(out, "STRUCT(");
    for (size_t i = 0; i < type->n_parts; i++) {
        if (i > 0) firn_buf_cstr(out, ", ");
        if (!type->names || type->names[i].len == 0) return false;
        put_name(type->names[i], out);
        if (!put_engine(&type->parts[i], depth + 1, out)) return false;
    }
    firn_buf_byte(out, ')');
    return true;
}

static bool put_engine(const firn_value_type *type, int depth, firn_buf *out)
{
    if (depth > FIRN_LIMIT_NESTING) return false;
    const bool is_timestamp = type->kind == FIRN_VALUE_TIMESTAMP;
    if (is_timestamp && type->precision > 6) {
        firn_buf_cstr(out, "TIMESTAMP_NS");
        return true;
    }
    if (k_names[type->kind].engine) {
        firn_buf_cstr(out, k_names[type->kind].engine);
        return true;
    }
    switch ((int)type->kind) {
    case FIRN_VALUE_DECIMAL:
        firn_buf_printf(out, "DECIMAL(%d,%d)", (int)type->precision, (int)type->scale);
        return true;
    case FIRN_VALUE_ARRAY:
        if (!put_engine(&type->parts[0], depth + 1, out)) return false;
        firn_buf_cstr(out, "[]");
        return true;
    case FIRN_VALUE_MAP:
        firn_buf_cstr(out, "MAP(");
        if (!put_engine(&type->parts[0], depth + 1, out)) return false;
        firn_buf_cstr(out, ", ");
        if (!put_engine(&type->parts[1], depth + 1, out)) return false;
        firn_buf_byte(out, ')');
        return true;
    case FIRN_VALUE_ROW: return put_engine_row(type, depth, out);
    default: return false;
    }
}

bool firn_value_type_put_engine(const firn_value_type *type, firn_buf *out)
{
    return put_engine(type, 0, out);
}

/* ---- questions ---- */

bool firn_value_type_equals(const firn_value_type *a, const firn_value_type *b)
{
    if (a->kind != b->kind || a->precision != b->precision || a->scale != b->scale ||
        a->n_parts != b->n_parts) {
        return false;
    }
    for (size_t i = 0; i < a->n_parts; i++) {
        if (!firn_value_type_equals(&a->parts[i], &b->parts[i])) return false;
    }
    return true;
}

bool firn_value_type_is_known(const firn_value_type *type)
{
    if (type->kind == FIRN_VALUE_UNKNOWN) return false;
    for (size_t i = 0; i < type->n_parts; i++) {
        if (!firn_value_type_is_known(&type->parts[i])) return false;
    }
    return true;
}

static bool fits_parts(const firn_value_type *type, const firn_type *engine)
{
    if (type->n_parts != engine->n_fields) return false;
    for (size_t i = 0; i < type->n_parts; i++) {
        if (!firn_value_type_fits(&type->parts[i], engine->fields[i].type)) return false;
    }
    return true;
}

bool firn_value_type_fits(const firn_value_type *type, const firn_type *engine)
{
    const firn_type_kind kind = engine->kind;
    switch (type->kind) {
    case FIRN_VALUE_UNKNOWN:
    case FIRN_VALUE_LAMBDA: return false;
    case FIRN_VALUE_NULL: return kind == FIRN_TYPE_UNKNOWN || kind == FIRN_TYPE_INT;
    case FIRN_VALUE_TINYINT:
    case FIRN_VALUE_SMALLINT: return kind == FIRN_TYPE_INT;
    case FIRN_VALUE_INTERVAL_DAY:
    case FIRN_VALUE_INTERVAL_YEAR:
    case FIRN_VALUE_TIME_TZ:
    case FIRN_VALUE_CHAR:
    case FIRN_VALUE_JSON: return kind == FIRN_TYPE_STRING;
    case FIRN_VALUE_DECIMAL: return kind == FIRN_TYPE_DECIMAL && engine->scale == type->scale;
    case FIRN_VALUE_ARRAY:
    case FIRN_VALUE_MAP:
    case FIRN_VALUE_ROW: return kind_of(kind) == type->kind && fits_parts(type, engine);
    case FIRN_VALUE_BOOLEAN:
    case FIRN_VALUE_INTEGER:
    case FIRN_VALUE_BIGINT:
    case FIRN_VALUE_REAL:
    case FIRN_VALUE_DOUBLE:
    case FIRN_VALUE_VARCHAR:
    case FIRN_VALUE_VARBINARY:
    case FIRN_VALUE_DATE:
    case FIRN_VALUE_TIME:
    case FIRN_VALUE_TIMESTAMP:
    case FIRN_VALUE_TIMESTAMP_TZ:
    case FIRN_VALUE_UUID: return kind_of(kind) == type->kind;
    }
    return false;
}
