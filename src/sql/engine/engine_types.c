/* SPDX-License-Identifier: Apache-2.0 */
/* DuckDB's types and Iceberg's. Not here: the values (engine_convert.c). */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/engine/engine_api.h"

#define MAX_TYPE_TEXT ((size_t)1 << 20)
/* DuckDB has no STRUCT without fields: there it has this one, which is always null. */
#define EMPTY_STRUCT_FIELD "__firn_empty"

/* Of what tables store as bytes. */
static const char *border_text(firn_type_kind kind, firn_type_form form)
{
    const bool is_variant = kind == FIRN_TYPE_VARIANT;
    switch (form) {
    case FIRN_FORM_VALUE: return is_variant ? "VARIANT" : "GEOMETRY";
    case FIRN_FORM_TEXT: return is_variant ? "JSON" : "VARCHAR";
    case FIRN_FORM_STORED: break;
    }
    return "BLOB";
}

/* NULL: nested or not in DuckDB. */
static const char *primitive_text(firn_type_kind kind, firn_type_form form)
{
    switch (kind) {
    case FIRN_TYPE_UNKNOWN: return "INTEGER"; /* always null */
    case FIRN_TYPE_BOOLEAN: return "BOOLEAN";
    case FIRN_TYPE_INT: return "INTEGER";
    case FIRN_TYPE_LONG: return "BIGINT";
    case FIRN_TYPE_FLOAT: return "FLOAT";
    case FIRN_TYPE_DOUBLE: return "DOUBLE";
    case FIRN_TYPE_DATE: return "DATE";
    case FIRN_TYPE_TIME: return "TIME";
    case FIRN_TYPE_TIMESTAMP: return "TIMESTAMP";
    case FIRN_TYPE_TIMESTAMPTZ: return "TIMESTAMP WITH TIME ZONE";
    case FIRN_TYPE_TIMESTAMP_NS: return "TIMESTAMP_NS";
    case FIRN_TYPE_TIMESTAMPTZ_NS: return "TIMESTAMPTZ_NS";
    case FIRN_TYPE_STRING: return "VARCHAR";
    case FIRN_TYPE_UUID: return "UUID";
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: return "BLOB";
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: return border_text(kind, form);
    case FIRN_TYPE_DECIMAL:
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: return NULL;
    }
    return NULL;
}

static bool is_unnamed(const firn_type *type)
{
    return type->kind == FIRN_TYPE_STRUCT && type->n_fields > 0 && type->fields[0].name.len == 0;
}

static firn_status put_type(const firn_type *type, firn_type_form form, int depth, firn_buf *out,
                            firn_error *err)
{
    if (depth > FIRN_LIMIT_NESTING) {
        return firn_fail(err, FIRN_ERR_LIMIT, "type nested deeper than %d", FIRN_LIMIT_NESTING);
    }
    const char *text = primitive_text(type->kind, form);
    if (text) {
        firn_buf_cstr(out, text);
        return FIRN_OK;
    }
    if (type->kind == FIRN_TYPE_DECIMAL) {
        firn_buf_printf(out, "DECIMAL(%d,%d)", (int)type->precision, (int)type->scale);
        return FIRN_OK;
    }
    if (type->kind == FIRN_TYPE_LIST) {
        FIRN_TRY(put_type(type->fields[0].type, form, depth + 1, out, err));
        firn_buf_cstr(out, "[]");
        return FIRN_OK;
    }
    if (type->n_fields == 0) {
        firn_buf_cstr(out, "STRUCT(\"" EMPTY_STRUCT_FIELD "\" BOOLEAN)");
        return FIRN_OK;
    }
    const bool is_tuple = is_unnamed(type);
    if (is_tuple)
        firn_buf_cstr(out, "TUPLE(");
    else
        firn_buf_cstr(out, type->kind == FIRN_TYPE_MAP ? "MAP(" : "STRUCT(");
    for (size_t i = 0; i < type->n_fields; i++) {
        if (i > 0) firn_buf_cstr(out, ", ");
        if (type->kind == FIRN_TYPE_STRUCT && !is_tuple) {
            firn_buf_quoted(out, type->fields[i].name, '"');
            firn_buf_byte(out, ' ');
        }
        FIRN_TRY(put_type(type->fields[i].type, form, depth + 1, out, err));
    }
    firn_buf_byte(out, ')');
    return FIRN_OK;
}

