/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar functions that SQL cannot say in DuckDB's words: Iceberg's bucket, checksums, subscripts
 * as Spark counts. Not here: names in dialects (dialect_spark.c). */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "format/codec.h"
#include "format/sha2.h"
#include "iceberg/spec/transform.h"
#include "sql/engine_api.h"

#define MAX_ARGS 2

typedef duckdb_v2_scalar_function_exec_info_handle exec_handle;
typedef duckdb_v2_error_info_handle error_handle;

/* ---- one call on many rows ---- */

typedef struct call_rows {
    firn_engine *engine;
    exec_handle info;
    firn_arena *arena;
    int64_t n;
    firn_column args[MAX_ARGS];
    duckdb_v2_vector_handle result;
} call_rows;

static firn_status read_argument(call_rows *c, idx_t i, firn_error *err)
{
    const firn_duckdb *api = c->engine->api;
    duckdb_v2_vector_handle vector = NULL;
    duckdb_v2_logical_type_handle type = NULL;
    error_handle info = NULL;
    int32_t next_id = 1;
    firn_type *out = firn_arena_alloc_zero(c->arena, sizeof *out);
    if (!out) return firn_fail_nomem(err);
    DUCKDB_V2_ERROR code = api->scalar_function_exec_get_arg(c->info, i, &vector, &info);
    if (!code) code = api->vector_get_logical_type(vector, &type, &info);
    if (code) return firn_engine_fail(c->engine, code, &info, err);
    const firn_status st = firn_duckdb_type_read(c->engine, type, c->arena, &next_id, out, err);
    (void)api->logical_type_destroy(&type);
    FIRN_TRY(st);
    return firn_duckdb_vector_read(c->engine, vector, out, c->n, c->arena, &c->args[i], err);
}

static firn_status begin(call_rows *c, size_t n_args, firn_error *err)
{
    const firn_duckdb *api = c->engine->api;
    error_handle info = NULL;
    idx_t n = 0;
    DUCKDB_V2_ERROR code = api->scalar_function_exec_get_row_count(c->info, &n, &info);
    if (!code) code = api->scalar_function_exec_get_result(c->info, &c->result, &info);
    if (code) return firn_engine_fail(c->engine, code, &info, err);
    c->n = (int64_t)n;
    for (idx_t i = 0; i < n_args; i++) FIRN_TRY(read_argument(c, i, err));
    return FIRN_OK;
}

/* An empty column of fixed width for the result; no row is null yet. */
static firn_status make_result(call_rows *c, const firn_type *type, firn_column *out,
                               firn_error *err)
{
    const size_t words = (size_t)(c->n + 63) / 64;
    *out = (firn_column){.type = type, .n_values = c->n, .capacity = c->n};
    out->values = firn_arena_array(c->arena, (size_t)c->n, firn_column_width(type));
    out->validity = firn_arena_array(c->arena, words, sizeof *out->validity);
    if (!out->values || !out->validity) return firn_fail_nomem(err);
    memset(out->validity, 0xff, words * sizeof *out->validity);
    return FIRN_OK;
}

/* Room for a text of the result, which must outlive the call. */
static firn_status make_text(call_rows *c, size_t n, char **out, firn_error *err)
{
    duckdb_v2_arena_handle arena = NULL;
    error_handle info = NULL;
    uint8_t *bytes = NULL;
    DUCKDB_V2_ERROR code = c->engine->api->vector_get_arena(c->result, &arena, &info);
    if (!code) code = c->engine->api->arena_allocate(arena, n, &bytes, &info);
    if (code) return firn_engine_fail(c->engine, code, &info, err);
    *out = (char *)bytes;
    return FIRN_OK;
}

static void finish(call_rows *c, firn_status st, const firn_error *err, error_handle *info)
{
    if (st != FIRN_OK) firn_engine_stash(c->engine, err, info);
    firn_arena_destroy(c->arena);
}

typedef firn_status (*rows_fn)(call_rows *c, firn_error *err);

