/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar functions that SQL cannot say in DuckDB's words: Iceberg's bucket and truncate, checksums.
 * Those that only dialects need are engine_dialect.c; names in dialects are dialect_spark.c. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "format/codec/codec.h"
#include "format/parquet/layout/parquet_bloom.h"
#include "iceberg/spec/transform.h"
#include "sql/engine/engine_call.h"
#include "sql/engine/sha2.h"

/* ---- the functions ---- */

static firn_status fail_width(int32_t width, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_ARG, "found %d, expected a number above 0", (int)width);
}

/* firn_bucket(n, value) */
static firn_status bucket_rows(firn_call *c, firn_error *err)
{
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    const int32_t *widths = c->args[0].values;
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_int, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_column_is_valid(&c->args[0], r) || !firn_column_is_valid(&c->args[1], r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        const firn_transform bucket = {.kind = FIRN_TRANSFORM_BUCKET, .param = widths[r]};
        const firn_value value = firn_column_get(&c->args[1], r);
        firn_value result;
        if (widths[r] < 1) return fail_width(widths[r], err);
        if (r == 0) FIRN_TRY(firn_transform_check(&bucket, c->args[1].type, err));
        FIRN_TRY(firn_transform_apply(&bucket, c->args[1].type, &value, c->arena, &result, err));
        ((int32_t *)out.values)[r] = result.as.i32;
    }
    return firn_duckdb_vector_fill(c->engine, c->result, &out, 0, c->n, err);
}

static firn_status crc32_rows(firn_call *c, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    const firn_view *views = c->args[0].values;
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_long, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (firn_column_is_valid(&c->args[0], r))
            ((int64_t *)out.values)[r] = firn_crc32(firn_view_str(&views[r]));
        else
            firn_column_set_null(&out, r);
    }
    return firn_duckdb_vector_fill(c->engine, c->result, &out, 0, c->n, err);
}

