/* SPDX-License-Identifier: Apache-2.0 */
/* DuckDB's functions as a table of pointers, and what engine_*.c share. DuckDB's C API V2 is not
 * stable: the library must be the very version whose header this is compiled with. */
#ifndef FIRN_SQL_ENGINE_API_H
#define FIRN_SQL_ENGINE_API_H

#define DUCKDB_V2_API_ALLOW_UNSTABLE 1
#include <duckdb_v2.h>
#include <pthread.h>

#include "base/buf.h"
#include "sql/engine/engine.h"

#define FIRN_DUCKDB_VERSION "v2.0.0"

/* X(name): duckdb_v2_<name> */
#define FIRN_DUCKDB_FUNCTIONS(X)                       \
    X(library_version)                                 \
    X(error_info_get_raw_text)                         \
    X(error_info_get_text)                             \
    X(error_info_set_code)                             \
    X(error_info_set_text)                             \
    X(error_info_destroy)                              \
    X(environment_create)                              \
    X(environment_destroy)                             \
    X(instance_create_with_options)                    \
    X(instance_attach)                                 \
    X(instance_destroy)                                \
    X(connection_create)                               \
    X(connection_destroy)                              \
    X(connection_interrupt)                            \
    X(connection_get_factory)                          \
    X(connection_get_config)                           \
    X(config_set_option_text)                          \
    X(context_get_factory)                             \
    X(factory_create_type_from_id)                     \
    X(factory_create_type_from_text)                   \
    X(logical_type_destroy)                            \
    X(logical_type_copy)                               \
    X(logical_type_get_id)                             \
    X(logical_type_is_equal)                           \
    X(logical_type_to_text)                            \
    X(logical_type_get_param_count)                    \
    X(logical_type_get_param)                          \
    X(value_destroy)                                   \
    X(value_is_null)                                   \
    X(value_get_type)                                  \
    X(value_get_bool)                                  \
    X(value_get_utinyint)                              \
    X(value_get_int)                                   \
    X(value_get_bigint)                                \
    X(value_get_float)                                 \
    X(value_get_double)                                \
    X(value_get_date)                                  \
    X(value_get_time)                                  \
    X(value_get_timestamp)                             \
    X(value_get_timestamp_ns)                          \
    X(value_get_timestamp_tz)                          \
    X(value_get_timestamp_tz_ns)                       \
    X(value_get_varchar)                               \
    X(value_get_blob)                                  \
    X(value_get_uuid)                                  \
    X(value_get_decimal)                               \
    X(value_get_logical_type)                          \
    X(data_chunk_create)                               \
    X(data_chunk_destroy)                              \
    X(data_chunk_get_size)                             \
    X(data_chunk_get_vector)                           \
    X(vector_flatten)                                  \
    X(vector_get_view)                                 \
    X(vector_get_size)                                 \
    X(vector_set_size)                                 \
    X(vector_get_data_mutable)                         \
    X(vector_flat_get_validity_mutable)                \
    X(vector_get_child)                                \
    X(vector_get_arena)                                \
    X(arena_allocate)                                  \
    X(vector_reference)                                \
    X(vector_cast)                                     \
    X(schema_get_count)                                \
    X(schema_get_field)                                \
    X(schema_destroy)                                  \
    X(parse_sql)                                       \
    X(statement_iterator_next)                         \
    X(statement_iterator_destroy)                      \
    X(sql_statement_get_type)                          \
    X(sql_statement_destroy)                           \
    X(statement_bind)                                  \
    X(statement_execute)                               \
    X(result_get_schema)                               \
    X(result_get_result_type)                          \
    X(result_get_statement_type)                       \
    X(result_fetch_chunk)                              \
    X(result_drain)                                    \
    X(result_destroy)                                  \
    X(qname_get_part_count)                            \
    X(qname_get_part)                                  \
    X(qname_destroy)                                   \
    X(replacement_scan_create)                         \
    X(replacement_scan_set_callback)                   \
    X(replacement_scan_set_user_data)                  \
    X(replacement_scan_get_user_data)                  \
    X(replacement_scan_get_name)                       \
    X(replacement_scan_set_subquery)                   \
    X(replacement_scan_set_alias)                      \
    X(replacement_scan_destroy)                        \
    X(connection_register_replacement_scan)            \
    X(function_signature_add_parameter)                \
    X(function_signature_set_return_type)              \
    X(vector_get_logical_type)                         \
    X(scalar_function_create)                          \
    X(scalar_function_destroy)                         \
    X(scalar_function_set_name)                        \
    X(scalar_function_get_signature)                   \
    X(scalar_function_set_user_data)                   \
    X(scalar_function_set_property)                    \
    X(scalar_function_set_exec_callback)               \
    X(scalar_function_set_resolve_types_callback)      \
    X(scalar_function_resolve_types_set_return_type)   \
    X(scalar_function_exec_get_user_data)              \
    X(scalar_function_exec_get_row_count)              \
    X(scalar_function_exec_get_arg)                    \
    X(scalar_function_exec_get_result)                 \
    X(connection_register_scalar_function)             \
    X(function_bind_get_user_data)                     \
    X(function_bind_get_arg_type)                      \
    X(function_bind_get_arg_value)                     \
    X(function_bind_set_bind_data)                     \
    X(table_function_create)                           \
    X(table_function_destroy)                          \
    X(table_function_set_name)                         \
    X(table_function_get_signature)                    \
    X(table_function_set_user_data)                    \
    X(table_function_set_bind_callback)                \
    X(table_function_set_init_global_callback)         \
    X(table_function_set_init_local_callback)          \
    X(table_function_set_exec_callback)                \
    X(table_function_set_progress_callback)            \
    X(table_function_set_filter_pushdown_callback)     \
    X(table_function_set_projection_pushdown)          \
    X(connection_register_table_function)              \
    X(table_function_bind_add_result_column)           \
    X(table_function_bind_set_cardinality)             \
    X(table_function_bind_set_order_preservation)      \
    X(table_function_init_global_get_bind_data)        \
    X(table_function_init_global_get_column_count)     \
    X(table_function_init_global_get_column_index)     \
    X(table_function_init_global_set_global_state)     \
    X(table_function_init_global_set_max_threads)      \
    X(table_function_init_local_get_global_state)      \
    X(table_function_init_local_set_local_state)       \
    X(table_function_exec_get_global_state)            \
    X(table_function_exec_get_local_state)             \
    X(table_function_exec_get_output_chunk)            \
    X(table_function_progress_get_global_state)        \
    X(table_function_progress_set_progress)            \
    X(table_function_filter_pushdown_get_bind_data)    \
    X(table_function_filter_pushdown_get_filter_count) \
    X(table_function_filter_pushdown_get_filter)       \
    X(table_function_filter_pushdown_get_column_index) \
    X(expression_get_type)                             \
    X(expression_get_child_count)                      \
    X(expression_get_child)                            \
    X(expression_constant_get_value)                   \
    X(expression_column_ref_get_index)                 \
    X(expression_function_get_name)

