/* SPDX-License-Identifier: Apache-2.0 */
/* A DuckDB instance with one connection per session: settings, statements, streamed rows. Not
 * here: names (engine_names.c), scans (engine_scan.c), bytes (engine_convert.c). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/engine/border_types.h"
#include "sql/engine/engine_api.h"

#define MAX_OPTIONS 24

typedef struct option_list {
    duckdb_v2_str names[MAX_OPTIONS];
    duckdb_v2_str values[MAX_OPTIONS];
    size_t n;
} option_list;

static void add_option(option_list *list, const char *name, firn_str value)
{
    if (list->n == MAX_OPTIONS) return;
    list->names[list->n] = (duckdb_v2_str){name, strlen(name)};
    list->values[list->n++] = firn_duckdb_str(value);
}

static firn_status create_instance(firn_engine *engine, firn_error *err)
{
    char threads[16];
    char memory[32];
    option_list list = {.n = 0};
    const firn_env *env = engine->opts.env;
    const firn_str no = FIRN_STR("false");
    (void)snprintf(threads, sizeof threads, "%" PRId32, env->n_threads > 0 ? env->n_threads : 1);
    (void)snprintf(memory, sizeof memory, "%" PRId64 "B", env->memory_bytes);
    add_option(&list, "threads", firn_str_of(threads));
    add_option(&list, "async_threads", FIRN_STR("1"));
    if (env->memory_bytes > 0) add_option(&list, "memory_limit", firn_str_of(memory));
    add_option(&list, "temp_directory", engine->opts.temp_directory);
    /* nothing is kept there; but SQL may read settings, and these would tell the home folder */
    add_option(&list, "secret_directory", engine->opts.temp_directory);
    /* scans with different filters must not be merged: their results differ */
    add_option(&list, "disabled_optimizers", FIRN_STR("common_subplan"));
    add_option(&list, "errors_as_json", FIRN_STR("true"));
    add_option(&list, "autoinstall_known_extensions", no);
    add_option(&list, "autoload_known_extensions", no);
    add_option(&list, "allow_community_extensions", no);
    add_option(&list, "allow_persistent_secrets", no);
    duckdb_v2_error_info_handle info = NULL;
    const DUCKDB_V2_ERROR code = engine->api->instance_create_with_options(
        engine->environment, list.names, list.values, list.n, &engine->instance, &info);
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}

static firn_status set_option(firn_engine *engine, const char *name, firn_str value,
                              firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_config_handle config = NULL;
    const duckdb_v2_str option = {name, strlen(name)};
    const duckdb_v2_str text = firn_duckdb_str(value);
    DUCKDB_V2_ERROR code = engine->api->connection_get_config(engine->connection, &config, &info);
    if (!code) {
        code = engine->api->config_set_option_text(config, &option, &text,
                                                   DUCKDB_V2_SETTING_SCOPE_DEFAULT, &info);
    }
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}

static firn_status connect(firn_engine *engine, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    const duckdb_v2_str memory = {":memory:", 8};
    DUCKDB_V2_ERROR code =
        engine->api->instance_attach(engine->instance, NULL, &memory, NULL, true, &info);
    if (!code) code = engine->api->connection_create(engine->instance, &engine->connection, &info);
    if (!code) {
        code = engine->api->connection_get_factory(engine->connection, &engine->factory, &info);
    }
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}

