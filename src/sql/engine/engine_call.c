/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/engine/engine_call.h"

#include <string.h>

#include "base/error.h"

static firn_status get_argument(firn_call *c, idx_t i, duckdb_v2_vector_handle *vector,
                                duckdb_v2_logical_type_handle *type, firn_error *err)
{
    const firn_duckdb *api = c->engine->api;
    firn_error_handle info = NULL;
    DUCKDB_V2_ERROR code = api->scalar_function_exec_get_arg(c->info, i, vector, &info);
    if (!code && type) code = api->vector_get_logical_type(*vector, type, &info);
    return code ? firn_engine_fail(c->engine, code, &info, err) : FIRN_OK;
}

static firn_status read_type(firn_call *c, duckdb_v2_logical_type_handle type,
                             DUCKDB_V2_LOGICAL_TYPE_ID *id, firn_type *out, firn_error *err)
{
    firn_error_handle info = NULL;
    int32_t next_id = 1;
    const DUCKDB_V2_ERROR code = c->engine->api->logical_type_get_id(type, id, &info);
    if (code) return firn_engine_fail(c->engine, code, &info, err);
    return out ? firn_duckdb_type_read(c->engine, type, c->arena, &next_id, out, err) : FIRN_OK;
}

firn_status firn_call_type(firn_call *c, idx_t i, DUCKDB_V2_LOGICAL_TYPE_ID *out, firn_error *err)
{
    duckdb_v2_vector_handle vector = NULL;
    duckdb_v2_logical_type_handle type = NULL;
    FIRN_TRY(get_argument(c, i, &vector, &type, err));
    const firn_status st = read_type(c, type, out, NULL, err);
    (void)c->engine->api->logical_type_destroy(&type);
    return st;
}

firn_status firn_call_view(firn_call *c, idx_t i, duckdb_v2_vector_view *out, firn_error *err)
{
    const firn_duckdb *api = c->engine->api;
    duckdb_v2_vector_handle vector = NULL;
    firn_error_handle info = NULL;
    FIRN_TRY(get_argument(c, i, &vector, NULL, err));
    DUCKDB_V2_ERROR code = api->vector_flatten(vector, &info);
    if (!code) code = api->vector_get_view(vector, out, &info);
    return code ? firn_engine_fail(c->engine, code, &info, err) : FIRN_OK;
}

/* Bytes that DuckDB has where a column of ours has 32 bits; 0: the same. */
static size_t small_width(DUCKDB_V2_LOGICAL_TYPE_ID id)
{
    switch ((int)id) {
    case DUCKDB_V2_LOGICAL_TYPE_ID_TINYINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_UTINYINT: return 1;
    case DUCKDB_V2_LOGICAL_TYPE_ID_SMALLINT:
    case DUCKDB_V2_LOGICAL_TYPE_ID_USMALLINT: return 2;
    default: return 0;
    }
}

static firn_status widen(firn_call *c, DUCKDB_V2_LOGICAL_TYPE_ID id, firn_column *column,
                         firn_error *err)
{
    const void *in = column->values;
    int32_t *out = firn_arena_array(c->arena, (size_t)c->n, sizeof *out);
    if (!out) return firn_fail_nomem(err);
    for (int64_t r = 0; r < c->n; r++) {
        switch ((int)id) {
        case DUCKDB_V2_LOGICAL_TYPE_ID_TINYINT: out[r] = (int32_t)((const int8_t *)in)[r]; break;
        case DUCKDB_V2_LOGICAL_TYPE_ID_UTINYINT: out[r] = ((const uint8_t *)in)[r]; break;
        case DUCKDB_V2_LOGICAL_TYPE_ID_SMALLINT: out[r] = ((const int16_t *)in)[r]; break;
        default: out[r] = ((const uint16_t *)in)[r]; break;
        }
    }
    column->values = out;
    return FIRN_OK;
}

firn_status firn_call_argument(firn_call *c, idx_t i, firn_error *err)
{
    duckdb_v2_vector_handle vector = NULL;
    duckdb_v2_logical_type_handle type = NULL;
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    firn_type *out = firn_arena_alloc_zero(c->arena, sizeof *out);
    if (!out) return firn_fail_nomem(err);
    FIRN_TRY(get_argument(c, i, &vector, &type, err));
    const firn_status st = read_type(c, type, &id, out, err);
    (void)c->engine->api->logical_type_destroy(&type);
    FIRN_TRY(st);
    FIRN_TRY(firn_duckdb_vector_read(c->engine, vector, out, c->n, c->arena, &c->args[i], err));
    return small_width(id) > 0 ? widen(c, id, &c->args[i], err) : FIRN_OK;
}