typedef struct firn_duckdb {
#define FIRN_DUCKDB_MEMBER(name) __typeof__(duckdb_v2_##name) *(name);
    FIRN_DUCKDB_FUNCTIONS(FIRN_DUCKDB_MEMBER)
#undef FIRN_DUCKDB_MEMBER
} firn_duckdb;

/* Find the library, load it for the life of the process and check its version. */
FIRN_MUST_CHECK firn_status firn_duckdb_load(const firn_duckdb **out, firn_error *err);
/* For callbacks, which DuckDB calls without saying whose they are. The library is loaded then. */
const firn_duckdb *firn_duckdb_loaded(void);

typedef struct firn_engine_scan firn_engine_scan;

#define FIRN_ENGINE_MAX_MACROS 96

struct firn_engine {
    const firn_duckdb *api;
    firn_engine_opts opts;
    duckdb_v2_environment_handle environment;
    duckdb_v2_instance_handle instance;
    duckdb_v2_connection_handle connection;
    duckdb_v2_factory_handle factory;
    struct firn_function *functions; /* the user data of ours */
    bool has_longs_only;             /* firn_engine_set_wide() */
    bool has_dialects;               /* firn_engine_begin_dialects() */
    bool has_macro[FIRN_ENGINE_MAX_MACROS];
    bool lacks_macros; /* what a name stands for has macros that were not there when it was bound */
    pthread_mutex_t lock; /* guards what follows */
    firn_error stash;     /* the first failure of a callback in this statement */
    firn_scan_summary summary;
    firn_engine_scan *scans;           /* those that run now */
    struct firn_scan_reports *reports; /* NULL: nobody wants them */
};

static inline duckdb_v2_str firn_duckdb_str(firn_str s)
{
    return (duckdb_v2_str){s.data, s.len};
}

static inline firn_str firn_str_of_duckdb(duckdb_v2_str s)
{
    return (firn_str){s.ptr, (size_t)s.len};
}