static void run(exec_handle info, size_t n_args, rows_fn rows, error_handle *error)
{
    void *data = NULL;
    firn_error err = {0};
    call_rows c = {.info = info};
    if (firn_duckdb_loaded()->scalar_function_exec_get_user_data(info, &data, error)) return;
    c.engine = data;
    c.arena = firn_arena_create(c.engine->opts.env->alloc, 0);
    firn_status st = c.arena ? begin(&c, n_args, &err) : firn_fail_nomem(&err);
    if (st == FIRN_OK) st = rows(&c, &err);
    finish(&c, st, &err, error);
}

/* ---- the functions ---- */

static firn_status fail_width(int32_t width, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_ARG, "found %d, expected a number above 0", (int)width);
}

/* firn_bucket(n, value) */
static firn_status bucket_rows(call_rows *c, firn_error *err)
{
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    const int32_t *widths = c->args[0].values;
    firn_column out;
    FIRN_TRY(make_result(c, &k_int, &out, err));
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

static void on_bucket(exec_handle info, duckdb_v2_context_handle context, error_handle *error)
{
    (void)context;
    run(info, 2, bucket_rows, error);
}

static firn_status crc32_rows(call_rows *c, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    const firn_view *views = c->args[0].values;
    firn_column out;
    FIRN_TRY(make_result(c, &k_long, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (firn_column_is_valid(&c->args[0], r))
            ((int64_t *)out.values)[r] = firn_crc32(firn_view_str(&views[r]));
        else
            firn_column_set_null(&out, r);
    }
    return firn_duckdb_vector_fill(c->engine, c->result, &out, 0, c->n, err);
}

static void on_crc32(exec_handle info, duckdb_v2_context_handle context, error_handle *error)
{
    (void)context;
    run(info, 1, crc32_rows, error);
}

/* firn_sha2(text, bits): hexadecimal digits; 0 bits are 256, other lengths give null. */
static firn_status sha2_rows(call_rows *c, firn_error *err)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    static const char k_digits[] = "0123456789abcdef";
    const firn_view *views = c->args[0].values;
    const int32_t *lengths = c->args[1].values;
    firn_column out;
    FIRN_TRY(make_result(c, &k_string, &out, err));
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
        FIRN_TRY(make_text(c, (size_t)bits / 4, &text, err));
        for (int i = 0; i < bits / 4; i++) text[i] = k_digits[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
        ((firn_view *)out.values)[r] = firn_view_of(text, (uint32_t)bits / 4);
    }
    return firn_duckdb_vector_fill(c->engine, c->result, &out, 0, c->n, err);
}

static void on_sha2(exec_handle info, duckdb_v2_context_handle context, error_handle *error)
{
    (void)context;
    run(info, 2, sha2_rows, error);
}

/* Lengths of the lists or maps of an argument as longs, without their elements. */
static firn_status read_lengths(call_rows *c, idx_t i, firn_column *out, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    const firn_duckdb *api = c->engine->api;
    duckdb_v2_vector_handle vector = NULL;
    duckdb_v2_vector_view view = {0};
    error_handle info = NULL;
    DUCKDB_V2_ERROR code = api->scalar_function_exec_get_arg(c->info, i, &vector, &info);
    if (!code) code = api->vector_flatten(vector, &info);
    if (!code) code = api->vector_get_view(vector, &view, &info);
    if (code) return firn_engine_fail(c->engine, code, &info, err);
    FIRN_TRY(make_result(c, &k_long, out, err));
    const duckdb_v2_list_entry *entries = view.data;
    for (int64_t r = 0; r < c->n; r++) {
        const uint64_t word = view.validity ? view.validity[r / 64] : UINT64_MAX;
        if ((word >> (r % 64) & 1) != 0)
            ((int64_t *)out->values)[r] = (int64_t)entries[r].length;
        else
            firn_column_set_null(out, r);
    }
    return FIRN_OK;
}

static bool is_map(const firn_duckdb *api, duckdb_v2_logical_type_handle type)
{
    error_handle info = NULL;
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    const DUCKDB_V2_ERROR code = api->logical_type_get_id(type, &id, &info);
    (void)api->error_info_destroy(&info);
    return !code && id == DUCKDB_V2_LOGICAL_TYPE_ID_MAP;
}

/* The second argument is the result. */
static firn_status give_second(call_rows *c, firn_error *err)
{
    duckdb_v2_vector_handle vector = NULL;
    error_handle info = NULL;
    DUCKDB_V2_ERROR code = c->engine->api->scalar_function_exec_get_arg(c->info, 1, &vector, &info);
    if (!code) code = c->engine->api->vector_reference(c->result, vector, &info);
    return code ? firn_engine_fail(c->engine, code, &info, err) : FIRN_OK;
}

static firn_status is_map_argument(call_rows *c, idx_t i, bool *out, firn_error *err)
{
    const firn_duckdb *api = c->engine->api;
    duckdb_v2_vector_handle vector = NULL;
    duckdb_v2_logical_type_handle type = NULL;
    error_handle info = NULL;
    DUCKDB_V2_ERROR code = api->scalar_function_exec_get_arg(c->info, i, &vector, &info);
    if (!code) code = api->vector_get_logical_type(vector, &type, &info);
    if (code) return firn_engine_fail(c->engine, code, &info, err);
    *out = is_map(api, type);
    (void)api->logical_type_destroy(&type);
    return FIRN_OK;
}

/* firn_size(x) */
static firn_status size_rows(call_rows *c, firn_error *err)
{
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    firn_column lengths;
    firn_column out;
    FIRN_TRY(read_lengths(c, 0, &lengths, err));
    FIRN_TRY(make_result(c, &k_int, &out, err));
    out.validity = lengths.validity;
    for (int64_t r = 0; r < c->n; r++) {
        ((int32_t *)out.values)[r] = (int32_t)((int64_t *)lengths.values)[r];
    }
    return firn_duckdb_vector_fill(c->engine, c->result, &out, 0, c->n, err);
}

static void on_size(exec_handle info, duckdb_v2_context_handle context, error_handle *error)
{
    (void)context;
    run(info, 0, size_rows, error);
}

static firn_status fail_index(int64_t index, int64_t n, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_ARG,
                     "index %lld is out of bounds, the array has %lld elements; get() and "
                     "try_element_at() give null",
                     (long long)index, (long long)n);
}

