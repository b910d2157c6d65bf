/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a session: what statement executors (ddl_*.c, dml_*.c, ...) may use. */
#ifndef FIRN_SQL_SESSION_H
#define FIRN_SQL_SESSION_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/session.h"
#include "firn/table.h"
#include "sql/parser/lexer.h"

struct firn_file_numbers;
struct firn_scan_test; /* sql/engine/engine.h */

/* A dotted name as written, unquoted: up to catalog + levels + table + suffix. */
typedef struct firn_sql_name {
    const firn_str *parts;
    size_t n_parts;
    size_t offset; /* in the statement, for errors */
    size_t length;
} firn_sql_name;

/* Which catalog and identifier a name means: "t", "ns.t", "cat.ns.t", "cat.a.b.t", by the
 * session's current catalog and namespace. Does not look whether it exists. */
FIRN_MUST_CHECK firn_status firn_session__resolve(firn_session *session, const firn_sql_name *name,
                                                  firn_arena *arena, firn_catalog **catalog_out,
                                                  firn_ident *out, firn_error *err);
/* Open a table by name; FIRN_ERR_NOT_FOUND with a "did you mean" hint and position. */
FIRN_MUST_CHECK firn_status firn_session__open_table(firn_session *session,
                                                     const firn_sql_name *name, firn_table **out,
                                                     firn_error *err);
/* Run a query in the engine as it is: table names inside are resolved and time travel is
 * understood, as in a user's query. In a table reference written with firn_session__dml_name() the
 * metadata columns and FIRN_SCAN_{FILE,POS,ROW_ID}_COLUMN are there too, last, and the scan is
 * pinned to the given table handle's snapshot. */
FIRN_MUST_CHECK firn_status firn_session__query(firn_session *session, firn_str sql,
                                                firn_result **out, firn_error *err);
/* SQL text of a table reference (quoted, three parts and a private suffix; write an alias after
 * it) that scans the snapshot that the open handle shows, with these columns. numbers: of its data
 * files; keys: rows with others may be left out; both borrowed. Valid until the statement ends. */
FIRN_MUST_CHECK firn_status firn_session__dml_name(firn_session *session, firn_table *table,
                                                   const struct firn_file_numbers *numbers,
                                                   const struct firn_scan_test *keys, size_t n_keys,
                                                   firn_str *out, firn_error *err);
/* Columns of a query without running it: kind STRUCT. */
FIRN_MUST_CHECK firn_status firn_session__describe(firn_session *session, firn_str sql,
                                                   firn_arena *arena, firn_type *out,
                                                   firn_error *err);
/* One SQL type ("DECIMAL(9,2)", "STRUCT(a INT, b VARCHAR[])", "array<string>" and Spark's and
 * Trino's spellings) as an Iceberg type; field ids are counted up from *next_id. */
FIRN_MUST_CHECK firn_status firn_sql_type_parse(firn_lexer *lexer, int32_t *next_id,
                                                firn_arena *arena, firn_type *out, firn_error *err);
/* A table of constants as the result of a statement (SHOW, DESCRIBE, CALL): columns is kind
 * STRUCT; the batch is taken over. */
FIRN_MUST_CHECK firn_status firn_session__result_of_batch(firn_session *session,
                                                          const firn_type *columns,
                                                          firn_batch *batch, const char *tag,
                                                          firn_result **out, firn_error *err);
/* A result without rows. rows_changed -1: not DML. */
FIRN_MUST_CHECK firn_status firn_session__result_of_command(firn_session *session, const char *tag,
                                                            int64_t rows_changed, firn_result **out,
                                                            firn_error *err);
/* How the session's statements are read; SET dialect changes it. */
firn_dialect firn_session__dialect(const firn_session *session);
firn_env *firn_session__env(firn_session *session);
firn_store *firn_session__store(firn_session *session);
/* Memory of the running statement. */
firn_arena *firn_session__arena(firn_session *session);
/* FIRN_ERR_ARG with err->position = offset in the statement. */
firn_status firn_sql_fail(firn_error *err, size_t offset, const char *fmt, ...) FIRN_PRINTF(3, 4);

/* ---- statement executors. Each looks at the first words of the statement and sets
 * *handled = false when it is not theirs (then out is untouched). ---- */
FIRN_MUST_CHECK firn_status firn_ddl_execute(firn_session *session, firn_str sql, bool *handled,
                                             firn_result **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_copy_execute(firn_session *session, firn_str sql, bool *handled,
                                              firn_result **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dml_execute(firn_session *session, firn_str sql, bool *handled,
                                             firn_result **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_call_execute(firn_session *session, firn_str sql, bool *handled,
                                              firn_result **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_explain_execute(firn_session *session, firn_str sql, bool *handled,
                                                 firn_result **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_show_execute(firn_session *session, firn_str sql, bool *handled,
                                              firn_result **out, firn_error *err);

#endif