static firn_status open_engine(firn_engine *engine, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    const DUCKDB_V2_ERROR code = engine->api->environment_create(&engine->environment, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    FIRN_TRY(create_instance(engine, err));
    FIRN_TRY(connect(engine, err));
    FIRN_TRY(firn_engine_register_names(engine, err));
    FIRN_TRY(firn_engine_register_scan(engine, err));
    FIRN_TRY(firn_engine_register_functions(engine, err));
    if (engine->opts.allow_files) return FIRN_OK;
    /* not when the instance is made: only a running one leaves itself its temp_directory */
    FIRN_TRY(set_option(engine, "enable_external_access", FIRN_STR("false"), err));
    FIRN_TRY(set_option(engine, "allowed_configs", FIRN_STR("['TimeZone','Calendar']"), err));
    return set_option(engine, "lock_configuration", FIRN_STR("true"), err);
}

firn_status firn_engine_open(const firn_engine_opts *opts, firn_engine **out, firn_error *err)
{
    *out = NULL;
    firn_engine *engine = firn_mem_alloc_zero(opts->env->alloc, sizeof *engine);
    if (!engine) return firn_fail_nomem(err);
    engine->opts = *opts;
    firn_status st = firn_duckdb_load(&engine->api, err);
    if (st != FIRN_OK) {
        firn_mem_free(opts->env->alloc, engine);
        return st;
    }
    (void)pthread_mutex_init(&engine->lock, NULL);
    st = open_engine(engine, err);
    if (st != FIRN_OK) {
        firn_engine_close(engine);
        return st;
    }
    *out = engine;
    return FIRN_OK;
}

void firn_engine_close(firn_engine *engine)
{
    if (!engine) return;
    (void)engine->api->connection_destroy(&engine->connection);
    (void)engine->api->instance_destroy(&engine->instance);
    (void)engine->api->environment_destroy(&engine->environment);
    (void)pthread_mutex_destroy(&engine->lock);
    firn_mem_free(engine->opts.env->alloc, engine->functions);
    firn_mem_free(engine->opts.env->alloc, engine);
}

void firn_engine_interrupt(firn_engine *engine)
{
    duckdb_v2_error_info_handle info = NULL;
    (void)engine->api->connection_interrupt(engine->connection, &info);
    (void)engine->api->error_info_destroy(&info);
}

firn_scan_summary firn_engine_summary(firn_engine *engine)
{
    (void)pthread_mutex_lock(&engine->lock);
    const firn_scan_summary summary = engine->summary;
    (void)pthread_mutex_unlock(&engine->lock);
    return summary;
}

void firn_engine_reset_summary(firn_engine *engine)
{
    (void)pthread_mutex_lock(&engine->lock);
    engine->summary = (firn_scan_summary){0};
    engine->stash.status = FIRN_OK;
    (void)pthread_mutex_unlock(&engine->lock);
}

void firn_engine_set_wide(firn_engine *engine, bool is_wide)
{
    engine->has_longs_only = !is_wide;
}

/* ---- statements ---- */

/* What SQL may not do through the engine, whatever the lock-down says. */
static firn_status check_statement_type(const firn_engine *engine, DUCKDB_V2_STATEMENT_TYPE type,
                                        firn_error *err)
{
    switch ((int)type) {
    case DUCKDB_V2_STATEMENT_TYPE_PREPARE:
    case DUCKDB_V2_STATEMENT_TYPE_EXECUTE:
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: prepared statements");
    case DUCKDB_V2_STATEMENT_TYPE_TRANSACTION:
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: a transaction of the engine's own; use BEGIN and COMMIT");
    case DUCKDB_V2_STATEMENT_TYPE_ATTACH:
    case DUCKDB_V2_STATEMENT_TYPE_DETACH:
    case DUCKDB_V2_STATEMENT_TYPE_LOAD:
    case DUCKDB_V2_STATEMENT_TYPE_EXTENSION:
    case DUCKDB_V2_STATEMENT_TYPE_UPDATE_EXTENSIONS:
    case DUCKDB_V2_STATEMENT_TYPE_COPY_DATABASE:
    case DUCKDB_V2_STATEMENT_TYPE_EXPORT:
    case DUCKDB_V2_STATEMENT_TYPE_CONNECT:
    case DUCKDB_V2_STATEMENT_TYPE_DISCONNECT:
    case DUCKDB_V2_STATEMENT_TYPE_EXTERNAL_RESOURCE:
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: attaching databases and loading extensions");
    case DUCKDB_V2_STATEMENT_TYPE_COPY:
    case DUCKDB_V2_STATEMENT_TYPE_PRAGMA:
        if (engine->opts.allow_files) return FIRN_OK;
        return firn_engine_fail_files(
            err, firn_fail(err, FIRN_ERR_DENIED,
                           "this session may not read or write files and settings"));
    default: return FIRN_OK;
    }
}

/* The only statement of sql; several or none are the user's mistake. */
static firn_status parse_one(firn_engine *engine, firn_str sql, duckdb_v2_sql_statement_handle *out,
                             firn_error *err)
{
    const firn_duckdb *api = engine->api;
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_statement_iterator_handle statements = NULL;
    duckdb_v2_sql_statement_handle second = NULL;
    DUCKDB_V2_STATEMENT_TYPE type = DUCKDB_V2_STATEMENT_TYPE_INVALID;
    *out = NULL;
    FIRN_TRY(firn_engine_make_macros(engine, sql, err));
    DUCKDB_V2_ERROR code = api->parse_sql(engine->connection, sql.data, &statements, &info);
    if (!code) code = api->statement_iterator_next(statements, out, &info);
    if (!code && *out) code = api->statement_iterator_next(statements, &second, &info);
    if (!code && *out) code = api->sql_statement_get_type(*out, &type, &info);
    firn_status st = FIRN_OK;
    if (code) {
        st = firn_engine_fail(engine, code, &info, err);
    } else if (!*out) {
        st = firn_fail(err, FIRN_ERR_ARG, "the statement is empty");
    } else if (second) {
        st = firn_fail(err, FIRN_ERR_ARG, "found several statements, expected one");
    } else {
        st = check_statement_type(engine, type, err);
    }
    (void)api->sql_statement_destroy(&second);
    (void)api->statement_iterator_destroy(&statements);
    if (st != FIRN_OK) (void)api->sql_statement_destroy(out);
    return st;
}

static void clear_stash(firn_engine *engine)
{
    (void)pthread_mutex_lock(&engine->lock);
    engine->stash.status = FIRN_OK;
    (void)pthread_mutex_unlock(&engine->lock);
}

/* A statement that failed may not when it is tried again: the macros in what a name stands for, a
 * view of a dialect, are only seen while the statement is bound, when none can be made. */
static bool gets_macros(firn_engine *engine, firn_status st)
{
    firn_error ignored;
    if (st == FIRN_OK || !engine->lacks_macros) return false;
    engine->lacks_macros = false;
    return firn_engine_make_all_macros(engine, &ignored) == FIRN_OK;
}

static firn_status describe(firn_engine *engine, firn_str sql, firn_arena *arena, firn_type *out,
                            firn_error *err)
{
    duckdb_v2_sql_statement_handle statement = NULL;
    duckdb_v2_schema_handle schema = NULL;
    duckdb_v2_error_info_handle info = NULL;
    FIRN_TRY(parse_one(engine, sql, &statement, err));
    clear_stash(engine);
    const DUCKDB_V2_ERROR code =
        engine->api->statement_bind(engine->connection, statement, &schema, NULL, &info);
    firn_status st = code ? firn_engine_fail(engine, code, &info, err)
                          : firn_duckdb_schema_read(engine, schema, arena, out, err);
    (void)engine->api->schema_destroy(&schema);
    (void)engine->api->sql_statement_destroy(&statement);
    return st;
}

firn_status firn_engine_describe(firn_engine *engine, firn_str sql, firn_arena *arena,
                                 firn_type *out, firn_error *err)
{
    engine->lacks_macros = false;
    const firn_status st = describe(engine, sql, arena, out, err);
    return gets_macros(engine, st) ? describe(engine, sql, arena, out, err) : st;
}

/* Of those that the query leaves open the type is none. */
static firn_status read_open(firn_engine *engine, duckdb_v2_schema_handle schema, firn_arena *arena,
                             firn_type *out, firn_error *err)
{
    static const firn_type k_unknown = {.kind = FIRN_TYPE_UNKNOWN};
    duckdb_v2_error_info_handle info = NULL;
    firn_type read;
    FIRN_TRY(firn_duckdb_schema_read(engine, schema, arena, &read, err));
    firn_field *fields = firn_arena_array(arena, read.n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < read.n_fields; i++) {
        duckdb_v2_identifier_t name = {0};
        duckdb_v2_logical_type_handle type = NULL;
        DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
        DUCKDB_V2_ERROR code = engine->api->schema_get_field(schema, i, &name, &type, &info);
        if (!code) code = engine->api->logical_type_get_id(type, &id, &info);
        if (code) return firn_engine_fail(engine, code, &info, err);
        fields[i] = read.fields[i];
        if (id == DUCKDB_V2_LOGICAL_TYPE_ID_SQLNULL || id == DUCKDB_V2_LOGICAL_TYPE_ID_UNKNOWN ||
            id == DUCKDB_V2_LOGICAL_TYPE_ID_ANY) {
            fields[i].type = &k_unknown;
        }
    }
    *out = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = read.n_fields};
    return FIRN_OK;
}