firn_status firn_call_give(firn_call *c, idx_t i, firn_error *err)
{
    duckdb_v2_vector_handle vector = NULL;
    firn_error_handle info = NULL;
    FIRN_TRY(get_argument(c, i, &vector, NULL, err));
    const DUCKDB_V2_ERROR code = c->engine->api->vector_reference(c->result, vector, &info);
    return code ? firn_engine_fail(c->engine, code, &info, err) : FIRN_OK;
}

firn_status firn_call_finish(firn_call *c, const firn_column *out, firn_error *err)
{
    return firn_duckdb_vector_fill(c->engine, c->result, out, 0, c->n, err);
}

static firn_status begin(firn_call *c, size_t n_args, firn_error *err)
{
    const firn_duckdb *api = c->engine->api;
    firn_error_handle info = NULL;
    idx_t n = 0;
    DUCKDB_V2_ERROR code = api->scalar_function_exec_get_row_count(c->info, &n, &info);
    if (!code) code = api->scalar_function_exec_get_result(c->info, &c->result, &info);
    if (code) return firn_engine_fail(c->engine, code, &info, err);
    c->n = (int64_t)n;
    for (idx_t i = 0; i < n_args; i++) FIRN_TRY(firn_call_argument(c, i, err));
    return FIRN_OK;
}

firn_status firn_call_make(firn_call *c, const firn_type *type, firn_column *out, firn_error *err)
{
    const size_t words = (size_t)(c->n + 63) / 64;
    *out = (firn_column){.type = type, .n_values = c->n, .capacity = c->n};
    out->values = firn_arena_array(c->arena, (size_t)c->n, firn_column_width(type));
    out->validity = firn_arena_array(c->arena, words, sizeof *out->validity);
    if (!out->values || !out->validity) return firn_fail_nomem(err);
    memset(out->validity, 0xff, words * sizeof *out->validity);
    return FIRN_OK;
}

firn_status firn_call_room(firn_call *c, size_t n, char **out, firn_error *err)
{
    duckdb_v2_arena_handle arena = NULL;
    firn_error_handle info = NULL;
    uint8_t *bytes = NULL;
    DUCKDB_V2_ERROR code = c->engine->api->vector_get_arena(c->result, &arena, &info);
    if (!code) code = c->engine->api->arena_allocate(arena, n, &bytes, &info);
    if (code) return firn_engine_fail(c->engine, code, &info, err);
    *out = (char *)bytes;
    return FIRN_OK;
}

static void finish(firn_call *c, firn_status st, const firn_error *err, firn_error_handle *info)
{
    if (st != FIRN_OK) firn_engine_stash(c->engine, err, info);
    firn_arena_destroy(c->arena);
}

void firn_call_exec(firn_exec_handle info, duckdb_v2_context_handle context,
                    firn_error_handle *error)
{
    void *data = NULL;
    firn_error err = {0};
    firn_call c = {.info = info};
    (void)context;
    if (firn_duckdb_loaded()->scalar_function_exec_get_user_data(info, &data, error)) return;
    const struct firn_function *function = data;
    c.engine = function->engine;
    c.arena = firn_arena_create(c.engine->opts.env->alloc, 0);
    firn_status st = c.arena ? begin(&c, function->def->n_read, &err) : firn_fail_nomem(&err);
    if (st == FIRN_OK) st = function->def->rows(&c, &err);
    finish(&c, st, &err, error);
}

firn_engine *firn_call_engine(firn_bind_handle info, firn_error_handle *error)
{
    void *data = NULL;
    if (firn_duckdb_loaded()->function_bind_get_user_data(info, &data, error)) return NULL;
    return ((const struct firn_function *)data)->engine;
}

void firn_call_same_type(firn_bind_handle info, idx_t arg, firn_types_handle types,
                         firn_error_handle *error)
{
    const firn_duckdb *api = firn_duckdb_loaded();
    duckdb_v2_logical_type_handle type = NULL;
    if (!api->function_bind_get_arg_type(info, arg, &type, error))
        (void)api->scalar_function_resolve_types_set_return_type(types, type, error);
    (void)api->logical_type_destroy(&type);
}
