/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar functions of our own: one call on a chunk's rows, arguments as columns of ours. What the
 * functions are is engine_functions.c and engine_dialect.c. */
#ifndef FIRN_SQL_ENGINE_CALL_H
#define FIRN_SQL_ENGINE_CALL_H

#include "sql/engine/engine_api.h"

#define FIRN_CALL_MAX_ARGS 3

typedef duckdb_v2_scalar_function_exec_info_handle firn_exec_handle;
typedef duckdb_v2_function_bind_info_handle firn_bind_handle;
typedef duckdb_v2_scalar_function_resolve_types_info_handle firn_types_handle;
typedef duckdb_v2_error_info_handle firn_error_handle;

typedef struct firn_call {
    firn_engine *engine;
    firn_exec_handle info;
    firn_arena *arena; /* of the call */
    int64_t n;
    firn_column args[FIRN_CALL_MAX_ARGS]; /* those that were read */
    duckdb_v2_vector_handle result;
} firn_call;

typedef firn_status (*firn_call_rows_fn)(firn_call *c, firn_error *err);

/* A function as it is registered. */
typedef struct firn_function_def {
    const char *name;
    const char *args[FIRN_CALL_MAX_ARGS]; /* types; NULL: none */
    const char *result;                   /* ANY: types tells */
    firn_call_rows_fn rows;
    size_t n_read; /* arguments that are in firn_call.args when rows is called */
    duckdb_v2_scalar_function_resolve_types_callback_fn types; /* NULL: none */
} firn_function_def;

/* The user data of a function. */
struct firn_function {
    firn_engine *engine;
    const firn_function_def *def;
};

/* The callback of all functions: reads the arguments, calls rows, passes its failure on. */
void firn_call_exec(firn_exec_handle info, duckdb_v2_context_handle context,
                    firn_error_handle *error);
/* For a callback of types: its engine; NULL and an error: not to be had. */
firn_engine *firn_call_engine(firn_bind_handle info, firn_error_handle *error);
/* The result is of the argument's type. */
void firn_call_same_type(firn_bind_handle info, idx_t arg, firn_types_handle types,
                         firn_error_handle *error);
/* An argument into c->args[i]; integers of fewer than 32 bits are widened. */
FIRN_MUST_CHECK firn_status firn_call_argument(firn_call *c, idx_t i, firn_error *err);
/* The type of an argument. */
FIRN_MUST_CHECK firn_status firn_call_type(firn_call *c, idx_t i, DUCKDB_V2_LOGICAL_TYPE_ID *out,
                                           firn_error *err);
/* An argument's own bytes and validity (NULL: all valid), flat. */
FIRN_MUST_CHECK firn_status firn_call_view(firn_call *c, idx_t i, duckdb_v2_vector_view *out,
                                           firn_error *err);
/* The result is the argument itself, without a copy. */
FIRN_MUST_CHECK firn_status firn_call_give(firn_call *c, idx_t i, firn_error *err);
/* An empty column of fixed width for the result; no row is null yet. */
FIRN_MUST_CHECK firn_status firn_call_make(firn_call *c, const firn_type *type, firn_column *out,
                                           firn_error *err);
/* Room for a text of the result, which must outlive the call. */
FIRN_MUST_CHECK firn_status firn_call_room(firn_call *c, size_t n, char **out, firn_error *err);
/* No argument of those that were read is null in the row. */
bool firn_call_are_valid(const firn_call *c, size_t n_args, int64_t r);
/* A text or bytes of an argument. */
firn_str firn_call_text_of(const firn_call *c, size_t arg, int64_t r);
/* A text of the result, copied. */
FIRN_MUST_CHECK firn_status firn_call_put_text(firn_call *c, firn_column *out, int64_t r,
                                               firn_str text, firn_error *err);
/* The text of one row, whose arguments are not null; *is_null: there is none. */
typedef firn_status (*firn_call_text_fn)(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                                         firn_error *err);
/* Texts of all rows; null where one of the first n_args arguments is. */
FIRN_MUST_CHECK firn_status firn_call_texts(firn_call *c, size_t n_args, firn_call_text_fn put,
                                            firn_error *err);
/* All rows of the column are the result. */
FIRN_MUST_CHECK firn_status firn_call_finish(firn_call *c, const firn_column *out, firn_error *err);

#define FIRN_SHORTEST_SIZE 48

/* engine_spark_text.c: the shortest "d.ddde+xx" that reads back as x, which is finite. Gives the
 * exponent; *n_digits: how many digits stand before it. */
int firn_shortest_text(double x, bool is_float, char text[FIRN_SHORTEST_SIZE], int *n_digits);

/* engine_spark_text.c: a value as Spark's text; at depth 0 what is asked for. */
FIRN_MUST_CHECK firn_status firn_spark_text_put(const firn_column *column, int64_t r, int depth,
                                                firn_buf *out, firn_error *err);
/* engine_java_time.c: a time of a zone that is offset_us east of UTC in a pattern of java.time, or
 * of Joda. FIRN_ERR_UNSUPPORTED: a letter that is not known. */
FIRN_MUST_CHECK firn_status firn_java_time_put(firn_str pattern, int64_t local_us,
                                               int64_t offset_us, bool is_joda, firn_buf *out,
                                               firn_error *err);

/* engine_dialect.c; the last has no name. */
const firn_function_def *firn_engine_dialect_functions(void);
/* engine_variant.c */
const firn_function_def *firn_engine_variant_functions(void);
/* engine_text.c */
const firn_function_def *firn_engine_text_functions(void);
/* engine_spark_text.c */
const firn_function_def *firn_engine_spark_text(void);
/* engine_json.c */
const firn_function_def *firn_engine_json_functions(void);
/* engine_hash.c */
const firn_function_def *firn_engine_hash_functions(void);
/* engine_number_format.c */
const firn_function_def *firn_engine_number_formats(void);
/* engine_java_time.c */
const firn_function_def *firn_engine_java_times(void);
/* engine_spark_json.c */
const firn_function_def *firn_engine_spark_json(void);
/* engine_json_path.c */
const firn_function_def *firn_engine_json_paths(void);
/* engine_statistics.c */
const firn_function_def *firn_engine_statistics(void);
/* engine_bytes.c */
const firn_function_def *firn_engine_bytes(void);
/* engine_arithmetic.c */
const firn_function_def *firn_engine_arithmetic(void);

#endif