static firn_status bind(firn_engine *engine, firn_str sql, firn_arena *arena,
                        firn_type *columns_out, firn_type *parameters_out, firn_error *err)
{
    duckdb_v2_sql_statement_handle statement = NULL;
    duckdb_v2_schema_handle columns = NULL;
    duckdb_v2_schema_handle parameters = NULL;
    duckdb_v2_error_info_handle info = NULL;
    FIRN_TRY(parse_one(engine, sql, &statement, err));
    clear_stash(engine);
    const DUCKDB_V2_ERROR code =
        engine->api->statement_bind(engine->connection, statement, &columns, &parameters, &info);
    firn_status st = code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
    if (st == FIRN_OK) st = read_open(engine, columns, arena, columns_out, err);
    if (st == FIRN_OK) st = read_open(engine, parameters, arena, parameters_out, err);
    (void)engine->api->schema_destroy(&columns);
    (void)engine->api->schema_destroy(&parameters);
    (void)engine->api->sql_statement_destroy(&statement);
    return st;
}

firn_status firn_engine_bind(firn_engine *engine, firn_str sql, firn_arena *arena,
                             firn_type *columns_out, firn_type *parameters_out, firn_error *err)
{
    engine->lacks_macros = false;
    const firn_status st = bind(engine, sql, arena, columns_out, parameters_out, err);
    return gets_macros(engine, st) ? bind(engine, sql, arena, columns_out, parameters_out, err)
                                   : st;
}