/* With the hint how a session may use files; returns status. */
firn_status firn_engine_fail_files(firn_error *err, firn_status status);
/* Turn a failed call into firn's error; destroys *info. */
firn_status firn_engine_fail(firn_engine *engine, DUCKDB_V2_ERROR code,
                             duckdb_v2_error_info_handle *info, firn_error *err);
#if defined(__clang_analyzer__) && !defined(FIRN_ENGINE_ERROR_C) /* as in base/error.h */
#define firn_engine_fail(engine, code, info, err) \
    ((void)(firn_engine_fail)(engine, code, info, err), FIRN_ERR_INTERNAL)
#endif
/* Keep a callback's failure for firn_engine_fail() and tell DuckDB to stop. */
void firn_engine_stash(firn_engine *engine, const firn_error *err,
                       duckdb_v2_error_info_handle *info);

/* ---- types ---- */

/* How variants and geometries are spelled. */
typedef enum firn_type_form {
    FIRN_FORM_STORED = 0, /* as a scan gives them: BLOB */
    FIRN_FORM_VALUE,      /* as SQL has them: VARIANT, GEOMETRY */
    FIRN_FORM_TEXT,       /* as results show them: JSON, VARCHAR */
} firn_type_form;

FIRN_MUST_CHECK firn_status firn_duckdb_type_create(firn_engine *engine,
                                                    duckdb_v2_factory_handle factory,
                                                    const firn_type *type, firn_type_form form,
                                                    duckdb_v2_logical_type_handle *out,
                                                    firn_error *err);
/* The nearest Iceberg type, in the arena; field ids are counted up from *next_id. */
FIRN_MUST_CHECK firn_status firn_duckdb_type_read(firn_engine *engine,
                                                  duckdb_v2_logical_type_handle type,
                                                  firn_arena *arena, int32_t *next_id,
                                                  firn_type *out, firn_error *err);
/* A schema as a STRUCT, in the arena. */
FIRN_MUST_CHECK firn_status firn_duckdb_schema_read(firn_engine *engine,
                                                    duckdb_v2_schema_handle schema,
                                                    firn_arena *arena, firn_type *out,
                                                    firn_error *err);
FIRN_MUST_CHECK firn_status firn_duckdb_type_to_text(firn_engine *engine,
                                                     duckdb_v2_logical_type_handle type,
                                                     firn_arena *arena, firn_str *out,
                                                     firn_error *err);

/* ---- vectors ---- */

/* True when a column of this type has the same bytes in both worlds. */
bool firn_duckdb_is_same_layout(const firn_type *type);
/* Rows [from, from + n) of a column into a vector; string bytes are borrowed, not copied. */
FIRN_MUST_CHECK firn_status firn_duckdb_vector_fill(firn_engine *engine,
                                                    duckdb_v2_vector_handle vector,
                                                    const firn_column *column, int64_t from,
                                                    int64_t n, firn_error *err);
/* A vector as a column; pointers are borrowed from the chunk or from the arena. */
FIRN_MUST_CHECK firn_status firn_duckdb_vector_read(firn_engine *engine,
                                                    duckdb_v2_vector_handle vector,
                                                    const firn_type *type, int64_t n,
                                                    firn_arena *arena, firn_column *out,
                                                    firn_error *err);
/* A column that was read of a vector whose values are narrower than the column's type, or of other
 * units, gets values of its own. FIRN_ERR_UNSUPPORTED: of a type that is laid out otherwise
 * (intervals). What is inside of a column was adapted when it was read. */
FIRN_MUST_CHECK firn_status firn_duckdb_vector_adapt(firn_engine *engine,
                                                     duckdb_v2_vector_handle vector,
                                                     firn_arena *arena, firn_column *column,
                                                     firn_error *err);

/* ---- callbacks ---- */
FIRN_MUST_CHECK firn_status firn_engine_register_names(firn_engine *engine, firn_error *err);
FIRN_MUST_CHECK firn_status firn_engine_register_functions(firn_engine *engine, firn_error *err);
FIRN_MUST_CHECK firn_status firn_engine_make_macros(firn_engine *engine, firn_str sql,
                                                    firn_error *err);
FIRN_MUST_CHECK firn_status firn_engine_make_all_macros(firn_engine *engine, firn_error *err);
bool firn_engine_lacks_macros(const firn_engine *engine, firn_str sql);
FIRN_MUST_CHECK firn_status firn_engine_register_scan(firn_engine *engine, firn_error *err);

/* Hidden first column of every scan: what count(*) asks for. */
#define FIRN_SCAN_ROW_COLUMN "__firn_row"

#endif