/* firn_xxhash64(bytes): eight bytes, the greatest first, as Trino has them. */
static firn_status xxhash64_rows(firn_call *c, firn_error *err)
{
    static const firn_type k_binary = {.kind = FIRN_TYPE_BINARY};
    const firn_view *views = c->args[0].values;
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_binary, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        char bytes[8];
        if (!firn_column_is_valid(&c->args[0], r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        const firn_str text = firn_view_str(&views[r]);
        const uint64_t hash = firn_bloom_hash(text.len > 0 ? text.data : "", text.len);
        for (int i = 0; i < 8; i++) bytes[i] = (char)(hash >> (56 - 8 * i) & 0xff);
        ((firn_view *)out.values)[r] = firn_view_of(bytes, sizeof bytes);
    }
    return firn_call_finish(c, &out, err);
}

/* A value of the source's type in a row of the result; texts are copied. */
static firn_status put_result(firn_call *c, firn_column *out, int64_t r, const firn_value *value,
                              firn_error *err)
{
    const size_t width = firn_column_width(out->type);
    char *at = (char *)out->values + (size_t)r * width;
    switch ((int)out->type->kind) {
    case FIRN_TYPE_INT: memcpy(at, &value->as.i32, sizeof value->as.i32); return FIRN_OK;
    case FIRN_TYPE_LONG: memcpy(at, &value->as.i64, sizeof value->as.i64); return FIRN_OK;
    case FIRN_TYPE_DECIMAL: memcpy(at, &value->as.decimal, width); return FIRN_OK;
    default: break;
    }
    char *text = NULL;
    FIRN_TRY(firn_call_room(c, value->as.bytes.len, &text, err));
    if (value->as.bytes.len > 0) memcpy(text, value->as.bytes.data, value->as.bytes.len);
    ((firn_view *)out->values)[r] = firn_view_of(text, (uint32_t)value->as.bytes.len);
    return FIRN_OK;
}

/* firn_truncate(width, value): Iceberg's truncate */
static firn_status truncate_rows(firn_call *c, firn_error *err)
{
    const int32_t *widths = c->args[0].values;
    const firn_column *in = &c->args[1];
    firn_column out;
    FIRN_TRY(firn_call_make(c, in->type, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_column_is_valid(&c->args[0], r) || !firn_column_is_valid(in, r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        const firn_transform truncate = {.kind = FIRN_TRANSFORM_TRUNCATE, .param = widths[r]};
        const firn_value value = firn_column_get(in, r);
        firn_value result;
        if (widths[r] < 1) return fail_width(widths[r], err);
        if (r == 0) FIRN_TRY(firn_transform_check(&truncate, in->type, err));
        FIRN_TRY(firn_transform_apply(&truncate, in->type, &value, c->arena, &result, err));
        FIRN_TRY(put_result(c, &out, r, &result, err));
    }
    return firn_call_finish(c, &out, err);
}

/* The result is of the second argument's type. */
static void on_truncate_types(firn_bind_handle info, firn_types_handle types,
                              duckdb_v2_context_handle context, firn_error_handle *error)
{
    (void)context;
    firn_call_same_type(info, 1, types, error);
}

/* firn_sha2(text, bits): hexadecimal digits; 0 bits are 256, other lengths give null. */
static firn_status sha2_rows(firn_call *c, firn_error *err)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    static const char k_digits[] = "0123456789abcdef";
    const firn_view *views = c->args[0].values;
    const int32_t *lengths = c->args[1].values;
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_string, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        uint8_t bytes[FIRN_SHA2_MAX_BYTES];
        const bool has_both =
            firn_column_is_valid(&c->args[0], r) && firn_column_is_valid(&c->args[1], r);
        const int bits = !has_both ? -1 : lengths[r] == 0 ? 256 : lengths[r];
        if (!has_both || !firn_sha2(firn_view_str(&views[r]), bits, bytes)) {
            firn_column_set_null(&out, r);
            continue;
        }
        char *text = NULL;
        FIRN_TRY(firn_call_room(c, (size_t)bits / 4, &text, err));
        for (int i = 0; i < bits / 4; i++) text[i] = k_digits[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
        ((firn_view *)out.values)[r] = firn_view_of(text, (uint32_t)bits / 4);
    }
    return firn_duckdb_vector_fill(c->engine, c->result, &out, 0, c->n, err);
}

/* ---- registration ---- */

static DUCKDB_V2_ERROR make_type(firn_engine *engine, const char *name,
                                 duckdb_v2_logical_type_handle *out, firn_error_handle *info)
{
    const duckdb_v2_str text = {name, strlen(name)};
    if (strcmp(name, "ANY") == 0) {
        return engine->api->factory_create_type_from_id(
            engine->factory, DUCKDB_V2_LOGICAL_TYPE_ID_ANY, NULL, NULL, 0, out, info);
    }
    return engine->api->factory_create_type_from_text(engine->factory, &text, out, info);
}

static DUCKDB_V2_ERROR set_signature(firn_engine *engine, const firn_function_def *def,
                                     duckdb_v2_scalar_function_handle function,
                                     firn_error_handle *info)
{
    static const char *const k_names[FIRN_CALL_MAX_ARGS] = {"a", "b", "c"};
    const firn_duckdb *api = engine->api;
    duckdb_v2_function_signature_handle signature = NULL;
    duckdb_v2_logical_type_handle type = NULL;
    DUCKDB_V2_ERROR code = api->scalar_function_get_signature(function, &signature, info);
    for (size_t i = 0; i < FIRN_CALL_MAX_ARGS && def->args[i] && !code; i++) {
        const duckdb_v2_str name = {k_names[i], 1};
        code = make_type(engine, def->args[i], &type, info);
        if (!code) {
            code = api->function_signature_add_parameter(
                signature, &name, type, NULL, DUCKDB_V2_FUNCTION_PARAMETER_KIND_POSITIONAL_ONLY,
                info);
        }
        (void)api->logical_type_destroy(&type);
    }
    if (!code) code = make_type(engine, def->result, &type, info);
    if (!code) code = api->function_signature_set_return_type(signature, type, info);
    (void)api->logical_type_destroy(&type);
    return code;
}

/* data lives as long as the engine. */
static DUCKDB_V2_ERROR register_one(firn_engine *engine, struct firn_function *data,
                                    firn_error_handle *info)
{
    const firn_duckdb *api = engine->api;
    const firn_function_def *def = data->def;
    duckdb_v2_scalar_function_handle function = NULL;
    duckdb_v2_opaque owner = {.ptr = data};
    const duckdb_v2_str name = {def->name, strlen(def->name)};
    DUCKDB_V2_ERROR code = api->scalar_function_create(engine->factory, &function, info);
    if (!code) code = api->scalar_function_set_name(function, &name, info);
    if (!code) code = set_signature(engine, def, function, info);
    if (!code) code = api->scalar_function_set_user_data(function, &owner, info);
    if (!code) code = api->scalar_function_set_exec_callback(function, firn_call_exec, info);
    if (!code && def->types)
        code = api->scalar_function_set_resolve_types_callback(function, def->types, info);
    if (!code) {
        code = api->scalar_function_set_property(
            function, DUCKDB_V2_FUNCTION_PROPERTY_NULL_HANDLING,
            DUCKDB_V2_FUNCTION_PROPERTY_NULL_HANDLING_SPECIAL, info);
    }
    if (!code) {
        code = api->scalar_function_set_property(function, DUCKDB_V2_FUNCTION_PROPERTY_FALLIBILITY,
                                                 DUCKDB_V2_FUNCTION_PROPERTY_FALLIBILITY_FALLIBLE,
                                                 info);
    }
    if (!code) code = api->connection_register_scalar_function(engine->connection, function, info);
    (void)api->scalar_function_destroy(&function);
    return code;
}

firn_status firn_engine_register_functions(firn_engine *engine, firn_error *err)
{
    static const firn_function_def k_functions[] = {
        {"firn_bucket", {"INTEGER", "ANY"}, "INTEGER", bucket_rows, 2, NULL},
        {"crc32", {"VARCHAR"}, "BIGINT", crc32_rows, 1, NULL},
        {"crc32", {"BLOB"}, "BIGINT", crc32_rows, 1, NULL},
        {"firn_xxhash64", {"BLOB"}, "BLOB", xxhash64_rows, 1, NULL},
        {"firn_sha2", {"VARCHAR", "INTEGER"}, "VARCHAR", sha2_rows, 2, NULL},
        {"firn_sha2", {"BLOB", "INTEGER"}, "VARCHAR", sha2_rows, 2, NULL},
        {"firn_truncate", {"INTEGER", "ANY"}, "ANY", truncate_rows, 2, on_truncate_types},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    const firn_function_def *const tables[] = {k_functions,
                                               firn_engine_dialect_functions(),
                                               firn_engine_arithmetic(),
                                               firn_engine_variant_functions(),
                                               firn_engine_text_functions(),
                                               firn_engine_spark_text(),
                                               firn_engine_json_functions(),
                                               firn_engine_hash_functions(),
                                               firn_engine_number_formats(),
                                               firn_engine_java_times(),
                                               firn_engine_spark_json(),
                                               firn_engine_json_paths(),
                                               firn_engine_bytes(),
                                               firn_engine_statistics()};
    size_t n = 0;
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const firn_function_def *def = tables[t]; def->name; def++) n++;
    engine->functions = firn_mem_alloc(engine->opts.env->alloc, n * sizeof *engine->functions);
    if (!engine->functions) return firn_fail_nomem(err);
    n = 0;
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        for (const firn_function_def *def = tables[t]; def->name; def++, n++) {
            firn_error_handle info = NULL;
            engine->functions[n] = (struct firn_function){engine, def};
            const DUCKDB_V2_ERROR code = register_one(engine, &engine->functions[n], &info);
            if (code) return firn_engine_fail(engine, code, &info, err);
        }
    }
    return FIRN_OK;
}