/* ---- rows ---- */

struct firn_engine_rows {
    firn_engine *engine;
    firn_arena *arena;       /* columns and names */
    firn_arena *batch_arena; /* converted values of one batch */
    duckdb_v2_result_handle result;
    duckdb_v2_data_chunk_handle chunk;
    duckdb_v2_data_chunk_handle cast_chunk;    /* columns of types that firn lacks, converted */
    duckdb_v2_logical_type_handle *cast_types; /* NULL entries: no conversion */
    firn_type columns;
    firn_str *type_names;
    firn_batch batch;
    const char *tag;
    int64_t rows_changed;
    bool has_pending; /* chunk was fetched already, to learn the columns */
};

static const char *tag_of(DUCKDB_V2_STATEMENT_TYPE type)
{
    switch ((int)type) {
    case DUCKDB_V2_STATEMENT_TYPE_SELECT:
    case DUCKDB_V2_STATEMENT_TYPE_RELATION: return "SELECT";
    case DUCKDB_V2_STATEMENT_TYPE_INSERT: return "INSERT";
    case DUCKDB_V2_STATEMENT_TYPE_UPDATE: return "UPDATE";
    case DUCKDB_V2_STATEMENT_TYPE_DELETE: return "DELETE";
    case DUCKDB_V2_STATEMENT_TYPE_MERGE_INTO: return "MERGE";
    case DUCKDB_V2_STATEMENT_TYPE_CREATE:
    case DUCKDB_V2_STATEMENT_TYPE_CREATE_FUNC: return "CREATE";
    case DUCKDB_V2_STATEMENT_TYPE_ALTER: return "ALTER";
    case DUCKDB_V2_STATEMENT_TYPE_DROP: return "DROP";
    case DUCKDB_V2_STATEMENT_TYPE_COPY: return "COPY";
    case DUCKDB_V2_STATEMENT_TYPE_SET:
    case DUCKDB_V2_STATEMENT_TYPE_VARIABLE_SET: return "SET";
    case DUCKDB_V2_STATEMENT_TYPE_EXPLAIN: return "EXPLAIN";
    case DUCKDB_V2_STATEMENT_TYPE_CALL: return "CALL";
    default: return "OK";
    }
}

