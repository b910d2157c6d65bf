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
    return firn_duckdb_vector_adapt(c->engine, vector, c->arena, &c->args[i], err);
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

bool firn_call_are_valid(const firn_call *c, size_t n_args, int64_t r)
{
    for (size_t i = 0; i < n_args; i++) {
        if (!firn_column_is_valid(&c->args[i], r)) return false;
    }
    return true;
}

firn_str firn_call_text_of(const firn_call *c, size_t arg, int64_t r)
{
    return firn_view_str(&((const firn_view *)c->args[arg].values)[r]);
}

firn_status firn_call_put_text(firn_call *c, firn_column *out, int64_t r, firn_str text,
                               firn_error *err)
{
    char *copy = NULL;
    FIRN_TRY(firn_call_room(c, text.len, &copy, err));
    if (text.len > 0) memcpy(copy, text.data, text.len);
    ((firn_view *)out->values)[r] = firn_view_of(copy, (uint32_t)text.len);
    return FIRN_OK;
}

static firn_status put_texts(firn_call *c, size_t n_args, firn_call_text_fn put, firn_buf *buf,
                             firn_column *out, firn_error *err)
{
    for (int64_t r = 0; r < c->n; r++) {
        bool is_null = !firn_call_are_valid(c, n_args, r);
        firn_buf_clear(buf);
        if (!is_null) FIRN_TRY(put(c, r, buf, &is_null, err));
        FIRN_TRY(firn_buf_check(buf, err));
        if (is_null)
            firn_column_set_null(out, r);
        else
            FIRN_TRY(firn_call_put_text(c, out, r, firn_buf_view(buf), err));
    }
    return firn_call_finish(c, out, err);
}

firn_status firn_call_texts(firn_call *c, size_t n_args, firn_call_text_fn put, firn_error *err)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    firn_column out;
    firn_buf buf;
    FIRN_TRY(firn_call_make(c, &k_string, &out, err));
    firn_buf_init(&buf, c->engine->opts.env->alloc, UINT32_MAX);
    const firn_status st = put_texts(c, n_args, put, &buf, &out, err);
    firn_buf_dispose(&buf);
    return st;
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
