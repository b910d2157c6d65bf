/* SPDX-License-Identifier: Apache-2.0 */
/* Results: rows streamed from the engine, a batch that is there already, or just a tag. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/session/session_state.h"

#define MAX_TYPE_TEXT ((size_t)1 << 20)

struct firn_result {
    firn_session *session;
    firn_arena *arena;
    firn_engine_rows *rows; /* streamed, or NULL */
    firn_batch *batch;      /* owned, or NULL */
    bool is_batch_given;
    firn_type columns;
    firn_str tag;
    int64_t rows_changed;
    firn_str *type_names; /* by firn_result__set_type_name(); NULL: none */
    firn_str *zones;      /* NULL: none */
};

static firn_status create(firn_session *session, const char *tag, firn_result **out,
                          firn_error *err)
{
    firn_arena *arena = firn_arena_create(session->env->alloc, 0);
    firn_result *result = arena ? firn_arena_alloc_zero(arena, sizeof *result) : NULL;
    *out = NULL;
    if (!result) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    result->session = session;
    result->arena = arena;
    result->rows_changed = -1;
    result->columns.kind = FIRN_TYPE_STRUCT;
    result->tag = firn_arena_copy(arena, firn_str_of(tag));
    if (!result->tag.data) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    *out = result;
    return FIRN_OK;
}

firn_status firn_session__result_of_rows(firn_session *session, firn_engine_rows *rows,
                                         firn_result **out, firn_error *err)
{
    FIRN_TRY(create(session, firn_engine_rows_tag(rows), out, err));
    (*out)->rows = rows;
    (*out)->columns = *firn_engine_rows_columns(rows);
    (*out)->rows_changed = firn_engine_rows_changed(rows);
    return FIRN_OK;
}

static firn_status copy_type(firn_arena *arena, const firn_type *in, int depth, firn_type *out,
                             firn_error *err)
{
    firn_field *fields = firn_arena_array(arena, in->n_fields, sizeof *fields);
    firn_type *types = firn_arena_array(arena, in->n_fields, sizeof *types);
    if (!fields || !types) return firn_fail_nomem(err);
    if (depth > FIRN_LIMIT_NESTING) {
        return firn_fail(err, FIRN_ERR_LIMIT, "type nested deeper than %d", FIRN_LIMIT_NESTING);
    }
    *out = *in;
    out->crs = (firn_str){0};
    out->algorithm = (firn_str){0};
    for (size_t i = 0; i < in->n_fields; i++) {
        fields[i] = (firn_field){.id = in->fields[i].id,
                                 .is_required = in->fields[i].is_required,
                                 .name = firn_arena_copy(arena, in->fields[i].name),
                                 .type = &types[i]};
        if (!fields[i].name.data) return firn_fail_nomem(err);
        FIRN_TRY(copy_type(arena, in->fields[i].type, depth + 1, &types[i], err));
    }
    out->fields = fields;
    return FIRN_OK;
}

firn_status firn_session__result_of_batch(firn_session *session, const firn_type *columns,
                                          firn_batch *batch, const char *tag, firn_result **out,
                                          firn_error *err)
{
    firn_status st = create(session, tag, out, err);
    if (st == FIRN_OK) st = copy_type((*out)->arena, columns, 0, &(*out)->columns, err);
    if (st != FIRN_OK) {
        firn_batch_destroy(batch);
        firn_result_close(*out);
        *out = NULL;
        return st;
    }
    (*out)->batch = batch;
    return FIRN_OK;
}

firn_status firn_session__result_of_command(firn_session *session, const char *tag,
                                            int64_t rows_changed, firn_result **out,
                                            firn_error *err)
{
    FIRN_TRY(create(session, tag, out, err));
    (*out)->rows_changed = rows_changed;
    return FIRN_OK;
}

void firn_result_close(firn_result *result)
{
    if (!result) return;
    firn_engine_rows_close(result->rows);
    firn_batch_destroy(result->batch);
    atomic_store(&result->session->is_running, false);
    firn_arena_destroy(result->arena); /* holds result itself */
}

const firn_type *firn_result_columns(const firn_result *result)
{
    return &result->columns;
}