/* Compare each column's type with DuckDB's type for its firn type; remember those that differ. */
static firn_status plan_casts(firn_engine_rows *rows, duckdb_v2_schema_handle schema,
                              firn_error *err)
{
    const firn_duckdb *api = rows->engine->api;
    const size_t n = rows->columns.n_fields;
    rows->cast_types = firn_arena_array(rows->arena, n, sizeof *rows->cast_types);
    rows->type_names = firn_arena_array(rows->arena, n, sizeof *rows->type_names);
    rows->batch.columns = firn_arena_array(rows->arena, n, sizeof *rows->batch.columns);
    if (!rows->cast_types || !rows->type_names || !rows->batch.columns) return firn_fail_nomem(err);
    rows->batch.n_columns = n;
    for (size_t i = 0; i < n; i++) {
        duckdb_v2_error_info_handle info = NULL;
        duckdb_v2_identifier_t name = {0};
        duckdb_v2_logical_type_handle type = NULL;
        bool is_same = false;
        const DUCKDB_V2_ERROR code = api->schema_get_field(schema, i, &name, &type, &info);
        if (code) return firn_engine_fail(rows->engine, code, &info, err);
        FIRN_TRY(
            firn_duckdb_type_to_text(rows->engine, type, rows->arena, &rows->type_names[i], err));
        FIRN_TRY(firn_duckdb_type_create(rows->engine, rows->engine->factory,
                                         rows->columns.fields[i].type, FIRN_FORM_TEXT,
                                         &rows->cast_types[i], err));
        (void)api->logical_type_is_equal(type, rows->cast_types[i], &is_same, &info);
        (void)api->error_info_destroy(&info);
        if (is_same) (void)api->logical_type_destroy(&rows->cast_types[i]);
    }
    return FIRN_OK;
}

/* Variants and geometries come as the texts they are cast to. */
static firn_status show_as_text(firn_arena *arena, firn_type *type, int depth, firn_error *err)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    firn_field *fields = firn_arena_array(arena, type->n_fields, sizeof *fields);
    firn_type *types = firn_arena_array(arena, type->n_fields, sizeof *types);
    if (!fields || !types) return firn_fail_nomem(err);
    if (!firn_border_has(type) || depth > FIRN_LIMIT_NESTING) return FIRN_OK;
    for (size_t i = 0; i < type->n_fields; i++) {
        fields[i] = type->fields[i];
        types[i] = *fields[i].type;
        if (firn_type_is_primitive(&types[i]) && firn_border_has(&types[i])) types[i] = k_string;
        FIRN_TRY(show_as_text(arena, &types[i], depth + 1, err));
        fields[i].type = &types[i];
    }
    type->fields = fields;
    return FIRN_OK;
}

static firn_status read_columns(firn_engine_rows *rows, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_schema_handle schema = NULL;
    const DUCKDB_V2_ERROR code = rows->engine->api->result_get_schema(rows->result, &schema, &info);
    if (code) return firn_engine_fail(rows->engine, code, &info, err);
    firn_status st =
        firn_duckdb_schema_read(rows->engine, schema, rows->arena, &rows->columns, err);
    if (st == FIRN_OK) st = plan_casts(rows, schema, err);
    if (st == FIRN_OK) st = show_as_text(rows->arena, &rows->columns, 0, err);
    (void)rows->engine->api->schema_destroy(&schema);
    return st;
}