firn_status firn_duckdb_type_text(const firn_type *type, firn_buf *out, firn_error *err)
{
    return put_type(type, FIRN_FORM_VALUE, 0, out, err);
}

firn_status firn_duckdb_type_create(firn_engine *engine, duckdb_v2_factory_handle factory,
                                    const firn_type *type, firn_type_form form,
                                    duckdb_v2_logical_type_handle *out, firn_error *err)
{
    firn_buf text;
    firn_buf_init(&text, engine->opts.env->alloc, MAX_TYPE_TEXT);
    firn_status st = put_type(type, form, 0, &text, err);
    if (st == FIRN_OK) st = firn_buf_check(&text, err);
    if (st == FIRN_OK) {
        duckdb_v2_error_info_handle info = NULL;
        const duckdb_v2_str s = firn_duckdb_str(firn_buf_view(&text));
        const DUCKDB_V2_ERROR code =
            engine->api->factory_create_type_from_text(factory, &s, out, &info);
        if (code) st = firn_engine_fail(engine, code, &info, err);
    }
    firn_buf_dispose(&text);
    return st;
}

firn_status firn_duckdb_type_to_text(firn_engine *engine, duckdb_v2_logical_type_handle type,
                                     firn_arena *arena, firn_str *out, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    idx_t len = 0;
    DUCKDB_V2_ERROR code = engine->api->logical_type_to_text(type, NULL, 0, &len, &info);
    char *text = code ? NULL : firn_arena_alloc(arena, (size_t)len + 1);
    if (!code && !text) return firn_fail_nomem(err);
    if (!code) code = engine->api->logical_type_to_text(type, text, len + 1, &len, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    *out = (firn_str){text, (size_t)len};
    return FIRN_OK;
}

/* ---- DuckDB's types as Iceberg's ---- */

static firn_type_kind kind_of(DUCKDB_V2_LOGICAL_TYPE_ID id)
{
    switch ((int)id) {
    case DUCKDB_V2_LOGICAL_TYPE_ID_BOOLEAN: return FIRN_TYPE_BOOLEAN;
    case DUCKDB_V2_LOGICAL_TYPE_ID_TINYINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_SMALLINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_INTEGER:
    case DUCKDB_V2_LOGICAL_TYPE_ID_UTINYINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_USMALLINT: return FIRN_TYPE_INT;
    case DUCKDB_V2_LOGICAL_TYPE_ID_BIGINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_UINTEGER: return FIRN_TYPE_LONG;
    case DUCKDB_V2_LOGICAL_TYPE_ID_UBIGINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_HUGEINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_UHUGEINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL: return FIRN_TYPE_DECIMAL;
    case DUCKDB_V2_LOGICAL_TYPE_ID_FLOAT: return FIRN_TYPE_FLOAT;
    case DUCKDB_V2_LOGICAL_TYPE_ID_DOUBLE: return FIRN_TYPE_DOUBLE;
    case DUCKDB_V2_LOGICAL_TYPE_ID_DATE: return FIRN_TYPE_DATE;
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIME: return FIRN_TYPE_TIME;
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_SEC:
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_MS:
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP: return FIRN_TYPE_TIMESTAMP;
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_TZ: return FIRN_TYPE_TIMESTAMPTZ;
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_NS: return FIRN_TYPE_TIMESTAMP_NS;
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_TZ_NS: return FIRN_TYPE_TIMESTAMPTZ_NS;
    case DUCKDB_V2_LOGICAL_TYPE_ID_BLOB: return FIRN_TYPE_BINARY;
    case DUCKDB_V2_LOGICAL_TYPE_ID_UUID: return FIRN_TYPE_UUID;
    case DUCKDB_V2_LOGICAL_TYPE_ID_VARIANT: return FIRN_TYPE_VARIANT;
    case DUCKDB_V2_LOGICAL_TYPE_ID_GEOMETRY: return FIRN_TYPE_GEOMETRY;
    case DUCKDB_V2_LOGICAL_TYPE_ID_STRUCT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_TUPLE: return FIRN_TYPE_STRUCT; /* fields without names */
    case DUCKDB_V2_LOGICAL_TYPE_ID_LIST:
    case DUCKDB_V2_LOGICAL_TYPE_ID_ARRAY: return FIRN_TYPE_LIST;
    case DUCKDB_V2_LOGICAL_TYPE_ID_MAP: return FIRN_TYPE_MAP;
    default: return FIRN_TYPE_STRING;
    }
}

static bool is_huge(DUCKDB_V2_LOGICAL_TYPE_ID id)
{
    return id == DUCKDB_V2_LOGICAL_TYPE_ID_UBIGINT || id == DUCKDB_V2_LOGICAL_TYPE_ID_HUGEINT ||
           id == DUCKDB_V2_LOGICAL_TYPE_ID_UHUGEINT;
}

static firn_status read_decimal(firn_engine *engine, duckdb_v2_logical_type_handle type,
                                firn_type *out, firn_error *err)
{
    int32_t *const parts[] = {&out->precision, &out->scale};
    for (idx_t i = 0; i < 2; i++) {
        duckdb_v2_error_info_handle info = NULL;
        duckdb_v2_identifier_t name = {0};
        duckdb_v2_value_handle value = NULL;
        uint8_t number = 0;
        DUCKDB_V2_ERROR code = engine->api->logical_type_get_param(type, i, &name, &value, &info);
        if (!code) code = engine->api->value_get_utinyint(value, &number, &info);
        (void)engine->api->value_destroy(&value);
        if (code) return firn_engine_fail(engine, code, &info, err);
        *parts[i] = number;
    }
    return FIRN_OK;
}

/* Parameter i of a nested type: its type (owned) and, for structs, its name (in the arena). */
static firn_status child_type(firn_engine *engine, duckdb_v2_logical_type_handle type, idx_t i,
                              firn_arena *arena, firn_str *name_out,
                              duckdb_v2_logical_type_handle *out, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_identifier_t name = {0};
    duckdb_v2_value_handle value = NULL;
    DUCKDB_V2_ERROR code = engine->api->logical_type_get_param(type, i, &name, &value, &info);
    if (!code) code = engine->api->value_get_type(value, out, &info);
    (void)engine->api->value_destroy(&value);
    if (code) return firn_engine_fail(engine, code, &info, err);
    *name_out = firn_arena_copy(arena, firn_str_of_duckdb(name));
    return name_out->data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status type_read(firn_engine *engine, duckdb_v2_logical_type_handle type,
                             firn_arena *arena, int32_t *next_id, int depth, firn_type *out,
                             firn_error *err);

static firn_status read_children(firn_engine *engine, duckdb_v2_logical_type_handle type,
                                 firn_arena *arena, int32_t *next_id, int depth, firn_type *out,
                                 firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    idx_t n = out->kind == FIRN_TYPE_LIST ? 1 : 2;
    if (out->kind == FIRN_TYPE_STRUCT) {
        const DUCKDB_V2_ERROR code = engine->api->logical_type_get_param_count(type, &n, &info);
        if (code) return firn_engine_fail(engine, code, &info, err);
    }
    firn_field *fields = firn_arena_array(arena, (size_t)n, sizeof *fields);
    firn_type *types = firn_arena_array(arena, (size_t)n, sizeof *types);
    if (!fields || !types) return firn_fail_nomem(err);
    for (idx_t i = 0; i < n; i++) {
        duckdb_v2_logical_type_handle child = NULL;
        FIRN_TRY(child_type(engine, type, i, arena, &fields[i].name, &child, err));
        if (out->kind == FIRN_TYPE_LIST) fields[i].name = FIRN_STR("element");
        if (out->kind == FIRN_TYPE_MAP) fields[i].name = i ? FIRN_STR("value") : FIRN_STR("key");
        fields[i].is_required = out->kind == FIRN_TYPE_MAP && i == 0;
        fields[i].id = (*next_id)++;
        fields[i].type = &types[i];
        const firn_status st = type_read(engine, child, arena, next_id, depth + 1, &types[i], err);
        (void)engine->api->logical_type_destroy(&child);
        FIRN_TRY(st);
    }
    const bool is_empty = out->kind == FIRN_TYPE_STRUCT && n == 1 &&
                          firn_str_equals(fields[0].name, FIRN_STR(EMPTY_STRUCT_FIELD));
    out->fields = fields;
    out->n_fields = is_empty ? 0 : (size_t)n;
    return FIRN_OK;
}

static firn_status type_read(firn_engine *engine, duckdb_v2_logical_type_handle type,
                             firn_arena *arena, int32_t *next_id, int depth, firn_type *out,
                             firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    const DUCKDB_V2_ERROR code = engine->api->logical_type_get_id(type, &id, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    if (depth > FIRN_LIMIT_NESTING) {
        return firn_fail(err, FIRN_ERR_LIMIT, "type nested deeper than %d", FIRN_LIMIT_NESTING);
    }
    *out = (firn_type){.kind = kind_of(id)};
    if (engine->has_longs_only && is_huge(id)) out->kind = FIRN_TYPE_LONG;
    if (out->kind == FIRN_TYPE_LONG) return FIRN_OK;
    switch ((int)id) {
    case DUCKDB_V2_LOGICAL_TYPE_ID_UBIGINT: out->precision = 20; return FIRN_OK;
    case DUCKDB_V2_LOGICAL_TYPE_ID_HUGEINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_UHUGEINT: out->precision = 38; return FIRN_OK;
    case DUCKDB_V2_LOGICAL_TYPE_ID_DECIMAL: return read_decimal(engine, type, out, err);
    case DUCKDB_V2_LOGICAL_TYPE_ID_STRUCT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_TUPLE:
    case DUCKDB_V2_LOGICAL_TYPE_ID_LIST:
    case DUCKDB_V2_LOGICAL_TYPE_ID_ARRAY:
    case DUCKDB_V2_LOGICAL_TYPE_ID_MAP:
        return read_children(engine, type, arena, next_id, depth, out, err);
    default: return FIRN_OK;
    }
}

firn_status firn_duckdb_type_read(firn_engine *engine, duckdb_v2_logical_type_handle type,
                                  firn_arena *arena, int32_t *next_id, firn_type *out,
                                  firn_error *err)
{
    return type_read(engine, type, arena, next_id, 0, out, err);
}

firn_status firn_duckdb_schema_read(firn_engine *engine, duckdb_v2_schema_handle schema,
                                    firn_arena *arena, firn_type *out, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    idx_t n = 0;
    DUCKDB_V2_ERROR code = engine->api->schema_get_count(schema, &n, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    firn_field *fields = firn_arena_array(arena, (size_t)n, sizeof *fields);
    firn_type *types = firn_arena_array(arena, (size_t)n, sizeof *types);
    if (!fields || !types) return firn_fail_nomem(err);
    int32_t next_id = (int32_t)n + 1; /* columns first, then what is nested in them */
    for (idx_t i = 0; i < n; i++) {
        duckdb_v2_identifier_t name = {0};
        duckdb_v2_logical_type_handle type = NULL;
        code = engine->api->schema_get_field(schema, i, &name, &type, &info);
        if (code) return firn_engine_fail(engine, code, &info, err);
        FIRN_TRY(type_read(engine, type, arena, &next_id, 0, &types[i], err));
        fields[i] = (firn_field){.id = (int32_t)i + 1, .type = &types[i]};
        fields[i].name = firn_arena_copy(arena, firn_str_of_duckdb(name));
        if (!fields[i].name.data) return firn_fail_nomem(err);
    }
    *out = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = (size_t)n};
    return FIRN_OK;
}