firn_status firn_result__set_type_name(firn_result *result, size_t column, firn_str name,
                                       firn_error *err)
{
    const size_t n = result->columns.n_fields;
    if (!result->type_names) {
        result->type_names = firn_arena_alloc_zero(result->arena, n * sizeof *result->type_names);
        if (!result->type_names) return firn_fail_nomem(err);
    }
    result->type_names[column] = firn_arena_copy(result->arena, name);
    return result->type_names[column].data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status set_zone(firn_result *result, size_t column, firn_str zone, firn_error *err)
{
    const size_t n = result->columns.n_fields;
    if (!result->zones) {
        result->zones = firn_arena_alloc_zero(result->arena, n * sizeof *result->zones);
        if (!result->zones) return firn_fail_nomem(err);
    }
    result->zones[column] = firn_arena_copy(result->arena, zone);
    return result->zones[column].data ? FIRN_OK : firn_fail_nomem(err);
}

/* When values of the engine's column can be shown as the type's. */
static firn_status name_type(firn_result *result, size_t column, const firn_value_type *type,
                             firn_error *err)
{
    firn_buf buf;
    if (!firn_value_type_is_known(type) ||
        !firn_value_type_fits(type, result->columns.fields[column].type))
        return FIRN_OK;
    firn_buf_init(&buf, NULL, MAX_TYPE_TEXT);
    firn_value_type_put(type, ", ", &buf);
    firn_status st = firn_buf_check(&buf, err);
    if (st == FIRN_OK) st = firn_result__set_type_name(result, column, firn_buf_view(&buf), err);
    firn_buf_dispose(&buf);
    return st;
}

firn_status firn_result__set_types(firn_result *result, const firn_translation *translation,
                                   firn_error *err)
{
    const size_t n = translation->n_columns;
    if (!result->rows || !translation->columns || n != result->columns.n_fields) return FIRN_OK;
    for (size_t i = 0; i < n; i++) {
        const firn_value_type *type = &translation->columns[i].type;
        const bool is_interval =
            type->kind == FIRN_VALUE_INTERVAL_DAY || type->kind == FIRN_VALUE_INTERVAL_YEAR;
        if (result->session->dialect != FIRN_DIALECT_TRINO && (!is_interval || type->scale == 0))
            continue;
        FIRN_TRY(name_type(result, i, type, err));
        if (type->kind == FIRN_VALUE_TIMESTAMP_TZ && type->zone.len > 0)
            FIRN_TRY(set_zone(result, i, type->zone, err));
    }
    return FIRN_OK;
}

firn_str firn_result_time_zone(const firn_result *result, size_t column)
{
    const bool has_zone = result->zones && column < result->columns.n_fields;
    return has_zone ? result->zones[column] : (firn_str){0};
}

firn_str firn_result_type_name(const firn_result *result, size_t column)
{
    const firn_dialect dialect = result->session->dialect;
    firn_str engine_name = {0};
    char text[64];
    firn_buf buf;
    if (column >= result->columns.n_fields) return (firn_str){0};
    if (result->type_names && result->type_names[column].data) return result->type_names[column];
    const firn_type *type = result->columns.fields[column].type;
    if (result->rows) engine_name = firn_engine_rows_type_name(result->rows, column);
    if (dialect == FIRN_DIALECT_DUCKDB) {
        if (result->rows) return engine_name;
        (void)firn_type_name(type, text, sizeof text);
        return firn_arena_copy(result->arena, firn_str_of(text));
    }
    const char *name = firn_dialect_engine_type(dialect, engine_name);
    if (name) return firn_str_of(name);
    firn_buf_init(&buf, result->session->env->alloc, MAX_TYPE_TEXT);
    firn_dialect_put_type(dialect, type, &buf);
    const firn_str copy = firn_arena_copy(result->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    return copy;
}

firn_status firn_result_next(firn_result *result, const firn_batch **out, firn_error *err)
{
    *out = NULL;
    if (result->rows) {
        firn_status st = firn_env_check_cancel(result->session->env, NULL);
        st = st == FIRN_OK ? firn_engine_rows_next(result->rows, out, err)
                           : firn_fail(err, st, "the statement was cancelled");
        if (st == FIRN_OK || st == FIRN_DONE) return st;
        firn_session__map_position(result->session->statement.rewrite, err);
        firn_session__fail_transaction(result->session);
        return st;
    }
    /* what is done already cannot be cancelled */
    if (!result->batch || result->is_batch_given) return FIRN_DONE;
    result->is_batch_given = true;
    *out = result->batch;
    return result->batch->n_rows > 0 ? FIRN_OK : FIRN_DONE;
}

int64_t firn_result_rows_changed(const firn_result *result)
{
    return result->rows_changed;
}

firn_str firn_result_tag(const firn_result *result)
{
    return result->tag;
}