/* Statements without rows take effect only when drained. */
static firn_status start_rows(firn_engine_rows *rows, firn_error *err)
{
    const firn_duckdb *api = rows->engine->api;
    duckdb_v2_error_info_handle info = NULL;
    DUCKDB_V2_RESULT_TYPE kind = DUCKDB_V2_RESULT_TYPE_NOTHING;
    DUCKDB_V2_STATEMENT_TYPE type = DUCKDB_V2_STATEMENT_TYPE_INVALID;
    idx_t changed = 0;
    DUCKDB_V2_ERROR code = api->result_get_result_type(rows->result, &kind, &info);
    if (code == DUCKDB_V2_ERROR_INPUT_METADATA_DEFERRED) { /* PIVOT: known once it runs */
        (void)api->error_info_destroy(&info);
        code = api->result_fetch_chunk(rows->result, &rows->chunk, &info);
        rows->has_pending = true;
        if (!code) code = api->result_get_result_type(rows->result, &kind, &info);
    }
    if (!code) code = api->result_get_statement_type(rows->result, &type, &info);
    rows->rows_changed = -1;
    rows->tag = tag_of(type);
    rows->columns.kind = FIRN_TYPE_STRUCT;
    if (!code && kind == DUCKDB_V2_RESULT_TYPE_QUERY_RESULT) {
        if (type == DUCKDB_V2_STATEMENT_TYPE_MULTI) rows->tag = "SELECT"; /* PIVOT */
        return read_columns(rows, err);
    }
    if (!code) code = api->result_drain(rows->result, &changed, &info);
    if (code) return firn_engine_fail(rows->engine, code, &info, err);
    if (kind == DUCKDB_V2_RESULT_TYPE_CHANGED_ROWS) rows->rows_changed = (int64_t)changed;
    return FIRN_OK;
}

static firn_status execute(firn_engine_rows *rows, firn_str sql, firn_error *err)
{
    firn_engine *engine = rows->engine;
    duckdb_v2_sql_statement_handle statement = NULL;
    duckdb_v2_error_info_handle info = NULL;
    FIRN_TRY(parse_one(engine, sql, &statement, err));
    clear_stash(engine);
    const DUCKDB_V2_ERROR code = engine->api->statement_execute(engine->connection, statement, NULL,
                                                                NULL, 0, &rows->result, &info);
    (void)engine->api->sql_statement_destroy(&statement);
    if (code) return firn_engine_fail(engine, code, &info, err);
    return start_rows(rows, err);
}

firn_status firn_engine_execute(firn_engine *engine, firn_str sql, firn_engine_rows **out,
                                firn_error *err)
{
    const firn_allocator *alloc = engine->opts.env->alloc;
    *out = NULL;
    firn_engine_rows *rows = firn_mem_alloc_zero(alloc, sizeof *rows);
    if (!rows) return firn_fail_nomem(err);
    rows->engine = engine;
    rows->arena = firn_arena_create(alloc, 0);
    rows->batch_arena = firn_arena_create(alloc, 0);
    engine->lacks_macros = false;
    firn_status st =
        rows->arena && rows->batch_arena ? execute(rows, sql, err) : firn_fail_nomem(err);
    if (gets_macros(engine, st)) st = execute(rows, sql, err);
    if (st != FIRN_OK) {
        firn_engine_rows_close(rows);
        return st;
    }
    *out = rows;
    return FIRN_OK;
}

void firn_engine_rows_close(firn_engine_rows *rows)
{
    if (!rows) return;
    const firn_duckdb *api = rows->engine->api;
    (void)api->data_chunk_destroy(&rows->chunk);
    (void)api->data_chunk_destroy(&rows->cast_chunk);
    (void)api->result_destroy(&rows->result);
    for (size_t i = 0; rows->cast_types && i < rows->columns.n_fields; i++) {
        (void)api->logical_type_destroy(&rows->cast_types[i]);
    }
    firn_arena_destroy(rows->batch_arena);
    firn_arena_destroy(rows->arena);
    firn_mem_free(rows->engine->opts.env->alloc, rows);
}

const firn_type *firn_engine_rows_columns(const firn_engine_rows *rows)
{
    return &rows->columns;
}

firn_str firn_engine_rows_type_name(const firn_engine_rows *rows, size_t column)
{
    return column < rows->columns.n_fields ? rows->type_names[column] : (firn_str){0};
}

const char *firn_engine_rows_tag(const firn_engine_rows *rows)
{
    return rows->tag;
}

int64_t firn_engine_rows_changed(const firn_engine_rows *rows)
{
    return rows->rows_changed;
}