/* Rows of an index that is not a map's key: *at, and false for null. */
static bool index_at(const firn_column *index, const firn_column *lengths, int64_t r, int64_t *at)
{
    if (!firn_column_is_valid(index, r) || !firn_column_is_valid(lengths, r)) return false;
    *at = index->type->kind == FIRN_TYPE_INT ? ((int32_t *)index->values)[r]
                                             : ((int64_t *)index->values)[r];
    return true;
}

/* firn_index(x, i): what x[i] of Spark is in DuckDB's brackets. A map's key stays; elements are
 * counted from 1 here, and there is an error for one that is not there. */
static firn_status index_rows(call_rows *c, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    const firn_column *index = &c->args[1];
    firn_column lengths;
    firn_column out;
    bool is_key = false;
    FIRN_TRY(is_map_argument(c, 0, &is_key, err));
    if (is_key) return give_second(c, err);
    FIRN_TRY(read_argument(c, 1, err));
    if (index->type->kind != FIRN_TYPE_INT && index->type->kind != FIRN_TYPE_LONG)
        return firn_fail(err, FIRN_ERR_ARG, "the index of an array is not an integer");
    FIRN_TRY(read_lengths(c, 0, &lengths, err));
    FIRN_TRY(make_result(c, &k_long, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        const int64_t n = ((int64_t *)lengths.values)[r];
        int64_t at = 0;
        if (!index_at(index, &lengths, r, &at))
            firn_column_set_null(&out, r);
        else if (at < 0 || at >= n)
            return fail_index(at, n, err);
        else
            ((int64_t *)out.values)[r] = at + 1;
    }
    return firn_duckdb_vector_fill(c->engine, c->result, &out, 0, c->n, err);
}

static void on_index(exec_handle info, duckdb_v2_context_handle context, error_handle *error)
{
    (void)context;
    run(info, 0, index_rows, error);
}

/* ---- types of results that depend on arguments ---- */

typedef duckdb_v2_function_bind_info_handle bind_handle;
typedef duckdb_v2_scalar_function_resolve_types_info_handle types_handle;

static void on_index_types(bind_handle info, types_handle types, duckdb_v2_context_handle context,
                           error_handle *error)
{
    const firn_duckdb *api = firn_duckdb_loaded();
    duckdb_v2_factory_handle factory = NULL;
    duckdb_v2_logical_type_handle type = NULL;
    const duckdb_v2_str bigint = {"BIGINT", 6};
    DUCKDB_V2_ERROR code = api->function_bind_get_arg_type(info, 0, &type, error);
    const bool has_keys = !code && is_map(api, type);
    (void)api->logical_type_destroy(&type);
    if (!code && has_keys) code = api->function_bind_get_arg_type(info, 1, &type, error);
    if (!code && !has_keys) code = api->context_get_factory(context, &factory, error);
    if (!code && !has_keys)
        code = api->factory_create_type_from_text(factory, &bigint, &type, error);
    if (!code) (void)api->scalar_function_resolve_types_set_return_type(types, type, error);
    (void)api->logical_type_destroy(&type);
}

/* ---- registration ---- */

typedef struct function_def {
    const char *name;
    const char *args[MAX_ARGS]; /* types; NULL: none */
    const char *result;         /* ANY: types tells */
    duckdb_v2_scalar_function_exec_callback_fn exec;
    duckdb_v2_scalar_function_resolve_types_callback_fn types; /* NULL: none */
} function_def;

static DUCKDB_V2_ERROR make_type(firn_engine *engine, const char *name,
                                 duckdb_v2_logical_type_handle *out, error_handle *info)
{
    const duckdb_v2_str text = {name, strlen(name)};
    if (strcmp(name, "ANY") == 0) {
        return engine->api->factory_create_type_from_id(
            engine->factory, DUCKDB_V2_LOGICAL_TYPE_ID_ANY, NULL, NULL, 0, out, info);
    }
    return engine->api->factory_create_type_from_text(engine->factory, &text, out, info);
}

static DUCKDB_V2_ERROR set_signature(firn_engine *engine, const function_def *def,
                                     duckdb_v2_scalar_function_handle function, error_handle *info)
{
    static const char *const k_names[MAX_ARGS] = {"a", "b"};
    const firn_duckdb *api = engine->api;
    duckdb_v2_function_signature_handle signature = NULL;
    duckdb_v2_logical_type_handle type = NULL;
    DUCKDB_V2_ERROR code = api->scalar_function_get_signature(function, &signature, info);
    for (size_t i = 0; i < MAX_ARGS && def->args[i] && !code; i++) {
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

static DUCKDB_V2_ERROR register_one(firn_engine *engine, const function_def *def,
                                    error_handle *info)
{
    const firn_duckdb *api = engine->api;
    duckdb_v2_scalar_function_handle function = NULL;
    duckdb_v2_opaque owner = {.ptr = engine};
    const duckdb_v2_str name = {def->name, strlen(def->name)};
    DUCKDB_V2_ERROR code = api->scalar_function_create(engine->factory, &function, info);
    if (!code) code = api->scalar_function_set_name(function, &name, info);
    if (!code) code = set_signature(engine, def, function, info);
    if (!code) code = api->scalar_function_set_user_data(function, &owner, info);
    if (!code) code = api->scalar_function_set_exec_callback(function, def->exec, info);
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
    static const function_def k_functions[] = {
        {"firn_bucket", {"INTEGER", "ANY"}, "INTEGER", on_bucket, NULL},
        {"crc32", {"VARCHAR"}, "BIGINT", on_crc32, NULL},
        {"firn_sha2", {"VARCHAR", "INTEGER"}, "VARCHAR", on_sha2, NULL},
        {"firn_sha2", {"BLOB", "INTEGER"}, "VARCHAR", on_sha2, NULL},
        {"firn_size", {"ANY"}, "INTEGER", on_size, NULL},
        {"firn_index", {"ANY", "ANY"}, "ANY", on_index, on_index_types},
    };
    for (size_t i = 0; i < sizeof k_functions / sizeof *k_functions; i++) {
        error_handle info = NULL;
        const DUCKDB_V2_ERROR code = register_one(engine, &k_functions[i], &info);
        if (code) return firn_engine_fail(engine, code, &info, err);
    }
    return FIRN_OK;
}