/* A fresh one-column chunk holding the column cast to its firn type; lives until the next batch. */
static firn_status cast_column(firn_engine_rows *rows, size_t column,
                               duckdb_v2_vector_handle source, duckdb_v2_vector_handle *out,
                               firn_error *err)
{
    const firn_duckdb *api = rows->engine->api;
    duckdb_v2_error_info_handle info = NULL;
    DUCKDB_V2_ERROR code = api->data_chunk_get_vector(rows->cast_chunk, column, out, &info);
    if (!code) {
        code = api->vector_cast(rows->engine->factory, source, *out, DUCKDB_V2_CAST_MODE_NORMAL,
                                NULL, NULL, &info);
    }
    return code ? firn_engine_fail(rows->engine, code, &info, err) : FIRN_OK;
}

/* One chunk for all casts: columns that need none get a one-byte placeholder type. */
static firn_status make_cast_chunk(firn_engine_rows *rows, firn_error *err)
{
    const firn_duckdb *api = rows->engine->api;
    const size_t n = rows->columns.n_fields;
    const firn_type boolean = {.kind = FIRN_TYPE_BOOLEAN};
    duckdb_v2_logical_type_handle filler = NULL;
    duckdb_v2_error_info_handle info = NULL;
    (void)api->data_chunk_destroy(&rows->cast_chunk);
    size_t n_casts = 0;
    for (size_t i = 0; i < n; i++) n_casts += rows->cast_types[i] != NULL;
    if (n_casts == 0) return FIRN_OK;
    duckdb_v2_logical_type_handle *types = firn_arena_array(rows->batch_arena, n, sizeof *types);
    if (!types) return firn_fail_nomem(err);
    FIRN_TRY(firn_duckdb_type_create(rows->engine, rows->engine->factory, &boolean, FIRN_FORM_VALUE,
                                     &filler, err));
    for (size_t i = 0; i < n; i++) types[i] = rows->cast_types[i] ? rows->cast_types[i] : filler;
    const DUCKDB_V2_ERROR code =
        api->data_chunk_create(rows->engine->factory, types, n, &rows->cast_chunk, &info);
    (void)api->logical_type_destroy(&filler);
    return code ? firn_engine_fail(rows->engine, code, &info, err) : FIRN_OK;
}

static firn_status read_chunk(firn_engine_rows *rows, firn_error *err)
{
    const firn_duckdb *api = rows->engine->api;
    duckdb_v2_error_info_handle info = NULL;
    idx_t n = 0;
    DUCKDB_V2_ERROR code = api->data_chunk_get_size(rows->chunk, &n, &info);
    if (code) return firn_engine_fail(rows->engine, code, &info, err);
    rows->batch.n_rows = (int64_t)n;
    FIRN_TRY(make_cast_chunk(rows, err));
    for (size_t i = 0; i < rows->columns.n_fields; i++) {
        duckdb_v2_vector_handle vector = NULL;
        code = api->data_chunk_get_vector(rows->chunk, i, &vector, &info);
        if (code) return firn_engine_fail(rows->engine, code, &info, err);
        if (rows->cast_types[i]) FIRN_TRY(cast_column(rows, i, vector, &vector, err));
        FIRN_TRY(firn_duckdb_vector_read(rows->engine, vector, rows->columns.fields[i].type,
                                         (int64_t)n, rows->batch_arena, &rows->batch.columns[i],
                                         err));
    }
    return FIRN_OK;
}

firn_status firn_engine_rows_next(firn_engine_rows *rows, const firn_batch **out, firn_error *err)
{
    const firn_duckdb *api = rows->engine->api;
    duckdb_v2_error_info_handle info = NULL;
    *out = NULL;
    if (rows->columns.n_fields == 0) return FIRN_DONE;
    do {
        firn_arena_reset(rows->batch_arena);
        if (!rows->has_pending) {
            (void)api->data_chunk_destroy(&rows->chunk);
            const DUCKDB_V2_ERROR code = api->result_fetch_chunk(rows->result, &rows->chunk, &info);
            if (code) return firn_engine_fail(rows->engine, code, &info, err);
        }
        rows->has_pending = false;
        if (!rows->chunk) return FIRN_DONE;
        FIRN_TRY(read_chunk(rows, err));
    } while (rows->batch.n_rows == 0);
    *out = &rows->batch;
    return FIRN_OK;
}
